"""How often the rule errs, in short; `research/statistics/calibration.py` has it all."""

import numpy as np
import pytest

from crosstune.benchmarks.match.results import About
from crosstune.benchmarks.research.statistics import calibration, finals, simulation
from crosstune.benchmarks.research.statistics.calibration import Share, SimulatedShare, share, work
from crosstune.benchmarks.research.statistics.simulation import (
    SYNTHETIC,
    both,
    fixed,
    laws,
    over_problems,
    sequential,
)
from crosstune.benchmarks.statistics.rankings import Rule, ranked
from crosstune.benchmarks.statistics.scores import measured
from crosstune.benchmarks.statistics.sequential import Sequential
from crosstune.benchmarks.statistics.verdicts import BETTER, UNDECIDED
from tests.unit.benchmarks import matches

pytestmark = pytest.mark.slow

MATCHES = 500
RECORDED = "optuna:tpe on vehicle"


def errors(cells, matches):
    """The cells where 5 % or less is refuted by the simulated matches."""
    found = {cell: work((cell, matches)) for cell in cells}
    # Corrected for the number of cells: with fixed seeds it passes always or never.
    limit = 0.05 / len(found)
    return {cell: str(each) for cell, each in found.items() if simulated_excess(each) < limit}


def simulated_excess(found):
    from scipy.stats import binomtest

    return binomtest(found.hits, found.matches, 0.05, alternative="greater").pvalue


@pytest.mark.parametrize("kind", ["difference", "equivalence"])
def test_false_verdicts_are_within_the_level(kind):
    cells = [
        cell
        for cell in calibration.error_cells(kind)
        if cell.law in ("lognormal, heavy tail", "few values", RECORDED) and cell.seeds in (8, None)
    ]
    assert errors(cells, MATCHES) == {}


def test_false_differences_over_several_problems_are_within_the_level():
    cells = [
        cell
        for cell in calibration.problem_cells("difference")
        if cell.law in ("lognormal, heavy tail", RECORDED) and cell.problems == 15
    ]
    assert errors(cells, MATCHES) == {}


def test_a_scale_that_favours_the_reference_is_noticed(monkeypatch):
    # Without the weights random search would win too often against its equals.
    rule = simulation.rule
    monkeypatch.setattr(
        simulation, "rule", lambda rows, margin, alpha, _: rule(rows, margin, alpha)
    )
    cell = SimulatedShare("difference", "lognormal, heavy tail", 5, (0.0, 0.0), problems=15)
    assert share(cell, 2_000).low > 0.05


def test_simulated_problems_are_scored_as_real_ones():
    random = np.random.default_rng(0)
    names = ("optuna:random", "a", "b")
    values = random.lognormal(size=(30, 8, 3, 6))
    values[:, :, 1] *= 0.3
    nothing = np.full((3, 6), np.nan)
    outcomes = over_problems(values, None, 0.2, 0.05)
    about = About("p", "loss", False, "", {})
    for match, found in zip(values, outcomes.verdicts, strict=True):
        scores = [measured(about, names, each, nothing, None) for each in match]
        ranking = ranked(names, scores, Rule(0.2), unseen=False, bootstrap=False)
        for (a, b), verdict in zip(both(3), found, strict=True):
            pair = ranking.between(names[a], names[b])
            assert pair.seen_from(names[a]).verdict == verdict
    assert len(set(outcomes.verdicts.ravel())) >= 3


def test_looks_that_each_spend_the_whole_level_are_noticed(monkeypatch):
    honest = Sequential.spending
    monkeypatch.setattr(
        Sequential,
        "spending",
        lambda self, pairs: dict.fromkeys(honest(self, pairs), self.level),
    )
    cell = SimulatedShare("difference", "normal", None, (0.0, 0.0))
    assert share(cell, 1_000).low > 0.05


def test_uncorrected_pairs_are_noticed(monkeypatch):
    monkeypatch.setattr("crosstune.benchmarks.statistics.pairs.holm", np.asarray)
    cell = SimulatedShare("difference", "normal", 20, (0.0, 0.0, 0.0))
    assert share(cell, 1_000).low > 0.05


