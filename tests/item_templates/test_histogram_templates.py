"""Every histogram template, over a hundred plots: its key is what the values say, and nothing else helps to find it.

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
from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.generator.kinds import UNIT, Plot, inexact, kinds
from plotbank.item_templates import boxes, difficulty, grading, wording
from plotbank.item_templates.grading import Choices
from plotbank.item_templates.numerals import numerals
from plotbank.items import Axis
from plotbank.leaks import told
from plotbank.proof.readers import READERS
from plotbank.quiz import refuse_unprovable

KIND, BOXPLOT = kinds()["histogram"], kinds()["boxplot"]
PLOTS, ITEMS, TRIES = 100, 1000, 300
AREA = (480.0, 360.0)
# Axes with the number of classes of round width that divide them.
AXES = [(0, 60, 12), (0, 20, 8), (0, 100, 10), (150, 200, 10), (-10, 30, 8), (0, 0.6, 12), (1000, 5000, 8)]
USUAL = {"n": [80, 150], "modes": 1, "skew": [-0.5, 0.5], "spread": [0.15, 0.2]}

NUMERICAL = ["histogram/count-above", "histogram/share-above"]
IN_WORDS = ["histogram/mean-median", "histogram/modal-class", "histogram/shape"]
CHOICES = [*IN_WORDS, "histogram/which-boxplot"]
ALL = sorted([*NUMERICAL, *CHOICES])


@dataclass(frozen=True)
class Drawn:
    """Values, ascending, and what is right about them; of box plots that are options also the data of each."""

    plot: Plot
    x: np.ndarray
    readings: dict
    graded: grading.Graded
    shown: tuple = ()

    @property
    def counts(self):
        return np.histogram(self.x, self.edges)[0]

    @property
    def edges(self):
        return np.linspace(self.plot.x.low, self.plot.x.high, int(self.readings["bins"]) + 1)


@dataclass(frozen=True)
class Tried:
    """One item with its words."""

    drawn: Drawn
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
    """For each case of a template's conditions, the values of every feature but the number of classes, and how many each
    has."""
    found = [
        {f.name: values(f, case.get(f.name, USUAL.get(f.name))) for f in KIND.features if f.name != "bins"}
        for case in template(name).conditions
    ]
    return [(grid, np.array([len(several) for several in grid.values()])) for grid in found]


def condition(name, k, bins, rng):
    """The k-th condition that can be drawn: every case, and every value of what is asked for, as often as any other."""
    grid, sizes = grids(name)[k % len(grids(name))]
    for _ in range(TRIES):
        places = rng.integers(sizes).tolist()
        found = {feature: several[place] for (feature, several), place in zip(grid.items(), places, strict=True)}
        if not KIND.impossible({**found, "bins": float(bins)}):
            return {**found, "bins": float(bins)}
    raise AssertionError(f"{name}: no condition in {TRIES}")


@cache
def open_plot(low, high):
    x, y = Axis(label="Mass (kg)", low=low, high=high), Axis(label="Number of fish", low=0, high=math.inf)
    return Plot(x=x, y=y, picture=UNIT.picture)


@cache
def drawn(name, k):
    """Values for the k-th condition that the template takes, and what is right."""
    rng = np.random.default_rng([k, *name.encode()])
    for turn in range(5):
        low, high, bins = AXES[int(rng.integers(len(AXES)))]
        wanted, plot = condition(name, k, bins, rng), open_plot(low, high)
        for _ in range(60):
            try:
                data = KIND.snap(KIND.plain(wanted, rng), wanted, KIND.fitted(plot, wanted), AREA, rng).values
                fitted = KIND.fitted(plot, wanted, data)
                readings = KIND.readings(data, wanted, fitted)
                if not list(inexact(KIND, readings, wanted)):
                    graded, shown = grade(name, data[:, 0], readings, fitted, (k, turn))
                    return Drawn(fitted, np.sort(data[:, 0]), readings, graded, shown)
            except UnsuitableDraw:
                continue
    raise AssertionError(f"{name}: nothing with {wanted}")


def grade(name, x, readings, plot, seed):
    picks, order = np.random.default_rng([1, *seed]), np.random.default_rng([2, *seed])
    if template(name).boxes:
        return boxes.grade(template(name), x, int(readings["bins"]), view(plot), order)
    return grading.grade(template(name), readings, view(plot), picks, order), ()


@cache
def tried(name):
    """A hundred items."""
    found = []
    for k in range(PLOTS):
        one = drawn(name, k)
        scene = item_templates.Scene(kind="histogram", view=view(one.plot), story="A story.", numerals=numerals("en"))
        intro = wording.introduction(scene, one.readings, 1)
        text = item_templates.word(template(name), one.graded, one.readings, scene, intro)
        found.append(Tried(one, text, wording.alternative(template(name), scene, one.readings).whole))
    return found


def test_all_of_them():
    assert [name for name in item_templates.installed() if name.startswith("histogram/")] == ALL


@pytest.mark.parametrize("name", ALL)
def test_the_picture_is_enough_to_prove_them(name):
    refuse_unprovable(template(name), KIND)
    for item in tried(name):
        one = item.drawn
        measured = {key: value for key, value in one.readings.items() if key in READERS["histogram"].measures}
        if one.shown:
            assert not list(boxes.prove(one.graded.answer, measured, of_boxes(one), view(one.plot)))
        else:
            assert not list(
                grading.prove(template(name), one.graded.answer, measured, view(one.plot), one.graded.drawn)
            )


@pytest.mark.parametrize("name", ALL)
def test_they_are_clear(name):
    assert min(item.drawn.graded.clarity for item in tried(name)) >= template(name).clarity - 1e-9


@pytest.mark.parametrize("name", ALL)
def test_they_do_not_tell_the_key(name):
    """In the stem, the text alternative or the title; a number may stand there by chance now and then."""
    telling = 0
    for item in tried(name):
        telling += bool(
            told(item.text.key, stem=item.text.stem, feedback=item.text.feedback, alts=[item.alt], identifier="t-q1",
                 title=template(name).title, label="0" * 16)
        )  # fmt: skip
    assert telling <= PLOTS / 25


def limit(item):
    return float(re.search(r"larger than (-?[\d,.]+)\?", item.stem)[1].replace(",", ""))


@pytest.mark.parametrize("name", NUMERICAL)
def test_numbers_answer_themselves(name):
    """The key is the number; just inside the tolerance earns the mark, just outside, misread or no number does not."""
    for item in tried(name):
        key, one, share = item.text.key, item.drawn, name == "histogram/share-above"
        n, above = len(one.x), int((one.x > limit(item)).sum())
        step, value = Decimal(1).scaleb(-key.decimals), Decimal(key.printed)

        assert f" {n} " in item.stem
        assert np.abs(one.edges - limit(item)).min() < 1e-9 * one.plot.x.span
        assert abs(float(value) - (100 * above / n if share else above)) <= float(step) / 2 * (1 + 1e-6)
        # Three errors of as many readings as there are bars to add up.
        bars = int((one.counts[one.edges[:-1] > limit(item) - 1e-9] > 0).sum())
        error = 3 * math.sqrt(bars) * view(one.plot).y_error * (100 / n if share else 1)
        assert bars >= 2
        assert error - float(step) <= key.tolerance <= error + 1.2 * (100 / n if share else 1)

        steps_inside = int((Decimal(repr(key.tolerance)) / step).to_integral_value("ROUND_FLOOR"))
        low, high = value - steps_inside * step, value + steps_inside * step
        for inside in (low, value, high):
            assert key.accepts(float(inside))
        for outside in (low - step, high + step):
            assert not key.accepts(float(outside))
        misread = [100 * (n - above) / n, above] if share else [n - above, 100 * above / n, n]
        for wrong in (*misread, math.nan, math.inf, -math.inf):
            assert not key.accepts(round(float(wrong), key.decimals)), (wrong, key)
        feedback = plain(item.text.feedback)
        assert f"Every answer from {low} to {high} earns the mark." in feedback
        heights = re.search(r"((?:\d+ \+ )+\d+) = (\d+)\.", feedback)
        assert sum(map(int, heights[1].split(" + "))) == int(heights[2]) == above


def test_few_and_many_values_are_asked_for():
    for name in NUMERICAL:
        few = sum((item.drawn.x > limit(item)).mean() < 0.5 for item in tried(name))
        assert 25 <= few <= 75


@pytest.mark.parametrize("name", CHOICES)
def test_choices_have_one_right_option(name):
    for item in tried(name):
        key = item.text.key
        assert len(set(item.options)) == len(item.options) >= 3
        assert [place for place in range(-1, len(item.options) + 1) if key.accepts(place)] == [key.correct]
        assert f"<strong>{key.options[key.correct].text}</strong>" in item.text.feedback
        assert not key.options[key.correct].feedback


def skewness(x):
    return float(((x - x.mean()) ** 3).mean() / x.std() ** 3)


def valley(counts):
    """How deep the deepest bar lies below bars on both of its sides."""
    return max(min(counts[:k].max(), counts[k + 1 :].max()) - counts[k] for k in range(1, len(counts) - 1))


def test_the_shape_is_that_of_the_values():
    for item in tried("histogram/shape"):
        x, counts = item.drawn.x, item.drawn.counts
        if valley(counts) >= 0.38 * counts.max():
            assert item.right.startswith("two peaks")
        else:
            assert valley(counts) <= max(2.5, 0.22 * counts.max())
            skew = skewness(x)
            assert abs(skew) < 0.2 or abs(skew) > 0.8
            said = (
                "roughly symmetric" if abs(skew) < 0.2 else "skewed to the right" if skew > 0 else "skewed to the left"
            )
            assert item.right == f"one peak, {said}"


def test_the_modal_class_holds_the_most_values():
    for item in tried("histogram/modal-class"):
        x = item.drawn.x
        held = []
        for option in item.options:
            low, high = (float(end.replace(",", "")) for end in re.fullmatch(r"from (\S+) to (\S+)", option).groups())
            assert high - low == pytest.approx(item.drawn.readings["bin_width"])
            held.append(int(((x > low) & (x < high)).sum()))
        assert held[item.text.key.correct] == item.drawn.counts.max()
        assert sorted(held)[-2] <= item.drawn.counts.max() - 2


def test_mean_and_median_are_those_of_the_values():
    for item in tried("histogram/mean-median"):
        x = item.drawn.x
        apart = (x.mean() - np.median(x)) / x.std()
        if apart > 0.13:
            assert item.right == "The mean is clearly larger than the median."
        elif apart < -0.13:
            assert item.right == "The median is clearly larger than the mean."
        else:
            assert abs(apart) < 0.07
            assert item.right == "The mean and the median are about equal."


def of_boxes(one):
    """What is measured of the options' box plots."""
    plot = Plot(x=Axis(label="", low=0, high=1, categories=("",)), y=one.plot.x, picture=one.plot.picture)
    return [BOXPLOT.readings(np.column_stack([np.zeros(len(x)), x]), {"groups": 1.0}, plot) for x in one.shown]


