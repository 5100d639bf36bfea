"""The demo reads what the unit writes: both files are those of the real unit."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fieldunit.agent.ledger import Ledger as UnitsLedger
from fieldunit.outbox import Outbox, outbox_path
from gateway.demo.errors import DemoError
from gateway.demo.ledger import Entry, Ledger, waiting

_TIME = datetime(2026, 11, 21, 3, 4, 5, 200000, tzinfo=UTC)


def test_entries_of_the_unit_are_read_once(tmp_path: Path) -> None:
    """A growing ledger gives each entry once, to whoever follows it."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert list(ledger.new_entries()) == []
    with UnitsLedger(ledger.path) as units:
        units.write("ambulans-01", "gnss", "k3", 17, _TIME, 5)
        assert list(ledger.new_entries()) == [Entry("ambulans-01", "gnss", "k3", 17, _TIME, 5)]
        units.write("ambulans-02", "gnss", None, None, _TIME, 6)
        assert list(ledger.new_entries()) == [Entry("ambulans-02", "gnss", None, None, _TIME, 6)]
    assert list(ledger.new_entries()) == []


def test_a_line_still_being_written_waits(tmp_path: Path) -> None:
    """Half a line is no entry, and not lost either."""
    path = tmp_path / "ledger.jsonl"
    with UnitsLedger(path) as units:
        units.write("ambulans-01", "gnss", "k3", 17, _TIME, 5)
    whole = path.read_bytes()
    path.write_bytes(whole[:30])
    ledger = Ledger(path)
    assert list(ledger.new_entries()) == []
    path.write_bytes(whole)
    assert len(list(ledger.new_entries())) == 1


def test_what_waits_is_what_the_outboxes_hold(tmp_path: Path) -> None:
    """Closed by a clean stop or not, an outbox tells what was not receipted."""
    with Outbox(outbox_path(tmp_path, "ambulans-01")) as outbox:
        outbox.append("gnss", _TIME, [b"$GNRMC*00"])
        second = outbox.append("gnss", _TIME, [b"$GNRMC*00"])
        outbox.delete([(1, 1)])
        assert waiting(tmp_path) == {(outbox.id, second)}
    assert waiting(tmp_path) == {(outbox.id, second)}


def test_an_unknown_outbox_is_not_guessed_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the unit's format moves on, the demo says so instead of counting waiting fixes as lost."""
    Outbox(outbox_path(tmp_path, "ambulans-01")).close()
    monkeypatch.setattr("gateway.demo.ledger._OUTBOX_FORMATS", ())
    with pytest.raises(DemoError, match="format"):
        waiting(tmp_path)
