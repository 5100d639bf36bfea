"""A centre's own rows of the table of conditions."""

from typing import Any

from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.recommend.conditions import Condition

Connection = AsyncConnection[Any]


async def conditions(connection: Connection, centre: str) -> list[Condition]:
    """Its rows, by id."""
    cursor = await connection.execute(sql.query("conditions"), {"centre": centre})
    return [Condition(id_, name, tuple(capabilities)) for id_, name, capabilities in await cursor.fetchall()]


async def put(connection: Connection, centre: str, condition: Condition) -> None:
    """Make a row, or change it."""
    values = {
        "centre": centre, "id": condition.id, "name": condition.name, "capabilities": list(condition.capabilities),
    }  # fmt: skip
    await connection.execute(sql.query("put_condition"), values)


async def drop(connection: Connection, centre: str, condition: str) -> bool:
    """Take a row away; False if there was none."""
    return (await connection.execute(sql.query("drop_condition"), {"centre": centre, "id": condition})).rowcount == 1
