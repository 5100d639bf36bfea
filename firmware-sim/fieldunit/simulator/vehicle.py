"""A simulated ambulance: it waits, is called, drives to the scene, on to a hospital, and home.

Pure and deterministic: the same roads, settings and seed give the same days, and no clock is read. A vehicle's calls
come out of its own dice, so that it does the same in a fleet of three and of three thousand. A mission from the centre
(`assign`) takes the place of whatever it was doing; when that is over, its own life goes on.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fieldunit.simulator.motion import LIGHTS, NORMAL, PATIENT, Drive, Manner, State
from fieldunit.simulator.roads import Roads, Way
from tracker.roads.snap import Snap
from tracker.wire.reports import CrewStatus


class Habits(NamedTuple):
    """What a crew's day is like; times in seconds. The defaults keep a demonstration moving."""

    own_calls: bool = True  # whether calls come by themselves; otherwise it waits for the centre's
    wait_s: float = 45.0  # at home between two calls, on the average (exponential)
    turnout_s: float = 15.0  # from the call to the wheels turning, about
    scene_s: float = 60.0  # median at the scene
    hospital_s: float = 60.0  # median at the hospital
    reach_m: float = 15_000.0  # how far from home calls come
    emergencies: float = 0.8  # part of the calls that is driven with lights and siren
    transports: float = 0.8  # part of the calls with a patient to bring to a hospital
    first_wait_s: float = 5.0  # before the very first call, at most: a fleet does not start as one


BUSY = Habits()
REAL_DAY = Habits(wait_s=3 * 3600.0, turnout_s=60.0, scene_s=18 * 60.0, hospital_s=32 * 60.0, first_wait_s=3 * 3600.0)
"""Medians of San Francisco's medic and private units: scene 18.0 min, hospital to available 31.8 min."""

BEGINS = datetime(2026, 11, 23, 3, tzinfo=UTC)
"""When days begin for traffic and closures unless told otherwise: a Monday, 10:00 in western Indonesia."""

_SPREAD = 0.4  # of the logarithm of stays: a ninth decile of 1.7 times the median, as measured there


class Event(NamedTuple):
    """The crew presses a button."""

    at: float  # seconds from the vehicle's start
    status: CrewStatus
    mission: str | None


class Call(NamedTuple):
    """Where a vehicle is wanted."""

    mission: str | None
    scene: Snap | None  # None: straight to the destination
    destination: Snap | None
    lights: bool


class _Stay(NamedTuple):
    seconds: float


class _Go(NamedTuple):
    place: Snap
    manner: Manner


_Step = _Stay | _Go | CrewStatus


