"""QTI 2.1, 2.2 and 3.0 documents, read safely and under one set of names: those of 3.0.

What 2.x calls `<choiceInteraction maxChoices="1">` is `<qti-choice-interaction max-choices="1">` here, without a
namespace, so that one reader understands every version.  HTML keeps its names.
"""

import posixpath
import re
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote, urlsplit

from lxml import etree

from . import Unreadable
from .contents import within
from .markup import elements, fragment
from .zips import Archive

MANIFEST = "imsmanifest.xml"
PICTURE_TYPE = "webcontent"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

_CARD = "//qti-catalog[@id=$name]/qti-card[@support='long-description']/qti-html-content"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_LARGEST_DOCUMENT = 20 * 2**20
_REPEATED = ("resource", "assessmentItemRef", "qti-assessment-item-ref")  # a large manifest or test has many of them
_INTERACTION = re.compile("qti-.*-interaction")
_CAPITAL = re.compile("[A-Z]")
_VOID = frozenset(("br", "col", "hr", "img"))
_DESCRIBING = frozenset(("aria-describedby", "data-catalog-idref", "id"))  # lead to or from what stands elsewhere
_HTML = frozenset(
    (
        *("a", "abbr", "acronym", "address", "article", "aside", "b", "big", "blockquote", "caption", "cite", "code"),
        *("colgroup", "dd", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4"),
        *("h5", "h6", "header", "i", "kbd", "li", "nav", "object", "ol", "p", "param", "pre", "q", "samp", "section"),
        *("small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul"),
        *("var", *_VOID),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of QTI: its namespaces, and what a manifest calls a package with a test, and one without."""

    name: str
    namespace: str
    manifest_namespace: str
    with_test: str
    without_test: str
    schema_version: str

    @property
    def item_type(self) -> str:
        """The type of a resource that is an item."""
        return f"imsqti_item_xmlv{self.name.replace('.', 'p')}"

    @property
    def test_type(self) -> str:
        """The type of a resource that is a test."""
        return f"imsqti_test_xmlv{self.name.replace('.', 'p')}"


VERSIONS = (
    Version(
        name="2.1",
        namespace="http://www.imsglobal.org/xsd/imsqti_v2p1",
        manifest_namespace="http://www.imsglobal.org/xsd/imscp_v1p1",
        with_test="QTIv2.1 Package",
        without_test="QTIv2.1 Item Bank Package",
        schema_version="1.0.0",
    ),
    Version(
        name="2.2",
        namespace="http://www.imsglobal.org/xsd/imsqti_v2p2",
        manifest_namespace="http://www.imsglobal.org/xsd/imscp_v1p1",
        with_test="QTIv2.2 Package",
        without_test="QTIv2.2 Item Bank Package",
        schema_version="1.0.0",
    ),
    Version(
        name="3.0",
        namespace="http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
        manifest_namespace="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
        with_test="QTI Package",
        without_test="QTI Item Bank",
        schema_version="3.0.0",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a manifest: its files, the identifiers of the resources that it depends on, its LOM title."""

    identifier: str
    type: str
    href: str
    files: tuple[str, ...]
    dependencies: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a package says of itself; `title` is that of the whole package, or empty."""

    identifier: str
    namespace: str
    schema: str
    schema_version: str
    title: str
    resources: tuple[Resource, ...]

    @property
    def version(self) -> Version:
        """The version of QTI of its items; raises Unreadable where there are none, or of several versions."""
        types = {resource.type for resource in self.resources}
        found = [version for version in VERSIONS if version.item_type in types]
        if len(found) != 1:
            known = ", ".join(version.item_type for version in VERSIONS)
            raise Unreadable(f"the manifest does not list items of one version of QTI (resources of a type of {known})")
        return found[0]

    def of_type(self, kind: str) -> list[Resource]:
        """The resources of a type, in the manifest's order."""
        return [resource for resource in self.resources if resource.type == kind]


def read_manifest(archive: Archive) -> Manifest:
    """The manifest of a package; raises Unreadable where there is none that can be read."""
    root = _parsed(archive, MANIFEST)
    name = etree.QName(root)
    if name.localname != "manifest":
        raise Unreadable(f"{MANIFEST}: the root element is not <manifest>")
    return Manifest(
        identifier=root.get("identifier", ""),
        namespace=name.namespace or "",
        schema=root.findtext("{*}metadata/{*}schema", "").strip(),
        schema_version=root.findtext("{*}metadata/{*}schemaversion", "").strip(),
        title=_lom_title(root),
        resources=tuple(
            Resource(
                identifier=resource.get("identifier", ""),
                type=resource.get("type", ""),
                href=resource.get("href", ""),
                files=tuple(file.get("href", "") for file in resource.iterfind("{*}file")),
                dependencies=tuple(one.get("identifierref", "") for one in resource.iterfind("{*}dependency")),
                title=_lom_title(resource),
            )
            for resource in root.iterfind("{*}resources/{*}resource")
        ),
    )


def document(archive: Archive, name: str, version: Version, tag: str) -> etree._Element:
    """The root of a QTI document, under the names of 3.0.

    Raises:
        Unreadable: the document is missing, damaged, too large, has a DOCTYPE, another namespace than its version's,
            or another root element.
    """
    root = _parsed(archive, name)
    with within(name):
        for element in root.iter():
            _rename(element, version)
        if root.tag != tag:
            raise Unreadable(f"the root element is <{tag_of(root)}>, not <{tag}>")
    return root


def tag_of(element: etree._Element) -> str:
    """The name of an element, which lxml types as more than it is here."""
    assert isinstance(element.tag, str)
    return element.tag


def target(base: str, link: str) -> str:
    """The name in the zip of what a document, itself named `base`, links; raises Unreadable where it leads out."""
    try:
        scheme, host, path, _, _ = urlsplit(link)
    except ValueError:  # an address that is none, such as //[
        scheme, host, path = "", "[", ""
    name = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(path)))
    if scheme or host or not path or name.startswith(("/", "..")):
        raise Unreadable(f"it links {link[:80]!r}, not a file of the package")
    return name


def html_of(holder: etree._Element, end: etree._Element | None = None, without: Collection[etree._Element] = ()) -> str:
    """What stands inside an element, as HTML: all of it, or what stands before `end`; without some elements.

    Raises:
        Unreadable: something in it is not HTML.
    """
    return _inside(holder, end, without)[0].strip()


def html_before(holder: etree._Element, end: etree._Element, without: Collection[etree._Element] = ()) -> str:
    """The same, where nothing that says or shows anything stands behind `end`; raises Unreadable otherwise."""
    before = html_of(holder, end, without)
    said, whole = fragment(before), fragment(html_of(holder, without=(end, *without)))
    if (said.text, said.images) != (whole.text, whole.images):
        raise Unreadable(f"text or a picture stands behind the place of an answer (<{tag_of(end)}>)")
    return before


def blocks_of(holder: etree._Element) -> list[str]:
    """What stands inside an element, as HTML, cut behind each of its child elements; raises as `html_of`."""
    blocks = [escape(holder.text or "", quote=False)]
    blocks += [_tagged(child, _inside(child, None, ())[0]) + escape(child.tail or "", quote=False) for child in holder]
    return [block for block in blocks if block.strip()]


def interactions(holder: etree._Element) -> list[etree._Element]:
    """Everything in an element that students answer, in its order."""
    return [element for element in holder.iter() if _INTERACTION.fullmatch(tag_of(element))]


def described(item: etree._Element, image: etree._Element) -> list[etree._Element]:
    """What describes a picture at length: elements of the text, else cards of the item's catalogue.

    Raises:
        Unreadable: there is no such element or card.
    """
    texts = [_only(item, "//*[@id=$name]", name) for name in image.get("aria-describedby", "").split()]
    cards = [_only(item, _CARD, name) for name in image.get("data-catalog-idref", "").split()]
    return texts or cards


def hidden(item: etree._Element) -> list[etree._Element]:
    """The elements that only describe a picture and are not seen."""
    return [
        element
        for image in item.iter("img")
        for element in described(item, image)
        if "qti-visually-hidden" in element.get("class", "").split()
    ]


def _parsed(archive: Archive, name: str) -> etree._Element:
    data = archive.read(name, _LARGEST_DOCUMENT)
    with within(name):
        for _ in elements([data], _REPEATED):  # refuses a DOCTYPE, other encodings, too many or too deep elements
            pass
        parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
        )
        try:
            return etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"the XML is damaged: {error.msg}") from None


