"""The reader of pictures, against pictures of an own painter and against those that students see."""

import contextlib
import io
import itertools
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import Plot
from plotbank.generator.kinds.scatter import KIND, framed, ringable
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec
from plotbank.proof import Unreadable
from plotbank.proof.png import metadata
from plotbank.proof.points import ScatterReading, read_scatter, read_scatters
from plotbank.proof.ticks import Tick, Ticks

SIZE = (300, 220)  # width and height of the hand-made pictures
LEFT, RIGHT, TOP, BOTTOM = 40, 290, 10, 190  # the ends of their axes
BLUE, INK = np.array([0, 114, 178]), np.array([38, 38, 38])
RADIUS = 7.0
X, Y = (0.0, 30.0), (0.0, 100.0)  # the ends of axes in data units
# Far from each other and from the middle, where the tests put what they are about.
ALONE = [(60, 30), (90, 165), (120, 40), (250, 30), (265, 150), (230, 170), (60, 120), (190, 25)]


def paint(centres, radius=RADIUS, axes=True, samples=8, also=None, shades=8, grey=()):
    """A PNG with discs of true areas: each pixel is sampled at `samples` ** 2 points, then rounded to shades.

    Each of `grey` is painted under the discs, rounded to sevenths of ink.
    """
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
    if grey:
        under = np.logical_or.reduce([of(x, y) for of in grey]).reshape(height, samples, width, samples)
        under = np.rint(under.mean(axis=(1, 3)) * 7) / 7
        rgb = np.where(cover[..., None] > 0, rgb, 255 + under[..., None] * (INK - 255))
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
    assert 0 < reading.uncertain(X, Y)["r"] < 0.001
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


# A line through the points, and a ring about one


def overlaid(seed, density=2, n=40, r=0.6, width=600, height=450):
    """A plot of students' data, and its frame."""
    plot = Plot(
        x=Axis(label="Study time (hours per week)", low=X[0], high=X[1]),
        y=Axis(label="Exam score", low=Y[0], high=Y[1]),
        picture=PictureSpec(width=width, height=height, density=density),
    )
    frame, rng = Frame(KIND, plot), np.random.default_rng(seed)
    condition = {"r": r, "n": n, "bend": 0.0, "fan": 0.0, "outliers": 0, "clusters": 1}
    while True:
        raw = KIND.plain(condition, rng)
        raw += rng.normal(0, 0.003, raw.shape)
        with contextlib.suppress(UnsuitableDraw):
            return frame, plot, KIND.snap(raw, condition, plot, frame.area, rng).values


SIZES = [(0.6, 1, 600, 450), (-0.9, 2, 600, 450), (0.0, 3, 400, 400), (0.95, 2, 320, 320), (-0.3, 1, 1000, 600)]


@pytest.mark.parametrize(("r", "density", "width", "height"), SIZES)
def test_the_line_is_measured(r, density, width, height):
    frame, plot, values = overlaid(1, density, 60, r, width, height)
    reading = read_scatter(frame.picture(values, {"line": 1.0}))
    known, measured = KIND.readings(values, {"line": 1.0}, plot), reading.measured(X, Y)

    assert measured["line_slope"] == pytest.approx(known["slope"], rel=0.0005, abs=0.0003)
    assert measured["line_intercept"] == pytest.approx(known["intercept"], abs=0.02)
    assert reading.n == 60
    assert reading.ring is None
    assert list(reading.contradictions(values, {"line": 1.0}, X, Y)) == []


