"""The bridge to TimescaleDB says what a PostgreSQL server says, as far as the tests of our SQL rely on it."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import errors, pq, sql

from tests.fix_timescale import StartBridge

Connection = psycopg.Connection[Any]


@pytest.fixture
def conn(timescale_url: str) -> Iterator[Connection]:
    """A connection in autocommit mode."""
    with psycopg.connect(timescale_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def aconn(timescale_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """An asynchronous connection in autocommit mode."""
    async with await psycopg.AsyncConnection.connect(timescale_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def table(conn: Connection) -> Iterator[sql.Identifier]:
    """An empty table ``(id int primary key, word text)``."""
    name = sql.Identifier("words")
    conn.execute(sql.SQL("create table {} (id int primary key, word text)").format(name))
    yield name
    conn.execute(sql.SQL("drop table {}").format(name))


def fill(template: LiteralString, table: sql.Identifier) -> sql.Composed:
    return sql.SQL(template).format(table)


def count(conn: Connection, table: sql.Identifier) -> int:
    row = conn.execute(fill("select count(*) from {}", table)).fetchone()
    assert row is not None
    return int(row[0])


def test_the_server_introduces_itself(conn: Connection) -> None:
    """A client learns version and settings from the greeting, and TimescaleDB is there to be made."""
    assert conn.info.server_version // 10000 == 17
    assert conn.info.encoding == "utf-8"
    assert str(conn.info.timezone) == "UTC"
    found = conn.execute("select name from pg_available_extensions where name = 'timescaledb'").fetchall()
    assert found == [("timescaledb",)]


def test_encryption_is_declined_as_the_protocol_says(timescale_url: str) -> None:
    """A client that prefers TLS goes on without; one that requires it refuses."""
    plain = timescale_url.partition("?")[0]
    with psycopg.connect(plain, sslmode="prefer") as conn:
        assert conn.pgconn.ssl_in_use is False
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        psycopg.connect(plain, sslmode="require")


@pytest.mark.parametrize(("statement", "types"), [
    ("copy {} from stdin", None),
    ("-- a comment first\nCOPY {} (id, word) FROM STDIN (FORMAT text)", None),
    ("copy {} from stdin (format binary)", ["int4", "text"]),
    ("copy {} (id, word) from stdin with binary", ["int4", "text"]),
])  # fmt: skip
def test_copied_rows_arrive(
    conn: Connection, table: sql.Identifier, statement: LiteralString, types: list[str] | None
) -> None:
    """COPY FROM STDIN stores what it was given, in text and in binary format."""
    rows = [(i, f"Kabupaten № {i}\t\\.") for i in range(20_000)]
    with conn.cursor() as cursor:
        with cursor.copy(fill(statement, table)) as copy:
            if types:
                copy.set_types(types)
            for row in rows:
                copy.write_row(row)
        assert cursor.rowcount == len(rows)
    assert conn.execute(fill("select id, word from {} order by id", table)).fetchall() == rows


@pytest.mark.parametrize("layout", ["text", "binary"])
def test_a_query_is_copied_out(conn: Connection, layout: LiteralString) -> None:
    """COPY TO STDOUT gives every row."""
    query = sql.SQL("copy (select i, i::text from generate_series(1, 5000) i) to stdout (format {})")
    with conn.cursor().copy(query.format(sql.SQL(layout))) as copy:
        copy.set_types(["int4", "text"])
        assert list(copy.rows()) == [(i, str(i)) for i in range(1, 5001)]


def test_copy_works_in_the_extended_protocol(conn: Connection, table: sql.Identifier) -> None:
    """COPY that comes as Parse, Bind, Execute is the same COPY; after it the connection is in step."""
    pgconn = conn.pgconn
    started = pgconn.exec_params(b"copy words from stdin", None)
    assert started.status == pq.ExecStatus.COPY_IN
    pgconn.put_copy_data(b"1\tsatu\n")
    pgconn.put_copy_end()
    done = pgconn.get_result()
    assert done is not None
    assert done.status == pq.ExecStatus.COMMAND_OK
    assert pgconn.get_result() is None
    started = pgconn.exec_params(b"copy words from stdin", None)
    assert started.status == pq.ExecStatus.COPY_IN
    pgconn.put_copy_end(b"changed my mind")
    failed = pgconn.get_result()
    assert failed is not None
    assert failed.error_field(pq.DiagnosticField.SQLSTATE) == b"57014"
    assert pgconn.get_result() is None
    assert count(conn, table) == 1
    assert pgconn.exec_params(b"copy nowhere from stdin", None).status == pq.ExecStatus.COPY_IN
    pgconn.put_copy_end()
    missing = pgconn.get_result()
    assert missing is not None
    assert missing.error_field(pq.DiagnosticField.SQLSTATE) == b"42P01"
    assert pgconn.get_result() is None
    assert pgconn.exec_params(b"copy words from stdin (nonsense", None).status == pq.ExecStatus.FATAL_ERROR
    assert count(conn, table) == 1


@pytest.mark.parametrize(("data", "refusal"), [
    (b"1\tsatu\n1\tlagi\n", errors.UniqueViolation),
    (b"satu\tsatu\n", errors.InvalidTextRepresentation),
    (b"1\tsatu\ttoo many\n", errors.BadCopyFileFormat),
    (b"\\N\tsatu\n", errors.NotNullViolation),
])  # fmt: skip
def test_a_refused_copy_names_its_error_and_stores_nothing(
    conn: Connection, table: sql.Identifier, data: bytes, refusal: type[psycopg.Error]
) -> None:
    """The SQLSTATE of a failed COPY reaches the client, and the transaction is as failed as on a server."""
    with conn.transaction(force_rollback=True):
        with pytest.raises(refusal), conn.cursor().copy(fill("copy {} from stdin", table)) as copy:
            copy.write(data)
        assert conn.info.transaction_status == pq.TransactionStatus.INERROR
        with pytest.raises(errors.InFailedSqlTransaction):
            conn.execute("select 1")
    assert count(conn, table) == 0


def test_a_copy_that_the_client_breaks_off_stores_nothing(conn: Connection, table: sql.Identifier) -> None:
    """An exception in the middle of COPY leaves no row, whatever was written before it."""

    def write() -> None:
        with conn.cursor().copy(fill("copy {} from stdin", table)) as copy:
            copy.write_row((1, "it's"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert count(conn, table) == 0


def test_errors_carry_their_sqlstate_and_their_constraint(conn: Connection, table: sql.Identifier) -> None:
    """Code that tells errors apart by class or constraint can be tested."""
    insert = fill("insert into {} values (%s, %s)", table)
    conn.execute(insert, (1, "satu"))
    with pytest.raises(errors.UniqueViolation) as caught:
        conn.execute(insert, (1, "lagi"))
    assert (caught.value.sqlstate, caught.value.diag.constraint_name) == ("23505", "words_pkey")
    with pytest.raises(errors.DivisionByZero):
        conn.execute("select 1 / %s", (0,))
    with pytest.raises(errors.UndefinedColumn):
        conn.execute("select nothing")


def test_executemany_of_5000_rows_counts_them(conn: Connection, table: sql.Identifier) -> None:
    """Many messages in one TCP segment, and messages across segments, are cut rightly."""
    with conn.cursor() as cursor:
        cursor.executemany(
            fill("insert into {} values (%s, %s) on conflict do nothing", table), [(i % 4000, "x") for i in range(5000)]
        )
        assert cursor.rowcount == 4000
    assert count(conn, table) == 4000


def test_a_large_value_survives_both_ways(conn: Connection) -> None:
    """3 MB in one message, there and back."""
    value = bytes(range(256)) * 12_000
    row = conn.execute("select %b::bytea, length(%b::bytea)", (value, value)).fetchone()
    assert row == (value, len(value))


def test_an_error_in_a_pipeline_stops_it_until_the_sync(conn: Connection, table: sql.Identifier) -> None:
    """What follows an error in a pipeline is not executed, what came before in it is undone; the connection lives."""
    insert = fill("insert into {} values (%s, %s)", table)

    def send() -> None:
        with conn.pipeline() as pipeline:
            conn.execute(insert, (1, "satu"))
            pipeline.sync()
            for n in (2, 1, 3):
                conn.execute(insert, (n, "lagi"))

    with pytest.raises(errors.UniqueViolation):
        send()
    assert conn.execute(fill("select id from {}", table)).fetchall() == [(1,)]


def test_a_pipeline_answers_in_order(conn: Connection) -> None:
    """Results belong to their queries."""
    with conn.pipeline():
        cursors = [conn.execute("select %s::int", (i,)) for i in range(200)]
        assert [cursor.fetchone() for cursor in cursors] == [(i,) for i in range(200)]


def test_prepared_statements_of_five_connections_do_not_meet(timescale_url: str) -> None:
    """psycopg gives statements the same names on every connection; each still gets its own, also after one of
    them has thrown all its statements away."""
    barrier = threading.Barrier(5)

    def work(number: int) -> list[tuple[Any, ...] | None]:
        with psycopg.connect(timescale_url, autocommit=True, prepare_threshold=0) as conn:
            text = sql.SQL("select {}::int, %s::int").format(number)
            found = []
            for i in range(100):
                barrier.wait(20)
                if number == 0 and i == 50:
                    conn.execute("deallocate all")
                    conn.prepare_threshold = None
                found.append(conn.execute(text, (i,)).fetchone())
            return found

    with ThreadPoolExecutor(5) as pool:
        for number, found in enumerate(pool.map(work, range(5))):
            assert found == [(number, i) for i in range(100)]


def test_statements_of_a_closed_connection_are_forgotten(conn: Connection, timescale_url: str) -> None:
    """Nothing piles up in the one backend."""
    with psycopg.connect(timescale_url, autocommit=True, prepare_threshold=0) as other:
        other.execute("select 'kept for now'")
        kept = conn.execute("select count(*) from pg_prepared_statements where statement like '%kept%'").fetchone()
        assert kept == (1,)
    with psycopg.connect(timescale_url, autocommit=True, prepare_threshold=0) as other:
        other.execute("select 'dropped'")
        other.execute("drop table if exists no_such_table")  # after DROP, psycopg deallocates all it has
        other.execute("select 'dropped'")
    deadline = time.monotonic() + 20
    while left := conn.execute("select name, statement from pg_prepared_statements", prepare=False).fetchall():
        assert time.monotonic() < deadline, left


def test_a_notification_reaches_who_listens_and_nobody_else(conn: Connection, timescale_url: str) -> None:
    """LISTEN is a connection's own; a notification comes with the commit, and carries its sender."""
    with (
        psycopg.connect(timescale_url, autocommit=True) as first,
        psycopg.connect(timescale_url, autocommit=True) as second,
    ):
        first.execute("listen fixes")
        second.execute('listen "fixes"')
        with conn.transaction():
            conn.execute("notify fixes, 'not yet'")
            with conn.transaction(force_rollback=True):
                conn.execute("notify fixes, 'never'")
            assert list(first.notifies(timeout=0.1)) == []
        for listener in (first, second):
            (heard,) = listener.notifies(timeout=10, stop_after=1)
            assert (heard.channel, heard.payload, heard.pid) == ("fixes", "not yet", conn.info.backend_pid)
        second.execute("unlisten fixes")
        conn.execute("select pg_notify('fixes', 'again'), pg_notify('Others', 'no')")
        assert [heard.payload for heard in first.notifies(timeout=10, stop_after=1)] == ["again"]
        assert list(second.notifies(timeout=0.1)) == []
        assert list(first.notifies(timeout=0.1)) == []


