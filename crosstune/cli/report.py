"""`crosstune report`: the page of one study."""

from __future__ import annotations

import json
from pathlib import Path

import click

from crosstune.cli.options import DEBUG, JSON, STUDY, named


@click.command(
    epilog="""
STUDY is a journal file, an SQLite file, or the URL of a database. With --from hyperopt it is a
pickle of Trials, WHICH RUNS ANY CODE IN IT: read only one that you trust; with --from keras_tuner
it is a project folder. Nothing in it is changed, and a study that is running may be reported.

\b
Examples:
  crosstune report runs/iris-optuna-tpe.journal
  crosstune report runs/iris-optuna-tpe.journal --figures figures
  crosstune report sqlite:///studies.db --study iris --out iris.md
"""
)
@click.argument("place", metavar="STUDY")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A page (.html) or Markdown (.md). Default: the study's name with .html.",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write each figure as PDF, PNG and SVG too.",
)
@click.option(
    "--tables",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write each table as LaTeX, Markdown and CSV too.",
)
@STUDY
@named("--from", "format", help="hyperopt or keras_tuner, if it is a file of theirs.")
@named("--metric", help="The name of the objective, if the study does not tell.")
@named("--direction", help="maximize if the losses of Hyperopt are negated values.")
@JSON
@DEBUG
def report(
    place: str,
    out: Path | None,
    figures: Path | None,
    tables: Path | None,
    study_name: str | None,
    format: str | None,
    metric: str | None,
    direction: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Make the page of one STUDY, of any engine and in any storage."""
    import optuna

    from crosstune.study_report import sections, source
    from crosstune.study_report.write import check_out, write
    from crosstune.system.filenames import as_file_name
    from crosstune.terminal.text import say

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if out is not None:
        check_out(out)
    content = source.read(
        place, study_name=study_name, format=format, metric=metric, direction=direction
    )
    if out is None:
        out = Path(f"{as_file_name(content.study.study_name)}.html")
    written = write(content, out, figures=figures, tables=tables)
    for line in (sections.headline(content), sections.state(content)):
        if line:
            say(line)
    for folder, what in ((figures, "figures"), (tables, "tables")):
        if folder is not None:
            say(f"{sum(path.parent == folder for path in written)} files of {what} in {folder}")
    say(f"report: {out}")
    if as_json:
        click.echo(
            json.dumps(
                {
                    "study": content.study.study_name,
                    "report": str(out),
                    "files": [str(path) for path in written],
                    "trials": content.counts,
                    "running": bool(content.driver),
                }
            )
        )
