"""Which box plot belongs to a histogram: misreadings change what they say, and nothing but the histogram helps."""

import math
from collections import Counter
from itertools import permutations

import numpy as np
import pytest

from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.item_templates import boxes, difficulty, parse
from plotbank.item_templates.grading import Choices, Entry, View
from plotbank.items import Axis

VIEW = View(
    x=Axis(label="x", low=0, high=100), y=Axis(label="Number", low=0, high=30, whole=True), x_error=1, y_error=0.3
)
SHARES = np.arange(101) / 100
EVEN = 10 + 40 * SHARES
TAIL_ABOVE = 10 + 40 * SHARES**3  # quartiles 10.625, 15, 26.875 between 10 and 50
TAIL_BELOW = 90 - 40 * SHARES**3


def template(*names, clarity=1):
    source = (
        f'+++\nkind = "histogram"\ntype = "choice"\ntitle = "T"\nclarity = {clarity}\nboxes = {list(names)!r}\n+++\n'
    )
    return parse("mine.md", source + "\n# Stem\n\nA\n\n# Feedback\n\nB\n")


def misread(name, x):
    return boxes.MISREADINGS[name](x, VIEW)


def five(x):
    return np.quantile(x, [0, 0.25, 0.5, 0.75, 1]).tolist()


def grade(own, x, seed=0):
    shuffled = np.random.default_rng(99).permutation(x)
    return boxes.grade(own, shuffled, 20, VIEW, np.random.default_rng(seed))


# Misreadings


def test_mirrored_has_the_skewness_the_other_way_round():
    assert five(misread("mirrored", TAIL_ABOVE)) == pytest.approx([10, 33.125, 45, 49.375, 50])
    assert five(misread("mirrored", EVEN)) == pytest.approx(five(EVEN))


def test_shifted_goes_where_there_is_more_room():
    """1 of the axis's 100 stays free at the end."""
    assert five(misread("shifted", TAIL_ABOVE)) == pytest.approx([59, 59.625, 64, 75.875, 99])
    assert five(misread("shifted", TAIL_BELOW)) == pytest.approx([1, 24.125, 36, 40.375, 41])


def test_wide_and_narrow_change_the_box_but_not_the_ends_or_the_median():
    """In the upper half of 35 the quartile is 11.875 above the median; it goes to 1 / 0.45 and 0.45 times as far."""
    low, q1, median, q3, high = five(misread("wide", TAIL_ABOVE))
    assert (low, median, high) == pytest.approx((10, 15, 50))
    assert q3 == pytest.approx(15 + 11.875 / 0.45, abs=0.1)
    assert q1 == pytest.approx(10.5, abs=0.1)  # not further than nine tenths of the way to the end

    low, q1, median, q3, high = five(misread("narrow", TAIL_ABOVE))
    assert (low, median, high) == pytest.approx((10, 15, 50))
    assert q3 == pytest.approx(15 + 11.875 * 0.45, abs=0.1)
    assert q1 == pytest.approx(15 - 4.375 * 0.45, abs=0.15)


def test_shapes():
    assert [boxes.shape(x) for x in (TAIL_ABOVE, EVEN, TAIL_BELOW)] == list(boxes.SHAPES)


@pytest.mark.parametrize("x", [TAIL_ABOVE, EVEN, TAIL_BELOW])
@pytest.mark.parametrize("name", boxes.SHAPES)
def test_a_tail_is_given_or_taken(name, x):
    """With the range that it had; two of the shapes are each other's mirror image."""
    found = misread(name, x)

    assert (found.min(), found.max()) == pytest.approx((x.min(), x.max()))
    if name != boxes.shape(x):
        assert boxes.shape(found) == name
    if name == "no tail":
        assert five(found) == pytest.approx([x.min() + x.max() - value for value in reversed(five(found))])


def test_tails_by_hand():
    """With a tail above, the median of even data is moved from the middle to a fifth: to the power of 2.32193."""
    assert five(misread("tail above", EVEN)) == pytest.approx([10, 11.6, 18, 30.511, 50], abs=0.01)
    assert five(misread("tail below", EVEN)) == pytest.approx([10, 29.489, 42, 48.4, 50], abs=0.01)
    assert five(misread("no tail", TAIL_ABOVE)) == pytest.approx([10, 21.875, 30, 38.125, 50])


@pytest.mark.parametrize("name", boxes.MISREADINGS)
def test_misreadings_stay_on_the_axis_and_leave_the_data_alone(name):
    rng = np.random.default_rng(1)
    for low, high in ((0.5, 30), (40, 99.5), (0.5, 99.5)):
        x = low + (high - low) * rng.beta(2, 5, 80)
        before = x.copy()
        found = misread(name, x)

        assert found.shape == x.shape
        assert found.min() >= 0
        assert found.max() <= 100
        assert np.array_equal(x, before)


# What is right


def test_the_own_box_stands_at_every_place_as_often():
    own = template("mirrored", "wide")
    found = [grade(own, TAIL_ABOVE, seed)[0].answer for seed in range(600)]
    orders = Counter(tuple(entry.id for entry in answer.entries) for answer in found)

    assert set(orders) == set(permutations(["own", "mirrored", "wide"]))
    assert all(abs(count - 100) < 5 * math.sqrt(600 / 6 * 5 / 6) for count in orders.values())
    assert all(answer.entries[answer.right[0]].id == "own" and len(answer.right) == 1 for answer in found)


