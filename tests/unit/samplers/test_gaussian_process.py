"""The Gaussian-process sampler: how it searches, and what it survives."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Choice, Constant, Float, Int, Normal, Space
from crosstune.engines.base import Exhausted, Outcome
from crosstune.errors import SpecError, UnknownName
from crosstune.samplers import GaussianProcessSampler
from crosstune.samplers.gaussian_process.engine import START, GaussianProcessEngine
from crosstune.space.space import Params

MIXED = Space(
    {
        "x": Float(-1.0, 1.0),
        "rate": Float(1e-4, 1.0, log=True),
        "kind": Choice(["a", "b", "c"]),
        "depth": Int(1, 9, when={"kind": "a"}),
        "width": Int(1, 512, log=True, when={"kind": ["a", "b"]}),
        "drop": Choice(["no", "some", "much"], when={"kind": "c"}),
        "noise": Normal(0.0, 1.0, step=0.5),
        "rare": Choice(["r", "s"], weights=[0.1, 0.9]),
        "tag": Constant("t"),
    }
)
FINITE = Space({"n": Int(1, 4), "k": Choice(["a", "b"]), "m": Int(1, 3, when={"k": "a"})})
POINTS_OF_FINITE = 4 * 3 + 4


def run(
    engine: GaussianProcessEngine, loss: Callable[[Params], float], trials: int
) -> list[tuple[Params, float]]:
    done = []
    for i in range(trials):
        params = engine.ask(i)
        done.append((params, loss(params)))
        engine.tell(i, Outcome("complete", done[-1][1]))
    return done


def number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def mixed_loss(params: Params) -> float:
    base = {"a": 0.5, "b": 0.0, "c": 1.0}[str(params["kind"])]
    inner = math.log(number(params["width"])) / 8 if "width" in params else 0.0
    return base + number(params["x"]) ** 2 + inner + number(params["noise"]) ** 2 / 10


def bowl(dimensions: int) -> tuple[Space, Callable[[Params], float]]:
    space = Space({f"x{i}": Float(-5.0, 5.0) for i in range(dimensions)})
    return space, lambda params: sum((number(x) - 1.3) ** 2 for x in params.values())


@pytest.mark.parametrize("dimensions", [2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_of_a_bowl_is_found_to_three_digits_and_more(
    dimensions: int, seed: int
) -> None:
    space, loss = bowl(dimensions)
    found = min(v for _, v in run(GaussianProcessEngine(space, seed=seed), loss, 40))
    rng = np.random.default_rng(seed)
    by_chance = min(loss(space.sample(rng)) for _ in range(40))
    assert found < 0.01
    assert found < by_chance / 50


def test_a_maximum_is_found_too() -> None:
    space, loss = bowl(2)
    engine = GaussianProcessEngine(space, seed=0, maximize=True)
    assert max(v for _, v in run(engine, lambda p: -loss(p), 30)) > -0.01


@pytest.mark.slow
def test_the_branch_that_is_best_is_found_and_its_parameters_are_modelled() -> None:
    rng = np.random.default_rng(0)
    by_chance = [min(mixed_loss(MIXED.sample(rng)) for _ in range(40)) for _ in range(20)]
    found = [
        min(v for _, v in run(GaussianProcessEngine(MIXED, seed=seed), mixed_loss, 40))
        for seed in range(4)
    ]
    assert np.median(found) < np.quantile(by_chance, 0.05)


@pytest.mark.parametrize("seed", range(3))
def test_the_parameters_of_a_branch_are_not_drawn_at_random(seed: int) -> None:
    space = Space({"k": Choice(["a", "b"]), "deep": Float(0.0, 1.0, when={"k": "a"})})

    def loss(params: Params) -> float:
        return abs(number(params["deep"]) - 0.2) if "deep" in params else 1.0

    done = run(GaussianProcessEngine(space, seed=seed), loss, 30)
    assert min(v for _, v in done) < 0.005  # about 0.02 by chance
    assert sum("deep" in params for params, _ in done[15:]) > 12


@pytest.mark.parametrize("space", [MIXED, bowl(3)[0]], ids=["mixed", "continuous"])
def test_no_point_is_proposed_twice(space: Space) -> None:
    done = run(GaussianProcessEngine(space, seed=3), lambda params: 0.0, 60)
    for params, _ in done:
        space.check_point(params, complete=True)
    assert len({repr(params) for params, _ in done}) == 60


def test_an_optimum_in_the_corner_is_not_proposed_again() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    done = run(GaussianProcessEngine(space, seed=0), lambda p: number(p["x"]) + number(p["y"]), 30)
    assert min(v for _, v in done) == 0.0
    assert len({repr(params) for params, _ in done}) == 30


def test_a_finite_space_is_walked_through_and_then_exhausted() -> None:
    engine = GaussianProcessEngine(FINITE, seed=0)
    assert engine.lasts == 8  # four for sure of either k
    done = run(engine, lambda params: number(params["n"]), POINTS_OF_FINITE)
    assert len({repr(params) for params, _ in done}) == POINTS_OF_FINITE
    with pytest.raises(Exhausted):
        engine.ask(99)


def test_a_finite_space_too_large_to_list_is_exhausted_too() -> None:
    space = Space({"n": Int(1, 1001), "k": Choice(["a"])})
    engine = GaussianProcessEngine(space, seed=0)
    for i in range(1, 1001):
        engine.insert({"n": i, "k": "a"}, Outcome("failed"))
    assert engine.lasts == 1
    assert engine.ask(0) == {"n": 1001, "k": "a"}
    with pytest.raises(Exhausted):
        engine.ask(1)


def test_a_study_of_a_finite_space_stops_when_all_is_evaluated() -> None:
    study = crosstune.tune(
        {"space": FINITE, "seed": 0},
        lambda params: params["n"],
        backend="crosstune",
        sampler="gp",
        trials=50,
    )
    assert len(study.trials) == POINTS_OF_FINITE
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}


@pytest.mark.parametrize("seed", range(3))
def test_open_proposals_differ_and_spread(seed: int) -> None:
    space, loss = bowl(2)
    engine = GaussianProcessEngine(space, seed=seed)
    run(engine, loss, 5)
    open_points = [engine.ask(100 + i) for i in range(8)]
    places = np.array([[number(x) for x in p.values()] for p in open_points])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)[np.triu_indices(8, 1)]
    assert apart.min() > 1e-3  # the best point of the model alone would be asked for 8 times


def test_a_point_that_runs_elsewhere_is_not_proposed() -> None:
    space = Space({"n": Int(1, 8)})

    def asked(running: list[Params]) -> Params:
        engine = GaussianProcessEngine(space, seed=0)
        for i in range(1, 7):
            engine.insert({"n": i}, Outcome("complete", float(-i)))
        engine.running(running)
        return engine.ask(0)

    first = asked([])
    assert asked([first]) == {"n": 15 - number(first["n"])}  # 7 and 8 are left


def test_two_samplers_on_one_study_do_not_propose_what_the_other_evaluates() -> None:
    space = Space({"n": Int(1, 12)})
    storage = optuna.storages.InMemoryStorage()
    studies = [
        optuna.create_study(
            sampler=GaussianProcessSampler(space=space, seed=0),
            storage=storage,
            study_name="shared",
            load_if_exists=True,
        )
        for _ in range(2)
    ]
    points = []
    for _ in range(6):
        for study in studies:  # every trial stays open
            points.append(study.ask().suggest_int("n", 1, 12))
    assert sorted(points) == list(range(1, 13))


def failures(tell: bool) -> int:
    """How many of the trials fail where the values promise more the nearer the failures are."""
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    engine = GaussianProcessEngine(space, seed=0)
    failed = 0
    for i in range(30):
        params = engine.ask(i)
        x, y = number(params["x"]), number(params["y"])
        failed += x > 0.5
        if x <= 0.5:
            engine.tell(i, Outcome("complete", (y - 0.5) ** 2 - x))
        elif tell:
            engine.tell(i, Outcome("failed"))
        else:
            del engine._open[i]  # as if it had never been
    return failed


def test_a_failing_region_is_avoided() -> None:
    assert failures(tell=True) < failures(tell=False) / 2


def pruned_share(value: float) -> float:
    """How often the search goes where trials were pruned with this last report."""
    space = Space({"x": Float(0.0, 1.0)})
    engine = GaussianProcessEngine(space, seed=0)
    for x in np.linspace(0.02, 0.48, 6):
        engine.insert({"x": float(x)}, Outcome("complete", 1.0 - float(x)))
    for x in np.linspace(0.55, 0.98, 6):
        engine.insert({"x": float(x)}, Outcome("pruned", value))
    return float(np.mean([number(engine.ask(i)["x"]) > 0.55 for i in range(4)]))


def test_pruned_trials_say_where_not_to_go() -> None:
    assert pruned_share(5.0) <= 0.25


def test_a_pruned_trial_does_not_count_as_better_than_completed_ones() -> None:
    space = Space({"x": Float(0.0, 1.0)})
    engine = GaussianProcessEngine(space, seed=0)
    for x in np.linspace(0.0, 0.4, 6):
        engine.insert({"x": float(x)}, Outcome("complete", 1.0 + float(x)))
    engine.insert({"x": 1.0}, Outcome("pruned", -100.0))  # an early report on another scale
    assert number(engine.ask(0)["x"]) < 0.9


@pytest.mark.parametrize(
    "values",
    [
        [math.inf] * 18,
        [-math.inf, math.inf] * 9,
        [1e308, -1e308] * 9,
        [0.0] * 18,
        [5e-324, 0.0, 1e-320] * 6,
        [float(i % 3) * 1e-300 for i in range(18)],
        [1e15 + i for i in range(18)],
    ],
    ids=["inf", "both inf", "huge", "constant", "denormal", "tiny", "offset"],
)
def test_a_search_survives_awkward_values(values: list[float]) -> None:
    engine = GaussianProcessEngine(MIXED, seed=0)
    for i, value in enumerate(values):
        MIXED.check_point(engine.ask(i), complete=True)
        engine.tell(i, Outcome("complete", value))


def test_a_search_survives_trials_that_all_fail_or_are_pruned() -> None:
    for outcome in (Outcome("failed"), Outcome("pruned"), Outcome("pruned", 3.0)):
        engine = GaussianProcessEngine(MIXED, seed=0)
        seen = set()
        for i in range(20):
            seen.add(repr(engine.ask(i)))
            engine.tell(i, outcome)
        assert len(seen) == 20


@pytest.mark.parametrize(
    "space",
    [
        Space({f"x{i}": Float(0.0, 1.0) for i in range(200)}),
        Space({"k": Choice([f"c{i}" for i in range(10_000)]), "x": Float(0.0, 1.0)}),
        Space({"n": Int(1, 2**53, log=True), "m": Int(0, 2**53 - 1)}),
        Space({"x": Float(-8e307, 8e307), "y": Float(1e-300, 1e300, log=True)}),
    ],
    ids=["200 dimensions", "10000 choices", "long integers", "wide floats"],
)
def test_awkward_spaces_are_searched(space: Space) -> None:
    done = run(GaussianProcessEngine(space, seed=0), lambda p: float(len(repr(p))), 12)
    for params, _ in done:
        space.check_point(params, complete=True)
    assert len({repr(params) for params, _ in done}) == 12


def test_a_space_of_constants_has_one_point() -> None:
    engine = GaussianProcessEngine(Space({"a": Constant(1), "n": Int(3, 3)}), seed=0)
    assert engine.ask(0) == {"a": 1, "n": 3}
    engine.tell(0, Outcome("complete", 1.0))
    with pytest.raises(Exhausted):
        engine.ask(1)


def test_the_first_points_fill_the_space_evenly() -> None:
    space = Space({"x": Float(0.0, 1.0), "n": Int(1, 4)})
    engine = GaussianProcessEngine(space, startup=8, seed=0)
    xs = [number(params["x"]) for params, _ in run(engine, lambda params: 1.0, 8)]
    assert xs[0] == 0.5  # the median
    assert len({int(x * 8) for x in xs[1:]}) == 7


def test_what_is_known_already_shortens_the_start() -> None:
    space, loss = bowl(2)
    engine = GaussianProcessEngine(space, seed=0)
    for x in np.linspace(-5.0, 5.0, START):
        point: Params = {"x0": float(x), "x1": float(-x)}
        engine.insert(point, Outcome("complete", loss(point)))
    assert min(loss(engine.ask(i)) for i in range(1)) < 20


def test_the_same_seed_gives_the_same_points_and_another_others() -> None:
    def points(seed: int) -> list[Params]:
        return [p for p, _ in run(GaussianProcessEngine(MIXED, seed=seed), mixed_loss, 14)]

    assert points(4) == points(4)
    assert points(4) != points(5)


@pytest.mark.parametrize("startup", [-1, 1.5, True])
def test_a_start_that_is_no_number_of_points_is_refused(startup: Any) -> None:
    with pytest.raises(SpecError, match="startup"):
        GaussianProcessEngine(FINITE, startup=startup)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(UnknownName, match="startups"):
        GaussianProcessSampler(startups=3)


def test_a_plain_optuna_study_with_branches_goes_on_past_every_seen_value() -> None:
    study = optuna.create_study(sampler=GaussianProcessSampler(seed=0))

    def objective(trial: optuna.Trial) -> float:
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return abs(trial.suggest_float("only a", 0, 1) - 0.3)
        return 1.0

    study.optimize(objective, n_trials=40)
    late = [trial.params["kind"] for trial in study.trials[20:]]
    assert late.count("a") > 13
    assert study.best_value < 0.02


def test_a_range_that_changes_between_trials_is_followed() -> None:
    study = optuna.create_study(sampler=GaussianProcessSampler(seed=0))

    def objective(trial: optuna.Trial) -> float:
        high = 1.0 if trial.number < 10 else 0.5
        x = trial.suggest_float("x", 0.0, high)
        assert x <= high
        return (x - 0.2) ** 2 + trial.suggest_float("y", -1, 1) ** 2

    study.optimize(objective, n_trials=30)
    assert study.best_value < 0.01


def test_a_pickled_sampler_goes_on_with_other_points() -> None:
    space, loss = bowl(2)
    study = optuna.create_study(sampler=GaussianProcessSampler(space=space, seed=0))

    def objective(trial: optuna.Trial) -> float:
        return loss({name: trial.suggest_float(name, -5.0, 5.0) for name in space})

    study.optimize(objective, n_trials=10)
    study.sampler = pickle.loads(pickle.dumps(study.sampler))
    study.optimize(objective, n_trials=15)
    assert len({repr(trial.params) for trial in study.trials}) == 25
    assert study.best_value < 0.1


def test_two_threads_share_one_search() -> None:
    space, loss = bowl(2)
    study = optuna.create_study(sampler=GaussianProcessSampler(space=space, seed=0))
    study.optimize(
        lambda trial: loss({name: trial.suggest_float(name, -5.0, 5.0) for name in space}),
        n_trials=24,
        n_jobs=2,
    )
    assert len({repr(trial.params) for trial in study.trials}) == 24
