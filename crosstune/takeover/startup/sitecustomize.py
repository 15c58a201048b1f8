"""Python imports this at the start of each process that a script under `crosstune exec` starts.

The folder is on their `PYTHONPATH`. Another `sitecustomize`, further down the path, is run too.
"""

import importlib.machinery
import importlib.util
import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  (pathlib takes 10 ms)
_rest = [folder for folder in sys.path if os.path.abspath(folder or ".") != _here]  # noqa: PTH100
_other = importlib.machinery.PathFinder.find_spec("sitecustomize", _rest)
if _other is not None and _other.loader is not None:
    _other.loader.exec_module(importlib.util.module_from_spec(_other))

if "CROSSTUNE_EXEC" in os.environ:
    from crosstune.takeover.install import install_in_worker

    install_in_worker()
