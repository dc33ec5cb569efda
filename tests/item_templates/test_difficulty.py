"""The model of difficulty against numbers from tables of the normal distribution, worked by hand."""

import math

import pytest

from plotbank.item_templates.difficulty import BAND, LAPSE, NOISE, logit, of_nearest, of_number, of_side


def test_the_noise_of_a_look():
    """Two looks differ with a standard deviation of sqrt(2) NOISE; one unit is told apart in 3 of 4 cases: 0.6745 of it."""
    assert pytest.approx(1 / (0.674490 * 1.414214), abs=1e-5) == NOISE
    assert pytest.approx(1.0483, abs=1e-4) == NOISE


@pytest.mark.parametrize(
    ("units", "chance"),
    [(2, 0.94358), (1, 0.65985), (0, 0.0), (math.inf, 1.0)],
)  # 2 units are 1.90773 standard deviations, 2 * 0.97179 - 1; 1 unit is 0.95387, 2 * 0.82993 - 1
def test_numbers(units, chance):
    assert of_number(units) == pytest.approx(chance, abs=2e-5)


@pytest.mark.parametrize(
    ("units", "chance"),
    [(0, 0.5), (1, 0.82993), (2, 0.97179), (-1, 0.17007), (math.inf, 1.0)],
)
def test_sides(units, chance):
    assert of_side(units) == pytest.approx(chance, abs=1e-5)


@pytest.mark.parametrize(
    ("below", "above", "chance"),
    [
        (2, 2, 0.65985),  # the limits lie halfway: 1 unit on either side
        (2, math.inf, 0.82993),
        (math.inf, 4, 0.97179),
        (2, 4, 0.80172),  # 0.82993 + 0.97179 - 1
        (math.inf, math.inf, 1.0),
        (0, math.inf, 0.5),
    ],
)
def test_nearest(below, above, chance):
    assert of_nearest(below, above) == pytest.approx(chance, abs=2e-5)
    assert of_nearest(above, below) == of_nearest(below, above)


@pytest.mark.parametrize(
    ("chance", "guess", "expected"),
    [
        (1.0, 0.0, 3.89182),  # 0.98 of the time: ln 49
        (1.0, 0.25, 4.18459),  # 0.985: ln(0.985 / 0.015)
        (1.0, 0.5, 4.59512),  # 0.99: ln 99
        (0.5, 0.5, 0.0),
        (0.0, 0.25, -5.29330),  # 0.005: ln(0.005 / 0.995)
        (0.94358, 0.0, 2.50811),  # 0.924708: ln(0.924708 / 0.075292)
    ],
)
def test_logits(chance, guess, expected):
    assert logit(chance, guess) == pytest.approx(expected, abs=2e-4)


def test_who_looks_does_better_than_who_guesses():
    assert LAPSE == 0.02
    assert logit(0.9, 0.25) > logit(0.8, 0.25) > logit(0.25, 0.25)
    assert logit(0.8, 0.5) > logit(0.8, 0.25)


def test_the_band_of_variants():
    """Variants spread evenly over it have a standard deviation below a tenth of a logit."""
    assert BAND == 0.17
    assert BAND / math.sqrt(3) == pytest.approx(0.098, abs=2e-4)
