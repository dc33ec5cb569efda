"""A small bank with plain numbers, and pictures that are real."""

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from plotbank.exporters import Exporter
from plotbank.items import Bank, ChoiceKey, Item, NumericKey, Picture, Question

SLOPE = Question(id="slope", title="Estimate r", points=2, template="scatter/estimate-r", kind="scatter")
PICK = Question(id="pick", title="Pick the median", points=1.5, template="box/median", kind="box")


class Factory:
    """Makes the things that exporters receive, and has them written."""

    nasty = (
        "a &lt; b &amp; c, ]]> ]]]>> <b>x</b> <i>y</i> \"quoted\" 'twice' 😀 𝑟̄ x̂ e\u0301 "
        r"مرحبا \(\frac{1}{2} \sum_i x_i^2\) $$y=\alpha x$$ {n} 50%"
    )
    slope = SLOPE
    pick = PICK

    def bank(self, **changes: Any) -> Bank:
        bank = Bank(id="stat101-quiz.2", title="Reading plots", language="en", questions=(SLOPE, PICK), variants=3)
        return replace(bank, **changes)

    def numeric(self, value: float = 0.72, tolerance: float = 0.095, decimals: int = 2) -> NumericKey:
        return NumericKey(value=value, tolerance=tolerance, decimals=decimals)

    def choice(self, *options: str, correct: int = 1) -> ChoiceKey:
        options = options or ("1.5", "<b>2.5</b>", "4")
        return ChoiceKey(options=options, values=tuple(map(float, range(len(options)))), correct=correct)

    def png(self, number: int = 0) -> bytes:
        """A picture of its own for every number."""
        image = Image.new("RGB", (4, 3), (number % 256, number // 256, 0))
        buffer = BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()

    def item(self, number: int = 0, of: Question = SLOPE, **changes: Any) -> Item:
        """Variant `number` of a question: `slope` asks for a number, `pick` for one of three options."""
        ident = f"{of.id}_{number:05d}"
        item = Item(
            id=ident,
            question=of.id,
            title=of.title,
            stem="<p>Estimate <i>r</i> <b>well</b>.</p>",
            feedback="<p>It is 0.72.</p>",
            picture=self.picture(name=f"p_{ident}.png", png=self.png(number)),
            key=self.choice() if of.id == "pick" else self.numeric(),
            points=of.points,
            clarity=2.5,
        )
        return replace(item, **changes)

    def picture(self, **changes: Any) -> Picture:
        picture = Picture(name="p.png", png=self.png(), alt="Scatter plot of 40 points, rising", width=600, height=450)
        return replace(picture, **changes)

    def items(self, variants: int = 3, **changes: Any) -> list[Item]:
        """So many variants of each question, question by question."""
        return [self.item(number, question, **changes) for question in (SLOPE, PICK) for number in range(variants)]

    def write(self, exporter: Exporter, folder: Path, items: Iterable[Item], bank: Bank | None = None) -> list[Path]:
        folder.mkdir(exist_ok=True)
        with exporter.open(bank or self.bank(), folder) as writer:
            for item in items:
                writer.add(item)
            return writer.close()


@pytest.fixture
def make() -> Factory:
    return Factory()
