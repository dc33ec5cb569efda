"""Training: the exact parts of the network, the corpus, resuming, and the export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

# ruff: noqa: E402  (the modules under test import what the skips look for)
pd = pytest.importorskip("pandas")
torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("statsmodels")

from plotbank.errors import PlotbankError
from plotbank.generator.training import corpus, evaluate, networks
from plotbank.generator.training.__main__ import choose
from plotbank.generator.training.networks import Generator, NetworkConfig
from plotbank.generator.training.train import (
    TrainingConfig,
    average_file,
    load_checkpoint,
    new_state,
    real_batch,
    save_checkpoint,
    train,
    train_step,
    wrong_condition,
)

SMALL = NetworkConfig(hidden=16, style=16, blocks=1, channels=(4, 4, 8, 8), features=16)


@pytest.fixture(scope="module")
def pool() -> corpus.Pool:
    from sklearn.datasets import load_iris, load_wine

    rng = np.random.default_rng(0)
    frames = [load_iris(as_frame=True).data, load_wine(as_frame=True).data]
    tables = [corpus.clean(corpus.RawTable("t", "o", "l", frame), rng) for frame in frames]
    return corpus.draw_pool(tables, 60, rng)


def draw(model: Generator, r: float, n: int, plots: int = 16) -> networks.Draw:
    torch.manual_seed(3)
    noise = torch.randn(plots, model.config.noise)
    with torch.no_grad():
        return model.draw(noise, torch.tensor([[r, float(n)]]).expand(plots, 2))


def test_projection_by_hand() -> None:
    square = torch.tensor([[[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]]])  # r = 0
    moved = networks.project(square, torch.tensor([0.0]), torch.tensor([0.6]))
    long, short = 1.6**0.5, 0.4**0.5
    expected = torch.tensor([[[long, long], [-long, -long], [short, -short], [-short, short]]])
    torch.testing.assert_close(moved, expected)


def test_displacement_is_what_the_projection_does() -> None:
    mask = networks.point_mask(torch.full((8,), 40.0), 100)
    z = networks.standardise(torch.randn(8, 100, 2), mask)
    raw_r, r = networks.correlation(z, mask), torch.linspace(-0.9, 0.9, 8)
    squared = ((networks.project(z, raw_r, r) - z).square().sum(2)).sum(1) / 40
    torch.testing.assert_close(networks.squared_displacement(raw_r, r), squared, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("r", "n"), [(-0.95, 15), (-0.4, 37), (0.0, 100), (0.8, 50), (0.95, 99)])
def test_r_n_and_frame_are_exact(r: float, n: int) -> None:
    points = draw(Generator(NetworkConfig()), r, n).points.numpy()
    assert np.all(points[:, n:] == 0)
    for plot in points[:, :n].astype(np.float64):
        assert corpus.correlation(plot) == pytest.approx(r, abs=2e-5)
        assert plot.min(axis=0) == pytest.approx(0)
        assert plot.max(axis=0) == pytest.approx(1)


def test_conditions_outside_the_trained_range_are_clamped() -> None:
    model = Generator(NetworkConfig())
    assert torch.equal(draw(model, 3.0, 500).points, draw(model, 0.98, 100).points)
    assert torch.equal(draw(model, -3.0, 2).points, draw(model, -0.98, 15).points)


def test_order_of_the_points_does_not_matter() -> None:
    model = Generator(NetworkConfig())
    c = model.config
    noise = torch.randn(1, c.noise)
    own = noise[:, c.global_noise :].reshape(1, c.max_points, c.point_noise)
    turned = torch.cat((noise[:, : c.global_noise], own.flip(1).reshape(1, -1)), dim=1)
    condition = torch.tensor([[0.5, 100.0]])
    with torch.no_grad():
        a, b = model.draw(noise, condition).points, model.draw(turned, condition).points
    torch.testing.assert_close(a, b.flip(1), atol=1e-5, rtol=0)


def test_ink_is_where_the_point_is() -> None:
    config = NetworkConfig()
    points = torch.tensor([[[0.5, 0.25], [0.9, 0.9]]])  # the second is padding
    picture = networks.rasterise(points, torch.tensor([[[1.0], [0.0]]]), config)[0]
    # x: 6 + 52 * 0.5 = 32; y downwards: 6 + 52 * 0.75 = 45: both on a pixel edge
    assert picture.shape == (64, 64)
    at_half_a_pixel = 1 - np.exp(-2 * np.exp(-0.5 * (0.5**2 + 0.5**2) / 0.9**2))
    torch.testing.assert_close(picture[44:46, 31:33], torch.full((2, 2), float(at_half_a_pixel)))
    assert picture.max() == picture[44:46, 31:33].max()
    assert picture[:30].max() < 1e-6


def test_discriminator_scores_each_plot_under_its_condition() -> None:
    judge = networks.Discriminator(SMALL)
    pictures = torch.rand(8, 64, 64)
    condition = torch.tensor([[0.5, 50.0]]).expand(8, 2)
    assert judge(pictures, condition).shape == (8,)
    assert not torch.equal(judge(pictures, condition), judge(pictures, -condition))


def test_only_continuous_columns_are_kept() -> None:
    rng = np.random.default_rng(0)
    measure = rng.normal(size=200)
    frame = pd.DataFrame(
        {
            "id": np.arange(200),
            "year": rng.integers(1900, 2000, 200),
            "flag": rng.integers(0, 2, 200),
            "count": rng.integers(0, 12, 200),
            "measure": measure,
            "same_in_inches": measure / 2.54,
            "mostly_zero": np.where(rng.random(200) < 0.7, 0, rng.normal(size=200)),
            "other": rng.exponential(size=200),
            "name": ["x"] * 200,
            "class": rng.normal(size=200),
        }
    )
    table = corpus.clean(corpus.RawTable("t", "o", "l", frame), rng)
    assert table.columns == ("measure", "other")
    assert (table.columns_read, table.columns_continuous) == (10, 3)


def test_pool_holds_framed_plots_with_their_r(pool: corpus.Pool) -> None:
    assert len(pool) == 60
    for points, r, n in zip(pool.points, pool.r, pool.n, strict=True):
        assert corpus.correlation(points[:n].astype(np.float64)) == pytest.approx(r, abs=1e-5)
        assert points[:n].min() == 0
        assert points[:n].max() == 1
        assert not points[n:].any()
        assert len(np.unique(points[:n], axis=0)) == n


def test_a_plot_pressed_into_a_corner_is_not_useful() -> None:
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 6), np.linspace(0, 1, 6)), axis=2).reshape(-1, 2)
    assert corpus.useful(grid)
    assert not corpus.useful(np.vstack((grid, [[50, 0.5]])))


def test_folder_without_tables_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PlotbankError, match=r"no \*\.csv"):
        corpus.load_tables(tmp_path, seed=1)


def test_credit_is_read_from_the_folder(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.5, 2.5]}).to_csv(tmp_path / "t.csv", index=False)
    lines = [
        "| file | rows | origin | licence as documented |",
        "|---|---|---|---|",
        "| `t.csv` | 2 | Here | CC0 [a] |",
    ]
    (tmp_path / "README.md").write_text("\n".join(lines))
    (raw,) = corpus.folder_tables(tmp_path)
    assert (raw.name, raw.origin, raw.licence) == ("t", "Here", "CC0")


def test_split_keeps_tables_of_the_same_columns_together() -> None:
    values = np.zeros((20, 2))
    columns = [("a", "b"), ("c", "d"), ("a", "b"), ("e", "f"), ("g", "h")]
    tables = [corpus.Table(str(i), "o", "l", c, values, 2, 2) for i, c in enumerate(columns)]
    for seed in range(6):
        trained, held_out = corpus.split_tables(tables, 0.25, seed)
        assert len(trained) + len(held_out) == 5
        assert not {t.columns for t in trained} & {t.columns for t in held_out}
        assert trained
        assert held_out


def test_a_real_batch_fits_its_condition_and_a_wrong_condition_does_not(pool: corpus.Pool) -> None:
    rng = np.random.default_rng(1)
    points, condition = real_batch(pool, 32, rng)
    for plot, (r, n) in zip(points.numpy(), condition.numpy(), strict=True):
        assert corpus.correlation(plot[: int(n)].astype(np.float64)) == pytest.approx(r, abs=1e-4)
        assert not plot[int(n) :].any()
    wrong = wrong_condition(condition, NetworkConfig(), rng)
    assert (wrong != condition).any(1).all()
    assert wrong[:, 0].abs().max() <= 0.98 + 1e-6


def test_a_resumed_run_equals_an_uninterrupted_one(pool: corpus.Pool, tmp_path: Path) -> None:
    config = TrainingConfig(steps=3, batch=8, penalty_every=2, log_every=1)
    whole = new_state(SMALL, config)
    train(whole, pool, SMALL, config, tmp_path / "whole")

    first = new_state(SMALL, config)
    train_step(first, pool, SMALL, config)
    save_checkpoint(first, tmp_path / "checkpoint.pt")
    second = new_state(SMALL, TrainingConfig(seed=99))
    load_checkpoint(second, tmp_path / "checkpoint.pt")
    assert second.step == 1
    train(second, pool, SMALL, config, tmp_path / "resumed")

    assert second.step == whole.step == 3
    for name in ("generator", "average", "discriminator"):
        states = (getattr(s, name).state_dict() for s in (whole, second))
        for a, b in zip(*(s.values() for s in states), strict=True):
            assert torch.equal(a, b)
    log = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3]
    assert not list(tmp_path.rglob("*.partial"))


def test_a_damaged_checkpoint_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(PlotbankError, match="not a checkpoint of this network"):
        load_checkpoint(new_state(SMALL, TrainingConfig()), path)


def test_the_checkpoint_told_from_real_plots_the_least_is_shipped(tmp_path: Path) -> None:
    looks = [  # step, AUC, raw r error, diversity
        (10, 0.70, 0.10, 1.0),
        (20, 0.60, 0.08, 1.0),
        (30, 0.50, 0.30, 1.0),  # misses r
        (40, 0.50, 0.08, 0.3),  # repeats itself
    ]
    keys = ("step", "auc_boosting", "raw_r_mae", "diversity")
    lines = [dict(zip(keys, look, strict=True)) | {"auc_logistic": 0.5, "minutes": 1} for look in looks]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    for look in looks:
        average_file(tmp_path, look[0]).touch()
    assert choose(tmp_path)[0] == average_file(tmp_path, 20)


def test_descriptors_and_auc_tell_skewed_clouds_from_normal_ones() -> None:
    rng = np.random.default_rng(0)
    r, n = np.full(60, 0.5, np.float32), np.full(60, 40)
    clouds = evaluate.gaussian(r, n, NetworkConfig(), rng)
    a = evaluate.describe(clouds)
    assert a.shape == (60, len(evaluate.DESCRIPTORS))
    assert np.isfinite(a).all()
    assert evaluate.two_sample_auc(a[::2], a[1::2], seed=1)["logistic"] < 0.75
    skewed = evaluate.Plots(clouds.points**3, r, n)
    assert evaluate.two_sample_auc(a, evaluate.describe(skewed), seed=1)["logistic"] > 0.95


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_export_equals_torch_and_a_plot_does_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    from plotbank.generator.training import export

    torch.manual_seed(0)
    model = Generator(NetworkConfig())
    path = tmp_path / "model.onnx"
    difference = export.export_onnx(model, path)
    assert difference["points"] <= 1e-5
    assert difference["picture"] <= 1e-4
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]  # one file, nothing external

    assert str(Path(networks.__file__).parent).encode() not in path.read_bytes()  # no traces of this machine

    inputs = export._example(model, 7)
    runner = export.session(path)
    points, pictures = runner.run(["points", "picture"], inputs)
    assert points.shape == (7, 100, 2)
    assert pictures.shape == (7, 64, 64)
    for i in range(7):
        alone = runner.run(["points", "picture"], {name: a[i : i + 1] for name, a in inputs.items()})
        assert np.array_equal(alone[0][0], points[i])
        assert np.array_equal(alone[1][0], pictures[i])
