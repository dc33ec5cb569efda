"""Practice pages, read as a browser reads them; how they work in one is tested in tests/browser."""

import base64
import hashlib
import json
import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from itertools import count

import pytest
from lxml import html

from plotbank.exporters.practice import EXPORTER
from plotbank.items import Option, PartsKey

LANGUAGES = ("en", "de", "es", "fr", "pt")


def source(name):
    return files("plotbank.exporters").joinpath(name).read_text(encoding="utf-8")


def parse(path):
    return html.document_fromstring(path.read_bytes())


def sections(page):
    return page.xpath("//main/section[@class='question']")


def items_of(element):
    return {script.get("id"): json.loads(script.text) for script in element.xpath(".//script[@class='item']")}


def settings(page):
    return json.loads(page.get_element_by_id("settings").text)


def opened(sealed, ident):
    """What was sealed, by FNV-1a and xorshift32 as the module describes them."""
    seed = 2166136261
    for byte in ident.encode():
        seed = ((seed ^ byte) * 16777619) % 2**32
    seed |= 1
    content = bytearray(base64.b64decode(sealed, validate=True))
    for place in range(len(content)):
        seed = (seed ^ (seed << 13)) % 2**32
        seed ^= seed >> 17
        seed = (seed ^ (seed << 5)) % 2**32
        content[place] ^= seed % 256
    return json.loads(content.decode())


@pytest.fixture
def written(make, tmp_path):
    """The item that comes of one item, as the page holds it, and what was sealed in it."""
    folders = count()

    def write(**changes):
        item = make.item(of=changes.pop("of", make.mixed), **changes)
        bank = make.bank(questions=(make.slope, make.mixed))
        assert EXPORTER.check(bank, item) == []
        (path,) = make.write(EXPORTER, tmp_path / str(next(folders)), [item], bank)
        ((ident, data),) = items_of(parse(path)).items()
        return data, opened(data.pop("sealed"), ident)

    return write


def test_one_page_holds_every_variant_in_the_section_of_its_question(make, tmp_path):
    (path,) = make.write(EXPORTER, tmp_path, make.items())

    page = parse(path)

    assert path.name == "stat101-quiz.2.html"
    assert [section.findtext("h2") for section in sections(page)] == ["Estimate r", "Pick the median"]
    assert [list(items_of(section)) for section in sections(page)] == [
        ["slope_00000", "slope_00001", "slope_00002"],
        ["pick_00000", "pick_00001", "pick_00002"],
    ]
    assert page.findtext(".//title") == page.findtext(".//h1") == "Reading plots"
    assert page.get("lang") == "en"


def test_a_section_is_labelled_and_has_what_takes_an_answer(make, tmp_path):
    (path,) = make.write(EXPORTER, tmp_path, make.items())

    for number, section in enumerate(sections(parse(path)), start=1):
        assert section.get("aria-labelledby") == section.find("h2").get("id") == f"question-{number}-title"
        assert section.xpath("string(p)").split() == ["Question", str(number)]
        assert [button.get("type") for button in section.iter("button")] == ["submit", "button", "button"]
        assert [element.get("class") for element in section.xpath(".//*[@role='status']")] == ["variant", "result"]


def test_what_lies_open_of_an_item(make, written):
    picture = make.picture(name="p_1.png", png=make.png(7), description="From 0 to 1.", caption="Plot A")
    data, _ = written(of=make.slope, picture=picture)

    assert data == {
        "title": "Estimate r",
        "points": "2",
        "stem": "<p>Estimate <i>r</i> <b>well</b>.</p>",
        "pictures": [
            {
                "name": "p_1.png",
                "src": "data:image/png;base64," + base64.b64encode(make.png(7)).decode(),
                "alt": "Scatter plot of 40 points, rising",
                "description": "From 0 to 1.",
                "caption": "",  # there is only one
                "width": 600,
                "height": 450,
            }
        ],
        "answer": {"type": "number"},
    }


def test_several_pictures_have_their_captions(make, written):
    pictures = (make.picture(name="a.png", caption="Plot A"), make.picture(name="b.png", caption="Plot <B>"))
    data, _ = written(pictures=pictures)

    assert [picture["caption"] for picture in data["pictures"]] == ["Plot A", "Plot <B>"]


