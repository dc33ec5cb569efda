"""Keys are proved to within what can be read, no further and no less: computed from the readings' standard errors."""

import re

import pytest

from plotbank.item_templates import View, built_in, parse
from plotbank.item_templates.grading import Choices, Entry, Matches, Number, Statement
from plotbank.items import Axis
from plotbank.proving import of_claim

VIEW = View(x=Axis(label="x", low=0, high=10), y=Axis(label="y", low=0, high=100), x_error=0.1, y_error=1.0)
SLOPE = Number(value=2.0, decimals=1, tolerance=0.25, bands=())


def slope(key="slope", tolerance="0.2"):
    """The template of slopes with another key and a fixed tolerance."""
    source = built_in("scatter/slope").source
    source = re.sub(r"^key = .*$", f'key = "{key}"', source, flags=re.MULTILINE)
    return parse("slope", re.sub(r"^tolerance = .*$", f'tolerance = "{tolerance}"', source, flags=re.MULTILINE))


def said(template, answer, readings, errors=None, drawn=None):
    """What contradicts the answer, for one picture or several."""
    several = readings if isinstance(readings, list) else [readings]
    errors = errors if errors is None or isinstance(errors, list) else [errors]
    return list(of_claim(template, answer, drawn or {}, several, VIEW, errors))


def test_a_number_within_half_a_unit_and_four_standard_errors():
    assert said(slope(), SLOPE, {"slope": 2.05}, {"slope": 0.0}) == []
    assert said(slope(), SLOPE, {"slope": 2.0539}, {"slope": 0.001}) == []
    assert said(slope(), SLOPE, {"slope": 2.0541}, {"slope": 0.001}) == ["the key is 2, but the picture shows 2.0541"]
    assert said(slope(), SLOPE, {"slope": 1.9459}, {"slope": 0.001}) == ["the key is 2, but the picture shows 1.9459"]


def test_what_is_read_too_roughly_proves_nothing():
    """Four standard errors are at most a tenth of the tolerance."""
    assert said(slope(), SLOPE, {"slope": 2.0}, {"slope": 0.00625}) == []
    assert said(slope(), SLOPE, {"slope": 2.0}, {"slope": 0.00626}) == [
        "the picture cannot prove the key: it shows 2 to within 0.025, more than 0.025"
    ]


def test_without_errors_a_tenth_of_the_tolerance_is_allowed():
    assert said(slope(), SLOPE, {"slope": 2.0749}) == []
    assert said(slope(), SLOPE, {"slope": 2.0751}) == ["the key is 2, but the picture shows 2.0751"]


def test_errors_are_carried_through_the_expression_and_added_in_quadrature():
    """For 3 slope + intercept they are 3 s and i: with 0.001 and 0.004 five thousandths, of which four are 0.02."""
    template = slope(key="3 * slope + intercept", tolerance="2")
    answer = Number(value=7.0, decimals=0, tolerance=2.5, bands=())
    errors = {"slope": 0.001, "intercept": 0.004, "r": 5.0}

    assert said(template, answer, {"slope": 2.0, "intercept": 1.5199}, errors) == []
    assert said(template, answer, {"slope": 2.0, "intercept": 1.5201}, errors) == [
        "the key is 7, but the picture shows 7.5201"
    ]


def test_tolerances_and_bands_are_those_of_the_template():
    """0.2 with one decimal place is 0.25; next to it 0.15 and 0.35, as the key that was graded may have been a little off."""
    wide = Number(value=2.0, decimals=1, tolerance=0.35, bands=())
    banded = Number(value=2.0, decimals=1, tolerance=0.25, bands=((0.45, 0.5),))

    assert said(slope(), SLOPE, {"slope": 2.0}, {"slope": 0.0}) == []
    assert said(slope(), wide, {"slope": 2.0}, {"slope": 0.0}) == [
        "the tolerance 0.35 earns 100%, but by the template 0.2 earns 100%"
    ]
    assert said(slope(), banded, {"slope": 2.0}, {"slope": 0.0}) == [
        "1 bands of partial credit were made, but the template has 0"
    ]


