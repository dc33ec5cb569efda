"""The definitions of a quartile that textbooks and programs use, side by side.

The nine of Hyndman and Fan (1996, doi 10.1080/00031305.1996.10473566), of which numpy's and R's default is the
seventh, and Tukey's hinges: the medians of the two halves, each with the median in it where n is odd.
"""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

_FUZZ = 1e-9


def definitions(ascending: npt.NDArray[np.float64], share: float) -> tuple[float, ...]:
    """A quantile of values (n,) in ascending order by each definition: types 1 to 9, and for a quarter, a half and
    three quarters also Tukey's hinge (the median for a half)."""
    x = ascending.tolist()
    return (*_stepped(x, share), *_straight(x, share), *_hinge(x, share))


def _stepped(x: list[float], share: float) -> Iterator[float]:
    """Types 1 to 3, which are values of the data or means of two."""
    n = len(x)
    at = n * share
    j = math.floor(at + _FUZZ)
    on = at - j < _FUZZ
    lower, upper = x[min(max(j - 1, 0), n - 1)], x[min(j, n - 1)]
    yield lower if on else upper
    yield (lower + upper) / 2 if on else upper
    j = math.floor(at - 0.5 + _FUZZ)
    even = abs(at - 0.5 - j) < _FUZZ and j % 2 == 0
    yield x[min(max(j - 1, 0), n - 1)] if even else x[min(max(j, 0), n - 1)]


def _straight(x: list[float], share: float) -> Iterator[float]:
    """Types 4 to 9, on straight lines between the values."""
    for offset in (0.0, 0.5, share, 1 - share, (share + 1) / 3, share / 4 + 3 / 8):
        yield _between(x, len(x) * share + offset)


def _hinge(x: list[float], share: float) -> Iterator[float]:
    n = len(x)
    depth = (math.floor((n + 1) / 2) + 1) / 2
    if share == 0.5:
        yield _between(x, (n + 1) / 2)
    elif share in (0.25, 0.75):
        yield _between(x, depth if share < 0.5 else n + 1 - depth)


def _between(x: list[float], rank: float) -> float:
    """The value at a rank, from 1, in proportion between its neighbours."""
    j = math.floor(rank + _FUZZ)
    part = max(0.0, rank - j)
    lower, upper = x[min(max(j - 1, 0), len(x) - 1)], x[min(max(j, 0), len(x) - 1)]
    return lower + part * (upper - lower)
