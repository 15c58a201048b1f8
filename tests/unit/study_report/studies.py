"""Studies to be reported, made without a search."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState, create_trial

LR = FloatDistribution(1e-5, 1e-1, log=True)
KIND = CategoricalDistribution(["sgd", "adam"])
MOMENTUM = FloatDistribution(0.0, 1.0)


def journal(path: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(path)))


def trial(
    number: int, state: TrialState = TrialState.COMPLETE, values: list[float] | None = None
) -> FrozenTrial:
    """A trial with a condition: momentum is there for sgd alone."""
    kind = KIND.choices[number % 2]
    lr = 10 ** -(1 + 4 * ((number * 0.618) % 1))
    params: dict[str, Any] = {"lr": lr, "kind": kind}
    distributions: dict[str, Any] = {"lr": LR, "kind": KIND}
    if kind == "sgd":
        params["momentum"] = (number * 0.37) % 1
        distributions["momentum"] = MOMENTUM
    value = abs(math.log10(lr) + 3) + params.get("momentum", 0.5)
    reports = {step: value + 1 / (step + 1) for step in range(5)}
    if state is TrialState.FAIL:
        reports = {}
    return create_trial(
        state=state,
        values=(values or [value]) if state is TrialState.COMPLETE else None,
        params=params,
        distributions=distributions,
        intermediate_values={} if values else reports,
        user_attrs={"crosstune:error": "ValueError: <b>boom</b>"}
        if state is TrialState.FAIL
        else {"f1": number / 100},
    )


def plain_study(storage: BaseStorage | str | None = None, trials: int = 60) -> optuna.Study:
    """A study with complete, pruned and failed trials, and a conditional parameter."""
    study = optuna.create_study(storage=storage, study_name="plain <i>study</i>")
    states = {5: TrialState.FAIL, 7: TrialState.PRUNED, 8: TrialState.PRUNED}
    study.add_trials([trial(i, states.get(i, TrialState.COMPLETE)) for i in range(trials)])
    return study


def several_objectives(storage: BaseStorage | str | None = None) -> optuna.Study:
    study = optuna.create_study(
        storage=storage, study_name="two", directions=["minimize", "maximize"]
    )
    study.add_trials([trial(i, values=[float(i % 7), float(i % 7 - i % 2)]) for i in range(30)])
    return study
