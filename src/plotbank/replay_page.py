"""What a replay says: in the terminal, and on a page to show to the student and the board.

The page names the student and holds the keys of that student's items; nothing of anybody else.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from markupsafe import Markup

from .bank_folder import owned
from .errors import BankError
from .proof.delivered import ChoiceDelivered, Delivered, MultipleDelivered, key_texts
from .record_page import record_page
from .replay import ItemReplay, PictureReplay, Quantity, Replay
from .showing import item_html, said
from .wording_record import plain

GENERATOR = "plotbank replay"
"""What a page says in its head that it is."""

_HEAD = 2048  # bytes of a page in which it says what it is
_TELLING = frozenset(("n", "r", "bins", "tallest_count", "q1_1", "q2_1", "q3_1", "outliers"))
_MOST_SAID = 6  # readings of a picture that the terminal shows


def file_name(student: str) -> str:
    """A name for a student's page: letters, digits, points and hyphens of the id."""
    safe = re.sub(r"[^A-Za-z0-9.]+", "-", student).strip("-.")[:60]
    return f"replay-{safe or 'student'}.html"


def refuse_unless_replay(path: Path) -> None:
    """Raise `BankError` unless a page may be written here: nothing, or an earlier page."""
    if not path.parent.is_dir():
        raise BankError(f"{path}: the folder {path.parent} does not exist: make it first")
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise BankError(f"{path}: cannot be written: {error.strerror}") from None
    if f'<meta name="generator" content="{GENERATOR}">'.encode() not in head:
        raise BankError(f"{path}: this is there already, and is not a page of plotbank replay: choose another name")


