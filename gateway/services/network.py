"""The roads that are loaded: how long between two places by each way of driving, with what is closed at the moment.

Both ends of a way may lie on more than one road (`tracker.eta.ends`), and the best pair counts. An end that lies in
what is closed is left, or come to, at a walking pace: a unit in a flood still has a way out, and the answer names the
closure. Everything else that is closed stays closed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon

from tracker.eta.ends import best_route, places, places_many
from tracker.eta.speeds import Driving, SpeedModel, Speeds
from tracker.missions import Place
from tracker.roads.closures import Closure, Closures
from tracker.roads.engines import Engine, Weights
from tracker.roads.graph import Profile, RoadGraph
from tracker.roads.isochrone import isochrones
from tracker.roads.router import Route, Router
from tracker.roads.snap import COURSE_SPEED, Snap, Snapper

FAR = 500.0
"""Metres from the network up to which a position is joined to it at all: a yard, a field, a village off the map."""

ACCESS_SPEED = 3.0
"""Metres per second between a position and the road it is joined to: a yard, a track, on foot."""

WANDER = 25.0
"""Metres from the road that cost nothing: the receiver's noise and the width of the road."""

RENEW = timedelta(minutes=5)
"""How old weights may grow: by then the hour of the day has changed them by 2 % at most."""

CORNER = 1.0
"""Metres within which roads meet."""

MOST_GOALS = 2_000
"""Places whose roads are remembered."""

MOST_STARTS = 10_000
"""Positions whose roads are remembered, for each profile."""

MOST_RELAXED = 16
"""Routers that are kept for ends in what is closed."""

Ends = tuple[Snap, ...]
"""Where on the network something may be; the same for a start and a goal."""


class Position(NamedTuple):
    """Where something is, and where it is heading if that is known."""

    latitude: float
    longitude: float
    course: float | None = None  # degrees
    speed: float | None = None  # m/s


class Way(NamedTuple):
    """A way from one place to another."""

    route: Route
    weights: NDArray[np.uint32]  # [m] milliseconds, those that it was found with
    to_road: float  # seconds from the position to the road
    from_road: float  # seconds from the road to the place, with what this place takes beyond its road
    through: tuple[Closure, ...] = ()  # what an end lies in, though it is closed

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.route.duration + self.to_road + self.from_road


