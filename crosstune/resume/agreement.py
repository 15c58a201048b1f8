"""Compare the request to resume a study with the record of its run."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.pruners import BasePruner
from optuna.study import Study

from crosstune import pruners
from crosstune.engines.pruner_record import described
from crosstune.engines.record import PRUNER, SCHEDULER, records
from crosstune.errors import RequestError
from crosstune.resume.mismatch import GO_ON

POINTS = "points"
"""The key of a run's record that holds the number of start points. A run without it was not
begun by `open_study`, so it cannot be replayed."""

BASE_SEED = "base_seed"
"""The key that holds the requested seed, if another one was derived from it."""

LAG = "lag"
"""The key that holds the lag of a run in order; see `crosstune.parallel`."""

DEFAULT_POINT = "defaults"
"""The key that holds the default values among the start points, and those that were skipped."""

LONGEST = 200
"""The most characters of an option that an error shows."""

_logger = logging.getLogger("crosstune")


def plain(value: Any) -> Any:
    """A value after a round trip through JSON; other objects become the name of their type."""
    return json.loads(json.dumps(value, default=lambda other: type(other).__name__))


def asked_seed(study: Study) -> int:
    """The seed that was set or drawn for the last run of a study."""
    record = records(study)[-1]
    return int(record.get(BASE_SEED, record["seed"]))


def is_replayable(record: Mapping[str, Any]) -> bool:
    """True if a run can be replayed, by its record."""
    return POINTS in record


def is_same_engine(record: Mapping[str, Any], backend: str, sampler: str) -> bool:
    """True if a run was made by an engine.

    Args:
        record: of the run.
        backend, sampler: of the engine.
    """
    return (record["backend"], record["sampler"]) == (backend, sampler)


def check_agrees(
    study: str,
    record: Mapping[str, Any],
    *,
    options: Mapping[str, Any],
    seed: int | None,
    pruner: BasePruner,
    scheduler: Mapping[str, Any] | None = None,
) -> None:
    """Compare a request with the record of the run that it resumes.

    Args:
        study: its name.
        record: of the run.
        options: of the sampler.
        seed: None if the request has none.
        pruner: not used yet.
        scheduler: its settings; None without one.

    Raises:
        RequestError: the request differs from the record.
    """
    requested = {"sampler's options": plain(options), "pruner": described(pruner)}
    recorded = {"sampler's options": record["options"], "pruner": _canonical(record.get(PRUNER))}
    requested["scheduler"] = scheduler
    recorded["scheduler"] = _without_limits(record.get(SCHEDULER))
    if seed is not None:
        requested["seed"], recorded["seed"] = seed, record.get(BASE_SEED, record["seed"])
    for what, wanted in requested.items():
        if wanted != recorded[what]:
            raise RequestError(
                f"the study {study!r} began with the {what} {_short(recorded[what])}, and "
                f"{_short(wanted)} is asked for now. Leave it as it was to continue to the same "
                f"trials. {GO_ON}"
            )


def agreed_pruner(
    study: str, records: Sequence[Mapping[str, Any]], requested: BasePruner | None
) -> BasePruner:
    """The pruner with which a study continues: the requested one, else that of its last run.

    Args:
        study: its name.
        records: of its runs.
        requested: None if the request has none.

    Raises:
        RequestError: none is requested, and that of the last run cannot be made from its record.
    """
    if requested is not None:
        return requested
    recorded = next((run[PRUNER] for run in reversed(records) if PRUNER in run), None)
    if recorded is None:
        return pruners.create(None)
    pruner = pruners.rebuilt(recorded)
    if pruner is None:
        raise RequestError(
            f"the study {study!r} was pruned by {_short(recorded)}, which cannot be made from the "
            f"study's record. Give it again, as pruner=... in Python. {GO_ON}"
        )
    _logger.warning(
        "the study %r was pruned by %s and no pruner is given now, so that one prunes on",
        study,
        _short(recorded),
    )
    return pruner


def _without_limits(scheduler: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The settings of a recorded scheduler."""
    if scheduler is None:
        return None
    return {key: value for key, value in scheduler.items() if key != "limits"}


def _canonical(recorded: Any) -> Any:
    """The pruner of a record as `described` writes it; older records have the user's text."""
    try:
        pruner = pruners.rebuilt(recorded)
    except RequestError:
        return recorded
    return recorded if pruner is None else described(pruner)


def agreed_lag(
    study: str, record: Mapping[str, Any], *, several: bool, lag: int | None
) -> int | None:
    """The lag with which a run continues; None for one trial after the other, or for no order.

    Args:
        study: its name.
        record: of the run.
        several: whether workers are requested.
        lag: None if the request has none; then a run in order keeps its own.

    Raises:
        RequestError: another lag is requested, or no workers although the run has a lag.
    """
    recorded = record.get(LAG)
    if lag is not None and lag != (recorded or 0):
        began = "without an order" if recorded is None else f"with a lag of {recorded}"
        leave = "Leave it out"
        if recorded is not None:
            leave = f"Leave it out, or give a lag of {recorded},"
        raise RequestError(
            f"the study {study!r} began {began}, and a lag of {lag} is asked for now. "
            f"{leave} to continue as it began. {GO_ON}"
        )
    if recorded and not several:
        raise RequestError(
            f"the study {study!r} began with a lag of {recorded}, which is {recorded + 1} trials "
            "at a time, and no workers are asked for now. Give any number of them up to that, as "
            f"--workers 1 or workers=1, to continue to the same trials. {GO_ON}"
        )
    return recorded or None


def _short(value: Any) -> str:
    """The `repr` of a value, cut after `LONGEST` characters."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
