"""The sandbox in which templates run: expressions and texts that can neither reach out nor run on for ever.

Jinja2's own sandbox keeps templates from Python's internals.  This one also keeps them from taking long: loops do not
stand in loops and go over short lists, nothing calls itself, and no operator, function or filter makes long texts or
huge numbers.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from traceback import walk_tb
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes, pass_context
from jinja2 import Template as Jinja
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import SandboxedEnvironment

from ..errors import QuizFileError, UnsuitableDraw
from ..items import Axis
from .numerals import Numerals

LONGEST_LOOP = 1000
LARGEST_NUMBER = 1e15
LONGEST_TEXT = 20_000  # characters: of an expression or a section, and of what comes of it
_DEEPEST = 50  # brackets in brackets, terms of a sum
_MOST_PLACES = 15
_TOO_DEEP = "too many brackets in brackets, or terms of a sum"
# What could call itself, reach for other files, or double a text again and again.
_ENDLESS = (
    *(nodes.Macro, nodes.CallBlock, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block),
    *(nodes.Assign, nodes.AssignBlock, nodes.With, nodes.FilterBlock, nodes.Concat),
)
_NUMERALS = frozenset(("numerals",))  # by which filters write numbers
_FILTERS = ("first", "last", "length", "max", "min", "sort", "sum")


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
            return _defined(self._compiled(**_asked(self.names, known)))
        except UnsuitableDraw:
            raise
        except TemplateError as error:
            raise QuizFileError(f"{self.place}: {error.message}{_near(str(error), known)}") from None
        except ZeroDivisionError:
            raise UnsuitableDraw("a division by zero in the template") from None
        except ValueError as error:
            if "math domain error" in str(error):  # the root of a number below 0: another plot may have another
                raise UnsuitableDraw("a reading outside what a function takes") from None
            raise QuizFileError(f"{self.place}: {_cut(self.text)}: {error}") from None
        except (TypeError, ArithmeticError) as error:
            raise QuizFileError(f"{self.place}: {_cut(self.text)}: {error}") from None

    def number(self, known: Mapping[str, Any]) -> float:
        """The same, of an expression that must work out to one finite number.

        Raises:
            UnsuitableDraw: it is no number for this plot (a reading that the plot does not have).
            QuizFileError: it is something else; with its place.
        """
        found = self.value(known)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise QuizFileError(f"{self.place}: {_cut(self.text)} works out to {_cut(found)}, which is not a number")
        return finite(found)

    def numbers(self, known: Mapping[str, Any]) -> list[float]:
        """The same, of an expression that must work out to a list of finite numbers."""
        found = self.value(known)
        if not isinstance(found, list | tuple) or not all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in found
        ):
            raise QuizFileError(
                f"{self.place}: {_cut(self.text)} works out to {_cut(found)}, which is not a list of numbers"
            )
        return [finite(v) for v in found]

    def truth(self, known: Mapping[str, Any]) -> bool:
        """The same, of an expression that must be true or false."""
        found = self.value(known)
        if isinstance(found, float):
            finite(found)
        if not isinstance(found, bool) and found not in (0, 1):
            raise QuizFileError(
                f"{self.place}: {_cut(self.text)} works out to {_cut(found)}, which is neither true nor false"
            )
        return bool(found)


@dataclass(frozen=True, slots=True)
class Wording:
    """A compiled text, where it stands (the file and its first line there), and the names that it uses."""

    file: str
    line: int
    names: frozenset[str]
    _compiled: Jinja

    def render(self, known: Mapping[str, Any]) -> str:
        """The text with these values filled in; `known["numerals"]` says how numbers are written.

        Raises:
            UnsuitableDraw: a number is missing, or a function has no answer for these readings.
            QuizFileError: the text fails; with its line.
        """
        try:
            return _joined(self._compiled.generate(_asked(self.names | _NUMERALS, known)))
        except UnsuitableDraw:
            raise
        except ZeroDivisionError:
            raise UnsuitableDraw("a division by zero in the template") from None
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            # Jinja2 names its frames so, and gives them the lines of the text.
            lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == "<template>"]
            place = f"{self.file}: line {lines[-1] if lines else self.line}"
            raise QuizFileError(f"{place}: {error}{_near(str(error), known)}") from None


def _asked(names: frozenset[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of these names; nothing else is looked up."""
    return {name: known[name] for name in names if name in known}


