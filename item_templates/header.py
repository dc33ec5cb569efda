"""A template file read: a TOML header between two lines of `+++`, then sections of Markdown with Jinja2.

Every mistake is named with the file's line.  Nothing is worked out here: see `grading` and `wording`.
"""

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

from ..errors import QuizFileError
from . import misconceptions, perception
from .sandbox import Expression, Wording, expression, wording

SECTIONS = ("Stem", "Feedback", "If correct", "If incorrect", "Alt text")
TYPES = ("numerical", "choice", "multiple", "truefalse", "matching")
SHOWS = ("line", "marked")
_NEEDED = ("Stem", "Feedback")
_COMMON: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "type": str,
    "title": str,
    "clarity": (int, float),
}
_OPTIONAL: dict[str, type | tuple[type, ...]] = {
    "conditions": (dict, list),
    "show": str,
    "reads": str,
    "require": str,
    "let": dict,
}
_NUMBERS: dict[str, type | tuple[type, ...]] = {"key": str, "decimals": (int, str), "unit": str}
# For every type, in each of its forms: what must be there, and what may.
_FORMS: dict[str, tuple[tuple[set[str], set[str]], ...]] = {
    "numerical": (({"key", "decimals", "unit", "tolerance"}, {"bands"}),),
    "choice": (
        ({"option"}, set()),
        ({"key", "decimals", "unit", "options"}, {"plots"}),
        ({"key", "decimals", "unit", "distractors"}, {"choices"}),
        ({"boxes"}, set()),
    ),
    "multiple": (({"statement", "statements"}, set()),),
    "truefalse": (({"statement"}, set()),),
    "matching": (({"decimals", "unit", "options", "plots"}, set()),),
}
_FIELDS: dict[str, type | tuple[type, ...]] = {
    **_COMMON,
    **_OPTIONAL,
    **_NUMBERS,
    "tolerance": str,
    "bands": list,
    "options": str,
    "distractors": list,
    "choices": int,
    "plots": str,
    "boxes": list,
    "option": dict,
    "statement": dict,
    "statements": int,
}
_CLAIM = ("text", "right", "margin", "when", "why")
_WORDS = ("text", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An option in words, or a statement: when it is offered at all, whether it is right, and how clearly so.

    `margin` is the distance from where its truth would turn, in units of what a person can tell apart.
    """

    id: str
    right: Expression
    margin: Expression
    when: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distractor:
    """A wrong number, and why somebody may take it for right: a documented misconception, or the template's words."""

    value: Expression
    misconception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A wider tolerance that earns a share of the mark."""

    tolerance: Expression
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimText:
    """A claim in one language, and what is said to who chose it wrongly."""

    text: Wording
    why: Wording | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A template's words in one language: its title, its sections, its claims by id."""

    title: str
    stem: Wording
    feedback: Wording
    if_correct: Wording | None
    if_incorrect: Wording | None
    alt: Wording | None
    claims: Mapping[str, ClaimText]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template, read and compiled.

    `reads` names the feature of the kind that decides the key, where one does: all its values are equally likely.
    `conditions` are what the plots are unless the quiz file says more: every student gets one of the cases.  `unit` is
    what a person can just tell apart, in the key's units; for correlations it is a `law` (`perception.LAWS`) instead,
    since it grows smaller as |r| grows.  `clarity` is the least distance from the truth to the nearest wrong option or
    tolerance edge in such units.

    `plots` names the feature in which several plots differ (an item of several plots), `boxes` the misreadings whose
    box plots are the options beside the right one's.  `texts` are by language; a person's own have the language "".
    """

    name: str
    kind: str
    type: str
    source: str
    clarity: float
    reads: str
    show: str
    conditions: tuple[Mapping[str, Any], ...]
    require: Expression | None
    let: tuple[tuple[str, Expression], ...]
    key: Expression | None
    decimals: Expression | None
    law: str
    unit: Expression | None
    tolerance: Expression | None
    bands: tuple[Band, ...]
    options: Expression | None
    distractors: tuple[Distractor, ...]
    choices: int
    plots: str
    boxes: tuple[str, ...]
    claims: tuple[Claim, ...]
    statements: int
    texts: Mapping[str, Texts]

    def words(self, language: str) -> Texts:
        """The texts in a language; a template of one's own has one language only, whatever the quiz's is."""
        return self.texts[""] if "" in self.texts else self.texts[language]

    @property
    def title(self) -> str:
        """The title in English, or in the only language there is."""
        return self.words("en").title

    @property
    def keyed(self) -> Iterator[Expression]:
        """The expressions that decide what is right: the proof works them out again from the picture."""
        if self.key is not None:
            yield self.key
        for claim in self.claims:
            yield claim.right
            if claim.when is not None:
                yield claim.when


def parse(name: str, source: str, translations: Mapping[str, str] | None = None) -> Template:
    """Compile a template's text.

    `translations` are sources by language whose headers hold nothing but words; with them the template itself is in
    English.

    Raises:
        QuizFileError: with the template's name and line.
    """
    file = _File(name, source)
    header = file.header
    file.check()
    unit = header.get("unit")
    what = "option" if "option" in header else "statement"
    claims = tuple(_claim(file, what, claim, table) for claim, table in header.get(what, {}).items())
    own = "" if translations is None else "en"
    texts = {own: _texts(file, header)}
    for language, translation in (translations or {}).items():
        texts[language] = _translated(file, texts[own], _File(f"{name} ({language})", translation))
    conditions = header.get("conditions", {})
    return Template(
        name=name,
        kind=header["kind"],
        type=header["type"],
        source=source,
        clarity=float(header["clarity"]),
        reads=header.get("reads", ""),
        show=header.get("show", ""),
        conditions=tuple(conditions) if isinstance(conditions, list) else (conditions,),
        require=file.compiled("require"),
        let=tuple((n, expression(str(v), file.at("let", n))) for n, v in header.get("let", {}).items()),
        key=file.compiled("key"),
        decimals=file.compiled("decimals"),
        law=str(unit) if unit in perception.LAWS else "",
        unit=None if unit in perception.LAWS else file.compiled("unit"),
        tolerance=file.compiled("tolerance"),
        bands=tuple(_bands(file, header.get("bands", []))),
        options=file.compiled("options"),
        distractors=tuple(_distractors(file, header.get("distractors", []))),
        choices=header.get("choices", 4),
        plots=header.get("plots", ""),
        boxes=tuple(header.get("boxes", ())),
        claims=claims,
        statements=header.get("statements", 0),
        texts=texts,
    )


@dataclass(frozen=True, slots=True)
class _File:
    """A template's source, split, and where things stand in it."""

    name: str
    source: str

    @property
    def _parts(self) -> tuple[str, str]:
        parts = re.split(r"^\+\+\+[ \t]*$", self.source, maxsplit=2, flags=re.MULTILINE)
        if len(parts) != 3 or parts[0].strip():
            raise QuizFileError(f"{self.name}: line 1: a template begins with a TOML header between two lines of +++")
        return parts[1], parts[2]

    @property
    def header(self) -> dict[str, Any]:
        """The header's tables."""
        try:
            return tomllib.loads(self._parts[0])
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"\(at line (\d+)", str(error))
            what = re.sub(r" \(at .*", "", str(error))
            line = f"line {int(found[1]) + self._lines_before}" if found else "the header"
            raise QuizFileError(f"{self.name}: {line}: this is not TOML: {what}") from None

    @property
    def _lines_before(self) -> int:
        return self.source.count("\n", 0, self.source.index("+++"))

    def line(self, *path: str) -> int:
        """The line of a key of the header: below the line of the table that it is in, where that has one."""
        lines = self._parts[0].split("\n")
        at, rest = 0, path
        for many in range(len(path), 0, -1):
            table = r"\s*\.\s*".join(rf'"?{re.escape(step)}"?' for step in path[:many])
            found = [i for i, line in enumerate(lines) if re.match(rf"\s*\[+\s*{table}\s*[\].]", line)]
            if found:
                at, rest = found[0], path[many:]
                break
        for step in rest:
            key = rf"^\s*\"?{re.escape(step)}\"?(?:\.\S+)?\s*=|.*[{{,]\s*{re.escape(step)}\s*="
            at = next((i for i in range(at, len(lines)) if re.match(key, lines[i])), at)
        return at + 1 + self._lines_before

    def text_line(self, *path: str) -> int:
        """The line of the first character of a text of the header: below the key, where it begins with a line break."""
        line = self.line(*path)
        return line + self.source.split("\n")[line - 1].rstrip().endswith(('"""', "'''"))

    def at(self, *path: str) -> str:
        """Where a key of the header stands, in words."""
        return f"{self.name}: line {self.line(*path)}: {'.'.join(path)}"

    def refuse(self, path: tuple[str, ...], what: str) -> NoReturn:
        raise QuizFileError(f"{self.at(*path)}: {what}")

    def compiled(self, key: str) -> Expression | None:
        """The expression under a key of the header, if there is one."""
        header = self.header
        return expression(str(header[key]), self.at(key)) if key in header else None

    def check(self) -> None:
        """Refuse a header that lacks something, has something unknown, or something of the wrong type."""
        header = self.header
        for key in _COMMON:
            if key not in header:
                raise QuizFileError(f"{self.name}: header: {key!r} is missing")
        for key, value in header.items():
            if key not in _FIELDS:
                self.refuse((key,), f"unknown key{_nearest(key, _FIELDS)}")
            if not isinstance(value, _FIELDS[key]) or isinstance(value, bool):
                self.refuse((key,), f"{value!r} is of the wrong type")
        if header["type"] not in TYPES:
            self.refuse(("type",), f"{header['type']!r}: write one of {', '.join(TYPES)}")
        if header.get("show", SHOWS[0]) not in SHOWS:
            self.refuse(("show",), f"{header['show']!r}: write one of {', '.join(SHOWS)}")
        if not 0 < header["clarity"] < math.inf:
            self.refuse(("clarity",), f"{header['clarity']}: write a number above 0")
        own = set(header) - set(_COMMON) - set(_OPTIONAL)
        forms = _FORMS[header["type"]]
        if not any(needed <= own <= needed | more for needed, more in forms):
            self._refuse_form(header["type"], own)
        if not 2 <= header.get("choices", 4) <= 6:
            self.refuse(("choices",), f"{header['choices']}: write 2 to 6")
        cases = _listed(header.get("conditions", {}))
        for index, case in enumerate(cases, start=1):
            if not isinstance(case, dict):
                self.refuse(("conditions",), f"case {index} is not a table of conditions")
        if not cases:
            self.refuse(("conditions",), "write at least one case")
        if len(header.get("option", "ab")) < 2:
            self.refuse(("option",), "write two or more tables [option.NAME]")
        boxes = header.get("boxes", ["a", "b"])
        if not all(isinstance(name, str) for name in boxes) or len(set(boxes)) != len(boxes) or len(boxes) < 2:
            self.refuse(("boxes",), f"{boxes}: write two or more different names")
        if header.get("statement") == {}:
            self.refuse(("statement",), "write a table [statement.NAME]")
        if "statements" in header and not 2 <= header["statements"] <= len(header["statement"]):
            self.refuse(("statements",), f"{header['statements']}: write 2 to {len(header['statement'])}")

    def _refuse_form(self, kind: str, own: set[str]) -> NoReturn:
        needed, more = min(_FORMS[kind], key=lambda form: (len(form[0] - own), len(own - form[0] - form[1])))
        if missing := sorted(needed - own):
            raise QuizFileError(f"{self.name}: header: a template of type {kind!r} needs {', '.join(missing)}")
        extra = sorted(own - needed - more)
        self.refuse((extra[0],), f"is not for a template of type {kind!r} with {', '.join(sorted(needed))}")

    def sections(self) -> dict[str, Wording]:
        """The texts below the header by their headings."""
        body = self._parts[1]
        first_line = self.source.count("\n", 0, len(self.source) - len(body)) + 1
        headings = list(re.finditer(r"^# (.+?)[ \t]*$", body, flags=re.MULTILINE))
        found = [heading[1] for heading in headings]
        known = [section for section in SECTIONS if section in found or section in _NEEDED]
        if found != known:
            raise QuizFileError(
                f"{self.name}: the sections must be {', '.join('# ' + s for s in SECTIONS)}, in this order "
                f"(only # Stem and # Feedback are needed), not {', '.join('# ' + s for s in found) or 'none'}"
            )
        texts = {}
        for heading, following in zip(headings, [*headings[1:], None], strict=True):
            text = body[heading.end() : following.start() if following else None]
            line = first_line + body.count("\n", 0, heading.end())
            texts[heading[1]] = wording(text, self.name, line, markdown=heading[1] != "Alt text")
        return texts


