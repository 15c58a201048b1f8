"""Parameters and metrics as TensorBoard's HParams tab wants them.

TensorBoard shows one description of the columns in a log directory, so the studies in it share
one: `merge` makes it. A parameter holds numbers, booleans or text:

- float and int are an interval with both ends; of other forms of numbers, the values themselves.
- a choice of numbers, of booleans or of text alone holds its values.
- any other choice (None, mixed types, infinities) is text, as Python writes the value.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from tensorboard.compat.proto import summary_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

# What `tensorboard.plugins.hparams.api` hands out; that module itself imports TensorFlow.
from tensorboard.plugins.hparams import summary_v2 as api

from crosstune.space.space import Space

NUMBER = api_pb2.DATA_TYPE_FLOAT64
TEXT = api_pb2.DATA_TYPE_STRING
BOOL = api_pb2.DATA_TYPE_BOOL

COMPLETE = api_pb2.STATUS_SUCCESS
FAILED = api_pb2.STATUS_FAILURE
PRUNED = api_pb2.STATUS_UNKNOWN
"""HParams knows success, failure, running and unknown; a pruned trial is none of the first."""


def column(name: str, held: BaseDistribution, description: str = "") -> Any:
    """The `HParamInfo` of a parameter with its domain."""
    match held:
        case FloatDistribution() | IntDistribution() if _is_number(held.low, held.high):
            domain = api.RealInterval(float(held.low), float(held.high))
        case CategoricalDistribution():
            domain = api.Discrete(*_discrete(held))
        case _:
            domain = api.Discrete([], str)
    info = api_pb2.HParamInfo(name=name, description=description)
    domain.update_hparam_info(info)
    info.differs = not held.single()
    return info


def columns(space: Space, held: Mapping[str, BaseDistribution]) -> list[Any]:
    """The columns of a declared space, active or not, in its order."""
    return [
        column(name, held[name], json.dumps(item.to_dict(), default=str))
        for name, item in space.items()
    ]


def value(held: BaseDistribution, given: Any) -> bool | float | str:
    """A parameter's value in the type of its column."""
    match held:
        case CategoricalDistribution():
            kind = _discrete(held)[1]
            return given if kind is bool else float(given) if kind is float else _text(held, given)
        case FloatDistribution() | IntDistribution() if _is_number(held.low, held.high):
            return float(given)
    return str(given)


def _discrete(held: CategoricalDistribution) -> tuple[list[Any], type]:
    if all(isinstance(choice, bool) for choice in held.choices):
        return list(held.choices), bool
    if _is_number(*held.choices):
        return [float(choice) for choice in held.choices], float  # type: ignore[arg-type]
    return [_text(held, choice) for choice in held.choices], str


def _text(held: CategoricalDistribution, given: Any) -> str:
    """As it is, or in quotes where another choice looks the same, such as None and 'None'."""
    same = sum(str(choice) == str(given) for choice in held.choices)
    return repr(given) if same > 1 else str(given)


def _is_number(*values: Any) -> bool:
    """Whether all are numbers that JSON and a double can hold."""
    try:
        return all(
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and math.isfinite(float(value))
            for value in values
        )
    except OverflowError:  # an integer beyond 1e308
        return False


def metric(tag: str, description: str) -> Any:
    """The `MetricInfo` of a scalar in the run of a trial."""
    return api.Metric(tag, description=description).as_proto()


def experiment(infos: Iterable[Any], metrics: Iterable[Any]) -> Any:
    """An `Experiment`: the columns of the HParams tab."""
    made = api_pb2.Experiment()
    for info in infos:
        made.hparam_infos.append(info)
    for info in metrics:
        made.metric_infos.append(info)
    return made


def merge(first: Any, second: Any) -> Any:
    """The `Experiment` that holds the columns of both.

    A parameter in both has the hull of its intervals or all its values; where the types differ,
    it is text without a domain.
    """
    infos = {info.name: info for info in first.hparam_infos}
    for info in second.hparam_infos:
        infos[info.name] = _joined(infos[info.name], info) if info.name in infos else info
    metrics = {info.name.tag: info for info in (*second.metric_infos, *first.metric_infos)}
    ordered = dict.fromkeys(info.name.tag for info in (*first.metric_infos, *second.metric_infos))
    return experiment(infos.values(), (metrics[tag] for tag in ordered))


def _joined(first: Any, second: Any) -> Any:
    joined = api_pb2.HParamInfo()
    joined.CopyFrom(first)
    joined.description = first.description or second.description
    joined.differs = first.differs or second.differs or _domain(first) != _domain(second)
    intervals = [info.HasField("domain_interval") for info in (first, second)]
    if first.type != second.type:
        joined.type = TEXT
        joined.ClearField("domain")
    elif all(intervals) or (any(intervals) and first.type == NUMBER):
        low, high = zip(*map(_ends, (first, second)), strict=True)
        joined.domain_interval.min_value = min(low)
        joined.domain_interval.max_value = max(high)
    else:
        values = [_plain(v) for info in (first, second) for v in info.domain_discrete.values]
        joined.ClearField("domain")
        joined.domain_discrete.extend(sorted(set(values)))
    return joined


def _domain(info: Any) -> Any:
    held = info.WhichOneof("domain")
    return held and getattr(info, held)


def _ends(info: Any) -> tuple[float, float]:
    if info.HasField("domain_interval"):
        return info.domain_interval.min_value, info.domain_interval.max_value
    numbers = [v.number_value for v in info.domain_discrete.values]
    return min(numbers), max(numbers)


def _plain(held: Any) -> Any:
    return getattr(held, held.WhichOneof("kind"))


def experiment_summary(made: Any) -> Any:
    """The `Summary` of an `Experiment`."""
    return _summary(metadata.EXPERIMENT_TAG, plugin_data_pb2.HParamsPluginData(experiment=made))


def read_experiment(events: Iterable[Any]) -> Any:
    """The `Experiment` in some events; None where there is none."""
    for event in events:
        for held in event.summary.value:
            if held.tag == metadata.EXPERIMENT_TAG:
                return metadata.parse_experiment_plugin_data(held.metadata.plugin_data.content)
    return None


def session_start(params: Mapping[str, Any], *, session: str, start: float) -> Any:
    """The `Summary` with which a trial enters the HParams tab."""
    return api.hparams_pb(params, trial_id=session, start_time_secs=start)


def read_session_start(summary: Any) -> dict[str, Any] | None:
    """The values in the summary of a started session; None for any other summary."""
    for held in summary.value:
        if held.tag == metadata.SESSION_START_INFO_TAG:
            info = metadata.parse_session_start_info_plugin_data(held.metadata.plugin_data.content)
            return {name: _plain(value) for name, value in info.hparams.items()}
    return None


def session_end(status: int, *, end: float) -> Any:
    """The `Summary` with which a trial ends in the HParams tab."""
    info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=end)
    return _summary(
        metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=info)
    )


def is_session_end(summary: Any) -> bool:
    """Whether a summary ends a session."""
    return any(held.tag == metadata.SESSION_END_INFO_TAG for held in summary.value)


def _summary(tag: str, data: Any) -> Any:
    made = summary_pb2.Summary()
    made.value.add(
        tag=tag, metadata=metadata.create_summary_metadata(data), tensor=metadata.NULL_TENSOR
    )
    return made
