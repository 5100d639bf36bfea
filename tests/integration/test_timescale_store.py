"""The gateway's own .sql files, run by its own storage code against TimescaleDB: late data into compressed chunks,
and every query there is.

It runs against TimescaleDB in WebAssembly, and also against the server that ``SIGAP_TEST_DATABASE_URL`` names.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, LiteralString

import msgspec
import psycopg
import pytest
from psycopg import AsyncConnection, AsyncCursor

from gateway.storage import fixes, migrations, quarantine, sql, units
from gateway.storage.fixes import Outcome, Row
from gateway.storage.pool import STATEMENT_TIMEOUT_MS, open_pool
from gateway.storage.units import Unit
from tests.fix_servers import OTHER_DATABASE
from tests.integration import timescale_stories as stories
from tracker.errors import Reason
from tracker.fix import Fix, Mode, Quality, Solution

Connection = AsyncConnection[Any]

SERVERS = ["timescale_url", *(["database_url"] if OTHER_DATABASE in os.environ else [])]
LONG_AGO = datetime(2026, 2, 3, 1, tzinfo=UTC)
"""A day whose chunk a test may compress; nothing here lies on it but what the test puts there."""


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> str:
    """A database with TimescaleDB. The one in WebAssembly is shared by all tests: each uses a centre of its own."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, str)
    return found


@pytest.fixture
async def connection(url: str) -> AsyncIterator[Connection]:
    """A connection as the gateway has it, to a database of the newest schema."""
    async with await AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute("set client_min_messages = warning")
        await migrations.migrate(conn)
        await conn.execute(f"set statement_timeout = {STATEMENT_TIMEOUT_MS}")
        await conn.execute(sql.query("staging"))
        yield conn


def row(centre: str, time: datetime, **known: Any) -> Row:
    """A good fix near Bojonegoro, by a receiver that says little; ``known`` is what it says beyond that."""
    fix = Fix(time=time, **({"latitude": -7.15, "longitude": 111.88} | known))
    return Row(centre, "ambulans-01", "gnss", fix, time + timedelta(seconds=1), "k3x9", 7)


async def store(connection: Connection, rows: list[Row]) -> Counter[Outcome]:
    """Store and commit; how many rows became what."""
    async with connection.transaction():
        return Counter(await fixes.store(connection, rows))


async def one(connection: Connection, query: LiteralString, *values: Any) -> Any:
    """The one value of the one row of a query."""
    found = await (await connection.execute(query, values)).fetchone()
    assert found is not None
    return found[0]


async def compress(connection: Connection, day: datetime) -> None:
    """Compress the chunk that holds this instant."""
    await connection.execute(
        "select compress_chunk(c) from show_chunks('fixes', newer_than => %s, older_than => %s) c",
        (day - timedelta(days=1), day + timedelta(days=1)),
    )
    assert await is_compressed(connection, day)


async def is_compressed(connection: Connection, day: datetime) -> Any:
    return await one(
        connection,
        "select is_compressed from timescaledb_information.chunks "
        "where hypertable_name = 'fixes' and range_start <= %s and range_end > %s",
        day,
        day,
    )


async def test_every_migration_is_applied_once_and_makes_a_hypertable(connection: Connection) -> None:
    """On TimescaleDB the same migrations give a hypertable compressed by unit; running them again does nothing."""
    assert await migrations.migrate(connection) == []
    applied = await connection.execute("select number, name from schema_migrations order by number")
    assert await applied.fetchall() == [(number, name) for number, name, _ in sql.migrations()]
    assert await one(connection, "select compression_enabled from timescaledb_information.hypertables") is True
    segments = await connection.execute(
        "select attname from timescaledb_information.compression_settings "
        "where hypertable_name = 'fixes' and segmentby_column_index is not null order by segmentby_column_index"
    )
    assert await segments.fetchall() == [("centre",), ("unit",)]


