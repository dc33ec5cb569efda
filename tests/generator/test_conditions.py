"""Conditions: what is asked for is drawn evenly, and everything else is as in a plot of real data."""

from collections import Counter

import numpy as np
import pytest

from plotbank.errors import ImpossibleRequest
from plotbank.generator.conditions import NEIGHBOURS, Grid, natural_rows, steps, tidy
from plotbank.generator.kinds import Feature


def feature(name, low, high, step, usual=None, family=""):
    return Feature(
        name=name, low=low, high=high, step=step, exact=0, usual=usual or (low, high), meaning=name, family=family
    )


class Bars:
    """One to three bars: their number, the height of each (0 where there is none), and a tilt."""

    features = (
        feature("bars", 1, 3, 1),
        feature("height1", 0.1, 0.9, 0.1, family="height"),
        feature("height2", 0.1, 0.9, 0.1, family="height"),
        feature("height3", 0.1, 0.9, 0.1, family="height"),
        feature("tilt", -5, 5, 1, usual=(-2, 2)),
    )

    def settle(self, condition):
        return {
            name: 0.0 if name[-1].isdigit() and int(name[-1]) > condition["bars"] else value
            for name, value in condition.items()
        }

    def impossible(self, condition):
        return "a high bar cannot be tilted" if condition["height1"] > 0.8 and condition["tilt"] else ""


BARS = Bars()
TRAINED = {f.name: (f.low, f.high) for f in BARS.features}


def real(count=1500, seed=0):
    """Features of plots of real data, unrounded: more than half have one bar; the tilt follows the first height."""
    rng = np.random.default_rng(seed)
    bars = rng.choice([1, 2, 3], count, p=[0.6, 0.3, 0.1])
    heights = rng.uniform(0.1, 0.9, (count, 3)) * (np.arange(3) < bars[:, None])
    tilt = np.round(8 * (heights[:, 0] - 0.5))
    return np.column_stack([bars, heights, tilt]).astype(np.float32)


def grid(asked, reads="height1", rows=None):
    rows = real() if rows is None else rows
    return Grid(kind=BARS, values=asked, natural=natural_rows(BARS, rows, TRAINED, asked), reads=reads)


def many(asked, count=300, **options):
    source, rng = grid(asked, **options), np.random.default_rng(1)
    return [source.draw(rng) for _ in range(count)]


def test_values_asked_for_are_drawn_evenly():
    drawn = many({"bars": (1, 2, 3), "height1": (0.3, 0.5)})

    for name, values in (("bars", (1, 2, 3)), ("height1", (0.3, 0.5))):
        times = Counter(condition[name] for condition in drawn)
        assert set(times) == set(values)
        assert min(times.values()) > 0.75 * 300 / len(values)


def test_the_others_are_those_of_one_real_plot_moved_up_to_a_quarter_towards_another():
    rows = np.array([[2, 0.1, 0.1, 0, -2], [2, 0.9, 0.5, 0, 2]], dtype=np.float32)
    drawn = many({"bars": (2,)}, rows=rows, reads="bars")

    # what is counted is that of one plot; heights of 0.1 to 0.3 and 0.1 to 0.2, or of 0.8 to 0.7 (0.9 would be
    # impossible) and 0.5 to 0.4
    heights = {tilt: {(c["height1"], c["height2"]) for c in drawn if c["tilt"] == tilt} for tilt in (-2, 2)}
    assert len(drawn) == sum(c["tilt"] in (-2, 2) and c["bars"] == 2 and c["height3"] == 0 for c in drawn)
    assert heights[-2] == {(0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.3, 0.2)}
    assert heights[2] == {(0.8, 0.5), (0.8, 0.4), (0.7, 0.4)}


def test_the_others_are_in_whole_steps():
    for condition in many({"bars": (1, 2, 3)}, reads="bars"):
        assert all(value == tidy(f, value) for f, value in zip(BARS.features, condition.values(), strict=True))


def test_the_real_plot_is_near_in_what_was_asked_for():
    """The tilt follows the first height in real plots, and so it does in what is drawn."""
    for condition in many({"height1": (0.3, 0.7), "bars": (1,)}):
        assert abs(condition["tilt"] - 8 * (condition["height1"] - 0.5)) <= 1.5


def test_how_many_groups_there_are_is_natural_though_something_of_each_is_asked_for():
    drawn = many({"height1": (0.5,), "height2": (0.5,), "height3": (0.5,)}, count=600)
    times = Counter(condition["bars"] for condition in drawn)

    assert times[1] == pytest.approx(360, abs=45)
    assert times[2] == pytest.approx(180, abs=40)
    assert times[3] == pytest.approx(60, abs=25)
    for condition in drawn:
        assert [condition[f"height{i}"] for i in (1, 2, 3)] == [0.5 * (i <= condition["bars"]) for i in (1, 2, 3)]


def test_groups_that_were_asked_for_have_everything_even_where_they_are_rare():
    for condition in many({"bars": (3,)}, reads="bars"):
        assert min(condition[f"height{i}"] for i in (1, 2, 3)) > 0


def test_unusual_plots_give_nothing_unless_they_are_asked_for():
    assert {c["tilt"] for c in many({"height1": (0.1, 0.5, 0.8)})} <= {-2, -1, 0, 1, 2}
    assert {c["tilt"] for c in many({"tilt": (4, 5)}, reads="tilt")} == {4, 5}


