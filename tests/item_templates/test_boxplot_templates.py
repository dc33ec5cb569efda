"""Every box plot template, over a hundred plots: its key is what the values say, and nothing else helps to find it.

What is right is worked out here again from the values themselves, not by the templates' expressions.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from html import unescape

import numpy as np
import pytest

from plotbank import item_templates, question
from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import UNIT, Plot, inexact, kinds
from plotbank.item_templates import difficulty, grading, misconceptions, wording
from plotbank.item_templates.numerals import numerals
from plotbank.items import Axis
from plotbank.leaks import told
from plotbank.proof.readers import READERS
from plotbank.quiz import refuse_unprovable

KIND = kinds()["boxplot"]
PLOTS, ITEMS, TRIES = 100, 1000, 300
AREA = (480.0, 360.0)
NAMES = ("North", "South-East", "West", "Lakes")
# Axes of handy and unhandy numbers: negative ones, far from zero, with few ticks and with many.
AXES = [(0, 100), (0, 8), (40, 100), (-20, 20), (800, 2400), (0, 0.5)]
USUAL = {"groups": 1, "n": [28, 50], "median": [0.25, 0.75], "iqr": [0.1, 0.3], "skew": [-0.4, 0.4]}
USUAL |= {"lower": [0.4, 1.3], "upper": [0.4, 1.3], "outliers": [0, 2]}

NUMERICAL = ["boxplot/iqr", "boxplot/median", "boxplot/outliers", "boxplot/quartile", "boxplot/range"]
OF_GROUPS = ["boxplot/compare-medians", "boxplot/compare-spread"]
CHOICES = [*OF_GROUPS, "boxplot/choose-iqr", "boxplot/share-between", "boxplot/skew"]
ALL = sorted([*NUMERICAL, *CHOICES, "boxplot/statements", "boxplot/true-false"])

# The definitions of a quantile by Hyndman and Fan, as numpy names them.
DEFINITIONS = [
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen"),
    *("weibull", "linear", "median_unbiased", "normal_unbiased"),
]


@dataclass(frozen=True)
class Tried:
    """One item: the values of each group, what is right, and the words."""

    plot: Plot
    groups: list
    readings: dict
    graded: grading.Graded
    text: item_templates.Text
    alt: str

    @property
    def stem(self):
        return plain(self.text.stem)

    @property
    def options(self):
        return [plain(option.text) for option in self.text.key.options]

    @property
    def right(self):
        return self.options[self.text.key.correct]


def plain(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("−", "-").split())


def template(name):
    return item_templates.built_in(name)


@cache
def view(plot):
    return question.view(plot)


def values(feature, given):
    """What a feature may be, from a value, a range or a list as in a quiz file."""
    if isinstance(given, dict):
        return [float(value) for value in given["values"]]
    if not isinstance(given, list):
        return [float(given)]
    return [
        round(k * feature.step, 6) for k in range(round(given[0] / feature.step), round(given[1] / feature.step) + 1)
    ]


@cache
def grids(name):
    """For each case of a template's conditions, the values of every feature, and how many each has."""
    found = [
        {f.name: values(f, case.get(f.name, case.get(f.family, USUAL.get(f.family or f.name)))) for f in KIND.features}
        for case in template(name).conditions
    ]
    return [(grid, np.array([len(several) for several in grid.values()])) for grid in found]


def condition(name, k, rng):
    """The k-th condition that can be drawn: every case, and every value of what is asked for, as often as any other."""
    (grid, sizes), reads = grids(name)[k % len(grids(name))], template(name).reads
    for _ in range(TRIES):
        places = rng.integers(sizes).tolist()
        found = {feature: several[place] for (feature, several), place in zip(grid.items(), places, strict=True)}
        if reads:
            found[reads] = grid[reads][k % len(grid[reads])]
        found = KIND.settle(found)
        if not KIND.impossible(found):
            return found
    raise AssertionError(f"{name}: no condition in {TRIES}")


