"""Run trials on a local Dask cluster."""

import optuna
from dask.distributed import Client, wait
from optuna_integration import DaskStorage


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    return (x - 2) ** 2


if __name__ == "__main__":
    with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as c:
        storage = DaskStorage()
        study = optuna.create_study(storage=storage)
        futures = [c.submit(study.optimize, objective, n_trials=4, pure=False) for _ in range(4)]
        wait(futures, timeout=60)
        for future in futures:
            future.result()

        print("Best params:", study.best_params)
        assert len(study.trials) == 16
        assert all(t.state == optuna.trial.TrialState.COMPLETE for t in study.trials)
        assert len({t.params["x"] for t in study.trials}) > 1
