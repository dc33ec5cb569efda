"""Numbers as students read them, by locale: the locale's decimal and group marks, and a true minus sign.

The marks are those of the Unicode CLDR, which Babel brings along.  They are taken from it once; each number is then
formatted by Python, because a bank prints tens of thousands.
"""

import math
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol, get_group_symbol, parse_pattern

MINUS = "\N{MINUS SIGN}"
LANGUAGES = ("en", "pt", "de", "es", "fr")
_UNGROUPED = 4  # digits before the decimal mark that still stand together: 2024 is easier to read than 2,024


@dataclass(frozen=True, slots=True, kw_only=True)
class Numerals:
    """How one locale writes numbers; made by `numerals`.

    `locale` is as Babel spells it (`pt_BR`), `language` its first part.  Zero never has a sign.
    """

    locale: str
    language: str
    decimal_mark: str
    group_mark: str
    percent_mark: str  # with the space before it, where the locale has one
    _groups: tuple[int, int]  # digits in the last group and in those before it, which differ in India

    def number(self, value: float, places: int) -> str:
        """The value with a fixed number of decimal places, rounded half to even."""
        return self._written(f"{value:z.{places}f}")

    def significant(self, value: float, digits: int) -> str:
        """The value with a number of significant digits, never in exponent form; no whole digit is dropped."""
        if value == 0:
            return "0"
        return self.number(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))

    def plain(self, value: float) -> str:
        """The shortest decimal form: 30, 0.5."""
        return self._written(f"{value:z.12f}".rstrip("0").rstrip("."))

    def percent(self, value: float, places: int) -> str:
        """A value that is in percent already, with its mark: 36 or 36.4 of a hundred."""
        return self.number(value, places) + self.percent_mark

    def _written(self, text: str) -> str:
        """A number as Python writes it, as this locale writes it."""
        sign, digits = (MINUS, text[1:]) if text.startswith("-") else ("", text)
        whole, point, decimals = digits.partition(".")
        if len(whole) > _UNGROUPED:
            whole = self._grouped(whole)
        return sign + whole + (self.decimal_mark if point else "") + decimals

    def _grouped(self, whole: str) -> str:
        last, before = self._groups
        groups = [whole[-last:]]
        left = whole[:-last]
        while left:
            groups.append(left[-before:])
            left = left[:-before]
        return self.group_mark.join(reversed(groups))


@cache
def numerals(locale: str) -> Numerals:
    """The numerals of a locale, written as `pt`, `pt-BR` or `pt_BR`.

    Raises:
        ValueError: Babel does not know the locale, or its language is not one of `LANGUAGES`.
    """
    try:
        found = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"there is no locale {locale!r}: write for example en, pt-BR or de-AT") from None
    if found.language not in LANGUAGES:
        raise ValueError(f"the locale {locale!r} is not supported: the languages are {', '.join(LANGUAGES)}")
    if found.script or found.variant or found.modifier:
        raise ValueError(f"the locale {locale!r} says too much: write a language or a language and a country, as pt-BR")
    percent = parse_pattern(found.percent_formats[None])
    return Numerals(
        locale=str(found),
        language=found.language,
        decimal_mark=get_decimal_symbol(found),
        group_mark=get_group_symbol(found),
        percent_mark=percent.suffix[0],
        _groups=parse_pattern(found.decimal_formats[None]).grouping,
    )
