"""The road network as arrays, the one form in which everything here knows it.

Words: a *node* is a junction or a dead end; an *edge* is the undirected piece of road between two nodes, with its
shape; an *arc* is an edge driven in one direction; a *way* is what the map calls one, several edges with the same tags.
"""

from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracker.errors import TrackerError
from tracker.geodesy import distances

FORMAT_VERSION = 1
"""Raised whenever a file of an earlier version cannot be read as this one."""


class BrokenGraph(TrackerError):
    """These arrays are no road network: indices point outside, lengths are negative, sizes disagree."""


class Profile(IntFlag):
    """Who drives. A bit each, because an arc is open to a set of them."""

    CAR = 1  # an ambulance, with the access of an emergency vehicle
    MOTORCYCLE = 2  # a motor-ambulance


class RoadClass(IntEnum):
    """What kind of road a way is. The numbers are in files: only append."""

    MOTORWAY = 0
    MOTORWAY_LINK = 1
    TRUNK = 2
    TRUNK_LINK = 3
    PRIMARY = 4
    PRIMARY_LINK = 5
    SECONDARY = 6
    SECONDARY_LINK = 7
    TERTIARY = 8
    TERTIARY_LINK = 9
    UNCLASSIFIED = 10
    RESIDENTIAL = 11
    LIVING_STREET = 12
    SERVICE = 13
    BUSWAY = 14
    ROAD = 15  # the mapper did not know
    TRACK = 16  # firm: grade 1 or 2
    ROUGH_TRACK = 17  # grade 3 or worse, or not said: the last resort
    PATH = 18  # path, footway, cycleway, pedestrian street
    FERRY = 19


