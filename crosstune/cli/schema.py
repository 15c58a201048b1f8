"""`crosstune schema`: the JSON Schema of a spec."""

from __future__ import annotations

import json

import click


@click.command(short_help="Print the JSON Schema of a spec, for editors.")
def schema() -> None:
    """Print the JSON Schema of a spec, for editors and other programs."""
    from crosstune.spec.schema import schema as made

    click.echo(json.dumps(made(), indent=2))
