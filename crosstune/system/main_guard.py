"""Check that the main script starts processes only under `if __name__ == "__main__"`.

With `multiprocessing`, a spawned process imports the main script. A script that starts processes
during its import would start them again in each.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

from crosstune.errors import RequestError


def check_guarded(what: str) -> None:
    """Refuse to start processes if each would start them again by importing the main script.

    Args:
        what: would be started, such as "a match with several jobs".

    Raises:
        RequestError: names the line of the script and the remedy.
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    module = getattr(getattr(main, "__spec__", None), "name", "")
    if file is None or not Path(file).is_file() or module.split(".")[-1] == "__main__":
        return  # multiprocessing does not import it
    line = _line_of(file)
    if line is None or is_guarded(Path(file), line):
        return
    raise RequestError(
        f"{file}:{line}: {what} starts processes, each of which imports this script and would do "
        'so again. Put what the script does under if __name__ == "__main__":'
    )


def _line_of(file: str) -> int | None:
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__":
            return frame.f_lineno if frame.f_code.co_filename == file else None
        frame = frame.f_back
    return None


def is_guarded(file: Path, line: int) -> bool:
    """True if the statement at a line is under a test of `__name__`."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return True
    return any(
        isinstance(statement, ast.If)
        and "__name__" in ast.dump(statement.test)
        and statement.lineno <= line <= (statement.end_lineno or statement.lineno)
        for statement in tree.body
    )
