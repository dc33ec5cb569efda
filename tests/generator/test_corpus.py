"""The corpus: reading any folder of tables, what is kept of them, the split, and balanced pools."""

from __future__ import annotations

import gzip
import random
from types import SimpleNamespace

import numpy as np
import pytest

# ruff: noqa: E402  (the modules under test import what the skips look for)
pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("statsmodels")

from plotbank.errors import PlotbankError
from plotbank.generator.kinds import Feature, Real
from plotbank.generator.tables import Table
from plotbank.generator.training import corpus, reading
from plotbank.generator.training.corpus import Source

RNG = np.random.default_rng(7)
A, B = RNG.normal(5, 1, 40).round(3), RNG.normal(50, 10, 40).round(2)
ROWS = [f"{a},{b}" for a, b in zip(A, B, strict=True)]
CSV = "\n".join(["a,b", *ROWS]) + "\n"
IRIS = "iris.csv"


def read(tmp_path, name, content):
    """The only table in a folder with this file."""
    write(tmp_path, name, content)
    tables, skipped = reading.read_folder(tmp_path)
    assert not skipped
    (table,) = tables
    return table


def write(folder, name, content):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def iris(folder, name=IRIS):
    from sklearn.datasets import load_iris

    load_iris(as_frame=True).frame.to_csv(folder / name, index=False)


# Reading.


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "comma": ("t.csv", CSV),
        "upper-case extension": ("t.CSV", CSV),
        "tab": ("t.tsv", CSV.replace(",", "\t")),
        "semicolon": ("t.csv", CSV.replace(",", ";")),
        "semicolon, decimal commas": ("t.csv", CSV.replace(",", ";").replace(".", ",")),
        "pipe": ("t.txt", CSV.replace(",", " | ")),
        "blanks": ("t.data", CSV.replace(",", "    ")),
        "gzip": ("t.csv.gz", gzip.compress(CSV.encode())),
        "gzip by another name": ("t.csv", gzip.compress(CSV.encode())),
        "txt, gzip": ("t.txt.gz", gzip.compress(CSV.replace(",", "\t").encode())),
        "byte order mark": ("t.csv", CSV.encode("utf-8-sig")),
        "utf-16": ("t.csv", CSV.encode("utf-16")),
        "windows line ends": ("t.csv", CSV.replace("\n", "\r\n")),
        "old Mac line ends": ("t.csv", CSV.replace("\n", "\r")),
        "no last line end": ("t.csv", CSV.rstrip()),
        "comments": ("t.csv", "# measured by hand\n#\n" + CSV.replace("\n", "\n# a remark, with, commas\n", 3)),
        "empty lines": ("t.csv", "\n\n" + CSV.replace("\n", "\n\n")),
        "quoted": ("t.csv", "\n".join(['"a","b"', *('"' + row.replace(",", '","') + '"' for row in ROWS)])),
        "blanks around": ("t.csv", " a , b \n" + "\n".join("  " + row.replace(",", "  ,  ") + " " for row in ROWS)),
        "separator at line ends": ("t.csv", CSV.replace("\n", ",\n")),
        "separator at line ends but the first": ("t.csv", "a,b\n" + "\n".join(row + "," for row in ROWS)),
        "spreadsheet's hint": ("t.csv", "sep=;\n" + CSV.replace(",", ";")),
    }.values(),
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else "",
)
def test_the_same_table_however_it_is_written(tmp_path, name, content):
    table = read(tmp_path, name, content)

    assert table.name == "t"
    assert list(table.frame.columns) == ["a", "b"]
    np.testing.assert_array_equal(table.frame["a"], A)
    np.testing.assert_array_equal(table.frame["b"], B)


def test_names_of_columns(tmp_path):
    def columns(header, rows):
        return list(read(tmp_path, "t.csv", "\n".join([*header, *rows])).frame.columns)

    wide = [f"{row},{row}" for row in ROWS]
    assert columns([], ROWS) == ["column_1", "column_2"]
    assert columns([], [f"M,{row}" for row in ROWS]) == ["column_1", "column_2", "column_3"]
    assert columns(["x,x,,x"], wide) == ["x", "x_2", "column_3", "x_3"]
    assert columns(["#,name"], [f"{i},{b}" for i, b in enumerate(B)]) == ["#", "name"]
    assert columns(['"two\nlines",b'], ROWS) == ["two lines", "b"]
    assert columns(["place,1960,1961"], [f"p{i},{row}" for i, row in enumerate(ROWS)]) == ["place", "1960", "1961"]
    assert columns(["a,b"], [f"{i},{row}" for i, row in enumerate(ROWS, 1)]) == ["row", "a", "b"]  # as R writes it


