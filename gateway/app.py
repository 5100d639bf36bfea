"""Wires one gateway together: the only file that knows all its parts."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.http import api
from gateway.http.world import Beyond, TakeIn, World
from gateway.integrations import other_centre
from gateway.integrations.other_centre import OtherCentre
from gateway.integrations.webhook_sender import WebhookSender
from gateway.integrations.wiring import open_neighbours
from gateway.listening import listen, serve_http, server_of
from gateway.loading import districts_of, load_roads, prepare, villages_of
from gateway.mqtt.link import HASTE, PACE, WORKERS, Link
from gateway.mqtt.session import Broker
from gateway.services.accept_messages import Acceptance, Accepted, Message
from gateway.services.accept_reports import Said
from gateway.services.arrivals import Arrivals
from gateway.services.centre import Centre
from gateway.services.commands import Commands
from gateway.services.count import Intake
from gateway.services.crews import Crews
from gateway.services.enrolment import REFRESH, Enrolment
from gateway.services.escalation import Escalation
from gateway.services.estimate import Estimator
from gateway.services.judge_tracks import Tracks
from gateway.services.missions import Missions
from gateway.services.models import adopt
from gateway.services.nights import Nights, learn_outside
from gateway.services.turns import keep_turning
from gateway.services.watch import Watch
from gateway.settings import Settings
from gateway.storage.fixes import Row
from gateway.storage.pool import open_pool, type_of_pool
from gateway.storage.sole import Sole
from gateway.storage.units import Unit
from tracker.eta.speeds import prior
from tracker.regions import load as load_profile

API_CONNECTIONS = 4
EVENT_CONNECTIONS = 2


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
    listener = listen(settings.http_host, settings.http_port)
    live = LivePicture()
    intake = Intake(clock.now())

    def show(units: Iterable[Unit]) -> None:
        live.enrol((unit.id, unit.name, unit.kind) for unit in units)

    async with contextlib.AsyncExitStack() as stack:
        told = asyncio.Event()
        pools = {
            name: await stack.enter_async_context(open_pool(url, size, told))
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
        found = await prepare(url, pools["api"], enrolments["api"], live, tracks, crews, centre, stop, clock)
        if found is None:
            return
        estimator = Estimator(prior(found.zone))
        load_roads(settings, estimator, clock.now())
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
            lambda incident, now: world.call_taking.take(incident, now),
            clock,
            PACE if clock is TRUE else HASTE,
        )
        sender = await stack.enter_async_context(WebhookSender(private=settings.webhooks_private))
        sole = Sole(url, settings.centre)
        stack.push_async_callback(sole.close)
        beyond = Beyond(
            event_pool=pools["events"],
            told=told,
            take_in=_taking_in(Acceptance(pools["api"], enrolments["api"], intake), link),
            say_incident=link.say_incident,
            bridges_online=link.bridges.get,
            neighbours=await stack.enter_async_context(
                open_neighbours(settings, settings.centre, pools["api"], live, arrivals.missions, clock)
            ),
            over_rest=OtherCentre(await stack.enter_async_context(other_centre.client())),
            send=sender.send,
            delivers=sole.held,
            allow_receiver=sender.allow,
            districts=districts_of(settings),
            villages=villages_of(settings),
            caller_key=None if settings.caller_key is None else settings.caller_key.get_secret_value().encode(),
            intake_secret=None if settings.intake_secret is None else settings.intake_secret.get_secret_value(),
        )
        world = World(
            settings.centre, pools["api"], live, intake, link.connected, settings.web_dir, arrivals, commands, clock,
            centre, beyond,
        )  # fmt: skip
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
        watch = watch_of(world)
        wired(world)
        web = api.create(world)
        server = server_of(web, settings.http_host)
        loops: list[Callable[[], Coroutine[Any, Any, None]]] = [
            link.run, arrivals.run, nights.run, commands.run, tracks.run, world.standings.run, watch.run,
            world.neighbours.run, world.register.run, world.inbound.run, world.borders.run, world.passages.run,
            world.calls.run, world.feed.run, world.webhooks.run, world.progress.run,
        ]  # fmt: skip
        if settings.mqtt_live:
            loops.append(link.live_topics.run)
        tasks = [
            *(asyncio.create_task(run()) for run in loops),
            asyncio.create_task(_watch_enrolment(pools["api"], enrolments["api"], clock)),
            asyncio.create_task(serve_http(server, listener, stop)),
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


async def _watch_enrolment(pool: type_of_pool, enrolment: Enrolment, clock: Clock) -> None:
    """Show units that were enrolled elsewhere, before they send their first fix."""

    async def turn() -> None:
        async with pool.connection() as connection:
            await enrolment.refresh(connection, clock.now())

    await keep_turning("enrolment", turn, clock, REFRESH.total_seconds())


def _taking_in(acceptance: Acceptance, link: Link) -> TakeIn:
    """What came over HTTP goes the same way as what came over the broker."""

    async def take_in(messages: Sequence[Message], now: datetime) -> Accepted:
        accepted = await acceptance.accept(messages, now)
        link.committed(accepted)
        return accepted

    return take_in


def _broker(settings: Settings, lane: str) -> Broker:
    username = settings.mqtt_username
    if username is not None and lane == "backlog":
        username += "-backlog"
    password = settings.mqtt_password
    tls = None if settings.mqtt_tls_ca is None else ssl.create_default_context(cafile=settings.mqtt_tls_ca)
    secret = None if password is None else password.get_secret_value()
    return Broker(settings.mqtt_host, settings.mqtt_port, username, secret, tls)
