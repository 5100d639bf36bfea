"""From finished legs to a speed model: a function of the legs and of the prior, without a state of its own.

Three steps, each robust to what is no driving (a crew that stops for fuel, a taxi that waits for its fare):

1. What all roads share: paces of groups of classes, the hours, the delay at junctions and the constant of a drive, as
   the maximum a posteriori for log(actual / expected) of whole legs, with a loss that grows like the error itself
   where it is large.
2. What a way has of its own: the time between two positions is given to the arcs driven in between by their part of
   the expected time. Each way and direction is drawn to what its street has of its own by `WAY_PRIOR` seconds of
   driving, and each street to what is expected of it by `STREET_PRIOR`.
3. What is left: legs are predicted, routed as they would be, by models that were learned from the others. Of others
   from all hours: the median of the errors goes into the paces, for a planned route is faster than the one that was
   driven, and what is left of them belongs to the places where legs end (`approaches`). Of others from other hours:
   their spread makes the intervals.

Older legs count less: half after `HALF_LIFE`.
"""

import math
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.eta.approaches import Approach, smoothed
from tracker.eta.ends import best_route
from tracker.eta.intervals import FEWEST, conformal
from tracker.eta.speeds import (
    DAY_KINDS,
    HOURS,
    Driving,
    SpeedModel,
    Speeds,
    WayFactor,
    arc_pace,
    day_kind,
    ends_at_junction,
    way_factors,
)
from tracker.roads.graph import RoadClass, RoadGraph
from tracker.roads.matching import Match
from tracker.roads.router import Router
from tracker.roads.snap import Snap

HALF_LIFE = timedelta(days=90)
"""After which a leg counts half: slow enough for a seldom way to gather what it needs, fast enough for a new bypass."""

WAY_PRIOR = 20.0
"""Seconds of driving as expected that each way and direction is credited with. Its own take over when there are as
many. Chosen among 5 to 300 by cross-validation inside the training part of the taxi trips; all below 40 do as well."""

STREET_PRIOR = 60.0
"""Seconds of driving as expected that each street is credited with. The map cuts a street into many ways; each of them
is drawn to what the whole street is like, and those that nobody drove yet are taken to be like it. 20 to 150 do alike
inside the training part."""

STREET_CELL = 0.02
"""Degrees, 2 km: every town has a street of the same name."""

ROUNDS = 2
"""How often steps one and two follow each other: what ways have of their own no longer counts for their class then."""

LONGEST_STOP = 30.0
"""Seconds of standing on one spot that are laid to the way's charge. What is longer is chance or an errand: it counts
for the leg as a whole, not for the street. Chosen among 15 to 300 inside the training part, where 30 to 45 do best."""

FOLDS = 5
"""Parts into which the legs are cut, to predict those of each from the others. For the spread these are stretches of
time: traffic drifts, so that legs of the same quarter of an hour know more of each other than a live estimate will. For
the middle every fifth leg is a part: the drift of another stretch is no error of the middle."""

_SPREAD = 0.25  # of log(actual / expected) of a leg, for weighing legs against priors
_TAIL = 0.35  # |log(actual / expected)| from which on the loss is linear
_PACE_SPREAD = 0.4  # prior standard deviation of log pace
_HOUR_STEP = 0.12  # of log factor from one hour to the next, beside the prior's own step
_HOUR_LEVEL = 0.3  # of log factor, so that hours without legs stay near their neighbours and the prior
_WEEKEND = 0.2  # of log factor between weekday and weekend, beside the prior's own
_CONSTANT_SPREAD = 0.5  # of the logarithms of the delay at junctions and of the constant
_ITERATIONS, _GAIN = 50, 1e-6  # steps at most; gain in log likelihood below which no further one is made
_ODD = 0.6  # |log(actual / predicted)| beyond which a leg says no more about the places where it ends
_DRIVING_PRIOR = 20.0  # legs as expected that each way of driving is credited with

