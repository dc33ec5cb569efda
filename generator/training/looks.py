"""The few numbers by which a checkpoint is chosen, the sheet of samples, and the curves; seconds each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from plotbank.errors import PlotbankError
from plotbank.generator.kinds import UNIT, Kind

from .baselines import CopulaSampler, DcganGenerator
from .corpus import Pool
from .networks import Generator
from .pictures import Floats32, Pictures, batches, ink, maps
from .train import average_file

Drawing = Generator | DcganGenerator | CopulaSampler
ROWS, COLUMNS = 6, 8  # of a sample sheet, each half
CURVES = ("loss_d", "loss_g", "D(x)", "D(G(z))")


def drawn(
    generator: Drawing, condition: Floats32, rng: np.random.Generator
) -> tuple[Floats32 | None, Floats32 | None, Pictures]:
    """Data and raw data (N, P, W), where the network emits any, and pictures (N, C, SIDE, SIDE)."""
    device = next(generator.buffers()).device
    rows = []
    with torch.no_grad():
        for some in batches(len(condition)):
            wanted = torch.from_numpy(condition[some]).to(device)
            noise = torch.from_numpy(rng.standard_normal((len(wanted), generator.noise), dtype=np.float32))
            out = generator(noise.to(device), wanted)
            rows.append(tuple(part.cpu().numpy() for part in (out if isinstance(out, tuple) else (out,))))
    first, *raw = (np.concatenate(column) for column in zip(*rows, strict=True))
    if not raw:
        return None, None, first.astype(np.float16)
    return first, raw[0], ink(generator.kind, first, condition)


def fidelity(kind: Kind, data: Floats32, condition: Floats32) -> dict[str, float]:
    """Mean absolute error of each feature over the plots that have it; a plot on which it cannot be read counts as
    wrong by the feature's range."""
    errors: dict[str, list[float]] = {feature.name: [] for feature in kind.features}
    for one, row in zip(data, condition, strict=True):
        wanted = {feature.name: float(value) for feature, value in zip(kind.features, row, strict=True)}
        read = kind.readings(kind.values(one.astype(np.float64), wanted), wanted, UNIT)
        for feature in kind.features:
            error = abs(read[feature.name] - wanted[feature.name])
            if wanted[feature.name] != 0 or feature.low <= 0:
                errors[feature.name].append(error if np.isfinite(error) else feature.high - feature.low)
    return {name: float(np.mean(values)) for name, values in errors.items() if values}


def diversity(kind: Kind, generator: Drawing, pool: Pool, rng: np.random.Generator) -> float:
    """Mean distance of two drawn plots over that of two real ones, each pair of like condition.

    Alike are the plots next to each other in the order of a random mixture of the scaled features.
    """
    size = min(len(pool), 600)
    chosen = rng.choice(len(pool), size, replace=False)
    condition = pool.condition[chosen]
    scale = np.array([feature.high - feature.low for feature in kind.features])
    order = np.argsort((condition / scale) @ rng.standard_normal(len(scale)))
    real = maps(ink(kind, pool.data[chosen][order], condition[order]))
    made = maps(drawn(generator, condition[order], rng)[2])

    def apart(maps: Floats32) -> float:
        return float(np.linalg.norm(maps[1:] - maps[:-1], axis=1).mean())

    return apart(made) / apart(real)


def look(kind: Kind, generator: Drawing, pool: Pool, seed: int) -> dict[str, float]:
    """Fidelity of each condition (raw), diversity, and how well shapes are told from real ones of the pool."""
    from .metrics import two_sample_auc

    rng = np.random.default_rng([seed, 5])
    chosen = rng.choice(len(pool), min(len(pool), 1200), replace=False)
    condition = pool.condition[chosen]
    data, raw, _ = drawn(generator, condition, rng)
    seen = {"diversity": diversity(kind, generator, pool, rng)}
    if data is None or raw is None:
        return seen
    errors = fidelity(kind, raw, condition)
    ranges = {feature.name: feature.high - feature.low for feature in kind.features}
    seen |= {f"raw_{name}": error for name, error in errors.items()}
    seen["raw_error"] = float(np.mean([error / ranges[name] for name, error in errors.items()]))
    rows = [dict(zip((f.name for f in kind.features), map(float, row), strict=True)) for row in condition]
    real, made = (
        np.stack([kind.describe(d.astype(np.float64), row) for d, row in zip(some, rows, strict=True)])
        for some in (pool.data[chosen], data)
    )
    auc = two_sample_auc(real, made, seed)
    return seen | {f"auc_{name}": value for name, value in auc.items()}


