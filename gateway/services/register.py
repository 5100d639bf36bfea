"""What the centre has, kept at hand: rankings ask for all of it with every call.

The database is the truth and everything here a copy of it, read at the start, after each change of ours, and every few
seconds for what the importer or another process changed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import psycopg
import structlog
from psycopg import AsyncConnection

from gateway.clock import TRUE, Clock
from gateway.services.centre import Outdated
from gateway.services.missions import Clash, Unknown
from gateway.services.turns import keep_turning
from gateway.storage import events
from gateway.storage import register as storage
from gateway.storage.events import Event
from gateway.storage.pool import type_of_pool
from tracker.duty import BadWindows, read_windows
from tracker.errors import TrackerError
from tracker.register import Agency, Facility, Geofence, UnitDetails
from tracker.register.points import SourcePoint

Connection = AsyncConnection[Any]

log = structlog.get_logger()

REFRESH_S = 15.0
"""What another process changed is known here after this long at the most."""

_STATE = ("beds", "beds_at", "diversion_because", "diversion_until", "handover_s")
"""What a facility tells every few minutes. It is no change of the facility: who edits it is not out of date by it."""


T = TypeVar("T", Agency, Facility, Geofence, UnitDetails)
_Tables = tuple[dict[str, Agency], dict[str, UnitDetails], dict[str, Facility], dict[str, Geofence]]


class NotSo(TrackerError):
    """It names something that the centre does not have, or contradicts itself."""


class Register:
    """Of one centre, in one event loop."""

    def __init__(self, centre: str, pool: type_of_pool, clock: Clock = TRUE) -> None:
        self.centre = centre
        self._pool = pool
        self._clock = clock
        self.agencies: dict[str, Agency] = {}
        self.facilities: dict[str, Facility] = {}
        self.geofences: dict[str, Geofence] = {}
        self._units: dict[str, UnitDetails] = {}
        self.loaded = False
        self._changes = 0  # of ours
        self.on_change: Callable[[], None] = lambda: None
        """Called after something here became another."""

    def unit(self, unit: str) -> UnitDetails:
        """What is known of a unit; all unknown if nobody ever said anything."""
        return self._units.get(unit) or UnitDetails(unit)

    @property
    def abilities(self) -> set[str]:
        """All that some unit is said to be able to do."""
        return {each for details in self._units.values() for each in details.capabilities}

    def usable(self, kind: str | None = None) -> list[Facility]:
        """Facilities that somebody may be sent to, all or of one kind: without those whose point is doubtful."""
        return [each for each in self.facilities.values() if each.usable and kind in (None, each.kind)]

    async def load(self) -> None:
        """Read all of it.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; what was known stays.
        """
        async with self._pool.connection() as connection:
            await self.read(connection)

    async def at_hand(self) -> None:
        """Read all of it if nobody has yet; raises as `load`."""
        if not self.loaded:
            await self.load()

    async def run(self) -> None:
        """Read all of it again and again: the importer is another process."""
        await keep_turning("register", self.load, self._clock, REFRESH_S)

    async def read(self, connection: Connection) -> None:
        """Read all of it through the caller's connection."""
        changes = -1
        while changes != self._changes:  # else one of ours came between, and this is older
            changes = self._changes
            tables = await self._tables(connection)
        changed = tables != (self.agencies, self._units, self.facilities, self.geofences)
        self.agencies, self._units, self.facilities, self.geofences = tables
        self.loaded = True
        if changed:
            self.on_change()

    async def _tables(self, connection: Connection) -> "_Tables":
        agencies = {each.id: each for each in await storage.agencies(connection, self.centre)}
        units = {each.unit: each for each in await storage.unit_details(connection, self.centre)}
        facilities = {each.id: each for each in await storage.facilities(connection, self.centre)}
        geofences = {each.id: each for each in await storage.geofences(connection, self.centre)}
        return agencies, units, facilities, geofences

    async def _kept(
        self, connection: Connection, table: Callable[[], dict[str, T]], key: str, put: T | None, what: str
    ) -> T:
        """Know at once what was stored.

        Raises:
            Outdated: nothing was, for it has another version.
        """
        if put is None:
            await self.read(connection)
            raise _stale(what, _version(table().get(key)))
        table()[key] = put
        self._changes += 1
        self.on_change()
        return put

    async def _dropped(
        self, connection: Connection, table: Callable[[], dict[str, T]], key: str, what: str, *, dropped: bool
    ) -> None:
        """Know at once what is gone.

        Raises:
            Outdated, Unknown: nothing is, for it has another version or was not there.
        """
        if not dropped:
            await self.read(connection)
            if key not in table():
                raise Unknown(f"centre {self.centre} has no {what}")
            raise _stale(what, _version(table()[key]))
        table().pop(key, None)
        self._changes += 1
        self.on_change()

    # Agencies and units

    async def put_agency(self, agency: Agency, expected: int | None = None) -> Agency:
        """Make an agency, or change it.

        Raises:
            Outdated: it has another version than expected.
        """
        async with self._pool.connection() as connection:
            put = await storage.put_agency(connection, self.centre, agency, expected)
            return await self._kept(connection, lambda: self.agencies, agency.id, put, f"agency {agency.id}")

    async def drop_agency(self, agency: str, expected: int | None = None) -> None:
        """Take an agency off the list.

        Raises:
            Unknown: it is not on it.
            Outdated: it has another version than expected.
            Clash: it has units.
        """
        async with self._pool.connection() as connection:
            try:
                dropped = await storage.drop_agency(connection, self.centre, agency, expected)
            except psycopg.errors.ForeignKeyViolation as error:
                raise Clash(f"agency {agency} has units: give them to another one first") from error
            await self._dropped(connection, lambda: self.agencies, agency, f"agency {agency}", dropped=dropped)

    async def put_unit(self, details: UnitDetails, expected: int | None = None) -> UnitDetails:
        """Say what is known of a unit.

        Raises:
            NotSo: no such unit, agency or facility, or its shifts are none.
            Outdated: they have another version than expected.
        """
        try:
            read_windows(details.shifts or "")
        except BadWindows as error:
            raise NotSo(f"shifts: {error}") from error
        async with self._pool.connection() as connection:
            try:
                put = await storage.put_unit_details(connection, self.centre, details, expected)
            except psycopg.errors.ForeignKeyViolation as error:
                column = (error.diag.constraint_name or "").removeprefix("unit_details_centre_").removesuffix("_fkey")
                value = getattr(details, column, details.unit)
                what = {"home": "facility"}.get(column, column)
                raise NotSo(f"centre {self.centre} has no {what} {value!r}") from error
            return await self._kept(
                connection, lambda: self._units, details.unit, put, f"what is known of {details.unit}"
            )

    # Facilities

    async def facility(self, facility: str) -> Facility:
        """One, as the database has it.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection:
            found = await storage.facilities(connection, self.centre, facility)
        if not found:
            raise Unknown(f"centre {self.centre} has no facility {facility}")
        return found[0]

    async def points(self, facility: str) -> list[SourcePoint]:
        """What each source says of where it is.

        Raises:
            Unknown: there is no such facility.
        """
        await self.facility(facility)
        async with self._pool.connection() as connection:
            return (await storage.points(connection, self.centre, facility)).get(facility, [])

    async def change_facility(
        self,
        facility: str,
        step: Callable[[Facility | None], Facility],
        expected: int | None = None,
        point: SourcePoint | None = None,
    ) -> Facility:
        """Make or change a facility: ``step`` gets it as it is, None if there is none, and gives it as it shall be.

        Beds, diversion and handover leave the version as it is. With ``point`` a source's point is kept as well.

        Raises:
            Outdated: it has another version than expected (0: there shall be none).
        """
        async with self._pool.connection() as connection:
            async with connection.transaction():
                before = await storage.lock_facility(connection, self.centre, facility)
                version = 0 if before is None else before.version
                if expected is not None and expected != version:
                    raise _stale(f"facility {facility}", version)
                after = msgspec.structs.replace(step(before), version=version)
                if before is None or _lasting(before) != _lasting(after):
                    after = msgspec.structs.replace(after, version=version + 1)
                if after != before and not await storage.put_facility(connection, self.centre, after, version):
                    raise _stale(f"facility {facility}", "another")
                if point is not None:
                    await storage.put_point(connection, self.centre, facility, point)
                if after != before:
                    await tell(connection, self.centre, after, self._clock.now())
            await self._kept(connection, lambda: self.facilities, facility, after, f"facility {facility}")
        return after

    # Geofences

    async def put_geofence(self, fence: Geofence, expected: int | None = None) -> Geofence:
        """Make a geofence, or change it.

        Raises:
            Outdated: it has another version than expected.
        """
        async with self._pool.connection() as connection:
            put = await storage.put_geofence(connection, self.centre, fence, expected)
            return await self._kept(connection, lambda: self.geofences, fence.id, put, f"geofence {fence.id}")

    async def drop_geofence(self, fence: str, expected: int | None = None) -> None:
        """Take a geofence away; what was noted of it stays.

        Raises:
            Unknown: there is none.
            Outdated: it has another version than expected.
        """
        async with self._pool.connection() as connection:
            dropped = await storage.drop_geofence(connection, self.centre, fence, expected)
            await self._dropped(connection, lambda: self.geofences, fence, f"geofence {fence}", dropped=dropped)

    async def noted(self, fence: str, limit: int) -> list[storage.PassedBy]:
        """Who came into a geofence and left it, newest first."""
        async with self._pool.connection() as connection:
            return await storage.noted(connection, self.centre, fence, limit)


async def tell(connection: Connection, centre: str, facility: Facility, at: datetime) -> None:
    """Let everybody who listens know how a facility is now, in the transaction that changes it."""
    await events.put(connection, centre, Event("facility.changed", f"facilities/{facility.id}", facility, at))


def _lasting(facility: Facility) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(facility).items() if name not in _STATE}


def _version(thing: Agency | Facility | Geofence | UnitDetails | None) -> int:
    return 0 if thing is None else thing.version


def _stale(what: str, version: int | str) -> Outdated:
    return Outdated(f"{what} has version {version} now: read it again, and change that")


def crew_left_s(details: UnitDetails, now: datetime) -> float | None:
    """Seconds that the crew may still work; below 0: they are over; None: nobody counts them."""
    return None if details.crew_until is None else (details.crew_until - now).total_seconds()
