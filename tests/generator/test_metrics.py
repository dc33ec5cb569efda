"""Metrics against values computed by hand, closed forms, and other people's implementations."""

import numpy as np
import pytest

# ruff: noqa: E402  (the modules under test import what the skips look for)
pytest.importorskip("sklearn")
pytest.importorskip("pandas")
torch = pytest.importorskip("torch")
stats = pytest.importorskip("scipy.stats")

from plotbank.generator.training import judge, metrics

torch.set_num_threads(1)  # as `evaluate` does: two are slower beside other tests


def normal(n, d, seed, shift=0.0):
    return np.random.default_rng(seed).standard_normal((n, d)) + shift


def test_agreement_by_hand():
    found = metrics.agreement(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 1.5, 2.0, 2.5]))
    assert found.mae == pytest.approx(0.5)
    assert found.bias == pytest.approx(0.25)
    assert found.slope == pytest.approx(0.5)
    assert found.r2 == pytest.approx(1)
    assert found.sign == 1
    assert [(b.low, b.n, b.mae) for b in found.bins] == [(0, 1, 1), (1, 1, 0.5), (2, 1, 0), (3, 1, 0.5)]


def test_agreement_counts_what_cannot_be_read_and_wrong_signs():
    asked = np.array([-0.5, 0.5, 0.1, 0.9])
    found = metrics.agreement(asked, np.array([0.5, 0.5, -0.1, np.nan]))
    assert found.n == 3
    assert found.unreadable == 0.25
    assert found.sign == 0.5  # 0.1 is too small for its sign to count


def test_bins_of_many_values_are_of_equal_width_and_hold_every_plot():
    asked = np.linspace(0, 1, 101)
    found = metrics.agreement(asked, asked + np.where(asked > 0.9, 0.1, 0))
    assert [b.low for b in found.bins] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert sum(b.n for b in found.bins) == 101
    assert found.bins[0].mae == 0
    assert found.bins[-1].mae == pytest.approx(0.1 * 10 / found.bins[-1].n)


def test_one_value_asked_for_has_no_slope_and_an_ignored_condition_has_none_either():
    assert np.isnan(metrics.agreement(np.ones(5), normal(5, 1, 0)[:, 0]).slope)
    found = metrics.agreement(normal(5000, 1, 0)[:, 0], normal(5000, 1, 1)[:, 0])
    assert abs(found.slope) < 0.05
    assert found.r2 < 0.01
    nothing = metrics.agreement(np.ones(3), np.full(3, np.nan))
    assert (nothing.n, nothing.unreadable) == (0, 1)
    assert np.isnan(nothing.mae)


def with_moments(mean, covariance, n=400):
    """A sample with exactly this mean and covariance."""
    x = normal(n, len(mean), 3)
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False)).T)
    return x @ np.linalg.cholesky(np.asarray(covariance)).T + mean


def test_frechet_distance_of_two_normal_distributions():
    a = with_moments([0.0, 0.0], [[1, 0], [0, 4]])
    b = with_moments([3.0, 4.0], [[9, 0], [0, 1]])
    # 25 + (1 - 3)^2 + (2 - 1)^2 where the covariances commute
    assert metrics.frechet(a, b) == pytest.approx(30)
    assert metrics.frechet(a, a) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_where_covariances_do_not_commute():
    from scipy.linalg import sqrtm

    s, t = np.array([[2.0, 0.9], [0.9, 1.0]]), np.array([[1.0, -0.5], [-0.5, 3.0]])
    expected = np.trace(s + t - 2 * np.real(sqrtm(s @ t)))
    assert metrics.frechet(with_moments([1.0, 1.0], s), with_moments([1.0, 1.0], t)) == pytest.approx(expected)


def test_density_and_coverage_of_one_distribution_and_of_two_that_never_meet(monkeypatch):
    monkeypatch.setattr(metrics, "BLOCK", 70)
    density, coverage = metrics.density_and_coverage(normal(1500, 8, 0), normal(1500, 8, 1))
    assert density == pytest.approx(1, abs=0.08)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)
    assert metrics.density_and_coverage(normal(200, 3, 0), normal(200, 3, 1, shift=50)) == (0, 0)


def test_density_by_hand():
    real = np.arange(4.0)[:, None]  # on a line; with k = 1 every ball reaches to 1
    density, coverage = metrics.density_and_coverage(real, np.array([[0.5], [0.25]]), k=1)
    assert density == 2  # both lie in the balls of 0 and 1
    assert coverage == 0.5


def test_nearest_and_mean_pair_distance_across_blocks(monkeypatch):
    monkeypatch.setattr(metrics, "BLOCK", 3)
    a, b = normal(10, 4, 0), normal(7, 4, 1)
    all_distances = np.linalg.norm(a[:, None] - b[None], axis=2)
    distance, index = metrics.nearest(a, b)
    np.testing.assert_allclose(distance, all_distances.min(axis=1))
    assert (index == all_distances.argmin(axis=1)).all()
    own = np.linalg.norm(a[:, None] - a[None], axis=2)
    assert metrics.mean_pair_distance(a) == pytest.approx(own[np.triu_indices(10, 1)].mean())


