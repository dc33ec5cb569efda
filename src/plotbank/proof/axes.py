"""The axes of a plot, found in the picture: where their lines are and where these end."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import Unreadable

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

_LEAST_AXIS = 0.3  # of the picture's side


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes: where their ends lie (picture pixels, y from the top), where the plot's inside begins, and how thick
    their lines are."""

    left: int
    right: int
    top: int
    bottom: int
    inner_left: int
    inner_bottom: int
    thickness: int

    def shares(self, centres: npt.NDArray[np.floating]) -> Floats:
        """Centres in pixels as shares of the axes from their lower left end."""
        x, y = centres.T
        return np.stack([(x - self.left) / (self.right - self.left), (self.bottom - y) / (self.bottom - self.top)], 1)


def axes_of(shape: tuple[int, int], rows: Integers, columns: Integers) -> Axes:
    """The axes' lines: the longest column and the longest row of the darkest grey in a picture of this shape (height,
    width), whose places are `rows` and `columns`.

    Their ends are whole pixels.  A line of even thickness lies evenly about its pixel; one of odd thickness is
    drawn half a pixel to the right and below.  Lines project beyond their ends by half their thickness.

    Raises:
        Unreadable: there are no two long lines, or they are not equally thick.
    """
    height, width = shape
    first, last, top, _ = _line(columns, rows, width, height)
    upper, lower, _, right = _line(rows, columns, height, width)
    thickness = last - first + 1
    if lower - upper + 1 != thickness:
        raise Unreadable("the two axes are not equally thick")
    half = (thickness + 1) // 2
    axes = Axes(
        left=(first + last + 1) // 2,
        right=right + 1 - half,
        top=top + thickness // 2,
        bottom=(upper + lower + 1) // 2,
        inner_left=last + 1,
        inner_bottom=upper,
        thickness=thickness,
    )
    if not (axes.right - axes.left > _LEAST_AXIS * width and axes.bottom - axes.top > _LEAST_AXIS * height):
        raise Unreadable("no axes along the left and the bottom are found")
    return axes


def _line(across: Integers, along: Integers, breadth: int, length: int) -> tuple[int, int, int, int]:
    """The first and last place of the longest straight line of ink across it, and its first and last along it."""
    count = np.bincount(across, minlength=breadth)
    longest = int(count.argmax())
    if count[longest] < _LEAST_AXIS * length:
        raise Unreadable("no axes along the left and the bottom are found")
    whole = count > 0.9 * count[longest]
    first = last = longest
    while first > 0 and whole[first - 1]:
        first -= 1
    while last + 1 < breadth and whole[last + 1]:
        last += 1
    places = along[across == longest]  # of the axis, and perhaps of text beyond its end
    ends = np.append(np.flatnonzero(places[1:] - places[:-1] != 1), len(places) - 1)
    lengths = ends - np.append(-1, ends[:-1])
    axis = int(lengths.argmax())
    return first, last, int(places[ends[axis] + 1 - lengths[axis]]), int(places[ends[axis]])
