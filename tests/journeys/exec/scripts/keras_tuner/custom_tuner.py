"""Tune anything: a tuner of our own that builds no Keras model."""

import keras_tuner
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import cross_val_score

# 1. A function of the hyperparameters that returns what is to be minimised.
X, y = load_diabetes(return_X_y=True)


class MyTuner(keras_tuner.RandomSearch):
    def run_trial(self, trial, *args, **kwargs):
        hp = trial.hyperparameters
        return float(
            -cross_val_score(
                RandomForestRegressor(
                    n_estimators=hp.Int("n_estimators", 4, 12, step=2),
                    max_depth=hp.Int("max_depth", 2, 8),
                    random_state=0,
                ),
                X[:150],
                y[:150],
                cv=2,
            ).mean()
        )


tuner = MyTuner(max_trials=5, overwrite=True, directory="my_dir", project_name="tune_anything")
tuner.search()
print(tuner.get_best_hyperparameters()[0].values)
assert len(tuner.oracle.get_best_trials(20)) == 5


# 2. Its own oracle and data, metrics reported by name.
class BlackBoxTuner(keras_tuner.Tuner):
    def run_trial(self, trial, offset):
        hp = trial.hyperparameters
        x = hp.Float("x", min_value=-1.0, max_value=1.0)
        k = hp.Choice("k", [1, 2, 4])
        return {"distance": (x - offset) ** 2 + k, "k": k}

    def save_model(self, trial_id, model, step=0):
        pass

    def load_model(self, trial):
        return None


tuner = BlackBoxTuner(
    oracle=keras_tuner.oracles.BayesianOptimizationOracle(
        objective=keras_tuner.Objective("distance", "min"), max_trials=12, seed=5
    ),
    directory="my_dir",
    project_name="black_box",
)
tuner.search(0.25)
best = tuner.get_best_hyperparameters()[0]
print(best.values)
trials = tuner.oracle.get_best_trials(20)
assert len(trials) == 12
assert set(best.values) == {"x", "k"}
assert trials[0].score == min(t.score for t in trials)
assert all(t.metrics.get_best_value("k") in (1, 2, 4) for t in trials)