def expression(text: str, place: str) -> Expression:
    """Compile an expression that stands at `place` ("mine.md: line 7: key").

    Raises:
        QuizFileError: it is not understood.
    """
    environment = _Sandbox()
    try:
        tree = _parsed(environment, "{{ " + text + " }}", 1)
        compiled = environment.compile_expression(text, undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise QuizFileError(f"{place}: {_cut(text)} is not understood: {error.message}") from None
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
        tree = _parsed(environment, padded, first_line)
        compiled = environment.from_string(padded)
    except TemplateSyntaxError as error:
        raise QuizFileError(f"{name}: line {error.lineno}: {error.message}") from None
    return Wording(name, first_line, frozenset(meta.find_undeclared_variables(tree)), compiled)


class _Sandbox(SandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, finalize: Callable[..., Any] | None = None) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,
            finalize=finalize,
            keep_trailing_newline=True,
            optimized=False,  # or it would work out parts when it compiles
        )
        self.globals = {"range": _short_range}
        self.filters = {name: self.filters[name] for name in _FILTERS} | {
            "abs": _abs,
            "round": rounded,
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

    def wrap_str_format(self, value: Any) -> None:  # noqa: ARG002
        """Not even `format`, which makes long texts."""
        return

    def call(self, context: Context, function: Any, /, *given: Any, **named: Any) -> Any:
        """What a function says of names that are known, if it is no long text."""
        for value in (*given, *named.values()):
            _defined(value)
        found = super().call(context, function, *given, **named)
        return _joined([found]) if isinstance(found, str) else found

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic with numbers of a handy size only: a text times a million is a long text."""
        for side in (left, right):
            if not isinstance(_defined(side), int | float) or LARGEST_NUMBER < abs(side) < math.inf:
                raise SecurityError(f"{operator} takes numbers of at most {LARGEST_NUMBER:g}")
        if operator == "**" and abs(right) > 100:
            raise SecurityError("a power is at most 100")
        return super().call_binop(context, operator, left, right)


def finite(value: float) -> float:
    """The number, if it is one for this plot.

    Raises:
        UnsuitableDraw: it is a reading that the plot does not have.
    """
    if not math.isfinite(value):
        raise UnsuitableDraw("a reading that the plot does not have")
    return float(value)


def rounded(value: float, places: int | None = None) -> float:
    """Python's own, with few places: 10 to the power of a million is a long number."""
    if places is not None and abs(places) > _MOST_PLACES:
        raise ValueError(f"round takes at most {_MOST_PLACES} places")
    return round(_number_of(value), places)


def _short_range(*ends: float) -> range:
    whole = range(*(int(_number_of(end)) for end in ends))
    if len(whole) > LONGEST_LOOP:
        raise SecurityError(f"a range has at most {LONGEST_LOOP} numbers")
    return whole


def _number_of(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(_defined(value), int | float):
        raise TypeError(f"{_cut(value)} is not a number")
    finite(value)
    found: float = value
    return found


def _defined(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # raises, and says what is not known
    return value


def _joined(pieces: Iterable[str]) -> str:
    kept, length = [], 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length > LONGEST_TEXT:
            raise SecurityError(f"a text has at most {LONGEST_TEXT:,} characters")
    return "".join(kept) if len(kept) != 1 else kept[0]  # Markdown stays Markdown


def _parsed(environment: _Sandbox, text: str, line: int) -> nodes.Template:
    if len(text) > LONGEST_TEXT:
        raise TemplateSyntaxError(f"a text has at most {LONGEST_TEXT:,} characters", line)
    try:
        tree = environment.parse(text)
    except RecursionError:
        raise TemplateSyntaxError(_TOO_DEEP, line) from None
    except ValueError:
        raise TemplateSyntaxError("a number is too long", line) from None
    _refuse_endless(tree)
    return tree


def _refuse_endless(tree: nodes.Template) -> None:
    level: list[nodes.Node] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise TemplateSyntaxError(_TOO_DEEP, level[0].lineno)
    for number in tree.find_all(nodes.Const):
        if isinstance(number.value, float) and math.isinf(number.value):
            raise TemplateSyntaxError("a number is too large", number.lineno)
    for node in tree.find_all(_ENDLESS):
        raise TemplateSyntaxError(f"{type(node).__name__.lower()} is not for item templates", node.lineno)
    for loop in tree.find_all(nodes.For):
        if loop.recursive or any(True for inner in loop.body for _ in _loops(inner)):
            raise TemplateSyntaxError("a loop in a loop is not for item templates", loop.lineno)


def _loops(node: nodes.Node) -> Any:
    if isinstance(node, nodes.For):
        yield node
    yield from node.find_all(nodes.For)


def _cut(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 100 else f"{shown[:97]}..."


def _near(message: str, known: Mapping[str, Any]) -> str:
    """The name that was probably meant, where a name is not known."""
    from difflib import get_close_matches

    found = re.match(r"'(\w+)' is undefined", message)
    near = get_close_matches(found[1], known, n=1, cutoff=0.6) if found else []
    return f": did you mean {near[0]!r}?" if near else ""


def _abs(value: float) -> float:
    return abs(_number_of(value))


@pass_context
def _number(context: Context, value: float, places: int) -> str:
    return _numerals(context).number(_number_of(value), _few(places))


@pass_context
def _significant(context: Context, value: float, digits: int) -> str:
    return _numerals(context).significant(_number_of(value), _few(digits))


@pass_context
def _plain(context: Context, value: float) -> str:
    return _numerals(context).plain(_number_of(value))


@pass_context
def _percent(context: Context, value: float, places: int = 0) -> str:
    return _numerals(context).percent(_number_of(value), _few(places))


def _few(places: float) -> int:
    if not 0 <= _number_of(places) <= _MOST_PLACES:
        raise ValueError(f"a number is written with 0 to {_MOST_PLACES} places, not {places}")
    return int(places)


def _numerals(context: Context) -> Numerals:
    found = context["numerals"]
    assert isinstance(found, Numerals)
    return found


@pass_context
def _localised(context: Context, value: Any) -> str:
    """Numbers as the locale writes them, and nothing for an `if` without `else` that is false."""
    if isinstance(value, str):
        return value
    if isinstance(value, Undefined):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{_cut(value)} is neither a number nor a text")
    return _plain(context, value)


@pass_context
def _literal(context: Context, value: Any) -> str:
    """Text that Markdown shows as it is: every punctuation mark may be escaped by a backslash (CommonMark 2.4)."""
    shown: str = _localised(context, value)
    return shown if isinstance(shown, Markdown) else re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", shown)
