"""What a generator is worth: measured beside real plots and beside simpler generators, good or bad.

Contestants take the conditions of real plots row by row, so features occur together as they do in real data.  There are
two references.  *Training tables*: fresh draws of the tables that the model learned from; a contestant takes the
conditions of other draws of them, and those other draws are the floor, which real data reach.  *Held-out tables*: draws
of tables that no network has seen; the floor is real draws of the training tables, under their own conditions, since
tables differ among themselves.  Pictures are compared as the judge sees them, or as ink maps (16 x 16 means of ink for
each channel, Euclidean distance).

Shapes: N plots, P parts of W numbers, F features, C channels.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plotbank.errors import PlotbankError
from plotbank.generator.conditions import Alike, Grid, natural_rows, steps
from plotbank.generator.kinds import Kind, kinds
from plotbank.models import Card, open_model, read_card, read_natural, shipped

from . import corpus, metrics
from .bench import (
    FIRST_DIGIT,
    ROLES,
    STAGES,
    Bench,
    Contestant,
    Floats,
    Floor,
    Found,
    Network,
    Reals,
    Role,
    Sample,
    Sizes,
    distances,
)
from .corpus import Pool, Source
from .headline import numbers
from .judge import trained_judge
from .pictures import Floats32, Pictures, batches, ink, maps

LEAST = 20  # plots of each sample, without which nothing can be said
SHOWN = 3  # plots of everybody for each value of the first feature
PAIRS = 12  # plots beside the training plots nearest to them
_TIMED = 256


@dataclass(slots=True, kw_only=True)
class Gallery:
    """Pictures (k, C, 64, 64) for the report.

    `rows`: a value of the first feature, and plots of about that value by who drew them ("real" or a role).
    `pairs`: plots of the model, the training plots nearest to them, and their distance over the threshold of twins.
    `asked` and `raw` (N, F): what was asked of the model, and what its data had before the closed form.
    """

    rows: list[tuple[float, dict[str, Pictures]]] = field(default_factory=list)
    pairs: tuple[Pictures, Pictures, Floats] | None = None
    asked: Floats | None = None
    raw: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything measured: `text` can be written as JSON, `gallery` is for the eye."""

    text: dict[str, Any]
    gallery: Gallery


Stage = Callable[[str], None]


def measure(
    kind: Kind,
    contestants: Mapping[Role, Contestant],
    reals: Reals,
    natural: Sequence[Alike],
    sizes: Sizes,
    seed: int,
    stage: Stage = lambda _: None,
    cache: Path | None = None,
) -> Measured:
    """Measure all contestants against real plots; `natural` completes what a question asks for.  The same seed gives
    the same numbers on the same machine."""
    stage("the judge learns from real plots")
    learned = ink(kind, reals.trained.data, reals.trained.condition)
    bench = Bench(
        kind=kind,
        judge=trained_judge(learned, reals.trained.condition, seed=seed + 1000, cache=cache),
        reals=reals,
        sizes=sizes,
        seed=seed,
        trained_maps=maps(learned),
    )
    del learned
    stage("real plots")
    floor = bench.floor()
    found: dict[Role, Found] = {}
    gallery = Gallery()
    asked = _as_in_a_bank(kind, natural, sizes.twins, bench.rng(5))
    for role, contestant in contestants.items():
        found[role] = _contest(bench, floor, contestant, role, asked, gallery, stage)
    everybody: dict[str, Found] = {"floor": floor.found, **{str(role): one for role, one in found.items()}}
    text = {
        "plots": len(reals.fresh),
        "seed": seed,
        "numbers": numbers(bench, floor, found),
        "fidelity": _fidelity_text(kind, everybody),
        "snap": {who: asdict(one.snap) for who, one in everybody.items() if one.snap},
        "snap_in_a_bank": {who: asdict(one.bank_snap) for who, one in everybody.items() if one.bank_snap},
        "two_samples": {who: one.against for who, one in everybody.items()},
        "held_out_same_tables": floor.same_tables,
        "copying": {
            "definition": "distance of a plot's ink map to that of the nearest training plot: quantiles; "
            "made under the conditions of held-out tables and of other draws of the training tables",
            "training_plots": len(reals.trained),
            **{who: one.copying for who, one in everybody.items()},
        },
        "near_duplicates": {
            "condition": floor.typical_condition,
            "threshold": floor.threshold,
            "floor": {"definition": f"pairs of the {floor.alike_twins.of} of the real plots nearest in condition"}
            | asdict(floor.alike_twins),
            **{who: asdict(one.twins) for who, one in everybody.items() if one.twins},
            "in_a_bank": {who: asdict(one.bank_twins) for who, one in everybody.items()},
        },
        "diversity": {
            "definition": "mean distance of two plots within a neighbourhood of conditions, over that of real plots",
            **{who: one.diversity for who, one in everybody.items()},
        },
    }
    return Measured(text=_plain(text), gallery=gallery)


