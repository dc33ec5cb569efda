"""Quantities are worked out when they are asked for, once."""

import pytest

from plotbank.quantities import Quantities


def test_each_is_worked_out_when_first_asked_for():
    calls = []

    def found():
        calls.append("r")
        return 0.5

    several = Quantities({"n": 40.0, "r": found, "never": lambda: pytest.fail("nobody asked")})
    assert list(several) == ["n", "r", "never"]
    assert len(several) == 3
    assert "never" in several
    assert "sd" not in several
    assert frozenset({"never", "sd"}) & several.keys() == {"never"}
    assert calls == []
    assert (several["n"], several["r"], several["r"]) == (40.0, 0.5, 0.5)
    assert calls == ["r"]
    assert several.get("sd", 1.0) == 1.0


def test_what_is_given_stays_as_it_was():
    ways = {"r": lambda: 0.5}
    assert Quantities(ways)["r"] == 0.5
    assert callable(ways["r"])
