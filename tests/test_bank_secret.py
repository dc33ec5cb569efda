"""The secret: made once, for its owner alone, and only by a build that succeeds."""

import stat

import pytest

from plotbank.bank_secret import kept, path_beside
from plotbank.errors import BankError


def test_a_new_secret_is_written_when_the_block_ends_well(tmp_path):
    path = tmp_path / "quiz.secret"
    with kept(path, make=True) as (secret, made):
        assert made
        assert not path.exists()
    with kept(path, make=True) as (again, made_again):
        assert not made_again

    assert again == secret
    assert len(secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_secrets_differ(tmp_path):
    with kept(tmp_path / "a", make=True) as (one, _), kept(tmp_path / "b", make=True) as (two, _):
        assert one != two


def test_a_failed_block_leaves_no_secret(tmp_path):
    with pytest.raises(KeyboardInterrupt), kept(tmp_path / "quiz.secret", make=True):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_secret_made_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "quiz.secret"
    refused = pytest.raises(BankError, match="another build made this secret meanwhile: build again")
    with refused, kept(path, make=True):
        path.write_text("ab" * 32)
    assert path.read_text() == "ab" * 32


@pytest.mark.parametrize("content", ["", "hello", "ab" * 31, "ab" * 33, "zz" * 32])
def test_what_is_no_secret_is_refused(tmp_path, content):
    (tmp_path / "s").write_text(content)
    refused = pytest.raises(BankError, match="this is not a secret: 64 hexadecimal digits")
    with refused, kept(tmp_path / "s", make=True):
        pass


def test_a_secret_that_was_named_must_exist(tmp_path):
    with pytest.raises(BankError, match="there is no such secret file"), kept(tmp_path / "s", make=False):
        pass


def test_a_folder_is_no_secret(tmp_path):
    with pytest.raises(BankError, match="the secret cannot be read"), kept(tmp_path, make=False):
        pass


def test_its_place(tmp_path):
    assert path_beside(tmp_path / "my.quiz.toml") == tmp_path / "my.quiz.secret"
