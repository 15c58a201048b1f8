"""Every private name of Optuna that crosstune uses, with the reason.

`tests/engines/optuna/test_private.py` fails when one of them moves.
"""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, PartialFixedSampler, _cmaes
from optuna.storages import BaseStorage
from optuna.storages.journal import _storage as _journal
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune.system import unpickling

if TYPE_CHECKING:
    import grpc

# The two modules in which Optuna unpickles what is in a study. It runs what a stranger put there,
# whichever way the study was opened, so both are handed readers of data; nothing public does it.
for _module, _loads in ((_cmaes, unpickling.optimizer), (_journal, unpickling.snapshot)):
    _module.pickle = SimpleNamespace(  # type: ignore[attr-defined]
        dumps=pickle.dumps, loads=_loads, UnpicklingError=pickle.UnpicklingError
    )


def all_trials(study: Study) -> list[FrozenTrial]:
    """Every trial of a study, by number; not to be changed.

    Under `HyperbandPruner` a sampler is handed a view of the study whose `get_trials` leaves out
    the trials of other brackets, though an engine has to learn from all of them. `_storage` and
    `_study_id` are what that view lets through.
    """
    return study._storage.get_all_trials(study._study_id, deepcopy=False)


def identity(study: Study) -> tuple[BaseStorage, int]:
    """What tells two studies in this process apart; names may repeat between storages.

    It holds the storage itself: the id of one that is gone may be given to the next.
    """
    return study._storage, study._study_id


def contains(distribution: BaseDistribution, value: Any) -> bool:
    """Whether Optuna will take `value` from a sampler.

    `_contains` is what Optuna asks itself; a value that fails is drawn again without a word.
    """
    return distribution._contains(distribution.to_internal_repr(value))


def set_user_attr(study: Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Give a running trial an attribute from inside a sampler, which is handed a frozen one.

    The frozen trial is what the live one reads its attributes from, so both are written.
    """
    study._storage.set_trial_user_attr(trial._trial_id, key, value)
    trial.set_user_attr(key, value)


def user_attrs(study: Study) -> dict[str, Any]:
    """A study's attributes; Hyperband's view of it has no `user_attrs`."""
    return study._storage.get_study_user_attrs(study._study_id)


def set_study_attr(study: Study, key: str, value: Any) -> None:
    """Give a study an attribute; Hyperband's view of it has no `set_user_attr`."""
    study._storage.set_study_user_attr(study._study_id, key, value)


def system_attrs(study: Study) -> dict[str, Any]:
    """What samplers remember in a study; Optuna 5 has no public name for it."""
    return study._storage.get_study_system_attrs(study._study_id)


def partial_fixed(sampler: PartialFixedSampler) -> tuple[dict[str, Any], BaseSampler]:
    """The fixed parameters of a sampler, and what proposes the others; nothing public says it."""
    return sampler._fixed_params, sampler._base_sampler


def has_constraints(sampler: BaseSampler) -> bool:
    """Whether a sampler was given a `constraints_func`, which no public name says."""
    return getattr(sampler, "_constraints_func", None) is not None


def constraints(trial: Trial | FrozenTrial) -> Mapping[str, float]:
    """The constraint values of a trial by key; empty if it has none.

    Optuna 5 has the property `constraints`. Optuna 4 has no public name for them: they are a list
    in the system attribute "constraints", which Optuna 5 shows under the keys "0", "1", ...
    """
    if hasattr(trial, "constraints"):
        return trial.constraints
    if isinstance(trial, Trial):
        return {}  # Optuna 4 works them out when the trial has ended
    return {str(i): value for i, value in enumerate(trial.system_attrs.get("constraints") or ())}


def constrain(trial: Trial, constraints: Mapping[str, float]) -> None:
    """Give a running trial constraints. Optuna 4 has none that a trial is given, so none are."""
    if hasattr(trial, "set_constraint"):
        for key, value in constraints.items():
            trial.set_constraint(key, value)


def parameters(pruner: BasePruner) -> dict[str, tuple[Any, Any]]:
    """The parameters of a pruner, each with its default: `inspect.Parameter.empty` for none.

    Nothing public says them. Optuna's pruners and ours keep each in an attribute of its name, with
    an underscore before it; a pruner of somebody else's may keep it without. A parameter that is
    in neither is left out.
    """
    held = vars(pruner)
    return {
        name: (held[key], parameter.default)
        for name, parameter in inspect.signature(type(pruner)).parameters.items()
        for key in (f"_{name}", name)
        if key in held
    }


def trial_id(trial: Trial | FrozenTrial) -> int:
    """What a storage knows a trial by, which is not its number."""
    return trial._trial_id


def frozen(trial: Trial) -> FrozenTrial:
    """What a running trial reads its params and attributes from; not to be changed.

    `trial.params` and `trial.user_attrs` are deep copies of them, and each costs about as much as
    writing a parameter.
    """
    return trial._cached_frozen_trial


def fixed(trial: Trial) -> Mapping[str, Any]:
    """The parameters of a trial that was queued with them; nothing public says them."""
    held: Mapping[str, Any] = trial._fixed_params
    return held


def has_proposal(trial: Trial) -> bool:
    """Whether a sampler was asked for the parameters of a trial that it proposes together.

    Optuna asks when the first parameter is suggested that is not fixed, or when `relative_params`
    is read, which would ask.
    """
    return trial._relative_params is not None


def with_id(trial: FrozenTrial, shown: int) -> FrozenTrial:
    """A trial under another id. The copy is shallow; its attributes may be replaced."""
    copied = copy.copy(trial)
    copied._trial_id = shown
    return copied


def grpc_server(storage: BaseStorage, host: str, port: int) -> grpc.Server:
    """Optuna's gRPC server in front of a storage, not yet started.

    `run_grpc_proxy_server`, which is public, makes just this one; but it blocks for ever, says
    on the log where it listens, and cannot be stopped.
    """
    from optuna.storages._grpc.server import make_server

    return make_server(storage, host, port)
