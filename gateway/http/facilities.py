"""Hospitals, health centres and other places: what they are, where lists say they are, and where they really are."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from msgspec import UNSET, Meta, UnsetType

from gateway.http.agencies import Capabilities, Title
from gateway.http.incidents import checked
from gateway.http.pages import Cursor, Limit, page
from gateway.http.requests import Latitude, Longitude
from gateway.http.versions import OUTDATED, Expected, tagged
from gateway.http.world import ManagesPlaces, SeesMissions, TheWorld, answer, body, documented, documented_body
from gateway.services.facilities import confirmed_at, confirmed_by_source, put
from tracker.register import Facility, Point
from tracker.register.points import SourcePoint

router = APIRouter(prefix="/api/v1", tags=["facilities"])


class NewFacility(msgspec.Struct, forbid_unknown_fields=True):
    """A facility. What is not named stays; of a new one kind, name and point are needed. A point that is named and is
    another one than before is confirmed by that."""

    kind: Annotated[str, Meta(pattern="^[a-z][a-z-]{0,31}$", description="hospital, puskesmas, ...")] | UnsetType = (
        UNSET
    )
    name: Title | UnsetType = UNSET
    latitude: Latitude | UnsetType = UNSET
    longitude: Longitude | UnsetType = UNSET
    grade: Annotated[str, Meta(pattern="^[A-Z][A-Z0-9 ]{0,19}$", description="class, A to D")] | UnsetType | None = (
        UNSET
    )
    capabilities: Capabilities | UnsetType = UNSET
    capacity: Annotated[int, Meta(ge=0, le=100_000, description="beds in all")] | UnsetType | None = UNSET
    district: Annotated[Title, Meta(description="name or code")] | UnsetType | None = UNSET


class Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """Where it is: where this source says, or here."""

    source: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00]*$")] | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class Facilities(msgspec.Struct):
    """A page of the list, by id."""

    facilities: list[Facility]
    next_cursor: str | None


class SourcePoints(msgspec.Struct):
    """What every source says of where a facility is, and what follows."""

    facility: Facility
    points: list[SourcePoint]


@router.get("/facilities", responses=documented(Facilities, "a page, by id"))
async def list_facilities(
    _: SeesMissions,
    world: TheWorld,
    kind: Annotated[str | None, Query(max_length=32)] = None,
    point: Annotated[Point | None, Query(description="only those whose point is so")] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    """The centre's facilities, also those that are held out of rankings (`point=doubtful`)."""
    await world.register.load()
    wanted = [
        each for each in world.register.facilities.values() if kind in (None, each.kind) and point in (None, each.point)
    ]
    rows, more = page(wanted, lambda each: each.id, limit, cursor)
    return answer(Facilities(rows, more))


@router.get("/facilities/{place}", responses=documented(Facility, "the facility"))
async def show_facility(_: SeesMissions, world: TheWorld, place: str) -> Response:
    """One facility."""
    found = await world.register.facility(place)
    return tagged(found, found.version)


@router.put(
    "/facilities/{place}",
    responses={**documented(Facility, "as it is now"), **OUTDATED},
    openapi_extra=documented_body(NewFacility),
)
async def put_facility(_: ManagesPlaces, world: TheWorld, request: Request, place: str, expected: Expected) -> Response:
    """Make a facility, or change it. Beds and diversion have a request of their own and do not count as a version."""
    new = await body(request, NewFacility)
    changes = {name: value for name, value in msgspec.structs.asdict(new).items() if value is not UNSET}
    if "capabilities" in changes:
        changes["capabilities"] = tuple(dict.fromkeys(changes["capabilities"]))
    if ("latitude" in changes) != ("longitude" in changes):
        raise HTTPException(422, "a point has both `latitude` and `longitude`")
    after = await put(world.register, checked(place), changes, expected, world.now())
    return tagged(after, after.version)


@router.get("/facilities/{place}/points", responses=documented(SourcePoints, "what the sources say"))
async def show_points(_: SeesMissions, world: TheWorld, place: str) -> Response:
    """What every source says of where it is, and what was found when that was checked."""
    points = await world.register.points(place)
    return answer(SourcePoints(await world.register.facility(place), points))


@router.post(
    "/facilities/{place}/confirm",
    responses={**documented(Facility, "as it is now"), **OUTDATED},
    openapi_extra=documented_body(Confirmation),
)
async def confirm(_: ManagesPlaces, world: TheWorld, request: Request, place: str, expected: Expected) -> Response:
    """Somebody of the centre has looked: it is where this source says, or at this point. From now on rankings use it,
    and no list changes it any more."""
    given = await body(request, Confirmation)
    now = world.now()
    if given.source is not None and given.latitude is None and given.longitude is None:
        after = await confirmed_by_source(world.register, place, given.source, expected, now)
    elif given.source is None and given.latitude is not None and given.longitude is not None:
        after = await confirmed_at(world.register, place, given.latitude, given.longitude, expected, now)
    else:
        raise HTTPException(422, "name either a `source`, or `latitude` and `longitude`")
    return tagged(after, after.version)
