"""The marks of axes and their numbers, read in pictures that students see, and in such pictures with one thing wrong."""

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

from plotbank.generator.kinds import Plot
from plotbank.generator.kinds.scatter import KIND
from plotbank.generator.rendering import Frame
from plotbank.item_templates.numerals import numerals
from plotbank.items import Axis, PictureSpec
from plotbank.proof.png import decode
from plotbank.proof.points import read_scatter
from plotbank.proof.ticks import Tick, Ticks

PAPER, INK = 0, 7  # numbers of colours in the palette of a picture


@cache
def framed(x, y, locale="en", density=1, width=400, height=300, name="Change of weight (g)", bins=None):
    plot = Plot(
        x=Axis(label="Time (h)", low=x[0], high=x[1]),
        y=Axis(label=name, low=y[0], high=y[1]),
        picture=PictureSpec(width=width, height=height, density=density),
    )
    return Frame(KIND, plot, bins, numerals(locale).number)


def picture(x, y, *options, **named):
    """Three dots on axes with these ends."""
    middle = np.array([[0.4, 0.3], [0.5, 0.6], [0.7, 0.5]])
    return framed(x, y, *options, **named).picture(np.array([x[0], y[0]]) + middle * [x[1] - x[0], y[1] - y[0]], {})


def texts(ticks):
    return [tick.text for tick in ticks]


def drawn(axis):
    """The labels that matplotlib drew, every space as a plain one."""
    return [" ".join(label.get_text().replace("\u202f", " ").split("\xa0")) for label in axis.get_ticklabels()]


def check(x, y, *options, **named):
    """Every label is read, and nothing contradicts the ends of the axes."""
    ticks = read_scatter(picture(x, y, *options, **named)).ticks
    axes = framed(x, y, *options, **named)._axes
    assert texts(ticks.x) == drawn(axes.xaxis)
    assert texts(ticks.y) == drawn(axes.yaxis)
    assert list(ticks.contradictions(x, y)) == []
    for places, read, (low, high) in ((axes.get_xticks(), ticks.x, x), (axes.get_yticks(), ticks.y, y)):
        off = (np.array(places) - low) / (high - low) - [tick.share for tick in read]
        assert np.abs(off).max() < max(tick.error for tick in read)
    return ticks


# What students see


@pytest.mark.parametrize(
    ("x", "y", "locale", "density", "size"),
    [
        ((0, 10), (-1.5, 1.5), "en", 1, (600, 450)),
        ((0, 30), (0.25, 0.75), "de", 2, (600, 450)),
        ((-20000, 20000), (0, 68000), "fr", 1, (600, 450)),
        ((-20000, 20000), (12000, 37000), "pt-PT", 2, (400, 300)),
        ((0, 30000), (1234, 9876), "de-CH", 1, (600, 450)),
        ((0, 500000), (-40000, 0), "en-IN", 3, (600, 450)),
        ((1.2, 1.3), (0.003, 0.016), "pt-BR", 1, (700, 800)),
        ((5, 99), (0, 1), "es", 3, (300, 300)),
        ((-9, 9), (100000, 175000), "en", 1, (300, 300)),
        ((44, 58), (-77, 77), "en", 1, (1200, 1200)),
    ],
)
def test_labels_of_every_locale_and_density(x, y, locale, density, size):
    check(x, y, locale, density, *size)


def test_numbers_are_those_of_the_locale():
    ticks = check((0, 30), (0, 68000), "fr", 1, 600, 450)
    assert [tick.text for tick in ticks.y] == ["0", "20 000", "40 000", "60 000"]
    assert [tick.value for tick in ticks.y] == [0, 20000, 40000, 60000]
    ticks = check((0, 30), (0.25, 0.75), "de", 2, 600, 450)
    assert ticks.y[0].value == pytest.approx(0.3)


@pytest.mark.parametrize("name", ["", "l", "I", "Ä—I", "8", "1 000 l"])
def test_the_axis_own_name_is_no_part_of_a_label(name):
    check((0, 10), (-4000, 4000), "de-CH", 1, 300, 300, name)


def test_marks_at_the_edges_of_bins():
    ticks = check((0, 30), (0, 12), "en", 1, 600, 450, "Students", 8)
    assert [tick.value for tick in ticks.x] == [3.75 * edge for edge in range(9)]


def test_labels_never_touch():
    """Where they would, every second mark goes without."""
    ticks = check((-0.001, 0), (0, 1), "en", 2, 400, 300)
    assert texts(ticks.x) == ["−0.0010", "−0.0006", "−0.0002"]


