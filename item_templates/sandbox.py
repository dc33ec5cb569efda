"""The sandbox in which templates run: expressions and texts that can neither reach out nor run on for ever.

Jinja2's own sandbox keeps templates from Python's internals.  This one also keeps them from taking long: loops do not
stand in loops and go over short lists, nothing calls itself, and no operator makes long texts or huge numbers.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes, pass_context
from jinja2 import Template as Jinja
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import SandboxedEnvironment

from ..errors import QuizFileError, UnsuitableDraw
from ..items import Axis
from .numerals import Numerals

LONGEST_LOOP = 1000
LARGEST_NUMBER = 1e15
# What could call itself, reach for other files, or double a text again and again.
_ENDLESS = (
    *(nodes.Macro, nodes.CallBlock, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block),
    *(nodes.Assign, nodes.AssignBlock, nodes.With, nodes.FilterBlock, nodes.Concat),
)
_FILTERS = ("abs", "first", "join", "last", "length", "max", "min", "round", "sort", "sum")


class Markdown(str):
    """Text that is Markdown already: filled in as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression, where it stands (file and line), and the names that it uses."""

    text: str
    place: str
    names: frozenset[str]
    _compiled: Callable[..., Any]

    def value(self, known: Mapping[str, Any]) -> Any:
        """What the expression works out to, numbers as floats.

        Raises:
            UnsuitableDraw: a function has no answer for these readings (no room for options).
            QuizFileError: the expression fails, whatever the plot; with its place.
        """
        try:
            return self._compiled(**known)
        except UnsuitableDraw:
            raise
        except TemplateError as error:
            raise QuizFileError(f"{self.place}: {error.message}{_near(str(error), known)}") from None
        except ZeroDivisionError:
            raise UnsuitableDraw("a division by zero in the template") from None
        except (TypeError, ValueError, ArithmeticError) as error:
            raise QuizFileError(f"{self.place}: {self.text!r}: {error}") from None

    def number(self, known: Mapping[str, Any]) -> float:
        """The same, of an expression that must work out to one finite number.

        Raises:
            UnsuitableDraw: it is no number for this plot (a reading that the plot does not have).
            QuizFileError: it is something else; with its place.
        """
        found = self.value(known)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise QuizFileError(f"{self.place}: {self.text!r} works out to {found!r}, which is not a number")
        if not math.isfinite(found):
            raise UnsuitableDraw("a reading that the plot does not have")
        return float(found)

    def numbers(self, known: Mapping[str, Any]) -> list[float]:
        """The same, of an expression that must work out to a list of numbers."""
        found = self.value(known)
        if not isinstance(found, list | tuple) or not all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in found
        ):
            raise QuizFileError(f"{self.place}: {self.text!r} works out to {found!r}, which is not a list of numbers")
        return [float(v) for v in found]

    def truth(self, known: Mapping[str, Any]) -> bool:
        """The same, of an expression that must be true or false."""
        found = self.value(known)
        if not isinstance(found, bool) and found not in (0, 1):
            raise QuizFileError(f"{self.place}: {self.text!r} works out to {found!r}, which is neither true nor false")
        return bool(found)


@dataclass(frozen=True, slots=True)
class Wording:
    """A compiled text, where it stands, and the names that it uses."""

    place: str
    names: frozenset[str]
    _compiled: Jinja

    def render(self, known: Mapping[str, Any]) -> str:
        """The text with these values filled in; `known["numerals"]` says how numbers are written.

        Raises:
            UnsuitableDraw: a function has no answer for these readings.
            QuizFileError: the text fails; with its place.
        """
        try:
            return self._compiled.render(known)
        except UnsuitableDraw:
            raise
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise QuizFileError(f"{self.place}: {error}{_near(str(error), known)}") from None


def expression(text: str, place: str) -> Expression:
    """Compile an expression that stands at `place` ("mine.md: line 7: key").

    Raises:
        QuizFileError: it is not understood.
    """
    environment = _Sandbox()
    try:
        tree = environment.parse("{{ " + text + " }}")
        _refuse_endless(tree)
        compiled = environment.compile_expression(text, undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise QuizFileError(f"{place}: {text!r} is not understood: {error.message}") from None
    return Expression(text, place, frozenset(meta.find_undeclared_variables(tree)), compiled)


def wording(text: str, name: str, first_line: int, *, markdown: bool) -> Wording:
    """Compile a text of the file `name` whose first line is `first_line` of it.

    In `markdown`, values that are filled in are escaped, so that they stand as they are.

    Raises:
        QuizFileError: it is not understood; with its line.
    """
    environment = _Sandbox(finalize=_literal if markdown else _localised)
    # Empty lines before the text make Jinja2 count lines as the file does.
    padded = "\n" * (first_line - 1) + text
    try:
        tree = environment.parse(padded)
        _refuse_endless(tree)
        compiled = environment.from_string(padded)
    except TemplateSyntaxError as error:
        raise QuizFileError(f"{name}: line {error.lineno}: {error.message}") from None
    return Wording(f"{name}: line {first_line}", frozenset(meta.find_undeclared_variables(tree)), compiled)


class _Sandbox(SandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, finalize: Callable[..., Any] | None = None) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, finalize=finalize, keep_trailing_newline=True)
        self.globals = {"range": _short_range}
        self.filters = {name: self.filters[name] for name in _FILTERS} | {
            "number": _number,
            "significant": _significant,
            "plain": _plain,
            "percent": _percent,
        }

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 (Jinja2 names them)
        """Of our own dataclasses their fields, and what a loop tells: texts and lists have no methods here."""
        if isinstance(obj, LoopContext):
            return attr in ("index", "index0", "first", "last", "length")
        known = {f.name for f in fields(obj)} if is_dataclass(obj) and not isinstance(obj, type) else set()
        return attr in known or (isinstance(obj, Axis) and attr == "span")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic with numbers of a handy size only: a text times a million is a long text."""
        if not all(isinstance(side, int | float) and abs(side) <= LARGEST_NUMBER for side in (left, right)):
            raise SecurityError(f"{operator} takes numbers of at most {LARGEST_NUMBER:g}")
        if operator == "**" and abs(right) > 100:
            raise SecurityError("a power is at most 100")
        return super().call_binop(context, operator, left, right)


