"""Quiz files: what is understood, and every mistake named with file, place and remedy."""

import re
from dataclasses import replace

import numpy as np
import pytest

from plotbank.errors import ImpossibleRequest, ModelError, QuizFileError
from plotbank.generator.kinds.scatter import KIND
from plotbank.models import latest
from plotbank.quiz import outlook, read_quiz, refuse_impossible

from .conftest import ROOT

MODEL = latest("scatter").name

HEAD = '[quiz]\ntitle = "T"\nid = "t-1"\n'
QUESTION = '[[question]]\ntemplate = "scatter/estimate-r"\n'


def question(tmp_path, lines, template="scatter/estimate-r"):
    path = tmp_path / "quiz.toml"
    path.write_text(f'{HEAD}[[question]]\ntemplate = "{template}"\n{lines}', encoding="utf-8")
    return read_quiz(path).questions[0]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("r = 0.6", (0.6,)),
        ("r = [0.55, 0.58]", (0.55, 0.56, 0.57, 0.58)),
        ("r = [0.1, 0.3, 0.2]", (0.1, 0.2, 0.3)),
        ("r = { values = [0.5, 0.8] }", (0.5, 0.8)),
        ("r = [0.7]", (0.7,)),
        ("r = [-0.02, 0.01]", (-0.02, -0.01, 0.0, 0.01)),
    ],
)
def test_a_condition_is_a_value_a_range_or_a_list(tmp_path, line, values):
    assert question(tmp_path, line).grid.values["r"] == values


def test_what_the_template_reads_is_all_that_the_model_was_trained_for_unless_it_is_asked_for(tmp_path):
    grid = question(tmp_path, "n = [40, 60]").grid

    assert (grid.values["r"][0], grid.values["r"][-1], len(grid.values["r"])) == (-0.95, 0.95, 191)
    assert grid.values["n"] == tuple(range(40, 61))


def test_what_is_not_asked_for_is_as_in_a_usual_plot_of_real_data(tmp_path):
    """One question asks for everything, the other for what its template reads alone."""
    usual = {feature.name: feature.usual for feature in KIND.features}
    asked = question(tmp_path, "r = [0.5, 0.7]\nn = 90\nbend = 0.3\nfan = 0.4\noutliers = 0\nclusters = 1").grid
    left = question(tmp_path, "").grid
    rng = np.random.default_rng(0)

    assert asked.unasked == ()
    assert asked.draw(rng, 0.6) == {"r": 0.6, "n": 90, "bend": 0.3, "fan": 0.4, "outliers": 0, "clusters": 1}
    assert left.unasked == ("n", "bend", "fan", "outliers", "clusters")
    drawn = [left.draw(rng) for _ in range(100)]
    for name in left.unasked:
        low, high = usual[name]
        assert all(low <= condition[name] <= high for condition in drawn)
    assert len({condition["n"] for condition in drawn}) > 20
    assert len({condition["r"] for condition in drawn}) > 60


FORMS = replace(
    KIND, features=tuple(replace(f, family="form" if f.name in ("bend", "fan") else "") for f in KIND.features)
)


@pytest.fixture
def forms(monkeypatch):
    """Scatter plots in which bend and fan are a family."""
    monkeypatch.setattr("plotbank.quiz.kinds", lambda: {"scatter": FORMS})


def test_a_family_is_asked_for_by_one_key(forms, tmp_path):
    grid = question(tmp_path, "r = [0.5, 0.7]\nform = [-0.2, 0.2]").grid

    assert grid.values["bend"] == (-0.2, -0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2)
    assert grid.values["fan"] == (-0.2, 0.0, 0.2)


def test_a_member_wins_over_its_family(forms, tmp_path):
    grid = question(tmp_path, "r = [0.5, 0.7]\nform = 0\nbend = 0.2").grid

    assert (grid.values["bend"], grid.values["fan"]) == ((0.2,), (0.0,))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fom = 0", "question 1: unknown key 'fom': did you mean 'form'?"),
        ("form = 0.7", "question 1: form = 0.7 (correlation of x with the size of the residuals: a cloud that widens): "
         "the model scatter-v2 was trained for form from -0.6 to 0.6"),
        ("form = 0.05", "question 1: form = 0.05: write whole multiples of 0.2"),
        ("form = []", "question 1: form = []: write a value, a range such as form = [-0.8, 0.8]"),
    ],
)  # fmt: skip
def test_mistakes_in_a_family_are_named(forms, tmp_path, line, message):
    with pytest.raises(QuizFileError, match=re.escape(message.replace("scatter-v2", MODEL))):
        question(tmp_path, line)


