"""What a delivered scatter plot shows: its points, a line through them and a ring about one, measured in the picture
alone.

The reader knows neither n nor r nor the density of the picture nor the size or colour of its dots.  It takes for
granted white paper, grey axes and text, axes along the left and the bottom, and equal discs of one colour; between
the axes there can be one straight grey line, which may leave paper free around dots, and one grey ring about a dot.
What it cannot explain completely it refuses: a wrong count must never pass for a reading.
"""

import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from . import Unreadable, discs
from .likeness import Bytes, coarse

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

MOST_PIXELS = 40_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE_CHUNKS = frozenset({"IHDR", "PLTE", "tRNS", "IDAT", "IEND"})
_PALE = 3  # levels of 255: colours that differ by no more are the same
_FAINT = 0.05  # cover of grey ink below which it is not told from the edge of a dot
_LEAST_AXIS = 0.3  # of the picture's side
SAME_POINT = 0.003  # share of an axis: a point measured further than this from where it was put has moved
SAME_LINE = 0.004  # share of the y axis: the same for a line, at both ends of the data
LARGEST_RESIDUAL = 0.25  # of a pixel of grey ink; seven shades explain up to 0.15
APART, FAR_APART = (0.12, 4.0), (0.18, 5.0)  # groups, and outliers: share of the frame, median distances of neighbours
FEW = 3  # points of a group that are outliers where they are far apart from others
_LEAST_LINE = 6.0  # radii of a dot: ink that fits into a square of this side is a ring alone
_SHY = 1.35  # radii of a dot, and one pixel: so near a dot there may be paper where a line would go on
_FLAT = 0.02  # variance of the parabola below which x has two values


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterReading:
    """What a scatter plot shows.

    `points` has shape (n, 2): shares of the axes, 0 to 1 from their lower left end, from left to right.
    `uncertainty` is the standard error of `r` that comes from reading: each centre's error, estimated from what its
    edge leaves unexplained, carried through the derivatives of r.  `doubt` is the largest difference between the
    picture and a drawing of what was found, as a share of a pixel: below 0.2 for any true count, and 1 where a dot
    is missing or one too many.

    `line` is the intercept and the slope of the line drawn, and `ring` the centre of the ring, in the same shares.
    `coarse` is the picture's coarse copy (`likeness.coarse`).
    """

    n: int
    r: float
    points: Floats
    uncertainty: float
    doubt: float
    coarse: Bytes
    line: tuple[float, float] | None = None
    ring: tuple[float, float] | None = None

    def measured(self, x: tuple[float, float], y: tuple[float, float]) -> dict[str, float]:
        """All quantities that the points, the line and the ring show, under the names by which templates ask for them.

        `x` and `y` are the ends of the axes.  `bend` is the correlation of y with the parabola in x orthogonal to x
        and 1; `outliers`, `clusters` and `gap` are those of single linkage, NaN where a group is neither; `seam` is the
        widest step by which single linkage joins two clusters without a gap, as a multiple of what parts groups.
        """
        low, high = np.array([x, y]).T
        points = low + self.points * (high - low)
        mean, sd = points.mean(axis=0), points.std(axis=0, ddof=1)
        slope = self.r * sd[1] / sd[0]
        ranks = points.argsort(axis=0).argsort(axis=0)
        outliers, clusters, gap = _groups(self.points)
        found = {
            "n": float(self.n),
            "r": self.r,
            "bend": _bend(points),
            "slope": float(slope),
            "intercept": float(mean[1] - slope * mean[0]),
            "mean_x": float(mean[0]),
            "mean_y": float(mean[1]),
            "sd_x": float(sd[0]),
            "sd_y": float(sd[1]),
            "rank_r": float(np.corrcoef(ranks.T)[0, 1]),
            "influence": float(np.abs(_without_each(points) - self.r).max()),
            "outliers": outliers,
            "clusters": clusters,
            "gap": gap,
            "seam": _seam(self.points),
        }
        if self.line:
            intercept, rise = self.line
            found["line_slope"] = rise * (y[1] - y[0]) / (x[1] - x[0])
            found["line_intercept"] = y[0] + intercept * (y[1] - y[0]) - found["line_slope"] * x[0]
        if self.ring:
            marked = int(np.hypot(*(self.points - self.ring).T).argmin())
            found["r_without"] = float(_without_each(points)[marked])
            found["x_marked"], found["y_marked"] = points[marked].tolist()
        return found

    def contradictions(
        self, values: Floats, shown: Mapping[str, float], x: tuple[float, float], y: tuple[float, float]
    ) -> Iterator[str]:
        """What contradicts the data, in words; nothing when the points measured are the points of the data, the line
        is their least-squares line, and the ring is about the point marked.

        `values` are the data, shape (n, 2), in the units of the axes; `shown` tells whether there is a `line`, and
        which of the values is `marked`; `x` and `y` are the ends of the axes.
        """
        low, high = np.array([x, y]).T
        wanted: Floats = (values - low) / (high - low)
        yield from self._misplaced(wanted)
        yield from self._misdrawn(wanted, bool(shown.get("line")))
        if "marked" in shown:
            yield from self._mismarked(wanted[int(shown["marked"])])
        elif self.ring:
            yield "the picture has a ring about a point, but none is marked"

    def _misplaced(self, wanted: Floats) -> Iterator[str]:
        if self.n != len(wanted):
            yield f"the picture shows {self.n} points, but the data have {len(wanted)}"
            return
        distance = np.abs(self.points[:, None, :] - wanted[None, :, :]).max(axis=2)
        furthest = max(distance.min(axis=0).max(), distance.min(axis=1).max())
        if furthest > SAME_POINT:
            yield f"a point of the picture lies {furthest:.1%} of an axis from where the data put it"

    def _misdrawn(self, wanted: Floats, line: bool) -> Iterator[str]:
        if not line:
            if self.line:
                yield "the picture has a line, but none is asked for"
            return
        if not self.line:
            yield "the picture has no line, but one is asked for"
            return
        slope, intercept = np.polyfit(wanted[:, 0], wanted[:, 1], 1)
        ends = np.array([wanted[:, 0].min(), wanted[:, 0].max()])
        off = float(np.abs(self.line[0] + self.line[1] * ends - intercept - slope * ends).max())
        if off > SAME_LINE:
            yield f"the line of the picture lies {off:.1%} of an axis from the least-squares line of the data"

    def _mismarked(self, wanted: Floats) -> Iterator[str]:
        if not self.ring:
            yield "the picture has no ring, but a point is marked"
            return
        off = float(np.abs(wanted - self.ring).max())
        if off > SAME_POINT:
            yield f"the ring of the picture lies {off:.1%} of an axis from the point marked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A picture as an image of colour numbers, shape (height, width), and the colours, shape (colours, 3), 0-255."""

    numbers: npt.NDArray[np.integer]
    colours: Floats


