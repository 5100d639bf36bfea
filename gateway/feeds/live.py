"""The live picture of one centre: the newest usable fix of every unit, and who wants to hear of changes.

Fed with committed rows in any order; an older fix never moves a marker back. Every change gets the next sequence
number. Because only the newest value of each unit counts, "what changed since number N" is simply every unit whose
number is above N: that one rule gives resuming without a gap, and slow clients that catch up in one frame, and needs
no history and no queue per client.
"""

import asyncio
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import msgspec

from gateway.feeds.crew import SILENT, CrewSide
from tracker.eta.straight_line import Estimate
from tracker.fix import Fix, Quality
from tracker.quality import lost_after, stale_after
from tracker.wire.presence import Presence

MAX_EARLY = 1000
"""Presences kept for units that the centre does not know: strangers do not fill the memory."""

_encode = msgspec.json.Encoder().encode
_GOOD = Quality.GOOD


class Position(msgspec.Struct, frozen=True):
    """A fix as every feed shows it. SI units, RFC 3339 times in UTC."""

    latitude: float
    longitude: float
    altitude_m: float | None
    speed_mps: float | None
    course_deg: float | None
    fix_time: datetime
    received_at: datetime
    source: str
    quality: list[str]  # empty is good
    mode: int | None
    satellites: int | None
    hdop: float | None
    horizontal_error_m: float | None  # 95 %


class OnwardLeg(msgspec.Struct, frozen=True):
    """The stop behind the next one."""

    leg: str
    latitude: float
    longitude: float
    place: str
    eta_s: Estimate | None  # seconds after `Eta.at`, the time at the stop before included
    unknown_because: str | None
    note: str | None = None  # as of `Eta`


class Eta(msgspec.Struct, frozen=True):
    """When a unit arrives, as it was last told. What is left now is ``eta_s`` minus the time since ``at``.

    It is told again when the arrival moved by more than 10 s, or 5 % of what is left where that is more, an end of the
    interval by twice that, stop, source, route or model changed, or a minute passed.
    """

    leg: str  # to-scene, to-hospital, to-place
    latitude: float  # of the stop
    longitude: float
    place: str  # its name, or ""
    at: datetime
    eta_s: Estimate | None  # None: unknown
    unknown_because: str | None
    source: str  # road, straight-line, last-known
    fix_time: datetime | None
    fix_age_s: float | None  # at `at`
    distance_m: float | None  # left to drive
    model: str
    route_version: int | None  # another number: fetch the route again; None: there is no route
    onward: OnwardLeg | None
    note: str | None = None  # what to know of it: that the way leads through what is closed


class UnitMission(msgspec.Struct, frozen=True):
    """What a unit is doing."""

    id: str
    incident: str | None
    urgency: str
    state: str


class DriveEvent(msgspec.Struct, frozen=True):
    """Something that holds now about the drive: off-route, wrong-way, stalled, slipping."""

    kind: str
    since: datetime  # of the fix that raised it


class StandingShown(msgspec.Struct, frozen=True):
    """What a unit is doing, as crews, receivers and dispatchers together say."""

    status: str  # tracker.missions.statuses.Status
    label: str  # the centre's own word for it
    since: datetime | None  # None: nobody has said anything yet
    emergency: bool


class UnitState(msgspec.Struct, frozen=True):
    """A unit as every feed shows it."""

    unit: str
    name: str
    kind: str
    seq: int
    online: bool | None  # None: it never said, or what it said is contradicted by a later fix
    report_interval_s: float | None
    stale_after_s: float
    lost_after_s: float
    position: Position | None
    mission: UnitMission | None = None
    eta: Eta | None = None
    events: tuple[DriveEvent, ...] = ()
    crew: CrewSide = SILENT
    standing: StandingShown | None = None


def position(source: str, fix: Fix, received_at: datetime) -> Position:
    """The fix in the feeds' shape."""
    return Position(
        latitude=fix.latitude,
        longitude=fix.longitude,
        altitude_m=fix.altitude,
        speed_mps=fix.speed,
        course_deg=fix.course,
        fix_time=fix.time,
        received_at=received_at,
        source=source,
        quality=fix.quality.reasons if fix.quality else [],
        mode=fix.mode,
        satellites=fix.satellites,
        hdop=fix.hdop,
        horizontal_error_m=fix.error,
    )


