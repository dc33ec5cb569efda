"""How well the readers of box plots, histograms and tick labels measure: pictures of known data, read back.

    python benchmarks/reader_kinds.py [pictures per row, default 100]

Data are of a plain formula under natural conditions, made exact as for students.  Errors are shares of the axis: of
the lines and outliers of box plots, of the bars' heights in histograms.  Pictures per second are of one processor
core (CPU time, decoding included), with whatever else the machine is doing.
"""

import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.generator.conditions import Grid, natural_rows
from plotbank.generator.kinds import Plot, kinds
from plotbank.generator.kinds.scatter import KIND as SCATTER
from plotbank.generator.rendering import Frame
from plotbank.item_templates.numerals import numerals
from plotbank.items import Axis, PictureSpec
from plotbank.models import latest, read_natural
from plotbank.proof import Unreadable, ticks
from plotbank.proof.axes import axes_of
from plotbank.proof.png import decode
from plotbank.proof.readers import READERS

SIZES = (400, 300), (600, 450), (900, 600)
LOCALES = "en", "de", "fr", "pt-PT", "de-CH", "en-IN", "pt-BR", "es"
SPANS = 1, 2, 2.5, 3, 4, 5, 6, 8, 12, 15, 20
LOWS = 0, -0.5, -1, 0.2, 1, 10, -0.1, 0.37  # of the span


def base(kind, picture):
    if kind.name == "boxplot":
        x = Axis(label="Group", low=0, high=4, categories=("A", "B", "C", "D"))
        return Plot(x=x, y=Axis(label="Waiting time (minutes)", low=0, high=100), picture=picture)
    x = Axis(label="Waiting time (minutes)", low=0, high=60)
    return Plot(x=x, y=Axis(label="Number of patients", low=0, high=np.inf), picture=picture)


def pictures(kind, count, picture, suits=lambda condition: True, seed=0):
    """PNG, data, condition and plot, under natural conditions that suit."""
    card, rng, frames, plot = latest(kind.name), np.random.default_rng(seed), {}, base(kind, picture)
    grid = Grid(kind=kind, values={}, natural=natural_rows(kind, read_natural(card), card.conditions, ()))
    while count > 0:
        condition = grid.draw(rng)
        if not suits(condition):
            continue
        bins = int(condition["bins"]) if "bins" in condition else None
        try:
            wide = kind.fitted(plot, condition)
            area = (0.82 * picture.width, 0.82 * picture.height)
            values = kind.snap(kind.plain(condition, rng), condition, wide, area, rng).values
            own = kind.fitted(plot, condition, values)
        except UnsuitableDraw:
            continue
        if (own, bins) not in frames:
            frames[own, bins] = Frame(kind, own, bins)
        yield frames[own, bins].picture(values, condition), values, condition, own
        count -= 1


@dataclass
class Tally:
    """What came of reading pictures: `errors` are shares of the axis, `scores` the same in standard errors."""

    pictures: int = 0
    refused: int = 0
    wrong: int = 0
    seconds: float = 0.0
    errors: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def read(self, kind, png, values, condition, plot):
        ends = (plot.x.low, plot.x.high), (plot.y.low, plot.y.high)
        self.pictures += 1
        start = time.process_time()
        try:
            reading = READERS[kind.name].read(png)
            reading.measured(*ends)
        except Unreadable:
            self.refused += 1
            return
        finally:
            self.seconds += time.process_time() - start
        self.wrong += any(reading.contradictions(values, condition, *ends))
        off = np.abs(np.subtract(seen(kind, reading), due(kind, values, condition, plot)))
        self.errors += off.tolist()
        self.scores += (off / reading.uncertainty).tolist()

    @property
    def cells(self):
        within = np.mean(np.array(self.scores) <= 3)
        rms = np.sqrt(np.mean(np.square(self.errors)))
        speed = self.pictures / self.seconds
        return (
            *(self.pictures, self.refused, self.wrong, f"{rms:.5f}", f"{max(self.errors):.5f}", f"{within:.1%}"),
            f"{speed:.0f}",
        )


def seen(kind, reading):
    if kind.name == "boxplot":
        return [share for group in reading.groups for share in (*group.lines, *group.outliers)]
    return list(reading.heights)


def due(kind, values, condition, plot):
    """Where lines, outliers and tops belong, as shares of the axis."""
    if kind.name == "histogram":
        counts, _ = np.histogram(values[:, 0], bins=int(condition["bins"]), range=(plot.x.low, plot.x.high))
        return list(counts / plot.y.high)
    shares = []
    for group in np.unique(values[:, 0]):
        own = np.sort((values[values[:, 0] == group, 1] - plot.y.low) / plot.y.span)
        q1, q2, q3 = np.quantile(own, [0.25, 0.5, 0.75])
        inside = np.abs(own - (q1 + q3) / 2) <= 2 * (q3 - q1) + 1e-12
        shares += [own[inside][0], q1, q2, q3, own[inside][-1], *own[~inside]]
    return shares


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def head(*cells):
    print()
    row(*cells)
    row(*("---" for _ in cells))


