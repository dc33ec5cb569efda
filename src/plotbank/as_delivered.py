"""Items as a platform would keep them: what the proof asks of packages can be asked of an item that is in none yet."""

from typing import assert_never, overload

from .exporters.markup import with_pictures
from .items import ChoiceKey, Item, Key, MatchingKey, MultipleKey, NumericKey, PartsKey, Picture, TrueFalseKey
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


def delivered_item(item: Item) -> Delivered:
    """The item as a platform that knows everything would keep it; pictures are linked to by their names."""
    of_options = {}
    if isinstance(item.key, ChoiceKey | MultipleKey):
        of_options = {option.picture: place for place, option in enumerate(item.key.options) if option.picture}
    return Delivered(
        package="",
        id=item.id,
        pool=item.question,
        title=item.title,
        stem=with_pictures(item.stem, item.pictures, _name),
        feedback=item.feedback,
        pictures=tuple(_picture(picture, of_options.get(picture)) for picture in item.every_picture),
        points=item.points,
        key=delivered_key(item.key),
        if_correct=item.if_correct,
        if_incorrect=item.if_incorrect,
    )


def _picture(picture: Picture, option: int | None) -> DeliveredPicture:
    return DeliveredPicture(
        name=picture.name,
        png=picture.png,
        alt=picture.alt,
        width=picture.width,
        height=picture.height,
        option=option,
        caption=picture.caption,
        description=picture.description,
    )


def _name(picture: Picture) -> str:
    return picture.name


@overload
def delivered_key(
    key: NumericKey | ChoiceKey | TrueFalseKey,
) -> NumericDelivered | ChoiceDelivered | TrueFalseDelivered: ...
@overload
def delivered_key(key: Key) -> KeyDelivered: ...
def delivered_key(key: Key) -> KeyDelivered:
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
            return ChoiceDelivered(
                options=_options(key),
                correct=(key.correct,),
                feedback=tuple(option.feedback for option in key.options),
            )
        case MultipleKey():
            return MultipleDelivered(
                options=_options(key),
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
                    PartDelivered(stem=part.stem, key=delivered_key(part.key), share=part.share) for part in key.parts
                )
            )
        case _:
            assert_never(key)


def _options(key: ChoiceKey | MultipleKey) -> tuple[str, ...]:
    return tuple(
        with_pictures(option.text, [option.picture] if option.picture else [], _name) for option in key.options
    )


def _around(key: NumericKey, tolerance: float) -> tuple[float, float]:
    """The bounds as exporters write them, without the noise of binary fractions."""
    places = key.decimals + 1
    return round(key.value - tolerance, places), round(key.value + tolerance, places)
