"""The reader of box plots, against the pictures that students see, and against such pictures with one thing wrong."""

import contextlib
import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import Plot, kinds
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec
from plotbank.proof import Unreadable
from plotbank.proof.boxes import LARGEST_RESIDUAL, LINES, read_boxplot
from plotbank.proof.png import decode

KIND = kinds()["boxplot"]
SLOTS = range(1, 5)
OWN = ("n", "median", "iqr", "skew", "lower", "upper", "outliers")
PLAIN = {"n": 24, "median": 0.5, "iqr": 0.2, "skew": 0.2, "lower": 0.6, "upper": 0.8, "outliers": 0}
Y = (-50.0, 100.0)
INK, FILL, GREY, PAPER = 15, 9, 7, 0  # numbers of colours in the palette of a picture


@cache
def framed(groups, density, width=600, height=450, names=True):
    categories = ("Alpha", "Beta", "C", "D")[:groups] if names else ()
    plot = Plot(
        x=Axis(label="Group" if names else "", low=0, high=groups, categories=categories),
        y=Axis(label="Change of weight (g)", low=Y[0], high=Y[1]),
        picture=PictureSpec(width=width, height=height, density=density),
    )
    return Frame(KIND, plot), plot


def condition_of(*groups):
    asked = {"groups": float(len(groups))}
    for slot in SLOTS:
        own = groups[slot - 1] if slot <= len(groups) else dict.fromkeys(OWN, 0)
        asked |= {f"{name}{slot}": float(own[name]) for name in OWN}
    return asked


def any_group(rng, extreme=False):
    """What may be asked of a group, anything or what is hardest to read: small boxes with everything close together."""
    low_high = {f.family: (f.low, f.high) for f in KIND.features if f.family}
    while True:
        own = {name: float(rng.uniform(*low_high[name])) for name in OWN}
        own |= {name: float(round(own[name])) for name in ("n", "outliers")}
        if extreme:
            own |= {name: float(rng.choice(low_high[name])) for name in ("iqr", "skew", "lower", "upper")}
            own |= {"n": 40.0, "outliers": float(rng.integers(5))}
        if not KIND.impossible(condition_of(own)):
            return own


def snapped(condition, seed, *frame):
    """Data of a condition, (m, 2): the first draw from this seed on that suits it."""
    on, plot = framed(*frame)
    rng = np.random.default_rng(seed)
    while True:
        with contextlib.suppress(UnsuitableDraw):
            return KIND.snap(KIND.plain(condition, rng), condition, plot, on.area, rng).values


def drawn(seed, *frame, extreme=False):
    """A picture, and the data in it."""
    rng = np.random.default_rng(seed)
    condition = condition_of(*(any_group(rng, extreme) for _ in range(frame[0])))
    values = snapped(condition, seed, *frame)
    return framed(*frame)[0].picture(values, condition), values


def quantile(ascending, share):
    """Type 7, by hand."""
    at = share * (len(ascending) - 1)
    below = int(at)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (at - below) * (ascending[above] - ascending[below])


def truth(values):
    """Of each group in shares of the axis: the five lines, ascending, and the outliers."""
    found = []
    for group in range(int(values[:, 0].max()) + 1):
        x = sorted((values[values[:, 0] == group, 1] - Y[0]) / (Y[1] - Y[0]))
        q1, q2, q3 = (quantile(x, share) for share in (0.25, 0.5, 0.75))
        inside = [v for v in x if q1 - 1.5 * (q3 - q1) - 1e-9 <= v <= q3 + 1.5 * (q3 - q1) + 1e-9]
        found.append(((inside[0], q1, q2, q3, inside[-1]), [v for v in x if v not in inside]))
    return found


