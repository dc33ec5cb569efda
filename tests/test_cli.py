"""The command line: what people see, every refusal in one line with exit status 2, and nothing half-written."""

import csv
import json
import os
import pty
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from plotbank.cli import expected_sharing, main
from plotbank.models import latest

from .conftest import EXAMPLE, ROOT


@pytest.fixture
def run():
    def invoke(*words, code=0):
        result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def started(run, tmp_path):
    """A folder made by `plotbank init`."""
    run("init", tmp_path / "quiz")
    return tmp_path / "quiz"


def refused(run, *words):
    """The one line that a refusal prints; nothing goes to standard output."""
    result = run(*words, code=2)
    assert result.stdout == ""
    assert re.fullmatch(r"plotbank: .+\n", result.stderr), result.stderr
    return result.stderr


def commands(command, words=()):
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


@pytest.mark.parametrize("words", list(commands(main)), ids=lambda words: " ".join(words) or "plotbank")
def test_every_command_has_help_that_stands_in_the_docs(run, words):
    shown = CliRunner().invoke(main, [*words, "--help"], prog_name="plotbank", terminal_width=100).output
    heading = "## `" + " ".join(["plotbank", *words]) + "`"
    command = main
    for word in words:
        command = command.commands[word]

    assert command.help.splitlines()[0].endswith(".")
    assert f"{heading}\n\n```text\n{shown}```\n" in (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")


def test_the_version(run):
    assert run("--version").output == "plotbank, version 0.1.0\n"


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from plotbank.cli import main; main(['--help'], standalone_mode=False);"
        "heavy = {'numpy', 'matplotlib', 'onnxruntime', 'pandas', 'lxml', 'rich', 'torch'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_init_check_build_verify(run, started):
    checked = run("check", started / "quiz.toml", "--roster", started / "roster.csv").output
    assert "5 students (plain columns), told apart by 'id'." in checked
    assert "31 different answers" in checked
    assert "tolerance 0.075 to 0.155" in checked
    assert checked.endswith("The quiz can be built.\n")

    built = run("build", started / "quiz.toml", "--roster", started / "roster.csv", "-o", started / "bank").output
    assert "All 10 keys were proved from the pictures." in built
    assert f"  {started / 'bank/moodle/my-first-quiz.xml'}\n" in built
    assert f"  {started / 'bank/canvas/my-first-quiz.zip'}\n" in built
    assert "of 5 students about 3 will share a variant" in built
    assert stat.S_IMODE((started / "quiz.secret").stat().st_mode) == 0o600

    assert run("verify", started / "bank").output == "20 of 20 items proved, in 2 packages.\n"


def test_a_second_build_uses_the_same_secret(run, started):
    words = [
        "build",
        started / "quiz.toml",
        "--roster",
        started / "roster.csv",
        "--to",
        "moodle",
        "-o",
        started / "bank",
    ]
    assert "A new secret was made" in run(*words).output
    first = (started / "bank/moodle/my-first-quiz.xml").read_bytes()
    assert "A new secret was made" not in run(*words, "--overwrite").output
    assert (started / "bank/moodle/my-first-quiz.xml").read_bytes() == first
    assert not (started / "bank/canvas").exists()


def test_verify_says_what_is_wrong_and_exits_with_1(run, started):
    run("build", started / "quiz.toml", "--roster", started / "roster.csv", "--to", "moodle", "-o", started / "bank")
    (started / "bank/moodle/my-first-quiz.xml").unlink()
    result = run("verify", started / "bank", code=1)

    assert "moodle/my-first-quiz.xml: the package is missing\n" in result.output
    assert result.output.endswith("findings: do not use this bank.\n")


def test_output_is_quiet_when_piped(run, started):
    result = run("build", started / "quiz.toml", "--roster", started / "roster.csv", "-o", started / "bank")

    assert result.stderr == ""
    assert "\x1b" not in result.output
    assert "\r" not in result.output


def test_a_terminal_sees_progress_with_an_estimate(started):
    """Standard error is a pseudo-terminal of 100 columns; standard output stays a pipe."""
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "plotbank", "build", "quiz.toml", "--roster", "roster.csv", "-o", "bank"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(command, cwd=started, stderr=inner, stdout=subprocess.PIPE, env=environment, check=True)
    os.close(inner)
    shown = os.read(outer, 1_000_000).decode(errors="replace")
    os.close(outer)

    assert "Building" in shown
    assert "/10" in shown
    assert re.search(r"\d:\d\d:\d\d|-:--:--", shown)
    assert b"Building" not in done.stdout


def test_templates(run, tmp_path):
    listed = run("templates", "list").output
    assert re.search(r"^scatter/choose-r\s+choice\s+Choose the correlation$", listed, re.MULTILINE)
    assert run("templates", "show", "scatter/estimate-r").output.startswith("+++\n")
    run("templates", "new", tmp_path / "own.md", "--like", "scatter/choose-r")
    assert (tmp_path / "own.md").read_text(encoding="utf-8") == run("templates", "show", "scatter/choose-r").output


def test_models(run):
    name = latest("scatter").name
    listed = rf"^{name}  \(gan, for scatter\): r -0.95 to 0.95, n 15 to 100, bend .*, clusters 1 to 3$"
    assert re.search(listed, run("models", "list").output, re.MULTILINE)
    shown = run("models", "show", name).output
    assert '"kind": "scatter"' in shown
    assert re.search(rf"\n{name}: the network is .*, and runs here; [\d,]+ real plots are known\.\n$", shown)


def test_models_are_listed_by_family(run, monkeypatch, tmp_path):
    """A box plot's 29 features are eight conditions to people."""
    from plotbank.generator.kinds.boxplot import KIND

    ranges = {feature.name: {"low": feature.low, "high": feature.high, "trained": [0, 1]} for feature in KIND.features}
    card = json.loads((latest("scatter").folder / "card.json").read_text(encoding="utf-8"))
    (tmp_path / "boxplot-v1").mkdir()
    (tmp_path / "boxplot-v1" / "card.json").write_text(json.dumps(card | {"kind": "boxplot", "conditions": ranges}))
    monkeypatch.setattr("plotbank.models.files", lambda package: tmp_path)

    assert run("models", "list").output.startswith("boxplot-v1  (gan, for boxplot): groups 1 to 4, n 11 to 50, median ")
    assert "iqr2" not in run("models", "list").output


def test_refusals(run, started, tmp_path):
    quiz, roster, bank = started / "quiz.toml", started / "roster.csv", started / "bank"
    build = ("build", quiz, "--roster", roster, "-o", bank)
    (tmp_path / "bad.csv").write_text("id,name\n1,A\n1,B\n")
    (tmp_path / "bad.secret").write_text("hello")
    before = sorted(started.iterdir())

    assert "no such quiz file" in refused(run, "build", tmp_path / "no.toml", "--roster", roster, "-o", bank)
    assert "no.csv" in refused(run, "build", quiz, "--roster", tmp_path / "no.csv", "-o", bank)
    assert "bad.csv" in refused(run, "build", quiz, "--roster", tmp_path / "bad.csv", "-o", bank)
    assert "--to scorm: there is no such format: known are canvas, moodle" in refused(run, *build, "--to", "scorm")
    assert "there is no such secret file" in refused(run, *build, "--secret", tmp_path / "no.secret")
    assert "this is not a secret" in refused(run, *build, "--secret", tmp_path / "bad.secret")
    assert "does not exist: make it first" in refused(
        run, "build", quiz, "--roster", roster, "-o", tmp_path / "no" / "bank"
    )
    assert "this is there already, and nothing was changed" in refused(run, "init", started)
    assert "this is a file: give the name of a folder" in refused(run, "init", quiz)
    assert "there is no such folder" in refused(run, "verify", tmp_path / "none")
    assert "not a whole bank" in refused(run, "verify", started)
    assert "no template 'x': known are" in refused(run, "templates", "show", "x")
    assert "ends in .md" in refused(run, "templates", "new", tmp_path / "own.txt")
    assert "is there already" in refused(run, "templates", "new", started / "three-options.md")
    assert "there is no model 'x'" in refused(run, "models", "show", "x")
    assert sorted(started.iterdir()) == before


def test_cuda_is_refused_where_there_is_none(run, started):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime offers CUDA")
    words = ("build", started / "quiz.toml", "--roster", started / "roster.csv", "-o", started / "bank")

    assert "--device cuda: this ONNX Runtime has no CUDA: pip install 'plotbank[gpu]'" in refused(
        run, *words, "--device", "cuda"
    )
    assert sorted(p.name for p in started.iterdir()) == ["quiz.toml", "roster.csv", "three-options.md"]


def test_a_label_that_cannot_be_drawn_is_found_by_check(run, started):
    quiz = started / "quiz.toml"
    quiz.write_text(quiz.read_text().replace("Exam score", "試験"))

    assert "characters that cannot be drawn" in refused(run, "check", quiz)


def test_too_many_students_for_distinct_answers(run, tmp_path):
    quiz, roster = tmp_path / "quiz.toml", EXAMPLE / "roster.csv"
    quiz.write_text((EXAMPLE / "quiz.toml").read_text().replace("points = 2", 'points = 2\ndistinct = "answer"'))
    line = refused(run, "check", quiz, "--roster", roster)

    assert "allows 31 different answers, and 40 students are to have one each (40 - 31 = 9 too few)" in line
    assert refused(run, "build", quiz, "--roster", roster, "-o", tmp_path / "bank") == line
    assert sorted(p.name for p in tmp_path.iterdir()) == ["quiz.toml"]


def test_wrong_words_are_refused_by_click_with_status_2(run):
    run("biuld", code=2)
    run("build", code=2)


def _heed_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _ignore_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("how", "before_it"),
    [(signal.SIGINT, _heed_interrupts), (signal.SIGTERM, _heed_interrupts), (signal.SIGTERM, _ignore_interrupts)],
)
def test_an_interrupted_build_leaves_nothing_behind(tmp_path, how, before_it):
    """No bank, no scratch folder, no secret; also where a shell started it in the background."""
    roster, quiz = tmp_path / "roster.csv", Path(shutil.copy(EXAMPLE / "quiz.toml", tmp_path))
    with roster.open("w", newline="") as file:
        csv.writer(file).writerows([["id"], *([str(i)] for i in range(3000))])
    before = sorted(tmp_path.iterdir())
    command = [sys.executable, "-m", "plotbank", "build", quiz, "--roster", roster]
    process = subprocess.Popen(
        [*map(str, command), "-o", str(tmp_path / "bank")],
        stderr=subprocess.PIPE,
        preexec_fn=before_it,  # pytest-xdist's workers ignore interrupts, and so would their children
    )
    deadline = time.monotonic() + 60
    while not _some_items(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _some_items(tmp_path), "the build never began"
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)

    assert process.returncode != 0
    assert b"Traceback" not in errors
    assert sorted(tmp_path.iterdir()) == before


def _some_items(folder: Path) -> bool:
    return any(path.stat().st_size > 0 for path in folder.glob(".bank.*.partial/moodle/*"))


@pytest.mark.parametrize(("students", "sharing"), [(1, 0), (2, 1), (30, 18.8), (40, 25.1)])
def test_expected_sharing(students, sharing):
    """Two students and two variants: they share with probability 1/2, and then both do."""
    assert expected_sharing(students) == pytest.approx(sharing, abs=0.05)