# Pictures with one thing wrong


class Canvas:
    """A picture to be changed: numbers of colours, and where the labels of its axes are."""

    def __init__(self, density):
        self.png, self.density = picture((0, 100), (0, 100), "en", density), density
        self.numbers = decode(self.png).numbers.copy()
        box = framed((0, 100), (0, 100), "en", density)._axes.bbox
        self.left, self.bottom, self.width, self.height = box.x0, len(self.numbers) - box.y0, box.width, box.height

    def below(self, value):
        """Where the label of this value on the x axis is: rows and columns."""
        middle, half = int(self.left + value / 100 * self.width), 14 * self.density
        top = int(self.bottom) + 7 * self.density
        return slice(top, top + 16 * self.density), slice(middle - half, middle + half)

    def beside(self, value):
        """Where the label of this value on the y axis is: rows and columns."""
        middle, half = int(self.bottom - value / 100 * self.height), 8 * self.density
        right = int(self.left) - 7 * self.density
        return slice(max(0, middle - half), middle + half), slice(right - 28 * self.density, right)

    def move(self, part, to):
        rows, columns = self.numbers[to].shape
        piece = self.numbers[part][:rows, :columns].copy()
        self.numbers[part] = PAPER
        self.numbers[to] = piece

    def said(self):
        image = Image.fromarray(self.numbers.astype(np.uint8), mode="P")
        image.putpalette(Image.open(io.BytesIO(self.png)).getpalette())
        out = io.BytesIO()
        image.save(out, "png")
        return list(read_scatter(out.getvalue()).ticks.contradictions((0, 100), (0, 100)))


def a_changed_digit(canvas):
    rows, columns = canvas.below(20)
    half = (columns.start + columns.stop) // 2
    canvas.numbers[rows, columns.start : half] = canvas.numbers[canvas.below(40)][:, : half - columns.start]
    return ["the x axis is labelled '40' where 20 belongs"]


def a_changed_digit_beside(canvas):
    canvas.numbers[canvas.beside(50)] = canvas.numbers[canvas.beside(75)]
    return ["the y axis is labelled '75' where 50 belongs"]


def two_swapped_labels(canvas):
    one, other = canvas.below(40), canvas.below(60)
    canvas.numbers[one], canvas.numbers[other] = canvas.numbers[other].copy(), canvas.numbers[one].copy()
    return ["the x axis is labelled '60' where 40 belongs", "the x axis is labelled '40' where 60 belongs"]


def a_missing_label(canvas):
    canvas.numbers[canvas.below(40)] = PAPER
    return ["the x axis is labelled '' where 40 belongs"]


def a_missing_label_beside(canvas):
    canvas.numbers[canvas.beside(25)] = PAPER
    return ["the y axis is labelled '' where 25 belongs"]


def a_label_that_nobody_can_read(canvas):
    rows, columns = canvas.beside(50)
    middle = (rows.start + rows.stop) // 2
    canvas.numbers[
        middle - canvas.density : middle + canvas.density, columns.stop - 18 * canvas.density : columns.stop
    ] = INK
    return ["where 50 belongs"]


def a_label_moved_aside(canvas):
    rows, columns = canvas.below(80)
    by = 8 * canvas.density
    canvas.move((rows, columns), (rows, slice(columns.start + by, columns.stop + by)))
    return ["where 80 belongs"]


def a_label_moved_down(canvas):
    rows, columns = canvas.beside(75)
    by = 8 * canvas.density
    canvas.move((rows, columns), (slice(rows.start + by, rows.stop + by), columns))
    return ["where 75 belongs"]


def a_mark_moved(canvas):
    rows = slice(int(canvas.bottom) + 1, int(canvas.bottom) + 7 * canvas.density)
    middle, by = int(canvas.left + 0.6 * canvas.width), canvas.density
    part = canvas.numbers[rows, middle - 10 * canvas.density : middle + 10 * canvas.density]
    part[...] = np.roll(part, by, axis=1)
    return ["the x axis is labelled '60' where 60."]


def upside_down(canvas):
    labels = [canvas.numbers[canvas.beside(value)].copy() for value in (25, 75)]
    for value, label in zip((75, 25), labels, strict=True):
        canvas.numbers[canvas.beside(value)] = label
    return ["the y axis is labelled '75' where 25 belongs", "the y axis is labelled '25' where 75 belongs"]


def no_labels(canvas):
    canvas.numbers[int(canvas.bottom) + 7 * canvas.density :] = PAPER
    return ["the x axis is labelled '' where"] * 6


