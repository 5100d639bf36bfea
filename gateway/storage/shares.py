"""What somebody outside may see: shares, and the record of every look."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from gateway.storage.phones import digest

Connection = AsyncConnection[Any]


class Share(msgspec.Struct, frozen=True):
    """Who may see what, and until when. What is not named in it is not shown."""

    id: str
    name: str  # with whom
    incidents: tuple[str, ...]
    kinds: tuple[str, ...]  # incidents of these kinds, while they are open
    units: tuple[str, ...]
    crews: bool  # the units on missions to those incidents, too
    owner: str | None  # the units that this owner lends, too
    begins_at: datetime
    ends_at: datetime
    made_by: str
    revoked_at: datetime | None = None

    def refusal(self, now: datetime) -> str:
        """Why it shows nothing any more; "" if it does."""
        if self.revoked_at is not None:
            return "revoked"
        return "" if now < self.ends_at else "expired"


class Access(msgspec.Struct, frozen=True):
    """A look at what is shared."""

    at: datetime
    address: str  # of who looked
    what: str
    shown: tuple[str, ...]  # ids
    refused: str  # why nothing was shown; "" if it was


async def insert(connection: Connection, centre: str, share: Share, token: str) -> None:
    """Begin to share. Of the token only a digest is kept.

    Raises:
        psycopg.errors.UniqueViolation: the id is taken.
    """
    values = {"centre": centre, "token": digest(token), **msgspec.structs.asdict(share)}
    for name in ("incidents", "kinds", "units"):
        values[name] = list(values[name])
    await connection.execute(sql.query("insert_share"), values)


async def find(
    connection: Connection, centre: str, *, share: str | None = None, token: str | None = None
) -> list[Share]:
    """The one of an id or a token, or all, the newest first."""
    values = {"centre": centre, "id": share, "token": None if token is None else digest(token)}
    return [
        Share(row[0], row[1], tuple(row[2]), tuple(row[3]), tuple(row[4]), *row[5:])
        for row in await (await connection.execute(sql.query("shares"), values)).fetchall()
    ]


async def revoke(connection: Connection, centre: str, share: str, now: datetime) -> bool:
    """End it at once; False if it was revoked before, or never was."""
    values = {"centre": centre, "id": share, "now": now}
    return (await connection.execute(sql.query("revoke_share"), values)).rowcount == 1


async def log(connection: Connection, centre: str, share: str, access: Access) -> None:
    """Record a look."""
    values = {"centre": centre, "share": share, **msgspec.structs.asdict(access), "shown": list(access.shown)}
    await connection.execute(sql.query("log_share_access"), values)


async def accesses(connection: Connection, centre: str, share: str, limit: int) -> list[Access]:
    """Who looked, the newest first."""
    values = {"centre": centre, "share": share, "limit": limit}
    rows = await (await connection.execute(sql.query("share_accesses"), values)).fetchall()
    return [Access(at, address, what, tuple(shown), refused) for at, address, what, shown, refused in rows]