async def test_5000_late_fixes_half_of_them_known_go_into_a_compressed_chunk(connection: Connection) -> None:
    """Exact counts: 5,000 rows whose chunk is compressed, 2,500 of them duplicates, add 2,500 and change nothing else;
    delivered again they add none; compressed again all 7,500 are there. No statement takes longer than it may."""
    at = [LONG_AGO + timedelta(seconds=n) for n in range(10_000)]
    known = [row("late", time, speed=12.5) for time in at[::2]]
    late = [row("late", time, speed=12.5) for time in at[1::4] + at[::4]]
    assert (len(known), len(late)) == (5000, 5000)
    assert await store(connection, known) == {Outcome.STORED: 5000}
    await compress(connection, LONG_AGO)
    assert await store(connection, late) == {Outcome.STORED: 2500, Outcome.DUPLICATE: 2500}
    assert await store(connection, late) == {Outcome.DUPLICATE: 5000}
    await compress(connection, LONG_AGO)
    for count in ("select count(*) from fixes where centre = 'late'",
                  "select count(distinct (unit, source, fix_time)) from fixes where centre = 'late'"):  # fmt: skip
        assert await one(connection, count) == 7500
    page = await fixes.page(connection, "late", "ambulans-01", LONG_AGO, LONG_AGO + timedelta(days=1), 10_000)
    assert [stored.fix.time for stored in page] == sorted(at[::2] + at[1::4])
    assert {stored.fix.speed for stored in page} == {12.5}


async def test_a_contradiction_of_a_compressed_fix_is_told_and_not_stored(connection: Connection) -> None:
    """In one batch: a new fix, a known one, one at the same instant elsewhere, and one contradicting the batch itself.
    Each is told apart, in the batch's order, and what was compressed stays as it was."""
    time = LONG_AGO + timedelta(days=7)
    assert await store(connection, [row("dispute", time, speed=10.0)]) == {Outcome.STORED: 1}
    await compress(connection, time)
    after = time + timedelta(seconds=1)
    batch = [
        row("dispute", after, latitude=-7.2),
        row("dispute", time, speed=10.0),
        row("dispute", time, longitude=111.89),
        row("dispute", after, latitude=-7.3),
        row("dispute", time, speed=19.0),
    ]
    async with connection.transaction():
        outcomes = await fixes.store(connection, batch)
    told = [Outcome.STORED, Outcome.DUPLICATE, Outcome.CONTRADICTION, Outcome.CONTRADICTION, Outcome.CONTRADICTION]
    assert outcomes == told
    page = await fixes.page(connection, "dispute", "ambulans-01", time, after + timedelta(days=1), 10)
    assert [(s.fix.latitude, s.fix.longitude, s.fix.speed) for s in page] == [
        (-7.15, 111.88, 10.0),
        (-7.2, 111.88, None),
    ]


async def test_a_later_message_fills_what_a_compressed_fix_left_empty(connection: Connection) -> None:
    """The second message of the same fix completes it, and takes nothing back, in a compressed chunk too."""
    time = LONG_AGO + timedelta(days=14)
    assert await store(connection, [row("fill", time, speed=10.0, hdop=0.5)]) == {Outcome.STORED: 1}
    await compress(connection, time)
    second = row("fill", time, altitude=42.5, mode=Mode.THREE_D, solution=Solution.DIFFERENTIAL, hdop=2.0, satellites=9)
    assert await store(connection, [second]) == {Outcome.DUPLICATE: 1}
    (stored,) = await fixes.page(connection, "fill", "ambulans-01", time, time + timedelta(days=1), 10)
    assert stored.fix == msgspec.structs.replace(second.fix, speed=10.0, hdop=0.5)
    assert (stored.outbox, stored.sequence, stored.received_at) == ("k3x9", 7, time + timedelta(seconds=1))


async def test_the_judge_flags_a_fix_in_a_compressed_chunk(connection: Connection) -> None:
    """Late data is judged as well: its flags are written where all around it is compressed already."""
    late = row("judged", LONG_AGO + timedelta(days=42), speed=10.0, quality=Quality.NOT_MEASURED)
    assert await store(connection, [late]) == {Outcome.STORED: 1}
    await compress(connection, late.fix.time)
    await stories.flags_of_a_track(connection, "judged", late)


