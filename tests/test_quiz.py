"""Quiz files: what is understood, and every mistake named with file, place and remedy."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from plotbank.errors import ImpossibleRequest, ModelError, QuizFileError
from plotbank.generator.conditions import steps
from plotbank.generator.kinds.scatter import KIND
from plotbank.generator.seeds import seed
from plotbank.item_templates import installed
from plotbank.item_templates.contexts import contexts
from plotbank.models import latest
from plotbank.outlook import outlook
from plotbank.question import decide
from plotbank.quiz import read_quiz, refuse_impossible

from .conftest import ROOT

MODEL = latest("scatter").name

HEAD = '[quiz]\ntitle = "T"\nid = "t-1"\n'
QUESTION = '[[question]]\ntemplate = "scatter/estimate-r"\n'
QUICK = QUESTION + "r = 0.6\nn = 40\n"
MEDIANS = '[[question]]\ntemplate = "boxplot/compare-medians"\n'
BARS = '[[question]]\ntemplate = "histogram/count-above"\n'


def question(tmp_path, lines, template="scatter/estimate-r", head=HEAD):
    path = tmp_path / "quiz.toml"
    path.write_text(f'{head}[[question]]\ntemplate = "{template}"\n{lines}', encoding="utf-8")
    return read_quiz(path).questions[0]


def grid(tmp_path, lines, **options):
    (case,) = question(tmp_path, lines, **options).cases
    return case


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
    assert grid(tmp_path, line).values["r"] == values


def test_what_the_template_reads_is_all_that_the_model_was_trained_for_unless_it_is_asked_for(tmp_path):
    asked = grid(tmp_path, "n = [40, 60]")

    left_out = [r for r in steps(KIND.features[0], -0.95, 0.95) if r not in asked.values["r"]]
    assert all(abs(r) > 0.8 for r in left_out)  # easier than the others
    assert len(asked.values["r"]) == 191 - len(left_out) >= 170
    assert asked.values["n"] == tuple(range(40, 61))


def test_what_is_not_asked_for_is_as_in_a_usual_plot_of_real_data(tmp_path):
    """One question asks for everything, the other for what its template reads alone."""
    usual = {feature.name: feature.usual for feature in KIND.features}
    asked = grid(tmp_path, "r = [0.5, 0.7]\nn = 90\nbend = 0.3\nfan = 0.4\noutliers = 0\nclusters = 1")
    left = grid(tmp_path, "")
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
    asked = grid(tmp_path, "r = [0.5, 0.7]\nform = [-0.2, 0.2]").values

    assert asked["bend"] == (-0.2, -0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2)
    assert asked["fan"] == (-0.2, 0.0, 0.2)


def test_a_member_wins_over_its_family(forms, tmp_path):
    asked = grid(tmp_path, "r = [0.5, 0.7]\nform = 0\nbend = 0.2").values

    assert (asked["bend"], asked["fan"]) == ((0.2,), (0.0,))


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
    whole = next(outlook(question(tmp_path, "r = 0.6\nn = 40"), None))
    split = next(outlook(question(tmp_path, "r = 0.6\nn = 40\nfan = 0"), None))

    assert whole.startswith("1 conditions; every picture is drawn anew. As in plots of real data: form")
    assert split.startswith("1 conditions; every picture is drawn anew. As in plots of real data: bend")


def test_values_of_which_no_plot_is_possible_are_refused_with_the_reason(tmp_path):
    with pytest.raises(QuizFileError) as caught:
        question(tmp_path, "r = [0.54, 0.57]\nbend = 0.8")
    assert str(caught.value) == (
        "quiz.toml: question 1: scatter/estimate-r cannot ask about r = 0.56 (no plot has r = 0.56, bend = 0.8 (in the last "
        "of 1,000 tries r = 0.56 and bend = 0.8 together leave no scatter): widen the ranges): ask for r from 0.54 to 0.55"
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
        "question 1: the template is about plots of the kind 'scatter': nothing here can prove keys from their pictures: "
        "choose a template about pie"
    )):  # fmt: skip
        question(tmp_path, "")


def test_a_template_that_reads_no_feature_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("plotbank.quiz.kinds", lambda: {"scatter": replace(KIND, features=KIND.features[1:])})
    with pytest.raises(QuizFileError, match=re.escape(
        "scatter/estimate-r: header: reads = 'r': the features of plots of the kind 'scatter' are n, bend, fan,"
    )):  # fmt: skip
        question(tmp_path, "")


def test_defaults(tmp_path):
    asked = question(tmp_path, "")

    assert (asked.id, asked.points, asked.distinct, asked.title) == ("q1", 1.0, "picture", "Estimate the correlation")
    (setting,) = asked.settings
    assert (setting.context, setting.story, setting.sign) == ("", "", 0)
    assert (setting.plot.picture.width, setting.plot.picture.height, setting.plot.picture.density) == (600, 450, 2)
    assert (setting.plot.x.label, setting.plot.x.low, setting.plot.x.high) == ("x", 0, 10)


def test_everything_can_be_said(quiz_file):
    quiz = read_quiz(
        quiz_file(
            '[quiz]\ntitle = " Title "\nid = "a"\nlocale = "pt-BR"\npicture = { size = [400, 300], density = 1 }\n'
            '[[question]]\ntemplate = "scatter/choose-r"\nid = "neg"\ntitle = "Falling"\npoints = 2.5\n'
            'distinct = "answer"\nr = { values = [-0.7, -0.6] }\nn = 30\nstory = "Two sentences. In one line."\n'
            'x = { label = "°C", range = [-10, 25.5] }\ny = { label = "kWh", range = [0, 120] }\n'
        )
    )
    asked = quiz.questions[0]
    (setting,) = asked.settings

    assert (quiz.title, quiz.id, quiz.language, quiz.numerals.locale) == ("Title", "a", "pt", "pt_BR")
    assert (asked.id, asked.title, asked.points, asked.distinct) == ("neg", "Falling", 2.5, "answer")
    assert (setting.plot.x.label, setting.plot.x.low, setting.plot.x.high) == ("°C", -10, 25.5)
    assert setting.story == "Two sentences. In one line."
    assert asked.values == (-0.7, -0.6)
    assert asked.combinations == 2


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
    "locale": (
        HEAD + 'locale = "xx"\n' + QUESTION,
        "[quiz]: locale: there is no locale 'xx': write for example en, pt",
    ),
    "locale far": (HEAD + 'locale = "ja"\n' + QUESTION, "'ja' is not supported: the languages are en, pt, de, es, fr"),
    "locale list": (HEAD + 'locale = ["de"]\n' + QUESTION, "[quiz]: locale = ['de']: write text between quotes"),
    "picture": (HEAD + "picture = 3\n" + QUESTION, "[quiz]: picture = 3: write for example picture = {"),
    "picture key": (HEAD + "picture = { dpi = 3 }\n" + QUESTION, "[quiz] picture: unknown key 'dpi'"),
    "size": (HEAD + "picture = { size = [10, 10] }\n" + QUESTION, "size = [10, 10]: write two whole numbers"),
    "density": (HEAD + "picture = { density = 9 }\n" + QUESTION, "density = 9: write 1, 2 or 3"),
    "no template": (HEAD + "[[question]]\n", 'question 1: template is missing: write template = "..."'),
    "template number": (HEAD + "[[question]]\ntemplate = 3\n", "question 1: template = 3: write text between quotes"),
    "near template": (
        HEAD + '[[question]]\ntemplate = "scatter/estimate"\n',
        "question 1: template = 'scatter/estimate' does not exist: did you mean 'scatter/estimate-r'?",
    ),
    "far template": (
        HEAD + '[[question]]\ntemplate = "zzz"\n',
        "template = 'zzz' does not exist: known are boxplot/choose-iqr, boxplot/compare-medians,",
    ),
    "missing own template": (HEAD + '[[question]]\ntemplate = "own.md"\n', "own.md: there is no such template file"),
    "own template elsewhere": (HEAD + '[[question]]\ntemplate = "../own.md"\n', "lies beside the quiz file or below"),
    "second question": (HEAD + QUICK + QUESTION + "pionts = 2\n", "question 2: unknown key 'pionts': did you mean"),
    "bad question id": (HEAD + QUESTION + 'id = "Q 1"\n', "question 1: id = 'Q 1': write a small letter"),
    "same id": (HEAD + QUICK + 'id = "q2"\n' + QUICK, "id = 'q2' stands twice"),
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
        HEAD + '[[question]]\ntemplate = "scatter/match-r"\nr = [0.6, 0.66]\n',
        "question 1: scatter/match-r cannot ask about r = 0.65 (no room for 3 options above and 0 below r = 0.65, 3 "
        "just-noticeable differences apart): ask for r from 0.6 to 0.64",
    ),
    "nothing clear": (
        HEAD + '[[question]]\ntemplate = "scatter/match-r"\nr = 0.9\n',
        "choose another template or conditions",
    ),
    "no item": (
        HEAD + '[[question]]\ntemplate = "boxplot/range"\noutliers1 = 0\n',
        "question 1: none of 12 trials of boxplot/range made an item (most often: not what the template requires): choose "
        "other conditions or another template",
    ),
    # contexts and stories
    "story": (HEAD + QUESTION + "story = 3\n", "question 1: story = 3: write text between quotes"),
    "story of two lines": (HEAD + QUESTION + 'story = "a\\nb"\n', "write one line of visible text"),
    "context beside x": (
        HEAD + QUESTION + 'context = "any"\nx = { label = "a", range = [0, 1] }\n',
        "question 1: x beside context: leave out x: the context says it, or leave out context",
    ),
    "context beside story": (
        HEAD + QUESTION + 'context = "any"\nstory = "s"\n',
        "story beside context: leave out story",
    ),
    "context number": (HEAD + QUESTION + "context = 3\n", 'context = 3: write "any", a name, or a list of names'),
    "context empty": (HEAD + QUESTION + "context = []\n", 'context = []: write "any", a name, or a list of names'),
    "context list": (HEAD + QUESTION + 'context = ["heating", 3]\n', "context = ['heating', 3]: write \"any\", a name"),
    "near context": (
        HEAD + QUESTION + 'context = "study-tme"\n',
        "question 1: context = 'study-tme': there is no context 'study-tme': did you mean 'study-time'?",
    ),
    "context of another kind": (
        HEAD + QUESTION + 'context = ["heating", "commute"]\n',
        "question 1: context = 'commute' is for plots of the kind 'boxplot': known are study-time, heating,",
    ),
    "context that falls": (
        HEAD + QUESTION + 'context = "heating"\nr = [-0.6, 0.6]\n',
        'question 1: r = 0.01, but no context has a relationship that rises: write context = "any", another one, or',
    ),
    "context that rises": (
        HEAD + QUESTION + 'context = ["study-time", "trees"]\nr = -0.5\n',
        "question 1: r = -0.5, but no context has a relationship that falls",
    ),
    "context of plots that rise and fall": (
        HEAD + '[[question]]\ntemplate = "scatter/which-has-r"\ncontext = "trees"\n',
        "question 1: scatter/which-has-r shows plots that rise and that fall, and this context goes with one of them: "
        'write context = "any", or one of fund-returns, ',
    ),
    # groups and counts
    "groups": (HEAD + MEDIANS + "x = 3\n", 'question 1: x = 3: write x = { label = "Transport", categories = ['),
    "groups with a range": (
        HEAD + MEDIANS + "x = { range = [0, 1] }\n",
        "question 1: x: unknown key 'range': known are",
    ),
    "no groups": (HEAD + MEDIANS + "x = { categories = [] }\n", "question 1: x: categories = []: write x = {"),
    "five groups": (HEAD + MEDIANS + 'x = { categories = ["A", "B", "C", "D", "E"] }\n', "'E']: write x = {"),
    "groups alike": (
        HEAD + MEDIANS + 'x = { categories = ["A", "B", "A", "C"] }\n',
        "give every group a name of its own",
    ),
    "nameless group": (
        HEAD + MEDIANS + 'x = { categories = ["A", " ", "B", "C"] }\n',
        "give every group a name of its own",
    ),
    "too few groups": (
        HEAD + MEDIANS + 'x = { categories = ["A", "B"] }\n',
        "question 1: 4 groups, but x has 2 categories: give as many names, or ask for fewer groups",
    ),
    "too many groups": (
        HEAD + MEDIANS + "groups = 5\n",
        "question 1: groups = 5 (number of box plots): the model boxplot-v",
    ),
    "counts from 1": (
        HEAD + BARS + 'y = { label = "n", range = [1, 20] }\n',
        "range = [1, 20]: bars are counted from 0",
    ),
    # parts
    "one part": (
        HEAD + '[[question]]\ntemplate = ["boxplot/median"]\n',
        "question 1: template = ['boxplot/median']: write the names of 2 to 8 templates about one plot",
    ),
    "nine parts": (
        HEAD + f"[[question]]\ntemplate = {['boxplot/median'] * 9}\n",
        "write the names of 2 to 8 templates",
    ),
    "part that is no name": (HEAD + '[[question]]\ntemplate = ["boxplot/median", 2]\n', "write the names of 2 to 8"),
    "unknown part": (
        HEAD + '[[question]]\ntemplate = ["boxplot/median", "boxplot/skw"]\n',
        "question 1: template = 'boxplot/skw' does not exist: did you mean 'boxplot/skew'?",
    ),
    "parts of two kinds": (
        HEAD + '[[question]]\ntemplate = ["boxplot/median", "scatter/slope"]\n',
        "question 1: scatter/slope is about plots of the kind 'scatter', boxplot/median about those of the kind 'boxplot': "
        "the parts of a question are about one plot",
    ),
    "matching as a part": (
        HEAD + '[[question]]\ntemplate = ["scatter/estimate-r", "scatter/match-r"]\n',
        "question 1: scatter/match-r cannot be one of several parts: ask it in a question of its own",
    ),
    "several plots as a part": (
        HEAD + '[[question]]\ntemplate = ["scatter/which-has-r", "scatter/estimate-r"]\n',
        "question 1: scatter/which-has-r cannot be one of several parts",
    ),
    "statements as a part": (
        HEAD + '[[question]]\ntemplate = ["boxplot/median", "boxplot/statements"]\n',
        "question 1: boxplot/statements cannot be one of several parts",
    ),
    "box plots as a part": (
        HEAD + '[[question]]\ntemplate = ["histogram/shape", "histogram/which-boxplot"]\n',
        "question 1: histogram/which-boxplot cannot be one of several parts",
    ),
    "parts that show different things": (
        HEAD + '[[question]]\ntemplate = ["scatter/slope", "scatter/without-point", "scatter/estimate-r"]\n',
        "question 1: the parts show different things besides the data (scatter/slope: line, scatter/without-point: marked, "
        "scatter/estimate-r: nothing): one plot shows one thing",
    ),
    "parts without a title": (
        HEAD + '[[question]]\ntemplate = ["boxplot/median", "boxplot/skew"]\n',
        'question 1: title is missing: write title = "..."',
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_every_mistake_is_named(quiz_file, text, message):
    with pytest.raises(QuizFileError, match=re.escape(message)) as caught:
        read_quiz(quiz_file(text))
    assert "\n" not in str(caught.value)
    assert re.match(r"(\S*/)?(quiz\.toml|own\.md): ", str(caught.value))


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


def own(tmp_path, old="", new="", like="scatter/estimate-r"):
    """A quiz that asks a template of one's own: a built-in one with something changed."""
    source = installed()[like].english
    assert old in source
    (tmp_path / "own.md").write_text(source.replace(old, new), encoding="utf-8")
    path = tmp_path / "quiz.toml"
    path.write_text(HEAD + '[[question]]\ntemplate = "own.md"\n', encoding="utf-8")
    return path


