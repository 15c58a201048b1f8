"""A Hyperopt space and function on every engine."""

from __future__ import annotations

import json
import logging
import math
import pickle
from pathlib import Path
from typing import Any

import hyperopt
import numpy as np
import optuna
import pytest
from hyperopt import STATUS_FAIL, STATUS_OK, Trials, fmin, hp, space_eval
from hyperopt.pyll import scope
from optuna.trial import TrialState
from sklearn.datasets import load_iris
from sklearn.linear_model import SGDClassifier
from sklearn.tree import DecisionTreeClassifier

import crosstune
from crosstune import Spec, adapters
from crosstune.adapters.hyperopt import objective as dialect
from crosstune.adapters.hyperopt.native_space import HyperoptSpace
from crosstune.errors import ObjectiveError, RequestError, RunError, SpecError, Unsupported
from tests.support.slow import slow_but_first


@scope.define
def crosstune_test_triple(a: float, b: float = 1) -> float:
    return a * 3 + b


def nested() -> Any:
    """Conditions, weights, functions, tuples, arithmetic: the manner of Hyperopt's tutorials."""
    return hp.choice(
        "model",
        [
            (
                "svm",
                {
                    "C": hp.lognormal("C", 0, 1),
                    "kernel": hp.choice(
                        "kernel",
                        [
                            {"name": "rbf", "width": 1 + hp.uniform("width", 0, 2)},
                            {"name": "poly", "degree": scope.int(hp.quniform("degree", 2, 5, 1))},
                            "linear",
                        ],
                    ),
                },
            ),
            (
                "tree",
                {
                    "trees": 1 + hp.uniformint("trees", 10, 200),
                    "rate": hp.loguniform("rate", -5, 0) * 2,
                    "combine": hp.pchoice("combine", [(0.2, min), (0.8, max)]),
                    "q": hp.quniform("q", -1, 1, 0.1),
                    "r": hp.randint("r", 3, 9),
                    "layers": hp.choice("layers", [(32,), (64, 32), None]),
                    "offset": hp.qnormal("offset", 10, 5, 2),
                },
            ),
        ],
    )


def flat() -> dict[str, Any]:
    once = hp.uniform("once", 0, 1)
    return {
        "list": [once, once * 2, {"z": hp.qlognormal("z", 2, 1, 5)}],
        "fixed": np.arange(3),
        "f": math.sin,
        "tripled": scope.crosstune_test_triple(hp.normal("n", 0, 3), b=hp.choice("b", [1, 2])),
        "whole": scope.int(hp.normal("whole", 0, 5)),
        "cut": scope.int(hp.qloguniform("cut", 0, math.log(500), 1)),
        "w": scope.switch(scope.int(hp.quniform("i", -0.5, 1.5, 1)), "a", hp.uniform("in", 0, 1)),
        "zero": math.pi * hp.quniform("zero", -0.9, 0.9, 1),
        "huge": hp.qloguniform("huge", 0, math.log(1e5), 2),
    }


def total(point: Any) -> float:
    if isinstance(point, dict):
        return sum(map(total, point.values()))
    if isinstance(point, list | tuple | np.ndarray):
        return sum((i + 1) * total(held) for i, held in enumerate(point))
    if callable(point):
        return float(len(point.__name__))
    return len(point) / 10 if isinstance(point, str) else float(point or 0)


def loss(point: Any) -> Any:
    value = math.sin(total(point))
    if value > 0.9:
        return {"status": STATUS_FAIL}
    return {"status": STATUS_OK, "loss": value}


