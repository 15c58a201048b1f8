"""Records which functions of a checkout are called in one scenario.

    PYTHON benchmarks/research/structure_trace.py SCENARIO ROOT OUTPUT

`structure.py` starts it. It imports crosstune only inside the scenarios, and writes a JSON object
to OUTPUT:

- calls: [file, function] per call, in order. Only functions in the checkout's own files count.
  Modules, class bodies, comprehensions, lambdas, other threads and everything that runs during an
  import are left out. A generator counts once more each time it resumes.
- engine: the number of calls before each call of the engine.
- marks: the number of calls at named points.

A call of the engine is a call of a function `suggest` whose code lies in the installed hyperopt
package. That includes the fast path, which runs the code object of `tpe.suggest`. If there is no
such call, because the algorithm was copied, it is a call of a method `ask` in a file of the
checkout whose path contains "hyperopt".
"""

from __future__ import annotations

import sys

# This script's folder may contain modules named like libraries.
if __name__ == "__main__":
    del sys.path[0]

import inspect
import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

Accept = Callable[[FrameType], bool]

_NAMELESS = ("<lambda>", "<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>")
_NOT_OURS = ("tests", "examples")
"""Top folders whose functions do not count."""


class Trace:
    """Records calls while it is entered.

    Args:
        root: the checkout. A file behind a symbolic link counts under its real path.
        accept: returns True for a call to record. None: record all of them.
    """

    def __init__(self, root: Path, accept: Accept | None = None):
        self.root = root.resolve()
        self.accept = accept
        self.calls: list[tuple[str, str]] = []
        self.suggests: list[int] = []
        self.asks: list[int] = []
        self.marks: dict[str, int] = {}
        self._importing = 0
        self._files: dict[str, str | None] = {}

    def __enter__(self) -> Trace:
        sys.setprofile(self._event)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def mark(self, name: str) -> None:
        """Store the current number of calls under a name."""
        self.marks[name] = len(self.calls)

    @property
    def engine(self) -> list[int]:
        """The number of calls before each call of the engine."""
        return self.suggests or self.asks

    def _event(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if code.co_name == "<module>":
            self._importing += {"call": 1, "return": -1}.get(event, 0)
        if event != "call" or self._importing or code.co_name in _NAMELESS:
            return
        if not code.co_flags & inspect.CO_OPTIMIZED:  # a class body
            return
        if code.co_name == "suggest" and "/site-packages/hyperopt/" in code.co_filename:
            self.suggests.append(len(self.calls))
        file = self._file(code)
        if file is None or (self.accept is not None and not self.accept(frame)):
            return
        if code.co_name == "ask" and "hyperopt" in file:
            self.asks.append(len(self.calls))
        self.calls.append((file, getattr(code, "co_qualname", code.co_name)))

    def _file(self, code: CodeType) -> str | None:
        """Path from the root of the checkout, or None if the file does not count."""
        name = code.co_filename
        if name not in self._files:
            path = Path(name).resolve()
            inside = path.is_relative_to(self.root) and path != Path(__file__).resolve()
            parts = path.relative_to(self.root).parts if inside else ()
            counts = inside and parts[0] not in _NOT_OURS and "site-packages" not in parts
            self._files[name] = "/".join(parts) if counts else None
        return self._files[name]


def arguments(frame: FrameType) -> list[object]:
    """Values of a frame's arguments, with *args and **kwargs unpacked."""
    signature = inspect.getargvalues(frame)
    values: list[object] = [signature.locals.get(name) for name in signature.args]
    if signature.varargs is not None:
        values += signature.locals.get(signature.varargs, ())
    if signature.keywords is not None:
        values += signature.locals.get(signature.keywords, {}).values()
    return values


def command(root: Path) -> Trace:
    """`crosstune run examples/iris.yaml --backend hyperopt` with two trials."""
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    entry = re.search(r'^crosstune = "([\w.]+):(\w+)"', project, re.MULTILINE)
    assert entry is not None, "pyproject.toml names no command crosstune"
    main = getattr(__import__(entry[1], fromlist=["_"]), entry[2])
    spec = str(root / "examples" / "iris.yaml")
    sys.argv = ["crosstune", "run", spec, "--backend", "hyperopt", "--trials", "2"]
    with Trace(root) as trace:
        try:
            main()
        except SystemExit as end:
            if end.code:
                raise
    return trace


def script(root: Path) -> Trace:
    """A plain Optuna script with `HyperoptSampler()`, and three parameters; five trials."""
    import optuna

    from crosstune.samplers import HyperoptSampler

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -1, 1)
        n = trial.suggest_int("n", 1, 8)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        return x**2 + n + (kind == "a")

    with Trace(root) as trace:
        study = optuna.create_study(sampler=HyperoptSampler())
        for number in range(5):
            trace.mark(f"trial {number}")
            study.optimize(objective, n_trials=1)
        trace.mark("end")
    return trace


def walk(root: Path, *, space_too: bool = False) -> Trace:
    """Calls of `crosstune.tune` and after it that receive the Spec as an argument.

    Copies of the Spec count as the Spec, and `self` counts as an argument.

    Args:
        space_too: also record calls that receive a Space.
    """
    import crosstune

    types: dict[str, Any] = {
        "x": {"type": "float", "low": -1, "high": 1},
        "n": {"type": "int", "low": 1, "high": 8},
        "kind": {"type": "choice", "values": ["a", "b"]},
    }
    spec = crosstune.Spec(name="walk", metric={"name": "loss"}, trials=2, seed=0, space=types)
    followed = (crosstune.Spec, type(spec.space)) if space_too else (crosstune.Spec,)

    def objective(params: dict[str, Any]) -> float:
        return float(params["x"] ** 2 + params["n"])

    def receives(frame: FrameType) -> bool:
        return any(isinstance(value, followed) for value in arguments(frame))

    with Trace(root, receives) as trace:
        crosstune.tune(spec, objective, backend="hyperopt", storage=Path("walk.journal"))
    return trace


SCENARIOS: dict[str, Callable[[Path], Trace]] = {
    "command": command,
    "script": script,
    "walk": walk,
    "walk_space": partial(walk, space_too=True),
}


def main() -> None:
    """Run the scenario in the present folder."""
    scenario, root, output = sys.argv[1:]
    trace = SCENARIOS[scenario](Path(root))
    record = {"calls": trace.calls, "engine": trace.engine, "marks": trace.marks}
    Path(output).write_text(json.dumps(record), encoding="utf-8")
    sys.stderr.flush()
    os._exit(0)  # Threads of libraries need not end.


if __name__ == "__main__":
    main()
