"""A real Dask cluster: workers that come, go, and are killed."""

from __future__ import annotations

import os
import random
import signal
import threading
from typing import Any

import pytest

import crosstune
from crosstune.errors import RequestError
from tests.parallel import objectives
from tests.parallel.histories import errors, states

SPEC = {"space": objectives.SPACE, "seed": 5, "sampler": "random", "pruner": "median"}

distributed = pytest.importorskip("distributed")


def test_no_scheduler_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crosstune.parallel.cluster.CONNECTING", 1)
    with pytest.raises(RequestError, match="no Dask scheduler at tcp://127.0.0.1:1"):
        crosstune.tune(SPEC, objectives.curve, trials=2, executor="tcp://127.0.0.1:1")


def test_a_cluster_of_threads_evaluates() -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        study = crosstune.tune(
            SPEC, objectives.curve, trials=10, executor=cluster.scheduler_address, host="127.0.0.1"
        )
    assert len(study.trials) == 10
    assert set(states(study)) <= {"COMPLETE", "PRUNED"}


def _pids(client: Any) -> list[int]:
    return [pid for pid in client.run(os.getpid, on_error="ignore").values() if pid]


@pytest.mark.slow
def test_fifty_killed_workers_lose_no_trial() -> None:
    chance = random.Random(0)
    kills = 0
    over = threading.Event()
    with (
        distributed.LocalCluster(
            n_workers=4, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):

        def kill() -> None:
            nonlocal kills
            while kills < 50 and not over.wait(chance.uniform(0.2, 2.5)):
                pids = _pids(client)
                if pids:
                    os.kill(chance.choice(pids), signal.SIGKILL)
                    kills += 1

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            study = None
            trials = 0
            while kills < 50:
                trials += 50
                study = crosstune.tune(
                    SPEC,
                    objectives.slow_curve,
                    trials=trials,
                    executor=cluster.scheduler_address,
                    storage=None if study is None else study._storage,
                    resume=study is not None,
                )
        finally:
            over.set()
            killer.join()
    assert study is not None
    left = states(study)
    print(f"{kills} kills: {dict(left)}")
    assert len(study.trials) == trials
    assert kills == 50
    assert set(left) <= {"COMPLETE", "PRUNED", "FAIL"}
    assert all("KilledWorker" in error for error in errors(study).values())


@pytest.mark.slow
def test_workers_come_and_go() -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        sizes = iter([3, 1])

        def scale(study: Any, trial: Any) -> None:
            if trial.number in (10, 40):
                cluster.scale(next(sizes))

        study = crosstune.tune(
            SPEC,
            objectives.slow_curve,
            trials=60,
            executor=cluster.scheduler_address,
            callbacks=[scale],
        )
    assert len(study.trials) == 60
    assert set(states(study)) <= {"COMPLETE", "PRUNED"}