def test_the_box_plot_is_that_of_the_values():
    for item in tried("histogram/which-boxplot"):
        one = item.drawn
        quartiles = [np.quantile(x, [0.25, 0.5, 0.75]) for x in one.shown]
        own = item.text.key.correct
        assert len(one.shown) == 3
        assert np.array_equal(one.shown[own], one.x)
        for place, other in enumerate(quartiles):
            assert one.plot.x.low < one.shown[place][0] < one.shown[place][-1] < one.plot.x.high
            if place != own:
                assert np.abs(other - quartiles[own]).max() >= 1.3 * one.readings["bin_width"]
        assert item.right == f"Plot {'ABC'[own]}"
        wrong = Choices(entries=one.graded.answer.entries, right=((own + 1) % 3,))
        assert list(boxes.prove(wrong, one.readings, of_boxes(one), view(one.plot)))


def test_the_box_plots_have_three_shapes():
    """Whatever the histogram's: which of them stand there tells nothing.  Wrong and right ones look alike."""
    lengths = {True: [], False: []}
    for item in tried("histogram/which-boxplot"):
        middles = []
        for place, x in enumerate(item.drawn.shown):
            q1, q2, q3 = np.quantile(x, [0.25, 0.5, 0.75])
            middles.append((q2 - x[0]) / np.ptp(x))
            lengths[place == item.text.key.correct].append((q3 - q1) / np.ptp(x))
        low, middle, high = sorted(middles)
        assert low < 0.35 < 0.4 < middle < 0.6 < 0.65 < high
        assert low == pytest.approx(1 - high, abs=0.15)
    assert abs(np.mean(lengths[True]) - np.mean(lengths[False])) < np.std(lengths[True])


