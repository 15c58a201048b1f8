"""A storage that forwards every call to another. Subclasses override single methods or `_call`."""

from __future__ import annotations

import abc
import functools
import inspect
from typing import TYPE_CHECKING, Any

from optuna.storages import BaseStorage

if TYPE_CHECKING:  # a storage whose methods are not abstract, as those that are added below
    from optuna.storages import InMemoryStorage as _Storage
else:
    _Storage = BaseStorage


class ForwardingStorage(_Storage):
    """Forwards every call.

    Args:
        behind: the storage that answers.
    """

    def __init__(self, behind: BaseStorage):
        self._behind = behind

    def _call(self, name: str, *arguments: Any) -> Any:
        """The answer of the storage behind to one method."""
        return getattr(self._behind, name)(*arguments)


def _forwarding(name: str) -> Any:
    """A method that passes its arguments to `_call`, in the order of the signature."""
    method = getattr(BaseStorage, name)
    signature = inspect.signature(method)

    @functools.wraps(method, updated=())  # without the mark of an abstract method
    def forward(storage: ForwardingStorage, *arguments: Any, **named: Any) -> Any:
        call = signature.bind(storage, *arguments, **named)
        call.apply_defaults()
        return storage._call(name, *call.args[1:])

    return forward


for _name in (*BaseStorage.__abstractmethods__, "get_trial_id_from_study_id_trial_number"):
    setattr(ForwardingStorage, _name, _forwarding(_name))
abc.update_abstractmethods(ForwardingStorage)
