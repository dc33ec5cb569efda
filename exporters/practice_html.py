"""HTML as a practice page shows it, under a policy that blocks styles, scripts and whatever lies elsewhere."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

_TAGS = frozenset(
    (
        *(
            "a",
            "abbr",
            "b",
            "bdi",
            "bdo",
            "blockquote",
            "br",
            "caption",
            "cite",
            "code",
            "dd",
            "del",
            "div",
            "dl",
            "dt",
        ),
        *("em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp"),
        *(
            "small",
            "span",
            "strong",
            "sub",
            "sup",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "tr",
            "u",
            "ul",
            "var",
        ),
    )
)
_ATTRIBUTES = frozenset(("class", "colspan", "dir", "href", "lang", "rowspan", "scope", "start", "title"))
_SCHEMES = frozenset(("http", "https", "mailto"))
_ALIGNED = re.compile(r'(<t[dh]) style="text-align: ?(left|center|right)"')


def classed(html: str) -> str:
    """The same HTML, with a class where Markdown aligns the cells of a table with a style."""
    return _ALIGNED.sub(r'\1 class="\2"', html)


def unshown(html: str) -> list[str]:
    """What of some HTML the page would not show, in words: tags, attributes and links that are not for text."""
    parser = _Unshown()
    parser.feed(classed(html))
    parser.close()
    return list(dict.fromkeys(parser.found))


class _Unshown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that is not for text, or else its attributes and links that are not."""
        if tag not in _TAGS:
            self.found.append(f"<{tag}>")
            return
        self.found += (f"the attribute {name!r} of <{tag}>" for name, _ in attrs if name not in _ATTRIBUTES)
        links = (value or "" for name, value in attrs if name == "href")
        self.found += (f"the link {link[:60]!r}" for link in links if not _leads_out(link))

    def parse_marked_section(self, i: int, report: bool | int = True) -> int:
        """Take `<![...` as the comment that browsers see in it; the standard parser may fail there."""
        return self.parse_bogus_comment(i, bool(report))


def _leads_out(link: str) -> bool:
    """Whether a link leads to a place outside the page, where a person may go."""
    try:
        return urlsplit(link).scheme in _SCHEMES
    except ValueError:
        return False
