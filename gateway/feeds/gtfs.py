"""Positions as a GTFS-Realtime feed (gtfs.org, reference v2.0), which maps and traffic centres read as it is."""

from collections.abc import Iterable
from datetime import datetime

from google.transit import gtfs_realtime_pb2 as gtfs

from gateway.feeds.positions import UnitPosition

CONTENT_TYPE = "application/x-protobuf"


def vehicle_positions(units: Iterable[UnitPosition], now: datetime) -> bytes:
    """One whole feed. Units without a position are not in it; the age of the others is in their time stamps."""
    feed = gtfs.FeedMessage()
    feed.header.gtfs_realtime_version = "2.0"
    feed.header.incrementality = gtfs.FeedHeader.FULL_DATASET
    feed.header.timestamp = int(now.timestamp())
    for unit in units:
        if unit.latitude is None or unit.longitude is None or unit.fix_time is None:
            continue
        entity = feed.entity.add(id=unit.unit)
        entity.vehicle.vehicle.id = unit.unit
        entity.vehicle.vehicle.label = unit.name
        entity.vehicle.timestamp = int(unit.fix_time.timestamp())
        position = entity.vehicle.position
        position.latitude, position.longitude = unit.latitude, unit.longitude
        if unit.course_deg is not None:
            position.bearing = unit.course_deg
        if unit.speed_mps is not None:
            position.speed = unit.speed_mps
    encoded: bytes = feed.SerializeToString()
    return encoded
