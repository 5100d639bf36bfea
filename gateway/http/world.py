"""What the routes are given: the values and services of one gateway, wired in ``gateway.app``."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Depends, HTTPException, Request, Response
from starlette.requests import HTTPConnection

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.http.access import Object, Permission, Principal, demo_principal, require
from gateway.roads.districts import Districts
from gateway.services.accept_messages import Acceptance, Accepted, Message
from gateway.services.alarms import Alarms
from gateway.services.arrivals import Arrivals
from gateway.services.borders import Abroad, Borders
from gateway.services.call_taking import CallTaking
from gateway.services.calls import Calls
from gateway.services.candidates import Candidates
from gateway.services.centre import Centre
from gateway.services.choose_hospital import Hospitals
from gateway.services.closures import ClosedRoads
from gateway.services.commands import Commands
from gateway.services.count import Intake
from gateway.services.coverage import Coverage
from gateway.services.crews import Crews
from gateway.services.enrolment import Enrolment
from gateway.services.estimate import Estimator
from gateway.services.events import Feed
from gateway.services.inbound import Inbound
from gateway.services.incidents import Incidents
from gateway.services.locate import Locator
from gateway.services.missions import Missions
from gateway.services.neighbours import Neighbours
from gateway.services.passages import Passages
from gateway.services.progress import Progress, Publish
from gateway.services.register import Register
from gateway.services.shared_centre import SharedCentre
from gateway.services.standings import Standings
from gateway.services.webhooks import Answered, Outgoing, Send, Webhooks, only_one
from gateway.storage.pool import type_of_pool
from tracker.eta.speeds import prior
from tracker.locate.gazetteer import Entry

TakeIn = Callable[[Sequence[Message], datetime], Awaitable[Accepted]]
"""Stores messages that did not come over the broker, and tells everybody; returns after the commit."""


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway has to do with others; as it stands nothing, which is enough for its web side alone."""

    event_pool: type_of_pool | None = None  # connections that no request waits for; None: those of the API
    told: asyncio.Event | None = None  # set by the pools when events were written over them; None: they are polled for
    take_in: TakeIn | None = None  # None: stored, and nobody is told
    say_incident: Publish | None = None  # None: there is no broker
    bridges_online: Callable[[str], bool | None] = lambda _: None  # None: it never said
    neighbours: Neighbours | None = None  # None: those without which no gateway is
    over_rest: Abroad | None = None  # the way to other centres; None: there is none
    send: Send | None = None  # to webhooks; None: nothing is sent
    delivers: Callable[[], Awaitable[bool]] | None = None  # whether we are who sends to them; None: nobody else does
    allow_receiver: Callable[[str], Awaitable[None]] | None = None  # None: any
    districts: Districts | None = None
    villages: Sequence[Entry] = ()
    caller_key: bytes | None = None  # of the callers' hashes; None: one that the database keeps
    intake_secret: str | None = None  # that a call-taking system signs with; None: there is none


NOTHING = Beyond()


class World:
    """One gateway, as its web side sees it. All of it is there when it is made."""

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        live: LivePicture,
        intake: Intake,
        sessions: Callable[[], dict[str, bool]],
        web_dir: Path,
        arrivals: Arrivals | None = None,
        commands: Commands | None = None,
        clock: Clock = TRUE,
        centre_rules: Centre | None = None,
        beyond: Beyond = NOTHING,
    ) -> None:
        self.centre = centre
        self.clock = clock
        self.pool = pool
        self.live = live
        self.intake = intake
        self.sessions = sessions  # name of each broker session -> connected
        self.web_dir = web_dir
        self.arrivals = arrivals or Arrivals(pool, live, Missions(centre, pool, clock), Estimator(prior("UTC")), clock)
        estimator, missions = self.arrivals.estimator, self.arrivals.missions
        self.closures = ClosedRoads(centre, pool, estimator, self.arrivals.look_again)
        self.commands = commands or Commands(centre, pool, live, missions, Crews(centre, live), _nobody, clock)
        self.register = Register(centre, pool, clock)
        self.centre_rules = centre_rules or Centre(centre, pool)
        self.standings = Standings(pool, live, missions, self.centre_rules, clock)
        self.alarms = Alarms(centre, pool)
        coverage = Coverage(centre, pool, estimator, lambda: self.centre_rules.middles)
        self.candidates = Candidates(
            live, estimator, missions, self.register, coverage, lambda unit: self.standings.of(unit).shown
        )
        self.hospitals = Hospitals(centre, pool, live, estimator, missions, self.register)
        self.incidents = Incidents(pool, missions, lambda: self.centre_rules, [self.alarms.to_incident])
        self.call_taking = CallTaking(centre, pool, self.incidents)
        self.inbound = Inbound(centre, pool, live, missions, self.register, self.hospitals, clock)
        self._with(beyond)
        self.passages = Passages(self.register, pool, clock, self.neighbours.owners.may_know)

    def _with(self, beyond: Beyond) -> None:
        """The parts that have to do with others."""
        centre, pool, live, clock = self.centre, self.pool, self.live, self.clock
        estimator, missions = self.arrivals.estimator, self.arrivals.missions
        self.districts = beyond.districts
        self.bridges_online = beyond.bridges_online
        self.intake_secret = beyond.intake_secret
        self.allow_receiver = beyond.allow_receiver or _everywhere
        self.take_in = beyond.take_in or Acceptance(pool, Enrolment(centre, lambda _: None), self.intake).accept
        self.neighbours = beyond.neighbours or Neighbours(centre, pool, live, missions, clock=clock)
        self.locator = Locator(
            self.centre_rules.profile,
            beyond.villages,
            lambda: self.register.facilities.values(),
            lambda: None if estimator.network is None else estimator.network.graph,
            beyond.districts,
        )
        self.calls = Calls(
            pool,
            self.incidents,
            lambda: self.centre_rules.exercise is not None,
            self.locator.read,
            clock,
            beyond.caller_key,
        )
        self.borders = Borders(
            pool,
            missions,
            self.incidents,
            lambda: self.centre_rules,
            clock,
            districts=beyond.districts,
            within=SharedCentre(pool, estimator, clock),
            over_rest=beyond.over_rest,
        )
        of_events = beyond.event_pool or pool
        self.webhooks = Webhooks(centre, of_events, beyond.send or _nowhere, clock, is_ours=beyond.delivers or only_one)
        say = beyond.say_incident or _unsaid
        self.progress = Progress(of_events, live, missions, say, clock)
        self.feed = Feed(centre, of_events, clock, self.webhooks.heard, self.progress.heard, beyond.told)
        self.principal = demo_principal(centre)

    def now(self) -> datetime:
        """The gateway's clock."""
        return self.clock.now()


