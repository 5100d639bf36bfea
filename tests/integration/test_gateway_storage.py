"""The store on a real PostgreSQL: concurrency, the proof before the commit, the schema and its migrations."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.services.accept_messages import Acceptance, Message
from gateway.services.count import Intake
from gateway.services.enrolment import Enrolment
from gateway.storage import fixes, quarantine, sql
from gateway.storage.fixes import Outcome, Row, StoreProofFailed
from gateway.storage.migrations import MigrationsDisagree, migrate
from gateway.storage.pool import open_pool, type_of_pool
from gateway.storage.quarantine import Refused
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import MORNING, epoch, topic
from tracker.errors import Reason
from tracker.fix import UNUSABLE, Fix, Quality

UNIT = "ambulans-01"


def row(number: int, unit: str = UNIT, **values: Any) -> Row:
    fix = Fix(time=MORNING + timedelta(seconds=number), latitude=-7.15, longitude=111.88, **values)
    return Row(CENTRE, unit, "gnss", fix, MORNING, "box", number)


@pytest.fixture
async def pool(cleared_url: str) -> AsyncIterator[type_of_pool]:
    """Connections as the gateway has them, to an empty table."""
    async with open_pool(cleared_url, 4) as opened:
        yield opened


async def store(pool: type_of_pool, rows: Sequence[Row]) -> list[Outcome]:
    async with pool.connection() as connection, connection.transaction():
        return await fixes.store(connection, rows)


async def count(pool: type_of_pool) -> int:
    async with pool.connection() as connection:
        found = await (await connection.execute("SELECT count(*) FROM fixes")).fetchone()
    assert found is not None
    return int(found[0])


async def test_live_and_backlog_that_store_the_same_rows_at_once_give_one_row_each(pool: type_of_pool) -> None:
    """Four writers, the same rows in their own orders and batches: each fix once, and exactly one writer's as new."""
    rows = [row(number) for number in range(200)]

    async def writer(turn: int) -> list[Outcome]:
        order = rows[turn * 50 :] + rows[: turn * 50]
        outcomes = []
        for start in range(0, len(order), 40):
            outcomes += await store(pool, order[start : start + 40][:: -1 if turn % 2 else 1])
        return outcomes

    told = await asyncio.gather(*(writer(turn) for turn in range(4)))
    assert await count(pool) == len(rows)
    assert sum(outcomes.count(Outcome.STORED) for outcomes in told) == len(rows)
    assert sum(outcomes.count(Outcome.DUPLICATE) for outcomes in told) == 3 * len(rows)


async def test_a_writer_waits_for_another_that_may_yet_roll_back(pool: type_of_pool) -> None:
    """The same fix under way on two connections: a duplicate is only one when the other has committed."""
    async with pool.connection() as one:
        await one.execute("BEGIN")
        assert await fixes.store(one, [row(1)]) == [Outcome.STORED]
        other = asyncio.create_task(store(pool, [row(1)]))
        done, _ = await asyncio.wait([other], timeout=0.3)
        assert not done
        await one.execute("ROLLBACK")
        assert await other == [Outcome.STORED]
    assert await count(pool) == 1


LOSE = """
CREATE OR REPLACE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN NEW.sequence = 13 THEN NULL ELSE NEW END;
END $$;
CREATE TRIGGER lose BEFORE INSERT ON fixes FOR EACH ROW EXECUTE FUNCTION lose()
"""


@pytest.fixture
async def losing(pool: type_of_pool) -> AsyncIterator[None]:
    """The database says yes to sequence number 13 and does not keep it."""
    async with pool.connection() as connection:
        await connection.execute(LOSE)
        yield
        await connection.execute("DROP TRIGGER lose ON fixes")


@pytest.mark.usefixtures("losing")
async def test_the_proof_catches_a_row_that_the_database_lost(pool: type_of_pool) -> None:
    """Nothing of the batch is committed, whether or not others of it were there before."""
    with pytest.raises(StoreProofFailed, match="1 of 4"):
        await store(pool, [row(n) for n in (11, 12, 13, 14)])
    assert await count(pool) == 0
    await store(pool, [row(11)])
    with pytest.raises(StoreProofFailed, match="1 of 4"):
        await store(pool, [row(n) for n in (11, 12, 13, 14)])
    assert await count(pool) == 1


@pytest.mark.usefixtures("losing")
async def test_what_the_proof_catches_is_neither_counted_nor_receipted(pool: type_of_pool) -> None:
    """The acceptance lets the failure through to the lane, which tries again and acknowledges nothing."""
    intake = Intake(MORNING)
    acceptance = Acceptance(pool, Enrolment(CENTRE, lambda _: None), intake)
    messages = [Message(topic(UNIT), epoch(n, MORNING + timedelta(seconds=n)), MORNING) for n in (12, 13)]
    with pytest.raises(StoreProofFailed):
        await acceptance.accept(messages, MORNING)
    assert (intake.received, intake.stored, await count(pool)) == (0, 0, 0)


