"""Packages that are damaged, incomplete, or not of this bank."""

import re
import zlib
from dataclasses import replace

from .faults import ZIPPED, afterwards, in_draft, in_files

COUNT = r"\d+ items were found, but \d+ were built"
CHANGED = r"the file has been changed since the bank was built"
UNUSABLE = r"(?i)cannot be read|not a zip|damaged|not well|zip|XML|ends|holds no|is missing|truncated|breaks off"


@in_draft("choose", finding=COUNT)
def item_missing(draft):
    ((bank, items),) = draft.banks
    draft.touched.add(items[0].id)
    draft.banks = [(bank, items[1:])]


@in_files("choose", finding=r"delivered before|twice|same|" + COUNT, formats=("moodle", "canvas", "qti12"))
def item_twice(written):
    def again(text):
        item = re.search(r"<question type=\"multichoice\".*?</question>|<item ident=.*?</item>", text, re.DOTALL)[0]
        return text.replace(item, item * 2, 1)

    written.touch(written.draft.first)
    if written.zipped:
        written.edit_entries(
            lambda entries: {
                name: again(content.decode()).encode() if b"<item ident" in content else content
                for name, content in entries.items()
            }
        )
    else:
        written.edit_text(again)


@in_draft("choose", finding=r"delivered before|twice|same|is also that of|two", formats=("moodle", "canvas", "qti12"))
def one_identifier_for_two_items(draft):
    """The second item has the identifier of the first one."""
    ((bank, items),) = draft.banks
    draft.touched.update(item.id for item in items[:2])
    names = [picture.name for picture in items[1].pictures]
    draft.banks = [(bank, [items[0], replace(items[1], id=items[0].id), *items[2:]])]
    assert names != [picture.name for picture in items[0].pictures]


@in_draft("choose", finding=r"knows no such variant|not those that were built")
def items_of_another_bank(draft):
    """Every item has another identifier than in private/, as if it were of another build."""
    ((bank, items),) = draft.banks
    turned = [replace(item, id=f"{item.question}_{item.id.rpartition('_')[2][::-1]}") for item in items]
    draft.touched.update(item.id for item in [*items, *turned])
    draft.banks = [(bank, turned)]


@in_files("choose", finding=UNUSABLE)
def cut_short(written):
    written.touch(*written.draft.items)
    content = written.path.read_bytes()
    written.path.write_bytes(content[: len(content) * 2 // 3])


@in_files("choose", finding=r"is missing")
def package_missing(written):
    written.path.unlink()


@in_files("choose", finding=r"was not built with this bank")
def package_more(written):
    written.path.with_name(f"extra{written.path.suffix}").write_bytes(written.path.read_bytes())


@in_files("choose", finding=r"(?i)doctype|entit|DTD", formats=("moodle", *ZIPPED))
def document_type_in_xml(written):
    """A DOCTYPE, which could declare entities."""

    def declared(text):
        place = re.search(r"<(?![?!])", text).start()
        return f'{text[:place]}<!DOCTYPE a [<!ENTITY b "c">]>{text[place:]}'

    written.touch(*written.draft.items)
    if not written.zipped:
        written.edit_text(declared)
        return
    written.edit_entries(
        lambda entries: {
            name: declared(content.decode()).encode() if items_in(content) else content
            for name, content in entries.items()
        }
    )


def items_in(content):
    return re.search(rb"<item |<assessmentItem |<qti-assessment-item ", content) is not None


@in_files("choose", finding=r"(?i)picture|images/|missing|not in", formats=ZIPPED)
def picture_missing_in_a_zip_file(written):
    written.touch(*written.draft.items)

    def without(entries):
        picture = next(name for name in entries if name.endswith(".png"))
        return {name: content for name, content in entries.items() if name != picture}

    written.edit_entries(without)


@in_draft("choose", finding=r"(?i)cannot be read|not a whole PNG|checksum|damaged|CRC|broken")
def picture_corrupt(draft):
    """A byte of the compressed pixels is another one, and the checksum is that of before."""
    png = draft.first.pictures[0].png
    place = png.index(b"IDAT") + 40
    draft.show(draft.first, png[:place] + bytes((png[place] ^ 255,)) + png[place + 1 :])


@in_draft("choose", finding=r"(?i)cannot be read|not a whole PNG|checksum|damaged|CRC|broken")
def picture_cut_short(draft):
    draft.show(draft.first, draft.first.pictures[0].png[:-200])


# Edited after the build: the hashes stay as they were


@afterwards("choose", finding=CHANGED)
def package_edited_afterwards(written):
    """Nothing but space is added behind the end, or a comment to a zip file."""
    if written.zipped:
        written.edit_entries(lambda entries: entries, comment=b"x")
    else:
        written.path.write_bytes(written.path.read_bytes() + b"\n")


@afterwards("choose", finding=CHANGED)
def package_half_copied(written):
    written.touch(*written.draft.items)
    content = written.path.read_bytes()
    written.path.write_bytes(content[: len(content) // 2])


@afterwards("choose", finding=CHANGED)
def package_half_written(written):
    """As long as it was, but the second half is zeros: a disk was full."""
    written.touch(*written.draft.items)
    content = written.path.read_bytes()
    half = len(content) // 2
    written.path.write_bytes(content[:half] + bytes(len(content) - half))


@afterwards("choose", finding=CHANGED)
def byte_of_a_package_changed(written):
    written.touch(*written.draft.items)
    content = bytearray(written.path.read_bytes())
    content[zlib.crc32(content) % len(content)] ^= 1
    written.path.write_bytes(content)
