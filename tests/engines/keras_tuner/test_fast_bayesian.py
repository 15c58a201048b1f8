"""The fast path of Keras Tuner's Bayesian oracle: the same points, and when it stands back."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosstune import Bool, Choice, Float, Int, Space, adapters
from crosstune.engines import fast_path as proved
from crosstune.engines.base import Exhausted
from crosstune.errors import SpecError, UnknownName, Unsupported
from crosstune.proofs.verification import verify
from tests.engines.fates import FATES, points
from tests.support.strategies import spaces

ADAPTER = adapters.get("keras_tuner")  # chooses a Keras backend that is installed

import keras_tuner  # noqa: E402
from sklearn.gaussian_process import GaussianProcessRegressor  # noqa: E402
from sklearn.gaussian_process.kernels import RBF, Matern  # noqa: E402

from crosstune.adapters.keras_tuner import fast_bayesian as keras_tuner_bayesian  # noqa: E402
from crosstune.adapters.keras_tuner.fast_bayesian import (  # noqa: E402
    PROVED,
    QuickBayesianOracle,
    QuickRegressor,
)
from crosstune.adapters.keras_tuner.tuner.native_oracle import native_oracle  # noqa: E402

THIRTEEN = Path(__file__).parents[3] / "examples" / "thirteen.yaml"
SMALL = Space(
    {"x": Float(0, 1), "kind": Choice(["a", "b"]), "n": Int(1, 9, when={"kind": "a"}), "b": Bool()}
)


def make(space: Space, algorithm: str = "bayesian", seed: int = 1, **options: Any) -> Any:
    return ADAPTER.engine(algorithm, space, seed=seed, maximize=False, options=options)


def is_quick(engine: Any) -> bool:
    return isinstance(engine.native.gpr, QuickRegressor)


@pytest.fixture(autouse=True)
def _on_any_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Identity is tested on the versions that are installed, before they stand in PROVED."""
    monkeypatch.setattr(keras_tuner_bayesian, "PROVED", {})
    proved.say_once.cache_clear()
    yield
    proved.say_once.cache_clear()


def test_the_points_are_the_same_whatever_becomes_of_the_trials() -> None:
    options = {"num_initial_points": 4}
    quick, own = make(SMALL, **options), make(SMALL, fast=False, **options)
    assert is_quick(quick)
    assert not is_quick(own)
    assert points(quick, SMALL, 10, FATES) == points(own, SMALL, 10, FATES)
    assert quick.native.gpr._is_compared
    assert quick.native.gpr._is_quick


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(spaces(), st.lists(st.sampled_from(FATES), min_size=1, max_size=8), st.integers(0, 99))
def test_the_points_are_the_same_in_any_space(space: Space, fates: list[str], seed: int) -> None:
    try:
        quick = make(space, seed=seed, num_initial_points=3)
    except Unsupported:
        return
    own = make(space, seed=seed, num_initial_points=3, fast=False)
    try:
        expected = points(own, space, 9, fates)
    except Exhausted:
        return
    assert points(quick, space, 9, fates) == expected


@pytest.mark.slow
def test_sixty_trials_are_the_tuners() -> None:
    (proof,) = verify(THIRTEEN, backends=["keras_tuner"], samplers=["bayesian"], seeds=1, trials=60)
    assert (proof.identical, proof.suggestions) == (60, 60)


