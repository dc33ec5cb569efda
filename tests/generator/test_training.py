"""Training: the networks, resuming, refusals, the choice of a checkpoint, and the export, for every kind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

# ruff: noqa: E402  (the modules under test import what the skips look for)
pytest.importorskip("pandas")
torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("statsmodels")
pytest.importorskip("tensorboard")

from plotbank.errors import PlotbankError
from plotbank.generator.kinds import kinds, vector
from plotbank.generator.tables import Table
from plotbank.generator.training import looks, runs
from plotbank.generator.training import train as training
from plotbank.generator.training.corpus import Pool
from plotbank.generator.training.networks import CAST, Discriminator, Generator, NetworkConfig
from plotbank.generator.training.train import (
    DCGAN,
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
NAMES = ("scatter", "boxplot", "histogram")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


def pool_of(name: str, size: int) -> Pool:
    """Real plots of the wine table."""
    from sklearn.datasets import load_wine

    wine, kind, rng = load_wine(), kinds()[name], np.random.default_rng(0)
    columns = tuple(f"c{i}" for i in range(wine.data.shape[1]))
    table = Table(name="wine", columns=columns, values=wine.data, classes=wine.target.astype(np.int64))
    plots = []
    while len(plots) < size:
        plot = kind.real(table, rng)
        if plot is not None:
            plots.append(plot)
    return Pool(
        data=np.stack([plot.data for plot in plots]).astype(np.float32),
        condition=np.stack([vector(kind, plot.condition) for plot in plots]),
        table=np.zeros(size, np.int64),
    )


@pytest.fixture(scope="module")
def pools() -> dict[str, Pool]:
    return {name: pool_of(name, 60) for name in NAMES}


def looked(state: training.State) -> dict[str, float]:
    return {"diversity": 1.0}


def quiet(text: str, last: bool = False) -> None:
    pass


# Networks


@pytest.mark.parametrize("name", NAMES)
def test_a_plot_does_not_depend_on_its_neighbours_or_on_padding(name: str, pools: dict[str, Pool]) -> None:
    kind = kinds()[name]
    model = Generator(kind, SMALL)
    condition = torch.from_numpy(pools[name].condition[:5])
    noise = torch.randn(5, model.noise)
    other = noise.clone()
    own = other[:, CAST + SMALL.global_noise :].reshape(5, kind.parts, -1)
    padding = model.draw(noise, condition).mask[:, :, 0] == 0
    own[padding] = 7.0
    with torch.no_grad():
        whole, alone = model(noise, condition)[0], model(noise[2:3], condition[2:3])[0]
        changed = model(other, condition)[0]
    torch.testing.assert_close(whole[2:3], alone, atol=1e-5, rtol=0)
    assert torch.equal(whole, changed)
    assert not whole[padding].any()


@pytest.mark.parametrize("conditioning", ["projection", "concat"])
def test_the_discriminator_scores_each_plot_under_its_condition(conditioning: str, pools: dict[str, Pool]) -> None:
    judge = Discriminator(kinds()["scatter"], replace(SMALL, conditioning=conditioning))
    condition = torch.from_numpy(pools["scatter"].condition[:8])
    pictures = torch.rand(8, 1, 64, 64)
    assert judge(pictures, condition).shape == (8,)
    assert not torch.equal(judge(pictures, condition), judge(pictures, condition.flip(0)))


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_condition_is_wrong_and_within_the_range(name: str, pools: dict[str, Pool]) -> None:
    kind = kinds()[name]
    _, condition = real_batch(pools[name], 32, np.random.default_rng(1))
    wrong = wrong_condition(kind, condition, np.random.default_rng(2))
    assert (wrong != condition).any(1).float().mean() > 0.9  # another plot of the batch can be alike
    assert (np.diff(condition[:, 0].numpy()) >= 0).all()
    for column, feature in zip(wrong.T, kind.features, strict=True):
        slack = 0.3 * (feature.high - feature.low)  # real plots go beyond what is offered
        used = column[column != 0]
        assert used.numel() == 0 or (used.min() >= feature.low - slack and used.max() <= feature.high + slack)


# Training


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_trains_with_finite_numbers(name: str, pools: dict[str, Pool]) -> None:
    config = TrainingConfig(steps=6, batch=16, penalty_every=3)
    state = new_state(kinds()[name], SMALL, config)
    before = [p.clone() for p in state.generator.parameters()]
    lines = [train_step(state, pools[name], config) for _ in range(6)]
    assert all(np.isfinite(list(line.values())).all() for line in lines)
    assert all(not torch.equal(a, b) for a, b in zip(before, state.generator.parameters(), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_moment_loss_of_every_kind_can_be_learned(name: str, pools: dict[str, Pool]) -> None:
    kind = kinds()[name]
    torch.manual_seed(0)
    model = Generator(kind, NetworkConfig(blocks=1))
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    condition = torch.from_numpy(pools[name].condition[:32])
    noise = torch.randn(32, model.noise)
    misfits = []
    for _ in range(40):
        drawn = model.draw(noise, condition)
        misfit = kind.misfit(drawn.raw, condition, drawn.mask, drawn.roles).mean()
        optimiser.zero_grad()
        torch.autograd.backward(misfit)
        optimiser.step()
        misfits.append(float(misfit.detach()))
    assert misfits[-1] < 0.7 * misfits[0]


@pytest.mark.parametrize(
    "change", [{"loss": "hinge"}, {"loss": "bce", "gamma": 0.0, "mismatch_weight": 0.0}, {"ema_half_life": 0.0}]
)
def test_the_simpler_losses_train_too(change: dict[str, float], pools: dict[str, Pool]) -> None:
    config = replace(TrainingConfig(steps=2, batch=8, penalty_every=2), **change)
    state = new_state(kinds()["scatter"], SMALL, config)
    line = [train_step(state, pools["scatter"], config) for _ in range(2)][-1]
    assert np.isfinite(list(line.values())).all()
    same = all(torch.equal(a, b) for a, b in zip(state.average.parameters(), state.generator.parameters(), strict=True))
    assert same == (config.ema_half_life == 0)


def test_mixed_precision_leaves_numbers_finite(pools: dict[str, Pool], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a GPU does with the convolutions, tried on the CPU."""
    monkeypatch.setattr(training, "_mixed", lambda state: torch.autocast("cpu", torch.bfloat16))
    config = TrainingConfig(steps=3, batch=8, penalty_every=1)
    state = new_state(kinds()["scatter"], SMALL, config)
    lines = [train_step(state, pools["scatter"], config) for _ in range(3)]
    assert all(np.isfinite(list(line.values())).all() for line in lines)


