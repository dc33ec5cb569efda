"""The corpus: scatter plots of real tables, as point sets.

Nothing here is simulated.  Tables come with scikit-learn and statsmodels (so that anybody can train offline) and
from a folder of CSV files.  A plot is a pair of continuous columns, a sample of rows, and a random mirror image.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from plotbank.errors import PlotbankError

MAX_POINTS = 100
MIN_POINTS = 15
R_LIMIT = 0.98
MAX_COLUMNS = 40
R_BINS = 20  # of |r|: axes are mirrored at random, so the sign balances itself
N_BINS = 5
SKLEARN_TABLES = ("iris", "diabetes", "wine", "breast_cancer", "linnerud")


@dataclass(frozen=True)
class Table:
    """The continuous columns of one real table."""

    name: str
    origin: str
    licence: str
    columns: tuple[str, ...]
    values: NDArray[np.float64]  # [rows, columns], NaN where missing
    columns_read: int  # before any was dropped
    columns_continuous: int  # before near-copies were dropped and very wide tables were cut


@dataclass(frozen=True)
class Pool:
    """Real plots, framed: every coordinate of a plot runs from exactly 0 to exactly 1."""

    points: NDArray[np.float32]  # [plots, MAX_POINTS, 2], rows >= n are 0
    r: NDArray[np.float32]  # [plots] Pearson correlation of the n points
    n: NDArray[np.int64]  # [plots]
    table: NDArray[np.int64]  # [plots] index into the tables that it was drawn from

    def __len__(self) -> int:
        return len(self.r)


@dataclass(frozen=True)
class RawTable:
    """A table as it was read, with its credit."""

    name: str
    origin: str
    licence: str
    frame: pd.DataFrame


def bundled_tables() -> Iterable[RawTable]:
    """Yield the real tables inside scikit-learn and statsmodels; no network is used."""
    from sklearn import datasets
    from statsmodels import datasets as statsmodels_datasets

    for name in SKLEARN_TABLES:
        bunch = getattr(datasets, f"load_{name}")(as_frame=True)
        # linnerud has its physiological measurements as targets; elsewhere the target is a label or the response
        frame = bunch.frame.rename(columns={"target": "class"}) if name != "diabetes" else bunch.frame
        name = f"sklearn-{name.replace('_', '-')}"
        yield RawTable(name, "bundled with scikit-learn", "see scikit-learn's data set documentation", frame)
    names = sorted(m.name for m in pkgutil.iter_modules(statsmodels_datasets.__path__) if m.ispkg)
    for data_set in names:
        loader = importlib.import_module(f"statsmodels.datasets.{data_set}")
        if hasattr(loader, "load_pandas"):
            stated = " ".join(str(getattr(loader, "COPYRIGHT", "")).split()).rstrip(".")
            licence = stated if any(c.isalpha() for c in stated) else "not stated"
            name = f"statsmodels-{data_set}"
            yield RawTable(name, "bundled with statsmodels", licence, loader.load_pandas().data)


def _credits(folder: Path) -> dict[str, tuple[str, str]]:
    """Origin and licence by file name, from the Markdown table in the folder's README.md, if it has one.

    The table's header row must have the cells ``file`` and ``origin``; one that begins with ``licence`` is used too.
    """
    found: dict[str, tuple[str, str]] = {}
    header: list[str] = []
    readme = folder / "README.md"
    for line in readme.read_text(encoding="utf-8").splitlines() if readme.exists() else ():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if {"file", "origin"} <= set(cells):
            header = cells
        elif header and len(cells) == len(header):
            row = dict(zip(header, cells, strict=True))
            licence = next((value for key, value in row.items() if key.startswith("licence")), "not stated")
            found[row["file"]] = row["origin"], re.sub(r"\s*\[\w\]", "", licence)
    return found


def folder_tables(folder: Path) -> Iterable[RawTable]:
    """Yield each ``*.csv`` and ``*.csv.gz`` in the folder.

    Raises PlotbankError if the folder has none or one cannot be read.
    """
    files = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])
    if not files:
        raise PlotbankError(f"{folder}: no *.csv or *.csv.gz file there")
    known = _credits(folder)
    for file in files:
        try:
            frame = pd.read_csv(file)
        except (OSError, ValueError) as error:
            raise PlotbankError(f"{file}: cannot be read as CSV: {error}") from error
        origin, licence = known.get(file.name, ("the data folder", "not stated"))
        yield RawTable(file.name.removesuffix(".gz").removesuffix(".csv"), origin, licence, frame)


def _is_continuous(name: str, column: pd.Series[float]) -> bool:
    """Tell a measurement from an id, a flag, a code, a year, or a count that takes few values."""
    known = column.dropna().to_numpy(np.float64)
    known = known[np.isfinite(known)]
    if len(known) < MIN_POINTS:
        return False
    distinct, times = np.unique(known, return_counts=True)
    if len(distinct) < min(30, 0.6 * len(known)) or times.max() > 0.2 * len(known):
        return False
    if np.all(known == np.round(known)):
        year = "year" in name.lower() or (distinct[0] >= 1700 and distinct[-1] <= 2100 and distinct[0] > 1000)
        numbered = len(distinct) == len(known) and distinct[-1] - distinct[0] == len(known) - 1
        return not (year or numbered)
    return True


def _without_near_copies(values: NDArray[np.float64]) -> list[int]:
    """Indices of columns to keep, so that no pair has |r| > 0.98 (the first of a pair stays)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a pair without common rows has no correlation, which is fine
        matrix = np.abs(pd.DataFrame(values).corr(min_periods=MIN_POINTS).to_numpy())
    kept: list[int] = []
    for j in range(values.shape[1]):
        if not np.any(matrix[j, kept] > R_LIMIT):
            kept.append(j)
    return kept


