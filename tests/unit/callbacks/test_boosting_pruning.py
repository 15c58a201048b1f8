"""What docs/pruning.md says of Optuna's own callbacks for XGBoost, LightGBM and CatBoost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from crosstune import tune
from crosstune.callbacks import PruningCallback
from crosstune.engines.record_names import ERROR
from crosstune.errors import RunError
from tests.support.slow import slow_but_first

pytest.importorskip("optuna_integration")

pytestmark = pytest.mark.filterwarnings("ignore")
ENGINES = ("optuna", "hyperopt", "keras_tuner")
ROUNDS = 8
_RNG = np.random.default_rng(0)
X = _RNG.normal(size=(120, 3))
Y = (X[:, 0] + 0.3 * _RNG.normal(size=120) > 0).astype(int)
SPEC: dict[str, Any] = {
    "space": {"rate": {"type": "float", "low": 1e-3, "high": 1.0, "log": True}},
    # Of the log loss, which is 0.69 before the first round.
    "pruner": {"name": "threshold", "upper": 0.5, "n_warmup_steps": 4},
    "seed": 0,
}


def xgboost(rate: float, trial: optuna.Trial, metric: str = "valid-logloss") -> float:
    library = pytest.importorskip("xgboost")
    from optuna_integration import XGBoostPruningCallback

    kept: dict[str, Any] = {}
    library.train(
        {"objective": "binary:logistic", "eval_metric": "logloss", "eta": rate, "nthread": 1},
        library.DMatrix(X[:80], Y[:80]),
        ROUNDS,
        evals=[(library.DMatrix(X[80:], Y[80:]), "valid")],
        evals_result=kept,
        verbose_eval=False,
        callbacks=[XGBoostPruningCallback(trial, metric)],
    )
    return float(kept["valid"]["logloss"][-1])


def lightgbm(rate: float, trial: optuna.Trial, metric: str = "binary_logloss") -> float:
    library = pytest.importorskip("lightgbm")
    from optuna_integration import LightGBMPruningCallback

    model = library.LGBMClassifier(
        n_estimators=ROUNDS, learning_rate=rate, min_child_samples=2, num_threads=1, verbose=-1
    )
    model.fit(
        X[:80], Y[:80], eval_set=[(X[80:], Y[80:])], eval_metric="binary_logloss",
        callbacks=[LightGBMPruningCallback(trial, metric)],
    )  # fmt: skip
    return float(model.evals_result_["valid_0"]["binary_logloss"][-1])


def catboost(rate: float, trial: optuna.Trial, metric: str = "Logloss") -> float:
    library = pytest.importorskip("catboost")
    from optuna_integration import CatBoostPruningCallback

    model = library.CatBoostClassifier(
        iterations=ROUNDS, learning_rate=rate, depth=2, thread_count=1, verbose=False,
        allow_writing_files=False,
    )  # fmt: skip
    callback = CatBoostPruningCallback(trial, metric)
    model.fit(X[:80], Y[:80], eval_set=(X[80:], Y[80:]), callbacks=[callback])
    callback.check_pruned()
    return float(model.evals_result_["validation"]["Logloss"][-1])


LIBRARIES = [xgboost, lightgbm, catboost]


@pytest.mark.parametrize("backend", slow_but_first(ENGINES))
@pytest.mark.parametrize("library", LIBRARIES)
def test_optunas_callback_prunes_on_every_engine(
    library: Callable[..., float], backend: str
) -> None:
    def train(params: dict[str, float], trial: optuna.Trial) -> float:
        return library(params["rate"], trial)

    study = tune(SPEC, train, backend=backend, trials=8)
    assert {trial.state for trial in study.trials} == {TrialState.PRUNED, TrialState.COMPLETE}
    for trial in study.trials:
        losses = list(trial.intermediate_values.values())
        if trial.state == TrialState.PRUNED:
            assert losses[-1] > 0.5
            assert len(losses) < ROUNDS
        else:
            assert len(losses) == ROUNDS
            assert losses[-1] == pytest.approx(trial.value)


@pytest.mark.parametrize(
    ("library", "words"),
    [
        (xgboost, "KeyError: 'valid-los'"),
        (lightgbm, 'ValueError: The entry associated with .* the metric name "valid-los" .*'),
        (catboost, "CatBoostError: (?s:.*)\"valid-los\" is not found (?s:.*)'Logloss'"),
    ],
)
def test_a_wrong_metric_fails_the_trial_and_soon_the_run(
    library: Callable[..., float], words: str, tmp_path: Path
) -> None:
    """Only XGBoost's does not list the metrics that there are."""
    storage = tmp_path / "study.journal"
    with pytest.raises(RunError, match=f"the first 3 trials all failed, the last with {words}"):
        tune(
            SPEC,
            lambda params, trial: library(params["rate"], trial, "valid-los"),
            trials=9,
            storage=storage,
        )
    kept = tune(SPEC, lambda params, trial: 0.0, trials=4, storage=storage, resume=True)
    assert [trial.state for trial in kept.trials[:3]] == [TrialState.FAIL] * 3
    assert all(trial.user_attrs[ERROR] for trial in kept.trials[:3])


