"""When units arrive, how they drive, how far they come, and how well that was foretold."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import shapely
from fastapi import APIRouter, HTTPException, Query, Request, Response

from gateway.http.missions import known
from gateway.http.requests import MatrixRequest, place_of
from gateway.http.world import (
    SeesUnits,
    TheWorld,
    World,
    answer,
    body,
    documented,
    documented_body,
)
from gateway.services.drive import Followed
from gateway.services.estimate_units import Arrival, arrivals
from gateway.services.network import Position
from tracker.eta.plan import Plan
from tracker.eta.speeds import Driving
from tracker.eta.straight_line import Estimate
from tracker.missions import Place, Urgency

router = APIRouter(prefix="/api/v1", tags=["eta"])

MOST_CELLS = 10_000
"""Units times places of one request: more would keep everybody else waiting."""

MOST_MINUTES = 120
GEOJSON = {"application/json": {"schema": {"type": "object", "properties": {"type": {"type": "string"}}}}}


class Matrix(msgspec.Struct):
    """A row for each unit, in it an arrival for each place in the order asked."""

    server_time: datetime
    rows: list[list[Arrival]]


class RouteLeg(msgspec.Struct, frozen=True):
    """A stop that is left, and the way to it."""

    leg: str  # to-scene, to-hospital, to-place
    place: str  # its name, or ""
    latitude: float
    longitude: float
    at: datetime | None  # when the arrival time was told; None: not yet
    eta_s: Estimate | None  # seconds after `at`; of the hospital with the stay at the scene
    unknown_because: str | None
    source: str | None  # road, straight-line, last-known
    model: str | None  # version of what made it
    length_m: float | None  # of the way, from where it was planned or from the stop before
    geometry: dict[str, Any] | None  # GeoJSON LineString; None where there is no route over roads
    streets: list[dict[str, Any]]


@router.get("/eta", responses=documented(Arrival, "an estimate, or unknown and why"))
async def estimate_arrival(
    _: SeesUnits,
    world: TheWorld,
    unit: str,
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    urgency: Urgency = Urgency.EMERGENCY,
) -> Response:
    """When the unit would reach a point if it left now. Unknown, and never 0, when its position is too old to say."""
    known(world, unit)
    return answer((await _arrivals(world, [unit], [Place(lat, lon)], urgency))[0][0])


@router.post(
    "/eta/matrix",
    responses=documented(Matrix, "arrivals of each unit at each place"),
    openapi_extra=documented_body(MatrixRequest),
)
async def estimate_matrix(_: SeesUnits, world: TheWorld, request: Request) -> Response:
    """Arrivals of many units at many places, as if each left now."""
    asked = await body(request, MatrixRequest)
    units = [state.unit for state in world.live.states()] if asked.units is None else asked.units
    for unit in units:
        known(world, unit)
    if len(units) * len(asked.places) > MOST_CELLS:
        raise HTTPException(422, f"{len(units)} units times {len(asked.places)} places is more than {MOST_CELLS}")
    rows = await _arrivals(world, units, [place_of(point) for point in asked.places], asked.urgency)
    return answer(Matrix(world.now(), rows))


@router.get("/units/{unit}/route", responses={200: {"description": "a GeoJSON Feature", "content": GEOJSON}})
async def show_route(_: SeesUnits, world: TheWorld, unit: str) -> Response:
    """The planned way of a unit to its next stop, as a GeoJSON Feature. ``properties.version`` is the
    ``eta.route_version`` of the live feed: fetch it again when that is another. The geometry is null where there is no
    route over roads. ``properties.legs`` are all stops that are left, the hospital behind the scene too, each with its
    way and its arrival time as it was last told (seconds after ``at``)."""
    known(world, unit)
    if why := world.arrivals.missions.why_not(unit):
        raise HTTPException(404, f"{why}: its way is shown to nobody")
    followed = world.arrivals.followed(unit)
    if followed is None or followed.mission.current is None:
        raise HTTPException(
            404, f"unit {unit} drives nowhere; PUT /api/v1/units/{unit}/destination gives it a destination"
        )
    legs = _legs(followed)
    properties = {
        "unit": unit, "mission": followed.mission.id, "leg": legs[0].leg,
        "version": followed.route_version if followed.plan is not None else None,
        "length_m": _length(followed.plan), "streets": _streets(followed.plan), "legs": legs,
    }  # fmt: skip
    return answer({"type": "Feature", "geometry": _line(followed.plan), "properties": properties})


def _legs(followed: Followed) -> list[RouteLeg]:
    """The stops that are left: the next one, and the hospital behind a scene."""
    mission, at = followed.mission, followed.mission.current or 0
    _, eta, _ = followed.shown()
    onward = None if eta is None else eta.onward
    plans = [followed.onward_plan] if followed.leg is None else [followed.plan, followed.onward_plan]
    times = [(None, None) if each is None else (each.eta_s, each.unknown_because) for each in (eta, onward)]
    return [
        RouteLeg(
            leg.kind.value, leg.place.name, leg.place.latitude, leg.place.longitude, None if eta is None else eta.at,
            *told, None if eta is None else eta.source, None if eta is None else eta.model, _length(plan), _line(plan),
            _streets(plan),
        )
        for leg, plan, told in zip(mission.legs[at:], plans, times, strict=False)
    ]  # fmt: skip


def _length(plan: Plan | None) -> float | None:
    return None if plan is None else plan.route.length


def _line(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    line = zip(plan.route.longitude.tolist(), plan.route.latitude.tolist(), strict=True)
    return {"type": "LineString", "coordinates": [[round(x, 6), round(y, 6)] for x, y in line]}


def _streets(plan: Plan | None) -> list[dict[str, Any]]:
    return [
        {"name": street.name, "begins_m": round(street.begins, 1), "length_m": round(street.length, 1)}
        for street in (() if plan is None else plan.route.streets)
    ]


@router.get("/isochrone", responses={200: {"description": "a GeoJSON FeatureCollection", "content": GEOJSON}})
async def show_isochrone(
    _: SeesUnits,
    world: TheWorld,
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    minutes: Annotated[list[float] | None, Query(description="once for each area; 5, 10 and 15 if absent")] = None,
    driving: Driving = Driving.LIGHTS,
) -> Response:
    """What can be reached from a point in so many minutes, as GeoJSON polygons, the largest first."""
    asked = sorted(set(minutes or (5.0, 10.0, 15.0)), reverse=True)
    if len(asked) > 10 or not all(0 < each <= MOST_MINUTES for each in asked):
        raise HTTPException(422, f"`minutes` are at most ten numbers above 0 and up to {MOST_MINUTES}")
    estimator = world.arrivals.estimator
    if estimator.network is None:
        raise HTTPException(404, "no region of roads is loaded here: `sigap roads build` makes one")
    areas = estimator.reachable(Position(lat, lon), [60 * each for each in asked], driving)
    if areas is None:
        raise HTTPException(404, "there is no road of this region near that point")
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(area),
            "properties": {"minutes": each, "driving": driving.value, "model": estimator.model},
        }
        for each, area in zip(asked, areas, strict=True)
    ]
    return answer({"type": "FeatureCollection", "features": features})


async def _arrivals(world: World, units: list[str], places: list[Place], urgency: Urgency) -> list[list[Arrival]]:
    return await arrivals(world.live, world.arrivals.estimator, units, places, urgency, world.now())
