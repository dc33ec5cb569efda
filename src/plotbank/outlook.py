"""What a question leads to, said before anything is built: answers, redraws, clarity, difficulty, guessing."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import pstdev

import numpy as np

from . import item_templates
from .errors import ModelError, QuizFileError
from .exporters import Exporter
from .generator.draws import Request
from .generator.kinds import Floats, Kind, vector
from .generator.rendering import Frame
from .items import Bank, ChoiceKey, Key, NumericKey, TrueFalseKey
from .models import open_model
from .question import QuizQuestion
from .quiz import question_of_template
from .rehearsal import Raw, Rehearsed, plain, rehearse
from .sayable import Sayable
from .variants import item_of, picture_of

_STUDENTS = 100
_ROUNDS = 200
_EVEN = 0.1  # logits: a standard deviation of difficulty below it is even


def tried_question(file: Path) -> QuizQuestion:
    """The question that a template file, or an installed template by its name, asks where a quiz file says no more.

    Raises:
        QuizFileError: the template cannot be read, or no item comes of it; with its line.
    """
    name = file.as_posix()
    known = item_templates.installed()
    if file.suffix == ".md":
        return question_of_template(item_templates.load(file))
    if name not in known:
        raise QuizFileError(
            f"there is no template {name!r}: write a file that ends in .md, or one of {', '.join(known)}"
        )
    return question_of_template(item_templates.built_in(name))


def outlook(
    question: QuizQuestion, students: int | None, bank: Bank | None = None, exporters: Sequence[Exporter] = ()
) -> Iterator[str]:
    """Sentences about what the question's conditions lead to, found by a rehearsal of `_STUDENTS` students.

    Data are drawn by the question's network where it can run here, and else by a plain formula.  `bank` is the quiz
    that formats are to say; without one, none is asked.

    Raises:
        QuizFileError: the template fails on some plot, or a label cannot be drawn.
        BankError: a format cannot say the question.
        ImpossibleRequest: no plot can have what is asked for.
    """
    drawing, by = _drawing(question)
    found = rehearse(question, _STUDENTS, drawing, _ROUNDS)
    if not found.made:
        raise QuizFileError(
            f"{question.template.name}: none of {found.drawn:,} draws made an item (most often: {found.reason})"
        )
    _refuse_undrawable(question, found)
    if bank is not None:
        yield from _said(question, found, bank, exporters)
    yield from _variety(question, found, students)
    yield from _quality(found)
    share = found.redraws
    refused = f", most often: {found.reason}" if found.refused else ""
    yield f"Of {found.drawn} draws {by}, {share:.0%} were refused and drawn again{refused}."
    yield from _advice(question, found, students)


def _refuse_undrawable(question: QuizQuestion, found: Rehearsed) -> None:
    """Draw a frame for each pair of axes, as the build will.

    Raises:
        QuizFileError: a label or a name does not fit, or has a character that cannot be drawn.
    """
    drawn = set()
    for shown in (shown for made in found.made for shown in made.shown):
        plot = shown.plot  # a count axis ends where the data want it: that makes no other labels
        if (axes := (shown.kind.name, plot.x, plot.y.label)) not in drawn:
            drawn.add(axes)
            bins = int(shown.condition["bins"]) if "bins" in shown.condition else None
            try:
                Frame(shown.kind, plot, bins, question.numerals.number)
            except QuizFileError as error:
                raise QuizFileError(f"question {question.id!r}: {error}") from None


def _said(question: QuizQuestion, found: Rehearsed, bank: Bank, exporters: Sequence[Exporter]) -> Iterator[str]:
    """What formats would leave out, if that were allowed; raises BankError where they would have to leave out more."""
    for exporter in exporters:
        sayable = Sayable(allow_downgrade=True)
        for number, made in enumerate(found.made):
            pictures = [picture_of(shown, f"p{number:07x}{place}.png", b"") for place, shown in enumerate(made.shown)]
            sayable.of(exporter, bank, item_of(question, made, pictures, f"{question.id}_{0:016x}", question.title))
        for remark in sayable.remarks:
            yield f"Needs --allow-downgrade: {remark}."


def _variety(question: QuizQuestion, found: Rehearsed, students: int | None) -> Iterator[str]:
    natural = _natural(question)
    yield f"{question.combinations:,} conditions; every picture is drawn anew." + (
        f" As in plots of real data: {', '.join(natural)}." if natural else ""
    )
    answers = Counter(made.key.equivalence for made in found.made)
    known = question.fixed_answers()
    if known is not None:
        yield f"At most {known} different answers are possible."
    else:
        yield f"About {_chao(answers):,.0f} different answers (key and options), by {len(found.made)} trials."
    if students and students > 1:
        likely = known if known is not None else _chao(answers)
        if likely < students:
            yield f"So some of {students} students will share an answer, though not a picture."


def _quality(found: Rehearsed) -> Iterator[str]:
    clarity = sorted(made.clarity for made in found.made)
    spread = pstdev(made.difficulty for made in found.made)
    chance = 1 / (1 + math.exp(-float(np.mean([made.difficulty for made in found.made]))))
    sentence = f"Clarity {clarity[0]:.1f} to {clarity[-1]:.1f} (median {clarity[len(clarity) // 2]:.1f})"
    tolerances = sorted({made.key.tolerance for made in found.made if isinstance(made.key, NumericKey)})
    if tolerances:
        sentence += f"; tolerance {tolerances[0]:g} to {tolerances[-1]:g}"
    yield f"{sentence}. Predicted: {chance:.0%} answer right, varying by {spread:.2f} logits between students."


def _advice(question: QuizQuestion, found: Rehearsed, students: int | None) -> Iterator[str]:
    if question.left_out:
        values = ", ".join(f"{value:g}" for value in question.left_out)
        yield f"Left out, because easier or harder than the others: {question.reads} = {values}."
    if missing := _STUDENTS - len(found.made):
        yield (
            f"Warning: {missing} of {_STUDENTS} students got no item in {_ROUNDS} draws (most often: {found.reason}): "
            "ask for less that is extreme at once, or a larger picture."
        )
    elif found.redraws > 0.8:
        yield f"Warning: most draws are refused ({found.reason}): the build takes longer; wider conditions would help."
    spread = pstdev(made.difficulty for made in found.made)
    if math.isinf(question.band[0]) and spread > _EVEN:
        yield (
            f"Warning: predicted difficulty varies by {spread:.2f} logits (wanted: at most {_EVEN:g}): ask for "
            "conditions that are more alike, or write options of which each has a neighbour as near (pairs)."
        )
    if blind := _blind([made.key for made in found.made]):
        yield blind
    if question.distinct == "answer" and students and question.fixed_answers() is None:
        answers = _chao(Counter(made.key.equivalence for made in found.made))
        if answers < students:
            yield (
                f"Warning: {students} students are to have different answers, but about {answers:.0f} seem possible: "
                'widen the conditions, or write distinct = "picture".'
            )


def _blind(keys: Sequence[Key]) -> str:
    """A warning where somebody who never looks at the plot would do clearly better than by chance."""
    if isinstance(keys[0], ChoiceKey):
        options = len(keys[0].options)
        right = Counter(key.printed for key in keys)
    elif isinstance(keys[0], TrueFalseKey):
        options, right = 2, Counter(key.printed for key in keys)
    else:
        return ""
    answer, times = right.most_common(1)[0]
    chance = 1 / options
    if times / len(keys) <= chance + 4 * math.sqrt(chance * (1 - chance) / len(keys)):
        return ""
    return (
        f"Warning: always answering {answer!r} would be right for {times / len(keys):.0%} of the students "
        f"(by chance {chance:.0%}): ask for more varied conditions."
    )


def _chao(answers: Counter[str]) -> float:
    """How many different answers there are, seen or not (Chao 1984): seen + f1 (f1 - 1) / (2 (f2 + 1)), with f1 answers
    that came once and f2 that came twice."""
    once, twice = (sum(times == k for times in answers.values()) for k in (1, 2))
    return len(answers) + once * (once - 1) / (2 * (twice + 1))


def _natural(question: QuizQuestion) -> list[str]:
    """Features, or families of them, that plots have and that nobody asks for."""
    features, case = question.kind.features, question.cases[0]
    had = case.draw(np.random.default_rng(0))
    there = question.kind.settle({f.name: had[f.name] if f.step >= 1 else f.high for f in features})
    unasked = [feature for feature in features if feature.name in case.unasked and there[feature.name] != 0]
    split = {feature.family for feature in features if feature.name not in case.unasked}
    chosen = {"bins"} if all(setting.bins for setting in question.settings) else set()  # for classes of round width
    return [
        name
        for name in dict.fromkeys(f.name if f.family in split else f.family or f.name for f in unasked)
        if name not in chosen
    ]


def _drawing(question: QuizQuestion) -> tuple[Raw, str]:
    """What draws data in the rehearsal, and by what, in words."""
    try:
        model = open_model(question.card, "cpu")
    except ModelError:
        return plain, "by a plain formula (no network runs here)"

    def by_network(kind: Kind, requests: Sequence[Request]) -> Iterator[Floats]:
        noise = np.stack([one.seed.rng("noise", one.attempt).standard_normal(model.card.noise) for one in requests])
        conditions = np.stack([vector(kind, one.condition) for one in requests])
        for raw in model.draw(noise.astype(np.float32), conditions):
            yield raw.astype(np.float64)

    return by_network, "by the network"