def test_a_resumed_run_equals_an_uninterrupted_one(pools: dict[str, Pool], tmp_path: Path) -> None:
    kind, pool = kinds()["scatter"], pools["scatter"]
    config = TrainingConfig(steps=3, batch=8, penalty_every=2, log_every=1, looks=1)
    whole = new_state(kind, SMALL, config)
    train(whole, pool, config, tmp_path / "whole", looked, quiet)

    first = new_state(kind, SMALL, config)
    train_step(first, pool, config)
    save_checkpoint(first, tmp_path / "checkpoint.pt")
    second = new_state(kind, SMALL, replace(config, seed=99))
    load_checkpoint(second, tmp_path / "checkpoint.pt")
    assert second.step == 1
    train(second, pool, config, tmp_path / "resumed", looked, quiet)

    assert second.step == whole.step == 3
    for name in ("generator", "average", "discriminator"):
        states = (getattr(s, name).state_dict() for s in (whole, second))
        for a, b in zip(*(s.values() for s in states), strict=True):
            assert torch.equal(a, b)
    log = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3, 3]
    assert {"loss_d", "loss_g", "D(x)", "D(G(z))"} <= log[0].keys()
    assert list((tmp_path / "whole" / "tensorboard").glob("events.*"))
    assert not list(tmp_path.rglob("*.partial"))


def test_a_collapsed_generator_is_noticed_and_training_stops(pools: dict[str, Pool], tmp_path: Path) -> None:
    config = TrainingConfig(steps=20, batch=8, penalty_every=50, looks=10)
    heard: list[str] = []
    state = new_state(kinds()["scatter"], SMALL, config)
    train(state, pools["scatter"], config, tmp_path, lambda _: {"diversity": 0.2}, heard.append)
    assert state.step < 20
    assert "collapsed" in heard[-1]


