"""Compares what the units made safe with what the database holds: the judgement of every fault test.

The ledger is what the units say they made durable (a bare device: what the broker acknowledged to it), written by the
units themselves. After Jepsen's `set-full`: each element is there once, or lost, or there twice, or was never put in.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import psycopg

Key = tuple[str, str, datetime]  # unit, source, fix time


class Entry(NamedTuple):
    """One fix, as the ledger or a row of the table has it."""

    unit: str
    source: str
    fix_time: datetime
    outbox: str | None
    sequence: int | None

    @property
    def key(self) -> Key:
        """What makes a fix one."""
        return self.unit, self.source, self.fix_time


class Verdict(NamedTuple):
    """What became of the ledger."""

    fixes: int  # in the ledger
    lost: list[Entry]  # in the ledger, its key not in the table
    duplicated: list[Entry]  # rows beyond the first of one key, or of one number of one outbox
    invented: list[Entry]  # rows whose key the ledger has not, or has under another number

    def __str__(self) -> str:
        return (
            f"fixes={self.fixes} lost={len(self.lost)} duplicated={len(self.duplicated)} invented={len(self.invented)}"
        )


def read_ledger(path: Path) -> list[Entry]:
    """Every line of a ledger; there is none before the first fix."""
    if not path.exists():
        return []
    entries = []
    for line in path.read_text().splitlines():
        said = json.loads(line)
        entries.append(
            Entry(said["unit"], said["source"], datetime.fromisoformat(said["fix_time"]), said["outbox"], said["seq"])
        )
    return entries


def read_table(url: str, without: str = "") -> list[Entry]:
    """Every fix in the database, except those of one unit."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        rows = connection.execute(
            "SELECT unit, source, fix_time, outbox, sequence FROM fixes WHERE unit <> %s", (without,)
        )
        return [Entry(*row) for row in rows]


def judge(ledger: Iterable[Entry], rows: Iterable[Entry]) -> Verdict:
    """Compare. A bare device's entries have no number: only their keys are compared."""
    known = {entry.key: entry for entry in ledger}
    keys: Counter[Key] = Counter()
    numbers: Counter[tuple[str, str | None, int | None]] = Counter()
    duplicated, invented = [], []
    for row in rows:
        keys[row.key] += 1
        number = (row.unit, row.outbox, row.sequence)
        if row.sequence is not None:
            numbers[number] += 1
        if keys[row.key] > 1 or numbers[number] > 1:
            duplicated.append(row)
        entry = known.get(row.key)
        if entry is None or (entry.outbox, entry.sequence) != (row.outbox, row.sequence):
            invented.append(row)
    return Verdict(len(known), [entry for key, entry in known.items() if key not in keys], duplicated, invented)