def test_columns_set_with_blanks_and_tabs(tmp_path):
    rows = [f'{row.replace(",", "   ")}   8.\t"a name, {i}"' for i, row in enumerate(ROWS)]
    frame = read(tmp_path, "t.data", "\n".join(rows)).frame
    np.testing.assert_array_equal(frame[["column_1", "column_2"]], np.column_stack([A, B]))
    assert frame.iloc[7, 3] == "a name, 7"
    doubled = CSV.replace(",", "\t").replace("\t", "\t\t", 3)
    np.testing.assert_array_equal(read(tmp_path, "t.data", doubled).frame["b"], B)
    empty = "a\tb\n" + "\n".join(["\t", *ROWS]).replace(",", "\t")
    assert read(tmp_path, "t.data", empty).frame["a"].tolist() == A.tolist()


def test_a_last_row_that_is_cut_off(tmp_path):
    assert read(tmp_path, "t.csv", CSV + "7").frame.iloc[-1].tolist()[0] == 7


def test_latin_1_and_utf_8(tmp_path):
    text = "größe,b\n" + "\n".join(ROWS)
    assert read(tmp_path, "t.csv", text.encode("latin-1")).frame.columns[0] == "größe"
    assert read(tmp_path, "t.csv", text.encode("utf-8")).frame.columns[0] == "größe"


@pytest.mark.parametrize("mark", ["", "NA", "NaN", "nan", "?", "-", "null", "NULL", " n/a ", "."])
def test_missing_cells(tmp_path, mark):
    rows = [f"{mark},{b},{mark}" if i < 3 else f"{a},{b},x" for i, (a, b) in enumerate(zip(A, B, strict=True))]
    frame = read(tmp_path, "t.csv", "\n".join(["a,b,c", *rows])).frame

    assert frame["a"].dtype == np.float64
    np.testing.assert_array_equal(frame["a"], [np.nan] * 3 + A[3:].tolist())
    assert frame["c"].isna().tolist() == [True] * 3 + [False] * 37
    assert frame["c"].dropna().eq("x").all()


def test_a_few_remarks_among_numbers_are_missing_cells(tmp_path):
    frame = read(tmp_path, "t.csv", CSV.replace(ROWS[5], "<0.1,7")).frame
    assert frame["a"].isna().tolist() == [i == 5 for i in range(40)]


def test_thousands(tmp_path):
    english = read(tmp_path, "t.csv", "a,b\n" + "\n".join(f'"{1000 * i + 5:,}",{b}' for i, b in enumerate(B, 1)))
    assert english.frame["a"].tolist() == [1000 * i + 5 for i in range(1, 41)]
    german = read(tmp_path, "t.csv", "a;b\n" + "\n".join(f"{i}.234,5;{i}" for i in range(1, 41)))
    assert german.frame["a"].tolist() == [1000 * i + 234.5 for i in range(1, 41)]


