"""Shortest paths between nodes, by two engines of the same shape.

`CchEngine` is RoutingKit's customisable contraction hierarchy: an order of the nodes found once, new weights on every
arc in milliseconds, queries in microseconds. `ScipyEngine` is plain Dijkstra: the truth that tests hold the first to,
and the way out should its binding ever be lost. Both give the same costs, to the millisecond.

An engine is for one thread at a time: a query writes into the engine's own memory.
"""

from typing import Protocol

import numpy as np
import pyroutingkit  # type: ignore[import-untyped] # it ships no types
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped] # it ships no types
from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped] # it ships no types

from tracker.roads.graph import RoadGraph

INFINITE = 2**31 - 1
"""Weight of an arc that may not be driven, and cost of what cannot be reached: RoutingKit's own. As time, 24.8 days."""

Nodes = NDArray[np.uint32]
Weights = NDArray[np.uint32]


class Engine(Protocol):
    """Paths and costs between nodes, for one set of weights."""

    def customise(self, weights: Weights) -> None:
        """Take these weights, uint32[m] milliseconds from 1 to `INFINITE`, for all arcs."""

    def path(self, source: int, target: int) -> tuple[int, list[int]] | None:
        """Cost in milliseconds and arcs in order; None where there is no way. Of a node to itself: (0, [])."""

    def matrix(self, sources: Nodes, targets: Nodes) -> NDArray[np.uint32]:
        """Costs in milliseconds, [sources, targets]; `INFINITE` where there is no way."""

    def beside(self) -> "Engine":
        """Another engine for the same network, without weights yet; what is costly to find is shared."""


class CchEngine:
    """RoutingKit's customisable contraction hierarchy (Dibbelt, Strasser, Wagner, 2016)."""

    def __init__(self, graph: RoadGraph, topology: pyroutingkit.CCHTopology | None = None) -> None:
        """Order the nodes (about a second for 40,000), or take a topology that was ordered before."""
        if topology is None:
            topology = pyroutingkit.CCHTopology()
            topology.build(
                graph.arc_tail,
                graph.arc_head,
                graph.node_latitude.astype(np.float32),
                graph.node_longitude.astype(np.float32),
                graph.nodes,
            )
        if (topology.node_count, topology.arc_count) != (graph.nodes, graph.arcs):
            raise ValueError("this topology belongs to another graph")
        self._graph = graph
        self.topology = topology
        self._metric = pyroutingkit.CCHMetric(topology)

    def customise(self, weights: Weights) -> None:
        """See `Engine`."""
        self._metric.customize(weights)

    def path(self, source: int, target: int) -> tuple[int, list[int]] | None:
        """See `Engine`."""
        cost, _, arcs = self._metric.query(source, target)
        return None if cost >= INFINITE else (cost, arcs)

    def matrix(self, sources: Nodes, targets: Nodes) -> NDArray[np.uint32]:
        """See `Engine`."""
        costs: NDArray[np.uint32] = self._metric.distances_many_to_many(sources, targets)
        return costs

    def beside(self) -> "CchEngine":
        """See `Engine`."""
        return CchEngine(self._graph, self.topology)


class ScipyEngine:
    """Dijkstra's algorithm of scipy, from scratch for each question."""

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        key = graph.arc_tail.astype(np.int64) * graph.nodes + graph.arc_head
        self._pairs, self._pair = np.unique(key, return_inverse=True)
        self._network = csr_matrix((graph.nodes, graph.nodes))
        self._arc = np.zeros(0, np.int64)

    def customise(self, weights: Weights) -> None:
        """See `Engine`."""
        order = np.lexsort((weights, self._pair))  # of arcs between the same nodes the cheapest comes first
        _, first = np.unique(self._pair[order], return_index=True)
        self._arc = order[first]  # of each pair
        open_pairs = np.flatnonzero(weights[self._arc] < INFINITE)
        tail, head = np.divmod(self._pairs[open_pairs], self._graph.nodes)
        cost = weights[self._arc[open_pairs]].astype(np.float64)
        self._network = csr_matrix((cost, (tail, head)), shape=(self._graph.nodes, self._graph.nodes))

    def path(self, source: int, target: int) -> tuple[int, list[int]] | None:
        """See `Engine`."""
        cost, before = dijkstra(self._network, indices=source, return_predecessors=True)
        if not np.isfinite(cost[target]):
            return None
        arcs: list[int] = []
        node = target
        while node != source:
            tail = int(before[node])
            arcs.append(int(self._arc[np.searchsorted(self._pairs, tail * self._graph.nodes + node)]))
            node = tail
        return int(cost[target]), arcs[::-1]

    def matrix(self, sources: Nodes, targets: Nodes) -> NDArray[np.uint32]:
        """See `Engine`."""
        some, which = np.unique(sources, return_inverse=True)
        costs = dijkstra(self._network, indices=some)[:, targets][which]
        return np.asarray(np.minimum(costs, INFINITE), np.uint32)

    def beside(self) -> "ScipyEngine":
        """See `Engine`."""
        return ScipyEngine(self._graph)
