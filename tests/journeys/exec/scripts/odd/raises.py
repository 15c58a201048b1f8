import optuna

study = optuna.create_study()
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
assert len(study.trials) == 2
print("two trials done")


def load_data(path):
    raise FileNotFoundError(f"no such data: {path}")


load_data("train.csv")
