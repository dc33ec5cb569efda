"""Every scatter template, over a hundred plots: its key is what the points say, and nothing else helps to find it.

What is right is worked out here again from the points themselves, not by the templates' expressions.
"""

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from plotbank import item_templates, question
from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import UNIT, Plot, inexact, kinds
from plotbank.item_templates import difficulty, grading, wording
from plotbank.item_templates.grading import Choices, Matches
from plotbank.item_templates.numerals import numerals
from plotbank.items import Axis, ChoiceKey, MatchingKey, NumericKey
from plotbank.leaks import told

KIND = kinds()["scatter"]
PLOTS, ITEMS, TRIES = 100, 1000, 300
AREA = (480.0, 360.0)
# Axes of handy and unhandy numbers: negative ones, far from zero, long and short.
AXES = [(0, 30, 0, 100), (-10, 25, 0, 120), (150, 200, 150, 200), (0, 3000, -5, 20), (0, 10, 40, 100), (0, 300, 4, 10)]
USUAL = {"r": [-0.9, 0.9], "n": [30, 80], "bend": [-0.15, 0.15], "fan": [-0.2, 0.2], "outliers": 0, "clusters": 1}

NUMERICAL = ["scatter/estimate-r", "scatter/predict", "scatter/r-squared", "scatter/slope"]
IN_WORDS = ["scatter/clusters", "scatter/direction-strength", "scatter/linear", "scatter/without-point"]
OF_NUMBERS = ["scatter/choose-r", "scatter/choose-slope"]
OF_PLOTS = ["scatter/stronger", "scatter/which-has-r"]
CHOICES = [*IN_WORDS, *OF_NUMBERS, *OF_PLOTS]
ALL = sorted([*NUMERICAL, *CHOICES, "scatter/match-r"])


@dataclass(frozen=True)
class Tried:
    """One item: points (none where several plots are drawn later), what is right, and the words."""

    plot: Plot
    points: np.ndarray | None
    readings: dict
    graded: grading.Graded
    text: item_templates.Text
    alt: str


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
    step = next(f.step for f in KIND.features if f.name == feature)
    return [round(k * step, 6) for k in range(round(given[0] / step), round(given[1] / step) + 1)]


def condition(name, k, rng):
    """The k-th condition: every case, and every value of what the template reads, comes as often as any other."""
    cases = template(name).conditions
    case, turn = cases[k % len(cases)], k // len(cases)
    found = {}
    for feature, usual in USUAL.items():
        several = values(feature, case.get(feature, usual))
        turns = feature == template(name).reads and len(several) <= PLOTS
        found[feature] = several[turn % len(several) if turns else int(rng.integers(len(several)))]
    return found


@cache
def axes(k):
    x_low, x_high, y_low, y_high = AXES[k]
    x, y = Axis(label="Length (cm)", low=x_low, high=x_high), Axis(label="Mass (kg)", low=y_low, high=y_high)
    return Plot(x=x, y=y, picture=UNIT.picture)


def drawn(name, k):
    """Points for the k-th condition that the template takes, their readings, and what is right; no points where there
    are several plots."""
    rng = np.random.default_rng([k, *name.encode()])
    wanted, plot = condition(name, k, rng), axes(int(rng.integers(len(AXES))))
    if template(name).plots:
        return plot, None, wanted, grade(name, wanted, plot, k)
    for _ in range(TRIES):
        try:
            points = KIND.snap(KIND.plain(wanted, rng), wanted, plot, AREA, rng).values
            shown = KIND.show(template(name).show, points, plot, AREA, k % 3) if template(name).show else {}
            readings = KIND.readings(points, {**wanted, **shown}, plot)
            if not list(inexact(KIND, readings, wanted)):
                return plot, points, readings, grade(name, readings, plot, k)
        except UnsuitableDraw:
            continue
    raise AssertionError(f"{name}: nothing in {TRIES} draws with {wanted}")


def grade(name, readings, plot, k):
    picks, order = np.random.default_rng([1, k]), np.random.default_rng([2, k])
    return grading.grade(template(name), readings, view(plot), picks, order)