@pytest.mark.parametrize(("space", "seed"), [(nested, 0), (nested, 12345), (flat, 1)])
@pytest.mark.parametrize("algo", ["tpe", "rand", "anneal"])
def test_hyperopt_runs_as_fmin_does_bit_for_bit(space: Any, algo: str, seed: int) -> None:
    native, seen = space(), []

    def noting(point: Any) -> Any:
        seen.append(repr(point))
        return loss(point)

    trials = Trials()
    fmin(
        noting,
        native,
        algo=getattr(hyperopt, algo).suggest,
        max_evals=32,
        trials=trials,
        rstate=np.random.default_rng(seed),
        verbose=False,
    )
    by_hand = seen.copy()
    seen.clear()
    study = crosstune.tune(
        {"space": native, "seed": seed}, noting, backend="hyperopt", sampler=algo, trials=32
    )
    assert seen == by_hand
    assert [trial.value for trial in study.trials] == trials.losses()
    assert study.sampler.native.vals == trials.vals
    assert len(study.get_trials(states=[TrialState.FAIL])) > 0


X, Y = load_iris(return_X_y=True)
CLASSIFIERS = hp.choice(
    "model",
    [
        {
            "type": "sgd",
            "alpha": hp.loguniform("alpha", math.log(1e-5), math.log(1e-1)),
            "penalty": hp.choice(
                "penalty", ["l2", {"name": "elasticnet", "ratio": hp.uniform("ratio", 0, 1)}]
            ),
        },
        {"type": "tree", "depth": scope.int(hp.quniform("depth", 1, 6, 1))},
    ],
)


def train(params: Any, trial: optuna.Trial) -> Any:
    """Trains with epochs; the fourth trial is pruned, and the sixth fails."""
    if trial.number == 5:
        return {"status": STATUS_FAIL, "why": "no memory"}
    if params["type"] == "tree":
        assert type(params["depth"]) is int
        model = DecisionTreeClassifier(max_depth=params["depth"], random_state=0)
        error = 1 - model.fit(X[::2], Y[::2]).score(X[1::2], Y[1::2])
        trial.report(100.0 if trial.number == 3 else error, 0)
    else:
        held = params["penalty"]
        more = {} if held == "l2" else {"l1_ratio": held["ratio"]}
        name = held if held == "l2" else held["name"]
        model = SGDClassifier(alpha=params["alpha"], penalty=name, random_state=0, **more)
        for epoch in range(3):
            model.partial_fit(X[::2], Y[::2], classes=[0, 1, 2])
            error = 1 - model.score(X[1::2], Y[1::2])
            trial.report(100.0 if trial.number == 3 else error, epoch)
    if trial.should_prune():
        raise optuna.TrialPruned
    return {"status": STATUS_OK, "loss": error, "size": np.int64(2), "model": model}


ENGINES = [
    (adapter.name, algorithm)
    for adapter in map(adapters.get, ("optuna", "hyperopt", "keras_tuner"))
    for algorithm, what in adapter.algorithms.items()
    if what.refused is None and algorithm not in ("brute-force", "hyperband")
] + [("hyperopt", "grid")]


@pytest.mark.parametrize(("backend", "sampler"), ENGINES)
def test_real_training_with_a_condition_a_pruned_and_a_failed_trial(
    backend: str, sampler: str
) -> None:
    study = crosstune.tune(
        {"space": CLASSIFIERS, "metric": "loss", "seed": 1, "trials": 12},
        train,
        backend=backend,
        sampler=sampler,
        pruner={"name": "threshold", "upper": 50.0},
    )
    assert [t.number for t in study.get_trials(states=[TrialState.PRUNED])] == [3]
    assert [t.number for t in study.get_trials(states=[TrialState.FAIL])] == [5]
    assert study.trials[5].user_attrs["why"] == "no memory"
    assert "'fail'" in study.trials[5].user_attrs["crosstune:error"]
    for trial in study.get_trials(states=[TrialState.COMPLETE]):
        assert trial.user_attrs["size"] == 2
        assert "model" not in trial.user_attrs
        there = {"model", "depth"}
        if trial.params["model"] == "sgd":
            there = {"model", "alpha", "penalty"}
            there |= {"ratio"} if trial.params["penalty"] == "elasticnet" else set()
        assert set(trial.params) == there
    assert study.best_value < 0.5


