"""`crosstune run`: one study from request to summary."""

from __future__ import annotations

import json
import shlex
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crosstune.cli.options import (
    BACKEND,
    DEBUG,
    JSON,
    PATIENCE,
    PRUNER,
    QUIET,
    REPEATS,
    SAMPLER,
    SCHEDULER,
    STUDY,
    TRIALS,
    VERBOSE,
    named,
)
from crosstune.errors import RequestError
from crosstune.terminal.streams import lossy_stdout

if TYPE_CHECKING:
    from rich.console import Console

    from crosstune.cli.outcome import Result
    from crosstune.tuning.request import Plan, StudyRequest

FOLDER = Path("runs")
"""The folder for the journal file of a study without a storage."""


@click.command(
    epilog="""
SAMPLER is a role (random, grid, bayesian), which every backend has, or a native name of the
backend; `crosstune backends` lists them.

Without --storage the study goes to runs/NAME-BACKEND-SAMPLER.journal, with a number if that
exists. View it with optuna-dashboard and the name of the file.

A run that was killed or stopped continues with --resume, to the same trials as without the stop.
The trial that was running is repeated. If a library was upgraded meanwhile and trials would
differ, that is an error, and --resume --fresh continues with an engine that learns from the
trials.

Several trials at a time, in processes of this machine; one that dies or hangs costs one trial:

\b
  crosstune run spec.yaml --workers 4 --trial-seconds 600

The same history for 1 to 8 workers; each suggestion is made with 7 results fewer:

\b
  crosstune run spec.yaml --workers 4 --ordered

On a Dask cluster, whose workers may come and go:

\b
  crosstune run spec.yaml --dask tcp://10.0.0.1:8786 --host 10.0.0.5

Without a cluster manager, over a database: crosstune worker --help

If the objective has noise, the best observed value is partly luck: --repeats 8 evaluates the
leaders again in the last 8 trials, and the recommended trial is shown with its uncertainty.

With several metrics in the spec, the trials that no other one beats in all of them are shown at
the end. Trials that violate one of its constraints are never among the best; if all do, the exit
status is 1:

\b
  metrics:
    - {name: accuracy, direction: maximize}
    - {name: latency_ms, direction: minimize}
  constraints: [{metric: memory_mb, max: 512}, {metric: recall, min: 0.8}]

A study with --tensorboard logs is viewed as it runs with: tensorboard --logdir logs. Several
studies may share a directory, and a resumed one continues its log. A finished study is logged by
crosstune tensorboard.
"""
)
@click.argument("spec", type=click.Path(path_type=Path))
@BACKEND
@SAMPLER
@PRUNER
@SCHEDULER
@TRIALS
@click.option("--seconds", type=float, metavar="S", help="Time limit; no trial starts after it.")
@REPEATS
@PATIENCE
@click.option(
    "--seed", type=int, metavar="N", help="Any integer; the same seed gives the same trials."
)
@click.option(
    "--warm-start",
    multiple=True,
    metavar="STUDY",
    help="Learn from an earlier study, a journal file or URL; for crosstune's gp. May be repeated.",
)
@named(
    "--start",
    metavar="defaults",
    help="Evaluate the objective's own default values first, instead of the spec's start points.",
)
@named("--storage", metavar="PLACE", help="A journal file, or the URL of a database.")
@STUDY
@click.option("--resume", is_flag=True, help="Continue the existing study.")
@click.option(
    "--fresh",
    is_flag=True,
    help="With --resume: continue with a fresh engine that learns from the trials.",
)
@named("--tensorboard", metavar="DIR", help="Log the study in DIR for TensorBoard as it runs.")
@click.option("-w", "--workers", type=int, metavar="N", help="Parallel trials, each in a process.")
@named("--dask", metavar="ADDRESS", help="Address of a Dask scheduler, or: local.")
@click.option(
    "--ordered",
    "lag",
    type=int,
    is_flag=False,
    flag_value=7,
    metavar="[LAG]",
    help="The same history for any number of workers up to LAG + 1; LAG is 7.",
)
@click.option("--trial-seconds", type=float, metavar="S", help="End a longer trial, as failed.")
@named(
    "--host",
    metavar="ADDRESS",
    help="Address of this machine for remote Dask workers, on a trusted network.",
)
@click.option(
    "--save-params",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the best parameters to FILE: .yaml, .toml or .json.",
)
@click.option(
    "--save-model",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Fit the spec's estimator with them to all rows, and write it to FILE: .skops.",
)
@QUIET
@VERBOSE
@JSON
@DEBUG
def run(
    spec: Path,
    resume: bool,
    fresh: bool,
    tensorboard: str | None,
    dask: str | None,
    save_params: Path | None,
    save_model: Path | None,
    quiet: bool,
    verbose: bool,
    as_json: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Run the study that SPEC describes, a YAML, TOML or JSON file."""
    import optuna

    from crosstune.cli.console import SafeConsole

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    console = SafeConsole(stderr=True, quiet=quiet)
    if fresh and not resume:
        raise RequestError("--fresh says how to go on with a study: give --resume with it")
    resumed = "fresh" if fresh else resume
    request = study_request(spec, resume=resumed, executor=dask, **options)
    with lossy_stdout():
        result = run_spec(
            request,
            console,
            tensorboard=tensorboard,
            save=(save_params, save_model),
            verbose=verbose,
            debug=debug,
        )
    if as_json:
        click.echo(json.dumps(result.summary, allow_nan=False))
    sys.exit(result.exit_status)


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
    from crosstune.tuning.request import StudyRequest

    return StudyRequest(spec=spec, folder=FOLDER, **options)


def run_spec(
    request: StudyRequest,
    console: Console,
    *,
    tensorboard: str | None = None,
    save: tuple[Path | None, Path | None] = (None, None),
    verbose: bool = False,
    debug: bool = False,
) -> Result:
    """Run a study, with a live line and a final table on `console`.

    Args:
        request: the study to run.
        console: where to print.
        tensorboard: a folder in which the study is logged as it runs.
        save: where to write the best parameters and the fitted model; None for nowhere.
        verbose: print a line for each trial.
        debug: raise errors of the run.

    Raises:
        RequestError: the request is bad; nothing was evaluated.
    """
    from crosstune.callbacks.tensorboard.callback import TensorBoardCallback
    from crosstune.cli.outcome import (
        Result,
        live_line,
        recommendation,
        report,
        say_what_runs,
        status_of,
        summary,
    )
    from crosstune.engines.feasibility import best_trial
    from crosstune.resume.agreement import asked_seed
    from crosstune.study.clock import SamplerClock
    from crosstune.tuning.best_files import BestFiles
    from crosstune.tuning.front import settle
    from crosstune.tuning.loop import run_plan
    from crosstune.tuning.opening import opened, placed

    plan = settle(request)
    files = BestFiles(*save)
    files.check(plan)
    log = TensorBoardCallback(tensorboard) if tensorboard else None
    unfinished = _unfinished(plan)
    plan = placed(plan)
    with opened(plan) as study:
        plan = replace(plan, engine=replace(plan.engine, seed=asked_seed(study)))
        say_what_runs(plan, study, console)
        if unfinished is not None:
            console.print(
                f"this is a new study; the one in {unfinished} is not finished. To continue that "
                f"one: --storage {shlex.quote(str(unfinished))} --resume",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
        clock = SamplerClock(study)
        before = time.monotonic()
        with log or nullcontext(), live_line(plan, study, console, verbose=verbose) as line:
            if log is not None:
                log.attach(study)  # its thread logs new trials until the end
            status = status_of(lambda: run_plan(plan, study, [line]), line, console, debug=debug)
        seconds = time.monotonic() - before
        recommended = recommendation(study, plan)
        status = report(study, plan, console, seconds, status, recommended, tensorboard)
        if any(save) and status == 0:
            best = best_trial(study) if recommended is None else recommended.trial
            for path in () if best is None else files.write(study, plan, best):
                console.print(f"written: {path}", highlight=False, markup=False, soft_wrap=True)
        return Result(status, summary(study, plan, seconds, clock.seconds, recommended))


def _unfinished(plan: Plan) -> Path | None:
    """The file of an unfinished run beside which a new one begins; None without one."""
    from crosstune.study.journals import unfinished_journal

    folder = plan.request.folder
    if plan.storage is not None or folder is None:
        return None
    return unfinished_journal(folder, plan.spec.name, plan.engine, plan.study_name)
