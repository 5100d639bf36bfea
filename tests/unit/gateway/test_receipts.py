"""Receipts that wait: merged, not too often, not too big for the broker, and nothing told that was not committed."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.services.accept_messages import Handled
from gateway.services.receipts import INTERVAL_S, Receipts
from tracker.wire import receipt
from tracker.wire.receipt import Receipt
from tracker.wire.topics import MAX_PAYLOAD

BOX = ("ambulans-01", "box")
OTHER = ("ambulans-02", "box")


def numbers(told: Receipt, heading: str) -> set[int]:
    return {number for first, last in getattr(told, heading) for number in range(first, last + 1)}


def test_what_two_batches_stored_is_told_in_one_receipt() -> None:
    """Live and backlog both add to it before it is sent."""
    receipts = Receipts()
    receipts.add({BOX: Handled(stored=[3, 1])})
    receipts.add({BOX: Handled(stored=[2], declined=[9])})
    assert receipts.due(0.0) == [(*BOX, Receipt(stored=((1, 3),), declined=((9, 9),)))]
    assert receipts.due(10.0) == []


def test_a_unit_hears_at_most_once_a_second_and_then_all_of_it() -> None:
    """What comes in between waits, and others do not wait with it."""
    receipts = Receipts()
    receipts.add({BOX: Handled(stored=[1])})
    assert len(receipts.due(100.0)) == 1
    receipts.add({BOX: Handled(stored=[2]), OTHER: Handled(stored=[7])})
    assert [(unit, outbox) for unit, outbox, _ in receipts.due(100.1)] == [OTHER]
    assert receipts.due(100.0 + INTERVAL_S - 0.01) == []
    assert receipts.due(100.0 + INTERVAL_S) == [(*BOX, Receipt(stored=((2, 2),)))]


def test_a_duplicate_is_told_again() -> None:
    """The unit sent again because it had not heard."""
    receipts = Receipts()
    for now in (0.0, 5.0):
        receipts.add({BOX: Handled(stored=[1])})
        assert receipts.due(now) == [(*BOX, Receipt(stored=((1, 1),)))]


def test_nothing_to_tell_is_not_told() -> None:
    """A message without a single number makes no receipt."""
    receipts = Receipts()
    receipts.add({BOX: Handled()})
    assert len(receipts) == 0
    assert receipts.due(0.0) == []


def test_stored_is_the_better_news() -> None:
    """An epoch with one bad line is stored, and its line quarantined: the number is told once, as stored."""
    receipts = Receipts()
    receipts.add({BOX: Handled(stored=[1, 2], quarantined=[2, 3], declined=[1, 4])})
    assert receipts.due(0.0) == [(*BOX, Receipt(((1, 2),), ((3, 3),), ((4, 4),)))]


def test_a_scattered_second_is_told_in_messages_that_the_broker_lets_through() -> None:
    """Stored and declined by turns, as after a drive between high walls: thousands of ranges, and no message above the
    limit, at which the broker would cut the gateway off."""
    receipts = Receipts()
    high = 10**18
    evens, odds = list(range(high, high + 6000, 2)), list(range(high + 1, high + 6000, 2))
    receipts.add({BOX: Handled(stored=evens, declined=odds)})
    told = receipts.due(0.0)
    assert all(len(receipt.encode(each)) <= MAX_PAYLOAD for _, _, each in told)
    assert set().union(*(numbers(each, "stored") for _, _, each in told)) == set(evens)
    assert set().union(*(numbers(each, "declined") for _, _, each in told)) == set(odds)
    assert len(receipts) == 0


def test_units_long_gone_leave_nothing_behind() -> None:
    """An outbox is a random name: those that are gone are forgotten."""
    receipts = Receipts()
    for number in range(1000):
        receipts.add({(f"unit-{number}", f"box-{number}"): Handled(stored=[1])})
        receipts.due(number * 10.0)
    receipts.due(20_000.0)
    assert len(receipts._sent_at) == 0


_numbers = st.lists(st.integers(0, 60), max_size=30)


@given(st.lists(st.builds(Handled, stored=_numbers, quarantined=_numbers, declined=_numbers), max_size=5))
def test_every_number_is_told_and_no_other(batches: list[Handled]) -> None:
    """Whatever the batches: what was handled is what the unit may forget."""
    receipts = Receipts()
    for handled in batches:
        receipts.add({BOX: handled})
    told = [each for _, _, each in receipts.due(0.0)]
    handled_numbers = {n for each in batches for n in (*each.stored, *each.quarantined, *each.declined)}
    stored = {n for each in batches for n in each.stored}
    headings = ("stored", "quarantined", "declined")
    assert {n for each in told for heading in headings for n in numbers(each, heading)} == handled_numbers
    assert {n for each in told for n in numbers(each, "stored")} == stored
