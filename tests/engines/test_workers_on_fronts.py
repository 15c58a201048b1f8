"""Four workers on each cell of the table of docs/several-objectives.md that is not refused.

On one machine they evaluate what one driver asks for, in a journal. Over PostgreSQL each of four
`crosstune worker` asks itself, so each makes its own engine from the trials of all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Choice, Float, Spec, adapters
from crosstune.engines.feasibility import front, is_feasible
from crosstune.engines.record import records
from crosstune.engines.record_names import LOST
from crosstune.engines.several import CASES, REFUSED, SCALARISED, supports
from tests.support import front_objective
from tests.support.front_objective import objective
from tests.support.postgres import Server
from tests.support.slow import slow_but

pytestmark = pytest.mark.optuna5

ROOT = Path(__file__).parents[2]
BACKENDS = ("optuna", "hyperopt", "keras_tuner", "crosstune")
WORKERS = 4
SPACE = {
    "x": Float(0, 1, step=0.05),
    "y": Float(0, 1, step=0.25),
    "kind": Choice(["a", "b"]),
}


def kind(label: str, case: str) -> str:
    """Of a cell: native, scalarised or refused."""
    backend, name = label.split(":")
    count, limited = CASES[case]
    return supports(adapters.get(backend), count, constraints=limited)[name].kind


ALGORITHMS = [
    f"{backend}:{name}" for backend in BACKENDS for name in adapters.get(backend).algorithms
]
CELLS = [(label, case) for label in ALGORITHMS for case in CASES if kind(label, case) != REFUSED]
FAST = [("optuna:tpe", "constraints"), ("hyperopt:tpe", "two objectives")]


def spec_of(label: str, case: str, **keys: Any) -> Spec:
    backend, name = label.split(":")
    count, limited = CASES[case]
    measures: dict[str, Any] = (
        {"metric": "f"} if count == 1 else {"metrics": ["f", "g", "h"][:count]}
    )
    if limited:
        measures["constraints"] = [{"metric": "m", "min": 0.6}]
    return Spec(space=SPACE, trials=12, seed=1, backend=backend, sampler=name, **measures, **keys)


def check(study: optuna.Study, label: str, case: str) -> None:
    """The study of a cell is whole, and what is best in it is what Optuna says."""
    count, limited = CASES[case]
    trials = [trial for trial in study.trials if LOST not in trial.user_attrs]
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 12
    for trial in trials:
        returned = objective(trial.params)
        assert trial.values == [returned[name] for name in ("f", "g", "h")[:count]]
        assert trial.constraints == ({"m >= 0.6": 0.6 - returned["m"]} if limited else {})
    (record,) = records(study)
    assert ("scalarise" in record["options"]) is (kind(label, case) == SCALARISED)
    if count > 1:
        assert {t.number for t in front(study)} == {t.number for t in study.best_trials}
    elif any(map(is_feasible, trials)):
        assert is_feasible(study.best_trial)


@pytest.mark.parametrize(("label", "case"), slow_but(CELLS, FAST))
def test_four_workers_on_a_journal(label: str, case: str, tmp_path: Path) -> None:
    place = str(tmp_path / "a.journal")
    study = crosstune.tune(spec_of(label, case), objective, storage=place, workers=WORKERS)
    check(study, label, case)
    assert any("several trials at a time" in note for note in records(study)[0]["notes"])


@pytest.mark.slow
@pytest.mark.parametrize(("label", "case"), CELLS)
def test_four_workers_on_postgresql(server: Server, label: str, case: str, tmp_path: Path) -> None:
    shutil.copy(front_objective.__file__, tmp_path / "made.py")
    spec_of(label, case, objective="made:objective").save(tmp_path / "spec.yaml")
    name = f"{label} {case}"
    command = [sys.executable, "-m", "crosstune", "worker", "spec.yaml", "--storage", server.url]
    workers = [
        subprocess.Popen(
            [*command, "--study", name],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(WORKERS)
    ]
    said = [worker.communicate(timeout=300)[0].decode() for worker in workers]
    study = optuna.load_study(study_name=name, storage=server.url)
    complete = [trial for trial in study.trials if trial.state == TrialState.COMPLETE]
    status = 0 if any(map(is_feasible, complete)) else 1  # a grid may find none
    assert [worker.returncode for worker in workers] == [status] * WORKERS, said
    check(study, label, case)
