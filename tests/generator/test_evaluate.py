"""Evaluation: contestants whose faults are known are found out, the report is whole, and refusals are one line."""

import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

# ruff: noqa: E402  (the modules under test import what the skips look for)
pytest.importorskip("sklearn")
pytest.importorskip("statsmodels")
torch = pytest.importorskip("torch")
from lxml import html

from plotbank.cli import main
from plotbank.errors import PlotbankError, UnsuitableDraw
from plotbank.generator.conditions import natural_rows
from plotbank.generator.kinds import Feature, Snapped
from plotbank.generator.tables import Table
from plotbank.generator.training import bench, corpus, evaluate, evaluation_report
from plotbank.generator.training.bench import Drawn, Network, Reals, Sizes

torch.set_num_threads(1)  # as `evaluate` does: two are slower beside other tests
PARTS, NOISE = 8, 0.11
SIZES = Sizes(plots=150, trained=600, twins=400, seeds=2, neighbourhoods=4, alike=30)


class Dots:
    """Eight dots about a centre; a second, optional feature that is there only where `tall` is."""

    name = "dots"
    channels = 1
    parts, width = PARTS, 2
    descriptors = ("sd x", "sd y", "widest x")
    features = (
        Feature(name="tall", low=0.3, high=0.7, step=0.01, exact=0.001, usual=(0.3, 0.7), meaning="mean of y"),
        Feature(name="drift", low=-0.3, high=0.3, step=0.01, exact=0.001, usual=(-0.3, 0.3), meaning="mean of x <0>"),
    )

    def settle(self, condition):
        return dict(condition)

    def impossible(self, condition):
        return ""

    def values(self, data, condition):
        return data

    def readings(self, values, condition, plot):
        return {"tall": float(values[:, 1].mean()), "drift": float(values[:, 0].mean() - 0.5), "other": 1.0}

    def snap(self, raw, condition, plot, area, rng):
        if condition["tall"] > 0.6:
            raise UnsuitableDraw("too tall")
        off = 0.01 if condition["tall"] < 0.35 else 0.0  # ten times more than is exact
        return Snapped(values=raw + off, displacement=0.01)

    def describe(self, data, condition):
        return np.array([*data.std(axis=0), np.ptp(data[:, 0])])

    def cast(self, condition, noise):
        return torch.ones(len(condition), PARTS, 1), torch.zeros(len(condition), PARTS, 1)

    def ink(self, data, condition, mask):
        centres = (torch.arange(64) + 0.5) / 64
        columns = torch.exp(-0.5 * ((data[:, :, 0:1] - centres) / 0.025) ** 2)
        rows = torch.exp(-0.5 * ((1 - data[:, :, 1:2] - centres) / 0.025) ** 2)
        return (1 - torch.exp(-2 * rows.transpose(1, 2) @ columns))[:, None]


KIND = Dots()


def plots(condition, rng):
    """Data whose features are exactly these."""
    data = rng.uniform(-2 * NOISE, 2 * NOISE, (len(condition), PARTS, 2))
    data -= data.mean(axis=1, keepdims=True)
    return (data + np.stack([condition[:, 1] + 0.5, condition[:, 0]], axis=1)[:, None]).astype(np.float32)


def pool(n, seed):
    rng = np.random.default_rng(seed)
    condition = np.stack([rng.uniform(0.3, 0.7, n), rng.uniform(-0.3, 0.3, n)], axis=1).astype(np.float32)
    return corpus.Pool(data=plots(condition, rng), condition=condition, table=np.zeros(n, dtype=np.int64))


def drawn(data, condition):
    return Drawn(data=data, raw=data, picture=bench.ink(KIND, data, condition))


class Perfect:
    """New plots of the very law that real ones have."""

    def draw(self, condition, rng):
        return drawn(plots(condition, rng), condition)


class Copier:
    """The training plot whose condition is nearest."""

    def __init__(self, trained):
        self.trained = trained

    def draw(self, condition, rng):
        index = ((condition[:, None] - self.trained.condition[None]) ** 2).sum(axis=2).argmin(axis=1)
        return drawn(self.trained.data[index], condition)


class Deaf:
    """Good plots of other conditions than those asked for, as pictures alone or with their data."""

    def __init__(self, data=True):
        self.data = data

    def draw(self, condition, rng):
        other = pool(len(condition), rng.integers(2**31))
        made = drawn(other.data, other.condition)
        return made if self.data else Drawn(picture=made.picture)


REALS = Reals(**{name: pool(n, i) for i, (name, n) in enumerate(
    {"trained": 600, "fresh": 150, "again": 150, "unseen": 150, "unseen_again": 150}.items())})  # fmt: skip


