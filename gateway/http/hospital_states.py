"""What hospitals tell of beds and doors, and whom each of them has to expect."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from msgspec import UNSET, Meta, UnsetType

from gateway.http.requests import Time, time_of
from gateway.http.world import (
    ManagesPlaces,
    SeesMissions,
    TheWorld,
    World,
    answer,
    aware,
    body,
    documented,
    documented_body,
)
from gateway.services.hospital_states import TakenIn, read_table, take_in
from gateway.services.inbound import Expected
from gateway.services.missions import Unknown
from tracker.errors import BadInput
from tracker.register import Facility
from tracker.register.have import read
from tracker.register.states import Told

router = APIRouter(prefix="/api/v1", tags=["facilities"])

REFUSED: dict[int | str, dict[str, Any]] = {
    422: {"description": "it cannot be read; nothing of it was taken"},
}


Because = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class State(msgspec.Struct, forbid_unknown_fields=True):
    """What is told of a hospital. What is not named stays; null is unknown, or open. With ``at`` a word that is older
    than the beds that are known changes nothing."""

    at: Time | None = None  # when it was so; now if absent
    beds: Annotated[int, Meta(ge=0, le=100_000)] | UnsetType | None = UNSET  # free
    diversion_because: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")] | UnsetType | None = (
        UNSET
    )
    diversion_until: Time | UnsetType | None = UNSET
    handover_s: Annotated[float, Meta(ge=0, le=7 * 86400)] | UnsetType | None = UNSET


class Inbound(msgspec.Struct):
    """Soonest first; unknown ones last."""

    server_time: datetime
    facility: str
    inbound: list[Expected]


@router.put(
    "/facilities/{place}/state", responses=documented(Facility, "as it is now"), openapi_extra=documented_body(State)
)
async def put_state(_: ManagesPlaces, world: TheWorld, request: Request, place: str) -> Response:
    """Beds, diversion and handover of a hospital as they are now. Whoever is on the way to a hospital that closes is
    told of by an alarm, with the next best hospital."""
    given = await body(request, State)
    at = time_of(world, given.at)
    changes = {
        name: value for name, value in msgspec.structs.asdict(given).items() if name != "at" and value is not UNSET
    }
    if "beds" in changes:
        changes["beds_at"] = at
    if "diversion_until" in changes:
        changes["diversion_until"] = aware("diversion_until", changes["diversion_until"])
    if changes.get("diversion_because", UNSET) is None:
        changes["diversion_until"] = None

    def step(before: Facility | None) -> Facility:
        if before is None:
            raise Unknown(f"centre {world.centre} has no facility {place!r}")
        late = given.at is not None and before.beds_at is not None and at < before.beds_at
        return before if late else msgspec.structs.replace(before, **changes)

    after = await world.register.change_facility(place, step)
    world.inbound.wake()
    return answer(after)


@router.post(
    "/facilities/have",
    responses={**documented(TakenIn, "what came of it"), **REFUSED},
    openapi_extra={"requestBody": {"required": True, "content": {"application/xml": {"schema": {"type": "string"}}}}},
)
async def take_have(_: ManagesPlaces, world: TheWorld, request: Request) -> Response:
    """EDXL-HAVE 2.0 (1.0 too): free beds, whether a hospital takes patients, how long crews wait there."""
    return await _take(world, request, read)


@router.post(
    "/facilities/beds",
    responses={**documented(TakenIn, "what came of it"), **REFUSED},
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def take_table(_: ManagesPlaces, world: TheWorld, request: Request) -> Response:
    """The same as a CSV table with a header: facility (or name), beds, open, because, until, handover_s, at."""
    return await _take(world, request, read_table)


async def _take(world: World, request: Request, reader: Callable[[bytes], list[Told]]) -> Response:
    payload = await request.body()
    try:
        told = reader(payload)
    except BadInput as error:
        raise HTTPException(422, error.detail) from error
    outcome = await take_in(world.register, told, world.now())
    world.inbound.wake()
    return answer(outcome)


@router.get("/facilities/{place}/inbound", responses=documented(Inbound, "whom it has to expect"))
async def list_inbound(_: SeesMissions, world: TheWorld, place: str) -> Response:
    """The patients that are on the way to a hospital: which unit, how urgent, and when. Nobody is named."""
    await world.register.facility(place)
    return answer(Inbound(world.now(), place, world.inbound.of(place)))
