"""What is right about a plot, for every type of answer; expected numbers are worked out by hand."""

import math
import re
from collections import Counter
from contextlib import suppress
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.item_templates import difficulty, grading, parse, perception
from plotbank.item_templates.grading import Choices, Entry, Matches, Number, Statement, View
from plotbank.items import Axis

VIEW = View(x=Axis(label="x", low=0, high=30), y=Axis(label="y", low=-5, high=15), x_error=0.3, y_error=0.2)
READINGS = {"r": 0.5347, "n": 40.0, "slope": 1.26, "missing": math.nan}
TRIALS = 600


def template(kind="numerical", claims="", let="", **fields):
    """A template whose numbers are read with an error of 0.1, unless the fields say more."""
    number = {"key": '"r"', "decimals": "2", "unit": '"0.1"'}
    forms = {
        "numerical": {**number, "tolerance": '"0.08"'},
        "choice": {} if claims or "boxes" in fields else number,
        "multiple": {"statements": "2"},
        "truefalse": {},
        "matching": {"decimals": "2", "unit": '"correlation"', "plots": '"r"'},
    }
    header = {"kind": '"scatter"', "type": f'"{kind}"', "title": '"T"', "clarity": "0.5", **forms[kind], **fields}
    lines = "\n".join(f"{name} = {value}" for name, value in header.items())
    source = f"+++\n{lines}\n[let]\n{let}\n{claims}+++\n# Stem\nWhat?\n# Feedback\n{{{{ key }}}}\n"
    return parse("mine.md", source)


def told(*claims, what="option"):
    """Claims a, b, ... of (right, margin) or (right, margin, when)."""
    tables = []
    for name, (right, margin, *when) in zip("abcdefgh", claims, strict=False):
        more = f'when = "{when[0]}"\n' if when else ""
        tables.append(f'[{what}.{name}]\ntext = "{name}"\nright = "{right}"\nmargin = "{margin}"\n{more}')
    return "".join(tables)


def grade(template, seed=0, **readings):
    """Graded with two streams of a seed, as a build does."""
    picks, order = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    return grading.grade(template, {**READINGS, **readings}, VIEW, picks, order)


def answers(template, trials=TRIALS, **readings):
    return [grade(template, seed, **readings).answer for seed in range(trials)]


def even(counts, outcomes):
    """Whether every outcome came about as often as any other, within five standard errors."""
    trials, share = counts.total(), 1 / len(outcomes)
    error = math.sqrt(trials * share * (1 - share))
    assert set(counts) == set(outcomes)
    return all(abs(counts[outcome] - trials * share) < 5 * error for outcome in outcomes)


def unsuitable(template, message, **readings):
    with pytest.raises(UnsuitableDraw, match=re.escape(message)):
        grade(template, **readings)


def faulty(template, message, **readings):
    with pytest.raises(QuizFileError, match=re.escape(message)):
        grade(template, **readings)


# A number


def test_a_number_is_rounded_and_its_tolerance_ends_in_half_a_unit():
    """0.08 is 8 hundredths: 8.5 of them are nearest.  The nearer edge is 0.615, 0.803 units of 0.1 from 0.5347."""
    found = grade(template())

    assert found.answer == Number(value=0.53, decimals=2, tolerance=0.085, bands=())
    assert found.clarity == pytest.approx(0.803)
    assert found.difficulty == difficulty.logit(difficulty.of_number(found.clarity), 0)


