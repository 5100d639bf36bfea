"""Agencies, what is known of units, facilities and geofences of a centre.

Whoever changes one may name the version that they saw: 0 says that there was none, None that they do not mind.
"""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from gateway.storage import sql
from tracker.register import Agency, Facility, Geofence, Point, UnitDetails
from tracker.register.points import Finding, SourcePoint

Connection = AsyncConnection[Any]


class PassedBy(msgspec.Struct, frozen=True):
    """A unit came into a geofence, or left it."""

    geofence: str
    unit: str
    at: datetime  # of the fix that settled it
    entered: bool


async def agencies(connection: Connection, centre: str) -> list[Agency]:
    """All, by id."""
    cursor = await connection.execute(sql.query("agencies"), {"centre": centre})
    return [Agency(*row) for row in await cursor.fetchall()]


async def put_agency(connection: Connection, centre: str, agency: Agency, expected: int | None) -> Agency | None:
    """As it is now; None if it has another version than expected."""
    values = {"centre": centre, "id": agency.id, "name": agency.name, "kind": agency.kind, "expected": expected}
    row = await (await connection.execute(sql.query("put_agency"), values)).fetchone()
    return None if row is None else Agency(*row)


async def drop_agency(connection: Connection, centre: str, agency: str, expected: int | None) -> bool:
    """False if there is none of that version.

    Raises:
        psycopg.errors.ForeignKeyViolation: it has units.
    """
    values = {"centre": centre, "id": agency, "expected": expected}
    return (await connection.execute(sql.query("drop_agency"), values)).rowcount == 1


def _details(row: tuple[Any, ...]) -> UnitDetails:
    unit, version, agency, capabilities, *rest = row
    return UnitDetails(unit, version, agency, tuple(capabilities), *rest)


async def unit_details(connection: Connection, centre: str) -> list[UnitDetails]:
    """Of all units of which something was said, by id."""
    cursor = await connection.execute(sql.query("unit_details"), {"centre": centre})
    return [_details(row) for row in await cursor.fetchall()]


async def put_unit_details(
    connection: Connection, centre: str, details: UnitDetails, expected: int | None
) -> UnitDetails | None:
    """As they are now; None if they have another version than expected.

    Raises:
        psycopg.errors.ForeignKeyViolation: there is no such unit, agency or facility.
    """
    values = msgspec.structs.asdict(details) | {"capabilities": list(details.capabilities)}
    values |= {"centre": centre, "expected": expected}
    row = await (await connection.execute(sql.query("put_unit_details"), values)).fetchone()
    return None if row is None else _details(row)


def _facility(row: tuple[Any, ...]) -> Facility:
    values = dict(zip(Facility.__struct_fields__, row, strict=True))
    values |= {"capabilities": tuple(values["capabilities"]), "point": Point(values["point"])}
    return Facility(**values)


async def facilities(connection: Connection, centre: str, facility: str | None = None) -> list[Facility]:
    """All by id, or the one of this id."""
    cursor = await connection.execute(sql.query("facilities"), {"centre": centre, "id": facility})
    return [_facility(row) for row in await cursor.fetchall()]


async def lock_facility(connection: Connection, centre: str, facility: str) -> Facility | None:
    """One, that nobody else changes until the transaction ends."""
    row = await (await connection.execute(sql.query("lock_facility"), {"centre": centre, "id": facility})).fetchone()
    return None if row is None else _facility(row)


async def lock_facilities(connection: Connection) -> None:
    """Nobody else changes a facility until the transaction ends."""
    await connection.execute(sql.query("lock_facilities"))


async def put_facility(connection: Connection, centre: str, facility: Facility, expected: int | None) -> bool:
    """Store it with the version that it has; False if there is one of another version than expected."""
    values = msgspec.structs.asdict(facility) | {"capabilities": list(facility.capabilities)}
    values |= {"centre": centre, "point": facility.point.value, "expected": expected}
    return (await connection.execute(sql.query("put_facility"), values)).rowcount == 1


async def points(connection: Connection, centre: str, facility: str | None = None) -> dict[str, list[SourcePoint]]:
    """What each source says, by facility; of all, or of one."""
    cursor = await connection.execute(sql.query("facility_points"), {"centre": centre, "facility": facility})
    found: dict[str, list[SourcePoint]] = {}
    for of, source, latitude, longitude, finding, detail, told_at in await cursor.fetchall():
        found.setdefault(of, []).append(SourcePoint(source, latitude, longitude, Finding(finding), detail, told_at))
    return found


async def put_point(connection: Connection, centre: str, facility: str, point: SourcePoint) -> None:
    """What a source says now, in place of what it said."""
    values = msgspec.structs.asdict(point) | {"finding": point.finding.value, "centre": centre, "facility": facility}
    await connection.execute(sql.query("put_facility_point"), values)


def _geofence(row: tuple[Any, ...]) -> Geofence:
    fence, name, kind, polygon, units, agencies, version = row
    corners = tuple((latitude, longitude) for latitude, longitude in polygon)
    return Geofence(fence, name, kind, corners, tuple(units), tuple(agencies), version)


async def geofences(connection: Connection, centre: str) -> list[Geofence]:
    """All, by id."""
    cursor = await connection.execute(sql.query("geofences"), {"centre": centre})
    return [_geofence(row) for row in await cursor.fetchall()]


async def put_geofence(connection: Connection, centre: str, fence: Geofence, expected: int | None) -> Geofence | None:
    """As it is now; None if it has another version than expected."""
    values = {
        "centre": centre, "id": fence.id, "name": fence.name, "kind": fence.kind, "polygon": Jsonb(fence.polygon),
        "units": list(fence.units), "agencies": list(fence.agencies), "expected": expected,
    }  # fmt: skip
    row = await (await connection.execute(sql.query("put_geofence"), values)).fetchone()
    return None if row is None else _geofence(row)


async def drop_geofence(connection: Connection, centre: str, fence: str, expected: int | None) -> bool:
    """False if there is none of that version. What was noted of it stays."""
    values = {"centre": centre, "id": fence, "expected": expected}
    return (await connection.execute(sql.query("drop_geofence"), values)).rowcount == 1


async def note(connection: Connection, centre: str, passed: PassedBy) -> None:
    """Note that a unit came or went; once."""
    await connection.execute(sql.query("put_geofence_event"), {"centre": centre, **msgspec.structs.asdict(passed)})


async def noted(connection: Connection, centre: str, fence: str, limit: int) -> list[PassedBy]:
    """Who came and went, newest first."""
    values = {"centre": centre, "geofence": fence, "limit": limit}
    cursor = await connection.execute(sql.query("geofence_events"), values)
    return [PassedBy(*row) for row in await cursor.fetchall()]


async def inside(connection: Connection, centre: str) -> set[tuple[str, str]]:
    """(geofence, unit) of those who came and did not leave."""
    cursor = await connection.execute(sql.query("geofences_entered"), {"centre": centre})
    return {(fence, unit) for fence, unit in await cursor.fetchall()}
