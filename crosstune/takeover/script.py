"""Runs a script, or a module, as `python` would: its arguments, its path, its exit status."""

from __future__ import annotations

import builtins
import io
import runpy
import sys
import zipfile
from collections.abc import Callable, Sequence
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, TracebackType

from crosstune.errors import CrosstuneError
from crosstune.terminal.text import say


def run_script(path: Path, arguments: Sequence[str]) -> None:
    """Run the file as `__main__`. Its errors are not caught."""
    sys.argv = [str(path), *arguments]
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = str(path.resolve().parent)
    if path.is_file() and not zipfile.is_zipfile(path):
        _run(lambda: _run_file(str(path.absolute())))
    else:
        _run(lambda: runpy.run_path(str(path), run_name="__main__"))


def run_module(name: str, arguments: Sequence[str]) -> None:
    """Run a module, or the `__main__` of a package, as `__main__`."""
    sys.argv = ["-m", *arguments]
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = str(Path.cwd())
    try:
        module = find_spec(name)
    except ModuleNotFoundError:
        module = None
    if module is None:
        say(f"crosstune exec: No module named {name}")
        sys.exit(1)
    _run(lambda: runpy.run_module(name, run_name="__main__", alter_sys=True))


def _run_file(path: str) -> None:
    """As `runpy.run_path`, which would set `sys.argv[0]` and `__file__` to the same."""
    main = ModuleType("__main__")
    vars(main).update(
        __file__=path,
        __cached__=None,
        __loader__=SourceFileLoader("__main__", path),
        __builtins__=builtins,
        __annotations__={},
    )
    sys.modules["__main__"] = main
    with io.open_code(path) as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    exec(code, vars(main))


def _run(script: Callable[[], object]) -> None:
    try:
        script()
    except CrosstuneError as error:
        say(f"crosstune exec: {error}")
        sys.exit(error.exit_status)
    except (Exception, KeyboardInterrupt) as error:
        # Python itself prints the traceback and sets the exit status, at the very end.
        sys.excepthook = _without_our_frames(sys.excepthook, error)
        raise


ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def _without_our_frames(hook: ExceptHook, ours: BaseException) -> ExceptHook:
    """An excepthook that shows one exception as a run of the script alone would have."""

    def shown(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if error is ours:
            traceback = _from_the_script_on(traceback)
            error = error.with_traceback(traceback)
        hook(kind, error, traceback)

    return shown


def _from_the_script_on(traceback: TracebackType | None) -> TracebackType | None:
    """The part of a traceback after the last frame of this file or runpy; may be None."""
    rest = traceback
    at = traceback
    while at is not None:
        if at.tb_frame.f_globals.get("__name__") in ("runpy", __name__):
            rest = at.tb_next
        at = at.tb_next
    return rest
