"""Box plots: what is read off them, what a snap promises, and that the tensor half agrees with the numpy half."""

from collections import Counter

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import SIDE, UNIT, Plot, inexact, vector
from plotbank.generator.kinds.boxplot import (
    APART,
    BEYOND,
    EDGE,
    KIND,
    MOST,
    MOST_MOVED,
    OWN,
    SLOTS,
    Box,
    beyond,
    fitted,
    spaced,
)
from plotbank.generator.tables import Table
from plotbank.items import Axis, PictureSpec

PLOT = Plot(
    x=Axis(label="", low=0, high=2), y=Axis(label="y", low=-50, high=100), picture=PictureSpec(width=600, height=450)
)
AREA = (500.0, 380.0)
ONE = {"n": 21, "median": 0.5, "iqr": 0.2, "skew": 0.2, "lower": 0.5, "upper": 0.8, "outliers": 0}


def condition_of(*groups):
    asked = {"groups": float(len(groups))}
    for slot in range(1, SLOTS + 1):
        own = groups[slot - 1] if slot <= len(groups) else dict.fromkeys(OWN, 0.0)
        asked |= {f"{name}{slot}": float(own[name]) for name in OWN}
    return asked


def any_condition(rng):
    """A condition that is possible, of anything that may be asked for, with any number of groups."""
    groups = int(rng.integers(1, SLOTS + 1))
    chosen = {"groups": float(groups)}
    for slot in range(1, SLOTS + 1):
        own = [feature for feature in KIND.features if feature.name in {f"{name}{slot}" for name in OWN}]
        while True:
            drawn = {f.name: f.low + f.step * int(rng.integers(round((f.high - f.low) / f.step) + 1)) for f in own}
            alone = condition_of({name: drawn[f"{name}{slot}"] for name in OWN})
            if slot > groups or not KIND.impossible(alone):
                break
        chosen |= drawn
    return KIND.settle(chosen)


@pytest.fixture(scope="module")
def conditions():
    rng = np.random.default_rng(7)
    return [any_condition(rng) for _ in range(200)]


def table(loader):
    datasets = pytest.importorskip("sklearn.datasets")
    found = getattr(datasets, loader)()
    return Table(
        name=loader, columns=tuple(map(str, found.feature_names)), values=found.data, classes=found.target.astype(int)
    )


# What is read off


def test_features_are_those_of_four_slots():
    assert [f.name for f in KIND.features[:8]] == [
        "groups", "n1", "median1", "iqr1", "skew1", "lower1", "upper1", "outliers1",
    ]  # fmt: skip
    assert len(KIND.features) == 1 + 4 * 7
    assert {f.family for f in KIND.features} == {"", *OWN}
    for feature in KIND.features:
        assert feature.exact == 0 if feature.step == 1 else 0 < feature.exact < feature.step / 2


def test_readings_by_hand():
    # nine values: ranks 2, 4 and 6 are the quartiles 20, 30 and 50; fences -25 and 95: 99 is an outlier
    first = [10.0, 15, 20, 25, 30, 40, 50, 70, 99]
    # eleven values: Q1 between the ranks 2 and 3, Q3 between 7 and 8: 2.5 and 7.5; fences -5 and 15
    second = [-9.0, -5, 2, 3, 4, 5, 6, 7, 8, 9, 14]
    values = np.array([(0.0, v) for v in first] + [(1.0, v) for v in second])
    got = KIND.readings(values, {}, PLOT)

    assert got["groups"] == 2
    assert got["outliers"] == 2
    assert (got["n1"], got["median1"], got["iqr1"]) == (9, pytest.approx(80 / 150), pytest.approx(30 / 150))
    assert (got["q1_1"], got["q2_1"], got["q3_1"]) == (20, 30, 50)
    assert (got["whisker_low_1"], got["whisker_high_1"], got["min_1"], got["max_1"]) == (10, 70, 10, 99)
    assert got["skew1"] == pytest.approx((50 + 20 - 60) / 30)
    assert (got["lower1"], got["upper1"], got["outliers1"]) == (pytest.approx(10 / 30), pytest.approx(20 / 30), 1)
    assert got["mean_1"] == pytest.approx(359 / 9)
    assert got["sd_1"] == pytest.approx(np.std(first, ddof=1))
    assert (got["q1_2"], got["q2_2"], got["q3_2"]) == (2.5, 5, 7.5)
    assert (got["whisker_low_2"], got["whisker_high_2"], got["outliers2"]) == (-5, 14, 1)  # -5 is on the fence
    assert got["skew2"] == 0
    assert (got["n3"], got["median4"]) == (0, 0)
    assert np.isnan([got["q1_3"], got["sd_4"], got["whisker_low_3"]]).all()
    assert {f.name for f in KIND.features} <= got.keys()


