"""How a receiver errs: correlated noise, streets between houses, echoes, and the first minute after it is switched on.

The error to the north and to the east is a first-order Gauss-Markov process each, because neighbouring fixes share
their satellites and their ionosphere: independent noise would make a standing vehicle jump about. Its size is what
geometry makes of it: fewer satellites, larger dilution, larger error, and the receiver's own estimate (GST) says so.
"""

import math
import random
from datetime import datetime
from typing import NamedTuple

from fieldunit.simulator.motion import State
from fieldunit.simulator.sentences import STANDING, Observation, sentences
from tracker.measures import EARTH_RADIUS

_METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS
_GEOMETRY_S = 10.0  # in which the error follows a change of the geometry: a satellite's setting is no jump


class Model(NamedTuple):
    """A kind of receiver."""

    deviation_m: float = 1.5  # of the error to the north and to the east, each, at its usual dilution
    memory_s: float = 30.0  # in which the error forgets itself to 1/e
    speed_deviation: float = 0.05  # m/s: Doppler is far better than position
    satellites: tuple[int, int] = (8, 14)  # used under an open sky
    source: str = "gnss"  # as the TAG block names it


GNSS = Model()
MODEM = Model(deviation_m=4.0, memory_s=60.0, speed_deviation=0.2, satellites=(5, 9), source="modem")
"""The small receiver in a modem, with an aerial under the dashboard."""


class Sky(NamedTuple):
    """What stands between the receiver and the satellites."""

    noise: float = 1.0  # times the error of the open sky at the same geometry
    hidden: int = 0  # satellites that are not seen
    echoes_hour: float = 0.0  # echoes taken for the signal, an hour
    echo_m: float = 25.0  # how far they move the position, on the average; three times that at most
    blocked: bool = False  # no fix at all: a tunnel, a jammer


OPEN = Sky()
CANYON = Sky(noise=2.5, hidden=5, echoes_hour=40.0)
"""Streets between high houses."""


class Start(NamedTuple):
    """How long it takes a receiver from power to its first fix."""

    time_s: tuple[float, float]  # until it knows the time of day, from and to
    date_s: tuple[float, float]  # after that, until it knows the date
    fix_s: tuple[float, float]  # after that, until there is a position