async def test_a_late_duplicate_opens_the_segment_of_its_unit_and_no_other(connection: Connection) -> None:
    """What a late batch costs depends on the batch and not on the fleet. TimescaleDB refuses a statement that would
    decompress more than it may: here one segment, where a fleet of 20 has 20 in the same hours."""
    time = LONG_AGO + timedelta(days=35)
    track = [row("fleet", time + timedelta(seconds=n), speed=12.5) for n in range(100)]
    fleet = [msgspec.structs.replace(fix, unit=f"ambulans-{n:02d}") for fix in track for n in range(1, 21)]
    assert await store(connection, fleet) == {Outcome.STORED: 2000}
    await compress(connection, time)
    limit = "timescaledb.max_tuples_decompressed_per_dml_transaction"
    await connection.execute(f"set {limit} = 100")
    try:
        assert await store(connection, [track[0], track[99]]) == {Outcome.DUPLICATE: 2}
        filling = [row("fleet", time + timedelta(seconds=n), altitude=42.5) for n in (0, 99)]
        assert await store(connection, filling) == {Outcome.DUPLICATE: 2}
    finally:
        await connection.execute(f"reset {limit}")
    assert await one(connection, "select count(*) from fixes where centre = 'fleet' and altitude = 42.5") == 2
    assert await one(connection, "select count(*) from fixes where centre = 'fleet'") == 2000


async def test_a_fix_that_the_database_drops_is_noticed_before_the_commit(connection: Connection) -> None:
    """The proof bites: where the insert says nothing and stores nothing, the batch is refused and rolled back."""
    time = LONG_AGO + timedelta(days=21)
    batch = [row("lossy", time), row("lossy", time + timedelta(seconds=1), hdop=99.0)]

    async def store_with_losses() -> None:
        async with connection.transaction():
            await connection.execute(
                """create function drop_row() returns trigger language plpgsql as 'begin return null; end';
                   create trigger lossy before insert on fixes
                   for each row when (new.hdop = 99) execute function drop_row()"""
            )
            await fixes.store(connection, batch)

    with pytest.raises(fixes.StoreProofFailed, match="1 of 2"):
        await store_with_losses()
    assert await one(connection, "select count(*) from fixes where centre = 'lossy'") == 0


async def test_the_policy_compresses_old_days_and_leaves_the_late_window_alone(connection: Connection) -> None:
    """What units may still deliver is not compressed; what is older than the window is."""
    now = datetime.now(UTC)
    old, recent = now - timedelta(days=40), now - timedelta(days=10)
    job = await one(
        connection,
        "select job_id from timescaledb_information.jobs "
        "where hypertable_name = 'fixes' and proc_name = 'policy_compression'",
    )
    await connection.execute("select alter_job(%s, scheduled => false)", (job,))  # a server runs it by itself, too
    running = "select count(*) from timescaledb_information.job_stats where job_id = %s and job_status = 'Running'"
    deadline = monotonic() + 60
    while await one(connection, running, job):
        assert monotonic() < deadline, "the server's own run of the policy does not end"
    await store(connection, [row("policy", day) for day in (old, recent, now)])
    await connection.execute("call run_job(%s)", (job,))
    assert [await is_compressed(connection, day) for day in (old, recent, now)] == [True, False, False]
    assert await store(connection, [row("policy", old), row("policy", old + timedelta(seconds=1))]) == {
        Outcome.STORED: 1,
        Outcome.DUPLICATE: 1,
    }


async def test_the_gateways_pool_stores_through_any_of_its_connections(connection: Connection, url: str) -> None:
    """The pool's own set-up of connections works on TimescaleDB, and each has a place to stage."""
    time = LONG_AGO + timedelta(days=28)
    async with open_pool(url, 3) as pool, pool.connection() as first, pool.connection() as second:
        assert await store(first, [row("pool", time)]) == {Outcome.STORED: 1}
        assert await store(second, [row("pool", time)]) == {Outcome.DUPLICATE: 1}
    assert await one(connection, "select count(*) from fixes where centre = 'pool'") == 1


def recorder(executed: set[str]) -> type[AsyncCursor[Any]]:
    """A class of cursors that note the text of whatever the server has executed for them."""

    class Recorder(AsyncCursor[Any]):
        async def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            await super().execute(query, *args, **kwargs)
            executed.add(query)
            return self

        async def executemany(self, query: Any, *args: Any, **kwargs: Any) -> None:
            await super().executemany(query, *args, **kwargs)
            executed.add(query)

        def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
            executed.add(statement)
            return super().copy(statement, *args, **kwargs)

    return Recorder