class _Entry:
    __slots__ = (
        "concealed", "crew", "encoded", "fix_time", "foretold", "heard_at", "newest", "presence", "seq", "standing",
        "unit",
    )  # fmt: skip

    def __init__(self, unit: str, name: str, kind: str) -> None:
        self.unit = (unit, name, kind)
        self.seq = 0
        self.presence: Presence | None = None
        self.heard_at: datetime | None = None  # when; None: nobody said when
        self.newest: tuple[str, Fix, datetime] | None = None
        self.fix_time: datetime | None = None
        self.foretold: tuple[UnitMission | None, Eta | None, tuple[DriveEvent, ...]] = (None, None, ())
        self.crew = SILENT
        self.concealed = False  # its owner shows it to nobody now
        self.standing: StandingShown | None = None
        self.encoded: bytes | None = None  # of the state; made when first asked for

    @property
    def online(self) -> bool | None:
        """What the unit said of itself; None if it said nothing, or said that it is gone and took a fix after that.

        A retained "offline" outlives whoever said it: a device that says no presence may speak for the unit since.
        """
        said, at = self.presence, self.fix_time
        if said is None or (not said.online and self.heard_at is not None and at is not None and at > self.heard_at):
            return None
        return said.online

    def state(self) -> UnitState:
        said = self.presence
        interval = None if said is None else said.interval_s
        return UnitState(
            *self.unit,
            seq=self.seq,
            online=self.online,
            report_interval_s=interval,
            stale_after_s=stale_after(interval),
            lost_after_s=lost_after(interval),
            position=None if self.newest is None or self.concealed else position(*self.newest),
            mission=self.foretold[0],
            eta=None if self.concealed else self.foretold[1],
            events=self.foretold[2],
            crew=self.crew,
            standing=self.standing,
        )

    def json(self) -> bytes:
        if self.encoded is None:
            self.encoded = _encode(self.state())
        return self.encoded


class Seen(NamedTuple):
    """Where a unit was last, for those who reckon with all of them."""

    unit: str
    kind: str
    fix: Fix | None
    stale_after: float  # seconds
    lost_after: float  # seconds
    online: bool | None
    concealed: bool  # its owner shows it to nobody now