def worded(name, graded, readings, plot):
    scene = item_templates.Scene(kind="scatter", view=view(plot), story="A story.", numerals=numerals("en"))
    several = len(graded.answer.entries) if template(name).plots and isinstance(graded.answer, Choices) else 1
    several = len(graded.answer.shown) if isinstance(graded.answer, Matches) else several
    intro = wording.introduction(scene, readings, several)
    text = item_templates.word(template(name), graded, readings, scene, intro)
    return text, wording.alternative(template(name), scene, readings).whole


@cache
def tried(name):
    """A hundred items."""
    found = []
    for k in range(PLOTS):
        plot, points, readings, graded = drawn(name, k)
        found.append(Tried(plot, points, readings, graded, *worded(name, graded, readings, plot)))
    return found


def spread(units):
    """Logits between the items, those left out that a build leaves out."""
    kept = units[np.abs(units - np.median(units)) <= difficulty.BAND]
    return kept.std(), len(kept) / len(units)


def strength(r):
    """Just-noticeable differences between 0 and |r|, summed up step by step."""
    steps = np.linspace(0, abs(r), 2001)
    middles = (steps[1:] + steps[:-1]) / 2
    return float(np.sum(np.diff(steps) / np.exp(-1.313 - 2.415 * middles)))


def apart(one, other):
    return abs(math.copysign(strength(one), one) - math.copysign(strength(other), other))


def correlation(points):
    return float(np.corrcoef(points.T)[0, 1])


def number(text):
    return float(text.replace("−", "-").replace("(", "").replace(")", ""))


def test_every_template_is_tried_here():
    assert [name for name in item_templates.installed() if name.startswith("scatter/")] == ALL


# Numbers


def truth_of_number(name, one):
    """The right number, and a number that only a mistake leads to, from the points."""
    x, y = one.points.T
    slope, intercept = np.polyfit(x, y, 1)
    r = correlation(one.points)
    match name:
        case "scatter/estimate-r":
            return r, math.nan
        case "scatter/r-squared":
            left = y - slope * x - intercept
            return 100 * (1 - left @ left / ((y - y.mean()) @ (y - y.mean()))), 100 * abs(r)
        case "scatter/slope":
            return slope, 1 / slope
        case _:
            return intercept + slope * one.graded.drawn["x_0"], y.mean()


@pytest.mark.parametrize("name", NUMERICAL)
def test_numbers_answer_themselves(name):
    """The key is the number that the points have; so many steps on either side are right, and one more is wrong."""
    for one in tried(name):
        key = one.text.key
        assert isinstance(key, NumericKey)
        right, mistaken = truth_of_number(name, one)
        assert key.accepts(key.value)
        assert abs(key.value - right) <= 0.5000001 * 10.0**-key.decimals
        assert key.accepts(right)
        assert not key.accepts(mistaken)

        step = Decimal(1).scaleb(-key.decimals)
        value = Decimal(str(key.value)).quantize(step)
        steps = int(Decimal(str(key.tolerance)) / step)
        assert Decimal(str(key.tolerance)) == (steps + Decimal("0.5")) * step
        for side in (-1, 1):
            assert key.accepts(float(value + side * steps * step))
            assert not key.accepts(float(value + side * (steps + 1) * step))
        for wrong in (math.nan, math.inf, -math.inf, 1e12, key.value + 1000 * key.tolerance):
            assert not key.accepts(wrong)


@pytest.mark.parametrize("name", NUMERICAL)
def test_the_edges_that_are_printed_are_right(name):
    for one in tried(name):
        key = one.text.key
        low, high = re.search(r"answer from (\S+) to (\S+) earns", one.text.feedback).groups()
        step = 10.0**-key.decimals
        assert key.accepts(number(low))
        assert key.accepts(number(high))
        assert not key.accepts(number(low) - step)
        assert not key.accepts(number(high) + step)


