"""Shortest paths between nodes, by two engines of the same shape.

`CchEngine` is RoutingKit's customisable contraction hierarchy: an order of the nodes found once, new weights on every
arc in milliseconds, queries in microseconds. `ScipyEngine` is plain Dijkstra: the truth that tests hold the first to,
and the way out should its binding ever be lost. Both give the same costs, to the millisecond. `best_engine` takes the
first where it can be had, and goes on with the second from its first failure on.

An engine is for one thread at a time: a query writes into the engine's own memory.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped] # it ships no types
from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped] # it ships no types

from tracker.errors import TrackerError
from tracker.roads.graph import RoadGraph

try:
    import pyroutingkit  # type: ignore[import-untyped] # it ships no types

    MISSING = ""
except ImportError as error:  # no wheel for this machine, or one that does not load
    pyroutingkit = None
    MISSING = f"RoutingKit's binding cannot be loaded: {error}"
"""Why there is no `CchEngine` here; "" where there is one."""

INFINITE = 2**31 - 1
"""Weight of an arc that may not be driven, and cost of what cannot be reached: RoutingKit's own. As time, 24.8 days."""

Nodes = NDArray[np.uint32]
Weights = NDArray[np.uint32]
T = TypeVar("T")


class EngineMissing(TrackerError):
    """This machine has no `CchEngine`; the message says why."""

    def __init__(self) -> None:
        super().__init__(MISSING)


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

    def __init__(self, graph: RoadGraph, topology: Any = None) -> None:
        """Order the nodes (about a second for 40,000), or take a pyroutingkit.CCHTopology that was ordered before.

        Raises:
            EngineMissing: RoutingKit's binding cannot be loaded.
        """
        if pyroutingkit is None:
            raise EngineMissing
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


def load_topology(folder: str) -> Any:
    """The pyroutingkit.CCHTopology that lies in a folder; None where RoutingKit's binding cannot be loaded."""
    if pyroutingkit is None:
        return None
    topology = pyroutingkit.CCHTopology()
    topology.load(folder)
    return topology


def _silent(_why: str) -> None:
    """Nobody listens."""


def best_engine(graph: RoadGraph, topology: Any = None, told: Callable[[str], None] = _silent) -> Engine:
    """A `CchEngine`, and `ScipyEngine` in its place where it cannot be made or fails: slower by a thousand times, and
    the same answers.

    Args:
        graph: the network.
        topology: as in `CchEngine`.
        told: called with a sentence when the slower one takes over.
    """
    try:
        return GuardedEngine(graph, CchEngine(graph, topology), told)
    except Exception as error:  # whatever a binding can raise: routes are needed all the same
        told(f"routes are found by scipy, slowly: {error}")
        return ScipyEngine(graph)


class GuardedEngine:
    """One engine until it fails, then `ScipyEngine`."""

    def __init__(self, graph: RoadGraph, first: Engine, told: Callable[[str], None] = _silent) -> None:
        self._graph, self._engine, self._told = graph, first, told
        self._weights: Weights | None = None

    def customise(self, weights: Weights) -> None:
        """See `Engine`."""
        self._weights = weights
        self._tried(lambda: self._engine.customise(weights))

    def path(self, source: int, target: int) -> tuple[int, list[int]] | None:
        """See `Engine`."""
        return self._tried(lambda: self._engine.path(source, target))

    def matrix(self, sources: Nodes, targets: Nodes) -> NDArray[np.uint32]:
        """See `Engine`."""
        return self._tried(lambda: self._engine.matrix(sources, targets))

    def beside(self) -> "GuardedEngine":
        """See `Engine`."""
        return GuardedEngine(self._graph, self._tried(lambda: self._engine.beside()), self._told)

    def _tried(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Exception as error:
            if isinstance(self._engine, ScipyEngine):
                raise
            self._told(f"routes are found by scipy from now on, slowly: {error}")
            self._engine = ScipyEngine(self._graph)
            if self._weights is not None:
                self._engine.customise(self._weights)
            return ask()