@pytest.mark.parametrize(
    ("decimals", "wanted", "tolerance"),
    [
        (2, "0.08", 0.085),
        (2, "0.0899", 0.085),
        (2, "0.09", 0.095),
        (2, "0.1 - 0.03", 0.075),  # 0.07 but for the last bit
        (2, "0.004", 0.005),
        (0, "2", 2.5),
        (0, "1.7", 1.5),
        (0, "0.2", 0.5),
        (1, "0.3", 0.35),
        (4, "0.0003", 0.00035),
    ],
)
def test_tolerances(decimals, wanted, tolerance):
    """No response with as many places as the key lies on an edge, or so near that rounding decides."""
    found = grade(template(decimals=str(decimals), tolerance=f'"{wanted}"', unit='"0.001"', clarity="0.1")).answer
    unit = 10.0**-decimals

    assert found.tolerance == tolerance
    for steps in range(-20, 21):
        response = round(found.value + steps * unit, decimals)
        assert abs(abs(response - found.value) - found.tolerance) > 0.49 * unit


@pytest.mark.parametrize(("r", "value"), [(-0.002, 0.0), (0.125, 0.12), (-0.996, -1.0)])
def test_rounded_keys(r, value):
    found = grade(template(), r=r).answer.value
    assert found == value
    assert math.copysign(1, found) == math.copysign(1, value)


def test_the_tolerance_of_a_correlation_is_measured_in_what_people_see():
    found = grade(template(unit='"correlation"', tolerance='"0.15"', clarity="1"), r=0.5)

    assert found.answer.tolerance == 0.155
    assert found.clarity == pytest.approx(perception.apart(0.5, 0.345))
    assert found.difficulty == difficulty.logit(difficulty.of_number(0.155 / perception.jnd(0.5)), 0)


def test_bands_end_in_half_a_unit_too():
    bands = '[{ tolerance = "0.16", share = 0.5 }, { tolerance = "0.3", share = 0.25 }]'
    assert grade(template(bands=bands)).answer.bands == ((0.165, 0.5), (0.305, 0.25))


@pytest.mark.parametrize("width", ["0.08", "0.085", "0.01", "r - r"])
def test_a_band_that_is_no_wider_than_the_tolerance_is_another_draw(width):
    unsuitable(template(bands=f'[{{ tolerance = "{width}", share = 0.5 }}]'), "a band is no wider than the tolerance")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tolerance": '"0"'}, "mine.md: line 9: tolerance: a tolerance is above 0, not 0"),
        ({"tolerance": '"-r"'}, "mine.md: line 9: tolerance: a tolerance is above 0, not -0.5347"),
        ({"unit": '"r - r"'}, "mine.md: line 8: unit: a unit is above 0, not 0"),
        ({"decimals": "5"}, "mine.md: line 7: decimals: 5: write 0 to 4"),
        ({"decimals": '"-1"'}, "mine.md: line 7: decimals: -1: write 0 to 4"),
        ({"decimals": '"r"'}, "mine.md: line 7: decimals: 0.5347: write 0 to 4"),
        ({"key": '"[r]"'}, "mine.md: line 6: key: '[r]' works out to [0.5347], which is not a number"),
        ({"key": '"x.label"'}, "mine.md: line 6: key: 'x.label' works out to 'x', which is not a number"),
        ({"key": '"slop"'}, "mine.md: line 6: key: 'slop' is undefined: did you mean 'slope'?"),
        ({"require": '"n"'}, "mine.md: line 10: require: 'n' works out to 40.0, which is neither true nor false"),
    ],
)
def test_numbers_that_are_refused_whatever_the_plot(fields, message):
    faulty(template(**fields), message)


@pytest.mark.parametrize(
    "fields", [{"key": '"missing"'}, {"key": '"1 / (n - 40)"'}, {"unit": '"missing"'}, {"tolerance": '"missing"'}]
)
def test_a_missing_reading_is_another_draw(fields):
    with pytest.raises(UnsuitableDraw):
        grade(template(**fields))


def test_what_is_not_clear_is_another_draw():
    """The nearer edge is 0.803 units away."""
    assert grade(template(clarity="0.803")).clarity > 0.8
    unsuitable(template(clarity="0.81"), "clarity below 0.81")


