"""A Hyperopt space as it is: its labels are searched, its expressions are evaluated.

`read.read` converts a Hyperopt space, so every value has to follow from the ranges. Here the
native object remains and makes the point from its labels, as in `fmin`. So only the labels have to
be read. Arithmetic, `scope` functions, functions and structures among the options, and fixed
entries of any kind are all supported.

- A choice is stored in the study by its option: a scalar as it is; else a field that differs for
  all options; else a short text, such as the name of a function, the string at the head of a
  tuple, or the labels in it; else the position.
- `scope.int` belongs to the value if whole numbers are drawn, else to the expression.
- `hp.qlognormal` can be 0. If its values are too many to list, it is a lognormal with a step,
  whose first value also stands for 0.
- A label that is reached in several ways that are not an AND of parents is refused, as is a
  `scope.switch` on a computed index.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from statistics import NormalDist
from typing import Any, ClassVar

from hyperopt import Trials
from hyperopt.base import Ctrl, Domain
from hyperopt.pyll.base import Apply, as_apply

from crosstune.adapters.hyperopt.codec import Codec
from crosstune.adapters.hyperopt.graph import Graph, labels_below
from crosstune.adapters.hyperopt.labels import Label, distinct
from crosstune.adapters.hyperopt.laws import arguments, by_position, multiples, natural
from crosstune.adapters.hyperopt.option_names import names_of
from crosstune.adapters.hyperopt.read import conditioned, listed, parameter_of, verdicts_of
from crosstune.engines.compiled import Condition
from crosstune.errors import SpecError, Unsupported
from crosstune.space.grid import decimal
from crosstune.space.parameters import Float, Parameter, Scalar
from crosstune.space.probability import ContinuousLaw
from crosstune.space.space import Params
from crosstune.space.verdicts import Verdict
from crosstune.spec.foreign_space import NativeSpace

_FEW_ZEROS = 1e-6
"""Up to these odds of 0, `hp.qlognormal` is a lognormal with a step without further checks."""


class HyperoptSpace(NativeSpace):
    """The labels of an `hp` expression, or of a dictionary or list with expressions in it.

    Args:
        native: the space of `fmin`.
        source: see `NativeSpace`.
        repeats_by_position: name options that repeat by their positions, as version 0.1.0 did.

    Raises:
        Unsupported: a label or its condition has no equivalent here, with the reason.

    >>> from hyperopt import hp
    >>> space = HyperoptSpace(hp.choice("a", [("one", 1 + hp.normal("x", 0, 1)), ("two", 2)]))
    >>> list(space["a"].values)
    ['one', 'two']
    """

    library: ClassVar[str] = "hyperopt"
    dialect: ClassVar[str] = "hyperopt"

    def __init__(self, native: Any, source: str | None = None, repeats_by_position: bool = False):
        graph = _Labels(as_apply(native), repeats_by_position)
        if not graph.labels:
            raise Unsupported("there is no hp expression in the space: nothing to tune")
        only_here: dict[str, str] = {}
        items: dict[str, Parameter] = {}
        for name in graph.order:
            if name in graph.labels:
                items[name] = _item(graph.labels[name], only_here)
        ways = {name: label.ways for name, label in graph.labels.items()}
        parameters = conditioned(graph, items, ways)
        shared = {name: item for name, item in items.items() if name not in only_here}
        verdicts = {name: Verdict.refusal(reason) for name, reason in only_here.items()}
        verdicts.update(verdicts_of(graph, shared))
        super().__init__(native, parameters, verdicts, source)
        self._repeats_by_position = repeats_by_position
        self._codecs = {
            name: Codec.of(label, parameters[name]) for name, label in graph.labels.items()
        }

    @cached_property
    def earlier(self) -> HyperoptSpace | None:
        """The space in which repeated options are named by their positions; None if none repeats.

        Version 0.1.0 named them so.
        """
        choices = [codec.names for codec in self._codecs.values() if codec.names is not None]
        if all(distinct(names) is not None for names in choices):
            return None
        return HyperoptSpace(self.native, self.source, repeats_by_position=True)

    def moved(self, values: Mapping[str, Any], to: NativeSpace) -> dict[str, Any]:
        """Values of this space under other names of its options."""
        assert isinstance(to, HyperoptSpace)
        return {
            name: to._codecs[name].value(self._codecs[name].raw(value))
            for name, value in values.items()
        }

    def params(self, drawn: Mapping[str, Any]) -> Params:
        """The point of the draws under the labels, which are indices for choices.

        Draws under inactive labels are left out.
        """
        params: Params = {}
        for name in self:
            if name in drawn and self.is_active(name, params):
                params[name] = self._codecs[name].value(drawn[name])
        return params

    def outside(self, drawn: Mapping[str, Any]) -> str | None:
        """The name of a label that cannot draw its number; None if there is no such label."""
        codecs = self._codecs
        return next(
            (n for n, raw in drawn.items() if n in codecs and not codecs[n].draws(raw)), None
        )

    def drawn(
        self, params: Mapping[str, Scalar], native_values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The draws under each label that lead to a point.

        Args:
            params: the point.
            native_values: the real draws, if known; those that do not lead to the point are not
                used.
        """
        raws = {name: self._codecs[name].raw(value) for name, value in params.items()}
        for name, raw in (native_values or {}).items():
            if name in params and self._codecs[name].value(raw) == params[name]:
                raws[name] = raw
        return raws

    def aside(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The draws that differ from those computed from their point, bit for bit."""
        again = self.drawn(self.params(drawn))
        plain = {name: raw.item() if hasattr(raw, "item") else raw for name, raw in drawn.items()}
        return {name: plain[name] for name in again if repr(again[name]) != repr(plain[name])}

    def call(
        self,
        fn: Callable[..., Any],
        params: Mapping[str, Scalar],
        trial: int,
        native_values: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function on a point as `fmin` does, and return its result.

        `fmin_pass_expr_memo_ctrl` is supported; the `Trials` that it shows have only this trial.
        """
        drawn = self.drawn(params, native_values)
        returned: list[Any] = []

        def called(*args: Any, **more: Any) -> float:
            returned.append(fn(*args, **more))
            return 0.0

        domain = copy.copy(self._domain)
        domain.fn = called
        domain.pass_expr_memo_ctrl = getattr(fn, "fmin_pass_expr_memo_ctrl", False)
        trials = Trials()
        misc = self.misc(trial, domain, drawn)
        trials.insert_trial_docs(
            trials.new_trial_docs([trial], [None], [domain.new_result()], [misc])
        )
        trials.refresh()
        domain.evaluate(drawn, Ctrl(trials, current_trial=trials.trials[0]))
        return returned[0]

    def misc(self, tid: int, domain: Domain, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The entry of a trial's document with its draws.

        Args:
            tid: Hyperopt's id of the trial.
            domain: of the search.
            drawn: by label.
        """
        return {
            "tid": tid,
            "cmd": domain.cmd,
            "workdir": domain.workdir,
            "idxs": {name: [tid] if name in drawn else [] for name in self},
            "vals": {name: [drawn[name]] if name in drawn else [] for name in self},
        }

    @cached_property
    def _domain(self) -> Domain:
        return Domain(None, self.native)

    def __reduce__(self) -> tuple[object, ...]:
        return HyperoptSpace, (self.native, self.source, self._repeats_by_position)


class _Labels(Graph):
    """The labels of a space; other expressions and keys are only searched for labels."""

    def __init__(self, native: Apply, repeats_by_position: bool):
        super().__init__(native)
        for label in self.labels.values():
            if label.switches and label.item is None and by_position(label):
                label.names = names_of(label, by_position=repeats_by_position)

    def _computed(self, node: Apply, way: Condition) -> None:
        below = (name for option in node.pos_args[1:] for name in labels_below(option))
        if node.name == "switch" and next(below, None) is not None:
            shown = ", ".join(sorted({*map(repr, labels_below(node.pos_args[0]))}))
            raise Unsupported(
                f"a scope.switch goes by an expression of {shown or 'no label'}, so it cannot be "
                "told which labels are there when. Switch on an hp.choice"
            )
        for child in node.inputs():
            self._visit(child, None, way, None, in_dictionary=False, whole=False)


def _item(label: Label, only_here: dict[str, str]) -> Parameter:
    """The parameter of a label.

    If no other library can search it, the reason is written into `only_here`.
    """
    kind = label.node.name
    if kind in ("randint", "categorical") or label.item is not None:
        return parameter_of(label)
    numbers = arguments(label)
    even = kind in ("quniform", "qloguniform") and float(numbers["q"]).is_integer()
    label.whole = label.whole and (bool(label.switches) or even)
    if kind == "qlognormal" and _zeros(numbers) > _FEW_ZEROS:
        with suppress(SpecError):
            return listed(label)  # a lognormal of ours is never 0
    if kind != "qloguniform":
        return parameter_of(label)
    try:
        return parameter_of(label)
    except Unsupported as error:
        if even and not label.whole:
            label.whole = True
            try:
                return parameter_of(label)
            except Unsupported:
                label.whole = False
        if label.switches:
            raise
        only_here[label.name] = str(error)
        base = ContinuousLaw(natural(numbers["low"]), natural(numbers["high"]), log=True)
        step = decimal(numbers["q"])
        low, high = (float(step * k) for k in multiples(base, numbers["q"]))
        return Float(low, high, step=numbers["q"])


def _zeros(numbers: Mapping[str, float]) -> float:
    """The odds of 0 in `hp.qlognormal`."""
    return NormalDist(numbers["mu"], numbers["sigma"]).cdf(math.log(numbers["q"] / 2))
