"""The built-in contexts: all there in every language, plausible, and fit for the pictures."""

import re
import tomllib
import unicodedata
from collections import Counter
from importlib.resources import files

import pytest

from plotbank.errors import QuizFileError
from plotbank.generator.kinds import Plot, kinds
from plotbank.generator.rendering import Frame, ticks
from plotbank.item_templates.contexts import context, contexts
from plotbank.item_templates.numerals import LANGUAGES
from plotbank.items import Axis, PictureSpec

ENTRIES = tomllib.loads(files("plotbank.item_templates").joinpath("contexts.toml").read_text(encoding="utf-8"))
KINDS = ("scatter", "boxplot", "histogram")
EVERY = [found for kind in KINDS for found in contexts(kind)]
WORDS = [(found, language, found.texts[language]) for found in EVERY for language in LANGUAGES]
HEAD = {"id", "kind"}
OWN = {"scatter": {"sign", "x", "y"}, "boxplot": {"y"}, "histogram": {"bins", "x"}}


def one(found):
    return found.id


def test_the_file_has_what_is_read_and_nothing_else():
    for entry in ENTRIES["context"]:
        assert set(entry) == HEAD | OWN[entry["kind"]] | set(LANGUAGES), entry["id"]
        for axis in {"x", "y"} & set(entry):
            assert {"range"} <= set(entry[axis]) <= {"range", "whole", "least", "most"}
        categories = {"categories"} if entry["kind"] == "boxplot" else set()
        for language in LANGUAGES:
            assert set(entry[language]) == {"story", "x", "y"} | categories, (entry["id"], language)


def test_enough_contexts_with_ids_of_their_own():
    assert [len(contexts(kind)) >= least for kind, least in zip(KINDS, (12, 9, 9), strict=True)] == [True] * 3
    assert len(EVERY) == len(ENTRIES["context"]) == len({found.id for found in EVERY}) >= 30
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", found.id) for found in EVERY)


def test_scatter_plots_of_every_direction():
    signs = Counter(found.sign for found in contexts("scatter"))
    assert set(signs) == {-1, 0, 1}
    assert min(signs.values()) >= 3
    assert {found.sign for kind in KINDS[1:] for found in contexts(kind)} == {0}


@pytest.mark.parametrize("found", EVERY, ids=one)
def test_ranges_are_round_and_plausible(found):
    english = found.texts["en"]
    for measure, label, most in ((found.x, english.x, 8), (found.y, english.y, 6)):  # ticks in 600 x 450 pixels
        if measure is None:
            continue
        assert measure.low < measure.high
        assert measure.least is None or measure.least <= measure.low
        assert measure.most is None or measure.most >= measure.high
        assert (measure.least is None) == ("°C" in label or "log₂" in label)  # these alone go below zero
        marks = ticks(Axis(label="", low=measure.low, high=measure.high), most=most)
        assert (marks[0], marks[-1]) == (measure.low, measure.high)
        assert not measure.whole or measure.high - measure.low >= 200  # rounding must not change statistics


@pytest.mark.parametrize("found", contexts("histogram"), ids=one)
def test_classes_of_histograms_are_round(found):
    assert found.bins in (8, 10, 12)
    width = (found.x.high - found.x.low) / found.bins
    digits = f"{width:.6e}".partition("e")[0]
    assert float(digits) in (1, 2, 2.5, 5)


def test_texts_are_short_single_lines_of_latin_letters():
    for found, language, text in WORDS:
        place = f"{found.id} {language}"
        for words in (text.story, text.x, text.y, *text.categories):
            assert words, place
            assert words == " ".join(words.split()), place
            assert words.isprintable(), place
            assert not re.search(r"[0-9'\"*_<>&$\\|`#{}\[\]]", words), place  # no numerals, nothing that marks up
            strange = {c for c in words if c.isalpha() and "LATIN" not in unicodedata.name(c)} - {"µ", "º"}
            assert not strange, place
        assert text.story[0].isupper(), place
        assert text.story.endswith("."), place
        assert text.story.count(".") == 1, place
        assert len(text.story) <= 140, place
        assert max(len(text.x), len(text.y)) <= 38, place
        assert text.x != text.y, place
        assert all(len(name) <= 12 for name in text.categories), place
        assert len(set(text.categories)) == len(text.categories) == (4 if found.kind == "boxplot" else 0), place


def test_units_are_the_same_in_every_language():
    units = re.compile(r"\((%|°C|[a-zµA-Z]{1,4}(?:[/²³₂][a-zA-Z³²]*)*)\)")
    for found in EVERY:
        for axis in ("x", "y"):
            bare = {tuple(units.findall(getattr(found.texts[language], axis))) for language in LANGUAGES}
            bare -= {("Euro",), ("ans",), ("anos",), ("años",)}  # words, not signs
            assert len(bare) == 1 or bare == {()}, (found.id, axis, bare)
            bracketed = {"(" in getattr(found.texts[language], axis) for language in LANGUAGES}
            assert len(bracketed) == 1, (found.id, axis)


def test_counts_are_labelled_as_numbers_of_something():
    begins = {"en": "Number of ", "pt": "Número de ", "de": "Anzahl der ", "es": "Número de ", "fr": "Nombre d"}
    for found in contexts("histogram"):
        for language, beginning in begins.items():
            assert found.texts[language].y.startswith(beginning)


# Drawing takes time: of all languages the longest words, which fit the small picture and so the usual one.
@pytest.mark.parametrize("found", EVERY, ids=one)
def test_labels_fit_their_pictures(found):
    texts = [found.texts[language] for language in LANGUAGES]
    longest = [max(names, key=len) for names in zip(*(text.categories for text in texts), strict=True)]
    x = Axis(label=max((text.x for text in texts), key=len), low=0, high=len(longest), categories=tuple(longest))
    y = Axis(label=max((text.y for text in texts), key=len), low=0, high=100)
    if found.x:
        x = Axis(label=x.label, low=found.x.low, high=found.x.high)
    if found.y:
        y = Axis(label=y.label, low=found.y.low, high=found.y.high)
    Frame(kinds()[found.kind], Plot(x=x, y=y, picture=PictureSpec(width=480, height=360, density=1)))


def test_contexts_are_looked_up_by_id():
    found = context("study-time")
    assert (found.kind, found.sign, found.bins, found.x.high, found.y.most) == ("scatter", 1, None, 30, 100)
    assert found.texts["pt"].x == "Tempo de estudo (horas por semana)"
    with pytest.raises(TypeError):
        found.texts["en"] = found.texts["de"]
    assert contexts("pie") == ()
    assert contexts("scatter") is contexts("scatter")


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("study-tme", "there is no context 'study-tme': did you mean 'study-time'"),
        ("zzzzzz", "there is no context 'zzzzzz': known are study-time, heating, "),
    ],
)
def test_unknown_contexts_are_refused(identifier, message):
    with pytest.raises(QuizFileError, match=re.escape(message)):
        context(identifier)
