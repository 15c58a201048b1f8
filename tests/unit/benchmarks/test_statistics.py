"""From the results of a match to its summary."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstune.benchmarks.statistics import Sequential, summarize
from crosstune.benchmarks.statistics.verdicts import BETTER, EQUIVALENT, UNDECIDED, VERDICTS
from crosstune.errors import RequestError
from tests.unit.benchmarks.matches import finals, results, run

NINE = np.linspace(0.8, 0.85, 9)
FAR = {"optuna:tpe": NINE + 0.1, "optuna:random": NINE}


def only(results, **keywords):
    (pair,) = summarize(results, **keywords).rankings[0].pairs
    return pair


@pytest.mark.parametrize("maximize", [True, False])
def test_better_is_what_the_metric_says(maximize):
    pair = only(finals(FAR, maximize=maximize))
    assert pair.a == ("optuna:tpe" if maximize else "optuna:random")
    assert pair.verdict == BETTER
    assert pair.advantage == pytest.approx(0.1)
    assert pair.wins == 1.0


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 2**32 - 1))
def test_negating_the_metric_changes_no_verdict(seed):
    random = np.random.default_rng(seed)
    scores = {name: random.normal(size=7) for name in ("a", "b", "c")}
    up = summarize(finals(scores, maximize=True))
    down = summarize(finals({name: -values for name, values in scores.items()}, maximize=False))
    for one, other in zip(up.verdict.pairs, down.verdict.pairs, strict=True):
        assert (one.a, one.b, one.verdict, one.p_difference) == (
            other.a,
            other.b,
            other.verdict,
            other.p_difference,
        )
        assert one.advantage == pytest.approx(other.advantage)
        assert one.interval.low == pytest.approx(other.interval.low)


def test_the_order_of_contenders_changes_nothing():
    random = np.random.default_rng(0)
    scores = {name: random.normal(size=7) for name in ("a", "optuna:random", "c")}
    match = finals(scores)
    turned = replace(
        match, settings=replace(match.settings, contenders=("c", "a", "optuna:random"))
    )
    one, other = summarize(match), summarize(turned)
    assert one.rankings == other.rankings
    assert one.standings == other.standings


def test_regret_is_0_at_the_best_and_1_at_random_search():
    summary = summarize(finals(FAR))
    assert summary.best_known == {"p": pytest.approx(0.95)}
    scale, of = summary.scale["p"]
    assert (scale, of) == (pytest.approx(0.95 - NINE.mean()), "the mean of optuna:random")
    regret = {each.contender: each.regret for each in summary.standings}
    assert regret["optuna:random"] == pytest.approx(1.0)
    assert regret["optuna:tpe"] == pytest.approx((0.95 - NINE.mean() - 0.1) / scale)


def test_a_known_optimum_is_the_best():
    assert summarize(finals(FAR, optimum=2.0)).best_known == {"p": 2.0}


def test_optunas_random_search_is_the_first_choice_of_reference():
    scores = {"hyperopt:rand": NINE + 0.05, **FAR}
    assert summarize(finals(scores)).scale["p"][1] == "the mean of optuna:random"
    del scores["optuna:random"]
    assert summarize(finals(scores)).scale["p"][1] == "the mean of hyperopt:rand"


def test_pruned_random_search_is_no_reference():
    scores = {"optuna:random+hyperband": NINE, "a": NINE + 0.1}
    assert summarize(finals(scores)).scale["p"][1] == "the median of the first trials"
    scores["optuna:random+none"] = NINE
    assert summarize(finals(scores)).scale["p"][1] == "the mean of optuna:random+none"


def test_without_random_search_the_first_trials_are_the_reference():
    scale, of = summarize(finals({"a": NINE + 0.1, "b": NINE})).scale["p"]
    assert of == "the median of the first trials"
    assert scale == pytest.approx(0.95 - (0.8 - 1.0))


def test_margin_is_a_share_of_the_scale_or_in_units():
    match = finals(FAR)
    scale = summarize(match).scale["p"][0]
    assert summarize(match, margin=0.2).verdict.margin == pytest.approx(0.2 * scale)
    assert summarize(match, within=0.03).verdict.margin == 0.03
    assert only(match, within=0.2).verdict == EQUIVALENT


def test_one_seed_claims_nothing():
    summary = summarize(finals({"a": [1.0], "b": [0.0]}))
    (pair,) = summary.verdict.pairs
    assert (pair.verdict, pair.interval, pair.p_difference) == (UNDECIDED, None, None)
    assert all(standing.interval is None for standing in summary.standings)
    assert np.isnan(summary.curves["p"]["a"]["trials"].low).all()
    assert any("One seed on p" in note for note in summary.notes)


def test_an_objective_that_never_varies_makes_all_equivalent():
    constant = [run([0.5, 0.5]) for _ in range(3)]
    summary = summarize(results({"p": {"a": constant, "b": constant}}))
    (pair,) = summary.verdict.pairs
    assert (pair.verdict, pair.advantage, pair.more) == (EQUIVALENT, 0.0, None)
    assert "The objective never varied on p." in summary.notes
    assert summary.scale["p"][0] == 0.0


def test_runs_that_all_end_equal_are_judged_by_the_margin():
    scores = {"a": [1.0] * 6, "b": [1.0] * 6}
    assert only(finals(scores)).verdict == EQUIVALENT


def test_rounding_is_no_difference_from_the_reference():
    same = 0.9733333333333334  # its mean over ten seeds is less by the last digit
    summary = summarize(finals({"optuna:random": [same] * 10, "optuna:tpe": [same] * 10}))
    scale, of = summary.scale["p"]
    assert (of, scale) == ("the median of the first trials", pytest.approx(1.0))
    assert summary.verdict.margin == pytest.approx(0.1)
    assert all(standing.area < 1 for standing in summary.standings)


def test_a_failed_run_keeps_its_best_and_is_named():
    runs = {
        "a": [run([0.0, 1.0]), run([0.3], end="failed", error="ValueError: no")],
        "b": [run([0.0, 0.5]), run([0.0, 0.5])],
    }
    summary = summarize(results({"p": runs}))
    standing = next(each for each in summary.standings if each.contender == "a")
    assert standing.score == pytest.approx((1.0 + 0.3) / 2)
    assert (standing.runs, standing.failed) == (2, 1)
    assert any("a failed on p under seed 1 (ValueError: no)" in note for note in summary.notes)


def test_a_run_without_a_complete_trial_gets_the_worst_score_and_a_note():
    runs = {
        "a": [run([0.0, 1.0]), run([None, None])],
        "b": [run([0.0, 0.5]), run([0.0, 0.2])],
    }
    summary = summarize(results({"p": runs}))
    standing = next(each for each in summary.standings if each.contender == "a")
    assert standing.score == pytest.approx((1.0 + 0.2) / 2)
    assert any("a has no complete trial on p under seed 1" in note for note in summary.notes)
    assert np.isnan(summary.curves["p"]["a"]["trials"].mean).all()


def test_a_value_of_nan_counts_as_a_failed_trial():
    runs = {
        "a": [run([0.4, float("nan"), float("inf")])] * 2,
        "b": [run([0.0, 0.5, 0.1])] * 2,
    }
    summary = summarize(results({"p": runs}))
    standing = next(each for each in summary.standings if each.contender == "a")
    assert (standing.score, standing.failed_trials) == (0.4, 4)
    assert any("a has 4 complete trials without a finite value on p" in n for n in summary.notes)


def test_an_early_end_carries_its_incumbent():
    runs = {"a": [run([0.4, 0.6], end="exhausted")] * 2, "b": [run([0.0, 0.5, 0.5, 0.7])] * 2}
    summary = summarize(results({"p": runs}))
    curve = summary.curves["p"]["a"]["trials"]
    assert curve.budget.tolist() == [1, 2, 3, 4]
    assert curve.mean.tolist() == [0.4, 0.6, 0.6, 0.6]
    assert any("a had no more to propose on p in 2 of 2 runs" in note for note in summary.notes)


def test_only_seeds_that_all_are_through_are_compared():
    runs = {"a": [run([0.1, 0.5]), run([0.1, 9.0])], "b": [run([0.1, 0.2]), None]}
    summary = summarize(results({"p": runs}))
    assert summary.verdict.pairs[0].n == 1
    assert summary.best_known["p"] == 0.5
    assert any("On p 1 of 2 seeds are finished" in note for note in summary.notes)


def test_nothing_to_compare_says_why():
    with pytest.raises(RequestError, match="On p no seed is finished for every contender"):
        summarize(results({"p": {"a": [run([1.0])], "b": [None]}}))
    with pytest.raises(RequestError, match="On p no trial is complete"):
        summarize(results({"p": {"a": [run([None])], "b": [run([None])]}}))


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"margin": 0.0}, "margin=0.0: what counts as no difference is above 0"),
        ({"level": 0.7}, "level=0.7"),
        ({"alpha": 0.2}, "alpha=0.2: it is a part of the level, above 0 and at most 0.05"),
        ({"axes": ["trial"]}, "Did you mean 'trials'"),
    ],
)
def test_keywords_out_of_range_are_refused(keywords, words):
    with pytest.raises(RequestError, match=words):
        summarize(finals(FAR), **keywords)


def test_a_margin_in_units_is_refused_over_several_problems():
    runs = {"a": [run([0.0, 1.0])], "b": [run([0.0, 0.5])]}
    with pytest.raises(RequestError, match="within=1.0: the 2 problems have units of their own"):
        summarize(results({"p": runs, "q": runs}), within=1.0)


def test_unseen_data_are_the_verdict_and_the_gap_shows_the_overfit():
    tuned = {"a": [0.9, 0.95], "b": [0.8, 0.85]}
    runs = {
        "a": [run([0.1, top], tests=[0.9, 0.6]) for top in tuned["a"]],
        "b": [run([0.1, top], tests=[0.9, 0.7]) for top in tuned["b"]],
    }
    summary = summarize(results({"p": runs}))
    assert summary.verdict.unseen
    assert summary.verdict.leader == "b"
    assert summary.rankings[0].leader == "a"
    assert [each.contender for each in summary.standings] == ["b", "a"]
    gaps = {each.contender: each.gap for each in summary.standings}
    assert gaps == {"a": pytest.approx(0.925 - 0.6), "b": pytest.approx(0.825 - 0.7)}
    assert "(data that tuning never saw)" in summary.verdict.sentence


def test_the_gap_is_above_0_for_an_overfit_loss_too():
    runs = {
        "a": [run([0.9, 0.1], tests=[1.0, 0.5])] * 2,
        "b": [run([0.9, 0.2], tests=[1.0, 0.6])] * 2,
    }
    summary = summarize(results({"p": runs}, maximize=False))
    assert [each.gap for each in summary.standings] == [pytest.approx(0.4)] * 2


def test_a_final_test_of_the_run_counts():
    runs = {
        "a": [run([0.1, 0.9], final_test=0.5)] * 2,
        "b": [run([0.1, 0.8], final_test=0.7)] * 2,
    }
    assert summarize(results({"p": runs})).verdict.leader == "b"


def test_curves_have_a_band_and_an_area_on_each_axis():
    runs = {"optuna:random": [run([0.0, 0.5]), run([0.2, 0.7])], "b": [run([0.6, 1.0])] * 2}
    summary = summarize(results({"p": runs}))
    curves = summary.curves["p"]["optuna:random"]
    assert set(curves) == {"trials", "epochs", "seconds"}
    assert curves["trials"].mean.tolist() == pytest.approx([0.1, 0.6])
    assert curves["trials"].low[0] == 0.0
    assert curves["trials"].high[0] == 0.2
    # The scale is 1 - 0.6; the mean regrets are 0.9 and 0.4.
    assert curves["trials"].area == pytest.approx((0.9 + 0.4) / 2 / 0.4)
    assert curves["epochs"].budget.tolist() == [1, 2, 3, 4]
    assert np.isnan(curves["epochs"].mean[0])
    assert curves["epochs"].mean[1:].tolist() == pytest.approx([0.1, 0.1, 0.6])
    assert set(summarize(results({"p": runs}), axes=["seconds"]).curves["p"]["b"]) == {"seconds"}


def test_costs_and_ranks_are_told():
    runs = {"a": [run([0.1, None, 0.9])] * 2, "b": [run([0.1, 0.2, 0.3])] * 2}
    first, second = summarize(results({"p": runs})).standings
    assert (first.contender, first.rank, second.rank) == ("a", 1.0, 2.0)
    assert (first.trials, first.pruned_trials, first.failed_trials) == (6, 2, 0)
    assert (first.sampler_seconds, first.objective_seconds) == (0.5, 1.0)


def several(problems, lead=0.3, seeds=4, seed=0):
    random = np.random.default_rng(seed)
    return results(
        {
            f"p{number}": {
                name: [
                    run([0.0, 10.0**number * (ahead + value)])
                    for value in random.uniform(0.5, 0.6, seeds)
                ]
                for name, ahead in (("optuna:tpe", lead), ("optuna:random", 0.0), ("gp", lead))
            }
            for number in range(problems)
        }
    )


def test_over_several_problems_the_problems_count():
    summary = summarize(several(8))
    verdict = summary.verdict
    assert (verdict.measure, verdict.unit) == ("normalised regret", "problem")
    assert {pair.n for pair in verdict.pairs} == {8}
    ahead = verdict.between("optuna:tpe", "optuna:random")
    assert ahead.verdict == BETTER
    assert ahead.interval.low > 0
    assert ahead.wins == 1.0
    assert verdict.friedman < 0.05
    assert verdict.critical_distance == pytest.approx(2.343 * np.sqrt(12 / 48), abs=1e-3)
    assert summary.standings[-1].score == pytest.approx(1.0)
    assert verdict.ranks["optuna:random"] == 3.0


def test_units_of_the_problems_do_not_matter():
    assert summarize(several(6)).verdict.between("gp", "optuna:random").advantage < 2.0


def test_a_problem_that_never_varies_is_left_out_by_name():
    match = several(3)
    constant = {
        key: run([1.0, 1.0]) if key[0] == "p2" else each for key, each in match.runs.items()
    }
    summary = summarize(replace(match, runs=constant))
    assert {pair.n for pair in summary.verdict.pairs} == {2}
    assert "Not part of the verdict, as nothing varied: p2." in summary.notes


def test_earlier_looks_are_told():
    match = finals(FAR)
    match = replace(match, settings=replace(match.settings, looks=(5, 9)))
    assert any("requested before, after 5 seeds" in note for note in summarize(match).notes)
    assert not any("requested before" in note for note in summarize(finals(FAR)).notes)


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_whatever_happened_gives_a_summary_or_a_reason(data):
    value = st.one_of(st.none(), st.sampled_from([0.0, 1.0, float("nan"), float("inf"), -3.5]))
    runs = st.builds(
        run, st.lists(value, max_size=4), end=st.sampled_from(["done", "failed", "exhausted"])
    )
    names = ["optuna:random", "<b>", "c"][: data.draw(st.integers(1, 3))]
    seeds = data.draw(st.integers(1, 4))
    match = results(
        {
            problem: {
                name: [data.draw(st.one_of(runs, st.none())) for _ in range(seeds)]
                for name in names
            }
            for problem in ["p", "q"][: data.draw(st.integers(1, 2))]
        },
        maximize=data.draw(st.booleans()),
    )
    try:
        summary = summarize(match)
    except RequestError as error:
        if "nothing to compare" not in str(error):
            raise
        return
    assert len(summary.standings) == len(names)
    for ranking in summary.rankings:
        assert all(pair.verdict in VERDICTS for pair in ranking.pairs)
        assert all(np.isfinite(pair.advantage) for pair in ranking.pairs)
        assert ranking.sentence.endswith(".")


@pytest.mark.slow
def test_a_large_match_is_summarized_within_a_minute_of_work():
    random = np.random.default_rng(0)
    names = ["optuna:random", *(f"engine:{number}" for number in range(13))]
    match = results(
        {
            f"p{number}": {
                name: [run(random.normal(size=25).tolist()) for _ in range(20)] for name in names
            }
            for number in range(15)
        }
    )
    started = time.process_time()
    summary = summarize(match)
    assert len(summary.verdict.pairs) == 14 * 13 / 2
    assert time.process_time() - started < 60


def rounds(lead, seeds=40, seed=0):
    random = np.random.default_rng(seed)
    return finals(
        {
            "a": random.normal(lead, 1, seeds),
            "optuna:random": random.normal(0, 1, seeds),
            "c": random.normal(0, 1, seeds),
        }
    )


def first(match, seeds):
    return replace(match, settings=replace(match.settings, seeds=seeds))


def test_looks_come_in_rounds_up_to_the_cap():
    assert Sequential(rounds=5, cap=12).looks() == [5, 10, 12]
    assert Sequential(rounds=5, cap=5).looks() == [5]
    with pytest.raises(RequestError, match="rounds=0, cap=5"):
        Sequential(rounds=0, cap=5)


def test_looks_share_the_level():
    for pairs in (1, 3, 91):
        spending = Sequential(rounds=5, cap=40).spending(pairs)
        assert sum(spending.values()) == pytest.approx(0.05)
        assert len(set(spending.values())) == 1
    assert list(Sequential(rounds=5, cap=40).spending(1)) == [10, 15, 20, 25, 30, 35, 40]


def test_rounds_stop_once_the_leader_is_decided():
    rule = Sequential(rounds=5, cap=40)
    match = rounds(4.0)
    decisions = [rule.judge(first(match, look)) for look in rule.looks()]
    stop = next(decision for decision in decisions if decision.done)
    assert stop.seeds < 40
    leading = [pair for pair in stop.summary.verdict.pairs if pair.a == "a"]
    assert [pair.verdict for pair in leading] == [BETTER, BETTER]
    assert {pair.decided_at for pair in leading} == {stop.seeds}
    assert not any(decision.done for decision in decisions[: decisions.index(stop)])


def test_what_came_after_the_last_look_changes_no_decision():
    rule = Sequential(rounds=5, cap=40)
    match = rounds(4.0)
    stop = next(d for look in rule.looks() if (d := rule.judge(first(match, look))).done)
    again = rule.judge(match)
    assert (again.seeds, again.done) == (stop.seeds, True)
    assert again.summary.rankings == stop.summary.rankings


def test_a_look_that_can_reject_nothing_decides_nothing():
    decision = Sequential(rounds=5, cap=40).judge(first(rounds(50.0), 5))
    assert not decision.done
    assert {pair.verdict for pair in decision.summary.verdict.pairs} == {UNDECIDED}


def test_rounds_end_at_the_cap():
    decision = Sequential(rounds=5, cap=20).judge(first(rounds(0.0), 20))
    assert decision.done
    assert any("looks that can decide" in note for note in decision.summary.notes)


def test_a_verdict_once_found_is_kept():
    rule = Sequential(rounds=10, cap=40)
    random = np.random.default_rng(0)
    early = np.concatenate([random.uniform(2, 3, 10), random.uniform(-9, -8, 30)])
    noise = random.normal(0, 3, 40)
    match = finals({"a": early, "optuna:random": np.zeros(40) + noise / 100, "c": noise})
    pair = rule.judge(match).summary.verdict.between("a", "optuna:random")
    kept = pair if pair.a == "a" else pair.flipped()
    assert (kept.verdict, kept.decided_at) == (BETTER, 10)
    assert kept.advantage < 0


def test_too_few_problems_end_at_once_with_the_reason():
    decision = Sequential(rounds=2, cap=4).judge(first(several(3), 2))
    assert decision.done
    assert any("3 problems are too few for 3 pairs" in note for note in decision.summary.notes)
