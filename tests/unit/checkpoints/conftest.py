"""A trial, and a folder of its own for each test."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from tests.unit.checkpoints.support import X


@pytest.fixture
def trial() -> optuna.Trial:
    return optuna.create_study().ask(X)


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
