"""Which code measures the pictures of each kind of plot.  A kind that is not here can be trained, but not asked about:
no key leaves without the proof."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .bars import read_histogram
from .boxes import read_boxplot
from .likeness import Bytes
from .points import read_scatter

Ends = tuple[float, float]


class Reading(Protocol):
    """What was measured in a picture."""

    @property
    def coarse(self) -> Bytes:
        """The picture's coarse copy (`likeness.coarse`)."""
        ...

    def measured(self, x: Ends, y: Ends) -> dict[str, float]:
        """What a template may ask about, under the kind's names, when the axes have these ends.

        Raises `Unreadable` where the picture cannot be one on such axes (a bar of three values and a half).
        """
        ...

    def uncertain(self, x: Ends, y: Ends) -> dict[str, float]:
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
    """How a kind's pictures are read (of a PNG; it raises `Unreadable`), and the names of what is measured."""

    read: Callable[[bytes], Reading]
    measures: frozenset[str]


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
    "scatter": Reader(read=read_scatter, measures=frozenset(_SCATTER)),
    "boxplot": Reader(
        read=read_boxplot,
        measures=frozenset(
            [
                *("groups", "outliers"),
                *(f"{name}_{group}" for group in _SLOTS for name in _LINES),
                *(f"{name}{group}" for group in _SLOTS for name in _SHAPE),
            ]
        ),
    ),
    "histogram": Reader(read=read_histogram, measures=frozenset([*_BARS, *(f"count_{bar}" for bar in range(1, 17))])),
}
"""The readers by kind."""
