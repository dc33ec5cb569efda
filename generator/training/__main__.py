"""Train, measure and export in one command: ``python -m plotbank.generator.training --data DIR``.

It can be stopped at any moment.  ``--resume`` goes on from the last checkpoint; with no more minutes than were already
spent it measures and exports the best one.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plotbank.errors import PlotbankError

from . import corpus, evaluate, export
from .corpus import Pool, Table
from .networks import Generator, NetworkConfig, parameter_count
from .readme import readme
from .sheet import sample_sheet
from .train import State, TrainingConfig, average_file, configuration, load_checkpoint, new_state, train

LIMITS = (-0.95, 0.95)  # of r on offer; trained a little beyond, so that no request is at the edge
HELD_OUT_SHARE = 1 / 6


@dataclass(frozen=True)
class Data:
    """The corpus of one run."""

    trained: list[Table]
    held_out: list[Table]
    pool: Pool
    fresh: Pool  # other draws from the tables trained on
    unseen: Pool  # draws from the tables held out


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m plotbank.generator.training", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of CSV files, besides the bundled tables")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training proper (default 60; 0: no limit)")
    parser.add_argument("--steps", type=int, default=1_000_000, help="stop after so many steps at the latest")
    parser.add_argument("--batch", type=int, default=TrainingConfig.batch)
    parser.add_argument("--plots", type=int, default=80_000, help="size of the pool of real plots (default 80000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("models/scatter-v1"), help="model folder to write")
    parser.add_argument("--run", type=Path, default=Path("runs/scatter-v1"), help="folder of checkpoints and log")
    parser.add_argument(
        "--remark", action="append", default=[], help="what a person saw on the sample sheet, for the card; repeatable"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in the run folder")
    return parser.parse_args()


def load_data(folder: Path | None, plots: int, seed: int) -> Data:
    """Load the tables, split them, and draw the three pools."""
    tables = corpus.load_tables(folder, seed)
    trained, held_out = corpus.split_tables(tables, HELD_OUT_SHARE, seed)
    for line in corpus.counts(tables):
        print("{name}: {rows} rows, columns {columns_read} -> {columns_continuous} -> {columns_used}".format(**line))
    streams = [np.random.default_rng([seed, 4, i]) for i in range(3)]
    few = min(4000, plots)
    data = Data(
        trained,
        held_out,
        corpus.draw_pool(trained, plots, streams[0]),
        corpus.draw_pool(trained, few, streams[1]),
        corpus.draw_pool(held_out, few, streams[2]),
    )
    print(
        f"{len(trained)} tables to train on, {len(held_out)} held out; {len(data.pool)} real plots",
        flush=True,
    )
    return data


def choose(run: Path) -> tuple[Path, dict[str, float]]:
    """Choose the averaged generator to ship by what was measured at each checkpoint, not by a loss.

    Among those with raw r error at most 1.5 times the least and diversity 0.85 to 1.15 of real plots (all, if none
    has it), the one whose shapes are told from real ones the least.
    """
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    looks = {line["step"]: line for line in lines if "auc_boosting" in line}
    there = [look for step, look in looks.items() if average_file(run, step).exists()]
    if not there:
        raise PlotbankError(f"{run}: no measured checkpoint to export")
    least = min(look["raw_r_mae"] for look in there)
    good = [k for k in there if k["raw_r_mae"] <= 1.5 * least and 0.85 <= k["diversity"] <= 1.15]
    best = min(good or there, key=lambda look: look["auc_boosting"] + look["auc_logistic"])
    return average_file(run, best["step"]), best


def ship(options: argparse.Namespace, state: State, data: Data, config: TrainingConfig) -> None:
    """Choose a checkpoint, measure it, and write the model folder."""
    network = state.average.config
    file, look = choose(options.run)
    model = Generator(network)
    model.load_state_dict(torch.load(file, weights_only=True))
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "model.onnx"
    difference = export.export_onnx(model, path)
    measured: dict[str, Any] = evaluate.measure(model, data.pool, data.fresh, data.unseen, *LIMITS, options.seed)
    measured["torch_against_onnxruntime"] = {
        "value": difference,
        "definition": "largest difference in points and picture, 256 plots over the whole range",
    }
    measured["plots_per_second"] = {
        "value": export.plots_per_second(model, path),
        "definition": "both outputs, ONNX Runtime, 2 threads of a shared 2.5 GHz Xeon, batches of 250, the best of 10",
    }
    used = "--data DIR " if options.data else ""
    training = {
        "command": f"python -m plotbank.generator.training {used}--minutes {options.minutes:g} "
        f"--batch {config.batch} --plots {options.plots} --seed {config.seed} --out models/{options.out.name}",
        "loss": "relativistic pairing (softplus) with lazy R1 + R2 penalties and mismatched conditions, "
        "in the style of R3GAN; for the generator also the squared displacement of the projection to r",
        "seed": config.seed,
        "minutes": round(state.minutes, 1),
        "steps": state.step,
        "step_shipped": look["step"],
        "minutes_at_step_shipped": look["minutes"],
        "batch": config.batch,
        "real_plots": len(data.pool),
        "parameters": parameter_count([model]),
        "tables_trained_on": corpus.counts(data.trained),
        "tables_held_out": corpus.counts(data.held_out),
        "versions": export.versions(),
    }
    tables = (*data.trained, *data.held_out)
    given_credit = [{"name": t.name, "origin": t.origin, "licence": t.licence} for t in tables]
    card = export.card(model, path, LIMITS, training, measured, options.remark, given_credit)
    export.write_text(options.out / "card.json", export.as_json(card))
    export.write_text(options.out / "training.json", export.as_json(configuration(network, config)))
    export.write_text(options.out / "README.md", readme(card))
    sample_sheet(model, data.fresh, options.out / "samples.png", options.seed)
    print(f"{options.out}: step {look['step']} of {state.step} exported")


def main() -> None:
    """Run the command."""
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    if not options.resume and (options.run / "log.jsonl").exists():
        raise PlotbankError(f"{options.run}: holds a run already: --resume it, or name another folder with --run")
    network = NetworkConfig()
    config = TrainingConfig(
        seed=options.seed, steps=options.steps, minutes=options.minutes or math.inf, batch=options.batch
    )
    data = load_data(options.data, options.plots, options.seed)
    state = new_state(network, config)
    if options.resume:
        load_checkpoint(state, options.run / "checkpoint.pt")

    def look(state: State) -> dict[str, float]:
        sample_sheet(state.average, data.fresh, options.run / f"sheet-{state.step:07d}.png", options.seed)
        return evaluate.quick_look(state.average, data.fresh, options.seed)

    train(state, data.pool, network, config, options.run, look)
    ship(options, state, data, config)


if __name__ == "__main__":
    try:
        main()
    except PlotbankError as error:
        sys.exit(f"error: {error}")
