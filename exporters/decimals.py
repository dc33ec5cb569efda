"""Numbers as platforms read them: ASCII digits, a point, no exponent, and no noise of binary fractions.

What is written is decimal text, and sums are taken in decimal: 0.72 - 0.095 is 0.625, not 0.6249999999999999.
"""

from decimal import Decimal

from ..items import NumericKey

DIGITS = 14  # Moodle reads no more


def plain(number: float) -> str:
    """The shortest way to write a number, at most 14 significant digits."""
    return format((Decimal(f"{number:.{DIGITS}g}") + 0).normalize(), "f")  # + 0: no negative zero


def key_text(key: NumericKey) -> str:
    """The key with as many places as it is printed with."""
    return f"{key.value:z.{key.decimals}f}"


def bounds(key: NumericKey) -> tuple[str, str]:
    """The least and the greatest response that earn the mark."""
    value, tolerance = Decimal(key_text(key)), Decimal(plain(key.tolerance))
    return format(value - tolerance, "f"), format(value + tolerance, "f")


def key_problem(key: NumericKey) -> str | None:
    """Why the key cannot be written as decimal text, or None."""
    printed = Decimal(key_text(key))
    if len(printed.as_tuple().digits) > DIGITS:
        return f"the key {printed} has more than {DIGITS} significant digits"
    if printed != Decimal(plain(key.value)):
        return f"the key {plain(key.value)} has more than the {key.decimals} decimal places it is printed with"
    return None
