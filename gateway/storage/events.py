"""What happened, kept for those who listen: written in the transaction of the change itself, so that neither can be
without the other.

Readers go by numbers, and a number must not appear below one that a reader has seen. The order of writing is no such
number: who wrote first may commit last. So events are written without one, and get it afterwards from whoever holds the
lock of the centre's counter, among those that are committed by then. Writers wait for nobody.
"""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from gateway.storage.pool import Lent

Connection = AsyncConnection[Any]

KINDS = (
    "incident.opened", "incident.changed", "incident.closed", "incident.progress",
    "mission.assigned", "mission.changed", "mission.ended",
    "unit.status",
    "alarm.raised", "alarm.changed", "alarm.cleared",
    "hospital.inbound",
    "call.taken", "call.closed",
    "command.handed-over",
    "facility.changed",
)  # fmt: skip
"""All there are; `gateway/services/pushed.py` says what each of them carries."""


class Event(msgspec.Struct, frozen=True):
    """What is told of a change."""

    kind: str  # of `KINDS`
    subject: str  # what it is about, as the path of its resource: incidents/i-1, units/ambulans-01, alarms/7
    data: Any  # the thing as it is now, in the shape in which the API shows it: a struct or a dictionary
    at: datetime  # when it happened, UTC
    unit: str | None = None  # whom it concerns: events of one unit reach each listener in order
    exercise: bool = False


class Numbered(msgspec.Struct, frozen=True):
    """An event as readers see it."""

    id: int  # rising within a centre, without gaps
    key: str  # the same wherever the event is told, and never another's: a UUID
    kind: str
    subject: str
    unit: str | None
    exercise: bool
    at: datetime
    data: msgspec.Raw  # JSON

    @property
    def lane(self) -> str:
        """Events of one lane are told in order: those of a unit, or of a thing that is no unit's."""
        return self.subject if self.unit is None else f"units/{self.unit}"


async def put(connection: Connection, centre: str, event: Event) -> None:
    """Tell of a change, in the transaction that makes it.

    Raises:
        ValueError: there is no such kind.
    """
    if event.kind not in KINDS:
        raise ValueError(f"there is no event of kind {event.kind!r}: gateway/storage/events.py has the list")
    values = {
        "centre": centre, "kind": event.kind, "subject": event.subject, "unit": event.unit,
        "exercise": event.exercise, "at": event.at, "data": msgspec.json.encode(event.data).decode(),
    }  # fmt: skip
    await connection.execute(sql.query("put_event"), values)
    if isinstance(connection, Lent):
        connection.told = True  # whoever carries events is woken when it comes back


async def number(connection: Connection, centre: str, limit: int = 500) -> list[Numbered]:
    """Give numbers to what has none yet, in the caller's transaction; returns them, rising.

    Nobody else gives numbers before that transaction ends, so numbers become visible in their order.
    """
    found = await (await connection.execute(sql.query("unnumbered_events"), {"centre": centre})).fetchone()
    if found is None or not found[0]:
        return []
    await connection.execute(sql.query("lock_event_numbers"), {"centre": centre})
    cursor = await connection.execute(sql.query("number_events"), {"centre": centre, "limit": limit})
    return sorted([numbered(row) for row in await cursor.fetchall()], key=lambda event: event.id)


async def after(connection: Connection, centre: str, number: int, limit: int = 500) -> list[Numbered]:
    """What came behind a number, rising."""
    values = {"centre": centre, "after": number, "limit": limit}
    cursor = await connection.execute(sql.query("events_after"), values)
    return [numbered(row) for row in await cursor.fetchall()]


async def ends(connection: Connection, centre: str) -> tuple[int, int]:
    """The number before the oldest event that is still kept, and the newest number there is."""
    row = await (await connection.execute(sql.query("event_ends"), {"centre": centre})).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def before(connection: Connection, centre: str, at: datetime) -> int:
    """The number of the last event before a moment; 0 if there is none."""
    row = await (await connection.execute(sql.query("event_before"), {"centre": centre, "at": at})).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])


def numbered(row: tuple[Any, ...]) -> Numbered:
    """The event in a row of its eight columns."""
    number, key, kind, subject, unit, exercise, at, data = row
    return Numbered(number, str(key), kind, subject, unit, exercise, at, msgspec.Raw(data.encode()))
