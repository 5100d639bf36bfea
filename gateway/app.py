"""Wires one gateway together: the only file that knows all its parts."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg
import structlog
import uvicorn
from psycopg_pool import PoolTimeout

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.http import api
from gateway.http.hosts import LoopbackNames, is_loopback
from gateway.http.sockets import DroppingProtocol
from gateway.http.world import TakeIn, World
from gateway.integrations import other_centre
from gateway.integrations.other_centre import OtherCentre
from gateway.integrations.webhook_sender import WebhookSender
from gateway.integrations.wiring import open_neighbours
from gateway.mqtt.link import HASTE, PACE, WORKERS, Link
from gateway.mqtt.session import Broker
from gateway.roads.districts import Districts, DistrictsUnusable, load_districts
from gateway.roads.region_file import RegionFileUnusable, region_path
from gateway.roads.region_file import load as load_region
from gateway.roads.villages import VillagesUnusable, load_villages
from gateway.services.accept_messages import Acceptance, Accepted, Message
from gateway.services.accept_reports import Said
from gateway.services.arrivals import Arrivals
from gateway.services.call_taking import CallTaking
from gateway.services.centre import Centre
from gateway.services.commands import Commands
from gateway.services.count import Intake
from gateway.services.crews import Crews
from gateway.services.enrolment import REFRESH, Enrolment
from gateway.services.escalation import Escalation
from gateway.services.estimate import Estimator
from gateway.services.events import Feed
from gateway.services.judge_tracks import Tracks
from gateway.services.locate import Locator
from gateway.services.missions import Missions
from gateway.services.models import adopt
from gateway.services.nights import Nights, learn_outside
from gateway.services.progress import Progress
from gateway.services.standings import Standings
from gateway.services.watch import Watch
from gateway.services.webhooks import Webhooks
from gateway.settings import Settings
from gateway.storage import closures, fixes, speed_models
from gateway.storage.closures import KeptClosure
from gateway.storage.fixes import Row
from gateway.storage.migrations import migrate
from gateway.storage.pool import CONNECT_TIMEOUT_S, open_pool, type_of_pool
from gateway.storage.speed_models import KeptModel
from gateway.storage.units import Unit, time_zone
from tracker.eta.speeds import prior
from tracker.locate.gazetteer import Entry
from tracker.regions import load as load_profile

log = structlog.get_logger()

API_CONNECTIONS = 4
EVENT_CONNECTIONS = 2
STOP_GRACE_S = 5
SEND_BUFFER = 128 * 1024
"""Bytes that the kernel holds for one client. Left alone it takes 4 MiB, and a slow board would see all these old
positions before the next new one."""


async def serve(
    settings: Settings, stop: asyncio.Event, clock: Clock = TRUE, wired: Callable[[World], None] = lambda _: None
) -> None:
    """Run the gateway of one centre until ``stop`` is set.

    Args:
        settings: what it needs to know.
        stop: set by whoever wants it to end.
        clock: of everything but the waits for broker, database and clients.
        wired: shown the parts when all are there and none has begun.

    Raises:
        CannotListenError: the port is taken, or the address is not this machine's.
        MigrationsDisagree: the database was made by another version.
    """
    url = settings.database_url.get_secret_value()
    listener = _listen(settings.http_host, settings.http_port)
    live = LivePicture()
    intake = Intake(clock.now())

    def show(units: Iterable[Unit]) -> None:
        live.enrol((unit.id, unit.name, unit.kind) for unit in units)

    async with contextlib.AsyncExitStack() as stack:
        pools = {
            name: await stack.enter_async_context(open_pool(url, size))
            for name, size in (
                ("live", WORKERS),
                ("backlog", WORKERS),
                ("api", API_CONNECTIONS),
                ("events", EVENT_CONNECTIONS),
            )
        }
        enrolments = {name: Enrolment(settings.centre, show) for name in pools}
        tracks = Tracks(settings.centre, pools["api"], intake, clock)
        crews = Crews(settings.centre, live)
        profile = settings.profile_name
        centre = Centre(settings.centre, pools["api"], None if profile is None else load_profile(profile))
        found = await _prepare(url, pools["api"], enrolments["api"], live, tracks, crews, centre, stop, clock)
        if found is None:
            return
        estimator = Estimator(prior(found.zone))
        _load_roads(settings, estimator, clock.now())
        for kept in found.models:
            adopt(estimator, kept, clock.now())
        arrivals = Arrivals(pools["api"], live, Missions(settings.centre, pools["api"], clock), estimator, clock)
        commands = Commands(
            settings.centre, pools["api"], live, arrivals.missions, crews, lambda *what: link.send_command(*what), clock
        )

        def said(by_crews: Said) -> None:
            crews.committed(by_crews)
            arrivals.reported(by_crews.reports)
            commands.replied(by_crews.replies)
            world.standings.wake()

        def committed(rows: Sequence[Row]) -> None:
            arrivals.committed(rows)
            world.passages.committed(rows)

        link = Link(
            settings.centre,
            lambda lane: _broker(settings, lane),
            lambda lane: Acceptance(pools[lane], enrolments[lane], intake),
            live,
            tracks.judged,
            committed,
            said,
            clock,
            PACE if clock is TRUE else HASTE,
        )
        world = World(
            settings.centre, pools["api"], live, intake, link.connected, settings.web_dir, arrivals, commands, clock
        )
        world.districts = world.borders.districts = _districts(settings)
        world.borders.over_rest = OtherCentre(await stack.enter_async_context(other_centre.client()))
        world.bridges_online = link.bridges.get
        world.take_in = _taking_in(Acceptance(pools["api"], enrolments["api"], intake), link)
        world.centre_rules = centre
        world.standings = Standings(pools["api"], live, arrivals.missions, centre, clock)
        world.neighbours = await stack.enter_async_context(
            open_neighbours(settings, settings.centre, pools["api"], live, arrivals.missions, clock)
        )
        world.locator = _locator(settings, world)
        world.calls.key = None if settings.caller_key is None else settings.caller_key.get_secret_value().encode()
        world.closures.begin(found.closures, clock.now())
        nights = Nights(
            settings.centre,
            pools["api"],
            estimator,
            found.zone,
            # A process of its own has the world's time, so none where ours is held.
            lambda: learn_outside(settings) if clock is TRUE else asyncio.sleep(0),
            arrivals.look_again,
            clock,
        )
        sender = await stack.enter_async_context(WebhookSender(private=settings.webhooks_private))
        world.allow_receiver = sender.allow
        world.feed = Feed(settings.centre, pools["events"], clock)
        world.webhooks = Webhooks(settings.centre, pools["events"], sender.send, clock)
        world.feed.on_lanes = world.webhooks.heard
        world.progress = Progress(pools["events"], live, arrivals.missions, link.say_incident, world.feed.wake, clock)
        world.feed.on_events = world.progress.heard
        world.call_taking = CallTaking(settings.centre, pools["api"], world.incidents)
        link.intake.take = world.call_taking.take
        secret = settings.intake_secret
        world.intake_secret = None if secret is None else secret.get_secret_value()
        world.watch = watch_of(world)
        wired(world)
        web = api.create(world)
        server = uvicorn.Server(
            uvicorn.Config(
                LoopbackNames(web) if is_loopback(settings.http_host) else web,
                ws=DroppingProtocol,
                ws_max_size=64 * 1024,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=STOP_GRACE_S,
            )
        )
        tasks = [
            asyncio.create_task(link.run()),
            asyncio.create_task(_watch_enrolment(pools["api"], enrolments["api"], clock)),
            asyncio.create_task(arrivals.run()),
            asyncio.create_task(nights.run()),
            asyncio.create_task(commands.run()),
            asyncio.create_task(tracks.run()),
            asyncio.create_task(world.standings.run()),
            asyncio.create_task(world.watch.run()),
            asyncio.create_task(world.neighbours.run()),
            asyncio.create_task(world.register.run()),
            asyncio.create_task(world.inbound.run()),
            asyncio.create_task(world.borders.run()),
            asyncio.create_task(world.passages.run()),
            asyncio.create_task(world.calls.run()),
            asyncio.create_task(world.feed.run()),
            asyncio.create_task(world.webhooks.run()),
            asyncio.create_task(world.progress.run()),
            *([asyncio.create_task(link.live_topics.run())] if settings.mqtt_live else []),
            asyncio.create_task(_serve_http(server, listener, stop)),
        ]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()  # none of them ends by itself but with an error
            world.feed.close()
            await link.say_offline()
        finally:
            stop.set()
            for task in (*tasks[:-1], stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)


class CannotListenError(Exception):
    """The web side's address cannot be had."""