READS = 'reads = "r"\n'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'kind = "scatter"',
            'kind = "scater"',
            "question 1: the template is about plots of the kind 'scater': did you mean",
        ),
        (
            READS,
            'reads = "rr"\n',
            "own.md: header: reads = 'rr': the features of plots of the kind 'scatter' are r, n,",
        ),
        (READS, READS + 'show = "lines"\n', "own.md: line 6: show: 'lines': write one of line, marked"),
        (
            READS,
            READS + "conditions = { rr = 0.5 }\n",
            "own.md: line 6: conditions: 'rr' is no condition of the kind 'scatter'",
        ),
        (
            READS,
            READS + "conditions = { r = 2 }\n",
            "own.md: conditions: r = 2 (Pearson correlation of the points drawn): the",
        ),
        (
            'key = "r"',
            'key = "slop"',
            "own.md: line 8: key: 'slop' cannot be measured in a picture: did you mean 'slope'?",
        ),
        ('key = "r"', 'key = "fan"', "own.md: line 8: key: 'fan' cannot be measured in a picture"),
        ('key = "r"', 'key = "zzzzzz"', "'zzzzzz' cannot be measured in a picture: what can is "),
        ("{{ intro }}", "{{ m }}", "own.md: line 17: 'm' is undefined"),
    ],
)
def test_mistakes_in_a_template_of_ones_own_are_found_before_anything_is_built(tmp_path, old, new, message):
    with pytest.raises(QuizFileError, match=re.escape(message)) as caught:
        read_quiz(own(tmp_path, old, new))
    assert "\n" not in str(caught.value)


