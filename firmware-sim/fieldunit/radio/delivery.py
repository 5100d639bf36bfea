"""A bridge's outbox on the wire: one connection and one outbox for all of its radios.

The rule is the units' own: an item leaves the outbox when a receipt names it, and nowhere else. A bridge needs it as
much as a vehicle: the base radio hears a position once, nobody says it again, and the way from the radio room to the
broker is a line like any other.

    live      what was just heard, at once, one message each
    status    reports, before anything else
    backlog   the rest, oldest first, in messages of one radio each; and what has no receipt after a while

Nothing is sent while the gateway says that it is away. A base radio says a few things a second, so the windows are
small and the numbers of what is under way fit into one dictionary.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable

import msgspec

from fieldunit.outbox import Item, ReportItem, Store
from fieldunit.radio.bridge import Spoken
from fieldunit.radio.table import Table
from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.link import Link, Refusal
from tracker.errors import BadInput
from tracker.wire import presence, receipt, reports
from tracker.wire.payload import encode_epoch
from tracker.wire.presence import Presence
from tracker.wire.radio import SOURCE
from tracker.wire.topics import BridgeTopic, Channel, bridge_presence, bridge_receipt, gateway_presence

FIRST_RESEND_S, LAST_RESEND_S = 5.0, 60.0
UNDER_WAY = 500
"""Items without a receipt, at most."""

MESSAGES = 12
"""Messages without the broker's acknowledgement; brokers grant 20 by default."""

SET_ASIDE_AFTER = 12
"""Sendings without a receipt, some nine minutes while the gateway was there and others had theirs: it is poison."""

_READ = 100


class _Sent(msgspec.Struct):
    due: float
    times: int
    receipted_before: int  # of others, when it was sent first


