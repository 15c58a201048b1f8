"""Matches on objectives with noise: repeats for every contender, and the truth as the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from crosstune import Float, Space, Spec, recommend
from crosstune.benchmarks.match.contender import contender, contenders
from crosstune.benchmarks.match.fairness import check_fairness
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.match import Match
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RequestError

SPACE = Space({"x": Float(0, 1), "y": Float(0, 1)})
WHO = "optuna:tpe,hyperopt:random"


def truth(params: dict[str, Any]) -> float:
    """The expected value."""
    return float((params["x"] - 0.3) ** 2 + params["y"])


def noisy(params: dict[str, Any], trial: optuna.Trial) -> float:
    """The same with noise, which depends on the number of the trial."""
    return truth(params) + 0.5 * float(np.random.default_rng(trial.number).normal())


def match(limits: RunLimits, **keys: Any) -> Match:
    spec = Spec(name="noisy", space=SPACE, **keys)
    return Match((Problem("noisy", spec, noisy, truth=truth),), contenders(WHO), limits)


def test_every_contender_repeats_its_leaders(tmp_path: Path) -> None:
    results = match(RunLimits(trials=14), repeats=4).run(MatchFolder(tmp_path), 1)
    for name in WHO.split(","):
        run = results.runs["noisy", contender(name).label, 0]
        points = [tuple(evaluation.params.values()) for evaluation in run.evaluations]
        assert len(set(points[:10])) == 10
        assert set(points[10:]) <= set(points[:10])


def test_the_truth_is_that_of_the_recommended_point(tmp_path: Path) -> None:
    results = match(RunLimits(trials=14), repeats=4).run(MatchFolder(tmp_path), 1)
    for name in WHO.split(","):
        run = results.runs["noisy", contender(name).label, 0]
        study = optuna.create_study()
        for evaluation in run.evaluations:
            laws = {key: optuna.distributions.FloatDistribution(0, 1) for key in SPACE}
            study.add_trial(
                optuna.trial.create_trial(
                    params=dict(evaluation.params), distributions=laws, value=evaluation.value
                )
            )
        assert run.final_test == truth(recommend(study, spec=SPACE).params)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (RunLimits(seconds=1.0), "nothing limits the trials"),
        (RunLimits(trials=4), "fewer than the 4 trials, not 4"),
    ],
)
def test_repeats_without_enough_trials_are_not_fair(limits: RunLimits, message: str) -> None:
    made = match(limits, repeats=4)
    with pytest.raises(RequestError, match=message):
        check_fairness(made.problems, made.contenders, limits)
