"""What a delivered scatter plot shows: its points, a line through them and a ring about one, measured in the picture
alone.

The reader knows neither n nor r nor the density of the picture nor the size or colour of its dots.  It takes for
granted white paper, grey axes and text, axes along the left and the bottom, and equal discs of one colour; between
the axes there can be one straight grey line, which may leave paper free around dots, and one grey ring about a dot.
What it cannot explain completely it refuses: a wrong count must never pass for a reading.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..quantities import Quantities, Way
from . import Unreadable, clouds, dots, strokes
from .axes import Axes, axes_of
from .ink import Ink, Inked, unmix
from .likeness import Bytes, coarse
from .png import Pixels, decode
from .ticks import Ticks, ticks_of

Floats = npt.NDArray[np.float64]
Ends = tuple[float, float]
Read = TypeVar("Read")

SAME_POINT = 0.003  # share of an axis: a point measured further than this from where it was put has moved
SAME_LINE = 0.004  # share of the y axis: the same for a line, at both ends of the data
SURE = 6.0  # standard errors: what differs by more is another thing
SHADES = 0.01  # of a pixel: what rounding to shades of ink leaves of a centre's place, whatever the fit says


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterReading:
    """What a scatter plot shows.

    `points` has shape (n, 2): shares of the axes, 0 to 1 from their lower left end, from left to right; `errors` are
    the standard errors of that, from what each dot's edge leaves unexplained.  `doubt` is the largest difference
    between the picture and a drawing of what was found, as a share of a pixel: below 0.2 for any true count, and 1
    where a dot is missing or one too many.

    `line` is the intercept and the slope of the line drawn, and `ring` the centre of the ring, in the same shares;
    `line_covariance`, shape (2, 2), and `ring_error`, shape (2,), tell how well they are known.
    `coarse` is the picture's coarse copy (`likeness.coarse`), and `ticks` are the marks of the axes.
    """

    n: int
    r: float
    points: Floats
    errors: Floats
    doubt: float
    coarse: Bytes
    ticks: Ticks
    line: tuple[float, float] | None = None
    line_covariance: Floats | None = None
    ring: tuple[float, float] | None = None
    ring_error: Floats | None = None

    def measured(self, x: Ends, y: Ends) -> Quantities:
        """All quantities that the points, the line and the ring show, under the names by which templates ask for them.

        `x` and `y` are the ends of the axes.  `bend` is the correlation of y with the parabola in x orthogonal to x
        and 1; `outliers`, `clusters`, `gap` and `seam` are those of `clouds.Groups`.
        """
        low, high = np.array([x, y]).T
        points = low + self.points * (high - low)
        mean, sd = points.mean(axis=0), points.std(axis=0, ddof=1)
        slope = float(self.r * sd[1] / sd[0])
        without, groups = cache(lambda: clouds.without_each(points)), cache(lambda: clouds.grouped(self.points))
        found: dict[str, float | Way] = {
            "n": float(self.n),
            "r": self.r,
            "bend": lambda: clouds.bend(points),
            "slope": slope,
            "intercept": float(mean[1] - slope * mean[0]),
            "mean_x": float(mean[0]),
            "mean_y": float(mean[1]),
            "sd_x": float(sd[0]),
            "sd_y": float(sd[1]),
            "rank_r": lambda: clouds.rank_correlation(points),
            "influence": lambda: float(np.abs(without() - self.r).max()),
            "outliers": lambda: groups().outliers,
            "clusters": lambda: groups().clusters,
            "gap": lambda: groups().gap,
            "seam": lambda: groups().seam,
        }
        if self.line:
            intercept, rise = self.line
            line_slope = rise * (y[1] - y[0]) / (x[1] - x[0])
            found["line_slope"] = line_slope
            found["line_intercept"] = y[0] + intercept * (y[1] - y[0]) - line_slope * x[0]
        if self.ring:
            marked = self._marked(self.ring)
            found["r_without"] = lambda: float(without()[marked])
            found["x_marked"], found["y_marked"] = points[marked].tolist()
        return Quantities(found)

    def uncertain(self, x: Ends, y: Ends) -> Quantities:
        """The standard error of each quantity that `measured` gives, as far as reading goes; 0 for what is counted.

        The points' errors go through the derivatives of each quantity.  Ranks change where points change places: that
        of `rank_r` comes from neighbours that stand nearer than their errors.  Those of `gap` and `seam` are what the
        least certain points would give.
        """
        spans = np.array([x[1] - x[0], y[1] - y[0]])
        points, errors = np.array([x[0], y[0]]) + self.points * spans, self.errors * spans
        mean, sd = points.mean(axis=0), points.std(axis=0, ddof=1)
        off_x, off_y = off = (points - mean).T
        slope = self.r * sd[1] / sd[0]
        by_r, groups = cache(lambda: clouds.correlation(points)[1]), cache(lambda: clouds.grouped(self.points))

        def error(derivatives: Floats) -> float:
            return float(np.sqrt(np.square(derivatives * errors).sum()))

        def of_sd(axis: int) -> float:
            return float(np.sqrt(np.square(off[axis] * errors[:, axis]).sum()) / ((self.n - 1) * sd[axis]))

        @cache
        def by_slope() -> Floats:
            derivatives: Floats = np.stack([off_y - 2 * slope * off_x, off_x], axis=1) / (off_x @ off_x)
            return derivatives

        def of_influence() -> float:
            strongest = int(np.abs(clouds.without_each(points) - self.r).argmax())
            return error(clouds.without_slopes(points, strongest) - by_r())

        def of_distance(found: float) -> float:
            least_sure = np.sqrt(2) * float((self.errors / np.ptp(self.points, axis=0)).max())
            return float(least_sure * (1 + clouds.APART[1] * found) / groups().length)

        def of_gap() -> float:
            return of_distance(groups().gap) if np.isfinite(groups().gap) else 0.0

        def of_seam() -> float:
            return of_distance(groups().seam) if groups().seam else 0.0

        found: dict[str, float | Way] = {
            "n": 0.0,
            "r": lambda: error(by_r()),
            "bend": lambda: error(clouds.bend_slopes(points)),
            "slope": lambda: error(by_slope()),
            "intercept": lambda: error(np.array([-slope, 1]) / self.n - mean[0] * by_slope()),
            "mean_x": lambda: float(np.sqrt(np.square(errors[:, 0]).sum())) / self.n,
            "mean_y": lambda: float(np.sqrt(np.square(errors[:, 1]).sum())) / self.n,
            "sd_x": lambda: of_sd(0),
            "sd_y": lambda: of_sd(1),
            "rank_r": lambda: clouds.rank_error(points, errors),
            "influence": of_influence,
            "outliers": 0.0,
            "clusters": 0.0,
            "gap": of_gap,
            "seam": of_seam,
        }
        if self.line:
            assert self.line_covariance is not None, "a line is measured with its covariance"
            rise = spans[1] / spans[0]
            by_share = np.array([[0, rise], [spans[1], -rise * x[0]]])  # slope and intercept by those in shares
            variances = np.diag(by_share @ self.line_covariance @ by_share.T)
            found["line_slope"], found["line_intercept"] = np.sqrt(variances).tolist()
        if self.ring:
            marked = self._marked(self.ring)
            found["r_without"] = lambda: error(clouds.without_slopes(points, marked))
            found["x_marked"], found["y_marked"] = errors[marked].tolist()
        return Quantities(found)

    def _marked(self, ring: tuple[float, float]) -> int:
        """Which of the points the ring is about."""
        return int(np.hypot(*(self.points - ring).T).argmin())

    def contradictions(self, values: Floats, shown: Mapping[str, float], x: Ends, y: Ends) -> Iterator[str]:
        """What contradicts the data, in words; nothing when the points measured are the points of the data, the line
        is their least-squares line, and the ring is about the point marked.

        A place is another one where it is further away than can be read: by more than six standard errors.  No error
        excuses more than 0.3 % of an axis (0.4 % for a line).

        `values` are the data, shape (n, 2), in the units of the axes; `shown` tells whether there is a `line`, and
        which of the values is `marked`; `x` and `y` are the ends of the axes.
        """
        low, high = np.array([x, y]).T
        wanted: Floats = (values - low) / (high - low)
        yield from self.ticks.contradictions(x, y)
        yield from self._misplaced(wanted)
        yield from self._misdrawn(wanted, bool(shown.get("line")))
        if "marked" in shown:
            yield from self._mismarked(wanted[int(shown["marked"])])
        elif self.ring:
            yield "the picture has a ring about a point, but none is marked"

    def _misplaced(self, wanted: Floats) -> Iterator[str]:
        if self.n != len(wanted):
            yield f"the picture shows {self.n} points, but the data have {len(wanted)}"
            return
        if (np.abs(self.points - wanted[wanted[:, 0].argsort()]) <= _allowed(self.errors)).all():
            return  # one after the other from the left, as nearly always
        distance = np.abs(self.points[:, None, :] - wanted[None, :, :])
        excess = (distance / _allowed(self.errors)[:, None]).max(axis=2)
        away = distance.max(axis=2)
        moved = [away[of, excess[of].argmin()] for of in np.flatnonzero(excess.min(axis=1) > 1)]
        moved += [away[excess[:, of].argmin(), of] for of in np.flatnonzero(excess.min(axis=0) > 1)]
        if moved:
            yield f"a point of the picture lies {_percent(max(moved))} of an axis from where the data put it"

    def _misdrawn(self, wanted: Floats, line: bool) -> Iterator[str]:
        if not line:
            if self.line:
                yield "the picture has a line, but none is asked for"
            return
        if not self.line:
            yield "the picture has no line, but one is asked for"
            return
        assert self.line_covariance is not None, "a line is measured with its covariance"
        slope, intercept = np.polyfit(wanted[:, 0], wanted[:, 1], 1)
        ends = np.array([[1, wanted[:, 0].min()], [1, wanted[:, 0].max()]])
        off = np.abs(ends @ (np.array(self.line) - [intercept, slope]))
        errors = np.sqrt(np.diag(ends @ self.line_covariance @ ends.T))
        if (off > _allowed(errors, SAME_LINE)).any():
            away = _percent(float(off.max()))
            yield f"the line of the picture lies {away} of an axis from the least-squares line of the data"

    def _mismarked(self, wanted: Floats) -> Iterator[str]:
        if not self.ring:
            yield "the picture has no ring, but a point is marked"
            return
        assert self.ring_error is not None, "a ring is measured with its error"
        off = np.abs(wanted - self.ring)
        if (off > _allowed(self.ring_error)).any():
            yield f"the ring of the picture lies {_percent(off.max())} of an axis from the point marked"


def read_scatters(pngs: Sequence[bytes]) -> list[ScatterReading | Unreadable]:
    """The points of each of several scatter plots, or why they cannot be told: this is no PNG, or not a scatter plot of
    equal discs, or the number of discs is in doubt, or there is other ink between the axes than of dots, a line and a
    ring."""
    begun = [_or_why(_begun, png) for png in pngs]
    found = iter(dots.find([one.inked.dots for one in begun if isinstance(one, _Begun)]))
    return [_or_why(_read, one, next(found)) if isinstance(one, _Begun) else one for one in begun]


def read_scatter(png: bytes) -> ScatterReading:
    """The points of one scatter plot.

    Raises:
        Unreadable: they cannot be told (`read_scatters`).
    """
    (found,) = read_scatters([png])
    if isinstance(found, Unreadable):
        raise found
    return found


def _or_why(attempt: Callable[..., Read], *given: Any) -> Read | Unreadable:
    """What an attempt gives, or why it cannot be read."""
    try:
        return attempt(*given)
    except Unreadable as reason:
        return reason


@dataclass(frozen=True, slots=True)
class _Begun:
    """A picture, its ink told apart, and its axes."""

    pixels: Pixels
    inked: Inked
    axes: Axes


def _begun(png: bytes) -> _Begun:
    """The picture, when all dots lie between the ends of its axes.

    Raises:
        Unreadable: this is no PNG, or has no axes, or some dots lie on the axes or beyond their ends.
    """
    pixels = decode(png)
    inked = unmix(pixels)
    axes = axes_of(inked.shape, inked.rows, inked.columns)
    ink = inked.dots
    within = (
        (ink.columns >= axes.inner_left).all()
        and (ink.columns < axes.right).all()
        and (ink.rows >= axes.top).all()
        and (ink.rows < axes.inner_bottom).all()
    )
    if not within:
        raise Unreadable("a dot is cut by the axes or lies outside them")
    return _Begun(pixels, inked, axes)


def _read(one: _Begun, found: dots.Dots | Unreadable) -> ScatterReading:
    """The points.

    Raises:
        Unreadable: there are fewer than three dots, or some ink is neither theirs nor that of a line and a ring.
    """
    if isinstance(found, Unreadable):
        raise found
    axes = one.axes
    if len(found.centres) < 3:
        raise Unreadable("the picture has fewer than three dots")
    order = np.lexsort(found.centres.T[::-1])
    centres = found.centres[order]
    if np.ptp(centres, axis=0).min() == 0:
        raise Unreadable("the dots lie on a line along an axis")
    grey = strokes.find(_between(axes, one.inked.grey), found)
    points, sides = axes.shares(centres), np.array([axes.right - axes.left, axes.bottom - axes.top])
    r, _ = clouds.correlation(points)
    variances = found.covariances[order].diagonal(axis1=1, axis2=2) + SHADES**2
    line, line_covariance = _line(axes, grey.line) if grey.line else (None, None)
    return ScatterReading(
        n=len(centres),
        r=r,
        points=points,
        errors=np.sqrt(variances) / sides,
        doubt=max(found.residual, grey.residual),
        coarse=coarse(one.pixels),
        ticks=ticks_of(one.pixels, axes),
        line=line,
        line_covariance=line_covariance,
        ring=_point(axes, grey.ring) if grey.ring else None,
        ring_error=np.hypot(grey.ring.error, SHADES) / sides if grey.ring else None,
    )


def _allowed(errors: Floats, most: float = SAME_POINT) -> Floats:
    """How far things measured with these errors may be from where they were put, in shares of an axis."""
    return np.minimum(SURE * errors, most)


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else f"{share:.2%}"


def _between(axes: Axes, ink: Ink) -> Ink:
    """The part of this ink that lies between the axes' ends: no line of an axis, no mark, no text."""
    within = (
        (ink.columns >= axes.inner_left)
        & (ink.columns < axes.right)
        & (ink.rows >= axes.top)
        & (ink.rows < axes.inner_bottom)
    )
    return Ink(ink.rows[within], ink.columns[within], ink.cover[within])


def _point(axes: Axes, ring: strokes.Ring) -> tuple[float, float]:
    """The ring's centre in shares of the axes."""
    [[x, y]] = axes.shares(np.array([[ring.x, ring.y]])).tolist()
    return x, y


def _line(axes: Axes, line: strokes.Line) -> tuple[tuple[float, float], Floats]:
    """The line's intercept and slope in shares of the axes, and their covariance, shape (2, 2).

    Raises:
        Unreadable: it is parallel to the y axis.
    """
    (x, y), (other_x, other_y) = axes.shares(line.at(np.array([line.first, line.last]))).tolist()
    if abs(other_x - x) < 1e-6:
        raise Unreadable("a line stands upright, and has no slope")
    slope = (other_y - y) / (other_x - x)
    upright = 1 / line.rise if line.steep else 1.0  # rows for a pixel across the line's own direction
    ends = line.covariance * (upright / (axes.bottom - axes.top)) ** 2
    by_ends = np.array([[other_x, -x], [-1, 1]]) / (other_x - x)
    return (y - slope * x, slope), by_ends @ ends @ by_ends.T
