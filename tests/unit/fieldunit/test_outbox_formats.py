"""A unit that gets a newer program keeps what its older one has not delivered."""

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldunit.outbox import Outbox
from fieldunit.outbox.database import FORMAT

OLD = Path(__file__).parent / "data" / "format-1.outbox"
"""Written by the program that had format 1: 30 epochs, of which 1, 2, 3 and 30 had their receipts."""

TIME = datetime(2026, 11, 21, 3, 4, 5, 200_000, tzinfo=UTC)
LINE = b"$GNRMC,%06d.00,A,0709.00000,S,11153.00000,E,12.30,87.1,211126,,,A*6F"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "ambulans-01.outbox"))


def test_an_old_file_is_brought_to_this_format_and_nothing_is_lost(old: Path) -> None:
    """Its id, its items to the byte, and the number it had got to; then it takes, gives and forgets like a new one."""
    with Outbox(old) as outbox:
        assert outbox.id == "kzxeyystdj2v"
        items = outbox.oldest(100)
        assert [item.seq for item in items] == list(range(4, 30))
        for item in items:
            assert item.source == ("gnss", "modem")[item.seq % 5 == 0]
            assert item.device_time == (None if item.seq % 7 == 0 else TIME + timedelta(seconds=item.seq))
            assert item.lines == (LINE % item.seq, b"$GNGGA,%d*00" % item.seq)[: 1 + item.seq % 2]
        assert outbox.append("gnss", TIME, [LINE % 31]) == 31, "30 had been given, though its row was gone"
        assert outbox.append_report(b'{"kind":"x"}', TIME) == 32
    with Outbox(old) as again:
        assert again.depth == 28
        assert again.newest(1)[0].lines == (LINE % 31,)
        assert again.delete([(1, 40)]) == 28
        assert again.append("gnss", TIME, [LINE % 33]) == 33
    looking = sqlite3.connect(old)
    assert looking.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    assert looking.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    looking.close()


def test_an_upgrade_that_is_cut_off_leaves_the_old_format_whole(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction: whatever fails in its midst, the next start finds the old file and tries again."""
    with monkeypatch.context() as broken:
        broken.setattr("fieldunit.outbox.database._FROM_1", ("ALTER TABLE item ADD COLUMN kind INTEGER", "NO SQL"))
        with pytest.raises(Exception, match="syntax error"):
            Outbox(old)
    looking = sqlite3.connect(old)
    assert looking.execute("PRAGMA user_version").fetchone() == (1,)
    assert len(looking.execute("PRAGMA table_info(item)").fetchall()) == 4
    looking.close()
    with Outbox(old) as outbox:
        assert outbox.depth == 26
