"""What crews say, and what they are told."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response

from gateway.feeds.crew import CrewSide
from gateway.http.missions import known
from gateway.http.requests import NewCommand, NewConfiguration, NewMessage, NewRate
from gateway.http.world import (
    CommandsUnits,
    Dispatches,
    SeesUnits,
    TheWorld,
    answer,
    aware,
    body,
    documented,
    documented_body,
)
from gateway.services.commands import Make
from gateway.services.missions import Clash
from gateway.storage import reports
from gateway.storage.commands import Kept
from tracker.wire.command import Configuration, Ping, Rate, TextMessage

router = APIRouter(prefix="/api/v1", tags=["crews"])

LIVES = {
    "message": timedelta(hours=24),
    "rate": timedelta(days=1),
    "configuration": timedelta(days=30),
    "ping": timedelta(seconds=60),
}
"""How long a command is worth sending, where nobody says: a configuration outlasts a holiday, a ping a minute."""

FIRST = datetime.min.replace(tzinfo=UTC)


class CommandView(msgspec.Struct, frozen=True):
    """A command and what became of it."""

    id: str
    unit: str
    kind: str
    mission: str | None
    issued_at: datetime
    expires_at: datetime | None
    payload: msgspec.Raw  # as it is sent
    sent_times: int
    last_sent_at: datetime | None
    outcome: str | None  # null: none yet; received, done, refused, failed, expired: the unit's; superseded: a newer one
    outcome_at: datetime | None
    detail: str


class CommandList(msgspec.Struct):
    """Newest first."""

    commands: list[dict[str, Any]]


class ReportView(msgspec.Struct, frozen=True):
    """What a crew or its vehicle said."""

    outbox: str
    seq: int
    received_at: datetime
    said_at: datetime  # the device's time, or the receiving where its clock ran ahead
    report: msgspec.Raw  # as it came


class ReportList(msgspec.Struct):
    """How the crew's side stands, and what was said, newest first."""

    unit: str
    now: CrewSide
    reports: list[dict[str, Any]]


class UnitHealth(msgspec.Struct):
    """The newest word on a unit's own state."""

    unit: str
    at: datetime | None  # null: it never said
    received_at: datetime | None
    health: dict[str, Any] | None  # as it came


class Acknowledged(msgspec.Struct):
    """The crew is told that its emergency was seen."""

    unit: str
    acknowledged_at: datetime