# Cross-validation: `cv` reports the mean over the folds, a loop over folds each fold.

FOLDS = 3


def xgboost_cv(trial: optuna.Trial) -> float:
    library = pytest.importorskip("xgboost")
    from optuna_integration import XGBoostPruningCallback

    kept = library.cv(
        {"objective": "binary:logistic", "eval_metric": "logloss", "nthread": 1},
        library.DMatrix(X, Y), ROUNDS, nfold=FOLDS, seed=0, as_pandas=False,
        callbacks=[XGBoostPruningCallback(trial, "test-logloss")],
    )  # fmt: skip
    return float(kept["test-logloss-mean"][-1])


def lightgbm_cv(trial: optuna.Trial) -> float:
    library = pytest.importorskip("lightgbm")
    from optuna_integration import LightGBMPruningCallback

    params = {"objective": "binary", "metric": "binary_logloss", "num_threads": 1, "verbose": -1}
    kept = library.cv(
        params, library.Dataset(X, Y), ROUNDS, nfold=FOLDS, seed=0,
        callbacks=[LightGBMPruningCallback(trial, "binary_logloss")],
    )  # fmt: skip
    return float(kept["valid binary_logloss-mean"][-1])


def xgboost_by_fold(trial: optuna.Trial) -> float:
    library = pytest.importorskip("xgboost")

    class Report(library.callback.TrainingCallback):  # type: ignore[misc, name-defined]
        def __init__(self, prune: PruningCallback):
            super().__init__()
            self.prune = prune

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            self.prune(epoch, logloss=evals_log["valid"]["logloss"][-1])
            return False

    losses = []
    for fold in range(FOLDS):
        held_out = np.arange(len(X)) % FOLDS == fold
        kept: dict[str, Any] = {}
        library.train(
            {"objective": "binary:logistic", "eval_metric": "logloss", "nthread": 1},
            library.DMatrix(X[~held_out], Y[~held_out]),
            ROUNDS,
            evals=[(library.DMatrix(X[held_out], Y[held_out]), "valid")],
            evals_result=kept,
            verbose_eval=False,
            callbacks=[Report(PruningCallback(trial, "logloss", fold=fold, epochs=ROUNDS))],
        )
        losses.append(kept["valid"]["logloss"][-1])
    return float(losses[-1])


def lightgbm_by_fold(trial: optuna.Trial) -> float:
    library = pytest.importorskip("lightgbm")
    params = {"objective": "binary", "metric": "binary_logloss", "num_threads": 1, "verbose": -1}
    for fold in range(FOLDS):
        held_out = np.arange(len(X)) % FOLDS == fold
        prune = PruningCallback(trial, "logloss", fold=fold, epochs=ROUNDS)

        def report(env: Any, prune: PruningCallback = prune) -> None:
            prune(env.iteration, logloss=env.evaluation_result_list[0][2])

        training = library.Dataset(X[~held_out], Y[~held_out])
        valid = library.Dataset(X[held_out], Y[held_out], reference=training)
        model = library.train(params, training, ROUNDS, valid_sets=[valid], callbacks=[report])
    return float(model.best_score["valid_0"]["binary_logloss"])


@pytest.mark.parametrize(
    ("search", "folds"),
    [(xgboost_cv, 1), (lightgbm_cv, 1), (xgboost_by_fold, FOLDS), (lightgbm_by_fold, FOLDS)],
)
def test_cross_validation_reports_every_round_once(
    search: Callable[[optuna.Trial], float], folds: int
) -> None:
    study = optuna.create_study(pruner=optuna.pruners.NopPruner())
    study.optimize(search, n_trials=1)
    (trial,) = study.trials
    assert list(trial.intermediate_values) == list(range(folds * ROUNDS))
    assert trial.intermediate_values[folds * ROUNDS - 1] == pytest.approx(trial.value)
