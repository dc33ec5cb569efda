"""What can be wrong with a bank although each of its items is right: something is there twice, or something that
students can see tells where the key is.

A tell-tale pattern must both hold for more than half of what chance leaves open and be so rare by chance that no bank
shows it: one in 10^9 for each of the few questions asked.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .bank_records import BankRecords, PictureRecord
from .item_templates import Template
from .item_templates.grading import Choices
from .proof.delivered import (
    ChoiceDelivered,
    Delivered,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    printed,
)
from .proof.likeness import Bytes, neighbours
from .proof.markup import fragment

FEWEST = 20
"""So many items a pattern must have before it is looked for."""

_CHANCE = 1e-9
_RANK_SIGMAS = 6.5  # standard deviations that a rank correlation is from 0 with this chance
_NEARLY_ONE = 0.999  # a rank correlation by which one thing tells the other
_HEX = 16  # characters: what names of items and pictures end in

Floats = npt.NDArray[np.float64]
K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Something to decide in an item: the place of what is right, and what the places are called."""

    right: int
    among: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """What of an item could tell its key, and the key.

    `numbers` and `picks` are what there is to decide, by what it is called; `answer` is the same for two items whose
    answers can be passed on.  `sizes` are those of the pictures' files in bytes, `option_sizes` of the options' only.
    """

    form: str
    package: str
    question: str
    variant: str
    answer: str
    numbers: Mapping[str, float]
    picks: Mapping[str, Pick]
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    option_sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniqueness:
    """How different the variants of a question are: how many, the two whose pictures are most alike and how far `apart`
    these are (`likeness.Neighbour`), and how many share the commonest answer."""

    question: str
    variants: int
    nearest: tuple[str, str] | None
    apart: float
    shared_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture of a variant: what it was made of, and the coarse copy of what it shows."""

    variant: str
    plot: PictureRecord
    copy: Bytes


def trait(delivered: Delivered, question: str, variant: str) -> Trait:
    """What of a delivered item could tell its key."""
    return Trait(
        form=delivered.package.partition("/")[0],
        package=delivered.package,
        question=question,
        variant=variant,
        answer=_answer(delivered.key),
        numbers=dict(_numbers(delivered.key)),
        picks=dict(_picks(delivered.key)),
        names=(delivered.id, *(picture.name.removesuffix(".png") for picture in delivered.pictures)),
        sizes=tuple(len(picture.png) for picture in delivered.pictures),
        option_sizes=tuple(len(picture.png) for picture in delivered.pictures if picture.option is not None),
    )


def uniqueness(question: str, shown: Sequence[Shown], answers: Mapping[str, str]) -> Uniqueness:
    """How different the variants of a question are, of which these are all pictures and, by variant, the answers."""
    found = neighbours([one.copy for one in shown], [one.variant for one in shown])
    nearest = min(found, key=lambda pair: pair.apart, default=None)
    return Uniqueness(
        question=question,
        variants=len(answers),
        nearest=None if nearest is None else (shown[nearest.of].variant, shown[nearest.other].variant),
        apart=math.inf if nearest is None else nearest.apart,
        shared_by=max(Counter(answers.values()).values(), default=0),
    )


def twice(shown: Iterable[Shown]) -> Iterator[tuple[str, str]]:
    """Variants with the data of another one, or with a picture that looks just like another one's, and what is wrong.

    Pictures look alike when nothing can be told from their ink and they stand on the same axes: bars of the same
    heights on other axes are other pictures.
    """
    data, looks = dict[bytes, str](), dict[tuple[object, ...], str]()
    for one in shown:
        plot = one.plot
        rows = plot.values[np.lexsort(plot.values.T)]
        if (owner := data.setdefault(plot.kind.encode() + rows.tobytes(), one.variant)) != one.variant:
            yield one.variant, f"the data are also those of {owner}"
        look = (plot.kind, plot.x, plot.y, plot.size, one.copy.tobytes())
        if (owner := looks.setdefault(look, one.variant)) != one.variant:
            yield one.variant, f"the picture looks just like that of {owner}"


def same_answers(answers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variants (with their answers) whose answer another one has, where all were to be different."""
    owners = dict[str, str]()
    for variant, answer in answers.items():
        if (owner := owners.setdefault(answer, variant)) != variant:
            yield variant, f"the answer is also that of {owner}, though answers were to be different"


def reworded(records: BankRecords) -> Iterator[tuple[str, str]]:
    """Variants with an option in other words than the same claim has in all others, though nothing is filled into it;
    and what is wrong."""
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for name, variant in records.variants.items():
        for place, claim in enumerate(variant.claims):
            template = records.questions[variant.question].templates[claim.template]
            parts = variant.words.get("parts", ()) if len(variant.claims) > 1 else (variant.words,)
            options = parts[place].get("options", ()) if place < len(parts) else ()
            if isinstance(claim.answer, Choices) and len(options) == len(claim.answer.entries):
                for entry, option in zip(claim.answer.entries, options, strict=True):
                    if _is_fixed(template, entry.id):
                        found[variant.question, claim.template, entry.id].append((name, option))
    for (_, _, claim_id), words in found.items():
        (usual, _), *_ = Counter(option for _, option in words).most_common(1)
        for name, option in words:
            if option != usual:
                yield name, f"the option {claim_id!r} says {option!r}, but {usual!r} in other items"


