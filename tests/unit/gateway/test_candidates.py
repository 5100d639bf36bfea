"""The ranking of units as the gateway makes it, against each question by itself: drives, ages, coverage, rules."""

import asyncio
import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.feeds.live import LivePicture
from gateway.services.candidates import Candidate, Candidates, Wanted
from gateway.services.coverage import Coverage
from gateway.services.estimate import Estimator, driving_of
from gateway.services.estimate_units import position_of
from gateway.services.missions import Missions
from gateway.services.register import Register
from tests.fix_map import draw
from tests.fix_town import TOWN, WAYS
from tracker.eta.live import aged
from tracker.eta.speeds import prior
from tracker.fix import Fix
from tracker.missions import Incident, Leg, LegKind, Mission, Place, Urgency
from tracker.missions.statuses import Status
from tracker.recommend.arrival import counted
from tracker.recommend.coverage import UNREACHED_S
from tracker.recommend.units import COVERAGE
from tracker.register import UnitDetails
from tracker.roads.closures import Closure
from tracker.roads.engines import CchEngine
from tracker.wire.presence import Presence

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # a Saturday, 10:00 in the centre's time
DRAWN = draw(TOWN, WAYS, step=100.0)
CAPABILITIES, AGENCIES = ("als", "stretcher", "obstetric"), ("dinkes", "damkar", "pmi")
URGENCIES = [Urgency.ROUTINE, Urgency.URGENT, Urgency.EMERGENCY]
SHIFTS = {"sat 08:00-16:00": True, "mon-fri 08:00-16:00": False, "sat 20:00-10:00": False, "fri 22:00-10:30": True}
BUSY = (Status.ON_SCENE, Status.PATIENT_ABOARD, Status.AT_HOSPITAL, Status.HANDED_OVER)
ON_THE_WAY = (Status.ASSIGNED, Status.ACKNOWLEDGED, Status.EN_ROUTE)