NATURAL = natural_rows(KIND, REALS.trained.condition, {"tall": (0.3, 0.7), "drift": (-0.3, 0.3)}, {"tall"})


def whole(measured):
    """What `evaluate` adds to what `measure` found."""
    text = {
        "model": "dots-v1", "kind": "dots", "network": "gan", "absent": {},
        "names": {"model": "dots-v1", "copula": "dots-copula-v1", "dcgan": "dots-dcgan-v1"},
        "tables": {"trained": ["iris"], "held_out": ["<script>alert(1)</script>"],
                   "conditions_outside_the_trained_ranges": {"fresh": 2}},
        "speed": {"definition": "data", "seconds_per_batch": 0.05, "plots_per_second": 5120.0},
    }  # fmt: skip
    return evaluate.Measured(text=text | measured.text, gallery=measured.gallery)


@pytest.fixture(scope="module")
def measured():
    told = []
    contestants = {"model": Perfect(), "copula": Copier(REALS.trained), "dcgan": Deaf(data=False)}
    found = evaluate.measure(KIND, contestants, REALS, NATURAL, SIZES, seed=1, stage=told.append)
    assert len(told) > 10
    return whole(found)


@pytest.fixture(scope="module")
def number(measured):
    rows = {row["key"]: row for row in measured.text["numbers"]}
    return lambda key, role="model": rows[key]["floor"] if role == "floor" else rows[key]["of"][role]


def test_a_perfect_model_is_at_the_floor(number):
    assert number("raw_error") == pytest.approx(0, abs=1e-3)
    assert number("judge_error") == pytest.approx(number("judge_error", "floor"), rel=0.3)
    assert (number("slope"), number("r2"), number("sign")) == pytest.approx((1, 1, 100))
    assert number("fd_ratio_training") == pytest.approx(1, abs=1.2)
    assert number("density_training") == pytest.approx(number("density_training", "floor"), abs=0.25)
    assert number("coverage_training") > 0.85
    for metric in ("logistic", "boosting", "pixels"):
        assert number(f"auc_{metric}_training") == pytest.approx(0.5, abs=0.12)
    assert abs(number("copying_held-out")) < 3
    assert abs(number("copying_training")) < 3
    assert number("twins") == 0
    assert number("diversity") == pytest.approx(1, abs=0.1)


def test_a_model_that_copies_training_plots_is_caught(number):
    assert number("copying_held-out", "copula") < -10
    assert number("copying_training", "copula") < -10
    assert number("twins", "copula") == 400 * 399 / 2
    assert number("twins_per_million", "copula") == 1e6
    # 600 training plots over the whole range of conditions: of 400 draws, every one is of one of these
    assert number("bank_twins") < 50 < 400 < number("bank_twins", "copula") < 10_000
    assert number("twins_nearest", "copula") == 0


def test_a_model_of_pictures_alone_has_no_numbers_of_data(number, measured):
    for key in ("raw_error", "emitted_error", "slope", "accepted", "auc_logistic_training"):
        assert number(key, "dcgan") is None
    assert number("judge_error", "dcgan") > 1.3 * number("judge_error", "floor")
    assert "dcgan" not in measured.text["snap"]


def test_a_model_that_ignores_its_condition_has_no_calibration():
    sizes = Sizes(plots=150, trained=600, twins=20, seeds=1, neighbourhoods=2, alike=10)
    found = evaluate.measure(KIND, {"model": Deaf()}, REALS, NATURAL, sizes, seed=1)
    rows = {row["key"]: row["of"]["model"] for row in found.text["numbers"]}
    assert rows["r2"] < 0.05
    assert rows["sign"] == pytest.approx(50, abs=15)
    assert rows["auc_pixels_training"] == pytest.approx(0.5, abs=0.15)  # as a set, its plots are like real ones


def test_every_number_has_its_definition_n_and_comparisons(measured):
    for row in measured.text["numbers"]:
        assert row["definition"]
        assert row["n"] > 0
        assert set(row["of"]) == {"model", "copula", "dcgan"}
    assert len({row["key"] for row in measured.text["numbers"]}) == len(measured.text["numbers"])
    json.dumps(measured.text, allow_nan=False)


def test_refusals_are_counted_by_reason(measured):
    snap = measured.text["snap"]["model"]
    asked = REALS.unseen_again.condition[:, 0]
    kept = (asked <= 0.6) & (asked >= 0.35)
    assert snap["refused"] == {"too tall": int((asked > 0.6).sum()), "tall not exact": int((asked < 0.35).sum())}
    assert snap["accepted"] == pytest.approx(kept.mean(), abs=1e-6)
    # a bank's question asks for 0.3, 0.31 ... 0.7 with equal chances: 5 of the 41 are not exact, 10 are too tall
    assert measured.text["snap_in_a_bank"]["model"]["accepted"] == pytest.approx(26 / 41, abs=0.12)
    assert "dcgan" not in measured.text["snap_in_a_bank"]
    snapped = measured.text["fidelity"]["tall"]["stages"]["snapped"]["model"]
    assert (snapped["n"], snapped["unreadable"]) == (int(kept.sum()), 0)


