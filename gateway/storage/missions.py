"""Missions with their legs, and what happened on them."""

import itertools
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.fix import UNUSABLE, Fix
from tracker.missions import By, Leg, LegKind, Mission, Place, Urgency
from tracker.quality import AHEAD_TOLERANCE

Connection = AsyncConnection[Any]


class MissionEvent(msgspec.Struct, frozen=True):
    """Something about the drive that the dispatcher should know."""

    mission: str
    ordinal: int  # of the leg
    kind: str
    raised_at: datetime
    value: float  # metres or seconds, as the kind has it, when it was raised
    cleared_at: datetime | None


async def insert(connection: Connection, centre: str, mission: Mission) -> bool:
    """Store a new mission, in the caller's transaction; False if its id is there already: then nothing is changed.

    Raises:
        psycopg.errors.UniqueViolation: the unit is on another mission.
        psycopg.errors.ForeignKeyViolation: there is no such incident.
    """
    values = {
        "centre": centre, "id": mission.id, "unit": mission.unit, "incident": mission.incident,
        "urgency": mission.urgency.value, "assigned_at": mission.assigned_at,
        "exercise": mission.exercise, **_changing(mission),
    }  # fmt: skip
    if (await connection.execute(sql.query("insert_mission"), values)).rowcount == 0:
        return False
    await _put_legs(connection, centre, mission)
    return True


async def update(connection: Connection, centre: str, mission: Mission) -> None:
    """Store a mission that was changed, in the caller's transaction."""
    values = {"centre": centre, "id": mission.id, "urgency": mission.urgency.value, **_changing(mission)}
    await connection.execute(sql.query("update_mission"), values)
    await _put_legs(connection, centre, mission)
    gone = {"centre": centre, "mission": mission.id, "legs": len(mission.legs)}
    await connection.execute(sql.query("drop_mission_legs"), gone)


async def to_incident(connection: Connection, centre: str, incident: str, into: str) -> None:
    """What was sent to one incident is of another now, whether it is over or not."""
    values = {"centre": centre, "incident": incident, "into": into}
    await connection.execute(sql.query("missions_to_incident"), values)


def _changing(mission: Mission) -> dict[str, Any]:
    return {
        "ended_at": mission.ended_at, "ended_by": mission.ended_by, "ended_why": mission.ended_why,
        "notes": mission.notes,
    }  # fmt: skip


async def _put_legs(connection: Connection, centre: str, mission: Mission) -> None:
    for ordinal, leg in enumerate(mission.legs):
        values = {
            "centre": centre, "mission": mission.id, "ordinal": ordinal, "kind": leg.kind.value,
            "latitude": leg.place.latitude, "longitude": leg.place.longitude, "name": leg.place.name,
            "place": leg.place.id, "started_at": leg.started_at, "departed_at": leg.departed_at,
            "arrived_at": leg.arrived_at, "arrived_by": leg.arrived_by,
            "left_at": leg.left_at, "left_by": leg.left_by,
        }  # fmt: skip
        await connection.execute(sql.query("put_mission_leg"), values)


async def find(
    connection: Connection,
    centre: str,
    *,
    mission: str | None = None,
    unit: str | None = None,
    incident: str | None = None,
    active: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 1000,
    behind: tuple[datetime | None, str] = (None, ""),
) -> list[Mission]:
    """Missions of the centre, newest first, that fit all that is given; they overlap ``since`` to ``until``, and are
    behind the one of this assignment and id."""
    values = {
        "centre": centre, "id": mission, "unit": unit, "incident": incident, "active": active,
        "since": since, "until": until, "limit": limit, "behind_at": behind[0], "behind_id": behind[1],
    }  # fmt: skip
    cursor = await connection.execute(sql.query("missions"), values)
    rows = await cursor.fetchall()
    return [_read(list(legs)) for _, legs in itertools.groupby(rows, key=lambda row: row[0])]


def _read(rows: list[tuple[Any, ...]]) -> Mission:
    name, unit, incident, urgency, assigned_at, ended_at, ended_by, ended_why, notes, exercise = rows[0][:10]
    return Mission(
        name, unit, incident, Urgency(urgency), assigned_at, tuple(_leg(row[10:]) for row in rows), ended_at,
        None if ended_by is None else By(ended_by), ended_why, notes, exercise,
    )  # fmt: skip


def _leg(row: tuple[Any, ...]) -> Leg:
    kind, latitude, longitude, name, started_at, arrived_at, arrived_by, left_at, left_by, departed_at, place = row
    return Leg(
        LegKind(kind), Place(latitude, longitude, name, place), started_at,
        arrived_at, None if arrived_by is None else By(arrived_by),
        left_at, None if left_by is None else By(left_by), departed_at,
    )  # fmt: skip


async def fixes_of(connection: Connection, centre: str, mission: Mission, now: datetime) -> list[Fix]:
    """Every usable fix of its unit from its assignment to its end, rising."""
    values = {
        "centre": centre, "unit": mission.unit, "unusable": int(UNUSABLE),
        "since": mission.assigned_at, "until": mission.ended_at or now + AHEAD_TOLERANCE,
    }  # fmt: skip
    cursor = await connection.execute(sql.query("fixes_of_mission"), values)
    return [
        Fix(time=time, latitude=latitude, longitude=longitude, speed=speed)
        for time, latitude, longitude, speed in await cursor.fetchall()
    ]


async def put_event(connection: Connection, centre: str, event: MissionEvent) -> None:
    """Store an event that was raised, or that it was cleared."""
    await connection.execute(sql.query("put_mission_event"), {"centre": centre, **msgspec.structs.asdict(event)})


async def events(connection: Connection, centre: str, mission: str) -> list[MissionEvent]:
    """What happened on a mission, in order."""
    cursor = await connection.execute(sql.query("mission_events"), {"centre": centre, "mission": mission})
    return [MissionEvent(mission, *row) for row in await cursor.fetchall()]


async def scene_times(connection: Connection, centre: str) -> tuple[int, float | None, float | None]:
    """How long units stayed at scenes lately: how many did, median and 90 % point in seconds."""
    row = await (await connection.execute(sql.query("scene_times"), {"centre": centre})).fetchone()
    return (0, None, None) if row is None else (int(row[0]), row[1], row[2])
