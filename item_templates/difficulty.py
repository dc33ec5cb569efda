"""How likely a right answer is, predicted from what people can see.

One unit is what a person can just tell apart: a just-noticeable difference of a correlation, or the error with which a
value is read off an axis.  A look at a plot has a normal error whose standard deviation is `NOISE` units: with it two
values one unit apart are told apart three times out of four (2AFC; Green and Swets 1966).  Now and then people answer
without looking (`LAPSE`; Wichmann and Hill 2001).

All of this is a prediction of how variants of one question compare, not a measurement of students.
"""

import math
from statistics import NormalDist

NOISE = 1 / (NormalDist().inv_cdf(0.75) * math.sqrt(2))
LAPSE = 0.02
BAND = 0.17
"""Logits on either side of a question's difficulty between which its variants lie: evenly spread over the band, their
standard deviation is BAND / sqrt(3) = 0.098."""

_PHI = NormalDist().cdf


def of_number(units: float) -> float:
    """The chance that an estimate falls within a tolerance of so many units on either side."""
    return 2 * _PHI(units / NOISE) - 1


def of_nearest(below: float, above: float) -> float:
    """The chance that the right one of several numbers is nearest to what is seen: its neighbours lie so many units
    below and above (infinitely far where there is none)."""
    return _PHI(above / 2 / NOISE) + _PHI(below / 2 / NOISE) - 1


def of_side(units: float) -> float:
    """The chance to see on which side of a limit a value lies that is so many units away from it."""
    return _PHI(units / NOISE)


def logit(chance: float, guess: float) -> float:
    """The predicted logit of a right answer, of who sees what is right with this chance and guesses with that."""
    right = LAPSE * guess + (1 - LAPSE) * chance
    return math.log(right / (1 - right))
