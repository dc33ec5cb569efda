"""Networks that look at pictures for an evaluation and have no part in any training of a generator.

The judge reads all features off a picture; the 64 numbers before its last layer are the space in which pictures are
compared (Fréchet distance, density and coverage).  It sees real plots of the training tables alone.  Its architecture
(5 x 5 and 3 x 3 kernels, max pooling, batch normalisation) and its seed are not the discriminator's, so a generator
that found a weak spot of that one has not found one of this.
"""

import hashlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .metrics import auc
from .pictures import Floats32, Pictures

FEATURES = 64
EPOCHS = 6
AUC_EPOCHS = 6
_BATCH = 64


class Judge(nn.Module):
    """A small network from a picture (B, C, 64, 64) to its features, standardised, (B, F)."""

    mean: Tensor
    spread: Tensor

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        widths = (20, 40, 56, 64)
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 5, stride=2, padding=2), *_between(widths[0])]
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 3, padding=1), *_between(b)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * 2 * 2, FEATURES), nn.SiLU())
        self.last = nn.Linear(FEATURES, features)
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))

    def forward(self, pictures: Tensor) -> Tensor:
        """Standardised features (B, F)."""
        read: Tensor = self.last(self.body(pictures))
        return read

    @torch.no_grad()
    def look(self, pictures: Pictures) -> tuple[Floats32, Floats32]:
        """Of pictures (N, C, 64, 64): the feature space (N, 64), and the features as read, natural units, (N, F)."""
        self.eval()
        seen = torch.cat([self.body(batch) for batch in _batches(pictures)])
        return seen.numpy(), (self.last(seen) * self.spread + self.mean).numpy()


def _between(width: int) -> tuple[nn.Module, ...]:
    return nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)


def _batches(pictures: Pictures) -> Iterator[Tensor]:
    for start in range(0, len(pictures), 4 * _BATCH):
        yield torch.from_numpy(pictures[start : start + 4 * _BATCH].astype(np.float32))


def trained_judge(pictures: Pictures, features: Floats32, seed: int, cache: Path | None = None) -> Judge:
    """A judge that learned to read `features` (N, F) off `pictures` (N, C, 64, 64).

    With a `cache` folder its weights are kept there, under a name made from all that they depend on.
    """
    path = cache / f"judge-{_digest(pictures, features, seed)}.pt" if cache is not None else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        judge = Judge(pictures.shape[1], features.shape[1])
        if path is not None and path.exists():
            try:
                judge.load_state_dict(torch.load(path, weights_only=True))
            except Exception:  # a damaged file raises whatever the unpickler met: learn again and replace it
                path.unlink()
            else:
                return judge.eval()
        judge.mean.copy_(torch.from_numpy(features.mean(axis=0)))
        judge.spread.copy_(torch.from_numpy(np.maximum(features.std(axis=0), 1e-6)))
        target = (torch.from_numpy(features) - judge.mean) / judge.spread
        _learn(judge, pictures, target, F.smooth_l1_loss, EPOCHS)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save(judge.state_dict(), partial)
        partial.replace(path)
    return judge.eval()


def _digest(pictures: Pictures, features: Floats32, seed: int) -> str:
    """Sixteen hexadecimal digits of everything that a judge's weights depend on."""
    told = hashlib.sha256(repr((pictures.shape, features.shape, seed, EPOCHS, FEATURES, torch.__version__)).encode())
    told.update(np.ascontiguousarray(pictures).tobytes())
    told.update(np.ascontiguousarray(features).tobytes())
    return told.hexdigest()[:16]


def _learn(
    network: nn.Module, pictures: Pictures, target: Tensor, loss: Callable[[Tensor, Tensor], Tensor], epochs: int
) -> None:
    """Train by AdamW with one cycle of the learning rate; the order of the pictures comes from torch's own seed."""
    steps = -(-len(pictures) // _BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=epochs * steps)
    network.train()
    for _ in range(epochs):
        for chosen in torch.randperm(len(pictures)).tensor_split(steps):
            seen = torch.from_numpy(pictures[chosen.numpy()].astype(np.float32))
            optimiser.zero_grad()
            loss(network(seen), target[chosen]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()


def picture_auc(a: Pictures, b: Pictures, seed: int) -> float:
    """Tell pictures (N, C, 64, 64) from others (M, C, 64, 64): area under the ROC curve of a small network.

    A fresh network learns on one half of each sample and is tested on the other (Lopez-Paz and Oquab 2017);
    0.5: cannot, 1: always.
    """
    rng = np.random.default_rng(seed)
    a, b = a[rng.permutation(len(a))], b[rng.permutation(len(b))]
    half_a, half_b = len(a) // 2, len(b) // 2
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            *_strided(a.shape[1], 8), *_strided(8, 16), *_strided(16, 32), *_strided(32, 48),
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(48 * 4 * 4, 1),
        )  # fmt: skip
        target = torch.repeat_interleave(torch.tensor([0.0, 1.0]), torch.tensor([half_a, half_b]))[:, None]
        seen = np.concatenate([a[:half_a], b[:half_b]])
        _learn(network, seen, target, F.binary_cross_entropy_with_logits, AUC_EPOCHS)
        network.eval()
        with torch.no_grad():
            low, high = (torch.cat([network(batch) for batch in _batches(x)]) for x in (a[half_a:], b[half_b:]))
    return auc(low[:, 0].numpy(), high[:, 0].numpy())


def _strided(a: int, b: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(a, b, 4, stride=2, padding=1), nn.GroupNorm(4, b), nn.LeakyReLU(0.2)
