"""Reading a folder of tables as people have them: whatever separator, encoding and marks for missing cells they use.

Nothing here raises for a file: one that is no table is returned with the reason, in a line that a person can act on.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from plotbank.errors import PlotbankError

MIN_ROWS = 15
MAX_BYTES = 200_000_000
"""Of one file, and of what a compressed one unpacks to."""

_TABLE = re.compile(r"(?P<name>.+)\.(csv|tsv|tab|psv|txt|data|dat)(\.gz)?", re.IGNORECASE | re.DOTALL)
_ABOUT = re.compile(r"(readme|licen[cs]e|copying|requirements|changelog)\b", re.IGNORECASE)
_COMMENT = re.compile(r"\s*#(?![,;\t|])")  # "#" alone in a cell is the name of a column of row numbers
_MISSING = ("", "?", "-", "--", ".", "..", "*", "na", "n/a", "nan", "null", "#n/a", "<na>")
_SEPARATORS = "\t;|,"  # the comma last: in a semicolon file it divides numbers
_SAMPLE = 200  # lines from which separator and header are guessed
_MOSTLY = 0.95  # of a column's cells are numbers: the others are remarks like "<0.01", and count as missing
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A table as it was read, with its credit."""

    name: str
    origin: str
    licence: str
    frame: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file that is no usable table, and why, in one line."""

    name: str
    reason: str


class _NoTable(Exception):
    """Why a file is no table."""


def read_folder(folder: Path) -> tuple[list[RawTable], list[Skipped]]:
    """Read every table in the folder, and none in folders inside it, in the order of their names.

    Files of other kinds (by their extension), README files and hidden files are passed over.

    Raises:
        PlotbankError: there is no such folder, or it cannot be looked into.
    """
    tables: list[RawTable] = []
    skipped: list[Skipped] = []
    known = _credits(folder)
    names: set[str] = set()
    for file, name in _candidates(folder):
        shown = _printable(file.name)
        try:
            frame = read_file(file)
        except _NoTable as reason:
            skipped.append(Skipped(name=shown, reason=_printable(" ".join(str(reason).split()))))
            continue
        origin, licence = known.get(file.name, ("the data folder", "not stated"))
        name = shown if name in names else name  # iris.csv and iris.tsv
        names.add(name)
        tables.append(RawTable(name=name, origin=origin, licence=licence, frame=frame))
    return tables, skipped


def read_file(file: Path) -> pd.DataFrame:
    """One table, text columns as text and all others as numbers or truth values, NaN where a cell is missing.

    Raises:
        _NoTable: with the reason.
    """
    lines = _lines(_decoded(_unpacked(file)))
    separator, lines = _separated(lines)
    width = _width(lines, separator)
    sample = _rows(lines, separator)
    header = _has_header(sample, separator)
    rows = len(lines) - header
    if rows < MIN_ROWS:
        raise _NoTable(f"{rows} rows: at least {MIN_ROWS} are needed")
    names = _names(sample, width) if header else [f"column_{i + 1}" for i in range(width)]
    frame = _parsed(lines, separator, names, header)
    if len(frame) < MIN_ROWS:  # quoted line breaks: fewer rows than lines
        raise _NoTable(f"{len(frame)} rows: at least {MIN_ROWS} are needed")
    for name in frame.columns:
        if not (pd.api.types.is_numeric_dtype(frame[name]) or pd.api.types.is_bool_dtype(frame[name])):
            frame[name] = _rescued(frame[name], separator)
    # a separator at the end of every line makes a column without name and content
    nameless = [name for name in frame.columns if re.fullmatch(r"column_\d+", name) and frame[name].isna().all()]
    frame = frame.drop(columns=nameless)
    if frame.shape[1] < 2:
        raise _NoTable("only one column: a table needs two")
    return frame


def _candidates(folder: Path) -> list[tuple[Path, str]]:
    """The files that may be tables, and the table's name, sorted."""
    if not folder.exists():
        raise PlotbankError(f"{folder}: there is no such folder")
    if not folder.is_dir():
        raise PlotbankError(f"{folder}: this is a file: give the name of a folder of tables")
    try:
        files = sorted(file for file in folder.iterdir() if not file.name.startswith(".") and file.is_file())
    except OSError as error:
        raise PlotbankError(f"{folder}: cannot be read: {error.strerror}") from None
    found = [(file, _TABLE.fullmatch(file.name)) for file in files if not _ABOUT.match(file.name)]
    return [(file, _printable(match["name"])) for file, match in found if match]