def _rename(element: etree._Element, version: Version) -> None:
    name = etree.QName(element)
    if name.namespace != version.namespace:
        raise Unreadable(f"<{name.localname}> is of the namespace {name.namespace!r}, not {version.namespace!r}")
    if _BASE in element.attrib:
        raise Unreadable("xml:base changes what links mean")
    element.tag = name.localname
    if name.localname in _HTML:
        return
    if version.name == "3.0":
        if not name.localname.startswith("qti-"):
            raise Unreadable(f"<{name.localname}> is neither QTI {version.name} nor HTML that can be read")
        return
    element.tag = f"qti-{_kebab(name.localname)}"
    for attribute, value in element.attrib.items():
        if not attribute.startswith("{"):
            del element.attrib[attribute]
            element.set(_kebab(attribute), value)


def _kebab(name: str) -> str:
    return _CAPITAL.sub(lambda capital: f"-{capital[0].lower()}", name)


def _lom_title(holder: etree._Element) -> str:
    return holder.findtext("{*}metadata/{*}lom/{*}general/{*}title/*", "").strip()


def _inside(
    holder: etree._Element, end: etree._Element | None, without: Collection[etree._Element]
) -> tuple[str, bool]:
    """The HTML, and whether it came to its end early.  An element is left out where it would hold nothing so far."""
    html = escape(holder.text or "", quote=False)
    for child in holder:
        if child is end:
            return html, True
        if child not in without:
            inside, ended = _inside(child, end, without)
            if not ended or inside.strip():
                html += _tagged(child, inside)
            if ended:
                return html, True
        html += escape(child.tail or "", quote=False)
    return html, False


def _tagged(element: etree._Element, inside: str) -> str:
    if element.tag not in _HTML:
        raise Unreadable(f"<{tag_of(element)}> stands in a text, where it cannot be read")
    attributes = "".join(
        f' {name}="{escape(value)}"' for name, value in element.attrib.items() if name not in _DESCRIBING
    )
    return f"<{tag_of(element)}{attributes}>" + ("" if element.tag in _VOID else f"{inside}</{tag_of(element)}>")


def _only(item: etree._Element, path: str, name: str) -> etree._Element:
    found = item.xpath(path, name=name)
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], etree._Element):
        raise Unreadable(f"a picture is described by {name!r}, of which there is not exactly one")
    return found[0]
