"""One unit on one mission: where it is, what is left of its way, what was told of it. A value that `arrivals` keeps.

Nothing here waits for anything: fixes and the time come in, what is to be shown and stored comes out.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from gateway.feeds.live import DriveEvent, Eta, OnwardLeg, UnitMission
from gateway.services.estimate import Estimator
from gateway.services.network import Position
from gateway.storage.etas import Told
from gateway.storage.missions import MissionEvent
from tracker.eta.events import MOVED, Change, DriveWatch, Seen
from tracker.eta.live import SAID_NOTHING, Drive, Source, added, aged, worth_telling
from tracker.eta.plan import Plan, Rest
from tracker.eta.scene import SceneTime
from tracker.eta.speeds import Driving
from tracker.eta.straight_line import Estimate
from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.missions import Leg, Mission, Place
from tracker.missions.arrival import EXIT
from tracker.missions.timeline import Timeline
from tracker.roads.snap import Nearby

log = structlog.get_logger()

SETTING_OUT = 5.0
"""Metres per second; a unit of this speed is under way."""


class Followed:
    """A unit's mission under way."""

    def __init__(self, mission: Mission, driving: Driving, newest: Fix | None) -> None:
        """
        Args:
            newest: the fix that the unit's marker shows.
        """
        self.unit = mission.unit
        self.driving = driving
        self.newest = newest
        self.route_version = 0
        self.plans = 0  # made so far
        self.unsettled = False
        """Fixes came meanwhile that belong before a word of the crew: fold once more."""
        self._timeline = Timeline(mission)
        self._fed: datetime | None = None  # time of the last fix that the timeline took
        self._meanwhile: list[Fix] | None = None  # taken while the database is being read
        self._onward: tuple[int, tuple[Place, Place], Drive] | None = None  # serial, between which stops, drive
        self.onward_plan: Plan | None = None  # the way between the two stops
        self._eta: Eta | None = None  # as told
        self._shown: tuple[UnitMission, Eta | None, tuple[DriveEvent, ...]] | None = None
        self._untold: list[Told] = []
        self._reset()

    def _reset(self) -> None:
        """Another leg: nothing of the way so far counts for it."""
        self._watch = DriveWatch()
        self._before: tuple[int, Source] | None = None  # serial and source of the drive before
        self._comparable = False
        self._promise: tuple[datetime, float, Source] | None = None  # first told arrival, in how many seconds, by what
        self._stood: Fix | None = None  # where the leg began
        self._set_out = False
        self._drive: Drive | None = None
        self._drive_of: tuple[datetime, int] | None = None  # fix time and serial that the drive is from
        self.plan: Plan | None = None
        self._plan_serial = -1
        self._announced: Plan | None = None  # what "off the route" is held against

    @property
    def mission(self) -> Mission:
        """As its fixes and people have told it so far."""
        return self._timeline.mission

    @property
    def leg(self) -> Leg | None:
        """The leg that is driven now."""
        at = self.mission.current
        leg = None if at is None else self.mission.legs[at]
        return None if leg is None or leg.started_at is None else leg

    # The mission

    def is_newer(self, fix: Fix) -> bool:
        """Whether a fix comes after those that were taken."""
        return self._fed is None or fix.time > self._fed

    def take(self, fix: Fix) -> tuple[list[MissionEvent], bool]:
        """Take a newer fix: what it ends, and whether the mission moved on."""
        self._fed = fix.time
        if self._meanwhile is not None:
            self._meanwhile.append(fix)
        if self.newest is None or fix.time > self.newest.time:
            self.newest = fix
        before, ordinal = self.leg, self.mission.current
        if not self._timeline.feed(fix):
            return [], False
        return self._moved_on(before, ordinal, fix.time), True

    def amend(self, mission: Mission, driving: Driving, now: datetime) -> list[MissionEvent]:
        """The mission was changed by somebody; what that ends."""
        before, ordinal = self.leg, self.mission.current
        if driving is not self.driving:
            self.driving, self._plan_serial, self._drive_of, self._onward = driving, -1, None, None
        self._timeline = Timeline(mission)
        return self._moved_on(before, ordinal, now)

    def keep_meanwhile(self) -> None:
        """Fixes taken from now on are given to the next `resettle` too."""
        self._meanwhile = []

    def resettle(self, timeline: Timeline) -> tuple[list[MissionEvent], bool]:
        """The mission was read anew from the database; what that ends, and whether it is another one now."""
        before, ordinal, was = self.leg, self.mission.current, self.mission
        meanwhile, self._meanwhile = self._meanwhile or [], None
        self.unsettled = timeline.said is not None and any(fix.time <= timeline.said for fix in meanwhile)
        for fix in meanwhile:
            timeline.feed(fix)
        if timeline.said is not None and (self._fed is None or timeline.said > self._fed):
            self._fed = timeline.said  # a fix from before the crew's last word is a late one
        self._timeline = timeline
        at = before.started_at if before is not None and before.started_at else was.assigned_at
        ended = self._moved_on(before, ordinal, self._fed or at)
        return ended, self.mission != was

    def finish(self, now: datetime) -> list[MissionEvent]:
        """It is over: whatever holds is cleared."""
        return self._events(self.mission.current or 0, self._watch.end(self._fed or now))

    def _moved_on(self, before: Leg | None, ordinal: int | None, at: datetime) -> list[MissionEvent]:
        leg = self.leg
        if before is leg or (before and leg and (before.kind, before.place) == (leg.kind, leg.place)):
            return []
        ended = self._events(ordinal or 0, self._watch.end(at))
        self._reset()
        return ended

    def _events(self, ordinal: int, changes: Iterable[Change]) -> list[MissionEvent]:
        return [
            MissionEvent(self.mission.id, ordinal, each.kind.value, each.raised_at, each.value, each.cleared_at)
            for each in changes
        ]

    # The way

    def needs_drive(self, serial: int) -> bool:
        """Whether there is a fix or a set of weights that the drive does not know yet."""
        return self.leg is not None and self.newest is not None and self._drive_of != (self.newest.time, serial)

    def has_plan(self, serial: int) -> bool:
        """Whether there is a plan by these weights whose rest is known without routing. One that leads through what is
        closed is none: where that ends is not in it."""
        through = self._drive is not None and self._drive.note is not None
        return self.plan is not None and self._plan_serial == serial and not through

    def keep_plan(self, estimator: Estimator) -> None:
        """Weights have changed: keep the plan if it is the best by the new ones too."""
        through = self._drive is not None and self._drive.note is not None
        if not through and estimator.spares(self.plan, self._plan_serial, self.driving):
            self._plan_serial = estimator.serial

    def rest(self, near: Nearby, rows: range) -> Rest | None:
        """What is left of the plan from the newest fix; None if that is not on it."""
        if self.plan is None or self.newest is None:
            return None
        return self.plan.rest(near, rows, self.newest.course, self.newest.speed)

    def proceed(self, rest: Rest, estimator: Estimator) -> None:
        """The unit is on its plan."""
        access = 0.0 if self.plan is None else self.plan.access
        drive = estimator.driven(rest.cost / 1000 + access, rest.length, standing=self._standing())
        self._driven(drive, estimator)

    def replan(self, estimator: Estimator) -> None:
        """Find the way from the newest fix. One that is not found is unknown."""
        leg, newest = self.leg, self.newest
        if leg is None or newest is None:
            return
        position = Position(newest.latitude, newest.longitude, newest.course, newest.speed)
        self.plans += 1
        plan: Plan | None
        try:
            drive, plan = estimator.plan(position, leg.place, self.driving, standing=self._standing())
        except Exception as error:  # whatever a router can raise: one unit's way is not another one's
            log.exception("no route", unit=self.unit)
            drive, plan = Drive(None, None, Source.ROAD, estimator.model, f"the router failed: {error}"), None
        if plan is not None and (self.plan is None or not plan.continues(self.plan)):
            self.route_version += 1
        if self._plan_serial != estimator.serial or self._announced is None:
            self._announced = plan  # another network or other weights are not the driver's doing
        if plan is None and self.plan is not None:
            self.route_version += 1
        self.plan, self._plan_serial = plan, estimator.serial
        self._driven(drive, estimator)

    def _standing(self) -> bool:
        """Whether the unit has not set out on this leg yet. A stop on the way is none: the model knows of junctions."""
        fix = self.newest
        if fix is None or self._set_out:
            return False
        if self._stood is None:
            self._stood = fix
        self._set_out = distance(self._stood.latitude, self._stood.longitude, fix.latitude, fix.longitude) > MOVED or (
            fix.speed is not None and fix.speed >= SETTING_OUT
        )
        return not self._set_out

    def _driven(self, drive: Drive, estimator: Estimator) -> None:
        assert self.newest is not None  # noqa: S101, the callers looked
        now = (estimator.serial, drive.source)
        self._comparable, self._before = self._before == now, now
        self._drive, self._drive_of = drive, (self.newest.time, estimator.serial)

    def observe(self) -> list[MissionEvent]:
        """Hold the newest fix against the way; what that raised and cleared."""
        leg, fix, drive = self.leg, self.newest, self._drive
        if leg is None or fix is None or drive is None or fix.time < (leg.started_at or fix.time):
            return []
        on_road = drive.source is Source.ROAD
        late = None
        if drive.eta is not None:
            if self._promise is None or self._promise[2] is not drive.source:
                self._promise = (fix.time + timedelta(seconds=drive.eta.p50), drive.eta.p50, drive.source)
            late = (fix.time - self._promise[0]).total_seconds() + drive.eta.p50
        seen = Seen(
            fix.time,
            fix.latitude,
            fix.longitude,
            from_route=self._from_route(fix) if on_road else None,
            to_go=drive.distance if on_road else None,
            comparable=self._comparable,
            late=late,
            promised=0.0 if self._promise is None else self._promise[1],
            near=distance(fix.latitude, fix.longitude, leg.place.latitude, leg.place.longitude) <= EXIT,
        )
        changes = self._watch.see(seen)
        if any(change.kind.value == "off-route" and change.cleared_at for change in changes):
            self._announced = self.plan
        return self._events(self.mission.current or 0, changes)

    def _from_route(self, fix: Fix) -> float | None:
        """Metres from the announced route; 0 on what is left of it."""
        if self._announced is None:
            return None
        if self.plan is not None and self.plan.continues(self._announced):
            return 0.0
        return self._announced.distance_from(fix.latitude, fix.longitude)

    # What is told

    def foretell(self, now: datetime, stale: float, lost: float, scene: SceneTime, estimator: Estimator) -> bool:
        """Look at the arrival time as it is now; whether there is anything new to show.

        Args:
            stale: age of a fix in seconds from which on it is stale.
            lost: from which on it says nothing.
            scene: how long units stay at scenes.
        """
        eta = self._estimate(now, stale, lost, scene, estimator)
        if eta is not None and self._eta is not None and not _differs(self._eta, eta):
            eta = self._eta
        if eta is not None and eta is not self._eta:
            self._untold += self._to_tell(eta)
        self._eta = eta
        mission = self.mission
        doing = UnitMission(mission.id, mission.incident, mission.urgency.value, mission.state.value)
        events = tuple(DriveEvent(each.kind.value, each.raised_at) for each in self._watch.raised)
        shown, self._shown = self._shown, (doing, eta, events)
        return shown != self._shown

    def shown(self) -> tuple[UnitMission | None, Eta | None, tuple[DriveEvent, ...]]:
        """What the feeds show of it."""
        return self._shown or (None, None, ())

    def told(self) -> list[Told]:
        """What was told since this was last asked, to be scored one day."""
        told, self._untold = self._untold, []
        return told

    def _estimate(self, now: datetime, stale: float, lost: float, scene: SceneTime, estimator: Estimator) -> Eta | None:
        mission, at = self.mission, self.mission.current
        if at is None:
            return None
        to, fix, leg = mission.legs[at], self.newest, self.leg
        age = None if fix is None else max(0.0, (now - fix.time).total_seconds())
        source, distance_m, model, why, note = estimator.source, None, estimator.model, None, None
        eta: Estimate | None = None
        if fix is None or age is None:
            why = "the unit has no position yet"
        elif age > lost:
            why = SAID_NOTHING.format(age=age, limit=lost)
        elif leg is None:  # at the scene
            drive = self._way_on(0, estimator)
            source, model, distance_m = drive.source, drive.model, drive.distance
            why, note = drive.unknown_because, drive.note
            arrived = mission.legs[0].arrived_at or now
            if drive.eta is not None:
                eta = added(scene.left(max(0.0, (now - arrived).total_seconds())), drive.eta)
        elif self._drive is not None:
            drive = self._drive
            source, model, distance_m = drive.source, drive.model, drive.distance
            why, note = drive.unknown_because, drive.note
            eta = None if drive.eta is None else aged(drive.eta, age, stale, lost, heading=True)
        else:
            why = "the way is being looked for"
        if age is not None and age > stale:
            source = Source.LAST_KNOWN
        return Eta(
            leg=to.kind.value,
            latitude=to.place.latitude,
            longitude=to.place.longitude,
            place=to.place.name,
            at=now,
            eta_s=eta,
            unknown_because=why,
            source=source.value,
            fix_time=None if fix is None else fix.time,
            fix_age_s=age,
            distance_m=distance_m if eta is not None else None,
            model=model,
            route_version=self.route_version if self.plan is not None and leg is not None else None,
            onward=self._onward_leg(at, eta, scene, estimator),
            note=note if eta is not None else None,
        )

    def _onward_leg(self, at: int, eta: Estimate | None, scene: SceneTime, estimator: Estimator) -> OnwardLeg | None:
        """The stop behind the one at this place in the list."""
        if at + 1 >= len(self.mission.legs):
            return None
        leg, drive = self.mission.legs[at + 1], self._way_on(at, estimator)
        then = None if eta is None or drive.eta is None else added(eta, scene.left(), drive.eta)
        why = None if then is not None else drive.unknown_because or "the arrival at the stop before is unknown"
        note = None if then is None else drive.note
        return OnwardLeg(leg.kind.value, leg.place.latitude, leg.place.longitude, leg.place.name, then, why, note)

    def _way_on(self, at: int, estimator: Estimator) -> Drive:
        """The drive from one stop to the next; looked for once as long as places and weights are the same."""
        stops = here, there = self.mission.legs[at].place, self.mission.legs[at + 1].place
        known = self._onward
        if known is not None and known[2].note is None and estimator.spares(self.onward_plan, known[0], self.driving):
            known = self._onward = (estimator.serial, *known[1:])
        if known is None or known[0] != estimator.serial or known[1] != stops:
            try:
                drive, plan = estimator.plan(Position(here.latitude, here.longitude), there, self.driving)
            except Exception as error:  # as in `replan`
                log.exception("no route", unit=self.unit)
                drive, plan = Drive(None, None, Source.ROAD, estimator.model, f"the router failed: {error}"), None
            known, self.onward_plan = (estimator.serial, stops, drive), plan
            self._onward = known
        return known[2]

    def _to_tell(self, eta: Eta) -> list[Told]:
        """An arrival time of each stop that has one."""
        at, told = self.mission.current, []
        if at is None or eta.fix_time is None:
            return []
        for ordinal, each, metres in (
            (at, eta.eta_s, eta.distance_m),
            (at + 1, None if eta.onward is None else eta.onward.eta_s, None),
        ):
            if each is not None:
                told.append(
                    Told(
                        self.mission.id, ordinal, eta.at, eta.fix_time, each.p10, each.p50, each.p90, eta.source,
                        metres, eta.model,
                    )
                )  # fmt: skip
        return told