@cache
def plot_of(k, groups):
    low, high = AXES[k]
    x = Axis(label="Region", low=0, high=len(NAMES), categories=NAMES)
    plot = Plot(x=x, y=Axis(label="Mass (kg)", low=low, high=high), picture=UNIT.picture)
    return KIND.fitted(plot, {"groups": groups})


@cache
def drawn(name, k):
    """Values for the k-th condition that the template takes, their readings, and what is right."""
    rng = np.random.default_rng([k, *name.encode()])
    for turn in range(5):
        wanted = condition(name, k, rng)
        plot = plot_of(int(rng.integers(len(AXES))), wanted["groups"])
        for _ in range(60):
            try:
                data = KIND.snap(KIND.plain(wanted, rng), wanted, plot, AREA, rng).values
                readings = KIND.readings(data, wanted, plot)
                if not list(inexact(KIND, readings, wanted)):
                    picks, order = np.random.default_rng([1, k, turn]), np.random.default_rng([2, k, turn])
                    return plot, data, readings, grading.grade(template(name), readings, view(plot), picks, order)
            except UnsuitableDraw:
                continue
    raise AssertionError(f"{name}: nothing with {wanted}")


def scene(plot):
    return item_templates.Scene(kind="boxplot", view=view(plot), story="A story.", numerals=numerals("en"))


def worded(name, plot, readings, graded):
    intro = wording.introduction(scene(plot), readings, 1)
    return item_templates.word(template(name), graded, readings, scene(plot), intro)


@cache
def tried(name):
    """A hundred items."""
    found = []
    for k in range(PLOTS):
        plot, data, readings, graded = drawn(name, k)
        groups = [np.sort(data[data[:, 0] == group, 1]) for group in np.unique(data[:, 0])]
        text = worded(name, plot, readings, graded)
        found.append(
            Tried(
                plot, groups, readings, graded, text, wording.alternative(template(name), scene(plot), readings).whole
            )
        )
    return found


@cache
def graded_only(name):
    """A thousand items, without their words: what is right, and the names drawn."""
    return [drawn(name, k) for k in range(ITEMS)]


def quartiles(x):
    return np.quantile(x, [0.25, 0.5, 0.75])


def hinges(x):
    """Tukey's: the medians of the halves, each with the median in it where n is odd."""
    half = (len(x) + 1) // 2
    return np.array([np.median(x[:half]), np.median(x), np.median(x[-half:])])


def of_every_definition(x):
    return [*(np.quantile(x, [0.25, 0.5, 0.75], method=method) for method in DEFINITIONS), hinges(x)]


def whiskers(x, three=None):
    q1, _, q3 = quartiles(x) if three is None else three
    reach = 1.5 * (q3 - q1) * (1 + 1e-9)
    inside = x[(x >= q1 - reach) & (x <= q3 + reach)]
    return inside[0], inside[-1], len(x) - len(inside)


def is_third(item):
    return "the third quartile?" in item.stem


def asked(name, item, three):
    """What a numerical template asks about, by one definition of the quartiles."""
    x = item.groups[0]
    match name:
        case "boxplot/median":
            return three[1]
        case "boxplot/quartile":
            return three[2] if is_third(item) else three[0]
        case "boxplot/iqr":
            return three[2] - three[0]
        case "boxplot/range":
            return x[-1] - x[0]
        case "boxplot/outliers":
            return whiskers(x, three)[2]
    raise KeyError(name)


def misread(name, item):
    """What somebody gets who misreads the plot."""
    x = item.groups[0]
    (q1, q2, q3), (low, high, outliers) = quartiles(x), whiskers(x)
    match name:
        case "boxplot/median":
            return [(q1 + q3) / 2]
        case "boxplot/quartile":
            return [v for v in (low, q1, q2, q3, high) if v != (q3 if is_third(item) else q1)]
        case "boxplot/iqr":
            return [q3 - q2, q2 - q1, high - low, x[-1] - x[0]]
        case "boxplot/range":
            return [high - low, q3 - q1]
        case "boxplot/outliers":
            return [outliers - 1, outliers + 1, outliers + 2, 0]
    raise KeyError(name)


