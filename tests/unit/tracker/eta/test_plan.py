"""What is left of a plan is what routing again would find, wherever on it the unit is."""

import numpy as np
import pytest

from tests.fix_map import Drawn, draw
from tracker.eta.plan import Plan, Rest
from tracker.roads.router import Router
from tracker.roads.snap import Snapper

TOWN = """
    A--------B--------C--------D
    |        |        |        |
    |        |        |        |
    E--------F--------G--------H
    |        |        |        |
    |        |        |        |
    I--------J--------K--------L
"""
WAYS = {
    "ABCD": {"highway": "primary", "name": "Jalan Utama"}, "EFGH": {}, "IJKL": {"highway": "secondary"},
    "AEI": {}, "BFJ": {"oneway": "yes"}, "CGK": {}, "DHL": {},
}  # fmt: skip


class Town:
    """The drawn town with a router, and a plan over it."""

    def __init__(self) -> None:
        self.drawn: Drawn = draw(TOWN, WAYS, step=40.0)
        self.router = Router(self.drawn.graph)
        self.snapper = Snapper(self.drawn.graph)

    def plan(self, start: str, goal: str, begin: float = 0.3, end: float = 0.6) -> Plan:
        route = self.router.route(self.drawn.place(start, begin), self.drawn.place(goal, end))
        assert route is not None
        return Plan(self.drawn.graph, route, self.router.weights)

    def rest(self, plan: Plan, latitude: float, longitude: float, course: float | None = None) -> Rest | None:
        near = self.snapper.nearby([latitude], [longitude])
        return plan.rest(near, range(len(near.edge)), course, None)


@pytest.fixture(scope="module")
def town() -> Town:
    """Made once: it does not change."""
    return Town()


@pytest.mark.parametrize(("start", "goal"), [("EI", "DH"), ("LK", "AB"), ("AB", "KL"), ("BF", "CD"), ("IJ", "BF")])
def test_everywhere_on_the_plan_the_rest_is_what_a_new_route_costs(town: Town, start: str, goal: str) -> None:
    """Every end of a cheapest way is a cheapest way: to the millisecond of rounding, at 200 places along each plan."""
    plan = town.plan(start, goal)
    route = plan.route
    last = town.drawn.place(goal, 0.6)
    along = np.linspace(0, len(route.latitude) - 1, 200)
    found = 0
    for at in along[1:-1]:
        latitude = float(np.interp(at, range(len(route.latitude)), route.latitude))
        longitude = float(np.interp(at, range(len(route.longitude)), route.longitude))
        rest, here = town.rest(plan, latitude, longitude), town.snapper.snap(latitude, longitude)
        assert here is not None
        again = town.router.route(here, last)
        assert again is not None
        if rest is not None:
            found += 1
            assert rest.cost == pytest.approx(again.cost, abs=2)
            assert rest.length == pytest.approx(again.length, abs=0.5)
    assert found > 190


def test_the_rest_falls_along_the_way(town: Town) -> None:
    """Cost and length both, from the whole towards nothing."""
    plan = town.plan("EI", "DH")
    places = [(float(y), float(x)) for y, x in zip(plan.route.latitude, plan.route.longitude, strict=True)]
    rests = [rest for place in places if (rest := town.rest(plan, *place)) is not None]
    assert [rest.cost for rest in rests] == sorted((rest.cost for rest in rests), reverse=True)
    assert [rest.length for rest in rests] == sorted((rest.length for rest in rests), reverse=True)


def test_off_the_plan_there_is_no_rest(town: Town) -> None:
    """On another street, off every street, behind the start and beyond the goal."""
    plan = town.plan("AB", "CD", 0.5, 0.5)
    assert town.rest(plan, *town.drawn.at("J")) is None
    assert town.rest(plan, *town.drawn.at("A", 150, -150)) is None
    assert town.rest(plan, *town.drawn.at("A", 10)) is None
    assert town.rest(plan, *town.drawn.at("D", -10)) is None


def test_a_fix_that_wanders_off_the_road_stays_on_the_plan(town: Town) -> None:
    """By less than the receiver's noise, near a crossing where another street is nearer."""
    plan = town.plan("AB", "CD")
    assert town.rest(plan, *town.drawn.at("B", 3, -12), 90.0) is not None


def test_who_drives_against_the_plan_on_a_nearer_road_is_not_on_it() -> None:
    """The two carriageways of an avenue lie 12 m apart: direction tells which."""
    drawn = draw(
        "A---------B\n\nC---------D", {"AB": {"oneway": "yes"}, "DC": {"oneway": "yes"}, "BD": {}, "CA": {}}, step=6.0
    )
    router, snapper = Router(drawn.graph), Snapper(drawn.graph)
    route = router.route(drawn.place("CA", 0.5), drawn.place("BD", 0.5))
    assert route is not None
    plan = Plan(drawn.graph, route, router.weights)
    latitude, longitude = drawn.at("C", 30, 3)
    near = snapper.nearby([latitude], [longitude])
    rows = range(len(near.edge))
    assert plan.rest(near, rows, 90.0, 15.0) is not None
    assert plan.rest(near, rows, 270.0, 15.0) is None
    assert plan.rest(near, rows, 270.0, 0.5) is not None  # standing: the course says nothing


def test_the_end_of_a_plan_continues_it_and_another_way_does_not(town: Town) -> None:
    """That is what decides whether the board fetches the route again."""
    whole = town.plan("EI", "DH")
    assert whole.continues(whole)
    assert town.plan("AB", "DH", 0.2).continues(town.plan("EA", "DH", 0.5))
    assert not town.plan("IJ", "DH").continues(whole)
    assert not whole.continues(town.plan("AB", "DH", 0.2))


def test_the_distance_from_a_plan_is_in_metres(town: Town) -> None:
    """To the nearest point of the whole route."""
    plan = town.plan("AB", "CD")
    assert plan.distance_from(*town.drawn.at("B")) == pytest.approx(0, abs=0.5)
    assert plan.distance_from(*town.drawn.at("B", 0, 500)) == pytest.approx(500, rel=0.01)
