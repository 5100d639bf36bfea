"""What happens by itself to an assignment that nobody takes: it is sent again, the next unit is looked for, and
somebody who is not looking is reached.

A crew may be asleep, out of coverage, or say no; a vehicle may break down on the way. Each is a case, kept as an alarm:
how many steps of the ladder were done stands in it, and it is closed once some crew has the incident. What is decided
is stored before it is done, under ids that follow from the case, and each step looks at what is done already: so a
gateway that is killed between two steps goes on with the next, and none is done twice.
"""

import hashlib
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from gateway.services.alarms import Alarms
from gateway.services.missions import Clash, Missions, Unknown
from gateway.services.standings import Standings
from gateway.storage.alarms import Alarm
from tracker.eta.straight_line import Estimate
from tracker.missions import By, Incident, Mission, NotPossible
from tracker.missions.escalation import Ladder, Step
from tracker.missions.mission import end
from tracker.missions.stamping import INSTANT
from tracker.missions.statuses import Status

log = structlog.get_logger()

LOOKED_BACK = timedelta(hours=24)
"""A refusal that is older is nobody's case any more."""

AGAIN_S = 15.0
"""So often it is looked for a unit where there was none."""


class Rules(Protocol):
    """The centre's own."""

    @property
    def ladder(self) -> Ladder:
        """After how many seconds each step comes."""

    @property
    def next_unit_by_itself(self) -> bool:
        """Whether the next unit is sent without anybody's click."""


class Choice(Protocol):
    """A unit that could go."""

    @property
    def unit(self) -> str:
        """Its id."""

    @property
    def eta_s(self) -> Estimate | None:
        """When it would be there."""


NextFor = Callable[[Incident, Collection[str], datetime, str | None], Awaitable[Choice | None]]
"""The best free unit for an incident, without these, of an agency or of any; None: there is nobody."""


