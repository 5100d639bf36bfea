"""A town drawn for tests of arrival times, and drives in it.

Fixtures: `town`, its roads; `roads`, a centre that has them loaded.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from gateway.feeds.live import Eta
from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tests.fix_map import Drawn, draw
from tests.gateway_traffic import MORNING
from tracker.fix import Fix
from tracker.geodesy import bearing, distance
from tracker.roads.engines import CchEngine

UNIT = "ambulans-01"
TOWN = """
A---------B---------C---------D
|         |         |         |
|         |         |         |
|         |         |         |
|         |         |         |
|         |         |         |
|         |         |         |
E---------F---------G---------H
"""
WAYS = {
    "ABCD": {"highway": "primary", "name": "Jalan Utama"}, "EFGH": {"highway": "tertiary"},
    "AE": {}, "BF": {}, "CG": {}, "DH": {},
}  # fmt: skip
PACE = 12.0
"""Metres per second of the units in these tests."""


@pytest.fixture(scope="module")
def town() -> Drawn:
    """Two streets of 3 km, 700 m apart, with four streets between them."""
    return draw(TOWN, WAYS, step=100.0)


@pytest.fixture
def roads(centre: Centre, town: Drawn) -> Centre:
    """The centre with the town's roads loaded."""
    centre.arrivals.estimator.load(town.graph, CchEngine(town.graph), centre.now)
    return centre


def fix_row(second: float, place: tuple[float, float], speed: float = PACE, course: float | None = None) -> Row:
    at = MORNING + timedelta(seconds=second)
    fix = Fix(time=at, latitude=place[0], longitude=place[1], speed=speed, course=course)
    return Row(CENTRE, UNIT, "gnss", fix, at + timedelta(milliseconds=300), "box", int(second * 10))


def along(town: Drawn, letters: str, start: float = 0.0, every: float = 1.0, pace: float = PACE) -> list[Row]:
    """A drive past these letters, a fix each ``every`` seconds."""
    points = [town.places[letter] for letter in letters]
    lengths = [distance(*a, *b) for a, b in pairwise(points)]
    ends = np.concatenate(([0.0], np.cumsum(lengths)))
    rows = []
    for step in range(int(ends[-1] / pace / every) + 1):
        done = step * every * pace
        leg = min(int(np.searchsorted(ends, done, side="right")) - 1, len(lengths) - 1)
        part = (done - ends[leg]) / lengths[leg]
        (y0, x0), (y1, x1) = points[leg], points[leg + 1]
        place = (y0 + (y1 - y0) * part, x0 + (x1 - x0) * part)
        rows.append(fix_row(start + step * every, place, pace, bearing(y0, x0, y1, x1)))
    return rows


def standing(place: tuple[float, float], start: float, seconds: int) -> list[Row]:
    return [fix_row(start + second, place, 0.0) for second in range(seconds)]


def point(place: tuple[float, float]) -> dict[str, float]:
    return {"latitude": place[0], "longitude": place[1]}


async def watch(centre: Centre, rows: Sequence[Row]) -> list[Eta]:
    """Commit fixes one by one; every arrival time that was told."""
    told: list[Eta] = []
    for row in rows:
        await centre.commit([row])
        eta = centre.state(UNIT).eta
        if eta is not None and (not told or eta is not told[-1]):
            told.append(eta)
    return told


async def tick(centre: Centre, seconds: float) -> Eta | None:
    """Time passes without a fix."""
    centre.now += timedelta(seconds=seconds)
    await centre.arrivals.turn(centre.now)
    return centre.state(UNIT).eta


async def send(centre: Centre, place: tuple[float, float], urgency: str = "routine") -> None:
    await centre.ask("PUT", f"units/{UNIT}/destination", point(place) | {"urgency": urgency})
    await centre.arrivals.turn(centre.now)


async def told_events(centre: Centre) -> list[tuple[str, bool]]:
    """(kind, cleared) of every event of the unit's mission that is stored, in order."""
    await centre.arrivals.save()
    mission = centre.arrivals.missions.active[UNIT].id
    events = (await centre.ask("GET", f"missions/{mission}/events"))["events"]
    return [(each["kind"], each["cleared_at"] is not None) for each in events]
