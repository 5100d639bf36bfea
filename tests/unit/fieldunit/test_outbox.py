"""The outbox keeps what it was given until a receipt names it, and never gives a number twice."""

import secrets
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldunit.outbox import Epoch, Outbox, OutboxError, is_safe, outbox_path
from tracker.errors import BadInput
from tracker.wire.topics import checked_id

TIME = datetime(2026, 11, 21, 3, 4, 5, 200_000, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ambulans-01.outbox"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with Outbox(path) as opened:
        yield opened


def test_an_item_comes_out_as_it_went_in(outbox: Outbox) -> None:
    """Lines, source and device time are kept to the byte and the microsecond; no time stays no time."""
    lines = (b"$GNRMC,1*00", b"$GNGGA,2*00")
    assert outbox.append("gnss", TIME, lines) == 1
    assert outbox.append("modem", None, lines[:1]) == 2
    first, second = outbox.oldest(10)
    assert first == (1, "gnss", TIME, lines)
    assert second == (2, "modem", None, lines[:1])


def test_a_naive_time_is_refused_and_uses_no_number(outbox: Outbox) -> None:
    """A time without a zone could be anybody's; nothing of a refused batch is kept."""
    good, naive = Epoch("gnss", TIME, (b"$A",)), Epoch("gnss", TIME.replace(tzinfo=None), (b"$A",))
    with pytest.raises(ValueError, match="aware"):
        outbox.append_many([good, naive])
    assert outbox.depth == 0
    assert outbox.oldest(10) == []
    assert outbox.append(*good) == 1


def test_the_id_belongs_to_the_file(path: Path, tmp_path: Path) -> None:
    """It fits the wire's pattern, survives a restart, and no two files share it."""
    with Outbox(path) as one:
        name = one.id
    with Outbox(path) as again, Outbox(tmp_path / "other.outbox") as other:
        assert again.id == name == checked_id(name)
        assert other.id != name


def test_no_number_is_given_twice(path: Path) -> None:
    """Not even when every row is gone and the program has restarted."""
    with Outbox(path) as outbox:
        assert outbox.append_many([Epoch("gnss", TIME, (b"$A",))] * 3) == [1, 2, 3]
        assert outbox.delete([(1, 3)]) == 3
    with Outbox(path) as outbox:
        assert outbox.statistics()[:4] == (0, None, None, 3)
        assert outbox.append("gnss", TIME, [b"$A"]) == 4


def test_statistics_tell_what_waits(outbox: Outbox) -> None:
    """Depth, oldest, newest and the last number given, also after a hole."""
    outbox.append_many([Epoch("gnss", TIME, (b"$A",))] * 5)
    outbox.delete([(1, 1), (3, 3), (5, 5)])
    assert outbox.statistics()[:4] == (2, 2, 4, 5)


def test_newest_oldest_and_numbered_items_are_picked(outbox: Outbox) -> None:
    """The uplink's three ways in."""
    outbox.append_many([Epoch("gnss", TIME, (b"$A",))] * 5)
    assert [item.seq for item in outbox.newest(2)] == [5, 4]
    assert [item.seq for item in outbox.oldest(2, after=2)] == [3, 4]
    assert [item.seq for item in outbox.get([9, 4, 1])] == [1, 4]


@settings(deadline=None, max_examples=60)  # each waits for the disk
@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)) | st.just((0, 10**30)), max_size=6),
)
def test_a_receipt_deletes_what_it_names_and_nothing_else(count: int, ranges: list[tuple[int, int]]) -> None:
    """Whatever the ranges: overlapping, backwards, of numbers never given, beyond all integers of a database."""
    with tempfile.TemporaryDirectory() as folder, Outbox(Path(folder) / "a.outbox") as outbox:
        outbox.append_many([Epoch("gnss", TIME, (b"$A",))] * count)
        named = {seq for seq in range(1, count + 1) if any(low <= seq <= high for low, high in ranges)}
        assert outbox.delete(ranges) == len(named)
        assert {item.seq for item in outbox.oldest(100)} == set(range(1, count + 1)) - named
        assert outbox.depth == count - len(named)
        assert outbox.append("gnss", TIME, [b"$A"]) == count + 1


def test_two_threads_append_and_delete_at_once(outbox: Outbox) -> None:
    """The sampling thread and the uplink's share one outbox: nothing is lost, doubled or locked out."""
    given_numbers: list[int] = []
    deleted = 0
    done = threading.Event()

    def sample() -> None:
        given_numbers.extend(outbox.append("gnss", TIME, [b"$A"]) for _ in range(200))
        done.set()

    sampling = threading.Thread(target=sample)
    sampling.start()
    while not done.is_set() or outbox.depth:
        for item in outbox.oldest(7):
            deleted += outbox.delete([(item.seq, item.seq)])
    sampling.join()
    assert given_numbers == list(range(1, 201))
    assert deleted == 200