@pytest.mark.parametrize("name", NUMERICAL)
def test_what_is_accepted_is_what_an_eye_can_read(name):
    """Not more than a few reading errors, not less than one."""
    for one in tried(name):
        key, plot = one.text.key, one.plot
        x, y = one.points.T
        slope = np.polyfit(x, y, 1)[0]
        of_x, of_y = view(plot).x_error, view(plot).y_error
        match name:
            case "scatter/estimate-r":
                r = correlation(one.points)
                error = math.exp(-1.313 - 2.415 * abs(r))
            case "scatter/r-squared":
                r = correlation(one.points)
                error = 100 * (r**2 - (abs(r) - math.exp(-1.313 - 2.415 * abs(r))) ** 2)
            case "scatter/slope":
                error = math.sqrt(2) * math.hypot(of_y, slope * of_x) / (x.max() - x.min())
            case _:
                error = of_y + abs(slope) * of_x
        assert error < key.tolerance < 3.2 * error, (name, error, key)


def test_the_place_of_a_prediction_is_round_and_among_the_points():
    sides = Counter()
    for one in tried("scatter/predict"):
        x_0, x = one.graded.drawn["x_0"], one.points[:, 0]
        assert x.min() < x_0 < x.max()
        assert abs(x_0 * 10 - round(x_0 * 10)) < 1e-9
        assert f" is {wordy(x_0)}?" in one.text.stem
        sides[x_0 > x.mean()] += 1
    assert min(sides.values()) > 30


def wordy(value):
    return numerals("en").plain(value)


@pytest.mark.parametrize("name", ["scatter/slope", "scatter/choose-slope"])
def test_the_worked_slope_works_out(name):
    """The printed points lie on the line, and who follows the printed numbers gets the printed key."""
    for one in tried(name):
        text = " ".join(one.text.feedback.split())
        high, low, right, left, rise, run, key = (
            number(part)
            for part in re.search(
                r"= \((\S+) − (\(?[^ )]+\)?)\) / \((\S+) − (\(?[^ )]+\)?)\) = (\S+) / (\S+) = (\S+)\.</p>", text
            ).groups()
        )
        slope, intercept = np.polyfit(*one.points.T, 1)
        places = len(re.search(r"slope is <strong>[^<]*?\.?(\d*)</strong>", text)[1]) if "." in f"{key}" else 0
        near = view(one.plot).y_error / 10
        assert abs(intercept + slope * left - low) < near
        assert abs(intercept + slope * right - high) < near
        assert high - low == pytest.approx(rise, abs=near)
        assert right - left == pytest.approx(run)
        assert rise / run == pytest.approx(key, abs=0.6 * 10.0**-places)
        assert ("the line rises" if slope > 0 else "the line falls") in text.lower()


def test_the_worked_prediction_works_out():
    for one in tried("scatter/predict"):
        text = " ".join(one.text.feedback.split())
        found = re.search(r"= (\S+) ([+−]) (\S+) × (\S+) = (\S+)\.</p>", text)
        intercept, sign, slope, x_0, key = found.groups()
        worked = number(intercept) + (1 if sign == "+" else -1) * number(slope) * number(x_0)
        assert worked == pytest.approx(number(key), abs=0.6 * 10.0**-one.text.key.decimals)
        assert not re.search("[−+×] −", text)


def test_the_worked_share_works_out():
    for one in tried("scatter/r-squared"):
        text = " ".join(one.text.feedback.split())
        r, squared, key = re.search(r"= \((\S+)\)² = (\S+), which is (\d+) in percent", text).groups()
        assert number(r) ** 2 == pytest.approx(number(squared), abs=0.001)
        assert round(100 * number(squared), 1) == pytest.approx(float(key), abs=0.55)


@pytest.mark.parametrize("r", [0.9, -0.92])
def test_a_share_that_the_correlation_in_percent_would_answer_too_is_refused(r):
    fine = {"r": 0.8, "rank_r": 0.8, "influence": 0.01, "n": 40.0}
    grade("scatter/r-squared", fine, axes(0), 1)
    with pytest.raises(UnsuitableDraw, match="requires"):
        grade("scatter/r-squared", {**fine, "r": r, "rank_r": r}, axes(0), 1)


