"""Pages of record, for people to keep, print and show: a template filled in, with its style in it.  They need neither a
server nor a network, run no script, and let nothing in from outside."""

from functools import cache
from importlib.resources import files

import jinja2

from .pages import policy


def record_page(name: str, **context: object) -> str:
    """The page that the template of this name makes of the context; texts in it are escaped unless they are marked
    as HTML."""
    style = _source("record.css")
    return _environment().get_template(name).render(style=style, policy=policy(style), **context)


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
