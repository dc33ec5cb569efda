"""What is wrong with a bank as a whole: twins, and patterns that tell keys.  Every pattern is also looked for where it is
not, in many banks drawn by chance."""

import random
from dataclasses import replace

import numpy as np
import pytest

from plotbank.bank_records import PictureRecord
from plotbank.items import Axis
from plotbank.proof.delivered import (
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from plotbank.whole_bank import Shown, same_answers, tells, trait, twice, uniqueness

AXIS = Axis(label="Study time", low=0, high=10)


def number(value):
    return NumericDelivered(value=value, low=value - 0.05, high=value + 0.05)


def choice(right, of=4):
    return ChoiceDelivered(options=tuple(f"<p>Plot {letter}</p>" for letter in "ABCDEF"[:of]), correct=(right,))


def delivered(key, label, *, sizes=(1000,), options=(), package="moodle/m.xml", name=None):
    pictures = [
        DeliveredPicture(name=f"p{name or label}.png", png=bytes(size), alt="", width=1, height=1) for size in sizes
    ]
    pictures += [
        DeliveredPicture(name=f"p{label[::-1]}.png", png=bytes(size), alt="", width=1, height=1, option=place)
        for place, size in enumerate(options)
    ]
    return Delivered(
        package=package,
        id=f"quiz-q1_{label}",
        pool="",
        title="",
        stem="",
        feedback="",
        pictures=tuple(pictures),
        points=1,
        key=key,
    )


def bank(keys, rng, *, labels=None, **changes):
    """Items with these keys; `changes` are functions of the item's place that give what `delivered` takes."""
    labels = labels or [f"{rng.getrandbits(64):016x}" for _ in keys]
    return [
        trait(delivered(key, label, **{name: of(place) for name, of in changes.items()}), "q1", f"q1_{label}")
        for place, (key, label) in enumerate(zip(keys, labels, strict=True))
    ]


def said(traits, ordered=()):
    return [message for _, _, message in tells(traits, ordered)]


def drawn_keys(rng, count):
    """Keys of every type, as chance has them."""
    truth = TrueFalseDelivered
    return {
        "numbers": [number(round(rng.uniform(0.5, 0.9), 2)) for _ in range(count)],
        "choice": [choice(rng.randrange(4)) for _ in range(count)],
        "truth": [truth(truth=rng.random() < 0.5) for _ in range(count)],
        "multiple": [
            MultipleDelivered(options=tuple("abcd"), correct=tuple(rng.sample(range(4), rng.randrange(1, 4))))
            for _ in range(count)
        ],
        "matching": [
            MatchingDelivered(prompts=tuple("ABC"), answers=tuple("xyz"), pairs=tuple(rng.sample(range(3), 3)))
            for _ in range(count)
        ],
        "parts": [
            PartsDelivered(
                parts=(
                    PartDelivered(stem="", key=number(round(rng.uniform(0, 50), 1)), share=0.5),
                    PartDelivered(stem="", key=choice(rng.randrange(3), 3), share=0.5),
                )
            )
            for _ in range(count)
        ],
    }


@pytest.mark.parametrize("count", [1, 19, 20, 300])
def test_nothing_is_told_by_chance(count):
    rng = random.Random(count)
    for _ in range(3):
        for keys in drawn_keys(rng, count).values():
            found = bank(
                keys,
                rng,
                sizes=lambda _: (rng.randrange(9000, 20000),),
                options=lambda _: [rng.randrange(9000, 20000) for _ in range(4)],
            )
            assert said(found) == []


def test_the_right_option_in_one_place():
    rng = random.Random(1)
    always = bank([choice(2)] * 20, rng)
    mostly = bank([choice(2 if place % 5 else 0) for place in range(100)], rng)

    assert said(always) == ["the right option is number 3 in 20 of 20 items"]
    assert said(mostly)[0] == "the right option is number 3 in 80 of 100 items"
    assert said(always[:19]) == []
    assert said(always, ordered=["q1"]) == []


def test_three_fifths_in_one_place_are_no_finding_and_two_thirds_are():
    """Half way from chance to certainty: five eighths of four options."""
    rng = random.Random(2)
    keys = lambda many: rng.sample([choice(1)] * many + [choice(3)] * (300 - many), 300)  # noqa: E731

    assert said(bank(keys(186), rng)) == []
    assert said(bank(keys(200), rng)) == ["the right option is number 2 in 200 of 300 items"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (TrueFalseDelivered(truth=True), "the statement is true in 60 of 60 items"),
        (MultipleDelivered(options=tuple("abc"), correct=(1,)), "option 1 is wrong in 60 of 60 items"),
        (
            MatchingDelivered(prompts=tuple("AB"), answers=tuple("xyz"), pairs=(2, 0)),
            "the answer to prompt 1 is number 3 in 60 of 60 items",
        ),
        (
            PartsDelivered(parts=(PartDelivered(stem="", key=choice(0, 3), share=1.0),)),
            "part 1: the right option is number 1 in 60 of 60 items",
        ),
    ],
)
def test_other_keys_that_are_always_the_same(key, message):
    assert message in said(bank([key] * 60, random.Random(3)))


