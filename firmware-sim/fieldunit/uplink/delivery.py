"""A unit with an outbox on the wire: joins the outbox, the lanes and the link.

The one rule: an item leaves the outbox in `received`, when a receipt names it, and nowhere else. That the broker has
acknowledged a message (`answered`) only frees a place in a window: of 5,000 messages acknowledged by a Mosquitto with
its defaults, 4,000 never arrived.
"""

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec

from fieldunit.outbox import Item, Store
from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.lanes import WINDOWS, Lanes, Message, Windows
from fieldunit.uplink.link import Link, Refusal
from fieldunit.uplink.traffic import Traffic
from tracker.errors import BadInput
from tracker.wire import presence, receipt
from tracker.wire.presence import Presence
from tracker.wire.topics import Channel, UnitTopic, gateway_presence


class Tally(NamedTuple):
    """What became of one unit's epochs since the program's start."""

    sent: int  # published at least once
    receipted: int  # gone from the outbox because a receipt named them
    waiting: int  # still in the outbox
    lost: int = 0  # gone without a receipt: what a bare device could not send, or an outbox had no room for
    quarantined: int = 0  # of the receipted: kept at the centre with a reason, but in no track
    declined: int = 0  # of the receipted: read well, and there was no fix in them


_MOST_WORDS = 100
"""Replies that wait for a connection, and commands for a listener; the centre repeats what was dropped beyond."""


