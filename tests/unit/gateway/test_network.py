"""Ways between places that may lie on more than one road, and through what is closed; on drawn maps."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from gateway.services.estimate import Estimator
from gateway.services.network import Network, Position
from tests.fix_map import Drawn, draw
from tracker.eta.approaches import CELL, Approach
from tracker.eta.speeds import Driving, prior
from tracker.missions import Place
from tracker.roads.closures import Closure
from tracker.roads.engines import CchEngine, ScipyEngine

NOON = datetime(2026, 3, 1, 5, tzinfo=UTC)
BOULEVARD = draw(
    """
    A---------------------------------------------------------B
    D---------------------------------------------------------C
    """,
    {"AB": {"oneway": "yes"}, "CD": {"oneway": "yes"}, "BC": {}, "DA": {}},
    step=20.0,
)
"""Two carriageways 20 m apart and 1,160 m long: eastwards in the north, westwards in the south."""


def network(drawn: Drawn) -> Network:
    """Loaded, with nothing learned."""
    return Network(drawn.graph, CchEngine(drawn.graph), prior("Asia/Jakarta"), NOON, None)


def place(drawn: Drawn, letter: str, east: float, north: float = 0.0) -> Place:
    """A point beside a letter."""
    return Place(*drawn.at(letter, east, north))


def test_a_place_between_two_carriageways_is_come_to_from_the_one_that_leads_there() -> None:
    """It lies 2 m nearer to the southern one; by that alone it would be a way round of 1.7 km."""
    roads = network(BOULEVARD)
    start = roads.start(Position(*BOULEVARD.at("A", 100), course=90.0, speed=12.0), Driving.LIGHTS)
    way = roads.way(start, roads.goal(place(BOULEVARD, "A", 600, -11), Driving.LIGHTS), Driving.LIGHTS)
    assert way is not None
    assert way.route.length == pytest.approx(500, abs=5)


def test_a_standing_unit_may_be_on_either_carriageway_and_a_moving_one_is_on_that_of_its_course() -> None:
    """Without a course the nearer in time counts. Driving west, 9 m from the northern one, it is on the southern."""
    roads = network(BOULEVARD)
    at, goal = BOULEVARD.at("A", 600, -9), roads.goal(place(BOULEVARD, "A", 100, -20), Driving.LIGHTS)
    for position in (Position(*at), Position(*at, course=270.0, speed=12.0)):
        way = roads.way(roads.start(position, Driving.LIGHTS), goal, Driving.LIGHTS)
        assert way is not None
        assert way.route.length == pytest.approx(500, abs=5)
    east = roads.way(roads.start(Position(*at, course=90.0, speed=12.0), Driving.LIGHTS), goal, Driving.LIGHTS)
    assert east is not None
    assert east.route.length > 1500


async def test_a_goal_that_is_slow_to_come_to_is_later_by_that_planned_or_in_a_matrix() -> None:
    """45 s at the gate of a hospital, once they are learned; the drive away from there takes no longer."""
    position, goal = Position(*BOULEVARD.at("A", 100)), place(BOULEVARD, "A", 900)
    cell = Approach(round(goal.latitude * CELL), round(goal.longitude * CELL), 45.0)
    estimator = Estimator(prior("Asia/Jakarta"))
    estimator.load(BOULEVARD.graph, CchEngine(BOULEVARD.graph), NOON)
    back = Position(goal.latitude, goal.longitude), Place(position.latitude, position.longitude)

    async def times() -> list[float]:
        plans = [estimator.plan(position, goal, Driving.LIGHTS)[0], estimator.plan(*back, Driving.LIGHTS)[0]]
        plans += (await estimator.matrix([position], [goal], [Driving.LIGHTS]))[0]
        return [drive.eta.p50 for drive in plans if drive.eta is not None]

    before = await times()
    estimator.learn(msgspec.structs.replace(estimator.speeds, approaches=(cell,)), NOON)
    there, away, cell_of_matrix = [b - a for a, b in zip(before, await times(), strict=True)]
    assert there == pytest.approx(45.0, abs=0.01) == cell_of_matrix
    assert away == pytest.approx(0.0, abs=0.01)
    _, plan = estimator.plan(position, goal, Driving.LIGHTS)
    assert plan is not None
    assert plan.access == pytest.approx(45.0)


@pytest.mark.parametrize("engine", [CchEngine, ScipyEngine])
async def test_a_matrix_gives_times_and_metres_as_single_plans_do(engine: type[CchEngine]) -> None:
    """Cell for cell, over roads and with whichever engine: ends in doubt, off the network, and behind a closure."""
    estimator = Estimator(prior("Asia/Jakarta"))
    graph = BOULEVARD.graph
    estimator.load(graph, engine(graph), NOON)
    assert estimator.network is not None
    estimator.network.closures.put(Closure("works", NOON, line=(BOULEVARD.at("B", 0, -10),)))
    estimator.reweigh(NOON)
    positions = [
        Position(*BOULEVARD.at("A", 100, -9)), Position(*BOULEVARD.at("A", 900, -11), 90.0, 12.0),
        Position(*BOULEVARD.at("A", -5000)), Position(*BOULEVARD.at("B", 0, -10)),
    ]  # fmt: skip
    places = [place(BOULEVARD, "A", 600, -11), place(BOULEVARD, "B", 0, -10), place(BOULEVARD, "D", 300, -60)]
    drivings = [Driving.LIGHTS, Driving.NORMAL, Driving.LIGHTS, Driving.MOTORCYCLE]
    rows = await estimator.matrix(positions, places, drivings)
    for position, driving, row in zip(positions, drivings, rows, strict=True):
        for goal, drive in zip(places, row, strict=True):
            alone, _ = estimator.plan(position, goal, driving)
            assert drive == alone
    known = [drive for row in rows for drive in row if drive.eta is not None]
    assert all(drive.distance is not None and drive.distance >= 0 for drive in known)
    assert {drive.note for drive in known} == {None, "at a walking pace through what is closed: works"}
    assert {drive.unknown_because for drive in rows[2]} == {"the unit is not within 500 m of a road of this region"}


async def test_a_large_matrix_lets_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """30 x 60 cells: after each slice of time, here the shortest there is, whoever waits is asked."""
    monkeypatch.setattr("gateway.services.estimate.SLICE_S", 0.0)
    estimator = Estimator(prior("Asia/Jakarta"))
    estimator.load(BOULEVARD.graph, CchEngine(BOULEVARD.graph), NOON)
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    ticking = asyncio.create_task(tick())
    positions = [Position(*BOULEVARD.at("A", 10.0 * number)) for number in range(30)]
    goals = [place(BOULEVARD, "D", 15.0 * number) for number in range(60)]
    await estimator.matrix(positions, goals, [Driving.NORMAL] * 30)
    ticking.cancel()
    assert turns >= 30 * 60 - 1
