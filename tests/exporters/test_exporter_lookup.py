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
ALL = list(exporters().values())
HANDLES = Path("/dev/fd")

every_format = pytest.mark.parametrize("exporter", ALL, ids=lambda exporter: exporter.name)


def bank_and_items(exporter, make, variants=3):
    """A number and a choice, as far as the format can say them."""
    pick = replace(make.pick, points=2)
    bank = make.bank(questions=(make.slope, pick), variants=variants)
    items = [make.item(number, question) for question in bank.questions for number in range(variants)]
    return bank, [item for item in items if exporter.check(bank, item) == []]


def written(exporter, make, folder, variants=3):
    bank, items = bank_and_items(exporter, make, variants)
    return make.write(exporter, folder, items, bank)


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
    first = written(exporter, make, tmp_path / "one")
    second = written(exporter, make, tmp_path / "two")

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@every_format
def test_only_what_is_to_be_imported_is_left_in_the_folder(exporter, make, tmp_path):
    paths = written(exporter, make, tmp_path)

    assert paths
    assert sorted(paths) == sorted(tmp_path.iterdir())


@every_format
@pytest.mark.skipif(not HANDLES.exists(), reason="needs a list of the open handles")
def test_no_handle_stays_open(exporter, make, tmp_path):
    def handles():
        gc.collect()
        return len(list(HANDLES.iterdir()))

    bank, items = bank_and_items(exporter, make)

    def fail():
        with exporter.open(bank, tmp_path) as failed:
            failed.add(items[0])
            failed.add(replace(items[1], question="unknown"))

    before = handles()
    with exporter.open(bank, tmp_path) as aborted:
        aborted.add(items[0])
        during = handles()
    with pytest.raises(KeyError):
        fail()
    with exporter.open(bank, tmp_path) as finished:
        finished.add(items[1])
        finished.close()

    assert during > before or exporter.name == "moodle-synchronised"  # which writes a set when it is full
    assert handles() == before


@every_format
def test_memory_does_not_grow_with_the_number_of_students(exporter, make, tmp_path):
    size = 50_000  # of each picture; 80 of them are 4 MB

    def peak(variants):
        bank, (item, *_) = bank_and_items(exporter, make)
        stream = (
            replace(item, id=f"i{number}", pictures=(make.picture(name=f"p{number}.png", png=bytes(size)),))
            for number in range(variants)
        )
        tracemalloc.start()
        try:
            make.write(exporter, tmp_path / str(variants), stream, bank, part_bytes=1_000_000)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(40), peak(120)  # even the few fill a part

    # a table of contents costs under 1 kB for each picture; the pictures themselves must not stay
    assert many - few < 80 * 1_000


def test_nothing_is_refused_in_a_plain_item(make):
    for exporter in (moodle.EXPORTER, canvas.EXPORTER):
        for item in make.items():
            assert exporter.check(make.bank(), item) == []


def test_nothing_is_refused_in_text_that_is_merely_nasty(make):
    bank = make.bank(title=make.nasty, questions=(make.mixed,))
    item = make.item(
        of=make.mixed,
        key=make.choice(),
        title=make.nasty,
        stem=make.nasty,
        feedback=make.nasty,
        picture=make.picture(alt=make.nasty),
    )
    able = [exporter for exporter in ALL if exporter.name != "moodle-synchronised"]  # of numbers only

    assert [exporter.check(bank, item) for exporter in able] == [[]] * (len(ALL) - 1)


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
    "description": (
        lambda make: {"picture": make.picture(description="\x01")},
        "the description of picture 1 holds the character U+0001, which XML cannot carry",
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

    assert [problem for problem in problems if problem.startswith(words)] == problems[:1]
    assert problems


@every_format
def test_what_no_format_can_say_of_a_quiz_is_refused(exporter, make):
    broken = replace(make.slope, title="\x0b")
    bank = make.bank(id="../quiz", title="a\x01", questions=(broken,))

    problems = exporter.check(bank, make.item(if_correct="\x02", if_incorrect="\x03"))

    assert problems[:6] == [
        "the title of the question is empty",
        "the title of the quiz holds the character U+0001, which XML cannot carry",
        "the title of the question holds the character U+000B, which XML cannot carry",
        "the feedback to who is right holds the character U+0002, which XML cannot carry",
        "the feedback to who is not right holds the character U+0003, which XML cannot carry",
        "the quiz's id '../quiz' is no safe file name: use letters, digits, hyphens and underscores",
    ]