class Escalation:
    """One for a centre, in one event loop; `turn` does all that is due."""

    def __init__(
        self,
        missions: Missions,
        standings: Standings,
        alarms: Alarms,
        rules: Rules,
        next_for: NextFor,
        agency_of: Callable[[str], str | None],
        send_again: Callable[[str], None],
    ) -> None:
        """
        Args:
            next_for: ranks units.
            agency_of: whose a unit is; another one's place is taken by one of the same.
            send_again: has a unit's assignment sent anew.
        """
        self._missions = missions
        self._standings = standings
        self._alarms = alarms
        self._rules = rules
        self._next_for = next_for
        self._agency_of = agency_of
        self._send_again = send_again
        self._left: set[str] = set()  # missions that crews ended of incidents that were closed by then
        self._looked: datetime | None = None  # when it was looked for units where there were none

    async def turn(self, now: datetime) -> None:
        """Look once at every assignment and every case.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; the next look makes up for it.
        """
        for mission in list(self._missions.active.values()):
            await self._broken_down(mission, now)
        for mission in [each for of_unit in self._missions.recent.values() for each in of_unit.values()]:
            await self._refused(mission, now)
        for mission in list(self._missions.active.values()):
            await self._unanswered(mission, now)
        for alarm in self._cases():
            await self._carry_on(alarm, now)
        await self._look_again(now)

    def _cases(self) -> list[Alarm]:
        return [each for each in self._alarms.open() if each.kind in ("unacknowledged", "breakdown")]

    # How a case begins

    async def _unanswered(self, mission: Mission, now: datetime) -> None:
        """The ladder, from the assignment on, as long as the crew has said nothing."""
        if mission.incident is None or not self._waits(mission):
            return
        about = f"unacknowledged/{mission.id}"
        alarm = self._alarms.of(about)
        if alarm is not None and not alarm.open:
            return
        for step, at in self._rules.ladder.due(mission.assigned_at, 0 if alarm is None else alarm.rungs, now):
            if step is Step.AGAIN:
                self._send_again(mission.unit)
            if alarm is None:
                detail = f"{mission.unit} has not acknowledged its assignment"
                rungs = 1 if step is Step.AGAIN else 0
                alarm = await self._alarms.raise_once(about, at, detail, level=step.value, mission=mission, rungs=rungs)
            alarm = await self._climb(alarm, mission, step, at, now)

    def _waits(self, mission: Mission) -> bool:
        """Whether its crew has still to acknowledge it."""
        standing = self._standings.of(mission.unit)
        return (standing.status, standing.mission) == (Status.ASSIGNED, mission.id)

    async def _refused(self, mission: Mission, now: datetime) -> None:
        """A crew ended it before it was there: at once as if nobody had answered."""
        if mission.incident is None or mission.ended_by is not By.CREW or mission.legs[0].arrived_at is not None:
            return
        ended = mission.ended_at
        alarm = self._alarms.of(about := f"unacknowledged/{mission.id}")
        if ended is None or ended < now - LOOKED_BACK or (alarm is not None and (alarm.rungs > 1 or not alarm.open)):
            return
        if mission.id in self._left or await self._closed(mission.incident):
            self._left.add(mission.id)
            return
        why = f": {mission.ended_why}" if mission.ended_why else ""
        detail = f"{mission.unit} does not take its assignment{why}"
        if alarm is None:
            alarm = await self._alarms.raise_once(
                about, ended, detail, level=Step.NEXT_UNIT.value, mission=mission, rungs=1,
                values={"refused": mission.ended_why},
            )  # fmt: skip
        else:
            values = alarm.values | {"refused": mission.ended_why}
            alarm = await self._alarms.change(alarm, now, detail=detail, values=values)
        await self._climb(alarm, mission, Step.NEXT_UNIT, ended, now)

    async def _broken_down(self, mission: Mission, now: datetime) -> None:
        """A unit that is out of service on a mission: the mission is over, and another unit is looked for. It is not
        sent by itself where a patient is aboard: that one waits beside the road, and not where the incident is."""
        standing = self._standings.of(mission.unit)
        if mission.incident is None or standing.status is not Status.OUT_OF_SERVICE:
            return
        since = standing.since or now
        if since < mission.assigned_at:
            return
        aboard = mission.legs[0].left_at is not None
        alarm = await self._alarms.raise_once(
            f"breakdown/{mission.id}", since, f"{mission.unit} is out of service on its mission",
            level=Step.NEXT_UNIT.value, mission=mission, rungs=1, values={"patient_aboard": aboard},
        )  # fmt: skip
        ended = max(mission.assigned_at, since - INSTANT)
        await self._missions.change(mission.id, lambda each: end(each, ended, By.ITSELF, "out of service"))
        await self._climb(alarm, mission, Step.NEXT_UNIT, since, now)

    # How it goes on

    async def _climb(self, alarm: Alarm, mission: Mission, step: Step, at: datetime, now: datetime) -> Alarm:
        """Do a step of the ladder, and note that it is done, as of when it was due."""
        rungs = list(Step).index(step) + 1
        if alarm.rungs >= rungs:
            return alarm
        if step is not Step.NEXT_UNIT:
            return await self._alarms.change(alarm, at, level=step.value, rungs=rungs)
        return await self._choose(alarm, mission, at, now)

    async def _choose(self, alarm: Alarm, mission: Mission, at: datetime, now: datetime) -> Alarm:
        """Look for the next unit; whom it is to be is stored before it is sent."""
        rungs = max(alarm.rungs, list(Step).index(Step.NEXT_UNIT) + 1)
        level = alarm.level if alarm.level == Step.SUPERVISOR.value else Step.NEXT_UNIT.value
        chosen = await self._next(mission, now)
        by_itself = self._rules.next_unit_by_itself and not alarm.values.get("patient_aboard", False)
        values = alarm.values | {
            "next_unit": None if chosen is None else chosen.unit,
            "next_eta_s": None if chosen is None or chosen.eta_s is None else round(chosen.eta_s.p50, 1),
            "by_itself": by_itself and chosen is not None,
        }
        alarm = await self._alarms.change(alarm, at, level=level, rungs=rungs, values=values)
        if chosen is None:
            await self._alarms.raise_once(
                f"no-unit/{mission.id}", at, f"nobody is free to go in the place of {mission.unit}",
                level=Step.SUPERVISOR.value, mission=mission, values={"case": alarm.id},
            )  # fmt: skip
        return alarm

    async def _next(self, mission: Mission, now: datetime) -> Choice | None:
        """The best unit that was not asked for this incident yet."""
        assert mission.incident is not None  # noqa: S101, cases have incidents
        try:
            incident = await self._missions.incident(mission.incident)
        except Unknown:
            return None
        asked = await self._missions.missions(unit=None, incident=incident.id, active=False, limit=1000)
        return await self._next_for(incident, {each.unit for each in asked}, now, self._agency_of(mission.unit))

    async def _carry_on(self, alarm: Alarm, now: datetime) -> None:
        """Close a case that somebody has, send whom it was decided to send, reach the supervisor when it is time."""
        mission = await self._mission(alarm)
        if mission is None or mission.incident is None:
            await self._close(alarm, now)
            return
        if alarm.values.get("by_itself") and not alarm.values.get("assigned"):
            alarm = await self._send(alarm, mission, now)
            mission = await self._mission(alarm) or mission
        if await self._taken(alarm, mission):
            await self._close(alarm, now)
            return
        began = mission.assigned_at if alarm.kind == "unacknowledged" else alarm.raised_at
        if self._waits(mission):
            return  # its rungs are climbed with its assignment
        for step, at in self._rules.ladder.due(began, alarm.rungs, now):
            alarm = await self._climb(alarm, mission, step, max(at, alarm.raised_at), now)

    async def _mission(self, alarm: Alarm) -> Mission | None:
        try:
            return None if alarm.mission is None else await self._missions.mission(alarm.mission)
        except Unknown:
            return None

    async def _send(self, alarm: Alarm, mission: Mission, now: datetime) -> Alarm:
        """Send the unit that was chosen, and then call the silent one back: never the other way round."""
        if not self._still_open(alarm, mission) or await self._closed(mission.incident or ""):
            return alarm
        unit = str(alarm.values["next_unit"])
        try:
            sent, _ = await self._missions.assign(
                mission_in_place_of(mission.id, unit), unit, mission.incident or "", mission.urgency, now, mission.notes
            )
        except (Clash, NotPossible, Unknown) as error:
            log.info("the next unit is not free any more", unit=unit, why=str(error))
            return await self._choose(alarm, mission, now, now)
        if mission.ended_at is None:
            why = "not acknowledged"
            await self._missions.change(mission.id, lambda each: end(each, max(now, each.assigned_at), By.ITSELF, why))
        return await self._alarms.change(alarm, now, values=alarm.values | {"assigned": sent.id})

    def _still_open(self, alarm: Alarm, mission: Mission) -> bool:
        """Whether the case is one still: its crew may have spoken, or a dispatcher ended it, since it was decided."""
        if mission.ended_at is None:
            return alarm.kind == "unacknowledged" and self._waits(mission)
        return mission.ended_by in (By.CREW, By.ITSELF)

    async def _taken(self, alarm: Alarm, mission: Mission) -> bool:
        """Whether some crew has the incident, or nobody is needed there."""
        if mission.ended_at is None:
            return not self._waits(mission)
        if mission.ended_by not in (By.CREW, By.ITSELF) or await self._closed(mission.incident or ""):
            return True
        others = [
            each
            for each in self._missions.active.values()
            if each.incident == mission.incident
            and each.assigned_at >= mission.ended_at - timedelta(seconds=1)
            and self._agency_of(each.unit) == self._agency_of(mission.unit)
        ]
        assigned = alarm.values.get("assigned")
        named = [each for each in others if each.id == assigned]
        return any(self._acknowledged(each) for each in (named or others))

    def _acknowledged(self, mission: Mission) -> bool:
        standing = self._standings.of(mission.unit)
        return standing.mission == mission.id and standing.status is not Status.ASSIGNED

    async def _closed(self, incident: str) -> bool:
        try:
            return (await self._missions.incident(incident)).closed_at is not None
        except Unknown:
            return True

    async def _close(self, alarm: Alarm, now: datetime) -> None:
        await self._alarms.clear(alarm, now)
        nobody = self._alarms.of(f"no-unit/{alarm.mission}")
        if nobody is not None:
            await self._alarms.clear(nobody, now)

    async def _look_again(self, now: datetime) -> None:
        """Where nobody was free, somebody may be by now."""
        if self._looked is not None and now < self._looked + timedelta(seconds=AGAIN_S):
            return
        self._looked = now
        for nobody in self._alarms.open("no-unit"):
            case = next((each for each in self._cases() if each.mission == nobody.mission), None)
            mission = await self._mission(nobody)
            if (
                case is None
                or mission is None
                or (await self._choose(case, mission, now, now)).values["next_unit"] is not None
            ):
                await self._alarms.clear(nobody, now)


def mission_in_place_of(mission: str, unit: str) -> str:
    """Id of the mission of a unit that goes in the place of another one: always the same, so that it is sent once."""
    return hashlib.sha256(f"{mission}/{unit}".encode()).hexdigest()[:16]
