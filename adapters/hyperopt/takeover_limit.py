"""`--trials` for `fmin`: an `algo` that proposes nothing once its `Trials` is full.

Every trial of a `Trials` counts, including those that raised, which its length excludes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hyperopt
from hyperopt.base import JOB_STATE_NEW, JOB_STATES, Domain

from crosstune.takeover.limit import TrialsSpent, spent


def limit(call: inspect.BoundArguments, most: int) -> None:
    """Limit a call of `fmin` to `most` trials.

    Raises:
        TrialsSpent: its `Trials` already has that many, and the call asks for more.
    """
    arguments = call.arguments
    wanted, trials = arguments.get("max_evals"), arguments.get("trials")
    from_file = trials is None and Path(arguments.get("trials_save_file") or "").is_file()
    left = most
    if trials is not None:
        count = _begun(trials)
        if count >= most and (wanted is None or wanted > len(trials)):
            raise _spent(count, most)
        left = max(most, len(trials))
    elif arguments.get("points_to_evaluate"):
        # Hyperopt evaluates them before, and beside, the `max_evals`.
        arguments["points_to_evaluate"] = arguments["points_to_evaluate"][:most]
        left = max(1, most - len(arguments["points_to_evaluate"]))
    if not from_file:  # Otherwise Hyperopt has to read the file before the count is known.
        arguments["max_evals"] = left if wanted is None else min(wanted, left)
    algo = arguments.get("algo") or hyperopt.tpe.suggest
    arguments["algo"] = _Limited(algo, most, from_file)


class _Limited:
    """An algo that proposes at most the trials that are left.

    Args:
        algo: the script's, or its replacement.
        most: trials in total.
        from_file: whether `fmin` reads its `Trials` from a file.
    """

    def __init__(self, algo: Callable[..., Any], most: int, from_file: bool):
        self._algo, self._most, self._check_file = algo, most, from_file

    def __call__(
        self, new_ids: list[int], domain: Domain, trials: hyperopt.Trials, seed: int
    ) -> Any:
        """The algo's documents; none if no trials are left, which ends `fmin`."""
        if self._check_file and _begun(trials) >= self._most:
            raise _spent(_begun(trials), self._most)
        self._check_file = False
        left = self._most - trials.count_by_state_unsynced(list(JOB_STATES))
        return self._algo(new_ids[:left], domain, trials, seed) if left > 0 else []


def _begun(trials: hyperopt.Trials) -> int:
    """How many trials there are, without queued ones."""
    return int(trials.count_by_state_unsynced([s for s in JOB_STATES if s != JOB_STATE_NEW]))


def _spent(count: int, most: int) -> TrialsSpent:
    return spent("the Trials of fmin", count, most)
