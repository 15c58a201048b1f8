"""Quiet libraries, one thread for each test process, a Keras backend, a PostgreSQL server, and CI's
shard and time limit.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is imported

# Tiny models are quicker on torch than through a compiler; it is imported where one is trained.
os.environ.setdefault("KERAS_BACKEND", "torch")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Collecting the tests makes many objects and hardly any garbage; looking for it took a fifth of it.
gc.disable()

import optuna  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from hypothesis.configuration import set_hypothesis_home_dir  # noqa: E402

from tests.support.postgres import NoServer, Server, running_server  # noqa: E402
from tests.support.shards import parse_shard, shard_of  # noqa: E402

_SHARD = pytest.StashKey[tuple[int, int]]()
_SELECTED = pytest.StashKey[int]()

# The same examples at every run, so that a failure comes from a change. CROSSTUNE_FUZZ=1 looks at
# others each time, and at more.
_FUZZ = bool(os.environ.get("CROSSTUNE_FUZZ"))
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "crosstune-hypothesis")
settings.register_profile(
    "crosstune",
    database=None,
    deadline=None,
    derandomize=not _FUZZ,
    max_examples=100 if _FUZZ else 50,
)
settings.load_profile("crosstune")


@pytest.fixture(autouse=True)
def _quiet_optuna() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.NOTSET)  # `crosstune verify` raises it


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL server that is up."""
    pytest.importorskip("psycopg")
    try:
        with running_server() as running:
            yield running
    except NoServer as reason:
        pytest.skip(str(reason))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each figure of a report is an empty file, which takes none of the seconds of drawing it."""

    def touch(picture: Any, looks: object, folder: Path) -> None:
        (folder / f"{picture.name}.png").touch()

    monkeypatch.setattr("crosstune.benchmarks.report.drawings.draw", touch)


@pytest.fixture(autouse=True, scope="module")
def _quick_garbage() -> None:
    """Keras Tuner collects garbage twice a trial; spare it the objects of imported libraries."""
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    """`CROSSTUNE_SLOW_SHARD`, such as 3/10, leaves one shard of the slow tests to run."""
    text = os.environ.get("CROSSTUNE_SLOW_SHARD")
    if text is None:
        return
    try:
        config.stash[_SHARD] = parse_shard(text)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave one shard, and put the scripts on every engine last, which take half of the time."""
    shard = config.stash.get(_SHARD, None)
    if shard is not None:
        number, count = shard
        other = [
            item
            for item in items
            if item.get_closest_marker("slow") and shard_of(item.nodeid, count) != number
        ]
        config.hook.pytest_deselected(items=other)
        left_out = set(other)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: "test_scripts" in item.nodeid)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Count the tests; with workers, `pytest_xdist_node_collection_finished` does."""
    gc.enable()
    if session.items:
        session.config.stash[_SELECTED] = len(session.items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Count the tests that a worker has collected; each collects all of them."""
    node.config.stash[_SELECTED] = len(ids)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which shard has run, just before the summary line."""
    shard = config.stash.get(_SHARD, None)
    if shard is not None:
        number, count = shard
        selected = config.stash.get(_SELECTED, 0)
        terminalreporter.write_line(
            f"slow tests: shard {number} of {count}, {selected} tests selected"
        )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`CROSSTUNE_LONG_TESTS_UNTIL`, in seconds since 1970, is when the last long test may begin."""
    until = os.environ.get("CROSSTUNE_LONG_TESTS_UNTIL")
    if until and time.time() > float(until) and item.get_closest_marker("slow"):
        pytest.skip("CI's time is over; pytest -m slow runs them all")
