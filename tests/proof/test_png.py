"""Pixels, runs and metadata of PNGs of every kind, beside what Pillow makes of them."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from plotbank.proof import Unreadable
from plotbank.proof.likeness import coarse
from plotbank.proof.png import decode, metadata

PALETTE = np.random.default_rng(1).integers(0, 256, (16, 3)).astype(np.uint8)


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def packed(numbers, filters=None):
    """Rows of four bits a pixel, each with its filter's type before it."""
    even = np.pad(numbers, ((0, 0), (0, numbers.shape[1] % 2)))
    rows = np.zeros((len(even), 1 + even.shape[1] // 2), np.uint8)
    rows[:, 1:] = even[:, ::2] << 4 | even[:, 1::2]
    if filters is not None:
        rows[:, 0] = filters
    return rows.tobytes()


def written(numbers, data=None, palette=PALETTE, form=(4, 3, 0, 0, 0), parts=1, also=()):
    """A PNG of four bits a pixel, made by hand."""
    height, width = numbers.shape
    compressed = zlib.compress(packed(numbers)) if data is None else data
    ends = [len(compressed) * part // parts for part in range(parts + 1)]
    idat = [chunk(b"IDAT", compressed[low:high]) for low, high in itertools.pairwise(ends)]
    header = chunk(b"IHDR", struct.pack(">II5B", width, height, *form))
    body = [header, chunk(b"PLTE", palette.tobytes()), *also, *idat, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def by_pillow(png):
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, "png", **options)
    return out.getvalue()


def seen(png):
    """The colours of the picture by its pixels; its runs tell the same."""
    pixels = decode(png)
    runs = pixels.runs
    flat = np.repeat(runs.numbers, runs.lengths)
    assert np.array_equal(flat, pixels.numbers.ravel())
    starts = np.cumsum(runs.lengths) - runs.lengths
    assert np.array_equal(np.divmod(starts, pixels.numbers.shape[1]), (runs.rows, runs.columns))
    longer = (np.diff(runs.numbers) == 0) & (np.diff(runs.rows) == 0)
    assert not longer.any()
    return pixels.colours[pixels.numbers]


def sized(rng):
    return rng.integers(0, 16, rng.integers(1, 40, 2)).astype(np.uint8)


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_four_bits_and_a_palette(parts):
    rng = np.random.default_rng(parts)
    for _ in range(40):
        numbers = sized(rng)
        png = written(numbers, parts=parts)
        assert np.array_equal(seen(png), PALETTE[numbers])
        assert np.array_equal(by_pillow(png), PALETTE[numbers])


@pytest.mark.parametrize("paper", [0, 7])
def test_paper_with_little_ink(paper):
    """Single pixels, lines and patches, also at the ends of rows."""
    rng = np.random.default_rng(paper)
    for _ in range(40):
        height, width = rng.integers(1, 120, 2)
        numbers = np.full((height, width), paper, np.uint8)
        for _ in range(rng.integers(0, 4)):
            (top, left), (high, wide) = rng.integers(0, (height, width)), rng.integers(1, 20, 2)
            numbers[top : top + high, left : left + wide] = rng.integers(0, 16)
        numbers[rng.integers(height), -1] = rng.integers(0, 16)
        assert np.array_equal(seen(written(numbers)), PALETTE[numbers])


def test_what_is_written_otherwise_is_the_same_picture():
    rng = np.random.default_rng(9)
    for _ in range(10):
        numbers = sized(rng)
        image = Image.fromarray(numbers, mode="P")
        image.putpalette(PALETTE.tobytes())
        several = [
            *(saved(image, bits=bits) for bits in (4, 8)),
            saved(image.convert("RGB")),
            saved(image.convert("RGBA")),
            written(numbers, also=[chunk(b"tEXt", b"Title\0x")]),
            written(numbers, also=[chunk(b"gAMA", struct.pack(">I", 45455))]),
        ]
        for png in several:
            assert np.array_equal(seen(png), PALETTE[numbers])


@pytest.mark.parametrize("kind", range(1, 5))
def test_filtered_rows_are_pillows(kind):
    numbers = np.random.default_rng(kind).integers(0, 16, (30, 41)).astype(np.uint8)
    png = written(numbers, zlib.compress(packed(numbers, filters=kind)))
    assert np.array_equal(seen(png), by_pillow(png))
    assert not np.array_equal(seen(png), PALETTE[numbers])


def test_interlaced_and_transparent_pictures_are_pillows():
    numbers = np.random.default_rng(5).integers(0, 16, (8, 8)).astype(np.uint8)
    transparent = written(numbers, also=[chunk(b"tRNS", bytes([0, 128]))])
    assert np.array_equal(seen(transparent), by_pillow(transparent))
    passes = [numbers[::8, ::8], numbers[::8, 4::8], numbers[4::8, ::4], numbers[::4, 2::4]]
    passes += [numbers[2::4, ::2], numbers[::2, 1::2], numbers[1::2]]
    data = zlib.compress(b"".join(map(packed, passes)))
    interlaced = written(numbers, data, form=(4, 3, 0, 0, 1))
    assert np.array_equal(seen(interlaced), PALETTE[numbers])


def test_a_number_without_a_colour_is_pillows():
    numbers = np.random.default_rng(6).integers(0, 16, (9, 12)).astype(np.uint8)
    png = written(numbers, palette=PALETTE[:5])
    assert np.array_equal(seen(png), by_pillow(png))


GOOD = written(np.random.default_rng(7).integers(0, 16, (30, 41)).astype(np.uint8))


@pytest.mark.parametrize("name", [b"IHDR", b"PLTE", b"IDAT", b"IEND"])
def test_a_wrong_checksum_is_refused(name):
    broken = bytearray(GOOD)
    at = GOOD.index(name)
    broken[at + 4 + int.from_bytes(GOOD[at - 4 : at])] ^= 1
    with pytest.raises(Unreadable, match=rf"cannot be decoded: the checksum of a chunk '{name.decode()}' is wrong"):
        decode(bytes(broken))
    with pytest.raises(Unreadable, match="checksum"):
        metadata(bytes(broken))


@pytest.mark.parametrize("end", [7, 20, 40, 90, len(GOOD) - 1])
def test_a_truncated_picture_is_refused(end):
    with pytest.raises(Unreadable, match="cut short|not a PNG"):
        decode(GOOD[:end])


@pytest.mark.parametrize("rows", [0, 3, 29])
def test_too_little_data_is_refused(rows):
    numbers = np.zeros((30, 41), np.uint8)
    with pytest.raises(Unreadable, match="cannot be decoded"):
        decode(written(numbers, zlib.compress(packed(numbers[:rows]))))


def test_data_that_are_no_stream_are_refused():
    with pytest.raises(Unreadable, match="cannot be decoded"):
        decode(written(np.zeros((30, 41), np.uint8), b"no stream at all"))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (struct.pack(">II5B", 0, 10, 4, 3, 0, 0, 0), "more than can be read"),
        (struct.pack(">II5B", 100_000, 100_000, 4, 3, 0, 0, 0), "more than can be read"),
        (struct.pack(">II5B", 10, 10, 5, 3, 0, 0, 0), "cannot be decoded"),
        (struct.pack(">II5B", 10, 10, 4, 3, 1, 0, 0), "cannot be decoded"),
        (struct.pack(">II5B", 10, 10, 4, 3, 0, 0, 0) + b"!", "no header"),
        (b"", "no header"),
    ],
)
def test_a_strange_header_is_refused(header, reason):
    rest = GOOD[GOOD.index(b"PLTE") - 4 :]
    with pytest.raises(Unreadable, match=reason):
        decode(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rest)


def test_a_coarse_copy_is_the_root_of_the_ink_in_each_cell():
    palette = np.array([[255, 255, 255], [0, 114, 178], [127, 184, 216], [38, 38, 38]], np.uint8)
    rng = np.random.default_rng(8)
    for height, width in ((18, 24), (40, 50), (133, 101)):
        numbers = rng.choice(4, (height, width), p=[0.7, 0.1, 0.1, 0.1]).astype(np.uint8)
        cover = np.array([0, 1, 89 / 178, 0])[numbers]
        wanted = np.empty((18, 24))
        for down, across in np.ndindex(18, 24):
            rows = slice(down * height // 18, (down + 1) * height // 18)
            columns = slice(across * width // 24, (across + 1) * width // 24)
            wanted[down, across] = 255 * np.sqrt(cover[rows, columns].mean())
        assert np.abs(coarse(decode(written(numbers, palette=palette))) - wanted.ravel()).max() <= 0.5 + 1e-9


def test_palettes_and_true_colours_decode_alike():
    true = Image.new("RGB", (60, 45), "white")
    true.paste((0, 114, 178), (20, 10, 30, 25))
    palette = true.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    for image in (true, palette):
        pixels = decode(saved(image))
        assert np.abs(pixels.colours[pixels.numbers] - np.asarray(true)).max() <= 1


def test_metadata_names_what_could_tell_a_key():
    plain = GOOD
    assert metadata(plain) == []
    text = PngInfo()
    text.add_text("Title", "r = 0.8")
    told = saved(Image.open(io.BytesIO(plain)), pnginfo=text, dpi=(144, 144))
    assert sorted(metadata(told)) == ["pHYs", "tEXt"]
    assert metadata(plain + b"r=0.8") == ["5 bytes after IEND"]
    with pytest.raises(Unreadable, match="cut short"):
        metadata(plain[:-1])