def test_a_requirement_knows_the_tolerance_and_the_key():
    assert grade(template(require='"tolerance > 0.0849 and tolerance < 0.0851 and key == r"'))
    unsuitable(template(require='"tolerance < 0.085"'), "not what the template requires")


def test_functions_count_before_readings_and_axes():
    """A histogram has readings called min and max."""
    assert (
        grade(template(key='"min(r, x.low + 0.1) + 0 * position(0)"'), min=7.0, x=8.0, position=9.0).answer.value == 0.1
    )


# Names drawn


def test_let_draws_in_order_and_hands_the_names_on():
    let = 'side = "pick(-1, 1)"\nplace = "pick(range(3))"\nlist = "[side, place]"\ntwice = "2 * list[1]"\n'
    own = template(let=let, key='"r + 0 * twice"')
    drawn = [grade(own, seed).drawn for seed in range(TRIALS)]

    assert all(list(names) == ["side", "place", "list", "twice"] for names in drawn)
    assert all(
        names["list"] == [names["side"], names["place"]] and names["twice"] == 2 * names["place"] for names in drawn
    )
    assert even(Counter(names["side"] for names in drawn), [-1, 1])
    assert even(Counter(names["place"] for names in drawn), [0, 1, 2])


def test_the_same_is_drawn_for_other_data_and_for_another_order():
    own = template(let='a = "pick([1, 2, 3, 4, 5, 6, 7, 8])"\nb = "pick(range(100)) + n"\n')
    for seed in range(20):
        first = grading.let(own, READINGS, VIEW, np.random.default_rng(seed))
        other = grading.let(own, {**READINGS, "r": -0.2}, VIEW, np.random.default_rng(seed))
        graded = grading.grade(own, READINGS, VIEW, np.random.default_rng(seed), np.random.default_rng(99 + seed))
        assert first == other == graded.drawn


def test_a_ladder_in_let_is_drawn_too():
    own = template("choice", let='rungs = "ladder(r, 3, 2)"\n', unit='"correlation"', options='"rungs"')
    assert even(Counter(answer.right[0] for answer in answers(own, r=0.5)), [0, 1, 2])


@pytest.mark.parametrize("value", ["x.label", "[r, x.label]", "x", "range(3)", "none", "[[r]]", "jnd"])
def test_let_gives_numbers_or_lists(value):
    faulty(template(let=f'odd = "{value}"'), f"mine.md: line 11: let.odd: '{value}' works out to ")


def test_truths_may_be_named():
    assert grade(template(let='high = "r > 0.5"\n', require='"high"')).drawn == {"high": True}


# One of several numbers, listed


def test_listed_numbers_stand_in_order():
    """The nearest to 0.53 are 0.33, 2 units below, and 1.03, 5 above; 0.33 and 0.13 are as near to each other."""
    found = grade(template("choice", options='"[r + 0.5, r, 0.13, r - 0.2]"'))

    assert [entry.value for entry in found.answer.entries] == [0.13, 0.33, 0.53, 1.03]
    assert found.answer.right == (2,)
    assert found.answer.decimals == 2
    assert found.clarity == pytest.approx(2)
    assert found.difficulty == pytest.approx(difficulty.logit(difficulty.of_nearest(2, 5), 1 / 4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("[r, r + 0.4953, r + 0.4987]", "two options are alike"),
        ("[r - 0.5, r + 0.5]", "the key is not exactly one of the options"),
        ("[r, r + 0.04]", "clarity below 0.5"),
        ("[r, 0.8, 0.84]", "clarity below 0.5"),
        ("[r, missing]", "a reading that the plot does not have"),
    ],
)
def test_listed_numbers_that_are_another_draw(options, message):
    unsuitable(template("choice", options=f'"{options}"'), message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("r", "'r' works out to 0.5347, which is not a list of numbers"),
        ("[r]", "write 2 to 8 options, not 1"),
        ("[r, 1, 2, 3, 4, 5, 6, 7, 8]", "write 2 to 8 options, not 9"),
    ],
)
def test_listed_numbers_that_are_refused(options, message):
    faulty(template("choice", options=f'"{options}"'), f"mine.md: line 9: options: {message}")


