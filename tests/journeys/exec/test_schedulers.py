"""`crosstune exec --scheduler`: a script that reports is paused and continued, without an edit."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from crosstune.engines.record_names import RUNS, TRIAL_BUDGET
from crosstune.samplers.scheduled.configurations import FINISHED, configurations
from crosstune.samplers.scheduled.settings import OPTIONS
from crosstune.takeover import schedulers
from tests.journeys.exec.commands import load, run, write
from tests.support.slow import slow_but_first

MOST = 12
REPORTS = """
import optuna

def train(trial):
    kind = trial.suggest_categorical("kind", ["a", "b"])
    x = trial.suggest_float("x", -1, 1)
    n = trial.suggest_int("n", 1, 3) if kind == "a" else 0
    for epoch in range(12):
        value = x ** 2 + n / 9 + 1 / (epoch + 1)
        trial.report(value, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned()
    return value

study = optuna.create_study(study_name="s", storage=STORAGE)
"""
OPTIMIZES = REPORTS + "study.optimize(train, n_trials=10)\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun(study: optuna.Study) -> list[tuple[str, int]]:
    found = configurations(study.trials, maximize=False, max_epochs=MOST)
    assert all(part.params == c.params for c in found for part in c.parts)
    return [(c.state, c.epochs) for c in found]


def test_the_schedulers_have_their_names() -> None:
    assert set(schedulers.NAMES) == set(OPTIONS)


@pytest.mark.parametrize("scheduler", slow_but_first(schedulers.NAMES))
@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "crosstune"]))
def test_n_trials_are_configurations(backend: str, scheduler: str) -> None:
    done = run("--backend", backend, "--seed", "3", "--scheduler", f"{scheduler}:{MOST}",
               write(OPTIMIZES))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"with {scheduler} proposes in place of TPESampler" in done.stderr
    study = load()
    [record] = study.user_attrs[RUNS]
    assert (record["native"], record["scheduler"]["name"]) == (False, scheduler)
    assert len(begun(study)) == 10
    complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    assert len(complete) == [state for state, _ in begun(study)].count(FINISHED) > 0
    assert all(len(trial.intermediate_values) == MOST for trial in complete)
    assert study.best_trial in complete


def test_calls_add_up_and_trials_is_a_limit() -> None:
    script = OPTIMIZES + "study.enqueue_trial({'x': 0.5, 'kind': 'b'})\nstudy.optimize(train, 6)\n"
    done = run("--sampler", "tpe", "--trials", "13", "--scheduler", f"successive-halving:{MOST}",
               write(script))  # fmt: skip
    assert done.returncode == 0, done.stderr
    study = load()
    assert len(begun(study)) == 13
    queued = next(trial for trial in study.trials if trial.params["x"] == 0.5)
    assert TRIAL_BUDGET in queued.user_attrs


def test_ask_and_tell_is_paused_too() -> None:
    script = (
        REPORTS
        + """
for _ in range(30):
    trial = study.ask()
    try:
        study.tell(trial, train(trial))
    except optuna.TrialPruned:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
"""
    )
    done = run(
        "--sampler",
        "tpe",
        "--seed",
        "1",
        "--scheduler",
        f"successive-halving:{MOST}",
        write(script),
    )
    assert done.returncode == 0, done.stderr
    assert (FINISHED, MOST) in begun(load())
    Path("study.journal").unlink()
    done = run("--sampler", "tpe", "--trials", "4", "--scheduler", f"i-epoch:{MOST}", write(script))
    assert done.returncode != 0
    assert "--trials 4 allows no more" in done.stderr


def test_what_cannot_be_paused_is_refused() -> None:
    returns = OPTIMIZES.replace("trial.report(value, epoch)", "pass")
    for options, script, reason in (
        (["--sampler", "tpe", "--scheduler", f"freeze-thaw:{MOST}"], returns, "would count as"),
        (["--scheduler", f"freeze-thaw:{MOST}"], OPTIMIZES, "in front of an engine"),
        (["--sampler", "tpe", "--scheduler", "freeze-thaw"], OPTIMIZES, "name:epochs"),
        (["--sampler", "tpe", "--scheduler", "freze-thaw:9"], OPTIMIZES, "freeze-thaw"),
        (
            ["--sampler", "tpe", "--scheduler", "i-epoch:12"],
            REPORTS + "study.optimize(train, timeout=1)",
            "Give --trials",
        ),
        (
            ["--sampler", "tpe", "--scheduler", "i-epoch:12"],
            "import hyperopt\nhyperopt.fmin(lambda x: x, hyperopt.hp.uniform('x', 0, 1), None, 3)",
            "fmin has no trials that report",
        ),
    ):
        done = run(*options, write(script))
        assert done.returncode != 0
        assert reason in done.stderr, done.stderr
        Path("study.journal").unlink(missing_ok=True)