def test_durability_is_what_it_is_said_to_be(outbox: Outbox) -> None:
    """Appending waits for the disk (FULL), on a write-ahead log; deleting alone does not."""
    appending, deleting = outbox._table.appending, outbox._table.reading
    assert appending.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert appending.execute("PRAGMA synchronous").fetchone() == (2,)
    assert deleting.execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_full_disk_harms_nothing_and_what_it_does_not_take_is_in_memory(path: Path) -> None:
    """What is there stays; what comes meanwhile is kept, found and sent, with numbers that say that it is not safe; and
    when there is room again it is on the disk, under the same numbers.
    """
    told: list[str] = []
    now = [0.0]
    large = Epoch("gnss", TIME, (b"$" + secrets.token_hex(250).encode(),))
    with Outbox(path, trouble=told.append, clock=lambda: now[0]) as outbox:
        disk = outbox._table.appending
        pages, free = (disk.execute(f"PRAGMA {each}_count").fetchone()[0] for each in ("page", "freelist"))
        disk.execute("CREATE TABLE other (bytes BLOB)")
        disk.execute("INSERT INTO other VALUES (zeroblob(?))", ((free - 8) * 4096,))
        disk.execute(f"PRAGMA max_page_count = {pages}")
        safe = outbox.append_many([large] * 40)
        unsafe = [*outbox.append_many([large] * 150), outbox.append_report(b'{"kind":"x"}', TIME)]
        assert all(map(is_safe, safe))
        assert not any(map(is_safe, unsafe))
        assert unsafe == list(range(unsafe[0], unsafe[0] + 151))
        assert "the disk takes no fixes (database or disk is full)" in told[0]
        thinned = outbox.statistics().lost.get("thinned-disk-full", 0)
        assert outbox.statistics().in_memory == 151
        assert outbox.depth == 191 - thinned
        assert outbox.newest(1)[0].seq == unsafe[149]
        assert [item.seq for item in outbox.oldest(500)][-150:] == unsafe[:150]
        assert [item.seq for item in outbox.get([unsafe[0], unsafe[150]])] == [unsafe[0], unsafe[150]]
        assert [report.seq for report in outbox.reports(9)] == [unsafe[150]]
        disk.execute("PRAGMA max_page_count = 1000000")
        assert not is_safe(outbox.append(*large)), "the disk is not asked again at once"
        outbox.delete([(unsafe[0] + 151, unsafe[0] + 151)])
        now[0] += 2
        assert is_safe(outbox.append(*large))
        assert "151 that were in memory are safe now" in told[-1]
        assert outbox.statistics().in_memory == 0
        assert outbox.statistics().trouble is None
    with Outbox(path) as outbox:
        assert [item.seq for item in outbox.oldest(500)][-150:] == unsafe[:150]
        assert [report.seq for report in outbox.reports(9)] == [unsafe[150]]
        assert outbox.statistics().last == 41
        assert outbox.append(*large) == 42
        assert outbox.delete([(1, 2**62)]) == outbox.statistics().last + 151 - thinned


def test_an_outbox_has_one_process(outbox: Outbox, path: Path) -> None:
    """Two would send as one client id and throw each other out for ever; a second opening says so."""
    with pytest.raises(OutboxError, match="in use by another sigap-unit process"):
        Outbox(path)
    outbox.close()
    outbox.close()
    Outbox(path).close()


def test_a_file_that_is_no_outbox_is_left_as_it_is(path: Path) -> None:
    """Garbage and foreign databases are refused with advice, and not one byte of them changes."""
    path.write_bytes(b"no database " * 500)
    with pytest.raises(OutboxError, match="move it away to begin a new one"):
        Outbox(path)
    assert path.read_bytes() == b"no database " * 500
    path.unlink()
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE cats (name TEXT)")
    foreign.close()
    with pytest.raises(OutboxError, match="no outbox"):
        Outbox(path)


def test_a_newer_format_is_not_touched(path: Path) -> None:
    """A unit that was set back to an older version says which one it needs."""
    Outbox(path).close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 9")
    newer.close()
    with pytest.raises(OutboxError, match="newer sigap-unit \\(format 9\\)"):
        Outbox(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The sentence says which option to change."""
    with pytest.raises(OutboxError, match=r"--state"):
        Outbox(tmp_path / "absent" / "a.outbox")


def test_a_unit_id_cannot_leave_the_state_folder(tmp_path: Path) -> None:
    """The id makes a file name, so it is checked where the name is made."""
    assert outbox_path(tmp_path, "ambulans-01") == tmp_path / "ambulans-01.outbox"
    with pytest.raises(BadInput):
        outbox_path(tmp_path, "../etc/passwd")