def choose(run: Path) -> tuple[Path, dict[str, float]]:
    """The averaged generator to ship, by what was measured at each checkpoint and not by a loss.

    Among those with a raw error of at most 1.5 times the least and a diversity of 0.8 to 1.25 of real plots (all, if
    none has it), the one whose shapes are told from real ones the least.  Where only pictures are drawn: the one whose
    diversity is nearest to real.

    Raises:
        PlotbankError: the run has no measured checkpoint.
    """
    looks = [
        entry for entry in read_log(run) if "diversity" in entry and average_file(run, int(entry["step"])).exists()
    ]
    if not looks:
        raise PlotbankError(f"{run}: no measured checkpoint to export")
    if "auc_boosting" not in looks[0]:
        best = min(looks, key=lambda entry: abs(np.log(max(entry["diversity"], 1e-3))))
    else:
        least = min(entry["raw_error"] for entry in looks)
        good = [e for e in looks if e["raw_error"] <= 1.5 * least and 0.8 <= e["diversity"] <= 1.25]
        best = min(good or looks, key=lambda entry: entry["auc_boosting"] + entry["auc_logistic"])
    return average_file(run, int(best["step"])), best


def read_log(run: Path) -> list[dict[str, float]]:
    """The lines of a run's log, a later one with the same step in the place of an earlier.

    Raises:
        PlotbankError: there is none, or it is damaged.
    """
    try:
        lines = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        return list({(line["step"], "diversity" in line): line for line in lines}.values())
    except FileNotFoundError:
        raise PlotbankError(f"{run}: this is not a folder of a training run (no log.jsonl)") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlotbankError(f"{run}/log.jsonl cannot be read: {error}") from None


def curves(run: Path) -> None:
    """Draw `curves.png`: losses, D(x) and D(G(z)), fidelity of each condition, diversity."""
    log = read_log(run)
    steps = [entry for entry in log if "loss_d" in entry]
    looks = [entry for entry in log if "diversity" in entry]
    figure = Figure(figsize=(12, 7), layout="constrained")
    FigureCanvasAgg(figure)
    (losses, scores), (errors, variety) = figure.subplots(2, 2)
    for axes, names in ((losses, CURVES[:2]), (scores, CURVES[2:])):
        for name in names:
            axes.plot([e["step"] for e in steps], [e[name] for e in steps], label=name, linewidth=1)
    losses.set(title="losses", yscale="symlog")
    scores.set(title="mean of sigmoid(score): D(x) real, D(G(z)) generated", ylim=(0, 1))
    at = [e["step"] for e in looks]
    for name in sorted({k for e in looks for k in e if k.startswith("raw_") and k != "raw_error"})[:12]:
        errors.plot(at, [e[name] for e in looks], label=name.removeprefix("raw_"), marker=".")
    errors.set(title="mean absolute error of each condition, raw", yscale="log")
    for name in ("diversity", "auc_logistic", "auc_boosting"):
        if looks and name in looks[0]:
            variety.plot(at, [e[name] for e in looks], label=name, marker=".")
    variety.set(title="diversity (1: as real) and AUC (0.5: cannot be told apart)")
    for axes in (losses, scores, errors, variety):
        axes.set_xlabel("step")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=7, ncols=2)
    figure.savefig(run / "curves.png", dpi=90)


def sheet(kind: Kind, generator: Drawing, pool: Pool, path: Path, seed: int) -> None:
    """Draw the sample sheet: real pictures left, generated ones right, in the same places of the same conditions.

    Rows go through the quantiles of the first feature.
    """
    rng = np.random.default_rng([seed, 7])
    order = np.argsort(pool.condition[:, 0], kind="stable")
    chosen = np.sort(rng.choice(len(pool), min(len(pool), ROWS * COLUMNS), replace=False))
    condition = pool.condition[order[chosen]]
    real = ink(kind, pool.data[order[chosen]], condition)
    made = drawn(generator, condition, rng)[2]
    figure = Figure(figsize=(2 * COLUMNS + 0.6, ROWS + 0.4))
    FigureCanvasAgg(figure)
    for x, title, pictures in ((0.0, "real", real), (0.51, "generated", made)):
        figure.text(x + 0.245, 0.965, title, ha="center")
        axes = figure.add_axes((x, 0.0, 0.49, 0.95))
        axes.imshow(_tiled(pictures), cmap="gray_r", vmin=0, vmax=1)
        axes.axis("off")
    figure.savefig(path, dpi=80)


def _tiled(pictures: Pictures) -> npt.NDArray[np.float16]:
    """Pictures (N, C, H, W) side by side, the last channel of several left away: (ROWS H, COLUMNS W)."""
    first = np.pad(pictures[:, 0], ((0, ROWS * COLUMNS - len(pictures)), (1, 1), (1, 1)), constant_values=0.3)
    height, width = first.shape[1:]
    return first.reshape(ROWS, COLUMNS, height, width).swapaxes(1, 2).reshape(ROWS * height, COLUMNS * width)
