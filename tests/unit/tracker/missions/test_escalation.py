"""Nobody acknowledges: each step once, in order, also after the gateway was away."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.missions.escalation import Ladder, Step

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_the_steps_come_at_their_times() -> None:
    """Again at 30 s, the next unit at 60 s, the supervisor at 120 s; nothing before."""
    ladder = Ladder()
    assert ladder.due(AT, 0, after(29.9)) == []
    assert ladder.due(AT, 0, after(30)) == [(Step.AGAIN, after(30))]
    assert ladder.due(AT, 1, after(60)) == [(Step.NEXT_UNIT, after(60))]
    assert ladder.due(AT, 2, after(120)) == [(Step.SUPERVISOR, after(120))]
    assert ladder.next_due(AT, 0) == after(30)
    assert ladder.next_due(AT, 3) is None


def test_what_was_missed_is_done_in_order_and_as_late_as_it_was_due() -> None:
    """A gateway that comes back after ten minutes does all three."""
    assert [step for step, _ in Ladder().due(AT, 0, after(600))] == [Step.AGAIN, Step.NEXT_UNIT, Step.SUPERVISOR]


@given(st.lists(st.floats(0, 300), max_size=30))
def test_however_often_one_looks_each_step_comes_once(looks: list[float]) -> None:
    """Looking at any times does the same steps as looking once at the last of them."""
    ladder, done, steps = Ladder(), 0, []
    for seconds in sorted(looks):
        due = ladder.due(AT, done, after(seconds))
        done += len(due)
        steps += due
    assert steps == ladder.due(AT, 0, after(max(looks, default=0)))


@pytest.mark.parametrize("seconds", [(0, 60, 120), (60, 60, 120), (30, 130, 120)])
def test_steps_that_do_not_rise_are_refused(seconds: tuple[float, float, float]) -> None:
    """A profile with such a ladder is wrong when it is read, not at night."""
    with pytest.raises(ValueError, match="one after the other"):
        Ladder(*seconds)