HOT = Start((0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
WARM = Start((0.5, 1.0), (0.0, 0.0), (3.0, 8.0))
COLD = Start((3.0, 6.0), (3.0, 6.0), (14.0, 28.0))
_TWO_DIMENSIONS_S = 5.0  # after the first fix of a start that was not hot
_SETTLING_S = 20.0  # until all satellites are used then


class Receiver:
    """One receiver.

    Args:
        chance: its own randomness, seeded by the caller.
        interval_s: between two fixes, seconds.
        model: which kind it is.
        start: how it is at the beginning; by default it has a fix already.
    """

    def __init__(self, chance: random.Random, interval_s: float, model: Model = GNSS, start: Start = HOT) -> None:
        self.model = model
        self._chance = chance
        self._interval = interval_s
        self._kept = math.exp(-interval_s / model.memory_s)
        self._fresh = math.sqrt(1 - self._kept**2)
        self._north = chance.gauss(0, 1)  # in standard deviations
        self._east = chance.gauss(0, 1)
        self._altitude = chance.uniform(15, 45)
        self._satellites = chance.randint(*model.satellites)
        self._usual_hdop = _hdop((model.satellites[0] + model.satellites[1]) // 2)
        self._sigma: float | None = None
        self._count = 0
        self._echo: tuple[float, float, float] = (0.0, 0.0, 0.0)  # north, east, seconds left
        self._course = 0.0
        self._powered = self._time_at = self._date_at = self._fix_at = 0.0  # seconds since it was switched on
        self._settling = False
        self._on(start)

    def restart(self, start: Start) -> None:
        """Its power was away; what it knew of the sky is lost."""
        self._north, self._east = self._chance.gauss(0, 1), self._chance.gauss(0, 1)
        self._sigma = None
        self._echo = (0.0, 0.0, 0.0)
        self._on(start)

    def observe(self, state: State, time: datetime, sky: Sky = OPEN) -> tuple[bytes, ...]:
        """What it says: the sentences of one epoch; arguments as in `read`."""
        return self.say(self.read(state, time, sky))

    def say(self, seen: Observation) -> tuple[bytes, ...]:
        """The sentences of one epoch."""
        self._count += 1
        return sentences(seen, self._count - 1)

    def read(self, state: State, time: datetime, sky: Sky = OPEN) -> Observation:
        """What it believes one interval after it was asked last.

        Args:
            state: the truth.
            time: of the fix, aware, UTC, to a hundredth of a second: a receiver with a fix knows the time.
            sky: what it sees of the sky.
        """
        chance = self._chance
        self._north = self._north * self._kept + chance.gauss(0, self._fresh)
        self._east = self._east * self._kept + chance.gauss(0, self._fresh)
        self._altitude += chance.gauss(0, 0.1)
        if chance.random() < self._interval / 20:
            low, high = self.model.satellites
            self._satellites = min(high, max(low, self._satellites + chance.choice((-1, 0, 1))))
        powered, self._powered = self._powered, self._powered + self._interval
        if sky.blocked or powered < self._fix_at:
            if sky.blocked:
                self._sigma = None
            return Observation(time if powered >= self._time_at else None, dated=powered >= self._date_at)
        return self._fixed(state, time, sky, powered - self._fix_at)

    def _on(self, start: Start) -> None:
        self._powered = 0.0
        self._time_at = self._chance.uniform(*start.time_s)
        self._date_at = self._time_at + self._chance.uniform(*start.date_s)
        self._fix_at = self._date_at + self._chance.uniform(*start.fix_s)
        self._settling = start is not HOT

    def _fixed(self, state: State, time: datetime, sky: Sky, fixed_s: float) -> Observation:
        chance, model = self._chance, self.model
        seen = max(4, self._satellites - sky.hidden)
        mode = 3
        if self._settling and fixed_s < _SETTLING_S:
            seen = min(seen, 4 + int(fixed_s / _SETTLING_S * 8))
            if fixed_s < _TWO_DIMENSIONS_S:
                seen, mode = 3, 2
        hdop = _hdop(seen)
        wanted = model.deviation_m * hdop / self._usual_hdop * sky.noise
        if self._sigma is None:
            self._sigma = wanted
        else:
            self._sigma += (wanted - self._sigma) * (1 - math.exp(-self._interval / _GEOMETRY_S))
        north, east = self._echoed(sky)
        latitude = state.latitude + (self._north * self._sigma + north) / _METRES_PER_DEGREE
        longitude = state.longitude + (self._east * self._sigma + east) / _METRES_PER_DEGREE / math.cos(
            math.radians(state.latitude)
        )
        spread = model.speed_deviation * sky.noise
        speed = max(0.0, state.speed + chance.gauss(0, spread)) if state.speed > 0 else 0.0
        course = None
        if speed > STANDING:
            course = (state.course + math.degrees(math.atan2(chance.gauss(0, spread), max(speed, 1.0)))) % 360
        return Observation(
            time, True, True, latitude, longitude, self._altitude, speed, course, seen, hdop, mode, self._sigma
        )  # fmt: skip

    def _echoed(self, sky: Sky) -> tuple[float, float]:
        """How far an echo moves the position now: metres north and east."""
        north, east, left = self._echo
        if left > 0:
            self._echo = (north, east, left - self._interval)
            return north, east
        if sky.echoes_hour and self._chance.random() < sky.echoes_hour * self._interval / 3600:
            far = min(self._chance.expovariate(1 / sky.echo_m) + 5, 3 * sky.echo_m)
            angle = self._chance.uniform(0, 2 * math.pi)
            self._echo = (far * math.cos(angle), far * math.sin(angle), self._chance.uniform(3, 12))
            return self._echo[0], self._echo[1]
        return 0.0, 0.0


def _hdop(satellites: int) -> float:
    """Horizontal dilution that so many satellites, spread over the sky, usually give."""
    return 0.45 + 18.0 / max(satellites - 1.5, 1.0) ** 2
