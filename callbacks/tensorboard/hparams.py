"""Parameters and metrics in the form of TensorBoard's HParams tab.

TensorBoard shows one description of the columns in a log directory, so all studies in it share
one, made by `merge`. A column has numbers, booleans or text:

- A float or an int has an interval that includes both ends.
- A choice of only numbers, booleans or text has its values.
- Any other choice (None, mixed types, infinities) is text, as Python prints the value.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from tensorboard.compat.proto import summary_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

# The module behind `tensorboard.plugins.hparams.api`, which itself imports TensorFlow.
from tensorboard.plugins.hparams import summary_v2 as api

from crosstune.space.space import Space

NUMBER = api_pb2.DATA_TYPE_FLOAT64
TEXT = api_pb2.DATA_TYPE_STRING
BOOL = api_pb2.DATA_TYPE_BOOL

COMPLETE = api_pb2.STATUS_SUCCESS
FAILED = api_pb2.STATUS_FAILURE
PRUNED = api_pb2.STATUS_UNKNOWN
"""HParams has success, failure, running and unknown; only unknown fits a pruned trial."""


def column(name: str, distribution: BaseDistribution, description: str = "") -> Any:
    """The `HParamInfo` of a parameter with its domain.

    Args:
        name: of the parameter.
        distribution: determines the domain.
        description: shown by TensorBoard.
    """
    if isinstance(distribution, CategoricalDistribution):
        domain = api.Discrete(*_discrete(distribution))
    elif _is_interval(distribution):
        domain = api.RealInterval(float(distribution.low), float(distribution.high))
    else:
        domain = api.Discrete([], str)
    info = api_pb2.HParamInfo(name=name, description=description)
    domain.update_hparam_info(info)
    info.differs = not distribution.single()
    return info


def columns(space: Space, distributions: Mapping[str, BaseDistribution]) -> list[Any]:
    """The columns of a declared space, active or not, in its order."""
    return [
        column(name, distributions[name], json.dumps(item.to_dict(), default=str))
        for name, item in space.items()
    ]


def value(distribution: BaseDistribution, raw: Any) -> bool | float | str:
    """A parameter's value in the type of its column."""
    if isinstance(distribution, CategoricalDistribution):
        kind = _discrete(distribution)[1]
        return _text(distribution, raw) if kind is str else kind(raw)
    return float(raw) if _is_interval(distribution) else str(raw)


def _is_interval(distribution: BaseDistribution) -> TypeGuard[FloatDistribution | IntDistribution]:
    return isinstance(distribution, FloatDistribution | IntDistribution) and _is_number(
        distribution.low, distribution.high
    )


def _discrete(distribution: CategoricalDistribution) -> tuple[list[Any], type]:
    if all(isinstance(choice, bool) for choice in distribution.choices):
        return list(distribution.choices), bool
    if _is_number(*distribution.choices):
        return [float(choice) for choice in distribution.choices], float  # type: ignore[arg-type]
    return [_text(distribution, choice) for choice in distribution.choices], str


def _text(distribution: CategoricalDistribution, raw: Any) -> str:
    """The text of a choice, with quotes if another looks the same, such as None and 'None'."""
    same = sum(str(choice) == str(raw) for choice in distribution.choices)
    return repr(raw) if same > 1 else str(raw)


def _is_number(*values: Any) -> bool:
    """Whether all are finite numbers in the range of a double."""
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
    return api_pb2.Experiment(hparam_infos=infos, metric_infos=metrics)


def merge(first: Any, second: Any) -> Any:
    """An `Experiment` with the columns of both.

    A parameter of both has the hull of the intervals or the union of the values; if the types
    differ, it is text without a domain.
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
    kind = info.WhichOneof("domain")
    return kind and getattr(info, kind)


def _ends(info: Any) -> tuple[float, float]:
    if info.HasField("domain_interval"):
        return info.domain_interval.min_value, info.domain_interval.max_value
    numbers = [v.number_value for v in info.domain_discrete.values]
    return min(numbers), max(numbers)


def _plain(message: Any) -> Any:
    return getattr(message, message.WhichOneof("kind"))


def experiment_summary(made: Any) -> Any:
    """The `Summary` of an `Experiment`."""
    return _summary(metadata.EXPERIMENT_TAG, plugin_data_pb2.HParamsPluginData(experiment=made))


def read_experiment(events: Iterable[Any]) -> Any:
    """The `Experiment` in some events; None if there is none."""
    for event in events:
        for entry in event.summary.value:
            if entry.tag == metadata.EXPERIMENT_TAG:
                return metadata.parse_experiment_plugin_data(entry.metadata.plugin_data.content)
    return None


def session_start(params: Mapping[str, Any], *, session: str, start: float) -> Any:
    """The `Summary` that adds a trial to the HParams tab.

    Args:
        params: in the types of their columns.
        session: name of the trial, unique in a log directory.
        start: seconds since 1970.
    """
    return api.hparams_pb(params, trial_id=session, start_time_secs=start)


def read_session_start(summary: Any) -> dict[str, Any] | None:
    """The params in the summary of `session_start`; None for any other summary."""
    for entry in summary.value:
        if entry.tag == metadata.SESSION_START_INFO_TAG:
            info = metadata.parse_session_start_info_plugin_data(entry.metadata.plugin_data.content)
            return {name: _plain(value) for name, value in info.hparams.items()}
    return None


def session_end(status: int, *, end: float) -> Any:
    """The `Summary` that ends a trial in the HParams tab, `end` in seconds since 1970."""
    info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=end)
    return _summary(
        metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=info)
    )


def is_session_end(summary: Any) -> bool:
    """Whether a summary ends a session."""
    return any(entry.tag == metadata.SESSION_END_INFO_TAG for entry in summary.value)


def _summary(tag: str, data: Any) -> Any:
    meta = metadata.create_summary_metadata(data)
    value = summary_pb2.Summary.Value(tag=tag, metadata=meta, tensor=metadata.NULL_TENSOR)
    return summary_pb2.Summary(value=[value])