def _short_range(*ends: float) -> range:
    whole = range(*(int(end) for end in ends))
    if len(whole) > LONGEST_LOOP:
        raise SecurityError(f"a range has at most {LONGEST_LOOP} numbers")
    return whole


def _refuse_endless(tree: nodes.Template) -> None:
    for node in tree.find_all(_ENDLESS):
        raise TemplateSyntaxError(f"{type(node).__name__.lower()} is not for item templates", node.lineno)
    for loop in tree.find_all(nodes.For):
        if loop.recursive or any(True for inner in loop.body for _ in _loops(inner)):
            raise TemplateSyntaxError("a loop in a loop is not for item templates", loop.lineno)


def _loops(node: nodes.Node) -> Any:
    if isinstance(node, nodes.For):
        yield node
    yield from node.find_all(nodes.For)


def _near(message: str, known: Mapping[str, Any]) -> str:
    """The name that was probably meant, where a name is not known."""
    from difflib import get_close_matches

    found = re.match(r"'(\w+)' is undefined", message)
    near = get_close_matches(found[1], known, n=1, cutoff=0.6) if found else []
    return f": did you mean {near[0]!r}?" if near else ""


@pass_context
def _number(context: Context, value: float, places: int) -> str:
    return _numerals(context).number(value, int(places))


@pass_context
def _significant(context: Context, value: float, digits: int) -> str:
    return _numerals(context).significant(value, int(digits))


@pass_context
def _plain(context: Context, value: float) -> str:
    return _numerals(context).plain(value)


@pass_context
def _percent(context: Context, value: float, places: int = 0) -> str:
    return _numerals(context).percent(value, int(places))


def _numerals(context: Context) -> Numerals:
    found = context["numerals"]
    assert isinstance(found, Numerals)
    return found


@pass_context
def _localised(context: Context, value: Any) -> Any:
    """Numbers as the locale writes them."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return _numerals(context).plain(value)


@pass_context
def _literal(context: Context, value: Any) -> Any:
    """Text that Markdown shows as it is: every punctuation mark may be escaped by a backslash (CommonMark 2.4)."""
    shown = _localised(context, value)
    plain = isinstance(shown, str) and not isinstance(shown, Markdown)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", shown) if plain else shown
