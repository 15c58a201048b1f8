"""A TensorBoard event file: append, read, and cut a partial record.

A file is a sequence of records: length (8 bytes), checksum of the length (4), an `Event` in
protocol-buffer form, and its checksum (4). TensorBoard writes and reads them without TensorFlow.
"""

from __future__ import annotations

import io
import math
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

from crosstune.system.files import regular

Event = Any
"""A `tensorboard.compat.proto.event_pb2.Event`; the library has no types."""

HEADER = struct.Struct("<QI")
FOOTER = 4
NAME = "events.out.tfevents.0000000000.crosstune"
"""The name of a log's files; a trial's also have a number."""

MAX_SINGLE = 3.4028234663852886e38


def scalars(values: Mapping[str, float], step: int, wall_time: float) -> Event:
    """A point of several curves as one record, so that a crash leaves all or none of them.

    The values have single precision, since TensorBoard's fast reader accepts no other.

    Args:
        values: the values by tag.
        step: 0 or more.
        wall_time: seconds since 1970.
    """
    event = event_pb2.Event(wall_time=wall_time, step=step)
    metadata = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars"),
        data_class=summary_pb2.DATA_CLASS_SCALAR,
    )
    for tag, value in values.items():
        tensor = tensor_pb2.TensorProto(
            dtype=types_pb2.DT_FLOAT,
            tensor_shape=tensor_shape_pb2.TensorShapeProto(),
            float_val=[_single(value)],
        )
        event.summary.value.add(tag=tag, metadata=metadata, tensor=tensor)
    return event


def _single(value: float) -> float:
    """The value, or infinity if it is too large for single precision."""
    return math.copysign(math.inf, value) if abs(value) > MAX_SINGLE else value


def summary(content: Any, wall_time: float) -> Event:
    """An event that holds a `summary_pb2.Summary`."""
    return event_pb2.Event(wall_time=wall_time, summary=content)


class EventFile:
    """A file that is appended to by one process at a time.

    Attributes:
        path: of the file, which may not exist yet.
        size: number of bytes read or written so far; 0 if there is no file.
    """

    def __init__(self, path: Path):
        self.path = path
        self.size = 0

    def read(self) -> list[Event] | None:
        """The events that were added since the last read or write.

        A partial last record is cut off, so that appending is safe. None if the file has become
        shorter or is missing: then its former events are void, and the next call reads it again.
        """
        if self.shrunk():
            self.size = 0
            return None
        if self._length() == self.size:
            return []
        with open(self.path, "rb", opener=regular) as file:
            file.seek(self.size)
            data = file.read()
        events, end = _parse(data)
        self.size += end
        if end < len(data):
            os.truncate(self.path, self.size)
        return events

    def shrunk(self) -> bool:
        """Whether the file is missing or has become shorter."""
        return self._length() < self.size

    def _length(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, events: Iterable[Event]) -> None:
        """Write events at the end.

        Raises:
            OSError: the write failed or was partial; the next `read` cuts a partial record.
        """
        data = _records(events, first=self.size == 0)
        if self.size == 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab", buffering=0, opener=regular) as file:
            _write(file, data)
        self.size += len(data)

    def replace(self, path: Path, events: Iterable[Event]) -> None:
        """Write events to a new file in place of this one.

        A running TensorBoard would not read a rewritten file from its beginning.
        """
        data = _records(events, first=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name("draft")
        with open(draft, "wb", buffering=0, opener=regular) as file:
            _write(file, data)
        draft.replace(path)
        if path != self.path:
            self.path.unlink(missing_ok=True)
        self.path, self.size = path, len(data)


def _records(events: Iterable[Event], *, first: bool) -> bytes:
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for number, event in enumerate(events):
        if first and number == 0:
            # Version 2, so that TensorBoard keeps points before a step that does not increase.
            head = event_pb2.Event(wall_time=event.wall_time, file_version="brain.Event:2")
            writer.write(head.SerializeToString())
        writer.write(event.SerializeToString())
    return buffer.getvalue()


def _write(file: io.FileIO, data: bytes) -> None:
    """Write all data; a single write to an unbuffered file may be partial."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) or 0 :]


def _parse(data: bytes) -> tuple[list[Event], int]:
    """The complete events at the start of `data`, and the offset of their end."""
    events = []
    start = 0
    while start + HEADER.size + FOOTER <= len(data):
        length, _ = HEADER.unpack_from(data, start)
        end = start + HEADER.size + length + FOOTER
        if end > len(data):
            break
        body = data[start + HEADER.size : end - FOOTER]
        # A crash of the machine can leave zeros or other bytes of the right length.
        if _framed(body) != data[start:end]:
            break
        events.append(event_pb2.Event.FromString(body))
        start = end
    return events, start


def _framed(body: bytes) -> bytes:
    buffer = io.BytesIO()
    RecordWriter(buffer).write(body)
    return buffer.getvalue()
