"""Text for a terminal, without control characters and passwords.

Names and values come from specs, studies and error messages that others may have written.
"""

from __future__ import annotations

import logging
import sys
import traceback

from crosstune.terminal.streams import Lossy
from crosstune.terminal.urls import redacted

_KEPT = "\n\t"


def visible(text: str) -> str:
    """The text with unprintable characters replaced, except newlines and tabs.

    >>> visible("a\\x1b[31mb")
    'a\ufffd[31mb'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in _KEPT else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def say(text: str) -> None:
    """Print a line to stderr, or drop it if it cannot be written."""
    print(visible(redacted(text)), file=Lossy(sys.stderr), flush=True)


def show_error(error: BaseException) -> None:
    """Print the traceback of an error to stderr."""
    say("".join(traceback.format_exception(error)).rstrip())


class SafeFormatter(logging.Formatter):
    """Log lines for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line without control characters and passwords."""
        return visible(redacted(super().format(record)))


def log_to_stderr() -> None:
    """Log warnings to stderr, unless logging is already configured."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
