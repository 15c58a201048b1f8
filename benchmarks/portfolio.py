"""A portfolio of samplers on one study, against crosstune:gp alone, on the development half.

    python -m crosstune.benchmarks.portfolio crosstune:gp,optuna:cmaes --seeds 4

Who proposes is drawn by Thompson sampling over which member has lately found a better point; every
member learns from all trials. The first four are those of the first member.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

import crosstune
from crosstune.benchmarks import halves
from crosstune.benchmarks.problems.base import Problem
from crosstune.benchmarks.statistics import intervals
from crosstune.study import choose

BUDGETS = (10, 25, 50)
FORGETS = 0.9


class PortfolioSampler(BaseSampler):
    """Shares a study's trials among samplers."""

    def __init__(self, members: Sequence[BaseSampler], seed: int):
        self._members = members
        self._rng = np.random.default_rng(seed)
        self._wins = np.zeros(len(members))
        self._losses = np.zeros(len(members))
        self._who: dict[int, int] = {}
        self._best = np.inf

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Draw who proposes."""
        draws = self._rng.beta(1 + self._wins, 1 + self._losses)
        self._who[trial.number] = 0 if trial.number < 4 else int(np.argmax(draws))
        for member in self._members:
            member.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """That of who proposes."""
        return self._members[self._who[trial.number]].infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        """Its proposal."""
        return self._members[self._who[trial.number]].sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> Any:
        """Its proposal."""
        member = self._members[self._who[trial.number]]
        return member.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Count whether it found a better point."""
        who = self._who[trial.number]
        self._members[who].after_trial(study, trial, state, values)
        if values is None:
            return
        value = -values[0] if study.direction.name == "MAXIMIZE" else values[0]
        self._wins *= FORGETS
        self._losses *= FORGETS
        (self._wins if value < self._best else self._losses)[who] += 1
        self._best = min(self._best, value)


def best(problem: Problem, study: Study) -> NDArray[np.float64]:
    """The best value so far after each trial, less is better."""
    sign = -1.0 if problem.maximize else 1.0
    values = [np.inf if t.value is None else sign * t.value for t in study.trials]
    return np.minimum.accumulate(np.array(values))


def ahead(problem: Problem, names: Sequence[str], seed: int, trials: int) -> list[float]:
    """Whether the portfolio is ahead after each of the budgets."""
    members = []
    for name in names:
        backend, sampler = name.split(":")
        engine = choose(problem.spec, backend=backend, sampler=sampler, seed=500 + seed)
        members.append(engine.sampler(problem.spec.space))
    study = optuna.create_study(
        direction=problem.spec.metric.direction, sampler=PortfolioSampler(members, seed)
    )
    study.optimize(problem.prepared, n_trials=trials)
    alone = crosstune.tune(
        problem.spec,
        problem.objective,
        backend="crosstune",
        sampler="gp",
        seed=900 + seed,
        trials=trials,
    )
    ours, theirs = best(problem, study), best(problem, alone)
    return [
        float(ours[n - 1] < theirs[n - 1]) + float(ours[n - 1] == theirs[n - 1]) / 2
        for n in BUDGETS
        if n <= trials
    ]


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("members")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--trials", type=int, default=50)
    given = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    groups = []
    for name in (*halves.DEVELOPMENT_TABLES, *halves.DEVELOPMENT_FUNCTIONS):
        problem, names = halves.get(name), given.members.split(",")
        runs = [ahead(problem, names, seed, given.trials) for seed in range(given.seeds)]
        groups.append(np.array(runs).T)
    for i, draws in enumerate(intervals.hierarchical(groups)):
        held = intervals.of_draws(draws)
        mean = np.mean([group[i] for group in groups])
        print(f"after {BUDGETS[i]} trials {mean:.2f} ({held.low:.2f} to {held.high:.2f})")


if __name__ == "__main__":
    main()
