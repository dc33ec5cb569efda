"""A training run: its folder, its data, how it begins, goes on, and ends.

A run's folder holds `run.json` (what fixes it), `pool.npz` (the real plots), the log in two forms, checkpoints, sample
sheets over time and the curves.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plotbank.errors import PlotbankError
from plotbank.generator.kinds import Kind, kinds

from . import corpus, looks
from .baselines import CopulaSampler, DcganGenerator, copula
from .corpus import Corpus, Pool
from .networks import Generator, NetworkConfig
from .train import DCGAN, NETWORKS, State, TrainingConfig, load_checkpoint, new_state, train, train_step

SEEN = 3000  # fresh real plots that checkpoints are looked at with


@dataclass(frozen=True)
class Run:
    """What fixes a training run."""

    kind: str
    network: NetworkConfig
    training: TrainingConfig
    plots: int  # real plots in the pool
    data: str  # folder of tables besides the bundled ones, or empty

    @property
    def name(self) -> str:
        """KIND-NETWORK-SEED."""
        return f"{self.kind}-{self.training.network}-{self.training.seed}"


def plan(
    kind: Kind, network: str, seed: int, data: Path | None, plots: int, steps: int | None, threads: int = 1
) -> Run:
    """The run for a kind with the recipe of docs/generator.md; `steps` of None takes its usual number."""
    recipe = DCGAN if network == "dcgan" else TrainingConfig()
    training = replace(recipe, network=network, seed=seed, threads=threads)
    if steps is not None:
        training = replace(training, steps=steps)
    shape = NetworkConfig() if kind.parts <= 100 else NetworkConfig(hidden=48, part_noise=4, channels=(16, 32, 48, 64))
    return Run(kind.name, shape, training, plots, str(data or ""))


def found(name: str) -> Kind:
    """The installed kind of this name.

    Raises:
        PlotbankError: there is none.
    """
    known = kinds()
    if name not in known:
        raise PlotbankError(f"there is no plot kind {name!r}: known are {', '.join(known)}")
    return known[name]


def network_named(name: str) -> str:
    """Check the name of a network.

    Raises:
        PlotbankError: there is none of this name.
    """
    if name not in NETWORKS:
        raise PlotbankError(f"there is no network {name!r}: known are {', '.join(NETWORKS)}")
    return name


def begin(run: Run, folder: Path) -> None:
    """Make the folder of a new run.

    Raises:
        PlotbankError: it holds a run already, or cannot be written.
    """
    if (folder / "run.json").exists():
        raise PlotbankError(f"{folder}: holds a training run already: --resume it, or name another folder with --run")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run.json").write_text(json.dumps(asdict(run), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise PlotbankError(f"{folder}: cannot be written: {error.strerror}") from error


def read(folder: Path) -> Run:
    """What fixes the run in a folder.

    Raises:
        PlotbankError: the folder holds no run, or its `run.json` is damaged.
    """
    try:
        text = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        network: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in text["network"].items()}
        return Run(
            str(text["kind"]),
            NetworkConfig(**network),
            TrainingConfig(**text["training"]),
            int(text["plots"]),
            str(text["data"]),
        )
    except FileNotFoundError:
        raise PlotbankError(f"{folder}: this is not the folder of a training run (no run.json)") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlotbankError(f"{folder}/run.json cannot be read: {error}") from None


def tables(run: Run) -> Corpus:
    """The run's tables, split."""
    return corpus.load(Path(run.data) if run.data else None, run.training.seed)