def read_scatter(png: bytes) -> ScatterReading:
    """The points of a scatter plot.

    Raises:
        Unreadable: this is no PNG, or not a scatter plot of equal discs, or the number of discs is in doubt, or there
            is other ink between the axes than of dots, a line and a ring.
    """
    pixels = decode(png)
    inked = _unmix(pixels)
    axes = axes_of(inked.shape, inked.rows, inked.columns)
    found = discs.find(axes.inside(inked.dots))
    if len(found.centres) < 3:
        raise Unreadable("the picture has fewer than three dots")
    centres = found.centres[np.lexsort(found.centres.T[::-1])]
    strokes = _strokes(axes.between(inked.grey), found)
    r, slopes = _correlation(found.centres)
    variance = np.einsum("ni,nij,nj->", slopes, found.covariances, slopes)
    return ScatterReading(
        n=len(centres),
        r=r,
        points=axes.shares(centres),
        uncertainty=float(np.sqrt(variance)),
        doubt=max(found.residual, strokes.residual),
        coarse=coarse(pixels.numbers, pixels.colours),
        line=axes.line(strokes.line) if strokes.line else None,
        ring=axes.point(strokes.ring) if strokes.ring else None,
    )


def decode(png: bytes) -> Pixels:
    """The picture's pixels.  Transparent ones show white paper.

    Raises:
        Unreadable: this is not a whole PNG, or one of more than forty million pixels.
    """
    chunks = list(_chunks(png))  # all of them, for the PNG must be whole
    name, header = chunks[0]
    if name != "IHDR" or len(header) != 13:
        raise Unreadable("the PNG has no header")
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    if not 0 < width * height <= MOST_PIXELS:
        raise Unreadable(f"the picture has {width} x {height} pixels, more than can be read")
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            image.load()
            if image.mode == "P" and "transparency" not in image.info:
                colours = np.array(image.getpalette("RGB"), np.float64).reshape(-1, 3)
                numbers = np.asarray(image)
                if numbers.max() < len(colours):
                    return Pixels(numbers=numbers, colours=colours)
            rgba = image.convert("RGBA")
    except (OSError, SyntaxError, ValueError, zlib.error) as error:
        raise Unreadable(f"the PNG cannot be decoded: {error}") from error
    paper = Image.new("RGBA", rgba.size, "white")
    packed = np.asarray(Image.alpha_composite(paper, rgba)).view(np.uint32)[..., 0]
    different, numbers = np.unique(packed, return_inverse=True)
    colours = different.view(np.uint8).reshape(-1, 4)[:, :3].astype(np.float64)
    return Pixels(numbers=numbers.reshape(packed.shape), colours=colours)


