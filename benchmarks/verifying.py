"""How many items a second `plotbank verify` proves: banks of one question, verified by one process and by all.

    python benchmarks/verifying.py [students, default 500] [template ..., default scatter/estimate-r]

For each template and density a bank for Moodle and Canvas (what `plotbank build` writes unless told otherwise) and one
for Moodle alone are built.  Each is verified twice by one process and twice by as many as there are processors, in
turn; the better of two counts.  Because machines differ, and are busy with other things, the same pictures are decoded
by Pillow in between: "in decodings" is how many pictures Pillow decodes (PNG to RGB) in the processor time that one
item takes.  Seconds by the clock include the start of processes, not of Python.
"""

import io
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from plotbank.build import build
from plotbank.exporters import exporters
from plotbank.items import Student
from plotbank.processes import usable
from plotbank.proof.packages import open_package
from plotbank.quiz import read_quiz
from plotbank.roster import Roster
from plotbank.verify import verify

QUIZ = '[quiz]\ntitle = "Speed"\nid = "speed"\npicture = {{ density = {} }}\n[[question]]\ntemplate = "{}"\n'


def spent():
    """Processor seconds of this process and of those that it waited for."""
    own, others = (resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in (own, others))


def timed(work):
    """What comes of some work, and its seconds by the clock and of processors."""
    clock, cpu = time.perf_counter(), spent()
    found = work()
    return found, time.perf_counter() - clock, spent() - cpu


def decoded(bank):
    """Processor seconds in which Pillow decodes one of a bank's pictures."""
    package = next((bank / "moodle").iterdir())
    pictures = [one.png for item in open_package(package, bank) for one in item.pictures][:300]

    def work():
        for png in pictures:
            with Image.open(io.BytesIO(png)) as image:
                image.convert("RGB").load()

    return min(timed(work)[2] for _ in range(3)) / len(pictures)


def main():
    """Print a row for each bank."""
    arguments = sys.argv[1:]
    count = int(arguments.pop(0)) if arguments else 500
    students = tuple(Student(id=f"{i}", name=f"Ann{i} Bell{i}", email=f"s{i}@example.edu") for i in range(count))
    roster = Roster(students=students, source="plain columns", id_column="id", left_out=())
    print(f"{usable()} processors, {os.uname().machine}, Python {sys.version.split()[0]}; {count} students")
    print("| template | density | formats | items | findings | per CPU second | in decodings | per second, together |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments or ["scatter/estimate-r"]:
            for density in (1, 2):
                for formats in (("moodle", "canvas"), ("moodle",)):
                    path, bank = Path(folder) / "quiz.toml", Path(folder) / f"bank-{density}-{len(formats)}-{name[:5]}"
                    path.write_text(QUIZ.format(density, name), encoding="utf-8")
                    build(
                        read_quiz(path), roster, bytes(32), bank, [exporters()[one] for one in formats], overwrite=True
                    )
                    runs = [(timed(lambda: verify(bank, processes=1)), timed(lambda: verify(bank))) for _ in range(2)]  # noqa: B023
                    verdict = runs[0][0][0]
                    cpu = min(alone[2] for alone, _ in runs) / verdict.items
                    clock = min(together[1] for _, together in runs)
                    print(
                        f"| {name} | {density} | {' + '.join(formats)} | {verdict.items} | {len(verdict.findings)} "
                        f"| {1 / cpu:.0f} | {cpu / decoded(bank):.1f} | {verdict.items / clock:.0f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
