"""Agencies of the centre, and what is known of its units besides where they are."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from msgspec import Meta

from gateway.http.incidents import checked
from gateway.http.pages import Cursor, Limit, page
from gateway.http.requests import Id, Time
from gateway.http.versions import OUTDATED, Expected, tagged
from gateway.http.world import (
    ManagesRegister,
    SeesMissions,
    TheWorld,
    World,
    answer,
    aware,
    body,
    documented,
    documented_body,
)
from gateway.services.missions import Clash
from tracker.register import Agency, UnitDetails

router = APIRouter(prefix="/api/v1", tags=["register"])

Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*\S[^\x00]*$")]
Capabilities = Annotated[list[Id], Meta(max_length=50)]


class NewAgency(msgspec.Struct, forbid_unknown_fields=True):
    """Who owns units, and is sent for."""

    name: Title
    kind: Id


class Agencies(msgspec.Struct):
    """By id."""

    agencies: list[Agency]
    next_cursor: str | None


class NewDetails(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of a unit; what is not named is unknown."""

    agency: Id | None = None
    capabilities: Capabilities = []
    crew: Annotated[int, Meta(ge=0, le=100, description="people on board")] | None = None
    crew_until: Annotated[Time, Meta(description="end of the hours that the crew may work")] | None = None
    home: Annotated[Id, Meta(description="a facility")] | None = None
    turnout_s: Annotated[float, Meta(ge=0, le=86400, description="from assignment until it moves")] | None = None
    shifts: (
        Annotated[str, Meta(max_length=1000, description="weekly, mon-fri 06:00-18:00, sat 20:00-02:00; null: always")]
        | None
    ) = None
    member: Annotated[Id, Meta(description="a province's member centre")] | None = None


class ListOfDetails(msgspec.Struct):
    """By unit."""

    units: list[UnitDetails]
    next_cursor: str | None


GONE: dict[int | str, dict[str, Any]] = {204: {"description": "it is gone"}, **OUTDATED}


@router.get("/agencies", responses=documented(Agencies, "a page, by id"))
async def list_agencies(_: SeesMissions, world: TheWorld, limit: Limit = 200, cursor: Cursor = None) -> Response:
    """Who owns units of the centre, and is sent for."""
    await world.register.load()
    rows, more = page(list(world.register.agencies.values()), lambda each: each.id, limit, cursor)
    return answer(Agencies(rows, more))


@router.get("/agencies/{agency}", responses=documented(Agency, "the agency"))
async def show_agency(_: SeesMissions, world: TheWorld, agency: str) -> Response:
    """One agency."""
    await world.register.at_hand()
    found = world.register.agencies.get(agency)
    if found is None:
        raise HTTPException(404, f"centre {world.centre} has no agency {agency!r}")
    return tagged(found, found.version)


@router.put(
    "/agencies/{agency}",
    responses={**documented(Agency, "as it is now"), **OUTDATED},
    openapi_extra=documented_body(NewAgency),
)
async def put_agency(
    _: ManagesRegister, world: TheWorld, request: Request, agency: str, expected: Expected
) -> Response:
    """Make an agency, or change it."""
    new = await body(request, NewAgency)
    put = await world.register.put_agency(Agency(checked(agency), new.name, new.kind), expected)
    return tagged(put, put.version)


@router.delete(
    "/agencies/{agency}",
    responses={**GONE, 409: {"description": "it has units, commands, or is in a procedure"}},
    status_code=204,
)
async def drop_agency(_: ManagesRegister, world: TheWorld, agency: str, expected: Expected) -> Response:
    """Take an agency off the list. One that has units, commands, or is sent for by a procedure stays."""
    rules = world.centre_rules
    if rules.command is not None and rules.command.holder == agency:
        raise Clash(f"agency {agency} commands the centre: hand the command over first")
    if kinds := [sop.kind for sop in rules.sops.values() if agency in sop.agencies]:
        raise Clash(f"agency {agency} is sent to {', '.join(kinds)}: change those rows of /sops first")
    await world.register.drop_agency(checked(agency), expected)
    return Response(status_code=204)


@router.get("/unit-details", responses=documented(ListOfDetails, "a page, by unit"))
async def list_details(_: SeesMissions, world: TheWorld, limit: Limit = 200, cursor: Cursor = None) -> Response:
    """What is known of every unit; all null of those of which nobody said anything."""
    await world.register.load()
    units = sorted(state.unit for state in world.live.states())
    rows, more = page(units, str, limit, cursor)
    return answer(ListOfDetails([world.register.unit(unit) for unit in rows], more))


def _known(world: World, unit: str) -> str:
    if world.live.state(unit) is None:
        raise HTTPException(404, f"centre {world.centre} has no unit {unit!r}; GET /api/v1/units lists those it has")
    return unit


@router.get("/units/{unit}/details", responses=documented(UnitDetails, "what is known of it"))
async def show_details(_: SeesMissions, world: TheWorld, unit: str) -> Response:
    """What is known of a unit: whose it is, what it can do, who is on board, from where and when it drives."""
    await world.register.at_hand()
    details = world.register.unit(_known(world, unit))
    return tagged(details, details.version)


@router.put(
    "/units/{unit}/details",
    responses={**documented(UnitDetails, "as it is now"), **OUTDATED},
    openapi_extra=documented_body(NewDetails),
)
async def put_details(_: ManagesRegister, world: TheWorld, request: Request, unit: str, expected: Expected) -> Response:
    """Say what is known of a unit, all of it."""
    new = await body(request, NewDetails)
    details = UnitDetails(
        unit=_known(world, unit), agency=new.agency, capabilities=tuple(dict.fromkeys(new.capabilities)),
        crew=new.crew, crew_until=aware("crew_until", new.crew_until), home=new.home, turnout_s=new.turnout_s,
        shifts=new.shifts, member=new.member,
    )  # fmt: skip
    put = await world.register.put_unit(details, expected)
    return tagged(put, put.version)
