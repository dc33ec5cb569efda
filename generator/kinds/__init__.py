"""Plot kinds: what a picture can be conditioned on, what can be read off it, how it is drawn, and how it is learned.

A kind is one module that offers one object keeping the `Kind` protocol, and one entry point in the group
`plotbank.kinds`.  plotbank's own kinds come in the same way, so that another package can add one; `docs/new-kind.md`
shows a small one in full.

A kind has two halves.  The first works on the data drawn (numpy) and is all that a bank needs.  The second is what a
network is trained with (torch tensors, whose module is imported inside those methods: a bank is built without it).

Shapes: a network emits an array of `parts` rows (points, values) and `width` numbers each, padded with zeros; P and
W below.  F is the number of features, B a batch of plots.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from ...errors import PlotbankError
from ...items import Axis, PictureSpec
from ..tables import Table

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float64]
Condition = Mapping[str, float]
Area = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One quantity that a plot is conditioned on: a statistic of exactly the data drawn.

    `low` and `high` are what a person may ask for, in whole multiples of `step`; a network is trained on a little
    more.  Data drawn have the value asked for within `exact`.  `usual` is the range that a question gets which does
    not speak of the feature; inside it the values are those of plots of real data.  In a quiz file the feature is
    asked for by its own name, or by that of its `family` together with the others of it (the `iqr` of every group).
    """

    name: str
    low: float
    high: float
    step: float
    exact: float
    meaning: str
    usual: tuple[float, float]
    family: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What all pictures of one question share: the axes and the size in which they are shown."""

    x: Axis
    y: Axis
    picture: PictureSpec


UNIT = Plot(
    x=Axis(label="x", low=0.0, high=1.0),
    y=Axis(label="y", low=0.0, high=1.0),
    picture=PictureSpec(width=600, height=450, density=1),
)
"""The plot in whose units a network thinks: both axes run from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapped:
    """Data whose statistics are exactly the condition's, and how far the furthest part was moved for it.

    `values` has the shape the kind defines, in axis units; `displacement` is a share of the axis.
    """

    values: Floats
    displacement: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """A plot of real data in the form in which a network emits plots: `data` (P, W) in the unit plot, and its
    features, measured."""

    data: Floats
    condition: dict[str, float]


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

    @property
    def parts(self) -> int:
        """P, the most points or values of one plot."""
        ...

    @property
    def width(self) -> int:
        """W, the numbers of one part."""
        ...

    @property
    def exact(self) -> tuple[str, ...]:
        """What is exact by construction in the network's second output, and how, for the model card."""
        ...

    # What a bank needs: data drawn.

    def impossible(self, condition: Condition) -> str:
        """Why no plot can have these features together, as half a sentence for people; empty where one can."""
        ...

    def settle(self, condition: Condition) -> dict[str, float]:
        """The condition with what follows from other features put right: groups that there are not have no median."""
        ...

    def values(self, data: Floats, condition: Condition) -> Floats:
        """What is drawn of an emitted array, (P, W): without padding, in the kind's shape, in the unit plot."""
        ...

    def plain(self, condition: Condition, rng: np.random.Generator) -> Floats:
        """Data of about this condition from a plain formula, (P, W) or shorter, in the form a network emits.

        They stand in for a network's where a template is tried before anything is drawn.
        """
        ...

    def snap(self, raw: Floats, condition: Condition, plot: Plot, area: Area, rng: np.random.Generator) -> Snapped:
        """Place what the network emitted, (P, W), on the axes, make the condition exact, and round to the axes'
        precision.

        `area` is the width and height between the ends of the axes, in CSS pixels.

        Raises `UnsuitableDraw`, with the reason, when that would move a part too far or make a picture that cannot
        be read.
        """
        ...

    def readings(self, values: Floats, condition: Condition, plot: Plot) -> Mapping[str, float]:
        """Every quantity that a template may ask about, computed from the data drawn; among them each feature,
        under its own name.  NaN where the data do not have the quantity.  `condition` gives what is no property of
        the data, such as the number of bins."""
        ...

    def fitted(self, plot: Plot, condition: Condition, values: Floats | None = None) -> Plot:
        """The plot as this condition needs it (as many categories as groups), and these data (a count axis as high as
        the tallest bar, where the plot leaves it open with an infinite end)."""
        ...

    @property
    def shows(self) -> tuple[str, ...]:
        """What a template can have shown besides the data: names that `show` takes."""
        ...

    def show(self, what: str, values: Floats, plot: Plot, area: Area, choice: int) -> dict[str, float]:
        """What is added to the condition so that it is drawn; `choice` (0, 1, 2) is drawn for each student.

        Raises `UnsuitableDraw` where these data have no room for it."""
        ...

    def distinct(self, values: Floats) -> bytes:
        """The same bytes for the same data, whatever the order of its parts."""
        ...

    def artists(self, axes: Axes, values: Floats, condition: Condition) -> list[Artist]:
        """What is drawn on the frame, in this order, not yet added to the axes' own lists.

        The data are drawn in the kind's colour.  What is in `INK` and `PAPER` (a line through the data, a ring about a
        point) has the zorder `UNDER`, and comes first.
        """
        ...

    # What training and evaluation need: real plots, and the network's side of them.

    def real(self, table: Table, rng: np.random.Generator) -> Real | None:
        """One plot of real data, drawn at random from the table, or None where this draw makes no useful plot."""
        ...

    @property
    def cells(self) -> int:
        """How many values `cell` takes."""
        ...

    def cell(self, condition: Condition) -> int:
        """The cell of a coarse grid over the conditions; training uses about as many real plots of each."""
        ...

    @property
    def descriptors(self) -> tuple[str, ...]:
        """Names of what `describe` returns."""
        ...

    def describe(self, data: Floats, condition: Condition) -> Floats:
        """Shape of a plot in the unit plot, (P, W), as numbers by which real and drawn plots can be told apart."""
        ...

    @property
    def roles(self) -> int:
        """R, the numbers that tell a part its role (to be an outlier, to belong to the second group)."""
        ...

    @property
    def channels(self) -> int:
        """C, the pictures side by side that a discriminator sees of one plot."""
        ...

    def cast(self, condition: "Tensor", noise: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Which parts exist, and in which role: mask (B, P, 1), 1 or 0, and roles (B, P, R).

        `condition` is (B, F) in natural units, `noise` (B, 8) standard normal, to break ties of nature (how many
        points the second cluster gets).
        """
        ...

    def emit(self, tokens: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> tuple["Tensor", "Tensor"]:
        """The network's last layer, (B, P, W), as data in the unit plot, (B, P, W), padding exactly 0: as the network
        meant them, and after the closed form that makes exact what can be exact inside the graph."""
        ...

    def misfit(self, raw: "Tensor", condition: "Tensor", mask: "Tensor", roles: "Tensor") -> "Tensor":
        """How far the data that the network meant, (B, P, W), are from the condition: (B,), 0 for none, of order one,
        differentiable."""
        ...

    def ink(self, data: "Tensor", condition: "Tensor", mask: "Tensor") -> "Tensor":
        """The differentiable picture of data in the unit plot: (B, C, SIDE, SIDE), 0 paper to 1 ink, row 0 on top."""
        ...


INK, PAPER = "#262626", "#ffffff"
"""Of axes, text, and what is shown besides the data; and of what lies under all."""

UNDER = 0.0
"""The zorder of artists in ink and paper, which lie under the data; those of the data have matplotlib's own, 1 and
more."""

SIDE = 64
"""Pixels a side of the picture that a discriminator sees."""


def vector(kind: Kind, condition: Condition) -> npt.NDArray[np.float32]:
    """The condition as the network's input: (F,)."""
    return np.array([condition[feature.name] for feature in kind.features], dtype=np.float32)


def inexact(kind: Kind, readings: Mapping[str, float], condition: Condition) -> list[str]:
    """Names of the features whose value in the data drawn is not the one asked for."""
    return [
        feature.name
        for feature in kind.features
        if not abs(readings[feature.name] - condition[feature.name]) <= feature.exact + 1e-12  # also where it is NaN
    ]


def precision(axis: Axis) -> int:
    """Decimal places to which values on this axis are rounded: 2,000 to 20,000 steps along the axis, or whole ones."""
    places = int(-np.floor(np.log10(axis.span / 2000)))
    return min(0, places) if axis.whole else places


def to_axis(share: Floats, axis: Axis) -> Floats:
    """Shares of an axis, any shape, as its values, rounded to its precision."""
    return np.round(axis.low + share * axis.span, precision(axis)) + 0.0  # no negative zero


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
