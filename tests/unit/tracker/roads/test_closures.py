"""Closures and slow zones change the weights while they hold, and only there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.fix_map import Drawn, draw
from tracker.roads.closures import CREEP, BrokenClosure, Closure, Closures
from tracker.roads.engines import INFINITE
from tracker.roads.router import Router

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BRIDGES = draw(
    """
    A----B----C
    |    |    |
    |    |    |
    D----E----F
    """,
    {"ABC": {}, "DEF": {}, "AD": {}, "BE": {"name": "bridge"}, "CF": {}},
)


def box(drawn: Drawn, letter: str, east: float, north: float, half: float) -> tuple[tuple[float, float], ...]:
    """A square round a point."""
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    return tuple(drawn.at(letter, east + x, north + y) for x, y in corners)


def test_a_closed_bridge_is_gone_round_while_it_is_closed() -> None:
    """Over the bridge before and after; by the next one meanwhile."""
    router = Router(BRIDGES.graph)
    free = router.weights
    closures = Closures(BRIDGES.graph)
    touched = closures.put(Closure("flood", NOON, NOON + HOUR, area=box(BRIDGES, "B", 0, -15, 5)))
    assert touched == 1
    source, target = BRIDGES.place("AB", 0.9), BRIDGES.place("DE", 0.9)
    paths = {}
    for minutes in (-1, 0, 59, 60):
        router.customise(closures.changed(free, NOON + timedelta(minutes=minutes)))
        paths[minutes] = BRIDGES.path(router.route(source, target))
    assert paths == {-1: "BE", 0: "AD", 59: "AD", 60: "BE"}


def test_a_road_is_closed_by_its_id() -> None:
    """Way 4 of the drawing is the bridge: both of its directions, nothing else."""
    closures = Closures(BRIDGES.graph, [Closure("works", NOON, ways=(4,))])
    changed = closures.changed(Router(BRIDGES.graph).weights, NOON)
    closed = {BRIDGES.graph.name_of(arc) for arc in np.flatnonzero(changed == INFINITE).tolist()}
    assert closed == {"bridge"}
    assert np.count_nonzero(changed == INFINITE) == 2


def test_a_slow_zone_slows_what_lies_inside() -> None:
    """Half an edge at three times the time costs twice as much; what is outside costs the same."""
    graph = BRIDGES.graph
    weights = np.full(graph.arcs, 1000, np.uint32)
    closures = Closures(graph, [Closure("market", NOON, area=box(BRIDGES, "B", -25, 0, 12.5), factor=3.0)])
    changed = closures.changed(weights, NOON)
    for ends in ("AB", "BA"):
        assert changed[BRIDGES.arc(ends)] == pytest.approx(2000, abs=5)
    assert np.count_nonzero(changed != 1000) == 2
    assert (weights == 1000).all()


def test_of_several_the_slowest_holds() -> None:
    """A closure beats a slow zone, whichever came first; a closed arc stays closed, and nothing overflows."""
    graph = BRIDGES.graph
    slow, closed = Closure("a", NOON, ways=(4,), factor=2.0), Closure("b", NOON, ways=(4,))
    bridge = BRIDGES.arc("BE")
    for order in ([slow, closed], [closed, slow]):
        assert Closures(graph, order).changed(np.full(graph.arcs, 7, np.uint32), NOON)[bridge] == INFINITE
    closures = Closures(graph, [slow, Closure("c", NOON, ways=(4,), factor=5.0)])
    assert closures.changed(np.full(graph.arcs, 7, np.uint32), NOON)[bridge] == 35
    for weight in (INFINITE, INFINITE - 1):
        assert closures.changed(np.full(graph.arcs, weight, np.uint32), NOON)[bridge] == INFINITE


def test_closures_are_put_replaced_and_taken_back() -> None:
    """By their id; and the next change is known."""
    closures = Closures(BRIDGES.graph, [Closure("x", NOON, NOON + HOUR, ways=(4,))])
    assert [closure.id for closure in closures.holding_at(NOON)] == ["x"]
    assert closures.next_change(NOON - HOUR) == NOON
    assert closures.next_change(NOON) == NOON + HOUR
    assert closures.next_change(NOON + HOUR) is None
    closures.put(Closure("x", NOON + HOUR, ways=(4,)))
    assert closures.holding_at(NOON) == []
    assert closures.remove("x")
    assert not closures.remove("x")
    assert closures.next_change(NOON) is None


TRIANGLE = ((-7.0, 111.0), (-7.1, 111.0), (-7.0, 111.1))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "names no area, no line and no ways"),
        ({"area": TRIANGLE[:2]}, "no polygon"),
        ({"area": (*TRIANGLE[:2], (-7.2, 111.0))}, "no polygon"),
        ({"area": ((-7.0, 111.0), (-7.1, 111.1), (-7.0, 111.1), (-7.1, 111.0))}, "crosses itself"),
        ({"ways": (1,), "factor": 0.5}, "factor"),
        ({"ways": (1,), "factor": float("nan")}, "factor"),
        ({"ways": (1,), "end": NOON}, "ends before"),
        ({"ways": (1,), "start": NOON.replace(tzinfo=None)}, "time zone"),
    ],
)
def test_a_closure_that_says_nothing_is_refused(wrong: dict[str, Any], says: str) -> None:
    """With the reason, before it reaches the roads."""
    good: dict[str, Any] = {"id": "x", "start": NOON}
    with pytest.raises(BrokenClosure, match=says):
        Closure(**good | wrong)


STREETS = draw(
    """
    A---------B---------C---------D
              |         |         |
              |         |         |
              E---------F---------G
    """,
    {"ABCD": {"name": "high"}, "EFG": {"name": "low"}, "BE": {}, "CF": {}, "DG": {}},
    step=20.0,
)


def closed_by(closure: Closure, drawn: Drawn = STREETS) -> set[tuple[str, int]]:
    """(street, metres) of every piece of road that is closed."""
    closures, graph = Closures(drawn.graph), drawn.graph
    return {
        (graph.name_of(int(graph.edge_arcs[edge].max())), round(float(graph.edge_length[edge])))
        for edge in closures.touching(closure).tolist()
    }


def test_a_point_closes_the_piece_of_road_that_it_lies_on() -> None:
    """Ten metres beside the street, between two junctions: that piece, and no other."""
    assert closed_by(Closure("hole", NOON, line=(STREETS.at("A", 60, 10),))) == {("high", 200)}
    assert closed_by(Closure("hole", NOON, line=(STREETS.at("C", 0, -30),))) == {("", 60)}


def test_a_line_closes_what_it_was_drawn_along_and_not_what_it_crosses() -> None:
    """From within AB to a little beyond C: AB and BC, neither the side streets nor the next piece."""
    line = (STREETS.at("A", 120, 6), STREETS.at("B", 50, -5), STREETS.at("C", 12, 4))
    closures = Closures(STREETS.graph)
    assert closures.put(Closure("market", NOON, line=line)) == 2
    assert closed_by(Closure("market", NOON, line=line)) == {("high", 200)}
    changed = closures.changed(Router(STREETS.graph).weights, NOON)
    assert np.count_nonzero(changed == INFINITE) == 4


def test_a_line_drawn_beside_its_road_does_not_close_the_streets_that_it_crosses() -> None:
    """20 m to the south, where the side streets are nearer to it than the road that it runs along."""
    line = (STREETS.at("A", 20, -20), STREETS.at("D", -20, -20))
    closures = Closures(STREETS.graph)
    assert closures.put(Closure("market", NOON, line=line)) == 3
    assert closed_by(Closure("market", NOON, line=line)) == {("high", 200)}


def test_a_line_or_a_point_far_from_any_road_touches_nothing() -> None:
    """Which is for the caller to tell."""
    assert closed_by(Closure("sea", NOON, line=(STREETS.at("A", -200, 300),))) == set()
    assert closed_by(Closure("sea", NOON, line=(STREETS.at("A", 0, 90), STREETS.at("D", 0, 90)))) == set()


def test_ways_that_are_not_here_are_named() -> None:
    """Ids of another extract."""
    closures = Closures(STREETS.graph)
    assert closures.unknown_ways(Closure("works", NOON, ways=(1, 77, 2, 99))) == [77, 99]
    assert closures.unknown_ways(Closure("works", NOON, line=(STREETS.at("A"),))) == []


def test_out_of_a_flood_one_creeps() -> None:
    """What is passable by leave takes `CREEP` times as long; another closure on the same road stays closed."""
    graph = STREETS.graph
    weights = np.full(graph.arcs, 1000, np.uint32)
    flood = Closure("flood", NOON, line=(STREETS.at("A", 60),))
    closures = Closures(graph, [flood])
    changed = closures.changed(weights, NOON, passable={"flood"})
    assert sorted(np.unique(changed).tolist()) == [1000, 1000 * CREEP]
    closures.put(Closure("hole", NOON, line=flood.line))
    assert INFINITE in closures.changed(weights, NOON, passable={"flood"})


def test_what_closes_an_edge_now_is_told() -> None:
    """Slow zones do not, nor what has yet to begin."""
    graph = STREETS.graph
    line = (STREETS.at("A", 60),)
    closures = Closures(graph, [Closure("now", NOON, line=line), Closure("later", NOON + HOUR, line=line)])
    closures.put(Closure("slow", NOON, line=line, factor=3.0))
    (edge,) = closures.touching(Closure("now", NOON, line=line)).tolist()
    assert [each.id for each in closures.closing(edge, NOON)] == ["now"]
    assert [each.id for each in closures.closing(edge, NOON + HOUR)] == ["now", "later"]


@pytest.mark.parametrize("point", [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0)])
def test_a_point_that_is_not_on_earth_is_refused(point: tuple[float, float]) -> None:
    """In a line as in an area."""
    with pytest.raises(BrokenClosure, match="not on earth"):
        Closure("x", NOON, line=(point,))
