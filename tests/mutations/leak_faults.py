"""What would tell students the key, or whose item it is."""

import re
import zlib
from struct import pack

from .drafts import Draft
from .faults import ZIPPED, in_draft, in_files
from .picture_faults import png_of
from .redrawing import recompressed

NAMED = r"a student can be recognised"


def said(draft):
    return draft.first.key.printed


@in_draft("slope", finding=r"the title tells the key")
def key_in_the_title(draft):
    draft.change(draft.first, title=f"The slope is {said(draft)}")


@in_draft("slope", finding=r"the stem tells the key")
def key_in_the_stem(draft):
    draft.change(draft.first, stem=draft.first.stem.replace("</p>", f" (It is {said(draft)}.)</p>", 1))


@in_draft("slope", finding=r"the text alternative tells the key")
def key_in_the_alternative_text(draft):
    draft.repicture(draft.first, alt=f"{draft.first.pictures[0].alt} Slope: {said(draft)}.")


@in_draft("slope", finding=r"the picture's name .* is neither|the picture's name tells")
def key_in_the_name_of_a_picture(draft):
    name = f"slope{said(draft)}.png"
    old = draft.first.pictures[0].name
    draft.repicture(draft.first, name=name)
    draft.change(draft.first, stem=draft.current(draft.first).stem.replace(old, name))


@in_draft("bars", finding=r"the id tells the key")
def key_in_the_identifier(draft):
    draft.change(draft.first, id=f"{draft.first.id[:-4]}_{said(draft)}")


@in_draft("slope", finding=r"identifier|\bid\b|knows no such variant")
def identifier_of_another_form(draft):
    """The key without its point stands at the end, where 16 hexadecimal digits belong."""
    key = re.sub(r"\D", "", said(draft)).zfill(4)
    draft.change(draft.first, id=f"{draft.first.id[:-4]}_{key}")


def chunk(kind, content):
    return pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))


def before_the_end(png, more):
    return png[:-12] + more + png[-12:]


@in_draft("slope", finding=r"metadata|chunk")
def key_in_the_metadata_of_a_picture(draft):
    draft.show(draft.first, before_the_end(png_of(draft.first), chunk(b"tEXt", f"r\0{said(draft)}".encode())))


@in_draft("slope", finding=r"metadata|chunk|cannot be read|after")
def key_behind_the_end_of_a_picture(draft):
    draft.show(draft.first, png_of(draft.first) + said(draft).encode())


@in_draft("slope", finding=r"metadata|chunk")
def time_in_the_metadata_of_a_picture(draft):
    draft.show(draft.first, before_the_end(png_of(draft.first), chunk(b"tIME", bytes((7, 230, 1, 2, 3, 4, 5)))))


@in_files("slope", finding=r"(?i)comment", formats=("moodle", *ZIPPED, "html"))
def key_in_a_comment(written):
    """In the XML, or in the page beside its items."""
    comment = f"<!-- {said(written.draft)} -->"

    def beside(text):
        place = max(text.rfind("</question>"), text.rfind("</item>"), text.rfind("</body>"), text.rfind("</itemBody>"))
        place = max(place, text.rfind("</qti-item-body>"))
        return text[:place] + comment + text[place:]

    if written.form == "html":
        written.edit_text(beside)
    else:
        written.edit_item(written.draft.first, beside)


@in_files("slope", finding=r"(?i)attribute|unknown|does not know|schema|not allowed", formats=("moodle", *ZIPPED))
def key_in_an_attribute(written):
    """An attribute that no platform knows, of an element that every item has."""

    def tell(text):
        opening = re.search(r"<question |<item |<qti-assessment-item |<assessmentItem ", text)[0]
        return text.replace(opening, f'{opening}data-answer="{said(written.draft)}" ', 1)

    written.edit_item(written.draft.first, tell)


@in_files("slope", finding=r"comment", formats=ZIPPED)
def key_in_the_comment_of_a_zip_file(written):
    written.edit_entries(lambda entries: entries, comment=said(written.draft).encode())


@in_files("slope", finding=r"(?i)date|time", formats=ZIPPED)
def dates_in_a_zip_file(written):
    """Entries have dates of their own, which could tell anything."""
    written.edit_entries(lambda entries: entries, date=lambda name: (2024, 1, 1 + len(name) % 28, 0, 0, 0))


# A student's name


def name_in(draft):
    return draft.row(draft.first)["name"]


@in_draft("slope", finding=NAMED)
def name_of_a_student_in_the_stem(draft):
    draft.change(draft.first, stem=draft.first.stem.replace("<p>", f"<p>Dear {name_in(draft)}, ", 1))


@in_draft("choose", finding=NAMED)
def name_of_a_student_in_feedback(draft):
    draft.change(draft.first, feedback=f"{draft.first.feedback}<p>Well done, {name_in(draft)}!</p>")


@in_draft("slope", finding=NAMED)
def address_of_a_student_in_the_title(draft):
    draft.change(draft.first, title=f"{draft.first.title} {draft.row(draft.first)['email']}")


@in_draft("slope", finding=NAMED + r"|the picture's name")
def name_of_a_student_in_the_name_of_a_picture(draft):
    draft.repicture(draft.first, name=f"{name_in(draft).replace(' ', '_')}.png")


# Patterns over many items, of which none is wrong by itself

ENOUGH = 24  # numbers whose order cannot be chance; of a few right places, more have to stand in order
MANY = {"bank": "example", "formats": ("moodle", "canvas")}


def all_touched(draft):
    draft.touched.update(item.id for item in draft.items)


def ordered(draft: Draft, key):
    ((bank, items),) = draft.banks
    draft.banks = [(bank, sorted(items, key=key))]
    all_touched(draft)


@in_draft("q1", finding=r"in the order of their keys", **MANY)
def items_in_the_order_of_their_keys(draft):
    draft.keep(ENOUGH)
    ordered(draft, lambda item: item.key.value)


@in_draft("q2", finding=r"in the order of their keys", **MANY)
def items_in_the_order_of_their_right_options(draft):
    ordered(draft, lambda item: item.key.correct)


@in_draft("q1", finding=r"sizes of the pictures' files tell", **MANY)
def size_of_the_file_goes_with_the_key(draft):
    """Each picture is compressed so badly that the sizes stand in the order of the keys."""
    draft.keep(ENOUGH)
    keys = sorted({item.key.value for item in draft.items})
    sizes = [len(recompressed(png_of(item), 0)) for item in draft.items]
    for item in draft.items:
        png = recompressed(png_of(item), 0)
        draft.show(item, longer(png, max(sizes) + 24 * (1 + keys.index(item.key.value)) - len(png)))


def longer(png, by):
    """The same picture in a file that is longer by so many bytes, without a chunk that no picture needs: the compressed
    pixels are parted into more chunks, of 12 bytes more each, as well as that goes."""
    start = png.index(b"IDAT") - 4
    length = int.from_bytes(png[start : start + 4], "big")
    content, rest = png[start + 8 : start + 8 + length], png[start + 12 + length :]
    count = by // 12 + 1
    parts = [content[place : place + 1] for place in range(count - 1)] + [content[count - 1 :]]
    return png[:start] + b"".join(chunk(b"IDAT", part) for part in parts) + rest
