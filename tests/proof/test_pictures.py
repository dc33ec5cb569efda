"""The reader of pictures, against pictures of an own painter and against those that students see."""

import contextlib
import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import Plot
from plotbank.generator.kinds.scatter import KIND, framed
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec
from plotbank.proof import Unreadable
from plotbank.proof.pictures import decode, metadata, read_scatter

SIZE = (300, 220)  # width and height of the hand-made pictures
LEFT, RIGHT, TOP, BOTTOM = 40, 290, 10, 190  # the ends of their axes
BLUE, INK = np.array([0, 114, 178]), np.array([38, 38, 38])
RADIUS = 7.0
# Far from each other and from the middle, where the tests put what they are about.
ALONE = [(60, 30), (90, 165), (120, 40), (250, 30), (265, 150), (230, 170), (60, 120), (190, 25)]


def paint(centres, radius=RADIUS, axes=True, samples=8, also=None, shades=8):
    """A PNG with discs of true areas: each pixel is sampled at `samples` ** 2 points, then rounded to shades."""
    width, height = SIZE
    x = (np.arange(width * samples) + 0.5) / samples
    y = ((np.arange(height * samples) + 0.5) / samples)[:, None]
    inside = np.zeros((height * samples, width * samples), bool)
    for cx, cy in centres:
        across, down = (slice(int((c - radius) * samples), int((c + radius + 1) * samples)) for c in (cx, cy))
        inside[down, across] |= (x[across] - cx) ** 2 + (y[down] - cy) ** 2 < radius**2
    if also is not None:
        inside |= also(x, y)
    cover = inside.reshape(height, samples, width, samples).mean(axis=(1, 3))
    cover = np.rint(cover * shades) / shades
    rgb = 255 + cover[..., None] * (BLUE - 255)
    if axes:  # two pixels thick, ends projecting by one
        rgb[TOP - 1 : BOTTOM + 1, LEFT - 1 : LEFT + 1] = INK
        rgb[BOTTOM - 1 : BOTTOM + 1, LEFT - 1 : RIGHT + 1] = INK
    return png(Image.fromarray(np.rint(rgb).astype(np.uint8)))


def png(image, **options):
    out = io.BytesIO()
    image.save(out, "png", **options)
    return out.getvalue()


def in_pixels(reading):
    return reading.points * [RIGHT - LEFT, TOP - BOTTOM] + [LEFT, BOTTOM]


def furthest(found, centres):
    """The largest distance from a true centre to the nearest found one, when there are as many."""
    centres = np.array(centres, float)
    assert len(found) == len(centres)
    return np.linalg.norm(found[:, None] - centres, axis=2).min(axis=0).max()


def check(centres, within, **options):
    reading = read_scatter(paint(centres, **options))
    assert reading.n == len(centres)
    assert furthest(in_pixels(reading), centres) < within
    x, y = np.array(centres, float).T
    assert reading.r == pytest.approx(np.corrcoef(x, -y)[0, 1], abs=0.001)
    return reading


def test_lone_discs_are_found_at_their_true_places():
    reading = check(np.array(ALONE) + np.random.default_rng(1).uniform(0, 1, (len(ALONE), 2)), within=0.05)
    assert 0 < reading.uncertainty < 0.001
    assert reading.doubt < 0.2


@pytest.mark.parametrize("radius", [3.5, 5.0, 7.0, 10.5])
def test_any_size_of_dot_is_found_from_the_picture(radius):
    check([*ALONE, (150, 90), (150 + 1.5 * radius, 92)], within=0.15, radius=radius)


def test_ink_of_more_shades_is_read_more_finely():
    check(np.array(ALONE) + 0.3, within=0.02, shades=64)


@pytest.mark.parametrize("turn", [0.0, 0.4, np.pi / 4, np.pi / 2])
def test_two_discs_at_seven_tenths_of_a_diameter(turn):
    step = 1.4 * RADIUS * np.array([np.cos(turn), np.sin(turn)])
    middle = np.array([150.3, 95.7])
    check([*ALONE, tuple(middle - step / 2), tuple(middle + step / 2)], within=0.15)


