"""Pictures: small, the same bytes for the same data, without metadata, and dots where the data are."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.generator.kinds import Plot, boxplot, histogram
from plotbank.generator.kinds.scatter import KIND
from plotbank.generator.png import palette_png
from plotbank.generator.rendering import Frame, edge_ticks, number, ticks
from plotbank.items import Axis, PictureSpec


def plot(x="Study time", y="Exam score", low=0, high=30, **picture):
    return Plot(x=Axis(label=x, low=low, high=high), y=Axis(label=y, low=0, high=100), picture=PictureSpec(**picture))


VALUES = np.column_stack([np.linspace(2, 28, 20), np.linspace(10, 90, 20)[::-1]])


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(float)


@pytest.mark.parametrize("density", [1, 2, 3])
def test_the_size_and_the_palette(density):
    png = Frame(KIND, plot(density=density)).picture(VALUES, {})
    image = Image.open(io.BytesIO(png))

    assert image.size == (600 * density, 450 * density)
    assert image.mode == "P"
    assert len(image.getcolors()) <= 16
    assert len(png) < 9_000 * density


def test_the_file_has_no_metadata():
    png = Frame(KIND, plot()).picture(VALUES, {})
    names, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        names.append(png[at + 4 : at + 8])
        at += 12 + length

    assert set(names) == {b"IHDR", b"PLTE", b"IDAT", b"IEND"}


def test_the_same_data_give_the_same_bytes_whatever_was_drawn_before():
    frame = Frame(KIND, plot())
    first = frame.picture(VALUES, {})
    frame.picture(VALUES[:, ::-1].copy(), {})

    assert frame.picture(VALUES, {}) == first
    assert Frame(KIND, plot()).picture(VALUES, {}) == first


def test_a_persons_own_matplotlib_settings_change_nothing():
    import matplotlib as mpl

    first = Frame(KIND, plot()).picture(VALUES, {})
    with mpl.rc_context({"axes.facecolor": "red", "font.size": 30, "xtick.direction": "in", "axes.grid": True}):
        assert Frame(KIND, plot()).picture(VALUES, {}) == first


@pytest.mark.parametrize("density", [1, 2])
def test_dots_stand_where_the_data_are(density):
    """The centre of gravity of a single dot's colour, against the position between the ends of the axis lines."""
    frame = Frame(KIND, plot(density=density))
    for x, y in [(3.33, 12.1), (15.017, 50.03), (27.77, 91.9)]:
        rgb = pixels(frame.picture(np.array([[x, y]]), {}))
        cover = np.where(rgb[..., 2] > rgb[..., 0], (255 - rgb[..., 0]) / 255, 0)
        rows, columns = np.indices(cover.shape)
        at = ((columns * cover).sum() / cover.sum() + 0.5, (rows * cover).sum() / cover.sum() + 0.5)
        dark = rgb.sum(axis=2) < 3 * 60
        bottom = dark.sum(axis=1).argmax()
        line = np.nonzero(dark[bottom])[0]
        left, right = dark.sum(axis=0).argmax() + 0.5 * density, line[-1] + 1

        assert (at[0] - left) / (right - left) == pytest.approx(x / 30, abs=0.003)
        assert cover.sum() == pytest.approx(np.pi * (3.5 * density) ** 2, rel=0.03)
        assert at[1] < bottom


def test_the_area_is_what_lies_between_the_axes_ends():
    width, height = Frame(KIND, plot(density=2)).area

    assert 480 < width < 600
    assert 340 < height < 450
    assert Frame(KIND, plot(density=1)).area == pytest.approx((width, height), abs=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "word " * 40}, "does not fit: shorten it"),
        (
            {"y": "a label that is too long for the height of so small a picture, is it not so?"},
            "does not fit: shorten it",
        ),
        ({"x": "時間"}, "has characters that cannot be drawn: 時 間"),
    ],
)
def test_labels_that_cannot_be_drawn_are_refused(options, message):
    with pytest.raises(QuizFileError, match=message):
        Frame(KIND, plot(**options))


