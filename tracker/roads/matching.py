"""Which roads a recorded drive took: a hidden Markov model over places on the network, solved by Viterbi.

After Newson and Krumm, "Hidden Markov Map Matching Through Noise and Sparseness", 2009: a position is the more likely
the nearer the road is, and a step from one position to the next the more likely the better the way by road agrees
with the straight line. Two departures. Errors of a receiver are correlated over many seconds, so positions closer
together than the noise say nothing new and are left out before the search. And a state is a place on an arc, that is
with a direction, so one-way streets and the two sides of a street need no rule of their own.

Ways by road come from a contraction hierarchy with lengths as weights: all pairs of candidates at once, exact however
long the gap between two positions is.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.geodesy import LocalPlane
from tracker.roads.engines import INFINITE, Engine, best_engine
from tracker.roads.graph import Profile, RoadGraph
from tracker.roads.snap import Snapper

_MILLIMETRES = 1000.0  # in a metre: the engine counts in whole numbers, and 2 ** 31 mm are more than any drive
_SEEN = 15.0  # seconds between positions up to which `Settings.detour` holds; a longer gap may hide a longer detour
_IMPOSSIBLE = 1e4  # cost of a step faster than `top_speed`: above the cost of any drive without one


@dataclass(frozen=True, slots=True)
class Settings:
    """What is believed of receivers and drivers. The defaults hold for samples from 1 to 30 seconds."""

    noise: float = 10.0  # metres, standard deviation of the distance between a position and its road
    detour: float = 5.0  # metres, mean of |way by road - straight line| between two positions of a drive
    reach: float = 60.0  # metres within which a road may be the one
    spacing: float = 30.0  # metres; positions nearer to the last one that counts are left out
    candidates: int = 8  # edges for each position, the nearest
    slip: float = 40.0  # metres that noise may move a place back on its arc without a turn; more than `spacing`
    top_speed: float = 45.0  # metres per second by road; a position that needs more is an outlier
    outliers: int = 3  # positions in a row that may be left out as such, or as many as come
    outlying: float = 20.0  # within this many seconds


@dataclass(frozen=True, eq=False, slots=True)
class Match:
    """The path of a drive: k arcs, each beginning where the one before ends, and p of its positions on them."""

    arcs: NDArray[np.int32]  # [k] in the order of driving
    begin: float  # metres along the first arc where the drive begins
    end: float  # metres along the last arc where it ends
    points: NDArray[np.int64]  # [p] which of the given positions these are, rising
    along: NDArray[np.float64]  # [p] metres from the start of the first arc, never falling
    seconds: NDArray[np.float64]  # [p] when
    offset: NDArray[np.float64]  # [p] metres from the position to its place on the path

    def boundaries(self, graph: RoadGraph) -> NDArray[np.float64]:
        """[k + 1] metres from the start of the first arc where each arc begins, and where the last ends."""
        return np.concatenate(([0.0], np.cumsum(graph.arc_length[self.arcs])))

    def entered(self, graph: RoadGraph) -> NDArray[np.float64]:
        """[k + 1] seconds at which each arc was entered and the last one left, within the drive.

        Between two positions the speed is taken to be even.
        """
        times: NDArray[np.float64] = np.interp(self.boundaries(graph), self.along, self.seconds)
        return times

    def parts(self, graph: RoadGraph) -> NDArray[np.float64]:
        """[k] how much of each arc was driven: 1, but for the first and the last."""
        bounds = np.clip(self.boundaries(graph), self.along[0], self.along[-1])
        parts: NDArray[np.float64] = np.diff(bounds) / np.maximum(graph.arc_length[self.arcs], 1e-9)
        return np.minimum(parts, 1.0)


@dataclass(frozen=True, slots=True)
class _States:
    """Places on arcs where the drive may have been: rows first[i] to first[i + 1] - 1 belong to position i."""

    first: list[int]
    arc: NDArray[np.int64]
    tail: NDArray[np.uint32]
    head: NDArray[np.uint32]
    passed: NDArray[np.float64]  # metres from the arc's start
    left: NDArray[np.float64]  # metres to the arc's end
    distance: NDArray[np.float64]  # metres from the position
    cost: NDArray[np.float64]  # -log likelihood of the position, from here


@dataclass(slots=True)
class _Step:
    """A position that was taken: its states, and for each the best state of the step before."""

    position: int
    low: int
    high: int
    before: NDArray[np.int64] | None


class Matcher:
    """Matches drives of one profile on one network. One thread at a time."""

    def __init__(
        self,
        graph: RoadGraph,
        engine: Engine | None = None,
        profile: Profile = Profile.CAR,
        settings: Settings | None = None,
        snapper: Snapper | None = None,
    ) -> None:
        """A matcher over its own lengths.

        Args:
            graph: the network.
            engine: one for this matcher alone (`Engine.beside`): its weights become lengths. A new one unless given.
            profile: who drives.
            settings: see there.
            snapper: one of this graph and profile; a new one unless given.
        """
        self.graph = graph
        self.settings = settings or Settings()
        self._snapper = snapper or Snapper(graph, profile)
        self._engine = engine or best_engine(graph)
        is_open = graph.open_to(profile)
        millimetres = np.where(is_open, np.rint(graph.arc_length * _MILLIMETRES), INFINITE)
        self._engine.customise(np.clip(millimetres, 1, INFINITE).astype(np.uint32))
        self._arcs = np.where(np.append(is_open, False)[graph.edge_arcs], graph.edge_arcs, -1)

    def match(self, latitude: ArrayLike, longitude: ArrayLike, seconds: ArrayLike) -> Match | None:
        """The path that explains these positions best, or None where fewer than two of them are near a road.

        Args:
            latitude: [n] degrees, in the order of driving.
            longitude: [n] degrees.
            seconds: [n] from any moment, rising.
        Raises:
            ValueError: the arrays differ in size, or time falls.
        """
        latitude, longitude = np.asarray(latitude, np.float64), np.asarray(longitude, np.float64)
        seconds = np.asarray(seconds, np.float64)
        if not latitude.shape == longitude.shape == seconds.shape or latitude.ndim != 1:
            raise ValueError("latitude, longitude and seconds are three arrays of one size")
        if (np.diff(seconds) < 0).any():
            raise ValueError("the positions of a drive are not in the order of time")
        if len(latitude) < 2:
            return None
        plane = LocalPlane(float(latitude[0]), float(longitude[0]))
        x, y = plane.to_metres(latitude, longitude)
        taken = _spaced(x.tolist(), y.tolist(), self.settings.spacing)
        states = self._states(latitude[taken], longitude[taken])
        steps, last = self._search(states, x[taken].tolist(), y[taken].tolist(), seconds[taken].tolist())
        if len(steps) < 2:
            return None
        return self._path(states, steps, last, taken, seconds)

    def _states(self, latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> _States:
        near = self._snapper.nearby(latitude, longitude, self.settings.reach)
        order = np.lexsort((near.distance, near.position))
        rank = np.arange(len(order)) - np.searchsorted(near.position[order], near.position[order])
        row = np.repeat(order[rank < self.settings.candidates], 2)
        direction = np.tile(np.array([1, 0]), len(row) // 2)
        arc = self._arcs[near.edge[row], direction]
        row, direction, arc = row[arc >= 0], direction[arc >= 0], arc[arc >= 0]
        part = np.where(direction == 1, near.fraction[row], 1.0 - near.fraction[row])
        length = self.graph.arc_length[arc]
        distance = near.distance[row]
        return _States(
            first=np.searchsorted(near.position[row], np.arange(len(latitude) + 1)).tolist(),
            arc=arc.astype(np.int64),
            tail=self.graph.arc_tail[arc],
            head=self.graph.arc_head[arc],
            passed=part * length,
            left=(1.0 - part) * length,
            distance=distance,
            cost=0.5 * (distance / self.settings.noise) ** 2,
        )

    def _search(self, states: _States, x: list[float], y: list[float], seconds: list[float]) -> tuple[list[_Step], int]:
        """The steps of the best drive, and the state in which it ends."""
        steps: list[_Step] = []
        cost = np.zeros(0)
        position, left_out = 0, 0
        while position < len(x):
            low, high = states.first[position], states.first[position + 1]
            if low == high:
                position += 1
                continue
            if not steps:
                steps.append(_Step(position, low, high, None))
                cost = states.cost[low:high].copy()
                position, left_out = position + 1, 0
                continue
            last = steps[-1]
            straight = math.hypot(x[position] - x[last.position], y[position] - y[last.position])
            total = cost[:, None] + self._transition(
                states, last, low, high, straight, seconds[position] - seconds[last.position]
            )
            before = total.argmin(axis=0)
            reached = total[before, np.arange(high - low)] + states.cost[low:high]
            if reached.min() - cost.min() >= _IMPOSSIBLE:
                if len(steps) <= left_out >= self.settings.outliers - 1:  # it was the beginning that lay apart
                    position, steps, left_out = steps[-1].position + 1, [], 0
                    continue
                within = seconds[position] - seconds[last.position] <= self.settings.outlying
                if left_out < self.settings.outliers or within:
                    left_out += 1
                    position += 1
                    continue
            steps.append(_Step(position, low, high, before))
            cost = reached
            position, left_out = position + 1, 0
        return steps, int(cost.argmin()) if len(cost) else -1

    def _transition(
        self, states: _States, last: _Step, low: int, high: int, straight: float, elapsed: float
    ) -> NDArray[np.float64]:
        """-log likelihood of every step from the last position's states to those of the next."""
        past, next_ = slice(last.low, last.high), slice(low, high)
        road = self._engine.matrix(states.head[past], states.tail[next_]) / _MILLIMETRES
        road += states.left[past, None] + states.passed[None, next_]
        ahead = states.passed[None, next_] - states.passed[past, None]
        stays = (states.arc[past, None] == states.arc[None, next_]) & (ahead >= -self.settings.slip)
        road = np.where(stays, np.maximum(ahead, 0.0), road)
        detour = self.settings.detour * max(1.0, elapsed / _SEEN)
        limit = self.settings.top_speed * max(elapsed, 1.0) + self.settings.reach
        cost: NDArray[np.float64] = np.minimum(np.abs(road - straight) / detour, _IMPOSSIBLE / 2)
        return np.where(road > limit, cost + _IMPOSSIBLE, cost)

    def _path(
        self, states: _States, steps: list[_Step], last: int, taken: NDArray[np.int64], seconds: NDArray[np.float64]
    ) -> Match | None:
        chosen = []
        for step in reversed(steps):
            chosen.append(step.low + last)
            last = int(step.before[last]) if step.before is not None else last
        chosen.reverse()
        length = self.graph.arc_length
        arcs = [int(states.arc[chosen[0]])]
        along, base = [float(states.passed[chosen[0]])], 0.0
        for here, there in pairwise(chosen):
            same = states.arc[here] == states.arc[there]
            if not (same and states.passed[there] - states.passed[here] >= -self.settings.slip):
                between = self._engine.path(int(states.head[here]), int(states.tail[there]))
                if between is None:
                    return None
                for arc in (*between[1], int(states.arc[there])):
                    base += length[arcs[-1]]
                    arcs.append(arc)
            along.append(base + float(states.passed[there]))
        placed = np.maximum.accumulate(np.array(along))
        points = taken[[step.position for step in steps]]
        return _with_stops(np.array(arcs, np.int32), points, placed, states.distance[chosen], seconds, taken, base)


