"""The training loop: a relativistic pairing GAN with gradient penalties, after R3GAN (Huang et al. 2024).

    L_D = softplus(D(fake, c) - D(real, c)) + softplus(D(real, c') - D(real, c)) / 2
          + gamma / 2 * (|grad D(real)|^2 + |grad D(fake)|^2)
    L_G = softplus(D(real, c) - D(fake, c)) + weight * misfit of the data that the network meant to c

c is the condition of the real plot and c' a wrong one.  The penalties (R1 and R2) are taken every few steps, with
their weight raised accordingly.  The misfit is the kind's moment loss.  A step depends on (seed, step) alone, so a
resumed run equals an uninterrupted one.  The classic losses are there to compare with.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plotbank.errors import PlotbankError
from plotbank.generator.kinds import Kind

from .baselines import DcganDiscriminator, DcganGenerator
from .corpus import Pool
from .networks import Discriminator, Generator, NetworkConfig

NETWORKS = ("gan", "dcgan", "copula")


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.  `loss` is "relativistic", "hinge" or "bce"; a weight of 0 leaves its part out; an `ema_half_life`
    of 0 ships the generator itself instead of its moving average."""

    network: str = "gan"
    seed: int = 1
    steps: int = 9_000
    batch: int = 32
    rate: float = 4e-4
    last_rate: float = 1e-4
    loss: str = "relativistic"
    gamma: float = 1.0
    penalty_every: int = 16
    mismatch_weight: float = 0.5
    misfit_weight: float = 1.0
    ema_half_life: float = 20_000.0  # plots
    looks: int = 10  # checkpoints, evenly over the run
    log_every: int = 50
    threads: int = 1  # on a CPU: sums are split between them, so their number decides the last bits


DCGAN = TrainingConfig(
    network="dcgan", rate=2e-4, last_rate=2e-4, loss="bce", gamma=0.0, mismatch_weight=0.0, misfit_weight=0.0,
    ema_half_life=0.0, batch=64,
)  # fmt: skip
"""The classic recipe: binary cross-entropy, Adam(2e-4, 0.5), nothing else."""


@dataclass
class State:
    """All that changes during training; exactly this is in a checkpoint."""

    kind: Kind
    generator: Generator | DcganGenerator
    average: Generator | DcganGenerator  # exponential moving average of the generator: this one is shipped
    discriminator: Discriminator | DcganDiscriminator
    generator_optimiser: torch.optim.Adam
    discriminator_optimiser: torch.optim.Adam
    device: torch.device
    step: int = 0
    minutes: float = 0.0


