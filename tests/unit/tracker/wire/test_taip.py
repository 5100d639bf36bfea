"""TAIP's position message."""

from datetime import UTC, datetime

import pytest

from tests.unit.tracker.wire.test_kenwood import fix_of
from tracker.errors import BadInput, Reason
from tracker.fix import Mode, Quality
from tracker.measures import MILE_PER_HOUR
from tracker.wire import taip
from tracker.wire.checksum import xor

EXAMPLE = b">RPV15714+3739438-1220384601512612;ID=1234;*7F<"
MORNING = datetime(2026, 11, 21, 4, 21, 56, tzinfo=UTC)


def signed(body: str) -> bytes:
    """A message with the checksum from '>' to '*', both included."""
    covered = f">{body};*".encode()
    return b"%b%02X<" % (covered, xor(covered))


def test_the_documented_example_is_this_fix() -> None:
    """Decimal degrees (not degrees and minutes), west negative, miles an hour, second of the day."""
    heard = taip.read(EXAMPLE)
    assert heard is not None
    assert heard.radio == "taip-1234"
    fix = fix_of(EXAMPLE, MORNING).fix
    assert fix is not None
    assert [fix.latitude, fix.longitude] == pytest.approx([37.39438, -122.03846])
    assert fix.speed == pytest.approx(15 * MILE_PER_HOUR)
    assert fix.course == 126.0
    assert fix.mode is Mode.THREE_D
    assert (fix.time, fix.quality) == (datetime(2026, 11, 21, 4, 21, 54, tzinfo=UTC), Quality.GOOD)


@pytest.mark.parametrize(
    ("second", "clock", "expected"),
    [
        ("86399", datetime(2026, 11, 22, 0, 0, 4, tzinfo=UTC), datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)),
        ("00001", datetime(2026, 11, 21, 23, 59, 58, tzinfo=UTC), datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_the_day_rolls_over_with_the_clock_that_heard_it(second: str, clock: datetime, expected: datetime) -> None:
    """A message has no date: the nearest day to when it was heard."""
    fix = fix_of(signed(f"RPV{second}-0715000+1118800001512612;ID=7"), clock).fix
    assert fix is not None
    assert fix.time == expected
    assert fix.latitude == pytest.approx(-7.15)


@pytest.mark.parametrize("tail", ["92", "10", "90"])
def test_no_fix_and_no_age_are_no_fix(tail: str) -> None:
    """Source 9 is none, age 0 is not available: what stands there is of no known time."""
    assert fix_of(signed(f"RPV15714-0715000+11188000015126{tail};ID=7"), MORNING).reason is Reason.NO_FIX


def test_two_dimensions_and_an_old_fix_are_kept_as_they_are() -> None:
    """Source 0, age 1: ten seconds old and two-dimensional, and a position all the same."""
    fix = fix_of(signed("RPV15714-0715000+1118800001512601;ID=7"), MORNING).fix
    assert fix is not None
    assert fix.mode is Mode.TWO_D


def test_id_and_checksum_are_optional() -> None:
    """Without an id the port has one radio, called `taip`."""
    heard = taip.read(b">RPV15714+3739438-1220384601512612<")
    assert heard is not None
    assert heard.radio == "taip"


def test_another_message_is_passed_over() -> None:
    """A version answer, say."""
    assert taip.read(b">RVR LASSEN;ID=1234<") is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (EXAMPLE.replace(b"*7F", b"*00"), Reason.CHECKSUM),
        (b">RPV15714+3739438-12203846015126<", Reason.FIELD),
        (b">RPV15714 3739438-1220384601512612<", Reason.FIELD),
        (b">RPV86400+3739438-1220384601512612<", Reason.OUT_OF_RANGE),
        (b">RPV15714+9139438-1220384601512612<", Reason.OUT_OF_RANGE),
        (b">RPV15714+3739438-1820384601512612<", Reason.OUT_OF_RANGE),
        (b">RPV15714+3739438-1220384601540012<", Reason.OUT_OF_RANGE),
        (b">RPV15714+3739438-1220384601512612;ID=<", Reason.FIELD),
        (EXAMPLE[:-1], Reason.TRUNCATED),
    ],
)
def test_what_is_wrong_is_refused(line: bytes, reason: Reason) -> None:
    """Each with its reason; the checksum covers both marks."""
    with pytest.raises(BadInput) as caught:
        taip.read(line)
    assert caught.value.reason is reason
