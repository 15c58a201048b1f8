"""Save a study in a database, and go on with it."""

import optuna

storage = "sqlite:///example.db"
study_name = "example-study"


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    n = trial.suggest_int("n", 0, 1000)
    return (x - 2) ** 2 + n / 1000


study = optuna.create_study(study_name=study_name, storage=storage)
study.optimize(objective, n_trials=4)

# Another run: the same name, and what is there already is kept.
study = optuna.create_study(study_name=study_name, storage=storage, load_if_exists=True)
study.optimize(objective, n_trials=4)

try:
    optuna.create_study(study_name=study_name, storage=storage)
except optuna.exceptions.DuplicatedStudyError as error:
    print("as expected:", error)
else:
    raise AssertionError("the study exists")

# And by name, with a sampler of its own.
study = optuna.load_study(
    study_name=study_name, storage=storage, sampler=optuna.samplers.TPESampler(seed=2)
)
study.optimize(objective, n_trials=4)
study.set_user_attr("note", "resumed twice")

summaries = optuna.get_all_study_summaries(storage=storage)
print([(s.study_name, s.n_trials) for s in summaries])
df = study.trials_dataframe()
print(df[["number", "value", "params_x", "state"]].tail(3))

assert len(study.trials) == 12
assert [s.n_trials for s in summaries] == [12]
assert study.user_attrs["note"] == "resumed twice"
assert df["params_x"].between(-10, 10).all()

optuna.copy_study(from_study_name=study_name, from_storage=storage, to_storage="sqlite:///copy.db")
copied = optuna.load_study(study_name=None, storage="sqlite:///copy.db")
assert len(copied.trials) == 12
optuna.delete_study(study_name=study_name, storage=storage)
assert optuna.get_all_study_names(storage=storage) == []
