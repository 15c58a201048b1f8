"""The pruner that predicts where a curve ends: its decisions, its prediction, its worth."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import Trial, TrialState, create_trial

import crosstune
from crosstune import pruners
from crosstune.adapters.base import Budget
from crosstune.benchmarks.curves import replay
from crosstune.curve_pruner import GAIN, NOISE, NOISE_TRIALS, Curve, CurvePruner, chance
from crosstune.errors import RequestError
from crosstune.samplers.engine import BUDGET

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


def stopped(study: Study, curve: dict[int, float], **attrs: Any) -> int | None:
    """The step at which a new trial with this curve is stopped; None where it is not."""
    study.enqueue_trial({}, user_attrs=attrs)
    trial = study.ask()
    trial.suggest_float("x", 0, 1)  # no repeat of the trials above
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


def test_a_trial_that_learns_late_is_judged_by_what_others_gained_late() -> None:
    late = [{s: 1.0 - s / 100 if s < 8 else end for s in range(1, 11)} for end in (0.2, 0.3, 0.4)]
    assert stopped(study_of(*late * 2), {**late[0], 10: 0.1}) is None
    assert stopped(study_of(*GOOD), {**late[0], 10: 0.1}) is not None


def test_none_is_stopped_before_the_startup_trials_nor_in_the_warmup() -> None:
    hopeless = falling(0.9)
    assert stopped(study_of(*GOOD[:3], pruner=CurvePruner(n_startup_trials=4)), hopeless) is None
    assert stopped(study_of(*GOOD[:4], pruner=CurvePruner(n_startup_trials=4)), hopeless)
    assert stopped(study_of(*GOOD, pruner=CurvePruner(n_warmup_steps=6)), hopeless) == 6


def test_a_trial_that_stands_as_the_best_one_did_goes_on() -> None:
    """Even where all others had little to gain after that step."""
    flat = [dict.fromkeys(range(1, 11), value) for value in (0.5, 0.6, 0.7, 0.8)]
    lucky = {step: 0.9 if step < 10 else 0.1 for step in range(1, 11)}
    study = study_of(*flat, lucky, pruner=CurvePruner(0.9))
    assert stopped(study, dict.fromkeys(range(1, 10), 0.9)) is None
    assert stopped(study, dict.fromkeys(range(1, 10), 0.91)) is not None


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
        return [stopped(study_of(*best, direction=direction), curve) for curve in turned]

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
    assert run({**curve, 10: 0.0}, 0.5, **{BUDGET: budget}) is None  # trained further on purpose
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


def test_the_prediction_is_that_of_the_conjugate_prior() -> None:
    """Against draws from the posterior of Gelman et al.: variance, then mean, then a gain."""
    rng = np.random.default_rng(0)
    curves = [
        Curve([1, 9], [a, b], b) for a, b in zip(rng.random(9) + 1, rng.random(9), strict=True)
    ]
    now = 1.4
    places = np.array([curve.at(1) for curve in curves])
    values = np.array([curve.value for curve in curves], dtype=float)
    lowest = min(now, *places, *values)
    typical = np.median([now, *places, *values]) - lowest
    far = lambda x: np.log((np.asarray(x) - lowest) / typical + 0.1)  # noqa: E731
    gains = far(values) - far(places)
    n, k = len(gains), (NOISE / GAIN) ** 2
    squares = ((gains - gains.mean()) ** 2).sum() + k * n / (k + n) * gains.mean() ** 2
    size = 400_000
    variance = (NOISE_TRIALS * NOISE**2 + squares) / rng.chisquare(NOISE_TRIALS + n, size)
    mean = rng.normal(n / (k + n) * gains.mean(), np.sqrt(variance / (k + n)))
    drawn = far(now) + rng.normal(mean, np.sqrt(variance))
    said = optuna_normal(drawn.mean(), drawn.std(), far(values.min()))
    assert chance(now, 1, curves, curves) == pytest.approx(said, abs=0.002)
    assert 0.02 < said < 0.98


def optuna_normal(mean: float, deviation: float, place: Any) -> float:
    """The normal distribution function."""
    return 0.5 * (1 + math.erf((float(place) - mean) / deviation / math.sqrt(2)))


@pytest.mark.parametrize("backend", ["optuna", "hyperopt", "keras_tuner"])
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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "photo", "trees"])
def test_its_worth_on_the_recorded_curves(name: str) -> None:
    """Twenty seeds of TPE: what the documentation claims, with room for another Optuna."""
    outcomes = {
        pruner: [replay.replay(name, "optuna", pruner, seed, 60) for seed in range(1, 21)]
        for pruner in ("none", "successive-halving", "curve", "curve, level 0.6")
    }
    share = {p: np.mean([each.share for each in found]) for p, found in outcomes.items()}
    final = {p: np.mean([each.final for each in found]) for p, found in outcomes.items()}
    assert share["none"] == 1
    assert share["curve"] < 0.33
    assert share["curve, level 0.6"] < share["successive-halving"]
    assert final["curve, level 0.6"] < final["successive-halving"]
    lost = {p: final[p] - final["none"] for p in final}
    assert lost["curve"] < 0.8 * lost["successive-halving"]
