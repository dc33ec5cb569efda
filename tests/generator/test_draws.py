"""Draws: exactly what was asked for, whatever is drawn beside it, or drawn again."""

import re
from dataclasses import replace

import numpy as np
import pytest

from plotbank import models
from plotbank.errors import ImpossibleRequest, ModelError, UnsuitableDraw
from plotbank.generator import seeds
from plotbank.generator.draws import BATCH, MOST_ATTEMPTS, GivenUp, Request, Tally, draw
from plotbank.generator.kinds import Plot, Snapped, inexact, scatter
from plotbank.items import Axis, PictureSpec

KIND = scatter.KIND
PLOT = Plot(x=Axis(label="x", low=0, high=30), y=Axis(label="y", low=0, high=100), picture=PictureSpec())
AREA = (520.0, 390.0)


def condition(r=0.5, n=40):
    return {"r": r, "n": float(n), "bend": 0.0, "fan": 0.0, "outliers": 0.0, "clusters": 1.0}


class Plain:
    """A network that draws what a plain formula does, from the first number of its noise."""

    card = replace(models.latest("scatter"), noise=4)

    def __init__(self):
        self.batches = []

    def draw(self, noise, asked):
        self.batches.append(len(asked))
        names = list(condition())
        data = np.zeros((len(asked), KIND.parts, KIND.width), dtype=np.float32)
        for row, (own, features) in enumerate(zip(noise, asked.tolist(), strict=True)):
            rng = np.random.default_rng(own.view(np.uint32))
            plain = KIND.plain(dict(zip(names, features, strict=True)), rng)
            data[row, : len(plain)] = plain
        return data


class Spoilt(scatter.Scatter):
    """Scatter plots whose rounded data are not what was asked for, in the way that `spoil` says."""

    __slots__ = ("spoil",)

    def __init__(self, spoil):
        super().__init__()
        object.__setattr__(self, "spoil", spoil)

    def snap(self, *arguments):
        found = super().snap(*arguments)
        return Snapped(values=self.spoil(found.values.copy()), displacement=found.displacement)


def requests(count, **options):
    return [
        Request(seed=seeds.seed(bytes(32), "quiz", "q1", str(k)), condition=condition(**options), plot=PLOT, area=AREA)
        for k in range(count)
    ]


def drawn(wanted, kind=KIND, model=None, tally=None):
    return [kept(one) for one in draw(wanted, model or Plain(), kind, tally or Tally())]


def kept(one):
    if isinstance(one, GivenUp):
        raise one.error()
    return one


def test_data_have_exactly_what_was_asked_for():
    for one in drawn(requests(12)):
        readings = KIND.readings(one.values, one.request.condition, PLOT)

        assert inexact(KIND, readings, one.request.condition) == []
        assert len(one.values) == 40
        assert np.corrcoef(one.values.T)[0, 1] == pytest.approx(0.5, abs=0.0005)


def test_what_is_drawn_beside_it_changes_nothing():
    together = {one.request.seed: one for one in drawn(requests(BATCH + 3))}
    for wanted in (requests(BATCH + 3)[0], requests(BATCH + 3)[-1]):
        (alone,) = drawn([wanted])

        assert alone.attempt == together[wanted.seed].attempt
        assert (alone.values == together[wanted.seed].values).all()


def test_they_come_in_the_order_of_the_requests_and_in_batches():
    model = Plain()
    wanted = requests(BATCH + 3)

    assert [one.request for one in drawn(wanted, model=model)] == wanted
    assert model.batches[0] == BATCH


def test_a_request_goes_on_where_it_was():
    (first,) = drawn(requests(1))
    again = replace(first.request, attempt=first.attempt + 1)
    (second,) = drawn([again])

    assert second.attempt > first.attempt
    assert not np.array_equal(second.values, first.values)


def moved(values):
    values[0, 1] = values[:, 1].max() + 20
    return values


@pytest.mark.parametrize(
    ("spoil", "name"),
    [(moved, "r"), (lambda values: values[:-1], "r|n"), (lambda values: values * np.nan, "r")],
    ids=["moved", "fewer", "nan"],
)
def test_data_that_are_not_exact_are_drawn_again_until_it_is_given_up(spoil, name):
    """The kind's own word is not taken for it: the rounded data are measured."""
    tally = Tally()
    with pytest.raises(ImpossibleRequest, match=rf"in {MOST_ATTEMPTS} draws \(last reason: \w+ not exact\)"):
        drawn(requests(1), kind=Spoilt(spoil), tally=tally)
    reasons = {reason for reason in tally.refused if reason.endswith(" not exact")}

    assert any(re.fullmatch(f"({name}) not exact", reason) for reason in reasons)
    assert (tally.kept, tally.drawn) == (0, MOST_ATTEMPTS)


class Whim:
    """Refuses the first draws of every request."""

    def __init__(self, times):
        self._left = times

    def __call__(self, values):
        if self._left:
            self._left -= 1
            raise UnsuitableDraw("a whim")
        return values


def test_refusals_are_counted_with_their_reason():
    tally = Tally()
    (one,) = drawn(requests(1), kind=Spoilt(Whim(3)), tally=tally)

    assert tally.refused["a whim"] == 3
    assert tally.drawn == one.attempt + 1
    assert tally.kept == 1


def test_untrained_conditions_never_reach_the_network():
    model = models.open_model(models.latest("scatter"), "cpu")
    with pytest.raises(ModelError, match="n = 500: it was trained for 15 to 100"):
        drawn(requests(1, n=500), model=model)