class LivePicture:
    """One for a centre, in one event loop."""

    def __init__(self) -> None:
        self.stream = secrets.token_hex(6)  # a picture that starts anew has other numbers: nobody may resume across
        self.seq = 0
        self._woken_at = 0
        self._entries: dict[str, _Entry] = {}  # in the order of their last change
        self._watchers: set[asyncio.Event] = set()
        self._early: dict[str, Presence] = {}  # said by units that are not enrolled yet

    def enrol(self, units: Iterable[tuple[str, str, str]]) -> None:
        """Show these units, given as (id, name, kind), with or without a position."""
        changed = False
        for unit in units:
            entry = self._entries.get(unit[0])
            if entry is None:
                self._entries[unit[0]] = entry = _Entry(*unit)
                entry.presence = self._early.pop(unit[0], None)
            elif entry.unit == unit:
                continue
            entry.unit = unit
            self._touch(entry)
            changed = True
        if changed:
            self.publish()

    def apply(self, unit: str, source: str, fix: Fix, received_at: datetime) -> bool:
        """Take a committed fix into account; True if it moved the unit's marker. Call ``publish`` after the last."""
        entry = self._entries.get(unit)
        if entry is None or (entry.fix_time is not None and fix.time <= entry.fix_time):
            return False
        if fix.quality is not _GOOD and not fix.quality.usable:  # a flag's arithmetic costs more than all the rest here
            return False
        entry.newest, entry.fix_time = (source, fix, received_at), fix.time
        self._touch(entry)
        return True

    def present(self, unit: str, presence: Presence, heard_at: datetime | None = None) -> None:
        """Take a unit's presence into account. A unit that takes a fix later than this is heard is not gone."""
        entry = self._entries.get(unit)
        if entry is None:
            if unit in self._early or len(self._early) < MAX_EARLY:
                self._early[unit] = presence
        elif entry.presence != presence:
            entry.presence, entry.heard_at = presence, heard_at
            self._touch(entry)
            self.publish()

    def foretell(self, unit: str, mission: UnitMission | None, eta: Eta | None, events: tuple[DriveEvent, ...]) -> None:
        """Show what a unit is doing and when it arrives. Call ``publish`` after the last."""
        entry = self._entries.get(unit)
        if entry is not None and entry.foretold != (mission, eta, events):
            entry.foretold = mission, eta, events
            self._touch(entry)

    def crew(self, unit: str, side: CrewSide) -> None:
        """Show what a unit's crew says. Call ``publish`` after the last."""
        entry = self._entries.get(unit)
        if entry is not None and entry.crew != side:
            entry.crew = side
            self._touch(entry)

    def conceal(self, unit: str, *, hidden: bool) -> None:
        """Show or do not show where a unit is: a lent one belongs to its owner. Call ``publish`` after the last."""
        entry = self._entries.get(unit)
        if entry is not None and entry.concealed != hidden:
            entry.concealed = hidden
            self._touch(entry)

    def stand(self, unit: str, standing: StandingShown) -> None:
        """Show how a unit stands. Call ``publish`` after the last."""
        entry = self._entries.get(unit)
        if entry is not None and entry.standing != standing:
            entry.standing = standing
            self._touch(entry)

    def unit_ids(self) -> list[str]:
        """All units that are shown."""
        return list(self._entries)

    def units_without_standing(self) -> list[str]:
        """Those of which nobody has said how they stand."""
        return [unit for unit, entry in self._entries.items() if entry.standing is None]

    def eta(self, unit: str) -> Eta | None:
        """When a unit arrives, as it was told last; None: nobody knows, or its owner shows it to nobody now."""
        entry = self._entries.get(unit)
        return None if entry is None or entry.concealed else entry.foretold[1]

    def online(self, unit: str) -> bool | None:
        """Whether a unit is there; None: it never said."""
        entry = self._entries.get(unit)
        return None if entry is None else entry.online

    def newest(self, unit: str) -> Fix | None:
        """The fix that a unit's marker shows."""
        entry = self._entries.get(unit)
        return None if entry is None or entry.newest is None or entry.concealed else entry.newest[1]

    def limits(self, unit: str) -> tuple[float, float]:
        """Ages in seconds from which on a fix of this unit is stale, and says nothing."""
        entry = self._entries.get(unit)
        interval = None if entry is None or entry.presence is None else entry.presence.interval_s
        return stale_after(interval), lost_after(interval)

    def kind(self, unit: str) -> str | None:
        """What a unit is; None if there is none of that id."""
        entry = self._entries.get(unit)
        return None if entry is None else entry.unit[2]

    def publish(self) -> None:
        """Tell those who watch, if there is something new: woken for nothing they would make a heartbeat of it."""
        if self.seq != self._woken_at:
            self._woken_at = self.seq
            for event in self._watchers:
                event.set()

    def state(self, unit: str) -> UnitState | None:
        """How a unit stands; None if there is none of that id."""
        entry = self._entries.get(unit)
        return None if entry is None else entry.state()

    def states(self) -> list[UnitState]:
        """How every unit stands, by id."""
        return [entry.state() for _, entry in sorted(self._entries.items())]

    def seen(self) -> list[Seen]:
        """Where every unit was last, by id."""
        found = []
        for unit, entry in sorted(self._entries.items()):
            interval = None if entry.presence is None else entry.presence.interval_s
            fix = None if entry.newest is None else entry.newest[1]
            limits = stale_after(interval), lost_after(interval)
            found.append(Seen(unit, entry.unit[2], fix, *limits, entry.online, entry.concealed))
        return found

    def snapshot(self, now: datetime) -> bytes:
        """A frame with every unit."""
        units = b",".join(entry.json() for entry in self._entries.values())
        return self._frame(b'"snapshot"', b"", now, units)

    def changes(self, since: int, now: datetime) -> bytes:
        """A frame with every unit that changed after number ``since``, in its newest state."""
        newest_first = []
        for entry in reversed(self._entries.values()):
            if entry.seq <= since:
                break
            newest_first.append(entry.json())
        return self._frame(b'"changes"', b',"from":%d' % since, now, b",".join(reversed(newest_first)))

    def changed(self, since: int) -> list[UnitState]:
        """Every unit that changed after number ``since``, in the order of its last change; all of them after -1."""
        return [entry.state() for entry in self._entries.values() if entry.seq > since]

    def heartbeat(self, now: datetime) -> bytes:
        """A frame that says: still here, still at this number."""
        return self._frame(b'"heartbeat"', b"", now, None)

    @contextmanager
    def watch(self, event: asyncio.Event | None = None) -> Iterator[asyncio.Event]:
        """An event that is set at every change, one's own or a new one; the watcher clears it."""
        event = asyncio.Event() if event is None else event
        self._watchers.add(event)
        try:
            yield event
        finally:
            self._watchers.remove(event)

    @property
    def watchers(self) -> int:
        """How many are watching."""
        return len(self._watchers)

    def _frame(self, kind: bytes, since: bytes, now: datetime, units: bytes | None) -> bytes:
        head = b'{"type":%b,"stream":"%b"%b,"seq":%d,"server_time":%b' % (
            kind, self.stream.encode(), since, self.seq, _encode(now),
        )  # fmt: skip
        return head + b"}" if units is None else head + b',"units":[' + units + b"]}"

    def _touch(self, entry: _Entry) -> None:
        self.seq += 1
        entry.seq, entry.encoded = self.seq, None
        self._entries[entry.unit[0]] = self._entries.pop(entry.unit[0])
