"""The random-forest sampler: its parts, how it searches, and what it survives."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Choice, Constant, Float, Int, Normal, Space
from crosstune.adapters.base import Exhausted, Outcome
from crosstune.errors import SpecError, UnknownName
from crosstune.samplers import RandomForestSampler
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.targets import Targets
from crosstune.samplers.random_forest import forest as forest_module
from crosstune.samplers.random_forest.engine import RandomForestEngine
from crosstune.samplers.random_forest.features import MANY, Features
from crosstune.samplers.random_forest.forest import TREES, Forest
from crosstune.samplers.random_forest.lines import Lines
from crosstune.space import Params

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
BOWL = Space({f"x{i}": Float(-5.0, 5.0) for i in range(2)})


def run(
    engine: RandomForestEngine, loss: Callable[[Params], float], trials: int
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


def bowl(params: Params) -> float:
    return sum((number(x) - 1.3) ** 2 for x in params.values())


def plain(values: list[float] | np.ndarray, extra: float = 0.0) -> Targets:
    held = np.asarray(values, float)
    return Targets(held, np.full(len(held), extra), np.zeros(len(held)))


def no_rows(encoding: Encoding) -> np.ndarray:
    return np.empty((0, encoding.d))


def pairs() -> tuple[Space, Callable[[Params], float]]:
    """Twelve choices of four options; the first six act two by two alone."""
    rng = np.random.default_rng(7)
    worth = rng.normal(size=(3, 4, 4))
    space = Space({f"c{i}": Choice(list("pqrs")) for i in range(12)})

    def loss(params: Params) -> float:
        at = ["pqrs".index(str(params[f"c{i}"])) for i in range(6)]
        return float(sum(worth[i, at[2 * i], at[2 * i + 1]] for i in range(3)))

    return space, loss


def test_good_pairs_of_choices_are_learnt() -> None:
    space, loss = pairs()
    late = [
        np.mean([v for _, v in run(RandomForestEngine(space, seed=seed), loss, 60)[30:]])
        for seed in range(2)
    ]
    assert np.mean(late) < -2.5  # about 0 by chance, and -1.9 near the best points seen


@pytest.mark.parametrize("seed", range(3))
def test_a_bowl_is_searched_far_better_than_by_chance(seed: int) -> None:
    found = min(v for _, v in run(RandomForestEngine(BOWL, seed=seed), bowl, 40))
    rng = np.random.default_rng(seed)
    by_chance = min(bowl(BOWL.sample(rng)) for _ in range(40))
    assert found < 0.05
    assert found < by_chance / 5


def test_a_maximum_is_found_too() -> None:
    engine = RandomForestEngine(BOWL, seed=0, maximize=True)
    assert max(v for _, v in run(engine, lambda p: -bowl(p), 40)) > -0.05


@pytest.mark.parametrize("seed", range(3))
def test_the_parameters_of_a_branch_are_not_drawn_at_random(seed: int) -> None:
    space = Space({"k": Choice(["a", "b"]), "deep": Float(0.0, 1.0, when={"k": "a"})})

    def loss(params: Params) -> float:
        return abs(number(params["deep"]) - 0.2) if "deep" in params else 1.0

    done = run(RandomForestEngine(space, seed=seed), loss, 30)
    assert min(v for _, v in done) < 0.01  # about 0.02 by chance
    assert sum("deep" in params for params, _ in done[15:]) > 12


def test_the_options_of_a_large_choice_are_told_apart() -> None:
    space = Space({"k": Choice([f"c{i}" for i in range(400)]), "x": Float(0.0, 1.0)})
    engine = RandomForestEngine(space, seed=0)
    for i in range(60):
        worth = 0.0 if i == 37 else 1.0
        engine.insert({"k": f"c{i}", "x": i / 60}, Outcome("complete", worth + i % 7 / 10))
    assert [engine.ask(i)["k"] for i in range(4)].count("c37") >= 2


@pytest.mark.parametrize("space", [MIXED, BOWL], ids=["mixed", "continuous"])
def test_no_point_is_proposed_twice(space: Space) -> None:
    done = run(RandomForestEngine(space, seed=3), lambda params: 0.0, 60)
    for params, _ in done:
        space.check_point(params, complete=True)
    assert len({repr(params) for params, _ in done}) == 60


def test_a_study_of_a_finite_space_stops_when_all_is_evaluated() -> None:
    study = crosstune.tune(
        {"space": FINITE, "seed": 0},
        lambda params: params["n"],
        backend="crosstune",
        sampler="forest",
        trials=50,
    )
    assert len({repr(trial.params) for trial in study.trials}) == POINTS_OF_FINITE
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert len(study.trials) == POINTS_OF_FINITE


def test_a_space_of_constants_has_one_point() -> None:
    engine = RandomForestEngine(Space({"a": Constant(1), "n": Int(3, 3)}), seed=0)
    assert engine.ask(0) == {"a": 1, "n": 3}
    engine.tell(0, Outcome("complete", 1.0))
    with pytest.raises(Exhausted):
        engine.ask(1)


@pytest.mark.parametrize("seed", range(3))
def test_open_proposals_spread(seed: int) -> None:
    def spread(tell: bool) -> float:
        engine = RandomForestEngine(BOWL, seed=seed)
        run(engine, bowl, 20)
        points = []
        for i in range(8):
            points.append(engine.ask(100 + i))
            if not tell:
                del engine._open[100 + i]  # as if nobody were evaluating it
        places = np.array([[number(x) for x in p.values()] for p in points])
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        return float(np.median(apart[np.triu_indices(8, 1)]))

    assert spread(tell=True) > spread(tell=False)


def test_two_samplers_on_one_study_do_not_propose_what_the_other_evaluates() -> None:
    space = Space({"n": Int(1, 12)})
    storage = optuna.storages.InMemoryStorage()
    studies = [
        optuna.create_study(
            sampler=RandomForestSampler(space=space, seed=0),
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
    engine = RandomForestEngine(space, seed=0)
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


def test_pruned_trials_say_where_not_to_go() -> None:
    engine = RandomForestEngine(Space({"x": Float(0.0, 1.0)}), seed=0)
    for x in np.linspace(0.02, 0.48, 6):
        engine.insert({"x": float(x)}, Outcome("complete", 1.0 - float(x)))
    for x in np.linspace(0.55, 0.98, 6):
        engine.insert({"x": float(x)}, Outcome("pruned", 5.0))
    assert np.mean([number(engine.ask(i)["x"]) > 0.55 for i in range(4)]) <= 0.25


@pytest.mark.parametrize(
    "values",
    [
        [math.inf] * 30,
        [-math.inf, math.inf] * 15,
        [1e308, -1e308] * 15,
        [0.0] * 30,
        [5e-324, 0.0, 1e-320] * 10,
        [1e15 + i for i in range(30)],
    ],
    ids=["inf", "both inf", "huge", "constant", "denormal", "offset"],
)
def test_a_search_survives_awkward_values(values: list[float]) -> None:
    engine = RandomForestEngine(MIXED, seed=0)
    for i, value in enumerate(values):
        MIXED.check_point(engine.ask(i), complete=True)
        engine.tell(i, Outcome("complete", value))


def test_a_search_survives_trials_that_all_fail_or_are_pruned() -> None:
    for outcome in (Outcome("failed"), Outcome("pruned"), Outcome("pruned", 3.0)):
        engine = RandomForestEngine(MIXED, seed=0)
        seen = set()
        for i in range(20):
            seen.add(repr(engine.ask(i)))
            engine.tell(i, outcome)
        assert len(seen) == 20


def test_a_study_survives_an_objective_of_nan_and_exceptions() -> None:
    study = optuna.create_study(sampler=RandomForestSampler(space=MIXED, seed=0))

    def objective(params: Params) -> float:
        if params["kind"] == "b":
            raise ValueError
        return math.nan if number(params["x"]) > 0.5 else number(params["x"])

    study = crosstune.tune(
        {"space": MIXED, "seed": 0}, objective, backend="crosstune", sampler="forest", trials=30
    )
    assert len(study.trials) == 30
    assert study.best_value < 0


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
    done = run(RandomForestEngine(space, seed=0), lambda p: float(len(repr(p))), 12)
    for params, _ in done:
        space.check_point(params, complete=True)
    assert len({repr(params) for params, _ in done}) == 12


POINTS = """
from crosstune.samplers.random_forest.engine import RandomForestEngine
from tests.samplers.test_random_forest import MIXED, mixed_loss, run
print(run(RandomForestEngine(MIXED, seed=4), mixed_loss, 20))
"""


def mixed_loss(params: Params) -> float:
    return number(params["x"]) ** 2 + len(str(params["kind"])) + number(params["noise"]) ** 2 / 10


def test_the_same_seed_gives_the_same_points_in_another_process_and_another_others() -> None:
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", POINTS],
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = [repr(run(RandomForestEngine(MIXED, seed=seed), mixed_loss, 20)) for seed in (4, 5)]
    assert told.stdout.strip() == here[0]
    assert here[0] != here[1]


def test_a_frozen_search_goes_on_as_it_would_have() -> None:
    engine, other = (RandomForestEngine(MIXED, seed=0) for _ in range(2))
    run(engine, mixed_loss, 20)
    other.thaw(pickle.loads(pickle.dumps(engine.freeze())))
    assert run(engine, mixed_loss, 5) == run(other, mixed_loss, 5)


@pytest.mark.parametrize("startup", [-1, 1.5, True])
def test_a_start_that_is_no_number_of_points_is_refused(startup: Any) -> None:
    with pytest.raises(SpecError, match="startup"):
        RandomForestEngine(FINITE, startup=startup)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(UnknownName, match="startups"):
        RandomForestSampler(startups=3)


def test_a_prior_is_followed_at_first_and_overruled() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    engine = RandomForestEngine(space, prior={"x": {"at": 0.9, "spread": 0.05}}, seed=0)
    done = run(engine, lambda p: abs(number(p["x"]) - 0.2), 60)
    assert np.mean([number(p["x"]) for p, _ in done[:4]]) > 0.75
    assert min(v for _, v in done) < 0.1


def test_a_range_that_changes_between_trials_is_followed() -> None:
    study = optuna.create_study(sampler=RandomForestSampler(seed=0))

    def objective(trial: optuna.Trial) -> float:
        high = 1.0 if trial.number < 10 else 0.5
        x = trial.suggest_float("x", 0.0, high)
        assert x <= high
        return (x - 0.2) ** 2 + trial.suggest_float("y", -1, 1) ** 2

    study.optimize(objective, n_trials=30)
    assert study.best_value < 0.05


def declared(trial: optuna.Trial) -> float:
    return bowl({name: trial.suggest_float(name, -5.0, 5.0) for name in BOWL})


def test_a_pickled_sampler_goes_on_with_other_points() -> None:
    study = optuna.create_study(sampler=RandomForestSampler(space=BOWL, seed=0))
    study.optimize(declared, n_trials=10)
    study.sampler = pickle.loads(pickle.dumps(study.sampler))
    study.optimize(declared, n_trials=15)
    assert len({repr(trial.params) for trial in study.trials}) == 25


def test_two_threads_share_one_search() -> None:
    study = optuna.create_study(sampler=RandomForestSampler(space=BOWL, seed=0))
    study.optimize(declared, n_trials=24, n_jobs=2)
    assert len({repr(trial.params) for trial in study.trials}) == 24


WORKER = """
import sys, optuna
from crosstune.samplers import RandomForestSampler
from tests.samplers.test_random_forest import BOWL, declared
optuna.load_study(
    study_name="s", storage=sys.argv[1], sampler=RandomForestSampler(space=BOWL, seed=0)
).optimize(declared, n_trials=8)
"""


def test_two_processes_on_one_storage_do_not_repeat_each_other(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(study_name="s", storage=storage)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, storage], env=env) for _ in range(2)]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    assert len({repr(trial.params) for trial in study.trials}) == 16


def test_the_columns_of_trees_tell_inactive_from_every_value() -> None:
    encoding = Encoding(MIXED)
    rows = encoding.draw(np.random.default_rng(0), 200)
    active, steps = encoding.active(rows), Features(encoding).steps(rows)
    depth = list(encoding.column).index("depth")
    column = depth - 1 + 3  # "kind" before it is three columns
    assert (steps[active[:, depth], column] >= 0).all()
    assert (steps[~active[:, depth], column] == -1).all()
    assert 0 < active[:, depth].sum() < 200


def test_the_columns_of_lines_do_not_see_what_is_inactive() -> None:
    encoding = Encoding(MIXED)
    rows = encoding.draw(np.random.default_rng(0), 50)
    other = np.where(encoding.active(rows), rows, encoding.draw(np.random.default_rng(1), 50))
    features = Features(encoding)
    assert not np.array_equal(rows, other)
    assert np.array_equal(features.slopes(rows), features.slopes(other))
    assert np.array_equal(features.steps(rows), features.steps(other))


def test_a_large_choice_is_one_column_in_the_order_of_what_its_options_were_worth() -> None:
    encoding = Encoding(Space({"k": Choice([f"c{i}" for i in range(MANY + 1)])}))
    features = Features(encoding)
    rows = np.arange(4.0)[:, None]
    features.learn(rows, np.array([3.0, -1.0, 0.0, 2.0]))
    steps = features.steps(np.arange(MANY + 1.0)[:, None])
    assert steps.shape == (MANY + 1, 1)
    assert np.argsort(steps[:4, 0]).tolist() == [1, 2, 3, 0]
    assert steps[1] < steps[4:].min() < steps[0]  # what nobody tried is in between


def test_lines_are_the_posterior_of_ridge_regression() -> None:
    rng = np.random.default_rng(0)
    columns, noise = rng.normal(size=(40, 3)), rng.uniform(0, 0.5, 40)
    targets = columns @ [1.0, -2.0, 0.0] + 0.1 * rng.normal(size=40)
    lines = Lines(columns, targets, noise)
    draws = np.array([lines.drawn(rng) for _ in range(20_000)])
    weights = 1.0 / (1.0 + noise)
    precision = columns.T @ (weights[:, None] * columns) + lines._penalty * np.eye(3)
    mean = np.linalg.solve(precision, columns.T @ (weights * targets))
    assert np.allclose(draws.mean(0), mean, atol=0.005)
    wanted = lines._noise * np.linalg.inv(precision)
    assert np.allclose(np.cov(draws.T), wanted, atol=0.1 * wanted.max())


def test_lines_of_fewer_rows_than_columns_are_as_wide_as_their_prior_elsewhere() -> None:
    rng = np.random.default_rng(0)
    columns = np.zeros((4, 6))
    columns[:, :2] = rng.normal(size=(4, 2))
    lines = Lines(columns, rng.normal(size=4), np.zeros(4))
    draws = np.array([lines.drawn(rng) for _ in range(20_000)])
    prior = lines._noise / lines._penalty
    assert np.allclose(draws[:, 2:].var(0), prior, rtol=0.05)
    assert (draws[:, :2].var(0) < prior).all()


def test_the_penalty_is_small_for_lines_and_large_for_noise() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(60, 20))
    straight = Lines(columns, columns @ rng.normal(size=20), np.zeros(60))
    noise = Lines(columns, rng.normal(size=60), np.zeros(60))
    assert straight._penalty < 0.1
    assert noise._penalty > 10


def test_the_forest_passes_through_its_data_and_is_unsure_elsewhere() -> None:
    encoding, rng = Encoding(MIXED), np.random.default_rng(0)
    rows, values = encoding.draw(rng, 40), rng.normal(size=40)
    forest = Forest(encoding)
    forest.learn(rows, plain(values), no_rows(encoding), rng)
    mean, deviation = forest.predict(rows)
    assert np.allclose(mean, values, atol=0.01)
    assert deviation.max() < 0.02
    assert np.median(forest.predict(encoding.draw(rng, 40))[1]) > 0.1


def test_what_is_noisy_is_not_believed_to_the_letter() -> None:
    encoding, rng = Encoding(BOWL), np.random.default_rng(0)
    rows, values = encoding.draw(rng, 40), rng.normal(size=40)
    forest = Forest(encoding)
    forest.learn(rows, plain(values, extra=0.3), no_rows(encoding), rng)
    assert np.median(forest.predict(rows)[1]) == pytest.approx(math.sqrt(0.3), rel=0.3)


def test_a_pending_row_takes_the_deviation_around_it_and_leaves_the_mean() -> None:
    encoding = Encoding(BOWL)
    rows = encoding.draw(np.random.default_rng(0), 30)
    values = np.random.default_rng(1).normal(size=30)
    here = np.array([[0.31, 0.62]])
    alone, waiting = Forest(encoding), Forest(encoding)
    alone.learn(rows, plain(values), no_rows(encoding), np.random.default_rng(2))
    waiting.learn(rows, plain(values), here, np.random.default_rng(2))
    assert np.array_equal(alone.predict(here)[0], waiting.predict(here)[0])
    assert waiting.predict(here)[1][0] < 1e-5 < alone.predict(here)[1][0]
    near, far = here + 0.02, np.array([[0.95, 0.05]])
    share = [waiting.predict(at)[1][0] / alone.predict(at)[1][0] for at in (near, far)]
    assert share[0] < share[1]


def test_a_part_of_the_trees_is_renewed_and_each_rests_on_a_thousand_rows_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []

    class Counted(forest_module.ExtraTreeRegressor):  # type: ignore[misc, name-defined]
        def fit(self, steps: Any, *args: Any, **named: Any) -> Any:
            seen.append(len(steps))
            return super().fit(steps, *args, **named)

    monkeypatch.setattr(forest_module, "ExtraTreeRegressor", Counted)
    encoding, rng = Encoding(BOWL), np.random.default_rng(0)
    rows, values = encoding.draw(rng, 3000), rng.normal(size=3000)
    forest = Forest(encoding)
    for n in (2999, 3000):
        forest.learn(rows[:n], plain(values[:n]), no_rows(encoding), rng)
    assert len(seen) == TREES + forest_module.RENEWED
    assert set(seen) == {forest_module.IN_TREE}
    assert len(forest._members) == TREES
