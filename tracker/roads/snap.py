"""Where on the network a position is: the arcs near it, ranked by distance and by how well they fit the course.

Edges are cut into their straight segments, all in one tree of boxes over a local plane. A question for many positions
is asked of the tree once and ranked as arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from tracker.geodesy import LocalPlane
from tracker.roads.graph import Profile, RoadGraph

TOLERANCE = 60.0
"""Metres from the network within which a position is taken to be on it."""

COURSE_SPEED = 2.5
"""Metres per second below which a receiver's course says nothing."""

WRONG_WAY = 50.0
"""Metres that a course against the arc weighs; half of it at a right angle. Streets beside each other are nearer."""


@dataclass(frozen=True, slots=True)
class Snap:
    """A place on the network, on an arc.

    On a two-way street the arc is the direction that fits the course better, but the place is the same on both, and a
    route may leave in either.
    """

    arc: int
    fraction: float  # 0 to 1, of the arc's length, in its direction
    latitude: float  # degrees, of the place on the road
    longitude: float
    distance: float  # metres from the position that was asked about


@dataclass(frozen=True, slots=True)
class Nearby:
    """What lies near some positions: k pairs of a position and an edge, by position, each edge once at its nearest."""

    position: NDArray[np.int64]  # [k] which of the positions
    edge: NDArray[np.int64]  # [k]
    fraction: NDArray[np.float64]  # [k] 0 to 1 along the edge as drawn
    latitude: NDArray[np.float64]  # [k] degrees, of the place on the edge
    longitude: NDArray[np.float64]  # [k]
    distance: NDArray[np.float64]  # [k] metres between position and place
    course: NDArray[np.float64]  # [k] degrees, of the edge as drawn, there


