"""Generator, rasteriser and discriminator of scatter plots.

The generator draws *points*; the discriminator judges their picture.  What must be exact is exact by construction:
n by a mask, r by a closed-form projection, the frame by a min-max map.  What is learned is the shape.
Shapes: B plots, P = max_points tokens per plot, of which the first n are points and the rest padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class NetworkConfig:
    """Everything that fixes the shape and the meaning of the two networks."""

    max_points: int = 100
    min_points: int = 15
    r_limit: float = 0.98
    global_noise: int = 64
    point_noise: int = 8
    hidden: int = 64
    style: int = 96
    blocks: int = 4
    clusters: int = 6
    cluster_width: int = 16
    picture: int = 64  # pixels a side
    frame: float = 52.0  # pixels a side that the points span, in the middle
    dot_sigma: float = 0.9  # pixels
    dot_ink: float = 2.0  # a lone dot has 1 - exp(-2) = 0.86 ink at its centre
    channels: tuple[int, ...] = (24, 40, 64, 96)
    features: int = 128

    @property
    def noise(self) -> int:
        """Length of the noise vector of one plot: global noise, then that of each point."""
        return self.global_noise + self.max_points * self.point_noise


class Draw(NamedTuple):
    """One batch of the generator, before and after the projection."""

    raw: Tensor  # [B, P, 2] standardised points as the network meant them
    raw_r: Tensor  # [B] their correlation
    points: Tensor  # [B, P, 2] projected to the wanted r and framed to 0..1; padding is exactly 0
    mask: Tensor  # [B, P, 1] 1 for a point, 0 for padding


def point_mask(n: Tensor, max_points: int) -> Tensor:
    """Return [B, P, 1]: 1 for the first n [B] tokens, else 0."""
    tokens = torch.arange(max_points, device=n.device, dtype=n.dtype)
    return (tokens[None, :] < n[:, None]).to(torch.float32)[:, :, None]


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean [B, 1, K] of values [B, P, K] over the mask [B, P, 1].

    A matrix product instead of a sum: ONNX Runtime sums a lone plot in another order than a batch of them, and a
    plot must not depend on its neighbours.
    """
    return (mask.transpose(1, 2) @ values) / mask.sum(1, keepdim=True)


def standardise(points: Tensor, mask: Tensor) -> Tensor:
    """Give each coordinate of [B, P, 2] mean 0 and standard deviation 1 over the mask; padding becomes 0."""
    centred = (points - masked_mean(points, mask)) * mask
    variance = masked_mean(centred * centred, mask)
    return centred / torch.sqrt(variance + 1e-8)


def correlation(standardised: Tensor, mask: Tensor) -> Tensor:
    """Return the correlation [B] of standardised points [B, P, 2]."""
    return masked_mean(standardised[:, :, :1] * standardised[:, :, 1:], mask)[:, 0, 0]


def project(standardised: Tensor, raw_r: Tensor, r: Tensor) -> Tensor:
    """Move standardised points [B, P, 2] of correlation raw_r [B] the least, so that it becomes r [B].

    Both correlation matrices have the eigenvectors (1, 1) and (1, -1), so the optimal-transport map between
    them scales u = (x + y) / sqrt 2 by sqrt((1 + r) / (1 + raw_r)) and v = (x - y) / sqrt 2 by
    sqrt((1 - r) / (1 - raw_r)).  It is exact for |raw_r| <= 0.999; beyond that it is clamped.
    """
    known = raw_r.clamp(-0.999, 0.999)
    along = torch.sqrt((1 + r) / (1 + known))[:, None]
    across = torch.sqrt((1 - r) / (1 - known))[:, None]
    x, y = standardised[:, :, 0], standardised[:, :, 1]
    u, v = along * (x + y) / 2, across * (x - y) / 2
    return torch.stack((u + v, u - v), dim=2)


def squared_displacement(raw_r: Tensor, r: Tensor) -> Tensor:
    """Mean squared move [B] of a point in `project`, in squared standard deviations.

    It is the Bures-Wasserstein distance of the two correlation matrices: the variances along and across are 1 + r
    and 1 - r, so sqrt(1 + raw_r) moves to sqrt(1 + r), and sqrt(1 - raw_r) to sqrt(1 - r).
    """
    known = raw_r.clamp(-0.999, 0.999)
    along = torch.sqrt(1 + known) - torch.sqrt(1 + r)
    across = torch.sqrt(1 - known) - torch.sqrt(1 - r)
    return along.square() + across.square()