COLUMNS = (
    "pictures",
    "refused",
    "wrong",
    "rms error",
    "largest error",
    "within 3 standard errors",
    "pictures per second",
)


def sizes(count):
    head("kind", "size", "density", *COLUMNS)
    for name in ("boxplot", "histogram"):
        for width, height in SIZES:
            for density in (1, 2):
                tally, picture = Tally(), PictureSpec(width=width, height=height, density=density)
                for drawn in pictures(kinds()[name], count, picture):
                    tally.read(kinds()[name], *drawn)
                row(name, f"{width} x {height}", density, *tally.cells)


def contents(count):
    """By what stands near each other: groups, outliers and whiskers; bars."""
    head("kind", "what is drawn", *COLUMNS)
    kind, picture = kinds()["boxplot"], PictureSpec(density=1)
    for groups in (1, 2, 3, 4):
        tally = Tally()
        for drawn in pictures(kind, count, picture, lambda condition, groups=groups: condition["groups"] == groups):
            tally.read(kind, *drawn)
        row("boxplot", f"groups: {groups}", *tally.cells)
    near, far = Tally(), Tally()
    for png, values, condition, plot in pictures(kind, 4 * count, picture, outlying):
        (near if crowded(values, plot) else far).read(kind, png, values, condition, plot)
    row("boxplot", "outliers, each 2 % of the axis or more from anything", *far.cells)
    row("boxplot", "an outlier nearer to another, or to a whisker", *near.cells)
    kind = kinds()["histogram"]
    for first, last in ((6, 8), (9, 10), (11, 12)):
        tally = Tally()
        for drawn in pictures(kind, count, picture, lambda condition, a=first, b=last: a <= condition["bins"] <= b):
            tally.read(kind, *drawn)
        row("histogram", f"bins: {first} to {last}", *tally.cells)


def outlying(condition):
    return any(condition[f"outliers{slot}"] for slot in range(1, 5))


def crowded(values, plot):
    """Whether two ends of whiskers or outliers of a group are within 2 % of the axis."""
    for group in np.unique(values[:, 0]):
        own = np.sort((values[values[:, 0] == group, 1] - plot.y.low) / plot.y.span)
        q1, q3 = np.quantile(own, [0.25, 0.75])
        inside = np.abs(own - (q1 + q3) / 2) <= 2 * (q3 - q1) + 1e-12
        loose = np.sort([own[inside][0], own[inside][-1], *own[~inside]])
        if np.diff(loose).min() < 0.02:
            return True
    return False


def any_axis(rng, label):
    span = float(rng.choice(SPANS)) * 10.0 ** int(rng.integers(-3, 5))
    low = round(span * float(rng.choice(LOWS)), 6)
    return Axis(label=label, low=low, high=round(low + span, 6))


def labels(count):
    """Labels of any axis, in every way that a locale can write them."""
    head("density", "axes", "labels", "read", "misread", "unread", "ms, new axes", "ms, known axes")
    rng = np.random.default_rng(0)
    for density in (1, 2, 3):
        told, axes, new, known = Counter(), 0, 0.0, 0.0
        while axes < 2 * count:
            width, height = rng.integers(300, 1201, 2).tolist() if axes % 4 else SIZES[int(rng.integers(3))]
            if density > 1:
                width, height = min(width, 700), min(height, 600)
            plot = Plot(
                x=any_axis(rng, "Time (h)"),
                y=any_axis(rng, rng.choice(["Weight (g)", "l", ""]).item()),
                picture=PictureSpec(width=width, height=height, density=density),
            )
            bins = int(rng.integers(6, 17)) if rng.random() < 0.4 else None
            try:
                frame = Frame(SCATTER, plot, bins, numerals(LOCALES[axes // 2 % len(LOCALES)]).number)
            except QuizFileError:
                continue
            middle = np.array([[plot.x.low + plot.x.span / 2, plot.y.low + plot.y.span / 2]])
            pixels = decode(frame.picture(middle, {}))
            spot = pixels.colours.mean(axis=1).argmin()
            ends = axes_of(pixels.numbers.shape, *np.nonzero(pixels.numbers == spot))
            start = time.process_time()
            read = ticks.ticks_of(pixels, ends)
            between = time.process_time()
            ticks.ticks_of(pixels, ends)
            new, known = new + between - start, known + time.process_time() - between
            axes += 2
            for axis, found in ((frame._axes.xaxis, read.x), (frame._axes.yaxis, read.y)):
                due = [label.get_text() for label in axis.get_ticklabels()]
                if len(due) != len(found):
                    told["unread"] += len(due)
                    continue
                for text, tick in zip(due, found, strict=True):
                    same = " ".join(text.replace("\u202f", " ").split("\xa0")) == tick.text
                    told["read" if same else "unread" if tick.value is None else "misread"] += 1
        times = (f"{2000 * seconds / axes:.2f}" for seconds in (new, known))
        row(density, axes, told.total(), told["read"], told["misread"], told["unread"], *times)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    sizes(count)
    contents(count)
    labels(count)


if __name__ == "__main__":
    main()
