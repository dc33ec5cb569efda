"""Histograms: readings against numbers worked by hand, snap, real plots, and the network's side."""

from collections import Counter

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import SIDE, UNIT, Plot, inexact, vector
from plotbank.generator.kinds.histogram import CLEAR, FILL, KIND, MARGIN, MOST_MOVED, prominences
from plotbank.generator.tables import Table
from plotbank.items import Axis, PictureSpec

PLOT = Plot(
    x=Axis(label="x", low=20, high=95), y=Axis(label="y", low=0, high=200), picture=PictureSpec(width=600, height=450)
)
AREA = (500.0, 350.0)
TYPICAL = {"n": 100.0, "bins": 10.0, "modes": 1.0, "skew": 0.5, "spread": 0.18}


def conditions(rng, count):
    """Possible conditions, every feature drawn evenly from what may be asked for."""
    found = []
    while len(found) < count:
        condition = {
            feature.name: round(
                feature.low + feature.step * int(rng.integers(round((feature.high - feature.low) / feature.step) + 1)),
                6,
            )
            for feature in KIND.features
        }
        if not KIND.impossible(condition):
            found.append(condition)
    return found


def spread_out(counts, span=1.0):
    """Values (n, 1) with these counts in equal bins of 0..span: 0.3 to 0.7 of the way through their bins."""
    x = [
        (bin_ + 0.3 + 0.4 * (k + 0.5) / count) / len(counts) for bin_, count in enumerate(counts) for k in range(count)
    ]
    return span * np.array(x)[:, None]


# Readings


def test_readings_by_hand():
    """Six values in six bins of 0..12: mean 4, deviations -3, -3, -1, -1, 1, 7; squares add up to 70, cubes to 288."""
    values = np.array([[11.0], [1], [3], [1], [5], [3]])
    plot = Plot(x=Axis(label="x", low=0, high=12), y=Axis(label="y", low=0, high=5), picture=PictureSpec())
    readings = KIND.readings(values, {"bins": 6}, plot)

    assert [readings[f"count_{k}"] for k in range(1, 8)] == [2, 2, 1, 0, 0, 1, 0]
    assert readings["n"] == 6
    assert readings["bins"] == 6
    assert readings["skew"] == pytest.approx((288 / 6) / (70 / 6) ** 1.5)
    assert readings["sd"] == pytest.approx(14**0.5)
    assert readings["spread"] == pytest.approx(14**0.5 / 12)
    assert (readings["mean"], readings["median"], readings["min"], readings["max"], readings["range"]) == (
        4, 3, 1, 11, 10,
    )  # fmt: skip
    assert (readings["q1"], readings["q3"], readings["iqr"]) == (1.5, 4.5, 3)
    assert (readings["tallest"], readings["tallest_count"], readings["tallest_margin"]) == (1, 2, 0)
    assert readings["empty"] == 2
    assert readings["gap"] == pytest.approx(0.5)
    assert (readings["modes"], readings["mode_margin"]) == (0, pytest.approx(1 / 3))


def test_quartiles_are_those_of_numpy():
    values = np.random.default_rng(0).random((37, 1))
    readings = KIND.readings(values, {"bins": 8}, UNIT)

    assert [readings["q1"], readings["median"], readings["q3"]] == pytest.approx(
        np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    )


def test_a_value_on_an_edge_belongs_to_its_right():
    plot = Plot(x=Axis(label="x", low=0, high=0.7), y=Axis(label="y", low=0, high=5), picture=PictureSpec())
    values = np.array([[0.1], [0.2], [0.3], [0.6], [0.7]])  # 0.3 / 0.7 * 7 is a little less than 3
    readings = KIND.readings(values, {"bins": 7}, plot)

    assert [readings[f"count_{k}"] for k in range(1, 8)] == [0, 1, 1, 1, 0, 0, 2]
    assert readings["gap"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([1, 5, 2, 4, 0], [5, 2]),  # the second is parted from the first by the bar of 2
        ([5, 5, 5], [5]),  # a plateau is one peak
        ([3, 3, 1, 2, 2, 1], [3, 1]),
        ([5, 4, 5], [5, 1]),  # of equal peaks the left one counts as the taller
        ([2, 1, 3, 0, 9, 1, 4], [1, 3, 9, 3]),  # the first is parted from the third bar; that from the 9 by nothing
        ([0, 0, 7, 0], [7]),
    ],
)
def test_prominences_by_hand(counts, expected):
    assert prominences(counts) == expected


