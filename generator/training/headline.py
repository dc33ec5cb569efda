"""Which numbers of an evaluation stand beside one another: each with its definition, N, target, floor and baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .bench import SHAKEN, STAGES, Bench, Floor, Found, Role, Snap
from .metrics import SIGN_FROM, Agreement, mann_whitney_z

Pick = Callable[[Found], float | None]

_MATCHED = "under the conditions of real plots of held-out tables"
_CANNOT = "0.5: cannot tell, 1: always"
_COPYING = (
    "Z of Mann-Whitney's U on distances to the nearest training plot's ink map (Meehan et al. 2020, one cell): below "
    "-3, plots lie nearer to training plots than real plots of "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric:
    """One number: how it is picked from what was found of a contestant, and what it is for real plots."""

    key: str
    title: str
    definition: str
    n: int
    of: Pick
    floor: float | None
    unit: str = ""
    target: str = ""
    headline: bool = True


def numbers(bench: Bench, floor: Floor, found: Mapping[Role, Found]) -> list[dict[str, Any]]:
    """All numbers as plain values: fidelity, placing, likeness, uniqueness, copying, variety."""
    rows = []
    for metric in (
        *_fidelity(bench, floor),
        *_placing(floor, bench.sizes.plots),
        *_likeness(floor),
        *_uniqueness(bench, floor),
    ):
        row = asdict(metric)
        rows.append(row | {"of": {role: metric.of(one) for role, one in found.items()}})
    return rows


def _fidelity(bench: Bench, floor: Floor) -> Iterator[_Metric]:
    spans = {feature.name: feature.high - feature.low for feature in bench.kind.features}
    signed = {feature.name for feature in bench.kind.features if feature.low < 0}
    n = len(bench.reals.unseen_again)

    def error(name: str, a: Agreement) -> float:
        return 100 * a.mae / spans[name]

    for stage, words, target in (
        ("raw", "before the closed form", "<= 2"),
        ("emitted", "as emitted", ""),
        ("judge", "as the judge sees", ""),
    ):
        of = _over_features(stage, error, lambda values: sum(values) / len(values))
        yield _Metric(
            key=f"{stage}_error",
            title=f"Mean error of a feature, {words}",
            definition="mean absolute error of each feature as a share of its range, "
            f"{STAGES[stage]}, {_MATCHED}; mean over features",
            n=n,
            of=of,
            floor=of(floor.found),
            unit="%",
            target=target,
        )
    worst: tuple[tuple[str, str, str, str, Callable[[str, Agreement], float], Callable[[list[float]], float]], ...] = (
        (
            "slope",
            "Calibration slope furthest from 1, before the closed form",
            "slope of the least-squares line of the value drawn on the value asked",
            "0.97 to 1.03",
            lambda _, a: a.slope,
            lambda values: max(values, key=lambda value: abs(value - 1)),
        ),
        (
            "r2",
            "Least R² of a feature, before the closed form",
            "squared correlation of the value drawn with the value asked",
            ">= 0.98",
            lambda _, a: a.r2,
            min,
        ),
        (
            "sign",
            "Right sign, worst feature, before the closed form",
            f"share of plots with the sign asked for, where the value asked is at least {SIGN_FROM:g}",
            ">= 99",
            lambda name, a: 100 * a.sign if name in signed else math.nan,
            min,
        ),
    )
    for key, title, definition, target, stat, pick in worst:
        of = _over_features("raw", stat, pick)
        yield _Metric(
            key=key,
            title=title,
            definition=f"{definition}; {STAGES['raw']}, {_MATCHED}; the worst of the features",
            n=n,
            of=of,
            floor=of(floor.found),
            unit="%" if key == "sign" else "",
            target=target,
        )


def _over_features(stage: str, stat: Callable[[str, Agreement], float], pick: Callable[[list[float]], float]) -> Pick:
    """One number for all features of a stage; None for a contestant without that stage."""

    def of(one: Found) -> float | None:
        values = [stat(name, agreement) for name, agreement in one.agreement.get(stage, {}).items()]
        values = [value for value in values if math.isfinite(value)]
        return pick(values) if values else None

    return of


_KEPT = "emitted data placed on axes of 500 x 380 pixels with every feature made exact: share of draws kept"
_BANK = "as for a question that asks for the first feature in its usual range, the others natural"


def _placing(floor: Floor, size: int) -> Iterator[_Metric]:
    assert floor.found.snap is not None, "real plots have data"
    moved = "emitted data placed on axes: greatest displacement of a part, as a share of the axis, of accepted draws"
    rows: tuple[tuple[str, str, str, str, Callable[[Snap], float]], ...] = (
        (
            "accepted",
            "Draws accepted when placed on axes, any conditions",
            f"{_KEPT}, {_MATCHED}, rare ones too",
            ">= 70",
            lambda snap: 100 * snap.accepted,
        ),
        ("displacement", "Furthest move by placing, mean", moved, "", lambda snap: 100 * snap.displacement),
        ("displacement_p95", "Furthest move by placing, 95 %", moved, "", lambda snap: 100 * snap.displacement_p95),
    )
    for key, title, definition, target, stat in rows:

        def of(one: Found, stat: Callable[[Snap], float] = stat) -> float | None:
            return stat(one.snap) if one.snap else None

        yield _Metric(
            key=key,
            title=title,
            definition=definition,
            n=floor.found.snap.n,
            of=of,
            floor=of(floor.found),
            unit="%",
            target=target,
            headline=key != "displacement_p95",
        )
    yield _Metric(
        key="bank_accepted",
        title="Draws accepted when placed on axes, as in a bank",
        definition=f"{_KEPT}, {_BANK}",
        n=size,
        of=lambda one: 100 * one.bank_snap.accepted if one.bank_snap else None,
        floor=None,
        unit="%",
        target=">= 70",
    )


_LIKENESS = (
    ("frechet", "Fréchet distance", "squared Fréchet distance of the judge's 64 features", ""),
    ("density", "Density", "mean number of real plots' 5-nearest-neighbour balls a plot is in, over 5", "0.85 to 1.15"),
    ("coverage", "Coverage", "share of real plots with a plot in their 5-nearest-neighbour ball", ">= 0.92"),
    (
        "auc_logistic",
        "AUC of shapes, logistic",
        f"area under the ROC curve of a linear classifier of descriptors, 5-fold; {_CANNOT}",
        "<= 0.58",
    ),
    (
        "auc_boosting",
        "AUC of shapes, boosting",
        f"area under the ROC curve of a boosted classifier of descriptors, 5-fold; {_CANNOT}",
        "<= 0.58",
    ),
    (
        "auc_pixels",
        "AUC of pixels",
        f"area under the ROC curve of a small network on pictures, tested on another half; mean of seeds; {_CANNOT}",
        "<= 0.80",
    ),
)


def _likeness(floor: Floor) -> Iterator[_Metric]:
    """How far contestants are from real plots, against both references; targets are for the training tables."""
    for reference, at in (
        ("training", "other real draws of the same tables"),
        ("held-out", "real draws of the training tables"),
    ):
        base = floor.found.against[reference]
        where = f"reference: fresh real plots of {reference} tables; floor: {at}"
        aims = reference == "training"

        def ratio(one: Found, reference: str = reference, base: float = base["frechet"]) -> float:
            return float(one.against[reference]["frechet"]) / max(base, 1e-12)

        yield _Metric(
            key=f"fd_ratio_{reference}",
            title=f"Fréchet distance over the floor, {reference} tables",
            definition=f"squared Fréchet distance of the judge's 64 features, divided by the floor's; {where}",
            n=base["n"],
            of=ratio,
            floor=1.0,
            target="<= 5" if aims else "",
        )
        for key, title, words, target in _LIKENESS:

            def of(one: Found, reference: str = reference, key: str = key) -> float | None:
                return one.against[reference].get(key)

            yield _Metric(
                key=f"{key}_{reference}",
                title=f"{title}, {reference} tables",
                definition=f"{words}; {where}",
                n=base["n"],
                of=of,
                floor=of(floor.found),
                target=target if aims else "",
                headline=key != "frechet",
            )


def _uniqueness(bench: Bench, floor: Floor) -> Iterator[_Metric]:
    """Whether contestants repeat themselves, or the plots that the model was trained on."""
    size, alike = bench.sizes.twins, floor.alike_twins
    twins = (
        f"pairs among {size:,} draws at one typical condition whose ink maps are nearer than a real plot's to its own "
        f"after every value moved by normal noise of {SHAKEN:g}"
    )
    among = f"floor: among the {alike.of:,} pairs of the real plots whose conditions are nearest to it"
    yield _Metric(
        key="twins",
        title="Near-duplicate pairs",
        definition=twins,
        n=size,
        of=lambda one: one.twins.pairs if one.twins else None,
        floor=None,
        target="0",
    )
    yield _Metric(
        key="twins_per_million",
        title="Near-duplicates per million pairs",
        definition=f"{twins}; {among}",
        n=size,
        of=lambda one: 1e6 * one.twins.pairs / one.twins.of if one.twins else None,
        floor=1e6 * alike.pairs / alike.of,
        headline=False,
    )
    real = floor.found.bank_twins
    yield _Metric(
        key="bank_twins",
        title="Near-duplicates per million pairs, as in a bank",
        definition=f"the same among {size:,} draws {_BANK}; floor: among {real.of:,} pairs of real plots of the "
        "training tables",
        n=size,
        of=lambda one: 1e6 * one.bank_twins.pairs / one.bank_twins.of,
        floor=1e6 * real.pairs / real.of,
    )
    yield _Metric(
        key="twins_nearest",
        title="Nearest pair over the threshold",
        definition=f"least distance of {twins}: over that distance; {among}",
        n=size,
        of=lambda one: one.twins.nearest if one.twins else None,
        floor=alike.nearest,
        headline=False,
    )
    for reference, title, words, at in (
        (
            "held-out",
            "held-out tables",
            "held-out tables do; floor: fresh draws of the training tables",
            mann_whitney_z(floor.to_trained["training"], floor.to_trained["held-out"]),
        ),
        ("training", "fresh draws of training tables", "the training tables do that are not among them", None),
    ):
        yield _Metric(
            key=f"copying_{reference}",
            title=f"Copying Z against {title}",
            definition=_COPYING + words,
            n=len(floor.to_trained[reference]),
            of=lambda one, reference=reference: one.copying[reference]["z"],  # type: ignore[misc]
            floor=at,
            target="> -3",
        )
    yield _Metric(
        key="diversity",
        title="Variety at like conditions, over real plots",
        definition=f"mean distance of two plots' ink maps within {len(floor.neighbourhoods)} narrow neighbourhoods of "
        "conditions, over that of real plots; mean over neighbourhoods",
        n=bench.sizes.alike * len(floor.neighbourhoods),
        of=lambda one: float(np.mean(one.diversity)),
        floor=1.0,
        target="0.9 to 1.1",
    )
