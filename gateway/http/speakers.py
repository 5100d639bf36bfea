"""Who speaks for units besides their own devices: bridges, and the duty of those who carry a phone."""

from datetime import datetime

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response

from gateway.http.requests import Time
from gateway.http.world import Dispatches, SeesHealth, TheWorld, answer, body, documented, documented_body
from gateway.storage import bridges, phones
from tracker.duty import LONGEST_ON, SHIFT, State

router = APIRouter(prefix="/api/v1", tags=["speakers"])


class BridgeState(msgspec.Struct):
    """A base radio's bridge."""

    bridge: str
    online: bool | None  # None: it never said
    units: list[str]  # for which it may speak
    radios: dict[str, str]  # radio -> unit, of those enrolled here


class BridgeList(msgspec.Struct):
    """All of the centre's."""

    bridges: list[BridgeState]


class DutyChange(msgspec.Struct, forbid_unknown_fields=True):
    """From now on. On duty ends by itself: at ``until``, or after twelve hours, and after a day at the latest."""

    state: State
    until: Time | None = None


class Duty(msgspec.Struct):
    """What was set."""

    unit: str
    state: State
    until: datetime | None


@router.get("/bridges", responses=documented(BridgeList, "every bridge, whether it is there and for whom it speaks"))
async def list_bridges(_: SeesHealth, world: TheWorld) -> Response:
    """A bridge that is not there is as many silent units as it has."""
    async with world.pool.connection() as connection:
        found = await bridges.known(connection, world.centre)
    return answer(
        BridgeList(
            [BridgeState(each.id, world.bridges_online(each.id), sorted(each.units), each.radios) for each in found]
        )
    )


@router.post(
    "/units/{unit}/duty",
    responses=documented(Duty, "what holds from now on"),
    openapi_extra=documented_body(DutyChange),
)
async def change_duty(_: Dispatches, world: TheWorld, unit: str, request: Request) -> Response:
    """The centre says for a unit with a phone that it is on duty, off duty, or goes by its weekly windows again."""
    said = await body(request, DutyChange)
    now = world.now()
    if said.until is not None and not now < said.until <= now + LONGEST_ON:
        raise HTTPException(422, "`until` lies within the next 24 hours")
    until = said.until or (now + SHIFT if said.state is State.ON else None)
    if said.state is State.SCHEDULE:
        until = None
    async with world.pool.connection() as connection:
        if not await phones.find(connection, world.centre, now, units=[unit]):
            raise HTTPException(
                404,
                f"{unit!r} has no phone to go on and off duty with: `sigap enrol --phone {unit}`, or, of a lent unit, "
                "its weekly windows, PUT .../duty/windows",
            )
        await phones.change_duty(connection, world.centre, unit, said.state, until, "centre", now)
    return answer(Duty(unit, said.state, until))
