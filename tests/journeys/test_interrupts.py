"""Ctrl-C at any point ends a run with 130, fails no trial and costs nothing that was finished."""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import optuna
import pytest
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

import crosstune
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but

TRIALS = 3
SPEC = {"name": "s", "space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 0}


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def objective(params: dict[str, Any], trial: Trial) -> float:
    trial.report(params["x"], 1)
    return float(params["x"])


def tune(place: str, function: Callable[..., Any] = objective, **more: Any) -> Study:
    return crosstune.tune(
        SPEC, function, backend="optuna", sampler="tpe", trials=TRIALS, storage=place, resume=True,
        **more,
    )  # fmt: skip


def trials(place: str) -> list[FrozenTrial]:
    storage = open_storage(place)
    if not optuna.get_all_study_names(storage):
        return []
    return optuna.load_study(study_name="s", storage=storage).get_trials()


def interrupt_at(line: int, prefixes: tuple[str, ...], action: Callable[[], Any]) -> int:
    """Press Ctrl-C at a line of the libraries; how many lines there were."""
    seen = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal seen
        if not str(frame.f_globals.get("__name__", "")).startswith(prefixes):
            return None
        if event == "line":
            seen += 1
            if seen == line:
                sys.settrace(None)
                handler = signal.getsignal(signal.SIGINT)
                assert callable(handler)
                handler(signal.SIGINT, frame)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return seen


WHERE = {
    "the journal": ("optuna.storages.journal",),
    "the tell": ("optuna.study._tell", "optuna.study._optimize"),
    "the loop": (
        "crosstune.tuning.loop",
        "crosstune.tuning.between_trials",
        "crosstune.tuning.run_errors",
        "crosstune.system.interrupts",
    ),
    "the watch": ("crosstune.system.interrupts",),
}


@pytest.mark.parametrize("where", slow_but(WHERE, ["the tell"]))
def test_an_interrupt_at_any_line_is_not_lost_and_fails_no_trial(
    where: str, tmp_path: Path
) -> None:
    expected = [t.value for t in tune(str(tmp_path / "whole.journal")).trials]
    lines = interrupt_at(0, WHERE[where], lambda: tune(str(tmp_path / "count.journal")))
    assert lines > 20
    for line in range(1, lines + 1, 1 if where == "the watch" else lines // 8):
        place = str(tmp_path / f"{line}.journal")
        with pytest.raises(KeyboardInterrupt):
            interrupt_at(line, WHERE[where], lambda place=place: tune(place))
        states = [trial.state for trial in trials(place)]
        assert TrialState.FAIL not in states, line
        assert not list(tmp_path.glob(f"{line}.journal.lock*")), line
        assert [t.value for t in tune(place).trials][:TRIALS] == expected, line


def swallowed(params: dict[str, Any], trial: Trial) -> float:
    try:
        press()
    except BaseException:
        return float(params["x"])
    return -1.0


def made_another_error(params: dict[str, Any], trial: Trial) -> float:
    try:
        press()
    except KeyboardInterrupt as interrupt:
        raise RuntimeError("the library was stopped") from interrupt
    return -1.0


def in_a_finalizer(params: dict[str, Any], trial: Trial) -> float:
    class Finalized:
        def __del__(self) -> None:
            press()

    Finalized()
    gc.collect()
    return float(params["x"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("function", "state"),
    [
        (swallowed, TrialState.COMPLETE),
        (made_another_error, TrialState.RUNNING),
        (in_a_finalizer, TrialState.COMPLETE),
    ],
)
def test_an_interrupt_that_an_objective_swallows_ends_the_run_after_its_trial(
    function: Callable[..., Any], state: TrialState, tmp_path: Path
) -> None:
    place = str(tmp_path / "s.journal")
    with pytest.raises(KeyboardInterrupt):
        tune(place, function)
    assert [trial.state for trial in trials(place)] == [state]


def test_an_interrupt_in_a_callback_ends_the_run(tmp_path: Path) -> None:
    place = str(tmp_path / "s.journal")

    def callback(study: Study, trial: FrozenTrial) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            press()

    with pytest.raises(KeyboardInterrupt):
        tune(place, callbacks=[callback])
    assert [trial.state for trial in trials(place)] == [TrialState.COMPLETE]


def test_the_handler_of_a_program_of_its_own_is_left_alone(tmp_path: Path) -> None:
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        study = tune(str(tmp_path / "s.journal"), lambda params: press() or params["x"])
    finally:
        signal.signal(signal.SIGINT, before)
    assert (len(study.trials), len(pressed)) == (TRIALS, TRIALS)


def test_the_handler_is_as_it_was_after_a_run(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    tune(str(tmp_path / "s.journal"))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_in_a_thread_needs_no_handler(tmp_path: Path) -> None:
    done: list[Study] = []
    thread = threading.Thread(target=lambda: done.append(tune(str(tmp_path / "s.journal"))))
    thread.start()
    thread.join()
    assert len(done[0].trials) == TRIALS


def test_an_interrupted_command_ends_with_130_wherever_it_falls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from crosstune.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "swallowing.py").write_text(
        "import signal\n"
        "def f(params):\n"
        "    try: signal.raise_signal(signal.SIGINT)\n"
        "    except BaseException: pass\n"
        "    return params['x']\n"
    )
    (tmp_path / "spec.yaml").write_text(
        "name: s\nobjective: swallowing:f\ntrials: 4\nspace: {x: {type: float, low: 0, high: 1}}\n"
    )
    verbosity = optuna.logging.get_verbosity()
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.yaml", "--storage", "s.journal"])
    optuna.logging.set_verbosity(verbosity)
    assert ended.value.code == 130
    assert "finished trials are kept" in capsys.readouterr().err
    assert [trial.state for trial in trials("s.journal")] == [TrialState.COMPLETE]
