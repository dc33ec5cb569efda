"""What is left out of items, where that is allowed, and what is refused."""

from dataclasses import replace

import pytest

from plotbank.errors import BankError
from plotbank.exporters import Downgrade
from plotbank.items import Bank, Item, NumericKey, Picture
from plotbank.sayable import Sayable

BANK = Bank(id="quiz", title="Quiz", language="en", questions=(), variants=2)
ITEM = Item(
    id="slope_1",
    question="slope",
    title="Slope",
    stem="<p>Long stem</p>",
    feedback="<p>Said</p>",
    pictures=(Picture(name="p.png", png=b"", alt="A plot", width=4, height=3),),
    key=NumericKey(value=1, tolerance=0.5, decimals=0),
    points=1,
    clarity=2,
)


class Terse:
    """Says neither feedback nor titles of more than `longest` letters."""

    name, title, how_to_import = "terse", "Terse", ""

    def __init__(self, longest=99):
        self.longest = longest
        self.downgrades = (
            Downgrade(name="silence", says="nothing is said", of=lambda item: replace(item, feedback="")),
            Downgrade(name="points", says="all count 1", of=lambda item: replace(item, points=1)),
        )

    def check(self, bank, item):
        problems = ["it has feedback"] if item.feedback else []
        return problems + (["its title is long"] if len(item.title) > self.longest else [])


def test_what_can_be_said_stays_as_it_is():
    sayable, silent = Sayable(allow_downgrade=True), replace(ITEM, feedback="", points=3)

    assert sayable.of(Terse(), BANK, silent) is silent
    assert (sayable.left_out, sayable.remarks) == ({}, [])


def test_what_cannot_be_said_is_refused_with_what_would_be_left_out():
    with pytest.raises(BankError) as refusal:
        Sayable(allow_downgrade=False).of(Terse(), BANK, ITEM)

    assert str(refusal.value) == (
        "Terse cannot say question 'slope': it has feedback (with --allow-downgrade, nothing is said)"
    )


def test_what_may_be_left_out_is_left_out_and_told_once():
    sayable = Sayable(allow_downgrade=True)

    for number in range(3):
        found = sayable.of(Terse(), BANK, replace(ITEM, id=f"slope_{number}"))
        assert found == replace(ITEM, id=f"slope_{number}", feedback="")
    sayable.of(Terse(), BANK, replace(ITEM, question="other", points=2))

    assert sayable.left_out == {
        "terse": {
            "slope": {"silence": "nothing is said"},
            "other": {"silence": "nothing is said", "points": "all count 1"},
        }
    }
    assert sayable.remarks == [
        "Terse, question 'slope': nothing is said",
        "Terse, question 'other': nothing is said",
        "Terse, question 'other': all count 1",
    ]


@pytest.mark.parametrize("allowed", [True, False])
def test_what_no_downgrade_helps_is_refused(allowed):
    with pytest.raises(BankError) as refusal:
        Sayable(allow_downgrade=allowed).of(Terse(longest=4), BANK, ITEM)

    assert str(refusal.value) == "Terse cannot say question 'slope': it has feedback"
