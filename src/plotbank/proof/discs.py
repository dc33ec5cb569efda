"""Equal discs drawn, compared with ink, and moved until both are alike.

Ink is the coverage of pixels, 0 (paper) to 1 (ink).  A centre is (x, y) in pixels from the picture's upper left
corner, so that the middle of the first pixel is (0.5, 0.5).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .blobs import Blobs
from .ink import Ink

Floats = npt.NDArray[np.floating]  # covers and slopes in single precision: a millionth of a pixel
Integers = npt.NDArray[np.intp]

LARGEST_RESIDUAL = 0.25  # of a pixel; eight shades of ink and straight edges within pixels explain up to 0.16
APART = 0.7  # diameters: no two discs are drawn nearer than this
NEAREST = 0.65  # diameters: two discs found nearer than this leave the count in doubt
_STILL = 0.005  # pixels: a disc that moves less has arrived


def disc(x: Floats, y: Floats, radius: float | Floats) -> tuple[Floats, Floats, Floats]:
    """What a disc covers of pixels at these offsets from its centre, and the slopes of that as the centre moves.

    Within a pixel the edge is a straight line; what lies beyond it is the trapezoidal distribution function of the
    edge's distance from the pixel's middle.  The mean distance of a unit square from a point is
    distance + 1 / (24 distance) to second order, which corrects for the edge's curvature.
    """
    distance = np.maximum(np.sqrt(x * x + y * y), 0.5)
    ux, uy = x / distance, y / distance
    inside = radius - distance - 1 / (24 * distance)
    depth = np.abs(inside)
    across, down = np.abs(ux), np.abs(uy)
    long = np.maximum(np.maximum(across, down), 0.5)
    short = np.maximum(np.minimum(across, down), 1e-6)
    reach = np.maximum((long + short) / 2 - depth, 0)  # of the pixel's far corner beyond the edge
    steep = reach / short
    beyond = np.where(depth > (long - short) / 2, reach * steep / 2, 0.5 * long - depth) / long
    slope = np.minimum(steep, 1) / long
    return np.where(inside > 0, 1 - beyond, beyond), slope * ux, slope * uy


@dataclass(frozen=True, slots=True)
class View:
    """The pixels around each of n discs, seen beside the drawing of all; arrays of shape (n, window).

    `cover` is what the disc itself covers, `total` the sum over all discs, `error` the ink less the drawing.  How
    two edges share a pixel depends on the painter: anything from the larger cover to the sum is no error.
    """

    pixels: Integers
    ink: Floats
    cover: Floats
    total: Floats
    error: Floats
    slope_x: Floats
    slope_y: Floats

    def tells(self) -> npt.NDArray[np.bool_]:
        """Where a disc's pixel tells its place: not where its edge lies under another disc."""
        return (self.cover > self.ink) | (self.total <= self.ink + 0.05)

    def normal(self) -> tuple[Floats, Floats]:
        """The normal equations of each disc's centre: shapes (n, 2, 2) and (n, 2)."""
        slopes: Floats = np.stack([self.slope_x, self.slope_y], axis=1) * self.tells()[:, None]
        return slopes @ slopes.transpose(0, 2, 1), (slopes @ self.error[:, :, None])[:, :, 0]

    def covariances(self, radius: Floats, sheaf: Integers) -> Floats:
        """The error of each centre, from the errors left at the edges of the discs in the same sheaf; a hidden centre
        is known to radius / 5.  `sheaf` numbers the discs' sheaves from 0: one for each picture."""
        edge = self.tells() & (self.slope_x != 0)
        squares = np.bincount(sheaf, np.where(edge, self.error**2, 0.0).sum(axis=1))
        variance = (squares / np.maximum(np.bincount(sheaf, edge.sum(axis=1)), 1))[sheaf][:, None, None]
        matrix, _ = self.normal()
        prior = variance / (radius[:, None, None] / 5) ** 2 * np.eye(2)
        return (variance * np.linalg.inv(matrix + prior)).astype(np.float64)

    def own(self) -> Floats:
        """The ink that each disc alone explains, square pixels; shape (n,)."""
        alone: Floats = np.minimum(np.maximum(self.ink - (self.total - self.cover), 0), self.cover).sum(axis=1)
        return alone


