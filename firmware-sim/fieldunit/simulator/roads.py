"""The roads that simulated vehicles drive: a region's file, or the main roads that a profile gives by itself.

The main roads of a profile are part of the region that `sigap roads synthetic` invents from it, so a fleet without a
file still drives where the gateway knows a road. Pace by class comes from the speed model of the arrival times, so that
what is driven and what is foretold have one origin and differ by what drivers, corners and junctions make of it.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracker.errors import TrackerError
from tracker.eta.speeds import SpeedModel, arc_pace, prior
from tracker.measures import EARTH_RADIUS
from tracker.regions import Network, Profile, network_of
from tracker.roads.closures import Closure, Closures
from tracker.roads.engines import INFINITE
from tracker.roads.graph import Profile as Access
from tracker.roads.graph import RoadClass, RoadGraph
from tracker.roads.router import Route, Router
from tracker.roads.snap import Snap, Snapper
from tracker.roads.stored import BrokenRegion, decode
from tracker.roads.weights import weights_of_seconds

FAR = 5_000.0
"""Metres from the nearest road within which a place still counts as being on it: a district's centre is approximate."""

_BESIDE = 60.0  # metres to another street, for a place whose own is closed
_DEGREE = np.radians(1) * EARTH_RADIUS  # metres, of latitude


class RoadsError(TrackerError):
    """These roads cannot be driven; the sentence says why and what to give."""


class Way(NamedTuple):
    """A route with what driving it needs: k arcs."""

    route: Route
    begins: float  # 0 to 1, where on the first arc it begins, in the direction of driving
    speeds: NDArray[np.float64]  # [k] m/s, the usual speed of each arc on an empty road, slow zones counted
    junctions: NDArray[np.bool_]  # [k] whether three roads or more meet where the arc ends


