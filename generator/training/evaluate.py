"""What the model card says: numbers measured on the averaged generator, good or bad.

Every comparison is at matched (r, n): each generated plot takes the condition of one real plot.  Pictures are
compared as 16 x 16 ink maps (the mean ink of 4 x 4 pixels), distance is Euclidean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from .corpus import Pool, correlation, useful
from .networks import Generator, NetworkConfig, frame, point_mask, project, rasterise, standardise
from .networks import correlation as batch_correlation

Array = NDArray[np.floating]

DESCRIPTORS = (
    "mean x", "mean y", "sd x", "sd y", "skewness x", "skewness y", "kurtosis x", "kurtosis y",
    "bend of y on x", "bend of x on y", "spread of y against x", "spread of x against y",
    "Spearman minus Pearson", "largest gap in x", "largest gap in y",
    "mean log distance to the nearest point", "sd of the same", "largest Mahalanobis distance",
)  # fmt: skip


@dataclass(frozen=True)
class Plots:
    """A batch of plots with their conditions."""

    points: Array  # [plots, max_points, 2]
    r: Array  # [plots]
    n: NDArray[np.int64]  # [plots]


@dataclass(frozen=True)
class Generated(Plots):
    """Plots of the generator, with what the network meant before the projection."""

    raw_r: Array  # [plots]
    moved: Array  # [plots] mean distance that the projection moved a point, as a share of the frame's side


def descriptors(points: Array) -> Array:
    """Describe the shape of one framed plot [n, 2] by the numbers named in DESCRIPTORS."""
    p = points.astype(np.float64)
    n = len(p)
    mean, sd = p.mean(axis=0), p.std(axis=0)
    z = (p - mean) / sd
    r = float(np.mean(z[:, 0] * z[:, 1]))
    skewness, kurtosis = (z**3).mean(axis=0), np.minimum((z**4).mean(axis=0), 20)
    ranks = pd.DataFrame(p).rank().to_numpy()
    bend, spread = np.zeros(2), np.zeros(2)
    for axis in (0, 1):  # regression of the other coordinate on this one
        x, residual = z[:, axis], z[:, 1 - axis] - r * z[:, axis]
        square = x**2 - 1 - skewness[axis] * x  # orthogonal to 1 and x
        bend[axis] = np.mean(residual * square) / np.sqrt(np.mean(square**2) * np.mean(residual**2) + 1e-12)
        size = np.abs(residual)
        spread[axis] = np.mean((size - size.mean()) * x) / (size.std() + 1e-9)
    distance = np.linalg.norm(p[:, None] - p[None], axis=2) + 2 * np.eye(n)
    nearest = np.log(distance.min(axis=1) + 1e-3)
    mahalanobis = (z[:, 0] ** 2 + z[:, 1] ** 2 - 2 * r * z[:, 0] * z[:, 1]) / max(1 - r * r, 1e-6)
    gap = np.diff(np.sort(p, axis=0), axis=0).max(axis=0)
    spearman = correlation(ranks)
    rest = [spearman - r, *gap, nearest.mean(), nearest.std(), np.sqrt(min(mahalanobis.max(), 100))]
    return np.array([*mean, *sd, *skewness, *kurtosis, *bend, *spread, *rest])


def describe(plots: Plots) -> Array:
    """Descriptors [plots, 18] of a batch."""
    return np.stack([descriptors(p[:n]) for p, n in zip(plots.points, plots.n, strict=True)])


def two_sample_auc(a: Array, b: Array, seed: int) -> dict[str, float]:
    """Tell two samples of descriptors apart: cross-validated area under the ROC curve (0.5: cannot; 1: always)."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = np.concatenate((a, b)), np.repeat((0, 1), (len(a), len(b)))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    models = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "boosting": HistGradientBoostingClassifier(max_iter=120, random_state=seed),
    }
    return {
        name: round(float(roc_auc_score(y, cross_val_predict(m, x, y, cv=folds, method="predict_proba")[:, 1])), 3)
        for name, m in models.items()
    }


def in_batches(function: Callable[[slice], Array], size: int, batch: int = 250) -> Array:
    """Concatenate ``function`` of consecutive slices of ``size`` rows."""
    return np.concatenate([function(slice(i, min(i + batch, size))) for i in range(0, size, batch)])


def generate(model: Generator, r: Array, n: NDArray[np.int64], rng: np.random.Generator) -> Generated:
    """Draw one plot for each condition (r, n)."""
    condition = torch.from_numpy(np.stack((r, n), axis=1).astype(np.float32))
    columns = []
    with torch.no_grad():
        for wanted in torch.split(condition, 250):
            noise = torch.from_numpy(rng.standard_normal((len(wanted), model.config.noise), dtype=np.float32))
            drawn = model.draw(noise, wanted)
            moved = (frame(drawn.raw, drawn.mask) - drawn.points).square().sum(2).sqrt()
            mean_moved = moved.sum(1) / drawn.mask.sum((1, 2))
            columns.append((drawn.points.numpy(), drawn.raw_r.numpy(), mean_moved.numpy()))
    points, raw_r, moved_ = (np.concatenate(column) for column in zip(*columns, strict=True))
    return Generated(points, r, n, raw_r, moved_)


