"""The command line: what people see, every refusal in one line with exit status 2, and nothing half-written."""

import csv
import json
import os
import pty
import re
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

from .conftest import ROOT, rows


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


TINY = """
[quiz]
title = "Tiny"
id = "tiny"
picture = { size = [400, 300], density = 1 }
[[question]]
template = "scatter/estimate-r"
r = [0.6, 0.7]
n = [20, 25]
"""


@pytest.fixture
def tiny(tmp_path):
    """A folder with a quiz of one question for three students."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "quiz.toml").write_text(TINY)
    (folder / "roster.csv").write_text("id,name\ns1,A\ns2,B\ns3,C\n")
    return folder


def building(folder, *more):
    return ("build", folder / "quiz.toml", "--roster", folder / "roster.csv", "-o", folder / "bank", *more)


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


def unwrapped(output):
    return " ".join(output.split())


def test_init_check_build_verify(run, started):
    """What every instructor does first, with the sample as it comes."""
    checked = run("check", started / "quiz.toml", "--roster", started / "roster.csv").output
    assert "5 students (plain columns), told apart by 'id'." in checked
    assert "Question q1: Estimate the correlation (scatter/estimate-r, 2 points)" in checked
    said = unwrapped(checked)
    assert re.search(r"\d+ conditions; every picture is drawn anew\. As in plots of real data: bend, fan, ", said)
    assert re.search(r"\d+ different answers are possible\.", said)
    assert re.search(r"Clarity 1\.\d to \d\.\d \(median \d\.\d\); tolerance 0\.\d+ to 0\.\d+\.", said)
    assert re.search(r"Predicted: \d\d% answer right, varying by 0\.\d\d logits between students\.", said)
    assert re.search(r"Of \d+ draws by the network, \d+% were refused and drawn again", said)
    assert "Warning" not in said
    assert checked.endswith("The quiz can be built.\n")

    built = run(*building(started)).output
    questions = checked.count("Question q")
    assert f"All {5 * questions} keys were proved from the pictures." in built
    for name in ("moodle/my-first-quiz.xml", "canvas/my-first-quiz.zip"):
        size = (started / "bank" / name).stat().st_size
        assert f"  {started / 'bank' / name} ({size / 1e6:.1f} MB)\n" in built
    assert "of 5 students about 3 will share a variant" in built
    assert re.search(r"Predicted difficulty varies by 0\.\d\d logits\.", built)
    assert stat.S_IMODE((started / "quiz.secret").stat().st_mode) == 0o600

    items = 10 * questions
    *certificates, verdict = run("verify", started / "bank").output.splitlines()
    assert verdict == f"{items} of {items} items proved, in 2 packages."
    assert len(certificates) == questions
    for number, line in enumerate(certificates, start=1):
        pair = rf"q{number}_[0-9a-f]{{16}}"
        said = rf"Question q{number}: 5 variants; most alike are {pair} and {pair}, 0\.\d+ apart; an answer is shared by \d\."
        assert re.fullmatch(said, line)


def test_a_second_build_uses_the_same_secret(run, tiny):
    words = building(tiny, "--to", "moodle")
    assert "A new secret was made" in run(*words).output
    first = (tiny / "bank/moodle/tiny.xml").read_bytes()
    assert "A new secret was made" not in run(*words, "--overwrite").output
    assert (tiny / "bank/moodle/tiny.xml").read_bytes() == first
    assert not (tiny / "bank/canvas").exists()


def test_verify_says_what_is_wrong_and_exits_with_1(run, tiny):
    run(*building(tiny, "--to", "moodle"))
    (tiny / "bank/moodle/tiny.xml").unlink()
    result = run("verify", tiny / "bank", code=1)

    assert "moodle/tiny.xml: the package is missing\n" in result.output
    assert result.output.endswith("findings: do not use this bank.\n")


def test_output_is_quiet_when_piped(run, tiny):
    result = run(*building(tiny))

    assert result.stderr == ""
    assert "\x1b" not in result.output
    assert "\r" not in result.output


def test_a_terminal_sees_progress_with_an_estimate(tiny):
    """Standard error is a pseudo-terminal of 100 columns; standard output stays a pipe."""
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "plotbank", "build", "quiz.toml", "--roster", "roster.csv", "-o", "bank"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(command, cwd=tiny, stderr=inner, stdout=subprocess.PIPE, env=environment, check=True)
    os.close(inner)
    shown = os.read(outer, 1_000_000).decode(errors="replace")
    os.close(outer)

    assert "Building" in shown
    assert "/3" in shown
    assert re.search(r"\d:\d\d:\d\d|-:--:--", shown)
    assert b"Building" not in done.stdout


def test_accommodated_students(run, tiny):
    built = run(*building(tiny, "--accommodate", "s2", "--accommodate", "s3", "--to", "moodle")).output

    assert f"  {tiny / 'bank/moodle/tiny.xml'} (" in built
    assert f"  {tiny / 'bank/moodle/tiny-data.xml'} (" in built
    assert {row["student"]: row["accommodated"] for row in rows(tiny / "bank")} == {"s1": "", "s2": "yes", "s3": "yes"}
    assert run("verify", tiny / "bank").output.endswith("\n3 of 3 items proved, in 2 packages.\n")


def test_an_unknown_student_to_accommodate_is_refused(run, tiny):
    line = refused(run, *building(tiny, "--accommodate", "s4"))

    assert line == "plotbank: no student has the id 's4' (students are told apart by 'id')\n"
    assert sorted(p.name for p in tiny.iterdir()) == ["quiz.toml", "roster.csv"]


@pytest.mark.parametrize(
    ("lines", "warning"),
    [
        (
            'template = "scatter/choose-r"\nr = 0.7\nn = 40',
            r"Warning: always answering '0\.70' would be right for 100% of the students \(by chance 25%\): ask for more "
            r"varied conditions\.",
        ),
        (
            'template = "boxplot/skew"\nskew1 = 0.5\nlower1 = 0.4\nupper1 = 1.1',
            r"Warning: always answering 'skewed to the right \(a longer tail towards large values\)' would be right for 100% ",
        ),
    ],
)
def test_check_warns_of_keys_that_can_be_guessed(run, tiny, lines, warning):
    (tiny / "quiz.toml").write_text(TINY[: TINY.index("[[question]]")] + f"[[question]]\n{lines}\n")

    assert re.search(warning, unwrapped(run("check", tiny / "quiz.toml").output))


def test_check_warns_where_answers_will_be_shared_or_cannot_differ(run, tiny):
    roster = tiny / "many.csv"
    roster.write_text("id\n" + "".join(f"s{i}\n" for i in range(30)))
    said = unwrapped(run("check", tiny / "quiz.toml", "--roster", roster).output)

    assert re.search(r"(10|11) different answers are possible\.", said)
    assert "So some of 30 students will share an answer, though not a picture." in said
    choose = TINY.replace("scatter/estimate-r", "scatter/choose-r").replace("[0.6, 0.7]", "0.7")
    (tiny / "quiz.toml").write_text(choose + 'distinct = "answer"\n')
    said = unwrapped(run("check", tiny / "quiz.toml", "--roster", roster).output)
    assert re.search(
        r"Warning: 30 students are to have different answers, but about \d+ seem possible: widen the conditions, or write "
        r'distinct = "picture"\.',
        said,
    )


def test_check_says_which_draws_are_refused_most_often(run, tiny):
    """Of so few points, one matters often."""
    assert re.search(
        r"Of \d+ draws by the network, \d+% were refused and drawn again, most often: not what the template requires\.",
        unwrapped(run("check", tiny / "quiz.toml").output),
    )


def test_templates(run, tmp_path):
    listed = run("templates", "list").output
    assert re.search(r"^scatter/choose-r\s+choice\s+Choose the correlation$", listed, re.MULTILINE)
    assert re.search(r"^boxplot/statements\s+multiple\s+Statements about two box plots$", listed, re.MULTILINE)
    assert re.search(r"^histogram/which-boxplot\s+choice\s+Which box plot ", listed, re.MULTILINE)
    assert listed.splitlines() == sorted(listed.splitlines())
    assert len(listed.splitlines()) >= 30
    assert run("templates", "show", "scatter/estimate-r").output.startswith("+++\n")
    run("templates", "new", tmp_path / "own.md", "--like", "boxplot/statements")
    assert (tmp_path / "own.md").read_text(encoding="utf-8") == run("templates", "show", "boxplot/statements").output


def test_contexts(run):
    listed, boxes = run("contexts").output, run("contexts", "--kind", "boxplot").output

    assert re.search(r"^heating\s+scatter\s+On a number of days a family ", listed, re.MULTILINE)
    assert len(listed.splitlines()) >= 40
    assert {line.split()[1] for line in boxes.splitlines()} == {"boxplot"}
    assert set(boxes.splitlines()) < set(listed.splitlines())
    assert refused(run, "contexts", "--kind", "pie") == (
        "plotbank: there is no kind 'pie': known are scatter, boxplot, histogram\n"
    )


OWN = """+++
kind = "scatter"
type = "choice"
title = "Mine"
reads = "r"
conditions = { r = { values = [-0.7, -0.6, 0.6, 0.7] }, n = 40 }
key = "r"
decimals = 2
unit = "correlation"
options = "pairs(r, 2.5)"
clarity = 2.5
+++