def test_a_full_disk_keeps_the_last_checkpoint(
    pools: dict[str, Pool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = new_state(kinds()["scatter"], SMALL, TrainingConfig())
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(state, path)
    before = path.read_bytes()

    def full(record: object, file: Path) -> None:
        Path(file).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(PlotbankError, match="the last one is kept: .*No space left"):
        save_checkpoint(state, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_damaged_checkpoint_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(PlotbankError, match="not a checkpoint of this network"):
        load_checkpoint(new_state(kinds()["scatter"], SMALL, TrainingConfig()), path)


def test_the_checkpoint_told_from_real_plots_the_least_is_shipped(tmp_path: Path) -> None:
    seen = [  # step, AUC, raw error, diversity
        (10, 0.70, 0.10, 1.0),
        (20, 0.60, 0.08, 1.0),
        (30, 0.50, 0.30, 1.0),  # misses its conditions
        (40, 0.50, 0.08, 0.3),  # repeats itself
    ]
    keys = ("step", "auc_boosting", "raw_error", "diversity")
    lines = [dict(zip(keys, look, strict=True)) | {"auc_logistic": 0.5, "minutes": 1} for look in seen]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    for look in seen:
        average_file(tmp_path, look[0]).touch()
    assert looks.choose(tmp_path)[0] == average_file(tmp_path, 20)


# What a checkpoint is looked at with


@pytest.mark.parametrize("name", NAMES)
def test_real_plots_are_at_the_floor_of_what_is_looked_at(name: str, pools: dict[str, Pool]) -> None:
    kind, pool = kinds()[name], pools[name]
    errors = looks.fidelity(kind, pool.data, pool.condition)
    assert errors.keys() <= {feature.name for feature in kind.features}
    assert max(errors.values()) < 1e-3


def test_a_generator_that_repeats_itself_has_no_diversity(pools: dict[str, Pool]) -> None:
    kind = kinds()["scatter"]
    model = Generator(kind, SMALL).eval()
    for layer in (model.to_style[0], model.to_tokens, model.own):
        torch.nn.init.zeros_(layer.weight)  # neither noise nor condition comes through
    pool = pools["scatter"]
    assert looks.diversity(kind, model, pool, np.random.default_rng(0)) < 0.5


# Runs


def test_a_run_is_begun_read_and_not_overwritten(tmp_path: Path) -> None:
    run = runs.plan(kinds()["boxplot"], "gan", 3, None, 500, 70)
    runs.begin(run, tmp_path / "run")
    assert runs.read(tmp_path / "run") == run
    assert run.name == "boxplot-gan-3"
    assert runs.plan(kinds()["boxplot"], "dcgan", 1, None, 500, None).training == DCGAN
    with pytest.raises(PlotbankError, match="holds a training run already: --resume it"):
        runs.begin(run, tmp_path / "run")


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "scatter"}'])
def test_a_damaged_run_is_one_clear_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(PlotbankError, match="run.json cannot be read"):
        runs.read(tmp_path)
    with pytest.raises(PlotbankError, match="not the folder of a training run"):
        runs.read(tmp_path / "nowhere")


@pytest.mark.parametrize(("ask", "message"), [
    (lambda: runs.found("pie"), "no plot kind 'pie': known are"),
    (lambda: runs.network_named("vae"), "no network 'vae': known are gan, dcgan, copula"),
])  # fmt: skip
def test_unknown_names_are_refused_with_those_that_are_known(ask, message: str) -> None:
    with pytest.raises(PlotbankError, match=message):
        ask()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_one_clear_line() -> None:
    assert runs.usable("auto") == "cpu"
    with pytest.raises(PlotbankError, match="--device cuda: torch finds no CUDA GPU"):
        runs.usable("cuda")


# Export


# The third kind and the baselines are exported in tests/test_training_commands.py.
@pytest.mark.parametrize("name", ["scatter", "boxplot"])
def test_export_equals_torch_and_a_plot_does_not_depend_on_its_neighbours(
    name: str, pools: dict[str, Pool], tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    from plotbank.generator.training import export

    from .exported import drawn_alone

    torch.manual_seed(0)
    model = new_state(kinds()[name], SMALL, TrainingConfig()).average.eval()
    difference = export.write_onnx(model, pools[name], tmp_path / "model.onnx")
    assert list(difference) == ["data", "raw"]
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]  # one file, nothing external
    (tmp_path / "conditions.npy").write_bytes(export.natural_conditions(pools[name], 1))
    assert drawn_alone(tmp_path) == ("data", "raw")
