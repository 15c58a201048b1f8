"""Runs that are killed at a write, and what they are compared with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

import crosstune
from crosstune import Choice, Float, Int, Space
from crosstune.errors import Passing
from crosstune.resume import snapshots

DIRECT = Space({"x": Float(0.0, 1.0), "n": Int(1, 8), "c": Choice(["a", "b", "c"])})
"""On the ledger itself, where Optuna is the engine."""
MIRRORED = Space(
    {
        "c": Choice(["a", "b"]),
        "x": Float(0.01, 1.0, log=True),
        "o": Choice([1, 2, 4], ordered=True),
        "n": Int(1, 8, when={"c": "a"}),
    }
)
"""With a condition and an ordered choice, so that Optuna's samplers search a mirror too."""
FINITE = Space({"n": Int(1, 4), "c": Choice(["a", "b", "c"]), "o": Choice([1, 2], ordered=True)})


class Killed(Passing):
    """The process has gone."""


def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
    """A curve with a little structure; every seventh trial fails."""
    planned = crosstune.budget(trial)
    end = 4 if planned is None else planned.epochs
    worth = sum(
        value if isinstance(value, int | float) else len(str(value)) * ord(str(value)[0]) / 100
        for value in params.values()
    )
    for step in range(0 if planned is None else planned.initial_epoch, end):
        trial.report(worth + math.sin(3 * worth + step) + (trial.number % 3), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    trial.set_user_attr("seen", trial.number)
    if trial.number % 7 == 6:
        raise ValueError("the seventh")
    return worth - trial.number % 2


def rows(study: optuna.Study) -> list[Any]:
    """All that has to be equal: of each trial numbers, values, states, reports and what samplers
    and pruners keep of it."""
    return [
        (
            trial.number,
            trial.state.name,
            trial.values,
            list(trial.params.items()),
            list(trial.intermediate_values.items()),
            {key: held for key, held in trial.user_attrs.items() if "retried" not in key},
            trial.system_attrs,
        )
        for trial in study.trials
    ]


def run(place: Path, spec: Mapping[str, Any], **options: Any) -> optuna.Study:
    """The study of a spec in a journal."""
    function = options.pop("function", objective)
    return crosstune.tune(spec, function, storage=place, **options)


def killed(
    place: Path,
    spec: Mapping[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    *,
    at: int,
    how: str = "before",
    **options: Any,
) -> bool:
    """Run until the write `at`, which does not happen ("before"), happens in part ("torn"), or is
    the last thing that happens ("after"). False where there are fewer writes."""
    append = JournalFileBackend.append_logs
    writes = 0
    # Optuna makes an UnboundLocalError of what is raised while it tells the end of a trial.

    def dying(backend: JournalFileBackend, logs: list[dict[str, Any]]) -> None:
        nonlocal writes
        writes += 1
        if writes > at:
            raise Killed
        if writes == at and how == "torn":
            whole = place.read_bytes()
            append(backend, logs)
            size = place.stat().st_size
            with place.open("r+b") as file:
                file.truncate((len(whole) + size) // 2)
            raise Killed
        if writes < at or how == "after":
            append(backend, logs)
        if writes == at:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(JournalFileBackend, "append_logs", dying)
        try:
            run(place, spec, **options)
        except BaseException:
            if writes < at:
                raise
            return True
    return False


def writes(
    place: Path, spec: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch, **options: Any
) -> int:
    """How many writes a whole run takes; it is left at the place."""
    count = 0
    append = JournalFileBackend.append_logs

    def counting(backend: JournalFileBackend, logs: list[dict[str, Any]]) -> None:
        nonlocal count
        count += 1
        append(backend, logs)

    with monkeypatch.context() as patched:
        patched.setattr(JournalFileBackend, "append_logs", counting)
        run(place, spec, **options)
    return count


def snapshot_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a snapshot after every trial."""
    monkeypatch.setattr(snapshots, "LEAST", 0.0)
    monkeypatch.setattr(snapshots, "SHARE", math.inf)


def snapshot_never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep none."""
    monkeypatch.setattr(snapshots, "LEAST", math.inf)


def asked_again(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """From which trial to which the trials of a resumed run are asked for again; filled later."""
    from crosstune import resume

    seen: list[tuple[int, int]] = []
    replay = resume.replay

    def noted(study: optuna.Study, history: Any, until: int) -> None:
        seen.append((history.shown, until))
        replay(study, history, until)

    monkeypatch.setattr(resume, "replay", noted)
    return seen
