"""Snap, readings and distinctness of scatter plots, against numbers worked by hand or by numpy."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import UNIT, Plot, inexact, precision
from plotbank.generator.kinds.scatter import (
    KIND,
    SEPARATION,
    correlation,
    framed,
    part,
    regrouped,
    ringable,
)
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec

PLOT = Plot(
    x=Axis(label="x", low=0, high=30), y=Axis(label="y", low=-50, high=100), picture=PictureSpec(width=600, height=450)
)
AREA = (500.0, 350.0)


def wanted(r=0.5, n=40, bend=0.0, fan=0.0, outliers=0, clusters=1):
    return {"r": r, "n": n, "bend": bend, "fan": fan, "outliers": outliers, "clusters": clusters}


def snapped(condition, seed=0, plot=PLOT):
    """The first of fifty plain draws that keeps r, n, bend and fan."""
    for attempt in range(50):
        rng = np.random.default_rng([seed, attempt])
        raw = KIND.plain(condition, rng)
        try:
            result = KIND.snap(raw + rng.normal(0, 0.005, raw.shape), condition, plot, AREA, rng)
        except UnsuitableDraw:
            continue
        if not set(inexact(KIND, KIND.readings(result.values, condition, plot), condition)) - {"outliers", "clusters"}:
            return result
    raise AssertionError("fifty draws were refused")


def readings(points):
    return KIND.readings(np.asarray(points, dtype=float), {}, UNIT)


def grid(columns, rows, corner=(0.0, 0.0), step=0.05):
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    return np.column_stack([x.ravel(), y.ravel()]) * step + corner


def test_correlation_by_hand():
    # deviations (-1, 0, 1) and (-1, 1, 0): r = 1 / sqrt(2 * 2)
    assert correlation(np.array([[1.0, 10], [2, 12], [3, 11]])) == pytest.approx(0.5)


def test_bend_by_hand():
    """x = -1, 0, 1 (twice, with noise that cancels) and y = x^2: no correlation with x, all of it with the parabola."""
    points = [[-1, 1], [0, 0], [1, 1], [-1, 1.0], [0, 0.0], [1, 1.0]]
    read = readings(points)
    assert read["r"] == pytest.approx(0, abs=1e-12)
    assert read["bend"] == pytest.approx(1)
    assert readings([[x, -y] for x, y in points])["bend"] == pytest.approx(-1)


def test_bend_and_r_are_the_two_parts_of_a_quadratic_regression():
    rng = np.random.default_rng(3)
    x = rng.normal(size=60)
    y = 0.5 * x + 0.4 * x**2 + rng.normal(size=60)
    design = np.column_stack([np.ones(60), x, x**2])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    read = readings(np.column_stack([x, y]))
    assert read["r"] ** 2 + read["bend"] ** 2 == pytest.approx(1 - residual.var() / y.var())
    assert read["fan"] == pytest.approx(np.corrcoef(x, np.abs(residual))[0, 1])


def test_bend_does_not_mind_the_units():
    points = np.random.default_rng(0).normal(size=(30, 2))
    first, second = readings(points), readings(points * [7, 0.1] + [100, -3])
    assert all(first[name] == pytest.approx(second[name]) for name in ("r", "bend", "fan", "outliers", "clusters"))


def test_one_block_is_one_cluster():
    read = readings(grid(6, 6, step=0.2))
    assert (read["clusters"], read["outliers"], read["gap"]) == (1, 0, np.inf)


def test_two_blocks_are_two_clusters_and_a_far_point_is_an_outlier():
    blocks = np.vstack([grid(5, 5), grid(5, 5, corner=(0.8, 0.8))])  # from 0 to 0.2 and from 0.8 to 1
    read = readings(blocks)
    assert (read["clusters"], read["outliers"]) == (2, 0)
    # corner to corner 0.6 sqrt 2; neighbours are 0.05 apart: groups part at 4 x 0.05 = 0.2
    assert read["gap"] == pytest.approx(0.6 * 2**0.5 / 0.2)
    alone = readings(np.vstack([blocks, [[0.0, 1.0]]]))
    assert (alone["clusters"], alone["outliers"]) == (2, 1)


def test_a_ragged_edge_is_no_outlier():
    """0.22 away from the block: further than what parts groups (0.2), nearer than what makes an outlier (0.25)."""
    frame = [[0.0, 0.0], [1.0, 1.0]]
    block = grid(21, 21)
    assert readings(np.vstack([block * 0.7, [[0.7 + 0.22, 0.3]], frame]))["outliers"] in (1, 2)
    dense = np.vstack([grid(15, 21), [[0.7 + 0.22, 0.5]]])
    assert readings(np.vstack([dense, [[0.7, 0.0]]]) / [0.92, 1])["clusters"] == 1


def test_a_group_that_is_neither_cluster_nor_outliers_is_nothing():
    """Four points aside of sixty: too many for outliers, too few for a cluster."""
    read = readings(np.vstack([grid(10, 6), grid(2, 2, corner=(0.95, 0.95))]))
    assert np.isnan(read["clusters"])
    assert inexact(KIND, dict(read) | {"n": 64}, wanted(n=64))


@given(
    n=st.integers(15, 100),
    r=st.floats(-0.9, 0.9),
    bend=st.floats(-0.4, 0.4),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=60, deadline=None)
def test_the_snap_makes_r_and_bend_exact_and_keeps_x_and_the_spread_of_y(n, r, bend, seed):
    points = 0.4 + 0.2 * framed(np.random.default_rng(seed).normal(size=(n, 2)))
    try:
        moved = KIND._exact(points, wanted(r, n, bend))
    except UnsuitableDraw:
        return
    read = readings(moved)
    assert read["r"] == pytest.approx(r, abs=1e-9)
    assert read["bend"] == pytest.approx(bend, abs=1e-9)
    assert moved[:, 0] == pytest.approx(points[:, 0])
    assert moved[:, 1].mean() == pytest.approx(points[:, 1].mean())
    assert moved[:, 1].std() == pytest.approx(points[:, 1].std())


def test_a_plot_that_leaves_the_frame_is_drawn_together_which_changes_no_correlation():
    points = framed(np.random.default_rng(2).normal(size=(40, 2)))
    read = readings(points)
    moved = KIND._exact(points, wanted(0.3, 40, 0.2))
    assert moved.min() == pytest.approx(0.012)
    assert moved.max() == pytest.approx(0.988)
    assert readings(moved)["r"] == pytest.approx(0.3)
    assert readings(moved)["bend"] == pytest.approx(0.2)
    assert read["r"] != pytest.approx(0.3)


def test_the_snap_leaves_alone_what_is_right():
    rng = np.random.default_rng(0)
    points = 0.1 + 0.8 * framed(rng.normal(size=(50, 2)))
    read = readings(points)
    condition = wanted(n=50) | {name: read[name] for name in ("r", "bend", "fan")}
    assert KIND._exact(points, condition) == pytest.approx(points, abs=1e-12)


@pytest.mark.parametrize("line", [[[0, 0], [1, 1], [2, 2]], [[1, 0], [1, 1], [1, 5]]])
def test_points_on_a_line_are_refused(line):
    with pytest.raises(UnsuitableDraw, match="on a line"):
        KIND._exact(np.array(line, dtype=float), wanted())


def test_points_on_a_curve_are_refused():
    x = np.linspace(-1, 1, 20)
    with pytest.raises(UnsuitableDraw, match="on a curve"):
        KIND._exact(np.column_stack([x, x**2]), wanted())


def test_part_leaves_points_alone_that_are_apart():
    points = np.array([[0.1, 0.1], [0.9, 0.9]])

    assert part(points, np.array([500.0, 400.0]), 5.0) is points


def test_part_pushes_two_coinciding_points_apart_equally():
    points = np.array([[0.5, 0.5], [0.5, 0.5], [0.9, 0.9]])
    moved = part(points, np.array([100.0, 100.0]), 5.0)

    assert np.hypot(*((moved[1] - moved[0]) * 100)) >= 5.0
    assert moved[:2].mean(axis=0) == pytest.approx([0.5, 0.5])
    assert moved[2] == pytest.approx([0.9, 0.9])


@pytest.mark.parametrize("n", [15, 40, 100])
@pytest.mark.parametrize(
    ("r", "bend", "fan"), [(-0.95, 0, 0), (-0.5, 0.3, 0), (0.0, -0.7, 0.3), (0.3, 0, -0.5), (0.9, 0.2, 0)]
)
def test_snapped_data_keep_every_promise(n, r, bend, fan):
    result = snapped(wanted(r, n, bend, fan))
    values = result.values
    read = KIND.readings(values, {}, PLOT)

    assert values.shape == (n, 2)
    assert abs(np.corrcoef(values.T)[0, 1] - r) <= 0.0005
    assert abs(read["bend"] - bend) <= 0.005
    assert abs(read["fan"] - fan) <= 0.1
    assert (values == np.round(values, 2)).all()
    share = (values - [0, -50]) / [30, 150]
    assert share.min() > 0.005
    assert share.max() < 0.995
    pixels = share * AREA
    distance = np.hypot(*(pixels[:, None] - pixels[None]).transpose(2, 0, 1))[np.triu_indices(n, 1)]
    assert distance.min() > 0.97 * SEPARATION
    assert 0 <= result.displacement <= 0.05


def test_a_snap_that_would_move_points_too_far_is_refused():
    raw = KIND.plain(wanted(-0.8), np.random.default_rng(1))
    with pytest.raises(UnsuitableDraw):
        KIND.snap(raw, wanted(0.8), PLOT, AREA, np.random.default_rng(0))


def test_an_outlier_too_near_is_pushed_away_and_a_loose_point_pulled_in():
    """Neighbours in the block are 0.05 apart: an outlier is 5 x 0.05 = 0.25 from it (in shares of the data's frame)."""
    block = grid(15, 21)  # 0.7 wide
    near, loose = [0.0 - 0.24, 0.5], [0.7 + 0.27, 0.5]
    points = np.vstack([[near], block, [loose]])
    moved = regrouped(points, 1)
    assert moved[0, 0] < near[0]
    assert moved[-1, 0] < loose[0]
    assert np.array_equal(moved[1:-1], block)
    assert regrouped(block, 0) is block


def test_points_too_crowded_are_refused():
    rng = np.random.default_rng(0)
    crowd = np.vstack([[[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]], 0.5 + 0.001 * rng.standard_normal((97, 2))])
    with pytest.raises(UnsuitableDraw):
        KIND.snap(crowd, wanted(0.1, 100), PLOT, AREA, rng)


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (wanted(r=0.8, bend=0.6), "r = 0.8 and bend = 0.6 together leave no scatter"),
        (wanted(n=20, clusters=3), "3 clusters need at least 21 points"),
        (wanted(), ""),
    ],
)
def test_impossible_conditions_are_named(condition, reason):
    assert KIND.impossible(condition) == reason


