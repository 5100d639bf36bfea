"""What the arrival times of a whole fleet cost: 500 units on their way, a fix a second each.

    python -m tests.bench.live_eta [--roads FILE.osm.pbf] [--units 500] [--seconds 60]

Everything between a commit and the feed: the live picture, arrival detection, the way left or a new one, events, the
interval, and each unit's state as JSON, in batches as the gateway takes them (five a second). The database is left out:
what is told is stored beside this, a row in many seconds a unit. Fixes wander by 5 m, and one unit in ten drives a
way of its own, so that it is routed anew again and again. Last line: ``units=… arcs=… core_percent=… …``.
"""

import argparse
import asyncio
import gc
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from gateway.feeds.live import LivePicture
from gateway.roads.osm_import import import_osm
from gateway.roads.synthetic import write_osm
from gateway.services.arrivals import Arrivals
from gateway.services.estimate import Estimator
from gateway.services.missions import Missions
from gateway.services.network import Position
from gateway.storage.fixes import Row
from tracker import regions
from tracker.eta.plan import Plan
from tracker.eta.speeds import Driving, prior
from tracker.fix import Fix
from tracker.geodesy import bearing
from tracker.missions import Place, Urgency, sent_to
from tracker.roads.closures import Closure
from tracker.roads.engines import CchEngine
from tracker.roads.graph import RoadGraph

DATA = Path(__file__).parents[3] / "shared/data/osm"
START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
NOISE = 5.0
"""Metres, standard deviation in each direction."""

BATCHES = 5
"""A second."""

LIMIT = 25.0
"""Per cent of one core."""


def roads(given: Path | None) -> RoadGraph:
    """The network of a file, or of the largest town at hand, or one invented from the profile."""
    found = given or next(iter(sorted(DATA.glob("*rhein*"))), None)
    if found is not None:
        return import_osm(found, "bench").graph
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "synthetic.osm.pbf")
        write_osm(regions.load("bojonegoro"), path)
        return import_osm(path, "bench").graph


def drive(plan: Plan, rng: random.Random, seconds: int) -> Iterator[tuple[float, float, float, float]]:
    """(latitude, longitude, course, speed) of each second of a drive that follows a plan, from somewhere in it."""
    route = plan.route
    latitude, longitude = route.latitude, route.longitude
    steps = np.hypot(np.diff(latitude), np.diff(longitude) * np.cos(np.radians(latitude[0]))) * 111_195
    along = np.concatenate(([0.0], np.cumsum(steps)))
    pace = max(5.0, float(along[-1]) / max(1.0, route.duration))
    for second in range(seconds):
        done = second * pace
        y, x = (float(np.interp(done, along, values)) for values in (latitude, longitude))
        y1, x1 = (float(np.interp(done + 5, along, values)) for values in (latitude, longitude))
        north, east = rng.gauss(0, NOISE) / 111_195, rng.gauss(0, NOISE) / 111_195
        yield y + north, x + east, bearing(y, x, y1, x1), pace


def fleet(estimator: Estimator, units: int, seconds: int) -> tuple[list[tuple[str, Place]], list[list[Row]]]:
    """Units with their goals, and the rows of every batch."""
    network = estimator.network
    assert network is not None
    rng, graph = random.Random(1), network.graph
    goals: list[tuple[str, Place]] = []
    drives = []
    while len(goals) < units:
        start, goal, other = (rng.randrange(graph.nodes) for _ in range(3))
        ends = [Place(float(graph.node_latitude[node]), float(graph.node_longitude[node])) for node in (goal, other)]
        here = Position(float(graph.node_latitude[start]), float(graph.node_longitude[start]))
        # One in ten does not drive where it was sent.
        _, plan = estimator.plan(here, ends[len(goals) % 10 == 0], Driving.LIGHTS)
        if plan is None or plan.route.length < 2000:
            continue
        goals.append((f"unit-{len(goals):03d}", ends[0]))
        drives.append(list(drive(plan, rng, seconds)))
    batches: list[list[Row]] = []
    for second in range(seconds):
        for part in range(BATCHES):
            at = START + timedelta(seconds=second + part / BATCHES)
            rows = []
            for number in range(part, units, BATCHES):
                latitude, longitude, course, speed = drives[number][second]
                fix = Fix(time=at, latitude=latitude, longitude=longitude, course=course, speed=speed)
                rows.append(Row("bench", goals[number][0], "gnss", fix, at))
            batches.append(rows)
    return goals, batches


