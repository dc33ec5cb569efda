"""A bank is built, and proved, without torch: kinds import it inside the methods that training calls, and nowhere else."""

import subprocess
import sys

from .conftest import EXAMPLE

BUILD = """
import sys
from pathlib import Path
from plotbank.build import build
from plotbank.exporters import exporters
from plotbank.generator.kinds import kinds
from plotbank.items import Student
from plotbank.quiz import read_quiz
from plotbank.roster import Roster
from plotbank.verify import verify

quiz, folder = read_quiz(Path(sys.argv[1])), Path(sys.argv[2])
roster = Roster(students=(Student(id="a"), Student(id="b")), source="", id_column="id", left_out=())
build(quiz, roster, bytes(32), folder, list(exporters().values()), device="cpu")
assert not verify(folder).findings
kinds()
heavy = {"torch", "pandas", "sklearn", "onnx", "plotbank.generator.training"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""


def test_a_bank_is_built_and_verified_without_torch(tmp_path):
    command = [sys.executable, "-c", BUILD, str(EXAMPLE / "quiz.toml"), str(tmp_path / "bank")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
