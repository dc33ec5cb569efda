"""What every format writes of every type of question, beside the files in tests/golden/.

`make golden` writes those again; read the difference before it is committed.
"""

import hashlib
import re
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from plotbank.exporters import exporters

GOLDEN = Path(__file__).parent.parent / "golden"
FORMATS = sorted(exporters())
CASES = (
    *("number", "bands", "choice", "choice of pictures", "multiple answers", "true", "matching"),
    *("parts", "parts with numbers"),
)
_WIDEST = 4000  # characters of a line that somebody may want to read


def keys(make):
    return make.every_key() | {
        "bands": make.banded(),
        "choice": make.commented(),
        "true": make.truth(if_true="<p>Yes.</p>", if_false="<p>No.</p>"),
        "parts with numbers": make.parts(make.numeric(), make.choice(), shares=(0.75, 0.25)),
    }


def readable(name, content):
    """A file as a person reads it: XML on lines of its own, of pictures their size and hash."""
    if name.endswith(".png"):
        return f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()[:16]}..."
    if name.endswith(".html"):  # the page around the items has tests of its own
        return "\n".join(
            found[0] if len(found[0]) <= _WIDEST else f"{found[0][:_WIDEST]}..."
            for found in re.finditer(r'<script type="application/json".*?</script>', content.decode(), flags=re.DOTALL)
        )
    document = etree.fromstring(content, etree.XMLParser(strip_cdata=False, remove_blank_text=True))
    etree.indent(document)
    return etree.tostring(document, encoding="unicode")


def said(exporter, make, case, folder):
    """The files that a format makes of one question, or why it cannot say it."""
    item = make.item(
        of=make.mixed,
        key=keys(make)[case],
        picture=make.picture(description="Horizontal axis: Hours, from 0 to 30."),
        if_correct="<p>Well read.</p>",
        if_incorrect="<p>Look again.</p>",
    )
    bank = make.bank(questions=(make.mixed,), variants=1)
    lines = []
    if problems := exporter.check(bank, item):
        lines += [f"Refused: {problem}." for problem in problems]
        for downgrade in exporter.downgrades:
            item = downgrade.of(item)
        if exporter.check(bank, item):
            return "\n".join(lines) + "\n"
        lines.append("With --allow-downgrade:")
    for path in make.write(exporter, folder, [item], bank):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as package:
                files = {f"{path.name}/{entry.filename}": package.read(entry) for entry in package.infolist()}
        else:
            files = {path.name: path.read_bytes()}
        lines += [f"==> {name}\n{readable(name, content)}\n" for name, content in files.items()]
    return "\n".join(lines).rstrip("\n") + "\n"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_is_what_was_read_and_found_good(name, case, make, tmp_path, pytestconfig):
    path = GOLDEN / name / f"{case.replace(' ', '-')}.txt"
    text = said(exporters()[name], make, case, tmp_path)
    if pytestconfig.getoption("--write-golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8"), "if this is meant: make golden, and read the difference"


def test_nothing_else_is_kept():
    kept = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*") if path.is_file()}

    assert kept == {f"{name}/{case.replace(' ', '-')}.txt" for name in FORMATS for case in CASES}
