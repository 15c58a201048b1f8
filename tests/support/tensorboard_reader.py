"""A log directory as TensorBoard's own reader sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
from tensorboard.util import tensor_util

Points = list[tuple[int, float]]


def runs(root: Path) -> dict[str, EventAccumulator]:
    found = {}
    for folder in sorted({path.parent for path in root.rglob("*tfevents*")}):
        reader = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        reader.Reload()
        found[folder.relative_to(root).as_posix()] = reader
    return found


def curves(reader: EventAccumulator) -> dict[str, Points]:
    """The points of every scalar, in the order of the file."""
    return {
        tag: [
            (event.step, tensor_util.make_ndarray(event.tensor_proto).item())
            for event in reader.Tensors(tag)
        ]
        for tag in reader.Tags()["tensors"]
        if not tag.startswith("_hparams_")
    }


def session(reader: EventAccumulator) -> tuple[dict[str, Any], int | None]:
    """The parameters and the status of a trial; None while it runs."""
    contents = reader.PluginTagToContent("hparams")
    start = metadata.parse_session_start_info_plugin_data(contents[metadata.SESSION_START_INFO_TAG])
    params = {name: getattr(v, v.WhichOneof("kind")) for name, v in start.hparams.items()}
    end = contents.get(metadata.SESSION_END_INFO_TAG)
    return params, end and metadata.parse_session_end_info_plugin_data(end).status


def experiment(root: Path) -> Any:
    """The columns of the HParams tab; there may be one description of them alone."""
    (found,) = _experiments(root)
    return metadata.parse_experiment_plugin_data(found)


def _experiments(root: Path) -> list[bytes]:
    found = []
    for reader in runs(root).values():
        if metadata.EXPERIMENT_TAG in reader.Tags()["tensors"]:
            found.append(reader.PluginTagToContent("hparams")[metadata.EXPERIMENT_TAG])
    return found


def domain(info: Any) -> Any:
    """The domain of a column: (low, high), a list of values, or None."""
    match info.WhichOneof("domain"):
        case "domain_interval":
            return info.domain_interval.min_value, info.domain_interval.max_value
        case "domain_discrete":
            return list(info.domain_discrete)
    return None
