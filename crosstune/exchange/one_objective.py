"""A study with several objectives as one with a single one, for libraries that know no others."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.base import Outcome
from crosstune.exchange.study_data import Contents
from crosstune.samplers.scalarisation import CHEBYSHEV, Scalarisation


def single(contents: Contents) -> tuple[Contents, list[str]]:
    """The contents with one value for each trial, to be minimized, and a note on it.

    The value is the augmented Chebyshev value under equal weights, each objective in the range of
    the complete trials. The objectives themselves become attributes of the trials. Contents with
    one objective are returned as they are, without a note.
    """
    count = len(contents.directions)
    if count == 1:
        return contents, []
    names = contents.metric_names or [f"value_{i}" for i in range(count)]
    complete = [trial for trial in contents.trials if trial.state is TrialState.COMPLETE]
    outcomes = [Outcome("complete", values=tuple(trial.values)) for trial in complete]
    maximize = [direction == "maximize" for direction in contents.directions]
    weights = np.full(count, 1 / count)
    scalars = Scalarisation().scalars(outcomes, maximize, weights)
    values = {trial.number: scalar.value for trial, scalar in zip(complete, scalars, strict=True)}
    trials = [_with(trial, names, values.get(trial.number)) for trial in contents.trials]
    note = (
        f"there is one value for each trial, to be minimized: the augmented {CHEBYSHEV} value of "
        f"{', '.join(names)} under equal weights, each in the range of the complete trials. The "
        "metrics themselves are attributes of the trials"
    )
    one = dataclasses.replace(
        contents, directions=("minimize",), trials=trials, metric_names=[CHEBYSHEV]
    )
    return one, [note]


def _with(trial: FrozenTrial, names: Sequence[str], value: float | None) -> FrozenTrial:
    """A copy of a trial with one value, and its own values as attributes."""
    attrs = dict(trial.user_attrs)
    if value is not None:
        attrs.update(zip(names, trial.values, strict=True))
    return FrozenTrial(
        number=trial.number,
        state=trial.state,
        value=value,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=attrs,
        system_attrs=trial.system_attrs,
        intermediate_values=trial.intermediate_values,
        trial_id=trial.number,
    )
