"""Docstrings as reStructuredText.

A docstring shows an example as an indented block after a line that ends in a colon, or after an
empty line. Both become literal blocks.
"""

from __future__ import annotations

from typing import Any

SECTIONS = (
    *("Args:", "Arguments:", "Returns:", "Raises:", "Yields:", "Attributes:", "Example:"),
    *("Examples:", "Note:", "Notes:", "References:", "Warning:", "Warnings:"),
)


def literal_blocks(
    app: Any, what: str, name: str, target: Any, options: Any, lines: list[str]
) -> None:
    """Mark the indented blocks of a docstring as code, in place.

    Args:
        app, what, name, target, options: passed by Sphinx.
        lines: the docstring, after napoleon.
    """
    result: list[str] = []
    for line in lines:
        begins = line.startswith("    ") and not line.lstrip().startswith((":", "-", ".."))
        if begins and result and not result[-1].strip() and _paragraph(result):
            result += ["::", ""]
        result.append(line)
    lines[:] = result


def _paragraph(lines: list[str]) -> bool:
    """True if the last line that is not empty is ordinary text at the margin."""
    last = next((line for line in reversed(lines) if line.strip()), "")
    return bool(last) and not last.startswith((" ", "::", "..", ":", "-", "*"))
