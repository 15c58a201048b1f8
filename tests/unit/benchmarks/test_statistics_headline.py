"""The headline: of all problems, in the units of its table, and honest about a random start-up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import crosstune
from crosstune.benchmarks.match.contender import contender
from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import markdown
from crosstune.benchmarks.report.standings import verdict
from crosstune.benchmarks.statistics import summarize
from crosstune.benchmarks.statistics.sequential import Sequential
from crosstune.benchmarks.statistics.verdicts import EQUIVALENT
from tests.unit.benchmarks import match_objectives as objectives
from tests.unit.benchmarks.matches import results, run


def several(unseen: int) -> Results:
    """Four problems, of which the first ones have scores on unseen data, where b is ahead."""
    return results(
        {
            f"p{i}": {
                name: [
                    run([0.0, ahead + seed / 100], tests=[0.0, 1 - ahead] if i < unseen else None)
                    for seed in range(6)
                ]
                for name, ahead in (("a", 0.8), ("b", 0.5))
            }
            for i in range(4)
        }
    )


@pytest.mark.parametrize("unseen", [0, 1, 3, 4])
def test_the_headline_is_on_every_problem_and_in_the_units_of_its_table(unseen: int) -> None:
    held = several(unseen)
    summary = summarize(held)
    ranking = summary.verdict
    assert (ranking.unseen, ranking.leader) == ((True, "b") if unseen == 4 else (False, "a"))
    assert (ranking.problems, ranking.unit, ranking.measure) == (4, "problem", "normalised regret")
    assert summary.standings[0].contender == ranking.leader
    assert all((each.test is None) == (unseen < 4) for each in summary.standings)
    cell = verdict(summary).rows[0][-1].text
    assert "seed" not in cell
    assert "seed" not in ranking.sentence


def test_a_match_in_rounds_counts_on_every_problem_too() -> None:
    decision = Sequential(rounds=5, cap=6).judge(several(1))
    assert decision.summary.verdict.leader == "a"


def test_one_problem_that_varies_is_named_and_has_its_own_units() -> None:
    held = results(
        {
            "flat": {name: [run([1.0, 1.0]) for _ in range(6)] for name in "ab"},
            "told": {
                name: [run([0.0, ahead + seed / 100]) for seed in range(6)]
                for name, ahead in (("a", 0.8), ("b", 0.5))
            },
        }
    )
    summary = summarize(held)
    assert summary.verdict.sentence.startswith("On accuracy of told alone, a is better than b")
    page = markdown(held, summary)
    assert "The contenders by accuracy" in page
    assert "The contenders by normalised regret" not in page


def test_a_budget_within_the_random_start_is_no_lack_of_seeds(tmp_path: Path) -> None:
    found = crosstune.compare(
        objectives.SPEC,
        objectives.smooth,
        contenders="optuna:tpe,optuna:random",
        seeds=3,
        trials=8,
        out=tmp_path,
    )
    sentence = found.sentence
    assert "evaluated the same points, as their first 10 trials are random" in sentence
    assert "more trials would tell them apart" in sentence
    assert "seeds are not enough" not in sentence
    assert any("it is random search here" in note for note in found.summary.notes)
    assert "| same points |" in str(found)
    assert "| more trials |" in str(found)
    assert "same points" in found.write_report().read_text()


def test_searches_that_leave_their_start_are_told_apart_as_ever(tmp_path: Path) -> None:
    found = crosstune.compare(
        objectives.SPEC,
        objectives.smooth,
        contenders="optuna:tpe,optuna:random",
        seeds=2,
        trials=14,
    )
    assert not any(pair.same_points for pair in found.summary.verdict.pairs)


def same_points(held: Results) -> Results:
    """The same match with one point in every trial."""
    runs = {
        key: replace(
            each, evaluations=tuple(replace(e, params={"x": e.number}) for e in each.evaluations)
        )
        for key, each in held.runs.items()
    }
    return replace(held, runs=runs)


def test_the_same_points_are_never_called_equivalent_however_many_seeds() -> None:
    held = results({"p": {n: [run([0.0, 1.0 + s]) for s in range(30)] for n in "ab"}})
    assert summarize(held).verdict.pairs[0].verdict == EQUIVALENT
    pair = summarize(same_points(held)).verdict.pairs[0]
    assert (pair.same_points, pair.more) == (True, None)
    assert Sequential(rounds=5, cap=30).judge(same_points(held)).done
    first = replace(same_points(held), settings=replace(held.settings, seeds=10))
    assert Sequential(rounds=5, cap=30).judge(first).done


@pytest.mark.parametrize(
    ("given", "startup"),
    [
        ("optuna:tpe", 10),
        ({"backend": "optuna", "sampler": {"name": "tpe", "n_startup_trials": 3}}, 3),
        ("hyperopt:tpe", 20),
        ("optuna:random", None),
        ("crosstune:random", None),
    ],
)
def test_the_random_start_of_a_contender(given: object, startup: int | None) -> None:
    assert contender(given).startup == startup  # type: ignore[arg-type]