class Situation:
    """A centre's units in any state, and somewhere they are wanted."""

    def __init__(self, seed: int, units: int | None = None) -> None:
        chance = self.chance = random.Random(seed)
        nobody: Any = None  # nothing here asks the database
        self.live, self.missions = LivePicture(), Missions("town", nobody)
        self.register = Register("town", nobody)
        self.register.loaded = True
        self.estimator = Estimator(prior("Asia/Jakarta"))
        self.estimator.load(DRAWN.graph, ENGINE.beside(), NOW)
        self.places = [(*self.anywhere(), chance.randrange(1, 9)) for _ in range(chance.randrange(5))]
        coverage = Coverage("town", nobody, self.estimator)
        coverage.learn(self.places)
        coverage.due = NOW + timedelta(days=1)
        self.statuses: dict[str, Status] = {}
        self.candidates = Candidates(
            self.live, self.estimator, self.missions, self.register, coverage,
            lambda unit: self.statuses.get(unit, Status.AVAILABLE),
        )  # fmt: skip
        self.wanted = Wanted(
            place=Place(*self.anywhere()), urgency=chance.choice(URGENCIES), incident="i1",
            agencies=frozenset(chance.sample(AGENCIES, chance.choice([0, 0, 1, 2]))),
            capabilities=frozenset(chance.sample(CAPABILITIES, chance.randrange(3))),
        )  # fmt: skip
        self.units = [f"unit-{number:02d}" for number in range(units or chance.randrange(1, 14))]
        self.live.enrol((unit, unit, chance.choice(["ambulance", "ambulance", "motorcycle"])) for unit in self.units)
        for unit in self.units:
            self._fill(unit)
        if chance.random() < 0.2:
            north, west = DRAWN.at(chance.choice("BCFG"), -150, 150)
            south, east = DRAWN.at("G", 150, -150)
            area = ((north, west), (north, east), (south, east), (south, west))
            assert self.estimator.network is not None
            self.estimator.network.closures.put(Closure("flood", NOW, area=area))
            self.estimator.reweigh(NOW)

    def anywhere(self) -> tuple[float, float]:
        """Beside a road, or, seldom, where none is near."""
        east, north = self.chance.uniform(-100, 100), self.chance.uniform(-100, 100)
        return DRAWN.at(self.chance.choice("ABCDEFGH"), east, north - 4000 * (self.chance.random() < 0.04))

    def _fill(self, unit: str) -> None:
        chance = self.chance
        if chance.random() < 0.95:
            age = chance.choice([0.0, 5.0, 40.0, 100.0, 170.0, 900.0])
            course = chance.choice([None, chance.uniform(0, 360)])
            latitude, longitude = self.anywhere()
            fix = Fix(
                time=NOW - timedelta(seconds=age), latitude=latitude, longitude=longitude, course=course, speed=9.0
            )
            self.live.apply(unit, "gnss", fix, NOW)
        if chance.random() < 0.3:
            self.live.present(unit, Presence(chance.random() < 0.6, interval_s=1.0), NOW)
        self.statuses[unit] = status = chance.choice([Status.AVAILABLE, Status.AVAILABLE, *Status])
        self.register._units[unit] = UnitDetails(
            unit, agency=chance.choice([None, *AGENCIES]), turnout_s=chance.choice([None, 0.0, 90.0]),
            capabilities=tuple(chance.sample(CAPABILITIES, chance.randrange(4))),
            crew_until=chance.choice([None, NOW + timedelta(minutes=30), NOW + timedelta(hours=5)]),
            shifts=chance.choice([None, None, *SHIFTS]),
        )  # fmt: skip
        if status in BUSY + ON_THE_WAY or chance.random() < 0.1:
            leg = Leg(LegKind.TO_SCENE, Place(*self.anywhere()), started_at=NOW)
            incident = chance.choice(["i1", "i2", "i2", None])
            self.missions.active[unit] = Mission(f"m-{unit}", unit, incident, chance.choice(URGENCIES), NOW, (leg,))

    # The same once more, each by itself

    def status(self, unit: str) -> Status:
        said, mission = self.statuses[unit], self.missions.active.get(unit)
        if said in (Status.OUT_OF_SERVICE, Status.EMERGENCY):
            return said
        if mission is not None and mission.incident is None and said in BUSY + ON_THE_WAY:
            return Status.AVAILABLE
        if mission is not None and mission.incident is not None and said is Status.AVAILABLE:
            return Status.ASSIGNED
        return said

    def drive(self, unit: str, place: Place, urgency: Urgency) -> float | None:
        """Seconds of the median alone."""
        fix = self.live.newest(unit)
        assert fix is not None
        drive, _ = self.estimator.plan(position_of(fix), place, driving_of(self.live.kind(unit) or "", urgency))
        return None if drive.eta is None else counted(drive.eta)

    def arrival(self, unit: str) -> float | None:
        """What counts of the arrival, its age with it."""
        fix = self.live.newest(unit)
        if fix is None:
            return None
        driving = driving_of(self.live.kind(unit) or "", self.wanted.urgency)
        drive, _ = self.estimator.plan(position_of(fix), self.wanted.place, driving)
        if drive.eta is None:
            return None
        eta = aged(drive.eta, (NOW - fix.time).total_seconds(), *self.live.limits(unit), heading=False)
        return None if eta is None else counted(eta)

    def free(self, unit: str) -> bool:
        shifts = self.register.unit(unit).shifts
        on = shifts is None or SHIFTS[shifts]
        return on and self.arrival(unit) is not None and self.status(unit) is Status.AVAILABLE

    def lost(self, unit: str) -> float:
        """How much longer the next call waits without it, among free ones of its kind."""
        if not self.free(unit):
            return 0.0
        alike = [each for each in self.units if self.live.kind(each) == self.live.kind(unit) and self.free(each)]

        def waits(units: list[str]) -> float:
            total = 0.0
            for latitude, longitude, weight in self.places:
                times = [self.routed(each, Place(latitude, longitude)) for each in units]
                total += weight * min([UNREACHED_S, *(each for each in times if each is not None)])
            return total / sum(weight for *_, weight in self.places)

        return waits([each for each in alike if each != unit]) - waits(alike) if self.places else 0.0

    def routed(self, unit: str, place: Place) -> float | None:
        """Seconds of the route with lights, without the constant of a drive."""
        fix, network = self.live.newest(unit), self.estimator.network
        assert fix is not None
        assert network is not None
        driving = driving_of(self.live.kind(unit) or "", Urgency.EMERGENCY)
        start, goal = network.start(position_of(fix), driving), network.goal(place, driving)
        way = network.way(start, goal, driving) if start and goal else None
        return None if way is None else way.seconds

    def grade(self, unit: str) -> tuple[int, float]:
        """Where the rules put it, in other words than the program's."""
        details, mission, status = self.register.unit(unit), self.missions.active.get(unit), self.status(unit)
        sent = mission is not None and mission.incident == "i1"
        there = {self.register.unit(each).agency for each, m in self.missions.active.items() if m.incident == "i1"}
        agencies = self.wanted.agencies - there or self.wanted.agencies
        less = (
            mission is not None
            and mission.incident is not None
            and (URGENCIES.index(mission.urgency) < URGENCIES.index(self.wanted.urgency))
        )
        callable_off = status in ON_THE_WAY and less and not sent
        short = (
            (details.crew_until is not None and details.crew_until < NOW + timedelta(hours=1))
            or not self.wanted.capabilities <= set(details.capabilities)
            or (bool(agencies) and details.agency not in agencies)
            or self.live.online(unit) is False
        )
        arrival = self.arrival(unit)
        if status in (Status.OUT_OF_SERVICE, Status.EMERGENCY) or not (
            details.shifts is None or SHIFTS[details.shifts]
        ):
            tier = 5
        elif arrival is None:
            tier = 4
        elif sent or (status in BUSY + ON_THE_WAY and not callable_off):
            tier = 3
        else:
            tier = 2 if short else 1 if callable_off else 0
        turnout = 0.0 if mission is not None else details.turnout_s or 0.0
        return tier, 0.0 if arrival is None else turnout + arrival + COVERAGE * self.lost(unit)