def test_the_key_and_all_feedback_are_sealed(make, written):
    _, told = written(if_correct="<p>Well done.</p>", if_incorrect="<p>Look again.</p>")

    assert told == {
        "key": {"value": "0.72", "bands": [["0.625", "0.815", 1.0]]},
        "feedback": "<p>It is 0.72.</p>",
        "if_correct": "<p>Well done.</p>",
        "if_incorrect": "<p>Look again.</p>",
    }


def test_the_ends_of_bands_are_exact_decimals(make, written):
    assert written(key=make.banded())[1]["key"]["bands"] == [
        ["0.625", "0.815", 1.0],
        ["0.575", "0.865", 0.5],
        ["0.525", "0.915", 1 / 3],
    ]
    assert written(key=make.numeric(-0.5, 0.15, 1))[1]["key"] == {"value": "-0.5", "bands": [["-0.65", "-0.35", 1.0]]}


def test_a_choice(make, written):
    data, told = written(key=make.commented())

    assert data["answer"] == {
        "type": "choice",
        "options": [{"text": "1.5"}, {"text": "<b>2.5</b>"}, {"text": "4"}],
    }
    assert told["key"] == {
        "correct": [1],
        "feedback": ["<p>Too low.</p>", "", "<p>No, <i>far</i> too high.</p>"],
    }


def test_options_have_their_pictures(make, written):
    data, told = written(key=make.pictured(), pictures=())
    options = data["answer"]["options"]

    assert data["pictures"] == []
    assert [option["text"] for option in options] == ["A", "B", "C"]
    assert [option["picture"]["alt"][-1] for option in options] == ["0", "1", "2"]
    assert told["key"]["correct"] == [2]


def test_multiple_answers(make, written):
    data, told = written(key=make.multiple())

    assert data["answer"]["type"] == "multiple"
    assert len(data["answer"]["options"]) == 3
    assert told["key"] == {"correct": [0, 2], "feedback": ["", "", ""]}


def test_a_statement(make, written):
    data, told = written(key=make.truth(False, if_true="No."))

    assert data["answer"] == {"type": "truth"}
    assert told["key"] == {"truth": False, "if_true": "No.", "if_false": ""}


def test_matching(make, written):
    data, told = written(key=make.matching())

    assert data["answer"] == {
        "type": "matching",
        "prompts": ["Plot A", "Plot <em>B</em>"],
        "answers": ["no relation", "r = −0.8", "r > 0"],
    }
    assert told["key"] == {"pairs": [2, 0]}


def test_parts(make, written):
    data, told = written(key=make.parts(make.numeric(), make.choice(), make.truth(), shares=(0.5, 0.25, 0.25)))
    parts = data["answer"]["parts"]

    assert data["answer"]["type"] == "parts"
    assert [part["stem"] for part in parts] == [f"<p>Part <b>{n}</b>: what?</p>" for n in (1, 2, 3)]
    assert [part["share"] for part in parts] == [0.5, 0.25, 0.25]
    assert [part["answer"]["type"] for part in parts] == ["number", "choice", "truth"]
    assert [sorted(key) for key in told["key"]["parts"]] == [
        ["bands", "value"],
        ["correct", "feedback"],
        ["if_false", "if_true", "truth"],
    ]


def test_nothing_in_the_source_tells_a_key_or_what_an_instructor_knows(make, tmp_path):
    secret = make.item(feedback="It is seventeen.", if_correct="Splendid.", if_incorrect="Pity.", difficulty=-3)
    choice = make.item(1, key=make.commented())
    (path,) = make.write(EXPORTER, tmp_path, [secret, choice])
    text = path.read_text(encoding="utf-8")

    for word in ("0.72", "0.625", "seventeen", "Splendid", "Pity", "Too low", "correct"):
        assert word not in re.sub("<script type=.module.*?</script>", "", text, flags=re.DOTALL), word
    for word in ("scatter/estimate-r", "very difficult"):
        assert word not in text, word


def test_every_item_is_sealed_with_its_own_id(make, tmp_path):
    (path,) = make.write(EXPORTER, tmp_path, [make.item(number) for number in range(16)])
    seals = {ident: item["sealed"] for ident, item in items_of(parse(path)).items()}

    assert len({seal[:8] for seal in seals.values()}) == 16
    assert {opened(seal, ident)["key"]["value"] for ident, seal in seals.items()} == {"0.72"}


