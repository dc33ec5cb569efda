"""The pixels of a delivered picture, and what else its file carries (PNG, ISO/IEC 15948)."""

import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
from PIL import Image

from . import Unreadable

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.integer]
Integers = npt.NDArray[np.intp]
Chunk = tuple[str, bytes]

MOST_PIXELS = 40_000_000
PALE = 3  # levels of 255: colours that differ by no more are the same
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE_CHUNKS = frozenset({"IHDR", "PLTE", "tRNS", "IDAT", "IEND"})
_PLAIN = bytes([4, 3, 0, 0, 0])  # four bits, palette, deflate, filters by row, not interlaced


@dataclass(frozen=True, slots=True)
class Runs:
    """Pixels of one colour number side by side in a row: the row and the column in which each run begins, how many
    pixels it has, and the number; in reading order."""

    rows: Integers
    columns: Integers
    lengths: Integers
    numbers: Integers

    def of(self, colours: npt.NDArray[np.bool_]) -> "Runs":
        """The runs of those colours that are true."""
        some = np.flatnonzero(colours[self.numbers])
        return Runs(self.rows[some], self.columns[some], self.lengths[some], self.numbers[some])

    def pixels(self) -> tuple[Integers, Integers]:
        """The rows and the columns of all their pixels, in reading order."""
        ahead = self.columns - np.cumsum(self.lengths) + self.lengths  # of a run's column before its place among all
        columns = np.repeat(ahead, self.lengths) + np.arange(int(self.lengths.sum()))
        return np.repeat(self.rows, self.lengths), columns


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """A picture as an image of colour numbers, of this shape (height, width), and the colours, shape (colours, 3),
    0-255; and the same image as runs.  `part` gives the numbers in some rows and columns."""

    shape: tuple[int, int]
    colours: Floats
    runs: Runs
    part: Callable[[slice, slice], Numbers]

    @cached_property
    def numbers(self) -> Numbers:
        """All colour numbers."""
        return self.part(slice(None), slice(None))


def decode(png: bytes) -> Pixels:
    """The picture's pixels.  Transparent ones show white paper.

    Raises:
        Unreadable: this is not a whole and sound PNG, or one of more than forty million pixels.
    """
    chunks = _chunks(png)  # all of them, for the PNG must be whole
    name, header = chunks[0]
    if name != "IHDR" or len(header) != 13:
        raise Unreadable("the PNG has no header")
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    if not 0 < width * height <= MOST_PIXELS:
        raise Unreadable(f"the picture has {width} x {height} pixels, more than can be read")
    return _unpacked(chunks, width, height) or _converted(png)


def places(mask: npt.NDArray[np.bool_]) -> Integers:
    """Where a mask, shape (n,), is true, in order: quickly where that is rare, for eight places are passed at once."""
    whole = len(mask) // 8 * 8
    some = np.flatnonzero(mask[:whole].view(np.uint64))
    near = (8 * some[:, None] + np.arange(8)).ravel()
    return np.concatenate([near[mask[near]], whole + np.flatnonzero(mask[whole:])])


def _runs(numbers: Numbers) -> Runs:
    """The runs of an image."""
    width, flat = numbers.shape[1], numbers.ravel()
    begins = np.empty(len(flat), bool)
    np.not_equal(flat[1:], flat[:-1], out=begins[1:])
    begins[::width] = True
    starts = places(begins)
    rows = starts // width
    return Runs(rows, starts - rows * width, np.diff(starts, append=len(flat)), flat[starts].astype(np.intp))


def metadata(png: bytes) -> list[str]:
    """The names of all chunks that are not part of the picture itself, and a remark on bytes after its end.

    Raises:
        Unreadable: this is not a whole and sound PNG.
    """
    chunks = _chunks(png)
    trailing = len(png) - len(_SIGNATURE) - sum(12 + len(content) for _, content in chunks)
    remark = [f"{trailing} bytes after IEND"] if trailing else []
    return [name for name, _ in chunks if name not in _PICTURE_CHUNKS] + remark


def _chunks(png: bytes) -> list[Chunk]:
    """Name and content of each chunk up to IEND: four bytes of length, four of name, the content, four of checksum."""
    if not png.startswith(_SIGNATURE):
        raise Unreadable("this is not a PNG picture")
    at = len(_SIGNATURE)
    chunks: list[Chunk] = []
    while not chunks or chunks[-1][0] != "IEND":
        content, end = at + 8, at + 8 + int.from_bytes(png[at : at + 4])
        if end + 4 > len(png):
            raise Unreadable("the PNG is cut short")
        name = png[at + 4 : content].decode("latin-1")
        if zlib.crc32(png[at + 4 : end]) != int.from_bytes(png[end : end + 4]):
            raise Unreadable(f"the PNG cannot be decoded: the checksum of a chunk {name!r} is wrong")
        chunks.append((name, png[content:end]))
        at = end + 4
    return chunks