@pytest.mark.parametrize(
    ("counts", "modes", "margin"),
    [
        ([2, 8, 20, 12, 18, 6], 2, 0.0),  # 18 - 12 is 0.3 of 20
        ([2, 8, 20, 13, 18, 6], 1, 1 / 6),  # 5 of 6
        ([2, 8, 20, 9, 18, 6], 2, 0.5),  # 9 of 6
        ([2, 8, 20, 20, 18, 6], 1, 20 / 6 - 1),
        ([1, 4, 1, 4, 0, 1], 2, 0.0),  # at least 3 values
        ([1, 5, 2, 4, 0, 1], 1, 1 / 3),
        ([9, 3, 9, 2, 9, 1], 3, 1.0),
    ],
)
def test_modes_by_hand(counts, modes, margin):
    readings = KIND.readings(spread_out(counts), {"bins": len(counts)}, UNIT)

    assert readings["modes"] == modes
    assert readings["mode_margin"] == pytest.approx(margin)


# What can be asked for


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"skew": 1.8, "spread": 0.25}, "does not fit the axis"),
        ({"skew": -1.8, "spread": 0.25}, "does not fit the axis"),
        ({"modes": 2, "skew": 1.3}, "would vanish"),
        ({"modes": 2, "skew": -1.0, "spread": 0.28}, "does not fit the axis"),
        ({"modes": 2, "spread": 0.12}, "not told apart"),
        ({"modes": 2, "bins": 6, "spread": 0.2}, "not told apart"),
        ({"n": 30, "spread": 0.1}, "empty"),
    ],
)
def test_impossible_says_why(changed, reason):
    assert reason in KIND.impossible({**TYPICAL, **changed})


@pytest.mark.parametrize(
    "changed",
    [{}, {"skew": 1.8, "spread": 0.23}, {"modes": 2, "spread": 0.25}, {"skew": 0, "spread": 0.28}, {"spread": 0.1}],
)
def test_possible(changed):
    assert KIND.impossible({**TYPICAL, **changed}) == ""


# Snap


@pytest.mark.parametrize(("noise", "share"), [(0.0, 0.75), (0.01, 0.6)])
def test_snap_makes_exact_what_was_asked_for(noise, share):
    rng = np.random.default_rng(7)
    refused = Counter()
    wanted = conditions(rng, 200)
    for condition in wanted:
        raw = KIND.plain(condition, rng)
        raw = raw + noise * rng.standard_normal(raw.shape)
        try:
            snapped = KIND.snap(raw, condition, PLOT, AREA, rng)
        except UnsuitableDraw as reason:
            refused[str(reason)] += 1
            continue
        readings = KIND.readings(snapped.values, condition, PLOT)
        assert inexact(KIND, readings, condition) == []
        assert readings["gap"] >= CLEAR
        assert readings["mode_margin"] >= MARGIN
        assert 0 <= snapped.displacement <= MOST_MOVED
        assert snapped.values.shape == (condition["n"], 1)
        assert np.all(np.diff(snapped.values[:, 0]) >= 0)
        assert np.abs(snapped.values - 20 - 75 * np.sort(raw, axis=0)).max() <= 75 * snapped.displacement + 0.02
    assert refused.total() <= (1 - share) * len(wanted), refused


def test_snap_leaves_what_is_already_right():
    rng = np.random.default_rng(1)
    once = KIND.snap(KIND.plain(TYPICAL, rng), TYPICAL, UNIT, AREA, rng)
    again = KIND.snap(once.values, TYPICAL, UNIT, AREA, rng)

    assert again.displacement < 0.001
    assert KIND.readings(again.values, TYPICAL, UNIT)["gap"] >= CLEAR


@pytest.mark.parametrize(
    ("raw", "changed", "reason"),
    [
        (np.full((100, 1), 0.5), {}, "values all alike"),
        (np.repeat([[0.3], [0.7]], 50, axis=0), {"skew": 1.0}, "no small change"),
        (np.linspace(0.45, 0.55, 100)[:, None], {"skew": 0.0}, "too far"),
        (np.linspace(0.1, 0.9, 100)[:, None], {"skew": 0.0, "spread": 0.3}, "wider than the axis"),
    ],
)
def test_snap_refuses(raw, changed, reason):
    with pytest.raises(UnsuitableDraw, match=reason):
        KIND.snap(raw, {**TYPICAL, **changed}, PLOT, AREA, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([3, 8, 20, 14, 20, 9, 3, 0], "some would call a mode"),  # a prominence of 6, the limit
        ([3, 8, 20, 19, 20, 9, 3, 0], "another number of modes"),
        ([3, 20, 2, 20, 2, 20, 3, 0], "another number of modes"),
    ],
)
def test_snap_refuses_other_modes_than_the_two_asked_for(counts, reason):
    values = spread_out(counts)
    readings = KIND.readings(values, {"bins": 8}, UNIT)
    condition = {feature.name: readings[feature.name] for feature in KIND.features} | {"modes": 2.0}
    with pytest.raises(UnsuitableDraw, match=reason):
        KIND.snap(values, condition, UNIT, AREA, np.random.default_rng(0))


