"""Ask for a batch, evaluate it in one go with numpy, tell the results."""

import numpy as np
import optuna


def batched_objective(xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    return xs**2 + ys


batch_size = 5
study = optuna.create_study(sampler=optuna.samplers.CmaEsSampler(seed=3))

for _ in range(4):
    trial_ids, x_batch, y_batch = [], [], []
    for _ in range(batch_size):
        trial = study.ask()
        trial_ids.append(trial.number)
        x_batch.append(trial.suggest_float("x", -10, 10))
        y_batch.append(trial.suggest_float("y", -10, 10))

    objectives = batched_objective(np.array(x_batch), np.array(y_batch))
    for number, value in zip(trial_ids, objectives, strict=True):
        study.tell(number, value)

print(study.best_trial.params)
assert len(study.trials) == 20
assert [t.number for t in study.trials] == list(range(20))
assert all(t.state.is_finished() for t in study.trials)
assert len({t.params["x"] for t in study.trials}) == 20