class _Word(NamedTuple):
    """Something to publish besides what is in the outbox."""

    topic: str
    payload: bytes
    retain: bool = False


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
            for channel in (Channel.STATUS, Channel.LIVE, Channel.BACKLOG, Channel.RECEIPT)
        }
        self._presence_topic = str(UnitTopic(centre, unit, Channel.PRESENCE))
        self._health_topic = str(UnitTopic(centre, unit, Channel.HEALTH))
        self._command_topic = str(UnitTopic(centre, unit, Channel.COMMAND))
        self._reply_topic = str(UnitTopic(centre, unit, Channel.COMMAND_REPLY))
        self._gateway_topic = gateway_presence(centre)
        self._presence = Presence(True, boot=secrets.token_hex(4), firmware=firmware, interval_s=interval_s)
        self._loop = asyncio.get_running_loop()
        self._lanes = Lanes(outbox, windows)
        self._published: dict[int, Message] = {}  # by the link's token, on this connection
        self._alarm: asyncio.TimerHandle | None = None
        self._taken = _Taken(0, 0, 0)
        self._lost_before = outbox.lost
        self._taking = threading.Lock()  # what is out of the outbox is counted: a tally never falls in between
        self._refusal: str | None = None
        self._leaving = False
        self._words: deque[_Word] = deque()
        self._word_under_way: int | None = None  # the token of the one that the broker has not answered
        self._commanding = ThreadPoolExecutor(1, thread_name_prefix="commands")  # one, so that they keep their order
        self._command: Callable[[bytes], None] | None = None
        self._unheard: deque[bytes] = deque(maxlen=_MOST_WORDS)  # commands that came before anybody listened
        self._receipt: Callable[[tuple[receipt.Range, ...]], None] = lambda _: None
        will = (self._presence_topic, presence.encode(Presence(False)))
        self._link = Link(broker, unit, self, will=will, backoff=backoff)

    @property
    def boot(self) -> str:
        """Random, new at each start of the program; told on presence."""
        return self._presence.boot or ""

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

    @property
    def traffic(self) -> Traffic:
        """Bytes that the connections have cost since the start. Any thread may ask."""
        return self._link.traffic

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self._link.run()

    async def say_goodbye(self) -> None:
        """Tell the centre that the unit goes; then the connection ends without the last will."""
        self._leaving = True
        self._link.publish(self._presence_topic, presence.encode(Presence(False)), retain=True)
        await self._link.close()
        self._commanding.shutdown(wait=False)

    def appended(self, item: Item) -> None:
        """The sampling side has appended an epoch of the present."""
        self._lanes.appended(item, self._loop.time())
        self._pump()

    def history_appended(self, first: int) -> None:
        """The sampling side has appended epochs of the past, from this number on."""
        self._lanes.recalled(first)
        self._pump()

    def tally(self) -> Tally:
        """The counts; any thread may ask."""
        with self._taking:
            taken, depth, lost = self._taken, self.outbox.depth, self.outbox.lost - self._lost_before
        return Tally(self._lanes.first_sends, sum(taken), depth, lost, taken.quarantined, taken.declined)

    # What those above the uplink may ask; see `agent.unit.Unit`, which hands it on from any thread

    def reported(self, seq: int) -> None:
        """A report is new in the outbox."""
        self._lanes.reported(seq)
        self._pump()

    def on_command(self, callback: Callable[[bytes], None]) -> None:
        """Who hears what comes on `command`: called in a thread of its own, one message after the other."""
        self._command = callback
        while self._unheard:
            self._commanding.submit(self._hear, callback, self._unheard.popleft())

    def on_receipt(self, callback: Callable[[tuple[receipt.Range, ...]], None]) -> None:
        """Who hears what the centre has: called with ranges of numbers, after they have left the outbox."""
        self._receipt = callback

    def reply(self, payload: bytes) -> None:
        """Publish on `command/reply`, when there is a connection."""
        if len(self._words) >= _MOST_WORDS:
            self._words.popleft()
        self._words.append(_Word(self._reply_topic, payload))
        self._pump()

    def publish_health(self, payload: bytes) -> None:
        """Publish on `health`, if there is a connection; an old one is of no use, so it has QoS 0."""
        if not self._link.congested:
            self._link.publish(self._health_topic, payload, qos=0)

    def announce(self, interval_s: float | None) -> None:
        """Say on `presence` how often the unit means to report from now on."""
        if interval_s == self._presence.interval_s:
            return
        self._presence = msgspec.structs.replace(self._presence, interval_s=interval_s)
        self._say_present()

    def hold(self, seconds: float) -> None:
        """Let epochs of the present wait so long for each other, to share a message; 0: each goes at once."""
        self._lanes.hold_s = seconds
        self._pump()

    # What the link tells

    def link_up(self) -> None:
        """Say that the unit is there, ask for receipts and the gateway's presence, and go on sending."""
        self._published.clear()
        self._word_under_way = None
        self._link.subscribe(self._topics[Channel.RECEIPT], self._gateway_topic, self._command_topic)
        self._say_present()
        self._lanes.link_up(self._loop.time(), self._link.granted, self._link.room)
        self._pump()

    def link_down(self, ended: str | None) -> None:
        """Hold everything."""
        self._lanes.link_down(tuple(self._published.values()), ended and f"the broker {ended} when it came")
        self._published.clear()

    def received(self, topic: str, payload: bytes) -> None:
        """A receipt, or the gateway's presence."""
        try:
            if topic == self._topics[Channel.RECEIPT]:
                self._take_receipt(receipt.decode(payload))
            elif topic == self._gateway_topic:
                self._lanes.gateway_present(presence.decode(payload).online, self._loop.time())
            elif topic == self._command_topic and not self._leaving:  # the centre repeats it
                if self._command is None:
                    self._unheard.append(payload)
                else:
                    self._commanding.submit(self._hear, self._command, payload)
            # Anything else is for an outbox this unit had before, and of no use to this one.
        except BadInput as error:
            self.trouble(f"the gateway sent something unreadable on {topic}: {error}")
        self._pump()

    def answered(self, token: int, refusal: Refusal | None) -> None:
        """The broker has a message, or refused it; neither says anything about the centre."""
        if token == self._word_under_way:
            self._word_under_way = None
        message = self._published.pop(token, None)
        if message is not None:
            self.acknowledged(message, refusal.reason if refusal is not None and refusal.of_packet else None)
        reason = refusal.reason if refusal is not None else None
        if reason is not None and reason != self._refusal:
            self.trouble(f"the broker refuses what this unit publishes: {reason}; it stays in the outbox")
        self._refusal = reason
        self._pump()

    def drained(self) -> None:
        """The socket takes more."""
        self._pump()

    def acknowledged(self, message: Message, refusal: str | None = None) -> None:
        """A place in the window is free. (What proves the receipts' worth deletes here, in the tests, and loses.)"""
        self._lanes.acknowledged(message, refusal)

    def _hear(self, callback: Callable[[bytes], None], payload: bytes) -> None:
        """In the commands' own thread: whoever executes them may wait for the disk, and this must not."""
        try:
            callback(payload)
        except Exception as error:
            self._loop.call_soon_threadsafe(self.trouble, f"a command could not be dealt with: {error!r}")

    def _say_present(self) -> None:
        self._words = deque(word for word in self._words if word.topic != self._presence_topic)
        self._words.appendleft(_Word(self._presence_topic, presence.encode(self._presence), retain=True))
        self._pump()

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
        self._receipt(ranges)
        self._pump()

    def _set_aside(self, verdicts: dict[int, str]) -> None:
        """Also in another thread."""

        def move() -> None:
            for seq, reason in verdicts.items():
                if self.outbox.set_aside([seq], reason):
                    self._loop.call_soon_threadsafe(
                        self.trouble, f"item {seq} is set aside, it stays in the outbox and is not sent: {reason}"
                    )

        self._loop.run_in_executor(None, move).add_done_callback(lambda done: done.result())

    def _pump(self) -> None:
        if not self._link.up:
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._word_under_way is None and self._words:  # one of them at a time: the broker's limit is for all
            word = self._words.popleft()
            self._word_under_way = self._link.publish(word.topic, word.payload, retain=word.retain)
            if self._word_under_way is None:
                self._words.appendleft(word)
        now = self._loop.time()
        while message := self._lanes.next_message(now, backlog=not self._link.congested):
            token = self._link.publish(self._topics[message.channel], message.payload)
            if token is None:  # the link broke under our hands; link_down comes, and all is due again
                return
            self._published[token] = message
        if verdicts := self._lanes.to_set_aside():
            self._set_aside(verdicts)
        if not self._link.congested and (due := self._lanes.next_due(now)) is not None:
            self._alarm = self._loop.call_at(due, self._pump)
