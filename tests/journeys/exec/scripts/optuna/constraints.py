"""A constraint that each trial reports on."""

import warnings

import optuna

warnings.simplefilter("ignore")


def objective(trial):
    x = trial.suggest_float("x", -15, 30)
    y = trial.suggest_float("y", -15, 30)
    trial.set_user_attr("constraint", (x - 5) ** 2 + y**2 - 25)
    return 4 * x**2 + 4 * y**2


def constraints(trial):
    return (trial.user_attrs["constraint"],)


if __name__ == "__main__":
    sampler = optuna.samplers.TPESampler(constraints_func=constraints, seed=3)
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=25)
    feasible = [t for t in study.trials if t.user_attrs["constraint"] <= 0]
    print(len(feasible), "feasible trials")
    assert len(study.trials) == 25
    assert all("constraint" in t.user_attrs for t in study.trials)
