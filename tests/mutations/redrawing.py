"""Pictures of a recorded bank drawn again, with something in them changed."""

import hashlib
import io
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from plotbank.generator.kinds import UNDER, Plot, kinds
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec

DENSITY = 1  # of the recorded banks whose pictures are drawn again


def plot_of(record):
    """The plot in which a picture was drawn, as `private/plots.jsonl` says it."""
    x, y = (
        Axis(
            label=record[axis]["label"],
            low=record[axis]["low"],
            high=record[axis]["high"],
            categories=tuple(record[axis]["categories"]),
        )
        for axis in "xy"
    )
    width, height = record["size"]
    return Plot(x=x, y=y, picture=PictureSpec(width=width, height=height, density=DENSITY))


def values_of(record):
    return np.array(record["values"])


def redrawn(record, *, values=None, condition=None, plot=None, write=None, kind=None):
    """The PNG of a recorded plot, with other values, another condition, frame, kind, or way to write numbers."""
    condition = record["condition"] | (condition or {})
    bins = int(condition["bins"]) if "bins" in condition else None
    values = values_of(record) if values is None else values
    frame = _frame(kind or kinds()[record["kind"]], plot or plot_of(record), bins, write)
    return frame.picture(values, condition)


@cache
def _frame(kind, plot, bins, write):
    return Frame(kind, plot, bins, write)


@dataclass(frozen=True, eq=False)
class _Mixed:
    """A kind that draws what lies under the data for other values than the data."""

    kind: Any
    under: Any

    @property
    def colour(self):
        return self.kind.colour

    def artists(self, axes, values, condition):
        return [
            *(one for one in self.kind.artists(axes, self.under, condition) if one.get_zorder() == UNDER),
            *(one for one in self.kind.artists(axes, values, condition) if one.get_zorder() != UNDER),
        ]


def with_line_of(record, values):
    """A scatter plot with the line of other values."""
    return redrawn(record, kind=_Mixed(kinds()[record["kind"]], values))


def repainted(png, change):
    """A PNG whose pixels, as palette indices (height, width), were changed."""
    with Image.open(io.BytesIO(png)) as image:
        pixels, palette = np.array(image), image.getpalette()
    after = Image.fromarray(change(pixels), mode="P")
    after.putpalette(palette)
    return _png(after)


def recompressed(png, level):
    """The same picture in a file of another size."""
    with Image.open(io.BytesIO(png)) as image:
        return _png(image, compress_level=level)


def _png(image, **options):
    out = io.BytesIO()
    image.save(out, "png", bits=4, **{"compress_level": 6, **options})
    return out.getvalue()


def sha256(png):
    return hashlib.sha256(png).hexdigest()
