"""Snap, readings and distinctness of scatter plots, against numbers worked by hand or by numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import Plot
from plotbank.generator.kinds.scatter import (
    EXACT,
    KIND,
    SEPARATION,
    correlation,
    part,
    precision,
    recolour,
)
from plotbank.items import Axis, PictureSpec

PLOT = Plot(
    x=Axis(label="x", low=0, high=30), y=Axis(label="y", low=-50, high=100), picture=PictureSpec(width=600, height=450)
)
AREA = (500.0, 350.0)


def cloud(n, r, seed):
    rng = np.random.default_rng(seed)
    points = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], size=n)
    return (points - points.min(axis=0)) / np.ptp(points, axis=0)


def snapped(n, r, seed=0, plot=PLOT):
    for attempt in range(50):
        try:
            return KIND.snap(
                cloud(n, r, seed + 1000 * attempt), {"r": r, "n": n}, plot, AREA, np.random.default_rng(seed)
            )
        except UnsuitableDraw:
            continue
    raise AssertionError("fifty draws were refused")


def test_correlation_by_hand():
    # deviations (-1, 0, 1) and (-1, 1, 0): r = 1 / sqrt(2 * 2)
    assert correlation(np.array([[1.0, 10], [2, 12], [3, 11]])) == pytest.approx(0.5)


def test_recolour_by_hand():
    """Four corners of a square have r = 0; r = 0.6 stretches the rising diagonal by sqrt(1.6), the other by sqrt(.4)."""
    square = np.array([[1.0, 1], [-1, -1], [1, -1], [-1, 1]])
    moved = recolour(square, 0.6)

    assert moved[0] == pytest.approx([1.6**0.5, 1.6**0.5])
    assert moved[2] == pytest.approx([0.4**0.5, -(0.4**0.5)])


@given(
    n=st.integers(15, 100),
    start=st.floats(-0.95, 0.95),
    r=st.floats(-0.95, 0.95),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=60, deadline=None)
def test_recolour_makes_r_exact_and_keeps_means_and_spreads(n, start, r, seed):
    points = cloud(n, start, seed)
    moved = recolour(points, r)

    assert correlation(moved) == pytest.approx(r, abs=1e-12)
    assert moved.mean(axis=0) == pytest.approx(points.mean(axis=0))
    assert moved.std(axis=0) == pytest.approx(points.std(axis=0))


def test_recolour_moves_no_more_than_any_other_exact_adjustment():
    """Minimal among linear maps: rotating the result by any angle in the whitened plane moves the points further."""
    points = cloud(60, 0.3, 5)
    z = (points - points.mean(axis=0)) / points.std(axis=0)
    target = (recolour(points, 0.7) - points.mean(axis=0)) / points.std(axis=0)
    least = ((target - z) ** 2).sum()
    root = np.linalg.cholesky([[1, 0.7], [0.7, 1]])
    white = np.linalg.solve(np.linalg.cholesky(np.cov(z.T, ddof=0)), z.T)
    for angle in np.linspace(0, 2 * np.pi, 73):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        other = (root @ turn @ white).T
        assert correlation(other) == pytest.approx(0.7)
        assert ((other - z) ** 2).sum() >= least - 1e-9


@pytest.mark.parametrize("line", [[[0, 0], [1, 1], [2, 2]], [[1, 0], [1, 1], [1, 5]]])
def test_points_on_a_line_are_refused(line):
    with pytest.raises(UnsuitableDraw, match="on a line"):
        recolour(np.array(line, dtype=float), 0.5)


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
@pytest.mark.parametrize("r", [-0.95, -0.5, 0.0, 0.3, 0.8, 0.95])
def test_snapped_data_keep_every_promise(n, r):
    result = snapped(n, r)
    values = result.values

    assert values.shape == (n, 2)
    assert abs(np.corrcoef(values.T)[0, 1] - r) <= EXACT
    assert (values == np.round(values, 2)).all()
    share = (values - [0, -50]) / [30, 150]
    assert share.min() > 0.005
    assert share.max() < 0.995
    pixels = share * AREA
    distance = np.hypot(*(pixels[:, None] - pixels[None]).transpose(2, 0, 1))[np.triu_indices(n, 1)]
    assert distance.min() > 0.97 * SEPARATION
    assert 0 <= result.displacement <= 0.05


def test_a_snap_that_would_move_points_too_far_is_refused():
    with pytest.raises(UnsuitableDraw):
        KIND.snap(cloud(40, -0.8, 1), {"r": 0.8, "n": 40}, PLOT, AREA, np.random.default_rng(0))


def test_points_too_crowded_are_refused():
    rng = np.random.default_rng(0)
    crowd = np.vstack([[[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]], 0.5 + 0.001 * rng.standard_normal((97, 2))])
    with pytest.raises(UnsuitableDraw):
        KIND.snap(crowd, {"r": 0.1, "n": 100}, PLOT, AREA, rng)


def test_readings_agree_with_numpy():
    values = snapped(50, 0.7).values
    slope, intercept = np.polyfit(values[:, 0], values[:, 1], 1)
    readings = KIND.readings(values)

    assert readings["r"] == pytest.approx(np.corrcoef(values.T)[0, 1])
    assert readings["slope"] == pytest.approx(slope)
    assert readings["intercept"] == pytest.approx(intercept)
    assert readings["n"] == 50
    assert readings["sd_x"] == pytest.approx(values[:, 0].std(ddof=1))
    assert readings["mean_y"] == pytest.approx(values[:, 1].mean())


def test_influence_and_rank_correlation_agree_with_recomputing():
    values = snapped(40, 0.6, seed=3).values
    without = [np.corrcoef(np.delete(values, i, axis=0).T)[0, 1] for i in range(40)]
    ranks = np.array([[(values[:, k] < v).sum() for v in values[:, k]] for k in (0, 1)])
    readings = KIND.readings(values)

    assert readings["influence"] == pytest.approx(max(abs(r - readings["r"]) for r in without))
    assert readings["rank_r"] == pytest.approx(np.corrcoef(ranks)[0, 1], abs=0.002)


def test_the_same_points_in_another_order_are_not_distinct():
    values = snapped(30, 0.5).values
    other = values.copy()
    other[0, 0] += 0.01

    assert KIND.distinct(values) == KIND.distinct(values[::-1])
    assert KIND.distinct(values) != KIND.distinct(other)


@pytest.mark.parametrize(("span", "places"), [(30, 2), (100, 2), (1, 4), (20, 2), (2000, 0), (100_000, -1)])
def test_precision_gives_2000_to_20000_steps(span, places):
    axis = Axis(label="x", low=0, high=span)

    assert precision(axis) == places
    assert span / 10.0 ** -precision(axis) * 1.0000001 >= 2000
    assert span / 10.0 ** -precision(axis) <= 20_001