class Network:
    """One region, with a router for each way of driving. In one event loop."""

    def __init__(
        self, graph: RoadGraph, engine: Engine, model: SpeedModel, moment: datetime, closures: Closures | None
    ) -> None:
        first = Router(graph, engine=engine)
        self.graph = graph
        self.speeds = Speeds(graph, model)
        self.routers = {each: first if each is Driving.NORMAL else first.beside(first.weights) for each in Driving}
        self.snappers = {profile: Snapper(graph, profile) for profile in Profile}
        self.closures = closures or Closures(graph)
        self._goals: dict[tuple[float, float, Profile], Ends] = {}
        self._starts: dict[Profile, dict[Position, Ends]] = {profile: {} for profile in Profile}
        self._relaxed: dict[tuple[Driving, frozenset[str]], Router] = {}
        self._open: dict[Driving, Weights] = {}  # without closures
        self._open_at = moment
        self.slower: dict[Driving, NDArray[np.bool_]] | None = None
        """[m] the arcs that the last change made slower; None if it made any faster, or the network is new."""
        self.reweigh(moment, anew=True)

    def learn(self, model: SpeedModel, moment: datetime) -> None:
        """Drive by another model from now on."""
        self.speeds = Speeds(self.graph, model)
        self.reweigh(moment, anew=True)

    def reweigh(self, moment: datetime, *, anew: bool = False) -> None:
        """Renew the weights: because closures have changed, or for another hour.

        Args:
            moment: for which.
            anew: also those of open roads, which otherwise stay as they are until they are `RENEW` old.
        """
        self.weighed_at = moment
        self._relaxed.clear()
        if anew or not self._open_at <= moment < self._open_at + RENEW:
            self._open = {driving: self.speeds.weights(driving, moment) for driving in self.routers}
            self._open_at = moment
        slower: dict[Driving, NDArray[np.bool_]] = {}
        for driving, router in self.routers.items():
            before, weights = router.weights, self.closures.changed(self._open[driving], moment)
            router.customise(weights)
            if bool((router.weights >= before).all()):
                slower[driving] = router.weights > before
        self.slower = slower if len(slower) == len(self.routers) and not anew else None
        change, hour = self.closures.next_change(moment), self._open_at + RENEW
        self.renew_at = min(hour, change) if change is not None else hour

    def spares(self, arcs: NDArray[np.int32], driving: Driving) -> bool:
        """Whether a cheapest way over these arcs still is the cheapest after the last change of weights: roads became
        slower only, and none of these."""
        return self.slower is not None and not bool(self.slower[driving][arcs].any())

    # Ends

    def start(self, position: Position, driving: Driving) -> Ends:
        """Where on the network a position may be; none if no road is near.

        The course of a moving unit says which carriageway it is on; without one all that are as near may be.
        """
        snapper = self.snappers[driving.profile]
        if _has_course(position):
            snap = snapper.snap(*position)
            found: Ends = () if snap is None else (snap,)
        else:
            found = places(snapper, *position)
        return found or self._far(position, snapper)

    def starts(self, positions: Sequence[Position], driving: Driving) -> list[Ends]:
        """`start` for many positions, which are looked up together; remembered until they are too many: whoever asks
        again before the next fix has come asks for the same."""
        known = self._starts[driving.profile]
        new = [position for position in dict.fromkeys(positions) if position not in known]
        if len(known) + len(new) > MOST_STARTS:
            known.clear()
            new = list(dict.fromkeys(positions))
        known.update(zip(new, self._snapped(new, driving), strict=True))
        return [known[position] for position in positions]

    def _snapped(self, positions: Sequence[Position], driving: Driving) -> list[Ends]:
        snapper = self.snappers[driving.profile]
        found: dict[int, Ends] = {}
        moving = [row for row, position in enumerate(positions) if _has_course(position)]
        standing = [row for row, position in enumerate(positions) if not _has_course(position)]
        if moving:
            latitudes, longitudes, courses, speeds = zip(*(positions[row] for row in moving), strict=True)
            snaps = snapper.snap_many(latitudes, longitudes, courses, speeds)
            found = {row: (snap,) for row, snap in zip(moving, snaps, strict=True) if snap is not None}
        if standing:
            latitudes, longitudes = zip(*(positions[row][:2] for row in standing), strict=True)
            near = places_many(snapper, latitudes, longitudes)
            found |= {row: ends for row, ends in zip(standing, near, strict=True) if ends}
        far = [row for row in range(len(positions)) if row not in found]
        if far:  # few, and the wide search is costly: together
            latitudes, longitudes, courses, speeds = zip(*(positions[row] for row in far), strict=True)
            snaps = snapper.snap_many(latitudes, longitudes, courses, speeds, FAR)
            found |= {row: (snap,) for row, snap in zip(far, snaps, strict=True) if snap is not None}
        return [found.get(row, ()) for row in range(len(positions))]

    def goal(self, place: Place, driving: Driving) -> Ends:
        """Where on the network a place may be come to; remembered, for many drive to few places."""
        key = (place.latitude, place.longitude, driving.profile)
        known = self._goals.get(key)
        if known is None:
            snapper, at = self.snappers[driving.profile], Position(place.latitude, place.longitude)
            known = places(snapper, *at) or self._far(at, snapper)
            if len(self._goals) >= MOST_GOALS:
                del self._goals[next(iter(self._goals))]
            self._goals[key] = known
        return known

    def _far(self, position: Position, snapper: Snapper) -> Ends:
        """Few need it: the wide search is costly in a town."""
        snap = snapper.snap(*position, tolerance=FAR)
        return () if snap is None else (snap,)

    def corners(self, many: Sequence[Ends], driving: Driving) -> list[Ends]:
        """The same places, each on all roads that meet there."""
        ends = [end for each in many for end in each]
        if not ends:
            return list(many)
        latitudes, longitudes = [end.latitude for end in ends], [end.longitude for end in ends]
        snapper = self.snappers[driving.profile]
        met = iter(snapper.nearest_many(latitudes, longitudes, doubt=CORNER, tolerance=CORNER))
        corners: list[Ends] = []
        for each in many:
            found: dict[int, Snap] = {}
            for _ in each:
                for snap in next(met):
                    found.setdefault(int(self.graph.arc_edge[snap.arc]), snap)
            corners.append(tuple(found.values()) or each)
        return corners

    def closing(self, ends: Ends) -> tuple[Closure, ...]:
        """What closes the roads on which something may be, now."""
        edges = {int(self.graph.arc_edge[end.arc]) for end in ends}
        found = {each.id: each for edge in edges for each in self.closures.closing(edge, self.weighed_at)}
        return tuple(found[name] for name in sorted(found))

    # Ways

    def way(self, start: Ends, goal: Ends, driving: Driving) -> Way | None:
        """The best way between two ends, or None where no open road leads there."""
        router = self.routers[driving]
        through: tuple[Closure, ...] = ()
        route = _best(router, start, goal)
        if route is None:
            inside = self.closing((*start, *goal))
            if inside:  # at a corner one may be on another road as well
                route = _best(router, *self.corners([start, goal], driving))
            if inside and route is None:
                router, through = self.relaxed_by(driving, inside), inside
                route = _best(router, start, goal)
        if route is None:
            return None
        return Way(route, router.weights, access(start), self.approach(goal), through)

    def approach(self, goal: Ends) -> float:
        """Seconds that arriving takes: off the road, and what drives to this place took beyond theirs."""
        return access(goal) + self.speeds.approach(goal[0].latitude, goal[0].longitude)

    def ways(self, starts: Sequence[Ends], goals: Sequence[Ends], driving: Driving) -> "Ways":
        """The same for each pair."""
        return Ways(self, starts, goals, driving)

    def reachable(self, start: Ends, limits: Sequence[float], driving: Driving) -> list[MultiPolygon]:
        """Areas that can be reached from the likeliest place in so many seconds each."""
        inside = self.closing(start[:1])
        router = self.relaxed_by(driving, inside) if inside else self.routers[driving]
        return isochrones(router, start[0], limits)

    def relaxed_by(self, driving: Driving, closures: Sequence[Closure]) -> Router:
        """A router by whose weights one may creep through these closures."""
        key = (driving, frozenset(each.id for each in closures))
        router = self._relaxed.get(key)
        if router is None:
            weights = self.closures.changed(self._open[driving], self.weighed_at, passable=key[1])
            if len(self._relaxed) >= MOST_RELAXED:
                del self._relaxed[next(iter(self._relaxed))]
            router = self._relaxed[key] = self.routers[driving].beside(weights)
        return router