def test_the_outlook_names_families_as_a_whole_where_nothing_of_them_is_asked_for(forms, tmp_path):
    assert outlook(question(tmp_path, "r = 0.6\nn = 40")).natural == ("form", "outliers", "clusters")
    assert outlook(question(tmp_path, "r = 0.6\nn = 40\nfan = 0")).natural == ("bend", "outliers", "clusters")


def test_values_of_which_no_plot_is_possible_are_refused_with_the_reason(tmp_path):
    with pytest.raises(QuizFileError) as caught:
        question(tmp_path, "r = [0.5, 0.7]\nbend = 0.8")
    assert str(caught.value) == (
        "quiz.toml: question 1: scatter/estimate-r cannot ask about r = 0.56 (no plot has r = 0.56, bend = 0.8 (in the last "
        "of 1,000 tries r = 0.56 and bend = 0.8 together leave no scatter): widen the ranges): ask for r from 0.5 to 0.55"
    )


def test_usual_plots_that_the_model_does_not_know_are_refused(monkeypatch, tmp_path):
    strange = tuple(replace(f, usual=(0.8, 0.8) if f.name == "bend" else f.usual) for f in KIND.features)
    monkeypatch.setattr("plotbank.quiz.kinds", lambda: {"scatter": replace(KIND, features=strange)})
    with pytest.raises(QuizFileError) as caught:
        question(tmp_path, "r = [0.5, 0.7]\nn = 40")
    assert str(caught.value) == (
        f"quiz.toml: question 1: {MODEL} knows no plot of real data with bend from 0.8 to 0.8, fan from -0.4 to 0.4, "
        "outliers from 0 to 0, clusters from 1 to 1: say in the question what you want of these"
    )


def test_a_model_of_another_version_of_the_kind_is_refused(monkeypatch, tmp_path):
    fewer = replace(KIND, features=KIND.features[:-1])
    monkeypatch.setattr("plotbank.quiz.kinds", lambda: {"scatter": fewer})
    with pytest.raises(ModelError) as caught:
        question(tmp_path, "")
    assert str(caught.value) == (
        f"{MODEL}: the model draws 100 x 2 numbers from r, n, bend, fan, outliers, clusters, but the kind 'scatter' wants "
        "100 x 2 from r, n, bend, fan, outliers: install versions that belong together"
    )


def test_a_kind_whose_pictures_nothing_can_read_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("plotbank.quiz.READERS", {"pie": None})
    with pytest.raises(QuizFileError, match=re.escape(
        "question 1: the template is about plots of the kind 'scatter': nothing here can prove keys from their pictures "
        "yet: choose a template about pie"
    )):  # fmt: skip
        question(tmp_path, "")


def test_a_template_that_reads_no_feature_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("plotbank.quiz.kinds", lambda: {"scatter": replace(KIND, features=KIND.features[1:])})
    with pytest.raises(QuizFileError, match=re.escape(
        "question 1: scatter/estimate-r reads 'r': the features of plots of the kind 'scatter' are n, bend, fan,"
    )):  # fmt: skip
        question(tmp_path, "")


def test_defaults(tmp_path):
    asked = question(tmp_path, "")

    assert (asked.id, asked.points, asked.distinct, asked.title) == ("q1", 1.0, "picture", "Estimate the correlation")
    assert (asked.plot.picture.width, asked.plot.picture.height, asked.plot.picture.density) == (600, 450, 2)
    assert (asked.plot.x.label, asked.plot.x.low, asked.plot.x.high) == ("x", 0, 10)


