"""Everything that a script can learn of how it was started."""

import json
import os
import sys
from pathlib import Path

import neighbour
import optuna

study = optuna.create_study()
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)

seen = {
    "name": __name__,
    "file": str(Path(__file__).resolve()),
    "argv": sys.argv[1:],
    "argv0": str(Path(sys.argv[0]).resolve()),
    "path0": str(Path(sys.path[0]).resolve()),
    "main_file": str(Path(sys.modules["__main__"].__file__).resolve()),
    "main_is_this": sys.modules["__main__"].__dict__ is globals(),
    "spec": __spec__ is None,
    "package": __package__,
    "doc": __doc__,
    "annotations": "__builtins__" in globals(),
    "stdin": sys.stdin.read(),
    "cwd": str(Path.cwd()),
    "neighbour": neighbour.VALUE,
    "isatty": os.isatty(0),
}
print(json.dumps(seen, indent=1, sort_keys=True))
print("a line of the script's own", file=sys.stderr)
assert len(study.trials) == 3
