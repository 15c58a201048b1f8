"""Any Optuna sampler inside Keras Tuner."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.samplers import CmaEsSampler, GridSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from crosstune.adapters.keras_tuner import Oracle
from crosstune.adapters.keras_tuner.distributions import searched_under
from crosstune.adapters.keras_tuner.library import keras_tuner, kinds
from crosstune.adapters.keras_tuner.trial_state import OTHER_VALUES
from crosstune.engines.record_names import ERROR
from crosstune.errors import RequestError, UnknownName, Unsupported
from crosstune.samplers import HyperoptSampler
from crosstune.samplers.named import named_sampler

pytestmark = pytest.mark.filterwarnings("ignore")
Function = Callable[[Any], Any]


class Tuner(keras_tuner.Tuner):  # type: ignore[misc]
    """Keras Tuner on a function of the hyperparameters, without a model."""

    def __init__(self, oracle: Any, function: Function, folder: Path, name: str = "project"):
        self.function = function
        oracle.verbose = 0
        super().__init__(oracle, directory=folder, project_name=name)

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        return self.function(trial.hyperparameters)


def declared() -> Any:
    hp = keras_tuner.HyperParameters()
    quadratic(hp)
    return hp


def quadratic(hp: Any) -> float:
    x = hp.Float("x", -2, 2)
    n = hp.Int("n", 1, 9, step=2)
    lr = hp.Float("lr", 1e-4, 1e-1, sampling="log")
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        hp.Fixed("tag", "t")
        z = hp.Float("z", 0, 1)
        hp.Boolean("wide")
        w = hp.Int("w", 1, 3, parent_name="wide", parent_values=[True])
    return float(x**2 + n / 10 + lr + (z or 0) + (w or 0))


def by_hand(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -2, 2)
    n = trial.suggest_int("n", 1, 9, step=2)
    lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    z = w = 0.0
    if trial.suggest_categorical("kind", ["a", "b"]) == "b":
        trial.suggest_categorical("tag", ["t"])
        z = trial.suggest_float("z", 0, 1)
        if trial.suggest_categorical("wide", [False, True]):
            w = trial.suggest_int("w", 1, 3)
    return float(x**2 + n / 10 + lr + z + w)


@pytest.mark.parametrize(
    "make",
    [
        lambda: TPESampler(seed=3),
        lambda: TPESampler(seed=3, multivariate=True, group=True),
        lambda: RandomSampler(seed=3),
        lambda: CmaEsSampler(seed=3, warn_independent_sampling=False),
        lambda: HyperoptSampler(seed=3),
    ],
)
def test_the_points_are_those_of_optimize(make: Function, tmp_path: Path) -> None:
    oracle = Oracle(make(), None, max_trials=20, hyperparameters=declared())
    Tuner(oracle, quadratic, tmp_path).search()
    study = optuna.create_study(sampler=make())
    study.optimize(by_hand, n_trials=20)
    assert [t.params for t in oracle.study.trials] == [t.params for t in study.trials]
    assert [t.distributions for t in oracle.study.trials] == [t.distributions for t in study.trials]
    assert [t.value for t in oracle.study.trials] == [t.value for t in study.trials]
    assert oracle.get_best_trials()[0].score == study.best_value


def test_cma_es_searches_the_numbers_together(tmp_path: Path) -> None:
    """On a space without conditions, where it is more than a random search."""

    def sphere(hp: Any) -> float:
        return float(hp.Float("x", -2, 2) ** 2 + hp.Float("y", -2, 2) ** 2)

    hp = keras_tuner.HyperParameters()
    sphere(hp)
    oracle = Oracle(CmaEsSampler(seed=0), None, max_trials=30, hyperparameters=hp)
    Tuner(oracle, sphere, tmp_path).search()
    study = optuna.create_study(sampler=CmaEsSampler(seed=0))
    study.optimize(
        lambda t: t.suggest_float("x", -2, 2) ** 2 + t.suggest_float("y", -2, 2) ** 2, n_trials=30
    )
    assert [t.params for t in oracle.study.trials] == [t.params for t in study.trials]


def test_a_late_parameter_has_its_default_first_and_is_searched_then(tmp_path: Path) -> None:
    calls = 0

    def late(hp: Any) -> float:
        nonlocal calls
        calls += 1
        x = hp.Float("x", 0, 1)
        y = hp.Int("y", 1, 1000, default=500) if calls > 3 else 0
        return float(x + y / 1000)

    oracle = Oracle(RandomSampler(seed=0), None, max_trials=8)
    Tuner(oracle, late, tmp_path).search()
    params = [t.params for t in oracle.study.trials]
    assert params[0] == {"x": 0.0}
    assert [set(p) for p in params] == [{"x"}] * 3 + [{"x", "y"}] * 5
    assert params[3]["y"] == 500
    assert all(p["y"] != 500 for p in params[4:])
    for trial in oracle.trials.values():
        number = oracle.trial_number(trial.trial_id)
        assert trial.hyperparameters.values == oracle.study.trials[number].params


def test_what_is_not_to_be_tuned_is_recorded_beside(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("x", -2, 2)
    oracle = Oracle(None, None, 3, hyperparameters=hp, tune_new_entries=False, seed=0)
    Tuner(oracle, quadratic, tmp_path).search()
    for trial in oracle.study.trials:
        assert set(trial.params) == {"x"}
        assert trial.user_attrs[OTHER_VALUES] == {
            "n": 1,
            "lr": 1e-4,
            "kind": "a",
        }


def test_new_entries_can_be_forbidden(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("x", -2, 2)
    oracle = Oracle(None, None, 3, hyperparameters=hp, allow_new_entries=False)
    with pytest.raises(RuntimeError, match="allow_new_entries"):
        Tuner(oracle, quadratic, tmp_path).search()
    assert [t.state for t in oracle.study.trials] == [TrialState.FAIL]


def test_failed_trials_fail_and_are_tried_again_first(tmp_path: Path) -> None:
    seen: list[float] = []

    def fails(hp: Any) -> float:
        x = hp.Float("x", 0, 1)
        seen.append(x)
        if len(seen) in (3, 4):
            raise ValueError("no luck")
        return math.nan if len(seen) in (6, 7) else float(x)

    oracle = Oracle(RandomSampler(seed=0), None, max_trials=6, max_retries_per_trial=1)
    Tuner(oracle, fails, tmp_path).search()
    states = [t.state.name for t in oracle.study.trials]
    assert states == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE", "FAIL", "COMPLETE"]
    assert oracle.study.trials[2].user_attrs[ERROR] == "ValueError: no luck"
    assert len(oracle.study.trials) == 6
    assert seen[2] == seen[3] == oracle.study.trials[2].params["x"]


def test_too_many_failures_end_the_search_and_leave_no_lock(tmp_path: Path) -> None:
    def fails(hp: Any) -> float:
        raise ValueError(hp.Float("x", 0, 1))

    oracle = Oracle(RandomSampler(seed=0), None, max_trials=6)
    with pytest.raises(RuntimeError, match="consecutive failures"):
        Tuner(oracle, fails, tmp_path).search()
    assert [t.state.name for t in oracle.study.trials] == ["FAIL"] * 3
    thread = threading.Thread(target=oracle.create_trial, args=("other",), daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_threads_get_trials_of_their_own(tmp_path: Path) -> None:
    oracle = Oracle(RandomSampler(seed=0), None, max_trials=12, hyperparameters=declared())
    oracle.verbose = 0
    oracle._set_project_dir(tmp_path, "project")

    def work(tuner_id: str) -> None:
        while (trial := oracle.create_trial(tuner_id)).status == "RUNNING":
            oracle.update_trial(trial.trial_id, {oracle.objective.name: 1.0})
            trial.status = "COMPLETED"
            oracle.end_trial(trial)

    threads = [threading.Thread(target=work, args=(f"tuner{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [t.state for t in oracle.study.trials] == [TrialState.COMPLETE] * 12
    assert sorted(oracle.trial_number(name) for name in oracle.trials) == list(range(12))


class Pruning(Tuner):
    """Reports two steps, as a tuner of one's own does that prunes."""

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        x = trial.hyperparameters.Float("x", 0, 1)
        for step in range(2):
            self.oracle.report(trial.trial_id, x + step, step)
            if self.oracle.should_prune(trial.trial_id):
                return 0.0  # the best of all, if it counted
        return x + 1


