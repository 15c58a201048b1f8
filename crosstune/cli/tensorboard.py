"""`crosstune tensorboard`: log studies that are in a storage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from crosstune.cli.options import DEBUG, named
from crosstune.errors import RequestError, no_such
from crosstune.terminal.text import say


@click.command(
    short_help="Log the studies in STUDY for TensorBoard.",
    epilog="""
\b
An existing log is continued, without repetition. Example:
  crosstune tensorboard runs/iris-optuna-tpe.journal logs
  tensorboard --logdir logs
""",
)
@click.argument("storage", metavar="STUDY")
@click.argument("log_dir", metavar="DIR", type=click.Path(path_type=Path))
@named("--study", "study_name", help="Only this one of several.")
@named("--metric", help="Name of the objective.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array on standard output.")
@DEBUG
def tensorboard(
    storage: str,
    log_dir: Path,
    study_name: str | None,
    metric: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Log the studies in STUDY, a journal file or the URL of a database, to DIR for TensorBoard."""
    import optuna

    from crosstune.callbacks.tensorboard.callback import log
    from crosstune.study.storage import describe, open_storage

    if "://" not in storage and not Path(storage).is_file():
        raise RequestError(f"there is no study at {storage}: no such file")
    opened = open_storage(storage)
    names = optuna.get_all_study_names(opened)
    if study_name is not None and study_name not in names:
        raise RequestError(f"{describe(storage)}: {no_such('study', study_name, names)}")
    if not names:
        raise RequestError(f"there is no study in {describe(storage)}")
    done: list[dict[str, Any]] = []
    for name in [study_name] if study_name is not None else names:
        study = optuna.load_study(study_name=name, storage=opened)
        folder = log(study, log_dir, metric=metric)
        count = len(study.get_trials(deepcopy=False))
        done.append({"study": name, "trials": count, "log": folder and str(folder)})
        where = f"in {folder}" if folder else "not logged, since none has begun"
        say(f"{name}: {count} trials {where}")
    say(f"look at it with: tensorboard --logdir {log_dir}")
    if as_json:
        click.echo(json.dumps(done))
