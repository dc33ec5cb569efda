"""What a delivered histogram shows: its bins and the height of each bar, measured in the picture alone.

The reader knows neither the number of bins nor the density of the picture nor the colour of its bars.  It takes for
granted white paper, grey axes and text, axes along the left and the bottom, and bars on equal parts of the whole x
axis: half-opaque, with an outline of the same colour, standing on the axis's line.  Bars found are drawn again, and
what the drawing does not explain completely is refused: a wrong count must never pass for a reading.

Lengths are in pixels.  Rows count from the top of the window in which bars can be; a pixel's row or column is where
it begins.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from . import Unreadable
from .axes import Axes, axes_of
from .likeness import Bytes, coarse
from .png import PALE, Pixels, decode
from .ticks import Ticks, ticks_of

Floats = npt.NDArray[np.float64]

MOST_BINS = 24  # with more, the bars of small pictures would be no wider than their outlines
NAMED_BINS = 16  # counts that have a name, whether there are so many bins or not
LARGEST_RESIDUAL = 0.25  # of a pixel; eight shades of ink explain up to 0.13
WHOLE = 0.2  # counts: a bar further than this from a whole number is none of a count
SURE = 6  # standard errors: the same
STANDS_OUT = 3.0, 0.3  # prominence of a mode: at least so many values, and this share of the tallest bar
_FILL = 0.5  # of the outline's ink, inside it
_OUTLINE = 1.2  # thicknesses of an axis: where the search for the outline's thickness begins
_LEAST_ERROR = 0.03  # pixels: what rounding to eight shades leaves of the place of an edge
_STRANGE = 9.0  # the cover of what is no bar's ink: no drawing explains it
_MOST_COLOURS = 256  # drawings have sixteen


@dataclass(frozen=True, slots=True, kw_only=True)
class BarReading:
    """What a histogram shows.

    `bins` divide the whole x axis; those without a bar have the height 0.  `heights` are shares of the y axis, from
    left to right, and `uncertainty` is the standard error of each.
    `coarse` is the picture's coarse copy (`likeness.coarse`), and `ticks` are the marks of the axes.
    """

    bins: int
    heights: tuple[float, ...]
    uncertainty: float
    coarse: Bytes
    ticks: Ticks

    def measured(self, x: tuple[float, float], y: tuple[float, float]) -> dict[str, float]:
        """All quantities that bars show, under the names by which templates ask for them.

        `x` and `y` are the ends of the axes; y counts values, from 0.

        Raises:
            Unreadable: a bar's height is no whole number, or the bars are too low to be told apart.
        """
        counts = self._counts(y)
        tallest = int(counts.argmax())
        second, first = np.partition(counts, -2)[-2:]
        filled = np.flatnonzero(counts)
        modes, mode_margin = _modes(counts.tolist())
        edges = np.linspace(*x, self.bins + 1)
        return {
            "n": float(counts.sum()),
            "bins": float(self.bins),
            "modes": float(modes),
            "mode_margin": mode_margin,
            "tallest": float(tallest + 1),
            "tallest_count": float(first),
            "tallest_margin": float(first - second),
            "tallest_low": float(edges[tallest]),
            "tallest_high": float(edges[tallest + 1]),
            "bin_width": (x[1] - x[0]) / self.bins,
            "empty": float((counts[filled[0] : filled[-1]] == 0).sum()),
            **_grouped(counts, edges),
            **{f"count_{k}": 0.0 for k in range(1, NAMED_BINS + 1)},
            **{f"count_{k}": float(count) for k, count in enumerate(counts, 1)},
        }

    def uncertain(self, x: tuple[float, float], y: tuple[float, float]) -> dict[str, float]:
        """The standard error of each quantity that `measured` gives, as far as reading goes: none, for all of them
        follow from counts, which are whole numbers."""
        return dict.fromkeys(self.measured(x, y), 0.0)

    def contradictions(
        self,
        values: npt.NDArray[np.float64],
        shown: Mapping[str, float],
        x: tuple[float, float],
        y: tuple[float, float],
    ) -> Iterator[str]:
        """What contradicts the data, in words; nothing when every bar is as high as the data have values in its bin.

        `values` are the data, shape (n, 1), in the units of the axes; `shown` has the number of `bins`; `x` and `y`
        are the ends of the axes.  A bar is of another height if it is further away than can be read: by six standard
        errors, and never by more than a fifth of a value.
        """
        yield from self.ticks.contradictions(x, y)
        bins = int(shown["bins"])
        if self.bins != bins:
            yield f"the picture shows {self.bins} bins, but the data are counted in {bins}"
            return
        wanted, _ = np.histogram(values[:, 0], bins=bins, range=x)
        for place, (height, count) in enumerate(zip(self.heights, wanted.tolist(), strict=True), 1):
            seen = y[0] + height * (y[1] - y[0])
            if not abs(seen - count) <= min(WHOLE, SURE * self.uncertainty * (y[1] - y[0])):
                yield f"bar {place} of the picture shows {seen:.1f} values, but the data have {count} there"
        if wanted.sum() != len(values):
            yield f"{len(values) - wanted.sum()} values lie beyond the ends of the x axis"

    def _counts(self, y: tuple[float, float]) -> npt.NDArray[np.int64]:
        """The number of values in each bin."""
        if y[0] != 0:
            raise Unreadable(f"the y axis begins at {y[0]:g}, so that its bars do not count from 0")
        error = self.uncertainty * y[1]
        if SURE * error > 1 - WHOLE:
            raise Unreadable("the bars are too low for one value more or less to be seen")
        seen = np.array(self.heights) * y[1]
        counts = np.rint(seen)
        off = np.abs(seen - counts)
        if off.max() > min(WHOLE, SURE * error):
            raise Unreadable(f"bar {off.argmax() + 1} shows {seen[off.argmax()]:.2f} values, which is no whole number")
        return counts.astype(np.int64)


def read_histogram(png: bytes) -> BarReading:
    """The bars of a histogram.

    Raises:
        Unreadable: this is no PNG, or not a histogram, or its bars leave ink unexplained.
    """
    pixels = decode(png)
    picture = _unmix(pixels)
    axes = picture.axes
    window = _window(picture)
    changes = np.flatnonzero(window.columns_differ[1:]) + 1
    least = np.inf
    for bins in range(2, MOST_BINS + 1):
        edges = axes.left - window.left + (axes.right - axes.left) * np.arange(bins + 1) / bins
        if len(changes) and np.abs(changes[:, None] - edges).min(axis=1).max() > window.reach:
            continue
        tops = _tops(window, edges)
        least = min(least, doubt := _doubt(window, edges, tops))
        if doubt <= LARGEST_RESIDUAL:
            heights = np.where(tops.filled, (axes.bottom - window.top - tops.rows) / (axes.bottom - axes.top), 0.0)
            error = max(tops.error, _LEAST_ERROR) / (axes.bottom - axes.top)
            return BarReading(
                bins=bins,
                heights=tuple(heights.tolist()),
                uncertainty=error,
                coarse=coarse(pixels),
                ticks=ticks_of(pixels, axes),
            )
    if least == np.inf:
        raise Unreadable("the picture has no bars on equal parts of the whole x axis")
    raise Unreadable(f"bars on equal parts of the axis leave {min(least, 1):.2f} of a pixel's ink unexplained")


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture, what each of its colours covers of a pixel with the bars' ink (`_STRANGE` where it is no such ink),
    and its axes."""

    pixels: Pixels
    cover: Floats
    axes: Axes


