"""Equal discs in a picture of ink: how many there are and where, found by drawing them again.

A disc that touches no other tells the radius and its centre by the moments of its ink.  Discs that run together are
fitted together (`clumps`), and the drawing of all must be the ink again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import Unreadable
from .blobs import Blobs, connected
from .clumps import Clump
from .discs import LARGEST_RESIDUAL, NEAREST, Canvas
from .ink import Ink

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

SMALLEST_RADIUS = 2.0  # pixels
MOST_DISCS = 300  # areas of one disc, and blobs: three times what is ever drawn, so that no picture takes for ever
_ROUND = 0.08  # share by which a lone disc's second moments may differ from those of its area
_PAIR, _CLUMP = 1.4, 2.2  # disc areas: two discs cover 1.81 to 2 of them, three at least 2.44


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """Discs found in ink.

    `centres` has shape (n, 2), pixels; `covariances` has shape (n, 2, 2), square pixels: the error of each centre;
    `residual` is the largest difference between the ink and the drawing, as a share of a pixel.
    """

    centres: Floats
    radius: float
    covariances: Floats
    residual: float


def find(ink: Ink) -> Dots:
    """All discs in the ink.

    Raises:
        Unreadable: there is no ink, no disc stands alone, or no set of equal discs explains the ink.
    """
    if not len(ink.cover):
        raise Unreadable("the picture has no dots")
    blobs = connected(ink)
    radius = _radius(blobs)
    size = blobs.area / (np.pi * radius**2)
    if radius < SMALLEST_RADIUS or max(size.sum(), len(size)) > MOST_DISCS:
        raise Unreadable("the dots are too small or too many to be measured")
    canvas = Canvas(ink, blobs, radius)
    lone, pairs = np.flatnonzero(size < _PAIR), np.flatnonzero((size >= _PAIR) & (size < _CLUMP))
    clumps = [Clump(canvas, ink, blobs.label, blob) for blob in np.flatnonzero(size >= _CLUMP).tolist()]
    starts = [_ends(blobs, pairs), *(clump.place(np.empty((0, 2))) for clump in clumps)]
    loose = canvas.fit(np.concatenate(starts), _owners(pairs, clumps, starts))
    of_pairs, *parts = np.split(loose, np.cumsum([len(start) for start in starts[:-1]]))
    found = [of_pairs, *(clump.repair(part) for clump, part in zip(clumps, parts, strict=True))]
    centres = np.concatenate([blobs.centre[lone], *found])
    view = canvas.view(centres, np.concatenate([lone, _owners(pairs, clumps, found)]))
    residual = canvas.residual(view, canvas.places)
    if residual > LARGEST_RESIDUAL:
        raise Unreadable(f"equal dots leave {residual:.2f} of a pixel's ink unexplained")
    if _nearest(centres) < 2 * NEAREST * radius:
        raise Unreadable("two dots lie so near each other that their number is in doubt")
    return Dots(centres=centres, radius=radius, covariances=view.covariances(radius), residual=residual)


def _radius(blobs: Blobs) -> float:
    """The radius of the discs that stand alone.

    A disc's variance is radius ** 2 / 4 in each direction, and a pixel's is 1 / 12.  A round clump is possible, but
    larger than a disc.
    """
    own = blobs.area / (4 * np.pi) + 1 / 12
    unlike = np.abs(blobs.spread / own[:, None, None] - np.eye(2)).max(axis=(1, 2))
    areas = blobs.area[unlike < _ROUND]
    if not len(areas):
        raise Unreadable("no dot stands alone, so that the dots' size is not known")
    return float(np.sqrt(np.median(areas[areas < 1.2 * areas.min()]) / np.pi))


def _ends(blobs: Blobs, pair: Integers) -> Floats:
    """Rough centres of the two discs of each of these blobs, shape (2 pairs, 2).

    Without overlap the variance along the pair's axis exceeds the one across by a quarter of the squared distance.
    """
    variance, axis = np.linalg.eigh(blobs.spread[pair])
    half = axis[:, :, 1] * np.sqrt(variance[:, 1] - variance[:, 0])[:, None]
    return np.concatenate([blobs.centre[pair] - half, blobs.centre[pair] + half])


def _owners(pairs: Integers, clumps: Sequence[Clump], discs: Sequence[Floats]) -> Integers:
    """The blobs to which the discs of pairs, and those of each clump, belong."""
    clumped = np.repeat([clump.blob for clump in clumps], [len(of) for of in discs[1:]]).astype(np.intp)
    return np.concatenate([pairs, pairs, clumped])


def _nearest(centres: Floats) -> float:
    """The least distance of two centres."""
    gap = centres[:, None] - centres
    squared = (gap**2).sum(axis=2)
    np.fill_diagonal(squared, np.inf)
    return float(np.sqrt(squared.min()))
