import csv
import io
import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotbank.errors import RosterError
from plotbank.items import Student
from plotbank.roster import Roster, read_roster

SAMPLE = Path(__file__).parents[1] / "examples" / "intro-statistics" / "roster.csv"

MOODLE = """\
"First name","Last name","ID number","Email address",Groups
Sally,Smith,00123,sally@example.edu,"A, G1"
José,"O'Neill, Jr.",00124,jose@example.edu,
"""

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Quiz 1 (2001),Essay (2002),Current Score,Final Score
,,,,,,Manual Posting,,
    Points Possible,,,,,10.00,20.00,(read only),(read only)
"Block, Jasen",4711,S0042,jblock,XC 101,8.00,N/A,80.00,80.00
"Gislason, Hope",0815,,hope@example.edu,XC 101 and XC 102,EX,,,
"Student, Test",4999,,6d3f6f1a0c6f4b1b9d3f6f1a0c6f4b1b9d3f6f1a,XC 101,,,,
"""


@pytest.fixture
def read(tmp_path):
    def read(content: str | bytes) -> Roster:
        path = tmp_path / "roster.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_roster(path)

    return read


@pytest.fixture
def error(read):
    """The one line that reading the content ends in."""

    def error(content: str | bytes) -> str:
        with pytest.raises(RosterError) as caught:
            read(content)
        message = str(caught.value)
        assert message.splitlines() == [message]
        assert message.startswith("roster.csv")
        return message

    return error


def test_moodle_takes_the_id_number_that_every_row_has(read):
    assert read(MOODLE) == Roster(
        students=(
            Student(id="00123", name="Sally Smith", email="sally@example.edu"),
            Student(id="00124", name="José O'Neill, Jr.", email="jose@example.edu"),
        ),
        source="Moodle participants export",
        id_column="ID number",
        left_out=(),
    )


def test_moodle_takes_the_email_address_where_an_id_number_is_missing(read):
    roster = read(MOODLE.replace("00124", ""))
    assert roster.id_column == "Email address"
    assert [student.id for student in roster.students] == ["sally@example.edu", "jose@example.edu"]


def test_moodle_takes_the_username_where_nothing_else_is_exported(read):
    roster = read("First name,Last name,Username\nSally,Smith,ssmith1\n")
    assert (roster.id_column, roster.students[0].id) == ("Username", "ssmith1")


def test_moodle_grade_export(read):
    roster = read(
        '"First name","Last name","ID number",Institution,Department,"Email address","Quiz: Plots (Real)"\n'
        'Anne,Able,,"Example HQ","Statistics",student7@example.edu,56.00\n'
    )
    assert roster.source == "Moodle participants export"
    assert roster.students == (Student(id="student7@example.edu", name="Anne Able", email="student7@example.edu"),)


@pytest.mark.parametrize(
    ("header", "id_column"),
    [
        ('"First name",Surname,"ID number","Email address"', "ID number"),
        ("Vorname,Nachname,ID-Nummer,E-Mail-Adresse,Gruppen", "ID-Nummer"),
        ('Prénom,Nom,"Numéro d\'identification","Adresse de courriel",Groupes', "Numéro d'identification"),
        ("Prénom,Nom,Numéro d’identification,Adresse de courriel", "Numéro d’identification"),
        ('Nombre,Apellido(s),"Número de ID","Dirección de correo",Grupos', "Número de ID"),
        ('Nome,Sobrenome,"Número de identificação","Endereço de email",Grupos', "Número de identificação"),
        ("Nome,Apelido,Número de identificação,Endereço de e-mail", "Número de identificação"),
        (
            "Pre\N{COMBINING ACUTE ACCENT}nom,Nom,Numéro d'identification,Email address",
            "Numéro d'identification",
        ),
    ],
)
def test_moodle_in_other_languages(read, header, id_column):
    roster = read(f"{header}\nAda,Lovelace,007,ada@example.edu\n")
    assert (roster.source, roster.id_column) == ("Moodle participants export", id_column)
    assert roster.students == (Student(id="007", name="Ada Lovelace", email="ada@example.edu"),)


def test_canvas_leaves_out_what_is_no_student_and_says_so(read):
    assert read(CANVAS) == Roster(
        students=(
            Student(id="4711", name="Block, Jasen"),
            Student(id="0815", name="Gislason, Hope"),
        ),
        source="Canvas gradebook export",
        id_column="ID",
        left_out=(
            "Row 2 was left out: it says which assignments are posted by hand.",
            "Row 3 was left out: it has the points possible.",
            "Row 6 was left out: it is Canvas's test student.",
        ),
    )


def test_canvas_ids_do_not_depend_on_who_may_see_sis_ids(read):
    without = read('Student,ID,SIS Login ID,Section\n"Block, Jasen",4711,jblock,A\n')
    with_sis = read('Student,ID,SIS User ID,SIS Login ID,Section\n"Block, Jasen",4711,S0042,jblock,A\n')
    assert without == with_sis


def test_canvas_with_names_in_two_columns(read):
    roster = read(
        "LastName,FirstName,ID,SIS Login ID,Section,Quiz (1)\n"
        "    Points Possible,,,,,10.00\n"
        "Block,Jasen,4711,jblock,XC 101,8\n"
        "Student,Test,4999,teststudent,XC 101,\n"
    )
    assert roster.students == (Student(id="4711", name="Jasen Block"),)
    assert [sentence[:5] for sentence in roster.left_out] == ["Row 2", "Row 4"]


def test_canvas_test_student_is_known_by_its_login_in_any_language(read):
    login = "0123456789abcdef" * 2 + "01234567"
    rows = f'"Block, Jasen",1,jblock,A\n"testi, Opiskelija",2,{login},A\n'
    assert len(read("Student,ID,SIS Login ID,Section\n" + rows).students) == 1


def test_only_canvas_has_a_test_student(read):
    assert read('id,name\n1,"Student, Test"\n2,Points Possible\n').left_out == ()


@pytest.mark.parametrize(
    ("header", "id_column"),
    [
        ("id,name,email", "id"),
        (" ID , Name,E-Mail", "ID"),
        ("STUDENT_ID,Full Name,Mail", "STUDENT_ID"),
        ("Student number,Student,Email address", "Student number"),
        ("Username,Display name,Email", "Username"),
        ("Matrikelnummer,Vollständiger Name,E-Mail-Adresse", "Matrikelnummer"),
    ],
)
def test_plain_columns(read, header, id_column):
    roster = read(f"{header}\n 00123 ,Ada Lovelace,ada@example.edu\n")
    assert (roster.source, roster.id_column) == ("plain columns", id_column)
    assert roster.students == (Student(id="00123", name="Ada Lovelace", email="ada@example.edu"),)


def test_plain_columns_without_an_id_take_the_email_address(read):
    roster = read("name,email\nAda,ada@example.edu\n")
    assert (roster.source, roster.id_column) == ("plain columns", "email")
    assert roster.students == (Student(id="ada@example.edu", name="Ada", email="ada@example.edu"),)


def test_an_id_column_of_ones_own_wins_over_moodles(read):
    roster = read("First name,Last name,Student ID,Email address\nAda,Lovelace,7,ada@example.edu\n")
    assert (roster.source, roster.id_column) == ("plain columns", "Student ID")
    assert roster.students[0].name == "Ada Lovelace"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends(read, delimiter, encoding, newline):
    rows = [["id", "name", "note"], ["01", "Núñez, Zoë;\tJr.", 'a "b"\nc'], ["02", "D'Ávila", ""]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows(rows)
    assert [(s.id, s.name) for s in read(text.getvalue().encode(encoding)).students] == [
        ("01", "Núñez, Zoë;\tJr."),
        ("02", "D'Ávila"),
    ]


def test_quoted_headers_with_another_delimiter(read):
    assert read('"ID";"Name"\n"1";"Ada, Countess"\n').students == (Student(id="1", name="Ada, Countess"),)


@pytest.mark.parametrize("name", ["NA", "Null", "nan", "None", "TRUE", "1e5"])
def test_names_that_look_like_something_else_survive(read, name):
    assert read(f"id,name\n{name},{name}\n").students == (Student(id=name, name=name),)


def test_ids_are_normalised_so_that_two_exports_agree(read):
    composed = read("id\nzoë\n").students
    assert composed == read("id\n\N{NO-BREAK SPACE}zoe\N{COMBINING DIAERESIS} \n").students
    assert composed[0].id == "zo\N{LATIN SMALL LETTER E WITH DIAERESIS}"


def test_blank_rows_short_rows_and_empty_cells_at_the_end_do_no_harm(read):
    roster = read("\n,,\nid,name,email\n\n2,B,b@example.edu,,\N{NO-BREAK SPACE}\n , ,\n1\n\n")
    assert roster.students == (Student(id="2", name="B", email="b@example.edu"), Student(id="1"))


def test_rows_are_counted_as_a_spreadsheet_does(error):
    assert "row 5" in error('id,name\n1,"two\nlines"\n\n2,B\n1,C\n')


def test_duplicate_ids_name_both_rows(error):
    message = error("id,name\n7,A\n8,B\n 7 ,C\n")
    assert message.startswith("roster.csv, row 4: the id '7' is already in row 2;")


def test_a_duplicate_id_with_a_newline_still_makes_one_line(error):
    assert "row 3" in error('id\n"a\nb"\n"a\nb"\n')


def test_missing_id(error):
    assert error("id,name,email\n1,A,a@example.edu\n,B,b@example.edu\n").startswith("roster.csv, row 3: 'id' is empty")


def test_missing_id_in_moodle_names_all_columns_that_would_do(error):
    message = error('"First name","Last name","ID number","Email address"\nA,B,1,\nC,D,,c@example.edu\n')
    assert message.startswith("roster.csv, row 2: 'Email address' is empty")
    assert "'ID number' or 'Email address' in every row" in message


def test_a_canvas_row_without_an_id_is_not_left_out_silently(error):
    assert error(CANVAS.replace("0815", "")).startswith("roster.csv, row 5: 'ID' is empty")


def test_a_canvas_row_with_an_id_is_a_student_whatever_it_says(read):
    rows = "Points Possible,1,a,A,\nB,2,b,A,Manual Posting\n"
    assert len(read(f"Student,ID,SIS Login ID,Section,Note\n{rows}").students) == 2


@pytest.mark.parametrize("content", ["id,name\n", "id,name\n\n,\n", CANVAS[: CANVAS.index('"Block')]])
def test_no_students(error, content):
    assert "no students" in error(content)


@pytest.mark.parametrize("content", [b"", b"\n \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", b",,,\n,,"])
def test_empty_file(error, content):
    assert error(content).startswith("roster.csv: the file is empty")


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04\x14\x00\x06\x00", bytes(range(256)), "id\n1\n".encode("utf-16-le"), b"id\n\x81\n"],
)
def test_not_text(error, content):
    assert error(content).startswith("roster.csv: not text;")


def test_damaged_utf_16(error):
    assert error("id\n1\n".encode("utf-16") + b"\x00").startswith("roster.csv: not text;")


def test_missing_file(tmp_path):
    with pytest.raises(RosterError, match=r"nowhere\.csv: there is no such file"):
        read_roster(tmp_path / "nowhere.csv")


def test_folder(tmp_path):
    with pytest.raises(RosterError, match="this is a folder"):
        read_roster(tmp_path)


def test_unreadable_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RosterError, match=r"roster\.csv: cannot be read \(Not a directory\)"):
        read_roster(tmp_path / "file" / "roster.csv")


def test_oversized_file(tmp_path):
    path = tmp_path / "roster.csv"
    with path.open("wb") as file:
        file.truncate(50 * 2**20 + 1)
    with pytest.raises(RosterError, match="larger than 50 MB"):
        read_roster(path)


def test_unknown_headers_are_listed_with_those_expected(error):
    message = error("\nfoo,bar baz\n1,2\n")
    assert message.startswith("roster.csv, row 2: no header tells who is who: found 'foo', 'bar baz';")
    for expected in ("'First name'", "'SIS Login ID'", "'id', 'name', 'email'"):
        assert expected in message


def test_a_gradebook_of_unknown_headers_does_not_flood_the_terminal(error):
    assert len(error(",".join(f"header {i} {'x' * 500}" for i in range(500)))) < 1000


def test_spaces_before_quotes_do_no_harm(read):
    assert read('id, "name"\n1, "King, Jr."\n').students == (Student(id="1", name="King, Jr."),)


def test_names_alone_are_not_enough(error):
    assert "no header tells who is who" in error("First name,Last name\nAda,Lovelace\n")


def test_more_cells_than_headers(error):
    message = error("id,name,email\n1,A,a@example.edu\n2,King, Jr.,k@example.edu\n")
    assert message.startswith("roster.csv, row 3: 4 cells under a header of 3;")


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ('id,name\n1,A\n2,"B\n3,C\n', 3),
        ('id,name\n1,A\n2,"B\n3,"C"\n', 3),
        ('id,"name\n1,A\n', 1),
        ('id,name\n1,"A\n' + "2,B\n" * 50_000, 2),
    ],
)
def test_a_quote_that_is_never_closed(error, content, row):
    assert error(content).startswith(f"roster.csv, row {row}: a cell's opening quote")


def text_of(**limits):
    return st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\r\t"), **limits)


def tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


@given(
    st.lists(
        st.tuples(text_of().map(tidy).filter(bool), text_of().map(tidy), text_of().map(tidy)),
        min_size=1,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_a_csv_writer_writes_comes_back(tmp_path_factory, rows, delimiter, encoding):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([("id", "name", "email"), *rows])
    assert [(s.id, s.name, s.email) for s in read_roster(path).students] == rows


def test_a_hundred_thousand_rows_take_seconds(read):
    content = "id,name,email\n" + "".join(f"s{i},Ünal {i},u{i}@example.edu\n" for i in range(100_000))
    start = time.process_time()
    roster = read(content)
    assert time.process_time() - start < 4
    assert [roster.students[i].id for i in (0, 99_999)] == ["s0", "s99999"]


def test_the_sample_has_forty_students():
    roster = read_roster(SAMPLE)
    assert (roster.source, roster.id_column, roster.left_out) == ("plain columns", "id", ())
    assert [student.id for student in roster.students] == [f"s{number}" for number in range(1001, 1041)]
    assert len({student.name for student in roster.students}) == 40
    assert all(re.fullmatch(r"[a-z.]+@example\.edu", student.email) for student in roster.students)
    assert len({student.email for student in roster.students}) == 40
    assert any("," in student.name for student in roster.students)
