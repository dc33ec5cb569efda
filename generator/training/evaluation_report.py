"""What an evaluation found, for people: one self-contained page, and the README of a model folder."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import jinja2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from plotbank.errors import PlotbankError
from plotbank.models import Card

from .bench import ROLES, STAGES
from .evaluate import Measured
from .pictures import Pictures

COLUMNS = {"model": "this model", "floor": "real plots", "copula": "copula", "dcgan": "DCGAN"}
_TEMPLATE = Path(__file__).parent / "report.html.jinja"
_GAP = 4  # pixels of paper between plots


def shown(value: float | None) -> str:
    """A number with three digits that count, or a dash where there is none."""
    if value is None:
        return "–"
    size = abs(value)
    if value == int(value) or size >= 1000:
        text = f"{value:,.0f}"
    elif size < 0.001:
        text = f"{value:.0e}".replace("e-0", "e-")
    else:
        text = f"{value:.{max(0, 2 - int(np.floor(np.log10(size))))}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def meets(target: str, value: float | None) -> bool | None:
    """Whether a value is what the target asks for: `<= 2`, `> -3`, `0.9 to 1.1`, `0`; None where one of them lacks."""
    if not target or value is None:
        return None
    if between := re.fullmatch(r"(\S+) to (\S+)", target):
        return float(between[1]) <= value <= float(between[2])
    relation, _, limit = target.rpartition(" ")
    number = float(limit)
    return {"<=": value <= number, ">=": value >= number, ">": value > number, "": value == number}[relation]


def headline(text: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of the headline table: title, unit, target, verdict, and the number of every column, as text."""
    return [_row(number) for number in text["numbers"] if number["headline"]]


def _row(number: Mapping[str, Any]) -> dict[str, str]:
    met = meets(number["target"], number["of"].get("model"))
    values = {role: shown(number["of"].get(role)) for role in ROLES} | {"floor": shown(number["floor"])}
    return values | {
        "title": number["title"] + (f", {number['unit']}" if number["unit"] else ""),
        "target": number["target"].replace("<=", "≤").replace(">=", "≥").replace("-", "\N{MINUS SIGN}"),
        "verdict": {True: "met", False: "missed", None: ""}[met],
        "definition": number["definition"],
        "n": f"{number['n']:,}",
    }


def page(measured: Measured) -> str:
    """The report as one HTML page that needs nothing else."""
    text, gallery = measured.text, measured.gallery
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["shown"] = shown
    columns = {who: name for who, name in COLUMNS.items() if who == "floor" or who in text["names"]}
    first = next(iter(text["fidelity"]))
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        text=text,
        columns=columns,
        stages=STAGES,
        headline=headline(text),
        numbers=[_row(number) for number in text["numbers"]],
        first=first,
        rows=[
            (value, [(_called(who), _png(_beside(pictures))) for who, pictures in sorted(by.items(), key=_order)])
            for value, by in gallery.rows
        ],
        pairs=[
            (_png(_beside(np.stack([made, trained]))), distance)
            for made, trained, distance in (zip(*gallery.pairs, strict=True) if gallery.pairs else ())
        ],
        calibration=_calibration(text, gallery.asked, gallery.raw),
    )


def _order(entry: tuple[str, Any]) -> int:
    return ("real", *ROLES).index(entry[0])


def _called(who: str) -> str:
    return COLUMNS.get(who, "real plots")


def _beside(pictures: Pictures) -> NDArray[np.uint8]:
    """Plots (k, C, 64, 64) side by side, each with its channels side by side, as grey levels with ink dark."""
    k, channels, high, wide = pictures.shape
    sheet = np.full((high, k * (channels * wide + _GAP) - _GAP), 1.0)
    for i, plot in enumerate(pictures):
        left = i * (channels * wide + _GAP)
        sheet[:, left : left + channels * wide] = 1 - np.concatenate(list(plot.astype(np.float64)), axis=1)
        sheet[:, left + channels * wide : left + channels * wide + _GAP] = 0.88
    grey: NDArray[np.uint8] = np.rint(255 * sheet.clip(0, 1)).astype(np.uint8)
    return grey


