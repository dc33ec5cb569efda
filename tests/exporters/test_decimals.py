"""Numbers as platforms read them."""

import pytest

from plotbank.exporters.decimals import bounds, key_text, plain
from plotbank.items import NumericKey


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.095, "0.095"),
        (0.7199999999999999, "0.72"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (1e15, "1000000000000000"),
        (-12.50, "-12.5"),
        (-0.0, "0"),
        (100, "100"),
        (1 / 3, "0.33333333333333"),
    ],
)
def test_plain_numbers_have_no_noise_and_no_exponent(number, text):
    assert plain(number) == text


@pytest.mark.parametrize(
    ("value", "tolerance", "decimals", "texts"),
    [
        (0.72, 0.095, 2, ("0.72", "0.625", "0.815")),
        (0.7199999999999999, 0.095, 2, ("0.72", "0.625", "0.815")),
        (-0.7, 0.015, 2, ("-0.70", "-0.715", "-0.685")),
        (-0.0, 0.5, 0, ("0", "-0.5", "0.5")),
        (120, 2.5, 0, ("120", "117.5", "122.5")),
        (0.1234, 0.00055, 4, ("0.1234", "0.12285", "0.12395")),
        (1234567.0, 1e-7, 1, ("1234567.0", "1234566.9999999", "1234567.0000001")),
    ],
)
def test_keys_are_written_as_printed_with_exact_bounds(value, tolerance, decimals, texts):
    key = NumericKey(value=value, tolerance=tolerance, decimals=decimals)

    assert (key_text(key), *bounds(key)) == texts
