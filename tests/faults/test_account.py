"""The judge tells the lost, the duplicated and the invented from the good: it must not be blind."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.account import Entry, judge, read_ledger

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def fix(second: int, sequence: int | None = None, outbox: str | None = "k3") -> Entry:
    """The fix of one second of one unit; its number is the second's."""
    if outbox is None:
        return Entry("ambulans-01", "gnss", NOON + timedelta(seconds=second), None, None)
    return Entry(
        "ambulans-01", "gnss", NOON + timedelta(seconds=second), outbox, second if sequence is None else sequence
    )


def test_a_table_that_holds_the_ledger_is_in_order() -> None:
    """Whatever the order."""
    verdict = judge([fix(1), fix(2)], [fix(2), fix(1)])
    assert str(verdict) == "fixes=2 lost=0 duplicated=0 invented=0"


def test_what_the_table_has_not_is_lost() -> None:
    """Named, so that it can be looked for."""
    assert judge([fix(1), fix(2)], [fix(1)]).lost == [fix(2)]


def test_a_key_or_a_number_that_is_there_twice_is_a_duplicate() -> None:
    """One entry of the ledger has two rows: under the same key, or dated differently under the same number."""
    assert len(judge([fix(1)], [fix(1), fix(1)]).duplicated) == 1
    assert judge([fix(1), fix(2)], [fix(1), fix(2), fix(3, sequence=2)]).duplicated == [fix(3, sequence=2)]


def test_a_row_that_no_unit_made_is_invented() -> None:
    """A time that the ledger has not, or another number at a time that it has."""
    assert judge([fix(1)], [fix(1), fix(9)]).invented == [fix(9)]
    assert judge([fix(1)], [fix(1, sequence=7)]).invented == [fix(1, sequence=7)]


def test_bare_devices_are_compared_by_time_alone() -> None:
    """They number nothing."""
    verdict = judge([fix(1, outbox=None), fix(2, outbox=None)], [fix(1, outbox=None)])
    assert (len(verdict.lost), len(verdict.duplicated), len(verdict.invented)) == (1, 0, 0)


def test_a_ledger_is_read_as_the_unit_writes_it(tmp_path: Path) -> None:
    """One JSON object a line; a ledger that nobody wrote yet is empty."""
    path = tmp_path / "ledger"
    assert read_ledger(path) == []
    path.write_text(
        '{"unit":"ambulans-01","source":"gnss","outbox":"k3","seq":1,"fix_time":"2026-11-21T12:00:01.000000Z",'
        '"at_ns":1}\n'
    )
    assert read_ledger(path) == [fix(1)]
