"""A study that a stranger wrote runs nothing: what Optuna would unpickle is read as data."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.samplers import CmaEsSampler
from optuna.storages.journal import BaseJournalBackend
from optuna.storages.journal._base import BaseJournalSnapshot
from optuna.study import Study
from optuna.trial import create_trial

import crosstune
from crosstune import Float, Space
from crosstune.errors import RunError
from crosstune.exchange import IMPORTED, export_study, import_study

SPACE = Space({"x": Float(-1.0, 1.0), "y": Float(-1.0, 1.0)})
SPEC: dict[str, Any] = {"name": "s", "space": SPACE, "seed": 0, "sampler": "cmaes"}
KINDS = {
    "cma": {},
    "sepcma": {"use_separable_cma": True},
    "cmawm": {"with_margin": True},
}
PREFIXES = ("cma", "sepcma", "cmawm")


class Runs:
    """What calls something when it is unpickled."""

    def __init__(self, called: Callable[..., Any], *given: Any):
        self._reduced = called, given

    def __reduce__(self) -> Any:
        return self._reduced


def value(params: dict[str, Any]) -> float:
    return params["x"] ** 2 + params["y"] ** 2  # type: ignore[no-any-return]


@pytest.fixture
def evil(tmp_path: Path) -> bytes:
    """A pickle that makes the folder `ran`."""
    return pickle.dumps(Runs(os.mkdir, str(tmp_path / "ran")))


def with_attributes(study: Study, attributes: dict[str, Any]) -> None:
    """Give a study a finished trial more, with what a stranger put there."""
    study.add_trial(
        create_trial(
            value=0.5,
            params={"x": 0.5, "y": 0.5},
            distributions={"x": FloatDistribution(-1, 1), "y": FloatDistribution(-1, 1)},
            system_attrs=attributes,
        )
    )


def foreign(place: Path, content: bytes) -> Study:
    """A study of ours in a journal, with what a stranger put there."""
    study = crosstune.tune(SPEC, value, sampler="random", trials=3, storage=place)
    with_attributes(study, {f"{prefix}:optimizer:0": content.hex() for prefix in PREFIXES})
    return study


def ran(folder: Path) -> bool:
    return (folder / "ran").exists()


def quiet_sampler(**options: Any) -> CmaEsSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return CmaEsSampler(seed=0, warn_independent_sampling=False, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("resume", [True, "fresh"])
def test_resuming_a_foreign_study_runs_nothing(
    tmp_path: Path, evil: bytes, kind: str, resume: bool | str
) -> None:
    place = tmp_path / "s.journal"
    foreign(place, evil)
    with pytest.raises(RunError, match=r"mkdir.*Nothing of it was run"):
        crosstune.tune(
            SPEC,
            value,
            sampler={"name": "cmaes", **KINDS[kind]},
            trials=8,
            storage=place,
            resume=resume,
        )
    assert not ran(tmp_path)


def test_what_a_stranger_adds_to_a_run_of_cma_es_runs_nothing(tmp_path: Path, evil: bytes) -> None:
    place = tmp_path / "s.journal"
    with_attributes(
        crosstune.tune(SPEC, value, trials=8, storage=place), {"cma:optimizer:0": evil.hex()}
    )
    with pytest.raises(RunError, match="Nothing of it was run"):
        crosstune.tune(SPEC, value, trials=12, storage=place, resume=True)
    assert not ran(tmp_path)


def test_the_command_says_so_in_one_line(tmp_path: Path, evil: bytes) -> None:
    foreign(tmp_path / "s.journal", evil)
    (tmp_path / "obj.py").write_text("def f(params):\n    return params['x'] ** 2\n")
    plain = {**SPEC, "space": SPACE.to_dict(), "objective": "obj:f"}
    (tmp_path / "spec.json").write_text(json.dumps(plain))
    command = "run spec.json --resume --storage s.journal -n 8"
    done = subprocess.run(
        [sys.executable, "-m", "crosstune", *command.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "Nothing of it was run" in done.stderr
    assert "Traceback" not in done.stderr
    assert not ran(tmp_path)


@pytest.mark.parametrize("format", ["optuna", "keras_tuner"])
def test_an_import_leaves_out_what_would_be_unpickled(
    tmp_path: Path, evil: bytes, format: str, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip(format)
    source = foreign(tmp_path / "evil.journal", evil)
    exported = tmp_path / "out"
    export_study(source, exported, format=format)
    place = tmp_path / "imported.journal"
    study = import_study(exported, format=format, storage=place)
    assert not any("optimizer" in key for trial in study.trials for key in trial.system_attrs)
    assert "the state of CMA-ES is left out in 1 trials" in study.user_attrs[IMPORTED]["notes"][-1]
    study.sampler = quiet_sampler()
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1), n_trials=3)
    assert not ran(tmp_path)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_sampler_of_the_user_s_own_runs_nothing_either(
    tmp_path: Path, evil: bytes, prefix: str
) -> None:
    options = KINDS[prefix]
    study = optuna.create_study(sampler=quiet_sampler(**options))
    with_attributes(study, {f"{prefix}:optimizer:0": evil.hex()})
    with pytest.raises(RunError, match="Nothing of it was run"):
        study.optimize(
            lambda trial: trial.suggest_float("x", -1, 1) + trial.suggest_float("y", -1, 1),
            n_trials=3,
        )
    assert not ran(tmp_path)


def test_a_script_under_exec_runs_nothing(tmp_path: Path, evil: bytes) -> None:
    foreign(tmp_path / "s.journal", evil)
    (tmp_path / "script.py").write_text(
        "import optuna\n"
        "from optuna.storages import JournalStorage\n"
        "from optuna.storages.journal import JournalFileBackend\n"
        "storage = JournalStorage(JournalFileBackend('s.journal'))\n"
        "sampler = optuna.samplers.CmaEsSampler(seed=0)\n"
        "study = optuna.load_study(study_name='s', storage=storage, sampler=sampler)\n"
        "study.optimize(lambda t: t.suggest_float('x', -1, 1) + t.suggest_float('y', -1, 1), 3)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "crosstune", "exec", "script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Nothing of it was run" in done.stderr
    assert not ran(tmp_path)


class Backend(BaseJournalBackend, BaseJournalSnapshot):
    """A backend with snapshots, as Redis is; a stranger has written one."""

    def __init__(self, snapshot: bytes | None):
        self.snapshot = snapshot
        self.logs: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> Any:
        return iter(self.logs[log_number_from:])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self.logs += json.loads(json.dumps(logs))

    def save_snapshot(self, snapshot: bytes) -> None:
        self.snapshot = snapshot

    def load_snapshot(self) -> bytes | None:
        return self.snapshot


def test_a_foreign_snapshot_of_a_journal_runs_nothing(tmp_path: Path, evil: bytes) -> None:
    storage = optuna.storages.JournalStorage(Backend(evil))
    optuna.create_study(storage=storage)
    assert not ran(tmp_path)


def test_a_journal_of_cma_es_continues_to_the_same_trials(tmp_path: Path) -> None:
    whole = crosstune.tune(SPEC, value, trials=14)
    place = tmp_path / "s.journal"
    crosstune.tune(SPEC, value, trials=8, storage=place)
    resumed = crosstune.tune(SPEC, value, trials=14, storage=place, resume=True)
    assert [t.params for t in resumed.trials] == [t.params for t in whole.trials]
