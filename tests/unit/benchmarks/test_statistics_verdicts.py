"""Pairs, intervals and ranks: the rule itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.pairs import pairs, rule
from crosstune.benchmarks.statistics.ranks import (
    critical_distance,
    friedman,
    mean_ranks,
    nemenyi,
)
from crosstune.benchmarks.statistics.sentence import listed, sentence
from crosstune.benchmarks.statistics.verdicts import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    Interval,
    Pair,
    Ranking,
)
from tests.unit.benchmarks.matches import two_sided

# Demsar (2006), table 6: AUC of C4.5 and three variants (m, cf, m and cf) on 14 data sets.
# His ranks tell 0.9751 and 0.975 apart, which the table shows as 0.975 both.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
).T


def test_mean_ranks_of_demsar():
    assert mean_ranks(DEMSAR) == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)


def test_critical_distance_of_demsar():
    # Table 5 and section 3.2.4: 1.25 at 5 %, 1.12 at 10 %.
    assert critical_distance(4, 14, 0.05) == pytest.approx(1.25, abs=5e-3)
    assert critical_distance(4, 14, 0.10) == pytest.approx(1.12, abs=5e-3)
    assert critical_distance(2, 14, 0.05) == pytest.approx(1.96 * np.sqrt(1 / 14), abs=1e-3)


def test_friedman_of_demsar():
    # His 9.28 is without the correction for ties, which scipy makes: it can but raise it.
    ranks = mean_ranks(DEMSAR)
    plain = 12 * 14 / 20 * (np.sum(ranks**2) - 4 * 25 / 4)
    assert plain == pytest.approx(9.28, abs=0.01)
    assert 0.01 < friedman(DEMSAR) < stats.chi2.sf(9.27, 3)


def test_nemenyi_agrees_with_the_critical_distance():
    names = ("C4.5", "m", "cf", "m and cf")
    table = nemenyi(DEMSAR, names)
    ranks = dict(zip(names, mean_ranks(DEMSAR), strict=True))
    distance = critical_distance(4, 14, 0.10)
    for (a, b), p in table.items():
        assert (p <= 0.10) == (abs(ranks[a] - ranks[b]) >= distance)
    assert sum(p <= 0.10 for p in table.values()) == 4  # C4.5 against m, and m and cf, both ways


def test_nemenyis_p_values_are_those_of_scikit_posthocs():
    # posthoc_nemenyi_friedman of scikit-posthocs 0.17.1 on Demsar's table.
    table = nemenyi(DEMSAR, ("C4.5", "m", "cf", "m and cf"))
    wanted = {
        ("C4.5", "m"): 0.08867271,
        ("C4.5", "cf"): 0.95617718,
        ("C4.5", "m and cf"): 0.0741848,
        ("m", "cf"): 0.25922807,
        ("m", "m and cf"): 0.99985945,
        ("cf", "m and cf"): 0.22669689,
    }
    assert table == pytest.approx({**wanted, **{(b, a): p for (a, b), p in wanted.items()}})


def test_interval_is_scipys_bca():
    values = np.random.default_rng(3).lognormal(size=12)
    wanted = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=49_999,
        confidence_level=intervals.expanded(0.95, 12),
        method="BCa",
        random_state=np.random.default_rng(1),
    ).confidence_interval
    found = intervals.of_mean(values)
    width = wanted.high - wanted.low
    # The ends are far out in the tails, where ten times as many resamples still move them.
    assert found.low == pytest.approx(wanted.low, abs=width / 10)
    assert found.high == pytest.approx(wanted.high, abs=width / 10)
    assert found.high - values.mean() > values.mean() - found.low  # skewed as the data are


def test_the_level_makes_up_for_few_values():
    # Where the data are normal: the t quantile times the standard error, as in any textbook.
    values = stats.norm.ppf((np.arange(10) + 0.5) / 10)
    found = intervals.of_mean(values)
    textbook = stats.t.ppf(0.975, 9) * stats.sem(values)
    assert (found.high - found.low) / 2 == pytest.approx(textbook, rel=0.05)
    assert found.level == 0.95
    assert intervals.expanded(0.95, 2) == 1 - 2 / 5_000


def test_no_interval_of_one_value_and_a_point_of_equal_ones():
    assert intervals.of_mean(np.array([1.0])) is None
    assert intervals.of_mean(np.full(5, 0.3)) == Interval(0.3, 0.3, 0.95)


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.0, 0.0, 0.0, 0.0, 1.0], [-1e9, 0.0, 1.0]])
def test_intervals_of_degenerate_data_are_finite(values):
    found = intervals.of_mean(np.array(values))
    assert np.isfinite([found.low, found.high]).all()
    assert found.low <= np.mean(values) <= found.high


def test_band_is_nan_where_a_seed_has_nothing_yet():
    curve = np.array([[np.nan, 1.0, 2.0], [0.5, 1.5, 2.0], [0.1, 0.2, 2.0]])
    low, high = intervals.of_curve(curve)
    assert np.isnan([low[0], high[0]]).all()
    assert low[1] < curve[:, 1].mean() < high[1]
    assert low[2] == high[2] == 2.0
    assert np.isnan(intervals.of_curve(curve[:1])).all()


def test_hierarchical_draws_vary_with_problems_and_with_seeds():
    random = np.random.default_rng(0)
    between = [np.full((2, 10), value) for value in (0.0, 1.0, 2.0, 3.0)]
    within = [random.normal(size=(2, 10)) for _ in range(4)]
    assert np.std(intervals.hierarchical(between)[0]) == pytest.approx(
        np.std(range(4)) / 2, rel=0.1
    )
    spread = np.std(intervals.hierarchical(within)[0])
    assert spread > np.mean([group[0].std() for group in within]) / np.sqrt(40) * 0.8


def test_hierarchical_draws_pair_the_contenders():
    random = np.random.default_rng(0)
    groups = [np.vstack([seeds, seeds - 1.0]) for seeds in random.normal(size=(3, 8))]
    draws = intervals.hierarchical(groups)
    assert draws[0] - draws[1] == pytest.approx(np.ones(draws.shape[1]))


def verdict(row, margin=1e-9, alpha=0.05):
    return rule(np.array([row], dtype=float), margin, alpha).verdicts.item()


def test_the_four_verdicts():
    far = np.linspace(2, 3, 8)
    assert verdict(far) == BETTER
    assert verdict(-far) == WORSE
    assert verdict(np.linspace(-0.1, 0.1, 8), margin=1.0) == EQUIVALENT
    assert verdict(np.linspace(-5, 6, 8), margin=1.0) == UNDECIDED


def test_a_difference_within_the_margin_is_none_however_sure():
    assert verdict(np.linspace(0.1, 0.2, 10), margin=1.0) == EQUIVALENT


def test_ranks_against_the_mean_decide_nothing():
    row = np.array([1.0] * 15 + [-100.0])
    ruled = rule(row[None], 1e-9, 0.05)
    assert ruled.p_difference.item() <= 0.05
    assert ruled.verdicts.item() == UNDECIDED


def test_five_seeds_are_never_enough_for_a_difference():
    assert verdict([10, 11, 12, 13, 14]) == UNDECIDED
    assert verdict([10, 11, 12, 13, 14, 15]) == BETTER


def test_one_seed_claims_nothing():
    (pair,) = pairs(["a", "b"], np.array([[1.0], [0.0]]), 0.5, 0.05)
    assert (pair.verdict, pair.p_difference, pair.p_equivalence, pair.more) == (
        UNDECIDED,
        None,
        None,
        4,
    )


def test_the_one_ahead_comes_first_and_is_better():
    heights = np.array([np.arange(8.0), np.arange(8.0) + 5, np.arange(8.0) + 10])
    found = pairs(["low", "middle", "high"], heights, 1e-9, 0.05)
    assert [(pair.a, pair.b) for pair in found] == [
        ("high", "middle"),
        ("high", "low"),
        ("middle", "low"),
    ]
    assert {pair.verdict for pair in found} == {BETTER}
    assert [pair.advantage for pair in found] == [5, 10, 5]
    assert {pair.wins for pair in found} == {1.0}


def test_wins_share_ties():
    (pair,) = pairs(["a", "b"], np.array([[1.0, 1.0, 1.0, 0.5], [1.0, 0.0, 0.0, 1.0]]), 0.1, 0.05)
    assert pair.wins == (0.5 + 1 + 1 + 0) / 4


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(4)), st.integers(0, 2**32 - 1))
def test_the_order_of_contenders_does_not_matter(order, seed):
    heights = np.random.default_rng(seed).integers(0, 6, size=(4, 9)).astype(float)
    names = ["a", "b", "c", "d"]
    wanted = pairs(names, heights, 1.0, 0.2)
    found = pairs([names[i] for i in order], heights[list(order)], 1.0, 0.2)
    assert found == wanted


def test_more_pairs_need_stronger_evidence():
    random = np.random.default_rng(0)
    row = np.linspace(0.1, 1, 6)
    assert verdict(row) == BETTER
    noise = random.normal(size=(5, 6))
    assert rule(np.vstack([row, noise]), 1e-9, 0.05).verdicts[0] == UNDECIDED


def test_weights_change_the_test_and_nothing_else():
    row = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, -8.0]])
    plain, weighted = (rule(row, 1e-9, 0.05, weights) for weights in (None, 1 / np.abs(row[0])))
    assert plain.p_difference == two_sided([1, 2, 3, 4, 5, 6, 7, -8])
    assert weighted.p_difference == two_sided([1, 1, 1, 1, 1, 1, 1, -1])
    assert weighted.p_equivalence == plain.p_equivalence


def test_flipped_is_the_other_side():
    pair = Pair("a", "b", BETTER, 9, 0.2, Interval(0.1, 0.4), 0.9, 0.01, 1.0)
    other = pair.flipped()
    assert (other.a, other.b, other.verdict, other.advantage) == ("b", "a", WORSE, -0.2)
    assert (other.interval, other.wins) == (Interval(-0.4, -0.1), pytest.approx(0.1))
    assert other.flipped().interval == pair.interval


def made(b, kind, more=None, n=5):
    return Pair("tpe", b, kind, n, 0.0123, Interval(0.004, 0.021), 0.9, 0.01, 1.0, more)


def said(measure, unseen, margin, pairs, unit="seed"):
    """The sentence about a ranking that tpe leads."""
    ranking = Ranking(measure, unseen, margin, 0.05, "tpe", tuple(pairs), "", unit=unit)
    return sentence(ranking)


def test_sentence_says_what_is_known_and_what_is_not():
    found = said("accuracy", True, 0.01, [made("random", BETTER), made("gp", UNDECIDED, 9)])
    assert found == (
        "On accuracy (data that tuning never saw), tpe is better than random (by 0.0123, 95 % "
        "interval 0.0040 to 0.0210); against gp 5 seeds are not enough, about 9 more would do."
    )


def test_sentence_counts_where_a_list_would_be_long():
    several = [made(f"engine{number}", BETTER, n=15) for number in range(4)]
    assert said("regret", False, 0.1, several, "problem") == (
        "On regret, tpe is better than all others."
    )
    mixed = [*several, made("gp", EQUIVALENT)]
    assert "better than 4 of the 5 others; it is equivalent to gp within 0.1" in said(
        "regret", False, 0.1, mixed, "problem"
    )


def test_sentence_of_one_seed_promises_little():
    found = said("accuracy", False, 0.1, [made("gp", UNDECIDED, 4, n=1)])
    assert found == (
        "On accuracy, 1 seed is not enough to tell tpe from gp, "
        "and at least 4 more would be needed."
    )


def test_sentence_of_too_close_a_call():
    found = said("accuracy", False, 0.1, [made("gp", UNDECIDED, None)])
    assert found.endswith(
        "5 seeds are not enough to tell tpe from gp, and no number within reason would do."
    )


def test_sentence_seen_from_a_leader_in_second_place():
    pair = Pair("gp", "tpe", WORSE, 9, -0.2, Interval(-0.4, -0.1), 0.1, 0.01, 1.0)
    assert said("loss", False, 0.1, [pair]) == (
        "On loss, tpe is better than gp (by 0.20, 95 % interval 0.10 to 0.40)."
    )


def test_lists_read_as_people_write_them():
    assert [listed(parts) for parts in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]