def _spaced(x: list[float], y: list[float], spacing: float) -> NDArray[np.int64]:
    """Positions at least this far from the one taken before; the first and the last always."""
    taken, square = [0], spacing * spacing
    last_x, last_y = x[0], y[0]
    for index in range(1, len(x)):
        if (x[index] - last_x) ** 2 + (y[index] - last_y) ** 2 >= square:
            taken.append(index)
            last_x, last_y = x[index], y[index]
    if taken[-1] != len(x) - 1:
        taken.append(len(x) - 1)
    return np.array(taken, np.int64)


def _with_stops(
    arcs: NDArray[np.int32],
    points: NDArray[np.int64],
    along: NDArray[np.float64],
    offset: NDArray[np.float64],
    seconds: NDArray[np.float64],
    taken: NDArray[np.int64],
    base: float,
) -> Match:
    """The match, with the end of every stop added.

    Positions that did not count because the vehicle hardly moved show how long it stood; without them the time of a
    red light would be spread over the road to the next position.
    """
    following = np.searchsorted(taken, points, side="right")
    leaves = np.where(following < len(taken), taken[np.minimum(following, len(taken) - 1)] - 1, points)
    stood = seconds[leaves] - seconds[points] >= _STOP
    index = np.concatenate((points, leaves[stood]))
    order = np.argsort(index, kind="stable")
    owner = np.concatenate((np.arange(len(points)), np.flatnonzero(stood)))[order]
    return Match(
        arcs=arcs,
        begin=float(along[0]),
        end=float(along[-1] - base),
        points=index[order],
        along=along[owner],
        seconds=seconds[index[order]],
        offset=offset[owner],
    )


_STOP = 5.0
"""Seconds within `Settings.spacing` that count as standing."""
