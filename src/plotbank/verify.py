"""Verify: a bank proved again from the files alone, package by package, picture by picture, and as a whole.

packages ── open ──► items ── words, key, tables, leaks ──► findings
                       └── pictures ── other processes ──► findings, coarse copies ──► uniqueness
"""

import hashlib
import math
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from .bank_records import VARIANT_ID, BankRecords, VariantRecord, read_records
from .data_tables import of_tables
from .generator.kinds import Plot
from .item_templates import Template, View
from .items import Axis, PictureSpec
from .picture_proof import Pictured, Proved, proved
from .processes import later, usable, workers
from .proof import Finding, Unreadable
from .proof.delivered import Delivered, PartsDelivered, printed
from .proof.packages import check_package, open_package
from .proof.rules import leaks
from .proving import of_delivered
from .question import view
from .whole_bank import Shown, Trait, Uniqueness, reworded, same_answers, tells, trait, twice, uniqueness
from .wording_record import changed, words_of

_WORD = re.compile(r"\w+")
_WORTH_PROCESSES = 150  # pictures: fewer are read sooner than other processes are started
_WITHOUT_IDS = frozenset({"moodle-synchronised"})  # formats that have none for a variant
_SAME_SHARE = 0.011  # of the mark: some platforms count in whole percent
_BATCH = 16  # variants that a process proves at a time
_AHEAD = 4  # batches for each process that are begun before the first is finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was looked at, and everything that is wrong; a proved bank has no findings.

    `uniqueness` says of each question how different its variants are.
    """

    packages: int
    items: int
    proved: int
    findings: tuple[Finding, ...]
    uniqueness: tuple[Uniqueness, ...]


@dataclass(slots=True)
class _Seen:
    """What has been seen of a bank so far; a form is a format's folder."""

    owners: dict[tuple[str, str], str] = field(default_factory=dict)  # (form, picture) -> the item that has it
    items: set[tuple[str, str]] = field(default_factory=set)  # (form, variant)
    accommodated: dict[str, bool] = field(default_factory=dict)  # package -> whether its variants have data in tables
    begun: set["_Proof"] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Proof:
    """What the pictures of a variant prove is the same in every format that delivers the same pictures."""

    variant: str
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """An item that was looked at: what is wrong but for its pictures, and what is yet to be proved by these.

    `task` is None where the same pictures are being proved for an item of another format.
    """

    package: str
    item: str
    messages: tuple[str, ...]
    trait: Trait | None = None
    proof: _Proof | None = None
    task: Pictured | None = None


def verify(
    folder: Path, advance: Callable[[str], None] = lambda package: None, processes: int | None = None
) -> Verdict:
    """Open every package of a bank, measure its pictures, and compare with its keys and with `private/`.

    No file is changed.  The verdict is the same whatever the number of processes; by default there is one for each
    processor, where there is enough to do.

    Raises:
        BankError: the folder is not a bank, or `private/` is missing or damaged.
    """
    records = read_records(folder)
    if processes is None:
        processes = usable() if len(records.owners) > _WORTH_PROCESSES else 1
    findings: list[Finding | Callable[[], list[Finding]]] = [
        *_strangers(folder, records),
        *_private_findings(folder, records),
    ]
    proofs: dict[_Proof, Proved] = {}
    traits: list[Trait] = []
    items = right = 0
    with workers(processes) as pool:
        looked = _looked(folder, records, pool, findings)
        for one, found in _with_proofs(looked, pool, _AHEAD * processes):
            proofs |= found
            messages = [*one.messages, *(proofs[one.proof].messages if one.proof else ())]
            items += 1
            right += not messages
            findings += (Finding(package=one.package, item=one.item, message=message) for message in messages)
            traits += [one.trait] if one.trait else []
            advance(one.package)
        every = [finding for part in findings for finding in ([part] if isinstance(part, Finding) else part())]
    wanted = len(records.variants) * len({name.partition("/")[0] for name in records.packages})
    if items != wanted:
        every.append(Finding(package="", item="", message=f"{items} items were found, but {wanted} were built"))
    certificates, repeated = _unique(records, proofs, traits)
    every += repeated
    every += (Finding(package="", item=item, message=message) for item, message in reworded(records))
    ordered = [name for name, question in records.questions.items() if _ordered(question.templates)]
    for form, question, message in tells(traits, ordered):
        every.append(Finding(package=form, item=question, message=message))
    return Verdict(
        packages=len(records.packages),
        items=items,
        proved=right,
        findings=tuple(dict.fromkeys(every)),  # a damaged package is found both by its rules and on reading it
        uniqueness=tuple(certificates),
    )


