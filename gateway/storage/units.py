"""Centres and units: who is enrolled."""

from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql


class Unit(msgspec.Struct, frozen=True):
    """A vehicle or team of a centre."""

    id: str
    name: str
    kind: str  # ambulance, motorcycle, ...


async def enrolled(connection: AsyncConnection[Any], centre: str) -> list[Unit]:
    """Every unit of a centre, by id."""
    cursor = await connection.execute(sql.query("units"), {"centre": centre})
    return [Unit(*row) for row in await cursor.fetchall()]


async def time_zone(connection: AsyncConnection[Any], centre: str) -> str:
    """The centre's time zone, an IANA name; UTC for one that nobody described."""
    row = await (await connection.execute(sql.query("time_zone"), {"id": centre})).fetchone()
    return "UTC" if row is None else str(row[0])


async def describe_centre(connection: AsyncConnection[Any], centre: str, name: str, time_zone: str) -> None:
    """Make the centre, or change its name and time zone."""
    await connection.execute(sql.query("enrol_centre"), {"id": centre, "name": name, "time_zone": time_zone})


async def enrol(connection: AsyncConnection[Any], centre: str, unit: Unit) -> None:
    """Make the unit, or change its name and kind.

    Raises:
        psycopg.errors.CheckViolation: the id is outside the pattern.
    """
    async with connection.transaction():
        await connection.execute(sql.query("ensure_centre"), {"id": centre})
        values = {"centre": centre, "id": unit.id, "name": unit.name, "kind": unit.kind}
        await connection.execute(sql.query("enrol_unit"), values)
