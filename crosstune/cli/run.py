"""`crosstune run`: one study from request to summary."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial
from rich.console import Console
from rich.markup import escape

from crosstune.callbacks.tensorboard.callback import TensorBoardCallback
from crosstune.cli.console import LiveLine, count, duration, table, values
from crosstune.engines.feasibility import best_trial, ranked, why_no_best
from crosstune.errors import CrosstuneError, RequestError, RunError, message_of, raised_by_user
from crosstune.study.clock import SamplerClock
from crosstune.study.storage import describe
from crosstune.study.trials import finished
from crosstune.tuning.front import Plan, StudyRequest, settle
from crosstune.tuning.loop import run_plan
from crosstune.tuning.opening import asked_seed, opened, placed

FOLDER = Path("runs")
"""Where a study gets a journal file if no storage is named."""


@dataclass(frozen=True)
class Result:
    """The exit status and the object that `--json` prints."""

    exit_status: int
    summary: dict[str, Any]


def study_request(spec: Path, **options: Any) -> StudyRequest:
    """The request of a command line; without a storage the study gets a file in `FOLDER`.

    Args:
        options: fields of `StudyRequest`; None is what the spec says.

    Raises:
        RequestError: a budget that is not positive.
    """
    for name in ("trials", "seconds"):
        limit = options[name]
        if limit is not None and not 0 < limit < float("inf"):
            raise RequestError(f"--{name} has to be above 0, not {limit!r}")
    return StudyRequest(spec=spec, folder=FOLDER, **options)


def run_spec(
    request: StudyRequest,
    console: Console,
    *,
    tensorboard: str | None = None,
    debug: bool = False,
) -> Result:
    """Run it, showing a live line and a final table on `console`.

    Args:
        tensorboard: a folder in which the study is logged as it runs.

    Raises:
        RequestError: a bad request; nothing was evaluated.
    """
    plan = settle(request)
    log = TensorBoardCallback(tensorboard) if tensorboard else None
    plan = placed(plan)
    with opened(plan) as study:
        plan = replace(plan, engine=replace(plan.engine, seed=asked_seed(study)))
        _say_what_runs(plan, study, console)
        clock = SamplerClock(study.sampler)
        before = time.monotonic()
        with log or nullcontext(), live_line(plan, study, console) as line:
            if log is not None:
                log.attach(study)  # and its thread looks for what is new until the end
            status = status_of(lambda: run_plan(plan, study, [line]), line, console, debug=debug)
        seconds = time.monotonic() - before
        if status == 0 and best_trial(study) is None:
            status = 1
        report(study, plan, console, seconds, status, tensorboard)
        return Result(status, _summary(study, plan, seconds, clock.seconds))


def _say_what_runs(plan: Plan, study: Study, console: Console) -> None:
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
) -> None:
    """Show how a study stands, after a run that ended with `exit_status`."""
    states = count(study)
    text = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
    if exit_status == 130:
        console.print(
            "interrupted; what is finished is kept, and --resume goes on", highlight=False
        )
    console.print(escape(f"{text} in {duration(seconds)}"), highlight=False)
    best = best_trial(study)
    if best is None:
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


def _summary(study: Study, plan: Plan, seconds: float, sampler_seconds: float) -> dict[str, Any]:
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
