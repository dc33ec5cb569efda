"""Whether pictures prove a key: every type of answer, compared with what was measured and with what is delivered."""

import json
from dataclasses import replace

import pytest

from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.item_templates import View, parse
from plotbank.item_templates.grading import Choices, Entry, Matches, Number, Statement
from plotbank.items import Axis
from plotbank.proof.delivered import (
    BandDelivered,
    ChoiceDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from plotbank.proving import answer_of, answer_record, of_claim, of_delivered, stands_for

VIEW = View(
    x=Axis(label="x", low=0, high=12), y=Axis(label="y", low=0, high=10), x_error=0.2, y_error=0.2
)  # of 12 units and, below, 4 bars of 3 units
SECTIONS = "\n+++\n\n# Stem\n\nWhat?\n\n# Feedback\n\nThis.\n"
NUMBER = Number(value=0.53, decimals=2, tolerance=0.105, bands=((0.205, 0.5),))
PLAIN = replace(NUMBER, bands=())
NUMBERS = Choices(
    entries=(Entry(id="0", value=-0.7), Entry(id="1", value=0.53, why="squared"), Entry(id="2", value=1234.5)),
    right=(1,),
    decimals=2,
)
SENTENCES = Choices(entries=(Entry(id="skewed"), Entry(id="flat"), Entry(id="long")), right=(0, 2))
TRUE = Statement(id="skewed", truth=True)
MATCHES = Matches(shown=(0.5, -0.7, 0.1), values=(-0.7, 0.1, 0.5), decimals=1)
ANSWERS = (NUMBER, NUMBERS, SENTENCES, TRUE, MATCHES)


def template(header, name="t.md", kind="scatter"):
    return parse(name, f'+++\nkind = "{kind}"\ntitle = "T"\nclarity = 1\n{header}{SECTIONS}')


def claimed(header, answer, *measured, drawn=None, kind="scatter"):
    return list(of_claim(template(header, kind=kind), answer, drawn or {}, measured, VIEW))


# What a template said, and what the pictures show.


def test_a_number_is_proved_within_half_a_place_and_a_tenth_of_its_tolerance():
    """0.53 with a tolerance of 0.105: from 0.5145 to 0.5455."""
    header = 'type = "numerical"\nkey = "r"\ndecimals = 2\nunit = "correlation"\ntolerance = "0.1"'

    assert claimed(header, PLAIN, {"r": 0.53}) == []
    assert claimed(header, PLAIN, {"r": 0.5146}) == []
    assert claimed(header, PLAIN, {"r": 0.5454}) == []
    assert claimed(header, PLAIN, {"r": 0.5144}) == ["the key is 0.53, but the picture shows 0.5144"]
    assert claimed(header, PLAIN, {"r": 0.545678}) == ["the key is 0.53, but the picture shows 0.54568"]
    assert claimed(header, PLAIN, {"r": -0.53}) == ["the key is 0.53, but the picture shows -0.53"]


def test_a_key_uses_what_was_drawn_by_chance():
    header = 'type = "numerical"\nkey = "slope * at_x"\ndecimals = 2\nunit = "1"\ntolerance = "0.1"\n[let]\nat_x = "pick(1, 2)"'
    answer = replace(PLAIN, value=3.0)

    assert claimed(header, answer, {"slope": 1.5}, drawn={"at_x": 2}) == []
    assert claimed(header, answer, {"slope": 1.5}, drawn={"at_x": 1}) == ["the key is 3, but the picture shows 1.5"]


def test_a_template_that_fails_on_what_was_measured_says_why():
    header = 'type = "numerical"\nkey = "{}"\ndecimals = 2\nunit = "1"\ntolerance = "0.1"'
    with pytest.raises(UnsuitableDraw, match="a division by zero"):
        claimed(header.format("1 / r"), NUMBER, {"r": 0.0})
    with pytest.raises(UnsuitableDraw, match="a reading that the plot does not have"):
        claimed(header.format("r"), NUMBER, {"r": float("nan")})
    with pytest.raises(QuizFileError, match="'r_' is undefined"):
        claimed(header.format("r_"), NUMBER, {"r": 0.5})


def test_one_of_several_numbers():
    header = 'type = "choice"\nkey = "r"\ndecimals = 2\nunit = "correlation"\noptions = "[r]"'

    assert claimed(header, NUMBERS, {"r": 0.53}) == []
    assert claimed(header, NUMBERS, {"r": 0.5399}) == []
    assert claimed(header, NUMBERS, {"r": 0.545}) == ["the key is 0.53, but the picture shows 0.545"]
    assert claimed(header, NUMBERS, {"r": -0.6996}) == ["the option -0.7 is what the picture shows, -0.6996"]


SKEWED = """type = "{}"
{}
[{what}.skewed]
text = "S"
right = "bend > 0.3"
margin = "9"
[{what}.flat]
text = "F"
right = "bend == 0"
margin = "9"
[{what}.long]
text = "L"
right = "n > 30"
margin = "9"
"""


def test_several_statements():
    header = SKEWED.format("multiple", "statements = 3", what="statement")

    assert claimed(header, SENTENCES, {"bend": 0.4, "n": 40.0}) == []
    assert claimed(header, SENTENCES, {"bend": 0.2, "n": 40.0}) == [
        "the option 'skewed' is keyed True, but the picture shows otherwise"
    ]
    assert claimed(header, SENTENCES, {"bend": 0.0, "n": 20.0}) == [
        "the option 'skewed' is keyed True, but the picture shows otherwise",
        "the option 'flat' is keyed False, but the picture shows otherwise",
        "the option 'long' is keyed True, but the picture shows otherwise",
    ]


def test_true_or_false():
    header = SKEWED.format("truefalse", "", what="statement")

    assert claimed(header, TRUE, {"bend": 0.4, "n": 40.0}) == []
    assert claimed(header, replace(TRUE, truth=False), {"bend": 0.2, "n": 40.0}) == []
    assert claimed(header, TRUE, {"bend": 0.2, "n": 40.0}) == [
        "the statement 'skewed' is keyed True, but the picture shows otherwise"
    ]


SEVERAL = 'type = "{}"\nplots = "r"\ndecimals = 1\nunit = "correlation"\noptions = "[r]"\n{}'


def test_matching_is_proved_plot_by_plot():
    header, measured = SEVERAL.format("matching", ""), [{"r": 0.5004}, {"r": -0.6999}, {"r": 0.1}]

    assert claimed(header, MATCHES, *measured) == []
    assert claimed(header, MATCHES, *measured[::-1]) == [
        "plot 1 is said to have r = 0.5, but it shows 0.1000",
        "plot 3 is said to have r = 0.1, but it shows 0.5004",
    ]
    assert claimed(header, MATCHES, {"r": 0.5014}, *measured[1:]) == []
    assert claimed(header, MATCHES, {"r": 0.5016}, *measured[1:]) == [
        "plot 1 is said to have r = 0.5, but it shows 0.5016"
    ]


def test_one_of_several_plots_is_proved_plot_by_plot():
    header = SEVERAL.format("choice", 'key = "r"')
    answer = Choices(entries=(Entry(id="0", value=0.5), Entry(id="1", value=-0.5)), right=(0,), decimals=1)

    assert claimed(header, answer, {"r": 0.5}, {"r": -0.5}) == []
    assert claimed(header, answer, {"r": 0.5}, {"r": 0.5}) == ["plot 2 is said to have r = -0.5, but it shows 0.5000"]


def boxes(*quartiles):
    return [dict(zip(("q1_1", "q2_1", "q3_1"), three, strict=True)) for three in quartiles]


def test_the_box_plot_of_a_histogram():
    """Bars of 2, 6, 6 and 2 values, each 3 wide: quartiles 4, 6 and 8 by interpolation, up to a bar away."""
    header = 'type = "choice"\nboxes = ["mirrored", "shifted"]'
    bars = {"bins": 4.0, "count_1": 2.0, "count_2": 6.0, "count_3": 6.0, "count_4": 2.0}
    answer = Choices(entries=(Entry(id="shifted"), Entry(id="own"), Entry(id="mirrored")), right=(1,))
    own, far, off = (4.1, 6.2, 7.9), (7.0, 9.0, 11.0), (4.0, 9.5, 11.0)

    assert claimed(header, answer, bars, *boxes(far, own, off), kind="histogram") == []
    assert claimed(header, answer, bars, *boxes(own, far, off), kind="histogram") == [
        "the box plot 1 is that of the histogram, not 2"
    ]
    assert claimed(header, answer, bars, *boxes((0, 1, 2), (0.9, 2.9, 4.9), (0, 0, 1)), kind="histogram") == [
        "no box plot is that of the histogram"
    ]


# What is delivered, and what was said.


def delivered(key, *answers):
    return list(of_delivered(key, answers))


NUMERIC = NumericDelivered(value=0.53, low=0.425, high=0.635, bands=(BandDelivered(low=0.325, high=0.735, share=0.5),))


def test_a_delivered_number():
    assert delivered(NUMERIC, NUMBER) == []
    assert delivered(replace(NUMERIC, value=0.54), NUMBER) == ["the key is 0.54, but 0.53 is right"]
    assert delivered(replace(NUMERIC, high=0.645), NUMBER) == ["0.425 to 0.645 earns 100%, not 0.425 to 0.635 100%"]
    assert delivered(replace(NUMERIC, bands=(BandDelivered(low=0.325, high=0.735, share=0.75),)), NUMBER) == [
        "0.325 to 0.735 earns 75%, not 0.325 to 0.735 50%"
    ]
    assert delivered(replace(NUMERIC, bands=(BandDelivered(low=0.3, high=0.76, share=0.5),)), NUMBER) == [
        "0.3 to 0.76 earns 50%, not 0.325 to 0.735 50%"
    ]
    assert delivered(replace(NUMERIC, bands=()), NUMBER) == ["0 bands of partial credit are delivered, but 1 were made"]
    assert delivered(replace(NUMERIC, bands=NUMERIC.bands * 2), NUMBER) == [
        "2 bands of partial credit are delivered, but 1 were made"
    ]


def test_a_share_may_be_rounded_as_moodle_knows_it():
    """A third is written as 33.33333 percent."""
    third = replace(NUMBER, bands=((0.205, 1 / 3),))

    assert delivered(replace(NUMERIC, bands=(BandDelivered(low=0.325, high=0.735, share=0.3333333),)), third) == []


def test_delivered_options():
    options = ("<em>−0.70</em>", "0.53", "1,234.50")

    assert delivered(ChoiceDelivered(options=options, correct=(1,)), NUMBERS) == []
    assert delivered(ChoiceDelivered(options=options, correct=(0,)), NUMBERS) == [
        "the options 1 are keyed right, not 2"
    ]
    assert delivered(ChoiceDelivered(options=options, correct=()), NUMBERS) == [
        "the options none are keyed right, not 2"
    ]
    assert delivered(ChoiceDelivered(options=options[:2], correct=(1,)), NUMBERS) == [
        "2 options are delivered, but 3 were made"
    ]
    assert delivered(ChoiceDelivered(options=("−0.70", "0.54", "0.70"), correct=(1,)), NUMBERS) == [
        "the option '0.54' is not 0.53",
        "the option '0.70' is not 1234.5",
    ]


def test_delivered_options_that_are_plots_or_words_are_told_apart_by_their_places():
    words = ("skewed", "flat", "long")

    assert delivered(ChoiceDelivered(options=("Plot A", "Plot B", "Plot C"), correct=(1,)), NUMBERS) == []
    assert delivered(MultipleDelivered(options=words, correct=(2, 0)), SENTENCES) == []
    assert delivered(MultipleDelivered(options=words, correct=(0, 1)), SENTENCES) == [
        "the options 1, 2 are keyed right, not 1, 3"
    ]


def test_a_delivered_truth():
    assert delivered(TrueFalseDelivered(truth=True), TRUE) == []
    assert delivered(TrueFalseDelivered(truth=False), TRUE) == ["the statement is keyed false, but it is true"]


def test_delivered_pairs():
    prompts, answers = ("Plot A", "Plot B", "Plot C"), ("−0,7", "0,1", "0,5")
    key = MatchingDelivered(prompts=prompts, answers=answers, pairs=(2, 0, 1))

    assert delivered(key, MATCHES) == []
    assert delivered(replace(key, pairs=(0, 2, 1)), MATCHES) == [
        "plot 1 is matched with −0,7, but it has 0.5",
        "plot 2 is matched with 0,5, but it has -0.7",
    ]
    assert delivered(replace(key, prompts=prompts[:2], pairs=(2, 0)), MATCHES) == [
        "2 plots are matched, but 3 were made"
    ]


PARTS = PartsDelivered(
    parts=(
        PartDelivered(stem="", key=NUMERIC, share=0.5),
        PartDelivered(stem="", key=TrueFalseDelivered(truth=True), share=0.5),
    )
)


def test_delivered_parts():
    assert delivered(PARTS, NUMBER, TRUE) == []
    assert delivered(PARTS, NUMBER, replace(TRUE, truth=False)) == [
        "part 2: the statement is keyed true, but it is false"
    ]
    assert delivered(PARTS, replace(NUMBER, value=0.5, bands=()), TRUE) == [
        "part 1: the key is 0.53, but 0.5 is right",
        "part 1: 0.425 to 0.635 earns 100%, not 0.395 to 0.605 100%",
        "part 1: 1 bands of partial credit are delivered, but 0 were made",
    ]
    assert delivered(PARTS, NUMBER) == ["2 parts are delivered, but 1 were made"]
    assert delivered(NUMERIC, NUMBER, TRUE) == ["one question is delivered, but 2 were made"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_question_of_another_type(answer):
    other = TrueFalseDelivered(truth=True) if not isinstance(answer, Statement) else NUMERIC

    assert delivered(other, answer) == ["the question is of another type than the one that was made"]


# Numbers as locales write them.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.53", 0.53),
        ("0,53", 0.53),
        ("−0.70", -0.7),
        ("-0,7", -0.7),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("12 345", 12345),
        ("12\N{NO-BREAK SPACE}345,5", 12345.5),
        ("12\N{NARROW NO-BREAK SPACE}345", 12345),
        ("1.234", 1234),
        ("1.234", 1.234),
        ("1,234", 1234),
        ("1.234.567", 1234567),
        ("12,34,567.5", 1234567.5),
        ("36 %", 36),
        ("0", 0),
        ("Plot 3", 3),
    ],
)
def test_a_text_stands_for_a_number(text, value):
    assert stands_for(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.53", 0.54),
        ("0.53", -0.53),
        ("−0.70", 0.7),
        ("1.234,5", 1.2345),
        ("0,53", 53),
        ("1.23", 123),
        ("12,3456", 123456),
        ("0,535", 0.53),
        ("", 0),
        ("-", 0),
        ("A", 1),
    ],
)
def test_a_text_does_not_stand_for_another_number(text, value):
    assert not stands_for(text, value)


# Answers as private/ keeps them.


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_comes_back_from_its_record(answer):
    assert answer_of(json.loads(json.dumps(answer_record(answer)))) == answer


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ({}, KeyError),
        ({"type": "essay"}, ValueError),
        ({"type": "statement", "id": "a"}, TypeError),
        ({"type": "statement", "id": "a", "truth": True, "more": 1}, TypeError),
        ({"type": "number", "value": 1, "decimals": 0, "tolerance": 0.5}, KeyError),
        ({"type": "number", "value": 1, "decimals": 0, "tolerance": 0.5, "bands": [["a", 1]]}, ValueError),
        ({"type": "choices", "entries": [{"name": "a"}], "right": [0], "decimals": 0}, TypeError),
        ({"type": "choices", "entries": [], "right": ["a"], "decimals": 0}, ValueError),
        ({"type": "matches", "shown": [1]}, KeyError),
    ],
)
def test_a_record_of_no_answer_is_refused(record, error):
    with pytest.raises(error):
        answer_of(record)
