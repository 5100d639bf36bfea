"""Times of many drives at once are those of each drive by itself, on open roads and where some are closed."""

import asyncio
import random
from datetime import UTC, datetime

import numpy as np
import pytest

from gateway.services.drive_times import drive_times
from gateway.services.estimate import Estimator
from gateway.services.network import Network, Position
from tests.fix_map import Drawn, draw
from tracker.eta.speeds import Driving, prior
from tracker.missions import Place
from tracker.roads.closures import Closure
from tracker.roads.engines import CchEngine

NOON = datetime(2026, 3, 1, 5, tzinfo=UTC)
TOWN = draw(
    """
    A----B----C----D    Y
    |    |    |    |    |
    E----F----G----H    |
    |    |    |    |    |
    I----J----K----L    Z
    """,
    {
        "ABCD": {"highway": "primary"}, "EFGH": {"oneway": "yes"}, "IJKL": {}, "AEI": {}, "BFJ": {"oneway": "-1"},
        "CGK": {}, "DHL": {}, "YZ": {},
    },
    step=60.0,
)  # fmt: skip
"""Streets of a few hundred metres, some of one way; YZ is cut off, and so is no road at all."""


def anywhere(chance: random.Random, drawn: Drawn) -> Position:
    """On a road, beside one, at a corner, or far from all; standing or driving."""
    letter = chance.choice(sorted(drawn.places))
    east, north = (0.0, 0.0) if chance.random() < 0.3 else (chance.uniform(-150, 150), chance.uniform(-90, 90))
    if chance.random() < 0.05:
        north -= 3000.0
    course = None if chance.random() < 0.5 else chance.uniform(0, 360)
    return Position(*drawn.at(letter, east, north), course, chance.choice([None, 0.0, 12.0]))


def flood(drawn: Drawn, letter: str, reach: float, name: str) -> Closure:
    """A square around a letter in which no road is open."""
    corners = ((-reach, -reach), (-reach, reach), (reach, reach), (reach, -reach))
    return Closure(name, NOON, area=tuple(drawn.at(letter, *each) for each in corners))


@pytest.mark.parametrize("seed", range(12))
def test_all_at_once_is_each_by_itself(seed: int) -> None:
    """Starts, seconds, what has no way, and what is crept through: as `Network.way` says between every pair."""
    chance = random.Random(seed)
    network = Network(TOWN.graph, CchEngine(TOWN.graph), prior("Asia/Jakarta"), NOON, None)
    for number in range(seed % 3):
        network.closures.put(flood(TOWN, chance.choice("ABCDEFGHIJKL"), chance.uniform(20, 120), f"flood-{number}"))
    network.reweigh(NOON)
    positions = [anywhere(chance, TOWN) for _ in range(25)]
    places = [Place(*anywhere(chance, TOWN)[:2]) for _ in range(6)]
    driving = chance.choice(list(Driving))
    starts, goals = network.starts(positions, driving), [network.goal(each, driving) for each in places]
    assert starts == [network.start(each, driving) for each in positions]
    times = drive_times(network, starts, goals, driving)
    for row, start in enumerate(starts):
        for column, goal in enumerate(goals):
            way = network.way(start, goal, driving) if start and goal else None
            if way is None:
                assert np.isnan(times.seconds[row, column])
            else:
                assert times.seconds[row, column] == pytest.approx(way.seconds, abs=1e-6)
                assert times.through.get((row, column), ()) == way.through


def test_a_matrix_without_metres_says_the_same_of_the_time() -> None:
    """Interval, reason and note; only the distance is not asked for."""
    estimator = Estimator(prior("Asia/Jakarta"))
    estimator.load(TOWN.graph, CchEngine(TOWN.graph), NOON)
    assert estimator.network is not None
    estimator.network.closures.put(flood(TOWN, "K", 90.0, "river"))
    estimator.reweigh(NOON)
    chance = random.Random(5)
    positions = [anywhere(chance, TOWN) for _ in range(40)]
    places = [Place(*TOWN.at("K")), Place(*TOWN.at("A", 0, 5000))]
    drivings = [chance.choice(list(Driving)) for _ in positions]
    slow = asyncio.run(estimator.matrix(positions, places, drivings))
    fast = asyncio.run(estimator.matrix(positions, places, drivings, metres=False))
    assert any(drive.note for row in slow for drive in row)
    for slow_row, fast_row in zip(slow, fast, strict=True):
        for one, other in zip(slow_row, fast_row, strict=True):
            assert (one.source, one.model, one.unknown_because, one.note) == (
                other.source, other.model, other.unknown_because, other.note,
            )  # fmt: skip
            assert (one.eta is None) == (other.eta is None)
            if one.eta is not None and other.eta is not None:
                assert [other.eta.p10, other.eta.p50, other.eta.p90] == pytest.approx(
                    [one.eta.p10, one.eta.p50, one.eta.p90]
                )
