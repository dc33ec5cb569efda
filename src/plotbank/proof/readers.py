"""Which code measures the pictures of each kind of plot.  A kind that is not here can be trained, but not asked about:
no key leaves without the proof."""

from collections.abc import Callable, Mapping

from .pictures import ScatterReading, read_scatter

READERS: Mapping[str, Callable[[bytes], ScatterReading]] = {"scatter": read_scatter}
"""The reader of a picture's PNG, by kind.  It raises `Unreadable`."""

MEASURED: Mapping[str, frozenset[str]] = {"scatter": frozenset({"r", "n"})}
"""What it measures, by kind: all that a template about the kind may read."""