@router.get("/units/{unit}/status", responses=documented(ReportList, "newest first"))
async def list_reports(
    _: SeesUnits,
    world: TheWorld,
    unit: str,
    start: Annotated[datetime | None, Query(alias="from", description="RFC 3339; 24 h before `to` if absent")] = None,
    end: Annotated[datetime | None, Query(alias="to", description="RFC 3339, exclusive; now if absent")] = None,
    kind: Annotated[str | None, Query(pattern="^(status|answer|emergency|input)$")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
) -> Response:
    """What a unit's crew said, by the buttons' own time: statuses, answers, emergencies, inputs."""
    known(world, unit)
    ahead = world.now() + timedelta(minutes=1)
    end = aware("to", end) or ahead
    start = aware("from", start) or max(end, FIRST + timedelta(days=1)) - timedelta(days=1)
    async with world.pool.connection() as connection:
        found = await reports.of_unit(connection, world.centre, unit, kind, start, end, limit)
    state = world.live.state(unit)
    views = [ReportView(each.outbox, each.sequence, each.received_at, each.said_at, _raw(each.raw)) for each in found]
    return answer({"unit": unit, "now": CrewSide() if state is None else state.crew, "reports": views})


@router.get("/units/{unit}/health", responses=documented(UnitHealth, "the newest"))
async def show_health(_: SeesUnits, world: TheWorld, unit: str) -> Response:
    """How a unit is doing, as it said last: supply, receivers, outbox, clock, data."""
    known(world, unit)
    async with world.pool.connection() as connection:
        found = await reports.health(connection, world.centre, unit)
    if not found:
        return answer(UnitHealth(unit, None, None, None))
    newest = found[0]
    return answer({"unit": unit, "at": newest.at, "received_at": newest.received_at, "health": _raw(newest.body)})


@router.post(
    "/units/{unit}/emergency/ack",
    responses={**documented(Acknowledged, "said"), 409: {"description": "the unit has raised none"}},
)
async def acknowledge_emergency(_: Dispatches, world: TheWorld, unit: str) -> Response:
    """Somebody has seen a crew's emergency and acts: its alarm is silent, the unit stops repeating it and shows that
    it was seen; of one that a dispatcher raised there is nobody to tell. Saying so twice changes nothing."""
    known(world, unit)
    try:
        at = await world.commands.acknowledge_emergency(unit)
    except Clash:
        raised = next((each for each in world.alarms.open("emergency") if each.unit == unit), None)
        if raised is None:
            raise
        at = (await world.alarms.acknowledge(raised.id, "", world.now())).acknowledged_at or world.now()
    return answer(Acknowledged(unit, at))


@router.post(
    "/units/{unit}/commands",
    responses={**documented(CommandView, "this very one was there before"), 201: {"description": "kept; it is sent"}},
    openapi_extra=documented_body(NewCommand),
)
async def give(_: CommandsUnits, world: TheWorld, request: Request, unit: str) -> Response:
    """Tell a unit something. It is sent until the unit answers or it expires, over restarts of both, and done once.
    Assignments are not given here: they follow missions by themselves."""
    known(world, unit)
    new = await body(request, NewCommand)  # type: ignore[arg-type, var-annotated] # a union is no type, but msgspec reads it
    lives = LIVES[kind_of(new)] if new.expires_in_s is None else timedelta(seconds=new.expires_in_s)
    expires_at = world.now() + lives
    try:
        kept, made = await world.commands.give(unit, _make(new, expires_at), expires_at=expires_at, command_id=new.id)
    except ValueError as error:
        raise HTTPException(422, f"no unit could read this: {error}") from error
    return answer(_view(kept), 201 if made else 200)


@router.get("/units/{unit}/commands", responses=documented(CommandList, "newest first"))
async def list_commands(
    _: SeesUnits, world: TheWorld, unit: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """What a unit was told, and what became of it."""
    known(world, unit)
    return answer({"commands": [_view(each) for each in await world.commands.of_unit(unit, limit)]})


@router.get("/units/{unit}/commands/{command}", responses=documented(CommandView, "as it stands"))
async def show_command(_: SeesUnits, world: TheWorld, unit: str, command: str) -> Response:
    """One command, and what became of it."""
    known(world, unit)
    return answer(_view(await world.commands.command(unit, command)))


def kind_of(new: NewCommand) -> str:
    """As it is written."""
    return str(new.__struct_config__.tag)


def _make(new: NewCommand, expires_at: datetime) -> Make:
    def make(name: str, n: int, at: datetime) -> TextMessage | Rate | Configuration | Ping:
        head: dict[str, Any] = {"id": name, "n": n, "issued_at": at, "expires_at": expires_at}
        if isinstance(new, NewMessage):
            return TextMessage(**head, text=new.text, urgent=new.urgent)
        if isinstance(new, NewRate):
            until = None if new.for_s is None else at + timedelta(seconds=new.for_s)
            return Rate(**head, interval_s=new.interval_s, until=until)
        if isinstance(new, NewConfiguration):
            return Configuration(**head, settings=new.settings)
        return Ping(**head)

    return make


def _view(kept: Kept) -> CommandView:
    return CommandView(
        kept.id, kept.unit, kept.kind, kept.mission, kept.issued_at, kept.expires_at, _raw(kept.payload.encode()),
        kept.sent_times, kept.last_sent_at, kept.outcome, kept.outcome_at, kept.detail,
    )  # fmt: skip


def _raw(text: bytes) -> msgspec.Raw:
    return msgspec.Raw(text)
