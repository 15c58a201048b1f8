"""Any space: what a library itself holds of a point, with nothing kept beside, is that point."""

from __future__ import annotations

import math
import pickle
import secrets
import shutil
from pathlib import Path
from typing import Any

import hyperopt
import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.study import Study
from optuna.trial import create_trial

import crosstune
from crosstune import Space, Spec
from crosstune.adapters.hyperopt.exporting import KEY, native_space
from crosstune.engines import study_values as ledger
from crosstune.engines.record_names import SPACE
from tests.support.strategies import spaces

ANY = settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def sampled(space: Space, seed: int, n: int = 4) -> tuple[Study, list[dict[str, Any]]]:
    """A study with points of the space."""
    rng = np.random.default_rng(seed)
    study = optuna.create_study()
    study.set_user_attr(SPACE, space.to_dict())
    points = [space.sample(rng) for _ in range(n)]
    for number, point in enumerate(points):
        held = ledger.write_point(space, point)
        known = {name: ledger.distribution(space[name]) for name in held}
        study.add_trial(create_trial(value=float(number), params=held, distributions=known))
    return study, points


def exact(params: dict[str, Any]) -> dict[str, Any]:
    return {name: (type(value), value) for name, value in params.items()}


def check(study: Study, back: Study) -> None:
    for one, other in zip(study.trials, back.trials, strict=True):
        assert (exact(other.params), other.values) == (exact(one.params), one.values)
        assert other.distributions == one.distributions


def check_near(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        near = isinstance(value, float) and math.isclose(
            found[name], value, rel_tol=1e-6, abs_tol=1e-9
        )
        assert near or found[name] == value, (name, found[name], value)


@ANY
@given(spaces(), st.integers(0, 99))
@pytest.mark.filterwarnings("ignore")
def test_hyperopt_holds_every_point(tmp_path: Path, space: Space, seed: int) -> None:
    study, points = sampled(space, seed)
    file = tmp_path / "t.pkl"
    crosstune.export_study(study, file, format="hyperopt", force=True)
    trials = pickle.loads(file.read_bytes())
    exactly = trials.attachments[KEY]["mode"] == "exact"
    native = native_space(trials)
    for doc, point in zip(trials.trials, points, strict=True):
        del doc["result"][KEY]
        drawn = {name: val[0] for name, val in doc["misc"]["vals"].items() if val}
        evaluated = hyperopt.space_eval(native, drawn)
        if exactly:
            evaluated = {name: evaluated[name] for name in point}
            check_near(evaluated, point)
    file.write_bytes(pickle.dumps(trials))
    back = crosstune.import_study(file, format="hyperopt")
    if exactly:  # quantiles of a normal are rounded on the way
        for one, other in zip(study.trials, back.trials, strict=True):
            check_near(other.params, one.params)
    else:
        check(study, back)


@ANY
@given(spaces(), st.integers(0, 99))
@pytest.mark.filterwarnings("ignore")
def test_keras_tuner_holds_every_point(tmp_path: Path, space: Space, seed: int) -> None:
    study, _ = sampled(space, seed)
    folder = tmp_path / secrets.token_hex(4)
    crosstune.export_study(study, folder, format="keras_tuner")
    (folder / "crosstune.json").unlink()
    spec = Spec(space=space.to_dict(), metric={"direction": "minimize"})
    back = crosstune.import_study(folder, format="keras_tuner", spec=spec)
    shutil.rmtree(folder)
    check(study, back)
