"""Which parts of the recipe earn their place: the same networks trained without one of them each.

    python benchmarks/losses.py runs/scatter-gan-1 --steps 1500 --seeds 1 2 3 --out build/losses.json

The real plots are those of an existing run.  Every variant takes the same number of steps from the same seeds; the
table has the mean over the seeds (and their range) of what a checkpoint is chosen by, measured on real plots that
nobody trained on.  Nothing is timed: a variant's cost is its seconds per step relative to the recipe's.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plotbank.generator.training import looks, runs
from plotbank.generator.training.train import State, TrainingConfig, new_state, train_step

SHOWN = ("raw_r", "raw_error", "diversity", "auc_logistic", "auc_boosting")


@dataclass(frozen=True)
class Variant:
    name: str
    training: dict[str, Any] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=dict)


PLAIN = {"gamma": 0.0, "mismatch_weight": 0.0, "misfit_weight": 0.0, "ema_half_life": 0.0}
VARIANTS = (
    Variant("the recipe"),
    Variant("no mismatched pairs", {"mismatch_weight": 0.0}),
    Variant("no moment loss", {"misfit_weight": 0.0}),
    Variant("no moving average (EMA)", {"ema_half_life": 0.0}),
    Variant("no gradient penalties (R1, R2)", {"gamma": 0.0}),
    Variant("hinge loss in place of the relativistic one", {"loss": "hinge"}),
    Variant("condition as planes in place of projection", {}, {"conditioning": "concat"}),
    Variant(
        "classic: cross-entropy, planes, and none of the above", {"loss": "bce", **PLAIN}, {"conditioning": "concat"}
    ),
)


def trained(run: runs.Run, pool: Any, config: TrainingConfig, variant: Variant) -> tuple[State, float]:
    state = new_state(runs.found(run.kind), replace(run.network, **variant.network), config)
    started = time.process_time()
    for _ in range(config.steps):
        train_step(state, pool, config)
    return state, (time.process_time() - started) / config.steps


def measure(run: runs.Run, folder: Path, steps: int, seeds: Sequence[int], variants: Sequence[Variant]) -> list[dict]:
    pool, fresh = runs.pools(run, folder, print)
    rows = []
    for variant in variants:
        looked = []
        for seed in seeds:
            config = replace(TrainingConfig(seed=seed, steps=steps), **variant.training)
            state, seconds = trained(run, pool, config, variant)
            seen = looks.look(state.kind, state.average.eval(), fresh, seed)
            looked.append({name: seen[name] for name in SHOWN if name in seen} | {"seconds": seconds})
            print(variant.name, seed, {k: round(v, 3) for k, v in looked[-1].items()}, flush=True)
        rows.append({"variant": variant.name, "steps": steps, "seeds": list(seeds), "looked": looked})
    return rows


def table(rows: list[dict]) -> str:
    base = np.mean([one["seconds"] for one in rows[0]["looked"]])
    lines = [
        "| variant | raw error of r | raw error, share of range | diversity | AUC logistic | AUC boosting | cost |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row["variant"]]
        for name in SHOWN:
            values = [one[name] for one in row["looked"] if name in one]
            spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
            cells.append(f"{np.mean(values):.3f}{spread}" if values else "")
        cells.append(f"{np.mean([one['seconds'] for one in row['looked']]) / base:.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run of the network gan")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--only", nargs="*", type=int, help="numbers of variants, from 0")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON file for the numbers")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    variants = VARIANTS if options.only is None else [VARIANTS[i] for i in options.only]
    rows = measure(runs.read(options.run), options.run, options.steps, options.seeds, variants)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(rows, indent=1) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
