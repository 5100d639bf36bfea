"""A TPV report of gpsd as NMEA, for the receivers whose own words gpsd does not pass on.

What is written is what TPV says and no more: a field that it does not hold stays empty, satellites and dilution above
all. The talker is II, "integrated instrumentation": these sentences are a program's, and whoever reads the track can
see that no receiver spoke them. gpsd's errors are 95 % (man/gpsd_json), GST wants one standard deviation.

A datum that we print with seven decimals of a minute is within 0.1 mm of what gpsd said.
"""

from datetime import UTC, datetime

import msgspec

from tracker.errors import BadInput, Reason
from tracker.measures import KNOT
from tracker.wire.checksum import xor

_TWO_SIGMA = 1.959964  # 95 % of a normal distribution lie within so many standard deviations

# gpsd's `status`, to GGA's quality and to the mode letters. 7, time only, has no place.
_QUALITY = {
    None: (1, "A"),  # normal: older versions leave it out
    1: (1, "A"),  # normal
    2: (2, "D"),  # DGPS
    3: (4, "R"),  # RTK fixed
    4: (5, "F"),  # RTK float
    5: (6, "E"),  # dead reckoning
    6: (1, "A"),  # GNSS with dead reckoning
    8: (8, "S"),  # simulated
    9: (3, "P"),  # P(Y) code
}
_UNKNOWN = (1, "A")


class Tpv(msgspec.Struct, frozen=True):
    """What we read of a TPV object; gpsd leaves out what it does not know."""

    mode: int = 0  # 0 unknown, 1 no fix, 2, 3
    time: str | None = None  # RFC 3339
    lat: float | None = None  # degrees
    lon: float | None = None
    altMSL: float | None = None  # noqa: N815 - gpsd's name; metres
    alt: float | None = None  # versions before 3.20: metres above mean sea level
    speed: float | None = None  # m/s
    track: float | None = None  # degrees true
    epx: float | None = None  # metres, 95 %, of longitude
    epy: float | None = None  # of latitude
    status: int | None = None


_decoder = msgspec.json.Decoder(Tpv)


def decode(line: bytes) -> Tpv:
    """Read a TPV object.

    Raises:
        BadInput: PAYLOAD, if it is none.
    """
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(Reason.PAYLOAD, f"not a TPV report: {error}") from None


def sentences(tpv: Tpv) -> list[bytes]:
    """The report as RMC and GGA (GST where it tells errors), without line ends; without a time there is none."""
    at = _time(tpv.time)
    if at is None:
        return []
    clock = f"{at:%H%M%S}.{at.microsecond // 1000:03d}"
    if tpv.mode < 2 or tpv.lat is None or tpv.lon is None or not (-90 <= tpv.lat <= 90 and -180 <= tpv.lon <= 180):
        return [_sentence(f"RMC,{clock},V,,,,,,,{at:%d%m%y},,,N")]
    quality, letter = _QUALITY.get(tpv.status, _UNKNOWN)
    place = f"{_degrees(tpv.lat, 2)},{'S' if tpv.lat < 0 else 'N'},{_degrees(tpv.lon, 3)},{'W' if tpv.lon < 0 else 'E'}"
    speed = "" if tpv.speed is None or tpv.speed < 0 else f"{tpv.speed / KNOT:.3f}"
    course = "" if tpv.track is None else f"{tpv.track % 360:.2f}"
    height = tpv.altMSL if tpv.altMSL is not None else tpv.alt
    altitude = "" if height is None or tpv.mode < 3 else f"{height:.3f}"
    found = [
        _sentence(f"RMC,{clock},A,{place},{speed},{course},{at:%d%m%y},,,{letter}"),
        _sentence(f"GGA,{clock},{place},{quality},,,{altitude},M,,M,,"),
    ]
    if tpv.epx is not None and tpv.epy is not None and tpv.epx >= 0 and tpv.epy >= 0:
        found.append(_sentence(f"GST,{clock},,,,,{tpv.epy / _TWO_SIGMA:.3f},{tpv.epx / _TWO_SIGMA:.3f},"))
    return found


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else at.astimezone(UTC)


def _degrees(value: float, width: int) -> str:
    ten_millionths = round(abs(value) * 60 * 10_000_000)  # of a minute: so 59.99999999 never becomes 60 minutes
    degrees, rest = divmod(ten_millionths, 60 * 10_000_000)
    minutes, fraction = divmod(rest, 10_000_000)
    return f"{degrees:0{width}d}{minutes:02d}.{fraction:07d}"


def _sentence(body: str) -> bytes:
    text = f"II{body}".encode()
    return b"$%b*%02X" % (text, xor(text))
