"""What an evaluation computes: functions of arrays alone, each with the source of its formula.

N and M are numbers of plots, D the length of a plot's feature vector or ink map.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

BLOCK = 1000  # rows of a distance matrix that are in memory at once
BINS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The mean absolute error where the value asked for is in low..high; NaN where none is."""

    low: float
    high: float
    n: int
    mae: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How values read agree with values asked for.

    `unreadable` is the share of plots where nothing could be read; all else is over the others.  `slope` and `r2`
    are those of the least-squares line of what was read on what was asked (1 and 1 where they agree; 0 where the
    condition was ignored; NaN where one value alone was asked for).  `sign` is the share with the right sign where
    at least `SIGN_FROM` was asked for, NaN where that is never.
    """

    n: int
    unreadable: float
    mae: float
    p95: float
    bias: float
    slope: float
    r2: float
    sign: float
    bins: tuple[Bin, ...]


SIGN_FROM = 0.2


def agreement(asked: Array, read: Array) -> Agreement:
    """Compare what was asked for with what was read, both (N,); NaN in `read` is what could not be read."""
    known = np.isfinite(read)
    x, y = asked[known].astype(np.float64), read[known].astype(np.float64)
    error = np.abs(y - x)
    spread = float(np.mean((x - x.mean()) ** 2)) if len(x) else 0.0
    shared = float(np.mean((x - x.mean()) * (y - y.mean()))) if len(x) else 0.0
    varied = float(np.var(y)) if len(y) else 0.0
    signed = np.abs(x) >= SIGN_FROM
    return Agreement(
        n=len(x),
        unreadable=float(1 - known.mean()) if len(asked) else float("nan"),
        mae=_mean(error),
        p95=float(np.quantile(error, 0.95)) if len(x) else float("nan"),
        bias=_mean(y - x),
        slope=shared / spread if spread > 0 else float("nan"),
        r2=(shared**2 / (spread * varied) if varied > 0 else 0.0) if spread > 0 else float("nan"),
        sign=_mean(np.sign(y[signed]) == np.sign(x[signed])),
        bins=tuple(_bins(x, error)),
    )


def _mean(values: npt.NDArray[np.floating | np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _bins(asked: Array, error: Array) -> Iterator[Bin]:
    """One bin for each value where there are few, else five of equal width over what was asked for."""
    values = np.unique(asked)
    if len(values) <= BINS:
        for value in values:
            there = asked == value
            yield Bin(low=float(value), high=float(value), n=int(there.sum()), mae=_mean(error[there]))
        return
    edges = np.linspace(values[0], values[-1], BINS + 1)
    place = np.clip(np.searchsorted(edges, asked, side="right") - 1, 0, BINS - 1)
    for i in range(BINS):
        there = place == i
        yield Bin(low=float(edges[i]), high=float(edges[i + 1]), n=int(there.sum()), mae=_mean(error[there]))


def frechet(a: Array, b: Array) -> float:
    """Squared Fréchet distance of the normal distributions fitted to (N, D) and (M, D).

    |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)) (Dowson and Landau 1982; used as FID by Heusel et al. 2017).
    The trace of the root is the sum of the roots of the eigenvalues of S_a^(1/2) S_b S_a^(1/2), which is symmetric.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    of_a, of_b = np.atleast_2d(np.cov(a, rowvar=False)), np.atleast_2d(np.cov(b, rowvar=False))
    values, vectors = np.linalg.eigh(of_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ of_b @ root), 0)).sum()
    apart = a.mean(axis=0) - b.mean(axis=0)
    return max(0.0, float(apart @ apart + np.trace(of_a) + np.trace(of_b) - 2 * cross))


def density_and_coverage(real: Array, made: Array, k: int = 5) -> tuple[float, float]:
    """Density and coverage of `made` (M, D) about `real` (N, D) (Naeem et al. 2020, eq. 4 and 5).

    A real plot's ball reaches to its k-th nearest other real plot.  Density is the mean number of balls that a made
    plot lies in, over k; coverage is the share of balls with a made plot inside.  Two samples of one distribution,
    N = M, are expected to have 1 and 1 - 2^-k (0.969 at k = 5).
    """
    reach = np.concatenate(
        [np.partition(square, k, axis=1)[:, k] for _, square in _squares(real, real, same=True)]
    )  # with itself at 0, the k-th other is at index k
    inside, covered = 0, np.zeros(len(real), dtype=bool)
    for _, square in _squares(made, real):
        hit = square < reach
        inside += int(hit.sum())
        covered |= hit.any(axis=0)
    return inside / (k * len(made)), float(covered.mean())


def _squares(a: Array, b: Array, same: bool = False) -> Iterator[tuple[int, Array]]:
    """Squared distances of blocks of rows of `a` (N, D) to all rows of `b` (M, D), with the block's first row."""
    norms = np.einsum("ij,ij->i", b, b)
    for start in range(0, len(a), BLOCK):
        rows = a[start : start + BLOCK]
        square = np.maximum(np.einsum("ij,ij->i", rows, rows)[:, None] + norms[None] - 2 * rows @ b.T, 0)
        if same:
            square[np.arange(len(rows)), start + np.arange(len(rows))] = 0
        yield start, square


