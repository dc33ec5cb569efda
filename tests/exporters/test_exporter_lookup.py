"""How formats are found, and what all of them promise."""

import gc
import tracemalloc
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import plotbank.exporters
from plotbank.errors import PlotbankError
from plotbank.exporters import canvas, exporters, moodle
from plotbank.items import ChoiceKey, Option, PartsKey

MOODLE = EntryPoint("moodle", "plotbank.exporters.moodle:EXPORTER", plotbank.exporters.GROUP)
CANVAS = EntryPoint("canvas", "plotbank.exporters.canvas:EXPORTER", plotbank.exporters.GROUP)
BOTH = [moodle.EXPORTER, canvas.EXPORTER]
HANDLES = Path("/dev/fd")

every_format = pytest.mark.parametrize("exporter", BOTH, ids=lambda exporter: exporter.name)


def install(monkeypatch, *entries):
    monkeypatch.setattr(plotbank.exporters, "entry_points", lambda *, group: [e for e in entries if e.group == group])


def test_formats_are_found_by_name_in_alphabetical_order(monkeypatch):
    install(monkeypatch, MOODLE, CANVAS, EntryPoint("other", "nowhere:NOTHING", "another.group"))

    found = exporters()

    assert list(found.items()) == [("canvas", canvas.EXPORTER), ("moodle", moodle.EXPORTER)]
    assert all(exporter.name == name for name, exporter in found.items())


def test_two_formats_of_one_name_are_refused_by_both_their_places(monkeypatch):
    install(monkeypatch, MOODLE, CANVAS, EntryPoint("moodle", "elsewhere:EXPORTER", plotbank.exporters.GROUP))

    with pytest.raises(PlotbankError, match=r"'moodle': elsewhere:EXPORTER and plotbank\.exporters\.moodle:EXPORTER"):
        exporters()


@every_format
def test_same_input_gives_the_same_bytes(exporter, make, tmp_path):
    first = make.write(exporter, tmp_path / "one", make.items())
    second = make.write(exporter, tmp_path / "two", make.items())

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@every_format
def test_only_what_is_to_be_imported_is_left_in_the_folder(exporter, make, tmp_path):
    assert make.write(exporter, tmp_path, make.items()) == list(tmp_path.iterdir())


@every_format
@pytest.mark.skipif(not HANDLES.exists(), reason="needs a list of the open handles")
def test_no_handle_stays_open(exporter, make, tmp_path):
    def handles():
        gc.collect()
        return len(list(HANDLES.iterdir()))

    def fail():
        with exporter.open(make.bank(), tmp_path) as failed:
            failed.add(make.item(1))
            failed.add(replace(make.item(), question="unknown"))

    before = handles()
    with exporter.open(make.bank(), tmp_path) as aborted:
        aborted.add(make.item())
        during = handles()
    with pytest.raises(KeyError):
        fail()
    with exporter.open(make.bank(), tmp_path) as finished:
        finished.add(make.item(2))
        finished.close()

    assert during > before
    assert handles() == before


@every_format
def test_memory_does_not_grow_with_the_number_of_students(exporter, make, tmp_path):
    size = 20_000  # of each picture; 2,000 of them are 40 MB

    def peak(variants):
        item = make.item()
        stream = (
            replace(item, id=f"i{number}", pictures=(make.picture(name=f"p{number}.png", png=bytes(size)),))
            for number in range(variants)
        )
        tracemalloc.start()
        try:
            make.write(exporter, tmp_path / str(variants), stream)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(200), peak(2_000)

    # a table of contents costs under 1 kB for each picture; the pictures themselves must not stay
    assert many - few < 1_800 * 1_000


def test_nothing_is_refused_in_a_plain_item(make):
    for exporter in BOTH:
        for item in make.items():
            assert exporter.check(make.bank(), item) == []


def test_nothing_is_refused_in_text_that_is_merely_nasty(make):
    bank = make.bank(title=make.nasty)
    item = make.item(title=make.nasty, stem=make.nasty, feedback=make.nasty, picture=make.picture(alt=make.nasty))

    assert [exporter.check(bank, item) for exporter in BOTH] == [[], []]


