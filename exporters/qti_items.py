"""An item of QTI: text and pictures, what is asked, how it is scored, what is said; every version by its dialect."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import assert_never

from lxml import etree
from lxml.builder import E

from .. import __version__
from ..items import (
    Bank,
    ChoiceKey,
    Item,
    MatchingKey,
    MultipleKey,
    NumericKey,
    Option,
    PartsKey,
    Picture,
    TrueFalseKey,
)
from . import xhtml
from .qti_dialects import Dialect
from .qti_scoring import (
    Asked,
    Feedback,
    answer,
    asked,
    choice,
    declarations,
    feedbacks,
    processing,
    prompt,
    truth,
)
from .words import true_false

IMAGES = "images"
TOOL = {"toolName": "plotbank", "toolVersion": __version__}

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def item_identifier(bank: Bank, item: Item) -> str:
    """The same whenever the bank is built, so that what is imported again is recognised; an NCName."""
    return f"{bank_identifier(bank)}-{item.id}"


def bank_identifier(bank: Bank) -> str:
    """The bank's id, which may begin with a digit, as an NCName."""
    return bank.id if re.match("[A-Za-z]", bank.id) else f"_{bank.id}"


def item_xml(dialect: Dialect, bank: Bank, item: Item) -> bytes:
    """The document of an item, which lies in a folder beside that of the pictures."""
    root = dialect.element(
        "assessmentItem",
        *declarations(dialect, item),
        _body(dialect, bank, item),
        *_catalog_info(dialect, item),
        processing(dialect, item),
        *(() if dialect.blocks else (_feedback(dialect, "modalFeedback", one) for one in feedbacks(dialect, item))),
        {_LANGUAGE: bank.language},
        identifier=item_identifier(bank, item),
        title=item.title,
        adaptive="false",
        timeDependent="false",
        **TOOL,
    )
    if dialect.expressions:
        xhtml.part_braces(root)
    return document(root, dialect.namespace, dialect.schema)


def document(root: etree._Element, namespace: str, schema: str) -> bytes:
    """A document whose elements are of one namespace, with the address of its schema."""
    described = etree.Element(root.tag, root.attrib, schema_prefixes(namespace))
    described.set(*schema_location(namespace, schema))
    described.extend(root)
    for element in described.iter("*"):
        element.tag = etree.QName(namespace, str(element.tag))
    return etree.tostring(described, encoding="UTF-8", xml_declaration=True)


def schema_prefixes(namespace: str) -> dict[str | None, str]:
    """The prefixes of a document that names its schema."""
    return {None: namespace, "xsi": _XSI}


def schema_location(namespace: str, schema: str) -> tuple[str, str]:
    """The attribute, by name and value, that says where the schema of a namespace is."""
    return f"{{{_XSI}}}schemaLocation", f"{namespace} {schema}"


def interactions(item: Item) -> list[str]:
    """How an item asks, by the names that metadata have for it in every version."""
    return sorted({_interaction_name(question) for question in asked(item)})


def _interaction_name(question: Asked) -> str:
    match question.key:
        case NumericKey():
            return "textEntryInteraction"
        case ChoiceKey() | MultipleKey() | TrueFalseKey():
            return "choiceInteraction"
        case MatchingKey():
            return "matchInteraction"
        case _:
            assert_never(question.key)


def _body(dialect: Dialect, bank: Bank, item: Item) -> etree._Element:
    stem = xhtml.blocks(item.stem)
    body = dialect.element("itemBody", *stem)
    captions = len(item.pictures) > 1
    for picture in item.pictures:
        if captions and picture.caption.strip():
            body.append(E.p(E.strong(picture.caption)))
        body.append(E.p(_image(dialect, item, picture)))
    body.extend(_descriptions(dialect, item, item.pictures))
    said = feedbacks(dialect, item) if dialect.blocks else []
    if isinstance(item.key, PartsKey):
        for part, question in zip(item.key.parts, asked(item), strict=True):
            stem = xhtml.blocks(part.stem)
            place = _interaction(dialect, bank, item, question, stem)
            own = [one for one in said if one.outcome == question.chosen]
            said = [one for one in said if one.outcome != question.chosen]
            body.append(E.div(*stem, place, *_feedback_blocks(dialect, own), {"class": "part"}))
    else:
        (question,) = asked(item)
        body.append(_interaction(dialect, bank, item, question, stem))
        # Not inside the options: what lies there is read out as their name.
        body.extend(_descriptions(dialect, item, item.every_picture[len(item.pictures) :]))
    body.extend(_feedback_blocks(dialect, said))
    return body