@pytest.mark.parametrize(("r", "density", "width", "height"), SIZES)
@pytest.mark.parametrize("line", [False, True])
def test_the_ring_is_measured(r, density, width, height, line):
    frame, plot, values = overlaid(2, density, 30, r, width, height)
    for marked in ringable(values, plot, frame.area)[::9]:
        shown = {"marked": float(marked)} | ({"line": 1.0} if line else {})
        reading = read_scatter(frame.picture(values, shown))
        known, measured = KIND.readings(values, shown, plot), reading.measured(X, Y)

        assert reading.ring == pytest.approx(values[marked] / [30, 100], abs=0.0003)
        assert measured["x_marked"] == pytest.approx(known["x_marked"], abs=0.03)
        assert measured["y_marked"] == pytest.approx(known["y_marked"], abs=0.1)
        assert measured["r_without"] == pytest.approx(known["r_without"], abs=0.0005)
        assert bool(reading.line) == line
        assert list(reading.contradictions(values, shown, X, Y)) == []


def test_a_line_that_ends_inside_the_ring():
    frame, plot, values = overlaid(3, n=20, r=0.0)
    slope, intercept = np.polyfit(*values.T, 1)
    last = int(values[:, 0].argmax())
    values[last, 1] = intercept + slope * values[last, 0]  # nearly on the line
    shown = {"line": 1.0, "marked": float(last)}
    assert last in ringable(values, plot, frame.area)
    assert list(read_scatter(frame.picture(values, shown)).contradictions(values, shown, X, Y)) == []


def test_the_dots_ink_is_the_same_with_a_line_and_a_ring():
    frame, plot, values = overlaid(4, density=1)
    marked = float(ringable(values, plot, frame.area)[0])
    plain = read_scatter(frame.picture(values, {}))
    both = read_scatter(frame.picture(values, {"line": 1.0, "marked": marked}))
    assert np.array_equal(both.points, plain.points)
    assert np.array_equal(both.errors, plain.errors)


def test_what_is_measured_agrees_with_the_data():
    for seed, (n, r, outliers, clusters) in enumerate([(40, 0.6, 0, 1), (60, -0.8, 2, 1), (60, 0.3, 0, 2)]):
        rng = np.random.default_rng(seed)
        frame, plot, values = overlaid(seed, n=n, r=r)
        if outliers:
            values[:outliers] = [[2, 3], [28, 97]]
        if clusters == 2:
            one = np.array(list(itertools.product(range(5), range(6)))) * [1.6, 16] + rng.uniform(0, [0.8, 5], (30, 2))
            values = np.vstack([one + np.array([2, 5]), one + np.array([20, 8])])
        measured, known = read_scatter(frame.picture(values, {})).measured(X, Y), KIND.readings(values, {}, plot)
        assert set(measured) <= set(known)
        for name, value in measured.items():
            assert value == pytest.approx(known[name], rel=0.003, abs=0.003), name


def marked(low, high):
    """Marks at the ends of an axis."""
    return tuple(Tick(share=at, error=0.001, text=f"{end}", value=end) for at, end in ((0.0, low), (1.0, high)))


def reading_of(points, error=1.0, **options):
    """What a perfect reader finds, who is not sure of it."""
    points = np.asarray(points, float)
    return ScatterReading(
        n=len(points),
        r=np.corrcoef(points.T)[0, 1],
        points=points,
        errors=np.full(points.shape, error),
        line_covariance=error**2 * np.eye(2),
        ring_error=np.full(2, error),
        doubt=0,
        coarse=np.zeros(432, np.uint8),
        ticks=Ticks(x=marked(*X), y=marked(*Y)),
        **options,
    )


