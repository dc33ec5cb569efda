"""Built-in templates answer themselves; templates of one's own are refused with file, place and reason."""

import re
from collections import Counter

import numpy as np
import pytest

from plotbank import item_templates
from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.item_templates import numerals, perception
from plotbank.items import Axis

AXES = {"x": Axis(label="Study time (hours)", low=0, high=30), "y": Axis(label="Exam score", low=0, high=100)}
BUILT_IN = item_templates.built_in()
PARSED = {name: item_templates.parse(name, source) for name, source in BUILT_IN.items()}
SEEDS = range(120)


def readings(seed, low=0.3, high=0.78, sign=1):
    rng = np.random.default_rng(seed)
    r = sign * round(rng.uniform(low, high), 2)
    sd_x, sd_y = rng.uniform(1, 20, size=2)
    drawn = r + rng.uniform(-0.0004, 0.0004)
    plain = {"rank_r": drawn, "influence": 0.0}
    return {"r": drawn, "n": 40.0, "slope": drawn * sd_y / sd_x, "sd_x": sd_x, "sd_y": sd_y, **plain}


def written(name, seed, **options):
    known = readings(seed, **options)
    return item_templates.write(PARSED[name], known, AXES, np.random.default_rng(seed)), known


def test_the_built_in_templates():
    assert list(BUILT_IN) == ["scatter/choose-r", "scatter/estimate-r"]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("seed", SEEDS)
def test_estimate_r_answers_itself(seed, sign):
    text, known = written("scatter/estimate-r", seed, low=0.05, high=0.95, sign=sign)
    key = text.key
    jnds = max(0.03, 2 * perception.jnd(known["r"]))

    assert key.value == round(known["r"], 2)
    assert jnds <= key.tolerance <= jnds + 0.015
    inside = round(key.tolerance - 0.005, 2)
    for side in (-1, 1):
        assert key.accepts(key.value)
        assert key.accepts(round(key.value + side * inside, 2))
        assert not key.accepts(round(key.value + side * (inside + 0.01), 2))
    assert not key.accepts(-key.value) or abs(key.value) < key.tolerance / 2
    assert not key.accepts(float("nan"))
    assert text.clarity >= 1.4


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("seed", SEEDS)
def test_choose_r_answers_itself(seed, sign):
    text, known = written("scatter/choose-r", seed, sign=sign)
    key = text.key

    assert len(key.values) == 4
    assert key.values[key.correct] == round(known["r"], 2)
    assert [i for i in range(4) if key.accepts(i)] == [key.correct]
    assert not key.accepts(-1)
    assert not key.accepts(4)
    assert list(key.values) == sorted(key.values)
    assert min(perception.apart(a, b) for a, b in zip(key.values, key.values[1:], strict=False)) >= 2
    assert [float(o.replace("−", "-")) for o in key.options] == list(key.values)
    assert text.clarity >= 2


def test_no_place_among_the_options_is_better_than_another():
    """Over 2,000 items each place holds the key a quarter of the time (five standard errors)."""
    places = Counter(written("scatter/choose-r", seed)[0].key.correct for seed in range(2000))

    assert set(places) == {0, 1, 2, 3}
    assert all(abs(count - 500) < 5 * (2000 * 0.25 * 0.75) ** 0.5 for count in places.values())


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("seed", range(30))
def test_stem_and_alt_do_not_tell_the_key_and_feedback_does(name, seed):
    text, _ = written(name, seed, sign=(-1) ** seed)
    printed = text.key.printed.replace("-", "−")

    assert printed not in text.alt
    assert printed not in text.stem
    assert f"<strong>r = {printed}</strong>" in text.feedback
    assert "40 points" in text.alt
    assert "from 0 to 30" in text.alt
    assert "Exam score" in text.alt


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("seed", range(100))
def test_the_worked_feedback_works_out(name, seed):
    """A student who follows the printed numbers gets the printed key."""
    text, _ = written(name, seed, sign=(-1) ** seed)
    numbers = re.search(r"= ?\s(\S+) × (\S+) / (\S+) = (\S+)\.</p>", text.feedback.replace("\n", " "))
    slope, sd_x, sd_y, key = (float(g.replace("−", "-")) for g in numbers.groups())

    assert round(slope * sd_x / sd_y, 2) == pytest.approx(key)


def test_labels_are_shown_as_they_are():
    """Neither Markdown nor HTML in a label takes effect."""
    axes = {**AXES, "x": Axis(label="*Time* <b>in</b> h & [min](x) `c` 1_2_3", low=0, high=30)}
    template = item_templates.parse("t", BUILT_IN["scatter/estimate-r"])
    text = item_templates.write(template, readings(1), axes, np.random.default_rng(1))

    assert "*Time* &lt;b&gt;in&lt;/b&gt; h &amp; [min](x) `c` 1_2_3" in text.stem
    assert "*Time* <b>in</b> h & [min](x) `c` 1_2_3" in text.alt


def test_options_too_near_are_refused():
    template = item_templates.parse("t", own(options="[r, r + 0.02]"))
    with pytest.raises(UnsuitableDraw, match="clarity"):
        item_templates.grade(template, readings(1), np.random.default_rng(1))


def test_options_without_the_key_are_refused():
    template = item_templates.parse("t", own(options="[r - 0.3, r + 0.1]"))
    with pytest.raises(UnsuitableDraw, match="not exactly one of the options"):
        item_templates.grade(template, readings(1), np.random.default_rng(1))