def test_a_ladder_is_found_at_every_place_as_often():
    own = template("choice", unit='"correlation"', options='"ladder(r, 4, 2)"', clarity="2")
    found = answers(own, r=0.5)

    assert even(Counter(answer.right[0] for answer in found), range(4))
    assert len({answer.entries for answer in found}) == 4
    for answer in {answer.entries for answer in found}:
        assert all(perception.apart(one.value, two.value) >= 2 for one, two in pairwise(answer))


@pytest.mark.parametrize("r", [0.9, -0.9, 0.76])
def test_a_ladder_has_room_for_every_place_or_for_none(r):
    """Three rungs above 0.76 go past 0.99, though three below fit: who sees where r stands would know it is large."""
    perception.ladder(r, 3 if r > 0 else 0, 0 if r > 0 else 3, 3, places=2)
    for seed in range(20):
        with pytest.raises(UnsuitableDraw, match="no room"):
            grade(template("choice", unit='"correlation"', options='"ladder(r, 4, 3)"'), seed, r=r)


@pytest.mark.parametrize("count", [1, 9])
def test_ladders_of_too_few_or_too_many_are_refused(count):
    own = template("choice", options=f'"ladder(r, {count}, 2)"')
    faulty(own, f"mine.md: line 9: options: 'ladder(r, {count}, 2)': a ladder has 2 to 8 correlations, not {count}")


# Pairs


STRONG = [r / 100 for r in range(58, 91, 2)]


@cache
def paired():
    return template("choice", unit='"correlation"', options='"pairs(r, 3)"', plots='"r"', clarity="3")


def of_pairs(r, seed):
    return grade(paired(), seed, r=r)


@pytest.mark.parametrize("r", [*STRONG, *(-r for r in STRONG)])
def test_the_right_one_of_pairs_has_exactly_one_near_neighbour(r):
    """Another of its sign, three differences away; the next is as far again, at least.  No two are nearer."""
    for seed in range(10):
        values = sorted(entry.value for entry in of_pairs(r, seed).answer.entries)
        near, *far = sorted(perception.apart(r, other) for other in values if other != r)

        assert r in values
        assert values == [-value for value in reversed(values)]
        assert 3 <= near < 3 + 0.011 / perception.jnd(max(values))
        assert min(far) >= 5.99
        assert all(perception.apart(one, other) >= 3 for one, other in pairwise(values))


def test_every_r_of_pairs_is_as_hard():
    """But for two decimal places, of which one is a third of what can be told apart where r is strong."""
    found = [of_pairs(sign * r, seed).difficulty for sign in (-1, 1) for r in STRONG for seed in range(8)]
    exact = difficulty.logit(difficulty.of_nearest(3, 6), 1 / 4)

    assert exact - 0.01 < min(found)
    assert max(found) < exact + 2 * difficulty.BAND


@pytest.mark.parametrize("r", [0.58, -0.7, 0.9])
def test_the_other_of_pairs_is_weaker_or_stronger_as_often(r):
    """Or it would tell which of the two is right."""
    others = Counter(
        min(abs(entry.value) for entry in of_pairs(r, seed).answer.entries) < abs(r) for seed in range(TRIALS)
    )
    assert even(others, [True, False])


@pytest.mark.parametrize("r", [0.0, 0.02, 0.3, 0.55, -0.55, 0.92, -0.92])
def test_there_are_no_pairs_without_room_on_both_sides(r):
    """Three differences below 0.55 lies 0.249, only 2.54 away from -0.249; three above 0.92 lies 0.999."""
    for seed in range(10):
        with pytest.raises(UnsuitableDraw, match="no room for another correlation 3 just-noticeable differences from"):
            of_pairs(r, seed)


# One of several numbers, beside misreadings


