"""On duty or not: the edges of windows, midnight, the week's end, and three zones at one instant."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.duty import BadWindows, Change, Schedule, State, minute_of_week, on_duty, read_windows

WIB, WITA, WIT = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("Asia/Jayapura")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, tzinfo=WIB)  # 00:00 in Bojonegoro


def scheduled(text: str, at: datetime, zone: ZoneInfo = WIB) -> bool:
    """Whether an instant is on duty by these windows alone."""
    return on_duty(at, zone, [Schedule(LONG_AGO, read_windows(text))], [])


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (MONDAY + timedelta(hours=6, microseconds=-1), False),
        (MONDAY + timedelta(hours=6), True),
        (MONDAY + timedelta(hours=18, microseconds=-1), True),
        (MONDAY + timedelta(hours=18), False),
        (MONDAY + timedelta(days=4, hours=12), True),
        (MONDAY + timedelta(days=5, hours=12), False),  # Saturday
    ],
)
def test_a_window_begins_with_its_first_moment_and_ends_before_its_last(at: datetime, expected: bool) -> None:
    """To the microsecond, on both sides."""
    assert scheduled("mon-fri 06:00-18:00", at) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (MONDAY + timedelta(hours=20, microseconds=-1), False),
        (MONDAY + timedelta(hours=20), True),
        (MONDAY + timedelta(hours=24, microseconds=-1), True),
        (MONDAY + timedelta(hours=24), True),  # midnight is inside
        (MONDAY + timedelta(hours=26, microseconds=-1), True),
        (MONDAY + timedelta(hours=26), False),
        (MONDAY + timedelta(hours=1), False),  # that would be Sunday's night
    ],
)
def test_a_window_over_midnight_is_of_the_day_it_begins_on(at: datetime, expected: bool) -> None:
    """mon 20:00-02:00 ends on Tuesday, and Monday's small hours are not in it."""
    assert scheduled("mon 20:00-02:00", at) is expected


def test_a_window_over_the_weeks_end() -> None:
    """Sunday night into Monday morning."""
    text = "sun 22:00-02:00"
    assert scheduled(text, MONDAY)
    assert scheduled(text, MONDAY + timedelta(days=6, hours=22))
    assert scheduled(text, MONDAY + timedelta(hours=2, microseconds=-1))
    assert not scheduled(text, MONDAY + timedelta(hours=2))
    assert not scheduled(text, MONDAY + timedelta(days=6, hours=22, microseconds=-1))


def test_twenty_four_hours_are_the_whole_day() -> None:
    """00:00-24:00 and 00:00-00:00 hold both midnights' right side, and nothing of the next day."""
    for text in ("mon 00:00-24:00", "mon 00:00-00:00"):
        assert scheduled(text, MONDAY)
        assert scheduled(text, MONDAY + timedelta(days=1, microseconds=-1))
        assert not scheduled(text, MONDAY + timedelta(days=1))
        assert not scheduled(text, MONDAY - timedelta(microseconds=1))
    assert all(scheduled("mon-sun 00:00-24:00", MONDAY + timedelta(hours=hour)) for hour in range(168))


@pytest.mark.parametrize(("zone", "expected"), [(WIB, False), (WITA, True), (WIT, True)])
def test_the_same_instant_is_another_hour_elsewhere(zone: ZoneInfo, expected: bool) -> None:
    """05:30 in Bojonegoro is 06:30 in Penajam Paser Utara: a window is in the centre's own time."""
    assert scheduled("mon-fri 06:00-18:00", MONDAY + timedelta(hours=5, minutes=30), zone) is expected


def test_utc_and_local_say_the_same() -> None:
    """23:00 UTC on Sunday is Monday, 06:00, in Jakarta."""
    assert minute_of_week(datetime(2026, 11, 22, 23, 0, tzinfo=UTC), WIB) == 360
    assert scheduled("mon 06:00-07:00", datetime(2026, 11, 22, 23, 0, tzinfo=UTC))
    assert not scheduled("sun 06:00-24:00", datetime(2026, 11, 22, 23, 0, tzinfo=UTC))


def test_nobody_is_on_duty_without_a_word() -> None:
    """Neither schedule nor change, or a schedule that begins later: off."""
    assert not on_duty(MONDAY, WIB, [], [])
    assert not on_duty(MONDAY, WIB, [Schedule(MONDAY + timedelta(seconds=1), read_windows("mon-sun 00:00-24:00"))], [])
    assert not scheduled("", MONDAY)


def test_a_change_wins_while_it_lasts() -> None:
    """On until noon outside the window; off within it; back to the schedule."""
    schedules = [Schedule(LONG_AGO, read_windows("mon 06:00-18:00"))]
    changes = [
        Change(MONDAY + timedelta(hours=2), State.ON, MONDAY + timedelta(hours=4)),
        Change(MONDAY + timedelta(hours=8), State.OFF),
        Change(MONDAY + timedelta(hours=10), State.SCHEDULE),
    ]
    expected = {
        1: False,
        2: True,
        3.9999: True,
        4: False,
        6: True,
        7.9999: True,
        8: False,
        9.9999: False,
        10: True,
        18: False,
    }
    for hour, duty in expected.items():
        assert on_duty(MONDAY + timedelta(hours=hour), WIB, schedules, changes[::-1]) is duty, hour


def test_a_late_fix_is_judged_by_what_held_then() -> None:
    """A schedule that was changed since does not reach back, and an ended duty does not take back what was on duty."""
    schedules = [
        Schedule(LONG_AGO, read_windows("mon 06:00-18:00")),
        Schedule(MONDAY + timedelta(hours=12), read_windows("tue 06:00-18:00")),
    ]
    assert on_duty(MONDAY + timedelta(hours=11), WIB, schedules, [])
    assert not on_duty(MONDAY + timedelta(hours=13), WIB, schedules, [])
    off = [Change(MONDAY + timedelta(hours=9), State.OFF)]
    assert on_duty(MONDAY + timedelta(hours=8), WIB, schedules, off)


@pytest.mark.parametrize(
    "text",
    [
        "mon",
        "mon 6:00-18:00",
        "mon 06:00",
        "mon-xyz 06:00-18:00",
        "mon 25:00-26:00",
        "mon 06:60-07:00",
        "mon 24:00-02:00",
    ],
)
def test_what_is_no_window_is_refused_in_words(text: str) -> None:
    """With how to write it."""
    with pytest.raises(BadWindows):
        read_windows(text)


@given(
    start=st.integers(0, 1439), length=st.integers(1, 1440), day=st.integers(0, 6), minute=st.integers(0, 7 * 1440 - 1)
)
def test_windows_hold_exactly_their_minutes(start: int, length: int, day: int, minute: int) -> None:
    """Against plain counting round the week."""
    end = (start + length) % 1440
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day]
    (window,) = read_windows(f"{name} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    inside = {(day * 1440 + start + offset) % (7 * 1440) for offset in range(length)}
    assert window.holds(minute) is (minute in inside)