@pytest.mark.parametrize(
    ("sampler", "error"), [("brute-force", "finite"), ("keras_tuner:hyperband", "")]
)
def test_what_cannot_search_the_space_says_why(sampler: str, error: str) -> None:
    if sampler == "brute-force":
        with pytest.raises(Unsupported, match=error):
            crosstune.tune(CLASSIFIERS, train, backend="optuna", sampler=sampler, trials=3)
        return
    study = crosstune.tune(
        CLASSIFIERS, train, backend="keras_tuner", sampler={"name": "hyperband", "max_epochs": 4}
    )
    assert crosstune.budget(study.trials[0]).epochs <= 4


def test_fn_gets_what_space_eval_gives_on_every_engine() -> None:
    native = nested()
    space = HyperoptSpace(native)
    seen: list[Any] = []

    def noting(point: Any) -> float:
        seen.append(point)
        return total(point)

    for backend in ("optuna", "keras_tuner"):
        kept = {"space": native if backend == "optuna" else _without_weights(), "seed": 0}
        study = crosstune.tune(kept, noting, backend=backend, sampler="random", trials=20)
        held = space if backend == "optuna" else HyperoptSpace(kept["space"])
        assert seen == [space_eval(held.native, held.drawn(t.params)) for t in study.trials]
        seen.clear()


def _without_weights() -> Any:
    return hp.choice("m", [{"k": "a", "x": 2 * hp.quniform("x", 0, 1, 0.1)}, hp.randint("n", 2, 5)])


def test_the_study_holds_values_and_readable_names() -> None:
    space = HyperoptSpace(nested())
    assert space["model"].values == ("svm", "tree")
    assert space["kernel"].values == ("rbf", "poly", "linear")
    assert space["combine"].values == ("min", "max")
    assert space["combine"].weights == (0.2, 0.8)
    assert space["layers"].values == ("(32,)", "(64, 32)", None)
    assert dict(space["degree"].when) == {"kernel": ("poly",)}
    params = space.params({"model": 1, "q": -0.30000000000000004, "trees": 17.0, "combine": 1})
    assert params == {"model": "tree", "combine": "max", "q": -0.3, "trees": 17}
    assert type(params["trees"]) is int
    assert space.drawn(params)["q"] == -0.30000000000000004


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([True, False], (True, False)),
        ([1, 1.0, True, "1", None], (1, 1.0, True, "1", None)),
        ([0, hp.uniform("dropout", 0.1, 0.5)], (0, "dropout")),
        ([1, 1, 2], (1, 2)),
        ([(1, 2), (1, 2), (3,)], ("(1, 2)", "(3,)")),
        ([(1, hp.uniform("a", 0, 1)), (1, hp.uniform("b", 0, 1))], ("a", "b")),
        ([math.sin, math.cos], ("sin", "cos")),
        ([["a"], {"b": 1}], ("a", "{b: 1}")),
        ([{"p": hp.uniform("p", 0, 1)}, {"u": hp.uniform("u", 0, 1)}], ("p", "u")),
        ([float("inf"), 1.0], ("inf", 1.0)),
    ],
)
def test_options_are_named(options: list[Any], names: tuple[Any, ...]) -> None:
    values = HyperoptSpace({"c": hp.choice("c", options)})["c"]
    held = (False, True) if values.type == "bool" else values.values
    assert [*map(repr, held)] == [*map(repr, names)]