MISREADINGS = {
    "none": "[]",
    "all above": '["key + 0.2", "key + 0.4", "key + 0.7", "key * 3"]',
    "all below": '["key - 0.1", "key / 2", "key / 4"]',
    "on both sides": '["key - 0.2", "key / 3", "key + 0.3", "2 * key"]',
    "the key, and too near": '["key", "key + 0.01", "key - 0.001", "key + 0.02"]',
    "negative": '["-key", "key - 5", "0 * key"]',
}


def beside(misreadings, **fields):
    header = {"clarity": "1", "unit": '"0.05"', "distractors": misreadings, **fields}
    return template("choice", **header)


@pytest.mark.parametrize("misreadings", MISREADINGS)
def test_the_rank_of_the_key_says_nothing(misreadings):
    own = beside(MISREADINGS[misreadings])
    ranks = Counter()
    for answer in answers(own, 2000):
        values = [entry.value for entry in answer.entries]
        ranks[answer.right[0]] += 1
        assert values[answer.right[0]] == 0.53
        assert values == sorted(set(values))
        assert len(values) == 4
        assert min(values) > 0
        assert all(b - a >= 0.05 - 1e-9 for a, b in pairwise(values))
    assert even(ranks, range(4))


@pytest.mark.parametrize("r", [0.15, 0.151, 0.155, 0.16, 0.17])
def test_the_rank_says_nothing_where_there_is_little_room(r):
    """Three numbers 0.05 apart fit between 0 and 0.16, but not between 0 and 0.15."""
    own = beside('["key / 2", "key - 0.06"]')
    if round(r, 2) <= 0.15:
        for seed in range(50):
            with pytest.raises(UnsuitableDraw, match="no room for options"):
                grade(own, seed, r=r)
    else:
        assert even(Counter(answer.right[0] for answer in answers(own, r=r)), range(4))


@pytest.mark.parametrize("choices", [2, 3, 6])
def test_so_many_choices(choices):
    own = beside('["key + 0.1", "key - 0.1"]', choices=str(choices))
    found = answers(own)

    assert {len(answer.entries) for answer in found} == {choices}
    assert even(Counter(answer.right[0] for answer in found), range(choices))


def test_misreadings_go_before_other_numbers():
    """Where there are enough of them, at most one number on a side is no misreading, and none where one is wanted."""
    above, below = {0.73, 0.93, 1.23}, {0.13, 0.23, 0.38}
    own = beside('["key + 0.2", "key + 0.4", "key + 0.7", "key - 0.4", "key - 0.3", "key - 0.15"]')
    seen = set()
    for answer in answers(own):
        values = [entry.value for entry in answer.entries]
        for side, misread in ((values[: answer.right[0]], below), (values[answer.right[0] + 1 :], above)):
            others = set(side) - misread
            assert len(others) <= (len(side) > 1)
            seen |= set(side) & misread
    assert seen == above | below


def test_a_misreading_is_known_to_be_one():
    """`sign of slope` and `r for slope`; of two that give the same number the first."""
    own = beside('["r for slope", "r", "inverse slope"]', key='"slope"', unit='"0.1"')
    reasons = {(entry.value, entry.why) for answer in answers(own) for entry in answer.entries}

    assert {pair for pair in reasons if pair[0] in (0.53, 0.79, 1.26)} == {
        (0.53, "r for slope"),
        (0.79, "inverse slope"),
        (1.26, ""),
    }
    assert {why for value, why in reasons if value not in (0.53, 0.79, 1.26)} == {""}


def test_below_zero_there_may_be_any_number():
    found = answers(beside('["-key", "2 * key"]'), r=-0.53)
    values = {entry.value for answer in found for entry in answer.entries}

    assert even(Counter(answer.right[0] for answer in found), range(4))
    assert {0.53, -1.06} <= values


