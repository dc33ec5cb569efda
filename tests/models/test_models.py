"""Models: found, checked, run; and every way in which one can be damaged, in one line."""

import hashlib
import io
import json
import shutil
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from plotbank import models
from plotbank.errors import ModelError
from plotbank.generator.kinds.scatter import KIND

CARD = models.latest("scatter")


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(CARD.folder, tmp_path / CARD.folder.name)


def inputs(count, seed=0):
    """Noise, and the conditions of as many real plots that lie in the trained range."""
    rng = np.random.default_rng(seed)
    low, high = np.array(list(CARD.conditions.values())).T
    natural = models.read_natural(CARD)
    natural = natural[((natural >= low) & (natural <= high)).all(axis=1)]
    noise = rng.standard_normal((count, CARD.noise)).astype(np.float32)
    return noise, natural[rng.integers(len(natural), size=count)]


def rewrite(folder, **fields):
    """Change fields of the card."""
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **fields}), encoding="utf-8")


def put(folder, name, content, field):
    """Put another file in the model, with the hash in the card made to fit."""
    (folder / name).write_bytes(content)
    rewrite(folder, **{field: hashlib.sha256(content).hexdigest()})


def test_the_newest_scatter_model():
    assert (CARD.kind, CARD.network) == ("scatter", "gan")
    assert (CARD.parts, CARD.width) == (100, 2)
    assert list(CARD.conditions) == [feature.name for feature in KIND.features]
    assert CARD.outputs == ("data", "raw")
    assert CARD.folder == models.shipped()[CARD.name]


def test_models_of_other_packages_are_found_by_their_entry_point(monkeypatch, tmp_path):
    (tmp_path / "their_models" / "dotplot-v1").mkdir(parents=True)
    (tmp_path / "their_models" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint(name="theirs", value="their_models", group="plotbank.models")
    monkeypatch.setattr(models, "entry_points", lambda group: [entry] if group == "plotbank.models" else [])

    assert models.shipped()["dotplot-v1"] == tmp_path / "their_models" / "dotplot-v1"
    assert CARD.name in models.shipped()


def test_versions_are_compared_as_numbers(monkeypatch, tmp_path):
    for name in ("scatter-v2", "scatter-v10", "scatter-dcgan-v1", "scatter-v9", "notes", "boxplot-v1", "scatter-x"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(models, "files", lambda package: tmp_path)
    monkeypatch.setattr(models, "entry_points", lambda group: ())

    assert list(models.shipped()) == ["boxplot-v1", "scatter-v2", "scatter-v9", "scatter-v10", "scatter-dcgan-v1"]


def test_networks_to_compare_with_are_never_the_latest(monkeypatch, tmp_path):
    for name in ("scatter-v2", "scatter-copula-v3"):
        shutil.copytree(CARD.folder, tmp_path / name)
        rewrite(tmp_path / name, name=name)
    monkeypatch.setattr(models, "files", lambda package: tmp_path)

    assert models.latest("scatter").name == "scatter-v2"


def test_points_keep_the_condition():
    """n by the mask, r and bend by the closed form, before any snap."""
    noise, condition = inputs(64)
    points = models.open_model(CARD, "cpu").draw(noise, condition)

    assert points.shape == (64, 100, 2)
    assert points.min() >= 0
    assert points.max() <= 1
    for drawn, asked in zip(points.astype(float), condition, strict=True):
        n = int(asked[1])
        assert (drawn[n:] == 0).all()
        assert np.corrcoef(drawn[:n].T)[0, 1] == pytest.approx(asked[0], abs=1e-3)


def test_all_outputs_belong_together():
    noise, condition = inputs(8)
    model = models.open_model(CARD, "cpu")
    data, raw = model.outputs(("data", "raw"), noise, condition)

    assert (data == model.draw(noise, condition)).all()
    assert raw.shape == data.shape
    assert (raw != data).any()
    assert (model.outputs(("raw",), noise, condition)[0] == raw).all()


def test_the_batch_changes_nothing():
    """Bit for bit: what a student gets does not depend on who is drawn beside them."""
    noise, condition = inputs(37)
    model = models.open_model(CARD, "cpu")
    together = model.draw(noise, condition)
    alone = np.concatenate([model.draw(noise[i : i + 1], condition[i : i + 1]) for i in range(37)])
    thirds = np.concatenate([model.draw(noise[i::3], condition[i::3]) for i in range(3)])

    assert together.any(axis=(1, 2)).all()
    assert (together == alone).all()
    assert (np.concatenate([together[i::3] for i in range(3)]) == thirds).all()


def test_the_number_of_threads_changes_nothing():
    noise, condition = inputs(37)
    drawn = [models.open_model(CARD, "cpu", threads=threads).draw(noise, condition) for threads in (1, 2, 3, None)]

    assert all((other == drawn[0]).all() for other in drawn[1:])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "card.json").unlink(), "has no card (card.json): install plotbank again"),
        (lambda f: (f / "card.json").write_text("{"), "card.json cannot be read"),
        (lambda f: (f / "card.json").write_text("{}"), "card.json lacks 'name'"),
        (lambda f: (f / "card.json").write_text("[]"), "card.json lacks list indices"),
        (lambda f: rewrite(f, network="vae"), "network = 'vae' is none of gan, copula, dcgan"),
        (lambda f: rewrite(f, noise="many"), "card.json cannot be read: invalid literal"),
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


