"""How the centre works: its rules and words, its table of procedures, its command, its exercises, its members."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from msgspec import UNSET, Meta, UnsetType

from gateway.http import vocabulary
from gateway.http.incidents import checked
from gateway.http.requests import Id
from gateway.http.world import (
    CommandsCentre,
    RulesCentre,
    SeesMissions,
    TheWorld,
    World,
    answer,
    body,
    documented,
    documented_body,
)
from gateway.services.centre import CentreSop, Exercise, Held
from tracker.missions import Urgency
from tracker.regions import Agency, Escalation, Labels, Member
from tracker.regions.centre import check_ways

router = APIRouter(prefix="/api/v1", tags=["centre"])

Words = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Seconds = Annotated[float, Meta(gt=0, le=86400)]
Label = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00]*\S[^\x00]*$")]


class EscalationChange(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds without an acknowledgement until each step, rising. What is not named stays."""

    again_s: Seconds | UnsetType = UNSET
    next_unit_s: Seconds | UnsetType = UNSET
    supervisor_s: Seconds | UnsetType = UNSET
    next_unit_by_itself: bool | UnsetType = UNSET


class CentreChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is not named stays. With the version that was read, a change that somebody else made meanwhile is not
    overwritten."""

    version: int | None = None
    escalation: EscalationChange | None = None
    labels: dict[str, Label] | None = None  # by status; those that are not named stay


class CentreView(msgspec.Struct, frozen=True):
    """The centre as it works now."""

    id: str
    name: str | None  # None: it has no profile
    time_zone: str | None
    version: int  # of escalation and labels
    escalation: Escalation
    labels: dict[str, str]  # by status
    agencies: tuple[Agency, ...]
    command: Held | None
    exercise: Exercise | None  # that runs now


class SopRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A row of the table. With the version that was read (0: the row is new) nothing is overwritten unseen."""

    name: Words
    agencies: Annotated[list[Id], Meta(min_length=1, max_length=20, description="the first leads")]
    sop: Words | None = None
    urgency: Urgency | None = None
    version: int | None = None


class Sops(msgspec.Struct):
    """By kind."""

    sops: list[CentreSop]


class HandOver(msgspec.Struct, forbid_unknown_fields=True):
    """Who commands from now on."""

    to: Id
    by: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] = ""


class CommandView(msgspec.Struct):
    """Who commands, and who did; the newest first."""

    holder: str | None
    history: list[Held]


class NewExercise(msgspec.Struct, forbid_unknown_fields=True):
    """While it runs, new incidents are of the exercise."""

    name: Words


class Exercises(msgspec.Struct):
    """The newest first."""

    current: Exercise | None
    exercises: list[Exercise]


class Members(msgspec.Struct):
    """The centres of a province."""

    members: list[Member]


def _view(world: World) -> CentreView:
    centre, profile = world.centre_rules, world.centre_rules.profile
    name, zone = (None, None) if profile is None else (profile.name, profile.time_zone)
    rules = centre.rules
    return CentreView(
        centre.id, name, zone, rules.version, rules.escalation, dict(centre.labels), centre.agencies, centre.command,
        centre.exercise,
    )  # fmt: skip


@router.get("/centre", responses=documented(CentreView, "as it works now"))
async def show_centre(_: SeesMissions, world: TheWorld) -> Response:
    """What the centre is, its words, and what happens in it by itself."""
    return answer(_view(world))


@router.patch(
    "/centre",
    responses={
        **documented(CentreView, "as it works now"),
        412: {"description": "it has another version than the one that was read"},
    },
    openapi_extra=documented_body(CentreChange),
)
async def change_centre(_: RulesCentre, world: TheWorld, request: Request) -> Response:
    """Change what happens by itself, or the words."""
    change, centre = await body(request, CentreChange), world.centre_rules
    escalation, labels = centre.rules.escalation, None
    if change.escalation is not None:
        named = {name: value for name, value in msgspec.structs.asdict(change.escalation).items() if value is not UNSET}
        escalation = msgspec.structs.replace(escalation, **named)
    if change.labels is not None:
        try:
            labels = msgspec.convert({**centre.labels, **change.labels}, Labels)
        except msgspec.ValidationError as error:
            raise HTTPException(422, f"`labels` are by status: {error}") from error
    try:
        check_ways((), None, escalation, labels)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    await centre.change(change.version, escalation, labels, world.now())
    return answer(_view(world))