def clean(raw: RawTable, rng: np.random.Generator) -> Table:
    """Reduce a raw table to its continuous columns; at most MAX_COLUMNS of them, chosen by ``rng``."""
    numeric = raw.frame.drop(columns=["class"], errors="ignore").select_dtypes("number")
    numeric = numeric.astype(np.float64).replace([np.inf, -np.inf], np.nan)
    continuous = [c for c in numeric.columns if _is_continuous(str(c), numeric[c])]
    chosen = continuous
    if len(continuous) > MAX_COLUMNS:
        picked = np.sort(rng.choice(len(continuous), MAX_COLUMNS, replace=False))
        chosen = [continuous[i] for i in picked]
    values = numeric[chosen].to_numpy(np.float64)
    kept = _without_near_copies(values)
    names = tuple(str(chosen[j]) for j in kept)
    columns_read = raw.frame.shape[1]
    return Table(raw.name, raw.origin, raw.licence, names, values[:, kept], columns_read, len(continuous))


def _same_data(a: Table, b: Table) -> bool:
    """Two editions of one data set (iris is in three places) have equally many rows and mostly equal means."""
    if abs(len(a.values) - len(b.values)) > 0.01 * len(a.values):
        return False
    means_a, means_b = np.nanmean(a.values, axis=0), np.nanmean(b.values, axis=0)
    close = np.isclose(means_a[:, None], means_b[None, :], rtol=2e-3, atol=0).any(axis=1)
    return bool(close.mean() >= 0.5)


def load_tables(folder: Path | None, seed: int) -> list[Table]:
    """Load the bundled tables, and those of ``folder`` if given; each data set once, at least two columns each.

    Raises PlotbankError if nothing usable is found.
    """
    rng = np.random.default_rng([seed, 1])
    # the folder first: where a data set is in both, its edition has the documented origin
    raw = [*(folder_tables(folder) if folder else ()), *bundled_tables()]
    tables: list[Table] = []
    for one in raw:
        table = clean(one, rng)
        if len(table.columns) >= 2 and not any(_same_data(table, other) for other in tables):
            tables.append(table)
    if not tables:
        raise PlotbankError(f"{folder}: no table with two continuous columns")
    return tables


def split_tables(tables: Sequence[Table], share: float, seed: int) -> tuple[list[Table], list[Table]]:
    """Split into tables to train on and tables held out (about ``share`` of them).

    Tables with the same columns (red and white wines) stay on the same side.
    """
    families = sorted({table.columns for table in tables})
    order = np.random.default_rng([seed, 2]).permutation(len(families))
    held_out = {families[i] for i in order[: max(1, round(share * len(families)))]}
    if len(held_out) == len(families):
        raise PlotbankError("one table alone cannot be split: add another to the data folder")
    return [t for t in tables if t.columns not in held_out], [t for t in tables if t.columns in held_out]


