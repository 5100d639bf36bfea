"""The date of a fix is a function of the message alone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tracker.fix import Quality
from tracker.wire.dating import date_fix, is_power_on_date, nearest, rolled_forward
from tracker.wire.sentence import DAY, Sentence

NOON = DAY // 2
RECEIVED = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


def rmc(day: date, time: int = NOON) -> Sentence:
    return Sentence("RMC", "GP", time=time, day=day, short_year=True)


def zda(day: date, time: int = NOON) -> Sentence:
    return Sentence("ZDA", "GP", time=time, day=day)


def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_the_sentences_date_is_the_date() -> None:
    """With a clock that agrees to within a day, or without one; never with the time of receipt."""
    for clock in (None, at(2020, 3, 1), at(2020, 3, 1, 11), at(2020, 3, 2, 11, 59)):
        assert date_fix([rmc(date(2020, 3, 1))], NOON, clock, RECEIVED) == (at(2020, 3, 1), Quality.GOOD)


def test_a_device_without_a_date_is_dated_by_its_clock() -> None:
    """GGA alone: the day that brings its time of day nearest to ``c``, over midnight both ways."""
    late, early = DAY - 1_000_000, 1_000_000
    assert date_fix([], late, at(2026, 1, 1, 0, 0), RECEIVED)[0] == at(2025, 12, 31, 23, 59) + timedelta(seconds=59)
    assert date_fix([], early, at(2025, 12, 31, 23, 59), RECEIVED)[0] == at(2026, 1, 1, 0, 0) + timedelta(seconds=1)
    assert date_fix([], early, at(2025, 12, 31, 23, 59), RECEIVED)[1] is Quality.GOOD


def test_only_a_device_without_any_date_is_dated_on_receipt() -> None:
    """And the fix says so."""
    assert date_fix([], NOON, None, RECEIVED) == (at(2026, 11, 21), Quality.DATED_ON_RECEIPT)


def test_a_date_belongs_to_the_time_of_its_own_sentence() -> None:
    """A ZDA of the last second of the year beside a position of the first second of the next."""
    found, flags = date_fix([zda(date(2025, 12, 31), DAY - 1_000_000)], 0, None, RECEIVED)
    assert (found, flags) == (at(2026, 1, 1, 0), Quality.GOOD)
    found, _ = date_fix([zda(date(2026, 1, 1), 1_000_000)], DAY - 1_000_000, None, RECEIVED)
    assert found == at(2025, 12, 31, 23, 59) + timedelta(seconds=59)


@pytest.mark.parametrize("weeks", [1024, 2048, -1024])
@pytest.mark.parametrize("off", [timedelta(0), timedelta(hours=23), -timedelta(hours=23)])
def test_a_week_rollover_is_repaired_where_the_clock_shows_it(weeks: int, off: timedelta) -> None:
    """A receiver past its window names a day 1024 weeks away: the day is put right, the time of day stays."""
    true = at(2026, 11, 21)
    said = (true - timedelta(weeks=weeks)).date()
    assert date_fix([rmc(said)], NOON, true + off, RECEIVED) == (true, Quality.ROLLOVER_REPAIRED)


def test_a_week_rollover_is_repaired_where_a_zda_shows_it() -> None:
    """Firmware that puts right the date of one sentence and forgets the other."""
    true, old = date(2026, 11, 21), date(2007, 4, 7)
    assert true - old == timedelta(weeks=1024)
    assert date_fix([rmc(old), zda(true)], NOON, None, RECEIVED) == (at(2026, 11, 21), Quality.ROLLOVER_REPAIRED)


def test_nothing_is_repaired_without_a_witness() -> None:
    """An old date alone may be an old log; the gateway's own clock is no witness."""
    assert date_fix([rmc(date(2007, 4, 7))], NOON, None, RECEIVED) == (at(2007, 4, 7), Quality.GOOD)


def test_a_date_that_is_simply_different_is_disputed_and_stays() -> None:
    """Two days apart is no rollover; nor is 1024 weeks and two days."""
    for clock in (at(2020, 3, 3, 13), at(2020, 2, 28), at(2020, 3, 1) + timedelta(days=7170)):
        assert date_fix([rmc(date(2020, 3, 1))], NOON, clock, RECEIVED) == (at(2020, 3, 1), Quality.DATE_DISPUTED)


def test_sentences_that_dispute_each_other_go_by_the_zda() -> None:
    """Four digits of a year before two."""
    found = date_fix([rmc(date(2020, 3, 1)), zda(date(2020, 5, 1))], NOON, None, RECEIVED)
    assert found == (at(2020, 5, 1), Quality.DATE_DISPUTED)


def test_a_two_digit_year_cannot_dispute_the_century() -> None:
    """RMC 80 reads as 1980; ZDA says 2080; nothing contradicts."""
    found = date_fix([rmc(date(1980, 1, 6)), zda(date(2080, 1, 6))], NOON, None, RECEIVED)
    assert found == (at(2080, 1, 6), Quality.GOOD)


def test_a_leap_second_is_midnight_after() -> None:
    """As UNIX time has it."""
    assert date_fix([rmc(date(2016, 12, 31), DAY)], DAY, None, RECEIVED)[0] == at(2017, 1, 1, 0)
    assert nearest(DAY, at(2016, 12, 31, 23, 59)) == at(2017, 1, 1, 0)
    assert nearest(DAY, at(2017, 1, 1, 0, 1)) == at(2017, 1, 1, 0)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (datetime(2007, 4, 8, 1, tzinfo=UTC), datetime(2026, 11, 22, 1, tzinfo=UTC)),
        (datetime(1987, 8, 23, 1, tzinfo=UTC), datetime(2026, 11, 22, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)),
        (datetime(2006, 5, 18, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),  # exactly 1,024 weeks before
        (datetime(2006, 5, 17, 23, 59, 59, tzinfo=UTC), datetime(2045, 8, 16, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_date_too_old_is_rolled_forward_by_whole_weeks(told: datetime, expected: datetime) -> None:
    """To the first that can be; one that can be stays."""
    assert rolled_forward(told, datetime(2026, 1, 1, tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((1980, 1, 6), True),
        ((1999, 8, 22), True),
        ((2019, 4, 8), True),
        ((1980, 1, 1), True),
        ((2000, 1, 1), True),
        ((2080, 1, 1), True),
        ((2007, 4, 8), False),
        ((2026, 11, 22), False),
        ((2019, 4, 10), False),
    ],
)
def test_dates_that_receivers_are_born_with(told: tuple[int, int, int], expected: bool) -> None:
    """They must not be rolled forward, into 2038."""
    assert is_power_on_date(datetime(*told, tzinfo=UTC)) is expected
