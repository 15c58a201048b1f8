import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

storage = JournalStorage(JournalFileBackend("./journal.log"))
study = optuna.create_study(storage=storage, study_name="journal", direction="maximize")


def objective(trial):
    a = trial.suggest_float("a", 0, 1)
    b = trial.suggest_float("b", 0, 1, step=0.05)
    return a - b


study.optimize(objective, n_trials=10, gc_after_trial=True)
again = optuna.load_study(
    study_name="journal", storage=JournalStorage(JournalFileBackend("./journal.log"))
)
again.optimize(objective, n_trials=5)
print(again.best_trial)

assert len(again.trials) == 15
assert len(study.trials) == 15
assert again.best_value == max(t.value for t in again.trials)
