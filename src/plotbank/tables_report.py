"""What a folder of tables is good for, as text: `plotbank data`.

Every pair of continuous columns can make a scatter plot, every such column a box plot and a histogram.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from .generator.training.corpus import BUNDLED, MAX_COLUMNS, Corpus, Source

WIDTH = 105
NAME = 31  # longer names get a line of their own
LEGEND = (
    "all: of all columns, class label apart. cont.: of those that are continuous (no text, codes, flags, years, "
    "running numbers, counts of few values). kept: of these, one of each pair with |r| > 0.98. "
    "classes: the table has a class label, by which its rows make groups."
)
_HEADS = (
    ("", "", "", "", "scatter plots", "", "", "box plots, and", "", ""),
    ("", "", "", "", "(pairs of columns)", "", "", "histograms", "", ""),
    ("table", "rows", "columns", "classes", "all", "cont.", "kept", "all", "cont.", "kept"),
)
_GAPS = (0, 2, 2, 2, 4, 2, 2, 4, 2, 2)
_Counts = tuple[int, int, int]


def report(corpus: Corpus, seed: int) -> Iterator[str]:
    """The report, line by line; plain text."""
    sources = sorted((*corpus.trained, *corpus.held_out), key=lambda s: (s.origin in BUNDLED, s.table.name.lower()))
    yield from _table(sources)
    yield ""
    yield from _wrapped(LEGEND)
    if cut := [source.table.name for source in sources if source.kept > MAX_COLUMNS]:
        yield from _wrapped(f"Training takes {MAX_COLUMNS} columns, drawn at random, of: {', '.join(cut)}.")
    yield ""
    yield from _totals(sources)
    if corpus.skipped:
        yield ""
        yield "Left out:"
        for skipped in corpus.skipped:
            yield from _wrapped(f"{skipped.name}: {skipped.reason}", indent="  ")
    yield ""
    yield f"Split by data set for training with the seed {seed}:"
    for what, part in (("trained on", corpus.trained), ("held out", corpus.held_out)):
        names = ", ".join(sorted((source.table.name for source in part), key=str.lower))
        yield from _wrapped(f"{what} ({len(part)}): {names}", indent="  ")


def pairs(columns: int) -> int:
    """How many scatter plots so many columns make."""
    return columns * (columns - 1) // 2


def _table(sources: Sequence[Source]) -> Iterator[str]:
    """One row for each table, the folder's own before the bundled ones, each with their sum."""
    groups = [(bundled, list(group)) for bundled, group in groupby(sources, lambda source: source.origin in BUNDLED)]
    rows: list[tuple[str, ...]] = []
    rules = {0}
    for bundled, group in groups:
        rows += [_row(source) for source in group]
        rules.add(len(rows))
        rows.append(_sum("the bundled tables" if bundled else "the folder's tables", group))
        rules.add(len(rows))
    if len(groups) > 1:
        rows.append(_sum("all tables", sources))
    widths = [max(len(row[i]) for row in (_HEADS[-1], *rows)) for i in range(len(_GAPS))]
    widths[0] = min(widths[0], NAME)
    yield from (_spread(head, widths).rstrip() for head in _HEADS[:2])
    yield _aligned(_HEADS[2], widths)
    for i, row in enumerate(rows):
        if i in rules:
            yield "-" * (sum(widths) + sum(_GAPS))
        if len(row[0]) > NAME:
            yield row[0]
            row = ("", *row[1:])
        yield _aligned(row, widths)


def _row(source: Source) -> tuple[str, ...]:
    classes = source.table.classes
    count = "-" if classes is None else str(int(classes.max()) + 1)
    return (source.table.name, f"{source.rows:,}", f"{source.features:,}", count, *_numbers(_plots([source])))


def _sum(name: str, sources: Sequence[Source]) -> tuple[str, ...]:
    rows, features = sum(source.rows for source in sources), sum(source.features for source in sources)
    return (f"{name}: {len(sources)}", f"{rows:,}", f"{features:,}", "", *_numbers(_plots(sources)))


def _plots(sources: Iterable[Source]) -> tuple[_Counts, _Counts]:
    """Scatter plots, and box plots: before, after dropping what is not continuous, and after dropping copies."""
    steps = [(source.features, source.continuous, source.kept) for source in sources]
    first, second, third = ([step[i] for step in steps] for i in range(3))
    scatter = sum(map(pairs, first)), sum(map(pairs, second)), sum(map(pairs, third))
    return scatter, (sum(first), sum(second), sum(third))


def _numbers(plots: tuple[_Counts, _Counts]) -> Iterator[str]:
    return (f"{count:,}" for counts in plots for count in counts)


def _totals(sources: Sequence[Source]) -> Iterator[str]:
    scatter, single = _plots(sources)
    yield f"{len(sources)} tables can make:"
    for name, counts in (("scatter plots", scatter), ("box plots", single), ("histograms", single)):
        everything, continuous, kept = (f"{count:,}" for count in counts)
        yield f"  {name:13}  {everything:>9} of all columns, {continuous:>7} of continuous ones, {kept:>7} kept"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, _GAPS, strict=True)
    return first[0].ljust(first[1]) + "".join(" " * gap + cell.rjust(width) for cell, width, gap in others)


def _spread(head: Sequence[str], widths: Sequence[int]) -> str:
    """Titles over several columns begin where the first of these begins."""
    line = ""
    for i, title in enumerate(head):
        if title:
            start = sum(widths[:i]) + sum(_GAPS[: i + 1])
            line = line.ljust(start) + title
    return line


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Names are never broken."""
    return textwrap.wrap(
        text,
        width=WIDTH,
        initial_indent=indent,
        subsequent_indent=indent and indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
