"""What a delivered scatter plot shows: its points, their number and their correlation, measured in the picture alone.

The reader knows neither n nor r nor the density of the picture nor the size or colour of its dots.  It takes for
granted white paper, grey axes and text, axes along the left and the bottom, and equal discs of one colour.  What it
cannot explain completely it refuses: a wrong count must never pass for a reading.
"""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from . import Unreadable, discs

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

MOST_PIXELS = 40_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE_CHUNKS = frozenset({"IHDR", "PLTE", "tRNS", "IDAT", "IEND"})
_PALE = 3  # levels of 255: colours that differ by no more are the same
_LEAST_AXIS = 0.3  # of the picture's side


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterReading:
    """What a scatter plot shows.

    `points` has shape (n, 2): shares of the axes, 0 to 1 from their lower left end, from left to right.
    `uncertainty` is the standard error of `r` that comes from reading: each centre's error, estimated from what its
    edge leaves unexplained, carried through the derivatives of r.  `doubt` is the largest difference between the
    picture and a drawing of the discs found, as a share of a pixel: below 0.2 for any true count, and 1 where a dot
    is missing or one too many.
    """

    n: int
    r: float
    points: Floats
    uncertainty: float
    doubt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A picture as an image of colour numbers, shape (height, width), and the colours, shape (colours, 3), 0-255."""

    numbers: npt.NDArray[np.integer]
    colours: Floats


def read_scatter(png: bytes) -> ScatterReading:
    """The points of a scatter plot.

    Raises:
        Unreadable: this is no PNG, or not a scatter plot of equal discs, or the number of discs is in doubt.
    """
    pixels = decode(png)
    inked = _unmix(pixels)
    axes = _axes(inked)
    found = discs.find(axes.inside(inked.dots))
    if len(found.centres) < 3:
        raise Unreadable("the picture has fewer than three dots")
    centres = found.centres[np.lexsort(found.centres.T[::-1])]
    r, slopes = _correlation(found.centres)
    variance = np.einsum("ni,nij,nj->", slopes, found.covariances, slopes)
    return ScatterReading(
        n=len(centres), r=r, points=axes.shares(centres), uncertainty=float(np.sqrt(variance)), doubt=found.residual
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
    """What is on the paper: `dots` is the coloured ink, `rows` and `columns` are the places of the darkest grey."""

    shape: tuple[int, int]
    dots: discs.Ink
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
    darkest = pixels.colours[grey].mean(axis=1).min()
    of_axes = (grey & (pixels.colours.mean(axis=1) <= darkest + _PALE))[number]
    ink = discs.Ink(rows[of_dots], columns[of_dots], share[number[of_dots]])
    height, width = pixels.numbers.shape
    return _Inked((height, width), ink, rows[of_axes], columns[of_axes])


@dataclass(frozen=True, slots=True)
class _Axes:
    """The axes: where their ends lie (picture pixels, y from the top), and where the plot's inside begins."""

    left: int
    right: int
    top: int
    bottom: int
    inner_left: int
    inner_bottom: int

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

    def shares(self, centres: Floats) -> Floats:
        """Centres in pixels as shares of the axes from their lower left end."""
        x, y = centres.T
        return np.stack([(x - self.left) / (self.right - self.left), (self.bottom - y) / (self.bottom - self.top)], 1)


def _axes(inked: _Inked) -> _Axes:
    """The axes' lines: the longest column and the longest row of ink.

    Their ends are whole pixels.  A line of even thickness lies evenly about its pixel; one of odd thickness is
    drawn half a pixel to the right and below.  Lines project beyond their ends by half their thickness.
    """
    height, width = inked.shape
    first, last, top, _ = _line(inked.columns, inked.rows, width, height)
    upper, lower, _, right = _line(inked.rows, inked.columns, height, width)
    thickness = last - first + 1
    if lower - upper + 1 != thickness:
        raise Unreadable("the two axes are not equally thick")
    half = (thickness + 1) // 2
    axes = _Axes(
        left=(first + last + 1) // 2,
        right=right + 1 - half,
        top=top + thickness // 2,
        bottom=(upper + lower + 1) // 2,
        inner_left=last + 1,
        inner_bottom=upper,
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
