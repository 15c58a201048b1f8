import logging
import sys

import optuna
from optuna.trial import TrialState

# Show the log on the standard output too, as the tutorial does.
optuna.logging.get_logger("optuna").addHandler(logging.StreamHandler(sys.stdout))


def objective(trial):
    lr = trial.suggest_float("lr", 1e-4, 1.0, log=True)
    width = trial.suggest_int("width", 8, 128, step=8)
    loss = 1.0
    for epoch in range(1, 28):
        loss = loss * (1 - 0.2 * min(lr * 10, 1)) + abs(width - 64) * 1e-4
        trial.report(loss, epoch)
        if trial.should_prune():
            raise optuna.exceptions.TrialPruned()
    return loss


for pruner in (
    optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    optuna.pruners.HyperbandPruner(min_resource=1, max_resource=27, reduction_factor=3),
):
    study = optuna.create_study(
        study_name=type(pruner).__name__,
        sampler=optuna.samplers.TPESampler(seed=1),
        pruner=pruner,
    )
    study.optimize(objective, n_trials=30)
    states = [t.state for t in study.trials]
    print(study.study_name, study.best_value, states.count(TrialState.PRUNED), "pruned")

    assert len(states) == 30
    assert states.count(TrialState.PRUNED) + states.count(TrialState.COMPLETE) == 30
    assert states.count(TrialState.PRUNED) > 0
    assert all(t.last_step <= 27 for t in study.trials if t.state == TrialState.PRUNED)
    assert all(8 <= t.params["width"] <= 128 for t in study.trials)
    assert all(t.params["width"] % 8 == 0 for t in study.trials)
