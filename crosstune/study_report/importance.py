"""The importance of each parameter of a study, by Optuna."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec

import optuna
from optuna.importance import (
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.study import Study, StudyDirection
from optuna.trial import create_trial

from crosstune.engines.feasibility import is_feasible
from crosstune.study.internal import own_study
from crosstune.study_report.content import StudyContent

FEWEST = 50
"""The fewest complete trials for PED-ANOVA: Optuna advises five among the best tenth."""

FEWEST_FANOVA = 20
"""The fewest complete trials for fANOVA, our own limit."""


@dataclass(frozen=True)
class Importance:
    """The share of each parameter, 0 to 1 with sum 1; or the reason why there are none.

    Attributes:
        shares: by parameter, the largest first.
        why: the reason for none.
        method: "PED-ANOVA" or "fANOVA".
        trials: the number that it was measured on.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    why: str = ""
    method: str = "PED-ANOVA"
    trials: int = 0


def measured(study: Study) -> Importance:
    """PED-ANOVA (Watanabe et al., 2023) of a study with one objective.

    A share tells how much a parameter decides whether a trial is among the best tenth. Optuna
    before 5 omits parameters that are not in every trial.
    """
    count = len(study.get_trials(deepcopy=False))
    with quiet():
        shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return Importance(shares, trials=count)


def importance_of(content: StudyContent, index: int) -> Importance:
    """The importance for one objective, on the feasible complete trials with a finite value.

    With fewer trials than `FEWEST` it is fANOVA (Hutter et al., 2014), if scikit-learn is
    installed: the share of the variance of the values.

    Args:
        content: of the study.
        index: of the objective.
    """
    trials = [
        trial
        for trial in content.complete
        if trial.params and is_feasible(trial) and content.objective(trial, index) is not None
    ]
    few = len(trials) < FEWEST
    least = FEWEST_FANOVA if find_spec("sklearn") is not None else FEWEST
    if len(trials) < least:
        return Importance(why=f"{len(trials)} complete trials; {least} are needed")
    if len({trial.values[index] for trial in trials}) == 1:
        return Importance(why="every trial has the same value")
    direction = "MAXIMIZE" if content.maximize[index] else "MINIMIZE"
    with quiet(), own_study():
        alone = optuna.create_study(direction=StudyDirection[direction])
        for trial in trials:
            alone.add_trial(
                create_trial(
                    value=trial.values[index],
                    params=trial.params,
                    distributions=trial.distributions,
                )
            )
        try:
            if not few:
                return measured(alone)
            shares = get_param_importances(alone, evaluator=FanovaImportanceEvaluator(seed=0))
        except (ValueError, RuntimeError, ImportError) as error:
            return Importance(why=f"Optuna cannot measure it: {error}")
    if not all(map(math.isfinite, shares.values())):
        return Importance(why="Optuna cannot measure it: no parameter explains a difference")
    return Importance(shares, method="fANOVA", trials=len(trials))


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Optuna's log of a new study, and its warnings about few trials."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
