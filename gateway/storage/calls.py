"""Calls and what is remembered of callers. Whoever reads this table knows numbers; nobody else needs them."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.missions.calls import Call, CallEnd

Connection = AsyncConnection[Any]


async def insert(connection: Connection, centre: str, call: Call, caller: bytes | None) -> bool:
    """Store a new call; False if its id is there already, and then nothing is changed.

    Args:
        connection: of the caller's transaction.
        centre: whose call.
        call: that was taken.
        caller: keyed hash of its number; None: it has none.
    """
    values = {"centre": centre, "caller": caller, **msgspec.structs.asdict(call)}
    return (await connection.execute(sql.query("insert_call"), values)).rowcount == 1


async def find(
    connection: Connection,
    centre: str,
    *,
    call: str | None = None,
    incident: str | None = None,
    caller: bytes | None = None,
    open_only: bool = False,
    limit: int = 1000,
) -> list[Call]:
    """Calls of the centre that fit all that is given, newest first."""
    values = {
        "centre": centre, "id": call, "incident": incident, "caller": caller, "open_only": open_only, "limit": limit,
    }  # fmt: skip
    cursor = await connection.execute(sql.query("calls"), values)
    return [_read(row) for row in await cursor.fetchall()]


def _read(row: tuple[Any, ...]) -> Call:
    name, at, line, number, said, latitude, longitude, incident, closed_at, closed_as, exercise = row
    end = None if closed_as is None else CallEnd(closed_as)
    return Call(name, at, line, number, said, latitude, longitude, incident, closed_at, end, exercise)


async def update(connection: Connection, centre: str, call: Call) -> None:
    """Store what became of a call."""
    values = {
        "centre": centre, "id": call.id, "incident": call.incident, "closed_at": call.closed_at,
        "closed_as": call.closed_as,
    }  # fmt: skip
    await connection.execute(sql.query("update_call"), values)


async def history(connection: Connection, centre: str, caller: bytes) -> tuple[int, list[datetime]]:
    """How many calls of one caller are remembered, and when the pranks among them were."""
    rows = await (
        await connection.execute(sql.query("caller_history"), {"centre": centre, "caller": caller})
    ).fetchall()
    return len(rows), [at for at, prank in rows if prank]


async def to_incident(connection: Connection, centre: str, incident: str, into: str) -> None:
    """What told of one incident tells of another now."""
    values = {"centre": centre, "incident": incident, "into": into}
    await connection.execute(sql.query("calls_to_incident"), values)


async def key(connection: Connection, centre: str, new: bytes) -> bytes:
    """The key of the centre's hashes, which is the new one if it has none yet."""
    await connection.execute(sql.query("make_caller_key"), {"centre": centre, "key": new})
    row = await (await connection.execute(sql.query("caller_key"), {"centre": centre})).fetchone()
    return new if row is None else bytes(row[0])


async def forget(connection: Connection, centre: str, recent: datetime, remembered: datetime) -> tuple[int, int]:
    """Empty what is older; how many calls lost their number, and how many their caller.

    Args:
        connection: of the caller's transaction.
        centre: whose calls.
        recent: numbers, words and positions from before that go, but for calls of incidents that are still open.
        remembered: from before that nobody knows any more who called.
    """
    numbers = await connection.execute(sql.query("forget_numbers"), {"centre": centre, "recent": recent})
    callers = await connection.execute(sql.query("forget_callers"), {"centre": centre, "remembered": remembered})
    return numbers.rowcount, callers.rowcount
