"""`crosstune exec`: take over the studies of this process, then run the script in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from crosstune.cli.options import BACKEND, DEBUG, named
from crosstune.errors import RequestError


@click.command(
    "exec",
    short_help="Run a script whose studies the chosen engine drives.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="""
\b
Examples:
  crosstune exec --backend hyperopt train.py --epochs 3
  crosstune exec --backend keras_tuner --seed 1 -m my_package.train
  crosstune exec --sampler tpe --scheduler i-epoch:50 train.py

Arguments after the script belong to the script. Its studies may have a sampler of their own or
none, use optimize() or ask and tell, prune, and suggest other parameters in each trial; calls of
hyperopt.fmin and searches of Keras Tuner are driven too. A study with a grid or with a
constraints_func is left unchanged, with a message, or with an error under --strict; so is one
with several objectives if the sampler takes one alone, as cmaes. Each swap is printed on standard
error and recorded in the study. Without --backend and --sampler no sampler is swapped.
""",
)
@BACKEND
@named("-s", "--sampler", help="random, tpe, ...")
@click.option(
    "--seed", type=int, metavar="N", help="Of the first study; others are derived from it."
)
@click.option(
    "-n",
    "--trials",
    type=click.IntRange(1),
    metavar="N",
    help="At most N trials in each study or search.",
)
@named(
    "--scheduler",
    metavar="NAME:EPOCHS",
    help="Pause and continue the trainings of Optuna's studies; trials are configurations then.",
)
@named("--tensorboard", metavar="DIR", help="Log every study in DIR as it runs.")
@click.option("--strict", is_flag=True, help="Make a study that cannot be swapped an error.")
@click.option("-m", "module", is_flag=True, help="The target is a module, as in python -m.")
@DEBUG
@click.argument("target", metavar="SCRIPT")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def exec_(
    target: str, arguments: tuple[str, ...], module: bool, debug: bool, **options: Any
) -> Callable[[], None]:
    """Run a Python script whose studies the chosen engine drives, without an edit."""
    from crosstune.takeover.install import install
    from crosstune.takeover.misplaced import check_order
    from crosstune.takeover.script import run_module, run_script

    engine = (options["backend"], options["sampler"])
    if options["seed"] is not None and engine == (None, None):
        raise RequestError("--seed is the engine's: name it, with --backend or --sampler")
    path = Path(target)
    if not module and not path.exists():
        raise RequestError(f"there is no script {target}")
    check_order(target, arguments, options)
    install(**options)
    if module:
        return partial(run_module, target, arguments)
    return partial(run_script, path, arguments)
