import optuna
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState


class StopWhenTrialKeepBeingPrunedCallback:
    def __init__(self, threshold: int):
        self.threshold = threshold
        self._consequtive_pruned_count = 0

    def __call__(self, study: optuna.study.Study, trial: optuna.trial.FrozenTrial) -> None:
        if trial.state == optuna.trial.TrialState.PRUNED:
            self._consequtive_pruned_count += 1
        else:
            self._consequtive_pruned_count = 0

        if self._consequtive_pruned_count >= self.threshold:
            study.stop()


def objective(trial):
    if trial.number > 4:
        raise optuna.TrialPruned
    return trial.suggest_float("x", 0, 1)


study_stop_cb = StopWhenTrialKeepBeingPrunedCallback(2)
study = optuna.create_study()
study.optimize(objective, n_trials=100, callbacks=[study_stop_cb])
print("stopped after", len(study.trials))
assert len(study.trials) == 7

# Count only the complete ones.
study = optuna.create_study()
study.optimize(
    lambda trial: trial.suggest_int("n", 1, 10_000),
    callbacks=[MaxTrialsCallback(9, states=(TrialState.COMPLETE,))],
)
assert len(study.trials) == 9

# Say when there is a new best trial.
seen = []


def announce(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    if study.best_trial.number == trial.number:
        seen.append(trial.number)
        print(f"trial {trial.number} is the best so far: {trial.value:.4f}")


study = optuna.create_study(direction="maximize")
study.optimize(lambda trial: trial.suggest_float("x", -1, 1), n_trials=10, callbacks=[announce])
assert seen[0] == 0
assert seen[-1] == study.best_trial.number
