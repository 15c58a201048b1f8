"""A process that we start ends when it shall, with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crosstune.system import child_processes as children
from crosstune.system import process_groups as groups
from crosstune.system.child_processes import Child, Died, end_all
from tests.unit.parallel import families

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")


@pytest.fixture
def child() -> Iterator[Child]:
    started = Child()
    yield started
    end_all([started], now=True)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "GRACE", 1.0)
    monkeypatch.setattr(children, "ENDING", 1.0)


def test_it_answers_one_call_after_the_other(child: Child) -> None:
    assert [child.call(families.exclaim, text) for text in ("a", "b")] == ["a!", "b!"]
    assert child.poll() is None


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_what_is_raised_there_is_raised_here(child: Child, error: BaseException) -> None:
    with pytest.raises(type(error), match=str(error) or None):
        child.call(families.fail, error)
    assert child.call(families.exclaim, "a") == "a!"


def test_an_error_that_cannot_be_sent_is_raised_by_its_message(child: Child) -> None:
    with pytest.raises(RuntimeError, match="Unsendable: by itself"):
        child.call(families.unsendable)


def test_a_process_that_is_killed_takes_its_family_with_it(child: Child, tmp_path: Path) -> None:
    """Also where what it forked holds its pipes open."""
    with pytest.raises(Died):
        child.call(families.die_with_family, tmp_path)
    end_all([child], now=True)
    assert families.all_gone(tmp_path)


def test_a_call_that_takes_too_long_is_ended_with_its_family(child: Child, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        child.call(families.hang_with_family, tmp_path, seconds=1)
    end_all([child], now=True)
    assert families.all_gone(tmp_path)


def test_it_has_time_to_clean_up(child: Child, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        child.call(families.clean_up, str(tmp_path), seconds=1)
    end_all([child], now=True)
    assert (tmp_path / "clean").exists()


def test_a_thread_that_is_left_does_not_keep_it(
    child: Child, caplog: pytest.LogCaptureFixture
) -> None:
    assert child.call(families.leave_a_thread) == 1
    before = time.monotonic()
    end_all([child], now=False)
    assert child.poll() is not None
    assert time.monotonic() - before < 30
    assert "did not end within 1 s" in caplog.text


@pytest.mark.parametrize("kind", ["joblib", "concurrent.futures"])
def test_an_executor_that_it_leaves_is_shut_down(
    kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Python does so at its end, and multiprocessing after it has waited for the executor's own."""
    monkeypatch.setattr(children, "ENDING", 30.0)
    child = Child()
    assert child.call(families.keep_an_executor, kind) == "a!"
    end_all([child], now=False)
    assert child.poll() == 0
    assert caplog.text == ""


def test_what_it_leaves_ends_with_it(child: Child, tmp_path: Path) -> None:
    """Else that would hold the output of a run open, on which others may wait."""
    child.call(families.begin_family, tmp_path)
    assert len(families.alive(tmp_path)) == 4
    end_all([child], now=False)
    assert families.all_gone(tmp_path)


def test_one_that_is_ended_elsewhere_ends_the_call(child: Child, tmp_path: Path) -> None:
    def end() -> None:
        while len(families.alive(tmp_path)) < 4:
            time.sleep(0.02)
        end_all([child], now=True)

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(Died):
        child.call(families.hang_with_family, tmp_path)
    ending.join()
    assert families.all_gone(tmp_path)


DRIVER = """
import sys
from crosstune.system.child_processes import Child
from tests.unit.parallel import families

if __name__ == "__main__":
    Child().call(families.hang_with_family, sys.argv[1])
"""


def test_no_family_outlives_a_driver_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    marks = tmp_path / "marks"
    marks.mkdir()
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen([sys.executable, script, marks], env=environment) as driver:
        while len(families.alive(marks)) < 4:
            assert driver.poll() is None
            time.sleep(0.05)
        driver.send_signal(signal.SIGKILL)
    assert families.all_gone(marks)
