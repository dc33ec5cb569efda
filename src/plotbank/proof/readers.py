"""Which code measures the pictures of each kind of plot.  A kind that is not here can be trained, but not asked about:
no key leaves without the proof."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from . import Unreadable
from .bars import read_histogram
from .boxes import read_boxplot
from .likeness import Bytes
from .points import read_scatters

Ends = tuple[float, float]


class Reading(Protocol):
    """What was measured in a picture."""

    @property
    def coarse(self) -> Bytes:
        """The picture's coarse copy (`likeness.coarse`)."""
        ...

    def measured(self, x: Ends, y: Ends) -> Mapping[str, float]:
        """What a template may ask about, under the kind's names, when the axes have these ends.

        Raises `Unreadable` where the picture cannot be one on such axes (a bar of three values and a half).
        """
        ...

    def uncertain(self, x: Ends, y: Ends) -> Mapping[str, float]:
        """The standard error of each quantity that `measured` gives, as far as reading goes; 0 for what is counted."""
        ...

    def contradictions(
        self, values: npt.NDArray[np.float64], shown: Mapping[str, float], x: Ends, y: Ends
    ) -> Iterator[str]:
        """Where the picture differs from the data (in the kind's shape, axis units), from axes with these ends, or from
        what else was to be shown, in words."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How a kind's pictures are read, and the names of what is measured.

    `each` reads several PNGs, some at once where that is faster; of one that cannot be read it says why.
    """

    each: Callable[[Sequence[bytes]], Sequence[Reading | Unreadable]]
    measures: frozenset[str]

    def read(self, png: bytes) -> Reading:
        """What is measured in one PNG; raises `Unreadable`."""
        (found,) = self.each([png])
        if isinstance(found, Unreadable):
            raise found
        return found


def _one_by_one(read: Callable[[bytes], Reading]) -> Callable[[Sequence[bytes]], list[Reading | Unreadable]]:
    """A reader of several, by a reader of one that raises `Unreadable`."""

    def read_or_why(png: bytes) -> Reading | Unreadable:
        try:
            return read(png)
        except Unreadable as reason:
            return reason

    return lambda pngs: [read_or_why(png) for png in pngs]


_SLOTS = range(1, 5)

_SCATTER = (
    *("n", "r", "bend", "slope", "intercept", "mean_x", "mean_y", "sd_x", "sd_y", "rank_r", "influence", "outliers"),
    *("clusters", "gap", "seam", "r_without", "x_marked", "y_marked"),
)
_LINES = ("whisker_low", "q1", "q2", "q3", "whisker_high", "min", "max")
_SHAPE = ("median", "iqr", "skew", "lower", "upper", "outliers")
_BARS = (
    *("n", "bins", "tallest", "tallest_count", "tallest_margin", "empty", "modes", "mode_margin", "bin_width"),
    *("grouped_mean", "grouped_median", "grouped_sd", "grouped_skew", "tallest_low", "tallest_high"),
)

READERS: Mapping[str, Reader] = {
    "scatter": Reader(each=read_scatters, measures=frozenset(_SCATTER)),
    "boxplot": Reader(
        each=_one_by_one(read_boxplot),
        measures=frozenset(
            [
                *("groups", "outliers"),
                *(f"{name}_{group}" for group in _SLOTS for name in _LINES),
                *(f"{name}{group}" for group in _SLOTS for name in _SHAPE),
            ]
        ),
    ),
    "histogram": Reader(
        each=_one_by_one(read_histogram), measures=frozenset([*_BARS, *(f"count_{bar}" for bar in range(1, 17))])
    ),
}
"""The readers by kind."""


def read_each(pictures: Sequence[tuple[str, bytes]]) -> list[Reading | Unreadable]:
    """What is found in each of several pictures (kind, PNG), in their order; those of a kind are read at once."""
    found = {
        kind: iter(READERS[kind].each([png for of, png in pictures if of == kind]))
        for kind in dict.fromkeys(kind for kind, _ in pictures)
    }
    return [next(found[kind]) for kind, _ in pictures]
