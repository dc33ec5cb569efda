"""How finely people see: just-noticeable differences of the correlation in a scatter plot.

The law is log-linear (Kay and Heer 2016, doi 10.1109/TVCG.2015.2467671), with the coefficients refitted to the
data of Harrison et al. 2014 (179 people, r from 0.3 to 0.8; outside, it is an extrapolation):

    ln jnd(r) = -1.313 - 2.415 |r|

One JND is the difference that a person notices three times out of four.
"""

import math
from collections.abc import Callable, Mapping

INTERCEPT, SLOPE = 1.313, 2.415
STRONGEST = 0.99


def jnd(r: float) -> float:
    """The just-noticeable difference at a correlation r: 0.13 at 0.3, 0.08 at 0.5, 0.04 at 0.8."""
    return math.exp(-INTERCEPT - SLOPE * abs(r))


def position(r: float) -> float:
    """How many just-noticeable differences r lies above zero (below: negative): the integral of 1 / jnd."""
    return math.copysign(math.exp(INTERCEPT) / SLOPE * math.expm1(SLOPE * abs(r)), r)


def at_position(jnds: float) -> float:
    """The correlation that many just-noticeable differences above zero: the inverse of `position`."""
    return math.copysign(math.log1p(abs(jnds) * SLOPE * math.exp(-INTERCEPT)) / SLOPE, jnds)


def apart(first: float, second: float) -> float:
    """The distance of two correlations in just-noticeable differences."""
    return abs(position(first) - position(second))


def stronger(first: float, second: float) -> float:
    """The distance of two correlations in strength, whatever their signs, in just-noticeable differences."""
    return apart(abs(first), abs(second))


LAWS: Mapping[str, Callable[[float, float], float]] = {"correlation": apart, "strength": stronger}
"""Distances of two correlations in what people can just tell apart, by the name that a template gives."""


def ladder(r: float, below: int, above: int, jnds: float, places: int) -> list[float]:
    """Correlations around r, ascending, each at least `jnds` from its neighbours, `below` and `above` many.

    All are rounded to `places` outwards, so that rounding never brings two nearer.

    Raises:
        ValueError: there is no room for them between -0.99 and 0.99.
    """
    scale = 10**places
    rungs = [round(r, places)]
    for _ in range(above):
        rungs.append(math.ceil(at_position(position(rungs[-1]) + jnds) * scale - 1e-9) / scale)
    for _ in range(below):
        rungs.insert(0, math.floor(at_position(position(rungs[0]) - jnds) * scale + 1e-9) / scale)
    if rungs[0] < -STRONGEST or rungs[-1] > STRONGEST:
        raise ValueError(
            f"no room for {above} options above and {below} below r = {r:.{places}f}, {jnds:g} just-noticeable "
            "differences apart"
        )
    return rungs