def test_a_choice_of_numbers_is_the_nearest_one_for_sure():
    template = built_in("scatter/choose-slope")
    answer = Choices(entries=tuple(Entry(id=str(i), value=v) for i, v in enumerate((1.0, 2.0))), right=(1,), decimals=0)

    assert said(template, answer, {"slope": 1.6}, {"slope": 0.02}) == []
    assert said(template, answer, {"slope": 1.4}, {"slope": 0.02}) == ["the option 1 is what the picture shows, 1.4"]
    assert said(template, answer, {"slope": 1.54}, {"slope": 0.02}) == [
        "the picture cannot prove the option 2: it shows 1.54 to within 0.08"
    ]


def test_a_statement_that_would_turn_within_what_can_be_read():
    template = built_in("boxplot/statements")
    claim = next(claim for claim in template.claims if claim.right.text == "q2_1 > q2_2")
    answer = Choices(entries=(Entry(id=claim.id),), right=(0,))
    close = f"the picture cannot prove that the option {claim.id!r} is true: it is too close to be read"

    assert said(template, answer, {"q2_1": 50.0, "q2_2": 49.0}, {"q2_1": 0.24, "q2_2": 0.24}) == []
    assert said(template, answer, {"q2_1": 50.0, "q2_2": 49.0}, {"q2_1": 0.26, "q2_2": 0.1}) == [close]
    assert said(template, answer, {"q2_1": 50.0, "q2_2": 49.0}, {"q2_1": 0.1, "q2_2": 0.26}) == [close]
    assert said(template, answer, {"q2_1": 48.0, "q2_2": 49.0}, {"q2_1": 0.1, "q2_2": 0.1}) == [
        f"the option {claim.id!r} is keyed True, but the picture shows otherwise"
    ]


def test_a_statement_that_is_false_and_nearly_true():
    template = built_in("boxplot/true-false")
    claim = next(claim for claim in template.claims if claim.right.text == "skew1 > 0")

    assert said(template, Statement(id=claim.id, truth=False), {"skew1": -0.03}, {"skew1": 0.01}) == [
        f"the picture cannot prove that the statement {claim.id!r} is false: it is too close to be read"
    ]


@pytest.mark.parametrize(("shown", "error", "count"), [(0.7008, 0.0001, 0), (0.7010, 0.0001, 1), (0.7, 0.0003, 1)])
def test_plots_that_differ_in_a_feature(shown, error, count):
    """The data are within 0.0005 of what was asked for, and a reading within a thousandth, or it proves nothing."""
    template = built_in("scatter/match-r")
    answer = Matches(shown=(0.7, -0.2), values=(-0.2, 0.7), decimals=2)
    found = said(template, answer, [{"r": shown}, {"r": -0.2}], [{"r": error}, {"r": 0.0}])

    assert len(found) == count
    assert all(message.startswith("plot 1 ") for message in found)


def test_box_plots_that_are_too_much_alike():
    template = built_in("histogram/which-boxplot")
    bars = {"bins": 2, "count_1": 50, "count_2": 50}
    answer = Choices(entries=(Entry(id="own"), Entry(id="shifted")), right=(0,))
    boxes = [{"q1_1": 2.5, "q2_1": 5.0, "q3_1": 7.5}, {"q1_1": 2.7, "q2_1": 5.2, "q3_1": 7.7}]
    errors = lambda size: [{}, *({"q1_1": size, "q2_1": size, "q3_1": size} for _ in boxes)]  # noqa: E731

    assert said(template, answer, [bars, *boxes], errors(0.02)) == []
    assert said(template, answer, [bars, *boxes], errors(0.03)) == [
        "the pictures cannot prove which box plot is that of the histogram: two are too much alike to be read"
    ]
