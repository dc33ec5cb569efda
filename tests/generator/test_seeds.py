"""Seeds: the same everywhere, different for everybody, and telling nothing."""

import hashlib
import hmac

import numpy as np

from plotbank.generator.seeds import seed

SECRET = b"s" * 32


def test_the_seed_is_the_hmac_of_length_prefixed_names():
    message = b"".join(len(part).to_bytes(8, "big") + part for part in (b"quiz", b"q1", "Zoë".encode()))

    assert seed(SECRET, "quiz", "q1", "Zoë").digest == hmac.new(SECRET, message, hashlib.sha256).digest()


def test_every_part_changes_the_seed():
    seeds = {
        seed(SECRET, "quiz", "q1", "anna").digest,
        seed(b"t" * 32, "quiz", "q1", "anna").digest,
        seed(SECRET, "quiz2", "q1", "anna").digest,
        seed(SECRET, "quiz", "q2", "anna").digest,
        seed(SECRET, "quiz", "q1", "ben").digest,
        seed(SECRET, "quizq", "1", "anna").digest,  # not the same text cut elsewhere
    }

    assert len(seeds) == 6


def test_streams_and_attempts_are_independent_and_repeatable():
    own = seed(SECRET, "quiz", "q1", "anna")
    draws = {own.rng(stream, attempt).bytes(16) for stream in ("noise", "item") for attempt in range(50)}

    assert len(draws) == 100
    assert own.rng("noise", 3).bytes(16) == own.rng("noise", 3).bytes(16)


def test_streams_of_one_attempt_do_not_run_into_those_of_the_next():
    """The counter's upper words hold stream and attempt, so a stream may be as long as 2^128 blocks."""
    own = seed(SECRET, "quiz", "q1", "anna")
    first = own.rng("noise", 0).standard_normal(5000)
    second = own.rng("noise", 1).standard_normal(5000)

    assert not np.isin(second, first).any()


def test_the_numbers_of_this_scheme_do_not_change_between_versions():
    own = seed(SECRET, "quiz", "q1", "anna")

    assert own.label == "75e7ff51c824b56b"
    assert own.rng("noise").integers(1000, size=4).tolist() == [986, 382, 809, 987]


def test_the_label_does_not_contain_the_seed():
    own = seed(SECRET, "quiz", "q1", "anna")

    assert own.label not in own.digest.hex()
    assert len(own.label) == 16
