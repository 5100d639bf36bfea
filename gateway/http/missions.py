"""Missions, and destinations of units."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from msgspec import UNSET

from gateway.http.access import Object, Permission, require
from gateway.http.pages import Cursor, Limit, read_time_cursor, write_time_cursor
from gateway.http.requests import MissionChange, NewMission, UnitDestination, destination_of, time_of
from gateway.http.world import Dispatches, SeesMissions, TheWorld, World, answer, body, documented, documented_body
from gateway.services.missions import MissionView, view
from gateway.storage.missions import MissionEvent
from tracker.missions.crew import ComparedLeg

router = APIRouter(prefix="/api/v1", tags=["missions"])


class Times(msgspec.Struct):
    """Button and receiver side by side, for each leg."""

    legs: tuple[ComparedLeg, ...]


class Missions(msgspec.Struct):
    """A page, newest first."""

    missions: list[MissionView]
    next_cursor: str | None = None


class Events(msgspec.Struct):
    """In order."""

    events: list[MissionEvent]


class Taken(msgspec.Struct):
    """Whether there was anything to take back."""

    unit: str
    taken_back: bool


def known(world: World, unit: str) -> None:
    """Pass if the centre has this unit.

    Raises:
        HTTPException: 404.
    """
    if world.live.kind(unit) is None:
        raise HTTPException(404, f"centre {world.centre} has no unit {unit!r}; GET /api/v1/units lists those it has")


@router.post(
    "/missions",
    responses={
        **documented(MissionView, "this very one was there before"),
        201: {"description": "made now"},
        409: {"description": "the unit is on another mission, the incident is closed, or the id is taken"},
    },
    openapi_extra=documented_body(NewMission),
)
async def assign(_: Dispatches, world: TheWorld, request: Request) -> Response:
    """Send a unit to an incident, and on to the incident's hospital if one is chosen. A unit that was merely given a
    destination is free for it."""
    new = await body(request, NewMission)
    require(world.principal, Permission.DISPATCH, Object(world.centre, new.unit, incident=new.incident))
    known(world, new.unit)
    mission, made = await world.arrivals.missions.assign(
        new.id, new.unit, new.incident, new.urgency, world.now(), new.notes
    )
    return answer(view(mission), 201 if made else 200)


@router.get("/missions", responses=documented(Missions, "newest first"))
async def list_missions(
    _: SeesMissions,
    world: TheWorld,
    unit: Annotated[str | None, Query(max_length=32)] = None,
    incident: Annotated[str | None, Query(max_length=32)] = None,
    active: bool = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Missions of the centre that fit all that is named."""
    found = await world.arrivals.missions.missions(
        unit=unit, incident=incident, active=active, limit=limit + 1, behind=read_time_cursor(cursor)
    )
    more = write_time_cursor(found[limit - 1].assigned_at, found[limit - 1].id) if len(found) > limit else None
    return answer(Missions([view(mission) for mission in found[:limit]], more))


@router.get("/missions/{mission}", responses=documented(MissionView, "the mission"))
async def show_mission(_: SeesMissions, world: TheWorld, mission: str) -> Response:
    """One mission. Times by gps are of fixes, and late fixes correct them."""
    return answer(view(await world.arrivals.missions.mission(mission)))


@router.get("/missions/{mission}/events", responses=documented(Events, "in order"))
async def list_events(_: SeesMissions, world: TheWorld, mission: str) -> Response:
    """What happened on the drives: off-route, wrong-way, stalled, slipping; raised and cleared."""
    await world.arrivals.missions.mission(mission)
    return answer(Events(await world.arrivals.missions.events(mission)))


@router.get("/missions/{mission}/times", responses=documented(Times, "as each of those who tell it has it"))
async def show_times(_: SeesMissions, world: TheWorld, mission: str) -> Response:
    """When the unit arrived and left, by the crew's buttons and by its receiver, and how far they are apart. Crews
    press early, or forget: the difference is for people."""
    found = await world.arrivals.missions.mission(mission)
    return answer(Times(await world.arrivals.compared(found, world.now())))


@router.patch(
    "/missions/{mission}",
    responses={
        **documented(MissionView, "as it stands now"),
        409: {"description": "there is no such step from where it stands"},
    },
    openapi_extra=documented_body(MissionChange),
)
async def change_mission(_: Dispatches, world: TheWorld, request: Request, mission: str) -> Response:
    """Say where a mission stands, or choose another hospital. What receivers see does the former by itself."""
    change = await body(request, MissionChange)
    missions = world.arrivals.missions
    changed = await missions.mission(mission)
    if change.destination is not UNSET:
        changed = await missions.redirect(mission, await destination_of(world, change.destination))
    if change.notes is not UNSET:
        changed = await missions.annotate(mission, change.notes)
    if change.state is not UNSET:
        changed = await missions.step(mission, change.state, time_of(world, change.at))
    return answer(view(changed))


@router.put(
    "/units/{unit}/destination",
    responses={
        **documented(MissionView, "the mission that this is"),
        409: {"description": "the unit is on a mission to an incident"},
    },
    openapi_extra=documented_body(UnitDestination),
)
async def send(_: Dispatches, world: TheWorld, request: Request, unit: str) -> Response:
    """Give a unit a destination without an incident: a mission of one leg. It replaces the destination before; the same
    again changes nothing. The next mission to an incident replaces it."""
    known(world, unit)
    given = await body(request, UnitDestination)
    place = await destination_of(world, given)
    if place is None:
        raise AssertionError("a body that was read is a destination")
    return answer(view(await world.arrivals.missions.send(unit, place, given.urgency, world.now())))


@router.delete("/units/{unit}/destination", responses=documented(Taken, "whether there was one"))
async def recall(_: Dispatches, world: TheWorld, unit: str) -> Response:
    """Take a unit's destination back."""
    known(world, unit)
    return answer(Taken(unit, await world.arrivals.missions.recall(unit, world.now())))
