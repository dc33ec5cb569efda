"""The marks of the axes and the numbers at them, read in the picture.

A mark is a short line that leaves the axis outwards; its label is the grey text below it (x axis) or left of it (y
axis).  A label's characters are what blank columns part, or, where they touch, what can be read on both sides of a
cut.  A digit's shape is compared with `_DIGITS`; the other characters are told by their size and their place on the
line.  Whatever is none of them is no number.

`_DIGITS` are the digits of DejaVu Sans as shares of ink, in sixteenths, in 12 rows of 8 cells that divide the smallest
rectangle around each.  They were made once, from the font's outlines at 512 pixels to an em:

    image = Image.new("L", (400, 500))
    ImageDraw.Draw(image).text((20, 450), digit, fill=255, font=ImageFont.truetype("DejaVuSans.ttf", 512), anchor="ls")
    ink = np.asarray(image) > 127
    cells = np.rint(15 * _cells(ink, _box(ink)))

Places are in pixels from the picture's upper left corner; ink is the share of a pixel that is covered.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .axes import Axes, Floats
from .png import PALE, Pixels

Ends = tuple[float, float]
Ink = npt.NDArray[np.floating]
Runs = list[tuple[int, int]]
Box = tuple[float, float, float, float]

MINUS, _UNKNOWN = "\N{MINUS SIGN}", "\N{REPLACEMENT CHARACTER}"
_DIGITS = {
    "0": "02beea201dd55dd17f2003f7bc0000cbea0000aef900009ff900009fea0000aebc0000cb7f2003f71dd55dd102beea20",
    "1": "8adff000ec9df000000cf000000cf000000cf000000cf000000cf000000cf000000cf000000cf000466df666bfffffff",
    "2": "5adfeb40dc767df5200002ec000000cd000001fb00000bf30000af50000af50001bf50001be40000cf955555ffffffff",
    "3": "6befeb4089657df4000001fa000000ea001129f300effe4000446ce4000000dd000000af000001dcd8657df59cefea40",
    "4": "0000bf700005ef70001d6f70008b1f7002e21f700b801f705e101f70d8333f83ffffffff33333f8300001f7000001f70",
    "5": "7ffffff27f6555517f1000007f1000007fefea3069658ef3000002fb000000bf000000bf000003fbd8668ee39defea30",
    "6": "006cfeb208f956934f700000ae000000da5bca30fde77cf4ff3001dbed00009fbd00009f7f2000dc1dd54af402aefc50",
    "7": "ffffffff666667fa000007f400000dd000004f700000af100001fa000007f400000dd000004f700000af100001fa0000",
    "8": "05cffc505fa44bf5ae0000eaad0000da4f6007f405effe504eb55be4cc0000ccf900009fdc0000cd7fa44af706cffc60",
    "9": "04cfea204fa45dd1cd0002f6f90000dbe90000debe1003ff4fc77edf03acb5ad000000ea000007f439659f802befc600",
}
_ROWS, _COLUMNS = 12, 8
_SHAPES = np.array([[int(cell, 16) for cell in cells] for cells in _DIGITS.values()]) / 15
_UNLIKE = 0.11  # mean square difference of shapes beyond which a character is no digit
_SURE = 0.75  # the nearest digit's share of the second nearest's difference, at most
_LEAST = 4.0  # pixels of a digit's height
_HALF = 0.5  # of full ink: less is no mark
_OFF = 0.6  # pixels between a mark and its place: marks stand on whole pixels

# The rest is in heights of a digit.
_TALL = 0.8
_NARROW, _WIDE = 0.3, 0.9  # of digits, which are between 0.5 and 0.75 wide
_TOGETHER = 3  # characters that touch, at most
_SMALL = 0.4  # height of commas and apostrophes
_POINT = 0.23  # height of points, which commas exceed
_THIN = 0.25  # height of a minus sign
_APART, _LOOSE = 0.39, 0.45  # blank columns that are a space, and those that are one after a minus sign
_FAR = 0.8  # blank columns that are no space: wider than any with a space between
_ASIDE = 0.3  # between the middles of a mark and of its label
_REACH = 0.2  # of a comma below the line, and more


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark: its place as a share of the axis, how far from there it may have been meant (a share, too), its label,
    and the number that this is; None where it is none."""

    share: float
    error: float
    text: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """The marks of both axes, from the lower end of each.  An axis of categories has none."""

    x: tuple[Tick, ...]
    y: tuple[Tick, ...]

    def contradictions(self, x: Ends | None, y: Ends | None) -> Iterator[str]:
        """What of the marks and numbers at the axes is not as on axes with these ends, in words; None is no axis of
        numbers, whose marks are not looked at."""
        for name, ticks, ends in (("x", self.x, x), ("y", self.y, y)):
            if ends:
                yield from _misplaced(name, ticks, *ends)


