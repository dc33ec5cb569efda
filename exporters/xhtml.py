"""HTML as the XHTML that QTI 2.1, 2.2 and 3.0 all allow: what that cannot keep is named, and never silently lost.

Elements carry no namespace; the document that they go into gives them its own.
"""

import re
from collections.abc import Iterator

import lxml.html
from lxml import etree
from lxml.builder import E

_TERMS = ("abbr", "cite", "code", "dfn", "kbd", "q", "samp", "var")
_INLINE = frozenset((*_TERMS, "a", "b", "br", "em", "i", "small", "span", "strong", "sub", "sup"))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset((*_HEADINGS, "blockquote", "div", "hr", "ol", "p", "pre", "table", "ul"))
_FLOW = _INLINE | _BLOCKS
# What may stand inside an element: inline elements alone where nothing else is said.
_INSIDE = {
    **dict.fromkeys(("blockquote", "div", "li", "td", "th"), _FLOW),
    **dict.fromkeys(("ol", "ul"), frozenset(("li",))),
    "table": frozenset(("caption", "thead", "tbody", "tfoot")),
    **dict.fromkeys(("thead", "tbody", "tfoot"), frozenset(("tr",))),
    "tr": frozenset(("td", "th")),
}
_KNOWN = _FLOW.union(*_INSIDE.values())
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}
# How Markdown aligns the cells of a table; QTI has no styles, but QTI 3.0 these classes.
_ALIGNED = re.compile(r"text-align: ?(left|center|right);?")
_BRACES = re.compile("(?<={)(?={)")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def blocks(html: str) -> list[etree._Element]:
    """HTML as block elements, with text that stands loose in paragraphs."""
    root = E.div()
    fill(root, html)
    _wrap(root)
    return list(root)


def fill(parent: etree._Element, html: str) -> None:
    """Append HTML to an element without children that may hold both text and blocks."""
    source = _parsed(html)
    parent.text = (parent.text or "") + (source.text or "")
    parent.extend([_converted(child) for child in source])


def problems(html: str) -> list[str]:
    """What of some HTML cannot be kept: tags, attributes, and tags where they may not stand."""
    return sorted(set(_problems(_parsed(html), _FLOW)))


def part_braces(root: etree._Element) -> None:
    """Put an empty comment between the braces of every `{{` in a text.

    A player made with Vue takes an item for a template, and would run what stands there as an expression, be it LaTeX.
    References to characters do not keep it from that; attributes it leaves alone.
    """
    for parent in list(root.iter("*")):
        parent.text, children = _parted(parent.text)
        for child in parent:
            child.tail, comments = _parted(child.tail)
            children += [child, *comments]
        parent[:] = children


def _parted(text: str | None) -> tuple[str | None, list[etree._Element]]:
    """A text as far as the first place to part it, and comments with the rest of it behind them."""
    first, *others = _BRACES.split(text) if text else (text,)
    comments: list[etree._Element] = []
    for other in others:
        comments.append(etree.Comment(""))
        comments[-1].tail = other
    return first, comments


def _parsed(html: str) -> etree._Element:
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)  # which nobody sees
    return root


def _problems(element: etree._Element, allowed: frozenset[str]) -> Iterator[str]:
    outside = f"<{element.tag!s}>"
    texts = (element.text, *(child.tail for child in element))
    if not allowed & _INLINE and any(text and text.strip() for text in texts):
        yield f"text directly inside {outside}"
    for child in element:
        tag = str(child.tag)
        if tag not in _KNOWN:
            yield f"<{tag}>"
        elif tag not in allowed:
            yield f"<{tag}> inside {outside}"
        yield from (f"the attribute {name} of <{tag}>" for name in child.attrib if _attribute(child, name) is None)
        yield from _problems(child, _INSIDE.get(tag, _INLINE))


def _converted(element: etree._Element) -> etree._Element:
    kept = E(str(element.tag), *(_converted(child) for child in element))
    kept.text, kept.tail = element.text, element.tail
    for name in element.attrib:
        if attribute := _attribute(element, name):
            kept.set(*attribute)
    if kept.tag == "blockquote":
        _wrap(kept)
    return kept


def _attribute(element: etree._Element, name: str) -> tuple[str, str] | None:
    """An attribute as QTI has it, by name and value; None where it has no such thing."""
    value = element.get(name, "")
    if name == "class" or name in _ATTRIBUTES.get(str(element.tag), ()):
        return name, value
    if name == "lang":
        return _LANGUAGE, value
    aligned = _ALIGNED.fullmatch(value.strip()) if name == "style" else None
    return ("class", f"qti-align-{aligned[1]}") if aligned else None


def _wrap(parent: etree._Element) -> None:
    """Put text and inline elements that stand between blocks into paragraphs; white space there says nothing."""
    paragraph = E.p(parent.text or "")
    children = [paragraph]
    for child in list(parent):
        if child.tag in _INLINE:
            paragraph.append(child)
        else:
            paragraph = E.p(child.tail or "")
            child.tail = None
            children += [child, paragraph]
    parent.text = None
    parent[:] = [child for child in children if child.tag != "p" or len(child) or (child.text or "").strip()]
