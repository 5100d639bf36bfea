"""Closed and slow roads as people entered them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.roads.closures import Closure

Connection = AsyncConnection[Any]

MOST = 10_000
"""Closures that are read at once."""


class KeptClosure(msgspec.Struct, frozen=True):
    """A closure with its history."""

    closure: Closure
    made_at: datetime
    ended_at: datetime | None = None  # somebody ended it then, or took it back before it began

    def is_over(self, moment: datetime) -> bool:
        """Whether it holds neither now nor later, as things stand."""
        return self.ended_at is not None or (self.closure.end is not None and self.closure.end <= moment)


def _values(centre: str, kept: KeptClosure) -> dict[str, Any]:
    closure = kept.closure
    return {
        "centre": centre, "id": closure.id, "reason": closure.reason, "starts_at": closure.start,
        "ends_at": closure.end, "factor": closure.factor, "area": _flat(closure.area), "line": _flat(closure.line),
        "ways": list(closure.ways), "made_at": kept.made_at, "ended_at": kept.ended_at,
    }  # fmt: skip


async def insert(connection: Connection, centre: str, kept: KeptClosure) -> bool:
    """Store a new closure; False if its id is there already, and then nothing is changed."""
    return (await connection.execute(sql.query("insert_closure"), _values(centre, kept))).rowcount == 1


async def update(connection: Connection, centre: str, kept: KeptClosure) -> None:
    """Store a closure that was changed."""
    await connection.execute(sql.query("update_closure"), _values(centre, kept))


async def find(
    connection: Connection, centre: str, *, closure: str | None = None, now: datetime | None = None, limit: int = MOST
) -> list[KeptClosure]:
    """Closures of the centre, latest start first: the one of an id, those that are not over now, or all."""
    values = {"centre": centre, "id": closure, "now": now, "limit": limit}
    cursor = await connection.execute(sql.query("closures"), values)
    return [_read(row) for row in await cursor.fetchall()]


def _read(row: tuple[Any, ...]) -> KeptClosure:
    name, reason, starts_at, ends_at, factor, area, line, ways, made_at, ended_at = row
    closure = Closure(
        id=name, start=starts_at, end=ends_at, area=_pairs(area), ways=tuple(ways), factor=factor, reason=reason,
        line=_pairs(line),
    )  # fmt: skip
    return KeptClosure(closure, made_at, ended_at)


def _flat(points: Sequence[tuple[float, float]]) -> list[float]:
    return [number for point in points for number in point]


def _pairs(numbers: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
