"""Incidents and the centre's places."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from msgspec import UNSET

from gateway.http import vocabulary
from gateway.http.pages import Cursor, Limit, read_time_cursor, write_time_cursor
from gateway.http.requests import Id, IncidentChange, NewIncident, NewPlace, destination_of, place_of
from gateway.http.versions import OUTDATED, Expected, tagged
from gateway.http.world import (
    Dispatches,
    ManagesPlaces,
    SeesMissions,
    TheWorld,
    World,
    answer,
    body,
    documented,
    documented_body,
)
from gateway.services.centre import Outdated
from gateway.services.missions import new_id
from gateway.storage.incidents import CentrePlace
from tracker.errors import BadInput
from tracker.missions import Incident
from tracker.missions.duplicates import Duplicate
from tracker.wire.topics import checked_id

router = APIRouter(prefix="/api/v1", tags=["incidents"])


class Incidents(msgspec.Struct):
    """A page, newest first."""

    incidents: list[Incident]
    next_cursor: str | None = None


class Merge(msgspec.Struct, forbid_unknown_fields=True):
    """The incident that goes on."""

    into: Id


class Duplicates(msgspec.Struct):
    """The likeliest first."""

    duplicates: list[Duplicate]


NOT_CHANGED: dict[int | str, dict[str, Any]] = {
    409: {"description": "it would be closed with missions under way, or it was merged into another one"}
}
MERGED = "one of them was merged before, or the other is closed"


class Places(msgspec.Struct):
    """By id."""

    places: list[CentrePlace]


CREATED: dict[int | str, dict[str, Any]] = {
    201: {"description": "made now"},
    409: {"description": "the id is taken by another one"},
}


async def incident_of(world: World, new: NewIncident) -> Incident:
    """The incident that somebody opens now.

    Raises:
        HTTPException: 422, it says no urgency and its kind has none, no destination that can be found, or words that
            the centre does not know.
        Unknown: the centre has no such place.
    """
    urgency = new.urgency or world.incidents.urgency_of(new.kind)
    if urgency is None:
        raise HTTPException(422, "say an `urgency`: the centre's table has none for this kind")
    return Incident(
        new.id or new_id(), place_of(new.place), urgency, await destination_of(world, new.destination), world.now(),
        kind=new.kind, agencies=await vocabulary.agencies(world, new.agencies or ()),
        capabilities=await vocabulary.abilities(world, new.capabilities), notes=new.notes, exercise=new.exercise,
        reference=new.reference, condition=await vocabulary.condition(world, new.condition),
    )  # fmt: skip


@router.post(
    "/incidents",
    responses={**documented(Incident, "this very one was open before"), **CREATED},
    openapi_extra=documented_body(NewIncident),
)
async def open_incident(_: Dispatches, world: TheWorld, request: Request) -> Response:
    """Open an incident. Repeated with the same id and content it opens nothing twice."""
    new = await body(request, NewIncident)
    incident, made = await world.incidents.open(await incident_of(world, new))
    return tagged(incident, incident.version, 201 if made else 200)


@router.get("/incidents", responses=documented(Incidents, "newest first"))
async def list_incidents(
    _: SeesMissions,
    world: TheWorld,
    open_only: Annotated[bool, Query(alias="open")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Incidents of the centre, all or the open ones."""
    behind = read_time_cursor(cursor)
    found = await world.arrivals.missions.incidents(open_only=open_only, limit=limit + 1, behind=behind)
    more = write_time_cursor(found[limit - 1].opened_at, found[limit - 1].id) if len(found) > limit else None
    return answer(Incidents(found[:limit], more))


@router.get("/incidents/{incident}", responses=documented(Incident, "the incident"))
async def show_incident(_: SeesMissions, world: TheWorld, incident: str) -> Response:
    """One incident."""
    found = await world.arrivals.missions.incident(incident)
    return tagged(found, found.version)


