"""Draw `three-students.png` for the README: three questions as three students get them, with their keys below."""

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

FOLDER = Path(__file__).parent
WIDTH, HEIGHT, CAPTION = 480, 360, 44
QUIZ = """
[quiz]
title = "Three students"
id = "three-students"
picture = { size = [480, 360] }

[[question]]
template = "scatter/estimate-r"
r = [-0.85, 0.85]
context = "any"

[[question]]
template = "boxplot/compare-medians"
context = "any"

[[question]]
template = "histogram/modal-class"
context = "any"
"""


def main() -> None:
    """Build a bank for three students and put their pictures side by side."""
    students = tuple(Student(id=name) for name in ("Ada", "Bashir", "Chiara"))
    roster = Roster(students=students, source="plain columns", id_column="id", left_out=())
    sheet = Image.new("RGB", (3 * WIDTH, 3 * (HEIGHT + CAPTION)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(20)
    with tempfile.TemporaryDirectory() as scratch:
        file, bank = Path(scratch) / "quiz.toml", Path(scratch) / "bank"
        file.write_text(QUIZ, encoding="utf-8")
        build(read_quiz(file), roster, b"three students for the README ..", bank, [exporters()["canvas"]])
        records = [json.loads(line) for line in (bank / "private" / "plots.jsonl").read_text().splitlines()]
        with zipfile.ZipFile(next((bank / "canvas").iterdir())) as package:
            for place, record in enumerate(records):
                row, column = divmod(place, 3)
                png = package.read(f"images/p{record['variant'].rpartition('_')[2]}.png")
                picture = Image.open(io.BytesIO(png)).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
                corner = column * WIDTH, row * (HEIGHT + CAPTION)
                sheet.paste(picture, corner)
                middle = corner[0] + WIDTH // 2, corner[1] + HEIGHT + CAPTION // 2
                draw.text(middle, f"key: {record['key'].rstrip('.')}", fill="#262626", font=font, anchor="mm")
    sheet.quantize(32).save(FOLDER / "three-students.png", optimize=True)


if __name__ == "__main__":
    main()
