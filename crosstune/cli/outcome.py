"""The console output of a study that a command runs, and the exit status."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.markup import escape

from crosstune.cli.console import LiveLine, count, finite, table, values
from crosstune.cli.failed import reasons
from crosstune.cli.front import front_as_json, print_front
from crosstune.cli.words import duration
from crosstune.engines.feasibility import (
    best_trial,
    front,
    is_feasible,
    least_violated,
    violated,
    why_no_best,
)
from crosstune.errors import CrosstuneError, RequestError, RunError, message_of, raised_by_user
from crosstune.recommendation.recommend import Recommendation, recommend
from crosstune.study.configurations import counts, progress
from crosstune.study.storage import describe
from crosstune.study.trials import epochs_trained
from crosstune.terminal.text import say
from crosstune.tuning.request import Plan


@dataclass(frozen=True)
class Result:
    """The exit status and the object that `--json` prints."""

    exit_status: int
    summary: dict[str, Any]


def say_what_runs(plan: Plan, study: Study, console: Console) -> None:
    """Print a line on the study, and another if there is nothing left to do.

    Args:
        plan: of the study.
        study: opened by it.
        console: where to print.
    """
    said = f"{plan.engine.label}, seed {plan.engine.seed}, in {describe(plan.storage)}"
    _print(console, f"{study.study_name}: {said}")
    done = progress(study)
    if plan.default_point is not None and plan.default_point.params and not done:
        _print(console, f"start: defaults: {plan.default_point}")
    trials = None if plan.budget is None else plan.budget.trials
    if trials is not None and done >= trials:
        console.print(
            f"the study has {done} finished trials already, and its budget is {trials} in all: "
            "there is nothing left to do. A larger --trials continues it",
            highlight=False,
            soft_wrap=True,
        )
    elif done:
        left = "" if trials is None else f", {trials - done} to go"
        _print(console, f"resumed: {done} trials are finished{left}")


def live_line(plan: Plan, study: Study, console: Console, *, verbose: bool = False) -> LiveLine:
    """The live line of a study.

    Args:
        plan: of the study, with its budget and metric.
        study: opened by it.
        console: where to print.
        verbose: print a line for each trial.
    """
    budget = plan.budget
    best = best_trial(study) if len(study.directions) == 1 else None
    return LiveLine(
        console,
        _metrics(plan),
        None if budget is None else budget.trials or budget.configurations,
        progress(study),
        best=None if best is None else best.value,
        seconds=None if budget is None else budget.seconds,
        verbose=verbose,
        scheduled=plan.engine.scheduler is not None,
    )


def status_of(work: Callable[[], None], line: LiveLine, console: Console, *, debug: bool) -> int:
    """Run the trials, and print an error on `console`; returns the exit status.

    Args:
        work: runs the trials.
        line: stopped before an error is printed.
        console: where to print.
        debug: raise the error.

    Raises:
        RequestError: the request is bad.
    """
    try:
        work()
    except KeyboardInterrupt:
        return 130
    except RequestError:
        raise
    except CrosstuneError as error:
        if debug:
            raise
        line.__exit__()
        if console.quiet:
            say(f"crosstune: {error}")
        _print(console, f"crosstune: {error}", style="red")
        return error.exit_status
    return 0


def _print(console: Console, text: str, style: str | None = None) -> None:
    """Print text without markup, highlighting and line breaks."""
    console.print(escape(text), style=style, highlight=False, soft_wrap=True)


def report(
    study: Study,
    plan: Plan,
    console: Console,
    seconds: float,
    exit_status: int,
    recommended: Recommendation | None,
    log_dir: str | None = None,
) -> int:
    """Print the state of a study after a run.

    Args:
        study: after the run.
        plan: of the study.
        console: where to print.
        seconds: the duration of the run.
        exit_status: of the run so far.
        recommended: of the study; None if there is none.
        log_dir: of TensorBoard, if the study is logged.

    Returns:
        The exit status, which is 1 if there is no best trial.
    """
    states = count(study)
    text = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
    if exit_status == 130:
        console.print("interrupted; finished trials are kept, --resume continues", highlight=False)
    by_state = counts(study)
    if by_state is not None:
        text = (
            f"{by_state.total()} configurations, "
            + ", ".join(f"{n} {state}" for state, n in sorted(by_state.items()))
            + f"; {states.total()} trials of {epochs_trained(study)} epochs"
        )
    console.print(escape(f"{text} in {duration(seconds)}"), highlight=False)
    if states["complete"]:  # otherwise the run has ended with the error
        for line in reasons(study):
            _print(console, line)
    several = len(study.directions) > 1
    best = None if several else best_trial(study)
    if several and front(study):
        print_front(study, _metrics(plan), plan.spec.space, console)
        _print_infeasible(study, console)
    elif best is None:
        exit_status = exit_status or 1
        console.print(why_no_best(study), highlight=False)
        nearest = least_violated(study)
        if nearest is not None:
            text = f"the least violated is trial {nearest.number}: {violated(nearest)}"
            _print(console, text)
    else:
        console.print(table(study, plan.spec.metric.name, plan.spec.space))
        _print_infeasible(study, console)
        if recommended is not None and recommended.noisy:
            _print(console, f"recommended under noise: {recommended}")
        if exit_status == 0:
            tested = best if recommended is None else recommended.trial
            _print_test(plan.function, tested, console)
    if "://" not in str(plan.storage):
        _print(console, f"kept in {plan.storage}")
        if exit_status == 0:
            named = f" --study {shlex.quote(plan.study_name)}" if plan.request.storage else ""
            place = shlex.quote(str(plan.storage))
            _print(console, f"for a page about it: crosstune report {place}{named}")
    if log_dir is not None:
        _print(console, f"look at it with: tensorboard --logdir {shlex.quote(log_dir)}")
    return exit_status


def _metrics(plan: Plan) -> list[str]:
    return [metric.name for metric in plan.spec.objectives]


def _print_infeasible(study: Study, console: Console) -> None:
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    infeasible = sum(not is_feasible(trial) for trial in complete)
    if infeasible:
        text = f"{infeasible} of {len(complete)} complete trials violate a constraint"
        console.print(text, highlight=False)


def recommendation(study: Study, plan: Plan) -> Recommendation | None:
    """The recommended trial; None without a best trial, parameters or scipy."""
    if len(study.directions) > 1 or best_trial(study) is None:
        return None
    try:
        return recommend(study, spec=plan.spec.space)
    except RequestError:
        return None


def _print_test(function: Any, best: FrozenTrial, console: Console) -> None:
    try:
        with raised_by_user(RunError):
            scores = function.test(best)
    except CrosstuneError as error:
        text = f"the test of trial {best.number} failed: {message_of(error)}"
        _print(console, text, style="red")
        return
    if scores is not None:
        text = ", ".join(f"{name} {value:.6g}" for name, value in scores.items())
        _print(console, f"trial {best.number} on the part held out for the test: {text}")


def summary(
    study: Study,
    plan: Plan,
    seconds: float,
    sampler_seconds: float,
    recommended: Recommendation | None,
) -> dict[str, Any]:
    """The object of `--json`. JSON has no infinity, so an infinite best value becomes null.

    Args:
        study: after the run.
        plan: of the study.
        seconds: the duration of the run.
        sampler_seconds: the part of it that the sampler took.
        recommended: of the study; None if there is none.
    """
    several = len(study.directions) > 1
    best = None if several else best_trial(study)
    fronts = {}
    if several:
        fronts = {"best_trials": front_as_json(study, _metrics(plan), plan.spec.space)}
    by_state = counts(study)
    scheduled = {}
    if by_state is not None:
        scheduled = {"configurations": dict(by_state), "epochs": epochs_trained(study)}
    return {
        "study": study.study_name,
        "storage": describe(plan.storage),
        "backend": plan.engine.adapter.name,
        "sampler": plan.engine.algorithm,
        "seed": plan.engine.seed,
        "trials": dict(count(study)),
        **scheduled,
        "best_value": finite(None if best is None else best.value),
        "best_params": None if best is None else values(plan.spec.space, best),
        **fronts,
        "recommended": None if recommended is None else _plain(recommended, plan),
        "seconds": round(seconds, 3),
        "sampler_seconds": round(sampler_seconds, 3),
    }


def _plain(recommended: Recommendation, plan: Plan) -> dict[str, Any]:
    """A recommendation as JSON; infinite numbers become null."""
    numbers = {
        name: getattr(recommended, name) for name in ("mean", "deviation", "observed", "noise")
    }
    return {
        "trial": recommended.trial.number,
        "params": values(plan.spec.space, recommended.trial),
        **{name: finite(number) for name, number in numbers.items()},
        "repeats": recommended.repeats,
    }
