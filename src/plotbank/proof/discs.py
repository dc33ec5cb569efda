"""Equal discs in a picture of ink: how many there are and where, found by drawing them again.

Ink is the coverage of pixels, 0 (paper) to 1 (ink).  A centre is (x, y) in pixels from the picture's upper left
corner, so that the middle of the first pixel is (0.5, 0.5).  A disc that touches no other tells the radius and its
centre by the moments of its ink.  Discs that run together are placed one after another, the most exposed first,
and then moved by least squares until the drawing of all of them is the ink again.

No two discs are expected nearer than 0.7 diameters.  Then each has ink of its own that no other covers, at least
the disc of 0.2 diameters around its centre, and no further disc fits into the ink that a complete set explains: so
the count is that of the smallest set of discs that leaves nothing unexplained.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import Unreadable

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

LARGEST_RESIDUAL = 0.25  # of a pixel; eight shades of ink and straight edges within pixels explain up to 0.16
APART = 0.7  # diameters: no two discs are drawn nearer than this
NEAREST = 0.65  # diameters: two discs found nearer than this leave the count in doubt
OWN = 0.15  # of a disc's area: a disc with less ink to itself is taken away, to see whether it is missed
SMALLEST_RADIUS = 2.0  # pixels
MOST_DISCS = 300  # areas of one disc: three times what is ever drawn, so that no picture takes for ever
_ROUND = 0.08  # share by which a lone disc's second moments may differ from those of its area
_PAIR, _CLUMP = 1.4, 2.2  # disc areas: two discs cover 1.81 to 2 of them, three at least 2.44
_WORTH = 0.35  # share of a disc that must be unexplained ink where one is placed
_REPAIRS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Discs:
    """Discs found in ink.

    `centres` has shape (n, 2), pixels; `covariances` has shape (n, 2, 2), square pixels: the error of each centre;
    `residual` is the largest difference between the ink and the drawing, as a share of a pixel.
    """

    centres: Floats
    radius: float
    covariances: Floats
    residual: float


@dataclass(frozen=True, slots=True)
class Ink:
    """The pixels that are not paper, in reading order: where they are and which share of each is covered."""

    rows: Integers
    columns: Integers
    cover: Floats


def find(ink: Ink) -> Discs:
    """All discs in the ink.

    Raises:
        Unreadable: there is no ink, no disc stands alone, or no set of equal discs explains the ink.
    """
    if not len(ink.cover):
        raise Unreadable("the picture has no dots")
    blobs = _blobs(ink)
    canvas = _Canvas(ink, _radius(blobs))
    size = blobs.area / canvas.area
    if canvas.radius < SMALLEST_RADIUS or size.sum() > MOST_DISCS:
        raise Unreadable("the dots are too small or too many to be measured")
    lone, pair = size < _PAIR, (size >= _PAIR) & (size < _CLUMP)
    clumps = [_Clump(canvas, ink, blobs.label == blob) for blob in np.flatnonzero(size >= _CLUMP)]
    starts = [_ends(blobs, pair), *(clump.place(np.empty((0, 2))) for clump in clumps)]
    loose = canvas.fit(np.concatenate(starts))
    pairs, *parts = np.split(loose, np.cumsum([len(start) for start in starts[:-1]]))
    parts = [clump.repair(part) for clump, part in zip(clumps, parts, strict=True)]
    centres = np.concatenate([blobs.centre[lone], pairs, *parts])
    view = canvas.view(centres)
    residual = canvas.residual(view, ink)
    if residual > LARGEST_RESIDUAL:
        raise Unreadable(f"equal dots leave {residual:.2f} of a pixel's ink unexplained")
    if _nearest(centres) < 2 * NEAREST * canvas.radius:
        raise Unreadable("two dots lie so near each other that their number is in doubt")
    return Discs(centres=centres, radius=canvas.radius, covariances=view.covariances(canvas.radius), residual=residual)


@dataclass(frozen=True, slots=True)
class _Blobs:
    """Pieces of connected ink.

    `label` is the number of each inked pixel's blob; `area`, `centre` and `spread` (the covariance matrix of the
    ink's places) have one entry per blob, in pixels.
    """

    label: Integers
    area: Floats
    centre: Floats
    spread: Floats


def _blobs(ink: Ink) -> _Blobs:
    """The connected pieces of the ink; pixels that touch at a corner are connected."""
    label = _labels(ink)
    area: Floats = np.bincount(label, ink.cover).astype(np.float64)

    def mean(values: Floats) -> Floats:
        return np.bincount(label, ink.cover * values) / area

    x, y = ink.columns.astype(np.float64) + 0.5, ink.rows.astype(np.float64) + 0.5
    centre = np.stack([mean(x), mean(y)], axis=1)
    dx, dy = x - centre[label, 0], y - centre[label, 1]
    xy = mean(dx * dy)
    spread = np.stack([mean(dx * dx), xy, xy, mean(dy * dy)], axis=1).reshape(-1, 2, 2)
    return _Blobs(label, area, centre, spread)


def _labels(ink: Ink) -> Integers:
    """The number of each pixel's blob."""
    width = int(ink.columns.max()) + 3  # so that no run goes on in the next row
    pixels = ink.rows * width + ink.columns
    first = np.flatnonzero(np.diff(pixels, prepend=-2) != 1)
    last = np.append(first[1:], len(pixels)) - 1
    start, end = pixels[first], pixels[last]
    # Each horizontal run touches the runs `low` to `high` of the next row.
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
    _, number = np.unique(name, return_inverse=True)
    return np.repeat(number, last - first + 1)


