"""The record of each run in a study: the engine, its seed, the pruner and the budget."""

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
    from crosstune.engines.budget import SearchBudget

PRUNER = "pruner"
"""The record's key for the pruner; see `described`."""

SCHEDULER = "scheduler"
"""The record's key for the scheduler and its limits; a run without one has none."""

BUDGET = "budget"
"""The record's key for trials and seconds; None if the budget is unknown."""


def run_record(
    adapter: Adapter,
    algorithm: str,
    options: Mapping[str, Any],
    seed: int | None,
    *,
    native: bool,
    notes: Iterable[str],
) -> dict[str, Any]:
    """The part of a record that describes the engine; `leave_record` adds the rest.

    Args:
        adapter: the backend.
        algorithm: its native name, or the class of a sampler.
        options: of the algorithm.
        seed: None if it is unknown.
        native: whether the library's own algorithm searches the declared space.
        notes: sentences for the user.
    """
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
    budget: SearchBudget | None = None,
    **more: Any,
) -> None:
    """Add the record of a run to a study. Every entry point uses this function.

    The record includes the study's pruner, so call this after the pruner is set and before it is
    used.

    Args:
        study: is changed.
        engine: the `run_record`.
        first_trial: the number of the run's first trial.
        budget: of the run; None if it is unknown.
        more: further keys.
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
    """Change keys of a study's last record; nothing is written if they are already equal."""
    before = records(study)
    if before and any(key not in before[-1] or before[-1][key] != changed[key] for key in changed):
        _optuna.set_study_attr(study, RUNS, [*before[:-1], {**before[-1], **changed}])


def repeating(
    record: Mapping[str, Any], notes: Iterable[str], budget: SearchBudget
) -> dict[str, Any]:
    """The keys of a record that change if a resumed run has repeats; none without repeats.

    Args:
        record: of the run.
        notes: of the resumed run's engine.
        budget: of the resumed run.
    """
    if not budget.repeats:
        return {}
    new = [note for note in notes if note not in record["notes"]]
    return {"native": False, "notes": [*record["notes"], *new]}


def set_pruner(study: Study, pruner: Any) -> None:
    """Set a study's pruner, one that was not used yet, and write it into the last record."""
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