def test_items_in_the_order_of_their_keys():
    rng = random.Random(4)
    values = [round(rng.uniform(0, 1), 2) for _ in range(40)]
    order = "the items of moodle/m.xml stand in the order of their keys"

    assert said(bank([number(v) for v in values], rng)) == []
    assert said(bank([number(v) for v in sorted(values)], rng)) == [order]
    assert said(bank([number(v) for v in sorted(values, reverse=True)], rng)) == [order]
    assert said(bank([choice(place // 10) for place in (*range(30, 40), *range(30))], rng)) == [order]
    nearly = sorted(values[:-2]) + values[-2:]
    assert said(bank([number(v) for v in nearly * 3][: 3 * 38], rng)) == []
    hundreds = sorted(round(rng.uniform(0, 1), 3) for _ in range(200))
    hundreds[3], hundreds[100] = hundreds[100], hundreds[3]
    assert said(bank([number(v) for v in hundreds], rng)) == [order]


def test_packages_are_looked_at_one_by_one():
    rng = random.Random(5)
    values = sorted(round(rng.uniform(0, 1), 2) for _ in range(50))
    shuffled = rng.sample(values, 50)
    found = bank(
        [number(v) for v in (*shuffled, *values)],
        rng,
        package=lambda place: "canvas/one.zip" if place < 50 else "canvas/two.zip",
    )

    assert said(found) == ["the items of canvas/two.zip stand in the order of their keys"]


def test_identifiers_and_file_names_that_go_along_with_keys():
    rng = random.Random(6)
    values = [round(rng.uniform(0, 1), 2) for _ in range(80)]
    labels = [f"{int(v * 2**60) + rng.getrandbits(50):016x}" for v in values]
    numbers = [number(v) for v in values]

    assert "the identifiers of the items go up or down with the keys" in said(bank(numbers, rng, labels=labels))
    assert said(bank(numbers, rng, name=lambda place: labels[place])) == [
        "the names of the pictures go up or down with the keys"
    ]


def test_a_character_of_an_identifier_that_tells_the_right_option():
    rng = random.Random(7)
    keys = [choice(rng.randrange(4)) for _ in range(80)]
    labels = [f"{rng.getrandbits(32):08x}{key.correct[0]}{rng.getrandbits(28):07x}" for key in keys]

    assert said(bank(keys, rng, labels=labels)) == [
        "the identifiers of the items tell what the right option is",
        "the names of the pictures tell what the right option is",
    ]
    assert said(bank(keys, rng, name=lambda place: labels[place])) == [
        "the names of the pictures tell what the right option is"
    ]


@pytest.mark.parametrize(("extreme", "called"), [(5000, "largest"), (100, "smallest")])
def test_the_right_picture_as_the_largest_or_smallest_file(extreme, called):
    rng = random.Random(8)
    keys = [choice(rng.randrange(4)) for _ in range(60)]

    def sizes(place):
        found = [rng.randrange(1000, 2000) for _ in range(4)]
        found[keys[place].correct[0]] = extreme
        return found

    assert said(bank(keys, rng, options=sizes)) == [f"the right picture is the {called} file in 60 of 60 items"]


def test_sizes_that_are_the_key():
    rng = random.Random(9)
    values = [round(rng.uniform(0, 1), 2) for _ in range(40)]
    keys = [number(v) for v in values]

    assert said(bank(keys, rng, sizes=lambda place: (9000 + int(1000 * values[place]),))) == [
        "the sizes of the pictures' files tell the keys"
    ]
    roughly = lambda place: (9000 + int(1000 * values[place]) + rng.randrange(500),)  # noqa: E731
    assert said(bank(keys, rng, sizes=roughly)) == []


def shown(variant, values, *, x=AXIS, fill=0):
    plot = PictureRecord(
        kind="scatter", picture="", x=x, y=AXIS, size=(400, 300), condition={}, values=np.array(values, dtype=float)
    )
    return Shown(variant=variant, plot=plot, copy=np.full(432, fill, dtype=np.uint8))


def test_data_that_two_variants_share_in_any_order():
    one, other = shown("q1_a", [[1, 2], [3, 4]], fill=1), shown("q1_b", [[3, 4], [1, 2]], fill=2)

    assert list(twice([one, other])) == [("q1_b", "the data are also those of q1_a")]
    assert list(twice([one, replace(other, variant="q1_a")])) == []
    assert list(twice([one, shown("q1_b", [[3, 4], [1, 2.5]], fill=2)])) == []


def test_pictures_that_look_alike_on_the_same_axes():
    one, other = shown("q1_a", [[1, 2]], fill=1), shown("q1_b", [[1, 2.01]], fill=1)

    assert list(twice([one, other])) == [("q1_b", "the picture looks just like that of q1_a")]
    elsewhere = shown("q1_b", [[1, 2.01]], fill=1, x=replace(AXIS, high=20))
    assert list(twice([one, elsewhere])) == []


def test_a_certificate_of_uniqueness():
    pictures = [
        shown(f"q1_{name}", [[i, 1]], fill=fill) for i, (name, fill) in enumerate([("a", 0), ("b", 51), ("c", 153)])
    ]
    found = uniqueness("q1", pictures, {"q1_a": "0.5", "q1_b": "0.6", "q1_c": "0.5"})

    assert (found.variants, found.nearest, found.shared_by) == (3, ("q1_a", "q1_b"), 2)
    assert found.apart == pytest.approx(51 / 255)
    assert uniqueness("q1", pictures[:1], {"q1_a": "0.5"}).nearest is None


def test_answers_that_were_to_be_different():
    assert list(same_answers({"a": "1", "b": "2", "c": "1"})) == [
        ("c", "the answer is also that of a, though answers were to be different")
    ]


def test_an_answer_is_the_same_whatever_the_order_of_options():
    one = trait(delivered(ChoiceDelivered(options=("1", "2", "3"), correct=(1,)), "0" * 16), "q1", "q1_a")
    other = trait(delivered(ChoiceDelivered(options=("3", "1", "2"), correct=(2,)), "1" * 16), "q1", "q1_b")
    third = trait(delivered(ChoiceDelivered(options=("3", "1", "4"), correct=(2,)), "1" * 16), "q1", "q1_b")

    assert one.answer == other.answer != third.answer
