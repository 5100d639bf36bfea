"""A simulated vehicle as its unit sees it: receivers, a clock, power, coverage. No clock is read, nothing is sent."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from fieldunit.agent.unit import Report
from fieldunit.outbox import Epoch
from fieldunit.simulator.faults import Fault, Injector
from fieldunit.simulator.motion import State
from fieldunit.simulator.places import EVERYWHERE_OPEN, Skies, Zone
from fieldunit.simulator.receiver import COLD, GNSS, HOT, WARM, Model, Receiver, Start
from fieldunit.simulator.sentences import Observation
from fieldunit.simulator.vehicle import Vehicle
from tracker.wire.payload import Reading, decode, encode_epoch
from tracker.wire.reports import Clock, CrewStatus, Source, Status

_FORGETS_S = 2 * 3600.0
"""A receiver without power for longer has forgotten where the satellites are (ephemerides hold two to four hours)."""


class Outage(NamedTuple):
    """The unit's power is away."""

    at_s: float  # seconds after the start
    for_s: float


class DeviceClock(NamedTuple):
    """How the unit's own clock errs, against UTC."""

    skew_s: float = 0.0  # ahead of UTC at the start
    drift_ppm: float = 0.0  # and so many microseconds more each second

    def read(self, time: datetime, elapsed: float) -> datetime:
        """What it shows at a true time, so many seconds after the start."""
        off = self.skew_s + elapsed * self.drift_ppm * 1e-6
        return time + timedelta(microseconds=round(off * 1e6)) if off else time


TRUE_CLOCK = DeviceClock()


class Gauge(NamedTuple):
    """A receiver in the vehicle, and how often it speaks."""

    model: Model = GNSS
    every: int = 1  # at each how many-th report of the vehicle
    start: Start = HOT
    faults: tuple[Fault, ...] = ()


GAUGE = Gauge()


class Seen(NamedTuple):
    """One epoch of one receiver beside the truth."""

    source: str
    truth: State
    observed: Observation | None  # None: it says nothing
    lines: tuple[bytes, ...]
    faults: tuple[Fault, ...]  # those that hold


class Car:
    """One vehicle with all that rides in it.

    Args:
        name: id of its unit.
        vehicle: how it moves.
        seed: the same seed and name give the same drive and the same errors, however large the fleet is.
        interval_s: between two reports.
        gauges: its receivers, the best first.
        skies: what they see of the sky, by place and time.
        holes: where there is no coverage.
        outages: when its power is away.
        clock: how its clock errs.
    """

    def __init__(
        self,
        name: str,
        vehicle: Vehicle,
        seed: int,
        interval_s: float,
        *,
        gauges: Sequence[Gauge] = (GAUGE,),
        skies: Skies = EVERYWHERE_OPEN,
        holes: Sequence[Zone] = (),
        outages: Sequence[Outage] = (),
        clock: DeviceClock = TRUE_CLOCK,
    ) -> None:
        self.name = name
        self.vehicle = vehicle
        self.interval_s = interval_s
        self.clock = clock
        self.powered = True
        """Whether the unit runs."""
        self._skies, self._holes, self._outages = skies, tuple(holes), tuple(outages)
        self._receivers = [
            (
                gauge,
                Receiver(
                    _dice(f"{seed}/{name}/{gauge.model.source}"), interval_s * gauge.every, gauge.model, gauge.start
                ),
                Injector(gauge.faults),
            )
            for gauge in gauges
        ]
        self._step = 0
        self._dark_since: float | None = None

    @property
    def sources(self) -> list[str]:
        """Its receivers, the best first."""
        return [gauge.model.source for gauge, _, _ in self._receivers]

    @property
    def covered(self) -> bool:
        """Whether there is a mobile network where it is."""
        if not self._holes:
            return True
        state, elapsed = self.vehicle.state, self.vehicle.elapsed
        return not any(hole.holds(state.latitude, state.longitude, elapsed) for hole in self._holes)

    def see(self, now: datetime) -> list[Seen]:
        """Let one interval pass, and hear each receiver whose turn it is; nothing while the power is away.

        Args:
            now: the true time at the end of the interval, aware, UTC, to a hundredth of a second.
        """
        self.vehicle.advance(self.interval_s)
        self._step += 1
        elapsed = self.vehicle.elapsed
        self._switch(elapsed)
        if not self.powered:
            return []
        state = self.vehicle.state
        sky = self._skies.over(state.latitude, state.longitude, elapsed)
        seen = []
        for gauge, receiver, injector in self._receivers:
            if self._step % gauge.every:
                continue
            observed: Observation | None = receiver.read(state, now, sky)
            holding = injector.holding(elapsed)
            if holding and observed is not None:
                observed = injector.applied(observed, elapsed)
            lines = () if observed is None else receiver.say(observed)
            seen.append(Seen(gauge.model.source, state, observed, lines, holding))
        return seen

    def reports(self, now: datetime) -> list[Report]:
        """Let one interval pass: what the unit would keep of it."""
        return self.kept(self.see(now), now)

    def kept(self, seen: Sequence[Seen], now: datetime) -> list[Report]:
        """What the unit keeps of what its receivers said. Epochs without a fix tell the centre nothing."""
        made = []
        for each in seen:
            if each.observed is None or not each.observed.fix:
                continue
            epoch = Epoch(each.source, self.clock.read(now, self.vehicle.elapsed), each.lines)
            plain = not each.faults and epoch.device_time == now
            made.append(Report(epoch, now if plain else fix_time(epoch)))
        return made

    def statuses(self, now: datetime) -> list[Status]:
        """What the crew has pressed since this was asked last, oldest first, by the unit's clock."""
        elapsed = self.vehicle.elapsed
        pressed = self.vehicle.take_events()
        if not self.powered:
            return []  # the buttons are dead
        return [
            Status(
                at=self.clock.read(now - timedelta(seconds=elapsed - event.at), event.at),
                clock=Clock.SYSTEM if self.clock != TRUE_CLOCK else Clock.GNSS,
                status=CrewStatus(event.status),
                mission=event.mission,
                source=Source.CREW,
            )
            for event in pressed
        ]

    def _switch(self, elapsed: float) -> None:
        """Off at an outage's begin, on again at its end, with receivers that have to find the sky again."""
        powered = not any(outage.at_s <= elapsed < outage.at_s + outage.for_s for outage in self._outages)
        if powered and self._dark_since is not None:
            start = COLD if elapsed - self._dark_since > _FORGETS_S else WARM
            for _, receiver, _ in self._receivers:
                receiver.restart(start)
            self._dark_since = None
        elif not powered and self._dark_since is None:
            self._dark_since = elapsed
        self.powered = powered


def fix_time(epoch: Epoch) -> datetime | None:
    """The time under which the centre will keep the fix of an epoch, by its own reader; None where it finds none."""
    payload = encode_epoch(epoch.source, 1, epoch.device_time, epoch.lines)
    found = decode(payload, epoch.device_time or datetime.fromisoformat("1980-01-06T00:00:00+00:00"))
    times = [each.fix.time for each in found if isinstance(each, Reading) and each.fix is not None]
    return times[0] if len(times) == len(found) == 1 else None


def _dice(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a plausible error, the same each time; nothing secret
