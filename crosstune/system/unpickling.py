"""Safe readers for the pickles that Optuna stores in a study.

A study from others may contain any pickle, and `pickle.loads` calls any function that a pickle
names. These two readers accept a few exact names and refuse all others.

- `optimizer`: CMA-ES stores its optimizer in the trials. No function of the pickle is called: each
  name maps to a class of this file, which then builds the arrays and the optimizer. So no unusual
  array type reaches numpy.
- `snapshot`: a journal in Redis stores a copy of itself, made of Optuna's own records.
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
"""The accepted dtypes: booleans, integers and floats."""


class Refused(RunError, pickle.UnpicklingError):
    """A pickle in a study that Optuna did not write."""

    def __init__(self, what: str):
        super().__init__(
            f"the study holds a pickle that {what}, which Optuna writes nowhere. Nothing of it was "
            "run. If the study came from others, do not continue it with this sampler; a copy made "
            "by `crosstune import --from optuna` has no such pickle"
        )


def optimizer(content: bytes) -> Any:
    """The optimizer of CMA-ES that a trial stores.

    Raises:
        Refused: the pickle contains something else.
    """
    return _read(content, _Optimizers, _made)


def snapshot(content: bytes) -> Any:
    """The records that a journal stores beside its log.

    Raises:
        Refused: the pickle contains something else.
    """
    return _read(content, _Records, lambda records: records)


def _read(content: bytes, reader: type[pickle.Unpickler], finish: Callable[[Any], Any]) -> Any:
    try:
        return finish(reader(io.BytesIO(content)).load())
    except Refused:
        raise
    except Exception as error:  # a broken pickle may raise anything
        raise Refused(f"cannot be read ({type(error).__name__})") from error


class _Records(pickle.Unpickler):
    """Reads the records of a journal, whose classes only store their arguments."""

    def find_class(self, module: str, name: str) -> Any:
        """The class of an accepted name."""
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
        """The stand-in for an accepted name."""
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise Refused(f"names {module}.{name}") from None


class _Optimizer:
    """The state of an optimizer that is built later."""

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
    """A numeric dtype."""

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
    """The state of an array that is built later."""

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
    # A copy, since `content` is read-only.
    return np.frombuffer(content, dtype.numpy).reshape(shape, order=order).copy(order)


_STAND_INS: Mapping[tuple[str, str], Any] = {
    **{kind.made: kind for kind in (_CMA, _SepCMA, _CMAwM)},
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Array,
    # Names of the same functions in numpy 1 and numpy 2.
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _array,
    ("numpy._core.numeric", "_frombuffer"): _array,
}


def _made(part: Any) -> Any:
    """Build numpy's and cmaes's objects from the stand-ins that were read."""
    match part:
        case _Optimizer():
            module, name = part.made
            kind = getattr(importlib.import_module(module), name)
            state = {key: _made(value) for key, value in dict(part.state).items()}
            made = kind.__new__(kind)
            if hasattr(kind, "__setstate__"):
                made.__setstate__(state)
            else:
                vars(made).update({sys.intern(key): value for key, value in state.items()})
            return made
        case _Array():
            return part.numpy()
        case list() | tuple():
            return type(part)(map(_made, part))
        case bool() | int() | float() | str() | None | np.ndarray() | np.generic():
            return part
    raise Refused(f"holds a {type(part).__name__}")
