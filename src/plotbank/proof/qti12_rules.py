"""What importers of pure QTI 1.2 and of Common Cartridge drop or misread, and where items contradict themselves."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import Finding, Unreadable
from .contents import decimal, zipped_png
from .delivered import (
    ChoiceDelivered,
    Delivered,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from .markup import Element, elements, fragment
from .qti12_elements import MANIFEST, Resource, labels, listed_resources, metadata, presented
from .qti12_package import QuestionFile, question_files, read_item
from .zips import Archive, open_archive

_IDENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_PICTURE = re.compile(r"[A-Za-z0-9._/-]+\.png")
_LIKE_A_TAG = re.compile("<[A-Za-z/!?]")
# The schema, its version and the fewest options of a choice, by the version of Common Cartridge; pure QTI is "".
_SCHEMAS = {
    "": ("IMS Content", "1.1.3", 2),
    "1.1": ("IMS Common Cartridge", "1.1.0", 3),
    "1.3": ("IMS Common Cartridge", "1.3.0", 2),
}
_PROFILES: Mapping[type[KeyDelivered], str] = {
    ChoiceDelivered: "cc.multiple_choice.v0p1",
    MultipleDelivered: "cc.multiple_response.v0p1",
    TrueFalseDelivered: "cc.true_false.v0p1",
}
_WEIGHTS = range(1, 100)


def check_qti12(path: Path, package: str) -> Iterator[Finding]:
    """What is wrong with this package; raises Unreadable where it is damaged or could do harm."""
    with open_archive(path) as archive:
        resources = listed_resources(archive)
        idents: set[str] = set()
        pictures: set[str] = set()
        for file in question_files(resources):
            if file.name not in archive:
                continue  # said below, with every other listed file that is missing
            shown: set[str] = set()
            for item, message in _questions(archive, file, idents, shown, package):
                yield Finding(package=package, item=item, message=message)
            yield from (
                Finding(package=package, item="", message=message)
                for message in (*_schema(archive, file), *_dependencies(resources, file, shown))
            )
            pictures |= shown
        for message in _files(archive, resources, pictures):
            yield Finding(package=package, item="", message=message)


def _schema(archive: Archive, file: QuestionFile) -> Iterator[str]:
    if file.cartridge not in _SCHEMAS:
        yield f"{file.name} is of Common Cartridge {file.cartridge}, which is neither 1.1 nor 1.3"
        return
    declared = {
        element.tag: element.text.strip()
        for _, element in elements(archive.chunks(MANIFEST), ("schema", "schemaversion"))
    }
    name, version, _ = _SCHEMAS[file.cartridge]
    if (declared.get("schema"), declared.get("schemaversion")) != (name, version):
        yield f"the manifest does not declare the schema {name} {version}, which the type of {file.name} belongs to"


def _dependencies(resources: list[Resource], file: QuestionFile, shown: set[str]) -> Iterator[str]:
    needed = set(file.resource.files)
    needed |= {name for one in resources if one.identifier in file.resource.dependencies for name in one.files}
    for name in sorted(shown - needed):
        yield f"{file.name} shows {name}, but its resource does not depend on one that lists it"


def _files(archive: Archive, resources: list[Resource], pictures: set[str]) -> Iterator[str]:
    """Each file of the zip has its line in the manifest and a use; each line of the manifest has its file."""
    listed = Counter(name for resource in resources for name in resource.files)
    for name, count in listed.items():
        if count > 1:
            yield f"the manifest lists {name} {count} times"
        if name not in archive:
            yield f"the manifest lists {name}, which the zip does not hold"
    for identifier, count in Counter(resource.identifier for resource in resources).items():
        if count > 1:
            yield f"the manifest gives the identifier {identifier!r} to {count} resources"
    questions = {file.name for file in question_files(resources)}
    for name in archive.names:
        if name in questions or name == MANIFEST:
            continue
        if name not in listed:
            yield f"{name} is not in the manifest: an importer may not find it"
        elif not _PICTURE.fullmatch(name):
            yield f"{name} is no PNG with a name of plain letters, digits, '.', '_' and '-'"
        elif name not in pictures:
            yield f"{name} is shown by no item"
        else:
            try:
                zipped_png(archive, name)
            except Unreadable as error:
                yield str(error)


def _questions(
    archive: Archive, file: QuestionFile, idents: set[str], shown: set[str], package: str
) -> Iterator[tuple[str, str]]:
    """What is wrong with the items of a file, with their idents; fills in the idents seen and the pictures shown."""
    filled: set[Element] = set()
    empty = True
    for around, element in elements(archive.chunks(file.name), ("item", "section", "objectbank", "assessment")):
        ident = element.attributes.get("ident", "")
        place = ident if element.tag == "item" else ""
        faults = [*_ident(element.tag, ident, idents)]
        if element.tag == "item":
            filled.update(around[-1:])
            empty = False
            faults += _item(archive, file, around, element, shown, package)
        elif element.tag == "section" and element in filled:
            faults += _selection(element, around)
        yield from ((place, fault) for fault in faults)
    if empty:
        yield "", f"{file.name} holds no item"


def _ident(tag: str, ident: str, idents: set[str]) -> Iterator[str]:
    if not _IDENT.fullmatch(ident):
        yield f"the ident {ident[:60]!r} of <{tag}> is not a letter with letters, digits, '_', '.' and '-' behind it"
    if ident in idents:
        yield f"the ident {ident[:60]!r} of <{tag}> stands twice"
    idents.add(ident)


def _selection(section: Element, around: tuple[Element, ...]) -> Iterator[str]:
    """A section within another draws one of its items; the outermost shows all that it holds."""
    number = section.text_at("selection_ordering", "selection", "selection_number").strip()
    nested = any(one.tag == "section" for one in around)
    if number != "1" and (number or nested):
        yield f"the section {section.attributes.get('title', '')!r} does not draw exactly one of its items"


def _item(
    archive: Archive, file: QuestionFile, around: tuple[Element, ...], item: Element, shown: set[str], package: str
) -> Iterator[str]:
    if not item.attributes.get("title", "").strip():
        yield "the item has no title"
    yield from _texts(file, item, shown)
    yield from _references(item)
    try:
        delivered = read_item(archive, file, around, item, package)
    except Unreadable as error:
        yield str(error).removeprefix(f"{item.attributes.get('ident', '')}: ")
        return
    yield from _key(delivered.key)
    yield from _count(item, delivered)
    if file.cartridge:
        yield from _cartridge(file, item, delivered)


def _texts(file: QuestionFile, item: Element, shown: set[str]) -> Iterator[str]:
    if any(True for _ in item.inside("matimage")):
        yield "a picture stands in a <matimage>, where it has no size and often no text alternative"
    for text in item.inside("mattext"):
        if text.children:
            yield "a <mattext> holds XML elements instead of escaped HTML"
        if text.attributes.get("texttype") != "text/html":
            if _LIKE_A_TAG.search(text.text):
                yield f"{text.text[:40]!r} holds what looks like a tag, but is not marked text/html"
            continue
        for link in fragment(text.text).links:
            try:
                shown.add(file.entry(link))
            except Unreadable as error:
                yield str(error)
    for label in (label for response in item.inside("response_lid") for label in labels(response)):
        if not any(_says(text) for text in label.inside("mattext")):
            yield f"the option {label.attributes.get('ident', '')!r} says nothing"


def _says(text: Element) -> bool:
    shown = fragment(text.text)
    return bool(shown.text or shown.images)


def _references(item: Element) -> Iterator[str]:
    said = [one.attributes.get("ident", "") for one in item.each("itemfeedback")]
    linked = {link.attributes.get("linkrefid", "") for link in item.inside("displayfeedback")}
    for ident, count in Counter(said).items():
        if count > 1:
            yield f"the feedback {ident} stands {count} times"
        if ident not in linked:
            yield f"no <displayfeedback> links the feedback {ident}: it is never shown"
    for ident in sorted(linked - set(said)):
        yield f"a <displayfeedback> links {ident!r}, which does not exist"
    for response in (one for one in presented(item) if one.tag == "response_lid"):
        name = response.attributes.get("ident", "")
        idents = {label.attributes.get("ident", "") for label in labels(response)}
        named = {one.text.strip() for one in item.inside("varequal") if one.attributes.get("respident") == name}
        for ident in sorted(named - idents):
            yield f"a condition asks for {ident!r}, which cannot be chosen in the response {name!r}"


def _key(key: KeyDelivered) -> Iterator[str]:
    if isinstance(key, PartsDelivered):
        for number, part in enumerate(key.parts, start=1):
            yield from (f"part {number}: {message}" for message in _key(part.key))
    if isinstance(key, NumericDelivered):
        value, *bounds = (
            decimal(f"{number!r}")
            for number in (key.value, key.low, key.high, *(end for band in key.bands for end in (band.low, band.high)))
        )
        for low, high in zip(bounds[::2], bounds[1::2], strict=True):
            if value is not None and low is not None and high is not None and value - low != high - value:
                yield f"the bounds {low} and {high} are not equally far from the key {value}"
    if isinstance(key, ChoiceDelivered) and len(key.correct) != 1:
        yield f"{len(key.correct)} options earn full marks instead of one"
    if isinstance(key, ChoiceDelivered | MultipleDelivered) and len(key.options) < 2:
        yield "there are fewer than two options to choose from"
    if isinstance(key, MultipleDelivered) and len(key.correct) == len(key.options):
        yield "the options are all right"
    options = key.options if isinstance(key, ChoiceDelivered | MultipleDelivered) else ()
    answers = key.answers if isinstance(key, MatchingDelivered) else ()
    if len(set(options)) != len(options) or len(set(answers)) != len(answers):
        yield "two options are alike"
    if isinstance(key, MatchingDelivered):
        if not all(fragment(prompt).text or fragment(prompt).images for prompt in key.prompts):
            yield "a prompt says nothing"
        if len(set(key.pairs)) != len(key.pairs):
            yield "an answer belongs to two prompts"


def _count(item: Element, delivered: Delivered) -> Iterator[str]:
    """SCORE is percent or points; an importer that finds other numbers takes them for either."""
    if delivered.points <= 0:
        yield "the item counts nothing"
    highest = item.first("resprocessing", "outcomes", "decvar")
    declared = decimal(highest.attributes.get("maxvalue", "")) if highest is not None else None
    if declared is None:
        yield "SCORE has no maxvalue: an importer cannot tell percent from points"
    elif declared not in (100, decimal(f"{delivered.points!r}")):
        yield f"SCORE goes up to {declared}, which is neither 100 percent nor the item's {delivered.points:g} points"


def _cartridge(file: QuestionFile, item: Element, delivered: Delivered) -> Iterator[str]:
    """Common Cartridge has few types of questions, and each says its own."""
    profile = _PROFILES.get(type(delivered.key))
    if profile is None:
        yield "Common Cartridge has no question of this type: importers skip it or refuse the cartridge"
        return
    fields = metadata(item)
    if fields.get("cc_profile") != profile:
        yield f"cc_profile is {fields.get('cc_profile', '')!r}, but the question is one of {profile}"
    if delivered.points not in _WEIGHTS:
        yield f"the item counts {delivered.points:g}, but cc_weighting is a whole number from 1 to 99"
    fewest = _SCHEMAS[file.cartridge][2] if file.cartridge in _SCHEMAS else 2
    if isinstance(delivered.key, ChoiceDelivered) and len(delivered.key.options) < fewest:
        yield f"a choice in Common Cartridge {file.cartridge} has at least {fewest} options"
