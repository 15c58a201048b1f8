"""`crosstune doctor`: what is installed, what is missing, and what this machine can do."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

import click

from crosstune.cli.options import DEBUG, JSON

_WIDTH = 14


@click.command(
    short_help="Print versions, engines and extras, and what is missing.",
    epilog="""
Exit status 0 if crosstune works here, also without extras; 1 if a library that it needs is
missing or has a version that does not fit, an installed engine cannot be imported, or no study
can be kept in the folder.
""",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    metavar="DIR",
    help="Where studies are to be kept; its locks are tried.",
)
@JSON
@DEBUG
def doctor(folder: Path, as_json: bool, debug: bool) -> None:
    """Print versions, engines and extras, what is missing, and how to install it."""
    facts = examined(folder)
    if as_json:
        click.echo(json.dumps(facts))
    else:
        for line in _lines(facts):
            click.echo(line)
    sys.exit(int(bool(facts["faults"])))


def examined(folder: Path) -> dict[str, Any]:
    """Everything that the command prints, as `--json` does."""
    from importlib.metadata import version

    from crosstune.system import installation
    from crosstune.system.cores import THREADS, usable_cores
    from crosstune.system.folder_checks import checked

    needed = installation.needed()
    faults = [library.fault for library in needed if not library.fits]
    engines = _engines()
    faults += [f"{name}: {about['broken']}" for name, about in engines.items() if about["broken"]]
    place = checked(folder)
    faults += [f"{folder}: {fault}" for fault in place.faults if place.links is not True]
    extras = {
        name: {
            "installed": all(library.fits for library in libraries),
            "faults": [library.fault for library in libraries if not library.fits],
            "versions": {library.name: library.installed for library in libraries},
            "command": f'pip install "crosstune[{name}]"',
        }
        for name, libraries in installation.extras().items()
    }
    missing = [name for name, about in extras.items() if not about["installed"]]
    import os

    return {
        "crosstune": version("crosstune"),
        "python": platform.python_version(),
        "platform": installation.machine(),
        "needed": {library.name: library.installed for library in needed},
        "engines": engines,
        "extras": extras,
        "cores": usable_cores(),
        "threads": {name: os.environ[name] for name in THREADS if name in os.environ},
        "folder": {"path": str(folder), **vars(place), "faults": place.faults},
        "faults": faults,
        "install": f'pip install "crosstune[{",".join(missing)}]"' if missing else None,
    }


def _engines() -> dict[str, dict[str, Any]]:
    from importlib.metadata import PackageNotFoundError, version

    from crosstune.engines import registry
    from crosstune.errors import MissingLibrary, described

    listed: dict[str, dict[str, Any]] = {}
    for name in registry.names():
        about: dict[str, Any] = {"version": None, "missing": None, "broken": None}
        try:
            about["version"] = version(registry.get(name).distribution)
        except MissingLibrary as error:
            about["missing"] = str(error)
        except PackageNotFoundError:
            about["version"] = "not installed as a package"
        except Exception as error:  # whatever the library raises when it is imported
            about["broken"] = f"cannot be imported: {described(error)}"
        listed[name] = about
    return listed


def _lines(facts: dict[str, Any]) -> list[str]:
    python = f"Python {facts['python']}"
    lines = [f"crosstune {facts['crosstune']}, {python}, {facts['platform']}", "needs"]
    lines += [_line(name, installed or "missing") for name, installed in facts["needed"].items()]
    lines.append("engines")
    for name, about in facts["engines"].items():
        lines.append(_line(name, about["version"] or about["broken"] or about["missing"]))
    lines.append("extras")
    for name, about in facts["extras"].items():
        state = "installed"
        if not about["installed"]:
            state = f"{', '.join(about['faults'])}: {about['command']}"
        lines.append(_line(name, state))
    lines.append("machine")
    threads = ", ".join(f"{name} {value}" for name, value in facts["threads"].items())
    lines.append(_line("cores", str(facts["cores"]) + (f" ({threads})" if threads else "")))
    place = facts["folder"]
    works = "files, links and locks work"
    lines.append(_line("studies in", f"{place['path']}: {'; '.join(place['faults']) or works}"))
    if facts["install"]:
        lines.append(f"to install what is missing: {facts['install']}")
    lines += [f"fault: {fault}" for fault in facts["faults"]]
    if not facts["faults"]:
        lines.append("crosstune works here")
    return lines


def _line(name: str, text: str) -> str:
    """A line of at most the terminal's width, continued under its text."""
    import shutil
    import textwrap

    width = max(shutil.get_terminal_size((200, 24)).columns, 40)
    parts = textwrap.wrap(text, width - _WIDTH - 3, break_long_words=False, break_on_hyphens=False)
    return f"  {name:{_WIDTH}} " + f"\n{'':{_WIDTH + 3}}".join(parts)