def test_readings_agree_with_numpy():
    values = snapped(wanted(0.7, 50)).values
    slope, intercept = np.polyfit(values[:, 0], values[:, 1], 1)
    read = KIND.readings(values, {}, PLOT)

    assert read["r"] == pytest.approx(np.corrcoef(values.T)[0, 1])
    assert read["slope"] == pytest.approx(slope)
    assert read["intercept"] == pytest.approx(intercept)
    assert read["n"] == 50
    assert read["sd_x"] == pytest.approx(values[:, 0].std(ddof=1))
    assert read["mean_y"] == pytest.approx(values[:, 1].mean())


def test_influence_and_rank_correlation_agree_with_recomputing():
    values = snapped(wanted(0.6, 40), seed=3).values + np.arange(40)[:, None] * 1e-7  # no ties
    without = [np.corrcoef(np.delete(values, i, axis=0).T)[0, 1] for i in range(40)]
    ranks = np.array([[(values[:, k] < v).sum() for v in values[:, k]] for k in (0, 1)])
    read = KIND.readings(values, {}, PLOT)

    assert read["influence"] == pytest.approx(max(abs(r - read["r"]) for r in without))
    assert read["rank_r"] == pytest.approx(np.corrcoef(ranks)[0, 1])


def test_the_same_points_in_another_order_are_not_distinct():
    values = snapped(wanted(0.5, 30)).values
    other = values.copy()
    other[0, 0] += 0.01

    assert KIND.distinct(values) == KIND.distinct(values[::-1])
    assert KIND.distinct(values) != KIND.distinct(other)


