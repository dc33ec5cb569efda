"""Common Cartridge, for platforms that take no other standard: one question bank in each package.

    imsmanifest.xml
    <question>.xml      the variants of one question
    images/*.png

A cartridge holds one question bank at most, and a bank has no title: the question's title arrives as the title of the
cartridge (with the quiz's) and as the category of its items, and its id as the bank's.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import assert_never

from lxml import etree
from lxml.builder import E, ElementMaker

from ..items import Bank, ChoiceKey, Item, MatchingKey, MultipleKey, NumericKey, PartsKey, Picture, TrueFalseKey
from . import PART_BYTES, Downgrade, Exporter
from .decimals import plain
from .downgrades import MOST_POINTS, WHOLE_POINTS
from .limits import shared_problems
from .markup import NAMESPACES, with_pictures
from .parts import PartedWriter
from .qti12_items import LANGUAGE, ask_choice, item_element
from .qti12_packages import (
    Package,
    PackagePart,
    bank_ident,
    item_ident,
    numbered_questions,
    resource,
    write_manifest,
)
from .words import true_false

_WHOLE = 100.0  # the profile counts in percentages
_ELSEWHERE = "leave the question out here, or ask it as a choice"


class CommonCartridgeExporter:
    """Question banks in a version of Common Cartridge, in which single choice has so many options at least."""

    name: str
    title: str
    how_to_import: str
    version: str
    fewest_options: int
    downgrades: tuple[Downgrade, ...] = (WHOLE_POINTS,)

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item Common Cartridge cannot say."""
        problems = shared_problems(bank, item)
        if item.points != round(item.points) or not 1 <= item.points <= MOST_POINTS:
            problems.append(
                f"the item is worth {plain(item.points)} points; Common Cartridge knows whole numbers "
                f"from 1 to {MOST_POINTS}"
            )
        return [*problems, *self._key_problems(item)]

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> PartedWriter:
        """Begin a numbered zip file for each question, and more where one does not fit; an only one has no number."""
        write, finish = partial(_item, bank), partial(_finish, bank, self.version)
        return PartedWriter(folder, bank.id, ".zip", partial(PackagePart, write, finish, part_bytes, one_question=True))

    def _key_problems(self, item: Item) -> Iterator[str]:
        match item.key:
            case NumericKey():
                yield f"Common Cartridge has no question that asks for a number: {_ELSEWHERE}"
            case MatchingKey():
                yield f"Common Cartridge has no matching question: {_ELSEWHERE}"
            case PartsKey():
                yield "Common Cartridge has no question in several parts: make each part a question of its own"
            case ChoiceKey(options=options):
                if len(options) < self.fewest_options:
                    yield (
                        f"the question has {len(options)} options; single choice has {self.fewest_options} at least "
                        f"in Common Cartridge {self.version}"
                    )
            case MultipleKey() | TrueFalseKey():
                return
            case _:
                assert_never(item.key)


class BlackboardExporter(CommonCartridgeExporter):
    """Common Cartridge 1.1: Blackboard reads 1.0 to 1.2."""

    name = "blackboard"
    title = "Blackboard (Common Cartridge)"
    how_to_import = (
        "In the course, import every file as a course package (Original: Packages and Utilities > Import Package), in "
        "any order. Each brings one question pool; then add to a test a random block, or in Ultra a question pool, "
        "that draws one question from each."
    )
    version = "1.1"
    fewest_options = 3


class BrightspaceExporter(CommonCartridgeExporter):
    """Common Cartridge 1.3."""

    name = "brightspace"
    title = "Brightspace (Common Cartridge)"
    how_to_import = (
        "In the course, open Course Admin > Import/Export/Copy Components > Import Components and upload every file, "
        "in any order. Each brings one collection for the Question Library; then add to a quiz a question pool that "
        "draws one question from each."
    )
    version = "1.3"
    fewest_options = 2


BLACKBOARD: Exporter = BlackboardExporter()
BRIGHTSPACE: Exporter = BrightspaceExporter()


def _finish(bank: Bank, version: str, package: Package, alone: bool) -> None:  # noqa: ARG001
    """Write the bank and the manifest."""
    for question_id, items in package.questions():
        path, ident = f"{question_id}.xml", f"{bank_ident(bank)}_{question_id}"
        with package.document(path) as stream:
            stream.begin("questestinterop", namespace=NAMESPACES["qti12"])
            stream.begin("objectbank", {"ident": ident})
            for item in items:
                stream.write(item)
        with package.document("imsmanifest.xml") as manifest:
            profile = f"imsccv{version.replace('.', 'p')}"
            manifest.begin(
                "manifest", {"identifier": f"{ident}_manifest"}, f"http://www.imsglobal.org/xsd/{profile}/imscp_v1p1"
            )
            _, question = numbered_questions(bank)[question_id]
            head = _metadata(profile, f"{version}.0", f"{bank.title}: {question.title}", bank.language)
            kind = f"imsqti_xmlv1p2/imscc_xmlv{version.replace('.', 'p')}/question-bank"
            write_manifest(manifest, package, ident, head, resource(f"{ident}_bank", kind, path), depend=True)


def _metadata(profile: str, version: str, title: str, language: str) -> etree._Element:
    lom = f"http://ltsc.ieee.org/xsd/{profile}/LOM/manifest"
    make = ElementMaker(namespace=lom, nsmap={"lom": lom})
    named = make.lom(make.general(make.title(make.string(title, language=language))))
    return E.metadata(E.schema("IMS Common Cartridge"), E.schemaversion(version), named)


def _item(bank: Bank, item: Item) -> etree._Element:
    _, question = numbered_questions(bank)[item.question]
    match item.key:
        case ChoiceKey() as key:
            profile, asked = "cc.multiple_choice.v0p1", ask_choice(key, _link, ("", ""), _WHOLE)
        case MultipleKey() as key:
            profile, asked = "cc.multiple_response.v0p1", ask_choice(key, _link, ("", ""), _WHOLE)
        case TrueFalseKey() as key:
            profile, asked = "cc.true_false.v0p1", ask_choice(key, _link, true_false(bank.language), _WHOLE)
        case NumericKey() | MatchingKey() | PartsKey():
            raise ValueError("Common Cartridge cannot say this")  # `check` has said so
        case _:
            assert_never(item.key)
    return item_element(
        item,
        attributes={"ident": item_ident(bank, item), "title": item.title, LANGUAGE: bank.language},
        fields={"cc_profile": profile, "cc_weighting": plain(item.points), "cc_question_category": question.title},
        stem=with_pictures(item.stem, item.pictures, _link),
        asked=asked,
        greatest=_WHOLE,
    )


def _link(picture: Picture) -> str:
    return f"$IMS-CC-FILEBASE$/images/{picture.name}"
