"""What lies beyond the border: the neighbour's units are offered, and the incident is handed over and followed.

A neighbour has a gateway of its own, which is asked over REST, or is another centre in this very database. To hand over
is three steps: *pending* is written, the neighbour opens the incident under an id that follows from ours (so that it
may be asked twice), then ours is closed. Whoever is killed in between goes on from there after the next start.
Afterwards the neighbour is asked how it goes until it has closed the incident.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import shapely
import structlog

from gateway.clock import TRUE, Clock
from gateway.roads.districts import Districts
from gateway.services.addresses import web
from gateway.services.centre import Centre
from gateway.services.incidents import Incidents
from gateway.services.missions import Clash, Missions, Unknown
from gateway.services.turns import keep_turning
from gateway.storage import borders, events
from gateway.storage.borders import CLOSED, OPEN, PENDING, Handover, Neighbour, StatusAbroad
from gateway.storage.events import Event
from gateway.storage.pool import type_of_pool
from tracker.eta.straight_line import Estimate
from tracker.missions import ClosedAs, Incident, NotPossible, Place

log = structlog.get_logger()

FOLLOW_S = 5.0
"""Between two questions how it goes."""

OFFERED = 5
"""Units of a neighbour that are shown."""

PATIENCE_S = 3.0
"""Longer nobody waits for a neighbour before the own units are shown."""


class Unreachable(Exception):
    """The neighbour does not answer, or not so that it can be used; the sentence says what."""


class UnitAbroad(msgspec.Struct, frozen=True, kw_only=True):
    """A neighbour's unit, as the neighbour ranks it."""

    unit: str
    name: str = ""
    kind: str = ""
    tier: str | None = None  # as the neighbour says; None: it does not rank
    eta_s: Estimate | None = None
    unknown_because: str | None = None
    source: str = ""  # road, straight-line, last-known
    status: str | None = None


class Beyond(msgspec.Struct, frozen=True):
    """A neighbour in whose area an incident lies, and whom it could send."""

    centre: str
    name: str
    units: list[UnitAbroad]
    unknown_because: str | None


class Abroad(Protocol):
    """How a neighbour is spoken to."""

    async def units(self, neighbour: Neighbour, incident: Incident, limit: int) -> list[UnitAbroad]:
        """Whom it could send, the best first.

        Raises:
            Unreachable: it does not say.
        """

    async def open(self, neighbour: Neighbour, incident: Incident) -> None:
        """It opens this incident, or has it already.

        Raises:
            Unreachable: it does not say that it has.
            Clash: it refuses.
        """

    async def status(self, neighbour: Neighbour, reference: str) -> StatusAbroad:
        """How the incident of this id stands over there.

        Raises:
            Unreachable: it does not say.
        """


