"""The reader of histograms, against pictures of an own painter and against those that students see."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import Plot, boxplot, histogram, scatter
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec
from plotbank.proof import Unreadable
from plotbank.proof.bars import BarReading, read_histogram
from plotbank.proof.ticks import Tick, Ticks

SIZE = (300, 220)  # width and height of the hand-made pictures
LEFT, RIGHT, TOP, BOTTOM = 40, 290, 10, 190  # the ends of their axes
BLUE, INK = np.array([0, 114, 178]), np.array([38, 38, 38])
COUNTS = [0, 4, 9, 17, 13, 13, 0, 6, 2, 1]
HIGHEST = 20  # the upper end of the axis of counts: 9 pixels for each value


def paint(counts, outline=2.4, shades=8, also=None, axes=True, colour=BLUE, ends=None, fill=0.5):
    """A PNG of bars with true areas: each pixel is sampled at 64 points, then rounded to shades.

    `ends` puts other edges than equal ones at the sides of each bar, in pixels.
    """
    width, height = SIZE
    x = (np.arange(width * 8) + 0.5) / 8
    y = ((np.arange(height * 8) + 0.5) / 8)[:, None]
    ink = np.zeros((height * 8, width * 8))
    edges = np.linspace(LEFT, RIGHT, len(counts) + 1)
    for place, (count, (left, right)) in enumerate(zip(counts, itertools.pairwise(edges), strict=True)):
        if not count:
            continue
        left, right = (ends or {}).get(place, (left, right))
        across = slice(int(8 * (left - outline)), int(8 * (right + outline)))  # where the bar is
        down = slice(max(0, int(8 * (BOTTOM - count / HIGHEST * (BOTTOM - TOP) - outline))), 8 * BOTTOM)
        from_side = np.minimum(x[across] - left, right - x[across])
        inside = np.minimum(from_side, y[down] - (BOTTOM - count / HIGHEST * (BOTTOM - TOP)))
        part = ink[down, across]
        np.maximum(part, np.where(np.abs(inside) < outline / 2, 1, np.where(inside > 0, fill, 0)), out=part)
    ink[:, x < LEFT + 1] = ink[y[:, 0] > BOTTOM - 1] = 0  # not over the lines of the axes
    if also is not None:
        ink[also(x, y)] = 1
    cover = np.rint(ink.reshape(height, 8, width, 8).mean(axis=(1, 3)) * shades) / shades
    rgb = 255 + cover[..., None] * (colour - 255)
    if axes:  # two pixels thick, ends projecting by one
        rgb[TOP - 1 : BOTTOM + 1, LEFT - 1 : LEFT + 1] = INK
        rgb[BOTTOM - 1 : BOTTOM + 1, LEFT - 1 : RIGHT + 1] = INK
    return png(Image.fromarray(np.rint(rgb).astype(np.uint8)))


def png(image):
    out = io.BytesIO()
    image.save(out, "png")
    return out.getvalue()


def counted(picture, x=(0, 1), highest=HIGHEST):
    """The counts read from a picture."""
    reading = read_histogram(picture)
    measured = reading.measured(x, (0, highest))
    return [measured[f"count_{k}"] for k in range(1, reading.bins + 1)]


def check(counts, **options):
    assert counted(paint(counts, **options)) == counts


def test_bars_are_counted():
    check(COUNTS)
    reading = read_histogram(paint(COUNTS))
    assert reading.heights == pytest.approx(np.array(COUNTS) / HIGHEST, abs=0.1 / (BOTTOM - TOP))
    assert 0 < reading.uncertainty < 0.1 / (BOTTOM - TOP)


@pytest.mark.parametrize("outline", [1.0, 1.7, 2.4, 3.6])
@pytest.mark.parametrize("shades", [8, 64])
def test_any_outline_and_fineness_are_found_from_the_picture(outline, shades):
    check(COUNTS, outline=outline, shades=shades)


def test_any_colour():
    check(COUNTS, colour=np.array([0, 130, 60]))


@pytest.mark.parametrize("bins", range(2, 17))
def test_the_number_of_bins_follows_from_the_bars_widths(bins):
    alone = [0] * bins
    alone[bins // 3] = 7
    check(alone)
    check([5] * bins)
    check([1 + k % 2 for k in range(bins)])


@pytest.mark.parametrize(
    "counts",
    [
        [0, 0, 0, 4, 5, 3, 0, 0],
        [4, 0, 0, 0, 0, 0, 0, 5],
        [3, 3, 3, 3, 0, 3, 3, 3],
        [1, 1, 0, 1, 2, 1, 20, 20],
        [0, 1, 0, 1, 0, 1, 0, 1],
    ],
    ids=str,
)
def test_empty_bins_and_equal_neighbours(counts):
    check(counts)


def test_a_height_between_two_pixels_is_measured():
    heights = [read_histogram(paint([0, 3 + step / 9, 8, 8])).heights[1] for step in (0, 0.25, 0.5, 0.75)]
    in_pixels = np.array(heights) * (BOTTOM - TOP)
    assert in_pixels == pytest.approx([27, 27.25, 27.5, 27.75], abs=0.06)


def test_the_uncertainty_is_of_the_size_of_the_error():
    rng = np.random.default_rng(2)
    scores = []
    for _ in range(12):
        counts = rng.uniform(1, 19, 8)
        reading = read_histogram(paint(counts))
        scores.extend((np.array(reading.heights) - counts / HIGHEST) / reading.uncertainty)
    assert 0.4 < np.sqrt(np.mean(np.square(scores))) < 2


# What students see


def drawn(counts, x=(0.0, 30.0), y=None, **picture):
    """A picture as students see it, the data in it and its plot."""
    y = y or max(2, round(1.2 * max(counts)))
    plot = Plot(
        x=Axis(label="Study time (hours per week)", low=x[0], high=x[1]),
        y=Axis(label="Students", low=0, high=y),
        picture=PictureSpec(**picture),
    )
    middles = x[0] + (x[1] - x[0]) * (np.arange(len(counts)) + 0.5) / len(counts)
    values = np.repeat(middles, counts)[:, None]
    shown = {"bins": float(len(counts))}
    return Frame(histogram.KIND, plot, len(counts)).picture(values, shown), values, plot


def some_counts(rng):
    """Counts of any shape: even or lopsided, with empty bins at either end and inside, with equal neighbours."""
    bins = int(rng.integers(6, 17))
    counts = rng.multinomial(int(rng.integers(30, 201)), rng.dirichlet(np.full(bins, rng.choice([0.3, 1, 5]))))
    for part in (slice(0, 2), slice(-1, None), slice(bins // 2, bins // 2 + 1)):
        if rng.random() < 0.3:
            counts[part] = 0
    if rng.random() < 0.3:
        counts[1:4] = counts[1]
    counts[int(rng.integers(bins))] += 1
    return counts.tolist()


@pytest.mark.parametrize("seed", range(40))
def test_what_students_see(seed):
    """No count is wrong, and no picture refused: of a thousand none was."""
    rng = np.random.default_rng(seed)
    counts, (width, height) = some_counts(rng), rng.integers(300, 1201, 2).tolist()
    density = int(rng.integers(1, 4)) if width * height < 400_000 else 1
    x = (0.0, 30.0) if rng.random() < 0.5 else (-20.0, 20.0)
    picture, values, plot = drawn(counts, x, width=width, height=height, density=density)
    reading = read_histogram(picture)
    ends = (0.0, plot.y.high)

    assert counted(picture, x, plot.y.high) == counts
    assert list(reading.contradictions(values, {"bins": len(counts)}, x, ends)) == []
    measured, known = (reading.measured(x, ends), histogram.KIND.readings(values, {"bins": len(counts)}, plot))
    assert set(measured) <= set(known)
    assert measured == pytest.approx({name: known[name] for name in measured}, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("density", [1, 2, 3])
def test_two_hundred_values_in_the_smallest_picture(density):
    counts = [1, 60, 138, 0, 0, 1]
    picture, *_ = drawn(counts, y=140, width=300, height=300, density=density)
    assert counted(picture, highest=140) == counts


def test_a_bar_as_high_as_the_axis():
    counts = [3, 12, 40, 20, 2, 2]
    assert counted(drawn(counts, y=40)[0], highest=40) == counts


def test_fast_enough():
    """A hundred pictures a second on a quiet machine; here only that nothing takes ten times as long."""
    from time import process_time

    picture, *_ = drawn([2, 9, 14, 30, 22, 20, 11, 5, 0, 1])
    start = process_time()
    for _ in range(10):
        read_histogram(picture)
    assert process_time() - start < 1


# What is measured


def marked(low, high):
    """Marks at the ends of an axis."""
    return tuple(Tick(share=at, error=0.001, text=f"{end}", value=end) for at, end in ((0.0, low), (1.0, high)))


def reading(counts, highest=HIGHEST, uncertainty=0.0005):
    return BarReading(
        bins=len(counts),
        heights=tuple(np.array(counts) / highest),
        uncertainty=uncertainty,
        coarse=np.zeros(432, np.uint8),
        ticks=Ticks(x=marked(0, 4), y=marked(0, highest)),
    )


def test_measured_by_hand():
    # middles 5, 15, 25, 35: mean (10 + 75 + 50 + 35) / 10 = 17
    measured = reading([2, 5, 2, 1]).measured((0, 40), (0, HIGHEST))
    assert (measured["n"], measured["bins"], measured["bin_width"]) == (10, 4, 10)
    assert [measured[f"count_{k}"] for k in (1, 2, 3, 4, 5, 16)] == [2, 5, 2, 1, 0, 0]
    assert (measured["tallest"], measured["tallest_count"], measured["tallest_margin"]) == (2, 5, 3)
    assert (measured["tallest_low"], measured["tallest_high"]) == (10, 20)
    assert measured["grouped_mean"] == pytest.approx(17)
    assert measured["grouped_median"] == pytest.approx(10 + (5 - 2) / 5 * 10)
    assert measured["grouped_sd"] == pytest.approx(((2 * 144 + 5 * 4 + 2 * 64 + 324) / 9) ** 0.5)
    assert set(reading([2, 5, 2, 1]).uncertain((0, 40), (0, HIGHEST)).values()) == {0}  # counts are whole numbers
    assert measured["grouped_skew"] == pytest.approx((-2 * 1728 - 5 * 8 + 2 * 512 + 5832) / 10 / 76**1.5)


def test_the_median_on_an_edge():
    assert reading([2, 3, 0, 4, 1]).measured((0, 5), (0, HIGHEST))["grouped_median"] == 2


@pytest.mark.parametrize(
    ("counts", "modes", "margin"),
    [
        ([1, 5, 10, 5, 1], 1, 7 / 3),  # prominence 10, limit 3
        ([1, 10, 4, 10, 1], 2, 1),  # the left peak counts as the taller: 10 and 6
        ([1, 10, 8, 10, 1], 1, 1 / 3),
        ([9, 1, 6, 1, 20], 2, 1 / 6),  # limit 6: prominences 8, 5 and 20
        ([20, 16, 18, 2, 10, 0], 2, 1 / 3),  # 20, 2 and 8
        ([0, 5, 5, 5, 0], 1, 2 / 3),
    ],
)
def test_modes_by_hand(counts, modes, margin):
    measured = reading(counts).measured((0, 1), (0, HIGHEST))
    assert (measured["modes"], measured["mode_margin"]) == (modes, pytest.approx(margin))


def test_empty_bins_are_those_between_others():
    assert reading([0, 0, 3, 0, 0, 2, 0]).measured((0, 1), (0, HIGHEST))["empty"] == 2


@pytest.mark.parametrize(
    ("heights", "y", "uncertainty", "reason"),
    [
        ([2, 5.3, 2], (0, HIGHEST), 0.005, "bar 2 shows 5.30 values, which is no whole number"),
        ([2, 5.1, 2], (0, HIGHEST), 0.0005, "bar 2 shows 5.10 values"),
        ([2, 5, 2], (0, HIGHEST), 0.02, "too low for one value more or less"),
        ([2, 5, 2], (5, HIGHEST), 0.0005, "begins at 5"),
    ],
)
def test_no_counts(heights, y, uncertainty, reason):
    with pytest.raises(Unreadable, match=reason):
        reading(heights, uncertainty=uncertainty).measured((0, 1), y)


def test_contradictions():
    values = np.repeat([0.5, 1.5, 2.5, 3.5], [2, 5, 2, 1])[:, None]
    told = {"bins": 4.0}
    x, y = (0, 4), (0, HIGHEST)

    assert list(reading([2, 5, 2, 1]).contradictions(values, told, x, y)) == []
    assert list(reading([2, 4, 3, 1]).contradictions(values, told, x, y)) == [
        "bar 2 of the picture shows 4.0 values, but the data have 5 there",
        "bar 3 of the picture shows 3.0 values, but the data have 2 there",
    ]
    assert list(reading([2, 5, 2, 1, 0]).contradictions(values, told, x, y)) == [
        "the picture shows 5 bins, but the data are counted in 4"
    ]
    assert list(reading([2, 5.05, 2, 1]).contradictions(values, told, x, y)) == []  # six standard errors are 0.06
    assert list(reading([2, 5.07, 2, 1]).contradictions(values, told, x, y)) == [
        "bar 2 of the picture shows 5.1 values, but the data have 5 there"
    ]
    assert list(reading([2, 5.21, 2, 1], uncertainty=0.01).contradictions(values, told, x, y)) == [
        "bar 2 of the picture shows 5.2 values, but the data have 5 there"
    ]
    assert list(reading([2, 5, 2, 1]).contradictions(values, told, x, (0, 21)))[:1] == [
        "the y axis is labelled '20' where 21 belongs"
    ]
    beyond = np.append(values, [[9.0]], axis=0)
    assert list(reading([2, 5, 2, 1]).contradictions(beyond, told, x, y)) == [
        "1 values lie beyond the ends of the x axis"
    ]


# Faults


@pytest.mark.parametrize("place", [1, 3, 9])
@pytest.mark.parametrize("by", [-1, 1])
def test_one_value_more_or_less_is_seen(place, by):
    counts = COUNTS.copy()
    counts[place] += by
    values = np.repeat(np.arange(10) + 0.5, COUNTS)[:, None]
    found = list(read_histogram(paint(counts)).contradictions(values, {"bins": 10}, (0, 10), (0, HIGHEST)))
    assert found == [
        "the x axis has 0 marks, too few to be read",  # nobody painted them
        "the y axis has 0 marks, too few to be read",
        f"bar {place + 1} of the picture shows {counts[place]}.0 values, but the data have {COUNTS[place]} there",
    ]


def column(x, y):
    return (np.abs(x - 52) < 2) & (y > 60) & (y < 100)


def speck(x, y):
    return (np.abs(x - 52) < 0.6) & (np.abs(y - 60) < 0.6)


def above(x, y):
    return (np.abs(x - 150) < 10) & (y < 6)


def beyond(x, y):
    return (x > 296) & (y > 150) & (y < 170)


def below(x, y):
    return (np.abs(x - 150) < 10) & (y > 205)


def gap(x, y):
    return (np.abs(x - 128) < 0.6) & (y > 40) & (y < 189)


def in_grey():
    image = Image.open(io.BytesIO(paint(COUNTS)))
    image.paste((100, 100, 100), (50, 60, 60, 62))
    return png(image)


def in_red():
    image = Image.open(io.BytesIO(paint(COUNTS)))
    image.paste((200, 0, 0), (50, 60, 60, 70))
    return png(image)


def noisy():
    levels = np.random.default_rng(0).integers(-3, 4, (*reversed(SIZE), 3))
    return png(
        Image.fromarray((np.asarray(Image.open(io.BytesIO(paint(COUNTS)))) + levels).clip(0, 255).astype(np.uint8))
    )


def cut(box):
    image = Image.open(io.BytesIO(paint(COUNTS)))
    image.paste((255, 255, 255), box)
    return png(image)


def shaded(box):
    image = Image.open(io.BytesIO(paint(COUNTS)))
    image.paste(tuple(int(level) for level in 255 + 0.625 * (BLUE - 255)), box)
    return png(image)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (lambda: b"", "not a PNG"),
        (lambda: b"no picture at all", "not a PNG"),
        (lambda: paint(COUNTS)[:-30], "cut short"),
        (lambda: png(Image.new("RGB", SIZE, "white")), "no bars"),
        (lambda: png(Image.new("RGB", SIZE, "black")), "no bars"),
        (lambda: png(Image.new("RGB", SIZE, (0, 114, 178))), "no axes"),
        (lambda: paint([0, 0, 0]), "no bars"),
        (lambda: paint(COUNTS, axes=False), "no axes"),
        (lambda: paint(COUNTS, ends={3: (116, 141)}), "parts of the whole x axis|unexplained"),  # a pixel to the right
        (lambda: paint([0, 0, 0, 17, 0, 0, 0, 0, 0, 0], ends={3: (118, 143)}), "parts of the whole x axis|unexplained"),
        (lambda: paint(COUNTS, ends={3: (115, 139)}), "unexplained"),  # narrower
        (lambda: paint(COUNTS, fill=1.0), "colours|unexplained"),
        (lambda: paint(COUNTS, fill=0.75), "unexplained"),
        (lambda: paint(COUNTS, also=column), "parts of the whole x axis|unexplained"),
        (lambda: paint(COUNTS, also=speck), "parts of the whole x axis|unexplained"),
        (lambda: paint(COUNTS, also=above), "above the y axis or below the x axis"),
        (lambda: paint(COUNTS, also=below), "above the y axis or below the x axis"),
        (lambda: paint(COUNTS, also=beyond), "beyond the ends of the x axis"),
        (lambda: paint(COUNTS, also=gap), "."),
        (lambda: paint([2, 22, 3]), "above the y axis"),
        (lambda: in_grey(), "parts of the whole x axis|unexplained"),
        (lambda: in_red(), "colours"),
        (lambda: noisy(), "colours, more than"),
        (lambda: cut((LEFT + 1, BOTTOM - 10, RIGHT + 4, BOTTOM - 1)), "no bars stand on the x axis"),
        (lambda: cut((120, 150, 136, BOTTOM - 1)), "."),
        (lambda: cut((115, 110, 140, 115)), "."),
        (lambda: shaded((120, 100, 130, 110)), "parts of the whole x axis"),
        (lambda: shaded((115, 100, 140, 110)), "unexplained"),
    ],
)
def test_refuses(picture, reason):
    with pytest.raises(Unreadable, match=reason):
        read_histogram(picture())


def test_a_bar_taken_away_is_contradicted():
    values = np.repeat(np.arange(10) + 0.5, COUNTS)[:, None]
    left = read_histogram(paint([*COUNTS[:-1], 0]))
    assert [
        message for message in left.contradictions(values, {"bins": 10}, (0, 10), (0, HIGHEST)) if "bar 10" in message
    ]


def test_other_kinds_of_plots_are_refused():
    plot = Plot(x=Axis(label="x", low=0, high=1), y=Axis(label="y", low=0, high=1), picture=PictureSpec())
    rng = np.random.default_rng(0)
    points = Frame(scatter.KIND, plot).picture(rng.uniform(0.1, 0.9, (40, 2)), {})
    groups = {"groups": 2.0} | {
        f"{name}{slot}": value
        for slot in range(1, 5)
        for name, value in (("n", 30), ("median", 0.5), ("iqr", 0.2), ("skew", 0.0), ("lower", 0.8), ("upper", 1.0),
                            ("outliers", 0))
    }  # fmt: skip
    asked = boxplot.KIND.settle(groups)
    grouped = Plot(x=Axis(label="x", low=0, high=2, categories=("A", "B")), y=plot.y, picture=PictureSpec())
    frame = Frame(boxplot.KIND, grouped)
    for _ in range(300):
        try:
            values = boxplot.KIND.snap(boxplot.KIND.plain(asked, rng), asked, grouped, frame.area, rng).values
            break
        except UnsuitableDraw:
            continue
    for picture in (points, frame.picture(values, asked)):
        with pytest.raises(Unreadable):
            read_histogram(picture)


def test_every_pixel_counts():
    """A pixel changed by a third of its ink anywhere in or about the bars is refused, or the counts stay the same."""
    whole = np.asarray(Image.open(io.BytesIO(paint(COUNTS)))).astype(float)
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(60):
        changed = whole.copy()
        row, place = int(rng.integers(TOP, BOTTOM - 1)), int(rng.integers(LEFT + 1, RIGHT))
        cover = (255 - changed[row, place, 0]) / 255
        changed[row, place] = 255 + (cover + (0.375 if cover < 0.6 else -0.375)) * (BLUE - 255)
        try:
            assert counted(png(Image.fromarray(np.rint(changed).astype(np.uint8)))) == COUNTS
        except Unreadable:
            refused += 1
    assert refused >= 57