def test_transactions_of_two_connections_run_one_after_the_other(
    conn: Connection, table: sql.Identifier, timescale_url: str
) -> None:
    """Read, then write, in two threads at once: no update is lost."""
    conn.execute(fill("insert into {} values (1, '0')", table))

    def add() -> None:
        with psycopg.connect(timescale_url) as mine:
            for _ in range(50):
                with mine.transaction():
                    row = mine.execute(fill("select word from {}", table)).fetchone()
                    assert row is not None
                    mine.execute(fill("update {} set word = %s", table), (str(int(row[0]) + 1),))

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert conn.execute(fill("select word from {}", table)).fetchall() == [("100",)]


@pytest.mark.parametrize("pipelined", [False, True])
def test_what_a_broken_connection_left_open_is_undone(
    conn: Connection, table: sql.Identifier, timescale_url: str, pipelined: bool
) -> None:
    """A client that vanishes leaves neither rows nor a lock behind."""
    other = psycopg.connect(timescale_url, autocommit=pipelined)
    if pipelined:
        other.pgconn.enter_pipeline_mode()
        other.pgconn.send_query_params(b"insert into words values (1, 'satu')", None)
        other.pgconn.send_flush_request()
        other.pgconn.flush()
        other.pgconn.get_result()  # it was executed, and no Sync has ended it
    else:
        other.execute(fill("insert into {} values (1, 'satu')", table))
    other.pgconn.finish()
    other.close()
    assert count(conn, table) == 0


