"""How long from here to there, over the centre's roads where a region is loaded and by straight line where none is.

A way that is not found is unknown, with the reason. Nothing is remembered from one question to the next but the plans
that callers hold, and those name the weights (``serial``) they were made by.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

import msgspec
import numpy as np
import structlog
from shapely import MultiPolygon

from gateway.services.drive_times import drive_times
from gateway.services.network import FAR, Ends, Network, Position, Way
from tracker.eta import straight_line
from tracker.eta.live import Drive, Source
from tracker.eta.plan import Plan
from tracker.eta.speeds import Driving, SpeedModel
from tracker.eta.straight_line import SHORTEST, Estimate
from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.missions import Place, Urgency
from tracker.roads.closures import Closure, Closures
from tracker.roads.engines import Engine
from tracker.roads.graph import RoadGraph

log = structlog.get_logger()

STRAIGHT_LINE_MODEL = "straight-line-1"

AT_ONCE = 1000
"""Drives that are computed in one go: some ten milliseconds."""

CREEPING = 1.5
"""Times as far apart that the ends of an interval are from its middle, as factors, where a drive begins or ends in what
is closed: nobody has measured how fast one gets out of a flood."""

SLICE_S = 0.01
"""Of routing; then whoever waits has a turn."""

NAMED = 3
"""Closures that a sentence names."""


def driving_of(kind: str, urgency: Urgency) -> Driving:
    """How a unit of this kind drives when it is this urgent."""
    if kind == "motorcycle":
        return Driving.MOTORCYCLE
    return Driving.LIGHTS if urgency.lights else Driving.NORMAL


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

    @property
    def speeds(self) -> SpeedModel:
        """The speed model in use wherever there are roads."""
        return self._model

    def load(self, graph: RoadGraph, engine: Engine, moment: datetime, closures: Closures | None = None) -> None:
        """Route over this region from now on; plans over another one are void."""
        self.network = Network(graph, engine, self._model, moment, closures)
        self.serial += 1

    def learn(self, model: SpeedModel, moment: datetime) -> None:
        """Route by another model from now on."""
        self._model, self._version = model, model.version
        if self.network is not None:
            self.network.learn(model, moment)
            self.serial += 1

    def reweigh(self, moment: datetime) -> None:
        """Renew all weights: for another time, or because closures have changed."""
        if self.network is not None:
            self.network.reweigh(moment)
            self.serial += 1

    def tick(self, moment: datetime) -> bool:
        """Renew the weights if a closure began or ended, or they are old; whether they changed."""
        network = self.network
        if network is None or moment < network.renew_at:
            return False
        self.reweigh(moment)
        return True

    def spares(self, plan: Plan | None, serial: int, driving: Driving) -> bool:
        """Whether a plan that was the best by the weights of this serial is the best by those of now."""
        if plan is None or self.network is None:
            return False
        return serial == self.serial or (serial == self.serial - 1 and self.network.spares(plan.route.arcs, driving))

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
        start, goal = network.start(position, driving), network.goal(place, driving)
        if not start or not goal:
            return self._unknown(_off_network(start, goal)), None
        way = network.way(start, goal, driving)
        if way is None:
            return self._unknown(_no_way(network)), None
        return self._over(way, standing=standing), Plan(network.graph, way.route, way.weights, way.from_road)

    def driven(self, seconds: float, length: float | None, *, standing: bool) -> Drive:
        """A drive over open roads, from its routed time in seconds and, where known, its length in metres.

        Args:
            standing: the unit has still to set out.
        """
        if self.network is None:
            raise AssertionError("a drive by road without a network")
        eta = self.network.speeds.estimate(max(SHORTEST, seconds), standing=standing)
        return Drive(eta, length, Source.ROAD, self.model)

    async def matrix(
        self,
        positions: Sequence[Position],
        places: Sequence[Place],
        drivings: Sequence[Driving],
        *,
        metres: bool = True,
    ) -> list[list[Drive]]:
        """Drives from each position, in its way of driving, to each place, as `plan` finds them. Others have their turn
        in between.

        Args:
            metres: also how long each is. That asks for each way by itself, and takes ten times as long.
        """
        if self.network is None:
            return [[_straight(position, place) for place in places] for position in positions]
        drives: list[list[Drive]] = [[] for _ in positions]
        for driving in set(drivings):
            rows = [row for row, each in enumerate(drivings) if each is driving]
            some = [positions[row] for row in rows]
            try:
                block = await (self._block if metres else self._times)(self.network, some, places, driving)
            except Exception as error:  # whatever a router can raise: nobody knows is an answer, and no ranking is lost
                log.exception("no drives", driving=driving.value)
                block = [[self._unknown(f"the router failed: {error}") for _ in places] for _ in some]
            for row, answer in zip(rows, block, strict=True):
                drives[row] = answer
        return drives

    def reachable(self, position: Position, limits: Sequence[float], driving: Driving) -> list[MultiPolygon] | None:
        """Areas that can be reached in so many seconds each; None without a network or far from it."""
        if self.network is None:
            return None
        start = self.network.start(position, driving)
        return self.network.reachable(start, limits, driving) if start else None

    async def _block(
        self, network: Network, positions: Sequence[Position], places: Sequence[Place], driving: Driving
    ) -> list[list[Drive]]:
        starts = network.starts(positions, driving)
        goals = [network.goal(place, driving) for place in places]
        ways = network.ways(starts, goals, driving)
        ends = time.monotonic() + SLICE_S
        block: list[list[Drive]] = []
        for row, start in enumerate(starts):
            drives: list[Drive] = []
            for column, goal in enumerate(goals):
                if time.monotonic() >= ends:
                    await asyncio.sleep(0)
                    ends = time.monotonic() + SLICE_S
                if not start or not goal:
                    drives.append(self._unknown(_off_network(start, goal)))
                    continue
                way = ways.way(row, column)
                drives.append(self._unknown(_no_way(network)) if way is None else self._over(way, standing=True))
            block.append(drives)
        return block

    async def _times(
        self, network: Network, positions: Sequence[Position], places: Sequence[Place], driving: Driving
    ) -> list[list[Drive]]:
        """`_block` without lengths, all at once; others have their turn only where it is much: whoever waits for a
        ranking would wait for them as well."""
        much = len(positions) * len(places) > AT_ONCE
        starts = network.starts(positions, driving)
        goals = [network.goal(place, driving) for place in places]
        if much:
            await asyncio.sleep(0)
        times = drive_times(network, starts, goals, driving)
        if much:
            await asyncio.sleep(0)
        etas = network.speeds.estimates(np.maximum(SHORTEST, times.seconds)).transpose(1, 2, 0).tolist()
        no_way = self._unknown(_no_way(network))
        block: list[list[Drive]] = []
        for row, start in enumerate(starts):
            drives: list[Drive] = []
            for column, goal in enumerate(goals):
                eta = etas[row][column]
                if eta[1] == eta[1]:  # no NaN
                    drive = Drive(Estimate(*eta), None, Source.ROAD, self.model)
                    through = times.through.get((row, column))
                    drives.append(drive if through is None else crept(drive, through))
                else:
                    drives.append(no_way if start and goal else self._unknown(_off_network(start, goal)))
            block.append(drives)
        return block

    def _over(self, way: Way, *, standing: bool) -> Drive:
        drive = self.driven(way.seconds, way.route.length, standing=standing)
        if not way.through:
            return drive
        return crept(drive, way.through)

    def _unknown(self, why: str) -> Drive:
        return Drive(None, None, Source.ROAD, self.model, why)


def crept(drive: Drive, through: Sequence[Closure]) -> Drive:
    """A drive that begins or ends in what is closed: its interval is wider, and it says so."""
    eta = drive.eta
    if eta is None:
        return drive
    early, late = eta.p50 * (eta.p10 / eta.p50) ** CREEPING, eta.p50 * (eta.p90 / eta.p50) ** CREEPING
    note = f"at a walking pace through what is closed: {_named(through)}"
    return msgspec.structs.replace(drive, eta=Estimate(max(SHORTEST, early), eta.p50, late), note=note)


def _off_network(start: Ends, goal: Ends) -> str:
    which = "neither end" if not start and not goal else "the unit is not" if not start else "the place is not"
    return f"{which} within {FAR:.0f} m of a road of this region"


def _no_way(network: Network) -> str:
    closed = [each for each in network.closures.holding_at(network.weighed_at) if each.factor is None]
    return "no open road leads there" + (f"; closed now: {_named(closed)}" if closed else "")


def _named(closures: Sequence[Closure]) -> str:
    """As people know them."""
    names = [f"{each.reason} ({each.id})" if each.reason else each.id for each in closures]
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


_SOME_TIME = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
"""An estimate for the time of a fix does not depend on that time."""


def _straight(position: Position, place: Place) -> Drive:
    fix = Fix(time=_SOME_TIME, latitude=position.latitude, longitude=position.longitude)
    eta = straight_line.estimate(fix, place.latitude, place.longitude, _SOME_TIME)
    metres = distance(position.latitude, position.longitude, place.latitude, place.longitude)
    return Drive(eta, metres, Source.STRAIGHT_LINE, STRAIGHT_LINE_MODEL)