def test_none_is_a_class_and_no_missing_cell(tmp_path):
    frame = read(tmp_path, "t.csv", "a,class\n" + "\n".join(f"{a},{'none' if a < 5 else 'ill'}" for a in A)).frame
    assert frame["class"].nunique() == 2
    assert corpus.class_column(frame) == "class"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", "", "empty"),
        ("a.csv", "  \n\n", "empty"),
        ("a.csv", "# nothing but this\n", "empty"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "empty"),  # no time: it would be in the name of the test
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-20], "damaged or cut off"),
        ("a.csv.gz", b"\x1f\x8b" + b"no gzip at all" * 9, "damaged or cut off"),
        ("a.csv", bytes(range(256)) * 20, "not a text file"),
        ("a.csv", bytes(range(128, 256)) * 20, "not a text file"),
        ("a.csv", "a\n" + "\n".join(map(str, A)), "only one column"),
        (
            "a.txt",
            "One word.\n" * 3 + "This is a letter, dear friend, not a table.\n" * 20,
            "only one column|different",
        ),
        ("a.csv", "a,b\n" + "\n".join(ROWS[:14]), "14 rows: at least 15"),
        ("a.csv", "\n".join(ROWS[:14]), "14 rows: at least 15"),
        ("a.csv", "a,b\n" + "\n".join(ROW + ",1" * (i % 3) for i, ROW in enumerate(ROWS)), "different numbers"),
        ("a.csv", CSV * 10 + "1,2,3\n", "row 411 has 3, most have 2"),
        ("a.csv", CSV + '"1,2\n' + CSV * 1000, "quotation mark|different numbers"),
    ],
)
def test_broken_files_are_skipped_with_one_line(tmp_path, name, content, reason):
    write(tmp_path, name, content)
    write(tmp_path, "good.csv", CSV)
    tables, (skipped,) = reading.read_folder(tmp_path)

    assert [table.name for table in tables] == ["good"]
    assert skipped.name == name
    assert "\n" not in skipped.reason
    import re

    assert re.search(reason, skipped.reason), skipped.reason


def test_large_files_are_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 1_000_000)
    write(tmp_path, "bomb.csv.gz", gzip.compress(b"1,2\n" * 1_000_000))
    write(tmp_path, "large.csv", b"1,2\n" * 300_000)
    tables, skipped = reading.read_folder(tmp_path)

    assert tables == []
    assert [one.reason for one in skipped] == ["more than 1 MB when unpacked", "more than 1 MB"]


def test_other_files_are_passed_over(tmp_path):
    for name in ("README.md", "readme.txt", "LICENSE.txt", "table.xlsx", "notes", ".hidden.csv"):
        write(tmp_path, name, "nothing")
    (tmp_path / "inside.csv").mkdir()
    write(tmp_path / "inside.csv", "deep.csv", CSV)
    (tmp_path / "lost.csv").symlink_to(tmp_path / "nowhere")

    assert reading.read_folder(tmp_path) == ([], [])


def test_tables_of_one_name_and_names_with_line_breaks(tmp_path):
    for name in ("t.csv", "t.tsv", "two\nlines.csv"):
        write(tmp_path, name, CSV)
    assert [table.name for table in reading.read_folder(tmp_path)[0]] == ["t", "t.tsv", "two?lines"]


def test_whatever_is_in_a_file_nothing_is_raised(tmp_path):
    """Bytes of a good table, changed at random."""
    chance = random.Random(1)
    for good in (CSV.encode(), gzip.compress(CSV.encode()), CSV.replace(",", ";").replace(".", ",").encode()):
        for _ in range(60):
            changed = bytearray(good)
            for _ in range(chance.choice((1, 5, 50))):
                changed[chance.randrange(len(changed))] = chance.choice(b'",;\t|\n\r#\x00\xff 0-.eE')
            write(tmp_path, "t.csv", bytes(changed[: chance.choice((len(changed), 300))]))
            tables, skipped = reading.read_folder(tmp_path)
            assert len(tables) + len(skipped) == 1
            for table in tables:
                corpus.reduced(table, seed=1)


def test_credit_is_read_from_the_folder(tmp_path):
    lines = [
        "| file | rows | origin | licence as documented |",
        "|---|---|---|---|",
        "| `t.csv` | 2 | Here | CC0 [a] |",
    ]
    write(tmp_path, "README.md", "\n".join(lines))
    table = read(tmp_path, "t.csv", CSV)
    assert (table.name, table.origin, table.licence) == ("t", "Here", "CC0")


# What is kept of a table.


def reduced(frame, name="t", seed=1):
    return corpus.reduced(corpus.RawTable(name=name, origin="o", licence="l", frame=frame), seed).source


def test_counts_by_hand():
    """Five columns: an id, a text, two that are as good as one, and another."""
    rng = np.random.default_rng(0)
    cm = rng.normal(170, 10, 200)
    frame = pd.DataFrame(
        {
            "id": np.arange(200),
            "name": [f"person {i}" for i in range(200)],
            "height_cm": cm,
            "height_inches": cm / 2.54 + rng.normal(0, 0.01, 200),
            "income": rng.exponential(1000, 200),
        }
    )
    source = reduced(frame)

    assert (source.rows, source.features, source.continuous, source.kept) == (200, 5, 3, 2)
    assert source.table.columns == ("height_cm", "income")
    np.testing.assert_array_equal(source.table.values, frame[["height_cm", "income"]])
    assert source.table.classes is None


