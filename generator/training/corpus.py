"""The corpus: real tables, reduced to what plots are taken from, and pools of plots of one kind drawn from them.

Nothing here is simulated.  Tables come with scikit-learn and statsmodels (so that anybody can train offline) and from
a folder of one's own.
"""

from __future__ import annotations

import hashlib
import importlib
import math
import pkgutil
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from plotbank.errors import PlotbankError

from ..kinds import Kind, vector
from ..tables import Table
from .reading import RawTable, Skipped, read_folder

__all__ = ["Corpus", "Pool", "RawTable", "Skipped", "Source", "draw_pool", "load", "read_folder"]

MIN_KNOWN = 15  # values of a column
R_LIMIT = 0.98  # of two columns that are as good as one
MAX_COLUMNS = 40  # of one table, so that the widest does not fill the pool with its likes
HELD_OUT = 1 / 6  # of the data sets
LABELS = (  # names of a class label, in order of preference
    *("class", "label", "target", "species", "diagnosis", "category", "outcome"),
    *("variety", "cultivar", "group", "type", "classes", "labels"),
)
CODED_LABELS = ("class", "label", "target", "diagnosis", "outcome")  # where small whole numbers mean classes
MAX_CLASSES = 20
MIN_CLASS_ROWS = 11  # in at least two of the classes: what two box plots side by side need
TRIES = 15  # per plot wanted
BUNDLED = ("bundled with scikit-learn", "bundled with statsmodels")
SKLEARN_TABLES = ("iris", "diabetes", "wine", "breast_cancer", "linnerud")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One table as read, and what was kept of it.

    `table` has the continuous columns alone, near copies dropped, and at most `MAX_COLUMNS` of them.  `features` are
    the columns read, class label apart; `continuous` those left without flags, codes, years and the like; `kept`
    those left of each pair with |r| > 0.98.
    """

    table: Table
    origin: str
    licence: str
    rows: int
    features: int
    continuous: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """All tables, each data set once: those to train on, those held out to measure on, and what is no table."""

    trained: tuple[Source, ...]
    held_out: tuple[Source, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """N real plots of one kind, in the form in which its network emits them.

    `data` has the shape (N, P, W), `condition` (N, F), and `table` (N,): the index of the source.
    """

    data: NDArray[np.float32]
    condition: NDArray[np.float32]
    table: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.table)


def load(folder: Path | None, seed: int) -> Corpus:
    """Read the bundled tables, and the folder's if one is given, and split them.

    The same seed and the same usable tables give the same split, whatever else is in the folder.

    Raises:
        PlotbankError: there is no such folder, no usable table in it, or scikit-learn or statsmodels is missing.
    """
    raw, skipped = read_folder(folder) if folder else ([], [])
    own = len(raw)
    candidates: list[_Candidate] = []
    # the folder first: where a data set is in both, its edition has the documented origin
    for i, one in enumerate([*raw, *bundled_tables()]):
        if i == own and folder and not candidates:
            raise PlotbankError(_nothing_usable(folder, skipped))
        candidate = reduced(one, seed)
        if not candidate.source.kept:
            skipped.append(Skipped(name=one.name, reason=_why_useless(one.frame)))
        elif twin := next((other for other in candidates if _same_data(candidate, other)), None):
            skipped.append(Skipped(name=one.name, reason=f"the same data as {twin.source.table.name}: taken once"))
        else:
            candidates.append(candidate)
    trained, held_out = _split(candidates, seed)
    return Corpus(trained=tuple(trained), held_out=tuple(held_out), skipped=tuple(skipped))


def bundled_tables() -> Iterator[RawTable]:
    """The real tables inside scikit-learn and statsmodels; no network is used.

    Raises:
        PlotbankError: one of the two is not installed.
    """
    try:
        from sklearn import datasets
        from statsmodels import datasets as statsmodels_datasets
    except ImportError as error:
        raise PlotbankError(
            f"{error.name or 'a package'}, with the bundled tables, is not installed: pip install 'plotbank[train]'"
        ) from None
    for name in SKLEARN_TABLES:
        yield RawTable(
            name=f"sklearn-{name.replace('_', '-')}",
            origin=BUNDLED[0],
            licence="see scikit-learn's data set documentation",
            frame=getattr(datasets, f"load_{name}")(as_frame=True).frame,
        )
    for name in sorted(module.name for module in pkgutil.iter_modules(statsmodels_datasets.__path__) if module.ispkg):
        loader = importlib.import_module(f"statsmodels.datasets.{name}")
        if hasattr(loader, "load_pandas"):
            stated = " ".join(str(getattr(loader, "COPYRIGHT", "")).split()).rstrip(".")
            yield RawTable(
                name=f"statsmodels-{name}",
                origin=BUNDLED[1],
                licence=stated if any(c.isalpha() for c in stated) else "not stated",
                frame=loader.load_pandas().data,
            )


def draw_pool(kind: Kind, sources: Sequence[Source], size: int, rng: np.random.Generator) -> Pool:
    """Draw `size` real plots of a kind, about as many of each cell of its conditions.

    Tables weigh about the same however many columns they have; one with a single column or pair weighs a quarter.
    Where the tables cannot fill the cells within 15 tries per plot, the pool is smaller.

    Raises:
        PlotbankError: not one plot could be drawn.
    """
    quota = math.ceil(1.5 * size / kind.cells)
    room = np.full(kind.cells, quota)
    data = np.zeros((size, kind.parts, kind.width), dtype=np.float32)
    condition = np.zeros((size, len(kind.features)), dtype=np.float32)
    table = np.zeros(size, dtype=np.int64)
    found = 0
    for source in _turns(sources, TRIES * size, rng):
        real = kind.real(sources[source].table, rng)
        if real is None:
            continue
        cell = kind.cell(real.condition)
        if not room[cell]:
            continue
        room[cell] -= 1
        data[found, : len(real.data)] = real.data
        condition[found] = vector(kind, real.condition)
        table[found] = source
        found += 1
        if found == size:
            break
    if found == 0:
        raise PlotbankError(f"no plot of the kind {kind.name!r} could be drawn from {_tables(len(sources))}")
    return Pool(data=data[:found], condition=condition[:found], table=table[:found])


def _turns(sources: Sequence[Source], tries: int, rng: np.random.Generator) -> Iterator[int]:
    """Which table each try is made with."""
    columns = [len(source.table.columns) for source in sources]
    weight = np.array([min(4, max(1, c * (c - 1) // 2)) for c in columns], dtype=np.float64)
    if not len(weight):
        return
    share = weight / weight.sum()
    for start in range(0, tries, 1000):  # in blocks: one choice at a time would cost as much as a plot
        yield from rng.choice(len(weight), min(1000, tries - start), p=share).tolist()


def _tables(count: int) -> str:
    return "1 table" if count == 1 else f"{count} tables"


def _nothing_usable(folder: Path, skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return f"{folder}: no table there (*.csv, *.tsv, *.txt or *.data, plain or with .gz)"
    shown = "; ".join(f"{one.name}: {one.reason}" for one in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    return f"{folder}: no usable table there ({shown}{more})"


# One table: its class label, its continuous columns, and one of each pair of near copies.


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A table on its way into the corpus.

    `quantiles` (19, continuous columns) tell editions of one data set; `family` is the same for tables of the same
    columns, such as red and white wines.
    """

    source: Source
    quantiles: NDArray[np.float64]
    family: str


