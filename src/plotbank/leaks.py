"""Whether an item's own words would tell its key: the proof's rule, asked before anything is delivered."""

from collections.abc import Sequence
from typing import assert_never, overload

from .items import ChoiceKey, Key, MatchingKey, MultipleKey, NumericKey, PartsKey, TrueFalseKey
from .proof.delivered import (
    BandDelivered,
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
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
        key=_delivered(key),
    )
    return [finding.message for finding in leaks(delivered, ends)]


@overload
def _delivered(
    key: NumericKey | ChoiceKey | TrueFalseKey,
) -> NumericDelivered | ChoiceDelivered | TrueFalseDelivered: ...
@overload
def _delivered(key: Key) -> KeyDelivered: ...
def _delivered(key: Key) -> KeyDelivered:
    """The key as it will be read from a package."""
    match key:
        case NumericKey():
            low, high = _around(key, key.tolerance)
            bands = ((*_around(key, band.tolerance), band.share) for band in key.bands)
            return NumericDelivered(
                value=key.value,
                low=low,
                high=high,
                bands=tuple(BandDelivered(low=low, high=high, share=share) for low, high, share in bands),
            )
        case ChoiceKey():
            options = tuple(option.text for option in key.options)
            return ChoiceDelivered(
                options=options, correct=(key.correct,), feedback=tuple(option.feedback for option in key.options)
            )
        case MultipleKey():
            options = tuple(option.text for option in key.options)
            return MultipleDelivered(
                options=options,
                correct=tuple(sorted(key.correct)),
                feedback=tuple(option.feedback for option in key.options),
            )
        case TrueFalseKey():
            return TrueFalseDelivered(truth=key.truth, if_true=key.if_true, if_false=key.if_false)
        case MatchingKey():
            return MatchingDelivered(prompts=key.prompts, answers=key.answers, pairs=key.pairs)
        case PartsKey():
            return PartsDelivered(
                parts=tuple(
                    PartDelivered(stem=part.stem, key=_delivered(part.key), share=part.share) for part in key.parts
                )
            )
        case _:
            assert_never(key)


def _around(key: NumericKey, tolerance: float) -> tuple[float, float]:
    """The bounds as exporters write them, without the noise of binary fractions."""
    places = key.decimals + 1
    return round(key.value - tolerance, places), round(key.value + tolerance, places)