def test_a_slope_that_its_inverse_would_answer_too_is_refused():
    square = axes(2)
    fine = {"r": 0.7, "slope": 0.7, "intercept": 50.0, "n": 40.0}
    grade("scatter/slope", fine, square, 1)
    with pytest.raises(UnsuitableDraw, match="requires"):
        grade("scatter/slope", {**fine, "slope": 1.01}, square, 1)


def test_a_prediction_that_the_middle_of_the_points_would_answer_too_is_refused():
    fine = {"r": 0.7, "slope": 2.0, "intercept": 20.0, "mean_y": 50.0, "n": 40.0}
    grade("scatter/predict", fine, axes(0), 1)
    with pytest.raises(UnsuitableDraw, match="requires"):
        grade("scatter/predict", {**fine, "slope": 0.3, "intercept": 45.5}, axes(0), 1)


def test_no_share_is_right_for_most():
    """A guess that is the same for everybody earns the mark less often than a look."""
    keys = [one.text.key for one in tried("scatter/r-squared")]
    assert max(np.mean([key.accepts(guess) for key in keys]) for guess in range(101)) < 0.45


# Choices


def groups(points):
    """How many groups there are of points of which each is near to another one: pairs joined, stray points left out."""
    framed = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    distance = np.hypot(*(framed[:, None] - framed[None]).T)
    nearest = np.sort(distance, axis=0)[1]
    near = distance < max(0.12, 4 * np.median(nearest))
    group = np.arange(len(points))
    for i, j in combinations(range(len(points)), 2):
        if near[i, j]:
            group[group == group[j]] = group[i]
    sizes = Counter(group.tolist()).values()
    assert all(size < 4 or size >= max(5, len(points) / 10) for size in sizes), "neither a group nor stray points"
    return sum(size > 3 for size in sizes)


def right_options(name, one):
    """The texts of the options that are right, from the points."""
    points = one.points
    match name:
        case "scatter/direction-strength":
            r = correlation(points)
            assert 0.44 < abs(r) < 0.51 or abs(r) > 0.8, "neither weak nor strong"
            return [f"a {'strong' if abs(r) > 0.8 else 'weak'} {'positive' if r > 0 else 'negative'} relationship"]
        case "scatter/linear":
            line, parabola = (np.polyval(np.polyfit(*points.T, degree), points[:, 0]) for degree in (1, 2))
            of_line, of_parabola = (float(np.var(fit) / np.var(points[:, 1])) for fit in (line, parabola))
            if of_parabola < 0.05:
                return ["hardly any at all"]
            assert abs(of_parabola - 2 * of_line) > 0.2 * of_parabola, "neither straight nor curved"
            return ["a roughly linear one" if of_line > of_parabola / 2 else "a clearly curved one"]
        case "scatter/clusters":
            return [["one group", "two groups", "three groups"][groups(points) - 1]]
        case "scatter/without-point":
            marked = np.flatnonzero((points == [one.readings["x_marked"], one.readings["y_marked"]]).all(axis=1))
            r, without = correlation(points), correlation(np.delete(points, marked[0], axis=0))
            assert r * without > 0
            change = abs(without) - abs(r)
            assert abs(change) < 0.015 or abs(change) > 0.03, "neither clear nor hardly any"
            if abs(change) < 0.015:
                return ["It hardly changes."]
            return [f"It moves clearly {'away from' if change > 0 else 'towards'} 0."]
        case "scatter/choose-r":
            return [f"{correlation(points):.2f}".replace("-", "−")]
        case "scatter/choose-slope":
            slope = np.polyfit(*points.T, 1)[0]
            shown = [option.text for option in one.text.key.options]
            return [min(shown, key=lambda text: abs(number(text) - slope))]
        case "scatter/which-has-r":
            r = number(re.search(r"<em>r</em> = (\S+)\?", one.text.stem)[1])
            return [f"Plot {'ABCD'[i]}" for i, entry in enumerate(one.graded.answer.entries) if entry.value == r]
        case _:
            sizes = [abs(entry.value) for entry in one.graded.answer.entries]
            return [f"Plot {'AB'[sizes.index(max(sizes))]}"]


