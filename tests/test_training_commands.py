"""`plotbank train` and `export`: from tables to a model that draws, and every refusal in one line."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("statsmodels")
pytest.importorskip("tensorboard")
pytest.importorskip("onnxscript")

from plotbank.cli import main  # noqa: E402
from plotbank.generator.training import corpus, looks, runs  # noqa: E402
from plotbank.generator.training.networks import NetworkConfig  # noqa: E402

from .generator.exported import drawn_alone  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


SMALL = NetworkConfig(hidden=16, style=16, blocks=1, channels=(4, 4, 8, 8), features=16)


@pytest.fixture(scope="module")
def run():
    """The command line with a corpus of two tables, a small network, and few plots to look at checkpoints with."""
    names = "sklearn-wine", "sklearn-breast-cancer"
    sources = [one for one in corpus.load(None, 1).trained if one.table.name in names]
    both = corpus.Corpus(trained=(sources[0],), held_out=(sources[-1],), skipped=())
    plan = runs.plan

    def small(*arguments):
        planned = plan(*arguments)
        return replace(planned, network=SMALL, training=replace(planned.training, batch=8))

    def command(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "SEEN", 60)
        patch.setattr(looks, "ROWS", 2)
        patch.setattr(runs, "tables", lambda run: both)
        patch.setattr(runs, "plan", small)
        yield command


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def trained(run, once):
    """A folder in which a network has been trained and exported.  Do not change it: copy it."""

    def make(folder):
        (folder / "bank").mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder / "bank")
            done = run("train", "histogram", "--steps", 4, "--plots", 100, "--threads", 1, "-o", "histogram-v7")
        assert done.exit_code == 0, done.output

    return once("trained", make)


def refused(result):
    assert result.exit_code == 2, result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not isinstance(result.exception, BaseException) or isinstance(result.exception, SystemExit)
    return result.output.strip()


def test_from_tables_to_a_model_that_draws(trained):
    from plotbank.models import open_model, read_card, read_natural

    names = {path.name for path in (trained / "runs" / "histogram-gan-1").iterdir()}
    assert {"run.json", "pool.npz", "log.jsonl", "checkpoint.pt", "curves.png", "tensorboard"} <= names
    assert sum(name.startswith("sheet-") for name in names) == sum(name.startswith("average-") for name in names) == 4

    model = trained / "histogram-v7"
    card = read_card(model)
    assert (card.name, card.kind, card.network) == ("histogram-v7", "histogram", "gan")
    assert "--plots 100 --seed 1 --steps 4 --threads 1 --out models/histogram-v7" in card.text["training"]["command"]
    natural = read_natural(card)
    data, raw = open_model(card, "cpu").outputs(("data", "raw"), np.zeros((3, card.noise), np.float32), natural[:3])
    assert data.shape == raw.shape == (3, 200, 1)
    assert {path.name for path in model.iterdir()} == {
        "model.onnx", "card.json", "conditions.npy", "samples.png", "training.json",
    }  # fmt: skip
    assert str(trained) not in (model / "training.json").read_text()


def test_an_exported_plot_does_not_depend_on_its_neighbours(trained):
    assert drawn_alone(trained / "histogram-v7") == ("data", "raw")


def test_a_run_is_neither_overwritten_nor_taken_for_another_and_its_end_is_its_end(run, trained, folder):
    shutil.copytree(trained / "runs", "runs")

    assert "holds a training run already" in refused(run("train", "histogram", "--steps", 4))
    named = folder / "runs" / "histogram-gan-1"
    assert "is of the kind 'histogram', not 'scatter'" in refused(run("train", "scatter", "--resume", "--run", named))
    assert run("train", "histogram", "--resume").exit_code == 0  # nothing is left to do


def test_the_same_command_elsewhere_and_interrupted_makes_the_same_network_bit_for_bit(
    run, trained, folder, monkeypatch
):
    from plotbank.generator.training import train as training
    from plotbank.models import read_card

    honest = training.train_step

    def dying(state, pool, config):
        if state.step == 3:
            raise KeyboardInterrupt
        return honest(state, pool, config)

    monkeypatch.setattr(training, "train_step", dying)
    run("train", "histogram", "--steps", 4, "--plots", 100, "--threads", 1, "--run", "parts")
    monkeypatch.setattr(training, "train_step", honest)
    done = run("train", "histogram", "--resume", "--run", "parts")  # with as many threads as before
    assert done.exit_code == 0, done.output

    whole = trained / "runs" / "histogram-gan-1"
    first, second = (torch.load(path / "checkpoint.pt")["average"] for path in (whole, folder / "parts"))
    assert all(torch.equal(first[key], second[key]) for key in first)
    steps = [json.loads(line)["step"] for line in (folder / "parts" / "log.jsonl").read_text().splitlines()]
    assert steps == sorted(steps)
    exported = run("export", "parts", "-o", "histogram-v8")
    assert exported.exit_code == 0, exported.output
    assert read_card(folder / "histogram-v8").sha256 == read_card(trained / "histogram-v7").sha256


@pytest.mark.parametrize("network", ["copula", "dcgan"])
def test_the_baselines_are_made_by_the_same_commands(network, run, folder):
    from plotbank.models import read_card

    name = f"scatter-{network}-v1"
    done = run("train", "scatter", "--network", network, "--steps", 2, "--plots", 100, "--threads", 1)
    assert done.exit_code == 0, done.output
    exported = run("export", f"runs/scatter-{network}-1", "-o", name)
    assert exported.exit_code == 0, exported.output
    outputs = ("picture",) if network == "dcgan" else ("data", "raw")
    assert read_card(folder / name).outputs == drawn_alone(folder / name) == outputs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "pie"), "there is no plot kind 'pie': known are boxplot"),
        (("train", "scatter", "--network", "vae"), "there is no network 'vae': known are gan, dcgan, copula"),
        (("train", "scatter", "--minutes", 1, "--steps", 5), "--minutes and --steps exclude each other"),
        (("train", "scatter", "--resume", "--run", "nowhere"), "not the folder of a training run"),
        (("export", "nowhere", "-o", "scatter-v9"), "not the folder of a training run"),
        pytest.param(
            ("train", "scatter", "--device", "cuda"), "torch finds no CUDA GPU",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
    ],
)  # fmt: skip
def test_refusals_are_one_line(arguments, message, run, folder):
    assert message in refused(run(*arguments))
    assert not list(folder.iterdir())


def test_a_run_without_a_checkpoint_cannot_be_exported(run, tmp_path):
    from plotbank.generator.kinds import kinds

    runs.begin(runs.plan(kinds()["scatter"], "gan", 1, None, 100, 5), tmp_path / "run")
    assert "no log.jsonl" in refused(run("export", tmp_path / "run", "-o", tmp_path / "scatter-v9"))
    (tmp_path / "run" / "log.jsonl").write_text('{"step": 1, "minutes": 0}\n')
    assert "no measured checkpoint" in refused(run("export", tmp_path / "run", "-o", tmp_path / "scatter-v9"))
    assert not (tmp_path / "scatter-v9").exists()
