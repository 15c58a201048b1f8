"""For every sampler a killed run goes on to the trials of the one that was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.slow import slow_but
from tests.unit.resume.support import (
    DIRECT,
    FINITE,
    MIRRORED,
    asked_again,
    killed,
    rows,
    run,
    snapshot_never,
    snapshot_often,
    writes,
)

CASES: dict[str, dict[str, Any]] = {
    "optuna tpe": {"sampler": {"name": "tpe", "n_startup_trials": 4}},
    "optuna tpe mirrored": {"sampler": {"name": "tpe", "n_startup_trials": 4}, "space": MIRRORED},
    "optuna tpe-v4": {"sampler": {"name": "tpe-v4", "n_startup_trials": 4}, "space": MIRRORED},
    "optuna gp": {"sampler": {"name": "gp", "n_startup_trials": 4}, "trials": 9},
    "optuna cmaes": {"sampler": {"name": "cmaes", "n_startup_trials": 2}, "trials": 20},
    "optuna cmaes mirrored": {
        "sampler": {"name": "cmaes", "n_startup_trials": 2},
        "space": MIRRORED,
        "trials": 20,
    },
    "optuna nsga2": {"sampler": {"name": "nsga2", "population_size": 4}, "trials": 18},
    "optuna nsga2 mirrored": {
        "sampler": {"name": "nsga2", "population_size": 4},
        "space": MIRRORED,
        "trials": 18,
    },
    "optuna qmc": {"sampler": "qmc"},
    "optuna random": {"sampler": "random"},
    "optuna grid": {"sampler": "grid", "space": FINITE, "trials": 30},
    "optuna brute-force": {"sampler": "brute-force", "space": FINITE, "trials": 30},
    "hyperopt tpe": {"sampler": "tpe", "space": MIRRORED, "trials": 26},
    "hyperopt tpe slow": {"sampler": {"name": "tpe", "fast": False}, "trials": 23},
    "hyperopt anneal": {"sampler": "anneal", "space": MIRRORED},
    "hyperopt mix": {"sampler": "mix"},
    "hyperopt rand": {"sampler": "rand"},
    "hyperopt grid": {"sampler": "grid", "space": FINITE, "trials": 30},
    "keras_tuner bayesian": {"sampler": "bayesian", "space": MIRRORED, "trials": 14},
    "keras_tuner random": {"sampler": "random"},
    "keras_tuner grid": {"sampler": "grid", "space": MIRRORED, "trials": 20},
    "keras_tuner hyperband": {
        "sampler": {"name": "hyperband", "max_epochs": 9},
        "space": DIRECT,
        "trials": 30,
    },
    "crosstune gp": {"sampler": "gp", "space": MIRRORED, "trials": 12},
    "crosstune random": {"sampler": "random", "space": MIRRORED},
    "crosstune grid": {"sampler": "grid", "space": FINITE, "trials": 30},
}
BY_DEFAULT = [
    "optuna tpe",
    "optuna cmaes mirrored",
    "hyperopt tpe",
    "keras_tuner random",
    "crosstune gp",
    "crosstune grid",
]


def spec_of(case: str) -> dict[str, Any]:
    given = {"space": DIRECT, "trials": 12, "seed": 3, **CASES[case]}
    return {**given, "backend": case.split()[0], "pruner": "median", "name": "a study"}


@pytest.mark.parametrize("case", slow_but(CASES, BY_DEFAULT))
def test_a_killed_run_goes_on_as_if_it_had_not_been(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(case)
    snapshot_never(monkeypatch)
    count = writes(tmp_path / "whole.journal", spec, monkeypatch)
    wanted = rows(run(tmp_path / "whole.journal", spec, resume=True))
    assert len(wanted) >= 9
    for share in (0.45, 0.8):
        place = tmp_path / f"{share}.journal"
        assert killed(place, spec, monkeypatch, at=int(share * count))
        assert rows(run(place, spec, resume=True)) == wanted


@pytest.mark.parametrize("case", slow_but(CASES, BY_DEFAULT[::2]))
def test_a_snapshot_stands_for_the_trials_before_it(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(case)
    snapshot_often(monkeypatch)
    count = writes(tmp_path / "whole.journal", spec, monkeypatch)
    wanted = rows(run(tmp_path / "whole.journal", spec, resume=True))
    place = tmp_path / "killed.journal"
    assert killed(place, spec, monkeypatch, at=int(0.7 * count))
    asked = asked_again(monkeypatch)
    assert rows(run(place, spec, resume=True)) == wanted
    assert [until - shown for shown, until in asked] == [0]
