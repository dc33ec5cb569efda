"""The trained networks, and the code that finds them, checks them and runs them with ONNX Runtime.

A model is a folder `KIND-vN/` (`KIND-NETWORK-vN/` where it is there to be compared with) of three files: `model.onnx`;
`conditions.npy`, the features of real plots; and `card.json`: what the network was trained on, which conditions it
takes, what was measured, and the hashes of the other two.
"""

import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from ..errors import ModelError

Device = Literal["auto", "cpu", "cuda"]
Network = Literal["gan", "copula", "dcgan"]
Floats32 = npt.NDArray[np.float32]
_NAME = re.compile(r"(?P<kind>[a-z]+)(-(?P<variant>[a-z]+))?-v(?P<version>[0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a model says of itself.

    `conditions` holds the lowest and highest value of each feature that may be asked for, in the order of its condition
    input, and `trained` those of the real plots that it was trained with; `noise` is the length of its noise input.
    `outputs` names what it gives: "data" and "raw", (B, `parts`, `width`), or "picture" alone.
    """

    name: str
    kind: str
    network: Network
    sha256: str
    conditions_sha256: str
    noise: int
    parts: int
    width: int
    conditions: dict[str, tuple[float, float]]
    trained: dict[str, tuple[float, float]]
    outputs: tuple[str, ...]
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
        """The data for a batch: noise (B, card.noise) and condition (B, features) give (B, parts, width).

        Every row depends on its own noise and condition alone: the same numbers whatever the batch and the number of
        threads.

        Raises:
            ModelError: the network draws no data, or a condition is outside the range that it was trained for.
        """
        (data,) = self.outputs(("data",), noise, condition)
        return data

    def outputs(self, names: Sequence[str], noise: Floats32, condition: Floats32) -> tuple[Floats32, ...]:
        """Some of the network's outputs for a batch, by name, as `card.outputs` lists them.

        Raises:
            ModelError: the network has no such output, or a condition is outside the range that it was trained for.
        """
        if unknown := [name for name in names if name not in self.card.outputs]:
            known = ", ".join(self.card.outputs)
            raise ModelError(f"{self.card.name}: the network does not give {unknown[0]!r}: it gives {known}")
        self._refuse_untrained(condition)
        inputs = {"noise": noise, "condition": condition}
        found = self._session.run(list(names), inputs)
        return tuple(np.asarray(array, dtype=np.float32) for array in found)

    def _refuse_untrained(self, condition: Floats32) -> None:
        """0 is always taken: it stands for what a plot does not have, such as the median of a missing group."""
        low, high = np.array(list(self.card.trained.values())).T
        slack = 1e-6 * (high - low)  # of the rounding to float32
        trained = (condition >= low - slack) & (condition <= high + slack) | (condition == 0)
        if not trained.all():
            row, column = np.argwhere(~trained)[0]
            name, (least, most) = list(self.card.trained.items())[column]
            raise ModelError(
                f"{self.card.name}: {name} = {condition[row, column]:g}: it was trained for {least:g} to {most:g}: "
                "ask for values in this range"
            )


def shipped() -> dict[str, Path]:
    """The folders of the installed models, by name, oldest version first: those that come with plotbank, and those in
    packages that others name as entry points of the group `plotbank.models`."""
    packages = ("plotbank.models", *(entry.value for entry in entry_points(group="plotbank.models")))
    found = [
        (match["kind"], match["variant"] or "", int(match["version"]), folder)
        for package in packages
        for folder in Path(str(files(package))).iterdir()
        if (match := _match(folder))
    ]
    return {folder.name: folder for *_, folder in sorted(found)}


def latest(kind: str) -> Card:
    """The card of the newest shipped model of a kind; those there to be compared with, `KIND-NETWORK-vN`, do not count.

    Raises:
        ModelError: there is none, or its card is damaged.
    """
    folders = [folder for name, folder in shipped().items() if re.fullmatch(rf"{re.escape(kind)}-v[0-9]+", name)]
    if not folders:
        raise ModelError(f"no trained model for plots of the kind {kind!r} is installed: train one (docs/new-kind.md)")
    return read_card(folders[-1])


def read_card(folder: Path) -> Card:
    """Read and check `card.json`.

    Raises:
        ModelError: the card is missing, is not JSON, lacks a field, or has a field that makes no sense.
    """
    path = folder / "card.json"
    try:
        text = json.loads(path.read_text(encoding="utf-8"))
        card = Card(
            name=str(text["name"]),
            kind=str(text["kind"]),
            network=text["network"],
            sha256=str(text["sha256"]),
            conditions_sha256=str(text["conditions_sha256"]),
            noise=int(text["noise"]),
            parts=int(text["parts"]),
            width=int(text["width"]),
            conditions={
                str(name): (float(bounds["low"]), float(bounds["high"])) for name, bounds in text["conditions"].items()
            },
            trained={
                str(name): (float(bounds["trained"][0]), float(bounds["trained"][1]))
                for name, bounds in text["conditions"].items()
            },
            outputs=tuple(text["outputs"]),
            folder=folder,
            text=text,
        )
        if card.network not in get_args(Network):
            raise ValueError(f"network = {card.network!r} is none of {', '.join(get_args(Network))}")
        return card
    except FileNotFoundError:
        raise ModelError(f"{folder.name}: the model has no card (card.json): install plotbank again") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder.name}: card.json cannot be read: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder.name}: card.json lacks {error}, or has it in another form") from None


def read_natural(card: Card) -> Floats32:
    """The conditions of real plots: (N, F), the features measured in plots of real data, in the card's order.

    Raises:
        ModelError: `conditions.npy` is missing, is not the file the card speaks of, or is not such an array.
    """
    content = _read(card, "conditions.npy", card.conditions_sha256, "are not the conditions")
    try:
        natural = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ModelError(
            f"{card.name}: conditions.npy cannot be read: {_first_line(error)}: install plotbank again"
        ) from None
    if not (
        isinstance(natural, np.ndarray)
        and natural.dtype == np.float32
        and natural.ndim == 2
        and natural.shape[0] > 0
        and natural.shape[1] == len(card.conditions)
        and np.isfinite(natural).all()
    ):
        raise ModelError(
            f"{card.name}: conditions.npy does not hold {len(card.conditions)} finite 32-bit numbers for each real "
            "plot: install plotbank again"
        )
    return natural


def open_model(card: Card, device: Device, threads: int | None = None) -> Model:
    """Check the network against its card and load it on the device.

    "auto" takes a CUDA GPU where one works and the CPU otherwise, saying so; "cuda" insists.  `threads` is the number
    of CPU threads, by default as many as there are cores; the numbers drawn do not depend on it.

    Raises:
        ModelError: the file is missing, is not the one the card speaks of, or cannot run there.
    """
    network = _read(card, "model.onnx", card.sha256, "is not the network")
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
    session = _session(runtime, card, network, wanted, threads)
    used = "cuda" if session.get_providers()[0] == "CUDAExecutionProvider" else "cpu"
    if device == "cuda" and used != "cuda":
        raise ModelError("--device cuda: ONNX Runtime cannot use a CUDA GPU on this machine: use --device auto or cpu")
    remark = (
        "no CUDA GPU can be used here: the CPU draws instead" if offered and device == "auto" and used == "cpu" else ""
    )
    return Model(card=card, device=used, remark=remark, _session=session)


def _match(folder: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(folder.name) if folder.is_dir() else None


def _read(card: Card, name: str, sha256: str, what_not: str) -> bytes:
    """A file of the model, which is the one that its card describes."""
    try:
        content = (card.folder / name).read_bytes()
    except OSError:
        raise ModelError(f"{card.name}: {name} is missing: install plotbank again") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{card.name}: {name} {what_not} that its card describes: install plotbank again")
    return content


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ModelError(
            "ONNX Runtime is not installed: pip install 'plotbank[cpu]', or 'plotbank[gpu]' for a CUDA GPU"
        ) from None
    return onnxruntime


def _session(runtime: Any, card: Card, network: bytes, providers: list[Any], threads: int | None) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # its complaints about a missing GPU are told in one line of our own
    options.use_deterministic_compute = True
    options.intra_op_num_threads = threads or 0
    try:
        session = runtime.InferenceSession(network, options, providers=providers)
    except Exception as error:  # the runtime raises a different class for every fault of a file
        if len(providers) > 1:  # broken CUDA libraries raise instead of falling back
            return _session(runtime, card, network, providers[1:], threads)
        raise ModelError(f"{card.name}: ONNX Runtime cannot load the network: {_first_line(error)}") from None
    inputs = {i.name: i.shape[-1] for i in session.get_inputs()}
    if inputs != {"noise": card.noise, "condition": len(card.conditions)}:
        raise ModelError(f"{card.name}: the network's inputs are not those of its card: {inputs}")
    outputs = {o.name: o.shape[1:] for o in session.get_outputs()}
    data = outputs.get("data", [card.parts, card.width])
    if set(outputs) != set(card.outputs) or data != [card.parts, card.width]:
        raise ModelError(f"{card.name}: the network's outputs are not those of its card: {outputs}")
    return session


def _preload(runtime: Any) -> None:
    """Load the CUDA libraries that pip installed, without the runtime's talk on standard output."""
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        runtime.preload_dlls()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