def gaussian(r: Array, n: NDArray[np.int64], config: NetworkConfig, rng: np.random.Generator) -> Plots:
    """The plain alternative: bivariate normal points brought to exactly the same r and framed."""
    raw = torch.from_numpy(rng.standard_normal((len(r), config.max_points, 2), dtype=np.float32))
    mask = point_mask(torch.from_numpy(n), config.max_points)
    z = standardise(raw, mask)
    wanted = torch.from_numpy(r.astype(np.float32))
    return Plots(frame(project(z, batch_correlation(z, mask), wanted), mask).numpy(), r, n)


def ink_maps(points: Array, n: NDArray[np.int64], config: NetworkConfig) -> Array:
    """Coarse pictures [plots, 256] of points [plots, max_points, 2]."""

    def some(part: slice) -> Array:
        tensor = torch.from_numpy(points[part].astype(np.float32))
        picture = rasterise(tensor, point_mask(torch.from_numpy(n[part]), config.max_points), config)
        return F.avg_pool2d(picture[:, None], 4).flatten(1).numpy()

    with torch.no_grad():
        return in_batches(some, len(points))


def nearest(a: Array, b: Array, skip_self: bool = False) -> Array:
    """Distance from each row of ``a`` to the nearest row of ``b`` (other than itself, if a is b)."""
    norms = (b**2).sum(1)

    def some(part: slice) -> Array:
        square = (a[part] ** 2).sum(1)[:, None] + norms[None] - 2 * a[part] @ b.T
        if skip_self:
            square[np.arange(square.shape[0]), np.arange(part.start, part.start + square.shape[0])] = np.inf
        distance: Array = np.sqrt(np.maximum(square.min(axis=1), 0))
        return distance

    return in_batches(some, len(a))


def mean_pair_distance(maps: Array) -> float:
    """Mean distance between two different rows."""
    square = (maps**2).sum(1)
    distance = np.sqrt(np.maximum(square[:, None] + square[None] - 2 * maps @ maps.T, 0))
    return float(distance.sum() / (len(maps) * (len(maps) - 1)))


def take(pool: Pool, size: int, rng: np.random.Generator) -> Plots:
    """Take ``size`` plots of the pool at random, without replacement (all of them if there are fewer)."""
    chosen = rng.choice(len(pool), min(size, len(pool)), replace=False)
    return Plots(pool.points[chosen], pool.r[chosen], pool.n[chosen])


def diversity(model: Generator, pool: Pool, rng: np.random.Generator) -> dict[str, float]:
    """Mean pair distance of generated plots over that of real plots of like condition, by r.

    Real: |r - wanted| < 0.04, n within 10 of 50.  Generated: the very conditions of those real plots.
    """
    ratio = {}
    for wanted in (-0.9, -0.5, 0.0, 0.5, 0.9):
        like = np.flatnonzero((np.abs(pool.r - wanted) < 0.04) & (np.abs(pool.n - 50) <= 10))
        like = rng.permutation(like)[:300]
        if len(like) < 20:
            continue
        made = generate(model, pool.r[like], pool.n[like], rng)
        real = mean_pair_distance(ink_maps(pool.points[like], pool.n[like], model.config))
        ratio[f"{wanted:g}"] = round(mean_pair_distance(ink_maps(made.points, made.n, model.config)) / real, 3)
    return ratio


def quick_look(model: Generator, pool: Pool, seed: int) -> dict[str, float]:
    """The few numbers by which a checkpoint is chosen; real plots are of training tables (seconds)."""
    rng = np.random.default_rng([seed, 5])
    real = take(pool, 1500, rng)
    made = generate(model, real.r, real.n, rng)
    auc = two_sample_auc(describe(real), describe(made), seed)
    ratio = diversity(model, pool, rng)
    return {
        "auc_logistic": auc["logistic"],
        "auc_boosting": auc["boosting"],
        "raw_r_mae": float(np.abs(made.raw_r - made.r).mean()),
        "moved": float(made.moved.mean()),
        "diversity": float(np.mean(list(ratio.values()))) if ratio else float("nan"),
    }


def _item(value: object, definition: str) -> dict[str, object]:
    return {"value": value, "definition": definition}


def _low_high(a: Array) -> dict[str, float]:
    return {"mean": round(float(a.mean()), 4), "p95": round(float(np.quantile(a, 0.95)), 4)}


