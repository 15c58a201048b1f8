"""`crosstune import`: read another library's search into a study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from crosstune.cli.options import DEBUG, JSON


@click.command(
    name="import",
    epilog="""
\b
SOURCE is
  hyperopt     a pickle of hyperopt.Trials. READING A PICKLE RUNS ANY CODE
               IN IT: use only a file that you trust. No other command and
               no other format reads a pickle.
  keras_tuner  the project folder of a tuner
  optuna       a journal file, or the URL of a database

Without --storage the study goes to runs/NAME.journal. An existing study is never changed.

\b
Examples:
  crosstune import trials.pkl --from hyperopt --space train:space
  crosstune import my_dir/my_project --from keras_tuner --metric val_accuracy
""",
)
@click.argument("source")
@click.option(
    "--from", "format", required=True, metavar="FORMAT", help="hyperopt, keras_tuner or optuna."
)
@click.option("--storage", metavar="PLACE", help="A journal file, or the URL of a database.")
@click.option("--name", metavar="NAME", help="The name of the new study.")
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    help="Declares space and direction; every trial must fit.",
)
@click.option(
    "--space",
    metavar="MODULE:NAME",
    help="The hp space of the search, which turns positions into values.",
)
@click.option("--direction", metavar="WAY", help="maximize if the losses are negated values.")
@click.option("--metric", metavar="NAME", help="Which metric is Keras Tuner's objective.")
@click.option("--study", "study_name", metavar="NAME", help="Which study of the Optuna storage.")
@JSON
@DEBUG
def import_(
    source: str, storage: str | None, space: str | None, as_json: bool, debug: bool, **options: Any
) -> None:
    """Read the finished search in SOURCE into a new study."""
    import optuna

    from crosstune.cli.console import count, finite
    from crosstune.engines.feasibility import best_trial
    from crosstune.exchange import IMPORTED, import_study, storages
    from crosstune.study.storage import describe
    from crosstune.system.filenames import as_file_name
    from crosstune.terminal.text import say

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    read = import_study(source, space=None if space is None else _resolved(space), **options)
    place = storage or str(Path("runs") / f"{as_file_name(read.study_name)}.journal")
    study = storages.put(read, place, read.study_name)
    states = count(study)
    text = ", ".join(f"{n} {state}" for state, n in sorted(states.items())) or "no trials"
    say(f"{study.study_name}: {text}, in {describe(place)}")
    if as_json:
        several = len(study.directions) > 1
        best = None if several else best_trial(study)
        summary: dict[str, Any] = {
            "study": study.study_name,
            "storage": describe(place),
            "trials": dict(states),
            "best_value": finite(None if best is None else best.value),
            "notes": study.user_attrs[IMPORTED]["notes"],
        }
        click.echo(json.dumps(summary, allow_nan=False))


def _resolved(target: str) -> Any:
    """The object at ``module:name``; the working folder is on the path."""
    import pkgutil
    import sys

    from crosstune.errors import RequestError, message_of, raised_by_user

    if ":" not in target:
        raise RequestError(f"a space is written module:name, such as train:space, not {target!r}")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    with raised_by_user(lambda why: RequestError(f"{target!r} cannot be imported: {why}")):
        try:
            return pkgutil.resolve_name(target)
        except (ImportError, AttributeError) as error:
            raise RequestError(f"{target!r} cannot be imported: {message_of(error)}") from error
