"""Neighbouring centres, and what is handed over to them."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from msgspec import Meta

from gateway.http.incidents import checked
from gateway.http.requests import Id
from gateway.http.world import (
    Dispatches,
    ManagesPlaces,
    SeesMissions,
    TheWorld,
    answer,
    body,
    documented,
    documented_body,
)
from gateway.services.borders import Unreachable
from gateway.storage.borders import Handover, Neighbour

router = APIRouter(prefix="/api/v1", tags=["borders"])

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Url = Annotated[str, Meta(max_length=500, pattern=r"^https?://[^\s@\x00]+$", description="of its gateway")]


class NewNeighbour(msgspec.Struct, forbid_unknown_fields=True):
    """A centre beyond the border: with the address of its gateway, or as another centre in this one's database; and
    where incidents are its."""

    name: Text
    url: Url | None = None
    shares: Id | None = None
    area: Annotated[dict[str, Any], Meta(description="GeoJSON Polygon or MultiPolygon")] | None = None
    districts: Annotated[tuple[Text, ...], Meta(max_length=1000)] = ()


class NeighbourList(msgspec.Struct):
    """By id."""

    neighbours: list[Neighbour]


class NewHandover(msgspec.Struct, forbid_unknown_fields=True):
    """To whom, and who says so."""

    to: Id  # a neighbour, or a member of the province
    by: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")] = ""


@router.get("/neighbours", responses=documented(NeighbourList, "by id"))
async def list_neighbours(_: SeesMissions, world: TheWorld) -> Response:
    """The centres beyond the borders."""
    return answer(NeighbourList(await world.borders.neighbours()))


@router.put(
    "/neighbours/{neighbour}",
    responses=documented(Neighbour, "as it is now"),
    openapi_extra=documented_body(NewNeighbour),
)
async def put_neighbour(_: ManagesPlaces, world: TheWorld, request: Request, neighbour: str) -> Response:
    """Make a neighbour, or change it."""
    new = await body(request, NewNeighbour)
    if (new.url is None) == (new.shares is None):
        raise HTTPException(
            422, "a neighbour has either the `url` of its gateway, or `shares` this database as a centre"
        )
    if new.shares == world.centre:
        raise HTTPException(422, "a centre is not its own neighbour")
    made = Neighbour(id=checked(neighbour), **msgspec.structs.asdict(new))
    try:
        await world.borders.put(made)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    return answer(made)


@router.delete("/neighbours/{neighbour}", status_code=204, responses={404: {"description": "it is not on the list"}})
async def drop_neighbour(_: ManagesPlaces, world: TheWorld, neighbour: str) -> Response:
    """Take a neighbour off the list. What was handed over to it stays handed over."""
    await world.borders.drop(neighbour)
    return Response(status_code=204)


@router.post(
    "/incidents/{incident}/handover",
    responses={
        **documented(Handover, "the neighbour has it"),
        409: {"description": "another one has it, it is closed, our units are on their way, or the neighbour refuses"},
        503: {"description": "the neighbour does not answer; the incident stays ours"},
    },
    openapi_extra=documented_body(NewHandover),
)
async def hand_over(_: Dispatches, world: TheWorld, request: Request, incident: str) -> Response:
    """The neighbour opens the incident under the `reference` that is answered, and it is closed here as handed over.
    The same request again changes nothing; what is opened again here can be handed over again, to anybody. To another
    member of the province only the incident's member changes."""
    new = await body(request, NewHandover)
    try:
        return answer(await world.borders.hand_over(incident, new.to, new.by))
    except Unreachable as error:
        raise HTTPException(503, f"{new.to}: {error}", headers={"Retry-After": "10"}) from error


@router.get(
    "/incidents/{incident}/handover",
    responses={**documented(Handover, "how it stands"), 404: {"description": "it was handed over to nobody"}},
)
async def show_handover(_: SeesMissions, world: TheWorld, incident: str) -> Response:
    """How an incident stands at the neighbour, as that said last: its units, their states and arrival times."""
    return answer(await world.borders.handover(incident))
