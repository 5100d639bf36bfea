"""Bridges: base radios that speak for units, for which ones they may, and whose their radios are."""

from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql

Connection = AsyncConnection[Any]


class Bridge(msgspec.Struct, frozen=True):
    """A base radio, or whatever else passes on what others say."""

    id: str
    units: frozenset[str]  # that it may speak for
    radios: dict[str, str]  # radio -> unit, of those that are not in its own table


async def known(connection: Connection, centre: str) -> list[Bridge]:
    """Every bridge of a centre, by id."""
    cursor = await connection.execute(sql.query("bridges"), {"centre": centre})
    return [
        Bridge(bridge, frozenset(units), dict(zip(radios, whose, strict=True)))
        for bridge, units, radios, whose in await cursor.fetchall()
    ]


async def allow(connection: Connection, centre: str, bridge: str, unit: str) -> None:
    """Let a bridge, new or not, speak for a unit."""
    async with connection.transaction():
        await connection.execute(sql.query("put_bridge"), {"centre": centre, "bridge": bridge})
        await connection.execute(sql.query("allow_bridge"), {"centre": centre, "bridge": bridge, "unit": unit})


async def forbid(connection: Connection, centre: str, bridge: str, unit: str) -> bool:
    """Take that back, with the radios that were enrolled for it; whether it was allowed."""
    values = {"centre": centre, "bridge": bridge, "unit": unit}
    return (await connection.execute(sql.query("forbid_bridge"), values)).rowcount > 0


async def enrol_radio(connection: Connection, centre: str, bridge: str, radio: str, unit: str) -> None:
    """Let a bridge speak for a unit by this radio, of which it does not know itself whose it is."""
    async with connection.transaction():
        await allow(connection, centre, bridge, unit)
        values = {"centre": centre, "bridge": bridge, "radio": radio, "unit": unit}
        await connection.execute(sql.query("put_radio"), values)
