"""Any sampler as an algo of hyperopt.fmin."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path
from typing import Any

import hyperopt
import numpy as np
import optuna
import pytest
from hyperopt import STATUS_FAIL, STATUS_OK, Trials, fmin, hp, space_eval
from hyperopt.base import JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_NEW, JOB_STATE_RUNNING
from hyperopt.early_stop import no_progress_loss
from hyperopt.fmin import FMinIter, generate_trials_to_calculate
from hyperopt.pyll import scope
from optuna.samplers import CmaEsSampler, RandomSampler, TPESampler

import crosstune
from crosstune.adapters.hyperopt import suggest
from crosstune.errors import RequestError, UnknownName, Unsupported
from crosstune.samplers import GridSampler, KerasTunerSampler

SPACE = hp.choice(
    "model",
    [
        ("svm", {"C": hp.lognormal("C", 0, 1), "kernel": hp.choice("kernel", ["rbf", "poly"])}),
        (
            "tree",
            {
                "depth": 1 + scope.int(hp.quniform("depth", 1, 8, 1)),
                "rate": hp.loguniform("rate", -5, 0),
                "q": hp.quniform("q", 0, 1, 0.1),
                "rule": hp.pchoice("rule", [(0.2, "gini"), (0.8, "entropy")]),
            },
        ),
    ],
)


def loss(point: Any) -> float:
    name, held = point
    if name == "svm":
        return abs(float(np.log(held["C"]))) + (held["kernel"] == "poly")
    return (held["depth"] - 5) ** 2 / 16 + held["rate"] + held["q"]


def run(algo: Any, evals: int = 12, *, seed: int = 0, fn: Any = loss, **more: Any) -> list[Any]:
    """The points that fmin evaluates."""
    seen: list[Any] = []

    def noting(point: Any) -> Any:
        seen.append(point)
        return fn(point)

    more.setdefault("space", SPACE)
    rstate = np.random.default_rng(seed)
    fmin(noting, algo=algo, max_evals=evals, rstate=rstate, verbose=False, **more)
    return seen


@pytest.mark.parametrize("sampler", [TPESampler, RandomSampler, CmaEsSampler])
def test_fmin_evaluates_the_points_of_the_same_sampler_in_a_study(sampler: Any) -> None:
    seen: list[Any] = []

    def noting(point: Any) -> float:
        seen.append(point)
        return loss(point)

    name = {TPESampler: "tpe", RandomSampler: "random", CmaEsSampler: "cmaes"}[sampler]
    study = crosstune.tune(SPACE, noting, backend="optuna", sampler=name, trials=40, seed=3)
    quiet = {"warn_independent_sampling": False} if sampler is CmaEsSampler else {}
    trials = Trials()
    assert repr(run(suggest(sampler(seed=3, **quiet)), 40, trials=trials)) == repr(seen)
    assert trials.losses() == [trial.value for trial in study.trials]


def test_a_plain_space_equals_optunas_own_loop() -> None:
    space = {"x": hp.uniform("x", -5, 5), "y": hp.loguniform("y", -3, 3)}
    study = optuna.create_study(sampler=TPESampler(seed=1))

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -5, 5)
        y = trial.suggest_float("y", float(np.exp(-3)), float(np.exp(3)), log=True)
        return x**2 + y

    study.optimize(objective, n_trials=40)
    seen = run(suggest(TPESampler(seed=1)), 40, space=space, fn=lambda p: p["x"] ** 2 + p["y"])
    assert seen == [trial.params for trial in study.trials]


@pytest.mark.parametrize("algo", ["tpe", "rand", "anneal"])
def test_hyperopts_own_algorithms_are_themselves(algo: str) -> None:
    own = getattr(hyperopt, algo).suggest
    first, second = Trials(), Trials()
    run(own, 40, seed=5, trials=first)
    run(suggest(f"hyperopt:{algo}", seed=5), 40, seed=9, trials=second)
    assert first.vals == second.vals
    assert first.losses() == second.losses()


@pytest.mark.parametrize(
    "sampler",
    [
        "optuna",
        "gp",
        "random",
        "optuna:nsga2",
        "optuna:qmc",
        "hyperopt:anneal",
        "keras_tuner",
        "keras_tuner:random",
        KerasTunerSampler("bayesian", seed=1),
        lambda seed: TPESampler(seed=seed),
        GridSampler(points=3, seed=0),
    ],
    ids=lambda sampler: sampler if isinstance(sampler, str) else type(sampler).__name__,
)
def test_each_sampler_repeats_its_run_and_leaves_inactive_labels_empty(sampler: Any) -> None:
    trials = Trials()
    algo = suggest(sampler)
    seen = run(algo, 12, trials=trials)
    assert repr(run(algo, 12)) == repr(seen)  # other Trials: another search
    for doc in trials.trials:
        vals, idxs = doc["misc"]["vals"], doc["misc"]["idxs"]
        svm = vals["model"] == [0]
        assert {name for name in vals if vals[name]} == (
            {"model", "C", "kernel"} if svm else {"model", "depth", "rate", "q", "rule"}
        )
        assert all(idxs[name] == ([doc["tid"]] if vals[name] else []) for name in vals)
    assert space_eval(SPACE, trials.argmin) == min(seen, key=loss)


def test_the_seed_comes_from_rstate() -> None:
    assert run(suggest("random"), seed=1) == run(suggest("random"), seed=1)
    assert run(suggest("random"), seed=1) != run(suggest("random"), seed=2)
    assert run(suggest("random", seed=7), seed=1) == run(suggest("random", seed=7), seed=2)


def test_it_learns_from_failures_nan_and_known_points() -> None:
    def sometimes(point: Any) -> Any:
        if point[0] == "svm" and point[1]["C"] > 1:
            return {"status": STATUS_FAIL}
        return {"status": STATUS_OK, "loss": float("nan") if point[1].get("q") == 0 else 1.0}

    tree = {"model": 1, "depth": 3, "rate": 0.1, "q": 0.3, "rule": 0}
    trials = generate_trials_to_calculate([{"model": 0, "C": 2.0, "kernel": 1}, tree])
    algo = suggest("optuna:tpe")
    seen = run(algo, 25, fn=sometimes, trials=trials)
    mirror = algo.native(trials).trials
    assert seen[0] == ("svm", {"C": 2.0, "kernel": "poly"})
    # Nothing is asked after the last trial, so it is not told.
    states = [trial.state.name for trial in mirror]
    ends = []
    for doc in trials.trials[:-1]:
        good = doc["result"]["status"] == STATUS_OK and doc["result"]["loss"] == 1.0
        ends.append("COMPLETE" if good else "FAIL")
    assert states == [*ends, "RUNNING"]
    assert {"FAIL", "COMPLETE"} <= set(states)
    assert mirror[1].value == 1.0


def test_points_to_evaluate_come_first() -> None:
    known = [{"x": 0.25}, {"x": -0.5}]
    algo = suggest(TPESampler(seed=0))
    space = {"x": hp.uniform("x", -1, 1)}
    seen = run(algo, 6, space=space, fn=lambda p: p["x"] ** 2, points_to_evaluate=known)
    assert [p["x"] for p in seen[:2]] == [0.25, -0.5]
    assert len({point["x"] for point in seen}) == 8  # as with any algo: 6 and the known ones


@pytest.mark.parametrize("sampler", ["optuna:random", "hyperopt:rand"])
def test_the_numbers_are_of_numpy_as_of_hyperopts_own_algorithms(sampler: str) -> None:
    space = {
        "rate": hp.uniform("rate", 0, 1),
        "act": hp.choice("act", ["relu", "tanh"]),
        "step": hp.quniform("step", 0, 8, 2),
        "depth": hp.uniformint("depth", 1, 5),
        "size": hp.randint("size", 2, 9),
        "rule": hp.pchoice("rule", [(0.5, 1), (0.5, 2)]),
    }
    kinds = []
    for algo in (hyperopt.rand.suggest, suggest(sampler)):
        trials, handed = Trials(), []

        def noting(point: Any, handed: list[Any] = handed) -> float:
            handed.append({name: type(value) for name, value in point.items()})
            return float(point["rate"])

        best = fmin(noting, space, algo, 3, trials=trials, verbose=False)
        drawn = trials.trials[-1]["misc"]["vals"].items()
        kinds.append(
            (
                {name: type(value) for name, value in best.items()},
                {name: type(vals[0]) for name, vals in drawn},
                handed,
            )
        )
    assert kinds[0] == kinds[1]


def test_a_growing_number_of_evaluations_is_one_search() -> None:
    whole = run(suggest(TPESampler(seed=0)), 30)
    trials, algo, seen = Trials(), suggest(TPESampler(seed=0)), []
    for evals in range(5, 31, 5):
        seen += run(algo, evals, trials=trials)
    assert repr(seen) == repr(whole)


def test_trials_from_a_file_go_on_without_repeating(tmp_path: Path) -> None:
    file = tmp_path / "trials.pkl"
    first = run(suggest("random"), 8, trials_save_file=str(file))
    algo = suggest("random")
    rest = run(algo, 16, trials_save_file=str(file))
    assert len(rest) == 8
    assert not any(point in first for point in rest)
    with file.open("rb") as stream:
        kept = pickle.load(stream)
    assert len(kept.trials) == 16


def test_an_algo_can_be_pickled() -> None:
    for sampler in (TPESampler(seed=0), "optuna:random"):
        algo = suggest(sampler)
        again = pickle.loads(pickle.dumps(algo))
        assert repr(run(again)) == repr(run(algo))


def test_early_stop_and_loss_threshold_end_fmin() -> None:
    assert len(run(suggest("random"), 200, early_stop_fn=no_progress_loss(5))) < 200
    assert len(run(suggest("random"), 200, loss_threshold=0.9)) < 200


def test_return_argmin_false_returns_the_point() -> None:
    best = fmin(
        loss,
        SPACE,
        algo=suggest("random"),
        max_evals=5,
        verbose=False,
        return_argmin=False,
        rstate=np.random.default_rng(0),
    )
    assert best[0] in ("svm", "tree")


@pytest.mark.parametrize("sampler", ["optuna:tpe", "optuna:cmaes", "keras_tuner", "hyperopt:tpe"])
def test_a_queue_of_four_gets_four_points(sampler: str) -> None:
    trials = Trials()
    seen = run(suggest(sampler), 14, trials=trials, max_queue_len=4)
    assert len(seen) == 14
    assert [doc["tid"] for doc in trials.trials] == list(range(14))
    assert len({repr(point) for point in seen}) == 14


class InThreads(Trials):
    """Trials whose evaluations run elsewhere and end in any order, as with SparkTrials."""

    asynchronous = True

    def fmin(self, fn: Any, space: Any, **more: Any) -> Any:
        stop = threading.Event()
        domain = hyperopt.base.Domain(fn, space)

        def work() -> None:
            while not stop.wait(0.002):
                new = [d for d in list(self._dynamic_trials) if d["state"] == JOB_STATE_NEW]
                for doc in new:
                    doc["state"] = JOB_STATE_RUNNING
                for doc in reversed(new):
                    spec = hyperopt.base.spec_from_misc(doc["misc"])
                    ctrl = hyperopt.base.Ctrl(self, current_trial=doc)
                    try:
                        doc["result"] = domain.evaluate(spec, ctrl)
                        doc["state"] = JOB_STATE_DONE
                    except ZeroDivisionError:
                        doc["state"] = JOB_STATE_ERROR

        worker = threading.Thread(target=work)
        worker.start()
        try:
            more.pop("points_to_evaluate", None)
            iterator = FMinIter(
                more["algo"],
                domain,
                self,
                rstate=more["rstate"],
                max_evals=more["max_evals"],
                max_queue_len=more["max_queue_len"],
                show_progressbar=False,
                poll_interval_secs=0.01,
            )
            iterator.exhaust()
        finally:
            stop.set()
            worker.join()
        return None


def test_trials_in_parallel_are_told_when_they_end_and_errors_as_failed() -> None:
    count = iter(range(1000))

    def fails_at_times(point: Any) -> float:
        return loss(point) / (next(count) % 5)

    trials, algo = InThreads(), suggest("optuna:tpe")
    run(algo, 20, trials=trials, fn=fails_at_times, max_queue_len=3)
    states = [trial.state.name for trial in algo.native(trials).trials]
    assert states.count("FAIL") >= 3
    assert states.count("COMPLETE") >= 10


def test_a_finite_space_ends_fmin_when_it_is_walked_through() -> None:
    space = {"a": hp.choice("a", ["x", "y"]), "n": hp.randint("n", 3)}
    for sampler in ("optuna:brute-force", GridSampler(seed=0), "keras_tuner:grid"):
        seen = run(suggest(sampler), 50, space=space, fn=lambda p: p["n"])
        assert len({repr(point) for point in seen}) == len(seen) == 6


def test_the_nearest_parameters_are_said(caplog: pytest.LogCaptureFixture) -> None:
    run(suggest("optuna:tpe"), 3)
    assert caplog.text.count("nearest parameters") == 1
    assert "q 0.082" in caplog.text


@pytest.mark.parametrize(
    ("sampler", "more", "error", "words"),
    [
        ("optunna:tpe", {}, UnknownName, "Did you mean 'optuna'"),
        ("optuna:gpp", {}, UnknownName, "gp"),
        ("optuna:tpe", {"n_startup_trial": 3}, UnknownName, "n_startup_trials"),
        ("hyperopt:atpe", {}, Unsupported, "seed"),
        (TPESampler(), {"seed": 1}, RequestError, "its own seed"),
        (TPESampler(), {"n_startup_trials": 1}, RequestError, "options"),
        (3, {}, RequestError, "a name such as"),
    ],
)
def test_a_bad_sampler_is_refused_at_once(sampler: Any, more: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        suggest(sampler, **more)


def test_what_fmin_cannot_run_is_refused_before_the_first_trial() -> None:
    with pytest.raises(Unsupported, match="fmin has no way"):
        run(suggest("keras_tuner:hyperband"))
    other = crosstune.Space({"z": crosstune.Float(0, 1)})
    with pytest.raises(RequestError, match="another space"):
        run(suggest(KerasTunerSampler("random", space=other)))
    with pytest.raises(RequestError, match="an Optuna sampler is needed"):
        run(suggest(lambda seed: "tpe"))


def test_trials_of_another_space_are_no_obstacle() -> None:
    trials = hyperopt.Trials()
    options = {"show_progressbar": False, "trials": trials}
    wide = hp.choice("k", [1, 2, 3, 4])
    fmin(lambda k: float(k), wide, algo=hyperopt.rand.suggest, max_evals=8, **options)
    assert any(value[0] > 1 for value in (doc["misc"]["vals"]["k"] for doc in trials.trials))
    narrow = hp.choice("k", [1, 2])
    fmin(lambda k: float(k), narrow, algo=suggest("optuna:tpe"), max_evals=10, **options)
    assert len(trials.trials) == 10
