"""Delivered packages, opened again: every item as the platform would keep it after an import.

A form is what a package turns out to be, whatever its name: which reader understands it, and whose rules it keeps.
"""

from collections.abc import Iterator
from pathlib import Path

from . import Unreadable
from .canvas_package import canvas_items
from .delivered import Delivered
from .moodle_package import moodle_items
from .zips import open_archive


def open_package(path: Path, folder: Path) -> Iterator[Delivered]:
    """The items of a package (Moodle XML, or a Canvas zip) below a bank's folder, one at a time.

    Raises:
        Unreadable: while iterating, where the package or an item in it cannot be read; says why.
    """
    package = path.relative_to(folder).as_posix()
    if path.suffix == ".xml":
        yield from moodle_items(path, package)
    elif path.suffix == ".zip":
        with open_archive(path) as archive:
            yield from canvas_items(archive, package)
    else:
        raise Unreadable("the file is neither Moodle XML (.xml) nor a Canvas package (.zip)")
