"""`crosstune export`: write a study in the format of another library."""

from __future__ import annotations

from typing import Any

import click

from crosstune.cli.options import DEBUG


@click.command(
    epilog="""
\b
Written to PATH:
  hyperopt     a pickle of hyperopt.Trials, for fmin and hyperopt.plotting
  keras_tuner  a project folder, which a tuner with overwrite=False opens
  optuna       a journal file or the URL of a storage, to which it is added
  csv          a table with one row per trial

\b
Examples:
  crosstune export iris trials.pkl --storage iris.journal --to hyperopt
  crosstune export iris sqlite:///iris.db --storage iris.journal --to optuna
"""
)
@click.argument("study")
@click.argument("path")
@click.option(
    "--to", "format", required=True, metavar="FORMAT", help="hyperopt, keras_tuner, optuna or csv."
)
@click.option(
    "--storage",
    required=True,
    metavar="PLACE",
    help="Where the study is: a journal file, or the URL of a database.",
)
@click.option("--name", metavar="NAME", help="The study's name in the new Optuna storage.")
@click.option("--metric", metavar="NAME", help="The name of Keras Tuner's objective.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@DEBUG
def export(study: str, path: str, debug: bool, **options: Any) -> None:
    """Write STUDY to PATH in the format of another library."""
    import optuna

    from crosstune.exchange import export_study
    from crosstune.study.storage import describe
    from crosstune.terminal.text import say

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    export_study(study, path, **options)
    say(f"{study} is in {describe(path)}")
