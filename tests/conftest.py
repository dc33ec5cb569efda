"""What several tests share: a bank to look at, made once, and small helpers."""

import os
import shutil
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side: threads of each would only be in the way
ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "intro-statistics"
SECRET = bytes(range(32))


@pytest.fixture(scope="session")
def example_bank(tmp_path_factory):
    """The example quiz for its 40 students, built once with a fixed secret.  Do not change it: copy it."""
    from plotbank.build import build
    from plotbank.exporters import exporters
    from plotbank.quiz import read_quiz
    from plotbank.roster import read_roster

    folder = tmp_path_factory.mktemp("example") / "bank"
    roster = read_roster(EXAMPLE / "roster.csv")
    build(read_quiz(EXAMPLE / "quiz.toml"), roster, SECRET, folder, list(exporters().values()))
    return folder


@pytest.fixture
def bank(example_bank, tmp_path):
    """A copy of the example bank that a test may damage."""
    return Path(shutil.copytree(example_bank, tmp_path / "bank"))


@pytest.fixture
def quiz_file(tmp_path):
    """Write a quiz file with these lines changed and return its path."""

    def write(text, name="quiz.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
