"""A small bank with plain numbers, and pictures that are real."""

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from plotbank.exporters import Exporter
from plotbank.items import (
    Band,
    Bank,
    ChoiceKey,
    Item,
    MatchingKey,
    MultipleKey,
    NumericKey,
    Option,
    Part,
    PartsKey,
    Picture,
    Question,
    TrueFalseKey,
)

SLOPE = Question(id="slope", title="Estimate r", points=2, template="scatter/estimate-r", kind="scatter")
MIXED = Question(id="mixed", title="All about it", points=3, template="scatter/all", kind="scatter")
PICK = Question(id="pick", title="Pick the median", points=1.5, template="box/median", kind="box")


class Factory:
    """Makes the things that exporters receive, and has them written."""

    nasty = (
        "a &lt; b &amp; c, ]]> ]]]>> <b>x</b> <i>y</i> \"quoted\" 'twice' 😀 𝑟̄ x̂ e\u0301 "
        r"مرحبا \(\frac{1}{2} \sum_i x_i^2\) $$y=\alpha x$$ {n} {{ 1 + 1 }} 50%"
    )
    slope = SLOPE
    pick = PICK
    mixed = MIXED

    def bank(self, **changes: Any) -> Bank:
        bank = Bank(id="stat101-quiz.2", title="Reading plots", language="en", questions=(SLOPE, PICK), variants=3)
        return replace(bank, **changes)

    def numeric(self, value: float = 0.72, tolerance: float = 0.095, decimals: int = 2) -> NumericKey:
        return NumericKey(value=value, tolerance=tolerance, decimals=decimals)

    def banded(self, *bands: tuple[float, float]) -> NumericKey:
        """Bands of a tolerance and a share each."""
        bands = bands or ((0.145, 0.5), (0.195, 1 / 3))
        return replace(self.numeric(), bands=tuple(Band(tolerance=wide, share=share) for wide, share in bands))

    def options(self, *texts: str) -> tuple[Option, ...]:
        return tuple(Option(text=text) for text in texts or ("1.5", "<b>2.5</b>", "4"))

    def choice(self, *options: str, correct: int = 1) -> ChoiceKey:
        return ChoiceKey(options=self.options(*options), correct=correct)

    def commented(self) -> ChoiceKey:
        """A choice with feedback to two options."""
        options = (
            Option(text="1.5", feedback="<p>Too low.</p>"),
            Option(text="<b>2.5</b>"),
            Option(text="4", feedback="<p>No, <i>far</i> too high.</p>"),
        )
        return ChoiceKey(options=options, correct=1)

    def pictured(self, number: int = 0) -> ChoiceKey:
        """A choice of pictures, with names of their own for every number."""
        pictures = [
            self.picture(
                name=f"p_o{number:03d}_{place}.png",
                png=self.png(1000 + 3 * number + place),
                alt=f"Histogram of 40 values, rising, number {place}",
            )
            for place in range(3)
        ]
        options = (Option(text=letter, picture=picture) for letter, picture in zip("ABC", pictures, strict=True))
        return ChoiceKey(options=tuple(options), correct=2)

    def multiple(self, *options: str, correct: Iterable[int] = (0, 2)) -> MultipleKey:
        return MultipleKey(options=self.options(*options), correct=frozenset(correct))

    def truth(self, truth: bool = True, **feedback: str) -> TrueFalseKey:
        return TrueFalseKey(truth=truth, **feedback)

    def matching(self, **changes: Any) -> MatchingKey:
        key = MatchingKey(
            prompts=("Plot A", "Plot <em>B</em>"), answers=("no relation", "r = −0.8", "r > 0"), pairs=(2, 0)
        )
        return replace(key, **changes)

    def parts(self, *keys: Any, shares: Iterable[float] = ()) -> PartsKey:
        """One part for each key, with equal shares unless they are given."""
        keys = keys or (self.choice(), self.truth(False))
        shares = tuple(shares) or (1 / len(keys),) * len(keys)
        asked = enumerate(zip(keys, shares, strict=True), start=1)
        return PartsKey(
            parts=tuple(Part(stem=f"<p>Part <b>{n}</b>: what?</p>", key=key, share=share) for n, (key, share) in asked)
        )

    def every_key(self) -> dict[str, Any]:
        """A key of every type that both platforms can say."""
        return {
            "number": self.numeric(),
            "whole number": self.numeric(1200, 50.5, 0),
            "negative number": self.numeric(-0.5, 0.15, 1),
            "choice": self.choice("−1.5", "<b>2.5</b> a", "a &lt; b"),
            "commented choice": self.commented(),
            "choice of pictures": self.pictured(),
            "multiple answers": self.multiple(),
            "true": self.truth(if_true="<p>Yes.</p>", if_false="<p>No.</p>"),
            "false": self.truth(False),
            "matching": self.matching(),
            "parts": self.parts(),
        }

    def png(self, number: int = 0) -> bytes:
        """A picture of its own for every number."""
        image = Image.new("RGB", (4, 3), (number % 256, number // 256, 0))
        buffer = BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()

    def item(self, number: int = 0, of: Question = SLOPE, **changes: Any) -> Item:
        """Variant `number` of a question: `slope` asks for a number, `pick` for one of three options.

        `picture` is the only one in the stem.
        """
        if "picture" in changes:
            changes["pictures"] = (changes.pop("picture"),)
        ident = f"{of.id}_{number:05d}"
        item = Item(
            id=ident,
            question=of.id,
            title=of.title,
            stem="<p>Estimate <i>r</i> <b>well</b>.</p>",
            feedback="<p>It is 0.72.</p>",
            pictures=(self.picture(name=f"p_{ident}.png", png=self.png(number)),),
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

    def write(
        self,
        exporter: Exporter,
        folder: Path,
        items: Iterable[Item],
        bank: Bank | None = None,
        part_bytes: int = 8_000_000,
    ) -> list[Path]:
        folder.mkdir(exist_ok=True)
        with exporter.open(bank or self.bank(), folder, part_bytes) as writer:
            for item in items:
                writer.add(item)
            return writer.close()


@pytest.fixture
def make() -> Factory:
    return Factory()
