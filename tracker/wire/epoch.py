"""The sentences of one epoch become one `Fix`, in whatever order they came.

Which sentence is believed for what:

- Whether there is a fix: see `_has_fix`.
- Position: the sentence with the most decimals of minutes (receivers print four in RMC and five in GGA, and the finer
  one is the measurement); among equals GLL, GGA, GNS, RMC, in this order. Equals say the same as long as the receiver
  itself speaks. An instrument that repeats it (a chart plotter) may mix the time of one second with the place of
  another; GLL, which is nothing but a place with its time, was there the one that kept them together.
- Speed and course: RMC, else VTG. Altitude, satellites, dilution: GGA, else GNS, else (dilution) GSA.
- Mode: only GSA says it. An altitude in GGA is no proof of three dimensions: receivers hold the last one in 2D.
- Solution: the quality of GGA, else the mode letters of GNS, RMC, GLL.
- Error: GST, see `_error`.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from tracker.errors import BadInput, Reason
from tracker.fix import Fix, Quality, Solution
from tracker.measures import EARTH_RADIUS
from tracker.wire.dating import date_fix
from tracker.wire.sentence import PLACING, Sentence

NULL_ISLAND_RADIUS = 100.0
"""Metres around 0, 0 within which a position is a receiver's empty memory. No unit of ours will ever be there."""

CONTRADICTION = 0.01
"""Degrees, some 1.1 km. Two sentences of one instant further apart than this are not one position."""

TWO_SIGMA = 1.959964
"""Standard deviations to either side that hold 95 % of a normal distribution."""

_PREFERENCE = {"GLL": 3, "GGA": 2, "GNS": 1, "RMC": 0}
_NOT_MEASURED = frozenset({Solution.ESTIMATED, Solution.MANUAL, Solution.SIMULATED})


def assemble(sentences: Sequence[Sentence], device_time: datetime | None, received_at: datetime) -> Fix | None:
    """The fix of one epoch, or None where the receiver says it has none.

    Args:
        sentences: all of one epoch, in any order; sentences that carry nothing of use do no harm.
        device_time: ``c`` of the TAG block, aware, UTC.
        received_at: the last resort for the date, see `dating`.

    Raises:
        BadInput: DISAGREEMENT, if two sentences place the unit at two times, or at two places at one time.
    """
    by_kind: dict[str, Sentence] = {}
    best: Sentence | None = None
    for sentence in sentences:
        kind = sentence.kind
        if sentence.latitude is not None and sentence.time is not None:
            if best is None:
                best = sentence
            else:
                _check_agreement(best, sentence)
                if (sentence.digits, _PREFERENCE[kind]) > (best.digits, _PREFERENCE[best.kind]):
                    best = sentence
        held = by_kind.get(kind)
        if held is None or _tells_more(sentence, held):
            by_kind[kind] = sentence
    if best is None or not _has_fix(by_kind):
        return None
    return _fix(best, by_kind, sentences, device_time, received_at)


def _fix(
    best: Sentence,
    by_kind: dict[str, Sentence],
    sentences: Sequence[Sentence],
    device_time: datetime | None,
    received_at: datetime,
) -> Fix:
    latitude, longitude, time = best.latitude, best.longitude, best.time
    if latitude is None or longitude is None or time is None:
        raise ValueError(f"{best.kind} was chosen and has no position")
    rmc, gga, gns = by_kind.get("RMC"), by_kind.get("GGA"), by_kind.get("GNS")
    vtg, gsa, gst = by_kind.get("VTG"), by_kind.get("GSA"), by_kind.get("GST")
    if gst is not None and gst.time is not None and gst.time != time:
        gst = None
    speed = course = altitude = satellites = hdop = None
    for moving in (rmc, vtg):
        if moving is not None:
            if speed is None:
                speed = moving.speed
            if course is None:
                course = moving.course
    for place in (gga, gns):
        if place is not None:
            if altitude is None:
                altitude = place.altitude
            if satellites is None:
                satellites = place.satellites
            if hdop is None:
                hdop = place.hdop
    if hdop is None and gsa is not None:
        hdop = gsa.hdop
    solution = None
    for source in (gga, gns, rmc, by_kind.get("GLL")):
        if source is not None and source.solution is not None:
            solution = source.solution
            break
    at, quality = date_fix(sentences, time, device_time, received_at)
    if at.year < 2000:
        quality |= Quality.PAST
    if solution in _NOT_MEASURED:
        quality |= Quality.NOT_MEASURED
    if is_null_island(latitude, longitude):
        quality |= Quality.NULL_ISLAND
    return Fix(
        time=at,
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
        speed=speed,
        course=course,
        mode=gsa.mode if gsa is not None else None,
        solution=solution,
        satellites=satellites,
        hdop=hdop,
        error=_error(gst) if gst is not None else None,
        quality=quality,
    )


def _has_fix(by_kind: dict[str, Sentence]) -> bool:
    """Whether the receiver claims a position.

    Receivers contradict themselves here: RMC void beside a GGA of quality 1 (time or integrity not good enough yet),
    RMC active beside GGA 0 (the first or last second of a fix), GSA "no fix" in between. A fix that only one of the
    kinds of sentence claims is one the receiver itself doubts, so any kind that says void decides. GSA alone does
    not: it is computed at another moment of the cycle, and has no time of its own to show for it.
    """
    return all(sentence.valid is not False for kind, sentence in by_kind.items() if kind in PLACING)


def _tells_more(sentence: Sentence, held: Sentence) -> bool:
    """Of several of one kind (a GSA or GGA for each constellation): one that claims a fix, then the finer."""
    if sentence.kind in PLACING and held.valid is not sentence.valid:
        return sentence.valid is True
    if sentence.kind == "GSA":
        return (sentence.mode or 0) > (held.mode or 0)
    return sentence.kind in PLACING and sentence.digits > held.digits


def _check_agreement(one: Sentence, other: Sentence) -> None:
    if one.time != other.time:
        raise BadInput(Reason.DISAGREEMENT, f"{one.kind} and {other.kind} of one epoch have two times of day")
    if one.latitude == other.latitude and one.longitude == other.longitude:
        return
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return
    east = abs(one.longitude - other.longitude)
    east = min(east, 360 - east) * math.cos(math.radians(one.latitude))
    if abs(one.latitude - other.latitude) > CONTRADICTION or east > CONTRADICTION:
        raise BadInput(Reason.DISAGREEMENT, f"{one.kind} and {other.kind} of one epoch are two places")


def is_null_island(latitude: float, longitude: float) -> bool:
    """Whether a position is a receiver's empty memory."""
    if abs(latitude) >= 0.001 or abs(longitude) >= 0.001:  # nearly always; the rest costs ten times as much
        return False
    return math.radians(math.hypot(latitude, longitude)) * EARTH_RADIUS <= NULL_ISLAND_RADIUS


def _error(gst: Sentence) -> float | None:
    """Horizontal error, metres, 95 %: 1.96 times the distance root mean square of GST's two standard deviations.

    The radius that holds 95 % lies between 1.73 DRMS (both deviations equal) and 1.96 DRMS (one of them zero); the
    larger factor never claims more than the receiver does. Both ends follow from the
    normal distribution: sqrt(-2 ln 0.05) / sqrt(2) = 1.731, and its two-sided 95 % point; a test integrates between.
    """
    if gst.deviation_north is None or gst.deviation_east is None:
        return None
    return TWO_SIGMA * math.hypot(gst.deviation_north, gst.deviation_east)
