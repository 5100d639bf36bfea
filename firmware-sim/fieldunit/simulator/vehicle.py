"""How a simulated ambulance moves: along the roads, from district to district, at believable speeds.

Pure and deterministic: the same network and seed give the same drive, and no clock is read.
"""

import bisect
import heapq
import itertools
import math
import random
from typing import NamedTuple

from tracker.geodesy import distance
from tracker.measures import KILOMETRE_PER_HOUR
from tracker.regions import Network

SLOWEST = 30 * KILOMETRE_PER_HOUR
FASTEST = 70 * KILOMETRE_PER_HOUR
ACCELERATION = 1.5
"""m/s², a laden van."""
BRAKING = 2.0
"""m/s², short of what throws a patient about."""
PAUSE_S = (20.0, 90.0)
"""At a destination, from and to."""


class State(NamedTuple):
    """Where the vehicle is and how it moves."""

    latitude: float  # degrees
    longitude: float  # degrees
    speed: float  # m/s
    course: float  # degrees true, the last one when standing


class Roads:
    """The network, ready to be driven."""

    def __init__(self, network: Network) -> None:
        self.districts = len(network.districts)
        self._roads = {road.ends: road for road in network.roads}
        self._neighbours: list[list[tuple[int, float]]] = [[] for _ in network.districts]
        for road in network.roads:
            one, other = road.ends
            self._neighbours[one].append((other, road.length))
            self._neighbours[other].append((one, road.length))

    def route(self, start: int, end: int) -> list[tuple[float, float]]:
        """The points (latitude, longitude) of the shortest way between two districts."""
        points: list[tuple[float, float]] = []
        for one, other in itertools.pairwise(self._districts(start, end)):
            road = self._roads[min(one, other), max(one, other)]
            points += road.points if one < other else road.points[::-1]
        return [point for point, _ in itertools.groupby(points)]

    def _districts(self, start: int, end: int) -> list[int]:
        """Those on the way, both ends included (Dijkstra)."""
        came_from: dict[int, int] = {}
        ahead = [(0.0, start, start)]
        while end not in came_from:
            way, district, previous = heapq.heappop(ahead)
            if district not in came_from:
                came_from[district] = previous
                for neighbour, length in self._neighbours[district]:
                    heapq.heappush(ahead, (way + length, neighbour, district))
        passed = [end]
        while passed[-1] != start:
            passed.append(came_from[passed[-1]])
        return passed[::-1]


class Vehicle:
    """One vehicle; `advance` moves it.

    Args:
        roads: shared by all vehicles.
        home: position of the district where it begins.
        chance: its own randomness, seeded by the caller.
    """

    def __init__(self, roads: Roads, home: int, chance: random.Random) -> None:
        self._roads = roads
        self._chance = chance
        self._district = home
        self._pause = chance.uniform(0, 5)  # seconds left; the fleet does not start as one
        self._cruise = SLOWEST
        self._speed = 0.0
        self._course = 0.0
        self._driven = 0.0  # metres along the route
        self._take_route()

    @property
    def state(self) -> State:
        """Now."""
        leg = min(bisect.bisect_right(self._along, self._driven), len(self._along) - 1)
        begin, end = self._points[leg - 1], self._points[leg]
        span = self._along[leg] - self._along[leg - 1]
        part = (self._driven - self._along[leg - 1]) / span
        if self._speed > 0:
            north = end[0] - begin[0]
            east = (end[1] - begin[1]) * math.cos(math.radians(begin[0]))
            self._course = math.degrees(math.atan2(east, north)) % 360
        return State(
            begin[0] + (end[0] - begin[0]) * part, begin[1] + (end[1] - begin[1]) * part, self._speed, self._course
        )

    def advance(self, seconds: float) -> None:
        """Let time pass; in steps of a second or less."""
        if self._pause > 0:
            self._pause -= seconds
            return
        left = self._along[-1] - self._driven
        wanted = min(self._cruise, math.sqrt(2 * BRAKING * left))  # so that it can stand at the end
        change = max(-BRAKING * seconds, min(ACCELERATION * seconds, wanted - self._speed))
        self._speed = max(0.0, self._speed + change)
        self._driven += self._speed * seconds
        if self._driven >= self._along[-1] - 1 or (self._speed == 0 and left < 5):
            self._arrive()

    def _arrive(self) -> None:
        self._driven = self._along[-1]
        self._speed = 0.0
        self._pause = self._chance.uniform(*PAUSE_S)
        last = self._course
        self._take_route()
        self._course = last

    def _take_route(self) -> None:
        start = self._district
        while self._district == start:
            self._district = self._chance.randrange(self._roads.districts)
        self._points = self._roads.route(start, self._district)
        steps = (distance(*one, *other) for one, other in itertools.pairwise(self._points))
        self._along = list(itertools.accumulate(steps, initial=0.0))
        self._driven = 0.0
        self._cruise = self._chance.uniform(SLOWEST, FASTEST)
