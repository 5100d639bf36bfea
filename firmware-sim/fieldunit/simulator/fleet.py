"""The vehicles of a fleet, and their driving in true time: at its turn each one moves, and its unit reports.

Each epoch may wait for the disk before the next one of that vehicle comes, so the vehicles are spread over a few
threads: what waits for a disk in one does not hold up the others.
"""

import contextlib
import heapq
import math
import random
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Protocol

from fieldunit.simulator.car import Car, Seen
from fieldunit.simulator.names import unit_names, units_of
from fieldunit.simulator.roads import Roads, RoadsError, roads_of
from fieldunit.simulator.vehicle import BEGINS, BUSY, Habits, Vehicle
from tracker.regions import Profile
from tracker.roads.snap import Snap

HIGHEST_RATE = 20.0
"""Fixes a second and vehicle; receivers give ten, and the sentences' time has a hundredth of a second."""

LATE_S = 2.0
"""Behind true time by so much, the machine is too slow, and that is said."""

_VEHICLES_A_THREAD = 4
_MOST_THREADS = 16
_LOOK_EVERY_S = 0.2
_REMEMBERED = 200_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rider(Protocol):
    """What rides in a vehicle and hears its receivers."""

    name: str

    def obey(self, now: datetime) -> None:
        """Do what the centre has commanded since this was called last."""

    def surroundings(self, *, covered: bool, powered: bool) -> None:
        """Whether there is a mobile network where the vehicle is, and whether its battery gives current."""

    def hear(self, car: Car, seen: Sequence[Seen], now: datetime) -> None:
        """What the receivers said, and what the crew pressed."""

    def silence(self) -> None:
        """The coverage is gone for good."""


def fleet_of(profile: Profile, count: int, rate: float, seed: int, roads: Roads | None = None) -> list[Car]:
    """The profile's units begin at home; further vehicles begin in the districts in turn."""
    roads = roads or roads_of(profile)
    homes = Homes(profile, roads)
    return [
        Car(name, vehicle_of(name, homes.of(name, at), homes, roads, seed), seed, 1 / rate)
        for at, name in enumerate(unit_names(count, profile))
    ]


class Homes:
    """Where the vehicles of a profile wait, and where its hospitals are taken to be.

    A profile has no coordinates of hospitals; they stand in the centres of the districts where most roads meet. Of a
    region of roads that holds only some districts, only those count.

    Raises:
        RoadsError: no district lies on these roads.
    """

    def __init__(self, profile: Profile, roads: Roads) -> None:
        districts: dict[str, Snap] = {}
        for each in profile.districts:
            with contextlib.suppress(RoadsError):
                districts[each.name] = roads.nearest(each.latitude, each.longitude)
        if not districts:
            raise RoadsError(f"no district of {profile.name} lies on the roads of {roads.graph.region}")
        self._districts = list(districts.values())
        self._homes = {unit.id: districts[unit.home] for unit in units_of(profile) if unit.home in districts}
        ranked = sorted(districts.values(), key=lambda place: -roads.streets_at(place))
        self.hospitals = tuple(ranked[: max(1, min(profile.hospitals, len(ranked)))])

    def of(self, name: str, at: int) -> Snap:
        """Of a unit by its name, or by its number where the profile does not know it."""
        return self._homes.get(name, self._districts[at % len(self._districts)])


def vehicle_of(
    name: str,
    home: Snap,
    homes: Homes,
    roads: Roads,
    seed: int,
    habits: Habits = BUSY,
    begins: datetime = BEGINS,
) -> Vehicle:
    """One vehicle, with dice of its own."""
    chance = random.Random(f"{seed}/{name}/drive")  # noqa: S311 - no secret
    return Vehicle(roads, home, homes.hospitals, chance, habits, begins)


def tick_time(tick: int, rate: float) -> datetime:
    """UTC of a tick, counted from 1970: whole hundredths of a second, as the sentences give it."""
    return _EPOCH + timedelta(microseconds=10_000 * round(tick * 100 / rate))


