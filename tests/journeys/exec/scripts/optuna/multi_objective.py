"""Two objectives, minimised by NSGA-II and by the default."""

import optuna


def objective(trial):
    # The problem of Binh and Korn.
    x = trial.suggest_float("x", 0, 5)
    y = trial.suggest_float("y", 0, 3)
    v0 = 4 * x**2 + 4 * y**2
    v1 = (x - 5) ** 2 + (y - 5) ** 2
    return v0, v1


if __name__ == "__main__":
    study = optuna.create_study(
        directions=["minimize", "minimize"],
        sampler=optuna.samplers.NSGAIISampler(population_size=10, seed=5),
    )
    study.set_metric_names(["cost", "distance"])
    study.optimize(objective, n_trials=40)

    print("Number of finished trials: ", len(study.trials))
    print("Pareto front:")
    trials = sorted(study.best_trials, key=lambda t: t.values)
    for trial in trials:
        print(f"  Trial#{trial.number}")
        print(f"    Values: Values={trial.values}")
        print(f"    Params: {trial.params}")

    assert len(study.trials) == 40
    assert len(trials) >= 2
    for earlier, later in zip(trials, trials[1:], strict=False):
        assert earlier.values[0] <= later.values[0]
        assert earlier.values[1] >= later.values[1]

    second = optuna.create_study(directions=["minimize", "maximize"])
    second.optimize(lambda t: (t.suggest_float("x", 0, 1), t.suggest_int("n", 1, 100)), n_trials=15)
    assert len(second.best_trials) >= 1
    assert {len(t.values) for t in second.trials} == {2}
