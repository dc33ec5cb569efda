"""What engines drop, refuse or mark differently in a QTI 2.1, 2.2 or 3.0 package, in plain words.

The schemas are not checked here.  An item that keeps the rules is read and its key proved, so that what contradicts
itself is found too.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from copy import deepcopy
from pathlib import Path

from lxml import etree

from . import Finding, Unreadable
from .contents import decimal
from .delivered import KeyDelivered
from .qti_document import (
    LANGUAGE,
    MANIFEST,
    PICTURE_TYPE,
    Manifest,
    Resource,
    Version,
    described,
    document,
    interactions,
    read_manifest,
    tag_of,
    target,
)
from .qti_package import read_item
from .qti_processing import SCORE
from .zips import Archive, open_archive

_LOADING = ("src", "href", "data", "poster", "srcset", "longdesc")
_NUMERIC = ("float", "integer")
_FILE_NAME = re.compile(r"\S+\.(png|jpe?g|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
_PIXELS = re.compile("[1-9][0-9]{0,4}")
_NUMBERS = ("normal-maximum", "mapped-value", "default-value", "lower-bound", "upper-bound", "tolerance")
_TEST_PARTS = ("qti-test-part", "qti-assessment-section", "qti-assessment-item-ref")
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db")


def check_qti(path: Path, package: str) -> Iterator[Finding]:
    """What an engine would change in this package; raises Unreadable where it is damaged or could do harm."""
    with open_archive(path) as archive:
        for item, message in _Package(archive, package).messages():
            yield Finding(package=package, item=item, message=message)


class _Package:
    """A package, read once from beginning to end; gathers what it is judged by as a whole."""

    def __init__(self, archive: Archive, package: str) -> None:
        self._archive = archive
        self._package = package
        self._manifest = read_manifest(archive)
        self._version = self._manifest.version
        self._listed = {resource.identifier: resource.files for resource in self._manifest.resources}
        self._identifiers: set[str] = set()
        self._linked: set[str] = set()

    def messages(self) -> Iterator[tuple[str, str]]:
        """What is wrong, with the identifier of the item where there is one."""
        for message in (*_manifest(self._manifest, self._version), *_files(self._archive, self._manifest)):
            yield "", message
        for resource in self._manifest.of_type(self._version.item_type):
            if resource.href in self._archive:
                yield from self._item_messages(resource)
        for resource in self._manifest.of_type(self._version.test_type):
            if resource.href in self._archive:
                for message in self._test(resource):
                    yield "", message
        for message in self._unused():
            yield "", message

    def _item_messages(self, resource: Resource) -> Iterator[tuple[str, str]]:
        try:
            item = document(self._archive, resource.href, self._version, "qti-assessment-item")
        except Unreadable as error:
            yield "", str(error)
            return
        identifier = item.get("identifier", "")
        faults = [*self._item(item, resource)]
        for fault in faults:
            yield identifier, fault
        if faults:
            return
        try:
            key = self._key(item, resource)
        except Unreadable as error:  # the reader says the same, and verify says it once
            yield "", str(error)
            return
        for other in _said_once(item):
            try:
                same = self._key(other, resource) == key
            except Unreadable:
                same = False
            if not same:
                yield identifier, "<qti-equal> and the bounds beside it accept different numbers: engines would differ"

    def _key(self, item: etree._Element, resource: Resource) -> KeyDelivered:
        return read_item(self._archive, item, resource, "", self._package).key

    def _item(self, item: etree._Element, resource: Resource) -> Iterator[str]:
        identifier = item.get("identifier", "")
        if not identifier:
            yield "the item has no identifier"
        if identifier in self._identifiers:
            yield f"the identifier {identifier!r} belongs to two items"
        self._identifiers.add(identifier)
        if not item.get(LANGUAGE, "").strip():
            yield "the item has no xml:lang: a screen reader guesses its language"
        if not item.get("title", "").strip():
            yield "the item has no title"
        yield from _score(item)
        yield from _variables(item)
        yield from _responses(item)
        yield from _numbers(item)
        if self._version.name == "3.0":
            yield from _tolerances(item)
        yield from _images(item)
        for link in _links(item):
            yield from self._link(resource, link)

    def _link(self, resource: Resource, link: str) -> Iterator[str]:
        """A file that a document uses stands in the package, and in its resource or one that this depends on."""
        try:
            name = target(resource.href, link)
        except Unreadable as error:
            yield str(error)
            return
        self._linked.add(name)
        if name not in self._archive:
            yield f"it links {name}, which the zip does not hold"
        elif not any(name in self._listed.get(one, ()) for one in (resource.identifier, *resource.dependencies)):
            yield f"its resource neither lists {name} nor depends on the resource that does"

    def _test(self, resource: Resource) -> Iterator[str]:
        test = document(self._archive, resource.href, self._version, "qti-assessment-test")
        items = {one.href for one in self._manifest.of_type(self._version.item_type)}
        drawn: Counter[str] = Counter()
        for section in test.iter("qti-assessment-section"):
            title = section.get("title", "")
            if not title.strip():
                yield "a section of the test has no title"
            selections = [one.get("select") for one in section.iterfind("qti-selection")]
            if selections != ["1"]:
                yield f"the section {title!r} does not draw exactly one of its items"
            references = list(section.iterfind("qti-assessment-item-ref"))
            if not references:
                yield f"the section {title!r} holds no item to draw"
            for reference in references:
                link = reference.get("href", "")
                faults = [*self._link(resource, link)]
                yield from faults
                if not faults:
                    drawn[target(resource.href, link)] += 1
        for name in sorted(drawn.keys() - items):
            yield f"the test refers to {name}, which is no item of the manifest"
        for name in sorted(items):
            if drawn[name] != 1:
                yield f"{name} stands {drawn[name]} times in the test instead of once"
        names = Counter(one.get("identifier", "") for one in test.iter(*_TEST_PARTS))
        for name, count in names.items():
            if count > 1:
                yield f"the identifier {name!r} stands {count} times in the test"
        if not _sums(test):
            yield f"the test does not sum the {SCORE} of its items: engines show no total"

    def _unused(self) -> Iterator[str]:
        """Pictures that no item shows; those that an item shows are read with it."""
        for resource in self._manifest.of_type(PICTURE_TYPE):
            for name in resource.files:
                if name in self._archive and name not in self._linked:
                    yield f"{name} is shown by no item"


def _manifest(manifest: Manifest, version: Version) -> Iterator[str]:
    """What the manifest says of the whole."""
    if manifest.namespace != version.manifest_namespace:
        yield f"the manifest's namespace is {manifest.namespace!r}, not {version.manifest_namespace!r}"
    tests = manifest.of_type(version.test_type)
    schema = version.with_test if tests else version.without_test
    if (manifest.schema, manifest.schema_version) != (schema, version.schema_version):
        yield (
            f"the manifest calls itself {manifest.schema!r} {manifest.schema_version!r}, "
            f"not {schema!r} {version.schema_version!r}"
        )
    if len(tests) > 1:
        yield f"the manifest lists {len(tests)} tests"
    identifiers = Counter([manifest.identifier, *(resource.identifier for resource in manifest.resources)])
    for identifier, count in identifiers.items():
        if count > 1:
            yield f"the manifest gives the identifier {identifier!r} {count} times"
    for resource in manifest.resources:
        yield from _resource(resource, version, identifiers.keys())


def _resource(resource: Resource, version: Version, identifiers: Collection[str]) -> Iterator[str]:
    if resource.type not in (version.item_type, version.test_type, PICTURE_TYPE):
        yield f"the resource {resource.identifier!r} is of the type {resource.type!r}, not one of QTI {version.name}"
    if resource.href not in resource.files:
        yield f"the resource {resource.identifier!r} does not list its own file {resource.href!r}"
    for dependency in resource.dependencies:
        if dependency not in identifiers:
            yield f"the resource {resource.identifier!r} depends on {dependency!r}, which does not exist"


def _files(archive: Archive, manifest: Manifest) -> Iterator[str]:
    """Each file of the zip has its line in the manifest; each line of the manifest has its file."""
    listed = Counter(file for resource in manifest.resources for file in resource.files)
    documents = {MANIFEST, *(resource.href for resource in manifest.resources if resource.type != PICTURE_TYPE)}
    for file, count in listed.items():
        if count > 1:
            yield f"the manifest lists {file} {count} times"
        if file not in archive:
            yield f"the manifest lists {file}, which the zip does not hold"
    for name in archive.names:
        if any(part in _LITTER for part in name.split("/")):
            yield f"{name} is litter that an operating system left"
        elif name != MANIFEST and name not in listed:
            yield f"{name} is not in the manifest"
        elif name.casefold().endswith(".xml") and name not in documents:
            yield f"{name} is neither an item nor the test"


def _score(item: etree._Element) -> Iterator[str]:
    score = item.find(f"qti-outcome-declaration[@identifier='{SCORE}']")
    if score is None:
        yield f"the item declares no {SCORE}"
        return
    most = decimal(score.get("normal-maximum", ""))
    if most is None or most <= 0:
        yield f"{SCORE} has no normalMaximum greater than 0: nobody knows what the item counts"
    if (score.get("cardinality"), score.get("base-type")) != ("single", "float"):
        yield f"{SCORE} is not a single float"


def _variables(item: etree._Element) -> Iterator[str]:
    """What is used is declared, and what is declared as a response is asked."""
    responses = [one.get("identifier", "") for one in item.iterfind("qti-response-declaration")]
    outcomes = [one.get("identifier", "") for one in item.iterfind("qti-outcome-declaration")]
    for name, count in Counter(responses + outcomes).items():
        if count > 1:
            yield f"the variable {name!r} is declared {count} times"
    processing = item.find("qti-response-processing")
    if processing is None:
        yield "the item has no response processing: it would not be marked"
        return
    known = {
        "qti-variable": {*responses, *outcomes},
        "qti-correct": set(responses),
        "qti-map-response": set(responses),
        "qti-set-outcome-value": set(outcomes),
    }
    for tag, names in known.items():
        for name in dict.fromkeys(one.get("identifier", "") for one in processing.iter(tag)):
            if name not in names:
                yield f"<{tag}> names {name!r}, which is not declared"
    asked = [one.get("response-identifier", "") for one in interactions(item)]
    for name, count in Counter(asked).items():
        if name not in responses:
            yield f"an interaction is bound to {name!r}, which is no declared response"
        if count > 1:
            yield f"{count} interactions are bound to the response {name!r}"
    for name in responses:
        if name not in asked:
            yield f"the response {name!r} has no interaction"
    for name in dict.fromkeys(one.get("outcome-identifier", "") for one in item.iterfind(".//*[@outcome-identifier]")):
        if name not in outcomes:
            yield f"feedback is bound to {name!r}, which is no declared outcome"
        elif not any(one.get("identifier") == name for one in processing.iter("qti-set-outcome-value")):
            yield f"the outcome {name!r}, on which feedback depends, is never set"


def _responses(item: etree._Element) -> Iterator[str]:
    for response in item.iterfind("qti-response-declaration"):
        if response.find("qti-correct-response/qti-value") is None:
            yield f"the response {response.get('identifier', '')!r} has no correct response"
    for interaction in interactions(item):
        if interaction.tag != "qti-text-entry-interaction" and interaction.get("shuffle") != "false":
            yield f'<{tag_of(interaction)}> does not say shuffle="false": options would not keep their order'


def _numbers(item: etree._Element) -> Iterator[str]:
    """Numbers are plain decimals: engines disagree about exponents, commas and other signs."""
    written = [
        number for one in item.iter() for name in _NUMBERS if one.get(name) for number in one.get(name, "").split()
    ]
    written += [one.text or "" for one in item.iter("qti-base-value") if one.get("base-type") in _NUMERIC]
    for declaration in item.iterfind("*[@base-type]"):
        if declaration.get("base-type") in _NUMERIC:
            written += [value.text or "" for value in declaration.iter("qti-value")]
    for number in dict.fromkeys(written):
        if decimal(number) is None:
            yield f"{number[:40]!r} is no plain decimal number"


def _tolerances(item: etree._Element) -> Iterator[str]:
    for equal in item.iter("qti-equal"):
        if equal.get("tolerance-mode", "exact") != "exact":
            yield "<qti-equal> has a tolerance: one player gives any text the whole mark, another gives none to anybody"


def _images(item: etree._Element) -> Iterator[str]:
    for image in item.iter("img"):
        alt = image.get("alt", "").strip()
        if not alt:
            yield "a picture has no text alternative"
        elif _FILE_NAME.fullmatch(alt):
            yield f"the text alternative {alt[:60]!r} is a file name"
        for side in ("width", "height"):
            if not _PIXELS.fullmatch(image.get(side, "")):
                yield f"a picture has no {side} in pixels"
        try:
            described(item, image)
        except Unreadable as error:
            yield str(error)
    identifiers = Counter(one.get("id", "") for one in item.iter() if "id" in one.attrib)
    for identifier, count in identifiers.items():
        if count > 1:
            yield f"the id {identifier!r} stands {count} times"


def _links(item: etree._Element) -> Iterator[str]:
    """Everything that a document loads; a link that a person may follow is text."""
    for element in item.iter():
        if element.tag != "a":
            yield from (value for name, value in element.attrib.items() if name in _LOADING)


def _said_once(item: etree._Element) -> Iterator[etree._Element]:
    """An item whose tolerances are said twice, as `<qti-equal>` and as bounds: without the one, without the other."""
    for keeps_equal in (True, False):
        copy = deepcopy(item)
        twice = [one for one in copy.iter("qti-or") if one.find("qti-equal") is not None and len(one) > 1]
        for either in twice:
            for way in list(either):
                if (way.tag == "qti-equal") != keeps_equal:
                    either.remove(way)
        if twice:
            yield copy


def _sums(test: etree._Element) -> bool:
    return any(
        rule.get("identifier") == SCORE
        and rule.find("qti-sum/qti-test-variables[@variable-identifier='SCORE']") is not None
        for rule in test.iterfind("qti-outcome-processing/qti-set-outcome-value")
    )
