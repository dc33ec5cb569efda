"""Generator and discriminator, the same for every kind of plot.

The generator draws *data*; the discriminator judges their picture.  What must be exact is made exact by the kind's
closed form inside the graph (`Kind.emit`); what is learned is the shape.
Shapes: B plots, P = kind.parts tokens per plot, W = kind.width numbers each, F conditions, R roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plotbank.generator.kinds import SIDE, Kind
from plotbank.generator.kinds.tensors import masked_mean

CAST = 8  # of the noise goes to `Kind.cast`
BEYOND = 1.1  # a condition further outside the features' range (scaled to -1..1) than training went is clamped


@dataclass(frozen=True)
class NetworkConfig:
    """Everything that fixes the shape of the two networks, the kind apart."""

    global_noise: int = 64
    part_noise: int = 8
    hidden: int = 64
    style: int = 96
    blocks: int = 4
    clusters: int = 6
    cluster_width: int = 16
    channels: tuple[int, ...] = (24, 40, 64, 96)
    features: int = 128
    conditioning: str = "projection"  # of the discriminator; "concat" feeds the condition as planes instead


class Draw(NamedTuple):
    """One batch of the generator."""

    raw: Tensor  # (B, P, W) data as the network meant them, in the unit plot
    data: Tensor  # (B, P, W) data after the closed form of the kind
    mask: Tensor  # (B, P, 1) 1 for a part, 0 for padding
    roles: Tensor  # (B, P, R)


class Encoding(nn.Module):
    """Conditions in natural units -> (B, 3 F): the first three Chebyshev polynomials of each, scaled to -1..1.

    Polynomials, because ONNX Runtime's sine differs in the last bit between batch sizes.  With r = cos t they are
    cos t, cos 2t and cos 3t.
    """

    low: Tensor
    span: Tensor

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        low = [feature.low for feature in kind.features]
        self.register_buffer("low", torch.tensor(low), persistent=False)
        self.register_buffer(
            "span", torch.tensor([f.high - f.low for f in kind.features]).clamp_min(1e-6), persistent=False
        )
        self.size = 3 * len(low)

    def forward(self, condition: Tensor) -> Tensor:
        """Map (B, F) to (B, 3 F)."""
        t = (2 * (condition - self.low) / self.span - 1).clamp(-BEYOND, BEYOND)
        return torch.cat((t, 2 * t * t - 1, t * (4 * t * t - 3)), dim=1)


def _by_part(layer: nn.Linear, values: Tensor) -> Tensor:
    """The layer on (B, P, K) as one matrix product, bias included: to a batch of matrices ONNX Runtime adds the bias in
    a pass of its own."""
    flat: Tensor = layer(values.flatten(0, 1))
    return flat.reshape(-1, values.shape[1], layer.out_features)


class SetBlock(nn.Module):
    """Residual block on a set of tokens: what a token does depends on itself, on the set, and on the style."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.inner = nn.Linear(config.hidden, config.hidden)
        self.context = nn.Linear(2 * config.hidden, config.hidden)
        self.film = nn.Linear(config.style, 2 * config.hidden)
        self.outer = nn.Linear(config.hidden, config.hidden)

    def forward(self, tokens: Tensor, style: Tensor, mask: Tensor) -> Tensor:
        """Map tokens (B, P, hidden) with style (B, style) and mask (B, P, 1) to tokens of the same shape.

        Padding tokens must be copies of a part, so that the maximum over all tokens is that over the parts.
        """
        context = self.context(torch.cat((masked_mean(tokens, mask)[:, 0], tokens.amax(1)), dim=1))
        gain, shift = self.film(style).chunk(2, dim=1)
        # (W t + b + context) (1 + gain) + shift, with all that does not depend on the token added up once per plot
        offset = (context + self.inner.bias) * (1 + gain) + shift
        inner = F.linear(tokens, self.inner.weight) * (1 + gain)[:, None] + offset[:, None]
        return tokens + _by_part(self.outer, F.silu(inner))