def _misplaced(axis: str, ticks: Sequence[Tick], low: float, high: float) -> Iterator[str]:
    """What is wrong with the marks of an axis from `low` to `high`.  Where its numbers may be read in two ways, with
    the point or with the comma before decimals, either may be meant."""
    if len(ticks) < 2:
        yield f"the {axis} axis has {len(ticks)} marks, too few to be read"
        return

    def wrong(tick: Tick, value: float | None) -> str:
        due = low + tick.share * (high - low)
        within = tick.error * abs(high - low)
        if value is not None and abs(value - due) <= within:
            return ""
        return f"the {axis} axis is labelled {tick.text!r} where {_shortest(due, within):g} belongs"

    said = [
        [wrong(tick, value) for tick, value in zip(ticks, values, strict=True)]
        for values in _numbers([tick.text for tick in ticks])
    ]
    yield from filter(None, min(said, key=lambda messages: sum(map(bool, messages))))


def _shortest(value: float, within: float) -> float:
    """The number of the fewest digits that is so near to a value."""
    rounded = (round(value, places) for places in range(-6, 12))
    return next((number + 0.0 for number in rounded if abs(number - value) <= within), value)


def ticks_of(pixels: Pixels, axes: Axes) -> Ticks:
    """The marks of the axes and their labels.

    Pictures of a question share them: what lies below the axes and left of them is read once.
    """
    ink = (255 - pixels.colours.mean(axis=1)).astype(np.float32)
    ink[np.ptp(pixels.colours, axis=1) > PALE] = 0
    ink[ink <= PALE] = 0
    ink /= max(float(ink.max()), 1.0)
    below = pixels.part(slice(axes.inner_bottom + axes.thickness, None), slice(None))
    left = pixels.part(slice(None), slice(axes.inner_left - axes.thickness))
    colours, number = ink.tobytes(), below.dtype.str
    return Ticks(
        x=_ticks_below(below.tobytes(), below.shape, number, colours, axes.left, axes.right, axes.thickness),
        y=_ticks_left(left.tobytes(), left.shape, number, colours, axes.top, axes.bottom, axes.thickness),
    )


@lru_cache(maxsize=128)
def _ticks_below(
    numbers: bytes, shape: tuple[int, int], number: str, colours: bytes, low: int, high: int, thickness: int
) -> tuple[Tick, ...]:
    """The marks of the x axis, which goes from the column `low` to `high`, by the colours' numbers of this data type
    below it and the ink of each colour."""
    ink = np.frombuffer(colours, np.float32)[np.frombuffer(numbers, number).reshape(shape)]
    marks = _marks(ink[:1].ravel(), low, high, thickness)
    shares = [(mark - low) / (high - low) for mark in marks]
    return _told(shares, _labels_below(ink, marks, low, high, thickness), high - low)


@lru_cache(maxsize=128)
def _ticks_left(
    numbers: bytes, shape: tuple[int, int], number: str, colours: bytes, top: int, bottom: int, thickness: int
) -> tuple[Tick, ...]:
    """The marks of the y axis, which goes from the row `bottom` up to `top`, by what is left of it."""
    ink = np.frombuffer(colours, np.float32)[np.frombuffer(numbers, number).reshape(shape)]
    marks = _marks(ink[:, -1:].ravel(), top, bottom, thickness)[::-1]
    shares = [(bottom - mark) / (bottom - top) for mark in marks]
    return _told(shares, _labels_left(ink, marks, thickness), bottom - top)


def _told(shares: list[float], labels: list[str], length: int) -> tuple[Tick, ...]:
    """The marks at these shares of an axis so many pixels long."""
    return tuple(
        Tick(share=share, error=_OFF / length, text=text, value=value)
        for share, text, value in zip(shares, labels, next(_numbers(labels)), strict=True)
    )


def _marks(edge: Ink, low: int, high: int, thickness: int) -> list[float]:
    """The places of marks as thick as the axis, by the ink of the pixels along its outer edge, shape (pixels,): those
    from one end of the axis to the other.

    Like an axis, a mark of odd thickness is drawn half a pixel beyond its place.
    """
    shift = thickness % 2 / 2
    marks = [
        float(edge[first:last] @ (np.arange(first, last) + 0.5) / edge[first:last].sum()) - shift
        for first, last in _runs(edge > _HALF)
        if last - first <= thickness + 1
    ]
    return [mark for mark in marks if low - 1 <= mark <= high + 1]


