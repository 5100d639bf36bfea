"""How a vehicle moves along a way: the line its wheels follow, and when it is where on it.

A drive is worked out once, when it begins, and then only asked: `at(seconds)`. So it is exact however seldom one looks,
and its limits hold by construction: between two pieces of constant acceleration the speed is the same, no piece
accelerates or brakes harder than it may, and corners are arcs, driven no faster than what does not throw a patient
about. Speed is limited by street, corner, driver and traffic; at some junctions one stands.
"""

import bisect
import math
import random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fieldunit.simulator.roads import Roads, Way
from tracker.geodesy import LocalPlane
from tracker.roads.graph import RoadGraph
from tracker.roads.snap import Snap

Floats = NDArray[np.float64]

CUT = 4.0
"""Metres from the corner of two streets to the middle of the curve that is driven, at most."""

_SLOWEST = 0.6  # m/s through the sharpest of corners
_STEP = math.radians(8)  # of course from one point of a curve to the next
_STRAIGHT = 1e-6  # radians; a smaller turn is none


class Manner(NamedTuple):
    """How one drives. Longitudinal limits after what passengers call comfortable, 1 to 2 m/s²; hard braking is 4."""

    factor: float  # on the usual speed of a street
    acceleration: float  # m/s²
    braking: float  # m/s²
    sideways: float  # m/s² in corners
    stops: float  # chance to stand at a junction of main streets
    stop_s: float  # for so long on the average, at most three times that


NORMAL = Manner(1.15, 1.5, 2.0, 2.0, 0.12, 18.0)
LIGHTS = Manner(1.42, 2.2, 3.0, 3.0, 0.03, 4.0)
PATIENT = Manner(1.30, 1.5, 2.0, 2.0, 0.04, 6.0)
"""With a patient aboard: lights and siren, but gently."""

BRISKEST = max(manner.acceleration for manner in (NORMAL, LIGHTS, PATIENT))
HARDEST = max(manner.braking for manner in (NORMAL, LIGHTS, PATIENT))
FASTEST = 33.0
"""m/s, 119 km/h: an ambulance goes no faster, whatever the road and the driver."""


class State(NamedTuple):
    """Where the vehicle is and how it moves: the truth."""

    latitude: float  # degrees
    longitude: float  # degrees
    speed: float  # m/s
    course: float  # degrees true, the last one when standing
    acceleration: float = 0.0  # m/s² along the way


class _Line(NamedTuple):
    """What the wheels follow: n points, n - 1 pieces."""

    east: Floats
    north: Floats
    heading: Floats  # [n] radians from north, continuous
    limit: Floats  # [n - 1] m/s
    stand: Floats  # [n] seconds to stand at a point


class _Piece(NamedTuple):
    """Constant acceleration from a moment on."""

    begins: float  # seconds from the start
    along: float  # metres from the start
    speed: float  # m/s at its beginning
    acceleration: float  # m/s²