def check(picture, values, within):
    """The picture shows these data; the errors of its lines, as shares of the axis."""
    reading, due = read_boxplot(picture), truth(values)
    assert len(reading.groups) == len(due)
    assert reading.doubt < LARGEST_RESIDUAL
    for number, (group, (lines, outliers)) in enumerate(zip(reading.groups, due, strict=True)):
        assert group.centre == pytest.approx((number + 0.5) / len(due), abs=0.0005)
        assert group.lines == pytest.approx(lines, abs=within)
        assert group.outliers == pytest.approx(outliers, abs=within)
    assert list(reading.contradictions(values, {}, (0, len(due)), Y)) == []
    return reading


# What students see


@pytest.mark.parametrize("groups", SLOTS)
@pytest.mark.parametrize(
    ("density", "width", "height", "within", "count"),
    [
        (2, 600, 450, 0.0005, 12),
        (1, 600, 450, 0.001, 10),
        (3, 600, 450, 0.0005, 3),
        (1, 300, 300, 0.002, 15),
        (2, 300, 300, 0.001, 8),
        (1, 1200, 300, 0.002, 6),
        (1, 300, 1200, 0.001, 4),
        (2, 1200, 1200, 0.0005, 1),
    ],
)
def test_what_students_see(groups, density, width, height, within, count):
    for seed in range(count):
        check(*drawn(seed, groups, density, width, height), within)


@pytest.mark.parametrize(("density", "within"), [(1, 0.002), (2, 0.001), (3, 0.001)])
def test_what_is_hardest_to_read(density, within):
    for seed in range(20):
        check(*drawn(seed, 1 + seed % 4, density, 300, 300, extreme=True), within)


def test_numbers_below_the_axis_do_no_harm():
    for seed in range(5):
        check(*drawn(seed, 2, 1, 600, 450, False), 0.001)


@pytest.mark.parametrize("density", [1, 2, 3])
def test_an_outlier_may_lie_on_the_axis(density):
    condition = condition_of(PLAIN | {"median": 0.37, "outliers": 1})
    values = snapped(condition, 1, 1, density, 300, 300)
    low = values[:, 1].argmin()
    values[low, 1] = Y[0] + 0.01 * (Y[1] - Y[0])
    check(framed(1, density, 300, 300)[0].picture(values, condition), values, 0.001)


def test_readings_have_the_names_and_values_of_the_kind():
    for groups in SLOTS:
        picture, values = drawn(groups, groups, 2)
        _, plot = framed(groups, 2)
        measured = read_boxplot(picture).measured((0, groups), Y)
        due = KIND.readings(values, {}, plot)
        assert measured.keys() == {
            "groups",
            "outliers",
            *(f"{name}_{slot}" for name in (*LINES, "min", "max") for slot in SLOTS),
            *(f"{name}{slot}" for name in OWN if name != "n" for slot in SLOTS),
        }
        for name, value in measured.items():
            if name[:4] in {"skew", "lowe", "uppe"}:
                within = 0.05  # of a quotient whose divisor is at least 0.06 of the axis
            elif name[-2] == "_":
                within = 0.0005 * (Y[1] - Y[0])
            else:
                within = 0.001
            assert value == pytest.approx(due[name], abs=within, nan_ok=True), name
        assert measured["groups"] == groups
        assert measured["outliers"] == due["outliers"]


def test_measured_by_hand():
    condition = condition_of(PLAIN, PLAIN | {"outliers": 2})
    values = snapped(condition, 3, 2, 2)
    measured = read_boxplot(framed(2, 2)[0].picture(values, condition)).measured((0, 2), Y)
    # Q1 and Q3 lie 0.2 apart, and their middle 0.2 * 0.2 / 2 above the median: 0.42 and 0.62 of an axis of 150
    assert measured["q1_1"] == pytest.approx(-50 + 0.42 * 150, abs=0.1)
    assert measured["q3_1"] == pytest.approx(-50 + 0.62 * 150, abs=0.1)
    assert measured["whisker_low_1"] == pytest.approx(-50 + 0.30 * 150, abs=0.1)
    assert measured["min_1"] == measured["whisker_low_1"]
    assert measured["median1"] == pytest.approx(0.5, abs=0.0005)
    assert measured["upper1"] == pytest.approx(0.8, abs=0.01)
    assert (measured["outliers1"], measured["outliers2"], measured["outliers"]) == (0, 2, 2)
    second = values[values[:, 0] == 1, 1]
    assert (measured["min_2"], measured["max_2"]) == pytest.approx((second.min(), second.max()), abs=0.1)
    assert (measured["median3"], measured["outliers4"]) == (0, 0)
    assert np.isnan([measured["q1_3"], measured["max_4"]]).all()


