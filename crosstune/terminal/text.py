"""What reaches a terminal: text without the characters that steer it, and without passwords.

Names and values come from specs, studies and error messages, which others may have written.
"""

from __future__ import annotations

import logging
import sys
import traceback

from crosstune.terminal.streams import Lossy
from crosstune.terminal.urls import redacted

_KEPT = "\n\t"


def visible(text: str) -> str:
    """The text with what cannot be seen replaced, lines and tabs kept.

    >>> visible("a\\x1b[31mb")
    'a\ufffd[31mb'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in _KEPT else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def say(text: str) -> None:
    """A line for the person, on stderr, or dropped if it cannot be written."""
    print(visible(redacted(text)), file=Lossy(sys.stderr), flush=True)


def show_error(error: BaseException) -> None:
    """The traceback of an error, on stderr."""
    say("".join(traceback.format_exception(error)).rstrip())


class SafeFormatter(logging.Formatter):
    """Log lines for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, made visible."""
        return visible(redacted(super().format(record)))


def log_to_stderr() -> None:
    """Show warnings on stderr, where nobody has set logging up otherwise."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
