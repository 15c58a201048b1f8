"""Learning from earlier studies: what is read of them, and what the sampler makes of it."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.study import Study

import crosstune
from crosstune import Choice, Float, Int, Space
from crosstune.engines.base import Outcome
from crosstune.errors import RequestError, UnknownName
from crosstune.samplers import GaussianProcessSampler
from crosstune.samplers.gaussian_process.earlier import learn
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.engine import GaussianProcessEngine
from crosstune.samplers.gaussian_process.fit import JITTER, Hyperparameters
from crosstune.samplers.gaussian_process.kernel import matern, squared_distances
from crosstune.samplers.gaussian_process.model import SPREAD, WEIGHT, Model
from crosstune.study.warm_start import MOST, finished
from tests.support.slow import slow_but_first

SPACE: dict[str, Any] = {
    "x": {"type": "float", "low": -1, "high": 1},
    "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "kind": {"type": "choice", "values": ["a", "b", "c"]},
}
SPEC: dict[str, Any] = {"name": "warm", "space": SPACE, "backend": "crosstune", "seed": 3}


def loss(params: dict[str, Any]) -> float:
    far = math.log10(params["rate"]) + 2
    return (params["x"] - 0.3) ** 2 + far**2 / 4 + (params["kind"] != "b")


def study_of(trials: int = 30, **keys: Any) -> Study:
    spec = {**SPEC, "backend": "optuna", "sampler": "random", **keys}
    return crosstune.tune(spec, loss, trials=trials)


def values(study: Study) -> list[Any]:
    return [(trial.params, trial.value) for trial in study.trials]


def two(at: float, n: int = 25) -> dict[str, Any]:
    """An earlier study of a bowl in x and y."""
    rng = np.random.default_rng(0)
    points = rng.random((n, 2))
    return {
        "study": "bowl",
        "maximize": False,
        "trials": [
            [{"x": float(x), "y": float(y)}, float((x - at) ** 2 + (y - 0.5) ** 2), "complete"]
            for x, y in points
        ],
    }


def test_trials_are_read_as_plain_data() -> None:
    study = optuna.create_study(sampler=RandomSampler(seed=0), direction="maximize")

    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("x", 0, 1)
        if trial.number == 1:
            trial.report(0.25, 0)
            trial.report(0.5, 3)
            raise optuna.TrialPruned
        if trial.number == 2:
            raise ValueError("no")
        return math.inf if trial.number == 3 else 2.0

    study.optimize(objective, n_trials=5, catch=ValueError)
    (held,) = finished(study)
    assert held["maximize"] is True
    assert [trial[1:] for trial in held["trials"]] == [
        [2.0, "complete"],
        [0.5, "pruned"],
        [None, "failed"],
        [None, "complete"],
        [2.0, "complete"],
    ]
    assert [trial[0] for trial in held["trials"]] == [t.params for t in study.trials]
    assert finished([held]) == [held]


def test_values_that_the_ledger_holds_as_text_are_themselves() -> None:
    spec = {**SPEC, "space": {"k": {"type": "choice", "values": [1, 1.0, True]}}}
    study = crosstune.tune(spec, lambda params: float(params["k"]), trials=3, backend="optuna")
    assert {type(trial[0]["k"]) for trial in finished(study)[0]["trials"]} <= {int, float, bool}


def test_of_a_long_study_the_best_and_the_latest_are_kept() -> None:
    study = optuna.create_study()
    distributions = {"x": optuna.distributions.FloatDistribution(0, 1000)}
    for i in range(MOST + 100):
        made = optuna.trial.create_trial(
            params={"x": float(i)}, distributions=distributions, value=float(i)
        )
        study.add_trial(made)
    kept = [trial[1] for trial in finished(study)[0]["trials"]]
    assert kept == [*range(MOST // 2), *range(MOST // 2 + 100, MOST + 100)]


def test_every_study_at_a_place_is_read_and_others_are_refused(tmp_path: Path) -> None:
    place = tmp_path / "two.journal"
    for name in ("one", "other"):
        study_of(3, name=name)
        crosstune.tune({**SPEC, "name": name}, loss, trials=3, storage=place, backend="hyperopt")
    assert [held["study"] for held in finished(place)] == ["one", "other"]
    with pytest.raises(RequestError, match="no such file"):
        finished(tmp_path / "none.journal")
    (tmp_path / "empty.journal").touch()
    with pytest.raises(RequestError, match="there is no study in"):
        finished(tmp_path / "empty.journal")
    with pytest.raises(RequestError, match="2 objectives"):
        finished(optuna.create_study(directions=["minimize", "minimize"]))


@pytest.mark.parametrize(
    "given",
    [
        5,
        None,
        True,
        [5],
        {"a": 1},
        [{"study": "a"}],
        {"study": "s", "maximize": False, "trials": 3},
        {"study": "s", "maximize": "no", "trials": []},
        {"study": "s", "maximize": False, "trials": [[1, 2]]},
        {"study": "s", "maximize": False, "trials": [[{"x": 1.0}, "a", "complete"]]},
        {"study": "s", "maximize": False, "trials": [[{"x": 1.0}, 1.0, "odd"]]},
        {"study": "s", "maximize": False, "trials": [[{"x": 1.0}, math.inf, "complete"]]},
    ],
    ids=repr,
)
def test_what_is_no_earlier_study_is_refused(given: Any) -> None:
    with pytest.raises(RequestError, match="earlier study"):
        crosstune.create_study({**SPEC, "sampler": {"name": "gp", "warm_start": given}})


def test_a_trial_whose_values_are_none_of_the_space_is_passed_over() -> None:
    odd = [[{"x": [1], "kind": ["a"], "rate": {}}, 1.0, "complete"]] * 4
    held = {"study": "s", "maximize": False, "trials": odd}
    study = crosstune.tune(SPEC, loss, warm_start=[held], trials=2)
    assert len(study.trials) == 2


@pytest.mark.parametrize("maximize", [False, True])
def test_what_was_found_best_comes_first(maximize: bool) -> None:
    direction = "maximize" if maximize else "minimize"
    sign = -1.0 if maximize else 1.0
    earlier = crosstune.tune(
        {**SPEC, "backend": "hyperopt", "metric": {"name": "y", "direction": direction}},
        lambda params: sign * loss(params),
        trials=40,
    )
    first = crosstune.tune(SPEC, loss, warm_start=earlier, trials=1).trials[0].params
    ranked = sorted(earlier.trials, key=lambda trial: loss(trial.params))
    # The best by the model: it may pass over a lucky one, and is among the first few.
    assert any(first == pytest.approx(trial.params) for trial in ranked[:3])
    # Then the points that a cold study has.
    cold = crosstune.tune(SPEC, loss, trials=1).trials[0].params
    second = crosstune.tune(SPEC, loss, warm_start=earlier, trials=2).trials[1].params
    assert {name: second[name] for name in ("x", "rate")} == {
        name: cold[name] for name in ("x", "rate")
    }


def mean_best(warm: Any, target: float, trials: int) -> float:
    """The best of a bowl in ten dimensions that is nearly flat in all but two, over five seeds."""
    found = []
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0), "k": Choice(list("abcdef"))})
    for seed in range(5):
        engine = GaussianProcessEngine(space, seed=seed, warm_start=warm)
        best = math.inf
        for i in range(trials):
            p = engine.ask(i)
            x, y = float(p["x"]), float(p["y"])  # type: ignore[arg-type]
            value = (x - target) ** 2 + (y - 0.5) ** 2 + (p["k"] != "d") / 10
            engine.tell(i, Outcome("complete", value))
            best = min(best, value)
        found.append(math.log10(best))
    return float(np.mean(found))


@pytest.mark.slow
def test_a_study_alike_helps_and_a_misleading_one_does_no_lasting_harm() -> None:
    cold = mean_best([], 0.8, 8)
    assert mean_best([two(0.8)], 0.8, 8) < cold - 0.15
    late = mean_best([], 0.8, 25)
    wrong = {**two(0.8), "maximize": True}  # the worst looks best
    assert mean_best([wrong], 0.8, 25) < late + 0.7
    assert mean_best([two(0.1), wrong, two(0.8)], 0.8, 8) < cold


def test_parameters_that_only_one_of_them_has() -> None:
    space = Space({"x": Float(0.0, 0.6), "z": Int(1, 9), "y": Float(0.0, 1.0)})
    encoding = Encoding(space)
    earlier, best = learn(encoding, [two(0.3)], np.random.default_rng(0))
    assert earlier is not None
    assert best[0][encoding.column["x"]] == pytest.approx(0.5, abs=0.2)  # 0.3 in [0, 0.6]
    rows = np.repeat(encoding.draw(np.random.default_rng(1), 1), 9, axis=0)
    rows[:, encoding.column["z"]] = np.arange(9)
    assert np.ptp(earlier.values(encoding.points(rows))) < 1e-12  # it says nothing of z


@pytest.mark.parametrize(
    "space",
    [
        Space({"other": Float(0.0, 1.0)}),
        Space({"x": Float(5.0, 6.0), "y": Float(0.0, 1.0)}),
        Space({"x": Choice(["a", "b"]), "y": Float(0.0, 1.0)}),
    ],
    ids=["other names", "another range", "another type"],
)
def test_a_study_of_another_space_says_nothing(space: Space) -> None:
    earlier, best = learn(Encoding(space), [two(0.3)], np.random.default_rng(0))
    assert (earlier, best) == (None, [])
    GaussianProcessEngine(space, seed=0, warm_start=[two(0.3)]).ask(0)


def test_studies_without_a_use_are_left_out() -> None:
    encoding = Encoding(Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}))
    short = {**two(0.3), "trials": two(0.3)["trials"][:2]}
    failed = {**two(0.3), "trials": [[p, None, "failed"] for p, _, _ in two(0.3)["trials"]]}
    earlier, best = learn(encoding, [short, failed], np.random.default_rng(0))
    assert (earlier, best) == (None, [])
    flat = {**two(0.3), "trials": [[p, 1.0, "complete"] for p, _, _ in two(0.3)["trials"]]}
    assert len(learn(encoding, [flat], np.random.default_rng(0))[1]) == 1


def model_on_two(n: int = 12) -> tuple[Encoding, Any, Model, np.ndarray, np.ndarray]:
    encoding, rng = Encoding(Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})), None
    rng = np.random.default_rng(0)
    earlier, _ = learn(encoding, [two(0.2), two(0.9)], rng)
    held = Hyperparameters(np.array([0.4, 0.8]), 1.0, 1e-3)
    rows, targets = encoding.draw(rng, n), rng.standard_normal(n)
    points = encoding.points(rows)
    made = Model(encoding, points, targets, np.zeros(n), held, earlier)
    return encoding, earlier, made, rows, targets


def test_the_model_is_a_gaussian_process_with_the_earlier_ones_as_basis_functions() -> None:
    # Rasmussen and Williams 2006, eq. 2.41 and 2.42, with the weights written out: the posterior
    # of the weights first, then the residuals by a Gaussian process.
    encoding, earlier, made, rows, targets = model_on_two()
    probe = encoding.draw(np.random.default_rng(9), 6)
    ones = np.array([0.4**-2.0, 0.8**-2.0])

    def k(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return matern(squared_distances(encoding, encoding.points(a), encoding.points(b), ones))

    ky = k(rows, rows) + (1e-3 + JITTER) * np.eye(len(rows))
    h, at = (earlier.values(encoding.points(each)) for each in (rows, probe))
    prior, b = np.full(2, WEIGHT / 2), np.eye(2) * SPREAD**2 / 2
    solve = np.linalg.solve
    precision = np.linalg.inv(b) + h.T @ solve(ky, h)
    beta = solve(precision, h.T @ solve(ky, targets) + np.linalg.inv(b) @ prior)
    cross = k(probe, rows)
    mean = cross @ solve(ky, targets - h @ beta) + at @ beta
    r = at - cross @ solve(ky, h)
    variance = 1.0 - np.sum(cross * solve(ky, cross.T).T, axis=1)
    variance += np.sum(r * solve(precision, r.T).T, axis=1)
    found = made.predict(encoding.points(probe))
    assert found[0] == pytest.approx(mean, abs=1e-6)
    assert found[1] == pytest.approx(np.sqrt(variance), rel=1e-4)


def test_the_slopes_are_those_of_finite_differences() -> None:
    encoding, _, made, _, _ = model_on_two()
    at = np.array([[0.3, 0.6]])
    mean, deviation, by_mean, by_deviation = made.slopes(encoding.points(at), np.ones(2))
    assert (mean, deviation) == pytest.approx(
        [each[0] for each in made.predict(encoding.points(at))]
    )
    for i in range(2):
        step = np.zeros((1, 2))
        step[0, i] = 1e-6
        up = made.predict(encoding.points(at + step))
        down = made.predict(encoding.points(at - step))
        assert by_mean[i] == pytest.approx((up[0][0] - down[0][0]) / 2e-6, rel=1e-3)
        assert by_deviation[i] == pytest.approx((up[1][0] - down[1][0]) / 2e-6, rel=1e-3)


def test_pending_points_do_not_change_the_mean() -> None:
    encoding, earlier, made, rows, targets = model_on_two()
    held = Hyperparameters(np.array([0.4, 0.8]), 1.0, 1e-3)
    more = encoding.points(np.vstack([rows, [[0.5, 0.5]]]))
    waiting = Model(encoding, more, targets, np.zeros(len(rows)), held, earlier)
    probe = encoding.points(encoding.draw(np.random.default_rng(5), 20))
    assert waiting.predict(probe)[0] == pytest.approx(made.predict(probe)[0], abs=1e-8)
    here = encoding.points(np.array([[0.5, 0.5]]))
    assert waiting.predict(here)[1][0] < 0.1 < made.predict(here)[1][0]


def test_a_resumed_run_keeps_what_it_began_with(tmp_path: Path) -> None:
    earlier = study_of()
    whole = crosstune.tune(SPEC, loss, warm_start=earlier, trials=12)
    place = tmp_path / "a.journal"
    crosstune.tune(SPEC, loss, warm_start=earlier, trials=5, storage=place)
    crosstune.tune(SPEC, loss, trials=9, storage=place, resume=True)  # the study may be gone
    resumed = crosstune.tune(SPEC, loss, warm_start=earlier, trials=12, storage=place, resume=True)
    assert values(resumed) == values(whole)
    with pytest.raises(RequestError, match="began with the sampler's options") as caught:
        crosstune.tune(SPEC, loss, warm_start=study_of(9), trials=13, storage=place, resume=True)
    assert len(str(caught.value)) < 1000


def test_a_frozen_engine_goes_on_as_it_would_have() -> None:
    def engine() -> GaussianProcessEngine:
        space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
        return GaussianProcessEngine(space, seed=1, warm_start=[two(0.7)])

    def go(engine: GaussianProcessEngine, numbers: range) -> list[Any]:
        asked = []
        for i in numbers:
            asked.append(engine.ask(i))
            engine.tell(i, Outcome("complete", float(i % 5) + float(asked[-1]["x"])))
        return asked

    whole = go(engine(), range(12))
    begun, fresh = engine(), engine()
    go(begun, range(7))
    fresh.thaw(pickle.loads(pickle.dumps(begun.freeze())))
    assert go(fresh, range(7, 12)) == whole[7:]


def test_a_place_in_a_spec_file_is_beside_the_file(tmp_path: Path) -> None:
    crosstune.tune(
        {**SPEC, "name": "old"}, loss, trials=20, storage=tmp_path / "old.journal", backend="optuna"
    )
    (tmp_path / "warm.yaml").write_text(
        "name: new\nbackend: crosstune\nseed: 3\nsampler: {name: gp, warm_start: old.journal}\n"
        "space:\n  x: {type: float, low: -1, high: 1}\n"
    )
    study = crosstune.tune(tmp_path / "warm.yaml", lambda params: abs(params["x"]), trials=2)
    held = study.user_attrs["crosstune:runs"][-1]["options"]["warm_start"]
    assert [each["study"] for each in held] == ["old"]


@pytest.mark.parametrize(
    "engine", slow_but_first(["optuna:tpe", "hyperopt:tpe", "crosstune:random"])
)
def test_an_engine_that_does_not_learn_says_so(engine: str) -> None:
    backend, sampler = engine.split(":")
    with pytest.raises(RequestError, match=f"{engine} does not learn from earlier studies"):
        crosstune.create_study(
            {**SPEC, "backend": backend, "sampler": sampler}, warm_start=study_of(3)
        )
    with pytest.raises(UnknownName, match="warm_start"):
        crosstune.create_study(
            {**SPEC, "backend": backend, "sampler": {"name": sampler, "warm_start": []}}
        )


def test_it_drops_into_an_optuna_study_with_a_learnt_space() -> None:
    earlier = optuna.create_study(sampler=RandomSampler(seed=1))

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -5, 5)
        return (x - 2) ** 2 + trial.suggest_int("n", 1, 9)

    earlier.optimize(objective, n_trials=30)
    sampler = pickle.loads(pickle.dumps(GaussianProcessSampler(seed=0, warm_start=[earlier])))
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=8)
    assert study.best_value < earlier.best_value + 0.5
