"""The demo's account: what the fleet made, against what the database holds.

- *sent*: distinct (unit, source, fix time) in this run's ledger, whether or not they left their unit;
- *stored*: those of them in the table of fixes;
- *waiting*: those not stored whose outbox still holds them, as a silenced unit's does. Not delivered, and not
  lost;
- *lost*: the rest. What the gateway quarantined is among it: the simulator sends nothing that may be refused;
- *duplicated*: rows beyond one for each (unit, outbox, sequence number), in the whole table.

So sent = stored + waiting + lost, always.
"""

from dataclasses import dataclass
from pathlib import Path

import psycopg

from gateway.demo.latency import LatencyMeter
from gateway.demo.ledger import Ledger, waiting

_MADE = """
create temporary table made (
    unit text not null, source text not null, fix_time timestamptz not null, outbox text, seq bigint
)
"""
_SENT = "select count(distinct (unit, source, fix_time)) from made"
_ABSENT = """
select distinct on (unit, source, fix_time) unit, outbox, seq from made
where not exists (
    select from fixes
    where fixes.centre = %(centre)s and fixes.unit = made.unit
      and fixes.source = made.source and fixes.fix_time = made.fix_time
)
order by unit, source, fix_time, seq
"""
_DUPLICATED = """
select count(*) - count(distinct (unit, outbox, sequence)) from fixes where centre = %s and outbox is not null
"""


@dataclass(frozen=True)
class Report:
    """The figures of one run; latencies in milliseconds, None if no position was seen."""

    sent: int
    stored: int
    waiting: int
    lost: int
    duplicated: int
    p50_ms: float | None
    p99_ms: float | None
    seen: int

    @property
    def proved(self) -> bool:
        """Whether something was sent, nothing of it lost and nothing stored twice."""
        return self.sent > 0 and self.lost == 0 and self.duplicated == 0

    def __str__(self) -> str:
        return (
            f"sent={self.sent} stored={self.stored} lost={self.lost} duplicated={self.duplicated}"
            f" p50_ms={_figure(self.p50_ms)} p99_ms={_figure(self.p99_ms)}"
        )


def account(database_url: str, centre: str, ledger: Path, state: Path, latency: LatencyMeter) -> Report:
    """Compare the ledger with the database; the fleet must have stopped.

    Args:
        database_url: of the gateway's database.
        centre: whose fixes.
        ledger: file of this run.
        state: the fleet's state directory, with its outboxes.
        latency: what was measured.
    """
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(_MADE)
        with cursor.copy("copy made from stdin") as copy:
            for entry in Ledger(ledger).new_entries():
                copy.write_row((entry.unit, entry.source, entry.fix_time, entry.outbox, entry.seq))
        sent = _one(cursor.execute(_SENT))
        absent = cursor.execute(_ABSENT, {"centre": centre}).fetchall()
        duplicated = _one(cursor.execute(_DUPLICATED, (centre,)))
    held = waiting(state)
    still_waiting = sum((outbox, seq) in held for _, outbox, seq in absent)
    return Report(
        sent=sent,
        stored=sent - len(absent),
        waiting=still_waiting,
        lost=len(absent) - still_waiting,
        duplicated=duplicated,
        p50_ms=latency.quantile(0.50),
        p99_ms=latency.quantile(0.99),
        seen=latency.seen,
    )


def _one(cursor: psycopg.Cursor[tuple[int]] | psycopg.Cursor[tuple[object, ...]]) -> int:
    row = cursor.fetchone()
    return int(str(row[0])) if row else 0


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f}"