def test_what_boxes_and_lines_other_kinds_do_not_show_is_refused(tmp_path):
    path = own(tmp_path, "clarity", 'show = "line"\nclarity', like="boxplot/median")
    with pytest.raises(
        QuizFileError, match=re.escape("own.md: header: show = 'line': plots of the kind 'boxplot' show nothing")
    ):
        read_quiz(path)


def test_several_plots_of_what_is_no_feature_are_refused(tmp_path):
    path = own(tmp_path, 'plots = "r"', 'plots = "slope"', like="scatter/match-r")
    with pytest.raises(
        QuizFileError, match=re.escape("own.md: header: plots = 'slope': the features of plots of the kind")
    ):
        read_quiz(path)


def test_a_kind_without_contexts_is_told_to_say_it_in_ones_own_words(tmp_path, monkeypatch):
    monkeypatch.setattr("plotbank.quiz.contexts", lambda kind: ())
    with pytest.raises(QuizFileError) as caught:
        question(tmp_path, 'context = "any"')
    assert str(caught.value) == (
        "quiz.toml: question 1: context = 'any': there are none for plots of the kind 'scatter': write x and y"
    )


def test_an_own_template_may_use_every_reading(tmp_path):
    path = own(tmp_path, "max(0.03, 2.15 * jnd(r))", "max(0.1, sd_x / sd_x * 2.15 * jnd(r))")
    path.write_text(path.read_text() + "r = [0.5, 0.6]\n")

    assert len(read_quiz(path).questions) == 1