def test_dollar_signs_are_no_formulas():
    assert Frame(KIND, plot(x="Price ($) and $x_1$")).picture(VALUES, {})


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 30, ["0", "5", "10", "15", "20", "25", "30"]),
        (-10, 25, ["−10", "−5", "0", "5", "10", "15", "20", "25"]),
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.5, 9.7, ["2", "4", "6", "8"]),
    ],
)
def test_ticks_are_round_and_inside(low, high, expected):
    marks = ticks(Axis(label="x", low=low, high=high), most=8)

    assert [number(mark, marks) for mark in marks] == expected
    assert all(low <= mark <= high for mark in marks)


@pytest.mark.parametrize(
    ("low", "high", "bins", "width", "expected"),
    [
        (0, 30, 6, 600, ["0", "5", "10", "15", "20", "25", "30"]),
        (0, 30, 10, 600, ["0", "6", "12", "18", "24", "30"]),  # ten labels at most: every second edge
        (150, 200, 16, 600, ["150.00", "156.25", "162.50", "168.75", "175.00", "181.25", "187.50", "193.75", "200.00"]),
        (150, 200, 16, 450, ["150.0", "162.5", "175.0", "187.5", "200.0"]),  # rather than 150, 159.375, 168.75, ...
        (-20, 20, 16, 300, ["−20", "−10", "0", "10", "20"]),
        (0.5, 12.5, 12, 600, ["0.5", "2.5", "4.5", "6.5", "8.5", "10.5", "12.5"]),
        (0, 1, 8, 1200, ["0.000", "0.125", "0.250", "0.375", "0.500", "0.625", "0.750", "0.875", "1.000"]),
        (0, 11, 11, 300, ["0", "3", "6", "9"]),  # the right end is no multiple
        (0, 1, 16, 600, []),  # 0.0625
        (150, 200, 7, 600, []),
        (0.12345, 8.12345, 8, 600, []),
    ],
)
def test_marks_stand_at_edges_of_bins(low, high, bins, width, expected):
    marks = edge_ticks(Axis(label="x", low=low, high=high), bins, width)

    assert [text for _, text in marks] == expected
    assert [mark for mark, _ in marks] == pytest.approx([float(text.replace("−", "-")) for text in expected])
    assert len(marks) <= max(4, width // 60)


def marks_on_the_axis(png, density):
    """Where marks stand under the x axis, in CSS pixels from its left end, and the axis's length."""
    rgb = pixels(png)
    dark = rgb.max(axis=2) < 60
    line = np.flatnonzero(dark.sum(axis=1) > 0.5 * rgb.shape[1])[-1]
    left = dark.sum(axis=0).argmax()
    right = np.flatnonzero(dark[line])[-1]
    marks = np.flatnonzero(dark[line + 2 * density])
    return np.unique((marks[marks >= left - density] - left) // density), (right - left) / density


def test_a_frame_with_bins_has_its_marks_at_edges():
    plot_ = plot(low=150, high=200, density=2)
    at, length = marks_on_the_axis(Frame(histogram.KIND, plot_, 16).picture(np.full((30, 1), 160.0), {"bins": 16}), 2)

    assert np.abs(at[:, None] - np.arange(9) * length / 8).min(axis=1).max() < 1.5
    assert np.abs(at[:, None] - np.arange(9) * length / 8).min(axis=0).max() < 1.5


def test_a_frame_keeps_its_marks_where_edges_are_no_short_numbers():
    plot_, values = plot(low=150, high=200), np.full((30, 1), 160.0)
    ordinary = Frame(histogram.KIND, plot_).picture(values, {"bins": 7})

    assert Frame(histogram.KIND, plot_, 7).picture(values, {"bins": 7}) == ordinary
    assert Frame(histogram.KIND, plot_, 8).picture(values, {"bins": 7}) != ordinary


def grouped(*names, y="Exam score", **picture):
    x = Axis(label="Teaching method", low=0, high=len(names), categories=names)
    return Plot(x=x, y=Axis(label=y, low=0, high=100), picture=PictureSpec(**picture))


def snapped(kind, plot_, condition):
    frame, rng = Frame(kind, plot_), np.random.default_rng(0)
    assert kind.impossible(condition) == ""
    for _ in range(300):
        try:
            values = kind.snap(kind.plain(condition, rng), condition, plot_, frame.area, rng).values
        except UnsuitableDraw:
            continue
        return frame.picture(values, condition), values
    raise AssertionError("no stand-in can be snapped")


BOXES = boxplot.KIND.settle({"groups": 2.0} | {
    f"{name}{slot}": value
    for slot in range(1, 5)
    for name, value in (("n", 30), ("median", 0.5), ("iqr", 0.2), ("skew", 0.0), ("lower", 0.8), ("upper", 1.0),
                        ("outliers", 0))
})  # fmt: skip
BARS = {"n": 120.0, "bins": 10.0, "modes": 1.0, "skew": 0.4, "spread": 0.17}


def columns_with_ink(rgb):
    """First and last column of each run of pixels with ink, gaps between letters closed."""
    inked = np.nonzero(rgb.min(axis=(0, 2)) < 128)[0]
    ends = np.nonzero(np.diff(inked) > 25)[0]
    return list(zip([inked[0], *inked[ends + 1]], [*inked[ends], inked[-1]], strict=True))


def test_categories_stand_in_the_middle_of_their_shares_and_have_no_marks():
    png, _ = snapped(boxplot.KIND, grouped("Lecture", "Seminar", density=1), BOXES)
    rgb = pixels(png)
    line = (rgb.max(axis=2) < 60).sum(axis=1).argmax()
    ends = np.nonzero(rgb[line].max(axis=1) < 60)[0][[0, -1]]
    found = columns_with_ink(rgb[line + 3 : line + 22, ends[0] :])

    assert len(found) == 2
    for place, (first, last) in enumerate(found):
        middle = (ends[1] - ends[0]) * (place + 0.5) / 2
        assert (first + last) / 2 == pytest.approx(middle, abs=2.5)
    assert (rgb[line + 2, ends[0] : ends[1]] == 255).all()  # where marks would stand


def test_categories_are_for_either_axis():
    plot_ = Plot(
        x=Axis(label="Exam score", low=0, high=100),
        y=Axis(label="Group", low=0, high=2, categories=("$A$", "B")),
        picture=PictureSpec(),
    )
    assert Frame(KIND, plot_).picture(np.array([[50, 0.5]]), {}) != Frame(KIND, plot(y="Group")).picture(VALUES, {})


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("A group of students with a long name", "Another group of students with a longer name"), "the name 'A group"),
        (("A", "B", "word " * 20), "does not fit: shorten it or enlarge the picture"),
        (("A", "時間"), "has characters that cannot be drawn: 時 間"),
    ],
)
def test_categories_that_cannot_be_drawn_are_refused(names, message):
    with pytest.raises(QuizFileError, match=message):
        Frame(boxplot.KIND, grouped(*names))


