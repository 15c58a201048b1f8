"""A script, and what it says under plain `python` and under `crosstune exec`."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

STORAGE = (
    "optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend('study.journal'))"
)
"""A file that opens at once, where a database takes a second."""


def write(text: str, name: str = "script.py") -> str:
    """Write a script, in which the word STORAGE is where `load` finds its study."""
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(textwrap.dedent(text).replace("STORAGE", STORAGE))
    return name


def load(name: str = "s") -> optuna.Study:
    """The study that a script has left in STORAGE."""
    storage = JournalStorage(JournalFileBackend("study.journal"))
    return optuna.load_study(study_name=name, storage=storage)


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, **options
    )


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return python("-m", "crosstune", "exec", *arguments, **options)