def pruned_oracle(**more: Any) -> Any:
    pruner = optuna.pruners.ThresholdPruner(upper=1.5, n_warmup_steps=1)
    return Oracle(RandomSampler(seed=0), None, max_trials=8, pruner=pruner, **more)


def test_a_pruned_trial_is_stopped_and_not_among_the_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    oracle = pruned_oracle()
    tuner = Pruning(oracle, quadratic, tmp_path)
    tuner.search()
    pruned = [t for t in oracle.study.trials if t.params["x"] + 1 > 1.5]
    assert 2 < len(pruned) < 7
    for trial in oracle.study.trials:
        kept = oracle.trials[trial.user_attrs["keras_tuner:trial_id"]]
        over = trial in pruned
        assert trial.state == (TrialState.PRUNED if over else TrialState.COMPLETE)
        assert kept.status == ("STOPPED" if over else "COMPLETED")
        assert trial.intermediate_values == {
            0: trial.params["x"],
            1: trial.params["x"] + 1,
        }
        assert kept.score == trial.value
    assert oracle.get_best_trials()[0].score == oracle.study.best_value
    tuner.results_summary()
    assert "Pruned at step 1: default_objective = 1." in capsys.readouterr().out


@pytest.mark.parametrize("kept", ["in memory", "in a journal"])
def test_an_interrupted_search_goes_on(kept: str, tmp_path: Path) -> None:
    place = None if kept == "in memory" else tmp_path / "study.journal"

    class Interrupted(Pruning):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
            if trial.trial_id == "5":
                raise KeyboardInterrupt
            if trial.trial_id == "2":
                trial.hyperparameters.Float("x", 0, 1)
                raise ValueError("no luck")
            return super().run_trial(trial, *args, **kwargs)

    first = pruned_oracle(storage=place)
    with pytest.raises(KeyboardInterrupt):
        Interrupted(first, quadratic, tmp_path).search()
    assert [t.state.name for t in first.study.trials][5:] == ["RUNNING"]

    second = pruned_oracle(storage=place)
    tuner = Pruning(second, quadratic, tmp_path)
    assert len(second.study.trials) == 6
    for old, new in zip(first.study.trials, second.study.trials, strict=True):
        assert (old.number, old.state, old.value) == (new.number, new.state, new.value)
        assert (old.params, old.distributions) == (new.params, new.distributions)
        assert old.intermediate_values == new.intermediate_values
        assert old.user_attrs == new.user_attrs
    tuner.search()
    assert len(second.study.trials) == 8
    assert all(t.state.is_finished() for t in second.study.trials)
    assert second.study.trials[5].params == first.study.trials[5].params
    assert len({t.params["x"] for t in second.study.trials}) == 8


