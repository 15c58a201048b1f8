"""`crosstune check`: the certificate of a spec as a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from crosstune.cli.console import SafeConsole
from crosstune.proofs.certificate import Certificate, check
from crosstune.space.verdicts import APPROXIMATE, EXACT, REFUSED

_STYLES = {EXACT: "green", APPROXIMATE: "yellow", REFUSED: "red"}


def run(spec: Path, *, mode: str, strict: bool, backends: Sequence[str], as_json: bool) -> int:
    """The exit status: 0, or 2 where an engine refuses, or with `strict` only approximates.

    Raises:
        RequestError: a bad spec, or no such mode or backend.
    """
    certificate = check(spec, mode=mode, backends=backends)
    if as_json:
        click.echo(json.dumps(certificate.to_dict()))
    else:
        console = SafeConsole()
        if not console.has_width:
            console.width = 200
        console.print(_table(certificate))
        for line in _remarks(certificate):
            console.print(escape(line), highlight=False, soft_wrap=True)
    return 0 if certificate.holds(strict=strict) else 2


def _table(certificate: Certificate) -> Table:
    """One row a parameter, one column an engine."""
    shown = Table(title=f"What is drawn in {certificate.mode} mode", title_justify="left")
    shown.add_column("parameter", overflow="fold")
    for engine in certificate.verdicts:
        shown.add_column(engine)
    names = next(iter(certificate.verdicts.values()), {})
    for name in names:
        verdicts = [held[name] for held in certificate.verdicts.values()]
        cells = [f"[{_STYLES[verdict.kind]}]{verdict}[/]" for verdict in verdicts]
        shown.add_row(escape(name), *cells)
    return shown


def _remarks(certificate: Certificate) -> list[str]:
    """Reasons and notes; one that several parameters share is said once."""
    said: dict[str, list[str]] = {}
    for engine, held in certificate.verdicts.items():
        for name, verdict in held.items():
            for note in verdict.notes:
                said.setdefault(f"{engine}: {note}", []).append(name)
            if verdict.reason:
                able = f" (not refused by {', '.join(verdict.elsewhere)})"
                said.setdefault(verdict.reason + (able if verdict.elsewhere else ""), [])
    lines = [f"{text} [{', '.join(names)}]" if names else text for text, names in said.items()]
    for engine, notes in certificate.notes.items():
        lines += [f"{engine}: {note}" for note in notes]
    return [*lines, *(f"{engine}: {why}" for engine, why in certificate.unchecked.items())]
