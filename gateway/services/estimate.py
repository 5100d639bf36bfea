"""How long from here to there, over the centre's roads where a region is loaded and by straight line where none is.

A way that is not found is unknown, with the reason. Nothing is remembered from one question to the next but the plans
that callers hold, and those name the weights (``serial``) they were made by.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import numpy as np
import structlog
from shapely import MultiPolygon

from tracker.eta import straight_line
from tracker.eta.live import Drive, Source
from tracker.eta.plan import Plan
from tracker.eta.speeds import Driving, SpeedModel, Speeds
from tracker.eta.straight_line import SHORTEST
from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.missions import Place, Urgency
from tracker.roads.closures import Closures
from tracker.roads.engines import Engine
from tracker.roads.graph import Profile, RoadGraph
from tracker.roads.isochrone import isochrones
from tracker.roads.router import Router
from tracker.roads.snap import Snap, Snapper

log = structlog.get_logger()

FAR = 500.0
"""Metres from the network up to which a position is joined to it at all: a yard, a field, a village off the map."""

ACCESS_SPEED = 3.0
"""Metres per second between a position and the road it is joined to: a yard, a track, on foot."""

WANDER = 25.0
"""Metres from the road that cost nothing: the receiver's noise and the width of the road."""

STRAIGHT_LINE_MODEL = "straight-line-1"

RENEW = timedelta(minutes=5)
"""How old weights may grow: by then the hour of the day has changed them by 2 % at most."""


def driving_of(kind: str, urgency: Urgency) -> Driving:
    """How a unit of this kind drives when it is this urgent."""
    if kind == "motorcycle":
        return Driving.MOTORCYCLE
    return Driving.LIGHTS if urgency.lights else Driving.NORMAL


class Position(msgspec.Struct, frozen=True):
    """Where something is, and where it is heading if that is known."""

    latitude: float
    longitude: float
    course: float | None = None  # degrees
    speed: float | None = None  # m/s


class Network(msgspec.Struct):
    """A region that is loaded, with a router for each way of driving."""

    graph: RoadGraph
    speeds: Speeds
    routers: dict[Driving, Router]
    snappers: dict[Profile, Snapper]
    closures: Closures
    renew_at: datetime


