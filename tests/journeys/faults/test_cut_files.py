"""Files cut at every byte: read as far as they are whole, or refused; never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune.benchmarks import compare as matches
from crosstune.errors import CrosstuneError
from crosstune.exchange import export_study, import_study
from crosstune.study.storage import open_storage
from tests.unit.benchmarks import match_objectives as objectives

SPEC = {
    "name": "cut",
    "seed": 0,
    "space": {
        "x": {"type": "float", "low": 0.0, "high": 1.0},
        "k": {"type": "choice", "values": ["a", "ü"]},
    },
}


def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
    for step in range(2):
        trial.report(params["x"], step)
    return float(params["x"])


def cuts(whole: bytes, request: pytest.FixtureRequest) -> range:
    """Every byte with `-m slow`, and every 41st in the quick suite."""
    return range(0, len(whole) + 1, 1 if request.node.get_closest_marker("slow") else 41)


EVERY = pytest.mark.parametrize(
    "every", [pytest.param(True, marks=pytest.mark.slow), pytest.param(False)]
)


def whole_trials(held: bytes) -> int:
    """How many trials have ended in the whole lines of a journal."""
    lines = [json.loads(line) for line in held.split(b"\n")[:-1] if line]
    return sum(line.get("state") in (1, 2, 3) and "trial_id" in line for line in lines)


@EVERY
def test_a_journal(tmp_path: Path, request: pytest.FixtureRequest, every: bool) -> None:
    path = tmp_path / "whole.journal"
    crosstune.tune(SPEC, objective, trials=3, storage=path)
    whole = path.read_bytes()
    assert whole_trials(whole) == 3
    cut = tmp_path / "cut.journal"
    for length in cuts(whole, request):
        cut.write_bytes(whole[:length])
        try:
            names = optuna.get_all_study_names(open_storage(cut))
            if not names:
                continue
            study = optuna.load_study(study_name=names[0], storage=open_storage(cut))
            ended = sum(trial.state.is_finished() for trial in study.trials)
        except CrosstuneError:
            assert length < whole.index(b"\n") + 1, length  # only the very first line is refused
            continue
        assert ended == whole_trials(whole[:length]), length


@EVERY
def test_a_journal_that_is_resumed(
    tmp_path: Path, request: pytest.FixtureRequest, every: bool
) -> None:
    path = tmp_path / "whole.journal"
    study = crosstune.tune(SPEC, objective, trials=3, storage=path)
    whole = path.read_bytes()
    wanted = [(trial.params, trial.value) for trial in study.trials]
    for length in list(cuts(whole, request))[:: 11 if every else 5]:
        cut = tmp_path / f"{length}.journal"
        cut.write_bytes(whole[:length])
        done = crosstune.tune(SPEC, objective, trials=3, storage=cut, resume=True)
        kept = [(trial.params, trial.value) for trial in done.trials]
        assert kept == wanted, length


@EVERY
@pytest.mark.parametrize("name", ["match.json", "run"])
def test_the_files_of_a_match(
    tmp_path: Path, request: pytest.FixtureRequest, name: str, every: bool
) -> None:
    folder = tmp_path / "match"
    crosstune.compare(
        objectives.SPEC,
        objectives.smooth,
        contenders="optuna:qmc,optuna:random",
        seeds=1,
        trials=2,
        out=folder,
    )
    path = folder / name if name == "match.json" else next((folder / "runs").rglob("*.jsonl"))
    whole = path.read_bytes()
    for length in cuts(whole, request):
        path.write_bytes(whole[:length])
        read_or_refused(lambda: matches.read(folder))


@EVERY
@pytest.mark.parametrize("suffix", [".yaml", ".toml", ".json"])
def test_a_spec(tmp_path: Path, request: pytest.FixtureRequest, suffix: str, every: bool) -> None:
    path = tmp_path / f"spec{suffix}"
    crosstune.Spec(**SPEC, start=[{"x": 0.5}], prior={"x": {"at": 0.1, "spread": 0.5}}).save(path)
    whole = path.read_bytes()
    for length in cuts(whole, request):
        path.write_bytes(whole[:length])
        read_or_refused(lambda: crosstune.Spec.load(path))


@EVERY
def test_a_folder_of_keras_tuner(
    tmp_path: Path, request: pytest.FixtureRequest, every: bool
) -> None:
    folder = tmp_path / "project"
    export_study(crosstune.tune(SPEC, objective, trials=2), folder, format="keras_tuner")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert files
    for path in files:
        whole = path.read_bytes()
        for length in cuts(whole, request):
            path.write_bytes(whole[:length])
            read_or_refused(lambda: import_study(folder, format="keras_tuner"))
        path.write_bytes(whole)


def read_or_refused(read: Callable[[], object]) -> None:
    with suppress(CrosstuneError):
        read()