def test_no_correlation_beyond_one():
    """Beside 0.7 there is room for three numbers of two differences up to 0.99, beside 0.9 there is not."""
    own = beside('["r ** 2", "2 * r"]', unit='"correlation"', clarity="2")
    found = answers(own, r=0.7)

    assert even(Counter(answer.right[0] for answer in found), range(4))
    assert max(entry.value for answer in found for entry in answer.entries) <= 0.99
    assert all(perception.apart(one.value, two.value) >= 2 for answer in found for one, two in pairwise(answer.entries))
    unsuitable(own, "no room for options", r=0.9)


def test_a_missing_misreading_is_another_draw():
    unsuitable(beside('["missing + 1"]'), "a reading that the plot does not have")


# One of several sentences


def test_exactly_one_sentence_is_right():
    own = template("choice", told(("r > 0.6", "3"), ("r < 0.6", "7 * r"), ("r < 0", "4")))
    found = grade(own)

    assert [entry.id for entry in found.answer.entries][found.answer.right[0]] == "b"
    assert found.clarity == 3
    assert found.difficulty == difficulty.logit(difficulty.of_side(3), 1 / 3)
    unsuitable(own, "2 options are right", r=-0.5)
    unsuitable(own, "0 options are right", r=0.6)
    unsuitable(template("choice", told(("r > 0", "0.4"), ("r < 0", "9"))), "clarity below 0.5")


def test_sentences_stand_in_every_order():
    own = template("choice", told(("r > 0", "9"), ("r < 0", "9"), ("r == 0", "9")))
    found = answers(own)

    orders = ["abc", "acb", "bac", "bca", "cab", "cba"]
    assert even(Counter("".join(entry.id for entry in answer.entries) for answer in found), orders)
    assert even(Counter(answer.right[0] for answer in found), range(3))


def test_sentences_that_are_not_offered_do_not_count():
    """c would be right too, and not clear, but it is offered for more than 50 points only."""
    own = template("choice", told(("r > 0", "9"), ("r < 0", "9"), ("r > -1", "missing", "n > 50")))

    assert {entry.id for entry in grade(own).answer.entries} == {"a", "b"}
    unsuitable(own, "2 options are right", n=60.0)
    unsuitable(template("choice", told(("r > 0", "9"), ("r < 0", "9", "n > 50"))), "there is only one option")


def test_a_sentence_whose_clearness_is_not_known_is_another_draw():
    unsuitable(template("choice", told(("r > 0", "9"), ("r < 0", "missing"))), "a reading that the plot does not have")


# Some of several statements


STATEMENTS = told(
    *(("r > 0", "9"),) * 3,
    *(("r < 0", "8"),) * 3,
    ("r > 0", "0.4"),
    ("r < 0", "9", "n > 50"),
    what="statement",
)  # a, b, c are true; d, e, f are false; g is not clear; h is not offered


def test_as_many_statements_are_right_as_chance_has_it():
    own = template("multiple", STATEMENTS, statements="4")
    found = answers(own)

    assert {len(answer.entries) for answer in found} == {4}
    assert even(Counter(len(answer.right) for answer in found), [1, 2, 3])
    for answer in found:
        right = {answer.entries[place].id for place in answer.right}
        wrong = {entry.id for entry in answer.entries} - right
        assert right <= set("abc")
        assert wrong <= set("def")
        assert list(answer.right) == sorted(answer.right)


def test_every_statement_and_every_place_comes_as_often():
    own = template("multiple", STATEMENTS, statements="2")
    found = answers(own)

    assert even(Counter(answer.entries[answer.right[0]].id for answer in found), "abc")
    assert even(Counter(answer.right[0] for answer in found), [0, 1])


def test_statements_are_as_clear_as_the_least_clear_one():
    found = grade(template("multiple", STATEMENTS, statements="2"))
    chance = difficulty.of_side(9) * difficulty.of_side(8)

    assert found.clarity == 8
    assert found.difficulty == pytest.approx(difficulty.logit(chance, 1 / 4))


