import optuna

# Widen the range while the best value lies at its edge.
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=4))
high = 1.0
for round_ in range(4):

    def objective(trial, high=high):
        lr = trial.suggest_float("lr", 0.1, high)
        batch = trial.suggest_int("batch", 8, 8 * int(high) + 8, step=8)
        return abs(lr - 6) + batch / 100

    study.optimize(objective, n_trials=8)
    print("round", round_, "high", high, "best", study.best_params)
    high *= 2

assert len(study.trials) == 32
for number, t in enumerate(study.trials):
    limit = 2.0 ** (number // 8)
    assert 0.1 <= t.params["lr"] <= limit, (number, t.params)
    assert t.distributions["lr"].high == limit
    assert 8 <= t.params["batch"] <= 8 * int(limit) + 8
    assert t.params["batch"] % 8 == 0
