"""Simulated drives on a real network, whose path is known, as a receiver with slowly drifting errors would see them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.geodesy import LocalPlane
from tracker.roads.engines import CchEngine
from tracker.roads.graph import Profile, RoadGraph
from tracker.roads.weights import free_flow

NOISE = 8.0
"""Metres, standard deviation of the error to the east and to the north, each."""

CORRELATION = 30.0
"""Seconds in which the correlation of an error with itself falls to 1/e."""


@dataclass(frozen=True, eq=False)
class Drive:
    """A drive: the truth, and a noisy position each second."""

    arcs: NDArray[np.int64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    seconds: NDArray[np.float64]

    def every(self, seconds: int) -> "Drive":
        """The same drive, seen less often."""
        return Drive(self.arcs, self.latitude[::seconds], self.longitude[::seconds], self.seconds[::seconds])


def drives(graph: RoadGraph, number: int, seed: int) -> list[Drive]:
    """Drives of 5 to 25 minutes between random junctions, at uneven speeds, with stops."""
    chance = np.random.default_rng(seed)
    engine = CchEngine(graph)
    weights = free_flow(graph)
    engine.customise(weights)
    junctions = np.unique(graph.arc_tail[graph.open_to(Profile.CAR)])
    found: list[Drive] = []
    while len(found) < number:
        source, target = chance.choice(junctions, 2).tolist()
        path = engine.path(source, target)
        if path is not None and 300_000 < path[0] < 1_500_000:
            found.append(_driven(graph, np.array(path[1]), weights, chance))
    return found


def overlap(graph: RoadGraph, one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Length of the arcs that two paths share, by the length of the longer path."""
    length = graph.arc_length
    shared = np.intersect1d(one, other)
    return float(length[shared].sum() / max(length[one].sum(), length[other].sum()))


def _driven(
    graph: RoadGraph, arcs: NDArray[np.int64], weights: NDArray[np.uint32], chance: np.random.Generator
) -> Drive:
    latitude: list[float] = []
    longitude: list[float] = []
    when = [0.0]
    for arc in arcs.tolist():
        shape = graph.shape_of(arc)
        skip = 1 if latitude else 0
        latitude.extend(shape[0][skip:].tolist())
        longitude.extend(shape[1][skip:].tolist())
        edge = graph.arc_edge[arc]
        offset = graph.shape_offset[graph.edge_first[edge] : graph.edge_first[edge + 1]]
        steps = np.diff(offset) if graph.arc_forward[arc] else np.diff(offset)[::-1]
        slowness = weights[arc] / 1000 / max(graph.arc_length[arc], 0.1) / chance.uniform(0.6, 1.1)
        when.extend((when[-1] + np.cumsum(steps * slowness)).tolist())
        if chance.random() < 0.08:  # a red light
            latitude.append(latitude[-1])
            longitude.append(longitude[-1])
            when.append(when[-1] + chance.uniform(5, 40))
    seconds = np.arange(0.0, when[-1], 1.0)
    plane = LocalPlane(latitude[0], longitude[0])
    east, north = plane.to_metres(np.array(latitude), np.array(longitude))
    seen = [np.interp(seconds, when, values) + _drift(len(seconds), chance) for values in (east, north)]
    return Drive(arcs, *plane.to_degrees(seen[0], seen[1]), seconds)


def _drift(size: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """A first-order Gauss-Markov process, one value a second."""
    keep = np.exp(-1 / CORRELATION)
    fresh = chance.normal(0, NOISE, size)
    fresh[1:] *= np.sqrt(1 - keep * keep)
    values = np.empty(size)
    last = 0.0
    for index, new in enumerate(fresh.tolist()):
        last = keep * last + new
        values[index] = last
    return values