def test_the_uncertainty_is_of_the_size_of_the_error():
    scores = []
    for seed in range(20):
        picture, values = drawn(seed, 1 + seed % 4, 1)
        reading = read_boxplot(picture)
        for group, (lines, _) in zip(reading.groups, truth(values), strict=True):
            scores.extend((np.array(group.lines) - lines) / reading.uncertainty)
    assert 0.4 < np.sqrt(np.mean(np.square(scores))) < 2


def test_true_colours_are_read_alike():
    picture, values = drawn(2, 3, 2)
    colours = png(Image.open(io.BytesIO(picture)).convert("RGB"))
    assert read_boxplot(colours).groups == read_boxplot(picture).groups
    check(colours, values, 0.0005)


# What is not where the data put it


@pytest.fixture(scope="module")
def reading_and_data():
    condition = condition_of(PLAIN | {"outliers": 1}, PLAIN | {"median": 0.4})
    values = snapped(condition, 5, 2, 2)
    return read_boxplot(framed(2, 2)[0].picture(values, condition)), values


def contradictions(reading_and_data, change):
    reading, values = reading_and_data
    values = values.copy()
    changed = change(values)
    return list(reading.contradictions(values if changed is None else changed, {}, (0, 2), Y))


def moved(group, by):
    def change(values):
        values[values[:, 0] == group, 1] += by * (Y[1] - Y[0])

    return change


def test_data_that_are_shown_are_not_contradicted(reading_and_data):
    assert contradictions(reading_and_data, lambda values: None) == []
    assert contradictions(reading_and_data, moved(1, 0.0001)) == []


def test_every_line_of_a_moved_group_is_named(reading_and_data):
    said = contradictions(reading_and_data, moved(0, 0.001))
    assert [sentence.split(" is at ")[0] for sentence in said] == [
        *(f"{line} of group 1" for line in LINES), "an outlier of group 1",
    ]  # fmt: skip


def test_one_whisker_that_is_longer(reading_and_data):
    def change(values):
        values[np.flatnonzero(values[:, 0] == 1)[-1], 1] += 0.004 * (Y[1] - Y[0])

    (said,) = contradictions(reading_and_data, change)
    assert said.startswith("whisker_high of group 2 is at")


def test_groups_in_other_places_are_not_measured(reading_and_data):
    reading, _ = reading_and_data
    with pytest.raises(Unreadable, match="the box 1 from the left is not in its group's place"):
        reading.measured((0, 3), Y)


def test_wrong_numbers_of_groups_and_outliers(reading_and_data):
    def outlying(values):
        values[-1, 1] = Y[1]

    (said,) = contradictions(reading_and_data, lambda values: values[values[:, 0] == 0])
    assert said == "the picture shows 2 groups, and the data have 1"
    assert "group 2 shows 0 outliers instead of 1" in contradictions(reading_and_data, outlying)
    said = contradictions(reading_and_data, lambda values: values + np.array([1, 0]))
    assert "group 2 stands at 0.2500 of the axis instead of 0.7500" in said


# Pictures with one thing wrong


def png(image):
    out = io.BytesIO()
    image.save(out, "png")
    return out.getvalue()


@pytest.fixture(scope="module", params=[1, 2])
def whole(request):
    """Data of three groups with outliers, and their picture as numbers of colours."""
    density = request.param
    condition = condition_of(
        PLAIN | {"outliers": 2, "median": 0.45}, PLAIN | {"iqr": 0.1, "outliers": 1}, PLAIN | {"median": 0.4}
    )
    values = snapped(condition, 11, 3, density)
    picture = framed(3, density)[0].picture(values, condition)
    return picture, values, density


