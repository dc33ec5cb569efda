"""Plot kinds: what a picture can be conditioned on, what can be read off it, and how it is drawn.

A kind is one module that offers one object keeping the `Kind` protocol, and one entry point in the group
`plotbank.kinds`.  plotbank's own kinds come in the same way, so that another package can add one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from ...errors import PlotbankError
from ...items import Axis, PictureSpec

Floats = npt.NDArray[np.float64]
Condition = Mapping[str, float]
Area = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One quantity that a plot is conditioned on: a statistic of exactly the data drawn.

    `low` and `high` are what the quantity can be at all; a model's card may allow less.  Values are asked for
    in whole multiples of `step`.
    """

    name: str
    low: float
    high: float
    step: float
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What all pictures of one question share: the axes and the size in which they are shown."""

    x: Axis
    y: Axis
    picture: PictureSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapped:
    """Data whose statistics are exactly the condition's, and how far the furthest point was moved for it.

    `values` has the shape the kind defines, in axis units; `displacement` is a share of the axis.
    """

    values: Floats
    displacement: float


class Kind(Protocol):
    """What a module of this package offers under the name of a plot kind."""

    @property
    def name(self) -> str:
        """The name that quiz files and templates use."""
        ...

    @property
    def features(self) -> tuple[Feature, ...]:
        """The conditions, in the order of the model's condition input."""
        ...

    @property
    def colour(self) -> str:
        """The one colour in which data are drawn, with no red in it: `#00....`."""
        ...

    def plain(self, condition: Condition, rng: np.random.Generator) -> Floats:
        """Data of this condition from a plain formula, in the form in which a network emits them.

        They stand in for a network's where a template is tried before anything is drawn.
        """
        ...

    def snap(self, raw: Floats, condition: Condition, plot: Plot, area: Area, rng: np.random.Generator) -> Snapped:
        """Place what the network emitted on the axes and make the condition exact.

        `area` is the width and height between the ends of the axes, in CSS pixels.

        Raises `UnsuitableDraw`, with the reason, when that would move a point too far or make a picture
        that cannot be read.
        """
        ...

    def readings(self, values: Floats) -> dict[str, float]:
        """Every quantity that a template may ask about, computed from the data drawn."""
        ...

    def distinct(self, values: Floats) -> bytes:
        """The same bytes for the same data, whatever the order of its parts."""
        ...

    def artists(self, axes: Axes, values: Floats) -> list[Artist]:
        """What is drawn on the frame, not yet added to the axes' own lists."""
        ...


@cache
def kinds() -> dict[str, Kind]:
    """All installed kinds by name.

    Raises:
        PlotbankError: two installed packages provide a kind of the same name.
    """
    found: dict[str, Any] = {}
    for entry in sorted(entry_points(group="plotbank.kinds"), key=lambda entry: entry.name):
        if entry.name in found:
            raise PlotbankError(f"two installed packages both provide the plot kind {entry.name!r}: remove one")
        found[entry.name] = entry.load()
    return found
