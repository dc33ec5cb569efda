"""Items of every type, answered in a player of QTI 3.0 that we did not write."""

from dataclasses import replace
from html import unescape
from pathlib import Path
from re import sub
from zipfile import ZipFile

import pytest
from lxml import etree

from plotbank.exporters import qti
from plotbank.items import Option, PartsKey

from ..conftest import EVERY, rows

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots" / "qti3"
NAMESPACE = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
INTERACTIONS = ".//{*}qti-item-body//*[@response-identifier]"
# What responses to an item of 3 points earn.  A response is a text, the place of an option, places of options, or for
# each prompt the place of an answer; `None` leaves the question, or the prompt, alone.  Parts have a list of responses.
EARNED = {
    # 0.72 ± 0.095
    "number": [
        *(("0.72", 3), ("0.625", 3), ("0.815", 3)),
        *(("0.6249", 0), ("0.8151", 0), ("-0.72", 0), ("abc", 0), (None, 0)),
    ],
    # 1200 ± 50.5
    "whole number": [("1150", 3), ("1251", 0), ("1200 or so", 0)],
    # -0.5 ± 0.15
    "negative number": [("-0.6", 3), ("-0.3", 0), ("0.5", 0)],
    # 0.72 ± 0.095, half of it ± 0.145, a third ± 0.195
    "bands": [
        *(("0.72", 3), ("0.63", 3), ("0.62", 1.5), ("0.86", 1.5)),
        *(("0.57", 1), ("0.91", 1), ("0.92", 0), ("abc", 0), (None, 0)),
    ],
    "choice": [(1, 3), (0, 0), (2, 0), (None, 0)],
    "choice of pictures": [(2, 3), (0, 0)],
    # two of three options are right, and a wrong one costs as much as both of them earn
    "multiple answers": [({0, 2}, 3), ({0}, 1.5), ({2}, 1.5), ({1}, 0), ({0, 1}, 0), ({0, 1, 2}, 0), (None, 0)],
    "true": [(0, 3), (1, 0), (None, 0)],
    "false": [(1, 3), (0, 0)],
    "matching": [((2, 0), 3), ((2, None), 1.5), ((None, 0), 1.5), ((2, 1), 1.5), ((0, 1), 0), (None, 0)],
    "parts": [([1, 1], 3), ([2, 1], 1.5), ([0, 0], 0), ([1, None], 1.5), ([None, None], 0)],
    # a number within two bands, and a choice, of which the number is worth three quarters
    "parts with bands": [(["0.8", 1], 3), (["0.6", 1], 1.875), (["0.55", 0], 0.75), (["abc", 1], 0.75), ([None, 0], 0)],
}


@pytest.fixture(scope="module")
def player(driver):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return driver("play_qti3.mjs")


@pytest.fixture
def play(make, player, tmp_path):
    """Writes an item, gives it each of some responses, and returns what was seen: nothing may have gone wrong.

    There are screenshots of the first response.
    """

    def attempts(item, responses, screenshot=""):
        bank = make.bank(questions=(make.mixed,))
        assert qti.QTI30.check(bank, item) == []
        (package,) = make.write(qti.QTI30, tmp_path / "bank", [item], bank)
        with ZipFile(package) as archive:
            archive.extractall(tmp_path)
        (path,) = (tmp_path / "items").iterdir()
        body = etree.parse(path)
        asked = [
            {
                "item": f"items/{path.name}",
                "answers": answers(body, response),
                "screenshot": str(SCREENSHOTS / screenshot) if screenshot and number == 0 else None,
            }
            for number, response in enumerate(responses)
        ]
        seen = player({"folder": str(tmp_path), "attempts": asked})
        assert [attempt["problems"] for attempt in seen] == [[]] * len(responses)
        return seen

    return attempts


def answers(item, response):
    """What to do in the player to respond to an item (a document), by the identifiers of its responses."""
    interactions = item.findall(INTERACTIONS)
    responses = response if isinstance(response, list) else [response]
    return {
        interaction.get("response-identifier"): done(interaction, given)
        for interaction, given in zip(interactions, responses, strict=True)
        if given is not None
    }


