"""A unit with an outbox on the wire: joins the outbox, the lanes and the link.

The one rule: an item leaves the outbox in `received`, when a receipt names it, and nowhere else. That the broker has
acknowledged a message (`answered`) only frees a place in a window: of 5,000 messages acknowledged by a Mosquitto with
its defaults, 4,000 never arrived.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable
from typing import NamedTuple

from fieldunit.outbox import Item, Store
from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.lanes import WINDOWS, Lanes, Message, Windows
from fieldunit.uplink.link import Link
from tracker.errors import BadInput
from tracker.wire import presence, receipt
from tracker.wire.presence import Presence
from tracker.wire.topics import Channel, UnitTopic, gateway_presence


class Tally(NamedTuple):
    """What became of one unit's epochs since the program's start."""

    sent: int  # published at least once
    receipted: int  # gone from the outbox because a receipt named them
    waiting: int  # still in the outbox
    lost: int = 0  # gone without a receipt: only a bare device loses
    quarantined: int = 0  # of the receipted: kept at the centre with a reason, but in no track
    declined: int = 0  # of the receipted: read well, and there was no fix in them


class _Taken(NamedTuple):
    """Items that receipts have taken out of the outbox, by what became of them."""

    stored: int
    quarantined: int
    declined: int


class Delivery:
    """Brings one outbox to the centre. All methods but `tally` belong to the loop's thread.

    Args:
        centre, unit: ids.
        outbox: open; it stays the caller's to close, after this has ended.
        broker: where to.
        firmware: told on presence.
        interval_s: the announced report interval, seconds; None where there is none.
        trouble: told in a sentence what whoever runs the unit should know.
        backoff: the waits between tries to connect.
    """

    def __init__(
        self,
        centre: str,
        unit: str,
        outbox: Store,
        broker: Broker,
        *,
        firmware: str,
        interval_s: float | None,
        trouble: Callable[[str], None],
        backoff: Backoff | None = None,
        windows: Windows = WINDOWS,
    ) -> None:
        self.unit = unit
        self.outbox = outbox
        self.trouble = trouble
        self._topics = {
            channel: str(UnitTopic(centre, unit, channel, outbox.id))
            for channel in (Channel.LIVE, Channel.BACKLOG, Channel.RECEIPT)
        }
        self._presence_topic = str(UnitTopic(centre, unit, Channel.PRESENCE))
        self._gateway_topic = gateway_presence(centre)
        self._presence = Presence(True, boot=secrets.token_hex(4), firmware=firmware, interval_s=interval_s)
        self._loop = asyncio.get_running_loop()
        self._lanes = Lanes(outbox, windows)
        self._published: dict[int, Message] = {}  # by the link's token, on this connection
        self._alarm: asyncio.TimerHandle | None = None
        self._taken = _Taken(0, 0, 0)
        self._taking = threading.Lock()  # what is out of the outbox is counted: a tally never falls in between
        self._refusal: str | None = None
        self._command: Callable[[bytes], None] = lambda _: None
        self._receipt: Callable[[tuple[receipt.Range, ...]], None] = lambda _: None
        will = (self._presence_topic, presence.encode(Presence(False)))
        self._link = Link(broker, unit, self, will=will, backoff=backoff)

    @property
    def up(self) -> bool:
        """Whether there is a connection."""
        return self._link.up

    @property
    def gateway(self) -> bool | None:
        """Whether the centre's gateway is there; None where it has said nothing on this connection."""
        return self._lanes.gateway

    @property
    def unanswered(self) -> int:
        """Messages on this connection that the broker has not acknowledged."""
        return len(self._published)

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self._link.run()

    async def say_goodbye(self) -> None:
        """Tell the centre that the unit goes; then the connection ends without the last will."""
        self._link.publish(self._presence_topic, presence.encode(Presence(False)), retain=True)
        await self._link.close()

    def appended(self, item: Item) -> None:
        """The sampling side has appended an epoch of the present."""
        self._lanes.appended(item)
        self._pump()

    def history_appended(self) -> None:
        """The sampling side has appended epochs of the past."""
        self._pump()

    def tally(self) -> Tally:
        """The counts; any thread may ask."""
        with self._taking:
            taken, depth = self._taken, self.outbox.depth
        return Tally(self._lanes.first_sends, sum(taken), depth, quarantined=taken.quarantined, declined=taken.declined)

    # What those above the uplink may ask; see `agent.unit.Unit`, which hands it on from any thread

    def reported(self) -> None:
        """A report is new in the outbox."""
        self._pump()

    def on_command(self, callback: Callable[[bytes], None]) -> None:
        """Who hears what comes on `command`: called in a thread of its own, one message after the other."""
        self._command = callback

    def on_receipt(self, callback: Callable[[tuple[receipt.Range, ...]], None]) -> None:
        """Who hears what the centre has: called with ranges of numbers, after they have left the outbox."""
        self._receipt = callback

    def reply(self, payload: bytes) -> None:
        """Publish on `command/reply`, when there is a connection."""

    def publish_health(self, payload: bytes) -> None:
        """Publish on `health`, if there is a connection; an old one is of no use."""

    def announce(self, interval_s: float | None) -> None:
        """Say on `presence` how often the unit means to report from now on."""

    # What the link tells

    def link_up(self) -> None:
        """Say that the unit is there, ask for receipts and the gateway's presence, and go on sending."""
        self._published.clear()
        self._link.subscribe(self._topics[Channel.RECEIPT], self._gateway_topic)
        self._link.publish(self._presence_topic, presence.encode(self._presence), retain=True)
        self._lanes.link_up(self._loop.time(), self._link.granted)
        self._pump()

    def link_down(self) -> None:
        """Hold everything."""
        self._published.clear()
        self._lanes.link_down()

    def received(self, topic: str, payload: bytes) -> None:
        """A receipt, or the gateway's presence."""
        try:
            if topic == self._topics[Channel.RECEIPT]:
                self._take_receipt(receipt.decode(payload))
            elif topic == self._gateway_topic:
                self._lanes.gateway_present(presence.decode(payload).online, self._loop.time())
            # Anything else is for an outbox this unit had before, and of no use to this one.
        except BadInput as error:
            self.trouble(f"the gateway sent something unreadable on {topic}: {error}")
        self._pump()

    def answered(self, token: int, refusal: str | None) -> None:
        """The broker has a message, or refused it; neither says anything about the centre."""
        message = self._published.pop(token, None)
        if message is not None:
            self.acknowledged(message)
        if refusal is not None and refusal != self._refusal:
            self.trouble(f"the broker refuses what this unit publishes: {refusal}; it stays in the outbox")
        self._refusal = refusal
        self._pump()

    def drained(self) -> None:
        """The socket takes more."""
        self._pump()

    def acknowledged(self, message: Message) -> None:
        """A place in the window is free. (What proves the receipts' worth deletes here, in the tests, and loses.)"""
        self._lanes.acknowledged(message)

    def _take_receipt(self, received: receipt.Receipt) -> None:
        """Delete in another thread: it may have to wait for an append, and this one carries all units."""
        deleting = self._loop.run_in_executor(None, self._delete, received)
        deleting.add_done_callback(lambda done: self._deleted(done, received.ranges))

    def _delete(self, received: receipt.Receipt) -> None:
        """By what became of them. A number that a former receipt named is gone already and is not counted again."""
        fates = (received.stored, received.quarantined, received.declined)
        with self._taking:
            taken = (self.outbox.delete(ranges) if ranges else 0 for ranges in fates)
            self._taken = _Taken(*(before + now for before, now in zip(self._taken, taken, strict=True)))

    def _deleted(self, done: asyncio.Future[None], ranges: tuple[receipt.Range, ...]) -> None:
        done.result()  # a broken disk is raised here, and the network tells it
        self._lanes.receipted(ranges)
        self._pump()

    def _pump(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        now = self._loop.time()
        while message := self._lanes.next_message(now, backlog=not self._link.congested):
            token = self._link.publish(self._topics[message.channel], message.payload)
            if token is None:  # the link broke under our hands; link_down comes, and all is due again
                return
            self._published[token] = message
        if not self._link.congested and (due := self._lanes.next_due(now)) is not None:
            self._alarm = self._loop.call_at(due, self._pump)