def test_measured_by_hand():
    # deviations (-2, -1, 0, 3) / 10 and (-1, 1, 0, 0) / 10: r = 1 / sqrt(14 * 2)
    points = np.array([[0.1, 0.1], [0.2, 0.3], [0.3, 0.2], [0.6, 0.2]])
    reading = reading_of(points, line=(0.1, 0.5), ring=(0.6, 0.2))
    measured = reading.measured((10, 20), (-1, 1))

    assert measured["r"] == pytest.approx(1 / 28**0.5)
    assert (measured["mean_x"], measured["mean_y"]) == pytest.approx((13, -0.6))
    assert measured["sd_x"] == pytest.approx((14 / 3) ** 0.5)
    assert measured["slope"] == pytest.approx(0.2 / 14)
    assert measured["intercept"] == pytest.approx(-0.6 - 13 * 0.2 / 14)
    assert measured["line_slope"] == pytest.approx(0.5 * 2 / 10)
    assert measured["line_intercept"] == pytest.approx(-1 + 0.1 * 2 - 0.1 * 10)
    assert (measured["x_marked"], measured["y_marked"]) == pytest.approx((16, -0.6))
    assert measured["r_without"] == pytest.approx(0.5)  # (-1, 0, 1) and (-1, 1, 0)
    assert measured["influence"] >= 0.5 - 1 / 28**0.5 - 1e-9


def test_a_group_between_outliers_and_clusters_is_neither():
    x, y = np.meshgrid(np.arange(6), np.arange(6))
    block = np.column_stack([x.ravel(), y.ravel()]) * 0.05
    four = [[0.9, 0.9], [0.95, 0.9], [0.9, 0.95], [0.95, 0.95]]
    measured = reading_of(np.vstack([block, four])).measured(X, Y)
    assert np.isnan([measured["outliers"], measured["clusters"], measured["gap"]]).all()
    measured = reading_of(np.vstack([block, four[:2]])).measured(X, Y)
    assert (measured["outliers"], measured["clusters"]) == (2, 1)
    assert reading_of(block + np.arange(36)[:, None] * 1e-6).measured(X, Y)["gap"] == np.inf


def line_of(values):
    """The least-squares line in shares of the axes."""
    slope, intercept = np.polyfit(*(values / [30, 100]).T, 1)
    return intercept, slope


@pytest.mark.parametrize(
    ("found", "shown", "message"),
    [
        ({}, {}, None),
        ({"line": (0, 0)}, {"line": 1.0}, None),
        ({"line": (0.0035, 0)}, {"line": 1.0}, None),
        ({"line": (0.0045, 0)}, {"line": 1.0}, "the line of the picture lies 0.5% of an axis from"),
        ({"line": (0, 0.01)}, {"line": 1.0}, "the line of the picture lies"),
        ({}, {"line": 1.0}, "the picture has no line, but one is asked for"),
        ({"line": (0, 0)}, {}, "the picture has a line, but none is asked for"),
        ({"line": (0, 0)}, {"line": 0.0}, "the picture has a line, but none is asked for"),
        ({"ring": 3}, {"marked": 3.0}, None),
        ({"ring": 0}, {"marked": 0.0}, None),
        ({"ring": 4}, {"marked": 3.0}, "of an axis from the point marked"),
        ({}, {"marked": 0.0}, "the picture has no ring, but a point is marked"),
        ({"ring": 0}, {}, "the picture has a ring about a point, but none is marked"),
    ],
)
def test_contradictions(found, shown, message):
    values = np.random.default_rng(0).uniform(2, 28, (20, 2)) * [1, 3.3]
    options = {}
    if "line" in found:
        options["line"] = tuple(np.add(line_of(values), found["line"]))
    if "ring" in found:
        options["ring"] = tuple(values[found["ring"]] / [30, 100])
    contradictions = list(reading_of(values / [30, 100], **options).contradictions(values, shown, X, Y))
    if message is None:
        assert contradictions == []
    else:
        [contradiction] = contradictions
        assert message in contradiction


def test_points_that_contradict_the_data():
    values = np.random.default_rng(0).uniform(2, 28, (20, 2)) * [1, 3.3]
    moved = values / [30, 100] + np.eye(20, 2) * 0.004
    assert list(reading_of(moved).contradictions(values, {}, X, Y)) == [
        "a point of the picture lies 0.4% of an axis from where the data put it"
    ]
    assert list(reading_of(moved[1:]).contradictions(values, {}, X, Y)) == [
        "the picture shows 19 points, but the data have 20"
    ]


