"""`crosstune spec`: a draft of a spec file from a study, or from a script's first trials."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crosstune.cli.options import DEBUG, STUDY, named
from crosstune.errors import RequestError

if TYPE_CHECKING:
    from optuna.study import Study

    from crosstune.exchange.draft import Draft


@click.command(
    "spec",
    short_help="Draft a spec file from a study or a script.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="""
SOURCE is a study (a journal or SQLite file, the URL of a database, or with --format the file of
another library) or a Python script, which ends in .py, or a module with -m.

A script runs until each of its studies has N trials, with random search in place of its samplers,
so that its choices are seen alike. More trials show more of its conditions.

\b
Examples:
  crosstune spec --from runs/my-study.journal --out spec.yaml
  crosstune spec --trials 50 --from train.py --out spec.toml --epochs 1
  crosstune check spec.yaml
""",
)
@named("--from", "source", required=True, help="The study or the script; see below.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="YAML, TOML or JSON by its ending. Default: print YAML.",
)
@click.option("--force", is_flag=True, help="Replace FILE.")
@click.option(
    "-n",
    "--trials",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    metavar="N",
    help="Of a script's studies.",
)
@STUDY
@named("--format", help="hyperopt or keras_tuner, for a file of theirs.")
@named("--metric", help="The name of the objective.")
@click.option("-m", "module", is_flag=True, help="SOURCE is a module, as in python -m.")
@DEBUG
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def spec(
    source: str,
    out: Path | None,
    force: bool,
    trials: int,
    study_name: str | None,
    format: str | None,
    metric: str | None,
    module: bool,
    debug: bool,
    arguments: tuple[str, ...],
) -> Callable[[], None] | None:
    """Draft a spec file from a study or a script, and say what was guessed."""
    from crosstune.spec.files import FORMATS

    if out is not None:
        if out.suffix.lower() not in FORMATS:
            raise RequestError(f"a spec ends in {', '.join(FORMATS)}, not in {out.suffix!r}")
        if out.exists() and not force:
            raise RequestError(f"{out} exists. Choose another name, or add --force")
    if module or source.endswith(".py"):
        if not module and not Path(source).is_file():
            raise RequestError(f"there is no script {source}")
        return lambda: _from_script(
            source, arguments, module=module, trials=trials, metric=metric, out=out
        )
    if arguments:
        raise RequestError(f"arguments are for a script, and {source} is none: {arguments[0]}")
    import optuna

    from crosstune.study_report import source as sources

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    read = sources.read(source, study_name=study_name, format=format, metric=metric)
    _write(_drafted(read.study, metric), f"the study in {read.place}", out)
    return None


def _from_script(
    target: str, arguments: tuple[str, ...], *, module: bool, trials: int, **options: Any
) -> None:
    """Run a script, and draft from the study of it that has most trials."""
    import sys

    from crosstune.errors import message_of
    from crosstune.takeover.observation import observed
    from crosstune.terminal.text import say

    studies, why = observed(target, arguments, module=module, trials=trials, seed=0)
    counts = {study: len(study.get_trials(deepcopy=False)) for study in studies}
    ran = [study for study in studies if counts[study]]
    reason = f" ({why})" if why else ""
    if not ran:
        say(f"crosstune: {target} ran no trial of a study{reason}")
        sys.exit(1)
    if why:
        say(f"{target} failed after its trials{reason}")
    most = max(ran, key=lambda study: counts[study])
    if len(ran) > 1:
        names = ", ".join(study.study_name for study in ran if study is not most)
        say(f"the draft is of {most.study_name}, which has most trials; not of {names}")
    try:
        stem = target if module else Path(target).stem
        made = _drafted(most, options["metric"], stem)
        _write(made, f"the first {counts[most]} trials of {target}", options["out"])
    except RequestError as error:
        say(f"crosstune: {message_of(error)}")
        sys.exit(error.exit_status)


def _drafted(study: Study, metric: str | None, script: str | None = None) -> Draft:
    from crosstune.exchange.draft import draft
    from crosstune.exchange.study_data import read_study

    return draft(read_study(study), metric=metric, script=script)


def _write(made: Draft, source: str, out: Path | None) -> None:
    """Print the draft, or write it; the notes go into it as comments, and to standard error."""
    from crosstune.spec import files
    from crosstune.spec.yaml_text import as_yaml
    from crosstune.terminal.text import say, visible

    heading = [f"Drafted by crosstune from {source}.", *made.notes]
    comments = "".join(f"# {visible(' '.join(line.split()))}\n" for line in heading)
    if out is None:
        click.echo(comments + as_yaml(made.keys), nl=False)
        return
    files.write(out, made.keys)
    if out.suffix.lower() != ".json":
        out.write_text(comments + out.read_text(encoding="utf-8"), encoding="utf-8")
    for note in made.notes:
        say(f"- {note}")
    say(f"the draft is in {out}; look it over, then: crosstune check {out}")
