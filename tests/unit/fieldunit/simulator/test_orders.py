"""What a simulated crew does with commands: once, and with the same answer each time."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from fieldunit.simulator.orders import Orders
from fieldunit.simulator.roads import Roads, roads_of
from fieldunit.simulator.vehicle import Habits, Vehicle
from tracker.regions import load
from tracker.wire.command import (
    Assignment,
    Card,
    Command,
    Configuration,
    Outcome,
    Ping,
    Rate,
    Reply,
    Stop,
    TextMessage,
    UpdateMission,
    decode_reply,
    encode,
)
from tracker.wire.reports import Answer, CrewStatus

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
SCENE, HOSPITAL, OTHER = (-7.15, 111.89), (-7.23, 111.84), (-7.19, 111.90)


@pytest.fixture(scope="module")
def roads() -> Roads:
    return roads_of(load("bojonegoro"))


@pytest.fixture
def vehicle(roads: Roads) -> Vehicle:
    home = roads.nearest(*OTHER)
    return Vehicle(roads, home, [roads.nearest(*HOSPITAL)], random.Random(1), Habits(own_calls=False))


@pytest.fixture
def orders(vehicle: Vehicle, roads: Roads) -> Orders:
    return Orders(vehicle, roads)


def card(mission: str = "m-1", *stops: Stop) -> Card:
    return Card(mission, "emergency", stops or (Stop("to-scene", *SCENE), Stop("to-hospital", *HOSPITAL)))


def told(orders: Orders, command: Command, now: datetime = NOW) -> tuple[Reply, Answer | None]:
    answered = orders.take(encode(command), now)
    assert answered is not None
    return decode_reply(answered.reply), answered.answer


def test_an_assignment_is_taken_once_and_answered_alike_each_time(orders: Orders, vehicle: Vehicle) -> None:
    """The crew's own word is said once, the reply as often as the command comes."""
    order = Assignment(id="c-1", n=1, issued_at=NOW, card=card())
    reply, answer = told(orders, order)
    assert (reply.id, reply.outcome) == ("c-1", Outcome.DONE)
    assert answer is not None
    assert (answer.mission, answer.accepted) == ("m-1", True)
    vehicle.advance(30)
    status = vehicle.status
    assert status is CrewStatus.EN_ROUTE
    again, silence = told(orders, order, NOW + timedelta(minutes=1))
    assert again == reply
    assert silence is None
    assert vehicle.status is status
    assert vehicle.mission == "m-1"


def test_an_older_order_does_not_undo_a_newer_one(orders: Orders, vehicle: Vehicle) -> None:
    """In whatever order they come, the higher number holds."""
    told(orders, Assignment(id="c-2", n=2, issued_at=NOW, card=card("m-2")))
    vehicle.advance(5)
    reply, answer = told(orders, Assignment(id="c-1", n=1, issued_at=NOW, card=card("m-1")))
    assert reply.outcome is Outcome.DONE
    assert answer is None
    vehicle.advance(5)
    assert vehicle.mission == "m-2"


def test_what_comes_too_late_or_cannot_be_done_is_said(orders: Orders, vehicle: Vehicle) -> None:
    """Expired, refused with the reason, or passed over where nobody could be answered."""
    late = Assignment(id="c-1", n=1, issued_at=NOW, expires_at=NOW, card=card())
    assert told(orders, late)[0].outcome is Outcome.EXPIRED
    vehicle.advance(10)
    assert vehicle.mission is None
    rate = Rate(id="c-2", n=2, issued_at=NOW, interval_s=1.0)
    configuration = Configuration(id="c-3", n=3, issued_at=NOW, settings={})
    for command in (rate, configuration):
        reply, _ = told(orders, command)
        assert reply.outcome is Outcome.REFUSED
        assert "as its scenario says" in reply.detail
    far = Assignment(id="c-4", n=4, issued_at=NOW, card=card("m-4", Stop("to-scene", 1.0, 103.0)))
    reply, answer = told(orders, far)
    assert reply.outcome is Outcome.REFUSED
    assert "no road lies within 5 km of 1.0000, 103.0000" in reply.detail
    assert answer is None
    assert orders.take(b"no command", NOW) is None


def test_words_and_pings_are_done(orders: Orders) -> None:
    """A simulated crew reads everything at once."""
    for command in (Ping(id="c-1", n=1, issued_at=NOW), TextMessage(id="c-2", n=2, issued_at=NOW, text="halo")):
        assert told(orders, command)[0].outcome is Outcome.DONE


def test_a_changed_hospital_and_an_ended_mission_reach_the_vehicle(orders: Orders, vehicle: Vehicle) -> None:
    """For its own mission only."""
    told(orders, Assignment(id="c-1", n=1, issued_at=NOW, card=card()))
    vehicle.advance(5)
    told(orders, UpdateMission(id="c-2", n=2, issued_at=NOW, mission="m-9", ended=True))
    vehicle.advance(5)
    assert vehicle.mission == "m-1"
    stops = (Stop("to-scene", *SCENE), Stop("to-hospital", *OTHER))
    told(orders, UpdateMission(id="c-3", n=3, issued_at=NOW, mission="m-1", stops=stops))
    for _ in range(3600):
        vehicle.advance(1)
        if vehicle.status is CrewStatus.AT_HOSPITAL:
            break
    assert (round(vehicle.state.latitude, 2), round(vehicle.state.longitude, 2)) == OTHER
    told(orders, UpdateMission(id="c-4", n=4, issued_at=NOW, mission="m-1", ended=True))
    assert vehicle.mission is None


def test_a_corrected_address_turns_the_vehicle_round(orders: Orders, vehicle: Vehicle) -> None:
    """It drives to where the scene is now; at the scene nobody is sent elsewhere any more."""
    told(orders, Assignment(id="c-1", n=1, issued_at=NOW, card=card()))
    while vehicle.status is not CrewStatus.EN_ROUTE:
        vehicle.advance(1)
    vehicle.advance(10)
    told(orders, UpdateMission(id="c-2", n=2, issued_at=NOW, mission="m-1", stops=(Stop("to-scene", *HOSPITAL),)))
    while vehicle.status is CrewStatus.EN_ROUTE:
        vehicle.advance(1)
    stands = round(vehicle.state.latitude, 2), round(vehicle.state.longitude, 2)
    assert (vehicle.status, stands) == (CrewStatus.ON_SCENE, HOSPITAL)
    told(orders, UpdateMission(id="c-3", n=3, issued_at=NOW, mission="m-1", stops=(Stop("to-scene", *SCENE),)))
    vehicle.advance(2)
    assert (round(vehicle.state.latitude, 2), round(vehicle.state.longitude, 2)) == HOSPITAL


def test_a_broken_vehicle_stays_where_it_is_whatever_it_is_told(orders: Orders, vehicle: Vehicle) -> None:
    """Its crew says so, and an ended mission does not make it free again."""
    told(orders, Assignment(id="c-1", n=1, issued_at=NOW, card=card()))
    vehicle.advance(60)
    vehicle.break_down()
    vehicle.advance(60)
    place = vehicle.state
    told(orders, UpdateMission(id="c-2", n=2, issued_at=NOW, mission="m-1", ended=True))
    told(orders, Assignment(id="c-3", n=3, issued_at=NOW, card=card("m-2")))
    vehicle.advance(600)
    assert vehicle.status is CrewStatus.OUT_OF_SERVICE
    assert (vehicle.state.latitude, vehicle.state.longitude) == (place.latitude, place.longitude)
    assert [event.status for event in vehicle.take_events()][-1] is CrewStatus.OUT_OF_SERVICE
