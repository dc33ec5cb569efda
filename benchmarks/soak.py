"""Many thousand items of all templates, built and proved: does a clean bank ever raise a false alarm?

    python benchmarks/soak.py FOLDER [--items 100000] [--students 500] [--processes 2] [--density 1] [--to moodle ...]

Every third chunk has a question for each template; the others do without the four that take ten times as long.
FOLDER gets the quiz file, with a question for each of the built-in templates, and `chunks.jsonl`.  A chunk is a bank
of its own, with its own quiz id and students; it is built and then verified, several chunks side by side, and one JSON
line says what came of it.  Items are counted once for each format.  The bank is deleted unless something was found in
it.  The same command again goes on where the last one stopped, and does again what failed.

Seconds are of the clock and of the processor (CPU); memory is the most that a process held up to then (maxrss).
Exit status 1 says that something was found, or that a chunk failed.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from plotbank.build import build
from plotbank.exporters import Exporter, exporters
from plotbank.item_templates import installed
from plotbank.items import Student
from plotbank.quiz import Quiz, read_quiz
from plotbank.roster import Roster
from plotbank.verify import verify

SECRET = bytes(range(32))
SLOW = frozenset({"scatter/clusters", "scatter/match-r", "scatter/which-has-r", "histogram/which-boxplot"})
SHOWN = 20  # findings of a chunk that its line holds


def quiz_text(density):
    """A quiz file with a question for each of the built-in templates."""
    head = f'[quiz]\ntitle = "Soak"\nid = "soak"\npicture = {{ density = {density} }}\n'
    return head + "".join(f'[[question]]\ntemplate = "{name}"\ncontext = "any"\n' for name in installed())


def roster_of(chunk, count):
    """The students of one chunk."""
    students = tuple(
        Student(id=f"{chunk}-{i}", name=f"Ann{i} Bell{i}", email=f"s{i}@example.edu") for i in range(1, count + 1)
    )
    return Roster(students=students, source="plain columns", id_column="id", left_out=())


def questions_of(chunk, quiz):
    """The questions of one chunk."""
    return tuple(one for one in quiz.questions if chunk % 3 == 1 or one.template.name not in SLOW)


def chunks_of(items, students, formats, quiz):
    """The chunks that hold so many items."""
    chunk = 0
    while items > 0:
        chunk += 1
        items -= students * formats * len(questions_of(chunk, quiz))
        yield chunk


def timed(work):
    """What a function returns, with the seconds that it took by the clock and of the processor."""
    clock, cpu = time.monotonic(), time.process_time()
    result = work()
    return result, round(time.monotonic() - clock, 1), round(time.process_time() - cpu, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every chunk is made of."""

    quiz: Quiz
    exporters: tuple[Exporter, ...]
    folder: Path
    students: int


def begin(plan):
    """What a process does first.  It was forked: a quiz that has been read cannot be sent."""
    global PLAN
    PLAN = plan


def soaked(chunk):
    """Build and verify one chunk; what came of it."""
    folder, students = PLAN.folder, PLAN.students
    bank = folder / f"bank-{chunk}"
    own = replace(PLAN.quiz, id=f"soak-{chunk}", questions=questions_of(chunk, PLAN.quiz))
    make = partial(
        build, own, roster_of(chunk, students), SECRET, bank, PLAN.exporters, overwrite=True, allow_downgrade=True
    )
    try:
        summary, build_seconds, build_cpu = timed(make)
        verdict, verify_seconds, verify_cpu = timed(partial(verify, bank, processes=1))
    except Exception as error:
        return {"chunk": chunk, "failed": f"{type(error).__name__}: {error}"}
    redraws = sum((one.tally.refused for one in summary.statistics.values()), Counter())
    if not verdict.findings:
        shutil.rmtree(bank)
    return {
        "chunk": chunk,
        "items": verdict.items,
        "proved": verdict.proved,
        "pictures": sum(one.tally.kept for one in summary.statistics.values()),
        "findings": len(verdict.findings),
        "first_findings": [f"{one.package} {one.item}: {one.message}" for one in verdict.findings[:SHOWN]],
        "build_seconds": build_seconds,
        "build_cpu": build_cpu,
        "verify_seconds": verify_seconds,
        "verify_cpu": verify_cpu,
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "draws": sum(one.tally.drawn for one in summary.statistics.values()),
        "redraws": dict(redraws.most_common()),
    }


def finished(log):
    """The lines of the chunks that need not be done again, by chunk."""
    if not log.exists():
        return {}
    lines = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    return {line["chunk"]: line for line in lines if "failed" not in line}


def report(lines):
    """Print what came of all chunks together."""
    total = {name: sum(line[name] for line in lines) for name in lines[0] if isinstance(lines[0][name], int | float)}
    redraws = sum((Counter(line["redraws"]) for line in lines), Counter())
    print(f"{len(lines)} banks, {total['items']} items, {total['proved']} proved, {total['pictures']} pictures")
    print(f"{total['findings']} findings")
    for work in ("build", "verify"):
        seconds, cpu = total[f"{work}_seconds"], total[f"{work}_cpu"]
        rate = total["items"] / cpu
        print(f"{work}: {seconds:.0f} s by the clock, {cpu:.0f} s of the processor, {rate:.0f} items per CPU second")
    print(f"memory: {max(line['memory_mib'] for line in lines)} MiB at most")
    print(f"draws: {total['draws']}, of which {redraws.total()} were refused and drawn again:")
    for reason, count in redraws.most_common():
        print(f"  {count:7}  {reason}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--items", type=int, default=100_000, help="how many at least, over all chunks")
    options.add_argument("--students", type=int, default=500, help="of each chunk")
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--density", type=int, default=1)
    options.add_argument("--to", action="append", choices=sorted(exporters()), help="repeat for several; else moodle")
    chosen = options.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        if os.environ.get(name) != "1":
            print(f"{name}=1 would be faster: the processes are in each other's way", file=sys.stderr)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    path, log = chosen.folder / "quiz.toml", chosen.folder / "chunks.jsonl"
    path.write_text(quiz_text(chosen.density), encoding="utf-8")
    quiz = read_quiz(path)
    known = finished(log)
    formats = tuple(exporters()[name] for name in chosen.to or ["moodle"])
    chunks = tuple(chunks_of(chosen.items, chosen.students, len(formats), quiz))
    plan = Plan(quiz=quiz, exporters=formats, folder=chosen.folder, students=chosen.students)
    failed = 0
    with ProcessPoolExecutor(chosen.processes, multiprocessing.get_context("fork"), begin, (plan,)) as pool:
        for done in as_completed([pool.submit(soaked, chunk) for chunk in chunks if chunk not in known]):
            line = done.result()
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            failed += "failed" in line
            said = {name: value for name, value in line.items() if name != "redraws"}
            print(" ".join(f"{name}={value}" for name, value in said.items()), flush=True)
    lines = [line for chunk, line in sorted(finished(log).items()) if chunk in chunks]
    if lines:
        report(lines)
    sys.exit(1 if failed or any(line["findings"] for line in lines) else 0)


if __name__ == "__main__":
    main()