def _interaction(
    dialect: Dialect, bank: Bank, item: Item, question: Asked, stem: Sequence[etree._Element]
) -> etree._Element:
    """Where a question is answered whose text is `stem`."""
    name, key = _interaction_name(question), question.key
    match key:
        case NumericKey():
            entry = dialect.element(name, responseIdentifier=question.response, expectedLength="10")
            if dialect.vocabulary:
                _name(entry, f"question{question.suffix}", stem)
            return E.p(entry)
        case ChoiceKey(options=options) | MultipleKey(options=options):
            choices = [_option(dialect, item, position, option) for position, option in enumerate(options)]
        case TrueFalseKey():
            said = zip((True, False), true_false(bank.language), strict=True)
            choices = [dialect.element("simpleChoice", word, identifier=truth(value)) for value, word in said]
        case MatchingKey():
            return _match_interaction(dialect, _title(bank, item), question, key)
        case _:
            assert_never(key)
    interaction = dialect.element(
        name,
        *choices,
        responseIdentifier=question.response,
        shuffle="false",
        maxChoices="0" if question.several else "1",
    )
    if dialect.vocabulary:
        # No letters before the options, which may be called "Plot A"; pictures two by two.
        pictured = all(one.find("p/img") is not None for one in choices)
        interaction.set("class", "qti-labels-none qti-choices-stacking-2" if pictured else "qti-labels-none")
    return interaction


def _name(entry: etree._Element, identifier: str, stem: Sequence[etree._Element]) -> None:
    """Name the place of an answer by what is asked: the end of the text, but for tables, which hold data."""
    for text in [block for block in stem if block.tag != "table"][-1:]:
        text.set("id", identifier)
        entry.set("aria-labelledby", identifier)


def _option(dialect: Dialect, item: Item, position: int, option: Option) -> etree._Element:
    element = dialect.element("simpleChoice", identifier=choice(position))
    xhtml.fill(element, option.text)
    if option.picture is not None:
        element.append(E.p(_image(dialect, item, option.picture)))
    return element


def _match_interaction(dialect: Dialect, title: str, question: Asked, key: MatchingKey) -> etree._Element:
    """Prompts with the answers to choose from, as a table where a player knows how; everything at most once."""
    prompts = [_associable(dialect, prompt(place)) for place in range(len(key.prompts))]
    for element, text in zip(prompts, key.prompts, strict=True):
        xhtml.fill(element, text)
    answers = (_associable(dialect, answer(place), text) for place, text in enumerate(key.answers))
    interaction = dialect.element(
        "matchInteraction",
        dialect.element("simpleMatchSet", *prompts),
        dialect.element("simpleMatchSet", *answers),
        {"class": "qti-match-tabular"},
        responseIdentifier=question.response,
        shuffle="false",
        maxAssociations=str(len(key.prompts)),
    )
    if dialect.vocabulary:
        interaction.set("data-first-column-header", escape(title))  # of the prompts; it is HTML
    return interaction


def _title(bank: Bank, item: Item) -> str:
    """What all variants of an item are called."""
    return next(question.title for question in bank.questions if question.id == item.question)


def _associable(dialect: Dialect, identifier: str, text: str = "") -> etree._Element:
    return dialect.element("simpleAssociableChoice", text, identifier=identifier, matchMax="1")


def _image(dialect: Dialect, item: Item, picture: Picture) -> etree._Element:
    image = E.img(
        src=f"../{IMAGES}/{picture.name}",
        alt=picture.alt if dialect.catalogs else picture.alternative,
        width=str(picture.width),
        height=str(picture.height),
    )
    for number, _ in _described(dialect, item, (picture,)):
        image.set("aria-describedby", f"description_{number}")
        image.set("data-catalog-idref", f"catalog_{number}")
    return image


def _described(dialect: Dialect, item: Item, pictures: Iterable[Picture]) -> Iterator[tuple[int, str]]:
    """The long descriptions of pictures, where there are any, by the number of the picture."""
    for picture in pictures:
        if dialect.catalogs and picture.description.strip():
            yield item.every_picture.index(picture) + 1, picture.description


def _descriptions(dialect: Dialect, item: Item, pictures: Sequence[Picture]) -> Iterator[etree._Element]:
    """The long descriptions as players without catalogues have them read out."""
    for number, description in _described(dialect, item, pictures):
        yield E.div(description, {"class": "qti-visually-hidden"}, id=f"description_{number}")


def _catalog_info(dialect: Dialect, item: Item) -> Iterator[etree._Element]:
    catalogs = [
        dialect.element(
            "catalog",
            dialect.element("card", dialect.element("htmlContent", E.p(description)), support="long-description"),
            id=f"catalog_{number}",
        )
        for number, description in _described(dialect, item, item.every_picture)
    ]
    if catalogs:
        yield dialect.element("catalogInfo", *catalogs)


def _feedback_blocks(dialect: Dialect, said: Sequence[Feedback]) -> Iterator[etree._Element]:
    """Feedback in the body, which is read out when it comes into sight."""
    if said:
        blocks = [_feedback(dialect, "feedbackBlock", one) for one in said]
        for block in blocks:
            block.set("class", "qti-well")
        yield E.div(*blocks, {"aria-live": "polite"})


def _feedback(dialect: Dialect, name: str, feedback: Feedback) -> etree._Element:
    content = xhtml.blocks(feedback.text)
    return dialect.element(
        name,
        *((dialect.element("contentBody", *content),) if dialect.catalogs else content),
        outcomeIdentifier=feedback.outcome,
        showHide="show",
        identifier=feedback.identifier,
    )