class Drive:
    """A way as it is driven, from standing to standing."""

    def __init__(
        self,
        graph: RoadGraph,
        way: Way,
        manner: Manner,
        traffic: float,
        chance: random.Random,
        stood: tuple[float, float] | None = None,
    ) -> None:
        """
        Args:
            graph: the network of the way.
            way: where to drive.
            manner: how.
            traffic: how many times as long as on an empty road it takes, by the hour.
            chance: decides about the driver's haste, about each street and each junction.
            stood: where exactly it stands at the beginning, degrees; None: on the middle of the road.
        """
        self.way = way
        self._lengths = np.cumsum(graph.arc_length[way.route.arcs] * way.route.parts)
        self._manner = manner
        self._plane = LocalPlane(float(way.route.latitude.mean()), float(way.route.longitude.mean()))
        line = _line(graph, way, self._plane, manner, traffic, chance, stood)
        self._east, self._north, self._heading = line.east.tolist(), line.north.tolist(), line.heading.tolist()
        steps = np.hypot(np.diff(line.east), np.diff(line.north))
        self._along: list[float] = [0.0, *np.cumsum(steps).tolist()]
        self._pieces, self.duration = _planned(steps.tolist(), line.limit.tolist(), line.stand.tolist(), manner)
        self._begins = [piece.begins for piece in self._pieces]

    @property
    def length(self) -> float:
        """Metres."""
        return self._along[-1]

    def at(self, seconds: float) -> State:
        """Where the vehicle is so long after the start."""
        along, speed, acceleration = self._moving(seconds)
        return self._state(along, speed, acceleration)

    def metres(self, seconds: float) -> float:
        """How far it has come."""
        return self._moving(seconds)[0]

    def ahead(self, seconds: float) -> NDArray[np.int32]:
        """The arcs that are still to be driven, without the one it is on."""
        return self.way.route.arcs[self._arc_at(self.metres(seconds)) + 1 :]

    def place_on(self, roads: Roads, seconds: float) -> Snap:
        """Where it is on the network."""
        state = self.at(seconds)
        at = self._arc_at(self.metres(seconds))
        return roads.on_one_of(self.way.route.arcs[max(0, at - 1) : at + 2], state.latitude, state.longitude)

    def _arc_at(self, along: float) -> int:
        """Position among the arcs, nearly: curves are a little shorter than the streets they cut."""
        total = float(self._lengths[-1])
        scaled = along * (total / self.length if self.length > 0 else 0.0)
        return min(int(np.searchsorted(self._lengths, scaled)), len(self._lengths) - 1)

    def braked(self, seconds: float) -> "Drive":
        """The same drive, ended early: from now on it brakes to a stand; its time still counts from the start."""
        along, speed, _ = self._moving(seconds)
        braking = self._manner.braking
        ended = object.__new__(Drive)
        ended.__dict__.update(self.__dict__)
        takes = speed / braking
        stands = min(along + speed * takes / 2, self.length)
        keep = bisect.bisect_right(self._begins, seconds)
        ended._pieces = [*self._pieces[:keep], _Piece(seconds, along, speed, -braking)]
        ended.duration = seconds + takes
        ended._pieces.append(_Piece(ended.duration, stands, 0.0, 0.0))
        ended._begins = [piece.begins for piece in ended._pieces]
        return ended

    def _moving(self, seconds: float) -> tuple[float, float, float]:
        """Metres, m/s and m/s² so long after the start."""
        if seconds >= self.duration:
            return min(self._pieces[-1].along, self.length), 0.0, 0.0
        piece = self._pieces[max(0, bisect.bisect_right(self._begins, seconds) - 1)]
        past = max(0.0, seconds - piece.begins)
        speed = max(0.0, piece.speed + piece.acceleration * past)
        return piece.along + (piece.speed + speed) / 2 * past, speed, piece.acceleration

    def _state(self, along: float, speed: float, acceleration: float) -> State:
        at = min(max(bisect.bisect_right(self._along, along) - 1, 0), len(self._along) - 2)
        span = self._along[at + 1] - self._along[at]
        part = min(1.0, (along - self._along[at]) / span) if span > 0 else 0.0
        east = self._east[at] + (self._east[at + 1] - self._east[at]) * part
        north = self._north[at] + (self._north[at + 1] - self._north[at]) * part
        heading = self._heading[at] + (self._heading[at + 1] - self._heading[at]) * part
        latitude = self._plane.latitude + north / _METRES
        longitude = self._plane.longitude + east / (_METRES * math.cos(math.radians(self._plane.latitude)))
        return State(latitude, longitude, speed, math.degrees(heading) % 360, acceleration)


_METRES = float(LocalPlane(0.0, 0.0).to_metres(np.array([1.0]), np.array([0.0]))[1][0])  # a degree of latitude


def _line(
    graph: RoadGraph,
    way: Way,
    plane: LocalPlane,
    manner: Manner,
    traffic: float,
    chance: random.Random,
    stood: tuple[float, float] | None,
) -> _Line:
    """The streets' points, each corner made a curve."""
    latitudes: list[Floats] = []
    longitudes: list[Floats] = []
    counts = []
    last = len(way.route.arcs) - 1
    for at, arc in enumerate(way.route.arcs.tolist()):
        latitude, longitude = graph.shape_of(arc)
        begin = way.begins if at == 0 else 0.0
        end = begin + float(way.route.parts[at]) if at == last else 1.0
        if at in (0, last):
            latitude, longitude = _cut(graph, arc, latitude, longitude, begin, end)
        latitudes.append(latitude if at == last else latitude[:-1])
        longitudes.append(longitude if at == last else longitude[:-1])
        if at == 0 and stood is not None:
            latitudes[0], longitudes[0] = latitudes[0].copy(), longitudes[0].copy()
            latitudes[0][0], longitudes[0][0] = stood
        counts.append(len(latitude) - 1)
    east, north = plane.to_metres(np.concatenate(latitudes), np.concatenate(longitudes))
    arc_of = np.repeat(np.arange(last + 1), counts)  # [points - 1] of each piece
    haste = chance.lognormvariate(0.0, 0.07)
    mood = np.array([chance.lognormvariate(0.0, 0.1) for _ in range(last + 1)])
    limit = np.minimum(way.speeds * mood * (haste * manner.factor / traffic), FASTEST)
    stand = np.zeros(len(east))
    ends = np.cumsum(counts)[:-1]
    for at, point in enumerate(ends.tolist()):
        if way.junctions[at] and chance.random() < manner.stops:
            stand[point] = min(chance.expovariate(1 / manner.stop_s), 3 * manner.stop_s)
    kept = np.append(np.hypot(np.diff(east), np.diff(north)) > 0.01, True)  # a point that stands twice gives no course
    if np.count_nonzero(kept) < 2:
        kept[:] = True
    return _curved(east[kept], north[kept], limit[arc_of[kept[:-1]]], stand[kept], manner.sideways)


