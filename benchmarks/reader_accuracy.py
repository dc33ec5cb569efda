"""How well the reader of scatter plots counts and measures: pictures of known points, read back.

    python benchmarks/reader_accuracy.py [pictures per size and density, default 300]

Points are normal, skewed, in clusters or bent, placed and made exact as for students; n is 15 to 100.  A dot touches
another when that is nearer than a diameter.  Errors of centres are in picture pixels and in shares of an axis; covered
are those below three of the standard errors that the reader gives.  Pictures per second are of one processor core (CPU
time, decoding included), with whatever else the machine is doing.  The tables are Markdown.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import UNIT, Plot
from plotbank.generator.kinds.scatter import DIAMETER, KIND, framed
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec
from plotbank.proof import Unreadable
from plotbank.proof.points import read_scatter

SIZES = ((400, 300), (600, 450), (900, 600))
DENSITIES = {1: 1.0, 2: 1.0, 3: 0.1}  # share of the pictures asked for
OVERLAPS = (0.0, 0.1, 0.3, 1.0)  # of the dots touch another
X, Y = (0.0, 30.0), (0.0, 100.0)
HEADS = (
    *("size", "density", "dots that touch", "pictures", "n wrong", "refused", "rms error, px", "rms error, axis"),
    *("largest error of r", "covered", "rms z of r", "pictures per s"),
)


def cloud(rng, n, r):
    """n raw points of one of four shapes whose correlation is roughly r."""
    z = rng.standard_normal((n, 2))
    z[:, 1] = r * z[:, 0] + np.sqrt(1 - r * r) * z[:, 1]
    match rng.integers(4):
        case 0:
            return z
        case 1:
            return np.exp(0.7 * z)
        case 2:
            return z + 2.5 * rng.integers(0, 3, (n, 1)) * np.array([1, np.sign(r)])
        case _:
            return z + np.outer(z[:, 0] ** 2, [0, 0.3])


def pictures(count, size, density) -> Iterator[tuple[bytes, np.ndarray, np.ndarray]]:
    """PNG, the points as shares of the axes, and the axes' lengths in pixels, for many n and r."""
    rng = np.random.default_rng([*size, density])
    plot = Plot(
        x=Axis(label="Study time (hours per week)", low=X[0], high=X[1]),
        y=Axis(label="Exam score", low=Y[0], high=Y[1]),
        picture=PictureSpec(width=size[0], height=size[1], density=density),
    )
    frame = Frame(KIND, plot)
    while count > 0:
        n, r = int(rng.integers(15, 101)), round(float(rng.uniform(-0.95, 0.95)), 2)
        raw = cloud(rng, n, r)
        try:
            raw = framed(raw)
            found = KIND.readings(
                raw, {}, UNIT
            )  # bend and fan as they are; groups may be neither outliers nor clusters
            condition = {name: value for name, value in found.items() if not np.isnan(value)} | {"r": r}
            condition.setdefault("outliers", 0.0)
            values = KIND.snap(raw, condition, plot, frame.area, rng).values
        except UnsuitableDraw:
            continue
        count -= 1
        yield frame.picture(values, condition), values / [plot.x.span, plot.y.span], np.array(frame.area) * density


@dataclass
class Tally:
    """What the readings of some pictures were worth."""

    wrong: int = 0
    refused: int = 0
    seconds: list[float] = field(default_factory=list)
    errors: list[np.ndarray] = field(default_factory=list)  # shares of the axes
    pixels: list[np.ndarray] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)
    r_errors: list[float] = field(default_factory=list)
    r_scores: list[float] = field(default_factory=list)

    def add(self, reading, points, area, seconds):
        """Count one reading, or None where there is none."""
        self.seconds.append(seconds)
        if reading is None:
            self.refused += 1
        elif reading.n != len(points):
            self.wrong += 1
        else:
            nearest = np.abs(reading.points[:, None] - points).max(axis=2).argmin(axis=1)
            error = reading.points - points[nearest]
            self.errors.append(error)
            self.pixels.append(error * area)
            self.scores.append(error / reading.errors)
            self.r_errors.append(reading.r - np.corrcoef(points.T)[0, 1])
            self.r_scores.append(self.r_errors[-1] / reading.uncertain(X, Y)["r"])

    def row(self, *heads):
        """A line of the table."""
        cells = [*heads, f"{len(self.seconds)}", f"{self.wrong}", f"{self.refused}"]
        if self.errors:
            centres = np.sqrt(np.mean(np.square(np.concatenate(self.pixels)).sum(axis=1)))
            cells += [f"{centres:.3f}", f"{rms(self.errors):.6f}", f"{np.abs(self.r_errors).max():.6f}"]
            covered = np.mean(np.abs(np.concatenate(self.scores)) < 3)
            cells += [f"{100 * covered:.2f} %", f"{rms([np.array(self.r_scores)]):.2f}"]
            cells += [f"{len(self.seconds) / sum(self.seconds):.0f}"]
        else:
            cells += ["-"] * 6
        print(f"| {' | '.join(cells)} |", flush=True)


def rms(errors):
    """The root mean square of the numbers in these arrays."""
    return float(np.sqrt(np.mean(np.square(np.concatenate(errors)))))


def touching(points, area, density):
    """The share of the dots that touch another."""
    at = points * area
    apart = np.linalg.norm(at[:, None] - at, axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((apart.min(axis=1) < DIAMETER * density).mean())


def main():
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    print(f"| {' | '.join(HEADS)} |\n{'|---' * len(HEADS)}|")
    for size in SIZES:
        for density, share in DENSITIES.items():
            tallies = [Tally() for _ in OVERLAPS[1:]]
            for png, points, area in pictures(max(round(count * share), 1), size, density):
                start = time.process_time()
                try:
                    reading = read_scatter(png)
                except Unreadable:
                    reading = None
                seconds = time.process_time() - start
                overlap = touching(points, area, density)
                tallies[int(np.searchsorted(OVERLAPS[1:-1], overlap, side="right"))].add(reading, points, area, seconds)
            for low, high, tally in zip(OVERLAPS, OVERLAPS[1:], tallies, strict=False):
                tally.row(f"{size[0]} x {size[1]}", str(density), f"{100 * low:.0f}-{100 * high:.0f} %")


if __name__ == "__main__":
    main()
