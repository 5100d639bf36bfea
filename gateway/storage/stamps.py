"""What everybody said of units' statuses, what became of it, and how units stand after it.

A stamp is written by whoever learns of it, in the transaction of what it is made of (a report, a mission), and is stale
until it is judged. What corrects it writes it again under the same key. So nothing that was said can be forgotten by
whoever is killed between the two.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from gateway.storage import sql
from gateway.storage.reports import Row
from tracker.missions import Mission
from tracker.missions.stamping import stamps_of
from tracker.missions.statuses import Judged, Stamp, Standing, Status, Teller
from tracker.wire.reports import Answer, Emergency
from tracker.wire.reports import Status as StatusReport

Connection = AsyncConnection[Any]


class Kept(msgspec.Struct, frozen=True):
    """A stamp under the key of what it was made of."""

    key: str
    stamp: Stamp  # its device time is when it counts from: not before the mission that it names
    said_by: str
    device_time: datetime | None  # as the teller's clock had it
    withdrawn: bool
    refused_because: str | None
    stale: bool

    @property
    def order(self) -> datetime:
        """When it counts from."""
        return self.stamp.at


async def put(
    connection: Connection, centre: str, unit: str, key: str, stamp: Stamp, said_by: str = "", *, clamped: bool = True
) -> None:
    """Keep what somebody said, or says differently now. The same again changes nothing.

    Args:
        connection: in the transaction of what it is made of.
        centre: whose unit it is.
        unit: of whom it is said.
        key: of what it is made of.
        stamp: what was said.
        said_by: the dispatcher's name, or how the crew said it.
        clamped: it counts from the assignment of the mission that it names, should its clock say earlier.
    """
    values = {
        "centre": centre, "unit": unit, "key": key, "status": stamp.status.value, "teller": stamp.by.value,
        "said_by": said_by, "device_time": stamp.device_time, "server_time": stamp.server_time, "at": stamp.at,
        "mission": stamp.mission, "names": stamp.mission if clamped else None, "raised": stamp.raised,
    }  # fmt: skip
    await connection.execute(sql.query("put_stamp"), values)


async def put_reports(connection: Connection, centre: str, rows: Iterable[Row]) -> None:
    """Keep what crews said, in the transaction of their reports."""
    for row in sorted(rows, key=lambda each: (each.unit, each.outbox, each.sequence)):  # nobody waits in a circle
        found = _of_report(row)
        if found is not None:
            key, stamp, said_by = found
            await put(connection, centre, row.unit, key, stamp, said_by)


def _of_report(row: Row) -> tuple[str, Stamp, str] | None:
    """The stamp of a report: its key, itself, how it was said. A refusal is none: it ends the mission, which tells it.
    All repeats of an emergency are one."""
    report, key = row.report, f"report/{row.outbox}/{row.sequence}"
    if isinstance(report, StatusReport):
        return key, _said(row, Status(report.status.value), row.said_at, report.mission), report.source.value
    if isinstance(report, Answer) and report.accepted:
        return key, _said(row, Status.ACKNOWLEDGED, row.said_at, report.mission), report.source.value
    if isinstance(report, Emergency):
        at = min(report.since, row.said_at) if report.raised else row.said_at
        key = f"emergency/{report.since.isoformat()}/{'raised' if report.raised else 'over'}"
        return key, _said(row, Status.EMERGENCY, at, None, raised=report.raised), report.source.value
    return None


def _said(row: Row, status: Status, at: datetime, mission: str | None, *, raised: bool = True) -> Stamp:
    return Stamp(
        status=status, by=Teller.CREW, server_time=row.received_at, device_time=at, mission=mission, raised=raised
    )


async def put_mission(connection: Connection, centre: str, mission: Mission, learned_at: datetime) -> None:
    """Keep what a mission says of its unit, in the transaction that stores it; what it says no more is withdrawn."""
    await lock(connection, centre, mission.unit)
    told = stamps_of(mission, learned_at)
    for status, stamp in told.items():
        await put(connection, centre, mission.unit, key_of(mission.id, status), stamp, clamped=False)
    gone = [key_of(mission.id, status) for status in Status if status not in told]
    await connection.execute(sql.query("withdraw_stamps"), {"centre": centre, "unit": mission.unit, "keys": gone})


def key_of(mission: str, status: Status) -> str:
    """Of what a mission says itself."""
    return f"mission/{mission}/{status.value}"


async def lock(connection: Connection, centre: str, unit: str) -> None:
    """Be the only one, until the end of the transaction, who corrects or judges a unit's stamps."""
    await connection.execute(sql.query("lock_stamps"), {"centre": centre, "unit": unit})


