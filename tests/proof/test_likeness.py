"""The nearest picture of somebody else, by hand."""

import numpy as np
import pytest

from plotbank.proof.likeness import neighbours


def copy(*values):
    """A coarse copy that is paper but for its first cells."""
    cells = np.zeros(432, np.uint8)
    cells[: len(values)] = values
    return cells


def test_the_nearest_one_of_another_owner():
    """Full ink in one of 432 cells is the root of 1 / 432 away from none; an owner's own pictures are not looked at."""
    found = neighbours([copy(255), copy(255), copy(), copy(255, 255)], ["a", "a", "b", "c"])

    assert [(one.of, one.other) for one in found] == [(0, 2), (1, 2), (2, 0), (3, 0)]
    assert [one.apart for one in found] == pytest.approx([432**-0.5] * 4)


def test_the_same_picture_is_at_0():
    rng = np.random.default_rng(0)
    copies = list(rng.integers(0, 256, (1100, 432)).astype(np.uint8))  # more than are compared at once
    copies[1099] = copies[3].copy()
    found = {one.of: one for one in neighbours(copies, [str(place) for place in range(1100)])}

    assert (found[3].other, found[3].apart) == (1099, 0.0)
    assert (found[1099].other, found[1099].apart) == (3, 0.0)
    assert min(one.apart for of, one in found.items() if of not in (3, 1099)) > 0.2


def test_who_is_alone_has_no_neighbour():
    assert neighbours([], []) == []
    assert neighbours([copy(1), copy(2)], ["a", "a"]) == []