def test_everything_can_be_said(quiz_file):
    quiz = read_quiz(
        quiz_file(
            '[quiz]\ntitle = " Title "\nid = "a"\nlocale = "en"\npicture = { size = [400, 300], density = 1 }\n'
            '[[question]]\ntemplate = "scatter/choose-r"\nid = "neg"\ntitle = "Falling"\npoints = 2.5\n'
            'distinct = "answer"\nr = [-0.7, -0.5]\nn = 30\n'
            'x = { label = "°C", range = [-10, 25.5] }\ny = { label = "kWh", range = [0, 120] }\n'
        )
    )
    asked = quiz.questions[0]

    assert (quiz.title, quiz.id, quiz.locale) == ("Title", "a", "en")
    assert (asked.id, asked.title, asked.points, asked.distinct) == ("neg", "Falling", 2.5, "answer")
    assert (asked.plot.x.label, asked.plot.x.low, asked.plot.x.high) == ("°C", -10, 25.5)
    assert asked.answers == 21


WRONG = {
    "not TOML": ("[quiz\n", "quiz.toml: this is not TOML: "),
    "no quiz": (QUESTION, "the file: [quiz] is missing: write [quiz]"),
    "quiz is no table": ("quiz = 1\n" + QUESTION, "the file: quiz is not a table"),
    "no question": (HEAD, "no question: add at least one table that begins with [[question]]"),
    "question is no list": (HEAD + "[question]\n", "no question: add at least one"),
    "unknown table": (
        HEAD + QUESTION + "[[questions]]\n",
        "the file: unknown key 'questions': did you mean 'question'?",
    ),
    "unknown key": (HEAD + 'titel = "x"\n' + QUESTION, "[quiz]: unknown key 'titel': did you mean 'title'?"),
    "no title": ('[quiz]\nid = "a"\n' + QUESTION, '[quiz]: title is missing: write title = "..."'),
    "empty title": ('[quiz]\nid = "a"\ntitle = " "\n' + QUESTION, "write one line of visible text"),
    "two lines": ('[quiz]\nid = "a"\ntitle = "a\\nb"\n' + QUESTION, "write one line of visible text"),
    "wrong type": ('[quiz]\nid = "a"\ntitle = 3\n' + QUESTION, "[quiz]: title = 3: write text between quotes"),
    "bad id": ('[quiz]\nid = "a b"\ntitle = "t"\n' + QUESTION, "[quiz]: id = 'a b': write a letter, then letters"),
    "locale": (HEAD + 'locale = "xx"\n' + QUESTION, "[quiz]: locale = 'xx': the locale must be \"en\""),
    "picture": (HEAD + "picture = 3\n" + QUESTION, "[quiz]: picture = 3: write for example picture = {"),
    "picture key": (HEAD + "picture = { dpi = 3 }\n" + QUESTION, "[quiz] picture: unknown key 'dpi'"),
    "size": (HEAD + "picture = { size = [10, 10] }\n" + QUESTION, "size = [10, 10]: write two whole numbers"),
    "density": (HEAD + "picture = { density = 9 }\n" + QUESTION, "density = 9: write 1, 2 or 3"),
    "no template": (HEAD + "[[question]]\n", 'question 1: template is missing: write template = "..."'),
    "near template": (
        HEAD + '[[question]]\ntemplate = "scatter/estimate"\n',
        "question 1: template = 'scatter/estimate' does not exist: did you mean 'scatter/estimate-r'?",
    ),
    "far template": (
        HEAD + '[[question]]\ntemplate = "zzz"\n',
        "template = 'zzz' does not exist: known are scatter/choose-r, scatter/estimate-r",
    ),
    "missing own template": (HEAD + '[[question]]\ntemplate = "own.md"\n', "own.md: the template cannot be read"),
    "own template elsewhere": (HEAD + '[[question]]\ntemplate = "../own.md"\n', "lies beside the quiz file or below"),
    "second question": (HEAD + QUESTION + QUESTION + "pionts = 2\n", "question 2: unknown key 'pionts': did you mean"),
    "bad question id": (HEAD + QUESTION + 'id = "Q 1"\n', "question 1: id = 'Q 1': write a small letter"),
    "same id": (HEAD + QUESTION + 'id = "q2"\n' + QUESTION, "id = 'q2' stands twice"),
    "points": (HEAD + QUESTION + "points = 0\n", "question 1: points = 0: write a number above 0"),
    "points text": (HEAD + QUESTION + 'points = "2"\n', "question 1: points = '2': write a number above 0"),
    "points true": (HEAD + QUESTION + "points = true\n", "question 1: points = True: write a number above 0"),
    "distinct": (HEAD + QUESTION + 'distinct = "all"\n', 'distinct = \'all\': write "picture" or "answer"'),
    "r impossible": (
        HEAD + QUESTION + "r = 1.2\n",
        f"question 1: r = 1.2 (Pearson correlation of the points drawn): the model {MODEL} was trained for r from "
        "-0.95 to 0.95",
    ),
    "r range impossible": (HEAD + QUESTION + "r = [0.5, 1.2]\n", "question 1: r = 1.2 (Pearson"),
    "r nan": (HEAD + QUESTION + "r = nan\n", "question 1: r = nan: write a value, a range such as r = [-0.95, 0.95]"),
    "r text": (HEAD + QUESTION + 'r = "0.5"\n', "question 1: r = '0.5': write a value, a range"),
    "r empty": (HEAD + QUESTION + "r = []\n", "question 1: r = []: write a value"),
    "r reversed": (HEAD + QUESTION + "r = [0.8, 0.5]\n", "r = [0.8, 0.5]: the lower end of a range comes first"),
    "r too fine": (HEAD + QUESTION + "r = 0.555\n", "r = 0.555: write whole multiples of 0.01"),
    "r between": (HEAD + QUESTION + "r = [0.551, 0.559]\n", "no multiple of 0.01 lies in this range"),
    "n untrained": (
        HEAD + QUESTION + "n = 500\n",
        f"n = 500 (number of points drawn): the model {MODEL} was trained",
    ),
    "n fraction": (HEAD + QUESTION + "n = 20.5\n", "question 1: n = 20.5: write whole multiples of 1"),
    "axis": (HEAD + QUESTION + "x = 3\n", 'question 1: x = 3: write x = { label = "Study time'),
    "axis key": (HEAD + QUESTION + 'x = { lable = "a", range = [0, 1] }\n', "question 1: x: unknown key 'lable'"),
    "axis label": (HEAD + QUESTION + "x = { range = [0, 1] }\n", "question 1: x: label is missing"),
    "axis range": (HEAD + QUESTION + 'x = { label = "a" }\n', "question 1: x: range = None: write x = {"),
    "axis ends": (HEAD + QUESTION + 'x = { label = "a", range = [3, 3] }\n', "the lower end comes first"),
    "axis text": (HEAD + QUESTION + 'y = { label = "a", range = ["a", 3] }\n', "question 1: y: range = 'a'"),
    "axis far": (HEAD + QUESTION + 'x = { label = "a", range = [1000000, 1000001] }\n', "numbers are handier"),
    "unclear": (
        HEAD + '[[question]]\ntemplate = "scatter/choose-r"\nr = [0.5, 0.85]\n',
        "question 1: scatter/choose-r cannot ask about r = 0.79 (no room for 3 options above and 0 below r = 0.79, 2.05 "
        "just-noticeable differences apart): ask for r from 0.5 to 0.78",
    ),
    "nothing clear": (
        HEAD + '[[question]]\ntemplate = "scatter/choose-r"\nr = 0.9\n',
        "choose another template or conditions",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_every_mistake_is_named(quiz_file, text, message):
    with pytest.raises(QuizFileError, match=re.escape(message)) as caught:
        read_quiz(quiz_file(text))
    assert "\n" not in str(caught.value)
    assert re.match(r"(quiz\.toml|own\.md): ", str(caught.value))


def test_files_that_are_no_quiz(tmp_path, quiz_file):
    with pytest.raises(QuizFileError, match="there is no such quiz file"):
        read_quiz(tmp_path / "none.toml")
    with pytest.raises(QuizFileError, match="cannot be read: Is a directory"):
        read_quiz(tmp_path)
    path = quiz_file("")
    path.write_bytes(b'title = "\xe9"')
    with pytest.raises(QuizFileError, match="not UTF-8"):
        read_quiz(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(QuizFileError, match="at most 1,000,000 bytes"):
        read_quiz(path)


def test_an_own_template_of_an_unknown_kind_is_refused(tmp_path, quiz_file):
    from plotbank.item_templates import built_in

    source = built_in()["scatter/estimate-r"]
    (tmp_path / "pie.md").write_text(source.replace('kind = "scatter"', 'kind = "scater"'))
    with pytest.raises(QuizFileError, match=re.escape("kind 'scater': did you mean 'scatter'?")):
        read_quiz(quiz_file(HEAD + '[[question]]\ntemplate = "pie.md"\n'))


def test_an_own_template_may_use_every_reading(tmp_path, quiz_file):
    from plotbank.item_templates import built_in

    source = built_in()["scatter/estimate-r"].replace("max(0.03, 2 * jnd(r))", "max(0.1, sd_x / sd_x * 2 * jnd(r))")
    (tmp_path / "own.md").write_text(source)

    assert len(read_quiz(quiz_file(HEAD + '[[question]]\ntemplate = "own.md"\nr = [0.5, 0.6]\n')).questions) == 1


def test_a_fault_in_the_text_of_an_own_template_is_found_before_anything_is_built(tmp_path, quiz_file):
    from plotbank.item_templates import built_in

    (tmp_path / "own.md").write_text(built_in()["scatter/estimate-r"].replace("{{ n }} observations", "{{ m }}"))
    with pytest.raises(QuizFileError, match=r"own\.md: section 'Stem': 'm' is undefined"):
        read_quiz(quiz_file(HEAD + '[[question]]\ntemplate = "own.md"\nr = [0.5, 0.6]\n'))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'title = "Is r 0.70?"',
            "question 1: with r = 0.7 the title tells the key: change the words, or leave r = 0.7 out",
        ),
        (
            'x = { label = "Time at 0.70", range = [0, 30] }',
            "question 1: with r = 0.7 the text alternative tells the key",
        ),
        (
            'y = { label = "Score at -0.70", range = [0, 30] }\nr = -0.7',
            "question 1: with r = -0.7 the text alternative tells",
        ),
    ],
)
def test_words_that_tell_a_key_are_refused(quiz_file, line, message):
    range_ = "" if "r = -" in line else "r = [0.65, 0.75]\n"
    with pytest.raises(QuizFileError, match=re.escape(message)):
        read_quiz(quiz_file(HEAD + QUESTION + range_ + line + "\n"))


