"""Words: every language has every one of them, and relationships, lists and captions read as they should."""

from itertools import pairwise

import pytest

from plotbank.item_templates.numerals import LANGUAGES
from plotbank.item_templates.words import LETTERS, STRENGTHS, caption, labelled, listed, relationship, words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language):
    wanted = {f"{strength} {sign}" for strength in STRENGTHS for sign in ("positive", "negative")}

    wanted |= {"no linear", "and", "true", "false", "caption", "colon"}

    assert set(words(language)) == wanted | {"group", "observations", "data", "summary", "with data"}
    assert all(word == " ".join(word.split()) for key, word in words(language).items() if key != "colon")
    assert all(word.strip() for word in words(language).values())
    assert len(set(words(language).values())) == len(words(language))


def test_words_cannot_be_changed():
    with pytest.raises(TypeError):
        words("en")["and"] = "or"


def test_unknown_languages_are_refused():
    with pytest.raises(ValueError, match="no words for the language 'it': the languages are en, pt, de, es, fr"):
        words("it")


@pytest.mark.parametrize(
    ("r", "key"),
    [
        (0.95, "very strong positive"),
        (0.8, "very strong positive"),
        (0.79, "strong positive"),
        (0.6, "strong positive"),
        (0.4, "moderate positive"),
        (0.2, "weak positive"),
        (0.19, "very weak positive"),
        (0.05, "very weak positive"),
        (0.04, "no linear"),
        (0.0, "no linear"),
        (-0.04, "no linear"),
        (-0.05, "very weak negative"),
        (-0.2, "weak negative"),
        (-0.5, "moderate negative"),
        (-0.6, "strong negative"),
        (-1.0, "very strong negative"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_relationships(r, key, language):
    assert relationship(r, language) == words(language)[key]


def test_a_strength_is_named_alike_in_both_directions():
    for language in LANGUAGES:
        known = words(language)
        lengths = [len(known[f"{strength} positive"]) - len(known[f"{strength} negative"]) for strength in STRENGTHS]
        assert all(first == second for first, second in pairwise(lengths))


@pytest.mark.parametrize(
    ("items", "language", "printed"),
    [
        (["1"], "en", "1"),
        (["1", "2"], "en", "1 and 2"),
        (["1", "2", "3"], "en", "1, 2 and 3"),
        (["1", "2", "3"], "pt", "1, 2 e 3"),
        (["1", "2", "3"], "de", "1, 2 und 3"),
        (["1", "2", "3"], "es", "1, 2 y 3"),
        (["1", "2", "3"], "fr", "1, 2 et 3"),
        (["0,5", "0,7", "0,9"], "de", "0,5; 0,7 und 0,9"),
        (["0,5", "0,7"], "pt", "0,5 e 0,7"),
        (["primavera", "otoño", "invierno"], "es", "primavera, otoño e invierno"),
        (["agua", "hielo"], "es", "agua y hielo"),
        (["A", "Índice"], "es", "A e Índice"),
        (["leche", "yogur"], "es", "leche y yogur"),
    ],
)
def test_lists(items, language, printed):
    assert listed(items, language) == printed
    assert listed(iter(items), language) == printed


@pytest.mark.parametrize(
    ("language", "printed"),
    [("en", "Plot A"), ("pt", "Gráfico A"), ("de", "Grafik A"), ("es", "Gráfico A"), ("fr", "Graphique A")],
)
def test_captions(language, printed):
    assert caption(LETTERS[0], language) == printed


def test_labels_have_the_colon_of_their_language():
    assert labelled("Plot A", "0.5", "en") == "Plot A: 0.5"
    assert labelled("Graphique A", "0,5", "fr") == "Graphique A\N{NO-BREAK SPACE}: 0,5"
