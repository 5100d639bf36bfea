"""What each hospital was last told of a patient on the way."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql

Connection = AsyncConnection[Any]

INBOUND, ARRIVED, WITHDRAWN = "inbound", "arrived", "withdrawn"
"""The patient is on the way; has come; will not come."""


class ToldInbound(msgspec.Struct, frozen=True):
    """What a hospital knows of one mission."""

    mission: str
    facility: str
    state: str
    aboard_at: datetime | None
    arrives_at: datetime | None  # None: unknown
    told_at: datetime


async def expected(connection: Connection, centre: str) -> list[ToldInbound]:
    """Those that hospitals wait for, as they were told."""
    cursor = await connection.execute(sql.query("inbound_told"), {"centre": centre})
    return [ToldInbound(*row) for row in await cursor.fetchall()]


async def put(connection: Connection, centre: str, told: ToldInbound) -> bool:
    """Keep what is told now, in the transaction of its event; False if just this was told before."""
    values = {"centre": centre, **msgspec.structs.asdict(told)}
    return (await connection.execute(sql.query("put_inbound_told"), values)).rowcount == 1
