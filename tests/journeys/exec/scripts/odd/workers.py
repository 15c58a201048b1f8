"""Workers that each load the study: python workers.py fork|spawn"""

import multiprocessing as mp
import sys

import optuna


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    y = trial.suggest_int("y", 0, 20)
    return (x - 2) ** 2 + y


def work(n_trials):
    study = optuna.load_study(study_name="shared", storage="sqlite:///shared.db")
    study.optimize(objective, n_trials=n_trials)
    print(type(study.sampler).__name__, flush=True)


if __name__ == "__main__":
    study = optuna.create_study(study_name="shared", storage="sqlite:///shared.db")
    context = mp.get_context(sys.argv[1])
    with context.Pool(2) as pool:
        pool.map(work, [3, 3])
    assert len(study.trials) == 6
    assert all(t.state == optuna.trial.TrialState.COMPLETE for t in study.trials)
    assert len({t.params["x"] for t in study.trials}) == 6
