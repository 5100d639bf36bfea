"""Watches over the crews, for those who are not looking: who does not answer, who has fallen silent, who is in danger,
whose vehicle broke down, whom we may not see any more. (Hospitals that close are told by `gateway.services.inbound`,
with the next best one.)

Everything is a comparison of what is with what was said of it (`gateway.services.alarms`), so a gateway that was away
says what it missed, once, in order, and as of when it was so. All time is the clock's.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.services.alarms import Alarms
from gateway.services.escalation import Escalation
from gateway.services.missions import Missions
from gateway.services.standings import Standings
from gateway.services.turns import keep_turning
from gateway.storage.alarms import Alarm
from tracker.missions import Mission
from tracker.missions.silence import LIMITS_S, silent_since
from tracker.missions.statuses import Standing

log = structlog.get_logger()

LOOK_S = 1.0
"""Between two looks; the finest step of the escalation is tens of seconds."""


OUT_OF_SIGHT = "out-of-sight"


class Watch:
    """One for a centre, in one event loop."""

    def __init__(
        self,
        live: LivePicture,
        missions: Missions,
        standings: Standings,
        alarms: Alarms,
        escalation: Escalation,
        listening: Callable[[], bool],
        clock: Clock = TRUE,
    ) -> None:
        """
        Args:
            listening: whether units can be heard now: nobody is silent whom we cannot hear.
        """
        self._live = live
        self._missions = missions
        self._standings = standings
        self._alarms = alarms
        self.escalation = escalation
        self._listening = listening
        self._clock = clock
        self._listened: datetime | None = None  # since when without a break
        self._wake = asyncio.Event()
        standings.on_change = lambda _: self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("alarms", lambda: self.turn(self._clock.now()), self._clock, LOOK_S, wake=self._wake)

    async def turn(self, now: datetime) -> None:
        """Look once at everything.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; the next look makes up for it.
        """
        if not (self._missions.loaded and self._standings.loaded):
            return
        if not self._alarms.loaded:
            await self._alarms.load(now)
        await self._emergencies(now)
        await self.escalation.turn(now)
        await self._out_of_sight(now)
        await self._silences(now)

    # The crew is in danger

    async def _emergencies(self, now: datetime) -> None:
        held = {unit: standing for unit, standing in self._standings.all() if standing.emergency}
        for unit, standing in held.items():
            since = standing.emergency_since or now
            alarm = await self._alarms.raise_once(
                _emergency(unit, since), since, f"{unit}: the crew is in danger",
                level="supervisor", unit=unit, mission=self._missions.active.get(unit),
            )  # fmt: skip
            await self._acknowledged_to_crew(alarm, unit, now)
        for alarm in self._alarms.open("emergency"):
            unit = alarm.unit or ""
            if unit not in held or alarm.about != _emergency(unit, held[unit].emergency_since or now):
                await self._alarms.clear(alarm, now)

    async def _acknowledged_to_crew(self, alarm: Alarm, unit: str, now: datetime) -> None:
        """Who has acknowledged the crew's call has acknowledged this."""
        state = self._live.state(unit)
        seen = None if state is None or state.crew.emergency is None else state.crew.emergency.acknowledged_at
        if seen is not None and alarm.open and alarm.acknowledged_at is None:
            await self._alarms.acknowledge(alarm.id, "", now)

    # Its owner takes it out of our sight

    async def _out_of_sight(self, now: datetime) -> None:
        """A consent that is withdrawn ends what is seen, and neither the patient's need nor the crew's errand."""
        hidden = {}
        for mission in self._missions.active.values():
            if mission.incident is not None and (why := self._missions.why_not(mission.unit)) is not None:
                hidden[mission.id] = mission, why
        for alarm in self._alarms.open(OUT_OF_SIGHT):
            if alarm.mission not in hidden:
                await self._alarms.clear(alarm, now)
            else:
                del hidden[alarm.mission]
        for mission, why in hidden.values():
            detail = (
                f"{why}: nobody sees where it is, and it is on mission {mission.id} still. Call the crew, and end the "
                "mission or send another unit"
            )
            about = f"{OUT_OF_SIGHT}/{mission.id}/{now.isoformat()}"
            await self._alarms.raise_once(about, now, detail, level="again", mission=mission)

    # Nobody hears of it

    async def _silences(self, now: datetime) -> None:
        if not self._listening():
            self._listened = None
            return
        self._listened = self._listened or now
        spoken_of: set[str] = set()
        for mission, standing in self._watched():
            if self._missions.why_not(mission.unit) is not None:
                continue  # out of sight: that is another alarm
            since = max(standing.since or mission.assigned_at, self._listened)
            if standing.emergency and standing.emergency_since is not None:
                since = max(since, standing.emergency_since)
            newest = self._live.newest(mission.unit)
            heard = None if newest is None else newest.time
            due = silent_since(standing.shown, since, heard, now)
            if due is None:
                continue
            spoken_of.add(mission.unit)
            if any(each.unit == mission.unit for each in self._alarms.open("silent")):
                continue
            values = {"status": standing.shown.value, "limit_s": LIMITS_S[standing.shown], "last_fix_at": heard}
            detail = f"nothing has come from {mission.unit} for {LIMITS_S[standing.shown]:g} s ({standing.shown.value})"
            about = f"silent/{mission.unit}/{due.isoformat()}"
            await self._alarms.raise_once(about, due, detail, level="again", mission=mission, values=values)
        for alarm in self._alarms.open("silent"):
            if alarm.unit not in spoken_of:
                await self._alarms.clear(alarm, now)

    def _watched(self) -> list[tuple[Mission, Standing]]:
        """Units on a mission to an incident, as they stand."""
        found = []
        for mission in self._missions.active.values():
            standing = self._standings.of(mission.unit)
            if mission.incident is not None and standing.mission == mission.id:
                found.append((mission, standing))
        return found


def _emergency(unit: str, since: datetime) -> str:
    return f"emergency/{unit}/{since.isoformat()}"