def watch_of(world: World) -> Watch:
    """What watches over the crews of a gateway whose parts are all there."""
    missions, register = world.arrivals.missions, world.register
    escalation = Escalation(
        missions,
        world.standings,
        world.alarms,
        world.centre_rules,
        world.candidates.next_for,
        lambda unit: register.unit(unit).agency,
        world.commands.tell_again,
    )
    return Watch(
        world.live,
        missions,
        world.standings,
        world.alarms,
        escalation,
        lambda: world.sessions().get("live", False),
        world.clock,
    )


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that the address is known, and printed, before anything else starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)  # accepted sockets inherit it
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListenError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return listener


class Found(NamedTuple):
    """What the database holds as we start."""

    zone: str  # the centre's, an IANA name
    closures: list[KeptClosure]  # that are not over
    models: list[KeptModel]  # the newest speed model, if there is one


async def _prepare(
    url: str,
    pool: type_of_pool,
    enrolment: Enrolment,
    live: LivePicture,
    tracks: Tracks,
    crews: Crews,
    centre: Centre,
    stop: asyncio.Event,
    clock: Clock,
) -> Found | None:
    """Migrate and load the picture, however long the database takes to come; what else it holds, or None if we were
    told to stop before.

    Migrations have a connection of their own: the pool's limits are for batches, and a large table takes its time.
    """
    delay = 0.1
    while not stop.is_set():
        try:
            async with await psycopg.AsyncConnection.connect(
                url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
            ) as own:
                log.info("schema ready", applied=await migrate(own))
            async with pool.connection() as connection:
                await enrolment.refresh(connection, clock.now())
                newest = await fixes.latest(connection, enrolment.centre)
                for found in newest:
                    live.apply(found.unit, found.source, found.fix, found.received_at)
                tracks.begin(newest)
                await crews.load(connection)
                await centre.load(connection, clock.now())
                return Found(
                    await time_zone(connection, enrolment.centre),
                    await closures.find(connection, enrolment.centre, now=clock.now()),
                    await speed_models.newest(connection, enrolment.centre),
                )
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.warning("waiting for the database", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), delay)
            delay = min(2.0, delay * 2)
    return None