class Snapper:
    """Snaps positions to what one profile may drive. To build it takes about 0.2 s for 250,000 shape points."""

    def __init__(self, graph: RoadGraph, profile: Profile = Profile.CAR) -> None:
        self._graph = graph
        self._arcs = np.where(np.append(graph.open_to(profile), False)[graph.edge_arcs], graph.edge_arcs, -1)
        self._plane = LocalPlane(float(graph.node_latitude.mean()), float(graph.node_longitude.mean()))
        usable = (self._arcs >= 0).any(axis=1) & (graph.edge_length > 0)
        points = np.diff(graph.edge_first)
        begins = np.repeat(usable, points)
        begins[graph.edge_first[1:] - 1] = False
        self._begin = np.flatnonzero(begins)  # [segments] the shape point where each begins
        self._edge = np.repeat(np.arange(graph.edges), points)[self._begin]
        x, y = self._plane.to_metres(graph.shape_latitude, graph.shape_longitude)
        self._x, self._y = x[self._begin], y[self._begin]
        self._dx, self._dy = x[self._begin + 1] - self._x, y[self._begin + 1] - self._y
        low_x, low_y = np.minimum(0, self._dx) + self._x, np.minimum(0, self._dy) + self._y
        self._tree = shapely.STRtree(shapely.box(low_x, low_y, low_x + np.abs(self._dx), low_y + np.abs(self._dy)))

    def nearby(self, latitude: ArrayLike, longitude: ArrayLike, tolerance: float = TOLERANCE) -> Nearby:
        """Every edge within the tolerance (metres) of each position (degrees), at its nearest place."""
        latitude, longitude = np.atleast_1d(np.asarray(latitude, float)), np.atleast_1d(np.asarray(longitude, float))
        x, y = self._plane.to_metres(latitude, longitude)
        # The plane's east is true at its origin's latitude; here a metre of it is this long.
        scale = np.cos(np.radians(latitude)) / np.cos(np.radians(self._plane.latitude))
        reach = tolerance / scale
        where, segment = self._tree.query(shapely.box(x - reach, y - tolerance, x + reach, y + tolerance))
        east, north = (x[where] - self._x[segment]) * scale[where], y[where] - self._y[segment]
        dx, dy = self._dx[segment] * scale[where], self._dy[segment]
        part = np.clip((east * dx + north * dy) / np.maximum(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        distance = np.hypot(east - part * dx, north - part * dy)

        edge = self._edge[segment]
        order = np.lexsort((distance, edge, where))
        order = order[distance[order] <= tolerance]
        first = np.ones(len(order), bool)
        first[1:] = (np.diff(where[order]) != 0) | (np.diff(edge[order]) != 0)
        pick = order[first]
        begin, part, edge = self._begin[segment[pick]], part[pick], edge[pick]
        graph = self._graph
        offset = graph.shape_offset[begin] + part * (graph.shape_offset[begin + 1] - graph.shape_offset[begin])

        def between(values: NDArray[np.float64]) -> NDArray[np.float64]:
            along: NDArray[np.float64] = values[begin] + part * (values[begin + 1] - values[begin])
            return along

        return Nearby(
            position=where[pick],
            edge=edge,
            fraction=np.clip(offset / graph.edge_length[edge], 0.0, 1.0),
            latitude=between(graph.shape_latitude),
            longitude=between(graph.shape_longitude),
            distance=distance[pick],
            course=np.degrees(np.arctan2(dx[pick], dy[pick])) % 360,
        )

    def candidates(
        self,
        latitude: float,
        longitude: float,
        course: float | None = None,
        speed: float | None = None,
        tolerance: float = TOLERANCE,
    ) -> list[Snap]:
        """Both directions of every edge near a position, best first; arguments as in `snap`."""
        found = self._ranked([latitude], [longitude], [course], [speed], tolerance)
        return [self._snap(*found, row) for row in range(len(found[1]))]

    def snap(
        self,
        latitude: float,
        longitude: float,
        course: float | None = None,
        speed: float | None = None,
        tolerance: float = TOLERANCE,
    ) -> Snap | None:
        """The place on the network where a position is, or None if none lies within the tolerance.

        Args:
            latitude: degrees.
            longitude: degrees.
            course: degrees from true north, of a moving unit; it counts from `COURSE_SPEED` on.
            speed: metres per second; unknown lets the course count.
            tolerance: metres.
        """
        return self.snap_many([latitude], [longitude], [course], [speed], tolerance)[0]

    def snap_many(
        self,
        latitudes: ArrayLike,
        longitudes: ArrayLike,
        courses: Sequence[float | None] | None = None,
        speeds: Sequence[float | None] | None = None,
        tolerance: float = TOLERANCE,
    ) -> list[Snap | None]:
        """`snap` for many positions, each as if alone."""
        found = self._ranked(latitudes, longitudes, courses, speeds, tolerance)
        snaps: list[Snap | None] = [None] * np.size(np.asarray(latitudes))
        positions = found[0].position[found[1]]
        _, best = np.unique(positions, return_index=True)  # the first of each position
        for row in best.tolist():
            snaps[int(positions[row])] = self._snap(*found, row)
        return snaps

    def nearest_many(
        self, latitudes: ArrayLike, longitudes: ArrayLike, doubt: float, tolerance: float = TOLERANCE
    ) -> list[list[Snap]]:
        """For each position the roads that are at most ``doubt`` metres farther than the nearest, in the order of
        `candidates` without a course; of each road one direction."""
        near, rows, ways = self._ranked(latitudes, longitudes, None, None, tolerance)
        position, distance = near.position[rows], near.distance[rows]
        found: list[list[Snap]] = [[] for _ in range(np.size(np.asarray(latitudes)))]
        least = np.full(len(found), np.inf)
        np.minimum.at(least, position, distance)
        good = distance <= least[position] + doubt
        good[1:] &= (rows[1:] != rows[:-1]) | (position[1:] != position[:-1])
        for at in np.flatnonzero(good).tolist():
            found[position[at]].append(self._snap(near, rows, ways, at))
        return found

    def _ranked(
        self,
        latitudes: ArrayLike,
        longitudes: ArrayLike,
        courses: Sequence[float | None] | None,
        speeds: Sequence[float | None] | None,
        tolerance: float,
    ) -> tuple[Nearby, NDArray[np.int64], NDArray[np.int64]]:
        """What is near, rows of it best first, and their directions: 0 against the drawing, 1 with it."""
        near = self.nearby(latitudes, longitudes, tolerance)
        positions = np.size(np.asarray(latitudes))
        course = _floats(courses, positions)
        with np.errstate(invalid="ignore"):
            course[_floats(speeds, positions) < COURSE_SPEED] = np.nan
        row = np.repeat(np.arange(len(near.edge)), 2)
        way = np.tile(np.array([1, 0]), len(near.edge))  # as drawn comes first where both are as good
        exists = self._arcs[near.edge[row], way] >= 0
        row, way = row[exists], way[exists]
        off = np.radians(course[near.position[row]] - near.course[row] + np.where(way == 1, 0.0, 180.0))
        against = np.nan_to_num((1 - np.cos(off)) / 2, nan=0.0)
        order = np.lexsort((near.distance[row] + WRONG_WAY * against, near.position[row]))
        return near, row[order], way[order]

    def _snap(self, near: Nearby, rows: NDArray[np.int64], ways: NDArray[np.int64], at: int) -> Snap:
        row, way = int(rows[at]), int(ways[at])
        fraction = float(near.fraction[row])
        return Snap(
            arc=int(self._arcs[near.edge[row], way]),
            fraction=fraction if way else 1.0 - fraction,
            latitude=float(near.latitude[row]),
            longitude=float(near.longitude[row]),
            distance=float(near.distance[row]),
        )


def _floats(values: Sequence[float | None] | None, size: int) -> NDArray[np.float64]:
    """Numbers with NaN for what is unknown."""
    if values is None:
        return np.full(size, np.nan)
    return np.array([np.nan if value is None else value for value in values], np.float64)