@dataclass(frozen=True)
class Source:
    """Where a graph came from."""

    file: str = ""  # name of the extract, without its folder
    digest: str = ""  # SHA-256 of the extract, hexadecimal
    timestamp: str = ""  # of the map data, as the extract states it; "" where it does not


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """A region's roads: n nodes, m arcs, e edges, s shape points, w ways. Arrays are read-only.

    Raises:
        BrokenGraph: on creation, if the arrays contradict each other.
    """

    node_latitude: NDArray[np.float64]  # [n] degrees
    node_longitude: NDArray[np.float64]  # [n] degrees
    arc_tail: NDArray[np.uint32]  # [m] node; rising, so that the arcs out of a node lie together
    arc_head: NDArray[np.uint32]  # [m] node
    arc_edge: NDArray[np.int32]  # [m] edge
    arc_forward: NDArray[np.bool_]  # [m] whether it runs along the edge as drawn
    arc_access: NDArray[np.uint8]  # [m] set of Profile that may drive it
    arc_fixed_time: NDArray[np.float32]  # [m] seconds, for ferries; NaN elsewhere
    edge_first: NDArray[np.int64]  # [e + 1] into the shape: edge k has points edge_first[k] to edge_first[k + 1] - 1
    shape_latitude: NDArray[np.float64]  # [s] degrees; both end nodes of an edge are among its points
    shape_longitude: NDArray[np.float64]  # [s] degrees
    edge_length: NDArray[np.float64]  # [e] metres along the shape; 0 for a barrier that some may pass
    edge_way: NDArray[np.int32]  # [e] way
    way_id: NDArray[np.int64]  # [w] the map's own id
    way_class: NDArray[np.uint8]  # [w] RoadClass
    way_speed: NDArray[np.float32]  # [w] metres per second, the tagged maximum; NaN where there is none
    way_name: NDArray[np.int32]  # [w] into `names`
    names: tuple[str, ...]  # of streets; the first is "", for ways without one
    region: str
    source: Source = Source()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        self._check()

    def _check(self) -> None:
        n, m, e, s, w = self.nodes, self.arcs, self.edges, len(self.shape_latitude), len(self.way_id)
        sizes = {
            "node_longitude": n, "arc_head": m, "arc_edge": m, "arc_forward": m, "arc_access": m, "arc_fixed_time": m,
            "edge_first": e + 1, "shape_longitude": s, "edge_way": e, "way_class": w, "way_speed": w, "way_name": w,
        }  # fmt: skip
        for name, size in sizes.items():
            if len(getattr(self, name)) != size:
                raise BrokenGraph(f"{name} has {len(getattr(self, name))} values, not {size}")
        if not (n and m and e):
            raise BrokenGraph("a network needs at least one arc")
        for name, limit in (
            ("arc_tail", n), ("arc_head", n), ("arc_edge", e), ("edge_way", w), ("way_name", len(self.names)),
            ("way_class", len(RoadClass)),
        ):  # fmt: skip
            values = getattr(self, name)
            if len(values) and (int(values.min()) < 0 or int(values.max()) >= limit):
                raise BrokenGraph(f"{name} points outside: {values.min()} to {values.max()}, of {limit}")
        if (np.diff(self.arc_tail.astype(np.int64)) < 0).any():
            raise BrokenGraph("arcs are not in the order of their tails")
        if self.edge_first[0] != 0 or self.edge_first[-1] != s or (np.diff(self.edge_first) < 2).any():
            raise BrokenGraph("edge_first does not cut the shape into pieces of two points or more")
        if not (np.isfinite(self.edge_length).all() and (self.edge_length >= 0).all()):
            raise BrokenGraph("an edge has a negative or unknown length")
        if not (np.isfinite(self.shape_latitude).all() and np.isfinite(self.shape_longitude).all()):
            raise BrokenGraph("a shape point has no position")
        if np.bincount(self.arc_edge * 2 + self.arc_forward).max() > 1:
            raise BrokenGraph("an edge has two arcs in one direction")

    @property
    def nodes(self) -> int:
        """How many nodes."""
        return len(self.node_latitude)

    @property
    def arcs(self) -> int:
        """How many arcs."""
        return len(self.arc_tail)

    @property
    def edges(self) -> int:
        """How many edges."""
        return len(self.edge_length)

    @cached_property
    def edge_arcs(self) -> NDArray[np.int32]:
        """[e, 2] the arcs of each edge: backward, forward; -1 where that direction does not exist."""
        arcs = np.full((self.edges, 2), -1, np.int32)
        arcs[self.arc_edge, self.arc_forward.astype(np.int8)] = np.arange(self.arcs, dtype=np.int32)
        arcs.setflags(write=False)
        return arcs

    @cached_property
    def arc_twin(self) -> NDArray[np.int32]:
        """[m] the arc of the same edge in the other direction, or -1."""
        twin: NDArray[np.int32] = self.edge_arcs[self.arc_edge, 1 - self.arc_forward.astype(np.int8)]
        twin.setflags(write=False)
        return twin

    @cached_property
    def first_out(self) -> NDArray[np.int64]:
        """[n + 1] the arcs out of node k are first_out[k] to first_out[k + 1] - 1."""
        return np.searchsorted(self.arc_tail, np.arange(self.nodes + 1)).astype(np.int64)

    @cached_property
    def arc_length(self) -> NDArray[np.float64]:
        """[m] metres."""
        return self.edge_length[self.arc_edge]

    @cached_property
    def arc_way(self) -> NDArray[np.int32]:
        """[m] way."""
        return self.edge_way[self.arc_edge]

    @cached_property
    def arc_class(self) -> NDArray[np.uint8]:
        """[m] RoadClass."""
        return self.way_class[self.arc_way]

    @cached_property
    def arc_name(self) -> NDArray[np.int32]:
        """[m] into `names`."""
        return self.way_name[self.arc_way]

    def open_to(self, profile: Profile) -> NDArray[np.bool_]:
        """[m] whether this profile may drive each arc."""
        allowed: NDArray[np.bool_] = (self.arc_access & int(profile)) != 0
        return allowed

    def name_of(self, arc: int) -> str:
        """Name of the street, or ""."""
        return self.names[int(self.arc_name[arc])]

    def shape_of(self, arc: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points of an arc in the direction of driving: (latitude[k], longitude[k]) in degrees, k >= 2."""
        edge = self.arc_edge[arc]
        cut = slice(int(self.edge_first[edge]), int(self.edge_first[edge + 1]))
        latitude, longitude = self.shape_latitude[cut], self.shape_longitude[cut]
        return (latitude, longitude) if self.arc_forward[arc] else (latitude[::-1], longitude[::-1])

    @cached_property
    def shape_offset(self) -> NDArray[np.float64]:
        """[s] metres from the start of its edge to each shape point, as drawn; an edge's last is its length.

        Between two points a position is found by its part of the straight line, everywhere in this package.
        """
        return shape_offsets(self.edge_first, self.shape_latitude, self.shape_longitude)


def shape_offsets(
    edge_first: NDArray[np.int64], latitude: NDArray[np.float64], longitude: NDArray[np.float64]
) -> NDArray[np.float64]:
    """[s] metres along its edge of every shape point, from arrays as in `RoadGraph`."""
    steps = np.zeros(len(latitude))
    steps[1:] = distances(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
    steps[edge_first[:-1]] = 0.0
    total = np.cumsum(steps)
    offsets: NDArray[np.float64] = total - np.repeat(total[edge_first[:-1]], np.diff(edge_first))
    return offsets