@router.patch(
    "/incidents/{incident}",
    responses={**documented(Incident, "as it is now"), **OUTDATED, **NOT_CHANGED},
    openapi_extra=documented_body(IncidentChange),
)
async def change_incident(
    _: Dispatches, world: TheWorld, request: Request, incident: str, expected: Expected
) -> Response:
    """Change an incident. Another place goes to the crews that are on their way there, another destination to all that
    are not there yet. It is closed once its missions have ended, and what was merged into another one stays closed."""
    change = await body(request, IncidentChange)
    named = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    changes: dict[str, Any] = {name: value for name, value in named.items() if name != "closed"}
    if change.agencies is not UNSET:
        changes["agencies"] = await vocabulary.agencies(world, change.agencies)
    if change.capabilities is not UNSET:
        changes["capabilities"] = await vocabulary.abilities(world, change.capabilities)
    if change.condition is not UNSET:
        await vocabulary.condition(world, change.condition)
    if change.place is not UNSET:
        changes["place"] = place_of(change.place)
    if change.destination is not UNSET:
        changes["destination"] = await destination_of(world, change.destination)
    now = world.now()

    if change.closed is False and change.closed_as is not UNSET:
        raise HTTPException(422, "`closed_as` says why it is closed, and `closed` that it is not")

    def step(before: Incident) -> Incident:
        if expected not in (None, before.version):
            raise Outdated(f"incident {incident} has version {before.version} now: read it again, and change that")
        if change.closed is False:
            changes.update(closed_at=None, closed_as=None, duplicate_of=None)
        elif change.closed is True or change.closed_as is not UNSET:
            changes["closed_at"] = before.closed_at or max(now, before.opened_at)
        return msgspec.structs.replace(before, **changes)

    after = await world.incidents.change(incident, step, now)
    return tagged(after, after.version)


@router.post(
    "/incidents/{incident}/merge",
    responses={
        **documented(Incident, "the other one, with all that was the first one's"),
        409: {"description": MERGED},
    },
    openapi_extra=documented_body(Merge),
)
async def merge_incidents(_: Dispatches, world: TheWorld, request: Request, incident: str) -> Response:
    """Two incidents are one happening: missions and calls of the first go to the other, whose place counts."""
    into = (await body(request, Merge)).into
    kept = await world.incidents.merge(incident, into, world.now())
    return tagged(kept, kept.version)


@router.get("/incidents/{incident}/duplicates", responses=documented(Duplicates, "the likeliest first"))
async def list_duplicates(_: SeesMissions, world: TheWorld, incident: str) -> Response:
    """Incidents near this one in place and time, which may be the same happening."""
    found = await world.arrivals.missions.incident(incident)
    near = await world.incidents.duplicates(
        found.place, found.opened_at, kind=found.kind, but=found.id, exercise=found.exercise
    )
    return answer(Duplicates(near))


@router.get("/places", responses=documented(Places, "by id"))
async def list_places(
    _: SeesMissions, world: TheWorld, kind: Annotated[str | None, Query(max_length=32)] = None
) -> Response:
    """The centre's hospitals and other places, all or of one kind."""
    return answer(Places(await world.arrivals.missions.places(kind)))


def checked(place: str) -> str:
    """The id if it is one.

    Raises:
        HTTPException: 422.
    """
    try:
        return checked_id(place)
    except BadInput as error:
        raise HTTPException(422, error.detail) from error


@router.put(
    "/places/{place}", responses=documented(CentrePlace, "as it is now"), openapi_extra=documented_body(NewPlace)
)
async def put_place(_: ManagesPlaces, world: TheWorld, request: Request, place: str) -> Response:
    """Make a place, or change it. Missions under way keep the point they were given."""
    new = await body(request, NewPlace)
    made = CentrePlace(checked(place), new.kind, new.name, new.latitude, new.longitude)
    await world.arrivals.missions.put_place(made)
    await world.register.load()
    return answer(made)
