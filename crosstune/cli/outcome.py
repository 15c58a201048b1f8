"""What a person sees of a study that a command runs, and the exit status."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial
from rich.console import Console
from rich.markup import escape

from crosstune.cli.console import LiveLine, count, duration, table, values
from crosstune.engines.feasibility import best_trial, ranked, why_no_best
from crosstune.errors import CrosstuneError, RequestError, RunError, message_of, raised_by_user
from crosstune.study.storage import describe
from crosstune.study.trials import finished
from crosstune.tuning.front import Plan


@dataclass(frozen=True)
class Result:
    """The exit status and the object that `--json` prints."""

    exit_status: int
    summary: dict[str, Any]


def say_what_runs(plan: Plan, study: Study, console: Console) -> None:
    """One line on the study, and one more if there is nothing left to do."""
    said = f"{plan.engine.label}, seed {plan.engine.seed}, in {describe(plan.storage)}"
    _print(console, f"{study.study_name}: {said}")
    done = finished(study)
    trials = None if plan.budget is None else plan.budget.trials
    if trials is not None and done >= trials:
        console.print(
            f"the study has {done} finished trials already, and --trials {trials} is their "
            "number in all: there is nothing left to do",
            highlight=False,
            soft_wrap=True,
        )


def live_line(plan: Plan, study: Study, console: Console) -> LiveLine:
    """The live line of a study."""
    trials = None if plan.budget is None else plan.budget.trials
    return LiveLine(console, plan.spec.metric.name, trials, finished(study))


def status_of(work: Callable[[], None], line: LiveLine, console: Console, *, debug: bool) -> int:
    """Run the trials; the exit status, with the error on `console`.

    Args:
        line: stopped before the error is shown.
        debug: raise the error.

    Raises:
        RequestError: a bad request.
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
        _print(console, f"crosstune: {error}", style="red")
        return error.exit_status
    return 0


def _print(console: Console, text: str, style: str | None = None) -> None:
    """Print text as it is: no markup, no colours of its own, no line breaks."""
    console.print(escape(text), style=style, highlight=False, soft_wrap=True)


def report(
    study: Study,
    plan: Plan,
    console: Console,
    seconds: float,
    exit_status: int,
    log_dir: str | None = None,
) -> int:
    """Show how a study stands, after a run that ended with `exit_status`.

    Returns:
        The exit status, which is 1 for a run without a best trial.
    """
    states = count(study)
    text = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
    if exit_status == 130:
        console.print(
            "interrupted; what is finished is kept, and --resume goes on", highlight=False
        )
    console.print(escape(f"{text} in {duration(seconds)}"), highlight=False)
    best = best_trial(study)
    if best is None:
        exit_status = exit_status or 1
        console.print(why_no_best(study), highlight=False)
    else:
        console.print(table(study, plan.spec.metric.name, plan.spec.space))
        infeasible = states["complete"] - len(ranked(study))
        if infeasible:
            text = f"{infeasible} of {states['complete']} complete trials violate a constraint"
            console.print(text, highlight=False)
        if exit_status == 0:
            _print_test(plan.function, best, console)
    if "://" not in str(plan.storage):
        _print(console, f"kept in {plan.storage}")
    if log_dir is not None:
        _print(console, f"look at it with: tensorboard --logdir {shlex.quote(log_dir)}")
    return exit_status


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


def summary(study: Study, plan: Plan, seconds: float, sampler_seconds: float) -> dict[str, Any]:
    """The object of `--json`; JSON has no infinity, so an infinite best value is null."""
    best = best_trial(study)
    value = None if best is None or best.value is None else best.value
    return {
        "study": study.study_name,
        "storage": describe(plan.storage),
        "backend": plan.engine.adapter.name,
        "sampler": plan.engine.algorithm,
        "seed": plan.engine.seed,
        "trials": dict(count(study)),
        "best_value": value if value is not None and math.isfinite(value) else None,
        "best_params": None if best is None else values(plan.spec.space, best),
        "seconds": round(seconds, 3),
        "sampler_seconds": round(sampler_seconds, 3),
    }
