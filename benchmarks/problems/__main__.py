"""The problems as a table in Markdown.

    python -m crosstune.benchmarks.problems [SUITE] [--time]

With --time there is one more column: the CPU time of an evaluation in milliseconds, mean over 30
points drawn from the space, including failed ones.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator

import click
import numpy as np

from crosstune.benchmarks import problems
from crosstune.benchmarks.problems.base import Problem
from crosstune.space.parameters import Choice, Parameter

POINTS = 30


def rows(suite: str | None = None, *, timed: bool = False) -> Iterator[str]:
    """The lines of the table, header first.

    Raises:
        UnknownName: there is no such suite.
        MissingLibrary: it needs a library that is not installed.
    """
    heads = ["problem", "parameters", "points", "metric", "optimum"]
    heads += ["ms of CPU an evaluation"] if timed else []
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for name in problems.names(suite):
        problem = problems.get(name)
        optimum = "not known" if problem.optimum is None else f"{problem.optimum:.7g}"
        cells = [
            f"`{name}`",
            parameters(problem),
            points(problem),
            measures(problem),
            optimum,
        ]
        cells += [f"{1000 * seconds(problem):.3g}"] if timed else []
        yield f"| {' | '.join(cells)} |"


def parameters(problem: Problem) -> str:
    """The number of parameters of each type, such as "4 ints, 1 float"."""
    counted = Counter(_kind(item) for item in problem.space.values())
    text = ", ".join(
        f"{number} {kind}{'s' if number > 1 else ''}" for kind, number in counted.items()
    )
    conditional = sum(bool(item.parents) for item in problem.space.values())
    return f"{text}; {conditional} conditional" if conditional else text


def measures(problem: Problem) -> str:
    """The metrics with their directions, and the number of constraints."""
    ways = {"maximize": "highest", "minimize": "lowest"}
    text = "; ".join(f"{item.name}, {ways[item.direction]}" for item in problem.spec.objectives)
    number = len(problem.spec.constraints)
    return f"{text}; {number} constraint{'s' if number > 1 else ''}" if number else text


def points(problem: Problem) -> str:
    """The number of points, or "infinite"."""
    sizes = [len(item.values) if isinstance(item, Choice) else 0 for item in problem.space.values()]
    return f"{math.prod(sizes):,}" if all(sizes) else "infinite"


def seconds(problem: Problem) -> float:
    """The mean CPU time of an evaluation at a point drawn from the space."""
    rng = np.random.default_rng(0)
    function = problem.objective
    assert callable(function)
    drawn = [problem.space.sample(rng) for _ in range(POINTS + 1)]
    begin = 0.0
    for number, params in enumerate(drawn):
        if number == 1:  # the first call loads the data
            begin = time.process_time()
        try:
            function(params)
        except (ValueError, ArithmeticError, MemoryError, RuntimeError):  # some problems fail
            continue
    return (time.process_time() - begin) / POINTS


def _kind(item: Parameter) -> str:
    if isinstance(item, Choice):
        return "ordered choice" if item.ordered else "choice"
    return item.type


@click.command(help=__doc__)
@click.argument("suite", type=click.Choice(problems.SUITES), required=False)
@click.option("--time", "timed", is_flag=True, help="Measure an evaluation of each.")
def main(suite: str | None, timed: bool) -> None:
    """Print the table."""
    for line in rows(suite, timed=timed):
        click.echo(line)


if __name__ == "__main__":
    main()