def test_a_chain_of_five():
    check([*ALONE, *[(120 + 1.45 * RADIUS * k, 90 + 0.3 * RADIUS * k) for k in range(5)]], within=0.15)


def test_a_triangle_of_three():
    corners = [(150 + 0.81 * RADIUS * np.cos(a), 90 + 0.81 * RADIUS * np.sin(a)) for a in (0.2, 2.3, 4.4)]
    check([*ALONE, *corners], within=0.25)


def test_a_flower_whose_middle_has_no_visible_edge():
    petals = [(150 + 1.42 * RADIUS * np.cos(a), 90 + 1.42 * RADIUS * np.sin(a)) for a in np.arange(6) * np.pi / 3]
    reading = read_scatter(paint([*ALONE, (150, 90), *petals]))
    assert reading.n == len(ALONE) + 7
    reading = read_scatter(paint([*ALONE, *petals]))
    assert reading.n == len(ALONE) + 6


def test_a_moved_dot_is_seen():
    moved = [*ALONE[:-1], (ALONE[-1][0] + 0.5, ALONE[-1][1])]
    before, after = (in_pixels(read_scatter(paint(centres))) for centres in (ALONE, moved))
    steps = np.sort(np.linalg.norm(after - before, axis=1))
    assert steps[-2] < 0.02
    assert steps[-1] == pytest.approx(0.5, abs=0.05)


def test_points_are_shares_of_the_axes():
    ends = [(LEFT + 20, BOTTOM - 20), (RIGHT - 25, TOP + 18), (165, 100)]
    points = read_scatter(paint(ends)).points
    assert points[0] == pytest.approx([20 / 250, 20 / 180], abs=0.001)
    assert points[1] == pytest.approx([0.5, 0.5], abs=0.001)
    assert points[2] == pytest.approx([1 - 25 / 250, 1 - 18 / 180], abs=0.001)


def drawn(n, r, density, seed):
    """A picture as students see it, and the points in it as shares of the axes."""
    plot = Plot(
        x=Axis(label="Study time (hours per week)", low=0, high=30),
        y=Axis(label="Exam score", low=0, high=100),
        picture=PictureSpec(density=density),
    )
    frame, rng = Frame(KIND, plot), np.random.default_rng(seed)
    while True:
        x, noise = rng.standard_normal((2, n))
        raw = framed(np.column_stack([x, r * x + np.sqrt(1 - r * r) * noise]))
        condition = {**KIND.readings(raw, {}, plot), "r": r}
        with contextlib.suppress(UnsuitableDraw):
            values = KIND.snap(raw, condition, plot, frame.area, rng).values
            break
    return frame.picture(values, condition), values / [30, 100]


@pytest.mark.parametrize(
    ("n", "r", "density"), [(15, -0.6, 2), (40, 0.0, 1), (60, 0.8, 2), (70, 0.5, 1), (90, -0.3, 2), (50, 0.4, 3)]
)
def test_what_students_see(n, r, density):
    picture, points = drawn(n, r, density, seed=7)
    reading = read_scatter(picture)
    assert reading.n == n
    assert reading.r == pytest.approx(np.corrcoef(points.T)[0, 1], abs=0.0005)
    assert furthest(reading.points, points) < 0.0015
    assert reading.doubt < 0.2
    assert metadata(picture) == []


def test_the_uncertainty_is_of_the_size_of_the_error():
    scores = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        grid = np.array(list(itertools.product(range(60, 280, 30), range(30, 180, 25))), float)
        centres = rng.choice(grid, 20, replace=False) + rng.uniform(-4, 4, (20, 2))
        reading = read_scatter(paint(centres, samples=6))
        x, y = centres.T
        scores.append((reading.r - np.corrcoef(x, -y)[0, 1]) / reading.uncertainty)
    assert 0.4 < np.sqrt(np.mean(np.square(scores))) < 2


