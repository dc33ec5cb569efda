"""Export: a folder with the ONNX file, checked against torch, its card, and the conditions of real plots."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import platform
import shutil
import tempfile
import warnings
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from plotbank.errors import PlotbankError
from plotbank.generator.kinds import SIDE, Kind

from . import looks, runs
from .corpus import Corpus, Pool
from .looks import Drawing
from .networks import parameter_count
from .runs import Run

OPSET = 20
INPUTS = ("noise", "condition")
TOLERANCE = 1e-5  # of ONNX Runtime's output from torch's
NATURAL = 4000  # conditions of real plots that a model brings along
LOSSES = {
    "relativistic": "relativistic pairing (softplus) in the style of R3GAN",
    "hinge": "hinge",
    "bce": "binary cross-entropy",
}


def export(run: Run, folder: Path, out: Path) -> dict[str, Any]:
    """Write the model folder `out` from the run in `folder`, as a whole or not at all, and return its card.

    Raises:
        PlotbankError: there is nothing to export, ONNX Runtime disagrees with torch, or `out` cannot be written.
    """
    kind = runs.found(run.kind)
    network, seen = runs.chosen(run, folder)
    pool, fresh = runs.pools(run, folder, lambda _: None)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as temporary:
            partial = Path(temporary)
            difference = write_onnx(network, pool, partial / "model.onnx")
            natural = natural_conditions(pool, run.training.seed)
            (partial / "conditions.npy").write_bytes(natural)
            card = _card(run, out.name, network, seen, difference, partial, runs.tables(run), pool)
            (partial / "card.json").write_text(as_json(card), encoding="utf-8")
            (partial / "training.json").write_text(as_json(_recipe(run)), encoding="utf-8")
            looks.sheet(kind, network, fresh, partial / "samples.png", run.training.seed)
            out.mkdir(exist_ok=True)
            for file in partial.iterdir():
                shutil.move(file, out / file.name)
    except OSError as error:
        raise PlotbankError(f"{out}: the model could not be written: {error.strerror}") from error
    return card


def _example(network: Drawing, pool: Pool, plots: int) -> dict[str, np.ndarray[Any, Any]]:
    """Inputs for so many plots: conditions of real plots, noise from a fixed seed."""
    rng = np.random.default_rng(11)
    return {
        "noise": rng.standard_normal((plots, network.noise), dtype=np.float32),
        "condition": pool.condition[rng.integers(len(pool), size=plots)],
    }


def write_onnx(network: Drawing, pool: Pool, path: Path) -> dict[str, float]:
    """Write the network as one ONNX file with a dynamic batch; return its largest differences from torch.

    Raises:
        PlotbankError: ONNX Runtime's output differs from torch's by more than `TOLERANCE`.
    """
    network.eval()
    example = tuple(torch.from_numpy(a) for a in _example(network, pool, 4).values())
    with torch.no_grad():
        outputs = ("data", "raw") if isinstance(network(*example), tuple) else ("picture",)
    batch = torch.export.Dim("batch", min=1)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, which nothing here needs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            input_names=INPUTS,
            output_names=outputs,
            dynamic_shapes=({0: batch}, {0: batch}),
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    path.write_bytes(_without_traces(program.model_proto))
    difference = _difference(network, pool, outputs, path)
    for name, value in difference.items():
        if not value <= TOLERANCE:
            raise PlotbankError(f"{name} of ONNX Runtime differs from torch by {value:.1e}: not exported")
    return difference


def _without_traces(network: onnx.ModelProto) -> bytes:
    """Serialise without the exporter's notes, which hold the paths and the source lines of this machine."""
    del network.metadata_props[:]
    del network.graph.metadata_props[:]
    for part in (*network.graph.node, *network.graph.value_info, *network.graph.input, *network.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    content: bytes = network.SerializeToString()
    return content


def _difference(network: Drawing, pool: Pool, outputs: tuple[str, ...], path: Path) -> dict[str, float]:
    """Largest difference of each output between torch and ONNX Runtime over 256 plots."""
    inputs = _example(network, pool, 256)
    with torch.no_grad():
        expected = network(*(torch.from_numpy(a) for a in inputs.values()))
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    found = session.run(list(outputs), inputs)
    pairs = zip(outputs, expected if isinstance(expected, tuple) else (expected,), found, strict=True)
    return {name: float(np.abs(e.numpy() - f).max()) for name, e, f in pairs}


def natural_conditions(pool: Pool, seed: int) -> bytes:
    """Features of real plots, at most `NATURAL`, as a .npy file of float32, (N, F)."""
    rng = np.random.default_rng([seed, 8])
    chosen = rng.choice(len(pool), min(len(pool), NATURAL), replace=False)
    file = io.BytesIO()
    np.save(file, pool.condition[chosen].astype(np.float32), allow_pickle=False)
    return file.getvalue()


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    packages = ("torch", "onnx", "onnxruntime", "numpy", "pandas", "scikit-learn", "statsmodels")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def _recipe(run: Run) -> dict[str, Any]:
    """What fixes the run, without the place of the data."""
    return asdict(run) | {"data": "a folder of tables" if run.data else ""}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _card(
    run: Run,
    name: str,
    network: Drawing,
    seen: dict[str, Any],
    difference: dict[str, float],
    folder: Path,
    corpus: Corpus,
    pool: Pool,
) -> dict[str, Any]:
    """The model card as plain values: identity, interface, training, credits."""
    kind = runs.found(run.kind)
    content = (folder / "model.onnx").read_bytes()
    training = run.training
    command = f"plotbank train {kind.name} --network {training.network}{' --data DIR' if run.data else ''}"
    command += f" --plots {run.plots} --seed {training.seed}"
    if training.network != "copula":
        command += f" --steps {training.steps} --threads {training.threads}"
    sources = (*corpus.trained, *corpus.held_out)
    return {
        "name": name,
        "kind": kind.name,
        "network": training.network,
        "sha256": hashlib.sha256(content).hexdigest(),
        "conditions_sha256": _sha256(folder / "conditions.npy"),
        "bytes": len(content),
        "opset": onnx.load_from_string(content).opset_import[0].version,
        "noise": network.noise,
        "parts": kind.parts,
        "width": kind.width,
        "conditions": _conditions(kind, pool),
        "inputs": {
            "noise": {"shape": ["batch", network.noise], "meaning": "independent standard normal"},
            "condition": {"shape": ["batch", len(kind.features)], "meaning": "features in natural units, in order"},
        },
        "outputs": _outputs(kind, tuple(difference)),
        "exact_by_construction": list(kind.exact) if "data" in difference else [],
        "training": {
            "command": f"{command} --out models/{name}",
            "loss": LOSSES[training.loss] if training.network != "copula" else "none",
            "seed": training.seed,
            "minutes": seen["minutes"],
            "steps": training.steps,
            "step_shipped": seen["step"],
            "batch": training.batch,
            "real_plots": len(pool),
            "parameters": parameter_count([network]),
            "tables_trained_on": [source.table.name for source in corpus.trained],
            "tables_held_out": [source.table.name for source in corpus.held_out],
            "torch_against_onnxruntime": difference,
            "versions": versions(),
        },
        "licence": "MIT for the weights; the data sets keep the licences of their origins",
        "credits": [{"name": s.table.name, "origin": s.origin, "licence": s.licence} for s in sources],
    }


def _conditions(kind: Kind, pool: Pool) -> dict[str, Any]:
    """What may be asked for of each feature, and what the real plots had that the network was trained with."""
    extremes = zip(pool.condition.min(axis=0), pool.condition.max(axis=0), strict=True)
    return {
        feature.name: {
            "low": feature.low,
            "high": feature.high,
            "trained": [min(feature.low, float(low)), max(feature.high, float(high))],
            "meaning": feature.meaning,
        }
        for feature, (low, high) in zip(kind.features, extremes, strict=True)
    }


def _outputs(kind: Kind, names: tuple[str, ...]) -> dict[str, Any]:
    shapes = {
        "data": {"shape": ["batch", kind.parts, kind.width], "meaning": "data in the unit plot, padding exactly 0"},
        "raw": {"shape": ["batch", kind.parts, kind.width], "meaning": "data before the kind's closed form"},
        "picture": {
            "shape": ["batch", kind.channels, SIDE, SIDE],
            "meaning": "ink in 0..1, 1 = ink, row 0 = top: what the discriminator saw",
        },
    }
    return {name: shapes[name] for name in names}


def as_json(value: object) -> str:
    """Format for a file that people read and compare."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
