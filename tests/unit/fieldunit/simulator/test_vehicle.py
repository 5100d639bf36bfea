"""What a simulated crew does: its own calls, the centre's missions, and roads that close before its wheels."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from fieldunit.simulator.roads import Roads
from fieldunit.simulator.vehicle import Call, Event, Habits, Vehicle
from tests.fix_map import Drawn, draw
from tracker.eta.speeds import prior
from tracker.geodesy import distance
from tracker.roads.closures import Closure
from tracker.roads.snap import Snap
from tracker.wire.reports import CrewStatus

BEGINS = datetime(2026, 11, 23, 3, tzinfo=UTC)
MAP = draw(
    """
A------B------C
|      |      |
D------E------F
|      |      |
G------H------I
""",
    {
        "ABC": {"highway": "secondary"}, "DEF": {"highway": "secondary"}, "GHI": {"highway": "secondary"},
        "ADG": {"highway": "secondary"}, "BEH": {"highway": "secondary"}, "CFI": {"highway": "secondary"},
    },
    step=150.0,
)  # fmt: skip
WAITING = Habits(own_calls=False)


def at(letter: str, roads: Roads) -> Snap:
    return roads.nearest(*MAP.at(letter))


def vehicle(habits: Habits = WAITING, closures: tuple[Closure, ...] = (), seed: int = 1) -> tuple[Vehicle, Roads]:
    roads = Roads(MAP.graph, prior("Asia/Jakarta"), closures)
    return Vehicle(roads, at("A", roads), [at("I", roads)], random.Random(seed), habits, BEGINS), roads


def off(car: Vehicle, letter: str, where: Drawn = MAP) -> float:
    return distance(car.state.latitude, car.state.longitude, *where.at(letter))


def until(car: Vehicle, status: CrewStatus, seconds: float = 3600) -> float:
    """Let time pass until the crew has this status; the seconds it took."""
    began = car.elapsed
    while car.status is not status:
        car.advance(1.0)
        assert car.elapsed - began < seconds, f"still {car.status}"
    return car.elapsed - began


def days(step: float, seed: int = 5) -> list[Event]:
    car, _ = vehicle(Habits(), seed=seed)
    for _ in range(round(7200 / step)):
        car.advance(step)
    return car.take_events()


def test_its_day_does_not_depend_on_how_often_one_looks() -> None:
    """The same buttons at the same moments, looked at each tenth of a second or each minute."""
    seldom, often = days(60.0), days(0.1)
    assert len(seldom) > 20
    assert [event.status for event in seldom] == [event.status for event in often]
    assert [event.at for event in seldom] == pytest.approx([event.at for event in often], abs=1e-6)
    assert days(60.0, seed=6) != seldom


def test_a_crew_presses_its_buttons_in_order() -> None:
    """Over two hours of calls each status follows one that may stand before it."""
    status = CrewStatus
    follows = {
        status.ASSIGNED: {status.AVAILABLE},
        status.ACKNOWLEDGED: {status.ASSIGNED},
        status.EN_ROUTE: {status.ACKNOWLEDGED},
        status.ON_SCENE: {status.EN_ROUTE},
        status.PATIENT_ABOARD: {status.ON_SCENE},
        status.AT_HOSPITAL: {status.PATIENT_ABOARD},
        status.HANDED_OVER: {status.AT_HOSPITAL},
        status.AVAILABLE: {status.HANDED_OVER, status.ON_SCENE},
    }
    before = status.AVAILABLE
    for event in days(10.0):
        assert before in follows[event.status]
        before = event.status


def test_a_mission_from_the_centre_is_driven_to_the_scene_and_on_to_the_hospital() -> None:
    """Wherever the vehicle stands, and it is back to its own life when it is over."""
    car, roads = vehicle()
    car.advance(100)
    assert off(car, "A") < 1
    car.assign(Call("m-17", at("F", roads), at("G", roads), lights=True))
    until(car, CrewStatus.EN_ROUTE)
    assert car.mission == "m-17"
    until(car, CrewStatus.ON_SCENE)
    assert off(car, "F") < 1
    until(car, CrewStatus.AT_HOSPITAL)
    assert off(car, "G") < 1
    until(car, CrewStatus.AVAILABLE)
    events = car.take_events()
    assert [event.status.value for event in events] == [
        "assigned", "acknowledged", "en-route", "on-scene", "patient-aboard", "at-hospital", "handed-over", "available",
    ]  # fmt: skip
    assert {event.mission for event in events} == {"m-17"}
    car.advance(1200)
    assert car.mission is None
    assert off(car, "A") < 1


def test_a_moving_vehicle_takes_a_mission_from_where_it_is() -> None:
    """No jump: it brakes, and drives on from there."""
    car, roads = vehicle()
    car.assign(Call("m-1", at("I", roads), None, lights=True))
    until(car, CrewStatus.EN_ROUTE)
    car.advance(60)
    assert car.state.speed > 3
    car.assign(Call("m-2", at("C", roads), None, lights=True))
    before = car.state
    reached = stood = False
    for step in range(3000):
        car.advance(0.2)
        now = car.state
        stood = stood or now.speed == 0
        assert stood or step < 50, "it brakes at once"
        moved = distance(before.latitude, before.longitude, now.latitude, now.longitude)
        assert moved <= (before.speed + now.speed) / 2 * 0.2 + 0.3
        before = now
        reached = reached or car.status is CrewStatus.ON_SCENE
        if reached:
            break
    assert car.mission == "m-2"
    assert off(car, "C") < 1


def test_another_hospital_and_the_end_of_a_mission_are_heeded_on_the_way() -> None:
    """With the patient aboard the vehicle turns to the new one; released, it goes home."""
    car, roads = vehicle()
    car.assign(Call("m-1", at("B", roads), at("I", roads), lights=True))
    until(car, CrewStatus.PATIENT_ABOARD)
    car.advance(20)
    car.redirect(at("G", roads))
    until(car, CrewStatus.AT_HOSPITAL)
    assert off(car, "G") < 1
    car.assign(Call("m-2", at("C", roads), at("I", roads), lights=True))
    until(car, CrewStatus.EN_ROUTE)
    car.advance(20)
    car.release()
    assert car.mission is None
    car.advance(1500)
    assert car.status is CrewStatus.AVAILABLE
    assert off(car, "A") < 1


def flooded(*letters: str, start_s: float = 0, end_s: float | None = None) -> Closure:
    latitude, longitude = (
        sum(each) / len(letters) for each in zip(*(MAP.at(letter) for letter in letters), strict=True)
    )
    corners = ((-1, -1), (-1, 1), (1, 1), (1, -1))
    area = tuple((latitude + 0.0008 * y, longitude + 0.0008 * x) for y, x in corners)
    end = None if end_s is None else BEGINS + timedelta(seconds=end_s)
    return Closure("-".join(letters).lower(), BEGINS + timedelta(seconds=start_s), end, area)


def passed(car: Vehicle, closure: Closure, seconds: float = 900) -> bool:
    """Whether it is in the closed area at any moment from now on."""
    (south, west), _, (north, east), _ = closure.area
    inside = False
    for _ in range(round(seconds)):
        car.advance(1)
        state = car.state
        inside = inside or (south < state.latitude < north and west < state.longitude < east)
    return inside


def test_a_closed_road_is_driven_round() -> None:
    """And the same road is taken when it is open."""
    closure = flooded("A", "B")
    for closures, expected in (((), True), ((closure,), False)):
        car, roads = vehicle(closures=closures)
        car.assign(Call("m-1", at("B", roads), None, lights=True))
        assert passed(car, closure) is expected
        assert CrewStatus.ON_SCENE in [event.status for event in car.take_events()]


def test_a_road_that_closes_ahead_makes_it_turn_round() -> None:
    """It was on its way there when the water came."""
    elsewhere, closure = flooded("G", "H", start_s=20), flooded("B", "C", start_s=60)
    for closures, expected in (((elsewhere,), True), ((elsewhere, closure), False)):
        car, roads = vehicle(closures=closures)
        car.assign(Call("m-1", at("C", roads), None, lights=True))
        assert passed(car, closure) is expected
        statuses = [event.status for event in car.take_events()]
        assert CrewStatus.ON_SCENE in statuses


def test_a_crew_that_is_closed_in_waits_for_the_water_to_fall() -> None:
    """No way out is no error; it drives when there is one."""
    car, roads = vehicle(closures=(flooded("A", "B", end_s=900), flooded("A", "D", end_s=900)))
    car.assign(Call("m-1", at("B", roads), None, lights=True))
    until(car, CrewStatus.EN_ROUTE)
    car.advance(600)
    assert off(car, "A") < 1
    until(car, CrewStatus.ON_SCENE)
    assert off(car, "B") < 1
    assert car.elapsed > 900
