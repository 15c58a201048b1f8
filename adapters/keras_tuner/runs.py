"""The records of an oracle's study: which engine proposed which trials.

Each engine has a record with its `first_trial`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from optuna.study import Study

from crosstune import _optuna
from crosstune.adapters.keras_tuner.project import engine_of
from crosstune.engines.budget import SearchBudget
from crosstune.engines.record import leave_record
from crosstune.engines.record_names import RUNS
from crosstune.errors import RequestError

Run: TypeAlias = dict[str, Any]
"""The record of an engine, from `run_record`."""

_logger = logging.getLogger("crosstune")


class Runs:
    """Writes the records.

    Args:
        run: the record of the engine that will propose.
        in_force: returns the parts of it that the oracle's own state determines.
        budget: the limit of the search.
    """

    def __init__(self, run: Run, in_force: Callable[[], Run], budget: SearchBudget):
        self._run, self._in_force, self._budget = run, in_force, budget
        self._warned: set[str] = set()

    @property
    def engine(self) -> str:
        """Backend and sampler, such as "hyperopt:tpe"."""
        return engine_of(self._run)

    @property
    def options(self) -> dict[str, Any]:
        """The options that the user has set."""
        return dict(self._run["options"])

    def begin(self, study: Study) -> None:
        """Record the engine in a study without trials."""
        study.set_user_attr(RUNS, [])
        engine = {**self._run, **self._in_force()}
        leave_record(study, engine, first_trial=0, budget=self._budget)

    def follow(
        self, study: Study, runs: list[Run], continued: Run | None, max_trials: int | None
    ) -> None:
        """Record the engine in a study that has trials.

        Args:
            study: is changed.
            runs: the records of its trials.
            continued: the record of the engine as it continues; None if the oracle's own state, or
                the sampler itself, provides it.
            max_trials: the limit of the project if it has been reached, else None.

        Raises:
            RequestError: another engine proposed the trials, and none is left.
        """
        count = len(_optuna.all_trials(study))
        earlier = [run for run in runs if run["first_trial"] < count]
        if earlier and engine_of(earlier[-1]) == self.engine:
            if continued is None:
                study.set_user_attr(RUNS, [*earlier[:-1], self._merged(earlier[-1])])
                return
        else:
            self._warn_of_other_engine(earlier, count, max_trials)
        made = continued or {**self._run, **self._in_force()}
        notes = list(made["notes"])
        if continued is None:
            notes.append(f"continued after {count} trials")
        study.set_user_attr(RUNS, earlier)
        made = {**made, "native": False, "notes": notes}
        leave_record(study, made, first_trial=count, budget=self._budget)

    def _warn_of_other_engine(self, earlier: list[Run], count: int, max_trials: int | None) -> None:
        if not earlier:
            self._warn(
                f"the project does not say which engine proposed its first {count} trials. "
                f"{self.engine} continues after them"
            )
            return
        proposed = f"{count} trials that {engine_of(earlier[-1])} proposed"
        if max_trials is not None:
            raise RequestError(
                f"the project holds {proposed}, and max_trials={max_trials} leaves none for "
                f"{self.engine}. Choose another project_name, give overwrite=True, or raise "
                "max_trials"
            )
        self._warn(f"the project holds {proposed}. {self.engine} continues after them")

    def _merged(self, run: Run) -> Run:
        """The first run's record, updated by the oracle's state; warn of other settings."""
        state = self._in_force()
        in_force = {**state.get("options", {}), "seed": state.get("seed")}
        other = {
            name: value
            for name, value in {**self._run["options"], "seed": self._run["seed"]}.items()
            if value is not None and in_force.get(name, value) not in (None, value)
        }
        if other:
            self._warn(
                f"the project began with {_shown({name: in_force[name] for name in other})} and "
                f"continues with it. For {_shown(other)}, choose another project_name"
            )
        return {**run, **state, "options": {**run["options"], **state.get("options", {})}}

    def _warn(self, text: str) -> None:
        if text not in self._warned:  # A stored study is read twice, on opening and on reload.
            self._warned.add(text)
            _logger.warning(text)


def as_json(runs: list[Run]) -> Any:
    """The records for a project folder; values that are not JSON become the name of their type."""
    return json.loads(json.dumps(runs, default=lambda value: type(value).__name__))


def _shown(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())
