"""Roads that are closed or slow for a while."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import UNSET, Meta, UnsetType

from gateway.http.requests import Id, Latitude, Longitude, Time
from gateway.http.world import (
    ManagesClosures,
    SeesUnits,
    TheWorld,
    World,
    answer,
    aware,
    body,
    documented,
    documented_body,
)
from gateway.services.closures import Effect
from gateway.storage.closures import KeptClosure
from tracker.roads.closures import Closure

router = APIRouter(prefix="/api/v1", tags=["closures"])


class Corner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point on the map."""

    latitude: Latitude
    longitude: Longitude


Reason = Annotated[str, Meta(min_length=1, max_length=200, description="flood, broken bridge, market, ...")]
Factor = Annotated[float, Meta(ge=1, lt=1000, description="driving takes so many times as long; null: closed")]
Area = Annotated[list[Corner], Meta(max_length=2000, description="corners of a polygon")]
Line = Annotated[list[Corner], Meta(max_length=2000, description="points along a road, or one point on it")]
Ways = Annotated[list[int], Meta(max_length=2000, description="ids of OpenStreetMap's ways")]


class NewClosure(msgspec.Struct, forbid_unknown_fields=True):
    """What is closed or slow: an area, the roads along a line, ways; of several, all of them. It holds from now on and
    until it is ended, unless times are given. With an id of the client's own the request may be repeated."""

    reason: Reason
    id: Id | None = None
    starts_at: Time | None = None
    ends_at: Time | None = None
    factor: Factor | None = None
    area: Area = []
    line: Line = []
    ways: Ways = []


class ClosureChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is not named stays. A null end is an open one, a null factor closes."""

    reason: Reason | UnsetType = UNSET
    starts_at: Time | UnsetType = UNSET
    ends_at: Time | UnsetType | None = UNSET
    factor: Factor | UnsetType | None = UNSET
    area: Area | UnsetType = UNSET
    line: Line | UnsetType = UNSET
    ways: Ways | UnsetType = UNSET


class ClosureView(msgspec.Struct, frozen=True):
    """A closure as it stands."""

    id: str
    reason: str
    state: str  # planned, holding, over
    starts_at: datetime
    ends_at: datetime | None  # None: until it is ended
    ended_at: datetime | None  # somebody ended it then, or took it back before it began
    factor: float | None  # driving takes so many times as long; None: closed
    area: list[Corner]
    line: list[Corner]
    ways: list[int]
    made_at: datetime
    effect: Effect | None  # on the roads that are loaded; None where none are


class ClosureViews(msgspec.Struct):
    """Latest start first."""

    server_time: datetime
    closures: list[ClosureView]


def _view(world: World, kept: KeptClosure) -> ClosureView:
    closure, now = kept.closure, world.now()
    state = "over" if kept.is_over(now) else "holding" if closure.holds_at(now) else "planned"
    area, line = ([Corner(*point) for point in points] for points in (closure.area, closure.line))
    return ClosureView(
        closure.id, closure.reason, state, closure.start, closure.end, kept.ended_at, closure.factor, area, line,
        list(closure.ways), kept.made_at, world.closures.effect(closure),
    )  # fmt: skip


def _points(corners: list[Corner]) -> tuple[tuple[float, float], ...]:
    return tuple((corner.latitude, corner.longitude) for corner in corners)


CREATED: dict[int | str, dict[str, Any]] = {
    201: {"description": "made now"},
    409: {"description": "the id is another closure's"},
    422: {"description": "it says nothing that could be acted on, or none of these roads is here"},
}


@router.post(
    "/closures",
    responses={**documented(ClosureView, "this very one was there before"), **CREATED},
    openapi_extra=documented_body(NewClosure),
)
async def make_closure(_: ManagesClosures, world: TheWorld, request: Request) -> Response:
    """Close roads, or say how slow they are. Routes and arrival times follow within a second; one that starts later
    starts by itself. Whoever is inside still gets an arrival time, at a walking pace, with a note that says so."""
    new = await body(request, NewClosure)
    now = world.now()
    closure = Closure(
        id=new.id or "", start=aware("starts_at", new.starts_at) or now, end=aware("ends_at", new.ends_at),
        area=_points(new.area), line=_points(new.line), ways=tuple(new.ways), factor=new.factor, reason=new.reason,
    )  # fmt: skip
    kept, made = await world.closures.make(closure, now, from_now=new.starts_at is None)
    return answer(_view(world, kept), 201 if made else 200)


@router.get("/closures", responses=documented(ClosureViews, "latest start first"))
async def list_closures(
    _: SeesUnits,
    world: TheWorld,
    everything: Annotated[bool, Query(alias="all", description="also those that are over")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """What is closed or slow, now or later."""
    found = await world.closures.closures(now=None if everything else world.now(), limit=limit)
    return answer(ClosureViews(world.now(), [_view(world, kept) for kept in found]))


@router.get("/closures/{closure}", responses=documented(ClosureView, "the closure"))
async def show_closure(_: SeesUnits, world: TheWorld, closure: str) -> Response:
    """One closure."""
    return answer(_view(world, await world.closures.closure(closure)))


@router.get(
    "/closures/{closure}/roads",
    responses={200: {"description": "a GeoJSON Feature", "content": {"application/json": {"schema": {}}}}},
)
async def show_roads(_: SeesUnits, world: TheWorld, closure: str) -> Response:
    """The pieces of road that a closure touches, as a GeoJSON Feature."""
    kept = await world.closures.closure(closure)
    lines = [line.round(6).tolist() for line in world.closures.shape(kept.closure)]
    geometry = {"type": "MultiLineString", "coordinates": lines} if lines else None
    view = _view(world, kept)
    properties = {"closure": view.id, "reason": view.reason, "state": view.state, "factor": view.factor}
    return answer({"type": "Feature", "geometry": geometry, "properties": properties})


@router.patch(
    "/closures/{closure}",
    responses={**documented(ClosureView, "as it stands now"), 409: {"description": "it was ended"}},
    openapi_extra=documented_body(ClosureChange),
)
async def change_closure(_: ManagesClosures, world: TheWorld, request: Request, closure: str) -> Response:
    """Change a closure: its roads, its times, how slow it is."""
    change = await body(request, ClosureChange)
    changes: dict[str, Any] = {}
    for name, field in (("reason", "reason"), ("factor", "factor")):
        if getattr(change, name) is not UNSET:
            changes[field] = getattr(change, name)
    for name, field in (("starts_at", "start"), ("ends_at", "end")):
        if getattr(change, name) is not UNSET:
            changes[field] = aware(name, getattr(change, name))
    for name in ("area", "line"):
        if getattr(change, name) is not UNSET:
            changes[name] = _points(getattr(change, name))
    if change.ways is not UNSET:
        changes["ways"] = tuple(change.ways)
    kept = await world.closures.change(closure, lambda before: msgspec.structs.replace(before, **changes), world.now())
    return answer(_view(world, kept))


@router.delete("/closures/{closure}", responses=documented(ClosureView, "as it ended"))
async def end_closure(_: ManagesClosures, world: TheWorld, closure: str) -> Response:
    """End a closure now, or take it back before it begins. It is kept, and listed with ``all=true``."""
    return answer(_view(world, await world.closures.end(closure, world.now())))