def test_unknown_misreadings_are_refused():
    source = item_templates.installed()["histogram/which-boxplot"].english.replace('"no tail"', '"no tails"')
    one = drawn("histogram/which-boxplot", 0)
    with pytest.raises(QuizFileError, match=r"mine\.md: header: boxes: 'no tails': known are mirrored"):
        boxes.grade(item_templates.parse("mine.md", source), one.x, 10, view(one.plot), np.random.default_rng(1))


@pytest.mark.parametrize("names", [("mirrored", "wide"), ("shifted", "narrow")])
def test_other_misreadings_are_other_box_plots(names):
    """Where they are clear; all data stay on the axis."""
    source = item_templates.installed()["histogram/which-boxplot"].english
    source = re.sub("boxes = .*", f'boxes = ["{names[0]}", "{names[1]}"]', source)
    mine = item_templates.parse("mine.md", re.sub("clarity = .*", "clarity = 0.5", source))
    for k in range(60):
        if k % 3 == 2:  # symmetric values are their own mirror image
            continue
        one = drawn("histogram/which-boxplot", k)
        graded, shown = boxes.grade(mine, one.x, 16, view(one.plot), np.random.default_rng(k))
        assert {entry.id for entry in graded.answer.entries} == {boxes.OWN, *names}
        assert np.array_equal(shown[graded.answer.right[0]], one.x)
        for x in shown:
            assert one.plot.x.low <= x[0] <= x[-1] <= one.plot.x.high


