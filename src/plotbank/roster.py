"""The roster: who gets a variant of their own.

It is read from the CSV files that people have: Moodle's participants export (its grade export has the same
columns), Canvas's gradebook export, or plain columns such as id, name, email.  The headers tell which.

A student's id feeds the HMAC that gives them their variants, so it must be the same in every later export:

- Moodle: the ID number if every row has one, otherwise the email address, otherwise the username.
- Canvas: Canvas's own ID.  It never changes and everyone has one; the SIS User ID is left out of exports by
  people without the permission to see it, so a teacher and an assistant would get different banks.
- Plain columns: the id column; the email address where there is no id column.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import RosterError
from .items import Student

_MAX_BYTES = 50 * 2**20

_MOODLE, _CANVAS, _PLAIN = "Moodle participants export", "Canvas gradebook export", "plain columns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The students in the order of the file, and how they were read from it.

    `id_column` is the header of the column that the ids come from; `left_out` has a sentence for every row
    that is no student.
    """

    students: tuple[Student, ...]
    source: str
    id_column: str
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Which columns hold what, by position: the preferred id first, the parts of a name in their order.

    `name` and `email` may have no column; `login` has one in Canvas's gradebook only.
    """

    source: str
    ids: tuple[int, ...]
    name: tuple[int, ...]
    email: tuple[int, ...]
    login: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What a row says of a student, before it is known which column gives the id."""

    number: int
    ids: tuple[str, ...]
    name: str
    email: str


def _key(header: str) -> str:
    """A header without what people change in it: case, spaces, punctuation, a byte order mark."""
    return "".join(c for c in unicodedata.normalize("NFC", header).casefold() if c.isalnum())


def _keys(*headers: str) -> tuple[str, ...]:
    return tuple(map(_key, headers))


# Moodle writes the headers in the language of whoever exports: the strings firstname, lastname, idnumber,
# email and username of its language packs (user/action_redir.php).  French, Spanish, Brazilian Portuguese and
# German are as read in packs kept in public repositories, German in one of Moodle 2.2 only, though exports
# published since agree; "Surname" and "Apellido" are wordings of older versions.  No pack of European
# Portuguese was at hand: "Apelido" is what its plugins say, the rest is taken to be as in Brazil.
_FIRST = _keys("First name", "Prénom", "Nombre", "Nome", "Vorname")
_LAST = _keys("Last name", "Surname", "Nom", "Apellido(s)", "Apellido", "Sobrenome", "Apelido", "Nachname")
_ID_NUMBER = _keys("ID number", "Numéro d'identification", "Número de ID", "Número de identificação", "ID-Nummer")
_EMAIL_ADDRESS = _keys(
    "Email address", "Adresse de courriel", "Dirección de correo", "Endereço de email", "E-Mail-Adresse"
)
_USERNAME = _keys(
    "Username", "Nom d'utilisateur", "Nombre de usuario", "Identificação de usuário", "Usuário", "Anmeldename"
)

# Canvas does not translate the first columns of its gradebook, nor "Points Possible" and "Manual Posting"
# (lib/gradebook_exporter.rb).  Names come in one column or, by a setting, in LastName and FirstName.
_CANVAS_HEADERS = _keys("Student", "ID", "SIS Login ID", "Section")

# What people write themselves.
_ID = _keys(
    "ID", "Student ID", "Student number", "Student no", "Matriculation number", "User ID",
    "Matrikelnummer", "Numéro étudiant", "Matrícula",
)  # fmt: skip
_NAME = _keys(
    "Name", "Full name", "Student name", "Student", "Display name",
    "Nom complet", "Nombre completo", "Nome completo", "Vollständiger Name",
)  # fmt: skip
_EMAIL = _keys("Email", "Mail", "Courriel", "Adresse e-mail", "Correo", "Correo electrónico") + _EMAIL_ADDRESS

_KNOWN = frozenset(_FIRST + _LAST + _ID_NUMBER + _USERNAME + _CANVAS_HEADERS + _ID + _NAME + _EMAIL)


def read_roster(path: Path) -> Roster:
    """Read the students of a CSV file: comma, semicolon or tab; UTF-8, UTF-16 with its mark, or Windows-1252.

    Texts are trimmed and brought into Unicode's form NFC; an id stays text ("00123").  A row's number is the
    one that a spreadsheet shows.

    Raises:
        RosterError: the file cannot be read as a table, its headers are not known, it has no students, or a
            row has no id, the id of another row, or more cells than the header.

    """
    text = _text(path)
    rows = _rows(text, path.name)
    header_row, header = next(rows, (0, []))
    if not header:
        raise RosterError(f"{path.name}: the file is empty; export it again")
    layout = _layout([_key(cell) for cell in header])
    if layout is None:
        raise RosterError(
            f"{path.name}, row {header_row}: no header tells who is who: found {_listed(header)}; write the "
            "headers of Moodle ('First name', 'Last name', 'Email address'), of Canvas ('Student', 'ID', "
            "'SIS Login ID', 'Section'), or 'id', 'name', 'email' into the first row"
        )

    found: list[_Row] = []
    left_out: list[str] = []
    for number, cells in rows:
        if any(cell.strip() for cell in cells[len(header) :]):
            raise RosterError(
                f"{path.name}, row {number}: {len(cells)} cells under a header of {len(header)}; put quotes "
                "around a text that contains the delimiter"
            )
        cells += [""] * (len(header) - len(cells))
        if layout.source == _CANVAS and (why := _not_a_student(cells, layout)):
            left_out.append(f"Row {number} was left out: {why}.")
            continue
        found.append(
            _Row(
                number=number,
                ids=tuple(_clean(cells[i]) for i in layout.ids),
                name=" ".join(filter(None, (_clean(cells[i]) for i in layout.name))),
                email="".join(_clean(cells[i]) for i in layout.email),
            )
        )
    if not found:
        raise RosterError(f"{path.name}: no students below the header in row {header_row}; export it again")

    headers = tuple(_clean(header[i]) for i in layout.ids)
    chosen = _chosen(found, headers, path.name)
    _check_unique(found, chosen, path.name)
    return Roster(
        students=tuple(Student(id=row.ids[chosen], name=row.name, email=row.email) for row in found),
        source=layout.source,
        id_column=headers[chosen],
        left_out=tuple(left_out),
    )


