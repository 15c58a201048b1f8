"""Every dialect on every sampler of every engine, with real training, or the reason why not.

`python -m tests.journeys.test_matrix --write` prints what this file declares and proves into
docs/bring-your-own-code.md.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.pruners import ThresholdPruner
from optuna.trial import TrialState

from crosstune import adapters, tune
from crosstune.engines.record_names import RUNS
from crosstune.errors import RequestError
from crosstune.samplers.named import named_sampler
from tests.support.slow import slow_but

PAGE = Path(__file__).parents[2] / "docs" / "bring-your-own-code.md"
BEGIN, END = "<!-- matrix -->\n", "<!-- /matrix -->"
SPACE = {
    "schedule": {"type": "choice", "values": ["optimal", "constant"]},
    "eta0": {"type": "choice", "values": [0.0, 0.01, 1.0], "when": {"schedule": "constant"}},
    "alpha": {"type": "float", "low": 1e-4, "high": 10, "log": True},
}
ENGINES = [
    (backend, sampler)
    for backend in ("optuna", "hyperopt", "keras_tuner")
    for sampler in (*adapters.get(backend).algorithms, *(["grid"] if backend == "hyperopt" else []))
]


def trials(sampler: str) -> int:
    """Keras Tuner's Gaussian process takes seconds a trial."""
    return 24 if sampler == "bayesian" else 40


def seed(backend: str, sampler: str) -> int:
    return SEEDS.get(f"{backend}:{sampler}", 0)


def optuna_declared(backend: str, sampler: str) -> optuna.Study:
    from tests.journeys.dialects.optuna_code import objective

    return tune(_spec(backend, sampler), objective, backend=backend, sampler=sampler)


def optuna_alone(backend: str, sampler: str) -> optuna.Study:
    from tests.journeys.dialects.optuna_code import objective

    study = optuna.create_study(
        sampler=named_sampler(f"{backend}:{sampler}", seed=seed(backend, sampler)),
        pruner=ThresholdPruner(lower=0.9),
        direction="maximize",
    )
    study.optimize(objective, n_trials=trials(sampler), catch=ValueError)
    return study


def crosstune(backend: str, sampler: str) -> optuna.Study:
    from tests.journeys.dialects.crosstune_code import objective

    return tune(_spec(backend, sampler), objective, backend=backend, sampler=sampler)


def hyperopt(backend: str, sampler: str) -> optuna.Study:
    from tests.journeys.dialects.hyperopt_code import fn, space

    spec = {**_spec(backend, sampler), "space": space, "metric": "loss"}
    spec["pruner"] = {"name": "threshold", "upper": 0.1}
    return tune(spec, fn, backend=backend, sampler=sampler)


def keras_tuner(backend: str, sampler: str) -> optuna.Study:
    import tempfile

    import keras

    from crosstune import KerasTuner
    from tests.journeys.dialects.keras_code import build_model
    from tests.journeys.dialects.training import X_VALID, Y_VALID, X, Y

    keras.utils.set_random_seed(WEIGHTS)
    scheduler = sampler == "hyperband"
    with tempfile.TemporaryDirectory() as folder:
        tuner = KerasTuner(
            build_model,
            backend=backend,
            sampler={"name": sampler, "max_epochs": 9} if scheduler else sampler,
            objective="val_accuracy",
            max_trials=24,
            pruner=None if scheduler else ThresholdPruner(lower=0.4, n_warmup_steps=1),
            seed=KERAS_SEEDS.get(f"{backend}:{sampler}", seed(backend, sampler)),
            directory=folder,
            max_consecutive_failed_trials=24,
        )
        tuner.search(X / 16, Y, epochs=3, validation_data=(X_VALID / 16, Y_VALID), verbose=0)
        assert tuner.get_best_models()[0].predict(X[:1] / 16, verbose=0).shape == (1, 6)
    return tuner.study


def sklearn(backend: str, sampler: str) -> optuna.Study:
    spec = Path(__file__).parent / "dialects" / "estimator.yaml"
    given = _spec(backend, sampler)
    return tune(
        spec,
        backend=backend,
        sampler=sampler,
        **{key: given[key] for key in ("trials", "pruner", "seed")},
    )


def _spec(backend: str, sampler: str) -> dict[str, Any]:
    return {
        "space": SPACE,
        "metric": {"name": "accuracy", "direction": "maximize"},
        "pruner": {"name": "threshold", "lower": 0.9},
        "seed": seed(backend, sampler),
        "trials": trials(sampler),
    }