def _png(grey: NDArray[np.uint8]) -> str:
    """Grey levels as the address of a PNG with sixteen of them."""
    image = Image.fromarray(grey // 17 * 17).quantize(16)
    return _address(image)


def _address(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _calibration(
    text: Mapping[str, Any], asked: NDArray[np.float64] | None, raw: NDArray[np.float64] | None
) -> list[tuple[str, str]]:
    """For each feature a picture of what was drawn before the closed form, over what was asked."""
    if asked is None or raw is None:
        return []
    found = []
    for column, (name, entry) in enumerate(text["fidelity"].items()):
        x, y = asked[:500, column], raw[:500, column]
        known = np.isfinite(x) & np.isfinite(y)
        figure = Figure(figsize=(2.6, 2.6), layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)  # whose methods matplotlib leaves untyped
        axes = figure.subplots()
        axes.axline((entry["range"][0],) * 2, slope=1, color="#999999", linewidth=1)
        axes.plot(x[known], y[known], ".", color="#0072b2", markersize=3, alpha=0.5, markeredgewidth=0)
        axes.tick_params(labelsize=7)
        canvas.draw()
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(24)
        found.append((name, _address(image)))
    return found


def readme(text: Mapping[str, Any], card: Mapping[str, Any]) -> str:
    """The short README of a model folder, from what was measured and what its card says."""
    columns = [who for who in COLUMNS if who == "floor" or who in text["names"]]
    table = [
        "| | " + " | ".join(COLUMNS[who] for who in columns) + " |",
        "|---|" + "---:|" * len(columns),
        *(f"| {row['title']} | " + " | ".join(row[who] for who in columns) + " |" for row in headline(text)),
    ]
    training, tables = card.get("training") or {}, text["tables"]
    told = [f"- {key.replace('_', ' ')}: {_safe(value)}" for key, value in training.items() if _is_short(value)]
    exact = card.get("exact_by_construction") or ()
    absent = "".join(f" {reason.capitalize()}: that column lacks." for reason in text["absent"].values())
    parts = [
        f"# {text['model']}",
        _WHAT[text["network"]],
        f"Plots of the kind `{text['kind']}`, with these conditions:",
        _items(list(_conditions(text["fidelity"]))),
        *(("Exact by construction:", _items([_safe(one) for one in exact])) if exact else ()),
        "## Trained on",
        f"{_count(tables['trained'])}; {_count(tables['held_out'])} held out to measure on. Nothing was simulated.",
        *(("\n".join(told),) if told else ()),
        "## Measured",
        _MEASURED.format(plots=text["plots"]) + absent,
        "\n".join(table),
        f"{shown(text['speed']['plots_per_second'])} plots per second ({text['speed']['definition']}).",
        "## Limits",
        _items(LIMITS),
    ]
    if owed := card.get("credits"):
        lines = [f"{_safe(one['name'])}: {_safe(one['origin'])} ({_safe(one['licence'])})" for one in owed]
        parts += ["## Data", _items(lines)]
    return "\n\n".join(parts) + "\n"


def _conditions(fidelity: Mapping[str, Any]) -> Iterator[str]:
    """Each feature with its range and meaning; those that say the same of every group in one line."""
    told: dict[str, list[str]] = {}
    for name, entry in fidelity.items():
        own = name[-1].isdigit() and f" group {name[-1]}" in entry["meaning"]
        meaning = entry["meaning"].replace(f" group {name[-1]}", " each group") if own else entry["meaning"]
        low, high = entry["range"]
        told.setdefault(f"({shown(low)} to {shown(high)}): {_safe(meaning)}", []).append(f"`{name}`")
    for words, names in told.items():
        yield f"{', '.join(names)} {words}"


def prepared(folder: Path) -> Path:
    """The folder to write to, made where it is missing: told now rather than after minutes of measuring.

    Raises:
        PlotbankError: it is a file, or nothing can be written there.
    """
    if folder.exists() and not folder.is_dir():
        raise PlotbankError(f"{folder}: this is a file: name a folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PlotbankError(f"{folder}: cannot be written: {error.strerror}") from None
    return folder


def write(measured: Measured, card: Card, folder: Path) -> None:
    """Write `evaluation.json`, `report.html` and `README.md`, each whole or not at all.

    Raises:
        PlotbankError: the folder cannot be written.
    """
    files = {
        "evaluation.json": json.dumps(measured.text, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "report.html": page(measured),
        "README.md": readme(measured.text, card.text),
    }
    for name, content in files.items():
        partial = folder / f".{name}.partial"
        try:
            partial.write_text(content, encoding="utf-8")
            partial.replace(folder / name)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise PlotbankError(f"{folder / name}: cannot be written: {error.strerror}") from None


_WHAT = {
    "gan": (
        "A small generative network that draws the data of a plot with the features asked for, in the shapes that real "
        "tables have. A bank is drawn from its data; it was trained by a discriminator that looked at their picture."
    ),
    "copula": (
        "No network that learned: marginal distributions of real columns tied by a Gaussian copula. It is here to be "
        "compared with."
    ),
    "dcgan": (
        "A classic conditional DCGAN on pixels. It draws pictures without data, so no key can be proved of them: it is "
        "here to be compared with."
    ),
}
_MEASURED = (
    '{plots:,} plots for each comparison. "real plots" is the floor: what other real plots reach in its place. '
    "Definitions of every number are in `evaluation.json`."
)
LIMITS = (
    "Classifiers and distances see some of what a person sees; no person was asked.",
    "Tables differ, so even real plots are told from those of held-out tables: read each number beside the floor.",
    "Real measurements are often rounded; generated values are continuous.",
    "The data are of no subject matter: name axes accordingly.",
)


def _count(tables: Sequence[str]) -> str:
    return "1 real table" if len(tables) == 1 else f"{len(tables)} real tables"


def _items(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _is_short(value: object) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) < 400)


def _safe(value: object) -> str:
    """Text from outside on one line of Markdown, without markup of its own."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(str(value).split()))
