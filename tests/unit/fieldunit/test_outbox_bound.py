"""What goes when there is no room, in which order, and that each loss is counted; and what the best is that can be had
where the file cannot be used.
"""

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldunit.outbox import Epoch, MemoryOutbox, Outbox, OutboxError, Store, open_outbox
from fieldunit.outbox.compact import pack, unpack
from fieldunit.outbox.outbox import SMALLEST_BYTES
from fieldunit.outbox.thinning import every_second

TIME = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
BODY = b'{"kind":"input","name":"siren","on":true}'


def epoch(second: int, source: str = "gnss") -> Epoch:
    at = TIME + timedelta(seconds=second)
    line = b"$GNRMC,%b.00,A,0709.%05d,S,11153.%05d,E,12.30,87.1,211126,,,A*6F"
    return Epoch(source, at, (line % (f"{at:%H%M%S}".encode(), second * 7919 % 99991, second * 104729 % 99991),))


def fill(outbox: Store, seconds: int) -> None:
    """A fix of one receiver or the other each second, a report among a hundred."""
    for second in range(0, seconds, 100):
        outbox.append_many(epoch(at, ("gnss", "modem")[at % 4 == 0]) for at in range(second, second + 100))
        outbox.append_report(BODY, TIME)


@pytest.fixture(params=["file", "memory"])
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An outbox that was given five times what it holds: 20,000 fixes and 200 reports."""
    in_file = request.param == "file"
    made = Outbox(tmp_path / "a.outbox", limit_bytes=SMALLEST_BYTES) if in_file else MemoryOutbox(limit=3000)
    fill(made, 20_000)
    yield made
    made.close()


def test_old_track_gets_coarser_and_nothing_else_goes(full: Store) -> None:
    """Every report is there, and the newest fix; the older, the coarser, without a hole; both receivers are there; and
    what is there and what is counted is all that ever came.
    """
    told = full.statistics()
    items = full.oldest(10**6)
    assert told.reports == len(full.reports(10**6)) == 200
    assert full.newest(1)[0].device_time == TIME + timedelta(seconds=19_999)
    assert len(items) + 200 == told.depth
    assert told.depth + full.lost == 20_200
    assert full.lost == sum(told.lost.values())
    assert sum(told.lost.values()) > 10_000
    seconds = [(item.device_time - TIME).total_seconds() for item in items if item.device_time is not None]
    gaps = [later - earlier for earlier, later in pairwise(seconds)]
    newest, oldest = gaps[-100:], gaps[:100]
    assert sum(newest) / 100 < 3
    assert sum(oldest) / 100 > 4 * sum(newest) / 100
    assert {item.source for item in items[:20]} == {"gnss", "modem"}
    assert max(gaps) < 20_000 / 8


def test_the_file_keeps_its_bound_and_the_count_survives(tmp_path: Path) -> None:
    """At every look: file, log and index together; and the next start knows what was lost."""
    path = tmp_path / "a.outbox"
    with Outbox(path, limit_bytes=SMALLEST_BYTES) as outbox:
        for _ in range(20):
            fill(outbox, 1000)
            assert outbox.statistics().bytes <= SMALLEST_BYTES + 64 * 1024
        lost = dict(outbox.statistics().lost)
        assert list(lost) == ["thinned"]
    with Outbox(path, limit_bytes=SMALLEST_BYTES) as again:
        assert dict(again.statistics().lost) == lost
        assert again.depth + lost["thinned"] == 20_200


def test_a_bound_that_was_lowered_is_reached(tmp_path: Path) -> None:
    """By and by, with each append."""
    path = tmp_path / "a.outbox"
    with Outbox(path) as outbox:
        fill(outbox, 20_000)
        assert not outbox.statistics().lost
    with Outbox(path, limit_bytes=SMALLEST_BYTES) as outbox:
        fill(outbox, 2000)
        ask = outbox._table.appending.execute
        pages, free = (ask(f"PRAGMA {each}_count").fetchone()[0] for each in ("page", "freelist"))
        assert (pages - free) * 4096 <= SMALLEST_BYTES
        assert outbox.depth + sum(outbox.statistics().lost.values()) == 20_200 + 2020


def test_what_was_set_aside_is_kept_and_goes_first_when_room_is_needed(tmp_path: Path) -> None:
    """It does not wait any more, survives a restart, a receipt that comes late still takes it, and of what is lost it
    is the first. A report that was set aside stays.
    """
    path = tmp_path / "a.outbox"
    with Outbox(path, limit_bytes=SMALLEST_BYTES) as outbox:
        seqs = outbox.append_many(epoch(at) for at in range(10))
        report = outbox.append_report(BODY, TIME)
        assert outbox.set_aside([*seqs[:4], report, 99], "Payload format invalid") == 5
        assert outbox.set_aside(seqs[:4], "again") == 0
        assert [item.seq for item in outbox.oldest(99)] == seqs[4:]
        assert outbox.get(seqs[:4]) == outbox.reports(9) == []
        assert (outbox.depth, outbox.statistics().aside, outbox.statistics().reports) == (6, 5, 0)
    with Outbox(path, limit_bytes=SMALLEST_BYTES) as outbox:
        assert outbox.statistics().aside == 5
        assert outbox.delete([(1, 1)]) == 1
        assert outbox.append(*epoch(11)) == 12
        fill(outbox, 6000)
        told = outbox.statistics()
        assert (told.aside, told.lost["aside-dropped"]) == (1, 3)


def test_a_row_that_the_disk_has_damaged_stops_nothing(tmp_path: Path) -> None:
    """It is set aside; its neighbours go on."""
    with Outbox(tmp_path / "a.outbox") as outbox:
        outbox.append_many(epoch(at) for at in range(5))
        outbox._table.appending.execute("UPDATE item SET lines = x'DEADBEEF' WHERE seq = 3")
        assert [item.seq for item in outbox.oldest(9)] == [1, 2, 4, 5]
        outbox.append(*epoch(6))
        assert (outbox.depth, outbox.statistics().aside) == (5, 1)


@given(st.lists(st.binary(max_size=60).filter(lambda line: b"\r\n" not in line and b"\r" not in line), min_size=1))
def test_packing_keeps_every_byte(lines: list[bytes]) -> None:
    """Whatever a receiver sends."""
    assert unpack(*pack(tuple(lines))) == tuple(lines)


@given(st.binary(max_size=80))
def test_damaged_bytes_are_refused_or_read_and_nothing_worse(body: bytes) -> None:
    """Only a ValueError, and never more memory than an epoch may take."""
    with contextlib.suppress(ValueError):
        assert sum(map(len, unpack(1, body))) <= 64 * 1024


@given(st.lists(st.sampled_from(["gnss", "modem", "phone"]), max_size=60))
def test_thinning_takes_half_of_each_source_and_no_last_one(sources: list[str]) -> None:
    """Rounded up; the later of two stays."""
    given_up = every_second(list(enumerate(sources)))
    for source in set(sources):
        mine = [at for at, each in enumerate(sources) if each == source]
        assert [at for at in mine if at in given_up] == mine[::2]


def test_open_outbox_moves_a_damaged_file_aside_and_begins_anew(tmp_path: Path) -> None:
    """Kept, with its log, under a name of its own, a second one as well; and it is said."""
    path, told = tmp_path / "a.outbox", list[str]()
    for name in ("a.outbox.damaged", "a.outbox.damaged-2"):
        path.write_bytes(b"no database " * 500)
        outbox = open_outbox(path, told.append)
        assert isinstance(outbox, Outbox)
        assert outbox.append(*epoch(1)) == 1
        outbox.close()
        assert (tmp_path / name).read_bytes() == b"no database " * 500
        assert name in told[-1]
        path.unlink()


def test_open_outbox_is_in_memory_where_the_disk_lets_nothing_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vehicle without a disk must still be seen; it is said what that costs."""
    told: list[str] = []
    outbox = open_outbox(tmp_path / "absent" / "a.outbox", told.append)
    assert isinstance(outbox, MemoryOutbox)
    assert "kept in memory only" in told[0]

    def refuse(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr("fieldunit.outbox.database.connect", refuse)
    assert isinstance(open_outbox(tmp_path / "b.outbox", told.append), MemoryOutbox)
    assert "is the disk full, read-only or broken?" in told[1]


def test_open_outbox_does_not_take_what_another_process_holds(tmp_path: Path) -> None:
    """That is a mistake of whoever started the second one, and stays an error."""
    with Outbox(tmp_path / "a.outbox"), pytest.raises(OutboxError, match="in use by another"):
        open_outbox(tmp_path / "a.outbox", print)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("afrds"), st.integers(1, 40)), max_size=40))
def test_file_and_memory_do_the_same(steps: list[tuple[str, int]]) -> None:
    """Append, read, report, delete and set aside, in any order: same numbers, same items, same counts."""
    with tempfile.TemporaryDirectory() as folder, Outbox(Path(folder) / "a.outbox") as file:
        memory = MemoryOutbox()
        for step, n in steps:
            both: list[object] = []
            for outbox in (file, memory):
                if step == "a":
                    both.append(outbox.append_many(epoch(at) for at in range(n)))
                elif step == "r":
                    both.append(outbox.append_report(BODY, TIME))
                elif step == "d":
                    both.append(outbox.delete([(n, n + 5), (9, 3), (n * 2, n * 2)]))
                elif step == "s":
                    both.append(outbox.set_aside([n, n + 1], "refused"))
                else:
                    both.append(
                        (outbox.oldest(n, n), outbox.newest(n), outbox.reports(3, n), outbox.get([n, 2 * n, 7]))
                    )
            assert both[0] == both[1]
            assert file.depth == memory.depth
            assert file.statistics()[:6] == memory.statistics()[:6]