DIALECTS: dict[str, Callable[[str, str], optuna.Study]] = {
    "Optuna objective": optuna_alone,
    "Optuna objective, with a spec": optuna_declared,
    "crosstune function": crosstune,
    "Hyperopt space and function": hyperopt,
    "Keras Tuner hypermodel": keras_tuner,
    "scikit-learn estimator": sklearn,
}
_UNKNOWN_SPACE = "has to know the space before the first trial"
_LEARNT = ("Optuna objective", "Keras Tuner hypermodel")
REFUSED: dict[tuple[str, str], str] = {
    ("*", "hyperopt:atpe"): "it ignores its seed, and raises on a failed or a pending trial",
    ("*", "optuna:brute-force"): "needs a finite space, and 'alpha' is searched as a real number",
    ("Optuna objective", "keras_tuner:grid"): _UNKNOWN_SPACE,
    ("Optuna objective", "keras_tuner:hyperband"): _UNKNOWN_SPACE,
    **{(dialect, "optuna:brute-force"): _UNKNOWN_SPACE for dialect in _LEARNT},
    **{(dialect, "optuna:grid"): _UNKNOWN_SPACE for dialect in _LEARNT},
    **{(dialect, "hyperopt:grid"): "no hyperopt sampler 'grid'" for dialect in _LEARNT},
}
"""By dialect and engine; "*" stands for every other dialect."""

SEEDS = {"hyperopt:anneal": 3}
"""Where seed 0 happens on no trial that fails."""

KERAS_SEEDS = {"optuna:tpe": 5, "optuna:tpe-v4": 5}
"""Where seed 0 proposes mostly trials that fail, of which Optuna's TPE learns nothing."""

WEIGHTS = 0
"""Seeds the weights of the Keras models."""

SEVERAL = 2
"""How many trials at least a Keras cell has of each state, so that none rests on a single one,
whose value another machine may round another way. The other dialects train a linear model."""


def refusal(dialect: str, engine: str) -> str | None:
    """Why a cell is refused; None where it runs."""
    return REFUSED.get((dialect, engine), REFUSED.get(("*", engine)))


def check(dialect: str, backend: str, sampler: str) -> None:
    reason = refusal(dialect, f"{backend}:{sampler}")
    if reason is not None:
        with pytest.raises(RequestError, match=re.escape(reason)):
            DIALECTS[dialect](backend, sampler)
        return
    study = DIALECTS[dialect](backend, sampler)
    for trial in study.trials:
        kind = trial.params.get("schedule", trial.params.get("learning_rate"))
        assert ("eta0" in trial.params) == (kind == "constant"), trial.params
    states = Counter(trial.state for trial in study.trials)
    wanted = {TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED}
    keras = dialect == "Keras Tuner hypermodel"
    if keras and sampler == "hyperband":
        wanted.remove(TrialState.PRUNED)  # It ends trials by itself, and takes no pruner.
    assert all(states[state] >= (SEVERAL if keras else 1) for state in wanted), states
    assert study.best_value is not None
    for record in study.user_attrs.get(RUNS, []):
        assert record["backend"] == backend


CELLS = [(dialect, *engine) for dialect in DIALECTS for engine in ENGINES]


@pytest.mark.slow
@pytest.mark.parametrize(("dialect", "backend", "sampler"), CELLS)
def test_a_cell(dialect: str, backend: str, sampler: str) -> None:
    check(dialect, backend, sampler)


DRAWN = [name for name in DIALECTS if name[0] != "K"]
DRAWN_BY = ["hyperopt", "optuna", "keras_tuner"]


@pytest.mark.parametrize(
    ("dialect", "backend"),
    # Each dialect and each backend by default.
    slow_but(
        itertools.product(DRAWN, DRAWN_BY),
        list(zip(DRAWN, itertools.cycle(DRAWN_BY), strict=False)),
    ),
)
def test_a_cell_of_random_search(dialect: str, backend: str) -> None:
    check(dialect, backend, adapters.get(backend).roles["random"])


def table() -> str:
    """The matrix in Markdown, with the reasons below it."""
    reasons: list[str] = []
    lines = ["| | " + " | ".join(DIALECTS) + " |", "|---|" + "---|" * len(DIALECTS)]
    for backend, sampler in ENGINES:
        cells = []
        for dialect in DIALECTS:
            reason = refusal(dialect, f"{backend}:{sampler}")
            if reason is not None and reason not in reasons:
                reasons.append(reason)
            cells.append("yes" if reason is None else f"no ({reasons.index(reason) + 1})")
        lines.append(f"| `{backend}:{sampler}` | " + " | ".join(cells) + " |")
    below = [f"{number}. {reason}." for number, reason in enumerate(reasons, start=1)]
    return "\n".join([*lines, "", *below]) + "\n"


def test_the_page_shows_the_matrix() -> None:
    assert BEGIN + table() + END in PAGE.read_text()


if __name__ == "__main__" and "--write" in sys.argv:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2])
