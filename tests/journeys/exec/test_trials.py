"""`crosstune exec --trials N`: at most N trials in each study, by whichever door they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.exec.commands import load, run, write
from tests.support.slow import slow_but_first


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def doors(script: str, *arguments: str) -> dict[str, str]:
    """What a script says of each of its doors: a line `name: trials in all, the error if any`."""
    done = run(*arguments, write(script))
    assert done.returncode == 0, done.stderr
    return dict(line.split(": ", 1) for line in done.stdout.splitlines())


OPTUNA = """
    import sys
    import optuna
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def value(trial):
        return trial.suggest_float("x", 0, 1)

    def fails(trial):
        value(trial)
        raise ValueError

    def once(study):
        study.optimize(value, n_trials=9)

    def less(study):
        study.optimize(value, n_trials=2)

    def without_n_trials(study):
        study.optimize(value, timeout=60)

    def several_jobs(study):
        study.optimize(value, n_trials=9, n_jobs=3)

    def failing(study):
        study.optimize(fails, n_trials=9, catch=(ValueError,))

    def two_calls(study):
        study.optimize(value, n_trials=3)
        study.optimize(value, n_trials=9)

    def queued(study):
        for x in (0.1, 0.2, 0.3):
            study.enqueue_trial({"x": x})
        study.optimize(value, n_trials=9)
        assert [trial.params["x"] for trial in study.trials[:3]] == [0.1, 0.2, 0.3]

    def nothing_more(study):
        study.optimize(value, n_trials=9)
        study.optimize(value, n_trials=0)

    def one_by_one(study):
        for _ in range(9):
            study.optimize(value, n_trials=1)

    def asked(study):
        for _ in range(9):
            trial = study.ask()
            study.tell(trial, value(trial))

    def waits(study):
        while len(study.trials) < 9:
            study.optimize(value, n_trials=2)

    def jobs_again(study):
        once(study)
        study.optimize(value, n_trials=9, n_jobs=3)

    def mixed(study):
        study.optimize(value, n_trials=2)
        study.tell(study.ask(), 1.0)
        study.optimize(value, n_trials=9)
        study.ask()

    for door in (once, less, without_n_trials, several_jobs, failing, two_calls, queued,
                 nothing_more, one_by_one, asked, waits, jobs_again, mixed):
        study, said = optuna.create_study(), ""
        try:
            door(study)
        except Exception as error:
            said = f" {type(error).__name__} {error}"
        print(f"{door.__name__}: {len(study.trials)}{said}")
"""


ENGINES = {
    "alone": [],
    "optuna": ["--backend", "optuna", "--sampler", "random"],
    "hyperopt": ["--backend", "hyperopt"],
}


@pytest.mark.parametrize("options", slow_but_first(ENGINES.values(), 2), ids=ENGINES)
def test_a_study_of_optuna_has_at_most_so_many_trials(options: list[str]) -> None:
    said = doors(OPTUNA, "--trials", "5", *options)
    quiet = ("once", "without_n_trials", "several_jobs", "failing", "two_calls", "queued")
    assert {name: said[name] for name in quiet} == dict.fromkeys(quiet, "5")
    assert said["less"] == "2"
    assert said["nothing_more"] == "5"
    for name in ("one_by_one", "asked", "waits", "jobs_again", "mixed"):
        assert said[name].startswith("5 TrialsSpent "), said[name]
        assert "--trials 5" in said[name]


def test_an_error_about_the_trials_ends_the_script_in_one_line() -> None:
    script = """
        import optuna
        study = optuna.create_study(study_name="mine")
        for _ in range(60):
            study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    """
    done = run("--trials", "5", write(script))
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if line.startswith("crosstune")]
    assert line == (
        "crosstune exec: the study 'mine' has 5 trials, and --trials 5 allows no more. Give a "
        "larger --trials, or leave it out"
    )
    assert "Traceback" not in done.stderr


STORED = """
    import optuna
    study = optuna.create_study(
        study_name="s", storage=STORAGE, load_if_exists=True,
        sampler=optuna.samplers.RandomSampler())
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4)
"""


def test_the_trials_of_a_resumed_study_count() -> None:
    counts, statuses = [], []
    for _ in range(3):
        statuses.append(run("--trials", "6", write(STORED)).returncode)
        counts.append(len(load().trials))
    assert (counts, statuses) == ([4, 6, 6], [0, 0, 1])


WORKERS = """
    import multiprocessing, sys, optuna

    def value(trial):
        return trial.suggest_float("x", 0, 1)

    def work(_):
        study = optuna.load_study(study_name="s", storage=STORAGE)
        study.optimize(value, n_trials=5)

    if __name__ == "__main__":
        optuna.create_study(study_name="s", storage=STORAGE)
        with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
            pool.map(work, range(3), chunksize=1)
            if "again" in sys.argv:
                pool.map(work, range(30), chunksize=1)
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_processes_of_a_script_share_the_trials_of_a_study(method: str) -> None:
    done = run("--trials", "7", write(WORKERS), method)
    # Which process gets how many is chance. One of them may have two of the three calls, and is
    # refused the second where the study has its trials by then.
    assert done.returncode == 0 or "--trials 7" in done.stderr, done.stderr
    assert len(load().trials) == 7


