"""Roads that are closed or slow for a while: a flood, a broken bridge, a market, a procession.

What a closure touches is found once; which closures hold at a moment, and the weights then, are found whenever asked,
in a few milliseconds. `next_change` says when to ask again.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.errors import TrackerError
from tracker.geodesy import LocalPlane
from tracker.roads.engines import INFINITE, Weights
from tracker.roads.graph import Profile, RoadGraph
from tracker.roads.snap import Snapper

CREEP = 4.0
"""Times as long as on the open road that it takes to get out of, or into, what is closed: about a walking pace."""

POINT_REACH = 60.0
"""Metres around a single point within which the nearest road is meant."""

LINE_REACH = 25.0
"""Metres beside a line within which a road may be the one that it was drawn along."""

_SAMPLE = 5.0  # metres between the points of a line that are looked at
_ALIGNED = 30.0  # degrees that a road may be off the line's direction, either way round
_FOLLOWED = 20.0  # metres along which, or half of its length, a line must follow a piece of road


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
    line: tuple[tuple[float, float], ...] = ()  # points (latitude, longitude) along a road, or one point beside it

    def __post_init__(self) -> None:
        if not (self.area or self.ways or self.line):
            raise BrokenClosure("this closure is nowhere: it names no area, no line and no ways")
        for latitude, longitude in (*self.area, *self.line):
            if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
                raise BrokenClosure(f"this closure names a point that is not on earth: {latitude}, {longitude}")
        if self.area and (len(self.area) < 3 or not self.polygon.is_valid or self.polygon.area == 0):
            raise BrokenClosure("the area of this closure is no polygon: its border crosses itself, or is a line")
        if self.factor is not None and not 1 <= self.factor < 1000:
            raise BrokenClosure(f"the factor of this closure is {self.factor}, not 1 to 1000")
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise BrokenClosure("this closure does not say in which time zone its times are")
        if self.end is not None and self.end <= self.start:
            raise BrokenClosure("this closure ends before it starts")

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
        self._snapper: Snapper | None = None
        self._found: dict[str, tuple[Closure, NDArray[np.int64], NDArray[np.float64]]] = {}
        for closure in closures:
            self.put(closure)

    def put(self, closure: Closure) -> int:
        """Add a closure, or replace the one of the same id. Returns how many edges it touches, whenever it holds."""
        edges, share = self._touching(closure)
        self._found[closure.id] = (closure, edges, share)
        return len(edges)

    def touching(self, closure: Closure) -> NDArray[np.int64]:
        """The edges that a closure touches, rising, whether it was put here or not."""
        known = self._found.get(closure.id)
        return known[1] if known is not None and known[0] == closure else self._touching(closure)[0]

    def _touching(self, closure: Closure) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Edges, and the share of each that is touched."""
        graph = self._graph
        touched = np.zeros(graph.edges)
        if closure.line:
            touched[self._beside(closure.line)] = 1.0
        if closure.ways:
            touched[np.isin(graph.way_id[graph.edge_way], closure.ways)] = 1.0
        if closure.area:
            edges, share = self._inside(closure.polygon)
            touched[edges] = np.maximum(touched[edges], share)
        edges = np.flatnonzero(touched)
        return edges, touched[edges]

    def remove(self, closure_id: str) -> bool:
        """Take a closure back; False if there is none of that id."""
        return self._found.pop(closure_id, None) is not None

    def forget(self, moment: datetime) -> None:
        """Let go of those that are over by then."""
        for closure, _, _ in list(self._found.values()):
            if closure.end is not None and closure.end <= moment:
                del self._found[closure.id]

    def unknown_ways(self, closure: Closure) -> list[int]:
        """Those of its ways that this network does not have."""
        known = np.isin(closure.ways, self._graph.way_id)
        return [way for way, here in zip(closure.ways, known.tolist(), strict=True) if not here]

    def closing(self, edge: int, moment: datetime) -> list[Closure]:
        """The closures that close an edge at a moment; slow zones are none."""
        return [
            closure
            for closure, edges, _ in self._found.values()
            if closure.factor is None and closure.holds_at(moment) and bool(np.isin(edge, edges))
        ]

    def holding_at(self, moment: datetime) -> list[Closure]:
        """The closures that hold at a moment, in the order they were put."""
        return [closure for closure, _, _ in self._found.values() if closure.holds_at(moment)]

    def next_change(self, moment: datetime) -> datetime | None:
        """When, after a moment, one starts or ends; None if nothing is to come."""
        times = (time for closure, _, _ in self._found.values() for time in (closure.start, closure.end))
        return min((time for time in times if time is not None and time > moment), default=None)

    def changed(self, weights: Weights, moment: datetime, passable: Collection[str] = ()) -> Weights:
        """Weights uint32[m] in milliseconds as they are at a moment; those given stay as they are.

        An edge that a closed area touches is closed whole, in both directions. Of a slow area only the part of the edge
        inside is slow. Where several hold, the slowest does.

        Args:
            weights: of the open roads.
            moment: aware.
            passable: ids of closures that one may creep through (`CREEP`): out of a flood that one stands in.
        """
        factor = np.ones(self._graph.edges)
        for closure, edges, share in self._found.values():
            if closure.holds_at(moment):
                closed = CREEP if closure.id in passable else np.inf
                slower = closed if closure.factor is None else 1 + (closure.factor - 1) * share
                factor[edges] = np.maximum(factor[edges], slower)
        changed = np.rint(weights * factor[self._graph.arc_edge])
        never = weights >= INFINITE
        return np.asarray(np.where(never, INFINITE, np.minimum(changed, INFINITE)), np.uint32)

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

    def _beside(self, line: Sequence[tuple[float, float]]) -> NDArray[np.int64]:
        """The edges that a line was drawn along, or the one that a single point lies on.

        A line follows a piece of road where that is the nearest of those that run in its direction: streets that it
        crosses do not count, nor the piece that it ends a few metres into.
        """
        if self._snapper is None:
            self._snapper = Snapper(self._graph, Profile.CAR | Profile.MOTORCYCLE)
        latitude, longitude, course = _sampled(line)
        near = self._snapper.nearby(latitude, longitude, LINE_REACH if len(course) else POINT_REACH)
        if not len(course):
            return near.edge[np.argsort(near.distance)[:1]]
        off = np.abs(np.sin(np.radians(near.course - course[near.position])))
        rows = np.flatnonzero(off <= np.sin(np.radians(_ALIGNED)))
        rows = rows[np.lexsort((near.distance[rows], near.position[rows]))]
        _, first = np.unique(near.position[rows], return_index=True)
        edges, samples = np.unique(near.edge[rows[first]], return_counts=True)
        enough = samples * _SAMPLE >= np.minimum(_FOLLOWED, self._graph.edge_length[edges] / 2)
        return edges[enough]


def _sampled(line: Sequence[tuple[float, float]]) -> tuple[NDArray[np.float64], ...]:
    """Points along a line with its course there: latitude, longitude, degrees. Of a single point the courses are
    none."""
    points = np.array(line, np.float64)
    plane = LocalPlane(float(points[:, 0].mean()), float(points[:, 1].mean()))
    x, y = plane.to_metres(points[:, 0], points[:, 1])
    ends = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
    if ends[-1] == 0.0:
        return points[:1, 0], points[:1, 1], np.zeros(0)
    along = np.linspace(0.0, ends[-1], int(ends[-1] / _SAMPLE) + 2)
    piece = np.clip(np.searchsorted(ends, along, side="right") - 1, 0, len(ends) - 2)
    course = np.degrees(np.arctan2(np.diff(x), np.diff(y)))[piece]
    return (*plane.to_degrees(np.interp(along, ends, x), np.interp(along, ends, y)), course)
