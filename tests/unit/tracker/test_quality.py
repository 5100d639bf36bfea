"""What is judged on receipt, and how long a fix stays worth looking at."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.fix import Fix, Quality
from tracker.quality import AHEAD_TOLERANCE, is_ahead, judged, lost_after, stale_after

NOW = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)


def fix(ahead: timedelta, quality: Quality = Quality.GOOD) -> Fix:
    return Fix(time=NOW + ahead, latitude=-7.15, longitude=111.88, quality=quality)


def test_a_fix_a_clock_s_error_ahead_is_good_and_one_beyond_is_not() -> None:
    """The boundary itself is still a clock's error."""
    assert not is_ahead(NOW + AHEAD_TOLERANCE, NOW)
    assert is_ahead(NOW + AHEAD_TOLERANCE + timedelta(microseconds=1), NOW)


def test_the_judgement_adds_to_what_was_known() -> None:
    """Flags from the message stay."""
    ahead = judged(fix(timedelta(days=1), Quality.ROLLOVER_REPAIRED), NOW)
    assert ahead.quality == Quality.FUTURE | Quality.ROLLOVER_REPAIRED
    late = fix(timedelta(days=-3), Quality.NOT_MEASURED)
    assert judged(late, NOW) is late


@pytest.mark.parametrize(
    ("speed", "doubted"), [(None, False), (0.0, False), (100.0, False), (100.1, True), (463.0, True)]
)
def test_a_speed_that_no_unit_has_is_doubted(speed: float | None, doubted: bool) -> None:
    """The place may be right, so the marker still moves; the flag says what to think of it."""
    found = judged(msgspec.structs.replace(fix(timedelta(0)), speed=speed), NOW).quality
    assert (found is Quality.IMPOSSIBLE_SPEED) == doubted
    assert found.usable


@pytest.mark.parametrize(("interval", "stale"), [(None, 60), (1.0, 60), (25.0, 60), (30.0, 70), (300.0, 610)])
def test_stale_is_a_minute_or_two_reports_missed(interval: float | None, stale: float) -> None:
    """max(60, 2 x interval + 10): a unit that reports each five minutes is not stale after one."""
    assert stale_after(interval) == stale
    assert lost_after(interval) == 3 * stale


@given(st.none() | st.floats(0.001, 86399))
def test_nothing_is_lost_before_it_is_stale(interval: float | None) -> None:
    """And a unit that announces a longer interval is never judged more strictly."""
    assert 60 <= stale_after(interval) < lost_after(interval)
    assert interval is None or stale_after(interval) > interval
