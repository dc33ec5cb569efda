"""Pictures: a frame drawn once per question by matplotlib, and each student's data drawn on it.

The result is a PNG with a palette of sixteen colours (paper, seven greys, eight shades of the data's colour): a
few kilobytes, sharp on dense screens, and with no metadata at all.
"""

from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import MaxNLocator

from ..errors import QuizFileError
from ..items import Axis
from .kinds import INK, UNDER, Area, Condition, Floats, Kind, Plot
from .png import palette_png

LABEL_SIZE, TICK_SIZE = 15.0, 14.0  # CSS pixels; readable when a phone shows the picture at 60 %
PAD = 6.0  # CSS pixels of paper around everything
_GREYS, _SHADES = 7, 8
Write = Callable[[float, int], str]
_FONT = "DejaVu Sans"  # comes with matplotlib, so the picture is the same on every machine


class Frame:
    """The axes, ticks and labels that all pictures of one question share."""

    def __init__(self, kind: Kind, plot: Plot, bins: int | None = None, write: Write | None = None) -> None:
        """Draw the frame once.  Where bins divide the x axis, its marks stand at edges of bins if short numbers tell
        them.  `write` writes a number with so many decimal places; by default in English.

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
            write = write or _written
            edges = edge_ticks(plot.x, bins, size.width, write) if bins else []
            for axis, of, side in ((axes.xaxis, plot.x, size.width), (axes.yaxis, plot.y, size.height)):
                if axis is axes.xaxis and edges:
                    axis.set_ticks([mark for mark, _ in edges], labels=[text for _, text in edges])
                elif of.categories:
                    middles = [of.low + place + 0.5 for place in range(len(of.categories))]
                    axis.set_ticks(middles, labels=list(of.categories), parse_math=False)
                    axis.set_tick_params(length=0, pad=8.5)  # as far from the axis as numbers below their marks
                else:
                    marks = ticks(of, most=max(4, side // 75))
                    axis.set_ticks(marks, labels=[number(mark, marks, write) for mark in marks])
                axis.set_label_text(of.label, color=INK, fontsize=LABEL_SIZE, parse_math=False)
                for text in (of.label, *of.categories):
                    _refuse_undrawable(text)
            axes.set(xlim=(plot.x.low, plot.x.high), ylim=(plot.y.low, plot.y.high))
            self._lay_out(figure)
            while not plot.x.categories and self._thinned(axes):
                self._lay_out(figure)
            figure.set_layout_engine("none")
            self._align(axes, figure)
            self._canvas.draw()
            self._refuse_overlong(axes)
            self._background = self._canvas.copy_from_bbox(figure.bbox)

    def _lay_out(self, figure: Figure) -> None:
        """Make room for labels, as drawing the figure would."""
        engine = figure.get_layout_engine()
        assert engine is not None, "figures are laid out until the axes are on whole pixels"
        engine.execute(figure)

    @property
    def area(self) -> Area:
        """Width and height between the ends of the axes, CSS pixels."""
        return self._axes.bbox.width / self._plot.picture.density, self._axes.bbox.height / self._plot.picture.density

    def _thinned(self, axes: mpl.axes.Axes) -> bool:
        """Whether numbers at the x axis touch, so that every second of its marks was taken away."""
        marks, labels = axes.get_xticks(), axes.get_xticklabels()
        boxes = [label.get_window_extent() for label in labels]
        apart = PAD * self._plot.picture.density
        if len(marks) < 3 or all(after.x0 - before.x1 >= apart for before, after in pairwise(boxes)):
            return False
        axes.set_xticks(marks[::2], labels=[label.get_text() for label in labels[::2]])
        return True

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
            if not of.label:
                continue
            drawn = label.get_window_extent()
            if drawn.x0 < 0 or drawn.y0 < 0 or drawn.x1 > picture.x1 or drawn.y1 > picture.y1:
                raise QuizFileError(f"the axis label {of.label!r} does not fit: shorten it or enlarge the picture")
        apart = PAD * self._plot.picture.density
        for axis, of in ((axes.xaxis, self._plot.x), (axes.yaxis, self._plot.y)):
            boxes = [label.get_window_extent() for label in axis.get_ticklabels()]
            for name, box, following in zip(of.categories, boxes, [*boxes[1:], None], strict=False):
                if not name:
                    continue
                outside = box.x0 < 0 or box.y0 < 0 or box.x1 > picture.x1 or box.y1 > picture.y1
                if outside or (following is not None and box.padded(apart).overlaps(following)):
                    raise QuizFileError(
                        f"the name {name!r} on the axis {of.label!r} does not fit: shorten it or enlarge the picture"
                    )

    @cached_property
    def _greys(self) -> npt.NDArray[np.uint8]:
        """The frame alone as palette indices, 0 (paper) to 7 (ink)."""
        return self._grey([])

    @cached_property
    def _alone(self) -> npt.NDArray[np.uint32]:
        """The pixels of the frame alone, red, green, blue and opacity in one number, in reading order."""
        self._canvas.restore_region(self._background)
        return np.array(self._canvas.buffer_rgba()).view(np.uint32).ravel()

    def _grey(self, artists: list[Artist]) -> npt.NDArray[np.uint8]:
        """The frame and these artists, which are grey too, as palette indices."""
        self._canvas.restore_region(self._background)
        for artist in artists:
            artist.draw(self._canvas.get_renderer())
        grey = np.asarray(self._canvas.buffer_rgba())[..., 0].astype(np.float64)
        ink = to_rgb(INK)[0] * 255
        return np.rint((255 - grey) / (255 - ink) * _GREYS).clip(0, _GREYS).astype(np.uint8)

    @cached_property
    def _palette(self) -> npt.NDArray[np.uint8]:
        ink = np.array(to_rgb(INK)) * 255
        greys = [255 + (ink - 255) * k / _GREYS for k in range(_GREYS + 1)]
        shades = [255 + (self._colour - 255) * k / _SHADES for k in range(1, _SHADES + 1)]
        return np.rint(np.array(greys + shades)).astype(np.uint8)

    def picture(self, values: Floats, condition: Condition) -> bytes:
        """The PNG of these data, at the plot's density.  The same data and condition give the same bytes.

        What lies under the data is drawn apart from them, so that the data's ink is the same with it and without: a
        pixel that they share is the data's.
        """
        alone, artists = self._alone, self._kind.artists(self._axes, values, condition)
        under = [artist for artist in artists if artist.get_zorder() == UNDER]
        indices = self._grey(under) if under else self._greys.copy()
        self._canvas.restore_region(self._background)
        for artist in artists:
            if artist not in under:
                artist.draw(self._canvas.get_renderer())
        rgba = np.asarray(self._canvas.buffer_rgba()).reshape(-1, 4)
        drawn = np.flatnonzero(rgba.view(np.uint32).ravel() != alone)
        red, blue = rgba[drawn, 0], rgba[drawn, 2]
        coloured = red != blue  # paper and ink are grey
        cover = (255 - red[coloured].astype(np.float64)) / (255 - self._colour[0])
        shade = np.rint(cover * _SHADES).clip(0, _SHADES).astype(np.uint8)
        indices.ravel()[drawn[coloured]] = np.where(shade > 0, _GREYS + shade, 0)
        return palette_png(indices, self._palette)


def _agg(figure: Figure) -> Any:
    """The canvas, whose methods matplotlib leaves untyped."""
    return FigureCanvasAgg(figure)


def ticks(axis: Axis, most: int) -> list[float]:
    """Round values inside the axis's range, at most `most` of them and at least two."""
    found = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(axis.low, axis.high)
    slack = 1e-9 * axis.span
    return [float(tick) + 0.0 for tick in found if axis.low - slack <= tick <= axis.high + slack]


