"""Draw `three-students.png` for the README: the same question as three students get it, with their keys below."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from plotbank.build import build
from plotbank.exporters import exporters
from plotbank.items import Student
from plotbank.quiz import read_quiz
from plotbank.roster import Roster

ROOT = Path(__file__).parent.parent
WIDTH, HEIGHT, CAPTION = 600, 450, 60


def main() -> None:
    """Build a bank for three students and put their pictures side by side."""
    quiz = read_quiz(ROOT / "examples" / "intro-statistics" / "quiz.toml")
    students = tuple(Student(id=name) for name in ("Ada", "Bashir", "Chiara"))
    roster = Roster(students=students, source="plain columns", id_column="id", left_out=())
    sheet = Image.new("RGB", (3 * WIDTH, HEIGHT + CAPTION), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(26)
    with tempfile.TemporaryDirectory() as scratch:
        bank = Path(scratch) / "bank"
        build(quiz, roster, b"three students for the README ..", bank, [exporters()["canvas"]])
        lines = (bank / "private" / "plots.jsonl").read_text().splitlines()
        records = [record for record in map(json.loads, lines) if record["variant"].startswith("q1_")]
        with zipfile.ZipFile(next((bank / "canvas").iterdir())) as package:
            for place, record in enumerate(records):
                png = package.read(f"images/p{record['variant'].removeprefix('q1_')}.png")
                picture = Image.open(io.BytesIO(png)).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
                sheet.paste(picture, (place * WIDTH, 0))
                middle = (place * WIDTH + WIDTH // 2, HEIGHT + CAPTION // 2)
                text = f"student {place + 1}:  n = {len(record['values'])},  key r = {record['key']}"
                draw.text(middle, text, fill="#262626", font=font, anchor="mm")
    sheet.quantize(32).save(ROOT / "docs" / "three-students.png", optimize=True)


if __name__ == "__main__":
    main()