class Roads:
    """A network ready to be driven; any thread may ask.

    Args:
        graph: the network.
        model: how fast one drives where; its hours and ways of driving are the caller's to apply.
        closures: closed and slow stretches, each with its times.

    Raises:
        RoadsError: a closure touches no road.
    """

    def __init__(self, graph: RoadGraph, model: SpeedModel, closures: Iterable[Closure] = ()) -> None:
        self.graph = graph
        self.model = model
        self.closures = tuple(closures)
        self._closures = Closures(graph)
        for closure in self.closures:
            if not self._closures.put(closure):
                raise RoadsError(f"{closure.id}{f' ({closure.reason})' * bool(closure.reason)} touches no road")
        self._snapper = Snapper(graph, Access.CAR)
        self._speed = 1 / arc_pace(graph, model)
        self._weights = weights_of_seconds(graph, graph.arc_length / self._speed, Access.CAR)
        self._router = Router(graph, self._weights)
        self._routers: dict[tuple[str, ...], Router] = {(): self._router}  # by the closures that hold
        self._lock = threading.Lock()
        ends = np.concatenate((graph.arc_tail, graph.arc_head))
        both_ways = np.concatenate((graph.arc_twin, graph.arc_twin)) >= 0
        self._meeting = np.bincount(ends, np.where(both_ways, 0.5, 1.0), graph.nodes)
        self._drivable = np.flatnonzero(graph.open_to(Access.CAR) & (graph.arc_length > 20))
        middle = graph.edge_first[graph.arc_edge[self._drivable]]
        self._where = graph.shape_latitude[middle], graph.shape_longitude[middle]

    def nearest(self, latitude: float, longitude: float) -> Snap:
        """The place on the network nearest to a position in degrees.

        Raises:
            RoadsError: there is no road within five kilometres.
        """
        for tolerance in (100.0, 1_000.0, FAR):
            with self._lock:
                found = self._snapper.snap(latitude, longitude, tolerance=tolerance)
            if found is not None:
                return found
        raise RoadsError(f"no road lies within {FAR / 1000:g} km of {latitude:.4f}, {longitude:.4f}")

    def within(self, place: Snap, metres: float) -> NDArray[np.int64]:
        """The arcs where a call may come from: those that begin within so many metres, or all if none does."""
        latitude, longitude = self._where
        north = (latitude - place.latitude) * _DEGREE
        east = (longitude - place.longitude) * _DEGREE * np.cos(np.radians(place.latitude))
        near = self._drivable[np.hypot(north, east) <= metres]
        return np.asarray(near if len(near) else self._drivable, np.int64)

    def streets_at(self, place: Snap) -> int:
        """How many streets meet at the junction nearest to a place, along its arc."""
        arc = place.arc
        node = self.graph.arc_head[arc] if place.fraction >= 0.5 else self.graph.arc_tail[arc]
        return round(float(self._meeting[node]))

    @cached_property
    def districts(self) -> list[Snap]:
        """Places spread over the network, one a few kilometres, always the same."""
        cells: dict[tuple[int, int], Snap] = {}
        latitude, longitude = self._where
        for at in range(0, len(self._drivable), max(1, len(self._drivable) // 2000)):
            cell = (round(float(latitude[at]) / 0.05), round(float(longitude[at]) / 0.05))
            if cell not in cells:
                cells[cell] = self.on_arc(int(self._drivable[at]), 0.5)
        return list(cells.values())

    def on_arc(self, arc: int, fraction: float) -> Snap:
        """The place so far along an arc, 0 to 1."""
        latitude, longitude = self.graph.shape_of(arc)
        first = self.graph.edge_first[self.graph.arc_edge[arc]]
        offset = self.graph.shape_offset[first : first + len(latitude)]
        far = offset if self.graph.arc_forward[arc] else offset[-1] - offset[::-1]
        at = fraction * far[-1]
        return Snap(arc, fraction, float(np.interp(at, far, latitude)), float(np.interp(at, far, longitude)), 0.0)

    def on_one_of(self, arcs: NDArray[np.int32], latitude: float, longitude: float) -> Snap:
        """The place on one of these arcs that is nearest to a position in degrees."""
        best: Snap | None = None
        for arc in arcs.tolist():
            lat, lon = self.graph.shape_of(arc)
            north = (lat - latitude) * _DEGREE
            east = (lon - longitude) * _DEGREE * np.cos(np.radians(latitude))
            dx, dy = np.diff(east), np.diff(north)
            part = np.clip(-(east[:-1] * dx + north[:-1] * dy) / np.maximum(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
            off = np.hypot(east[:-1] + part * dx, north[:-1] + part * dy)
            at = int(np.argmin(off))
            steps = np.hypot(dx, dy)
            total = float(steps.sum())
            fraction = float(steps[:at].sum() + part[at] * steps[at]) / total if total > 0 else 0.0
            if best is None or off[at] < best.distance:
                place = self.on_arc(arc, fraction)
                best = Snap(arc, fraction, place.latitude, place.longitude, float(off[at]))
        if best is None:
            raise ValueError("no arcs are given")
        return best

    def way(self, start: Snap, end: Snap, when: datetime) -> Way | None:
        """The quickest way between two places at a moment, or None if closures leave none."""
        with self._lock:
            router = self._router_at(when)
            route = router.route(start, end)
            if route is None:  # one of them lies on what is closed: the street beside it will do
                starts, ends = self._beside(start), self._beside(end)
                tried = ((one, other) for one in starts for other in ends)
                found = ((one, router.route(one, other)) for one, other in tried)
                start, route = next(((one, way) for one, way in found if way is not None), (start, None))
            if route is None:
                return None
            slower = router.weights[route.arcs] / self._weights[route.arcs]
        begins = start.fraction if int(route.arcs[0]) == start.arc else 1 - start.fraction
        junctions = self._meeting[self.graph.arc_head[route.arcs]] >= 3
        return Way(route, begins, self._speed[route.arcs] / slower, junctions)

    def closed(self, arcs: NDArray[np.int32], when: datetime) -> bool:
        """Whether one of these arcs is closed at a moment."""
        with self._lock:
            weights = self._router_at(when).weights
        return bool((weights[arcs] >= INFINITE).any())

    def next_change(self, when: datetime) -> datetime | None:
        """When, after a moment, a closure begins or ends."""
        return self._closures.next_change(when) if self.closures else None

    def _beside(self, place: Snap) -> list[Snap]:
        """A place and the nearest ones on other streets."""
        others = self._snapper.candidates(place.latitude, place.longitude, tolerance=_BESIDE)
        edges = {int(self.graph.arc_edge[place.arc])}
        beside = [place]
        for other in others:
            edge = int(self.graph.arc_edge[other.arc])
            if edge not in edges:
                edges.add(edge)
                beside.append(other)
        return beside[:4]

    def _router_at(self, when: datetime) -> Router:
        if not self.closures:
            return self._router
        holding = tuple(closure.id for closure in self._closures.holding_at(when))
        if holding not in self._routers:
            self._routers[holding] = self._router.beside(self._closures.changed(self._weights, when))
        return self._routers[holding]


def read_graph(path: Path) -> RoadGraph:
    """The network of a region's file, as `sigap roads build` writes it.

    Raises:
        RoadsError: it cannot be read, or is none.
    """
    try:
        return decode(path.read_bytes()).graph
    except OSError as error:
        raise RoadsError(f"{path} cannot be read: {error.strerror}; give the file of a region, REGION.roads") from error
    except BrokenRegion as error:
        raise RoadsError(f"{path}: {error}; build it again with `sigap roads build`") from error


def roads_of(profile: Profile, path: Path | None = None, closures: Sequence[Closure] = ()) -> Roads:
    """The roads of a region's file, or without one the main roads of the profile.

    Raises:
        RoadsError: the file cannot be read.
    """
    graph = main_roads(network_of(profile)) if path is None else read_graph(path)
    return Roads(graph, prior(profile.time_zone), closures)


def main_roads(network: Network) -> RoadGraph:
    """The main roads between districts as a graph; classes as in the invented region, which holds the same roads."""
    capital = max(range(len(network.districts)), key=lambda at: (len(network.roads_at(at)), -at))
    roads = network.roads
    arcs = sorted(
        [(road.ends[0], road.ends[1], edge, True) for edge, road in enumerate(roads)]
        + [(road.ends[1], road.ends[0], edge, False) for edge, road in enumerate(roads)]
    )
    tail, head, edge, forward = (np.array(column) for column in zip(*arcs, strict=True))
    points = np.array([point for road in roads for point in road.points])
    names = [" – ".join(network.districts[end].name for end in road.ends) for road in roads]
    kinds = [RoadClass.PRIMARY if capital in road.ends else RoadClass.SECONDARY for road in roads]
    return RoadGraph(
        node_latitude=np.array([district.latitude for district in network.districts]),
        node_longitude=np.array([district.longitude for district in network.districts]),
        arc_tail=tail.astype(np.uint32),
        arc_head=head.astype(np.uint32),
        arc_edge=edge.astype(np.int32),
        arc_forward=forward.astype(np.bool_),
        arc_access=np.full(len(arcs), int(Access.CAR | Access.MOTORCYCLE), np.uint8),
        arc_fixed_time=np.full(len(arcs), np.nan, np.float32),
        edge_first=np.cumsum([0, *(len(road.points) for road in roads)]).astype(np.int64),
        shape_latitude=points[:, 0].copy(),
        shape_longitude=points[:, 1].copy(),
        edge_length=np.array([road.length for road in roads]),
        edge_way=np.arange(len(roads), dtype=np.int32),
        way_id=np.arange(1, len(roads) + 1, dtype=np.int64),
        way_class=np.array(kinds, np.uint8),
        way_speed=np.full(len(roads), np.nan, np.float32),
        way_name=np.arange(1, len(roads) + 1, dtype=np.int32),
        names=("", *names),
        region="main roads",
    )
