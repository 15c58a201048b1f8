"""Several processes search one finite study: an engine that repeats no point repeats none there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune import adapters
from crosstune.engines.base import Algorithm
from crosstune.samplers import EngineSampler
from crosstune.space.parameters import Choice, Int
from crosstune.space.space import Space
from crosstune.study.storage import open_storage

SPACE = Space({"x": Int(0, 2), "c": Choice(["a", "b"])})
POINTS = 6
WORKERS = 3


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_int("x", 0, 2)
    return x + (trial.suggest_categorical("c", ["a", "b"]) == "b")


def engines() -> list[tuple[str, str]]:
    """Those that propose no point twice, of every backend."""
    found = []
    for backend in ("optuna", "hyperopt", "keras_tuner", "crosstune"):
        adapter = adapters.get(backend)
        for name, algorithm in adapter.algorithms.items():
            if not _is_offered(adapter, name, algorithm):
                continue
            engine = adapter.engine(name, SPACE, seed=0, maximize=False, options={})
            if engine.exhaustive or engine.distinct:
                found.append((backend, name))
    return found


def _is_offered(adapter: Any, name: str, algorithm: Algorithm) -> bool:
    with suppress(Exception):
        return bool(adapter.algorithm(name)) and not algorithm.scheduler
    return False


def search_at_once(
    place: Path, make: Callable[[int], Any], trials: int, workers: int = WORKERS
) -> optuna.Study:
    """What several processes do, each with a storage and a sampler of its own."""
    study = optuna.create_study(study_name="s", storage=open_storage(place))
    barrier = threading.Barrier(workers)
    errors: list[BaseException] = []

    def evaluate(trial: optuna.Trial) -> float:
        value = objective(trial)
        with suppress(threading.BrokenBarrierError):
            barrier.wait(5)  # so all are asked while the others run
        return value

    def work(sampler: Any) -> None:
        mine = optuna.load_study(study_name="s", storage=open_storage(place), sampler=sampler)
        try:
            mine.optimize(evaluate, n_trials=trials)
        except BaseException as error:
            errors.append(error)
        barrier.abort()

    threads = [threading.Thread(target=work, args=(make(i),)) for i in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    return study


def points(study: optuna.Study) -> list[tuple[Any, ...]]:
    done = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    return sorted((trial.params["x"], trial.params["c"]) for trial in done)


@pytest.mark.parametrize(("backend", "algorithm"), engines())
def test_every_point_is_evaluated_once(backend: str, algorithm: str, tmp_path: Path) -> None:
    def make(_: int) -> EngineSampler:
        return EngineSampler(adapters.get(backend), algorithm, space=SPACE, seed=0)

    study = search_at_once(tmp_path / "s.journal", make, trials=2)
    assert len(set(points(study))) == len(points(study)) == POINTS


@pytest.mark.parametrize(("backend", "algorithm"), [("crosstune", "gp"), ("keras_tuner", "random")])
def test_a_learnt_space_is_shared_too(backend: str, algorithm: str, tmp_path: Path) -> None:
    def make(_: int) -> EngineSampler:
        return EngineSampler(adapters.get(backend), algorithm, seed=0)

    study = search_at_once(tmp_path / "s.journal", make, trials=2)
    assert len(set(points(study))) == len(points(study)) == POINTS


def test_a_point_that_was_looked_ahead_for_is_not_evaluated_where_another_has_it(
    tmp_path: Path,
) -> None:
    place = tmp_path / "s.journal"
    optuna.create_study(study_name="s", storage=open_storage(place))
    studies = []
    for _ in range(2):
        sampler = EngineSampler(adapters.get("crosstune"), "grid", space=SPACE, seed=0)
        storage = open_storage(place)
        studies.append(optuna.load_study(study_name="s", storage=storage, sampler=sampler))
    for study in studies:
        study.optimize(objective, n_trials=2)
    for study in studies:
        assert isinstance(study.sampler, EngineSampler)
        follower = study.sampler._searches.last.follower
        assert follower is not None
        follower.engine.lasts = 0
        assert study.sampler.ready(study)  # each has a point in hand, and the same one
    for study in studies:
        study.optimize(objective, n_trials=1)
    assert len(set(points(studies[0]))) == POINTS
