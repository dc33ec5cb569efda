"""Whether a key and what was measured in the picture say the same."""

from collections.abc import Iterator, Mapping


def disagreements(
    reads: str,
    decimals: int,
    measured: Mapping[str, float],
    accepted: Mapping[str, tuple[float, float]],
    key: str,
) -> Iterator[str]:
    """What contradicts the key, in words; nothing when the picture proves it.

    `accepted` holds, for every answer that a student can give, the closed interval of values that it stands for:
    of a numeric key the one interval that earns the mark, under the key as printed; of a choice every option as
    printed, as an interval of no length.  The key must be what was measured, rounded to its places; and no other
    option may be.
    """
    value, half = measured[reads], 0.5 * 10.0**-decimals
    if abs(number(key) - value) > half:
        yield f"the key is {key}, but the picture shows {reads} = {value:.{decimals + 2}f}"
    for answer, (low, high) in accepted.items():
        inside = low - half <= value <= high + half if low == high else low < value < high
        if answer == key and not inside:
            yield f"what is accepted, {low:g} to {high:g}, leaves out what the picture shows, {value:.{decimals + 2}f}"
        if answer != key and inside:
            yield f"the wrong option {answer} is what the picture shows, {value:.{decimals + 2}f}"


def number(printed: str) -> float:
    """The number that an answer stands for; nan where there is none."""
    try:
        return float(printed)
    except ValueError:
        return float("nan")