def test_every_one_of_equally_near_plots_has_its_turn():
    rows = np.tile(np.array([[1, 0.5, 0, 0, 0]], dtype=np.float32), (4 * NEIGHBOURS, 1))
    rows[:, 1] = np.linspace(0.1, 0.9, len(rows))
    drawn = many({"bars": (1,)}, rows=rows, reads="bars")

    assert len({condition["height1"] for condition in drawn}) == 9


def test_the_same_generator_gives_the_same_condition():
    source = grid({"height1": (0.2, 0.4)})

    assert [source.draw(np.random.default_rng(5)) for _ in range(2)] == [source.draw(np.random.default_rng(5))] * 2


def test_what_no_plot_can_have_is_drawn_again():
    drawn = many({"height1": (0.8, 0.9), "tilt": (0, 1)})

    assert not [c for c in drawn if c["height1"] > 0.8 and c["tilt"]]
    assert {(c["height1"], c["tilt"]) for c in drawn} == {(0.8, 0), (0.8, 1), (0.9, 0)}


@pytest.mark.parametrize(
    ("asked", "reads", "message"),
    [
        ({"height1": (0.9,), "tilt": (1, 2)}, "height1", "no plot has height1 = 0.9, tilt from 1 to 2 (in the last of "
         "1,000 tries a high bar cannot be tilted): widen the ranges"),
        ({"bars": (1,), "height2": (0.5,)}, "height2", "tries there is no height2 in such a plot"),
    ],
)  # fmt: skip
def test_what_is_never_possible_is_refused_with_the_reason(asked, reads, message):
    with pytest.raises(ImpossibleRequest) as caught:
        grid(asked, reads=reads).draw(np.random.default_rng(0))
    assert message in str(caught.value)


def test_where_no_real_plot_has_the_same_groups_the_reason_says_so():
    rows = real()
    with pytest.raises(ImpossibleRequest, match="no plot of real data is like it"):
        grid({"bars": (3,)}, rows=rows[rows[:, 0] < 3], reads="bars").draw(np.random.default_rng(0))


def test_rows_outside_what_the_network_was_trained_for_are_left_out():
    rows = np.array([[1, 0.5, 0, 0, 0], [1, 0.97, 0, 0, 0], [4, 0.5, 0.5, 0.5, 0], [1, 0, 0, 0, 0]], dtype=np.float32)
    natural = natural_rows(BARS, rows, TRAINED, {"height1", "bars"})

    assert [alike.rows.tolist() for alike in natural] == [[[1, 0.5, 0, 0, 0]]]
    assert natural[0].there.tolist() == [True, True, False, False, True]


def test_nothing_may_be_left_and_nothing_is_needed_where_everything_is_asked_for():
    none = np.array([[1, 0.5, 0, 0, 4]], dtype=np.float32)
    everything = {"bars": (2,), "height1": (0.5,), "height2": (0.3,), "height3": (0.7,), "tilt": (5,)}

    assert natural_rows(BARS, none, TRAINED, {"height1"}) == ()
    assert grid(everything, rows=none).draw(np.random.default_rng(0)) == {
        "bars": 2, "height1": 0.5, "height2": 0.3, "height3": 0, "tilt": 5,
    }  # fmt: skip


def test_a_value_may_be_given_for_what_is_read():
    source = grid({"height1": (0.2, 0.4)})

    assert source.draw(np.random.default_rng(0), 0.7)["height1"] == 0.7


def test_new_values_are_all_different_until_there_are_none():
    source, rng, taken = grid({"height1": (0.2, 0.3, 0.4), "bars": (1, 2)}), np.random.default_rng(0), set()
    drawn = [source.draw_new(rng, taken)["height1"] for _ in range(3)]

    assert sorted(drawn) == [0.2, 0.3, 0.4]
    assert taken == set(drawn)
    with pytest.raises(ImpossibleRequest, match="all 3 values of height1 are taken"):
        source.draw_new(rng, taken)


def test_only_what_is_asked_for_is_counted():
    source = grid({"height1": (0.2, 0.3, 0.4), "bars": (1, 2)})

    assert source.count() == 6
    assert source.unasked == ("height2", "height3", "tilt")


def test_steps_are_free_of_binary_noise():
    found = steps(feature("r", -0.95, 0.95, 0.01), 0.55, 0.6)

    assert found == (0.55, 0.56, 0.57, 0.58, 0.59, 0.6)
    assert str(steps(feature("r", -0.95, 0.95, 0.01), -0.02, 0.0)) == "(-0.02, -0.01, 0.0)"
    assert steps(feature("q", 0, 1, 0.005), 0.11, 0.12) == (0.11, 0.115, 0.12)
    assert steps(feature("q", 0, 1, 0.25), 0.2, 0.8) == (0.25, 0.5, 0.75)
    assert steps(feature("q", 0, 100, 5), 12, 20) == (15, 20)


def test_a_value_is_rounded_to_the_nearest_step():
    r = feature("r", -0.95, 0.95, 0.01)

    assert [tidy(r, value) for value in (0.5651, -0.001, float(np.float32(0.57)))] == [0.57, 0.0, 0.57]
    assert str(tidy(r, -0.001)) == "0.0"
