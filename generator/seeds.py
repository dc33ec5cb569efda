"""Where every random number comes from: a secret, the quiz, the question and the student, and nothing else.

HMAC-SHA256 of the three names under the bank's secret keys a counter-based generator (Philox 4x64; Salmon et
al. 2011).  Whoever lacks the secret cannot tell which student a variant belongs to, and no two students, questions
or attempts ever share a stream, whatever the order in which they are drawn.
"""

import hashlib
import hmac
from dataclasses import dataclass

import numpy as np

SCHEME = "HMAC-SHA256(secret, length-prefixed quiz, question, student) -> Philox 4x64 key; counter = (stream, attempt)"


@dataclass(frozen=True, slots=True)
class Seed:
    """The 32 secret bytes of one student's variant of one question."""

    digest: bytes

    @property
    def label(self) -> str:
        """Sixteen hexadecimal digits that stand for the variant in public, and tell nothing."""
        return hashlib.sha256(b"label" + self.digest).hexdigest()[:16]

    def rng(self, stream: str, attempt: int = 0) -> np.random.Generator:
        """An independent generator for one purpose and one attempt."""
        key = int.from_bytes(self.digest[:16], "big")
        purpose = int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8], "big")
        return np.random.Generator(np.random.Philox(key=key, counter=(attempt << 192) | (purpose << 128)))

    def child(self, name: str) -> "Seed":
        """The seed of something that belongs to the variant, such as one of its several plots."""
        return Seed(hmac.new(self.digest, name.encode("utf-8"), hashlib.sha256).digest())


def seed(secret: bytes, quiz: str, question: str, student: str) -> Seed:
    """The seed of a student's variant.  Names are length-prefixed, so that ("ab", "c") is not ("a", "bc")."""
    message = b"".join(
        len(name).to_bytes(8, "big") + name for name in (part.encode("utf-8") for part in (quiz, question, student))
    )
    return Seed(hmac.new(secret, message, hashlib.sha256).digest())