@pytest.mark.parametrize("n", range(1, MOST + 1))
def test_quartiles_are_numpys(n):
    x = np.sort(np.random.default_rng(n).normal(size=n))

    assert [Box.of(x).q1, Box.of(x).q2, Box.of(x).q3] == pytest.approx(np.quantile(x, [0.25, 0.5, 0.75]))


def test_a_box_without_height_has_no_shape():
    got = KIND.readings(np.array([(0.0, 5.0)] * 12), {}, PLOT)

    assert got["iqr1"] == 0
    assert np.isnan([got["skew1"], got["lower1"], got["upper1"]]).all()


def test_distinct_does_not_see_the_order():
    values = np.array([(0.0, 1.0), (0.0, 2.0), (1.0, 1.0)])

    assert KIND.distinct(values) == KIND.distinct(values[::-1])
    assert KIND.distinct(values) != KIND.distinct(np.array([(0.0, 1.0), (1.0, 2.0), (1.0, 1.0)]))


# Conditions


def test_asked_box_by_hand():
    box = Box.asked(condition_of(ONE), 1)

    # Q1 and Q3 lie 0.2 apart, and their middle 0.2 * 0.2 / 2 above the median
    assert box.lines == pytest.approx((0.32, 0.42, 0.5, 0.62, 0.78))
    assert box.fences == pytest.approx((0.12, 0.92))
    assert box.features(UNIT.y, 1) == pytest.approx({f"{name}1": value for name, value in ONE.items()})


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({}, ""),
        ({"n": 0}, "too few values"),
        ({"median": 0.15}, "a whisker of group 1 ends outside the axis"),
        ({"upper": 1.45, "median": 0.65}, "a whisker of group 1 ends outside the axis"),
        ({"outliers": 4}, ""),
        ({"outliers": 4, "iqr": 0.4, "upper": 0.5}, "no room for 4 outliers"),
        ({"outliers": 2, "n": 11}, ""),  # one on each side
        ({"outliers": 3, "n": 11}, "no room for 3 outliers"),
    ],
)
def test_what_cannot_be_drawn_has_a_reason(own, reason):
    found = KIND.impossible(condition_of(ONE | own))

    assert reason in found
    assert bool(found) == bool(reason)


def test_a_group_that_there_is_not_has_no_features():
    asked = condition_of(ONE, ONE) | {"groups": 1.0}

    assert "no group 2" in KIND.impossible(asked)
    assert KIND.settle(asked) == condition_of(ONE)
    assert KIND.impossible(KIND.settle(asked)) == ""


# Snapping


def test_fitted_by_hand():
    """Thirteen even values whose quartiles lie on values: knots 0, 3, 6, 9, 12; the moves between them in proportion."""
    even = np.linspace(0.2, 0.8, 13)
    box = Box(n=13, low=0.2, q1=0.35, q2=0.53, q3=0.65, high=0.83, outliers=0)
    moves = fitted(even, box, gap=0.01) - even

    expected = [0, 0, 0, 0, 0.01, 0.02, 0.03, 0.02, 0.01, 0, 0.01, 0.02, 0.03]
    assert moves == pytest.approx(np.array(expected))


def test_fitted_moves_no_value_further_than_a_quartile_must():
    rng = np.random.default_rng(2)
    for n in range(11, MOST + 1):
        x = np.sort(rng.uniform(0.1, 0.9, n))
        now = np.quantile(x, [0, 0.25, 0.5, 0.75, 1])
        wanted = now + rng.uniform(-0.002, 0.002, 5)
        moved = fitted(x, Box(n, *wanted, outliers=0), gap=0.01)

        assert np.quantile(moved, [0, 0.25, 0.5, 0.75, 1]) == pytest.approx(wanted)
        assert np.abs(moved - x).max() == pytest.approx(np.abs(wanted - now).max())


