"""What a new study can learn from earlier ones, whichever engine made them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import optuna
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines import study_values as ledger
from crosstune.engines.base import Outcome
from crosstune.engines.feasibility import is_feasible
from crosstune.errors import RequestError
from crosstune.samplers.scalarisation import Scalarisation
from crosstune.space.parameters import shown
from crosstune.space.parameters.checks import is_number
from crosstune.study.storage import describe, open_storage
from crosstune.system.scalars import plain, plain_arguments

MOST = 256
"""The most trials used of one study: half of them the best, half the latest of the others."""

Finished: TypeAlias = Mapping[str, Any]
"""The trials of a study as plain data: its `study` name, whether to `maximize`, and `trials`, each
the parameters, the value or None, and one of `STATES`."""

Earlier: TypeAlias = Study | Finished | str | os.PathLike[str]

STATES = ("complete", "infeasible", "pruned", "failed")
"""The states of a trial of an earlier study. One that violates a constraint is infeasible."""

_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


@plain_arguments()
def finished(
    earlier: Earlier | Iterable[Earlier], directions: Sequence[str] = ("minimize",)
) -> list[Finished]:
    """The finished trials of earlier studies, as plain data.

    A study with several objectives has the augmented Chebyshev value under equal weights, each
    objective in the range of its complete trials, so that the middle of its front is good.

    Args:
        earlier: studies, journal files or URLs of databases, with all their studies; or results
            of this function.
        directions: of the new study: "minimize" or "maximize" for each objective.

    Raises:
        RequestError: there is no study at a place, one has several objectives and not those of the
            new study, or an item is none of these.

    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_int("x", 1, 3), n_trials=1)
    >>> finished(study)[0]["trials"]
    [[{'x': 2}, 2.0, 'complete']]
    """
    if isinstance(earlier, Study | Mapping | str | os.PathLike) or not isinstance(
        earlier, Iterable
    ):
        earlier = [earlier]
    studies: list[Finished] = []
    for item in earlier:
        match item:
            case Study():
                studies.append(_of(item, directions))
            case Mapping():
                studies.append(_checked(item))
            case str() | os.PathLike():
                studies += [_of(study, directions) for study in _at(item)]
            case _:
                raise RequestError(
                    "an earlier study is a study, a journal file or the URL of a database, not "
                    f"{item!r}"
                )
    return studies


def _checked(data: Finished) -> Finished:
    """Check the trials of a study as plain data, which a spec may have."""
    trials = data.get("trials")
    if not isinstance(data.get("maximize"), bool) or not isinstance(trials, list):
        raise RequestError(
            "the trials of an earlier study are a mapping with 'study', 'maximize' and 'trials', "
            f"not {shown(data)}"
        )
    for trial in trials:
        match trial:
            case [Mapping(), value, state] if state in STATES and (
                value is None or is_number(value)
            ):
                continue
        raise RequestError(
            "a trial of an earlier study is its parameters, its value or null, and complete, "
            f"infeasible, pruned or failed, not {shown(trial)}"
        )
    return data


def _at(place: str | os.PathLike[str]) -> list[Study]:
    """Every study at a place."""
    if "://" not in str(place) and not Path(place).is_file():
        raise RequestError(f"there is no study at {place} to start from: no such file")
    storage = open_storage(place)
    names = optuna.get_all_study_names(storage)
    if not names:
        raise RequestError(f"there is no study in {describe(place)} to start from")
    return [optuna.load_study(study_name=name, storage=storage) for name in names]


def _of(study: Study, directions: Sequence[str]) -> Finished:
    count = len(study.directions)
    if count > 1 and [one.name.lower() for one in study.directions] != list(directions):
        raise RequestError(
            f"the study {study.study_name!r} has {count} objectives, so it says nothing of which "
            "points are good for others"
        )
    space = ledger.space_of(study)
    maximize = count == 1 and study.direction == StudyDirection.MAXIMIZE
    sign = -1.0 if maximize else 1.0
    scalars = _scalars(study) if count > 1 else {}
    ended = [
        (trial, _value(trial) if count == 1 else scalars.get(trial.number))
        for trial in study.get_trials(deepcopy=False, states=tuple(_STATES))
        if trial.params
    ]
    by_value = sorted(ended, key=lambda pair: math.inf if pair[1] is None else sign * pair[1])
    by_value.sort(key=lambda pair: not is_feasible(pair[0]))
    best = {trial.number for trial, _ in by_value[: MOST // 2]}
    others = [trial.number for trial, _ in ended if trial.number not in best]
    chosen = {*best, *others[-MOST // 2 :]}
    return {
        "study": study.study_name,
        "maximize": maximize,
        "trials": [
            [plain(ledger.values(space, trial.params)), value, _state(trial)]
            for trial, value in ended
            if trial.number in chosen
        ],
    }


def _scalars(study: Study) -> dict[int, float | None]:
    """One value for each complete trial of a study with several objectives, by its number."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    outcomes = [Outcome("complete", values=tuple(trial.values)) for trial in complete]
    maximize = [one == StudyDirection.MAXIMIZE for one in study.directions]
    weights = np.full(len(maximize), 1 / len(maximize))
    scalars = Scalarisation().scalars(outcomes, maximize, weights)
    return {trial.number: one.value for trial, one in zip(complete, scalars, strict=True)}


def _state(trial: FrozenTrial) -> str:
    if trial.state == TrialState.COMPLETE and not is_feasible(trial):
        return "infeasible"
    return _STATES[trial.state]


def _value(trial: FrozenTrial) -> float | None:
    """The value, or the last report of a pruned trial; None if it is not finite."""
    value = trial.value
    if trial.state == TrialState.PRUNED and trial.last_step is not None:
        value = trial.intermediate_values[trial.last_step]
    return value if value is not None and math.isfinite(value) else None
