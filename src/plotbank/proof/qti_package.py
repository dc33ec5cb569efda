"""QTI 2.1, 2.2 and 3.0 packages, opened again: every item as an engine of the standard shows and marks it.

This is written from the specifications, not from what wrote the package.
"""

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import assert_never, overload

from lxml import etree

from . import Unreadable
from .contents import images, picture_of, some, within, zipped_png
from .delivered import (
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from .markup import fragment
from .qti_document import (
    Manifest,
    Resource,
    Version,
    described,
    document,
    hidden,
    html_before,
    html_of,
    interactions,
    read_manifest,
    target,
)
from .qti_feedback import feedback_of
from .qti_keys import Trials, key_of, options_of, places, prompt_of
from .zips import Archive


def qti_items(archive: Archive, package: str) -> Iterator[Delivered]:
    """Every item of a package, in the manifest's order; raises Unreadable where one cannot be read."""
    manifest = read_manifest(archive)
    version = manifest.version
    pools = section_titles(archive, manifest, version)
    for resource in manifest.of_type(version.item_type):
        item = document(archive, resource.href, version, "qti-assessment-item")
        pool = pools.get(resource.href) or resource.title or manifest.title
        yield read_item(archive, item, resource, pool, package)


def section_titles(archive: Archive, manifest: Manifest, version: Version) -> dict[str, str]:
    """The title of the section in which each item stands, by the item's file."""
    titles: dict[str, str] = {}
    for test in manifest.of_type(version.test_type):
        for reference in document(archive, test.href, version, "qti-assessment-test").iter("qti-assessment-item-ref"):
            section = reference.getparent()
            if section is not None:
                titles[target(test.href, reference.get("href", ""))] = section.get("title", "")
    return titles


def read_item(archive: Archive, item: etree._Element, resource: Resource, pool: str, package: str) -> Delivered:
    """An item of a resource, and its pictures.

    Raises:
        Unreadable: it has something that cannot be read, or that contradicts itself; says in which item.
    """
    identifier = item.get("identifier", "")
    with within(identifier or resource.href):
        body = item.find("qti-item-body")
        if body is None:
            raise Unreadable("the item has no body")
        aside = [*hidden(item), *body.iter("qti-feedback-block")]
        trials = Trials(item)
        key = key_of(body, trials, aside)
        options = {
            asked.get("response-identifier", ""): [option.get("identifier", "") for option in options_of(asked)]
            for asked in interactions(body)
        }
        said = feedback_of(item, trials, options)
        first, *others = places(body)
        return Delivered(
            package=package,
            id=identifier,
            pool=pool,
            title=item.get("title", ""),
            stem=html_before(body, first, [*others, *aside]) + prompt_of(first),
            feedback=said.always,
            if_correct=said.if_correct,
            if_incorrect=said.if_incorrect,
            pictures=some(_pictures(archive, item, body, resource.href, aside)),
            points=float(trials.points),
            key=_with_feedback(key, list(options.items()), said.to_option),
        )


def _pictures(
    archive: Archive, item: etree._Element, body: etree._Element, base: str, aside: Collection[etree._Element]
) -> Iterator[DeliveredPicture]:
    """The pictures of the text, those of the prompts, those of the options."""
    asked = interactions(body)
    places: list[tuple[int | None, etree._Element, Collection[etree._Element]]] = [(None, body, [*asked, *aside])]
    places += ((None, prompt, ()) for one in asked for prompt in one.iter("qti-prompt", "qti-simple-associable-choice"))
    places += ((number, option, ()) for one in asked for number, option in enumerate(options_of(one)))
    for option, holder, without in places:
        shown = [image for image in holder.iter("img") if not any(one in without for one in image.iterancestors())]
        for image, element in zip(images(html_of(holder, without=without)), shown, strict=True):
            name = target(base, image.link)
            picture = picture_of(image, posixpath.basename(name), zipped_png(archive, name), option)
            yield replace(
                picture, description=" ".join(fragment(html_of(one)).text for one in described(item, element))
            )


_Options = Sequence[tuple[str, Sequence[str]]]


@overload
def _with_feedback(
    key: NumericDelivered | ChoiceDelivered | TrueFalseDelivered, options: _Options, said: Mapping[tuple[str, str], str]
) -> NumericDelivered | ChoiceDelivered | TrueFalseDelivered: ...
@overload
def _with_feedback(key: KeyDelivered, options: _Options, said: Mapping[tuple[str, str], str]) -> KeyDelivered: ...
def _with_feedback(key: KeyDelivered, options: _Options, said: Mapping[tuple[str, str], str]) -> KeyDelivered:
    """A key with what is said to its options, which are listed behind the response that they belong to."""
    match key:
        case ChoiceDelivered() | MultipleDelivered():
            ((response, names),) = options
            return replace(key, feedback=tuple(said.get((response, name), "") for name in names))
        case TrueFalseDelivered():
            ((response, _),) = options
            if_true, if_false = (said.get((response, name), "") for name in ("true", "false"))
            return replace(key, if_true=if_true, if_false=if_false)
        case PartsDelivered(parts=parts):
            commented = (
                replace(part, key=_with_feedback(part.key, [own], said))
                for part, own in zip(parts, options, strict=True)
            )
            return PartsDelivered(parts=tuple(commented))
        case NumericDelivered() | MatchingDelivered():
            return key
        case _:
            assert_never(key)
