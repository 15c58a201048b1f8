"""Run it as: python -m package_run.tune"""

import sys

import optuna

from . import NAME

study = optuna.create_study(study_name=NAME)
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
print(__name__, __package__, sys.argv[1:])
assert __name__ == "__main__"
assert __package__ == "package_run"
assert __spec__.name == "package_run.tune"
assert len(study.trials) == 3
