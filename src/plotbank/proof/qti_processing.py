"""QTI response processing, run: what an item's grader does, whatever the item claims.

Names are those of QTI 3.0 (see `qti_document`).  Numbers are exact fractions, so that shares of a mark add up; NULL is
None, and so are empty containers, as the specification says.
"""

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod

from lxml import etree

from . import Unreadable
from .contents import number_of
from .qti_document import tag_of

Single = Fraction | bool | str
Value = Single | tuple[Single, ...] | None  # a tuple is a container of the cardinality multiple

SCORE = "SCORE"

_LONGEST_NUMBER = 40
_MOST_ELEMENTS = 2_000  # of the processing, which runs up to a thousand times

_KINDS: dict[str, type[Fraction] | type[bool] | type[str]] = {
    "float": Fraction,
    "integer": Fraction,
    "boolean": bool,
    "identifier": str,
    "directedPair": str,
}

_TEMPLATES = {
    "match_correct": """<qti-response-processing><qti-response-condition>
        <qti-response-if>
            <qti-match><qti-variable identifier="RESPONSE"/><qti-correct identifier="RESPONSE"/></qti-match>
            <qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">1</qti-base-value>
            </qti-set-outcome-value>
        </qti-response-if>
        <qti-response-else>
            <qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">0</qti-base-value>
            </qti-set-outcome-value>
        </qti-response-else>
    </qti-response-condition></qti-response-processing>""",
    "map_response": """<qti-response-processing><qti-response-condition>
        <qti-response-if>
            <qti-is-null><qti-variable identifier="RESPONSE"/></qti-is-null>
            <qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">0</qti-base-value>
            </qti-set-outcome-value>
        </qti-response-if>
        <qti-response-else>
            <qti-set-outcome-value identifier="SCORE"><qti-map-response identifier="RESPONSE"/>
            </qti-set-outcome-value>
        </qti-response-else>
    </qti-response-condition></qti-response-processing>""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A declared variable: its cardinality (`multiple` or single), its base type, and a value.

    The value of a response is the correct response; that of an outcome is its default.
    """

    identifier: str
    multiple: bool
    base_type: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Map:
    """What the values of a response are worth, and between which bounds their sum is kept."""

    worth: Mapping[Single, Fraction]
    default: Fraction
    lower: Fraction | None
    upper: Fraction | None


class Grader:
    """An item's response processing.

    Raises:
        Unreadable: there is none, or it has something that is not understood; on running it, where it does what the
            specification does not allow.
    """

    def __init__(self, item: etree._Element) -> None:
        self.responses = _declared(item, "qti-response-declaration", "qti-correct-response")
        self.outcomes = _declared(item, "qti-outcome-declaration", "qti-default-value")
        self._maps = {
            one.get("identifier", ""): _map_of(mapping, one.get("base-type", ""))
            for one in item.iterfind("qti-response-declaration")
            for mapping in one.iterfind("qti-mapping")
        }
        self._rules = _rules(item)

    def run(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """The outcomes after responses; a response that is not given is NULL."""
        variables: dict[str, Value] = {name: _or_null(given.get(name)) for name in self.responses}
        variables |= {name: outcome.value for name, outcome in self.outcomes.items()}
        self._follow(self._rules, variables)
        return {name: variables[name] for name in self.outcomes}

    def thresholds(self, response: str) -> list[Fraction]:
        """The numbers, in their order, at which the outcomes of a numeric response may change; none elsewhere.

        Raises:
            Unreadable: the response is not only compared with numbers, so that its outcomes may change anywhere.
        """
        found: set[Fraction] = set()
        for variable in self._rules.iter("qti-variable", "qti-map-response"):
            if variable.get("identifier") == response:
                found.update(self._compared(variable))
        return sorted(found)

    def _compared(self, variable: etree._Element) -> list[Fraction]:
        """The numbers at which the comparison of a variable (or of what it is worth in a map) may change."""
        comparison = variable.getparent()
        assert comparison is not None  # a variable is no root
        if comparison.tag == "qti-is-null" and variable.tag == "qti-variable":
            return []
        others = [other for other in comparison if other is not variable]
        if (
            variable.tag != "qti-variable"
            or comparison.tag not in _COMPARISONS
            or len(others) != 1
            or any(True for _ in others[0].iter("qti-variable", "qti-map-response"))
        ):
            name = variable.get("identifier", "")
            raise Unreadable(f"the number {name!r} is not only compared with other numbers")
        value = self._value(others[0], {})
        if not isinstance(value, Fraction):
            return []
        return [value, *(value + sign * slack for slack in _tolerance(comparison) for sign in (-1, 1))]

    def _follow(self, rules: Iterable[etree._Element], variables: dict[str, Value]) -> None:
        for rule in rules:
            if rule.tag == "qti-set-outcome-value" and len(rule) == 1:
                self._set(rule.get("identifier", ""), self._value(rule[0], variables), variables)
            elif rule.tag == "qti-response-condition":
                self._follow(self._branch(rule, variables), variables)
            else:
                raise Unreadable(f"the rule <{tag_of(rule)}> is not one that can be proved")

    def _branch(self, condition: etree._Element, variables: Mapping[str, Value]) -> Sequence[etree._Element]:
        """The rules of the first branch whose expression is true; NULL is not."""
        for branch in condition:
            if branch.tag == "qti-response-else":
                return list(branch)
            if branch.tag not in ("qti-response-if", "qti-response-else-if") or not len(branch):
                raise Unreadable(f"the branch <{tag_of(branch)}> is not one that can be proved")
            expression, *rules = branch
            if _truths([self._value(expression, variables)])[0]:
                return rules
        return []

    def _set(self, name: str, value: Value, variables: dict[str, Value]) -> None:
        outcome = self.outcomes.get(name)
        if outcome is None:
            raise Unreadable(f"the response processing sets {name!r}, which is no declared outcome")
        singles = value if isinstance(value, tuple) else (value,)
        kind = _KINDS[outcome.base_type]
        if value is not None and (
            isinstance(value, tuple) != outcome.multiple or not all(isinstance(one, kind) for one in singles)
        ):
            raise Unreadable(f"the outcome {name!r} is set to a value of another type or cardinality")
        variables[name] = value

    def _value(self, expression: etree._Element, variables: Mapping[str, Value]) -> Value:
        name = expression.get("identifier", "")
        match tag_of(expression):
            case "qti-base-value":
                return parsed(expression.text or "", expression.get("base-type", ""))
            case "qti-null":
                return None
            case "qti-variable" if name in variables:
                return variables[name]
            case "qti-correct" if name in self.responses:
                return self.responses[name].value
            case "qti-map-response" if name in self._maps:
                return _mapped(self._maps[name], variables[name], multiple=self.responses[name].multiple)
            case "qti-variable" | "qti-correct" | "qti-map-response":
                raise Unreadable(f"<{tag_of(expression)}> names {name!r}, which is not declared for it")
            case tag if tag in _OPERATORS:
                if not len(expression) or len(expression) != _OPERANDS.get(tag, len(expression)):
                    raise Unreadable(f"<{tag}> has {len(expression)} operands")
                return _OPERATORS[tag](expression, [self._value(child, variables) for child in expression])
            case tag:
                raise Unreadable(f"the expression <{tag}> is not one that can be proved")


@lru_cache(maxsize=4096)  # the same few values are read in every run
def parsed(text: str, base_type: str) -> Single:
    """A written value of a base type; raises Unreadable where it is none, or the base type is not one of ours."""
    text = " ".join(text.split())
    match base_type:
        case "float" | "integer":
            return exact(text, f"a value of the type {base_type}")
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "identifier" | "directedPair" if text:
            return text
        case _:
            raise Unreadable(f"{text[:40]!r} is not a value of a type that can be proved ({base_type[:40]!r})")


def exact(text: str, what: str) -> Fraction:
    """A plain decimal number; raises Unreadable, with what it should be, for anything else or too long a number."""
    if len(text) > _LONGEST_NUMBER:
        raise Unreadable(f"{what} is longer than {_LONGEST_NUMBER} characters")
    return Fraction(number_of(text, what))


def _declared(item: etree._Element, tag: str, holder: str) -> dict[str, Declaration]:
    found: dict[str, Declaration] = {}
    for one in item.iterfind(tag):
        name, kind = one.get("identifier", ""), one.get("base-type", "")
        cardinality = one.get("cardinality", "")
        if kind not in _KINDS or cardinality not in ("single", "multiple"):
            raise Unreadable(f"the variable {name!r} is of a type or cardinality that cannot be proved")
        values = tuple(parsed(value.text or "", kind) for value in one.iterfind(f"{holder}/qti-value"))
        multiple = cardinality == "multiple"
        if not multiple and len(values) > 1:
            raise Unreadable(f"the variable {name!r} is single but has {len(values)} values")
        value: Value = values if multiple else next(iter(values), None)
        if value is None and tag == "qti-outcome-declaration" and _KINDS[kind] is Fraction:
            value = Fraction(0)  # numeric outcomes begin at 0, others at NULL
        if name in found:
            raise Unreadable(f"the variable {name!r} is declared twice")
        found[name] = Declaration(identifier=name, multiple=multiple, base_type=kind, value=_or_null(value))
    return found


def _rules(item: etree._Element) -> etree._Element:
    found = item.find("qti-response-processing")
    if found is None:
        raise Unreadable("the item has no response processing")
    if sum(1 for _ in found.iter()) > _MOST_ELEMENTS:
        raise Unreadable(f"the response processing has more than {_MOST_ELEMENTS:,} elements")
    if len(found) or "template" not in found.attrib:
        return found
    name = found.get("template", "").rpartition("/")[2].removesuffix(".xml")
    if name not in _TEMPLATES:
        raise Unreadable(f"the response processing template {name[:60]!r} is not one that can be proved")
    return etree.fromstring(_TEMPLATES[name])


def _or_null(value: Value) -> Value:
    return None if value == () else value


def _map_of(mapping: etree._Element, base_type: str) -> _Map:
    return _Map(
        worth={
            parsed(entry.get("map-key", ""), base_type): exact(entry.get("mapped-value", ""), "a mapped value")
            for entry in mapping.iterfind("qti-map-entry")
        },
        default=_number(mapping, "default-value") or Fraction(0),
        lower=_number(mapping, "lower-bound"),
        upper=_number(mapping, "upper-bound"),
    )


def _mapped(values: _Map, value: Value, *, multiple: bool) -> Fraction:
    """What a response is worth: each value in a container counts once, and no single value is worth the default."""
    if multiple:
        chosen = set(value) if isinstance(value, tuple) else set()
        whole = sum((values.worth.get(one, values.default) for one in chosen), Fraction(0))
    else:
        whole = values.default
        if value is not None and not isinstance(value, tuple):
            whole = values.worth.get(value, whole)
    whole = whole if values.lower is None else max(whole, values.lower)
    return whole if values.upper is None else min(whole, values.upper)


def _number(element: etree._Element, attribute: str) -> Fraction | None:
    written = element.get(attribute)
    return None if written is None else exact(written, f"the {attribute} of <{tag_of(element)}>")


def _tolerance(equal: etree._Element) -> tuple[Fraction, ...]:
    """The tolerances below and above of `<qti-equal>`; nothing where it is exact, or another comparison."""
    mode = equal.get("tolerance-mode", "exact")
    if mode == "exact":
        return ()
    written = [exact(one, "a tolerance") for one in equal.get("tolerance", "").split()]
    if mode != "absolute" or len(written) not in (1, 2):
        raise Unreadable("the tolerance of an <qti-equal> is not one or two absolute numbers")
    return written[0], written[-1]


def _truths(values: Sequence[Value]) -> list[bool | None]:
    found = [value for value in values if value is None or isinstance(value, bool)]
    if len(found) != len(values):
        raise Unreadable("something that is neither true nor false stands where a condition should")
    return found


def _numbers(values: Sequence[Value]) -> list[Fraction] | None:
    """All numbers, also those in containers; None where one of the values is NULL."""
    flat = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
    if any(one is None for one in flat):
        return None
    found = [one for one in flat if isinstance(one, Fraction)]
    if len(found) != len(flat) or not found:
        raise Unreadable("something that is no number stands where a number should")
    return found


def _and(_: etree._Element, values: Sequence[Value]) -> Value:
    truths = _truths(values)
    return False if False in truths else None if None in truths else True


def _or(_: etree._Element, values: Sequence[Value]) -> Value:
    truths = _truths(values)
    return True if True in truths else None if None in truths else False


def _not(_: etree._Element, values: Sequence[Value]) -> Value:
    (truth,) = _truths(values)
    return None if truth is None else not truth


def _is_null(_: etree._Element, values: Sequence[Value]) -> Value:
    return values[0] is None


def _match(_: etree._Element, values: Sequence[Value]) -> Value:
    one, other = values
    if one is None or other is None:
        return None
    if type(one) is not type(other):
        raise Unreadable("<qti-match> compares values of different types")
    return Counter(one) == Counter(other) if isinstance(one, tuple) and isinstance(other, tuple) else one == other


def _member(_: etree._Element, values: Sequence[Value]) -> Value:
    one, container = values
    if one is None or container is None:
        return None
    if isinstance(one, tuple) or not isinstance(container, tuple):
        raise Unreadable("<qti-member> does not look for one value in a container")
    return one in container


def _contains(_: etree._Element, values: Sequence[Value]) -> Value:
    container, part = values
    if container is None or part is None:
        return None
    if not isinstance(container, tuple) or not isinstance(part, tuple):
        raise Unreadable("<qti-contains> does not compare two containers")
    return Counter(container) >= Counter(part)


def _multiple(_: etree._Element, values: Sequence[Value]) -> Value:
    flat = (one for value in values for one in (value if isinstance(value, tuple) else (value,)))
    return _or_null(tuple(one for one in flat if one is not None))


def _equal(equal: etree._Element, values: Sequence[Value]) -> Value:
    numbers = _numbers(values)
    if numbers is None:
        return None
    one, other = numbers
    tolerance = _tolerance(equal)
    if not tolerance:
        return one == other
    low, high = one - tolerance[0], one + tolerance[1]
    above = operator.le if equal.get("include-lower-bound", "true") == "true" else operator.lt
    below = operator.le if equal.get("include-upper-bound", "true") == "true" else operator.lt
    return bool(above(low, other) and below(other, high))


Operator = Callable[[etree._Element, Sequence[Value]], Value]


def _comparison(compare: Callable[[Fraction, Fraction], bool]) -> Operator:
    def run(_: etree._Element, values: Sequence[Value]) -> Value:
        numbers = _numbers(values)
        return None if numbers is None else compare(*numbers)

    return run


def _arithmetic(compute: Callable[[list[Fraction]], Fraction | None]) -> Operator:
    def run(_: etree._Element, values: Sequence[Value]) -> Value:
        numbers = _numbers(values)
        return None if numbers is None else compute(numbers)

    return run


def _difference(numbers: list[Fraction]) -> Fraction:
    one, other = numbers
    return one - other


def _quotient(numbers: list[Fraction]) -> Fraction | None:
    one, other = numbers
    return one / other if other else None


_COMPARISONS: dict[str, Operator] = {
    "qti-equal": _equal,
    "qti-match": _match,
    "qti-gte": _comparison(operator.ge),
    "qti-lte": _comparison(operator.le),
    "qti-gt": _comparison(operator.gt),
    "qti-lt": _comparison(operator.lt),
}
_OPERANDS = {
    "qti-not": 1,
    "qti-is-null": 1,
    **dict.fromkeys((*_COMPARISONS, "qti-member", "qti-contains", "qti-subtract", "qti-divide"), 2),
}
_OPERATORS = _COMPARISONS | {
    "qti-and": _and,
    "qti-or": _or,
    "qti-not": _not,
    "qti-is-null": _is_null,
    "qti-member": _member,
    "qti-contains": _contains,
    "qti-multiple": _multiple,
    "qti-sum": _arithmetic(lambda numbers: sum(numbers, Fraction(0))),
    "qti-product": _arithmetic(lambda numbers: prod(numbers, start=Fraction(1))),
    "qti-subtract": _arithmetic(_difference),
    "qti-divide": _arithmetic(_quotient),
    "qti-max": _arithmetic(max),
    "qti-min": _arithmetic(min),
}
