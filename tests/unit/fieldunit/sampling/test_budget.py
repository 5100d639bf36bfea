"""The day's budget: respected whatever happens, in the stated order, and never at the cost of an emergency."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldunit.sampling.budget import HEARTBEAT_S, RESERVE, Budget
from fieldunit.sampling.policy import rule_for, wanted_interval
from fieldunit.sampling.sampler import Point, Sampler
from fieldunit.sampling.settings import SamplingSettings
from fieldunit.sampling.situation import Situation

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
COST = 300
SETTINGS = SamplingSettings()


def allowed(budget: Budget, situation: Situation, now: datetime) -> float | None:
    return budget.allowed_interval(situation, wanted_interval(SETTINGS, situation, None), COST, now)


def test_without_a_limit_nothing_is_stretched() -> None:
    """It is only counted."""
    budget = Budget(None, MIDNIGHT.date())
    budget.reserve(10**12, MIDNIGHT)
    assert allowed(budget, Situation.PARKED, MIDNIGHT) == 60
    assert budget.spent(MIDNIGHT) == 10**12


def test_the_order_of_sacrifice() -> None:
    """Drives without a mission first, then missions, then lights; an emergency never."""
    limit = 1_000_000
    noon = MIDNIGHT + timedelta(hours=12)
    stretched: dict[float, set[Situation]] = {}
    for left in (0.5, 0.39, 0.19, 0.09, 0.03):
        budget = Budget(limit, MIDNIGHT.date(), round(limit * (1 - left)))
        found = {s: allowed(budget, s, noon) for s in Situation}
        assert found[Situation.EMERGENCY] == 1
        stretched[left] = {s for s, interval in found.items() if interval != wanted_interval(SETTINGS, s, None)}
        assert (None in found.values()) is (left == 0.03)
    assert stretched[0.5] == set()
    assert stretched[0.39] == {Situation.DRIVING, Situation.PARKED}
    assert stretched[0.19] == {Situation.DRIVING, Situation.PARKED, Situation.ON_CALL}
    assert stretched[0.09] == stretched[0.03] == set(Situation) - {Situation.EMERGENCY}


def test_a_new_day_begins_at_midnight_and_only_forward() -> None:
    """What was spent stays spent when the clock steps back over it."""
    budget = Budget(1_000_000, MIDNIGHT.date(), 900_000)
    assert budget.spent(MIDNIGHT + timedelta(hours=23)) == 900_000
    assert budget.spent(MIDNIGHT + timedelta(days=1)) == 0
    budget.reserve(COST, MIDNIGHT + timedelta(days=1))
    assert budget.spent(MIDNIGHT) == COST


def test_what_the_connection_really_cost_counts() -> None:
    """Resends in bad coverage are in the operator's count, and not in that of the fixes."""
    budget = Budget(1_000_000, MIDNIGHT.date())
    budget.measured(5_000, MIDNIGHT)  # of before: the meter began with the program
    budget.reserve(COST, MIDNIGHT)
    budget.measured(805_000, MIDNIGHT)
    assert budget.spent(MIDNIGHT) == 800_000
    assert allowed(budget, Situation.DRIVING, MIDNIGHT) == HEARTBEAT_S


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(
    st.integers(100_000, 3_000_000),
    st.lists(st.tuples(st.sampled_from(list(Situation)), st.integers(60, 20_000)), min_size=1, max_size=12),
    st.integers(150, 900),
)
def test_the_budget_is_never_exceeded(limit: int, shifts: list[tuple[Situation, int]], size: int) -> None:
    """A day of any situations, moving all the time, and fixes of any size: what fixes spend stays below the limit less
    the reserve, but for those of an emergency; and as long as anything is left, a unit is heard of every 15 minutes."""
    budget = Budget(limit, MIDNIGHT.date())
    sampler: Sampler[int] = Sampler(SETTINGS.parked_radius_m, SETTINGS.parked_after_s)
    clock, urgent, silent = 0, 0, 0
    shifts = [*shifts, (Situation.DRIVING, 86_400)]
    for situation, seconds in shifts:
        for _ in range(seconds):
            if clock >= 86_399:
                break
            clock += 1
            now = MIDNIGHT + timedelta(seconds=clock)
            wanted = wanted_interval(SETTINGS, situation, None)
            rule = rule_for(SETTINGS, situation, wanted, budget.allowed_interval(situation, wanted, size, now))
            each = Point(float(clock), 0.0, 111.0 + clock * 1e-4, 11.0, float(clock * 40 % 360), size)
            reported = sampler.offer(each, rule)
            silent = 0 if reported else silent + 1
            for spent in reported:
                budget.reserve(spent, now)
                urgent += spent if situation is Situation.EMERGENCY else 0
            if rule.interval_s is not None:
                assert silent <= HEARTBEAT_S
    assert budget.spent(MIDNIGHT) - urgent <= limit * (1 - RESERVE)
