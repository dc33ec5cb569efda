"""QTI 1.2 as the standard has it: a zip file with one test, or several with item banks.

    imsmanifest.xml
    questions.xml       an only zip file: a test whose sections pick one variant of each question;
                        else an item bank with a section per question
    images/*.png

A bank has no title in QTI 1.2, but a section has: so the questions' titles arrive as the names of pools.  Several tests
would ask a student each question once in each of them; item banks can be imported in any order.

Scores are points, not percentages: a test adds the scores of its items up, whatever they are worth.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import assert_never

from lxml import etree
from lxml.builder import E

from ..items import Bank, ChoiceKey, Item, MatchingKey, MultipleKey, NumericKey, Part, PartsKey, Picture, TrueFalseKey
from . import PART_BYTES, Downgrade, Exporter
from .decimals import plain
from .limits import shared_problems
from .markup import NAMESPACES, with_pictures
from .parts import PartedWriter
from .qti12_items import (
    LANGUAGE,
    Asked,
    Mark,
    ask_choice,
    ask_matches,
    choices,
    equal,
    html_text,
    item_element,
    number_field,
    part_choice,
    part_name,
    part_response,
    part_right,
    plain_mattext,
    steps,
    within,
)
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

_PACKAGING = "http://www.imsglobal.org/xsd/imscp_v1p1"
_QUESTIONS = "questions.xml"


class Qti12Exporter:
    """A test or item banks for platforms that keep to QTI 1.2."""

    name = "qti12"
    title = "QTI 1.2"
    how_to_import = (
        "Import the file where the platform takes QTI 1.2 content packages. It holds a test with a section for each "
        "question, from which one variant is drawn. Several files hold item banks instead: import each, in any order, "
        "and make a test that draws one item from the section of each question."
    )
    downgrades: tuple[Downgrade, ...] = ()

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item no format can say: QTI 1.2 says all the rest."""
        return shared_problems(bank, item)

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> PartedWriter:
        """Begin `<bank id>.zip`, or as many numbered zip files as it takes."""

        def begin(path: Path) -> PackagePart:
            return PackagePart(partial(_item, bank), partial(_finish, bank, path.stem), part_bytes, path)

        return PartedWriter(folder, bank.id, ".zip", begin)


EXPORTER: Exporter = Qti12Exporter()


def _finish(bank: Bank, name: str, package: Package, alone: bool) -> None:
    """Write the questions and the manifest; `name` is that of the zip file, and tells banks apart."""
    ident = bank_ident(bank)
    with package.document(_QUESTIONS) as stream:
        stream.begin("questestinterop", namespace=NAMESPACES["qti12"])
        if alone:
            stream.begin("assessment", {"ident": ident, "title": bank.title})
            stream.begin("section", {"ident": f"{ident}_root", "title": bank.title})
        else:
            stream.begin("objectbank", {"ident": f"{ident}_{name.rpartition('-')[2]}"})
        for question_id, items in package.questions():
            place, question = numbered_questions(bank)[question_id]
            stream.begin("section", {"ident": f"{ident}_section_{place}", "title": question.title})
            if alone:
                stream.write(E.selection_ordering(E.selection(E.selection_number("1"))))
            for item in items:
                stream.write(item)
            stream.end()
    with package.document("imsmanifest.xml") as manifest:
        manifest.begin("manifest", {"identifier": f"{ident}_manifest"}, _PACKAGING)
        head = E.metadata(E.schema("IMS Content"), E.schemaversion("1.1.3"))
        main = resource(f"{ident}_questions", "imsqti_xmlv1p2", _QUESTIONS, href=_QUESTIONS)
        write_manifest(manifest, package, ident, head, main, depend=True)


def _item(bank: Bank, item: Item) -> etree._Element:
    _, question = numbered_questions(bank)[item.question]
    fields = {"kind": question.kind, "template": question.template, "difficulty": item.difficulty_word}
    return item_element(
        item,
        attributes={"ident": item_ident(bank, item), "title": item.title, LANGUAGE: bank.language},
        fields=_item_type(item) | fields,
        stem=with_pictures(item.stem, item.pictures, _link),
        asked=_asked(item, true_false(bank.language)),
        greatest=item.points,
    )


def _item_type(item: Item) -> dict[str, str]:
    """The type of item in the words of Sakai (`ItemTypeExtractionStrategy`), which guesses it otherwise."""
    match item.key:
        case NumericKey():
            return {"qmd_itemtype": "Numeric Response"}
        case ChoiceKey():
            return {"qmd_itemtype": "Multiple Choice"}
        case MultipleKey():
            return {"qmd_itemtype": "Multiple Correct Answer"}
        case TrueFalseKey():
            return {"qmd_itemtype": "True False"}
        case MatchingKey():
            return {"qmd_itemtype": "Matching"}
        case PartsKey():
            return {}
        case _:
            assert_never(item.key)


def _asked(item: Item, words: tuple[str, str]) -> Asked:
    match item.key:
        case NumericKey() as key:
            marks = [Mark(condition=within(step), score=plain(item.points * share)) for step, share in steps(key)]
            return Asked(content=[number_field()], marks=marks)
        case ChoiceKey() | MultipleKey() | TrueFalseKey() as key:
            return ask_choice(key, _link, words, item.points)
        case MatchingKey() as key:
            # One response for each prompt: readers that know no matching still see single choices, and a grouped
            # response (`response_grp`) means something else to each of those that do.
            return ask_matches(key, map(html_text, key.prompts), item.points)
        case PartsKey(parts=parts):
            return Asked(
                content=[element for place, one in enumerate(parts) for element in _part_content(place, one, words)],
                marks=[mark for place, one in enumerate(parts) for mark in _part_marks(place, one, item.points)],
                add=True,
            )
        case _:
            assert_never(item.key)


def _part_content(place: int, one: Part, words: tuple[str, str]) -> Iterator[etree._Element]:
    """The text of a part, and its response."""
    yield E.material(html_text(f'<div class="part">{one.stem}</div>'))
    match one.key:
        case NumericKey():
            yield number_field(part_response(place), f"{part_name(place)}_answer")
            return
        case ChoiceKey(options=options):
            texts = [html_text(option.text) for option in options]
        case TrueFalseKey():
            texts = [plain_mattext(word) for word in words]
        case _:
            assert_never(one.key)
    yield choices(part_response(place), ((part_choice(place, position), text) for position, text in enumerate(texts)))


def _part_marks(place: int, one: Part, points: float) -> Iterator[Mark]:
    """What a part adds to the score.

    A number that is right lies within every band, too: each adds what it earns more than the next wider one.
    """
    response, worth = part_response(place), points * one.share
    match one.key:
        case NumericKey() as key:
            narrower = steps(key)
            wider = [share for _, share in narrower[1:]] + [0.0]
            for (step, share), less in zip(narrower, wider, strict=True):
                yield Mark(condition=within(step, response), score=plain(worth * (share - less)))
        case ChoiceKey() | TrueFalseKey():
            yield Mark(condition=equal(part_choice(place, part_right(one)), response), score=plain(worth))
        case _:
            assert_never(one.key)


def _link(picture: Picture) -> str:
    return f"images/{picture.name}"