class Generator(nn.Module):
    """Noise and condition -> data, and raw data.

    A set network, equivariant to the order of parts of one role.  Each token also picks, softly, one of a few
    clusters whose centres depend on the plot: separated groups and lone outliers are hard for a smooth map alone.
    No normalisation layer couples the plots of a batch.
    """

    def __init__(self, kind: Kind, config: NetworkConfig) -> None:
        super().__init__()
        self.kind, self.config = kind, config
        self.noise = CAST + config.global_noise + kind.parts * config.part_noise
        self.encoding = Encoding(kind)
        self.to_style = nn.Sequential(
            nn.Linear(config.global_noise + self.encoding.size, 128),
            nn.SiLU(),
            nn.Linear(128, 128),
            nn.SiLU(),
            nn.Linear(128, config.style),
        )
        self.to_choice = nn.Linear(config.part_noise, config.clusters, bias=False)
        self.to_odds = nn.Linear(config.style, config.clusters)
        self.to_centres = nn.Linear(config.style, config.clusters * config.cluster_width)
        self.to_tokens = nn.Linear(config.part_noise + kind.roles + config.cluster_width, config.hidden)
        self.blocks = nn.ModuleList(SetBlock(config) for _ in range(config.blocks))
        self.to_data = nn.Linear(config.hidden, kind.width)
        # what is independent from part to part is there from the start: spacings are uneven before anything is learned
        self.own = nn.Linear(config.part_noise, kind.width, bias=False)
        # torch's own initial weights shrink a signal layer by layer: plots of one condition would start all alike
        for layer in (*self.to_style, self.to_centres, self.to_choice, self.own):
            if isinstance(layer, nn.Linear):
                after_silu = layer in (self.to_style[2], self.to_style[4])
                nn.init.normal_(layer.weight, std=(1.7 if after_silu else 1.0) / layer.in_features**0.5)

    def draw(self, noise: Tensor, condition: Tensor) -> Draw:
        """Draw a batch from standard normal noise (B, self.noise) and condition (B, F)."""
        c, kind = self.config, self.kind
        mask, roles = kind.cast(condition, noise[:, :CAST])
        style = self.to_style(torch.cat((noise[:, CAST : CAST + c.global_noise], self.encoding(condition)), dim=1))
        own = noise[:, CAST + c.global_noise :].reshape(-1, kind.parts, c.part_noise)
        own = own * mask + own[:, :1] * (1 - mask)  # padding repeats the first part: see SetBlock
        roled = roles + roles[:, :1] * (1 - mask)
        # noise plus log-odds, sharpened: nearly one-hot, as in a Gumbel softmax
        choice = torch.softmax(8 * (self.to_choice(own) + self.to_odds(style)[:, None]), dim=2)
        centres = self.to_centres(style).reshape(-1, c.clusters, c.cluster_width)
        tokens = _by_part(self.to_tokens, torch.cat((own, roled, choice @ centres), dim=2))
        for block in self.blocks:
            tokens = block(tokens, style, mask)
        raw, data = kind.emit(_by_part(self.to_data, tokens) + self.own(own), condition, mask, roles)
        return Draw(raw, data, mask, roles)

    def forward(self, noise: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Data and raw data, both (B, P, W)."""
        drawn = self.draw(noise, condition)
        return drawn.data, drawn.raw


class Discriminator(nn.Module):
    """Picture and condition -> realism; conditioned by projection (Miyato and Koyama 2018).

    The head is separate from the trunk, so that a picture can be judged under a wrong condition for next to nothing.
    With conditioning "concat" the condition is fed as planes beside the picture instead, as the classic scheme does.
    """

    def __init__(self, kind: Kind, config: NetworkConfig) -> None:
        super().__init__()
        self.encoding = Encoding(kind)
        self.planes = self.encoding.size if config.conditioning == "concat" else 0
        first, *rest = config.channels
        layers: list[nn.Module] = [
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * kind.channels + self.planes, first, 3, padding=1),
            nn.LeakyReLU(0.2),
        ]
        width = first
        for following in rest:
            layers += [nn.Conv2d(width, following, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            width = following
        self.trunk = nn.Sequential(*layers)
        side = SIDE // 2 ** len(config.channels)
        self.mix = nn.Conv2d(width + 1, width, 3, padding=1)
        self.dense = nn.Linear(width * side * side, config.features)
        self.score = nn.Linear(config.features, 1)
        self.embed = nn.Sequential(nn.Linear(self.encoding.size, 64), nn.SiLU(), nn.Linear(64, config.features))

    def trunk_features(self, picture: Tensor, condition: Tensor) -> Tensor:
        """Features (B, config.features) of pictures (B, C, SIDE, SIDE); the condition counts with "concat" only."""
        h = self.trunk[0](picture)
        if self.planes:
            planes = self.encoding(condition)[:, :, None, None].expand(-1, -1, *h.shape[2:])
            h = torch.cat((h, planes), dim=1)
        h = self.trunk[1:](h)
        # minibatch deviation in groups of 4: a generator that repeats itself is seen at once (Karras et al. 2018)
        groups = h.reshape(-1, min(4, h.shape[0]), *h.shape[1:])
        deviation = torch.sqrt(groups.var(1, correction=0) + 1e-8).mean((1, 2, 3))
        spread = deviation.repeat_interleave(groups.shape[1])[:, None, None, None].expand(-1, 1, *h.shape[2:])
        h = F.leaky_relu(self.mix(torch.cat((h, spread), dim=1)), 0.2)
        return F.leaky_relu(self.dense(h.flatten(1)), 0.2)

    def judge(self, features: Tensor, condition: Tensor) -> Tensor:
        """Realism (B,) of features (B, config.features) under a condition (B, F)."""
        plain: Tensor = self.score(features)[:, 0]
        if self.planes:
            return plain
        match: Tensor = (features * self.embed(self.encoding(condition))).sum(1) / features.shape[1] ** 0.5
        return plain + match

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        """Realism (B,) of pictures (B, C, SIDE, SIDE) under a condition (B, F)."""
        return self.judge(self.trunk_features(picture, condition), condition)


def parameter_count(modules: Sequence[nn.Module]) -> int:
    """Number of trained numbers in the modules."""
    return sum(p.numel() for module in modules for p in module.parameters())