@pytest.mark.parametrize("name", CHOICES)
def test_choices_answer_themselves(name):
    """Exactly one option is right, as the points have it; every other one, and what is no option, is wrong."""
    for one in tried(name):
        key = one.text.key
        assert isinstance(key, ChoiceKey)
        texts = [option.text for option in key.options]
        (right,) = right_options(name, one)
        assert texts.count(right) == 1, (texts, right)
        assert key.accepts(texts.index(right))
        assert [place for place in range(len(texts)) if key.accepts(place)] == [texts.index(right)]
        assert not any(key.accepts(place) for place in (-1, len(texts), len(texts) + 1))
        assert f"Plot {'ABCD'[key.correct]}" in one.text.feedback if name in OF_PLOTS else right in one.text.feedback


def test_who_takes_a_wrong_description_is_told_why():
    for one in tried("scatter/direction-strength"):
        key = one.text.key
        told_why = [place for place, option in enumerate(key.options) if option.feedback]
        assert told_why == [place for place in range(4) if place != key.correct]


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_wrong_numbers_are_far_from_right(name):
    for one in tried(name):
        offered = [number(option.text) for option in one.text.key.options]
        right = offered[one.text.key.correct]
        for place, wrong in enumerate(offered):
            if place == one.text.key.correct:
                continue
            if name == "scatter/choose-r":
                assert apart(right, wrong) > 2.4
            else:
                x, slope = one.points[:, 0], right
                error = math.sqrt(2) * math.hypot(view(one.plot).y_error, slope * view(one.plot).x_error)
                assert abs(wrong - slope) * (x.max() - x.min()) > 4 * error


@pytest.mark.parametrize("name", [*OF_PLOTS, "scatter/match-r"])
def test_plots_differ_visibly(name):
    for one in tried(name):
        answer = one.graded.answer
        found = answer.shown if isinstance(answer, Matches) else [entry.value for entry in answer.entries]
        assert max(map(abs, found)) <= 0.95
        assert one.readings["r"] in found
        sizes = [(abs(a), abs(b)) for a, b in combinations(found, 2)] if name == "scatter/stronger" else None
        assert all(apart(a, b) > 2.75 for a, b in sizes or combinations(found, 2))


@pytest.mark.parametrize("name", [*OF_PLOTS, "scatter/match-r"])
def test_a_plot_whose_correlation_is_one_points_doing_is_refused(name):
    one = tried(name)[0]
    fine = {**one.readings, "r": 0.6, "rank_r": 0.6, "influence": 0.01}
    grading.suit(template(name), fine, view(one.plot), one.graded.drawn)
    for spoilt in ({"influence": 0.1}, {"rank_r": 0.4}):
        with pytest.raises(UnsuitableDraw, match="requires"):
            grading.suit(template(name), {**fine, **spoilt}, view(one.plot), one.graded.drawn)


def test_matches_answer_themselves():
    """Each plot has its own correlation; two exchanged are wrong, and so is anything that leaves a plot out."""
    for one in tried("scatter/match-r"):
        key, answer = one.text.key, one.graded.answer
        assert isinstance(key, MatchingKey)
        right = tuple([f"{r:.2f}".replace("-", "−") for r in sorted(answer.shown)].index(f"{r:.2f}".replace("-", "−"))
                      for r in answer.shown)  # fmt: skip
        assert key.accepts(right)
        assert list(key.answers) == [f"{r:.2f}".replace("-", "−") for r in sorted(answer.shown)]
        for i, j in combinations(range(4), 2):
            exchanged = list(right)
            exchanged[i], exchanged[j] = right[j], right[i]
            assert not key.accepts(tuple(exchanged))
        for invalid in ((), right[:3], (*right, 0), (0, 0, 0, 0), (-1, 4, 5, 6)):
            assert not key.accepts(invalid)
        for letter, r in zip("ABCD", answer.shown, strict=True):
            assert f"Plot {letter}: {r:.2f}".replace("-", "−") in one.text.feedback