def measure(
    model: Generator, training: Pool, fresh: Pool, held_out: Pool, low: float, high: float, seed: int
) -> dict[str, dict[str, object]]:
    """Measure everything for the card.

    ``training`` is the pool trained on, ``fresh`` other draws from the same tables, ``held_out`` draws from tables
    never trained on; ``low`` and ``high`` are the limits of r on offer.
    """
    config = model.config
    rng = np.random.default_rng([seed, 6])
    size = 3000
    wanted_r = rng.uniform(low, high, size).astype(np.float32)
    wanted_n = rng.integers(config.min_points, config.max_points + 1, size)
    made = generate(model, wanted_r, wanted_n, rng)
    after = np.array([correlation(p[:n].astype(np.float64)) for p, n in zip(made.points, wanted_n, strict=True)])
    raw_error = np.abs(made.raw_r - wanted_r)
    legible = np.array([useful(p[:n]) for p, n in zip(made.points, wanted_n, strict=True)])
    by_size = {
        f"{a:g} to {b:g}": round(float(raw_error[(np.abs(wanted_r) >= a) & (np.abs(wanted_r) < b)].mean()), 4)
        for a, b in ((0, 0.3), (0.3, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.96))
    }

    def auc(real: Pool, other: str) -> dict[str, float]:
        a = take(real, 2000, rng)
        if other == "generated":
            b: Plots = generate(model, a.r, a.n, rng)
        elif other == "gaussian":
            b = gaussian(a.r, a.n, config, rng)
        else:
            b = take(training, len(a.r), rng)
        return two_sample_auc(describe(a), describe(b), seed)

    fixed_r, fixed_n = np.full(2000, 0.7, np.float32), np.full(2000, 40)
    same = generate(model, fixed_r, fixed_n, rng)
    maps = ink_maps(same.points, fixed_n, config)
    shaken = np.clip(same.points + rng.normal(0, 0.02, same.points.shape), 0, 1)
    threshold = float(np.median(np.linalg.norm(ink_maps(shaken, fixed_n, config) - maps, axis=1)))
    gaps = nearest(maps, maps, skip_self=True)

    references = ink_maps(training.points, training.n, config)
    unseen = take(held_out, 1000, rng)
    again = take(fresh, 1000, rng)
    new = generate(model, again.r, again.n, rng)
    to_training = {
        name: _quantiles(nearest(ink_maps(plots.points, plots.n, config), references))
        for name, plots in (
            ("generated", new),
            ("fresh draws of training tables", again),
            ("held-out tables", unseen),
        )
    }
    return {
        "raw_r_mae": _item(
            _low_high(raw_error) | {"by_abs_r": by_size},
            "|r - r asked| of what the network drew before the projection; "
            f"{size} draws, r uniform in {low:g}..{high:g}, n uniform; learned, not guaranteed",
        ),
        "r_error_after": _item(
            {"mean": float(np.abs(after - wanted_r).mean()), "max": float(np.abs(after - wanted_r).max())},
            "|r - r asked| of the points as emitted (float32), same draws; by construction",
        ),
        "displacement": _item(
            _low_high(made.moved),
            "mean distance that the projection moves a point, as a share of the frame's side, both framed; same draws",
        ),
        "acceptance": _item(
            {
                "legible": round(float(legible.mean()), 4),
                "legible_and_moved_at_most_0.03": round(float((legible & (made.moved <= 0.03)).mean()), 4),
            },
            "share of the same draws whose central 80 % spans a quarter of the range in both coordinates; "
            "and of those that also moved by at most 0.03 on average",
        ),
        "near_duplicates": _item(
            {
                "draws": 2000,
                "pairs_below_threshold": int(_close_pairs(maps, threshold)),
                "draws_with_a_twin": int((gaps < threshold).sum()),
                "nearest_over_threshold": round(float(gaps.min() / threshold), 3),
            },
            "at r = 0.7, n = 40: pairs whose ink maps are closer than a plot is (in the median) to itself "
            "after every point moved by normal noise of 0.02 of the frame in x and in y",
        ),
        "diversity": _item(
            diversity(model, fresh, rng),
            "mean pair distance of generated plots over that of real plots of like r, n 40 to 60, by r; 1 is as varied",
        ),
        "auc_training_tables": _item(
            {
                "generated": auc(fresh, "generated"),
                "gaussian": auc(fresh, "gaussian"),
                "real_floor": auc(fresh, "real"),
            },
            "area under the ROC curve of a classifier on 18 shape descriptors of the points that tells fresh draws of "
            "the training tables from generated plots, from Gaussian plots of the same r and n, and from other real "
            "draws of the same tables (the floor); 0.5: cannot tell, 1: always; 5-fold, up to 2000 plots each; "
            "the checkpoint was chosen by this number on some of the same real plots",
        ),
        "auc_held_out_tables": _item(
            {
                "generated": auc(held_out, "generated"),
                "gaussian": auc(held_out, "gaussian"),
                "real_training_tables": auc(held_out, "real"),
            },
            "the same for draws of tables never trained on; the third row is real against real of different tables: "
            "tables differ, so that it is not 0.5",
        ),
        "nearest_training_plot": _item(
            to_training,
            f"distance of 1000 plots' ink maps to the nearest of {len(training)} training plots; copying would put "
            "generated plots far below the held-out tables",
        ),
    }


def _quantiles(a: Array) -> dict[str, float]:
    return {name: round(float(np.quantile(a, q)), 4) for name, q in (("p01", 0.01), ("p10", 0.1), ("median", 0.5))}


def _close_pairs(maps: Array, threshold: float) -> int:
    """Number of pairs of rows closer than the threshold."""
    square = (maps**2).sum(1)
    distance = square[:, None] + square[None] - 2 * maps @ maps.T
    return int((np.triu(distance < threshold**2, 1)).sum())
