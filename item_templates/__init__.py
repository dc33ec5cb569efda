"""Item templates: Markdown and Jinja2 with a TOML header, and the code that makes an item of a template and a plot.

A template is one file.  Its header says which kind of plot it is about, which reading is the key, and what counts
as right; its sections `# Stem`, `# Feedback` and `# Alt text` are written with the plot's readings.  Expressions
and text run in Jinja2's sandbox, where an unknown name is an error.
"""

import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import numpy as np
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2 import Template as Jinja
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt

from ..errors import QuizFileError, UnsuitableDraw
from ..items import Axis, ChoiceKey, Key, NumericKey
from . import numerals, perception

SECTIONS = ("Stem", "Feedback", "Alt text")
_REQUIRED: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "type": str,
    "title": str,
    "reads": str,
    "key": str,
    "decimals": int,
    "clarity": (int, float),
}
# The readings for which it is known how finely people see them: two values' distance in just-noticeable differences.
_DISTANCES = {"r": perception.apart}
_OF_TYPE = {"numerical": "tolerance", "choice": "options"}
_LARGEST = 1_000_000  # bytes of a template file
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template, read and compiled.

    `reads` names the reading that the proof measures in the picture and compares with the key; `clarity` is the
    least distance, in just-noticeable differences, from the truth to the nearest wrong option or tolerance edge.
    """

    name: str
    kind: str
    type: str
    title: str
    reads: str
    decimals: int
    clarity: float
    source: str
    _expressions: Mapping[str, Callable[..., Any]]
    _sections: Mapping[str, Jinja]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a template makes of one plot: texts as HTML (the alt text and title plain), the key, its clarity."""

    stem: str
    feedback: str
    alt: str
    key: Key
    clarity: float


def built_in() -> dict[str, str]:
    """The source of every template that comes with plotbank, by name (`kind/what-it-asks`)."""
    folder = files("plotbank.item_templates")
    sources = [entry for entry in folder.iterdir() if entry.name.endswith(".md")]
    return {
        entry.name.removesuffix(".md").replace(".", "/"): entry.read_text(encoding="utf-8")
        for entry in sorted(sources, key=lambda entry: entry.name)
    }


def load(path: Path) -> Template:
    """Read an instructor's own template file.

    Raises:
        QuizFileError: it cannot be read, is too large, or is not a template; the message names the line.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise QuizFileError(f"{path.name}: a template has at most {_LARGEST:,} bytes")
        return parse(path.name, path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise QuizFileError(f"{path.name}: the template cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise QuizFileError(f"{path.name}: the template is not UTF-8 text: save it as UTF-8") from None


def parse(name: str, source: str) -> Template:
    """Compile a template's text.

    Raises:
        QuizFileError: with the template's name and line.
    """
    header, body, first_line = _split(name, source)
    _check_header(name, header)
    expressions = {
        field: str(header[field]) for field in ("key", _OF_TYPE[header["type"]], "require") if field in header
    }
    environment = _environment()
    try:
        compiled = {
            field: environment.compile_expression(expression, undefined_to_none=False)
            for field, expression in expressions.items()
        }
    except TemplateSyntaxError as error:
        raise QuizFileError(f"{name}: header: an expression is not understood: {error.message}") from None
    return Template(
        name=name,
        kind=header["kind"],
        type=header["type"],
        title=header["title"],
        reads=header["reads"],
        decimals=header["decimals"],
        clarity=float(header["clarity"]),
        source=source,
        _expressions=cast("Mapping[str, Callable[..., Any]]", compiled),
        _sections=dict(_compile_sections(name, body, first_line)),
    )


def grade(template: Template, readings: Mapping[str, float], rng: np.random.Generator) -> tuple[Key, float]:
    """The key of a plot with these readings, and its clarity in just-noticeable differences.

    `rng` decides at which place among the options the right one stands.

    Raises:
        UnsuitableDraw: the plot would make an ambiguous item under this template.
        QuizFileError: an expression of the template fails, whatever the plot.
    """
    value = float(_evaluate(template, "key", readings, rng))
    printed = round(value, template.decimals) + 0.0
    unit = 10.0**-template.decimals
    if template.type == "numerical":
        wanted = float(_evaluate(template, "tolerance", readings, rng))
        # Half a unit more than a whole number of units: no response with as many places falls on the edge.
        tolerance = round((math.ceil(round(wanted / unit, 6)) + 0.5) * unit, template.decimals + 1)
        key: Key = NumericKey(value=printed, tolerance=tolerance, decimals=template.decimals)
        edges = [printed - tolerance, printed + tolerance]
    else:
        values = [round(float(v), template.decimals) + 0.0 for v in _evaluate(template, "options", readings, rng)]
        if values.count(printed) != 1:
            raise UnsuitableDraw("the key is not exactly one of the options")
        options = tuple(numerals.number(v, template.decimals) for v in values)
        key = ChoiceKey(options=tuple(map(escape, options)), values=tuple(values), correct=values.index(printed))
        edges = [v for v in values if v != printed]
    clarity = min(_DISTANCES[template.reads](value, edge) for edge in edges)
    if clarity < template.clarity - 1e-9:
        raise UnsuitableDraw(f"clarity below {template.clarity:g} just-noticeable differences")
    return key, clarity


def write(
    template: Template, readings: Mapping[str, float], axes: Mapping[str, Axis], rng: np.random.Generator
) -> Text:
    """The texts and the key of one plot.

    Raises:
        UnsuitableDraw: the plot would make an ambiguous item, or is not what the template requires.
        QuizFileError: the template names something that does not exist, or does not work out to a number.
    """
    if "require" in template._expressions and not _evaluate(template, "require", readings, rng):
        raise UnsuitableDraw("not what the template requires")
    key, clarity = grade(template, readings, rng)
    known: dict[str, Any] = {**_known(readings, rng), **axes, **_printed(key, template.decimals)}
    stem, feedback, alt = (_render(template, section, known) for section in SECTIONS)
    alt = " ".join(alt.split())
    return Text(
        stem=_MARKDOWN.render(stem).strip(),
        feedback=_MARKDOWN.render(feedback).strip(),
        alt=alt,
        key=key,
        clarity=clarity,
    )


def _split(name: str, source: str) -> tuple[dict[str, Any], str, int]:
    parts = re.split(r"^\+\+\+[ \t]*$", source, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise QuizFileError(f"{name}: line 1: a template begins with a TOML header between two lines of +++")
    try:
        header = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        raise QuizFileError(f"{name}: the header is not TOML: {error} of the header") from None
    return header, parts[2], source.count("\n", 0, len(source) - len(parts[2])) + 1


def _check_header(name: str, header: Mapping[str, Any]) -> None:
    for field, kind in _REQUIRED.items():
        if field not in header:
            raise QuizFileError(f"{name}: header: {field!r} is missing")
        if not isinstance(header[field], kind) or isinstance(header[field], bool):
            raise QuizFileError(f"{name}: header: {field} = {header[field]!r} is of the wrong type")
    if header["type"] not in _OF_TYPE:
        raise QuizFileError(f"{name}: header: type = {header['type']!r}: write one of {', '.join(_OF_TYPE)}")
    if header["reads"] not in _DISTANCES:
        raise QuizFileError(f"{name}: header: reads = {header['reads']!r}: write one of {', '.join(_DISTANCES)}")
    if not 0 <= header["decimals"] <= 4:
        raise QuizFileError(f"{name}: header: decimals = {header['decimals']}: write 0 to 4")
    needed = _OF_TYPE[header["type"]]
    if not isinstance(header.get(needed), str):
        raise QuizFileError(f'{name}: header: a template of type {header["type"]!r} needs {needed} = "an expression"')
    if not isinstance(header.get("require", ""), str):
        raise QuizFileError(f"{name}: header: require = {header['require']!r}: write an expression between quotes")
    if unknown := sorted(set(header) - set(_REQUIRED) - {needed, "require"}):
        raise QuizFileError(f"{name}: header: unknown key {unknown[0]!r}")


def _compile_sections(name: str, body: str, first_line: int) -> Iterator[tuple[str, Jinja]]:
    headings = list(re.finditer(r"^# (.+?)[ \t]*$", body, flags=re.MULTILINE))
    found = [heading[1] for heading in headings]
    if found != list(SECTIONS):
        raise QuizFileError(f"{name}: the sections must be {', '.join('# ' + s for s in SECTIONS)}, in this order")
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        text = body[heading.end() : following.start() if following else None]
        line = first_line + body.count("\n", 0, heading.end())
        # Empty lines before the text make Jinja2 count lines as the file does.
        environment = _environment(escaped=heading[1] != "Alt text")
        try:
            yield heading[1], environment.from_string("\n" * (line - 1) + text)
        except TemplateSyntaxError as error:
            raise QuizFileError(f"{name}: line {error.lineno}: {error.message}") from None


def _environment(*, escaped: bool = False) -> SandboxedEnvironment:
    """Jinja2's sandbox with our filters; `escaped` keeps Markdown out of the values that are filled in."""
    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        finalize=_literal if escaped else None,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "number": numerals.number,
        "significant": numerals.significant,
        "plain": numerals.plain,
    }
    return environment