def done(interaction, given):
    choices = [choice.get("identifier") for choice in interaction.findall("{*}qti-simple-choice")]
    match given:
        case str():
            return {"type": given}
        case int():
            return {"tick": [choices[given]]}
        case set():
            return {"tick": [choices[place] for place in sorted(given)]}
        case tuple():
            prompts, texts = (
                [choice.get("identifier") for choice in one] for one in interaction.findall("{*}qti-simple-match-set")
            )
            pairs = zip(prompts, given, strict=True)
            return {"pair": [[prompt, texts[place]] for prompt, place in pairs if place is not None]}


def plain(html):
    """The text of HTML."""
    return unescape(sub("<[^>]*>", "", html))


def by_key(item, key):
    """What to do to respond to an item (a document) as an answer key says that is read by a person."""
    interactions = item.findall(INTERACTIONS)
    keys = [sub(r"^\d\) ", "", one) for one in key.split("; ")] if len(interactions) > 1 else [key]
    return {
        interaction.get("response-identifier"): by_text(interaction, one)
        for interaction, one in zip(interactions, keys, strict=True)
    }


def by_text(interaction, key):
    def labelled(tag):
        found = interaction.iterfind(f".//{{*}}{tag}")
        return {" ".join("".join(one.itertext()).replace("−", "-").split()): one.get("identifier") for one in found}

    match etree.QName(interaction).localname:
        case "qti-text-entry-interaction":
            return {"type": key}
        case "qti-choice-interaction":
            choices = labelled("qti-simple-choice")
            return {"tick": [choices.get(one) or choices[one.capitalize()] for one in key.split("; ")]}
        case "qti-match-interaction":
            choices = labelled("qti-simple-associable-choice")
            return {"pair": [[choices[text] for text in pair.split(" -> ")] for pair in key.split("; ")]}


def test_who_answers_as_the_answer_key_says_earns_everything(whole_bank, player, tmp_path):
    """A variant of every question of a whole bank."""
    with ZipFile(whole_bank / "qti30" / "every.zip") as package:
        package.extractall(tmp_path)
    keys = {row["question"]: (f"items/every-{row['variant']}.xml", row["key"]) for row in rows(whole_bank)}
    asked = [
        {
            "item": item,
            "answers": by_key(etree.parse(tmp_path / item), key),
            "screenshot": str(SCREENSHOTS / f"bank-{question}"),
        }
        for question, (item, key) in keys.items()
    ]

    seen = player({"folder": str(tmp_path), "attempts": asked})

    assert [attempt["problems"] for attempt in seen] == [[]] * len(EVERY)
    outcomes = {question: attempt["outcomes"] for question, attempt in zip(keys, seen, strict=True)}
    assert {question: one["SCORE"] for question, one in outcomes.items()} == dict.fromkeys(EVERY, 1)
    assert all(attempt["pictures"] for attempt in seen)


@pytest.mark.parametrize("case", EARNED)
def test_every_response_earns_what_it_should(case, make, play):
    key = {
        **make.every_key(),
        "bands": make.banded(),
        "parts with bands": make.parts(make.banded(), make.choice(), shares=(0.75, 0.25)),
    }[case]
    responses, scores = zip(*EARNED[case], strict=True)

    seen = play(make.item(of=make.mixed, key=key), responses, screenshot=case.replace(" ", "-"))

    assert [attempt["outcomes"]["SCORE"] for attempt in seen] == list(scores)


def test_what_goes_wrong_in_the_player_is_reported(player, tmp_path):
    item = f'''<qti-assessment-item xmlns="{NAMESPACE}" identifier="i" title="Faults" adaptive="false" time-dependent="false">
      <qti-item-body>
        <p><img src="https://example.org/far.png" alt="far"/><img src="absent.png" alt="absent"/></p>
        <p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" alt=""/></p>
        <qti-unheard-of>5</qti-unheard-of>
      </qti-item-body>
    </qti-assessment-item>'''
    (tmp_path / "item.xml").write_text(item, encoding="utf-8")

    asked = [{"item": name, "answers": {}} for name in ("item.xml", "absent.xml")]
    faults, absent = player({"folder": str(tmp_path), "attempts": asked})

    problems = "\n".join(faults["problems"])
    assert "asks for something outside: https://example.org/far.png" in problems
    assert "a picture did not load: https://example.org/far.png" in problems
    assert "a picture did not load: absent.png" in problems
    assert "a picture without alternative text: data:" in problems
    assert "Unknown custom element: <qti-unheard-of>" in problems
    assert "cannot be played: ENOENT" in absent["problems"][0]


