"""What is asked for on resuming, against what the run began with."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.pruners import BasePruner

from crosstune import pruners
from crosstune.engines.pruner_record import described
from crosstune.engines.record import PRUNER
from crosstune.errors import RequestError
from crosstune.resume.mismatch import GO_ON

POINTS = "points"
"""The key of a run's record that holds the number of start points. A run without it was begun by
something other than `open_study`, so it cannot be gone through again."""

BASE_SEED = "base_seed"
"""The key that holds the seed that was asked for, where another one was made of it."""

LAG = "lag"
"""The key that holds the lag of a run in order; see `crosstune.parallel`."""

LONGEST = 200
"""So much of an option an error shows."""

_logger = logging.getLogger("crosstune")


def plain(value: Any) -> Any:
    """A value as a storage gives it back; of what JSON does not know the type alone."""
    return json.loads(json.dumps(value, default=lambda held: type(held).__name__))


def is_replayable(record: Mapping[str, Any]) -> bool:
    """Whether a run can be gone through again, as far as its record says."""
    return POINTS in record


def is_same_engine(record: Mapping[str, Any], backend: str, sampler: str) -> bool:
    """Whether a run was made by an engine."""
    return (record["backend"], record["sampler"]) == (backend, sampler)


def check_agrees(
    study: str,
    record: Mapping[str, Any],
    *,
    options: Mapping[str, Any],
    seed: int | None,
    pruner: BasePruner,
) -> None:
    """Compare a request with the record of the run that it resumes.

    Args:
        study: its name.
        record: of the run.
        options: of the sampler.
        seed: None where none is asked for.
        pruner: not asked yet.

    Raises:
        RequestError: it asks for something else, with both.
    """
    asked = {"sampler's options": plain(options), "pruner": described(pruner)}
    kept = {"sampler's options": record["options"], "pruner": _canonical(record.get(PRUNER))}
    if seed is not None:
        asked["seed"], kept["seed"] = seed, record.get(BASE_SEED, record["seed"])
    for what, wanted in asked.items():
        if wanted != kept[what]:
            raise RequestError(
                f"the study {study!r} began with the {what} {_short(kept[what])}, and "
                f"{_short(wanted)} is asked for now. Leave it as it was to go on to the same "
                f"trials. {GO_ON}"
            )


def agreed_pruner(
    study: str, records: Sequence[Mapping[str, Any]], asked: BasePruner | None
) -> BasePruner:
    """The pruner with which a study goes on: what is asked for, else that of its last run.

    Args:
        study: its name.
        records: of its runs.
        asked: None where none is asked for.

    Raises:
        RequestError: none is asked for, and that of the last run cannot be made from its record.
    """
    if asked is not None:
        return asked
    kept = next((run[PRUNER] for run in reversed(records) if PRUNER in run), None)
    if kept is None:
        return pruners.create(None)
    found = pruners.rebuilt(kept)
    if found is None:
        raise RequestError(
            f"the study {study!r} was pruned by {_short(kept)}, which cannot be made from the "
            f"study's record. Give it again, as pruner=... in Python. {GO_ON}"
        )
    _logger.warning(
        "the study %r was pruned by %s and no pruner is given now, so that one prunes on",
        study,
        _short(kept),
    )
    return found


def _canonical(kept: Any) -> Any:
    """The pruner of a record as `described` would write it; older records have what was given."""
    try:
        found = pruners.rebuilt(kept)
    except RequestError:
        return kept
    return kept if found is None else described(found)


def agreed_lag(
    study: str, record: Mapping[str, Any], *, several: bool, lag: int | None
) -> int | None:
    """The lag with which a run goes on; None where it is one trial after the other, or no order.

    Args:
        study: its name.
        record: of the run.
        several: whether it is asked for workers.
        lag: None where none is asked for; then a run in order keeps its own.

    Raises:
        RequestError: another one is asked for, or no workers where the run has a lag.
    """
    kept = record.get(LAG)
    if lag is not None and lag != (kept or 0):
        began = "without an order" if kept is None else f"with a lag of {kept}"
        leave = f"Leave it out, or give a lag of {kept}," if kept is not None else "Leave it out"
        raise RequestError(
            f"the study {study!r} began {began}, and a lag of {lag} is asked for now. "
            f"{leave} to go on as it began. {GO_ON}"
        )
    if kept and not several:
        raise RequestError(
            f"the study {study!r} began with a lag of {kept}, which is {kept + 1} trials at a "
            "time, and no workers are asked for now. Give any number of them up to that, as "
            f"--workers 1 or workers=1, to go on to the same trials. {GO_ON}"
        )
    return kept or None


def _short(value: Any) -> str:
    """A value as Python shows it, without the trials of earlier studies in it."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
