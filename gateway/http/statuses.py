"""What units are doing: how each stands, who said what of it, and a dispatcher's word."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta

from gateway.http.missions import known
from gateway.http.requests import Id, Time, time_of
from gateway.http.world import Dispatches, SeesUnits, TheWorld, World, answer, body, documented, documented_body
from gateway.services.missions import Unknown
from gateway.services.standings import StandingTold
from gateway.storage.stamps import Kept
from tracker.missions.crew import ComparedLeg
from tracker.missions.mission import LegKind
from tracker.missions.stamping import proposed
from tracker.missions.statuses import Status, Teller

router = APIRouter(prefix="/api/v1", tags=["statuses"])

MOST_COMPARED = 3
"""Missions of which button and receiver are compared, newest first: each is a look at all its fixes."""


class NewStatus(msgspec.Struct, forbid_unknown_fields=True):
    """What a dispatcher says a unit is doing. ``raised``: false takes an emergency back."""

    status: Status
    at: Time | None = None  # when it was so; now if absent
    mission: Id | None = None  # whichever it is on, if absent
    raised: bool = True
    by: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")] = ""


class Said(msgspec.Struct, frozen=True):
    """How a unit stands after what was said."""

    unit: str
    standing: StandingTold
    refused_because: str | None  # null: it counts


class StampView(msgspec.Struct, frozen=True):
    """Somebody said what a unit is doing."""

    status: Status
    raised: bool  # of an emergency
    by: Teller
    said_by: str | None  # the dispatcher's name; crew, input or radio
    at: datetime  # when it counts from: not before the mission that it names
    device_time: datetime | None  # by the teller's own clock
    server_time: datetime  # when the centre learned it
    mission: str | None
    refused_because: str | None  # null: it counts
    differs_s: float | None  # of a button: seconds later than the receiver saw it, below zero if earlier


class Proposed(msgspec.Struct, frozen=True):
    """A step that the receiver sees and that somebody has to confirm."""

    status: Status
    label: str
    since: datetime


class StandingView(msgspec.Struct, frozen=True):
    """How a unit stands, and who said what of it, newest first."""

    unit: str
    standing: StandingTold
    proposed: Proposed | None
    stamps: list[StampView]


@router.post(
    "/units/{unit}/status",
    responses={**documented(Said, "it counts"), 409: {"description": "there is no such step; what was said is kept"}},
    openapi_extra=documented_body(NewStatus),
)
async def say(_: Dispatches, world: TheWorld, request: Request, unit: str) -> Response:
    """Say what a unit is doing, in its crew's place. Its mission goes on with it: who is said to be on scene has
    arrived. A unit that is out of service on a mission has broken down."""
    known(world, unit)
    said = await body(request, NewStatus)
    at = None if said.at is None else time_of(world, said.at)
    await world.standings.say(unit, said.status, at=at, mission=said.mission, raised=said.raised, by=said.by.strip())
    return answer(Said(unit, world.standings.told(unit), None))


@router.get("/units/{unit}/standing", responses=documented(StandingView, "how it stands"))
async def show(_: SeesUnits, world: TheWorld, unit: str, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> Response:
    """How a unit stands, and every word on it: who said it, when by their clock and when it came, what does not count
    and why, and how far a button is from what the receiver saw."""
    known(world, unit)
    kept = await world.standings.stamps(unit, limit)
    gps = await _seen(world, kept)
    stamps = [_view(each, gps.get((each.stamp.mission, each.stamp.status))) for each in _once(kept)]
    return answer(StandingView(unit, world.standings.told(unit), _proposed(world, unit), stamps))


def _once(kept: list[Kept]) -> list[Kept]:
    """What somebody said, and said once: without a mission's own word for what its dispatcher said in person, and
    without what a button was taken to imply until a later word told better."""
    named = {(each.stamp.status, each.stamp.at) for each in kept if each.key.startswith("hand/")}

    def repeats(each: Kept) -> bool:
        if not each.key.startswith("mission/"):
            return False
        if each.stamp.by is Teller.CREW:
            return each.withdrawn
        return each.stamp.by is Teller.DISPATCHER and (each.stamp.status, each.stamp.at) in named

    return [each for each in kept if not repeats(each)]


def _view(kept: Kept, gps: datetime | None) -> StampView:
    stamp = kept.stamp
    pressed = stamp.by is Teller.CREW and gps is not None and kept.device_time is not None
    return StampView(
        stamp.status, stamp.raised, stamp.by, kept.said_by or None, stamp.at, kept.device_time, stamp.server_time,
        stamp.mission, kept.refused_because,
        (kept.device_time - gps).total_seconds() if pressed and kept.device_time and gps else None,
    )  # fmt: skip


async def _seen(world: World, kept: list[Kept]) -> dict[tuple[str | None, Status], datetime]:
    """When the receiver alone saw each step of the newest missions that crews spoke of."""
    found: dict[tuple[str | None, Status], datetime] = {}
    named = [each.stamp.mission for each in kept if each.stamp.by is Teller.CREW and each.stamp.mission]
    for mission_id in list(dict.fromkeys(named))[:MOST_COMPARED]:
        try:
            mission = await world.arrivals.missions.mission(mission_id)
        except Unknown:
            continue  # the crew speaks of one that this centre does not know
        for leg in await world.arrivals.compared(mission, world.now()):
            found |= {(mission_id, status): at for status, at in _steps(leg) if at is not None}
    return found


def _steps(leg: ComparedLeg) -> list[tuple[Status, datetime | None]]:
    if leg.leg is LegKind.TO_SCENE:
        return [
            (Status.EN_ROUTE, leg.departed.gps),
            (Status.ON_SCENE, leg.arrived.gps),
            (Status.PATIENT_ABOARD, leg.left.gps),
        ]
    return [(Status.AT_HOSPITAL, leg.arrived.gps)]


def _proposed(world: World, unit: str) -> Proposed | None:
    mission = world.arrivals.missions.active.get(unit)
    found = None if mission is None else proposed(mission, world.standings.of(unit).status)
    return None if found is None else Proposed(found[0], world.standings.label(found[0]), found[1])
