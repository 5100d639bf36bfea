"""What a receiver in the simulated vehicle says: NMEA 0183 of talker GN, and errors as a receiver has them.

The error of position is a first-order Gauss-Markov process, because neighbouring fixes share their satellites and
their ionosphere: independent noise would make a standing vehicle jump about.
"""

import math
import random
from datetime import datetime

from fieldunit.simulator.vehicle import State
from tracker.measures import EARTH_RADIUS, KNOT
from tracker.wire.checksum import xor

DEVIATION = 1.5
"""Standard deviation of the error to the north and to the east, metres each."""
MEMORY_S = 30.0
"""Time in which the error forgets itself to 1/e."""
SPEED_DEVIATION = 0.05
"""m/s: Doppler is far better than position."""
STANDING = 0.3
"""m/s below which a receiver gives no course."""

_METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS


class Receiver:
    """One receiver.

    Args:
        chance: its own randomness, seeded by the caller.
        interval_s: between two fixes, seconds.
    """

    def __init__(self, chance: random.Random, interval_s: float) -> None:
        self._chance = chance
        self._kept = math.exp(-interval_s / MEMORY_S)
        self._fresh = DEVIATION * math.sqrt(1 - self._kept**2)
        self._north = chance.gauss(0, DEVIATION)
        self._east = chance.gauss(0, DEVIATION)
        self._altitude = chance.uniform(15, 45)
        self._satellites = chance.randint(8, 14)
        self._count = 0

    def observe(self, state: State, time: datetime) -> tuple[bytes, ...]:
        """The sentences of one epoch: always RMC and GGA, VTG and GSA each second time, GST each fifth.

        Args:
            state: the truth.
            time: of the fix, aware, UTC; given to a hundredth of a second.
        """
        self._north = self._north * self._kept + self._chance.gauss(0, self._fresh)
        self._east = self._east * self._kept + self._chance.gauss(0, self._fresh)
        self._altitude += self._chance.gauss(0, 0.1)
        if self._count % 20 == 19:
            self._satellites = min(16, max(6, self._satellites + self._chance.choice((-1, 0, 1))))
        speed = max(0.0, state.speed + self._chance.gauss(0, SPEED_DEVIATION)) if state.speed > 0 else 0.0
        latitude = state.latitude + self._north / _METRES_PER_DEGREE
        longitude = state.longitude + self._east / _METRES_PER_DEGREE / math.cos(math.radians(state.latitude))
        place = f"{_angle(latitude, 2, 'NS')},{_angle(longitude, 3, 'EW')}"
        clock = f"{time:%H%M%S}.{time.microsecond // 10_000:02d}"
        course = f"{state.course % 360:.1f}".replace("360.0", "0.0") if speed > STANDING else ""
        hdop = 0.6 + 3 / self._satellites
        bodies = [
            f"GNRMC,{clock},A,{place},{speed / KNOT:.2f},{course},{time:%d%m%y},,,A",
            f"GNGGA,{clock},{place},1,{self._satellites:02d},{hdop:.2f},{self._altitude:.1f},M,23.0,M,,",
        ]
        if self._count % 2 == 0:
            used = ",".join(f"{number:02d}" for number in range(1, 1 + min(12, self._satellites)))
            bodies.append(
                f"GNGSA,A,3,{used}{',' * (12 - min(12, self._satellites))},{hdop * 1.8:.2f},{hdop:.2f},{hdop * 1.5:.2f}"
            )
            bodies.append(f"GNVTG,{course},T,,M,{speed / KNOT:.2f},N,{speed * 3.6:.2f},K,A")
        if self._count % 5 == 0:
            bodies.append(f"GNGST,{clock},{DEVIATION:.1f},,,,{DEVIATION:.2f},{DEVIATION:.2f},{2 * DEVIATION:.2f}")
        self._count += 1
        return tuple(_sentence(body.encode("ascii")) for body in bodies)


def _angle(degrees: float, digits: int, signs: str) -> str:
    """`ddmm.mmmmm,N`: rounded to the hundred-thousandth of a minute, some two centimetres."""
    whole, rest = divmod(round(abs(degrees) * 60 * 100_000), 60 * 100_000)
    return f"{whole:0{digits}d}{rest // 100_000:02d}.{rest % 100_000:05d},{signs[degrees < 0]}"


def _sentence(body: bytes) -> bytes:
    return b"$%s*%02X" % (body, xor(body))
