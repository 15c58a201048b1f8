"""`crosstune backends`: the engines and their samplers."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import Any

import click

from crosstune.cli.options import DEBUG, JSON

_ROLES = ("random", "grid", "bayesian")


@click.command(short_help="List the engines and their samplers, and what is missing.")
@JSON
@DEBUG
def backends(as_json: bool, debug: bool) -> None:
    """List the engines, whether they are installed, and their samplers."""
    from crosstune.engines import registry as adapters
    from crosstune.errors import MissingLibrary

    listed: dict[str, Any] = {}
    for name in adapters.names():
        try:
            adapter = adapters.get(name)
        except MissingLibrary as error:
            listed[name] = {"installed": False, "reason": str(error)}
            continue
        from importlib.metadata import version

        listed[name] = {
            "installed": True,
            "version": version(adapter.distribution),
            "roles": {role: adapter.roles.get(role, "grid (crosstune's)") for role in _ROLES},
            "samplers": {
                key: {"summary": algorithm.summary, "refused": algorithm.refused}
                for key, algorithm in adapter.algorithms.items()
            },
        }
    if as_json:
        click.echo(json.dumps(listed))
        return
    width = max(shutil.get_terminal_size((200, 24)).columns, 40)
    for name, entry in listed.items():
        if not entry["installed"]:
            click.echo(f"{name}: {entry['reason']}")
            continue
        click.echo(f"{name} {entry['version']}")
        for key, about in entry["samplers"].items():
            roles = [role for role, native in entry["roles"].items() if native == key]
            role = f" [{', '.join(roles)}]" if roles and roles != [key] else ""
            text = f"refused: {about['refused']}" if about["refused"] else about["summary"]
            lines = textwrap.wrap(text, width - 25, break_long_words=False, break_on_hyphens=False)
            click.echo(f"  {key + role:22} " + f"\n{'':25}".join(lines))
