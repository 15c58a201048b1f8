"""`crosstune worker`: one of several processes, on any machines, that share a study."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from crosstune.cli.options import (
    BACKEND,
    DEBUG,
    PRUNER,
    QUIET,
    REPEATS,
    SAMPLER,
    SCHEDULER,
    STUDY,
    TRIALS,
    VERBOSE,
)


@click.command(
    short_help="Work with others on a study, over a database.",
    epilog="""
Start any number, on any machines that reach the database and have SPEC, the objective and its
data; workers may start and stop at any time. Example:

\b
  export DB=postgresql+psycopg://me:secret@db.example.org/tune
  crosstune worker digits.yaml --storage $DB --trials 500

The first worker makes the study, and all stop when it has its trials. If a worker is killed,
nothing is lost: after a minute without a heartbeat its trial is queued again, with its values, at
most three times. The server may restart meanwhile. On one machine: crosstune run --workers 4
""",
)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option(
    "--storage",
    required=True,
    metavar="URL",
    help="Of a PostgreSQL database that all workers reach.",
)
@TRIALS
@click.option(
    "--seconds",
    type=float,
    metavar="S",
    help="Time limit of this worker; it starts no trial after it.",
)
@REPEATS
@BACKEND
@SAMPLER
@PRUNER
@SCHEDULER
@click.option("--seed", type=int, metavar="N", help="Of the study; the first worker's is used.")
@STUDY
@click.option(
    "--heartbeat",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="S",
    help="Seconds between two heartbeats; a worker is lost after three times as long without.",
)
@QUIET
@VERBOSE
@DEBUG
def worker(
    spec: Path, heartbeat: int, quiet: bool, verbose: bool, debug: bool, **options: Any
) -> None:
    """Work with others on the study that SPEC describes, over a database."""
    import optuna
    from rich.markup import escape

    from crosstune.cli.console import SafeConsole
    from crosstune.cli.outcome import live_line, recommendation, report, status_of
    from crosstune.cli.run import study_request
    from crosstune.spec.callbacks import Callback, entered
    from crosstune.study.storage import describe
    from crosstune.terminal.streams import lossy_stdout
    from crosstune.tuning.front import settle
    from crosstune.worker.loop import Worker

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    request = study_request(spec, **options)
    console = SafeConsole(stderr=True, quiet=quiet)
    with lossy_stdout():
        joined = Worker(settle(request), heartbeat=heartbeat)
        plan, study = joined.plan, joined.study
        place = describe(plan.storage)
        heading = f"{study.study_name}: {plan.engine.label}, in {place}, as {joined.name}"
        console.print(escape(heading), highlight=False, soft_wrap=True)
        before = time.monotonic()
        with entered(plan.callbacks), live_line(plan, study, console, verbose=verbose) as line:
            callbacks: list[Callback] = [*plan.callbacks, line]
            status = status_of(lambda: joined.run(callbacks), line, console, debug=debug)
        seconds = time.monotonic() - before
        status = report(study, plan, console, seconds, status, recommendation(study, plan))
    sys.exit(status)
