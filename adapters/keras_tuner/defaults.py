"""The default values of a hypermodel's hyperparameters."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.errors import RequestError, raised_by_user
from crosstune.space.defaults import Defaults


def hypermodel_defaults(hypermodel: Any, name: str) -> Defaults:
    """The values of `default=`, or Keras Tuner's own default: the lowest or the first value.

    The model is built once with its defaults, as Keras Tuner does to find its space, and dropped.
    Names that are only read for other values are not found.

    Args:
        hypermodel: a function `build_model(hp)` or a `keras_tuner.HyperModel`; None if there is
            none.
        name: of it, for messages.

    Raises:
        RequestError: there is none, or it cannot be built.
    """
    if hypermodel is None:
        raise RequestError("there is no hypermodel whose default values could come first")
    build = hypermodel.build if isinstance(hypermodel, keras_tuner.HyperModel) else hypermodel
    hp = keras_tuner.HyperParameters()
    with _random_numbers_kept(), raised_by_user(partial(_failed, name)):
        build(hp)
    defaults = {construct.name: construct.default for construct in reversed(hp.space)}
    return Defaults(name, {**defaults, **hp.values})


def _failed(name: str, why: str) -> RequestError:
    return RequestError(f"{name} cannot be built with its default values: {why}")


@contextmanager
def _random_numbers_kept() -> Iterator[None]:
    """Leave the global random numbers of Python and numpy, by which Keras seeds its layers."""
    state, numpy_state = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)