def test_an_own_template_is_in_its_own_language_whatever_the_quizs_is(tmp_path):
    path = own(tmp_path)
    path.write_text(path.read_text().replace("[[", 'locale = "de"\n[[') + "r = 0.6\n")
    asked = read_quiz(path).questions[0]

    assert asked.title == "Estimate the correlation"
    assert asked.numerals.language == "de"


def test_a_template_without_words_in_the_quizs_language_is_refused(tmp_path, monkeypatch):
    """As one of another package may be."""
    from plotbank import item_templates

    english = item_templates.parse("scatter/estimate-r", installed()["scatter/estimate-r"].english, {})
    monkeypatch.setattr("plotbank.item_templates.built_in", lambda name: english)
    with pytest.raises(QuizFileError) as caught:
        question(tmp_path, "", head=HEAD + 'locale = "fr"\n')
    assert str(caught.value) == (
        "quiz.toml: question 1: scatter/estimate-r has no words in the language 'fr': choose another template, or a locale "
        "of en"
    )


def test_groups_that_nobody_asks_for_need_names_too(tmp_path):
    """Natural box plots have up to four groups."""
    source = installed()["boxplot/median"].english
    head, _, rest = source.partition("reads = ")
    (tmp_path / "own.md").write_text(head + rest.partition("\n")[2].partition("\n")[2])
    path = tmp_path / "quiz.toml"
    path.write_text(HEAD + '[[question]]\ntemplate = "own.md"\nx = { categories = ["A", "B"] }\n')
    with pytest.raises(QuizFileError, match="question 1: 4 groups, but x has 2 categories: give as many names"):
        read_quiz(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'title = "Is r 0.70?"',
            "question 1: with r = 0.7 the title tells the key: change the words, or leave r = 0.7 out",
        ),
        (
            'x = { label = "Time at 0.70", range = [0, 30] }',
            "question 1: with r = 0.7 the text alternative tells the key: change the words",
        ),
        (
            'y = { label = "Score at -0.70", range = [0, 30] }\nr = -0.7',
            "question 1: with r = -0.7 the text alternative tells",
        ),
        ('story = "They found 0.70."', "question 1: with r = 0.7 the stem tells the key: change the words"),
    ],
)
def test_words_that_tell_a_key_are_refused(quiz_file, line, message):
    range_ = "" if "r = -" in line else "r = [0.65, 0.75]\n"
    with pytest.raises(QuizFileError, match=re.escape(message)):
        read_quiz(quiz_file(HEAD + QUESTION + range_ + line + "\n"))