# Who does not look


@cache
def thousand(name):
    """A thousand choices: texts, values (or none), and the right place.  Each plot serves several of them."""
    found = []
    for k in range(ITEMS):
        if template(name).plots:
            *_, graded = drawn(name, k)
        else:
            one = tried(name)[k % PLOTS]
            graded = one.graded if k < PLOTS else grade(name, one.readings, one.plot, k)
        entries = graded.answer.entries
        if template(name).claims:
            known = {claim: words.text.render({}) for claim, words in template(name).words("en").claims.items()}
            texts, shown = [known[entry.id] for entry in entries], None
        elif template(name).plots:
            texts, shown = [f"Plot {letter}" for letter in "ABCD"[: len(entries)]], None
        else:
            texts = [f"{entry.value:.{graded.answer.decimals}f}" for entry in entries]
            shown = [entry.value for entry in entries]
        found.append((texts, shown, graded.answer.right[0]))
    return found


def places_of(numbers, chosen):
    return [place for place, value in enumerate(numbers) if value == chosen]


def strategies(texts, shown):
    """Places that somebody may choose who has not seen the plot, by strategy; any of several."""
    lengths = [len(text) for text in texts]
    for place in range(len(texts)):
        yield f"place {place}", [place]
    yield "longest", places_of(lengths, max(lengths))
    yield "shortest", places_of(lengths, min(lengths))
    if shown is None:
        for text in set(texts) if not texts[0].startswith("Plot") else ():
            yield f"always {text}", [texts.index(text)]
        return
    sizes = [abs(value) for value in shown]
    nearest = [min(abs(a - b) for j, b in enumerate(shown) if j != i) for i, a in enumerate(shown)]
    others = [abs(a - (sum(shown) - a) / (len(shown) - 1)) for a in shown]
    mirrored = [place for place, value in enumerate(shown) if -value in shown]
    yield "largest", places_of(shown, max(shown))
    yield "smallest", places_of(shown, min(shown))
    yield "largest in size", places_of(sizes, max(sizes))
    yield "smallest in size", places_of(sizes, min(sizes))
    yield "in the middle", places_of(sorted(shown), sorted(shown)[1]) + places_of(sorted(shown), sorted(shown)[2])
    yield "odd one out by its neighbours", places_of(nearest, max(nearest))
    yield "odd one out by all others", places_of(others, max(others))
    yield "most like the others", places_of(others, min(others))
    yield "has a mirror image", mirrored or list(range(len(shown)))


@pytest.mark.parametrize("name", CHOICES)
def test_who_does_not_look_is_right_by_chance_only(name):
    """Over a thousand items, whatever the strategy: within five standard errors."""
    hits = defaultdict(float)
    for texts, shown, right in thousand(name):
        for strategy, places in strategies(texts, shown):
            hits[strategy] += (right in places) / len(places)
    chance = 1 / len(thousand(name)[0][0])
    limit = 5 * math.sqrt(chance * (1 - chance) / ITEMS)
    assert {s: hit / ITEMS for s, hit in hits.items() if hit / ITEMS > chance + limit} == {}


@pytest.mark.parametrize("name", IN_WORDS)
def test_every_description_is_right_as_often(name):
    keys = Counter(one.text.key.options[one.text.key.correct].text for one in tried(name))
    assert len(keys) == len(template(name).claims)
    assert max(keys.values()) - min(keys.values()) <= 4


def test_neither_sign_nor_strength_tells_which_plot_it_is():
    """The plot asked for is the stronger or the weaker of its sign; the stronger plot rises or falls, like the other or not."""
    strengths, signs = Counter(), Counter()
    for k in range(ITEMS):
        for name, seen in (("scatter/which-has-r", strengths), ("scatter/stronger", signs)):
            *_, readings, graded = drawn(name, k)
            sizes = [entry.value for entry in graded.answer.entries]
            r = sizes[graded.answer.right[0]]
            assert r == readings["r"]
            seen[(r > 0, abs(r) == max(map(abs, sizes)) if seen is strengths else min(sizes) * max(sizes) > 0)] += 1
    limit = 5 * math.sqrt(0.25 * 0.75 * ITEMS)
    for seen in (strengths, signs):
        assert len(seen) == 4
        assert all(abs(count - ITEMS / 4) < limit for count in seen.values()), seen