def _texts(file: _File, header: Mapping[str, Any]) -> Texts:
    sections = file.sections()
    what = "option" if "option" in header else "statement"
    return Texts(
        title=header["title"],
        stem=sections["Stem"],
        feedback=sections["Feedback"],
        if_correct=sections.get("If correct"),
        if_incorrect=sections.get("If incorrect"),
        alt=sections.get("Alt text"),
        claims={name: _claim_text(file, what, name, table) for name, table in header.get(what, {}).items()},
    )


def _translated(original: _File, texts: Texts, file: _File) -> Texts:
    """The words of a translation, which has the claims and sections of the original and no others."""
    header, own = file.header, original.header
    only = "a translation holds words only: title, and text and why of options or statements"
    for key in header:
        if key not in ("title", "option", "statement"):
            file.refuse((key,), only)
    if not isinstance(header.get("title"), str):
        raise QuizFileError(f"{file.name}: header: 'title' is missing")
    for what in ("option", "statement"):
        claims, words = own.get(what, {}), header.get(what, {})
        if not isinstance(words, dict):
            file.refuse((what,), only)
        if missing := sorted(set(claims) ^ set(words)):
            raise QuizFileError(f"{file.name}: the {what} {missing[0]!r} is not in both languages")
        for name, table in words.items():
            if not isinstance(table, dict):
                file.refuse((what, name), only)
            if unknown := sorted(set(table) - set(_WORDS)):
                file.refuse((what, name, unknown[0]), only)
            if ("why" in table) != ("why" in claims[name]):
                raise QuizFileError(f"{file.name}: {what} {name!r}: 'why' is not in both languages")
    found = _texts(file, header)
    optional = {
        "If correct": (texts.if_correct, found.if_correct),
        "If incorrect": (texts.if_incorrect, found.if_incorrect),
        "Alt text": (texts.alt, found.alt),
    }
    for section, (there, here) in optional.items():
        if (there is None) != (here is None):
            raise QuizFileError(f"{file.name}: the section # {section} is not in both languages")
    return found


