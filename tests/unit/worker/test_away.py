"""Workers that are paused or vanish, and a server that is away: nobody waits for ever or dies."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState, create_trial

from crosstune.cli.main import crosstune as command_line
from crosstune.engines.record_names import BEGAN
from crosstune.errors import RequestError, RunError
from crosstune.study.storage import describe
from crosstune.worker import database
from crosstune.worker.ask_lock import WorkerTurns
from crosstune.worker.database import Steady, open_database, steadily
from crosstune.worker.lost_trials import counting, sweep
from tests.support.postgres import PASSWORD, NoServer, Server, running_server
from tests.unit.worker.test_worker import _ended, _spec, _study_of, _workers

WITHOUT_REPORTS = """
import time
from pathlib import Path

def score(params):
    here = Path(__file__).parent
    with (here / "log").open("a") as log:
        log.write(f"{params['a']} {params['b']}\\n")
    time.sleep(0.5)
    return params["a"] * 0.1 + params["b"]
"""


def away() -> Exception:
    from sqlalchemy.exc import OperationalError

    return OperationalError("select 1", {}, Exception("server closed the connection"))


# A lost trial is queued once.


def queued_twice() -> optuna.Study:
    study = optuna.create_study()
    held = {"x": optuna.distributions.FloatDistribution(0, 1)}
    lost = create_trial(
        state=TrialState.FAIL, params={"x": 0.5}, distributions=held, user_attrs={BEGAN: "a"}
    )
    study.add_trial(lost)
    sweep(study)
    again = study.trials[1]
    study.add_trial(again)  # as a worker does whose turn was lost in the middle of its sweep
    assert [t.state for t in study.trials[1:]] == [TrialState.WAITING] * 2
    return study


def test_a_lost_trial_that_was_queued_twice_is_evaluated_once() -> None:
    study = queued_twice()
    sweep(study)
    sweep(study)
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.WAITING, TrialState.FAIL]
    assert [t.number for t in counting(study.trials)] == [1]


def test_a_lost_trial_that_was_evaluated_twice_counts_once() -> None:
    study = queued_twice()
    for trial in (study.ask(), study.ask()):
        trial.set_user_attr(BEGAN, "b")
        study.tell(trial, trial.suggest_float("x", 0, 1))
    sweep(study)
    assert len(study.trials) == 3
    assert [t.number for t in counting(study.trials)] == [1]


def test_a_queued_trial_whose_answer_was_lost_is_found_though_it_runs_already() -> None:
    class Lossy(InMemoryStorage):
        lost = False

        def create_new_trial(self, study_id: int, template_trial: Any = None) -> int:
            made = super().create_new_trial(study_id, template_trial)
            if not self.lost:
                self.lost = True
                self.set_trial_state_values(made, TrialState.RUNNING)
                self.set_trial_system_attr(made, "of a sampler", 1)
                raise away()
            return made

    behind = Lossy()
    study = optuna.create_study(storage=Steady(behind, "db"))  # type: ignore[arg-type]
    attrs = {"failed_trial": 0, "retry_history": [0]}
    study.add_trial(create_trial(state=TrialState.WAITING, system_attrs=attrs))
    assert [t.state for t in study.trials] == [TrialState.RUNNING]


# Patience is for a server that is away, and not for a worker that was.


def test_a_pause_of_the_worker_is_not_held_against_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(database.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(database.time, "sleep", lambda seconds: None)
    tries = 0

    def call() -> str:
        nonlocal tries
        tries += 1
        if tries < 4:
            clock[0] += 5000  # asleep in the middle of a call
            raise away()
        return "awake"

    assert steadily(call, "db") == "awake"


def test_a_server_that_stays_away_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    def call() -> None:
        raise away()

    monkeypatch.setattr(database.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(database.time, "sleep", sleep)
    with pytest.raises(RunError, match="has not answered for 600 s"):
        steadily(call, "db")
    assert 600 <= clock[0] < 700


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ('connection to server at "127.0.0.1", port 1 failed: Connection refused', True),
        ('could not translate host name "db" to address: Temporary failure', True),
        ("connection timeout expired", True),
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  the database system is shutting down", True),
        ("FATAL:  sorry, too many clients already", True),
        ("FATAL:  remaining connection slots are reserved for roles", True),
        ('FATAL:  password authentication failed for user "tuner"', False),
        ('FATAL:  database "nothing" does not exist', False),
        ('FATAL:  role "nobody" does not exist', False),
        ("FATAL:  no pg_hba.conf entry for host", False),
        ("fe_sendauth: no password supplied", False),
        ("server does not support SSL, but SSL was required", False),
        ("SSL error: certificate verify failed", False),
    ],
)
def test_what_will_not_change_by_itself_is_an_error_at_once(said: str, waits: bool) -> None:
    from sqlalchemy.exc import OperationalError

    from crosstune.worker.database import may_come_back

    assert may_come_back(OperationalError("", {}, Exception(said))) == waits
    assert not may_come_back(ValueError(said))


def cut(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Drop the connections of a process, as a server does with those that it takes for dead."""
    import psycopg

    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like %s",
            (f"crosstune%:{process.pid}",),
        )


