"""Which parts of the recipe earn their place: the same networks trained without one of them each.

    python benchmarks/losses.py runs/scatter-gan-1 --steps 1000 --seeds 1 2 --out build/losses.jsonl

The real plots are those of an existing run.  Every variant takes the same number of steps from the same seeds; the
table has the mean over the seeds (and their range) of what a checkpoint is chosen by, measured on real plots that
nobody trained on.  Nothing is timed but CPU seconds per step, relative to the recipe's.  What is in the file already is
not measured again, so that the work can be interrupted, or shared by two processes (--only).
"""

import argparse
import json
import time
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


def measure(run: runs.Run, folder: Path, steps: int, seed: int, variant: Variant) -> dict[str, Any]:
    pool, fresh = runs.pools(run, folder, print)
    config = replace(TrainingConfig(seed=seed, steps=steps), **variant.training)
    state, seconds = trained(run, pool, config, variant)
    seen = looks.look(state.kind, state.average.eval(), fresh, seed)
    numbers = {name: round(seen[name], 5) for name in SHOWN if name in seen}
    return {"variant": variant.name, "steps": steps, "seed": seed, "seconds": round(seconds, 4)} | numbers


def measured(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(rows: list[dict[str, Any]]) -> str:
    base = np.mean([row["seconds"] for row in rows if row["variant"] == VARIANTS[0].name])
    lines = [
        "| variant | raw error of r | raw error, share of range | diversity | AUC logistic | AUC boosting | cost |",
        "|---|---|---|---|---|---|---|",
    ]
    for variant in VARIANTS:
        some = [row for row in rows if row["variant"] == variant.name]
        if not some:
            continue
        cells = [variant.name]
        for name in SHOWN:
            values = [row[name] for row in some if name in row]
            spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
            cells.append(f"{np.mean(values):.3f}{spread}" if values else "")
        cells.append(f"{np.mean([row['seconds'] for row in some]) / base:.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run of the network gan")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--only", nargs="*", type=int, help="numbers of variants, from 0")
    parser.add_argument("--out", type=Path, required=True, help="file of JSON lines for the numbers")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    run = runs.read(options.run)
    for seed in options.seeds:
        for i, variant in enumerate(VARIANTS):
            known = {(row["variant"], row["steps"], row["seed"]) for row in measured(options.out)}
            if (options.only is None or i in options.only) and (variant.name, options.steps, seed) not in known:
                row = measure(run, options.run, options.steps, seed, variant)
                with options.out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(row, flush=True)
    print(table([row for row in measured(options.out) if row["steps"] == options.steps]))


if __name__ == "__main__":
    main()