def test_all_of_them():
    assert [name for name in item_templates.installed() if name.startswith("boxplot/")] == ALL


@pytest.mark.parametrize("name", ALL)
def test_the_picture_is_enough_to_prove_them(name):
    refuse_unprovable(template(name), KIND)
    for item in tried(name):
        measured = {key: value for key, value in item.readings.items() if key in READERS["boxplot"].measures}
        assert not list(grading.prove(template(name), item.graded.answer, measured, view(item.plot), item.graded.drawn))


@pytest.mark.parametrize("name", ALL)
def test_they_are_clear(name):
    assert min(item.graded.clarity for item in tried(name)) >= template(name).clarity - 1e-9


@pytest.mark.parametrize("name", ALL)
def test_they_do_not_tell_the_key(name):
    """In the stem, the text alternative or the title; a number may stand there by chance now and then."""
    telling = 0
    for item in tried(name):
        telling += bool(
            told(item.text.key, stem=item.text.stem, feedback=item.text.feedback, alts=[item.alt], identifier="t-q1",
                 title=template(name).title, label="0" * 16)
        )  # fmt: skip
    assert telling <= PLOTS / 50


@pytest.mark.parametrize("name", NUMERICAL)
def test_numbers_answer_themselves(name):
    """The key is the number; just inside the tolerance earns the mark, just outside, misread or no number does not."""
    for item in tried(name):
        key = item.text.key
        step = Decimal(1).scaleb(-key.decimals)
        value = Decimal(key.printed)
        accurate = asked(name, item, quartiles(item.groups[0]))

        assert abs(float(value) - accurate) <= float(step) / 2 * (1 + 1e-6)
        steps_inside = int((Decimal(repr(key.tolerance)) / step).to_integral_value("ROUND_FLOOR"))
        low, high = value - steps_inside * step, value + steps_inside * step
        for inside in (low, value, high):
            assert key.accepts(float(inside))
        for outside in (low - step, high + step):
            assert not key.accepts(float(outside))
        for wrong in (*misread(name, item), math.nan, math.inf, -math.inf):
            assert not key.accepts(round(float(wrong), key.decimals)), (name, wrong, key)
        if name != "boxplot/outliers":
            assert f"Every answer from {low} to {high} earns the mark." in plain(item.text.feedback)
            assert f"to the nearest {step.normalize():f}" in item.stem or (
                key.decimals == 0 and "as a whole number" in item.stem
            )
        assert f"<strong>{str(value).replace('-', '−')}</strong>" in item.text.feedback


@pytest.mark.parametrize("name", NUMERICAL)
def test_numbers_are_right_by_every_definition_of_a_quartile(name):
    for item in tried(name):
        for three in of_every_definition(item.groups[0]):
            assert item.text.key.accepts(round(float(asked(name, item, three)), item.text.key.decimals))


def test_quartiles_are_both_asked_for():
    assert 25 <= sum(is_third(item) for item in tried("boxplot/quartile")) <= 75


def test_outliers_come_in_every_number():
    assert {item.text.key.value for item in tried("boxplot/outliers")} == {1, 2, 3, 4}


@pytest.mark.parametrize("name", CHOICES)
def test_choices_have_one_right_option(name):
    for item in tried(name):
        key = item.text.key
        assert len(set(item.options)) == len(item.options) >= 3
        assert [place for place in range(-1, len(item.options) + 1) if key.accepts(place)] == [key.correct]
        assert f"<strong>{key.options[key.correct].text}</strong>" in item.text.feedback
        assert not key.options[key.correct].feedback


