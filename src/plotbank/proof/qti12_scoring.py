"""The response processing of a QTI 1.2 item, run: what an answer earns, and what is said to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from . import Unreadable
from .contents import decimal, number_of
from .markup import Element

Answers = Mapping[str, frozenset[str]]
"""What is answered to each response of an item, by its ident: what is chosen (idents), or the one text written; nothing
where it is left blank."""

_COMPARED = frozenset(("varlt", "varlte", "vargt", "vargte"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an answer earns, and the idents of the feedback that is shown."""

    score: Decimal
    shown: frozenset[str]


def outcome(item: Element, answers: Answers) -> Outcome:
    """Run an item's `<resprocessing>`.

    The conditions are tried in their order; behind one that holds only `continue="Yes"` goes on to the next.

    Raises:
        Unreadable: it does something that cannot be run, or refers to what the item does not have.
    """
    processings = list(item.each("resprocessing"))
    if len(processings) != 1:
        raise Unreadable(f"the item has {len(processings)} <resprocessing> instead of one")
    variable = score_variable(item)
    score = number_of(variable.attributes.get("defaultval", "0"), "the default of SCORE")
    shown: set[str] = set()
    for condition in processings[0].each("respcondition"):
        if not all(_holds(test, answers) for test in condition.each("conditionvar")):
            continue
        for change in condition.each("setvar"):
            score = _changed(score, change)
        shown |= {link.attributes.get("linkrefid", "") for link in condition.each("displayfeedback")}
        if condition.attributes.get("continue", "No") != "Yes":
            break
    for bound, nearer in (("minvalue", max), ("maxvalue", min)):
        if bound in variable.attributes:
            score = nearer(score, number_of(variable.attributes[bound], f"the {bound} of SCORE"))
    return Outcome(score=score, shown=frozenset(shown))


def score_variable(item: Element) -> Element:
    """The declaration of an item's only outcome, SCORE; raises Unreadable where there are others or none."""
    declared = list(item.each("resprocessing", "outcomes", "decvar"))
    names = [one.attributes.get("varname", "SCORE") for one in declared]
    if names != ["SCORE"]:
        raise Unreadable(f"the item declares {' and '.join(names) or 'no outcome'}, not SCORE alone")
    return declared[0]


def _changed(score: Decimal, change: Element) -> Decimal:
    name, action = change.attributes.get("varname", "SCORE"), change.attributes.get("action", "Set")
    if name != "SCORE":
        raise Unreadable(f"the item sets {name}, which it does not declare")
    amount = number_of(change.text, "what a condition earns")
    match action:
        case "Set":
            return amount
        case "Add":
            return score + amount
        case _:
            raise Unreadable(f"the item changes SCORE by {action!r}, which cannot be run: only Set and Add can")


def _holds(test: Element, answers: Answers) -> bool:
    match test.tag:
        case "conditionvar" | "and":
            return all(_holds(one, answers) for one in test.children)
        case "or":
            return any(_holds(one, answers) for one in test.children)
        case "not":
            return not all(_holds(one, answers) for one in test.children)
        case "other":
            return True
        case "unanswered":
            return not _answered(test, answers)
        case "varequal":
            return test.text.strip().casefold() in {given.casefold() for given in _answered(test, answers)}
        case _ if test.tag in _COMPARED:
            bound = number_of(test.text, f"the text of <{test.tag}>")
            return any(_compares(test.tag, decimal(given), bound) for given in _answered(test, answers))
        case _:
            raise Unreadable(f"the condition <{test.tag}> cannot be run")


def _answered(test: Element, answers: Answers) -> frozenset[str]:
    ident = test.attributes.get("respident", "")
    if ident not in answers:
        raise Unreadable(f"a condition asks for the response {ident!r}, which the item does not have")
    return answers[ident]


def _compares(tag: str, given: Decimal | None, bound: Decimal) -> bool:
    if given is None:
        return False
    return (given < bound and "lt" in tag) or (given > bound and "gt" in tag) or (given == bound and tag.endswith("e"))