@router.get("/sops", responses=documented(Sops, "by kind"))
async def list_sops(_: SeesMissions, world: TheWorld) -> Response:
    """Who goes to what: the table of kinds of emergency, agencies and procedures."""
    return answer(Sops(list(world.centre_rules.sops.values())))


@router.put(
    "/sops/{kind}",
    responses={
        **documented(CentreSop, "as it is now"),
        412: {"description": "it has another version than the one that was read"},
    },
    openapi_extra=documented_body(SopRequest),
)
async def put_sop(_: RulesCentre, world: TheWorld, request: Request, kind: str) -> Response:
    """Make a row of the table, or change it. Incidents that are open keep what they were given."""
    wanted = await body(request, SopRequest)
    agencies = await vocabulary.agencies(world, wanted.agencies)
    sop = CentreSop(checked(kind), wanted.name, agencies, wanted.sop, wanted.urgency)
    return answer(await world.centre_rules.put_sop(sop, wanted.version))


@router.delete("/sops/{kind}", responses={204: {"description": "it is gone"}}, status_code=204)
async def drop_sop(_: RulesCentre, world: TheWorld, kind: str) -> Response:
    """Take a row out of the table."""
    await world.centre_rules.drop_sop(kind)
    return Response(status_code=204)


@router.get("/command", responses=documented(CommandView, "who commands, and who did"))
async def show_command(_: SeesMissions, world: TheWorld) -> Response:
    """Which agency commands the centre."""
    centre = world.centre_rules
    return answer(CommandView(None if centre.command is None else centre.command.holder, await centre.commanded()))


@router.post(
    "/command/handover",
    responses={**documented(Held, "who commands now"), 409: {"description": "it commands already"}},
    openapi_extra=documented_body(HandOver),
)
async def hand_over(_: CommandsCentre, world: TheWorld, request: Request) -> Response:
    """Hand the command over to another agency. Missions, alarms and units go on as they are."""
    wanted = await body(request, HandOver)
    await vocabulary.agencies(world, [wanted.to])
    return answer(await world.centre_rules.hand_over(wanted.to, wanted.by, world.now()))


@router.get("/exercises", responses=documented(Exercises, "the newest first"))
async def list_exercises(_: SeesMissions, world: TheWorld) -> Response:
    """The exercise that runs, and those before."""
    return answer(Exercises(world.centre_rules.exercise, await world.centre_rules.exercises()))


@router.post(
    "/exercises",
    responses={201: documented(Exercise, "it runs")[200], 409: {"description": "another one runs"}},
    openapi_extra=documented_body(NewExercise),
    status_code=201,
)
async def begin_exercise(_: CommandsCentre, world: TheWorld, request: Request) -> Response:
    """Begin an exercise: incidents opened from now on are its own, and no figure of the centre's counts them."""
    wanted = await body(request, NewExercise)
    return answer(await world.centre_rules.begin_exercise(wanted.name, world.now()), 201)


@router.delete("/exercises/current", responses=documented(Exercise, "it has ended"))
async def end_exercise(_: CommandsCentre, world: TheWorld) -> Response:
    """End the exercise. What was opened within stays an exercise."""
    return answer(await world.centre_rules.end_exercise(world.now()))


@router.get("/members", responses=documented(Members, "the centres of the province"))
async def list_members(
    _: SeesMissions,
    world: TheWorld,
    code: Annotated[
        str | None,
        Query(pattern=r"^[0-9.]{2,13}$", description="of an area: with dots the interior ministry's, else BPS's"),
    ] = None,
) -> Response:
    """The centres of a province, or the one that an area's code belongs to in either registry."""
    return answer(Members(world.centre_rules.members(code)))
