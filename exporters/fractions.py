"""Shares of a mark as Moodle knows them: it takes only those on its list, in percent with five places."""

_LISTED = (
    *("100", "90", "83.33333", "80", "75", "70", "66.66667", "60", "50", "40", "33.33333", "30", "25", "20"),
    *("16.66667", "14.28571", "12.5", "11.11111", "10", "5"),
)
_SLACK = 1e-5  # of the mark: how closely Moodle compares


def percent(share: float) -> str | None:
    """A share of the mark, between 0 and 1, as Moodle writes it; None where it is not on the list."""
    return next((listed for listed in _LISTED if abs(float(listed) / 100 - share) < _SLACK), None)