def test_a_draw_beyond_the_cut_of_a_normal_reaches_the_function() -> None:
    space = HyperoptSpace({"x": hp.normal("x", 0, 1), "z": hp.quniform("z", -1, 1, 1)})
    params = space.params({"x": 8.5, "z": -0.0})
    assert params["x"] == pytest.approx(5.998, abs=1e-3)
    aside = space.aside({"x": 8.5, "z": -0.0})
    assert repr(aside) == "{'x': 8.5, 'z': -0.0}"
    assert space.call(lambda point: point, params, 0, aside)["x"] == 8.5
    other = {**params, "x": 1.0}  # evaluated elsewhere: what was drawn does not count
    assert space.call(lambda point: point, other, 0, aside)["x"] == 1.0


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_the_space_of_hyperopts_documentation_runs_on_each_engine(backend: str) -> None:
    native = hp.choice(
        "classifier_type",
        [
            {"type": "naive_bayes"},
            {
                "type": "svm",
                "C": hp.lognormal("svm_C", 0, 1),
                "kernel": hp.choice(
                    "svm_kernel",
                    [
                        {"ktype": "linear"},
                        {"ktype": "RBF", "width": hp.lognormal("svm_rbf_width", 0, 1)},
                    ],
                ),
            },
            {
                "type": "dtree",
                "criterion": hp.choice("dtree_criterion", ["gini", "entropy"]),
                "max_depth": hp.choice(
                    "dtree_max_depth", [None, hp.qlognormal("dtree_max_depth_q", 3, 1, 1)]
                ),
                "min_samples_split": hp.qlognormal("dtree_min_samples_split", 2, 1, 1),
            },
        ],
    )
    study = crosstune.tune(native, total, backend=backend, trials=20, seed=0)
    kinds = {trial.params["classifier_type"] for trial in study.trials}
    assert kinds == {"naive_bayes", "svm", "dtree"}
    verdicts = crosstune.check({"space": native}).verdicts["optuna"]
    assert verdicts["dtree_min_samples_split"].distance == pytest.approx(0.0036, abs=1e-3)
    space = HyperoptSpace(native)
    drawn = {"classifier_type": 2, "dtree_min_samples_split": 0.0}
    assert space.aside(drawn) == {"dtree_min_samples_split": 0.0}


def test_every_form_of_giving_the_space_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "ct_native_mod.py").write_text(
        "from hyperopt import hp\n"
        "space = {'x': hp.uniform('x', -1, 1), 'q': hp.quniform('q', 0, 9, 3)}\n"
        "def fn(config):\n    return config['x'] ** 2 + config['q']\n"
    )
    file = tmp_path / "study.yaml"
    file.write_text(
        "space: ct_native_mod:space\nobjective: ct_native_mod:fn\nseed: 4\ntrials: 9\n"
        "backend: hyperopt\n"
    )
    spec = Spec.load(file)
    native = spec.space.native  # type: ignore[attr-defined]

    def fn(whatever: Any) -> float:
        return whatever["x"] ** 2 + whatever["q"]

    studies = [
        crosstune.tune(file),
        crosstune.tune(spec),
        crosstune.tune(native, fn, seed=4, trials=9, backend="hyperopt"),
        crosstune.tune({"space": native, "seed": 4}, fn, trials=9, backend="hyperopt"),
        crosstune.tune(Spec(space=native, seed=4), fn, trials=9, backend="hyperopt"),
    ]
    points = [[trial.params for trial in study.trials] for study in studies]
    assert all(held == points[0] for held in points)
    assert spec.to_dict()["space"] == "ct_native_mod:space"
    spec.save(tmp_path / "again.yaml")
    assert Spec.load(tmp_path / "again.yaml").space == spec.space
    again = pickle.loads(pickle.dumps(spec.space))
    assert again == spec.space
    assert again.drawn({"q": 3.0}) == {"q": 3.0}


@pytest.mark.parametrize("native", [hp.uniform("x", 0, 1), [hp.uniform("x", 0, 1), "fixed"]])
def test_a_bare_expression_and_a_list_are_spaces(native: Any) -> None:
    study = crosstune.tune(
        native, lambda p: p if isinstance(p, float) else p[0], backend="hyperopt", trials=3
    )
    assert list(study.best_params) == ["x"]


def test_the_example_runs_on_each_engine() -> None:
    file = Path(__file__).parents[3] / "examples" / "hyperopt_code.yaml"
    for backend in ("hyperopt", "optuna", "keras_tuner"):
        study = crosstune.tune(file, backend=backend, trials=2)
        assert study.best_value < 0.4
        assert "spread" in study.best_trial.user_attrs


def test_start_takes_the_values_of_labels() -> None:
    seen: list[Any] = []

    def noting(point: Any) -> float:
        seen.append(point)
        return 0.0

    start = [{"model": "svm", "C": 1.5, "kernel": "poly", "degree": 3}]
    crosstune.tune(nested(), noting, backend="hyperopt", start=start, trials=2)
    assert seen[0] == ("svm", {"C": 1.5, "kernel": {"name": "poly", "degree": 3}})
    with pytest.raises(SpecError, match="model"):
        crosstune.tune(nested(), noting, start=[{"model": 0}], trials=1)


