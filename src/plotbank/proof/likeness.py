"""How much alike two pictures are: coarse copies of the data's ink, and for each the nearest other one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
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


def coarse(numbers: npt.NDArray[np.integer], colours: Floats) -> Bytes:
    """A coarse copy of the coloured ink in a picture, shape (18 * 24,): the square root of the share of each cell that
    is covered, 0 to 255.

    `numbers`, shape (height, width), are places in `colours`, shape (colours, 3), 0 to 255.  The square root lets a
    single dot count in a cell that is mostly paper.
    """
    across, down = SIDES
    span = np.ptp(colours, axis=1)
    cover = (span / max(float(span.max()), 1.0)).astype(np.float32)[numbers]
    height, width = numbers.shape
    rows, columns = np.arange(down) * height // down, np.arange(across) * width // across
    cells = np.add.reduceat(np.add.reduceat(cover, rows, axis=0), columns, axis=1)
    sizes = np.diff(rows, append=height)[:, None] * np.diff(columns, append=width)
    copy: Bytes = np.rint(255 * np.sqrt(cells / sizes)).astype(np.uint8).ravel()
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
