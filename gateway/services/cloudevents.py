"""Events in the shape that others read: CloudEvents 1.0, structured JSON (github.com/cloudevents/spec, v1.0.2)."""

from datetime import datetime
from typing import Any

import msgspec

from gateway.storage.events import Numbered
from tracker.wire.topics import PREFIX as WIRE

TYPE = "sigap."
"""Stands before each kind."""

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

_encode = msgspec.json.Encoder().encode


class CloudEvent(msgspec.Struct, frozen=True):
    """An event. ``sequence`` rises within a source as text does; ``unit`` and ``exercise`` are ours."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: str
    exercise: bool
    data: Any
    unit: str | msgspec.UnsetType = msgspec.UNSET
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


def source(centre: str) -> str:
    """Who tells."""
    return f"/{WIRE}/{centre}"


def cloud_event(centre: str, event: Numbered) -> CloudEvent:
    """The event for others. It is the same each time it is told."""
    return CloudEvent(
        id=event.key,
        source=source(centre),
        type=TYPE + event.kind,
        subject=event.subject,
        time=event.at,
        sequence=f"{event.id:016d}",
        exercise=event.exercise,
        data=event.data,
        unit=msgspec.UNSET if event.unit is None else event.unit,
    )


def encoded(centre: str, event: Numbered) -> bytes:
    """Its JSON."""
    return _encode(cloud_event(centre, event))
