"""A bank is built, and proved, without torch: kinds import it inside the methods that training calls, and nowhere else."""

import subprocess
import sys

BUILD = """
import sys
from pathlib import Path
from plotbank.build import build
from plotbank.exporters import exporters
from plotbank.generator.kinds import kinds
from plotbank.items import Student
from plotbank.outlook import outlook
from plotbank.quiz import read_quiz
from plotbank.roster import Roster
from plotbank.verify import verify

quiz, folder = read_quiz(Path(sys.argv[1])), Path(sys.argv[2])
list(outlook(quiz.questions[0], 1))
roster = Roster(students=(Student(id="a"),), source="", id_column="id", left_out=())
build(quiz, roster, bytes(32), folder, [exporters()[name] for name in ("moodle", "qti30", "html")], device="cpu")
assert not verify(folder).findings
kinds()
heavy = {"torch", "pandas", "sklearn", "onnx", "plotbank.generator.training"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""


QUIZ = '[quiz]\ntitle = "T"\nid = "t"\npicture = { density = 1 }\n' + "".join(
    f'[[question]]\ntemplate = "{template}"\n'
    for template in ("scatter/slope", "boxplot/median", "histogram/count-above")
)


def test_a_bank_is_built_and_verified_without_torch(tmp_path):
    """Plots of every kind."""
    (tmp_path / "quiz.toml").write_text(QUIZ)
    command = [sys.executable, "-c", BUILD, str(tmp_path / "quiz.toml"), str(tmp_path / "bank")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
