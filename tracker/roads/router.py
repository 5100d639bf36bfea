"""Routes and costs between places on the network, as exact as Dijkstra and fast enough for every fix of every unit.

A place lies somewhere on an arc (`Snap`). On a two-way street a route may leave a place in either direction and come to
one from either side; on a one-way street only with it, so that what lies behind is reached by going round. The part of
an arc that is driven costs its part of the arc's weight, rounded to a millisecond.

Turn restrictions are not modelled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.roads.engines import INFINITE, Engine, Weights, best_engine
from tracker.roads.graph import RoadGraph
from tracker.roads.snap import Snap
from tracker.roads.weights import free_flow


class Street(NamedTuple):
    """A stretch of a route on one street."""

    name: str  # "" where the map has none
    begins: float  # metres from the start of the route
    length: float  # metres


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """The cheapest way from one place to another: k arcs, p points."""

    cost: int  # milliseconds, by the weights of the router
    length: float  # metres
    arcs: NDArray[np.int32]  # [k] in the order of driving
    parts: NDArray[np.float64]  # [k] how much of each arc is driven: 1, but for the first and the last
    costs: NDArray[np.int64]  # [k] milliseconds of each; their sum is `cost`
    latitude: NDArray[np.float64]  # [p] degrees, from place to place along the shape of the road
    longitude: NDArray[np.float64]  # [p] degrees
    streets: tuple[Street, ...]  # in the order of driving

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.cost / 1000


@dataclass(frozen=True, slots=True)
class _Ends:
    """What joins places to nodes: two columns, the arc of the snap and its twin; `INFINITE` where there is none."""

    node: NDArray[np.uint32]  # [places, 2]
    cost: NDArray[np.int64]  # [places, 2] milliseconds


class Router:
    """Answers for one network with one set of weights. One thread at a time."""

    def __init__(self, graph: RoadGraph, weights: Weights | None = None, engine: Engine | None = None) -> None:
        """A router with these weights (`customise`), or those of empty roads for an ambulance.

        Args:
            graph: the network.
            weights: as in `customise`.
            engine: `best_engine` unless given; one that was loaded with its region saves the second it takes to make.
        """
        self.graph = graph
        self._engine = engine or best_engine(graph)
        # One number out of a memoryview takes a tenth of the time that one out of an array takes.
        self._tail, self._head = graph.arc_tail.data, graph.arc_head.data
        self._twin = graph.arc_twin.data
        self.customise(free_flow(graph) if weights is None else weights)

    @property
    def weights(self) -> Weights:
        """[m] milliseconds, as routed by."""
        return self._weights

    def customise(self, weights: ArrayLike) -> None:
        """Route by these weights from now on.

        Args:
            weights: [m] milliseconds of each arc, whole numbers. 0 counts as 1; `INFINITE` or more closes the arc.
        Raises:
            ValueError: they are not as many as the arcs, or not whole numbers from 0.
        """
        checked = self._checked(weights)
        self._engine.customise(checked)
        self._weights, self._weight = checked, checked.data

    def beside(self, weights: ArrayLike) -> "Router":
        """Another router for the same network with weights of its own; both may be asked in turn."""
        return Router(self.graph, self._checked(weights), self._engine.beside())

    def _checked(self, weights: ArrayLike) -> Weights:
        given = np.asarray(weights)
        if given.shape != (self.graph.arcs,) or given.dtype.kind not in "ui":
            raise ValueError(f"weights are {self.graph.arcs} whole numbers, not {given.dtype} of shape {given.shape}")
        if given.dtype.kind == "i" and given.min() < 0:
            raise ValueError("a weight is negative")
        checked = np.asarray(np.clip(given, 1, INFINITE), np.uint32)
        checked.setflags(write=False)
        return checked

    def route(self, source: Snap, target: Snap) -> Route | None:
        """The cheapest way between two places, or None if there is none."""
        out, into = self._sides(source), self._sides(target)
        # (cost, first arc, cost of its part, last arc, cost of its part): over nodes, or on one arc.
        best = (INFINITE, -1, 0, -1, 0)
        for arc, along, weight in out:
            for other, to, _ in into:
                if other == arc and to >= along:
                    cost = round(weight * (to - along))
                    best = min(best, (cost, arc, cost, -1, 0))
        if out and into:
            leave = [(self._head[arc], round(weight * (1.0 - along))) for arc, along, weight in out]
            come = [(self._tail[arc], round(weight * along)) for arc, along, weight in into]
            between = self._engine.matrix(
                np.array([node for node, _ in leave], np.uint32), np.array([node for node, _ in come], np.uint32)
            ).tolist()
            for a, (_, begin) in enumerate(leave):
                for b, (_, end) in enumerate(come):
                    if between[a][b] < INFINITE:
                        best = min(best, (begin + between[a][b] + end, out[a][0], begin, into[b][0], end))
        cost, first, begin, last, end = best
        if cost >= INFINITE:
            return None
        if last < 0:
            return self._described([first], source, target, np.array([cost], np.int64))
        path = self._engine.path(self._head[first], self._tail[last])
        if path is None:
            raise AssertionError("the engine found a cost and no path")
        arcs = [first, *path[1], last]
        costs = self._weights[arcs].astype(np.int64)
        costs[0], costs[-1] = begin, end
        return self._described(arcs, source, target, costs)

    def one_to_many(self, source: Snap, targets: Sequence[Snap]) -> NDArray[np.float64]:
        """Costs in milliseconds to each target, float64[targets]; NaN where there is no way."""
        costs: NDArray[np.float64] = self.many_to_many([source], targets)[0]
        return costs

    def many_to_many(self, sources: Sequence[Snap], targets: Sequence[Snap]) -> NDArray[np.float64]:
        """Costs in milliseconds, float64[sources, targets]; NaN where there is no way."""
        if not sources or not targets:
            return np.zeros((len(sources), len(targets)))
        out, into = self._departures(sources), self._arrivals(targets)
        best = self._direct(sources, targets)
        leaving, leave = np.unique(out.node, return_inverse=True)
        coming, come = np.unique(into.node, return_inverse=True)
        between = self._engine.matrix(leaving, coming).astype(np.int64)
        leave, come = leave.reshape(out.node.shape), come.reshape(into.node.shape)
        for a in range(2):
            for b in range(2):
                nodes = between[leave[:, a][:, None], come[:, b][None, :]]
                total = out.cost[:, a][:, None] + nodes + into.cost[:, b][None, :]
                best = np.where(nodes < INFINITE, np.minimum(best, total), best)
        return np.asarray(np.where(best < INFINITE, best, np.nan), np.float64)

    def field(self, source: Snap) -> NDArray[np.float64]:
        """Costs in milliseconds from a place to every node, float64[n]; NaN where there is no way."""
        out = self._departures([source])
        every = np.arange(self.graph.nodes, dtype=np.uint32)
        between = self._engine.matrix(out.node[0], every).astype(np.int64)
        best = np.where(between < INFINITE, between + out.cost[0][:, None], INFINITE).min(axis=0)
        return np.asarray(np.where(best < INFINITE, best, np.nan), np.float64)

    def _sides(self, place: Snap) -> list[tuple[int, float, int]]:
        """The open arcs at a place, its own and the twin of that: (arc, fraction along it, weight)."""
        self._check(place.arc, place.arc)
        along = min(max(place.fraction, 0.0), 1.0)
        both = ((place.arc, along), (self._twin[place.arc], 1.0 - along))
        return [(arc, at, self._weight[arc]) for arc, at in both if arc >= 0 and self._weight[arc] < INFINITE]

    def _check(self, least: int, most: int) -> None:
        if least < 0 or most >= self.graph.arcs:
            raise ValueError("a place on an arc that this network does not have")

    def _both(self, places: Sequence[Snap]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Arc and twin of each place, [places, 2], and how far along them it lies."""
        own = np.array([place.arc for place in places], np.int64)
        self._check(int(own.min()), int(own.max()))
        along = np.clip(np.array([place.fraction for place in places], np.float64), 0.0, 1.0)
        arcs = np.stack((own, self.graph.arc_twin[own].astype(np.int64)), axis=1)
        return arcs, np.stack((along, 1.0 - along), axis=1)

    def _parts(self, arcs: NDArray[np.int64], part: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cost of a part of each arc; `INFINITE` where the arc is not there or closed."""
        weight = np.where(arcs < 0, INFINITE, self._weights[arcs]).astype(np.int64)
        return np.where(weight < INFINITE, np.rint(weight * part).astype(np.int64), INFINITE)

    def _departures(self, places: Sequence[Snap]) -> _Ends:
        arcs, along = self._both(places)
        return _Ends(self.graph.arc_head[arcs], self._parts(arcs, 1.0 - along))

    def _arrivals(self, places: Sequence[Snap]) -> _Ends:
        arcs, along = self._both(places)
        return _Ends(self.graph.arc_tail[arcs], self._parts(arcs, along))

    def _direct(self, sources: Sequence[Snap], targets: Sequence[Snap]) -> NDArray[np.int64]:
        """Costs without leaving the arc, [sources, targets]; `INFINITE` where that does not do."""
        source_arcs, begin = self._both(sources)
        target_arcs, end = self._both(targets)
        best = np.full((len(sources), len(targets)), INFINITE, np.int64)
        edge = self.graph.arc_edge
        near, far = np.nonzero(edge[source_arcs[:, 0]][:, None] == edge[target_arcs[:, 0]][None, :])
        for side in range(2):
            for other in range(2):
                arc, ahead = source_arcs[near, side], end[far, other] - begin[near, side]
                cost = self._parts(arc, np.maximum(ahead, 0.0))
                good = (arc == target_arcs[far, other]) & (ahead >= 0)
                best[near[good], far[good]] = np.minimum(best[near[good], far[good]], cost[good])
        return best

    def _described(self, arcs: list[int], source: Snap, target: Snap, costs: NDArray[np.int64]) -> Route:
        """The route over these arcs from a place on the first to a place on the last."""
        graph = self.graph
        driven = np.array(arcs, np.int32)
        begin = source.fraction if driven[0] == source.arc else 1.0 - source.fraction
        end = target.fraction if driven[-1] == target.arc else 1.0 - target.fraction
        parts = np.ones(len(arcs))
        parts[0] -= begin
        parts[-1] -= 1.0 - end
        lengths = parts * graph.arc_length[driven]
        points = _inner_points(graph, driven, begin, end)
        latitude, longitude = np.empty(len(points) + 2), np.empty(len(points) + 2)
        latitude[0], latitude[1:-1], latitude[-1] = source.latitude, graph.shape_latitude[points], target.latitude
        longitude[0], longitude[1:-1], longitude[-1] = source.longitude, graph.shape_longitude[points], target.longitude
        return Route(
            cost=int(costs.sum()),
            length=float(lengths.sum()),
            arcs=driven,
            parts=parts,
            costs=costs,
            latitude=latitude,
            longitude=longitude,
            streets=_streets(graph, driven, lengths),
        )


def _inner_points(graph: RoadGraph, arcs: NDArray[np.int32], begin: float, end: float) -> NDArray[np.int64]:
    """Shape points between a place on the first arc and a place on the last, as indices, each junction once."""
    edges = graph.arc_edge[arcs]
    first, last = graph.edge_first[edges], graph.edge_first[edges + 1] - 1
    step = np.where(graph.arc_forward[arcs], 1, -1)
    counts = last - first  # without the last point of each arc: it is the first of the next
    before = np.cumsum(counts) - counts
    start = np.where(step > 0, first, last) - step * before
    points: NDArray[np.int64] = np.repeat(start, counts) + np.arange(before[-1] + counts[-1]) * np.repeat(step, counts)
    points = np.append(points, last[-1] if step[-1] > 0 else first[-1])
    # Of the first arc what lies behind the place goes, of the last what lies beyond.
    low = int(np.count_nonzero(_along(graph, int(arcs[0]), begin) <= 0))
    high = len(points) - int(np.count_nonzero(_along(graph, int(arcs[-1]), end) >= 0))
    return points[low : max(low, high)]


def _along(graph: RoadGraph, arc: int, fraction: float) -> NDArray[np.float64]:
    """Metres from a place on an arc to each point of it, negative behind the place."""
    edge = graph.arc_edge[arc]
    offset = graph.shape_offset[graph.edge_first[edge] : graph.edge_first[edge + 1]]
    far: NDArray[np.float64] = offset if graph.arc_forward[arc] else offset[-1] - offset
    metres: NDArray[np.float64] = far - fraction * offset[-1]
    return metres


def _streets(graph: RoadGraph, arcs: NDArray[np.int32], lengths: NDArray[np.float64]) -> tuple[Street, ...]:
    named = graph.arc_name[arcs]
    change = np.flatnonzero(named[1:] != named[:-1]) + 1
    begins = np.concatenate(([0], change))
    each = np.add.reduceat(lengths, begins).tolist()
    streets, before = [], 0.0
    for name, length in zip(named[begins].tolist(), each, strict=True):
        streets.append(Street(graph.names[name], before, length))
        before += length
    return tuple(streets)
