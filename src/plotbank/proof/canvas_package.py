"""Canvas's dialect of QTI 1.2, opened again: every item as Canvas would keep it after an import.

This is written from what Canvas does, not from what wrote the package.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from . import Unreadable
from .contents import PART, after, decimal, images, number_of, picture_of, some, within, zipped_png
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
from .markup import Element, elements
from .qti12_elements import (
    FILEBASE,
    QTI_TYPE,
    Resource,
    feedback,
    first_html,
    first_text,
    labels,
    listed_resources,
    metadata,
)
from .zips import Archive

META_TYPE = "learning-application-resource"
META_NAME = "assessment_meta.xml"

_READ = (".xml", ".qti", ".dat")


def manifest(archive: Archive) -> list[Resource]:
    """What a Canvas package lists; raises Unreadable where there is no manifest, or nothing with questions in it."""
    resources = listed_resources(archive)
    if not question_files(resources):
        raise Unreadable(f"the manifest lists no quiz (a resource of the type {QTI_TYPE})")
    return resources


def question_files(resources: list[Resource]) -> list[str]:
    """The files that hold questions: quizzes, and the banks that quizzes draw from."""
    return [
        name
        for resource in resources
        for name in resource.files
        if resource.type == QTI_TYPE
        or (resource.type.endswith(META_TYPE) and is_read(name) and not name.endswith(META_NAME))
    ]


def is_read(name: str) -> bool:
    """Whether Canvas looks for questions in a file of this name, listed or not."""
    return name.casefold().endswith(_READ)


def bank_title(bank: Element) -> str:
    """What Canvas calls a bank (an `<objectbank>`), as written; empty where nothing says it."""
    return metadata(bank).get("bank_title", "")


def question_type(item: Element) -> str:
    """What Canvas takes an item for, whatever it holds: `numerical_question`, ..."""
    return metadata(item).get("question_type", "")


def stem_texts(item: Element) -> list[Element]:
    """Every `<mattext>` of a Canvas item's stem, which is what stands outside the response."""
    presentation = item.first("presentation")
    parts = presentation.children if presentation is not None else []
    return [text for part in parts if not part.tag.startswith("response_") for text in part.inside("mattext")]


def full_marks(item: Element) -> list[Element]:
    """The conditions of a Canvas item under which it sets the score to 100 percent."""
    return [
        condition
        for condition in item.each("resprocessing", "respcondition")
        if any(decimal(score.text) == 100 and not _adds(score) for score in condition.each("setvar"))
    ]


def part_marks(item: Element) -> list[tuple[Element, Decimal]]:
    """The conditions of a Canvas item under which it adds to the score, and how much."""
    return [
        (condition, amount)
        for condition in item.each("resprocessing", "respcondition")
        for score in condition.each("setvar")
        if _adds(score) and (amount := decimal(score.text)) is not None
    ]


def _adds(score: Element) -> bool:
    return score.attributes.get("action") == "Add"


def canvas_items(archive: Archive, package: str) -> Iterator[Delivered]:
    """Every item of a package, in its quizzes and its banks; raises Unreadable where one cannot be read."""
    for name in question_files(manifest(archive)):
        for around, item in elements(archive.chunks(name), ("item",)):
            if not around or around[-1].tag not in ("section", "objectbank"):
                raise Unreadable("an item does not stand in a section or a bank")
            with within(item.attributes.get("ident", "")):
                delivered = _canvas_item(archive, around[-1], item, package)
            yield delivered


def _canvas_item(archive: Archive, holder: Element, item: Element, package: str) -> Delivered:
    kind = question_type(item)
    if kind not in _CANVAS_KEYS:
        raise Unreadable(f"a question of the type {kind!r} is not one that can be proved")
    stems = stem_texts(item)
    if not stems:
        raise Unreadable("the item has no text")
    stem = stems[0].text
    # In a group Canvas counts the group's points, whatever its items say.
    points = points_per_item(holder) or metadata(item).get("points_possible", "")
    key = _CANVAS_KEYS[kind](item)
    return Delivered(
        package=package,
        id=item.attributes.get("ident", ""),
        pool=bank_title(holder) or holder.attributes.get("title", "") or holder.attributes.get("ident", ""),
        title=item.attributes.get("title", ""),
        stem=stem.partition(PART)[0] if isinstance(key, PartsDelivered) else stem,
        feedback=feedback(item, "general_fb"),
        pictures=some(_canvas_pictures(archive, item, stem)),
        points=float(number_of(points, "the points")),
        key=key,
        if_correct=feedback(item, "correct_fb"),
        if_incorrect=feedback(item, "general_incorrect_fb"),
    )


def _canvas_pictures(archive: Archive, item: Element, stem: str) -> Iterator[DeliveredPicture]:
    options = (first_html(label) for label in labels(item))
    for option, html in ((None, stem), *enumerate(options)):
        for image in images(html):
            name = after(FILEBASE, image.link)
            yield picture_of(image, name.removeprefix("images/"), zipped_png(archive, name), option)


def points_per_item(section: Element) -> str:
    """What each item drawn from a Canvas group counts, as written; empty where there is no such group."""
    return section.text_at("selection_ordering", "selection", "selection_extension", "points_per_item").strip()


