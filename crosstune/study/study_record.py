"""The record of a study: what ran in it, for a reader and for a notebook."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from optuna.study import Study

from crosstune.engines.feasibility import best_trial
from crosstune.engines.record import records
from crosstune.terminal.html import html_table

_COLUMNS = ("run", "engine", "seed", "native", "pruner", "budget", "first trial", "versions")


@dataclass(frozen=True)
class StudyRecord:
    """What ran in a study, by `record`. A notebook shows it as a table.

    Attributes:
        name: of the study.
        runs: the record of each run, the earliest first, as the study keeps them.
        states: the number of trials by state, such as "complete".
        best: the best value and the number of its trial; None without one, or with several metrics.
    """

    name: str
    runs: tuple[dict[str, Any], ...]
    states: dict[str, int]
    best: tuple[float, int] | None

    def __str__(self) -> str:
        rows = ["  ".join(map(str, row)) for row in self._rows()]
        return "\n".join([self._title(), *rows])

    def _repr_html_(self) -> str:
        notes = [f"run {i}: {note}" for i, run in enumerate(self.runs) for note in run["notes"]]
        return html_table(self._title(), _COLUMNS, self._rows(), notes=notes)

    def _title(self) -> str:
        counts = ", ".join(f"{n} {state}" for state, n in self.states.items()) or "no trials"
        best = "" if self.best is None else f", best {self.best[0]:.6g} in trial {self.best[1]}"
        return f"Study {self.name}: {counts}{best}"

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (
                i,
                f"{run['backend']}:{run['sampler']}",
                run["seed"],
                "yes" if run["native"] else "no",
                (run.get("pruner") or {}).get("name", ""),
                _pairs(run.get("budget") or {}),
                run.get("first_trial", 0),
                _pairs(run["versions"]),
            )
            for i, run in enumerate(self.runs)
        ]


def record(study: Study) -> StudyRecord:
    """What ran in a study: engines, seeds, pruners, budgets and versions.

    >>> import crosstune
    >>> spec = {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 0}
    >>> study = crosstune.tune(spec, lambda params: params["x"], trials=3)
    >>> print(str(record(study)).splitlines()[0].partition(",")[0])
    Study study: 3 complete
    """
    trials = study.get_trials(deepcopy=False)
    states = Counter(trial.state.name.lower() for trial in trials)
    best = best_trial(study) if len(study.directions) == 1 else None
    top = None if best is None or best.value is None else (best.value, best.number)
    return StudyRecord(study.study_name, tuple(records(study)), dict(states), top)


def _pairs(mapping: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in mapping.items() if value is not None)
