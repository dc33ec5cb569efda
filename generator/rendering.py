"""Pictures: a frame drawn once per question by matplotlib, and each student's data drawn on it.

The result is a PNG with a palette of sixteen colours (paper, seven greys, eight shades of the data's colour): a
few kilobytes, sharp on dense screens, and with no metadata at all.
"""

import io
from functools import cached_property
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import MaxNLocator
from PIL import Image

from ..errors import QuizFileError
from ..items import Axis
from .kinds import Area, Condition, Floats, Kind, Plot

INK = "#262626"
LABEL_SIZE, TICK_SIZE = 15.0, 14.0  # CSS pixels; readable when a phone shows the picture at 60 %
PAD = 6.0  # CSS pixels of paper around everything
_GREYS, _SHADES = 7, 8
_FONT = "DejaVu Sans"  # comes with matplotlib, so the picture is the same on every machine


class Frame:
    """The axes, ticks and labels that all pictures of one question share."""

    def __init__(self, kind: Kind, plot: Plot) -> None:
        """Draw the frame once.

        Raises:
            QuizFileError: a label or category does not fit its axis or has a character that cannot be drawn.
        """
        self._kind, self._plot, self._colour = kind, plot, np.array(to_rgb(kind.colour)) * 255
        size = plot.picture
        with mpl.rc_context():
            mpl.rcdefaults()  # a person's own matplotlibrc must not change pictures
            mpl.rcParams.update({"font.family": _FONT, "axes.unicode_minus": True})
            figure = Figure((size.width / 72, size.height / 72), dpi=72 * size.density)
            figure.set_layout_engine("constrained", w_pad=PAD / 72, h_pad=PAD / 72)
            self._canvas = _agg(figure)
            axes = self._axes = figure.add_subplot()
            axes.spines[["top", "right"]].set_visible(False)
            axes.spines[["left", "bottom"]].set(color=INK, linewidth=1)
            axes.tick_params(color=INK, labelcolor=INK, labelsize=TICK_SIZE, length=5, width=1)
            for axis, of, side in ((axes.xaxis, plot.x, size.width), (axes.yaxis, plot.y, size.height)):
                if of.categories:
                    middles = [of.low + place + 0.5 for place in range(len(of.categories))]
                    axis.set_ticks(middles, labels=list(of.categories), parse_math=False)
                    axis.set_tick_params(length=0, pad=8.5)  # as far from the axis as numbers below their marks
                else:
                    marks = ticks(of, most=max(4, side // 75))
                    axis.set_ticks(marks, labels=[number(mark, marks) for mark in marks])
                axis.set_label_text(of.label, color=INK, fontsize=LABEL_SIZE, parse_math=False)
                for text in (of.label, *of.categories):
                    _refuse_undrawable(text)
            axes.set(xlim=(plot.x.low, plot.x.high), ylim=(plot.y.low, plot.y.high))
            self._canvas.draw()
            figure.set_layout_engine("none")
            self._align(axes, figure)
            self._canvas.draw()
            self._refuse_overlong(axes)
            self._background = self._canvas.copy_from_bbox(figure.bbox)

    @property
    def area(self) -> Area:
        """Width and height between the ends of the axes, CSS pixels."""
        return self._axes.bbox.width / self._plot.picture.density, self._axes.bbox.height / self._plot.picture.density

    def _align(self, axes: mpl.axes.Axes, figure: Figure) -> None:
        """Put the ends of the axes on whole pixels, where the lines are drawn."""
        width, height = figure.bbox.size
        box = axes.get_position().bounds * np.array([width, height, width, height])
        left, bottom = np.ceil(box[:2])
        right, top = np.floor(box[:2] + box[2:])
        axes.set_position(
            (left / width, bottom / height, (right - left) / width, (top - bottom) / height),
        )

    def _refuse_overlong(self, axes: mpl.axes.Axes) -> None:
        picture = axes.get_figure(root=True).bbox  # type: ignore[union-attr]
        for label, of in ((axes.xaxis.label, self._plot.x), (axes.yaxis.label, self._plot.y)):
            drawn = label.get_window_extent()
            if drawn.x0 < 0 or drawn.y0 < 0 or drawn.x1 > picture.x1 or drawn.y1 > picture.y1:
                raise QuizFileError(f"the axis label {of.label!r} does not fit: shorten it or enlarge the picture")
        apart = PAD * self._plot.picture.density
        for axis, of in ((axes.xaxis, self._plot.x), (axes.yaxis, self._plot.y)):
            boxes = [label.get_window_extent() for label in axis.get_ticklabels()]
            for name, box, following in zip(of.categories, boxes, [*boxes[1:], None], strict=False):
                outside = box.x0 < 0 or box.y0 < 0 or box.x1 > picture.x1 or box.y1 > picture.y1
                if outside or (following is not None and box.padded(apart).overlaps(following)):
                    raise QuizFileError(
                        f"the name {name!r} on the axis {of.label!r} does not fit: shorten it or enlarge the picture"
                    )

    @cached_property
    def _greys(self) -> npt.NDArray[np.uint8]:
        """The frame alone as palette indices, 0 (paper) to 7 (ink)."""
        self._canvas.restore_region(self._background)
        grey = np.asarray(self._canvas.buffer_rgba())[..., 0].astype(np.float64)
        ink = to_rgb(INK)[0] * 255
        return np.rint((255 - grey) / (255 - ink) * _GREYS).clip(0, _GREYS).astype(np.uint8)

    @cached_property
    def _palette(self) -> list[int]:
        ink = np.array(to_rgb(INK)) * 255
        greys = [255 + (ink - 255) * k / _GREYS for k in range(_GREYS + 1)]
        shades = [255 + (self._colour - 255) * k / _SHADES for k in range(1, _SHADES + 1)]
        return np.rint(np.array(greys + shades)).astype(int).ravel().tolist()

    def picture(self, values: Floats, condition: Condition) -> bytes:
        """The PNG of these data, at the plot's density.  The same data and condition give the same bytes."""
        indices = self._greys.copy()
        self._canvas.restore_region(self._background)
        for artist in self._kind.artists(self._axes, values, condition):
            artist.draw(self._canvas.get_renderer())
        rgba = np.asarray(self._canvas.buffer_rgba())
        red, blue = rgba[..., 0], rgba[..., 2]
        coloured = np.nonzero(red != blue)  # paper and ink are grey
        cover = (255 - red[coloured].astype(np.float64)) / (255 - self._colour[0])
        shade = np.rint(cover * _SHADES).clip(0, _SHADES).astype(np.uint8)
        indices[coloured] = np.where(shade > 0, _GREYS + shade, 0)
        image = Image.fromarray(indices, mode="P")
        image.putpalette(self._palette)
        out = io.BytesIO()
        image.save(out, "png", bits=4, compress_level=6)  # 9 takes five times as long for a tenth less
        return out.getvalue()


def _agg(figure: Figure) -> Any:
    """The canvas, whose methods matplotlib leaves untyped."""
    return FigureCanvasAgg(figure)


def ticks(axis: Axis, most: int) -> list[float]:
    """Round values inside the axis's range, at most `most` of them and at least two."""
    found = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(axis.low, axis.high)
    slack = 1e-9 * axis.span
    return [float(tick) + 0.0 for tick in found if axis.low - slack <= tick <= axis.high + slack]


def number(value: float, among: list[float]) -> str:
    """The value with as many places as tell it from its neighbours, and a true minus sign."""
    step = among[1] - among[0]
    places = next((p for p in range(12) if abs(round(step, p) - step) < 1e-6 * step), 12)
    return f"{value:.{places}f}".replace("-", "\N{MINUS SIGN}")


def _refuse_undrawable(text: str) -> None:
    font = FT2Font(findfont(FontProperties(family=_FONT)))
    missing = sorted({c for c in text if not c.isspace() and not font.get_char_index(ord(c))})
    if missing or not text.isprintable():
        raise QuizFileError(f"the axis label {text!r} has characters that cannot be drawn: {' '.join(missing)}")