def test_a_feature_that_a_plot_does_not_have_is_not_measured():
    class Optional(Dots):
        def settle(self, condition):
            return dict(condition) | ({"drift": 0.0} if condition["tall"] < 0.5 else {})

    looked = bench.Bench(kind=Optional(), judge=None, reals=REALS, sizes=SIZES, seed=1, trained_maps=None)
    condition = np.array([[0.4, 0.0], [0.6, 0.0], [0.6, 0.2]], dtype=np.float32)
    assert looked.there(condition).tolist() == [[True, False], [True, True], [True, True]]


def test_the_same_seed_gives_the_same_numbers(tmp_path):
    sizes = Sizes(plots=20, trained=40, twins=20, seeds=1, neighbourhoods=2, alike=10)
    few = {name: getattr(REALS, name) for name in ("trained", "fresh", "again", "unseen", "unseen_again")}
    few = {
        name: corpus.Pool(data=one.data[:40], condition=one.condition[:40], table=one.table[:40])
        for name, one in few.items()
    }
    both = [
        evaluate.measure(KIND, {"model": Perfect()}, Reals(**few), NATURAL, sizes, 3, cache=tmp_path).text
        for _ in range(2)
    ]
    assert both[0] == both[1]


# The network as a contestant, and what it is measured on


class Model:
    def __init__(self, network):
        self.card = SimpleNamespace(network=network, noise=3)

    def outputs(self, names, noise, condition):
        assert noise.shape == (len(condition), 3)
        shapes = {"data": (PARTS, 2), "raw": (PARTS, 2), "picture": (1, 64, 64)}
        return tuple(np.full((len(condition), *shapes[name]), i, dtype=np.float32) for i, name in enumerate(names))


def test_a_network_draws_in_batches_and_a_dcgan_gives_pictures_alone():
    condition = np.zeros((260, 2), dtype=np.float32)
    made = Network(kind=KIND, model=Model("gan")).draw(condition, np.random.default_rng(0))
    assert made.picture.shape == (260, 1, 64, 64)
    assert made.data.shape == made.raw.shape == (260, PARTS, 2)
    assert made.raw[0, 0, 0] != made.data[0, 0, 0]
    assert (made.picture == bench.ink(KIND, made.data, condition)).all()
    assert Network(kind=KIND, model=Model("dcgan")).draw(condition, np.random.default_rng(0)).data is None


def source(name):
    table = Table(name=name, columns=("a",), values=np.zeros((3, 1)))
    return corpus.Source(table=table, origin="o", licence="l", rows=3, features=1, continuous=1, kept=1)


def test_tables_are_split_as_the_card_has_it():
    tables = corpus.Corpus(trained=(source("a"), source("b")), held_out=(source("c"),), skipped=())
    card = SimpleNamespace(name="m", text={"training": {"tables_trained_on": ["c"]}})
    trained, held_out = evaluate.split(tables, card)
    assert [s.table.name for s in trained] == ["c"]
    assert [s.table.name for s in held_out] == ["a", "b"]
    assert evaluate.split(tables, SimpleNamespace(name="m", text={})) == ([*tables.trained], [*tables.held_out])
    card.text["training"]["tables_trained_on"] = ["a", "b", "c"]
    with pytest.raises(PlotbankError, match="not been kept from any of these 3 tables"):
        evaluate.split(tables, card)


def test_real_plots_outside_what_a_network_was_trained_for_are_left_out(monkeypatch):
    monkeypatch.setattr(corpus, "draw_pool", lambda kind, sources, size, rng: pool(size, int(rng.integers(9))))
    card = SimpleNamespace(trained={"tall": (0.3, 0.7), "drift": (-0.1, 0.3)})
    sizes = Sizes(plots=100, trained=200)
    reals, left_out = evaluate.real_plots(KIND, [source("a")], [source("b")], [card], sizes, 1, lambda _: None)
    assert reals.fresh.condition[:, 1].min() >= -0.1
    assert len(reals.fresh) + left_out["fresh"] == 100
    card.trained["drift"] = (0.29, 0.3)
    with pytest.raises(PlotbankError, match="more tables"):
        evaluate.real_plots(KIND, [source("a")], [source("b")], [card], sizes, 1, lambda _: None)


# The report


@pytest.fixture(scope="module")
def page(measured):
    return evaluation_report.page(measured)