class Canvas:
    """A picture to be changed: numbers of colours, and where things are in it."""

    def __init__(self, picture, values, density):
        self.picture, self.numbers = picture, decode(picture).numbers.copy()
        self.density = density
        frame, _ = framed(3, density)
        box = frame._axes.bbox
        self.bottom, self.height = self.numbers.shape[0] - box.y0, box.height
        self.left, self.width = box.x0, box.width
        self.due = truth(values)

    def row(self, share):
        return int(self.bottom - share * self.height)

    def column(self, group, offset=0.0):
        """Of a group's middle, and so many widths of a group to the right."""
        return int(self.left + (group + 0.5 + offset) * self.width / 3)

    def paint(self, rows, columns, colour):
        self.numbers[slice(*map(int, rows)), slice(*map(int, columns))] = colour

    def line(self, group, share, reach, colour, thick=4):
        """Over a horizontal line."""
        row, half = self.row(share), thick * self.density / 2
        self.paint((row - half, row + half + 1), (self.column(group, -reach), self.column(group, reach)), colour)

    def disc(self, group, share, colour, radius=3.0, offset=0.0):
        y, x = np.mgrid[: self.numbers.shape[0], : self.numbers.shape[1]] + 0.5
        middle = self.left + (group + 0.5 + offset) * self.width / 3
        distance = np.hypot(x - middle, y - self.bottom + share * self.height)
        cover = np.rint(8 * np.clip(radius * self.density - distance + 0.5, 0, 1)).astype(int)
        self.numbers[cover > 0] = (7 + cover[cover > 0]) if colour else PAPER

    def png(self):
        image = Image.fromarray(self.numbers.astype(np.uint8), mode="P")
        image.putpalette(Image.open(io.BytesIO(self.picture)).getpalette())
        return png(image)


def no_median(canvas):
    canvas.line(1, canvas.due[1][0][2], 0.23, FILL)


def no_cap(canvas):
    canvas.line(0, canvas.due[0][0][4], 0.2, PAPER)


def half_a_cap(canvas):
    canvas.paint(*around(canvas, 0, canvas.due[0][0][0], 0.04, 0.2), PAPER)


def around(canvas, group, share, first, last):
    row = canvas.row(share)
    return (row - 3 * canvas.density, row + 3 * canvas.density), (
        canvas.column(group, first),
        canvas.column(group, last),
    )


def no_upper_edge(canvas):
    canvas.line(2, canvas.due[2][0][3], 0.24, FILL)


def no_side(canvas):
    low, high = canvas.row(canvas.due[0][0][3]), canvas.row(canvas.due[0][0][1])
    canvas.paint((low, high), (canvas.column(0, 0.22), canvas.column(0, 0.27)), PAPER)


def no_whisker(canvas):
    low, high = canvas.row(canvas.due[0][0][4]), canvas.row(canvas.due[0][0][3])
    canvas.paint(
        (low + 3 * canvas.density, high - 3 * canvas.density), (canvas.column(0, -0.1), canvas.column(0, 0.1)), PAPER
    )


def no_group(canvas):
    canvas.paint((0, canvas.bottom - canvas.density), (canvas.column(2, -0.4), canvas.column(2, 0.4)), PAPER)


def no_first_group(canvas):
    canvas.paint((0, canvas.bottom - canvas.density), (canvas.column(0, -0.4), canvas.column(0, 0.4)), PAPER)


def no_fill(canvas):
    canvas.numbers[canvas.numbers == FILL] = PAPER


def no_boxes(canvas):
    canvas.numbers[canvas.numbers > GREY] = PAPER


def no_axes(canvas):
    canvas.numbers[canvas.numbers == GREY] = PAPER


def no_disc(canvas):
    canvas.disc(0, canvas.due[0][1][0], PAPER, radius=4)


def one_more_disc(canvas):
    canvas.disc(2, 0.97, INK)


