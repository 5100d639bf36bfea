"""On any small network, with any weights and any places, the hierarchy, scipy and a textbook's Dijkstra agree."""

import heapq
from itertools import count

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.roads.engines import INFINITE, CchEngine, ScipyEngine
from tracker.roads.graph import RoadGraph
from tracker.roads.router import Router
from tracker.roads.snap import Snap

NODES = 7


@st.composite
def networks(draw: st.DrawFn) -> tuple[RoadGraph, np.ndarray]:
    """Edges between few nodes, so that there are loops, twins, dead ends, islands and several streets side by side."""
    node = st.integers(0, NODES - 1)
    way = st.sampled_from([(True, True), (True, False), (False, True)])
    edges = draw(st.lists(st.tuples(node, node, way), min_size=1, max_size=14))
    place = np.arange(NODES, dtype=float)
    arcs = [(a, b, k, True) for k, (a, b, (ahead, _)) in enumerate(edges) if ahead]
    arcs += [(b, a, k, False) for k, (a, b, (_, back)) in enumerate(edges) if back]
    arcs.sort()
    ends = np.array([(a, b) for a, b, _ in edges])
    graph = RoadGraph(
        node_latitude=place / 1000,
        node_longitude=(place * 3 % NODES) / 1000,
        arc_tail=np.array([a for a, _, _, _ in arcs], np.uint32),
        arc_head=np.array([b for _, b, _, _ in arcs], np.uint32),
        arc_edge=np.array([k for _, _, k, _ in arcs], np.int32),
        arc_forward=np.array([f for _, _, _, f in arcs], bool),
        arc_access=np.full(len(arcs), 3, np.uint8),
        arc_fixed_time=np.full(len(arcs), np.nan, np.float32),
        edge_first=np.arange(len(edges) + 1, dtype=np.int64) * 2,
        shape_latitude=ends.ravel() / 1000,
        shape_longitude=(ends.ravel() * 3 % NODES) / 1000,
        edge_length=np.full(len(edges), 100.0),
        edge_way=np.zeros(len(edges), np.int32),
        way_id=np.ones(1, np.int64),
        way_class=np.zeros(1, np.uint8),
        way_speed=np.full(1, np.nan, np.float32),
        way_name=np.zeros(1, np.int32),
        names=("",),
        region="any",
    )
    weight = st.one_of(st.integers(1, 60), st.just(INFINITE), st.just(INFINITE // 3))
    return graph, np.array(draw(st.lists(weight, min_size=len(arcs), max_size=len(arcs))), np.uint32)


def textbook(graph: RoadGraph, weights: np.ndarray, source: Snap, target: Snap) -> int | None:
    """Dijkstra on the network with two nodes more: the places."""
    out: dict[object, list[tuple[object, int]]] = {}
    for arc in range(graph.arcs):
        weight = int(weights[arc])
        if weight == INFINITE:
            continue
        tail, head = int(graph.arc_tail[arc]), int(graph.arc_head[arc])
        out.setdefault(tail, []).append((head, weight))
        at = {}
        for name, place in (("source", source), ("target", target)):
            if graph.arc_edge[place.arc] == graph.arc_edge[arc]:
                at[name] = place.fraction if place.arc == arc else 1 - place.fraction
        if "source" in at:
            out.setdefault("source", []).append((head, round(weight * (1 - at["source"]))))
        if "target" in at:
            out.setdefault(tail, []).append(("target", round(weight * at["target"])))
        if len(at) == 2 and at["target"] >= at["source"]:
            out.setdefault("source", []).append(("target", round(weight * (at["target"] - at["source"]))))
    number = count()
    queue: list[tuple[int, int, object]] = [(0, next(number), "source")]
    done = set()
    while queue:
        cost, _, node = heapq.heappop(queue)
        if node == "target":
            return cost if cost < INFINITE else None
        if node in done:
            continue
        done.add(node)
        for other, weight in out.get(node, []):
            heapq.heappush(queue, (cost + weight, next(number), other))
    return None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_route_is_as_cheap_as_the_textbooks(data: st.DataObject) -> None:
    """Cost, or that there is none; route and matrix; both engines; and the arcs add up to the cost."""
    graph, weights = data.draw(networks())
    fraction = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    places = [
        Snap(arc, at, 0.0, 0.0, 0.0)
        for arc, at in data.draw(st.lists(st.tuples(st.integers(0, graph.arcs - 1), fraction), min_size=1, max_size=4))
    ]
    truth = [[textbook(graph, weights, source, target) for target in places] for source in places]
    for engine in (CchEngine(graph), ScipyEngine(graph)):
        router = Router(graph, weights, engine)
        for i, source in enumerate(places):
            for j, target in enumerate(places):
                route = router.route(source, target)
                assert (route.cost if route else None) == truth[i][j]
                if route:
                    assert route.costs.sum() == route.cost
                    assert (graph.arc_head[route.arcs[:-1]] == graph.arc_tail[route.arcs[1:]]).all()
                    assert (weights[route.arcs] < INFINITE).all()
        matrix = router.many_to_many(places, places)
        assert [[None if np.isnan(cost) else int(cost) for cost in row] for row in matrix] == truth