REFUSED = {
    "title": (
        lambda make: {"title": "a\x00b"},
        "the title holds the character U+0000, which XML cannot carry",
    ),
    "text": (lambda make: {"stem": "a\x1bb"}, "the text holds the character U+001B, which XML cannot carry"),
    "feedback": (
        lambda make: {"feedback": "\ufffe"},
        "the feedback holds the character U+FFFE, which XML cannot carry",
    ),
    "alternative": (
        lambda make: {"picture": make.picture(alt="\ud800")},
        "the text alternative of the picture holds the character U+D800, which XML cannot carry",
    ),
    "option": (
        lambda make: {"key": make.choice("1", "2\x07")},
        "option 2 holds the character U+0007, which XML cannot carry",
    ),
    "no title": (lambda make: {"title": " \n"}, "the title is empty"),
    "no text": (lambda make: {"stem": ""}, "the text is empty"),
    "no alternative": (
        lambda make: {"picture": make.picture(alt="")},
        "the text alternative of the picture is empty",
    ),
    "no option": (lambda make: {"key": make.choice("1", " ")}, "option 2 is empty"),
    "no question": (lambda make: {"question": "unknown"}, "the quiz has no question 'unknown'"),
    "picture's name": (
        lambda make: {"picture": make.picture(name="p 1.png")},
        "the picture's name 'p 1.png'",
    ),
    "picture's folder": (
        lambda make: {"picture": make.picture(name="../p.png")},
        "the picture's name '../p.png'",
    ),
    "two of one name": (
        lambda make: {"pictures": (make.picture(name="p.png"), make.picture(name="P.png"))},
        "two pictures have the same name",
    ),
    "one of several alternatives": (
        lambda make: {"pictures": (make.picture(), make.picture(name="q.png", alt=" "))},
        "the text alternative of picture 2 is empty",
    ),
    "caption": (
        lambda make: {"picture": make.picture(caption="\x01")},
        "the caption of picture 1 holds the character U+0001, which XML cannot carry",
    ),
    "feedback to an option": (
        lambda make: {"key": ChoiceKey(options=(Option(text="1", feedback="\x01"), Option(text="2")), correct=0)},
        "the feedback to option 1 holds the character U+0001, which XML cannot carry",
    ),
    "no option of several": (lambda make: {"key": make.multiple("1", "", "3")}, "option 2 is empty"),
    "feedback to true": (
        lambda make: {"key": make.truth(if_true="\x01")},
        "the feedback to true holds the character U+0001, which XML cannot carry",
    ),
    "no prompt": (lambda make: {"key": make.matching(prompts=("A", " "))}, "prompt 2 is empty"),
    "no answer": (lambda make: {"key": make.matching(answers=("a", "", "c"))}, "answer 2 is empty"),
    "no text of a part": (
        lambda make: {"key": PartsKey(parts=(replace(make.parts().parts[0], stem=""), make.parts().parts[1]))},
        "the text of part 1 is empty",
    ),
    "no option of a part": (
        lambda make: {"key": make.parts(make.truth(), make.choice("1", " "))},
        "option 2 of part 2 is empty",
    ),
    "pictures of a part": (
        lambda make: {"key": make.parts(make.truth(), make.pictured())},
        "part 2 has options with pictures, which no platform shows there",
    ),
    "digits": (
        lambda make: {"key": make.numeric(123456789012.5, 0.05, 4)},
        "the key 123456789012.5000 has more than 14 significant digits",
    ),
    "places": (
        lambda make: {"key": make.numeric(0.7249, 0.095, 2)},
        "the key 0.7249 has more than the 2 decimal places it is printed with",
    ),
}


@every_format
@pytest.mark.parametrize("case", REFUSED)
def test_what_no_format_can_say_is_refused(exporter, case, make):
    changes, words = REFUSED[case]

    problems = exporter.check(make.bank(), make.item(**changes(make)))

    assert len(problems) == 1
    assert problems[0].startswith(words)


@every_format
def test_what_no_format_can_say_of_a_quiz_is_refused(exporter, make):
    broken = replace(make.slope, title="\x0b")
    bank = make.bank(id="../quiz", title="a\x01", questions=(broken,))

    problems = exporter.check(bank, make.item())

    assert problems == [
        "the title of the question is empty",
        "the title of the quiz holds the character U+0001, which XML cannot carry",
        "the title of the question holds the character U+000B, which XML cannot carry",
        "the quiz's id '../quiz' is no safe file name: use letters, digits, hyphens and underscores",
    ]