def a_disc_beside_the_line(canvas):
    canvas.disc(2, 0.97, INK, offset=0.08)


def a_disc_on_the_whisker(canvas):
    lines = canvas.due[0][0]
    canvas.disc(0, (lines[0] + lines[1]) / 2, INK)


def a_disc_in_the_box(canvas):
    lines = canvas.due[0][0]
    canvas.disc(0, (lines[1] + lines[2]) / 2, INK)


def a_larger_disc(canvas):
    canvas.disc(1, canvas.due[1][1][0], INK, radius=4)


def a_moved_disc(canvas):
    no_disc(canvas)
    canvas.disc(0, canvas.due[0][1][0] - 0.008, INK)


def a_second_median(canvas):
    lines = canvas.due[2][0]
    canvas.line(2, (lines[1] + lines[2]) / 2, 0.2, INK, thick=3)


def a_thin_line_across(canvas):
    canvas.line(2, 0.95, 0.5, INK, thick=1)


def a_grey_line_across(canvas):
    canvas.line(2, 0.95, 0.5, GREY, thick=1)


def one_dark_pixel(canvas):
    canvas.numbers[canvas.row(0.96), canvas.column(1, 0.1)] = INK


def one_pale_pixel(canvas):
    canvas.numbers[canvas.row(canvas.due[1][0][2]), canvas.column(1, 0.1)] = FILL


def beyond_the_axis(canvas):
    canvas.paint((canvas.bottom + 10, canvas.bottom + 20), (canvas.column(1), canvas.column(1) + 10), INK)


def left_of_the_axis(canvas):
    canvas.paint((20, 30), (5, 15), INK)


def a_shifted_box(canvas):
    box = np.s_[: int(canvas.bottom) - 2 * canvas.density, canvas.column(1, -0.4) : canvas.column(1, 0.4)]
    canvas.numbers[box] = np.roll(canvas.numbers[box], round(0.01 * canvas.height), axis=0)


def a_box_moved_aside(canvas):
    box = np.s_[: int(canvas.bottom) - 2 * canvas.density, canvas.column(1, -0.4) : canvas.column(1, 0.4)]
    canvas.numbers[box] = np.roll(canvas.numbers[box], round(0.01 * canvas.width), axis=1)


def a_taller_box(canvas):
    """Every line above the second median moves up."""
    row = canvas.row(canvas.due[1][0][2]) - 4 * canvas.density
    box = np.s_[:row, canvas.column(1, -0.4) : canvas.column(1, 0.4)]
    canvas.numbers[box] = np.roll(canvas.numbers[box], -round(0.01 * canvas.height), axis=0)


def upside_down(canvas):
    box = np.s_[10 * canvas.density : int(canvas.bottom) - 2 * canvas.density, int(canvas.left) + 4 :]
    canvas.numbers[box] = canvas.numbers[box][::-1]


@pytest.mark.parametrize(
    "fault",
    [
        no_median, no_cap, half_a_cap, no_upper_edge, no_side, no_whisker, no_group, no_first_group, no_fill, no_boxes,
        no_axes, no_disc, one_more_disc, a_disc_beside_the_line, a_disc_on_the_whisker, a_disc_in_the_box,
        a_larger_disc, a_moved_disc, a_second_median, a_thin_line_across, a_grey_line_across, one_dark_pixel,
        one_pale_pixel, beyond_the_axis, left_of_the_axis, a_shifted_box, a_box_moved_aside, a_taller_box, upside_down,
    ],
)  # fmt: skip
def test_nothing_wrong_passes(whole, fault):
    canvas = Canvas(*whole)
    check(canvas.png(), whole[1], 0.001)
    fault(canvas)
    assert refused_or_contradicted(canvas.png(), whole[1])