def _unpacked(chunks: Sequence[Chunk], width: int, height: int) -> Pixels | None:
    """The pixels of the commonest kind of plot: four bits a pixel, a palette, rows without filters, and nothing else.
    None where the PNG is of another kind, or not as it should be."""
    names = [name for name, _ in chunks]
    (_, header), (_, palette) = chunks[:2]
    if names[1] != "PLTE" or set(names[2:-1]) != {"IDAT"} or header[8:] != _PLAIN or len(palette) % 3 or not palette:
        return None
    stride = 1 + (width + 1) // 2  # a row's filter, and two pixels a byte
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(b"".join(content for _, content in chunks[2:-1]), stride * height + 1)
    except zlib.error:
        return None
    if len(data) < stride * height:
        raise Unreadable("the PNG cannot be decoded: its data end too early")
    if len(data) > stride * height or not inflater.eof:
        return None
    rows = np.frombuffer(data, np.uint8).reshape(height, stride)
    if rows[:, 0].any():
        return None
    pairs = rows[:, 1:]
    colours = np.frombuffer(palette, np.uint8).reshape(-1, 3).astype(np.float64)
    runs = _runs_of_pairs(pairs, width)
    if runs.numbers.max() >= len(colours):
        return None
    return Pixels(
        shape=(height, width),
        colours=colours,
        runs=runs,
        part=partial(_part, pairs, width),
    )


def _part(pairs: npt.NDArray[np.uint8], width: int, rows: slice, columns: slice) -> Numbers:
    """The numbers in some rows and columns of an image of this width."""
    first, end, _ = columns.indices(width)
    return _split(pairs[rows, first // 2 : (end + 1) // 2])[:, first % 2 :][:, : max(end - first, 0)]


def _split(pairs: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Two numbers of four bits for each byte, shape (rows, 2 bytes)."""
    wide = pairs.astype(np.uint16)
    right = wide << 8
    wide >>= 4
    wide |= right
    wide &= 0x0F0F
    return wide.astype("<u2", copy=False).view(np.uint8)


def _runs_of_pairs(pairs: npt.NDArray[np.uint8], width: int) -> Runs:
    """The runs of an image of this width, two pixels a byte.

    Most words of sixteen pixels are of one colour, and the word before them is of the same: only the others are taken
    apart.
    """
    height, stride = pairs.shape
    flat = np.zeros(-(-height * stride // 8) * 8, np.uint8)
    flat[: height * stride].reshape(height, stride)[:] = pairs
    words = flat.view(np.uint64)
    mixed = words != words[0]
    if words[0] == words[0] >> 4 | words[0] << 60 and 8 * np.count_nonzero(mixed) < len(words):
        mixed[1:] |= mixed[:-1]  # nearly all words are paper: others, and those after them
    else:
        mixed = words != (words >> 4 | words << 60)
        mixed[1:] |= words[1:] != words[:-1]
    rows = np.arange(height) * stride  # where each begins
    mixed[rows // 8] = True
    taken = np.flatnonzero(mixed)
    several = words[taken].view(np.uint8)
    numbers = np.stack([several >> 4, several & 15], axis=1).ravel()
    begins = np.empty((len(taken), 16), bool)
    np.not_equal(numbers[1:], numbers[:-1], out=begins.ravel()[1:])
    begins[:, 0] = numbers[::16] != flat[8 * taken - 1] & 15  # of the first word, the last: a row begins there
    begins[np.searchsorted(taken, rows // 8), 2 * (rows % 8)] = True
    if width % 2:  # the last pixel of a row is none
        ends = rows + stride - 1
        last = np.searchsorted(taken, ends // 8).clip(max=len(taken) - 1)
        there = taken[last] == ends // 8
        begins[last[there], 2 * (ends[there] % 8) + 1] = False
    first = np.flatnonzero(begins.ravel())
    at = 16 * taken[first >> 4] + (first & 15)
    ahead = np.searchsorted(at, 2 * stride * np.arange(height + 1))  # runs before each row
    at, numbers = at[: ahead[-1]], numbers[first[: ahead[-1]]]  # what fills the last word is no picture
    row = np.repeat(np.arange(height), np.diff(ahead))
    columns = at - 2 * stride * row
    ends = np.append(columns[1:], 0)
    ends[ahead[1:] - 1] = width
    return Runs(row, columns, ends - columns, numbers.astype(np.intp))


def _converted(png: bytes) -> Pixels:
    """The pixels of any PNG, by Pillow."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            image.load()
            if image.mode == "P" and "transparency" not in image.info:
                colours = np.array(image.getpalette("RGB"), np.float64).reshape(-1, 3)
                indices = np.asarray(image)
                if indices.max() < len(colours):
                    return _pixels(indices, colours)
            rgba = image.convert("RGBA")
    except (OSError, SyntaxError, ValueError, zlib.error) as error:
        raise Unreadable(f"the PNG cannot be decoded: {error}") from error
    paper = Image.new("RGBA", rgba.size, "white")
    packed = np.asarray(Image.alpha_composite(paper, rgba)).view(np.uint32)[..., 0]
    different, numbers = np.unique(packed, return_inverse=True)
    colours = different.view(np.uint8).reshape(-1, 4)[:, :3].astype(np.float64)
    return _pixels(numbers.reshape(packed.shape), colours)


def _pixels(numbers: Numbers, colours: Floats) -> Pixels:
    height, width = numbers.shape
    return Pixels(
        shape=(height, width),
        colours=colours,
        runs=_runs(numbers),
        part=lambda rows, columns: numbers[rows, columns],
    )
