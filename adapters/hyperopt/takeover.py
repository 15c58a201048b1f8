"""The takeover of Hyperopt: `fmin` with the chosen engine as its `algo`."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import hyperopt
import numpy as np

from crosstune.adapters.hyperopt.takeover_limit import limit
from crosstune.errors import RequestError
from crosstune.takeover.choice import ScriptEngine


def take_over(make: Callable[[], ScriptEngine]) -> None:
    """Drive every `fmin` that is called in this process from now on."""
    taken = _driven(hyperopt.fmin, make)
    # `Trials.fmin` reads it from the module, and scripts from either.
    hyperopt.fmin = vars(sys.modules["hyperopt.fmin"])["fmin"] = taken


def _driven(fmin: Callable[..., Any], make: Callable[[], ScriptEngine]) -> Callable[..., Any]:
    signature = inspect.signature(fmin)
    ours: list[Any] = []
    """The algos in use: `fmin` calls itself through `Trials.fmin`."""

    @functools.wraps(fmin)
    def driven(*args: Any, **kwargs: Any) -> Any:
        try:
            call = signature.bind(*args, **kwargs)
        except TypeError:
            return fmin(*args, **kwargs)
        algo = call.arguments.get("algo")
        if any(algo is one for one in ours):
            return fmin(*args, **kwargs)
        choice = make()
        choice.refuse_scheduler("fmin")
        if choice.swaps:
            _swap(call, choice)
        if choice.trials is not None:
            limit(call, choice.trials)
        algo = call.arguments.get("algo")
        ours.append(algo)
        try:
            return fmin(*call.args, **call.kwargs)
        finally:
            ours.remove(algo)

    return driven


def _swap(call: inspect.BoundArguments, choice: ScriptEngine) -> None:
    # Not earlier: they import Hyperopt themselves, and this may be called by its import.
    from crosstune.adapters.hyperopt.inside import Suggest, suggest
    from crosstune.adapters.hyperopt.search import native_suggest

    if isinstance(call.arguments.get("algo"), Suggest):
        return
    name, engine = _name(call.arguments.get("algo")), choice.engine
    rstate = call.arguments.get("rstate")
    script_seed = None if rstate is None else repr(rstate.bit_generator.state)
    if engine.adapter.name == "hyperopt":
        call.arguments["algo"] = native_suggest(engine.algorithm, {})
        seed = choice.next_seed(script_seed)
        if choice.seeded or rstate is None:
            call.arguments["rstate"] = np.random.default_rng(seed)
    else:
        from crosstune.adapters.hyperopt.native_space import HyperoptSpace

        try:
            space = HyperoptSpace(call.arguments["space"])
            space.notes_on(engine.adapter.name)
            engine.adapter.compiled(space)
        except RequestError as reason:
            choice.leave(f"fmin with {name}", str(reason))
            return
        seed = choice.next_seed(script_seed)
        call.arguments["algo"] = suggest(engine.label, seed=seed)
    choice.say(f"{engine.label} proposes in place of Hyperopt's {name}", f" (seed {seed})")


def _name(algo: Any) -> str:
    """The script's name of its algo: the module of a `suggest`."""
    while isinstance(algo, functools.partial):
        algo = algo.func
    if algo is None:
        return "tpe"
    return str(getattr(algo, "__module__", type(algo).__name__)).rpartition(".")[2]
