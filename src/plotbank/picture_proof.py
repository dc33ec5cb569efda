"""A variant proved by its pictures: what is measured in them, against its data and against what was said of them.

What was said must also follow from the data themselves, exactly: a picture tells no more than can be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from .bank_records import PictureRecord, VariantRecord, read_template
from .errors import QuizFileError, UnsuitableDraw
from .generator.kinds import Plot, kinds
from .item_templates import View
from .items import PictureSpec
from .proof import Unreadable
from .proof.likeness import Bytes
from .proof.png import metadata
from .proof.readers import Reading, read_each
from .proving import of_claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured:
    """A variant with the pictures (PNG) that were delivered for it.

    `templates` are the sources of its templates by name, `view` is how its first plot is seen.
    """

    variant: VariantRecord
    templates: Mapping[str, str]
    view: View
    pictures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """What is wrong with a variant's pictures, in words, and the coarse copies of those that could be read."""

    messages: tuple[str, ...]
    copies: tuple[Bytes | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What was measured in a picture by name, and the standard errors."""

    readings: Mapping[str, float]
    errors: Mapping[str, float]


def proved(several: Sequence[Pictured]) -> list[Proved]:
    """What the pictures of some variants prove, in their order."""
    found = read_each(
        [(plot.kind, png) for one in several for png, plot in zip(one.pictures, one.variant.plots, strict=False)]
    )
    ends = accumulate(min(len(one.pictures), len(one.variant.plots)) for one in several)
    begins = pairwise([0, *ends])
    return [_proved(one, found[begin:end]) for one, (begin, end) in zip(several, begins, strict=True)]


def _proved(one: Pictured, found: Sequence[Reading | Unreadable]) -> Proved:
    """What pictures prove in which this was found."""
    messages: list[str] = []
    told: list[str] = []
    measured = []
    for png, plot, reading in zip(one.pictures, one.variant.plots, found, strict=False):
        try:
            measured.append(_measured(png, plot, reading, messages))
        except Unreadable as reason:
            messages.append(f"the picture cannot be read: {reason}")
    if len(measured) == len(one.variant.plots):
        told = list(_of_claims(one, measured, "what the picture shows"))
    if not told:
        told = [f"by the data in private/, {message}" for message in _of_claims(one, _recorded(one), "the data")]
    copies = tuple(None if isinstance(reading, Unreadable) else reading.coarse for reading in found)
    return Proved(messages=(*messages, *told), copies=copies)


def _measured(png: bytes, plot: PictureRecord, reading: Reading | Unreadable, messages: list[str]) -> _Measured:
    """What was measured in a picture; `messages` takes what is wrong with it.

    Raises:
        Unreadable: it cannot be read, or is none on these axes.
    """
    if isinstance(reading, Unreadable):
        raise reading
    x, y = plot.ends
    messages += (f"the picture carries metadata ({chunk})" for chunk in metadata(png))
    messages += reading.contradictions(plot.values, plot.condition, x, y)
    return _Measured(readings=reading.measured(x, y), errors=reading.uncertain(x, y))


def _recorded(one: Pictured) -> list[_Measured]:
    """What the recorded data have, of which nothing is uncertain."""
    known = kinds()
    picture = PictureSpec()  # of which no reading depends
    return [
        _Measured(
            readings=known[plot.kind].readings(plot.values, plot.condition, Plot(x=plot.x, y=plot.y, picture=picture)),
            errors={},
        )
        for plot in one.variant.plots
    ]


def _of_claims(one: Pictured, measured: Sequence[_Measured], what: str) -> Iterator[str]:
    for claim in one.variant.claims:
        template = read_template(claim.template, one.templates[claim.template])
        readings = [found.readings for found in measured]
        errors = [found.errors for found in measured]
        try:
            yield from of_claim(template, claim.answer, claim.drawn, readings, one.view, errors)
        except (UnsuitableDraw, QuizFileError, KeyError) as reason:
            yield f"{claim.template} cannot be worked out for {what}: {reason}"
