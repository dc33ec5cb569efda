"""A plot of their own for every student, with an answer key that is proved from the very picture.

In a notebook, `plotbank.plot("scatter", r=0.8, n=50)` is a plot; docs/notebook.md has the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import PlotbankError

if TYPE_CHECKING:
    from .notebook import Bank, Item, Items, Plot, Quiz, plot, read_bank, read_quiz

__version__ = "0.1.0"
__all__ = ["Bank", "Item", "Items", "Plot", "PlotbankError", "Quiz", "plot", "read_bank", "read_quiz"]


def __getattr__(name: str) -> Any:
    """What is public, imported when it is first asked for: it takes numpy and matplotlib."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".notebook", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
