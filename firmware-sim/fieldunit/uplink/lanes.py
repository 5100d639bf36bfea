"""What to send now: the policy of the two lanes, without a clock, a socket or a thread.

    live      what was just appended, the newest first, at once
    backlog   everything else, oldest first: what waited for a connection, and what is due again

Rules, each with its test:

- An epoch that is appended while the link is up goes out on live. So does the newest one when the link or the gateway
  comes back: the dispatcher sees the vehicle before its history.
- Nothing is forgotten on a PUBACK; only `receipted` forgets. An epoch without a receipt is due again after 5 s, then
  10, 20, 40, 60, and is resent only while the gateway says that it is there.
- The backlog has a window: so many epochs without a receipt, so many messages without a PUBACK. The live lane has its
  own, and when receipts fail to come it thins out to one epoch a second; the others join the backlog.
- While the gateway has said for a minute that it is away, live is silent too: the broker's queue for it is served
  oldest first, so filling it would delay the newest position when the gateway returns.
- An epoch that is thrown from a lane is never lost: it is in the outbox, and the backlog's walk comes back to it.

Oldest first in the backlog, because a gap then closes from one end (one range in each receipt), and because the oldest
is what a full disk would sacrifice first. The newest is on live anyway.
"""

import heapq
from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from fieldunit.outbox import Item, ReportItem
from tracker.wire.payload import encode_epoch
from tracker.wire.receipt import Range
from tracker.wire.topics import MAX_PAYLOAD, Channel

FIRST_RESEND_S = 5.0
LAST_RESEND_S = 60.0
GATEWAY_AWAY_S = 60.0
"""How long after the gateway's goodbye epochs still go out live; a restart takes less."""
THINNED_LIVE_S = 1.0


_MOST_IN_A_MESSAGE = 256
"""Epochs read for one message: 16 KiB hold fewer, since an epoch with its TAG block takes well over 64 bytes."""


class Waiting(Protocol):
    """The part of the outbox that the policy reads."""

    def oldest(self, limit: int, after: int = 0) -> list[Item]: ...

    def newest(self, limit: int) -> list[Item]: ...

    def get(self, seqs: Sequence[int]) -> list[Item | ReportItem]: ...


class Windows(NamedTuple):
    """How much may be under way."""

    backlog_epochs: int = 2000  # without a receipt; receipts come once a second, so this is the rate as well
    backlog_messages: int = 12  # without a PUBACK; with live's below the 20 that a Mosquitto grants by default
    live_epochs: int = 500  # without a receipt, before live thins out
    live_messages: int = 4  # without a PUBACK
    tracked: int = 10_000  # numbers remembered; the oldest beyond are met again on the backlog's walk


WINDOWS = Windows()
"""The ones of the wire's contract: a receipt a second per unit, and 500 epochs a second and more."""


class Message(NamedTuple):
    """One publication."""

    channel: Channel  # LIVE or BACKLOG
    seqs: tuple[int, ...]  # rising
    payload: bytes


class _Sent(msgspec.Struct):
    """An epoch that was published and has no receipt."""

    due: float  # when it may be sent again
    resends: int = 0
    live: bool = (
        False  # it was published on live, and counts there until its receipt, also when it goes again as backlog
    )
    acknowledged: bool = False  # by the broker: worth nothing but not to be sent again at once


