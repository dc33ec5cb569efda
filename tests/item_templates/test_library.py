"""Where templates come from: this package, other packages, and files of one's own."""

import importlib
import re
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from plotbank.errors import PlotbankError, QuizFileError
from plotbank.generator.kinds import kinds
from plotbank.item_templates import built_in, installed, library, load
from plotbank.item_templates.header import TYPES
from plotbank.item_templates.numerals import LANGUAGES

FOLDER = Path(library.__file__).parent
OWN = """+++
kind = "scatter"
type = "numerical"
title = "Größe"
key = "r"
decimals = 2
unit = "correlation"
tolerance = "0.1"
clarity = 1
+++

# Stem

Was ist *r*?

# Feedback

{{ key }}
"""


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """Install a package with these files, which offers them as templates."""
    monkeypatch.syspath_prepend(tmp_path)
    own = tuple(entry_points(group=library.GROUP))
    offered = []

    def install(name, files):
        folder = tmp_path / name
        for path, text in {"__init__.py": "", **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        offered.append(EntryPoint(name=name, value=name, group=library.GROUP))

    monkeypatch.setattr(library, "entry_points", lambda group: [*own, *offered] if group == library.GROUP else [])
    library.installed.cache_clear()
    library.built_in.cache_clear()
    yield install
    for entry in offered:
        sys.modules.pop(entry.value, None)
    library.installed.cache_clear()
    library.built_in.cache_clear()


# Installed templates


def test_every_template_of_this_package_is_found():
    found = {path.name.removesuffix(".md").replace(".", "/", 1) for path in FOLDER.glob("*.md")}

    assert set(installed()) == found
    assert list(installed()) == sorted(found)
    assert len(found) >= 20
    assert {name.partition("/")[0] for name in found} == set(kinds())


@pytest.mark.parametrize("name", installed())
def test_every_template_of_this_package_is_one(name):
    template = built_in(name)

    assert template.name == name
    assert template.kind == name.partition("/")[0]
    assert template.source == installed()[name].english
    assert built_in(name) is template


def test_every_type_has_a_template():
    assert {built_in(name).type for name in installed()} == set(TYPES)


@pytest.mark.parametrize("name", installed())
def test_every_template_is_in_every_language(name):
    titles = {language: texts.title for language, texts in built_in(name).texts.items()}

    assert set(titles) == set(LANGUAGES)
    assert list(titles.values()).count(titles["en"]) == 1


def test_no_translation_is_of_nothing():
    assert {path.name for path in FOLDER.glob("*/*.md")} <= {path.name for path in FOLDER.glob("*.md")}
    assert {path.parent.name for path in FOLDER.glob("*/*.md")} <= set(LANGUAGES)


def test_there_is_no_such_template():
    with pytest.raises(KeyError):
        built_in("scatter/none")


# Templates of other packages


def test_another_package_offers_templates(other_package):
    words = "+++\ntitle = 'Tamanho'\n+++\n" + OWN.split("+++\n")[2]
    other_package("some_templates", {"scatter.own.md": OWN, "pt/scatter.own.md": words, "notes.txt": "no template"})

    assert "scatter/estimate-r" in installed()
    assert set(installed()["scatter/own"].translations) == {"pt"}
    assert built_in("scatter/own").words("pt").title == "Tamanho"
    assert built_in("scatter/own").words("en").title == "Größe"
    assert "some_templates/notes" not in installed()


def test_a_name_may_be_taken_once(other_package):
    other_package("some_templates", {"scatter.own.md": OWN})
    other_package("more_templates", {"scatter.own.md": OWN})

    with pytest.raises(PlotbankError, match="two installed packages both have the template 'scatter/own': remove one"):
        installed()


def test_no_package_can_replace_a_template_of_this_one(other_package):
    other_package("some_templates", {"scatter.estimate-r.md": OWN})

    message = "two installed packages both have the template 'scatter/estimate-r': remove one"
    with pytest.raises(PlotbankError, match=message):
        installed()


def test_a_faulty_template_of_another_package_is_named(other_package):
    other_package("some_templates", {"scatter.own.md": OWN.replace('"r"', '"r +"'), "scatter.fine.md": OWN})

    with pytest.raises(QuizFileError, match="scatter/own: line 5: key: 'r \\+' is not understood"):
        built_in("scatter/own")
    assert built_in("scatter/fine").key.text == "r"


def test_a_faulty_translation_of_another_package_is_named(other_package):
    other_package("some_templates", {"scatter.own.md": OWN, "fr/scatter.own.md": OWN})

    with pytest.raises(
        QuizFileError, match=re.escape("scatter/own (fr): line 2: kind: a translation holds words only")
    ):
        built_in("scatter/own")


# Files of one's own


@pytest.mark.parametrize(
    "written",
    [
        OWN.encode(),
        OWN.encode("utf-8-sig"),
        OWN.replace("\n", "\r\n").encode(),
        OWN.replace("\n", "\r\n").encode("utf-8-sig"),
        OWN.rstrip("\n").encode(),
    ],
    ids=["as it is", "byte order mark", "Windows", "Windows and byte order mark", "no line break at the end"],
)
def test_files_of_every_editor_are_read(tmp_path, written):
    path = tmp_path / "mine.md"
    path.write_bytes(written)
    template = load(path)

    assert (template.name, template.title, template.key.text) == ("mine.md", "Größe", "r")
    assert template.words("pt").stem.render({}).strip() == "Was ist *r*?"
    assert "\r" not in template.source


def test_lines_are_those_of_the_file_on_windows_too(tmp_path):
    path = tmp_path / "mine.md"
    path.write_bytes(OWN.replace("{{ key }}", "one\n{{ here | }}").replace("\n", "\r\n").encode("utf-8-sig"))
    with pytest.raises(QuizFileError, match=r"mine\.md: line 19: "):
        load(path)


def refused(path, message):
    with pytest.raises(QuizFileError, match=re.escape(message)) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_too_large(tmp_path):
    path = tmp_path / "mine.md"
    path.write_bytes(OWN.encode() + b"x" * 1_000_000)
    refused(path, "mine.md: a template has at most 1,000,000 bytes")


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "mine.md"
    path.write_bytes(OWN.encode("latin-1"))
    refused(path, "mine.md: the template is not UTF-8 text: save it as UTF-8")


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "mine.md"
    refused(path, f"{path}: there is no such template file ('plotbank templates new' makes one)")


def test_a_folder(tmp_path):
    refused(tmp_path, f"{tmp_path.name}: the template cannot be read: Is a directory")


def test_a_file_that_is_no_template(tmp_path):
    path = tmp_path / "mine.md"
    path.write_text("What is r?\n", encoding="utf-8")
    refused(path, "mine.md: line 1: a template begins with a TOML header between two lines of +++")