def test_waiting_for_another_transaction_ends_with_an_error(start_timescale: StartBridge) -> None:
    """A test that waits for itself is told so, and both connections go on."""
    with (
        start_timescale(patience_s=0.2) as bridge,
        psycopg.connect(bridge.url) as first,
        psycopg.connect(bridge.url, autocommit=True) as second,
    ):
        first.execute("select 1")
        for text, values in [("select 2", None), ("select %s", (2,))]:
            with pytest.raises(errors.LockNotAvailable, match="one backend for all"):
                second.execute(text, values)
        first.rollback()
        assert second.execute("select %s", (3,)).fetchone() == (3,)


def test_a_request_to_cancel_is_taken_and_changes_nothing(conn: Connection) -> None:
    """Nothing waits for a cancellation that cannot come."""
    conn.cancel_safe(timeout=10)
    assert conn.execute("select 1").fetchone() == (1,)


def test_a_staging_table_empties_itself_at_commit(conn: Connection, timescale_url: str) -> None:
    """The table that batches land in is shared by all connections, and empty whenever a transaction begins."""
    create = "create temp table if not exists staged_words (id int) on commit delete rows"
    with psycopg.connect(timescale_url, autocommit=True) as other:
        for connection in (conn, other, conn):
            connection.execute(create)
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("copy staged_words from stdin") as copy:
                    copy.write_row((1,))
                assert cursor.execute("select count(*) from staged_words").fetchone() == (1,)
    conn.execute("drop table staged_words")