ENGINE = CchEngine(DRAWN.graph)
TIERS = ("fit", "preemptible", "short", "busy", "unknown", "unavailable")


def ranked(situation: Situation, limit: int | None = None) -> list[Candidate]:
    return asyncio.run(situation.candidates.ranked(situation.wanted, NOW, limit))


@pytest.mark.parametrize("block", range(10))
def test_the_ranking_is_right_by_brute_force(block: int) -> None:
    """On 500 random situations, each unit's tier and time are what it has by itself, the order is theirs, and one whose
    way or place nobody knows is never first while another may go."""
    for seed in range(block * 50, block * 50 + 50):
        situation = Situation(seed)
        candidates = ranked(situation)
        assert sorted(each.unit for each in candidates) == situation.units
        for each in candidates:
            tier, seconds = situation.grade(each.unit)
            assert (each.tier, each.reasons != ()) == (TIERS[tier], True), (seed, each)
            assert (each.seconds or 0.0) == pytest.approx(seconds, abs=0.05), (seed, each)
        for one, other in itertools.pairwise(candidates):
            first, second = ((TIERS.index(each.tier), each.seconds or 0.0, each.unit) for each in (one, other))
            assert first < second, (seed, one, other)
        if any(each.eta_s is not None and each.tier != "unavailable" for each in candidates):
            assert candidates[0].eta_s is not None, seed


def test_the_first_ones_have_their_way_in_metres_and_fewer_are_the_same_ones() -> None:
    """Whoever asks for the best five gets the first five of all; beyond the tenth nobody asks for the distance."""
    situation = Situation(7, units=30)
    everybody = ranked(situation)
    assert ranked(situation, 5) == everybody[:5]
    assert all((each.distance_m is None) == (each.eta_s is None) for each in everybody[:10])
    assert {each.distance_m for each in everybody[10:]} == {None}


def test_who_escalates_gets_the_next_that_is_free_and_sure() -> None:
    """Not those asked before, nobody busy or without an arrival; of another's agency where that is asked for."""
    for seed in range(40):
        situation = Situation(seed, units=10)
        incident = Incident(
            "i1", situation.wanted.place, situation.wanted.urgency, None, NOW,
            agencies=tuple(situation.wanted.agencies), capabilities=tuple(situation.wanted.capabilities),
        )  # fmt: skip
        asked: list[str] = []
        free = [each.unit for each in ranked(situation) if each.tier in ("fit", "short") and each.eta_s is not None]
        for unit in [*free, None]:
            found = asyncio.run(situation.candidates.next_for(incident, asked, NOW))
            assert (None if found is None else found.unit) == unit
            asked.append(unit or "")
        own = asyncio.run(situation.candidates.next_for(incident, (), NOW, agency="pmi"))
        assert own is None or own.agency == "pmi" or own.tier == "short"


def test_coverage_follows_a_unit_that_has_moved_and_roads_that_have_changed() -> None:
    """What is remembered of a unit's times goes with its place and with the weights."""
    for seed in range(20):
        situation = Situation(seed, units=6)
        ranked(situation)
        for unit in situation.units[:3]:
            latitude, longitude = situation.anywhere()
            fix = Fix(time=NOW, latitude=latitude, longitude=longitude)
            situation.live.apply(unit, "gnss", fix, NOW)
        if seed % 2:
            situation.estimator.reweigh(NOW + timedelta(hours=6))
        for each in ranked(situation):
            assert (each.seconds or 0.0) == pytest.approx(
                situation.grade(each.unit)[1], abs=30.0 if seed % 2 == 0 else 0.05
            )
