"""Arrival from fixes alone: once, at the right time, whatever the order."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.missions.arrival import DWELL, ENTER, EXIT, Presence, Sample, Visit, visit

START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def drive(distances: dict[float, float], speed: float | None = None) -> list[Sample]:
    """Samples by second."""
    return [Sample(at(second), distance, speed) for second, distance in distances.items()]


def passing(kilometres_per_hour: float) -> list[Sample]:
    """A drive straight through the middle, a fix a second."""
    pace = kilometres_per_hour / 3.6
    return [Sample(at(second), abs(1000 - pace * second), pace) for second in range(int(2000 / pace))]


def test_who_comes_and_stays_has_arrived_when_the_wheels_stopped() -> None:
    """Not when the circle was entered, and not when the dwell was over."""
    coming = [Sample(at(second), max(5.0, 500 - 10 * second), 10.0 if second < 50 else 0.0) for second in range(120)]
    assert visit(coming) == Visit(at(50))


def test_without_a_speed_the_entry_counts() -> None:
    """A device that tells no speed still arrives."""
    assert visit(drive({0: 500, 10: ENTER, 60: 40})) == Visit(at(10))


def test_driving_past_is_no_arrival() -> None:
    """Through the very middle, from walking the dog's speed in a jam upwards of 30 km/h."""
    for speed in (30, 50, 90):
        assert visit(passing(speed)) is None


def test_one_fix_within_the_circle_is_no_arrival() -> None:
    """A single wild fix, or a unit that reports once a minute and has gone on."""
    assert visit(drive({0: 500, 60: 10, 120: 900})) is None


def test_a_fix_that_wanders_at_the_edge_arrives_once_and_never_leaves() -> None:
    """Hysteresis: between the circles nothing changes, and a leap outside that comes back is no leaving."""
    rng = random.Random(7)
    wander = {float(second): rng.uniform(20, EXIT - 1) for second in range(0, 600, 5)} | {300.0: EXIT + 500}
    wander[0.0] = ENTER - 1
    seen = visit(drive(wander))
    assert seen == Visit(at(0))


def test_leaving_is_told_with_the_first_fix_outside() -> None:
    """It is confirmed later, as an arrival is."""
    stay = {float(second): 10.0 for second in range(0, 100, 10)}
    gone = {100.0 + second: EXIT + 10 * second + 1 for second in range(0, 60, 10)}
    assert visit(drive(stay | gone)) == Visit(at(0), at(100))
    presence = Presence()
    told = [sample.time for sample in drive(stay | gone) if presence.feed(sample)]
    assert told == [at(0) + DWELL, at(100) + DWELL]


def test_a_known_arrival_is_only_looked_at_for_its_end() -> None:
    """A crew pressed the button before the receiver saw them come."""
    presence = Presence(at(0))
    assert not presence.feed(Sample(at(10), 120.0, 5.0))
    for second in (40, 50, 80):
        presence.feed(Sample(at(second), EXIT + second, 10.0))
    assert presence.visit == Visit(at(0), at(40))


_samples = st.lists(
    st.tuples(
        st.integers(0, 300), st.sampled_from([5.0, 60.0, 100.0, 150.0, 170.0, 900.0]), st.sampled_from([0.0, 9.0])
    ),
    max_size=60,
    unique_by=lambda each: each[0],
)


@given(_samples, st.randoms(use_true_random=False))
def test_any_order_of_the_fixes_tells_the_same(values: list[tuple[int, float, float]], rng: random.Random) -> None:
    """The visit is a function of the set."""
    samples = [Sample(at(second), distance, speed) for second, distance, speed in values]
    shuffled = samples[:]
    rng.shuffle(shuffled)
    assert visit(shuffled) == visit(samples)


@given(_samples)
def test_a_visit_has_its_times_in_order_and_at_fixes(values: list[tuple[int, float, float]]) -> None:
    """Nothing is invented between fixes; an arrival is within the inner circle, a leaving outside the outer one."""
    samples = {at(second): Sample(at(second), distance, speed) for second, distance, speed in values}
    if seen := visit(samples.values()):
        assert samples[seen.arrived_at].distance <= ENTER
        if seen.left_at is not None:
            assert samples[seen.left_at].distance > EXIT
            assert seen.left_at > seen.arrived_at
