"""The referral of a mission's patient, with the arrival beside it, and hospitals that are asked."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

from gateway.http.world import Dispatches, SeesMissions, TheWorld, World, answer, body, documented, documented_body
from gateway.storage.referrals import Referral, State
from tracker.eta.straight_line import Estimate
from tracker.missions import LegKind

router = APIRouter(prefix="/api/v1", tags=["neighbours"])


class NewReferral(msgspec.Struct, forbid_unknown_fields=True):
    """The number under which a system keeps a patient's referral. No name, and nothing else of the patient."""

    system: Literal["sisrute", "satusehat"]
    number: Annotated[str, Meta(pattern="^[A-Za-z0-9./-]{1,64}$")]


class NewApproval(msgspec.Struct, forbid_unknown_fields=True):
    """A hospital, as the referral's system numbers it."""

    hospital: Annotated[str, Meta(pattern="^[A-Za-z0-9.-]{1,64}$")]


class Asked(msgspec.Struct):
    """A hospital that is asked whether it takes the patient."""

    hospital_code: str
    made_at: datetime
    attempts: int
    done_at: datetime | None  # it has the request
    dead_at: datetime | None  # nobody tries any more
    error: str


class HospitalEta(msgspec.Struct):
    """When the unit arrives at the hospital, the time at the scene included."""

    at: datetime  # when it was told
    eta_s: Estimate | None  # seconds after that; None: unknown
    unknown_because: str | None
    place: str


class ReferralView(msgspec.Struct):
    """What is known, and when the unit arrives at the hospital."""

    mission: str
    system: str
    number: str
    hospital_code: str | None
    hospital: str | None
    diagnosis: str | None  # ICD-10
    state: State | None
    attached_at: datetime
    read_at: datetime | None
    unknown_because: str | None  # why the last reading told nothing
    asked: list[Asked]
    eta: HospitalEta | None  # None: the mission is over, or leads to no hospital


async def _view(world: World, referral: Referral) -> ReferralView:
    asked: Any = await world.neighbours.referrals.asked(referral.mission)
    mission = await world.arrivals.missions.mission(referral.mission)
    told = world.live.eta(mission.unit) if mission.ended_at is None else None
    eta = None
    for stop in (told, None if told is None else told.onward):
        if told is not None and stop is not None and stop.leg == LegKind.TO_HOSPITAL.value:
            eta = HospitalEta(told.at, stop.eta_s, stop.unknown_because, stop.place)
    return ReferralView(
        referral.mission, referral.system, referral.number, referral.hospital_code, referral.hospital,
        referral.diagnosis, referral.state, referral.attached_at, referral.read_at, referral.unknown_because or None,
        [Asked(**each) for each in asked], eta,
    )  # fmt: skip


@router.get("/missions/{mission}/referral", responses=documented(ReferralView, "the referral, and the arrival"))
async def show_referral(_: SeesMissions, world: TheWorld, mission: str) -> Response:
    """What the system of referrals said last, and when the unit arrives at the hospital."""
    return answer(await _view(world, await world.neighbours.referrals.of(mission)))


@router.post(
    "/missions/{mission}/referral",
    responses={
        **documented(ReferralView, "attached; unknown is null where the system does not answer now"),
        404: {"description": "there is no such mission, or the system has no such referral"},
        409: {"description": "the centre does not work with this system"},
    },
    openapi_extra=documented_body(NewReferral),
)
async def attach_referral(_: Dispatches, world: TheWorld, request: Request, mission: str) -> Response:
    """Attach a referral by its number; one that was there before gives way. The same again changes nothing."""
    new = await body(request, NewReferral)
    return answer(await _view(world, await world.neighbours.referrals.attach(mission, new.system, new.number)))


@router.post(
    "/missions/{mission}/referral/approval",
    responses={
        **documented(ReferralView, "it was asked before"),
        202: documented(ReferralView, "it will be asked, however long the system is away")[200],
        404: {"description": "the mission has no referral"},
        409: {"description": "its system takes no such requests"},
    },
    openapi_extra=documented_body(NewApproval),
)
async def ask_hospital(_: Dispatches, world: TheWorld, request: Request, mission: str) -> Response:
    """Have a hospital asked whether it takes the patient."""
    asked = await body(request, NewApproval)
    referrals = world.neighbours.referrals
    new = await referrals.ask(mission, asked.hospital)
    return answer(await _view(world, await referrals.of(mission)), 202 if new else 200)
