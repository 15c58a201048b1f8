"""Start points as a user may pass them: points, trials, or a study with the best ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import best_trial, front, why_no_best
from crosstune.errors import RequestError, shortened
from crosstune.space.space import Space

Start: TypeAlias = str | Study | Iterable[Mapping[str, Any] | FrozenTrial | str]


def start_points(start: Start, space: Space) -> str | list[Mapping[str, Any] | str]:
    """Start points as a spec has them.

    Args:
        start: points, "defaults", trials, or a study: its best trial, or its front if it has
            several objectives. Parameters of a trial that the space does not have are left out.
        space: of the new study.

    Raises:
        RequestError: the study has no best trial.
    """
    if isinstance(start, str):
        return start
    if isinstance(start, Study):
        several = len(start.directions) > 1
        best = front(start) if several else [t for t in (best_trial(start),) if t is not None]
        if not best:
            why = why_no_best(start)
            raise RequestError(f"the study {start.study_name!r} has nothing to start from: {why}")
        start = best
    if isinstance(start, Mapping) or not isinstance(start, Iterable):
        raise RequestError(f"start: a list is needed, not {shortened(repr(start))}")
    return [_point(item, space) if isinstance(item, FrozenTrial) else item for item in start]


def _point(trial: FrozenTrial, space: Space) -> dict[str, Any]:
    shared = {name: value for name, value in trial.params.items() if name in space}
    return ledger.values(space, shared)