def nearest(a: Array, b: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Distance (N,) from each row of `a` to the nearest row of `b`, and which row that is (N,)."""
    found = [(square.min(axis=1), square.argmin(axis=1)) for _, square in _squares(a, b)]
    square, index = (np.concatenate(column) for column in zip(*found, strict=True))
    return np.sqrt(square), index.astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Pairs of rows nearer to each other than a threshold, of how many pairs, and the least distance over it."""

    pairs: int
    of: int
    nearest: float


def twins(maps: Array, threshold: float) -> Twins:
    """Count the pairs of rows of (N, D) nearer than the threshold, a block of rows at a time."""
    pairs, least = 0, np.inf
    for start in range(0, len(maps), BLOCK):
        for row, square in _squares(maps[start : start + BLOCK], maps[start:]):
            later = np.arange(square.shape[1])[None] > row + np.arange(len(square))[:, None]
            apart = np.where(later, square, np.inf)
            pairs += int((apart < threshold**2).sum())
            least = min(least, float(apart.min()))
    return Twins(pairs=pairs, of=len(maps) * (len(maps) - 1) // 2, nearest=float(np.sqrt(least)) / threshold)


def mean_pair_distance(maps: Array) -> float:
    """Mean distance of two different rows of (N, D)."""
    total = sum(float(np.sqrt(square).sum()) for _, square in _squares(maps, maps, same=True))
    return total / (len(maps) * (len(maps) - 1))


def _ranks(values: Array) -> tuple[Array, Array]:
    """Ranks from 1, ties sharing the mean of theirs; and the sizes of the ties."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    ranks: Array = (last - (counts - 1) / 2)[inverse]
    return ranks, counts.astype(np.float64)


def auc(low: Array, high: Array) -> float:
    """Area under the ROC curve of scores (N,) that ought to be low and (M,) that ought to be high: U / (N M)."""
    ranks, _ = _ranks(np.concatenate([low, high]))
    n, m = len(low), len(high)
    return float(ranks[n:].sum() - m * (m + 1) / 2) / (n * m)


def mann_whitney_z(a: Array, b: Array) -> float:
    """Z of the Mann-Whitney U of `a` (N,) against `b` (M,), normal approximation with ties; negative: a is smaller.

    With a the distances of generated plots to the training plots and b those of held-out real plots, this is the
    test of data copying by Meehan, Chaudhuri and Dasgupta (2020) over the whole space as one cell: far below 0, the
    generated plots lie nearer to the training plots than real ones do.
    """
    n, m = len(a), len(b)
    ranks, ties = _ranks(np.concatenate([a, b]))
    u = ranks[:n].sum() - n * (n + 1) / 2
    total = n + m
    variance = n * m / 12 * (total + 1 - (ties**3 - ties).sum() / (total * (total - 1)))
    return float((u - n * m / 2) / np.sqrt(variance)) if variance > 0 else 0.0


def two_sample_auc(a: Array, b: Array, seed: int) -> dict[str, float]:
    """Tell rows of (N, D) from rows of (M, D): area under the ROC curve, by 5-fold cross-validation.

    A classifier two-sample test (Lopez-Paz and Oquab 2017) with a linear and a boosted classifier; 0.5: cannot,
    1: always.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    x = np.nan_to_num(np.concatenate([a, b]), nan=0.0, posinf=1e6, neginf=-1e6)
    y = np.repeat((0, 1), (len(a), len(b)))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    classifiers = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "boosting": HistGradientBoostingClassifier(max_iter=60, random_state=seed),
    }
    found = {}
    for name, classifier in classifiers.items():
        with threadpool_limits(1):  # beside other work, two threads were measured to take twice as long as one
            score = cross_val_predict(classifier, x, y, cv=folds, method="predict_proba")[:, 1]
        found[name] = auc(score[y == 0], score[y == 1])
    return found


def scaled(condition: Array, like: Array) -> Array:
    """Conditions (N, F) in units of the spread of `like` (M, F), so that every feature weighs the same."""
    z: Array = (condition - like.mean(axis=0)) / np.maximum(like.std(axis=0), 1e-9)
    return z


def typical(condition: Array) -> int:
    """The row of (N, F) nearest to the median of every column: the condition of a typical plot."""
    z = scaled(condition, condition)
    return int(np.argmin(((z - np.median(z, axis=0)) ** 2).sum(axis=1)))


def like(condition: Array, row: int, size: int) -> npt.NDArray[np.int64]:
    """The `size` rows of (N, F) nearest to one of them, itself first."""
    z = scaled(condition, condition)
    return np.argsort(((z - z[row]) ** 2).sum(axis=1), kind="stable")[:size]