def test_the_page_is_whole_and_needs_nothing_else(page, measured):
    tree = html.document_fromstring(page)
    text = tree.text_content()
    for row in evaluation_report.headline(measured.text):
        assert row["title"] in text
        assert row["model"] in text
    images = tree.xpath("//img")
    assert len(images) > 20
    assert all(image.get("alt") for image in images)
    assert all(image.get("src").startswith("data:image/png;base64,") for image in images)
    assert not tree.xpath("//script | //link | //iframe")
    assert not re.search(r"(?:src|href)=(?!\"data:)|https?://|url\(|@import", page)
    assert len(page) < 900_000
    assert tree.xpath("//meta[@name='viewport']")


def test_names_from_outside_are_escaped(page, measured):
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "mean of x &lt;0&gt;" in page
    words = evaluation_report.readme(
        measured.text, {"credits": [{"name": "[x](y)", "origin": "<b>", "licence": "a|b"}]}
    )
    assert r"\[x\](y): \<b\> (a\|b)" in words


def test_the_readme_has_the_measured_table_and_what_the_card_says(measured):
    card = {"training": {"steps": 5, "tables_trained_on": ["iris"]}, "exact_by_construction": ["n by a mask"]}
    words = evaluation_report.readme(measured.text, card)
    assert words.startswith("# dots-v1\n")
    assert "| Near-duplicate pairs | 0 | – | 79,800 |" in words
    assert "- steps: 5" in words
    assert "n by a mask" in words


def test_the_readme_says_once_what_is_the_same_of_every_group(measured):
    entries = {f"n{i}": {"range": [11, 50], "meaning": f"values of group {i}"} for i in (1, 2)}
    other = {"groups": {"range": [1, 4], "meaning": "number of groups"}}
    words = evaluation_report.readme(measured.text | {"fidelity": other | entries}, {})
    assert "- `groups` (1 to 4): number of groups\n- `n1`, `n2` (11 to 50): values of each group\n" in words


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0"), (-3.14159, "−3.14"), (12345.6, "12,346"), (0.02, "0.0200"), (2e-5, "2e−5")],
)
def test_numbers_as_text(value, text):
    assert evaluation_report.shown(value) == text


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [("<= 2", 2, True), (">= 99", 98.9, False), ("> -3", -3.5, False), ("0.9 to 1.1", 1, True), ("0", 0, True),
     ("0", 1, False), ("", 1, None), ("<= 2", None, None)],
)  # fmt: skip
def test_targets(target, value, verdict):
    assert evaluation_report.meets(target, value) is verdict


# The command


@pytest.fixture
def refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        result = CliRunner().invoke(main, ["evaluate", *map(str, words)], catch_exceptions=False)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert re.fullmatch(r"plotbank: .+\n", result.stderr), result.stderr
        return result.stderr

    return run


@pytest.fixture
def card(monkeypatch, tmp_path):
    """A model folder whose card is found to be sound."""
    folder = tmp_path / "dots-v1"
    folder.mkdir()
    card = SimpleNamespace(name="dots-v1", kind="dots", network="gan", text={}, folder=folder)
    monkeypatch.setattr("plotbank.models.read_card", lambda folder: card)
    return folder


def test_no_such_model(refused):
    assert "no model 'nothing'" in refused("nothing")


def test_a_damaged_card(refused, tmp_path):
    (tmp_path / "m").mkdir()
    assert "no card" in refused("m")
    (tmp_path / "m" / "card.json").write_text("{")
    assert "card.json cannot be read" in refused("m")


def test_no_data_folder_too_few_plots_and_no_folder_to_write(refused, card, tmp_path):
    (tmp_path / "file").touch()
    assert "no such folder" in refused(card, "--data", tmp_path / "absent")
    assert "fewer than 100" in refused(card, "--plots", 5)
    assert "this is a file" in refused(card, "--out", tmp_path / "file")
    assert "cannot be written" in refused(card, "--out", tmp_path / "file" / "within")


def test_the_training_extra_is_missing(refused, card, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("plotbank.generator.training.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert refused(card) == "plotbank: torch is not installed: pip install 'plotbank[train]'\n"


def test_an_unknown_kind(refused, card):
    assert "there is no plot kind 'dots'" in refused(card)


def test_the_report_is_written_and_the_headline_printed(card, measured, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluate, "evaluate", lambda *_, **__: measured)
    result = CliRunner().invoke(main, ["evaluate", str(card), "--plots", "100"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    out = tmp_path / "dots-v1-evaluation"
    assert sorted(file.name for file in out.iterdir()) == ["README.md", "evaluation.json", "report.html"]
    assert json.loads((out / "evaluation.json").read_text()) == measured.text
    assert "Near-duplicate pairs" in result.stdout
    assert "dots-v1-evaluation" in result.stdout
