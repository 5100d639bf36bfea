"""The gateway's connections to a database behind a path that swallows them: nothing waits for ever, on either side."""

import contextlib
import time
from collections.abc import AsyncIterator

import psycopg
import pytest

from gateway.demo.database import EmbeddedPostgres
from gateway.storage import pool as pools
from gateway.storage.pool import Pool, open_pool
from tests.fix_proxy import FaultProxy, MakeProxy


@pytest.fixture
def proxy(postgres: EmbeddedPostgres, make_proxy: MakeProxy) -> FaultProxy:
    """Before the database."""
    assert postgres.port is not None
    return make_proxy(postgres.port)


@pytest.fixture
async def pool(postgres: EmbeddedPostgres, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pool]:
    """Of two connections, through the proxy, with short limits."""
    monkeypatch.setattr(pools, "LEASE_S", 1.0)
    monkeypatch.setattr(pools, "CHECK_TIMEOUT_S", 1.0)
    monkeypatch.setattr(pools, "IDLE_IN_TRANSACTION_MS", 1000)
    async with open_pool(postgres.tcp_url("postgres", port=proxy.port), 2) as opened:
        yield opened


async def until_answered(pool: Pool) -> None:
    """Ask again and again, as the gateway does: the first connection lent may be another dead one."""
    answered = None
    while answered is None:
        with contextlib.suppress(psycopg.OperationalError):
            async with pool.connection() as connection:
                answered = await (await connection.execute("SELECT 1")).fetchone()


@pytest.mark.slow
@pytest.mark.timeout(60)
async def test_a_query_over_a_dead_connection_ends_with_an_error_and_the_next_one_works(
    pool: Pool, proxy: FaultProxy
) -> None:
    """It ends within the lease and the ten seconds in which the driver tries to cancel; then there is a new one."""
    began = time.monotonic()

    async def ask_into_the_hole() -> None:
        async with pool.connection() as connection:
            proxy.hole()
            proxy.heal()
            await connection.execute("SELECT 1")

    with pytest.raises(psycopg.OperationalError, match="does not answer within"):
        await ask_into_the_hole()
    await until_answered(pool)
    assert time.monotonic() - began < 30


@pytest.mark.slow
@pytest.mark.timeout(60)
async def test_an_idle_connection_that_died_meanwhile_is_not_lent(pool: Pool, proxy: FaultProxy) -> None:
    """The check before lending has its own limit: at first, or after an error, there is a living one."""
    async with pool.connection() as connection:
        await connection.execute("SELECT 1")
    proxy.hole()
    proxy.heal()
    began = time.monotonic()
    await until_answered(pool)
    assert time.monotonic() - began < 20


async def test_a_transaction_whose_gateway_is_gone_gives_its_locks_back(
    postgres: EmbeddedPostgres, pool: Pool, proxy: FaultProxy
) -> None:
    """The server never hears of the end: what is delivered again must not wait for a ghost's uncommitted rows."""

    async def leave_a_row_uncommitted_and_insert_it_again(other: psycopg.Connection) -> int:
        async with pool.connection() as connection, connection.transaction():
            await connection.execute("INSERT INTO kept VALUES (1)")
            proxy.hole()
            proxy.heal()
            return other.execute("INSERT INTO kept VALUES (1) ON CONFLICT DO NOTHING").rowcount

    with psycopg.connect(postgres.url("postgres"), autocommit=True) as other:
        other.execute("CREATE TABLE kept (key integer PRIMARY KEY)")
        other.execute("SET statement_timeout = '20s'")
        with pytest.raises(psycopg.Error):  # the ghost's own end, of no interest
            await leave_a_row_uncommitted_and_insert_it_again(other)
        assert other.execute("SELECT count(*) FROM kept").fetchone() == (1,)
