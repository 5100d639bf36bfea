"""GNSS time is the truth; the tables of what receivers and clocks have been seen to do."""

from datetime import UTC, datetime, timedelta

import pytest

from fieldunit.agent.clock import AGREEING, BUILT, DeviceClock
from tracker.fix import Quality
from tracker.wire.checksum import xor
from tracker.wire.payload import Reading, decode, encode_epoch
from tracker.wire.reports import Clock
from tracker.wire.stream import EpochReader

EARLIEST = datetime(BUILT.year, BUILT.month, BUILT.day, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
WEEKS = timedelta(days=7168)


def utc(*parts: int) -> datetime:
    """A moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type] # mypy fears a time zone among them


def clock() -> DeviceClock:
    return DeviceClock(EARLIEST)


def believe(device: DeviceClock, at: datetime, monotonic: float = 100.0, system_ahead_s: float = 0.0) -> None:
    """So many fixes that the time is believed."""
    for second in range(AGREEING):
        told = at + timedelta(seconds=second)
        device.fix(told, monotonic + second, told.timestamp() + system_ahead_s)


def test_without_gnss_the_system_tells_and_says_so() -> None:
    """Right or wrong; a status pressed in the garage has some time."""
    assert clock().now(5.0, NOW.timestamp()) == (NOW, Clock.SYSTEM)
    assert clock().skew_s is None


def test_gnss_time_goes_on_by_the_monotonic_clock() -> None:
    """Whatever is done to the system's clock meanwhile."""
    device = clock()
    believe(device, NOW)
    later = NOW + timedelta(seconds=3600)
    assert device.now(3700.0, 0.0) == (later, Clock.GNSS)


@pytest.mark.parametrize("ahead", [-86_400.0, -0.4, 0.3, 7.0, 1e9])
def test_the_skew_is_measured_and_nothing_is_set(ahead: float) -> None:
    """Positive: the system is ahead."""
    device = clock()
    believe(device, NOW, system_ahead_s=ahead)
    assert device.skew_s == pytest.approx(ahead, abs=1e-5)


def test_the_skew_has_the_least_of_the_receivers_delay() -> None:
    """A burst that came late looks like a system that is ahead; the best of the last minute counts."""
    device = clock()
    for second, delay in enumerate((0.9, 0.12, 0.5, 0.4)):
        told = NOW + timedelta(seconds=second)
        device.fix(told, 100.0 + second + delay, told.timestamp() + delay)
    assert device.skew_s == pytest.approx(0.4, abs=1e-5)  # of those that came after the time was believed


def test_one_wrong_date_moves_nothing() -> None:
    """A receiver that starts, or lies, must say it three times in a row."""
    device = clock()
    believe(device, NOW)
    device.fix(NOW + timedelta(days=400), 110.0, 0.0)
    device.fix(NOW + timedelta(seconds=11), 111.0, 0.0)
    assert device.now(111.0, 0.0)[0] == NOW + timedelta(seconds=11)
    believe(device, NOW + timedelta(days=400), monotonic=200.0)  # it insists
    assert device.now(200.0, 0.0)[0] == NOW + timedelta(days=400)


def test_an_impossible_date_is_never_believed() -> None:
    """However often it is said: 1980, 2007, 2080."""
    device = clock()
    for year in (1980, 2007, 2080):
        believe(device, datetime(year, 1, 10, tzinfo=UTC))
    assert device.now(0.0, NOW.timestamp()) == (NOW, Clock.SYSTEM)


SYSTEM_RIGHT = NOW
SYSTEM_DEAD = None  # no clock chip: 1970, or what the file system said last

DATES = [
    # (what the receiver says, the system's time if it can be believed, what the TAG block says)
    ("a good receiver", NOW, SYSTEM_RIGHT, NOW),
    ("a good receiver, no other clock", NOW, SYSTEM_DEAD, NOW),
    ("a rollover, contradicted by the system", NOW - WEEKS, SYSTEM_RIGHT, NOW),
    ("a rollover, no other clock", NOW - WEEKS, SYSTEM_DEAD, NOW),
    ("two rollovers: firmware of the nineties", NOW - 2 * WEEKS, SYSTEM_RIGHT, NOW),
    ("two rollovers, no other clock", NOW - 2 * WEEKS, SYSTEM_DEAD, NOW),
    ("a firmware whose window ended in 2027", utc(2008, 2, 2, 5), SYSTEM_DEAD, utc(2027, 9, 18, 5)),
    ("the same, contradicted by the system", utc(2008, 2, 2, 5), utc(2027, 9, 18, 7), utc(2027, 9, 18, 5)),
    ("before the weeks begin anew in 2038", utc(2038, 11, 20, 23, 59), SYSTEM_DEAD, utc(2038, 11, 20, 23, 59)),
    ("and after it, rolled over", utc(2019, 4, 7, 0, 5), utc(2038, 11, 21, 0, 5), utc(2038, 11, 21, 0, 5)),
    ("32 bits of UNIX time end", utc(2038, 1, 19, 3, 14, 8), SYSTEM_DEAD, utc(2038, 1, 19, 3, 14, 8)),
    ("it starts in 1980", utc(1980, 1, 6, 0, 0, 12), SYSTEM_RIGHT, SYSTEM_RIGHT),
    ("it starts in 1980, no other clock", utc(1980, 1, 6, 0, 0, 12), SYSTEM_DEAD, None),
    ("it starts in 1999", utc(1999, 8, 22, 0, 1), SYSTEM_DEAD, None),
    ("it starts in 2000", utc(2000, 1, 1, 0, 1), SYSTEM_DEAD, None),
    ("its battery is empty: 2080", utc(2080, 1, 6), SYSTEM_RIGHT, SYSTEM_RIGHT),
    ("2080, no other clock", utc(2080, 1, 6), SYSTEM_DEAD, None),
    ("the system is a week behind", NOW, NOW - timedelta(days=7), NOW),
    ("the system is ahead by years", NOW, NOW + timedelta(days=1500), NOW),
]  # fmt: skip


@pytest.mark.parametrize(("told", "system", "expected"), [row[1:] for row in DATES], ids=[row[0] for row in DATES])
def test_the_date_of_an_epoch(told: datetime, system: datetime | None, expected: datetime | None) -> None:
    """What the unit writes beside the receiver's own words, so that the centre can put them right."""
    device = clock()
    witness = device.witness(0.0, 0.0 if system is None else system.timestamp())
    assert witness == system
    assert device.device_time(told, witness) == expected


def rmc(text: str) -> bytes:
    body = f"GPRMC,{text[:6]}.00,A,0709.00000,S,11153.00000,E,1.00,,{text[6:]},,,A".encode()
    return b"$%b*%02X" % (body, xor(body))


WIRE = [
    # (hhmmssddmmyy as the receiver says it, the system's time, the fix time at the centre, the doubts)
    ("010203221126", NOW, NOW, Quality.GOOD),
    ("010203080407", NOW, NOW, Quality.ROLLOVER_REPAIRED),  # 2007: 1,024 weeks before
    ("010203080407", None, NOW, Quality.ROLLOVER_REPAIRED),
    ("235960311229", None, utc(2030, 1, 1), Quality.GOOD),  # a leap second, if there is one
    ("031408190138", None, utc(2038, 1, 19, 3, 14, 8), Quality.GOOD),
    ("000012060180", NOW, utc(1980, 1, 6, 0, 0, 12), Quality.DATE_DISPUTED | Quality.PAST),
    ("000012060180", None, utc(1980, 1, 6, 0, 0, 12), Quality.PAST),
]


@pytest.mark.parametrize(("told", "system", "expected", "doubts"), WIRE)
def test_what_the_centre_makes_of_it(told: str, system: datetime | None, expected: datetime, doubts: Quality) -> None:
    """Through the wire: sentence, TAG block, and the gateway's own reader."""
    reader, device = EpochReader(), clock()
    [epoch] = reader.feed(rmc(told)) + reader.flush()
    assert epoch.device_time is not None
    at = device.device_time(epoch.device_time, device.witness(0.0, 0.0 if system is None else system.timestamp()))
    [reading] = decode(encode_epoch("gnss", 1, at, epoch.lines), NOW)
    assert isinstance(reading, Reading)
    assert reading.fix is not None
    assert (reading.fix.time, reading.fix.quality) == (expected, doubts)


def test_a_leap_second_is_no_step_of_the_clock() -> None:
    """23:59:60 and 00:00:00 are the same instant in UNIX time; the clock stays within its second."""
    device = clock()
    midnight = utc(2030, 1, 1)
    reader = EpochReader()
    heard = []
    for second, told in enumerate(
        ("235957311229", "235958311229", "235959311229", "235960311229", "000000010130", "000001010130")
    ):
        for epoch in [*reader.feed(rmc(told)), *reader.flush()]:
            assert epoch.device_time is not None
            heard.append(epoch.device_time - midnight)
            device.fix(epoch.device_time, 100.0 + second, epoch.device_time.timestamp())
    assert [at.total_seconds() for at in heard] == [-3, -2, -1, 0, 0, 1]
    assert abs((device.now(105.0, 0.0)[0] - midnight).total_seconds() - 1) <= 1