def test_real_plots_have_the_features_that_they_are_said_to_have():
    datasets = pytest.importorskip("sklearn.datasets")
    from plotbank.generator.tables import Table

    iris = datasets.load_iris()
    table = Table(name="iris", columns=("a", "b", "c", "d"), values=iris.data, classes=iris.target.astype(np.int64))
    rng = np.random.default_rng(0)
    real = [plot for _ in range(300) if (plot := KIND.real(table, rng)) is not None]
    assert len(real) > 100
    for plot in real:
        points = KIND.values(plot.data, plot.condition)
        read = KIND.readings(points, plot.condition, UNIT)
        assert {name: read[name] for name in plot.condition} == pytest.approx(plot.condition)
        assert (points.min(), points.max()) == (0, 1)
        assert not plot.data[len(points) :].any()
        assert len(np.unique(points, axis=0)) == len(points)
        assert 0 <= KIND.cell(plot.condition) < KIND.cells
        assert KIND.describe(plot.data, plot.condition).shape == (len(KIND.descriptors),)
    assert {plot.condition["clusters"] for plot in real} >= {1.0, 2.0}  # petals of one species lie apart


@pytest.mark.parametrize(("span", "places"), [(30, 2), (100, 2), (1, 4), (20, 2), (2000, 0), (100_000, -1)])
def test_precision_gives_2000_to_20000_steps(span, places):
    axis = Axis(label="x", low=0, high=span)

    assert precision(axis) == places
    assert span / 10.0 ** -precision(axis) * 1.0000001 >= 2000
    assert span / 10.0 ** -precision(axis) <= 20_001


