"""The record that a study keeps of each run: what proposed, with which seed, pruner and budget."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from optuna.study import Study

from crosstune import _optuna
from crosstune.engines.base import Adapter
from crosstune.engines.pruner_record import described
from crosstune.engines.record_names import FORMAT, RUNS

if TYPE_CHECKING:
    from crosstune.engines.budget import Budget

PRUNER = "pruner"
"""The key that holds the pruner; see `described`."""

BUDGET = "budget"
"""The key that holds trials and seconds; None where the study did not know them."""


def run_record(
    adapter: Adapter,
    algorithm: str,
    options: Mapping[str, Any],
    seed: int | None,
    *,
    native: bool,
    notes: Iterable[str],
) -> dict[str, Any]:
    """What a study keeps of the engine that searches it; `leave_record` adds the rest."""
    libraries = ("crosstune", "optuna", adapter.distribution)
    return {
        "backend": adapter.name,
        "sampler": algorithm,
        "options": dict(options),
        "seed": seed,
        "native": native,
        "notes": list(notes),
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in libraries},
            **adapter.versions(),
        },
    }


def leave_record(
    study: Study,
    engine: Mapping[str, Any],
    *,
    first_trial: int,
    budget: Budget | None = None,
    **more: Any,
) -> None:
    """Add the record of a run to a study: every run of every entry point has its record by this.

    The pruner is the one that the study has, so it is to be called when that is set, and before
    the pruner was asked.

    Args:
        engine: the `run_record`.
        first_trial: the number of the run's first trial.
        budget: of the run; None if it is not known.
        more: what else the run keeps.
    """
    record = {
        **engine,
        "format": FORMAT,
        "first_trial": first_trial,
        PRUNER: described(study.pruner),
        BUDGET: None if budget is None else budget.plain(),
        **more,
    }
    _optuna.set_study_attr(study, RUNS, [*records(study), record])


def amend_record(study: Study, **changed: Any) -> None:
    """Correct the last record of a study, where it says something else."""
    before = records(study)
    if before and any(key not in before[-1] or before[-1][key] != changed[key] for key in changed):
        _optuna.set_study_attr(study, RUNS, [*before[:-1], {**before[-1], **changed}])


def set_pruner(study: Study, pruner: Any) -> None:
    """Give a study a pruner that was not asked yet, and say so in its record."""
    study.pruner = pruner
    amend_record(study, **{PRUNER: described(pruner)})


def records(study: Study) -> list[dict[str, Any]]:
    """The records of a study, the earliest first."""
    return list(_optuna.user_attrs(study).get(RUNS, []))


@cache
def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed as a package"
