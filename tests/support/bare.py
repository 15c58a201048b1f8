"""What a bare install does: run code where no library of an extra can be imported.

`python -m tests.support.bare` reads a list of Python code as JSON from standard input, and writes
by code
what it raised: an error of crosstune or of its command line as it is shown, another one with its
traceback, and None where it worked.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from types import ModuleType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def outcomes(cases: Iterable[str]) -> dict[str, str | None]:
    """What each piece of code raises in a bare install; None where it works."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.support.bare"],
        cwd=Path(__file__).parents[2],
        input=json.dumps(list(cases)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, str | None] = json.loads(ran.stdout)
    return found


def _installed_by(*roots: str) -> set[str]:
    """The distributions that a plain `pip install` of these brings."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        with contextlib.suppress(ModuleNotFoundError):  # for another system
            wanted = map(Requirement, requires(name) or ())
            waiting += [w.name for w in wanted if not w.marker or w.marker.evaluate({"extra": ""})]
    return found


class _Bare(PathFinder):
    """Finds no module of a distribution that a bare install does not bring."""

    def __init__(self) -> None:
        bare = _installed_by("crosstune")
        self._blocked = {
            module.partition("/")[0]
            for module, owners in packages_distributions().items()
            if not bare & {canonicalize_name(owner) for owner in owners}
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] in self._blocked:
            return None
        return PathFinder.find_spec(name, path, target)


def _outcome(code: str, files: Path) -> str | None:
    """What the code raises in a process and a folder of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        raised = None
        with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
            shutil.copytree(files, folder, dirs_exist_ok=True)
            os.chdir(folder)
            sys.path.insert(0, folder)
            with (
                contextlib.redirect_stdout(nowhere),
                contextlib.redirect_stderr(io.StringIO()) as said,
            ):
                try:
                    exec(compile(code, "<case>", "exec"), {"__name__": "case"})
                except SystemExit as end:
                    raised = said.getvalue() if end.code else None
                except Exception as error:
                    from crosstune.errors import RequestError

                    clear = isinstance(error, RequestError)
                    raised = str(error) if clear else traceback.format_exc()
        with os.fdopen(writer, "w") as file:
            json.dump(raised, file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        text = file.read()
    os.waitpid(child, 0)
    outcome: str | None = json.loads(text)
    return outcome


FILES = {
    "spec.yaml": """
objective: train:score
trials: 3
seed: 0
space:
  x: {type: float, low: 0.0, high: 1.0, step: 0.5}
  kind: {type: choice, values: [a, b]}
""",
    "estimator.yaml": """
objective: {estimator: sklearn.svm:SVC, data: sklearn.datasets:load_iris}
metric: {name: accuracy, direction: maximize}
space: {C: {type: float, low: 1.0, high: 2.0}}
""",
    "train.py": """
import optuna

def score(params):
    return params["x"]

def curve(params, trial):
    value = (trial.number > 4) + params["x"]
    for step in range(9):
        trial.report(value + step / 10, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return value + step / 10

if __name__ == "__main__":
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
""",
    "trials.pkl": "",
}


def _main() -> None:
    sys.meta_path[sys.meta_path.index(PathFinder)] = _Bare()
    import optuna

    import crosstune

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    cases = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in FILES.items():
            Path(folder, name).write_text(content)
        crosstune.tune(
            Path(folder, "spec.yaml"),
            lambda params: 1.0,
            storage=Path(folder, "study.journal"),
            study_name="study",
        )
        print(json.dumps({code: _outcome(code, Path(folder)) for code in cases}))


if __name__ == "__main__":
    _main()
