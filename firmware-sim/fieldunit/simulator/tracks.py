"""Tracks with known truth, for whoever judges fixes: where the vehicle was beside what its receiver said. No I/O.

    samples = track(roads_of(load("bojonegoro")), seconds=3600, faults=[Fault(kind=Kind.FROZEN, at_s=600, for_s=30)])
    for sample in samples: sample.truth, sample.observed, sample.faults

The same arguments always give the same samples.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from fieldunit.simulator.car import Car, Gauge
from fieldunit.simulator.faults import Fault
from fieldunit.simulator.motion import State
from fieldunit.simulator.places import Skies
from fieldunit.simulator.receiver import GNSS, HOT, OPEN, Model, Sky, Start
from fieldunit.simulator.roads import Roads
from fieldunit.simulator.sentences import Observation
from fieldunit.simulator.vehicle import BEGINS, BUSY, Habits, Vehicle


class Sample(NamedTuple):
    """One epoch."""

    time: datetime  # true, aware, UTC
    elapsed: float  # seconds from the start, as faults count them
    truth: State
    observed: Observation | None  # what the receiver believes, faults included; None: it says nothing
    lines: tuple[bytes, ...]  # what it says of that
    faults: tuple[Fault, ...]  # those that hold


def track(
    roads: Roads,
    *,
    seconds: float,
    interval_s: float = 1.0,
    seed: int = 1,
    name: str = "ambulans-01",
    begins: datetime = BEGINS,
    faults: Sequence[Fault] = (),
    model: Model = GNSS,
    start: Start = HOT,
    sky: Sky = OPEN,
    skies: Skies | None = None,
    habits: Habits = BUSY,
) -> Iterator[Sample]:
    """Drive one vehicle and hear its receiver.

    Args:
        roads: where.
        seconds: how long.
        interval_s: between two epochs; a multiple of a hundredth of a second.
        seed, name: of the randomness.
        begins: the moment of the start, aware, UTC.
        faults: what goes wrong with the receiver, and when.
        model: which receiver it is.
        start: whether it has a fix at the beginning.
        sky: what it sees everywhere.
        skies: what it sees, by place; instead of `sky`.
        habits: what the crew's day is like.
    """
    places = roads.districts
    chance = random.Random(f"{seed}/{name}/drive")  # noqa: S311 - a drive, the same each time; nothing secret
    home = places[chance.randrange(len(places))]
    vehicle = Vehicle(roads, home, places, chance, habits, begins)
    gauge = Gauge(model, start=start, faults=tuple(faults))
    car = Car(name, vehicle, seed, interval_s, gauges=[gauge], skies=skies or Skies(usual=sky))
    for step in range(1, int(seconds / interval_s) + 1):
        time = begins + timedelta(microseconds=10_000 * round(step * interval_s * 100))
        for seen in car.see(time):
            yield Sample(time, vehicle.elapsed, seen.truth, seen.observed, seen.lines, seen.faults)
