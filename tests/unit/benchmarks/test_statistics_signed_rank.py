import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crosstune.benchmarks.statistics.signed_rank import above, fewest, holm, more, noether, tails
from tests.unit.benchmarks.matches import one_sided, two_sided

# Darwin's pairs of cross- and self-fertilised maize, in eighths of an inch (Fisher 1935).
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

settings.register_profile("unhurried", deadline=None, max_examples=40)
unhurried = settings.get_profile("unhurried")


def test_textbook_example():
    # The signed-rank sum against is 24; exact p as in the documentation of scipy.stats.wilcoxon.
    assert two_sided(DARWIN) == 0.041259765625


@unhurried
@given(st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_without_ties_it_is_scipys_exact_test(n, seed):
    values = np.random.default_rng(seed).normal(0.3, size=n)
    up, down = one_sided(values)
    assert up == pytest.approx(stats.wilcoxon(values, alternative="greater", method="exact").pvalue)
    assert down == pytest.approx(stats.wilcoxon(values, alternative="less", method="exact").pvalue)


@pytest.mark.slow
@unhurried
@given(st.lists(st.integers(-3, 3), min_size=2, max_size=10))
def test_with_ties_and_zeros_it_is_the_share_of_all_signs(values):
    if not any(values):
        assert one_sided(values) == (1.0, 1.0)
        return
    every = stats.PermutationMethod(n_resamples=np.inf)
    for got, side in zip(one_sided(values), ("greater", "less"), strict=True):
        wanted = stats.wilcoxon(values, alternative=side, method=every, zero_method="pratt").pvalue
        assert got == pytest.approx(wanted)


def test_differences_that_only_rounding_tells_apart_are_tied():
    rounded = [0.3 - 0.2, 0.2 - 0.1, 0.1 - 0.2, 0.4 - 0.3, 0.7 - 0.6]
    assert len(set(map(abs, rounded))) > 1
    assert two_sided(rounded) == two_sided([1, 1, -1, 1, 1])


@unhurried
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=15))
def test_sides_swap_with_the_sign(values):
    assert one_sided(values) == one_sided(-np.array(values))[::-1]


def test_rows_are_tested_by_themselves():
    rows = np.random.default_rng(0).normal(size=(4, 9))
    up, down = tails(rows)
    assert list(zip(up, down, strict=True)) == [one_sided(row) for row in rows]


def test_pvalues_go_below_what_permutations_could_show():
    assert two_sided(np.arange(1, 31)) == 2.0**-29


@unhurried
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_the_closed_test_of_bonferroni(p_values):
    """A hypothesis falls where every intersection with others falls (Marcus et al. 1976)."""
    adjusted = [0.0] * len(p_values)
    for size in range(1, len(p_values) + 1):
        for group in itertools.combinations(range(len(p_values)), size):
            bonferroni = min(1.0, size * min(p_values[i] for i in group))
            for i in group:
                adjusted[i] = max(adjusted[i], bonferroni)
    assert holm(p_values) == pytest.approx(adjusted)
    assert holm([p_values, p_values])[1].tolist() == holm(p_values).tolist()


@pytest.mark.parametrize("level", [0.05, 0.05 / 3, 0.05 / 8, 0.05 / 91])
def test_fewest_is_where_the_clearest_data_first_pass(level):
    n = fewest(level)
    assert two_sided(np.arange(1, n + 1)) <= level < two_sided(np.arange(1, n))
    n = fewest(level, sides=1)
    assert one_sided(np.arange(1, n + 1))[0] <= level < one_sided(np.arange(1, n))[0]


def test_noethers_number_gives_about_the_power_it_promises():
    # Normal differences, mean 0.5 sd: P(X1 + X2 > 0) = Phi(0.5 * sqrt 2).
    share = stats.norm.cdf(0.5 * np.sqrt(2))
    n = round(noether(share, 0.025, 0.8))
    rows = np.random.default_rng(0).normal(0.5, size=(2_000, n))
    up, down = tails(rows)
    assert np.mean(2 * np.minimum(up, down) <= 0.05) == pytest.approx(0.8, abs=0.05)


def test_share_of_pairs_above_zero():
    assert above(np.array([1.0, 2.0, -1.5])) == pytest.approx(1 / 3 * (1 + 0 + 1))
    assert above(np.array([1.0, -1.0])) == 0.5


def test_more_is_never_below_what_lets_the_test_reject():
    assert more(np.array([1.0, 1.1, 0.9, 1.2, 1.05]), 1e-9, 0.05) == 6
    assert more(np.array([1.0]), 1e-9, 0.05) == 4  # five, where equivalence is in reach


def test_more_counts_equivalence():
    near = np.linspace(-1, 1, 12)
    assert more(near, 1e-9, 0.05) is None
    assert more(near, 0.8, 0.05) < 40


def test_more_gives_up_beyond_reason():
    assert more(np.linspace(-1, 1, 41), 1e-9, 0.05) is None
