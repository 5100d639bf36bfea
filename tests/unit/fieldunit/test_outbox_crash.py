"""What `append` has called safe is there after a SIGKILL at any moment."""

import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fieldunit.outbox import Outbox

KILLS = 20


@pytest.mark.timeout(120)
def test_every_item_told_safe_survives_twenty_kills(tmp_path: Path) -> None:
    """The writer is killed at random moments and started again on the same file: nothing told safe is missing or
    changed, no number is given twice, and SQLite finds no damage.
    """
    path = tmp_path / "a.outbox"
    chance = random.Random(20261121)
    safe: list[int] = []
    for _ in range(KILLS):
        safe += _write_until_killed(path, chance.uniform(0.0, 0.25))
        with sqlite3.connect(path) as looking:
            assert looking.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        looking.close()
    assert len(safe) == len(set(safe)) > KILLS
    assert safe == sorted(safe)
    with Outbox(path) as outbox:
        there = {item.seq: item.lines for item in outbox.oldest(1_000_000)}
        receipted = {seq for seq in safe if seq not in there}
        assert all(there[seq] == (b"$BODY,%d" % seq,) for seq in safe if seq in there)
        # What the writer itself deleted, three numbers at a time, is all that may be gone.
        assert all(any((seq + back) % 7 == 0 for back in (18, 19, 20)) for seq in receipted)
        assert outbox.append("gnss", None, [b"$A"]) > max(safe)


def _write_until_killed(path: Path, seconds: float) -> list[int]:
    """Returns the numbers that the writer was told to be safe; it is killed so long after it is ready."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.fieldunit.outbox_writer", str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with writer, writer.stdout:
        assert writer.stdout.readline() == "ready\n"
        killer = threading.Timer(seconds, writer.kill)
        killer.start()
        told = [line for line in writer.stdout if line.endswith("\n")]  # a line that the kill cut was never told
        killer.join()
    return [int(seq) for line in told for seq in line.split()]
