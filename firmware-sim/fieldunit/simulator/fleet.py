"""Drives the fleet in true time: at each tick every vehicle moves, and its receiver's epoch goes to its unit.

Each epoch waits for the disk before the next one of that vehicle comes, so the vehicles are spread over a few threads:
what waits for a disk in one does not hold up the others.
"""

import itertools
import math
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

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

_VEHICLES_A_THREAD = 4
_MOST_THREADS = 16
_LOOK_EVERY_S = 0.2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Car:
    """A vehicle with its receiver, without a clock.

    Args:
        name: id of its unit.
        roads: shared by the fleet.
        home: position of the district where it begins.
        rate: fixes a second.
        seed: the same seed and name give the same drive and the same errors, however large the fleet is.
    """

    def __init__(self, name: str, roads: Roads, home: int, rate: float, seed: int) -> None:
        self.name = name
        self._rate = rate
        self._vehicle = Vehicle(roads, home, random.Random(f"{seed}/{name}/drive"))  # noqa: S311 - no secret
        self._receiver = Receiver(random.Random(f"{seed}/{name}/receiver"), 1 / rate)  # noqa: S311 - no secret

    def report(self, now: datetime) -> Report:
        """Let the time of one tick pass, and hear the receiver."""
        steps = math.ceil(1 / self._rate)  # of a second at most, as the vehicle needs them
        for _ in range(steps):
            self._vehicle.advance(1 / self._rate / steps)
        return Report(Epoch(DEFAULT_SOURCE, now, self._receiver.observe(self._vehicle.state, now)), now)


def unit_names(count: int) -> list[str]:
    """ambulans-01, ambulans-02, …"""
    return [f"ambulans-{number:02d}" for number in range(1, count + 1)]


def fleet_of(profile: Profile, count: int, rate: float, seed: int) -> list[Car]:
    """The profile's units begin at home; further vehicles begin in the districts in turn."""
    roads = Roads(network_of(profile))
    districts = [district.name for district in profile.districts]
    homes = {unit.id: districts.index(unit.home) for unit in profile.units}
    return [
        Car(name, roads, homes.get(name, at % len(districts)), rate, seed) for at, name in enumerate(unit_names(count))
    ]


def tick_time(tick: int, rate: float) -> datetime:
    """UTC of a tick, counted from 1970: whole hundredths of a second, as the sentences give it."""
    return _EPOCH + timedelta(microseconds=10_000 * round(tick * 100 / rate))


def drive(
    cars: Sequence[Car],
    units: Mapping[str, ReportingUnit],
    rate: float,
    stop: threading.Event,
    *,
    for_s: float | None,
    silences: Mapping[str, float],
    say: Callable[[str], None],
    look: Callable[[], None],
) -> None:
    """Drive until the stop event is set or the time is over.

    Args:
        cars: the vehicles.
        units: by name, one a vehicle.
        rate: fixes a second and vehicle.
        stop: set by whoever wants it to end.
        for_s: seconds to drive; None for ever.
        silences: seconds after the start at which a unit loses its coverage for good, by its name.
        say: told in a sentence what whoever watches should know.
        look: called some times a second; what it raises ends the drive.
    """
    shift = _Shift(units, rate, stop, for_s, silences, say)
    threads = max(1, min(_MOST_THREADS, len(cars) // _VEHICLES_A_THREAD))
    with ThreadPoolExecutor(threads, thread_name_prefix="receivers") as pool:
        driving = {pool.submit(shift.drive, cars[part::threads]) for part in range(threads)}
        try:
            while driving:
                done, driving = wait(driving, timeout=_LOOK_EVERY_S)
                for ended in done:
                    ended.result()
                look()
        except BaseException:
            stop.set()
            raise


class _Shift:
    """What the threads of one drive share."""

    def __init__(
        self,
        units: Mapping[str, ReportingUnit],
        rate: float,
        stop: threading.Event,
        for_s: float | None,
        silences: Mapping[str, float],
        say: Callable[[str], None],
    ) -> None:
        self._units = units
        self._rate = rate
        self._stop = stop
        self._for_s = for_s
        self._silences = silences
        self._say = say
        self._began = datetime.now(UTC)
        self._told_late = float("-inf")

    def drive(self, cars: Sequence[Car]) -> None:
        """Drive some of the cars."""
        silences = {car.name: self._silences[car.name] for car in cars if car.name in self._silences}
        first = math.ceil((self._began - _EPOCH).total_seconds() * self._rate)
        for tick in itertools.count(first):
            due = tick_time(tick, self._rate)
            driven = (due - self._began).total_seconds()
            if self._for_s is not None and driven >= self._for_s:
                self._wait_until(self._began + timedelta(seconds=self._for_s))
                return
            if self._wait_until(due):
                return
            for name in [name for name, at in silences.items() if driven >= at]:
                del silences[name]
                self._units[name].silence()
                self._say(f"{name} has lost its coverage for good; it drives on, and its outbox fills")
            for car in cars:
                self._units[car.name].report(car.report(due))

    def _wait_until(self, due: datetime) -> bool:
        """Returns whether the drive is to end."""
        behind = (datetime.now(UTC) - due).total_seconds()
        if behind > LATE_S and time.monotonic() - self._told_late > 10:
            self._told_late = time.monotonic()
            self._say(f"this machine is too slow for so many fixes: they are {behind:.0f} s late")
        return self._stop.wait(-behind) if behind < 0 else self._stop.is_set()
