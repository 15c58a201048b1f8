"""An option and a check that several commands share."""

from __future__ import annotations

import click

DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")


def not_empty(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty string, such as that of an unset shell variable.

    Args:
        context, option: passed by click.
        value: of the option.

    Raises:
        click.BadParameter: it is empty.
    """
    if value == "":
        raise click.BadParameter("it is empty. Leave the option out to get what the spec says.")
    return value