def reduced(raw: RawTable, seed: int) -> _Candidate:
    """A table with its continuous columns alone; at most `MAX_COLUMNS` of them, by the seed and the table's name."""
    frame = raw.frame
    label = class_column(frame)
    features = frame if label is None else frame.drop(columns=[label])
    classes = None
    if label is not None:
        known = frame[label].notna().to_numpy()
        classes = np.asarray(pd.factorize(frame[label][known], sort=True)[0], dtype=np.int64)
        features = features[known]
    names, values = _continuous(features)
    kept = without_near_copies(values)
    chosen = kept
    if len(kept) > MAX_COLUMNS:
        rng = np.random.default_rng([seed, *hashlib.sha256(raw.name.encode()).digest()[:8]])
        chosen = sorted(rng.choice(kept, MAX_COLUMNS, replace=False).tolist())
    table = Table(
        name=raw.name,
        columns=tuple(names[j] for j in chosen),
        values=np.ascontiguousarray(values[:, chosen]),
        classes=classes,
    )
    source = Source(
        table=table,
        origin=raw.origin,
        licence=raw.licence,
        rows=len(frame),
        features=features.shape[1],
        continuous=len(names),
        kept=len(kept),
    )
    return _Candidate(source=source, quantiles=_quantiles(values), family=_family(raw))


