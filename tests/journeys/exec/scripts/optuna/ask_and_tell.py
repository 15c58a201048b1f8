"""The optimisation loop written out, for code that cannot be put into an objective."""

import optuna
from optuna.trial import TrialState
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

X, y = make_classification(n_features=10, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

study = optuna.create_study(direction="maximize")

n_trials = 12
for _ in range(n_trials):
    trial = study.ask()

    C = trial.suggest_float("C", 1e-7, 10.0, log=True)
    solver = trial.suggest_categorical("solver", ("lbfgs", "saga"))

    clf = LogisticRegression(C=C, solver=solver, max_iter=50)
    clf.fit(X_train, y_train)
    val_accuracy = clf.score(X_test, y_test)

    study.tell(trial, val_accuracy)

# A failed one, and one that was stopped.
failed = study.ask()
failed.suggest_float("C", 1e-7, 10.0, log=True)
study.tell(failed, state=TrialState.FAIL)

stopped = study.ask()
stopped.suggest_float("C", 1e-7, 10.0, log=True)
stopped.suggest_categorical("solver", ("lbfgs", "saga"))
for step in range(3):
    stopped.report(0.1 * step, step)
study.tell(stopped.number, state=TrialState.PRUNED)

# And the search goes on after them.
for _ in range(3):
    trial = study.ask()
    x = trial.suggest_float("C", 1e-7, 10.0, log=True)
    trial.suggest_categorical("solver", ("lbfgs", "saga"))
    study.tell(trial.number, x / 100)

print(study.best_value, study.best_params)

assert [t.state for t in study.trials[:12]] == [TrialState.COMPLETE] * 12
assert study.trials[12].state == TrialState.FAIL
assert study.trials[13].state == TrialState.PRUNED
assert study.trials[13].value == 0.2
assert len(study.trials) == 17
assert all(t.params["solver"] in ("lbfgs", "saga") for t in study.get_trials() if t.number != 12)