class Borders:
    """Of one centre, in one event loop.

    Args:
        pool: of its database.
        missions: of the centre.
        incidents: likewise.
        rules: how the centre works; a province has members.
        clock: of the loop.
        districts: to see by in whose area something lies; None: only by what neighbours said of theirs.
        within: the way to centres that share our database; None: there is none.
        over_rest: the way to all others; None: likewise.
    """

    def __init__(
        self,
        pool: type_of_pool,
        missions: Missions,
        incidents: Incidents,
        rules: Callable[[], Centre],
        clock: Clock = TRUE,
        *,
        districts: Districts | None = None,
        within: Abroad | None = None,
        over_rest: Abroad | None = None,
    ) -> None:
        self.centre = missions.centre
        self._pool = pool
        self._missions = missions
        self._incidents = incidents
        self._rules = rules
        self._clock = clock
        self._wake = asyncio.Event()
        self._neighbours: dict[str, Neighbour] = {}
        self._areas: dict[str, Any] = {}  # prepared geometries, by neighbour
        self._districts = districts
        self._within = within
        self.over_rest = over_rest

    # The list

    async def load(self) -> None:
        """Read the list.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        async with self._pool.connection() as connection:
            found = {each.id: each for each in await borders.neighbours(connection, self.centre)}
        if found != self._neighbours:
            self._areas = {each.id: _area(each) for each in found.values() if each.area is not None}
            self._neighbours = found

    async def neighbours(self) -> list[Neighbour]:
        """All, by id; errors as of `load`."""
        await self.load()
        return list(self._neighbours.values())

    async def put(self, neighbour: Neighbour) -> None:
        """Make one, or change it.

        Raises:
            ValueError: its address or its area is none; the sentence says what one is.
        """
        if neighbour.url is not None:
            web(neighbour.url)
        if neighbour.area is not None:
            _area(neighbour)
        async with self._pool.connection() as connection:
            await borders.put_neighbour(connection, self.centre, neighbour)
        await self.load()

    async def drop(self, neighbour: str) -> None:
        """Take one off the list.

        Raises:
            Unknown: it is not on it.
        """
        async with self._pool.connection() as connection:
            if not await borders.drop_neighbour(connection, self.centre, neighbour):
                raise Unknown(f"centre {self.centre} has no neighbour {neighbour!r}")
        await self.load()

    # What is offered

    def beyond(self, place: Place) -> list[Neighbour]:
        """The neighbours in whose area a place lies."""
        if not self._neighbours:
            return []
        point = shapely.Point(place.longitude, place.latitude)
        district = None if self._districts is None else self._districts.of([place.latitude], [place.longitude])[0]
        return [
            each for each in self._neighbours.values()
            if (each.id in self._areas and self._areas[each.id].intersects(point))
            or (district is not None and district in each.districts)
        ]  # fmt: skip

    async def offers(self, incident: Incident) -> list[Beyond]:
        """Whom each neighbour could send, where the incident lies beyond the border; all are asked at once."""
        return list(await asyncio.gather(*(self._offer(each, incident) for each in self.beyond(incident.place))))

    async def _offer(self, neighbour: Neighbour, incident: Incident) -> Beyond:
        try:
            async with asyncio.timeout(PATIENCE_S):  # a network's time, not the centre's
                units = await self._way_to(neighbour).units(neighbour, incident, OFFERED)
        except TimeoutError:
            return Beyond(neighbour.id, neighbour.name, [], f"it has not answered within {PATIENCE_S:.0f} s")
        except Unreachable as error:
            return Beyond(neighbour.id, neighbour.name, [], str(error))
        return Beyond(neighbour.id, neighbour.name, units, None)

    def _way_to(self, neighbour: Neighbour) -> Abroad:
        way = self._within if neighbour.shares is not None else self.over_rest
        if way is None:
            raise Unreachable("this gateway has no way to other centres")
        return way

    # The hand-over

    async def handover(self, incident: str) -> Handover:
        """How a handed-over incident stands.

        Raises:
            Unknown: it was handed over to nobody.
        """
        async with self._pool.connection() as connection:
            found = await borders.handovers(connection, self.centre, incident=incident)
        if not found:
            raise Unknown(f"incident {incident!r} was handed over to nobody")
        return found[0]

    async def hand_over(self, incident_id: str, to: str, by: str) -> Handover:
        """Give an incident to a neighbour, or to another member of the province. The same again changes nothing; what
        was opened again since is given anew, to whomever.

        Raises:
            Unknown: no such incident, neighbour or member.
            Clash: another one has it, or the neighbour refuses.
            NotPossible: it is closed, or units of ours are on their way to it.
            Unreachable: the neighbour does not answer; the incident stays ours.
        """
        await self.load()
        incident = await self._missions.incident(incident_id)
        if to not in self._neighbours:
            return await self._to_member(incident, to, by)
        async with self._pool.connection() as connection:
            before = next(iter(await borders.handovers(connection, self.centre, incident=incident_id)), None)
        is_theirs = before is not None and (before.state == PENDING or incident.closed_as is ClosedAs.HANDED_OVER)
        if before is not None and is_theirs and before.to != to:
            raise Clash(f"incident {incident_id} is handed over to {before.to}")
        if before is not None and is_theirs and before.state != PENDING:
            return before
        self._check(incident)
        given = before if before is not None and is_theirs else await self._given(incident_id, to, by, before)
        await self._keep(given)
        try:
            return await self._complete(given, incident)
        except (Unreachable, Clash, NotPossible):
            await self._undo(given, before)
            raise

    async def _given(self, incident: str, to: str, by: str, before: Handover | None) -> Handover:
        """A neighbour that has it still, though it was opened again here, is asked for the same one; else it is another
        one over there. What was known of that may be seconds old, so it is asked."""
        name = reference(self.centre, incident)
        if before is not None:
            has_it = False
            if before.to == to and before.state == OPEN:
                neighbour = self._neighbours[to]
                has_it = (await self._way_to(neighbour).status(neighbour, before.reference)).closed_at is None
            name = before.reference if has_it else reference(self.centre, before.reference)
        return Handover(incident=incident, to=to, reference=name, by=by, at=self._clock.now(), state=PENDING)

    async def _undo(self, given: Handover, before: Handover | None = None) -> None:
        """It did not come to it: as it was before. What stays says which reference was used up."""
        if before is not None and before.state != PENDING:
            await self._keep(before)
        elif given.reference != reference(self.centre, given.incident):
            await self._keep(msgspec.structs.replace(given, state=CLOSED))
        else:
            async with self._pool.connection() as connection:
                await borders.drop_handover(connection, self.centre, given.incident)

    def _check(self, incident: Incident) -> None:
        if incident.closed_at is not None:
            raise NotPossible(f"incident {incident.id} is closed since {incident.closed_at.isoformat()}")
        if ours := [each.unit for each in self._missions.under_way(incident.id)]:
            raise NotPossible(f"{', '.join(ours)} on the way to incident {incident.id}: end those missions first")

    async def _complete(self, given: Handover, incident: Incident) -> Handover:
        """The neighbour opens it, then ours is closed."""
        neighbour = self._neighbours[given.to]
        abroad = msgspec.structs.replace(
            incident, id=given.reference, reference=f"{self.centre}/{incident.id}", destination=None, member=None,
            agencies=(), version=1,
        )  # fmt: skip
        await self._way_to(neighbour).open(neighbour, abroad)
        now = self._clock.now()

        def close(before: Incident) -> Incident:
            if before.closed_at is not None:
                return before
            closed_at = max(now, before.opened_at)
            return msgspec.structs.replace(before, closed_at=closed_at, closed_as=ClosedAs.HANDED_OVER)

        await self._incidents.change(incident.id, close, now)
        done = msgspec.structs.replace(given, state=OPEN)
        await self._keep(done, incident)
        self._wake.set()
        return done

    async def _to_member(self, incident: Incident, to: str, by: str) -> Handover:
        members: Sequence[str] = [each.id for each in self._rules().members()]
        if to not in members:
            raise Unknown(f"centre {self.centre} has no neighbour and no member {to!r}")
        now = self._clock.now()
        if incident.member != to:
            await self._incidents.change(incident.id, lambda before: msgspec.structs.replace(before, member=to), now)
        return Handover(incident=incident.id, to=to, reference=incident.id, by=by, at=now, state=OPEN)

    # Afterwards

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("hand-overs", self.turn, self._clock, FOLLOW_S, wake=self._wake)

    async def turn(self) -> None:
        """Finish what was begun, and ask how the rest goes.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        await self.load()
        async with self._pool.connection() as connection:
            unsettled = await borders.handovers(connection, self.centre, unsettled=True)
        for each in unsettled:
            neighbour = self._neighbours.get(each.to)
            if neighbour is None:
                continue
            try:
                if each.state == PENDING:
                    await self._go_on(each)
                else:
                    await self._follow(neighbour, each)
            except Unreachable as error:
                log.warning("a neighbour does not answer", neighbour=each.to, incident=each.incident, why=str(error))

    async def _go_on(self, pending: Handover) -> None:
        """What a killed gateway, or a request that is still under way, has begun."""
        if (self._clock.now() - pending.at).total_seconds() < FOLLOW_S:
            return
        incident = await self._missions.incident(pending.incident)
        if incident.closed_as is not ClosedAs.HANDED_OVER:
            try:
                self._check(incident)
            except NotPossible as error:  # somebody has taken care of it since
                log.info("a hand-over was not finished", incident=pending.incident, why=str(error))
                await self._undo(pending)
                return
        try:
            await self._complete(pending, incident)
        except Clash as error:
            log.warning("a neighbour refuses", incident=pending.incident, why=str(error))

    async def _follow(self, neighbour: Neighbour, each: Handover) -> None:
        status = await self._way_to(neighbour).status(neighbour, each.reference)
        state = CLOSED if status.closed_at is not None else OPEN
        if (status, state) == (each.status, each.state) and each.status_at is not None:
            return
        after = msgspec.structs.replace(each, state=state, status=status, status_at=self._clock.now())
        await self._keep(after, await self._missions.incident(each.incident))

    async def _keep(self, handover: Handover, incident: Incident | None = None) -> None:
        """Store it; with the incident also tell of it."""
        async with self._pool.connection() as connection, connection.transaction():
            await borders.put_handover(connection, self.centre, handover)
            if incident is not None:
                told: Mapping[str, Any] = {"id": handover.incident, "handover": handover}
                at, exercise = self._clock.now(), incident.exercise
                event = Event("incident.changed", f"incidents/{handover.incident}", told, at, None, exercise)
                await events.put(connection, self.centre, event)


def reference(centre: str, incident: str) -> str:
    """The id that an incident of ours has at a neighbour: the same whenever it is asked for."""
    return f"h-{hashlib.sha256(f'{centre}/{incident}'.encode()).hexdigest()[:28]}"


_NO_AREA = (
    "`area` is no area: a GeoJSON Polygon or MultiPolygon has rings of four or more [longitude, latitude] in degrees, "
    "of which the last is as the first"
)


def _area(neighbour: Neighbour) -> Any:
    """Where incidents are a neighbour's.

    Raises:
        ValueError: that is no area.
    """
    try:
        area = shapely.geometry.shape(neighbour.area or {})
        area = area if area.is_valid else shapely.make_valid(area)
        west, south, east, north = area.bounds
    except (AttributeError, KeyError, TypeError, IndexError, ValueError, shapely.errors.ShapelyError) as error:
        raise ValueError(_NO_AREA) from error
    if area.area == 0 or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError(_NO_AREA)
    shapely.prepare(area)
    return area