def _as_in_a_bank(kind: Kind, natural: Sequence[Alike], size: int, rng: np.random.Generator) -> Floats32:
    """Conditions (size, F) as a bank has them whose question asks for the first feature, in all its usual range."""
    first = kind.features[0]
    grid = Grid(kind=kind, values={first.name: steps(first, *first.usual)}, natural=tuple(natural), reads=first.name)
    return np.array([list(grid.draw(rng).values()) for _ in range(size)], dtype=np.float32)


def _contest(
    bench: Bench, floor: Floor, contestant: Contestant, role: Role, asked: Floats32, gallery: Gallery, stage: Stage
) -> Found:
    """Everything about one contestant; its pictures go to the gallery.  `asked` (N, F) are a bank's conditions."""
    reals, number = bench.reals, 10 + ROLES.index(role)
    stage(f"{role}: plots under the conditions of held-out tables")
    drawn = contestant.draw(reals.unseen_again.condition, bench.rng(number, 0))
    unseen = bench.sample(reals.unseen_again.condition, drawn.picture, drawn.data)
    stage(f"{role}: what was asked for against what was drawn")
    agreement, snap, raw = bench.fidelity(drawn, floor.there, unseen)
    _show(gallery, bench, floor, role, unseen, raw)
    del drawn
    stage(f"{role}: against real plots of held-out tables")
    against = {"held-out": bench.against(unseen, floor.unseen)}
    other = contestant.draw(reals.again.condition, bench.rng(number, 1))
    fresh = bench.sample(reals.again.condition, other.picture, other.data)
    del other
    stage(f"{role}: against real plots of training tables")
    against["training"] = bench.against(fresh, floor.fresh)
    to_trained = {"held-out": bench.to_trained(unseen.maps), "training": bench.to_trained(fresh.maps)}
    stage(f"{role}: {bench.sizes.twins:,} plots of one condition, and of a bank's")
    typical = np.array([list(floor.typical_condition.values())], dtype=np.float32)
    banked = contestant.draw(asked[: bench.sizes.plots], bench.rng(number, 5)).data
    bank_snap = None if banked is None else bench.snap(banked, asked[: bench.sizes.plots])[0]
    twins, bank_twins = (
        metrics.twins(_maps(contestant, condition, bench.rng(number, 2 + 2 * i)), floor.threshold)
        for i, condition in enumerate((np.repeat(typical, bench.sizes.twins, axis=0), asked))
    )
    stage(f"{role}: variety")
    rng = bench.rng(number, 3)
    diversity = [
        metrics.mean_pair_distance(maps(contestant.draw(condition, rng).picture)) / max(real, 1e-9)
        for condition, real in floor.neighbourhoods
    ]
    return Found(
        agreement=agreement,
        snap=snap,
        bank_snap=bank_snap,
        against=against,
        copying=distances(to_trained, floor.to_trained),
        diversity=diversity,
        twins=twins,
        bank_twins=bank_twins,
    )


def _maps(contestant: Contestant, condition: Floats32, rng: np.random.Generator) -> Floats32:
    """Ink maps of so many plots, drawn some at a time."""
    return np.concatenate([maps(contestant.draw(condition[rows], rng).picture) for rows in batches(len(condition))])


