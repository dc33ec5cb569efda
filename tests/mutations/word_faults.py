"""Words that are not those of the item: what a key is the answer to."""

import re
from dataclasses import replace

from .faults import in_draft
from .key_faults import turned, with_part

WORDS = r"words|stem|text|statement|feedback|option|says"


def exchanged(text, words):
    """A text in which each of these words stands for the other one."""
    both = words | {new: old for old, new in words.items()}
    after = re.sub("|".join(both), lambda found: both[found[0]], text)
    assert after != text, text
    return after


@in_draft("bars", finding=WORDS)
def above_for_below_in_the_stem(draft):
    draft.change(draft.first, stem=exchanged(draft.first.stem, {"larger than": "smaller than"}))


@in_draft("medians", finding=WORDS)
def smallest_for_largest_in_the_stem(draft):
    draft.change(draft.first, stem=exchanged(draft.first.stem, {"smallest": "largest"}))


@in_draft("bars", finding=WORDS)
def limit_in_the_stem_changed(draft):
    """The number that the stem asks about."""
    limit = draft.record(draft.first)["claims"][0]["drawn"]["limit"]
    asked = f"larger than {limit:g}"
    draft.change(draft.first, stem=exchanged(draft.first.stem, {asked: f"larger than {limit + 1:g}"}))


@in_draft("truth", finding=WORDS)
def statement_turned_into_its_opposite(draft):
    """The words of the statement change and its truth stays."""
    draft.change(draft.first, stem=draft.first.stem.replace("</p>", " This is not so.</p>", 1))


@in_draft("statements", finding=WORDS)
def words_of_a_statement_changed(draft):
    options = [*draft.first.key.options]
    options[0] = replace(options[0], text=f"It is not true that {options[0].text}")
    draft.rekey(draft.first, options=tuple(options))


@in_draft("parts", finding=WORDS)
def words_of_a_part_changed(draft):
    part = draft.first.key.parts[0]
    with_part(draft, 0, stem=re.sub("(?i)median", "maximum", part.stem))


@in_draft("bars", finding=WORDS)
def stem_of_another_student(draft):
    draft.change(draft.first, stem=draft.items[1].stem, pictures=draft.first.pictures)


@in_draft("slope", finding=WORDS)
def feedback_of_another_student(draft):
    draft.change(draft.first, feedback=draft.items[1].feedback)


@in_draft("statements", finding=r"commented")
def feedback_to_options_in_another_order(draft):
    key = draft.first.key
    said = turned([option.feedback for option in key.options])
    assert said != tuple(option.feedback for option in key.options), "the options have feedback of their own"
    options = [replace(option, feedback=one) for option, one in zip(key.options, said, strict=True)]
    draft.rekey(draft.first, options=tuple(options))


@in_draft("truth", finding=WORDS)
def feedback_of_true_and_false_swapped(draft):
    key = draft.first.key
    assert key.if_true != key.if_false
    draft.rekey(draft.first, if_true=key.if_false, if_false=key.if_true)


@in_draft("slope", finding=r"no text alternative")
def no_alternative_text(draft):
    draft.repicture(draft.first, alt="", description="")


@in_draft("slope", finding=r"alternative|alt|words|text")
def alternative_text_of_another_student(draft):
    other = draft.items[1].pictures[0]
    draft.repicture(draft.first, alt=other.alt, description=other.description)


@in_draft("which", finding=r"caption|option|words|text")
def captions_of_pictures_swapped(draft):
    """Plot A is called plot B and the other way round, and the key names what it named before."""
    options = draft.first.key.options
    texts = (options[1].text, options[0].text, *(option.text for option in options[2:]))
    changed = [replace(option, text=text) for option, text in zip(options, texts, strict=True)]
    draft.rekey(draft.first, options=tuple(changed))


# Data in tables, for those who cannot see the picture

TABLE = re.compile(r"<table.*</table>", re.DOTALL)
CELL = re.compile(r"(<td[^>]*>)([^<]*\d)(</td>)")


def with_table(draft):
    """The first item with data in a table, of the bank of those who get them."""
    return next(item for item in draft.items if TABLE.search(item.stem))


@in_draft(
    *("slope", "medians", "bars"),
    finding=r"table|rows|values",
    bank="accommodating",
    formats=("moodle", "qti21", "html"),
)
def number_in_a_table_changed(draft):
    item = with_table(draft)
    digit = lambda text: text[:-1] + str((int(text[-1]) + 1) % 10)  # noqa: E731
    draft.change(item, stem=CELL.sub(lambda cell: cell[1] + digit(cell[2]) + cell[3], item.stem, count=1))


@in_draft("slope", finding=r"table|values", bank="accommodating", formats=("moodle", "qti21", "html"))
def row_of_a_table_missing(draft):
    item = with_table(draft)
    *_, row = re.finditer(r"<tr>(?:(?!</tr>).)*<td.*?</tr>", item.stem, re.DOTALL)
    draft.change(item, stem=item.stem[: row.start()] + item.stem[row.end() :])


@in_draft("slope", finding=r"table|values", bank="accommodating", formats=("moodle", "qti21", "html"))
def no_table_for_who_needs_one(draft):
    item = with_table(draft)
    draft.change(item, stem=TABLE.sub("", item.stem))


@in_draft("slope", finding=r"with and without the data in tables", bank="accommodating", formats=("moodle", "qti21"))
def item_with_a_table_among_those_without(draft):
    """A student who gets the data in a table stands in the package of all the others."""
    (bank, plain), (_, special) = draft.banks
    draft.touched.update(item.id for item in special)
    draft.touched.update(item.id for item in plain)
    draft.banks = [(bank, [*plain, *special])]