def test_spaced_by_hand():
    assert spaced(np.array([0.002, 0.015, 0.2]), 0.3, 0.01) == pytest.approx([BEYOND, 0.02, 0.2])
    assert spaced(np.array([0.05, 0.29, 0.31]), 0.3, 0.02) == pytest.approx([0.05, 0.28, 0.3])
    with pytest.raises(UnsuitableDraw, match="no room"):
        spaced(np.array([0.02, 0.03]), 0.015, 0.01)


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_snapped_data_keep_every_promise(conditions, noise):
    rng = np.random.default_rng(1)
    refused = Counter()
    for condition in conditions:
        raw = KIND.plain(condition, rng)
        try:
            snapped = KIND.snap(raw + noise * rng.standard_normal(raw.shape), condition, PLOT, AREA, rng)
        except UnsuitableDraw as reason:
            refused[str(reason)] += 1
            continue
        values = snapped.values
        got = KIND.readings(values, condition, PLOT)

        assert inexact(KIND, got, condition) == []
        assert (values == np.round(values, 2)).all()
        assert (np.lexsort((values[:, 1], values[:, 0])) == np.arange(len(values))).all()
        assert 0 <= snapped.displacement <= MOST_MOVED
        share = (values[:, 1] + 50) / 150
        assert EDGE - 1e-3 <= share.min() <= share.max() <= 1 - EDGE + 1e-3
        for group in range(int(condition["groups"])):
            x = values[values[:, 0] == group, 1]
            box = Box.of(x)
            low, high = box.fences
            below, above = beyond(x, box.q1, box.q3)
            for outliers, depth in ((x[:below], low - x[:below]), (x[len(x) - above :], x[len(x) - above :] - high)):
                assert (depth > 0.8 * BEYOND * 150).all()
                assert (np.diff(outliers) / 150 * AREA[1] >= APART - 0.01).all()
    print(f"accepted {1 - refused.total() / len(conditions):.3f}", dict(refused))
    assert refused.total() <= 0.3 * len(conditions)


def test_a_snap_keeps_the_side_of_the_outliers():
    asked = condition_of(ONE | {"outliers": 3})
    box = Box.asked(asked, 1)
    inside = np.interp(np.arange(1, 19), [1, 5, 10, 15, 18], box.lines)
    raw = np.concatenate([[box.fences[0] - 0.05], inside, [box.fences[1] + 0.012, box.fences[1] + 0.03]])[:, None]
    values = KIND.snap(raw, asked, UNIT, AREA, np.random.default_rng(0)).values[:, 1]

    assert (values < box.fences[0]).sum() == 1
    assert (values > box.fences[1]).sum() == 2


def test_snaps_that_would_make_another_plot_are_refused():
    rng = np.random.default_rng(0)
    asked = condition_of(ONE)
    raw = KIND.plain(asked, rng)
    with pytest.raises(UnsuitableDraw, match="too far"):
        KIND.snap(raw, condition_of(ONE | {"median": 0.58}), UNIT, AREA, rng)
    with pytest.raises(UnsuitableDraw, match="tied"):
        KIND.snap(np.full_like(raw, 0.5), asked, UNIT, AREA, rng)
    with pytest.raises(UnsuitableDraw, match="out of order"):
        # Q1 lies between 0.36 and 0.46, so the median, which must come to 0.43, would pass the upper of them
        fitted(
            np.array([0.30, 0.33, 0.36, 0.46, 0.47, 0.48, 0.50, 0.52, 0.54, 0.58, 0.60]),
            Box(n=11, low=0.30, q1=0.41, q2=0.43, q3=0.53, high=0.60, outliers=0),
            gap=0.01,
        )
    crowded = condition_of(ONE | {"outliers": 4, "median": 0.3, "lower": 0.1, "upper": 1.45, "iqr": 0.22, "skew": 0.0})
    with pytest.raises(UnsuitableDraw, match="no room"):
        KIND.snap(KIND.plain(crowded, rng), crowded | {"outliers1": 9}, UNIT, AREA, rng)


# Drawing


def drawn(values, size=(300, 200)):
    figure = Figure((size[0] / 72, size[1] / 72), dpi=72)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), frameon=False, xlim=(0, values[-1, 0] + 1), ylim=(0, 1))
    axes.set_axis_off()
    for artist in KIND.artists(axes, values, {}):
        axes.add_artist(artist)
    canvas.draw()
    return 1 - np.asarray(canvas.buffer_rgba())[..., 0] / 255.0  # the colour has no red: its cover


