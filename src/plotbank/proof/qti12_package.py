"""Pure QTI 1.2 and question banks of Common Cartridge, opened again: every item as its response processing scores it.

This is written from the specifications, not from what wrote the package.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from . import Unreadable
from .contents import PART, after, images, number_of, picture_of, some, within, zipped_png
from .delivered import (
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    is_truths,
)
from .markup import Element, elements, fragment
from .qti12_elements import (
    FILEBASE,
    QTI_TYPE,
    Resource,
    feedback,
    first_html,
    first_text,
    html_of,
    labels,
    listed_resources,
    metadata,
    presented,
)
from .qti12_keys import Scored, SingleKey, near, run_item
from .qti12_scoring import score_variable
from .zips import Archive

_CARTRIDGE = re.compile(QTI_TYPE + r"/imscc_xmlv1p([0-9])/(?:assessment|question-bank)")
_POINTS = ("points_possible", "cc_weighting", "qmd_weighting")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFile:
    """A file with questions.  `cartridge` is the version of Common Cartridge, "1.3"; empty in pure QTI."""

    name: str
    resource: Resource
    cartridge: str

    def entry(self, link: str) -> str:
        """The entry of the zip that a link in this file names; raises Unreadable where it leads out of the package."""
        if self.cartridge:
            return after(FILEBASE, link).removeprefix("../")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(self.name), link))
        if ":" in link or name.startswith(("/", "../")):
            raise Unreadable(f"its picture is linked as {link[:80]!r}, not inside the package")
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What an item shows: the stem, and its responses by ident with what stands directly before each as a part."""

    stem: str
    responses: dict[str, Element]
    parts: tuple[str, ...]


def question_files(resources: list[Resource]) -> list[QuestionFile]:
    """The files with questions among what a manifest lists; raises Unreadable where there are none."""
    found = [
        QuestionFile(
            name=name, resource=one, cartridge=f"1.{profile[1]}" if (profile := _CARTRIDGE.fullmatch(one.type)) else ""
        )
        for one in resources
        if one.type == QTI_TYPE or _CARTRIDGE.fullmatch(one.type)
        for name in one.files
    ]
    if not found:
        raise Unreadable(f"the manifest lists no questions of QTI 1.2 (a resource of the type {QTI_TYPE})")
    return found


def qti12_items(archive: Archive, package: str) -> Iterator[Delivered]:
    """Every item of a package; raises Unreadable where one cannot be read or its key contradicts itself."""
    for file in question_files(listed_resources(archive)):
        for around, item in elements(archive.chunks(file.name), ("item",)):
            yield read_item(archive, file, around, item, package)


def read_item(
    archive: Archive, file: QuestionFile, around: tuple[Element, ...], item: Element, package: str
) -> Delivered:
    """An item, with the elements around it, as a platform keeps it; raises Unreadable, with the item's ident."""
    ident = item.attributes.get("ident", "")
    with within(ident):
        if not around or around[-1].tag not in ("section", "objectbank"):
            raise Unreadable("the item does not stand in a section or a bank")
        asked = _asked(item)
        scored = run_item(item, asked.responses)
        key = _key(item, asked, scored)
        said = _said(item, scored)
        return Delivered(
            package=package,
            id=ident,
            pool=_pool(around[-1], item),
            title=item.attributes.get("title", ""),
            stem=asked.stem,
            feedback=said["everybody"],
            pictures=some(_pictures(archive, file, asked)),
            points=float(_points(item, file, scored)),
            key=key,
            if_correct=said["right"],
            if_incorrect=said["wrong"],
        )


def _pool(holder: Element, item: Element) -> str:
    """The title of the section or bank, or what the item says of itself, or an ident."""
    titles = (entry for label, entry in metadata(holder).items() if label.endswith("title"))
    category = metadata(item).get("cc_question_category", "")
    return holder.attributes.get("title") or next(titles, category) or holder.attributes.get("ident", "")


def _asked(item: Element) -> _Asked:
    stem: list[str] = []
    parts: list[str] = []
    responses: dict[str, Element] = {}
    for piece in presented(item):
        text = "".join(html_of(one) for one in piece.inside("mattext"))
        if piece.tag.startswith("response_"):
            ident = piece.attributes.get("ident", "")
            if ident in responses:
                raise Unreadable(f"two responses have the ident {ident!r}")
            responses[ident] = piece
        elif text.startswith(PART):
            parts.append(text.removeprefix(PART).removesuffix("</div>"))
            if len(parts) != len(responses) + 1:
                raise Unreadable("the parts do not stand each before its response")
        elif parts:
            raise Unreadable("a text stands behind the first part, but is none")
        else:
            stem.append(text)
    if not stem:
        raise Unreadable("the item has no text")
    if not responses:
        raise Unreadable("the item asks for no response")
    if parts and len(parts) != len(responses):
        raise Unreadable("the parts do not stand each before its response")
    return _Asked(stem="".join(stem), responses=responses, parts=tuple(parts))


