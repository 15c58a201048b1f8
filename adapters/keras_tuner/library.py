"""Keras Tuner, imported on a Keras backend that is installed.

All other files import the library from here: Keras reads its backend when it is first imported.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

from crosstune.engines.registry import library_of


def choose_keras_backend() -> None:
    """Set Keras's backend to a library that is installed, unless the environment names one.

    Keras itself falls back to tensorflow, and writes this into its configuration file when it is
    first imported.
    """
    if "KERAS_BACKEND" in os.environ or "keras" in sys.modules:
        return
    file = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        configured = json.loads(file.read_text()).get("backend", "tensorflow")
    except (OSError, ValueError, AttributeError):
        configured = "tensorflow"
    for backend in (configured, "tensorflow", "jax", "torch"):
        if importlib.util.find_spec(backend):
            os.environ["KERAS_BACKEND"] = backend
            return


choose_keras_backend()

with library_of("keras_tuner"):
    import keras_tuner
    from keras_tuner import oracles
    from keras_tuner.engine import hyperparameters as kinds
    from keras_tuner.engine.trial import Trial

__all__ = ["Trial", "TrueSeed", "keras_tuner", "kinds", "oracles"]


class TrueSeed(int):
    """An integer that is true even at 0: Keras Tuner reads `seed or a random number`."""

    def __bool__(self) -> bool:
        return True
