"""What was learned of speeds, model by model, and the finished drives that it is learned from."""

import itertools
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from gateway.storage import sql
from tracker.fix import UNUSABLE, Fix
from tracker.missions import By, LegKind, Urgency

Connection = AsyncConnection[Any]


class KeptModel(msgspec.Struct, frozen=True):
    """A stored speed model."""

    version: str
    made_at: datetime
    region: str  # whose roads it was learned on
    extract: str  # SHA-256 of the extract that those roads came from
    legs: int
    until: datetime | None  # when the youngest of them began
    report: dict[str, Any]  # what was used, what was left out and why, errors
    body: bytes  # for `tracker.eta.speeds.decode`


class FinishedLeg(msgspec.Struct, frozen=True):
    """A drive that came to its end."""

    mission: str
    ordinal: int
    unit: str
    unit_kind: str  # "" if the unit was struck off
    urgency: Urgency
    kind: LegKind
    started_at: datetime
    arrived_at: datetime
    arrived_by: By


async def put(connection: Connection, centre: str, model: KeptModel) -> None:
    """Store a model: the newest is the one in use. One that is there already becomes the newest again."""
    values = {"centre": centre, **msgspec.structs.asdict(model), "report": Jsonb(model.report)}
    await connection.execute(sql.query("put_speed_model"), values)


async def newest(connection: Connection, centre: str, limit: int = 1) -> list[KeptModel]:
    """The newest models, the newest first."""
    cursor = await connection.execute(sql.query("speed_models"), {"centre": centre, "limit": limit})
    return [KeptModel(*row) for row in await cursor.fetchall()]


async def newest_version(connection: Connection, centre: str) -> str | None:
    """Version of the newest model; None where there is none."""
    row = await (await connection.execute(sql.query("newest_speed_model"), {"centre": centre})).fetchone()
    return None if row is None else str(row[0])


async def take_turn(connection: Connection, centre: str) -> bool:
    """Whether we may learn: nobody else does. Two at once would only disturb each other; ours ends with the
    connection."""
    row = await (await connection.execute(sql.query("learning_turn"), {"centre": centre})).fetchone()
    return row is not None and bool(row[0])


async def finished_legs(
    connection: Connection, centre: str, since: datetime, until: datetime, limit: int
) -> list[FinishedLeg]:
    """The drives that arrived from ``since`` until before ``until``, the latest first."""
    values = {"centre": centre, "since": since, "until": until, "limit": limit}
    cursor = await connection.execute(sql.query("finished_legs"), values)
    return [
        FinishedLeg(mission, ordinal, unit, kind, Urgency(urgency), LegKind(leg), started_at, arrived_at, By(by))
        for mission, ordinal, unit, kind, urgency, leg, started_at, arrived_at, by in await cursor.fetchall()
    ]


async def fixes_of(connection: Connection, centre: str, leg: FinishedLeg) -> list[Fix]:
    """The usable fixes of a drive, rising: of the receiver that told most."""
    values = {
        "centre": centre, "unit": leg.unit, "unusable": int(UNUSABLE),
        "since": leg.started_at, "until": leg.arrived_at,
    }  # fmt: skip
    cursor = await connection.execute(sql.query("fixes_of_leg"), values)
    by_source = [list(rows) for _, rows in itertools.groupby(await cursor.fetchall(), key=lambda row: row[0])]
    return [
        Fix(time=time, latitude=latitude, longitude=longitude, speed=speed)
        for _, time, latitude, longitude, speed in max(by_source, key=len, default=[])
    ]
