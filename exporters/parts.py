"""A bank in numbered parts under a budget of bytes: files that can be imported in any order."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ..items import Item


class Part(Protocol):
    """One file of a bank, being written."""

    def add(self, item: Item) -> bool:
        """Write an item; False, and nothing is written, when it does not fit any more.  The first one always fits."""

    def close(self, *, alone: bool) -> None:
        """Finish the file: the only one of its bank, or one of several."""

    def abort(self) -> None:
        """Let go of the file as it is."""


class PartedWriter:
    """Writes items into as many parts as it takes; an only part carries no number."""

    def __init__(self, folder: Path, name: str, suffix: str, begin: Callable[[Path], Part]) -> None:
        self._folder = folder
        self._name = name
        self._suffix = suffix
        self._begin = begin
        self._paths: list[Path] = []
        self._part: Part | None = None

    def add(self, item: Item) -> None:
        """Write one item, in a new part when this one is full."""
        if self._part is None:
            self._next_part()
        assert self._part is not None
        if not self._part.add(item):
            self._close_part(alone=False)
            self._next_part()
            if not self._part.add(item):
                raise ValueError("the first item of a part always fits")

    def close(self) -> list[Path]:
        """Finish the last part."""
        alone = len(self._paths) == 1
        self._close_part(alone=alone)
        if alone:
            self._paths = [self._paths[0].replace(self._folder / f"{self._name}{self._suffix}")]
        return self._paths

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.abort()

    def _next_part(self) -> None:
        path = self._folder / f"{self._name}-{len(self._paths) + 1}{self._suffix}"
        self._part = self._begin(path)
        self._paths.append(path)

    def _close_part(self, *, alone: bool) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.close(alone=alone)
