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
from plotbank.variants import Statistics, variants

from .conftest import SECRET

HEAD = '[quiz]\ntitle = "T"\nid = "t-1"\npicture = { density = 1 }\n[[question]]\ntemplate = "scatter/estimate-r"\n'
MODEL = models.open_model(models.latest("scatter"), "cpu")
STUDENTS = tuple(Student(id=name) for name in ("ada", "bashir", "chiara", "dora"))


@pytest.fixture
def question(quiz_file):
    return lambda lines: read_quiz(quiz_file(HEAD + lines)).questions[0]


def made(question, students=STUDENTS, statistics=None, frame=None):
    frame = frame or Frame(question.kind, question.plot)
    found = variants("t-1", question, students, SECRET, MODEL, frame, statistics or Statistics())
    return {variant.student.id: variant for variant in found}


def test_every_student_gets_one_with_what_was_asked_for_and_usual_in_the_rest(question):
    asked = question("r = [0.5, 0.7]\nn = [40, 50]\n")
    found = made(asked)

    assert set(found) == {student.id for student in STUDENTS}
    for variant in found.values():
        condition = variant.draw.request.condition
        assert 0.5 <= condition["r"] <= 0.7
        assert 40 <= condition["n"] <= 50
        for feature in asked.kind.features[2:]:
            assert feature.usual[0] <= condition[feature.name] <= feature.usual[1]
        readings = asked.kind.readings(variant.draw.values, condition, asked.plot)
        assert inexact(asked.kind, readings, condition) == []
        assert variant.measured.n == condition["n"]


def test_a_variant_depends_on_nobody_else(question):
    asked = question("r = [0.5, 0.7]\nn = 40\n")
    together, alone = made(asked), made(asked, STUDENTS[2:3])

    assert alone["chiara"].item == together["chiara"].item
    assert (alone["chiara"].draw.values == together["chiara"].draw.values).all()


def test_different_answers_are_different(question):
    asked = question('r = { values = [0.5, 0.55, 0.6, 0.65] }\nn = 40\ndistinct = "answer"\n')

    assert {v.draw.request.condition["r"] for v in made(asked).values()} == {0.5, 0.55, 0.6, 0.65}


def test_the_reader_of_the_kind_is_the_one_that_proves(monkeypatch, question):
    """Once it cannot read a picture, the next draw is taken; when it never can, the build stops."""
    asked, statistics = question("r = 0.6\nn = 40\n"), Statistics()
    real, calls = READERS["scatter"], []

    def moody(png):
        calls.append(png)
        if len(calls) == 1:
            raise Unreadable("a bad day")
        return real(png)

    monkeypatch.setattr("plotbank.variants.READERS", {"scatter": moody})
    assert set(made(asked, STUDENTS[:1], statistics)) == {"ada"}
    assert statistics.tally.refused["the picture cannot be read"] == 1


def test_a_picture_that_shows_other_data_is_never_delivered(question):
    """The frame draws all points a little to the right of where they are."""
    asked = question("r = 0.6\nn = 40\n")

    class Crooked(Frame):
        def picture(self, values, condition):
            return super().picture(values + np.array([0.3, 0.0]), condition)

    statistics = Statistics()
    with pytest.raises(ImpossibleRequest, match="in 200 draws"):
        made(asked, STUDENTS[:1], statistics, Crooked(asked.kind, asked.plot))
    assert statistics.tally.refused["the picture does not show the data"] > 0
    assert statistics.tally.kept == 0


def test_what_the_kind_refuses_for_ever_stops_the_build(question):
    asked = question("r = 0.6\nn = 40\n")

    class Never(type(asked.kind)):
        __slots__ = ()

        def snap(self, raw, condition, plot, area, rng):
            raise UnsuitableDraw("never")

    with pytest.raises(
        ImpossibleRequest, match=r"no usable plot with r = 0.6, n = 40, .* \(last reason: never\): ask for"
    ):
        made(replace(asked, kind=Never()), STUDENTS[:1])
