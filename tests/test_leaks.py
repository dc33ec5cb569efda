"""What would tell a key, asked of texts before they are delivered."""

import pytest

from plotbank.item_templates import Text
from plotbank.items import ChoiceKey, NumericKey
from plotbank.leaks import told

NUMERIC = NumericKey(value=0.61, tolerance=0.135, decimals=2)
CHOICE = ChoiceKey(options=("−0.74", "−0.63"), values=(-0.74, -0.63), correct=0)
LABEL = "0610610610610610"


def text(key, stem="<p>What is <em>r</em>?</p>", alt="Scatter plot of 61 points, from 0 to 0.6."):
    return Text(stem=stem, feedback="<p>r is 0.61 or −0.74</p>", alt=alt, key=key, clarity=2.0)


def asked(key, title="Estimate 06106106", identifier=f"quiz-q1_{LABEL}", **words):
    return told(text(key, **words), title=title, identifier=identifier, label=LABEL)


@pytest.mark.parametrize("key", [NUMERIC, CHOICE])
def test_ordinary_words_tell_nothing(key):
    assert asked(key) == []


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({"alt": "A plot with r = 0.61."}, "text alternative"),
        ({"stem": "<p>Is it 0.61?</p>"}, "stem"),
        ({"title": "Estimate 0.61"}, "title"),
        ({"identifier": "quiz-0-61-q1"}, "id"),
    ],
)
def test_every_place_in_which_a_number_tells(words, place):
    assert asked(NUMERIC, **words) == [f"the {place} tells the key"]


@pytest.mark.parametrize("minus", ["-", "−"])
def test_a_right_option_alone_tells_and_all_options_together_do_not(minus):
    assert asked(CHOICE, alt=f"A plot with r = {minus}0.74.") == ["the text alternative tells the key"]
    assert asked(CHOICE, alt=f"Is r {minus}0.74 or {minus}0.63?") == []


@pytest.mark.parametrize("hundredths", range(5, 96))
def test_a_numeric_key_tells_whatever_the_noise_of_its_bounds(hundredths):
    """0.7 - 0.105 is not 0.595 in binary; the key's places are found from bounds as exporters write them."""
    key = NumericKey(value=hundredths / 100, tolerance=0.105, decimals=2)

    assert asked(key, title=f"Is it {hundredths / 100:.2f}?") == ["the title tells the key"]
