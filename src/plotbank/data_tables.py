"""The data in tables, which some students get besides the picture: whether they are those that the picture shows."""

import re
from collections.abc import Iterator, Sequence
from html import unescape

import numpy as np

from .bank_records import PictureRecord
from .proving import stands_for

_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<td>(.*?)</td>", re.DOTALL)
_FENCE = 1.5  # interquartile ranges beyond the box

Numbers = tuple[float, ...]
Texts = tuple[str, ...]


def of_tables(stem: str, plots: Sequence[PictureRecord]) -> Iterator[str]:
    """Where the tables at the end of a stem (HTML), one for each plot, are not the plots' data, in words."""
    tables = _TABLE.findall(stem)[-len(plots) :]
    if len(tables) < len(plots):
        yield f"the data of {len(plots)} plots are to stand in tables, but there are {len(tables)}"
        return
    for place, (table, plot) in enumerate(zip(tables, plots, strict=True), start=1):
        found, wanted = list(_found(table, plot)), list(_wanted(plot, alone=len(plots) == 1))
        if len(found) != len(wanted) or not all(map(_same, found, wanted)):
            yield f"the table of plot {place} does not hold its data"


def _found(table: str, plot: PictureRecord) -> Iterator[list[Texts]]:
    """What a table says, in groups whose rows may stand in any order."""
    rows = [tuple(map(unescape, cells)) for row in _ROW.findall(table) if (cells := _CELL.findall(row))]
    if plot.kind == "boxplot":
        for row in rows:
            yield [(text,) for text in row[-1].split(";")]
    elif plot.kind == "histogram":
        yield [(*low_high.split(" – "), *count) for low_high, *count in rows]
    else:
        yield rows


def _wanted(plot: PictureRecord, *, alone: bool) -> Iterator[list[Numbers]]:
    """What it is to say.  Of a box plot among several the five numbers."""
    values = plot.values
    if plot.kind == "boxplot" and alone:
        for group in range(len(plot.x.categories)):
            yield [(value,) for value in values[values[:, 0] == group, 1].tolist()]
    elif plot.kind == "boxplot":
        q1, q2, q3 = np.quantile(values[:, 1], [0.25, 0.5, 0.75]).tolist()
        reach = _FENCE * (q3 - q1)
        inside = [value for value in values[:, 1].tolist() if q1 - reach <= value <= q3 + reach]
        yield [(line,) for line in (min(inside), q1, q2, q3, max(inside))]
    elif plot.kind == "histogram":
        bins, (low, high) = int(plot.condition["bins"]), (plot.x.low, plot.x.high)
        counts = np.histogram(values[:, 0], bins=bins, range=(low, high))[0].tolist()
        edges = [low + (high - low) * k / bins for k in range(bins + 1)]
        yield list(zip(edges[:-1], edges[1:], counts, strict=True))
    else:
        yield list(map(tuple, values.tolist()))


def _same(found: Sequence[Texts], wanted: Sequence[Numbers]) -> bool:
    """Whether rows of texts are these numbers, in any order."""
    left = list(found)
    for numbers in wanted:
        fitting = (row for row in left if len(row) == len(numbers) and all(map(stands_for, row, numbers)))
        if (row := next(fitting, None)) is None:
            return False
        left.remove(row)
    return not left
