"""How a centre works, as it has changed it since its profile: rules, table of procedures, command, exercises."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.missions import Urgency
from tracker.regions import Escalation, Labels

Connection = AsyncConnection[Any]


class Rules(msgspec.Struct, frozen=True):
    """What happens by itself, and the centre's words."""

    version: int
    escalation: Escalation
    labels: Labels | None  # None: it has no words of its own


class CentreSop(msgspec.Struct, frozen=True):
    """A row of the table: who goes to what, by which procedure."""

    kind: str
    name: str
    agencies: tuple[str, ...]  # the first leads
    sop: str | None = None  # where the procedure stands; None: the centre has not said
    urgency: Urgency | None = None  # of a call of this kind unless somebody says another
    version: int = 1


class Held(msgspec.Struct, frozen=True):
    """Who commands the centre, since when, and who said so."""

    holder: str
    since: datetime
    said_by: str  # "" is the profile


class Exercise(msgspec.Struct, frozen=True):
    """While it runs, what is reported is not real."""

    id: str
    name: str
    started_at: datetime
    ended_at: datetime | None = None


def _values(centre: str, rules: Rules, at: datetime) -> dict[str, Any]:
    labels = None if rules.labels is None else msgspec.json.encode(rules.labels).decode()
    escalation = msgspec.json.encode(rules.escalation).decode()
    return {"centre": centre, "version": rules.version, "escalation": escalation, "labels": labels, "at": at}


async def begin(connection: Connection, centre: str, rules: Rules, at: datetime) -> bool:
    """Begin with these; False if the centre has some, and then nothing is changed."""
    return (await connection.execute(sql.query("begin_centre_rules"), _values(centre, rules, at))).rowcount == 1


async def rules(connection: Connection, centre: str) -> Rules | None:
    """The centre's; None: nobody has begun."""
    row = await (await connection.execute(sql.query("centre_rules"), {"centre": centre})).fetchone()
    if row is None:
        return None
    version, escalation, labels = row
    return Rules(
        version,
        msgspec.json.decode(escalation, type=Escalation),
        None if labels is None else msgspec.json.decode(labels, type=Labels),
    )


async def change(connection: Connection, centre: str, changed: Rules, at: datetime) -> bool:
    """Change the rules; False if ``changed.version`` is not theirs any more."""
    values = _values(centre, changed, at)
    return (await connection.execute(sql.query("change_centre_rules"), values)).rowcount == 1


async def sops(connection: Connection, centre: str) -> list[CentreSop]:
    """The table, by kind."""
    cursor = await connection.execute(sql.query("sops"), {"centre": centre})
    return [
        CentreSop(kind, name, tuple(agencies), sop, None if urgency is None else Urgency(urgency), version)
        for kind, name, agencies, sop, urgency, version in await cursor.fetchall()
    ]


async def put_sop(connection: Connection, centre: str, sop: CentreSop) -> None:
    """Make a row, or change it; its version is the table's own affair."""
    values = {
        "centre": centre, "kind": sop.kind, "name": sop.name, "agencies": list(sop.agencies), "sop": sop.sop,
        "urgency": sop.urgency,
    }  # fmt: skip
    await connection.execute(sql.query("put_sop"), values)


async def drop_sop(connection: Connection, centre: str, kind: str) -> bool:
    """Take a row out; False if there is none."""
    return (await connection.execute(sql.query("drop_sop"), {"centre": centre, "kind": kind})).rowcount == 1


async def held(connection: Connection, centre: str, limit: int) -> list[Held]:
    """Who commanded, the newest first."""
    cursor = await connection.execute(sql.query("commands_held"), {"centre": centre, "limit": limit})
    return [Held(*row) for row in await cursor.fetchall()]


async def hand_over(connection: Connection, centre: str, to: Held) -> None:
    """From now on this one commands."""
    await connection.execute(sql.query("hand_over_command"), {"centre": centre, **msgspec.structs.asdict(to)})


async def exercises(connection: Connection, centre: str, limit: int) -> list[Exercise]:
    """The newest first; one without an end is running."""
    cursor = await connection.execute(sql.query("exercises"), {"centre": centre, "limit": limit})
    return [Exercise(*row) for row in await cursor.fetchall()]


async def begin_exercise(connection: Connection, centre: str, exercise: Exercise) -> bool:
    """Begin one; False if another is running, or had its id."""
    values = {"centre": centre, "id": exercise.id, "name": exercise.name, "at": exercise.started_at}
    return (await connection.execute(sql.query("begin_exercise"), values)).rowcount == 1


async def end_exercise(connection: Connection, centre: str, at: datetime) -> Exercise | None:
    """End the one that runs; None if there is none."""
    row = await (await connection.execute(sql.query("end_exercise"), {"centre": centre, "at": at})).fetchone()
    return None if row is None else Exercise(*row)
