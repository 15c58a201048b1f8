"""`crosstune compare`: a match of several engines, and its verdict."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from crosstune.cli.options import DEBUG, JSON, QUIET, named
from crosstune.errors import RequestError

_EPILOG = """
\b
Examples:
  crosstune compare examples/iris.yaml --seeds 10 --trials 30
  crosstune compare examples/digits.yaml -c optuna:tpe,hyperopt:tpe+median
  crosstune compare --suite tables -c optuna:tpe,hyperopt:tpe --jobs 2
  crosstune compare examples/iris.yaml --until-decided --max-seeds 40
  crosstune compare --studies runs/iris-*.journal
  crosstune compare --studies mine=a.journal tpe=b.journal

A contender is BACKEND:SAMPLER, BACKEND:SAMPLER+PRUNER or BACKEND:SAMPLER+SCHEDULER:EPOCHS;
without --contenders the bayesian sampler of every installed engine meets random search. All get
the same space, budget and seeds.

Everything goes to --out: each evaluation as it is made, and report.html at the end. The same
command continues a stopped match; with more seeds or contenders it evaluates only what is new.
Exit status: 0 done, whatever the verdict; 1 failed; 2 bad request; 130 interrupted.
"""


@click.command(
    "compare",
    epilog=_EPILOG,
    short_help="Compare engines on SPEC, on problems, or by studies.",
)
@click.argument("places", metavar="[SPEC | STUDY...]", nargs=-1)
@click.option(
    "--studies",
    is_flag=True,
    help="Judge existing studies, each perhaps as NAME=STUDY; evaluate nothing.",
)
@click.option(
    "--suite", metavar="NAME", help="Instead of SPEC: tables, functions, training, kinds or fronts."
)
@click.option(
    "--problem",
    "problem_names",
    multiple=True,
    metavar="NAME",
    help="Instead of SPEC: one problem of a suite, such as tables/vehicle. May be repeated.",
)
@click.option(
    "-c", "--contenders", metavar="LIST", help="Comma-separated: optuna:tpe,hyperopt:tpe."
)
@click.option("--seeds", type=click.IntRange(1), default=10, show_default=True, metavar="N")
@click.option("-n", "--trials", type=int, metavar="N", help="Of each run; the spec's, or 50.")
@click.option("--seconds", type=float, metavar="S", help="Of each run, sampler and objective.")
@click.option("--epochs", type=int, metavar="N", help="Of each run, over all its trials.")
@click.option(
    "--first", type=int, default=0, metavar="N", help="Number of start points, the same for all."
)
@named(
    "--start",
    metavar="defaults",
    help="Every contender evaluates the objective's own default values first.",
)
@click.option(
    "--workers",
    type=int,
    metavar="N",
    help="Parallel trials on a simulated clock, for recorded times (tables).",
)
@click.option("--jobs", type=click.IntRange(1), default=1, metavar="N", help="Parallel runs.")
@click.option("--until-decided", is_flag=True, help="Add seeds until the leader is decided.")
@click.option("--max-seeds", type=int, default=40, show_default=True, metavar="N")
@click.option(
    "--margin",
    type=float,
    default=0.1,
    show_default=True,
    metavar="SHARE",
    help="Share of what random search leaves to gain; smaller differences count as none.",
)
@click.option(
    "--within",
    type=float,
    metavar="X",
    help="The margin in the metric's units, for one problem; instead of --margin.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the results."
)
@click.option("--tensorboard", metavar="DIR", help="Log every study in DIR as it runs.")
@click.option(
    "--retry-failed", is_flag=True, help="Repeat each run from its first failed trial on."
)
@click.option(
    "--same-objective",
    is_flag=True,
    help="Keep the results although the objective's code changed: it measures the same.",
)
@click.option("--report-only", is_flag=True, help="Judge the results in --out; evaluate nothing.")
@QUIET
@JSON
@DEBUG
def compare(
    places: tuple[str, ...],
    studies: bool,
    suite: str | None,
    problem_names: tuple[str, ...],
    contenders: str | None,
    seeds: int,
    out: Path | None,
    report_only: bool,
    quiet: bool,
    as_json: bool,
    debug: bool,
    margin: float,
    within: float | None,
    **options: Any,
) -> None:
    """Compare engines on SPEC, on a suite of problems, or by studies that they have made."""
    from crosstune.benchmarks import compare as matches
    from crosstune.cli.console import SafeConsole
    from crosstune.terminal.streams import lossy_stdout

    console = SafeConsole(stderr=True, quiet=quiet)
    command = shlex.join(["crosstune", *sys.argv[1:]])
    if studies:
        if suite is not None or problem_names or report_only:
            raise RequestError("--studies goes with studies alone, and not with problems")
        comparison = matches.compare_studies(
            places,
            margin=margin,
            within=within,
            out=out or Path("runs/compare-studies"),
            same_objective=options["same_objective"],
            command=command,
        )
        _finish(comparison, console, as_json=as_json, more_seeds=False)
        return
    if len(places) > 1:
        raise RequestError(f"one SPEC is compared at a time; studies need --studies: {places[1]}")
    spec = Path(places[0]) if places else None
    subject = _subject(spec, suite, problem_names)
    place = out or _default_folder(spec, suite, problem_names)
    if report_only:
        comparison = matches.read(place, margin=margin, within=within)
    else:
        console.print(f"results go to {place}", highlight=False, markup=False, soft_wrap=True)
        with lossy_stdout(), _progress(console, place) as progress:
            comparison = matches.compare(
                subject,
                contenders=contenders,
                seeds=seeds,
                out=place,
                margin=margin,
                within=within,
                progress=progress,
                command=command,
                **options,
            )
    _finish(comparison, console, as_json=as_json, more_seeds=not options["until_decided"])


def _finish(comparison: Any, console: Any, *, as_json: bool, more_seeds: bool) -> None:
    """Print the tables, the verdict and what comes next, and write the report.

    Args:
        comparison: of the match, or of studies.
        console: where to print.
        as_json: whether to print one JSON object too.
        more_seeds: whether the match can go on with `--until-decided`.
    """
    from crosstune.benchmarks.report import terminal

    terminal(comparison.results, comparison.summary, console)
    page = comparison.write_report()
    lines = [comparison.sentence, f"report: {page}"]
    if more_seeds and any(pair.more for pair in comparison.summary.verdict.of_leader):
        lines.append("to decide it: the same command with --until-decided keeps these runs")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if as_json:
        click.echo(json.dumps(_as_json(comparison), allow_nan=False))


def _subject(spec: Path | None, suite: str | None, names: tuple[str, ...]) -> Any:
    from crosstune.benchmarks import problems

    if [spec is not None, suite is not None, bool(names)].count(True) != 1:
        raise RequestError("give one of SPEC, --suite and --problem")
    if suite is not None:
        return problems.suite(suite)
    return [problems.get(name) for name in names] if names else spec


def _default_folder(spec: Path | None, suite: str | None, names: tuple[str, ...]) -> Path:
    """The folder of the match of this name, so that the same command continues it."""
    from crosstune.system.filenames import as_file_name

    name = spec.stem if spec is not None else suite or "-".join(names)
    return Path("runs") / f"compare-{as_file_name(name)}"


@contextlib.contextmanager
def _progress(console: Any, folder: Path) -> Iterator[Any]:
    """A line with the finished runs, the contender that leads and the time left."""
    import time

    from crosstune.benchmarks.match.best_so_far import BestSoFar
    from crosstune.benchmarks.match.folder import MatchFolder
    from crosstune.cli.progress_line import LONG, Pace, fitted_progress, is_live, left

    bar = fitted_progress(console, "runs")
    task = bar.add_task("", total=None, visible=False, words="", ends=None)
    pace: list[Pace] = []
    over = threading.Event()

    best = BestSoFar(MatchFolder(folder))

    def watch() -> None:
        while not over.wait(1.0):
            bar.update(task, words=best.words())

    def show(done: int, runs: int) -> None:
        if not pace:
            pace.append(Pace(runs, done))
        ends = pace[0].ends(done)
        bar.update(task, completed=done, total=runs, visible=True, ends=ends)
        if not is_live(console) and (20 * done // runs > 20 * (done - 1) // runs):
            far = ends is not None and ends - time.monotonic() >= LONG
            parts = [f"{done} of {runs} runs", best.words(), left(ends) if far else ""]
            line = ", ".join(part for part in parts if part)
            console.print(line, highlight=False, markup=False, soft_wrap=True)

    watcher = threading.Thread(target=watch, daemon=True)
    with bar:
        if is_live(console):
            watcher.start()
        try:
            yield show
        finally:
            over.set()
            if watcher.is_alive():
                watcher.join()
                bar.update(task, words=best.words())


def _as_json(comparison: Any) -> dict[str, Any]:
    from dataclasses import asdict

    from crosstune.cli.console import finite

    verdict = comparison.summary.verdict
    return {
        "verdict": verdict.sentence,
        "measure": verdict.measure,
        "leader": verdict.leader,
        "pairs": [finite(asdict(pair)) for pair in verdict.pairs],
        "standings": [finite(asdict(standing)) for standing in comparison.summary.standings],
        "notes": list(comparison.summary.notes),
        "folder": str(comparison.folder),
    }
