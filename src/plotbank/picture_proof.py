"""A variant proved by its pictures: what is measured in them, against its data and against what was said of them.

What was said must also follow from the data themselves, exactly: a picture tells no more than can be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .bank_records import PictureRecord, VariantRecord, read_template
from .errors import QuizFileError, UnsuitableDraw
from .generator.kinds import Plot, kinds
from .item_templates import View
from .items import PictureSpec
from .proof import Unreadable
from .proof.likeness import Bytes
from .proof.png import metadata
from .proof.readers import READERS
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
    return [_proved(one) for one in several]


def _proved(one: Pictured) -> Proved:
    messages: list[str] = []
    told: list[str] = []
    read = [_read(png, plot, messages) for png, plot in zip(one.pictures, one.variant.plots, strict=False)]
    measured = [found for found, _ in read if found is not None]
    if len(measured) == len(one.variant.plots):
        told = list(_of_claims(one, measured, "what the picture shows"))
    if not told:
        told = [f"by the data in private/, {message}" for message in _of_claims(one, _recorded(one), "the data")]
    return Proved(messages=(*messages, *told), copies=tuple(copy for _, copy in read))


def _read(png: bytes, plot: PictureRecord, messages: list[str]) -> tuple[_Measured | None, Bytes | None]:
    """What was measured in a picture and its coarse copy, as far as it can be read; `messages` takes what is wrong."""
    x, y = plot.ends
    copy = None
    try:
        reading = READERS[plot.kind].read(png)
        copy = reading.coarse
        messages += (f"the picture carries metadata ({chunk})" for chunk in metadata(png))
        messages += reading.contradictions(plot.values, plot.condition, x, y)
        return _Measured(readings=reading.measured(x, y), errors=reading.uncertain(x, y)), copy
    except Unreadable as reason:
        messages.append(f"the picture cannot be read: {reason}")
        return None, copy


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