def _radius(blobs: _Blobs) -> float:
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


def _ends(blobs: _Blobs, pair: npt.NDArray[np.bool_]) -> Floats:
    """Rough centres of the two discs of each of these blobs, shape (2 pairs, 2).

    Without overlap the variance along the pair's axis exceeds the one across by a quarter of the squared distance.
    """
    variance, axis = np.linalg.eigh(blobs.spread[pair])
    half = axis[:, :, 1] * np.sqrt(variance[:, 1] - variance[:, 0])[:, None]
    return np.concatenate([blobs.centre[pair] - half, blobs.centre[pair] + half])


def _lacking(centres: Floats, distance: float) -> Floats:
    """How far each centre, shape (n, 2), must move so that no two are nearer than the distance."""
    gap = centres[:, None] - centres
    length = np.sqrt((gap**2).sum(axis=2))
    np.fill_diagonal(length, np.inf)
    share = np.maximum(distance / np.maximum(length, 1e-3) - 1, 0) / 2
    move: Floats = (share[:, :, None] * gap).sum(axis=1)
    return move


def _nearest(centres: Floats) -> float:
    """The least distance of two centres."""
    gap = centres[:, None] - centres
    squared = (gap**2).sum(axis=2)
    np.fill_diagonal(squared, np.inf)
    return float(np.sqrt(squared.min()))


@dataclass(frozen=True, slots=True)
class _View:
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
        tells = self.tells()
        slopes: Floats = np.where(tells[:, None], np.stack([self.slope_x, self.slope_y], axis=1), 0.0)
        matrix: Floats = np.einsum("nij,nkj->nik", slopes, slopes)
        vector: Floats = np.einsum("nij,nj->ni", slopes, self.error)
        return matrix, vector

    def covariances(self, radius: float) -> Floats:
        """The error of each centre, from the errors left at the edges; a hidden centre is known to radius / 5."""
        edge = self.tells() & (self.slope_x != 0)
        variance = float(np.mean(self.error[edge] ** 2))
        matrix, _ = self.normal()
        prior = variance / (radius / 5) ** 2 * np.eye(2)
        return variance * np.linalg.inv(matrix + prior).astype(np.float64)

    def own(self) -> Floats:
        """The ink that each disc alone explains, square pixels; shape (n,)."""
        alone: Floats = np.minimum(np.maximum(self.ink - (self.total - self.cover), 0), self.cover).sum(axis=1)
        return alone