def pools(run: Run, folder: Path, told: Callable[[str], None]) -> tuple[Pool, Pool]:
    """The real plots to train on, and fresh ones of the same tables to look at checkpoints with; drawn once and kept.

    Raises:
        PlotbankError: the tables give no plot of this kind, or the disk is full.
    """
    kept, kind = folder / "pool.npz", found(run.kind)
    if not kept.exists():
        trained = tables(run).trained
        streams = [np.random.default_rng([run.training.seed, 4, i]) for i in range(2)]
        told(f"drawing {run.plots:,} real plots of {len(trained)} tables")
        both = [corpus.draw_pool(kind, trained, n, s) for n, s in zip((run.plots, SEEN), streams, strict=True)]
        fields = {
            f"{field}{i}": getattr(p, field) for i, p in enumerate(both) for field in ("data", "condition", "table")
        }
        partial = kept.with_suffix(".partial.npz")
        try:
            np.savez(partial, **fields)
            partial.replace(kept)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise PlotbankError(f"{kept}: the real plots could not be written: {error.strerror}") from error
    try:
        with np.load(kept) as stored:
            first, second = (
                Pool(data=stored[f"data{i}"], condition=stored[f"condition{i}"], table=stored[f"table{i}"])
                for i in range(2)
            )
    except (OSError, ValueError, KeyError) as error:
        raise PlotbankError(f"{kept}: the real plots cannot be read: delete the file and --resume: {error}") from None
    if first.condition.shape[1] != len(kind.features):
        raise PlotbankError(f"{kept}: made for another version of the kind {kind.name}: name another folder with --run")
    return first, second


def go_on(run: Run, folder: Path, device: str, told: Callable[[str], None]) -> None:
    """Train a run to its end, from its last checkpoint where it has one.

    Raises:
        PlotbankError: a file cannot be read or written, or there is no such device.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # of what TensorBoard may load
    torch.set_flush_denormal(True)
    torch.set_num_threads(run.training.threads)
    kind = found(run.kind)
    pool, fresh = pools(run, folder, told)
    if run.training.network == "copula":
        told("the copula sampler needs no training")
        return
    state = new_state(kind, run.network, run.training, usable(device))
    if (folder / "checkpoint.pt").exists():
        load_checkpoint(state, folder / "checkpoint.pt")
        _forget_after(folder, state.step)

    def look(state: State) -> dict[str, float]:
        state.average.eval()
        looks.sheet(kind, state.average, fresh, folder / f"sheet-{state.step:07d}.png", run.training.seed)
        seen = looks.look(kind, state.average, fresh, run.training.seed)
        if (folder / "log.jsonl").exists():
            looks.curves(folder)
        return seen

    train(state, pool, run.training, folder, look, told)
    looks.curves(folder)


def _forget_after(folder: Path, step: int) -> None:
    """Drop what the log says of steps after the checkpoint: they are about to be done again."""
    kept = [json.dumps(entry) for entry in looks.read_log(folder) if entry["step"] <= step]
    (folder / "log.jsonl").write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def usable(device: str) -> str:
    """The torch device for "auto", "cpu" or "cuda".

    Raises:
        PlotbankError: there is no CUDA GPU that torch can use.
    """
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise PlotbankError("--device cuda: torch finds no CUDA GPU on this machine: use --device auto or cpu")
    return "cuda" if there and device != "cpu" else "cpu"


def steps_in(run: Run, minutes: float, device: str) -> int:
    """How many steps of this run take about so many minutes here: a few are tried on a few plots and thrown away."""
    torch.set_num_threads(run.training.threads)
    kind = found(run.kind)
    pool = corpus.draw_pool(kind, tables(run).trained, 200, np.random.default_rng(run.training.seed))
    state = new_state(kind, run.network, run.training, usable(device))
    for _ in range(3):
        train_step(state, pool, run.training)
    started = time.monotonic()
    for _ in range(run.training.penalty_every):
        train_step(state, pool, run.training)
    seconds = (time.monotonic() - started) / run.training.penalty_every
    return max(10, math.floor(minutes * 60 / seconds / 10) * 10)


def with_steps(run: Run, steps: int) -> Run:
    """The run with another number of steps."""
    return replace(run, training=replace(run.training, steps=steps))


def chosen(run: Run, folder: Path) -> tuple[Generator | DcganGenerator | CopulaSampler, dict[str, Any]]:
    """The network to export: the best checkpoint on the CPU, ready to draw, and what was seen of it.

    Raises:
        PlotbankError: there is no checkpoint, or it is damaged.
    """
    kind = found(run.kind)
    if run.training.network == "copula":
        pool, _ = pools(run, folder, lambda _: None)
        return copula(kind, pool, run.training.seed).eval(), {"step": 0, "minutes": 0.0}
    file, seen = looks.choose(folder)
    network = new_state(kind, run.network, run.training).average
    try:
        network.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        raise PlotbankError(f"{file}: not a checkpoint of this network: {str(error).splitlines()[0]}") from None
    return network.eval(), seen