def test_power_grows_with_the_difference_and_with_the_seeds():
    by_shift = [
        share(SimulatedShare(BETTER, "normal", 20, (shift, 0.0), 0.1), MATCHES).hits
        for shift in (0.5, 1, 2)
    ]
    assert by_shift == sorted(by_shift)
    assert by_shift[-1] > 0.98 * MATCHES
    by_seeds = [
        share(SimulatedShare(BETTER, "normal", seeds, (1.0, 0.0), 0.1), MATCHES).hits
        for seeds in (5, 8, 20)
    ]
    assert by_seeds == sorted(by_seeds)
    assert by_seeds[0] == 0


def test_clear_differences_need_few_rounds():
    far, near = (
        share(SimulatedShare(BETTER, "normal", None, (shift, 0.0), 0.1), 100).seeds
        for shift in (3.0, 0.5)
    )
    assert far < 12 < near


@pytest.mark.parametrize("contenders", [2, 3])
def test_simulated_rounds_decide_as_the_rule_on_results_does(contenders):
    rule = Sequential(rounds=5, cap=20, within=0.7)
    random = np.random.default_rng(0)
    names = [f"engine:{number}" for number in range(contenders)]
    lead = random.choice([0.0, 1.5], size=(12, contenders, 1))
    heights = random.normal(scale=0.5, size=(12, contenders, 20)) + lead
    outcomes = sequential(heights, 0.7, rule.spending(len(both(contenders))))
    for match, seeds, found in zip(heights, outcomes.seeds, outcomes.verdicts, strict=True):
        decision = rule.judge(matches.finals(dict(zip(names, match, strict=True))))
        assert decision.seeds == seeds
        for (a, b), verdict in zip(both(contenders), found, strict=True):
            pair = decision.summary.verdict.between(names[a], names[b])
            assert pair.seen_from(names[a]).verdict == verdict
    assert len(set(outcomes.verdicts.ravel())) >= 3


def test_a_fixed_match_is_undecided_with_too_few_seeds():
    heights = np.array([[[9.0] * 5, [0.0] * 5]])
    assert fixed(heights, 1e-9, 0.05).verdicts.tolist() == [[UNDECIDED]]


def test_units_are_the_standard_deviations():
    for name, law in SYNTHETIC.items():
        values = law.draw(np.random.default_rng(0), (400_000,))
        if name == "Cauchy":
            assert np.subtract(*np.quantile(values, [0.75, 0.25])) / 2 == pytest.approx(1, rel=0.02)
            assert np.median(values) == pytest.approx(law.mean, abs=0.02)
        else:
            assert values.std() == pytest.approx(law.unit, rel=0.2)
            assert values.mean() == pytest.approx(law.mean, abs=0.05 * law.unit)


def test_recorded_finals_are_those_of_the_engines():
    assert {name: len(values) for name, values in finals.read().items()} == {
        f"optuna:{sampler} on {problem}": 300
        for problem in finals.PROBLEMS
        for sampler in finals.SAMPLERS
    }
    assert set(finals.read()) <= set(laws())
    assert finals.final("vehicle", "random", 0) == finals.read()["optuna:random on vehicle"][0]


def test_shares_have_exact_intervals():
    # Clopper and Pearson's for 10 of 100.
    found = Share(10, 100)
    assert (found.low, found.high) == (
        pytest.approx(0.0490, abs=5e-5),
        pytest.approx(0.1762, abs=5e-5),
    )
    assert str(found) == "10.0 (4.9 to 17.6)"


def test_the_command_prints_its_tables(capsys):
    calibration.main(["--matches", "2", "--jobs", "1"])
    printed = capsys.readouterr().out
    assert printed.count("\n### ") == 6
    assert f"| {RECORDED} | 3 |" in printed


@pytest.mark.slow
def test_all_cells_are_within_the_level():
    cells = [
        *calibration.error_cells("difference"),
        *calibration.error_cells("equivalence"),
        *calibration.problem_cells("difference"),
        *calibration.problem_cells("equivalence"),
    ]
    assert errors(cells, 2_000) == {}
