"""Whether an item's own words would tell its key: the proof's rule, asked before anything is delivered."""

from .item_templates import Text
from .items import NumericKey
from .proof.packages import ChoiceDelivered, Delivered, NumericDelivered
from .proof.rules import leaks


def told(text: Text, *, title: str, identifier: str, label: str) -> list[str]:
    """What tells the key, in words ("the title tells the key"); nothing where nothing does.

    `identifier` is the item's with the quiz's before it, and `label` the sixteen digits of the variant.
    """
    key: NumericDelivered | ChoiceDelivered
    if isinstance(text.key, NumericKey):
        places = text.key.decimals + 1  # of a bound, as exporters write it
        low, high = (round(text.key.value + side * text.key.tolerance, places) for side in (-1, 1))
        key = NumericDelivered(value=text.key.value, low=low, high=high)
    else:
        key = ChoiceDelivered(options=text.key.options, correct=(text.key.correct,))
    delivered = Delivered(
        package="",
        id=identifier,
        pool="",
        title=title,
        stem=text.stem,
        feedback=text.feedback,
        alt=text.alt,
        picture_name=f"p{label}.png",
        png=b"",
        width=0,
        height=0,
        points=0.0,
        key=key,
    )
    return [finding.message for finding in leaks(delivered)]