async def test_the_newest_fix_of_each_unit_is_the_newest_usable_one(pool: type_of_pool) -> None:
    """What a restarted gateway shows: flags that keep a marker still do so here, others do not."""
    await store(pool, [row(1), row(2, quality=Quality.NOT_MEASURED)])
    await store(pool, [row(number, quality=flag) for number, flag in enumerate(UNUSABLE, start=10)])
    await store(pool, [row(5, unit="ambulans-02", quality=Quality.FUTURE), row(6, unit="stranger")])
    async with pool.connection() as connection:
        found = await fixes.latest(connection, CENTRE)
    assert [(each.unit, each.sequence, each.fix.quality) for each in found] == [(UNIT, 2, Quality.NOT_MEASURED)]


async def test_pages_hold_every_fix_once(pool: type_of_pool) -> None:
    """Two sources at the same instants, any size of page, both ends of the span: nothing twice, nothing missing."""
    rows = [row(number) for number in range(20)]
    rows += [Row(CENTRE, UNIT, "modem", each.fix, MORNING) for each in rows[::2]]
    await store(pool, rows)
    span = MORNING + timedelta(seconds=2), MORNING + timedelta(seconds=18)
    expected = sorted((each.fix.time, each.source) for each in rows if span[0] <= each.fix.time < span[1])
    async with pool.connection() as connection:
        for size in (1, 2, 3, 7, len(expected), 100):
            found: list[tuple[Any, str]] = []
            while page := await fixes.page(connection, CENTRE, UNIT, *span, size, found[-1] if found else None):
                found += [(each.fix.time, each.source) for each in page]
            assert found == expected


async def test_every_reason_can_be_kept_and_every_quality_comes_back(pool: type_of_pool) -> None:
    """What the domain can say the database can hold, all flags at once among it; the stored words are the domain's."""
    every = Quality(sum(Quality))
    async with pool.connection() as connection, connection.transaction():
        await quarantine.keep(
            connection, CENTRE, [Refused("topic", reason, "why", b"bytes", MORNING) for reason in Reason]
        )
        flagged = [row(flag.bit_length(), quality=flag) for flag in Quality] + [row(99, quality=every)]
        await fixes.store(connection, flagged)
        assert await quarantine.counts(connection, CENTRE) == {reason.value: 1 for reason in Reason}
        page = await fixes.page(connection, CENTRE, UNIT, MORNING, MORNING + timedelta(hours=1), 100)
    assert [each.fix.quality for each in page] == [*Quality, every]


def test_the_numbers_in_the_database_are_never_given_a_new_meaning() -> None:
    """Rows of years hold these: a change here needs a migration of every one of them."""
    assert {flag.name: flag.value for flag in Quality} == {
        "NULL_ISLAND": 1, "FUTURE": 2, "PAST": 4, "DATED_ON_RECEIPT": 8, "ROLLOVER_REPAIRED": 16,
        "DATE_DISPUTED": 32, "NOT_MEASURED": 64, "IMPOSSIBLE_SPEED": 128,
        "JUMP": 256, "SWAPPED": 512, "FROZEN": 1024, "IMPOSSIBLE_ACCELERATION": 2048,
    }  # fmt: skip


async def test_the_pool_gives_out_connections_that_tell_utc(pool: type_of_pool) -> None:
    """Whatever the server's zone: all that comes back is aware and UTC."""
    await store(pool, [row(1)])
    async with pool.connection() as connection:
        (found,) = await fixes.page(connection, CENTRE, UNIT, MORNING, MORNING + timedelta(hours=1), 10)
    assert found.fix.time.utcoffset() == timedelta(0)
    assert found.received_at.utcoffset() == timedelta(0)


# Migrations


