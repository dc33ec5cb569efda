"""The frozen dataclasses that pass between the layers.

A quiz file becomes a `Bank` of `Question`s; every student gets one `Item` of every question.  An item holds
everything that a platform may show (text as HTML, picture, key, feedback) and nothing that names a student.
"""

import math
import re
from dataclasses import dataclass

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericKey:
    """A number, right within a tolerance on either side.

    `value` is the key as it is printed, with `decimals` places.  A response x earns the mark when
    |x - value| <= tolerance; the tolerance ends in half a unit beyond the last printed place, so that no
    response with that many places can fall on its edge.
    """

    value: float
    tolerance: float
    decimals: int

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"the key must be a finite number, not {self.value!r}")
        if not (self.tolerance > 0 and math.isfinite(self.tolerance)):
            raise ValueError(f"the tolerance must be positive, not {self.tolerance!r}")
        if not 0 <= self.decimals <= 4:  # Canvas rounds the response to four places
            raise ValueError(f"a key has 0 to 4 decimal places, not {self.decimals!r}")

    @property
    def printed(self) -> str:
        """The key as a machine reads it: an ASCII minus, a decimal point."""
        return f"{self.value:.{self.decimals}f}"

    @property
    def answers(self) -> dict[str, tuple[float, float]]:
        """The one answer, and the closed interval of responses that earn the mark."""
        return {self.printed: (self.value - self.tolerance, self.value + self.tolerance)}

    def accepts(self, response: float) -> bool:
        """Whether a platform gives the mark to this response."""
        return abs(response - self.value) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceKey:
    """Single choice: the options in the order shown (HTML) with the number each stands for, one correct."""

    options: tuple[str, ...]
    values: tuple[float, ...]
    correct: int

    def __post_init__(self) -> None:
        if len(self.options) < 2 or len(set(self.options)) != len(self.options):
            raise ValueError(f"a single choice needs two or more different options, not {self.options!r}")
        if len(self.values) != len(self.options):
            raise ValueError("every option needs the number it stands for")
        if not 0 <= self.correct < len(self.options):
            raise ValueError(f"the correct option {self.correct!r} is not among {len(self.options)} options")

    @property
    def printed(self) -> str:
        """The right option as a machine reads it."""
        return _ascii(self.options[self.correct])

    @property
    def answers(self) -> dict[str, tuple[float, float]]:
        """Every option as a machine reads it, and the number it stands for as an interval of no length."""
        return {_ascii(option): (v, v) for option, v in zip(self.options, self.values, strict=True)}

    def accepts(self, response: int) -> bool:
        """Whether a platform gives the mark to the option at this position."""
        return response == self.correct


Key = NumericKey | ChoiceKey


def _ascii(printed: str) -> str:
    return printed.replace("\N{MINUS SIGN}", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG as students see it: `width` x `height` are CSS pixels; the file may hold a multiple of them."""

    name: str
    png: bytes
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One student's variant of one question.

    `id` is made of the question's id and of letters and digits that a secret made from the student's id, so
    that it is stable and tells nothing.  `clarity` is the distance from the truth to the nearest wrong option
    or tolerance edge, in just-noticeable differences.
    """

    id: str
    question: str
    title: str
    stem: str
    feedback: str
    picture: Picture
    key: Key
    points: float
    clarity: float

    def __post_init__(self) -> None:
        if not _IDENTIFIER.fullmatch(self.id):
            raise ValueError(f"an item id is a letter, then letters, digits and underscores, not {self.id!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is common to all variants of a question: what exporters need for the pool they form."""

    id: str
    title: str
    points: float
    template: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A quiz as exporters see it, without its items: they are streamed past afterwards, question by question."""

    id: str
    title: str
    language: str
    questions: tuple[Question, ...]
    variants: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of a plot: what stands beside it and which values it spans.

    An axis of `categories` spans 0 to their number; each stands in the middle of its share, at 0.5, 1.5, ...
    """

    label: str
    low: float
    high: float
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.categories and (self.low, self.high) != (0, len(self.categories)):
            raise ValueError(f"an axis of {len(self.categories)} categories spans 0 to {len(self.categories)}")

    @property
    def span(self) -> float:
        """The distance from one end to the other."""
        return self.high - self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSpec:
    """How large a picture is shown (CSS pixels) and how many picture pixels go into one of them."""

    width: int = 600
    height: int = 450
    density: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A row of the roster.  None of this ever leaves `private/`."""

    id: str
    name: str = ""
    email: str = ""