def _strangers(folder: Path, records: BankRecords) -> Iterator[Finding]:
    """Files outside `private/` that somebody might import although nobody built them."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if name.parts[0] != "private" and (path.is_symlink() or not path.is_dir()):
            if name.as_posix() not in records.packages:
                yield Finding(package=name.as_posix(), item="", message="the file was not built with this bank")
            elif path.is_symlink():
                yield Finding(package=name.as_posix(), item="", message="the package is a link to another file")


def _private_findings(folder: Path, records: BankRecords) -> Iterator[Finding]:
    """Files of `private/` that are not those that were built, or that do not fit together."""
    for name, wanted in records.private_files.items():
        found = _sha256(folder / "private" / name)
        if found is None:
            yield Finding(package=f"private/{name}", item="", message="the file is missing, or cannot be read")
        elif found != wanted:
            yield Finding(package=f"private/{name}", item="", message=_CHANGED)
    if records.keys.keys() != records.variants.keys():
        yield Finding(package="private/answer_key.csv", item="", message="its variants are not those of plots.jsonl")


_CHANGED = "the file has been changed since the bank was built"


def _sha256(path: Path) -> str | None:
    """The hash of a file, or None where it cannot be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _looked(
    folder: Path,
    records: BankRecords,
    pool: Executor | None,
    findings: list[Finding | Callable[[], list[Finding]]],
) -> Iterator[_Looked]:
    """Every item of a bank, in the order of its packages; what is wrong with a package goes to the findings."""
    seen, people = _Seen(), _by_first_word(records.people)
    for name in records.packages:
        path = folder / name
        found = _sha256(path)
        if found is None:
            message = "the package cannot be read" if path.exists() else "the package is missing"
            findings.append(Finding(package=name, item="", message=message))
            continue
        if found != records.packages[name]:
            findings.append(Finding(package=name, item="", message=_CHANGED))
        findings.append(later(pool, _checked, path, folder))
        try:
            for delivered in open_package(path, folder):
                yield _look(delivered, records, people, seen)
        except Unreadable as reason:
            findings.append(Finding(package=name, item="", message=str(reason)))


def _checked(path: Path, folder: Path) -> list[Finding]:
    """What the rules of a platform say of a package."""
    return list(check_package(path, folder))


def _with_proofs(
    looked: Iterable[_Looked], pool: Executor | None, ahead: int
) -> Iterator[tuple[_Looked, Mapping[_Proof, Proved]]]:
    """The items in their order, each with those proofs that were not known before.

    Of what is begun, only so many batches are in memory.
    """
    waiting: deque[tuple[list[_Looked], Callable[[], list[Proved]]]] = deque()
    items = iter(looked)
    while batch := list(islice(items, _BATCH)):
        waiting.append((batch, later(pool, proved, [one.task for one in batch if one.task])))
        if len(waiting) > ahead:
            yield from _finished(*waiting.popleft())
    while waiting:
        yield from _finished(*waiting.popleft())


def _finished(
    batch: Sequence[_Looked], result: Callable[[], list[Proved]]
) -> Iterator[tuple[_Looked, Mapping[_Proof, Proved]]]:
    found = iter(result())
    for one in batch:
        yield one, {one.proof: next(found)} if one.proof and one.task else {}


def _look(delivered: Delivered, records: BankRecords, people: Mapping[str, Sequence[str]], seen: _Seen) -> _Looked:
    """All that is wrong with one item but for what its pictures show."""
    pictures = tuple(hashlib.sha256(picture.png).hexdigest() for picture in delivered.pictures)
    name = records.variant_of(delivered.id, pictures)
    variant = records.variants.get(name)
    messages = list(_messages(delivered, name, variant, pictures, records, people, seen))
    if variant is None:
        return _Looked(package=delivered.package, item=delivered.id, messages=tuple(messages))
    proof = _Proof(name, pictures)
    first = proof not in seen.begun
    seen.begun.add(proof)
    plot = variant.plots[0]
    task = Pictured(
        variant=variant,
        templates={name: one.source for name, one in records.questions[variant.question].templates.items()},
        view=_view(plot.x, plot.y, plot.size),
        pictures=tuple(picture.png for picture in delivered.pictures),
    )
    return _Looked(
        package=delivered.package,
        item=delivered.id,
        messages=tuple(messages),
        trait=trait(delivered, variant.question, name),
        proof=proof,
        task=task if first else None,
    )


def _view(x: Axis, y: Axis, size: tuple[int, int]) -> View:
    return view(Plot(x=x, y=y, picture=PictureSpec(width=size[0], height=size[1])))