def _credits(folder: Path) -> dict[str, tuple[str, str]]:
    """Origin and licence by file name, from the Markdown table in the folder's README.md, if it has one.

    The table's header row must have the cells `file` and `origin`; one that begins with `licence` is used too.
    """
    found: dict[str, tuple[str, str]] = {}
    header: list[str] = []
    readme = folder / "README.md"
    try:
        text = readme.read_text(encoding="utf-8", errors="replace")
    except OSError:  # none, mostly
        return {}
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if {"file", "origin"} <= set(cells):
            header = cells
        elif header and len(cells) == len(header):
            row = dict(zip(header, cells, strict=True))
            licence = next((value for key, value in row.items() if key.startswith(("licence", "license"))), "")
            found[row["file"]] = row["origin"], re.sub(r"\s*\[\w\]", "", licence) or "not stated"
    return found


def _printable(text: str) -> str:
    """Names of files can hold line breaks, and bytes that are no characters."""
    return "".join(character if character.isprintable() else "?" for character in text)


# Bytes to lines.


def _unpacked(file: Path) -> bytes:
    """The file's bytes, unpacked if they are gzip's, whatever the file's name says."""
    too_large = f"more than {MAX_BYTES // 1_000_000} MB"
    try:
        if file.stat().st_size > MAX_BYTES:
            raise _NoTable(too_large)
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not packed:
                return raw.read()
            with gzip.GzipFile(fileobj=raw) as unpacking:
                content = unpacking.read(MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise _NoTable("the gzip file is damaged or cut off") from None
    except OSError as error:
        raise _NoTable(f"cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise _NoTable(f"{too_large} when unpacked")
    return content


def _decoded(content: bytes) -> str:
    if not content.strip():
        raise _NoTable("the file is empty")
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # "Unicode text" of spreadsheets
            return content.decode("utf-16")
        if b"\0" in content:
            raise _NoTable("not a text file")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    start = text[:100_000]
    if sum(not (c.isprintable() or c in "\r\n\t") for c in start) > 0.01 * len(start):
        raise _NoTable("not a text file")
    return text


def _lines(text: str) -> list[str]:
    """The lines that carry data: no empty ones, no comments, no hint of a spreadsheet about its separator."""
    lines = re.split(r"\r\n|\n|\r", text)
    if lines[0].lower().startswith("sep=") and len(lines[0].strip()) <= 5:
        lines = lines[1:]
    lines = [line for line in lines if line.strip() and not _COMMENT.match(line)]
    if not lines:
        raise _NoTable("the file is empty")
    return lines


# Lines to columns.


def _cells(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    return csv.reader((line + "\n" for line in lines), delimiter=separator, skipinitialspace=True)


def _rows(lines: Iterable[str], separator: str) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in islice(_cells(lines, separator), _SAMPLE)]


def _separated(lines: list[str]) -> tuple[str, list[str]]:
    """The separator, and the lines; columns that are set apart by blanks come back with a single blank each."""
    sample = lines[:_SAMPLE]
    for separator in _SEPARATORS:
        if agreement := _agreement(sample, separator):
            if separator == "\t" and _by_blanks(sample, *agreement):
                break
            return separator, lines
    else:
        if any(separator in line for separator in ",;|" for line in sample):
            widths = Counter(len(row) for row in _safe_rows(sample, max(_SEPARATORS, key="".join(sample).count)))
            raise _NoTable(f"its lines have different numbers of cells ({_range(widths)}), or are no table at all")
    packed = [" ".join(line.split()) for line in lines]
    if _agreement(packed[:_SAMPLE], " "):
        return " ", packed
    raise _NoTable("only one column: no comma, semicolon, tab or | divides its lines")


def _by_blanks(sample: Sequence[str], share: float, width: int) -> bool:
    """Tell a table set with blanks and tabs, as many as look well, from one with a tab between any two cells."""
    blanks = _agreement([" ".join(line.split()) for line in sample], " ")
    return blanks is not None and (blanks[0] > share or (blanks[0] == share and blanks[1] >= width + 2))


def _agreement(sample: Sequence[str], separator: str) -> tuple[float, int] | None:
    """The share of the lines to which the separator gives the same number of cells, and this number.

    None where it is no separator: it must give two cells or more to nearly all lines, and to the very first (in which
    R leaves the name of the first column away).
    """
    widths = [len(row) for row in _safe_rows(sample, separator)]
    if not widths:
        return None
    usual, times = Counter(widths[1:] or widths).most_common(1)[0]
    share = times / len(widths[1:] or widths)
    return (share, usual) if usual >= 2 and share >= 0.9 and usual - widths[0] in (0, 1) else None


def _safe_rows(sample: Sequence[str], separator: str) -> list[list[str]]:
    try:
        return _rows(sample, separator)
    except csv.Error:
        return []


def _range(widths: Counter[int]) -> str:
    return f"{min(widths)} to {max(widths)}" if len(widths) > 1 else "or a quotation mark that is never closed"


def _width(lines: Sequence[str], separator: str) -> int:
    """Cells of a row.  Short rows are filled up if they are few; long ones mean that the columns are not known."""
    try:
        widths = [len(row) for row in _cells(lines, separator)]
    except csv.Error:  # a cell of more than 128 kB
        raise _NoTable("a quotation mark is opened and never closed") from None
    usual = Counter(widths[1:] or widths).most_common(1)[0][0]
    odd = [i for i, width in enumerate(widths) if width != usual and i > 0]
    long = [i for i in odd if widths[i] > usual]
    if long or (len(odd) > 0.01 * len(widths) and odd != [len(widths) - 1]):  # the last row may be cut off
        i = (long or odd)[0]
        raise _NoTable(f"its rows have different numbers of cells: row {i + 1} has {widths[i]}, most have {usual}")
    return usual


def _has_header(sample: Sequence[Sequence[str]], separator: str) -> bool:
    """Tell names from the first row of data: some column of numbers has a name that is none.

    Years across the top are names all the same, if there is any other name.
    """
    first, rest = sample[0], sample[1:]
    if not rest or len(first) != len(rest[0]):
        return True  # R leaves the name of the first column away
    named = [cell for cell in first if not _is_missing(cell) and not _is_number(cell, separator)]
    numbers = [cell for cell in first if _is_number(cell, separator)]
    columns = list(zip(*(row for row in rest if len(row) == len(first)), strict=True))
    for name, cells in zip(first, columns, strict=False):
        known = [cell for cell in cells if not _is_missing(cell)]
        numeric = known and sum(_is_number(cell, separator) for cell in known) >= _MOSTLY * len(known)
        if numeric and name in named:
            return True
    if not numbers:
        return True
    whole = [int(cell) for cell in numbers if cell.isdecimal()]
    return bool(named) and len(whole) == len(numbers) > 1 and whole == list(range(whole[0], whole[0] + len(whole)))


def _names(sample: Sequence[Sequence[str]], width: int) -> list[str]:
    """A name of its own for each column."""
    header = [" ".join(cell.split()) for cell in sample[0]]
    if len(header) < width:  # row names without a name, or a separator at the end of every row but this
        ends_empty = all(not row[-1] for row in sample[1:] if row)
        header = [*header, ""] if ends_empty else ["row", *header]
    names: list[str] = []
    for i, name in enumerate(header):
        unique = name = name or f"column_{i + 1}"
        again = 1
        while unique in names:
            again += 1
            unique = f"{name}_{again}"
        names.append(unique)
    return names


def _parsed(lines: Sequence[str], separator: str, names: list[str], header: bool) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pd.read_csv(
                io.StringIO("\n".join(lines)),
                sep=separator,
                names=names,
                header=0 if header else None,
                index_col=False,
                skipinitialspace=True,
                keep_default_na=False,  # it has "None", which is a class of patients
                na_values=[*_MISSING, "NA", "N/A", "NaN", "NULL", "Null", "#N/A", "<NA>"],
                low_memory=False,
            )
    except pd.errors.ParserError:
        raise _NoTable("its rows have different numbers of cells, or a quotation mark is never closed") from None
    except (ValueError, OverflowError, MemoryError) as error:
        raise _NoTable(f"cannot be read as a table: {error}") from None


# Cells.


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in _MISSING


def _is_number(cell: str, separator: str) -> bool:
    try:
        float(cell if separator == "," else cell.replace(",", "."))
    except ValueError:
        return False
    return "_" not in cell  # Python reads 1_000


def _rescued(column: pd.Series, separator: str) -> pd.Series:
    """A column that pandas took for text, as numbers if nearly all of its cells are: 1,5 or 1.234,5 or "1,234"."""
    text = column.astype("object").where(column.notna(), "").astype(str).str.strip()
    text = text.mask(text.str.lower().isin(_MISSING))
    known = text[text.str.lower() != "none"].dropna()
    if known.empty:
        return pd.Series(float("nan"), index=column.index, name=column.name)
    commas = known[known.str.contains(",", regex=False)]
    if not commas.empty:
        grouped = separator != ";" and commas.map(lambda cell: bool(_GROUPED.fullmatch(cell))).all()
        if grouped:
            known = known.str.replace(",", "", regex=False)
        elif separator != ",":
            both = known.str.contains(",", regex=False)
            known = known.where(~both, known.str.replace(".", "", regex=False).str.replace(",", ".", regex=False))
    numbers = pd.to_numeric(known, errors="coerce")
    if numbers.notna().sum() >= _MOSTLY * len(known):
        return numbers.astype("float64").reindex(column.index)
    return text
