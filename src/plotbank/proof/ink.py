"""Ink on white paper: which pixels have some, and how much of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import Unreadable
from .png import PALE, Pixels, Runs

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

_FAINT = 0.05  # cover of grey ink below which it is not told from the edge of a dot


@dataclass(frozen=True, slots=True)
class Ink:
    """The pixels that are not paper, in reading order: where they are and which share of each is covered."""

    rows: Integers
    columns: Integers
    cover: Floats


@dataclass(frozen=True, slots=True)
class Inked:
    """What is on the paper: `dots` is the coloured ink, `grey` the other but for the faintest, and `rows` and `columns`
    are the places of the darkest grey."""

    shape: tuple[int, int]
    dots: Ink
    grey: Ink
    rows: Integers
    columns: Integers


def unmix(pixels: Pixels) -> Inked:
    """Each pixel as a mixture of paper with grey, or of paper with the dots' colour.

    The colour of the dots is the most frequent one that is not grey.  The share of it in a mixture with white is
    the ratio of the colours' spans (largest less smallest channel), for white and grey have none.
    """
    count = np.bincount(pixels.runs.numbers, pixels.runs.lengths, len(pixels.colours))
    inked = (count > 0) & (pixels.colours.min(axis=1) < 255 - PALE)
    span = np.ptp(pixels.colours, axis=1)
    coloured, grey = inked & (span > PALE), inked & (span <= PALE)
    if not coloured.any():
        raise Unreadable("the picture has no dots")
    if not grey.any():
        raise Unreadable("the picture has no axes")
    dot = int(np.where(coloured, count, 0).argmax())
    share = np.where(coloured, span / span[dot], 0)
    mixture = 255 + share[:, None] * (pixels.colours[dot] - 255)
    if np.abs(mixture - pixels.colours)[coloured].max() > 2 * PALE:
        raise Unreadable("the picture has colours that are neither paper, nor grey, nor the dots'")
    lightness = pixels.colours.mean(axis=1)
    darkest = lightness[grey].min()
    cover = (255 - lightness) / (255 - darkest)

    greys = pixels.runs.of(grey & (cover > _FAINT))
    rows, columns = greys.of(lightness <= darkest + PALE).pixels()
    return Inked(
        shape=pixels.shape,
        dots=_ink(pixels.runs.of(coloured), share),
        grey=_ink(greys, cover),
        rows=rows,
        columns=columns,
    )


def _ink(runs: Runs, cover: Floats) -> Ink:
    """The pixels of these runs, and what the colours cover of each."""
    return Ink(*runs.pixels(), np.repeat(cover[runs.numbers], runs.lengths))
