"""Practice pages, worked in a browser as a student would, from the disk."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from plotbank.exporters.practice import EXPORTER

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
TAB = ("Tab",)
WORDS = {"Check", "Show the answer", "Another plot"}


@pytest.fixture(scope="module")
def work(driver):
    """Takes steps on a page and says what `look` and `judge` found; nothing else may go wrong."""
    ask = driver("page.mjs")

    def take(path, *steps, width=1280, height=900, dark=False):
        done = ask({"page": str(path), "width": width, "height": height, "dark": dark, "steps": steps})
        assert done["problems"] == []
        return [found for found in done["steps"] if found is not None]

    return take


@pytest.fixture
def page(make, tmp_path):
    """A page of questions, of which each has these items."""

    def write(*questions, **changes):
        asked = [replace(make.mixed, id=f"q{n}", title=f"Question of {n}") for n in range(len(questions))]
        bank = make.bank(questions=tuple(asked), **changes)
        items = [
            make.item(number, question, **item)
            for question, variants in zip(asked, questions, strict=True)
            for number, item in enumerate(variants)
        ]
        assert [problem for item in items for problem in EXPORTER.check(bank, item)] == []
        (path,) = make.write(EXPORTER, tmp_path, items, bank)
        return path

    return write


def answered(answer, question=0, press="Check"):
    return {"answer": answer, "question": question}, {"press": press, "question": question}


def looked(work, path, answer, press="Check"):
    """What a page's only question shows after an answer."""
    (seen,) = work(path, *answered(answer, press=press), {"look": 0})
    return seen


def answers_to(work, path, *answers):
    """What a page's only question shows after each of these answers."""
    return work(path, *(step for answer in answers for step in (*answered(answer), {"look": 0})))


NUMBERS = {
    "0.72": 100,
    "0.625": 100,  # the ends of the tolerance
    "0.815": 100,
    "0.6249": 50,
    "0.8151": 50,
    "0.575": 50,
    "0.5749": 0,
    "0.865": 50,
    "0.8651": 0,
    ".72": 100,
    " 0.7 2 ": 100,
    "+0.72": 100,
    "0,72": 100,
    "-0.72": 0,
    "1": 0,
}


def verdict(share, points=3):
    """What is said of a share, in percent, of three points."""
    earned = f"{share * points / 100:g}"
    word = {100: "Right", 0: "Not right"}.get(share, f"Partly right: {share}%")
    return f"{word}. Points: {earned} of {points}"


def test_a_number_earns_what_its_bands_say(work, page, make):
    path = page([{"key": make.banded((0.145, 0.5))}])
    seen = answers_to(work, path, *({"type": text} for text in NUMBERS))

    assert {text: one["verdict"] for text, one in zip(NUMBERS, seen, strict=True)} == {
        text: verdict(share) for text, share in NUMBERS.items()
    }


@pytest.mark.parametrize(
    ("language", "texts", "share"),
    [
        ("en", ("-1200.5", "−1200.5", "– 1 200.5", "-1,200.5", "−1’200.5", "-1200,5"), 100),
        ("de", ("-1200,5", "−1200,5", "-1.200,5", "-1 200,5", "-1200.5", "−\u202f1\u202f200,5"), 100),
        ("fr", ("-1200,5", "-1\u00a0200,5", "-1200.5"), 100),
        ("en", ("1200.5", "-12005"), 0),
    ],
)
def test_numbers_are_read_as_people_write_them(work, page, make, language, texts, share):
    path = page([{"key": make.numeric(-1200.5, 0.05, 1)}], language=language)
    button = {"en": "Check", "de": "Prüfen", "fr": "Vérifier"}[language]
    steps = [step for text in texts for step in (*answered({"type": text}, press=button), {"look": 0})]

    seen = work(path, *steps)

    word = {"en": "Right", "de": "Richtig", "fr": "Juste"}[language]
    assert [one["verdict"].startswith(f"{word}.") for one in seen] == [share == 100] * len(texts)


