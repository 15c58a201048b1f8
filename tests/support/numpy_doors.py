"""The public callables with an example for each argument that holds scalars.

A new argument fails `test_every_argument_has_an_example` until it has an example here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import optuna
from optuna.study import Study

import crosstune
from crosstune import Float, Int, Space, callbacks, checkpoints, pruners, samplers
from crosstune.adapters.hyperopt import inside as hyperopt_suggest
from crosstune.adapters.keras_tuner import inside as keras_tuner_oracle
from crosstune.benchmarks.problems.base import Problem
from crosstune.pruners.curve import CurvePruner
from crosstune.study.storage import open_storage
from crosstune.study.warm_start import finished

SPACE: dict[str, Any] = {
    "n": {"type": "int", "low": 1, "high": 9, "step": 2},
    "x": {"type": "float", "low": 0.5, "high": 2.0, "log": True, "when": {"n": [3, 5]}},
    "kind": {"type": "choice", "values": ["a", "b", 3, 0.5, True, None], "ordered": False},
    "rate": {"type": "normal", "mu": 0.0, "sigma": 1.0, "low": -2.0, "high": 2.0, "step": 0.5},
    "odds": {"type": "choice", "values": [1, 2], "weights": [0.25, 0.75], "when": {"kind": "a"}},
    "on": {"type": "bool"},
    "fixed": {"type": "constant", "value": 7},
}
SPEC: dict[str, Any] = {
    "name": "numpy",
    "metric": {"name": "loss", "direction": "minimize"},
    "trials": 2,
    "seconds": 100.0,
    "repeats": 1,
    "seed": 5,
    "backend": "crosstune",
    "sampler": {"name": "gp", "startup": 2},
    "pruner": {"name": "median", "n_startup_trials": 3},
    "start": [{"n": 3, "kind": 3, "on": True}, {"kind": "b"}],
    "prior": {"n": {"at": 3, "spread": 0.5}},
    "space": SPACE,
}
SMALL: dict[str, Any] = {"name": "small", "space": {"n": Int(1, 100), "x": Float(0, 1)}}
EARLIER = {
    "study": "e",
    "maximize": False,
    "trials": [[{"n": 2 * i + 1, "x": 0.5}, float(i), "complete"] for i in range(4)],
}


def loss(params: Mapping[str, Any]) -> float:
    return float(params["n"])


TWO: dict[str, Any] = {**SMALL, "metrics": ["a", "b"]}


def pair(params: Mapping[str, Any]) -> tuple[float, float]:
    return float(params["n"]), -float(params["n"])


def told(study: Study) -> Any:
    """What a study holds, but for times."""
    attrs = json.loads(json.dumps(study.user_attrs))
    trials = [
        [t.state.name, t.params, t.values, t.user_attrs, t.system_attrs] for t in study.trials
    ]
    return [study.study_name, study.directions[0].name, attrs, trials]


def asked(study: Study) -> Any:
    study.optimize(lambda t: t.suggest_int("n", 1, 100) + t.suggest_float("x", 0, 1), n_trials=2)
    return told(study)


def sampled(make: Callable[..., Any], **base: Any) -> Callable[..., Any]:
    """What a sampler proposes and leaves in a study on disk."""

    def call(folder: Path, **given: Any) -> Any:
        place = open_storage(folder / f"{len(list(folder.iterdir()))}.journal")
        sampler = make(**{**base, **given})
        return asked(optuna.create_study(storage=place, study_name="s", sampler=sampler))

    return call


def tuned(folder: Path, **given: Any) -> Any:
    base: dict[str, Any] = {"spec": SMALL, "objective": loss, "trials": 2, "seed": 1}
    base |= {"storage": folder / f"{len(list(folder.iterdir()))}.journal"}
    with ThreadPoolExecutor(2) as pool:
        if given.keys() & {"workers", "lag", "trial_seconds"}:
            base |= {"workers": 1, "executor": pool}
        return told(crosstune.tune(**{**base, **given}))


def created(folder: Path, **given: Any) -> Any:
    base = {"spec": SMALL, "seed": 1, "storage": folder / f"{len(list(folder.iterdir()))}.journal"}
    return asked(crosstune.create_study(**{**base, **given}))


def compared(folder: Path, **given: Any) -> Any:
    base: dict[str, Any] = {
        "spec": SMALL,
        "objective": loss,
        "contenders": ["optuna:random", "hyperopt:rand"],
        "seeds": 2,
        "trials": 2,
        "out": folder / str(len(list(folder.iterdir()))),
    }
    if "max_seeds" in given:
        base["until_decided"] = True
    found = crosstune.compare(**{**base, **given})
    runs = found.results.runs
    points = {str(key): [dict(e.params) for e in run.evaluations] for key, run in runs.items()}
    return [points, [[s.contender, s.score] for s in found.summary.standings], found.sentence]


def searched(folder: Path, **given: Any) -> Any:
    from sklearn.datasets import load_iris
    from sklearn.dummy import DummyClassifier

    base: dict[str, Any] = {
        "estimator": DummyClassifier(random_state=0),
        "n_trials": 2,
        "seed": 0,
        "cv": 2,
        "storage": folder / f"{len(list(folder.iterdir()))}.journal",
    }
    if "spec_or_grid" not in given:
        base["param_distributions"] = {"random_state": Int(1, 100)}
    if "n_iter" in given:
        del base["n_trials"]
    search = crosstune.SearchCV(**{**base, **given})
    search.fit(*load_iris(return_X_y=True))
    study = search.study_
    return [study.study_name, [t.params for t in study.trials], dict(search.best_params_)]


def keras_tuned(folder: Path, **given: Any) -> Any:
    base = {"hypermodel": lambda hp: None, "spec": SMALL, "seed": 1, "directory": folder}
    tuner = crosstune.KerasTuner(
        **{"project_name": str(len(list(folder.iterdir()))), **base, **given}
    )
    tuner.oracle.create_trial("tuner0")
    state = tuner.oracle.get_state()
    names = ("max_trials", "seed", "max_retries_per_trial", "max_consecutive_failed_trials")
    limits = [getattr(tuner.oracle, name) for name in names]
    return [limits, tuner.executions_per_trial, json.loads(json.dumps(state)), told(tuner.study)]


def oracle(folder: Path, **given: Any) -> Any:
    space = keras_tuner.HyperParameters()
    space.Int("n", 1, 100)
    base = {"sampler": "hyperopt:tpe", "objective": keras_tuner.Objective("loss", "min")}
    made = keras_tuner_oracle.Oracle(**{**base, "hyperparameters": space, "seed": 1, **given})
    made._set_project_dir(folder, str(len(list(folder.iterdir()))))
    made.create_trial("tuner0")
    return [json.loads(json.dumps(made.get_state())), made.max_trials, told(made.study)]


def suggested(folder: Path, **given: Any) -> Any:
    import hyperopt

    trials = hyperopt.Trials()
    hyperopt.fmin(
        lambda x: x**2,
        hyperopt.hp.uniform("x", -1, 1),
        algo=hyperopt_suggest.suggest(**{"seed": 1, **given}),
        max_evals=3,
        trials=trials,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
        verbose=False,
    )
    return [float(value) for value in trials.losses()]


def partially_fitted(folder: Path, **given: Any) -> Any:
    from sklearn.datasets import load_iris
    from sklearn.linear_model import SGDClassifier

    x, y = load_iris(return_X_y=True)
    study = optuna.create_study(
        direction="maximize",
        storage=open_storage(folder / f"{len(list(folder.iterdir()))}.journal"),
    )
    trial = study.ask()
    base = {"trial": trial, "epochs": 2, "seed": 0}
    value = callbacks.partial_fit_with_pruning(
        SGDClassifier(random_state=0), x, y, x, y, **{**base, **given}
    )
    return [float(value), study.trials[0].intermediate_values]


def reporting(name: str) -> Callable[..., Any]:
    """What a pruning callback reports of its second epoch."""

    def call(folder: Path, **given: Any) -> Any:
        study = optuna.create_study()
        if given.keys() & {"fold", "epochs"}:
            given = {"fold": 0, "epochs": 2, **given}
        report: Any = getattr(callbacks, name)(**{"trial": study.ask(), **given})
        report = getattr(report, "on_epoch_end", report)
        report(1, {"val_loss": 0.5, "loss": 0.25})
        return study.trials[0].intermediate_values

    return call


def saved(folder: Path, **given: Any) -> Any:
    study = optuna.create_study()
    trial = study.ask()
    base = {"trial": trial, "content": __file__, "step": 1, "store": folder / "store"}
    checkpoints.save(**{**base, **given})
    found = checkpoints.find(trial, store=folder / "store")
    assert found is not None
    return [found.step, found.path.name, list(study.trials[0].user_attrs)]


def parameter(kind: type[crosstune.Float]) -> Callable[..., Any]:
    base: dict[str, Any] = {
        "Float": {"low": 1.0, "high": 4.0},
        "Int": {"low": 1, "high": 4},
        "Choice": {"values": [1, 2]},
        "Bool": {},
        "Constant": {"value": 1},
        "Normal": {"mu": 0.0, "sigma": 1.0},
        "LogNormal": {"mu": 0.0, "sigma": 1.0},
    }[kind.__name__]
    return lambda folder, **given: kind(**{**base, **given}).to_dict()


def curve_pruner(folder: Path, **given: Any) -> Any:
    return {key: value for key, value in vars(CurvePruner(**given)).items() if key != "_past"}


def pruner(folder: Path, **given: Any) -> Any:
    made = pruners.create(**{"name": "percentile", **given})
    return [type(made).__name__, {k: v for k, v in vars(made).items() if not k.startswith("__")}]


@dataclass(frozen=True)
class Door:
    """A public callable.

    Attributes:
        of: the callable, for its signature.
        call: calls it in a folder and says what came of it.
        examples: a value for each argument that holds scalars.
        others: arguments that hold none: objects, paths, callables.
    """

    of: Any
    call: Callable[..., Any]
    examples: Mapping[str, Any]
    others: set[str] = field(default_factory=set)


WHEN = {"n": [3, 5], "kind": "a"}
REPORTS = {"monitor": "loss", "divergence": "fail", "fold": 1, "epochs": 3}
DOORS = {
    "tune": Door(
        crosstune.tune,
        tuned,
        {
            "spec": SPEC,
            "backend": "hyperopt",
            "sampler": {"name": "tpe", "n_startup_trials": 3},
            "pruner": {"name": "median", "n_startup_trials": 3},
            "trials": 3,
            "seconds": 0.5,
            "repeats": 1,
            "patience": 2,
            "scheduler": {"name": "i-epoch", "max_epochs": 4, "first": 2},
            "seed": 2,
            "start": [{"n": 3}],
            "study_name": "other",
            "resume": False,
            "dialect": "crosstune",
            "workers": 2,
            "lag": 1,
            "trial_seconds": 10.0,
            "host": "localhost",
        },
        {"objective", "warm_start", "storage", "callbacks", "executor"},
    ),
    "create_study": Door(
        crosstune.create_study,
        created,
        {
            "spec": {**SMALL, "trials": 3, "seed": 4},
            "backend": "hyperopt",
            "sampler": {"name": "tpe", "n_startup_trials": 3},
            "pruner": {"name": "median", "n_startup_trials": 3},
            "scheduler": {"name": "freeze-thaw", "max_epochs": 4, "share": 0.5},
            "seed": 2,
            "study_name": "other",
        },
        {"warm_start", "storage"},
    ),
    "warm_start": Door(
        crosstune.create_study,
        lambda folder, **given: created(folder, backend="crosstune", **given),
        {"warm_start": EARLIER},
        {"spec", "backend", "sampler", "pruner", "scheduler", "seed", "storage", "study_name"},
    ),
    "finished": Door(
        finished, lambda folder, **given: finished(**given), {"earlier": EARLIER}, {"directions"}
    ),
    "compare": Door(
        crosstune.compare,
        compared,
        {
            "spec": {**SMALL, "trials": 3},
            "contenders": [
                {"backend": "optuna", "sampler": {"name": "tpe", "n_startup_trials": 3}},
                "hyperopt:rand",
            ],
            "seeds": 3,
            "trials": 3,
            "seconds": 50.0,
            "start": [{"n": 3, "x": 0.5}],
            "epochs": 2,
            "first": 1,
            "workers": 2,
            "jobs": 1,
            "until_decided": False,
            "max_seeds": 5,
            "margin": 0.25,
            "within": 0.5,
            "level": 0.25,
            "command": "mine",
            "retry_failed": True,
            "same_objective": True,
        },
        {"objective", "out", "tensorboard", "progress"},
    ),
    "check": Door(
        crosstune.check,
        lambda folder, **given: crosstune.check(
            **{"spec": SMALL, "backends": ["optuna"], **given}
        ).to_dict(),
        {"spec": SMALL | {"space": SPACE}, "mode": "literal", "backends": ["optuna"]},
    ),
    "SearchCV": Door(
        crosstune.SearchCV,
        searched,
        {
            "spec_or_grid": {"space": {"random_state": {"type": "int", "low": 1, "high": 9}}},
            "backend": "hyperopt",
            "sampler": {"name": "tpe", "n_startup_trials": 3},
            "pruner": {"name": "median", "n_startup_trials": 3},
            "n_trials": 3,
            "n_iter": 3,
            "patience": 3,
            "timeout": 50.0,
            "start": [{"random_state": 3}],
            "seed": 4,
            "random_state": 5,
            "study_name": "other",
            "resume": False,
        },
        {
            "estimator",
            "objectives",  # names alone
            "param_grid",  # its values go to the estimator as they are
            "param_distributions",
            "storage",
            "scoring",
            "n_jobs",
            "refit",
            "cv",
            "verbose",
            "pre_dispatch",
            "error_score",  # scikit-learn checks it
            "return_train_score",
        },
    ),
    "KerasTuner": Door(
        crosstune.KerasTuner,
        keras_tuned,
        {
            "spec": {**SMALL, "trials": 3},
            "backend": "hyperopt",
            "sampler": {"name": "tpe", "n_startup_trials": 3},
            "max_trials": 4,
            "pruner": {"name": "median", "n_startup_trials": 3},
            "seed": 2,
            "executions_per_trial": 2,
            "project_name": "other",
            "overwrite": True,
            "study_name": "other",
            "tune_new_entries": True,
            "allow_new_entries": True,
            "max_retries_per_trial": 1,
            "max_consecutive_failed_trials": 2,
        },
        {"hypermodel", "objective", "directory", "storage", "hyperparameters", "more"},
    ),
    "Oracle": Door(
        keras_tuner_oracle.Oracle,
        oracle,
        {
            "sampler": "optuna:random",
            "max_trials": 3,
            "allow_new_entries": True,
            "tune_new_entries": True,
            "seed": 2,
            "max_retries_per_trial": 1,
            "max_consecutive_failed_trials": 2,
            "pruner": {"name": "median", "n_startup_trials": 3},
            "study_name": "other",
        },
        {"objective", "hyperparameters", "storage", "more"},
    ),
    "suggest": Door(
        hyperopt_suggest.suggest,
        suggested,
        {"sampler": "optuna:random", "seed": 2, "n_startup_trials": 3},
        {"options"},
    ),
    "EngineSampler": Door(
        samplers.EngineSampler,
        sampled(
            samplers.EngineSampler,
            adapter=crosstune.adapters.get("hyperopt"),
            algorithm="tpe",
            seed=0,
        ),
        {"algorithm": "rand", "seed": 2, "options": {"n_startup_jobs": 3}},
        {"adapter", "space", "scheduler"},
    ),
    "GaussianProcessSampler": Door(
        samplers.GaussianProcessSampler,
        sampled(samplers.GaussianProcessSampler, seed=0),
        {"seed": 2, "startup": 1, "prior": {"n": {"at": 3, "spread": 0.5}}, "warm_start": EARLIER},
        {"space", "options"},
    ),
    "GridSampler": Door(
        samplers.GridSampler, sampled(samplers.GridSampler), {"points": 3, "seed": 2}, {"space"}
    ),
    "HyperoptSampler": Door(
        samplers.HyperoptSampler,
        sampled(samplers.HyperoptSampler, seed=0),
        {"algo": "rand", "seed": 2, "n_startup_jobs": 3, "gamma": 0.5},
        {"space", "options"},
    ),
    "KerasTunerSampler": Door(
        samplers.KerasTunerSampler,
        sampled(samplers.KerasTunerSampler, seed=0),
        {"oracle": "random", "seed": 2, "num_initial_points": 3, "alpha": 0.5},
        {"space", "options"},
    ),
    "CurvePruner": Door(
        CurvePruner, curve_pruner, {"level": 0.25, "n_startup_trials": 3, "n_warmup_steps": 2}
    ),
    "pruners.create": Door(
        pruners.create,
        pruner,
        {"name": "median", "options": {"percentile": 50.0, "n_startup_trials": 3}},
    ),
    "partial_fit_with_pruning": Door(
        callbacks.partial_fit_with_pruning,
        partially_fitted,
        {
            "epochs": 3,
            "batch_size": 50,
            "scoring": "accuracy",
            "seed": 2,
            "divergence": "fail",
            "fold": 1,
        },
        {"estimator", "X", "y", "X_valid", "y_valid", "trial", "classes", "store"},
    ),
    "PruningCallback": Door(
        callbacks.PruningCallback, reporting("PruningCallback"), REPORTS, {"trial"}
    ),
    "TorchPruningCallback": Door(
        callbacks.TorchPruningCallback,
        reporting("TorchPruningCallback"),
        REPORTS,
        {"trial", "state", "store", "group"},
    ),
    "KerasPruningCallback": Door(
        callbacks.KerasPruningCallback,
        reporting("KerasPruningCallback"),
        REPORTS,
        {"trial", "store"},
    ),
    "TensorBoardCallback": Door(
        callbacks.TensorBoardCallback,
        lambda folder, **given: {
            key: vars(callbacks.TensorBoardCallback(folder, **given))[key]
            for key in ("_metrics", "_name", "_every")
        },
        {"metric": ["loss"], "name": "mine", "every": 2.0},
        {"log_dir", "study"},
    ),
    "recommend": Door(
        crosstune.recommend,
        lambda folder, **given: vars(
            crosstune.recommend(crosstune.tune(SMALL, loss, trials=3, seed=1), **given)
        )["params"],
        {"spec": SMALL, "noisy": True},
        {"study"},
    ),
    "remeasure": Door(
        crosstune.remeasure,
        lambda folder, **given: str(
            crosstune.remeasure(
                crosstune.tune(TWO, pair, trials=3, seed=1), objective=pair, **given
            )
        ),
        {"spec": TWO, "repeats": 2, "dialect": "crosstune"},
        {"study", "objective"},
    ),
    "checkpoints.save": Door(
        checkpoints.save,
        saved,
        {"step": 2, "name": "mine", "keep": 2},
        {"trial", "content", "store"},
    ),
    "Spec": Door(
        crosstune.Spec,
        lambda folder, **given: crosstune.Spec(**{"space": SPACE, **given}).to_dict(),
        {key: SPEC[key] for key in SPEC}
        | {
            "objective": {"estimator": "a:b", "folds": 3},
            "patience": 4,
            "callbacks": [{"name": "a:b", "every": 3}],
            "scheduler": {"name": "hyperband", "max_epochs": 9, "factor": 3},
            "constraints": [{"metric": "memory", "max": 0.5}],
        },
        {"folder", "metrics"},
    ),
    "Problem": Door(
        Problem,
        lambda folder, **given: list(
            vars(Problem(**{"name": "p", "spec": None, **given})).values()
        ),
        {"name": "mine", "optimum": 0.5, "duration": "seconds", "kind": "wide", "batch": 4},
        {"spec", "objective", "truth", "front"},
    ),
    "Space": Door(Space, lambda folder, **given: Space(**given).to_dict(), {"parameters": SPACE}),
    "Float": Door(
        crosstune.Float,
        parameter(crosstune.Float),
        {"low": 2.0, "high": 8.0, "when": WHEN, "log": True, "step": 0.5},
    ),
    "Int": Door(
        crosstune.Int,
        parameter(crosstune.Int),
        {"low": 2, "high": 8, "when": WHEN, "log": True, "step": 3},
    ),
    "Choice": Door(
        crosstune.Choice,
        parameter(crosstune.Choice),
        {"values": [1, 0.5, "a", True], "when": WHEN, "ordered": True, "weights": [0.25, 0.75]},
    ),
    "Bool": Door(crosstune.Bool, parameter(crosstune.Bool), {"when": WHEN}),
    "Constant": Door(crosstune.Constant, parameter(crosstune.Constant), {"value": 3, "when": WHEN}),
    "Normal": Door(
        crosstune.Normal,
        parameter(crosstune.Normal),
        {"mu": 1.0, "sigma": 2.0, "when": WHEN, "low": -1.0, "high": 3.0, "step": 0.5},
    ),
    "LogNormal": Door(
        crosstune.LogNormal,
        parameter(crosstune.LogNormal),
        {"mu": 1.0, "sigma": 0.5, "when": WHEN, "low": 0.5, "high": 3.0, "step": 0.5},
    ),
}
WITHOUT_SCALARS = {
    "CrosstuneError", "SpaceExhausted", "TrainingDiverged",  # errors
    "budget", "trial_seed", "trial_values",  # of a trial, and a spec or space
    "Recommendation", "StudyRecord", "record",  # a result, and of a study
    "export_study", "import_study",  # names and paths, and a spec
    "KerasTunerPruningCallback", "LightningPruningCallback",  # like the other callbacks
    "ProgressBar",  # with the options of tqdm
}  # fmt: skip
