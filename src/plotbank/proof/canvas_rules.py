"""What Canvas's import (Classic and New Quizzes) drops, rewrites or misreads in a QTI 1.2 package without a word.

Where a message names Classic or New Quizzes, it concerns this one only; but who imports for New Quizzes goes through
Classic first.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from . import Finding, Unreadable
from .canvas_key_rules import LONGEST_IDENT, is_known, key_faults
from .canvas_package import (
    META_NAME,
    META_TYPE,
    bank_title,
    is_read,
    manifest,
    points_per_item,
    question_files,
    question_type,
)
from .canvas_text_rules import linked_files, text_faults
from .contents import decimal, zipped_png
from .markup import Element, elements, root
from .qti12_elements import MANIFEST, Resource, metadata
from .zips import Archive, open_archive

_LONGEST_TITLE = 255

_IDENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PICTURE = re.compile(r"images/[A-Za-z0-9._-]+\.png")
_WANTED = ("item", "section", "assessment", "objectbank")


@dataclass(slots=True)
class _Package:
    """What a package is judged by as a whole, gathered while its files are read once from beginning to end."""

    archive: Archive
    resources: list[Resource]
    known: set[str] = field(default_factory=lambda: {MANIFEST})
    idents: set[str] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)
    filled: set[Element] = field(default_factory=set)  # sections and banks that hold items
    drawn: dict[str, Decimal | None] = field(default_factory=dict)  # by the ident of a bank: what its group counts
    banks: dict[str, set[Decimal | None]] = field(default_factory=dict)  # by the ident of a bank: what its items count
    quizzes: int = 0


def check_canvas(path: Path, package: str) -> Iterator[Finding]:
    """What Canvas would change in this package; raises Unreadable where it is damaged or could do harm."""
    with open_archive(path) as archive:
        whole = _Package(archive=archive, resources=manifest(archive))
        for name in question_files(whole.resources):
            whole.known.add(name)
            if name not in archive:
                continue  # said below, with every other listed file that is missing
            for item, message in _questions(whole, name):
                yield Finding(package=package, item=item, message=message)
        for message in (*_links(whole), *_files(whole)):
            yield Finding(package=package, item="", message=message)


def _questions(whole: _Package, name: str) -> Iterator[tuple[str, str]]:
    """What is wrong in a file with a quiz or a bank, with the ident of the item where there is one."""
    points = Decimal(0)
    roots = Counter[str]()
    for around, element in elements(whole.archive.chunks(name), _WANTED):
        ident = element.attributes.get("ident", "")
        faults = [*_names(whole, element)]
        match element.tag:
            case "item":
                faults += _item(whole, around, element)
            case "section":
                faults += _section(whole, element, around)
                points += _group_points(whole, element)
            case "objectbank":
                roots["bank"] += 1
                faults += _bank(whole, element)
            case _:
                roots["quiz"] += 1
                faults += _settings(whole, ident, points)
                points = Decimal(0)
        for fault in faults:
            yield ident if element.tag == "item" else "", fault
    whole.quizzes += roots["quiz"]
    if roots.total() != 1:
        yield (
            "",
            f"{name} holds {roots['quiz']} quizzes and {roots['bank']} banks: New Quizzes reads one of either only",
        )


def _names(whole: _Package, element: Element) -> Iterator[str]:
    tag, ident, title = element.tag, element.attributes.get("ident", ""), element.attributes.get("title", "")
    if not _IDENT.fullmatch(ident) or len(ident) > LONGEST_IDENT:
        yield (
            f"the ident {ident[:60]!r} of <{tag}> is not a letter with letters, digits and '_' behind it, "
            f"at most {LONGEST_IDENT}: Canvas rewrites it"
        )
    if ident in whole.idents:
        yield f"the ident {ident[:60]!r} of <{tag}> stands twice"
    whole.idents.add(ident)
    if len(title) > _LONGEST_TITLE:
        yield f"the title of <{tag}> is longer than {_LONGEST_TITLE} characters: Canvas cuts or refuses it"


def _bank(whole: _Package, bank: Element) -> Iterator[str]:
    ident, title = bank.attributes.get("ident", ""), bank_title(bank)
    whole.banks.setdefault(ident, set())
    if bank not in whole.filled:
        yield f"the bank {ident!r} holds no item"
    if not title:
        yield f"the bank {ident!r} has no bank_title: Classic names it after its ident"
    if len(title) > _LONGEST_TITLE:
        yield f"the title of the bank {ident!r} is longer than {_LONGEST_TITLE} characters: Canvas cuts it"


def _source(section: Element) -> str:
    """The ident of the bank that a group draws from; empty where it holds its items itself."""
    return section.text_at("selection_ordering", "selection", "sourcebank_ref").strip()


def _group_points(whole: _Package, section: Element) -> Decimal:
    is_group = section in whole.filled or _source(section)
    return (is_group and _positive(points_per_item(section))) or Decimal(0)


def _section(whole: _Package, section: Element, around: tuple[Element, ...]) -> Iterator[str]:
    title, source = section.attributes.get("title", ""), _source(section)
    number = section.text_at("selection_ordering", "selection", "selection_number").strip()
    points = _positive(points_per_item(section))
    if any(one.tag == "objectbank" for one in around):
        yield f"the section {title!r} stands in a bank: Classic names the bank after it"
        return
    if source:
        whole.drawn[source] = points
        if section in whole.filled:
            yield f"the group {title!r} holds items and draws from a bank: Canvas takes the bank's only"
    elif section not in whole.filled:
        if number:
            yield f"the group {title!r} holds no item to draw"
        return
    if number != "1":
        yield f"the section {title!r} does not draw exactly one of its items"
    if points is None:
        yield f"the section {title!r} has no positive points_per_item"


def _settings(whole: _Package, quiz: str, points: Decimal) -> Iterator[str]:
    """What is wrong with the settings of a quiz whose groups count so many points."""
    meta = f"{quiz}/{META_NAME}"
    whole.known.add(meta)
    if meta not in whole.archive:
        yield f"{meta} is missing: Canvas takes the quiz's settings from there only"
        return
    if not any(meta in one.files for one in whole.resources if one.type.endswith(META_TYPE)):
        yield f"no resource of the type {META_TYPE} lists {meta}: Canvas does not read it"
    settings = root(whole.archive.chunks(meta), "quiz")
    if settings.text_at("quiz_type").strip() != "assignment":
        yield "quiz_type is not assignment: the quiz would not be graded"
    if decimal(settings.text_at("points_possible")) != points:
        yield f"points_possible of the quiz is not {points.normalize():f}, the sum of its groups' points"
    if settings.text_at("shuffle_answers").strip() == "true":
        yield "shuffle_answers is true: Canvas would shuffle the options"


def _item(whole: _Package, around: tuple[Element, ...], item: Element) -> Iterator[str]:
    if not around or around[-1].tag not in ("section", "objectbank"):
        yield "the item does not stand in a section or a bank"
        return
    whole.filled.add(around[-1])
    whole.pictures |= linked_files(item)
    yield from _metadata(whole, around[-1], item)
    yield from text_faults(item, whole.archive)
    yield from key_faults(item)


def _metadata(whole: _Package, holder: Element, item: Element) -> Iterator[str]:
    fields = metadata(item)
    if not is_known(question_type(item)):
        yield f"the question_type is {question_type(item)!r}, which is not one that plotbank writes"
    points = _positive(fields.get("points_possible", ""))
    if points is None:
        yield "the item has no positive points_possible"
    elif points != (_positive(points_per_item(holder)) or points):
        yield "the item's points_possible differ from its group's points_per_item, which Canvas counts"
    if "assessment_question_identifierref" in fields:
        yield "the item refers to a question in a bank: Canvas would show that one instead"
    if holder.tag == "objectbank":
        whole.banks.setdefault(holder.attributes.get("ident", ""), set()).add(points)


def _links(whole: _Package) -> Iterator[str]:
    """Groups and the banks that they draw from; a group's bank may come in another package."""
    for ident, points in whole.banks.items():
        if whole.quizzes and ident not in whole.drawn:
            yield f"no group draws from the bank {ident!r}"
        elif ident in whole.drawn and points - {whole.drawn[ident]}:
            yield f"items of the bank {ident!r} differ from its group's points_per_item, which Canvas counts"


