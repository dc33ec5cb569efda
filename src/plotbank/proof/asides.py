"""What stands beside the text of a package, where students may look though no platform shows it: comments, instructions
to programs, attributes that mean nothing to anybody.  Any of them could tell a key."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.parsers import expat

from . import Unreadable
from .markup import LARGEST_TEXT as LARGEST_PIECE

# What the elements of Moodle XML, of QTI in all its versions and of HTML are told by.
_NAMES = """
action adaptive alt aria-describedby aria-label aria-labelledby aria-live base-type baseType cardinality class
code colspan continue data-catalog-idref data-first-column-header default-value defaultValue dir domain encoding
expected-length expectedLength feedbacktype fibtype fixed format fraction height href id ident identifier
identifierref includeLowerBound includeUpperBound lang language linkrefid lower-bound lowerBound map-key mapKey
mapped-value mappedValue margin margintype match-max match-min matchMax matchMin max max-associations
max-choices maxAssociations maxChoices maxvalue min min-choices minChoices minvalue name navigation-mode
navigationMode normal-maximum normal-minimum normalMaximum normalMinimum objectiveIdentifier order_type
outcome-identifier outcomeIdentifier path precision precisiontype rcardinality rel respident response-identifier
responseIdentifier rowspan scope select show-hide showHide shuffle src start structure style submission-mode
submissionMode support target texttype time-dependent timeDependent title tolerance tolerance-mode toleranceMode
tool-name tool-version toolName toolVersion type upper-bound uri upperBound variable-identifier variableIdentifier
varname vartype version view visible width
"""
_KNOWN = frozenset(_NAMES.split())
_SPACES = ("http://www.w3.org/2001/XMLSchema-instance ", "http://www.w3.org/XML/1998/namespace ")
_COMMENT = re.compile(r"<!--(?P<said>.*?)-->", re.DOTALL)


def xml_asides(chunks: Iterable[bytes]) -> Iterator[str]:
    """What stands beside the text of an XML document, in words, up to where it is damaged, if it is; empty comments say
    nothing.

    Raises:
        Unreadable: it has a DOCTYPE.
    """
    found: dict[str, None] = {}

    def opened(_: str, attributes: dict[str, str]) -> None:
        for name in attributes:
            if name not in _KNOWN and not name.startswith(_SPACES):
                found[f"the XML has an attribute {name.rpartition(' ')[2][:40]!r}, which no platform knows"] = None

    def commented(said: str) -> None:
        if said.strip():
            found["the XML has a comment, which students may find"] = None

    def refuse(*_: object) -> None:
        raise Unreadable("the XML has a DOCTYPE, which no package needs and which could define harmful entities")

    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.StartElementHandler = opened
    parser.CommentHandler = commented
    parser.StartDoctypeDeclHandler = refuse
    parser.ProcessingInstructionHandler = lambda *_: found.setdefault("the XML has an instruction to a program")
    try:
        fed = 0
        for chunk in chunks:
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > LARGEST_PIECE:  # scanned again with every chunk
                return
        parser.Parse(b"", True)
    except expat.ExpatError:
        pass  # which is for those to say who read it
    yield from found


def page_asides(path: Path) -> Iterator[str]:
    """The same of a page in HTML."""
    if any(
        comment["said"].strip() for comment in _COMMENT.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ):
        yield "the page has a comment, which students may find"
