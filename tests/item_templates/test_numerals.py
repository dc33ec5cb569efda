"""Numbers by locale: against Babel's own formatting, and the few things that differ on purpose."""

import dataclasses
import random
from decimal import Decimal

import pytest
from babel import localedata
from babel.numbers import format_decimal, format_percent

from plotbank.item_templates.numerals import LANGUAGES, MINUS, numerals

LOCALES = [
    tag
    for tag in localedata.locale_identifiers()
    if tag.split("_")[0] in LANGUAGES and not {"Shaw", "Dsrt", "POSIX"} & set(tag.split("_"))
]


def sample(count):
    """Numbers of every size and sign that a plot may have, with ties of rounding among them."""
    rng = random.Random(1)
    spread = [rng.choice((-1, 1)) * 10 ** rng.uniform(-6, 8) for _ in range(count)]
    return [0.0, -0.0, 0.125, 0.375, 2.5, 3.5, 2.675, 9999.5, 999.9996, -0.0004, 1e6, *spread]


@pytest.mark.parametrize("tag", LOCALES)
def test_numbers_are_as_babel_writes_them(tag):
    ours = numerals(tag)
    for value in sample(60):
        for places in (0, 1, 2, 4):
            rounded = Decimal(f"{value:z.{places}f}")  # Babel would round the number's shortest text instead
            theirs = format_decimal(
                rounded,
                format="#,##,##0." + "0" * places if tag == "en_IN" else "#,##0." + "0" * places,
                locale=tag,
                group_separator=abs(rounded) >= 10_000,
            )
            assert ours.number(value, places) == theirs.replace("-", MINUS), value


@pytest.mark.parametrize("tag", LOCALES)
def test_percentages_are_as_babel_writes_them(tag):
    for text in ("0", "36", "36.4", "100", "-2.5"):
        theirs = format_percent(Decimal(text) / 100, format=None, locale=tag, decimal_quantization=False)
        places = len(text.partition(".")[2])
        assert numerals(tag).percent(float(text), places) == theirs.replace("-", MINUS)


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("en", "12,345.60"),
        ("en-IN", "12,345.60"),
        ("pt", "12.345,60"),
        ("pt-BR", "12.345,60"),
        ("pt_PT", "12\N{NO-BREAK SPACE}345,60"),
        ("de-CH", "12\N{RIGHT SINGLE QUOTATION MARK}345.60"),
        ("es", "12.345,60"),
        ("es-MX", "12,345.60"),
        ("fr", "12\N{NARROW NO-BREAK SPACE}345,60"),
        ("fr-CA", "12\N{NO-BREAK SPACE}345,60"),
    ],
)
def test_marks(tag, written):
    assert numerals(tag).number(12345.6, 2) == written
    assert numerals(tag).number(-12345.6, 2) == MINUS + written


def test_groups():
    assert [numerals("en").number(v, 0) for v in (-9999, 9999.6, 1234567)] == [f"{MINUS}9999", "10,000", "1,234,567"]
    assert numerals("en-IN").number(1234567, 0) == "12,34,567"


@pytest.mark.parametrize("places", [0, 2, 4])
def test_rounding_is_pythons(places):
    for value in sample(500):
        if abs(value) < 9_999:
            printed = f"{round(value, places) + 0.0:.{places}f}".replace("-", MINUS)
            assert numerals("en").number(value, places) == printed
            assert numerals("de").number(value, places) == printed.replace(".", ",")


@pytest.mark.parametrize("tag", ["en", "pt-BR", "fr"])
def test_zero_has_no_sign(tag):
    ours = numerals(tag)
    assert ours.number(-0.001, 2) == "0" + ours.decimal_mark + "00"
    assert ours.plain(-0.0) == ours.plain(-1e-14) == ours.significant(-0.0, 3) == ours.number(-0.4, 0) == "0"


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (2.5588, "2,559"),
        (-21.19285, "−21,19"),
        (0.0123456, "0,01235"),
        (1.5e-7, "0,0000001500"),
        (2345.6, "2346"),
        (12345.6, "12.346"),
        (0, "0"),
    ],
)
def test_significant_digits(value, printed):
    assert numerals("pt").significant(value, 4) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [(30.0, "30"), (0.5, "0,5"), (-10.0, "−10"), (0, "0"), (0.1 + 0.2, "0,3"), (100, "100"), (25000.25, "25.000,25")],
)
def test_plain_numbers(value, printed):
    assert numerals("es").plain(value) == printed


def test_percentages():
    assert numerals("en").percent(36, 0) == "36%"
    assert numerals("de").percent(36.44, 1) == "36,4\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("given", "locale", "language"),
    [("pt", "pt", "pt"), ("pt-BR", "pt_BR", "pt"), ("de_CH", "de_CH", "de"), ("ES-mx", "es_MX", "es")],
)
def test_locales(given, locale, language):
    ours = numerals(given)
    assert (ours.locale, ours.language) == (locale, language)
    assert ours is numerals(given)
    assert ours == numerals(locale)
    with pytest.raises(dataclasses.FrozenInstanceError):
        ours.decimal_mark = "x"


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("xx", "there is no locale 'xx': write for example en, pt-BR or de-AT"),
        ("de-XX", "there is no locale 'de-XX'"),
        ("", "there is no locale ''"),
        ("english", "there is no locale 'english'"),
        ("it", "the locale 'it' is not supported: the languages are en, pt, de, es, fr"),
        ("en-Shaw", "the locale 'en-Shaw' says too much"),
        ("de@euro", "the locale 'de@euro' says too much"),
    ],
)
def test_locales_that_are_refused(tag, message):
    with pytest.raises(ValueError, match=message):
        numerals(tag)
