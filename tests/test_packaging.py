"""The folders at the root are the package: mapped for the build, linked for tools, and never imported by bare names."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAPPED = {name: ROOT / folder for name, folder in PROJECT["tool"]["setuptools"]["package-dir"].items()}
FOLDERS = ("generator", "exporters", "item_templates", "models")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_is_linked(folder):
    link = ROOT / "src" / "plotbank" / folder

    assert link.is_symlink()
    assert link.resolve() == (ROOT / folder).resolve()
    assert MAPPED[f"plotbank.{folder}"] == ROOT / folder


def test_every_package_on_the_disk_is_listed():
    found = {"plotbank"} | {
        ".".join(["plotbank", *init.parent.relative_to(ROOT / "src" / "plotbank").parts])
        for init in (ROOT / "src" / "plotbank").glob("*/__init__.py")
        if not init.parent.is_symlink()
    }
    for folder in FOLDERS:
        found |= {
            ".".join(["plotbank", *i.parent.relative_to(ROOT).parts]) for i in (ROOT / folder).rglob("__init__.py")
        }

    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found


@pytest.mark.parametrize(("package", "patterns"), PROJECT["tool"]["setuptools"]["package-data"].items())
def test_every_file_that_is_no_code_comes_along(package, patterns):
    """Templates in every language, texts, models, the sample: all that lies in a package's folder, and nothing hidden."""
    if package in MAPPED:
        folder = MAPPED[package]
    else:
        parent = next(name for name in sorted(MAPPED, reverse=True) if package.startswith(f"{name}."))
        folder = MAPPED[parent].joinpath(*package.removeprefix(f"{parent}.").split("."))
    inner = {path.parent for path in folder.rglob("__init__.py")} - {folder}
    found = {
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and not inner & set(path.parents)
    }
    matched = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}

    assert found
    assert {path for path in found if "__pycache__" not in path.parts} <= matched


def test_the_sample_comes_along_as_it_lies_there():
    from plotbank.sample import sample_files

    folder = ROOT / "src" / "plotbank" / "sample-quiz"

    assert sorted(sample_files()) == ["my-template.md", "quiz.toml", "roster.csv"]
    assert sample_files() == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_template_is_there_in_every_language():
    from plotbank.item_templates import installed
    from plotbank.item_templates.numerals import LANGUAGES

    for name, source in installed().items():
        assert {"en", *source.translations} == set(LANGUAGES), name


def test_no_code_imports_a_folder_by_its_bare_name():
    """It would be a second copy of the module, with classes of its own."""
    for source in [
        *ROOT.glob("src/**/*.py"),
        *(p for f in (*FOLDERS, "tests", "benchmarks") for p in (ROOT / f).rglob("*.py")),
    ]:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            bare = [name for name in names if name.partition(".")[0] in (*FOLDERS, "tests")]
            assert not bare, f"{source}: {bare}"


def test_torch_is_an_extra_with_one_exact_version():
    extras = PROJECT["project"]["optional-dependencies"]

    assert "torch==2.13.0" in extras["train"]
    assert not [d for d in PROJECT["project"]["dependencies"] if d.startswith(("torch", "onnx"))]
    assert [d.partition(">")[0] for d in extras["cpu"]] == ["onnxruntime"]
    assert [d.partition("[")[0] for d in extras["gpu"]] == ["onnxruntime-gpu"]


def test_nothing_uses_pyplot_and_its_global_state():
    for folder in ("src", *FOLDERS, "docs", "benchmarks"):
        for source in (ROOT / folder).rglob("*.py"):
            assert "pyplot" not in source.read_text(encoding="utf-8"), source