def _show(gallery: Gallery, bench: Bench, floor: Floor, role: Role, sample: Sample, raw: Floats | None) -> None:
    """Keep some pictures under the conditions of held-out plots: at quantiles of the first feature."""
    pool = bench.reals.unseen_again
    first = pool.condition[:, 0]
    if not gallery.rows:
        values = np.unique(np.quantile(first, (0.05, 0.25, 0.5, 0.75, 0.95), method="nearest"))
        gallery.rows = [(float(value), {}) for value in values]
    taken = np.zeros(len(first), dtype=bool)
    for value, pictures in gallery.rows:
        near = np.argsort(np.abs(first - value) + 1e9 * taken, kind="stable")[:SHOWN]
        taken[near] = True
        pictures["real"] = ink(bench.kind, pool.data[near], pool.condition[near])
        pictures[role] = sample.picture[near]
    if role != "model":
        return
    if raw is not None:
        gallery.asked, gallery.raw = np.where(floor.there, pool.condition, np.nan), raw
    distance, index = metrics.nearest(sample.maps, bench.trained_maps)
    closest = np.argsort(distance, kind="stable")[: PAIRS // 2]
    rest = np.setdiff1d(np.arange(len(distance)), closest)
    chosen = np.concatenate([closest, bench.rng(4).choice(rest, min(PAIRS // 2, len(rest)), replace=False)])
    trained = bench.reals.trained
    nearest = ink(bench.kind, trained.data[index[chosen]], trained.condition[index[chosen]])
    gallery.pairs = sample.picture[chosen], nearest, (distance[chosen] / floor.threshold).astype(np.float64)


def _fidelity_text(kind: Kind, everybody: Mapping[str, Found]) -> dict[str, Any]:
    """Agreement by feature, stage, and who drew."""
    return {
        feature.name: {
            "meaning": feature.meaning,
            "range": [feature.low, feature.high],
            "stages": {
                stage: {
                    name: asdict(one.agreement[stage][feature.name])
                    for name, one in everybody.items()
                    if feature.name in one.agreement.get(stage, {})
                }
                for stage in STAGES
            },
        }
        for feature in kind.features
    }


def evaluate(
    card: Card,
    folder: Path | None,
    sizes: Sizes,
    seed: int = 1,
    stage: Stage = lambda _: None,
    cache: Path | None = None,
) -> Measured:
    """Measure a model beside the installed baselines of its kind; tables come from a folder besides the bundled ones.

    Raises:
        PlotbankError: the network cannot run, its kind is not installed, or the tables give no plots to compare with.
    """
    if card.kind not in kinds():
        raise PlotbankError(f"{card.name}: there is no plot kind {card.kind!r}: known are {', '.join(kinds())}")
    torch.set_num_threads(1)  # on a machine with other work, two were measured to be four times slower
    torch.set_flush_denormal(True)
    kind = kinds()[card.kind]
    contestants: dict[Role, Contestant] = {"model": Network(kind=kind, model=open_model(card, "auto"))}
    names, absent = {"model": card.name}, {}
    cards = [card]
    for role in ROLES[1:]:
        name = f"{kind.name}-{role}-v1"
        if name not in shipped():
            absent[role] = f"{name} is not installed"
        elif name == card.name:
            absent[role] = f"{name} is the model itself"
        else:
            names[role] = name
            cards.append(read_card(shipped()[name]))
            contestants[role] = Network(kind=kind, model=open_model(cards[-1], "auto"))
    stage("tables")
    all_tables = corpus.load(folder, _training(card).get("seed", seed))
    trained, held_out = split(all_tables, card)
    reals, left_out = real_plots(kind, trained, held_out, cards, sizes, seed, stage)
    lows, highs = np.array([list(one.trained.values()) for one in cards]).transpose(2, 0, 1)
    both = dict(zip(card.trained, zip(lows.max(axis=0), highs.min(axis=0), strict=True), strict=True))
    natural = natural_rows(kind, read_natural(card), both, {kind.features[0].name})
    measured = measure(kind, contestants, reals, natural, sizes, seed, stage, cache)
    stage("speed")
    text = {
        "model": card.name,
        "kind": kind.name,
        "network": card.network,
        "names": names,
        "absent": absent,
        "tables": {
            "trained": [source.table.name for source in trained],
            "held_out": [source.table.name for source in held_out],
            "conditions_outside_the_trained_ranges": left_out,
        },
        "speed": _plain(_speed(card, reals.fresh.condition, seed)),
        **measured.text,
    }
    return replace(measured, text=text)


def _training(card: Card) -> dict[str, Any]:
    """What the card says of the training, or nothing."""
    told = card.text.get("training")
    return told if isinstance(told, dict) else {}


def split(tables: corpus.Corpus, card: Card) -> tuple[list[Source], list[Source]]:
    """The tables that the model learned from, and the others, as its card has it.

    Raises:
        PlotbankError: one of the two would be empty.
    """
    told = _training(card).get("tables_trained_on")
    if not told:
        return list(tables.trained), list(tables.held_out)
    sources = [*tables.trained, *tables.held_out]
    trained = [source for source in sources if source.table.name in told]
    held_out = [source for source in sources if source.table.name not in told]
    for some, words in ((trained, "learned from any of"), (held_out, "been kept from any of")):
        if not some:
            raise PlotbankError(
                f"{card.name}: by its card it has not {words} these {len(sources)} tables: "
                "name the folder of its tables with --data"
            )
    return trained, held_out


def real_plots(
    kind: Kind, trained: Sequence[Source], held_out: Sequence[Source], cards: Sequence[Card], sizes: Sizes, seed: int,
    stage: Stage,
) -> tuple[Reals, dict[str, int]]:  # fmt: skip
    """Draw the real plots; without those whose condition a network was not trained for, which are counted."""
    pools: dict[str, Pool] = {}
    left_out: dict[str, int] = {}
    for i, (name, sources, size) in enumerate(
        (
            ("trained", trained, sizes.trained),
            ("fresh", trained, sizes.plots),
            ("again", trained, sizes.plots),
            ("unseen", held_out, sizes.plots),
            ("unseen_again", held_out, sizes.plots),
        )
    ):
        stage(f"drawing {size:,} real plots ({name.replace('_', ' ')})")
        rng = np.random.default_rng([seed, FIRST_DIGIT, 100 + i])
        pool = corpus.draw_pool(kind, sources, size, rng)
        inside = np.ones(len(pool), dtype=bool)
        for card in cards:
            low, high = np.array(list(card.trained.values()), dtype=np.float32).T
            inside &= (((pool.condition >= low) & (pool.condition <= high)) | (pool.condition == 0)).all(axis=1)
        left_out[name] = int((~inside).sum())
        if inside.sum() < LEAST:
            raise PlotbankError(
                f"only {inside.sum()} plots with features that the network was trained for could be drawn of "
                f"{len(sources)} tables: name a folder of more tables with --data"
            )
        # shuffled: rare conditions come last in a pool, and comparisons take its first plots
        rows = rng.permutation(np.flatnonzero(inside))
        pools[name] = Pool(data=pool.data[rows], condition=pool.condition[rows], table=pool.table[rows])
    return Reals(**pools), left_out


def _speed(card: Card, condition: Floats32, seed: int) -> dict[str, Any]:
    """Time of one batch of data (of pictures, where there are no data), the best of ten, on two CPU threads."""
    model = open_model(card, "cpu", threads=2)
    wanted = np.resize(condition, (_TIMED, condition.shape[1]))
    noise = np.random.default_rng(seed).standard_normal((_TIMED, card.noise), dtype=np.float32)
    output = "picture" if card.network == "dcgan" else "data"
    took = []
    for _ in range(10):
        start = time.perf_counter()
        model.outputs((output,), noise, wanted)
        took.append(time.perf_counter() - start)
    return {
        "definition": f"{output} alone, ONNX Runtime, 2 CPU threads, batches of {_TIMED}, the best of ten",
        "seconds_per_batch": min(took),
        "plots_per_second": _TIMED / min(took),
    }


def _plain(value: Any) -> Any:
    """As JSON can say it: no NaN, no numpy, floats with six digits."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bool | str | int | None):
        return value
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None
