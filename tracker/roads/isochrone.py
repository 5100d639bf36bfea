"""What can be reached in so many seconds, as an area on the map.

The cost at every node comes from the router; along the roads it grows evenly. Roads are sampled onto a grid whose cells
keep the smallest cost. The area of a limit is the cells within it and the cells next to them, so that it covers the
houses along a road; its stairs are smoothed by less than a cell, so that every road point in reach stays inside.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped] # it ships no types

from tracker.geodesy import Floats, LocalPlane
from tracker.roads.engines import INFINITE
from tracker.roads.graph import RoadGraph
from tracker.roads.router import Router
from tracker.roads.snap import Snap

CELL = 60.0
"""Metres of a cell's side, where the area is not so large that cells must be larger."""

MOST_CELLS = 62_500
"""Cells of a grid, at most."""

SMALLEST_HOLE = 40
"""Cells of a hole in the area that is kept; smaller ones are fields and blocks between streets in reach."""


def isochrones(router: Router, source: Snap, limits: Sequence[float], cell: float = CELL) -> list[shapely.MultiPolygon]:
    """Areas that can be reached from a place.

    Args:
        router: network and weights.
        source: the place.
        limits: seconds, one for each area.
        cell: metres of a cell of the grid, at least.
    Returns:
        For each limit polygons of (longitude, latitude) in degrees; a larger limit covers a smaller. Empty where
        even the place's own road is closed.
    Raises:
        ValueError: a limit is not above zero.
    """
    if not all(limit > 0 for limit in limits):
        raise ValueError("a limit is a number of seconds above zero")
    latitude, longitude, cost = _samples(router, source, max(limits, default=0.0), cell)
    if len(cost) == 0:
        return [shapely.MultiPolygon() for _ in limits]
    plane = LocalPlane(source.latitude, source.longitude)
    east, north = plane.to_metres(latitude, longitude)
    west, south = float(east.min()), float(north.min())
    cell = max(cell, math.sqrt((float(np.ptp(east)) + 1) * (float(np.ptp(north)) + 1) / MOST_CELLS))
    column, row = ((east - west) // cell).astype(int) + 1, ((north - south) // cell).astype(int) + 1
    grid = np.full((row.max() + 2, column.max() + 2), np.inf)
    np.minimum.at(grid, (row, column), cost)

    def to_degrees(cells: Floats) -> Floats:
        there = plane.to_degrees(west + (cells[:, 0] - 1) * cell, south + (cells[:, 1] - 1) * cell)
        return np.stack((there[1], there[0]), axis=1)

    areas: dict[float, shapely.MultiPolygon] = {}
    smaller: shapely.Geometry = shapely.MultiPolygon()
    for limit in sorted(limits):
        # Smoothed by itself, a larger area would lose a corner of a smaller one here and there.
        smaller = shapely.union(smaller, _outline(grid <= limit * 1000))
        area = shapely.make_valid(shapely.transform(smaller, to_degrees), method="structure", keep_collapsed=False)
        areas[limit] = shapely.MultiPolygon([part for part in shapely.get_parts(area) if not part.is_empty])
    return [areas[limit] for limit in limits]


def _samples(router: Router, source: Snap, limit: float, cell: float) -> tuple[Floats, Floats, Floats]:
    """Points on the roads within the limit, no further than half a cell apart, and their costs in milliseconds."""
    graph, most = router.graph, limit * 1000
    at_node = router.field(source)
    cost, weight = at_node[graph.arc_tail], router.weights.astype(np.float64)
    with np.errstate(invalid="ignore"):
        arcs = np.flatnonzero((cost <= most) & (weight < INFINITE))
    begin, cost = np.zeros(len(arcs)), cost[arcs]
    # The place's own arcs are driven from it on.
    own = [(source.arc, source.fraction), (int(graph.arc_twin[source.arc]), 1 - source.fraction)]
    own = [(arc, along) for arc, along in own if arc >= 0 and weight[arc] < INFINITE]
    arcs = np.append(arcs, [arc for arc, _ in own]).astype(np.int64)
    begin = np.append(begin, [along for _, along in own])
    cost = np.append(cost, np.zeros(len(own)))
    end = np.minimum(1.0, begin + (most - cost) / weight[arcs])
    steps = np.ceil((end - begin) * graph.arc_length[arcs] / (cell / 2)).astype(int) + 1
    which = np.repeat(np.arange(len(arcs)), steps)
    step = np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps)
    part = begin[which] + (end - begin)[which] * step / np.maximum(steps[which] - 1, 1)
    latitude, longitude = _positions(graph, arcs[which], part)
    return latitude, longitude, cost[which] + (part - begin[which]) * weight[arcs[which]]


def _positions(graph: RoadGraph, arcs: NDArray[np.int64], part: Floats) -> tuple[Floats, Floats]:
    """Degrees of places given as a part of an arc each."""
    edge = graph.arc_edge[arcs]
    offset = np.where(graph.arc_forward[arcs], part, 1.0 - part) * graph.edge_length[edge]
    # All edges one behind the other, a metre apart, so that one search serves all.
    begins = np.concatenate(([0.0], np.cumsum(graph.edge_length + 1.0)[:-1]))
    along = graph.shape_offset + np.repeat(begins, np.diff(graph.edge_first))
    before = np.searchsorted(along, offset + begins[edge], side="right") - 1
    before = np.clip(before, graph.edge_first[edge], graph.edge_first[edge + 1] - 2)
    gap = np.maximum(along[before + 1] - along[before], 1e-9)
    share = np.clip((offset + begins[edge] - along[before]) / gap, 0.0, 1.0)
    latitude, longitude = graph.shape_latitude, graph.shape_longitude
    return (
        latitude[before] + share * (latitude[before + 1] - latitude[before]),
        longitude[before] + share * (longitude[before + 1] - longitude[before]),
    )


def _outline(inside: NDArray[np.bool_]) -> shapely.Geometry:
    """The cells and their neighbours as polygons, a cell being 1 by 1, without stairs and small holes."""
    wide = np.pad(ndimage.binary_dilation(inside, np.ones((3, 3), bool)), 1)
    holes, _ = ndimage.label(~wide)
    small = np.bincount(holes.ravel()) < SMALLEST_HOLE
    small[[0, holes[0, 0]]] = False  # the area itself, and what lies around all of it
    wide |= small[holes]
    edges = np.diff(wide.astype(np.int8), axis=1)
    row, begin = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    stairs = shapely.union_all(shapely.box(begin, row - 1, end, row)).simplify(0.75)
    return shapely.make_valid(stairs, method="structure", keep_collapsed=False)  # smoothed borders may touch
