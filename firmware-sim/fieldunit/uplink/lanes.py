"""What to send now: the policy of the three lanes, without a clock, a socket or a thread.

    status    what the crew says, before everything, at once
    live      the epochs that were just appended, the newest first, at once
    backlog   all other epochs, oldest first: what waited for a connection, and what is due again

Rules, each with its test:

- A report goes out whenever there is a connection, on the status lane, whether the gateway is there or not: there are
  few, and the broker keeps them for it. Again, without a receipt, only while the gateway is there, on the same lane.
- An epoch that is appended while the link is up goes out on live. So does the newest one when the link or the gateway
  comes back: the dispatcher sees the vehicle before its history. Where a wait is set (`hold_s`), epochs gather so long
  into one message; a report lets go at once what has gathered.
- Nothing is forgotten on a PUBACK; only `receipted` forgets. What has no receipt is due again after 5 s, then
  10, 20, 40, 60, and is resent only while the gateway says that it is there.
- The backlog has a window: so many epochs without a receipt, so many messages without a PUBACK. The live lane has its
  own, and when receipts fail to come it thins out to one epoch a second; the others join the backlog.
- While the gateway has said for a minute that it is away, live is silent too: the broker's queue for it is served
  oldest first, so filling it would delay the newest position when the gateway returns.
- An epoch that is thrown from a lane is never lost: it is in the outbox, and the backlog's walk comes back to it.
- What is refused again and again is set aside (`suspects`).

Oldest first in the backlog, because a gap then closes from one end (one range in each receipt), and because the oldest
is what a full disk would sacrifice first. The newest is on live anyway.
"""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple, Protocol

from fieldunit.outbox import Item, ReportItem
from fieldunit.uplink import underway
from fieldunit.uplink.packing import Packed, pack, payload_of, size
from fieldunit.uplink.suspects import UNRECEIPTED, Suspects
from fieldunit.uplink.underway import UnderWay
from tracker.wire.receipt import Range
from tracker.wire.topics import MAX_PAYLOAD, Channel

GATEWAY_AWAY_S = 60.0
"""How long after the gateway's goodbye epochs still go out live; a restart takes less."""
THINNED_LIVE_S = 1.0


_LOOK_AGAIN_S = 1.0
_MOST_IN_A_MESSAGE = 256
"""Epochs read for one message: 16 KiB hold fewer, since an epoch with its TAG block takes well over 64 bytes."""


class Waiting(Protocol):
    """The part of the outbox that the policy reads."""

    def oldest(self, limit: int, after: int = 0) -> list[Item]: ...

    def newest(self, limit: int) -> list[Item]: ...

    def reports(self, limit: int, after: int = 0) -> list[ReportItem]: ...

    def get(self, seqs: Sequence[int]) -> list[Item | ReportItem]: ...


class Windows(NamedTuple):
    """How much may be under way."""

    backlog_epochs: int = 2000  # without a receipt; receipts come once a second, so this is the rate as well
    backlog_messages: int = 12  # without a PUBACK; with the others' below the 20 that a Mosquitto grants by default
    live_epochs: int = 500  # without a receipt, before live thins out
    live_messages: int = 4  # without a PUBACK
    tracked: int = 10_000  # numbers remembered; the oldest beyond are met again on the backlog's walk
    reports: int = 200  # without a receipt
    status_messages: int = 2  # without a PUBACK


WINDOWS = Windows()
"""The ones of the wire's contract: a receipt a second per unit, and 500 epochs a second and more."""


class Message(NamedTuple):
    """One publication."""

    channel: Channel  # STATUS, LIVE or BACKLOG
    seqs: tuple[int, ...]  # rising
    payload: bytes
    on_trial: bool = False  # a suspect, with nothing else under way