class Estimator:
    """Answers for one centre, in one event loop."""

    def __init__(self, model: SpeedModel) -> None:
        self._model, self._version = model, model.version
        self.network: Network | None = None
        self.serial = 0
        """Rises whenever weights changed: plans of another serial are to be made anew."""

    @property
    def source(self) -> Source:
        """What estimates rest on now."""
        return Source.STRAIGHT_LINE if self.network is None else Source.ROAD

    @property
    def model(self) -> str:
        """Version of what makes estimates now."""
        return STRAIGHT_LINE_MODEL if self.network is None else self._version

    def load(self, graph: RoadGraph, engine: Engine, moment: datetime, closures: Closures | None = None) -> None:
        """Route over this region from now on; plans over another one are void."""
        first = Router(graph, engine=engine)
        routers = {each: first if each is Driving.NORMAL else first.beside(first.weights) for each in Driving}
        snappers = {profile: Snapper(graph, profile) for profile in Profile}
        speeds = Speeds(graph, self._model)
        self.network = Network(graph, speeds, routers, snappers, closures or Closures(graph), moment)
        self.reweigh(moment)

    def learn(self, model: SpeedModel, moment: datetime) -> None:
        """Route by another model from now on."""
        self._model, self._version = model, model.version
        if self.network is not None:
            self.network.speeds = Speeds(self.network.graph, model)
            self.reweigh(moment)

    def reweigh(self, moment: datetime) -> None:
        """Renew all weights: for another time, or because closures have changed."""
        network = self.network
        if network is None:
            return
        for driving, router in network.routers.items():
            router.customise(network.closures.changed(network.speeds.weights(driving, moment), moment))
        change = network.closures.next_change(moment)
        network.renew_at = min(moment + RENEW, change) if change is not None else moment + RENEW
        self.serial += 1

    def tick(self, moment: datetime) -> bool:
        """Renew the weights if a closure began or ended, or they are old; whether they changed."""
        network = self.network
        if network is None or moment < network.renew_at:
            return False
        self.reweigh(moment)
        return True

    def plan(
        self, position: Position, place: Place, driving: Driving, *, standing: bool = True
    ) -> tuple[Drive, Plan | None]:
        """A drive and the route it takes; no plan where there is no route, or no network.

        Args:
            standing: the unit has still to set out.
        """
        network = self.network
        if network is None:
            return _straight(position, place), None
        start, goal = self._snapped([position], driving)[0], self._snapped([_of(place)], driving)[0]
        if start is None or goal is None:
            return self._unknown(_off_network(start, goal)), None
        router = network.routers[driving]
        route = router.route(start, goal)
        if route is None:
            return self._unknown("no open road leads there"), None
        plan = Plan(network.graph, route, router.weights, _access(goal))
        return self.driven(route.duration + _access(start) + plan.access, route.length, standing=standing), plan

    def driven(self, seconds: float, length: float | None, *, standing: bool) -> Drive:
        """A drive over the network, from its routed time in seconds and, where known, its length in metres.

        Args:
            standing: the unit has still to set out.
        """
        if self.network is None:
            raise AssertionError("a drive by road without a network")
        eta = self.network.speeds.estimate(max(SHORTEST, seconds), standing=standing)
        return Drive(eta, length, Source.ROAD, self.model)

    def matrix(
        self, positions: Sequence[Position], places: Sequence[Place], drivings: Sequence[Driving]
    ) -> list[list[Drive]]:
        """Drives from each position, in its way of driving, to each place. Over roads without distances: only times are
        asked of the router."""
        if self.network is None:
            return [[_straight(position, place) for place in places] for position in positions]
        drives: list[list[Drive]] = [[] for _ in positions]
        for driving in set(drivings):
            rows = [row for row, each in enumerate(drivings) if each is driving]
            for row, answer in zip(rows, self._block([positions[row] for row in rows], places, driving), strict=True):
                drives[row] = answer
        return drives

    def reachable(self, position: Position, limits: Sequence[float], driving: Driving) -> list[MultiPolygon] | None:
        """Areas that can be reached in so many seconds each; None without a network or far from it."""
        if self.network is None:
            return None
        start = self._snapped([position], driving)[0]
        return None if start is None else isochrones(self.network.routers[driving], start, limits)

    def _block(self, positions: Sequence[Position], places: Sequence[Place], driving: Driving) -> list[list[Drive]]:
        assert self.network is not None  # noqa: S101, the caller looked
        starts, goals = self._snapped(positions, driving), self._snapped([_of(place) for place in places], driving)
        known_starts = [start for start in starts if start is not None]
        known_goals = [goal for goal in goals if goal is not None]
        costs = self.network.routers[driving].many_to_many(known_starts, known_goals)
        row_of = np.cumsum([start is not None for start in starts]) - 1
        column_of = np.cumsum([goal is not None for goal in goals]) - 1

        def drive(row: int, column: int) -> Drive:
            start, goal = starts[row], goals[column]
            if start is None or goal is None:
                return self._unknown(_off_network(start, goal))
            cost = float(costs[row_of[row], column_of[column]])
            if np.isnan(cost):
                return self._unknown("no open road leads there")
            return self.driven(cost / 1000 + _access(start) + _access(goal), None, standing=True)

        return [[drive(row, column) for column in range(len(goals))] for row in range(len(starts))]

    def _snapped(self, positions: Sequence[Position], driving: Driving) -> list[Snap | None]:
        assert self.network is not None  # noqa: S101, the callers looked
        snapper = self.network.snappers[driving.profile]
        columns = (
            [each.latitude for each in positions], [each.longitude for each in positions],
            [each.course for each in positions], [each.speed for each in positions],
        )  # fmt: skip
        snaps = snapper.snap_many(*columns)
        for at, snap in enumerate(snaps):
            if snap is None:  # few are: the wide search is costly in a town
                each = positions[at]
                snaps[at] = snapper.snap(each.latitude, each.longitude, tolerance=FAR)
        return snaps

    def _unknown(self, why: str) -> Drive:
        return Drive(None, None, Source.ROAD, self.model, why)


def _of(place: Place) -> Position:
    return Position(place.latitude, place.longitude)


def _access(end: Snap) -> float:
    """Seconds between a place and the road it is joined to."""
    return max(0.0, end.distance - WANDER) / ACCESS_SPEED


def _off_network(start: Snap | None, goal: Snap | None) -> str:
    which = (
        "neither end" if start is None and goal is None else "the unit is not" if start is None else "the place is not"
    )
    return f"{which} within {FAR:.0f} m of a road of this region"


_SOME_TIME = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
"""An estimate for the time of a fix does not depend on that time."""


def _straight(position: Position, place: Place) -> Drive:
    fix = Fix(time=_SOME_TIME, latitude=position.latitude, longitude=position.longitude)
    eta = straight_line.estimate(fix, place.latitude, place.longitude, _SOME_TIME)
    metres = distance(position.latitude, position.longitude, place.latitude, place.longitude)
    return Drive(eta, metres, Source.STRAIGHT_LINE, STRAIGHT_LINE_MODEL)
