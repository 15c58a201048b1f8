"""The pruner that predicts where a curve ends: its decisions, its prediction, its worth."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import NormalDist
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import Trial, TrialState, create_trial

import crosstune
from crosstune import pruners
from crosstune.engines.base import Budget
from crosstune.engines.record_names import TRIAL_BUDGET
from crosstune.errors import RequestError
from crosstune.pruners.curve import CurvePruner
from crosstune.pruners.curve.finished_trials import FinishedTrials
from crosstune.samplers.curve_model import prediction
from crosstune.samplers.curve_model.curves import LearningCurve, Schedule
from crosstune.samplers.curve_model.trial_coordinates import APART, coordinates, place
from tests.support.slow import slow_but_first

PRUNED = TrialState.PRUNED


def falling(end: float, steps: Sequence[int] = range(1, 11)) -> dict[int, float]:
    """A curve that falls from 1 towards `end`."""
    return {step: end + (1 - end) * math.exp(-0.5 * step) for step in steps}


def study_of(
    *curves: dict[int, float], pruner: BasePruner | None = None, direction: str = "minimize"
) -> Study:
    """Complete trials with these reports, the last of which is the value."""
    study = optuna.create_study(pruner=pruner or CurvePruner(), direction=direction)
    for curve in curves:
        study.add_trial(create_trial(value=curve[max(curve)], intermediate_values=curve))
    return study


def stopped(study: Study, curve: dict[int, float]) -> int | None:
    """The step at which a new trial with this curve is stopped; None where it is not."""
    trial = study.ask()
    try:
        for step, value in curve.items():
            trial.report(value, step)
            if trial.should_prune():
                return step
        return None
    finally:
        study.tell(trial, state=TrialState.FAIL)


GOOD = [falling(end) for end in (0.30, 0.28, 0.25, 0.22, 0.2, 0.2, 0.2)]


def test_a_hopeless_trial_is_stopped_early_and_a_better_one_is_not() -> None:
    study = study_of(*GOOD)
    assert stopped(study, falling(0.9)) in (1, 2, 3, 4)
    assert stopped(study, falling(0.1)) is None
    assert stopped(study, falling(0.195)) is None


def late(end: float) -> dict[int, float]:
    """A curve that falls from 1 to `end`, most of it late."""
    return {step: 1 - (1 - end) * (step / 10) ** 2 for step in range(1, 11)}


def test_a_trial_that_learns_late_is_judged_by_what_others_gained_late() -> None:
    study = study_of(*map(late, (0.2, 0.23, 0.27, 0.31, 0.35, 0.4)), pruner=CurvePruner(0.02))
    assert stopped(study, late(0.1)) is None
    assert stopped(study_of(*GOOD, pruner=CurvePruner(0.02)), late(0.1)) is not None


def slow(end: float) -> dict[int, float]:
    """A curve that falls from 1 towards `end`, at half the pace."""
    return {step: end + (1 - end) * math.exp(-0.25 * step) for step in range(1, 11)}


@pytest.mark.parametrize("pruned_at", [None, 9])
def test_a_trial_is_judged_by_those_with_parameters_near_its_own(pruned_at: int | None) -> None:
    """On the left trials learn slowly and end well. Near ones may have been pruned."""
    study = optuna.create_study()
    for k, end in enumerate([0.3, 0.25, 0.2, 0.21, 0.26, 0.3] * 2):
        curve = slow(end) if k < 6 else falling(end + 0.2)
        pruned = pruned_at is not None and 0 < k < 6
        study.add_trial(
            create_trial(
                state=PRUNED if pruned else TrialState.COMPLETE,
                params={"x": k / 11},
                distributions={"x": FloatDistribution(0, 1)},
                value=None if pruned else curve[10],
                intermediate_values={s: v for s, v in curve.items() if not pruned or s <= 9},
            )
        )
    past = FinishedTrials(StudyDirection.MINIMIZE)
    known = past.read(study.get_trials())
    seen = past.curves(known)
    schedule = Schedule([curve for curve in seen if math.isfinite(curve.value)])

    def chance(x: float) -> float:
        number = {("x", "given"): APART, ("x", "number"): x - 0.5}
        trial = LearningCurve([1, 2], [slow(0.15)[1], slow(0.15)[2]], math.inf, number)
        return prediction.chance(trial, seen, past.nearest(trial, known, 30), schedule)

    assert chance(0.2) > 5 * chance(0.8)


def test_none_is_stopped_before_the_startup_trials_nor_in_the_warmup() -> None:
    hopeless = falling(0.9)
    assert stopped(study_of(*GOOD[:3], pruner=CurvePruner(n_startup_trials=4)), hopeless) is None
    assert stopped(study_of(*GOOD[:4], pruner=CurvePruner(n_startup_trials=4)), hopeless)
    assert stopped(study_of(*GOOD, pruner=CurvePruner(n_warmup_steps=6)), hopeless) == 6


def test_a_trial_that_leads_goes_on() -> None:
    """Even where all others had little to gain after that step."""
    flat = [dict.fromkeys(range(1, 11), value) for value in (0.5, 0.6, 0.7, 0.8)]
    lucky = {step: 0.49 if step < 10 else 0.1 for step in range(1, 11)}
    study = study_of(*flat, lucky, pruner=CurvePruner(0.9))
    assert stopped(study, dict.fromkeys(range(1, 10), 0.48)) is None
    assert stopped(study, dict.fromkeys(range(1, 10), 0.49)) is not None


def test_a_higher_level_stops_earlier() -> None:
    middling = falling(0.4)
    steps = [
        stopped(study_of(*GOOD, pruner=CurvePruner(level)), middling) or 99
        for level in (0.01, 0.05, 0.2, 0.6)
    ]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > steps[-1]


def test_directions_units_and_offsets_make_no_difference() -> None:
    def decisions(scale: float, offset: float) -> list[int | None]:
        turned = [{s: offset + scale * v for s, v in falling(i / 10).items()} for i in range(10)]
        direction = "minimize" if scale > 0 else "maximize"
        best = [{s: offset + scale * v for s, v in curve.items()} for curve in GOOD]
        pruner = CurvePruner(0.001)
        return [
            stopped(study_of(*best, direction=direction, pruner=pruner), each) for each in turned
        ]

    plain = decisions(1, 0)
    assert len(set(plain)) > 2
    assert decisions(-1, 0) == decisions(1000, -70) == decisions(1e-3, 5) == plain


def test_a_trial_beyond_the_longest_or_at_its_end_is_left_alone() -> None:
    short = [{step: v for step, v in curve.items() if step <= 3} for curve in GOOD]
    steps = stopped(study_of(*short), {3: 5.0, 4: 5.0, 9: 5.0})
    assert steps is None


def test_what_is_no_number() -> None:
    study = study_of(*GOOD)
    nothing = dict.fromkeys(range(1, 11), math.nan)
    assert stopped(study, nothing) == 2
    assert stopped(study, {**falling(0.1), 1: math.nan}) is None
    assert stopped(study, {**falling(0.1), 8: math.nan, 9: math.inf}) is None
    broken = [*GOOD, nothing | {10: 0.3}, {1: math.inf, 10: 0.3}, falling(0.3) | {10: math.inf}]
    assert stopped(study_of(*broken), falling(0.1)) is None
    assert stopped(study_of(*broken), falling(0.9)) is not None


def test_curves_that_are_all_alike_are_no_trouble() -> None:
    flat = dict.fromkeys(range(1, 11), 0.5)
    study = study_of(*[flat] * 5)
    assert stopped(study, flat) is None or stopped(study, flat) in flat
    assert stopped(study, dict.fromkeys(range(1, 11), 0.4)) is None


def test_a_repeat_of_a_complete_trial_is_stopped_at_its_second_report() -> None:
    curve = falling(0.05)  # by far the best, so nothing else stops it
    study = study_of(*GOOD, pruner=CurvePruner(n_startup_trials=50))

    def run(values: dict[int, float], x: float | None, **attrs: Any) -> int | None:
        study.enqueue_trial({} if x is None else {"x": x}, user_attrs=attrs)
        trial = study.ask()
        if x is not None:
            trial.suggest_float("x", 0, 1)
        for step, value in values.items():
            trial.report(value, step)
            if trial.should_prune():
                study.tell(trial, state=PRUNED)
                return step
        study.tell(trial, values[max(values)])
        return None

    assert run(curve, 0.5) is None
    assert run(curve, 0.5) == 2
    assert run(curve, 0.25) is None  # another point
    assert run({**curve, 2: 0.9}, 0.5) is None  # it went another way
    budget = Budget(epochs=10, resume_from=0).__dict__
    assert (
        run({**curve, 10: 0.0}, 0.5, **{TRIAL_BUDGET: budget}) is None
    )  # trained further on purpose
    assert run(curve, None) is None
    assert run(curve, None) is None  # nothing says that it was at the same point
    chance_level = dict.fromkeys(range(1, 10), 0.5)
    assert run({**chance_level, 10: 0.3}, 0.75) is None
    assert run({**chance_level, 10: 0.2}, 0.75) is None  # an accuracy may stay that of guessing


def test_a_trial_that_exploded_does_not_blur_the_others() -> None:
    exploded = {step: 10.0 ** (2 * step) for step in range(1, 11)}
    steps = [stopped(study_of(*GOOD, *more), falling(0.9)) for more in ((), (exploded,))]
    assert None not in steps
    beyond = [falling(0.3) | {step: 1e300 * step} for step in (1, 10)]
    tiny = dict.fromkeys(range(1, 11), 1e-10)
    study = study_of(*GOOD, *beyond, tiny)
    assert stopped(study, dict.fromkeys(range(1, 11), 1e308)) is not None
    assert stopped(study, dict.fromkeys(range(1, 11), -1e308)) is None


def test_one_pruner_serves_two_studies() -> None:
    pruner = CurvePruner()
    first, second = study_of(*GOOD, pruner=pruner), study_of(pruner=pruner)
    assert stopped(first, falling(0.9))
    for trial in first.get_trials(states=(TrialState.COMPLETE,)):
        trial.intermediate_values = {s: 9 + v for s, v in trial.intermediate_values.items()}
        trial.value += 9
        second.add_trial(trial)
    assert stopped(second, falling(0.9)) is None


def test_patience_wraps_it_with_its_options() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for wrapped in ("curve", {"name": "curve", "level": 0.2}, None):
            options = {"wrapped_pruner": wrapped, "patience": 2}
            assert (
                stopped(study_of(*GOOD, pruner=pruners.create("patient", options)), GOOD[0]) is None
            )
        with pytest.raises(RequestError, match="wrapped_pruner"):
            pruners.create("patient", {"wrapped_pruner": 3, "patience": 2})


def test_the_prediction_is_that_of_a_gaussian_process() -> None:
    """By the book: each covariance by itself, and the posterior of Rasmussen and Williams, 2.25."""
    rng = np.random.default_rng(0)
    curves = [
        LearningCurve(
            list(range(1, n + 1)),
            np.minimum.accumulate(1 + rng.random() / np.arange(1, n + 1)).tolist(),
            float(1 + rng.random() / 20) if n == 9 else math.inf,
            {("x", "number"): rng.random(), ("c", int(rng.integers(2))): APART},
        )
        for n in (9, 3, 9, 5, 1, 9, 4)
    ]
    *finished, trial = curves
    complete = [curve for curve in finished if math.isfinite(curve.value)]
    schedule = Schedule(complete)
    reached = [curve.best[-1] for curve in curves]
    lowest = min(reached + [curve.value for curve in complete])
    typical = np.median([place - lowest for place in reached])

    def far(place: float) -> float:
        return min(math.log((place - lowest) / typical + prediction.FLOOR), prediction.HOPELESS)

    def covariance(one: tuple[LearningCurve, float], other: tuple[LearningCurve, float]) -> float:
        names = {*one[0].place, *other[0].place}
        apart = math.hypot(*(one[0].place.get(n, 0) - other[0].place.get(n, 0) for n in names))
        scaled = math.sqrt(5) * apart / prediction.LENGTH
        near = (1 + scaled + scaled**2 / 3) * math.exp(-scaled)
        course = math.exp(-(((one[1] - other[1]) / prediction.TIME) ** 2) / 2)
        own = one[0] is other[0]
        return (
            prediction.COMMON * course
            + near * (prediction.NEAR + prediction.NEAR_COURSE * course)
            + own * (prediction.OWN + prediction.OWN_COURSE * course)
        )

    looks = [(curve, step) for curve in curves for step in schedule.looks(curve)]
    at = [(curve, math.log(step) / math.log(9)) for curve, step in looks]
    seen = np.array([far(curve.at(step)) for curve, step in looks])
    end = (trial, 1.0)
    noisy = np.array([[covariance(a, b) for b in at] for a in at])
    noisy += prediction.NOISE * np.eye(len(at))
    towards = np.array([covariance(each, end) for each in at])
    mean = seen.mean() + towards @ np.linalg.solve(noisy, seen - seen.mean())
    variance = covariance(end, end) - towards @ np.linalg.solve(noisy, towards)
    beyond = np.array([far(curve.value) - far(curve.best[-1]) for curve in complete])
    shift = beyond.sum() / (len(beyond) + prediction.AS_COMPLETE)
    variance += ((beyond - shift) ** 2).sum() / (len(beyond) + prediction.AS_COMPLETE)
    variance += prediction.NOISE / 2
    best = min(curve.value for curve in complete)
    said = NormalDist(mean + shift, math.sqrt(variance)).cdf(far(best))
    assert prediction.chance(trial, finished, finished, schedule) == pytest.approx(said, rel=1e-6)
    assert 0.01 < said < 0.99


def test_where_parameters_lie() -> None:
    ranges: dict[str, BaseDistribution] = {
        "lr": FloatDistribution(1e-4, 1e-2, log=True),
        "depth": IntDistribution(1, 5),
        "width": CategoricalDistribution((256, 16, 64)),
        "kind": CategoricalDistribution(("a", "b", "c")),
        "flag": CategoricalDistribution((True, False)),
        "only": FloatDistribution(2.0, 2.0),
        "wide": FloatDistribution(-1e308, 1e308),
        "deep": FloatDistribution(1e-300, 1e300, log=True),
    }

    def at(**params: Any) -> Any:
        held = {name: ranges[name] for name in params}
        return place(create_trial(params=params, distributions=held, value=0.0))

    def apart(one: Any, other: Any) -> float:
        rows = coordinates([one, other])
        return float(np.linalg.norm(rows[0] - rows[1]))

    assert apart(at(lr=1e-4), at(lr=1e-3)) == pytest.approx(0.5)
    assert apart(at(depth=1), at(depth=2)) == pytest.approx(0.25)
    assert apart(at(width=16), at(width=64)) == pytest.approx(0.5)  # by rank
    assert apart(at(width=16), at(width=256)) == pytest.approx(1)
    for name, values in (("kind", "abc"), ("flag", (True, False))):
        assert apart(at(**{name: values[0]}), at(**{name: values[1]})) == pytest.approx(1)
        assert apart(at(**{name: values[0]}), at(**{name: values[0]})) == 0
    assert apart(at(only=2.0), at(only=2.0)) == 0
    assert apart(at(wide=-1e308), at(wide=1e308)) == pytest.approx(1)
    assert apart(at(deep=1e-300), at(deep=1e300)) == pytest.approx(1)
    assert apart(at(depth=3, kind="a"), at(depth=3)) == pytest.approx(APART)  # one has no kind
    assert apart(at(depth=3, lr=1e-3), at(depth=3)) == pytest.approx(APART)
    nowhere = [create_trial(value=0.0), create_trial(value=0.0)]
    nowhere[1].number = 1
    assert apart(*map(place, nowhere)) > 10


def test_only_the_nearest_of_many_trials_are_asked() -> None:
    past = FinishedTrials(StudyDirection.MINIMIZE)
    lr = {"lr": FloatDistribution(0, 1)}
    trials = [
        create_trial(params={"lr": k / 100}, distributions=lr, value=0, intermediate_values={1: 0})
        for k in range(100)
    ]
    for number, trial in enumerate(trials):
        trial.number = number
    assert past.read(trials[:50]) == list(range(50))
    nothing = create_trial(value=0.0)
    nothing.number = 100
    assert past.read([*trials, nothing]) == list(range(100))  # that has no report
    here = {("lr", "given"): APART, ("lr", "number"): 0.2, ("kind", 0): APART}
    near = past.nearest(LearningCurve([1], [0.0], math.inf, here), range(20, 100), 5)
    assert sorted(each.place["lr", "number"] for each in near) == pytest.approx(
        [0.18, 0.19, 0.2, 0.21, 0.22]
    )


def test_threads_share_what_was_read() -> None:
    """As those of `study.optimize(n_jobs=...)` share the pruner."""
    trials = []
    for number in range(400):
        params, ranges = {"x": number / 400}, {"x": FloatDistribution(0, 1)}
        reports = {1: float(number)}
        trial = create_trial(
            params=params, distributions=ranges, value=0, intermediate_values=reports
        )
        trial.number = number
        trials.append(trial)
    past = FinishedTrials(StudyDirection.MINIMIZE)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            read = list(pool.map(past.read, [trials[shift:] for shift in range(0, 64, 2)]))
    finally:
        sys.setswitchinterval(before)
    for shift, indices in zip(range(0, 64, 2), read, strict=True):
        found = [curve.best[0] for curve in past.curves(indices)]
        assert found == [float(number) for number in range(shift, 400)]
    here = LearningCurve([1], [0.0], math.inf, place(trials[200]))
    assert [curve.best[0] for curve in past.nearest(here, read[0], 1)] == [200.0]


def test_it_is_asked_at_ten_reports_at_most() -> None:
    for count, asked in ((27, [1, 2, 3, 4, 6, 9, 13, 19]), (1000, [1, 2, 5, 10, 22, 46, 100])):
        for interval, first in ((1, 1), (1, 0), (50, 50)):
            steps = [first + k * interval for k in range(count)]
            schedule = Schedule([LearningCurve(steps, steps, 0.0, {})])
            befores = [-math.inf, *steps]
            found = [s for s, b in zip(steps, befores, strict=False) if schedule.passes(b, s)]
            assert found[: len(asked)] == [first + (k - 1) * interval for k in asked]
            assert len(found) <= 10
            assert schedule.along(first) == 0
            assert schedule.along(steps[-1]) == schedule.along(10 * steps[-1]) == 1
            assert schedule.left(first) == pytest.approx(1 - 1 / count)
            assert schedule.left(steps[-1]) == 0


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_it_prunes_on_every_engine_by_its_name(backend: str) -> None:
    def train(params: dict[str, Any], trial: Trial) -> float:
        for step, value in falling(abs(params["x"] - 0.3) ** 0.5).items():
            trial.report(value, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    spec = {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 1}
    sampler = "random" if backend == "keras_tuner" else None
    named = {"name": "curve", "level": 0.2}
    study = crosstune.tune(spec, train, backend=backend, sampler=sampler, pruner=named, trials=20)
    states = [trial.state for trial in study.trials]
    assert 5 < states.count(PRUNED) < 18
    finals = [min(falling(abs(t.params["x"] - 0.3) ** 0.5).values()) for t in study.trials]
    assert study.best_value == min(finals)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"level": 0}, "level"),
        ({"level": 1.0}, "level"),
        ({"level": math.nan}, "level"),
        ({"level": "often"}, "level"),
        ({"n_startup_trials": 2.5}, "n_startup_trials"),
        ({"n_startup_trials": 0}, "n_startup_trials"),
        ({"n_warmup_steps": -1}, "n_warmup_steps"),
        ({"levl": 0.1}, "Did you mean 'level'"),
    ],
)
def test_a_bad_option_is_one_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        pruners.create("curve", options)
