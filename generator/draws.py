"""From conditions to data: the network draws, the kind snaps, and what is not exact or is refused is drawn again."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import ImpossibleRequest, UnsuitableDraw
from ..models import Model
from .kinds import Area, Condition, Floats, Kind, Plot, Snapped, inexact, vector
from .seeds import Seed

BATCH = 64
MOST_ATTEMPTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One plot that is wanted: the condition, the seed, the axes, the CSS pixels between their ends, and the first
    attempt not yet refused."""

    seed: Seed
    condition: Condition
    plot: Plot
    area: Area
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Data that keep their condition exactly: `values` as the kind shapes them, and how they came about."""

    request: Request
    values: Floats
    displacement: float
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A request that was refused `MOST_ATTEMPTS` times, and why the last time."""

    request: Request
    reason: str

    def error(self) -> ImpossibleRequest:
        """The refusal in words for people."""
        wanted = ", ".join(f"{name} = {value:g}" for name, value in self.request.condition.items())
        return ImpossibleRequest(
            f"no usable plot with {wanted} in {MOST_ATTEMPTS} draws (last reason: {self.reason}): "
            "ask for less that is extreme at once, or a larger picture"
        )


@dataclass(slots=True)
class Tally:
    """Counts over a build: draws made, draws kept, and why the others were refused."""

    drawn: int = 0
    kept: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def draw(requests: Sequence[Request], model: Model, kind: Kind, tally: Tally) -> Iterator[Draw | GivenUp]:
    """Accepted draws, or requests given up, in the order of the requests.

    Which attempt is accepted depends on the request alone, so the result is the same whatever else is drawn
    beside it.

    Raises:
        ModelError: the network was not trained for a request's condition.
    """
    for start in range(0, len(requests), BATCH):
        yield from _draw_batch(requests[start : start + BATCH], model, kind, tally)


def _draw_batch(requests: Sequence[Request], model: Model, kind: Kind, tally: Tally) -> Iterator[Draw | GivenUp]:
    attempts = [request.attempt for request in requests]
    done: dict[int, Draw | GivenUp] = {}
    while waiting := [i for i in range(len(requests)) if i not in done]:
        noise = np.stack([_noise(requests[i].seed, attempts[i], model.card.noise) for i in waiting])
        condition = np.stack([vector(kind, requests[i].condition) for i in waiting])
        for i, raw in zip(waiting, model.draw(noise, condition), strict=True):
            request, attempt = requests[i], attempts[i]
            tally.drawn += 1
            try:
                snapped = _exact(raw.astype(np.float64), request, attempt, kind)
            except UnsuitableDraw as reason:
                tally.refused[str(reason)] += 1
                attempts[i] += 1
                if attempts[i] >= MOST_ATTEMPTS:
                    done[i] = GivenUp(request=request, reason=str(reason))
            else:
                tally.kept += 1
                done[i] = Draw(
                    request=request, values=snapped.values, displacement=snapped.displacement, attempt=attempt
                )
    return iter(done[i] for i in range(len(requests)))


def _exact(raw: Floats, request: Request, attempt: int, kind: Kind) -> Snapped:
    """The data that a network's array (P, W) becomes, every feature in them measured.

    Raises:
        UnsuitableDraw: the kind refuses them, or a feature of the rounded data is not the one asked for.
    """
    condition, plot = request.condition, request.plot
    snapped = kind.snap(raw, condition, plot, request.area, request.seed.rng("placement", attempt))
    for name in inexact(kind, kind.readings(snapped.values, condition, plot), condition):
        raise UnsuitableDraw(f"{name} not exact")
    return snapped


def _noise(seed: Seed, attempt: int, length: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return seed.rng("noise", attempt).standard_normal(length, dtype=np.float64).astype(np.float32)
