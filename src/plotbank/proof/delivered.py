"""What a platform keeps of a bank after an import: items, their pictures and keys, whatever the format said it in."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import assert_never

from .markup import fragment

# What stands for true and for false where a platform knows no other way to say it.
TRUTHS = (
    ("true", "false"),
    ("wahr", "falsch"),
    ("verdadero", "falso"),
    ("verdadeiro", "falso"),
    ("vrai", "faux"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandDelivered:
    """Every response from `low` to `high` (both included) that earns no more earns this share of the mark."""

    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericDelivered:
    """A number: `value` is the key, and every response from `low` to `high` (both included) earns full marks.

    The `bands` further out earn a part of them, each less than the one before it.
    """

    value: float
    low: float
    high: float
    bands: tuple[BandDelivered, ...] = ()

    @property
    def decimals(self) -> int:
        """The places of the key: those of its bounds but one, because bounds end in half a unit."""
        return max(_places(self.value), _places(self.low) - 1, _places(self.high) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceDelivered:
    """The options (HTML) in the order delivered, and the positions of those that earn full marks.

    `feedback` (HTML) is what is said to each option.
    """

    options: tuple[str, ...]
    correct: tuple[int, ...]
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleDelivered:
    """The options (HTML) in the order delivered, and the positions of those that must all be chosen, alone."""

    options: tuple[str, ...]
    correct: tuple[int, ...]
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFalseDelivered:
    """Whether the statement in the stem is true, and what is said (HTML) to who says either."""

    truth: bool
    if_true: str = ""
    if_false: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingDelivered:
    """Prompts (HTML) and answers (plain text); `pairs[i]` is the position of the answer that belongs to prompt i."""

    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    pairs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDelivered:
    """One of several questions about the same picture: its text (HTML), its key, its share of the mark."""

    stem: str
    key: NumericDelivered | ChoiceDelivered | TrueFalseDelivered
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsDelivered:
    """Several questions about the same picture, in their order; their shares add up to 1."""

    parts: tuple[PartDelivered, ...]


KeyDelivered = (
    NumericDelivered | ChoiceDelivered | MultipleDelivered | TrueFalseDelivered | MatchingDelivered | PartsDelivered
)


def printed(key: KeyDelivered) -> str:
    """A key as a machine reads it; `missing` where a choice has no right option."""
    match key:
        case NumericDelivered():
            return f"{key.value:.{key.decimals}f}"
        case ChoiceDelivered():
            return " and ".join(_words(key.options[place]) for place in key.correct) or "missing"
        case MultipleDelivered():
            return "; ".join(_words(key.options[place]) for place in key.correct) or "missing"
        case TrueFalseDelivered():
            return "true" if key.truth else "false"
        case MatchingDelivered():
            pairs = zip(key.prompts, key.pairs, strict=True)
            return "; ".join(f"{_words(prompt)} -> {_plain_words(key.answers[place])}" for prompt, place in pairs)
        case PartsDelivered():
            return "; ".join(f"{number}) {printed(part.key)}" for number, part in enumerate(key.parts, start=1))
        case _:
            assert_never(key)


def key_texts(key: KeyDelivered) -> list[str]:
    """Everything in a key that students may see: options, prompts and answers, the parts' texts, feedback."""
    match key:
        case NumericDelivered():
            return []
        case ChoiceDelivered() | MultipleDelivered():
            return [*key.options, *key.feedback]
        case TrueFalseDelivered():
            return [key.if_true, key.if_false]
        case MatchingDelivered():
            return [*key.prompts, *key.answers]
        case PartsDelivered():
            return [text for part in key.parts for text in (part.stem, *key_texts(part.key))]
        case _:
            assert_never(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredPicture:
    """A picture as an item shows it: `width` x `height` CSS pixels.

    `option` is the position of the option that shows it, or None where the stem does; `caption` are the bold
    words directly above it.  `description` is what a format says at length beside the text alternative.
    """

    name: str
    png: bytes
    alt: str
    width: int
    height: int
    option: int | None = None
    caption: str = ""
    description: str = ""

    @property
    def alternative(self) -> str:
        """All that is said in place of the picture."""
        return f"{self.alt} {self.description}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One item as a platform keeps it.

    `package` is the path in the bank's folder; `id` is what the format calls the item (an idnumber, ident or
    identifier); `pool` is the name of what its variants are drawn from: Moodle's category path, the title of a section
    or bank.  `stem` and `feedback` are HTML, and the stem of several parts ends before the first of them;
    `if_correct` and `if_incorrect` are said besides to who earns the whole mark, and to who does not.  `pictures` are
    those of the stem, then those of the options.  `points` of several parts are in Moodle the sum of their weights,
    which each quiz scales.
    """

    package: str
    id: str
    pool: str
    title: str
    stem: str
    feedback: str
    pictures: tuple[DeliveredPicture, ...]
    points: float
    key: KeyDelivered
    if_correct: str = ""
    if_incorrect: str = ""

    @property
    def shown(self) -> tuple[str, ...]:
        """Every text that students may see, as HTML or plain."""
        alternatives = (picture.alternative for picture in self.pictures)
        said = (self.feedback, self.if_correct, self.if_incorrect)
        return (self.title, self.stem, *said, *alternatives, *key_texts(self.key))


def is_truths(options: Sequence[str]) -> bool:
    """Whether the options are the words for true and for false, in this order."""
    return tuple(_words(option).casefold() for option in options) in TRUTHS


@lru_cache(maxsize=4096)
def _places(number: float) -> int:
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # a delivered number is finite
    return max(0, -exponent)


def _words(html: str) -> str:
    return fragment(html).words


def _plain_words(text: str) -> str:
    return " ".join(text.replace("\N{MINUS SIGN}", "-").split())
