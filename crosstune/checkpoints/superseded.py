"""Remove the checkpoints that no trial of a scheduled study will continue from."""

from __future__ import annotations

from collections.abc import Iterable

from optuna.artifacts import FileSystemArtifactStore
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.checkpoints.record import read
from crosstune.checkpoints.stores import discard, home_of
from crosstune.samplers.scheduled.configurations import FINISHED, PAUSED, RUNNING, Configuration
from crosstune.study.configurations import configurations_of


class Tidying:
    """A callback that removes checkpoints in the study's own folder.

    A paused configuration keeps the newest checkpoint, and so does a finished one, whose model may
    be wanted. Those of a configuration that was stopped or has failed are removed. With a limit,
    only the best paused ones keep theirs; another one is trained from the beginning if it is
    continued after all.

    Args:
        most: the limit of paused configurations with a checkpoint; None for no limit.
    """

    def __init__(self, most: int | None = None):
        self._most = most
        self._removed: set[str] = set()

    def __call__(self, study: Study, _: FrozenTrial) -> None:
        """Remove what a trial that has ended makes useless."""
        begun = configurations_of(study) or []
        paused = sorted((c for c in begun if c.state == PAUSED), key=lambda c: (c.value, c.index))
        over = set() if self._most is None else {c.index for c in paused[self._most :]}
        for configuration in begun:
            self._tidy(study, configuration, all_of_it=configuration.index in over)

    def finish(self, study: Study) -> None:
        """Remove those of the paused configurations: the schedule is over."""
        for configuration in configurations_of(study) or []:
            if configuration.state == PAUSED:
                self._tidy(study, configuration, all_of_it=True)

    def _tidy(self, study: Study, configuration: Configuration, *, all_of_it: bool) -> None:
        parts = list(configuration.parts)
        if configuration.state == RUNNING:
            return  # it may read any of them now
        if configuration.state in (PAUSED, FINISHED) and not all_of_it:
            newest = [part for part in parts if read(part).entries][-1:]
            parts = [part for part in parts if part not in newest]
        self._remove(study, parts)

    def _remove(self, study: Study, parts: Iterable[FrozenTrial]) -> None:
        artifacts = [
            entry.artifact
            for part in parts
            for entry in read(part).entries
            if entry.trial == part.number and entry.artifact not in self._removed
        ]
        storage, _ = _optuna.identity(study)
        place = home_of(storage) if artifacts else None
        if place is not None and place.folder.exists():
            discard(FileSystemArtifactStore(place.folder), artifacts)
            self._removed.update(artifacts)
