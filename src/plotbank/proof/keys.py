"""Whether a key, the data behind it, and what was measured in the picture say the same."""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from .pictures import ScatterReading

SAME_POINT = 0.003  # share of an axis: a point measured further than this from where it was put has moved


def disagreements(
    reads: str,
    decimals: int,
    measured: Mapping[str, float],
    accepted: Mapping[str, tuple[float, float]],
    key: str,
) -> Iterator[str]:
    """What contradicts the key, in words; nothing when the picture proves it.

    `accepted` holds, for every answer that a student can give, the closed interval of values that it stands for:
    of a numeric key the one interval that earns the mark, under the key as printed; of a choice every option as
    printed, as an interval of no length.  The key must be what was measured, rounded to its places; and no other
    option may be.
    """
    value, half = measured[reads], 0.5 * 10.0**-decimals
    if not abs(number(key) - value) <= half:  # also where the key is no number
        yield f"the key is {key}, but the picture shows {reads} = {value:.{decimals + 2}f}"
    for answer, (low, high) in accepted.items():
        inside = low - half <= value <= high + half if low == high else low < value < high
        if answer == key and not inside:
            yield f"what is accepted, {low:g} to {high:g}, leaves out what the picture shows, {value:.{decimals + 2}f}"
        if answer != key and inside:
            yield f"the wrong option {answer} is what the picture shows, {value:.{decimals + 2}f}"


def number(printed: str) -> float:
    """The number that an answer stands for; nan where there is none."""
    try:
        return float(printed)
    except ValueError:
        return float("nan")


def misplaced(
    reading: ScatterReading, values: npt.NDArray[np.float64], x: tuple[float, float], y: tuple[float, float]
) -> Iterator[str]:
    """What contradicts the data, in words; nothing when the points measured are the points of the data.

    `values` are the data, shape (n, 2), in the units of the axes; `x` and `y` are the ends of the axes.
    """
    low, high = np.array([x, y]).T
    wanted = (values - low) / (high - low)
    if reading.n != len(wanted):
        yield f"the picture shows {reading.n} points, but the data have {len(wanted)}"
        return
    distance = np.abs(reading.points[:, None, :] - wanted[None, :, :]).max(axis=2)
    furthest = max(distance.min(axis=0).max(), distance.min(axis=1).max())
    if furthest > SAME_POINT:
        yield f"a point of the picture lies {furthest:.1%} of an axis from where the data put it"