def test_pictures_are_shown_with_their_alternatives_in_stems_and_options(make, play):
    pictures = (
        make.picture(name="p_1.png", png=make.png(1), alt="A plot", description="x from 0 to 4.", caption="Plot A"),
        make.picture(name="p_2.png", png=make.png(2), alt='5 < 6 & "more"', caption="Plot <B>"),
    )

    (seen,) = play(make.item(of=make.mixed, key=make.pictured(), pictures=pictures), [2], screenshot="pictures")

    names = [f"Histogram of 40 values, rising, number {place}" for place in range(3)]
    assert [one["alt"] for one in seen["pictures"]] == ["A plot", '5 < 6 & "more"', *names]
    assert [one["width"] for one in seen["pictures"]] == [4] * 5  # pixels of the files
    assert "Plot A" in seen["text"]
    assert "Plot <B>" in seen["text"]
    assert "x from 0 to 4." in seen["text"]


def test_everybody_is_told_what_they_should_be_told(make, play):
    item = make.item(
        of=make.mixed, key=make.commented(), if_correct="<p>Well done.</p>", if_incorrect="<p>Not <b>yet</b>.</p>"
    )

    right, low, high, empty = play(item, [1, 0, 2, None], screenshot="feedback")

    assert right["feedback"] == ["Well done.", "It is 0.72."]
    assert low["feedback"] == ["Not yet.", "Too low.", "It is 0.72."]
    assert high["feedback"] == ["Not yet.", "No, far too high.", "It is 0.72."]
    assert empty["feedback"] == ["Not yet.", "It is 0.72."]


def test_every_ticked_option_has_its_say(make, play):
    options = (Option(text="1", feedback="One."), Option(text="2"), Option(text="3", feedback="Three."))

    both, one, silent, empty = play(
        make.item(of=make.mixed, key=replace(make.multiple(), options=options)), [{0, 2}, {0}, {1}, None]
    )

    assert both["feedback"] == ["One.", "Three.", "It is 0.72."]
    assert one["feedback"] == ["One.", "It is 0.72."]
    assert silent["feedback"] == empty["feedback"] == ["It is 0.72."]


def test_a_band_is_not_the_whole_mark(make, play):
    item = make.item(of=make.mixed, key=make.banded(), if_correct="<p>Right.</p>", if_incorrect="<p>Wrong.</p>")

    whole, band = play(item, ["0.72", "0.6"])

    assert "Right." in whole["feedback"]
    assert "Wrong." in band["feedback"]


def test_nasty_text_is_shown_as_it_is(make, play):
    nasty, text = make.nasty, plain(make.nasty)
    stem = f"<p>{nasty}</p><pre>  two\n   lines</pre><ul><li>{nasty}</li></ul>"
    item = make.item(of=make.mixed, stem=stem, key=make.choice(nasty, "2", correct=0), feedback=f"<p>{nasty}</p>")

    (seen,) = play(item, [0], screenshot="nasty")

    assert seen["text"].count(text) == 3  # in the stem, the list and the option
    assert "  two\n   lines" in seen["text"]
    assert seen["labels"] == [text, "2"]
    assert seen["feedback"] == [text]
    assert seen["outcomes"]["SCORE"] == 3


def test_nasty_text_is_shown_as_it_is_in_prompts_and_answers(make, play):
    nasty, text = make.nasty, plain(make.nasty)
    key = make.matching(prompts=(nasty, "B"), answers=(text, "x < y & z"), pairs=(1, 0))

    (seen,) = play(make.item(of=make.mixed, key=key), [(1, 0)], screenshot="nasty-matching")

    assert seen["labels"][1:] == [text, "x < y & z", text, "B"]  # the heads of columns, then those of rows
    assert seen["outcomes"]["SCORE"] == 3


def test_nasty_text_is_shown_as_it_is_in_parts(make, play):
    nasty, text = make.nasty, plain(make.nasty)
    parts = make.parts(make.choice(nasty, "2", correct=0), make.truth(if_true=nasty)).parts
    key = PartsKey(parts=tuple(replace(part, stem=f"<p>{nasty}</p>") for part in parts))

    (seen,) = play(make.item(of=make.mixed, key=key), [[0, 0]], screenshot="nasty-parts")

    assert seen["text"].count(text) == 3  # two stems and an option
    assert seen["labels"][0] == text
    assert text in seen["feedback"]
    assert seen["outcomes"]["SCORE"] == 3
