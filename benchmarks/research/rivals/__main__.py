"""Install the rivals, see what a proposal of each costs, and compare them.

python -m crosstune.benchmarks.research.rivals install         # every environment, or those named
python -m crosstune.benchmarks.research.rivals cost smac:smac  # CPU seconds a proposal
python -m crosstune.benchmarks.research.rivals compare --suite tables -c optuna:tpe,smac:smac
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import click
import optuna

from crosstune.benchmarks.match.contender import contender
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems import get
from crosstune.benchmarks.problems.base import Problem
from crosstune.benchmarks.research.rivals.environments import ENVIRONMENTS
from crosstune.benchmarks.research.rivals.process import RivalProcess
from crosstune.cli.main import main as crosstune_command
from crosstune.errors import CrosstuneError
from crosstune.study.internal import own_study
from crosstune.tuning.front import settle
from crosstune.tuning.opening import open_study

AROUND = 3
"""Over how many proposals a cost is averaged."""


@click.group()
def main() -> None:
    """Tuners from outside as contenders of a match."""


@main.command()
@click.argument("names", nargs=-1, type=click.Choice(list(ENVIRONMENTS)))
def install(names: tuple[str, ...]) -> None:
    """Make the environments anew: those named, or all."""
    for name in names or ENVIRONMENTS:
        environment = ENVIRONMENTS[name]
        try:
            environment.install()
        except CrosstuneError as error:
            raise click.ClickException(str(error)) from error
        versions = ", ".join(f"{k} {v}" for k, v in environment.versions().items())
        click.echo(f"{environment.folder}: {versions}")


@main.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def compare(arguments: tuple[str, ...]) -> None:
    """`crosstune compare`, which knows the rivals here."""
    crosstune_command(["compare", *arguments])


@main.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--problem", "problems", multiple=True, default=("tables/vehicle",))
@click.option("--trials", "-n", default=50, show_default=True, type=click.IntRange(min=2))
@click.option("--at", multiple=True, type=int, default=(10, 30, 48), show_default=True)
def cost(
    names: tuple[str, ...], problems: tuple[str, ...], trials: int, at: tuple[int, ...]
) -> None:
    """Run each of NAMES once, and print CPU seconds of a proposal after so many trials.

    A name is one of a contender, such as smac:smac.

    Each is the mean of three in a row. What it found is printed beside it.
    """
    heads = "".join(f"{f's @{number}':>9}" for number in at)
    click.echo(f"{'contender':22}{'problem':24}{heads}{'s a run':>9}{'best':>12}")
    for name in names:
        for title in problems:
            try:
                seconds, best = run(name, get(title), trials)
            except CrosstuneError as error:
                raise click.ClickException(str(error)) from error
            cells = "".join(f"{statistics.fmean(seconds[n : n + AROUND]):>9.2f}" for n in at)
            click.echo(f"{name:22}{title:24}{cells}{sum(seconds):>9.1f}{best:>12.5g}")


def run(name: str, problem: Problem, trials: int) -> tuple[list[float], float]:
    """CPU seconds of each proposal under the match's seed 0, and the best value found.

    For a contender that needs no process of its own they include the objective, which costs next to
    nothing on a table or a function.

    Args:
        name: of the contender.
        problem: to search.
        trials: the number of trials.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    request = contender(name).request(problem.spec, engine_seed(0), trials)
    with own_study():
        study = open_study(replace(settle(request), budget=None))
    seconds = []
    for _ in range(trials):
        before = time.process_time()
        trial = study.ask()
        value = problem.prepared(trial)
        study.tell(trial, value)
        native = getattr(study.sampler, "native", None)
        here = time.process_time() - before
        seconds.append(native.seconds[-1] if isinstance(native, RivalProcess) else here)
    return seconds, study.best_value


if __name__ == "__main__":
    main()