@pytest.mark.slow
@pytest.mark.parametrize("dropped", [False, True])
def test_a_paused_worker_goes_on_when_it_wakes(
    server: Server, tmp_path: Path, dropped: bool
) -> None:
    """Its trial was given to another meanwhile, and its objective reports nothing."""
    name = f"paused-{dropped}"
    _spec(tmp_path, "sampler: random", "trials: 8")
    (tmp_path / "train.py").write_text(WITHOUT_REPORTS)
    first, second = _workers(tmp_path, server, name, 2)
    log = tmp_path / "log"
    while not log.exists() or len(log.read_text().splitlines()) < 2:
        assert first.poll() is None, _ended([first])
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)
    if dropped:
        cut(server, first)
    until = time.monotonic() + 120
    while not any(t.system_attrs.get("retry_history") for t in _study_of(server, name).trials):
        assert time.monotonic() < until, [t.state.name for t in _study_of(server, name).trials]
        time.sleep(0.2)
    first.send_signal(signal.SIGCONT)
    said = _ended([first, second])
    assert [first.returncode, second.returncode] == [0, 0], said
    states = Counter(t.state.name for t in _study_of(server, name).trials)
    assert states == {"COMPLETE": 8, "FAIL": 1}
    assert "was given to another worker" in said[0]


@pytest.mark.slow
def test_the_turn_of_a_worker_without_a_sign_of_life_is_given_to_the_next(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WorkerTurns, "_keep_alive", lambda *_: None)  # paused, or vanished
    one = WorkerTurns(server.url, "lease", describe(server.url), lease=1)
    other = WorkerTurns(server.url, "lease", describe(server.url), lease=1)
    before = time.monotonic()
    with one.take():
        assert one.is_alive()
        with other.take():
            assert time.monotonic() - before < 20
            assert other.is_alive()
        assert not one.is_alive()


@pytest.mark.slow
def test_a_long_turn_is_kept_by_signs_of_life(server: Server) -> None:
    one = WorkerTurns(server.url, "long", describe(server.url), lease=1)
    other = WorkerTurns(server.url, "long", describe(server.url), lease=1)
    order: list[str] = []

    def next_turn() -> None:
        with other.take():
            order.append("other")

    waiting = threading.Thread(target=next_turn)
    with one.take():
        waiting.start()
        time.sleep(2.5)
        assert one.is_alive()
        order.append("one")
    waiting.join(20)
    assert order == ["one", "other"]


@pytest.mark.slow
def test_no_row_stays_locked_by_a_worker_that_vanished_in_a_write(server: Server) -> None:
    from sqlalchemy import text

    storage = open_database(server.url, 2)
    study = optuna.create_study(study_name="rows", storage=storage)
    vanished = storage.engine.connect()
    vanished.execute(text("select * from studies for update"))
    study.ask()  # waits for the row
    vanished.invalidate()
    storage.engine.dispose()


@pytest.mark.slow
def test_a_worker_waits_for_a_server_that_is_down_at_its_start(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    _spec(tmp_path, "sampler: random", "trials: 2")
    try:
        with running_server() as server:
            server.stop()
            (worker,) = _workers(tmp_path, server, "late", 1)
            assert worker.stdout is not None
            heard = b""
            while b"trying again" not in heard:
                line = worker.stdout.readline()
                assert line, heard
                heard += line
            server.start()
            said = _ended([worker])
            assert worker.returncode == 0, said
            assert b"Connection refused" in heard
            assert PASSWORD.encode() not in heard
    except NoServer as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["password", "database", "user"])
def test_what_is_wrong_at_the_start_is_an_error_at_once(
    server: Server, tmp_path: Path, what: str
) -> None:
    _spec(tmp_path, "trials: 3")
    url = {
        "password": server.url.replace(PASSWORD, "letmein"),
        "database": server.url.replace("/postgres", "/nothing"),
        "user": server.url.replace("tuner", "nobody"),
    }[what]
    before = time.monotonic()
    done = CliRunner().invoke(
        command_line, ["worker", str(tmp_path / "spec.yaml"), "--storage", url]
    )
    assert isinstance(done.exception, RequestError)
    assert time.monotonic() - before < 30