class _Canvas:
    """The ink, and room beside it to draw discs of one radius."""

    def __init__(self, ink: Ink, radius: float) -> None:
        self.radius = radius
        self.area = np.pi * radius**2
        half = int(np.ceil(radius + 1))
        window = np.mgrid[-half : half + 1, -half : half + 1].reshape(2, -1)[::-1]
        self._window = window[:, np.hypot(*window) < radius + 1.5]  # no pixel further off is covered
        self._margin = 3 * half
        self._furthest = np.array([ink.columns.max(), ink.rows.max()]) + 1.0
        self._width = int(ink.columns.max()) + 2 * self._margin
        self._ink = np.zeros((int(ink.rows.max()) + 2 * self._margin) * self._width)
        self._drawn = np.zeros(len(self._ink))
        self._ink[self._at(ink)] = ink.cover

    def _at(self, ink: Ink) -> Integers:
        return (ink.rows + self._margin) * self._width + ink.columns + self._margin

    def view(self, centres: Floats) -> _View:
        """All these discs drawn, and compared with the ink."""
        whole = np.floor(centres).astype(np.intp)
        x, y = whole.T[:, :, None] + self._window[:, None]
        cover, slope_x, slope_y = disc(x + 0.5 - centres[:, :1], y + 0.5 - centres[:, 1:], self.radius)
        pixels = (y + self._margin) * self._width + x + self._margin
        np.add.at(self._drawn, pixels.ravel(), cover.ravel())
        total = self._drawn[pixels]
        self._drawn[pixels] = 0
        ink = self._ink[pixels]
        error = np.where(cover > ink, ink - cover, np.maximum(ink - total, 0))
        return _View(pixels, ink, cover, total, error, slope_x, slope_y)

    def residual(self, view: _View, ink: Ink) -> float:
        """The largest share of a pixel by which this ink and the discs in view differ."""
        return float(max(self.missing(view, ink).max(), -view.error.min()))

    def missing(self, view: _View, ink: Ink) -> Floats:
        """What the discs in view leave unexplained of this ink, pixel by pixel."""
        at = self._at(ink)
        self._drawn[view.pixels] = view.total
        left = np.maximum(ink.cover - self._drawn[at], 0)
        self._drawn[view.pixels] = 0
        return left

    def fit(self, centres: Floats, steps: int = 30) -> Floats:
        """The centres moved by damped Gauss-Newton steps to the least squares of the errors.

        Discs that overlap too much are also pushed apart, weakly: it moves only those whose edges are hidden.
        Each disc has its own two equations: discs share only the pixels where their edges cross, which tell
        little about either.
        """
        for _ in range(steps):
            matrix, vector = self.view(centres).normal()
            push = 0.1 * self.radius
            vector += push * _lacking(centres, 2 * APART * self.radius)
            step = np.linalg.solve(matrix + push * np.eye(2), vector[..., None])[..., 0]
            step = step.clip(-0.2 * self.radius, 0.2 * self.radius)
            centres = (centres + step).clip(0, self._furthest)
            if np.abs(step).max(initial=0) < 0.005:
                break
        return centres


def disc(x: Floats, y: Floats, radius: float) -> tuple[Floats, Floats, Floats]:
    """What a disc covers of pixels at these offsets from its centre, and the slopes of that as the centre moves.

    Within a pixel the edge is a straight line; what lies beyond it is the trapezoidal distribution function of the
    edge's distance from the pixel's middle.  The mean distance of a unit square from a point is
    distance + 1 / (24 distance) to second order, which corrects for the edge's curvature.
    """
    distance = np.maximum(np.sqrt(x * x + y * y), 0.5)
    ux, uy = x / distance, y / distance
    inside = radius - distance - 1 / (24 * distance)
    long = np.maximum(np.maximum(np.abs(ux), np.abs(uy)), 0.5)
    short = np.maximum(np.minimum(np.abs(ux), np.abs(uy)), 1e-6)
    reach = np.maximum((long + short) / 2 - np.abs(inside), 0)  # of the pixel's far corner beyond the edge
    corner = np.abs(inside) > (long - short) / 2
    beyond = np.where(corner, reach**2 / (2 * short), 0.5 * long - np.abs(inside)) / long
    slope = np.minimum(reach / short, 1) / long
    return np.where(inside > 0, 1 - beyond, beyond), slope * ux, slope * uy


