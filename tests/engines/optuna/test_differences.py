"""Each difference that the adapter's docstring lists."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

import crosstune
from crosstune import Bool, Choice, Constant, Float, Int, Normal, Space, adapters
from crosstune.engines.base import Exhausted, Outcome
from crosstune.errors import MissingLibrary, UnknownName, Unsupported

ADAPTER = adapters.get("optuna")
NATIVE = Space({"x": Float(0, 1), "n": Int(1, 9, step=2), "c": Choice(["a", "b"]), "b": Bool()})
LATENT = {
    "ordered": Choice([16, 32], ordered=True),
    "weighted": Choice(["a", "b"], weights=[0.5, 0.5]),
    "stepped": Float(0.0, 1.0, step=0.1),
    "geometric": Int(8, 64, log=True, step=2),
    "normal": Normal(0.0, 1.0),
}


def make(algorithm: str, space: Space, **kwargs: Any) -> Any:
    return ADAPTER.engine(
        algorithm, space, **{"seed": 0, "maximize": False, "options": {}, **kwargs}
    )


def test_native_distributions_are_searched_on_the_ledger_itself() -> None:
    sampler = ADAPTER.sampler("tpe", NATIVE, seed=0, options={})
    assert isinstance(sampler, optuna.samplers.TPESampler)


@pytest.mark.parametrize("name", LATENT)
def test_what_has_no_native_distribution_is_searched_on_a_mirror(name: str) -> None:
    space = Space({"x": Float(0, 1), name: LATENT[name]})
    assert ADAPTER.sampler("tpe", space, seed=0, options={}) is None


def test_the_compiled_space_leaves_constants_out_and_keeps_the_order() -> None:
    space = Space({"b": Float(0, 1), "k": Constant(1), "a": Int(1, 3), "o": LATENT["ordered"]})
    assert ADAPTER.compile(space) == {
        "b": FloatDistribution(0.0, 1.0),
        "a": IntDistribution(1, 3),
        "o": IntDistribution(0, 1),
    }


def test_choices_that_python_takes_for_equal_are_held_as_text() -> None:
    compiled = ADAPTER.compile(Space({"c": Choice([1, True, "1"])}))
    assert compiled == {"c": CategoricalDistribution(["1", "true", '"1"'])}


@pytest.mark.parametrize("sampler", ["tpe", "random", "nsga2"])
def test_the_ledger_holds_the_values_of_the_spec(sampler: str) -> None:
    study = crosstune.tune(
        {"space": {**LATENT, "mixed": Choice([1, None, "x"])}, "seed": 0},
        lambda params: params["stepped"],
        sampler=sampler,
        trials=15,
    )
    for trial in study.trials:
        Space({**LATENT, "mixed": Choice([1, None, "x"])}).check_point(trial.params, complete=True)


def test_the_mirror_is_told_reports_and_states() -> None:
    engine = make("tpe", Space({"x": LATENT["stepped"]}))
    engine.ask(0)
    engine.tell(0, Outcome("pruned", 2.0, {0: 3.0, 1: 2.0}))
    engine.ask(1)
    engine.tell(1, Outcome("failed"))
    engine.insert({"x": 0.3}, Outcome("complete", 1.0, {0: 1.5}))
    first, second, third = engine.native.trials
    assert (first.state.name, first.intermediate_values) == ("PRUNED", {0: 3.0, 1: 2.0})
    assert second.state.name == "FAIL"
    assert (third.params, third.value, third.intermediate_values) == ({"x": 3}, 1.0, {0: 1.5})


@pytest.mark.optuna5
@pytest.mark.skipif(int(optuna.__version__.split(".")[0]) < 5, reason="Optuna 5 has constraints")
def test_the_mirror_is_told_constraints() -> None:
    engine = make("tpe", Space({"x": LATENT["stepped"]}))
    engine.ask(0)
    engine.tell(0, Outcome("complete", 2.0, constraints={"memory": 1.0}))
    engine.insert({"x": 0.3}, Outcome("complete", 1.0, constraints={"memory": -1.0}))
    assert [t.constraints for t in engine.native.trials] == [{"memory": 1.0}, {"memory": -1.0}]


def test_a_replaced_proposal_is_failed_and_the_real_point_added() -> None:
    engine = make("tpe", Space({"x": LATENT["stepped"]}))
    engine.ask(0)
    engine.replace(0, {"x": 0.7}, Outcome("complete", 1.0))
    assert [(t.state.name, t.params) for t in engine.native.trials][1] == ("COMPLETE", {"x": 7})
    assert engine.native.trials[0].state.name == "FAIL"


@pytest.mark.parametrize("algorithm", ["grid", "brute-force"])
def test_each_point_of_a_finite_space_is_evaluated_once(algorithm: str) -> None:
    space = Space({"o": LATENT["ordered"], "s": LATENT["stepped"], "b": Bool()})
    engine = make(algorithm, space)
    seen = []
    with pytest.raises(Exhausted):
        for i in range(100):
            seen.append(tuple(engine.ask(i).values()))
            engine.tell(i, Outcome("complete", 1.0))
    assert len(seen) == len(set(seen)) == 44


def test_grid_and_brute_force_propose_what_they_propose_by_hand() -> None:
    space = Space({"n": Int(1, 4), "b": Bool(), "s": LATENT["stepped"]})
    makers = {
        "grid": lambda: optuna.samplers.GridSampler(
            {"n": [1, 2, 3, 4], "b": [False, True], "s": list(range(11))}, seed=3
        ),
        "brute-force": lambda: optuna.samplers.BruteForceSampler(seed=3),
    }

    def by_hand(trial: optuna.Trial) -> float:
        n = trial.suggest_int("n", 1, 4)
        trial.suggest_categorical("b", [False, True])
        return n + trial.suggest_int("s", 0, 10) / 10

    for name, maker in makers.items():
        native = optuna.create_study(sampler=maker())
        native.optimize(by_hand, n_trials=60)
        engine = make(name, space, seed=3)
        for i, trial in enumerate(native.trials):
            assert engine.ask(i) == {**trial.params, "s": trial.params["s"] / 10}
            engine.tell(i, Outcome("complete", trial.value))


def test_a_grid_takes_quantiles_of_a_continuous_range() -> None:
    engine = make("grid", Space({"x": Float(1e-2, 1e2, log=True)}), options={"points": 4})
    values = sorted(engine.ask(i)["x"] for i in range(4))
    assert values == pytest.approx([10**-1.5, 10**-0.5, 10**0.5, 10**1.5])


def test_a_grid_with_conditions_is_refused_with_the_reason() -> None:
    space = Space({"b": Bool(), "x": Int(1, 3, when={"b": True})})
    with pytest.raises(Unsupported, match="inactive parameters alone"):
        make("grid", space)


def test_a_grid_that_is_too_long_is_refused() -> None:
    space = Space({name: Int(1, 1000) for name in "abc"})
    with pytest.raises(Unsupported, match="more than 1000000 points"):
        make("grid", space)


def test_tpe_v4_has_the_defaults_of_optuna_4() -> None:
    sampler = ADAPTER.sampler("tpe-v4", NATIVE, seed=0, options={})
    by_hand = optuna.samplers.TPESampler(seed=0, multivariate=False, constant_liar=False)

    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 1, 9, step=2)

    def run(sampler: optuna.samplers.BaseSampler) -> list[dict[str, Any]]:
        study = optuna.create_study(sampler=sampler)
        study.optimize(objective, n_trials=30)
        return [trial.params for trial in study.trials]

    assert sampler is not None
    assert run(sampler) == run(by_hand)


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'n_startup_trials'"):
        make("tpe", NATIVE, options={"n_startup_trial": 3})


def test_a_sampler_whose_library_is_missing_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingLibrary, match=r'pip install "crosstune\[optuna\]"'):
        ADAPTER.algorithm("cmaes")
