"""Scatter plots: n points with exactly the correlation asked for, every one of them visible.

Data are an array of shape (n, 2): x and y in axis units, rounded to `precision` of each axis.

With x and y standardised, q(x) = x^2 - 1 - g x the parabola orthogonal to 1 and x (g the skewness of x), and e what
the regression of y on both leaves:

    r     correlation of y with x
    bend  correlation of y with q: with r near 0 the cloud is U-shaped, with r far from 0 a monotone curve
    fan   correlation of |e| with x: whether the scatter about the curve grows (Glejser 1969)

so that y = r x + bend q' + sqrt(1 - r^2 - bend^2) e' with q' and e' standardised, which is what makes r and bend exact.

Clusters and outliers are what single linkage shows: points with no gap between them (`GAP`) belong together.  A group
of at least a tenth of the points (and five) is a cluster; a group of at most three is outliers where it is further away
(`GAP_ALONE`), and else the cloud's ragged edge.  A plot with a group in between is refused, since people would not
agree about it.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox, IdentityTransform

from ...errors import UnsuitableDraw
from ...quantities import Quantities
from ..tables import Table
from . import INK, PAPER, SIDE, UNDER, Area, Condition, Feature, Floats, Plot, Real, Snapped, to_axis

if TYPE_CHECKING:
    from torch import Tensor

DOT = "#0072b2"  # blue of Okabe and Ito's palette: told from grey and black by every kind of colour vision
DIAMETER = 7.0  # of a dot, CSS pixels
SEPARATION = 0.7 * DIAMETER  # least distance of two centres: two dots never look like one
LINE, HALO = 1.5, 1.0  # CSS pixels: thickness of the line and the ring; paper between the line and a dot
RING = 8.0  # radius of the middle of the ring's stroke, CSS pixels
MARGIN = (0.03, 0.10)  # the data's distance from each end of an axis, as a share of the axis
MOST_MOVED = 0.05  # a snap that moves a point further than this share of an axis is a rejection, not a fix
GAP = 0.12, 4.0  # parts groups: at least this share of the data's frame, and so many median distances of neighbours
GAP_ALONE = 0.18, 5.0  # the same for outliers
MOST_ALONE = 3  # points of a group that counts as outliers
MOMENTS, STRUCTURE = 20.0, 0.08  # weights in the loss: of r, bend and fan; of outliers and clusters
R_TRAINED = 0.98
MOST_EXPLAINED = 0.965  # r^2 + bend^2 above it leaves no cloud
_FLAT = 0.02  # least variance of q: with x on two values there is no parabola

DESCRIPTORS = (
    "mean x", "mean y", "sd x", "sd y", "skewness x", "skewness y", "kurtosis x", "kurtosis y",
    "bend of x on y", "spread of x against y", "Spearman minus Pearson", "largest gap in x", "largest gap in y",
    "mean log distance to the nearest point", "sd of the same", "largest Mahalanobis distance",
    "cubic of y on x", "kurtosis of residuals", "share of points near the middle",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scatter:
    """The scatter plot kind."""

    name: str = "scatter"
    colour: str = DOT
    shows: tuple[str, ...] = ("line", "marked")
    parts: int = 100
    width: int = 2
    roles: int = 4
    channels: int = 1
    cells: int = 10 * 2 * 2
    descriptors: tuple[str, ...] = DESCRIPTORS
    exact: tuple[str, ...] = ("n by a mask", "r and bend by a projection in the graph", "the frame by a min-max map")
    features: tuple[Feature, ...] = (
        Feature(name="r", low=-0.95, high=0.95, step=0.01, exact=0.0005, usual=(-0.95, 0.95),
                meaning="Pearson correlation of the points drawn"),
        Feature(name="n", low=15, high=100, step=1, exact=0, usual=(30, 80), meaning="number of points drawn"),
        Feature(name="bend", low=-0.8, high=0.8, step=0.05, exact=0.005, usual=(-0.25, 0.25),
                meaning="correlation of y with the parabola in x: a U, or a curve"),
        Feature(name="fan", low=-0.6, high=0.6, step=0.2, exact=0.1, usual=(-0.4, 0.4),
                meaning="correlation of x with the size of the residuals: a cloud that widens"),
        Feature(name="outliers", low=0, high=3, step=1, exact=0, usual=(0, 0),
                meaning="points far from all groups"),
        Feature(name="clusters", low=1, high=3, step=1, exact=0, usual=(1, 1),
                meaning="groups of points with a gap between them"),
    )  # fmt: skip

    # Data drawn

    def impossible(self, condition: Condition) -> str:
        """r and bend together explain at most the whole of y; a cluster has at least five points."""
        explained = condition["r"] ** 2 + condition["bend"] ** 2
        if explained > 0.95:
            return f"r = {condition['r']:g} and bend = {condition['bend']:g} together leave no scatter"
        if condition["clusters"] * 7 > condition["n"]:
            return f"{condition['clusters']:g} clusters need at least {7 * condition['clusters']:g} points"
        return ""

    def settle(self, condition: Condition) -> dict[str, float]:
        """No feature follows from others."""
        return dict(condition)

    def values(self, data: Floats, condition: Condition) -> Floats:
        """The first n points."""
        return data[: int(condition["n"])]

    def plain(self, condition: Condition, rng: np.random.Generator) -> Floats:
        """n points of a cloud without strays about a parabola, with clusters side by side and the outliers, which come
        first, on their left and right, framed to the unit square."""
        n, clusters, outliers = (int(condition[name]) for name in ("n", "clusters", "outliers"))
        u, e = 2 * np.tanh(rng.standard_normal((2, n)) / 2)
        x = u * (1 if clusters == 1 else 0.15) + 1.5 * (np.arange(n) % clusters)
        left, right = x.min(), x.max()
        for k, further in enumerate((0.6, 0.6, 1.1)[:outliers]):
            x[k] = (left, right)[k % 2] + (-1, 1)[k % 2] * further * (right - left)
        e *= np.exp(condition["fan"] * (x - x.mean()) / x.std())
        return framed(np.column_stack([x, _rebuilt(x, e, condition["r"], condition["bend"])]))

    def snap(self, raw: Floats, condition: Condition, plot: Plot, area: Area, rng: np.random.Generator) -> Snapped:
        """Place n emitted points on the axes, part those that hide each other, make r, bend and fan exact, round."""
        low, high = rng.uniform(*MARGIN, size=(2, 2))
        placed = low + self.values(raw, condition).astype(np.float64) * (1.0 - low - high)
        pixels = np.array(area)
        moved = placed
        for _ in range(30):
            exact = self._exact(moved, condition)
            moved = regrouped(part(exact, pixels, SEPARATION), int(condition["outliers"]))
            if moved is exact:
                break
        else:
            raise UnsuitableDraw("points too crowded to be parted")
        displacement = float(np.abs(moved - placed).max())
        if displacement > MOST_MOVED:
            raise UnsuitableDraw("snapped too far")
        values = np.column_stack([to_axis(moved[:, 0], plot.x), to_axis(moved[:, 1], plot.y)])
        return Snapped(values=values, displacement=displacement)

    def _exact(self, points: Floats, condition: Condition) -> Floats:
        """The points with y moved so that r and bend are exact, and fan within its limit.

        Raises:
            UnsuitableDraw: the points lie on a line or a curve, or nearly so.
        """
        x, y = points.T
        if x.std() == 0 or y.std() == 0 or abs(correlation(points)) > 0.999:
            raise UnsuitableDraw("points on a line")
        residual = _anatomy(points).residual
        if residual.std() < 1e-3 * y.std():
            raise UnsuitableDraw("points on a curve")
        new = _rebuilt(x, _fanned(x, residual, condition["fan"]), condition["r"], condition["bend"])
        return _inside(np.column_stack([x, y.mean() + y.std() * new]))

    def readings(self, values: Floats, condition: Condition, plot: Plot) -> Quantities:
        """The features; the least-squares line's slope and intercept, means and standard deviations (n - 1); the
        correlation of the ranks (Spearman), the largest change of r when one point is left out; `gap`: the narrowest
        gap between groups as a multiple of what parts them (infinite where there is one group only); `seam`: in the
        same measure, how near a group is to falling into two.

        Where the condition says which point is `marked`: `r_without`, the correlation of the others, and its place
        `x_marked` and `y_marked`.
        """
        x, y = values.T
        anatomy, groups = cache(lambda: _anatomy(values)), cache(lambda: _grouped(framed(values)))
        slope = cache(lambda: float(anatomy().r * y.std(ddof=1) / x.std(ddof=1)))
        return Quantities(
            {
                "r": lambda: anatomy().r,
                "n": float(len(values)),
                "bend": lambda: anatomy().bend,
                "fan": lambda: anatomy().fan,
                "outliers": lambda: groups().outliers,
                "clusters": lambda: groups().clusters,
                "gap": lambda: groups().gap,
                "seam": lambda: seam(framed(values)),
                "slope": slope,
                "intercept": lambda: float(y.mean() - slope() * x.mean()),
                "mean_x": lambda: float(x.mean()),
                "mean_y": lambda: float(y.mean()),
                "sd_x": lambda: float(x.std(ddof=1)),
                "sd_y": lambda: float(y.std(ddof=1)),
                "rank_r": lambda: correlation(values.argsort(axis=0).argsort(axis=0).astype(np.float64)),
                "influence": lambda: float(np.abs(left_out(values) - anatomy().r).max()),
                **_marked(values, condition),
            }
        )

    def fitted(self, plot: Plot, condition: Condition, values: Floats | None = None) -> Plot:
        """The plot as it is."""
        return plot

    def show(self, what: str, values: Floats, plot: Plot, area: Area, choice: int) -> dict[str, float]:
        """The least-squares line; or a ring about a point: about the one without which |r| is largest (choice 0),
        smallest (1), or changes least (2).

        Raises:
            UnsuitableDraw: there is no point about which a ring touches no other.
        """
        if what == "line":
            return {"line": 1.0}
        points = ringable(values, plot, area)
        if not len(points):
            raise UnsuitableDraw("no point stands alone enough to be marked")
        change = np.abs(left_out(values)[points]) - abs(correlation(values))
        chosen = (change.argmax(), change.argmin(), np.abs(change).argmin())[choice]
        return {"marked": float(points[chosen])}

    def distinct(self, values: Floats) -> bytes:
        """The points in sorted order."""
        return values[np.lexsort(values.T)].tobytes()

    def artists(self, axes: Axes, values: Floats, condition: Condition) -> list[Artist]:
        """One path of n discs: drawn where the points are, not shifted to whole pixels as markers are.

        Under them, where the condition has a `line`, the least-squares line of all points from the smallest x to the
        largest, with a halo of paper about each dot; and a ring about the point `marked`.
        """
        figure = axes.get_figure(root=True)
        assert figure is not None, "these axes belong to a frame"
        scale = figure.dpi / 72

        def discs(of: Floats, radius: float) -> Path:
            centres, (vertices, codes) = axes.transData.transform(of), _circle()
            moved = vertices * (radius * scale) + centres[:, None]
            return Path(moved.reshape(-1, 2), np.tile(codes, len(centres)))

        def patch(path: Path, **options: Any) -> PathPatch:
            return PathPatch(path, transform=IdentityTransform(), snap=False, **options)

        under = []
        if condition.get("line"):
            under.append(patch(Path(axes.transData.transform(_line(values))), facecolor="none", edgecolor=INK,
                               linewidth=LINE, capstyle="butt", zorder=UNDER))  # fmt: skip
            under.append(patch(discs(values, DIAMETER / 2 + HALO), facecolor=PAPER, linewidth=0, zorder=UNDER))
        if "marked" in condition:
            ring = discs(values[[int(condition["marked"])]], RING)
            under.append(patch(ring, facecolor="none", edgecolor=INK, linewidth=LINE, zorder=UNDER))
        corner = axes.transAxes.transform((0, 0)) + np.ceil(scale / 2)  # the axes' lines are 1 CSS pixel wide
        for artist in under:
            artist.set_clip_box(Bbox([corner, axes.transAxes.transform((1, 1))]))
        return [*under, patch(discs(values, DIAMETER / 2), facecolor=self.colour, linewidth=0)]

    # Real plots

    def real(self, table: Table, rng: np.random.Generator) -> Real | None:
        """Two columns, some of the rows (of one to three classes, at times), mirrored at random, framed."""
        if len(table.columns) < 2:
            return None
        pair = rng.choice(len(table.columns), 2, replace=False)
        n = int(rng.integers(15, self.parts + 1))
        rows = _some_rows(table, n, rng)
        points = table.values[np.ix_(rows, pair)]
        points = points[np.isfinite(points).all(axis=1)]
        first = np.unique(points[:, 0] + 1j * points[:, 1], return_index=True)[1]
        points = points[np.sort(first)][:n]
        if len(points) < n or np.any(np.ptp(points, axis=0) == 0):
            return None
        points = framed(np.where(rng.random(2) < 0.5, -points, points))
        if not useful(points):
            return None
        anatomy, groups = _anatomy(points), _grouped(points)
        explained = anatomy.r**2 + anatomy.bend**2
        if abs(anatomy.r) > R_TRAINED or explained > MOST_EXPLAINED or abs(anatomy.bend) > 0.85:
            return None
        if not (groups.outliers <= MOST_ALONE and groups.clusters <= 3 and abs(anatomy.fan) <= 0.75):
            return None
        data = np.zeros((self.parts, 2))
        data[:n] = points
        condition = {"r": anatomy.r, "n": float(n), "bend": anatomy.bend, "fan": anatomy.fan,
                     "outliers": groups.outliers, "clusters": groups.clusters}  # fmt: skip
        return Real(data=data, condition=condition)

    def cell(self, condition: Condition) -> int:
        """By |r|, and whether there are several clusters and outliers."""
        of_r = min(9, int(abs(condition["r"]) / R_TRAINED * 10))
        return (of_r * 2 + int(condition["clusters"] > 1)) * 2 + int(condition["outliers"] > 0)

    def describe(self, data: Floats, condition: Condition) -> Floats:
        """The numbers named in `DESCRIPTORS`."""
        p = self.values(data, condition).astype(np.float64)
        mean, sd = p.mean(axis=0), p.std(axis=0)
        z = (p - mean) / sd
        r = float(np.mean(z[:, 0] * z[:, 1]))
        skewness, kurtosis = (z**3).mean(axis=0), np.minimum((z**4).mean(axis=0), 20)
        mirrored, anatomy = _anatomy(p[:, ::-1]), _anatomy(p)
        e = anatomy.residual / (anatomy.residual.std() + 1e-9)
        cubic = float(np.mean(e * z[:, 0] ** 3)) / float(np.sqrt(np.mean(z[:, 0] ** 6)))
        nearest = np.log(_distances(p).min(axis=1) + 1e-3)
        mahalanobis = (z[:, 0] ** 2 + z[:, 1] ** 2 - 2 * r * z[:, 0] * z[:, 1]) / max(1 - r * r, 1e-6)
        gap = np.diff(np.sort(p, axis=0), axis=0).max(axis=0)
        rank_r = correlation(p.argsort(axis=0).argsort(axis=0).astype(np.float64))
        rest = [mirrored.bend, mirrored.fan, rank_r - r, *gap, nearest.mean(), nearest.std(),
                np.sqrt(min(mahalanobis.max(), 100)), cubic, min(np.mean(e**4), 20),
                np.mean(mahalanobis < 1)]  # fmt: skip
        return np.array([*mean, *sd, *skewness, *kurtosis, *rest])

    # The network's side

    def cast(self, condition: "Tensor", noise: "Tensor") -> tuple["Tensor", "Tensor"]:
        """The first points are the outliers, the others go to the clusters, in shares that the noise decides."""
        import torch

        n = condition[:, 1:2].round().clamp(15, self.parts)
        alone = condition[:, 4:5].round().clamp(0, MOST_ALONE)
        clusters = condition[:, 5:6].round().clamp(1, 3)
        token = torch.arange(self.parts, dtype=condition.dtype, device=condition.device)
        mask = (token < n).to(condition.dtype)[:, :, None]
        outlier = (token < alone).to(condition.dtype)
        share = (token - alone + 0.5) / (n - alone)
        first = 1 / clusters + (0.15 * noise[:, 0:1]).clamp(-0.3, 0.3) / clusters
        second = 2 / clusters + (0.15 * noise[:, 1:2]).clamp(-0.3, 0.3) / clusters
        in_third = ((share > second) & (clusters > 2.5)).to(condition.dtype)
        in_second = ((share > first) & (clusters > 1.5)).to(condition.dtype) - in_third
        belongs = 1 - outlier
        roles = (outlier, belongs * (1 - in_second - in_third), belongs * in_second, belongs * in_third)
        return mask, torch.stack(roles, dim=2) * mask

    def emit(self, tokens: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Standardised points, framed; and with y moved so that r and bend are exact, framed."""
        import torch

        from . import tensors

        z = tensors.standardise(tokens, mask)
        r, bend = condition[:, 0].clamp(-R_TRAINED, R_TRAINED), condition[:, 2]
        explained = (r * r + bend * bend).clamp_min(MOST_EXPLAINED) / MOST_EXPLAINED
        r, bend = (r / explained.sqrt())[:, None, None], (bend / explained.sqrt())[:, None, None]
        x, y = z[:, :, 0:1], z[:, :, 1:2]
        q, size, e = _parabola(x, y, mask)
        rebuilt = r * x + bend / size * q + (1 - r * r - bend * bend / size).clamp_min(1e-4).sqrt() * e
        return tensors.frame(z, mask), tensors.frame(torch.cat((x, rebuilt), dim=2), mask)

    def misfit(self, raw: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> "Tensor":
        """Squared errors of r, bend and fan, and how far clusters and outliers are from being told apart."""
        import torch

        from . import tensors

        z = tensors.standardise(raw, mask)
        x, y = z[:, :, 0:1], z[:, :, 1:2]
        r = tensors.masked_mean(x * y, mask)[:, 0, 0]
        q, _, e = _parabola(x, y, mask)
        bend = tensors.masked_mean(y * q, mask)[:, 0, 0]
        size = tensors.standardise(e.abs(), mask)
        fan = tensors.masked_mean(size * x, mask)[:, 0, 0]
        wrong = (r - condition[:, 0]).square() + (bend - condition[:, 2]).square()
        wrong = wrong + 0.3 * (fan - condition[:, 3]).square()

        far = 10.0
        pairs = mask @ mask.transpose(1, 2)
        square = (raw * raw).sum(2)
        apart = square[:, :, None] + square[:, None] - 2 * raw @ raw.transpose(1, 2)
        distance = apart.clamp_min(1e-8).sqrt() + far * (1 - pairs) + far * torch.eye(self.parts, device=raw.device)
        nearest = distance.detach().amin(2).masked_fill(mask[:, :, 0] == 0, float("nan"))
        neighbours = nearest.nanmedian(dim=1).values[:, None]
        gap, gap_alone = ((times * neighbours).clamp_min(least) for least, times in (GAP, GAP_ALONE))
        together = roles[:, :, 1:] @ roles[:, :, 1:].transpose(1, 2)  # 1 where both are of one cluster
        outlier = roles[:, :, 0]
        member = mask[:, :, 0] - outlier
        # a member within reach of four of its cluster is in no group so small that it could be outliers
        own = (distance + far * (1 - together)).topk(MOST_ALONE + 1, dim=2, largest=False).values[:, :, -1]
        others = (distance + far * together).amin(2)
        lonely = ((own / gap_alone - 0.95).clamp(0, 2) * member).square().sum(1)
        apart_from = outlier * gap_alone + member * gap + 1 - mask[:, :, 0]
        near = ((1.15 - others / apart_from).clamp_min(0) * mask[:, :, 0]).square().sum(1)
        return MOMENTS * wrong + STRUCTURE * (lonely + near).clamp_max(20)

    def ink(self, data: "Tensor", condition: "Tensor", mask: "Tensor") -> "Tensor":
        """Gaussian dots: separable, so that the sum over points is one matrix product.  Overlapping ink saturates."""
        import torch

        centres = torch.arange(SIDE, device=data.device, dtype=data.dtype) + 0.5
        margin, span = 6.0, SIDE - 12.0
        across = margin + span * data[:, :, 0:1] - centres
        down = margin + span * (1 - data[:, :, 1:2]) - centres
        scale = -0.5 / 0.9**2
        # exp(-40) is no visible ink; smaller numbers would be denormal, which is ten times slower
        columns = torch.exp((scale * across.square()).clamp_min(-40)) * mask
        rows = torch.exp((scale * down.square()).clamp_min(-40))
        return (1 - torch.exp(-2.0 * (rows.transpose(1, 2) @ columns)))[:, None]


def ringable(values: Floats, plot: Plot, area: Area) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The points, as indices of the values (n, 2), about which a ring touches neither another dot nor the axes.

    `area` is the width and height between the ends of the axes, in CSS pixels.
    """
    low, span = np.array([plot.x.low, plot.y.low]), np.array([plot.x.span, plot.y.span])
    at = (values - low) / span * np.array(area)
    outer = RING + LINE / 2
    far = _distances(at, alone=np.inf).min(axis=1) >= outer + DIAMETER / 2 + 1
    within = np.minimum(at, np.array(area) - at).min(axis=1) >= outer + 1
    return np.flatnonzero(far & within)


def _line(values: Floats) -> Floats:
    """The ends, (2, 2), of the least-squares line from the smallest to the largest x."""
    x, y = values.T
    slope = correlation(values) * y.std() / x.std()
    ends = np.array([x.min(), x.max()])
    return np.column_stack([ends, y.mean() + slope * (ends - x.mean())])


def _marked(values: Floats, condition: Condition) -> dict[str, float]:
    """What there is to say of the marked point."""
    if "marked" not in condition:
        return {}
    marked = int(condition["marked"])
    x, y = values[marked].tolist()
    return {"r_without": correlation(np.delete(values, marked, axis=0)), "x_marked": x, "y_marked": y}


@cache
def _circle() -> tuple[Floats, npt.NDArray[np.uint8]]:
    """The vertices and codes of matplotlib's circle about the origin with the radius 1."""
    circle = Path.circle()
    return np.asarray(circle.vertices, np.float64), np.asarray(circle.codes)


@dataclass(frozen=True, slots=True)
class _Anatomy:
    """The parts of y: its correlations with x and with the parabola, what is left, (n,), and how that fans out."""

    r: float
    bend: float
    residual: Floats
    fan: float


def _standard(values: Floats) -> Floats:
    scaled: Floats = (values - values.mean()) / values.std()
    return scaled


def _q(x: Floats) -> Floats:
    """The parabola in standardised x that is orthogonal to 1 and x, with variance 1 (less where x has two values)."""
    q = x**2 - 1 - np.mean(x**3) * x
    scaled: Floats = q / np.sqrt(max(float(np.mean(q**2)), _FLAT))
    return scaled


def _anatomy(points: Floats) -> _Anatomy:
    """Take y apart.  With three points or x on two values, what cannot be told is 0."""
    x, y = _standard(points[:, 0]), _standard(points[:, 1])
    q = _q(x)
    r, bend = float(np.mean(x * y)), float(np.mean(q * y))
    residual = y - r * x - bend * q / max(float(np.mean(q**2)), 1e-9)
    size = np.abs(residual)
    deviation = float(size.std())
    fan = float(np.mean((size - size.mean()) * x)) / deviation if deviation > 1e-9 else 0.0
    return _Anatomy(r, bend, residual, fan)


def _rebuilt(x: Floats, e: Floats, r: float, bend: float) -> Floats:
    """Standardised y with these correlations with x and its parabola, and e in what is left: shape (n,)."""
    x = _standard(x)
    q = _q(x)
    size = float(np.mean(q**2))
    e = e - e.mean()
    e = e - np.mean(e * x) * x
    e = e - np.mean(e * q) * q / max(size, 1e-9)
    left = 1 - r**2 - bend**2 / max(size, 1e-9)
    if left <= 0:
        raise UnsuitableDraw("no parabola fits these values of x")
    rebuilt: Floats = r * x + bend * q / max(size, 1e-9) + np.sqrt(left) * e / e.std()
    return rebuilt


def _fanned(x: Floats, e: Floats, fan: float) -> Floats:
    """Residuals scaled by exp(k x), with the k of least size that brings the correlation of x with their size
    within half a step of `fan`; a few secant steps, since k has no closed form."""
    x = _standard(x)
    close = 0.09

    def miss(k: float) -> float:
        size = np.abs(e * np.exp(k * x))
        return float(np.mean((size - size.mean()) * x)) / float(size.std()) - fan

    k, now = 0.0, miss(0.0)
    if abs(now) <= close:
        return e
    aim = np.sign(now) * close
    last, before = -0.1 * np.sign(now), now
    k, last = last, k
    for _ in range(8):
        now = miss(k)
        if abs(now - aim) < 0.004:
            break
        slope = (now - before) / (k - last) if k != last else 0.0
        if abs(slope) < 1e-3:
            break
        before, last, k = now, k, float(np.clip(k - (now - aim) / slope, -1.5, 1.5))
    scaled: Floats = e * np.exp(k * x)
    return scaled


@dataclass(frozen=True, slots=True)
class _Groups:
    """What single linkage shows: NaN outliers and clusters where a group is neither."""

    outliers: float
    clusters: float
    gap: float


def _distances(points: Floats, alone: float = 9.0) -> Floats:
    """Distances between points (n, 2): (n, n), with 9 (or `alone`) on the diagonal."""
    difference = points[:, None] - points[None]
    distance: Floats = np.sqrt(np.einsum("ijk,ijk->ij", difference, difference))
    np.fill_diagonal(distance, alone)
    return distance


def _grouped(points: Floats) -> _Groups:
    """Groups of framed points (n, 2)."""
    n = len(points)
    distance = _distances(points)
    neighbours = float(np.median(distance.min(axis=1)))
    length, far = (max(least, times * neighbours) for least, times in (GAP, GAP_ALONE))
    label = _linked(distance < length)
    sizes = np.bincount(label)
    if len(sizes) == 1:
        return _Groups(0.0, 1.0, np.inf)
    apart = np.where(label[:, None] != label[None], distance, 9.0)
    to_others = np.array([apart[label == group].min() for group in range(len(sizes))])
    alone = (sizes <= MOST_ALONE) & (to_others >= far)
    clusters = sizes >= max(5, 0.1 * n)
    if np.any((sizes > MOST_ALONE) & ~clusters) or not clusters.any():
        return _Groups(np.nan, np.nan, np.nan)
    margins = [*to_others[alone] / far, *(to_others[clusters] / length if clusters.sum() > 1 else ())]
    return _Groups(float(sizes[alone].sum()), float(clusters.sum()), float(min(margins, default=np.inf)))


def seam(points: Floats) -> float:
    """How near one of the groups of framed points (n, 2) is to falling into two clusters.

    The smallest steps that join all points, the shortest first, are those of the minimum spanning tree.  Of the steps
    that join two parts each large enough for a cluster, and are no gap, the widest as a multiple of what parts groups;
    0 where there is none.
    """
    n = len(points)
    distance = _distances(points)
    length = max(GAP[0], GAP[1] * float(np.median(distance.min(axis=1))))
    nearest, via = distance[0].copy(), np.zeros(n, dtype=np.int64)
    outside = np.ones(n, dtype=bool)
    outside[0] = False
    steps = []
    for _ in range(n - 1):  # Prim: the nearest point outside joins
        point = int(np.where(outside, nearest, np.inf).argmin())
        steps.append((float(nearest[point]), int(via[point]), point))
        outside[point] = False
        nearer = distance[point] < nearest
        nearest, via = np.where(nearer, distance[point], nearest), np.where(nearer, point, via)
    part, size, widest = np.arange(n), np.ones(n, dtype=np.int64), 0.0
    for step, one, other in sorted(steps):
        first, second = part[one], part[other]
        if step < length and min(size[first], size[second]) >= max(5, 0.1 * n):
            widest = step / length
        size[first] += size[second]
        part[part == second] = first
    return widest


def _linked(near: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]") -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The connected components of a symmetric relation (n, n): a number from 0 for each of n."""
    label = np.full(len(near), -1)
    group = 0
    while (left := np.flatnonzero(label < 0)).size:
        fresh = np.zeros(len(near), dtype=bool)
        fresh[left[0]] = True
        while fresh.any():
            label[fresh] = group
            fresh = near[fresh].any(axis=0) & (label < 0)
        group += 1
    return label


def _some_rows(table: Table, n: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rows to draw n points from: a few more, because rows with a missing cell and repeated points drop out."""
    if table.classes is not None and rng.random() < 0.5:
        few = table.classes[rng.integers(len(table.classes), size=int(rng.integers(1, 4)))]
        rows = np.flatnonzero((table.classes[:, None] == few).any(axis=1))
    else:
        rows = np.arange(len(table.values))
    if len(rows) <= 2 * n:
        return rng.permutation(rows)
    chosen = np.unique(rng.integers(len(rows), size=2 * n), return_index=True)  # many times faster than a choice
    return rows[chosen[0][np.argsort(chosen[1])]]


def useful(points: Floats) -> bool:
    """Whether the points (n, 2) make a plot that can be read.

    Where the central 80 % of a coordinate spans less than a quarter of its range, far outliers have pressed nearly
    all points into a corner or onto an axis: nobody would print that plot without a transformation.
    """
    ordered = np.sort(points, axis=0)
    n = len(points)
    spread = ordered[int(np.ceil(0.9 * n)) - 1] - ordered[int(0.1 * n)]
    return bool(np.all(spread >= 0.25 * (ordered[-1] - ordered[0])))


def framed(points: Floats) -> Floats:
    """Each coordinate of the points (n, 2) mapped onto 0..1."""
    scaled: Floats = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    return scaled


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


def regrouped(points: Floats, outliers: int) -> Floats:
    """Points of which the first so many are the outliers, and no others; the same array when that is so already.

    An outlier too near to another point is pushed away from it; a small group that hangs loose is pulled towards the
    rest.  `points` are shares of the frame, shape (n, 2).  Each goes what is missing, and a little more.
    """
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    at = (points - low) / span
    distance = _distances(at)
    neighbours = float(np.median(distance.min(axis=1)))
    length, far = (max(least, times * neighbours) for least, times in (GAP, GAP_ALONE))
    label = _linked(distance < length)
    sizes = np.bincount(label)
    loose = np.flatnonzero(sizes <= MOST_ALONE)
    step = np.zeros_like(at)
    for i in range(outliers):
        other = int(distance[i].argmin())
        if (missing := far - distance[i, other]) > 0:
            step[i] += (at[i] - at[other]) / distance[i, other] * (missing + 0.01)
    for group in loose:
        members = np.flatnonzero((label == group) & (np.arange(len(at)) >= outliers))
        if not len(members):
            continue
        rest = np.flatnonzero(label != group)
        rest = rest[rest >= outliers]
        gaps = distance[np.ix_(members, rest)]
        one, nearest = (int(k) for k in np.unravel_index(int(gaps.argmin()), gaps.shape))
        if gaps[one, nearest] >= far:  # nearer than that it is the cloud's edge, and no outlier
            towards = (at[rest[nearest]] - at[members[one]]) / gaps[one, nearest]
            step[members] += towards * (gaps[one, nearest] - far + 0.01)
    if not step.any():
        return points
    moved: Floats = points + step * span
    return moved


def _inside(points: Floats) -> Floats:
    """The points, each coordinate drawn together where it leaves the frame: that changes no correlation."""
    low, high = points.min(axis=0), points.max(axis=0)
    left, right = np.maximum(low, 0.012), np.minimum(high, 0.988)
    if np.array_equal(left, low) and np.array_equal(right, high):
        return points
    drawn: Floats = left + (points - low) / (high - low) * (right - left)
    return drawn


def _parabola(x: "Tensor", y: "Tensor", mask: "Tensor") -> tuple["Tensor", "Tensor", "Tensor"]:
    """Of standardised x and y, (B, P, 1): the parabola in x, its mean square (1, or less where x has two values),
    and the standardised residual of y."""
    from . import tensors

    q = (x * x - mask - tensors.masked_mean(x * x * x, mask) * x) * mask
    q = q / tensors.masked_mean(q * q, mask).clamp_min(_FLAT).sqrt()
    size = tensors.masked_mean(q * q, mask).clamp_min(1e-3)
    e = y - tensors.masked_mean(x * y, mask) * x - tensors.masked_mean(q * y, mask) / size * q
    return q, size, e * mask / (tensors.masked_mean(e * e * mask, mask) + 1e-6).sqrt()


KIND = Scatter()
