"""Routes on drawn maps: which way, how long, and where there is none. Both engines answer alike."""

import numpy as np
import pytest

from tests.fix_map import Drawn, draw
from tracker.geodesy import distances
from tracker.roads.engines import INFINITE, CchEngine, Engine, ScipyEngine
from tracker.roads.graph import Profile, RoadGraph
from tracker.roads.router import Router
from tracker.roads.weights import free_flow

SQUARE = """
    A---------B
    |         |
    |         |
    D---------C
"""
RING = {"AB": {"name": "Utara"}, "BC": {"name": "Timur"}, "CD": {"name": "Selatan"}, "DA": {"name": "Barat"}}


@pytest.fixture(params=[CchEngine, ScipyEngine])
def engine(request: pytest.FixtureRequest) -> type[CchEngine] | type[ScipyEngine]:
    kind: type[CchEngine] | type[ScipyEngine] = request.param
    return kind


def router_on(drawn: Drawn, kind: type[CchEngine] | type[ScipyEngine]) -> Router:
    """A router whose weights are ten milliseconds a metre, so that costs read as lengths."""
    engine: Engine = kind(drawn.graph)
    weights = np.maximum(1, np.rint(drawn.graph.arc_length * 10)).astype(np.uint32)
    return Router(drawn.graph, weights, engine)


def test_the_short_way_round_is_taken(engine: type[CchEngine]) -> None:
    """From the middle of one side of a block to another place, over the nearer corner; names and lengths in order."""
    roads = draw(SQUARE, RING)
    route = router_on(roads, engine).route(roads.place("AB", 0.75), roads.place("BC", 0.5))
    assert roads.path(route) == "B"
    assert route is not None
    assert [street.name for street in route.streets] == ["Utara", "Timur"]
    assert route.streets[0].length == pytest.approx(25, rel=0.02)
    assert route.streets[1].begins == pytest.approx(25, rel=0.02)
    assert route.length == pytest.approx(40, rel=0.02)
    assert route.cost == pytest.approx(400, rel=0.02)
    assert route.duration == route.cost / 1000


def test_a_two_way_street_is_left_in_either_direction(engine: type[CchEngine]) -> None:
    """The arc of a snap does not bind the route: near A it leaves by A, near B by B."""
    roads = draw(SQUARE, RING)
    router = router_on(roads, engine)
    for arc, near_a, near_b in (("AB", 0.1, 0.9), ("BA", 0.9, 0.1)):
        assert roads.path(router.route(roads.place(arc, near_a), roads.place("DA", 0.5))) == "A"
        assert roads.path(router.route(roads.place(arc, near_b), roads.place("BC", 0.5))) == "B"


def test_on_one_arc_the_route_is_what_lies_between(engine: type[CchEngine]) -> None:
    """Forwards and backwards on a two-way street, however the places were snapped; of no length to itself."""
    roads = draw(SQUARE, RING)
    router = router_on(roads, engine)
    for source in (roads.place("AB", 0.2), roads.place("BA", 0.8)):
        for target in (roads.place("AB", 0.7), roads.place("BA", 0.3)):
            for one, other in ((source, target), (target, source)):
                route = router.route(one, other)
                assert route is not None
                assert len(route.arcs) == 1
                assert route.length == pytest.approx(50, rel=0.02)
                assert (route.latitude[0], route.longitude[0]) == pytest.approx((one.latitude, one.longitude))
                assert (route.latitude[-1], route.longitude[-1]) == pytest.approx((other.latitude, other.longitude))
    still = router.route(source, source)
    assert still is not None
    assert (still.cost, still.length) == (0, 0)


def test_against_a_one_way_street_the_route_goes_round(engine: type[CchEngine]) -> None:
    """Ten metres behind on a one-way street is a whole block away; ten metres ahead is ten metres."""
    roads = draw(SQUARE, RING | {"AB": {"oneway": "yes"}})
    router = router_on(roads, engine)
    back = router.route(roads.place("AB", 0.6), roads.place("AB", 0.5))
    assert roads.path(back) == "BCDA"
    assert back is not None
    assert back.length == pytest.approx(250, rel=0.02)
    ahead = router.route(roads.place("AB", 0.5), roads.place("AB", 0.6))
    assert ahead is not None
    assert ahead.length == pytest.approx(10, rel=0.02)


