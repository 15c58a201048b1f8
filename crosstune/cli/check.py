"""`crosstune check`: the certificate of a spec as a table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosstune.cli.options import DEBUG, JSON

if TYPE_CHECKING:
    from rich.table import Table

    from crosstune.proofs.certificate import Certificate


@click.command(
    epilog="""
Exit status 0; 2 if an engine refuses a parameter or, with --strict, approximates one. --backend
limits the check to the engine that the study is for.
"""
)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option(
    "--mode", default="exact", show_default=True, metavar="NAME", help="exact or literal."
)
@click.option("-b", "--backend", "backends", multiple=True, metavar="NAME", help="Only this one.")
@click.option("--strict", is_flag=True, help="Make an approximation an error.")
@JSON
@DEBUG
def check(
    spec: Path, mode: str, backends: tuple[str, ...], strict: bool, as_json: bool, debug: bool
) -> None:
    """Say how faithfully each engine draws each parameter of SPEC."""
    from rich.markup import escape

    from crosstune.cli.console import SafeConsole
    from crosstune.proofs.certificate import check as certified

    certificate = certified(spec, mode=mode, backends=backends)
    if as_json:
        click.echo(json.dumps(certificate.to_dict()))
    else:
        console = SafeConsole()
        if not console.has_width:
            console.width = 200
        console.print(_table(certificate))
        for line in _remarks(certificate):
            console.print(escape(line), highlight=False, soft_wrap=True)
    sys.exit(0 if certificate.holds(strict=strict) else 2)


def _table(certificate: Certificate) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from crosstune.space.verdicts import APPROXIMATE, EXACT, REFUSED

    styles = {EXACT: "green", APPROXIMATE: "yellow", REFUSED: "red"}
    shown = Table(title=f"What is drawn in {certificate.mode} mode", title_justify="left")
    shown.add_column("parameter", overflow="fold")
    for engine in certificate.verdicts:
        shown.add_column(engine)
    names = next(iter(certificate.verdicts.values()), {})
    for name in names:
        verdicts = [by_name[name] for by_name in certificate.verdicts.values()]
        cells = [f"[{styles[verdict.kind]}]{verdict}[/]" for verdict in verdicts]
        shown.add_row(escape(name), *cells)
    return shown


def _remarks(certificate: Certificate) -> list[str]:
    """Reasons and notes, without repetition if several parameters share one."""
    said: dict[str, list[str]] = {}
    for engine, verdicts in certificate.verdicts.items():
        for name, verdict in verdicts.items():
            for note in verdict.notes:
                said.setdefault(f"{engine}: {note}", []).append(name)
            if verdict.reason:
                able = f" (not refused by {', '.join(verdict.elsewhere)})"
                said.setdefault(verdict.reason + (able if verdict.elsewhere else ""), [])
    lines = [f"{text} [{', '.join(names)}]" if names else text for text, names in said.items()]
    for engine, notes in certificate.notes.items():
        lines += [f"{engine}: {note}" for note in notes]
    lines += [f"{engine}: {why}" for engine, why in certificate.unchecked.items()]
    if certificate.default_point is not None:
        if certificate.default_point.params:
            lines.append(f"start: defaults: {certificate.default_point}")
        lines += certificate.default_point.sentences()
    if certificate.no_defaults:
        lines.append(f"start: defaults: {certificate.no_defaults}")
    return lines
