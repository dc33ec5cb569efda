"""Zips from anywhere: the directory is judged before anything is read, and what is read is counted."""

import copy
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from . import Unreadable

MOST_FILES = 100_000
LARGEST_EXPANSION = 100  # times the size of the zip: what Canvas unpacks
LARGEST_ENTRY = 512 * 2**20
_CHUNK = 2**16


class Archive:
    """An open zip with a harmless directory; entries are read on demand."""

    def __init__(self, zip_file: ZipFile) -> None:
        self._zip = zip_file
        self._entries = {entry.filename: entry for entry in zip_file.infolist()}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all entries, in the order of the zip."""
        return tuple(self._entries)

    @property
    def marks(self) -> frozenset[tuple[object, ...]]:
        """What files say besides name and content: date, extra fields, remark, rights."""
        return frozenset(
            (entry.date_time, entry.extra, entry.comment, entry.external_attr)
            for entry in self._entries.values()
            if not entry.is_dir()
        )

    @property
    def comment(self) -> bytes:
        """What is said at the end of the zip, beside its files."""
        return self._zip.comment

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def chunks(self, name: str, largest: int = LARGEST_ENTRY) -> Iterator[bytes]:
        """An entry's bytes in pieces.

        Raises:
            Unreadable: there is no such entry, it is damaged or too large, or its size is not the declared one.
        """
        if name not in self._entries:
            raise Unreadable(f"the zip does not hold {name}")
        declared = self._entries[name].file_size
        if declared > largest:
            raise Unreadable(f"{name} is larger than {largest:,} bytes")
        entry = copy.copy(self._entries[name])
        entry.file_size += 1  # zipfile stops at the declared size: one more byte shows whether there are more
        read = 0
        try:
            with self._zip.open(entry) as file:
                while chunk := file.read(_CHUNK):
                    read += len(chunk)
                    yield chunk
        except (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise Unreadable(f"{name} is damaged inside the zip: {error}") from None
        if read != declared:
            raise Unreadable(f"{name} does not have the size that the zip's directory declares")

    def read(self, name: str, largest: int) -> bytes:
        """A whole entry; raises as `chunks`."""
        return b"".join(self.chunks(name, largest))


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip whose directory is harmless.

    Raises:
        Unreadable: not a zip, or a zip that could do harm where it is unpacked.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise Unreadable(f"the zip cannot be read: {error.strerror}") from None
    with file:  # closed here, whatever still reads an entry: ZipFile would wait for that
        try:
            zip_file = ZipFile(file)
        except (BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as error:
            raise Unreadable(f"the zip is damaged: {error}") from None
        _refuse_harm(zip_file.infolist(), path.stat().st_size)
        yield Archive(zip_file)


def _refuse_harm(entries: Sequence[ZipInfo], size: int) -> None:
    if len(entries) > MOST_FILES:
        raise Unreadable(f"the zip has {len(entries):,} files; Canvas takes at most {MOST_FILES:,}")
    if sum(entry.file_size for entry in entries) > LARGEST_EXPANSION * size:
        raise Unreadable(f"the zip would expand more than {LARGEST_EXPANSION} times: Canvas refuses it")
    if sum(entry.compress_size for entry in entries) > size:
        raise Unreadable("the zip's files overlap, as in a zip bomb")
    names: set[str] = set()
    for entry in entries:
        if fault := _fault(entry):
            raise Unreadable(f"the zip's file {entry.filename!r} {fault}")
        if entry.filename in names:
            raise Unreadable(f"the zip holds {entry.filename!r} twice: which one counts is chance")
        names.add(entry.filename)


def _fault(entry: ZipInfo) -> str:
    """What makes an entry dangerous or unreadable, or nothing."""
    name = entry.orig_filename
    if "\\" in name or "\0" in name:
        return "has a backslash or a zero byte in its name"
    if name.startswith("/") or name[1:2] == ":":
        return "has an absolute name"
    if {"", ".", ".."} & set(name.removesuffix("/").split("/")):
        return "has a name that leads out of the folder"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a symbolic link"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "is compressed in a way that platforms do not read"
    return ""
