# Fewer points than trials.
import optuna

study = optuna.create_study()
study.optimize(lambda trial: trial.suggest_int("x", 0, 2), n_trials=10)
assert len(study.trials) == 10, len(study.trials)