def test_more_than_can_be_read_is_a_contradiction():
    values = np.random.default_rng(0).uniform(2, 28, (20, 2)) * [1, 3.3]
    shares = values / [30, 100]
    for step, found in ((5.5e-4, 0), (6.5e-4, 1)):  # six standard errors are what can be read
        moved = shares + np.eye(20, 2) * step
        assert len(list(reading_of(moved, error=1e-4).contradictions(values, {}, X, Y))) == found
        ring = tuple(shares[3] + [0, step])
        contradictions = reading_of(shares, error=1e-4, ring=ring).contradictions(values, {"marked": 3.0}, X, Y)
        assert len(list(contradictions)) == found
        line = tuple(np.add(line_of(values), (step, 0)))
        reading = replace(reading_of(shares, line=line), line_covariance=np.diag([1e-8, 0]))
        assert len(list(reading.contradictions(values, {"line": 1.0}, X, Y))) == found
    [message] = reading_of(moved, error=1e-4).contradictions(values, {}, X, Y)
    assert message == "a point of the picture lies 0.07% of an axis from where the data put it"


def test_a_point_moved_by_a_pixels_tenth_and_a_half_is_found():
    frame, _, values = overlaid(6, density=1)
    reading = read_scatter(frame.picture(values, {}))
    assert list(reading.contradictions(values, {}, X, Y)) == []
    values[7, 0] += 0.15 / frame.area[0] * 30
    [message] = reading.contradictions(values, {}, X, Y)
    assert message.startswith("a point of the picture lies 0.0")


def test_errors_are_of_the_size_of_standard_errors():
    scores: dict[str, list[float]] = {}
    for seed in range(5):
        frame, plot, values = overlaid(seed, density=1, n=30, r=0.5)
        shown = {"line": 1.0, "marked": float(ringable(values, plot, frame.area)[0])}
        reading = read_scatter(frame.picture(values, shown))
        known, measured, errors = KIND.readings(values, shown, plot), reading.measured(X, Y), reading.uncertain(X, Y)
        assert set(errors) == set(measured)
        assert not any(errors[name] for name in ("n", "outliers", "clusters"))
        wanted = values / [30, 100]
        nearest = np.abs(reading.points[:, None] - wanted).max(axis=2).argmin(axis=1)
        scores.setdefault("points", []).extend(((reading.points - wanted[nearest]) / reading.errors).ravel())
        for name in ("r", "slope", "intercept", "mean_x", "sd_y", "bend", "influence", "r_without", "x_marked"):
            scores.setdefault(name, []).append((measured[name] - known[name]) / errors[name])
        scores.setdefault("line", []).append((measured["line_slope"] - known["slope"]) / errors["line_slope"])
    for name, of in scores.items():
        assert 0.2 < np.sqrt(np.mean(np.square(of))) < 1.6, name


def test_errors_go_through_the_derivatives_of_what_is_measured():
    rng = np.random.default_rng(3)
    points = rng.uniform(0.1, 0.9, (12, 2))
    reading = reading_of(points, error=1e-6, line=(0.1, 0.5), ring=tuple(points[4]))
    errors = reading.uncertain((10, 20), (-1, 1))
    at = reading.measured((10, 20), (-1, 1))
    squared = dict.fromkeys(at, 0.0)
    for place in np.ndindex(points.shape):
        moved = points.copy()
        moved[place] += 1e-6
        after = reading_of(moved, ring=tuple(points[4])).measured((10, 20), (-1, 1))
        for name in set(after) & set(at):
            squared[name] += (after[name] - at[name]) ** 2
    names = ("r", "bend", "slope", "intercept", "mean_x", "mean_y", "sd_x", "sd_y", "influence", "r_without")
    for name in (*names, "x_marked", "y_marked"):
        assert errors[name] == pytest.approx(np.sqrt(squared[name]), rel=0.001), name
    # the line's: 1e-6 of its intercept and its slope, in shares
    assert errors["line_slope"] == pytest.approx(1e-6 * 2 / 10)
    assert errors["line_intercept"] == pytest.approx(np.hypot(1e-6 * 2, 10 * 1e-6 * 2 / 10))
    for name in ("gap", "seam"):
        assert not np.isfinite(at[name]) or errors[name] >= np.sqrt(squared[name]) * 0.5