def test_words_that_tell_no_key_of_the_range_are_taken(quiz_file):
    assert read_quiz(quiz_file(HEAD + QUESTION + 'r = [0.65, 0.69]\ntitle = "Is r 0.70?"\n')).questions


def test_more_answers_than_exist_are_refused_with_the_arithmetic(quiz_file):
    quiz = read_quiz(quiz_file(HEAD + QUESTION + 'r = [0.6, 0.7]\ndistinct = "answer"\n'))

    refuse_impossible(quiz, 11)
    with pytest.raises(ImpossibleRequest) as caught:
        refuse_impossible(quiz, 20)
    assert str(caught.value) == (
        "question 'q1': r from 0.6 to 0.7 allows 11 different answers, and 20 students are to have one each "
        '(20 - 11 = 9 too few): widen the range, or write distinct = "picture"'
    )


def test_values_that_are_left_out_are_counted_as_such(quiz_file):
    """Correlations near 1 are easier to estimate than those of the band."""
    quiz = read_quiz(quiz_file(HEAD + QUESTION + 'r = [0.6, 0.95]\ndistinct = "answer"\n'))
    left_out = len(quiz.questions[0].left_out)
    assert left_out > 0
    with pytest.raises(
        ImpossibleRequest, match=rf"allows {36 - left_out} different answers, {left_out} left out as easier or"
    ):
        refuse_impossible(quiz, 36)


