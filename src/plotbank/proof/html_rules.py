"""What keeps a practice page from working, from being read by everybody, or from keeping to itself."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from . import Finding, Unreadable
from .delivered import Delivered, MatchingDelivered, key_texts
from .html_items import read_item
from .html_page import JSON, PageElement, page_elements

_LOADING = frozenset(("action", "background", "data", "formaction", "href", "poster", "src", "srcset"))
_CODE = frozenset(("", "module", "text/javascript", "application/javascript"))
_NOT_TEXT = frozenset(
    (
        *("applet", "audio", "base", "button", "embed", "form", "frame", "iframe", "img", "input", "link", "meta"),
        *("object", "script", "select", "style", "svg", "template", "textarea", "video"),
    )
)
_CLOSED = ("default-src", "base-uri", "form-action")  # directives that allow nothing; the last two have no default
_WHERE_TO = ("http://", "https://", "mailto:")


@dataclass(slots=True)
class _Page:
    """What has been seen of a page so far."""

    language: str = ""
    title: str = ""
    question: str = ""
    policy: dict[str, list[str]] | None = None
    ids: set[str] = field(default_factory=set)
    items: int = 0


def check_page(path: Path, package: str) -> Iterator[Finding]:
    """What is wrong with a page; raises Unreadable where it is no page at all."""
    page = _Page()
    with closing(page_elements(path)) as elements:
        for element in elements:
            item = element.attributes.get("id", "") if element.is_item else ""
            for rule in _RULES:
                for message in rule(element, page):
                    yield Finding(package=package, item=item, message=message)
            if element.is_item:
                for message in _item(element, package, page):
                    yield Finding(package=package, item=item, message=message)
    yield from (Finding(package=package, item="", message=message) for message in _missing(page))


def _missing(page: _Page) -> Iterator[str]:
    if not page.language.strip():
        yield "the page does not say its language: screen readers would not know how to speak"
    if not page.title.strip():
        yield "the page has no title"
    if page.policy is None:
        yield "the page has no content security policy: something could be fetched, or told, from it"
    if not page.items:
        yield "the page holds no item"


def _names(element: PageElement, page: _Page) -> Iterator[str]:
    match element.tag:
        case "html":
            page.language = element.attributes.get("lang", "")
        case "title":
            page.title = element.text
        case "h2":
            page.question = element.text
            if not element.text.strip():
                yield "a question has no title"


def _ids(element: PageElement, page: _Page) -> Iterator[str]:
    ident = element.attributes.get("id")
    if ident is None:
        return
    if not ident or ident in page.ids:
        yield f"the id {ident!r} is empty or stands twice"
    page.ids.add(ident)


def _policy(element: PageElement, page: _Page) -> Iterator[str]:
    if element.tag != "meta" or "http-equiv" not in element.attributes:
        return
    if element.attributes["http-equiv"].casefold() != "content-security-policy":
        yield f"a <meta> does what only servers should: {element.attributes['http-equiv']!r}"
        return
    directives = (directive.split() for directive in element.attributes.get("content", "").split(";"))
    page.policy = {words[0].casefold(): words[1:] for words in reversed([*filter(None, directives)])}
    for name in _CLOSED:
        if page.policy.get(name) != ["'none'"]:
            yield f"the content security policy does not close {name}"
    for name, sources in page.policy.items():
        for source in sources:
            if not _harmless(name, source):
                yield f"the content security policy allows {source} as {name}"


def _harmless(directive: str, source: str) -> bool:
    if directive in ("script-src", "style-src") and source.startswith("'sha256-"):
        return True
    return source == "'none'" or (directive, source) == ("img-src", "data:")


def _inline(element: PageElement, page: _Page) -> Iterator[str]:
    """Styles and scripts run only if the policy, which stands before them, has their hash."""
    if element.tag == "style":
        directive = "style-src"
    elif element.tag == "script" and element.attributes.get("type", "").casefold() in _CODE:
        directive = "script-src"
    else:
        return
    if page.policy is None:
        yield f"a <{element.tag}> stands before the content security policy"
        return
    digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode("ascii")
    if f"'sha256-{digest}'" not in page.policy.get(directive, ()):
        yield f"the content security policy does not allow a <{element.tag}> of the page: browsers would block it"


def _data(element: PageElement, _page: _Page) -> Iterator[str]:
    """Data stand in items and in the settings only."""
    if element.tag != "script" or element.attributes.get("type", "").casefold() in _CODE:
        return
    if element.attributes.get("type") != JSON or not (element.is_item or element.attributes.get("id") == "settings"):
        yield "a <script> is neither the page's own, nor an item, nor its settings"
    for name in sorted(element.attributes.keys() - {"type", "class", "id"}):
        yield f"a <script> has the attribute {name!r}: nothing of a key may lie open"


def _attributes(element: PageElement, _page: _Page) -> Iterator[str]:
    for name, value in element.attributes.items():
        if name.startswith("on") or name == "style":
            yield f"<{element.tag}> has the attribute {name!r}, which the policy blocks"
        if name in _LOADING and not value.startswith("data:"):
            yield f"<{element.tag}> loads {value[:60]!r}, which does not stand in the page"


def _item(element: PageElement, package: str, page: _Page) -> Iterator[str]:
    page.items += 1
    if not page.question:
        yield "the item stands in no question"
    try:
        delivered = read_item(element.attributes.get("id", ""), element.text, package, page.question)
    except Unreadable as error:
        yield str(error)
        return
    if delivered.points <= 0:
        yield f"the item is worth {delivered.points:g} points"
    found = (message for html in _html_texts(delivered) for message in _Text(html).found)
    yield from dict.fromkeys(found)


def _html_texts(delivered: Delivered) -> Sequence[str]:
    key = delivered.key
    of_key = key.prompts if isinstance(key, MatchingDelivered) else key_texts(key)
    return (delivered.stem, delivered.feedback, delivered.if_correct, delivered.if_incorrect, *of_key)


class _Text(HTMLParser):
    """What in a text is not for reading."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the policy blocks, or would not show."""
        if tag in _NOT_TEXT:
            self.found.append(f"a text holds <{tag}>, which a practice page does not show")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(f"a text has the attribute {name!r}, which the policy blocks")
            elif (tag, name) == ("a", "href"):
                if not (value or "").startswith(_WHERE_TO):
                    self.found.append(f"a text links {(value or '')[:60]!r}, which leads nowhere")
            elif name in _LOADING:
                self.found.append(f"a text loads {(value or '')[:60]!r}, which does not stand in the page")

    def parse_marked_section(self, i: int, report: bool | int = True) -> int:
        """Take `<![...` as the comment that browsers see in it; the standard parser may fail there."""
        return self.parse_bogus_comment(i, bool(report))


_RULES: tuple[Callable[[PageElement, _Page], Iterator[str]], ...] = (_names, _ids, _policy, _inline, _data, _attributes)
