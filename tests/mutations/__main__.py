"""Plants every fault into good banks and prints what `verify` found of it.

    python -m tests.mutations FOLDER [FAULT ...]

The good banks are built in FOLDER unless they are there already (a minute or two); every faulty one is left there to be
looked at, under the name of its fault.  Exit status 1 says that a fault was missed, or that something was found besides.
Whether clean banks raise no false alarm is another question: `python benchmarks/soak.py` asks it.
"""

import argparse
import sys
from pathlib import Path

from ..conftest import EXAMPLE, every_quiz, recorded, students_of
from .drafts import draft_of
from .faults import FAULTS, FORMATS
from .trials import remembered_readings, tried


def good_banks(folder):
    """The drafts of the banks that faults are planted into, by name."""
    from plotbank.roster import read_roster

    every, tables = folder / "every", folder / "accommodating"
    example, ringed = folder / "example", folder / "ringed"
    makers = {
        every: lambda: (every_quiz(every), students_of(3), {}),
        tables: lambda: (every_quiz(tables, TABLES), students_of(3), {"accommodate": ["student-2"]}),
        example: lambda: (EXAMPLE / "quiz.toml", read_roster(EXAMPLE / "roster.csv").students, {}),
        ringed: lambda: (ringed_quiz(ringed), students_of(2), {}),
    }
    for place, make in makers.items():
        if (place / "bank").is_dir():
            continue
        print(f"building {place} ...", file=sys.stderr)
        place.mkdir(parents=True, exist_ok=True)
        quiz, students, options = make()
        recorded(quiz, students, place, ["moodle"], **options)
    return {place.name: draft_of(place / "bank") for place in makers}


MOST = 6  # findings that are printed besides those that were wanted
TABLES = ("slope", "match", "medians", "boxes", "bars")


def ringed_quiz(folder):
    """A quiz about a point with a ring around it."""
    path = folder / "quiz.toml"
    path.write_text(
        '[quiz]\ntitle = "Ringed"\nid = "ringed"\npicture = { density = 1 }\n'
        '[[question]]\nid = "without"\ncontext = "any"\ntemplate = "scatter/without-point"\n',
        encoding="utf-8",
    )
    return path


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("faults", nargs="*", metavar="FAULT", help="only these")
    chosen = options.parse_args()
    if unknown := [name for name in chosen.faults if name not in FAULTS]:
        options.error(f"there is no fault {unknown[0]!r}: known are {', '.join(FAULTS)}")
    banks = good_banks(chosen.folder)
    missed = 0
    with remembered_readings():
        for fault in (FAULTS[name] for name in chosen.faults or FAULTS):
            trial = tried(fault, banks[fault.bank], chosen.folder / fault.name, FORMATS)
            missed += not trial.caught
            print(f"{'caught' if trial.caught else 'MISSED':7} {fault.name} ({', '.join(trial.formats)})")
            for finding in trial.about[:1]:
                print(f"          {finding.item or finding.package}: {finding.message}")
            if not trial.caught:
                print(f"          not caught in: {', '.join(trial.missed)}; wanted: {fault.finding}")
                for finding in (*trial.beside, *trial.others)[:MOST]:
                    print(f"          besides: {finding.package} {finding.item}: {finding.message}")
    print(f"{len(chosen.faults or FAULTS) - missed} of {len(chosen.faults or FAULTS)} kinds of fault were caught")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
