"""What stands beside the text of a package is found: each of these was nothing that a platform shows."""

import pytest

from plotbank.proof import Unreadable
from plotbank.proof.asides import page_asides, xml_asides


def said(xml, size=7):
    """What is said of a document that comes in small pieces."""
    return list(xml_asides(xml[start : start + size].encode() for start in range(0, len(xml), size)))


@pytest.mark.parametrize(
    ("xml", "found"),
    [
        ('<quiz><question type="numerical" xml:lang="en"><!-- --><name>0.53</name></question></quiz>', []),
        ("<quiz><!-- 0.53 --></quiz>", ["the XML has a comment, which students may find"]),
        ("<quiz><?key 0.53?></quiz>", ["the XML has an instruction to a program"]),
        ('<quiz data-key="0.53"/>', ["the XML has an attribute 'data-key', which no platform knows"]),
        ('<quiz xmlns:k="urn:k" k:answer="1"/>', ["the XML has an attribute 'answer', which no platform knows"]),
        ('<quiz k="1"><item k="2"/><!--x--><broken', [
            "the XML has an attribute 'k', which no platform knows",
            "the XML has a comment, which students may find",
        ]),
    ],
)  # fmt: skip
def test_what_stands_beside_the_text(xml, found):
    assert said(xml) == found


def test_a_doctype_is_refused_before_it_defines_anything():
    with pytest.raises(Unreadable, match="DOCTYPE"):
        said('<!DOCTYPE quiz [<!ENTITY k "0.53">]><quiz>&k;</quiz>')


@pytest.mark.parametrize(("page", "count"), [("<p>1</p><!-- -->", 0), ("<p>1</p><!--\nkey: 2 -->", 1)])
def test_comments_in_a_page(tmp_path, page, count):
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    assert len(list(page_asides(tmp_path / "page.html"))) == count