def test_no_patch_passes(whole):
    """Patches of ink or paper, in any place, that change a whole pixel."""
    rng = np.random.default_rng(1)
    patches = 0
    while patches < 50:
        canvas = Canvas(*whole)
        before = canvas.numbers.copy()
        y, x = rng.uniform(10, canvas.bottom - 5), rng.uniform(canvas.left + 5, canvas.left + canvas.width - 10)
        colour = rng.choice([PAPER, FILL, INK])
        canvas.paint((y, y + rng.integers(1, 9)), (x, x + rng.integers(1, 9)), colour)
        full, empty = (before == INK, canvas.numbers == INK), (before == PAPER, canvas.numbers == PAPER)
        pale = before == FILL, canvas.numbers == FILL
        if any((a[0] & b[1]).any() for a in (full, empty, pale) for b in (full, empty, pale) if a is not b):
            patches += 1
            assert refused_or_contradicted(canvas.png(), whole[1])


def refused_or_contradicted(picture, values):
    try:
        reading = read_boxplot(picture)
    except Unreadable as reason:
        return str(reason)
    return list(reading.contradictions(values, {}, (0, 3), Y))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (no_median, "no median|no edges or no medians|unexplained"),
        (no_fill, "not filled|no edges or no medians"),
        (no_boxes, "no boxes"),
        (no_axes, "no axes"),
        (no_cap, "unexplained|out of order"),
        (no_whisker, "unexplained"),
        (no_side, "unexplained"),
        (one_dark_pixel, "unexplained"),
        (one_pale_pixel, "unexplained"),
        (a_disc_in_the_box, "unexplained"),
        (a_larger_disc, "unexplained"),
        (a_grey_line_across, "grey ink"),
        (left_of_the_axis, "outside the axes"),
    ],
)
def test_the_reason_is_told(whole, fault, reason):
    canvas = Canvas(*whole)
    fault(canvas)
    with pytest.raises(Unreadable, match=reason):
        read_boxplot(canvas.png())


# Other pictures


def another_kind(name, seed):
    kind, rng = kinds()[name], np.random.default_rng(seed)
    plot = Plot(
        x=Axis(label="x", low=0, high=10),
        y=Axis(label="y", low=0, high=40),
        picture=PictureSpec(density=1 + seed % 2),
    )
    frame = Frame(kind, plot)
    while True:
        asked = kind.settle({f.name: round(rng.uniform(*f.usual) / f.step) * f.step for f in kind.features})
        if not kind.impossible(asked):
            with contextlib.suppress(UnsuitableDraw):
                return frame.picture(kind.snap(kind.plain(asked, rng), asked, plot, frame.area, rng).values, asked)


@pytest.mark.parametrize("name", ["scatter", "histogram"])
def test_other_kinds_are_no_box_plots(name):
    for seed in range(6):
        with pytest.raises(Unreadable):
            read_boxplot(another_kind(name, seed))


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (b"", "not a PNG"),
        (b"no picture at all", "not a PNG"),
        (png(Image.new("RGB", (300, 220), "white")), "no boxes"),
        (png(Image.new("RGB", (300, 220), "blue")), "no axes"),
        (png(Image.effect_noise((300, 220), 90).convert("RGB")), "no boxes"),
    ],
)
def test_refuses(picture, reason):
    with pytest.raises(Unreadable, match=reason):
        read_boxplot(picture)


def test_refuses_what_is_cut_short_or_has_other_colours(whole):
    with pytest.raises(Unreadable, match="cut short"):
        read_boxplot(whole[0][:-30])
    canvas = Canvas(*whole)
    image = Image.open(io.BytesIO(canvas.png())).convert("RGB")
    image.paste((200, 0, 0), (150, 90, 160, 100))
    with pytest.raises(Unreadable, match="colours"):
        read_boxplot(png(image))


def test_noise_is_refused(whole):
    """Random colours of the palette, everywhere and in parts."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        canvas = Canvas(*whole)
        top, left = rng.integers(0, 300), rng.integers(0, 400)
        part = canvas.numbers[top : top + rng.integers(20, 200), left : left + rng.integers(20, 300)]
        part[...] = rng.integers(0, 16, part.shape)
        with pytest.raises(Unreadable):
            read_boxplot(canvas.png())
