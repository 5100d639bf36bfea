"""Roads that are closed or slow for a while: a flood, a broken bridge, a market, a procession.

What a closure touches is found once; which closures hold at a moment, and the weights then, are found whenever asked,
in a few milliseconds. `next_change` says when to ask again.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.errors import TrackerError
from tracker.roads.engines import INFINITE, Weights
from tracker.roads.graph import RoadGraph


class BrokenClosure(TrackerError):
    """A closure that says nothing that could be acted on."""


class Closure(msgspec.Struct, frozen=True):
    """A closed or slow stretch of roads.

    Raises:
        BrokenClosure: on creation, if it is nowhere, never, or makes roads faster.
    """

    id: str
    start: datetime  # aware; holds from here on
    end: datetime | None = None  # aware; not any more from here on; None: until it is taken back
    area: tuple[tuple[float, float], ...] = ()  # corners (latitude, longitude) in degrees of a polygon
    ways: tuple[int, ...] = ()  # ids of the map's ways, as in `RoadGraph.way_id`
    factor: float | None = None  # driving takes so many times as long; None: nobody drives there
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.area and not self.ways:
            raise BrokenClosure(f"closure {self.id} names neither an area nor ways")
        if self.area and (len(self.area) < 3 or not self.polygon.is_valid or self.polygon.area == 0):
            raise BrokenClosure(f"the area of closure {self.id} is no polygon: its border crosses itself, or is a line")
        if self.factor is not None and not 1 <= self.factor < 1000:
            raise BrokenClosure(f"the factor of closure {self.id} is {self.factor}, not 1 to 1000")
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise BrokenClosure(f"closure {self.id} does not say in which time zone its times are")
        if self.end is not None and self.end <= self.start:
            raise BrokenClosure(f"closure {self.id} ends before it starts")

    @property
    def polygon(self) -> shapely.Polygon:
        """The area, as (longitude, latitude); empty where only ways are named."""
        return shapely.Polygon([(longitude, latitude) for latitude, longitude in self.area])

    def holds_at(self, moment: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.start <= moment and (self.end is None or moment < self.end)


class Closures:
    """Closures on one network. Adding one takes milliseconds; the network's tree is made with the first area."""

    def __init__(self, graph: RoadGraph, closures: Iterable[Closure] = ()) -> None:
        self._graph = graph
        self._tree: shapely.STRtree | None = None
        self._found: dict[str, tuple[Closure, NDArray[np.int64], NDArray[np.float64]]] = {}
        for closure in closures:
            self.put(closure)

    def put(self, closure: Closure) -> int:
        """Add a closure, or replace the one of the same id. Returns how many edges it touches, whenever it holds."""
        graph = self._graph
        touched = np.zeros(graph.edges)
        if closure.ways:
            touched[np.isin(graph.way_id[graph.edge_way], closure.ways)] = 1.0
        if closure.area:
            edges, share = self._inside(closure.polygon)
            touched[edges] = np.maximum(touched[edges], share)
        edges = np.flatnonzero(touched)
        self._found[closure.id] = (closure, edges, touched[edges])
        return len(edges)

    def remove(self, closure_id: str) -> bool:
        """Take a closure back; False if there is none of that id."""
        return self._found.pop(closure_id, None) is not None

    def holding_at(self, moment: datetime) -> list[Closure]:
        """The closures that hold at a moment, in the order they were put."""
        return [closure for closure, _, _ in self._found.values() if closure.holds_at(moment)]

    def next_change(self, moment: datetime) -> datetime | None:
        """When, after a moment, one starts or ends; None if nothing is to come."""
        times = (time for closure, _, _ in self._found.values() for time in (closure.start, closure.end))
        return min((time for time in times if time is not None and time > moment), default=None)

    def changed(self, weights: Weights, moment: datetime) -> Weights:
        """Weights uint32[m] in milliseconds as they are at a moment; those given stay as they are.

        An edge that a closed area touches is closed whole, in both directions. Of a slow area only the part of the edge
        inside is slow. Where several hold, the slowest does.
        """
        factor = np.ones(self._graph.edges)
        for closure, edges, share in self._found.values():
            if closure.holds_at(moment):
                slower = np.inf if closure.factor is None else 1 + (closure.factor - 1) * share
                factor[edges] = np.maximum(factor[edges], slower)
        changed = np.rint(weights * factor[self._graph.arc_edge])
        closed = weights >= INFINITE
        return np.asarray(np.where(closed, INFINITE, np.minimum(changed, INFINITE)), np.uint32)

    def _inside(self, polygon: shapely.Polygon) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Edges that a polygon touches, and the share of each that lies inside."""
        graph = self._graph
        if self._tree is None:
            points = np.stack((graph.shape_longitude, graph.shape_latitude), axis=1)
            owner = np.repeat(np.arange(graph.edges), np.diff(graph.edge_first))
            self._tree = shapely.STRtree(np.asarray(shapely.linestrings(points, indices=owner)))
        edges = self._tree.query(polygon, predicate="intersects")
        lines = self._tree.geometries[edges]
        length = shapely.length(lines)
        inside = shapely.length(shapely.intersection(lines, polygon))
        return edges, np.where(length > 0, inside / np.where(length > 0, length, 1.0), 1.0)