GROUPS = (
    (RoadClass.MOTORWAY, RoadClass.TRUNK),
    (RoadClass.MOTORWAY_LINK, RoadClass.TRUNK_LINK),
    (RoadClass.PRIMARY, RoadClass.PRIMARY_LINK),
    (RoadClass.SECONDARY, RoadClass.SECONDARY_LINK),
    (RoadClass.TERTIARY, RoadClass.TERTIARY_LINK),
    (RoadClass.UNCLASSIFIED, RoadClass.RESIDENTIAL, RoadClass.BUSWAY, RoadClass.ROAD, RoadClass.FERRY),
    (RoadClass.LIVING_STREET,),
    (RoadClass.SERVICE, RoadClass.TRACK, RoadClass.ROUGH_TRACK, RoadClass.PATH),
)
"""Classes whose paces are learned together; within a group they keep the ratios of the prior."""

_GROUP_OF = np.array([next(k for k, group in enumerate(GROUPS) if kind in group) for kind in RoadClass])


@dataclass(frozen=True, eq=False, slots=True)
class Leg:
    """A finished drive."""

    start: datetime  # aware
    duration: float  # seconds
    driving: Driving
    sources: tuple[Snap, ...]  # where it began and ended, as a live estimate would see them (`ends.places`)
    targets: tuple[Snap, ...]
    match: Match  # on the same network


@dataclass(frozen=True, slots=True)
class _Table:
    """Legs as rows: what stage one needs of them."""

    moving: NDArray[np.float64]  # [legs, groups] seconds by the prior, without junctions
    junctions: NDArray[np.float64]  # [legs]
    hours: NDArray[np.float64]  # [legs, DAY_KINDS * HOURS] part of each knot of the week
    factor: NDArray[np.float64]  # [legs] of the way of driving
    actual: NDArray[np.float64]  # [legs] seconds
    weight: NDArray[np.float64]  # [legs] by age


