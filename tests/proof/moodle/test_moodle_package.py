"""Moodle files are read as Moodle keeps them: what is told to whom, and calculated questions variant by variant."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from plotbank.proof import Unreadable
from plotbank.proof.delivered import BandDelivered, Delivered, NumericDelivered, PartsDelivered, TrueFalseDelivered
from plotbank.proof.moodle_package import moodle_items

ACCEPTED = Path(__file__).resolve().parents[4] / "shared" / "conformance" / "accepted" / "moodle-4.5-all-types.xml"

Written = Callable[[str | bytes], Path]
Edit = tuple[str, str]


def opened(path: Path) -> list[Delivered]:
    return list(moodle_items(path, "moodle/intro-1.xml"))


def refusal(path: Path) -> str:
    """Why a file cannot be read."""
    with pytest.raises(Unreadable) as caught:
        opened(path)
    return str(caught.value)


def replaced(text: str, *edits: Edit) -> str:
    """The text with every one of the old words replaced."""
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


def test_each_variant_is_one_item_with_its_own_picture_and_numbers(
    calculated: str, written: Written, pngs: Sequence[bytes]
) -> None:
    items = opened(written(calculated))

    assert [one.id for one in items] == ["spread-1:100000000001", "spread-1:100000000002"]
    assert {(one.pool, one.title, one.points) for one in items} == {("top/Spread/Set 1", "Spread 1", 3.0)}
    assert [one.feedback for one in items] == ["<p>It is 4 of 40.</p>", "<p>It is 5 of 41.</p>"]
    assert [[picture.png for picture in one.pictures] for one in items] == [[pngs[0]], [pngs[1]]]
    first, second = items
    assert first.pictures[0].alt == "Plot of 40."
    assert second.stem == (
        "<p>See 41 values.</p>"
        '<p><img src="@@PLUGINFILE@@/100000000002.png" alt="Plot of 41." width="60" height="45"></p>'
    )
    assert isinstance(second.key, PartsDelivered)
    assert [(part.stem, part.share) for part in second.key.parts] == [("<p>One?</p>", 1 / 3), ("<p>Two?</p>", 2 / 3)]
    assert [part.key for part in first.key.parts] == [
        NumericDelivered(value=0.4, low=0.35, high=0.45),
        NumericDelivered(value=-3.0, low=-4.5, high=-1.5),
    ]
    assert [part.key for part in second.key.parts] == [
        NumericDelivered(value=0.5, low=0.4, high=0.6),  # 0.45, 0.5 and 0.55, each within 0.05
        NumericDelivered(value=-2.5, low=-4.0, high=-1.0),
    ]


def alone(text: str) -> str:
    """Without the second of the two questions."""
    begin = text.index("<question", text.index("<!-- 2 -->"))
    return text[:begin] + "</quiz>"


def test_a_calculated_question_alone_asks_for_one_number(calculated: str, written: Written) -> None:
    items = opened(written(alone(calculated)))

    assert [one.key for one in items] == [
        NumericDelivered(value=0.4, low=0.35, high=0.45),
        NumericDelivered(value=0.5, low=0.4, high=0.6),
    ]
    assert [one.if_correct for one in items] == ["Yes, 40.", "Yes, 41."]
    assert [one.if_incorrect for one in items] == ["No.", "No."]
    assert items[0].stem.endswith('<div class="part"><p>One?</p></div>')


def test_bands_of_a_calculated_question(calculated: str, written: Written) -> None:
    band = '<answer fraction="50"><text><![CDATA[{k}]]></text><tolerance>0.25</tolerance>TYPE</answer><!-- bands -->'
    text = alone(calculated).replace("<!-- bands -->", band.replace("TYPE", "<tolerancetype>nominal</tolerancetype>"))

    first, second = opened(written(text))

    assert first.key.bands == (BandDelivered(low=0.15, high=0.65, share=0.5),)
    assert second.key.bands == (BandDelivered(low=0.25, high=0.75, share=0.5),)


def test_questions_of_other_categories_are_items_of_their_own(calculated: str, written: Written) -> None:
    text = replaced(
        calculated,
        ("<!-- 2 -->", '<question type="category"><category><text>top/Other</text></category></question>'),
        ("<synchronize>1</synchronize>", ""),
    )

    items = opened(written(text))

    assert [(one.pool, one.id.partition(":")[0]) for one in items] == [
        ("top/Spread/Set 1", "spread-1"),
        ("top/Spread/Set 1", "spread-1"),
        ("top/Other", "spread-2"),
        ("top/Other", "spread-2"),
    ]


ITEM_2 = "<dataset_item><number>2</number><value>41</value></dataset_item>"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            ("<synchronize>1</synchronize>", "<synchronize>0</synchronize>"),
            "are not synchronised, or share no datasets",
        ),
        (("<synchronize>1</synchronize>", ""), "are not synchronised, or share no datasets"),
        (("[shared]", "[private]"), "are not synchronised, or share no datasets"),
        ((ITEM_2, ""), "the wildcard {n}: it does not have the values 1 to 1"),
        (("<itemcount>2", "<itemcount>3"), "it does not have the values 1 to 2"),
        (("<number>2</number>", "<number>3</number>"), "it does not have the values 1 to 2"),
        (("<value>41</value>", "<value>4e1</value>"), "the wildcard {n}: a value is '4e1', not a plain decimal number"),
        (("<tolerancetype>2", "<tolerancetype>1"), "absolute tolerances"),
        (("<tolerance>0.05<", "<tolerance>0.02<"), "between two answers that earn the same lies a gap"),
        (("[{k}]", "[{unknown}]"), "the answer is '{unknown}'"),
        (('fraction="100"', 'fraction="90"'), "an answer that earns 100 percent"),
        (("100000000002.png", "100000000003.png"), "links the picture 100000000002.png, but 0 files"),
        (("<idnumber>spread-1</idnumber>", ""), "Spread 1: the question has no idnumber"),
        (('fraction="0"', 'fraction="10"'), "the answer *, which fits every response, is not the last one or earns"),
        (('<div class="part">', '<div class="parts">'), "do not have one text, and one part each"),
    ],
)
def test_calculated_questions_that_moodle_would_not_show_as_meant(
    calculated: str, written: Written, edit: Edit, message: str
) -> None:
    assert message in refusal(written(replaced(calculated, edit)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<p>See {n} values", "<p>Look at {n} values", "do not have one text, and one part each"),
        ("<value>41</value>", "<value>42</value>", "the wildcard {n} has other values in another question"),
        ("<value>100000000002</value>", "<value>100000000001</value>", "{p} has other values in another question"),
        ("PNG2", "PNG1", "show different pictures"),
    ],
)
def test_questions_of_a_set_that_do_not_agree(
    calculated: str,
    written: Written,
    pngs: Sequence[bytes],
    encoded: Callable[[bytes], str],
    old: str,
    new: str,
    message: str,
) -> None:
    old, new = (one.replace("PNG1", encoded(pngs[0])).replace("PNG2", encoded(pngs[1])) for one in (old, new))
    before, after = calculated.split("<!-- 2 -->")

    assert message in refusal(written(before + replaced(after, (old, new))))


def test_a_calculated_question_without_datasets(calculated: str, written: Written) -> None:
    text = alone(calculated)
    begin, end = text.index("<dataset_definitions>"), text.index("</dataset_definitions>")

    assert refusal(written(text[:begin] + text[end + len("</dataset_definitions>") :])).endswith("has no dataset")


def feedback(text: str) -> str:
    return f'<feedback format="html"><text><![CDATA[{text}]]></text></feedback>'


ANY = '<answer fraction="0"><text>*</text><tolerance>0</tolerance>' + feedback("<p>No.</p>") + "</answer>"


def test_who_gives_a_wrong_number_is_told_what_the_last_answer_says(moodle_types: str, written: Written) -> None:
    tolerance = "<tolerance>0.055</tolerance>"
    text = replaced(
        moodle_types,
        (f"0.70]]></text>{tolerance}", f"0.70]]></text>{feedback('<p>Yes.</p>')}{tolerance}"),
        ("<unitgradingtype>", ANY + "<unitgradingtype>"),
    )

    number = opened(written(text))[0]

    assert (number.if_correct, number.if_incorrect) == ("<p>Yes.</p>", "<p>No.</p>")
    assert number.key == opened(written(moodle_types))[0].key


@pytest.mark.parametrize(
    "answer", [ANY.replace('"0"', '"10"'), ANY + ANY, ANY + '<answer fraction="5"><text>9</text></answer>']
)
def test_an_answer_that_fits_everything_is_the_last_and_earns_nothing(
    moodle_types: str, written: Written, answer: str
) -> None:
    text = replaced(moodle_types, ("<unitgradingtype>", answer + "<unitgradingtype>"))

    assert "which fits every response, is not the last one or earns something" in refusal(written(text))


@pytest.mark.parametrize("place", [1, 2, 4])
def test_what_is_told_to_who_is_right_or_wrong_in_a_choice_or_in_pairs(
    moodle_types: str, written: Written, place: int
) -> None:
    told = "".join(
        f"<{kind}feedback format='html'><text><![CDATA[{kind} <b>a</b> <i>b</i>]]></text></{kind}feedback>"
        for kind in ("correct", "partiallycorrect", "incorrect")
    )
    item = opened(written(replaced(moodle_types, ("<shuffleanswers>", told + "<shuffleanswers>"))))[place]

    assert (item.if_correct, item.if_incorrect) == ("correct <b>a</b> <i>b</i>", "incorrect <b>a</b> <i>b</i>")


def test_what_true_and_false_say_stays_with_them(moodle_types: str, written: Written) -> None:
    truth = opened(written(moodle_types))[3]

    assert truth.key == TrueFalseDelivered(truth=False, if_true="No.", if_false="Yes.")
    assert (truth.if_correct, truth.if_incorrect) == ("", "")


@pytest.mark.skipif(not ACCEPTED.exists(), reason="needs the accepted packages beside the repository")
def test_a_file_that_moodle_took_is_read_as_it_graded(written: Written) -> None:
    """The question `Calc`: its picture is a wildcard, and its key 3.14, -2.5 or 7."""
    text = ACCEPTED.read_text(encoding="utf-8")
    begin = text.index('<question type="calculated">')
    calculated = text[begin : text.index("</question>", begin)] + "</question>"

    items = opened(
        written(f"<quiz>{calculated.replace('<synchronize>', '<idnumber>calc</idnumber><synchronize>')}</quiz>")
    )

    assert [(one.id, one.stem[:17]) for one in items] == [
        ("calc:plot_1", "<p>Data set 1.</p"),
        ("calc:plot_2", "<p>Data set 2.</p"),
        ("calc:plot_3", "<p>Data set 3.</p"),
    ]
    assert [(one.key.value, one.key.low, one.key.high) for one in items] == [
        (3.14, 3.13, 3.15),
        (-2.5, -2.51, -2.49),
        (7, 6.99, 7.01),
    ]
    assert len({one.pictures[0].png for one in items}) == 3
