"""Owners of ambulances who lend them to the centre, and their consent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from gateway.storage.phones import Consent

Connection = AsyncConnection[Any]


class Owner(msgspec.Struct, frozen=True):
    """PMI, a foundation, a village: who has units of their own."""

    id: str
    name: str
    units: tuple[str, ...]
    consent: Consent | None  # None: not given, or withdrawn


async def put(connection: Connection, centre: str, owner: str, name: str, units: Sequence[str]) -> None:
    """Make an owner or change it; a unit that another owner had goes over.

    Raises:
        psycopg.errors.CheckViolation: the id is outside the pattern.
    """
    async with connection.transaction():
        await connection.execute(sql.query("put_owner"), {"centre": centre, "id": owner, "name": name})
        values = {"centre": centre, "owner": owner, "units": list(units)}
        await connection.execute(sql.query("drop_owned_units"), values)
        await connection.execute(sql.query("put_owned_units"), values)


async def find(connection: Connection, centre: str) -> list[Owner]:
    """All, by id."""
    rows = await (await connection.execute(sql.query("owners"), {"centre": centre})).fetchall()
    return [
        Owner(owner, name, tuple(units), None if given_at is None else Consent(given_at, person, version))
        for owner, name, units, given_at, person, version in rows
    ]


async def consent(connection: Connection, centre: str, owner: str, person: str, version: str, now: datetime) -> None:
    """Record a consent; one that stood before ends with it."""
    async with connection.transaction():
        await withdraw(connection, centre, owner, now)
        values = {"centre": centre, "owner": owner, "person": person, "version": version, "now": now}
        await connection.execute(sql.query("give_owner_consent"), values)


async def withdraw(connection: Connection, centre: str, owner: str, now: datetime) -> bool:
    """End a consent; whether there was one."""
    values = {"centre": centre, "owner": owner, "now": now}
    return (await connection.execute(sql.query("withdraw_owner_consent"), values)).rowcount > 0
