"""How long a search goes on where nobody says: the same rule at every door."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from sklearn.linear_model import Ridge

import crosstune
from crosstune import Int, Space, Spec
from crosstune.cli.run import run_spec
from crosstune.tuning.request import StudyRequest

POINTS = 110
"""More than the default number of trials."""
GRID = Space({"alpha": Int(1, POINTS)})
ENDLESS = Space({"alpha": Int(1, POINTS), "x": crosstune.Float(0.0, 1.0)})
TWELVE = Space({"alpha": Int(1, 12)})
SCHEDULE = {"name": "hyperband", "max_epochs": 32, "factor": 2}
X, Y = np.arange(4.0).reshape(-1, 1), np.arange(4.0)


def cost(params: dict[str, Any]) -> float:
    return float(params["alpha"])


def spec_of(backend: str, sampler: Any, space: Space = GRID) -> Spec:
    return Spec(space=space, backend=backend, sampler=sampler, seed=1, name="s")


def tuned(spec: Spec) -> int:
    return len(crosstune.tune(spec, cost).trials)


def in_parallel(spec: Spec) -> int:
    with ThreadPoolExecutor(2) as pool:
        return len(crosstune.tune(spec, cost, workers=2, executor=pool).trials)


def commanded(spec: Spec, folder: Path) -> int:
    module = f"cost_of_{folder.name}"
    (folder / f"{module}.py").write_text("def cost(params, trial): return float(params['alpha'])\n")
    path = folder / "spec.yaml"
    lines = "\n".join(f"  {name}: {item}" for name, item in spec.space.to_dict().items())
    path.write_text(
        f"objective: {module}:cost\nbackend: {spec.backend}\nseed: 1\n"
        f"sampler: {spec.sampler.plain()}\nspace:\n{lines}\n".replace("'", '"')
    )
    request = StudyRequest(spec=path, storage=str(folder / "s.journal"))
    result = run_spec(request, Console(quiet=True))
    return sum(result.summary["trials"].values())


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[Spec], int]]:
    monkeypatch.setattr("os.fsync", lambda _: None)
    return {
        "tune": tuned,
        "tune, several at a time": in_parallel,
        "crosstune run": lambda spec: commanded(spec, tmp_path),
    }


DOORS = ("tune", "tune, several at a time", "crosstune run")


@pytest.mark.parametrize("door", DOORS)
def test_a_grid_is_walked_whole(door: str, doors: dict[str, Callable[[Spec], int]]) -> None:
    assert doors[door](spec_of("crosstune", "grid")) == POINTS


@pytest.mark.parametrize("door", ["tune", "crosstune run"])
def test_a_schedule_is_carried_out_whole(
    door: str, doors: dict[str, Callable[[Spec], int]]
) -> None:
    assert doors[door](spec_of("keras_tuner", SCHEDULE, ENDLESS)) == 155


def test_a_spec_of_a_search_by_cross_validation_is_walked_whole() -> None:
    search = crosstune.SearchCV(Ridge(), spec_of("crosstune", "grid"), cv=2).fit(X, Y)
    assert len(search.study_.trials) == POINTS


class Scored(crosstune.KerasTuner):
    """Trains nothing."""

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        return float(trial.hyperparameters.Int("alpha", 1, 12))


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        (spec_of("crosstune", "grid", TWELVE), {}),
        (spec_of("keras_tuner", "grid", TWELVE), {}),
        (None, {"backend": "keras_tuner", "sampler": "grid"}),
    ],
)
def test_keras_tuner_walks_a_grid_whole(
    spec: Spec | None, named: dict[str, Any], tmp_path: Path
) -> None:
    tuner = Scored(lambda hp: None, spec, directory=tmp_path, objective="loss", **named)
    tuner.search(verbose=0)
    assert len(tuner.study.trials) == 12


def test_keras_tuner_has_its_default_for_other_samplers(tmp_path: Path) -> None:
    for name in ("hyperopt", "keras_tuner"):
        tuner = Scored(lambda hp: None, backend=name, directory=tmp_path / name, objective="loss")
        assert tuner.oracle.max_trials == 10
