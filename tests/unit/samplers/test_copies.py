"""Copies of a sampler, and processes that fork with one, propose other points than it."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import threading
from itertools import product
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune.samplers import GaussianProcessSampler, HyperoptSampler, KerasTunerSampler
from crosstune.space.parameters import Float
from crosstune.space.space import Space
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but, slow_but_first

SPACE = Space({"x": Float(0, 1), "y": Float(0, 1)})
KINDS = {
    "hyperopt rand": lambda **more: HyperoptSampler("rand", **more),
    "hyperopt tpe": lambda **more: HyperoptSampler("tpe", **more),
    "keras_tuner random": lambda **more: KerasTunerSampler("random", **more),
    "gp": lambda **more: GaussianProcessSampler(**more),
}
kinds = pytest.mark.parametrize("kind", KINDS)
declared = pytest.mark.parametrize("space", [SPACE, None], ids=["declared", "learnt"])


def objective(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1)


def first_points(sampler: Any, trials: int = 3) -> list[Any]:
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=trials)
    return [tuple(trial.params.values()) for trial in study.trials]


def work(place: Path, sampler: Any, ready: Any) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(study_name="s", storage=open_storage(place), sampler=sampler)
    ready.wait(60)
    study.optimize(objective, n_trials=3)


# By default each kind of sampler once, and each state of it with each kind of seed.
@pytest.mark.parametrize(
    ("kind", "begun", "seed"),
    slow_but(
        list(product(KINDS, (0, 1), (None, 0))),
        list(zip(KINDS, (0, 1, 0, 1), (None, None, 0, 0), strict=True)),
    ),
)
def test_processes_that_fork_propose_different_points(
    kind: str, begun: int, seed: int | None, tmp_path: Path
) -> None:
    place = tmp_path / "s.journal"
    sampler = KINDS[kind](seed=seed)
    study = optuna.create_study(study_name="s", storage=open_storage(place), sampler=sampler)
    study.optimize(objective, n_trials=begun)
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(2)
    workers = [
        context.Process(target=work, args=(place, sampler, ready), daemon=True) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    study.optimize(objective, n_trials=begun)
    points = [tuple(trial.params.values()) for trial in study.trials]
    assert len(points) == 6 + 2 * begun
    assert len(set(points)) == len(points)


@kinds
@declared
def test_reseeding_a_sampler_gives_other_points(kind: str, space: Space | None) -> None:
    reseeded = KINDS[kind](space=space, seed=0)
    reseeded.reseed_rng()
    again = KINDS[kind](space=space, seed=0)
    again.reseed_rng()
    plain = KINDS[kind](space=space, seed=0)
    found = [first_points(sampler)[-1] for sampler in (reseeded, again, plain)]
    assert len(set(found)) == 3


@kinds
def test_reseeding_amid_a_study_repeats_no_point(kind: str) -> None:
    study = optuna.create_study(sampler=KINDS[kind](space=SPACE, seed=0))
    for _ in range(3):
        study.optimize(objective, n_trials=2)
        study.sampler.reseed_rng()
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 6


def test_the_threads_of_one_study_share_one_engine() -> None:
    sampler = HyperoptSampler("rand", space=SPACE, seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=6, n_jobs=2)
    native = first_points(HyperoptSampler("rand", space=SPACE, seed=0), 6)
    assert sorted(tuple(trial.params.values()) for trial in study.trials) == sorted(native)


def test_a_lock_that_was_taken_while_forking_is_free_in_the_child(tmp_path: Path) -> None:
    sampler = HyperoptSampler("rand", seed=0)
    place = tmp_path / "s.journal"
    optuna.create_study(study_name="s", storage=open_storage(place))
    context = multiprocessing.get_context("fork")
    child = context.Process(target=work, args=(place, sampler, context.Barrier(1)), daemon=True)
    taken, released = threading.Event(), threading.Event()

    def take() -> None:
        with sampler._lock:
            taken.set()
            released.wait(60)

    thread = threading.Thread(target=take)
    thread.start()
    taken.wait(60)
    child.start()
    child.join(10)
    released.set()
    thread.join()
    ended = child.exitcode
    child.kill()
    assert ended == 0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_of_a_sampler_that_has_begun_nothing_is_like_it(copied: Any) -> None:
    sampler = HyperoptSampler("rand", space=SPACE, seed=0)
    assert first_points(copied(sampler)) == first_points(sampler)


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt"]))
def test_processes_of_a_study_whose_seed_was_drawn_differ_in_memory_too(backend: str) -> None:
    spec = {"space": dict(SPACE), "backend": backend, "sampler": "random"}
    study = crosstune.create_study(spec)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()

    def work() -> None:
        study.optimize(objective, n_trials=1)
        queue.put(study.trials[0].params["x"])

    workers = [context.Process(target=work, daemon=True) for _ in range(3)]
    for worker in workers:
        worker.start()
    assert len({queue.get() for _ in workers}) == 3