def frame(points: Tensor, mask: Tensor) -> Tensor:
    """Map each coordinate of [B, P, 2] onto 0..1 over the mask; padding becomes exactly 0."""
    far = 1e4 * (1 - mask)
    low = (points + far).amin(1, keepdim=True)
    high = (points - far).amax(1, keepdim=True)
    return ((points - low) / (high - low).clamp_min(1e-6)).clamp(0, 1) * mask


def rasterise(points: Tensor, mask: Tensor, config: NetworkConfig) -> Tensor:
    """Draw points [B, P, 2] in the unit square as ink [B, H, W] in 0..1; row 0 is the top.

    Dots are Gaussian, hence separable: the sum over points is one matrix product.  Overlapping ink saturates.
    """
    margin = (config.picture - config.frame) / 2
    centres = torch.arange(config.picture, device=points.device, dtype=points.dtype) + 0.5
    across = margin + config.frame * points[:, :, 0:1] - centres  # [B, P, W] pixels
    down = margin + config.frame * (1 - points[:, :, 1:2]) - centres  # [B, P, H]
    scale = -0.5 / config.dot_sigma**2
    # exp(-40) is no visible ink; smaller numbers would be denormal, which is ten times slower
    columns = torch.exp((scale * across.square()).clamp_min(-40)) * mask
    rows = torch.exp((scale * down.square()).clamp_min(-40))
    return 1 - torch.exp(-config.dot_ink * (rows.transpose(1, 2) @ columns))


class ConditionFeatures(nn.Module):
    """Condition (r, n) in natural units, clamped to the trained range -> [B, 11] features of order one.

    r is an angle: r = cos t.  The features are cos kt and sin kt for k = 1 to 4, by their polynomials, and the first
    three Chebyshev polynomials of scaled n.  No sine is called: ONNX Runtime's differs in the last bit between batch
    sizes, and a plot must not depend on its neighbours.
    """

    size = 11

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, condition: Tensor) -> Tensor:
        """Map [B, 2] to [B, 11]."""
        c = self.config
        r = condition[:, 0:1].clamp(-c.r_limit, c.r_limit)
        n = condition[:, 1:2].clamp(c.min_points, c.max_points)
        s = (2 * n - c.max_points - c.min_points) / (c.max_points - c.min_points)
        cos1, sin1 = r, torch.sqrt(1 - r * r)
        cos2, sin2 = 2 * r * r - 1, 2 * r * sin1
        cos3, sin3 = r * cos2 - sin1 * sin2, sin1 * cos2 + r * sin2
        cos4, sin4 = 2 * cos2 * cos2 - 1, 2 * cos2 * sin2
        of_n = s, 2 * s * s - 1, s * (4 * s * s - 3)
        return torch.cat([cos1, sin1, cos2, sin2, cos3, sin3, cos4, sin4, *of_n], dim=1)


