"""What is right about a plot, in words: stem, options, key and feedback as a platform shows them."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from html import escape
from importlib.resources import files
from typing import Any, assert_never

from markdown_it import MarkdownIt

from ..errors import QuizFileError
from ..items import Band, ChoiceKey, MatchingKey, MultipleKey, NumericKey, Option, SimpleKey, TrueFalseKey
from .grading import Answer, Choices, Graded, Matches, Names, Number, Readings, Statement, View, known
from .header import Template
from .numerals import Numerals
from .sandbox import Markdown, Wording, wording
from .words import LETTERS, caption, labelled, listed, relationship, words

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all texts about a plot share: how it is seen, what stands in for its story, how numbers are written."""

    kind: str
    view: View
    story: str
    numerals: Numerals

    @property
    def language(self) -> str:
        """The language of the texts."""
        return self.numerals.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The words of one question about a plot: stem and feedback as HTML, and the key, without pictures.

    `if_correct` and `if_incorrect` are said besides to who earns the whole mark, and to who does not.
    """

    stem: str
    feedback: str
    key: SimpleKey
    if_correct: str = ""
    if_incorrect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """What is said in place of a picture: in a sentence, and then the rest; plain text."""

    brief: str
    description: str

    @property
    def whole(self) -> str:
        """All of it."""
        return f"{self.brief} {self.description}".strip()


def word(template: Template, graded: Graded, readings: Readings, scene: Scene, intro: str) -> Text:
    """Everything that a template says about a plot with these readings; `intro` is Markdown.

    Raises:
        UnsuitableDraw: a text needs a reading that the plot does not have.
        QuizFileError: a text fails, whatever the plot.
    """
    texts = template.words(scene.language)
    names = _names(readings, scene).new_child({**graded.drawn, "intro": Markdown(intro)})
    if template.key is not None:
        names = names.new_child({"key": template.key.number(names)})
    claims = {name: claim.text.render(names).strip() for name, claim in texts.claims.items() if _used(graded, name)}
    reasons = {
        name: _inline(claim.why.render(names))
        for name, claim in texts.claims.items()
        if claim.why is not None and _used(graded, name)
    }
    try:
        key = _key(template, graded.answer, claims, reasons, scene)
    except ValueError as error:
        raise QuizFileError(f"{template.name}: {error}") from None
    named = names.new_child(_printed(key, graded.answer, claims, scene))
    return Text(
        stem=_html(texts.stem, named),
        feedback=_html(texts.feedback, named),
        key=key,
        if_correct=_html(texts.if_correct, named) if texts.if_correct is not None else "",
        if_incorrect=_html(texts.if_incorrect, named) if texts.if_incorrect is not None else "",
    )


def introduction(scene: Scene, readings: Readings, several: int) -> str:
    """The Markdown that says what the plot shows, or each of several: first the story, if there is one."""
    words_of_kind = _of_kind(scene)
    if words_of_kind is None:
        return _escaped(scene.story)
    text = words_of_kind["intro" if several == 1 else "intro_many"].render(_names(readings, scene)).strip()
    return f"{_escaped(scene.story)} {text}".strip()


def alternative(template: Template, scene: Scene, readings: Readings) -> Alternative:
    """The text alternative of a plot: the template's own, or that of its kind."""
    own = template.words(scene.language).alt
    if own is not None:
        return Alternative(brief=_one_line(own.render(_names(readings, scene))), description="")
    if _of_kind(scene) is None:
        raise QuizFileError(f"{template.name}: the section # Alt text is missing: plots of the kind "
                            f"{scene.kind!r} have no description of their own")  # fmt: skip
    return described(scene, readings, template.show)


def described(scene: Scene, readings: Readings, shows: str = "") -> Alternative:
    """The text alternative that every plot of the kind has; `shows` is what is drawn besides the data."""
    of_kind = _of_kind(scene)
    assert of_kind is not None, "plotbank's own kinds are described"
    names = _names(readings, scene).new_child({"shows": shows})
    brief, description = (_one_line(of_kind[name].render(names)) for name in ("alt", "description"))
    return Alternative(brief=brief, description=description)


def _used(graded: Graded, name: str) -> bool:
    match graded.answer:
        case Choices():
            return any(entry.id == name for entry in graded.answer.entries)
        case Statement():
            return graded.answer.id == name
        case Number() | Matches():
            return False
        case _:
            assert_never(graded.answer)


def _names(readings: Readings, scene: Scene) -> Names:
    language = scene.language
    return known(readings, scene.view).new_child(
        {
            "numerals": scene.numerals,
            "relationship": partial(relationship, language=language),
            "listed": partial(_listed, language=language),
        }
    )


def _listed(items: Iterable[str], language: str) -> str:
    several = list(items)
    text = listed(several, language)
    return Markdown(text) if all(isinstance(item, Markdown) for item in several) else text