def fitted(cls: Any, rows: int = 30, **more: Any) -> Any:
    rng = np.random.default_rng(3)
    made = {"kernel": Matern(nu=2.5), "normalize_y": True, "alpha": 1e-4, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cls(**{**made, **more}).fit(rng.random((rows, 4)), rng.random(rows))


def assert_the_same(quick: Any, own: Any, where: Any) -> None:
    for point in where:
        a, b = (r.predict(point[None], return_std=True) for r in (quick, own))
        assert [part.tobytes() for part in a] == [part.tobytes() for part in b]


@pytest.mark.parametrize("rows", [1, 2, 5, 30, 150])
def test_a_prediction_is_scikit_learns_to_the_last_bit(rows: int) -> None:
    quick, own = fitted(QuickRegressor, rows), fitted(GaussianProcessRegressor, rows)
    assert_the_same(quick, own, np.random.default_rng(1).random((300, 4)))
    assert_the_same(quick, own, own.X_train_)
    assert quick._is_quick


def test_a_regressor_of_another_kind_is_left_alone() -> None:
    for more in ({"kernel": RBF()}, {"kernel": Matern(nu=1.5)}, {"normalize_y": False}):
        quick = fitted(QuickRegressor, **more)
        assert not quick._is_quick
        assert_the_same(quick, fitted(GaussianProcessRegressor, **more), np.eye(4))


def test_other_questions_are_answered_by_scikit_learn() -> None:
    quick, own = fitted(QuickRegressor), fitted(GaussianProcessRegressor)
    point = np.full((1, 4), 0.5)
    assert quick.predict(point) == own.predict(point)
    assert np.array_equal(quick.predict(np.eye(4)), own.predict(np.eye(4)))
    unfitted = QuickRegressor(Matern(nu=2.5)).predict(point, return_std=True)
    assert (unfitted[0].item(), unfitted[1].item()) == (0.0, 1.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_point_that_is_not_finite_is_refused_as_scikit_learn_does() -> None:
    quick = fitted(QuickRegressor)
    quick.predict(np.full((1, 4), 0.5), return_std=True)
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            quick.predict(np.array([[0.1, 0.2, wrong, 0.3]]), return_std=True)


def test_arithmetic_that_differs_in_the_last_bit_is_noticed_and_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crosstune")
    predicted = QuickRegressor._predicted

    def off(self: Any, point: Any) -> Any:
        mean, deviation = predicted(self, point)  # type: ignore[misc]
        return np.nextafter(mean, 9), deviation

    monkeypatch.setattr(QuickRegressor, "_predicted", off)
    quick, own = fitted(QuickRegressor), fitted(GaussianProcessRegressor)
    assert_the_same(quick, own, np.random.default_rng(1).random((20, 4)))
    assert not quick._is_quick
    assert [record.message for record in caplog.records] == [
        "keras_tuner:bayesian runs without its fast path, with the same suggestions: a prediction "
        "differs from scikit-learn's on this machine"
    ]


VERSIONS = {"keras-tuner": "1.4.8", "scikit-learn": "1.9.1"}


@pytest.mark.parametrize(
    "versions",
    [VERSIONS, {**VERSIONS, "keras-tuner": "1.4.7"}, {**VERSIONS, "scikit-learn": "1.9"}],
)
def test_on_a_proved_version_it_is_quick_by_itself(
    versions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_tuner_bayesian, "PROVED", PROVED)
    monkeypatch.setattr(proved, "version", versions.get)
    assert is_quick(make(SMALL))


@pytest.mark.parametrize(
    ("library", "version"),
    [("keras-tuner", "1.4.9"), ("scikit-learn", "1.10.0"), ("scikit-learn", "1.90")],
)
def test_a_foreign_version_runs_as_it_is_and_says_so_once(
    library: str, version: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crosstune")
    monkeypatch.setattr(keras_tuner_bayesian, "PROVED", PROVED)
    monkeypatch.setattr(proved, "version", {**VERSIONS, library: version}.get)
    assert not is_quick(make(SMALL))
    assert not is_quick(make(SMALL))
    (record,) = caplog.records
    assert f"{library} {version} (proved on {', '.join(PROVED[library])})" in record.message


def test_the_option_is_true_or_false() -> None:
    assert is_quick(make(SMALL, fast=True))
    with pytest.raises(SpecError, match="keras_tuner:bayesian has fast: 'no'. It is true or false"):
        make(SMALL, fast="no")


def test_a_project_that_is_loaded_again_stays_quick() -> None:
    oracle = QuickBayesianOracle(hyperparameters=ADAPTER.compile(SMALL), seed=1)
    oracle.set_state({**oracle.get_state(), "alpha": 0.5})
    assert isinstance(oracle.gpr, QuickRegressor)
    assert oracle.gpr.alpha == 0.5


class InMemory:
    """Opens the study of a `crosstune.KerasTuner`."""

    def open(self) -> optuna.Study:
        return optuna.create_study()


@pytest.mark.parametrize(("options", "quick"), [({}, True), ({"fast": False}, False)])
def test_the_oracle_of_a_tuner_takes_the_same_option(options: dict[str, Any], quick: bool) -> None:
    oracle = native_oracle(
        ADAPTER,
        "bayesian",
        options=options,
        objective=keras_tuner.Objective("loss", "min"),
        seed=1,
        keeper=InMemory(),  # type: ignore[arg-type]
    )
    assert isinstance(oracle.gpr, QuickRegressor) == quick


@pytest.mark.parametrize("algorithm", ["random", "grid", "hyperband"])
def test_an_oracle_without_a_fast_path_has_no_such_option(algorithm: str) -> None:
    with pytest.raises(UnknownName, match="no option of keras_tuner"):
        make(SMALL, algorithm, fast=False)
