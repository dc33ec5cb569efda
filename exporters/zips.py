"""A zip file whose bytes depend on nothing but what is put into it, in the order it is put in."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can tell
_UNIX = 3  # else the system that writes would show
_MODE = 0o100644 << 16  # an ordinary file that everybody may read
_STORED = {".png"}  # compressed already


class ZipWriter:
    """Files go in one after another; nothing is kept but the table of contents."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w")

    def add(self, name: str, content: bytes) -> None:
        """Put bytes into the zip file."""
        self._zip.writestr(self._entry(name), content)

    def add_file(self, name: str, file: IO[bytes]) -> None:
        """Copy a file that was just written, from its beginning, without holding it in memory."""
        entry = self._entry(name)
        entry.file_size = file.tell()  # decides whether the entry needs the format for large files
        file.seek(0)
        with self._zip.open(entry, "w") as target:
            shutil.copyfileobj(file, target)

    def close(self) -> None:
        """Write the table of contents and let go of the file."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if name in self._zip.NameToInfo:
            raise ValueError(f"{name!r} is in the zip file already")
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.create_system = _UNIX
        entry.external_attr = _MODE
        stored = PurePosixPath(name).suffix in _STORED
        entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        return entry
