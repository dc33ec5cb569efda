"""Histograms: n values counted in bins that divide the whole x axis, with exactly the skewness and spread asked for.

Data are an array of shape (n, 1): the values in axis units, in ascending order, rounded to the axis's `precision`.
The bars stand on `bins` equal parts of the x axis; a value on an edge belongs to the bin on its right, as in numpy,
though data drawn keep away from the edges (`CLEAR`), so that no count hangs on a rounding.

In the unit plot a value is its share of the x axis, not framed to the data's own range: where the data lie on the axis
is part of the picture.  On the y axis, 1 is then the tallest bar; in every other plot y counts values.

    skew    m3 / m2^1.5 of the values, with population moments (g1 of Joanes and Gill 1998)
    spread  standard deviation with n - 1, as a share of the x axis
    modes   peaks of the counts that stand out

A peak is a run of equal counts above both neighbours, with nothing beyond the axis.  Its prominence is its height above
the higher of the two lowest points that part it from taller bars (as of a mountain; of equal peaks the left one counts
as the taller).  It stands out with a prominence of at least 3 values and 0.3 of the tallest bar: with less, small
samples of one hill would have modes by chance.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox, IdentityTransform

from ...errors import UnsuitableDraw
from ..tables import Table
from . import SIDE, Area, Condition, Feature, Floats, Plot, Real, Snapped, to_axis

if TYPE_CHECKING:
    from torch import Tensor

BAR = "#0072b2"  # blue of Okabe and Ito's palette: told from grey and black by every kind of colour vision
FILL = 0.5  # opacity inside the outline: the fourth of the eight shades that a picture has
OUTLINE = 1.2  # CSS pixels
LEAST, MOST = 30, 200  # values
FEWEST, SLOTS = 6, 16  # bins
STANDS_OUT = 3.0, 0.3  # prominence of a mode: at least so many values, and this share of the tallest bar
MARGIN = 0.1  # least distance of every prominence from that limit, relative to it
CLEAR = 0.04  # least distance of a value from an inner edge, as a share of a bin
INSIDE = 0.01, 0.99  # shares of the axis between which all values lie
MOST_MOVED = 0.05  # a snap that moves a value further than this share of the axis is a rejection, not a fix
_SOUGHT = CLEAR + 0.005  # before rounding, which moves a value at most 0.004 of a bin
_ROUNDS = 20
_NEWTON = 5
_TILT = 0.7  # most of the tilt; with more the order of values turns over
_SKEW_TRAINED, _SPREAD_TRAINED = 2.0, (0.09, 0.30)
_SOFT_EDGE, _SOFTER_EDGE = 0.04, 0.15  # of a bin: how sharply a tensor's value belongs to it, shown and judged
_TALLEST = 0.92  # of the discriminator's picture

FINEST = 0.05  # standard deviations: about an eighth of the narrowest bin
DESCRIPTORS = (
    "mean", "kurtosis", "fifth moment", "mean minus median", "skewness of the quartiles", "largest gap",
    "mean log spacing", "sd of log spacings", "roughness", "entropy", "empty bins", "tallest bar from the mean",
    "share in the tallest bar", "jump at the left end", "jump at the right end",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Histogram:
    """The histogram kind."""

    name: str = "histogram"
    colour: str = BAR
    shows: tuple[str, ...] = ()
    parts: int = MOST
    width: int = 1
    roles: int = 3
    channels: int = 2
    cells: int = 2 * 4 * 3
    exact: tuple[str, ...] = (
        "n by a mask",
        "spread by scaling in the graph",
        "skew, where it is near enough, by a few Newton steps along its gradient in the graph",
    )
    descriptors: tuple[str, ...] = DESCRIPTORS
    features: tuple[Feature, ...] = (
        Feature(name="n", low=LEAST, high=MOST, step=1, exact=0, usual=(40, 200), meaning="number of values"),
        Feature(name="bins", low=FEWEST, high=SLOTS, step=1, exact=0, usual=(8, 12),
                meaning="number of bins that divide the axis"),
        Feature(name="modes", low=1, high=2, step=1, exact=0, usual=(1, 1), meaning="peaks that stand out"),
        Feature(name="skew", low=-1.8, high=1.8, step=0.1, exact=0.005, usual=(-1.8, 1.8),
                meaning="skewness of the values"),
        Feature(name="spread", low=0.10, high=0.28, step=0.005, exact=0.0005, usual=(0.10, 0.28),
                meaning="standard deviation as a share of the axis"),
    )  # fmt: skip

    # Data drawn

    def impossible(self, condition: Condition) -> str:
        """A wide hill cannot lean far, nor can two; and two need bins between them.

        The limits are those of plots of real data, rounded outwards.
        """
        skew, spread = abs(condition["skew"]), condition["spread"]
        two = condition["modes"] == 2
        room = 0.31 - 0.05 * skew if two else 0.285 - 0.03 * skew
        if spread > room + 1e-9:
            return f"with skew = {condition['skew']:g} a spread of {spread:g} does not fit the axis"
        if two and skew > 1.2 + 1e-9:
            return f"with skew = {condition['skew']:g} the smaller of two modes would vanish"
        if two and (spread < 0.14 or spread * condition["bins"] < 1.5):
            return f"with spread = {spread:g} and {condition['bins']:g} bins two modes are not told apart"
        if condition["n"] < 50 and spread < 0.12:
            return f"{condition['n']:g} values with spread = {spread:g} leave most of the axis empty"
        return ""

    def settle(self, condition: Condition) -> dict[str, float]:
        """No feature follows from others."""
        return dict(condition)

    def values(self, data: Floats, condition: Condition) -> Floats:
        """The first n values, (n, 1), ascending."""
        ascending: Floats = np.sort(data[: int(condition["n"]), 0])[:, None]
        return ascending

    def plain(self, condition: Condition, rng: np.random.Generator) -> Floats:
        """n values spread evenly over a beta distribution, or over two normal ones for two modes: (n, 1)."""
        n = int(condition["n"])
        many = _two_humps(condition, 15 * n, rng) if condition["modes"] > 1 else _one_hump(condition, 15 * n, rng)
        # one of every fifteen in order: far smoother than a sample, so that small plots have the shape asked for
        smooth: Floats = np.sort(many)[15 * np.arange(n) + rng.integers(4, 11, size=n)][:, None]
        return smooth

    def snap(self, raw: Floats, condition: Condition, plot: Plot, area: Area, rng: np.random.Generator) -> Snapped:
        """Make skew and spread exact, keep values off the edges, round; the modes must be as asked already."""
        placed = self.values(raw, condition)[:, 0].astype(np.float64)
        bins = int(condition["bins"])
        moved = _exact(placed, condition, placed.mean())
        for _ in range(_ROUNDS):
            cleared = _cleared(moved, bins)
            if cleared is moved:
                break
            moved = _exact(cleared, condition, placed.mean())
        else:
            raise UnsuitableDraw("values that cannot be kept off the edges of bins")
        displacement = float(np.abs(moved - placed).max())
        if displacement > MOST_MOVED:
            raise UnsuitableDraw("snapped too far")
        values = to_axis(np.sort(moved)[:, None], plot.x)
        counts = _counts(_shares(values, plot), bins)
        modes, margin = _modes(counts)
        if modes != condition["modes"]:
            raise UnsuitableDraw("another number of modes")
        if margin < MARGIN:
            raise UnsuitableDraw("a peak that some would call a mode and some not")
        if not _is_unit(plot.y.low, plot.y.high) and counts.max() > plot.y.high:
            raise UnsuitableDraw("a bar taller than the axis")
        return Snapped(values=values, displacement=displacement)

    def readings(self, values: Floats, condition: Condition, plot: Plot) -> dict[str, float]:
        """The features, and what else there is to ask about.

        In axis units: `mean`, `median`, `sd` (n - 1), `min`, `max`, `range`, quartiles `q1` and `q3` (Hyndman and
        Fan's type 7, as numpy and R) and their distance `iqr`.

        Of the bars: `count_1` to `count_16` (0 beyond the last), `tallest` (the first of the tallest bars, from 1),
        `tallest_count`, its lead over the next `tallest_margin` (values), and `empty` bins between others; in axis
        units `bin_width`, and the edges of the tallest, `tallest_low` and `tallest_high`.

        As if only the bars were known, in axis units: `grouped_mean` and `grouped_sd` (n - 1) of the bins' middles,
        `grouped_median` by linear interpolation in the bin that reaches half of the values, and `grouped_skew`, the
        skewness (as `skew`) of the middles.

        `mode_margin` is the distance of the nearest peak's prominence from the limit of a mode, relative to it, and
        `gap` the distance of the nearest value from an inner edge, as a share of a bin.
        """
        bins = int(condition["bins"])
        x = np.sort(values[:, 0])
        shares = _shares(x, plot)
        counts = _counts(shares, bins)
        modes, mode_margin = _modes(counts)
        q1, median, q3 = (_quantile(x, share) for share in (0.25, 0.5, 0.75))
        second, first = np.partition(counts, -2)[-2:]
        skew, sd = _skew_and_sd(x)
        tallest = int(counts.argmax())
        edges = [plot.x.low + plot.x.span * place / bins for place in range(bins + 1)]
        return {
            "n": float(len(x)),
            "bins": float(bins),
            "modes": float(modes),
            "skew": skew,
            "spread": sd / plot.x.span,
            "mean": float(x.mean()),
            "median": median,
            "sd": sd,
            "min": float(x[0]),
            "max": float(x[-1]),
            "range": float(x[-1] - x[0]),
            "q1": q1,
            "q3": q3,
            "iqr": q3 - q1,
            "tallest": float(tallest + 1),
            "tallest_low": edges[tallest],
            "tallest_high": edges[tallest + 1],
            "bin_width": plot.x.span / bins,
            "tallest_count": float(first),
            "tallest_margin": float(first - second),
            "empty": float(_empty(counts)),
            "mode_margin": mode_margin,
            "gap": float(_from_edges(shares, bins).min()),
            **_grouped(counts, edges),
            **{f"count_{slot + 1}": float(counts[slot]) if slot < bins else 0.0 for slot in range(SLOTS)},
        }

    def fitted(self, plot: Plot, condition: Condition, values: Floats | None = None) -> Plot:
        """A y axis left open ends at a round number above the tallest bar; before there are data, above any."""
        if np.isfinite(plot.y.high):
            return plot
        most = condition["n"]
        if values is not None:
            most = float(_counts(_shares(values, plot), int(condition["bins"])).max())
        return replace(plot, y=replace(plot.y, high=_round_above(most)))

    def show(self, what: str, values: Floats, plot: Plot, area: Area, choice: int) -> dict[str, float]:
        """Nothing is shown besides the data."""
        raise KeyError(what)

    def distinct(self, values: Floats) -> bytes:
        """The values in ascending order."""
        return np.sort(values, axis=0).tobytes()

    def artists(self, axes: Axes, values: Floats, condition: Condition) -> list[Artist]:
        """One path of all bars that hold a value.  They stand on the axes' lines and do not cover them."""
        bins = int(condition["bins"])
        (low, high), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        counts = _counts((values[:, 0] - low) / (high - low), bins)
        heights = counts / counts.max() if _is_unit(bottom, top) else counts
        edges = low + (high - low) * np.arange(bins + 1) / bins
        bars = [_bar(left, right, of) for (left, right), of in zip(pairwise(edges), heights, strict=True) if of > 0]
        path = axes.transData.transform_path(Path.make_compound_path(*bars))
        figure = axes.get_figure(root=True)
        assert figure is not None, "these axes belong to a frame"
        scale = figure.dpi / 72
        patch = PathPatch(path, transform=IdentityTransform(), facecolor=to_rgba(self.colour, FILL),
                          edgecolor=self.colour, linewidth=OUTLINE, joinstyle="miter", snap=False)  # fmt: skip
        corner = axes.transAxes.transform((0, 0)) + np.ceil(scale / 2)  # the axes' lines are 1 CSS pixel wide
        patch.set_clip_box(Bbox([corner, figure.bbox.max]))
        return [patch]

    # Real plots

    def real(self, table: Table, rng: np.random.Generator) -> Real | None:
        """One column, some of the rows (of one or two classes, at times), mirrored at random, on most of the axis."""
        if not table.columns:
            return None
        x = _some_of_a_column(table, rng)
        n = len(x)
        if n < LEAST or np.count_nonzero(x[1:] - x[:-1]) + 1 < n / 2:
            return None
        if rng.random() < 0.5:
            x = -x[::-1]
        width = rng.uniform(0.75, 0.97)
        x = rng.uniform(0.015, 0.985 - width) + width * (x - x[0]) / (x[-1] - x[0])
        skew, spread = _skew_and_sd(x)
        if abs(skew) > _SKEW_TRAINED or not _SPREAD_TRAINED[0] <= spread <= _SPREAD_TRAINED[1]:
            return None
        bins = int(rng.integers(FEWEST, SLOTS + 1))
        modes, margin = _modes(_counts(x, bins))
        if not 1 <= modes <= 2 or margin < MARGIN:
            return None
        data = np.zeros((self.parts, 1))
        data[:n, 0] = x
        condition = {"n": float(n), "bins": float(bins), "modes": float(modes), "skew": skew, "spread": spread}
        return Real(data=data, condition=condition)

    def cell(self, condition: Condition) -> int:
        """By modes, by |skew| (0.5, 1, 1.5), by n (60, 120)."""
        of_skew = min(3, int(abs(condition["skew"]) / 0.5))
        of_n = int(condition["n"] > 60) + int(condition["n"] > 120)
        return (int(condition["modes"] > 1) * 4 + of_skew) * 3 + of_n

    def describe(self, data: Floats, condition: Condition) -> Floats:
        """The numbers named in `DESCRIPTORS`: positions and gaps in standard deviations, counts in tallest bars.

        Real measurements are rounded, which no histogram shows: spacings below `FINEST` count alike.
        """
        x = self.values(data, condition)[:, 0].astype(np.float64)
        n = len(x)
        mean = float(x.sum()) / n
        z = x - mean
        sd = float(np.sqrt(z @ z / n))
        z /= sd
        squared = z * z
        q1, median, q3 = (_quantile(z, share) for share in (0.25, 0.5, 0.75))
        spacing = z[1:] - z[:-1]
        logs = np.log(spacing + FINEST)
        log = float(logs.sum()) / (n - 1)
        counts = _counts(x, int(condition["bins"]))
        tallest = counts.max()
        shares = counts[counts > 0] / n
        filled = np.flatnonzero(counts)
        return np.array([
            mean,
            min(float(squared @ squared) / n, 20),
            min(max(float((squared * squared) @ z) / n, -50), 50),
            -median,
            (q1 + q3 - 2 * median) / (q3 - q1 + 1e-9),
            spacing.max(),
            log,
            np.sqrt(max(0.0, float(logs @ logs) / (n - 1) - log * log)),
            np.abs(counts[:-2] - 2 * counts[1:-1] + counts[2:]).sum() / (len(counts) - 2) / tallest,
            -(shares * np.log(shares)).sum() / np.log(len(counts)),
            _empty(counts),
            ((counts.argmax() + 0.5) / len(counts) - mean) / sd,
            tallest / n,
            counts[filled[0]] / tallest,
            counts[filled[-1]] / tallest,
        ])  # fmt: skip

    # The network's side

    def cast(self, condition: "Tensor", noise: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Roles: of the first mode, of the second, and the rank from -1 to 1, so that a quantile can be told it."""
        import torch

        n = condition[:, 0:1].round().clamp(LEAST, MOST)
        token = torch.arange(self.parts, dtype=condition.dtype, device=condition.device)
        mask = (token < n).to(condition.dtype)[:, :, None]
        rank = (token + 0.5) / n
        first = (0.5 + 0.2 * noise[:, 0:1]).clamp(0.2, 0.8)
        second = ((rank > first) & (condition[:, 2:3] > 1.5)).to(condition.dtype)
        return mask, torch.stack((1 - second, second, 2 * rank - 1), dim=2) * mask

    def emit(self, tokens: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Values where the network meant them; and with skew and spread exact, about the same mean, on the axis."""
        import torch

        from . import tensors

        raw = (0.5 + 0.15 * tokens).clamp(-0.5, 1.5) * mask
        skew = condition[:, 3:4, None].clamp(-_SKEW_TRAINED, _SKEW_TRAINED)
        spread = condition[:, 4:5, None].clamp(*_SPREAD_TRAINED)
        n = mask.transpose(1, 2) @ torch.ones_like(mask)
        about = _leant_tensor(tensors.standardise(raw, mask), skew, mask) * spread * ((n - 1) / n).sqrt()
        far = 1e4 * (1 - mask)
        least = 0.012 - (about + far).amin(1, keepdim=True)
        most = 0.988 - (about - far).amax(1, keepdim=True)
        middle = (least + most) / 2  # where the values are wider than the axis, they stick out on both sides alike
        centre = tensors.masked_mean(raw, mask)
        centre = torch.minimum(torch.maximum(centre, torch.minimum(least, middle)), torch.maximum(most, middle))
        return raw, (centre + about) * mask

    def misfit(self, raw: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> "Tensor":
        """Errors of skew, of the logarithm of spread, of the second peak's prominence; values beyond the axis."""
        from torch.nn.functional import huber_loss

        from . import tensors

        centred = (raw - tensors.masked_mean(raw, mask)) * mask
        variance = tensors.masked_mean(centred * centred, mask) + 1e-6
        skew = (tensors.masked_mean(centred * centred * centred, mask) / (variance * variance.sqrt()))[:, 0, 0]
        narrow = variance.sqrt()[:, 0, 0].log() - condition[:, 4].log()
        beyond = ((raw - 1).clamp_min(0) + (-raw).clamp_min(0)).amax((1, 2))
        counts = _soft_counts(raw, condition, mask, _SOFTER_EDGE)
        limit = (STANDS_OUT[1] * counts.amax(1)).clamp_min(STANDS_OUT[0])
        second = _second_prominence(counts) / limit
        two = (condition[:, 2] > 1.5).to(raw.dtype)
        modes = two * (1.3 - second).clamp_min(0) + (1 - two) * (second - 0.7).clamp(0, 2)
        return huber_loss(skew, condition[:, 3], reduction="none") + narrow.square() + modes.square() + 5 * beyond

    def ink(self, data: "Tensor", condition: "Tensor", mask: "Tensor") -> "Tensor":
        """Bars, with a light line where two meet; and every value as a tick in the lower quarter of a picture of its
        own, since bars do not show where in its bin a value lies."""
        import torch

        counts = _soft_counts(data, condition, mask, _SOFT_EDGE)[:, None]
        height = counts / counts.amax(2, keepdim=True) * (_TALLEST * SIDE)
        pixel = torch.arange(SIDE, device=data.device, dtype=data.dtype) + 0.5
        # an empty bin has no ink at all, though the soft top of its bar reaches over the ground
        bars = torch.sigmoid((height - (SIDE - pixel)[:, None]) / 0.5) * counts.clamp(0, 1)  # (B, SIDE, SLOTS)
        in_bins = bars @ _coverage(condition, pixel)
        ticks = torch.exp((-0.5 / 0.7**2 * (SIDE * data - pixel).square()).clamp_min(-40))
        n = mask.transpose(1, 2) @ torch.ones_like(mask)
        faint = 0.6 * (LEAST / n).sqrt()  # so that few values are seen and many do not run together
        rug = 1 - torch.exp(-faint * (mask.transpose(1, 2) @ ticks))  # (B, 1, SIDE)
        ground = (pixel > SIDE * 3 / 4).to(data.dtype)[:, None]
        return torch.stack((in_bins, ground * rug), dim=1)


def _round_above(count: float) -> float:
    """The first of 5, 6, 8, 10, 12, 16, 20, 25, 30, 40, 50, 60, 80, 100, ... with some room above the count."""
    tops = (m * 10.0**k for k in range(4) for m in (1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8))
    return next(top for top in tops if top >= 5 and top == round(top) and top >= 1.04 * count)


def _skew_and_sd(values: Floats) -> tuple[float, float]:
    """Skewness m3 / m2^1.5, and standard deviation with n - 1, of values (n,)."""
    n = len(values)
    centred = values - float(values.sum()) / n
    squared = centred * centred
    sum_2, sum_3 = float(squared.sum()), float(squared @ centred)
    return sum_3 / n / (sum_2 / n) ** 1.5, (sum_2 / (n - 1)) ** 0.5


def prominences(counts: list[int]) -> list[int]:
    """Of each peak from left to right, how far it stands above what parts it from taller bars."""
    padded = [0, *counts, 0]
    runs = [0] + [here for before, here in pairwise(padded) if here != before]
    found = []
    for at in range(1, len(runs) - 1):
        height = runs[at]
        if not runs[at - 1] < height > runs[at + 1]:
            continue
        left = right = height
        for other in reversed(runs[:at]):
            if other >= height:
                break
            left = min(left, other)
        for other in runs[at + 1 :]:
            if other > height:
                break
            right = min(right, other)
        found.append(height - max(left, right))
    return found


def _modes(counts: npt.NDArray[np.int64]) -> tuple[int, float]:
    """How many peaks stand out, and how far the nearest prominence is from the limit, relative to it."""
    bars = counts.tolist()
    limit = max(STANDS_OUT[0], STANDS_OUT[1] * max(bars))
    found = prominences(bars)
    return sum(height >= limit for height in found), min(abs(height - limit) for height in found) / limit


def _is_unit(low: float, high: float) -> bool:
    """Whether this is the y axis of the unit plot, where 1 is the tallest bar: no count fits below 1."""
    return low == 0 and high == 1


def _shares(values: Floats, plot: Plot) -> Floats:
    """Values of any shape in axis units, as shares of the x axis, (n,)."""
    shares: Floats = (values.ravel() - plot.x.low) / plot.x.span
    return shares


def _counts(shares: Floats, bins: int) -> npt.NDArray[np.int64]:
    """Values (n,), as shares of the axis, in each bin: (bins,); those beyond the axis in the bins at its ends.

    The little that is added keeps a value on an edge, whose share is rounded, on its right.
    """
    slot = (shares * bins + 1e-9).astype(np.int64)
    return np.bincount(np.minimum(np.maximum(slot, 0), bins - 1), minlength=bins)


def _grouped(counts: npt.NDArray[np.int64], edges: list[float]) -> dict[str, float]:
    """Statistics of the counts (bins,) with every value put in the middle of its bin; of the median, with the values
    of a bin spread evenly over it.  NaN where the middles are all one."""
    middles = np.repeat([(low + high) / 2 for low, high in pairwise(edges)], counts)
    half, below, place = len(middles) / 2, 0, 0
    while below + counts[place] < half:
        below += int(counts[place])
        place += 1
    skew, sd = _skew_and_sd(middles) if np.ptp(middles) > 0 else (np.nan, 0.0)
    return {
        "grouped_mean": float(middles.mean()),
        "grouped_median": edges[place] + (half - below) / float(counts[place]) * (edges[place + 1] - edges[place]),
        "grouped_sd": sd,
        "grouped_skew": skew,
    }


def _from_edges(shares: Floats, bins: int) -> Floats:
    """Distance of each value (n,) from the nearest inner edge, in bins."""
    along = shares * bins
    distance: Floats = np.abs(along - np.clip(np.rint(along), 1, bins - 1))
    return distance


def _empty(counts: npt.NDArray[np.int64]) -> int:
    """Empty bins between others."""
    filled = np.flatnonzero(counts)
    return int(filled[-1] - filled[0] + 1 - len(filled))


def _quantile(ordered: Floats, share: float) -> float:
    """Type 7 of Hyndman and Fan 1996, of ascending values (n,)."""
    at = (len(ordered) - 1) * share
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (at - below) * (ordered[above] - ordered[below]))


def _exact(values: Floats, condition: Condition, centre: float) -> Floats:
    """Values (n,) of exactly this skew and spread about `centre`, or as near it as the axis allows.

    Raises:
        UnsuitableDraw: they cannot have it, or are wider than the axis.
    """
    about = _leant(values, condition["skew"])
    about *= condition["spread"] * np.sqrt((len(values) - 1) / len(values))
    low, high = INSIDE[0] - about.min(), INSIDE[1] - about.max()
    if low > high:
        raise UnsuitableDraw("values wider than the axis")
    moved: Floats = about + min(max(centre, low), high)
    return moved


def _leant(values: Floats, skew: float) -> Floats:
    """Values (n,) standardised, and moved the least for this skewness.

    With x standardised and g its skewness, a small change of x changes g the most along q = x^2 - 1 - g x, which is
    orthogonal to 1 and x.  So x + a q has the mean 0, the variance 1 + a^2 E[q^2], and the third moment
    g + 3 a E[q^2] + 3 a^2 E[x q^2] + a^3 E[q^3]; a is found by Newton's method on these four numbers.

    Raises:
        UnsuitableDraw: no small a gives that skewness, as with values at two places only.
    """
    x = values - values.mean()
    sd = float(np.sqrt(x @ x / len(x)))
    if sd < 1e-6:
        raise UnsuitableDraw("values all alike")
    x /= sd
    n = len(x)
    squared = x * x
    g = float(squared @ x) / n
    q = squared - 1 - g * x
    q2 = q * q
    two, mixed, three = float(q2.sum()) / n, float(q2 @ x) / n, float(q2 @ q) / n
    a = 0.0
    for _ in range(30):
        variance = 1 + a * a * two
        third = g + a * (3 * two + a * (3 * mixed + a * three))
        miss = third / variance**1.5 - skew
        slope = (3 * two + a * (6 * mixed + a * 3 * three) - 3 * a * two * third / variance) / variance**1.5
        if abs(miss) < 1e-9:
            leant: Floats = (x + a * q) / np.sqrt(variance)
            return leant
        if slope < 0.05 or abs(a) > _TILT:
            break
        a -= miss / slope
    raise UnsuitableDraw("no small change gives that skewness")


def _cleared(shares: Floats, bins: int) -> Floats:
    """Values (n,) with those too near an inner edge pushed further into their bins, in the same order and never onto
    each other; the same array when there are none."""
    along = shares * bins
    edge = np.clip(np.rint(along), 1, bins - 1)
    off = along - edge
    near = np.abs(off) < _SOUGHT
    if not near.any():
        return shares
    side = np.where(off >= 0, 1.0, -1.0)
    pushed: Floats = np.where(near, edge + side * (_SOUGHT + 0.01) + 0.3 * off, along) / bins
    return pushed


def _beta(skew: float, spread: float) -> tuple[float, float]:
    """The two parameters of the beta distribution on the inner 0.96 of the axis with this skewness and spread.

    With v the variance on 0..1 and u = a + b + 2, the formulas of variance and skewness combine to
    skew^2 v u^2 + 16 v u - 16 v - 4 = 0, and give a b = v (u - 2)^2 (u - 1).  Parameters below 0 mean that there is
    no such distribution.
    """
    v = (spread / 0.96) ** 2
    lead = skew**2 * v
    # the root in the form that holds for skew 0 too
    u = 2 * (16 * v + 4) / (16 * v + np.sqrt(256 * v * v + 4 * lead * (16 * v + 4)))
    total = u - 2
    apart = total * np.sqrt(max(0.0, 1 - 4 * v * (total + 1)))
    a, b = (total - apart) / 2, (total + apart) / 2
    return (a, b) if skew >= 0 else (b, a)


def _one_hump(condition: Condition, size: int, rng: np.random.Generator) -> Floats:
    """Values (size,) from the beta distribution of this skewness and spread."""
    a, b = _beta(condition["skew"], condition["spread"])
    return 0.02 + 0.96 * rng.beta(max(a, 0.1), max(b, 0.1), size)


def _two_humps(condition: Condition, size: int, rng: np.random.Generator) -> Floats:
    """Values (size,) from two normal distributions of one width whose distance makes up most of the variance.

    Two points with the share p on the right have skewness (1 - 2 p) / sqrt(p (1 - p)).
    """
    between = min(max(0.85 + 0.8 * (condition["spread"] - 0.18), 0.85), 0.93)
    two_points = condition["skew"] / between**1.5
    share = 0.5 * (1 - two_points / np.hypot(2, two_points))
    right = rng.random(size) < share
    humps = (right - share) / np.sqrt(share * (1 - share)) * np.sqrt(between)
    x = condition["spread"] * (humps + np.sqrt(1 - between) * np.clip(rng.standard_normal(size), -2.2, 2.2))
    centred: Floats = x + 0.5 - (x.max() + x.min()) / 2
    return centred


def _some_of_a_column(table: Table, rng: np.random.Generator) -> Floats:
    """Values of one column, ascending: some of them all, or of those of one or two classes."""
    x = table.values[:, rng.integers(len(table.columns))]
    if table.classes is not None and rng.random() < 0.5:
        first, other = table.classes[rng.integers(len(table.classes), size=2)]
        chosen = table.classes == first
        if rng.random() < 0.6:
            chosen |= table.classes == other
        x = x[chosen]
    x = x[np.isfinite(x)]
    n = int(rng.integers(LEAST, MOST + 1))
    return np.sort(rng.choice(x, n, replace=False, shuffle=False) if len(x) > n else x)


def _bar(left: float, right: float, height: float) -> Path:
    """A bar in axis units, open below, where the axis's line is."""
    return Path([(left, 0), (left, height), (right, height), (right, 0)])


def _leant_tensor(x: "Tensor", skew: "Tensor", mask: "Tensor") -> "Tensor":
    """What `_leant` does, for standardised x (B, P, 1) and skew (B, 1, 1): a few steps, as near as they come."""
    import torch

    from . import tensors

    g = tensors.masked_mean(x * x * x, mask)
    q = (x * x - mask - g * x) * mask
    two, mixed, three = (tensors.masked_mean(q * q * of, mask) for of in (torch.ones_like(x), x, q))
    a = torch.zeros_like(g)
    for _ in range(_NEWTON):
        variance = 1 + a * a * two
        power = variance * variance.sqrt()
        third = g + a * (3 * two + a * (3 * mixed + a * three))
        slope = (3 * two + a * (6 * mixed + a * 3 * three) - 3 * a * two * third / variance) / power
        a = (a - (third / power - skew) / slope.clamp_min(0.3)).clamp(-_TILT, _TILT)
    return (x + a * q) / (1 + a * a * two).sqrt()


def _soft_counts(data: "Tensor", condition: "Tensor", mask: "Tensor", softness: float) -> "Tensor":
    """Values in each bin, (B, SLOTS), 0 beyond the last: of data (B, P, 1) that belong to their bins within
    `softness` of a bin's width.  Values beyond the axis are in the bins at its ends."""
    import torch

    bins = condition[:, 1:2].round().clamp(FEWEST, SLOTS)
    edge = torch.arange(1, SLOTS, device=data.device, dtype=data.dtype)
    inner = (edge < bins).to(data.dtype)[:, None]  # (B, 1, SLOTS - 1)
    beyond = torch.sigmoid((data * bins[:, :, None] - edge) / softness) * inner
    above = (mask.transpose(1, 2) @ beyond)[:, 0]  # values right of each inner edge
    n = (mask.transpose(1, 2) @ torch.ones_like(mask))[:, 0]
    return torch.cat((n, above), dim=1) - torch.cat((above, torch.zeros_like(n)), dim=1)


def _second_prominence(counts: "Tensor") -> "Tensor":
    """Prominence of the second most prominent peak of counts (B, SLOTS), at most 0 where there is one only: (B,).

    It is the deepest that a bar lies below the tallest on both of its sides.
    """
    import torch

    slot = torch.arange(SLOTS, device=counts.device)
    left = torch.where(slot[:, None] > slot, counts[:, None], 0).amax(2)  # (B, SLOTS): the tallest left of each
    right = torch.where(slot[:, None] < slot, counts[:, None], 0).amax(2)
    return (torch.minimum(left, right) - counts).amax(1)


def _coverage(condition: "Tensor", pixel: "Tensor") -> "Tensor":
    """How much of each column of pixels a bin fills, (B, SLOTS, SIDE), lighter where two bins meet."""
    import torch

    bins = condition[:, 1:2, None].round().clamp(FEWEST, SLOTS)
    size = SIDE / bins
    slot = torch.arange(SLOTS, device=pixel.device, dtype=pixel.dtype)[:, None]
    left, right = slot * size, (slot + 1) * size
    share = (torch.minimum(right, pixel + 0.5) - torch.maximum(left, pixel - 0.5)).clamp(0, 1) * (slot < bins)
    at_edge = torch.exp(-0.5 / 0.5**2 * (torch.minimum(pixel - left, right - pixel)).square().clamp_max(40))
    return share * (1 - 0.5 * at_edge)


KIND = Histogram()
