"""The ledger is lines of JSON that another program can check."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from fieldunit.agent.ledger import Ledger


def test_a_line_names_unit_number_and_fix_time_in_utc(tmp_path: Path) -> None:
    """With six digits of a second; what a bare device does not have is null; a second run goes on."""
    path = tmp_path / "ledger"
    wib = timezone(timedelta(hours=7))
    with Ledger(path) as ledger:
        ledger.write("ambulans-01", "gnss", "k3abc", 17, datetime(2026, 11, 21, 10, 4, 5, 200_000, wib), 123)
    with Ledger(path) as ledger:
        ledger.write("ambulans-02", "gnss", None, None, datetime(2026, 11, 21, tzinfo=UTC), 124)
    first, second = map(json.loads, path.read_text().splitlines())
    assert first == {
        "unit": "ambulans-01",
        "source": "gnss",
        "outbox": "k3abc",
        "seq": 17,
        "fix_time": "2026-11-21T03:04:05.200000Z",
        "at_ns": 123,
    }
    assert (second["outbox"], second["seq"], second["fix_time"]) == (None, None, "2026-11-21T00:00:00.000000Z")
