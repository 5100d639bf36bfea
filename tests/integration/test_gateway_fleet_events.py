"""A fleet on invented roads, on a virtual clock: each unit meets one thing on its way, and the gateway says that once.

The vehicles are the simulator's, with its receivers, on the roads that the gateway has: a profile's capital and its
surroundings. What happens to a unit is known to its vehicle only, but for the flood, which both know.
"""

import itertools
import random
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import pytest

from fieldunit.simulator.car import Car
from fieldunit.simulator.roads import Roads
from fieldunit.simulator.vehicle import Call, Habits, Vehicle
from gateway.roads.osm_import import import_osm
from gateway.roads.synthetic import write_osm
from gateway.storage import units
from gateway.storage.fixes import Row
from gateway.storage.units import Unit
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import MORNING
from tracker import regions
from tracker.eta.speeds import prior
from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.roads.closures import Closure
from tracker.roads.engines import CchEngine
from tracker.roads.graph import RoadGraph
from tracker.roads.snap import Snap

EVERY_S = 2.0
LONGEST_S = 3000
WAITS = Habits(own_calls=False, turnout_s=1.0, hospital_s=3600.0)
FLOOD_S = 120.0
TURNS_S = 120.0
TUNNEL_S = (200.0, 300.0)
STOP_S = (200.0, 350.0)
JAM_S = (200.0, 800.0)
DWELL_S = 60.0
"""Seconds that a vehicle is heard after it stands at its goal."""

SEEN = ("even", "jam", "closure", "detour", "tunnel", "stop", "wrong-way")


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> RoadGraph:
    """The capital and the towns within twelve kilometres of it."""
    profile = regions.load("bojonegoro")
    (home,) = [each for each in profile.districts if each.name == "Bojonegoro"]
    near = [e for e in profile.districts if distance(home.latitude, home.longitude, e.latitude, e.longitude) < 12_000]
    path = tmp_path_factory.mktemp("fleet") / "region.osm.pbf"
    write_osm(msgspec.structs.replace(profile, districts=tuple(near), units=profile.units[:1]), path)
    return import_osm(path, CENTRE).graph


class Driven:
    """One vehicle on its way, and what comes between.

    Args:
        name: of its unit.
        graph: the roads.
        start, goal: of its drive.
        closures: what its crew knows to be closed.
    """

    def __init__(
        self, name: str, graph: RoadGraph, start: Snap, goal: Snap, closures: tuple[Closure, ...] = ()
    ) -> None:
        self.roads = Roads(graph, prior("Asia/Jakarta"), closures)
        self.goal = goal
        self.vehicle = Vehicle(self.roads, start, (goal,), random.Random(name), WAITS, MORNING)
        self._car = Car(name, self.vehicle, 1, EVERY_S)
        self.name = name
        self.go(goal)

    def go(self, goal: Snap) -> None:
        """Drive there."""
        self.vehicle.assign(Call(None, None, goal, lights=False))

    def report(self, now: datetime, pace: float = 1.0) -> Row:
        """The fix after one interval, of which so large a part is driven."""
        before = self.vehicle.elapsed
        self._car.interval_s = EVERY_S * pace
        (seen,) = self._car.see(now)
        assert seen.observed is not None
        assert self.vehicle.elapsed - before == pytest.approx(EVERY_S * pace)
        at = seen.observed
        speed = (at.speed or 0.0) * pace
        fix = Fix(time=now, latitude=at.latitude, longitude=at.longitude, speed=speed, course=at.course)
        received = now + timedelta(milliseconds=300)
        return Row(CENTRE, self.name, "gnss", fix, received, "box", round((now - MORNING).total_seconds()))

    @property
    def there(self) -> bool:
        """Whether it stands at its goal."""
        state = self.vehicle.state
        return (
            state.speed == 0 and distance(state.latitude, state.longitude, self.goal.latitude, self.goal.longitude) < 30
        )


class Told(NamedTuple):
    """One event, as the API lists it."""

    kind: str
    raised: float  # seconds after the fleet's start
    cleared: float | None


def seconds(text: str) -> float:
    """Seconds after the fleet's start."""
    return (datetime.fromisoformat(text) - MORNING).total_seconds()


async def begin(centre: Centre, car: Driven, now: datetime) -> str:
    """Enrol a unit, let it be seen, and send it to its goal; the mission's id."""
    async with centre.world.pool.connection() as connection:
        await units.enrol(connection, CENTRE, Unit(car.name, car.name, "ambulance"))
    centre.world.live.enrol([(car.name, car.name, "ambulance")])
    await centre.commit([car.report(now, 0.0)])
    place = {"latitude": car.goal.latitude, "longitude": car.goal.longitude, "urgency": "routine"}
    mission: str = (await centre.ask("PUT", f"units/{car.name}/destination", place))["id"]
    return mission


async def told(centre: Centre, mission: str) -> list[Told]:
    """Its events, as they were raised."""
    events = (await centre.ask("GET", f"missions/{mission}/events"))["events"]
    return [
        Told(each["kind"], seconds(each["raised_at"]), each["cleared_at"] and seconds(each["cleared_at"]))
        for each in events
    ]


def square(place: tuple[float, float], half: float = 0.0015) -> tuple[tuple[float, float], ...]:
    """Corners around a point; half a side in degrees."""
    (y, x) = place
    return ((y - half, x - half), (y - half, x + half), (y + half, x + half), (y + half, x - half))


