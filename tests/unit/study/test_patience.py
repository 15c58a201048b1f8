"""Patience ends a study after so many trials without an improvement, by its stored trials alone."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial

import crosstune
from crosstune.engines.budget import SearchBudget
from crosstune.engines.record import records
from crosstune.errors import SpecError
from crosstune.study.patience import longest_wait, out_of_patience

SPACE = {"x": crosstune.Float(-1, 1), "kind": crosstune.Choice(["a", "b"])}


def spec(**keys) -> crosstune.Spec:
    return crosstune.Spec(**{"space": SPACE, "seed": 3, "trials": 60, **keys})


def score(params) -> float:
    return params["x"] ** 2 + (params["kind"] == "b")


def points(study: optuna.Study) -> list:
    return [(trial.params, trial.value) for trial in study.trials]


def waits(study: optuna.Study) -> list[int]:
    """After each trial, how many in a row have improved nothing."""
    return [
        longest_wait(study.trials[: number + 1], maximize=False)
        for number in range(len(study.trials))
    ]


def test_a_study_ends_at_the_first_trial_at_which_patience_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "crosstune"):
        study = crosstune.tune(spec(patience=7), score)
    assert len(study.trials) < 60
    assert waits(study).index(7) == len(study.trials) - 1
    assert f"the study ends after {len(study.trials)} trials" in caplog.text
    assert points(study) == points(crosstune.tune(spec(), score))[: len(study.trials)]


def test_the_argument_overrides_the_spec_and_the_record_has_it() -> None:
    study = crosstune.tune(spec(patience=50), score, patience=4)
    assert waits(study)[-1] == 4
    assert records(study)[-1]["budget"] == {"trials": 60, "seconds": None, "patience": 4}
    assert "patience" not in records(crosstune.tune(spec(trials=1), score))[-1]["budget"]


def test_a_resumed_study_ends_at_the_same_trial_and_then_evaluates_nothing(tmp_path: Path) -> None:
    whole = crosstune.tune(spec(patience=7), score)
    place = tmp_path / "study.journal"
    crosstune.tune(spec(patience=7), score, trials=5, storage=place)
    for _ in range(2):
        study = crosstune.tune(spec(patience=7), score, storage=place, resume=True)
        assert points(study) == points(whole)


def test_parallel_trials_in_order_end_at_the_same_trial_for_any_number_of_workers() -> None:
    studies = []
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as executor:
            studies.append(
                crosstune.tune(spec(patience=6), score, executor=executor, workers=workers, lag=3)
            )
    assert points(studies[0]) == points(studies[1])
    # The trials that were asked for before the end was seen are evaluated.
    assert waits(studies[0]).index(6) == len(studies[0].trials) - 1 - 3


def test_a_trial_without_a_feasible_value_improves_nothing() -> None:
    trials = [
        create_trial(state=TrialState.FAIL),
        create_trial(value=2.0),
        create_trial(state=TrialState.PRUNED),
        create_trial(state=TrialState.FAIL),
        create_trial(value=1.0, system_attrs={"constraints": [1.0]}),
        create_trial(value=2.0),
    ]
    for number, trial in enumerate(trials):
        trial.number = number
    assert longest_wait(trials, maximize=False) == 4
    assert longest_wait(trials[:1] * 5, maximize=False) == 0


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 6), st.booleans())
def test_patience_once_over_stays_over_whatever_follows(
    values: list[int], patience: int, maximize: bool
) -> None:
    study = optuna.create_study(direction="maximize" if maximize else "minimize")
    budget = SearchBudget(patience=patience)
    over = False
    for value in values:
        study.add_trial(create_trial(value=value))
        now = out_of_patience(study, budget)
        assert now or not over
        over = now


@pytest.mark.parametrize("patience", [0, -1, 2.5, True, "3"])
def test_patience_is_a_positive_integer(patience: object) -> None:
    with pytest.raises(SpecError, match="patience"):
        spec(patience=patience)
    with pytest.raises(SpecError, match="patience"):
        crosstune.tune(spec(), score, patience=patience)


def test_repeats_need_the_number_of_the_last_trial_in_advance() -> None:
    with pytest.raises(SpecError, match="Set one of the two"):
        spec(patience=5, repeats=3)
    with pytest.raises(SpecError, match="Set one of the two"):
        crosstune.tune(spec(repeats=3), score, patience=5)


def test_a_search_of_scikit_learn_ends_too() -> None:
    svm = pytest.importorskip("sklearn.svm")
    datasets = pytest.importorskip("sklearn.datasets")
    search = crosstune.SearchCV(
        svm.SVC(), {"C": list(range(1, 200))}, sampler="random", seed=0, patience=3, n_trials=100
    )
    search.fit(*datasets.load_iris(return_X_y=True))
    trials = search.study_.trials
    assert longest_wait(trials, maximize=True) == 3
    assert longest_wait(trials[:-1], maximize=True) == 2


def test_patience_needs_one_metric() -> None:
    with pytest.raises(SpecError, match="none is the one that counts"):
        spec(patience=5, metrics=[{"name": "a"}, {"name": "b"}])