def _labels_below(ink: Ink, marks: list[float], low: int, high: int, thickness: int) -> list[str]:
    """The labels of marks on the x axis, by the ink below it, shape (rows, columns).

    Labels stand in one line, and each has its mark above its middle.  They are parted from the right, where nothing
    follows them: a label goes as far to the left of its mark as to the right.
    """
    labels = [""] * len(marks)
    between = ink[:, low:high].max(axis=1) > 0
    lines = _runs(between & (np.cumsum(~between) > 0))
    if not lines or not marks:
        return labels
    line = ink[slice(*lines[0])]
    parts = _runs(line.max(axis=0) > 0)
    heights = [_box(line[:, slice(*part)]) for part in parts]
    tall = max((bottom - top for top, bottom, *_ in heights), default=0.0)
    for place in reversed(range(len(marks))):
        mark = marks[place] + thickness % 2 / 2
        if not parts:
            break
        far = 2 * mark - parts[-1][1] - _ASIDE * tall
        own = [part for part in parts if part[0] >= far]
        parts = parts[: len(parts) - len(own)]
        if own and abs((own[0][0] + own[-1][1]) / 2 - mark) <= _ASIDE * tall + 1:
            labels[place] = _text(line[:, own[0][0] : own[-1][1]])
    return labels


def _labels_left(ink: Ink, marks: list[float], thickness: int) -> list[str]:
    """The labels of marks on the y axis, by the ink left of it, shape (rows, columns).

    Labels end in one column, and each has its mark beside its middle.  The axis's own name, written upwards, stands
    left of them all: what is parted from the rest by more than a space is not the label's, nor is what is parted by
    one and leaves no number.
    """
    labels = [""] * len(marks)
    reach = np.arange(-5 * thickness, 5 * thickness + 1)  # about the rows of digits
    beside = np.add.outer(np.array(marks, np.intp), reach).clip(0, len(ink) - 1)
    columns = _runs(ink[beside].max(axis=(0, 1), initial=0) > 0)
    if len(columns) < 2:
        return labels
    (first, _), (end, _) = columns[-2:]  # the last digits, and the marks
    digits = _runs(ink[:, first:end].max(axis=1) > 0)
    for place, mark in enumerate(marks):
        for top, bottom in digits:
            tall = bottom - top
            if abs((top + bottom) / 2 - mark) <= _ASIDE * tall + 1:
                labels[place] = _longest(ink[max(0, top - 1) : bottom + int(_REACH * tall) + 1, :end], tall)
    return labels


def _longest(line: Ink, tall: float) -> str:
    """The longest number at the right end of a line of text with digits so tall."""
    parts = _runs(line.max(axis=0) > 0)
    starts = [parts[-1][0]]
    for right, left in pairwise(reversed(parts)):
        gap = right[0] - left[1]
        if gap > _FAR * tall:
            break
        starts = [left[0], *starts] if gap > _APART * tall else [left[0], *starts[1:]]
    texts = [_text(line[:, start : parts[-1][1]]) for start in starts]
    return next((text for text in texts if _number(text, ".") is not None or _number(text, ",") is not None), texts[0])


def _text(line: Ink) -> str:
    """The characters of a label; � for each that is none of a number's."""
    return _text_of(line.shape[1], line.astype(np.float32).tobytes())


@lru_cache(maxsize=1024)
def _text_of(width: int, inks: bytes) -> str:
    """The same, of the ink of lines so wide: axes of one question that differ have many labels in common."""
    line = np.frombuffer(inks, np.float32).reshape(-1, width).astype(np.float64)
    parts = [(first, last, _box(line[:, first:last])) for first, last in _runs(line.max(axis=0) > 0)]
    height = max(box[1] - box[0] for *_, box in parts)
    tall = [box for *_, box in parts if box[1] - box[0] >= _TALL * height]
    top, bottom = (float(np.median([box[side] for box in tall])) for side in (0, 1))
    if bottom - top < _LEAST:
        return _UNKNOWN
    text, before = "", np.inf
    for first, last, box in parts:
        text += " " if first + box[2] - before > (_LOOSE if text == MINUS else _APART) * (bottom - top) else ""
        text += _characters(line[:, first:last], top, bottom) or _UNKNOWN
        before = first + box[3]
    return text


