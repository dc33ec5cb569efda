"""Variants: what each student gets depends on the secret and their own id, and carries its proof."""

from dataclasses import replace

import numpy as np
import pytest

from plotbank import models
from plotbank.errors import ImpossibleRequest, UnsuitableDraw
from plotbank.generator.kinds import inexact
from plotbank.generator.rendering import Frame
from plotbank.items import Student
from plotbank.proof import Unreadable
from plotbank.proof.readers import READERS
from plotbank.quiz import read_quiz
from plotbank.variants import Frames, Statistics, variants

from .conftest import SECRET

HEAD = (
    '[quiz]\ntitle = "T"\nid = "t-1"\npicture = { size = [400, 300], density = 1 }\n'
    '[[question]]\ntemplate = "scatter/estimate-r"\n'
)
MODEL = models.open_model(models.latest("scatter"), "cpu")
STUDENTS = tuple(Student(id=name) for name in ("ada", "bashir", "chiara", "dora"))


@pytest.fixture
def question(quiz_file):
    return lambda lines, head=HEAD: read_quiz(quiz_file(head + lines)).questions[0]


def made(question, students=STUDENTS, statistics=None, **options):
    frames = Frames(question.numerals)
    found = variants("t-1", question, students, SECRET, MODEL, frames, statistics or Statistics(), **options)
    return {variant.student.id: variant for variant in found}


def test_every_student_gets_one_with_what_was_asked_for_and_usual_in_the_rest(question):
    asked = question("r = [0.5, 0.7]\nn = [40, 50]\n")
    found = made(asked)

    assert set(found) == {student.id for student in STUDENTS}
    for variant in found.values():
        (shown,), (measured,), (draw,) = variant.made.shown, variant.measured, variant.draws
        condition = draw.request.condition
        assert shown.condition == condition
        assert 0.5 <= condition["r"] <= 0.7
        assert 40 <= condition["n"] <= 50
        for feature in asked.kind.features[2:]:
            assert feature.usual[0] <= condition[feature.name] <= feature.usual[1]
        readings = asked.kind.readings(draw.values, condition, shown.plot)
        assert inexact(asked.kind, readings, condition) == []
        assert measured["n"] == condition["n"]
        assert abs(measured["r"] - condition["r"]) < 0.001


def test_a_variant_depends_on_nobody_else(question):
    asked = question("r = [0.5, 0.7]\nn = 40\n")
    together, alone = made(asked), made(asked, STUDENTS[2:3])

    assert alone["chiara"].item == together["chiara"].item
    assert (alone["chiara"].draws[0].values == together["chiara"].draws[0].values).all()


def test_different_answers_are_different(question):
    asked = question('r = { values = [0.5, 0.55, 0.6, 0.65] }\nn = 40\ndistinct = "answer"\n')

    assert {v.draws[0].request.condition["r"] for v in made(asked).values()} == {0.5, 0.55, 0.6, 0.65}


def test_who_would_have_the_answer_of_another_gets_another_condition(question):
    """A choice among numbers is another answer where the options are others: of four values there are eight with the
    other one of the pair."""
    head = HEAD.replace("scatter/estimate-r", "scatter/choose-r")
    asked = question('r = { values = [0.6, 0.7] }\nn = 40\ndistinct = "answer"\n', head)
    found = made(asked)

    assert len({variant.item.key.equivalence for variant in found.values()}) == 4 > len(asked.values)


def test_accommodated_students_get_the_same_item_with_the_data(question):
    asked = question("r = [0.5, 0.7]\nn = 40\n")
    before, after = made(asked, STUDENTS[:2]), made(asked, STUDENTS[:2], accommodated=["bashir"])
    table, plain = after["bashir"].item, before["bashir"].item

    assert after["ada"].item == before["ada"].item
    assert (after["ada"].accommodated, after["bashir"].accommodated) == (False, True)
    assert replace(table, stem="") == replace(plain, stem="")
    assert table.stem.startswith(plain.stem + "<table>")
    assert table.stem.count("<tr>") == 41