def test_skew_is_that_of_box_and_whiskers():
    for item in tried("boxplot/skew"):
        x = item.groups[0]
        (q1, q2, q3), (low, high, outliers) = quartiles(x), whiskers(x)
        longer_above = [(q3 - q2) / (q2 - q1), (high - q3) / (q1 - low)]
        if min(longer_above) > 1.8:
            said = "skewed to the right"
        elif max(longer_above) < 1 / 1.8:
            said = "skewed to the left"
        else:
            assert max(*longer_above, *(1 / ratio for ratio in longer_above)) < 1.35
            said = "roughly symmetric"
        assert item.right.startswith(said)
        assert outliers == 0


def test_shares_are_counted_and_lengths_mislead():
    for item in tried("boxplot/share-between"):
        x, y = item.groups[0], item.plot.y
        low, high = map(float, re.search(r"at about (\S+) and (\S+)\. Which", item.stem).groups())
        slack = 0.01 * y.span
        share = 100 * ((x > low - slack) & (x < high + slack)).mean()
        length = 100 * (high - low) / (x[-1] - x[0])
        offered = {25: "about 25%", 50: "about 50%", 75: "about 75%"}

        assert item.right == offered[min(offered, key=lambda one: abs(one - share))]
        assert item.right != offered[min(offered, key=lambda one: abs(one - length))]


def test_the_interquartile_range_is_nearest_by_every_definition():
    """And an option that says what somebody misread is that number."""
    misreadings = set()
    for item in tried("boxplot/choose-iqr"):
        numbers = np.array([float(option.replace(",", "")) for option in item.options])
        assert list(numbers) == sorted(numbers)
        for q1, _, q3 in of_every_definition(item.groups[0]):
            assert np.abs(numbers - (q3 - q1)).argmin() == item.text.key.correct
        assert numbers.min() > 0
        for entry in item.graded.answer.entries:
            if entry.why:
                misreadings.add(entry.why)
                names = {**grading.known(item.readings, view(item.plot)), "key": 0.0}
                value = item_templates.header.expression(misconceptions.EXPRESSIONS[entry.why], "here").number(names)
                assert entry.value == pytest.approx(value, abs=0.51 * 10.0**-item.graded.answer.decimals)
    assert len(misreadings) >= 6


@pytest.mark.parametrize("name", OF_GROUPS)
def test_groups_are_compared_right_by_every_definition(name):
    for item in tried(name):
        every = [of_every_definition(x) for x in item.groups]
        for definition in range(10):
            threes = [of_group[definition] for of_group in every]
            if name == "boxplot/compare-spread":
                place = np.argmax([three[2] - three[0] for three in threes])
            else:
                medians = [three[1] for three in threes]
                assert ("smallest median" in item.stem) != ("largest median" in item.stem)
                place = np.argmin(medians) if "smallest median" in item.stem else np.argmax(medians)
            assert item.right == NAMES[place]


def test_both_ends_are_asked_for():
    assert 20 <= sum("smallest median" in item.stem for item in tried("boxplot/compare-medians")) <= 80


@pytest.mark.parametrize("groups", [2, 3])
@pytest.mark.parametrize("name", OF_GROUPS)
def test_fewer_groups_have_fewer_options(name, groups):
    rng = np.random.default_rng(groups)
    wanted = KIND.settle({**condition(name, 0, rng), "groups": float(groups)})
    plot = plot_of(0, groups)
    data = KIND.snap(KIND.plain(wanted, rng), wanted, plot, AREA, rng).values
    graded = grading.grade(template(name), KIND.readings(data, wanted, plot), view(plot), rng, rng)

    assert sorted(entry.id for entry in graded.answer.entries) == list("abcd")[:groups]
    assert [graded.answer.entries[place].id for place in graded.answer.right] == ["a"]  # of the first case


A, B = map(re.escape, NAMES[:2])
NUMBER = r"(-?[\d.,]+?)\.?$"


def number(found):
    return float(found.replace(",", ""))


