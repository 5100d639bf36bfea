"""How a simulated vehicle moves: nothing that wheels cannot do, on roads with corners, at any moment one looks."""

import math
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldunit.simulator.motion import FASTEST, LIGHTS, NORMAL, PATIENT, Drive, Manner, State
from fieldunit.simulator.roads import Roads, Way, roads_of
from tests.fix_map import draw
from tracker.eta.speeds import prior
from tracker.geodesy import distance, turn
from tracker.regions import load

WHEN = datetime(2026, 11, 23, 3, tzinfo=UTC)
STEP = 0.1

TOWN = """
A---B-------C--D
|   |      /   |
|   |     /    |
E---F----G     H
 \\       |    /
  \\      |   /
   I-----J--K
"""
STREETS = {
    "ABCD": {"highway": "primary"}, "EFG": {"highway": "residential"}, "IJK": {"highway": "secondary"},
    "AE": {"highway": "tertiary"}, "EI": {"highway": "residential"}, "BF": {"highway": "residential"},
    "CG": {"highway": "tertiary"}, "GJ": {"highway": "residential"}, "DH": {"highway": "secondary"},
    "HK": {"highway": "residential"},
}  # fmt: skip


@pytest.fixture(scope="module")
def roads() -> Roads:
    return Roads(draw(TOWN, STREETS, step=60.0).graph, prior("Asia/Jakarta"))


def some_way(roads: Roads, chance: random.Random) -> Way:
    places = [roads.on_arc(chance.randrange(roads.graph.arcs), chance.random()) for _ in range(2)]
    way = roads.way(places[0], places[1], WHEN)
    assert way is not None
    return way


def apart(one: State, other: State) -> float:
    return distance(one.latitude, one.longitude, other.latitude, other.longitude)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), manner=st.sampled_from([NORMAL, LIGHTS, PATIENT]), traffic=st.floats(1.0, 1.6))
def test_nothing_moves_as_wheels_cannot(roads: Roads, seed: int, manner: Manner, traffic: float) -> None:
    """Place, speed and course agree with each other ten times a second, and every limit of the manner holds."""
    chance = random.Random(seed)
    way = some_way(roads, chance)
    drive = Drive(roads.graph, way, manner, traffic, chance)
    before = drive.at(0.0)
    assert before.speed == 0
    for tick in range(1, math.ceil(drive.duration / STEP) + 2):
        now = drive.at(tick * STEP)
        change = now.speed - before.speed
        assert -manner.braking * STEP - 1e-6 <= change <= manner.acceleration * STEP + 1e-6
        assert now.speed <= FASTEST
        mean = (now.speed + before.speed) / 2
        assert apart(now, before) == pytest.approx(mean * STEP, abs=0.08)
        if min(now.speed, before.speed) > 1:
            sideways = mean * math.radians(turn(now.course, before.course)) / STEP
            assert sideways <= manner.sideways * 1.1 + 0.05
        before = now
    assert before.speed == 0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_drive_begins_and_ends_where_it_should_and_stays_near_the_middle_of_the_road(roads: Roads, seed: int) -> None:
    """Corners are cut by some metres, streets are not left."""
    chance = random.Random(seed)
    way = some_way(roads, chance)
    drive = Drive(roads.graph, way, NORMAL, 1.0, chance)
    for moment, at in ((0.0, 0), (drive.duration, -1)):
        state = drive.at(moment)
        there = distance(state.latitude, state.longitude, float(way.route.latitude[at]), float(way.route.longitude[at]))
        assert there < 0.5
    for part in range(20):
        state = drive.at(drive.duration * part / 20)
        assert roads.on_one_of(way.route.arcs, state.latitude, state.longitude).distance < 6
    assert drive.length == pytest.approx(way.route.length, rel=0.05, abs=15)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), part=st.floats(0.0, 1.0))
def test_a_vehicle_that_is_called_off_brakes_and_stands(roads: Roads, seed: int, part: float) -> None:
    """From whatever speed, without a jump, on its way."""
    chance = random.Random(seed)
    drive = Drive(roads.graph, some_way(roads, chance), LIGHTS, 1.0, chance)
    moment = drive.duration * part
    before = drive.at(moment)
    braked = drive.braked(moment)
    assert apart(braked.at(moment), before) < 0.01
    assert braked.at(moment).speed == pytest.approx(before.speed)
    assert braked.duration == pytest.approx(moment + before.speed / LIGHTS.braking)
    stood = braked.at(braked.duration + 60)
    assert stood.speed == 0
    assert apart(stood, before) <= before.speed**2 / (2 * LIGHTS.braking) + 0.1
    place = braked.place_on(roads, braked.duration)
    assert distance(place.latitude, place.longitude, stood.latitude, stood.longitude) < 6


def mean_speed(roads: Roads, manner: Manner, traffic: float) -> float:
    drives = []
    for seed in range(80):
        chance = random.Random(seed)
        drives.append(Drive(roads.graph, some_way(roads, chance), manner, traffic, chance))
    return sum(drive.length for drive in drives) / sum(drive.duration for drive in drives)


def test_lights_and_siren_are_faster_and_traffic_is_slower(roads: Roads) -> None:
    """On the same ways: with lights first, with a patient aboard next, in the rush last."""
    with_lights, with_patient, usual, rush = (
        mean_speed(roads, manner, traffic)
        for manner, traffic in ((LIGHTS, 1.0), (PATIENT, 1.0), (NORMAL, 1.0), (NORMAL, 1.34))
    )
    assert with_lights > with_patient > usual > rush
    assert 1.15 < with_lights / usual < 1.6
    assert 1.1 < usual / rush < 1.4


def test_a_drive_takes_about_as_long_as_arrival_times_expect() -> None:
    """The middle of many drives over main roads is within a fifth of what the speed model says of them."""
    roads = roads_of(load("bojonegoro"))
    ratios = []
    for seed in range(60):
        chance = random.Random(seed)
        way = some_way(roads, chance)
        ratios.append(Drive(roads.graph, way, NORMAL, 1.0, chance).duration / way.route.duration)
    assert 0.8 < sorted(ratios)[30] < 1.2
