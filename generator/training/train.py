"""The training loop: a relativistic pairing GAN with gradient penalties, after R3GAN (Huang et al. 2024).

    L_D = softplus(D(fake, c) - D(real, c)) + softplus(D(real, c') - D(real, c)) / 2
          + gamma / 2 * (|grad D(real)|^2 + |grad D(fake)|^2)
    L_G = softplus(D(real, c) - D(fake, c)) + r_weight * mean squared displacement of the projection to r

c is the (r, n) of the real plot and c' a wrong one.  The penalties (R1 and R2) are taken every few steps, with their
weight raised accordingly.  A step depends on (seed, step) alone, so a resumed run equals an uninterrupted one.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plotbank.errors import PlotbankError

from .corpus import Pool
from .networks import Discriminator, Generator, NetworkConfig, point_mask, rasterise, squared_displacement


@dataclass(frozen=True)
class TrainingConfig:
    """How to train; a run ends at ``steps`` or after ``minutes`` of training, whichever is first."""

    seed: int = 1
    steps: int = 1_000_000
    minutes: float = math.inf
    batch: int = 32
    rate: float = 4e-4
    last_rate: float = 1e-4
    gamma: float = 1.0
    penalty_every: int = 16
    mismatch_weight: float = 0.5
    r_weight: float = 10.0
    ema_half_life: float = 20_000.0  # plots
    checkpoint_minutes: float = 6.0
    log_every: int = 50


@dataclass
class State:
    """All that changes during training; exactly this is in a checkpoint."""

    generator: Generator
    average: Generator  # exponential moving average of the generator: this one is shipped
    discriminator: Discriminator
    generator_optimiser: torch.optim.Adam
    discriminator_optimiser: torch.optim.Adam
    step: int = 0
    minutes: float = 0.0


def new_state(network: NetworkConfig, config: TrainingConfig) -> State:
    """Initial state: weights drawn from ``config.seed``."""
    torch.manual_seed(config.seed)
    generator, discriminator = Generator(network), Discriminator(network)
    discriminator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a fifth faster on a CPU
    average = copy.deepcopy(generator).requires_grad_(False)

    def adam(module: nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(module.parameters(), lr=config.rate, betas=(0.0, 0.99), eps=1e-8)

    return State(generator, average, discriminator, adam(generator), adam(discriminator))


_MODULES = ("generator", "average", "discriminator", "generator_optimiser", "discriminator_optimiser")


def _save(record: dict[str, Any], path: Path) -> None:
    """Write to a temporary name, then rename: a full disk or a stop never leaves half a file."""
    partial = path.with_suffix(".partial")
    try:
        torch.save(record, partial)
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        raise PlotbankError(f"{path}: the checkpoint could not be written: {error}") from error


def save_checkpoint(state: State, path: Path) -> None:
    """Write all that is needed to go on.  Raises PlotbankError if that fails, for want of space or of permission."""
    record: dict[str, Any] = {name: getattr(state, name).state_dict() for name in _MODULES}
    _save(record | {"step": state.step, "minutes": state.minutes}, path)


def load_checkpoint(state: State, path: Path) -> None:
    """Fill the state from a checkpoint.  Raises PlotbankError if it is unreadable or of another network."""
    try:
        record = torch.load(path, weights_only=True)
        for name in _MODULES:
            getattr(state, name).load_state_dict(record[name])
        state.step, state.minutes = int(record["step"]), float(record["minutes"])
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        reason = str(error).splitlines()[0]
        raise PlotbankError(f"{path}: not a checkpoint of this network: {reason}") from error


def real_batch(pool: Pool, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw real points [B, P, 2] and their condition [B, 2], each in one of its eight mirror images.

    Mirroring an axis flips the sign of r; swapping the axes does not.  The batch is sorted by r, so that the
    discriminator's minibatch deviation compares plots that should differ in shape only.
    """
    chosen = rng.integers(len(pool), size=size)
    points, r, n = torch.from_numpy(pool.points[chosen]), pool.r[chosen], pool.n[chosen]
    mirrored = rng.random((size, 2)) < 0.5
    swapped = torch.from_numpy(rng.random(size) < 0.5)[:, None, None]
    count = torch.from_numpy(n)
    mask = point_mask(count, points.shape[1])
    points = torch.where(torch.from_numpy(mirrored)[:, None], 1 - points, points) * mask
    points = torch.where(swapped, points.flip(2), points)
    sign = np.where(mirrored[:, 0] == mirrored[:, 1], 1.0, -1.0)
    order = np.argsort(sign * r, kind="stable")
    condition = np.stack((sign * r, n), axis=1).astype(np.float32)[order]
    return points[torch.from_numpy(order)], torch.from_numpy(condition)