class _Clump:
    """A blob of three or more discs, cut out with room around it."""

    def __init__(self, canvas: _Canvas, ink: Ink, mine: npt.NDArray[np.bool_]) -> None:
        self._canvas = canvas
        self._half = int(np.ceil(1.3 * canvas.radius + 1))
        steps = np.arange(-self._half, self._half + 1.0)
        inner, _, _ = disc(steps, steps[:, None], canvas.radius)
        outer, _, _ = disc(steps, steps[:, None], 1.3 * canvas.radius)
        self._disc = inner
        self._ring = outer - inner
        self._far = np.hypot(steps, steps[:, None]) > 2 * NEAREST * canvas.radius
        self._ink = Ink(ink.rows[mine], ink.columns[mine], ink.cover[mine])
        self._corner = np.array([self._ink.columns.min(), self._ink.rows.min()]) - 2 * self._half

    def place(self, known: Floats) -> Floats:
        """Rough centres of the discs beside those known, on the pixels' middles; shape (n, 2).

        The next disc is where it explains most ink, covers least paper (three times as important), and has most
        paper around it: the most exposed first, for their places are the surest.
        """
        ink = self._unexplained(known)
        mean, ring, half = self._disc / self._disc.sum(), self._ring / self._ring.sum(), self._half
        inner = slice(half, -half)
        gain = _correlate(ink, mean)[inner, inner]
        unfit = _correlate(ink, 0.3 * ring - 3 * mean)[inner, inner]
        free = ink > 0  # the middle of a disc is ink, and no other disc's
        for x, y in np.floor(known - self._corner).astype(int):
            free[y - half : y + half + 1, x - half : x + half + 1] &= self._far
        score = np.where(free & (gain > _WORTH), gain - unfit, -np.inf)
        found = []
        while np.isfinite(score.flat[best := int(score.argmax())]):
            y, x = divmod(best, ink.shape[1])
            found.append((x, y))
            around = slice(y - half, y + half + 1), slice(x - half, x + half + 1)
            wide = slice(y - 2 * half, y + 2 * half + 1), slice(x - 2 * half, x + 2 * half + 1)
            explained = np.minimum(ink[around], self._disc)
            ink[around] -= explained
            free[around] &= self._far
            gain[wide] -= _correlate(explained, mean)
            score[wide] = np.where(free[wide] & (gain[wide] > _WORTH), gain[wide] - unfit[wide], -np.inf)
        places: Floats = np.array(found, np.float64).reshape(-1, 2) + self._corner + 0.5
        return places

    def repair(self, centres: Floats) -> Floats:
        """The centres, with discs added where ink is missing and without those that nothing needs."""
        for turn in range(_REPAIRS):
            box = self._unexplained(centres)
            if box.max() <= LARGEST_RESIDUAL:
                break
            gain = _correlate(box, self._disc)[self._half : -self._half, self._half : -self._half]
            y, x = divmod(int(gain.argmax()), box.shape[1])
            hole = self._corner + np.array([x + 0.5, y + 0.5])
            added = hole[None]
            if turn == 0:  # perhaps the fit was not at its end
                added = added[:0]
            elif turn % 4 == 0:  # those around the hole stand wrong: they are placed anew
                centres = centres[np.hypot(*(centres - hole).T) > (2 + turn / 4) * self._canvas.radius]
                added = self.place(centres)
            centres = self._canvas.fit(np.concatenate([centres, added]), steps=120)
        return self._pruned(centres)

    def _pruned(self, centres: Floats) -> Floats:
        """The centres without the discs that can be taken away when the others move a little."""
        view = self._canvas.view(centres)
        own = view.own() / self._canvas.area
        for least in np.argsort(own):
            if own[least] > OWN:
                break
            fewer = self._canvas.fit(np.delete(centres, least, axis=0))
            if self._canvas.residual(self._canvas.view(fewer), self._ink) <= LARGEST_RESIDUAL:
                return self._pruned(fewer)
        return centres

    def _unexplained(self, centres: Floats) -> Floats:
        """The blob's ink that these discs leave, as an image with room for a disc's window on every side twice."""
        columns, rows = self._ink.columns - self._corner[0], self._ink.rows - self._corner[1]
        room = 2 * self._half + 1
        box = np.zeros((rows.max() + room, columns.max() + room))
        box[rows, columns] = self._canvas.missing(self._canvas.view(centres), self._ink)
        return box


def _correlate(image: Floats, template: Floats) -> Floats:
    """The sum of image times template for every place at which they overlap, by fast Fourier transform."""
    shape = tuple(np.add(image.shape, template.shape) - 1)
    even = tuple(-(-side // 16) * 16 for side in shape)  # lengths with small factors are fast
    product = np.fft.rfft2(image, even) * np.fft.rfft2(template[::-1, ::-1], even)
    return np.fft.irfft2(product, even)[: shape[0], : shape[1]]