def test_snap_refuses_a_bar_taller_than_the_axis_but_not_in_the_unit_plot():
    rng = np.random.default_rng(3)
    raw = KIND.plain(TYPICAL, rng)
    tallest = KIND.readings(KIND.snap(raw, TYPICAL, UNIT, AREA, rng).values, TYPICAL, UNIT)["tallest_count"]
    for high, fits in ((tallest, True), (tallest - 1, False)):
        plot = Plot(x=UNIT.x, y=Axis(label="y", low=0, high=high), picture=UNIT.picture)
        if fits:
            KIND.snap(raw, TYPICAL, plot, AREA, rng)
        else:
            with pytest.raises(UnsuitableDraw, match="taller than the axis"):
                KIND.snap(raw, TYPICAL, plot, AREA, rng)


def test_order_of_values_does_not_matter():
    values = np.random.default_rng(0).random((40, 1))
    assert KIND.distinct(values) == KIND.distinct(values[::-1])
    assert KIND.distinct(values) != KIND.distinct(values + 1e-3)
    shuffled = np.random.default_rng(1).permutation(values)
    assert KIND.readings(values, TYPICAL, UNIT) == KIND.readings(shuffled, TYPICAL, UNIT)


# Real plots


def tables():
    datasets = pytest.importorskip("sklearn.datasets")
    for name in ("load_wine", "load_breast_cancer"):
        found = getattr(datasets, name)()
        yield Table(
            name=name,
            columns=tuple(str(c) for c in found.feature_names),
            values=found.data,
            classes=found.target.astype(np.int64),
        )


def test_real_plots_have_the_features_they_say():
    rng = np.random.default_rng(0)
    sizes, cells, useful = set(), set(), 0
    for table in tables():
        for _ in range(200):
            real = KIND.real(table, rng)
            if real is None:
                continue
            useful += 1
            n = int(real.condition["n"])
            values = KIND.values(real.data, real.condition)
            readings = KIND.readings(values, real.condition, UNIT)
            assert {name: readings[name] for name in real.condition} == pytest.approx(real.condition)
            assert list(real.condition) == [feature.name for feature in KIND.features]
            assert real.data.shape == (200, 1)
            assert np.all(real.data[n:] == 0)
            assert values.min() >= 0.015 - 1e-9
            assert values.max() <= 0.985 + 1e-9
            assert 0.75 - 1e-9 <= np.ptp(values) <= 0.97 + 1e-9
            described = KIND.describe(real.data, real.condition)
            assert described.shape == (len(KIND.descriptors),)
            assert np.all(np.isfinite(described))
            assert 0 <= KIND.cell(real.condition) < KIND.cells
            sizes.add(n)
            cells.add(KIND.cell(real.condition))
    assert useful > 200
    assert min(sizes) < 50 < 150 < max(sizes)
    assert len(cells) > 10


def test_real_takes_no_more_values_than_there_are_and_refuses_ties():
    rng = np.random.default_rng(0)
    column = rng.standard_normal((60, 1))
    column[:20] = np.nan
    found = [KIND.real(Table(name="a", columns=("a",), values=column), rng) for _ in range(50)]
    assert max(real.condition["n"] for real in found if real) == 40
    tied = Table(name="b", columns=("b",), values=np.round(2 * rng.standard_normal((300, 1))))
    assert all(KIND.real(tied, rng) is None for _ in range(50))
    few = Table(name="c", columns=("c",), values=rng.standard_normal((29, 1)))
    assert all(KIND.real(few, rng) is None for _ in range(20))


def test_descriptors_by_hand():
    """Even steps: no skewness, gaps of one size, kurtosis of a uniform distribution."""
    data = (np.arange(100)[:, None] + 0.5) / 100
    named = dict(zip(KIND.descriptors, KIND.describe(data, {"n": 100, "bins": 10}), strict=True))

    assert named["mean"] == pytest.approx(0.5)
    assert named["kurtosis"] == pytest.approx(1.8, abs=0.01)
    assert named["fifth moment"] == pytest.approx(0, abs=1e-9)
    assert named["largest gap"] == pytest.approx(0.01 / data.std())
    assert named["roughness"] == pytest.approx(0)
    assert named["entropy"] == pytest.approx(1)
    assert named["share in the tallest bar"] == pytest.approx(0.1)
    assert (named["jump at the left end"], named["jump at the right end"], named["empty bins"]) == (1, 1, 0)


