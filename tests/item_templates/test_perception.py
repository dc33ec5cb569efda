"""The law of just-noticeable differences against numbers worked from its formula."""

import math
from itertools import pairwise

import pytest

from plotbank.item_templates.perception import LAWS, STRONGEST, apart, at_position, jnd, ladder, position, stronger


@pytest.mark.parametrize(("r", "expected"), [(0.1, 0.211), (0.3, 0.130), (0.5, 0.080), (0.7, 0.050), (0.9, 0.031)])
def test_jnd_as_published(r, expected):
    assert jnd(r) == pytest.approx(expected, abs=0.0006)
    assert jnd(-r) == jnd(r)


def test_position_is_the_integral_of_one_over_jnd():
    steps = [k * 0.95 / 10_000 for k in range(10_000)]
    by_sum = sum(0.95 / 10_000 / jnd(r + 0.95 / 20_000) for r in steps)

    assert position(0.95) == pytest.approx(by_sum, rel=1e-6)
    assert position(0.95) == pytest.approx(13.7, abs=0.05)
    assert position(-0.5) == -position(0.5)


@pytest.mark.parametrize("r", [-0.9, -0.3, 0.0, 0.01, 0.55, 0.98])
def test_at_position_undoes_position(r):
    assert at_position(position(r)) == pytest.approx(r, abs=1e-12)


def test_ladder_of_two_jnd_is_the_published_one():
    # research value: 0 .345 .53 .66 .755 .835 .90
    rungs = ladder(0.0, 0, 5, 2, places=3)

    assert rungs == pytest.approx([0, 0.345, 0.530, 0.660, 0.757, 0.836], abs=0.006)


@pytest.mark.parametrize("r", [-0.8, -0.45, 0.0, 0.3, 0.55, 0.7])
@pytest.mark.parametrize("above", [0, 1, 2, 3])
def test_rungs_are_never_nearer_than_asked(r, above):
    rungs = ladder(r, 3 - above, above, 2, places=2) if abs(r) < 0.75 else ladder(r, 0, 3, 2, places=2)

    assert len(rungs) == 4
    assert rungs == sorted(rungs)
    assert r in rungs
    assert all(apart(a, b) >= 2 for a, b in pairwise(rungs))
    assert all(math.isclose(v, round(v, 2)) for v in rungs)


def test_no_room_is_said():
    with pytest.raises(ValueError, match="no room for 3 options above and 0 below r = 0.90"):
        ladder(0.9, 0, 3, 2, places=2)


def test_distances_by_hand():
    """exp(1.313) / 2.415 = 1.53925: position(0.5) = 1.53925 (exp(1.2075) - 1) = 3.60999."""
    assert position(0.5) == pytest.approx(3.610, abs=0.001)
    assert apart(0.5, 0) == pytest.approx(3.610, abs=0.001)
    assert apart(-0.5, 0.5) == apart(0.5, -0.5) == pytest.approx(7.220, abs=0.002)
    assert stronger(-0.5, 0.5) == 0
    assert stronger(-0.5, 0.1) == apart(0.5, 0.1)


def test_laws():
    assert {"correlation": apart, "strength": stronger} == LAWS


def test_a_ladder_may_end_at_the_strongest_correlation_but_not_beyond():
    assert ladder(0.95, 0, 1, 1, places=2)[-1] <= STRONGEST
    assert ladder(-0.95, 1, 0, 1, places=2)[0] >= -STRONGEST
    with pytest.raises(
        ValueError, match="no room for 1 options above and 0 below r = 0.97, 1 just-noticeable differences"
    ):
        ladder(0.97, 0, 1, 1, places=2)
    with pytest.raises(ValueError, match="no room"):
        ladder(-0.97, 1, 0, 1, places=2)


def test_rungs_are_rounded_outwards():
    """One unit above 0.5 lies 0.5735, one below it 0.4106."""
    assert ladder(0.5, 1, 1, 1, places=2) == [0.41, 0.5, 0.58]
    assert ladder(-0.5, 1, 1, 1, places=2) == [-0.58, -0.5, -0.41]
    assert ladder(0.5, 1, 1, 1, places=3) == [0.41, 0.5, 0.574]
