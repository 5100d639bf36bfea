"""Which hospital for a patient, and what conditions ask of hospitals."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta

from gateway.http import vocabulary
from gateway.http.candidates import Capabilities
from gateway.http.incidents import checked
from gateway.http.requests import Id
from gateway.http.world import (
    ManagesPlaces,
    SeesMissions,
    TheWorld,
    answer,
    body,
    documented,
    documented_body,
)
from gateway.services.choose_hospital import HeldOut, Hospital
from tracker.recommend.conditions import Condition
from tracker.wire.topics import ID_PATTERN

router = APIRouter(prefix="/api/v1", tags=["dispatch"])


class HospitalsRanked(msgspec.Struct):
    """The best first."""

    server_time: datetime
    incident: str
    begins: str  # the unit that has the patient, where the drive begins; "": at the scene
    condition: str | None  # by which they are ranked; None: none is told, or the table has no such row
    needs: tuple[str, ...]  # what a hospital must have
    hospitals: list[Hospital]
    held_out: list[HeldOut]  # whose point is doubtful: nobody is sent there before somebody has confirmed it


class Conditions(msgspec.Struct):
    """By id."""

    conditions: list[Condition]


class NewCondition(msgspec.Struct, forbid_unknown_fields=True):
    """What a condition asks of a hospital."""

    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    capabilities: Annotated[tuple[Id, ...], Meta(max_length=20)]


@router.get(
    "/incidents/{incident}/hospitals", responses=documented(HospitalsRanked, "hospitals, the best first, and why")
)
async def list_hospitals(
    _: SeesMissions,
    world: TheWorld,
    incident: str,
    condition: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="of the patient, by the table; else as the incident says")
    ] = None,
    capability: Capabilities = None,
) -> Response:
    """Every hospital of the centre, ranked by what it can do for the patient's condition, whether it takes patients,
    how soon the patient is there from where they are now, and how free it is."""
    found = await world.arrivals.missions.incident(incident)
    if condition is not None:
        await vocabulary.condition(world, condition)
    choice = await world.hospitals.choose(found, world.now(), condition=condition, capabilities=capability)
    row = choice.condition
    return answer(
        HospitalsRanked(
            world.now(), found.id, choice.begins, None if row is None else row.id, choice.needs, choice.hospitals,
            choice.held_out,
        )
    )  # fmt: skip


@router.get("/conditions", responses=documented(Conditions, "what each condition asks of a hospital"))
async def list_conditions(_: SeesMissions, world: TheWorld) -> Response:
    """The table by which hospitals are chosen."""
    table = await world.hospitals.conditions()
    return answer(Conditions([table[name] for name in sorted(table)]))


@router.put(
    "/conditions/{condition}",
    responses=documented(Condition, "as it is now"),
    openapi_extra=documented_body(NewCondition),
)
async def put_condition(_: ManagesPlaces, world: TheWorld, request: Request, condition: str) -> Response:
    """The centre's own row of the table from now on."""
    new = await body(request, NewCondition)
    row = Condition(checked(condition), new.name, tuple(dict.fromkeys(new.capabilities)))
    await world.hospitals.put_condition(row)
    return answer(row)


@router.delete("/conditions/{condition}", status_code=204, responses={404: {"description": "it has no such row"}})
async def drop_condition(_: ManagesPlaces, world: TheWorld, condition: str) -> Response:
    """The program's row holds again, if it has one."""
    await world.hospitals.drop_condition(condition)
    return Response(status_code=204)