def _cut(
    graph: RoadGraph, arc: int, latitude: Floats, longitude: Floats, begin: float, end: float
) -> tuple[Floats, Floats]:
    """The points of an arc between two parts of its length."""
    first = graph.edge_first[graph.arc_edge[arc]]
    offset = graph.shape_offset[first : first + len(latitude)]
    far = offset if graph.arc_forward[arc] else offset[-1] - offset[::-1]
    low, high = begin * far[-1], end * far[-1]
    inner = (far > low + 0.01) & (far < high - 0.01)
    at = np.concatenate(([low], far[inner], [high]))
    return np.interp(at, far, latitude), np.interp(at, far, longitude)


def _curved(east: Floats, north: Floats, limit: Floats, stand: Floats, sideways: float) -> _Line:
    """Each inner point becomes a circular arc that touches both of its pieces: no jump of the course is left."""
    dx, dy = np.diff(east), np.diff(north)
    length = np.maximum(np.hypot(dx, dy), 1e-6)
    ux, uy = dx / length, dy / length
    heading = np.unwrap(np.arctan2(dx, dy))
    inner = len(east) - 2
    if inner <= 0:
        return _Line(east, north, np.repeat(heading[:1], 2), limit, stand)
    turn = np.diff(heading)
    bend = np.clip(np.abs(turn), _STRAIGHT, math.pi - 0.01)
    half = np.tan(bend / 2)
    room = np.minimum(length[:-1], length[1:]) * 0.49
    with np.errstate(divide="ignore", over="ignore"):
        radius = np.minimum(CUT / (1 / np.cos(bend / 2) - 1), room / half)
    reach = radius * half  # metres from the corner to where the curve begins
    pieces = np.ceil(bend / _STEP).astype(np.int64)
    which = np.repeat(np.arange(inner), pieces + 1)
    step = np.arange(len(which)) - np.repeat(np.cumsum(pieces + 1) - (pieces + 1), pieces + 1)
    angle = bend[which] * step / pieces[which]
    side = np.where(turn < 0, -1.0, 1.0)[which]  # to the right is positive, as headings run
    ahead, aside = radius[which] * np.sin(angle), radius[which] * (1 - np.cos(angle)) * side
    x = east[1:-1][which] + ux[which] * (ahead - reach[which]) + uy[which] * aside
    y = north[1:-1][which] + uy[which] * (ahead - reach[which]) - ux[which] * aside
    curve = np.maximum(np.minimum(np.sqrt(sideways * radius), np.minimum(limit[:-1], limit[1:])), _SLOWEST)
    is_last = step == pieces[which]
    after = np.where(is_last, limit[1:][which], curve[which])  # the limit from each point to the next one
    standing = np.where(step == 0, stand[1:-1][which], 0.0)
    return _Line(
        np.concatenate((east[:1], x, east[-1:])),
        np.concatenate((north[:1], y, north[-1:])),
        np.concatenate((heading[:1], heading[which] + turn[which] * step / pieces[which], heading[-1:])),
        np.concatenate((limit[:1], after)),
        np.concatenate(([0.0], standing, [0.0])),
    )


def _planned(steps: list[float], limit: list[float], stand: list[float], manner: Manner) -> tuple[list[_Piece], float]:
    """The pieces of constant acceleration, and how long it all takes."""
    a, b = manner.acceleration, manner.braking
    count = len(steps)
    most = [0.0] * (count + 1)  # speed at each point: first what limits and the braking behind it allow
    for at in range(count - 1, 0, -1):
        if not stand[at]:
            here = min(limit[at - 1], limit[at])
            most[at] = min(here, math.sqrt(most[at + 1] ** 2 + 2 * b * steps[at]))
    for at in range(1, count):  # then what acceleration reaches
        most[at] = min(most[at], math.sqrt(most[at - 1] ** 2 + 2 * a * steps[at - 1]))
    pieces: list[_Piece] = []
    clock = along = 0.0
    for at in range(count):
        step, begin, end = steps[at], most[at], most[at + 1]
        if stand[at]:
            pieces.append(_Piece(clock, along, 0.0, 0.0))
            clock += stand[at]
        if step > 0:
            top = min(limit[at], math.sqrt((2 * a * b * step + b * begin**2 + a * end**2) / (a + b)))
            top = max(top, begin, end)
            up, down = (top**2 - begin**2) / (2 * a), (top**2 - end**2) / (2 * b)
            if top > begin:
                pieces.append(_Piece(clock, along, begin, a))
                clock += (top - begin) / a
            even = step - up - down
            if even > 1e-9 and top > 0:
                pieces.append(_Piece(clock, along + up, top, 0.0))
                clock += even / top
            if top > end:
                pieces.append(_Piece(clock, along + step - down, top, -b))
                clock += (top - end) / b
        along += step
    pieces.append(_Piece(clock, along, 0.0, 0.0))
    return pieces, clock
