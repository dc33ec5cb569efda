"""What self-contained HTML pages share: a policy that lets nothing in from outside, data in script elements, and
templates written block by block."""

import base64
import hashlib
import json
from functools import cache
from typing import Any

import jinja2

_UNSAFE = "<>&\u2028\u2029"  # what would end a script, or a line of it


def policy(style: str, script: str = "") -> str:
    """The content security policy of a page: this style, this script, pictures in the page itself, and nothing else."""
    scripts = f"script-src '{_hash(script)}'; " if script else ""
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; {scripts}base-uri 'none'; form-action 'none'"
    )


def embedded(data: Any) -> str:
    """JSON that can stand in a script element: nothing in it looks like markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in _UNSAFE:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def block(source: str, name: str, /, **context: object) -> str:
    """A block of this template, filled in."""
    template = _template(source)
    return "".join(template.blocks[name](template.new_context(context)))


@cache
def _template(source: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
