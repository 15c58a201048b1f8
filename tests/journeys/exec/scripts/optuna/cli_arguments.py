"""Tune by flags: python cli_arguments.py --trials 8 --direction maximize"""

import argparse
import json
import os

import optuna

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--trials", type=int, default=6)
parser.add_argument("--direction", choices=["minimize", "maximize"], default="minimize")
parser.add_argument("--seed", type=int, default=None)
parser.add_argument("--output", default="result.json")
args = parser.parse_args()

optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(
    direction=args.direction, sampler=optuna.samplers.TPESampler(seed=args.seed)
)
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=args.trials)

with open(args.output, "w") as f:
    json.dump({"value": study.best_value, "params": study.best_params}, f)
print(f"wrote {args.output}")
assert os.path.getsize(args.output)
assert len(study.trials) == args.trials
