"""The random generators that a process's libraries share, as plain values.

A training that shuffles, augments or drops out continues with the same numbers only if these
generators continue too.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np


def state() -> dict[str, Any]:
    """The states of Python's, numpy's and torch's generators, as JSON can hold them.

    >>> before = state()
    >>> number = random.random()
    >>> restore(before)
    >>> random.random() == number
    True
    """
    version, words, gauss = random.getstate()
    name, keys, *rest = np.random.get_state(legacy=True)
    states: dict[str, Any] = {
        "python": [version, list(words), gauss],
        "numpy": [name, np.asarray(keys).tolist(), *rest],
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        states["torch"] = torch.get_rng_state().tolist()
        if torch.cuda.is_available():
            states["cuda"] = [device.tolist() for device in torch.cuda.get_rng_state_all()]
    return states


def restore(states: dict[str, Any]) -> None:
    """Set the generators to what `state` has returned, as far as their libraries are loaded."""
    version, words, gauss = states["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    torch = sys.modules.get("torch")
    if torch is None or "torch" not in states:
        return
    torch.set_rng_state(torch.tensor(states["torch"], dtype=torch.uint8))
    cuda = states.get("cuda", [])
    if cuda and torch.cuda.is_available() and len(cuda) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([torch.tensor(device, dtype=torch.uint8) for device in cuda])