class BridgeDelivery:
    """Brings a bridge's outbox to the centre. All methods belong to the loop's thread.

    Args:
        centre, bridge: ids.
        store: the outbox; it stays the caller's to close.
        table: gives the table as it is now.
        broker: where to.
        firmware: told on presence.
        tell: told in a sentence what whoever runs the bridge should know.
    """

    def __init__(
        self,
        centre: str,
        bridge: str,
        store: Store,
        table: Callable[[], Table],
        broker: Broker,
        *,
        firmware: str,
        tell: Callable[[str], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._centre, self._bridge, self._store, self._table, self._tell = centre, bridge, store, table, tell
        self._receipt_topic = bridge_receipt(centre, bridge, store.id)
        self._gateway_topic = gateway_presence(centre)
        self._presence_topic = bridge_presence(centre, bridge)
        self._presence = Presence(True, boot=secrets.token_hex(4), firmware=firmware)
        self._loop = asyncio.get_running_loop()
        self._gateway: bool | None = None
        self._sent: dict[int, _Sent] = {}
        self._fresh: list[int] = []
        self._walked = 0  # every item up to here is under way or receipted
        self._walked_reports = 0
        self._tokens: set[int] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._refusal: str | None = None
        self.receipted = 0
        """Items that receipts took out of the outbox."""
        will = (self._presence_topic, presence.encode(Presence(False)))
        self._link = Link(broker, bridge, self, will=will, backoff=backoff)

    @property
    def up(self) -> bool:
        """Whether there is a connection."""
        return self._link.up

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self._link.run()

    async def say_goodbye(self) -> None:
        """Tell the centre that the bridge goes."""
        self._link.publish(self._presence_topic, presence.encode(Presence(False)), retain=True)
        await self._link.close()

    def appended(self, seq: int) -> None:
        """Something was just heard and is safe."""
        if self._link.up and self._gateway is not False:
            self._fresh.append(seq)
        self._pump()

    # What the link tells

    def link_up(self) -> None:
        """Ask for receipts and the gateway's presence, and send the newest first."""
        self._link.subscribe(self._receipt_topic, self._gateway_topic)
        self._link.publish(self._presence_topic, presence.encode(self._presence), retain=True)
        self._begin_again()

    def link_down(self, ended: str | None) -> None:  # noqa: ARG002, the link tells it as trouble as well
        """Hold everything."""
        self._tokens.clear()
        self._sent.clear()
        self._fresh.clear()

    def received(self, topic: str, payload: bytes) -> None:
        """A receipt, or the gateway's presence."""
        try:
            if topic == self._receipt_topic:
                told = receipt.decode(payload)
                self._loop.run_in_executor(None, self._store.delete, told.ranges).add_done_callback(
                    lambda done: self._deleted(done, told.ranges)
                )
            elif topic == self._gateway_topic:
                before, self._gateway = self._gateway, presence.decode(payload).online
                if self._gateway and before is False:
                    self._begin_again()
        except BadInput as error:
            self._tell(f"the gateway sent something unreadable on {topic}: {error}")
        self._pump()

    def answered(self, token: int, refusal: Refusal | None) -> None:
        """The broker has a message, or refused it; a refused one is due again like any other."""
        self._tokens.discard(token)
        reason = None if refusal is None else refusal.reason
        if reason is not None and reason != self._refusal:
            self._tell(f"the broker refuses what this bridge publishes: {reason}; it stays in the outbox")
        self._refusal = reason
        self._pump()

    def drained(self) -> None:
        """The socket takes more."""
        self._pump()

    def trouble(self, sentence: str) -> None:
        """Something that whoever runs the bridge should know."""
        self._tell(sentence)

    def _begin_again(self) -> None:
        """A new connection, or a gateway that is back: the newest of each radio goes first, the rest is backlog."""
        self._sent.clear()
        self._walked = self._walked_reports = 0
        newest: dict[str, int] = {}
        for item in self._store.newest(_READ):
            newest.setdefault(item.source, item.seq)
        self._fresh = sorted(newest.values())
        self._pump()

    def _deleted(self, done: asyncio.Future[int], ranges: Iterable[receipt.Range]) -> None:
        self.receipted += done.result()  # a broken disk is raised here, and the network tells it
        for first, last in ranges:
            for seq in [seq for seq in self._sent if first <= seq <= last]:
                del self._sent[seq]
        self._pump()

    # What goes out now

    def _pump(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self._link.up or self._gateway is False:
            return
        now = self._loop.time()
        self._send_reports(now)
        self._send_fresh(now)
        self._send_due(now)
        self._send_backlog(now)
        if self._sent and self._free():
            self._alarm = self._loop.call_at(max(now + 0.05, min(each.due for each in self._sent.values())), self._pump)

    def _free(self) -> bool:
        return len(self._tokens) < min(MESSAGES, self._link.granted) and not self._link.congested

    def _send_reports(self, now: float) -> None:
        while self._free() and (found := self._store.reports(1, after=self._walked_reports)):
            self._walked_reports = found[0].seq
            if found[0].seq not in self._sent:
                self._send_report(found[0], now)

    def _send_fresh(self, now: float) -> None:
        while self._fresh and self._free():
            for item in self._store.get([self._fresh.pop(0)]):
                if isinstance(item, Item) and item.seq not in self._sent:
                    self._send([item], Channel.LIVE, now)

    def _send_due(self, now: float) -> None:
        due = sorted(seq for seq, sent in self._sent.items() if sent.due <= now)[:_READ]
        if due and self._free():
            found = self._store.get(due)
            for seq in set(due) - {item.seq for item in found}:  # thinned away, or receipted this moment
                del self._sent[seq]
            poison = [item.seq for item in found if self._is_poison(self._sent[item.seq])]
            if poison:
                self._store.set_aside(poison, "no receipt")
                self._tell(f"{len(poison)} items had no receipt after {SET_ASIDE_AFTER} sendings: set aside")
            items = [item for item in found if item.seq not in poison]
            for report in items:
                if isinstance(report, ReportItem) and self._free():
                    self._send_report(report, now)
            self._send_grouped([item for item in items if isinstance(item, Item)], now)

    def _is_poison(self, sent: _Sent) -> bool:
        return sent.times >= SET_ASIDE_AFTER and self.receipted > sent.receipted_before

    def _send_backlog(self, now: float) -> None:
        while self._free() and len(self._sent) < UNDER_WAY:
            items = self._store.oldest(_READ, after=self._walked)
            if not items:
                return
            taken = self._send_grouped([item for item in items if item.seq not in self._sent], now)
            self._walked = items[-1].seq if taken is None else taken - 1
            if taken is not None:
                return

    def _send_grouped(self, items: list[Item], now: float) -> int | None:
        """Send items in messages of one radio each; the first number that found no room, None if all did."""
        while items:
            if not self._free():
                return items[0].seq
            group: list[Item] = []
            size = 0
            for item in items:
                if item.source == items[0].source:
                    size += len(_encode(item))
                    if group and size > self._link.room:
                        break
                    group.append(item)
            self._send(group, Channel.BACKLOG, now)
            sent = {item.seq for item in group}
            items = [item for item in items if item.seq not in sent]
        return None

    def _send(self, items: list[Item], channel: Channel, now: float) -> None:
        self._publish(items[0].source, channel, b"".join(map(_encode, items)), [item.seq for item in items], now)

    def _send_report(self, item: ReportItem, now: float) -> None:
        spoken = msgspec.json.decode(item.body, type=Spoken)
        line = reports.numbered(item.seq, bytes(spoken.report))
        self._publish(spoken.radio, Channel.STATUS, line, [item.seq], now)

    def _publish(self, radio: str, channel: Channel, payload: bytes, seqs: list[int], now: float) -> None:
        unit = self._table().radios.get(radio)
        topic = BridgeTopic(self._centre, self._bridge, unit is not None, unit or radio, channel, self._store.id)
        token = self._link.publish(str(topic), payload)
        if token is None:  # the link broke under our hands; link_down comes, and all is due again
            return
        self._tokens.add(token)
        for seq in seqs:
            before = self._sent.get(seq)
            times = 1 if before is None else before.times + 1
            wait = min(LAST_RESEND_S, FIRST_RESEND_S * 2 ** (times - 1))
            since = self.receipted if before is None else before.receipted_before
            self._sent[seq] = _Sent(now + wait, times, since)


def _encode(item: Item) -> bytes:
    return encode_epoch(SOURCE, item.seq, item.device_time, item.lines)