def test_the_answers_of_options_in_words_and_of_truths_are_counted_too(quiz_file):
    """Which of four groups: four answers; true or false: two."""
    for template, most in (("boxplot/compare-medians", 4), ("boxplot/true-false", 2)):
        text = f'[[question]]\ntemplate = "{template}"\ndistinct = "answer"\n'
        quiz = read_quiz(quiz_file(HEAD + text))
        refuse_impossible(quiz, most)
        with pytest.raises(ImpossibleRequest) as caught:
            refuse_impossible(quiz, most + 3)
        assert str(caught.value) == (
            f"question 'q1': {template} allows {most} different answers, and {most + 3} students are to have one each "
            f'({most + 3} - {most} = 3 too few): widen the range, or write distinct = "picture"'
        )


def test_answers_that_no_feature_decides_are_not_counted_before_any_data_are_drawn(quiz_file):
    for template in ("scatter/slope", "scatter/choose-r", "scatter/r-squared"):
        quiz = read_quiz(quiz_file(HEAD + f'[[question]]\ntemplate = "{template}"\nr = 0.6\ndistinct = "answer"\n'))

        assert quiz.questions[0].fixed_answers() is None
        refuse_impossible(quiz, 1000)


def test_a_context_gives_story_axes_and_what_is_plausible(tmp_path):
    (setting,) = question(tmp_path, 'context = "heating"\nr = -0.6').settings
    of_kind = next(one for one in contexts("scatter") if one.id == "heating")

    assert (setting.context, setting.sign) == ("heating", -1)
    assert setting.story == of_kind.texts["en"].story
    assert (setting.plot.x.label, setting.plot.x.low, setting.plot.x.high) == (of_kind.texts["en"].x, -10, 25)


