"""Owners who lend units to the centre: their consent, their units, and the weekly duty of each."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from msgspec import Meta

from gateway.http.requests import Id
from gateway.http.world import (
    Dispatches,
    SeesUnits,
    TheWorld,
    World,
    answer,
    body,
    documented,
    documented_body,
)
from gateway.services.consent_text import VERSION
from gateway.storage.owners import Owner
from gateway.storage.phones import Consent
from tracker.duty import BadWindows
from tracker.errors import BadInput
from tracker.wire.topics import checked_id

router = APIRouter(prefix="/api/v1", tags=["neighbours"])

Words = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class OwnerSaid(msgspec.Struct, forbid_unknown_fields=True):
    """An owner and its units. A unit that another owner had goes over to this one."""

    name: Words
    units: Annotated[list[Id], Meta(max_length=10_000)] = []


class ConsentSaid(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody consents for an owner: that the centre stores and uses where its units are, on duty."""

    person: Words
    version: Words = VERSION  # of the text


class WindowsSaid(msgspec.Struct, forbid_unknown_fields=True):
    """Weekly duty in the centre's time zone, like ``mon-fri 06:00-18:00, sat 20:00-02:00``; "" is none."""

    windows: Annotated[str, Meta(max_length=1000)]


class LentUnit(msgspec.Struct):
    """A unit of an owner's."""

    unit: str
    on_duty: bool | None
    why_not: str | None  # why dispatch neither sees nor sends it; None: it does


class OwnerView(msgspec.Struct):
    """An owner as it stands."""

    id: str
    name: str
    consent: Consent | None
    units: list[LentUnit]


class OwnerList(msgspec.Struct):
    """By id."""

    owners: list[OwnerView]


def _view(world: World, owner: Owner) -> OwnerView:
    lent = world.neighbours.owners
    units = [LentUnit(unit, lent.on_duty(unit), lent.why_not(unit)) for unit in owner.units]
    return OwnerView(owner.id, owner.name, owner.consent, units)


@router.get("/owners", responses=documented(OwnerList, "by id"))
async def list_owners(_: SeesUnits, world: TheWorld) -> Response:
    """Who lends which units, and which of them may be sent now."""
    return answer(OwnerList([_view(world, owner) for owner in world.neighbours.owners.owners.values()]))


@router.put(
    "/owners/{owner}", responses=documented(OwnerView, "as it is now"), openapi_extra=documented_body(OwnerSaid)
)
async def put_owner(_: Dispatches, world: TheWorld, request: Request, owner: str) -> Response:
    """Make an owner or change it. Without its consent its units are seen by nobody."""
    try:
        checked_id(owner)
    except BadInput as error:
        raise HTTPException(422, error.detail) from None
    said = await body(request, OwnerSaid)
    return answer(_view(world, await world.neighbours.owners.put(owner, said.name, said.units)))


@router.put(
    "/owners/{owner}/consent",
    responses=documented(OwnerView, "as it is now"),
    openapi_extra=documented_body(ConsentSaid),
)
async def give_consent(_: Dispatches, world: TheWorld, request: Request, owner: str) -> Response:
    """Record an owner's consent."""
    said = await body(request, ConsentSaid)
    return answer(_view(world, await world.neighbours.owners.consent(owner, said.person, said.version)))


@router.delete("/owners/{owner}/consent", responses=documented(OwnerView, "as it is now"))
async def withdraw_consent(_: Dispatches, world: TheWorld, owner: str) -> Response:
    """The owner's consent ends: from now on nobody sees its units."""
    return answer(_view(world, await world.neighbours.owners.withdraw(owner)))


@router.put(
    "/units/{unit}/duty/windows",
    responses=documented(WindowsSaid, "what holds from now on"),
    openapi_extra=documented_body(WindowsSaid),
)
async def put_windows(_: Dispatches, world: TheWorld, request: Request, unit: str) -> Response:
    """Set the weekly duty of a unit that is lent."""
    said = await body(request, WindowsSaid)
    try:
        await world.neighbours.owners.windows(unit, said.windows, "centre")
    except BadWindows as error:
        raise HTTPException(422, str(error)) from None
    return answer(said)
