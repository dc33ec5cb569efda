"""Wrong keys: what students would be marked by."""

import re
from dataclasses import replace

import numpy as np

from .faults import FORMATS, in_draft, in_files

MARKED = tuple(form for form in FORMATS if form != "html")  # formats in which marks stand to be read

NUMBER = r"the key is \S+, but \S+ is right"
SHOWN = r"but the picture shows|but it shows|the picture shows"
KEYED = r"the options? .* (is|are) keyed right, not"
EARNS = r"earns \d+%, not"


def nudged(key, steps=1):
    """A number that is off by some units of its last printed place."""
    return round(key.value + steps * 10**-key.decimals, key.decimals)


def further(key, exact):
    """A number that is off by one in its last place, on the side that is further from the exact value."""
    return nudged(key, 1 if key.value >= exact else -1)


def slope_of(record):
    values = np.array(record["plots"][0]["values"])
    return np.polyfit(values[:, 0], values[:, 1], 1)[0]


def median_of(record):
    return np.median(np.array(record["plots"][0]["values"])[:, 1])


def neighbour(key):
    return (key.correct + 1) % len(key.options)


def turned(options):
    return (*options[1:], options[0])


# Numbers


@in_draft("slope", finding=NUMBER)
def number_off_by_one_in_its_last_place(draft):
    draft.rekey(draft.first, value=nudged(draft.first.key))


@in_draft("bars", finding=NUMBER)
def whole_number_off_by_one(draft):
    draft.rekey(draft.first, value=nudged(draft.first.key))


@in_draft("bars", finding=NUMBER)
def keys_of_two_students_swapped(draft):
    one, other = draft.items[:2]
    draft.rekey(one, value=other.key.value)
    draft.rekey(other, value=one.key.value)


@in_draft("slope", finding=SHOWN)
def number_off_in_private_too(draft):
    """The key is off by one in its last place wherever it stands: only the picture tells."""
    wrong = further(draft.first.key, slope_of(draft.record(draft.first)))
    item = draft.rekey(draft.first, value=wrong)
    draft.claim(item)["value"] = wrong
    draft.everywhere(item)


@in_draft("slope", finding=SHOWN)
def number_off_by_the_tolerance_in_private_too(draft):
    key = draft.first.key
    item = draft.rekey(draft.first, value=round(key.value + key.tolerance, key.decimals))
    draft.claim(item)["value"] = item.key.value
    draft.everywhere(item)


@in_draft("slope", finding=EARNS)
def tolerance_wider(draft):
    draft.rekey(draft.first, tolerance=draft.first.key.tolerance + 10**-draft.first.key.decimals)


@in_draft("slope", finding=EARNS)
def tolerance_narrower(draft):
    draft.rekey(draft.first, tolerance=draft.first.key.tolerance - 10**-draft.first.key.decimals)


@in_draft("slope", finding=SHOWN + r"|tolerance")
def tolerance_wider_in_private_too(draft):
    item = draft.rekey(draft.first, tolerance=draft.first.key.tolerance * 2)
    draft.claim(item)["tolerance"] *= 2
    draft.row(item)["tolerance"] = f"{item.key.tolerance:g}"


@in_draft("estimate", finding=EARNS)
def band_of_partial_credit_wider(draft):
    (band,) = draft.first.key.bands
    draft.rekey(draft.first, bands=(replace(band, tolerance=band.tolerance + 0.01),))


@in_draft("estimate", finding=EARNS)
def band_earns_more(draft):
    (band,) = draft.first.key.bands
    draft.rekey(draft.first, bands=(replace(band, share=0.8),))


@in_draft("estimate", finding=r"0 bands of partial credit are delivered, but 1")
def band_missing(draft):
    draft.rekey(draft.first, bands=())


# Choices


@in_draft("choose", finding=KEYED)
def neighbouring_option_keyed(draft):
    draft.rekey(draft.first, correct=neighbour(draft.first.key))


@in_draft("medians", finding=KEYED)
def neighbouring_group_keyed(draft):
    draft.rekey(draft.first, correct=neighbour(draft.first.key))