def test_only_measurements_are_continuous():
    rng = np.random.default_rng(0)
    measure = rng.normal(size=200)
    measurements = {
        "measure": measure,
        "one_decimal": (10 * measure).round() / 10,
        "whole_grams": rng.integers(1, 500, 200),
        "sales_per_year": rng.integers(0, 500, 200),
        "large": 1e300 * rng.random(200),
    }
    others = {
        "id": rng.permutation(10_000)[:200],
        "customer_id": rng.permutation(10_000)[:200],
        "zip": rng.integers(10_000, 99_999, 200),
        "running": rng.permutation(200),
        "with_gaps": np.setdiff1d(np.arange(210), [3, 50, 51, 52, 100, 120, 150, 151, 152, 153]),
        "seconds": np.arange(200) / 4,
        "person": np.repeat(np.arange(50), 4),
        "year": rng.integers(0, 99, 200),
        "built": rng.integers(1900, 2020, 200),
        "day": rng.integers(1, 32, 200),
        "flag": rng.integers(0, 2, 200),
        "count": rng.integers(0, 12, 200),
        "level": rng.integers(0, 8, 200) / 10,
        "mostly_zero": np.where(rng.random(200) < 0.7, 0, measure),
        "hardly_known": np.where(np.arange(200) < 14, measure, np.nan),
        "infinite": np.full(200, np.inf),
        "text": ["x"] * 200,
        "truth": rng.random(200) < 0.5,
    }
    for name, values in measurements.items():
        assert corpus.is_continuous(name, np.asarray(values, dtype=np.float64)), name
    source = reduced(pd.DataFrame(others))
    assert source.table.columns == ()
    assert source.features == len(others)


def test_infinity_is_a_missing_cell():
    frame = pd.DataFrame({"a": np.where(np.arange(40) < 5, np.inf, A), "b": B})
    assert np.isnan(reduced(frame).table.values[:5, 0]).all()


def test_near_copies_are_found_where_both_are_known():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100))
    values = np.column_stack([a, np.where(np.arange(100) < 50, np.nan, -a), b, 1e200 * b, np.where(a > 9, a, np.nan)])
    assert corpus.without_near_copies(values) == [0, 2, 4]
    ours, theirs = corpus._correlations(values[:, :3]), pd.DataFrame(values[:, :3]).corr().to_numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_a_wide_table_is_cut_for_training_alone():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 100)), columns=[f"c{i}" for i in range(100)])
    source = reduced(frame)
    assert (source.continuous, source.kept, source.table.values.shape) == (100, 100, (60, corpus.MAX_COLUMNS))
    assert source.table.columns == reduced(frame).table.columns != reduced(frame, seed=2).table.columns


LABELS = {
    "called Species": ("Species", ["x", "y"] * 20, 2),
    "codes called class": ("class", [7, 2] * 20, 2),
    "the only text": ("region", ["n", "s", "w"] * 13 + ["n"], 3),
    "a rare class besides": ("class", ["x", "y"] * 19 + ["z", "z"], 3),
    "truth values called outcome": ("outcome", [True, False] * 20, 2),
    "one class": ("class", ["x"] * 40, None),
    "small classes": ("class", ["w", "x", "y", "z"] * 10, None),
    "many classes": ("class", [f"x{i}" for i in range(40)], None),
    "small whole numbers of another name": ("rooms", [1, 2] * 20, None),
    "codes called type": ("type", [1, 2] * 20, None),
    "a response called target": ("target", B, None),
    "mostly unknown": ("class", ["x"] * 5 + [None] * 35, None),
}


@pytest.mark.parametrize(("name", "values", "classes"), LABELS.values(), ids=LABELS)
def test_class_labels(name, values, classes):
    source = reduced(pd.DataFrame({"a": A, name: values}))
    if classes is None:
        assert source.table.classes is None
        assert source.features == 2
    else:
        codes = source.table.classes
        assert codes.shape == (40,)
        assert set(codes.tolist()) == set(range(classes))
        assert source.features == 1


