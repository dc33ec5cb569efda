"""Moodle's Cloze syntax: questions that are embedded into a text, as `{2:NUMERICAL:=0.53:0.075}`."""

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import assert_never

from ..items import ChoiceKey, NumericKey, Part, PartsKey, TrueFalseKey
from .decimals import key_text, plain
from .fractions import percent

LARGEST_WEIGHT = 100

_SLACK = 1e-9
_SIGNS = re.compile(r"""["#$%&'*/:<=>?@\[\\\]^`{|}~]""")
_PLACE = re.compile(r"\{(?=#[0-9]|[0-9]*:)")


def weights(key: PartsKey) -> tuple[int, ...] | None:
    """The smallest whole numbers in proportion to the parts' shares; None where they would not be small.

    Cloze knows no other marks: their sum is scaled by the quiz.
    """
    shares = [Fraction(part.share).limit_denominator(LARGEST_WEIGHT) for part in key.parts]
    if any(abs(float(share) - part.share) > _SLACK for share, part in zip(shares, key.parts, strict=True)):
        return None
    scale = math.lcm(*(share.denominator for share in shares))
    whole = [int(share * scale) for share in shares]
    least = tuple(weight // math.gcd(*whole) for weight in whole)
    return least if max(least) <= LARGEST_WEIGHT else None


def around(html: str) -> str:
    """HTML that stands around embedded questions: what only looks like one of them is no longer taken for it."""
    return _PLACE.sub("&#123;", html)


def field(part: Part, weight: int, true_false: tuple[str, str]) -> str:
    """The embedded question of a part, in which `true_false` are the words for true and for false."""
    match part.key:
        case NumericKey() as key:
            return _field(weight, "NUMERICAL", _numbers(key))
        case ChoiceKey() as key:
            options = enumerate(key.options)
            return _field(
                weight,
                "MULTICHOICE_V",
                (_option(option.text, option.feedback, place == key.correct) for place, option in options),
            )
        case TrueFalseKey() as key:
            true, false = true_false
            answers = (_option(true, key.if_true, key.truth), _option(false, key.if_false, not key.truth))
            return _field(weight, "MULTICHOICE_H", answers)
        case _:
            assert_never(part.key)


def _field(weight: int, kind: str, answers: Iterable[str]) -> str:
    return f"{{{weight}:{kind}:{'~'.join(answers)}}}"


def _numbers(key: NumericKey) -> list[str]:
    """The first that matches wins: the whole mark, then the bands."""
    value = key_text(key)
    bands = [f"%{percent(band.share)}%{value}:{plain(band.tolerance)}" for band in key.bands]
    return [f"={value}:{plain(key.tolerance)}", *bands]


def _option(text: str, feedback: str, right: bool) -> str:
    said = f"#{_escaped(feedback)}" if feedback.strip() else ""
    return ("=" if right else "") + _escaped(text) + said


def _escaped(html: str) -> str:
    r"""HTML as an option or its feedback: every sign that could have a meaning in Cloze is written as a number.

    Moodle decodes them all at once, and only then makes `}` of `\}` and `#` of `\#`.
    """
    html = html.replace("\\#", "\\\\#").replace("\\}", "\\\\}")
    return _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", html)