def test_a_study_is_resumed_with_its_space_only(tmp_path: Path) -> None:
    place = tmp_path / "study.journal"
    more: dict[str, Any] = {"storage": str(place), "study_name": "s", "seed": 0}
    crosstune.tune(nested(), loss, backend="hyperopt", trials=8, **more)
    study = crosstune.tune(nested(), loss, backend="hyperopt", trials=12, resume=True, **more)
    assert len({json.dumps(trial.params) for trial in study.trials}) == 12
    study = crosstune.tune(nested(), loss, backend="optuna", trials=14, resume=True, **more)
    assert len(study.trials) == 14
    with pytest.raises(RequestError, match="another space"):
        crosstune.tune({"x": hp.uniform("x", 0, 1)}, loss, trials=20, resume=True, **more)


def test_statuses_are_those_of_hyperopt() -> None:
    assert set(dialect.STATUSES) == set(hyperopt.STATUS_STRINGS)
    assert dialect.OK == hyperopt.STATUS_OK


SPACE = {"x": hp.uniform("x", -1, 1)}


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "NoneType"),
        ("0.5", "str"),
        ({"loss": 1.0}, "no status"),
        ({"status": "okay", "loss": 1.0}, "okay"),
        ({"status": STATUS_OK}, "no loss"),
        ({"status": STATUS_OK, "loss": None}, "None"),
    ],
)
@pytest.mark.parametrize("backend", ["optuna", "hyperopt"])
def test_what_hyperopt_would_not_take_is_an_error(backend: str, returned: Any, words: str) -> None:
    with pytest.raises(ObjectiveError, match=words):
        crosstune.tune(SPACE, lambda p: returned, backend=backend, trials=3)


@pytest.mark.parametrize(
    ("returned", "state"),
    [
        (np.float32(0.5), TrialState.COMPLETE),
        (True, TrialState.COMPLETE),
        ({"status": STATUS_OK, "loss": np.float64(0.5), "attachments": {"a": b"x"}}, None),
        (float("nan"), TrialState.FAIL),
        ({"status": STATUS_OK, "loss": float("nan")}, TrialState.FAIL),
        ({"status": STATUS_FAIL, "loss": 3.0}, TrialState.FAIL),
        ({"status": "suspended"}, TrialState.FAIL),
    ],
)
def test_what_a_result_makes_of_a_trial(returned: Any, state: TrialState | None) -> None:
    trial = crosstune.tune(SPACE, lambda p: returned, backend="hyperopt", trials=1).trials[0]
    assert trial.state == (state or TrialState.COMPLETE)
    if isinstance(returned, dict) and returned.get("loss") == 3.0:
        assert trial.user_attrs["loss"] == 3.0
    assert "attachments" not in trial.user_attrs


def test_what_is_left_out_of_a_result_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    def fn(point: Any) -> Any:
        return {"status": STATUS_OK, "loss": 0.0, "model": object()}

    crosstune.tune(SPACE, fn, backend="hyperopt", trials=4)
    assert caplog.text.count("'model' of the result is not kept") == 1


def test_an_objective_that_raises_fails_its_trial() -> None:
    study = crosstune.tune(
        SPACE, lambda p: 1 / 0 if p["x"] > 0 else p["x"], backend="hyperopt", trials=9, seed=2
    )
    failed = study.get_trials(states=[TrialState.FAIL])
    assert 0 < len(failed) < 9
    assert "ZeroDivisionError" in failed[0].user_attrs["crosstune:error"]
    with pytest.raises(RunError, match="first 3 trials all failed"):
        crosstune.tune(SPACE, lambda p: {"status": STATUS_FAIL}, backend="hyperopt", trials=9)


