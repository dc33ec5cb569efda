"""What a delivered picture of box plots shows: the lines of every box and the outliers, measured in the picture alone.

The reader knows neither the number of groups nor the density of the picture, the widths of lines, the size of the
outliers' discs or any colour.  It takes for granted white paper, grey axes and text, axes along the left and the
bottom, one colour for everything drawn, a paler shade of it inside the boxes, whisker caps narrower than three
quarters of a box, and outliers that are equal discs on their group's middle line.  What it cannot explain completely
it refuses.

Lines lie between pixels, whose shades tell how much of them is covered.  Three places of each group tell everything:
a column near the box's side (its edges and the median), one near the end of the caps (the whiskers' ends), and the
rows beyond the caps (outliers).  What was found is then drawn again and compared with the whole picture.

Within this module a place is measured in pixels from the picture's upper left corner, a cover is the share of a pixel
that is covered, and a group's lines are ordered as in the picture: upper whisker's end, Q3, median, Q1, lower
whisker's end.  G is the number of groups, R that of the picture's rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import Unreadable, discs
from .axes import Axes, Floats, Integers, axes_of
from .likeness import Bytes, coarse
from .png import PALE, Pixels, decode
from .ticks import Ticks, ticks_of

Levels = npt.NDArray[np.uint8]
Ends = tuple[float, float]

SAME = 0.003  # of an axis: a line further than this from where the data put it is another line
SURE = 6  # standard errors: the same, where that is less; the largest error of thousands of lines was 3.2 of them
SLOTS = 4  # groups that readings have names for
FENCE = 1.5  # interquartile ranges from the box (Tukey 1977)
LINES = ("whisker_low", "q1", "q2", "q3", "whisker_high")
LARGEST_RESIDUAL = 0.22  # of a pixel: less than the boxes' pale shade; rounding to eight shades explains up to 0.19

_FULL = 240  # the level of full ink; eighths of it are whole numbers
_GREY, _DARKEST = 241, 242  # the levels of grey ink, and of the darkest of it: the axes'
_STRONG = 192  # no paler ink is the axes', nor lies over them
_DARK = 0.5  # of the way from the box's shade to full ink: rows darker than this belong to a line
_PEAK = 0.91  # of a disc's diameter: discs 0.7 diameters apart leave narrower ink between them, and none has less
_CERTAIN = 0.1  # cover that is seen even where eight shades round it down
_FEWEST = 8  # pixels of a box's width
_STEPS = 12
_STILL = 0.005  # pixels: what moves less has arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReading:
    """What the picture shows of one group.

    `centre` is a share of the x axis; the lines and `outliers` (ascending) are shares of the y axis.
    """

    centre: float
    whisker_low: float
    q1: float
    q2: float
    q3: float
    whisker_high: float
    outliers: tuple[float, ...]

    @property
    def lines(self) -> tuple[float, float, float, float, float]:
        """The five lines, ascending, in the order of `LINES`."""
        return self.whisker_low, self.q1, self.q2, self.q3, self.whisker_high

    def named(self, slot: int, y: Ends) -> dict[str, float]:
        """What templates call the readings of the group in this slot, from 1; `y` are the ends of the axis."""
        low, q1, q2, q3, high = self.lines
        iqr = q3 - q1
        everything = (*self.lines, *self.outliers)
        at = dict(zip(LINES, self.lines, strict=True)) | {"min": min(everything), "max": max(everything)}
        return {f"{name}_{slot}": y[0] + share * (y[1] - y[0]) for name, share in at.items()} | {
            f"median{slot}": q2,
            f"iqr{slot}": iqr,
            f"skew{slot}": (q3 + q1 - 2 * q2) / iqr,
            f"lower{slot}": (q1 - low) / iqr,
            f"upper{slot}": (high - q3) / iqr,
            f"outliers{slot}": float(len(self.outliers)),
        }

    def errors(self, slot: int, y: Ends, error: float) -> dict[str, float]:
        """The standard errors of the readings in `named`, where each line's is `error`, by their derivatives."""
        low, q1, q2, q3, high = self.lines
        iqr = q3 - q1
        skew, lower, upper = (q3 + q1 - 2 * q2) / iqr, (q1 - low) / iqr, (high - q3) / iqr
        return {f"{name}_{slot}": error * (y[1] - y[0]) for name in (*LINES, "min", "max")} | {
            f"median{slot}": error,
            f"iqr{slot}": error * 2**0.5,
            f"skew{slot}": error / iqr * (6 + 2 * skew**2) ** 0.5,
            f"lower{slot}": error / iqr * (1 + (1 + lower) ** 2 + lower**2) ** 0.5,
            f"upper{slot}": error / iqr * (1 + (1 + upper) ** 2 + upper**2) ** 0.5,
            f"outliers{slot}": 0.0,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxReading:
    """What a picture of box plots shows.

    `groups` go from left to right.  `uncertainty` is the standard error of a line's position as a share of the axis,
    estimated from what the lines' edges leave unexplained.  `doubt` is the largest difference between the picture and
    a drawing of what was found, as a share of a pixel.  `coarse` is the picture's coarse copy (`likeness.coarse`), and
    `ticks` are the marks of the axes.
    """

    groups: tuple[GroupReading, ...]
    uncertainty: float
    doubt: float
    coarse: Bytes
    ticks: Ticks

    def measured(self, x: Ends, y: Ends) -> dict[str, float]:
        """The readings that a picture can tell, by the names that templates use; `x` and `y` are the ends of the axes.

        Group g stands at g - 0.5 on the x axis.  A group that is not there has no lines (NaN) and the features 0.

        Raises:
            Unreadable: the groups do not stand at 0.5, 1.5 and so on, or there are too many.
        """
        found = {
            "groups": float(len(self.groups)),
            "outliers": float(sum(len(group.outliers) for group in self.groups)),
        }
        for slot in range(1, SLOTS + 1):
            found |= {f"{name}{slot}": 0.0 for name in ("median", "iqr", "skew", "lower", "upper", "outliers")}
            found |= {f"{name}_{slot}": np.nan for name in (*LINES, "min", "max")}
        for slot, group in enumerate(self.groups, start=1):
            if slot > SLOTS or not abs(group.centre - (slot - 0.5 - x[0]) / (x[1] - x[0])) <= SAME:
                raise Unreadable(f"the box {slot} from the left is not in its group's place")
            found |= group.named(slot, y)
        return found

    def uncertain(self, x: Ends, y: Ends) -> dict[str, float]:
        """The standard error of each quantity that `measured` gives, as far as reading goes; 0 for what is counted."""
        found = {name: value * 0.0 for name, value in self.measured(x, y).items()}
        for slot, group in enumerate(self.groups, start=1):
            found |= group.errors(slot, y, self.uncertainty)
        return found

    def contradictions(self, values: Floats, shown: Mapping[str, float], x: Ends, y: Ends) -> Iterator[str]:  # noqa: ARG002
        """A sentence for whatever is not where the data put it: `values` (m, 2) are groups, from 0, and values.

        `x` and `y` are the ends of the axes; `shown` is what is no property of the data: nothing of it is needed.  A
        line is elsewhere if it is further away than can be read: by six standard errors.  No error excuses more than
        0.3 % of the axis.
        """
        yield from self.ticks.contradictions(None, y)
        same = min(SAME, SURE * self.uncertainty)
        numbers = np.unique(values[:, 0])
        if len(numbers) != len(self.groups):
            yield f"the picture shows {len(self.groups)} groups, and the data have {len(numbers)}"
            return
        for number, group in zip(numbers, self.groups, strict=True):
            name = f"group {int(number) + 1}"
            place = (number + 0.5 - x[0]) / (x[1] - x[0])
            if not abs(group.centre - place) <= SAME:
                yield f"{name} stands at {group.centre:.4f} of the axis instead of {place:.4f}"
            shares = (values[values[:, 0] == number, 1] - y[0]) / (y[1] - y[0])
            lines, outliers = _tukey(shares)
            for line, seen, due in zip(LINES, group.lines, lines, strict=True):
                if not abs(seen - due) <= same:
                    yield f"{line} of {name} is at {seen:.4f} of the axis instead of {due:.4f}"
            if len(outliers) != len(group.outliers):
                yield f"{name} shows {len(group.outliers)} outliers instead of {len(outliers)}"
                continue
            for seen, due in zip(group.outliers, outliers, strict=True):
                if not abs(seen - due) <= same:
                    yield f"an outlier of {name} is at {seen:.4f} of the axis instead of {due:.4f}"


def _tukey(values: Floats) -> tuple[list[float], list[float]]:
    """The five lines that values (n,) make, ascending, and the outliers, ascending."""
    q1, q2, q3 = np.quantile(values, [0.25, 0.5, 0.75])
    reach = FENCE * (q3 - q1) + 1e-12  # a value on the fence is none beyond it, however the shares were rounded
    inside = (values >= q1 - reach) & (values <= q3 + reach)
    ends = values[inside]
    lines = [float(line) for line in (ends.min(), q1, q2, q3, ends.max())]
    return lines, sorted(map(float, values[~inside]))


def read_boxplot(png: bytes) -> BoxReading:
    """The groups of a picture of box plots.

    Raises:
        Unreadable: this is no PNG, or no picture of box plots, or there is something in it that they do not explain.
    """
    pixels = decode(png)
    inked = _inked(pixels)
    axes = inked.axes()
    spans = inked.spans(axes)
    if not spans:
        raise Unreadable("the picture has no boxes")
    if min(last - first for first, last in spans) < _FEWEST:
        raise Unreadable("something in the picture is too narrow for a box")
    windows = [inked.window(span, axes.inner_bottom) for span in spans]
    found = _measured(windows, inked.step)
    outliers = _outliers(windows, found, axes.inner_bottom)
    doubt = max(_doubt(window, found, group, outliers, axes.inner_bottom) for group, window in enumerate(windows))
    if not doubt <= LARGEST_RESIDUAL:
        raise Unreadable(f"box plots leave {doubt:.2f} of a pixel's ink unexplained")
    height = axes.bottom - axes.top

    def shares(places: Floats) -> list[float]:
        return [float(share) for share in (axes.bottom - places[::-1]) / height]

    groups = []
    for group, (first, _) in enumerate(spans):
        centre = first + found.sides[group].mean() - axes.left
        whisker_low, q1, q2, q3, whisker_high = shares(found.lines[group])
        groups.append(
            GroupReading(
                centre=float(centre) / (axes.right - axes.left),
                whisker_low=whisker_low, q1=q1, q2=q2, q3=q3, whisker_high=whisker_high,
                outliers=tuple(shares(outliers.of(group))),
            )
        )  # fmt: skip
    return BoxReading(
        groups=tuple(groups),
        uncertainty=float(np.sqrt(found.variance)) / height,
        doubt=doubt,
        coarse=coarse(pixels),
        ticks=ticks_of(pixels, axes),
    )


@dataclass(frozen=True, slots=True)
class _Inked:
    """The picture and the `levels` of ink that its colours are.

    0 is paper, up to `_FULL` the colour of the boxes, then grey.  `step` is the smallest difference between shades,
    as a share of full ink.
    """

    pixels: Pixels
    levels: Levels
    step: float

    def axes(self) -> Axes:
        """The axes, on which outliers may lie."""
        strong = (self.levels >= _STRONG) & (self.levels != _GREY)
        return axes_of(self.pixels.shape, *self.pixels.runs.of(strong).pixels())

    def spans(self, axes: Axes) -> list[tuple[int, int]]:
        """The first column of each group, and the one after its last: there is colour in each between.

        Raises:
            Unreadable: there is colour outside the ends of the x axis, or grey above that axis between them.
        """
        colour = self.pixels.runs.of((self.levels > 0) & (self.levels <= _FULL))
        ends = colour.columns + colour.lengths
        if (colour.columns < axes.inner_left).any() or (ends > axes.right).any():
            raise Unreadable("something is drawn outside the axes")
        grey = self.pixels.runs.of(self.levels > _FULL)
        between = (grey.columns + grey.lengths > axes.inner_left) & (grey.columns < axes.right)
        if (between & (grey.rows < axes.inner_bottom)).any():
            raise Unreadable("there is grey ink above the axis")
        width = self.pixels.shape[1] + 1
        begun = np.bincount(colour.columns, minlength=width) - np.bincount(ends, minlength=width)
        return _runs(np.cumsum(begun) > 0)

    def window(self, span: tuple[int, int], floor: int) -> Levels:
        """The levels in these columns.  From the row `floor` on, where the x axis begins and colour may lie over grey,
        colour is full ink, and grey none."""
        window = _looked_up(self.pixels.numbers[:, slice(*span)], self.levels)
        below = window[floor:]
        window[floor:] = np.where((below > 0) & (below <= _FULL), _FULL, 0)
        return window


def _inked(pixels: Pixels) -> _Inked:
    """Each pixel as a mixture of paper with grey, or of paper with the boxes' colour.

    That colour is the one furthest from grey; the share of it in a mixture with white is the ratio of what they lack
    of white.
    """
    colours = pixels.colours
    used = np.bincount(pixels.runs.numbers, minlength=len(colours)) > 0
    span = np.ptp(colours, axis=1)
    pale = (colours >= 255 - PALE).all(axis=1)
    coloured, grey = used & ~pale & (span > PALE), used & ~pale & (span <= PALE)
    if not coloured.any():
        raise Unreadable("the picture has no boxes")
    if not grey.any():
        raise Unreadable("the picture has no axes")
    ink = int(np.where(coloured, span, 0).argmax())
    lack = 255 - colours
    share = np.where(coloured, lack @ lack[ink] / (lack[ink] @ lack[ink]), 0)
    if np.abs(share[:, None] * lack[ink] - lack)[coloured].max() > 2 * PALE:
        raise Unreadable("the picture has colours that are neither paper, nor grey, nor the boxes'")
    brightness = colours.mean(axis=1)
    levels = np.rint(_FULL * share).astype(np.uint8)
    levels[grey] = _GREY
    levels[grey & (brightness <= brightness[grey].min() + PALE)] = _DARKEST
    shades = np.unique(np.append(levels[coloured], 0))
    return _Inked(pixels, levels, float(np.diff(shades).min(initial=_FULL)) / _FULL)


def _looked_up(numbers: npt.NDArray[np.integer], table: Levels) -> Levels:
    """The table's entry of each number, of bytes by translating them, which is faster."""
    if numbers.dtype != np.uint8:
        levels: Levels = table[numbers]
        return levels
    whole = np.zeros(256, np.uint8)
    whole[: len(table)] = table[:256]
    return np.frombuffer(bytearray(numbers.tobytes().translate(whole.tobytes())), np.uint8).reshape(numbers.shape)


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First place of each run of true flags, and the one after its last."""
    changes = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return [(int(first), int(last)) for first, last in changes.reshape(-1, 2)]


def _bar(low: npt.ArrayLike, high: npt.ArrayLike, pixels: Integers) -> Floats:
    """What a bar from `low` to `high`, shape (...), covers of each of these pixels (P,): shape (..., P)."""
    ends = np.asarray(low, np.float64)[..., None], np.maximum(low, high)[..., None]
    lower, upper = (np.minimum(np.maximum(end - pixels, 0), 1) for end in ends)
    covered: Floats = upper - lower
    return covered


@dataclass(frozen=True, slots=True)
class _Found:
    """What is measured of the boxes: `lines` (G, 5) are rows; `sides` and `caps`, (G, 2), are columns of the group's
    window, the middles of the box's side lines and the ends of the caps.

    `thin` and `thick` are the widths of lines and of medians, `fill` is the share of ink inside the boxes, `variance`
    that of a line's position, square pixels.
    """

    lines: Floats
    sides: Floats
    caps: Floats
    thin: float
    thick: float
    fill: float
    variance: float


def _measured(windows: list[Levels], step: float) -> _Found:
    """The lines of the boxes in these windows, each as wide as its box, by a column near its side and one of the caps.

    Raises:
        Unreadable: there is no box with a median and whiskers in a window.
    """
    flanks = np.array([window[:, window.shape[1] // 8] for window in windows]) / _FULL
    fill = _fill(flanks)
    sides, thin = _sides(windows, flanks, fill)
    top, bottom = _extents(flanks)
    # A column's ink is that of two edges, of the median, and of the rest of the box.
    thick = float(np.median((flanks.sum(axis=1) - fill * (bottom - top)) / (1 - fill))) - 2 * thin
    if not (thin > 0.5 and thick > 0.5):
        raise Unreadable("the boxes have no edges or no medians")
    q3, q1 = top + thin / 2, bottom - thin / 2
    rough = np.stack([q3, _medians(flanks, q3 + thin / 2, q1 - thin / 2, fill), q1], axis=1)
    ground = fill * _bar(q3, q1, np.arange(flanks.shape[1]))
    quartiles, first = _fit(flanks, ground, rough, np.array([thin, thick, thin]), [0, 1, 2], step)

    found = [_cap_ends(window, *_extents(flank[None])) for window, flank in zip(windows, flanks, strict=True)]
    caps = np.array([ends for ends, _ in found])
    columns = np.array([column for _, column in found])
    top, bottom = _extents(columns)
    rough = np.column_stack([top + thin / 2, quartiles, bottom - thin / 2])
    lines, second = _fit(columns, ground, rough, np.array([thin, thin, thick, thin, thin]), [0, 4], step)
    if not (np.diff(lines, axis=1) > 0).all():
        raise Unreadable("the lines of a box are out of order")
    return _Found(lines, sides, caps, thin, thick, fill, max(first, second))


def _fill(flanks: Floats) -> float:
    """The share of ink inside the boxes: the most frequent pale shade of columns near their sides, (G, R)."""
    shades, count = np.unique(flanks[(flanks > 0) & (flanks < _DARK)], return_counts=True)
    if not len(shades):
        raise Unreadable("the boxes are not filled with a pale shade")
    return float(shades[count.argmax()])


def _sides(windows: list[Levels], flanks: Floats, fill: float) -> tuple[Floats, float]:
    """The middles of the boxes' side lines, (G, 2), and the lines' width: by a row that crosses no other line."""
    outer, widths = [], []
    for window, flank in zip(windows, flanks, strict=True):
        free = np.flatnonzero(np.abs(flank - fill) < 1e-6)
        if not len(free):
            raise Unreadable("a box is not filled like the others")
        row = window[free[len(free) // 2]] / _FULL
        left, right, middle = 1 - row[0], len(row) - 1 + row[-1], len(row) // 2
        # The ink of each half is that of the side's line and of the rest of the box.
        widths += [
            (row[:middle].sum() - fill * (middle - left)) / (1 - fill),
            (row[middle:].sum() - fill * (right - middle)) / (1 - fill),
        ]
        outer.append((left, right))
    thin = float(np.median(widths))
    return np.array(outer) + np.array([thin, -thin]) / 2, thin


def _extents(columns: Floats) -> tuple[Floats, Floats]:
    """Where the ink of columns (G, R) begins and where it ends: (G,) each."""
    inked = columns > 0
    if not inked.any(axis=1).all():
        raise Unreadable("there is no box where one should be")
    size, each = columns.shape[1], np.arange(len(columns))
    first, last = inked.argmax(axis=1), size - 1 - inked[:, ::-1].argmax(axis=1)
    return first + 1 - columns[each, first], last + columns[each, last]


def _medians(flanks: Floats, top: Floats, bottom: Floats, fill: float) -> Floats:
    """About where the dark rows between the inner edges of the boxes lie: (G,)."""
    rows = np.arange(flanks.shape[1])
    dark = flanks > fill + _DARK * (1 - fill)
    dark &= (rows >= np.ceil(top)[:, None]) & (rows < np.floor(bottom)[:, None])
    count = dark.sum(axis=1)
    if not count.all():
        raise Unreadable("a box has no median")
    middles: Floats = (dark * (rows + 0.5)).sum(axis=1) / count
    return middles


def _cap_ends(window: Levels, top: Floats, bottom: Floats) -> tuple[tuple[float, float], Floats]:
    """The left and right end of a group's caps, and a column of them, (R,): `top` and `bottom` (1,) are the box's.

    Of all that is beyond the box the caps are widest; no outlier comes near their ends.
    """
    first, last = int(np.floor(top[0])), int(np.ceil(bottom[0]))
    columns = np.flatnonzero(np.maximum(window[:first].max(axis=0, initial=0), window[last:].max(axis=0, initial=0)))
    if len(columns) < _FEWEST // 2:
        raise Unreadable("a box has no whiskers")
    left, right = int(columns[0]), int(columns[-1])
    column = window[:, left + 1] / _FULL
    outside = column.copy()
    outside[first:last] = 0
    row = int(outside.argmax())
    if not outside[row] > 0:
        raise Unreadable("the whiskers of a box have no caps")
    ends = left + 1 - window[row, left] / _FULL / column[row], right + window[row, right] / _FULL / column[row]
    return (float(ends[0]), float(ends[1])), column


def _fit(
    columns: Floats, ground: Floats, lines: Floats, widths: Floats, moving: list[int], step: float
) -> tuple[Floats, float]:
    """Lines (G, L) of these widths (L,), the `moving` ones moved to where they explain columns of ink (G, R) best;
    and the variance of their places.

    `ground` (G, R) is the ink under the lines.  Gauss-Newton steps, with slopes taken over a whole pixel: an edge may
    lie between two.
    """
    reach = int(widths.max() / 2) + 3
    near = np.unique(lines.astype(np.intp)[..., None] + np.arange(-reach, reach + 1)).clip(0, columns.shape[1] - 1)
    columns, ground, lines = columns[:, near], ground[:, near], lines.copy()
    itself = np.eye(len(widths), dtype=np.bool_)[moving, :, None]
    error = slopes = np.empty(0)
    for _ in range(_STEPS):
        paper, below, above = (1 - _bar(lines + k - widths / 2, lines + k + widths / 2, near) for k in (0, 0.5, -0.5))
        error = columns - 1 + (1 - ground) * paper.prod(axis=1)
        others = np.where(itself, 1, paper[:, None]).prod(axis=2) * (1 - ground)[:, None]
        slopes = (above - below)[:, moving] * others
        normal = slopes @ slopes.transpose(0, 2, 1) + 1e-6 * np.eye(len(moving))
        move = np.linalg.solve(normal, slopes @ error[..., None])[..., 0].clip(-1, 1)
        lines[:, moving] += move
        if np.abs(move).max() < _STILL:
            break
    # Two edges tell a line's place, so that half of the information is left to tell their errors.
    left = np.where((slopes != 0).any(axis=1), error, 0)
    variance = float((left**2).sum()) / (len(lines) * len(moving))
    return lines, max(variance, step**2 / 12) / 2  # rounding to shades is an error too


@dataclass(frozen=True, slots=True)
class _Outliers:
    """Discs of one radius: `places` (N,) are the rows of their centres, `groups` (N,) tell whose they are."""

    places: Floats
    groups: Integers
    radius: float

    def of(self, group: int) -> Floats:
        """The rows of this group's outliers, from the top."""
        return np.sort(self.places[self.groups == group])


def _outliers(windows: list[Levels], found: _Found, floor: int) -> _Outliers:
    """The discs beyond the caps, above the row `floor` where the x axis begins.

    The breadth of ink in each row tells them.  All rows above and below the boxes are laid end to end, far from each
    other, so that all discs are fitted at once: they have one radius.
    """
    size = len(windows[0])
    stride = 2 * size
    breadth, known = np.zeros(2 * len(windows) * stride), np.zeros(2 * len(windows) * stride, np.bool_)
    for group, window in enumerate(windows):
        high = int(found.lines[group, 0] - found.thin / 2 - _CERTAIN)
        low = int(np.ceil(found.lines[group, -1] + found.thin / 2 + _CERTAIN))
        for part, (first, last) in enumerate([(0, high), (low, floor)]):
            at = (2 * group + part) * stride
            known[at + first : at + last] = True
            inked = first + np.flatnonzero(window[first:last].max(axis=1, initial=0))
            breadth[at + inked] = window[inked].sum(axis=1, dtype=np.int64) / _FULL
    radius = float(breadth.max()) / 2
    if radius == 0:
        return _Outliers(np.empty(0), np.empty(0, np.intp), 0.0)
    runs = _runs(breadth > 2 * _PEAK * radius)
    places = np.array([(first + last) / 2 for first, last in runs])
    reach = int(np.ceil(radius)) + 1
    rows = np.unique(np.floor(places).astype(np.intp)[:, None] + np.arange(-reach, reach + 1))
    rows = rows[(rows >= 0) & (rows < len(known))]
    rows = rows[known[rows]]
    places, radius = _fit_discs(breadth[rows], rows, places, radius)
    if np.diff(places).min(initial=np.inf) < 2 * discs.NEAREST * radius:
        raise Unreadable("two outliers lie so near each other that their number is in doubt")
    groups, places = np.divmod(places, 2 * stride)
    return _Outliers(places % stride, groups.astype(np.intp), radius)


def _fit_discs(breadth: Floats, rows: Integers, places: Floats, radius: float) -> tuple[Floats, float]:
    """Rows of the discs' centres (N,), ascending, and their radius, by the breadth of ink (M,) in these rows (M,).

    Where discs overlap, each ends half-way to the next.
    """
    for _ in range(_STEPS):
        middles = (places[1:] + places[:-1]) / 2
        first, last = np.append(-np.inf, middles), np.append(middles, np.inf)
        low, high = (np.clip(np.clip(rows[:, None] + k, first, last) - places, -radius, radius) for k in (0, 1))
        angle = np.arcsin(high / radius) - np.arcsin(low / radius)
        half_low, half_high = (np.sqrt(np.maximum(radius**2 - end**2, 0)) for end in (low, high))
        area = radius**2 * angle + high * half_high - low * half_low
        slopes = np.column_stack([2 * (half_low - half_high), 2 * radius * angle.sum(axis=1)])
        move = np.linalg.lstsq(slopes, breadth - area.sum(axis=1), rcond=None)[0].clip(-radius / 4, radius / 4)
        places, radius = places + move[:-1], max(radius + float(move[-1]), 1.0)
        if np.abs(move).max() < _STILL:
            break
    return places, radius


def _doubt(window: Levels, found: _Found, group: int, outliers: _Outliers, floor: int) -> float:
    """The largest difference between a group's window and the drawing of what was found, as a share of a pixel.

    Neighbouring rows and columns that look alike, in the window and in the drawing, are compared once.  How two lines
    share a pixel depends on the painter: anything from the larger cover to the sum is no difference.  From the row
    `floor` on the window tells only where there is colour.
    """
    inked = np.flatnonzero(window.max(axis=1))
    top, bottom = max(int(inked[0]) - 1, 0), int(inked[-1]) + 2
    window, floor = window[top:bottom], floor - top
    (left, right), half = found.sides[group], found.thin / 2
    high, q3, q2, q1, low = found.lines[group] - top
    middle, places, radius = (left + right) / 2, outliers.of(group) - top, outliers.radius
    across = _bar(
        [left - half, left + half, left, found.caps[group, 0], middle - half],
        [right + half, right - half, right, found.caps[group, 1], middle + half],
        np.arange(window.shape[1]),
    )
    down = _bar(
        [q3 - half, q3 + half, q3, q2 - found.thick / 2, high - half, low - half, high, q1],
        [q1 + half, q1 - half, q1, q2 + found.thick / 2, high + half, low + half, q3, low],
        np.arange(window.shape[0]),
    )
    fresh_rows, fresh_columns = _fresh(down, places, radius), _fresh(across, np.full(len(places), middle), radius)
    fresh_rows[floor : floor + 1] = True
    fresh_rows[1:] |= (window[1:] != window[:-1]).any(axis=1)
    fresh_columns[1:] |= (window[:, 1:] != window[:, :-1]).any(axis=0)
    rows, columns = np.flatnonzero(fresh_rows), np.flatnonzero(fresh_columns)
    outer_x, inner_x, inside_x, cap_x, stem_x = across[:, columns]
    outer, inner, inside, median, upper, lower, above, below = down[:, rows, None]
    dots, _, _ = discs.disc(columns + 0.5 - middle, rows[:, None] + 0.5 - places[:, None, None], radius)
    layers = np.stack(
        [
            outer * outer_x - inner * inner_x,
            median * inside_x,
            (upper + lower) * cap_x,
            (above + below) * stem_x,
            *dots,
        ]
    )
    ground = found.fill * inside * inside_x
    least = ground + (1 - ground) * layers.max(axis=0)
    most = ground + (1 - ground) * np.minimum(layers.sum(axis=0), 1)
    veiled = rows >= floor
    least[veiled] = least[veiled] > _CERTAIN
    apart = np.hypot(columns + 0.5 - middle, rows[veiled, None] + 0.5 - places[:, None, None])
    most[veiled] = (apart < radius + 1).any(axis=0)
    seen = window[np.ix_(rows, columns)] / _FULL
    return float(max((seen - most).max(), (least - seen).max()))


def _fresh(covers: Floats, middles: Floats, radius: float) -> npt.NDArray[np.bool_]:
    """Which of the pixels (P,) may look different from the one before: those at which a cover (K, P) changes, and those
    near a disc around one of the middles (N,)."""
    fresh: npt.NDArray[np.bool_] = (np.diff(covers, axis=1, prepend=-1) != 0).any(axis=0)
    offsets = np.arange(covers.shape[1]) + 0.5 - middles[:, None]
    return np.logical_or(fresh, (np.abs(offsets) < radius + 2).any(axis=0))
