"""Starts drivers of a browser, which are Node scripts beside this file, and says what is missing where it cannot."""

import json
import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ..exporters.conftest import Factory

HERE = Path(__file__).parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def chromium():
    """The path of the browser, or None: what $CHROMIUM names, else the first one that is installed."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUMS)), None)


def missing():
    """What keeps the browser tests from running, in words; empty if nothing does."""
    if shutil.which("node") is None:
        return "browser tests need Node 18 or later (Debian: apt install nodejs npm)"
    if chromium() is None:
        return "browser tests need Chromium (Debian: apt install chromium, or name one in $CHROMIUM)"
    if not (HERE / "node_modules" / "playwright-core").is_dir():
        return "browser tests need npm packages: make browser installs them"
    return ""


@contextmanager
def running(script):
    """A function that hands a request to this script, which runs until the end, and returns its answer."""
    process = subprocess.Popen(
        ["node", HERE / script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"CHROMIUM": chromium()},
    )

    def ask(request):
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"{script} ended with {process.wait()}: see its error output"
        return json.loads(line)

    with process:  # which closes stdin, so that the script ends, and waits
        yield ask


@pytest.fixture(scope="session")
def driver():
    """Starts a script: `driver("play_qti3.mjs")(request)` is its answer, and both are what JSON can say.

    Tests are skipped where there is no browser, and fail there if PLOTBANK_BROWSER is `required`.
    """
    if reason := missing():
        (pytest.fail if os.environ.get("PLOTBANK_BROWSER") == "required" else pytest.skip)(reason)
    with ExitStack() as scripts:
        yield lambda script: scripts.enter_context(running(script))


@pytest.fixture
def make():
    """The factory of items that the exporters' tests use."""
    return Factory()