def claims(item):
    """Patterns of statements, and whether they are true of the values."""
    x = item.groups
    (q1, q2, q3), (_, _, outliers) = quartiles(x[0]), whiskers(x[0])
    y = item.plot.y
    yield r"About (one )?half of the values( of \S+)? lie inside (its|the) box\.", lambda m: True
    yield r"About two thirds of the values( of \S+)? lie inside (its|the) box\.", lambda m: False
    yield r"(Both|The two) parts of (a|the) box hold about as many values.*", lambda m: True
    yield (
        r"(Where one part of a box is longer|The longer part of the box).* (also )?holds more values.*",
        lambda m: False,
    )
    yield r"A longer box shows that the middle half of the values is spread more widely\.", lambda m: True
    yield r"A longer box shows that there are more values in the middle half of the group\.", lambda m: False
    yield r"Half of the values of \S+ are smaller than the line inside its box\.", lambda m: True
    yield r"About as many values are larger than the line inside the box as are smaller\.", lambda m: True
    yield r"The line inside the box( of \S+)? shows the mean of (these|the) values\.", lambda m: False
    yield r"About a quarter of the values( of \S+)? are larger than the upper end of (its|the) box\.", lambda m: True
    yield r"(None|No value).* lies between (its|the) box and the ends? of (the|a) whiskers?\.", lambda m: False
    yield r"The plot does not tell which of the two groups has more values\.", lambda m: True
    yield r"The plot tells that both groups have the same number of values\.", lambda m: False
    yield r"Every dot beyond a whisker is one (of the values|value that lies far from the box)\.", lambda m: True
    yield r"The dots beyond the whiskers are errors and do not belong to the values\.", lambda m: False
    of_share = x[-1]
    yield (
        rf"About (\d+)% of the values(?: of {B})? are larger than " + NUMBER,
        lambda m: abs(int(m[1]) - 100 * (of_share > number(m[2]) + 0.002 * y.span).mean()) < 10,
    )
    if len(x) == 1:
        yield r"The median is larger than " + NUMBER, lambda m: q2 > number(m[1])
        yield r"The interquartile range is larger than " + NUMBER, lambda m: q3 - q1 > number(m[1])
        yield r"The range of all values is larger than " + NUMBER, lambda m: x[0][-1] - x[0][0] > number(m[1])
        yield (
            r"About half of the values lie between (\S+) and " + NUMBER,
            lambda m: 0.4 < ((x[0] > number(m[1])) & (x[0] < number(m[2]))).mean() < 0.6,
        )
        yield (
            r"Inside the box, the values above the median are spread more widely than those below it\.",
            lambda m: q3 - q2 > q2 - q1,
        )
        return
    (p1, p2, p3), (_, _, others) = quartiles(x[1]), whiskers(x[1])
    yield rf"The median of {A} is larger than the median of {B}\.", lambda m: q2 > p2
    yield rf"The interquartile range of {A} is larger than that of {B}\.", lambda m: q3 - q1 > p3 - p1
    yield rf"The range of all values is larger for {B} than for {A}\.", lambda m: np.ptp(x[1]) > np.ptp(x[0])
    yield rf"The smallest of all values is in {B}, not in {A}\.", lambda m: x[1][0] < x[0][0]
    yield rf"There are more outliers in {A} than in {B}\.", lambda m: outliers > others
    yield (
        rf"About three quarters of the values of {A}, or more, are larger than the median of {B}\.",
        lambda m: (x[0] > p2).mean() > 0.7,
    )


def truth(item, statement):
    verdicts = [says(found) for pattern, says in claims(item) if (found := re.fullmatch(pattern, statement))]
    assert len(verdicts) == 1, statement
    return verdicts[0]


def test_statements_are_true_and_false_as_keyed():
    seen = set()
    for item in tried("boxplot/statements"):
        key = item.text.key
        assert len(set(item.options)) == 4
        for place, said in enumerate(item.options):
            assert truth(item, said) == (place in key.correct), said
            assert bool(key.options[place].feedback) == (place not in key.correct)
        seen |= {(entry.id, place in key.correct) for place, entry in enumerate(item.graded.answer.entries)}

        assert key.accepts(key.correct)
        assert not any(key.accepts(key.correct ^ {place}) for place in range(4))
        assert not key.accepts(frozenset())
        for place in key.correct:
            assert f"<li>{key.options[place].text}</li>" in item.text.feedback
    assert len({identifier for identifier, _ in seen}) >= 17
    for both in ("median", "iqr", "range", "smallest", "share", "outliers", "three_quarters"):
        assert {(both, True), (both, False)} <= seen


