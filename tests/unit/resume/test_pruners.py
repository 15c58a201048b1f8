"""Pruners that remember go on as they stood, with the trial that was at them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.support.slow import slow_but
from tests.unit.resume.support import (
    DIRECT,
    asked_again,
    killed,
    rows,
    run,
    snapshot_never,
    snapshot_often,
    writes,
)

PRUNERS: dict[str, Any] = {
    "median": {"name": "median", "n_startup_trials": 2},
    "percentile": {"name": "percentile", "percentile": 50.0, "n_startup_trials": 2},
    "hyperband": "hyperband",
    "hyperband with a maximum": {"name": "hyperband", "max_resource": 4},
    "successive-halving": "successive-halving",
    "successive-halving from the start": {"name": "successive-halving", "min_resource": 1},
    "curve": {"name": "curve", "level": 0.9, "n_startup_trials": 2},
    "patient": {"name": "patient", "patience": 1, "wrapped_pruner": {"name": "median"}},
    "threshold": {"name": "threshold", "upper": 6.0},
    "wilcoxon": {"name": "wilcoxon", "p_threshold": 0.4, "n_startup_steps": 0},
}
# Under Hyperband the bracket of a trial is a hash of the study's name and the trial's number.


# By default each pruner is resumed in one of the two ways, and each way by half of them.
@pytest.mark.parametrize(
    ("name", "often"),
    slow_but(
        list(product(PRUNERS, (False, True))),
        [(name, n % 2 == 1) for n, name in enumerate(PRUNERS)],
    ),
)
def test_a_killed_run_prunes_as_it_would_have(
    name: str, often: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {
        "space": DIRECT, "sampler": {"name": "tpe", "n_startup_trials": 4}, "name": "a study",
        "trials": 14, "seed": 1, "pruner": PRUNERS[name],
    }  # fmt: skip
    (snapshot_often if often else snapshot_never)(monkeypatch)
    count = writes(tmp_path / "whole.journal", spec, monkeypatch)
    wanted = rows(run(tmp_path / "whole.journal", spec, resume=True))
    assert name in ("threshold", "wilcoxon") or any(row[1] == "PRUNED" for row in wanted)
    asked = asked_again(monkeypatch)
    for share in (0.4, 0.75, 0.9):
        place = tmp_path / f"{share}.journal"
        assert killed(place, spec, monkeypatch, at=int(share * count), how="after")
        assert rows(run(place, spec, resume=True)) == wanted
    # A kill between the end of a trial and its snapshot leaves one to be asked for again.
    assert all((until - shown <= 1) == often for shown, until in asked)
