"""Every private name of Optuna that crosstune uses, with the reason.

`tests/engines/optuna/test_private.py` fails if one of them moves.
"""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from optuna._hypervolume import compute_hypervolume
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, PartialFixedSampler, _cmaes
from optuna.storages import BaseStorage
from optuna.storages.journal import _storage as _journal
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune.system import unpickling

if TYPE_CHECKING:
    import grpc

# The two modules in which Optuna unpickles content of a study. Unpickling would run code that a
# stranger put there, so both get readers of plain data. Optuna has no public way to do this.
for _module, _loads in ((_cmaes, unpickling.optimizer), (_journal, unpickling.snapshot)):
    _module.pickle = SimpleNamespace(  # type: ignore[attr-defined]
        dumps=pickle.dumps, loads=_loads, UnpicklingError=pickle.UnpicklingError
    )


@contextmanager
def unwarned() -> Iterator[None]:
    """Use experimental parts of Optuna in the block without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def all_trials(study: Study) -> list[FrozenTrial]:
    """Every trial of a study, by number; do not change them.

    `HyperbandPruner` passes samplers a view of the study whose `get_trials` omits the trials of
    other brackets, but an engine has to learn from all of them. `_storage` and `_study_id` pass
    through that view.
    """
    return study._storage.get_all_trials(study._study_id, deepcopy=False)


def identity(study: Study) -> tuple[BaseStorage, int]:
    """A key of a study, unique in this process; names may repeat between storages.

    It contains the storage itself, since Python may reuse the id of a deleted one.
    """
    return study._storage, study._study_id


def contains(distribution: BaseDistribution, value: Any) -> bool:
    """Whether Optuna accepts `value` from a sampler.

    Optuna calls `_contains` itself, and silently redraws a value that fails.
    """
    return distribution._contains(distribution.to_internal_repr(value))


def set_user_attr(study: Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Set an attribute of a running trial from inside a sampler, which gets a frozen one.

    The live trial reads its attributes from the frozen one, so both are written.
    """
    study._storage.set_trial_user_attr(trial._trial_id, key, value)
    trial.set_user_attr(key, value)


def user_attrs(study: Study) -> dict[str, Any]:
    """A study's attributes; Hyperband's view of the study has no `user_attrs`."""
    return study._storage.get_study_user_attrs(study._study_id)


def set_study_attr(study: Study, key: str, value: Any) -> None:
    """Set an attribute of a study; Hyperband's view of the study has no `set_user_attr`."""
    study._storage.set_study_user_attr(study._study_id, key, value)


def system_attrs(study: Study) -> dict[str, Any]:
    """The attributes that samplers store in a study; Optuna 5 has no public name for them."""
    return study._storage.get_study_system_attrs(study._study_id)


def partial_fixed(sampler: PartialFixedSampler) -> tuple[dict[str, Any], BaseSampler]:
    """The fixed parameters and the base sampler of a sampler; both are private in Optuna."""
    return sampler._fixed_params, sampler._base_sampler


def has_constraints(sampler: BaseSampler) -> bool:
    """Whether a sampler has a `constraints_func`, which is private in Optuna."""
    return getattr(sampler, "_constraints_func", None) is not None


def constraints(trial: Trial | FrozenTrial) -> Mapping[str, float]:
    """The constraint values of a trial by key; empty if it has none.

    Optuna 5 has the property `constraints`. Optuna 4 has no public name for them: they are a list
    in the system attribute "constraints", which Optuna 5 shows under the keys "0", "1", ...
    """
    if hasattr(trial, "constraints"):
        return trial.constraints
    if isinstance(trial, Trial):
        return {}  # Optuna 4 computes them when the trial has ended
    return {str(i): value for i, value in enumerate(trial.system_attrs.get("constraints") or ())}


def constrain(trial: Trial, constraints: Mapping[str, float]) -> None:
    """Set constraints of a running trial; does nothing on Optuna 4, which cannot."""
    if hasattr(trial, "set_constraint"):
        for key, value in constraints.items():
            trial.set_constraint(key, value)


def hypervolume(losses: Any, reference: Any) -> float:
    """The volume between points and a reference point that none of them exceeds.

    Args:
        losses: (n, m), to be minimized.
        reference: (m,).
    """
    return float(compute_hypervolume(losses, reference))


def parameters(pruner: BasePruner) -> dict[str, tuple[Any, Any]]:
    """Value and default of each parameter of a pruner: `inspect.Parameter.empty` for no default.

    Optuna's pruners and ours store a parameter in an attribute of its name after an underscore;
    third-party pruners may omit the underscore. A parameter with neither attribute is left out.
    """
    attributes = vars(pruner)
    return {
        name: (attributes[key], parameter.default)
        for name, parameter in inspect.signature(type(pruner)).parameters.items()
        for key in (f"_{name}", name)
        if key in attributes
    }


def trial_id(trial: Trial | FrozenTrial) -> int:
    """The id of a trial in its storage, which is not its number."""
    return trial._trial_id


def frozen(trial: Trial) -> FrozenTrial:
    """The frozen trial from which a running one reads params and attributes; do not change it.

    `trial.params` and `trial.user_attrs` return deep copies, each about as slow as writing a
    parameter.
    """
    return trial._cached_frozen_trial


def fixed(trial: Trial) -> Mapping[str, Any]:
    """The parameters that a trial was queued with; they are private in Optuna."""
    params: Mapping[str, Any] = trial._fixed_params
    return params


def has_proposal(trial: Trial) -> bool:
    """Whether the sampler has already proposed the joint parameters of a trial.

    Optuna asks the sampler when the first unfixed parameter is suggested, or when
    `relative_params` is read, so that one cannot be used here.
    """
    return trial._relative_params is not None


def with_id(trial: FrozenTrial, shown: int) -> FrozenTrial:
    """A shallow copy of a trial under another id."""
    copied = copy.copy(trial)
    copied._trial_id = shown
    return copied


def grpc_server(storage: BaseStorage, host: str, port: int) -> grpc.Server:
    """Optuna's gRPC server for a storage, not yet started.

    The public `run_grpc_proxy_server` makes the same server, but blocks forever, logs its address
    and cannot be stopped.
    """
    from optuna.storages._grpc.server import make_server

    return make_server(storage, host, port)