class SetBlock(nn.Module):
    """Residual block on a set of tokens: what a token does depends on itself, on the set, and on the style."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.inner = nn.Linear(config.hidden, config.hidden)
        self.context = nn.Linear(2 * config.hidden, config.hidden)
        self.film = nn.Linear(config.style, 2 * config.hidden)
        self.outer = nn.Linear(config.hidden, config.hidden)

    def forward(self, tokens: Tensor, style: Tensor, mask: Tensor) -> Tensor:
        """Map tokens [B, P, hidden] with style [B, style] and mask [B, P, 1] to tokens of the same shape.

        Padding tokens must be copies of points, so that the maximum over all tokens is that over the points.
        """
        context = self.context(torch.cat((masked_mean(tokens, mask)[:, 0], tokens.amax(1)), dim=1))
        gain, shift = self.film(style).chunk(2, dim=1)
        # (W t + b + context) (1 + gain) + shift, with all that does not depend on the token added up once per plot
        offset = (context + self.inner.bias) * (1 + gain) + shift
        inner = F.linear(tokens, self.inner.weight) * (1 + gain)[:, None] + offset[:, None]
        change: Tensor = self.outer(F.silu(inner))
        return tokens + change


class Generator(nn.Module):
    """Noise and condition -> points and their picture.

    A set network, equivariant to the order of the points.  Each token also picks, softly, one of a few clusters
    whose centres depend on the plot: separated groups and lone outliers are hard for a smooth map alone.
    No normalisation layer couples the plots of a batch.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.features = ConditionFeatures(config)
        self.to_style = nn.Sequential(
            nn.Linear(config.global_noise + ConditionFeatures.size, 128),
            nn.SiLU(),
            nn.Linear(128, 128),
            nn.SiLU(),
            nn.Linear(128, config.style),
        )
        self.to_choice = nn.Linear(config.point_noise, config.clusters, bias=False)
        self.to_odds = nn.Linear(config.style, config.clusters)
        self.to_centres = nn.Linear(config.style, config.clusters * config.cluster_width)
        self.to_tokens = nn.Linear(config.point_noise + config.cluster_width, config.hidden)
        self.blocks = nn.ModuleList(SetBlock(config) for _ in range(config.blocks))
        self.to_points = nn.Linear(config.hidden, 2)
        # torch's own initial weights shrink a signal layer by layer: plots of one condition would start all alike
        for layer in (*self.to_style, self.to_centres, self.to_choice):
            if isinstance(layer, nn.Linear):
                after_silu = layer not in (self.to_style[0], self.to_centres, self.to_choice)
                nn.init.normal_(layer.weight, std=(1.7 if after_silu else 1.0) / layer.in_features**0.5)

    def draw(self, noise: Tensor, condition: Tensor) -> Draw:
        """Draw a batch from standard normal noise [B, config.noise] and condition [B, 2] = (r, n)."""
        c = self.config
        r = condition[:, 0].clamp(-c.r_limit, c.r_limit)
        n = torch.round(condition[:, 1]).clamp(c.min_points, c.max_points)
        mask = point_mask(n, c.max_points)
        style = self.to_style(torch.cat((noise[:, : c.global_noise], self.features(condition)), dim=1))
        own = noise[:, c.global_noise :].reshape(-1, c.max_points, c.point_noise)
        own = own * mask + own[:, :1] * (1 - mask)  # padding repeats the first point: see SetBlock
        # noise plus log-odds, sharpened: nearly one-hot, as in a Gumbel softmax
        odds = self.to_choice(own) + self.to_odds(style)[:, None]
        choice = torch.softmax(8 * odds, dim=2)
        centres = self.to_centres(style).reshape(-1, c.clusters, c.cluster_width)
        tokens = self.to_tokens(torch.cat((own, choice @ centres), dim=2))
        for block in self.blocks:
            tokens = block(tokens, style, mask)
        raw = standardise(self.to_points(tokens), mask)
        raw_r = correlation(raw, mask)
        return Draw(raw, raw_r, frame(project(raw, raw_r, r), mask), mask)

    def forward(self, noise: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Return points [B, P, 2] in 0..1 (padding is 0) and their picture [B, H, W]."""
        drawn = self.draw(noise, condition)
        return drawn.points, rasterise(drawn.points, drawn.mask, self.config)


class Discriminator(nn.Module):
    """Picture and condition -> realism; conditioned by projection (Miyato and Koyama 2018).

    The head is separate from the trunk, so that a picture can be judged under a wrong condition for next to nothing.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        first, *rest = config.channels
        layers: list[nn.Module] = [nn.PixelUnshuffle(2), nn.Conv2d(4, first, 3, padding=1), nn.LeakyReLU(0.2)]
        width = first
        for following in rest:
            layers += [nn.Conv2d(width, following, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            width = following
        self.trunk = nn.Sequential(*layers)
        side = config.picture // 2 ** len(config.channels)
        self.mix = nn.Conv2d(width + 1, width, 3, padding=1)
        self.dense = nn.Linear(width * side * side, config.features)
        self.score = nn.Linear(config.features, 1)
        self.features = ConditionFeatures(config)
        self.embed = nn.Sequential(nn.Linear(ConditionFeatures.size, 64), nn.SiLU(), nn.Linear(64, config.features))

    def trunk_features(self, picture: Tensor) -> Tensor:
        """Map pictures [B, H, W] to features [B, config.features]."""
        h = self.trunk(picture[:, None])
        # minibatch deviation in groups of 4: a generator that repeats itself is seen at once (Karras et al. 2018)
        groups = h.reshape(-1, min(4, h.shape[0]), *h.shape[1:])
        deviation = torch.sqrt(groups.var(1, correction=0) + 1e-8).mean((1, 2, 3))
        spread = deviation.repeat_interleave(groups.shape[1])[:, None, None, None].expand(-1, 1, *h.shape[2:])
        h = F.leaky_relu(self.mix(torch.cat((h, spread), dim=1)), 0.2)
        return F.leaky_relu(self.dense(h.flatten(1)), 0.2)

    def judge(self, features: Tensor, condition: Tensor) -> Tensor:
        """Score features [B, config.features] under condition [B, 2]: realism [B]."""
        match: Tensor = (features * self.embed(self.features(condition))).sum(1) / features.shape[1] ** 0.5
        plain: Tensor = self.score(features)[:, 0]
        return plain + match

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        """Score pictures [B, H, W] under condition [B, 2]: realism [B]."""
        return self.judge(self.trunk_features(picture), condition)


def parameter_count(modules: Sequence[nn.Module]) -> int:
    """Number of trained numbers in the modules."""
    return sum(p.numel() for module in modules for p in module.parameters())
