"""The account adds up: what was sent is stored, waiting or lost, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from fieldunit.agent.ledger import Ledger
from fieldunit.outbox import Outbox, outbox_path
from gateway.demo.latency import LatencyMeter
from gateway.demo.report import account
from gateway.storage.migrations import migrate

_START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
_CENTRE = "bojonegoro"


async def _store(url: str, rows: list[tuple[datetime, str, int]]) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await migrate(connection)
        for fix_time, outbox, sequence in rows:
            await connection.execute(
                "insert into fixes (centre, unit, source, fix_time, received_at, latitude, longitude, quality, outbox,"
                " sequence) values (%s, 'ambulans-01', 'gnss', %s, %s, 0, 0, 0, %s, %s)",
                (_CENTRE, fix_time, fix_time, outbox, sequence),
            )


async def test_sent_is_stored_or_waiting_or_lost(tmp_path: Path, database_url: str) -> None:
    """Ten made: seven stored, two still in the outbox, one nowhere; and one sequence number stored twice."""
    times = [_START + timedelta(seconds=n) for n in range(10)]
    with Outbox(outbox_path(tmp_path, "ambulans-01")) as outbox, Ledger(tmp_path / "ledger.jsonl") as ledger:
        for time in times:
            seq = outbox.append("gnss", time, [b"$GNRMC*00"])
            ledger.write("ambulans-01", "gnss", outbox.id, seq, time, 0)
        outbox.delete([(1, 8)])
        name = outbox.id
    again = _START + timedelta(hours=1)
    await _store(database_url, [(time, name, n + 1) for n, time in enumerate(times[:7])] + [(again, name, 7)])
    report = account(database_url, _CENTRE, tmp_path / "ledger.jsonl", tmp_path, LatencyMeter())
    assert (report.sent, report.stored, report.waiting, report.lost, report.duplicated) == (10, 7, 2, 1, 1)
    assert not report.proved
    assert str(report) == "sent=10 stored=7 lost=1 duplicated=1 p50_ms=unknown p99_ms=unknown"


async def test_one_fix_made_twice_is_one_fix(tmp_path: Path, database_url: str) -> None:
    """Sent counts fixes and not messages: the same unit, source and fix time is stored once, as it should be."""
    with Outbox(outbox_path(tmp_path, "ambulans-01")) as outbox, Ledger(tmp_path / "ledger.jsonl") as ledger:
        for seq in (1, 2):
            ledger.write("ambulans-01", "gnss", outbox.id, seq, _START, 0)
        name = outbox.id
    await _store(database_url, [(_START, name, 1)])
    report = account(database_url, _CENTRE, tmp_path / "ledger.jsonl", tmp_path, LatencyMeter())
    assert (report.sent, report.stored, report.lost, report.duplicated) == (1, 1, 0, 0)
    assert report.proved


async def test_an_empty_run_proves_nothing(tmp_path: Path, database_url: str) -> None:
    """Losing nothing of nothing is no success."""
    await _store(database_url, [])
    assert not account(database_url, _CENTRE, tmp_path / "ledger.jsonl", tmp_path, LatencyMeter()).proved