def test_the_lower_calling_convention_holds() -> None:
    @hyperopt.fmin_pass_expr_memo_ctrl
    def fn(expr: Any, memo: Any, ctrl: Any) -> Any:
        ctrl.attachments["note"] = b"x"
        value = hyperopt.pyll.rec_eval(expr, memo=memo)
        assert ctrl.current_trial["misc"]["vals"]["x"] == [value["x"]]
        return {"status": STATUS_OK, "loss": value["x"]}

    for backend in ("hyperopt", "optuna"):
        study = crosstune.tune(SPACE, fn, backend=backend, trials=4, seed=0)
        assert [trial.value for trial in study.trials] == [t.params["x"] for t in study.trials]


def test_a_loss_is_not_maximised_and_takes_one_argument() -> None:
    spec = {"space": SPACE, "metric": {"name": "acc", "direction": "maximize"}}
    with pytest.raises(RequestError, match="minimised"):
        crosstune.tune(spec, lambda p: 0.0, trials=1)
    with pytest.raises(RequestError, match="'y'"):
        crosstune.tune(SPACE, lambda x, y: 0.0, trials=1)


def test_the_dialect_can_be_had_with_a_space_of_ours_and_ours_with_a_native_one() -> None:
    def fn(config: Any) -> Any:
        return {"status": STATUS_OK, "loss": config["x"]}

    space = {"x": crosstune.Float(0, 1)}
    study = crosstune.tune({"space": space}, fn, dialect="hyperopt", trials=2)
    assert study.trials[0].value == study.trials[0].params["x"]

    def ours(params: Any) -> float:
        assert isinstance(params["layers"], str | None) if "layers" in params else True
        return 0.0

    crosstune.tune(nested(), ours, dialect="crosstune", trials=5)


@pytest.mark.parametrize(
    ("native", "words"),
    [
        ({"x": hp.uniform("x", 0, 1), "y": hp.uniform("x", 0, 1)}, "two draws"),
        (
            hp.choice("a", [hp.choice("b", [s := hp.uniform("s", 0, 1), 2]), s]),
            "not an AND of parents",
        ),
        (
            {"y": scope.switch(scope.int(hp.uniform("u", 0, 1) * 2), 1, hp.uniform("v", 0, 1))},
            "scope.switch",
        ),
        ({"x": hp.uniform("x", 0, hp.uniform("high", 1, 2))}, "depends on another draw"),
    ],
)
def test_what_cannot_be_held_is_refused_with_the_reason(native: Any, words: str) -> None:
    for backend in ("hyperopt", "optuna"):
        with pytest.raises(Unsupported, match=words):
            crosstune.tune(native, lambda p: 0.0, backend=backend, trials=1)


def test_what_only_hyperopt_can_search_runs_there() -> None:
    native = {"h": hp.qloguniform("h", 0, math.log(1e6), 2)}
    study = crosstune.tune(native, lambda p: p["h"], backend="hyperopt", trials=10)
    assert all(trial.params["h"] % 2 == 0 for trial in study.trials)
    for backend in ("optuna", "keras_tuner"):
        with pytest.raises(Unsupported, match="1000 values"):
            crosstune.tune(native, lambda p: p["h"], backend=backend, trials=1)
    held = crosstune.check({"space": native}).verdicts
    assert held["hyperopt"]["h"].kind == "exact"
    assert held["optuna"]["h"].kind == "refused"


def test_approximations_are_said_once_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    native = {"n": hp.uniformint("n", 1, 4), "x": hp.uniform("x", 0, 1)}
    study = crosstune.tune(native, lambda p: p["n"], backend="optuna", trials=3)
    assert caplog.text.count("nearest parameters") == 1
    (run,) = study.user_attrs["crosstune:runs"]
    assert "n 0.17" in run["notes"][0]
    assert str(crosstune.check({"space": native}).verdicts["optuna"]["n"]).startswith("approx")
    caplog.clear()
    crosstune.tune(native, lambda p: p["n"], backend="hyperopt", trials=3)
    assert "nearest" not in caplog.text


def test_a_native_study_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="crosstune"):
        crosstune.tune(SPACE, lambda p: p["x"], backend="hyperopt", trials=3)
    assert not caplog.records