def along(car: Driven, part: float) -> tuple[float, float]:
    """The point so far along the way that a vehicle would take on open roads."""
    roads = Roads(car.roads.graph, car.roads.model)
    way = roads.way(car.vehicle._place, car.goal, MORNING)
    assert way is not None
    at = int(part * len(way.route.latitude))
    return float(way.route.latitude[at]), float(way.route.longitude[at])


def fleet_on(region: RoadGraph) -> tuple[dict[str, Driven], Closure]:
    """The vehicles by what they will meet, and the flood that comes over one of them."""
    roads = Roads(region, prior("Asia/Jakarta"))
    known = {each.name: each for each in regions.load("bojonegoro").districts}

    def town(name: str) -> Snap:
        return roads.nearest(known[name].latitude, known[name].longitude)

    start, goal, elsewhere = town("Bojonegoro"), town("Sukosewu"), town("Kalitidu")
    fleet = {name: Driven(name, region, start, goal) for name in SEEN}
    bridge = Closure("bridge", MORNING, area=square(along(fleet["even"], 0.5)))
    fleet["detour"] = Driven("detour", region, start, goal, (bridge,))
    fleet["wrong-way"].go(elsewhere)
    dry = Driven("closure", region, town("Trucuk"), elsewhere)
    flood = Closure("flood", MORNING + timedelta(seconds=FLOOD_S), area=square(along(dry, 0.5)))
    fleet["closure"] = Driven("closure", region, town("Trucuk"), elsewhere, (flood,))
    return fleet, flood


def pace(name: str, second: float) -> float:
    """How fast a vehicle gets on: in the jam with a fifth of its speed, and not at all where it is stopped."""
    if name == "jam" and JAM_S[0] <= second < JAM_S[1]:
        return 0.2
    return 0.0 if name == "stop" and STOP_S[0] <= second < STOP_S[1] else 1.0


@pytest.mark.slow
async def test_what_units_meet_on_the_way_is_told_once_and_cleared(centre: Centre, region: RoadGraph) -> None:
    """A jam slips, a stop stalls; who turned the wrong way, or goes round a bridge that the centre takes for open, left
    the route, once. A flood that the centre knows gives the unit another route at once and is no fault of its crew. An
    even drive and a tunnel raise nothing. All is cleared when they have arrived."""
    centre.arrivals.estimator.load(region, CchEngine(region), centre.now)
    fleet, flood = fleet_on(region)
    missions = {name: await begin(centre, car, MORNING) for name, car in fleet.items()}
    stood = dict.fromkeys(fleet, 0.0)
    in_the_tunnel: list[str] = []
    second = 0.0
    while min(stood.values()) < DWELL_S:
        second += EVERY_S
        assert second < LONGEST_S, stood
        if second == FLOOD_S:
            before = centre.state("closure").eta
            area = [{"latitude": latitude, "longitude": longitude} for latitude, longitude in flood.area]
            await centre.ask("POST", "closures", {"reason": "banjir", "area": area}, 201)
            await centre.arrivals.turn(centre.now)
            after = centre.state("closure").eta
            assert before is not None
            assert after is not None
            assert after.route_version != before.route_version
            assert (after.distance_m or 0) > (before.distance_m or 0) + 100
        if second == TURNS_S:
            fleet["wrong-way"].go(fleet["wrong-way"].goal)
        now = MORNING + timedelta(seconds=second)
        rows = []
        for name, car in fleet.items():
            if stood[name] < DWELL_S:
                row = car.report(now, pace(name, second))
                stood[name] = stood[name] + EVERY_S if car.there else 0.0
                if name != "tunnel" or not TUNNEL_S[0] <= second < TUNNEL_S[1]:
                    rows.append(row)
        await centre.commit(rows)
        if TUNNEL_S[0] <= second <= TUNNEL_S[1]:
            eta = centre.state("tunnel").eta
            assert eta is not None
            in_the_tunnel.append(eta.source)
    await centre.arrivals.save()

    told_as = [source for source, _ in itertools.groupby(in_the_tunnel)]
    assert told_as == ["road", "last-known", "road"], "and known again with the first fix"
    events = {name: await told(centre, mission) for name, mission in missions.items()}
    assert {name: sorted(each.kind for each in happened) for name, happened in events.items()} == {
        "even": [], "tunnel": [], "jam": ["slipping"], "stop": ["stalled"], "closure": ["slipping"],
        "detour": ["off-route", "wrong-way"], "wrong-way": ["off-route", "wrong-way"],
    }  # fmt: skip
    assert all(each.cleared is not None and each.cleared > each.raised for many in events.values() for each in many)
    (stalled,) = events["stop"]
    assert STOP_S[0] + 115 < stalled.raised < STOP_S[0] + 140
    assert STOP_S[1] < (stalled.cleared or 0) < STOP_S[1] + 30
    (slipping,) = events["jam"]
    assert JAM_S[0] + 100 < slipping.raised < JAM_S[1]
    wrong = {each.kind: each for each in events["wrong-way"]}
    assert wrong["wrong-way"].raised < TURNS_S < (wrong["wrong-way"].cleared or 0)
    for name, mission in missions.items():
        assert (await centre.ask("GET", f"missions/{mission}"))["state"] == "arrived", name
        assert centre.state(name).events == ()
