"""Export of the averaged generator: one ONNX file, checked against torch, with its card beside it."""

from __future__ import annotations

import hashlib
import json
import platform
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from plotbank.errors import PlotbankError

from .networks import Generator

OPSET = 20
INPUTS = ("noise", "condition")
OUTPUTS = ("points", "picture")
TOLERANCE = {
    "points": 1e-5,
    "picture": 1e-4,
}  # a point 1e-6 off is 5e-5 pixels off: that much more ink at an edge


def _example(model: Generator, plots: int) -> dict[str, np.ndarray[Any, Any]]:
    """Inputs for ``plots`` plots over the whole trained range, from a fixed seed."""
    c = model.config
    rng = np.random.default_rng(11)
    r = np.linspace(-c.r_limit, c.r_limit, plots)
    n = rng.integers(c.min_points, c.max_points + 1, plots)
    return {
        "noise": rng.standard_normal((plots, c.noise), dtype=np.float32),
        "condition": np.stack((r, n), axis=1).astype(np.float32),
    }


def session(path: Path) -> onnxruntime.InferenceSession:
    """Open an ONNX file on two CPU threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def export_onnx(model: Generator, path: Path) -> dict[str, float]:
    """Write the generator as one ONNX file with a dynamic batch; return its largest differences from torch.

    Raises PlotbankError if ONNX Runtime's output differs from torch's by more than TOLERANCE, or the file cannot be
    written; a file that was there before then stays as it was.
    """
    model.eval()
    example = tuple(torch.from_numpy(a) for a in _example(model, 4).values())
    batch = torch.export.Dim("batch", min=1)
    partial = path.with_suffix(".partial")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter warns of its own internals
            program = torch.onnx.export(
                model,
                example,
                dynamo=True,
                input_names=INPUTS,
                output_names=OUTPUTS,
                dynamic_shapes=({0: batch}, {0: batch}),
                opset_version=OPSET,
                external_data=False,
                verbose=False,
            )
            assert program is not None
            partial.write_bytes(_without_traces(program.model_proto))
        difference = _difference(model, partial)
        for name, value in difference.items():
            if not value <= TOLERANCE[name]:
                raise PlotbankError(f"{path}: {name} of ONNX Runtime differ from torch by {value:.1e}: not exported")
        partial.replace(path)
    except OSError as error:
        raise PlotbankError(f"{path}: the model could not be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
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


def _difference(model: Generator, path: Path) -> dict[str, float]:
    """Largest difference of each output between torch and ONNX Runtime over 256 plots."""
    inputs = _example(model, 256)
    with torch.no_grad():
        expected = model(*(torch.from_numpy(a) for a in inputs.values()))
    found = session(path).run(list(OUTPUTS), inputs)
    pairs = zip(OUTPUTS, expected, found, strict=True)
    return {name: float(np.abs(e.numpy() - f).max()) for name, e, f in pairs}


def plots_per_second(model: Generator, path: Path) -> int:
    """Speed of ONNX Runtime on two CPU threads in batches of 250: the best of ten, as other work may interfere."""
    runner, inputs = session(path), _example(model, 250)
    times = []
    for _ in range(10):
        started = time.perf_counter()
        runner.run(list(OUTPUTS), inputs)
        times.append(time.perf_counter() - started)
    return round(250 / min(times))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text under a temporary name, then rename."""
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise PlotbankError(f"{path}: cannot be written: {error}") from error


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    packages = ("torch", "onnx", "onnxruntime", "numpy", "pandas", "scikit-learn", "statsmodels")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def card(
    model: Generator,
    path: Path,
    limits: tuple[float, float],
    training: dict[str, Any],
    measured: dict[str, Any],
    remarks: list[str],
    credits_: list[dict[str, str]],
) -> dict[str, Any]:
    """Build the model card as plain values: identity, interface, training, measurements, credits."""
    c = model.config
    content = path.read_bytes()
    return {
        "name": path.parent.name,
        "kind": "scatter",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "opset": onnx.load_from_string(content).opset_import[0].version,
        "noise": c.noise,
        "max_points": c.max_points,
        "conditions": {
            "r": {"low": limits[0], "high": limits[1]},
            "n": {"low": c.min_points, "high": c.max_points, "integer": True},
        },
        "inputs": {
            "noise": {
                "dtype": "float32",
                "shape": ["batch", c.noise],
                "meaning": "independent standard normal",
            },
            "condition": {
                "dtype": "float32",
                "shape": ["batch", 2],
                "meaning": "columns r and n, natural units",
            },
        },
        "outputs": {
            "points": {
                "dtype": "float32",
                "shape": ["batch", c.max_points, 2],
                "meaning": "x and y in 0..1; rows from n on are padding and exactly 0",
            },
            "picture": {
                "dtype": "float32",
                "shape": ["batch", c.picture, c.picture],
                "meaning": "ink in 0..1, 1 = ink, row 0 = top: what the discriminator saw",
            },
        },
        "exact_by_construction": [
            "n by a mask",
            "r by a projection in the graph",
            "the frame by a min-max map",
        ],
        "training": training,
        "measured": measured,
        "remarks": remarks,
        "licence": "MIT for the weights; the data sets keep the licences of their origins",
        "credits": credits_,
    }


def as_json(value: object) -> str:
    """Format for a file that people read and compare."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