def jpeg():
    out = io.BytesIO()
    Image.open(io.BytesIO(paint(ALONE))).save(out, "jpeg")
    return out.getvalue()


def huge():
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    framed = [struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def with_broken_data():
    whole = bytearray(paint(ALONE))
    whole[whole.index(b"IDAT") + 20] ^= 255
    return bytes(whole)


def red_dot():
    image = Image.open(io.BytesIO(paint(ALONE)))
    image.paste((200, 0, 0), (150, 90, 160, 100))
    return png(image)


def square(x, y):
    return (np.abs(x - 150) < 9) & (np.abs(y - 90) < 9)


def small_disc(x, y):
    return (x - 150) ** 2 + (y - 90) ** 2 < (0.7 * RADIUS) ** 2


def specks(x, y):
    return (np.sin(x) > 0.9) & (np.sin(y) > 0.9) & (x > 60) & (x < 280) & (y > 15) & (y < 180)


def field(x, y):
    return (x > 45) & (x < 285) & (y > 12) & (y < 185)


def spur(x, y):
    return (np.abs(x - ALONE[0][0]) < 1) & (np.abs(y - ALONE[0][1]) < RADIUS + 3)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (b"", "not a PNG"),
        (b"no picture at all", "not a PNG"),
        (jpeg(), "not a PNG"),
        (paint(ALONE)[:-30], "cut short"),
        (paint(ALONE)[:20], "cut short"),
        (with_broken_data(), "cannot be decoded"),
        (huge(), "more than can be read"),
        (png(Image.new("RGB", SIZE, "white")), "no dots"),
        (paint([]), "no dots"),
        (paint(ALONE, axes=False), "no axes"),
        (paint(ALONE[:2]), "fewer than three"),
        (paint(ALONE, also=square), "unexplained"),
        (paint(ALONE, also=small_disc), "unexplained"),
        (paint(ALONE, also=spur), "unexplained"),
        (paint(ALONE, also=specks), "too small|stands alone|unexplained"),
        (paint([], also=field), "stands alone"),
        (paint([*ALONE, (LEFT + 3, 90)]), "cut by the axes"),
        (paint([*ALONE, (150, 205)]), "cut by the axes"),
        (paint([*ALONE, (150, TOP - 2)]), "cut by the axes"),
        (red_dot(), "colours"),
        (paint([(60, 60), (67, 66), (150, 60), (157, 66), (200, 60), (207, 66)]), "stands alone"),
    ],
)
def test_refuses(picture, reason):
    with pytest.raises(Unreadable, match=reason):
        read_scatter(picture)


def test_two_dots_in_one_place_are_one():
    # Nothing in the picture tells them: that they are never drawn is the generator's promise.
    assert read_scatter(paint([*ALONE, ALONE[0]])).n == len(ALONE)


def test_transparent_paper_is_white():
    opaque = Image.open(io.BytesIO(paint(ALONE)))
    pixels = np.asarray(opaque.convert("RGBA")).copy()
    pixels[(pixels == 255).all(axis=2)] = 0
    assert read_scatter(png(Image.fromarray(pixels))).n == len(ALONE)


def test_palettes_and_true_colours_decode_alike():
    true = Image.open(io.BytesIO(paint(ALONE)))
    palette = true.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    for image in (true, palette):
        pixels = decode(png(image))
        assert np.abs(pixels.colours[pixels.numbers] - np.asarray(true)).max() <= 1


def test_metadata_names_what_could_tell_a_key():
    plain = paint(ALONE)
    assert metadata(plain) == []
    text = PngInfo()
    text.add_text("Title", "r = 0.8")
    told = png(Image.open(io.BytesIO(plain)), pnginfo=text, dpi=(144, 144))
    assert sorted(metadata(told)) == ["pHYs", "tEXt"]
    assert metadata(plain + b"r=0.8") == ["5 bytes after IEND"]
    with pytest.raises(Unreadable, match="cut short"):
        metadata(plain[:-1])
