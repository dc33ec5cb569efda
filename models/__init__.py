"""The trained networks, and the code that finds them, checks them and runs them with ONNX Runtime.

A model is a folder `NAME-vN/` with `model.onnx` and `card.json`: what it was trained on, which conditions it
takes, what was measured, and the hash of the network.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..errors import ModelError

Device = Literal["auto", "cpu", "cuda"]
Floats32 = npt.NDArray[np.float32]
_NAME = re.compile(r"(?P<kind>[a-z]+)-v(?P<version>[0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a model says of itself.

    `conditions` holds the lowest and highest value of each feature that the network was trained for, in the
    order of its condition input; `noise` is the length of its noise input.
    """

    name: str
    kind: str
    sha256: str
    noise: int
    conditions: dict[str, tuple[float, float]]
    folder: Path
    text: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A network that is ready to draw; `remark` is what a person should know about the device, or empty."""

    card: Card
    device: str
    remark: str
    _session: Any

    def draw(self, noise: Floats32, condition: Floats32) -> Floats32:
        """The data for a batch: noise (B, card.noise) and condition (B, features) give (B, parts, 2).

        Every row depends on its own noise and condition alone: the same numbers whatever the batch.
        """
        (data,) = self._session.run(["points"], {"noise": noise, "condition": condition})
        return np.asarray(data, dtype=np.float32)


def shipped() -> dict[str, Path]:
    """The folders of the models that come with plotbank, by name, oldest version first."""
    root = Path(str(files("plotbank.models")))
    found = [(match["kind"], int(match["version"]), folder) for folder in root.iterdir() if (match := _match(folder))]
    return {folder.name: folder for _, _, folder in sorted(found)}


def latest(kind: str) -> Card:
    """The card of the newest shipped model of a kind.

    Raises:
        ModelError: there is none, or its card is damaged.
    """
    names = [name for name in shipped() if _NAME.fullmatch(name)["kind"] == kind]  # type: ignore[index]
    if not names:
        raise ModelError(f"no trained model for plots of the kind {kind!r} is installed")
    return read_card(shipped()[names[-1]])


def read_card(folder: Path) -> Card:
    """Read and check `card.json`.

    Raises:
        ModelError: the card is missing, is not JSON, or lacks a field.
    """
    path = folder / "card.json"
    try:
        text = json.loads(path.read_text(encoding="utf-8"))
        return Card(
            name=str(text["name"]),
            kind=str(text["kind"]),
            sha256=str(text["sha256"]),
            noise=int(text["noise"]),
            conditions={
                str(name): (float(bounds["low"]), float(bounds["high"])) for name, bounds in text["conditions"].items()
            },
            folder=folder,
            text=text,
        )
    except FileNotFoundError:
        raise ModelError(f"{folder.name}: the model has no card (card.json): install plotbank again") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder.name}: card.json cannot be read: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder.name}: card.json lacks {error}, or has it in another form") from None


def open_model(card: Card, device: Device) -> Model:
    """Check the network against its card's hash and load it on the device.

    "auto" takes a CUDA GPU where one works and the CPU otherwise, saying so; "cuda" insists.

    Raises:
        ModelError: the file is missing, is not the one the card speaks of, or cannot run there.
    """
    path = card.folder / "model.onnx"
    try:
        network = path.read_bytes()
    except OSError:
        raise ModelError(f"{card.name}: model.onnx is missing: install plotbank again") from None
    if hashlib.sha256(network).hexdigest() != card.sha256:
        raise ModelError(f"{card.name}: model.onnx is not the network that its card describes: install plotbank again")
    runtime = _runtime()
    offered = "CUDAExecutionProvider" in runtime.get_available_providers()
    if device == "cuda" and not offered:
        raise ModelError(
            "--device cuda: this ONNX Runtime has no CUDA: pip install 'plotbank[gpu]', or use --device auto"
        )
    wanted = ["CPUExecutionProvider"]
    if device != "cpu" and offered:
        _preload(runtime)
        # TF32 is CUDA's default and rounds to three digits; the promise is 1e-4.
        wanted.insert(0, ("CUDAExecutionProvider", {"use_tf32": "0"}))  # type: ignore[arg-type]
    session = _session(runtime, card, network, wanted)
    used = "cuda" if session.get_providers()[0] == "CUDAExecutionProvider" else "cpu"
    if device == "cuda" and used != "cuda":
        raise ModelError("--device cuda: ONNX Runtime cannot use a CUDA GPU on this machine: use --device auto or cpu")
    remark = (
        "no CUDA GPU can be used here: the CPU draws instead" if offered and device == "auto" and used == "cpu" else ""
    )
    return Model(card=card, device=used, remark=remark, _session=session)


def _match(folder: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(folder.name) if folder.is_dir() else None


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ModelError(
            "ONNX Runtime is not installed: pip install 'plotbank[cpu]', or 'plotbank[gpu]' for a CUDA GPU"
        ) from None
    return onnxruntime


def _session(runtime: Any, card: Card, network: bytes, providers: list[Any]) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # its complaints about a missing GPU are told in one line of our own
    options.use_deterministic_compute = True
    try:
        session = runtime.InferenceSession(network, options, providers=providers)
    except Exception as error:  # the runtime raises a different class for every fault of a file
        if len(providers) > 1:  # broken CUDA libraries raise instead of falling back
            return _session(runtime, card, network, providers[1:])
        raise ModelError(f"{card.name}: ONNX Runtime cannot load the network: {_first_line(error)}") from None
    inputs = {i.name: i.shape[-1] for i in session.get_inputs()}
    if inputs != {"noise": card.noise, "condition": len(card.conditions)}:
        raise ModelError(f"{card.name}: the network's inputs are not those of its card: {inputs}")
    return session


def _preload(runtime: Any) -> None:
    """Load the CUDA libraries that pip installed, without the runtime's talk on standard output."""
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        runtime.preload_dlls()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
