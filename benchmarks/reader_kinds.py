"""How well the readers of box plots and histograms measure: pictures of known data, read back.

    python benchmarks/reader_kinds.py [pictures per kind and density, default 300]

Data are of a plain formula under natural conditions, made exact as for students.  Errors are shares of the axis: of
the lines and outliers of box plots, of the bars' heights in histograms.  Pictures per second are of one processor
core (CPU time, decoding included), with whatever else the machine is doing.
"""

import sys
import time

import numpy as np

from plotbank.errors import UnsuitableDraw
from plotbank.generator.conditions import Grid, natural_rows
from plotbank.generator.kinds import Plot, kinds
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec
from plotbank.models import latest, read_natural
from plotbank.proof import Unreadable
from plotbank.proof.readers import READERS

LINES = ("whisker_low", "q1", "q2", "q3", "whisker_high", "min", "max")


def base(kind, density):
    picture = PictureSpec(density=density)
    if kind.name == "boxplot":
        x = Axis(label="Group", low=0, high=4, categories=("A", "B", "C", "D"))
        return Plot(x=x, y=Axis(label="Waiting time (minutes)", low=0, high=100), picture=picture)
    x = Axis(label="Waiting time (minutes)", low=0, high=60)
    return Plot(x=x, y=Axis(label="Number of patients", low=0, high=np.inf), picture=picture)


def pictures(kind, count, density):
    """PNG, data, condition and plot, under natural conditions."""
    card, rng, frames, plot = latest(kind.name), np.random.default_rng(density), {}, base(kind, density)
    grid = Grid(kind=kind, values={}, natural=natural_rows(kind, read_natural(card), card.conditions, ()))
    while count > 0:
        condition = grid.draw(rng)
        try:
            wide = kind.fitted(plot, condition)
            values = kind.snap(kind.plain(condition, rng), condition, wide, (500.0, 380.0), rng).values
        except UnsuitableDraw:
            continue
        own = kind.fitted(plot, condition, values)
        bins = int(condition["bins"]) if "bins" in condition else None
        if (own, bins) not in frames:
            frames[own, bins] = Frame(kind, own, bins)
        yield frames[own, bins].picture(values, condition), values, condition, own
        count -= 1


def errors(kind, measured, truth, plot):
    """The largest error of one picture, as a share of the axis."""
    if kind.name == "boxplot":
        names = [f"{line}_{slot}" for slot in range(1, 5) for line in LINES]
        return np.nanmax([abs(measured[name] - truth[name]) for name in names]) / plot.y.span
    return max(abs(measured[f"count_{bar}"] - truth[f"count_{bar}"]) for bar in range(1, 17)) / plot.y.span


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    heads = ("kind", "density", "pictures", "refused", "differ", "max error", "per s")
    print("".join(f"{head:>11}" for head in heads))
    for name in ("boxplot", "histogram"):
        kind, reader = kinds()[name], READERS[name]
        for density in (1, 2, 3):
            refused = differ = 0
            worst = seconds = 0.0
            for png, values, condition, plot in pictures(kind, count, density):
                ends = (plot.x.low, plot.x.high), (plot.y.low, plot.y.high)
                start = time.process_time()
                try:
                    reading = reader.read(png)
                    measured = reading.measured(*ends)
                except Unreadable:
                    refused += 1
                    continue
                finally:
                    seconds += time.process_time() - start
                differ += any(reading.contradictions(values, condition, *ends))
                worst = max(worst, errors(kind, measured, kind.readings(values, condition, plot), plot))
            cells = (name, density, count, refused, differ, f"{worst:.5f}", f"{count / seconds:.0f}")
            print("".join(f"{cell:>11}" for cell in cells))


if __name__ == "__main__":
    main()
