"""What keeps coming late is looked at ever seldomer, and what was quiet for a while soon again."""

from gateway.services.patience import FIRST_S, MOST_S, Patience


def test_who_is_late_again_and_again_waits_twice_as_long_up_to_a_minute_and_then_soon_again() -> None:
    """Others do not wait for it, and it begins anew after a quiet minute."""
    patience, now, waits = Patience[str](), 100.0, []
    for _ in range(7):
        due = patience.due("one", now)
        waits.append(due - now)
        now = due + 1.0
    assert waits == [3.0, 6.0, 12.0, 24.0, 48.0, MOST_S, MOST_S]
    assert patience.due("two", now) == now + FIRST_S
    assert patience.due("one", now) == now + MOST_S
    now += 2 * MOST_S + 1.0
    assert patience.due("one", now) == now + FIRST_S


def test_what_was_quiet_for_long_is_forgotten() -> None:
    """Memory is bounded by what was late lately."""
    patience = Patience[int]()
    for number in range(1000):
        patience.due(number, float(number))
    assert len(patience._last) <= 2 * MOST_S + FIRST_S + 1
