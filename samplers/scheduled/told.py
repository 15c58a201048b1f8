"""What the engine is told of configurations, as trials of a study of its own."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.seeds import derived_seed, seed_in_32_bits
from crosstune.samplers.scheduled.configurations import (
    FAILED,
    FINISHED,
    PAUSED,
    RUNNING,
    STOPPED,
    Configuration,
)
from crosstune.samplers.scheduled.prediction import predicted
from crosstune.samplers.scheduled.settings import COMMON, Scheduler

PREDICTED = ("end", "draw")
"""The values of `told` that need a prediction."""


def as_trials(
    begun: Sequence[Configuration],
    scheduler: Scheduler,
    *,
    maximize: bool,
    seed: int | None,
) -> list[FrozenTrial]:
    """One trial for each configuration, numbered by its index.

    A finished configuration is complete with its value; one that its objective gave up is pruned,
    with its last report. The others are told as the scheduler's `told` has it.

    Args:
        begun: the configurations.
        scheduler: with `told`.
        maximize: whether higher values are better.
        seed: of draws.
    """
    sign = -1.0 if maximize else 1.0
    ends = _ends(begun, scheduler, seed) if scheduler.told in PREDICTED else None
    common = _common(begun)
    trials = []
    for configuration in begun:
        state, value = _told(configuration, scheduler.told)
        if ends is not None and state == TrialState.COMPLETE and configuration.state != FINISHED:
            value = ends[configuration.index]
        if scheduler.told == COMMON and state == TrialState.COMPLETE:
            value = _at(configuration, common)
        # The budget of a running part says nothing of the curve, which ends before it.
        over = [part for part in configuration.parts if part.state != TrialState.RUNNING]
        trial = copy.copy((over or configuration.parts)[-1])
        trial.number = configuration.index
        trial.state = state
        has_value = state == TrialState.COMPLETE or math.isfinite(value)
        trial.values = [sign * value] if has_value else None
        trial.intermediate_values = {
            epoch: sign * report for epoch, report in configuration.curve.items()
        }
        trials.append(trial)
    return trials


def _told(configuration: Configuration, told: str) -> tuple[TrialState, float]:
    """The state and the value, lower is better, that the engine is told."""
    begins = configuration.state == RUNNING and not configuration.curve
    if configuration.state == FAILED:
        return TrialState.FAIL, math.inf
    if configuration.state == FINISHED:
        return TrialState.COMPLETE, configuration.value
    if configuration.state == STOPPED:
        return TrialState.PRUNED, configuration.value
    if begins or told == "nothing":
        return TrialState.RUNNING, math.inf
    assert configuration.state in (PAUSED, RUNNING)
    return (TrialState.PRUNED if told == "pruned" else TrialState.COMPLETE), configuration.value


def _common(begun: Sequence[Configuration]) -> float:
    """The last epoch that all configurations with a curve have reached."""
    reached = [max(c.curve) for c in begun if c.curve and c.state not in (FAILED, STOPPED)]
    return min(reached, default=math.inf)


def _at(configuration: Configuration, epoch: float) -> float:
    """The last report up to an epoch; without one, what the configuration has."""
    reports = [(at, report) for at, report in configuration.curve.items() if at <= epoch]
    return max(reports)[1] if reports else configuration.value


def _ends(
    begun: Sequence[Configuration], scheduler: Scheduler, seed: int | None
) -> Sequence[float]:
    """The predicted end of each configuration, or a draw of it; lower is better."""
    if not begun:
        return []
    prediction = predicted(begun, scheduler.max_epochs)
    scaled = prediction.means
    if scheduler.told == "draw":
        number = None if seed is None else derived_seed(seed, len(begun), "told")
        rng = np.random.default_rng(seed_in_32_bits(number))
        scaled = scaled + prediction.deviations * rng.standard_normal(len(begun))
    values: Sequence[float] = prediction.values(scaled).tolist()
    return values
