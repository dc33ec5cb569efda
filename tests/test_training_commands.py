"""`plotbank train` and `export`: from tables to a model that draws, and every refusal in one line."""

import json

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

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def sources():
    names = "sklearn-wine", "sklearn-breast-cancer"
    return [one for one in corpus.load(None, 1).trained if one.table.name in names]


@pytest.fixture
def run(sources, monkeypatch, tmp_path):
    """The command line in an empty folder, with a corpus of two tables, and few plots to look at checkpoints with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "SEEN", 60)
    monkeypatch.setattr(looks, "ROWS", 2)
    both = corpus.Corpus(trained=(sources[0],), held_out=(sources[-1],), skipped=())
    monkeypatch.setattr(runs, "tables", lambda run: both)

    def command(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return command


def refused(result):
    assert result.exit_code == 2, result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not isinstance(result.exception, BaseException) or isinstance(result.exception, SystemExit)
    return result.output.strip()


def test_from_tables_to_a_model_that_draws_and_back_again(run, tmp_path):
    from plotbank.models import open_model, read_card, read_natural

    done = run("train", "histogram", "--steps", 4, "--plots", 100, "--threads", 1, "-o", "histogram-v7")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "runs" / "histogram-gan-1"
    names = {path.name for path in folder.iterdir()}
    assert {"run.json", "pool.npz", "log.jsonl", "checkpoint.pt", "curves.png", "tensorboard"} <= names
    assert sum(name.startswith("sheet-") for name in names) == sum(name.startswith("average-") for name in names) == 4

    card = read_card(tmp_path / "histogram-v7")
    assert (card.name, card.kind, card.network) == ("histogram-v7", "histogram", "gan")
    assert "--plots 100 --seed 1 --steps 4 --threads 1 --out models/histogram-v7" in card.text["training"]["command"]
    natural = read_natural(card)
    data, raw = open_model(card, "cpu").outputs(("data", "raw"), np.zeros((3, card.noise), np.float32), natural[:3])
    assert data.shape == raw.shape == (3, 200, 1)
    assert {path.name for path in (tmp_path / "histogram-v7").iterdir()} == {
        "model.onnx", "card.json", "conditions.npy", "samples.png", "training.json",
    }  # fmt: skip
    assert str(tmp_path) not in (tmp_path / "histogram-v7" / "training.json").read_text()

    # the same command elsewhere: the same network, bit for bit
    again = run(
        "train", "histogram", "--steps", 4, "--plots", 100, "--threads", 1, "--run", "again", "-o", "histogram-v8"
    )
    assert again.exit_code == 0, again.output
    assert read_card(tmp_path / "histogram-v8").sha256 == card.sha256

    assert "holds a training run already" in refused(run("train", "histogram", "--steps", 4))
    assert "is of the kind 'histogram', not 'scatter'" in refused(run("train", "scatter", "--resume", "--run", folder))
    assert run("train", "histogram", "--resume").exit_code == 0  # nothing is left to do


def test_an_interrupted_run_goes_on_to_the_same_network(run, tmp_path, monkeypatch):
    from plotbank.generator.training import train as training

    whole = run("train", "histogram", "--steps", 4, "--plots", 100, "--threads", 1, "--run", "whole")
    assert whole.exit_code == 0, whole.output

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

    first, second = (torch.load(tmp_path / name / "checkpoint.pt")["average"] for name in ("whole", "parts"))
    assert all(torch.equal(first[key], second[key]) for key in first)
    steps = [json.loads(line)["step"] for line in (tmp_path / "parts" / "log.jsonl").read_text().splitlines()]
    assert steps == sorted(steps)


@pytest.mark.parametrize("network", ["copula", "dcgan"])
def test_the_baselines_are_made_by_the_same_commands(network, run, tmp_path):
    from plotbank.models import read_card

    name = f"histogram-{network}-v1"
    done = run("train", "histogram", "--network", network, "--steps", 2, "--plots", 100, "--threads", 1)
    assert done.exit_code == 0, done.output
    exported = run("export", f"runs/histogram-{network}-1", "-o", name)
    assert exported.exit_code == 0, exported.output
    assert read_card(tmp_path / name).outputs == (("picture",) if network == "dcgan" else ("data", "raw"))


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
def test_refusals_are_one_line(arguments, message, run, tmp_path):
    assert message in refused(run(*arguments))
    assert not list(tmp_path.iterdir())


def test_a_run_without_a_checkpoint_cannot_be_exported(run, tmp_path):
    from plotbank.generator.kinds import kinds

    runs.begin(runs.plan(kinds()["scatter"], "gan", 1, None, 100, 5), tmp_path / "run")
    assert "no log.jsonl" in refused(run("export", tmp_path / "run", "-o", tmp_path / "scatter-v9"))
    (tmp_path / "run" / "log.jsonl").write_text('{"step": 1, "minutes": 0}\n')
    assert "no measured checkpoint" in refused(run("export", tmp_path / "run", "-o", tmp_path / "scatter-v9"))
    assert not (tmp_path / "scatter-v9").exists()
