"""Pickles that Optuna keeps in a study, read as data.

Whoever wrote the study may have put any pickle there, and `pickle.loads` calls whatever a pickle
names. These two readers know a few exact names and refuse every other one.

- `optimizer`: CMA-ES keeps its optimizer in the trials. Nothing of the pickle is called: a name
  stands for a class of this file, and the arrays and the optimizer are made of what it was given.
  So no odd array type reaches numpy.
- `snapshot`: a journal in Redis keeps a copy of itself, of Optuna's own records.
"""

from __future__ import annotations

import importlib
import io
import pickle
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from crosstune.errors import RunError

_NUMBERS = re.compile(r"[biuf][1248]")
"""The dtypes that are read: booleans, integers and floats."""


class Refused(RunError, pickle.UnpicklingError):
    """A pickle in a study that Optuna did not write."""

    def __init__(self, what: str):
        super().__init__(
            f"the study holds a pickle that {what}, which Optuna writes nowhere. Nothing of it was "
            "run. If the study came from others, do not continue it with this sampler; a copy made "
            "by `crosstune import --from optuna` has no such pickle"
        )


def optimizer(content: bytes) -> Any:
    """The optimizer of CMA-ES that a trial keeps.

    Raises:
        Refused: it is something else.
    """
    return _read(content, _Optimizers, _made)


def snapshot(content: bytes) -> Any:
    """The records that a journal keeps beside its log.

    Raises:
        Refused: it is something else.
    """
    return _read(content, _Records, lambda held: held)


def _read(content: bytes, reader: type[pickle.Unpickler], finish: Callable[[Any], Any]) -> Any:
    try:
        return finish(reader(io.BytesIO(content)).load())
    except Refused:
        raise
    except Exception as error:  # A broken pickle may raise anything.
        raise Refused(f"cannot be read ({type(error).__name__})") from error


class _Records(pickle.Unpickler):
    """Reads the records of a journal; these classes only hold what they are given."""

    def find_class(self, module: str, name: str) -> Any:
        """The class of a name, if it is one of the few."""
        if (module, name) not in _RECORDS:
            raise Refused(f"names {module}.{name}")
        return super().find_class(module, name)


_RECORDS = frozenset(
    {
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("optuna.storages.journal._storage", "JournalStorageReplayResult"),
        ("optuna.study._frozen", "FrozenStudy"),
        ("optuna.study._study_direction", "StudyDirection"),
        ("optuna.trial._frozen", "FrozenTrial"),
        ("optuna.trial._state", "TrialState"),
        ("optuna.distributions", "CategoricalDistribution"),
        ("optuna.distributions", "FloatDistribution"),
        ("optuna.distributions", "IntDistribution"),
    }
)


class _Optimizers(pickle.Unpickler):
    """Reads an optimizer into the classes below."""

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name, if it is one of the few."""
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise Refused(f"names {module}.{name}") from None


class _Optimizer:
    """An optimizer, not yet made."""

    made: tuple[str, str]
    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _CMA(_Optimizer):
    made = "cmaes._cma", "CMA"


class _SepCMA(_Optimizer):
    made = "cmaes._sepcma", "SepCMA"


class _CMAwM(_Optimizer):
    made = "cmaes._cmawm", "CMAwM"


class _Dtype:
    """A dtype of numbers."""

    def __init__(self, code: str, *_: Any):
        if not isinstance(code, str) or not _NUMBERS.fullmatch(code):
            raise Refused("holds an array of other things than numbers")
        self.numpy = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        _, order, *others = state
        if order not in ("<", ">", "|", "=") or others[:3] != [None, None, None]:
            raise Refused("holds an array of other things than numbers")
        self.numpy = self.numpy.newbyteorder(order)


class _Array:
    """An array, not yet made."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def numpy(self) -> np.ndarray[Any, Any]:
        """The array."""
        _, shape, dtype, in_columns, content = self.state
        return _array(content, dtype, shape, "F" if in_columns else "C")


def _reconstruct(kind: Any, *_: Any) -> _Array:
    if kind is not _Array:
        raise Refused("holds an array of another class")
    return _Array()


def _scalar(dtype: Any, content: Any) -> Any:
    return _array(content, dtype, (), "C")[()]


def _array(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray[Any, Any]:
    if not isinstance(dtype, _Dtype) or not isinstance(content, bytes | bytearray):
        raise Refused("holds an array of other things than numbers")
    # A copy, since what is in `content` cannot be changed.
    return np.frombuffer(content, dtype.numpy).reshape(shape, order=order).copy(order)


_STAND_INS: Mapping[tuple[str, str], Any] = {
    **{kind.made: kind for kind in (_CMA, _SepCMA, _CMAwM)},
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Array,
    # As numpy 1 and numpy 2 call the same functions.
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _array,
    ("numpy._core.numeric", "_frombuffer"): _array,
}


def _made(held: Any) -> Any:
    """What was read, made of numpy's and cmaes's own classes."""
    match held:
        case _Optimizer():
            module, name = held.made
            kind = getattr(importlib.import_module(module), name)
            state = {key: _made(value) for key, value in dict(held.state).items()}
            made = kind.__new__(kind)
            if hasattr(kind, "__setstate__"):
                made.__setstate__(state)
            else:
                vars(made).update({sys.intern(key): value for key, value in state.items()})
            return made
        case _Array():
            return held.numpy()
        case list() | tuple():
            return type(held)(map(_made, held))
        case bool() | int() | float() | str() | None | np.ndarray() | np.generic():
            return held
    raise Refused(f"holds a {type(held).__name__}")
