"""A line and a ring in grey ink, between the axes of a scatter plot: fitted, drawn again and compared."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from . import Unreadable
from .discs import disc
from .dots import Dots
from .ink import Ink

Floats = npt.NDArray[np.float64]

LARGEST_RESIDUAL = 0.25  # of a pixel of grey ink; seven shades explain up to 0.15
_LEAST_LINE = 6.0  # radii of a dot: ink that fits into a square of this side is a ring alone
_SHADES = 0.03  # of a pixel: what rounding to shades leaves of a line's place, the same all along where it is level
_FINEST = 0.005  # of a pixel: painters know no finer places
_SHY = 1.35  # radii of a dot, and one pixel: so near a dot there may be paper where a line would go on


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line in pixels: y = start + rise x, or the other way round where it is `steep`; its thickness; and the
    first and the last x (y where steep) at which there is ink of it.

    `covariance`, shape (2, 2), is that of its y (x where steep) at these two."""

    steep: bool
    start: float
    rise: float
    thickness: float
    first: float
    last: float
    covariance: Floats = field(default_factory=lambda: np.zeros((2, 2)))

    def along(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Places in pixels by the line's own coordinate, and their distance from it."""
        on, off = (y, x) if self.steep else (x, y)
        return on, (off - self.start - self.rise * on) / np.hypot(1, self.rise)

    def within(self, on: Floats, ends: float) -> npt.NDArray[np.bool_]:
        """Whether these of the line's own coordinates are not further beyond its ink than so much, and the half of its
        thickness that an end which is cut square reaches further on one side."""
        reach = ends + np.sign(ends) * self.thickness / 2
        within: npt.NDArray[np.bool_] = (on > self.first - reach) & (on < self.last + reach)
        return within

    def at(self, on: Floats) -> Floats:
        """The places of the line, shape (n, 2), at its own coordinate (n,)."""
        off = self.start + self.rise * on
        return np.stack([off, on] if self.steep else [on, off], axis=1)

    def cover(self, distance: Floats) -> tuple[Floats, Floats, Floats]:
        """What the line covers of pixels at this distance from its middle, and the slopes of that with the distance and
        with the thickness."""
        length = np.hypot(1, self.rise)
        above, up = _half_plane(self.thickness / 2 - distance, 1 / length, abs(self.rise) / length)
        below, down = _half_plane(self.thickness / 2 + distance, 1 / length, abs(self.rise) / length)
        return above + below - 1, down - up, (up + down) / 2


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring in pixels: its centre, the radius of the middle of its stroke, and how thick that is; and the standard
    error of the centre's x and y."""

    x: float
    y: float
    radius: float
    thickness: float
    error: tuple[float, float] = (0.0, 0.0)

    def cover(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """What the ring covers of the pixels with these middles, and the slopes of that with x, y, radius and
        thickness, shape (4, pixels)."""
        dx, dy = x - self.x, y - self.y
        outer, outer_x, outer_y = disc(dx, dy, self.radius + self.thickness / 2)
        inner, inner_x, inner_y = disc(dx, dy, self.radius - self.thickness / 2)
        out, within = np.hypot(outer_x, outer_y), np.hypot(inner_x, inner_y)
        return outer - inner, np.stack([outer_x - inner_x, outer_y - inner_y, out - within, (out + within) / 2])


@dataclass(frozen=True, slots=True)
class Strokes:
    """What grey ink there is between the axes, and the largest share of a pixel in which it and its drawing differ."""

    line: Line | None
    ring: Ring | None
    residual: float


def find(ink: Ink, dots: Dots) -> Strokes:
    """The line and the ring in the grey ink between the axes.

    Raises:
        Unreadable: there is ink that neither explains, or a ring about no dot.
    """
    if not len(ink.cover):
        return Strokes(None, None, 0.0)
    sheet = _Sheet(ink, dots)
    line = sheet.line() if max(np.ptp(ink.rows), np.ptp(ink.columns)) > _LEAST_LINE * dots.radius else None
    ring = sheet.ring(line)
    if line:
        line = sheet.fitted_line(line, ring)
    if ring and np.hypot(*(dots.centres - [ring.x, ring.y]).T).min() > max(1.0, dots.radius / 4):
        raise Unreadable("a ring is about no dot")
    residual = sheet.residual(line, ring)
    if residual > LARGEST_RESIDUAL:
        raise Unreadable(f"a line and a ring leave {residual:.2f} of a pixel's grey ink unexplained")
    return Strokes(line, ring, residual)


class _Sheet:
    """The grey ink between the axes, and where dots may have taken it away."""

    def __init__(self, ink: Ink, dots: Dots) -> None:
        self._x, self._y = ink.columns.astype(np.float64) + 0.5, ink.rows.astype(np.float64) + 0.5
        self._cover = ink.cover
        self._dots = dots
        self._room = int(np.ceil(2 * _LEAST_LINE * dots.radius))
        self._image = np.zeros((int(ink.rows.max()) + self._room, int(ink.columns.max()) + self._room))
        self._image[ink.rows, ink.columns] = ink.cover

    def _shy(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Whether these places, (n,), are so near a dot that a line may leave paper there."""
        near = np.zeros(len(x), bool)
        reach = _SHY * self._dots.radius + 1
        for dot_x, dot_y in self._dots.centres:
            near |= (x - dot_x) ** 2 + (y - dot_y) ** 2 < reach**2
        return near

    def _ink(self, x: Floats, y: Floats) -> Floats:
        """The ink of the pixels with these middles; none where there is no paper."""
        rows, columns = np.floor(y).astype(np.intp), np.floor(x).astype(np.intp)
        on = (rows >= 0) & (rows < self._image.shape[0]) & (columns >= 0) & (columns < self._image.shape[1])
        return np.where(on, self._image[np.where(on, rows, 0), np.where(on, columns, 0)], 0.0)

    def line(self) -> Line:
        """About where the line is: along the direction and at the distance from the corner at which most ink lies in a
        strip, and then by the main axis of the ink in ever narrower strips."""
        radius = self._dots.radius
        angle = np.arange(0, np.pi, np.pi / 90)[:, None]
        distance = self._x * np.cos(angle) + self._y * np.sin(angle)
        strip = np.floor((distance - distance.min()) / radius).astype(np.intp)
        width = int(strip.max()) + 1
        strip += width * np.arange(len(angle))[:, None]
        weight = np.broadcast_to(self._cover, strip.shape).ravel()
        best = int(np.bincount(strip.ravel(), weight, width * len(angle)).argmax()) // width
        off = distance[best] - (np.bincount(strip[best] - best * width, self._cover).argmax() + 0.5) * radius
        off -= distance.min()
        for reach in (2.0, 2.0, 1.0, 0.6, 0.6):
            inside = np.abs(off) < reach * radius
            ink = self._cover[inside]
            at = np.stack([self._x[inside], self._y[inside]])
            middle = at @ ink / ink.sum()
            at -= middle[:, None]
            _, axes = np.linalg.eigh((at * ink) @ at.T)
            across_x, across_y = axes[:, 0]
            off = (self._x - middle[0]) * across_x + (self._y - middle[1]) * across_y
        steep = bool(abs(across_x) > abs(across_y))
        rise = -across_y / across_x if steep else -across_x / across_y
        on = (self._y if steep else self._x)[inside]
        start = middle[0] - rise * middle[1] if steep else middle[1] - rise * middle[0]
        thick = float(ink.sum() / (np.unique(np.floor(on)).size * np.hypot(1, rise)))
        return Line(steep, float(start), float(rise), max(thick, 1.0), float(on.min() - 0.5), float(on.max() + 0.5))

    def fitted_line(self, line: Line, ring: Ring | None) -> Line:
        """The line by least squares of the ink about it: not near dots, nor near the ring, nor at its ends.

        The line may end inside the ring, whose far side was then taken for its end.
        """
        if ring:
            on, distance = line.along(self._x, self._y)
            off_ring = np.abs(np.hypot(self._x - ring.x, self._y - ring.y) - ring.radius) > ring.thickness / 2 + 1
            own = on[off_ring & (np.abs(distance) < line.thickness / 2)]
            if len(own):
                line = replace(line, first=float(own.min() - 0.5), last=float(own.max() + 0.5))
        for _ in range(12):
            design, left, on = self._along(line, ring)
            shift, turn, thicker = np.linalg.lstsq(design, left, rcond=None)[0].clip(-1, 1)
            line = replace(
                line,
                start=float(line.start + shift - turn * on.mean()),
                rise=float(line.rise + turn),
                thickness=max(0.5, float(line.thickness + thicker)),
            )
            if abs(shift) < 0.002 and abs(turn) * np.ptp(on) < 0.004:
                break
        design, left, on = self._along(line, ring)
        at = np.stack([np.ones(2), np.array([line.first, line.last]) - on.mean()], axis=1)
        covariance = at @ _covariance(design, left)[:2, :2] @ at.T
        level = _SHADES / (1 + abs(line.rise) * (line.last - line.first))  # steps from row to row even it out
        return replace(line, covariance=covariance + level**2 * np.ones((2, 2)) + (level + _FINEST) ** 2 * np.eye(2))

    def _along(self, line: Line, ring: Ring | None) -> tuple[Floats, Floats, Floats]:
        """How the cover of the pixels that tell the line's place grows as it is shifted, turned about their middle and
        thickened, shape (pixels, 3); what is left of their ink; and their places by the line's own coordinate.

        Raises:
            Unreadable: they are too few.
        """
        x, y = self._about(line)
        free = ~self._shy(x, y)
        if ring:
            free &= np.hypot(x - ring.x, y - ring.y) > ring.radius + ring.thickness + 2
        x, y = x[free], y[free]
        on, distance = line.along(x, y)
        inner = line.within(on, -3)
        x, y, on, distance = x[inner], y[inner], on[inner], distance[inner]
        if len(x) < 20 * line.thickness:
            raise Unreadable("too little of a line is seen to be measured")
        cover, by_distance, by_thickness = line.cover(distance)
        length = np.hypot(1, line.rise)
        design = np.stack([-by_distance / length, -by_distance * (on - on.mean()) / length, by_thickness], axis=1)
        return design, self._ink(x, y) - cover, on

    def _about(self, line: Line) -> tuple[Floats, Floats]:
        """The middles of the pixels about the line, from its first to its last."""
        on = np.arange(np.floor(line.first) - 2, np.ceil(line.last) + 2) + 0.5
        reach = np.ceil((line.thickness / 2 + 1) * np.hypot(1, line.rise)) + 1
        off = np.floor(line.start + line.rise * on)[:, None] + np.arange(-reach, reach + 1) + 0.5
        along = np.broadcast_to(on[:, None], off.shape).ravel()
        return (off.ravel(), along) if line.steep else (along, off.ravel())

    def ring(self, line: Line | None) -> Ring | None:
        """The ring in the ink that the line leaves, by least squares; none where the line leaves none."""
        x, y, cover = self._x, self._y, self._cover
        if line:
            free = self._free(line, x, y)
            x, y, cover = x[free], y[free], cover[free]
        if cover.sum() < self._dots.radius:
            return None
        # the circle nearest to the ink: x^2 + y^2 = 2 a x + 2 b y + c
        design = np.stack([2 * x, 2 * y, np.ones(len(x))], axis=1) * cover[:, None]
        (a, b, c), *_ = np.linalg.lstsq(design, (x * x + y * y) * cover, rcond=None)
        radius = float(np.sqrt(max(c + a * a + b * b, 0)))
        if not 1.2 < radius / self._dots.radius < _LEAST_LINE / 2:
            raise Unreadable("there is grey ink between the axes that is neither a line nor a ring")
        ring = Ring(float(a), float(b), radius, 0.4 * self._dots.radius)
        for _ in range(15):
            slopes, left = self._along_ring(ring, line)
            steps = np.linalg.lstsq(slopes.T, left, rcond=None)[0].clip(-1, 1).tolist()
            radius = max(1.0, ring.radius + steps[2])
            thickness = min(max(0.5, ring.thickness + steps[3]), radius)
            ring = Ring(ring.x + steps[0], ring.y + steps[1], radius, thickness)
            if max(map(abs, steps)) < 0.002:
                break
        slopes, left = self._along_ring(ring, line)
        of_x, of_y, *_ = np.sqrt(_covariance(slopes.T, left).diagonal()).tolist()
        return replace(ring, error=(of_x, of_y))

    def _along_ring(self, ring: Ring, line: Line | None) -> tuple[Floats, Floats]:
        """How the cover of the pixels that tell the ring's place grows with its x, y, radius and thickness, shape
        (4, pixels); and what is left of their ink."""
        x, y = self._around(ring)
        free = ~self._shy(x, y)
        if line:
            free &= self._free(line, x, y)
        x, y = x[free], y[free]
        cover, slopes = ring.cover(x, y)
        return slopes, self._ink(x, y) - cover

    def _free(self, line: Line, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Which of these places the line is too far from to have ink there."""
        on, distance = line.along(x, y)
        return ~line.within(on, 2) | (np.abs(distance) > line.thickness / 2 + 1.5)

    def _around(self, ring: Ring) -> tuple[Floats, Floats]:
        """The middles of the pixels of a square around the ring."""
        half = np.ceil(min(ring.radius + ring.thickness + 2, self._room))
        steps = np.arange(-half, half + 1) + 0.5
        x, y = np.meshgrid(np.floor(ring.x) + steps, np.floor(ring.y) + steps)
        return x.ravel(), y.ravel()

    def residual(self, line: Line | None, ring: Ring | None) -> float:
        """The largest difference between the ink and a drawing of both, as a share of a pixel.

        How the two share a pixel depends on the painter: anything from the larger cover to the sum is no error.  Near
        dots, and where the line ends, there may be less than the line's.
        """
        parts = [(self._x, self._y)]
        parts += [self._about(line)] if line else []
        parts += [self._around(ring)] if ring else []
        x, y = (np.concatenate(of) for of in zip(*parts, strict=True))
        shy = self._shy(x, y)
        ink, of_line, of_ring = self._ink(x, y), np.zeros(len(x)), np.zeros(len(x))
        least = np.zeros(len(x))
        if ring:
            of_ring, _ = ring.cover(x, y)
            least = np.where(shy, 0.0, of_ring)
        if line:
            on, distance = line.along(x, y)
            of_line = np.where(line.within(on, 2), line.cover(distance)[0].clip(0, 1), 0.0)
            least = np.maximum(least, np.where(~shy & line.within(on, -2), of_line, 0.0))
        return float(max((ink - np.minimum(of_line + of_ring, 1)).max(), (least - ink).max()))


def _covariance(design: Floats, left: Floats) -> Floats:
    """The covariance of what was fitted by least squares, from what it left; the design has shape (pixels, fitted)."""
    covariance: Floats = float(left @ left) / max(len(left) - design.shape[1], 1) * np.linalg.pinv(design.T @ design)
    return covariance


def _half_plane(inside: Floats, ux: float, uy: float) -> tuple[Floats, Floats]:
    """What a half-plane covers of pixels whose middles lie so far inside its edge, and the slope of that.

    The edge's normal is (ux, uy), both at least 0.  What lies beyond the edge is the trapezoidal distribution function
    of the edge's distance from the middle.
    """
    long, short = max(ux, uy), max(min(ux, uy), 1e-6)
    reach = np.maximum((long + short) / 2 - np.abs(inside), 0)  # of the pixel's far corner beyond the edge
    corner = np.abs(inside) > (long - short) / 2
    beyond = np.where(corner, reach**2 / (2 * short), 0.5 * long - np.abs(inside)) / long
    return np.where(inside > 0, 1 - beyond, beyond), np.minimum(reach / short, 1) / long
