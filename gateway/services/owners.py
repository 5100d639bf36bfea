"""Units that are lent to the centre: private cars with a phone, and ambulances of PMI and other owners.

Dispatch sees where such a unit is, is offered it and may send it only while its owner's consent stands and it is on
duty. Both are looked up again every two seconds. A mission that it is on is carried to its end: who is under way with a
patient is not lost because a shift is over. A withdrawn consent ends what is seen at once. What a device of its own
sends at other hours is stored, and of its track dispatch does not see them either.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog
from psycopg import AsyncConnection

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.services.missions import Clash, Missions, Unknown
from gateway.services.turns import keep_turning
from gateway.storage import missions, phones
from gateway.storage import owners as table
from gateway.storage.owners import Owner
from gateway.storage.phones import Consent
from gateway.storage.pool import type_of_pool
from gateway.storage.units import time_zone
from tracker.duty import LONGEST_ON, SHIFT, Change, Schedule, State, on_duty

Connection = AsyncConnection[Any]
Visible = Callable[[datetime], bool]
"""Whether a moment of a unit's track is dispatch's to see."""

log = structlog.get_logger()

TICK_S = 2.0


class Lent(msgspec.Struct, frozen=True):
    """What decides about a unit that is lent."""

    owner: str | None  # None: the driver is the owner
    consent: Consent | None
    schedules: Sequence[Schedule]
    changes: Sequence[Change]

    def shows(self, at: datetime, zone: ZoneInfo, *, sent: bool) -> bool:
        """Whether dispatch may know where it was at a moment, when it was on a mission or not."""
        if self.consent is None or at < self.consent.given_at:
            return False
        return sent or on_duty(at, zone, self.schedules, self.changes)


class Owners:
    """One for a centre, in one event loop."""

    def __init__(
        self, centre: str, pool: type_of_pool, live: LivePicture, missions: Missions, clock: Clock = TRUE
    ) -> None:
        self._centre = centre
        self._pool = pool
        self._live = live
        self._missions = missions
        self._clock = clock
        self._zone = ZoneInfo("UTC")
        self.owners: Mapping[str, Owner] = {}
        self._lent: dict[str, Lent] = {}  # by unit
        self._read = False  # until then nobody knows who lends what
        missions.objections.append(self.why_not)

    def why_not(self, unit: str) -> str | None:
        """Why dispatch may not see or send a unit now; None: it may, or the unit is the centre's own."""
        lent = self._lent.get(unit)
        if lent is None:
            return None
        if lent.consent is None:
            return f"{unit} is lent, and {'its owner' if lent.owner is None else lent.owner} has not consented"
        if unit in self._missions.active:
            return None
        on = on_duty(self._clock.now(), self._zone, lent.schedules, lent.changes)
        return None if on else f"{unit} is lent and off duty"

    def on_duty(self, unit: str) -> bool | None:
        """Whether it is; None: the unit is the centre's own."""
        lent = self._lent.get(unit)
        return None if lent is None else on_duty(self._clock.now(), self._zone, lent.schedules, lent.changes)

    def may_know(self, unit: str, at: datetime) -> bool:
        """Whether dispatch may know where a unit was at a moment of the last days: see `visible` for longer ago."""
        lent = self._lent.get(unit)
        mission = self._missions.active.get(unit)
        sent = mission is not None and mission.assigned_at <= at
        return lent is None or lent.shows(at, self._zone, sent=sent)

    async def visible(self, connection: Connection, unit: str, start: datetime, end: datetime) -> Visible | None:
        """Which moments of a unit's track dispatch may see: since the consent that stands, those on duty and those of
        missions. None: all, as the unit is the centre's own.

        Args:
            connection: asks what held then.
            unit: whose track.
            start, end: of what is asked for.
        """
        if not self._read:
            await self.turn(self._clock.now())
        lent = self._lent.get(unit)
        if lent is None:
            return None
        if lent.consent is None:
            return lambda _: False
        since = max(start, lent.consent.given_at)
        schedules, changes = await phones.duty_of(connection, self._centre, [unit], since)
        found = await missions.find(connection, self._centre, unit=unit, since=since, until=end)
        errands = [(each.assigned_at, each.ended_at or end) for each in found]
        then = msgspec.structs.replace(lent, schedules=schedules.get(unit, ()), changes=changes.get(unit, ()))

        def seen(at: datetime) -> bool:
            return then.shows(at, self._zone, sent=any(begun <= at <= ended for begun, ended in errands))

        return seen

    def units_of(self, owner: str) -> Sequence[str]:
        """What an owner lends; nothing of one that is not known."""
        found = self.owners.get(owner)
        return () if found is None else found.units

    # What is said

    async def put(self, owner: str, name: str, units: Sequence[str]) -> Owner:
        """Make an owner or change it.

        Raises:
            Unknown: the centre has no such unit.
        """
        for unit in units:
            if self._live.kind(unit) is None:
                raise Unknown(f"centre {self._centre} has no unit {unit!r}")
        async with self._pool.connection() as connection:
            await table.put(connection, self._centre, owner, name, units)
        await self.turn(self._clock.now())
        return self.owner(owner)

    async def consent(self, owner: str, person: str, version: str) -> Owner:
        """Somebody consents for an owner.

        Raises:
            Unknown: there is none of that id.
        """
        self.owner(owner)
        now = self._clock.now()
        async with self._pool.connection() as connection:
            await table.consent(connection, self._centre, owner, person, version, now)
        await self.turn(now)
        return self.owner(owner)

    async def withdraw(self, owner: str) -> Owner:
        """The consent ends, and with it what is seen of the units.

        Raises:
            Unknown: there is none of that id.
        """
        self.owner(owner)
        now = self._clock.now()
        async with self._pool.connection() as connection:
            await table.withdraw(connection, self._centre, owner, now)
        await self.turn(now)
        return self.owner(owner)

    async def duty(self, unit: str, state: State, until: datetime | None, by: str) -> datetime | None:
        """A lent unit goes on or off duty now, or back to its weekly windows; until when it is on.

        Raises:
            Unknown: it is not lent.
            Clash: on duty for longer than a day, or until a time that has passed.
        """
        if unit not in self._lent:
            raise Unknown(f"{unit!r} is nobody's but the centre's: it has no duty of its own")
        now = self._clock.now()
        until = None if state is not State.ON else until or now + SHIFT
        if until is not None and not now < until <= now + LONGEST_ON:
            raise Clash("`until` lies within the next 24 hours")
        async with self._pool.connection() as connection:
            await phones.change_duty(connection, self._centre, unit, state, until, by, now)
        await self.turn(now)
        return until

    async def windows(self, unit: str, windows: str, by: str) -> None:
        """Set the weekly duty of a lent unit, in the centre's time zone.

        Raises:
            Unknown: it is not lent.
            tracker.duty.BadWindows: the text names none.
        """
        if unit not in self._lent:
            raise Unknown(f"{unit!r} is nobody's but the centre's: it has no duty of its own")
        now = self._clock.now()
        async with self._pool.connection() as connection:
            await phones.schedule(connection, self._centre, unit, windows, by, now)
        await self.turn(now)

    def owner(self, owner: str) -> Owner:
        """One.

        Raises:
            Unknown: there is none of that id.
        """
        if owner not in self.owners:
            raise Unknown(f"centre {self._centre} knows no owner {owner!r}")
        return self.owners[owner]

    # The work

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("duty", lambda: self.turn(self._clock.now()), self._clock, TICK_S, failed=self._show)

    async def turn(self, now: datetime) -> None:
        """Read consents and duty, and show what may be shown."""
        async with self._pool.connection() as connection:
            owners = await table.find(connection, self._centre)
            carried = await phones.find(connection, self._centre, now, everyone=True)
            units = [unit for owner in owners for unit in owner.units]
            schedules, changes = await phones.duty_of(connection, self._centre, units, now)
            self._zone = ZoneInfo(await time_zone(connection, self._centre))
        lent = {
            phone.unit: Lent(None, phone.consent, phone.schedules, phone.changes) for phone in carried if phone.private
        }
        for owner in owners:
            for unit in owner.units:
                by_driver = lent.get(unit)
                if by_driver is not None and by_driver.consent is None:
                    continue  # the owner's word does not stand for the driver's
                lent[unit] = Lent(owner.id, owner.consent, schedules.get(unit, ()), changes.get(unit, ()))
        self._read = True
        gone, self._lent = self._lent.keys() - lent.keys(), lent
        self.owners = {owner.id: owner for owner in owners}
        for unit in gone:
            self._live.conceal(unit, hidden=False)
        self._show()

    def _show(self) -> None:
        for unit in self._lent:
            self._live.conceal(unit, hidden=self.why_not(unit) is not None)
        self._live.publish()
