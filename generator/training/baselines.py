"""What the generator is compared with: the classic conditional DCGAN on pixels, and a plain copula sampler.

Both are exported and evaluated as the generator is.  The DCGAN gives a picture only: no data, hence no key.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from plotbank.generator.kinds import Kind

from .corpus import Pool
from .networks import CAST, Encoding

QUANTILES = 65  # of a marginal distribution, equally spaced in probability
COLUMNS = 256  # marginal distributions that the copula sampler knows


class DcganGenerator(nn.Module):
    """Radford, Metz and Chintala 2016, conditional by concatenation: transposed convolutions, batch normalisation,
    ReLU, tanh at the end (mapped to ink in 0..1)."""

    def __init__(self, kind: Kind, width: int = 24) -> None:
        super().__init__()
        self.kind, self.noise = kind, 100
        self.encoding = Encoding(kind)
        sizes = (8 * width, 4 * width, 2 * width, width)
        layers: list[nn.Module] = [nn.ConvTranspose2d(self.noise + self.encoding.size, sizes[0], 4, bias=False)]
        for size, following in zip(sizes, (*sizes[1:], kind.channels), strict=True):
            layers += [
                nn.BatchNorm2d(size),
                nn.ReLU(),
                nn.ConvTranspose2d(size, following, 4, stride=2, padding=1, bias=False),
            ]
        self.layers = nn.Sequential(*layers, nn.Tanh())
        self.apply(_dcgan_weights)

    def forward(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Pictures (B, C, SIDE, SIDE) of noise (B, 100) and condition (B, F)."""
        told = torch.cat((noise, self.encoding(condition)), dim=1)
        picture: Tensor = self.layers(told[:, :, None, None])
        return (picture + 1) / 2


class DcganDiscriminator(nn.Module):
    """Its counterpart: strided convolutions, batch normalisation, LeakyReLU, the condition as planes."""

    def __init__(self, kind: Kind, width: int = 24) -> None:
        super().__init__()
        self.encoding = Encoding(kind)
        sizes = (width, 2 * width, 4 * width, 8 * width)
        layers: list[nn.Module] = [
            nn.Conv2d(kind.channels + self.encoding.size, width, 4, stride=2, padding=1, bias=False),
            nn.LeakyReLU(0.2),
        ]
        for size, following in pairwise(sizes):
            layers += [
                nn.Conv2d(size, following, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(following),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(sizes[-1], 1, 4, bias=False))
        self.apply(_dcgan_weights)

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        """Logit (B,) that the picture (B, C, SIDE, SIDE) is real."""
        planes = self.encoding(condition)[:, :, None, None].expand(-1, -1, *picture.shape[2:])
        logit: Tensor = self.layers(torch.cat((2 * picture - 1, planes), dim=1))
        return logit.flatten()


def _dcgan_weights(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class CopulaSampler(nn.Module):
    """Independent draws from the marginal distributions of real columns, tied by a Gaussian copula.

    The kind's closed form then makes exact what it makes exact of the generator's data, r for one.  It knows nothing
    of clusters, curves, outliers or gaps.
    """

    quantiles: Tensor

    def __init__(self, kind: Kind, quantiles: Tensor) -> None:
        super().__init__()
        self.kind = kind
        self.noise = CAST + kind.width + kind.parts * kind.width
        self.register_buffer("quantiles", quantiles)  # (COLUMNS, QUANTILES), of standardised columns

    def forward(self, noise: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Data and raw data, both (B, P, W)."""
        kind = self.kind
        mask, roles = kind.cast(condition, noise[:, :CAST])
        z = noise[:, CAST + kind.width :].reshape(-1, kind.parts, kind.width)
        if kind.width == 2:  # the copula's correlation, about r
            r = condition[:, :1].clamp(-0.98, 0.98)
            z = torch.stack((z[:, :, 0], r * z[:, :, 0] + torch.sqrt(1 - r * r) * z[:, :, 1]), dim=2)
        chosen = (_phi(noise[:, CAST : CAST + kind.width]) * len(self.quantiles)).long().clamp(0, COLUMNS - 1)
        table = self.quantiles[chosen]  # (B, W, QUANTILES)
        place = (_phi(z) * (QUANTILES - 1)).clamp(0.0, QUANTILES - 1.001).transpose(1, 2)  # (B, W, P)
        below = place.long()
        low, high = table.gather(2, below), table.gather(2, below + 1)
        raw, data = kind.emit((low + (place - below) * (high - low)).transpose(1, 2), condition, mask, roles)
        return data, raw


def _phi(z: Tensor) -> Tensor:
    """The normal distribution function, to 1e-3, by the logistic one."""
    return torch.sigmoid(1.5958 * z + 0.0711 * z * z * z)


def copula(kind: Kind, pool: Pool, seed: int) -> CopulaSampler:
    """The sampler with the marginal distributions of `COLUMNS` real plots of the pool."""
    generator = torch.Generator().manual_seed(seed)
    tables = []
    noise = torch.randn((COLUMNS, CAST), generator=generator)
    chosen = torch.randint(len(pool), (COLUMNS,), generator=generator)
    data, condition = torch.from_numpy(pool.data)[chosen], torch.from_numpy(pool.condition)[chosen]
    masks = kind.cast(condition, noise)[0]
    probabilities = torch.linspace(0.0, 1.0, QUANTILES)
    for one, mask in zip(data, masks, strict=True):
        column = one[mask[:, 0] > 0][:, 0]
        tables.append(torch.quantile((column - column.mean()) / (column.std() + 1e-6), probabilities))
    return CopulaSampler(kind, torch.stack(tables))