def test_nothing_in_the_data_ends_its_script(make, tmp_path):
    nasty = f"{make.nasty} </script><!-- <script> \u2028 \u2029 &amp;"
    item = make.item(title=nasty, stem="</p>" + make.nasty + "\u2028", feedback=nasty, key=make.choice(nasty, "2"))
    (path,) = make.write(EXPORTER, tmp_path, [item])
    page, text = parse(path), path.read_text(encoding="utf-8")

    (data,) = items_of(page).values()
    scripts = re.findall(r"<script.*?>(.*?)</script>", text, flags=re.DOTALL)

    assert data["title"] == nasty
    assert data["answer"]["options"][0]["text"] == nasty
    assert opened(data["sealed"], item.id)["feedback"] == nasty
    assert len(scripts) == 3  # the item, the settings, the page's own
    assert not set("<>&\u2028\u2029") & set(scripts[0])


def test_titles_are_text(make, tmp_path):
    title = 'p < 0.05 & <b>"r"</b> 😀 مرحبا'
    bank = make.bank(title=title, questions=(replace(make.slope, title=title),))
    (path,) = make.write(EXPORTER, tmp_path, [make.item()], bank)
    page = parse(path)

    assert [page.findtext(f".//{tag}") for tag in ("title", "h1", "h2")] == [title] * 3


def test_the_policy_lets_in_nothing_and_runs_only_the_pages_own_script(make, tmp_path):
    (path,) = make.write(EXPORTER, tmp_path, [make.item()])
    page = parse(path)

    def digest(text):
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    (style,), (script,) = page.xpath("//style"), page.xpath("//script[@type='module']")
    assert style.text == source("practice.css")
    assert script.text == source("practice.js")
    assert page.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)") == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest(style.text)}'; "
        f"script-src 'sha256-{digest(script.text)}'; base-uri 'none'; form-action 'none'"
    )
    assert page.xpath("//@style") == []
    assert set(page.xpath("//@src | //@href")) == {"data:,"}


def test_pages_keep_the_budget_and_stand_alone(make, tmp_path):
    items = make.items(6, picture=make.picture(png=bytes(6_000)))
    whole = make.write(EXPORTER, tmp_path / "whole", items)[0].stat().st_size
    budget = whole - 30_000  # room for about eight items beside the frame

    paths = make.write(EXPORTER, tmp_path / "parts", items, part_bytes=budget)
    pages = [parse(path) for path in paths]

    assert [path.name for path in paths] == ["stat101-quiz.2-1.html", "stat101-quiz.2-2.html"]
    assert all(path.stat().st_size <= budget for path in paths)
    assert [ident for page in pages for ident in items_of(page)] == [item.id for item in items]
    assert [page.findtext(".//h1") for page in pages] == ["Reading plots", "Reading plots (2)"]
    assert [[section.get("id") for section in sections(page)] for page in pages] == [
        ["question-1", "question-2"],
        ["question-2"],
    ]
    assert all(page.xpath("//script[@type='module']") for page in pages)


def test_a_page_may_be_exactly_as_large_as_its_budget(make, tmp_path):
    size = make.write(EXPORTER, tmp_path / "whole", make.items())[0].stat().st_size

    assert len(make.write(EXPORTER, tmp_path / "same", make.items(), part_bytes=size)) == 1
    assert len(make.write(EXPORTER, tmp_path / "less", make.items(), part_bytes=size - 1)) == 2


def test_an_item_that_is_larger_than_the_budget_has_a_page_of_its_own(make, tmp_path):
    paths = make.write(EXPORTER, tmp_path, make.items(2), part_bytes=10)

    assert [list(items_of(parse(path))) for path in paths] == [
        ["slope_00000"], ["slope_00001"], ["pick_00000"], ["pick_00001"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "check", "true", "decimal"),
    [
        ("en", "Check", "True", "."),
        ("de", "Prüfen", "Wahr", ","),
        ("es", "Comprobar", "Verdadero", ","),
        ("es-MX", "Comprobar", "Verdadero", "."),
        ("fr", "Vérifier", "Vrai", ","),
        ("pt-BR", "Verificar", "Verdadeiro", ","),
        ("nl", "Check", "True", ","),
        ("xx", "Check", "True", "."),
        ("not a language", "Check", "True", "."),
    ],
)
def test_the_page_speaks_the_language_of_the_bank(make, tmp_path, language, check, true, decimal):
    (path,) = make.write(EXPORTER, tmp_path, [make.item()], make.bank(language=language))
    page = parse(path)

    assert page.get("lang") == language
    assert page.xpath("string(//button[@type='submit'])") == check
    assert settings(page)["words"]["true"] == true
    assert settings(page)["decimal"] == decimal