def _claim_text(file: _File, what: str, name: str, table: Mapping[str, Any]) -> ClaimText:
    def compiled(key: str) -> Wording:
        if not isinstance(table[key], str):
            file.refuse((what, name, key), f"{table[key]!r}: write text between quotes")
        return wording(table[key], file.name, file.text_line(what, name, key), markdown=True)

    if "text" not in table:
        file.refuse((what, name), "'text' is missing")
    return ClaimText(text=compiled("text"), why=compiled("why") if "why" in table else None)


def _claim(file: _File, what: str, name: str, table: Any) -> Claim:
    if not isinstance(table, dict):
        file.refuse((what, name), f"write a table [{what}.{name}] with text, right and margin")
    for key in ("text", "right", "margin"):
        if key not in table:
            file.refuse((what, name), f"{key!r} is missing")
    for key, value in table.items():
        if key not in _CLAIM:
            file.refuse((what, name, key), f"unknown key{_nearest(key, _CLAIM)}")
        if not isinstance(value, str):
            file.refuse((what, name, key), f"{value!r}: write text between quotes")
    when = expression(table["when"], file.at(what, name, "when")) if "when" in table else None
    return Claim(
        id=name,
        right=expression(table["right"], file.at(what, name, "right")),
        margin=expression(table["margin"], file.at(what, name, "margin")),
        when=when,
    )


