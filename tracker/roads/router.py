"""Routes and costs between places on the network, as exact as Dijkstra and fast enough for every fix of every unit.

A place lies somewhere on an arc (`Snap`). On a two-way street a route may leave a place in either direction and come to
one from either side; on a one-way street only with it, so that what lies behind is reached by going round. The part of
an arc that is driven costs its part of the arc's weight, rounded to a millisecond.

Turn restrictions are not modelled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.roads.engines import INFINITE, CchEngine, Engine, Weights
from tracker.roads.graph import RoadGraph
from tracker.roads.snap import Snap
from tracker.roads.weights import free_flow


@dataclass(frozen=True, slots=True)
class Street:
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
    arc: NDArray[np.int64]  # [places, 2]


class Router:
    """Answers for one network with one set of weights. One thread at a time."""

    def __init__(self, graph: RoadGraph, weights: Weights | None = None, engine: Engine | None = None) -> None:
        """A router with these weights (`customise`), or those of empty roads for an ambulance.

        Args:
            graph: the network.
            weights: as in `customise`.
            engine: a `CchEngine` unless given; one that was loaded with its region saves the second it takes to make.
        """
        self.graph = graph
        self._engine = engine or CchEngine(graph)
        self._weights = self._checked(free_flow(graph) if weights is None else weights)
        self._engine.customise(self._weights)

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
        self._weights = checked

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
        out, into = self._departures([source]), self._arrivals([target])
        direct, direct_arc = self._direct([source], [target])
        best, chosen = int(direct[0, 0]), (-1, -1)
        between = self._engine.matrix(out.node[0], into.node[0])
        for a in range(2):
            for b in range(2):
                if between[a, b] >= INFINITE:
                    continue
                total = int(out.cost[0, a]) + int(between[a, b]) + int(into.cost[0, b])
                if total < min(best, INFINITE):
                    best, chosen = total, (a, b)
        if best >= INFINITE:
            return None
        if chosen == (-1, -1):
            arc = int(direct_arc[0, 0])
            begin, end = self._along(source, arc), self._along(target, arc)
            return self._described(np.array([arc], np.int32), begin, end, np.array([best], np.int64))
        a, b = chosen
        path = self._engine.path(int(out.node[0, a]), int(into.node[0, b]))
        if path is None:
            raise AssertionError("the engine found a cost and no path")
        first, last = int(out.arc[0, a]), int(into.arc[0, b])
        arcs = np.array([first, *path[1], last], np.int32)
        costs = self._weights[arcs].astype(np.int64)
        costs[0], costs[-1] = out.cost[0, a], into.cost[0, b]
        return self._described(arcs, self._along(source, first), self._along(target, last), costs)

    def one_to_many(self, source: Snap, targets: Sequence[Snap]) -> NDArray[np.float64]:
        """Costs in milliseconds to each target, float64[targets]; NaN where there is no way."""
        costs: NDArray[np.float64] = self.many_to_many([source], targets)[0]
        return costs

    def many_to_many(self, sources: Sequence[Snap], targets: Sequence[Snap]) -> NDArray[np.float64]:
        """Costs in milliseconds, float64[sources, targets]; NaN where there is no way."""
        if not sources or not targets:
            return np.zeros((len(sources), len(targets)))
        out, into = self._departures(sources), self._arrivals(targets)
        best, _ = self._direct(sources, targets)
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

    def _along(self, place: Snap, arc: int) -> float:
        """Fraction of the place on the arc, which is its own or the twin of that."""
        return place.fraction if arc == place.arc else 1.0 - place.fraction

    def _both(self, places: Sequence[Snap]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Arc and twin of each place, [places, 2], and how far along them it lies."""
        own = np.array([place.arc for place in places], np.int64)
        if own.min() < 0 or own.max() >= self.graph.arcs:
            raise ValueError("a place on an arc that this network does not have")
        along = np.clip(np.array([place.fraction for place in places], np.float64), 0.0, 1.0)
        arcs = np.stack((own, self.graph.arc_twin[own].astype(np.int64)), axis=1)
        return arcs, np.stack((along, 1.0 - along), axis=1)

    def _parts(self, arcs: NDArray[np.int64], part: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cost of a part of each arc; `INFINITE` where the arc is not there or closed."""
        weight = np.where(arcs < 0, INFINITE, self._weights[arcs]).astype(np.int64)
        return np.where(weight < INFINITE, np.rint(weight * part).astype(np.int64), INFINITE)

    def _departures(self, places: Sequence[Snap]) -> _Ends:
        arcs, along = self._both(places)
        return _Ends(self.graph.arc_head[arcs], self._parts(arcs, 1.0 - along), arcs)

    def _arrivals(self, places: Sequence[Snap]) -> _Ends:
        arcs, along = self._both(places)
        return _Ends(self.graph.arc_tail[arcs], self._parts(arcs, along), arcs)

    def _direct(self, sources: Sequence[Snap], targets: Sequence[Snap]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Costs without leaving the arc, [sources, targets], and the arc; `INFINITE` where that does not do."""
        source_arcs, begin = self._both(sources)
        target_arcs, end = self._both(targets)
        best = np.full((len(sources), len(targets)), INFINITE, np.int64)
        best_arc = np.full(best.shape, -1, np.int64)
        for side in range(2):
            arc = source_arcs[:, side]
            for other in range(2):
                ahead = end[:, other][None, :] - begin[:, side][:, None]
                s, t = np.nonzero((arc[:, None] == target_arcs[:, other][None, :]) & (arc >= 0)[:, None] & (ahead >= 0))
                cost = self._parts(arc[s], ahead[s, t])
                better = cost < best[s, t]
                best[s[better], t[better]] = cost[better]
                best_arc[s[better], t[better]] = arc[s[better]]
        return best, best_arc

    def _described(self, arcs: NDArray[np.int32], begin: float, end: float, costs: NDArray[np.int64]) -> Route:
        """The route over these arcs from a fraction of the first to a fraction of the last."""
        graph = self.graph
        parts = np.ones(len(arcs))
        if len(arcs) == 1:
            parts[0] = end - begin
        else:
            parts[0], parts[-1] = 1.0 - begin, end
        lengths = parts * graph.arc_length[arcs]
        latitude, longitude = _geometry(graph, arcs, begin, end)
        return Route(
            cost=int(costs.sum()),
            length=float(lengths.sum()),
            arcs=arcs,
            parts=parts,
            costs=costs,
            latitude=latitude,
            longitude=longitude,
            streets=_streets(graph, arcs, lengths),
        )


def _geometry(
    graph: RoadGraph, arcs: NDArray[np.int32], begin: float, end: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of the route: the places at both ends, and every shape point between them, each once."""
    edges, forward = graph.arc_edge[arcs], graph.arc_forward[arcs]
    first, after = graph.edge_first[edges], graph.edge_first[edges + 1]
    counts = after - first - 1  # without the last point of each: it is the first of the next
    total = np.cumsum(counts)
    position = np.arange(total[-1]) - np.repeat(total - counts, counts)
    index = np.repeat(np.where(forward, first, after - 1), counts) + position * np.repeat(
        np.where(forward, 1, -1), counts
    )
    index = np.append(index, after[-1] - 1 if forward[-1] else first[-1])

    # How far each point lies along the whole of the arcs: those before the start and after the end go.
    offset = graph.shape_offset[index]
    length = graph.edge_length[edges]
    owner = np.append(np.repeat(np.arange(len(arcs)), counts), len(arcs) - 1)
    along = np.where(forward[owner], offset, length[owner] - offset) + (np.cumsum(length) - length)[owner]
    start = begin * length[0]
    stop = float(length[:-1].sum()) + end * length[-1]
    low, high = int(np.searchsorted(along, start, side="right")), int(np.searchsorted(along, stop, side="left"))
    inner = slice(low, max(low, high))
    at = np.array([start, stop])
    points = []
    for values in (graph.shape_latitude[index], graph.shape_longitude[index]):
        ends = np.interp(at, along, values)
        points.append(np.concatenate((ends[:1], values[inner], ends[1:])))
    return points[0], points[1]


def _streets(graph: RoadGraph, arcs: NDArray[np.int32], lengths: NDArray[np.float64]) -> tuple[Street, ...]:
    named = graph.way_name[graph.edge_way[graph.arc_edge[arcs]]]
    begins = np.flatnonzero(np.concatenate(([True], named[1:] != named[:-1])))
    each = np.add.reduceat(lengths, begins)
    before = np.cumsum(each) - each
    return tuple(
        Street(graph.names[name], start, length)
        for name, start, length in zip(named[begins].tolist(), before.tolist(), each.tolist(), strict=True)
    )
