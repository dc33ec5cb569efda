"""Scatter plots: n points whose sample correlation is exactly r, every one of them visible.

Data are an array of shape (n, 2): x and y in axis units, rounded to `precision` of each axis.
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from ...errors import UnsuitableDraw
from ...items import Axis
from . import Area, Condition, Feature, Floats, Plot, Snapped

DOT = "#0072b2"  # blue of Okabe and Ito's palette: told from grey and black by every kind of colour vision
DIAMETER = 7.0  # of a dot, CSS pixels
SEPARATION = 0.7 * DIAMETER  # least distance of two centres: two dots never look like one
MARGIN = (0.03, 0.10)  # the data's distance from each end of an axis, as a share of the axis
MOST_MOVED = 0.05  # a snap that moves a point further than this share of an axis is a rejection, not a fix
EXACT = 0.0005  # the drawn data's r equals the condition's to three places


@dataclass(frozen=True, slots=True)
class Scatter:
    """The scatter plot kind."""

    name: str = "scatter"
    colour: str = DOT
    features: tuple[Feature, ...] = (
        Feature(name="r", low=-0.95, high=0.95, step=0.01, meaning="Pearson correlation of the points drawn"),
        Feature(name="n", low=15, high=100, step=1, meaning="number of points drawn"),
    )

    def plain(self, condition: Condition, rng: np.random.Generator) -> Floats:
        """n points of a bivariate normal distribution with the correlation r, framed to the unit square."""
        z = rng.standard_normal((int(condition["n"]), 2))
        z[:, 1] = condition["r"] * z[:, 0] + np.sqrt(1 - condition["r"] ** 2) * z[:, 1]
        framed: Floats = (z - z.min(axis=0)) / np.ptp(z, axis=0)
        return framed

    def snap(self, raw: Floats, condition: Condition, plot: Plot, area: Area, rng: np.random.Generator) -> Snapped:
        """Place n emitted points on the axes, part those that hide each other, make r exact, round."""
        n, r = int(condition["n"]), condition["r"]
        low, high = rng.uniform(*MARGIN, size=(2, 2))
        placed = low + raw[:n].astype(np.float64) * (1.0 - low - high)
        pixels = np.array(area)
        moved = recolour(placed, r)
        for _ in range(30):
            parted = part(moved, pixels, SEPARATION)
            if parted is moved:
                break
            moved = recolour(parted, r)
        else:
            raise UnsuitableDraw("points too crowded to be parted")
        if moved.min() < 0.01 or moved.max() > 0.99:
            raise UnsuitableDraw("a point outside the frame")
        displacement = float(np.abs(moved - placed).max())
        if displacement > MOST_MOVED:
            raise UnsuitableDraw("snapped too far")
        values = np.column_stack([_to_values(moved[:, 0], plot.x), _to_values(moved[:, 1], plot.y)])
        if abs(correlation(values) - r) > EXACT:
            raise UnsuitableDraw("r not exact after rounding")
        return Snapped(values=values, displacement=displacement)

    def readings(self, values: Floats) -> dict[str, float]:
        """r, n, the least-squares line's slope and intercept, means and standard deviations (n - 1); the correlation
        of the ranks (Spearman), and the largest change of r when one point is left out."""
        x, y = values.T
        sx, sy = x.std(ddof=1), y.std(ddof=1)
        r = correlation(values)
        slope = r * sy / sx
        return {
            "r": r,
            "n": float(len(values)),
            "slope": float(slope),
            "intercept": float(y.mean() - slope * x.mean()),
            "mean_x": float(x.mean()),
            "mean_y": float(y.mean()),
            "sd_x": float(sx),
            "sd_y": float(sy),
            "rank_r": correlation(values.argsort(axis=0).argsort(axis=0).astype(np.float64)),
            "influence": float(np.abs(left_out(values) - r).max()),
        }

    def distinct(self, values: Floats) -> bytes:
        """The points in sorted order."""
        return values[np.lexsort(values.T)].tobytes()

    def artists(self, axes: Axes, values: Floats) -> list[Artist]:
        """One path of n discs: drawn where the points are, not shifted to whole pixels as markers are."""
        at = axes.transData.transform(values)
        figure = axes.get_figure(root=True)
        assert figure is not None, "these axes belong to a frame"
        scale = figure.dpi / 72
        discs = [Path.circle(tuple(centre), DIAMETER / 2 * scale) for centre in at]
        path = Path.make_compound_path(*discs)
        return [PathPatch(path, transform=IdentityTransform(), facecolor=self.colour, linewidth=0, snap=False)]


def correlation(points: Floats) -> float:
    """Pearson's r of points of shape (n, 2)."""
    x, y = (points - points.mean(axis=0)).T
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def left_out(points: Floats) -> Floats:
    """The correlation of the other points, for each point left out: shape (n,).

    Leaving out a point at the deviations (dx, dy) from the means takes n / (n - 1) dx dy from the sum of products.
    """
    n = len(points)
    x, y = (points - points.mean(axis=0)).T
    share = n / (n - 1)
    sxx, syy, sxy = x @ x - share * x**2, y @ y - share * y**2, x @ y - share * x * y
    without: Floats = sxy / np.sqrt(sxx * syy)
    return without


def recolour(points: Floats, r: float) -> Floats:
    """The points moved as little as possible, in mean square, so that their correlation is r.

    Means and standard deviations stay.  In standardised coordinates both correlation matrices have the
    eigenvectors (1, 1) and (1, -1), so the optimal transport map between them (Gelbrich 1990) is diagonal
    there: it stretches the two diagonals by sqrt((1 + r) / (1 + r0)) and sqrt((1 - r) / (1 - r0)).

    Raises:
        UnsuitableDraw: the points lie on a line, or nearly so.
    """
    mean, sd = points.mean(axis=0), points.std(axis=0)
    if sd.min() == 0 or abs(r0 := correlation(points)) > 0.999:
        raise UnsuitableDraw("points on a line")
    x, y = ((points - mean) / sd).T
    rising = np.sqrt((1 + r) / (1 + r0)) * (x + y) / 2
    falling = np.sqrt((1 - r) / (1 - r0)) * (x - y) / 2
    moved: Floats = np.column_stack([rising + falling, rising - falling]) * sd + mean
    return moved


def part(points: Floats, pixels: Floats, separation: float) -> Floats:
    """Points pushed apart where two lie nearer than `separation`; the same array when none do.

    `points` are shares of the frame, shape (n, 2); `pixels` is the frame's size; `separation` is in the same
    pixels.  Each of a pair goes half of what is missing, and a little more so that the repetition ends.
    """
    at = points * pixels
    first, second = np.triu_indices(len(at), k=1)
    gap = at[second] - at[first]
    distance = np.hypot(gap[:, 0], gap[:, 1])
    near = distance < separation
    if not near.any():
        return points
    first, second, gap, distance = first[near], second[near], gap[near], distance[near]
    same = distance < 1e-6
    gap[same], distance[same] = (1.0, 0.0), 1.0
    push = gap / distance[:, None] * ((separation - np.where(same, 0.0, distance)) * 0.55 + 0.01)[:, None]
    np.add.at(at, first, -push)
    np.add.at(at, second, push)
    return at / pixels


def precision(axis: Axis) -> int:
    """Decimal places to which values on this axis are rounded: 2,000 to 20,000 steps along the axis."""
    return int(-np.floor(np.log10(axis.span / 2000)))


def _to_values(share: Floats, axis: Axis) -> Floats:
    return np.round(axis.low + share * axis.span, precision(axis)) + 0.0  # no negative zero


KIND = Scatter()
