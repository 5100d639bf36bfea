"""Recorded sentences move in time and nothing else about them changes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldunit.agent.shift import shift_sentence
from tracker.wire import nmea_fast
from tracker.wire.checksum import xor


def sentence(body: str) -> bytes:
    return b"$%s*%02X" % (body.encode(), xor(body.encode()))


@pytest.mark.parametrize(
    ("body", "by", "moved"),
    [
        ("GNRMC,235959.250,A,0709.0,S,11153.0,E,1,,311226,,", 1, "GNRMC,000000.250,A,0709.0,S,11153.0,E,1,,010127,,"),
        ("GPRMC,000000,A,0709.0,S,11153.0,E,1.0,,290224,,,A", -1, "GPRMC,235959,A,0709.0,S,11153.0,E,1.0,,280224,,,A"),
        ("GPGGA,120000.05,0709.0,S,01153.0,E,1,8,1,,M,,M,,", 3661, "GPGGA,130101.05,0709.0,S,01153.0,E,1,8,1,,M,,M,,"),
        ("GPGLL,0709.0,S,11153.0,E,120000.00,A,A", 60, "GPGLL,0709.0,S,11153.0,E,120100.00,A,A"),
        ("GNGST,120000.00,1.5,,,,1.50,1.50,3.00", 86400, "GNGST,120000.00,1.5,,,,1.50,1.50,3.00"),
        ("GPZDA,235959.00,31,12,2026,00,00", 2, "GPZDA,000001.00,01,01,2027,00,00"),
        ("GPRMC,,V,,,,,,,,,,N", 5, "GPRMC,,V,,,,,,,,,,N"),
        ("GNVTG,87.1,T,,M,12.30,N,22.78,K,A", 5, "GNVTG,87.1,T,,M,12.30,N,22.78,K,A"),
    ],
)  # fmt: skip
def test_times_and_dates_move(body: str, by: int, moved: str) -> None:
    """Over midnights and year ends, with the digits after the point as they were, and a checksum that fits."""
    assert shift_sentence(sentence(body), timedelta(seconds=by)) == sentence(moved)


@pytest.mark.parametrize(
    "line", [b"$GPRMC,000000,A,0709.0,S,11153.0,E,1.0,,290224,,,A*00", b"noise", b"", b"$GPGGA,12"]
)
def test_what_cannot_be_read_stays_as_it_is(line: bytes) -> None:
    """What was broken in the log is broken in the replay."""
    assert shift_sentence(line, timedelta(seconds=9)) == line


def test_a_part_of_a_second_is_refused() -> None:
    """It would change the digits after the point."""
    with pytest.raises(ValueError, match="whole seconds"):
        shift_sentence(b"$", timedelta(milliseconds=1500))


@given(
    st.datetimes(datetime(1981, 1, 1), datetime(2070, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC)),  # noqa: DTZ001 - Hypothesis wants naive limits
    st.integers(-(10**9), 10**9),
)
def test_shifting_there_and_back_is_nothing(time: datetime, seconds: int) -> None:
    """For any time and any distance, as long as the two digits of the year still mean the same one."""
    line = sentence(f"GNRMC,{time:%H%M%S}.{time.microsecond // 1000:03d},A,0709.0,S,11153.0,E,1.0,,{time:%d%m%y},,,A")
    by = timedelta(seconds=seconds)
    there = shift_sentence(line, by)
    read = nmea_fast.read(there)
    assert read is not None
    assert read.time is not None
    assert read.time % 1_000_000 == time.microsecond // 1000 * 1000
    if 1981 <= (time + by).year <= 2069:
        assert shift_sentence(there, -by) == line
