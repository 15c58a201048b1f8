"""The page of the command line, from the program itself."""

from __future__ import annotations

import inspect

import click

from crosstune.cli.main import crosstune

HEAD = """# Commands and options

What `crosstune COMMAND --help` prints. [The command line](../command-line.md) has the rules that
all of them share: where studies go, `--json`, exit status.
"""


def page() -> str:
    """The page: each command with its text, its usage and its options."""
    context = click.Context(crosstune, info_name="crosstune")
    names = crosstune.list_commands(context)
    return "\n".join([HEAD, *(section(crosstune.commands[name], context) for name in names)])


def section(command: click.Command, parent: click.Context) -> str:
    """A command as Markdown."""
    context = click.Context(command, info_name=command.name, parent=parent)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## crosstune {command.name}\n", f"```text\n{usage}\n```\n"]
    parts.append(paragraphs(command.help))
    records = [p.get_help_record(context) for p in command.get_params(context)]
    rows = [f"| `{cell(name)}` | {cell(text)} |" for name, text in filter(None, records)]
    parts.append("\n".join(["| option | |", "|---|---|", *rows, ""]))
    if command.epilog:
        parts.append(paragraphs(command.epilog))
    return "\n".join(parts)


def paragraphs(text: str | None) -> str:
    r"""A help text of click as Markdown; a paragraph under `\b` keeps its lines."""
    result = []
    for paragraph in inspect.cleandoc(text or "").split("\n\n"):
        kept = paragraph.startswith("\b\n")
        result.append(f"```text\n{paragraph[2:]}\n```" if kept else paragraph)
    return "\n\n".join(result) + "\n"


def cell(text: str) -> str:
    """A text that can stand in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "\\<")
