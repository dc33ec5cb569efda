"""What `import plotbank` offers: plots, quizzes, items and banks that a notebook shows."""

import ast
import json
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest

import plotbank
from plotbank.proof.png import metadata

from .conftest import EXAMPLE, ROOT, records, rows

HOSTILE = '<script>alert("&")</script>'


@pytest.fixture(scope="module")
def scatter():
    return plotbank.plot("scatter", r=0.8, n=50, size=(400, 300), density=1)


def shown(value):
    """What a notebook shows of a value, by the display protocol: HTML, a PNG and what is said with it, or text."""
    if (png := getattr(value, "_repr_png_", None)) is not None:
        content, about = png()
        assert content.startswith(b"\x89PNG")
        return f'<img alt="{about["alt"]}" width="{about["width"]}">'
    html = getattr(value, "_repr_html_", None)
    return repr(value) if html is None else html()


def test_a_plot_has_what_was_asked_for_in_its_data_and_in_its_picture(scatter):
    assert scatter.values.shape == (50, 2)
    assert scatter.columns == ("x", "y")
    for r in (np.corrcoef(scatter.values.T)[0, 1], scatter.readings["r"], scatter.measured["r"]):
        assert round(r, 2) == 0.80
    assert scatter.readings["n"] == scatter.measured["n"] == 50
    assert scatter.measured["r"] != scatter.readings["r"]
    assert scatter.alt.startswith("Scatter plot of 50 points. Horizontal axis: x, from 0 to 10.")
    assert repr(scatter) == "Plot(scatter, 50 rows, x, y)"


def test_a_plot_is_shown_as_its_picture_with_the_text_alternative(scatter):
    png, about = scatter._repr_png_()

    assert png == scatter.png
    assert about == {"width": 400, "height": 300, "alt": scatter.alt}
    assert list(metadata(png)) == []


def test_a_plot_hangs_on_its_arguments_alone(scatter):
    again = plotbank.plot("scatter", n=50, r=0.8, density=1, size=(400, 300))
    other = plotbank.plot("scatter", n=50, r=0.8, density=1, size=(400, 300), seed=2)

    assert again.png == scatter.png
    assert (again.values == scatter.values).all()
    assert other.png != scatter.png
    assert round(other.readings["r"], 2) == 0.80


def test_a_plot_is_saved(scatter, tmp_path):
    scatter.save(tmp_path / "plot.png")

    assert (tmp_path / "plot.png").read_bytes() == scatter.png
    with pytest.raises(plotbank.PlotbankError, match="nowhere/plot.png: the picture cannot be written: No such file"):
        scatter.save(tmp_path / "nowhere" / "plot.png")


def test_plots_of_the_other_kinds():
    boxes = plotbank.plot("boxplot", groups=2, density=1, x={"label": "Bus", "categories": ["A", "B"]})
    bars = plotbank.plot("histogram", n=60, density=1)

    assert boxes.columns == ("Bus", "y")
    assert set(boxes.values[:, 0]) == {0, 1}
    medians = [float(np.median(boxes.values[boxes.values[:, 0] == group, 1])) for group in (0, 1)]
    for group, median in enumerate(medians, start=1):
        assert boxes.readings[f"q2_{group}"] == pytest.approx(median)
        assert boxes.measured[f"q2_{group}"] == pytest.approx(median, abs=0.05)
    assert "q2_3" not in boxes.measured
    assert bars.values.shape == (60, 1)
    assert bars.columns == ("x",)
    counts = [bars.measured[f"count_{bar}"] for bar in range(1, 11)]
    assert counts == np.histogram(bars.values, 10, (0, 10))[0].tolist()


@pytest.mark.parametrize(
    ("kind", "asked", "message"),
    [
        ("scater", {}, "plot: kind: 'scater': did you mean 'scatter'?"),
        ("scatter", {"rr": 0.5}, "plot: scatter: unknown key 'rr': did you mean 'r'?"),
        ("scatter", {"r": 1.2}, "was trained for r from -0.95 to 0.95"),
        ("scatter", {"n": 10_000}, "was trained for n from 15 to 100"),
        ("scatter", {"r": 0.123}, "plot: scatter: r = 0.123: write whole multiples of 0.01"),
        ("scatter", {"r": "strong"}, "write a value, a range such as r = [-0.95, 0.95], or r = { values = [...] }"),
        ("scatter", {"r": (0.7, 0.5)}, "the lower end of a range comes first"),
        ("scatter", {"x": {"label": "a", "range": [3, 1]}}, "the lower end comes first"),
        ("scatter", {"x": {"label": "\u4e2d", "range": [0, 1]}}, "has characters that cannot be drawn"),
        ("scatter", {"density": 9}, "plot: scatter: picture: density = 9: write 1, 2 or 3"),
        ("scatter", {"size": (1, 2)}, "write two whole numbers from 300 to 1200, such as [600, 450]"),
        ("boxplot", {"groups": 3, "x": {"categories": ["a", "b"]}}, "3 groups, but x has 2 categories"),
    ],
)
def test_what_cannot_be_plotted_is_refused_in_a_line_that_says_what_can(kind, asked, message):
    with pytest.raises(plotbank.PlotbankError) as caught:
        plotbank.plot(kind, **asked)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_features_that_no_plot_has_together_are_refused():
    with pytest.raises(plotbank.PlotbankError, match="no plot has r = 0.9, n = 50, bend = 0.8 .* leave no scatter"):
        plotbank.plot("scatter", r=0.9, bend=0.8, n=50)


