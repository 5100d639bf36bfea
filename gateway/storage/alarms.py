"""Alarms: what somebody must look at, from its raising to its end."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from gateway.storage import events, sql
from gateway.storage.events import Event

Connection = AsyncConnection[Any]

KINDS = ("unacknowledged", "silent", "emergency", "breakdown", "hospital-closed", "no-unit", "out-of-sight")
"""All there are."""

LEVELS = ("again", "next-unit", "supervisor")
"""How far it has gone, rising: the board sounds; another unit is looked for; somebody who is not looking is reached."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody must look at."""

    id: str
    about: str  # what it is of: {kind}/...; nothing is raised twice
    kind: str  # of `KINDS`
    unit: str | None
    mission: str | None
    incident: str | None
    level: str  # of `LEVELS`
    sound: bool
    raised_at: datetime
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    detail: str  # a sentence
    rungs: int = 0  # steps of the escalation that were done
    exercise: bool = False
    values: dict[str, Any]  # what the sentence says, for screens: next_unit, reason, ...

    @property
    def open(self) -> bool:
        """Whether it still holds."""
        return self.cleared_at is None


class AlarmShown(msgspec.Struct, frozen=True):
    """An alarm as the API and the events show it."""

    id: str
    kind: str
    unit: str | None
    mission: str | None
    incident: str | None
    level: str
    sound: bool
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    detail: str
    values: dict[str, Any]
    exercise: bool


def shown(alarm: Alarm) -> AlarmShown:
    """For the API and the events."""
    return AlarmShown(
        alarm.id, alarm.kind, alarm.unit, alarm.mission, alarm.incident, alarm.level,
        alarm.sound and alarm.open and alarm.acknowledged_at is None, alarm.raised_at, alarm.cleared_at,
        alarm.acknowledged_at, alarm.acknowledged_by or None, alarm.detail, alarm.values, alarm.exercise,
    )  # fmt: skip


async def put(connection: Connection, centre: str, alarm: Alarm, told: str, at: datetime) -> None:
    """Raise an alarm, or change one, and tell of it (``told``: raised, changed, cleared), in the caller's transaction.

    Raises:
        psycopg.errors.UniqueViolation: another one is of the same.
    """
    values = msgspec.structs.asdict(alarm) | {"centre": centre, "values": msgspec.json.encode(alarm.values).decode()}
    await connection.execute(sql.query("put_alarm"), values)
    event = Event(f"alarm.{told}", f"alarms/{alarm.id}", shown(alarm), at, alarm.unit, alarm.exercise)
    await events.put(connection, centre, event)


async def to_incident(connection: Connection, centre: str, incident: str, into: str) -> None:
    """What was raised of one incident is of another now."""
    values = {"centre": centre, "incident": incident, "into": into}
    await connection.execute(sql.query("alarms_to_incident"), values)


async def find(
    connection: Connection,
    centre: str,
    *,
    open_only: bool = False,
    alarm: str | None = None,
    since: datetime | None = None,
    limit: int = 1000,
) -> list[Alarm]:
    """Newest first."""
    values = {"centre": centre, "open": open_only, "id": alarm, "since": since, "limit": limit}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.query("alarms"), values)
        return [Alarm(**record) for record in await cursor.fetchall()]