def test_a_loop_that_begins_where_it_ends(engine: type[CchEngine]) -> None:
    """A cul-de-sac with one junction: both ways round it, and the shorter one is taken."""
    roads = draw(
        """
        E---A---B
            |   |
            D---C
        """,
        {"EA": {}, "ABCDA": {}},
    )
    router = router_on(roads, engine)
    arc = next(k for k in range(roads.graph.arcs) if roads.graph.arc_tail[k] == roads.graph.arc_head[k])
    assert roads.graph.arc_length[arc] == pytest.approx(120, rel=0.02)
    place = roads.place("AA", 0.1)
    route = router.route(place, roads.place("AE", 0.5))
    assert route is not None
    assert route.length == pytest.approx(12 + 20, rel=0.02)
    far = router.route(place, roads.place("AA", 0.95))
    assert far is not None
    assert far.length == pytest.approx(120 * 0.15, rel=0.02), "over the junction, not along the loop"


def test_of_two_streets_between_the_same_corners_the_cheaper_is_driven(engine: type[CchEngine]) -> None:
    """The arcs of a route are those of the street meant, also where only the weights tell them apart."""
    roads = draw(
        """
          F---G
          |   |
        X-A---B-Y
        """,
        {"XA": {}, "AB": {"name": "straight"}, "AFGB": {"name": "bent"}, "BY": {}},
    )
    router = router_on(roads, engine)
    source, target = roads.place("XA", 0.5), roads.place("BY", 0.5)
    first = router.route(source, target)
    assert first is not None
    assert [street.name for street in first.streets] == ["", "straight", ""]
    straight = [arc for arc in range(roads.graph.arcs) if roads.graph.name_of(arc) == "straight"]
    weights = router.weights.copy()
    weights[straight] *= 10
    router.customise(weights)
    second = router.route(source, target)
    assert second is not None
    assert [street.name for street in second.streets] == ["", "bent", ""]
    assert len(second.latitude) == 6  # both places, A, F, G, B


def test_the_geometry_follows_the_bends_in_the_direction_of_driving(engine: type[CchEngine]) -> None:
    """A winding street, drawn from A to F, driven either way, from and to places between its bends."""
    roads = draw(
        """
        A---B   E---F---G
            |   |
            C---D
        """,
        {"ABCDEF": {}, "FG": {}},
    )
    router = router_on(roads, engine)
    early, late = roads.place("AF", 0.1), roads.place("AF", 0.9)  # on AB and on EF
    there, back = router.route(early, roads.place("FG", 0.5)), router.route(roads.place("FG", 0.5), early)
    within = router.route(late, early)
    for route, letters in ((there, "BCDEF"), (back, "FEDCB"), (within, "EDCB")):
        assert route is not None
        points = zip(route.latitude[1:-1].tolist(), route.longitude[1:-1].tolist(), strict=True)
        for point, letter in zip(points, letters, strict=True):
            assert point == pytest.approx(roads.at(letter), abs=1e-9)
        ends = distances(route.latitude[:-1], route.longitude[:-1], route.latitude[1:], route.longitude[1:])
        assert float(ends.sum()) == pytest.approx(route.length, abs=0.01)


def test_closed_arcs_are_not_driven_and_no_way_is_no_route(engine: type[CchEngine]) -> None:
    """Unknown is None and NaN: never a cost of 0."""
    roads = draw("A---B---C---D", {"AB": {}, "BC": {}, "CD": {}})
    router = router_on(roads, engine)
    weights = router.weights.copy()
    weights[[arc for arc in (roads.arc("BC"), roads.arc("CB")) if arc is not None]] = INFINITE
    router.customise(weights)
    a, d = roads.place("AB", 0.5), roads.place("CD", 0.5)
    assert router.route(a, d) is None
    costs = router.many_to_many([a, d], [a, d])
    assert np.isnan(costs).tolist() == [[False, True], [True, False]]
    assert costs[0, 0] == 0
    closed = roads.place("BC", 0.5)
    assert router.route(closed, a) is None
    assert router.route(closed, closed) is None
    assert np.isnan(router.one_to_many(closed, [a, d])).all()


