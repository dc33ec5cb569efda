"""Pieces of connected ink: which pixels belong together, and their area, place and shape."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .ink import Ink

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blobs:
    """Pieces of connected ink.

    `label` is the number of each inked pixel's blob; `area`, `centre` (x, y) and `spread` (the covariance matrix of the
    ink's places) have one entry per blob, in pixels; `first` and `last` are the least and the largest column and row
    with its ink, shape (blobs, 2).
    """

    label: Integers
    area: Floats
    centre: Floats
    spread: Floats
    first: Integers
    last: Integers


def connected(ink: Ink) -> Blobs:
    """The connected pieces of the ink; pixels that touch at a corner are connected."""
    width = int(ink.columns.max()) + 3  # so that no run goes on in the next row
    pixels = ink.rows * width + ink.columns
    begins = np.flatnonzero(np.diff(pixels, prepend=-2) != 1)
    ends = np.append(begins[1:], len(pixels)) - 1
    number = _numbers(pixels[begins], pixels[ends], width)
    row, column = ink.rows[begins], ink.columns[begins]
    # Moments run by run: all of a run is in one row.
    x, y = ink.columns + 0.5, row + 0.5
    once = ink.cover * x
    runs: list[Floats] = [np.add.reduceat(of, begins) for of in (ink.cover, once, once * x)]
    area: Floats = np.bincount(number, runs[0]).astype(np.float64)

    def mean(of_runs: Floats) -> Floats:
        return np.bincount(number, of_runs) / area

    mean_x, mean_y = mean(runs[1]), mean(runs[0] * y)
    xy = mean(runs[1] * y) - mean_x * mean_y
    spread = np.stack([mean(runs[2]) - mean_x**2, xy, xy, mean(runs[0] * y * y) - mean_y**2], axis=1)
    first, last = np.full((2, len(area)), pixels[-1]), np.zeros((2, len(area)), np.intp)
    for least, most, low, high in zip(first, last, (column, row), (ink.columns[ends], row), strict=True):
        np.minimum.at(least, number, low)
        np.maximum.at(most, number, high)
    return Blobs(
        label=np.repeat(number, ends - begins + 1),
        area=area,
        centre=np.stack([mean_x, mean_y], axis=1),
        spread=spread.reshape(-1, 2, 2),
        first=first.T,
        last=last.T,
    )


def _numbers(start: Integers, end: Integers, width: int) -> Integers:
    """The number of the blob to which each horizontal run of ink belongs; `start` and `end` are the places of its first
    and its last pixel in rows of this width."""
    # Each run touches the runs `low` to `high` of the next row.
    low = np.searchsorted(end, start + width - 1)
    high = np.searchsorted(start, end + width + 1, side="right")
    touched = np.maximum(high - low, 0)
    above = np.repeat(np.arange(len(start)), touched)
    below = np.arange(len(above)) + np.repeat(low - np.cumsum(touched) + touched, touched)
    name = np.arange(len(start))
    while not np.array_equal(name[above], name[below]):
        least = np.minimum(name[above], name[below])
        np.minimum.at(name, name[above], least)
        np.minimum.at(name, name[below], least)
        name = name[name]
    while not np.array_equal(name, name[name]):
        name = name[name]
    number: Integers = np.unique(name, return_inverse=True)[1]
    return number
