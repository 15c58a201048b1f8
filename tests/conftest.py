"""Quiet libraries, one thread for each test process, and a Keras backend."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is imported

# Tiny models are quicker on torch than through a compiler; it is imported where one is trained.
os.environ.setdefault("KERAS_BACKEND", "torch")

import optuna  # noqa: E402
import pytest  # noqa: E402


@pytest.fixture(autouse=True)
def _quiet_optuna() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
