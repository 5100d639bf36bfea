"""Drives the fleet in true time: at each tick every vehicle moves, and its receiver's epoch goes to its unit."""

import itertools
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fieldunit.agent.unit import Report, ReportingUnit
from fieldunit.outbox import Epoch
from fieldunit.simulator.receiver import Receiver
from fieldunit.simulator.vehicle import Roads, Vehicle
from tracker.regions import Profile, network_of
from tracker.wire.tagblock import DEFAULT_SOURCE

HIGHEST_RATE = 20.0
"""Fixes a second and vehicle; receivers give ten, and the sentences' time has a hundredth of a second."""

LATE_S = 2.0
"""Behind true time by so much, the machine is too slow, and that is said."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CENTISECONDS = 100


def unit_names(count: int) -> list[str]:
    """ambulans-01, ambulans-02, …"""
    return [f"ambulans-{number:02d}" for number in range(1, count + 1)]


class _Car(NamedTuple):
    vehicle: Vehicle
    receiver: Receiver


class Fleet:
    """Vehicles of a profile, without a clock: `epochs` gives what their receivers say at one tick.

    Args:
        profile: where they drive; its units' homes come first, further vehicles begin in the districts in turn.
        names: of the vehicles.
        rate: fixes a second.
        seed: the same seed gives the same drives and errors; each vehicle's do not depend on how many there are.
    """

    def __init__(self, profile: Profile, names: Sequence[str], rate: float, seed: int) -> None:
        self.rate = rate
        roads = Roads(network_of(profile))
        districts = [district.name for district in profile.districts]
        homes = {unit.id: districts.index(unit.home) for unit in profile.units}
        self._cars = {
            name: _Car(
                Vehicle(roads, homes.get(name, at % len(districts)), random.Random(f"{seed}/{name}/drive")),  # noqa: S311 - a game
                Receiver(random.Random(f"{seed}/{name}/receiver"), 1 / rate),  # noqa: S311 - a game
            )
            for at, name in enumerate(names)
        }

    def tick_time(self, tick: int) -> datetime:
        """UTC of a tick, counted from 1970: whole hundredths of a second, as the sentences give it."""
        return _EPOCH + timedelta(microseconds=10_000 * round(tick * _CENTISECONDS / self.rate))

    def first_tick(self, now: datetime) -> int:
        """The first tick that is not before this."""
        return math.ceil((now - _EPOCH).total_seconds() * self.rate)

    def epochs(self, tick: int) -> Iterator[tuple[str, Report]]:
        """Let the time since the last tick pass, and hear every receiver."""
        now = self.tick_time(tick)
        steps = math.ceil(1 / self.rate)  # of at most a second, as vehicles need them
        for name, car in self._cars.items():
            for _ in range(steps):
                car.vehicle.advance(1 / self.rate / steps)
            lines = car.receiver.observe(car.vehicle.state, now)
            yield name, Report(Epoch(DEFAULT_SOURCE, now, lines), now)


def drive(
    fleet: Fleet,
    units: Mapping[str, ReportingUnit],
    stop: threading.Event,
    *,
    for_s: float | None,
    silences: Mapping[str, float],
    say: Callable[[str], None],
    look: Callable[[], None] = lambda: None,
) -> None:
    """Drive until the stop event is set or the time is over.

    Args:
        fleet: the vehicles.
        units: by name, one a vehicle.
        stop: set by whoever wants it to end.
        for_s: seconds to drive; None for ever.
        silences: seconds after the start at which a unit loses its coverage for good, by its name.
        say: told in a sentence what whoever watches should know.
        look: called at each tick.
    """
    began = datetime.now(UTC)
    first = fleet.first_tick(began)
    pending = dict(silences)
    told_late = 0.0
    for tick in itertools.count(first):
        due = fleet.tick_time(tick)
        driven = (due - began).total_seconds()
        if for_s is not None and driven >= for_s:
            stop.wait(max(0.0, (began + timedelta(seconds=for_s) - datetime.now(UTC)).total_seconds()))
            return
        behind = (datetime.now(UTC) - due).total_seconds()
        if behind > LATE_S and time.monotonic() - told_late > 10:
            told_late = time.monotonic()
            say(f"this machine is too slow for so many fixes: they are {behind:.0f} s late")
        if stop.wait(-behind) if behind < 0 else stop.is_set():
            return
        for name in [name for name, at in pending.items() if driven >= at]:
            del pending[name]
            units[name].silence()
            say(f"{name} has lost its coverage for good; it drives on, and its outbox fills")
        for name, report in fleet.epochs(tick):
            units[name].report(report)
        look()