def _load_roads(settings: Settings, estimator: Estimator, now: datetime) -> None:
    """Route over the region of the centre's name, if it was built. A broken one is told and done without: positions are
    worth more than roads."""
    if settings.roads_dir is None:
        return
    path = region_path(settings.roads_dir, settings.centre)
    if not path.exists():
        log.warning("no roads for this centre: arrival times are by straight line", file=str(path))
        return
    try:
        region = load_region(path)
    except RegionFileUnusable as error:
        log.warning("roads not loaded: arrival times are by straight line", error=str(error))
        return
    engine = region.engine(lambda why: log.warning("routing engine lost", why=why))
    estimator.load(region.graph, engine, now)
    log.info("roads loaded", region=region.graph.region, arcs=region.graph.arcs)


def _districts(settings: Settings) -> Districts | None:
    """Areas to score arrival times by. A broken file is told and done without."""
    if settings.districts_file is None:
        return None
    try:
        districts = load_districts(settings.districts_file)
    except DistrictsUnusable as error:
        log.warning("districts not loaded: arrival times are scored without them", error=str(error))
        return None
    log.info("districts loaded", districts=len(districts.names))
    return districts


def _locator(settings: Settings, world: World) -> Locator:
    """What callers' words are looked up in. A broken file of villages is told and done without."""
    villages: list[Entry] = []
    try:
        villages = [] if settings.villages_file is None else load_villages(settings.villages_file)
    except VillagesUnusable as error:
        log.warning("villages not loaded: callers' words are looked up without them", error=str(error))
    estimator = world.arrivals.estimator
    return Locator(
        world.centre_rules.profile,
        villages,
        lambda: world.register.facilities.values(),
        lambda: None if estimator.network is None else estimator.network.graph,
        world.districts,
    )


async def _watch_enrolment(pool: type_of_pool, enrolment: Enrolment, clock: Clock) -> None:
    """Show units that were enrolled elsewhere, before they send their first fix."""
    while True:
        await clock.sleep(REFRESH.total_seconds())
        try:
            async with pool.connection() as connection:
                await enrolment.refresh(connection, clock.now())
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("enrolment not read", error=str(error))


def _taking_in(acceptance: Acceptance, link: Link) -> TakeIn:
    """What came over HTTP goes the same way as what came over the broker."""

    async def take_in(messages: Sequence[Message], now: datetime) -> Accepted:
        accepted = await acceptance.accept(messages, now)
        link.committed(accepted)
        return accepted

    return take_in


async def _serve_http(server: uvicorn.Server, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until told to stop. uvicorn's own signal handlers are left out: the process has one owner."""
    host, port = listener.getsockname()[:2]
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    print(f"board=http://{f'[{host}]' if ':' in host else host}:{port}/", flush=True)
    await stop.wait()
    server.should_exit = True
    await server.shutdown(sockets=[listener])


def _broker(settings: Settings, lane: str) -> Broker:
    username = settings.mqtt_username
    if username is not None and lane == "backlog":
        username += "-backlog"
    password = settings.mqtt_password
    tls = None if settings.mqtt_tls_ca is None else ssl.create_default_context(cafile=settings.mqtt_tls_ca)
    secret = None if password is None else password.get_secret_value()
    return Broker(settings.mqtt_host, settings.mqtt_port, username, secret, tls)