def test_ranks_of_neighbours_nearer_than_their_errors_are_uncertain():
    points = np.column_stack([np.arange(10) / 10, np.arange(10)[::-1] / 10 + 0.001 * np.arange(10) ** 2])
    assert reading_of(points, error=1e-4).uncertain(X, Y)["rank_r"] < 1e-9
    points[5, 0] = points[4, 0] + 1e-6  # 10 in 990: what one change of places makes of 1 - 6 sum / (n^3 - n)
    assert reading_of(points, error=1e-4).uncertain(X, Y)["rank_r"] == pytest.approx(12 / 990 / np.sqrt(2), rel=0.01)


def test_a_line_of_other_data_and_a_ring_about_another_point_are_contradicted():
    frame, plot, values = overlaid(5)
    other = values.copy()
    other[0, 1] += 15
    reading = read_scatter(frame.picture(values, {"line": 1.0}))
    assert [text for text in reading.contradictions(other, {"line": 1.0}, X, Y) if text.startswith("the line")]
    one, another = ringable(values, plot, frame.area)[:2].tolist()
    reading = read_scatter(frame.picture(values, {"marked": one}))
    assert list(reading.contradictions(values, {"marked": one}, X, Y)) == []
    [message] = reading.contradictions(values, {"marked": another}, X, Y)
    assert message.startswith("the ring of the picture lies")


def straight(x, y, thickness=3.0):
    """A line under the hand-made points, from x = 55 to 275, that leaves paper around them."""
    distance = (y - 60 - 0.4 * (x - 55)) / np.hypot(1, 0.4)
    free = np.logical_and.reduce([np.hypot(x - cx, y - cy) > RADIUS + 2 for cx, cy in ALONE])
    return (np.abs(distance) < thickness / 2) & (x > 55) & (x < 275) & free


def ring(x, y, at=ALONE[1], radius=16.0):
    return np.abs(np.hypot(x - at[0], y - at[1]) - radius) < 1.5


def at_another_place(x, y):
    return ring(x, y, (155, 40))


def half(x, y):
    return ring(x, y) & (x > ALONE[1][0])


def gapped(x, y):
    return straight(x, y) & (np.abs(x - 140) > 4)


def second(x, y):
    return (np.abs(y - 180 + 0.3 * (x - 60)) < 1.5) & (x > 100) & (x < 225)


def dash(x, y):
    return (np.abs(y - 60) < 1.5) & (np.abs(x - 150) < 10)


def bent(x, y):
    return straight(x, y + np.maximum(x - 165, 0) * 0.1)


def speck(x, y):
    return (np.abs(y - 60) < 0.8) & (np.abs(x - 160) < 0.8)


def test_a_line_and_a_ring_of_an_own_painter():
    reading = read_scatter(paint(ALONE, grey=[straight, ring], samples=5))
    [point] = in_pixels(reading)[np.hypot(*(in_pixels(reading) - ALONE[1]).T) < 1]
    assert reading.ring == pytest.approx([(ALONE[1][0] - LEFT) / 250, (BOTTOM - ALONE[1][1]) / 180], abs=0.0005)
    intercept, slope = reading.line
    assert slope == pytest.approx(-0.4 * 250 / 180, rel=0.001)
    assert intercept == pytest.approx((BOTTOM - 60 + 0.4 * (55 - LEFT)) / 180, abs=0.001)
    assert reading.doubt < 0.25
    assert point == pytest.approx(ALONE[1], abs=0.05)


