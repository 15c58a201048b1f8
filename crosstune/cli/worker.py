"""`crosstune worker`: one of several processes, on any machines, that share a study."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosstune.cli.options import DEBUG

if TYPE_CHECKING:
    from rich.console import Console

    from crosstune.tuning.front import StudyRequest


@click.command(
    epilog="""
\b
Start any number, on any machines that reach the database and have SPEC, the objective and its
data; workers may start and stop at any time. Example:
  export DB=postgresql+psycopg://me:secret@db.example.org/tune
  crosstune worker digits.yaml --storage $DB --trials 500

\b
The first worker makes the study, and all stop when it has its trials. If a worker is killed,
nothing is lost: after a minute without a heartbeat its trial is queued again, with its values, at
most three times. The server may restart meanwhile. On one machine: crosstune run --workers 4
"""
)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option(
    "--storage",
    required=True,
    metavar="URL",
    help="Of a PostgreSQL database that all workers reach.",
)
@click.option(
    "-n", "--trials", type=int, metavar="N", help="Finished trials of the study in total."
)
@click.option(
    "--seconds",
    type=float,
    metavar="S",
    help="Time limit of this worker; it starts no trial after it.",
)
@click.option("-b", "--backend", metavar="NAME", help="optuna, hyperopt or keras_tuner.")
@click.option("-s", "--sampler", metavar="NAME", help="random, grid, bayesian, tpe, ...")
@click.option("-p", "--pruner", metavar="NAME", help="median, hyperband, ...")
@click.option("--seed", type=int, metavar="N", help="Of the study; the first worker's is used.")
@click.option("--study", "study_name", metavar="NAME", help="The study's name in its storage.")
@click.option(
    "--heartbeat",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="S",
    help="Seconds between two heartbeats; a worker is lost after three times as long without.",
)
@DEBUG
def worker(
    spec: Path,
    storage: str,
    trials: int | None,
    seconds: float | None,
    backend: str | None,
    sampler: str | None,
    pruner: str | None,
    seed: int | None,
    study_name: str | None,
    heartbeat: int,
    debug: bool,
) -> None:
    """Work with others on the study that SPEC describes, over a database."""
    import optuna

    from crosstune.cli.console import SafeConsole
    from crosstune.cli.run import study_request
    from crosstune.terminal.streams import lossy_stdout

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    request = study_request(
        spec,
        backend=backend,
        sampler=sampler,
        pruner=pruner,
        trials=trials,
        seconds=seconds,
        seed=seed,
        storage=storage,
        study_name=study_name,
    )
    with lossy_stdout():
        status = run(request, SafeConsole(stderr=True), heartbeat=heartbeat, debug=debug)
    sys.exit(status)


def run(request: StudyRequest, console: Console, *, heartbeat: int, debug: bool) -> int:
    """Work until the study is over; returns the exit status.

    Args:
        request: the shared study.
        console: where to print.
        heartbeat: seconds between two heartbeats.
        debug: raise errors of the run.

    Raises:
        RequestError: the request is bad.
    """
    from rich.markup import escape

    from crosstune.cli.outcome import live_line, report, status_of
    from crosstune.study.storage import describe
    from crosstune.tuning.front import settle
    from crosstune.worker.loop import Worker

    worker = Worker(settle(request), heartbeat=heartbeat)
    plan, study = worker.plan, worker.study
    place = describe(plan.storage)
    heading = f"{study.study_name}: {plan.engine.label}, in {place}, as {worker.name}"
    console.print(escape(heading), highlight=False, soft_wrap=True)
    before = time.monotonic()
    with live_line(plan, study, console) as line:
        status = status_of(lambda: worker.run([line]), line, console, debug=debug)
    return report(study, plan, console, time.monotonic() - before, status)
