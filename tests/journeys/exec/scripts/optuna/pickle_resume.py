"""Keep a study, and its sampler, in a file, and go on from there."""

import pickle

import joblib
import optuna


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    c = trial.suggest_categorical("c", ["a", "b", "c"])
    return x**2 + {"a": 0, "b": 1, "c": 2}[c]


study = optuna.create_study()
study.optimize(objective, n_trials=10)
joblib.dump(study, "study.pkl")

study = joblib.load("study.pkl")
print("Best trial until now:")
print(" Value: ", study.best_trial.value)
print(" Params: ", study.best_trial.params)
study.optimize(objective, n_trials=5)
assert len(study.trials) == 15

# With a database it is the sampler that is worth keeping.
study = optuna.create_study(
    study_name="kept", storage="sqlite:///kept.db", sampler=optuna.samplers.TPESampler(seed=7)
)
study.optimize(objective, n_trials=5)
with open("sampler.pkl", "wb") as fout:
    pickle.dump(study.sampler, fout)

with open("sampler.pkl", "rb") as fin:
    restored_sampler = pickle.load(fin)
study = optuna.create_study(
    study_name="kept", storage="sqlite:///kept.db", load_if_exists=True, sampler=restored_sampler
)
study.optimize(objective, n_trials=5)
print(study.best_params)
assert len(study.trials) == 10
assert len({t.params["x"] for t in study.trials}) == 10