def test_the_statement_is_true_or_false_as_keyed():
    seen = set()
    for item in tried("boxplot/true-false"):
        key = item.text.key
        said = plain(re.search(r"<blockquote>(.*?)</blockquote>", item.text.stem, re.DOTALL)[1])
        assert truth(item, said) == key.truth, said
        assert key.accepts(key.truth)
        assert not key.accepts(not key.truth)
        assert bool(key.if_false if key.truth else key.if_true)
        assert not (key.if_true if key.truth else key.if_false)
        assert f"<strong>{'true' if key.truth else 'false'}</strong>" in item.text.feedback
        seen.add(item.graded.answer.id)
    assert len(seen) >= 13


def near(count, chance, items=ITEMS):
    """Whether a count is within five standard errors of what chance has it."""
    return abs(count - items * chance) <= 5 * math.sqrt(items * chance * (1 - chance))


def texts_of(name, plot, readings, graded):
    """The options' texts without the rest of the words."""
    texts = template(name).words("en")
    names = {**grading.known(readings, view(plot)), **graded.drawn, "numerals": numerals("en")}
    return [texts.claims[entry.id].text.render(names) for entry in graded.answer.entries]


def scores(right, sizes):
    """What strategies score on one item that look at some size of the options: one of the largest, one of the smallest."""
    for best in (max(sizes), min(sizes)):
        alike = [place for place, size in enumerate(sizes) if size == best]
        yield sum(place in right for place in alike) / len(alike)


@pytest.mark.parametrize("name", CHOICES)
def test_who_does_not_look_has_only_chance(name):
    won = Counter()
    for plot, _, readings, graded in graded_only(name):
        entries, right = graded.answer.entries, graded.answer.right
        won[f"place {right[0]}"] += 1
        if entries[0].value is None:
            texts = texts_of(name, plot, readings, graded)
            lengths = [len(text) for text in texts]
            won[texts[right[0]]] += 1
        else:
            numbers = np.array([entry.value for entry in entries])
            lengths = [len(numerals("en").number(v, graded.answer.decimals)) for v in numbers]
            apart = np.abs(numbers[:, None] - numbers).sum(axis=1)
            won["odd one out"] += int(apart.argmax() in right)
            won["middle"] += int(apart.argmin() in right)
        for what, score in zip(("longest", "shortest"), scores(right, lengths), strict=True):
            won[what] += score
    for what, count in won.items():
        assert near(count, 1 / len(entries)), (what, count)


def test_no_number_of_statements_is_the_likeliest():
    won, places = Counter(), Counter()
    lengths = Counter()
    for plot, _, readings, graded in graded_only("boxplot/statements"):
        right = graded.answer.right
        won[len(right)] += 1
        places.update(right)
        sizes = [len(text) for text in texts_of("boxplot/statements", plot, readings, graded)]
        for what, score in zip(("longest", "shortest"), scores(right, sizes), strict=True):
            lengths[what] += score
    assert set(won) == {1, 2, 3}
    assert all(near(count, 1 / 3) for count in won.values()), won
    assert all(near(places[place], 1 / 2) for place in range(4)), places
    assert all(near(count, 1 / 2) for count in lengths.values()), lengths


def test_true_is_as_likely_as_false():
    assert near(sum(graded.answer.truth for _, _, _, graded in graded_only("boxplot/true-false")), 1 / 2)


@pytest.mark.parametrize("name", ALL)
def test_items_are_of_like_difficulty(name):
    units = np.array([item.graded.difficulty for item in tried(name)])
    kept = units[np.abs(units - np.median(units)) <= difficulty.BAND]

    assert kept.std() <= 0.10
    assert len(kept) >= 0.7 * PLOTS
