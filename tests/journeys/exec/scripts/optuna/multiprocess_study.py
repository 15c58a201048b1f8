"""Several processes work on one study in a database."""

import multiprocessing as mp

import optuna


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    return (x - 2) ** 2


def worker(n_trials):
    study = optuna.load_study(study_name="shared", storage="sqlite:///shared.db")
    study.optimize(objective, n_trials=n_trials)


if __name__ == "__main__":
    study = optuna.create_study(study_name="shared", storage="sqlite:///shared.db")
    context = mp.get_context("spawn")
    processes = [context.Process(target=worker, args=(3,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print("exit codes:", [process.exitcode for process in processes])

    assert [process.exitcode for process in processes] == [0, 0]
    assert len(study.trials) == 6
    print(study.best_params)
