"""Python imports this at the start of each process that a script under `crosstune exec` starts.

The folder is on their `PYTHONPATH`. Another `sitecustomize`, further down the path, is run too and
is the module of that name. Any Python may start here: of another version, or of an environment
without crosstune or with another one. There nothing is said, and nothing taken over.
"""

import importlib.machinery
import importlib.util
import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  (pathlib takes 10 ms)


def _run_the_next():  # type: () -> None
    rest = [folder for folder in sys.path if os.path.abspath(folder or ".") != _here]  # noqa: PTH100
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        sys.modules["sitecustomize"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


def _take_over():  # type: () -> None
    try:
        import crosstune
        from crosstune.takeover.install import install_in_worker

        theirs = os.path.realpath(crosstune.__file__)
        ours = os.path.realpath(os.path.join(_here, "..", "..", "__init__.py"))  # noqa: PTH118
    except Exception:
        return
    if theirs == ours:
        install_in_worker()


try:
    _run_the_next()
finally:
    if "CROSSTUNE_EXEC" in os.environ:
        _take_over()
