"""`plotbank init`: a folder to start from, with a quiz, a roster and a template of one's own."""

from importlib.resources import files
from pathlib import Path

from .errors import BankError


def sample_files() -> dict[str, bytes]:
    """The files that a new folder gets, by name."""
    folder = files("plotbank").joinpath("sample-quiz")
    return {
        entry.name: entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if not entry.name.startswith((".", "_"))
    }


def make(folder: Path) -> tuple[str, ...]:
    """Write the sample into `folder` and return the names of the files.

    Raises:
        BankError: one of the files is there already, or the folder cannot be written; nothing is changed then.
    """
    sample = sample_files()
    if folder.exists() and not folder.is_dir():
        raise BankError(f"{folder}: this is a file: give the name of a folder")
    for name in sample:
        if (folder / name).exists():
            raise BankError(f"{folder / name}: this is there already, and nothing was changed: choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in sample.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise BankError(f"{folder}: cannot be written: {error.strerror}") from None
    return tuple(sample)
