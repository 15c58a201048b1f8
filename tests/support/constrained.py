"""Studies with constraints, made by hand: they are the same under Optuna 4 and 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import FloatDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

Row = tuple[float | None, float | None]
"""The value of a trial (None: it failed), and its constraint (None: it has none)."""

X = FloatDistribution(-100, 100)


def trial(value: float | None, constraint: float | None, **more: Any) -> FrozenTrial:
    """A finished trial with x = its value."""
    attrs = {} if constraint is None else {"constraints": [constraint]}
    return create_trial(
        state=TrialState.FAIL if value is None else TrialState.COMPLETE,
        value=value,
        params={"x": 0.0 if value is None else value},
        distributions={"x": X},
        system_attrs=attrs,
        **more,
    )


def study(rows: Sequence[Row], direction: str = "minimize") -> Study:
    """A study with these trials."""
    made = optuna.create_study(direction=direction)
    made.add_trials([trial(value, constraint) for value, constraint in rows])
    return made


def best_number(study: Study) -> int | None:
    """The number of Optuna's best trial; None where it has none."""
    try:
        return study.best_trial.number
    except ValueError:
        return None
