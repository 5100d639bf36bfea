"""Whom to reach when nobody looks at the board, and every try to."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from gateway.storage import sql

Connection = AsyncConnection[Any]


class Way(msgspec.Struct, frozen=True):
    """How somebody is reached."""

    kind: str  # sms, mail, webhook
    address: str


class Contact(msgspec.Struct, frozen=True):
    """Somebody who is reached."""

    id: str
    name: str
    role: str  # a word for people
    channels: tuple[Way, ...]  # in the order in which they are tried
    quiet: str = ""  # weekly windows of `tracker.duty` in which somebody else comes first; "" is none


class Outcome(StrEnum):
    """What became of a try."""

    BEGUN = "begun"  # nobody knows
    SENT = "sent"  # a server or the network has it
    DELIVERED = "delivered"  # the telephone has it
    UNDELIVERED = "undelivered"
    FAILED = "failed"


class Try(msgspec.Struct, frozen=True):
    """Somebody was written to because of an alarm."""

    alarm: str
    step: int  # how many ways were tried before it
    attempt: int  # above 1: nobody knows what became of the one before
    contact: str
    kind: str
    address: str
    key: str  # of the message, which may tell of several alarms
    begun_at: datetime
    outcome: Outcome = Outcome.BEGUN
    settled_at: datetime | None = None
    detail: str = ""


async def put(connection: Connection, centre: str, contacts: Sequence[Contact], expected: int | None) -> int | None:
    """Make these the centre's contacts, in this order; the version of the list then, which is another one only if the
    list is. None: it has another version than expected."""
    async with connection.transaction():
        before = await _version(connection, sql.query("lock_contact_list"), centre)
        if expected not in (None, before):
            return None
        if before > 0 and await find(connection, centre) == list(contacts):
            return before
        await connection.execute(sql.query("drop_contacts"), {"centre": centre})
        for position, contact in enumerate(contacts):
            values = {
                "centre": centre, "position": position, "id": contact.id, "name": contact.name, "role": contact.role,
                "quiet": contact.quiet, "channels": Jsonb(msgspec.to_builtins(contact.channels)),
            }  # fmt: skip
            await connection.execute(sql.query("put_contact"), values)
        await connection.execute(sql.query("renew_contact_list"), {"centre": centre, "version": before + 1})
        return before + 1


async def version(connection: Connection, centre: str) -> int:
    """Of the list; 0: nobody has put one."""
    return await _version(connection, sql.query("contact_list"), centre)


async def _version(connection: Connection, query: LiteralString, centre: str) -> int:
    row = await (await connection.execute(query, {"centre": centre})).fetchone()
    return 0 if row is None else int(row[0])


async def find(connection: Connection, centre: str) -> list[Contact]:
    """All, who is reached first first."""
    rows = await (await connection.execute(sql.query("contacts"), {"centre": centre})).fetchall()
    return [
        Contact(contact, name, role, msgspec.convert(channels, tuple[Way, ...]), quiet)
        for contact, name, role, channels, quiet in rows
    ]


async def begin(connection: Connection, centre: str, tries: Sequence[Try]) -> list[Try]:
    """About to be sent; those that nobody else has begun."""
    begun = []
    for each in tries:
        values = {"centre": centre, **msgspec.structs.asdict(each)}
        if (await connection.execute(sql.query("begin_reach_try"), values)).rowcount:
            begun.append(each)
    return begun


async def settle(connection: Connection, centre: str, key: str, outcome: Outcome, detail: str, now: datetime) -> None:
    """What became of a message."""
    values = {"centre": centre, "key": key, "outcome": outcome.value, "detail": detail, "now": now}
    await connection.execute(sql.query("settle_reach_try"), values)


async def tries(connection: Connection, centre: str, alarms: Sequence[str]) -> list[Try]:
    """Those for some alarms, in order."""
    values = {"centre": centre, "alarms": list(alarms)}
    rows = await (await connection.execute(sql.query("reach_tries"), values)).fetchall()
    return [
        Try(alarm, step, attempt, contact, kind, address, key, begun_at, Outcome(outcome), settled_at, detail)
        for alarm, step, attempt, contact, kind, address, key, begun_at, outcome, settled_at, detail in rows
    ]


async def written(connection: Connection, centre: str, since: datetime) -> dict[tuple[str, str], datetime]:
    """When each kind and address was last written to."""
    cursor = await connection.execute(sql.query("reached_addresses"), {"centre": centre, "since": since})
    return {(kind, address): at for kind, address, at in await cursor.fetchall()}