NO_NUMBERS = ("abc", "1e3", "0.7.2", "--1", "1,2,3", "50%", "0x10", "Infinity", "-", ".", "1,23,456")


def test_what_is_no_number_is_told_so_and_earns_and_costs_nothing(work, page, make):
    right, *wrong = answers_to(work, page([{}]), {"type": "0.72"}, *({"type": text} for text in NO_NUMBERS))

    assert right["score"] == "Points: 3 of 3 Questions checked: 1 of 1"
    for text, one in zip(NO_NUMBERS, wrong, strict=True):
        assert one["errors"] == [f"“{text}” is not a number. Please write one such as 0.5."]
        assert (one["verdict"], one["focus"], one["typed"]) == ("", "INPUT", [text])
        assert one["score"] == right["score"]


@pytest.mark.parametrize(("language", "text"), [("en", "1,200"), ("de", "1.200")])
def test_a_number_that_can_be_read_in_two_ways_is_asked_back(work, page, make, language, text):
    button = {"en": "Check", "de": "Prüfen"}[language]
    seen = looked(work, page([{"key": make.numeric(1200, 50.5, 0)}], language=language), {"type": text}, button)

    assert (seen["verdict"], len(seen["errors"])) == ("", 1)
    assert text in seen["errors"][0]


def test_an_empty_answer_asks_for_one_and_earns_nothing(work, page, make):
    keys = {**make.every_key(), "bands": make.banded()}
    path = page(*([{"key": key}] for key in keys.values()))
    steps = [step for place in range(len(keys)) for step in ({"press": "Check", "question": place}, {"look": place})]

    for seen in work(path, *steps):
        assert seen["verdict"] == "Please give an answer first."
        assert "Show the answer" not in seen["buttons"]
        assert seen["score"].endswith(f"Questions checked: 0 of {len(keys)}")


def test_what_is_told_comes_when_it_should(work, page, make):
    texts = {"feedback": "<p>It is 0.72.</p>", "if_correct": "<p>Well done.</p>", "if_incorrect": "<p>Look again.</p>"}
    wrong, shown, right = work(
        page([texts, texts]),
        *answered({"type": "0.1"}), {"look": 0},
        {"press": "Show the answer", "question": 0}, {"look": 0},
        {"press": "Another plot", "question": 0}, *answered({"type": "0.72"}), {"look": 0},
    )  # fmt: skip

    assert wrong["result"].split("\n\n") == ["Not right. Points: 0 of 3", "Look again."]
    assert wrong["buttons"][1:] == ["Show the answer", "Another plot"]
    assert (shown["said"], shown["result"], shown["buttons"]) == (["Answer: 0.72"], "It is 0.72.", ["Another plot"])
    assert right["result"].split("\n\n") == ["Right. Points: 3 of 3", "Well done.", "It is 0.72."]
    assert right["buttons"] == ["Check", "Another plot"]


def test_a_changed_answer_is_no_longer_judged(work, page, make):
    (seen,) = work(page([{}]), *answered({"type": "0.72"}), {"answer": {"type": "0.7"}, "question": 0}, {"look": 0})

    assert (seen["result"], seen["score"]) == ("", "Points: 3 of 3 Questions checked: 1 of 1")


def test_a_choice(work, page, make):
    low, right, high = answers_to(work, page([{"key": make.commented()}]), *({"choose": [n]} for n in range(3)))

    assert (low["verdict"], low["badges"], low["said"]) == (verdict(0), ["Not right"], ["Too low."])
    assert (right["verdict"], right["badges"], right["said"]) == (verdict(100), ["Right"], [])
    assert (high["verdict"], high["badges"], high["said"]) == (verdict(0), ["Not right"], ["No, far too high."])


def test_right_ticks_share_the_mark_and_wrong_ones_cost_it(work, page, make):
    key = make.multiple("a", "b", "c", "d", correct=(0, 2))
    shares = {(0, 2): 100, (0,): 50, (0, 2, 3): 50, (0, 1, 2, 3): 0, (1,): 0, (0, 1): 0, (1, 2, 3): 0}

    seen = answers_to(work, page([{"key": key}]), *({"choose": choose} for choose in shares))

    assert [one["verdict"] for one in seen] == [verdict(share) for share in shares.values()]
    assert [len(one["badges"]) for one in seen] == [len(choose) for choose in shares]


