"""Pruning in a plain PyTorch training loop, in one process or in the ranks of a distributed run."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, SupportsIndex

from optuna import TrialPruned
from optuna.trial import BaseTrial

from crosstune.callbacks import randomness
from crosstune.callbacks.fold import as_fold
from crosstune.callbacks.pausable import PausableTraining
from crosstune.callbacks.report import (
    Divergence,
    PruningCallback,
    TrainingDiverged,
    by_name,
    check,
    check_choices,
    measured,
    whole,
)
from crosstune.checkpoints.stores import Store
from crosstune.errors import CrosstuneError, ObjectiveError, RequestError, RunError, described
from crosstune.system.extras import needing
from crosstune.system.scalars import plain_arguments

with needing("TorchPruningCallback", "crosstune[torch]", "torch"):
    import torch
    import torch.distributed as dist

NAME = "training.pt"
"""The file name of a paused training."""


class HasState(Protocol):
    """A module, an optimizer, a learning-rate schedule or the like."""

    def state_dict(self) -> Any:
        """Its state."""

    def load_state_dict(self, state_dict: Any) -> Any:
        """Take over a state."""


class TorchPruningCallback:
    """Reports a metric in a PyTorch training loop, and ends a trial that is pruned.

    Call it like `PruningCallback`, ``prune(epoch, val_loss=loss)``; see there for the treatment of
    metric and steps.

    Under a scheduler, give it what training changes, and let it count the epochs. Call it at the
    end of each of them: ``for epoch in prune.epochs(20)``. Then a paused training continues by
    itself, with the same random numbers.

    In a distributed run (with `torch.distributed` already initialized), each rank makes a callback
    and calls it at the same steps. Rank 0 has the trial, the others get None. The metric of rank 0
    is reported; other ranks may pass the step alone, or a metric whose NaN or infinity also ends
    the trial. Every rank raises the same exception, so none is left waiting.

    Args:
        trial: the trial to report to; None on every rank but 0.
        monitor, divergence, fold, epochs: as in `PruningCallback`; the same on every rank.
        state: what is restored when the training continues, always in the same order: modules,
            optimizers and whatever else has `state_dict` and `load_state_dict`.
        store: of the checkpoint, as in `crosstune.checkpoints.find`.
        group: the ranks that train the trial; None for all. Under NCCL each rank has to set its
            CUDA device first, as for any exchange of objects; a gloo group needs none.

    Raises:
        Unsupported: the study has several objectives.
        RequestError: a trial is missing on rank 0, another rank has one, or a state has no
            `state_dict`, or is given for a fold.

    >>> prune = TorchPruningCallback(optuna.create_study().ask(), "val_loss")
    >>> for epoch in range(3):
    ...     prune(epoch, val_loss=torch.tensor(1 / (epoch + 1)))
    """

    @plain_arguments("state", "store")
    def __init__(
        self,
        trial: BaseTrial | None,
        monitor: str = "val_loss",
        *,
        divergence: Divergence = "prune",
        fold: int | None = None,
        epochs: int | None = None,
        state: Sequence[HasState] = (),
        store: Store | None = None,
        group: dist.ProcessGroup | None = None,
    ):
        self._monitor, self._group = monitor, group
        spread = dist.is_available() and dist.is_initialized()
        self._rank = dist.get_rank(group) if spread else 0
        self._ranks = dist.get_world_size(group) if spread else 1
        fault: CrosstuneError | None = None
        try:
            self._check(trial, divergence)
            as_fold(fold, epochs)
            _check_state(state, fold)
        except CrosstuneError as error:
            fault = error
        _raise_first(self._exchange(fault))
        self._single = (
            None
            if trial is None
            else PruningCallback(trial, monitor, divergence=divergence, fold=fold, epochs=epochs)
        )
        self._state = tuple(state)
        self._pausable = PausableTraining(None if fold is not None else trial, NAME, store)
        self._kept_after: int | None = None
        """The epochs after which the state is kept, in the last one before a pause."""

    def epochs(self, most: int) -> Iterator[int]:
        """The epochs that this trial has to train, after its state is restored.

        Args:
            most: the epochs of a whole training.
        """
        self._restore()
        last = min(most, self._pausable.end or most)
        part = self._pausable.done, last, self._pausable.pauses_at(last)
        first, last, pauses = self._exchange(part)[0]
        for epoch in range(first, last):
            if pauses and epoch + 1 == last:
                self._kept_after = last
            yield epoch
        self._kept_after = None

    def __call__(
        self, step: SupportsIndex, metrics: Mapping[str, Any] | None = None, /, **more: Any
    ) -> None:
        """Report the metric after `step`, and ask the study's pruner.

        Raises:
            optuna.TrialPruned: the pruner stops the trial, or the metric diverged.
            TrainingDiverged: the metric diverged, and `divergence` is "fail".
            ObjectiveError: the metric is missing or no number, or a step is invalid.
            RunError: on the other ranks, if rank 0 cannot report.
        """
        mine: tuple[int, float | None] | ObjectiveError
        try:
            named = by_name(metrics, more)
            measures = named or self._rank == 0
            mine = whole(step), measured(self._monitor, named) if measures else None
        except ObjectiveError as error:
            mine = error
        everyone = self._exchange(mine)
        if self._kept_after is not None and self._state:
            self._keep(self._kept_after)
        failure = None if self._single is None else self._decide(self._single, everyone)
        verdict = self._exchange(_sendable(failure))[0]
        if failure is not None:
            raise failure
        _raise_first([verdict])

    def _restore(self) -> None:
        """Give every rank the state that rank 0 has found."""
        content = b""

        def note(path: Path) -> None:
            nonlocal content
            # Raises where a state is more than values.
            torch.load(path, map_location="cpu", weights_only=True)
            content = path.read_bytes()

        if not self._state:
            return
        self._pausable.restore(note)
        content = self._exchange(content)[0]
        if content:
            saved = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
            for owner, its_state in zip(self._state, saved["state"], strict=True):
                owner.load_state_dict(its_state)
            if len(saved["random"]) == self._ranks:
                randomness.restore(saved["random"][self._rank])

    def _keep(self, done: int) -> None:
        """Store the state after so many epochs; every rank has to take part."""
        content = {
            "state": [owner.state_dict() for owner in self._state],
            "random": self._exchange(randomness.state()),
        }
        if self._rank == 0:
            self._pausable.keep(lambda path: torch.save(content, path), done)

    def _check(self, trial: object, divergence: str) -> None:
        if self._rank == 0:
            check(trial, self._monitor, divergence)
        check_choices(self._monitor, divergence)
        if self._rank != 0 and trial is not None:
            raise RequestError(
                f"rank {self._rank} was given a trial. Rank 0 alone holds it, so that one process "
                "writes the study: give the other ranks trial=None"
            )

    def _decide(
        self, single: PruningCallback, everyone: list[tuple[int, float | None] | ObjectiveError]
    ) -> Exception | None:
        """The exception that every rank has to raise."""
        for rank, answer in enumerate(everyone):
            if isinstance(answer, ObjectiveError):
                return answer if self._ranks == 1 else ObjectiveError(f"on rank {rank}: {answer}")
        reports = [answer for answer in everyone if not isinstance(answer, ObjectiveError)]
        steps = sorted({step for step, _ in reports})
        if len(steps) > 1:
            return ObjectiveError(f"the ranks are at different steps: {', '.join(map(str, steps))}")
        values = [value for _, value in reports if value is not None]
        diverged = [value for value in values if not math.isfinite(value)]
        try:
            single.decide(steps[0], diverged[0] if diverged else values[0])
        except Exception as failure:
            return failure
        return None

    def _exchange(self, mine: Any) -> list[Any]:
        """The objects of all ranks, in their order."""
        if self._ranks == 1:
            return [mine]
        everyone: list[Any] = [None] * self._ranks
        dist.all_gather_object(everyone, mine, group=self._group)
        return everyone


def _check_state(state: object, fold: int | None) -> None:
    """Raise a RequestError if what is to be restored cannot be."""
    owners = list(state) if isinstance(state, Sequence) else [state]
    if not all(hasattr(one, "state_dict") and hasattr(one, "load_state_dict") for one in owners):
        raise RequestError(
            "state is a list of what has state_dict() and load_state_dict(), such as "
            f"[net, optimizer], not {state!r:.80}"
        )
    if owners and fold is not None:
        raise RequestError("the training of a fold cannot be paused: leave state= or fold= out")


def _sendable(failure: Exception | None) -> Exception | None:
    """An exception that other ranks can receive; a storage's exceptions may not be picklable."""
    if failure is None or isinstance(failure, CrosstuneError | TrialPruned | TrainingDiverged):
        return failure
    return RunError(f"rank 0 could not report: {described(failure)}")


def _raise_first(failures: list[Exception | None]) -> None:
    for failure in failures:
        if failure is not None:
            raise failure
