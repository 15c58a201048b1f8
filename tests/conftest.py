"""Quiet libraries, one thread for each test process, a Keras backend, and CI's time limit."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is imported

# Tiny models are quicker on torch than through a compiler; it is imported where one is trained.
os.environ.setdefault("KERAS_BACKEND", "torch")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import optuna  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from hypothesis.configuration import set_hypothesis_home_dir  # noqa: E402

# The same examples at every run, so that a failure comes from a change. CROSSTUNE_FUZZ=1 looks at
# others each time.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "crosstune-hypothesis")
settings.register_profile(
    "crosstune", database=None, deadline=None, derandomize=not os.environ.get("CROSSTUNE_FUZZ")
)
settings.load_profile("crosstune")


@pytest.fixture(autouse=True)
def _quiet_optuna() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture(autouse=True, scope="module")
def _quick_garbage() -> None:
    """Keras Tuner collects garbage twice a trial; spare it the objects of imported libraries."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The scripts on every engine last, which take as long as all the other long tests together."""
    items.sort(key=lambda item: "test_scripts" in item.nodeid)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`CROSSTUNE_LONG_TESTS_UNTIL`, in seconds since 1970, is when the last long test may begin."""
    until = os.environ.get("CROSSTUNE_LONG_TESTS_UNTIL")
    if until and time.time() > float(until) and item.get_closest_marker("slow"):
        pytest.skip("CI's time is over; pytest -m slow runs them all")