def _is_fixed(template: Template, claim: str) -> bool:
    """Whether a claim has the same words in every item."""
    return all(claim in texts.claims and not texts.claims[claim].text.names for texts in template.texts.values())


def tells(traits: Iterable[Trait], ordered: Collection[str] = ()) -> Iterator[tuple[str, str, str]]:
    """Where the key can be told without a look at the picture: the format, the question, and how.

    In the questions that are `ordered`, the author chose the values of the options, which stand in ascending order: so
    their places say no more than the author wanted.
    """
    for (form, question), some in _groups(traits, lambda one: (one.form, one.question)):
        places = () if question in ordered else _of_places(some)
        said = dict.fromkeys((*places, *_of_order(some), *_of_names(some), *_of_sizes(some)))
        yield from ((form, question, message) for message in said)


def _of_places(traits: Sequence[Trait]) -> Iterator[str]:
    """Places of right options."""
    for name, picks in _decisions(traits, lambda one: one.picks).items():
        (place, count), *_ = Counter(pick.right for _, pick in picks).most_common(1)
        among = max((pick.among for _, pick in picks), key=len)
        if _uneven(count, len(picks), len(among)):
            yield f"{name} is {among[place]} in {count} of {len(picks)} items"


def _of_order(traits: Sequence[Trait]) -> Iterator[str]:
    """The order of the items in their package."""
    for package, some in _groups(traits, lambda one: one.package):
        orders = [
            *([number for _, number in numbers] for numbers in _decisions(some, lambda one: one.numbers).values()),
            *([float(pick.right) for _, pick in picks] for picks in _decisions(some, lambda one: one.picks).values()),
        ]
        for keys in orders:
            if len(keys) >= FEWEST and (_sorted_by_chance(keys) < _CHANCE or _correlated(range(len(keys)), keys)):
                yield f"the items of {package} stand in the order of their keys"


def _of_names(traits: Sequence[Trait]) -> Iterator[str]:
    """Names of items and of pictures, of which the last sixteen characters are read as a number."""
    for place in range(max(len(one.names) for one in traits)):
        what = "identifiers of the items" if place == 0 else "names of the pictures"
        for name, numbers in _decisions(traits, lambda one: one.numbers).items():
            codes = [_code(one.names[place]) for one, _ in numbers if place < len(one.names)]
            if len(codes) == len(numbers) >= FEWEST and _correlated(codes, [number for _, number in numbers]):
                yield f"{name}the {what} go up or down with the keys"
        for name, picks in _decisions(traits, lambda one: one.picks).items():
            texts = [one.names[place][-_HEX:] for one, _ in picks if place < len(one.names)]
            if len(texts) == len(picks) >= FEWEST and _told_by_a_character(texts, [pick.right for _, pick in picks]):
                yield f"the {what} tell what {name} is"


def _of_sizes(traits: Sequence[Trait]) -> Iterator[str]:
    """Sizes of the pictures' files."""
    for picks in _decisions(traits, lambda one: one.picks).values():
        pictured = [(one.option_sizes, pick.right) for one, pick in picks if len(one.option_sizes) == len(pick.among)]
        for extreme, called in ((max, "largest"), (min, "smallest")):
            hits = sum(sizes[right] == extreme(sizes) and len(set(sizes)) > 1 for sizes, right in pictured)
            if pictured and _uneven(hits, len(pictured), len(pictured[0][0])):
                yield f"the right picture is the {called} file in {hits} of {len(pictured)} items"
    for name, numbers in _decisions(traits, lambda one: one.numbers).items():
        sizes = [float(one.sizes[0]) for one, _ in numbers]
        keys = [number for _, number in numbers]
        if len(numbers) >= FEWEST and len(set(keys)) > 2 and abs(_rank_correlation(sizes, keys)) > _NEARLY_ONE:
            yield f"{name}the sizes of the pictures' files tell the keys"


def _decisions(traits: Iterable[Trait], of: Callable[[Trait], Mapping[str, T]]) -> dict[str, list[tuple[Trait, T]]]:
    """Every item with what there is to decide, by what that is called."""
    found: dict[str, list[tuple[Trait, T]]] = defaultdict(list)
    for one in traits:
        for name, decision in of(one).items():
            found[name].append((one, decision))
    return found


def _groups(traits: Iterable[Trait], by: Callable[[Trait], K]) -> Iterator[tuple[K, list[Trait]]]:
    found: dict[K, list[Trait]] = defaultdict(list)
    for one in traits:
        found[by(one)].append(one)
    yield from found.items()