def test_artists_put_every_line_where_the_number_is():
    asked = condition_of(ONE | {"outliers": 2}, ONE | {"median": 0.4, "outliers": 3})
    values = KIND.snap(KIND.plain(asked, np.random.default_rng(3)), asked, UNIT, AREA, np.random.default_rng(0)).values
    cover, got = drawn(values), KIND.readings(values, asked, UNIT)

    for slot, centre in ((1, 75), (2, 225)):
        for name in ("q1", "q2", "q3"):  # beside the whisker
            row = (1 - got[f"{name}_{slot}"]) * 200
            assert cover[int(row - 0.5) : int(row + 0.5) + 1, centre + 20].sum() > (1.9 if name == "q2" else 1.4)
        for name in ("whisker_low", "whisker_high"):
            row = (1 - got[f"{name}_{slot}"]) * 200
            assert cover[int(row - 0.5) : int(row + 0.5) + 1, centre + 10].sum() == pytest.approx(1.5, abs=0.2)
        middle = int((2 - got[f"q1_{slot}"] - got[f"q2_{slot}"]) * 100)
        assert cover[middle, centre + 20] == pytest.approx(0.25, abs=0.01)  # two shades of eight
        assert cover[middle, centre - 50] == 0
    beyond_whiskers = [
        (centre, y)
        for slot, centre in ((1, 75), (2, 225))
        for y in values[values[:, 0] == slot - 1, 1]
        if not got[f"whisker_low_{slot}"] <= y <= got[f"whisker_high_{slot}"]
    ]
    assert [centre for centre, _ in beyond_whiskers] == [75, 75, 225, 225, 225]
    for centre, y in beyond_whiskers:
        assert cover[int((1 - y) * 200), centre] > 0.9


# Real plots


@pytest.mark.parametrize(("loader", "least"), [("load_iris", 20), ("load_wine", 200)])
def test_real_plots_have_the_features_that_they_say(loader, least):
    rng, of = np.random.default_rng(4), table(loader)
    found = [plot for plot in (KIND.real(of, rng) for _ in range(600)) if plot]

    assert len(found) >= least
    assert {plot.condition["groups"] for plot in found} >= {1.0, 2.0}
    for plot in found:
        got = KIND.readings(KIND.values(plot.data, plot.condition), plot.condition, UNIT)
        assert {f.name: got[f.name] for f in KIND.features} == pytest.approx(plot.condition)
        assert plot.data.shape == (KIND.parts, KIND.width)
        assert KIND.impossible(plot.condition) == ""
        assert KIND.settle(plot.condition) == plot.condition
        assert 0 <= KIND.cell(plot.condition) < KIND.cells
        numbers = KIND.describe(plot.data, plot.condition)
        assert numbers.shape == (len(KIND.descriptors),)
        assert np.isfinite(numbers).all()
    everything = np.array([KIND.describe(plot.data, plot.condition) for plot in found])
    assert (everything.std(axis=0) > 0).all()


def test_a_table_without_classes_makes_groups_of_ranges():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((300, 3))
    values[rng.random(values.shape) < 0.1] = np.nan
    found = [KIND.real(Table(name="t", columns=("a", "b", "c"), values=values), rng) for _ in range(60)]

    assert {plot.condition["groups"] for plot in found if plot} == {1.0, 2.0, 3.0, 4.0}


def test_real_plots_are_mirrored_half_of_the_time():
    """A column with a long upper tail: its mean lies above its median, and below it in mirrored plots."""
    values = np.random.default_rng(0).gamma(2.0, size=(400, 1))
    rng = np.random.default_rng(1)
    found = [
        plot for plot in (KIND.real(Table(name="t", columns=("a",), values=values), rng) for _ in range(300)) if plot
    ]
    above = [np.mean(x := plot.data[: int(plot.condition["n1"]), 0]) > np.median(x) for plot in found]

    assert len(found) > 80
    assert 0.3 < np.mean(above) < 0.7


def test_a_column_alone_makes_one_group():
    rng = np.random.default_rng(0)
    of = Table(name="t", columns=("a",), values=rng.standard_normal((300, 1)))

    assert {plot.condition["groups"] for plot in (KIND.real(of, rng) for _ in range(40)) if plot} == {1.0}