def _text(path: Path) -> str:
    """The whole file as text."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise RosterError(
                f"{path.name}: larger than 50 MB, which no roster is; name the CSV file that lists students"
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise RosterError(f"{path}: there is no such file; name the CSV file of students") from error
    except IsADirectoryError as error:
        raise RosterError(f"{path}: this is a folder; name the CSV file of students in it") from error
    except OSError as error:
        raise RosterError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text
    raise RosterError(f"{path.name}: not text; save the table as CSV (in Excel: CSV UTF-8) and name that file")


def _rows(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with their numbers."""
    # Not csv.reader's line_num: a quoted cell may span lines, and is one row in a spreadsheet.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), skipinitialspace=True, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(map(str.strip, cells)):
                yield number, cells
    except csv.Error as error:
        raise RosterError(
            f"{file}, row {number + 1}: a cell's opening quote (\") has no closing quote before the next "
            "delimiter; close it, or double it where it belongs to the text"
        ) from error


def _delimiter(text: str) -> str:
    """The delimiter that finds the most known headers in the first row."""
    start = text[:100_000]  # a header; and the csv module refuses cells of more than 131,072 characters

    def known_headers(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, skipinitialspace=True)
        first = next((cells for cells in reader if any(map(str.strip, cells))), [])
        return sum(_key(cell) in _KNOWN for cell in first)

    return max(",;\t", key=known_headers)


def _layout(header: list[str]) -> _Layout | None:
    """What the columns are, from the keys of their headers; None if nothing tells."""

    def at(keys: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(header.index(key) for key in keys if key in header)

    parts = at(_FIRST)[:1] + at(_LAST)[:1]
    names = at(_NAME)[:1] or parts
    if {"id", "sisloginid"} <= set(header) and names:
        return _Layout(source=_CANVAS, ids=at(("id",)), name=names, email=(), login=at(("sisloginid",)))
    moodle_ids = tuple(i for keys in (_ID_NUMBER, _EMAIL_ADDRESS, _USERNAME) for i in at(keys)[:1])
    email = at(_EMAIL)[:1]
    if len(parts) == 2 and moodle_ids and not at(_ID):
        return _Layout(source=_MOODLE, ids=moodle_ids, name=parts, email=email)
    if ids := at(_ID + _ID_NUMBER + _USERNAME)[:1] or email:
        return _Layout(source=_PLAIN, ids=ids, name=names, email=email)
    return None


def _not_a_student(cells: list[str], layout: _Layout) -> str:
    """Why a row of a Canvas gradebook is no student; "" if it is one."""
    name = [_clean(cells[i]) for i in layout.name]
    if not cells[layout.ids[0]].strip():
        if "Points Possible" in name:
            return "it has the points possible"
        if any("Manual Posting" in cell for cell in cells):
            return "it says which assignments are posted by hand"
    # Canvas translates the name of its test student, but always makes its login of 40 hexadecimal digits.
    if name in (["Student, Test"], ["Test", "Student"]) or re.fullmatch("[0-9a-f]{40}", _clean(cells[layout.login[0]])):
        return "it is Canvas's test student"
    return ""


def _chosen(rows: list[_Row], headers: tuple[str, ...], file: str) -> int:
    """Which of the columns that may give the id does: the first that every row has filled in."""
    for column in range(len(headers)):
        if all(row.ids[column] for row in rows):
            return column
    number = next(row.number for row in rows if not row.ids[-1])
    raise RosterError(
        f"{file}, row {number}: {headers[-1]!r} is empty, so this student has no id; fill in "
        f"{' or '.join(map(repr, headers))} in every row"
    )


def _check_unique(rows: list[_Row], column: int, file: str) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        first = seen.setdefault(row.ids[column], row.number)
        if first != row.number:
            raise RosterError(
                f"{file}, row {row.number}: the id {row.ids[column]!r} is already in row {first}; delete one "
                "of the two rows, or give each student an id of their own"
            )


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()


def _listed(header: list[str]) -> str:
    """The headers for a message: a gradebook has hundreds."""
    return ", ".join(repr(_clean(cell)[:40]) for cell in header[:8]) + (", ..." if len(header) > 8 else "")