def test_what_is_no_network_is_refused(folder):
    put(folder, "model.onnx", b"not a network", "sha256")
    with pytest.raises(ModelError, match="ONNX Runtime cannot load the network") as caught:
        models.open_model(models.read_card(folder), "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"noise": 7}, "the network's inputs are not those of its card"),
        (
            {"conditions": {"r": {"low": -1, "high": 1, "trained": [-1, 1]}}},
            "the network's inputs are not those of its card",
        ),
        ({"outputs": {"data": {}, "video": {}}}, "the network's outputs are not those of its card"),
        ({"parts": 50}, "the network's outputs are not those of its card"),
        ({"width": 3}, "the network's outputs are not those of its card"),
    ],
)
def test_a_network_that_is_not_the_cards_is_refused(folder, fields, message):
    rewrite(folder, **fields)
    with pytest.raises(ModelError, match=message):
        models.open_model(models.read_card(folder), "cpu")


def test_a_foreign_network_is_refused(folder):
    onnx = pytest.importorskip("onnx")
    tensor = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["image"], ["data"])],
        "classifier",
        [tensor("image", onnx.TensorProto.FLOAT, ["batch", 9])],
        [tensor("data", onnx.TensorProto.FLOAT, ["batch", 9])],
    )
    network = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    put(folder, "model.onnx", network.SerializeToString(), "sha256")
    with pytest.raises(ModelError, match=r"inputs are not those of its card: \{'image': 9\}"):
        models.open_model(models.read_card(folder), "cpu")


def test_an_output_that_there_is_not():
    noise, condition = inputs(1)
    with pytest.raises(ModelError, match="does not give 'video': it gives data, raw"):
        models.open_model(CARD, "cpu").outputs(("data", "video"), noise, condition)


@pytest.mark.parametrize("value", [1.5, -1.5, float("nan")])
def test_conditions_that_the_network_was_not_trained_for_are_refused(value):
    noise, condition = inputs(3)
    condition[1, 0] = value
    with pytest.raises(ModelError, match=rf"scatter-v\d+: r = {value:g}: it was trained for -0.9\d* to 0.9\d*: ask"):
        models.open_model(CARD, "cpu").draw(noise, condition)


def test_the_ends_of_the_trained_range_are_inside_it_though_rounded():
    noise, condition = inputs(2)
    condition[:, 0] = CARD.conditions["r"]

    assert models.open_model(CARD, "cpu").draw(noise, condition).shape == (2, 100, 2)


def test_natural_conditions_are_those_of_real_plots():
    natural = models.read_natural(CARD)

    assert natural.dtype == np.float32
    assert natural.shape == (len(natural), len(CARD.conditions))
    assert len(natural) >= 1000
    assert (natural[:, 1] == np.round(natural[:, 1])).all()  # n


def array(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def test_natural_conditions_that_were_changed_are_refused(folder):
    (folder / "conditions.npy").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"conditions\.npy are not the conditions that its card describes: install"):
        models.read_natural(models.read_card(folder))


def test_natural_conditions_that_are_missing_are_refused(folder):
    (folder / "conditions.npy").unlink()
    with pytest.raises(ModelError, match=r"conditions\.npy is missing: install plotbank again"):
        models.read_natural(models.read_card(folder))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x", "cannot be read"),
        (array(np.zeros((9, 6), np.float32))[:-4], "cannot be read"),
        (array(np.array([{}])), "cannot be read"),  # a pickle
        (array(np.zeros((9, 5), np.float32)), "does not hold 6 finite 32-bit numbers for each real plot"),
        (array(np.zeros((9, 6))), "does not hold 6 finite"),
        (array(np.zeros(6, np.float32)), "does not hold 6 finite"),
        (array(np.zeros((0, 6), np.float32)), "does not hold 6 finite"),
        (array(np.full((9, 6), np.nan, np.float32)), "does not hold 6 finite"),
    ],
)
def test_damaged_natural_conditions_are_refused(folder, content, message):
    put(folder, "conditions.npy", content, "conditions_sha256")
    with pytest.raises(ModelError, match=message) as caught:
        models.read_natural(models.read_card(folder))
    assert "\n" not in str(caught.value)


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
                return self.told(noise=[CARD.noise], condition=[len(CARD.conditions)])

            def get_outputs(self):
                return self.told(data=[CARD.parts, CARD.width], raw=[CARD.parts, CARD.width])

            def told(self, **shapes):
                return [type("Value", (), {"name": name, "shape": ["b", *shape]}) for name, shape in shapes.items()]

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
