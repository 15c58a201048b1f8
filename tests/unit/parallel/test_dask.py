"""A real Dask cluster: workers that come, go, and are killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import crosstune
from crosstune.errors import RequestError
from crosstune.samplers.scheduled.settings import OPTIONS
from tests.unit.parallel import families, objectives
from tests.unit.parallel.histories import errors, history, states
from tests.unit.parallel.test_processes import start_run

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


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_a_cluster_has_the_schedule_of_one_worker(name: str) -> None:
    spec = {"space": objectives.SPACE, "seed": 5, "trials": 9}
    scheduler = {"name": name, "max_epochs": 9, **({"first": 3} if name == "i-epoch" else {})}
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=3, processes=False, dashboard_address=None
    ) as cluster:
        where = {"executor": cluster.scheduler_address, "host": "127.0.0.1"}
        study = crosstune.tune(spec, objectives.curve, scheduler=scheduler, lag=2, **where)
    with ThreadPoolExecutor(1) as executor:
        alone = crosstune.tune(
            spec, objectives.curve, scheduler=scheduler, lag=2, executor=executor, workers=1
        )
    assert history(study) == history(alone)
    assert {"COMPLETE", "PRUNED"} == set(states(study))


def test_a_cluster_with_tls_is_reached_with_the_certificates_of_the_configuration() -> None:
    import dask

    security = distributed.Security.temporary()
    configured = {
        "distributed.comm.tls.ca-file": security.tls_ca_file,
        "distributed.comm.tls.client.cert": security.tls_client_cert,
        "distributed.comm.tls.client.key": security.tls_client_key,
    }
    with (
        distributed.LocalCluster(
            n_workers=1, processes=False, security=security, dashboard_address=None
        ) as cluster,
        dask.config.set(configured),
    ):
        address = cluster.scheduler_address
        assert address.startswith("tls://")
        study = crosstune.tune(
            SPEC, objectives.square, trials=2, executor=address, host="127.0.0.1"
        )
    assert states(study) == {"COMPLETE": 2}


@pytest.mark.slow
def test_a_trial_that_hangs_is_ended() -> None:
    study = crosstune.tune(
        SPEC, objectives.hangs_at_three, trials=5, executor="local", workers=2, trial_seconds=2.5
    )
    assert states(study) == {"COMPLETE": 4, "FAIL": 1}
    assert errors(study) == {3: "it took longer than 2.5 s, so its process was ended"}


@pytest.mark.slow
def test_with_a_limit_it_reports_prunes_and_dies_as_without() -> None:
    how: dict[str, Any] = {"executor": "local", "workers": 2, "trial_seconds": 60}
    study = crosstune.tune(SPEC, objectives.curve, trials=10, lag=3, **how)
    with ThreadPoolExecutor(2) as threads:
        wanted = crosstune.tune(
            SPEC, objectives.curve, trials=10, lag=3, executor=threads, workers=2
        )
    assert history(study) == history(wanted)
    assert states(study)["PRUNED"] > 0
    study = crosstune.tune(SPEC, objectives.dies_at_three, trials=5, **how)
    assert errors(study) == {3: "its process died: a crash, a kill, or a lack of memory"}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_the_process_of_a_trial_ends_with_its_worker(tmp_path: Path) -> None:
    """And Dask runs the trial again on another worker."""
    marks = tmp_path / "marks"

    def objective(params: dict[str, Any]) -> float:
        with marks.open("a") as file:
            file.write(f"{os.getpid()} {os.getppid()}\n")
        time.sleep(600 if len(marks.read_text().splitlines()) == 1 else 0)
        return float(params["x"])

    def kill() -> None:
        while not marks.exists() or not marks.read_text().endswith("\n"):
            time.sleep(0.05)
        os.kill(int(marks.read_text().split()[1]), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    study = crosstune.tune(
        SPEC, objective, trials=3, executor="local", workers=2, trial_seconds=300
    )
    killer.join()
    assert states(study) == {"COMPLETE": 3}
    child = marks.read_text().split()[0]
    until = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")
@pytest.mark.parametrize(
    "how", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGKILL]
)
def test_nothing_that_a_trial_started_outlives_its_driver(
    tmp_path: Path, how: signal.Signals
) -> None:
    process = start_run(tmp_path, "--dask", "local", "--workers", "2")
    process.send_signal(how)
    process.communicate(timeout=60)
    assert families.all_gone(tmp_path / "marks")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")
def test_what_a_trial_started_ends_with_its_worker(tmp_path: Path) -> None:
    def objective(params: dict[str, Any]) -> float:
        if not list(tmp_path.iterdir()):
            families.die_with_family(tmp_path)
        return float(families.all_gone(tmp_path))

    study = crosstune.tune(SPEC, objective, trials=2, executor="local", workers=1)
    assert [trial.value for trial in study.trials] == [1.0, 1.0]


@pytest.mark.slow
def test_fifty_killed_workers_lose_no_trial() -> None:
    chance = random.Random(0)
    kills = 0
    failure: list[BaseException] = []
    with (
        distributed.LocalCluster(
            n_workers=4, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):

        def kill() -> None:
            nonlocal kills
            size = 4
            try:
                while kills < 50:
                    if len(client.nthreads()) < 3:
                        # A nanny gives up a worker that is killed before it has come up.
                        size += 4
                        cluster.scale(size)
                        client.wait_for_workers(4, timeout=60)
                    time.sleep(chance.uniform(0.5, 2.5))
                    worker = chance.choice(multiprocessing.active_children())
                    if worker.name.startswith("Dask"):
                        worker.kill()
                        worker.join()
                        kills += 1
            except BaseException as error:
                failure.append(error)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        study = None
        trials = 0
        while killer.is_alive():
            trials += 50
            study = crosstune.tune(
                SPEC,
                objectives.slow_curve,
                trials=trials,
                executor=cluster.scheduler_address,
                storage=None if study is None else study._storage,
                resume=study is not None,
            )
    assert study is not None
    left = states(study)
    print(f"{kills} kills: {dict(left)}")
    assert not failure
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