def _key(
    template: Template,
    answer: Answer,
    claims: Mapping[str, str],
    reasons: Mapping[str, str],
    scene: Scene,
) -> SimpleKey:
    number = scene.numerals.number
    match answer:
        case Number():
            return NumericKey(
                value=answer.value,
                tolerance=answer.tolerance,
                decimals=answer.decimals,
                bands=tuple(Band(tolerance=tolerance, share=share) for tolerance, share in answer.bands),
            )
        case Statement():
            why = reasons.get(answer.id, "")
            return TrueFalseKey(
                truth=answer.truth, if_true="" if answer.truth else why, if_false=why if answer.truth else ""
            )
        case Matches():
            letters = [caption(letter, scene.language) for letter in LETTERS[: len(answer.shown)]]
            return MatchingKey(
                prompts=tuple(map(escape, letters)),
                answers=tuple(number(value, answer.decimals) for value in answer.values),
                pairs=tuple(answer.values.index(value) for value in answer.shown),
            )
        case Choices():
            options = []
            for place, entry in enumerate(answer.entries):
                wrong = place not in answer.right
                if template.plots or template.boxes:
                    text, feedback = escape(caption(LETTERS[place], scene.language)), ""
                elif entry.value is not None:
                    text = escape(number(entry.value, answer.decimals))
                    feedback = _inline(misreading(entry.why, scene.language)) if entry.why and wrong else ""
                else:
                    text, feedback = _inline(claims[entry.id]), reasons.get(entry.id, "") if wrong else ""
                options.append(Option(text=text, feedback=feedback))
            if template.type == "multiple":
                return MultipleKey(options=tuple(options), correct=frozenset(answer.right))
            return ChoiceKey(options=tuple(options), correct=answer.right[0])
        case _:
            assert_never(answer)


def _printed(key: SimpleKey, answer: Answer, claims: Mapping[str, str], scene: Scene) -> dict[str, Any]:
    """The key, and what else is right, as a person reads it: what feedback is written with."""
    number = scene.numerals.number
    match answer:
        case Number():
            inside = answer.tolerance - 0.5 * 10.0**-answer.decimals
            return {
                "key": number(answer.value, answer.decimals),
                "accepted_low": number(answer.value - inside, answer.decimals),
                "accepted_high": number(answer.value + inside, answer.decimals),
            }
        case Statement():
            return {"statement": Markdown(claims[answer.id]), "key": words(scene.language)[str(answer.truth).lower()]}
        case Matches():
            pairs = zip(LETTERS, answer.shown, strict=False)
            said = [
                labelled(caption(letter, scene.language), number(v, answer.decimals), scene.language)
                for letter, v in pairs
            ]
            return {"keys": said, "key": listed(said, scene.language)}
        case Choices():
            assert isinstance(key, ChoiceKey | MultipleKey)
            said = []
            for place in answer.right:
                entry = answer.entries[place]
                plain = number(entry.value, answer.decimals) if entry.value is not None else claims.get(entry.id, "")
                said.append(plain)
            letters = [caption(LETTERS[place], scene.language) for place in answer.right]
            marked: list[str] = [Markdown(text) for text in said]
            return {"keys": marked, "key": marked[0] if marked else "", "letter": letters[0] if letters else ""}
        case _:
            assert_never(answer)


def misreading(name: str, language: str) -> str:
    """What is said to who fell for a misconception, in Markdown."""
    return _misreadings()[language][name]


@cache
def _misreadings() -> Mapping[str, Mapping[str, str]]:
    text = files("plotbank.item_templates").joinpath("misconceptions.toml").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(text)
    return found


def _of_kind(scene: Scene) -> Mapping[str, Wording] | None:
    return _kinds().get((scene.kind, scene.language))


@cache
def _kinds() -> Mapping[tuple[str, str], Mapping[str, Wording]]:
    """What is said of every plot of a kind, by kind and language."""
    text = files("plotbank.item_templates").joinpath("plots.toml").read_text(encoding="utf-8")
    found = {}
    for kind, languages in tomllib.loads(text).items():
        for language, texts in languages.items():
            found[kind, language] = {
                name: wording(written, f"plots.toml, {kind}, {language}, {name}", 1, markdown=name.startswith("intro"))
                for name, written in texts.items()
            }
    return found


def _one_line(text: str) -> str:
    """The text without its line breaks; spaces that must not break, as before a French colon, stay."""
    return re.sub(r"[ \t\n]+", " ", text).strip(" ")


def _html(text: Wording, names: Mapping[str, Any]) -> str:
    return str(_MARKDOWN.render(text.render(names))).strip()


def _inline(markdown: str) -> str:
    return str(_MARKDOWN.renderInline(markdown.strip()))


def _escaped(text: str) -> str:
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def html(markdown: str) -> str:
    """Markdown as HTML."""
    return str(_MARKDOWN.render(markdown)).strip()
