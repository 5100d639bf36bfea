"""Positions as GeoJSON (RFC 7946), which every map reads."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from gateway.feeds.positions import UnitPosition

CONTENT_TYPE = "application/geo+json"


class PointGeometry(msgspec.Struct, frozen=True):
    """Degrees of WGS 84, longitude first; metres above the sea behind them where they are known."""

    coordinates: tuple[float, ...]
    type: Literal["Point"] = "Point"


class UnitFeature(msgspec.Struct, frozen=True):
    """A unit; without a fix its geometry is null."""

    id: str
    geometry: PointGeometry | None
    properties: UnitPosition
    type: Literal["Feature"] = "Feature"


class UnitCollection(msgspec.Struct, frozen=True):
    """All units of a centre."""

    server_time: datetime
    features: list[UnitFeature]
    type: Literal["FeatureCollection"] = "FeatureCollection"


def collection(units: Iterable[UnitPosition], now: datetime) -> UnitCollection:
    """All of them, with or without a position."""
    return UnitCollection(now, [UnitFeature(unit.unit, _geometry(unit), unit) for unit in units])


def _geometry(unit: UnitPosition) -> PointGeometry | None:
    if unit.latitude is None or unit.longitude is None:
        return None
    point = (unit.longitude, unit.latitude)
    return PointGeometry(point if unit.altitude_m is None else (*point, unit.altitude_m))
