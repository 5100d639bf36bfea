"""What `append` has called safe is there after a SIGKILL at any moment, or it is counted."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from fieldunit.outbox import Outbox
from fieldunit.outbox.outbox import SMALLEST_BYTES
from tests.unit.fieldunit.outbox_writer import body_of

KILLS = int(os.environ.get("SIGAP_TEST_KILLS", "300"))


class Life(NamedTuple):
    """What one writer said before it was killed."""

    last: int  # at its start
    safe: list[int]
    reports: list[int]
    receipted: set[int]  # they, or some of them


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_item_told_safe_is_there_or_receipted_or_counted_after_300_kills(tmp_path: Path) -> None:
    """The writer is killed at random moments and started again on the same file, while it appends, takes reports,
    deletes, sets aside and sacrifices. SQLite finds no damage; no number is given twice; every report told safe is
    there with its own content; every fix told safe is there, or was receipted, or stands in the count of losses.
    """
    path = tmp_path / "a.outbox"
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}, {KILLS} kills")
    chance = random.Random(seed)
    safe: list[int] = []
    reports: set[int] = set()
    receipted: set[int] = set()
    for kill in range(KILLS):
        life = _write_until_killed(path, chance.uniform(0.0, 0.15), seed + kill)
        assert life.last >= max(safe, default=0), "a number that was told safe is given again"
        safe += life.safe + life.reports
        reports |= set(life.reports)
        receipted |= life.receipted
        looking = sqlite3.connect(path)
        assert looking.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        looking.close()
    assert len(safe) == len(set(safe)) > KILLS
    with Outbox(path, limit_bytes=SMALLEST_BYTES) as outbox:
        told = outbox.statistics()
        lost = sum(told.lost.values())
        aside = {seq for (seq,) in outbox._table.reading.execute("SELECT seq FROM aside")}
        there = {item.seq: item.lines[0] for item in outbox.oldest(10**6)}
        there |= {report.seq: report.body for report in outbox.reports(10**6)}
        assert all(body == body_of(seq) for seq, body in there.items())
        assert reports - receipted <= there.keys() | aside, "a report was sacrificed"
        given = set(range(1, told.last + 1))
        assert set(safe) <= given
        assert there.keys() | aside <= given
        # A deletion may have fallen on what was already sacrificed, so it leaves a margin, and nothing else does.
        gone = given - there.keys() - aside
        assert len(gone - receipted) <= lost <= len(gone)
        print(f"given {told.last}, waiting {told.depth}, aside {told.aside}, lost {lost}, receipted {len(gone) - lost}")
        assert lost > 100, "nothing was sacrificed: the test does not test"
        assert outbox.append("gnss", None, [b"$A"]) == told.last + 1


def _write_until_killed(path: Path, seconds: float, seed: int) -> Life:
    """The writer is killed so long after it is ready."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.fieldunit.outbox_writer", str(path), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    with writer, writer.stdout:
        ready, _, last = writer.stdout.readline().partition(" ")
        assert ready == "ready"
        life = Life(int(last), [], [], set())
        killer = threading.Timer(seconds, writer.kill)
        killer.start()
        for line in writer.stdout:
            if not line.endswith("\n"):  # a line that the kill cut was never told
                break
            what, *told = line.split()
            numbers = [int(each) for each in told]
            if what == "delete":
                life.receipted.update(range(numbers[0], numbers[1] + 1))
            else:
                (life.safe if what == "safe" else life.reports).extend(numbers)
        killer.join()
    return life