def new_state(kind: Kind, network: NetworkConfig, config: TrainingConfig, device: str = "cpu") -> State:
    """Initial state: weights drawn from `config.seed`."""
    torch.manual_seed(config.seed)
    generator: Generator | DcganGenerator
    discriminator: Discriminator | DcganDiscriminator
    if config.network == "dcgan":
        generator, discriminator = DcganGenerator(kind), DcganDiscriminator(kind)
    else:
        generator, discriminator = Generator(kind, network), Discriminator(kind, network)
    discriminator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a fifth faster on a CPU
    generator.to(device)
    discriminator.to(device)
    average = copy.deepcopy(generator).requires_grad_(False)
    betas = (0.5, 0.999) if config.network == "dcgan" else (0.0, 0.99)

    def adam(module: nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(module.parameters(), lr=config.rate, betas=betas, eps=1e-8)

    return State(kind, generator, average, discriminator, adam(generator), adam(discriminator), torch.device(device))


_MODULES = ("generator", "average", "discriminator", "generator_optimiser", "discriminator_optimiser")


def _save(record: dict[str, Any], path: Path) -> None:
    """Write to a temporary name, then rename: a full disk or a stop never leaves half a file."""
    partial = path.with_suffix(".partial")
    try:
        torch.save(record, partial)
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        reason = str(error).strip().splitlines()[0]
        raise PlotbankError(f"{path}: the checkpoint could not be written, the last one is kept: {reason}") from error


def save_checkpoint(state: State, path: Path) -> None:
    """Write all that is needed to go on.  Raises PlotbankError if that fails, for want of space or of permission."""
    record: dict[str, Any] = {name: getattr(state, name).state_dict() for name in _MODULES}
    _save(record | {"step": state.step, "minutes": state.minutes}, path)


def load_checkpoint(state: State, path: Path) -> None:
    """Fill the state from a checkpoint.  Raises PlotbankError if it is unreadable or of another network."""
    try:
        record = torch.load(path, weights_only=True, map_location=state.device)
        for name in _MODULES:
            getattr(state, name).load_state_dict(record[name])
        state.step, state.minutes = int(record["step"]), float(record["minutes"])
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        reason = str(error).splitlines()[0]
        raise PlotbankError(f"{path}: not a checkpoint of this network: {reason}") from error


def real_batch(pool: Pool, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Real data (B, P, W) and their conditions (B, F).

    Sorted by the first feature, so that the discriminator's minibatch deviation compares plots that should differ in
    shape only.
    """
    chosen = rng.integers(len(pool), size=size)
    chosen = chosen[np.argsort(pool.condition[chosen, 0], kind="stable")]
    return torch.from_numpy(pool.data[chosen]), torch.from_numpy(pool.condition[chosen])


def wrong_condition(kind: Kind, condition: Tensor, rng: np.random.Generator) -> Tensor:
    """Conditions (B, F) that do not fit: half from another plot of the batch, half near misses.

    A near miss has one feature wrong that the plot has: by 5 to 20 % of the feature's range, counts by one at least.
    A value pushed out of the range is moved inwards instead, so that it stays wrong.
    """
    size = len(condition)
    other = condition.roll(size // 2, 0)  # the batch is sorted by the first feature: neighbours would fit
    near = condition.numpy().copy()
    rows = np.arange(size)
    # of two features drawn, one that the plot has (a group that is not there has no median)
    drawn = rng.integers(len(kind.features), size=(size, 4))
    there = near[rows[:, None], drawn] != 0
    chosen = drawn[rows, there.argmax(axis=1)]
    low = np.array([feature.low for feature in kind.features])[chosen]
    high = np.array([feature.high for feature in kind.features])[chosen]
    whole = np.array([feature.step >= 1 for feature in kind.features])[chosen]
    off = rng.choice((-1.0, 1.0), size) * rng.uniform(0.05, 0.2, size) * (high - low)
    off = np.where(whole, np.sign(off) * np.maximum(1, np.round(np.abs(off))), off)
    value = near[rows, chosen]
    moved = np.where((value + off < low) | (value + off > high), value - off, value + off)
    near[rows, chosen] = moved
    use_other = torch.from_numpy(rng.random(size) < 0.5)[:, None]
    return torch.where(use_other, other, torch.from_numpy(near))


def _penalty(discriminator: nn.Module, picture: Tensor, condition: Tensor) -> Tensor:
    """Mean squared gradient of the score with respect to the picture (R1 for real, R2 for generated)."""
    picture = picture.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(discriminator(picture, condition).sum(), picture, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean()


def _mixed(state: State) -> Any:
    """Mixed precision for the convolutions on a GPU; the data and their picture stay in single precision."""
    return torch.autocast(state.device.type, torch.bfloat16, enabled=state.device.type == "cuda")


def _loss_d(loss: str, real: Tensor, fake: Tensor) -> Tensor:
    if loss == "relativistic":
        return F.softplus(fake - real).mean()
    if loss == "hinge":
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _loss_g(loss: str, real: Tensor, fake: Tensor) -> Tensor:
    if loss == "relativistic":
        return F.softplus(real - fake).mean()
    if loss == "hinge":
        return -fake.mean()
    return F.softplus(-fake).mean()


@contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    module.requires_grad_(False)
    yield
    module.requires_grad_(True)


def train_step(state: State, pool: Pool, config: TrainingConfig) -> dict[str, float]:
    """One step of both networks, in place.  Returns numbers for the log."""
    kind, judge, device = state.kind, state.discriminator, state.device
    rng = np.random.default_rng([config.seed, 3, state.step])
    progress = min(1.0, state.step / config.steps)
    rate = config.last_rate + (config.rate - config.last_rate) * (1 + math.cos(math.pi * progress)) / 2
    for optimiser in (state.generator_optimiser, state.discriminator_optimiser):
        optimiser.param_groups[0]["lr"] = rate
    data, condition = real_batch(pool, config.batch, rng)
    wrong = wrong_condition(kind, condition, rng).to(device)
    noise = torch.from_numpy(rng.standard_normal((config.batch, state.generator.noise), dtype=np.float32)).to(device)
    data, condition = data.to(device), condition.to(device)
    real = kind.ink(data, condition, kind.cast(condition, noise[:, :8])[0])
    misfit = torch.zeros((), device=device)
    if isinstance(state.generator, Generator):
        drawn = state.generator.draw(noise, condition)
        fake = kind.ink(drawn.data, condition, drawn.mask)
        if config.misfit_weight:
            misfit = kind.misfit(drawn.raw, condition, drawn.mask, drawn.roles).mean()
    else:
        fake = state.generator(noise, condition)

    penalty = mismatch = torch.zeros((), device=device)
    with _mixed(state):
        if isinstance(judge, Discriminator):
            features = judge.trunk_features(real, condition)
            score_real = judge.judge(features, condition)
            if config.mismatch_weight:
                score_wrong = judge(real, wrong) if judge.planes else judge.judge(features, wrong)
                mismatch = F.softplus(score_wrong - score_real).mean()
        else:
            score_real = judge(real, condition)
        score_fake = judge(fake.detach(), condition)
    loss_d = _loss_d(config.loss, score_real.float(), score_fake.float()) + config.mismatch_weight * mismatch.float()
    if config.gamma and state.step % config.penalty_every == 0:
        penalty = _penalty(judge, real, condition) + _penalty(judge, fake, condition)
        loss_d = loss_d + config.penalty_every * config.gamma / 2 * penalty
    state.discriminator_optimiser.zero_grad()
    torch.autograd.backward(loss_d)
    state.discriminator_optimiser.step()

    with _frozen(judge):
        with _mixed(state):
            # the score of the real plots is of one step before: it only sets the scale, and a pass less is a tenth
            loss_g = _loss_g(config.loss, score_real.detach(), judge(fake, condition)).float()
        state.generator_optimiser.zero_grad()
        torch.autograd.backward(loss_g + config.misfit_weight * misfit)
        state.generator_optimiser.step()

    _follow(state, config)
    state.step += 1
    d_real, d_fake = score_real.detach().float(), score_fake.detach().float()
    return {
        "rate": rate,
        "loss_d": float(loss_d.detach()),
        "loss_g": float(loss_g.detach()),
        "D(x)": float(torch.sigmoid(d_real).mean()),
        "D(G(z))": float(torch.sigmoid(d_fake).mean()),
        "told_apart": float((d_real > d_fake).float().mean()),
        "mismatch": float(mismatch.detach()),
        "penalty": float(penalty.detach()),
        "misfit": float(misfit.detach()),
    }


def _follow(state: State, config: TrainingConfig) -> None:
    """Move the average towards the generator."""
    memory = 0.0
    if config.ema_half_life:
        # short memory at the start, so that the first checkpoints are not an average with the initial weights
        memory = min(0.5 ** (config.batch / config.ema_half_life), (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for kept, new in zip(state.average.parameters(), state.generator.parameters(), strict=True):
            kept.lerp_(new, 1 - memory)
        for held, current in zip(state.average.buffers(), state.generator.buffers(), strict=True):
            held.copy_(current)


def average_file(run: Path, step: int) -> Path:
    """Where the averaged generator of a step is kept."""
    return run / f"average-{step:07d}.pt"


def train(
    state: State,
    pool: Pool,
    config: TrainingConfig,
    run: Path,
    look: Callable[[State], dict[str, float]],
    told: Callable[[str], None],
) -> None:
    """Train up to `config.steps`, in place; stop early where the generator has collapsed.

    Writes into `run`: `log.jsonl` (one line per `log_every` steps), the same for TensorBoard, and at each of
    `config.looks` checkpoints `checkpoint.pt` (to resume), `average-STEP.pt` (the averaged generator, to choose from)
    and what `look` measures of it.  `told` hears of progress.
    """
    from torch.utils.tensorboard import SummaryWriter

    run.mkdir(parents=True, exist_ok=True)
    started, before = time.monotonic(), state.minutes
    sums: dict[str, float] = {}
    collapsed = 0
    marks = {max(1, round(config.steps * (k + 1) / config.looks)) for k in range(config.looks)}

    def log(record: dict[str, float]) -> None:
        line = {"step": state.step, "minutes": round(state.minutes, 2)} | {k: round(v, 5) for k, v in record.items()}
        _append(run / "log.jsonl", json.dumps(line) + "\n")
        for name, value in record.items():
            board.add_scalar(name, value, state.step)

    with SummaryWriter(str(run / "tensorboard")) as board:
        while state.step < config.steps:
            for name, value in train_step(state, pool, config).items():
                sums[name] = sums.get(name, 0.0) + value
            state.minutes = before + (time.monotonic() - started) / 60
            if state.step % config.log_every == 0:
                log({name: value / config.log_every for name, value in sums.items()})
                sums = {}
                told(f"step {state.step} of {config.steps}")
            if state.step not in marks:
                continue
            save_checkpoint(state, run / "checkpoint.pt")
            _save(state.average.state_dict(), average_file(run, state.step))
            seen = look(state)
            log(seen)
            collapsed = collapsed + 1 if is_collapsed(seen) and state.step > config.steps / 4 else 0
            if collapsed == 3:
                told(f"step {state.step}: the generator has collapsed (its plots are all alike): stopped here")
                break


def is_collapsed(seen: dict[str, float]) -> bool:
    """Whether plots of one condition are less than half as varied as real ones."""
    return seen["diversity"] < 0.5


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise PlotbankError(f"{path}: the log cannot be written: {error.strerror}") from error


def configuration(kind: Kind, network: NetworkConfig, config: TrainingConfig) -> dict[str, Any]:
    """What fixes a run, as plain values."""
    return {"kind": kind.name, "network": asdict(network), "training": asdict(config)}