def _bands(file: _File, given: list[Any]) -> Iterator[Band]:
    before = 1.0
    for band in given:
        if not isinstance(band, dict) or set(band) != {"tolerance", "share"}:
            file.refuse(("bands",), 'write for example bands = [{ tolerance = "4 * jnd(r)", share = 0.5 }]')
        share = band["share"]
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            file.refuse(("bands",), f"share = {share!r}: write a number between 0 and 1")
        if share >= before:
            file.refuse(("bands",), f"share = {share!r}: a band earns less than the one before it")
        before = share
        yield Band(tolerance=expression(str(band["tolerance"]), file.at("bands")), share=float(share))


def _distractors(file: _File, given: list[Any]) -> Iterator[Distractor]:
    """Expressions, and names of misconceptions; a name stands for its expression."""
    for entry in given:
        if not isinstance(entry, str):
            file.refuse(("distractors",), f"{entry!r}: write an expression or the name of a misconception")
        known = misconceptions.EXPRESSIONS.get(entry)
        if known is None and re.fullmatch(r"[A-Za-z][A-Za-z ]* [A-Za-z ]*", entry) and not _is_logic(entry):
            file.refuse(("distractors",), f"{entry!r} is no misconception{_nearest(entry, misconceptions.EXPRESSIONS)}")
        place = f"{file.at('distractors')}: {entry!r}"
        yield Distractor(value=expression(known or entry, place), misconception=entry if known else "")


def _is_logic(entry: str) -> bool:
    return any(word in entry.split() for word in ("if", "and", "or", "not"))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f": did you mean {near[0]!r}?" if near else f": known are {', '.join(names)}"
