"""Silence on a mission is an alarm after as long as the status allows."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.missions.silence import LIMITS_S, silent_since
from tracker.missions.statuses import ON_MISSION, Status

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", sorted(LIMITS_S))
def test_the_alarm_comes_exactly_when_the_limit_is_reached(status: Status) -> None:
    """Not a moment before, and it says since when."""
    limit = LIMITS_S[status]
    assert silent_since(status, AT, after(10), after(10 + limit - 0.001)) is None
    assert silent_since(status, AT, after(10), after(10 + limit + 50)) == after(10 + limit)


def test_every_status_of_a_mission_has_a_limit_and_a_free_unit_has_none() -> None:
    """A parked vehicle in its garage alarms nobody."""
    assert set(LIMITS_S) >= ON_MISSION
    for status in (Status.AVAILABLE, Status.OUT_OF_SERVICE):
        assert silent_since(status, AT, None, after(1e6)) is None


def test_a_unit_that_was_silent_before_gets_its_time() -> None:
    """The clock begins with the status: old fixes from the garage are no alarm a second after the assignment."""
    assert silent_since(Status.ASSIGNED, AT, after(-3600), after(119)) is None
    assert silent_since(Status.ASSIGNED, AT, after(-3600), after(121)) == after(120)
    assert silent_since(Status.ASSIGNED, AT, None, after(121)) == after(120)


def test_a_centre_may_have_limits_of_its_own() -> None:
    """In the hills coverage is thin."""
    assert silent_since(Status.EN_ROUTE, AT, AT, after(200), {Status.EN_ROUTE: 300.0}) is None