def _unmix(pixels: Pixels) -> _Picture:
    """Each colour as a mixture of paper with the bars' ink, and the axes.

    The most frequent colour that is not grey is the inside of bars.  The share of it in a mixture with white is the
    ratio of the colours' spans (largest less smallest channel), for white and grey have none.
    """
    colours, runs = pixels.colours, pixels.runs
    if len(colours) > _MOST_COLOURS:
        raise Unreadable(f"the picture has {len(colours)} colours, more than mixtures of three")
    count = np.bincount(runs.numbers, runs.lengths, len(colours))
    span = np.ptp(colours, axis=1)
    inked = (count > 0) & (colours < 255 - PALE).any(axis=1)
    coloured, grey = inked & (span > PALE), inked & (span <= PALE)
    if not coloured.any():
        raise Unreadable("the picture has no bars")
    if not grey.any():
        raise Unreadable("the picture has no axes")
    inside = int(np.where(coloured, count, 0).argmax())
    share = np.where(coloured, span / span[inside], 0)
    mixture = 255 + share[:, None] * (colours[inside] - 255)
    if (coloured & ((np.abs(mixture - colours) > 2 * PALE).any(axis=1) | (share > 1 / _FILL + 0.05))).any():
        raise Unreadable("the picture has colours that are neither paper, nor grey, nor the bars'")
    lightness = colours.mean(axis=1)
    darkest = runs.of(grey & (lightness <= lightness[grey].min() + PALE))
    cover = np.where(coloured, _FILL * share, np.where(grey, _STRANGE, 0))
    return _Picture(pixels, cover, axes_of(pixels.shape, *darkest.pixels()))


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of the picture in which bars can be: from the row `top` and the column `left` of the picture to the
    lowest row of ink and a little beyond the right end of the axis.

    `rows_differ` and `columns_differ` tell which differ from the one before them; the first does.  `reach` is how far
    from an edge of bins its outline is looked for, and `outline` about how thick that is.
    """

    numbers: npt.NDArray[np.integer]
    cover: Floats
    top: int
    left: int
    rows_differ: npt.NDArray[np.bool_]
    columns_differ: npt.NDArray[np.bool_]
    reach: float
    outline: float

    def covered(self, columns: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]) -> Floats:
        """The ink where these columns and rows cross, shape (columns, rows)."""
        ink: Floats = self.cover[self.numbers[rows, columns[:, None]]]
        return ink


def _window(picture: _Picture) -> _Window:
    """The window, cut to the ink in it.

    Raises:
        Unreadable: there is ink of bars outside it, or it ends above the axis.
    """
    axes, runs, cover = picture.axes, picture.pixels.runs, picture.cover
    width = picture.pixels.shape[1]
    top, right = max(0, axes.top - axes.thickness - 1), min(width, axes.right + axes.thickness + 2)
    bars = runs.of((cover > 0) & (cover != _STRANGE))
    if (bars.rows < top).any() or (bars.rows >= axes.inner_bottom).any():
        raise Unreadable("a bar lies above the y axis or below the x axis")
    if (bars.columns < axes.inner_left).any() or (bars.columns + bars.lengths > right).any():
        raise Unreadable("a bar lies beyond the ends of the x axis")
    ink = runs.of(cover > 0)
    rows = ink.rows[(ink.columns + ink.lengths > axes.inner_left) & (ink.columns < right)]
    rows = rows[(rows >= top) & (rows < axes.inner_bottom)]
    if not len(rows) or axes.inner_bottom - 1 - rows[-1] > 1:
        raise Unreadable("no bars stand on the x axis")
    first = max(top, int(rows[0]) - 2)
    inside = picture.pixels.numbers[first : rows[-1] + 1, axes.inner_left : right]
    return _Window(
        numbers=inside,
        cover=cover,
        top=first,
        left=axes.inner_left,
        rows_differ=np.append(True, (inside[1:] != inside[:-1]).any(axis=1)),
        columns_differ=np.append(True, (inside[:, 1:] != inside[:, :-1]).any(axis=0)),
        reach=axes.thickness + 1.5,
        outline=_OUTLINE * axes.thickness,
    )


@dataclass(frozen=True, slots=True)
class _Tops:
    """The rows in which the tops of bars lie (bins,), infinite where there is none; how thick the outline is; and the
    standard error of a row."""

    rows: Floats
    outline: float
    error: float

    @property
    def filled(self) -> npt.NDArray[np.bool_]:
        """Which bins have a bar."""
        return np.isfinite(self.rows)


def _tops(window: _Window, edges: Floats) -> _Tops:
    """The tops, by least squares: of the ink in the middle of each bar, with one thickness for all outlines.

    The ink of a top is known by the place of its upper end, which is exact but for rounding, and begins the search.
    """
    middle = np.floor((edges[:-1] + edges[1:]) / 2).astype(np.intp)
    ink = window.covered(middle, np.arange(len(window.numbers)))
    rows = np.full(len(middle), np.inf)
    filled = np.flatnonzero((ink > 0).any(axis=1))
    if not len(filled):
        return _Tops(rows, window.outline, 0.0)
    ink = ink[filled]
    first = (ink > 0).argmax(axis=1)
    wide = int(np.ceil(3 * window.outline)) + 4
    at = first[:, None] - 1 + np.arange(wide)
    known = (at >= 0) & (at < ink.shape[1])  # the ground may hide the lower end of a low bar's outline
    near = np.take_along_axis(ink, at.clip(0, ink.shape[1] - 1), axis=1)
    top = first + 1 - ink[np.arange(len(first)), first].clip(0, 1) + window.outline / 2
    thickness, least = window.outline, 1.0

    def error(top: Floats, thickness: float) -> Floats:
        return np.where(known, near - _profile(at - top[:, None], thickness), 0.0)

    for _ in range(6):
        left = error(top, thickness)
        by_top = (error(top - 0.1, thickness) - error(top + 0.1, thickness)) / 0.2
        by_outline = (error(top, thickness - 0.1) - error(top, thickness + 0.1)) / 0.2
        own, shared = (by_top**2).sum(axis=1) + 1e-3, (by_top * by_outline).sum(axis=1)
        wanted, least = (by_top * left).sum(axis=1), float(own.min())
        # a weak spring holds the thickness, which a single bar on a whole pixel would not tell
        own_outline = (by_outline**2).sum() + 0.05 - (shared**2 / own).sum()
        pull = (by_outline * left).sum() - (shared * wanted / own).sum() + 0.05 * (window.outline - thickness)
        change = float(np.clip(pull / own_outline, -0.5, 0.5))
        step = ((wanted - shared * change) / own).clip(-0.5, 0.5)
        top, thickness = top + step, max(thickness + change, 0.3)
        if max(np.abs(step).max(), abs(change)) < 0.02:  # what a further step would change is far less
            break
    rows[filled] = top
    variance = (error(top, thickness) ** 2).sum() / len(top)
    return _Tops(rows, thickness, float(np.sqrt(variance / least)))


def _profile(rows: Floats, thickness: float) -> Floats:
    """The ink of pixels that begin so far below the top of a bar, in its middle."""
    line = _beyond(rows + thickness / 2) - _beyond(rows - thickness / 2)
    return line + (1 - line) * _FILL * _beyond(rows)


def _beyond(start: Floats) -> Floats:
    """What of pixels that begin so far after a line lies after it."""
    return np.clip(start + 1, 0.0, 1.0)


def _doubt(window: _Window, edges: Floats, tops: _Tops) -> float:
    """The largest difference between the ink and a drawing of these bars, as a share of a pixel.

    Only rows near tops and columns near edges are drawn, and others that differ from the one before.  How two
    outlines share a pixel depends on the painter: anything from the larger cover to the sum is no error.  So does the
    corner of an outline, which may be pointed or cut off.
    """
    half = tops.outline / 2
    reach = max(window.reach, half + 1)
    columns = _drawn(window.columns_differ, edges, reach)
    rows = _drawn(window.rows_differ, tops.rows[tops.filled], reach)
    nearest = np.searchsorted((edges[:-1] + edges[1:]) / 2, columns + 0.5)
    from_edge = (columns.astype(np.float64) - edges[nearest])[:, None]
    above = np.concatenate([[np.inf], tops.rows, [np.inf]])[:, None]
    outer, inner, fill = (_beyond(rows.astype(np.float64) - above + shift) for shift in (half, -half, 0.0))
    least, most = np.zeros((2, len(columns), len(rows)))
    inside = np.zeros_like(least)
    for bars, start in ((nearest, -from_edge - 1), (nearest + 1, from_edge)):  # left of the edge, and right of it
        beyond, within = _beyond(start + half), _beyond(start)
        line = beyond * outer[bars] - _beyond(start - half) * inner[bars]
        corner = (beyond - within) * (outer[bars] - fill[bars])
        most += line
        np.maximum(least, line - np.minimum(corner, half**2 / 2), out=least)
        inside += within * fill[bars]
    inside *= _FILL
    np.minimum(most, 1.0, out=most)
    ink = window.covered(columns, rows)
    least, most = (line + (1 - line) * inside for line in (least, most))
    return float(max((least - ink).max(), (ink - most).max()))


def _drawn(differ: npt.NDArray[np.bool_], lines: Floats, reach: float) -> npt.NDArray[np.intp]:
    """The rows (or columns) that must be drawn: where the one before is another in the picture (`differ`), or where it
    may be another in the drawing, whose ink changes no further than `reach` from these lines."""
    place = np.arange(len(differ)) + 0.5
    near = np.abs(place[:, None] - lines).min(axis=1, initial=np.inf) < reach + 1
    return np.flatnonzero(differ | near | np.append(False, near[:-1]))


def _grouped(counts: npt.NDArray[np.int64], edges: Floats) -> dict[str, float]:
    """Statistics of grouped data: as if every value lay in the middle of its bin, or, for the median, as if those of
    one bin were spread evenly over it."""
    n = int(counts.sum())
    middles = (edges[:-1] + edges[1:]) / 2
    mean = float(counts @ middles) / n
    second, third = (float(counts @ (middles - mean) ** power) / n for power in (2, 3))
    below = np.concatenate([[0], np.cumsum(counts)])
    at = int(np.searchsorted(below[1:], n / 2))
    return {
        "grouped_mean": mean,
        "grouped_median": float(edges[at] + (n / 2 - below[at]) / counts[at] * (edges[at + 1] - edges[at])),
        "grouped_sd": float(np.sqrt(second * n / (n - 1))) if n > 1 else float("nan"),
        "grouped_skew": third / second**1.5 if second > 0 else float("nan"),
    }


def _modes(counts: list[int]) -> tuple[int, float]:
    """How many peaks stand out, and how far the nearest peak is from the limit, relative to it.

    A peak is a run of equal counts above both neighbours, with nothing beyond the axis.  It stands out by its height
    above the higher of the two lowest points that part it from taller bars, of which an equal one on its left is one.
    """
    runs = [0, *(count for count, before in zip(counts, [-1, *counts], strict=False) if count != before), 0]
    limit = max(STANDS_OUT[0], STANDS_OUT[1] * max(counts))
    heights = []
    for place, (before, here) in enumerate(pairwise(runs[:-1]), 1):
        if not before < here > runs[place + 1]:
            continue
        left = next((k for k in range(place - 1, 0, -1) if runs[k] >= here), 0)
        right = next((k for k in range(place + 1, len(runs)) if runs[k] > here), len(runs) - 1)
        heights.append(here - max(min(runs[left:place]), min(runs[place : right + 1])))
    return sum(height >= limit for height in heights), min(abs(height - limit) for height in heights) / limit
