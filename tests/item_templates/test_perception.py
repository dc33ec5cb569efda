"""The law of just-noticeable differences against numbers worked from its formula."""

import math
from itertools import pairwise

import pytest

from plotbank.item_templates.perception import apart, at_position, jnd, ladder, position


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