def test_routers_beside_each_other_have_weights_of_their_own(engine: type[CchEngine]) -> None:
    """Lights and sirens and normal driving share a network, and neither changes the other."""
    roads = draw(SQUARE, RING)
    normal = router_on(roads, engine)
    hurried = normal.beside(normal.weights // 2)
    source, target = roads.place("AB", 0.5), roads.place("CD", 0.5)
    slow, fast = normal.route(source, target), hurried.route(source, target)
    assert slow is not None
    assert fast is not None
    assert fast.cost == pytest.approx(slow.cost / 2, abs=4)
    normal.customise(normal.weights * 3)
    again = hurried.route(source, target)
    assert again is not None
    assert again.cost == fast.cost


def test_many_to_many_is_each_pair_alone(engine: type[CchEngine]) -> None:
    """Every cell of the matrix is the cost of that route, for places on one edge, at its ends, and twice the same."""
    roads = draw(SQUARE, RING | {"AB": {"oneway": "yes"}})
    router = router_on(roads, engine)
    places = [roads.place(ends, at) for ends in ("AB", "BC", "DA", "AD") for at in (0.0, 0.3, 0.3, 1.0)]
    costs = router.many_to_many(places, places)
    for i, source in enumerate(places):
        assert np.array_equal(router.one_to_many(source, places), costs[i])
        for j, target in enumerate(places):
            route = router.route(source, target)
            assert route is not None
            assert route.cost == costs[i, j]
    assert router.many_to_many([], places).shape == (0, len(places))
    assert router.one_to_many(places[0], []).shape == (0,)


def test_the_field_is_the_cost_at_every_node(engine: type[CchEngine]) -> None:
    """From the middle of a side, corners are half, half, and one and a half sides away."""
    roads = draw("A----B----C\n", {"AB": {}, "BC": {"oneway": "no"}})
    router = router_on(roads, engine)
    field = router.field(roads.place("AB", 0.5))
    assert [round(field[roads.nodes(letter)[0]], -1) for letter in "ABC"] == [250, 250, 750]


def test_a_ferry_costs_its_crossing(engine: type[CchEngine]) -> None:
    """The stated time is spread over its pieces; the speed of a model does not change it."""
    roads = draw(
        "A---B-----C---D",
        {"AB": {}, "BC": {"route": "ferry", "duration": "00:10"}, "CD": {}},
    )
    router = Router(roads.graph, free_flow(roads.graph), engine(roads.graph))
    route = router.route(roads.place("AB", 1.0), roads.place("CD", 0.0))
    assert route is not None
    assert route.duration == pytest.approx(600, abs=0.01)


def test_weights_that_are_no_weights_are_refused() -> None:
    """Wrong in number, negative, or with fractions: the old ones stay."""
    roads = draw(SQUARE, RING)
    router = router_on(roads, CchEngine)
    before = router.weights
    arcs = roads.graph.arcs
    for wrong in (np.ones(arcs + 1, np.uint32), np.full(arcs, -1), np.ones(arcs), np.ones((arcs, 1), np.uint32)):
        with pytest.raises(ValueError):
            router.customise(wrong)
    assert router.weights is before
    router.customise(np.zeros(arcs, np.int64))
    assert set(router.weights.tolist()) == {1}
    router.customise(np.full(arcs, 2**40))
    assert set(router.weights.tolist()) == {INFINITE}


def test_a_place_of_another_network_is_refused() -> None:
    """The engine would read memory that is not its own."""
    small, large = draw("A--B", {"AB": {}}), draw(SQUARE, RING)
    place = large.place("DA", 0.5)
    assert place.arc >= small.graph.arcs
    with pytest.raises(ValueError, match="does not have"):
        router_on(small, CchEngine).route(place, place)
    with pytest.raises(ValueError, match="another graph"):
        CchEngine(small.graph, CchEngine(large.graph).topology)


def test_free_flow_closes_what_a_profile_may_not_drive() -> None:
    """A path is for the motor-ambulance; the ambulance goes round by road."""
    roads = draw(SQUARE + "\n", {"AB": {}, "BC": {}, "CD": {}, "AD": {"highway": "path"}})
    graph: RoadGraph = roads.graph
    path = roads.arc("AD")
    assert free_flow(graph, Profile.CAR)[path] == INFINITE
    assert free_flow(graph, Profile.MOTORCYCLE)[path] < INFINITE