async def _nobody(_unit: str, _payload: bytes) -> bool:
    """Of a gateway without a broker."""
    return False


async def _nowhere(_: Outgoing) -> Answered:
    """Of a gateway that sends no webhooks."""
    return Answered(None, "this gateway sends no webhooks")


async def _unsaid(_incident: str, _state: bytes | None) -> bool:
    """Of a gateway without a broker: nobody waits for it."""
    return True


async def _everywhere(_url: str) -> None:
    """Of a gateway that sends no webhooks."""


def of(connection: HTTPConnection) -> World:
    """The world of the application that serves this request or socket."""
    world: World = connection.app.state.world
    return world


class Permit:
    """The right to go on, given by ``require`` before the route's body runs."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, connection: HTTPConnection) -> Principal:
        """A FastAPI dependency: for HTTP and for WebSockets alike."""
        world = of(connection)
        named = {name: connection.path_params.get(name) for name in ("unit", "incident", "mission", "place", "closure")}
        named["unit"] = named["unit"] or connection.query_params.get("unit")
        require(world.principal, self.permission, Object(world.centre, **named))
        return world.principal


SeesUnits = Annotated[Principal, Depends(Permit(Permission.SEE_UNITS))]
SeesMissions = Annotated[Principal, Depends(Permit(Permission.SEE_MISSIONS))]
Dispatches = Annotated[Principal, Depends(Permit(Permission.DISPATCH))]
TakesCalls = Annotated[Principal, Depends(Permit(Permission.TAKE_CALLS))]
CommandsUnits = Annotated[Principal, Depends(Permit(Permission.COMMAND_UNITS))]
ManagesPlaces = Annotated[Principal, Depends(Permit(Permission.MANAGE_PLACES))]
ManagesRegister = Annotated[Principal, Depends(Permit(Permission.MANAGE_REGISTER))]
RulesCentre = Annotated[Principal, Depends(Permit(Permission.MANAGE_RULES))]
CommandsCentre = Annotated[Principal, Depends(Permit(Permission.COMMAND_CENTRE))]
ManagesClosures = Annotated[Principal, Depends(Permit(Permission.MANAGE_CLOSURES))]
SharesViews = Annotated[Principal, Depends(Permit(Permission.SHARE))]
SeesSharing = Annotated[Principal, Depends(Permit(Permission.SEE_SHARING))]
ManagesWebhooks = Annotated[Principal, Depends(Permit(Permission.MANAGE_WEBHOOKS))]
SeesIntake = Annotated[Principal, Depends(Permit(Permission.SEE_INTAKE))]
SeesHealth = Annotated[Principal, Depends(Permit(Permission.SEE_HEALTH))]
TheWorld = Annotated[World, Depends(of)]

_encode = msgspec.json.Encoder().encode


def answer(value: Any, status: int = 200) -> Response:
    """A value as JSON: msgspec writes the same text for REST as for the feeds."""
    return Response(_encode(value), status_code=status, media_type="application/json")


def documented(shape: Any, description: str) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of an answer of this shape."""
    schema = msgspec.json.schema(shape)
    defs = schema.pop("$defs", {})
    return {200: {"description": description, "content": {"application/json": {"schema": _inlined(schema, defs)}}}}


def documented_body(shape: Any) -> dict[str, Any]:
    """What OpenAPI says of a request whose body has this shape; ``openapi_extra`` of a route."""
    schema = msgspec.json.schema(shape)
    defs = schema.pop("$defs", {})
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(schema, defs)}}}}


T = TypeVar("T")


async def body(request: Request, shape: type[T]) -> T:
    """The request's body, read strictly.

    Raises:
        HTTPException: 422, with what is wrong and where.
    """
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(422, f"the body cannot be read: {error}") from error


def aware(name: str, value: datetime | None) -> datetime | None:
    """A time of a query in UTC.

    Raises:
        HTTPException: 422, it has no zone or is outside the calendar.
    """
    if value is not None and value.tzinfo is None:
        raise HTTPException(422, f"`{name}` has no time zone: write 2026-11-21T03:04:05Z or +07:00")
    try:
        return None if value is None else value.astimezone(UTC)
    except OverflowError as error:
        raise HTTPException(422, f"`{name}` is outside the years 1 to 9999 in UTC") from error


def _inlined(schema: Any, defs: dict[str, Any]) -> Any:
    """The schema with its references replaced: OpenAPI has another place for definitions."""
    if isinstance(schema, dict):
        name = schema.get("$ref", "").removeprefix("#/$defs/")
        if name:
            return _inlined(defs[name], defs)
        return {key: _inlined(value, defs) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(item, defs) for item in schema]
    return schema
