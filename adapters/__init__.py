"""The engines behind crosstune: one folder for each, imported on first use.

>>> get("optuna").name
'optuna'
>>> get("optunna")
Traceback (most recent call last):
...
crosstune.errors.UnknownName: no backend 'optunna'. Known: ... Did you mean 'optuna'?
"""

from crosstune.engines.registry import GROUP, get, names, register
from crosstune.system.lazy_names import on_first_use

__all__ = ["GROUP", "get", "names", "register"]

__getattr__, __dir__ = on_first_use(
    __name__, dict.fromkeys(("base", "hyperopt", "keras_tuner"), __name__)
)