@pytest.mark.parametrize(
    ("grey", "reason"),
    [
        ([at_another_place], "a ring is about no dot"),
        ([half], "unexplained|about no dot"),
        ([ring, at_another_place], "unexplained|too little of a line|about no dot|neither a line nor a ring"),
        ([gapped], "grey ink unexplained"),
        ([straight, second], "unexplained|neither a line nor a ring"),
        ([straight, dash], "unexplained|neither a line nor a ring|about no dot"),
        ([bent], "unexplained|neither a line nor a ring"),
        ([dash], "neither a line nor a ring|unexplained|about no dot"),
        ([straight, speck], "grey ink unexplained"),
        ([speck], "grey ink unexplained"),
    ],
)
def test_grey_ink_that_is_neither_is_refused(grey, reason):
    with pytest.raises(Unreadable, match=reason):
        read_scatter(paint(ALONE, grey=grey, samples=4))


def test_the_uncertainty_is_of_the_size_of_the_error():
    scores = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        grid = np.array(list(itertools.product(range(60, 280, 30), range(30, 180, 25))), float)
        centres = rng.choice(grid, 20, replace=False) + rng.uniform(-4, 4, (20, 2))
        reading = read_scatter(paint(centres, samples=6))
        x, y = centres.T
        scores.append((reading.r - np.corrcoef(x, -y)[0, 1]) / reading.uncertain(X, Y)["r"])
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


def test_several_pictures_are_read_as_each_alone():
    """Of dots of other sizes, with clumps in the same places, and some that cannot be read, in any order."""
    petals = [(150 + 1.42 * RADIUS * np.cos(a), 90 + 1.42 * RADIUS * np.sin(a)) for a in np.arange(6) * np.pi / 3]
    pictures = [
        paint([*ALONE, (150, 90), (160, 91)]),
        b"no picture",
        paint([*ALONE, (150, 90), (157, 92)], radius=4.5),
        paint(ALONE[:2]),
        paint([*ALONE, *petals]),
        paint([]),
        paint([*ALONE[:3], (150, 90)], radius=10.5),
        paint([(60, 60), (67, 66), (150, 60), (157, 66), (200, 60), (207, 66)]),
        paint([*ALONE, (150, 90), *petals]),
    ]
    orders = np.stack(
        [np.arange(9), np.arange(9)[::-1], *np.random.default_rng(2).permuted([np.arange(9)] * 2, axis=1)]
    )
    alone = [read_scatters([picture])[0] for picture in pictures]
    assert [str(found) if isinstance(found, Unreadable) else found.n for found in alone] == [
        *(10, "this is not a PNG picture", 10, "the picture has fewer than three dots", 14, "the picture has no dots"),
        *(4, "no dot stands alone, so that the dots' size is not known", 15),
    ]
    for order in orders:
        for place, found in zip(order, read_scatters([pictures[k] for k in order]), strict=True):
            if isinstance(found, Unreadable):
                assert str(found) == str(alone[place])
            else:
                assert np.allclose(found.points, alone[place].points, rtol=0, atol=1e-10)
                assert np.allclose(found.errors, alone[place].errors, rtol=0, atol=1e-10)
                assert found.doubt == pytest.approx(alone[place].doubt, abs=1e-6)
    assert read_scatters([]) == []


def test_two_dots_in_one_place_are_one():
    # Nothing in the picture tells them: that they are never drawn is the generator's promise.
    assert read_scatter(paint([*ALONE, ALONE[0]])).n == len(ALONE)


def test_transparent_paper_is_white():
    opaque = Image.open(io.BytesIO(paint(ALONE)))
    pixels = np.asarray(opaque.convert("RGBA")).copy()
    pixels[(pixels == 255).all(axis=2)] = 0
    assert read_scatter(png(Image.fromarray(pixels))).n == len(ALONE)
