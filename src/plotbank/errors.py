"""The errors that a person can do something about.

The command line prints such an error as one line and exits with status 2.  Everything else is a fault in
plotbank and stays a traceback.
"""


class PlotbankError(Exception):
    """Base of all errors meant for people: the message says where, what is wrong, and what to do."""


class QuizFileError(PlotbankError):
    """The quiz file, or a template that it names, says something that cannot be done."""


class RosterError(PlotbankError):
    """The roster cannot be read, or its rows contradict each other."""


class ModelError(PlotbankError):
    """A trained model is missing, damaged, or cannot run on the device that was asked for."""


class ImpossibleRequest(PlotbankError):
    """More distinct variants are wanted than can exist; the message carries the arithmetic."""


class BankError(PlotbankError):
    """The folder to write or to read is not what it should be."""


class BanFileError(PlotbankError):
    """The file of banned items cannot be read, or names an item that nobody has."""


class UnsuitableDraw(Exception):
    """This draw would make a poor item.  Never shown to a person: the draw is counted and made again."""