def _characters(ink: Ink, top: float, bottom: float, most: int = _TOGETHER) -> str:
    """What the ink between two blank columns says, in a line whose digits stand between these rows; nothing where it
    says nothing.  At most so many characters may touch."""
    whole = _character(ink, top, bottom)
    width, widest = ink.shape[1], int(_WIDE * (bottom - top))
    if whole or most == 1 or not widest < width <= most * widest:
        return whole
    for cut in sorted(range(2, widest + 1), key=lambda column: float(ink[:, column].sum())):
        left = _character(ink[:, :cut], top, bottom)
        right = left and _characters(ink[:, cut:], top, bottom, most - 1)
        if right:
            return left + right
    return ""


def _character(ink: Ink, top: float, bottom: float) -> str:
    """The one character that this ink is, in a line whose digits stand between these rows; nothing where it is none."""
    box = _box(ink)
    tall = bottom - top
    height, width = (box[1] - box[0]) / tall, (box[3] - box[2]) / tall
    if height >= _TALL:
        return _digit(ink, box) if _NARROW < width < _WIDE else ""
    above = (bottom - (box[0] + box[1]) / 2) / tall
    if width > 2 * height and height < _THIN and 0.25 < above < 0.55:
        return MINUS
    if height > _SMALL or width > _SMALL:
        return ""
    if above > 0.7:
        return "’"
    return "" if above > 0.2 else "," if height > _POINT else "."


def _digit(ink: Ink, box: Box) -> str:
    """The digit that this ink in this rectangle is; nothing where it is none."""
    apart = ((_cells(ink, box) - _SHAPES) ** 2).mean(axis=1)
    first, second = apart.argsort()[:2]
    return str(first) if apart[first] <= min(_UNLIKE, _SURE * apart[second]) else ""


def _cells(ink: Ink, box: Box) -> Floats:
    """The ink in each of 12 rows of 8 cells that divide this rectangle, shape (96,)."""
    top, bottom, left, right = box
    cells: Floats = _shares(_ROWS, top, bottom, ink.shape[0]) @ ink @ _shares(_COLUMNS, left, right, ink.shape[1]).T
    return cells.ravel()


def _shares(cells: int, low: float, high: float, pixels: int) -> Floats:
    """What share of each cell lies in each pixel, where so many cells divide the way between two places."""
    ends = low + (high - low) * np.arange(cells + 1) / cells
    start = np.arange(pixels)
    within = np.minimum(start + 1, ends[1:, None]) - np.maximum(start, ends[:-1, None])
    shares: Floats = within.clip(0) * cells / (high - low)
    return shares


def _box(ink: Ink) -> Box:
    """Top, bottom, left and right of ink: where a pixel is covered by half, its edge lies in its middle."""
    down, across = ink.max(axis=1).tolist(), ink.max(axis=0).tolist()
    return *_extent(down), *_extent(across)


def _extent(covers: Sequence[float]) -> tuple[float, float]:
    """Where ink begins and where it ends, by its largest cover in each row (or column)."""
    inked = [place for place, cover in enumerate(covers) if cover > 0]
    return inked[0] + 1 - covers[inked[0]], inked[-1] + covers[inked[-1]]


def _numbers(texts: Sequence[str]) -> Iterator[list[float | None]]:
    """What labels of one axis say, with either mark before decimals; that which more of them can have comes first."""
    either = [[_number(text, mark) for text in texts] for mark in ".,"]
    yield from sorted(either, key=lambda values: values.count(None))


def _number(text: str, mark: str) -> float | None:
    """The number that a text says with this mark before its decimals: None where it says none.

    Groups of three digits (before the last also of two, as in India) may be parted by one of the other marks.  Spaces
    between digits mean nothing.
    """
    if text.startswith(f"{MINUS} "):
        return None
    whole, point, decimals = text.removeprefix(MINUS).replace(" ", "").partition(mark)
    others = set(re.findall(r"[^0-9]", whole))
    first, *groups = re.split(r"[^0-9]", whole)
    if len(others) > 1 or not others <= set(".,’") - {mark} or not first or bool(point) != decimals.isdecimal():
        return None
    if groups and not (len(first) <= 3 and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups)):
        return None
    value = float(f"{first}{''.join(groups)}.{decimals or 0}")
    return -value if text.startswith(MINUS) else value


def _runs(flags: npt.NDArray[np.bool_]) -> Runs:
    """First place of each run of true flags, and the one after its last."""
    padded = np.zeros(len(flags) + 2, np.bool_)
    padded[1:-1] = flags
    changes = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(changes[::2], changes[1::2], strict=True))