def test_two_texts_are_no_class_unless_one_is_called_so():
    frame = pd.DataFrame({"a": A, "sex": ["f", "m"] * 20, "place": ["n", "s"] * 20})
    assert corpus.class_column(frame) is None
    assert corpus.class_column(frame.rename(columns={"place": "Diagnosis "})) == "Diagnosis "
    assert corpus.class_column(frame.drop(columns="place")) == "sex"


def test_rows_of_unknown_class_are_left_out():
    labels = ([None, "x", "y"] * 14)[:40]
    source = reduced(pd.DataFrame({"a": A, "class": labels}))
    known = np.arange(40) % 3 > 0
    np.testing.assert_array_equal(source.table.values[:, 0], A[known])
    assert source.table.classes.tolist() == [0, 1] * 13
    assert source.rows == 40


# The whole corpus.


@pytest.fixture(scope="module")
def bundled():
    return corpus.load(None, seed=1)


def names(sources):
    return [source.table.name for source in sources]


def test_bundled_tables_are_split_with_and_without_classes_on_both_sides(bundled):
    for seed in (1, 2, 3):
        split = corpus.load(None, seed) if seed > 1 else bundled
        everything = (*split.trained, *split.held_out)
        assert sorted(names(everything)) == sorted(names((*bundled.trained, *bundled.held_out)))
        assert 0.1 < len(split.held_out) / len(everything) < 0.25
        for side in (split.trained, split.held_out):
            assert {source.table.classes is None for source in side} == {True, False}
        for source in everything:
            assert source.features >= source.continuous >= source.kept >= len(source.table.columns) >= 1
            assert source.table.values.shape[1] == len(source.table.columns)
    assert names(corpus.load(None, 1).held_out) == names(bundled.held_out)
    assert "statsmodels-fair" in {skipped.name for skipped in bundled.skipped}


def test_an_unusable_file_changes_nothing(tmp_path):
    write(tmp_path, "own.csv", CSV)
    before = corpus.load(tmp_path, seed=3)
    write(tmp_path, "aaa.csv", "only one column\n")
    write(tmp_path, "texts.csv", "a,b\n" + "x,y\n" * 30)
    after = corpus.load(tmp_path, seed=3)

    assert names(before.trained) == names(after.trained)
    assert names(before.held_out) == names(after.held_out)
    assert "own" in names(after.trained + after.held_out)
    assert {one.name for one in after.skipped} - {one.name for one in before.skipped} == {"aaa.csv", "texts"}


def test_a_data_set_in_two_places_is_taken_once(tmp_path):
    iris(tmp_path)
    frame = pd.read_csv(tmp_path / IRIS).sample(frac=1, random_state=1).iloc[1:, ::-1]  # another order, a row less
    frame.columns = ["species", "d", "c", "b", "a"]
    frame.to_csv(tmp_path / "zzz.tsv", index=False, sep="\t")
    found = corpus.load(tmp_path, seed=1)

    assert [name for name in names(found.trained + found.held_out) if "iris" in name or "zzz" in name] == ["iris"]
    reasons = {one.name: one.reason for one in found.skipped}
    assert reasons["zzz"] == reasons["sklearn-iris"] == "the same data as iris: taken once"


def test_different_data_with_as_many_rows_are_two_data_sets():
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame(rng.normal(size=(500, 30)), columns=[f"c{i}" for i in range(30)]) for _ in range(2)]
    a, b = (
        corpus.reduced(corpus.RawTable(name=n, origin="", licence="", frame=f), 1)
        for n, f in zip("ab", frames, strict=True)
    )
    assert not corpus._same_data(a, b)
    assert corpus._same_data(a, a)