def test_words_that_tell_no_key_of_the_range_are_taken(quiz_file):
    assert read_quiz(quiz_file(HEAD + QUESTION + 'r = [0.65, 0.69]\ntitle = "Is r 0.70?"\n')).questions


def test_more_answers_than_exist_are_refused_with_the_arithmetic(quiz_file):
    quiz = read_quiz(quiz_file(HEAD + QUESTION + 'r = [0.55, 0.85]\ndistinct = "answer"\n'))

    refuse_impossible(quiz, 31)
    with pytest.raises(ImpossibleRequest) as caught:
        refuse_impossible(quiz, 40)
    assert str(caught.value) == (
        "question 'q1': r from 0.55 to 0.85 allows 31 different answers, and 40 students are to have one each "
        '(40 - 31 = 9 too few): widen the range, or write distinct = "picture"'
    )


def test_the_outlook_counts_and_measures(quiz_file):
    quiz = read_quiz(quiz_file(HEAD + QUESTION + "r = [0.55, 0.85]\nn = [40, 60]\n"))
    out = outlook(quiz.questions[0])

    assert (out.answers, out.combinations) == (31, 31 * 21)
    assert out.natural == ("bend", "fan", "outliers", "clusters")
    # max(.03, 2 jnd) at 0.85 and 0.55: 0.0691 and 0.1426, to the next hundredth and half a unit on
    assert out.tolerance == (0.075, 0.155)
    assert out.clarity[0] >= 1.4


def test_the_page_says_what_can_be_asked_for():
    page = (ROOT / "docs" / "quiz-file.md").read_text(encoding="utf-8")
    for f in KIND.features:
        (row,) = re.findall(rf"^\| `{f.name}` \| .*$", page, flags=re.MULTILINE)
        assert f", {f.low:g} to {f.high:g}" in row
        assert f"| {f.step:g} |" in row
        usual = "natural" if f.usual == (f.low, f.high) else f"natural, {f.usual[0]:g} to {f.usual[1]:g}"
        assert row.endswith(f"| {f.usual[0]:g} |" if f.usual[0] == f.usual[1] else f"| {usual} |")