def useful(points: NDArray[np.floating]) -> bool:
    """Tell whether the points [n, 2] make a plot that can be read.

    Where the central 80 % of a coordinate spans less than a quarter of its range, one far outlier has pressed
    nearly all points into a corner or onto an axis: nobody would print that plot without a transformation.
    """
    ordered = np.sort(points, axis=0)
    n = len(points)
    spread = ordered[int(np.ceil(0.9 * n)) - 1] - ordered[int(0.1 * n)]
    return bool(np.all(spread >= 0.25 * (ordered[-1] - ordered[0])))


def correlation(points: NDArray[np.floating]) -> float:
    """Pearson correlation of the points [n, 2]; NaN if a coordinate is constant."""
    centred = points - points.mean(axis=0)
    sxx, syy = np.einsum("ij,ij->j", centred, centred)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(centred[:, 0] @ centred[:, 1] / np.sqrt(sxx * syy))


def framed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map each coordinate of the points [n, 2] onto 0..1."""
    low, high = points.min(axis=0), points.max(axis=0)
    scaled: NDArray[np.float64] = (points - low) / (high - low)
    return scaled


def _draw(table: Table, n: int, rng: np.random.Generator) -> NDArray[np.float64] | None:
    """Draw one framed plot of n distinct points [n, 2], or None if this draw makes no useful plot."""
    pair = rng.choice(len(table.columns), 2, replace=False)
    # a few rows more than n, because rows with a missing cell and repeated points drop out
    rows = rng.choice(len(table.values), min(len(table.values), 2 * n), replace=False)
    points = table.values[np.ix_(rows, pair)]
    points = points[np.isfinite(points).all(axis=1)]
    first = np.unique(points[:, 0] + 1j * points[:, 1], return_index=True)[1]
    points = points[np.sort(first)][:n]
    if len(points) < n or np.any(np.ptp(points, axis=0) == 0) or not useful(points):
        return None
    mirrored = rng.random(2) < 0.5
    return framed(np.where(mirrored, -points, points))


def draw_pool(tables: Sequence[Table], size: int, rng: np.random.Generator) -> Pool:
    """Draw ``size`` plots, about flat in |r| up to R_LIMIT and in n from MIN_POINTS to MAX_POINTS.

    Tables weigh about the same however many columns they have (one with a single pair weighs a quarter).
    Where the tables cannot fill a cell of the (|r|, n) grid within 12 tries per plot, the pool is smaller.
    """
    rows = np.array([len(table.values) for table in tables])
    weight = np.array([min(4, len(t.columns) * (len(t.columns) - 1) // 2) for t in tables], dtype=np.float64)
    quota = -(-size // (R_BINS * N_BINS))
    filled = np.zeros((R_BINS, N_BINS), dtype=np.int64)
    points = np.zeros((size, MAX_POINTS, 2), dtype=np.float32)
    r, ns, sources = np.zeros(size, np.float32), np.zeros(size, np.int64), np.zeros(size, np.int64)
    found = 0
    for _ in range(12 * size):
        if found == size:
            break
        n = int(rng.integers(MIN_POINTS, MAX_POINTS + 1))
        large = np.where(rows >= n, weight, 0.0).cumsum()
        if large[-1] == 0:
            continue
        source = int(np.searchsorted(large, rng.random() * large[-1], side="right"))
        drawn = _draw(tables[source], n, rng)
        if drawn is None:
            continue
        value = correlation(drawn)
        cell = int(abs(value) / R_LIMIT * R_BINS), (n - MIN_POINTS) * N_BINS // (MAX_POINTS + 1 - MIN_POINTS)
        if cell[0] >= R_BINS or filled[cell] >= quota:
            continue
        filled[cell] += 1
        points[found, :n], r[found], ns[found], sources[found] = drawn, value, n, source
        found += 1
    if found == 0:
        raise PlotbankError("the tables have too few rows: no plot of 15 points could be drawn")
    return Pool(points[:found], r[:found], ns[:found], sources[:found])


def counts(tables: Sequence[Table]) -> list[dict[str, object]]:
    """What each table gave: rows, and columns before and after each step; for the log and the model card."""
    return [
        {
            "name": table.name,
            "rows": len(table.values),
            "columns_read": table.columns_read,
            "columns_continuous": table.columns_continuous,
            "columns_used": len(table.columns),
        }
        for table in tables
    ]
