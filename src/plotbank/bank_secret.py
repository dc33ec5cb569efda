"""The bank's secret: made once per quiz, kept beside the quiz file for its owner alone."""

import os
import secrets
from pathlib import Path

from .errors import BankError

_BYTES = 32


def path_beside(quiz: Path) -> Path:
    """Where the secret of a quiz file is kept unless another file is given."""
    return quiz.with_suffix(".secret")


def read_or_make(path: Path, *, make: bool) -> tuple[bytes, bool]:
    """The secret in this file, and whether it was made just now.

    The file holds 64 hexadecimal digits.  A new one can be read by its owner only, and appears whole or not at
    all, so that two builds started together use the same secret.

    Raises:
        BankError: the file is damaged or cannot be read or written.
    """
    try:
        return _parse(path), False
    except FileNotFoundError:
        if not make:
            raise BankError(f"{path}: there is no such secret file") from None
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
        try:
            os.link(scratch, path)
        finally:
            scratch.unlink()
    except FileExistsError:
        return _parse(path), False
    except OSError as error:
        raise BankError(f"{path}: the secret cannot be written: {error.strerror}") from None
    return _parse(path), True


def _parse(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BankError(f"{path}: the secret cannot be read: {error.strerror}") from None
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise BankError(f"{path}: this is not a secret: 64 hexadecimal digits on one line are wanted")
    return secret
