"""How much alike two pictures are: coarse copies of the data's ink, and for each the nearest other one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .png import Pixels

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Bytes = npt.NDArray[np.uint8]

SIDES = (24, 18)  # cells of a coarse copy, across and down
_ROWS = 512  # coarse copies compared with all others at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """The picture of another item that is most like one: `of` and `other` are places among the pictures compared.

    `apart` is the root mean square difference of their coarse copies as a share of full ink: 0 where they are the same.
    """

    of: int
    other: int
    apart: float


def coarse(pixels: Pixels) -> Bytes:
    """A coarse copy of the coloured ink in a picture, shape (18 * 24,): the square root of the share of each cell that
    is covered, 0 to 255.

    The square root lets a single dot count in a cell that is mostly paper.
    """
    across, down = SIDES
    span = np.ptp(pixels.colours, axis=1)
    height, width = pixels.shape
    upper, left = np.arange(down + 1) * height // down, np.arange(across + 1) * width // across
    runs = pixels.runs.of(span > 0)
    cover = (span / max(float(span.max()), 1.0))[runs.numbers]
    band = np.repeat(np.arange(down), np.diff(upper))[runs.rows] * (across + 1)
    cell_of = np.append(np.repeat(np.arange(across), np.diff(left)), across)  # of columns, and of the end of a row

    def before(columns: Integers) -> Floats:
        """The ink that each cell would have if every run went from the left side of the picture to this column."""
        cell = cell_of[columns]
        partly = np.bincount(band + cell, cover * (columns - left[cell]), down * (across + 1)).reshape(down, -1)
        wholly = np.bincount(band + cell, cover, down * (across + 1)).reshape(down, -1)
        ink = partly[:, :-1] + wholly[:, :0:-1].cumsum(axis=1)[:, ::-1] * np.diff(left)
        return np.asarray(ink, np.float64)

    cells = (before(runs.columns + runs.lengths) - before(runs.columns)) / (np.diff(upper)[:, None] * np.diff(left))
    copy: Bytes = np.rint(255 * np.sqrt(cells.clip(0))).astype(np.uint8).ravel()
    return copy


def neighbours(copies: Sequence[Bytes], owners: Sequence[str]) -> list[Neighbour]:
    """For each picture, by its coarse copy, the most alike of those that other owners have; none where nobody else has
    one.  Takes time with the square of the number of pictures: 20,000 of them take about ten seconds."""
    if not copies:
        return []
    data = np.stack(copies).astype(np.float32) / 255
    lengths = np.einsum("ij,ij->i", data, data)
    _, owner = np.unique(np.asarray(owners), return_inverse=True)
    found = []
    for first in range(0, len(data), _ROWS):
        some = slice(first, first + _ROWS)
        squared = lengths[some, None] + lengths - 2 * data[some] @ data.T
        squared[owner[some, None] == owner] = np.inf
        others = squared.argmin(axis=1)
        for place, other in enumerate(others.tolist()):
            of = first + place
            if owner[of] != owner[other]:
                # once more without the rounding of the product, so that the same pictures are at 0
                apart = float(np.sqrt(np.mean((data[of] - data[other]) ** 2)))
                found.append(Neighbour(of=of, other=other, apart=apart))
    return found
