"""What plots are looked at with in an evaluation: the judge, ink maps, descriptors, readings, placing on axes.

Shapes: N plots, P parts of W numbers, F features, C channels, K descriptors.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import UNIT, Kind, inexact
from plotbank.models import Model

from . import metrics
from .corpus import Pool
from .judge import Judge, picture_auc
from .pictures import Floats32, Pictures, batches, ink, maps

Role = Literal["model", "copula", "dcgan"]
ROLES: tuple[Role, ...] = ("model", "copula", "dcgan")
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SHAKEN = 0.02  # of the unit plot: two plots that differ by less are the same to a person
AREA = (500.0, 380.0)  # CSS pixels between the ends of the axes of a picture of 600 x 450
FIRST_DIGIT = 11  # of the seeds here: the streams of training begin with others

STAGES = {
    "raw": "as the network meant them",
    "emitted": "after the closed form in the network's graph",
    "snapped": "placed on axes, of the accepted draws",
    "judge": "as the judge reads the picture",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a contestant drew: pictures (N, C, 64, 64); and data (N, P, W) after and before the closed form of the
    kind, where it draws data at all."""

    picture: Pictures
    data: Floats32 | None = None
    raw: Floats32 | None = None


class Contestant(Protocol):
    """Whatever can draw plots."""

    def draw(self, condition: Floats32, rng: np.random.Generator) -> Drawn:
        """One plot for each condition (N, F)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A model in ONNX as a contestant."""

    kind: Kind
    model: Model

    def draw(self, condition: Floats32, rng: np.random.Generator) -> Drawn:
        """One plot for each condition (N, F)."""
        card = self.model.card
        names = ("picture",) if card.network == "dcgan" else ("data", "raw")
        parts = []
        for rows in batches(len(condition)):
            wanted = condition[rows]
            noise = rng.standard_normal((len(wanted), card.noise), dtype=np.float32)
            parts.append(self.model.outputs(names, noise, wanted))
        first, *raw = (np.concatenate(column) for column in zip(*parts, strict=True))
        if not raw:
            return Drawn(picture=first.astype(np.float16))
        return Drawn(picture=ink(self.kind, first, condition), data=first, raw=raw[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is drawn: `plots` for every comparison, `trained` training plots, `twins` at one condition."""

    plots: int = 1250
    trained: int = 5000
    twins: int = 20_000
    seeds: int = 3
    neighbourhoods: int = 16
    alike: int = 60

    @classmethod
    def of(cls, plots: int) -> Sizes:
        """All sizes in proportion to the number of plots for every comparison."""
        return cls(plots=plots, trained=4 * plots, twins=16 * plots, alike=min(60, plots // 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reals:
    """Real plots: `trained`, which the judge learns from and copies are looked for in; two samples of other draws of
    the training tables, and two of the held-out tables."""

    trained: Pool
    fresh: Pool
    again: Pool
    unseen: Pool
    unseen_again: Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """N plots, looked at in every way: their ink maps, what the judge sees (N, 64) and reads (N, F), descriptors
    (N, K) where there are data."""

    picture: Pictures
    maps: Floats32
    seen: Floats32
    read: Floats32
    shape: Floats | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """What placing emitted data on axes did: over `n` draws."""

    n: int
    accepted: float
    displacement: float
    displacement_p95: float
    refused: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of one contestant, or of real plots in its place.

    `agreement` is by stage (raw, emitted, snapped, judge) and feature; `against` by reference, then metric; `bank_snap`
    and `bank_twins` are under the conditions of a bank's question.
    """

    agreement: dict[str, dict[str, metrics.Agreement]]
    snap: Snap | None
    bank_snap: Snap | None
    against: dict[str, dict[str, Any]]
    copying: dict[str, Any]
    diversity: list[float]
    twins: metrics.Twins | None
    bank_twins: metrics.Twins


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Real plots, looked at once, and what was found of them."""

    fresh: Sample
    unseen: Sample
    there: Bools  # (N, F): features of the held-out plots whose conditions contestants take
    found: Found
    same_tables: dict[str, Any]
    to_trained: dict[str, Floats32]
    typical_condition: dict[str, float]
    threshold: float
    alike_twins: metrics.Twins
    neighbourhoods: list[tuple[Floats32, float]]  # conditions (k, F), mean distance of two real plots


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all contestants are looked at with."""

    kind: Kind
    judge: Judge
    reals: Reals
    sizes: Sizes
    seed: int
    trained_maps: Floats32

    def rng(self, *purpose: int) -> np.random.Generator:
        """An own stream of random numbers for every purpose."""
        return np.random.default_rng([self.seed, FIRST_DIGIT, *purpose])

    def sample(self, condition: Floats32, picture: Pictures, data: Floats32 | None) -> Sample:
        """Look at plots in every way."""
        seen, read = self.judge.look(picture)
        shape = None
        if data is not None:
            with np.errstate(all="ignore"):
                shape = np.stack([self.kind.describe(*pair) for pair in self.pairs(data, condition)])
        return Sample(picture=picture, maps=maps(picture), seen=seen, read=read, shape=shape)

    def pairs(self, data: Floats32, condition: Floats32) -> Iterator[tuple[Floats, dict[str, float]]]:
        """Each plot's data (P, W) with its condition by name."""
        names = [feature.name for feature in self.kind.features]
        for one, row in zip(data, condition, strict=True):
            yield one.astype(np.float64), dict(zip(names, map(float, row), strict=True))

    def readings(self, data: Floats32, condition: Floats32) -> Floats:
        """The features as data have them: (N, F), NaN where they do not."""
        found = np.full(condition.shape, np.nan)
        with np.errstate(all="ignore"):
            for row, (one, asked) in enumerate(self.pairs(data, condition)):
                found[row] = self._read(self.kind.values(one, asked), asked)
        return found

    def _read(self, values: Floats, asked: dict[str, float]) -> list[float]:
        read = self.kind.readings(values, asked, UNIT)
        return [read[feature.name] for feature in self.kind.features]

    def snap(self, data: Floats32, condition: Floats32) -> tuple[Snap, Floats, Bools]:
        """Place emitted data on axes as a bank's build does: what that did, readings (N, F), and what was accepted."""
        found, accepted = np.full(condition.shape, np.nan), np.zeros(len(data), dtype=bool)
        displacement: list[float] = []
        refused: Counter[str] = Counter()
        rng = self.rng(1)
        with np.errstate(all="ignore"):
            for row, (one, asked) in enumerate(self.pairs(data, condition)):
                try:
                    snapped = self.kind.snap(one, asked, UNIT, AREA, rng)
                except UnsuitableDraw as reason:
                    refused[str(reason)] += 1
                    continue
                displacement.append(snapped.displacement)
                read = self.kind.readings(snapped.values, asked, UNIT)
                if wrong := inexact(self.kind, read, asked):
                    refused[f"{wrong[0]} not exact"] += 1
                    continue
                accepted[row] = True
                found[row] = [read[feature.name] for feature in self.kind.features]
        moved = np.array(displacement)
        snap = Snap(
            n=len(data),
            accepted=float(accepted.mean()),
            displacement=float(moved.mean()) if len(moved) else math.nan,
            displacement_p95=float(np.quantile(moved, 0.95)) if len(moved) else math.nan,
            refused=dict(refused.most_common()),
        )
        return snap, found, accepted

    def there(self, condition: Floats32) -> Bools:
        """Which features a plot of a condition has, (N, F): the median of a missing group stays 0 whatever is asked."""
        names = [feature.name for feature in self.kind.features]
        found = np.ones(condition.shape, dtype=bool)
        for row, values in enumerate(condition):
            asked = dict(zip(names, map(float, values), strict=True))
            for column, feature in enumerate(self.kind.features):
                if asked[feature.name] == 0:
                    found[row, column] = self.kind.settle(asked | {feature.name: feature.high})[feature.name] != 0
        return found

    def agreement(
        self, asked: Floats32, there: Bools, stages: dict[str, tuple[Floats, Bools]]
    ) -> dict[str, dict[str, metrics.Agreement]]:
        """Each feature against what was asked for, by stage: what was read (N, F), and which plots (N,) came so far."""
        return {
            stage: {
                feature.name: metrics.agreement(asked[known, i], read[known, i])
                for i, feature in enumerate(self.kind.features)
                if (known := there[:, i] & reached).any()
            }
            for stage, (read, reached) in stages.items()
        }

    def against(self, made: Sample, real: Sample) -> dict[str, Any]:
        """One sample against another in every way: the second is the reference."""
        n = min(len(made.seen), len(real.seen))
        density, coverage = metrics.density_and_coverage(real.seen[:n], made.seen[:n])
        pixels = [picture_auc(real.picture[:n], made.picture[:n], seed) for seed in range(self.sizes.seeds)]
        found: dict[str, Any] = {
            "n": n,
            "frechet": metrics.frechet(made.seen[:n], real.seen[:n]),
            "density": density,
            "coverage": coverage,
            "auc_pixels": float(np.mean(pixels)),
            "auc_pixels_by_seed": pixels,
        }
        if made.shape is not None and real.shape is not None:
            auc = metrics.two_sample_auc(real.shape[:n], made.shape[:n], self.seed)
            found |= {f"auc_{name}": value for name, value in auc.items()}
        return found

    def fidelity(
        self, drawn: Drawn, there: Bools, sample: Sample
    ) -> tuple[dict[str, dict[str, metrics.Agreement]], Snap | None, Floats | None]:
        """Every stage of plots drawn under the conditions of held-out plots; and the readings of the raw data."""
        asked = self.reals.unseen_again.condition
        everything = np.ones(len(asked), dtype=bool)
        stages: dict[str, tuple[Floats, Bools]] = {}
        snap = raw = None
        if drawn.raw is not None:
            raw = self.readings(drawn.raw, asked)
            stages["raw"] = raw, everything
        if drawn.data is not None:
            stages["emitted"] = self.readings(drawn.data, asked), everything
            snap, placed, accepted = self.snap(drawn.data, asked)
            stages["snapped"] = placed, accepted
        stages["judge"] = sample.read.astype(np.float64), everything
        return self.agreement(asked, there, stages), snap, raw

    def to_trained(self, maps: Floats32) -> Floats32:
        """Distance (N,) of ink maps to the nearest training plot's."""
        return metrics.nearest(maps, self.trained_maps)[0].astype(np.float32)

    def floor(self) -> Floor:
        """Look at the real plots, and put other real plots in the contestants' place."""
        reals, kind = self.reals, self.kind
        fresh, again, unseen, unseen_again = (
            self.sample(pool.condition, ink(kind, pool.data, pool.condition), pool.data)
            for pool in (reals.fresh, reals.again, reals.unseen, reals.unseen_again)
        )
        there = self.there(reals.unseen_again.condition)
        real = Drawn(picture=unseen_again.picture, data=reals.unseen_again.data, raw=reals.unseen_again.data)
        agreement, snap, _ = self.fidelity(real, there, unseen_again)
        to_trained = {"held-out": self.to_trained(unseen.maps), "training": self.to_trained(fresh.maps)}
        middle = metrics.typical(reals.fresh.condition)
        alike = metrics.like(reals.fresh.condition, middle, max(2, self.sizes.plots // 4))
        threshold = self._threshold(reals.fresh.data[alike], reals.fresh.condition[alike])
        found = Found(
            agreement=agreement,
            snap=snap,
            bank_snap=None,
            against={"training": self.against(again, fresh), "held-out": self.against(fresh, unseen)},
            copying=distances(to_trained, to_trained),
            diversity=[1.0] * self.sizes.neighbourhoods,
            twins=None,
            bank_twins=metrics.twins(np.concatenate([fresh.maps, again.maps]), threshold),
        )
        return Floor(
            fresh=fresh,
            unseen=unseen,
            there=there,
            found=found,
            same_tables=self.against(unseen_again, unseen),
            to_trained=to_trained,
            typical_condition=next(self.pairs(reals.fresh.data[[middle]], reals.fresh.condition[[middle]]))[1],
            threshold=threshold,
            alike_twins=metrics.twins(fresh.maps[alike], threshold),
            neighbourhoods=self._neighbourhoods(),
        )

    def _threshold(self, data: Floats32, condition: Floats32) -> float:
        """The median distance of a plot's ink map to that of the same plot with every value moved a little."""
        moved = np.clip(data + self.rng(2).normal(0, SHAKEN, data.shape), 1e-6, 1).astype(np.float32)
        if self.kind.width == 1:  # values in ascending order, group by group, stay so
            for one, before in zip(moved[:, :, 0], data[:, :, 0], strict=True):
                run = np.concatenate([[0], (before[1:] < before[:-1]).cumsum()])
                one[:] = one[np.lexsort((one, run))]
        moved[data.any(axis=2) == 0] = 0  # padding
        still, shaken = (ink(self.kind, one, condition) for one in (data, moved))
        return float(np.median(np.linalg.norm(maps(still) - maps(shaken), axis=1)))

    def _neighbourhoods(self) -> list[tuple[Floats32, float]]:
        """Conditions that lie close together around some training plots, and how far apart those plots' maps are."""
        condition = self.reals.trained.condition
        centres = self.rng(3).choice(len(condition), min(self.sizes.neighbourhoods, len(condition)), replace=False)
        rows = [metrics.like(condition, int(centre), self.sizes.alike) for centre in centres]
        return [(condition[some], metrics.mean_pair_distance(self.trained_maps[some])) for some in rows]


def distances(made: dict[str, Floats32], real: dict[str, Floats32]) -> dict[str, Any]:
    """Quantiles of the distances to the nearest training plot, and Z against those of real plots."""
    return {
        name: {
            "n": len(distance),
            "z": metrics.mann_whitney_z(distance, real[name]),
            **{f"p{round(100 * q):02}": float(np.quantile(distance, q)) for q in (0.01, 0.1, 0.5)},
        }
        for name, distance in made.items()
    }