def test_every_language_has_the_same_words_with_the_same_gaps():
    words = tomllib.loads(source("practice.toml"))

    def gaps(language):
        return {name: sorted(re.findall(r"{\w+}", text)) for name, text in words[language].items()}

    assert tuple(words) == LANGUAGES
    assert {language: gaps(language) for language in LANGUAGES} == dict.fromkeys(LANGUAGES, gaps("en"))
    assert all(text.strip() for language in LANGUAGES for text in words[language].values())


def test_every_word_is_used():
    used = source("practice.js") + source("practice.html.jinja")

    for name in tomllib.loads(source("practice.toml"))["en"]:
        assert f"words.{name}" in used, name


def test_aligned_cells_have_a_class_instead_of_a_style(make, written):
    table = '<table><tr><th style="text-align:right">n</th><td style="text-align: center">1</td></tr></table>'
    classed = '<table><tr><th class="right">n</th><td class="center">1</td></tr></table>'
    data, told = written(
        stem=table, feedback=table, key=make.parts(make.truth(if_true=table, if_false=table), make.choice())
    )

    assert data["stem"] == classed
    assert [told["feedback"], told["key"]["parts"][0]["if_true"], told["key"]["parts"][0]["if_false"]] == [classed] * 3


MARKDOWN = (
    '<h3>a</h3><p>b <em>c</em> <strong>d</strong> <code class="language-r">e</code><br /></p><pre>f</pre><hr />'
    '<ul><li>g</li></ul><ol start="3"><li>h</li></ol><blockquote>i</blockquote>'
    '<a href="https://example.edu/a?b=1&amp;c=2" title="t">j</a> <a href="mailto:a@example.edu">k</a>'
    "<table><thead><tr><th>l</th></tr></thead><tbody><tr><td>m</td></tr></tbody></table>"
)


def test_everything_that_markdown_says_is_shown(make):
    assert EXPORTER.check(make.bank(), make.item(stem=MARKDOWN, feedback=MARKDOWN, if_correct=MARKDOWN)) == []


def test_signs_in_plain_answers_are_no_markup(make):
    key = make.matching(answers=("<script>", "a < b", "<img src=x>"))

    assert EXPORTER.check(make.bank(questions=(make.mixed,)), make.item(of=make.mixed, key=key)) == []


UNSHOWN = {
    "script": ({"stem": "<p>a<script>b</script></p>"}, "the text holds <script>"),
    "picture": ({"stem": '<img src="https://example.edu/a.png">'}, "the text holds <img>"),
    "frame": ({"feedback": "<iframe></iframe>"}, "the feedback holds <iframe>"),
    "handler": ({"if_correct": '<p onclick="a()">b</p>'}, "the feedback to right answers holds the attribute 'onclick' of <p>"),
    "style": ({"if_incorrect": '<p style="color:red">b</p>'}, "the feedback to wrong answers holds the attribute 'style' of <p>"),
    "id": ({"stem": '<p id="score">b</p>'}, "the text holds the attribute 'id' of <p>"),
    "link": ({"stem": '<a href="javascript:a()">b</a>'}, "the text holds the link 'javascript:a()'"),
    "link to nowhere": ({"stem": '<a href="other.html">b</a>'}, "the text holds the link 'other.html'"),
    "broken link": ({"stem": '<a href="http://[">b</a>'}, "the text holds the link 'http://['"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSHOWN)
def test_what_the_page_would_not_show_is_named(case, make):
    changes, words = UNSHOWN[case]

    assert EXPORTER.check(make.bank(), make.item(**changes)) == [f"{words}, which a practice page does not show"]


def test_what_an_option_a_prompt_or_a_part_would_not_show_is_named(make):
    bank = make.bank(questions=(make.mixed,))
    options = (Option(text="<svg>a</svg>"), Option(text="b", feedback="<video></video>"))
    part = replace(make.parts().parts[0], stem="<form>a</form>")
    keys = [
        replace(make.choice(), options=options),
        make.matching(prompts=("<input>A", "B")),
        PartsKey(parts=(part, make.parts().parts[1])),
    ]

    found = [EXPORTER.check(bank, make.item(of=make.mixed, key=key)) for key in keys]

    assert [[problem.partition(",")[0] for problem in problems] for problems in found] == [
        ["option 1 holds <svg>", "the feedback to option 2 holds <video>"],
        ["prompt 1 holds <input>"],
        ["the text of part 1 holds <form>"],
    ]
