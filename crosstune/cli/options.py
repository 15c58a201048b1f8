"""What several commands have in common: options, and the check of a text."""

from __future__ import annotations

import click

DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")


def not_empty(context: click.Context, option: click.Parameter, given: str | None) -> str | None:
    """Refuse an empty string, as an unset shell variable makes it."""
    if given == "":
        raise click.BadParameter("it is empty. Leave the option out to get what the spec says.")
    return given
