"""The model of learning curves in the Gaussian process: rows, fit, posterior, and proposals."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, check_grad

from crosstune import Bool, Choice, Float, Int, Space, adapters
from crosstune.engines.base import Outcome
from crosstune.samplers.gaussian_process.curve_fit import (
    SHORTER,
    TIME,
    CurvePosterior,
    hyperparameters,
)
from crosstune.samplers.gaussian_process.curve_process import CurveProcess
from crosstune.samplers.gaussian_process.curve_regression import (
    IN_MODEL,
    CurveRegression,
    thinned,
)
from crosstune.samplers.gaussian_process.curve_rows import Curve, Rows, TrainingHorizon, rows
from crosstune.samplers.gaussian_process.curve_use import curve_of, horizon_of
from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.earlier import learn
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.engine import GaussianProcessEngine
from crosstune.samplers.gaussian_process.fit import JITTER
from crosstune.samplers.gaussian_process.kernel import parts
from crosstune.samplers.gaussian_process.regression import Observation
from crosstune.samplers.gaussian_process.search import Search
from crosstune.samplers.gaussian_process.targets import STATES
from crosstune.space.space import Params

SPACE = Space(
    {
        "x": Float(0.0, 1.0),
        "rate": Float(1e-4, 1.0, log=True),
        "k": Choice(["a", "b", "c"]),
        "on": Bool(),
        "n": Int(1, 9, when={"on": True}),
    }
)
LINE = Space({"x": Float(0.0, 1.0), "rate": Float(1e-4, 1.0, log=True)})
EPOCHS = 27


def training(params: Mapping[str, object], epochs: int = EPOCHS) -> list[float]:
    """A curve that falls to an end which depends on the point."""
    x, rate = float(params["x"]), math.log10(float(params["rate"]))  # type: ignore[arg-type]
    end = (x - 0.6) ** 2 + 0.1 * (rate + 2.0) ** 2
    return [end + (1.0 + x) / (1.0 + epoch) for epoch in range(epochs)]


def some_curves(space: Space, m: int, seed: int = 0) -> tuple[Encoding, Numbers, list[Curve]]:
    """Encoding, rows and curves of random points, a third of them finished."""
    encoding, rng = Encoding(space), np.random.default_rng(seed)
    points = [space.sample(rng) for _ in range(m)]
    curves = []
    for i, point in enumerate(points):
        length = EPOCHS if i % 3 == 0 else 3 + i % 5
        values = training(point)[:length]
        curves.append(Curve(range(1, length + 1), values, values[-1] if i % 3 == 0 else None))
    return encoding, np.array([encoding.encode(point, rng) for point in points]), curves


def horizon_for(curves: Sequence[Curve], epochs: float | None = None) -> TrainingHorizon:
    horizon = TrainingHorizon.of(curves, epochs)
    assert horizon is not None
    return horizon


def data_of(curves: Sequence[Curve]) -> Rows:
    return rows(curves, horizon_for(curves))[0]


@pytest.mark.parametrize(
    ("first", "interval"), [(0, 1), (1, 1), (10, 10), (1000, 500)], ids=["0", "1", "10", "1000"]
)
def test_it_does_not_matter_what_steps_count(first: int, interval: int) -> None:
    _, _, curves = some_curves(SPACE, 6)
    other = [
        Curve([first + interval * (step - 1) for step in curve.steps], curve.values, curve.end)
        for curve in curves
    ]
    before, after = data_of(curves), data_of(other)
    assert np.allclose(before.times, after.times)
    assert np.allclose(before.left, after.left)
    assert np.array_equal(before.values, after.values)


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-3, 1e6), st.floats(-1e3, 1e3))
def test_it_does_not_matter_in_what_unit_values_are(factor: float, shift: float) -> None:
    _, _, curves = some_curves(SPACE, 6)
    other = [
        Curve(
            curve.steps,
            [factor * value + shift for value in curve.values],
            None if curve.end is None else factor * curve.end + shift,
        )
        for curve in curves
    ]
    assert np.allclose(data_of(curves).values, data_of(other).values, atol=1e-4)


def test_reports_are_used_at_growing_distances_and_the_last_one_always() -> None:
    whole = Curve(range(1, 53), [1.0 / epoch for epoch in range(1, 53)], 1.0 / 52)
    begun = Curve(range(1, 18), [2.0 / epoch for epoch in range(1, 18)])
    data = data_of([whole, begun])
    positions = np.rint(52**data.times).astype(int).tolist()
    assert positions == [1, 2, 4, 6, 9, 14, 21, 34, 52, 1, 2, 4, 6, 9, 14, 17]
    assert data.left[8] == 0.0
    assert data.left[15] == pytest.approx(35 / 52)
    assert data.values[8] == data.values.min()


def test_without_a_finished_curve_the_scheduler_tells_where_training_ends() -> None:
    curves = [Curve([1, 2, 3], [3.0, 2.0, 1.0])]
    assert horizon_for(curves).length == 3
    assert horizon_for(curves, 52).length == 52
    assert TrainingHorizon.of([Curve([1], [3.0])], 52) is None


def test_a_failed_trial_has_the_worst_last_value_and_noise() -> None:
    curves = [
        Curve([1, 2], [9.0, 5.0], 5.0),
        Curve([1, 2], [9.0, 1.0], 1.0),
        Curve((), (), None, True),
    ]
    data = data_of(curves)
    assert data.of.tolist() == [0, 0, 1, 1, 2]
    assert data.values[4] == data.values[1]
    assert data.extra[4] > 0 == data.extra[0]
    assert data.left[4] == 0.0


def test_a_gradient_of_the_fit_agrees_with_differences() -> None:
    encoding, points, curves = some_curves(SPACE, 8)
    squares = parts(encoding, encoding.points(points))
    rng = np.random.default_rng(1)
    basis = rng.standard_normal((8, 2))
    posterior = CurvePosterior(squares, data_of(curves), basis @ basis.T, basis.sum(axis=1))
    theta = 0.5 * rng.standard_normal(len(posterior.mean))
    error = check_grad(lambda t: posterior(t)[0], lambda t: posterior(t)[1], theta)
    assert error < 1e-4 * np.linalg.norm(posterior(theta)[1])


def correlation(square: float) -> float:
    root = math.sqrt(5.0 * square)
    return (1 + root + root * root / 3) * math.exp(-root)


def test_the_posterior_is_that_of_a_dense_computation() -> None:
    encoding, points, curves = some_curves(LINE, 6)
    curves = [*curves[:5], Curve((), (), None, True)]
    data = data_of(curves)
    hyper = hyperparameters(np.linspace(-1.0, 1.0, 9), 2)
    model = CurveProcess(encoding, encoding.points(points), data, hyper)
    new = np.array([[0.3, 0.4], [0.9, 0.1]])

    def covariance(
        a: tuple[Numbers, int, float, float], b: tuple[Numbers, int, float, float]
    ) -> float:
        square = float((((a[0] - b[0]) / hyper.lengths) ** 2).sum())
        same = a[1] == b[1]
        gap = math.sqrt(3.0) * abs(a[2] - b[2]) / TIME
        course = (1 + gap) * math.exp(-gap)
        value = hyper.near * correlation(square)
        value += (hyper.common + hyper.course * correlation(square / SHORTER**2)) * course
        value += hyper.own * same * course
        return value + (hyper.rise * correlation(square) + hyper.own_rise * same) * a[3] * b[3]

    seen = [
        (points[i], int(i), float(t), float(p))
        for i, t, p in zip(data.of, data.times, data.left, strict=True)
    ]
    dense = np.array([[covariance(a, b) for b in seen] for a in seen])
    dense += np.diag(hyper.noise + JITTER + data.extra)
    configurations = [(points[i], i, 1.0, 0.0) for i in range(6)]
    fresh = [(row, 100 + i, 1.0, 0.0) for i, row in enumerate(new)]
    for asked, (means, deviations), alone in (
        (configurations, (model.means, model.deviations), hyper.own),
        (fresh, model.predict(encoding.points(new)), 0.0),
    ):
        cross = np.array([[covariance(a, b) for b in seen] for a in asked])
        solved = np.linalg.solve(dense, cross.T)
        prior = hyper.near + hyper.common + hyper.course + alone
        assert np.allclose(means, solved.T @ data.values, atol=1e-8)
        variance = prior - (cross * solved.T).sum(axis=1)
        assert np.allclose(deviations, np.sqrt(variance), atol=1e-6)
    assert model.smallest == pytest.approx(model.means.min())


def test_a_running_point_leaves_the_mean_and_lowers_the_deviation() -> None:
    encoding, points, curves = some_curves(SPACE, 7)
    data, hyper = data_of(curves[:6]), hyperparameters(np.zeros(12), 5)
    without = CurveProcess(encoding, encoding.points(points[:6]), data, hyper)
    model = CurveProcess(encoding, encoding.points(points), data, hyper)
    at = encoding.points(points[6:])
    assert model.predict(at)[0] == pytest.approx(without.predict(at)[0])
    assert model.predict(at)[1] < 0.5 * without.predict(at)[1]
    assert np.allclose(model.means, without.means)


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_the_slope_of_the_acquisition_agrees_with_differences(warm: bool) -> None:
    encoding, points, curves = some_curves(SPACE, 9)
    rng = np.random.default_rng(3)
    study = {
        "maximize": False,
        "trials": [
            (point, training(point)[-1], "complete")
            for point in (SPACE.sample(rng) for _ in range(9))
        ],
    }
    earlier, _ = learn(encoding, [study] if warm else [], rng)
    hyper = hyperparameters(np.zeros(12), 5)
    model = CurveProcess(encoding, encoding.points(points), data_of(curves), hyper, earlier)
    search = Search(encoding, model, lambda rows: np.ones(len(rows), bool), rng)
    row = encoding.draw(rng, 1).ravel()
    row[encoding.column["on"]] = 1.0

    def score(x: Numbers) -> float:
        moved = row.copy()
        moved[:2] = x
        return search.slope(moved)[0]

    assert np.allclose(
        search.slope(row)[1][:2], approx_fprime(row[:2], score, 1e-7), rtol=1e-3, atol=1e-4
    )


def test_a_curve_that_leads_early_is_expected_to_end_well() -> None:
    encoding, points, curves = some_curves(LINE, 30)
    model, chosen = CurveRegression(encoding).model(encoding.points(points), data_of(curves))
    ends = np.array([training(encoding.decode(row))[-1] for row in points])
    assert chosen.tolist() == list(range(30))
    assert (
        np.corrcoef(np.argsort(np.argsort(model.means)), np.argsort(np.argsort(ends)))[0, 1] > 0.9
    )
    unfinished = [curve.end is None for curve in curves]
    finished = [not begun for begun in unfinished]
    assert model.deviations[unfinished].mean() > 2 * model.deviations[finished].mean()


def test_rows_are_thinned_to_the_last_of_each_curve_then_to_the_best_and_latest() -> None:
    curves = [Curve(range(1, 28), training({"x": 0.0, "rate": 0.1}), 1.0 + i) for i in range(900)]
    data = data_of(curves)
    chosen, some = thinned(data, IN_MODEL)
    assert len(some) == len(chosen) == IN_MODEL
    assert (some.left == 0.0).all()
    assert set(range(IN_MODEL // 2)) <= set(chosen.tolist())
    assert 899 in chosen
    chosen, some = thinned(data_of(curves[:100]), IN_MODEL)
    assert len(chosen) == 100 < len(some) <= IN_MODEL
    assert some.of.max() == 99


def drive(
    engine: GaussianProcessEngine, trials: int, *, sign: float = 1.0, reports: bool = True
) -> list[Params]:
    """The proposals of an engine; two thirds of the trials are pruned if they report."""
    proposals = []
    for trial in range(trials):
        params = engine.ask(trial)
        proposals.append(params)
        values = [sign * value for value in training(params)]
        length = EPOCHS if trial % 3 == 0 or not reports else 4
        engine.tell(
            trial,
            Outcome(
                "complete" if length == EPOCHS else "pruned",
                values[length - 1],
                dict(enumerate(values[:length], 1)) if reports else {},
            ),
        )
    return proposals


def test_studies_without_reports_are_searched_as_without_the_model_of_curves() -> None:
    first = drive(GaussianProcessEngine(SPACE, seed=0), 14, reports=False)
    other = drive(GaussianProcessEngine(SPACE, seed=0, without="curves"), 14, reports=False)
    assert first == other


def test_reports_change_the_proposals_unless_switched_off() -> None:
    first = drive(GaussianProcessEngine(SPACE, seed=0), 12)
    other = drive(GaussianProcessEngine(SPACE, seed=0, without="curves"), 12)
    assert first[:5] == other[:5]
    assert first != other


def test_reports_of_another_metric_are_ignored() -> None:
    proposals = []
    for without in ((), ("curves",)):
        engine = GaussianProcessEngine(SPACE, seed=0, without=without)
        asked = []
        for trial in range(12):
            params = engine.ask(trial)
            asked.append(params)
            values = training(params)
            accuracy = 1.0 - values[-1] / 7.0
            engine.tell(trial, Outcome("complete", accuracy, dict(enumerate(values))))
        proposals.append(asked)
    assert proposals[0] == proposals[1]


def test_a_maximized_study_mirrors_a_minimized_one() -> None:
    first = drive(GaussianProcessEngine(SPACE, seed=0), 13)
    other = drive(GaussianProcessEngine(SPACE, seed=0, maximize=True), 13, sign=-1.0)
    assert first == other


def test_an_engine_goes_on_from_its_frozen_state() -> None:
    whole = GaussianProcessEngine(SPACE, seed=3)
    proposals = drive(whole, 15)
    half = GaussianProcessEngine(SPACE, seed=3)
    assert drive(half, 11) == proposals[:11]
    resumed = GaussianProcessEngine(SPACE, seed=3)
    resumed.thaw(pickle.loads(pickle.dumps(half.freeze())))
    for trial in range(11, 15):
        params = resumed.ask(trial)
        assert params == proposals[trial]
        values = training(params)
        length = EPOCHS if trial % 3 == 0 else 4
        state = "complete" if length == EPOCHS else "pruned"
        resumed.tell(trial, Outcome(state, values[length - 1], dict(enumerate(values[:length], 1))))


def test_unfinished_curves_lead_to_the_best_region() -> None:
    engine = GaussianProcessEngine(LINE, seed=1, without=["hedge"])
    proposals = drive(engine, 25)
    ends = [training(params)[-1] for params in proposals]
    assert min(ends) < training({"x": 0.6, "rate": 0.01})[-1] + 0.002


STRANGE = st.one_of(
    st.floats(-1e3, 1e3),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1e308, -1e308, 5e-324]),
)
OUTCOMES = st.lists(
    st.tuples(
        st.sampled_from(["complete", "pruned", "failed"]),
        st.dictionaries(st.integers(-3, 60), STRANGE, max_size=6),
        st.sampled_from([None, 1, 2, 52]),
        st.booleans(),
    ),
    min_size=3,
    max_size=9,
)


@settings(max_examples=60, deadline=None)
@given(OUTCOMES)
def test_any_reports_lead_to_a_point(
    outcomes: Sequence[tuple[str, Mapping[int, float], int | None, bool]],
) -> None:
    engine = GaussianProcessEngine(SPACE, seed=0, startup=1)
    for trial, (state, reports, epochs, other) in enumerate(outcomes):
        SPACE.check_point(engine.ask(trial))
        last = list(reports.values())[-1] if reports else None
        value = None if state == "failed" or last is None or math.isnan(last) else last
        if state == "complete":
            value = 0.5 if other or value is None else value
        engine.tell(trial, Outcome(state, value, reports, epochs=epochs))
    SPACE.check_point(engine.ask(len(outcomes)))


def test_what_counts_as_a_curve() -> None:
    def observation(outcome: Outcome) -> Observation:
        value = math.nan if outcome.value is None else outcome.value
        return Observation(
            np.zeros(2), value, STATES[outcome.state], curve_of(outcome, 1.0), outcome.epochs
        )

    last = observation(Outcome("complete", 0.5, {1: 0.9, 2: 0.5}))
    best = observation(Outcome("complete", 0.4, {1: 0.4, 2: 0.5}))
    other = observation(Outcome("complete", 7.0, {1: 0.4, 2: 0.5}))
    once = observation(Outcome("complete", 0.4, {0: 0.4}))
    paused = observation(Outcome("pruned", 0.6, {1: 0.9, 2: math.nan, 3: 0.6}, epochs=9))
    failed = observation(Outcome("failed"))
    told = observation(Outcome("complete", 0.6, {1: 0.9, 2: 0.7}, epochs=9))
    assert told.curve == Curve([1, 2], [0.9, 0.7])
    assert horizon_of([last, best, failed]) is not None
    assert horizon_of([once, failed]) is None
    assert horizon_of([other, once]) is None
    assert horizon_of([other, last]) is not None
    assert horizon_of([other, other, last]) is None
    horizon = horizon_of([paused])
    assert horizon is not None
    assert horizon.length == 4.5


def test_studies_begun_before_keep_their_proposals() -> None:
    adapter = adapters.get("crosstune")
    assert adapter.options_of("gp", {}, 5) == {}
    assert adapter.options_of("gp", {}, 4) == {"without": ["plain"]}
    assert adapter.options_of("gp", {"without": "hedge"}, 2) == {
        "without": ["hedge", "curves", "plain"]
    }
    assert adapter.options_of("gp", {}, 2) == {"without": ["curves", "plain"]}
    assert adapter.options_of("gp", {}, 1) == {
        "startup": 4,
        "without": ["additive", "edges", "hedge", "curves", "plain"],
    }