def test_the_processes_of_a_script_cannot_wait_for_more_trials() -> None:
    done = run("--trials", "7", write(WORKERS), "fork", "again")
    assert done.returncode == 1
    assert "--trials 7 allows no more" in done.stderr
    assert len(load().trials) == 7


HYPEROPT = """
    import os
    import numpy as np
    from hyperopt import STATUS_FAIL, Trials, fmin, hp, tpe

    calls = []
    space = hp.uniform("x", -1, 1)

    def value(x):
        calls.append(x)
        return x ** 2

    def raises(x):
        calls.append(x)
        raise ValueError

    def search(function=value, **more):
        more = {"space": space, "algo": tpe.suggest, "max_evals": 9, "verbose": False, **more}
        return fmin(function, **more)

    def once():
        search()

    def less():
        search(max_evals=2)

    def without_max_evals():
        search(max_evals=None)

    def a_trials_object():
        search(trials=Trials())

    def by_the_trials():
        Trials().fmin(value, space, algo=tpe.suggest, max_evals=9, show_progressbar=False)

    def a_sampler_of_crosstunes():
        from crosstune.adapters.hyperopt import suggest
        search(algo=suggest("optuna:random"))

    def a_queue():
        search(max_queue_len=4)

    def points():
        search(points_to_evaluate=[{"x": 0.1}, {"x": 0.2}])
        assert calls[:2] == [0.1, 0.2]

    def as_many_points():
        search(points_to_evaluate=[{"x": n / 10} for n in range(5)])
        assert calls == [0, 0.1, 0.2, 0.3, 0.4]

    def more_points():
        search(points_to_evaluate=[{"x": n / 10} for n in range(8)])

    def failing():
        search(lambda x: calls.append(x) or {"status": STATUS_FAIL}, return_argmin=False,
               trials=Trials())

    def raising():
        search(raises, catch_eval_exceptions=True, return_argmin=False, trials=Trials())

    def two_calls():
        trials = Trials()
        search(trials=trials, max_evals=3)
        search(trials=trials, max_evals=9)

    def what_is_there():
        trials = Trials()
        search(trials=trials)
        search(trials=trials, max_evals=4)

    def batches():
        trials = Trials()
        while len(trials) < 12:
            search(trials=trials, max_evals=len(trials) + 3)

    def batches_that_raise():
        trials = Trials()
        while len(trials) < 12:
            search(raises, trials=trials, catch_eval_exceptions=True, return_argmin=False,
                   max_evals=len(trials) + 2)

    def a_file():
        search(trials_save_file="trials.p", max_evals=3)
        search(trials_save_file="trials.p", max_evals=9)

    def a_file_again():
        search(trials_save_file="trials.p", max_evals=20)

    for door in (once, less, without_max_evals, a_trials_object, by_the_trials, a_queue, points,
                 a_sampler_of_crosstunes, as_many_points, more_points, failing, raising,
                 two_calls, what_is_there, batches, batches_that_raise, a_file, a_file_again):
        calls.clear()
        said = ""
        try:
            door()
        except Exception as error:
            said = f" {type(error).__name__} {error}"
        print(f"{door.__name__}: {len(calls)}{said}")
"""


