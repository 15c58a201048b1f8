"""The record of an oracle's study: who proposed which trial, and on from where.

Each engine that proposed has an entry with its `first_trial`.
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
"""The record of an engine, as `run_record` makes it."""

_logger = logging.getLogger("crosstune")


class Runs:
    """Keeps the record.

    Args:
        run: the record of the engine that is to propose.
        in_force: the parts of it that the oracle's own state decides, asked when they are needed.
        budget: the limit of the search.
    """

    def __init__(self, run: Run, in_force: Callable[[], Run], budget: SearchBudget):
        self._run, self._in_force, self._budget = run, in_force, budget
        self._said: set[str] = set()

    @property
    def engine(self) -> str:
        """Backend and sampler, such as "hyperopt:tpe"."""
        return engine_of(self._run)

    @property
    def options(self) -> dict[str, Any]:
        """The options that were asked for."""
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
            study: the study.
            runs: the record of its trials.
            continued: the record of the engine as it continues; None where the oracle's own state,
                or the sampler itself, sees to that.
            max_trials: the limit of the project where it has been reached, else None.

        Raises:
            RequestError: another engine proposed the trials, and none is left.
        """
        count = len(_optuna.all_trials(study))
        earlier = [run for run in runs if run["first_trial"] < count]
        if earlier and engine_of(earlier[-1]) == self.engine:
            if continued is None:
                study.set_user_attr(RUNS, [*earlier[:-1], self._what_holds(earlier[-1])])
                return
        else:
            self._say_who_was_before(earlier, count, max_trials)
        made = continued or {**self._run, **self._in_force()}
        notes = list(made["notes"])
        if continued is None:
            notes.append(f"continued after {count} trials")
        study.set_user_attr(RUNS, earlier)
        made = {**made, "native": False, "notes": notes}
        leave_record(study, made, first_trial=count, budget=self._budget)

    def _say_who_was_before(self, earlier: list[Run], count: int, max_trials: int | None) -> None:
        if not earlier:
            self._say(
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
        self._say(f"the project holds {proposed}. {self.engine} continues after them")

    def _what_holds(self, run: Run) -> Run:
        """The record of the first run, which holds on; warn of what was asked for instead."""
        held = self._in_force()
        holds = {**held.get("options", {}), "seed": held.get("seed")}
        other = {
            name: value
            for name, value in {**self._run["options"], "seed": self._run["seed"]}.items()
            if value is not None and holds.get(name, value) not in (None, value)
        }
        if other:
            self._say(
                f"the project began with {_shown({name: holds[name] for name in other})} and "
                f"continues with it. For {_shown(other)}, choose another project_name"
            )
        return {**run, **held, "options": {**run["options"], **held.get("options", {})}}

    def _say(self, text: str) -> None:
        if text not in self._said:  # A stored study is met twice, on opening and on reload.
            self._said.add(text)
            _logger.warning(text)


def as_json(runs: list[Run]) -> Any:
    """The record for a project folder; of a value that JSON does not know, the type alone."""
    return json.loads(json.dumps(runs, default=lambda value: type(value).__name__))


def _shown(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())
