"""Commands to units, kept until there is an outcome."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from gateway.storage import sql
from tracker.wire.command import Reply

Connection = AsyncConnection[Any]


class Kept(msgspec.Struct, frozen=True):
    """A command as it stands."""

    n: int
    unit: str
    id: str
    kind: str
    mission: str | None
    issued_at: datetime
    expires_at: datetime | None
    payload: str  # what is sent
    sent_times: int = 0
    last_sent_at: datetime | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None
    detail: str = ""


async def next_number(connection: Connection, now: datetime) -> int:
    """A number above all given before."""
    row = await (await connection.execute(sql.query("next_command"), {"now": now})).fetchone()
    assert row is not None  # noqa: S101, a sequence always gives one
    return int(row[0])


async def insert(connection: Connection, centre: str, command: Kept, tells: str | None = None) -> None:
    """Keep a command, in the caller's transaction."""
    values = {name: getattr(command, name) for name in command.__struct_fields__}
    await connection.execute(sql.query("insert_command"), {"centre": centre, "tells": tells, **values})


async def supersede(
    connection: Connection,
    centre: str,
    unit: str,
    kinds: list[str],
    n: int,
    at: datetime,
    detail: str,
    *,
    telling: bool | None = None,
) -> list[str]:
    """Make open commands of these kinds below a number void; their ids.

    Args:
        telling: only those that tell of a mission (True), or only the others (False).
    """
    values = {
        "centre": centre, "unit": unit, "kinds": kinds, "n": n, "at": at, "detail": detail, "telling": telling,
    }  # fmt: skip
    cursor = await connection.execute(sql.query("supersede_commands"), values)
    return [name for (name,) in await cursor.fetchall()]


async def drop_old_arrivals(connection: Connection, centre: str, unit: str, n: int) -> list[str]:
    """Forget arrival times told before a number; their ids."""
    cursor = await connection.execute(sql.query("drop_old_arrivals"), {"centre": centre, "unit": unit, "n": n})
    return [name for (name,) in await cursor.fetchall()]


async def pending(connection: Connection, centre: str) -> list[Kept]:
    """Those without a final outcome, in order."""
    async with connection.cursor(row_factory=class_row(Kept)) as cursor:
        await cursor.execute(sql.query("open_commands"), {"centre": centre})
        return await cursor.fetchall()


async def of_unit(connection: Connection, centre: str, unit: str, limit: int, command: str | None = None) -> list[Kept]:
    """A unit's, newest first."""
    async with connection.cursor(row_factory=class_row(Kept)) as cursor:
        values = {"centre": centre, "unit": unit, "id": command, "limit": limit}
        await cursor.execute(sql.query("commands_of_unit"), values)
        return await cursor.fetchall()


async def told(connection: Connection, centre: str) -> dict[str, tuple[str, str]]:
    """By unit: the command that told it last where it is sent, and what it knows by it."""
    cursor = await connection.execute(sql.query("told_of_missions"), {"centre": centre})
    return {unit: (command, tells) for unit, command, tells in await cursor.fetchall()}


async def sent(connection: Connection, centre: str, command: str, at: datetime) -> None:
    """Note that it was handed to the broker once more."""
    await connection.execute(sql.query("command_sent"), {"centre": centre, "id": command, "at": at})


async def settle(connection: Connection, centre: str, unit: str, reply: Reply) -> bool:
    """Note what became of a command, in the caller's transaction; False if the unit has none of that id."""
    values = {
        "centre": centre, "unit": unit, "id": reply.id, "outcome": reply.outcome.value, "at": reply.at,
        "detail": reply.detail,
    }  # fmt: skip
    row = await (await connection.execute(sql.query("command_outcome"), values)).fetchone()
    return bool(row and row[0])


async def expire(connection: Connection, centre: str, now: datetime) -> list[str]:
    """End what was not answered in time; the ids."""
    cursor = await connection.execute(sql.query("expire_commands"), {"centre": centre, "now": now})
    return [name for (name,) in await cursor.fetchall()]