# What is shown besides the data


def test_readings_of_a_marked_point():
    values = snapped(wanted(0.6, 40)).values
    read = KIND.readings(values, {"marked": 7.0}, PLOT)

    assert (read["x_marked"], read["y_marked"]) == tuple(values[7])
    assert read["r_without"] == pytest.approx(np.corrcoef(np.delete(values, 7, axis=0).T)[0, 1])
    assert set(read) - set(KIND.readings(values, {}, PLOT)) == {"x_marked", "y_marked", "r_without"}


def test_a_ring_touches_no_other_dot_and_no_axis():
    """The area is 500 x 350 CSS pixels: a ring has 8.75 of them on each side, a dot 3.5, and one is between."""

    def places(*pixels):
        at = np.array(pixels) / AREA
        return np.column_stack([30 * at[:, 0], -50 + 150 * at[:, 1]])

    assert ringable(places((100, 100), (113.2, 100), (300, 300)), PLOT, AREA).tolist() == [2]
    assert ringable(places((100, 100), (113.3, 100), (300, 300)), PLOT, AREA).tolist() == [0, 1, 2]
    assert ringable(places((9.7, 100), (100, 9.7), (490.3, 200), (200, 340.3)), PLOT, AREA).tolist() == []
    assert ringable(places((9.8, 100), (100, 9.8), (490.2, 200), (200, 340.2)), PLOT, AREA).tolist() == [0, 1, 2, 3]


def drawn(values, condition, density=2):
    """The picture's pixels, (rows, columns, 3), and the area in CSS pixels."""
    frame = Frame(KIND, replace(PLOT, picture=PictureSpec(density=density)))
    return np.asarray(Image.open(io.BytesIO(frame.picture(values, condition))).convert("RGB")).astype(int)


@pytest.mark.parametrize("density", [1, 2, 3])
def test_what_is_shown_lies_under_dots_and_leaves_their_ink_alone(density):
    values = snapped(wanted(0.8, 60)).values
    plain, shown = (drawn(values, condition, density) for condition in ({}, {"line": 1.0, "marked": 5.0}))
    blue = plain[..., 2] > plain[..., 0]

    assert np.array_equal(shown[..., 2] > shown[..., 0], blue)
    assert np.array_equal(shown[blue], plain[blue])
    changed = (shown != plain).any(axis=2)
    assert changed.any()
    assert (np.ptp(shown[changed], axis=1) == 0).all()  # grey
    assert not drawn(values, {"line": 0.0}, density)[changed].min() < plain[changed].min()


def test_dots_have_a_halo_of_paper_on_the_line():
    """Three points on a line: between each dot and the line there is a pixel of paper."""
    values = np.array([[5.0, 25.0], [15.0, 25.0], [25.0, 25.0], [10.0, 40.0], [20.0, 10.0]])
    values[3:, 1] = 40.0, 10.0
    shown = drawn(values, {"line": 1.0}, 2)
    row = next(line for line in shown if ((line[:, 2] > line[:, 0]).sum() > 30))
    blue = np.flatnonzero(row[:, 2] > row[:, 0])
    dots = np.split(blue, np.flatnonzero(np.diff(blue) > 1) + 1)
    assert len(dots) == 3
    for dot in dots:
        beside = [row[place] for place in (dot[0] - 1, dot[-1] + 1)]
        assert all((pixel == 255).all() for pixel in beside)


