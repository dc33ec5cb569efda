"""Quiz files: what is understood, and every mistake named with file, place and remedy."""

import re

import pytest

from plotbank.errors import ImpossibleRequest, QuizFileError
from plotbank.quiz import outlook, read_quiz, refuse_impossible

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


def test_conditions_left_out_are_all_that_the_model_was_trained_for(tmp_path):
    grid = question(tmp_path, "").grid

    assert grid.values["r"][0] == -0.95
    assert len(grid.values["r"]) == 191
    assert grid.values["n"] == tuple(range(15, 101))


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
        "question 1: r = 1.2 (Pearson correlation of the points drawn): the model scatter-v1 was trained for r from "
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
        "n = 500 (number of points drawn): the model scatter-v1 was trained",
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
    # max(.03, 2 jnd) at 0.85 and 0.55: 0.0691 and 0.1426, to the next hundredth and half a unit on
    assert out.tolerance == (0.075, 0.155)
    assert out.clarity[0] >= 1.4