def test_tables_of_the_same_columns_stay_together(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "bundled_tables", list)
    rng = np.random.default_rng(0)
    for i in range(12):
        rows = rng.normal(i // 3, 1, (50, 3))
        header = [f"x{i // 3}", f"Y{i // 3}", f"z{i // 3}"]
        header = [name.lower() for name in header] if i % 2 else header[::-1]
        pd.DataFrame(rows, columns=header).to_csv(tmp_path / f"t{i}.csv", index=False)
    sides = set()
    for seed in range(12):
        held_out = set(names(corpus.load(tmp_path, seed).held_out))
        for family in range(4):
            inside = {f"t{3 * family + i}" in held_out for i in range(3)}
            assert len(inside) == 1
            sides |= inside
    assert sides == {True, False}


def test_folders_that_are_none(tmp_path):
    write(tmp_path, "notes.md", "nothing")
    with pytest.raises(PlotbankError, match="there is no such folder"):
        corpus.load(tmp_path / "none", seed=1)
    with pytest.raises(PlotbankError, match="this is a file"):
        corpus.load(tmp_path / "notes.md", seed=1)
    with pytest.raises(PlotbankError, match="no table there"):
        corpus.load(tmp_path, seed=1)
    write(tmp_path, "texts.csv", "a,b\n" + "x,y\n" * 30)
    with pytest.raises(PlotbankError, match="no usable table there .*texts: none of its 2 columns is continuous"):
        corpus.load(tmp_path, seed=1)


# Pools.


class FakeKind:
    """Five values of a column; the condition is which third of the column's range their mean lies in."""

    name, parts, width, cells = "fake", 6, 1, 3
    features = tuple(
        Feature(name=name, low=0, high=1, step=1, exact=0, meaning="", usual=(0, 1)) for name in ("third", "mean")
    )

    def real(self, table, rng):
        column = table.values[:, rng.integers(len(table.columns))]
        if rng.random() < 0.1:
            return None
        data = rng.choice(column, 5)[:, None]
        third = min(2, int(3 * data.mean()))
        return Real(data=np.vstack([data, [[0.0]]]), condition={"mean": float(data.mean()), "third": third})

    def cell(self, condition):
        return int(condition["third"])


def source(values, name="t"):
    table = Table(name=name, columns=tuple("abcdefgh"[: values.shape[1]]), values=values)
    return Source(table=table, origin="", licence="", rows=len(values), features=1, continuous=1, kept=1)


def test_a_pool_is_balanced():
    sources = [source(np.random.default_rng(i).random((100, 4))) for i in range(3)]  # four fifths in the second third
    pool = corpus.draw_pool(FakeKind(), sources, 200, np.random.default_rng(1))
    thirds = np.bincount(pool.condition[:, 0].astype(int), minlength=3)

    assert len(pool) == 200
    assert thirds.max() == 100  # ceil(1.5 * 200 / 3)
    assert thirds.min() >= 10
    assert (pool.data.shape, pool.condition.shape) == ((200, 6, 1), (200, 2))
    assert (pool.data.dtype, pool.condition.dtype, pool.table.dtype) == (np.float32, np.float32, np.int64)
    np.testing.assert_allclose(pool.data[:, :5].mean(axis=(1, 2)), pool.condition[:, 1], rtol=1e-5)
    again = corpus.draw_pool(FakeKind(), sources, 200, np.random.default_rng(1))
    np.testing.assert_array_equal(pool.data, again.data)


def test_a_cell_that_cannot_be_filled_makes_the_pool_smaller():
    pool = corpus.draw_pool(FakeKind(), [source(np.full((50, 1), 0.5))], 90, np.random.default_rng(1))
    assert len(pool) == 45
    assert set(pool.condition[:, 0]) == {1.0}


def test_tables_weigh_about_the_same_and_small_ones_less():
    sources = [source(np.random.default_rng(0).random((100, columns))) for columns in (1, 2, 4, 8)]
    pool = corpus.draw_pool(SimpleNamespace(**balanced()), sources, 8000, np.random.default_rng(1))
    np.testing.assert_allclose(np.bincount(pool.table) / 8000, [0.1, 0.1, 0.4, 0.4], atol=0.02)


def balanced():
    fake = FakeKind()
    return {
        **{name: getattr(fake, name) for name in ("name", "parts", "width", "features", "real")},
        "cells": 1,
        "cell": lambda condition: 0,
    }


def test_no_plot_at_all_is_one_clear_line():
    never = SimpleNamespace(**balanced() | {"real": lambda table, rng: None})
    with pytest.raises(PlotbankError, match=r"no plot of the kind 'fake' could be drawn from 1 table"):
        corpus.draw_pool(never, [source(np.ones((20, 1)))], 10, np.random.default_rng(1))
    with pytest.raises(PlotbankError, match="from 0 tables"):
        corpus.draw_pool(never, [], 10, np.random.default_rng(1))
