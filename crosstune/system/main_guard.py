"""Whether the main script can be imported by a process that is started for it.

A spawned process imports the main script, as `multiprocessing` has it. A script that starts
processes while it is imported would start them again in each.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

from crosstune.errors import RequestError


def check_guarded(what: str) -> None:
    """Refuse to start processes where the main script would start them again in each.

    Args:
        what: is to be started, such as "a match with several jobs".

    Raises:
        RequestError: says where the script does so, and what to write.
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    module = getattr(getattr(main, "__spec__", None), "name", "")
    if file is None or not Path(file).is_file() or module.split(".")[-1] == "__main__":
        return  # which multiprocessing does not import
    line = _line_of(file)
    if line is None or is_guarded(Path(file), line):
        return
    raise RequestError(
        f"{file}:{line}: {what} starts processes, each of which imports this script and would do "
        'so again. Put what the script does under if __name__ == "__main__":'
    )


def _line_of(file: str) -> int | None:
    """At which line the main script stands now."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__":
            return frame.f_lineno if frame.f_code.co_filename == file else None
        frame = frame.f_back
    return None


def is_guarded(file: Path, line: int) -> bool:
    """True where the statement at a line is under a test of `__name__`."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return True
    return any(
        isinstance(each, ast.If)
        and "__name__" in ast.dump(each.test)
        and each.lineno <= line <= (each.end_lineno or each.lineno)
        for each in tree.body
    )
