"""A fleet that is led by the hand: lines of JSON say how far its time goes, and what befalls its units and crews.

Each line is answered with one, when all that could be delivered is at the centre: whoever leads lets no time pass
while a message is on its way, so that nothing depends on how fast the machine is.

    {"to": "2026-11-23T03:00:05Z"}                  let the vehicles drive until then
    {"cut": ["ambulans-01"], "restore": [...]}      take away, or give back, their networks
    {"mute": [...], "speak": [...]}                 crews that do not look at what they are told, and that do again
    {"press": [["ambulans-01", "on-scene"]]}        a button
    {"break_down": ["ambulans-01"]}                 it goes nowhere any more
    {"patience_s": 0}                               how long to wait for receipts, in true seconds

    {"at": "…", "waiting": {"ambulans-02": 3}}      the answer: what reachable units have no receipt for
"""

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from fieldunit.simulator.car import Car
from fieldunit.simulator.fleet import due_times
from fieldunit.simulator.units import SimulatedUnit
from tracker.errors import TrackerError
from tracker.wire.reports import Clock, CrewStatus, Source, Status

_LOOK_EVERY_S = 0.002


class StepError(TrackerError):
    """This line cannot be meant."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line; what befalls units does so before time goes on."""

    to: Annotated[datetime, Meta(tz=True)] | None = None
    cut: tuple[str, ...] = ()
    restore: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    speak: tuple[str, ...] = ()
    break_down: tuple[str, ...] = ()
    press: tuple[tuple[str, CrewStatus], ...] = ()
    patience_s: Annotated[float, Meta(ge=0, le=600)] = 10.0


class Rest(msgspec.Struct, frozen=True):
    """The answer to a line."""

    at: datetime | None
    waiting: dict[str, int]


_read = msgspec.json.Decoder(Step).decode
_write = msgspec.json.Encoder().encode


class Steps:
    """The fleet and its time; one thread.

    Args:
        cars: the vehicles.
        units: theirs, in the same order.
        check: raises what went wrong elsewhere.
    """

    def __init__(
        self, cars: Sequence[Car], units: Sequence[SimulatedUnit], check: Callable[[], None] = lambda: None
    ) -> None:
        self._cars = list(cars)
        self._units = {unit.name: unit for unit in units}
        self._check = check
        self._now: datetime | None = None
        self._turns: list[tuple[datetime, int]] = []
        self._schedules: list[Iterator[datetime]] = []

    def take(self, line: bytes) -> bytes:
        """Do what a line says; the line that answers it.

        Raises:
            StepError: it says nothing that can be done.
        """
        try:
            step = _read(line)
        except msgspec.ValidationError as error:
            raise StepError(f"{line[:200]!r}: {error}") from error
        except msgspec.DecodeError as error:
            raise StepError(f"{line[:200]!r} is no JSON: {error}") from error
        self._befall(step)
        if step.to is not None:
            self._drive(step.to)
        return _write(Rest(self._now, self._rest(step.patience_s))) + b"\n"

    def _befall(self, step: Step) -> None:
        for name in step.cut:
            self._unit(name).cut(cut=True)
        for name in step.restore:
            self._unit(name).cut(cut=False)
        for name in step.mute:
            self._unit(name).mute(mute=True)
        for name in step.speak:
            self._unit(name).mute(mute=False)
        for name in step.break_down:
            self._unit(name).car.vehicle.break_down()
        for name, status in step.press:
            if self._now is None:
                raise StepError("nobody presses anything before time has begun")
            unit = self._unit(name)
            unit.report_status(
                Status(
                    at=self._now,
                    clock=Clock.GNSS,
                    status=status,
                    mission=unit.car.vehicle.mission,
                    source=Source.CREW,
                )
            )

    def _drive(self, to: datetime) -> None:
        """Each vehicle's turns until then, in the order of their times."""
        if self._now is None:
            self._schedules = [due_times(car.name, car.interval_s, to) for car in self._cars]
            self._turns = [(next(schedule), at) for at, schedule in enumerate(self._schedules)]
            heapq.heapify(self._turns)
        while self._turns and self._turns[0][0] <= to:
            due, at = self._turns[0]
            car = self._cars[at]
            unit = self._units[car.name]
            unit.obey(due)
            seen = car.see(due)
            unit.surroundings(covered=car.covered, powered=car.powered)
            unit.hear(car, seen, due)
            heapq.heapreplace(self._turns, (next(self._schedules[at]), at))
        self._now = to if self._now is None else max(self._now, to)

    def _rest(self, patience_s: float) -> dict[str, int]:
        """Wait until reachable units have a connection and nothing that waits, and their crews have heard everything;
        what waits if that takes too long."""
        deadline = time.monotonic() + patience_s
        busy = [unit for unit in self._units.values() if unit.reachable]
        while True:
            self._check()
            if self._now is not None:
                for unit in busy:
                    unit.obey(self._now)
            busy = [unit for unit in busy if not unit.rests]
            if not busy or time.monotonic() >= deadline:
                return {unit.name: unit.tally().waiting for unit in busy}
            time.sleep(_LOOK_EVERY_S)

    def _unit(self, name: str) -> SimulatedUnit:
        unit = self._units.get(name)
        if unit is None:
            raise StepError(f"there is no unit {name!r}; the units are {', '.join(list(self._units)[:20])}")
        return unit
