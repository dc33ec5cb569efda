"""The commands that make and measure generators; they need the extra `train`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .errors import PlotbankError

FOLDER = click.Path(path_type=Path)


@contextmanager
def extra() -> Iterator[None]:
    """Say in one line what to install where the extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise PlotbankError(f"{error.name} is not installed: pip install 'plotbank[train]'") from error


@click.command()
@click.argument("folder", type=FOLDER, metavar="[DIR]", required=False)
@click.option("--seed", type=int, default=1, show_default=True, help="The seed of the training: it decides the split.")
def data(folder: Path | None, seed: int) -> None:
    """Say what the tables in DIR are good for in training.

    Every table there (CSV and its relatives, also with .gz) is listed with the plots that it can make; without DIR,
    only the tables that come with scikit-learn and statsmodels are.
    """
    with extra():
        from .generator.training.corpus import load
        from .tables_report import report

    for line in report(load(folder, seed), seed):
        click.echo(line)


@click.command()
@click.argument("kind")
@click.option("--data", type=FOLDER, metavar="DIR", help="A folder of tables, besides those that come along.")
@click.option("--network", default="gan", show_default=True, metavar="gan|dcgan|copula", help="What to train.")
@click.option("--minutes", type=click.FloatRange(min=0.1), help="Take as many steps as fit into M minutes here.")
@click.option("--steps", type=click.IntRange(min=1), help="Take so many steps (the same result every time).")
@click.option("--plots", type=click.IntRange(min=100), default=30_000, show_default=True, help="Real plots to draw.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--device", default="auto", show_default=True, metavar="auto|cpu|cuda")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="CPU threads.")
@click.option("--run", "folder", type=FOLDER, metavar="DIR", help="The run's folder. [default: runs/KIND-NETWORK-SEED]")
@click.option("-o", "--out", type=FOLDER, metavar="DIR", help="Export the model there at the end.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in the run's folder.")
def train(
    kind: str,
    data: Path | None,
    network: str,
    minutes: float | None,
    steps: int | None,
    plots: int,
    seed: int,
    device: str,
    threads: int,
    folder: Path | None,
    out: Path | None,
    resume: bool,
) -> None:
    """Train a generator of plots of KIND (scatter, boxplot, histogram) on plots of real data.

    The run's folder gets checkpoints, a log (also for TensorBoard), curves.png and sample sheets over time.  It can be
    stopped at any moment and resumed.  The networks dcgan and copula are the baselines.
    """
    if minutes is not None and steps is not None:
        raise PlotbankError("--minutes and --steps exclude each other: name one")
    with extra():
        from .generator.training import export as exporting
        from .generator.training import runs

        known = runs.found(kind)
        planned = runs.plan(known, runs.network_named(network), seed, data, plots, steps, threads)
    folder = folder or Path("runs") / planned.name
    runs.usable(device)
    with told() as say:
        if resume:
            planned = runs.read(folder)
            if planned.kind != kind:
                raise PlotbankError(f"{folder}: this run is of the kind {planned.kind!r}, not {kind!r}")
        else:
            runs.tables(planned)  # refuse unusable tables before anything is written
            if minutes is not None and network != "copula":
                planned = runs.with_steps(planned, runs.steps_in(planned, minutes, device))
                say(f"{planned.training.steps} steps take about {minutes:g} minutes here", last=True)
            runs.begin(planned, folder)
        runs.go_on(planned, folder, device, say)
    click.echo(f"{folder}: trained; curves.png and sheet-*.png show how")
    if out:
        card = exporting.export(planned, folder, out)
        click.echo(f"{out}: {card['name']} exported, from step {card['training']['step_shipped']}")
    else:
        click.echo(f"Next: plotbank export {folder} -o MODEL")


@click.command()
@click.argument("folder", type=FOLDER, metavar="RUN")
@click.option(
    "-o", "--out", type=FOLDER, required=True, metavar="DIR", help="The model's folder, named like scatter-v3."
)
def export(folder: Path, out: Path) -> None:
    """Export the best checkpoint of the training run in RUN as a model: ONNX file, card, conditions, samples."""
    with extra():
        from .generator.training import export as exporting
        from .generator.training import runs

        card = exporting.export(runs.read(folder), folder, out)
    click.echo(f"{out}: {card['bytes']:,} bytes, from step {card['training']['step_shipped']}")
    click.echo(f"Next: plotbank evaluate {out}")


@click.command()
@click.argument("model")
@click.option("--data", "tables", type=FOLDER, metavar="DIR", help="Folder of tables, besides the bundled ones.")
@click.option("-o", "--out", "folder", type=FOLDER, metavar="DIR", help="Default: MODEL-evaluation.")
@click.option("--plots", type=int, default=1250, show_default=True, help="Plots for every comparison.")
def evaluate(model: str, tables: Path | None, folder: Path | None, plots: int) -> None:
    """Measure MODEL, a model's name or folder, beside real plots and simpler generators.

    Writes report.html, evaluation.json and README.md.  Takes minutes.
    """
    from .models import read_card, shipped

    where = shipped().get(model, Path(model))
    if not where.is_dir():
        raise PlotbankError(f"there is no model {model!r}, nor a folder of this name: known are {', '.join(shipped())}")
    card = read_card(where)
    if plots < 100:
        raise PlotbankError(f"--plots {plots}: fewer than 100 plots say nothing")
    if tables is not None and not tables.is_dir():
        raise PlotbankError(f"--data {tables}: there is no such folder")
    with extra():
        from .generator.training.bench import Sizes
        from .generator.training.evaluate import evaluate as measured_of
        from .generator.training.evaluation_report import headline, prepared, write

    out = prepared(folder or Path(f"{card.name}-evaluation"))
    with told() as say:
        measured = measured_of(card, tables, Sizes.of(plots), stage=say)
    write(measured, card, out)
    _print_headline(headline(measured.text), measured.text["absent"])
    click.echo(f"The report is in {out}: report.html, evaluation.json, README.md")


@contextmanager
def told() -> Iterator[Callable[..., None]]:
    """Say what is going on: on a terminal in one line that changes, else a line each time."""
    terminal = sys.stderr.isatty()

    def say(text: str, last: bool = False) -> None:
        if terminal:
            click.echo(f"\r\x1b[K{text}", nl=last, err=True)
        else:
            click.echo(text, err=True)

    yield say
    if terminal:
        click.echo("\r\x1b[K", nl=False, err=True)


def _print_headline(rows: list[dict[str, str]], absent: dict[str, str]) -> None:
    click.echo(f"{'':58} {'model':>11} {'target':>12} {'real plots':>11} {'copula':>11} {'DCGAN':>11}")
    for row in rows:
        columns = f"{row['model']:>11} {row['target']:>12} {row['floor']:>11} {row['copula']:>11} {row['dcgan']:>11}"
        click.echo(f"{row['title']:58} {columns}  {row['verdict']}".rstrip())
    for reason in absent.values():
        click.echo(f"Note: {reason}, so it is not compared with.")