def test_a_project_and_another_study_do_not_fit(tmp_path: Path) -> None:
    hp = declared()
    Tuner(Oracle(None, None, 3, hyperparameters=hp, seed=0), quadratic, tmp_path).search()
    place = tmp_path / "study.journal"
    other = optuna.create_study(
        storage=optuna.storages.JournalStorage(
            optuna.storages.journal.JournalFileBackend(str(place))
        ),
        study_name="study",
    )
    other.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    oracle = Oracle(None, None, 3, hyperparameters=hp, storage=place)
    with pytest.raises(RequestError, match="trial 1 is not in the study 'study'"):
        Tuner(oracle, quadratic, tmp_path)


def test_a_plain_project_becomes_a_study(tmp_path: Path) -> None:
    """A project that Keras Tuner's own oracle began is taken up."""
    plain = keras_tuner.oracles.RandomSearchOracle(max_trials=4, seed=1, hyperparameters=declared())
    Tuner(plain, quadratic, tmp_path).search()
    oracle = Oracle(TPESampler(seed=0), None, max_trials=6)
    tuner = Tuner(oracle, quadratic, tmp_path)
    assert [t.value for t in oracle.study.trials] == [t.score for t in plain.trials.values()]
    tuner.search()
    assert [t.state for t in oracle.study.trials] == [TrialState.COMPLETE] * 6


def small(hp: Any) -> float:
    kind = hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        n = hp.Int("n", 1, 3)
    return len(kind) + (n or 0)


