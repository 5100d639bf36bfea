"""Referrals of patients, beside the missions that carry them, and what other systems are still to be told of them.

A referral here is a number, a hospital, a diagnosis code and how it stands. Nothing else of it is ever stored.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql

Connection = AsyncConnection[Any]

LEASE = timedelta(minutes=2)
"""What is being sent is nobody else's for so long: longer than any exchange takes."""


class State(StrEnum):
    """How a referral stands at its hospital."""

    WAITING = "waiting"  # nobody has answered
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Referral(msgspec.Struct, frozen=True):
    """What is known of the referral of a mission's patient."""

    mission: str
    system: str  # sisrute, satusehat
    number: str
    hospital_code: str | None  # as the system numbers hospitals; None: not read yet
    hospital: str | None
    diagnosis: str | None  # ICD-10 code; None: unknown, or the system is not asked for it
    state: State | None  # None: unknown
    task: str | None  # the request to the hospital that we have made there
    attached_at: datetime
    read_at: datetime | None  # None: never yet
    unknown_because: str  # why the last reading told nothing; "" if it did


class Outgoing(msgspec.Struct, frozen=True):
    """A request to a hospital that is to be told to a system."""

    n: int
    mission: str
    system: str
    number: str
    hospital_code: str
    attempts: int  # this one included
    doubts: tuple[str, ...]  # identifiers under which it may be there already


async def put(connection: Connection, centre: str, referral: Referral) -> None:
    """Attach it to its mission, in the place of what was there."""
    values = {"centre": centre, **msgspec.structs.asdict(referral)}
    await connection.execute(sql.query("put_referral"), values)


async def update(connection: Connection, centre: str, referral: Referral) -> None:
    """Store what was read of it, unless another one has taken its place."""
    values = {"centre": centre, **msgspec.structs.asdict(referral)}
    await connection.execute(sql.query("read_referral"), values)


async def find(
    connection: Connection, centre: str, *, mission: str | None = None, read_before: datetime | None = None
) -> list[Referral]:
    """The one of a mission; or those of missions under way that may still change and were not read since."""
    values = {"centre": centre, "mission": mission, "read_before": read_before}
    cursor = await connection.execute(sql.query("referrals"), values)
    return [_referral(row) for row in await cursor.fetchall()]


def _referral(row: tuple[Any, ...]) -> Referral:
    mission, system, number, code, hospital, diagnosis, state, *rest = row
    return Referral(mission, system, number, code, hospital, diagnosis, None if state is None else State(state), *rest)


async def put_outgoing(connection: Connection, centre: str, referral: Referral, hospital: str, now: datetime) -> bool:
    """Have a hospital asked; False if that was asked before."""
    values = {
        "centre": centre, "mission": referral.mission, "system": referral.system, "number": referral.number,
        "hospital": hospital, "key": f"{referral.mission}/{referral.number}/{hospital}", "now": now,
    }  # fmt: skip
    return (await connection.execute(sql.query("put_outgoing"), values)).rowcount == 1


async def claim(connection: Connection, centre: str, systems: list[str], now: datetime) -> list[Outgoing]:
    """Take what is due for these systems, oldest first. Nobody else gets it before `LEASE` is over."""
    values = {"centre": centre, "systems": systems, "now": now, "until": now + LEASE}
    cursor = await connection.execute(sql.query("claim_outgoing"), values)
    rows = sorted(await cursor.fetchall())
    return [
        Outgoing(n, mission, system, number, hospital, attempts, tuple(doubts))
        for n, mission, system, number, hospital, attempts, doubts in rows
    ]


async def doubt(connection: Connection, n: int, identifier: str) -> None:
    """About to be sent under this identifier: from now on it may be there."""
    await connection.execute(sql.query("doubt_outgoing"), {"n": n, "identifier": identifier})


async def settle(
    connection: Connection,
    n: int,
    *,
    task: str | None = None,
    done_at: datetime | None = None,
    dead_at: datetime | None = None,
    due_at: datetime | None = None,
    certain: str | None = None,
    error: str = "",
) -> None:
    """What became of it: done, dead, or due again.

    Args:
        n: which.
        task, done_at: it is there, under this id.
        dead_at: nobody tries any more.
        due_at: when it is tried again.
        certain: an identifier of which it is known that nothing is there under it.
        error: what the other side said.
    """
    values = {
        "n": n, "task": task, "done_at": done_at, "dead_at": dead_at, "due_at": due_at, "certain": certain,
        "error": error,
    }  # fmt: skip
    await connection.execute(sql.query("settle_outgoing"), values)


async def outgoing(connection: Connection, centre: str, mission: str) -> list[dict[str, Any]]:
    """What hospitals were asked for a mission, oldest first, as rows for people."""
    cursor = await connection.execute(sql.query("outgoing_of_mission"), {"centre": centre, "mission": mission})
    names = ("hospital_code", "made_at", "attempts", "done_at", "dead_at", "error")
    return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
