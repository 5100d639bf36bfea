"""Neighbouring centres, and what was handed over to them."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.eta.straight_line import Estimate

Connection = AsyncConnection[Any]

PENDING, OPEN, CLOSED = "pending", "open", "closed"
"""The neighbour is being asked; has it; has closed it."""


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """A centre beyond the border. It has a gateway of its own, or shares this one's database."""

    id: str
    name: str
    url: str | None = None  # of its gateway
    shares: str | None = None  # its centre in this database
    area: dict[str, Any] | None = None  # GeoJSON Polygon or MultiPolygon: where incidents are its
    districts: tuple[str, ...] = ()  # likewise, by the names in the operator's file


class MissionAbroad(msgspec.Struct, frozen=True):
    """A neighbour's unit on an incident that it took over."""

    unit: str
    state: str  # assigned, at-scene, transporting, arrived, ended
    eta_s: Estimate | None = None  # seconds after `at`, to its next stop; None: unknown, or it is there
    at: datetime | None = None


class StatusAbroad(msgspec.Struct, frozen=True):
    """How an incident stands at the neighbour."""

    closed_at: datetime | None = None
    closed_as: str | None = None
    missions: tuple[MissionAbroad, ...] = ()


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that is a neighbour's now."""

    incident: str
    to: str
    reference: str  # its id over there
    by: str = ""
    at: datetime
    state: str  # pending, open, closed
    status: StatusAbroad = StatusAbroad()
    status_at: datetime | None = None  # None: it has not answered since


async def neighbours(connection: Connection, centre: str) -> list[Neighbour]:
    """All, by id."""
    cursor = await connection.execute(sql.query("neighbours"), {"centre": centre})
    return [
        Neighbour(
            id=id_, name=name, url=url, shares=shares, area=None if area is None else msgspec.json.decode(area),
            districts=tuple(districts),
        )
        for id_, name, url, shares, area, districts in await cursor.fetchall()
    ]  # fmt: skip


async def put_neighbour(connection: Connection, centre: str, neighbour: Neighbour) -> None:
    """Make one, or change it."""
    area = None if neighbour.area is None else msgspec.json.encode(neighbour.area).decode()
    values = msgspec.structs.asdict(neighbour) | {"centre": centre, "area": area}
    await connection.execute(sql.query("put_neighbour"), values | {"districts": list(neighbour.districts)})


async def drop_neighbour(connection: Connection, centre: str, neighbour: str) -> bool:
    """Take one off the list; False if it was not on it. What was handed over to it stays handed over."""
    return (await connection.execute(sql.query("drop_neighbour"), {"centre": centre, "id": neighbour})).rowcount == 1


async def handovers(
    connection: Connection, centre: str, *, incident: str | None = None, unsettled: bool = False
) -> list[Handover]:
    """The oldest first: of one incident, or those that are not closed yet."""
    values = {"centre": centre, "incident": incident, "unsettled": unsettled}
    cursor = await connection.execute(sql.query("handovers"), values)
    return [
        Handover(
            incident=of, to=to, reference=reference, by=by, at=at, state=state,
            status=msgspec.json.decode(status, type=StatusAbroad), status_at=status_at,
        )
        for of, to, reference, by, at, state, status, status_at in await cursor.fetchall()
    ]  # fmt: skip


async def put_handover(connection: Connection, centre: str, handover: Handover) -> None:
    """Keep it, or how it stands now."""
    values = {
        "centre": centre, "incident": handover.incident, "neighbour": handover.to, "reference": handover.reference,
        "said_by": handover.by, "at": handover.at, "state": handover.state, "status_at": handover.status_at,
        "status": msgspec.json.encode(handover.status).decode(),
    }  # fmt: skip
    await connection.execute(sql.query("put_handover"), values)


async def drop_handover(connection: Connection, centre: str, incident: str) -> None:
    """It did not come to it."""
    await connection.execute(sql.query("drop_handover"), {"centre": centre, "incident": incident})
