"""The proof: keys found again in delivered packages and pictures, by code that shares nothing with what made them.

`readers` measure what a picture shows, `packages` opens what platforms would import, and `rules` knows what
those platforms keep, change or drop.  Nothing here imports the generator, the exporters or matplotlib.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong in a bank: where it is (package, item) and what is wrong, in one sentence."""

    package: str
    item: str
    message: str


class Unreadable(Exception):
    """A picture or a package that cannot be read; the message says why."""
