"""The pixels of a delivered picture, and what else its file carries (PNG, ISO/IEC 15948)."""

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from . import Unreadable

Floats = npt.NDArray[np.float64]
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
        some = colours[self.numbers]
        return Runs(self.rows[some], self.columns[some], self.lengths[some], self.numbers[some])

    def pixels(self) -> tuple[Integers, Integers]:
        """The rows and the columns of all their pixels, in reading order."""
        ahead = self.columns - np.cumsum(self.lengths) + self.lengths  # of a run's column before its place among all
        columns = np.repeat(ahead, self.lengths) + np.arange(int(self.lengths.sum()))
        return np.repeat(self.rows, self.lengths), columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A picture as an image of colour numbers, shape (height, width), and the colours, shape (colours, 3), 0-255; and
    the same image as runs."""

    numbers: npt.NDArray[np.integer]
    colours: Floats
    runs: Runs


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
    numbers, colours = _unpacked(chunks, width, height) or _converted(png)
    return Pixels(numbers=numbers, colours=colours, runs=_runs(numbers))


def places(mask: npt.NDArray[np.bool_]) -> Integers:
    """Where a mask, shape (n,), is true, in order: quickly where that is rare, for eight places are passed at once."""
    whole = len(mask) // 8 * 8
    some = np.flatnonzero(mask[:whole].view(np.uint64))
    near = (8 * some[:, None] + np.arange(8)).ravel()
    return np.concatenate([near[mask[near]], whole + np.flatnonzero(mask[whole:])])


def _runs(numbers: npt.NDArray[np.integer]) -> Runs:
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


def _unpacked(chunks: Sequence[Chunk], width: int, height: int) -> tuple[npt.NDArray[np.uint8], Floats] | None:
    """Colour numbers and colours of the commonest kind of plot: four bits a pixel, a palette, rows without filters, and
    nothing else.  None where the PNG is of another kind, or not as it should be."""
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
    pairs = rows[:, 1:].astype(np.uint16)
    right = pairs << 8
    pairs >>= 4
    pairs |= right
    pairs &= 0x0F0F
    numbers = np.ascontiguousarray(pairs.astype("<u2", copy=False).view(np.uint8)[:, :width])
    colours = np.frombuffer(palette, np.uint8).reshape(-1, 3).astype(np.float64)
    return (numbers, colours) if len(colours) >= 16 or numbers.max() < len(colours) else None


def _converted(png: bytes) -> tuple[npt.NDArray[np.integer], Floats]:
    """Colour numbers and colours of any PNG, by Pillow."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            image.load()
            if image.mode == "P" and "transparency" not in image.info:
                colours = np.array(image.getpalette("RGB"), np.float64).reshape(-1, 3)
                indices = np.asarray(image)
                if indices.max() < len(colours):
                    return indices, colours
            rgba = image.convert("RGBA")
    except (OSError, SyntaxError, ValueError, zlib.error) as error:
        raise Unreadable(f"the PNG cannot be decoded: {error}") from error
    paper = Image.new("RGBA", rgba.size, "white")
    packed = np.asarray(Image.alpha_composite(paper, rgba)).view(np.uint32)[..., 0]
    different, numbers = np.unique(packed, return_inverse=True)
    colours = different.view(np.uint8).reshape(-1, 4)[:, :3].astype(np.float64)
    return numbers.reshape(packed.shape), colours