class Canvas:
    """The ink, every blob on a sheet of its own, and room beside it to draw discs of its radius, shape (blobs,).

    Discs of different blobs share no pixel.  A disc is told by its centre and by the number of its blob: arrays of
    shape (n, 2) and (n,).  `places` are those of the ink's pixels on the sheets.
    """

    def __init__(self, ink: Ink, blobs: Blobs, radius: Floats) -> None:
        self.radius = radius
        half = int(np.ceil(radius.max())) + 1
        window = np.mgrid[-half : half + 1, -half : half + 1].reshape(2, -1)[::-1]
        self._window = window[:, np.hypot(*window) < half + 0.5]  # no pixel further off is covered
        self._first, self._beyond = blobs.first, blobs.last + 1.0
        sizes = blobs.last - blobs.first + 2 * half + 4
        ends = np.cumsum(sizes.prod(axis=1))
        self._width = sizes[:, 0]
        corner = blobs.first - half - 1
        self._base = ends - sizes.prod(axis=1) - corner[:, 1] * self._width - corner[:, 0]
        self._drawn = np.zeros(ends[-1], np.float32)
        self._ink = np.zeros(ends[-1], np.float32)
        self.places = self._base[blobs.label] + ink.rows * self._width[blobs.label] + ink.columns
        self._ink[self.places] = ink.cover

    def view(self, centres: Floats, blob: Integers) -> View:
        """All these discs drawn, and compared with the ink."""
        whole = np.floor(centres).astype(np.intp)
        offset_x, offset_y = (whole - centres + 0.5).T[:, :, None]
        window_x, window_y = self._window
        radius = self.radius[blob, None].astype(np.float32)
        cover, slope_x, slope_y = disc(
            (offset_x + window_x).astype(np.float32), (offset_y + window_y).astype(np.float32), radius
        )
        width = self._width[blob]
        pixels = (self._base[blob] + whole[:, 1] * width + whole[:, 0])[:, None] + width[:, None] * window_y + window_x
        np.add.at(self._drawn, pixels.ravel(), cover.ravel())
        total = self._drawn[pixels]
        self._drawn[pixels] = 0
        ink = self._ink[pixels]
        error = np.where(cover > ink, ink - cover, np.maximum(ink - total, 0))
        return View(pixels, ink, cover, total, error, slope_x, slope_y)

    def residual(self, view: View, at: Integers) -> float:
        """The largest share of a pixel by which the ink at these places and the discs in view differ."""
        return float(max(self.missing(view, at).max(), -view.error.min()))

    def missing(self, view: View, at: Integers) -> Floats:
        """What the discs in view leave unexplained of the ink at these places."""
        self._drawn[view.pixels] = view.total
        left: Floats = np.maximum(self._ink[at] - self._drawn[at], 0)
        self._drawn[view.pixels] = 0
        return left

    def fit(self, centres: Floats, blob: Integers, steps: int = 30) -> Floats:
        """The centres moved by damped Gauss-Newton steps to the least squares of the errors.

        Discs that overlap too much are also pushed apart, weakly: it moves only those whose edges are hidden.
        Each disc has its own two equations: discs share only the pixels where their edges cross, which tell
        little about either.  A blob whose discs stand still is left alone.
        """
        low, high, radius = self._first[blob], self._beyond[blob], self.radius[blob, None]
        centres, push, same = centres.clip(low, high), 0.1 * radius, blob[:, None] == blob
        moving = np.ones(len(self._base), bool)
        for _ in range(steps):
            now = np.flatnonzero(moving[blob])
            if not len(now):
                break
            matrix, vector = self.view(centres[now], blob[now]).normal()
            vector += push[now] * _lacking(centres[now], 2 * APART * radius[now], same[np.ix_(now, now)])
            step = _solved(matrix + push[now, None] * np.eye(2), vector).clip(-0.2 * radius[now], 0.2 * radius[now])
            centres[now] = (centres[now] + step).clip(low[now], high[now])
            moving[:] = False
            moving[blob[now[np.abs(step).max(axis=1) >= _STILL]]] = True
        return centres


def _solved(matrix: Floats, vector: Floats) -> Floats:
    """The solutions of symmetric pairs of equations, (n, 2, 2) and (n, 2)."""
    (a, b), (_, d) = matrix.transpose(1, 2, 0)
    x, y = vector.T
    solution: Floats = np.stack([d * x - b * y, a * y - b * x], axis=1) / (a * d - b * b)[:, None]
    return solution


def _lacking(centres: Floats, distance: Floats, same: npt.NDArray[np.bool_]) -> Floats:
    """How far each centre, shape (n, 2), must move so that none is nearer than its distance, (n, 1), to another of the
    same blob, (n, n)."""
    gap = centres.T[:, :, None] - centres.T[:, None]
    length = np.where(same, np.sqrt(gap[0] ** 2 + gap[1] ** 2), np.inf)
    np.fill_diagonal(length, np.inf)
    share = np.maximum(distance / np.maximum(length, 1e-3) - 1, 0) / 2
    move: Floats = (share * gap).sum(axis=2).T
    return move