def test_a_picture_without_them_is_what_it_always_was():
    values = np.column_stack([np.linspace(2, 28, 20), np.linspace(-40, 90, 20)[::-1]])
    frame = Frame(KIND, replace(PLOT, picture=PictureSpec(density=1)))
    frame.picture(values, {"line": 1.0, "marked": 3.0})
    assert frame.picture(values, {"line": 0.0}) == Frame(KIND, frame._plot).picture(values, {})


# The network's side


def rows(*conditions):
    torch = pytest.importorskip("torch")
    return torch.tensor([[c[f.name] for f in KIND.features] for c in conditions], dtype=torch.float32)


def test_roles_follow_the_condition():
    torch = pytest.importorskip("torch")
    mask, roles = KIND.cast(rows(wanted(n=30, outliers=2, clusters=3), wanted(n=50)), torch.zeros(2, 8))
    assert mask.sum((1, 2)).tolist() == [30, 50]
    assert roles[0].sum(0).tolist() == [2, 9, 10, 9]  # the outliers first, the rest in thirds
    assert roles[1].sum(0).tolist() == [0, 50, 0, 0]
    assert torch.equal(roles.sum(2, keepdim=True), mask)


def test_what_is_emitted_has_exactly_r_bend_and_n():
    torch = pytest.importorskip("torch")
    conditions = [
        wanted(r, n, bend) for r, n, bend in ((-0.95, 15, 0.1), (0.0, 100, 0.8), (0.6, 37, -0.5), (0.9, 60, 0.0))
    ]
    told = rows(*conditions)
    mask, roles = KIND.cast(told, torch.zeros(4, 8))
    torch.manual_seed(0)
    _, data = KIND.emit(torch.randn(4, 100, 2), told, mask, roles)
    for points, condition in zip(data.double().numpy(), conditions, strict=True):
        read = readings(KIND.values(points, condition))
        assert read["r"] == pytest.approx(condition["r"], abs=2e-5)
        assert read["bend"] == pytest.approx(condition["bend"], abs=2e-4)
        assert not points[condition["n"] :].any()
        assert (points.min(), points.max()) == (0, 1)


def test_misfit_is_small_for_real_plots_and_large_for_wrong_conditions():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    two = np.vstack([rng.normal(0.2, 0.07, (20, 2)), rng.normal(0.8, 0.07, (20, 2))])
    points = framed(two)
    read = readings(points)
    right = wanted(n=40) | {name: read[name] for name in ("r", "bend", "fan", "clusters", "outliers")}
    assert right["clusters"] == 2
    data = np.zeros((1, 100, 2))
    data[0, :40] = points

    def misfit(condition):
        told = rows(condition)
        mask, roles = KIND.cast(told, torch.zeros(1, 8))
        return float(KIND.misfit(torch.from_numpy(data).float(), told, mask, roles)[0])

    assert misfit(right) < 0.1
    assert misfit(right | {"r": -right["r"]}) > 5
    assert misfit(right | {"clusters": 3}) > misfit(right) + 0.3
    assert misfit(right | {"outliers": 2}) > misfit(right) + 0.3


def test_ink_is_where_the_point_is():
    torch = pytest.importorskip("torch")
    points = torch.tensor([[[0.5, 0.25], [0.9, 0.9]]])  # the second is padding
    picture = KIND.ink(points, None, torch.tensor([[[1.0], [0.0]]]))[0, 0]
    # x: 6 + 52 * 0.5 = 32; y downwards: 6 + 52 * 0.75 = 45: both on a pixel edge
    assert picture.shape == (64, 64)
    at_half_a_pixel = 1 - np.exp(-2 * np.exp(-0.5 * (0.5**2 + 0.5**2) / 0.9**2))
    torch.testing.assert_close(picture[44:46, 31:33], torch.full((2, 2), float(at_half_a_pixel)))
    assert picture.max() == picture[44:46, 31:33].max()
    assert picture[:30].max() < 1e-6


@pytest.mark.parametrize("outliers", [0, 1, 3])
def test_plain_data_have_the_outliers_asked_for(outliers):
    """Most of them can be placed: a quiz is rehearsed with them."""
    asked = {"r": 0.5, "n": 50.0, "bend": 0.0, "fan": 0.0, "outliers": float(outliers), "clusters": 1.0}
    placed = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        try:
            values = KIND.snap(KIND.plain(asked, rng), asked, UNIT, AREA, rng).values
        except UnsuitableDraw:
            continue
        placed += KIND.readings(values, asked, UNIT)["outliers"] == outliers
    assert placed >= 20
