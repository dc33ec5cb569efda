"""All definitions of a quartile, against numpy's for the nine of Hyndman and Fan, and by hand for Tukey's hinges."""

import numpy as np
import pytest

from plotbank.generator.quantiles import definitions

METHODS = (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
)


@pytest.mark.parametrize("n", range(2, 60))
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_the_nine_definitions_are_numpys(n, share):
    x = np.sort(np.random.default_rng(n).uniform(0, 100, n))
    expected = [np.quantile(x, share, method=method) for method in METHODS]
    assert definitions(x, share)[:9] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("x", "hinges"),
    [
        ([1, 2, 3, 4], (1.5, 2.5, 3.5)),
        ([1, 2, 3, 4, 5], (2, 3, 4)),  # both halves have the 3
        ([1, 2, 3, 4, 5, 6], (2, 3.5, 5)),
        ([1, 2, 3, 4, 5, 6, 7], (2.5, 4, 5.5)),
    ],
)
def test_tukeys_hinges_by_hand(x, hinges):
    data = np.array(x, dtype=float)
    assert [definitions(data, share)[9] for share in (0.25, 0.5, 0.75)] == list(hinges)