def test_timescaledb_compresses_aggregates_and_runs_jobs(conn: Connection) -> None:
    """The extension is the real one: hypertable, compression, late rows, continuous aggregate, policies by hand."""
    conn.execute("create extension if not exists timescaledb")
    conn.execute("create table m (t timestamptz not null, unit text not null, v float8, primary key (unit, t))")
    conn.execute("select create_hypertable('m', 't', chunk_time_interval => interval '1 day')")
    conn.execute("alter table m set (timescaledb.compress, timescaledb.compress_segmentby = 'unit')")
    conn.execute("""insert into m select '2026-01-01Z'::timestamptz + i * interval '1 minute', 'ambulans-01', i
                    from generate_series(1, 2000) i""")
    row = conn.execute("select add_compression_policy('m', interval '14 days')").fetchone()
    assert row is not None
    conn.execute("call run_job(%s)", row)
    chunks = conn.execute("select is_compressed from timescaledb_information.chunks where hypertable_name = 'm'")
    assert chunks.fetchall() == [(True,), (True,)]
    late = conn.execute("""insert into m select '2026-01-01Z'::timestamptz + i * interval '30 seconds', 'ambulans-01', i
                           from generate_series(1, 2000) i on conflict do nothing""")
    assert late.rowcount == 1000
    conn.execute("""create materialized view hourly with (timescaledb.continuous) as
                    select time_bucket('1 hour', t) as hour, count(*) as fixes from m group by 1 with no data""")
    conn.execute("call refresh_continuous_aggregate('hourly', null, null)")
    assert conn.execute("select sum(fixes) from hourly").fetchone() == (3000,)
    conn.execute("drop materialized view hourly")
    conn.execute("drop table m")


async def test_the_asynchronous_client_works_the_same(aconn: psycopg.AsyncConnection[Any]) -> None:
    """asyncio: COPY into staging, insert on conflict, pipeline, errors."""
    await aconn.execute("create table afixes (id int primary key)")
    await aconn.execute("create temp table if not exists astaged (id int) on commit delete rows")
    for expected in (1000, 500):
        async with aconn.transaction(), aconn.cursor() as cursor:
            async with cursor.copy("copy astaged from stdin (format binary)") as copy:
                copy.set_types(["int4"])
                for i in range(1000):
                    await copy.write_row((i + 1500 - expected if expected == 500 else i + 500,))
            await cursor.execute("insert into afixes select id from astaged on conflict do nothing returning id")
            assert cursor.rowcount == expected
    async with aconn.pipeline():
        cursors = [await aconn.execute("select %s::int", (i,)) for i in range(50)]
        assert [await cursor.fetchone() for cursor in cursors] == [(i,) for i in range(50)]
    with pytest.raises(errors.UniqueViolation):
        await aconn.execute("insert into afixes values (500)")
    await aconn.execute("drop table afixes; drop table astaged")
