"""Numbers and words as students read them: a true minus sign, fixed or significant places."""

import math

MINUS = "\N{MINUS SIGN}"


def number(value: float, places: int) -> str:
    """The value with a fixed number of decimal places; zero has no sign."""
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", MINUS)


def significant(value: float, digits: int) -> str:
    """The value with a number of significant digits, never in exponent form."""
    if value == 0:
        return "0"
    return number(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))


def plain(value: float) -> str:
    """The shortest decimal form: 30, 0.5."""
    return f"{value:.12f}".rstrip("0").rstrip(".").replace("-", MINUS)


def relationship(r: float) -> str:
    """A correlation in words: its strength (Evans 1996: 0.2, 0.4, 0.6, 0.8) and its direction."""
    if abs(r) < 0.05:
        return "no linear relationship to speak of"
    words = ("very weak", "weak", "moderate", "strong", "very strong")
    return f"a {words[min(4, int(abs(r) * 5 + 1e-9))]} {'positive' if r > 0 else 'negative'} relationship"