async def test_every_query_file_runs_on_timescaledb_or_is_planned_there(connection: Connection) -> None:
    """Each verb of gateway.storage that reads or writes fixes gives what was put in. What no story runs, the server
    plans with every value unknown: tables, columns and types are there. A new file that names the hypertable makes this
    test fail until its verb is called here, or in a story."""
    executed: set[str] = set()
    connection.cursor_factory = recorder(executed)
    await connection.execute(sql.query("staging"))

    await units.enrol(connection, "semua", Unit("ambulans-01", "Ambulans", "ambulance"))
    await units.enrol(connection, "semua", Unit("ambulans-01", "Ambulans 01", "ambulance"))
    await units.describe_centre(connection, "semua", "PSC 119 Semua", "Asia/Jakarta")
    assert [await units.time_zone(connection, each) for each in ("semua", "nobody")] == ["Asia/Jakarta", "UTC"]
    assert await units.enrolled(connection, "semua") == [Unit("ambulans-01", "Ambulans 01", "ambulance")]
    with pytest.raises(psycopg.errors.CheckViolation):
        await units.enrol(connection, "semua", Unit("Ambulans 02", "", "ambulance"))

    good = row("semua", LONG_AGO)
    doubted = row("semua", LONG_AGO + timedelta(days=300), quality=Quality.FUTURE)
    elsewhere = row("semua", LONG_AGO, latitude=-8.0)
    assert await store(connection, [good, doubted, good, elsewhere]) == {
        Outcome.STORED: 2,
        Outcome.DUPLICATE: 1,
        Outcome.CONTRADICTION: 1,
    }
    good = row("semua", LONG_AGO, speed=12.5)
    assert await store(connection, [good]) == {Outcome.DUPLICATE: 1}
    assert [stored.fix for stored in await fixes.latest(connection, "semua")] == [good.fix]
    end = doubted.fix.time + timedelta(seconds=1)
    first = await fixes.page(connection, "semua", "ambulans-01", LONG_AGO, end, 1)
    rest = await fixes.page(connection, "semua", "ambulans-01", LONG_AGO, end, 9, (first[0].fix.time, first[0].source))
    assert [stored.fix for stored in first + rest] == [good.fix, doubted.fix]

    refused = quarantine.Refused("sigap/v1/semua/x", next(iter(Reason)), "cut", b"$GN\x00\xff", LONG_AGO)
    for _ in range(2):
        async with connection.transaction():
            await quarantine.keep(connection, "semua", [refused])
    (kept,) = await quarantine.newest(connection, "semua", 10)
    assert (kept.payload, kept.reason, kept.times_seen) == (refused.payload, refused.reason.value, 2)
    assert await quarantine.counts(connection, "semua") == {refused.reason.value: 1}
    early = quarantine.Refused("sigap/v1/semua/units/nanti/nmea", Reason.NOT_ENROLLED, "who?", b"$GN", LONG_AGO)
    async with connection.transaction():
        await quarantine.keep(connection, "semua", [early])
    (waiting,) = await quarantine.of_stranger(connection, "semua", quarantine.of_unit("semua", "nanti"), 0, 10)
    await quarantine.release(connection, "semua", [waiting.id])
    assert await quarantine.of_stranger(connection, "semua", quarantine.of_unit("semua", "nanti"), 0, 10) == []

    await stories.bridges_and_phones(connection, "semua", LONG_AGO)
    await stories.missions_from_open_to_score(connection, "semua", good)
    await stories.models_and_the_drives_behind_them(connection, "semua", good)
    await stories.closures_until_taken_back(connection, "semua", LONG_AGO)
    await stories.commands_until_settled(connection, "semua", LONG_AGO)
    await stories.reports_of_a_crew(connection, "semua", LONG_AGO)
    await stories.alarms_and_health(connection, "semua", LONG_AGO)
    await stories.flags_of_a_track(connection, "semua", doubted)
    untold = [name for name in sql.query_names() if sql.query(name) not in executed]
    assert [name for name in untold if re.search(r"\bfixes\b", sql.query(name))] == []
    for text in map(sql.query, untold):
        plan: LiteralString = "" if text.startswith("LOCK") else "EXPLAIN "  # a lock has no plan, and may be had
        async with connection.transaction():
            await connection.execute(plan + text, defaultdict(lambda: None))