@in_draft("boxes", finding=KEYED)
def neighbouring_picture_keyed(draft):
    draft.rekey(draft.first, correct=neighbour(draft.first.key))


@in_draft("choose", finding=SHOWN)
def neighbouring_option_keyed_in_private_too(draft):
    item = draft.rekey(draft.first, correct=neighbour(draft.first.key))
    draft.claim(item)["right"] = [item.key.correct]
    draft.everywhere(item)


@in_draft("medians", finding=SHOWN)
def neighbouring_group_keyed_in_private_too(draft):
    item = draft.rekey(draft.first, correct=neighbour(draft.first.key))
    draft.claim(item)["right"] = [item.key.correct]
    draft.everywhere(item)


@in_draft("boxes", finding=r"the box plot \d is that of the histogram, not \d")
def neighbouring_picture_keyed_in_private_too(draft):
    item = draft.rekey(draft.first, correct=neighbour(draft.first.key))
    draft.claim(item)["right"] = [item.key.correct]
    draft.everywhere(item)


@in_draft("choose", finding=r"the option '.*' is not")
def number_of_a_wrong_option_changed(draft):
    key = draft.first.key
    place = neighbour(key)
    options = [*key.options]
    options[place] = replace(options[place], text=options[place].text.replace("0.", "0.0", 1))
    draft.rekey(draft.first, options=tuple(options))


@in_draft("choose", finding=r"the option '.*' is not")
def options_in_another_order_without_the_key(draft):
    draft.rekey(draft.first, options=turned(draft.first.key.options))


@in_draft("medians", finding=r"words|option|key")
def groups_in_another_order_without_the_key(draft):
    """Options without numbers change places, and the key stays where it was."""
    draft.rekey(draft.first, options=turned(draft.first.key.options))


@in_draft("choose", finding=r"option|nearest|" + SHOWN)
def wrong_option_nearer_than_the_right_one(draft):
    """The right option is changed for one further from the truth, in private too."""
    item, key = draft.first, draft.first.key
    wrong = "0.01"
    options = [*key.options]
    options[key.correct] = replace(options[key.correct], text=wrong)
    draft.rekey(item, options=tuple(options))
    draft.claim(item)["entries"][key.correct]["value"] = float(wrong)
    draft.everywhere(item)


# What a package says of the key besides, which no `Item` could say


def another_right(text, place):
    """The text of an item in which the option at this place is right too, in any format but the page's."""
    if "<idnumber>" in text:
        return text.replace('fraction="0"', 'fraction="100"', 1)
    if "<varequal" in text:
        right = re.search(r'<varequal respident="\w+">(\w+)</varequal>(?=\s*</conditionvar>\s*<setvar)', text)
        both = f"<or>{right[0]}{right[0].replace(right[1], f'choice_{place + 1}')}</or>"
        return text.replace(right[0] + text[right.end() :], both + text[right.end() :], 1)
    right = re.search(r"<(qti-)?match>.*?</(qti-)?match>", text, re.DOTALL)
    tag, kind = ("qti-base-value", "base-type") if right[1] else ("baseValue", "baseType")
    value = f'<{tag} {kind}="identifier">choice_{place + 1}</{tag}>'
    other = re.sub(r'<(qti-)?correct identifier="RESPONSE"/>', value, right[0])
    prefix = right[1] or ""
    return text.replace(right[0], f"<{prefix}or>{right[0]}{other}</{prefix}or>", 1)


def none_right(text):
    """The text of an item in which the right answer earns nothing."""
    if "<idnumber>" in text:
        return text.replace('fraction="100"', 'fraction="0"')
    if "<varequal" in text:
        return re.sub(r'(<setvar action="Set"[^>]*>)[\d.]+', r"\g<1>0", text)
    return re.sub(r'(utcome-?[vV]alue identifier="SCORE">\s*<[^>]*>)\d[\d.]*', r"\g<1>0", text)


@in_files("choose", finding=r"the options \d, \d are keyed right|not exactly one option earns points", formats=MARKED)
def two_right_options(written):
    item = written.draft.first
    place = 0 if item.key.correct else 1
    written.edit_item(item, lambda text: another_right(text, place))