def own(stem="What is r?", **header):
    fields = {
        "kind": '"scatter"',
        "type": '"choice"',
        "title": '"Own"',
        "reads": '"r"',
        "key": '"r"',
        "decimals": "2",
        "clarity": "1",
        "options": '"ladder(r, 3, 2)"',
    }
    for name, value in header.items():
        fields[name] = f'"{value}"' if name in ("options", "key") else value
    lines = "\n".join(f"{name} = {value}" for name, value in fields.items() if value is not None)
    return f"+++\n{lines}\n+++\n\n# Stem\n\n{stem}\n\n# Feedback\n\n{{{{ key }}}}\n\n# Alt text\n\nA plot.\n"


def cloud(influence, rank_r):
    """At r = 0.6 a just-noticeable difference is 0.063."""
    return {**readings(1), "r": 0.6, "influence": influence, "rank_r": rank_r}


@pytest.mark.parametrize(("influence", "rank_r"), [(0.07, 0.6), (0.04, 0.75), (0.04, 0.45)])
@pytest.mark.parametrize("name", BUILT_IN)
def test_plots_whose_r_is_not_what_the_eye_expects_are_refused(name, influence, rank_r):
    with pytest.raises(UnsuitableDraw, match="not what the template requires"):
        item_templates.write(PARSED[name], cloud(influence, rank_r), AXES, np.random.default_rng(1))


@pytest.mark.parametrize("name", BUILT_IN)
def test_plots_whose_r_is_what_the_eye_expects_are_taken(name):
    assert item_templates.write(PARSED[name], cloud(0.06, 0.5), AXES, np.random.default_rng(1)).key.printed == "0.60"


def test_a_template_of_ones_own_works():
    template = item_templates.parse("own.md", own())
    text = item_templates.write(template, {"r": 0.6, "n": 30.0}, AXES, np.random.default_rng(0))

    assert text.stem == "<p>What is r?</p>"
    assert text.feedback == "<p>0.60</p>"
    assert len(text.key.values) == 3


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no header", "own.md: line 1: a template begins with a TOML header"),
        (own().replace("decimals = 2", "decimals ="), "own.md: the header is not TOML"),
        (own(title=None), "own.md: header: 'title' is missing"),
        (own(decimals='"two"'), "own.md: header: decimals = 'two' is of the wrong type"),
        (own(reads='"slope"'), "own.md: header: reads = 'slope': write one of r"),
        (own(require="1"), "own.md: header: require = 1: write an expression between quotes"),
        (own(decimals="7"), "own.md: header: decimals = 7: write 0 to 4"),
        (own(type='"essay"'), "own.md: header: type = 'essay': write one of numerical, choice"),
        (own(type='"numerical"'), "needs tolerance"),
        (own().replace("+++\n\n# Stem", "extra = 1\n+++\n\n# Stem"), "own.md: header: unknown key 'extra'"),
        (own(key="r +"), "own.md: header: an expression is not understood"),
        (own(stem="{{ n"), "own.md: line 14: "),
        (own(stem="one\n\n{% if %}"), "own.md: line 16: "),
        (own().replace("# Feedback", "# Answer"), "own.md: the sections must be # Stem, # Feedback, # Alt text"),
    ],
)
def test_templates_that_are_refused_when_read(source, message):
    with pytest.raises(QuizFileError, match=re.escape(message)) as caught:
        item_templates.parse("own.md", source)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (own(stem="{{ slop }}"), "own.md: section 'Stem': 'slop' is undefined"),
        (own(key="slop"), "own.md: header: key: 'slop' is undefined"),
        (own(key="[r]"), "own.md: header: key: "),
        (own(options="r"), "own.md: header: options: "),
        (own(key="r / 0"), "own.md: header: key: "),
        (own(stem="{{ ''.__class__.__mro__ }}"), "own.md: section 'Stem': access to attribute '__class__'"),
        (own(stem="{{ range(999999999) | list }}"), "own.md: section 'Stem': Range too big"),
    ],
)
def test_templates_that_are_refused_when_used(source, message):
    template = item_templates.parse("own.md", source)
    with pytest.raises(QuizFileError, match=re.escape(message)):
        item_templates.write(template, {"r": 0.6, "n": 30.0}, AXES, np.random.default_rng(0))


def test_files_that_are_refused(tmp_path):
    large, latin = tmp_path / "large.md", tmp_path / "latin.md"
    large.write_bytes(b"x" * 1_000_001)
    latin.write_bytes(own().encode() + b"\xe9")
    with pytest.raises(QuizFileError, match="at most 1,000,000 bytes"):
        item_templates.load(large)
    with pytest.raises(QuizFileError, match="not UTF-8"):
        item_templates.load(latin)
    with pytest.raises(QuizFileError, match="cannot be read"):
        item_templates.load(tmp_path / "none.md")


@pytest.mark.parametrize(
    ("value", "places", "printed"), [(0.7, 2, "0.70"), (-0.5, 2, "−0.50"), (-0.001, 2, "0.00"), (12, 0, "12")]
)
def test_numbers(value, places, printed):
    assert numerals.number(value, places) == printed


@pytest.mark.parametrize(
    ("value", "printed"), [(2.5588, "2.559"), (21.19285, "21.19"), (0.0123456, "0.01235"), (12345.6, "12346"), (0, "0")]
)
def test_significant_digits(value, printed):
    assert numerals.significant(value, 4) == printed


@pytest.mark.parametrize(("value", "printed"), [(30.0, "30"), (0.5, "0.5"), (-10.0, "−10"), (0.0, "0")])
def test_plain_numbers(value, printed):
    assert numerals.plain(value) == printed


@pytest.mark.parametrize(
    ("r", "words"),
    [
        (0.85, "a very strong positive relationship"),
        (-0.6, "a strong negative relationship"),
        (0.45, "a moderate positive relationship"),
        (0.0, "no linear relationship to speak of"),
    ],
)
def test_relationships_in_words(r, words):
    assert numerals.relationship(r) == words
