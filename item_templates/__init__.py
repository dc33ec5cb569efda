"""Item templates: Markdown and Jinja2 with a TOML header, and the code that makes an item of a template and a plot.

    library ── header ── grading ── wording
               sandbox   difficulty, perception, misconceptions, boxes

A template is one file.  Its header says which kind of plot it is about, what is asked, which expressions decide what is
right, and how clear that must be; its sections (`# Stem`, `# Feedback`, ...) are written with the plot's
readings.  `grading` works out what is right, `wording` says it in the quiz's language; nothing here draws a plot.
"""

from . import boxes, difficulty, grading, perception, wording
from .grading import Graded, Readings, View
from .header import Template, parse
from .library import built_in, installed, load
from .wording import Alternative, Scene, Text, word

__all__ = [
    "Alternative",
    "Graded",
    "Readings",
    "Scene",
    "Template",
    "Text",
    "View",
    "boxes",
    "built_in",
    "difficulty",
    "grading",
    "installed",
    "load",
    "parse",
    "perception",
    "word",
    "wording",
]
