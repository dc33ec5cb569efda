"""Statistics of a cloud of points, shape (n, 2): what a scatter plot shows beside its means and its line."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

APART, FAR_APART = (0.12, 4.0), (0.18, 5.0)  # groups, and outliers: share of the frame, median distances of neighbours
FEW = 3  # points of a group that are outliers where they are far apart from others
_FLAT = 0.02  # variance of the parabola below which x has two values


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Points with no gap between them make a group (single linkage).

    A tenth of the points, and five, is a cluster; up to three, further apart, are outliers, and else they belong to the
    edge of what is near.  `gap` is the narrowest gap as a multiple of what parts groups (infinite where there is one
    group only).  Where a group is neither, people would not agree: the three are NaN.  `seam` is the widest step that
    joins two clusters and is no gap, in the same measure.  `length` is that measure, a share of the points' frame.
    """

    outliers: float
    clusters: float
    gap: float
    seam: float
    length: float


def correlation(points: Floats) -> tuple[float, Floats]:
    """Pearson's r, and its derivatives by each coordinate, shape (n, 2); NaN where an axis has no variance.

    With u and v the standardised coordinates r is the mean of u v, and dr/dx = (v - r u) / (n sd(x)).
    """
    sd = points.std(axis=0)
    standard = (points - points.mean(axis=0)) / sd
    r = float(standard.prod(axis=1).mean())
    return r, (standard[:, ::-1] - r * standard) / (len(points) * sd)


def rank_correlation(points: Floats) -> float:
    """Spearman's correlation of the ranks, by their differences."""
    n = len(points)
    ranks = points.argsort(axis=0).argsort(axis=0)
    return 1 - 6 * float(np.square(ranks[:, 0] - ranks[:, 1]).sum()) / (n * (n * n - 1))


def bend(points: Floats) -> float:
    """The correlation of y with what x^2 has beyond a linear function of x."""
    [of_all] = _bends(*points.T[:, None])
    return float(of_all)


def bend_slopes(points: Floats) -> Floats:
    """The derivatives of `bend` by each coordinate, shape (n, 2), from differences."""
    step = 1e-5 * np.ptp(points, axis=0)
    x, y = points.T
    moved_x, moved_y = (of + width * np.eye(len(points)) for of, width in zip((x, y), step, strict=True))
    at = _bends(*points.T[:, None])
    by_x = _bends(moved_x, np.broadcast_to(y, moved_x.shape)) - at
    by_y = _bends(np.broadcast_to(x, moved_y.shape), moved_y) - at
    slopes: Floats = np.stack([by_x, by_y], axis=1) / step
    return slopes


def _bends(x: Floats, y: Floats) -> Floats:
    """`bend` of many clouds, whose coordinates are (clouds, n)."""
    x, y = ((of - of.mean(axis=1, keepdims=True)) / of.std(axis=1, keepdims=True) for of in (x, y))
    squared = x * x
    parabola = squared - 1 - (squared * x).mean(axis=1, keepdims=True) * x
    found: Floats = (parabola * y).mean(axis=1) / np.sqrt(np.maximum((parabola**2).mean(axis=1), _FLAT))
    return found


def without_each(points: Floats) -> Floats:
    """The correlation of the others, for each of the points: shape (n,)."""
    n = len(points) - 1
    x, y = (points - points.mean(axis=0)).T

    def mean(of: Floats) -> Floats:
        of_others: Floats = (of.sum() - of) / n
        return of_others

    mean_x, mean_y = mean(x), mean(y)
    found: Floats = (mean(x * y) - mean_x * mean_y) / np.sqrt((mean(x * x) - mean_x**2) * (mean(y * y) - mean_y**2))
    return found


def without_slopes(points: Floats, left_out: int) -> Floats:
    """The derivatives of the correlation of all points but one, by each coordinate, shape (n, 2)."""
    others = np.arange(len(points)) != left_out
    slopes = np.zeros_like(points)
    _, slopes[others] = correlation(points[others])
    return slopes


def rank_error(points: Floats, errors: Floats) -> float:
    """The standard error of the ranks' correlation: neighbours on an axis change places with the probability that the
    error of their difference is larger than it, at most exp(-z^2 / 2) / 2."""
    n = len(points)
    order = points.argsort(axis=0)
    ranks = order.argsort(axis=0)
    variance = 0.0
    for axis in (0, 1):
        one, other = order[:-1, axis], order[1:, axis]
        z = (points[other, axis] - points[one, axis]) / np.hypot(errors[one, axis], errors[other, axis])
        change = 12 * (ranks[one, 1 - axis] - ranks[other, 1 - axis]) / (n * (n * n - 1))
        variance += float((np.exp(-z * z / 2) / 2 * change**2).sum())
    return float(np.sqrt(variance))


def grouped(points: Floats) -> Groups:
    """The groups of the points."""
    n = len(points)
    at = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    apart = np.hypot(*(at[:, None] - at).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    neighbours = float(np.median(apart.min(axis=1)))
    length, far = (max(least, times * neighbours) for least, times in (APART, FAR_APART))
    cluster = max(5, 0.1 * n)
    members, step = _linked(apart, length, cluster)
    outliers, clusters, gaps = 0, 0, []
    for group in members if len(members) > 1 else []:
        of = np.zeros(n, bool)
        of[group] = True
        size, gap = len(group), float(apart[np.ix_(of, ~of)].min())
        if size >= cluster:
            clusters += 1
            gaps.append((gap / length, True))
        elif size > FEW:
            clusters = 0
            break
        elif gap >= far:
            outliers += size
            gaps.append((gap / far, False))
    if len(members) == 1:
        found = 0.0, 1.0, np.inf
    elif not clusters:
        found = np.nan, np.nan, np.nan
    else:
        parting = [gap for gap, of_cluster in gaps if clusters > 1 or not of_cluster]
        found = float(outliers), float(clusters), min(parting, default=np.inf)
    return Groups(outliers=found[0], clusters=found[1], gap=found[2], seam=step / length, length=length)


def _linked(apart: Floats, length: float, cluster: float) -> tuple[list[list[int]], float]:
    """Groups by single linkage of points nearer than the length, and the longest step that joined two clusters (0 where
    none did); `apart` are the distances, (n, n)."""
    ones, others = np.nonzero(np.triu(apart < length))
    order = apart[ones, others].argsort()
    group = [[point] for point in range(len(apart))]
    left, widest = len(group), 0.0
    for one, other in zip(ones[order].tolist(), others[order].tolist(), strict=True):
        first, second = group[one], group[other]
        if first is second:
            continue
        if min(len(first), len(second)) >= cluster:
            widest = float(apart[one, other])
        first += second
        for point in second:
            group[point] = first
        left -= 1
        if left == 1:
            break
    return list({id(of): of for of in group}.values()), widest
