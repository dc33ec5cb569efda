"""The folder of a bank: refused where it may not be written, and complete when it appears."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from .errors import BankError


def refuse_unless_free(folder: Path, *, overwrite: bool) -> None:
    """Raise `BankError` unless a bank may be written here: nothing, an empty folder, or a bank to overwrite."""
    if not folder.parent.is_dir():
        raise BankError(f"{folder}: the folder {folder.parent} does not exist: make it first")
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / "private" / "evidence.json").is_file():
        raise BankError(f"{folder}: this is there already, and is not a bank: choose another name")
    if not overwrite:
        raise BankError(f"{folder}: there is a bank here already: choose another name, or say --overwrite")


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A scratch folder that takes the place of `folder` at the end, or disappears."""
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    except OSError as error:
        raise BankError(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        yield scratch
        _put(scratch, folder)
    except OSError as error:
        raise BankError(f"{folder}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _put(scratch: Path, folder: Path) -> None:
    """Rename the scratch folder; what was there before comes back if that fails, and goes if it does not."""
    if not folder.exists():
        scratch.rename(folder)
        return
    old = scratch.with_suffix(".old")
    folder.rename(old)
    try:
        scratch.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def owned(path: Path, *, encoding: str) -> TextIO:
    """A new text file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding=encoding, newline="")
