"""Numbers in one spelling, and what makes a repeated prankster."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.missions.calls import MARKED_AT, MARKED_FOR, Caller, caller, one_spelling

NOW = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("081234567890", "+6281234567890"),
        ("0812-3456-7890", "+6281234567890"),
        ("(0812) 3456 7890", "+6281234567890"),
        ("+62 812-3456-7890", "+6281234567890"),
        ("6281234567890", "+6281234567890"),
        ("00 62 812 3456 7890", "+6281234567890"),
        ("81234567890", "+6281234567890"),
        ("0353 881234", "+62353881234"),
        ("+65 6123 4567", "+6561234567"),
        ("112", "112"),
        ("1500567", "1500567"),
        ("628", "628"),
        (None, None),
        ("", None),
        ("anonymous", None),
        ("*#", None),
        ("12", None),
    ],
)
def test_a_number_is_the_same_however_it_is_shown(given: str | None, spelled: str | None) -> None:
    """Exchanges, phones and people write it differently; a withheld one is none."""
    assert one_spelling(given) == spelled


def test_a_mark_needs_so_many_pranks_within_its_window() -> None:
    """One less, or one too old, and there is none."""
    pranks = [NOW - HOUR * each for each in range(MARKED_AT)]
    assert caller(9, pranks, NOW) == Caller(9, MARKED_AT, marked=True)
    assert not caller(9, pranks[1:], NOW).marked
    old = NOW - MARKED_FOR
    assert caller(9, [*pranks[1:], old], NOW).marked
    assert not caller(9, [*pranks[1:], old - timedelta(microseconds=1)], NOW).marked
    assert caller(9, [*pranks[1:], old - HOUR], NOW).pranks == MARKED_AT
    assert caller(0, [], NOW) == Caller(0, 0, marked=False)
