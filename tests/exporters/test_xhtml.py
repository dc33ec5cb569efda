"""HTML as XHTML: what is kept, how it is put, and what is named because it cannot be."""

import pytest
from lxml import etree
from lxml.builder import E

from plotbank.exporters import xhtml


def written(html):
    return "".join(etree.tostring(block, encoding="unicode") for block in xhtml.blocks(html))


@pytest.mark.parametrize(
    "html",
    [
        "<p>a <em>b</em> <strong>c <code>d &lt; e</code></strong> f</p>",
        "<h2>a</h2><hr/><pre><code class=\"language-r\">x\n  y\n</code></pre>",
        "<ul><li>a</li><li><p>b</p><ol><li>c</li></ol></li></ul>",
        "<blockquote><p>a<br/>b</p></blockquote>",
        '<p><a href="https://example.org/?a=1&amp;b=2">a</a> x<sub>1</sub><sup>2</sup></p>',
        '<table><caption>c</caption><thead><tr><th scope="col">a</th></tr></thead>'
        '<tbody><tr><td colspan="2">1</td></tr></tbody></table>',
    ],
)  # fmt: skip
def test_what_markdown_makes_is_kept_as_it_is(html):
    assert written(html) == html
    assert xhtml.problems(html) == []


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("a", "<p>a</p>"),
        ("a <b>b</b> c", "<p>a <b>b</b> c</p>"),
        ("<p>a</p>b <i>c</i><p>d</p> e", "<p>a</p><p>b <i>c</i></p><p>d</p><p> e</p>"),
        ("<p>a</p>\n <p>b</p>\n", "<p>a</p><p>b</p>"),
        ("<blockquote>a<p>b</p></blockquote>", "<blockquote><p>a</p><p>b</p></blockquote>"),
        ("<i>a</i><b>b</b>", "<p><i>a</i><b>b</b></p>"),
        ("<!-- a -->b", "<p>b</p>"),
        ("", ""),
    ],
)
def test_text_between_blocks_stands_in_paragraphs(html, blocks):
    assert written(html) == blocks


def test_signs_of_every_script_come_through():
    text = r"a &lt; b &amp;lt; ]]&gt; &quot; 😀 𝑟̄ x̂ e" + "\u0301" + r" مرحبا \(\frac{1}{2}\)"

    (paragraph,) = xhtml.blocks(f"<p>{text}</p>")

    assert paragraph.text == 'a < b &lt; ]]> " 😀 𝑟̄ x̂ e' + "\u0301" + r" مرحبا \(\frac{1}{2}\)"


def test_alignment_in_tables_becomes_a_class():
    html = '<table><thead><tr><th style="text-align:right">a</th></tr></thead></table>'

    assert written(html) == '<table><thead><tr><th class="qti-align-right">a</th></tr></thead></table>'


def test_a_language_becomes_that_of_xml():
    assert written('<p lang="fr">a</p>') == '<p xml:lang="fr">a</p>'


def test_an_option_keeps_text_beside_its_blocks():
    option = E.option()

    xhtml.fill(option, "a <b>b</b><p>c</p>")

    assert etree.tostring(option) == b"<option>a <b>b</b><p>c</p></option>"


@pytest.mark.parametrize(
    ("xml", "parted"),
    [
        ("<p>{ {a} }}</p>", "<p>{ {a} }}</p>"),
        ("<p>{{a}}</p>", "<p>{<!---->{a}}</p>"),
        ("<p>a{{{b<i>{{</i>c{{{{d</p>", "<p>a{<!---->{<!---->{b<i>{<!---->{</i>c{<!---->{<!---->{<!---->{d</p>"),
        ("<p><i>a</i>{{b<br/>c{{<br/>{{</p>", "<p><i>a</i>{<!---->{b<br/>c{<!---->{<br/>{<!---->{</p>"),
        ('<p><img alt="{{a}}"/></p>', '<p><img alt="{{a}}"/></p>'),
    ],
)
def test_two_braces_never_stand_together(xml, parted):
    root = etree.fromstring(xml)

    xhtml.part_braces(root)

    assert etree.tostring(root, encoding="unicode") == parted


@pytest.mark.parametrize(
    ("html", "problems"),
    [
        ("<p>a <s>b</s> <del>c</del></p>", ["<del>", "<s>"]),
        ('<p><img src="x.png"></p>', ["<img>", "the attribute src of <img>"]),
        ('<ol start="3"><li>a</li></ol>', ["the attribute start of <ol>"]),
        ('<p><a href="x" title="y">a</a></p>', ["the attribute title of <a>"]),
        ('<p style="color:red">a</p>', ["the attribute style of <p>"]),
        ("<em><div>a</div></em>", ["<div> inside <em>"]),
        ("<table><tr><td>a</td></tr></table>", ["<tr> inside <table>"]),
        ("<ul>a<li>b</li></ul>", ["text directly inside <ul>"]),
        ("<ul><li>a</li>b</ul>", ["text directly inside <ul>"]),
        ("<ul> <li>a</li>\n</ul>", []),
        ("<li>a</li>", ["<li> inside <div>"]),
    ],
)
def test_what_cannot_be_kept_is_named(html, problems):
    assert xhtml.problems(html) == problems
