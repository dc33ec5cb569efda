"""Pictures of data as networks see them, and their ink maps.

Shapes: N plots, P parts of W numbers, F features, C channels.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from plotbank.generator.kinds import SIDE, Kind

from .networks import CAST

Pictures = npt.NDArray[np.float16]  # (N, C, SIDE, SIDE), ink in 0..1, row 0 = top
Floats32 = npt.NDArray[np.float32]

MAP = 16  # pixels along a side of an ink map
_BATCH = 250


def batches(size: int) -> Iterator[slice]:
    """The places of so many plots, some at a time."""
    for start in range(0, size, _BATCH):
        yield slice(start, min(start + _BATCH, size))


def ink(kind: Kind, data: Floats32, condition: Floats32) -> Pictures:
    """Pictures (N, C, SIDE, SIDE) of data (N, P, W) under conditions (N, F)."""
    found = []
    with torch.no_grad():
        for rows in batches(len(data)):
            some, asked = torch.from_numpy(data[rows]), torch.from_numpy(condition[rows])
            mask, _ = kind.cast(asked, torch.zeros((len(asked), CAST)))
            found.append(kind.ink(some, asked, mask).numpy().astype(np.float16))
    return np.concatenate(found)


def maps(pictures: Pictures) -> Floats32:
    """Ink maps (N, C x MAP x MAP): the mean ink of 4 x 4 pixels."""
    found = [
        F.avg_pool2d(torch.from_numpy(pictures[rows].astype(np.float32)), SIDE // MAP).flatten(1).numpy()
        for rows in batches(len(pictures))
    ]
    return np.concatenate(found)