def test_contexts_are_in_the_quizs_language(tmp_path):
    (setting,) = question(tmp_path, 'context = "heating"\nr = -0.6', head=HEAD + 'locale = "de"\n').settings
    of_kind = next(one for one in contexts("scatter") if one.id == "heating")

    assert setting.story == of_kind.texts["de"].story != of_kind.texts["en"].story


def test_any_context_is_drawn_among_those_that_go_with_the_sign(tmp_path):
    """Of 200 students everybody gets a context, each of them somebody, and none with a direction against the data's."""
    asked = question(tmp_path, 'context = "any"\nr = { values = [-0.7, -0.6, 0.6, 0.7] }\nn = 40')
    drawn = [decide(asked, seed(b"s", "t", "q1", str(student))) for student in range(200)]

    assert len(asked.settings) == len(contexts("scatter")) == 20
    assert {setting.context for _, setting in drawn} == {setting.context for setting in asked.settings}
    assert all(setting.sign * condition["r"] >= 0 for condition, setting in drawn)


def test_a_list_of_contexts_is_kept_to(tmp_path):
    asked = question(tmp_path, 'context = ["heating", "songs"]\nr = -0.6')
    drawn = {decide(asked, seed(b"s", "t", "q1", str(student)))[1].context for student in range(30)}

    assert drawn == {"heating", "songs"}


def test_box_plots_have_groups_with_names(tmp_path):
    (default,) = question(tmp_path, "", template="boxplot/compare-medians").settings
    asked = question(
        tmp_path, 'x = { label = "Bus", categories = [" 1", "2", "3", "4"] }', template="boxplot/compare-medians"
    )
    (setting,) = asked.settings

    assert default.plot.x.categories == ("A", "B", "C", "D")
    assert default.plot.x.label == "Group"
    assert (setting.plot.x.label, setting.plot.x.categories) == ("Bus", ("1", "2", "3", "4"))
    assert (setting.plot.x.low, setting.plot.x.high) == (0, 4)


def test_counts_end_above_the_tallest_bar_unless_a_range_is_given(tmp_path):
    (open_,) = question(tmp_path, "", template="histogram/count-above").settings
    (given,) = question(tmp_path, 'y = { label = "Days", range = [0, 60] }', template="histogram/count-above").settings

    assert (open_.plot.y.low, open_.plot.y.high) == (0, math.inf)
    assert (given.plot.y.label, given.plot.y.high) == ("Days", 60)


