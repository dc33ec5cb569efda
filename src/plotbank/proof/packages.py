"""Delivered packages, opened again: every item as the platform would keep it after an import."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import Finding, Unreadable
from .asides import page_asides, xml_asides
from .canvas_package import canvas_items
from .canvas_rules import check_canvas
from .delivered import Delivered
from .html_page import page_items
from .html_rules import check_page
from .moodle_package import moodle_items
from .moodle_rules import check_moodle
from .qti12_package import qti12_items
from .qti12_rules import check_qti12
from .qti_package import qti_items
from .qti_rules import check_qti
from .zips import Archive, open_archive

_MANIFEST = "imsmanifest.xml"
_CHUNK = 2**16
_HEAD = 4096  # bytes of a manifest, in which its root element begins
_ITEM_TYPE = re.compile(rb"""type\s*=\s*["']imsqti_item_xmlv[23]p""")
# Canvas alone takes plain QTI 1.2 in the manifest of a Common Cartridge.
_CARTRIDGE = re.compile(rb"""<manifest\b[^>]*xmlns\s*=\s*["']http://www\.imsglobal\.org/xsd/imsccv1p1/imscp_v1p1["']""")
_CARTRIDGE_TYPE = re.compile(rb"""type\s*=\s*["']imsqti_xmlv1p2/imscc_""")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What understands a package: a reader of its items, and the rules of those who import it."""

    items: Callable[[Path, str], Iterator[Delivered]]
    check: Callable[[Path, str], Iterator[Finding]]


def open_package(path: Path, folder: Path) -> Iterator[Delivered]:
    """The items of a package below a bank's folder, one at a time.

    Raises:
        Unreadable: while iterating, where the package or an item in it cannot be read; says why.
    """
    yield from _form(path).items(path, path.relative_to(folder).as_posix())


def check_package(path: Path, folder: Path) -> Iterator[Finding]:
    """Everything that a platform would drop, rewrite or misread silently in a package below a bank's folder.

    A package that cannot be read at all is a finding too; nothing is raised.
    """
    package = path.relative_to(folder).as_posix()
    try:
        yield from _form(path).check(path, package)
        yield from (Finding(package=package, item="", message=message) for message in dict.fromkeys(_asides(path)))
    except Unreadable as error:
        yield Finding(package=package, item="", message=str(error))


def _asides(path: Path) -> Iterator[str]:
    """What stands where no platform shows it.  Dates by which the files in a zip differ are among it: a date for each
    right answer would tell them all."""
    if path.suffix == ".zip":
        with open_archive(path) as archive:
            if archive.comment:
                yield "the zip has a comment, which students may find"
            if len(archive.marks) > 1:
                yield "the files in the zip have different dates or remarks, which could tell keys"
            for name in archive.names:
                if name.endswith(".xml"):
                    yield from xml_asides(archive.chunks(name))
    elif path.suffix == ".xml":
        with path.open("rb") as file:
            yield from xml_asides(iter(lambda: file.read(_CHUNK), b""))
    else:
        yield from page_asides(path)


def _form(path: Path) -> _Form:
    if path.suffix == ".xml":
        return _MOODLE
    if path.suffix == ".html":
        return _PAGE
    if path.suffix == ".zip":
        with open_archive(path) as archive:
            return _zipped_form(archive)
    raise Unreadable("the file is neither Moodle XML (.xml), nor a zip file (.zip), nor a page (.html)")


def _zipped_form(archive: Archive) -> _Form:
    """The form of a zip file, by what its manifest lists."""
    manifest = b"".join(archive.chunks(_MANIFEST))
    if _ITEM_TYPE.search(manifest):
        return _QTI
    canvas = _CARTRIDGE.search(manifest[:_HEAD]) and not _CARTRIDGE_TYPE.search(manifest)
    return _CANVAS if canvas else _QTI12


def _zipped(items: Callable[[Archive, str], Iterator[Delivered]]) -> Callable[[Path, str], Iterator[Delivered]]:
    def opened(path: Path, package: str) -> Iterator[Delivered]:
        with open_archive(path) as archive:
            yield from items(archive, package)

    return opened


_MOODLE = _Form(items=moodle_items, check=check_moodle)
_CANVAS = _Form(items=_zipped(canvas_items), check=check_canvas)
_QTI12 = _Form(items=_zipped(qti12_items), check=check_qti12)
_QTI = _Form(items=_zipped(qti_items), check=check_qti)
_PAGE = _Form(items=page_items, check=check_page)