def wrong_condition(condition: Tensor, network: NetworkConfig, rng: np.random.Generator) -> Tensor:
    """Conditions [B, 2] that do not fit: half from another plot of the batch, half near misses.

    A near miss is 0.1 to 0.3 off in r, or 15 to 35 % off in n: enough to be wrong, too little to be obvious.
    """
    size = len(condition)
    other = condition.roll(size // 2, 0)  # the batch is sorted by r: neighbours would fit
    sign = rng.choice((-1.0, 1.0), (size, 2))
    in_r = rng.random(size) < 0.6
    r = condition[:, 0].numpy() + np.where(in_r, sign[:, 0] * rng.uniform(0.1, 0.3, size), 0)
    n = condition[:, 1].numpy() * np.where(in_r, 1, 1 + sign[:, 1] * rng.uniform(0.15, 0.35, size))
    # a value pushed out of the range is reflected back into it, so that it stays wrong
    r = np.where(np.abs(r) > network.r_limit, 2 * np.sign(r) * network.r_limit - r, r)
    near = torch.from_numpy(np.stack((r, n), axis=1).astype(np.float32))
    use_other = torch.from_numpy(rng.random(size) < 0.5)[:, None]
    return torch.where(use_other, other, near)


def _penalty(discriminator: Discriminator, picture: Tensor, condition: Tensor) -> Tensor:
    """Mean squared gradient of the score with respect to the picture (R1 for real, R2 for generated)."""
    picture = picture.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(discriminator(picture, condition).sum(), picture, create_graph=True)
    return slope.square().sum((1, 2)).mean()


def train_step(state: State, pool: Pool, network: NetworkConfig, config: TrainingConfig) -> dict[str, float]:
    """One step of both networks, in place.  Returns numbers for the log."""
    rng = np.random.default_rng([config.seed, 3, state.step])
    progress = min(1.0, max(state.step / config.steps, state.minutes / config.minutes))
    rate = config.last_rate + (config.rate - config.last_rate) * (1 + math.cos(math.pi * progress)) / 2
    for optimiser in (state.generator_optimiser, state.discriminator_optimiser):
        optimiser.param_groups[0]["lr"] = rate
    judge = state.discriminator
    points, condition = real_batch(pool, config.batch, rng)
    real = rasterise(points, point_mask(condition[:, 1], network.max_points), network)
    wrong = wrong_condition(condition, network, rng)
    noise = torch.from_numpy(rng.standard_normal((config.batch, network.noise), dtype=np.float32))
    drawn = state.generator.draw(noise, condition)
    fake = rasterise(drawn.points, drawn.mask, network)

    features = judge.trunk_features(real)
    score_real = judge.judge(features, condition)
    margin = score_real - judge(fake.detach(), condition)
    mismatch = F.softplus(judge.judge(features, wrong) - score_real).mean()
    loss_d = F.softplus(-margin).mean() + config.mismatch_weight * mismatch
    penalty = torch.zeros(())
    if state.step % config.penalty_every == 0:
        penalty = _penalty(judge, real, condition) + _penalty(judge, fake, condition)
        loss_d = loss_d + config.penalty_every * config.gamma / 2 * penalty
    state.discriminator_optimiser.zero_grad()
    torch.autograd.backward(loss_d)
    state.discriminator_optimiser.step()

    judge.requires_grad_(False)
    # the score of the real plots is of one step before: it only sets the scale, and a pass less is a tenth of a step
    loss_g = F.softplus(score_real.detach() - judge(fake, condition)).mean()
    moved = squared_displacement(drawn.raw_r, condition[:, 0]).mean()
    state.generator_optimiser.zero_grad()
    torch.autograd.backward(loss_g + config.r_weight * moved)
    state.generator_optimiser.step()
    judge.requires_grad_(True)

    # short memory at the start, so that the first checkpoints are not an average with the initial weights
    memory = min(0.5 ** (config.batch / config.ema_half_life), (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for kept, new in zip(state.average.parameters(), state.generator.parameters(), strict=True):
            kept.lerp_(new, 1 - memory)
    state.step += 1
    return {
        "rate": rate,
        "loss_d": float(loss_d.detach()),
        "loss_g": float(loss_g.detach()),
        "margin": float(margin.detach().mean()),
        "told_apart": float((margin.detach() > 0).float().mean()),
        "mismatch": float(mismatch.detach()),
        "penalty": float(penalty.detach()),
        "raw_r_error": float((drawn.raw_r.detach() - condition[:, 0]).abs().mean()),
    }


def average_file(folder: Path, step: int) -> Path:
    """Where the averaged generator of a step is kept."""
    return folder / f"average-{step:07d}.pt"


def train(
    state: State,
    pool: Pool,
    network: NetworkConfig,
    config: TrainingConfig,
    folder: Path,
    at_checkpoint: Callable[[State], dict[str, float]] | None = None,
) -> None:
    """Train until ``config.steps`` or ``config.minutes``, in place.

    Writes into ``folder``: ``log.jsonl`` (one line per ``log_every`` steps), ``checkpoint.pt`` (to resume), and
    ``average-STEP.pt`` (the averaged generator, to choose from).  ``at_checkpoint`` measures it for the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started, before = time.monotonic(), state.minutes
    checked = state.minutes
    sums: dict[str, float] = {}

    def log(record: dict[str, float]) -> None:
        line = {"step": state.step, "minutes": round(state.minutes, 2)}
        with (folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line | {k: round(v, 5) for k, v in record.items()}) + "\n")

    def checkpoint() -> None:
        nonlocal started
        paused = time.monotonic()
        save_checkpoint(state, folder / "checkpoint.pt")
        _save(state.average.state_dict(), average_file(folder, state.step))
        if at_checkpoint is not None:
            log(at_checkpoint(state))
        started += time.monotonic() - paused  # measuring is not training

    while state.step < config.steps and state.minutes < config.minutes:
        for name, value in train_step(state, pool, network, config).items():
            sums[name] = sums.get(name, 0.0) + value
        state.minutes = before + (time.monotonic() - started) / 60
        if state.step % config.log_every == 0:
            log({name: value / config.log_every for name, value in sums.items()})
            sums = {}
        if state.minutes - checked >= config.checkpoint_minutes:
            checked = state.minutes
            checkpoint()
    checkpoint()


def configuration(network: NetworkConfig, config: TrainingConfig) -> dict[str, Any]:
    """Both configurations as plain values, for ``training.json``."""
    plain = asdict(config) | {"minutes": None if math.isinf(config.minutes) else config.minutes}
    return {"network": asdict(network), "training": plain}
