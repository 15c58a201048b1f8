"""How much each parameter mattered, from the trials that a contender has made."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from crosstune.benchmarks.match.results import Results
from crosstune.engines import study_values as ledger
from crosstune.errors import CrosstuneError
from crosstune.space.space import Space
from crosstune.spec.spec import Spec
from crosstune.study.internal import own_study

FEWEST = 50
"""Complete trials below which nothing is said: Optuna advises five among the best tenth."""


@dataclass(frozen=True)
class Importance:
    """The share of each parameter, 0 to 1, in sum 1; or why there are none."""

    shares: Mapping[str, float] = field(default_factory=dict)
    why: str = ""


def importance(results: Results, problem: str, contender: str) -> Importance:
    """PED-ANOVA (Watanabe et al., 2023) by Optuna, on the feasible trials of all seeds.

    A share says how much a parameter decides whether a trial is among the best tenth of those
    that this contender made. Optuna before 5 leaves out the parameters that are not in every trial.
    """
    about = results.about(problem)
    try:
        space = Spec(**dict(about.spec)).space
    except CrosstuneError as error:
        return Importance(why=f"the spec cannot be read: {error}")
    trials = [
        each
        for (on, by, _), run in results.runs.items()
        if (on, by) == (problem, contender)
        for each in run.evaluations
        if each.counts and each.value is not None and math.isfinite(each.value)
    ]
    if len(trials) < FEWEST:
        return Importance(why=f"{len(trials)} complete trials; {FEWEST} are needed")
    if len({each.value for each in trials}) == 1:
        return Importance(why="every trial has the same value")
    with _quiet(), own_study():
        study = optuna.create_study(direction="maximize" if about.maximize else "minimize")
        try:
            study.add_trials([_trial(space, each.params, each.value) for each in trials])
        except (CrosstuneError, ValueError, KeyError) as error:
            return Importance(why=f"a trial is no point of the spec's space: {error}")
        return Importance(get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()))


def _trial(
    space: Space, params: Mapping[str, object], value: float | None
) -> optuna.trial.FrozenTrial:
    searched = {name: held for name, held in params.items() if name in space.searched}
    known = ledger.distributions(space)
    return optuna.trial.create_trial(
        value=value,
        params=ledger.write_point(space, searched),
        distributions={name: known[name] for name in searched},
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's line on a new study, and its remarks on sets of trials that are small."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