async def open_autocommit(url: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(url, autocommit=True)


async def test_migrating_twice_does_nothing_the_second_time(database_url: str) -> None:
    """Every gateway migrates as it starts."""
    async with await open_autocommit(database_url) as connection:
        first = await migrate(connection)
        assert first == [f"{number:04d}_{name}" for number, name, _ in sql.migrations()]
        assert await migrate(connection) == []


async def test_gateways_that_start_together_migrate_once(database_url: str) -> None:
    """Three at once: one does all of it, the others find it done."""

    async def one() -> list[str]:
        async with await open_autocommit(database_url) as connection:
            return await migrate(connection)

    told = await asyncio.gather(one(), one(), one())
    assert sorted(len(each) for each in told) == [0, 0, len(sql.migrations())]


async def test_a_rewritten_history_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody edits a migration that has run somewhere, and no older program works on a newer schema."""
    async with await open_autocommit(database_url) as connection:
        await migrate(connection)
        real = sql.migrations()
        edited = [(number, name, text + "-- edited" if number == 2 else text) for number, name, text in real]
        for history in (edited, real[:-1], [(1, "other", real[0][2]), *real[1:]]):
            monkeypatch.setattr(sql, "migrations", lambda history=history: history)
            with pytest.raises(MigrationsDisagree, match="migration"):
                await migrate(connection)
        monkeypatch.undo()
        assert await migrate(connection) == []


async def test_a_migration_that_fails_leaves_nothing_behind(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is one transaction: half of one is never there, and the lock is given back."""
    real = sql.migrations()
    broken = [*real, (9999, "broken", "CREATE TABLE half (centre text); SELECT 1 / 0")]
    async with await open_autocommit(database_url) as connection:
        monkeypatch.setattr(sql, "migrations", lambda: broken)
        with pytest.raises(psycopg.errors.DivisionByZero):
            await migrate(connection)
        monkeypatch.undo()
        assert await migrate(connection) == []
        assert "half" not in await tables(connection)


async def test_a_database_that_grew_is_like_one_made_today(
    database_url: str, cleared_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migrated version by version or all at once: the same tables, columns, types and indexes."""
    real = sql.migrations()
    async with await open_autocommit(database_url) as grown, await open_autocommit(cleared_url) as made_today:
        for length in range(1, len(real) + 1):
            monkeypatch.setattr(sql, "migrations", lambda length=length: real[:length])
            assert len(await migrate(grown)) == 1
        assert await tables(grown) == await tables(made_today)
        assert await indexes(grown) == await indexes(made_today)


def test_no_two_migrations_have_one_number() -> None:
    """Two branches that add the same number are seen here and not in somebody's database."""
    numbers = [number for number, _, _ in sql.migrations()]
    assert len(set(numbers)) == len(numbers)


async def test_a_lower_number_that_lands_later_is_applied_all_the_same(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gap in the numbers is no fault: what was reserved for another branch comes when it comes."""
    real = sql.migrations()
    late = (max(number for number, _, _ in real) + 1, "late", "CREATE TABLE late (centre text)")
    last = (late[0] + 1, "last", "CREATE TABLE last (centre text)")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        monkeypatch.setattr(sql, "migrations", lambda: [*real, last])
        assert (await migrate(connection))[-1].endswith("_last")
        monkeypatch.setattr(sql, "migrations", lambda: [*real, late, last])
        assert await migrate(connection) == [f"{late[0]:04d}_late"]
        assert await migrate(connection) == []


async def tables(connection: psycopg.AsyncConnection[Any]) -> dict[str, dict[str, tuple[str, str]]]:
    """Columns of every ordinary table of ours, each with its type and whether it may be empty."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    cursor = await connection.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    for table, column, kind, nullable in await cursor.fetchall():
        found.setdefault(table, {})[column] = kind, nullable
    return found


async def indexes(connection: psycopg.AsyncConnection[Any]) -> set[str]:
    """The definition of every index."""
    cursor = await connection.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
    return {definition for (definition,) in await cursor.fetchall()}


async def test_every_table_has_its_centre(cleared_url: str) -> None:
    """One that forgot it would mix the tenants. The ledger of migrations is the whole database's; a centre's own row
    is named by its id."""
    async with await open_autocommit(cleared_url) as connection:
        found = await tables(connection)
    assert {"centres", "units", "fixes", "quarantine", "schema_migrations"} <= found.keys()
    for table in found.keys() - {"centres", "schema_migrations"}:
        assert found[table].get("centre") == ("text", "NO"), table


async def test_no_part_of_a_unique_key_may_be_empty(cleared_url: str) -> None:
    """NULL is not equal to NULL: a nullable key column lets duplicates in."""
    async with await open_autocommit(cleared_url) as connection:
        cursor = await connection.execute(
            "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)"
            " WHERE i.indisunique AND NOT a.attnotnull AND c.relnamespace = 'public'::regnamespace"
        )
        assert await cursor.fetchall() == []


async def test_the_staging_table_takes_what_the_table_of_fixes_has(cleared_url: str) -> None:
    """Column for column the same types, so that nothing is rounded or cut on the way."""
    async with await open_autocommit(cleared_url) as connection:
        await connection.execute(sql.query("staging"))
        cursor = await connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_name IN ('fixes', 'staged_fixes')"
        )
        found: dict[str, dict[str, str]] = {"fixes": {}, "staged_fixes": {}}
        for table, column, kind in await cursor.fetchall():
            found[table][column] = kind
    assert found["staged_fixes"].pop("ordinal") == "integer"
    assert found["staged_fixes"] == found["fixes"]


def test_every_query_file_is_asked_for_by_the_program() -> None:
    """A query that nobody runs is a query that nobody tests."""
    program = "".join(path.read_text() for path in Path(sql.__file__).parent.glob("*.py"))
    assert [name for name in sql.query_names() if f'query("{name}")' not in program] == []