def test_matching_plots_come_in_any_order():
    """Over a thousand items every correlation stands at every place as often as at any other."""
    seen = Counter()
    for k in range(ITEMS):
        *_, readings, graded = drawn("scatter/match-r", k)
        answer = graded.answer
        seen.update((place, sorted(answer.shown).index(r)) for place, r in enumerate(answer.shown))
        seen.update([("asked", sorted(answer.shown).index(readings["r"]))])
    limit = 5 * math.sqrt(0.25 * 0.75 * ITEMS)
    assert len(seen) == 20
    assert all(abs(count - ITEMS / 4) < limit for count in seen.values())


# All of them


@pytest.mark.parametrize("name", ALL)
def test_variants_are_equally_difficult(name):
    within, kept = spread(np.array([one.graded.difficulty for one in tried(name)]))
    print(f"{name}: {within:.3f} logits, {kept:.0%} kept")
    assert within <= 0.10
    assert kept > 0.8
    assert all(one.graded.clarity >= template(name).clarity - 1e-6 for one in tried(name))


def other_picture(name, readings):
    """Readings of a picture in which something else is right."""
    match name:
        case "scatter/clusters":
            return {"clusters": readings["clusters"] % 3 + 1}
        case "scatter/linear":
            return {"bend": 0.9 if abs(readings["bend"]) < 0.5 else 0.1}
        case "scatter/without-point":
            hardly = abs(readings["r_without"] - readings["r"]) < 0.015
            return {"r_without": readings["r"] / 2 if hardly else readings["r"]}
        case "scatter/predict":
            return {"intercept": readings["intercept"] - readings["sd_y"]}
        case "scatter/r-squared":
            return {"r": 0.1}
        case _:
            return {"r": -readings["r"], "slope": -readings["slope"]}


@pytest.mark.parametrize("name", [name for name in ALL if name not in (*OF_PLOTS, "scatter/match-r")])
def test_the_picture_proves_the_key_and_another_picture_does_not(name):
    for one in tried(name)[:30]:
        answer, seen, picks = one.graded.answer, view(one.plot), one.graded.drawn
        measured = {**one.readings, "r": one.readings["r"] + 1e-4}  # as nearly as it is measured
        assert list(grading.prove(template(name), answer, measured, seen, picks)) == []
        other = {**measured, **other_picture(name, measured)}
        assert list(grading.prove(template(name), answer, other, seen, picks)) != []


@pytest.mark.parametrize("name", ALL)
def test_no_text_tells_the_key(name):
    """By chance a number of the stem or the axes is the key now and then: a build then draws again."""
    telling = 0
    for one in tried(name):
        telling += bool(
            told(
                one.text.key,
                stem=one.text.stem,
                feedback=one.text.feedback,
                alts=[one.alt],
                title=template(name).title,
                identifier="quiz-q1_0",
                label="0" * 16,
            )
        )
    assert telling <= (10 if name in NUMERICAL else 0)


@pytest.mark.parametrize("name", ALL)
def test_texts_are_whole(name):
    for one in tried(name)[:20]:
        for text in (one.text.stem, one.text.feedback, one.alt):
            assert not re.search(r"\{\{|\}\}|\{%|nan|inf\b|None| -\d|\*", text), text
        assert "A story." in one.text.stem
        assert "<ul>" not in one.text.feedback or name == "scatter/match-r"  # from a plus at the start of a line
        assert not re.search("<ol>|<h1>|<code>", one.text.stem + one.text.feedback)
        assert len(re.sub(r"<[^>]*>", "", one.text.stem)) < 600
        assert len(re.sub(r"<[^>]*>", "", one.text.feedback)) < 900
