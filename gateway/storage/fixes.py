"""Storing fixes exactly once, and reading them back.

COPY into staging, insert what is new, compare what is not, prove that no staged key is missing; the caller commits.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from gateway.storage import sql
from tracker.fix import UNUSABLE, Fix, Mode, Quality, Solution

_TYPES = [
    "int4", "text", "text", "text", "timestamptz", "timestamptz", "float8", "float8", "float4", "float4", "float4",
    "int2", "int2", "int2", "float4", "float4", "int4", "text", "int8",
]  # fmt: skip
"""Of the staging columns, in order: binary COPY converts nothing."""


class Row(msgspec.Struct, frozen=True):
    """A fix with whose it is and how it came."""

    centre: str
    unit: str
    source: str
    fix: Fix
    received_at: datetime
    outbox: str | None = None  # None, with sequence, for devices that know no receipts
    sequence: int | None = None


class Outcome(Enum):
    """What became of a row."""

    STORED = "stored"  # new
    DUPLICATE = "duplicate"  # its key was there and it agrees; empty fields were filled
    CONTRADICTION = "contradiction"  # its key is there with another position: not stored


class StoreProofFailed(Exception):
    """The database said yes and does not hold all it was given. Nothing was committed."""


async def store(connection: AsyncConnection[Any], rows: Sequence[Row]) -> list[Outcome]:
    """Put rows into the table of fixes, inside the caller's transaction.

    Returns:
        What became of each row, in the order of the rows. Two rows of one batch with the same key: the first is new.

    Raises:
        StoreProofFailed: a staged key is absent from the table; the caller must roll back.
        psycopg.Error: whatever the database refuses.
    """
    if not rows:
        return []
    await _stage(connection, rows)
    times = [row.fix.time for row in rows]
    window = {"earliest": min(times), "latest": max(times)}
    inserting = await connection.execute(sql.query("insert_fixes"))
    outcomes = [Outcome.STORED] * len(rows)
    if inserting.rowcount != len(rows):
        outcomes = await _settle(connection, rows, window, set(await inserting.fetchall()))
    (missing,) = await (await connection.execute(sql.query("missing_fixes"), window)).fetchone() or (None,)
    if missing != 0:
        raise StoreProofFailed(f"{missing} of {len(rows)} staged fixes are not in the table after the insert")
    return outcomes


async def _stage(connection: AsyncConnection[Any], rows: Sequence[Row]) -> None:
    async with connection.cursor() as cursor, cursor.copy(sql.query("stage_fixes")) as copy:
        copy.set_types(_TYPES)
        for ordinal, row in enumerate(rows):
            fix = row.fix
            await copy.write_row((
                ordinal, row.centre, row.unit, row.source, fix.time, row.received_at, fix.latitude, fix.longitude,
                fix.altitude, fix.speed, fix.course, fix.mode, fix.solution, fix.satellites, fix.hdop, fix.error,
                int(fix.quality), row.outbox, row.sequence,
            ))  # fmt: skip


async def _settle(
    connection: AsyncConnection[Any],
    rows: Sequence[Row],
    window: dict[str, datetime],
    inserted: set[tuple[str, str, str, datetime]],
) -> list[Outcome]:
    """Some keys were there before, or twice in the batch: tell the new from the known and the contradicting."""
    cursor = await connection.execute(sql.query("contradictions"), window)
    contradicting = {ordinal for (ordinal,) in await cursor.fetchall()}
    async with connection.cursor(row_factory=dict_row) as filling:
        await filling.execute(sql.query("fillable_fixes"), {**window, "left_out": sorted(contradicting)})
        if fillable := await filling.fetchall():
            await filling.executemany(sql.query("fill_fix"), fillable)
    outcomes = []
    for ordinal, row in enumerate(rows):
        key = (row.centre, row.unit, row.source, row.fix.time)
        if ordinal in contradicting:
            outcomes.append(Outcome.CONTRADICTION)
        elif key in inserted:
            inserted.remove(key)  # of two rows with one key, the first was inserted
            outcomes.append(Outcome.STORED)
        else:
            outcomes.append(Outcome.DUPLICATE)
    return outcomes


class Stored(msgspec.Struct, frozen=True):
    """A fix as it is read back."""

    unit: str
    source: str
    fix: Fix
    received_at: datetime
    outbox: str | None
    sequence: int | None


def _read(record: dict[str, Any]) -> Stored:
    mode, solution = record["mode"], record["solution"]
    fix = Fix(
        time=record["fix_time"],
        latitude=record["latitude"],
        longitude=record["longitude"],
        altitude=record["altitude"],
        speed=record["speed"],
        course=record["course"],
        mode=None if mode is None else Mode(mode),
        solution=None if solution is None else Solution(solution),
        satellites=record["satellites"],
        hdop=record["hdop"],
        error=record["error"],
        quality=Quality(record["quality"]),
    )
    return Stored(record["unit"], record["source"], fix, record["received_at"], record["outbox"], record["sequence"])


async def latest(connection: AsyncConnection[Any], centre: str) -> list[Stored]:
    """The newest fix of each unit that may move its marker."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.query("latest_fixes"), {"centre": centre, "unusable": int(UNUSABLE)})
        return [_read(record) for record in await cursor.fetchall()]


async def page(
    connection: AsyncConnection[Any],
    centre: str,
    unit: str,
    start: datetime,
    end: datetime,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> list[Stored]:
    """At most ``limit`` fixes of a unit with start <= fix time < end, rising, behind the pair ``after``."""
    after_time, after_source = after or (datetime.min.replace(tzinfo=UTC), "")
    values = {
        "centre": centre, "unit": unit, "from": start, "to": end, "limit": limit,
        "after_time": after_time, "after_source": after_source,
    }  # fmt: skip
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.query("fixes_of_unit"), values)
        return [_read(record) for record in await cursor.fetchall()]
