"""Which conditions a question allows, and which of them a student gets.

A question asks for some features; the others take the values that they have together in one plot of real data, moved a
little towards another, so that a student's plot is a usual one in everything that the question does not speak of, and
its own.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ImpossibleRequest
from .kinds import Feature, Floats, Kind

NEIGHBOURS = 50  # real plots, the nearest in what is asked for, of which one gives the other features
TOWARDS = 0.25  # of the way to another of them, at most: who gets the same real plot as another still gets their own
MOST_TRIES = 1000
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Features of real plots that have the same features at all.

    `rows` (N, F) are in the kind's order, in whole steps.  `there` (F,) is false where there is nothing to measure (the
    median of the third group of two); the rows are 0 there.
    """

    there: Flags
    rows: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What a question's plots may be: the values, ascending, of each feature that it asks for, and natural ones of
    the others.  Where there is a feature `reads`, every plot has it, and it is asked for."""

    kind: Kind
    values: Mapping[str, tuple[float, ...]]
    natural: tuple[Alike, ...]
    reads: str = ""

    def count(self) -> int:
        """How many different combinations of the features asked for there are; the others are not counted."""
        return math.prod(len(values) for values in self.values.values())

    @property
    def unasked(self) -> tuple[str, ...]:
        """The features that take natural values."""
        return tuple(feature.name for feature in self.kind.features if feature.name not in self.values)

    def draw(self, rng: np.random.Generator, value: float | None = None) -> dict[str, float]:
        """A condition: each combination of the features asked for is as likely as any other, as long as a plot can
        have it; `value`, where given, is that of `reads`.

        Raises:
            ImpossibleRequest: no plot could have any of `MOST_TRIES` conditions.
        """
        return self._draw(rng, self.values if value is None else {**self.values, self.reads: (value,)})

    def draw_new(self, rng: np.random.Generator, taken: set[float]) -> dict[str, float]:
        """A condition whose `reads` is not among those taken; it is added to them.

        Raises:
            ImpossibleRequest: all values are taken, or no plot can have the others.
        """
        free = tuple(value for value in self.values[self.reads] if value not in taken)
        if not free:
            raise ImpossibleRequest(f"all {len(taken)} values of {self.reads} are taken")
        condition = self._draw(rng, {**self.values, self.reads: free})
        taken.add(condition[self.reads])
        return condition

    def _draw(self, rng: np.random.Generator, values: Mapping[str, tuple[float, ...]]) -> dict[str, float]:
        reason = ""
        for _ in range(MOST_TRIES):
            asked = {name: several[int(rng.integers(len(several)))] for name, several in values.items()}
            completed = self._completed(asked, rng)
            if completed is None:
                reason = "no plot of real data is like it"
                continue
            condition = self.kind.settle(completed)
            if self.reads and condition[self.reads] != asked[self.reads]:
                reason = f"there is no {self.reads} in such a plot"
            elif not (reason := self.kind.impossible(condition)):
                return condition
        wanted = ", ".join(_span(name, several) for name, several in values.items())
        raise ImpossibleRequest(
            f"no plot has {wanted} (in the last of {MOST_TRIES:,} tries {reason}): widen the ranges"
        )

    def _completed(self, asked: Mapping[str, float], rng: np.random.Generator) -> dict[str, float] | None:
        """The features asked for, and the others of a real plot among the nearest in them, those that are not counted
        moved up to `TOWARDS` of the way to another of these; None where no real plot has the same features at all.

        How many groups there are, where it is not asked for, is decided first, by a plot drawn from all: plots of few
        groups would otherwise be the nearest always, or never.
        """
        features = self.kind.features
        if not self.unasked:
            return {feature.name: asked[feature.name] for feature in features}
        fitting = [alike for alike in self.natural if self._fits(alike, asked)]
        if not fitting:
            return None
        alike = fitting[_index(rng, [len(alike.rows) for alike in fitting])]
        compared = [i for i, feature in enumerate(features) if feature.name in asked and alike.there[i]]
        wanted = np.array([asked[features[i].name] for i in compared])
        scale = np.array([features[i].high - features[i].low or 1.0 for i in compared])
        distance = np.square((alike.rows[:, compared] - wanted) / scale).sum(axis=1)
        furthest = np.partition(distance, NEIGHBOURS - 1)[NEIGHBOURS - 1] if len(distance) > NEIGHBOURS else np.inf
        near = np.flatnonzero(distance <= furthest)  # more, where several are equally far: each has its turn
        row, other = (alike.rows[near[int(rng.integers(len(near)))]] for _ in range(2))
        moved = row + rng.uniform(0, TOWARDS) * (other - row)
        return {
            feature.name: asked[feature.name]
            if feature.name in asked
            else tidy(feature, float(moved[i] if feature.step < 1 else row[i]))  # what is counted stays
            for i, feature in enumerate(features)
        }

    def _fits(self, alike: Alike, asked: Mapping[str, float]) -> bool:
        """Whether these plots still have the same features when they are given what is asked for."""
        own = dict(zip((feature.name for feature in self.kind.features), alike.rows[0].tolist(), strict=True))
        return list(_there(self.kind, self.kind.settle({**own, **asked}))) == list(alike.there)


def natural_rows(
    kind: Kind, natural: npt.NDArray[np.float32], trained: Mapping[str, tuple[float, float]], asked: Collection[str]
) -> tuple[Alike, ...]:
    """Of the features of real plots, (N, F), those that may complete a question that asks for `asked`: all that the
    network was trained for, and usual in everything else.  Possibly none."""
    rows = np.column_stack(
        [_tidied(feature, natural[:, i].astype(np.float64)) for i, feature in enumerate(kind.features)]
    )
    low = np.array([trained[feature.name][0] for feature in kind.features])
    high = np.array([trained[feature.name][1] for feature in kind.features])
    for i, feature in enumerate(kind.features):
        if feature.name not in asked:
            low[i], high[i] = max(low[i], feature.usual[0]), min(high[i], feature.usual[1])
    inside = (rows >= low - 1e-9) & (rows <= high + 1e-9)
    might_fit = (inside | (rows == 0)).all(axis=1)
    rows, inside = rows[might_fit], inside[might_fit]
    names = [feature.name for feature in kind.features]
    found: dict[tuple[bool, ...], list[Floats]] = {}
    for row, within in zip(rows, inside, strict=True):
        there = tuple(_there(kind, dict(zip(names, row.tolist(), strict=True))))
        if (within | ~np.array(there)).all():
            found.setdefault(there, []).append(row)
    return tuple(Alike(there=np.array(there), rows=np.array(alike)) for there, alike in sorted(found.items()))


def _there(kind: Kind, condition: Mapping[str, float]) -> Iterator[bool]:
    """Whether a plot has what each feature measures: where it is 0, whether the kind would let it be anything else."""
    for feature in kind.features:
        if condition[feature.name] != 0:
            yield True
            continue
        other = feature.high or feature.low
        yield kind.settle({**condition, feature.name: other})[feature.name] == other


def _index(rng: np.random.Generator, weights: list[int]) -> int:
    """An index, each with a probability in proportion to its weight."""
    return int(np.searchsorted(np.cumsum(weights), int(rng.integers(sum(weights))), side="right"))


def steps(feature: Feature, low: float, high: float) -> tuple[float, ...]:
    """The multiples of the feature's step from low to high, both included, free of binary noise."""
    first, last = math.ceil(low / feature.step - 1e-9), math.floor(high / feature.step + 1e-9)
    return tuple(tidy(feature, k * feature.step) for k in range(first, last + 1))


def tidy(feature: Feature, value: float) -> float:
    """The value rounded to the feature's step, free of binary noise."""
    return float(_tidied(feature, np.array(value)))


def _tidied(feature: Feature, values: Floats) -> Floats:
    places = next(places for places in range(12) if round(feature.step, places) == feature.step)
    return np.asarray(np.round(np.rint(values / feature.step) * feature.step, places) + 0.0)


def _span(name: str, values: tuple[float, ...]) -> str:
    return f"{name} = {values[0]:g}" if len(values) == 1 else f"{name} from {values[0]:g} to {values[-1]:g}"
