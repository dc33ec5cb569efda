"""What would tell a key, asked of texts before they are delivered."""

import pytest

from plotbank.items import (
    Band,
    ChoiceKey,
    MatchingKey,
    MultipleKey,
    NumericKey,
    Option,
    Part,
    PartsKey,
    TrueFalseKey,
)
from plotbank.leaks import told

NUMERIC = NumericKey(value=0.61, tolerance=0.135, decimals=2, bands=(Band(tolerance=0.205, share=0.5),))
CHOICE = ChoiceKey(options=(Option(text="−0.74"), Option(text="−0.63")), correct=0)
MULTIPLE = MultipleKey(
    options=(Option(text="skewed"), Option(text="long"), Option(text="flat")), correct=frozenset((0,))
)
TRUTH = TrueFalseKey(truth=True, if_true="Yes: 0.61", if_false="No: 0.61")
MATCHING = MatchingKey(prompts=("Plot A", "Plot B"), answers=("r = 0.61", "r = −0.74", "r = 0"), pairs=(1, 0))
PARTS = PartsKey(
    parts=(Part(stem="<p>How large?</p>", key=NUMERIC, share=0.5), Part(stem="<p>True?</p>", key=TRUTH, share=0.5))
)
LABEL = "0610610610610610"
STEM = "<p>What is <em>r</em>?</p>"
ALT = "Scatter plot of 61 points, from 0 to 0.6."


def asked(key, *, stem=STEM, alts=(ALT,), title="Estimate 06106106", identifier=f"quiz-q1_{LABEL}", captions=()):
    feedback = "<p>r is 0.61 or −0.74, skewed</p>"
    return told(
        key,
        stem=stem,
        feedback=feedback,
        alts=alts,
        title=title,
        identifier=identifier,
        label=LABEL,
        captions=captions,
    )


@pytest.mark.parametrize("key", [NUMERIC, CHOICE, MULTIPLE, TRUTH, MATCHING, PARTS])
def test_ordinary_words_tell_nothing(key):
    assert asked(key) == []


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({"alts": ("A plot with r = 0.61.",)}, "text alternative"),
        ({"alts": (ALT, "A plot with r = 0.61.")}, "text alternative"),
        ({"stem": "<p>Is it 0.61?</p>"}, "stem"),
        ({"title": "Estimate 0.61"}, "title"),
        ({"identifier": "quiz-0-61-q1"}, "id"),
    ],
)
def test_every_place_in_which_a_number_tells(words, place):
    assert asked(NUMERIC, **words) == [f"the {place} tells the key"]
    assert asked(PARTS, **words) == [f"the {place} tells the key of part 1"]


@pytest.mark.parametrize("minus", ["-", "−"])
def test_a_right_option_alone_tells_and_all_options_together_do_not(minus):
    assert asked(CHOICE, alts=(f"A plot with r = {minus}0.74.",)) == ["the text alternative tells the key"]
    assert asked(CHOICE, alts=(f"Is r {minus}0.74 or {minus}0.63?",)) == []


def test_right_options_tell_unless_wrong_ones_stand_beside_them():
    assert asked(MULTIPLE, title="A skewed one") == ["the title tells the key"]
    assert asked(MULTIPLE, title="Skewed or flat") == []


def test_an_answer_tells_where_its_prompt_stands():
    assert asked(MATCHING, alts=("Plot A: r = −0.74",)) == ["the text alternative tells the key"]
    assert asked(MATCHING, alts=("Plot A: r = 0.61",)) == []


def test_a_caption_says_what_an_alternative_is_about():
    alts, captions = ("Points, r = 0.61", "Points"), ("Plot A", "Plot B")
    assert asked(MATCHING, alts=alts, captions=captions) == []
    assert asked(MATCHING, alts=alts[::-1], captions=captions) == ["the text alternative tells the key"]


def test_captions_that_do_not_fit_the_pictures_are_a_fault():
    with pytest.raises(ValueError, match="shorter"):
        asked(NUMERIC, alts=(ALT, ALT), captions=("Plot A",))


def test_a_whole_number_may_stand_in_the_stem_and_nowhere_else():
    key = NumericKey(value=40, tolerance=2.5, decimals=0)

    assert asked(key, stem="<p>40 values from 0 to 40</p>") == []
    assert asked(key, alts=("An axis from 0 to 40.",)) == ["the text alternative tells the key"]


@pytest.mark.parametrize("hundredths", range(5, 96))
def test_a_numeric_key_tells_whatever_the_noise_of_its_bounds(hundredths):
    """0.7 - 0.105 is not 0.595 in binary; the key's places are found from bounds as exporters write them."""
    key = NumericKey(value=hundredths / 100, tolerance=0.105, decimals=2)

    assert asked(key, title=f"Is it {hundredths / 100:.2f}?") == ["the title tells the key"]