def no_marks(canvas):
    canvas.numbers[int(canvas.bottom) + 1 :, int(canvas.left) - canvas.density :] = PAPER
    return ["the x axis has 0 marks, too few to be read"]


@pytest.mark.parametrize("density", [1, 2])
@pytest.mark.parametrize(
    "fault",
    [
        a_changed_digit, a_changed_digit_beside, two_swapped_labels, a_missing_label, a_missing_label_beside,
        a_label_that_nobody_can_read, a_label_moved_aside, a_label_moved_down, a_mark_moved, upside_down, no_labels,
        no_marks,
    ],
)  # fmt: skip
def test_nothing_wrong_passes(fault, density):
    canvas = Canvas(density)
    assert canvas.said() == []
    expected, said = fault(canvas), canvas.said()
    assert len(said) == len(expected)
    assert all(part in sentence for part, sentence in zip(expected, said, strict=True)), said


def test_noise_is_no_label():
    """Nor does it take long: what touches is taken apart into a few characters only."""
    rng = np.random.default_rng(0)
    for value in (20, 40, 60, 80):
        canvas = Canvas(1)
        part = canvas.numbers[canvas.below(value)]
        part[...] = rng.choice([PAPER, 2, INK], part.shape)
        assert any(f"where {value} belongs" in sentence for sentence in canvas.said())


def test_other_axes_are_contradicted():
    ticks = read_scatter(picture((0, 100), (0, 100))).ticks
    assert len(list(ticks.contradictions((0, 101), (0, 100)))) == len(ticks.x) - 1  # all but that of 0
    assert len(list(ticks.contradictions((0, 100), (1, 101)))) == len(ticks.y)
    assert len(list(ticks.contradictions((0, 100), (100, 0)))) == len(ticks.y) - 1  # all but the middle
    assert list(ticks.contradictions(None, (0, 100))) == []


# Numbers by hand


def labelled(*labels):
    """Marks with these labels, at equal distances from one end of an axis to the other."""
    shares = np.linspace(0, 1, len(labels))
    return tuple(
        Tick(share=share, error=0.002, text=text, value=None) for share, text in zip(shares, labels, strict=True)
    )


@pytest.mark.parametrize(
    ("labels", "ends"),
    [
        (("0", "5", "10"), (0, 10)),
        (("−5", "0", "5"), (-5, 5)),
        (("0.5", "1.0"), (0.5, 1)),
        (("0,5", "1,0"), (0.5, 1)),
        (("1,000", "2,000"), (1000, 2000)),
        (("1,000", "2,000"), (1, 2)),  # either may be meant
        (("1.500", "2.000", "2.500"), (1500, 2500)),
        (("−1 000", "0", "1 000"), (-1000, 1000)),
        (("999’000", "1’000’000"), (999000, 1000000)),
        (("1,00,000", "1,50,000"), (100000, 150000)),
        (("1.234,5", "1.235,5"), (1234.5, 1235.5)),
    ],
)
def test_labels_that_fit(labels, ends):
    assert list(Ticks(x=labelled(*labels), y=()).contradictions(ends, None)) == []


@pytest.mark.parametrize(
    ("labels", "ends", "said"),
    [
        (("0", "6", "10"), (0, 10), ["'6' where 5 belongs"]),
        (("0", "5", "5"), (0, 10), ["'5' where 10 belongs"]),
        (("10", "5", "0"), (0, 10), ["'10' where 0 belongs", "'0' where 10 belongs"]),
        (("5", "0", "5"), (-5, 5), ["'5' where -5 belongs"]),
        (("1.000", "1,500", "2.000"), (1000, 2000), ["'1,500' where 1500 belongs"]),  # not both in one axis
        (("1,00", "1.50"), (100, 150), ["'1,00' where 100 belongs", "'1.50' where 150 belongs"]),
        (("0", "5�", "10"), (0, 10), ["'5�' where 5 belongs"]),
        (("0", "", "10"), (0, 10), ["'' where 5 belongs"]),
        (("0", "5.", "10"), (0, 10), ["'5.' where 5 belongs"]),
        (("0", "− 5", "−10"), (0, -10), ["'− 5' where -5 belongs"]),
        (("7",), (0, 10), ["has 1 marks, too few"]),
        ((), (0, 10), ["has 0 marks, too few"]),
    ],
)
def test_labels_that_do_not(labels, ends, said):
    found = list(Ticks(x=(), y=labelled(*labels)).contradictions(None, ends))
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True)), found
