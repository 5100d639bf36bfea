"""How good the arrival times are: learned on earlier taxi trips, tested on later ones.

    python -m tests.bench.eta_accuracy [TRIPS ROADS] [--report FILE]
    python -m tests.bench.eta_accuracy --train FILE --test FILE --roads FILE

Trips are those of `taxi_trips`, roads an OpenStreetMap extract. Without --train and --test the first 70 % of the trips,
by their start, are for learning. Everything that is fitted, also of the rivals, is fitted on those alone.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from scipy.optimize import minimize  # type: ignore[import-untyped] # it ships no types

from gateway.roads.osm_import import UnusableExtract, import_osm
from tests.bench.taxi_trips import ROADS, TRIPS, Selection, Trip, UnusableTrips, read, select
from tracker.eta.ends import best_route, places
from tracker.eta.learning import Leg, learn
from tracker.eta.speeds import Driving, SpeedModel, Speeds, prior
from tracker.eta.straight_line import Estimate
from tracker.geodesy import bearing, distances
from tracker.roads.engines import CchEngine
from tracker.roads.graph import RoadGraph
from tracker.roads.matching import Matcher
from tracker.roads.router import Router
from tracker.roads.snap import Snap, Snapper
from tracker.roads.weights import free_flow

TRAINING = 0.7
ORIGINS = (0.5, 0.6, 0.7, 0.8, 0.9)
ON_THE_WAY = (0.25, 0.5, 0.75)
ENOUGH = 0.55

T = TypeVar("T")
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """The network and all that works on it."""

    graph: RoadGraph
    engine: CchEngine
    router: Router
    snapper: Snapper
    matcher: Matcher
    zone: str


@dataclass(frozen=True)
class Score:
    """What one method did on the trips of the test."""

    mape: float  # per cent
    mae: float  # seconds
    bias: float  # seconds, mean of predicted - actual
    within25: float  # per cent of trips that are off by at most a quarter

    @classmethod
    def of(cls, predicted: Values, actual: Values) -> "Score":
        """The score of these predictions, in seconds."""
        part = np.abs(predicted / actual - 1)
        error = predicted - actual
        return cls(
            100 * float(part.mean()),
            float(np.abs(error).mean()),
            float(error.mean()),
            100 * float((part <= 0.25).mean()),
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="TRIPS ROADS", help="the default: the trips in Porto")
    parser.add_argument("--train", type=Path, help="trips to learn from")
    parser.add_argument("--test", type=Path, help="trips to be predicted")
    parser.add_argument("--roads", type=Path, help="an OpenStreetMap extract")
    parser.add_argument("--zone", default="Europe/Lisbon", help="IANA time zone of the trips (%(default)s)")
    parser.add_argument("--report", type=Path, help="also write what is said to this file")
    given = parser.parse_args(arguments)
    if len(given.files) not in (0, 2) or (given.train is None) != (given.test is None):
        parser.error("give TRIPS and ROADS together, --train and --test together")
    trips, roads = given.files or (TRIPS, given.roads or ROADS)
    try:
        if given.report is None:
            return run(given, trips, roads, sys.stdout)
        with given.report.open("w", encoding="utf-8") as file:
            return run(given, trips, roads, sys.stdout, file)
    except (UnusableTrips, UnusableExtract) as error:
        print(error, file=sys.stderr)
        return 2


def run(given: argparse.Namespace, trips: Path, roads: Path, *out: TextIO) -> int:
    """Learn, test and tell; 0 when enough of the trips could be used."""

    def say(line: str = "") -> None:
        for stream in out:
            print(line, file=stream, flush=True)

    graph = import_osm(roads, "bench").graph
    engine, snapper = CchEngine(graph), Snapper(graph)
    place = Place(
        graph,
        engine,
        Router(graph, engine=engine),
        snapper,
        Matcher(graph, engine.beside(), snapper=snapper),
        given.zone,
    )
    say(f"roads: {roads.name}, {graph.nodes} nodes, {graph.arcs} arcs")
    if given.train:
        training, test = (_selected(path, place, say) for path in (given.train, given.test))
        ordered = training.trips
        used = min(training, test, key=lambda part: len(part.trips) / max(part.read, 1))
        test_trips, train_trips = test.trips, training.trips
    else:
        used = _selected(trips, place, say)
        ordered = used.trips
        cut = int(TRAINING * len(ordered))
        train_trips, test_trips = ordered[:cut], ordered[cut:]
    share = len(used.trips) / max(used.read, 1)
    if len(train_trips) < 2 or not test_trips:
        say("too few trips to learn from or to test")
        return 2

    legs = {id(trip): leg for trip in _watched(ordered, "matching") if (leg := _leg(trip, place)) is not None}
    model = _learned(train_trips, legs, place)
    say(f"learned from {model.legs} trips that began before {model.until:%Y-%m-%d %H:%M} UTC; model {model.version}")
    actual = np.array([trip.duration for trip in test_trips])
    estimates = _estimates(test_trips, model, place, "predicting")
    ours = Score.of(np.array([estimate.p50 for estimate in estimates]), actual)
    coverage = _coverage(estimates, actual)
    rivals = _rivals(train_trips, test_trips, place)

    say()
    say(f"{'on ' + str(len(test_trips)) + ' later trips':32s}  MAPE %   MAE s  bias s  within 25 %")
    for name, score in (("speed model, routed", ours), *rivals.items()):
        say(f"{name:32s}  {score.mape:6.1f}  {score.mae:6.0f}  {score.bias:+6.0f}  {score.within25:11.0f}")
    low, high = _by_chance(estimates, actual)
    say(f"MAPE of other {len(test_trips)} trips of this kind, 9 times in 10: {low:.1f} to {high:.1f} %")
    say(f"80 % interval covers {coverage:.1f} %")
    kwh, raw = rivals["square-root law on network"], rivals["free flow, raw"]
    say(f"better than the square-root law by {100 * (1 - ours.mape / kwh.mape):.1f} %")
    _tell_origins(ordered, legs, place, say)
    _tell_on_the_way(test_trips, estimates, model, place, say)
    say()
    say(
        f"trips={len(test_trips)} mape={ours.mape:.1f} mae_s={ours.mae:.0f} bias_s={ours.bias:+.0f} "
        f"within25={ours.within25:.0f} coverage80={coverage:.1f} kwh_mape={kwh.mape:.1f} freeflow_mape={raw.mape:.1f}"
    )
    return 0 if share >= ENOUGH else 1


def _selected(path: Path, place: Place, say: Callable[[str], None]) -> Selection:
    selection = select(_watched(read(path), "reading trips"), place.snapper)
    kept = len(selection.trips)
    say(
        f"trips: {path.name}, {selection.read} read; left out: "
        + ", ".join(f"{n} {w}" for w, n in selection.left_out.items())
    )
    say(f"       {kept} remain, {100 * kept / max(selection.read, 1):.1f} % (at least {100 * ENOUGH:.0f} % must)")
    return selection


def _leg(trip: Trip, place: Place) -> Leg | None:
    match = place.matcher.match(trip.latitude, trip.longitude, trip.seconds)
    if match is None:
        return None
    sources, targets = (places(place.snapper, trip.latitude[end], trip.longitude[end]) for end in (0, -1))
    return Leg(trip.start, trip.duration, Driving.NORMAL, sources, targets, match)


def _learned(trips: Sequence[Trip], legs: dict[int, Leg], place: Place) -> SpeedModel:
    own = [leg for trip in trips if (leg := legs.get(id(trip))) is not None]
    return learn(place.graph, place.router, own, prior(place.zone))


def _estimates(trips: Sequence[Trip], model: SpeedModel, place: Place, what: str) -> list[Estimate]:
    """What would have been said as each trip began."""
    speeds = Speeds(place.graph, model)
    found = []
    for trip in _watched(trips, what):
        ends = [places(place.snapper, trip.latitude[end], trip.longitude[end]) for end in (0, -1)]
        found.append(speeds.estimate(_duration(trip, ends[0], ends[1], speeds, place)))
    return found


def _duration(trip: Trip, sources: Sequence[Snap], targets: Sequence[Snap], speeds: Speeds, place: Place) -> float:
    """Seconds by the route, and what the goal takes beyond it."""
    place.router.customise(speeds.weights(Driving.NORMAL, trip.start))
    route = best_route(place.router, sources, targets)
    if route is None:
        raise AssertionError("within one strongly connected network there is a route")
    return max(0.0, route.duration + speeds.approach(targets[0].latitude, targets[0].longitude))


def _by_chance(estimates: Sequence[Estimate], actual: Values) -> tuple[float, float]:
    """What the mean error of as many trips may be by chance alone: 5th and 95th percentile of 2,000 resamples."""
    error = 100 * np.abs(np.array([estimate.p50 for estimate in estimates]) / actual - 1)
    drawn = np.random.default_rng(1).choice(error, (2000, len(error))).mean(axis=1)
    return float(np.percentile(drawn, 5)), float(np.percentile(drawn, 95))


def _coverage(estimates: Sequence[Estimate], actual: Values) -> float:
    inside = [e.p10 <= seconds <= e.p90 for e, seconds in zip(estimates, actual.tolist(), strict=True)]
    return 100 * float(np.mean(inside))


def _rivals(train: Sequence[Trip], test: Sequence[Trip], place: Place) -> dict[str, Score]:
    """Other methods, each fitted on the same training trips."""
    actual, learned = (np.array([trip.duration for trip in trips]) for trips in (test, train))
    straight, straight_before = (np.array([trip.straight for trip in trips]) for trips in (test, train))
    place.router.customise(free_flow(place.graph))
    free, length = _by_free_flow(test, place)
    free_before, length_before = _by_free_flow(train, place)
    law = _square_root_law(length_before, learned)
    per_metre = float(np.median(learned / straight_before))
    slower = float(np.median(learned / free_before))
    return {
        "straight line x constant": Score.of(straight * per_metre, actual),
        "square-root law on network": Score.of(law(length), actual),
        "free flow, raw": Score.of(free, actual),
        "free flow x constant": Score.of(free * slower, actual),
    }


def _by_free_flow(trips: Sequence[Trip], place: Place) -> tuple[Values, Values]:
    """Seconds and metres of the fastest routes on empty roads."""
    routes = []
    for trip in trips:
        ends = [places(place.snapper, trip.latitude[end], trip.longitude[end]) for end in (0, -1)]
        route = best_route(place.router, ends[0], ends[1])
        if route is None:
            raise AssertionError("within one strongly connected network there is a route")
        routes.append((route.duration, route.length))
    both = np.array(routes)
    return both[:, 0], both[:, 1]


def _square_root_law(length: Values, seconds: Values) -> Callable[[Values], Values]:
    """The law of `straight_line`, its two constants by least squares of seconds, the best of the fits tried."""

    def law(constants: Values, metres: Values) -> Values:
        acceleration, cruising = np.exp(constants)
        short = 2 * np.sqrt(metres / acceleration)
        return np.asarray(
            np.where(metres <= cruising**2 / acceleration, short, cruising / acceleration + metres / cruising)
        )

    best = minimize(
        lambda constants: float(((law(constants, length) - seconds) ** 2).mean()),
        np.log([0.06, 12.0]),
        method="Nelder-Mead",
        options={"maxiter": 2000},
    ).x
    return lambda metres: law(best, metres)


def _tell_origins(trips: Sequence[Trip], legs: dict[int, Leg], place: Place, say: Callable[[str], None]) -> None:
    """Coverage where learning ends at five moments and the next tenth of the trips is predicted."""
    say("")
    inside, total = 0.0, 0
    for origin in ORIGINS:
        low, high = int(origin * len(trips)), min(len(trips), int((origin + 0.1) * len(trips)))
        if low < 2 or low == high:
            say("too few trips for rolling origins")
            return
        model = _learned(trips[:low], legs, place)
        estimates = _estimates(trips[low:high], model, place, f"origin at {100 * origin:.0f} %")
        actual = np.array([trip.duration for trip in trips[low:high]])
        covered = _coverage(estimates, actual)
        score = Score.of(np.array([estimate.p50 for estimate in estimates]), actual)
        say(
            f"learned from the first {100 * origin:.0f} %, the next {high - low:3d}: "
            f"covers {covered:5.1f} %, MAPE {score.mape:4.1f} %"
        )
        inside, total = inside + covered * (high - low), total + high - low
    say(f"five rolling origins, pooled: covers {inside / total:.1f} %")


def _tell_on_the_way(
    trips: Sequence[Trip], first: Sequence[Estimate], model: SpeedModel, place: Place, say: Callable[[str], None]
) -> None:
    """Routed again on the way, against the first estimate counted down."""
    speeds = Speeds(place.graph, model)
    say("")
    for part in ON_THE_WAY:
        routed, counted, left = [], [], []
        for trip, estimate in zip(_watched(trips, f"at {100 * part:.0f} %"), first, strict=True):
            steps = distances(trip.latitude[:-1], trip.longitude[:-1], trip.latitude[1:], trip.longitude[1:])
            at = 1 + int(np.searchsorted(np.cumsum(steps), part * steps.sum()))
            if at >= len(trip.latitude) - 1:
                continue
            before = (trip.latitude[at - 1], trip.longitude[at - 1], trip.latitude[at], trip.longitude[at])
            sources = places(place.snapper, trip.latitude[at], trip.longitude[at], bearing(*before))
            targets = places(place.snapper, trip.latitude[-1], trip.longitude[-1])
            duration = _duration(trip, sources, targets, speeds, place)
            routed.append(speeds.estimate(duration, standing=False).p50)
            counted.append(max(1.0, estimate.p50 - trip.seconds[at]))
            left.append(trip.duration - trip.seconds[at])
        if not left:
            continue
        actual = np.array(left)
        again, down = (float(np.abs(np.array(values) - actual).mean()) for values in (routed, counted))
        say(f"at {100 * part:.0f} % of the way: routed again MAE {again:.0f} s, counted down {down:.0f} s")


def _watched(things: Iterable[T], what: str) -> Iterator[T]:
    """The same, with a bar on the terminal while they are gone through."""
    yield from track(things, what, console=Console(stderr=True), transient=True)


if __name__ == "__main__":
    sys.exit(main())
