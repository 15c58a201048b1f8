"""The warning about constraints that an engine cannot use, logged at the first trial with some."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from optuna.samplers import (
    BaseSampler,
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    PartialFixedSampler,
    TPESampler,
)
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune import _optuna
from crosstune.engines.record_names import RUNS
from crosstune.samplers.timed import untimed

IN_OBJECTIVE = hasattr(Trial, "set_constraint")
"""Whether an objective can set constraints, as in Optuna 5. In Optuna 4 only a sampler can."""

warn: Callable[[str], None] = logging.getLogger("crosstune").warning
"""Takes the warning. `crosstune exec` replaces it by a function that may raise."""

_warned: WeakKeyDictionary[Any, set[tuple[int, str]]] = WeakKeyDictionary()
"""By storage, the studies and engines with a warning."""


def uses_constraints(sampler: BaseSampler) -> bool:
    """True if a sampler learns which points are infeasible from the constraints of trials."""
    sampler = untimed(sampler)
    if isinstance(sampler, PartialFixedSampler):
        return uses_constraints(_optuna.partial_fixed(sampler)[1])
    declared: bool | None = getattr(sampler, "uses_constraints", None)  # of an engine
    if declared is not None:
        return declared
    native = isinstance(sampler, TPESampler | GPSampler | NSGAIISampler | NSGAIIISampler)
    return (native and IN_OBJECTIVE) or _optuna.has_constraints(sampler)


def note_constraints(study: Study, sampler: BaseSampler, trial: Trial | FrozenTrial) -> None:
    """Warn, once per study and engine, that constraints are not used.

    Args:
        study: of the trial.
        sampler: of the study.
        trial: one that was evaluated; there is no warning if it has no constraints.
    """
    if not _optuna.constraints(trial) or uses_constraints(sampler):
        return
    storage, number = _optuna.identity(study)
    label = _label(study, sampler)
    warned = _warned.setdefault(storage, set())
    if (number, label) not in warned:
        warn(
            f"{label} cannot use constraints: it proposes infeasible points as readily as others. "
            "Optuna's tpe, gp and nsga2 can use them, and so can the samplers of Hyperopt, Keras "
            "Tuner and crosstune that learn from values"
        )
        warned.add((number, label))


def must_be_watched(sampler: BaseSampler) -> bool:
    """True for an Optuna sampler that cannot use constraints: it does not warn by itself."""
    return not hasattr(sampler, "uses_constraints") and not uses_constraints(sampler)


def _label(study: Study, sampler: BaseSampler) -> str:
    """Backend and algorithm, from the engine or else the study's record."""
    label: str | None = getattr(sampler, "label", None)
    if label is not None:
        return label
    runs = _optuna.user_attrs(study).get(RUNS)
    return f"{runs[-1]['backend']}:{runs[-1]['sampler']}" if runs else type(sampler).__name__