# What is drawn


def drawn(counts, top, dpi=144):
    """The pixels (rows, columns, 3) of bars on otherwise empty axes, and the box of the axes."""
    figure = Figure((6, 4.5), dpi=dpi)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(0, 60), ylim=(0, top))
    axes.set_axis_off()
    canvas.draw()
    [patch] = KIND.artists(axes, spread_out(counts, 60), {"bins": len(counts)})
    patch.draw(canvas.get_renderer())
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int), axes.bbox


def test_bars_have_the_height_of_their_counts():
    counts = [2, 0, 9, 20, 5, 1]
    pixels, box = drawn(counts, 25)
    bottom = pixels.shape[0] - box.y0
    for bin_, count in enumerate(counts):
        column = pixels[:, int(box.x0 + (bin_ + 0.5) / 6 * box.width), 0]
        inked = np.flatnonzero(column < 250)
        if count == 0:
            assert len(inked) == 0
            continue
        assert bottom - inked[0] == pytest.approx(count / 25 * box.height, abs=2.5)
        # on the line of the axis, which is 1 CSS pixel wide, but not over it
        assert inked[-1] + 1 == pytest.approx(bottom - 1, abs=1)
        assert column[int(bottom - count / 50 * box.height)] == pytest.approx(255 * (1 - FILL), abs=1)


def test_bars_are_parted_by_an_outline():
    pixels, box = drawn([8] * 10, 10)
    row = pixels[int(pixels.shape[0] - box.y0 - 0.4 * box.height), :, 0]
    dark = np.flatnonzero(row < 30)
    edges = np.unique(np.round((dark - box.x0) / box.width * 10))
    assert edges.tolist() == list(range(1, 11))  # the left side of the first is the y axis


def test_in_the_unit_plot_the_tallest_bar_reaches_the_top():
    figure = Figure((6, 4.5), dpi=72)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    [patch] = KIND.artists(axes, spread_out([1, 4, 2, 0, 0, 1]), {"bins": 6})
    heights = axes.transAxes.inverted().transform(patch.get_path().vertices)[:, 1]
    assert heights.max() == pytest.approx(1)
    assert sorted(set(heights.round(6))) == [0, 0.25, 0.5, 1]


# The network's side


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def batch(torch, count=64, seed=0):
    """Conditions (B, F) that are possible, their masks and roles, and tokens that are roughly a normal sample."""
    generator = torch.Generator().manual_seed(seed)
    wanted = conditions(np.random.default_rng(seed), count)
    condition = torch.tensor(np.stack([vector(KIND, one) for one in wanted]))
    mask, roles = KIND.cast(condition, torch.randn(count, 8, generator=generator))
    return condition, mask, roles, torch.randn(count, KIND.parts, 1, generator=generator)


def test_cast_gives_every_value_a_mode(torch):
    condition, mask, roles, _ = batch(torch)

    assert mask[:, :, 0].sum(1).tolist() == condition[:, 0].tolist()
    assert torch.equal(roles[:, :, :2].sum(2, keepdim=True), mask)
    of_second = roles[:, :, 1].sum(1) / condition[:, 0]
    assert torch.all(of_second[condition[:, 2] == 1] == 0)
    assert torch.all((of_second[condition[:, 2] == 2] - 0.5).abs() <= 0.32)
    assert torch.all(roles[mask[:, :, 0] == 0] == 0)
    rank = roles[:, :, 2]
    assert torch.all(rank.sum(1).abs() < 1e-3)
    assert rank.max() < 1 < rank.max() + 0.04


def test_emitted_skew_and_spread_are_those_asked_for(torch):
    condition, mask, roles, tokens = batch(torch, 200)
    raw, data = KIND.emit(tokens, condition, mask, roles)
    misses = []
    for one, wanted in zip(data.numpy().astype(float), condition.numpy(), strict=True):
        n = int(wanted[0])
        assert np.all(one[n:] == 0)
        readings = KIND.readings(one[:n], {"bins": wanted[1]}, UNIT)
        assert readings["spread"] == pytest.approx(wanted[4], abs=2e-5)
        misses.append(abs(readings["skew"] - wanted[3]))
        if readings["range"] <= 0.97:
            assert readings["min"] >= 0.0119
            assert readings["max"] <= 0.9881
    assert np.quantile(misses, 0.95) < 0.002
    assert np.all(raw.numpy()[mask.numpy() == 0] == 0)
    assert raw.abs().max() <= 1.5


