"""Runs itself again, as a distributed script would."""

import subprocess
import sys

import optuna

storage = "sqlite:///again.db"
if len(sys.argv) > 1:
    study = optuna.load_study(study_name="again", storage=storage)
else:
    study = optuna.create_study(study_name="again", storage=storage)
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
if len(sys.argv) == 1:
    subprocess.run([sys.executable, __file__, "child"], check=True)
    assert len(study.trials) == 6