@pytest.mark.parametrize("options", [[], ["--backend", "optuna", "--sampler", "random"]])
def test_a_search_of_hyperopt_has_at_most_so_many_trials(options: list[str]) -> None:
    said = doors(HYPEROPT, "--trials", "5", *options)
    other = {"less": "2", "failing": "5 AllTrialsFailed "}
    refused = ("batches", "batches_that_raise", "a_file_again")
    for name, what in said.items():
        if name in refused:
            count = "0" if name == "a_file_again" else "5"
            assert what.startswith(f"{count} TrialsSpent "), (name, what)
            assert "--trials 5" in what
        else:
            assert what == other.get(name, "5"), name


KERAS = """
    import keras_tuner
    import keras_tuner as kt
    epochs = []

    def tuner(base, name, **more):
        class Search(base):
            def run_trial(self, trial, *args, **kwargs):
                hp = trial.hyperparameters
                epochs.append(hp.values.get("tuner/epochs"))
                return hp.Int("x", 0, 9) + hp.Choice("c", [0.5, 1.5])

            on_epoch_end = None

        return Search(directory="kt", project_name=name, **more)

    def random(name):
        made = tuner(kt.RandomSearch, name, max_trials=9)
        made.search(verbose=0)
        return made

    def less(name):
        made = tuner(kt.RandomSearch, name, max_trials=2)
        made.search(verbose=0)
        made.search(verbose=0)
        return made

    def grid(name):
        made = tuner(kt.GridSearch, name)
        made.search(verbose=0)
        return made

    def hyperband(name):
        epochs.clear()
        space = kt.HyperParameters()  # else Keras Tuner's own finds nothing to draw
        space.Int("x", 0, 9)
        made = tuner(kt.Hyperband, name, max_epochs=6, seed=3, hyperparameters=space)
        made.search(verbose=0)
        return made

    def again(name):
        made = tuner(kt.RandomSearch, name, max_trials=9)
        while len(made.oracle.trials) < 9:
            made.search(verbose=0)

    def reloaded(name):
        return random("random")

    def raised_later(name):
        made = tuner(kt.RandomSearch, name, max_trials=2)
        made.search(verbose=0)
        made.oracle.max_trials = 9
        made.search(verbose=0)
        return made

    for door in (random, less, grid, hyperband, again, reloaded, raised_later):
        made, said = None, ""
        try:
            made = door(door.__name__)
        except Exception as error:
            said = f"{type(error).__name__} {error}"
        print("DOOR " + f"{door.__name__}: {made and len(made.oracle.trials)} {said}")
        if door is hyperband:
            print(f"DOOR epochs: {sorted(set(epochs))}")
"""


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--backend", "optuna", "--sampler", "random"]])
def test_a_search_of_keras_tuner_has_at_most_so_many_trials(options: list[str]) -> None:
    done = run("--trials", "4", *options, write(KERAS))
    assert done.returncode == 0, done.stderr
    said = dict(
        line.removeprefix("DOOR ").split(": ", 1)
        for line in done.stdout.splitlines()
        if line.startswith("DOOR ")
    )
    expected = {"random": "4", "less": "2", "grid": "4", "hyperband": "4", "raised_later": "4"}
    assert {name: said[name].split()[0] for name in expected} == expected, done.stderr
    for name in ("again", "reloaded"):
        assert "TrialsSpent" in said[name]
        assert "--trials 4 allows no more" in said[name]
    if options:
        assert said["epochs"] == "[6]"
        assert "6 epochs" in done.stderr
