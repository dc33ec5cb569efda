"""What may be left out of an item that a format cannot say: functions that give the item without it.

Each gives back the very item where there is nothing to leave out.
"""

from dataclasses import replace
from typing import assert_never

from ..items import ChoiceKey, Item, MatchingKey, MultipleKey, NumericKey, Part, PartsKey, TrueFalseKey
from . import Downgrade

SHARE_SLACK = 1e-9  # by which equal shares may differ
MOST_POINTS = 99


def without_bands(item: Item) -> Item:
    """The item without partial credit for numbers that nearly are right."""
    match item.key:
        case NumericKey(bands=bands):
            return replace(item, key=replace(item.key, bands=())) if bands else item
        case PartsKey(parts=parts):
            return _with_parts(item, tuple(_without_bands(one) for one in parts))
        case ChoiceKey() | MultipleKey() | TrueFalseKey() | MatchingKey():
            return item
        case _:
            assert_never(item.key)


def with_equal_shares(item: Item) -> Item:
    """The item with parts that earn equal shares of the mark."""
    if not isinstance(item.key, PartsKey) or equal_shares(item.key):
        return item
    share = 1 / len(item.key.parts)
    return _with_parts(item, tuple(replace(one, share=share) for one in item.key.parts))


def without_part_comments(item: Item) -> Item:
    """The item without feedback to single answers in its parts."""
    if not isinstance(item.key, PartsKey):
        return item
    return _with_parts(item, tuple(_without_comments(one) for one in item.key.parts))


def with_whole_points(item: Item) -> Item:
    """The item worth the nearest whole number of points from 1 to 99."""
    points = float(min(max(round(item.points), 1), MOST_POINTS))
    return item if points == item.points else replace(item, points=points)


def equal_shares(key: PartsKey) -> bool:
    """Whether every part earns the same share of the mark."""
    return all(abs(one.share - key.parts[0].share) <= SHARE_SLACK for one in key.parts)


BANDS = Downgrade(name="bands", says="a near miss earns nothing", of=without_bands)
SHARES = Downgrade(name="shares", says="every part of a question earns the same", of=with_equal_shares)
PART_COMMENTS = Downgrade(
    name="comments", says="parts of a question have no feedback to single answers", of=without_part_comments
)
WHOLE_POINTS = Downgrade(
    name="points", says=f"points are rounded to a whole number from 1 to {MOST_POINTS}", of=with_whole_points
)


def _with_parts(item: Item, parts: tuple[Part, ...]) -> Item:
    key = PartsKey(parts=parts)
    return item if key == item.key else replace(item, key=key)


def _without_bands(one: Part) -> Part:
    return replace(one, key=replace(one.key, bands=())) if isinstance(one.key, NumericKey) else one


def _without_comments(one: Part) -> Part:
    match one.key:
        case ChoiceKey(options=options):
            silent = tuple(replace(option, feedback="") for option in options)
            return replace(one, key=replace(one.key, options=silent))
        case TrueFalseKey():
            return replace(one, key=replace(one.key, if_true="", if_false=""))
        case NumericKey():
            return one
        case _:
            assert_never(one.key)
