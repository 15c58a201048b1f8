"""Each difference that the adapter's docstring lists."""

from __future__ import annotations

from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt import hp
from hyperopt.pyll.stochastic import sample

from crosstune import Bool, Choice, Float, Int, Space, adapters
from crosstune.engines.base import Outcome
from crosstune.errors import UnknownName, Unsupported
from crosstune.spec.spec import Spec
from crosstune.study.choice import choose

ADAPTER = adapters.get("hyperopt")
SPACE = Space(
    {
        "kind": Choice(["a", "b"]),
        "n": Int(2, 8, step=2),
        "x": Float(0.0, 1.0, when={"kind": "b", "n": [4, 6]}),
    }
)


def make(algorithm: str, space: Space = SPACE, **kwargs: Any) -> Any:
    return ADAPTER.engine(
        algorithm, space, **{"seed": 0, "maximize": False, "options": {}, **kwargs}
    )


def test_a_native_space_yields_the_values_of_the_spec_and_none_for_the_inactive() -> None:
    native = ADAPTER.compile(SPACE)
    for i in range(100):
        drawn = sample(native, np.random.default_rng(i))
        point = {name: value for name, value in drawn.items() if value is not None}
        SPACE.check_point(point, complete=True)


def test_a_native_space_runs_in_fmin() -> None:
    best = hyperopt.fmin(
        lambda drawn: (drawn["n"] - 4) ** 2 + (drawn["kind"] == "b"),
        ADAPTER.compile(SPACE),
        algo=hyperopt.tpe.suggest,
        max_evals=30,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
    )
    assert hyperopt.space_eval(ADAPTER.compile(SPACE), best) == {"kind": "a", "n": 4, "x": None}


def test_an_ordered_index_keeps_the_odds_of_both_ends() -> None:
    native = hp.quniform("n", -0.5, 3.5, 1)
    rng = np.random.default_rng(0)
    drawn = [int(sample(native, rng)) for _ in range(2000)]
    engine = make("rand", Space({"n": Int(0, 3)}))
    ours = [engine.ask(i)["n"] for i in range(500)]
    for end in (0, 3):
        assert drawn.count(end) / 2000 == pytest.approx(0.25, abs=0.04)
        assert ours.count(end) / 500 == pytest.approx(0.25, abs=0.07)


def test_the_loss_of_a_study_that_maximizes_is_negated() -> None:
    engine = make("rand", maximize=True)
    engine.ask(0)
    engine.tell(0, Outcome("complete", 3.0))
    assert engine.native.results == [{"status": "ok", "loss": -3.0}]


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Outcome("failed"), {"status": "fail"}),
        (Outcome("pruned"), {"status": "fail"}),
        (Outcome("pruned", 2.0), {"status": "fail", "loss": 2.0}),
        (Outcome("complete", float("inf")), {"status": "ok", "loss": float("inf")}),
    ],
)
def test_outcomes_are_told_in_hyperopts_terms(outcome: Outcome, result: dict[str, Any]) -> None:
    engine = make("rand")
    engine.ask(0)
    engine.tell(0, outcome)
    assert engine.native.results == [result]


def test_a_pruned_trial_is_never_the_best() -> None:
    engine = make("rand")
    for i, outcome in enumerate([Outcome("pruned", 0.0), Outcome("complete", 1.0)]):
        engine.ask(i)
        engine.tell(i, outcome)
    assert engine.native.best_trial["result"]["loss"] == 1.0


def test_a_running_trial_is_in_the_history() -> None:
    engine = make("tpe")
    for i in range(3):
        engine.ask(i)
    assert [doc["state"] for doc in engine.native.trials] == [hyperopt.JOB_STATE_RUNNING] * 3


def test_the_grid_is_crosstunes_own_and_says_so() -> None:
    chosen = choose(Spec(space=SPACE), backend="hyperopt", sampler="grid")
    assert chosen.ours
    assert not chosen.native
    assert "crosstune's own" in chosen.notes[0]


def test_atpe_is_refused_with_the_reason() -> None:
    with pytest.raises(Unsupported, match="ignores its seed"):
        ADAPTER.algorithm("atpe")


def test_options_reach_the_algorithm() -> None:
    def draws(options: dict[str, Any]) -> list[Any]:
        engine = make("tpe", Space({"x": Float(0, 1)}), options=options)
        points = []
        for i in range(12):
            points.append(engine.ask(i)["x"])
            engine.tell(i, Outcome("complete", points[-1]))
        return points

    assert draws({"n_startup_jobs": 5})[:5] == draws({})[:5]
    assert draws({"n_startup_jobs": 5})[5:] != draws({})[5:]


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'n_startup_jobs'"):
        make("tpe", options={"n_startup_job": 3})


def test_a_parent_on_a_log_scale_switches_its_children() -> None:
    space = Space({"n": Int(1, 5, log=True), "x": Float(0, 1, when={"n": [2, 4]}), "f": Bool()})
    engine = make("rand", space)
    for i in range(100):
        space.check_point(engine.ask(i), complete=True)


def test_a_weighted_parent_switches_its_children() -> None:
    parent = Choice([1, True, "c"], weights=[0.2, 0.3, 0.5])
    space = Space({"p": parent, "x": Float(0, 1, when={"p": [True, "c"]}), "f": Bool()})
    engine = make("rand", space)
    for i in range(100):
        space.check_point(engine.ask(i), complete=True)
    native = ADAPTER.compile(space)
    for i in range(100):
        drawn = sample(native, np.random.default_rng(i))
        assert (drawn["x"] is None) == (type(drawn["p"]) is int)
    assert dict(ADAPTER.read(dict(native))) == dict(space)