def _uneven(count: int, total: int, of: int) -> bool:
    """Whether one of `of` places is right so often that a guess would mostly be right, and not by chance.

    Chance: the binomial tail, for whichever place it is.
    """
    if total < FEWEST or count / total < (1 + 1 / of) / 2:
        return False
    logs = [
        _log_choose(total, k) + k * math.log(1 / of) + (total - k) * math.log(1 - 1 / of) if of > 1 else -math.inf
        for k in range(count, total + 1)
    ]
    return of * sum(map(math.exp, logs)) < _CHANCE


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _sorted_by_chance(keys: Sequence[float]) -> float:
    """How likely it is that keys in an order drawn by chance stand sorted, or equal ones together; 1 where these do
    not.  Of n! orders, those that permute equal keys among themselves and whole groups of them do."""
    groups = Counter(keys)
    if 1 + sum(one != other for one, other in pairwise(keys)) != len(groups):
        return 1.0
    alike = sum(math.lgamma(count + 1) for count in groups.values())
    arranged = math.lgamma(len(groups) + 1) if len(groups) < len(keys) / 2 else math.log(2)
    ordered = list(dict.fromkeys(keys))
    if len(groups) >= len(keys) / 2 and ordered not in (sorted(ordered), sorted(ordered, reverse=True)):
        return 1.0
    return math.exp(min(0.0, alike + arranged - math.lgamma(len(keys) + 1)))


def _correlated(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two things go up and down together, more than chance has it."""
    return abs(_rank_correlation(one, other)) * math.sqrt(len(one) - 1) > _RANK_SIGMAS


def _rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's, with the mean rank for equal values; 0 where all are equal."""
    a, b = _ranks(one), _ranks(other)
    spread = float(np.sqrt(a @ a * (b @ b)))
    return float(a @ b) / spread if spread > 0 else 0.0


def _ranks(values: Sequence[float]) -> Floats:
    """Ranks less their mean, shape (n,)."""
    _, place, counts = np.unique(np.array(values), return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    ranks: Floats = mean_ranks[place] - (len(values) + 1) / 2
    return ranks


def _code(name: str) -> float:
    """The number that the end of a name is, in hexadecimal digits; names that are no numbers come first."""
    try:
        return float(int(name[-_HEX:], 16))
    except ValueError:
        return -1.0


def _told_by_a_character(texts: Sequence[str], right: Sequence[int]) -> bool:
    """Whether one character of the texts always tells which answer is right, and not by chance.

    By chance it does in at most groups^answers of the orders in which the keys could stand.
    """
    counts = Counter(right)
    orders = math.lgamma(len(right) + 1) - sum(math.lgamma(count + 1) for count in counts.values())
    for place in range(1, min(map(len, texts)) + 1):
        by_character: dict[str, set[int]] = defaultdict(set)
        for text, answer in zip(texts, right, strict=True):
            by_character[text[-place]].add(answer)
        if all(len(answers) == 1 for answers in by_character.values()):
            ways = len(by_character) * math.log(len(counts))
            if len(counts) > 1 and math.log(_HEX) + ways - orders < math.log(_CHANCE):
                return True
    return False


def _answer(key: KeyDelivered) -> str:
    """The same for two items whose answers can be passed on: with the same options, whatever their order."""
    match key:
        case ChoiceDelivered() | MultipleDelivered():
            right = sorted(_words(key.options[place]) for place in key.correct)
            return "|".join((*right, "", *sorted(map(_words, key.options))))
        case MatchingDelivered():
            return "|".join((printed(key), *sorted(map(_words, key.answers))))
        case PartsDelivered():
            return "|".join(_answer(part.key) for part in key.parts)
        case NumericDelivered() | TrueFalseDelivered():
            return printed(key)


def _words(html: str) -> str:
    return fragment(html).words


def _numbers(key: KeyDelivered) -> Iterator[tuple[str, float]]:
    if isinstance(key, NumericDelivered):
        yield "", key.value
    elif isinstance(key, PartsDelivered):
        for number, part in enumerate(key.parts, start=1):
            yield from ((f"part {number}: {name}", value) for name, value in _numbers(part.key))


def _picks(key: KeyDelivered) -> Iterator[tuple[str, Pick]]:
    match key:
        case ChoiceDelivered() if len(key.correct) == 1 and len(key.options) > 1:
            yield "the right option", Pick(right=key.correct[0], among=_numbered(len(key.options)))
        case MultipleDelivered():
            for place in range(len(key.options)):
                yield f"option {place + 1}", Pick(right=int(place in key.correct), among=("wrong", "right"))
        case TrueFalseDelivered():
            yield "the statement", Pick(right=int(key.truth), among=("false", "true"))
        case MatchingDelivered():
            for place, pair in enumerate(key.pairs, start=1):
                yield f"the answer to prompt {place}", Pick(right=pair, among=_numbered(len(key.answers)))
        case PartsDelivered():
            for number, part in enumerate(key.parts, start=1):
                yield from ((f"part {number}: {name}", pick) for name, pick in _picks(part.key))
        case _:
            return


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"number {place}" for place in range(1, count + 1))