def near(count, chance, items=ITEMS):
    """Whether a count is within five standard errors of what chance has it."""
    return abs(count - items * chance) <= 5 * math.sqrt(items * chance * (1 - chance))


@pytest.mark.parametrize("name", CHOICES)
def test_who_does_not_look_has_only_chance(name):
    won = Counter()
    texts = template(name).words("en")
    for k in range(ITEMS):
        one = drawn(name, k)
        entries, (right,) = one.graded.answer.entries, one.graded.answer.right
        won[f"place {right}"] += 1
        if one.shown:
            won[boxes.shape(one.x)] += 1
            continue
        names = {**grading.known(one.readings, view(one.plot)), **one.graded.drawn, "numerals": numerals("en")}
        said = [texts.claims[entry.id].text.render(names) for entry in entries]
        sizes = [len(text) for text in said]
        for what, best in (("longest", max(sizes)), ("shortest", min(sizes))):
            alike = [place for place, size in enumerate(sizes) if size == best]
            won[what] += (right in alike) / len(alike)
        won[entries[right].id] += 1  # of shapes which one, of classes the first, second or third on the axis
    for what, count in won.items():
        assert near(count, 1 / len(entries)), (what, count)


@pytest.mark.parametrize("name", ALL)
def test_items_are_of_like_difficulty(name):
    units = np.array([item.drawn.graded.difficulty for item in tried(name)])
    kept = units[np.abs(units - np.median(units)) <= difficulty.BAND]

    assert kept.std() <= 0.10
    assert len(kept) >= 0.7 * PLOTS
