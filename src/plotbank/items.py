"""The frozen dataclasses that pass between the layers.

A quiz file becomes a `Bank` of `Question`s; every student gets one `Item` of every question.  An item holds
everything that a platform may show (text as HTML, picture, key, feedback) and nothing that names a student.
"""

import math
import re
from dataclasses import dataclass
from html import unescape

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DIFFICULTIES = ((0.9, "very easy"), (0.75, "easy"), (0.5, "medium"), (0.25, "difficult"), (0.0, "very difficult"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG as students see it: `width` x `height` are CSS pixels; the file may hold a multiple of them.

    `alt` says in a sentence what is shown and `description` the rest of what may be said without giving the answer
    away: axes, scales, groups.  `caption` stands above the picture where a stem shows several.  All are plain text.
    """

    name: str
    png: bytes
    alt: str
    width: int
    height: int
    caption: str = ""
    description: str = ""

    @property
    def alternative(self) -> str:
        """The whole text alternative, for platforms that know no long descriptions."""
        return f"{self.alt} {self.description}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Partial credit of a numeric key: |x - value| <= tolerance earns this share of the mark, between 0 and 1."""

    tolerance: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericKey:
    """A number, right within a tolerance on either side.

    `value` is the key as it is printed, with `decimals` places.  A response x earns the mark when
    |x - value| <= tolerance; the tolerance ends in half a unit beyond the last printed place, so that no
    response with that many places can fall on its edge.  `bands` give part of the mark further out: each is wider
    than the one before it and earns less.
    """

    value: float
    tolerance: float
    decimals: int
    bands: tuple[Band, ...] = ()

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"the key must be a finite number, not {self.value!r}")
        if not (self.tolerance > 0 and math.isfinite(self.tolerance)):
            raise ValueError(f"the tolerance must be positive, not {self.tolerance!r}")
        if not 0 <= self.decimals <= 4:  # Canvas rounds the response to four places
            raise ValueError(f"a key has 0 to 4 decimal places, not {self.decimals!r}")
        inner = Band(tolerance=self.tolerance, share=1.0)
        for band in self.bands:
            if not (band.tolerance > inner.tolerance and 0 < band.share < inner.share):
                raise ValueError("bands of partial credit grow wider and earn less, one after the other")
            inner = band

    @property
    def printed(self) -> str:
        """The key as a machine reads it: an ASCII minus, a decimal point."""
        return f"{self.value:.{self.decimals}f}"

    @property
    def equivalence(self) -> str:
        """The same for two items whose answers can be passed on."""
        return self.printed

    def share(self, response: float) -> float:
        """The share of the mark that a platform gives to this response."""
        for tolerance, share in ((self.tolerance, 1.0), *((band.tolerance, band.share) for band in self.bands)):
            if abs(response - self.value) <= tolerance:
                return share
        return 0.0

    def accepts(self, response: float) -> bool:
        """Whether a platform gives the whole mark to this response."""
        return self.share(response) == 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a choice: its text, perhaps a picture beneath it, and feedback to who chooses it (texts HTML)."""

    text: str
    feedback: str = ""
    picture: Picture | None = None

    @property
    def printed(self) -> str:
        """The text as a machine reads it: without tags, with an ASCII minus."""
        return _plain(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceKey:
    """Single choice: the options in the order shown, of which the one at the position `correct` is right."""

    options: tuple[Option, ...]
    correct: int

    def __post_init__(self) -> None:
        _refuse_alike(self.options)
        if not 0 <= self.correct < len(self.options):
            raise ValueError(f"the correct option {self.correct!r} is not among {len(self.options)} options")

    @property
    def printed(self) -> str:
        """The right option as a machine reads it."""
        return self.options[self.correct].printed

    @property
    def equivalence(self) -> str:
        """The same for two items whose answers can be passed on: with the same options, whatever their order."""
        return "|".join((self.printed, *sorted(option.printed for option in self.options)))

    def accepts(self, response: int) -> bool:
        """Whether a platform gives the mark to the option at this position."""
        return response == self.correct


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleKey:
    """Multiple answers: the options in the order shown, of which those at the positions `correct` are right.

    There is at least one right and one wrong option: platforms cannot mark an empty response.
    """

    options: tuple[Option, ...]
    correct: frozenset[int]

    def __post_init__(self) -> None:
        _refuse_alike(self.options)
        if not self.correct or not self.correct < set(range(len(self.options))):
            raise ValueError("of multiple answers at least one is right and at least one is wrong")

    @property
    def printed(self) -> str:
        """The right options as a machine reads them, in their order."""
        return "; ".join(self.options[place].printed for place in sorted(self.correct))

    @property
    def equivalence(self) -> str:
        """The same for two items whose answers can be passed on."""
        right = sorted(self.options[place].printed for place in self.correct)
        return "|".join((*right, "", *sorted(option.printed for option in self.options)))

    def accepts(self, response: frozenset[int]) -> bool:
        """Whether a platform gives the whole mark to the options at these positions."""
        return response == self.correct


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFalseKey:
    """A statement, which the stem makes, that is true or false; and what is said (HTML) to who says either."""

    truth: bool
    if_true: str = ""
    if_false: str = ""

    @property
    def printed(self) -> str:
        """`true` or `false`."""
        return "true" if self.truth else "false"

    @property
    def equivalence(self) -> str:
        """The same for two items whose answers can be passed on."""
        return self.printed

    def accepts(self, response: bool) -> bool:
        """Whether a platform gives the mark to this response."""
        return response == self.truth


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingKey:
    """Prompts (HTML), each with the one of the `answers` (plain text) that belongs to it.

    `pairs[i]` is the position among `answers` of what belongs to prompt i; no answer belongs to two prompts, and
    there may be answers that belong to none.
    """

    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    pairs: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.prompts) < 2 or len({_plain(prompt) for prompt in self.prompts}) != len(self.prompts):
            raise ValueError(f"matching needs two or more different prompts, not {self.prompts!r}")
        if len(set(self.answers)) != len(self.answers):
            raise ValueError(f"two answers are alike: {self.answers!r}")
        if len(self.pairs) != len(self.prompts) or not set(self.pairs) <= set(range(len(self.answers))):
            raise ValueError("every prompt needs one of the answers")
        if len(set(self.pairs)) != len(self.pairs):
            raise ValueError("an answer belongs to two prompts")

    @property
    def printed(self) -> str:
        """Prompts and answers as a machine reads them, in the order of the prompts."""
        pairs = zip(self.prompts, self.pairs, strict=True)
        return "; ".join(f"{_plain(prompt)} -> {_spaced(self.answers[place])}" for prompt, place in pairs)

    @property
    def equivalence(self) -> str:
        """The same for two items whose answers can be passed on."""
        return "|".join((self.printed, *map(_spaced, self.answers)))

    def accepts(self, response: tuple[int, ...]) -> bool:
        """Whether a platform gives the whole mark to these answers, one for each prompt."""
        return response == self.pairs


SimpleKey = NumericKey | ChoiceKey | MultipleKey | TrueFalseKey | MatchingKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of several questions about the same picture: its own text (HTML), key, and share of the item's points."""

    stem: str
    key: NumericKey | ChoiceKey | TrueFalseKey
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsKey:
    """Several questions about the picture in the stem; their shares of the mark add up to 1."""

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if len(self.parts) < 2:
            raise ValueError("a set of parts has at least two")
        if any(part.share <= 0 for part in self.parts) or abs(sum(part.share for part in self.parts) - 1) > 1e-9:
            raise ValueError("the shares of the parts are above 0 and add up to 1")

    @property
    def printed(self) -> str:
        """The parts' keys as a machine reads them: `1) 0.53; 2) true`."""
        return "; ".join(f"{number}) {part.key.printed}" for number, part in enumerate(self.parts, start=1))

    @property
    def equivalence(self) -> str:
        """The same for two items whose answers can be passed on."""
        return "||".join(part.key.equivalence for part in self.parts)


Key = SimpleKey | PartsKey
"""Closed: who handles keys matches them all and ends with `assert_never`, so that no exporter can forget a type."""

_TAG = re.compile(r"<[^>]*>")


def _plain(html: str) -> str:
    return _spaced(unescape(_TAG.sub("", html)))


def _spaced(text: str) -> str:
    return " ".join(text.replace("\N{MINUS SIGN}", "-").split())


def _refuse_alike(options: tuple[Option, ...]) -> None:
    texts = {option.printed for option in options}
    if len(options) < 2 or len(texts) != len(options):
        raise ValueError(f"a choice needs two or more different options, not {[o.text for o in options]!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One student's variant of one question.

    `id` is made of the question's id and of letters and digits that a secret made from the student's id, so
    that it is stable and tells nothing.  The stem shows `pictures`, in their order; options may have pictures of
    their own instead.  Everybody is told `feedback` in the end; who earns the whole mark is told `if_correct`
    besides, and everybody else `if_incorrect` (all are HTML).  `clarity` is the distance from the truth to the
    nearest wrong option or tolerance edge, in just-noticeable differences or reading errors; `difficulty` is the
    predicted logit of a right answer.
    """

    id: str
    question: str
    title: str
    stem: str
    feedback: str
    pictures: tuple[Picture, ...]
    key: Key
    points: float
    clarity: float
    difficulty: float = 0.0
    if_correct: str = ""
    if_incorrect: str = ""

    def __post_init__(self) -> None:
        if not _IDENTIFIER.fullmatch(self.id):
            raise ValueError(f"an item id is a letter, then letters, digits and underscores, not {self.id!r}")
        if not self.every_picture:
            raise ValueError("an item shows at least one picture")

    @property
    def every_picture(self) -> tuple[Picture, ...]:
        """The pictures of the stem, then those of the options, in their order."""
        options = self.key.options if isinstance(self.key, ChoiceKey | MultipleKey) else ()
        return (*self.pictures, *(option.picture for option in options if option.picture is not None))

    @property
    def difficulty_word(self) -> str:
        """The predicted difficulty in the vocabulary of IEEE 1484.12.1 (LOM) 5.8, by the share of right answers."""
        right = 1 / (1 + math.exp(-self.difficulty))
        return next(word for least, word in _DIFFICULTIES if right >= least)


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
    """One axis of a plot: what stands beside it and which values it spans, `whole` ones where they are counted.

    An axis of `categories` spans 0 to their number; each stands in the middle of its share, at 0.5, 1.5, ...
    """

    label: str
    low: float
    high: float
    categories: tuple[str, ...] = ()
    whole: bool = False

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