def _differs(told: Eta, eta: Eta) -> bool:
    """Whether an arrival time is worth telling after the one that was told last."""
    same = (
        (told.leg, told.latitude, told.longitude, told.place, told.source, told.model, told.route_version, told.note)
        == (eta.leg, eta.latitude, eta.longitude, eta.place, eta.source, eta.model, eta.route_version, eta.note)
    )  # fmt: skip
    if not same or (told.eta_s is None) != (eta.eta_s is None) or _onward_of(told) != _onward_of(eta):
        return True
    if told.eta_s is None or eta.eta_s is None:
        return _kind(told.unknown_because) != _kind(eta.unknown_because)
    if worth_telling(told.eta_s, told.at, eta.eta_s, eta.at):
        return True
    before, after = (None if each.onward is None else each.onward.eta_s for each in (told, eta))
    return before is not None and after is not None and worth_telling(before, told.at, after, eta.at)


def _onward_of(eta: Eta) -> tuple[str, float, float, bool, str | None, str | None] | None:
    to = eta.onward
    why = None if to is None else _kind(to.unknown_because)
    return None if to is None else (to.leg, to.latitude, to.longitude, to.eta_s is None, why, to.note)


def _kind(why: str | None) -> str | None:
    """A reason without its numbers: an age that rises is no news."""
    return None if why is None else "".join(each for each in why if not each.isdigit())
