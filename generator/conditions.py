"""Which conditions a question allows, and which of them a student gets."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ImpossibleRequest
from .kinds import Feature


@dataclass(frozen=True, slots=True)
class Grid:
    """The values that each feature may take, ascending."""

    values: Mapping[str, tuple[float, ...]]

    def count(self, features: Sequence[str]) -> int:
        """How many different combinations of these features there are."""
        return math.prod(len(self.values[name]) for name in features)

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        """One combination, each as likely as any other."""
        return {name: values[int(rng.integers(len(values)))] for name, values in self.values.items()}

    def draw_new(self, rng: np.random.Generator, feature: str, taken: set[float]) -> dict[str, float]:
        """A combination whose `feature` is not among those taken; it is added to them.

        Raises:
            ImpossibleRequest: all values are taken.
        """
        free = [value for value in self.values[feature] if value not in taken]
        if not free:
            raise ImpossibleRequest(f"all {len(taken)} values of {feature} are taken")
        chosen = self.draw(rng)
        chosen[feature] = free[int(rng.integers(len(free)))]
        taken.add(chosen[feature])
        return chosen


def steps(feature: Feature, low: float, high: float) -> tuple[float, ...]:
    """The multiples of the feature's step from low to high, both included, free of binary noise."""
    first, last = math.ceil(low / feature.step - 1e-9), math.floor(high / feature.step + 1e-9)
    return tuple(tidy(feature, k * feature.step) for k in range(first, last + 1))


def tidy(feature: Feature, value: float) -> float:
    """The value rounded to the feature's step."""
    places = max(0, -math.floor(math.log10(feature.step)))
    return round(round(value / feature.step) * feature.step, places) + 0.0
