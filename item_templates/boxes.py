"""Which box plot belongs to a histogram: the data's own, and those of misreadings of the histogram.

A wrong box plot is that of other data: the histogram's, changed as a misreading would have them.  Who does not look at
the histogram must not find the right one: among a box plot, its mirror image and a wider one, it would be the one most
like the others.  The three of `SHAPES` are safe, where data are as likely to have each of these shapes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..errors import QuizFileError, UnsuitableDraw
from . import difficulty
from .grading import SURE, Choices, Entry, Graded, View
from .header import Template

Floats = npt.NDArray[np.float64]
OWN = "own"
_NARROW = 0.45  # of the distance from the median, to which a box is drawn together


def _mirrored(x: Floats, _: View) -> Floats:
    """Skewness read the wrong way round."""
    mirrored: Floats = x.min() + x.max() - x
    return mirrored


def _shifted(x: Floats, view: View) -> Floats:
    """The middle of the axis taken for the middle of the data, or the tallest bar for the median."""
    room = (x.min() - view.x.low, view.x.high - x.max())
    side = 1 if room[1] >= room[0] else -1
    shifted: Floats = x + side * (max(room) - 0.01 * view.x.span)
    return shifted


def _narrow(x: Floats, _: View) -> Floats:
    """A short box where the data are many: the box's length taken for a count."""
    median = np.median(x)
    return _bent(x, median, _NARROW)


def _wide(x: Floats, _: View) -> Floats:
    """A long box over most of the range: half of the data taken for nearly all."""
    median = np.median(x)
    return _bent(x, median, 1 / _NARROW)


def _bent(x: Floats, median: np.floating, factor: float) -> Floats:
    """Quartiles `factor` times as far from the median as they were, as far as there is room; ends where they were."""
    away = x - median
    out = np.where(away < 0, median - x.min(), x.max() - median)
    share = np.abs(away) / out
    # On either side the middle of the data keeps its order: share -> share^p with the quartile moved by the factor.
    moved = np.empty_like(x)
    for side in (away < 0, away >= 0):
        middle = float(np.median(share[side]))
        power = np.log(min(0.9, middle * factor)) / np.log(middle) if 0 < middle < 1 else 1.0
        moved[side] = share[side] ** power
    bent: Floats = median + np.sign(away) * moved * out
    return bent


SHAPES: Mapping[str, float] = {"tail above": 0.2, "no tail": 0.5, "tail below": 0.8}
"""About where in the range the median of data is with a long tail towards large values, with none, towards small ones.
The right box plot takes the place of the one of its own shape."""


def shape(x: Floats) -> str:
    """Which of the shapes data (n,) have."""
    own = float((np.median(x) - x.min()) / np.ptp(x))
    return min(SHAPES, key=lambda name: abs(SHAPES[name] - own))


def _tailless(x: Floats, view: View) -> Floats:
    """Data halfway between these and their mirror image, with the same range and distance of the quartiles."""
    mean: Floats = (np.sort(x) + np.sort(_mirrored(x, view))) / 2
    return mean


def _tail_above(x: Floats, view: View) -> Floats:
    """The mirror image of data with a tail below; other data drawn towards the lower end of the same range."""
    if shape(x) == "tail below":
        return _mirrored(x, view)
    low, high = x.min(), x.max()
    share = (x - low) / (high - low)
    drawn: Floats = low + (high - low) * share ** (np.log(SHAPES["tail above"]) / np.log(np.median(share)))
    return drawn


def _tail_below(x: Floats, view: View) -> Floats:
    """The mirror image of data with a tail above, which other data are given first."""
    return _mirrored(x if shape(x) == "tail above" else _tail_above(x, view), view)


_BOX = ("q1_1", "q2_1", "q3_1")  # what is measured of a box
MISREADINGS: Mapping[str, Callable[[Floats, View], Floats]] = {
    "mirrored": _mirrored,
    "shifted": _shifted,
    "narrow": _narrow,
    "wide": _wide,
    "tail above": _tail_above,
    "no tail": _tailless,
    "tail below": _tail_below,
}
"""Data (n,) in axis units as somebody would have them who misreads the histogram, by name."""


def grade(
    template: Template, values: Floats, bins: int, view: View, order: np.random.Generator
) -> tuple[Graded, tuple[Floats, ...]]:
    """The options in the order shown, and the data (n,) of each one's box plot, ascending.

    A unit is a quarter of the width of a bar: who takes the values of a bar for evenly spread is hardly ever further
    off.

    Raises:
        UnsuitableDraw: two of the box plots are too much alike.
        QuizFileError: there is no such misreading.
    """
    for name in template.boxes:
        if name not in MISREADINGS:
            raise QuizFileError(f"{template.name}: header: boxes: {name!r}: known are {', '.join(MISREADINGS)}")
    own_shape = shape(values)
    names = [OWN, *(name for name in template.boxes if name != own_shape)]
    data = {name: np.sort(MISREADINGS[name](values, view)) if name != OWN else np.sort(values) for name in names}
    unit = view.x.span / bins / 4
    clear = min(
        _apart(_quartiles(data[one]), _quartiles(data[other])) / unit
        for i, one in enumerate(names)
        for other in names[:i]
    )
    if clear < template.clarity - 1e-9:
        raise UnsuitableDraw(f"clarity below {template.clarity:g}")
    shown = [names[i] for i in order.permutation(len(names))]
    graded = Graded(
        answer=Choices(entries=tuple(Entry(id=name) for name in shown), right=(shown.index(OWN),)),
        clarity=clear,
        difficulty=difficulty.logit(difficulty.of_side(clear / 2), 1 / len(shown)),
    )
    return graded, tuple(data[name] for name in shown)


def prove(
    answer: Choices,
    histogram: Mapping[str, float],
    boxes: Sequence[Mapping[str, float]],
    view: View,
    errors: Sequence[Mapping[str, float]] = (),
) -> Iterator[str]:
    """What contradicts the key, in words, when the bars and the boxes are those measured in the pictures.

    The right box's quartiles must be those of the bars, within the width of a bar and better than any other box's;
    `errors` are standard errors of the boxes' readings.
    """
    wanted = [_grouped(histogram, view, share) for share in (0.25, 0.5, 0.75)]
    off = [_apart([box[name] for name in _BOX], wanted) for box in boxes]
    reach = [SURE * max(error.get(name, 0.0) for name in _BOX) for error in errors] or [0.0] * len(boxes)
    nearest = int(np.argmin(off))
    if (nearest,) != answer.right:
        yield f"the box plot {nearest + 1} is that of the histogram, not {answer.right[0] + 1}"
    elif off[nearest] > view.x.span / histogram["bins"]:
        yield "no box plot is that of the histogram"
    elif any(
        off[other] - reach[other] <= off[nearest] + reach[nearest] for other in range(len(off)) if other != nearest
    ):
        yield "the pictures cannot prove which box plot is that of the histogram: two are too much alike to be read"


def _grouped(histogram: Mapping[str, float], view: View, share: float) -> float:
    """A quantile by linear interpolation in the bar in which it lies, in axis units."""
    bins = int(histogram["bins"])
    counts = [histogram[f"count_{bar}"] for bar in range(1, bins + 1)]
    reach = share * sum(counts)
    below = 0.0
    for bar, count in enumerate(counts):
        if count and below + count >= reach:
            return view.x.low + (bar + (reach - below) / count) * view.x.span / bins
        below += count
    return view.x.high


def _quartiles(x: Floats) -> Sequence[float]:
    found: list[float] = np.quantile(x, [0.25, 0.5, 0.75]).tolist()
    return found


def _apart(one: Sequence[float], other: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
