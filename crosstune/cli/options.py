"""Options and a check that several commands share."""

from __future__ import annotations

from functools import partial

import click


def not_empty(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty string, such as that of an unset shell variable.

    Args:
        context, option: passed by click.
        value: of the option.

    Raises:
        click.BadParameter: it is empty.
    """
    if value == "":
        raise click.BadParameter("it is empty. Leave the option out to get what the spec says.")
    return value


DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")
JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on standard output."
)

QUIET = click.option("-q", "--quiet", is_flag=True, help="Print errors and warnings alone.")
VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Print a line for each trial.")

named = partial(click.option, metavar="NAME", callback=not_empty)
"""An option whose value is a name."""


def _backends(context: click.Context, option: click.Parameter, typed: str) -> list[str]:
    """The backends to complete a word to; no engine is imported."""
    from crosstune.engines import registry

    return [name for name in registry.names() if name.startswith(typed)]


BACKEND = named(
    "-b",
    "--backend",
    shell_complete=_backends,
    help="optuna, hyperopt, keras_tuner or crosstune.",
)
SAMPLER = named("-s", "--sampler", help="random, grid, bayesian, tpe, ...")
PRUNER = named("-p", "--pruner", help="median, hyperband, ...")
SCHEDULER = named(
    "--scheduler",
    metavar="NAME[:EPOCHS]",
    help="freeze-thaw, i-epoch, successive-halving or hyperband, with the epochs of a training.",
)
STUDY = named("--study", "study_name", help="The study's name in its storage.")
TRIALS = click.option(
    "-n", "--trials", type=int, metavar="N", help="Finished trials of the study in total."
)
PATIENCE = click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    help="End after N trials in a row without an improvement.",
)
REPEATS = click.option(
    "--repeats",
    type=int,
    metavar="K",
    help="Evaluate leading points again in the last K trials, for a noisy objective.",
)