@in_files("choose", finding=r"keyed right|no answer earns|full marks|earns|no right", formats=MARKED)
def no_right_option(written):
    written.edit_item(written.draft.first, none_right)


@in_files("truth", finding=r"keyed|no answer earns|earns|right", formats=MARKED)
def neither_true_nor_false(written):
    written.edit_item(written.draft.first, none_right)


# Several answers, statements, pairs, parts


@in_draft("statements", finding=KEYED)
def one_more_statement_keyed(draft):
    key = draft.first.key
    more = min(set(range(len(key.options))) - key.correct)
    draft.rekey(draft.first, correct=key.correct | {more} if len(key.correct) < len(key.options) - 1 else {more})


@in_draft("statements", finding=KEYED)
def one_statement_keyed_for_another(draft):
    key = draft.first.key
    wrong = min(set(range(len(key.options))) - key.correct)
    draft.rekey(draft.first, correct=(key.correct - {min(key.correct)}) | {wrong})


@in_draft("statements", finding=SHOWN)
def one_statement_keyed_for_another_in_private_too(draft):
    key = draft.first.key
    wrong = min(set(range(len(key.options))) - key.correct)
    item = draft.rekey(draft.first, correct=(key.correct - {min(key.correct)}) | {wrong})
    draft.claim(item)["right"] = sorted(item.key.correct)
    draft.everywhere(item)


@in_draft("truth", finding=r"the statement is keyed (true|false), but it is (true|false)")
def truth_inverted(draft):
    draft.rekey(draft.first, truth=not draft.first.key.truth)


@in_draft("truth", finding=SHOWN)
def truth_inverted_in_private_too(draft):
    item = draft.rekey(draft.first, truth=not draft.first.key.truth)
    draft.claim(item)["truth"] = item.key.truth
    draft.everywhere(item)


def swapped(places):
    return (places[1], places[0], *places[2:])


@in_draft("match", finding=r"plot \d is matched with \S+, but it has")
def two_pairs_swapped(draft):
    draft.rekey(draft.first, pairs=swapped(draft.first.key.pairs))


@in_draft("match", finding=r"plot \d is said to have .* but it shows")
def two_pairs_swapped_in_private_too(draft):
    item = draft.rekey(draft.first, pairs=swapped(draft.first.key.pairs))
    draft.claim(item)["shown"] = swapped(draft.claim(item)["shown"])
    draft.everywhere(item)


def with_part(draft, place, **changes):
    item = draft.first
    parts = [*item.key.parts]
    parts[place] = replace(parts[place], **changes)
    return draft.rekey(item, parts=tuple(parts))


@in_draft("parts", finding=r"part 1: the key is \S+, but \S+ is right")
def number_of_a_part_off_by_one_in_its_last_place(draft):
    key = draft.first.key.parts[0].key
    with_part(draft, 0, key=replace(key, value=nudged(key)))


@in_draft("parts", finding=r"part 2: the options \d are keyed right, not \d")
def another_option_of_a_part_keyed(draft):
    key = draft.first.key.parts[1].key
    with_part(draft, 1, key=replace(key, correct=neighbour(key)))


@in_draft("parts", finding=SHOWN)
def number_of_a_part_off_in_private_too(draft):
    key = draft.first.key.parts[0].key
    wrong = further(key, median_of(draft.record(draft.first)))
    item = with_part(draft, 0, key=replace(key, value=wrong))
    draft.claim(item)["value"] = wrong
    draft.everywhere(item)


@in_draft("parts", finding=r"share|part \d (earns|counts)|points")
def parts_share_the_mark_otherwise(draft):
    one, other = draft.first.key.parts
    draft.rekey(draft.first, parts=(replace(one, share=0.75), replace(other, share=0.25)))


# Canvas is told the points of a question once, for all of its variants.
@in_draft("slope", finding=r"points", formats=tuple(form for form in FORMATS if form != "canvas"))
def points_of_one_student_changed(draft):
    draft.change(draft.first, points=draft.first.points + 1)