def _files(whole: _Package) -> Iterator[str]:
    """Each file of the zip has its place and its line in the manifest; each line of the manifest has its file."""
    archive, resources = whole.archive, whole.resources
    listed = Counter(file for resource in resources for file in resource.files)
    for file, count in listed.items():
        if count > 1:
            yield f"the manifest lists {file} {count} times"
        if file not in archive:
            yield f"the manifest lists {file}, which the zip does not hold"
    identifiers = Counter(resource.identifier for resource in resources)
    for identifier, count in identifiers.items():
        if count > 1:
            yield f"the manifest gives the identifier {identifier!r} to {count} resources"
    for name in archive.names:
        if name.startswith("__MACOSX"):
            yield f"{name} is litter that macOS left: Canvas reads it as part of the package"
        elif is_read(name):
            if name not in whole.known:
                yield f"{name} is neither the quiz nor its settings: Canvas reads .xml, .qti and .dat, listed or not"
        elif name not in listed:
            yield f"{name} is not in the manifest: Canvas does not import it"
        elif not _PICTURE.fullmatch(name):
            yield f"{name} is no PNG in images/ with a name of plain letters, digits, '.', '_' and '-'"
        elif name not in whole.pictures:
            yield f"{name} is shown by no item"
        else:
            try:
                zipped_png(archive, name)
            except Unreadable as error:
                yield str(error)


def _positive(text: str) -> Decimal | None:
    number = decimal(text)
    return number if number is not None and number > 0 else None
