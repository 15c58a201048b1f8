"""A sampler of our own: it walks a little away from where it is."""

import numpy as np
import optuna
from optuna.samplers import BaseSampler, RandomSampler


class WalkingSampler(BaseSampler):
    def __init__(self, width=0.1, seed=None):
        self._rng = np.random.default_rng(seed)
        self._independent = RandomSampler(seed=seed)
        self._width = width

    def reseed_rng(self):
        self._rng = np.random.default_rng()

    def infer_relative_search_space(self, study, trial):
        return optuna.search_space.intersection_search_space(study.get_trials(deepcopy=False))

    def sample_relative(self, study, trial, search_space):
        if not search_space:
            return {}
        best = study.best_trial.params
        point = {}
        for name, dist in search_space.items():
            spread = self._width * (dist.high - dist.low)
            point[name] = float(np.clip(self._rng.normal(best[name], spread), dist.low, dist.high))
        return point

    def sample_independent(self, study, trial, name, distribution):
        return self._independent.sample_independent(study, trial, name, distribution)


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    y = trial.suggest_float("y", -5, 5)
    return x**2 + y


if __name__ == "__main__":
    study = optuna.create_study(sampler=WalkingSampler(seed=6))
    study.optimize(objective, n_trials=30)
    print("Best value:", study.best_value, "at", study.best_params)

    assert len(study.trials) == 30
    assert all(t.state == optuna.trial.TrialState.COMPLETE for t in study.trials)
    assert all(-10 <= t.params["x"] <= 10 and -5 <= t.params["y"] <= 5 for t in study.trials)