class Ways:
    """Ways between many ends: all costs are found at once, each route when it is asked for."""

    def __init__(self, network: Network, starts: Sequence[Ends], goals: Sequence[Ends], driving: Driving) -> None:
        self._network, self._starts, self._goals, self._driving = network, starts, goals, driving
        self._row = np.cumsum([0, *(len(ends) for ends in starts)]).tolist()
        self._column = np.cumsum([0, *(len(ends) for ends in goals)]).tolist()
        flat_starts, flat_goals = ([end for ends in each for end in ends] for each in (starts, goals))
        self._costs = network.routers[driving].many_to_many(flat_starts, flat_goals)

    def way(self, row: int, column: int) -> Way | None:
        """As `Network.way` between these two."""
        start, goal = self._starts[row], self._goals[column]
        costs = self._costs[self._row[row] : self._row[row + 1], self._column[column] : self._column[column + 1]]
        if costs.size and not np.isnan(costs).all():
            a, b = divmod(int(np.nanargmin(costs)), costs.shape[1])
            start_at, goal_at = start[a : a + 1], goal[b : b + 1]
            way = self._network.way(start_at, goal_at, self._driving)
            return None if way is None else way._replace(to_road=access(start), from_road=self._network.approach(goal))
        return self._network.way(start, goal, self._driving)


def _best(router: Router, start: Ends, goal: Ends) -> Route | None:
    if len(start) == 1 and len(goal) == 1:
        return router.route(start[0], goal[0])
    return best_route(router, start, goal)


def _has_course(position: Position) -> bool:
    """Whether it says which carriageway it is on."""
    return position.course is not None and (position.speed is None or position.speed >= COURSE_SPEED)


def access(ends: Ends) -> float:
    """Seconds between a place and the road it is joined to."""
    return max(0.0, min(end.distance for end in ends) - WANDER) / ACCESS_SPEED
