"""What could not be stored as a good fix, kept with its bytes and the reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from gateway.storage import sql
from tracker.errors import Reason
from tracker.wire.topics import PREFIX


class Refused(msgspec.Struct, frozen=True):
    """A message, or a part of one, on its way into the quarantine."""

    topic: str
    reason: Reason
    detail: str
    payload: bytes
    seen: datetime


class Quarantined(msgspec.Struct, frozen=True):
    """One kept, however often it came."""

    id: int
    topic: str
    reason: str
    detail: str
    payload: bytes
    first_seen: datetime
    last_seen: datetime
    times_seen: int


async def keep(connection: AsyncConnection[Any], centre: str, refused: Sequence[Refused]) -> None:
    """Put messages into the quarantine, inside the caller's transaction.

    Equal ones are put together first (a row changed n times in one transaction costs n squared), and all go in one
    order, so that two batches that hold the same never wait for each other.
    """
    if not refused:
        return
    alike: dict[tuple[str, str, bytes], list[Refused]] = {}
    for item in refused:
        alike.setdefault((item.reason.value, _storable(item.topic), item.payload), []).append(item)
    async with connection.cursor() as cursor:
        await cursor.executemany(
            sql.query("quarantine_message"),
            [
                {
                    "centre": centre,
                    "topic": topic,
                    "reason": reason,
                    "detail": _storable(items[0].detail),
                    "payload": payload,
                    "first": min(item.seen for item in items),
                    "last": max(item.seen for item in items),
                    "times": len(items),
                }
                for (reason, topic, payload), items in sorted(alike.items())
            ],
        )


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL, and no half of a surrogate pair."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


async def newest(connection: AsyncConnection[Any], centre: str, limit: int) -> list[Quarantined]:
    """The last seen, newest first."""
    async with connection.cursor(row_factory=class_row(Quarantined)) as cursor:
        await cursor.execute(sql.query("quarantine_list"), {"centre": centre, "limit": limit})
        return await cursor.fetchall()


async def counts(connection: AsyncConnection[Any], centre: str) -> dict[str, int]:
    """How many different messages lie there for each reason."""
    cursor = await connection.execute(sql.query("quarantine_counts"), {"centre": centre})
    return {reason: messages for reason, messages, _ in await cursor.fetchall()}


async def of_stranger(
    connection: AsyncConnection[Any], centre: str, pattern: str, after: int, limit: int
) -> list[Quarantined]:
    """What came on topics like this one before it was allowed, oldest first, behind the id ``after``.

    Args:
        pattern: of SQL's LIKE; `of_unit`, `of_bridged_unit` and `of_radio` make them. An id holds no wildcard.
    """
    values = {"centre": centre, "pattern": pattern, "after": after, "limit": limit}
    async with connection.cursor(row_factory=class_row(Quarantined)) as cursor:
        await cursor.execute(sql.query("quarantine_of_unit"), values)
        return await cursor.fetchall()


def of_unit(centre: str, unit: str) -> str:
    """Topics of a unit's own devices."""
    return f"{PREFIX}/{centre}/units/{unit}/%"


def of_bridged_unit(centre: str, bridge: str, unit: str) -> str:
    """Topics on which a bridge speaks for a unit."""
    return f"{PREFIX}/{centre}/bridges/{bridge}/units/{unit}/%"


def of_radio(centre: str, bridge: str, radio: str) -> str:
    """Topics on which a bridge speaks for a radio that is not in its table."""
    return f"{PREFIX}/{centre}/bridges/{bridge}/radios/{radio}/%"


async def release(connection: AsyncConnection[Any], centre: str, ids: Sequence[int]) -> None:
    """Forget messages that have been taken in after all."""
    await connection.execute(sql.query("quarantine_release"), {"centre": centre, "ids": list(ids)})
