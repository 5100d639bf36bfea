"""The full UTC of a fix from its time of day: a function of the message alone, whenever the message holds any date.

Order of witnesses: ZDA (four digits of year), RMC (two digits), the device's clock ``c`` of the TAG block, and, for a
bare device that tells no date at all, the day of receipt.

A date belongs to the time of day of its own sentence: when a ZDA of 23:59:59 stands beside a position of 00:00:00 the
position is of the next day. So every witness gives an instant, and the fix is put on the day that brings it nearest.

GPS weeks are counted modulo 1024; a receiver whose firmware has outlived its window gives dates that are 7168 days
off. Such a date is repaired where another witness, ``c`` or a ZDA beside an RMC, contradicts it by a multiple of that,
give or take a day (a device's clock may itself be a little off, or in another zone). The time of day stays. Any other
contradiction of more than a day is flagged, and the sentences win: they are what the receiver measured.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from tracker.fix import Quality
from tracker.measures import GPS_ROLLOVER_DAYS
from tracker.wire.sentence import DAY, Sentence

TOLERANCE = timedelta(days=1)
"""How far two witnesses may differ and still mean the same day, or the same day 1024 weeks away."""

_ONE_DAY = timedelta(days=1)
_ROLLOVER = timedelta(days=GPS_ROLLOVER_DAYS)
_GPS_EPOCH = datetime(1980, 1, 6, tzinfo=UTC)
_POWERED = timedelta(days=2)  # for which a receiver may count on from such a date without a satellite


def instant(day: date, time_of_day: int) -> datetime:
    """A day and a time of day (microseconds) as UTC; second 60 of a leap second is midnight after."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(microseconds=time_of_day)


def nearest(time_of_day: int, witness: datetime) -> datetime:
    """The instant with this time of day (microseconds) that is nearest to the witness, at most half a day away."""
    if time_of_day >= DAY:  # a leap second
        return nearest(time_of_day - DAY, witness)
    found = instant(witness.date(), time_of_day)
    off = found - witness
    if off > _ONE_DAY / 2:
        return found - _ONE_DAY
    if off < -_ONE_DAY / 2:
        return found + _ONE_DAY
    return found


def read_date(sentences: Iterable[Sentence], time_of_day: int) -> tuple[datetime | None, Quality]:
    """What the sentences themselves say: the instant with this time of day, or None where none has a date."""
    by_zda: datetime | None = None
    by_rmc: datetime | None = None
    for sentence in sentences:
        if sentence.day is not None:
            own = time_of_day if sentence.time is None else sentence.time
            at = instant(sentence.day, own)
            if own != time_of_day:
                at = nearest(time_of_day, at)
            if sentence.short_year:
                by_rmc = at
            else:
                by_zda = at
    if by_zda is None or by_rmc is None:
        return by_zda or by_rmc, Quality.GOOD
    if abs(by_zda - by_rmc) <= TOLERANCE or _differ_by_century(by_zda, by_rmc):
        return by_zda, Quality.GOOD
    return by_zda, Quality.ROLLOVER_REPAIRED if rollovers(by_zda - by_rmc) else Quality.DATE_DISPUTED


def date_fix(
    sentences: Iterable[Sentence], time_of_day: int, device_time: datetime | None, received_at: datetime
) -> tuple[datetime, Quality]:
    """The fix time, aware and UTC, and the flags ROLLOVER_REPAIRED, DATE_DISPUTED or DATED_ON_RECEIPT.

    Args:
        sentences: those of the epoch.
        time_of_day: of the position, microseconds.
        device_time: the TAG block's ``c``.
        received_at: used only where neither the sentences nor the TAG block hold a date.
    """
    at, flags = read_date(sentences, time_of_day)
    if at is None:
        if device_time is None:
            return nearest(time_of_day, received_at), Quality.DATED_ON_RECEIPT
        return nearest(time_of_day, device_time), Quality.GOOD
    if device_time is None or abs(device_time - at) <= TOLERANCE:
        return at, flags
    weeks = rollovers(device_time - at)
    if weeks:
        return at + weeks * _ROLLOVER, Quality.ROLLOVER_REPAIRED
    return at, flags | Quality.DATE_DISPUTED


def rollovers(difference: timedelta) -> int:
    """How many times 1024 weeks the difference is, within the tolerance; 0 where it is no such multiple."""
    times = round(difference / _ROLLOVER)
    return times if abs(difference - times * _ROLLOVER) <= TOLERANCE else 0


def is_power_on_date(at: datetime) -> bool:
    """Whether a receiver says it before it has heard from any satellite: the first days of GPS time and of the weeks
    that repeat them (1980-01-06, 1999-08-22, 2019-04-07, 2038-11-21), and of the years 1980, 2000 and 2080, which stand
    in chips' memories (80 is also how an RMC writes 2080).
    """
    weeks = (at - _GPS_EPOCH) % _ROLLOVER
    return weeks < _POWERED or (at.year in (1970, 1980, 2000, 2080) and at.timetuple().tm_yday <= 1 + _POWERED.days)


def rolled_forward(at: datetime, earliest: datetime) -> datetime:
    """The first instant not before `earliest` that is a multiple of 1024 weeks after a date too old to be true.

    For a unit without any other clock: unambiguous while the program is younger than 19 years. A date of a receiver
    that does not know it yet (`is_power_on_date`) must not come here, since it would become one of 2038.
    """
    if at >= earliest:
        return at
    return at + -((at - earliest) // _ROLLOVER) * _ROLLOVER


def _differ_by_century(full: datetime, short: datetime) -> bool:
    """A two-digit year cannot contradict the century of a four-digit one."""
    return (full.year - short.year) % 100 == 0 and (full.month, full.day) == (short.month, short.day)