def due_times(name: str, interval_s: float, began: datetime) -> Iterator[datetime]:
    """When a vehicle reports: with the whole interval up to a second, as receivers do; slower ones each at its own
    second of it, so that a fleet does not speak as one."""
    rate = 1 / interval_s
    shift = zlib.crc32(name.encode()) % math.ceil(interval_s) if interval_s > 1 else 0
    tick = math.ceil(((began - _EPOCH).total_seconds() - shift) * rate)
    while True:
        yield tick_time(tick, rate) + timedelta(seconds=shift)
        tick += 1


def drive(
    cars: Sequence[Car],
    units: Mapping[str, Rider],
    stop: threading.Event,
    *,
    for_s: float | None,
    silences: Mapping[str, float],
    say: Callable[[str], None],
    look: Callable[[], None],
    threads: int | None = None,
) -> "Shift":
    """Drive until the stop event is set or the time is over.

    Args:
        cars: the vehicles.
        units: by name, one a vehicle.
        stop: set by whoever wants it to end.
        for_s: seconds to drive; None for ever.
        silences: seconds after the start at which a unit loses its coverage for good, by its name.
        say: told in a sentence what whoever watches should know.
        look: called some times a second; what it raises ends the drive.
        threads: how many drive; None for as many as the vehicles and a disk want.
    """
    shift = Shift(units, stop, for_s, silences, say)
    threads = threads or max(1, min(_MOST_THREADS, len(cars) // _VEHICLES_A_THREAD))
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
    return shift


class Shift:
    """What the threads of one drive share."""

    def __init__(
        self,
        units: Mapping[str, Rider],
        stop: threading.Event,
        for_s: float | None,
        silences: Mapping[str, float],
        say: Callable[[str], None],
    ) -> None:
        self._units = units
        self._stop = stop
        self._for_s = for_s
        self._silences = silences
        self._say = say
        self._began = datetime.now(UTC)
        self._used = time.process_time()
        self._told_late = float("-inf")
        self.heard = 0  # epochs of all receivers; of several threads' counting, a few may be missing
        self.behind: deque[float] = deque(maxlen=_REMEMBERED)
        """Seconds by which the newest reports came after their due times: the machine's slowness shows in them."""

    @property
    def seconds(self) -> float:
        """How long it has driven."""
        return (datetime.now(UTC) - self._began).total_seconds()

    @property
    def processor_s(self) -> float:
        """Processor time that this process has used since it began to drive."""
        return time.process_time() - self._used

    def drive(self, cars: Sequence[Car]) -> None:
        """Drive some of the cars."""
        silences = {car.name: self._silences[car.name] for car in cars if car.name in self._silences}
        schedules = [due_times(car.name, car.interval_s, self._began) for car in cars]
        turns = [(next(schedule), at) for at, schedule in enumerate(schedules)]
        heapq.heapify(turns)
        while turns:
            due, at = turns[0]
            driven = (due - self._began).total_seconds()
            if self._for_s is not None and driven >= self._for_s:
                self._wait_until(self._began + timedelta(seconds=self._for_s))
                return
            if self._wait_until(due):
                return
            for name in [name for name, begins in silences.items() if driven >= begins]:
                del silences[name]
                self._units[name].silence()
                self._say(f"{name} has lost its coverage for good; it drives on, and its outbox fills")
            self._turn(cars[at], due)
            heapq.heapreplace(turns, (next(schedules[at]), at))

    def _turn(self, car: Car, due: datetime) -> None:
        unit = self._units[car.name]
        unit.obey(due)
        seen = car.see(due)
        unit.surroundings(covered=car.covered, powered=car.powered)
        unit.hear(car, seen, due)
        self.heard += len(seen)
        self.behind.append((datetime.now(UTC) - due).total_seconds())

    def _wait_until(self, due: datetime) -> bool:
        """Returns whether the drive is to end."""
        behind = (datetime.now(UTC) - due).total_seconds()
        if behind > LATE_S and time.monotonic() - self._told_late > 10:
            self._told_late = time.monotonic()
            self._say(f"this machine is too slow for so many fixes: they are {behind:.0f} s late")
        return self._stop.wait(-behind) if behind < 0 else self._stop.is_set()
