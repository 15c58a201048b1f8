"""Records of version 0.1.0, which names repeated options of `hp.choice` by their positions.

Later versions name them by their values: the options of ``hp.choice("units", [16, 16, 32])`` were
0, 1 and 2, and are 16 and 32. A study or match with positions is continued with positions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial

from crosstune.engines import study_values as ledger
from crosstune.space.space import Space
from crosstune.spec.foreign_space import NativeSpace
from crosstune.spec.spec import Spec
from crosstune.study.storage import Place, open_storage

_logger = logging.getLogger("crosstune")


def as_recorded(spec: Spec, storage: Place, study_name: str | None = None) -> Spec:
    """The spec with the option names of the stored study, if there is one.

    Args:
        spec: with names by values.
        storage: where the study may be.
        study_name: None for the spec's name.
    """

    def is_kept(earlier: Space) -> bool:
        try:
            study = optuna.load_study(
                study_name=study_name or spec.name, storage=open_storage(storage)
            )
        except KeyError:
            return False
        return ledger.space_of(study) == earlier

    return spec if storage is None else as_kept(spec, study_name or spec.name, is_kept)


def as_kept(spec: Spec, record: str, is_kept: Callable[[Space], bool]) -> Spec:
    """The spec with the names of version 0.1.0, if a record has them.

    Args:
        spec: with names by values.
        record: the name of the study, or of the problem of a match.
        is_kept: True if the record has this space. It is not called if the names are the same.
    """
    space = spec.space
    earlier = space.earlier if isinstance(space, NativeSpace) else None
    if not isinstance(space, NativeSpace) or earlier is None or not is_kept(earlier):
        return spec
    _logger.warning(
        "%r was begun by a crosstune that named options by their positions where some repeat, and "
        "is continued with the positions of %s",
        record,
        ", ".join(map(repr, _changed(space, earlier))),
    )
    start = tuple(
        dict(space.moved(space.check_point(item), earlier)) if isinstance(item, dict) else item
        for item in spec.start
    )
    prior = {name: _belief(space, earlier, name, item) for name, item in spec.prior.items()}
    return spec.model_copy(update={"space": earlier, "start": start, "prior": prior})


def form_of(space: Space, trial: Trial | FrozenTrial) -> Space:
    """The space with the option names of a trial."""
    earlier = space.earlier if isinstance(space, NativeSpace) else None
    if earlier is None:
        return space
    drawn = trial.distributions
    by_position = ledger.distributions(earlier)
    changed = [name for name in _changed(space, earlier) if name in drawn]
    is_earlier = bool(changed) and all(drawn[name] == by_position[name] for name in changed)
    return earlier if is_earlier else space


def _changed(space: Space, earlier: Space) -> list[str]:
    return [name for name in space if space[name] != earlier[name]]


def _belief(space: NativeSpace, earlier: NativeSpace, name: str, belief: Any) -> Any:
    """A value of a prior, or the mapping with it, with the earlier names."""
    if isinstance(belief, Mapping):
        return {**belief, "at": space.moved({name: belief["at"]}, earlier)[name]}
    return space.moved({name: belief}, earlier)[name]