@pytest.mark.parametrize(
    "sampler",
    [
        TPESampler(seed=0),
        optuna.samplers.BruteForceSampler(seed=0),
        GridSampler({"kind": ["a", "b"], "n": [1, 2, 3]}, seed=0),
        HyperoptSampler(seed=0),
    ],
)
def test_a_small_space_ends_the_search(sampler: Any, tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    small(hp)
    oracle = Oracle(sampler, None, max_trials=None, hyperparameters=hp)
    Tuner(oracle, small, tmp_path).search()
    points = [tuple(t.params.items()) for t in oracle.study.trials]
    assert len(set(points)) == 4
    assert len(set(points[:-1])) == 3  # no trial more than it takes
    assert all(t.state == TrialState.COMPLETE for t in oracle.study.trials)


def test_a_sampler_that_repeats_itself_ends_the_search(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    small(hp)
    fixed = optuna.samplers.PartialFixedSampler({"kind": "b", "n": 2}, RandomSampler(seed=0))
    oracle = Oracle(fixed, None, max_trials=None, hyperparameters=hp)
    Tuner(oracle, small, tmp_path).search()
    assert len(oracle.study.trials) == 21


def test_the_values_are_those_that_keras_tuner_draws() -> None:
    cases = [
        kinds.Float("p", 0, 1, step=0.1),
        kinds.Float("p", 1e-3, 10, step=10, sampling="log"),
        kinds.Int("p", 16, 250, step=2, sampling="log"),
        kinds.Int("p", 1, 10, step=4),
        kinds.Choice("p", [3, 1, 2]),
        kinds.Boolean("p"),
        kinds.Fixed("p", 2.5),
    ]
    for held in cases:
        law = searched_under(held)
        study = optuna.create_study(sampler=optuna.samplers.BruteForceSampler())
        wanted = {held.random_sample(seed) for seed in range(300)}
        study.optimize(lambda t, law=law: float(bool(t._suggest("p", law))), n_trials=50)  # type: ignore[misc]
        drawn = {t.params["p"] for t in study.trials if t.params}
        assert {type(value) for value in drawn} == {type(value) for value in wanted}
        assert sorted(map(float, drawn)) == pytest.approx(sorted(map(float, wanted)), abs=1e-12)


def test_what_cannot_be_searched_is_refused(tmp_path: Path) -> None:
    def reverse(hp: Any) -> float:
        return float(hp.Float("x", 1, 10, sampling="reverse_log"))

    hp = keras_tuner.HyperParameters()
    reverse(hp)
    with pytest.raises(Unsupported, match="'x' has reverse_log sampling"):
        Tuner(Oracle(None, None, 3, hyperparameters=hp), reverse, tmp_path, "a").search()

    def twice(hp: Any) -> float:
        hp.Choice("kind", ["a", "b"])
        for kind in "ab":
            with hp.conditional_scope("kind", [kind]):
                hp.Int("n", 1, 3)
        return 0.0

    hp = keras_tuner.HyperParameters()
    twice(hp)
    with pytest.raises(Unsupported, match="'n' is declared under 2 conditions"):
        Tuner(Oracle(None, None, 3, hyperparameters=hp), twice, tmp_path, "b").search()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("optuna", "TPESampler"),
        ("optuna:gp", "GPSampler"),
        ("cmaes", "CmaEsSampler"),
        ("random", "RandomSampler"),
        ("hyperopt", "EngineSampler"),
        ("hyperopt:anneal", "EngineSampler"),
        ("keras-tuner:bayesian", "EngineSampler"),
    ],
)
def test_a_sampler_can_be_named(name: str, kind: str) -> None:
    assert type(named_sampler(name, seed=0)).__name__ == kind


def test_bad_requests_say_what_is_wrong() -> None:
    with pytest.raises(UnknownName, match="no sampler of optuna 'tpee'|'tpee'"):
        Oracle("optuna:tpee")
    with pytest.raises(Unsupported, match="has to know the space"):
        Oracle("optuna:grid")
    with pytest.raises(RequestError, match="not 3"):
        Oracle(3)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="does not say its direction"):
        Oracle(None, "my_metric")
    with pytest.raises(UnknownName, match="no pruner 'medain'"):
        Oracle(None, pruner="medain")


def test_the_direction_is_the_objectives() -> None:
    assert Oracle(None, "val_accuracy").study.direction.name == "MAXIMIZE"
    assert Oracle(None, keras_tuner.Objective("m", "max")).study.direction.name == "MAXIMIZE"
    assert Oracle(None).study.direction.name == "MINIMIZE"


def test_several_objectives_are_their_signed_sum(tmp_path: Path) -> None:
    def two(hp: Any) -> dict[str, float]:
        x = hp.Float("x", 0, 1)
        return {"val_loss": x, "val_accuracy": 2 * x, "multi_objective": x - 2 * x}

    oracle = Oracle(RandomSampler(seed=0), ["val_loss", "val_accuracy"], max_trials=4)
    Tuner(oracle, two, tmp_path).search()
    assert [t.value for t in oracle.study.trials] == [-t.params["x"] for t in oracle.study.trials]
