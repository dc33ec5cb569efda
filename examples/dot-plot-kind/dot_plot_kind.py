"""Dot plots: whole numbers from 0 to 12, one dot for each, stacked.

A small but whole example of a plot kind for plotbank; docs/new-kind.md walks through it.

A network emits an array (40, 1): n values in the unit plot, where step k of the axis is k / 12, then zeros.  Data drawn
have the shape (n, 1), ascending, in axis units.  `mean` and `sd` (n - 1) are in steps of the axis.
"""

# ruff: noqa: ARG002 - not every method needs all that it is given

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import SIDE, Area, Condition, Feature, Floats, Plot, Real, Snapped, to_axis
from plotbank.generator.tables import Table

if TYPE_CHECKING:
    from torch import Tensor

STEPS = 12
FEWEST, MOST = 8, 40
HIGHEST = 15  # dots in a stack of the discriminator's picture
MOST_MOVED = 0.15  # share of the axis: a value goes to the nearest whole step, and may go one further


@dataclass(frozen=True, slots=True)
class DotPlot:
    """The dot plot kind."""

    name: str = "dotplot"
    colour: str = "#009e73"
    parts: int = MOST
    width: int = 1
    features: tuple[Feature, ...] = (
        Feature(name="n", low=FEWEST, high=MOST, step=1, exact=0, usual=(12, 40), meaning="number of dots"),
        Feature(name="mean", low=2, high=10, step=0.25, exact=0.0625, usual=(3, 9), meaning="mean of the values"),
        Feature(name="sd", low=1, high=3.5, step=0.25, exact=0.125, usual=(1, 3.5), meaning="standard deviation"),
    )
    exact: tuple[str, ...] = ("n, by a mask",)
    shows: tuple[str, ...] = ()
    roles: int = 1
    channels: int = 1
    cells: int = 12
    descriptors: tuple[str, ...] = ("skewness", "kurtosis", "largest gap", "steps in use", "share in the tallest stack")

    def impossible(self, condition: Condition) -> str:
        """Values far from the mean need steps of the axis to be on."""
        mean, sd = condition["mean"], condition["sd"]
        if 1.5 * sd > min(mean, STEPS - mean) + 1:
            return f"a standard deviation of {sd:g} about a mean of {mean:g} leaves the axis"
        return ""

    def settle(self, condition: Condition) -> dict[str, float]:
        """No feature follows from others."""
        return dict(condition)

    def values(self, data: Floats, condition: Condition) -> Floats:
        """The first n values, ascending."""
        return np.sort(data[: int(condition["n"])], axis=0)

    def plain(self, condition: Condition, rng: np.random.Generator) -> Floats:
        """Normal values with about the mean and standard deviation asked for."""
        z = rng.standard_normal((int(condition["n"]), 1))
        return np.clip((condition["mean"] + condition["sd"] * z) / STEPS, 0, 1)

    def snap(self, raw: Floats, condition: Condition, plot: Plot, area: Area, rng: np.random.Generator) -> Snapped:
        """Shift and stretch the values, then put each on a whole step so that their sum is right."""
        placed = self.values(raw, condition)[:, 0] * STEPS
        if placed.std() < 0.1:
            raise UnsuitableDraw("values all alike")
        z = (placed - placed.mean()) / placed.std(ddof=1)
        wanted = condition["mean"] + np.sqrt(condition["sd"] ** 2 - 1 / 12) * z  # rounding adds a variance of 1/12
        whole = np.rint(wanted)
        missing = round(condition["mean"] * len(z)) - int(whole.sum())
        nearest = np.argsort(np.sign(missing) * (whole - wanted))[: abs(missing)]  # to the step on the other side
        whole[nearest] += np.sign(missing)
        if whole.min() < 0 or whole.max() > STEPS:
            raise UnsuitableDraw("a value off the axis")
        if _stacks(whole).max() > (plot.y.high if plot.y.high > 1 else HIGHEST):
            raise UnsuitableDraw("a stack taller than the axis")
        displacement = float(np.abs(whole - placed).max()) / STEPS
        if displacement > MOST_MOVED:
            raise UnsuitableDraw("snapped too far")
        return Snapped(values=to_axis(np.sort(whole)[:, None] / STEPS, plot.x), displacement=displacement)

    def readings(self, values: Floats, condition: Condition, plot: Plot) -> dict[str, float]:
        """The features; the median, in steps; and how tall the tallest stack is."""
        steps = (values[:, 0] - plot.x.low) / plot.x.span * STEPS
        return {
            "n": float(len(steps)),
            "mean": float(steps.mean()),
            "sd": float(steps.std(ddof=1)),
            "median": float(np.median(steps)),
            "tallest": float(_stacks(steps).max()),
        }

    def fitted(self, plot: Plot, condition: Condition, values: Floats | None = None) -> Plot:
        """The plot as it is: neither a condition nor data ask for other axes."""
        return plot

    def show(self, what: str, values: Floats, plot: Plot, area: Area, choice: int) -> dict[str, float]:
        """Nothing is shown besides the data."""
        raise KeyError(what)

    def distinct(self, values: Floats) -> bytes:
        """The values in ascending order."""
        return np.sort(values, axis=0).tobytes()

    def artists(self, axes: Axes, values: Floats, condition: Condition) -> list[Artist]:
        """One disc for each value, on those that have the same."""
        (low, high), top = axes.get_xlim(), axes.get_ylim()[1]
        steps = np.rint((values[:, 0] - low) / (high - low) * STEPS)
        level = np.array([np.count_nonzero(steps[:i] == step) for i, step in enumerate(steps)]) + 0.5
        unit = 1.0 if top > 1 else 1 / HIGHEST  # of the y axis: a count, or in the unit plot a share
        at = axes.transData.transform(np.column_stack([values[:, 0], level * unit]))
        cell = axes.transData.transform([(low + (high - low) / STEPS, unit)]) - axes.transData.transform([(low, 0)])
        discs = [Path.circle((x, y), 0.45 * cell.min()) for x, y in at]
        path = Path.make_compound_path(*discs)
        return [PathPatch(path, transform=IdentityTransform(), facecolor=self.colour, linewidth=0, clip_on=False)]

    def real(self, table: Table, rng: np.random.Generator) -> Real | None:
        """Some values of one column, mirrored at times, on some of the axis, rounded to whole steps."""
        column = table.values[:, rng.integers(len(table.columns))]
        n = int(rng.integers(FEWEST, MOST + 1))
        known = column[np.isfinite(column)]
        if len(known) < n:
            return None
        x = rng.choice(known, n, replace=False) * rng.choice([-1, 1])
        if np.ptp(x) == 0:
            return None
        length = rng.uniform(4, STEPS)
        whole = np.sort(np.rint(rng.uniform(0, STEPS - length) + length * (x - x.min()) / np.ptp(x)))
        condition = {"n": float(n), "mean": float(whole.mean()), "sd": float(whole.std(ddof=1))}
        if not all(f.low <= condition[f.name] <= f.high for f in self.features) or _stacks(whole).max() > HIGHEST:
            return None
        data = np.zeros((MOST, 1))
        data[:n, 0] = whole / STEPS
        return Real(data=data, condition=condition)

    def cell(self, condition: Condition) -> int:
        """Four classes of n, three of the standard deviation."""
        return min(3, int(condition["n"] - FEWEST) // 9) * 3 + min(2, max(0, int(condition["sd"] - 1)))

    def describe(self, data: Floats, condition: Condition) -> Floats:
        """The numbers named in `descriptors`."""
        x = np.rint(self.values(data, condition)[:, 0] * STEPS)
        z, stacks = (x - x.mean()) / (x.std() + 1e-9), _stacks(x)
        return np.array([(z**3).mean(), (z**4).mean(), np.diff(x).max(), (stacks > 0).sum(), stacks.max() / len(x)])

    def cast(self, condition: "Tensor", noise: "Tensor") -> tuple["Tensor", "Tensor"]:
        """The first n parts exist; the role of each is its place in the order, from 0 to 1."""
        import torch

        n = condition[:, :1]
        place = torch.arange(MOST, dtype=condition.dtype, device=condition.device)
        mask = (place < n).to(condition.dtype)[:, :, None]
        return mask, ((place + 0.5) / n)[:, :, None] * mask

    def emit(self, tokens: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Values on the axis; and the same shifted and stretched to the mean and standard deviation asked for."""
        from plotbank.generator.kinds import tensors

        raw = tokens.sigmoid() * mask
        mean, sd = condition[:, 1, None, None], condition[:, 2, None, None]
        data = (mean + sd * tensors.standardise(raw, mask)) / STEPS
        return raw, data.clamp(0, 1) * mask

    def misfit(self, raw: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> "Tensor":
        """Squared errors of the mean and the standard deviation, in steps."""
        from plotbank.generator.kinds import tensors

        mean = tensors.masked_mean(STEPS * raw, mask)
        sd = (tensors.masked_mean((STEPS * raw - mean).square() * mask, mask) + 1e-6).sqrt()
        return (mean[:, 0, 0] - condition[:, 1]).square() + (sd[:, 0, 0] - condition[:, 2]).square()

    def ink(self, data: "Tensor", condition: "Tensor", mask: "Tensor") -> "Tensor":
        """Stacks as bars: a value between two steps is shared by them, so that the picture is differentiable."""
        import torch

        steps = torch.arange(STEPS + 1, dtype=data.dtype, device=data.device)
        stacks = ((1 - (STEPS * data - steps).abs()).clamp_min(0) * mask).sum(1)  # (B, 13)
        across = torch.nn.functional.pad(stacks.repeat_interleave(4, dim=1), (6, 6))  # 13 stacks of 4 pixels
        down = torch.arange(SIDE, 0, -1, dtype=data.dtype, device=data.device) - 0.5  # height of each row
        return torch.sigmoid(across[:, None] * (SIDE - 4) / HIGHEST - down[:, None])[:, None]


def _stacks(steps: Floats) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """How many values stand on each step: (13,)."""
    return np.bincount(np.rint(steps).astype(np.int64), minlength=STEPS + 1)


KIND = DotPlot()
