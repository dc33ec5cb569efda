"""A plot of their own for every student, with an answer key that is proved from the very picture."""

__version__ = "0.1.0"
