"""Report pages, worked in a browser as an instructor would, from the disk."""

import json
from pathlib import Path

import pytest

from ..conftest import rows

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"


@pytest.fixture(scope="module")
def work(driver):
    """Takes steps on a bank's report and says what was found; nothing else may go wrong."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    ask = driver("report.mjs")

    def take(bank, *steps, width=1280, height=900, dark=False):
        page = str(bank / "private" / "report.html")
        done = ask({"page": page, "width": width, "height": height, "dark": dark, "steps": steps})
        assert done["problems"] == []
        return [found for found in done["steps"] if found is not None]

    return take


LOOK, JUDGE = {"look": True}, {"judge": True}


def shot(name, **how):
    return {"screenshot": str(SCREENSHOTS / f"report-{name}.png"), **how}


def test_items_are_filtered_and_keys_are_shown_when_asked_for(work, example_bank):
    expected = rows(example_bank)
    one = expected[5]["student"]

    first, end, student, question, clear, none, keyed, faults = work(
        example_bank,
        LOOK,
        shot("laptop"),
        {"scroll": True},
        LOOK,
        {"fill": "student", "with": one.upper()},
        LOOK,
        {"fill": "question", "with": "q2"},
        LOOK,
        {"press": "Clear"},
        {"fill": "order", "with": "clarity"},
        {"fill": "most", "with": "2"},
        {
            "ask": "[...document.querySelectorAll('.cards li')].map((card) => Number(card.innerText.match(/clarity (.*)/)[1]))"
        },
        {"fill": "student", "with": "nobody at all"},
        LOOK,
        {"press": "Clear"},
        {"tick": "Show keys"},
        LOOK,
        JUDGE,
        shot("laptop-keys"),
    )

    assert first["count"] == "80 items"
    assert len(first["cards"]) == 60  # the others are out of sight
    assert first["keys"] == []
    assert not any(row["key"] in card for row, card in zip(expected[:60], first["cards"], strict=True))
    assert len(end["cards"]) > 60
    assert student["count"] == "2 of 80 items"
    assert all(one in card for card in student["cards"])
    assert question["count"] == "1 of 80 items"
    assert len(clear) > 10
    assert clear == sorted(clear)
    assert max(clear) <= 2
    assert (none["count"], none["cards"]) == ("0 of 80 items", [])
    assert keyed["keys"] == [row["key"] for row in expected[: len(keyed["keys"])]]
    assert len(keyed["keys"]) >= 60
    assert first["broken"] == end["broken"] == keyed["broken"] == 0
    assert faults == []


def test_distributions_and_pairs_follow_the_filter(work, every_bank):
    hidden, all_of, keyed, faults, pairs, ofone = work(
        every_bank,
        {"press": "Distributions"},
        LOOK,
        {"tick": "Show keys"},
        LOOK,
        {"fill": "question", "with": "estimate"},
        LOOK,
        shot("distributions"),
        JUDGE,
        {"press": "Most alike"},
        LOOK,
        shot("alike"),
        {"fill": "question", "with": "which"},
        LOOK,
    )
    keys = sorted(row["key"] for row in rows(every_bank) if row["question"] == "estimate")

    assert hidden["views"] == ["Distributions"]
    assert (
        sum("Hidden until keys are shown." in figure for figure in hidden["figures"]) == 12
    )  # of two parts each its own
    assert not any(name.startswith("Key") for name in hidden["plots"])
    assert not any("Hidden" in figure for figure in all_of["figures"])
    assert [plot.split(":")[0] for plot in keyed["plots"]] == [
        "Key of 3 items",
        "Clarity of 3 items",
        "Predicted difficulty of 3 items",
    ]
    bars = [bar.split(": ") for bar in keyed["bars"][0]]
    assert [key for key, count in bars for _ in range(int(count.split()[0]))] == keys
    assert faults == []
    assert 1 <= len(pairs["pairs"]) <= 3  # of three pictures
    assert len(ofone["pairs"]) >= 2
    assert ofone["broken"] == 0


def test_an_item_is_looked_at_and_banned_by_keyboard(work, example_bank):
    first, second = rows(example_bank)[:2]

    opened, answered, faults, closed, before, saved, undone = work(
        example_bank,
        {"focus": "#print"},
        {"keys": ["Tab", "Enter"]},
        LOOK,
        {"tick": "Show keys"},
        LOOK,
        JUDGE,
        {"keys": ["ArrowRight"]},
        {"press": "Ban this item"},
        {"keys": ["ArrowLeft", "ArrowRight", "Escape"]},
        LOOK,
        shot("banned"),
        {"ask": "document.querySelectorAll('.mark').length"},
        {"save": "Save ban file"},
        {"press": "Take all back"},
        LOOK,
    )

    assert first["name"] in opened["dialog"]
    assert first["variant"] in opened["dialog"]
    assert "Key:" not in opened["dialog"]
    assert f"Key: {first['key']}" in answered["dialog"]
    assert faults == []
    assert closed["dialog"] == ""
    assert closed["focus"] == second["name"]  # where one was last
    assert before == 1
    assert closed["bans"][0].startswith("1 item banned. Save the file")
    assert saved["name"] == "intro-statistics-1-banned.json"
    assert json.loads(saved["text"]) == {
        "plotbank": "banned items",
        "quiz": "intro-statistics-1",
        "items": [second["variant"]],
    }
    assert undone["bans"] == []


def test_a_ban_file_goes_on_from_the_bans_of_the_bank(work, example_bank, copied):
    bank = copied(example_bank)
    path, earlier = bank / "private" / "report.html", ["q2_00000000000000ff", "q1_0000000000000001"]
    text = path.read_text(encoding="utf-8")
    assert '"banned":[]' in text
    path.write_text(text.replace('"banned":[]', f'"banned":{json.dumps(earlier)}', 1), encoding="utf-8")
    fourth, third = rows(bank)[3], rows(bank)[2]

    seen, saved = work(
        bank,
        {"press": fourth["name"], "exact": False},
        {"press": "Ban this item"},
        {"press": "Previous"},
        {"press": "Ban this item"},
        {"press": "Close"},
        LOOK,
        {"save": "Save ban file"},
    )

    assert "2 items banned, besides the 2 banned before." in seen["bans"][0]
    assert json.loads(saved["text"])["items"] == [*earlier, fourth["variant"], third["variant"]]


@pytest.mark.parametrize(("width", "dark"), [(390, True), (320, False)])
def test_a_phone_shows_everything_and_nothing_sideways(width, dark, work, every_bank):
    seen = work(
        every_bank,
        LOOK,
        JUDGE,
        shot(f"phone-{width}"),
        {"press": "Ann1", "exact": False},
        LOOK,
        JUDGE,
        shot(f"phone-{width}-item"),
        {"keys": ["Escape"]},
        {"tick": "Show keys"},
        {"press": "Distributions"},
        LOOK,
        {"press": "Most alike"},
        LOOK,
        width=width,
        height=844,
        dark=dark,
    )
    looks, faults = [one for one in seen if isinstance(one, dict)], [one for one in seen if isinstance(one, list)]

    assert faults == [[], []]
    assert len(looks) == 4
    assert [(look["wide"], look["overflowing"], look["broken"]) for look in looks] == [(False, [], 0)] * 4


def test_paper_has_every_item_and_clips_none(work, example_bank):
    paper, controls, back = work(
        example_bank,
        {"tick": "Show keys"},
        {"paper": True},
        {"until": "document.querySelectorAll('.cards li').length === 80"},
        LOOK,
        {"ask": "['#filters', '.bar nav', '#print'].filter((one) => document.querySelector(one).checkVisibility())"},
        shot("print"),
        {"paper": False},
        LOOK,
        width=794,
        height=1123,
    )

    assert len(paper["cards"]) == 80
    assert paper["keys"] == [row["key"] for row in rows(example_bank)]
    assert (paper["wide"], paper["overflowing"], paper["broken"]) == (False, [], 0)
    assert controls == []
    assert back["count"] == "80 items"