def test_a_statement(work, page, make):
    said = {"if_true": "<p>You say yes.</p>", "if_false": "<p>You say no.</p>"}
    for truth in (True, False):
        path = page([{"key": make.truth(truth, **said)}])

        yes, no = answers_to(work, path, {"choose": [0]}, {"choose": [1]})

        assert (yes["verdict"], yes["said"]) == (verdict(100 if truth else 0), ["You say yes."])
        assert (no["verdict"], no["said"]) == (verdict(0 if truth else 100), ["You say no."])


def test_matching(work, page, make):
    earned = {
        (2, 0): (100, ["Right", "Right"]),
        (2, 1): (50, ["Right", "Not right"]),
        (None, 0): (50, ["No answer yet", "Right"]),
        (0, 2): (0, ["Not right", "Not right"]),
    }

    seen = answers_to(work, page([{"key": make.matching()}]), *({"select": select} for select in earned))

    assert [(one["verdict"], one["badges"]) for one in seen] == [
        (verdict(share), badges) for share, badges in earned.values()
    ]


def test_parts(work, page, make):
    key = make.parts(make.banded((0.145, 0.5)), make.choice(), make.truth(False), shares=(0.5, 0.25, 0.25))
    blank, near = {"type": ""}, {"type": "0.58"}

    seen = answers_to(
        work,
        page([{"key": key}]),
        {"parts": [near, None, None]},
        {"parts": [blank, {"choose": [1]}, None]},
        {"parts": [near, {"choose": [0]}, {"choose": [0]}]},
        {"parts": [{"type": "0.72"}, {"choose": [1]}, {"choose": [1]}]},
    )

    assert [(one["verdict"], one["parts"]) for one in seen] == [
        ("Partly right: 25%. Points: 0.75 of 3", ["Partly right: 50%", "No answer yet", "No answer yet"]),
        ("Partly right: 25%. Points: 0.75 of 3", ["No answer yet", "Right", "No answer yet"]),
        ("Partly right: 25%. Points: 0.75 of 3", ["Partly right: 50%", "Not right", "Not right"]),
        ("Right. Points: 3 of 3", ["Right", "Right", "Right"]),
    ]


def test_parts_that_are_thirds_add_up_to_the_whole_mark(work, page, make):
    key = make.parts(make.truth(), make.truth(), make.truth())
    seen = looked(work, page([{"key": key}]), {"parts": [{"choose": [0]}] * 3})

    assert seen["verdict"] == "Right. Points: 3 of 3"


def test_a_part_that_is_no_number_is_told_so(work, page, make):
    seen = looked(work, page([{"key": make.parts(make.numeric(), make.truth())}]), {"parts": [{"type": "abc"}, None]})

    assert (seen["verdict"], len(seen["errors"]), seen["focus"]) == ("", 1, "INPUT")


SHOWN = {
    "choice": ({"choose": [0]}, ["Right answer"], []),
    "multiple answers": ({"choose": [1]}, ["Right answer", "Right answer"], []),
    "false": ({"choose": [0]}, ["Right answer"], []),
    "matching": ({"select": [0, 0]}, [], ["Answer: r > 0", "Answer: no relation"]),
    "negative number": ({"type": "3"}, [], ["Answer: −0.5"]),
    "parts": ({"parts": [{"choose": [0]}, None]}, ["Right answer", "Right answer"], []),
}


def test_the_answer_is_shown_after_a_first_try(work, page, make):
    keys = make.every_key()
    path = page(*([{"key": keys[case]}] for case in SHOWN))
    steps = []
    for place, (answer, _, _) in enumerate(SHOWN.values()):
        steps += [*answered(answer, place), {"look": place}]
        steps += [{"press": "Show the answer", "question": place}, {"look": place}]

    seen = work(path, *steps)

    tried, shown = seen[::2], seen[1::2]
    assert all("Show the answer" in one["buttons"] for one in tried)
    assert [(one["badges"], one["said"], one["verdict"]) for one in shown] == [
        (badges, said, "") for _, badges, said in SHOWN.values()
    ]
    assert [one["score"] for one in shown] == [one["score"] for one in tried]
    assert not any(WORDS & set(one["buttons"]) for one in shown)  # with one variant, there is no other plot


