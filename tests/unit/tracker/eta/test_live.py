"""An arrival time between two fixes: it widens, then there is none; small changes are not told."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.eta.live import CHANGE_S, RETELL_S, added, aged, worth_telling
from tracker.eta.scene import DEFAULT_MEDIAN, DEFAULT_P90, ENOUGH, SceneTime, from_history
from tracker.eta.straight_line import SHORTEST, Estimate

START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
TEN_MINUTES = Estimate(400.0, 600.0, 900.0)
STALE, LOST = 60.0, 180.0


def old(eta: Estimate, age: float, *, heading: bool = True) -> Estimate | None:
    return aged(eta, age, STALE, LOST, heading=heading)


def test_the_middle_falls_with_the_clock_until_the_fix_is_stale() -> None:
    """A peer's stayed where it was for a minute, and then lost what the seconds hand showed (routed once, reduced by
    the 0-59 component of an interval that had nothing to do with now)."""
    middles = [old(TEN_MINUTES, age) for age in (0.0, 30.0, 60.0, 61.0, 125.0)]
    assert [each.p50 for each in middles if each] == [600.0, 570.0, 540.0, 540.0, 540.0]


def test_a_unit_that_was_going_elsewhere_does_not_come_nearer_by_itself() -> None:
    """For the question "when would it be here": only the interval grows."""
    told = [old(TEN_MINUTES, age, heading=False) for age in (0.0, 50.0, 100.0)]
    assert [(each.p10, each.p50, each.p90) for each in told if each] == [
        (400.0, 600.0, 900.0), (350.0, 600.0, 950.0), (300.0, 600.0, 1000.0),
    ]  # fmt: skip


def test_at_the_limit_there_still_is_one_and_beyond_it_none() -> None:
    """Unknown, not old."""
    assert old(TEN_MINUTES, LOST) is not None
    assert old(TEN_MINUTES, LOST + 0.1) is None


@given(
    st.tuples(*[st.floats(1, 1e5)] * 3).map(sorted), st.floats(-100, 180), st.floats(0, 180), st.booleans()
)  # fmt: skip
def test_it_only_ever_widens_and_is_never_zero(times: list[float], age: float, more: float, heading: bool) -> None:
    """Whatever the estimate: in order, above zero, and wider the older. A clock that is behind widens nothing."""
    eta = Estimate(*times)
    young, older = old(eta, age, heading=heading), old(eta, min(LOST, max(0, age) + more), heading=heading)
    assert young is not None
    assert older is not None
    for each in (young, older):
        assert SHORTEST <= each.p10 <= each.p50 <= each.p90
    assert older.p90 - older.p10 >= young.p90 - young.p10 - 1e-9


def test_legs_one_after_the_other_add_up() -> None:
    """Middles exactly; the ends less than exactly, for not everything goes wrong at once."""
    both = added(TEN_MINUTES, TEN_MINUTES)
    assert both.p50 == 1200.0
    assert 800.0 < both.p10 < 1000.0
    assert 1500.0 < both.p90 < 1800.0
    assert added(TEN_MINUTES) == TEN_MINUTES


@pytest.mark.parametrize(
    ("later", "seconds", "told"),
    [
        (0.0, 0.0, False),
        (5.0, -5.0, False),  # five seconds on the way: nothing new
        (5.0, 5.0, False),  # within 5 %
        (1.0, -28.0, False),
        (1.0, -30.0, True),
        (20.0, 12.0, True),  # a stop at a light, and what it costs
        (RETELL_S, -RETELL_S, True),  # nothing new for a minute: told again
    ],
)
def test_what_is_worth_telling(later: float, seconds: float, told: bool) -> None:
    """The arrival, not the number of seconds left, is what must move: by more than 5 % of the time left."""
    now = Estimate(*(each + seconds for each in (400.0, 600.0, 900.0)))
    assert worth_telling(TEN_MINUTES, START, now, START + timedelta(seconds=later)) is told


def test_near_the_goal_ten_seconds_are_worth_telling() -> None:
    """5 % of a minute is a flicker."""
    told, near = Estimate(40.0, 60.0, 90.0), Estimate(40.0, 60.0 + CHANGE_S, 90.0)
    assert not worth_telling(told, START, near, START)
    assert worth_telling(told, START, Estimate(40.0, 60.1 + CHANGE_S, 90.0), START)


def test_an_interval_that_widens_is_told_too() -> None:
    """The middle stands, the fix ages: the dispatcher sees that less and less is known."""
    wide = Estimate(TEN_MINUTES.p10 - 70, TEN_MINUTES.p50, TEN_MINUTES.p90)
    assert worth_telling(TEN_MINUTES, START, wide, START)


# Time at the scene


def test_without_a_history_another_city_s_stands_in() -> None:
    """And a centre's own counts from `ENOUGH` stays on."""
    assert from_history(0, None, None) == from_history(ENOUGH - 1, 60.0, 90.0) == SceneTime()
    assert from_history(ENOUGH, 600.0, 900.0) == SceneTime(600.0, 900.0)
    assert from_history(ENOUGH, 600.0, 600.0) == SceneTime()


def test_a_stay_that_is_yet_to_come_has_the_quantiles_it_was_made_of() -> None:
    """Median and ninetieth percentile."""
    left = SceneTime().left()
    assert left.p50 == pytest.approx(DEFAULT_MEDIAN)
    assert left.p90 == pytest.approx(DEFAULT_P90)


def test_who_has_stayed_long_stays_longer() -> None:
    """Conditional on what is over: the time left falls at first, never to zero, and the whole stay grows."""
    stays = [0.0, 300.0, 900.0, 1800.0, 3600.0, 36_000.0]
    left = [SceneTime().left(stayed) for stayed in stays]
    assert all(SHORTEST <= each.p10 <= each.p50 <= each.p90 for each in left)
    whole = [stayed + each.p50 for stayed, each in zip(stays, left, strict=True)]
    assert whole == sorted(whole)
    assert left[1].p50 < left[0].p50