def class_column(frame: pd.DataFrame) -> object | None:
    """The column with the class of each row: the one that is called so, or else the only text that has few values."""
    by_name = {str(column).strip().lower(): column for column in reversed(frame.columns)}
    for name in LABELS:
        if name in by_name and _is_label(frame[by_name[name]], coded=name in CODED_LABELS):
            return by_name[name]
    texts = [column for column in frame.columns if 2 <= _distinct_texts(frame[column]) <= MAX_CLASSES]
    return texts[0] if len(texts) == 1 and _is_label(frame[texts[0]], coded=False) else None


def _is_label(column: pd.Series, *, coded: bool) -> bool:
    known = column.dropna()
    if len(known) < 0.5 * len(column) or not 2 <= known.nunique() <= MAX_CLASSES:
        return False
    if _is_number(column) and not (coded and bool((known == known.round()).all())):
        return False
    return int((known.value_counts() >= MIN_CLASS_ROWS).sum()) >= 2


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _distinct_texts(column: pd.Series) -> int:
    """How many texts a column has; 0 for one of numbers or truth values."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return 0
    return int(column.nunique())


def _continuous(features: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
    """Names and values (rows, columns) of the continuous columns."""
    numeric = [i for i in range(features.shape[1]) if _is_number(features.iloc[:, i])]
    columns = {i: features.iloc[:, i].to_numpy(np.float64, na_value=np.nan) for i in numeric}
    chosen = {}
    for i, values in columns.items():
        finite = np.where(np.isfinite(values), values, np.nan)
        if is_continuous(str(features.columns[i]), finite[np.isfinite(finite)]):
            chosen[str(features.columns[i])] = finite
    empty = np.zeros((len(features), 0))
    return list(chosen), np.column_stack(list(chosen.values())) if chosen else empty


def is_continuous(name: str, known: NDArray[np.float64]) -> bool:
    """Tell a measurement from an id, a flag, a code, a year, or a count that takes few values.

    A fifth of the values may be equal, no more: a plot of others is stripes.
    """
    if len(known) < MIN_KNOWN:
        return False
    distinct, times = np.unique(known, return_counts=True)
    whole = bool(np.all(known == np.round(known)))
    # decimals are seldom codes: 22 widths of petals, to the millimetre, are a measurement
    if len(distinct) < min(30 if whole else 20, 0.5 * len(known)) or times.max() > 0.2 * len(known):
        return False
    steps = np.diff(distinct)
    if np.ptp(times) == 0 and np.allclose(steps, steps[0]):  # 1, 2, 3, or every case four times
        return False
    return not (whole and (_is_running_number(name, distinct, len(known)) or _is_calendar(name, distinct)))


def _is_running_number(name: str, distinct: NDArray[np.float64], count: int) -> bool:
    if re.fullmatch(r"(.*[\W_])?(id|idx|code|key|zip|zipcode|postcode|rownames)|.*[a-z]I[Dd]", name.strip(), re.ASCII):
        return True
    if re.fullmatch(r"#|ID|Id|index|no|nr|number|row|record|case|subject|individual", name.strip(), re.IGNORECASE):
        return True
    return len(distinct) == count and bool(distinct[-1] - distinct[0] < 1.1 * count)  # a few cases were left out


def _is_calendar(name: str, distinct: NDArray[np.float64]) -> bool:
    words = re.split(r"[\W_]+", name.strip().lower())
    named = ("year" in words and "per" not in words) or words[0] in ("day", "month", "week", "hour", "weekday", "date")
    years = bool(distinct[0] >= 1700 and distinct[-1] <= 2100)
    return named or years


def without_near_copies(values: NDArray[np.float64]) -> list[int]:
    """Indices of columns to keep, so that no pair has |r| > 0.98 (the first of a pair stays)."""
    matrix = np.abs(_correlations(values))
    kept: list[int] = []
    for j in range(values.shape[1]):
        if not np.any(matrix[j, kept] > R_LIMIT):
            kept.append(j)
    return kept


def _correlations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's r of all pairs of columns over the rows that both have; NaN for fewer than 15 such rows."""
    known = np.isfinite(values)
    z = np.where(known, values, 0.0)
    count = np.maximum(known.sum(axis=0), 1)
    z = np.where(known, z - z.sum(axis=0) / count, 0.0)
    largest = np.abs(z).max(axis=0, initial=0)
    z /= np.where(largest > 0, largest, 1.0)  # squares of the largest numbers are none
    mask = known.astype(np.float64)
    n, s = mask.T @ mask, z.T @ mask  # s[i, j]: sum of column i where column j is known too
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (z * z).T @ mask - s * s / n
        r = (z.T @ z - s * s.T / n) / np.sqrt(spread * spread.T)
    return np.where(n >= MIN_KNOWN, r, np.nan)