class Vehicle:
    """One vehicle; `advance` lets time pass for it, in steps of any length.

    Args:
        roads: shared by all vehicles.
        home: where it waits.
        hospitals: where patients are brought, at least one.
        chance: its own randomness, seeded by the caller.
        habits: what its day is like.
        begins: the moment at which it begins, for traffic and closures; not the time of its fixes.
    """

    def __init__(
        self,
        roads: Roads,
        home: Snap,
        hospitals: Sequence[Snap],
        chance: random.Random,
        habits: Habits = BUSY,
        begins: datetime = BEGINS,
    ) -> None:
        self._roads = roads
        self._home = home
        self._hospitals = hospitals
        self._chance = chance
        self._habits = habits
        self._begins = begins
        self._place = home
        self._state = State(home.latitude, home.longitude, 0.0, 0.0)
        self._drive: Drive | None = None
        self._drive_ends = home  # where the drive under way leads
        self._goal: _Go | None = None  # what was wanted, when a drive had to be broken off
        self._entered = 0.0  # when the present step began
        self._leaves = 0.0  # when it ends
        self._events: list[Event] = []
        self._mission: str | None = None
        self._destination: Snap | None = None
        self._scene: Snap | None = None
        self._patient_aboard = False
        self._broken = False
        self._wanted = _Go(home, NORMAL)  # what the drive under way is for
        self._steps: Iterator[_Step] = self._life(first=True)
        self._change = roads.next_change(begins)
        self.elapsed = 0.0
        """Seconds since its start."""
        self.status = CrewStatus.AVAILABLE
        self._next()

    @property
    def state(self) -> State:
        """Now: the truth."""
        if self._drive is None:
            return self._state
        return self._drive.at(self.elapsed - self._entered)

    @property
    def mission(self) -> str | None:
        """The centre's mission that it drives; None on its own calls."""
        return self._mission

    @property
    def moment(self) -> datetime:
        """Now, as traffic and closures see it."""
        return self._begins + timedelta(seconds=self.elapsed)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        until = self.elapsed + seconds
        while True:
            change = self._change_in()
            if min(self._leaves, change) > until:
                self.elapsed = until
                return
            if change < self._leaves:
                self.elapsed = change
                self._closures_changed()
            else:
                self.elapsed = self._leaves
                self._next()

    def take_events(self) -> list[Event]:
        """The buttons pressed since this was asked last."""
        taken, self._events = self._events, []
        return taken

    def assign(self, call: Call) -> None:
        """The centre sends it somewhere; what it was doing ends. A moving vehicle stops first, as its crew reads. One
        that is broken down stays where it is."""
        if self._broken:
            return
        self._goal = None
        self._steps = itertools.chain(self._on(call), self._life(first=False))
        self._stop()

    def redirect(self, destination: Snap) -> None:
        """The centre names another destination: at once where it is on the way there, else after the scene."""
        if self._patient_aboard and self._drive is not None:
            self._goal = _Go(destination, PATIENT)
            self._stop()
        self._destination = destination

    def correct(self, scene: Snap) -> None:
        """The scene is elsewhere than was told; at the scene nobody asks any more."""
        before = self.status in (CrewStatus.ASSIGNED, CrewStatus.ACKNOWLEDGED, CrewStatus.EN_ROUTE)
        if before and scene != self._scene:
            self._scene = scene
            if self.status is CrewStatus.EN_ROUTE and self._drive is not None:
                self._goal = _Go(scene, self._wanted.manner)
                self._stop()

    def release(self) -> None:
        """The centre has ended its mission: home, and on with its own life; but not with a broken vehicle."""
        if self._broken:
            self._mission = None
            return
        self._goal = None
        self._mission = None
        self._steps = self._life(first=False)
        self._stop()

    def break_down(self) -> None:
        """It stops where it is and goes nowhere any more; its crew says so."""
        self._goal = None
        self._broken = True
        self._steps = iter((CrewStatus.OUT_OF_SERVICE, _Stay(float("inf"))))
        self._stop()

    # What it does

    def _life(self, *, first: bool) -> Iterator[_Step]:
        habits, chance = self._habits, self._chance
        if not first:
            yield CrewStatus.AVAILABLE
            yield _Go(self._home, NORMAL)
        wait = chance.uniform(0.0, habits.first_wait_s) if first else None
        while True:
            if not habits.own_calls:
                yield _Stay(float("inf"))
            yield _Stay(chance.expovariate(1 / max(habits.wait_s, 0.1)) if wait is None else wait)
            wait = None
            yield from self._on(self._own_call())
            yield _Go(self._home, NORMAL)

    def _own_call(self) -> Call:
        chance, habits = self._chance, self._habits
        arcs = self._roads.within(self._home, habits.reach_m)
        scene = self._roads.on_arc(int(arcs[chance.randrange(len(arcs))]), chance.uniform(0.1, 0.9))
        hospital = min(self._hospitals, key=lambda each: _apart(each, scene))
        lights = chance.random() < habits.emergencies
        return Call(None, scene, hospital if chance.random() < habits.transports else None, lights)

    def _on(self, call: Call) -> Iterator[_Step]:
        """One mission, from the call to the crew's being free again."""
        habits, chance = self._habits, self._chance
        self._mission = call.mission
        self._destination = call.destination
        self._scene = call.scene
        self._patient_aboard = False
        yield CrewStatus.ASSIGNED
        yield _Stay(chance.uniform(0.1, 0.4) * habits.turnout_s)
        yield CrewStatus.ACKNOWLEDGED
        yield _Stay(chance.uniform(0.3, 0.9) * habits.turnout_s)
        yield CrewStatus.EN_ROUTE
        if self._scene is not None:
            yield _Go(self._scene, LIGHTS if call.lights else NORMAL)
            yield CrewStatus.ON_SCENE
            yield _Stay(habits.scene_s * chance.lognormvariate(0.0, _SPREAD))
        if self._destination is not None:
            if call.scene is not None:
                yield CrewStatus.PATIENT_ABOARD
                self._patient_aboard = True
                yield _Go(self._destination, PATIENT if call.lights else NORMAL)
            else:
                yield _Go(self._destination, LIGHTS if call.lights else NORMAL)
            yield CrewStatus.AT_HOSPITAL if call.scene is not None else CrewStatus.ON_SCENE
            yield _Stay(habits.hospital_s * chance.lognormvariate(0.0, _SPREAD))
            if call.scene is not None:
                yield CrewStatus.HANDED_OVER
        self._patient_aboard = False
        yield CrewStatus.AVAILABLE
        self._mission = None

    # How it does it

    def _next(self) -> None:
        """The present step is over: begin the next one that takes time."""
        self._arrive()
        if self._goal is not None:
            goal, self._goal = self._goal, None
            self._go(goal)
            return
        while True:
            step = next(self._steps)
            if isinstance(step, CrewStatus):
                if step is not self.status:
                    self.status = step
                    self._events.append(Event(self.elapsed, step, self._mission))
            elif isinstance(step, _Stay):
                self._stand(step.seconds)
                return
            else:
                self._go(step)
                return

    def _arrive(self) -> None:
        if self._drive is not None:
            self._state = self._drive.at(self._drive.duration)
            self._drive = None
            self._place = self._drive_ends

    def _stand(self, seconds: float) -> None:
        self._entered = self.elapsed
        self._leaves = self.elapsed + seconds

    def _go(self, step: _Go) -> None:
        way = self._roads.way(self._place, step.place, self.moment)
        if way is None:  # closed in: it waits for the water to fall
            self._goal = step
            self._stand(max(1.0, min(600.0, self._change_in() - self.elapsed)))
            return
        self._set_out(way, step)

    def _set_out(self, way: Way, step: _Go) -> None:
        traffic = self._roads.model.hour_factor(self.moment)
        stood = (self._state.latitude, self._state.longitude)
        self._drive = Drive(self._roads.graph, way, step.manner, traffic, self._chance, stood)
        self._wanted = step
        self._drive_ends = step.place
        self._stand(self._drive.duration)

    def _stop(self) -> None:
        """Brake to a stand where it is; then the next step begins from there."""
        if self._drive is None:
            self._leaves = self.elapsed
            return
        self._drive = self._drive.braked(self.elapsed - self._entered)
        self._leaves = self._entered + self._drive.duration
        self._drive_ends = self._drive.place_on(self._roads, self._drive.duration)

    def _change_in(self) -> float:
        """When a closure begins or ends next, in seconds from the start."""
        return float("inf") if self._change is None else (self._change - self._begins).total_seconds()

    def _closures_changed(self) -> None:
        """Turn round where the way ahead has been closed."""
        moment = self.moment
        self._change = self._roads.next_change(moment)
        if self._drive is not None and self._roads.closed(self._drive.ahead(self.elapsed - self._entered), moment):
            if self._goal is None:
                self._goal = self._wanted
            self._stop()


def _apart(one: Snap, other: Snap) -> float:
    """For telling near from far only."""
    return (one.latitude - other.latitude) ** 2 + (one.longitude - other.longitude) ** 2
