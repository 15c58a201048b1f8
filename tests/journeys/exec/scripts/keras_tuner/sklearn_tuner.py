"""Keras Tuner on scikit-learn's models."""

import keras_tuner
from sklearn import datasets, ensemble, linear_model, metrics, model_selection


def build_model(hp):
    model_type = hp.Choice("model_type", ["random_forest", "ridge"])
    if model_type == "random_forest":
        with hp.conditional_scope("model_type", "random_forest"):
            return ensemble.RandomForestClassifier(
                n_estimators=hp.Int("n_estimators", 5, 25, step=5),
                max_depth=hp.Int("max_depth", 3, 10),
            )
    with hp.conditional_scope("model_type", "ridge"):
        return linear_model.RidgeClassifier(alpha=hp.Float("alpha", 1e-3, 1, sampling="log"))


tuner = keras_tuner.tuners.SklearnTuner(
    oracle=keras_tuner.oracles.BayesianOptimizationOracle(
        objective=keras_tuner.Objective("score", "max"), max_trials=8
    ),
    hypermodel=build_model,
    scoring=metrics.make_scorer(metrics.accuracy_score),
    cv=model_selection.StratifiedKFold(3),
    directory=".",
    project_name="my_project",
)

X, y = datasets.load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = model_selection.train_test_split(X, y, test_size=0.2)
tuner.search(X_train, y_train)

best_model = tuner.get_best_models(num_models=1)[0]
print(best_model, best_model.score(X_test, y_test))

trials = tuner.oracle.get_best_trials(20)
assert len(trials) == 8
assert trials[0].score == max(t.score for t in trials) > 0.6
assert best_model.score(X_test, y_test) > 0.5
for t in trials:
    assert t.hyperparameters.get("model_type") in ("random_forest", "ridge")
