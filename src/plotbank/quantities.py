"""Quantities by name, each worked out when it is first asked for: of all that a plot has, a template asks for a few."""

from collections.abc import Callable, Iterator, Mapping

Way = Callable[[], float]


class Quantities(Mapping[str, float]):
    """Numbers by name, given as such or by a function of nothing that finds them, which is called once at most."""

    __slots__ = ("_ways",)

    def __init__(self, ways: Mapping[str, float | Way]) -> None:
        """Take the numbers, and the functions."""
        self._ways = dict(ways)

    def __getitem__(self, name: str) -> float:
        """The number of this name."""
        way = self._ways[name]
        if callable(way):
            way = self._ways[name] = way()
        return way

    def __contains__(self, name: object) -> bool:
        """Whether there is such a number; none is worked out for that."""
        return name in self._ways

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._ways)

    def __len__(self) -> int:
        """How many numbers there are."""
        return len(self._ways)
