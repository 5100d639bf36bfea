"""Where units are, for other systems, in the shapes that they read: GTFS-Realtime, GeoJSON, EIDO."""

from typing import Any

from fastapi import APIRouter, Response

from gateway.feeds import eido, geojson, gtfs
from gateway.feeds.positions import UnitPosition, position_of
from gateway.http.world import SeesUnits, TheWorld, World, answer, documented

router = APIRouter(prefix="/api/v1/feeds", tags=["feeds"])

PROTOBUF: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "a FeedMessage",
        "content": {gtfs.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "a FeatureCollection",
        "content": {
            geojson.CONTENT_TYPE: documented(geojson.UnitCollection, "")[200]["content"]["application/json"],
        },
    }
}


def _units(world: World) -> list[UnitPosition]:
    now = world.now()
    return [position_of(state, now) for state in world.live.states()]


@router.get("/gtfs-realtime/vehicle-positions", responses=PROTOBUF, response_class=Response)
@router.get("/gtfs-realtime/vehicle-positions.pb", responses=PROTOBUF, response_class=Response)
async def gtfs_realtime(_: SeesUnits, world: TheWorld) -> Response:
    """VehiclePositions of all units that have a position, as protobuf. How old each is, is in its time stamp."""
    return Response(gtfs.vehicle_positions(_units(world), world.now()), media_type=gtfs.CONTENT_TYPE)


@router.get("/units.geojson", responses=GEOJSON, response_class=Response)
async def units_geojson(_: SeesUnits, world: TheWorld) -> Response:
    """All units; each with fix time, age, quality, mission and arrival time."""
    found = answer(geojson.collection(_units(world), world.now()))
    found.headers["content-type"] = geojson.CONTENT_TYPE
    return found


@router.get("/eido", responses=documented(eido.EidoUnits, "all units"))
async def units_eido(_: SeesUnits, world: TheWorld) -> Response:
    """All units, with the names that NENA's EIDO has for their status, position and arrival time."""
    return answer(eido.units(_units(world), world.now()))