def test_too_few_statements_are_another_draw():
    own = template("multiple", told(("r > 0", "9"), ("r > 0", "9"), ("r < 0", "0.4"), what="statement"), statements="2")
    for seed in range(10):
        with pytest.raises(UnsuitableDraw, match="too few clear statements"):
            grade(own, seed)


# True or false


def test_a_statement_is_true_as_often_as_false_whatever_there_is_more_of():
    own = template("truefalse", told(*(("r > 0", "9"),) * 5, ("r < 0", "9"), ("r < 0", "0.1"), what="statement"))
    found = answers(own)

    assert even(Counter(answer.truth for answer in found), [True, False])
    assert Counter(answer.id for answer in found if not answer.truth).keys() == {"f"}
    assert Counter(answer.id for answer in found if answer.truth).keys() == set("abcde")


def test_a_statement_of_the_truth_drawn_must_be_clear():
    own = template("truefalse", told(("r > 0", "4"), ("r < 0", "0.4"), what="statement"))
    found = []
    for seed in range(40):
        with suppress(UnsuitableDraw):
            found.append(grade(own, seed))

    assert 0 < len(found) < 40
    assert {one.answer for one in found} == {Statement(id="a", truth=True)}
    assert {(one.clarity, one.difficulty) for one in found} == {(4, difficulty.logit(difficulty.of_side(4), 0.5))}
    unsuitable(template("truefalse", told(("r > 0", "0.4"), what="statement")), "no clear statement")


# Several plots


def test_plots_are_matched_in_every_order():
    own = template("matching", options='"[r, 0.9, -r]"', clarity="2")
    found = answers(own, r=0.6)

    assert {answer.values for answer in found} == {(-0.6, 0.6, 0.9)}
    assert even(
        Counter(answer.shown for answer in found),
        [
            (a, b, c)
            for a in (-0.6, 0.6, 0.9)
            for b in (-0.6, 0.6, 0.9)
            for c in (-0.6, 0.6, 0.9)
            if len({a, b, c}) == 3
        ],
    )


def test_matching_is_as_clear_as_the_nearest_two():
    found = grade(template("matching", options='"[0.9, r, -r]"', clarity="2"), r=0.6)
    wide, near = perception.apart(-0.6, 0.6), perception.apart(0.6, 0.9)
    chance = (
        difficulty.of_nearest(math.inf, wide)
        * difficulty.of_nearest(wide, near)
        * difficulty.of_nearest(near, math.inf)
    )

    assert found.clarity == pytest.approx(near)
    assert found.difficulty == pytest.approx(difficulty.logit(chance, 1 / 6))
    unsuitable(template("matching", options='"[r, 0.602]"'), "clarity below 0.5", r=0.6)
    faulty(template("matching", options='"[r]"'), "options: write 2 to 8 options, not 1")
    faulty(template("matching", options='"[1, 2, 3, 4, 5, 6, 7, 8, 9]"'), "options: write 2 to 8 options, not 9")


def test_plots_to_choose_among_stand_at_every_place():
    own = template("choice", options='"[r, -r, 0.9]"', plots='"r"', unit='"correlation"')
    found = answers(own, r=0.6)

    assert even(Counter(answer.right[0] for answer in found), range(3))
    assert {answer.entries[answer.right[0]].value for answer in found} == {0.6}
    assert len({tuple(entry.value for entry in answer.entries) for answer in found}) == 6


def test_what_is_required_of_several_plots_is_asked_of_each_of_them():
    own = template("choice", options='"[r, -r]"', plots='"r"', require='"n > low"', let='low = "35"\n')
    drawn = grade(own, n=10.0).drawn

    grading.suit(own, {**READINGS, "n": 40.0}, VIEW, drawn)
    with pytest.raises(UnsuitableDraw, match="not what the template requires"):
        grading.suit(own, {**READINGS, "n": 30.0}, VIEW, drawn)