def test_a_plot_does_not_depend_on_its_neighbours(torch):
    condition, mask, roles, tokens = batch(torch, 8)
    together = KIND.emit(tokens, condition, mask, roles)[1]
    for k in range(8):
        one = slice(k, k + 1)
        alone = KIND.emit(tokens[one], condition[one], mask[one], roles[one])[1]
        assert alone == pytest.approx(together[one], abs=1e-6)


def test_misfit_is_less_for_plots_that_fit(torch):
    rng = np.random.default_rng(5)
    wanted = conditions(rng, 40)
    data = np.zeros((40, KIND.parts, 1), dtype=np.float32)
    for row, condition in zip(data, wanted, strict=True):
        plain = KIND.plain(condition, rng)
        row[: len(plain)] = plain
    condition = torch.tensor(np.stack([vector(KIND, one) for one in wanted]))
    mask, roles = KIND.cast(condition, torch.zeros(40, 8))
    fitting = KIND.misfit(torch.tensor(data), condition, mask, roles)
    meant = torch.tensor(data).mul(0.5).requires_grad_()
    narrow = KIND.misfit(meant, condition, mask, roles)
    narrow.sum().backward()

    assert fitting.shape == (40,)
    assert torch.all(fitting >= 0)
    assert fitting.median() < 0.1
    assert torch.all(narrow > 0.4)  # log(2)^2 is 0.48
    assert torch.isfinite(meant.grad).all()


def test_misfit_tells_one_mode_from_two(torch):
    data = torch.zeros(2, KIND.parts, 1)
    two = spread_out([3, 8, 20, 4, 6, 22, 10, 4])
    data[:, : len(two)] = torch.tensor(two, dtype=torch.float32)
    readings = KIND.readings(two, {"bins": 8}, UNIT)
    condition = torch.tensor([[len(two), 8, modes, readings["skew"], readings["spread"]] for modes in (1, 2)])
    mask, roles = KIND.cast(condition, torch.zeros(2, 8))
    as_one, as_two = KIND.misfit(data, condition, mask, roles).tolist()

    assert as_two < 0.01
    assert as_one > 1


def inked(torch, counts):
    """The pictures, (C, SIDE, SIDE), of values with these counts."""
    values = spread_out(counts)
    data = torch.zeros(1, KIND.parts, 1)
    data[0, : len(values)] = torch.tensor(values, dtype=torch.float32)
    condition = torch.tensor([[len(values), len(counts), 1, 0, 0.2]], dtype=torch.float32)
    mask = KIND.cast(condition, torch.zeros(1, 8))[0]
    return KIND.ink(data, condition, mask)[0]


def test_ink_shows_bars_of_known_heights(torch):
    counts = [4, 0, 10, 20, 8, 2, 1, 5]
    bars, rug = inked(torch, counts)

    assert bars.shape == rug.shape == (SIDE, SIDE)
    middle = bars[:, 4::8]  # eight bins of eight pixels
    assert middle.sum(0).tolist() == pytest.approx([0.92 * SIDE * count / 20 for count in counts], abs=0.35)
    assert middle[-1, 3] == pytest.approx(1, abs=0.01)
    assert bars[-1, 31] < 0.9 < bars[-1, 29]  # a light line between two bars
    assert torch.all(rug[:48] == 0)
    assert torch.all(rug[48:] == rug[48])
    assert rug[60, 8:16].max() < 0.1 < rug[60, 25:31].min()


def test_mirrored_values_make_the_mirrored_picture(torch):
    counts = [4, 0, 10, 20, 8, 2, 1, 5, 3, 3]
    assert inked(torch, counts[::-1]).flip(2) == pytest.approx(inked(torch, counts), abs=2e-3)


def test_ink_is_differentiable_and_between_paper_and_ink(torch):
    condition, mask, roles, tokens = batch(torch, 32)
    data = KIND.emit(tokens, condition, mask, roles)[1].requires_grad_()
    picture = KIND.ink(data, condition, mask)
    picture.square().mean().backward()

    assert picture.shape == (32, KIND.channels, SIDE, SIDE)
    assert 0 <= picture.min() < 0.01 < 0.95 < picture.max() <= 1
    assert torch.isfinite(data.grad).all()
    assert torch.all(data.grad.abs().amax((1, 2)) > 0)
    assert torch.all(data.grad[mask == 0] == 0)
