"""What counts as a contradiction between key, data and picture."""

import numpy as np
import pytest

from plotbank.proof.keys import SAME_POINT, disagreements, misplaced, number
from plotbank.proof.pictures import ScatterReading

OPTIONS = {value: (float(value), float(value)) for value in ("-0.42", "0.58", "0.70", "0.79")}


def found(r, key, answers, decimals=2):
    return list(disagreements("r", decimals, {"r": r}, answers, key))


@pytest.mark.parametrize("r", [0.6951, 0.7, 0.7049])
def test_a_key_that_is_the_reading_rounded_is_proved(r):
    assert found(r, "0.70", {"0.70": (0.595, 0.805)}) == []
    assert found(r, "0.70", OPTIONS) == []


@pytest.mark.parametrize("r", [0.6949, 0.7051, 0.71, -0.70])
def test_a_key_off_by_more_than_half_its_last_place_is_not(r):
    assert found(r, "0.70", {"0.70": (-1, 1)}) == [f"the key is 0.70, but the picture shows r = {r:.4f}"]


def test_an_interval_without_the_reading():
    assert found(0.7, "0.70", {"0.70": (0.71, 0.9)}) == [
        "what is accepted, 0.71 to 0.9, leaves out what the picture shows, 0.7000"
    ]


def test_a_wrong_option_that_the_reading_fits_too():
    answers = {"0.70": (0.7, 0.7), "0.699": (0.699, 0.699)}

    assert found(0.6995, "0.70", answers) == ["the wrong option 0.699 is what the picture shows, 0.6995"]


def test_a_key_that_is_no_number_contradicts():
    assert number("0.70 and 0.79") != number("0.70 and 0.79")
    assert found(0.7, "missing", OPTIONS) == [
        "the key is missing, but the picture shows r = 0.7000",
        "the wrong option 0.70 is what the picture shows, 0.7000",
    ]


def reading(points):
    return ScatterReading(n=len(points), r=0.0, points=np.array(points), uncertainty=0.0, doubt=0.0)


DATA = np.array([[3.0, 10], [15, 50], [27, 90]])
SHARES = [[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]]


def test_points_in_any_order_are_the_data():
    assert list(misplaced(reading(SHARES[::-1]), DATA, (0, 30), (0, 100))) == []


@pytest.mark.parametrize(("moved", "wrong"), [(SAME_POINT * 0.9, False), (SAME_POINT * 1.1, True)])
def test_a_point_may_be_measured_a_little_off_but_no_more(moved, wrong):
    points = [SHARES[0], [0.5 + moved, 0.5], SHARES[2]]

    assert bool(list(misplaced(reading(points), DATA, (0, 30), (0, 100)))) is wrong


def test_another_number_of_points():
    assert list(misplaced(reading(SHARES[:2]), DATA, (0, 30), (0, 100))) == [
        "the picture shows 2 points, but the data have 3"
    ]


def test_two_points_measured_in_one_place_do_not_hide_a_missing_one():
    points = [SHARES[0], SHARES[0], SHARES[2]]

    assert list(misplaced(reading(points), DATA, (0, 30), (0, 100))) == [
        "a point of the picture lies 40.0% of an axis from where the data put it"
    ]