def test_an_axis_of_categories_spans_their_number():
    with pytest.raises(ValueError, match="an axis of 2 categories spans 0 to 2"):
        Axis(label="Group", low=0, high=3, categories=("A", "B"))


@pytest.mark.parametrize(
    ("kind", "plot_", "condition"),
    [
        (boxplot.KIND, grouped("A", "B"), BOXES),
        (histogram.KIND, Plot(x=Axis(label="Height (cm)", low=150, high=200), y=Axis(label="Students", low=0, high=40),
                              picture=PictureSpec()), BARS),
    ],
    ids=["boxplot", "histogram"],
)  # fmt: skip
def test_the_other_kinds_are_small_and_reproducible_too(kind, plot_, condition):
    png, values = snapped(kind, plot_, condition)
    image = Image.open(io.BytesIO(png))

    assert len(png) < 12_000
    assert len(image.getcolors()) <= 16
    assert Frame(kind, plot_).picture(values, condition) == png


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 4), (5, 7), (300, 401)])
def test_the_png_is_the_picture(height, width):
    """Judged by Pillow, with odd and even widths."""
    rng = np.random.default_rng(width)
    numbers = rng.integers(0, 16, (height, width)).astype(np.uint8)
    colours = rng.integers(0, 256, (16, 3)).astype(np.uint8)

    with Image.open(io.BytesIO(palette_png(numbers, colours))) as image:
        assert (image.mode, image.size, image.format) == ("P", (width, height), "PNG")
        assert np.array_equal(np.asarray(image.convert("RGB")), colours[numbers])