class Lanes:
    """The state of one outbox's way out. Not thread-safe: one thread owns it.

    Times are seconds of any clock that never runs backwards.
    """

    def __init__(self, waiting: Waiting, windows: Windows = WINDOWS) -> None:
        self._waiting = waiting
        self._windows = windows
        self.hold_s = 0.0
        """How long an epoch may wait for others on live; 0: it goes at once."""
        self._up = False
        self._gateway: bool | None = None  # None: it has never said anything
        self._gateway_left = 0.0
        self._fresh: dict[int, Item] = {}  # to go out live, rising
        self._fresh_bytes = 0
        self._let_go_at = float("-inf")  # when what is fresh may go; set when the first of it comes
        self._thinned_at = float("-inf")  # when the thinned live lane sent last
        self._epochs = UnderWay()
        self._reports = UnderWay()
        self._walked = 0  # the backlog's walk: every epoch up to here is under way, fresh or receipted
        self._said_to = 0  # the same of the reports
        self._more_said = True  # whether there may be reports beyond
        self._unacknowledged: dict[Channel, int] = dict.fromkeys((Channel.STATUS, Channel.LIVE, Channel.BACKLOG), 0)
        self._trial: Message | None = None  # while it is under way, nothing else goes
        self._granted = 0  # messages on this connection, all lanes together
        self._room = MAX_PAYLOAD  # bytes in a message on this connection
        self._first_sends = 0
        self._receipts = 0  # how many items were receipted
        self._suspects = Suspects()

    @property
    def gateway(self) -> bool | None:
        """Whether the gateway is there, as far as this connection has told; None: it has said nothing."""
        return self._gateway

    @property
    def under_way(self) -> int:
        """Items that were published and have no receipt."""
        return len(self._epochs) + len(self._reports)

    @property
    def first_sends(self) -> int:
        """Items published for the first time since the start; resends are not counted again."""
        return self._first_sends

    def appended(self, item: Item, now: float = 0.0) -> None:
        """An epoch is new in the outbox and is the present."""
        if not self._up:
            self._walked = min(self._walked, item.seq - 1)
        elif item.seq not in self._epochs:  # the walk may have met it before this was called
            self._freshen(item, now)

    def recalled(self, first: int) -> None:
        """Epochs of the past are new in the outbox, from this number on."""
        self._walked = min(self._walked, first - 1)

    def reported(self, seq: int) -> None:
        """A report is new in the outbox."""
        self._said_to = min(self._said_to, seq - 1)
        self._more_said = True
        self._let_go_at = float("-inf")

    def link_up(self, now: float, granted: int, room: int = MAX_PAYLOAD) -> None:
        """There is a connection, and nothing of the last one is under way in it.

        Args:
            now: the time.
            granted: unacknowledged messages that the broker takes; one is left to others than the lanes.
            room: bytes of payload that the broker takes in a message.
        """
        self._up = True
        self._granted = max(1, granted - 1)
        self._room = min(room, MAX_PAYLOAD)
        self._unacknowledged = dict.fromkeys(self._unacknowledged, 0)
        self._trial = None
        again = {seq for seq, sent in self._epochs.items() if not sent.acknowledged}
        for seq in again:
            if self._suspects.company(seq) > 1:  # a suspect waits as long as it was to wait
                self._epochs.set_due(seq, now)
        for seq in [seq for seq, sent in self._reports.items() if not sent.acknowledged]:
            if self._suspects.company(seq) > 1:
                self._reports.forget(seq)
                self.reported(seq)
        self._more_said = True
        self._freshen_newest(now, again)

    def link_down(self, broken: Sequence[Message] = (), reason: str | None = None) -> None:
        """The connection is gone.

        Args:
            broken: messages that the broker had not answered.
            reason: why the broker ended it, in words; None: it was not the broker who did.
        """
        self._up = False
        self._gateway = None  # until its retained presence is read again
        self._trial = None
        self._spill(list(self._fresh))
        if reason is not None:
            for message in broken:
                self._suspects.failed(message.seqs, reason, on_trial=message.on_trial)

    def gateway_present(self, online: bool, now: float) -> None:
        """The gateway's presence was read."""
        if online and self._gateway is not True:
            # What the broker kept for it comes first; what is missing after that is due.
            for lane in (self._epochs, self._reports):
                for seq, sent in lane.items():
                    if sent.acknowledged:
                        sent.resends = 0
                        lane.set_due(seq, max(sent.due, now + underway.FIRST_RESEND_S))
            if self._gateway is False:
                self._freshen_newest(now)
        if not online and self._gateway is not False:
            self._gateway_left = now
        self._gateway = online

    def acknowledged(self, message: Message, refusal: str | None = None) -> None:
        """The broker has answered a message of this connection.

        Args:
            message: which.
            refusal: what it has against this message, in words; None where it took it, or refuses everything.
        """
        self._unacknowledged[message.channel] -= 1
        if self._trial is message:
            self._trial = None
        lane = self._lane(message)
        for seq in message.seqs:
            if sent := lane.get(seq):
                sent.acknowledged = True
        if refusal is None:
            self._suspects.taken(message.seqs)
        else:
            self._suspects.failed(message.seqs, refusal, on_trial=message.on_trial)

    def receipted(self, ranges: Iterable[Range]) -> None:
        """The centre has these; they are gone from the outbox."""
        for first, last in ranges:
            numbers: Iterable[int] = range(first, last + 1)
            if last - first > self.under_way + len(self._fresh):
                numbers = [seq for seq in (*self._epochs, *self._reports, *self._fresh) if first <= seq <= last]
            for seq in numbers:
                self._receipts += self._forget(seq)
                if item := self._fresh.pop(seq, None):
                    self._fresh_bytes -= size(item)

    def to_set_aside(self) -> dict[int, str]:
        """Items that will never be taken, with the reasons; asked once. The caller moves them in the outbox."""
        verdicts = self._suspects.verdicts()
        for seq in verdicts:
            self._forget(seq)
        return verdicts

    def next_message(self, now: float, *, backlog: bool = True) -> Message | None:
        """The message to publish now; it counts as published. None: nothing, until something happens.

        Args:
            now: the time.
            backlog: whether the backlog may speak; False while the socket still holds unsent bytes.
        """
        if not self._up or self._trial is not None:
            return None
        return self._next_status(now) or self._next_live(now) or (self._next_backlog(now) if backlog else None)

    def next_due(self, now: float) -> float | None:
        """When to ask again if nothing happens before; None: never."""
        if not self._up or self._trial is not None:
            return None
        times: list[float | None] = []
        if self._fresh and now < self._let_go_at:
            times.append(self._let_go_at)
        elif self._fresh and self._epochs.live >= self._windows.live_epochs:
            opens = self._thinned_at + THINNED_LIVE_S
            times.append(opens if opens > now else now + THINNED_LIVE_S)  # already open: something else is in its way
        if self._gateway:
            if self._has_room(Channel.BACKLOG, self._windows.backlog_messages):
                times.append(self._epochs.next_due())
            if self._has_room(Channel.STATUS, self._windows.status_messages):
                times.append(self._reports.next_due())
        known = [each for each in times if each is not None]
        # What is due and did not go has something in its way, whose end is told; the second is for safety.
        return min((each if each > now else now + _LOOK_AGAIN_S for each in known), default=None)

    # Status

    def _next_status(self, now: float) -> Message | None:
        if not self._has_room(Channel.STATUS, self._windows.status_messages):
            return None
        if self._more_said and (room := self._windows.reports - len(self._reports)) > 0:
            said = self._waiting.reports(min(room, _MOST_IN_A_MESSAGE), after=self._said_to)
            packed = self._packed([each for each in said if each.seq not in self._reports])
            self._more_said = bool(said)
            if said:
                self._said_to = packed[-1][0] if packed else said[-1].seq
            if packed:
                return self._publish(Channel.STATUS, packed, now)
        packed, alone = self._due_again(self._reports, now) if self._gateway else ([], False)
        return self._publish(Channel.STATUS, packed, now, alone=alone) if packed else None

    # Live

    def _freshen(self, item: Item, now: float) -> None:
        if item.seq in self._fresh:
            return
        if not self._fresh:
            self._let_go_at = now + self.hold_s
        self._fresh[item.seq] = item
        self._fresh_bytes += size(item)
        if self._fresh_bytes > self._room // 2:
            self._let_go_at = float("-inf")
        while self._fresh_bytes > self._room and len(self._fresh) > 1:  # more than one message: the oldest is history
            self._spill([next(iter(self._fresh))])

    def _freshen_newest(self, now: float, again: Container[int] = ()) -> None:
        """Send the newest epoch live, unless it is under way already and not among those to go again."""
        for item in self._waiting.newest(1):
            if (item.seq not in self._epochs or item.seq in again) and self._suspects.company(item.seq) > 1:
                self._freshen(item, now)
                self._let_go_at = float("-inf")

    def _spill(self, seqs: Iterable[int]) -> None:
        """Give fresh epochs to the backlog."""
        for seq in seqs:
            self._fresh_bytes -= size(self._fresh.pop(seq))
            self._walked = min(self._walked, seq - 1)

    def _live_open(self, now: float) -> bool:
        if now < self._let_go_at or not self._has_room(Channel.LIVE, self._windows.live_messages):
            return False
        if self._gateway is False and now - self._gateway_left > GATEWAY_AWAY_S:
            return False
        return self._epochs.live < self._windows.live_epochs or now - self._thinned_at >= THINNED_LIVE_S

    def _next_live(self, now: float) -> Message | None:
        if not self._fresh or not self._live_open(now):
            return None
        if self._epochs.live >= self._windows.live_epochs:
            self._thinned_at = now
            self._spill(list(self._fresh)[:-1])
        packed = self._packed(list(self._fresh.values()))  # all of them: `_freshen` saw to it that they fit
        self._fresh.clear()
        self._fresh_bytes = 0
        return self._publish(Channel.LIVE, packed, now) if packed else None

    # Backlog

    def _next_backlog(self, now: float) -> Message | None:
        if not self._gateway or not self._has_room(Channel.BACKLOG, self._windows.backlog_messages):
            return None
        packed, alone = self._due_again(self._epochs, now)
        packed = packed or ([] if alone else self._walk())
        return self._publish(Channel.BACKLOG, packed, now, alone=alone) if packed else None

    def _due_again(self, lane: UnderWay, now: float) -> tuple[Packed, bool]:
        """What goes again, and whether it is a suspect that goes alone. An empty one that goes alone waits until
        nothing else is under way.
        """
        items: list[Item | ReportItem] = []
        while not items:
            seqs = lane.pop_due(now, _MOST_IN_A_MESSAGE)
            if not seqs:
                return [], False
            items = self._waiting.get(seqs)
            for gone in set(seqs).difference(item.seq for item in items):
                self._forget(gone)
            for item in [item for item in items if self._is_never_receipted(lane, item.seq)]:
                self._suspects.condemn(item.seq, f"sent {UNRECEIPTED} times, and no receipt, while others have theirs")
                items.remove(item)
        group = self._group(items)
        alone = len(group) == 1 and self._suspects.company(group[0].seq) == 1
        packed = [] if alone and any(self._unacknowledged.values()) else self._packed(group)
        going = {seq for seq, _ in packed}
        for item in items:
            if item.seq not in going and (sent := lane.get(item.seq)) is not None:
                lane.set_due(item.seq, sent.due)
        return packed, alone

    def _group(self, items: Sequence[Item | ReportItem]) -> list[Item | ReportItem]:
        """The first of them that bear each other's company."""
        group: list[Item | ReportItem] = []
        most = _MOST_IN_A_MESSAGE
        for item in items:
            most = min(most, self._suspects.company(item.seq))
            if len(group) >= most:
                break
            group.append(item)
        return group

    def _is_never_receipted(self, lane: UnderWay, seq: int) -> bool:
        sent = lane.get(seq)
        return sent is not None and sent.acknowledged and sent.resends >= UNRECEIPTED and self._receipts > sent.receipts

    def _walk(self) -> Packed:
        room = min(self._windows.backlog_epochs, self._windows.tracked) - len(self._epochs)
        found: Packed = []
        while room > 0:
            batch = self._waiting.oldest(_MOST_IN_A_MESSAGE, after=self._walked)
            if not batch:
                break
            new = [item for item in batch if item.seq not in self._epochs and item.seq not in self._fresh]
            found = self._packed(new[:room])
            if found and len(found) < len(new):
                self._walked = found[-1][0]
            else:  # all of them are under way, or go now, or are too large for any message
                self._walked = batch[-1].seq if len(new) <= room else new[room - 1].seq
            if found:
                break
        return found

    # All

    def _lane(self, message: Message) -> UnderWay:
        return self._reports if message.channel is Channel.STATUS else self._epochs

    def _has_room(self, channel: Channel, window: int) -> bool:
        return self._unacknowledged[channel] < window and sum(self._unacknowledged.values()) < self._granted

    def _packed(self, items: Sequence[Item | ReportItem]) -> Packed:
        """What fits into a message. One that is too large for any is set aside, and not sent."""
        packed = pack(items, self._room)
        if len(packed) == 1 and len(packed[0][1]) > self._room:
            seq, payload = packed[0]
            self._suspects.condemn(seq, f"{len(payload)} bytes: too large, {self._room} fit into a message")
            return self._packed(items[1:])
        return packed

    def _publish(self, channel: Channel, packed: Packed, now: float, *, alone: bool = False) -> Message:
        lane = self._reports if channel is Channel.STATUS else self._epochs
        for seq, _ in packed:
            if lane.published(seq, now, live=channel is Channel.LIVE, receipts=self._receipts):
                self._first_sends += 1
        while len(self._epochs) > self._windows.tracked:
            oldest = next(iter(self._epochs))
            self._epochs.forget(oldest)
            self._walked = min(self._walked, oldest - 1)
        self._unacknowledged[channel] += 1
        payload = payload_of(packed, reports=channel is Channel.STATUS)
        message = Message(channel, tuple(seq for seq, _ in packed), payload, alone)
        if alone:
            self._trial = message
        return message

    def _forget(self, seq: int) -> bool:
        self._suspects.forget(seq)
        return self._epochs.forget(seq) or self._reports.forget(seq)
