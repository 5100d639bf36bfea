"""Everything the gateway says and hears over the broker: two lanes, presence both ways, receipts."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import aiomqtt
import structlog

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.mqtt.intake import IntakeTopic, Take, nobody
from gateway.mqtt.lane import Lane
from gateway.mqtt.live_topics import LiveTopics
from gateway.mqtt.session import MAX_PENDING_PUBLISHES, Broker, Delivery, NotConnected, Session
from gateway.services.accept_messages import Acceptance, Accepted
from gateway.services.accept_reports import Said
from gateway.services.receipts import INTERVAL_S, Receipts
from gateway.storage.fixes import Row
from tracker.errors import BadInput
from tracker.wire import presence, receipt
from tracker.wire.owntracks import EVERY_PHONE
from tracker.wire.presence import Presence
from tracker.wire.topics import (
    Channel,
    UnitTopic,
    bridge_receipt,
    every_bridge,
    every_bridges_presence,
    every_unit,
    gateway_presence,
    incident_state,
    read_bridge_presence,
    read_unit_topic,
)

log = structlog.get_logger()

SAID = (Channel.STATUS, Channel.HEALTH, Channel.COMMAND_REPLY)
"""On the live session: what a crew says must not wait behind a backlog."""

WORKERS = 2
"""Batches of one lane under way at once: one is decoded while the database works on the other."""


class Pace(NamedTuple):
    """Of receipts, in the machine's seconds."""

    tick_s: float = 0.1  # how long they are gathered
    interval_s: float = INTERVAL_S  # between two to one unit, at the least


PACE = Pace()

HASTE = Pace(0.004, 0.008)
"""Where the clock is held: whoever holds it waits for the receipts before time goes on."""


class Link:
    """The gateway of one centre on its broker."""

    def __init__(
        self,
        centre: str,
        broker: Callable[[str], Broker],
        acceptance: Callable[[str], Acceptance],
        live: LivePicture,
        judged: Callable[[Sequence[Row]], Sequence[Row]] = lambda rows: rows,
        after_commit: Callable[[Sequence[Row]], None] = lambda _: None,
        said: Callable[[Said], None] = lambda _: None,
        take: Take = nobody,
        clock: Clock = TRUE,
        pace: Pace = PACE,
    ) -> None:
        """
        Args:
            broker: the account to use for the lane of that name, ``live`` or ``backlog``.
            acceptance: one for the lane of that name, on connections of its own.
            judged: gives the committed fixes with what their tracks say about them; it must be quick.
            after_commit: told of every stored fix, new or not, in any order; it must be quick.
            said: told of what crews said, likewise.
            take: stores an incident that a call-taking system tells.
            clock: of all that is dated here; receipts go by the machine's, since units wait for them in the world.
            pace: how receipts are gathered.
        """
        self._judged = judged
        self._after_commit = after_commit
        self._said = said
        self._centre = centre
        self._live = live
        self._clock = clock
        self._pace = pace
        self._receipts = Receipts(pace.interval_s)
        self.bridges: dict[str, bool] = {}
        """Of each bridge that said so, whether it is there."""
        self.intake = IntakeTopic(centre, take, clock)
        offline = aiomqtt.Will(gateway_presence(centre), presence.encode(Presence(online=False)), qos=1, retain=True)
        self.live_session = Session(
            broker("live"),
            f"{centre}-gateway-live",
            [every_unit(centre, channel) for channel in (Channel.LIVE, Channel.NMEA, Channel.PRESENCE, *SAID)]
            + [every_bridge(centre, channel) for channel in (Channel.LIVE, Channel.NMEA, Channel.STATUS)]
            + [every_bridges_presence(centre), EVERY_PHONE, self.intake.topic],
            will=offline,
            on_connected=self._say_online,
            divert=self._hear,
            clock=clock,
        )
        self.backlog_session = Session(
            broker("backlog"),
            f"{centre}-gateway-backlog",
            [every_unit(centre, Channel.BACKLOG), every_bridge(centre, Channel.BACKLOG)],
            clock=clock,
        )
        self.live_topics = LiveTopics(centre, self.live_session, live, clock)
        self._lanes = [
            Lane(self.live_session, acceptance("live"), self.committed, clock),
            Lane(self.backlog_session, acceptance("backlog"), self.committed, clock),
        ]

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes:
                tasks.create_task(lane.session.run())
                for _ in range(WORKERS):
                    tasks.create_task(lane.run())
            tasks.create_task(self._send_receipts())
            tasks.create_task(self.intake.run(self.live_session))

    def connected(self) -> dict[str, bool]:
        """Which of the two sessions stands."""
        return {"live": self.live_session.connected, "backlog": self.backlog_session.connected}

    async def say_offline(self) -> None:
        """Tell the units that nobody will answer for a while. A broker that is away knows by the last will."""
        with suppress(NotConnected):
            await self.live_session.publish(
                gateway_presence(self._centre), presence.encode(Presence(online=False)), retain=True
            )

    async def _say_online(self, session: Session) -> None:
        await session.publish(gateway_presence(self._centre), presence.encode(Presence(online=True)), retain=True)

    def committed(self, accepted: Accepted) -> None:
        """Tell everybody of a committed batch, whichever way it came: viewers, those who compare fixes, the senders."""
        rows = self._judged(accepted.rows)
        for row in rows:
            self._live.apply(row.unit, row.source, row.fix, row.received_at)
        self._live.publish()
        self._after_commit(rows)
        self._said(accepted.said)
        self._receipts.add(accepted.handled)

    def _hear(self, delivery: Delivery) -> bool:
        """Whether a message is no report of a unit, and is taken here."""
        return self.intake.hear(delivery) or self._hear_presence(delivery)

    def _hear_presence(self, delivery: Delivery) -> bool:
        message = delivery.message
        if not message.topic.endswith("/presence"):
            return False
        try:
            said = presence.decode(message.payload)
            bridge = read_bridge_presence(message.topic)
            if bridge is not None:
                self.bridges[bridge] = said.online
                delivery.acknowledge()
                return True
            topic = read_unit_topic(message.topic)
        except BadInput:
            return False  # on to the lane, which keeps it in the quarantine
        self._live.present(topic.unit, said, self._clock.now())
        delivery.acknowledge()
        return True

    async def send_command(self, unit: str, payload: bytes) -> bool:
        """Hand a command to the broker; False if that is away, now or before it answered."""
        try:
            await self.live_session.publish(str(UnitTopic(self._centre, unit, Channel.COMMAND)), payload)
        except NotConnected:
            return False
        return True

    async def say_incident(self, incident: str, state: bytes | None) -> bool:
        """Say how an incident stands, None: no longer; False if the broker is away, now or before it answered."""
        try:
            await self.live_session.publish(incident_state(self._centre, incident), state or b"", retain=True)
        except NotConnected:
            return False
        return True

    async def _send_receipts(self) -> None:
        """A receipt that cannot be sent is dropped: the unit sends again, and is told then."""
        room = asyncio.Semaphore(MAX_PENDING_PUBLISHES)

        async def send(topic: str, payload: bytes) -> None:
            async with room:
                try:
                    await self.live_session.publish(topic, payload)
                except NotConnected:
                    log.info("receipt not sent", topic=topic)

        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(self._pace.tick_s)
                for unit, outbox, told in self._receipts.due(time.monotonic()):
                    bridge, stroke, own = outbox.partition("/")
                    topic = str(UnitTopic(self._centre, unit, Channel.RECEIPT, outbox))
                    if stroke:
                        topic = bridge_receipt(self._centre, bridge, own)
                    tasks.create_task(send(topic, receipt.encode(told)))
