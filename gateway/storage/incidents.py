"""Incidents and the centre's places."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from gateway.storage import sql
from tracker.missions import ClosedAs, Incident, Place, Urgency

Connection = AsyncConnection[Any]


class CentrePlace(msgspec.Struct, frozen=True):
    """A hospital, a health centre: where units take people or wait."""

    id: str
    kind: str  # hospital, puskesmas, ...
    name: str
    latitude: float
    longitude: float


async def put_place(connection: Connection, centre: str, place: CentrePlace) -> None:
    """Make the place, or change it."""
    await connection.execute(sql.query("put_place"), {"centre": centre, **msgspec.structs.asdict(place)})


async def places(
    connection: Connection, centre: str, *, kind: str | None = None, place: str | None = None
) -> list[CentrePlace]:
    """The centre's places by id; those of one kind, or the one of this id."""
    cursor = await connection.execute(sql.query("places"), {"centre": centre, "kind": kind, "id": place})
    return [CentrePlace(*row) for row in await cursor.fetchall()]


def _values(centre: str, incident: Incident) -> dict[str, Any]:
    to = incident.destination
    return {
        "centre": centre, "id": incident.id, "urgency": incident.urgency.value,
        "latitude": incident.place.latitude, "longitude": incident.place.longitude, "name": incident.place.name,
        "destination": None if to is None else to.id,
        "destination_latitude": None if to is None else to.latitude,
        "destination_longitude": None if to is None else to.longitude,
        "destination_name": None if to is None else to.name,
        "opened_at": incident.opened_at, "closed_at": incident.closed_at, "kind": incident.kind,
        "agencies": list(incident.agencies), "capabilities": list(incident.capabilities), "notes": incident.notes,
        "exercise": incident.exercise, "member": incident.member, "reference": incident.reference,
        "closed_as": incident.closed_as, "duplicate_of": incident.duplicate_of, "condition": incident.condition,
        "version": incident.version,
    }  # fmt: skip


async def insert(connection: Connection, centre: str, incident: Incident) -> bool:
    """Store a new incident; False if its id is there already, and then nothing is changed."""
    return (await connection.execute(sql.query("insert_incident"), _values(centre, incident))).rowcount == 1


async def update(connection: Connection, centre: str, incident: Incident) -> bool:
    """Store an incident that was changed, its version one higher; False if somebody was faster: nothing is changed."""
    return (await connection.execute(sql.query("update_incident"), _values(centre, incident))).rowcount == 1


async def find(
    connection: Connection,
    centre: str,
    *,
    incident: str | None = None,
    open_only: bool = False,
    limit: int = 1000,
    behind: tuple[datetime | None, str] = (None, ""),
) -> list[Incident]:
    """Incidents of the centre, newest first; behind the one of this opening and id."""
    values: dict[str, Any] = {"centre": centre, "id": incident, "open_only": open_only, "limit": limit}
    values |= {"behind_at": behind[0], "behind_id": behind[1]}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.query("incidents"), values)
        return [_read(record) for record in await cursor.fetchall()]


async def origins(connection: Connection, centre: str, since: datetime, limit: int) -> list[tuple[float, float, int]]:
    """Where real incidents were since then, gathered in cells: (latitude, longitude, how many), the most first."""
    values = {"centre": centre, "since": since, "limit": limit}
    cursor = await connection.execute(sql.query("where_calls_come_from"), values)
    return [(latitude, longitude, int(count)) for latitude, longitude, count in await cursor.fetchall()]


async def of_reference(connection: Connection, centre: str, reference: str) -> str | None:
    """The incident that another system calls so, the oldest if there are several; None if there is none."""
    values = {"centre": centre, "reference": reference}
    row = await (await connection.execute(sql.query("incident_of_reference"), values)).fetchone()
    return None if row is None else str(row[0])


def _read(record: dict[str, Any]) -> Incident:
    destination = None
    if record["destination_latitude"] is not None:
        destination = Place(
            record["destination_latitude"], record["destination_longitude"], record["destination_name"] or "",
            record["destination"],
        )  # fmt: skip
    return Incident(
        record["id"], Place(record["latitude"], record["longitude"], record["name"]), Urgency(record["urgency"]),
        destination, record["opened_at"], record["closed_at"], record["kind"], tuple(record["agencies"]),
        tuple(record["capabilities"]), record["notes"], record["exercise"], record["member"], record["reference"],
        None if record["closed_as"] is None else ClosedAs(record["closed_as"]), record["duplicate_of"],
        record["condition"], record["version"],
    )  # fmt: skip
