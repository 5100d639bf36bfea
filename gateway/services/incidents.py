"""Incidents of one centre: opened, changed, closed, merged; each stored before it is true, with all that follows.

What missions have of their incident (its place, its hospital) changes in the same transaction: no crew is on its way to
an address that the centre knows to be wrong.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.services.centre import Centre
from gateway.services.missions import Clash, Missions, NotPossible, Unknown
from gateway.storage import calls, events, incidents, missions
from gateway.storage.events import Event
from gateway.storage.pool import type_of_pool
from tracker.missions import ClosedAs, Incident, Mission, Place, Urgency
from tracker.missions.correct import corrected, merged, redirected
from tracker.missions.duplicates import Duplicate, duplicates

Connection = AsyncConnection[Any]
Follow = Callable[[Connection, str, str], Awaitable[None]]
"""Moves what refers to one incident to another, within the transaction that merges them."""

_LOOKED_AT = 500
"""Of the newest incidents for duplicates; a centre with more within six hours has other sorrows."""


class Incidents:
    """One for a centre, in one event loop.

    Args:
        pool: of its database.
        missions: of the centre.
        rules: how the centre works now.
        following: whoever's tables name incidents moves its rows when one is merged.
    """

    def __init__(
        self, pool: type_of_pool, missions: Missions, rules: Callable[[], Centre], following: Sequence[Follow] = ()
    ) -> None:
        self.centre = missions.centre
        self._pool = pool
        self._missions = missions
        self._rules = rules
        self._following = following

    def urgency_of(self, kind: str) -> Urgency | None:
        """What the centre's table says of a kind; None: nothing."""
        sop = self._rules().sops.get(kind)
        return None if sop is None else sop.urgency

    def filled_in(self, incident: Incident) -> Incident:
        """With what the centre's table, its exercise and its members say of it."""
        rules = self._rules()
        sop = rules.sops.get(incident.kind)
        return msgspec.structs.replace(
            incident,
            agencies=incident.agencies or (() if sop is None else sop.agencies),
            exercise=incident.exercise or rules.exercise is not None,
            member=incident.member or rules.member_of(incident.place.latitude, incident.place.longitude),
        )

    async def open(
        self, new: Incident, also: Callable[[Connection, Incident], Awaitable[None]] | None = None
    ) -> tuple[Incident, bool]:
        """Open an incident; the second value is False if this very one was open before.

        Args:
            new: without what `filled_in` knows.
            also: done in the same transaction.

        Raises:
            Clash: the id is another incident's.
        """
        new = self.filled_in(new)
        async with self._pool.connection() as connection, connection.transaction():
            made = await incidents.insert(connection, self.centre, new)
            there = new if made else (await incidents.find(connection, self.centre, incident=new.id))[0]
            if not made and _told(there) != _told(new):
                raise Clash(f"incident {new.id!r} exists with another place, kind, urgency or destination")
            if made:
                await self._tell(connection, "incident.opened", new, new.opened_at)
            if also is not None:
                await also(connection, there)
        return there, made

    async def change(self, incident_id: str, step: Callable[[Incident], Incident], at: datetime) -> Incident:
        """Change an incident; another place or destination goes to its missions that are not there yet.

        Args:
            incident_id: which.
            step: gives the incident as it shall be.
            at: when.

        Raises:
            Unknown: there is none of that id.
            Clash: it was merged into another one, and stays so.
            NotPossible: it would be closed with units on their way to it.
            Whatever ``step`` raises.
        """
        after: Incident | None = None

        async def work(connection: Connection) -> Callable[[Mission], Mission]:
            nonlocal after
            before = await self._read(connection, incident_id)
            wanted = self._by_kind(before, step(before))
            self._check_change(before, wanted)
            after = await self._store(connection, before, wanted, at)
            place, destination = after.place, after.destination
            moved, directed = place != before.place, destination != before.destination

            def follow(mission: Mission) -> Mission:
                mission = corrected(mission, place, at) if moved else mission
                return redirected(mission, destination) if directed else mission

            return follow

        await self._missions.follow(incident_id, work, at)
        assert after is not None  # noqa: S101, the work is done
        return after

    def _check_change(self, before: Incident, after: Incident) -> None:
        ended, wanted = (before.closed_at, before.closed_as), (after.closed_at, after.closed_as)
        if before.duplicate_of is not None and wanted != ended:
            raise Clash(
                f"incident {before.id} was merged into {before.duplicate_of}, which has its missions and calls: open "
                "or close that one, or open a new one if they are two after all"
            )
        if after.closed_at is None or before.closed_at is not None:
            return
        if live := self._missions.under_way(before.id):
            named = ", ".join(f"{each.id} ({each.unit}, {each.state.value})" for each in live)
            raise NotPossible(
                f"incident {before.id} has missions under way: {named}. Their crews would drive on for what is closed: "
                'end each first, with PATCH /api/v1/missions/{mission} {"state": "ended"}, then close it'
            )

    def _by_kind(self, before: Incident, after: Incident) -> Incident:
        """Another kind wants others, unless somebody says whom."""
        if after.kind == before.kind or after.agencies != before.agencies:
            return after
        sop = self._rules().sops.get(after.kind)
        return msgspec.structs.replace(after, agencies=before.agencies if sop is None else sop.agencies)

    async def merge(self, incident_id: str, into: str, at: datetime) -> Incident:
        """Two incidents are one happening: missions, calls and all else of the first go to the other. The first is
        closed as a duplicate. Returns the other; merging again changes nothing.

        Raises:
            Unknown: there is none of that id.
            Clash: they are one and the same, or one of them was merged into a third.
            NotPossible: the other is closed, or only one of them is an exercise.
        """
        kept: Incident | None = None

        async def work(connection: Connection) -> Callable[[Mission], Mission]:
            nonlocal kept
            gone, kept = await self._read(connection, incident_id), await self._read(connection, into)
            target = kept
            if gone.duplicate_of == kept.id:
                return lambda mission: mission
            _check_merge(gone, kept)
            closed = msgspec.structs.replace(
                gone,
                closed_at=gone.closed_at or max(at, gone.opened_at),
                closed_as=ClosedAs.DUPLICATE,
                duplicate_of=into,
            )
            await self._store(connection, gone, closed, at)
            kept = await self._store(connection, kept, _with_what(kept, gone), at)
            for follow in (missions.to_incident, calls.to_incident):
                await follow(connection, self.centre, incident_id, into)
            for each in self._following:
                await each(connection, incident_id, into)
            return lambda mission: merged(mission, target, at)

        await self._missions.follow(incident_id, work, at)
        assert kept is not None  # noqa: S101, the work is done
        return kept

    @asynccontextmanager
    async def as_it_is(self, incident_id: str) -> AsyncIterator[Incident]:
        """An incident, or the one that it was merged into; it does not change as long as it is looked at.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._missions.held():
            found = await self._missions.incident(incident_id)
            while found.duplicate_of is not None:
                found = await self._missions.incident(found.duplicate_of)
            yield found

    async def duplicates(
        self, place: Place, at: datetime, *, kind: str = "", but: str = "", exercise: bool = False, within: float = 0.0
    ) -> list[Duplicate]:
        """Incidents that a report may be about already; an exercise is like nothing real.

        Args:
            place: of the report.
            at: when it came.
            kind: of emergency, if somebody said it.
            but: id of the incident that is looked at itself.
            exercise: whether the report is one.
            within: metres that the place may be off.
        """
        found = await self._missions.incidents(open_only=False, limit=_LOOKED_AT)
        others = [each for each in found if each.id != but and each.exercise == exercise]
        return duplicates(place, at, others, kind=kind, within=within)

    async def _read(self, connection: Connection, incident_id: str) -> Incident:
        found = await incidents.find(connection, self.centre, incident=incident_id)
        if not found:
            raise Unknown(f"centre {self.centre} has no incident {incident_id!r}")
        return found[0]

    async def _store(self, connection: Connection, before: Incident, after: Incident, at: datetime) -> Incident:
        """Store a change and tell of it. Changes of one centre come one after the other: `Missions.follow`."""
        if after == before:
            return before
        after = msgspec.structs.replace(after, version=before.version + 1)
        if not await incidents.update(connection, self.centre, after):
            raise Clash(f"incident {before.id} was changed by another program just now: do it again")
        closed = after.closed_at is not None and before.closed_at is None
        await self._tell(connection, "incident.closed" if closed else "incident.changed", after, at)
        return after

    async def _tell(self, connection: Connection, kind: str, incident: Incident, at: datetime) -> None:
        event = Event(kind, f"incidents/{incident.id}", incident, at, exercise=incident.exercise)
        await events.put(connection, self.centre, event)


def _told(incident: Incident) -> tuple[object, ...]:
    """What whoever opens an incident says of it."""
    return incident.place, incident.urgency, incident.destination, incident.kind, incident.reference


def _check_merge(gone: Incident, kept: Incident) -> None:
    for each in (gone, kept):
        if each.duplicate_of is not None:
            raise Clash(f"incident {each.id} was merged into {each.duplicate_of}: take that one")
    if gone.id == kept.id:
        raise Clash(f"incident {gone.id} cannot be merged into itself")
    if kept.closed_at is not None:
        raise NotPossible(f"incident {kept.id} is closed: open it again first, or merge the other way")
    if gone.exercise != kept.exercise:
        raise NotPossible("one of them is an exercise and the other is not")


def _with_what(kept: Incident, gone: Incident) -> Incident:
    """The incident with what only the other one says: who else is wanted, its number in the other system, its words."""
    agencies = dict.fromkeys([*kept.agencies, *gone.agencies])
    capabilities = dict.fromkeys([*kept.capabilities, *gone.capabilities])
    return msgspec.structs.replace(
        kept,
        agencies=tuple(agencies),
        capabilities=tuple(capabilities),
        kind=kept.kind or gone.kind,
        notes="\n".join(each for each in (kept.notes, gone.notes) if each),
        reference=kept.reference or gone.reference,
        condition=kept.condition or gone.condition,
        urgency=min(kept.urgency, gone.urgency, key=list(Urgency).index),
    )
