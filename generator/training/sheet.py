"""A sheet of sample plots: real ones beside generated ones, to be looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .corpus import Pool
from .evaluate import generate
from .networks import Generator

ROWS = (-0.9, -0.5, 0.0, 0.5, 0.9)


def sample_sheet(model: Generator, pool: Pool, path: Path, seed: int, columns: int = 8) -> None:
    """Draw a PNG: one row for each of five values of r, n 30 to 90; real plots left, generated plots right.

    A generated plot takes the r and n of the real plot in the same place of its half; columns share nothing else.
    """
    rng = np.random.default_rng([seed, 7])
    figure = Figure(figsize=(2 * columns + 1, 5.4), layout=None)
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(ROWS), 2 * columns + 1, width_ratios=[1] * columns + [0.35] + [1] * columns)
    for row, wanted in zip(axes, ROWS, strict=True):
        like = np.flatnonzero((np.abs(pool.r - wanted) < 0.05) & (pool.n >= 30) & (pool.n <= 90))
        like = rng.choice(like, columns)
        made = generate(model, pool.r[like], pool.n[like], rng)
        halves = (row[:columns], pool.points[like], "black"), (row[columns + 1 :], made.points, "tab:blue")
        row[columns].axis("off")
        row[columns].text(0.5, 0.5, f"r = {wanted:g}", ha="center", va="center", rotation=90)
        for axis_row, points, colour in halves:
            for axis, plot, n in zip(axis_row, points, pool.n[like], strict=True):
                axis.scatter(plot[:n, 0], plot[:n, 1], s=4, color=colour, linewidths=0)
                axis.set(xlim=(-0.06, 1.06), ylim=(-0.06, 1.06), xticks=[], yticks=[])
    figure.text(0.25, 0.965, "real", ha="center")
    figure.text(0.75, 0.965, "generated", ha="center")
    figure.subplots_adjust(0.005, 0.01, 0.995, 0.95, 0.06, 0.06)
    figure.savefig(path, dpi=100)