def test_plots_of_one_item_are_drawn_each_from_a_seed_of_its_own(question):
    head = HEAD.replace("scatter/estimate-r", "scatter/match-r")
    (variant,) = made(question("r = 0.1\nn = 40\n", head), STUDENTS[:1]).values()
    names = [picture.name for picture in variant.item.pictures]

    assert len(variant.draws) == len(variant.made.shown) == len(set(names)) == 4
    assert len({draw.values.tobytes() for draw in variant.draws}) == 4
    values = [draw.request.condition["r"] for draw in variant.draws]
    assert 0.1 in values
    assert [round(one["r"], 2) for one in variant.measured] == values
    assert [picture.caption for picture in variant.item.pictures] == ["Plot A", "Plot B", "Plot C", "Plot D"]


def test_the_reader_of_the_kind_is_the_one_that_proves(monkeypatch, question):
    """Once it cannot read a picture, the next draw is taken."""
    asked, statistics = question("r = 0.6\nn = 40\n"), Statistics()
    real, calls = READERS["scatter"], []

    def moody(pngs):
        calls.extend(pngs)
        return [Unreadable("a bad day")] if len(calls) == 1 else real.each(pngs)

    monkeypatch.setattr("plotbank.proof.readers.READERS", {"scatter": replace(real, each=moody)})
    assert set(made(asked, STUDENTS[:1], statistics)) == {"ada"}
    assert statistics.tally.refused["the picture cannot be read"] == 1


@pytest.fixture
def hasty(monkeypatch):
    """Gives up after a few draws of a few conditions."""
    monkeypatch.setattr("plotbank.variants._MOST_TURNS", 2)
    monkeypatch.setattr("plotbank.variants._ATTEMPTS", 5)
    monkeypatch.setattr("plotbank.generator.draws.MOST_ATTEMPTS", 30)


def test_a_picture_that_shows_other_data_is_never_delivered(monkeypatch, question, hasty):
    """The frame draws all points a little to the right of where they are."""
    asked, statistics = question("r = 0.6\nn = 40\n"), Statistics()
    true = Frame.picture
    monkeypatch.setattr(
        Frame, "picture", lambda self, values, condition: true(self, values + np.array([0.1, 0.0]), condition)
    )
    with pytest.raises(ImpossibleRequest, match=r"no usable item for a student \(last reason: the picture "):
        made(asked, STUDENTS[:1], statistics)
    assert statistics.tally.refused["the picture does not show the data"] > 0
    assert statistics.tally.kept == 0


def test_a_key_that_the_picture_does_not_prove_is_never_delivered(monkeypatch, question, hasty):
    """The reader finds another correlation than there is."""
    asked, statistics, real = question("r = 0.6\nn = 40\n"), Statistics(), READERS["scatter"]

    class Wrong:
        def __init__(self, reading):
            self.reading = reading

        def measured(self, x, y):
            return dict(self.reading.measured(x, y)) | {"r": 0.65}

        def uncertain(self, x, y):
            return self.reading.uncertain(x, y)

        def contradictions(self, *given):
            return iter(())

    wrong = replace(real, each=lambda pngs: [Wrong(found) for found in real.each(pngs)])
    monkeypatch.setattr("plotbank.proof.readers.READERS", {"scatter": wrong})
    with pytest.raises(ImpossibleRequest, match="the picture does not prove the key"):
        made(asked, STUDENTS[:1], statistics)
    assert set(statistics.tally.refused) >= {"the picture does not prove the key"}


def test_what_the_kind_refuses_for_ever_stops_the_build(question, hasty):
    asked = question("r = 0.6\nn = 40\n")

    class Never(type(asked.kind)):
        __slots__ = ()

        def snap(self, raw, condition, plot, area, rng):
            raise UnsuitableDraw("never")

    with pytest.raises(ImpossibleRequest) as caught:
        made(replace(asked, kind=Never()), STUDENTS[:1])
    assert str(caught.value) == (
        "question 'q1': no usable item for a student (last reason: never): ask for less that is extreme at once, or a "
        "larger picture"
    )


def test_values_that_all_others_have_are_said_to_be_taken(question):
    asked = question('r = { values = [0.5, 0.6] }\nn = 40\ndistinct = "answer"\n')
    with pytest.raises(ImpossibleRequest, match="question 'q1': all 2 values of r are taken"):
        made(asked, STUDENTS[:3])
