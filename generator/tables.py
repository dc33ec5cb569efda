"""A real table, as plots are taken from it: continuous columns, and the classes of its rows where it has any."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The continuous columns of one real table.

    `values` has the shape (rows, columns), NaN where a cell is missing.  `classes` gives the class of every row as
    a number from 0, shape (rows,), or is None where the table has no class label.
    """

    name: str
    columns: tuple[str, ...]
    values: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int64] | None = None