def write_page(path: Path, replay: Replay) -> None:
    """Write the page, for its owner only.

    Raises:
        BankError: it cannot be written, or something else is there; in one line.
    """
    refuse_unless_replay(path)
    page = replay_page(replay)
    try:
        path.unlink(missing_ok=True)
        with owned(path, encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        raise BankError(f"{path}: cannot be written: {error.strerror}") from None


def replay_lines(replay: Replay) -> Iterator[str]:
    """What to print, line by line."""
    named = ", ".join(part for part in (replay.student.id, replay.student.name, replay.student.email) if part)
    yield f"{replay.quiz}: what was made for {named}"
    for item in replay.items:
        yield ""
        yield f"{item.question}  {item.title}  ({item.variant})"
        yield from (f"    {line}" for line in _item_lines(item))
    yield ""
    yield from state_lines(replay)


def state_lines(replay: Replay) -> Iterator[str]:
    """Whether the files are those that were built."""
    if replay.changed:
        yield from (f"CHANGED: {what}" for what in replay.changed)
    else:
        yield "All files are as they were built."
    yield f"SHA-256 of private/evidence.json: {replay.evidence_sha256} (compare it with the one kept with the exam)"


def _item_lines(item: ItemReplay) -> Iterator[str]:
    if item.delivered is None:
        yield "The picture is missing: no package of the bank has the item."
        yield f"Key: {item.key} (as private/answer_key.csv has it)"
    else:
        yield from textwrap.wrap(plain(item.delivered.stem), width=96)
        yield f"Key: {said(item.delivered.key)}"
    for number, picture in enumerate(item.pictures, start=1):
        yield f"{_called(picture, number, len(item.pictures))}: {_measurements(picture)}"
    yield verdict(item)
    for form, messages in item.forms.items():
        yield from (f"  {form}: {message}" for message in messages)


def _measurements(picture: PictureReplay) -> str:
    """What was measured, against what was drawn."""
    quantities = _foremost(picture.quantities)
    if not quantities:
        condition = ", ".join(f"{name} = {value:g}" for name, value in _condition(picture).items())
        return f"cannot be measured; it was built with {condition}"
    return ", ".join(f"{one.name} = {_number(one.drawn)} (measured {_number(one.measured)})" for one in quantities)


def _called(picture: PictureReplay, number: int, of: int) -> str:
    return picture.caption or (f"Picture {number}" if of > 1 else "The picture")


def _foremost(quantities: Sequence[Quantity]) -> list[Quantity]:
    """Those that the key hangs on, or else those that say most of a plot."""
    asked = [one for one in quantities if one.asked or one.name == "n"]
    if not any(one.asked for one in asked):
        asked = [one for one in quantities if one.name in _TELLING]
    return asked[:_MOST_SAID]


def verdict(item: ItemReplay) -> str:
    """The outcome in one sentence."""
    if item.proved:
        return f"Proved again from the picture, as delivered for {_and(item.forms)}."
    if item.delivered is None:
        return "Not proved: there is no picture."
    good = [form for form, messages in item.forms.items() if not messages]
    return f"NOT PROVED{f', but for {_and(good)} everything agrees' if good else ''}:"


def replay_page(replay: Replay) -> str:
    """The page, in HTML that stands for itself."""
    return record_page(
        "replay.html.jinja",
        generator=GENERATOR,
        quiz=replay.quiz,
        student=replay.student,
        items=[_item(item, replay.packages) for item in replay.items],
        changed=replay.changed,
        evidence_sha256=replay.evidence_sha256,
        versions=", ".join(f"{name} {version}" for name, version in replay.versions.items()),
    )


def _item(item: ItemReplay, packages: Mapping[str, str]) -> dict[str, Any]:
    delivered = item.delivered
    return {
        "question": item.question,
        "title": item.title,
        "variant": item.variant,
        "proved": item.proved,
        "verdict": verdict(item),
        "messages": [f"{form}: {message}" for form, messages in item.forms.items() for message in messages],
        "html": Markup(item_html(_pictured(delivered), answers=True)) if delivered else None,  # noqa: S704 - harmless by `showing`
        "key": item.key,
        "pictures": [_picture(picture, place, item) for place, picture in enumerate(item.pictures, start=1)],
        "package": delivered.package if delivered else "",
        "package_sha256": packages.get(delivered.package, "") if delivered else "",
        "draws": _draws(item.refused),
        "difficulty": f"{item.difficulty:.2f} logits",
        "clarity": f"{item.clarity:.2f}",
    }


def _pictured(delivered: Delivered) -> Delivered:
    """The item with all its pictures in its texts: a practice page keeps them beside these."""
    texts = "".join((delivered.stem, *key_texts(delivered.key)))
    stem, key = delivered.stem, delivered.key
    for picture in delivered.pictures:
        if picture.name in texts:
            continue
        caption = f"<p><strong>{escape(picture.caption)}</strong></p>" if picture.caption else ""
        image = f'<p><img src="{escape(picture.name)}" alt="{escape(picture.alternative)}"></p>'
        if picture.option is None:
            stem += caption + image
        elif isinstance(key, ChoiceDelivered | MultipleDelivered):
            options = list(key.options)
            options[picture.option] += image
            key = replace(key, options=tuple(options))
    return replace(delivered, stem=stem, key=key)


def _picture(picture: PictureReplay, place: int, item: ItemReplay) -> dict[str, Any]:
    foremost = _foremost(picture.quantities)
    return {
        "title": _called(picture, place, len(item.pictures)),
        "sha256": picture.record.picture,
        "condition": ", ".join(f"{name} = {value:g}" for name, value in _condition(picture).items()),
        "measured": [(one.name, _number(one.drawn), _number(one.measured)) for one in foremost],
        "others": [
            (one.name, _number(one.drawn), _number(one.measured)) for one in picture.quantities if one not in foremost
        ],
        "data": list(_data(picture)),
    }


def _condition(picture: PictureReplay) -> dict[str, float]:
    """What was asked for, without groups that there are not."""
    asked = picture.record.condition
    groups = asked.get("groups", 0)
    return {
        name: value
        for name, value in asked.items()
        if not (groups and (place := re.search(r"\d$", name)) and int(place[0]) > groups)
    }


def _data(picture: PictureReplay) -> Iterator[tuple[str, str]]:
    """The data in words: what it is, and the numbers."""
    record = picture.record
    if record.kind == "scatter":
        points = "; ".join(f"{_exact(x)}, {_exact(y)}" for x, y in record.values.tolist())
        yield f"{record.x.label}, {record.y.label}", points
    elif record.kind == "boxplot":
        for group, name in enumerate(record.x.categories):
            own = record.values[record.values[:, 0] == group, 1]
            yield name or record.y.label, ", ".join(map(_exact, sorted(own.tolist())))
    else:
        yield record.x.label, ", ".join(map(_exact, sorted(record.values[:, 0].tolist())))


def _draws(refused: Sequence[int]) -> str:
    total = sum(refused)
    return "the first draw" if not total else f"{total} earlier draw{'' if total == 1 else 's'} refused"


def _number(value: float) -> str:
    """A reading: whole ones without places, others with four."""
    return f"{value:.0f}" if value == round(value) else f"{value:.4f}"


def _exact(value: float) -> str:
    return f"{value:.10g}"


def _and(names: Mapping[str, Any] | Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
