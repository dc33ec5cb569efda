"""`plotbank data`: what a person sees of a folder of tables, good and broken."""

import re
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from plotbank.cli import main

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("statsmodels")


@pytest.fixture
def run():
    def invoke(*words, code=0):
        result = CliRunner().invoke(main, ["data", *map(str, words)], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def folder(tmp_path):
    """One good table of five columns (an id, a text, two that are as good as one, and another), and broken files."""
    rng = np.random.default_rng(0)
    cm = rng.normal(170, 10, 200)
    frame = pd.DataFrame(
        {
            "id": range(200),
            "name": [f"p{i}" for i in range(200)],
            "cm": cm,
            "inches": cm / 2.54,
            "income": rng.exponential(1, 200),
        }
    )
    frame.to_csv(tmp_path / "people-with-a-name-longer-than-the-column-for-names.csv", index=False)
    (tmp_path / "README.md").write_text("no table")
    (tmp_path / "broken.csv.gz").write_bytes(b"\x1f\x8b and no more")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "texts.csv").write_text("a,b\n" + "x,y\n" * 30)
    return tmp_path


def test_a_folder_with_good_and_broken_files(run, folder):
    result = run(folder)
    shown = result.output

    assert result.stderr == ""
    name = "people-with-a-name-longer-than-the-column-for-names"
    assert re.search(rf"^{name}\n +200 +5 +- +10 +3 +1 +5 +3 +2$", shown, re.MULTILINE)
    assert re.search(r"^the folder's tables: 1 +200 +5 +10 +3 +1 +5 +3 +2$", shown, re.MULTILINE)
    assert re.search(r"^sklearn-iris +150 +4 +3 +6 +6 +6 +4 +4 +4$", shown, re.MULTILINE)
    left_out = shown.partition("Left out:\n")[2].partition("\n\n")[0].splitlines()
    assert left_out[:4] == [
        "  broken.csv.gz: the gzip file is damaged or cut off",
        "  empty.csv: the file is empty",
        "  noise.csv: not a text file",
        "  texts: none of its 2 columns is continuous: only text, codes, flags, years or counts",
    ]
    assert "README" not in shown
    assert "\x1b" not in shown
    assert max(len(line) for line in shown.splitlines()) <= 110


def test_totals_are_the_sums_of_the_rows(run):
    lines = run().output.splitlines()
    rows = [line.split()[1:] for line in lines if line.startswith(("sklearn-", "statsmodels-")) and ":" not in line]
    rows = [[int(cell.replace(",", "")) for cell in (*row[:2], *row[3:])] for row in rows]
    totals = [sum(column) for column in zip(*rows, strict=True)]

    assert next(line for line in lines if line.startswith("the bundled tables")).split()[3:] == [
        str(len(rows)),
        *(f"{total:,}" for total in totals),
    ]
    text = " ".join(" ".join(lines).split())
    scatter, single = ([f"{total:,}" for total in totals[i : i + 3]] for i in (2, 5))
    for name, counts in (("scatter plots", scatter), ("box plots", single), ("histograms", single)):
        assert "{} {} of all columns, {} of continuous ones, {} kept".format(name, *counts) in text


def test_the_split_names_every_table_once(run):
    output = run("--seed", 5).output
    listed = re.findall(r"^((?:sklearn|statsmodels)-\S+)", output, re.MULTILINE)
    split = " ".join(output.partition("with the seed 5:\n")[2].split())
    trained, held_out = re.fullmatch(r"trained on \(\d+\): (.+) held out \(\d+\): (.+)", split).groups()

    assert sorted((*trained.split(", "), *held_out.split(", "))) == sorted(listed)
    assert run("--seed", 5).output == output


def test_refusals_are_one_line(run, folder):
    def refused(path):
        result = run(path, code=2)
        assert result.stdout == ""
        assert re.fullmatch(r"plotbank: .+\n", result.stderr)
        return result.stderr

    assert "there is no such folder" in refused(folder / "none")
    assert "this is a file" in refused(folder / "empty.csv")
    next(folder.glob("people*")).unlink()
    line = refused(folder)
    assert "no usable table there (broken.csv.gz: the gzip file is damaged or cut off; empty.csv: " in line
    assert "and 1 more)" in line


@pytest.mark.parametrize("missing", ["pandas", "sklearn", "statsmodels"])
def test_without_the_extra(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from plotbank.cli import main; main(['data'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"plotbank: {missing}")
    assert done.stderr.endswith("pip install 'plotbank[train]'\n")
    assert done.stderr.count("\n") == 1


def test_torch_is_not_needed():
    code = "import sys; from plotbank.cli import main; main(['data'], standalone_mode=False); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