def metadata(png: bytes) -> list[str]:
    """The names of all chunks that are not part of the picture itself, and a remark on bytes after its end.

    Raises:
        Unreadable: this is not a whole PNG.
    """
    names = [name for name, _ in _chunks(png)]
    trailing = len(png) - _length(png)
    remark = [f"{trailing} bytes after IEND"] if trailing else []
    return [name for name in names if name not in _PICTURE_CHUNKS] + remark


def _chunks(png: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each chunk up to IEND: four bytes of length, four of name, the content, four of checksum."""
    if not png.startswith(_SIGNATURE):
        raise Unreadable("this is not a PNG picture")
    at = len(_SIGNATURE)
    name = ""
    while name != "IEND":
        length = int.from_bytes(png[at : at + 4])
        if at + length + 12 > len(png):
            raise Unreadable("the PNG is cut short")
        name = png[at + 4 : at + 8].decode("latin-1")
        yield name, png[at + 8 : at + 8 + length]
        at += length + 12


def _length(png: bytes) -> int:
    """How many bytes the PNG takes."""
    return len(_SIGNATURE) + sum(12 + len(content) for _, content in _chunks(png))


@dataclass(frozen=True, slots=True)
class _Inked:
    """What is on the paper: `dots` is the coloured ink, `grey` the other but for the faintest, and `rows` and `columns`
    are the places of the darkest grey."""

    shape: tuple[int, int]
    dots: discs.Ink
    grey: discs.Ink
    rows: Integers
    columns: Integers


def _unmix(pixels: Pixels) -> _Inked:
    """Each pixel as a mixture of paper with grey, or of paper with the dots' colour.

    The colour of the dots is the most frequent one that is not grey.  The share of it in a mixture with white is
    the ratio of the colours' spans (largest less smallest channel), for white and grey have none.
    """
    flat = pixels.numbers.ravel()
    pale = np.flatnonzero((pixels.colours >= 255 - _PALE).all(axis=1))
    inked = np.flatnonzero(np.logical_and.reduce([flat != number for number in pale] or [flat >= 0]))
    number = flat[inked]
    count = np.bincount(number, minlength=len(pixels.colours))
    span = np.ptp(pixels.colours, axis=1)
    coloured, grey = (count > 0) & (span > _PALE), (count > 0) & (span <= _PALE)
    if not coloured.any():
        raise Unreadable("the picture has no dots")
    if not grey.any():
        raise Unreadable("the picture has no axes")
    dot = int(np.where(coloured, count, 0).argmax())
    share = np.where(coloured, span / span[dot], 0)
    mixture = 255 + share[:, None] * (pixels.colours[dot] - 255)
    if np.abs(mixture - pixels.colours)[coloured].max() > 2 * _PALE:
        raise Unreadable("the picture has colours that are neither paper, nor grey, nor the dots'")
    rows, columns = np.divmod(inked, pixels.numbers.shape[1])
    of_dots = coloured[number]
    lightness = pixels.colours.mean(axis=1)
    darkest = lightness[grey].min()
    of_axes = (grey & (lightness <= darkest + _PALE))[number]
    ink = discs.Ink(rows[of_dots], columns[of_dots], share[number[of_dots]])
    cover = (255 - lightness) / (255 - darkest)
    of_rest = (grey & (cover > _FAINT))[number]
    rest = discs.Ink(rows[of_rest], columns[of_rest], cover[number[of_rest]])
    height, width = pixels.numbers.shape
    return _Inked((height, width), ink, rest, rows[of_axes], columns[of_axes])


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

    def inside(self, ink: discs.Ink) -> discs.Ink:
        """The same ink, when all of it lies between the axes' ends.

        Raises:
            Unreadable: some lies on the axes or beyond their ends.
        """
        within = (
            (ink.columns >= self.inner_left).all()
            and (ink.columns < self.right).all()
            and (ink.rows >= self.top).all()
            and (ink.rows < self.inner_bottom).all()
        )
        if not within:
            raise Unreadable("a dot is cut by the axes or lies outside them")
        return ink

    def between(self, ink: discs.Ink) -> discs.Ink:
        """The part of this ink that lies between the axes' ends: no line of an axis, no mark, no text."""
        within = (
            (ink.columns >= self.inner_left)
            & (ink.columns < self.right)
            & (ink.rows >= self.top)
            & (ink.rows < self.inner_bottom)
        )
        return discs.Ink(ink.rows[within], ink.columns[within], ink.cover[within])

    def point(self, ring: "_Ring") -> tuple[float, float]:
        """The ring's centre in shares of the axes."""
        [[x, y]] = self.shares(np.array([[ring.x, ring.y]])).tolist()
        return x, y

    def line(self, line: "_Line") -> tuple[float, float]:
        """The line's intercept and slope in shares of the axes.

        Raises:
            Unreadable: it is parallel to the y axis.
        """
        (x, y), (other_x, other_y) = self.shares(line.at(np.array([line.first, line.last]))).tolist()
        if abs(other_x - x) < 1e-6:
            raise Unreadable("a line stands upright, and has no slope")
        slope = (other_y - y) / (other_x - x)
        return y - slope * x, slope

    def shares(self, centres: Floats) -> Floats:
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
    axis = max(np.split(places, np.flatnonzero(np.diff(places) != 1) + 1), key=len)
    return first, last, int(axis[0]), int(axis[-1])


def _correlation(points: Floats) -> tuple[float, Floats]:
    """Pearson's r of points of shape (n, 2), and its derivatives by each coordinate, of the same shape.

    With u and v the standardised coordinates r is the mean of u v, and dr/dx = (v - r u) / (n sd(x)).
    """
    sd = points.std(axis=0)
    if sd.min() == 0:
        raise Unreadable("the dots lie on a line along an axis")
    standard = (points - points.mean(axis=0)) / sd
    # Pixels count y from the top.
    r = -float(standard.prod(axis=1).mean())
    slopes = (standard[:, ::-1] + r * standard) / (len(points) * sd)
    return r, slopes


@dataclass(frozen=True, slots=True)
class _Line:
    """A straight line in pixels: y = start + rise x, or the other way round where it is `steep`; its thickness; and the
    first and the last x (y where steep) at which there is ink of it."""

    steep: bool
    start: float
    rise: float
    thickness: float
    first: float
    last: float

    def along(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Places in pixels by the line's own coordinate, and their distance from it."""
        on, off = (y, x) if self.steep else (x, y)
        return on, (off - self.start - self.rise * on) / np.hypot(1, self.rise)

    def within(self, on: Floats, ends: float) -> npt.NDArray[np.bool_]:
        """Whether these of the line's own coordinates are not further beyond its ink than so much, and the half of its
        thickness that an end which is cut square reaches further on one side."""
        reach = ends + np.sign(ends) * self.thickness / 2
        within: npt.NDArray[np.bool_] = (on > self.first - reach) & (on < self.last + reach)
        return within

    def at(self, on: Floats) -> Floats:
        """The places of the line, shape (n, 2), at its own coordinate (n,)."""
        off = self.start + self.rise * on
        return np.stack([off, on] if self.steep else [on, off], axis=1)

    def cover(self, distance: Floats) -> tuple[Floats, Floats, Floats]:
        """What the line covers of pixels at this distance from its middle, and the slopes of that with the distance and
        with the thickness."""
        length = np.hypot(1, self.rise)
        above, up = _half_plane(self.thickness / 2 - distance, 1 / length, abs(self.rise) / length)
        below, down = _half_plane(self.thickness / 2 + distance, 1 / length, abs(self.rise) / length)
        return above + below - 1, down - up, (up + down) / 2


@dataclass(frozen=True, slots=True)
class _Ring:
    """A ring in pixels: its centre, the radius of the middle of its stroke, and how thick that is."""

    x: float
    y: float
    radius: float
    thickness: float

    def cover(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """What the ring covers of the pixels with these middles, and the slopes of that with x, y, radius and
        thickness, shape (4, pixels)."""
        dx, dy = x - self.x, y - self.y
        outer, outer_x, outer_y = discs.disc(dx, dy, self.radius + self.thickness / 2)
        inner, inner_x, inner_y = discs.disc(dx, dy, self.radius - self.thickness / 2)
        out, within = np.hypot(outer_x, outer_y), np.hypot(inner_x, inner_y)
        return outer - inner, np.stack([outer_x - inner_x, outer_y - inner_y, out - within, (out + within) / 2])


@dataclass(frozen=True, slots=True)
class _Strokes:
    """What grey ink there is between the axes, and the largest share of a pixel in which it and its drawing differ."""

    line: _Line | None
    ring: _Ring | None
    residual: float


def _strokes(ink: discs.Ink, dots: discs.Discs) -> _Strokes:
    """The line and the ring in the grey ink between the axes.

    Raises:
        Unreadable: there is ink that neither explains, or a ring about no dot.
    """
    if not len(ink.cover):
        return _Strokes(None, None, 0.0)
    sheet = _Sheet(ink, dots)
    line = sheet.line() if max(np.ptp(ink.rows), np.ptp(ink.columns)) > _LEAST_LINE * dots.radius else None
    ring = sheet.ring(line)
    if line:
        line = sheet.fitted_line(line, ring)
    if ring and np.hypot(*(dots.centres - [ring.x, ring.y]).T).min() > max(1.0, dots.radius / 4):
        raise Unreadable("a ring is about no dot")
    residual = sheet.residual(line, ring)
    if residual > LARGEST_RESIDUAL:
        raise Unreadable(f"a line and a ring leave {residual:.2f} of a pixel's grey ink unexplained")
    return _Strokes(line, ring, residual)


class _Sheet:
    """The grey ink between the axes, and where dots may have taken it away."""

    def __init__(self, ink: discs.Ink, dots: discs.Discs) -> None:
        self._x, self._y = ink.columns.astype(np.float64) + 0.5, ink.rows.astype(np.float64) + 0.5
        self._cover = ink.cover
        self._dots = dots
        self._room = int(np.ceil(2 * _LEAST_LINE * dots.radius))
        self._image = np.zeros((int(ink.rows.max()) + self._room, int(ink.columns.max()) + self._room))
        self._image[ink.rows, ink.columns] = ink.cover

    def _shy(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Whether these places, (n,), are so near a dot that a line may leave paper there."""
        near = np.zeros(len(x), bool)
        reach = _SHY * self._dots.radius + 1
        for dot_x, dot_y in self._dots.centres:
            near |= (x - dot_x) ** 2 + (y - dot_y) ** 2 < reach**2
        return near

    def _ink(self, x: Floats, y: Floats) -> Floats:
        """The ink of the pixels with these middles; none where there is no paper."""
        rows, columns = np.floor(y).astype(np.intp), np.floor(x).astype(np.intp)
        on = (rows >= 0) & (rows < self._image.shape[0]) & (columns >= 0) & (columns < self._image.shape[1])
        return np.where(on, self._image[np.where(on, rows, 0), np.where(on, columns, 0)], 0.0)

    def line(self) -> _Line:
        """About where the line is: along the direction and at the distance from the corner at which most ink lies in a
        strip, and then by the main axis of the ink in ever narrower strips."""
        radius = self._dots.radius
        angle = np.arange(0, np.pi, np.pi / 90)[:, None]
        distance = self._x * np.cos(angle) + self._y * np.sin(angle)
        strip = np.floor((distance - distance.min()) / radius).astype(np.intp)
        width = int(strip.max()) + 1
        strip += width * np.arange(len(angle))[:, None]
        weight = np.broadcast_to(self._cover, strip.shape).ravel()
        best = int(np.bincount(strip.ravel(), weight, width * len(angle)).argmax()) // width
        off = distance[best] - (np.bincount(strip[best] - best * width, self._cover).argmax() + 0.5) * radius
        off -= distance.min()
        for reach in (2.0, 2.0, 1.0, 0.6, 0.6):
            inside = np.abs(off) < reach * radius
            ink = self._cover[inside]
            at = np.stack([self._x[inside], self._y[inside]])
            middle = at @ ink / ink.sum()
            at -= middle[:, None]
            _, axes = np.linalg.eigh((at * ink) @ at.T)
            across_x, across_y = axes[:, 0]
            off = (self._x - middle[0]) * across_x + (self._y - middle[1]) * across_y
        steep = bool(abs(across_x) > abs(across_y))
        rise = -across_y / across_x if steep else -across_x / across_y
        on = (self._y if steep else self._x)[inside]
        start = middle[0] - rise * middle[1] if steep else middle[1] - rise * middle[0]
        thick = float(ink.sum() / (np.unique(np.floor(on)).size * np.hypot(1, rise)))
        return _Line(steep, float(start), float(rise), max(thick, 1.0), float(on.min() - 0.5), float(on.max() + 0.5))

    def fitted_line(self, line: _Line, ring: _Ring | None) -> _Line:
        """The line by least squares of the ink about it: not near dots, nor near the ring, nor at its ends.

        The line may end inside the ring, whose far side was then taken for its end.
        """
        if ring:
            on, distance = line.along(self._x, self._y)
            off_ring = np.abs(np.hypot(self._x - ring.x, self._y - ring.y) - ring.radius) > ring.thickness / 2 + 1
            own = on[off_ring & (np.abs(distance) < line.thickness / 2)]
            if len(own):
                line = replace(line, first=float(own.min() - 0.5), last=float(own.max() + 0.5))
        for _ in range(12):
            x, y = self._about(line)
            free = ~self._shy(x, y)
            if ring:
                free &= np.hypot(x - ring.x, y - ring.y) > ring.radius + ring.thickness + 2
            x, y = x[free], y[free]
            on, distance = line.along(x, y)
            inner = line.within(on, -3)
            x, y, on, distance = x[inner], y[inner], on[inner], distance[inner]
            if len(x) < 20 * line.thickness:
                raise Unreadable("too little of a line is seen to be measured")
            cover, by_distance, by_thickness = line.cover(distance)
            length = np.hypot(1, line.rise)
            middle = on.mean()
            design = np.stack([-by_distance / length, -by_distance * (on - middle) / length, by_thickness], axis=1)
            shift, turn, thicker = np.linalg.lstsq(design, self._ink(x, y) - cover, rcond=None)[0].clip(-1, 1)
            line = replace(
                line,
                start=float(line.start + shift - turn * middle),
                rise=float(line.rise + turn),
                thickness=max(0.5, float(line.thickness + thicker)),
            )
            if abs(shift) < 0.002 and abs(turn) * np.ptp(on) < 0.004:
                break
        return line

    def _about(self, line: _Line) -> tuple[Floats, Floats]:
        """The middles of the pixels about the line, from its first to its last."""
        on = np.arange(np.floor(line.first) - 2, np.ceil(line.last) + 2) + 0.5
        reach = np.ceil((line.thickness / 2 + 1) * np.hypot(1, line.rise)) + 1
        off = np.floor(line.start + line.rise * on)[:, None] + np.arange(-reach, reach + 1) + 0.5
        along = np.broadcast_to(on[:, None], off.shape).ravel()
        return (off.ravel(), along) if line.steep else (along, off.ravel())

    def ring(self, line: _Line | None) -> _Ring | None:
        """The ring in the ink that the line leaves, by least squares; none where the line leaves none."""
        x, y, cover = self._x, self._y, self._cover
        if line:
            free = self._free(line, x, y)
            x, y, cover = x[free], y[free], cover[free]
        if cover.sum() < self._dots.radius:
            return None
        # the circle nearest to the ink: x^2 + y^2 = 2 a x + 2 b y + c
        design = np.stack([2 * x, 2 * y, np.ones(len(x))], axis=1) * cover[:, None]
        (a, b, c), *_ = np.linalg.lstsq(design, (x * x + y * y) * cover, rcond=None)
        radius = float(np.sqrt(max(c + a * a + b * b, 0)))
        if not 1.2 < radius / self._dots.radius < _LEAST_LINE / 2:
            raise Unreadable("there is grey ink between the axes that is neither a line nor a ring")
        ring = _Ring(float(a), float(b), radius, 0.4 * self._dots.radius)
        for _ in range(15):
            x, y = self._around(ring)
            free = ~self._shy(x, y)
            if line:
                free &= self._free(line, x, y)
            x, y = x[free], y[free]
            cover, slopes = ring.cover(x, y)
            steps = np.linalg.lstsq(slopes.T, self._ink(x, y) - cover, rcond=None)[0].clip(-1, 1).tolist()
            radius = max(1.0, ring.radius + steps[2])
            thickness = min(max(0.5, ring.thickness + steps[3]), radius)
            ring = _Ring(ring.x + steps[0], ring.y + steps[1], radius, thickness)
            if max(map(abs, steps)) < 0.002:
                break
        return ring

    def _free(self, line: _Line, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Which of these places the line is too far from to have ink there."""
        on, distance = line.along(x, y)
        return ~line.within(on, 2) | (np.abs(distance) > line.thickness / 2 + 1.5)

    def _around(self, ring: _Ring) -> tuple[Floats, Floats]:
        """The middles of the pixels of a square around the ring."""
        half = np.ceil(min(ring.radius + ring.thickness + 2, self._room))
        steps = np.arange(-half, half + 1) + 0.5
        x, y = np.meshgrid(np.floor(ring.x) + steps, np.floor(ring.y) + steps)
        return x.ravel(), y.ravel()

    def residual(self, line: _Line | None, ring: _Ring | None) -> float:
        """The largest difference between the ink and a drawing of both, as a share of a pixel.

        How the two share a pixel depends on the painter: anything from the larger cover to the sum is no error.  Near
        dots, and where the line ends, there may be less than the line's.
        """
        parts = [(self._x, self._y)]
        parts += [self._about(line)] if line else []
        parts += [self._around(ring)] if ring else []
        x, y = (np.concatenate(of) for of in zip(*parts, strict=True))
        shy = self._shy(x, y)
        ink, of_line, of_ring = self._ink(x, y), np.zeros(len(x)), np.zeros(len(x))
        least = np.zeros(len(x))
        if ring:
            of_ring, _ = ring.cover(x, y)
            least = np.where(shy, 0.0, of_ring)
        if line:
            on, distance = line.along(x, y)
            of_line = np.where(line.within(on, 2), line.cover(distance)[0].clip(0, 1), 0.0)
            least = np.maximum(least, np.where(~shy & line.within(on, -2), of_line, 0.0))
        return float(max((ink - np.minimum(of_line + of_ring, 1)).max(), (least - ink).max()))


def _half_plane(inside: Floats, ux: float, uy: float) -> tuple[Floats, Floats]:
    """What a half-plane covers of pixels whose middles lie so far inside its edge, and the slope of that.

    The edge's normal is (ux, uy), both at least 0.  What lies beyond the edge is the trapezoidal distribution function
    of the edge's distance from the middle.
    """
    long, short = max(ux, uy), max(min(ux, uy), 1e-6)
    reach = np.maximum((long + short) / 2 - np.abs(inside), 0)  # of the pixel's far corner beyond the edge
    corner = np.abs(inside) > (long - short) / 2
    beyond = np.where(corner, reach**2 / (2 * short), 0.5 * long - np.abs(inside)) / long
    return np.where(inside > 0, 1 - beyond, beyond), np.minimum(reach / short, 1) / long


def _bend(points: Floats) -> float:
    """The correlation of y with what x^2 has beyond a linear function of x; points (n, 2)."""
    x, y = ((points - points.mean(axis=0)) / points.std(axis=0)).T
    line = np.stack([np.ones(len(x)), x], axis=1)
    parabola = x * x - line @ np.linalg.lstsq(line, x * x, rcond=None)[0]
    return float(np.mean(parabola * y) / np.sqrt(max(float(np.mean(parabola**2)), _FLAT)))


def _without_each(points: Floats) -> Floats:
    """The correlation of the others, for each of the points (n, 2): shape (n,)."""
    n = len(points)
    others = (1 - np.eye(n)) / (n - 1)  # each row a mean of all but one
    x, y = (points - points.mean(axis=0)).T
    mean_x, mean_y = others @ x, others @ y
    product = others @ (x * y) - mean_x * mean_y
    return np.asarray(product / np.sqrt((others @ (x * x) - mean_x**2) * (others @ (y * y) - mean_y**2)))


def _groups(points: Floats) -> tuple[float, float, float]:
    """Outliers, clusters, and the narrowest gap as a multiple of what parts groups, of points (n, 2).

    Points with no gap between them make a group (single linkage).  A tenth of the points, and five, is a cluster; up
    to three, further apart, are outliers, and else they belong to the edge of what is near.  Where a group is neither,
    people would not agree: NaN.
    """
    n = len(points)
    at = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    apart = np.hypot(*(at[:, None] - at).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    neighbours = float(np.median(apart.min(axis=1)))
    length, far = (max(least, times * neighbours) for least, times in (APART, FAR_APART))
    group = np.arange(n)
    for one, other in np.argwhere(np.triu(apart < length)):
        if group[one] != group[other]:
            group[group == group[other]] = group[one]
    members = [group == name for name in np.unique(group)]
    if len(members) == 1:
        return 0.0, 1.0, np.inf
    outliers, clusters, gaps = 0, 0, []
    for of in members:
        size, gap = int(of.sum()), float(apart[np.ix_(of, ~of)].min())
        if size >= max(5, 0.1 * n):
            clusters += 1
            gaps.append((gap / length, True))
        elif size > FEW:
            return np.nan, np.nan, np.nan
        elif gap >= far:
            outliers += size
            gaps.append((gap / far, False))
    if not clusters:
        return np.nan, np.nan, np.nan
    parting = [gap for gap, of_cluster in gaps if clusters > 1 or not of_cluster]
    return float(outliers), float(clusters), min(parting, default=np.inf)


def _seam(points: Floats) -> float:
    """The widest step that joins two clusters of points (n, 2) and is no gap, as a multiple of what parts groups."""
    n = len(points)
    at = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    apart = np.hypot(*(at[:, None] - at).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    length = max(APART[0], APART[1] * float(np.median(apart.min(axis=1))))
    pairs = np.argwhere(np.triu(apart < length))
    members = [{point} for point in range(n)]
    widest = 0.0
    for one, other in pairs[apart[tuple(pairs.T)].argsort()].tolist():
        first, second = members[one], members[other]
        if first is second:
            continue
        if min(len(first), len(second)) >= max(5, 0.1 * n):
            widest = float(apart[one, other]) / length
        first |= second
        for point in second:
            members[point] = first
    return widest
