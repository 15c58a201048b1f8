"""Start a search from hyperparameters that are known to be good."""

import optuna
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_wine(return_X_y=True)


def objective(trial):
    c = trial.suggest_float("C", 1e-4, 1e4, log=True)
    fit_intercept = trial.suggest_categorical("fit_intercept", [True, False])
    max_iter = trial.suggest_int("max_iter", 10, 200, step=10)
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=c, fit_intercept=fit_intercept, max_iter=max_iter)
    )
    return cross_val_score(model, X, y, cv=3).mean()


study = optuna.create_study(direction="maximize", pruner=optuna.pruners.NopPruner())

study.enqueue_trial({"C": 1.0, "fit_intercept": True, "max_iter": 100})
study.enqueue_trial({"C": 0.5}, user_attrs={"origin": "a colleague"})
study.enqueue_trial({"C": 0.5}, skip_if_exists=True)
study.add_trial(
    optuna.trial.create_trial(
        params={"C": 2.0, "fit_intercept": False, "max_iter": 50},
        distributions={
            "C": optuna.distributions.FloatDistribution(1e-4, 1e4, log=True),
            "fit_intercept": optuna.distributions.CategoricalDistribution([True, False]),
            "max_iter": optuna.distributions.IntDistribution(10, 200, step=10),
        },
        value=0.9,
    )
)

study.optimize(objective, n_trials=15)

for trial in study.trials:
    print(trial.number, trial.value, trial.params)

trials = study.trials
assert len(trials) == 16
assert trials[0].params == {"C": 1.0, "fit_intercept": True, "max_iter": 100}
assert trials[1].params["C"] == 0.5
assert trials[1].user_attrs["origin"] == "a colleague"
assert trials[1].params["max_iter"] in range(10, 201, 10)
assert trials[2].value == 0.9
assert sum(t.params["C"] == 0.5 for t in trials) == 1
assert all(type(t.params["fit_intercept"]) is bool for t in trials)
assert study.best_value >= 0.9
