"""What each surface calls the best of a study with several objectives is `study.best_trials`."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from crosstune.callbacks.tensorboard.front_progress import SHARE, SIZE, FrontProgress
from crosstune.cli.front import front_as_json
from crosstune.engines.feasibility import front, is_feasible
from crosstune.recommendation.remeasure import remeasure
from crosstune.space.parameters import Float
from crosstune.space.space import Space
from crosstune.study.start_points import start_points
from crosstune.study.storage import open_storage
from crosstune.study_report import source
from tests.support.slow import slow_but_first

SPACE = Space({"x": Float(0, 1)})


def _drawn(number: int, folder: Path) -> optuna.Study:
    """A study of random values with ties, infinities, failures and constraints."""
    rng = np.random.default_rng(number)
    objectives = int(rng.integers(2, 4))
    study = optuna.create_study(
        storage=open_storage(folder / f"{number}.journal"),
        study_name="drawn",
        directions=rng.choice(["minimize", "maximize"], objectives).tolist(),
    )
    bounds = int(rng.integers(0, 3))
    ways = rng.choice(["plain", "fails", "infinite"], int(rng.integers(1, 25)), p=[0.8, 0.1, 0.1])
    for way in ways:
        trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
        values = rng.integers(0, 6, objectives).astype(float).tolist()
        if way == "infinite":
            values[0] = rng.choice([-math.inf, math.inf])
        for bound in range(bounds):
            trial.set_constraint(f"c{bound}", float(rng.integers(-2, 2)))
        if way == "fails":
            study.tell(trial, state=TrialState.FAIL)
        else:
            study.tell(trial, values)
    return study


@pytest.mark.optuna5
@pytest.mark.parametrize("studies", slow_but_first([range(20), range(20, 200)]))
def test_every_surface_has_optunas_front(studies: range, tmp_path: Path) -> None:
    sizes = set()
    for number in studies:
        study = _drawn(number, tmp_path)
        best = {trial.number for trial in study.best_trials}
        sizes.add(len(best))
        assert {trial.number for trial in front(study)} == best
        metrics = [f"m{i}" for i in range(len(study.directions))]
        assert {item["trial"] for item in front_as_json(study, metrics, SPACE)} == best
        progress = FrontProgress(study.directions)
        complete = study.get_trials(states=(TrialState.COMPLETE,))
        for trial in complete:
            progress.count(trial)
        assert progress.values()[SIZE] == len(best)
        if SHARE in progress.values():
            assert progress.values()[SHARE] == np.mean([is_feasible(t) for t in complete])
        content = source.read(str(tmp_path / f"{number}.journal"))
        assert {trial.number for trial in content.top} == best
        if best:
            points = start_points(study, SPACE)
            assert sorted(point["x"] for point in points) == sorted(  # type: ignore[index]
                study.trials[one].params["x"] for one in best
            )
    assert {0, 1} < sizes


@pytest.mark.optuna5
def test_the_front_is_what_is_measured_again(tmp_path: Path) -> None:
    study = _drawn(3, tmp_path)
    best = {trial.number for trial in study.best_trials}
    metrics = [
        {"name": f"m{i}", "direction": direction.name.lower()}
        for i, direction in enumerate(study.directions)
    ]
    spec = {"space": SPACE, "metrics": metrics}
    again = remeasure(study, spec, lambda params: (0.0,) * len(metrics), repeats=1)
    assert {point.trial.number for point in again.points} == best