def edge_ticks(axis: Axis, bins: int, width: float, write: Write | None = None) -> list[tuple[float, str]]:
    """Edges of the bins that divide the axis, and their labels: every edge, or every second, third, ... from the left
    end, so many that they do not touch in a picture of this width (CSS pixels).

    Nothing where no short number tells the edges: where a bin's width, or the left end, needs more than three places
    beyond those of the axis's length.
    """
    step = axis.span / bins
    if max(_places(of, axis.span) for of in (axis.low, step)) > _places(axis.span, axis.span) + 3:
        return []
    found: list[list[tuple[float, str]]] = []
    for every in range(1, bins + 1):
        marks = [axis.low + step * edge for edge in range(0, bins + 1, every)]
        places = max(_places(mark, axis.span) for mark in marks)
        texts = [(write or _written)(mark, places) for mark in marks]
        narrow = [len(text) - 0.5 * sum(map(text.count, ".,")) for text in texts]
        longest = max(narrow) * 0.64 * TICK_SIZE  # as figures are wide
        if len(marks) <= max(4, width // 60) and longest + PAD <= 0.75 * width * every / bins:
            found.append(list(zip(marks, texts, strict=True)))
            if every == 1:
                break
    # where some edges must go without, a few more may: 162.5, 175.0, 187.5 are read more easily than every third of
    # them, 159.375, 168.750, 178.125
    enough = [marks for marks in found if len(marks) >= len(found[0]) * 2 / 3]
    return min(enough, key=lambda marks: max(_places(mark, axis.span) for mark, _ in marks), default=[])


def number(value: float, among: list[float], write: Write | None = None) -> str:
    """The value with as many places as tell it from its neighbours, and a true minus sign."""
    step = among[1] - among[0]
    return (write or _written)(value, next((p for p in range(12) if abs(round(step, p) - step) < 1e-6 * step), 12))


def _places(value: float, span: float) -> int:
    """The decimal places that tell a value on an axis of this length."""
    return next((p for p in range(12) if abs(round(value, p) - value) < 1e-9 * span), 12)


def _written(value: float, places: int) -> str:
    return f"{value:z.{places}f}".replace("-", "\N{MINUS SIGN}")


def _refuse_undrawable(text: str) -> None:
    font = FT2Font(findfont(FontProperties(family=_FONT)))
    missing = sorted({c for c in text if not c.isspace() and not font.get_char_index(ord(c))})
    if missing or not text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ").isprintable():
        raise QuizFileError(f"the axis label {text!r} has characters that cannot be drawn: {' '.join(missing)}")