def test_another_plot_is_the_next_variant_and_goes_round(work, page, make):
    path = page([{"stem": f"<p>Stem {n}</p>"} for n in range(3)], [{}])
    another = {"press": "Another plot", "question": 0}
    first, second, third, again, other = work(
        path, {"look": 0}, *answered({"type": "0.72"}), another, {"look": 0}, another, {"look": 0}, another, {"look": 0}, {"look": 1}
    )  # fmt: skip

    assert [one["stem"] for one in (first, second, third, again)] == ["Stem 0", "Stem 1", "Stem 2", "Stem 0"]
    assert [one["variant"] for one in (first, second, third, again)] == [
        "Variant 1 of 3", "Variant 2 of 3", "Variant 3 of 3", "Variant 1 of 3",
    ]  # fmt: skip
    assert (second["typed"], second["result"], second["focus"]) == ([""], "", "H2")
    assert again["typed"] == [""]
    assert second["pictures"][0]["src"] != first["pictures"][0]["src"]
    assert "Another plot" not in other["buttons"]


def test_the_score_counts_the_last_answers_and_starts_again(work, page, make):
    path = page([{}, {}], [{"points": 1.5}])
    scores = work(
        path, {"look": 0},
        *answered({"type": "0.72"}), {"look": 0},
        {"press": "Another plot", "question": 0}, {"look": 0},
        *answered({"type": "9"}), {"look": 0},
        *answered({"type": "0.72"}, question=1), {"look": 1},
        {"press": "Start again"}, {"look": 1},
    )  # fmt: skip

    assert [one["score"] for one in scores] == [
        "Points: 0 of 4.5 Questions checked: 0 of 2",
        "Points: 3 of 4.5 Questions checked: 1 of 2",
        "Points: 3 of 4.5 Questions checked: 1 of 2",
        "Points: 0 of 4.5 Questions checked: 1 of 2",
        "Points: 1.5 of 4.5 Questions checked: 2 of 2",
        "Points: 0 of 4.5 Questions checked: 0 of 2",
    ]
    assert (scores[-1]["typed"], scores[-1]["result"]) == ([""], "")


def test_the_keyboard_is_enough(work, page, make):
    path = page([{}, {}], [{"key": make.choice()}], [{"key": make.multiple()}])
    number, another, choice, multiple = work(
        path,
        {"keys": [*(TAB * 2), {"text": "0.72"}, "Enter"]}, {"look": 0},  # past “Start again”
        {"keys": [*(TAB * 2), "Enter"]}, {"look": 0},  # past “Check”, to “Another plot”
        {"keys": [*(TAB * 4), "Space", "ArrowDown", "Enter"]}, {"look": 1},  # past the field and the buttons
        {"keys": [*(TAB * 2), "Space", *(TAB * 2), "Space", "Tab", "Space"]}, {"look": 2},
    )  # fmt: skip

    assert number["verdict"] == verdict(100)
    assert another["variant"] == "Variant 2 of 2"
    assert choice["verdict"] == verdict(100)
    assert multiple["verdict"] == verdict(100)


def test_pictures_load_and_have_their_text(work, page, make):
    pictures = (
        make.picture(name="a.png", png=make.png(1), alt="One < plot", caption="Plot A", description="From 0 to 1."),
        make.picture(name="b.png", png=make.png(2), alt="Two", caption="Plot B"),
    )
    before, after = work(
        page([{"pictures": pictures, "key": make.pictured()}]),
        {"look": 0}, {"press": "Description", "question": 0}, {"look": 0},
    )  # fmt: skip

    assert [(one["alt"], one["width"]) for one in before["pictures"]] == [
        ("One < plot", 4),
        ("Two", 4),
        *((f"Histogram of 40 values, rising, number {place}", 4) for place in range(3)),
    ]
    assert before["described"] == ["From 0 to 1."]  # for screen readers, also while it is hidden
    assert (before["text"].count("From 0 to 1."), after["text"].count("From 0 to 1.")) == (0, 1)
    assert before["text"].index("Plot A") < before["text"].index("Plot B")