@pytest.mark.parametrize("column", [np.arange(300) % 5, np.zeros(300), np.full(300, np.nan), np.arange(8)])
def test_tables_of_no_use_make_no_plot(column):
    of = Table(name="t", columns=("a",), values=column[:, None].astype(float))

    assert all(KIND.real(of, np.random.default_rng(seed)) is None for seed in range(10))


def test_describe_by_hand():
    """Even values: mean and median agree, the spacings are all equal, and the quarters are filled evenly."""
    data = np.zeros((KIND.parts, 1))
    data[:21, 0] = np.linspace(0.2, 0.8, 21)
    own = KIND.readings(KIND.values(data, {"groups": 1, "n1": 21}), {}, UNIT)
    numbers = dict(zip(KIND.descriptors, KIND.describe(data, own), strict=True))

    assert numbers["mean minus median, IQRs"] == pytest.approx(0, abs=1e-12)
    assert numbers["sd, IQRs"] == pytest.approx(np.sqrt((21**2 - 1) / 12) / 10)
    assert numbers["largest gap between neighbours, IQRs"] == pytest.approx(0.1)
    assert numbers["mean log spacing in the box"] == pytest.approx(np.log10(0.101))
    assert numbers["sd of log spacings in the box"] == pytest.approx(0, abs=1e-6)
    assert numbers["centre of the second quarter"] == pytest.approx(-0.1)  # positions 0, 0.2, 0.4, 0.6, 0.8
    assert numbers["outliers above minus below"] == 0


# The network's side


@pytest.fixture(scope="module")
def emitted(conditions):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    condition = torch.tensor(np.array([vector(KIND, c) for c in conditions]))
    tokens = 2 * torch.randn(len(conditions), KIND.parts, KIND.width)
    mask, roles = KIND.cast(condition, torch.randn(len(conditions), 8))
    meant, exact = KIND.emit(tokens, condition, mask, roles)
    return condition, tokens, mask, roles, meant, exact


def test_cast_makes_the_parts_that_the_condition_asks_for(conditions, emitted):
    _, _, mask, roles, _, _ = emitted

    assert mask.shape == (200, KIND.parts, 1)
    assert roles.shape == (200, KIND.parts, KIND.roles)
    assert roles.abs().max() < 4
    assert (roles * (1 - mask) == 0).all()
    for i, condition in enumerate(conditions):
        for slot in range(SLOTS):
            rows = slice(slot * MOST, (slot + 1) * MOST)
            n, outliers = condition[f"n{slot + 1}"], condition[f"outliers{slot + 1}"]
            assert mask[i, rows].flatten().tolist() == [1.0] * int(n) + [0.0] * (MOST - int(n))
            assert roles[i, rows, slot].sum() == n == roles[i, rows, :SLOTS].sum()
            assert roles[i, rows, SLOTS + 1 : SLOTS + 3].sum() == outliers


def test_emitted_data_are_exact(conditions, emitted):
    condition, _, mask, roles, meant, exact = emitted

    for data in (meant, exact):
        assert (data[mask == 0] == 0).all()
    for i, asked in enumerate(conditions):
        data = exact[i].numpy().astype(np.float64)
        for slot in range(int(asked["groups"])):
            own = data[slot * MOST : slot * MOST + int(asked[f"n{slot + 1}"]), 0]
            assert (np.diff(own) >= 0).all()
            assert EDGE - 1e-6 <= own[0] <= own[-1] <= 1 - EDGE + 1e-6
        got = KIND.readings(KIND.values(data, asked), asked, UNIT)
        assert {f.name: got[f.name] for f in KIND.features} == pytest.approx(asked, abs=2e-4)
        snapped = KIND.snap(data, asked, UNIT, AREA, np.random.default_rng(0))
        assert inexact(KIND, KIND.readings(snapped.values, asked, UNIT), asked) == []
    assert KIND.misfit(exact, condition, mask, roles).mean() < 0.1 * KIND.misfit(meant, condition, mask, roles).mean()


def test_a_plot_does_not_depend_on_its_neighbours(emitted):
    torch = pytest.importorskip("torch")
    condition, tokens, mask, roles, _, exact = emitted
    for i in (0, 7, 50):
        alone = KIND.emit(tokens[i : i + 1], condition[i : i + 1], mask[i : i + 1], roles[i : i + 1])[1]
        assert torch.equal(alone[0], exact[i])