# Stem

{{ intro }} Which?

# Feedback

It is {{ key }}.
"""


def test_a_template_is_tried(run, tmp_path):
    (tmp_path / "own.md").write_text(OWN)
    said = run("templates", "check", tmp_path / "own.md").output

    assert said.startswith("Mine (own.md), in en\n")
    assert re.search(r"About \d+ different answers \(key and options\), by \d+ trials\.", unwrapped(said))
    assert re.search(r"Clarity 2\.\d to \d\.\d", said)
    assert said.endswith("The template can be used.\n")
    built_in = run("templates", "check", "scatter/slope").output
    assert built_in.startswith("Read the slope of a line (scatter/slope), in en\n")
    assert [p.name for p in tmp_path.iterdir()] == ["own.md"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            'key = "r"',
            'key = "r +"',
            "own.md: line 7: key: 'r +' is not understood: unexpected 'end of print statement'",
        ),
        ('key = "r"', "key = r", "own.md: line 7: this is not TOML: Invalid value"),
        ("{{ intro }}", "{{ intro }", "own.md: line 16: unexpected '}'"),
        ('key = "r"', 'key = "rho"', "own.md: line 7: key: 'rho' cannot be measured in a picture: what can is "),
        ("{{ intro }}", "{{ intr }}", "own.md: line 16: 'intr' is undefined: did you mean 'intro'?"),
        ('key = "r"', 'key = "[r]"', "own.md: line 7: key: '[r]' works out to [-0.699"),
        ('key = "r"', 'key = "r > 0"', "own.md: line 7: key: 'r > 0' works out to False, which is not a number"),
        (
            '"pairs(r, 2.5)"',
            '"[r, r, 0.1]"',
            "cannot ask about r = -0.7 (own.md: line 10: options: two options are alike): choose another template",
        ),
        ('"pairs(r, 2.5)"', '"[r]"', "own.md: line 10: options: write 2 to 8 options, not 1"),
        ('"pairs(r, 2.5)"', '"range(10 ** 9)"', "own.md: line 10: options: a range has at most 1000 numbers"),
        (
            "{{ intro }}",
            "{% for i in range(10 ** 9) %}x{% endfor %}",
            "own.md: line 16: a range has at most 1000 numbers",
        ),
        (
            "{{ intro }}",
            "{% for i in range(999) %}{% for j in range(999) %}x{% endfor %}{% endfor %}",
            "own.md: line 16: a loop in a loop is not for item templates",
        ),
        ("{{ intro }}", "{{ 'x' * 10 ** 9 }}", "own.md: line 16: * takes numbers of at most 1e+15"),
        ("{{ intro }}", "{{ intro.__class__ }}", "own.md: line 16: access to attribute '__class__' of "),
        ("It is", "x" * 1_000_001, "own.md: a template has at most 1,000,000 bytes"),
        (
            "# Feedback",
            "# Answer",
            "own.md: the sections must be # Stem, # Feedback, # If correct, # If incorrect, # Alt text",
        ),
        ("+++\n\n# Stem", "\n# Stem", "own.md: line 1: a template begins with a TOML header between two lines of +++"),
        ("clarity = 2.5", "clarity = 2.5\nclarty = 3", "own.md: line 12: clarty: unknown key: did you mean 'clarity'?"),
        ("clarity = 2.5", "", "own.md: header: 'clarity' is missing"),
        ("clarity = 2.5", 'clarity = "high"', "own.md: line 11: clarity: 'high' is of the wrong type"),
        (
            'type = "choice"',
            'type = "essay"',
            "own.md: line 3: type: 'essay': write one of numerical, choice, multiple",
        ),
        (
            'kind = "scatter"',
            'kind = "pie"',
            "the template is about plots of the kind 'pie': known are boxplot, histogram",
        ),
    ],
)
def test_what_is_wrong_with_a_template_is_said_in_one_line(run, tmp_path, old, new, line):
    assert old in OWN
    source = OWN.replace("[-0.7, -0.6, 0.6, 0.7]", "[-0.7]") if "cannot ask" in line else OWN
    (tmp_path / "own.md").write_text(source.replace(old, new))
    before = (tmp_path / "own.md").read_bytes()
    start = time.monotonic()

    assert line in refused(run, "templates", "check", tmp_path / "own.md")
    assert time.monotonic() - start < 60
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("own.md", before)]


def test_a_template_that_is_not_there_cannot_be_tried(run, tmp_path):
    assert "there is no such template file" in refused(run, "templates", "check", tmp_path / "no.md")
    assert "there is no template 'scatter/no': write a file that ends in .md, or one of boxplot/" in refused(
        run, "templates", "check", "scatter/no"
    )


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
    assert (
        "--to scorm: there is no such format: known are blackboard, brightspace, canvas, html, inspera, moodle,"
        in refused(run, *build, "--to", "scorm")
    )
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
    assert "is there already" in refused(run, "templates", "new", started / "my-template.md")
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
    assert sorted(p.name for p in started.iterdir()) == ["my-template.md", "quiz.toml", "roster.csv"]


def test_a_label_that_cannot_be_drawn_is_found_by_check(run, started):
    quiz = started / "quiz.toml"
    quiz.write_text(quiz.read_text().replace("Exam score", "試験"))

    assert "characters that cannot be drawn" in refused(run, "check", quiz)


def test_a_label_that_does_not_fit_is_found_by_check(run, tiny):
    """Of all students' plots: also where one of several contexts has it."""
    (tiny / "quiz.toml").write_text(TINY + f'y = {{ label = "{"very " * 20}long", range = [0, 1] }}\n')
    assert "does not fit: shorten it or enlarge the picture" in refused(run, "check", tiny / "quiz.toml")
    text = TINY[: TINY.index("[[question]]")].replace("[400, 300]", "[300, 300]")
    (tiny / "quiz.toml").write_text(text + '[[question]]\ntemplate = "boxplot/compare-medians"\ncontext = "any"\n')
    assert "does not fit: shorten it or enlarge the picture" in refused(run, "check", tiny / "quiz.toml")


def test_too_many_students_for_distinct_answers(run, tiny):
    quiz, roster = tiny / "quiz.toml", tiny / "roster.csv"
    quiz.write_text(TINY.replace("[0.6, 0.7]", "[0.6, 0.61]") + 'distinct = "answer"\n')
    line = refused(run, "check", quiz, "--roster", roster)

    assert (
        "r from 0.6 to 0.61 allows 2 different answers, and 3 students are to have one each (3 - 2 = 1 too few)" in line
    )
    assert refused(run, *building(tiny)) == line
    assert sorted(p.name for p in tiny.iterdir()) == ["quiz.toml", "roster.csv"]


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
    roster, quiz = tmp_path / "roster.csv", tmp_path / "quiz.toml"
    quiz.write_text(TINY)
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
