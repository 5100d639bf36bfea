"""Areas whose coming and going is noted."""

from typing import Annotated

import msgspec
import shapely
from fastapi import APIRouter, HTTPException, Query, Request, Response
from msgspec import Meta

from gateway.http import vocabulary
from gateway.http.agencies import GONE, Title
from gateway.http.closures import Corner
from gateway.http.incidents import checked
from gateway.http.pages import Cursor, Limit, page
from gateway.http.requests import Id
from gateway.http.versions import OUTDATED, Expected, tagged
from gateway.http.world import ManagesRegister, SeesUnits, TheWorld, answer, body, documented, documented_body
from gateway.storage.register import PassedBy
from tracker.register import Geofence

router = APIRouter(prefix="/api/v1", tags=["geofences"])


class NewGeofence(msgspec.Struct, forbid_unknown_fields=True):
    """An area. Without units and agencies it is for all units."""

    name: Title
    kind: Id
    polygon: Annotated[list[Corner], Meta(min_length=3, max_length=2000, description="its corners, in order")]
    units: Annotated[list[Id], Meta(max_length=5000)] = []
    agencies: Annotated[list[Id], Meta(max_length=100)] = []


class GeofenceView(msgspec.Struct, frozen=True):
    """An area as it stands."""

    id: str
    name: str
    kind: str
    polygon: list[Corner]
    units: tuple[str, ...]
    agencies: tuple[str, ...]  # with `units` empty too: it is for all units
    version: int


class Geofences(msgspec.Struct):
    """By id."""

    geofences: list[GeofenceView]
    next_cursor: str | None


class Passings(msgspec.Struct):
    """Newest first."""

    events: list[PassedBy]


def _view(fence: Geofence) -> GeofenceView:
    corners = [Corner(*corner) for corner in fence.polygon]
    return GeofenceView(fence.id, fence.name, fence.kind, corners, fence.units, fence.agencies, fence.version)


@router.get("/geofences", responses=documented(Geofences, "a page, by id"))
async def list_geofences(_: SeesUnits, world: TheWorld, limit: Limit = 200, cursor: Cursor = None) -> Response:
    """All geofences of the centre."""
    await world.register.load()
    rows, more = page(list(world.register.geofences.values()), lambda each: each.id, limit, cursor)
    return answer(Geofences([_view(fence) for fence in rows], more))


@router.get("/geofences/{geofence}", responses=documented(GeofenceView, "the geofence"))
async def show_geofence(_: SeesUnits, world: TheWorld, geofence: str) -> Response:
    """One geofence."""
    await world.register.at_hand()
    found = world.register.geofences.get(geofence)
    if found is None:
        raise HTTPException(404, f"centre {world.centre} has no geofence {geofence!r}")
    return tagged(_view(found), found.version)


@router.put(
    "/geofences/{geofence}",
    responses={**documented(GeofenceView, "as it is now"), **OUTDATED},
    openapi_extra=documented_body(NewGeofence),
)
async def put_geofence(
    _: ManagesRegister, world: TheWorld, request: Request, geofence: str, expected: Expected
) -> Response:
    """Make a geofence, or change it. A unit that is inside then comes in with its next fixes."""
    new = await body(request, NewGeofence)
    corners = tuple((corner.latitude, corner.longitude) for corner in new.polygon)
    area = shapely.Polygon([(longitude, latitude) for latitude, longitude in corners])
    if not area.is_valid or area.area == 0:
        raise HTTPException(422, "`polygon` is no area: its sides cross, or its corners lie on one line")
    fence = Geofence(
        checked(geofence), new.name, new.kind, corners, tuple(dict.fromkeys(new.units)),
        await vocabulary.agencies(world, new.agencies),
    )  # fmt: skip
    put = await world.register.put_geofence(fence, expected)
    return tagged(_view(put), put.version)


@router.delete("/geofences/{geofence}", responses=GONE, status_code=204)
async def drop_geofence(_: ManagesRegister, world: TheWorld, geofence: str, expected: Expected) -> Response:
    """Take a geofence away. Who came and went is kept."""
    await world.register.drop_geofence(checked(geofence), expected)
    return Response(status_code=204)


@router.get("/geofences/{geofence}/events", responses=documented(Passings, "newest first"))
async def list_passings(
    _: SeesUnits, world: TheWorld, geofence: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """Which units came into it and left it; also of one that is not there any more."""
    return answer(Passings(await world.register.noted(checked(geofence), limit)))
