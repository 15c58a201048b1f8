"""A progress bar in a notebook or a terminal: the time left, and the best value so far."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial
from tqdm.auto import tqdm

from crosstune.engines.feasibility import best_trial
from crosstune.engines.record import BUDGET, records


class ProgressBar:
    """A callback that shows a bar with the trials, the time left and the best value so far.

    In a notebook it is a widget if `ipywidgets` is installed. The number of trials is that of the
    budget in the study's record; without one only their count is shown.

    Args:
        options: of `tqdm.tqdm`, such as `leave=False`.

    >>> import crosstune
    >>> spec = {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 0}
    >>> with ProgressBar(disable=True) as bar:
    ...     study = crosstune.tune(spec, lambda p: p["x"], trials=3, callbacks=[bar])
    """

    def __init__(self, **options: Any):
        self._options = options
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the bar, and leave its last state on the screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Show the state after a trial."""
        done = sum(t.state.is_finished() for t in study.get_trials(deepcopy=False))
        if self._bar is None:
            runs = records(study)
            total = (runs[-1][BUDGET] or {}).get("trials") if runs else None
            self._bar = tqdm(
                total=total, initial=done - 1, desc="trials", unit="trial", **self._options
            )
        if len(study.directions) == 1 and (best := best_trial(study)) is not None:
            self._bar.set_postfix_str(f"best {best.value:.6g} in trial {best.number}", False)
        self._bar.update(done - self._bar.n)