def test_every_box_has_its_data():
    graded, data = grade(template("mirrored", "shifted", "narrow"), TAIL_ABOVE)
    for entry, values in zip(graded.answer.entries, data, strict=True):
        wanted = TAIL_ABOVE if entry.id == "own" else misread(entry.id, TAIL_ABOVE)
        assert np.allclose(values, np.sort(wanted))


def test_the_least_distance_of_two_boxes_is_how_clear_it_is():
    """A quarter of a bar of 5 is 1.25: the third quartiles of the own and of the wide box are 26.4 - 11.875 apart."""
    graded, _ = grade(template("mirrored", "wide"), TAIL_ABOVE)

    assert graded.clarity == pytest.approx((11.875 / 0.45 - 11.875) / 1.25, abs=0.1)
    assert graded.difficulty == difficulty.logit(difficulty.of_side(graded.clarity / 2), 1 / 3)


def test_boxes_that_are_too_much_alike_are_another_draw():
    assert grade(template("mirrored", "wide", clarity=11), TAIL_ABOVE)
    with pytest.raises(UnsuitableDraw, match="clarity below 12"):
        grade(template("mirrored", "wide", clarity=12), TAIL_ABOVE)
    with pytest.raises(UnsuitableDraw, match="clarity below 0.1"):
        grade(template("mirrored", "wide", clarity=0.1), EVEN)


@pytest.mark.parametrize("x", [TAIL_ABOVE, EVEN, TAIL_BELOW])
def test_the_right_box_takes_the_place_of_its_own_shape(x):
    """So the three shown are the same three shapes whichever is right."""
    graded, data = grade(template(*boxes.SHAPES), x)

    assert {boxes.shape(values) for values in data} == set(boxes.SHAPES)
    assert {entry.id for entry in graded.answer.entries} == {"own", *boxes.SHAPES} - {boxes.shape(x)}


def test_unknown_misreadings_are_refused():
    with pytest.raises(
        QuizFileError, match="mine.md: header: boxes: 'wider': known are mirrored, shifted, narrow, wide"
    ):
        grade(template("mirrored", "wider"), TAIL_ABOVE)


# The proof


BARS = {"bins": 4.0, "count_1": 10.0, "count_2": 20.0, "count_3": 6.0, "count_4": 4.0}  # quartiles 25, 37.5, 50


def box(q1, q2, q3):
    return {"q1_1": q1, "q2_1": q2, "q3_1": q3}


OWN, OTHER, WIDE = box(24, 38, 51), box(50, 62.5, 75), box(5, 38, 90)


def contradictions(right, *measured, bars=BARS):
    answer = Choices(entries=tuple(Entry(id=str(place)) for place in range(len(measured))), right=(right,))
    return list(boxes.prove(answer, bars, measured, VIEW))


def test_the_box_of_the_bars_is_proved():
    assert contradictions(0, OWN, OTHER, WIDE) == []
    assert contradictions(2, WIDE, OTHER, OWN) == []


def test_swapped_boxes_contradict():
    assert contradictions(0, OTHER, OWN, WIDE) == ["the box plot 2 is that of the histogram, not 1"]
    assert contradictions(1, OWN, OTHER, WIDE) == ["the box plot 1 is that of the histogram, not 2"]


def test_other_bars_contradict():
    other = {"bins": 4.0, "count_1": 0.0, "count_2": 10.0, "count_3": 20.0, "count_4": 10.0}
    assert contradictions(0, OWN, OTHER, bars=other) == ["the box plot 2 is that of the histogram, not 1"]


def test_a_box_that_is_not_that_of_the_bars_contradicts():
    """Half of the values lie in bars 25 wide: no quartile is further from where it would be if they lay evenly."""
    assert contradictions(0, box(25, 37.5, 74), OTHER, WIDE) == []
    assert contradictions(0, box(25, 37.5, 76), box(80, 90, 95)) == ["no box plot is that of the histogram"]


@pytest.mark.parametrize(
    ("counts", "quartiles"),
    [
        ([10, 20, 6, 4], (25, 37.5, 50)),
        ([0, 40, 0, 0], (31.25, 37.5, 43.75)),
        ([20, 0, 0, 20], (12.5, 25, 87.5)),
        ([0, 0, 0, 4], (81.25, 87.5, 93.75)),
    ],
)
def test_quartiles_of_bars(counts, quartiles):
    """By linear interpolation in the bar, which empty bars do not change."""
    bars = {"bins": 4.0, **{f"count_{bar}": float(count) for bar, count in enumerate(counts, start=1)}}
    q1, q2, q3 = quartiles
    assert contradictions(0, box(q1, q2, q3), box(q1 + 25.1, q2, q3), bars=bars) == []
    for off in (-25.1, 25.1):
        for moved in (box(q1 + off, q2, q3), box(q1, q2 + off, q3), box(q1, q2, q3 + off)):
            assert contradictions(0, moved, box(200, 200, 200), bars=bars) == ["no box plot is that of the histogram"]


def test_the_own_box_is_proved_and_no_other_from_its_own_bars():
    own = template(*boxes.SHAPES)
    for seed, x in enumerate([TAIL_ABOVE, EVEN, TAIL_BELOW] * 5):
        graded, data = grade(own, x, seed)
        counts, _ = np.histogram(x, bins=20, range=(0, 100))
        bars = {"bins": 20.0, **{f"count_{bar}": float(count) for bar, count in enumerate(counts, start=1)}}
        measured = [box(*np.quantile(values, [0.25, 0.5, 0.75])) for values in data]

        assert list(boxes.prove(graded.answer, bars, measured, VIEW)) == []
        assert len(list(boxes.prove(graded.answer, bars, [*measured[1:], measured[0]], VIEW))) == 1
