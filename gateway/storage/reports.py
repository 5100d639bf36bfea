"""What crews said: each report once, under the number that its outbox gave it; and the newest health of each unit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.quality import AHEAD_TOLERANCE
from tracker.wire import reports as wire
from tracker.wire.reports import Answer, Emergency, Numbered, Report, Status

Connection = AsyncConnection[Any]


class Row(msgspec.Struct, frozen=True):
    """A report with whose it is and how it came."""

    unit: str
    outbox: str
    sequence: int
    report: Report
    raw: bytes
    received_at: datetime  # of the first delivery
    said_at: datetime  # its own time, or the receiving where the device's clock ran ahead of that

    @property
    def order(self) -> tuple[datetime, str, int]:
        """What is newer has more; of all rows of a unit no two are equal."""
        return self.said_at, self.outbox, self.sequence


class Health(msgspec.Struct, frozen=True):
    """What a unit said of its own state."""

    unit: str
    at: datetime
    received_at: datetime
    body: bytes


def row(unit: str, outbox: str, numbered: Numbered, received_at: datetime) -> Row:
    """The row of a report. A clock that runs ahead must not be right about what has not come yet."""
    at = numbered.report.at
    said_at = at if at <= received_at + AHEAD_TOLERANCE else received_at
    return Row(unit, outbox, numbered.sequence, numbered.report, numbered.raw, received_at, said_at)


async def put(connection: Connection, centre: str, rows: Sequence[Row]) -> tuple[int, list[Row]]:
    """Store reports, in the caller's transaction.

    Returns:
        How many are new, and those whose number stands for something else already: they were not stored.
    """
    rows = sorted(rows, key=lambda each: (each.unit, each.outbox, each.sequence))  # nobody waits in a circle
    if not rows:
        return 0, []
    new, contradicting = 0, []
    async with connection.cursor() as cursor:
        await cursor.executemany(sql.query("put_report"), [_values(centre, each) for each in rows], returning=True)
        for each in rows:
            is_new, there = await cursor.fetchone() or (False, None)
            new += is_new
            if not is_new and there is not None and there != each.raw.decode():
                contradicting.append(each)
            cursor.nextset()
    return new, contradicting


def _values(centre: str, row: Row) -> dict[str, Any]:
    report = row.report
    values: dict[str, Any] = {
        "centre": centre, "unit": row.unit, "outbox": row.outbox, "seq": row.sequence, "at": report.at,
        "clock": report.clock, "received_at": row.received_at, "said_at": row.said_at, "line": row.raw.decode(),
        "source": None, "mission": None, "raised": None, "since": None, "value": "",
    }  # fmt: skip
    about: dict[str, Any]
    if isinstance(report, Status):
        about = {"kind": "status", "value": report.status, "source": report.source, "mission": report.mission}
    elif isinstance(report, Answer):
        about = {"kind": "answer", "mission": report.mission, "raised": report.accepted, "source": report.source}
    elif isinstance(report, Emergency):
        about = {"kind": "emergency", "raised": report.raised, "since": report.since, "source": report.source}
    else:
        about = {"kind": "input", "value": report.name, "raised": report.on}
    return values | about


def _read(record: tuple[Any, ...]) -> Row:
    unit, outbox, seq, received_at, said_at, line = record
    raw = line.encode()
    return Row(unit, outbox, seq, wire.read_body(raw), raw, received_at, said_at)


async def newest(connection: Connection, centre: str) -> list[Row]:
    """Of each unit: the newest status, answer and emergency, and the newest of each input."""
    cursor = await connection.execute(sql.query("newest_reports"), {"centre": centre})
    return [_read(record) for record in await cursor.fetchall()]


async def of_unit(
    connection: Connection, centre: str, unit: str, kind: str | None, start: datetime, end: datetime, limit: int
) -> list[Row]:
    """What a unit said from ``start`` to before ``end``, newest first."""
    values = {"centre": centre, "unit": unit, "kind": kind, "from": start, "to": end, "limit": limit}
    cursor = await connection.execute(sql.query("reports_of_unit"), values)
    return [_read(record) for record in await cursor.fetchall()]


async def of_mission(
    connection: Connection, centre: str, mission: str, unit: str, since: datetime, until: datetime | None
) -> list[Row]:
    """Statuses and answers that a mission's unit gave, rising: those that name it, and statuses of its time that name
    none."""
    values = {"centre": centre, "mission": mission, "unit": unit, "since": since, "until": until}
    cursor = await connection.execute(sql.query("reports_of_mission"), values)
    return [_read(record) for record in await cursor.fetchall()]


async def missions_reported_on(connection: Connection, centre: str, since: datetime) -> list[str]:
    """Missions that something was said about lately."""
    cursor = await connection.execute(sql.query("missions_reported_on"), {"centre": centre, "since": since})
    return [mission for (mission,) in await cursor.fetchall()]


async def acknowledge_emergency(connection: Connection, centre: str, unit: str, since: datetime, at: datetime) -> bool:
    """Note that the centre has seen an alarm; False if it had already."""
    values = {"centre": centre, "unit": unit, "since": since, "at": at}
    return (await connection.execute(sql.query("put_emergency_ack"), values)).rowcount == 1


async def emergency_acks(connection: Connection, centre: str) -> dict[str, tuple[datetime, datetime]]:
    """By unit: the alarm acknowledged last, and when that was."""
    cursor = await connection.execute(sql.query("emergency_acks"), {"centre": centre})
    return {unit: (since, at) for unit, since, at in await cursor.fetchall()}


async def put_health(connection: Connection, centre: str, said: Sequence[Health]) -> None:
    """Keep the newest of each unit."""
    if not said:
        return
    async with connection.cursor() as cursor:
        await cursor.executemany(
            sql.query("put_health"),
            [
                {
                    "centre": centre,
                    "unit": each.unit,
                    "at": each.at,
                    "received_at": each.received_at,
                    "body": each.body.decode(),
                }
                for each in sorted(said, key=lambda each: (each.unit, each.at))
            ],
        )


async def health(connection: Connection, centre: str, unit: str | None = None) -> list[Health]:
    """The newest of each unit, or of one."""
    cursor = await connection.execute(sql.query("newest_health"), {"centre": centre, "unit": unit})
    return [Health(name, at, received_at, body.encode()) for name, at, received_at, body in await cursor.fetchall()]


__all__ = [
    "Health",
    "Row",
    "acknowledge_emergency",
    "emergency_acks",
    "health",
    "missions_reported_on",
    "newest",
    "of_mission",
    "of_unit",
    "put",
    "put_health",
    "row",
]