def around(latitude: float, longitude: float) -> tuple[tuple[float, float], ...]:
    """A square of about 600 m."""
    corners = ((-1, -1), (-1, 1), (1, 1), (1, -1))
    return tuple((latitude + north * 0.0027, longitude + east * 0.0036) for north, east in corners)


async def run(graph: RoadGraph, units: int, seconds: int) -> dict[str, float]:
    """Drive the fleet on the test's clock; what it cost."""
    estimator = Estimator(prior("Asia/Jakarta"))
    estimator.load(graph, CchEngine(graph), START)
    goals, batches = fleet(estimator, units, seconds)
    live = LivePicture()
    live.enrol((unit, unit, "ambulance") for unit, _ in goals)
    pool: Any = None  # nothing here asks the database
    missions = Missions("bench", pool)
    arrivals = Arrivals(pool, live, missions, estimator)
    for unit, goal in goals:
        missions.told(sent_to(unit, unit, goal, Urgency.EMERGENCY, START - timedelta(seconds=1)))
        missions.on_change(unit)
    seen, now = 0, START
    warm = 5 * BATCHES  # every unit has its first plan
    spent, worst, told, planned = 0.0, 0.0, 0, 0
    gc.collect()
    for number, rows in enumerate(batches):
        begin = time.process_time()
        for row in rows:
            live.apply(row.unit, row.source, row.fix, row.received_at)
        arrivals.committed(rows)
        now = rows[-1].fix.time + timedelta(milliseconds=200)
        await arrivals.turn(now, everybody=number % BATCHES == 0)
        live.changes(seen, now)
        seen = live.seq
        took = time.process_time() - begin
        if number >= warm:
            spent, worst = spent + took, max(worst, took)
        else:
            told, planned = len(arrivals._told), sum(each.plans for each in arrivals._followed.values())
    measured = seconds - warm / BATCHES
    fresh = sum(
        (followed := arrivals.followed(unit)) is not None and (followed.newest is None or followed.leg is None
        or not followed.needs_drive(estimator.serial)) for unit, _ in goals
    )  # fmt: skip
    assert fresh == units, f"{units - fresh} arrival times are not of the newest fix"
    plans = sum(each.plans for each in arrivals._followed.values()) - planned
    begin = time.process_time()
    estimator.learn(estimator.speeds, now)
    await arrivals.turn(now)
    anew = time.process_time() - begin
    assert estimator.network is not None
    middle = (float(np.median(graph.node_latitude)), float(np.median(graph.node_longitude)))
    begin = time.process_time()
    estimator.network.closures.put(Closure("flood", START, area=around(*middle)))
    estimator.reweigh(now)
    await arrivals.turn(now)
    closed = time.process_time() - begin
    return {
        "units": units, "arcs": graph.arcs, "core_percent": 100 * spent / measured,
        "worst_ms": 1000 * worst, "all_anew_ms": 1000 * anew, "closure_ms": 1000 * closed,
        "told_per_s": (len(arrivals._told) - told) / measured, "routed_per_s": plans / measured,
    }  # fmt: skip


def main() -> None:
    """Run it and print."""
    parser = argparse.ArgumentParser(description="The cost of 500 live arrival times.")
    parser.add_argument("--roads", type=Path, help="an OpenStreetMap extract")
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    args = parser.parse_args()
    found = asyncio.run(run(roads(args.roads), args.units, args.seconds))
    print(
        " ".join(
            f"{name}={value:.1f}" if isinstance(value, float) else f"{name}={value}" for name, value in found.items()
        )
    )


if __name__ == "__main__":
    main()