def _key(item: Element, asked: _Asked, scored: Scored) -> KeyDelivered:
    responses = list(asked.responses.values())
    if asked.parts:
        found = zip(asked.parts, responses, scored.responses, scored.shares, strict=True)
        return PartsDelivered(
            parts=tuple(
                PartDelivered(stem=text, key=_part(item, response, one.key), share=float(share))
                for text, response, one, share in found
            )
        )
    if len(responses) > 1:
        return _matching(responses, scored)
    return _worded(item, responses[0], scored.responses[0].key)


def _part(item: Element, response: Element, key: SingleKey) -> NumericDelivered | ChoiceDelivered | TrueFalseDelivered:
    worded = _worded(item, response, key)
    if isinstance(worded, MultipleDelivered):
        raise Unreadable("a part asks for several answers, which cannot be proved")
    return worded


def _worded(item: Element, response: Element, key: SingleKey) -> SingleKey | TrueFalseDelivered:
    """The key with what the options say instead of their idents, and with what is said to each."""
    if isinstance(key, NumericDelivered):
        return key
    options = tuple(first_html(label) for label in labels(response))
    said = tuple(feedback(item, f"{label.attributes.get('ident', '')}_fb") for label in labels(response))
    if isinstance(key, ChoiceDelivered) and is_truths(options):
        if len(key.correct) != 1:
            raise Unreadable("both true and false earn full marks")
        return TrueFalseDelivered(truth=key.correct == (0,), if_true=said[0], if_false=said[1])
    return replace(key, options=options, feedback=said)


def _matching(responses: list[Element], scored: Scored) -> MatchingDelivered:
    offered = {tuple(_plain(label) for label in labels(response)) for response in responses}
    if len(offered) != 1:
        raise Unreadable("the prompts do not all offer the same answers")
    keys = [one.key for one in scored.responses]
    pairs = [key.correct[0] for key in keys if isinstance(key, ChoiceDelivered) and len(key.correct) == 1]
    if len(pairs) != len(keys):
        raise Unreadable("a prompt does not have one answer that is right")
    if len(set(scored.shares)) > 1:
        raise Unreadable("the pairs do not earn equal parts of the mark")
    return MatchingDelivered(
        prompts=tuple(" ".join(first_html(one) for one in response.each("material")) for response in responses),
        answers=offered.pop(),
        pairs=tuple(pairs),
    )


def _plain(label: Element) -> str:
    html = any(text.attributes.get("texttype") == "text/html" for text in label.inside("mattext"))
    return fragment(first_html(label)).text if html else first_text(label)


def _said(item: Element, scored: Scored) -> dict[str, str]:
    """What is said to everybody, to who is right and to who is wrong, as the processing shows it."""
    attempts = scored.attempts
    right = [near(one.outcome.score, scored.marks) for one in attempts]
    audiences = {"everybody": [True] * len(attempts), "right": right, "wrong": [not one for one in right]}
    said = dict.fromkeys(audiences, "")
    for ident in (one.attributes.get("ident", "") for one in item.each("itemfeedback")):
        shown = [ident in one.outcome.shown for one in attempts]
        option = ident.removesuffix("_fb")
        if any(label.attributes.get("ident") == option for label in labels(item)):
            if shown != [any(option in given for given in one.answers.values()) for one in attempts]:
                raise Unreadable(f"the feedback {ident} is not said to those, and only those, who chose {option}")
            continue
        whom = next((whom for whom, audience in audiences.items() if audience == shown), None)
        if whom is None:
            raise Unreadable(f"the feedback {ident} is said to some who are right or wrong, and not to others")
        if said[whom]:
            raise Unreadable(f"two feedbacks are said to the same, one of them {ident}")
        said[whom] = feedback(item, ident)
    return said


def _points(item: Element, file: QuestionFile, scored: Scored) -> Decimal:
    """What the item counts: what a field says, in a cartridge 1 without one, and else the highest SCORE."""
    declared = score_variable(item).attributes.get("maxvalue", "")
    highest = number_of(declared, "the maxvalue of SCORE") if declared else scored.marks
    if not near(scored.marks, highest):
        raise Unreadable(f"right answers earn {scored.marks} of {highest}")
    fields = metadata(item)
    for label in _POINTS:
        if label in fields:
            return number_of(fields[label], label)
    return Decimal(1) if file.cartridge else highest


def _pictures(archive: Archive, file: QuestionFile, asked: _Asked) -> Iterator[DeliveredPicture]:
    options = [first_html(one) for response in asked.responses.values() for one in labels(response)]
    for option, html in ((None, asked.stem + "".join(asked.parts)), *enumerate(options)):
        for image in images(html):
            name = file.entry(image.link)
            yield picture_of(image, posixpath.basename(name), zipped_png(archive, name), option)
