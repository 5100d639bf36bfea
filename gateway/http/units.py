"""Units and their tracks."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response

from gateway.feeds.live import Position, UnitState, position
from gateway.http.pages import read_time_cursor, write_time_cursor
from gateway.http.world import SeesUnits, TheWorld, World, answer, aware, documented
from gateway.storage import fixes

router = APIRouter(prefix="/api/v1", tags=["units"])

DEFAULT_SPAN = timedelta(hours=24)
FIRST = datetime.min.replace(tzinfo=UTC)


LENT = "{unit} is lent: where it was is shown with its owner's consent, on duty and on missions"


class Units(msgspec.Struct):
    """All units of the centre."""

    server_time: datetime
    units: list[UnitState]


class TrackPoint(Position, frozen=True):
    """A stored fix, with what names it in the receipts; both None for devices without receipts."""

    outbox: str | None
    seq: int | None  # within the outbox


class Track(msgspec.Struct):
    """A page of a unit's fixes, rising by fix time."""

    unit: str
    fixes: list[TrackPoint]
    next_cursor: str | None  # give it back as ``cursor`` for the next page; None on the last
    withheld_because: str | None = None  # why some or all fixes are not there; None: all are


def _known(world: World, unit: str) -> UnitState:
    state = world.live.state(unit)
    if state is None:
        raise HTTPException(404, f"centre {world.centre} has no unit {unit!r}; GET /api/v1/units lists those it has")
    return state


@router.get("/units", responses=documented(Units, "every unit, with or without a position"))
async def list_units(_: SeesUnits, world: TheWorld) -> Response:
    """Every unit with its newest usable fix; the age is ``server_time - position.fix_time``."""
    return answer({"server_time": world.now(), "units": world.live.states()})


@router.get("/units/{unit}/fixes", responses=documented(Track, "a page of the track"))
async def list_fixes(
    _: SeesUnits,
    world: TheWorld,
    unit: str,
    start: Annotated[datetime | None, Query(alias="from", description="RFC 3339; 24 h before `to` if absent")] = None,
    end: Annotated[datetime | None, Query(alias="to", description="RFC 3339, exclusive; now if absent")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The unit's stored fixes, the suspect ones with their flags, each source a track of its own. Of a lent unit there
    are those on duty and on missions, since its owner's consent; so a page may have few fixes, or none, and a next."""
    _known(world, unit)
    end = aware("to", end) or world.now()
    start = aware("from", start) or max(end, FIRST + DEFAULT_SPAN) - DEFAULT_SPAN
    at, of = read_time_cursor(cursor)
    after = None if at is None else (at, of)
    async with world.pool.connection() as connection:
        found = await fixes.page(connection, world.centre, unit, start, end, limit, after)
        visible = await world.neighbours.owners.visible(connection, unit, start, end)
    points = [
        TrackPoint(**msgspec.structs.asdict(position(f.source, f.fix, f.received_at)), outbox=f.outbox, seq=f.sequence)
        for f in found
        if visible is None or visible(f.fix.time)
    ]
    more = write_time_cursor(found[-1].fix.time, found[-1].source) if len(found) == limit else None
    return answer(Track(unit, points, more, None if visible is None else LENT.format(unit=unit)))
