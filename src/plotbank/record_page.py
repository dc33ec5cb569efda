"""Pages of record, for people to keep, print and show: a template filled in, with its style in it.  They need neither a
server nor a network, run no script, and let nothing in from outside."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

import jinja2


def record_page(name: str, **context: object) -> str:
    """The page that the template of this name makes of the context; texts in it are escaped unless they are marked
    as HTML."""
    style = _source("record.css")
    return _environment().get_template(name).render(style=style, policy=_policy(style), **context)


def _policy(style: str) -> str:
    """The content security policy: this style, and pictures that stand in the page itself."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _source(name: str) -> str:
    return files("plotbank").joinpath(name).read_text(encoding="utf-8")
