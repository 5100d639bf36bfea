"""TPV reports of gpsd as NMEA: what it says, all of it that NMEA can hold, and nothing else."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldunit.receivers import tpv
from fieldunit.receivers.tpv import Tpv
from tracker.errors import BadInput
from tracker.fix import Fix, Solution
from tracker.wire.payload import Reading, decode

AT = "2026-11-22T01:02:03.250Z"


def fix_of(report: Tpv) -> Fix | None:
    """What the centre reads in the sentences."""
    payload = b"".join(line + b"\r\n" for line in tpv.sentences(report))
    readings = decode(payload, datetime(2001, 1, 1, tzinfo=UTC))
    assert len(readings) == 1
    assert isinstance(readings[0], Reading)
    return readings[0].fix


def test_all_that_was_said_is_read_again() -> None:
    """Place, height, speed, course, time and error; what gpsd did not say stays unknown."""
    fix = fix_of(Tpv(3, AT, -7.15, 111.88, altMSL=30.5, speed=12.3, track=87.1, epx=5.0, epy=4.0, status=2))
    assert fix is not None
    assert fix.time == datetime(2026, 11, 22, 1, 2, 3, 250_000, tzinfo=UTC)
    assert [fix.latitude, fix.longitude] == pytest.approx([-7.15, 111.88], abs=1e-9)
    assert (fix.altitude, fix.course) == (30.5, 87.1)
    assert fix.speed == pytest.approx(12.3, abs=1e-3)
    assert fix.solution is Solution.DIFFERENTIAL
    assert fix.error == pytest.approx((5.0**2 + 4.0**2) ** 0.5, rel=1e-3)
    assert (fix.satellites, fix.hdop) == (None, None)


def test_what_is_not_known_is_not_invented() -> None:
    """No height of a fix in two dimensions, no speed, no course, no error."""
    fix = fix_of(Tpv(2, AT, 0.5, -0.5, alt=12.0))
    assert fix is not None
    assert [fix.latitude, fix.longitude] == pytest.approx([0.5, -0.5])
    assert (fix.altitude, fix.speed, fix.course, fix.error) == (None, None, None, None)


@pytest.mark.parametrize("report", [Tpv(1, AT), Tpv(0, AT, 1.0, 2.0), Tpv(3, AT, None, 2.0), Tpv(3, AT, 91.0, 2.0)])
def test_no_fix_is_said_as_none(report: Tpv) -> None:
    """So that the condition says "no fix", not "no data"."""
    assert fix_of(report) is None


@pytest.mark.parametrize("time", [None, "", "yesterday", "2026-11-22T01:02:03"])
def test_without_a_time_nothing_is_said(time: str | None) -> None:
    """A fix without its instant is none."""
    assert tpv.sentences(Tpv(3, time, -7.15, 111.88)) == []


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_place_survives(latitude: float, longitude: float) -> None:
    """To a tenth of a millimetre; 59.99999999 minutes never become 60."""
    fix = fix_of(Tpv(3, AT, latitude, longitude))
    assert fix is not None
    assert fix.latitude == pytest.approx(latitude, abs=1e-9)
    assert fix.longitude == pytest.approx(longitude, abs=1e-9)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_report_or_refused(line: bytes) -> None:
    """With our own error."""
    try:
        tpv.decode(line)
    except BadInput:
        return
