"""What a receiver says of what it observed: NMEA 0183, as a common receiver of several constellations (GN) writes it.

Always RMC and GGA; VTG and GSA each second time, GST each fifth. A receiver that knows no time, no date or no position
leaves those fields empty; what is never known is never written as zero.
"""

import math
from datetime import datetime
from typing import NamedTuple

from tracker.measures import KNOT
from tracker.wire.checksum import xor

STANDING = 0.3
"""m/s below which a receiver gives no course."""


class Observation(NamedTuple):
    """What one receiver believes at one moment."""

    time: datetime | None  # UTC to a hundredth of a second, as it believes; None: it knows none
    dated: bool = True  # whether it knows the date as well
    fix: bool = False  # whether there is a position; the fields below are void without
    latitude: float = 0.0  # degrees; beyond 90 where the two are exchanged
    longitude: float = 0.0  # degrees
    altitude: float = 0.0  # metres above the sea
    speed: float = 0.0  # m/s
    course: float | None = None  # degrees
    satellites: int = 0  # used
    hdop: float = 99.99
    mode: int = 1  # 1 no fix, 2 two dimensions, 3 three
    deviation: float = 0.0  # metres, of the error to the north and to the east, as the receiver estimates it


def sentences(seen: Observation, count: int) -> tuple[bytes, ...]:
    """The sentences of one epoch, without line ends; `count` is how many came before it."""
    time = seen.time
    clock = "" if time is None else f"{time:%H%M%S}.{time.microsecond // 10_000:02d}"
    date = "" if time is None or not seen.dated else f"{time:%d%m%y}"
    if not seen.fix:
        return _void(clock, date, seen.satellites, count)
    place = f"{_angle(seen.latitude, 2, 'NS')},{_angle(seen.longitude, 3, 'EW')}"
    course = "" if seen.course is None or seen.speed <= STANDING else f"{round(seen.course % 360, 1) % 360:.1f}"
    used = min(12, seen.satellites)
    knots = f"{seen.speed / KNOT:.2f}"
    bodies = [
        f"GNRMC,{clock},A,{place},{knots},{course},{date},,,A",
        f"GNGGA,{clock},{place},1,{seen.satellites:02d},{seen.hdop:.2f},{seen.altitude:.1f},M,23.0,M,,",
    ]
    if count % 2 == 0:
        numbers = ",".join(f"{number:02d}" for number in range(1, 1 + used)) + "," * (12 - used)
        bodies.append(f"GNGSA,A,{seen.mode},{numbers},{seen.hdop * 1.8:.2f},{seen.hdop:.2f},{seen.hdop * 1.5:.2f}")
        bodies.append(f"GNVTG,{course},T,,M,{knots},N,{seen.speed * 3.6:.2f},K,A")
    if count % 5 == 0:
        sigma = seen.deviation
        bodies.append(f"GNGST,{clock},{sigma:.1f},,,,{sigma:.2f},{sigma:.2f},{2 * sigma:.2f}")
    return tuple(_sentence(body) for body in bodies)


def _void(clock: str, date: str, satellites: int, count: int) -> tuple[bytes, ...]:
    bodies = [f"GNRMC,{clock},V,,,,,,,{date},,,N", f"GNGGA,{clock},,,,,0,{satellites:02d},99.99,,,,,,"]
    if count % 2 == 0:
        bodies.append("GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99")
    return tuple(_sentence(body) for body in bodies)


def _angle(degrees: float, digits: int, signs: str) -> str:
    """`ddmm.mmmmm,N`: rounded to the hundred-thousandth of a minute, some two centimetres."""
    whole, rest = divmod(round(abs(degrees) * 6_000_000), 6_000_000)
    return f"{whole:0{digits}d}{rest // 100_000:02d}.{rest % 100_000:05d},{signs[math.copysign(1, degrees) < 0]}"


def _sentence(body: str) -> bytes:
    text = body.encode("ascii")
    return b"$%s*%02X" % (text, xor(text))
