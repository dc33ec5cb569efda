"""Discs that run together, three or more: how many there are and about where.

They are placed one after another, the most exposed first, and then moved by least squares until the drawing of all of
them is the ink again.

No two discs are expected nearer than 0.7 diameters.  Then each has ink of its own that no other covers, at least the
disc of 0.2 diameters around its centre, and no further disc fits into the ink that a complete set explains: so the
count is that of the smallest set of discs that leaves nothing unexplained.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .discs import LARGEST_RESIDUAL, NEAREST, Canvas, View, disc
from .ink import Ink

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.intp]

OWN = 0.15  # of a disc's area: a disc with less ink to itself is taken away, to see whether it is missed
_WORTH = 0.35  # share of a disc that must be unexplained ink where one is placed
_REPAIRS = 20


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A disc in the middle of an image, a ring about it, and the pixels in which no other disc's middle can be hidden;
    `half` is that of the image's side."""

    half: int
    disc: Floats
    mean: Floats
    unfit: Floats
    far: npt.NDArray[np.bool_]


@lru_cache(maxsize=64)
def _stamp(radius: float) -> _Stamp:
    half = int(np.ceil(1.3 * radius + 1))
    steps = np.arange(-half, half + 1.0)
    inner, _, _ = disc(steps, steps[:, None], radius)
    outer, _, _ = disc(steps, steps[:, None], 1.3 * radius)
    mean, ring = inner / inner.sum(), (outer - inner) / (outer - inner).sum()
    return _Stamp(half, inner, mean, 0.3 * ring - 3 * mean, np.hypot(steps, steps[:, None]) > 2 * NEAREST * radius)


class Clump:
    """A blob of three or more discs, cut out with room around it; `pixels` are the places of its ink among all."""

    def __init__(self, canvas: Canvas, ink: Ink, pixels: Integers, blob: int) -> None:
        self._canvas, self.blob = canvas, blob
        self._rows, self._columns = ink.rows[pixels], ink.columns[pixels]
        self._at = canvas.places[pixels]
        self._radius = float(canvas.radius[blob])
        self._stamp = _stamp(self._radius)
        self._half = self._stamp.half
        self._corner = np.array([self._columns.min(), self._rows.min()]) - 2 * self._half

    def place(self, known: Floats) -> Floats:
        """Rough centres of the discs beside those known, on the pixels' middles; shape (n, 2).

        The next disc is where it explains most ink, covers least paper (three times as important), and has most
        paper around it: the most exposed first, for their places are the surest.
        """
        ink = self._unexplained(known)
        stamp, half = self._stamp, self._half
        inner = slice(half, -half)
        gain, unfit = _correlate(ink, stamp.mean, stamp.unfit)[:, inner, inner]
        free = ink > 0  # the middle of a disc is ink, and no other disc's
        for x, y in np.floor(known - self._corner).astype(int):
            free[y - half : y + half + 1, x - half : x + half + 1] &= stamp.far
        score = np.where(free & (gain > _WORTH), gain - unfit, -np.inf)
        found = []
        while np.isfinite(score.flat[best := int(score.argmax())]):
            y, x = divmod(best, ink.shape[1])
            found.append((x, y))
            around = slice(y - half, y + half + 1), slice(x - half, x + half + 1)
            wide = slice(y - 2 * half, y + 2 * half + 1), slice(x - 2 * half, x + 2 * half + 1)
            explained = np.minimum(ink[around], stamp.disc)
            ink[around] -= explained
            free[around] &= stamp.far
            gain[wide] -= _correlate(explained, stamp.mean)[0]
            score[wide] = np.where(free[wide] & (gain[wide] > _WORTH), gain[wide] - unfit[wide], -np.inf)
        places: Floats = np.array(found, np.float64).reshape(-1, 2) + self._corner + 0.5
        return places

    def repair(self, centres: Floats) -> Floats:
        """The centres, with discs added where ink is missing and without those that nothing needs."""
        for turn in range(_REPAIRS):
            box = self._unexplained(centres)
            if box.max() <= LARGEST_RESIDUAL:
                break
            gain = _correlate(box, self._stamp.disc)[0, self._half : -self._half, self._half : -self._half]
            y, x = divmod(int(gain.argmax()), box.shape[1])
            hole = self._corner + np.array([x + 0.5, y + 0.5])
            added = hole[None]
            if turn == 0:  # perhaps the fit was not at its end
                added = added[:0]
            elif turn % 4 == 0:  # those around the hole stand wrong: they are placed anew
                centres = centres[np.hypot(*(centres - hole).T) > (2 + turn / 4) * self._radius]
                added = self.place(centres)
            centres = self._fit(np.concatenate([centres, added]), steps=120)
        return self._pruned(centres)

    def _pruned(self, centres: Floats) -> Floats:
        """The centres without the discs that can be taken away when the others move a little."""
        view = self._view(centres)
        own = view.own() / (np.pi * self._radius**2)
        for least in np.argsort(own):
            if own[least] > OWN:
                break
            fewer = self._fit(np.delete(centres, least, axis=0))
            if self._canvas.residual(self._view(fewer), self._at) <= LARGEST_RESIDUAL:
                return self._pruned(fewer)
        return centres

    def _view(self, centres: Floats) -> View:
        return self._canvas.view(centres, np.full(len(centres), self.blob))

    def _fit(self, centres: Floats, steps: int = 30) -> Floats:
        return self._canvas.fit(centres, np.full(len(centres), self.blob), steps)

    def _unexplained(self, centres: Floats) -> Floats:
        """The blob's ink that these discs leave, as an image with room for a disc's window on every side twice."""
        columns, rows = self._columns - self._corner[0], self._rows - self._corner[1]
        room = 2 * self._half + 1
        box = np.zeros((rows.max() + room, columns.max() + room))
        box[rows, columns] = self._canvas.missing(self._view(centres), self._at)
        return box


def _correlate(image: Floats, *templates: Floats) -> Floats:
    """The sum of image times each template, which are of one shape, for every place at which they overlap, by fast
    Fourier transform."""
    shape = tuple(np.add(image.shape, templates[0].shape) - 1)
    even = tuple(-(-side // 16) * 16 for side in shape)  # lengths with small factors are fast
    turned = np.stack([template[::-1, ::-1] for template in templates])
    product = np.fft.rfft2(image, even) * np.fft.rfft2(turned, even)
    return np.fft.irfft2(product, even)[:, : shape[0], : shape[1]]