@pytest.mark.parametrize("block", [4, 7, 1000])
def test_exactly_the_planted_twins_are_found_also_across_blocks(monkeypatch, block):
    monkeypatch.setattr(metrics, "BLOCK", block)
    maps = 10 * np.eye(40)
    maps[39] = maps[0] + 1e-3 * np.eye(40)[5]  # the first with the last
    maps[8] = maps[7]  # across the edge of blocks of 4
    maps[20], maps[21] = maps[22], maps[22]  # three alike make three pairs
    found = metrics.twins(maps, 0.01)
    assert (found.pairs, found.of) == (5, 780)
    assert found.nearest == 0


def test_auc_and_mann_whitney_z_are_scipys():
    rng = np.random.default_rng(0)
    for a, b in ((rng.normal(0, 1, 50), rng.normal(1, 1, 80)), (rng.integers(0, 5, 60), rng.integers(1, 6, 40))):
        u, p = stats.mannwhitneyu(b, a, use_continuity=False, method="asymptotic")
        assert metrics.auc(a, b) == pytest.approx(u / (len(a) * len(b)))
        z = metrics.mann_whitney_z(a, b)
        assert z < 0
        assert 2 * stats.norm.sf(-z) == pytest.approx(p)
        assert metrics.mann_whitney_z(b, a) == pytest.approx(-z)
    assert metrics.mann_whitney_z(np.ones(4), np.ones(5)) == 0


def test_samples_of_one_distribution_cannot_be_told_apart_and_shifted_ones_can():
    same = metrics.two_sample_auc(normal(200, 4, 0), normal(200, 4, 1), seed=1)
    apart = metrics.two_sample_auc(normal(200, 4, 0), normal(200, 4, 1, shift=2), seed=1)
    for name in ("logistic", "boosting"):
        assert same[name] == pytest.approx(0.5, abs=0.1)
        assert apart[name] > 0.95


def test_descriptors_that_are_no_numbers_do_not_stop_the_classifiers():
    a = normal(60, 2, 0)
    a[3, 0], a[4, 1] = np.nan, np.inf
    assert 0 <= metrics.two_sample_auc(a, normal(60, 2, 1), seed=1)["logistic"] <= 1


def test_the_typical_row_and_its_neighbours():
    condition = np.array([[0.0, 100], [1, 110], [2, 120], [3, 130], [50, 900]])
    assert metrics.typical(condition) == 2
    assert list(metrics.like(condition, 0, 3)) == [0, 1, 2]


def blobs(n, seed, size=2):
    """Pictures of one square of ink; the place of its corner, over 64."""
    rng = np.random.default_rng(seed)
    at = rng.integers(4, 50, (n, 2))
    pictures = np.zeros((n, 1, 64, 64), dtype=np.float16)
    for picture, (x, y) in zip(pictures, at, strict=True):
        picture[0, y : y + size, x : x + size] = 1
    return pictures, (at / 64).astype(np.float32)


def test_the_judge_reads_features_off_pictures_and_is_kept(tmp_path, monkeypatch):
    pictures, features = blobs(600, 0, size=8)
    first = judge.trained_judge(pictures, features, seed=1, cache=tmp_path)
    seen, read = first.look(pictures[:50])
    assert seen.shape == (50, judge.FEATURES)
    assert metrics.agreement(features[:50, 0], read[:, 0]).r2 > 0.9
    monkeypatch.setattr(judge, "_learn", lambda *_: pytest.fail("learned again"))
    again = judge.trained_judge(pictures, features, seed=1, cache=tmp_path)
    np.testing.assert_array_equal(again.look(pictures[:50])[0], seen)


def test_a_damaged_cache_is_learned_again(tmp_path):
    pictures, features = blobs(40, 0)
    judge.trained_judge(pictures, features, seed=1, cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"damaged")
    judge.trained_judge(pictures, features, seed=1, cache=tmp_path)
    assert kept.stat().st_size > 1000
    assert [kept] == list(tmp_path.iterdir())


def test_pictures_are_told_apart_only_where_they_differ():
    a, b, c = blobs(300, 0)[0], blobs(300, 1)[0], blobs(300, 2, size=4)[0]
    assert judge.picture_auc(a, b, seed=0) == pytest.approx(0.5, abs=0.1)
    assert judge.picture_auc(a, c, seed=0) > 0.95


def test_looking_does_not_touch_torchs_own_random_numbers():
    before = torch.random.get_rng_state()
    judge.picture_auc(blobs(20, 0)[0], blobs(20, 1)[0], seed=5)
    assert torch.equal(before, torch.random.get_rng_state())
