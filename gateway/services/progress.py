"""How an incident stands, for the system that took the call: who is on it, doing what, and there when.

Told over the broker whenever it changes, and as an event when an arrival has moved so far that a person should know.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

import msgspec
import structlog

from gateway.clock import TRUE, Clock
from gateway.feeds.live import Eta, LivePicture
from gateway.services.missions import Missions, Unknown
from gateway.services.turns import keep_turning
from gateway.storage import events
from gateway.storage.events import Event, Numbered
from gateway.storage.pool import type_of_pool
from tracker.missions import Incident, Mission

log = structlog.get_logger()

ROUND_S = 1.0
MOVED_S = 60.0
MOVED_SHARE = 0.2
"""An arrival that moved by so much, and by so much of what is left, is an event."""

_encode = msgspec.json.Encoder().encode


class UnitOnIncident(msgspec.Struct, frozen=True):
    """A unit that was sent."""

    unit: str
    mission: str
    state: str  # assigned, at-scene, transporting, arrived, ended
    assigned_at: datetime
    ended_at: datetime | None
    eta: Eta | None  # to its next stop; null: nobody foretells it


class IncidentState(msgspec.Struct, frozen=True):
    """An incident and all who were sent to it."""

    incident: str
    reference: str  # in the system that took the call
    open: bool
    opened_at: datetime
    closed_at: datetime | None
    closed_as: str | None
    duplicate_of: str | None
    exercise: bool
    units: tuple[UnitOnIncident, ...]


Publish = Callable[[str, bytes | None], Awaitable[bool]]
"""Takes an incident's id and what to say of it, None to take it back; False if the broker is away."""


class Progress:
    """One for a centre, in one event loop."""

    def __init__(
        self,
        pool: type_of_pool,
        live: LivePicture,
        missions: Missions,
        publish: Publish,
        clock: Clock = TRUE,
    ) -> None:
        self.centre = missions.centre
        self._pool = pool
        self._live = live
        self._missions = missions
        self._publish = publish
        self._clock = clock
        self._touched: set[str] = set()
        self._seen: dict[str, Eta | None] = {}  # by unit, as it was told last
        self._told: dict[str, bytes] = {}  # by incident
        self._announced: dict[str, Eta | None] = {}  # by mission, as the last event had it

    def heard(self, fresh: Iterable[Numbered]) -> None:
        """Something happened to incidents or missions."""
        for event in fresh:
            if event.kind.startswith("incident."):
                self._touched.add(event.subject.removeprefix("incidents/"))
            elif event.kind.startswith("mission."):
                incident = msgspec.json.decode(event.data).get("incident")
                if incident is not None:
                    self._touched.add(incident)

    async def state(self, incident_id: str) -> IncidentState:
        """How an incident stands.

        Raises:
            Unknown: there is none of that id.
        """
        incident = await self._missions.incident(incident_id)
        sent = await self._missions.missions(unit=None, incident=incident_id, active=False, limit=200)
        return self._state(incident, sent)

    def _state(self, incident: Incident, sent: list[Mission]) -> IncidentState:
        units = []
        for mission in sorted(sent, key=lambda each: (each.assigned_at, each.id)):
            eta = self._live.eta(mission.unit) if mission.ended_at is None else None
            units.append(
                UnitOnIncident(
                    mission.unit, mission.id, mission.state.value, mission.assigned_at, mission.ended_at, eta
                )
            )
        return IncidentState(
            incident.id,
            incident.reference,
            incident.closed_at is None,
            incident.opened_at,
            incident.closed_at,
            None if incident.closed_as is None else incident.closed_as.value,
            incident.duplicate_of,
            incident.exercise,
            tuple(units),
        )

    async def turn(self, now: datetime) -> None:
        """Tell of every incident that stands otherwise than it was told."""
        for unit, mission in self._missions.active.items():
            eta = self._live.eta(unit)
            if mission.incident is not None and self._seen.get(unit) != eta:
                self._seen[unit] = eta
                self._touched.add(mission.incident)
        for incident in sorted(self._touched):
            try:
                state = await self.state(incident)
            except Unknown:
                self._touched.discard(incident)
                continue
            if not await self._tell(state):
                return  # the broker is away: it is told when that is back
            self._touched.discard(incident)
            await self._announce(state, now)

    async def _tell(self, state: IncidentState) -> bool:
        body = _encode(state)
        if self._told.get(state.incident) == body:
            return True
        if not await self._publish(state.incident, body):
            return False
        if state.open:
            self._told[state.incident] = body
            return True
        self._told.pop(state.incident, None)  # whoever listens has heard the end; it is not kept for those to come
        return await self._publish(state.incident, None)

    async def _announce(self, state: IncidentState, now: datetime) -> None:
        moved = False
        for each in state.units:
            if each.ended_at is not None:
                self._announced.pop(each.mission, None)
            elif has_moved(self._announced.get(each.mission), each.eta):
                self._announced[each.mission] = each.eta
                moved = True
        if moved:
            told = Event("incident.progress", f"incidents/{state.incident}", state, now, exercise=state.exercise)
            async with self._pool.connection() as connection:
                await events.put(connection, self.centre, told)

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("progress of incidents", lambda: self.turn(self._clock.now()), self._clock, ROUND_S)


def has_moved(before: Eta | None, eta: Eta | None) -> bool:
    """Whether an arrival is so different from what was announced that people should know: another stop, known or
    unknown otherwise than before, or later or earlier by a good deal of what is left."""
    if before is None or eta is None:
        return before is not eta
    if before.eta_s is None or eta.eta_s is None:
        return (before.eta_s is None) != (eta.eta_s is None) or before.leg != eta.leg
    if (before.leg, before.latitude, before.longitude) != (eta.leg, eta.latitude, eta.longitude):
        return True
    shift = abs((eta.at - before.at).total_seconds() + eta.eta_s.p50 - before.eta_s.p50)
    return shift >= max(MOVED_S, MOVED_SHARE * eta.eta_s.p50)
