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

Floats = npt.NDArray[np.floating]
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


def find(inks: Sequence[Ink]) -> list[Dots | Unreadable]:
    """All discs in the ink of each of several pictures, or why they cannot be told: there is no ink, no disc stands
    alone, or no set of equal discs explains the ink.

    What is computed is computed for all pictures at once: they are laid below each other, and each keeps the size of
    its own discs.  What is found in one does not depend on the others, but for the last digits.
    """
    several = [k for k, ink in enumerate(inks) if len(ink.cover)]
    found: list[Dots | Unreadable] = [Unreadable("the picture has no dots") for _ in inks]
    if not several:
        return found
    heights = np.array([int(inks[k].rows[-1]) + 2 for k in several])  # the last row is empty
    ends = np.cumsum(heights)
    begins = ends - heights
    ink = Ink(
        np.concatenate([inks[k].rows + begin for k, begin in zip(several, begins, strict=True)]),
        np.concatenate([inks[k].columns for k in several]),
        np.concatenate([inks[k].cover for k in several]),
    )
    blobs = connected(ink)
    sheaf = np.searchsorted(ends, blobs.first[:, 1], side="right")  # the picture, among several, of each blob
    radii = np.zeros(len(several))
    for place, k in enumerate(several):
        try:
            radii[place] = _radius(blobs.area[sheaf == place], blobs.spread[sheaf == place])
        except Unreadable as reason:
            found[k] = reason
    for size in np.unique(np.ceil(radii[radii > 0])):
        those = np.ceil(radii) == size
        discs = _discs(ink, blobs, sheaf, np.where(those, radii, 0.0))
        for place in np.flatnonzero(those).tolist():
            mine = sheaf[discs.blobs] == place
            one = Dots(
                centres=discs.centres[mine] - [0, begins[place]],
                radius=float(radii[place]),
                covariances=discs.covariances[mine],
                residual=float(discs.residual[sheaf == place].max()),
            )
            found[several[place]] = _doubted(one) or one
    return found


@dataclass(frozen=True, slots=True)
class _Discs:
    """Discs and the blobs to which they belong; `residual`, one for each blob, means nothing for those left out."""

    centres: Floats
    blobs: Integers
    covariances: Floats
    residual: Floats


def _discs(ink: Ink, blobs: Blobs, sheaf: Integers, radii: Floats) -> _Discs:
    """The discs of pictures, whose radii are 0 where they are left out; `sheaf` is the picture of each blob."""
    radius = radii[sheaf]
    usable = radius > 0
    canvas, size = Canvas(ink, blobs, radius), blobs.area / (np.pi * np.where(usable, radius, np.inf) ** 2)
    lone, pairs = np.flatnonzero(usable & (size < _PAIR)), np.flatnonzero((size >= _PAIR) & (size < _CLUMP))
    order, ahead = blobs.label.argsort(kind="stable"), np.cumsum(np.bincount(blobs.label))
    clumps = [
        Clump(canvas, ink, order[ahead[blob - 1] if blob else 0 : ahead[blob]], blob)
        for blob in np.flatnonzero(size >= _CLUMP).tolist()
    ]
    starts = [_ends(blobs, pairs), *(clump.place(np.empty((0, 2))) for clump in clumps)]
    loose = canvas.fit(np.concatenate(starts), _owners(pairs, clumps, starts))
    of_pairs, *parts = np.split(loose, np.cumsum([len(start) for start in starts[:-1]]))
    found = [of_pairs, *(clump.repair(part) for clump, part in zip(clumps, parts, strict=True))]
    centres = np.concatenate([blobs.centre[lone], *found])
    owners = np.concatenate([lone, _owners(pairs, clumps, found)])
    view = canvas.view(centres, owners)
    residual = np.maximum.reduceat(canvas.missing(view, canvas.places)[order], np.append(0, ahead[:-1]))
    np.maximum.at(residual, owners, -view.error.min(axis=1))
    return _Discs(centres, owners, view.covariances(radius[owners], sheaf[owners]), residual)


def _doubted(found: Dots) -> Unreadable | None:
    """Why these are not the dots of the picture, where they are not."""
    if found.residual > LARGEST_RESIDUAL:
        return Unreadable(f"equal dots leave {found.residual:.2f} of a pixel's ink unexplained")
    if _nearest(found.centres) < 2 * NEAREST * found.radius:
        return Unreadable("two dots lie so near each other that their number is in doubt")
    return None


def _radius(areas: Floats, spread: Floats) -> float:
    """The radius of the discs that stand alone, by the areas of a picture's blobs and how they spread.

    A disc's variance is radius ** 2 / 4 in each direction, and a pixel's is 1 / 12.  A round clump is possible, but
    larger than a disc.

    Raises:
        Unreadable: none stands alone, or the discs are too small, or too many.
    """
    own = areas / (4 * np.pi) + 1 / 12
    unlike = np.abs(spread / own[:, None, None] - np.eye(2)).max(axis=(1, 2))
    alone = areas[unlike < _ROUND]
    if not len(alone):
        raise Unreadable("no dot stands alone, so that the dots' size is not known")
    radius = float(np.sqrt(np.median(alone[alone < 1.2 * alone.min()]) / np.pi))
    if radius < SMALLEST_RADIUS or max(areas.sum() / (np.pi * radius**2), len(areas)) > MOST_DISCS:
        raise Unreadable("the dots are too small or too many to be measured")
    return radius


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
    x, y = centres.T
    squared = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    np.fill_diagonal(squared, np.inf)
    return float(np.sqrt(squared.min()))