def _messages(
    delivered: Delivered,
    name: str,
    variant: VariantRecord | None,
    pictures: Sequence[str],
    records: BankRecords,
    people: Mapping[str, Sequence[str]],
    seen: _Seen,
) -> Iterator[str]:
    ends = [plot.told_ends for plot in variant.plots] if variant else []
    yield from (finding.message for finding in leaks(delivered, ends))
    for person in _named(delivered, people):
        yield f"a student can be recognised: {person!r} stands in the item"
    form = delivered.package.partition("/")[0]
    for picture in pictures:
        if (owner := seen.owners.setdefault((form, picture), delivered.id)) != delivered.id:
            yield f"the picture is also that of {owner}"
    if variant is None:
        yield "private/ knows no such variant"
        return
    if (form, name) in seen.items:
        yield "this variant has been delivered before"
    seen.items.add((form, name))
    if not VARIANT_ID.search(delivered.id) and form not in _WITHOUT_IDS:
        yield f"the identifier {delivered.id!r} is not that of a variant"
    yield from _weights(delivered, records.questions[variant.question].points)
    if list(pictures) != [plot.picture for plot in variant.plots]:
        yield "the pictures are not those that were built for this variant"
    left_out = records.left_out.get(form, {}).get(variant.question, frozenset())
    yield from of_delivered(delivered.key, variant.answers(left_out))
    yield from changed(variant.words, words_of(delivered), left_out)
    yield from _misplaced(delivered, variant, seen, accommodated=name in records.accommodated)
    if (key := printed(delivered.key)) != records.keys.get(name):
        yield f"the key is {key}, but private/answer_key.csv says {records.keys.get(name, 'nothing')}"


def _weights(delivered: Delivered, points: float) -> Iterator[str]:
    """Points, and shares of them, that are not those of the question.  The points of parts are scaled by each quiz."""
    if isinstance(delivered.key, PartsDelivered):
        shares = [part.share for part in delivered.key.parts]
        if max(shares) - min(shares) > _SAME_SHARE:
            yield f"the parts earn {', '.join(f'{share:.0%}' for share in shares)} of the mark, not equal shares"
    elif not math.isclose(delivered.points, points, rel_tol=1e-6):
        yield f"the item earns {delivered.points:g} points, but the question {points:g}"


def _misplaced(delivered: Delivered, variant: VariantRecord, seen: _Seen, *, accommodated: bool) -> Iterator[str]:
    """Data in tables that are wrong, missing, or for other students."""
    wrong = list(of_tables(delivered.stem, variant.plots))
    if accommodated:
        yield from wrong
    elif not wrong:
        yield "the data stand in a table, though not for this student"
    if seen.accommodated.setdefault(delivered.package, accommodated) != accommodated:
        yield "variants with and without the data in tables stand in one package"


def _by_first_word(people: Iterable[str]) -> dict[str, list[str]]:
    """Names, addresses and ids by the first word in them, by which they are looked up in texts."""
    found: dict[str, list[str]] = defaultdict(list)
    for person in sorted(people):
        if word := _WORD.search(person):
            found[word[0]].append(person)
    return found


def _named(delivered: Delivered, people: Mapping[str, Sequence[str]]) -> list[str]:
    """Students whose name, address or id stands in an item, as words of their own.

    A number by itself is looked for in names only: axes and feedback are full of numbers, which mean nobody.
    """
    pictures = (picture.name for picture in delivered.pictures)
    names = " ".join((delivered.id, delivered.title, delivered.pool, *pictures)).casefold()
    shown = " ".join((names, *delivered.shown)).casefold()
    asked = {person for word in set(_WORD.findall(shown)) for person in people.get(word, ())}
    return sorted(person for person in asked if _stands(person, names if person.isdecimal() else shown))


def _stands(person: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(person)}(?!\w)", text) is not None


def _ordered(templates: Mapping[str, Template]) -> bool:
    """Whether a question has numbers to choose from that the author wrote down: they stand in ascending order."""
    return any(one.type == "choice" and one.options is not None and not one.plots for one in templates.values())


def _unique(
    records: BankRecords, proofs: Mapping[_Proof, Proved], traits: Iterable[Trait]
) -> tuple[list[Uniqueness], list[Finding]]:
    """How different the variants of each question are, and those that are not."""
    shown: dict[str, list[Shown]] = defaultdict(list)
    answers: dict[str, dict[str, str]] = defaultdict(dict)
    for proof, found in proofs.items():
        variant = records.variants[proof.variant]
        shown[variant.question] += (
            Shown(variant=proof.variant, plot=plot, copy=copy)
            for plot, copy in zip(variant.plots, found.copies, strict=False)
            if copy is not None
        )
    for one in traits:
        answers[one.question].setdefault(one.variant, one.answer)
    certificates: list[Uniqueness] = []
    findings: list[Finding] = []
    for question in sorted(answers):
        certificates.append(uniqueness(question, shown[question], answers[question]))
        wrong = [*twice(shown[question])]
        if records.questions[question].distinct_answers:
            wrong += same_answers(answers[question])
        findings += (Finding(package="", item=variant, message=message) for variant, message in dict.fromkeys(wrong))
    return certificates, findings
