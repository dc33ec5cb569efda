"""Box plots of one to four groups side by side, whose five numbers are exactly those asked for.

Data are an array of shape (m, 2): the group, from 0, and the value in axis units, rounded to `precision` of the y axis;
sorted by group, then by value.  A network emits `SLOTS` slots of `MOST` values each: slot g holds its group's values in
ascending order, then zeros.

Quartiles are type 7 of Hyndman and Fan (1996), the default of numpy and R: with h = p (n - 1) counted from 0, the value
between the ranks floor(h) and ceil(h), in proportion.  Whiskers end at the furthest value within `FENCE` times the
interquartile range (IQR) of the box; what is beyond is an outlier (Tukey 1977).

How far rounding can carry a statistic, with e = 1/4000 of the axis, half a step of the coarsest `precision`: a quartile
is a mean of two values, off by e at most, and the IQR by 2 e.  The skew is a quotient with an error of 4 e above and
2 e below: (4 e + 0.6 * 2 e) / (0.06 - 2 e) = 0.0219 for the smallest IQR.  A whisker's length: (2 e + 1.45 * 2 e) /
(0.06 - 2 e) = 0.0206.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from ...errors import UnsuitableDraw
from ...items import Axis
from ..quantiles import definitions
from ..tables import Table
from . import SIDE, UNIT, Area, Condition, Feature, Floats, Plot, Real, Snapped, to_axis

if TYPE_CHECKING:
    from torch import Tensor

Rows = npt.NDArray[np.int64]

BLUE = "#0072b2"  # of Okabe and Ito's palette: told from grey and black by every kind of colour vision
SLOTS = 4
MOST, FEWEST = 50, 11  # values of a group
MOST_OUTLIERS = 4
FENCE = 1.5  # IQRs from the box
EDGE = 0.01  # nothing is drawn nearer than this to an end of the axis, as a share of it
BEYOND = 0.01  # least distance of an outlier from the fence, as a share of the axis: no reading depends on rounding
ROOM = 0.012  # share of the axis that each further outlier needs on its side
MOST_MOVED = 0.05  # a snap that moves a value further than this share of the axis is a rejection, not a fix
MARGIN = (0.03, 0.10)  # real data's distance from each end of the axis, as a share of it

BOX, CAP = 0.5, 0.25  # widths of box and whisker cap, where a group has the width 1
WIDEST = 100.0  # of a box, CSS pixels: a lone box is no wall
LINE, MEDIAN_LINE, DISC = 1.5, 3.0, 6.0  # widths of lines and diameter of an outlier, CSS pixels
APART = 0.7 * DISC  # least distance of two outliers of one group: two discs never look like one
FILL = 0.25  # opacity of the box: two of the eight shades that a picture has

OWN = ("n", "median", "iqr", "skew", "lower", "upper", "outliers")  # the features of one group
_LEARNED = {"median": (0.05, 0.95), "iqr": (0.04, 0.5), "skew": (-0.7, 0.7), "lower": (0.05, 1.5), "upper": (0.05, 1.5)}
_SCALE = ((30.5, 19.5), (0.5, 0.25), (0.2, 0.12), (0.0, 0.35), (0.75, 0.4), (0.75, 0.4), (0.5, 1.0))
"""Centre and spread of each of `OWN`, by which roles are of order one."""
_SAMPLE = 400  # rows of a table that one real plot looks at
_INK_MARGIN = 3.0  # pixels between the ends of the axis and the picture's edges, for the discriminator

DESCRIPTORS = (
    "mean minus median, IQRs", "sd, IQRs", "kurtosis", "largest gap between neighbours, IQRs",
    "mean log spacing in the box", "sd of log spacings in the box", "share of the box's values in its middle third",
    "centre of the first quarter", "centre of the second quarter", "centre of the third quarter",
    "centre of the last quarter", "distance of outliers beyond the fence, IQRs",
    "share of neighbours nearly tied", "outliers above minus below",
    "sd over groups of mean minus median", "sd over groups of sd", "sd over groups of kurtosis",
    "sd over groups of sd of log spacings",
)  # fmt: skip
_LINES = ("whisker_low", "q1", "q2", "q3", "whisker_high", "min", "max", "mean", "sd")
_APART = ("q1_apart", "q2_apart", "q3_apart", "iqr_apart", "outliers_agreed")
_VARYING = (0, 1, 2, 5)  # of a group's numbers, those whose spread over groups is told too


def _features() -> tuple[Feature, ...]:
    """`groups`, then the seven features of each slot."""
    found = [
        Feature(name="groups", low=1, high=SLOTS, step=1, exact=0, usual=(1, SLOTS), meaning="number of box plots")
    ]
    own = (
        ("n", FEWEST, MOST, 1, 0, "number of values of group {}"),
        ("median", 0.08, 0.92, 0.005, 0.0003, "position of the median of group {}, as a share of the axis"),
        ("iqr", 0.06, 0.4, 0.005, 0.0006, "interquartile range of group {}, as a share of the axis"),
        ("skew", -0.6, 0.6, 0.05, 0.022, "Bowley skewness of group {}: (Q3 + Q1 - 2 Q2) / (Q3 - Q1)"),
        ("lower", 0.1, 1.45, 0.05, 0.021, "length of the lower whisker of group {}, in interquartile ranges"),
        ("upper", 0.1, 1.45, 0.05, 0.021, "length of the upper whisker of group {}, in interquartile ranges"),
        ("outliers", 0, MOST_OUTLIERS, 1, 0, "values of group {} beyond the fences"),
    )
    for slot in range(1, SLOTS + 1):
        found += [
            Feature(name=f"{name}{slot}", low=low, high=high, step=step, exact=exact, usual=(low, high),
                    meaning=meaning.format(slot), family=name)
            for name, low, high, step, exact, meaning in own
        ]  # fmt: skip
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Box:
    """What a box plot shows of one group: the five numbers that its lines stand at, and how many outliers."""

    n: int
    low: float
    q1: float
    q2: float
    q3: float
    high: float
    outliers: int

    @classmethod
    def asked(cls, condition: Condition, slot: int) -> Self:
        """The box of a slot, from 1, in shares of the axis."""
        n, median, iqr, skew, lower, upper, outliers = (condition[f"{name}{slot}"] for name in OWN)
        q1, q3 = median - iqr * (1 - skew) / 2, median + iqr * (1 + skew) / 2
        return cls(int(n), q1 - lower * iqr, q1, median, q3, q3 + upper * iqr, int(outliers))

    @classmethod
    def of(cls, ascending: Floats) -> Self:
        """The box of values (n,) in ascending order, in their units."""
        n = len(ascending)
        q1, q2, q3 = (float(q) for q in _type7(ascending))
        below, above = beyond(ascending, q1, q3)
        return cls(n, float(ascending[below]), q1, q2, q3, float(ascending[n - 1 - above]), below + above)

    @property
    def iqr(self) -> float:
        """The interquartile range."""
        return self.q3 - self.q1

    @property
    def fences(self) -> tuple[float, float]:
        """Where outliers begin, below and above."""
        return self.q1 - FENCE * self.iqr, self.q3 + FENCE * self.iqr

    @property
    def lines(self) -> tuple[float, float, float, float, float]:
        """Whisker end, quartiles, whisker end, ascending."""
        return self.low, self.q1, self.q2, self.q3, self.high

    def features(self, axis: Axis, slot: int) -> dict[str, float]:
        """The features of a slot, from 1; the shape is NaN where the box has no height."""
        iqr = self.iqr if self.iqr > 0 else np.nan
        return {
            f"n{slot}": float(self.n),
            f"median{slot}": (self.q2 - axis.low) / axis.span,
            f"iqr{slot}": self.iqr / axis.span,
            f"skew{slot}": (self.q3 + self.q1 - 2 * self.q2) / iqr,
            f"lower{slot}": (self.q1 - self.low) / iqr,
            f"upper{slot}": (self.high - self.q3) / iqr,
            f"outliers{slot}": float(self.outliers),
        }

    def places(self) -> tuple[int, int]:
        """How many outliers there can be below and above, in the unit plot.

        As many as there is room for beyond the fence; and the whisker's end must lie outside the two values that
        make the quartile, so that both can be exact.
        """
        ranks = (self.n - 1) // 4 - 1
        low, high = self.fences
        below, above = (int((room - BEYOND) / ROOM + 1 + 1e-4) for room in (low - EDGE, 1 - EDGE - high))
        return max(0, min(ranks, below)), max(0, min(ranks, above))


def _conventions(ascending: Floats, box: Box) -> tuple[float, float, float, float, float]:
    """The numbers of `_APART` of values (n,) in ascending order, in their units."""
    lower, middle, upper = (np.array(definitions(ascending, share)) for share in (0.25, 0.5, 0.75))
    counts = {sum(beyond(ascending, q1, q3)) for q1, q3 in zip(lower.tolist(), upper.tolist(), strict=True)}
    return (
        float(np.abs(lower - box.q1).max()),
        float(np.abs(middle - box.q2).max()),
        float(np.abs(upper - box.q3).max()),
        float(np.abs(upper - lower - box.iqr).max()),
        float(len(counts) == 1),
    )


def beyond(ascending: Floats, q1: float, q3: float) -> tuple[int, int]:
    """How many of the values (n,) lie below the lower and above the upper fence."""
    reach = FENCE * (q3 - q1)
    below, above = ascending.searchsorted(q1 - reach, "left"), ascending.searchsorted(q3 + reach, "right")
    return int(below), len(ascending) - int(above)


@dataclass(frozen=True, slots=True)
class BoxPlot:
    """The kind of one to four box plots in one frame."""

    name: str = "boxplot"
    colour: str = BLUE
    shows: tuple[str, ...] = ()
    parts: int = SLOTS * MOST
    width: int = 1
    roles: int = SLOTS + 3 + len(OWN)
    channels: int = 2
    cells: int = SLOTS * 2
    descriptors: tuple[str, ...] = DESCRIPTORS
    exact: tuple[str, ...] = (
        "groups and n by a mask",
        "median, quartiles and whisker ends by a map between them in the graph",
        "the number of outliers by their place beyond the fences",
    )
    features: tuple[Feature, ...] = _features()

    # Data drawn

    def impossible(self, condition: Condition) -> str:
        """Boxes with their whiskers lie on the axis, with room for the outliers; other slots have no features."""
        groups = int(condition["groups"])
        for slot in range(1, SLOTS + 1):
            reason = _unfit(condition, slot) if slot <= groups else _unused(condition, slot)
            if reason:
                return reason
        return ""

    def settle(self, condition: Condition) -> dict[str, float]:
        """Slots that are not used have the features 0."""
        settled = dict(condition)
        for slot in range(int(condition["groups"]) + 1, SLOTS + 1):
            settled.update({f"{name}{slot}": 0.0 for name in OWN})
        return settled

    def values(self, data: Floats, condition: Condition) -> Floats:
        """The groups in turn, each ascending: (m, 2)."""
        return _joined(_groups(data, condition))

    def plain(self, condition: Condition, rng: np.random.Generator) -> Floats:
        """Quantile functions straight from each of the five numbers to the next, at jittered ranks; outliers at
        exponential distances."""
        data = np.zeros((self.parts, self.width))
        for slot in range(int(condition["groups"])):
            box = Box.asked(condition, slot + 1)
            data[slot * MOST : slot * MOST + box.n, 0] = _plain(box, rng)
        return data

    def snap(self, raw: Floats, condition: Condition, plot: Plot, area: Area, rng: np.random.Generator) -> Snapped:
        """Make the five numbers of each group exact, part its outliers from the fence and from each other, round."""
        gap = APART / area[1] + 1 / 2000  # rounding can bring two values a step nearer
        placed = _groups(raw.astype(np.float64), condition)
        moved = [fitted(group, Box.asked(condition, slot), gap) for slot, group in enumerate(placed, start=1)]
        shares = _joined(moved)
        if shares[:, 1].min() < EDGE - 1e-9 or shares[:, 1].max() > 1 - EDGE + 1e-9:
            raise UnsuitableDraw("a value outside the frame")
        displacement = float(np.abs(shares - _joined(placed))[:, 1].max())
        if displacement > MOST_MOVED:
            raise UnsuitableDraw("snapped too far")
        shares[:, 1] = to_axis(shares[:, 1], plot.y)
        return Snapped(values=shares, displacement=displacement)

    def readings(self, values: Floats, condition: Condition, plot: Plot) -> dict[str, float]:
        """The features; for each slot g, in axis units, `whisker_low_g`, `q1_g`, `q2_g`, `q3_g`, `whisker_high_g`,
        `min_g`, `max_g`, `mean_g` and `sd_g` (n - 1), NaN where there is no such group; `outliers` of all groups.

        Over all definitions of a quartile (`quantiles.definitions`): how far the furthest of Q1, Q2, Q3 and the IQR is
        from the one drawn (`q1_apart_g`, `q2_apart_g`, `q3_apart_g`, `iqr_apart_g`, axis units), and whether all give
        the same number of outliers (`outliers_agreed_g`, 1 or 0).
        """
        found: dict[str, float] = {"groups": 0.0, "outliers": 0.0}
        for slot in range(1, SLOTS + 1):
            x = values[values[:, 0] == slot - 1, 1]
            if not len(x):
                found.update({f"{name}{slot}": 0.0 for name in OWN})
                found.update({f"{name}_{slot}": np.nan for name in (*_LINES, *_APART)})
                continue
            box = Box.of(x)
            found["groups"] += 1
            found["outliers"] += box.outliers
            found.update(box.features(plot.y, slot))
            sd = float(x.std(ddof=1)) if len(x) > 1 else np.nan
            numbers = *box.lines, float(x[0]), float(x[-1]), float(x.mean()), sd
            found.update({f"{name}_{slot}": number for name, number in zip(_LINES, numbers, strict=True)})
            found.update({f"{name}_{slot}": number for name, number in zip(_APART, _conventions(x, box), strict=True)})
        return found

    def fitted(self, plot: Plot, condition: Condition, values: Floats | None = None) -> Plot:
        """The first so many of the categories."""
        groups = int(condition["groups"])
        return replace(plot, x=replace(plot.x, low=0.0, high=float(groups), categories=plot.x.categories[:groups]))

    def show(self, what: str, values: Floats, plot: Plot, area: Area, choice: int) -> dict[str, float]:
        """Nothing is shown besides the data."""
        raise KeyError(what)

    def distinct(self, values: Floats) -> bytes:
        """The values in sorted order, group by group."""
        return values[np.lexsort((values[:, 1], values[:, 0]))].tobytes()

    def artists(self, axes: Axes, values: Floats, condition: Condition) -> list[Artist]:
        """Light boxes, whiskers, thick medians, and discs for outliers: one path of each for all groups.

        Group g stands at g + 0.5 on the x axis.  Nothing is shifted to whole pixels.
        """
        figure = axes.get_figure(root=True)
        assert figure is not None, "these axes belong to a frame"
        boxes, whiskers, medians, discs = [], [], [], []
        scale = figure.dpi / 72
        left_end, right_end = axes.get_xlim()
        one = float(axes.bbox.width) / (right_end - left_end) / scale  # CSS pixels of a group
        shrunk = min(1.0, WIDEST / (BOX * one))
        for group in range(int(values[-1, 0]) + 1):
            x = values[values[:, 0] == group, 1]
            box, centre = Box.of(x), group + 0.5
            left, right = centre - shrunk * BOX / 2, centre + shrunk * BOX / 2
            boxes.append([(left, box.q1), (right, box.q1), (right, box.q3), (left, box.q3), (left, box.q1)])
            for end, side in ((box.low, box.q1), (box.high, box.q3)):
                whiskers.append([(centre, side), (centre, end)])
                whiskers.append([(centre - shrunk * CAP / 2, end), (centre + shrunk * CAP / 2, end)])
            medians.append([(left, box.q2), (right, box.q2)])
            discs += [(centre, y) for y in x[(x < box.fences[0]) | (x > box.fences[1])]]
        fill = (*to_rgb(self.colour), FILL)
        drawn: list[Artist] = [
            _drawn(_paths(axes, boxes, closed=True), facecolor=fill, edgecolor=self.colour, linewidth=LINE)
        ]
        for lines, width in ((whiskers, LINE), (medians, MEDIAN_LINE)):
            drawn.append(_drawn(_paths(axes, lines), facecolor="none", edgecolor=self.colour, linewidth=width))
        if discs:
            radius = DISC / 2 * scale
            circles = [Path.circle((float(x), float(y)), radius) for x, y in axes.transData.transform(discs)]
            drawn.append(_drawn(circles, facecolor=self.colour, linewidth=0))
        return drawn

    # Real plots

    def real(self, table: Table, rng: np.random.Generator) -> Real | None:
        """One column in one to four groups, of classes or of ranges of another column, mirrored at random and placed
        on the axis; None where a group has ties or is not of the shapes to be learned (`_learnable`)."""
        groups = _samples(table, rng)
        if groups is None:
            return None
        everything = np.concatenate(groups)
        low, high = float(everything.min()), float(everything.max())
        if not low < high:
            return None
        bottom, top = rng.uniform(*MARGIN, size=2)
        mirrored = rng.random() < 0.5
        data = np.zeros((self.parts, self.width))
        condition = {"groups": float(len(groups))}
        for slot, group in enumerate(groups, start=1):
            share = (high - group if mirrored else group - low) / (high - low)
            placed = np.sort(bottom + share * (1 - bottom - top))
            own = _learnable(placed, slot)
            if own is None:
                return None
            condition.update(own)
            data[(slot - 1) * MOST : (slot - 1) * MOST + len(placed), 0] = placed
        unused = {f"{name}{slot}": 0.0 for slot in range(len(groups) + 1, SLOTS + 1) for name in OWN}
        return Real(data=data, condition=condition | unused)

    def cell(self, condition: Condition) -> int:
        """Flat in the number of groups, and in whether there are outliers."""
        outliers = any(condition[f"outliers{slot}"] for slot in range(1, SLOTS + 1))
        return (int(condition["groups"]) - 1) * 2 + int(outliers)

    def describe(self, data: Floats, condition: Condition) -> Floats:
        """The numbers named in `DESCRIPTORS`: means over the groups, then standard deviations of some."""
        shapes = np.array([_shape(group) for group in _groups(data, condition)])
        return np.concatenate([shapes.mean(axis=0), shapes[:, _VARYING].std(axis=0)])

    # The network's side

    def cast(self, condition: "Tensor", noise: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Groups fill slots, values fill ranks; noise decides how many of the outliers lie below.

        Roles: slot (4, one of them 1), rank from -1 to 1, outlier below, outlier above, and `OWN` of the slot's
        group; 0 for padding.
        """
        import torch

        own = condition[:, 1:].reshape(-1, SLOTS, len(OWN))
        slot = torch.arange(SLOTS, dtype=condition.dtype, device=condition.device)
        used = (slot < condition[:, 0:1].round().clamp(1, SLOTS)).to(condition.dtype)
        n = own[:, :, 0].round().clamp(FEWEST, MOST) * used
        rank = torch.arange(MOST, dtype=condition.dtype, device=condition.device)
        mask = (rank < n[:, :, None]).to(condition.dtype)
        below, above = _split(own, n, noise[:, :SLOTS])
        roles = [mask * is_slot[:, None] for is_slot in torch.eye(SLOTS, dtype=mask.dtype, device=mask.device)]
        roles += [
            mask * (2 * rank / (n - 1).clamp_min(1)[:, :, None] - 1),
            mask * (rank < below[:, :, None]).to(mask.dtype),
            mask * (rank >= (n - above)[:, :, None]).to(mask.dtype),
        ]
        roles += [mask * ((own[:, :, k : k + 1] - at) / by) for k, (at, by) in enumerate(_SCALE)]
        return mask.reshape(-1, self.parts, 1), torch.stack(roles, dim=3).reshape(-1, self.parts, self.roles)

    def emit(self, tokens: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Values as running totals of spacings that the tokens give, drawn straight onto the five numbers; and with
        the pairs of values about each quartile moved so that it is exact."""
        import torch

        token, on = tokens.reshape(-1, SLOTS, MOST), mask.reshape(-1, SLOTS, MOST)
        is_below, is_above = (roles[:, :, SLOTS + k].reshape(-1, SLOTS, MOST) for k in (1, 2))
        ones = torch.ones_like(on[0, 0, :, None])
        n, below, above = ((flags @ ones)[:, :, 0] for flags in (on, is_below, is_above))
        spacing = (torch.nn.functional.softplus(token) + 1e-3) * on
        total = spacing @ torch.ones(MOST, MOST, dtype=on.dtype, device=on.device).triu()
        quarters = _quarters(n)
        ends = below[:, :, None], (n - 1 - above).clamp_min(0)[:, :, None]
        lines, fences = _lines(condition)
        at = _at_ranks(total, torch.cat((ends[0], quarters, ends[1]), dim=2))
        meant = _through(total, at, lines)

        lower = quarters.floor()
        share = quarters - lower
        upper = lower + (share > 0).to(share.dtype)
        a, b = _at_ranks(meant, lower), _at_ranks(meant, upper)
        gap = _admitted(b - a, share, lines)
        low, high = lines[:, :, 0:1], lines[:, :, 4:5]
        wanted = lines[:, :, 1:4]
        knots = torch.cat((low, torch.stack((a, b), dim=3).flatten(2), high), dim=2)
        pairs = torch.stack((wanted - share * gap, wanted + (1 - share) * gap), dim=3).flatten(2)
        exact = _through(meant, knots, torch.cat((low, pairs, high), dim=2))

        iqr = (lines[:, :, 3] - lines[:, :, 1])[:, :, None]
        under = fences[:, :, 0:1] - _kept_in(iqr * (at[:, :, 0:1] - total), fences[:, :, 0:1])
        over = fences[:, :, 1:2] + _kept_in(iqr * (total - at[:, :, 4:5]), 1 - fences[:, :, 1:2])
        inside = on - is_below - is_above
        outside = is_below * under + is_above * over
        first, second = (inside * values + outside for values in (meant, exact))
        return first.reshape(-1, self.parts, 1), second.reshape(-1, self.parts, 1)

    def misfit(self, raw: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> "Tensor":
        """Squared errors of the quartiles in fiftieths of the axis, levelling off at 4, and how far outliers lie
        inside the distance from the fence that a snap gives them."""
        x, on = raw.reshape(-1, SLOTS, MOST), mask.reshape(-1, SLOTS, MOST)
        is_below, is_above = (roles[:, :, SLOTS + k].reshape(-1, SLOTS, MOST) for k in (1, 2))
        lines, fences = _lines(condition)
        n = on.sum(2)
        wrong = ((_at_ranks(x, _quarters(n)) - lines[:, :, 1:4]) / 0.02).square()
        wrong = (wrong / (1 + wrong / 4)).mean(2)
        near = is_below * (x - fences[:, :, 0:1]) + is_above * (fences[:, :, 1:2] - x)
        near = (is_below + is_above) * (1 + near / BEYOND).clamp(0, 4)
        used = (n > 0).to(x.dtype)
        return ((wrong + near.square().sum(2)) * used).sum(1) / used.sum(1)

    def ink(self, data: "Tensor", condition: "Tensor", mask: "Tensor") -> "Tensor":
        """The box plots that the data make; and each group's values as ticks, enlarged so that the box fills the
        middle of the height and the rest crowds towards the ends: how values lie inside a box is too fine to be seen at
        the plot's own scale.

        Each line is a profile down the picture times one across it, so that a plot is one matrix product.
        """
        import torch

        x, on = data.reshape(-1, SLOTS, MOST), mask.reshape(-1, SLOTS, MOST)
        n = on.sum(2)
        used = (n > 0).to(x.dtype)
        levels, outlier = _five_numbers(x, on, n)
        span = SIDE - 2 * _INK_MARGIN
        pixel = torch.arange(SIDE, dtype=x.dtype, device=x.device) + 0.5
        down = _INK_MARGIN + span * (1 - levels[..., None])  # of whisker end, quartiles and whisker end, from the low
        thick = torch.tensor([0.6, 0.6, 1.0, 0.6, 0.6], dtype=x.dtype, device=x.device)[:, None]
        lines = _profile((pixel - down) / thick)
        upright = [_extent(pixel, down[:, :, k : k + 1], down[:, :, j : j + 1]) for j, k in ((0, 1), (1, 3), (3, 4))]
        each = _profile((pixel - (_INK_MARGIN + span * (1 - x[..., None]))) / 0.8)
        away = (x - levels[:, :, 2:3]) / (levels[:, :, 3:4] - levels[:, :, 1:2]).clamp_min(1e-3)  # in IQRs
        enlarged = away / (0.35 + away.abs())
        close = _profile((pixel - SIDE * (0.5 - 0.5 * enlarged[..., None])) / 0.8)
        ticks = torch.cat((outlier[:, :, None] @ each, on[:, :, None] @ close), dim=2)
        rows = torch.cat((lines, *upright, ticks), dim=2)

        slot = torch.arange(SLOTS, dtype=x.dtype, device=x.device) + 0.5
        unit = SIDE / used.sum(1)[:, None, None]
        centre, half = unit * slot[:, None], unit * BOX / 2
        box = _extent(pixel, centre - half, centre + half)
        cap = _extent(pixel, centre - half * CAP / BOX, centre + half * CAP / BOX)
        sides = _profile((pixel - centre + half) / 0.6) + _profile((pixel - centre - half) / 0.6)
        stem, dot = _profile((pixel - centre) / 0.6), _profile((pixel - centre) / 1.0)
        columns = torch.stack((cap, box, box, box, cap, stem, sides, stem, dot, box), dim=2) * used[:, :, None, None]
        drawn = rows[:, :, :9].flatten(1, 2).transpose(1, 2) @ columns[:, :, :9].flatten(1, 2)
        rug = rows[:, :, 9].transpose(1, 2) @ columns[:, :, 9]
        return 1 - torch.exp(-torch.stack((2.0 * drawn, rug), dim=1))


def _unused(condition: Condition, slot: int) -> str:
    """Why a slot is not empty, or nothing."""
    return f"there is no group {slot} to have features" if any(condition[f"{name}{slot}"] for name in OWN) else ""


def _unfit(condition: Condition, slot: int) -> str:
    """Why a slot's group cannot be drawn, or nothing."""
    if condition[f"n{slot}"] < FEWEST or condition[f"iqr{slot}"] <= 0:
        return f"group {slot} has too few values for a box"
    box = Box.asked(condition, slot)
    if box.low < EDGE - 1e-9 or box.high > 1 - EDGE + 1e-9:
        return f"a whisker of group {slot} ends outside the axis"
    if box.outliers > sum(box.places()):
        return f"group {slot} has no room for {box.outliers} outliers beyond its fences"
    return ""


@cache
def _straddling(n: int) -> tuple[Rows, Rows, Floats]:
    """The ranks that each quartile of n values lies between, and its share of the way from the lower: (3,) each."""
    lower, rest = np.divmod(np.arange(1, 4) * (n - 1), 4)
    return lower, lower + (rest > 0), rest / 4


def _type7(ascending: Floats) -> Floats:
    """The quartiles of values (n,): (3,)."""
    lower, upper, share = _straddling(len(ascending))
    quartiles: Floats = ascending[lower] + share * (ascending[upper] - ascending[lower])
    return quartiles


def _groups(data: Floats, condition: Condition) -> list[Floats]:
    """The values of each group, ascending, from the form in which a network emits them."""
    sizes = [int(condition[f"n{slot}"]) for slot in range(1, int(condition["groups"]) + 1)]
    return [np.sort(data[slot * MOST : slot * MOST + n, 0]) for slot, n in enumerate(sizes)]


def _joined(groups: list[Floats]) -> Floats:
    """Groups as rows of their number, from 0, and a value: (m, 2)."""
    numbers = np.repeat(np.arange(len(groups), dtype=np.float64), [len(group) for group in groups])
    return np.column_stack([numbers, np.concatenate(groups)])


def fitted(ascending: Floats, box: Box, gap: float) -> Floats:
    """Values (n,) moved as little as possible, in the unit plot, so that they make exactly this box.

    The two values about a quartile move together, by as much as the quartile must; between them and the whiskers'
    ends the move changes in proportion to the value.  No other way has a smaller largest move: a quartile is a mean
    of its two values, so one of them must move at least as far as the quartile.  Outliers move with their whisker,
    then to `BEYOND` the fence and `gap` from each other.

    Raises:
        UnsuitableDraw: the values are tied or come out of order, or there is no room for the outliers.
    """
    below, above = _outlying(ascending, box)
    last = box.n - 1 - above
    lower, upper, share = _straddling(box.n)
    shift = np.array(box.lines)
    shift[1:4] -= ascending[lower] + share * (ascending[upper] - ascending[lower])
    shift[[0, 4]] -= ascending[[below, last]]
    ranks, first = np.unique([below, *lower, *upper, last], return_index=True)
    knots = ascending[ranks]
    if np.any(np.diff(knots) <= 0):
        raise UnsuitableDraw("values tied")
    moved: Floats = ascending + np.interp(ascending, knots, shift[[0, 1, 2, 3, 1, 2, 3, 4]][first])
    low, high = box.fences
    moved[:below] = low - spaced(low - moved[:below][::-1], low - EDGE, gap)[::-1]
    moved[last + 1 :] = high + spaced(moved[last + 1 :] - high, 1 - EDGE - high, gap)
    if np.any(np.diff(moved) < 0):
        raise UnsuitableDraw("values out of order")
    return moved


def _outlying(ascending: Floats, box: Box) -> tuple[int, int]:
    """How many of the box's outliers are the first and how many the last of the values, so that together they are
    furthest beyond the fences.

    Raises:
        UnsuitableDraw: there is no room for so many.
    """
    most_below, most_above = box.places()
    ways = range(max(0, box.outliers - most_above), min(box.outliers, most_below) + 1)
    if not ways:
        raise UnsuitableDraw("no room for the outliers")
    low, high = box.fences

    def depth(below: int) -> float:
        above = ascending[box.n - box.outliers + below :]
        return float((low - ascending[:below]).sum() + (above - high).sum())

    below = max(ways, key=depth)
    return below, box.outliers - below


def spaced(distances: Floats, room: float, gap: float) -> Floats:
    """Ascending distances from a fence, changed where one is less than `BEYOND`, more than `room`, or nearer than
    `gap` to the next.

    Raises:
        UnsuitableDraw: there is no room for that.
    """
    out = distances.copy()
    least = BEYOND
    for i in range(len(out)):
        out[i] = max(out[i], least)
        least = out[i] + gap
    most = room
    for i in reversed(range(len(out))):
        out[i] = min(out[i], most)
        most = out[i] - gap
    if len(out) and out[0] < BEYOND - 1e-9:
        raise UnsuitableDraw("no room for the outliers")
    return out


def _plain(box: Box, rng: np.random.Generator) -> Floats:
    """Values (n,) of about this box, in the unit plot, ascending."""
    most_below, most_above = box.places()
    least = max(0, box.outliers - most_above)
    below = int(rng.integers(least, max(least, min(box.outliers, most_below)) + 1))
    above = box.outliers - below
    last = box.n - 1 - above
    ranks = np.arange(below, last + 1, dtype=np.float64)
    ranks[1:-1] += rng.uniform(-0.45, 0.45, len(ranks) - 2)
    quarters = np.arange(1, 4) * (box.n - 1) / 4
    inside = np.interp(ranks, [below, *quarters, last], box.lines)
    low, high = box.fences
    far = [BEYOND + box.iqr * rng.exponential(0.3, count).cumsum() for count in (below, above)]
    under = low - np.minimum(far[0], low - EDGE)
    over = high + np.minimum(far[1], 1 - EDGE - high)
    return np.concatenate([under[::-1], inside, over])


def _paths(axes: Axes, lines: list[list[tuple[float, float]]], *, closed: bool = False) -> list[Path]:
    """Lines in data coordinates as paths in pixels."""
    return [Path(axes.transData.transform(line), closed=closed) for line in lines]


def _drawn(paths: list[Path], **style: Any) -> PathPatch:
    """The paths as one artist, in pixels."""
    return PathPatch(Path.make_compound_path(*paths), transform=IdentityTransform(), snap=False, **style)


def _samples(table: Table, rng: np.random.Generator) -> list[Floats] | None:
    """Values of one column in groups: mostly classes, where there are any, else ranges of another column."""
    size = len(table.values)
    # many times faster than a choice; the few rows drawn twice would be ties
    rows = rng.permutation(size)[:_SAMPLE] if size <= 4 * _SAMPLE else _first(rng.integers(size, size=_SAMPLE))
    columns = len(table.columns)
    which = int(rng.integers(columns))
    other = (which + int(rng.integers(1, max(columns, 2)))) % columns
    column = table.values[rows, which]
    known = np.isfinite(column)
    wanted = int(rng.integers(1, SLOTS + 1))
    if table.classes is not None and rng.random() < 0.75:
        parts = _by_class(table.classes[rows], known, wanted, rng)
    else:
        parts = _by_range(table.values[rows, other], known, wanted if other != which else 1, rng)
    if not parts:
        return None
    sizes = rng.integers(FEWEST, MOST + 1, size=len(parts))
    return [column[part[:n]] for part, n in zip(parts, sizes, strict=True)]


def _first(rows: Rows) -> Rows:
    """Row numbers without repetition, in the order in which they first come."""
    return rows[np.sort(np.unique(rows, return_index=True)[1])]


def _by_class(classes: Rows, known: npt.NDArray[np.bool_], wanted: int, rng: np.random.Generator) -> list[Rows]:
    """Where the rows of up to so many classes are that have enough of them."""
    enough = np.flatnonzero(np.bincount(classes[known]) >= FEWEST)
    return [np.flatnonzero(known & (classes == which)) for which in rng.permutation(enough)[:wanted]]


def _by_range(other: Floats, known: npt.NDArray[np.bool_], wanted: int, rng: np.random.Generator) -> list[Rows]:
    """Where the rows are whose other column lies in each of so many ranges with equally many rows."""
    at = np.flatnonzero(known & np.isfinite(other))
    wanted = min(wanted, len(at) // FEWEST)
    if wanted == 0:
        return []
    return [rng.permutation(part) for part in np.array_split(at[other[at].argsort()], wanted)]


def _learnable(ascending: Floats, slot: int) -> dict[str, float] | None:
    """The features of a real group, or None where they are not of the kind that a network is to learn."""
    n = len(ascending)
    if 1 + np.count_nonzero(ascending[1:] != ascending[:-1]) < 0.6 * n:
        return None
    box = Box.of(ascending)
    if box.iqr < _LEARNED["iqr"][0] or box.outliers > MOST_OUTLIERS:
        return None
    found = box.features(UNIT.y, slot)
    if not all(low <= found[f"{name}{slot}"] <= high for name, (low, high) in _LEARNED.items()):
        return None
    most_below, most_above = box.places()
    below, above = beyond(ascending, box.q1, box.q3)
    return found if below <= most_below and above <= most_above else None


def _shape(ascending: Floats) -> list[float]:
    """The first fourteen of `DESCRIPTORS` for one group."""
    box, n = Box.of(ascending), len(ascending)
    iqr = max(box.iqr, 1e-6)
    below, above = beyond(ascending, box.q1, box.q3)
    totals = np.concatenate([[0.0], ascending.cumsum()])
    mean = totals[-1] / n
    squares = (ascending - mean) ** 2
    variance = squares.sum() / n
    kurtosis = np.tanh((squares @ squares / n / max(variance**2, 1e-12) - 3) / 3)
    spacing = (ascending[1:] - ascending[:-1]) / iqr
    first, middle, last = ascending.searchsorted(box.lines[1:4])
    logs = np.log10(spacing[first : last - 1] + 1e-3)
    log = logs.sum() / len(logs)
    within = (ascending[first:last] - box.q1) / iqr
    third = np.count_nonzero(np.abs(within - 0.5) < 1 / 6) / len(within)
    cuts = below, first, middle, last, n - above
    centres = [
        ((totals[stop] - totals[start]) / max(stop - start, 1) - at) / max(to - at, 1e-6) - 0.5
        for start, stop, at, to in zip(cuts, cuts[1:], box.lines, box.lines[1:], strict=False)
    ]
    low, high = box.fences
    alone = max(below + above, 1)
    out = below * low - totals[below] + totals[n] - totals[n - above] - above * high
    return [
        (mean - box.q2) / iqr, np.sqrt(variance) / iqr, kurtosis, spacing[below : n - 1 - above].max(),
        log, np.sqrt(max(logs @ logs / len(logs) - log**2, 0.0)), third, *centres, min(out / alone / iqr, 5),
        np.count_nonzero(spacing < 0.01) / n, (above - below) / alone,
    ]  # fmt: skip


# Tensors (B, slots, ...): B plots, S = 4 slots, M = 50 values, K places.


def _split(own: "Tensor", n: "Tensor", noise: "Tensor") -> tuple["Tensor", "Tensor"]:
    """How many outliers lie below and above, (B, S) each, of features (B, S, 7), sizes and noise (B, S): more of them
    on the side to which the box leans, as many as `Box.places` has room for."""
    _, median, iqr, skew, _, _, outliers = own.unbind(2)
    reach = FENCE * iqr
    low, high = median - iqr * (1 - skew) / 2 - reach, median + iqr * (1 + skew) / 2 + reach
    ranks = ((n - 1) / 4).floor() - 1
    most_below, most_above = (
        ((room - BEYOND) / ROOM + 1 + 1e-4).floor().minimum(ranks).clamp_min(0)
        for room in (low - EDGE, 1 - EDGE - high)
    )
    wanted = outliers.round().clamp(0, MOST_OUTLIERS)
    above = (wanted * (0.5 + 1.5 * skew + 0.7 * noise).clamp(0, 1)).round()
    above = above.maximum(wanted - most_below).minimum(most_above)
    return (wanted - above).minimum(most_below), above


def _lines(condition: "Tensor") -> tuple["Tensor", "Tensor"]:
    """What is asked for: whisker end, quartiles and whisker end, (B, S, 5), and fences, (B, S, 2)."""
    import torch

    own = condition[:, 1:].reshape(-1, SLOTS, len(OWN))
    _, median, iqr, skew, lower, upper, _ = own.unbind(2)
    q1, q3 = median - iqr * (1 - skew) / 2, median + iqr * (1 + skew) / 2
    lines = torch.stack((q1 - lower * iqr, q1, median, q3, q3 + upper * iqr), dim=2)
    return lines, torch.stack((q1 - FENCE * iqr, q3 + FENCE * iqr), dim=2)


def _quarters(n: "Tensor") -> "Tensor":
    """The ranks of the quartiles of n values, from 0 and not whole: (B, S) to (B, S, 3)."""
    last = (n - 1).clamp_min(0)[:, :, None]
    return last * last.new_tensor([0.25, 0.5, 0.75])


def _at_ranks(values: "Tensor", ranks: "Tensor") -> "Tensor":
    """Ascending values (B, S, M) at ranks (B, S, K), in proportion between whole ones: (B, S, K).

    A product with tents of width one instead of an index, which has no gradient.
    """
    import torch

    every = torch.arange(MOST, dtype=values.dtype, device=values.device)
    tents = torch.relu(1 - (every - ranks[..., None]).abs())
    return (tents @ values[..., None])[..., 0]


def _through(values: "Tensor", at: "Tensor", to: "Tensor") -> "Tensor":
    """Values (B, S, M) under the map that is straight between knots `at` and carries them `to`, (B, S, K) both
    ascending; constant outside."""
    import torch

    past = torch.relu(values[:, :, None] - at[..., None])
    steps = past[:, :, :-1] - past[:, :, 1:]
    slopes = (to[:, :, 1:] - to[:, :, :-1]) / (at[:, :, 1:] - at[:, :, :-1]).clamp_min(1e-9)
    return to[:, :, :1] + (slopes[:, :, None] @ steps)[:, :, 0]


def _admitted(gaps: "Tensor", share: "Tensor", lines: "Tensor") -> "Tensor":
    """Gaps between the two values about each quartile, (B, S, 3), made smaller where they would leave the others
    between two lines less than a tenth of the way: the quartile divides its gap by `share`."""
    import torch

    left, right = share * gaps, (1 - share) * gaps
    none = torch.zeros_like(gaps[:, :, :1])
    taken = torch.cat((none, right), dim=2) + torch.cat((left, none), dim=2)
    fit = (0.9 * (lines[:, :, 1:] - lines[:, :, :-1]) / taken.clamp_min(1e-9)).clamp_max(1)
    return gaps * fit[:, :, :-1].minimum(fit[:, :, 1:])


def _kept_in(distance: "Tensor", room: "Tensor") -> "Tensor":
    """How far beyond the fence outliers lie, (B, S, M): a little more than a snap demands and half the distance that
    the spacings give, bent so that it ends before the room, (B, S, 1), does."""
    import torch

    room = (room - EDGE).clamp_min(1e-3)
    return room * (1 - torch.exp(-(1.2 * BEYOND + 0.5 * distance.clamp_min(0)) / room))


def _five_numbers(x: "Tensor", on: "Tensor", n: "Tensor") -> tuple["Tensor", "Tensor"]:
    """The lines that ascending values (B, S, M) make, (B, S, 5), and which of them are outliers, (B, S, M)."""
    import torch

    quartiles = _at_ranks(x, _quarters(n))
    q1, q3 = quartiles[:, :, 0:1], quartiles[:, :, 2:3]
    reach = FENCE * (q3 - q1)
    is_below, is_above = on * (x < q1 - reach), on * (x > q3 + reach)
    ends = torch.stack((is_below.sum(2), (n - 1 - is_above.sum(2)).clamp_min(0)), dim=2)
    low, high = _at_ranks(x, ends).chunk(2, dim=2)
    return torch.cat((low, quartiles, high), dim=2), is_below + is_above


def _profile(distance: "Tensor") -> "Tensor":
    """Ink of a line at a distance from its middle, in its own units."""
    import torch

    # exp(-40) is no visible ink; smaller numbers would be denormal, which is ten times slower
    return torch.exp((-0.5 * distance.square()).clamp_min(-40))


def _extent(pixel: "Tensor", start: "Tensor", stop: "Tensor") -> "Tensor":
    """Ink of a line along itself, at pixels (64,), from start to stop, which broadcast with them."""
    import torch

    return torch.sigmoid((pixel - start) / 0.4) * torch.sigmoid((stop - pixel) / 0.4)


KIND = BoxPlot()
