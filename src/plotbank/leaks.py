"""Whether an item's own words would tell its key: the proof's rule, asked before anything is delivered."""

from collections.abc import Sequence

from .as_delivered import delivered_key
from .items import Key
from .proof.delivered import Delivered, DeliveredPicture
from .proof.rules import leaks


def told(
    key: Key,
    *,
    stem: str,
    feedback: str,
    alts: Sequence[str],
    title: str,
    identifier: str,
    label: str,
    captions: Sequence[str] = (),
    ends: Sequence[Sequence[float]] = (),
) -> list[str]:
    """What tells the key, in words ("the title tells the key"); nothing where nothing does.

    `alts` are the text alternatives of all pictures, and `captions`, unless no picture has any, what stands above
    each; `ends` are the ends of each one's axes.  `identifier` is the item's with the quiz's before it, and `label` the
    sixteen digits of the variant.
    """
    delivered = Delivered(
        package="",
        id=identifier,
        pool="",
        title=title,
        stem=stem,
        feedback=feedback,
        pictures=tuple(
            DeliveredPicture(name=f"p{label}.png", png=b"", alt=alt, width=0, height=0, caption=caption)
            for alt, caption in zip(alts, captions or [""] * len(alts), strict=True)
        ),
        points=0.0,
        key=delivered_key(key),
    )
    return [finding.message for finding in leaks(delivered, ends)]