# The proof


def contradictions(own, answer, drawn=None, **readings):
    return list(grading.prove(own, answer, {**READINGS, **readings}, VIEW, drawn or {}))


def test_a_number_is_proved():
    """Within half a hundredth, for rounding, and a tenth of the tolerance of 0.085."""
    own = template()
    answer = grade(own).answer

    assert contradictions(own, answer) == []
    assert contradictions(own, answer, r=0.53 + 0.0134) == []
    assert contradictions(own, answer, r=0.53 - 0.0134) == []
    assert contradictions(own, answer, r=0.5437) == ["the key is 0.53, but the picture shows 0.5437"]
    assert contradictions(own, answer, r=-0.53) == ["the key is 0.53, but the picture shows -0.53"]


def test_a_number_that_cannot_be_measured_is_not_proved():
    with pytest.raises(UnsuitableDraw):
        contradictions(template(), grade(template()).answer, r=math.nan)


def test_what_let_drew_is_proved_with():
    own = template(let='side = "pick(-1, 1)"\n', key='"r * side"')
    for seed in range(10):
        found = grade(own, seed)
        assert contradictions(own, found.answer, found.drawn) == []
        assert len(contradictions(own, found.answer, {"side": -found.drawn["side"]})) == 1


def test_a_number_of_several_is_proved():
    own = template("choice", options='"[r, r - 0.3, r + 0.1]"')
    answer = grade(own).answer

    assert contradictions(own, answer) == []
    assert contradictions(own, answer, r=0.5395) == []
    assert contradictions(own, answer, r=0.545) == ["the key is 0.53, but the picture shows 0.545"]
    assert contradictions(own, answer, r=0.6) == ["the option 0.63 is what the picture shows, 0.6"]
    assert contradictions(own, Choices(entries=answer.entries, right=(0,), decimals=2)) == [
        "the option 0.53 is what the picture shows, 0.5347"
    ]


def test_a_number_beside_misreadings_is_proved():
    own = beside(MISREADINGS["on both sides"])
    for answer in answers(own)[:50]:
        assert contradictions(own, answer) == []
        assert len(contradictions(own, answer, r=0.1)) == 1


def test_a_sentence_is_proved():
    own = template("choice", told(("r > 0.6", "3"), ("r < 0.6", "3")))
    answer = grade(own).answer

    assert contradictions(own, answer) == []
    assert sorted(contradictions(own, answer, r=0.7)) == [
        "the option 'a' is keyed False, but the picture shows otherwise",
        "the option 'b' is keyed True, but the picture shows otherwise",
    ]


def test_statements_are_proved():
    own = template("multiple", STATEMENTS, statements="4")
    answer = Choices(entries=tuple(Entry(id=name) for name in "dabe"), right=(1, 2))

    assert contradictions(own, answer) == []
    assert len(contradictions(own, answer, r=-0.5)) == 4
    assert contradictions(own, Choices(entries=answer.entries, right=(1,))) == [
        "the option 'b' is keyed False, but the picture shows otherwise"
    ]


def test_a_true_or_false_statement_is_proved():
    own = template("truefalse", told(("r > 0.6", "9"), ("r < 0", "9"), what="statement"))

    for name in "ab":
        false = Statement(id=name, truth=False)
        assert contradictions(own, false) == []
        assert contradictions(own, Statement(id=name, truth=True)) == [
            f"the statement {name!r} is keyed True, but the picture shows otherwise"
        ]
    assert contradictions(own, Statement(id="a", truth=False), r=0.8) == [
        "the statement 'a' is keyed False, but the picture shows otherwise"
    ]


def test_matching_is_proved_plot_by_plot():
    own = template("matching", options='"[r, -r]"')
    answer = grade(own).answer

    assert isinstance(answer, Matches)
    with pytest.raises(AssertionError):
        contradictions(own, answer)