def test_nasty_text_is_shown_as_it_is(work, page, make):
    nasty = make.nasty
    plain = nasty.replace("&lt;", "<").replace("&amp;", "&").replace("<b>x</b> <i>y</i>", "x y")
    key = make.choice(nasty, "</script><b>2</b>")
    path = page([{"stem": f"<p>{nasty}</p>", "key": key, "feedback": f"<p>{nasty}</p>"}], title=plain)
    seen = looked(work, path, {"choose": [1]})

    assert seen["stem"] == plain
    assert plain in seen["text"]
    assert seen["result"].endswith(plain)
    assert seen["heading"] == plain


VIEWS = [(320, 640, True), (1280, 900, False)]
TABLE = (
    '<table><thead><tr><th>x</th><th style="text-align:right">y</th></tr></thead>'
    '<tbody><tr><td>1</td><td style="text-align:right">2.5</td></tr></tbody></table>'
)
WRONG = {
    "number": {"type": "abc"},
    "whole number": {"type": "9"},
    "choice": {"choose": [0]},
    "commented choice": {"choose": [0]},
    "choice of pictures": {"choose": [0]},
    "multiple answers": {"choose": [0]},
    "false": {"choose": [1]},  # which is right
    "matching": {"select": [0, None]},
    "parts": {"parts": [{"choose": [0]}, None]},
}
GIVEN_UP = ("whole number", "choice", "matching", "parts")


def drawn(make, number, **changes):
    """A picture of some points on white paper."""
    image = Image.new("RGB", (300, 200), "white")
    brush = ImageDraw.Draw(image)
    for place in range(30):
        x, y = 20 + 9 * place, 180 - 5 * place + 37 * (place * (number + 3) % 7) // 7
        brush.ellipse((x, y, x + 5, y + 5), fill="#0072b2")
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return make.picture(name=f"p{number}.png", png=buffer.getvalue(), width=300, height=200, **changes)


@pytest.mark.parametrize(("width", "height", "dark"), VIEWS)
def test_everybody_can_use_it_before_and_after_checking(work, page, make, width, height, dark):
    keys = make.every_key()
    pictured = tuple(
        replace(option, text=option.text + " of several words" * 5, picture=drawn(make, number))
        for number, option in enumerate(keys["choice of pictures"].options)
    )
    keys["choice of pictures"] = replace(keys["choice of pictures"], options=pictured)
    picture = drawn(make, 9, description="The horizontal axis runs from 0 to 1.")
    item = {
        "picture": picture,
        "if_incorrect": "<p>Look again.</p>",
        "stem": f"<p>Read <code>r</code>, مرحبا.</p>{TABLE}",
    }
    path = page(*([item | {"key": keys[case]}] * 2 for case in WRONG))
    name = f"practice-{width}-{'dark' if dark else 'light'}"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    before, after, shown, seen = work(
        path,
        {"judge": True},
        {"screenshot": str(SCREENSHOTS / f"{name}.png")},
        *(step for place, answer in enumerate(WRONG.values()) for step in answered(answer, place)),
        {"press": "Description", "question": 0},
        {"judge": True},
        {"screenshot": str(SCREENSHOTS / f"{name}-checked.png")},
        *({"press": "Show the answer", "question": list(WRONG).index(case)} for case in GIVEN_UP),
        {"judge": True},
        {"screenshot": str(SCREENSHOTS / f"{name}-shown.png")},
        {"look": 0},
        width=width, height=height, dark=dark,
    )  # fmt: skip

    assert [before, after, shown] == [[], [], []]
    assert not seen["wide"]  # nobody needs to scroll sideways
