"""The evidence of a bank as a page: what `evidence.json` holds, in words for those who are shown it when a mark is
contested.  It names no student, and no key."""

from collections.abc import Iterator, Mapping
from typing import Any

from .record_page import record_page

Record = Mapping[str, Any]
_REASONS = 2  # for redraws, of one question; the others are counted together


def evidence_page(evidence: Record, sha256: str) -> str:
    """One page of HTML about this evidence, whose file has this SHA-256."""
    questions = evidence["questions"]
    return record_page(
        "evidence.html.jinja",
        quiz=evidence["quiz"],
        lead=_lead(evidence),
        checks=evidence["checks"],
        questions=[
            {
                "title": question["title"],
                "about": f"{identifier}, {question['kind']}",
                "unique": _unique(question),
                "answers": _answers(question),
                "fair": _fair(question),
                "redrawn": _redrawn(question),
            }
            for identifier, question in questions.items()
        ],
        note=" ".join(_notes(evidence)),
        quiz_file=evidence["quiz_file"],
        models=[{"name": name, "sha256": model["sha256"]} for name, model in evidence["models"].items()],
        seeds=evidence["seeds"],
        versions=", ".join(f"{name} {version}" for name, version in evidence["versions"].items()),
        files=list(_files(evidence)),
        sha256=sha256,
    )


def _lead(evidence: Record) -> str:
    counts, students = evidence["counts"], evidence["roster"]["students"]
    items, pictures = _many(counts["items"], "item"), _many(counts["pictures"], "picture")
    return (
        f"The bank holds a variant of each of {_many(counts['questions'], 'question')} for each of "
        f"{_many(students, 'student')}: {items} with {pictures} of {counts['values']:,} points and values. This page "
        "says how their keys were proved; it names no student and holds no key."
    )


def _unique(question: Record) -> str:
    """The certificate of uniqueness."""
    variants, pictures = _many(question["variants"], "variant"), question["pictures"]
    if question["different_pictures"] == question["different_data_sets"] == pictures:
        said = f"{variants}, no two pictures or data sets alike"
    else:
        different = question["different_pictures"], question["different_data_sets"]
        said = f"{variants}: of {pictures:,} pictures {different[0]:,} differ, of the data sets {different[1]:,}"
    nearest = question["nearest_pair"]
    if nearest is None:
        return f"{said}."
    return f"{said}; the two most alike differ by {100 * nearest['apart']:.1f}\N{NO-BREAK SPACE}%."


def _answers(question: Record) -> str:
    """How many students share a key, and how many the key with all options."""
    keys = question["different_keys"], question["largest_group_with_one_key"]
    answers = question["different_answers"], question["largest_group_with_one_answer"]
    said = f"{_many(keys[0], 'key')}, {_shared(keys[1])}"
    return f"{said}." if answers == keys else f"{said}; with the options {answers[0]:,}, {_shared(answers[1])}."


def _shared(most: int) -> str:
    return "none shared" if most == 1 else f"shared by {most:,} at most"


def _fair(question: Record) -> str:
    """How far the variants are apart in difficulty, and how clear the least clear is."""
    spread, clarity = question["predicted_difficulty"], question["clarity"]
    return (
        f"{spread['least']:.2f} to {spread['greatest']:.2f} (SD {spread['standard_deviation']:.2f}); clarity "
        f"{clarity['least']:.2f} or more."
    )


def _redrawn(question: Record) -> str:
    """How many draws were refused, and why."""
    redraws = question["redraws"]
    if not redraws:
        return f"None of {_many(question['draws'], 'draw')}."
    commonest = sorted(redraws.items(), key=lambda one: (-one[1], one[0]))
    why = [f"{reason} {times:,}" for reason, times in commonest[:_REASONS]]
    if others := sum(times for _, times in commonest[_REASONS:]):
        why.append(f"other reasons {others:,}")
    return f"{sum(redraws.values()):,} of {_many(question['draws'], 'draw')}: {', '.join(why)}."


def _notes(evidence: Record) -> Iterator[str]:
    """What the table's words mean, and what is out of the ordinary."""
    yield (
        "Pictures are compared cell by cell: 0\N{NO-BREAK SPACE}% is the same picture. Difficulty is predicted, in "
        "logits: where 50 in 100 are right, half a logit more makes it 62. Clarity is the distance from the key to the "
        "nearest answer that is marked wrong, in units of what a person can just tell apart. A draw that was refused "
        "was shown to nobody: the next one from the same student's seed took its place."
    )
    if accommodated := evidence["built_with"]["accommodated"]:
        yield f"{_many(accommodated, 'student')} got the data in a table too, in packages of their own."
    if bans := evidence["bans"]:
        yield f"{_many(len(bans), 'item')} looked at before the exam and withdrawn by the instructor."
    for form, questions in evidence["left_out"].items():
        for question, what in questions.items():
            yield f"Left out in {form}, question {question}: {', '.join(what.values())}."


def _files(evidence: Record) -> Iterator[Record]:
    for name, sha256 in evidence["packages"].items():
        yield {"name": name, "sha256": sha256}
    for name, sha256 in evidence["private_files"].items():
        yield {"name": f"private/{name}", "sha256": sha256}


def _many(number: int, one: str) -> str:
    return f"{number:,} {one}" + ("" if number == 1 else "s")
