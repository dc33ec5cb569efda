"""The bank's secret: made once per quiz, kept beside the quiz file for its owner alone."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import BankError

_BYTES = 32


def path_beside(quiz: Path) -> Path:
    """Where the secret of a quiz file is kept unless another file is given."""
    return quiz.with_suffix(".secret")


@contextmanager
def kept(path: Path, *, make: bool) -> Iterator[tuple[bytes, bool]]:
    """The secret in this file, and whether it is new.

    The file holds 64 hexadecimal digits.  Where it does not exist and one may be made, it is written, for its owner
    only, when the block ends well: a build that fails leaves no secret behind.

    Raises:
        BankError: the file is damaged, or cannot be read or written.
    """
    if path.exists() or not make:
        yield _read(path), False
        return
    if not os.access(path.parent, os.W_OK):
        raise BankError(f"{path}: the secret cannot be written there: name another file with --secret")
    secret = secrets.token_bytes(_BYTES)
    yield secret, True
    _write(path, secret)


def _read(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise BankError(f"{path}: there is no such secret file") from None
    except OSError as error:
        raise BankError(f"{path}: the secret cannot be read: {error.strerror}") from None
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise BankError(f"{path}: this is not a secret: 64 hexadecimal digits on one line are wanted")
    return secret


def _write(path: Path, secret: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
    except FileExistsError:
        raise BankError(f"{path}: another build made this secret meanwhile: build again") from None
    except OSError as error:
        raise BankError(f"{path}: the secret cannot be written: {error.strerror}: build again") from None
