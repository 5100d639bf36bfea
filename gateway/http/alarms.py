"""Alarms: what somebody must look at, and that somebody does."""

import contextlib
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta

from gateway.http.world import Dispatches, SeesMissions, TheWorld, answer, body, documented, documented_body
from gateway.services.missions import Clash
from gateway.storage.alarms import AlarmShown, shown

router = APIRouter(prefix="/api/v1", tags=["alarms"])


class AlarmList(msgspec.Struct):
    """Newest first."""

    alarms: list[AlarmShown]


class Seen(msgspec.Struct, forbid_unknown_fields=True):
    """Who has seen it."""

    by: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")] = ""


@router.get("/alarms", responses=documented(AlarmList, "newest first"))
async def list_alarms(
    _: SeesMissions,
    world: TheWorld,
    open_only: Annotated[bool, Query(alias="open")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Assignments that nobody takes, units that have fallen silent or broken down, crews in danger, hospitals that have
    closed to a unit on its way, incidents that nobody is free for, lent units that are on a mission and whose owner has
    withdrawn the consent. ``level`` tells how far it has gone: again, next-unit, supervisor; ``sound`` whether it is to
    be heard."""
    found = await world.alarms.find(open_only=open_only, limit=limit)
    return answer(AlarmList([shown(alarm) for alarm in found]))


@router.post(
    "/alarms/{alarm}/ack",
    responses=documented(AlarmShown, "as it is now"),
    openapi_extra=documented_body(Seen) | {"requestBody": {**documented_body(Seen)["requestBody"], "required": False}},
)
async def acknowledge(_: Dispatches, world: TheWorld, request: Request, alarm: str) -> Response:
    """Somebody has seen an alarm and acts: it is silent until it goes a level further. Of a crew in danger, the crew is
    told that it was seen. Saying so twice changes nothing."""
    seen = await body(request, Seen) if await request.body() else Seen()
    found = await world.alarms.acknowledge(alarm, seen.by.strip(), world.now())
    if found.kind == "emergency" and found.open and found.unit is not None:
        with contextlib.suppress(Clash):  # a dispatcher raised it, or the crew took it back: nobody is to be told
            await world.commands.acknowledge_emergency(found.unit)
    return answer(shown(found))