QUIZ = f"""
[quiz]
title = "Small {HOSTILE.replace('"', "'")}"
id = "small"
picture = {{ size = [400, 300], density = 1 }}
[[question]]
template = "scatter/estimate-r"
r = {{ values = [0.6, 0.7] }}
n = 40
x = {{ label = "<b>a & b", range = [0, 10] }}
[[question]]
template = "boxplot/statements"
context = "any"
"""


@pytest.fixture(scope="module")
def quiz(tmp_path_factory):
    path = tmp_path_factory.mktemp("notebook") / "quiz.toml"
    path.write_text(QUIZ, encoding="utf-8")
    return plotbank.read_quiz(path)


def test_a_quiz_is_shown_as_a_table_of_its_questions(quiz):
    html = shown(quiz)

    assert html.count("<tr>") == 3
    assert "<td>q1</td>" in html
    assert "<td>scatter/estimate-r</td>" in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_sample_item_shows_picture_stem_and_key(quiz):
    items = quiz.items(students=2, question="q1")
    html = shown(items)

    assert {item.student for item in items} == {"sample 1", "sample 2"}
    for item in items:
        (plot,) = item.plots
        assert item.key.startswith(f"{round(plot.readings['r'], 2):.2f} (right from ")
        assert round(plot.measured["r"], 2) == round(plot.readings["r"], 2)
        assert item.stem.split()[0] in html
        assert f"Key: <strong>{item.key}" in html
    assert html.count('src="data:image/png;base64,') == 2
    assert "<b>a" not in html
    assert "&lt;b&gt;a &amp; b" in html
    assert shown(quiz.items(students=2, question="q1")) == html


def test_another_seed_gives_other_sample_items(quiz):
    (one,), (other,) = (quiz.items(students=1, question="q2", seed=seed) for seed in (1, 2))

    assert one.id != other.id
    assert one.plots[0].png != other.plots[0].png
    assert shown(one).count('class="right"') >= 1
    assert repr(one) == f"Item({one.id}, sample 1, key: {one.key})"


def test_samples_that_there_are_not_are_refused(quiz):
    with pytest.raises(plotbank.PlotbankError, match=r"there is no question 'q3': known are q1, q2"):
        quiz.items(question="q3")
    for students in (0, 1001):
        with pytest.raises(plotbank.PlotbankError, match=f"students = {students}: ask for 1 to 1000"):
            quiz.items(students)


def test_a_bank_gives_what_a_student_was_given(example_bank):
    bank = plotbank.read_bank(example_bank)
    student = bank.students[0]
    items = bank.items(student)
    mine = {row["variant"]: row for row in rows(example_bank) if row["student"] == student}

    assert len(bank.students) == 40
    assert [item.question for item in items] == list(bank.questions)
    assert {item.id for item in items} == set(mine)
    for item in items:
        assert item.remarks == ()
        assert item.key.startswith(mine[item.id]["key"])
        for plot, record in zip(item.plots, records(example_bank)[item.id]["plots"], strict=True):
            assert plot.values.tolist() == record["values"]
            assert round(plot.measured["r"], 2) == round(plot.readings["r"], 2) == record["condition"]["r"]
    (one,) = bank.items(student, question=bank.questions[1])
    assert one.id == items[1].id
    assert "data:image/png" in shown(items)
    assert "<td>40</td>" in shown(bank)


def test_items_of_a_bank_that_was_changed_say_so(example_bank, copied):
    folder = copied(example_bank)
    package = next((folder / "moodle").iterdir())
    package.write_bytes(package.read_bytes().replace(b"<questiontext", b"<questiontext ", 1))
    bank = plotbank.read_bank(folder)
    item = bank.items(bank.students[0])[0]

    assert any("changed" in remark for remark in item.remarks)
    assert "changed" in shown(item)


def test_a_folder_that_is_no_bank_is_refused(tmp_path):
    with pytest.raises(plotbank.PlotbankError, match="private/evidence.json is missing"):
        plotbank.read_bank(tmp_path)
    with pytest.raises(plotbank.PlotbankError, match="there is no such quiz file"):
        plotbank.read_quiz(tmp_path / "quiz.toml")


def test_the_import_alone_loads_nothing_heavy():
    program = (
        "import sys, plotbank; dir(plotbank); sys.exit(str({'numpy', 'matplotlib', 'lxml'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stderr.strip() == ""
    assert set(plotbank.__all__) <= set(dir(plotbank))
    with pytest.raises(AttributeError, match="module 'plotbank' has no attribute 'nothing'"):
        plotbank.nothing  # noqa: B018


def run(cell, names):
    """What a notebook would show of a code cell: what it prints, and the value of its last expression."""
    tree, out = ast.parse(cell), StringIO()
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with redirect_stdout(out):
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            out.write(shown(eval(compile(ast.Expression(last.value), "cell", "eval"), names)))
    return out.getvalue()


def test_the_example_notebook_runs_from_top_to_bottom(monkeypatch):
    monkeypatch.chdir(EXAMPLE.parent)
    notebook = json.loads((ROOT / "examples" / "notebook.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names = {}
    said = [run(cell, names) for cell in cells]

    assert (notebook["nbformat"], len(cells)) == (4, 7)
    assert all(cell["outputs"] == [] for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert said[0].startswith('<img alt="Scatter plot of 50 points.')
    assert said[2].count("Study time (hours per week)") == 2
    assert said[3].startswith("plot: scatter: r = 1.2")
    assert said[4].startswith("<table>")
    assert "Key: <strong>" in said[5]
    assert "data:image/png" in said[5]
    assert names["item"].key in said[6]