def _why_useless(frame: pd.DataFrame) -> str:
    if len(frame) < MIN_KNOWN:
        return f"{len(frame)} rows: at least {MIN_KNOWN} are needed"
    return f"none of its {frame.shape[1]} columns is continuous: only text, codes, flags, years or counts"


# All tables: each data set once, and split.


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantiles: NDArray[np.float64] = np.nanquantile(values, np.linspace(0.05, 0.95, 19), axis=0)
    return quantiles


def _same_data(a: _Candidate, b: _Candidate) -> bool:
    """Two editions of one data set (iris is in three places) have equally many rows, and mostly the same columns."""
    rows = len(a.source.table.values), len(b.source.table.values)
    if abs(rows[0] - rows[1]) > 0.01 * max(rows):
        return False
    few, many = sorted((a.quantiles, b.quantiles), key=lambda q: q.shape[1])
    span = many[-1] - many[0]
    close = np.abs(few[:, :, None] - many[:, None, :]) <= 0.01 * span  # (19, columns of one, columns of the other)
    alike = (close.mean(axis=0) >= 0.8).any(axis=1)
    return bool(alike.mean() >= 0.5)


def _family(raw: RawTable) -> str:
    columns = sorted(str(column).strip().lower() for column in raw.frame.columns)
    if all(re.fullmatch(r"column_\d+", column) for column in columns):  # names that the reader gave say nothing
        return f"table\0{raw.name}"
    return "columns\0" + "\0".join(columns)


def _split(candidates: Iterable[_Candidate], seed: int) -> tuple[list[Source], list[Source]]:
    """Those to train on and those held out: a sixth of the families with classes, of those without, and of the small
    ones.  Which ones, depends on the seed and on the names of their columns, not on what else there is."""
    families: dict[str, list[Source]] = {}
    for candidate in candidates:
        families.setdefault(candidate.family, []).append(candidate.source)
    strata: dict[int, list[str]] = {}
    for family, sources in families.items():
        strata.setdefault(_stratum(sources), []).append(family)
    held_out: set[str] = set()
    for members in strata.values():
        share = max(round(HELD_OUT * len(members)), 1 if len(members) > 1 else 0)
        held_out.update(sorted(members, key=lambda family: _lot(seed, family))[:share])
    if not held_out:  # one of each at most
        held_out.update(sorted(families, key=lambda family: _lot(seed, family))[: len(families) // 2])
    trained = [source for family, sources in families.items() if family not in held_out for source in sources]
    return trained, [source for family, sources in families.items() if family in held_out for source in sources]


def _stratum(sources: Sequence[Source]) -> int:
    if any(source.table.classes is not None for source in sources):
        return 0
    return 1 if max(len(source.table.columns) for source in sources) > 2 else 2


def _lot(seed: int, family: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{family}".encode(errors="replace")).digest()
