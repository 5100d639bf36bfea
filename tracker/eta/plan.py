"""A planned route, and what is left of it from wherever its unit is now.

Every end of a cheapest way is itself a cheapest way. So as long as a unit is on its planned route and the weights are
those it was planned by, the rest of the plan is exactly what routing again from the new fix would find, and costs a
look-up. Off the plan, or after a change of weights, it is routed again.
"""

import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.geodesy import LocalPlane, turn
from tracker.roads.graph import RoadGraph
from tracker.roads.router import Route
from tracker.roads.snap import COURSE_SPEED, Nearby

PREFERENCE = 15.0
"""Metres by which the planned road may be farther from the fix than another one and is still believed: receivers
wander by that much, and a plan that changes with them helps nobody."""

AGAINST = 120.0
"""Degrees off the planned direction from which on a moving unit is not given this preference: it may be on the other
carriageway."""


class Rest:
    """What is left of a plan: milliseconds by the router's weights, and metres."""

    __slots__ = ("cost", "length")

    def __init__(self, cost: int, length: float) -> None:
        self.cost = cost
        self.length = length


class Plan:
    """A route that was planned over a graph."""

    def __init__(self, graph: RoadGraph, route: Route, weights: NDArray[np.uint32], access: float = 0.0) -> None:
        """
        Args:
            graph: the network.
            route: over it.
            weights: [m] milliseconds, those that the route was found with.
            access: seconds from the end of the route to the place, off the road.
        """
        self.route = route
        self.access = access
        arcs = route.arcs
        edges = graph.arc_edge[arcs]
        self._at = {edge: at for at, edge in enumerate(edges.tolist())}
        self._forward: list[bool] = graph.arc_forward[arcs].tolist()
        self._weight: list[int] = np.asarray(weights)[arcs].tolist()
        self._length: list[float] = graph.edge_length[edges].tolist()
        lengths = route.parts * graph.edge_length[edges]
        self._cost_after: list[int] = (route.cost - np.cumsum(route.costs)).tolist()
        self._length_after: list[float] = np.maximum(0.0, route.length - np.cumsum(lengths)).tolist()
        part = float(route.parts[-1])
        single = len(arcs) == 1
        # Of a route on one arc only its part is known, not where that lies: such a route is planned anew each time.
        self._last = -1 if single else len(arcs) - 1
        self._begin = 1.0 - float(route.parts[0])
        self._end = part

    def rest(self, near: Nearby, rows: range, course: float | None, speed: float | None) -> Rest | None:
        """What is left from a fix, or None if it is not on the plan.

        Args:
            near: edges near some positions.
            rows: those of this fix.
            course: degrees, of the fix.
            speed: m/s; slower than `COURSE_SPEED` the course says nothing.
        """
        if self._last < 0 or not rows:
            return None
        moving = course is not None and (speed is None or speed >= COURSE_SPEED)
        nearest, best, best_row = min(near.distance[row] for row in rows), None, -1
        for row in rows:
            at = self._at.get(int(near.edge[row]))
            if at is None:
                continue
            away = float(near.distance[row]) - nearest
            if away > 0 and moving and course is not None:
                along = near.course[row] + (0.0 if self._forward[at] else 180.0)
                if turn(course, float(along)) > AGAINST:
                    continue
            if away <= PREFERENCE and (best is None or near.distance[row] < near.distance[best_row]):
                best, best_row = at, row
        if best is None:
            return None
        fraction = float(near.fraction[best_row])
        return self._from(best, fraction if self._forward[best] else 1.0 - fraction)

    def _from(self, at: int, fraction: float) -> Rest | None:
        if (at == 0 and fraction < self._begin) or (at == self._last and fraction > self._end):
            return None
        left = (self._end if at == self._last else 1.0) - fraction
        cost = round(self._weight[at] * left) + self._cost_after[at]
        return Rest(cost, self._length[at] * left + self._length_after[at])

    def continues(self, other: "Plan") -> bool:
        """Whether this plan is the same way as the other, or the end of it."""
        mine, whole = self.route.arcs, other.route.arcs
        return len(mine) <= len(whole) and bool(np.array_equal(mine, whole[len(whole) - len(mine) :]))

    def distance_from(self, latitude: float, longitude: float) -> float:
        """Metres from a position to the nearest point of the whole route."""
        plane = LocalPlane(latitude, longitude)
        x, y = plane.to_metres(self.route.latitude, self.route.longitude)
        return float(shapely.LineString(np.column_stack((x, y))).distance(shapely.Point(0.0, 0.0)))