@pytest.mark.parametrize(
    ("low", "high", "bins"), [(0, 10, 10), (0, 60, 12), (40, 100, 12), (0, 30, 12), (0, 7, 7), (0, 1, 10)]
)
def test_bars_that_nobody_asks_for_have_round_widths(tmp_path, low, high, bins):
    """The number of bars from 6 to 16, nearest to 10, whose width is 1, 2, 2.5, 4 or 5 and zeros: by hand."""
    line = f'x = {{ label = "t", range = [{low}, {high}] }}'
    (setting,) = question(tmp_path, line, template="histogram/count-above").settings

    assert setting.bins == bins


def test_plots_side_by_side_are_smaller(tmp_path):
    (setting,) = question(tmp_path, "r = 0.6", template="scatter/which-has-r").settings

    assert (setting.plot.picture.width, setting.plot.picture.height) == (420, 315)


def test_parts_share_what_all_of_them_ask_for(tmp_path):
    """The median template asks for a skewed box, the skewness template for one of three kinds: what both allow is left."""
    path = tmp_path / "quiz.toml"
    path.write_text(HEAD + '[[question]]\ntemplate = ["boxplot/median", "boxplot/skew"]\ntitle = "P"\n')
    asked = read_quiz(path).questions[0]

    assert [template.name for template in asked.templates] == ["boxplot/median", "boxplot/skew"]
    assert (asked.template, asked.reads, asked.values) == (asked.templates[0], "", ())
    assert len(asked.cases) == 2
    for case in asked.cases:
        assert case.values["groups"] == (1.0,)
        assert set(case.values["skew1"]) <= {0.45, 0.5, 0.55, 0.6, -0.45, -0.5, -0.55, -0.6}
        assert (case.values["median1"][0], case.values["median1"][-1]) == (0.25, 0.75)
    assert asked.fixed_answers() is None


def test_the_quiz_files_word_counts_before_the_templates(tmp_path):
    asked = question(tmp_path, "skew1 = 0.5\nn = 40", template="boxplot/median")

    assert {case.values["skew1"] for case in asked.cases} == {(0.5,)}
    assert {case.values["n1"] for case in asked.cases} == {(40.0,)}


def test_variants_lie_in_a_band_of_predicted_difficulty(tmp_path):
    """Two bands of correlations, of which the few that are much easier are left out and told."""
    asked = question(tmp_path, "r = [0.55, 0.85]\nn = [40, 60]")
    low, high = asked.band

    assert math.isinf(low) or 0.3 < high - low < 0.4
    assert set(asked.left_out).isdisjoint(asked.values)
    assert len(asked.values) + len(asked.left_out) == 31


def test_the_page_says_what_can_be_asked_for():
    page = (ROOT / "docs" / "quiz-file.md").read_text(encoding="utf-8")
    for f in KIND.features:
        (row,) = re.findall(rf"^\| `{f.name}` \| .*$", page, flags=re.MULTILINE)
        assert f", {f.low:g} to {f.high:g}" in row
        assert f"| {f.step:g} |" in row
        usual = "natural" if f.usual == (f.low, f.high) else f"natural, {f.usual[0]:g} to {f.usual[1]:g}"
        assert row.endswith(f"| {f.usual[0]:g} |" if f.usual[0] == f.usual[1] else f"| {usual} |")


def test_a_context_that_rises_leaves_a_templates_own_correlations_that_fall_out(tmp_path):
    path = tmp_path / "quiz.toml"
    rising = HEAD + '[[question]]\ntemplate = "scatter/choose-r"\ncontext = "study-time"\n'
    path.write_text(rising)
    (asked,) = read_quiz(path).questions

    assert asked.values
    assert min(asked.values) > 0
    path.write_text(rising + "r = [-0.8, 0.8]\n")
    with pytest.raises(QuizFileError, match="no context has a relationship that falls"):
        read_quiz(path)
