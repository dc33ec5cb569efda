"""Models: found, checked, run; and every way in which one can be damaged, in one line."""

import json
import shutil
import sys

import numpy as np
import pytest

from plotbank import models
from plotbank.errors import ModelError

CARD = models.latest("scatter")


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(CARD.folder, tmp_path / CARD.folder.name)


def inputs(count, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((count, CARD.noise)).astype(np.float32)
    condition = np.column_stack([rng.uniform(-0.9, 0.9, count), rng.integers(15, 101, count)]).astype(np.float32)
    return noise, condition


def test_the_newest_scatter_model():
    assert CARD.kind == "scatter"
    assert CARD.conditions == {"r": (-0.95, 0.95), "n": (15.0, 100.0)}
    assert CARD.folder == models.shipped()[CARD.name]


def test_versions_are_compared_as_numbers(monkeypatch, tmp_path):
    for name in ("scatter-v2", "scatter-v10", "scatter-v9", "notes"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(models, "files", lambda package: tmp_path)

    assert list(models.shipped()) == ["scatter-v2", "scatter-v9", "scatter-v10"]


def test_points_keep_the_condition():
    """n by the mask and r by the projection, before any snap."""
    noise, condition = inputs(64)
    points = models.open_model(CARD, "cpu").draw(noise, condition)

    assert points.shape == (64, 100, 2)
    assert points.min() >= 0
    assert points.max() <= 1
    for drawn, (r, n) in zip(points.astype(float), condition, strict=True):
        assert (drawn[int(n) :] == 0).all()
        assert np.corrcoef(drawn[: int(n)].T)[0, 1] == pytest.approx(r, abs=1e-3)


def test_the_batch_changes_nothing():
    """Bit for bit: what a student gets does not depend on who is drawn beside them."""
    noise, condition = inputs(37)
    model = models.open_model(CARD, "cpu")
    together = model.draw(noise, condition)
    alone = np.concatenate([model.draw(noise[i : i + 1], condition[i : i + 1]) for i in range(37)])
    thirds = np.concatenate([model.draw(noise[i::3], condition[i::3]) for i in range(3)])

    assert (together == alone).all()
    assert (np.concatenate([together[i::3] for i in range(3)]) == thirds).all()


def test_torch_is_not_imported():
    import subprocess

    code = "import sys, plotbank.build, plotbank.verify, plotbank.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "card.json").unlink(), "has no card (card.json): install plotbank again"),
        (lambda f: (f / "card.json").write_text("{"), "card.json cannot be read"),
        (lambda f: (f / "card.json").write_text("{}"), "card.json lacks 'name'"),
        (lambda f: (f / "model.onnx").unlink(), "model.onnx is missing"),
        (lambda f: (f / "model.onnx").write_bytes(b"x"), "is not the network that its card describes"),
    ],
)
def test_damaged_models_are_refused(folder, damage, message):
    damage(folder)
    with pytest.raises(ModelError) as caught:
        models.open_model(models.read_card(folder), "cpu")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_foreign_network_is_refused(folder):
    import hashlib

    (folder / "model.onnx").write_bytes(b"not a network")
    text = json.loads((folder / "card.json").read_text())
    text["sha256"] = hashlib.sha256(b"not a network").hexdigest()
    (folder / "card.json").write_text(json.dumps(text))
    with pytest.raises(ModelError, match="ONNX Runtime cannot load the network"):
        models.open_model(models.read_card(folder), "cpu")


def test_a_network_with_other_inputs_is_refused(folder):
    text = json.loads((folder / "card.json").read_text())
    text["noise"] = 7
    (folder / "card.json").write_text(json.dumps(text))
    with pytest.raises(ModelError, match="inputs are not those of its card"):
        models.open_model(models.read_card(folder), "cpu")


def test_no_model_of_a_kind():
    with pytest.raises(ModelError, match="no trained model for plots of the kind 'pie'"):
        models.latest("pie")


class Runtime:
    """An ONNX Runtime that offers CUDA and falls back silently, as the real one does on a machine without a GPU."""

    def __init__(self, offers, uses, fails=False):
        self._offers, self._uses, self._fails = offers, uses, fails

    def get_available_providers(self):
        return self._offers

    def preload_dlls(self):
        print("Failed to load libcublasLt.so.13")

    class SessionOptions:
        pass

    def InferenceSession(self, network, options, providers):  # noqa: N802
        self.asked = providers
        if self._fails and len(providers) > 1:
            raise RuntimeError("CUDA_PATH is set but the libraries cannot be loaded")
        uses = "CPUExecutionProvider" if self._fails else self._uses

        class Session:
            def get_providers(self):
                return [uses]

            def get_inputs(self):
                return [
                    type("I", (), {"name": n, "shape": ["b", s]}) for n, s in (("noise", CARD.noise), ("condition", 2))
                ]

        return Session()


BOTH = ["CUDAExecutionProvider", "CPUExecutionProvider"]


def test_auto_falls_back_to_the_cpu_and_says_so_once(monkeypatch, capsys):
    monkeypatch.setattr(models, "_runtime", lambda: Runtime(BOTH, "CPUExecutionProvider"))
    model = models.open_model(CARD, "auto")

    assert (model.device, model.remark) == ("cpu", "no CUDA GPU can be used here: the CPU draws instead")
    assert capsys.readouterr().out == ""


def test_auto_takes_cuda_where_it_works(monkeypatch):
    """TF32, which rounds to three digits, is CUDA's default: it must be turned off."""
    runtime = Runtime(BOTH, "CUDAExecutionProvider")
    monkeypatch.setattr(models, "_runtime", lambda: runtime)
    for device in ("auto", "cuda"):
        assert models.open_model(CARD, device).device == "cuda"
        assert runtime.asked == [("CUDAExecutionProvider", {"use_tf32": "0"}), "CPUExecutionProvider"]


def test_the_cpu_is_used_where_it_was_asked_for(monkeypatch):
    runtime = Runtime(BOTH, "CPUExecutionProvider")
    monkeypatch.setattr(models, "_runtime", lambda: runtime)

    assert models.open_model(CARD, "cpu").remark == ""
    assert runtime.asked == ["CPUExecutionProvider"]


def test_auto_survives_broken_cuda_libraries(monkeypatch):
    monkeypatch.setattr(models, "_runtime", lambda: Runtime(BOTH, "CUDAExecutionProvider", fails=True))

    assert models.open_model(CARD, "auto").device == "cpu"


@pytest.mark.parametrize(
    ("offers", "message"),
    [(BOTH, "cannot use a CUDA GPU on this machine"), (BOTH[1:], "has no CUDA: pip install 'plotbank[gpu]'")],
)
def test_cuda_insists(monkeypatch, offers, message):
    monkeypatch.setattr(models, "_runtime", lambda: Runtime(offers, "CPUExecutionProvider"))
    with pytest.raises(ModelError, match="--device cuda: .*") as caught:
        models.open_model(CARD, "cuda")
    assert message in str(caught.value)


def test_without_a_runtime_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pip install 'plotbank\[cpu\]', or 'plotbank\[gpu\]'"):
        models.open_model(CARD, "auto")