def learn(
    graph: RoadGraph,
    router: Router,
    legs: Sequence[Leg],
    prior: SpeedModel,
    progress: Callable[[str, int, int], None] | None = None,
) -> SpeedModel:
    """The model of these legs.

    Args:
        graph: the network on which the legs are matched.
        router: one of this network for us alone: its weights change.
        legs: finished drives, in any order. None: the prior comes back.
        prior: what is believed without them (`speeds.prior`).
        progress: called with what is being done, how much is done and how much there is.
    Raises:
        ValueError: a leg took no time.
    """
    tell = progress or _silent
    legs = sorted(legs, key=lambda leg: leg.start)
    if not legs:
        return prior
    if min(leg.duration for leg in legs) <= 0:
        raise ValueError("a leg that took no time")
    until, count = legs[-1].start, len(legs)
    combs = [slice(fold, None, FOLDS) for fold in range(FOLDS)]
    stretches = [slice(fold * count // FOLDS, (fold + 1) * count // FOLDS) for fold in range(FOLDS)]
    predicted = np.empty((2, count))
    for number, part in enumerate((*combs, *stretches)):
        tell("predicting legs from the others", number, 2 * FOLDS)
        own = set(range(count)[part])
        others = [leg for k, leg in enumerate(legs) if k not in own]
        model = fit(graph, others, prior, until) if others else prior
        predicted[number // FOLDS, part] = predict(graph, router, model, legs[part])
    mixed, apart = predicted
    tell("learning from all", 2 * FOLDS, 2 * FOLDS)
    model = fit(graph, legs, prior, until)
    actual = np.array([leg.duration for leg in legs])
    slower = 0.0
    approaches: tuple[Approach, ...] = ()
    if count >= FEWEST:
        slower = float(np.median(np.log(actual / mixed)))
        approaches = _approaches(legs, mixed * math.exp(slower), actual, until)
    return msgspec.structs.replace(
        model,
        pace=tuple(pace * math.exp(slower) for pace in model.pace),
        junction=model.junction * math.exp(slower),
        access=model.access * math.exp(slower),
        approaches=approaches,
        intervals=conformal(apart * math.exp(slower), actual, median=0.0),
        legs=count,
        until=until,
    )


def _approaches(
    legs: Sequence[Leg], predicted: NDArray[np.float64], actual: NDArray[np.float64], until: datetime
) -> tuple[Approach, ...]:
    """What is left of legs, at the places where they began and ended; on the whole nothing is left."""
    odd = np.clip(np.log(actual / predicted), -_ODD, _ODD)
    seconds = predicted * (odd - odd.mean())
    weight = np.array([_weight(leg, until) for leg in legs])
    ends = [snaps[0] for snaps in (*(leg.sources for leg in legs), *(leg.targets for leg in legs))]
    return smoothed(
        [end.latitude for end in ends], [end.longitude for end in ends], np.tile(seconds, 2), np.tile(weight, 2)
    )


def _silent(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def predict(graph: RoadGraph, router: Router, model: SpeedModel, legs: Sequence[Leg]) -> NDArray[np.float64]:
    """Seconds that a model gives each leg, routed between its ends at its time; before intervals."""
    speeds = Speeds(graph, model)
    seconds = np.empty(len(legs))
    for number, leg in enumerate(legs):
        router.customise(speeds.weights(leg.driving, leg.start))
        route = best_route(router, leg.sources, leg.targets)
        if route is None:  # a road that was open is closed: what was driven is the only route known
            seconds[number] = _along(graph, speeds, leg)
        else:
            goal = leg.targets[0]
            seconds[number] = route.duration + model.access + speeds.approach(goal.latitude, goal.longitude)
    return seconds


def fit(graph: RoadGraph, legs: Sequence[Leg], prior: SpeedModel, until: datetime) -> SpeedModel:
    """Steps one and two: the model without what comes of predicting."""
    model = prior
    for _ in range(ROUNDS):
        shared = _shared(graph, legs, msgspec.structs.replace(prior, ways=model.ways), until)
        model = msgspec.structs.replace(shared, ways=_ways(graph, legs, shared, until))
    return model


def _along(graph: RoadGraph, speeds: Speeds, leg: Leg) -> float:
    seconds = speeds.seconds(leg.driving, leg.start)[leg.match.arcs]
    return float((seconds * leg.match.parts(graph)).sum()) + speeds.model.access


def _weight(leg: Leg, until: datetime) -> float:
    return float(0.5 ** ((until - leg.start) / HALF_LIFE))


def _table(graph: RoadGraph, legs: Sequence[Leg], prior: SpeedModel, until: datetime) -> _Table:
    seconds = arc_pace(graph, prior) * graph.arc_length * way_factors(graph, prior)
    at_junction = ends_at_junction(graph)
    group = _GROUP_OF[graph.arc_class]
    moving = np.zeros((len(legs), len(GROUPS)))
    junctions = np.zeros(len(legs))
    hours = np.zeros((len(legs), DAY_KINDS * HOURS))
    zone = zoneinfo.ZoneInfo(prior.zone)
    for row, leg in enumerate(legs):
        arcs, parts = leg.match.arcs, leg.match.parts(graph)
        moving[row] = np.bincount(group[arcs], weights=seconds[arcs] * parts, minlength=len(GROUPS))
        junctions[row] = float((at_junction[arcs] * parts).sum())
        local = leg.start.astimezone(zone)
        following = local + timedelta(hours=1)
        part = local.minute / 60 + local.second / 3600
        hours[row, day_kind(local) * HOURS + local.hour] += 1 - part
        hours[row, day_kind(following) * HOURS + following.hour] += part
    return _Table(
        moving=moving,
        junctions=junctions,
        hours=hours,
        factor=np.array([prior.driving[leg.driving] for leg in legs]),
        actual=np.array([leg.duration for leg in legs]),
        weight=np.array([_weight(leg, until) for leg in legs]),
    )


def _shared(graph: RoadGraph, legs: Sequence[Leg], prior: SpeedModel, until: datetime) -> SpeedModel:
    """Step one. All parameters are logarithms of factors on the prior, so that 0 is the prior."""
    table = _table(graph, legs, prior, until)
    groups, knots = len(GROUPS), DAY_KINDS * HOURS
    base_hours = np.array(prior.hours)
    scale = np.concatenate((np.full(groups, _PACE_SPREAD), np.full(knots, np.inf), np.full(2, _CONSTANT_SPREAD)))
    stiff = np.diag(scale**-2.0)
    stiff[groups : groups + knots, groups : groups + knots] = _stiffness()

    def error(theta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """log(expected / actual) of each leg, and its derivatives [legs, parameters]."""
        moving = table.moving * np.exp(theta[:groups])
        hours = table.hours * (base_hours.ravel() * np.exp(theta[groups : groups + knots])) * table.factor[:, None]
        waiting = prior.junction * math.exp(theta[-2]) * table.junctions
        access = prior.access * math.exp(theta[-1])
        week, unit = hours.sum(axis=1), moving.sum(axis=1) + waiting
        expected = week * unit + access
        parts = np.concatenate(
            (moving * week[:, None], hours * unit[:, None], (waiting * week)[:, None], np.full((len(unit), 1), access)),
            axis=1,
        )
        return np.log(expected / table.actual), parts / expected[:, None]

    found = _solved(error, table.weight / _SPREAD**2, stiff)
    hours = base_hours * np.exp(found[groups : groups + knots]).reshape(DAY_KINDS, HOURS)
    model = msgspec.structs.replace(
        prior,
        pace=tuple((np.array(prior.pace) * np.exp(found[:groups])[_GROUP_OF]).tolist()),
        hours=tuple(tuple(row) for row in hours.tolist()),
        junction=prior.junction * math.exp(found[-2]),
        access=prior.access * math.exp(found[-1]),
    )
    return msgspec.structs.replace(model, driving=_driving(graph, legs, model, until))


def _solved(
    error: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]],
    weight: NDArray[np.float64],
    stiff: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Parameters of the least loss by Gauss and Newton, with steps halved until they help.

    The loss of an error is quadratic where it is small and linear beyond `_TAIL` (pseudo-Huber).
    """

    def loss(theta: NDArray[np.float64], errors: NDArray[np.float64]) -> float:
        tail = np.sqrt(1 + (errors / _TAIL) ** 2) - 1
        return float((weight * tail).sum()) * _TAIL**2 + 0.5 * float(theta @ stiff @ theta)

    theta = np.zeros(len(stiff))
    errors, slopes = error(theta)
    value = loss(theta, errors)
    for _ in range(_ITERATIONS):
        trust = weight / np.sqrt(1 + (errors / _TAIL) ** 2)
        step = np.linalg.solve(
            (slopes * trust[:, None]).T @ slopes + stiff, slopes.T @ (trust * errors) + stiff @ theta
        )
        for halving in range(10):
            there = theta - step / 2**halving
            new_errors, new_slopes = error(there)
            new_value = loss(there, new_errors)
            if new_value < value:
                break
        else:
            break
        gained, theta, errors, slopes, value = value - new_value, there, new_errors, new_slopes, new_value
        if gained < _GAIN:
            break
    return theta


def _stiffness() -> NDArray[np.float64]:
    """Inverse covariance of the hours' logarithms: a walk round the day, near the prior; days near another."""
    knots = DAY_KINDS * HOURS
    stiff = np.eye(knots) / _HOUR_LEVEL**2
    for day in range(DAY_KINDS):
        for hour in range(HOURS):
            here, there = day * HOURS + hour, day * HOURS + (hour + 1) % HOURS
            _tie(stiff, here, there, _HOUR_STEP)
    for hour in range(HOURS):
        _tie(stiff, hour, HOURS + hour, _WEEKEND)
    return stiff


def _tie(stiff: NDArray[np.float64], here: int, there: int, spread: float) -> None:
    stiff[here, here] += spread**-2
    stiff[there, there] += spread**-2
    stiff[here, there] -= spread**-2
    stiff[there, here] -= spread**-2


def _driving(graph: RoadGraph, legs: Sequence[Leg], model: SpeedModel, until: datetime) -> dict[Driving, float]:
    """Factors of the ways of driving, drawn to the prior. Normal driving is what the others are measured by."""
    speeds = Speeds(graph, model)
    factors = dict(model.driving)
    for driving in Driving:
        own = [leg for leg in legs if leg.driving is driving]
        if driving is Driving.NORMAL or not own:
            continue
        weight = np.array([_weight(leg, until) for leg in own])
        error = np.log([leg.duration / _along(graph, speeds, leg) for leg in own])
        mean = float((weight * np.clip(error, -1.0, 1.0)).sum() / (weight.sum() + _DRIVING_PRIOR))
        factors[driving] = model.driving[driving] * math.exp(mean)
    return factors


def _ways(graph: RoadGraph, legs: Sequence[Leg], model: SpeedModel, until: datetime) -> tuple[WayFactor, ...]:
    """Step two."""
    speeds = Speeds(graph, msgspec.structs.replace(model, ways=()))
    actual, expected = np.zeros(graph.arcs), np.zeros(graph.arcs)
    for leg in legs:
        weight = _weight(leg, until)
        taken, wanted = attributed(graph, leg, speeds.seconds(leg.driving, leg.start))
        np.add.at(actual, leg.match.arcs, weight * taken)
        np.add.at(expected, leg.match.arcs, weight * wanted)
    if expected.sum() <= 0:
        return ()
    expected *= actual.sum() / expected.sum()  # the level is step one's; here ways differ from each other
    keys, first, which = np.unique(
        graph.way_id[graph.arc_way] * 2 + graph.arc_forward, return_index=True, return_inverse=True
    )
    of_way = np.bincount(which, weights=actual)
    planned = np.bincount(which, weights=expected)
    street = _streets(graph, first)
    usual = np.bincount(street, weights=planned)[street]
    of_street = (np.bincount(street, weights=of_way)[street] + STREET_PRIOR) / (usual + STREET_PRIOR)
    of_street[graph.arc_name[first] == 0] = 1.0
    factors = (of_way + WAY_PRIOR * of_street) / (planned + WAY_PRIOR)
    return tuple(
        WayFactor(way=int(keys[k]) // 2, forward=bool(keys[k] % 2), factor=float(factors[k]), seconds=float(planned[k]))
        for k in np.flatnonzero(usual > 0).tolist()
    )


def _streets(graph: RoadGraph, arcs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which street each of these arcs is on: those of one name near each other; without a name each for itself."""
    name, begins = graph.arc_name[arcs].astype(np.int64), graph.edge_first[graph.arc_edge[arcs]]
    cells = (np.floor(degrees[begins] / STREET_CELL) for degrees in (graph.shape_latitude, graph.shape_longitude))
    own = np.where(name > 0, 0, 1 + np.arange(len(arcs)))
    _, street = np.unique(np.stack((name, own, *cells)), axis=1, return_inverse=True)
    return np.asarray(street, np.int64).ravel()


def attributed(
    graph: RoadGraph, leg: Leg, seconds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """([k] seconds spent, [k] seconds expected) on each arc of a leg's path, given what is expected of all arcs [m].

    Standing longer than `LONGEST_STOP` on one spot is left out.
    """
    match = leg.match
    bounds = match.boundaries(graph)
    progress = np.concatenate(([0.0], np.cumsum(seconds[match.arcs])))
    at = np.interp(match.along, bounds, progress)
    steps = np.diff(match.seconds)
    standing = np.diff(match.along) <= 0
    steps = np.where(standing, np.minimum(steps, LONGEST_STOP), steps)
    clock = np.concatenate(([0.0], np.cumsum(steps)))
    at_bounds = np.clip(progress, at[0], at[-1])
    spent = np.diff(np.interp(at_bounds, at + 1e-6 * np.arange(len(at)), clock))
    return spent, np.diff(at_bounds)