class Lanes:
    """The state of one outbox's way out. Not thread-safe: one thread owns it.

    Times are seconds of any clock that never runs backwards.
    """

    def __init__(self, waiting: Waiting, windows: Windows = WINDOWS) -> None:
        self._waiting = waiting
        self._windows = windows
        self._up = False
        self._gateway: bool | None = None  # None: it has never said anything
        self._gateway_left = 0.0
        self._fresh: dict[int, Item] = {}  # to go out live, rising
        self._fresh_bytes = 0
        self._thinned_at = float("-inf")  # when the thinned live lane sent last
        self._sent: dict[int, _Sent] = {}
        self._live_epochs = 0  # entries of _sent with live
        self._due: list[tuple[float, int]] = []  # heap; an entry that disagrees with _sent is out of date
        self._walked = 0  # the backlog's walk: every number up to here is under way, fresh or receipted
        self._unacknowledged: dict[Channel, int] = {Channel.LIVE: 0, Channel.BACKLOG: 0}
        self._granted = 0  # messages on this connection, both lanes together
        self._first_sends = 0

    @property
    def gateway(self) -> bool | None:
        """Whether the gateway is there, as far as this connection has told; None: it has said nothing."""
        return self._gateway

    @property
    def under_way(self) -> int:
        """Epochs that were published and have no receipt."""
        return len(self._sent)

    @property
    def first_sends(self) -> int:
        """Epochs published for the first time since the start; resends are not counted again."""
        return self._first_sends

    def appended(self, item: Item) -> None:
        """An epoch is new in the outbox and is the present. (History is not told: the backlog's walk finds it.)"""
        if self._up and item.seq not in self._sent:  # the walk may have met it before this was called
            self._freshen(item)

    def link_up(self, now: float, granted: int) -> None:
        """There is a connection, and nothing of the last one is under way in it.

        Args:
            now: the time.
            granted: unacknowledged messages that the broker takes; one is left to others than the lanes.
        """
        self._up = True
        self._granted = max(1, granted - 1)
        self._unacknowledged = dict.fromkeys(self._unacknowledged, 0)
        again = {seq for seq, sent in self._sent.items() if not sent.acknowledged}
        for seq in again:
            self._set_due(seq, self._sent[seq], now)
        self._freshen_newest(again)

    def link_down(self) -> None:
        """The connection is gone."""
        self._up = False
        self._gateway = None  # until its retained presence is read again
        self._spill(list(self._fresh))

    def gateway_present(self, online: bool, now: float) -> None:
        """The gateway's presence was read."""
        if online and self._gateway is not True:
            # What the broker kept for it comes first; what is missing after that is due.
            for seq, sent in self._sent.items():
                if sent.acknowledged:
                    sent.resends = 0
                    self._set_due(seq, sent, max(sent.due, now + FIRST_RESEND_S))
            if self._gateway is False:
                self._freshen_newest()
        if not online and self._gateway is not False:
            self._gateway_left = now
        self._gateway = online

    def acknowledged(self, message: Message) -> None:
        """The broker has answered a message of this connection, well or ill."""
        self._unacknowledged[message.channel] -= 1
        for seq in message.seqs:
            if sent := self._sent.get(seq):
                sent.acknowledged = True

    def receipted(self, ranges: Iterable[Range]) -> None:
        """The centre has these; they are gone from the outbox."""
        for first, last in ranges:
            numbers: Iterable[int] = range(first, last + 1)
            if last - first > len(self._sent) + len(self._fresh):
                numbers = [seq for seq in (*self._sent, *self._fresh) if first <= seq <= last]
            for seq in numbers:
                self._forget(seq)
                if item := self._fresh.pop(seq, None):
                    self._fresh_bytes -= _size(item)

    def next_message(self, now: float, *, backlog: bool = True) -> Message | None:
        """The message to publish now; it counts as published. None: nothing, until something happens.

        Args:
            now: the time.
            backlog: whether the backlog may speak; False while the socket still holds unsent bytes.
        """
        if not self._up:
            return None
        return self._next_live(now) or (self._next_backlog(now) if backlog else None)

    def next_due(self, now: float) -> float | None:
        """When to ask again if nothing happens before; None: never."""
        times = []
        if self._up and self._fresh and self._live_epochs >= self._windows.live_epochs:
            opens = self._thinned_at + THINNED_LIVE_S
            times.append(opens if opens > now else now + THINNED_LIVE_S)  # already open: something else is in its way
        if self._up and self._gateway and self._has_room(Channel.BACKLOG, self._windows.backlog_messages):
            self._drop_outdated()
            if self._due:
                times.append(self._due[0][0])
        return min(times, default=None)

    # Live

    def _freshen(self, item: Item) -> None:
        if item.seq in self._fresh:
            return
        self._fresh[item.seq] = item
        self._fresh_bytes += _size(item)
        while self._fresh_bytes > MAX_PAYLOAD and len(self._fresh) > 1:  # more than one message: the oldest is history
            self._spill([next(iter(self._fresh))])

    def _freshen_newest(self, again: Container[int] = ()) -> None:
        """Send the newest epoch live, unless it is under way already and not among those to go again."""
        for item in self._waiting.newest(1):
            if item.seq not in self._sent or item.seq in again:
                self._freshen(item)

    def _spill(self, seqs: Iterable[int]) -> None:
        """Give fresh epochs to the backlog."""
        for seq in seqs:
            self._fresh_bytes -= _size(self._fresh.pop(seq))
            self._walked = min(self._walked, seq - 1)

    def _live_open(self, now: float) -> bool:
        if not self._has_room(Channel.LIVE, self._windows.live_messages):
            return False
        if self._gateway is False and now - self._gateway_left > GATEWAY_AWAY_S:
            return False
        return self._live_epochs < self._windows.live_epochs or now - self._thinned_at >= THINNED_LIVE_S

    def _next_live(self, now: float) -> Message | None:
        if not self._fresh or not self._live_open(now):
            return None
        if self._live_epochs >= self._windows.live_epochs:
            self._thinned_at = now
            self._spill(list(self._fresh)[:-1])
        packed = _pack(self._fresh.values())  # all of them: `_freshen` saw to it that they fit
        self._fresh.clear()
        self._fresh_bytes = 0
        return self._publish(Channel.LIVE, packed, now)

    # Backlog

    def _next_backlog(self, now: float) -> Message | None:
        if not self._gateway or not self._has_room(Channel.BACKLOG, self._windows.backlog_messages):
            return None
        packed = self._due_again(now) or self._walk()
        return self._publish(Channel.BACKLOG, packed, now) if packed else None

    def _due_again(self, now: float) -> "_Packed":
        seqs: list[int] = []
        self._drop_outdated()
        while self._due and self._due[0][0] <= now and len(seqs) < _MOST_IN_A_MESSAGE:
            seqs.append(heapq.heappop(self._due)[1])
            self._drop_outdated()
        items = [item for item in self._waiting.get(seqs) if isinstance(item, Item)] if seqs else []
        for gone in set(seqs).difference(item.seq for item in items):
            self._forget(gone)
        packed = _pack(items)
        for item in items[len(packed) :]:
            heapq.heappush(self._due, (self._sent[item.seq].due, item.seq))
        return packed

    def _walk(self) -> "_Packed":
        room = min(self._windows.backlog_epochs, self._windows.tracked) - len(self._sent)
        found: _Packed = []
        while room > 0:
            batch = self._waiting.oldest(_MOST_IN_A_MESSAGE, after=self._walked)
            if not batch:
                break
            new = [item for item in batch if item.seq not in self._sent and item.seq not in self._fresh]
            found = _pack(new[:room])
            self._walked = found[-1][0] if len(found) < len(new) else batch[-1].seq
            if found:
                break
        return found

    # Both

    def _has_room(self, channel: Channel, window: int) -> bool:
        return self._unacknowledged[channel] < window and sum(self._unacknowledged.values()) < self._granted

    def _publish(self, channel: Channel, packed: "_Packed", now: float) -> Message:
        for seq, _ in packed:
            entry = self._sent.pop(seq, None)  # so that the order of the dict is that of sending
            if entry is None:
                entry = _Sent(due=now)
                self._first_sends += 1
            else:
                entry.resends += 1
                entry.acknowledged = False
            if channel is Channel.LIVE and not entry.live:
                entry.live = True
                self._live_epochs += 1
            self._sent[seq] = entry
            self._set_due(seq, entry, now + min(LAST_RESEND_S, FIRST_RESEND_S * 2.0**entry.resends))
        while len(self._sent) > self._windows.tracked:
            oldest = next(iter(self._sent))
            self._forget(oldest)
            self._walked = min(self._walked, oldest - 1)
        self._unacknowledged[channel] += 1
        return Message(channel, tuple(seq for seq, _ in packed), b"".join(payload for _, payload in packed))

    def _forget(self, seq: int) -> None:
        if sent := self._sent.pop(seq, None):
            self._live_epochs -= sent.live

    def _set_due(self, seq: int, sent: _Sent, due: float) -> None:
        sent.due = due
        heapq.heappush(self._due, (due, seq))
        if len(self._due) > 1000 + 3 * len(self._sent):
            self._due = [(entry.due, number) for number, entry in self._sent.items()]
            heapq.heapify(self._due)

    def _drop_outdated(self) -> None:
        while self._due:
            due, seq = self._due[0]
            sent = self._sent.get(seq)
            if sent is not None and sent.due == due:
                return
            heapq.heappop(self._due)


def _size(item: Item) -> int:
    """Bytes of the epoch on the wire, at most: sentences, line ends, and 96 for the longest TAG block."""
    return sum(len(line) + 2 for line in item.lines) + 96


_Packed = list[tuple[int, bytes]]
"""Epochs as they travel, each with its number."""


def _pack(items: Iterable[Item]) -> _Packed:
    """The first of them that fit into one message; at least one, if there is one."""
    size = 0
    packed: _Packed = []
    for item in items:
        payload = encode_epoch(item.source, item.seq, item.device_time, item.lines)
        size += len(payload)
        if packed and size > MAX_PAYLOAD:
            break
        packed.append((item.seq, payload))
    return packed