async def stale(connection: Connection, centre: str) -> list[tuple[str, datetime]]:
    """Units with something to judge, and from when on."""
    return list(await (await connection.execute(sql.query("stale_stamps"), {"centre": centre})).fetchall())


async def since(connection: Connection, centre: str, unit: str, at: datetime) -> list[Kept]:
    """What was said of a unit from a time on, rising and locked."""
    return await _kept(connection, sql.query("stamps_since"), {"centre": centre, "unit": unit, "since": at})


async def newest(connection: Connection, centre: str, unit: str, limit: int) -> list[Kept]:
    """What was said of a unit, newest first."""
    return await _kept(connection, sql.query("stamps_of_unit"), {"centre": centre, "unit": unit, "limit": limit})


async def _kept(connection: Connection, query: LiteralString, values: Mapping[str, Any]) -> list[Kept]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, values)
        return [_read(record) for record in await cursor.fetchall()]


def _read(record: dict[str, Any]) -> Kept:
    stamp = Stamp(
        status=Status(record["status"]), by=Teller(record["teller"]), server_time=record["server_time"],
        device_time=record["at"], mission=record["mission"], raised=record["raised"],
    )  # fmt: skip
    return Kept(
        record["key"], stamp, record["said_by"], record["device_time"], record["withdrawn"],
        record["refused_because"], record["stale"],
    )  # fmt: skip


async def before(connection: Connection, centre: str, unit: str, at: datetime) -> Standing:
    """How a unit stood before a time."""
    values = {"centre": centre, "unit": unit, "since": at}
    row = await (await connection.execute(sql.query("standing_before"), values)).fetchone()
    return Standing() if row is None else _standing(row)


def _standing(row: tuple[Any, ...]) -> Standing:
    status, since, mission, emergency_since = row
    return Standing(Status(status), since, emergency_since is not None, mission, emergency_since)


async def judge(
    connection: Connection, centre: str, unit: str, verdicts: Mapping[str, tuple[Judged, Standing | None]]
) -> None:
    """Note what became of stamps, by their keys, and how the unit stood after each; None: it counts for nothing."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            sql.query("judge_stamp"),
            [
                {
                    "centre": centre,
                    "unit": unit,
                    "key": key,
                    "refused_because": judged.refused_because,
                    "after_status": None if after is None else after.status.value,
                    "after_since": None if after is None else after.since,
                    "after_mission": None if after is None else after.mission,
                    "after_emergency_since": None if after is None else after.emergency_since,
                }
                for key, (judged, after) in sorted(verdicts.items())
            ],
        )


async def standings(connection: Connection, centre: str, unit: str | None = None) -> dict[str, Standing]:
    """How units, or one of them, stood when it was told last."""
    cursor = await connection.execute(sql.query("standings"), {"centre": centre, "unit": unit})
    return {unit: _standing(tuple(rest)) for unit, *rest in await cursor.fetchall()}


async def put_standing(connection: Connection, centre: str, unit: str, standing: Standing) -> bool:
    """Keep how a unit stands; whether that is new."""
    values = {
        "centre": centre, "unit": unit, "status": standing.status.value, "since": standing.since,
        "mission": standing.mission, "emergency_since": standing.emergency_since,
    }  # fmt: skip
    return (await connection.execute(sql.query("put_standing"), values)).rowcount == 1
