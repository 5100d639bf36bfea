"""Answers to requests that carried a key, so that a request that comes again is not done again.

Their ages are by the database's clock: they are about machines that ask again, not about the world.
"""

from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from gateway.storage import sql

Connection = AsyncConnection[Any]

KEPT_S = 24 * 3600.0
"""So long a request may come again."""

ABANDONED_S = 60.0
"""A request without an answer after this long has nobody who works on it: its gateway was ended. No answer takes so
long, for the pool lends no connection for longer than half of it."""


class Answered(msgspec.Struct, frozen=True):
    """What is known of a key."""

    digest: bytes  # of the request
    status: int | None  # None: it is being worked on
    headers: dict[str, str] | None
    body: bytes | None


async def begin(connection: Connection, centre: str, key: str, digest: bytes) -> Answered | None:
    """Take a key for a request; None if it is ours to work on, else what is known of it."""
    await connection.execute(sql.query("forget_old_requests"), {"kept_s": KEPT_S})
    values = {"centre": centre, "key": key, "digest": digest, "kept_s": KEPT_S, "abandoned_s": ABANDONED_S}
    while (await connection.execute(sql.query("begin_request"), values)).rowcount == 0:
        row = await (await connection.execute(sql.query("answered_request"), values)).fetchone()
        if row is not None:  # else it was given up between the two
            return Answered(*row)
    return None


async def keep(
    connection: Connection, centre: str, key: str, digest: bytes, status: int, headers: dict[str, str], body: bytes
) -> None:
    """Keep the answer to a request that was begun."""
    values = {
        "centre": centre, "key": key, "digest": digest, "status": status, "headers": Jsonb(headers), "body": body,
    }  # fmt: skip
    await connection.execute(sql.query("answer_request"), values)


async def forget(connection: Connection, centre: str, key: str) -> None:
    """Give a key back: its request failed, and may come again."""
    await connection.execute(sql.query("forget_request"), {"centre": centre, "key": key})
