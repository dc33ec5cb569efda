"""What files of QTI 1.2 consist of, in Canvas's dialect and in the pure one: a manifest, metadata, texts, labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from .markup import Element, elements
from .zips import Archive

MANIFEST = "imsmanifest.xml"
QTI_TYPE = "imsqti_xmlv1p2"  # of a resource that holds questions; Common Cartridge appends to it
FILEBASE = "$IMS-CC-FILEBASE$/"  # where links begin in Common Cartridge and in Canvas


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a manifest: its type, the files that it lists, the identifiers of what it depends on."""

    identifier: str
    type: str
    files: tuple[str, ...]
    dependencies: tuple[str, ...]


def listed_resources(archive: Archive) -> list[Resource]:
    """What the manifest of a package lists; raises Unreadable where there is none or it is damaged."""
    return [
        Resource(
            identifier=resource.attributes.get("identifier", ""),
            type=resource.attributes.get("type", ""),
            files=tuple(file.attributes.get("href", "") for file in resource.each("file")),
            dependencies=tuple(one.attributes.get("identifierref", "") for one in resource.each("dependency")),
        )
        for _, resource in elements(archive.chunks(MANIFEST), ("resource",))
    ]


def metadata(holder: Element) -> dict[str, str]:
    """The labelled fields of an item, a bank or a test (question_type, points_possible, bank_title, ...)."""
    fields = (
        field
        for path in (("itemmetadata", "qtimetadata"), ("qtimetadata",))
        for field in holder.each(*path, "qtimetadatafield")
    )
    return {field.text_at("fieldlabel").strip(): field.text_at("fieldentry").strip() for field in fields}


def labels(holder: Element) -> list[Element]:
    """What can be chosen in a response, or in all the responses of an item, in the order of the file."""
    return list(holder.inside("response_label"))


def html_of(text: Element) -> str:
    """What a `<mattext>` says, as HTML."""
    return text.text if text.attributes.get("texttype") == "text/html" else escape(text.text, quote=False)


def first_html(holder: Element) -> str:
    """What the first `<mattext>` inside says, as HTML; empty where there is none."""
    return next((html_of(text) for text in holder.inside("mattext")), "")


def first_text(holder: Element) -> str:
    """The first `<mattext>` inside, as plain text; empty where there is none."""
    return next((text.text.strip() for text in holder.inside("mattext")), "")


def feedback(item: Element, ident: str) -> str:
    """What an item says (HTML) under this ident; empty where it says nothing."""
    return next((first_html(one) for one in item.each("itemfeedback") if one.attributes.get("ident") == ident), "")


def presented(item: Element) -> Iterator[Element]:
    """The materials and responses of an item in their order; flows, which only lay them out, are looked into."""
    for presentation in item.each("presentation"):
        yield from _unflowed(presentation)


def _unflowed(holder: Element) -> Iterator[Element]:
    for child in holder.children:
        if child.tag == "flow":
            yield from _unflowed(child)
        else:
            yield child
