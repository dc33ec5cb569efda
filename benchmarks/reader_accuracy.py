"""How well the reader of pictures counts and measures: pictures of known points, read back.

    python benchmarks/reader_accuracy.py [pictures per density, default 1000]

Points are normal, skewed, in clusters or bent, placed and made exact as for students.  Centre errors are in picture
pixels; a dot is "touching" when another one is nearer than a diameter.  Pictures per second are of one processor core
(CPU time, decoding included), with whatever else the machine is doing.
"""

import sys
import time
from collections import defaultdict

import numpy as np

from plotbank.errors import UnsuitableDraw
from plotbank.generator.kinds import UNIT, Plot
from plotbank.generator.kinds.scatter import DIAMETER, KIND, framed
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec
from plotbank.proof import Unreadable
from plotbank.proof.pictures import decode, read_scatter

N_BANDS = (15, 35, 60, 101)
R_BANDS = (0.0, 0.5, 0.8, 0.951)
SHARE = {1: 1.0, 2: 1.0, 3: 0.1}  # of the pictures asked for, by density


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


def pictures(count, density):
    """PNG, n, exact r and the points as shares of the axes, for many n and r."""
    rng = np.random.default_rng(density)
    plot = Plot(
        x=Axis(label="Study time (hours per week)", low=0, high=30),
        y=Axis(label="Exam score", low=0, high=100),
        picture=PictureSpec(density=density),
    )
    frame = Frame(KIND, plot)
    while count > 0:
        n, r = int(rng.integers(15, 101)), round(float(rng.uniform(-0.95, 0.95)), 2)
        raw = cloud(rng, n, r)
        try:
            raw = framed(raw)
            condition = {**KIND.readings(raw, {}, UNIT), "r": r}  # bend and fan as they are
            values = KIND.snap(raw, condition, plot, frame.area, rng).values
        except UnsuitableDraw:
            continue
        count -= 1
        points = values / [plot.x.span, plot.y.span]
        yield frame.picture(values, condition), points, np.array(frame.area) * density


def nearest(points, others):
    """For each of the others its distance to the nearest point."""
    return np.linalg.norm(points[:, None] - others, axis=2).min(axis=0)


class Tally:
    """What the readings of one band were worth."""

    def __init__(self):
        self.read = self.wrong = self.refused = 0
        self.seconds = self.r_error = 0.0
        self.lone, self.touching, self.scores = [], [], []

    def add(self, png, points, area, density):
        truth = np.corrcoef(points.T)[0, 1]
        start = time.process_time()
        try:
            reading = read_scatter(png)
        except Unreadable:
            self.refused += 1
            return
        finally:
            self.seconds += time.process_time() - start
        self.read += 1
        if reading.n != len(points):
            self.wrong += 1
            return
        self.r_error = max(self.r_error, abs(reading.r - truth))
        self.scores.append((reading.r - truth) / reading.uncertainty)
        at = points * area
        apart = np.linalg.norm(at[:, None] - at, axis=2) + np.eye(len(at)) * 1e9
        alone = apart.min(axis=1) > (DIAMETER + 1) * density
        error = nearest(reading.points * area, at)
        self.lone.extend(error[alone])
        self.touching.extend(error[~alone])

    def row(self, *bands):
        total = self.read + self.refused
        cells = [
            *bands,
            f"{total}",
            f"{self.wrong}",
            f"{self.refused}",
            f"{100 * (self.read - self.wrong) / total:.2f}",
            f"{rms(self.lone):.3f}",
            f"{rms(self.touching):.3f}",
            f"{self.r_error:.5f}",
            f"{rms(self.scores):.2f}",
            f"{total / self.seconds:.0f}",
        ]
        print("".join(f"{cell:>11}" for cell in cells))


def rms(values):
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else float("nan")


def band(value, edges):
    """The edges between which the value lies, as text."""
    upper = int(np.searchsorted(edges, value, side="right"))
    return f"{edges[upper - 1]:g}-{edges[upper]:g}"


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    heads = ["density", "n", "|r|", "pictures", "n wrong", "refused", "n exact %"]
    print("".join(f"{h:>11}" for h in [*heads, "rms lone", "rms touch", "max r err", "z of r", "per s"]))
    for density, share in SHARE.items():
        tallies = defaultdict(Tally)
        for png, points, area in pictures(round(count * share), density):
            decode(png)  # warm caches, so that the first picture is not slower
            key = band(len(points), N_BANDS), band(abs(np.corrcoef(points.T)[0, 1]), R_BANDS)
            tallies[key].add(png, points, area, density)
        for key in sorted(tallies):
            tallies[key].row(str(density), *key)
        whole = Tally()
        for tally in tallies.values():
            for name in ("read", "wrong", "refused", "seconds"):
                setattr(whole, name, getattr(whole, name) + getattr(tally, name))
            whole.r_error = max(whole.r_error, tally.r_error)
            for name in ("lone", "touching", "scores"):
                getattr(whole, name).extend(getattr(tally, name))
        whole.row(str(density), "all", "all")


if __name__ == "__main__":
    main()