def _canvas_number(item: Element) -> NumericDelivered:
    condition = _only_condition(item)
    texts = {tag: [found.text for found in condition.inside(tag)] for tag in ("varequal", "vargte", "varlte")}
    if any(len(found) != 1 for found in texts.values()):
        raise Unreadable("the accepted answers are not one value between one lower and one upper bound")
    value, low, high = (float(number_of(found[0], f"the text of <{tag}>")) for tag, found in texts.items())
    return NumericDelivered(value=value, low=low, high=high)


def canvas_responses(item: Element) -> list[Element]:
    """The lists of a Canvas item from which one answer each is chosen."""
    return list(item.each("presentation", "response_lid"))


def _canvas_options(item: Element) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    """The idents of the options, the options, and what is said to each."""
    idents = [label.attributes.get("ident", "") for label in labels(item)]
    return (
        idents,
        tuple(first_html(label) for label in labels(item)),
        tuple(feedback(item, f"{ident}_fb") for ident in idents),
    )


def _canvas_choice(item: Element) -> ChoiceDelivered:
    idents, options, said = _canvas_options(item)
    accepted = {found.text for found in _only_condition(item).inside("varequal")}
    right = tuple(place for place, ident in enumerate(idents) if ident in accepted)
    return ChoiceDelivered(options=options, correct=right, feedback=said)


def _canvas_multiple(item: Element) -> MultipleDelivered:
    idents, options, said = _canvas_options(item)
    conditions = full_marks(item)
    together = list(conditions[0].each("conditionvar", "and")) if len(conditions) == 1 else []
    if len(together) != 1:
        raise Unreadable("the item does not have one condition that earns full marks, for all its options together")
    accepted = {found.text for found in together[0].each("varequal")}
    refused = {found.text for found in together[0].each("not", "varequal")}
    if accepted & refused or accepted | refused != set(idents):
        raise Unreadable("the condition that earns full marks does not say of each option whether it is right")
    right = tuple(place for place, ident in enumerate(idents) if ident in accepted)
    return MultipleDelivered(options=options, correct=right, feedback=said)


def _canvas_truth(item: Element) -> TrueFalseDelivered:
    choice = _canvas_choice(item)
    if not is_truths(choice.options) or len(choice.correct) != 1:
        raise Unreadable("the item does not have the two options true and false, of which one is right")
    if_true, if_false = choice.feedback
    return TrueFalseDelivered(truth=choice.correct == (0,), if_true=if_true, if_false=if_false)


def _canvas_right(item: Element, response: Element) -> int:
    """The position of the one answer in a list that adds to the score."""
    ident = response.attributes.get("ident", "")
    idents = [label.attributes.get("ident", "") for label in labels(response)]
    right = [
        found.text
        for condition, _ in part_marks(item)
        for found in condition.inside("varequal")
        if found.attributes.get("respident") == ident
    ]
    if len(right) != 1 or idents.count(right[0]) != 1:
        raise Unreadable(f"the list {ident!r} does not have one answer that adds to the score")
    return idents.index(right[0])


def _canvas_matching(item: Element) -> MatchingDelivered:
    responses = canvas_responses(item)
    listed = {tuple(first_text(label) for label in labels(response)) for response in responses}
    if len(listed) != 1:
        raise Unreadable("the prompts do not all offer the same answers")
    return MatchingDelivered(
        prompts=tuple(" ".join(first_html(material) for material in one.each("material")) for one in responses),
        answers=listed.pop(),
        pairs=tuple(_canvas_right(item, response) for response in responses),
    )


def _canvas_parts(item: Element) -> PartsDelivered:
    _, *texts = stem_texts(item)[0].text.split(PART)
    responses = canvas_responses(item)
    if not responses or len(texts) != len(responses):
        raise Unreadable("the text does not have one list to choose from in each of its parts")
    parts = []
    for text, response in zip(texts, responses, strict=True):
        stem, place, _ = text.partition(f"[{' '.join(first_text(one) for one in response.each('material'))}]")
        if not place:
            raise Unreadable("the text does not have one list to choose from in each of its parts")
        right = _canvas_right(item, response)
        options = tuple(first_html(label) for label in labels(response))
        key = (
            TrueFalseDelivered(truth=right == 0)
            if is_truths(options)
            else ChoiceDelivered(options=options, correct=(right,))
        )
        parts.append(PartDelivered(stem=stem.removesuffix("<p>"), key=key, share=1 / len(responses)))
    return PartsDelivered(parts=tuple(parts))


_CANVAS_KEYS: dict[str, Callable[[Element], KeyDelivered]] = {
    "numerical_question": _canvas_number,
    "multiple_choice_question": _canvas_choice,
    "multiple_answers_question": _canvas_multiple,
    "true_false_question": _canvas_truth,
    "matching_question": _canvas_matching,
    "multiple_dropdowns_question": _canvas_parts,
}


def _only_condition(item: Element) -> Element:
    conditions = full_marks(item)
    if len(conditions) != 1 or any(True for _ in conditions[0].inside("not")):
        raise Unreadable("the item does not have one plain condition that earns full marks")
    return conditions[0]
