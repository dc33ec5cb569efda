"""Words in one plain form, whatever a format makes of them."""

import re

import pytest

from plotbank.proof.delivered import (
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    MatchingDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from plotbank.wording_record import changed, plain, words_of

PICTURES = (
    DeliveredPicture(name="a.png", png=b"", alt="A plot.", width=1, height=1, caption="Plot A", description="More."),
    DeliveredPicture(name="b.png", png=b"", alt="Another.", width=1, height=1),
)


def item(key, stem="<p>Which?</p>", **changes):
    return Delivered(
        package="", id="", pool="", title="", stem=stem, feedback="", pictures=PICTURES, points=1, key=key, **changes
    )


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>r is  <em>\N{MINUS SIGN}0.5</em>,\n not&nbsp;1 &lt; 2.</p>", "r is -0.5, not 1 < 2."),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("<p>Look:</p><p><strong>Plot A</strong></p><p><img src='a.png' alt='x'/></p><p>So.</p>", "Look: So."),
        ("<p>This is <strong>bold</strong> and stays.</p><img src='a.png'>", "This is bold and stays."),
        ("<p>Data</p><table><tr><td>1</td></tr></table>", "Data"),
    ],
)
def test_html_as_words(html, words):
    assert plain(html) == words


def test_the_words_of_a_choice():
    key = ChoiceDelivered(
        options=("<p>Yes</p>", "No<img src='b.png'>"), correct=(0,), feedback=("<p>Well done</p>", "")
    )

    assert words_of(item(key, if_correct="<p>Right!</p>")) == {
        "stem": "Which?",
        "if_correct": "Right!",
        "alts": ["A plot. More.", "Another."],
        "captions": ["Plot A", ""],
        "options": ["Yes", "No"],
        "option_feedback": ["Well done", ""],
    }


def test_the_words_of_other_keys():
    matching = MatchingDelivered(prompts=("<p>A</p>", "B"), answers=("\N{MINUS SIGN}0.5", "-0.9", "0.1"), pairs=(0, 2))
    parts = PartsDelivered(
        parts=(
            PartDelivered(
                stem="<p>True?</p>", key=TrueFalseDelivered(truth=True, if_true="Yes", if_false="No"), share=0.5
            ),
            PartDelivered(stem="<p>Which?</p>", key=ChoiceDelivered(options=("a", "b"), correct=(0,)), share=0.5),
        )
    )

    assert words_of(item(matching))["answers"] == ["-0.5", "-0.9", "0.1"]
    assert words_of(item(matching))["prompts"] == ["A", "B"]
    assert words_of(item(parts))["parts"] == [
        {"stem": "True?", "option_feedback": ["Yes", "No"]},
        {"stem": "Which?", "options": ["a", "b"]},
    ]


BUILT = {
    "stem": "What is r?",
    "if_correct": "Right.",
    "option_feedback": ["Good", ""],
    "parts": [{"stem": "One", "option_feedback": ["x"]}, {"stem": "Two"}],
}


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({**BUILT, "stem": "What is s?"}, r"the stem says 'What is s\?', but 'What is r\?' was built"),
        ({**BUILT, "feedback": "0.5"}, "the feedback says '0.5', but nothing was built"),
        ({**BUILT, "parts": BUILT["parts"][:1]}, "the parts say .* was built"),
        (
            {**BUILT, "parts": [BUILT["parts"][0], {"stem": "Too"}]},
            "part 2: the stem says 'Too', but 'Two' was built",
        ),
        ({name: said for name, said in BUILT.items() if name != "if_correct"}, "who is right is told nothing, but .*"),
    ],
)
def test_words_that_were_changed(found, message):
    (only,) = changed(BUILT, found)

    assert re.fullmatch(message, only)


def test_white_space_is_no_change():
    assert list(changed(BUILT, {**BUILT, "stem": "What  is\u00a0r ?"})) == []


def test_what_a_format_left_out_is_not_missed():
    silent = {"stem": "What is r?", "parts": [{"stem": "One"}, {"stem": "Two"}]}

    assert list(changed(BUILT, silent, ["comments", "feedback"])) == []
    assert len(list(changed(BUILT, silent, ["comments"]))) == 1
    assert len(list(changed(BUILT, silent))) == 3
