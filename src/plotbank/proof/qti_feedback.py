"""What a QTI item says to whom, found in trials of it: whatever its feedback is called, what is shown counts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from lxml import etree

from . import Unreadable
from .qti_document import blocks_of
from .qti_keys import Trial, Trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Feedback (HTML): to everybody, to who earns the whole mark, to who does not, to who chose an option.

    An option goes by the name of its response and its own.
    """

    always: str
    if_correct: str
    if_incorrect: str
    to_option: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feedback:
    """One element with feedback: its HTML in blocks, and in which of the trials it is shown."""

    name: str
    blocks: tuple[str, ...]
    shown: tuple[bool, ...]


def feedback_of(item: etree._Element, trials: Trials, options: Mapping[str, Collection[str]]) -> Said:
    """What is said in all trials made; `options` are those of each response, and feedback to one bears its identifier.

    What stands at the beginning both for who earns the whole mark and for who does not, is said to everybody.

    Raises:
        Unreadable: feedback is shown to nobody, or to others than it is meant for.
    """
    found = [_read(element, trials.made) for element in item.iter("qti-modal-feedback", "qti-feedback-block")]
    said = {one.blocks for one in found if any(one.shown)}
    for one in found:
        if one.blocks not in said:
            raise Unreadable(f"the feedback {one.name!r} is never shown")
    named = {name for own in options.values() for name in own}
    always = [one for one in found if one.name not in named and all(one.shown)]
    others = [one for one in found if one.name not in named and not all(one.shown)]
    correct = _shown_where(lambda trial: trial.earned == trials.points, others, trials.made)
    incorrect = _shown_where(lambda trial: trial.earned < trials.points, others, trials.made)
    pairs = zip(correct, incorrect, strict=False)
    both = [one for one, _ in takewhile(lambda pair: pair[0].strip() == pair[1].strip(), pairs)]
    return Said(
        always=_joined([*(block for one in always for block in one.blocks), *both]),
        if_correct=_joined(correct[len(both) :]),
        if_incorrect=_joined(incorrect[len(both) :]),
        to_option=_to_options([one for one in found if one.name in named], options, trials.made),
    )


def _read(element: etree._Element, made: Sequence[Trial]) -> _Feedback:
    name, outcome = element.get("identifier", ""), element.get("outcome-identifier", "")
    shows = element.get("show-hide", "show") == "show"
    content = element.find("qti-content-body")
    values = (trial.outcomes.get(outcome) for trial in made)
    return _Feedback(
        name=name,
        blocks=tuple(blocks_of(element if content is None else content)),
        shown=tuple((name in (value if isinstance(value, tuple) else (value,))) == shows for value in values),
    )


def _shown_where(is_meant: Callable[[Trial], bool], found: Sequence[_Feedback], made: Sequence[Trial]) -> list[str]:
    """The blocks that are shown in all trials of a kind; raises Unreadable where they are not the same in all."""
    shown = {
        tuple(block for one in found if one.shown[place] for block in one.blocks)
        for place, trial in enumerate(made)
        if is_meant(trial)
    }
    if len(shown) > 1:
        names = ", ".join(repr(one.name) for one in found)
        raise Unreadable(f"the feedback {names} is shown neither to all, nor by whether they earn the whole mark")
    (alike,) = shown  # some response earns the whole mark, and an empty one nothing
    return list(alike)


def _to_options(
    found: Sequence[_Feedback], options: Mapping[str, Collection[str]], made: Sequence[Trial]
) -> dict[tuple[str, str], str]:
    texts: dict[tuple[str, str], list[str]] = {}
    for one in found:
        fitting = [
            response
            for response, own in options.items()
            if one.name in own and list(one.shown) == [one.name in trial.chosen(response) for trial in made]
        ]
        if not fitting:
            raise Unreadable(f"the feedback {one.name!r} is not shown to exactly those who choose that option")
        texts.setdefault((fitting[0], one.name), []).extend(one.blocks)
    return {option: _joined(blocks) for option, blocks in texts.items()}


def _joined(blocks: Sequence[str]) -> str:
    return "".join(blocks).strip()
