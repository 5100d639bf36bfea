"""Facilities as people change them: entered, moved, confirmed."""

from datetime import datetime
from typing import Any

import msgspec

from gateway.services.missions import Unknown
from gateway.services.register import NotSo, Register
from tracker.register import Facility, Point
from tracker.register.points import Finding, SourcePoint

OPERATOR = "operator"
"""The source that is the centre itself."""

NEEDED = ("kind", "name", "latitude", "longitude")
"""Of a facility that is new."""


async def put(
    register: Register, facility: str, changes: dict[str, Any], expected: int | None, now: datetime
) -> Facility:
    """Make a facility or change it; another point than it had is the operator's, and confirmed.

    Raises:
        Outdated: it has another version than expected.
        NotSo: it is new, and something that it needs is missing.
    """
    before = register.facilities.get(facility) if expected != 0 else None
    here = None
    if "latitude" in changes:
        here = SourcePoint(
            OPERATOR, changes["latitude"], changes["longitude"], Finding.UNCHECKED, "entered in the centre", now
        )
        if before is not None and (before.latitude, before.longitude) == (here.latitude, here.longitude):
            here = None

    def step(before: Facility | None) -> Facility:
        if before is not None:
            after = msgspec.structs.replace(before, **changes)
            moved = (after.latitude, after.longitude) != (before.latitude, before.longitude)
            return _confirmed(after, "entered in the centre") if moved else after
        if missing := [name for name in NEEDED if name not in changes]:
            raise NotSo(f"it is new, and needs {', '.join(f'`{name}`' for name in missing)}")
        return _confirmed(Facility(id=facility, **changes), "entered in the centre")

    return await register.change_facility(facility, step, expected, here)


async def confirmed_by_source(
    register: Register, facility: str, source: str, expected: int | None, now: datetime
) -> Facility:
    """It is where this source says.

    Raises:
        Unknown: there is no such facility, or the source says nothing of it.
        Outdated: it has another version than expected.
    """
    points = {point.source: point for point in await register.points(facility)}
    if source not in points:
        has = ", ".join(sorted(points)) or "none"
        raise Unknown(f"no source {source!r} says where facility {facility} is; there is: {has}")
    chosen = points[source]
    return await _confirm(register, facility, chosen.latitude, chosen.longitude, f"as {source} says", expected, now)


async def confirmed_at(
    register: Register, facility: str, latitude: float, longitude: float, expected: int | None, now: datetime
) -> Facility:
    """It is here; errors as of `confirmed_by_source`."""
    await register.facility(facility)
    return await _confirm(register, facility, latitude, longitude, "entered in the centre", expected, now)


async def _confirm(
    register: Register, facility: str, latitude: float, longitude: float, because: str, expected: int | None,
    now: datetime,
) -> Facility:  # fmt: skip
    def step(before: Facility | None) -> Facility:
        if before is None:  # gone between the two: no place is ever taken away by this program
            raise Unknown(f"centre {register.centre} has no facility {facility!r}")
        return _confirmed(msgspec.structs.replace(before, latitude=latitude, longitude=longitude), because)

    here = SourcePoint(OPERATOR, latitude, longitude, Finding.UNCHECKED, because, now)
    return await register.change_facility(facility, step, expected, here)


def _confirmed(facility: Facility, because: str) -> Facility:
    return msgspec.structs.replace(facility, point=Point.CONFIRMED, point_because=because)