def _literal(value: Any) -> Any:
    """Text that Markdown shows as it is: every punctuation mark may be escaped by a backslash (CommonMark 2.4)."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", value) if isinstance(value, str) else value


def _known(readings: Mapping[str, float], rng: np.random.Generator) -> dict[str, Any]:
    """Every name that an expression may use."""

    def ladder(value: float, count: int, jnds: float) -> list[float]:
        above = int(rng.integers(count))  # the key is as likely to be the lowest as any other
        return perception.ladder(value, count - 1 - above, above, jnds, places=2)

    functions: dict[str, Any] = {
        "jnd": perception.jnd,
        "ladder": ladder,
        "relationship": numerals.relationship,
        "abs": abs,
        "min": min,
        "max": max,
        "sqrt": math.sqrt,
    }
    whole = {name: int(value) for name, value in readings.items() if name == "n"}
    return {**functions, **readings, **whole}


def _evaluate(template: Template, field: str, readings: Mapping[str, float], rng: np.random.Generator) -> Any:
    try:
        result = template._expressions[field](**_known(readings, rng))
        return [float(v) for v in result] if field == "options" else float(result)
    except TemplateError as error:
        raise QuizFileError(f"{template.name}: header: {field}: {error.message}") from None
    except ValueError as error:
        raise UnsuitableDraw(str(error)) from None
    except (TypeError, ArithmeticError) as error:
        raise QuizFileError(f"{template.name}: header: {field}: {error}") from None


def _render(template: Template, section: str, known: Mapping[str, Any]) -> str:
    try:
        return template._sections[section].render(known)
    except (TemplateError, TypeError, ArithmeticError) as error:
        raise QuizFileError(f"{template.name}: section {section!r}: {error}") from None


def _printed(key: Key, decimals: int) -> dict[str, str]:
    """The key, and the outermost answers that earn the mark, as a person reads them."""
    if isinstance(key, ChoiceKey):
        return {"key": numerals.number(key.values[key.correct], decimals)}
    inside = key.tolerance - 0.5 * 10.0**-decimals
    return {
        "key": numerals.number(key.value, decimals),
        "accepted_low": numerals.number(key.value - inside, decimals),
        "accepted_high": numerals.number(key.value + inside, decimals),
    }