def test_misfit_tells_what_is_wrong(emitted):
    condition, _, mask, roles, _, exact = emitted
    shifted = KIND.misfit(exact + 0.02 * mask, condition, mask, roles)

    assert (shifted > 0.7).all()  # every quartile is a fiftieth off: 1 / (1 + 1 / 4)
    assert shifted.shape == (200,)
    assert shifted.max() < 100


def test_gradients_reach_the_tokens(emitted):
    condition, tokens, mask, roles, _, _ = emitted
    free = tokens[:32].clone().requires_grad_()
    meant, exact = KIND.emit(free, condition[:32], mask[:32], roles[:32])
    ink = KIND.ink(exact, condition[:32], mask[:32])
    (ink.square().sum() + KIND.misfit(meant, condition[:32], mask[:32], roles[:32]).sum()).backward()

    assert free.grad.isfinite().all()
    assert (free.grad.abs().amax((1, 2)) > 0).all()
    assert (free.grad[mask[:32] == 0] == 0).all()


def test_ink_is_the_picture_of_the_data():
    torch = pytest.importorskip("torch")
    asked = condition_of(ONE | {"outliers": 2}, ONE | {"median": 0.4})
    condition = torch.tensor(vector(KIND, asked))[None]
    mask, _ = KIND.cast(condition, torch.zeros(1, 8))
    data = torch.tensor(KIND.plain(asked, np.random.default_rng(3)), dtype=torch.float32)[None]
    values = KIND.values(data[0].numpy().astype(np.float64), asked)
    got = KIND.readings(values, asked, UNIT)
    picture, rug = KIND.ink(data, condition, mask)[0]

    assert picture.shape == rug.shape == (SIDE, SIDE)
    for channel in (picture, rug):
        assert 0 <= channel.min() <= channel.max() <= 1
    row = {
        name: int(3 + 58 * (1 - value))
        for name, value in got.items()
        if name[:2] in {"q1", "q2", "q3", "wh"} and value == value
    }
    for slot, centre in ((1, 16), (2, 48)):
        for name in ("q1", "q2", "q3"):
            assert picture[row[f"{name}_{slot}"], centre + 4] > 0.6
        for name in ("whisker_low", "whisker_high"):
            assert picture[row[f"{name}_{slot}"], centre + 2] > 0.6
            assert picture[row[f"{name}_{slot}"], centre + 7] < 0.1  # a cap is half as wide as its box
        assert picture[:, centre - 16].max() == pytest.approx(0, abs=1e-3)
    lonely = max(values[values[:, 0] == 0, 1], key=lambda v: abs(v - 0.5))
    assert not got["whisker_low_1"] <= lonely <= got["whisker_high_1"]
    assert picture[int(3 + 58 * (1 - lonely)), 15:17].max() > 0.6
    for group, value in values:
        q1, q2, q3 = (got[f"q{k}_{int(group) + 1}"] for k in (1, 2, 3))
        away = (value - q2) / (q3 - q1)
        assert rug[int(64 * (0.5 - 0.5 * away / (0.35 + abs(away)))), 16 + 32 * int(group)] > 0.3


def test_ink_of_mirrored_data_is_the_mirrored_ink(conditions, emitted):
    torch = pytest.importorskip("torch")
    condition, _, mask, _, _, exact = emitted
    mirrored = torch.zeros_like(exact)
    for i, asked in enumerate(conditions):
        for slot in range(int(asked["groups"])):
            rows = slice(slot * MOST, slot * MOST + int(asked[f"n{slot + 1}"]))
            mirrored[i, rows] = 1 - exact[i, rows].flip(0)
    first, second = KIND.ink(exact, condition, mask), KIND.ink(mirrored, condition, mask)

    assert (first.flip(2) - second).abs().max() < 1e-3


def test_ink_has_a_gradient_wherever_there_is_a_value(emitted):
    condition, _, mask, _, _, exact = emitted
    data = exact[:16].clone().requires_grad_()
    KIND.ink(data, condition[:16], mask[:16]).square().sum().backward()

    assert data.grad.isfinite().all()
    assert (data.grad[mask[:16] == 1] != 0).float().mean() > 0.95
    assert (data.grad[mask[:16] == 0] == 0).all()
