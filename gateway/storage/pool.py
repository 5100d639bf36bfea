"""Connections to the database, kept alive over its outages.

A connection can be dead and look well: the path swallowed it and told nobody (half-open). Both ends have limits for
that. Ours: nobody holds a connection for longer than `LEASE_S`. The server's: a transaction that has gone quiet is
rolled back, and with it go its locks, for which the batch that is delivered again would wait.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from gateway.storage import sql

CONNECT_TIMEOUT_S = 5
CHECK_TIMEOUT_S = 5
RECONNECT_S = 5
"""The pool's own tries double their distance: with a minute's patience they are half a minute apart in the end, and so
long a database that is back stays unnoticed (36 s away, 23 s more until the next try: measured). Out of patience, it
tries again whenever it is asked, and the lanes ask every two seconds."""

STATEMENT_TIMEOUT_MS = 30_000
"""A statement that hangs is worse than one that fails: what it carried is delivered again."""

LEASE_S = 30.0
"""For all that is done with a connection between taking and returning it. A batch takes milliseconds."""

IDLE_IN_TRANSACTION_MS = 10_000
"""Between two statements of one transaction; nothing of ours thinks for so long."""

KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Our kernel's limits for a peer that does not answer, of libpq; a Unix socket has none of it."""


class Lent(AsyncConnection[Any]):
    """A connection of the pool, which remembers what whoever lent it has to know."""

    told = False  # an event was written on it


class Pool(AsyncConnectionPool[Lent]):
    """A pool whose connections are lent for a limited time.

    Args:
        told: set when a connection comes back on which an event was written: it is committed then, or never.
    """

    def __init__(self, *args: Any, told: asyncio.Event | None = None, **named: Any) -> None:
        super().__init__(*args, connection_class=Lent, **named)
        self._told = told or asyncio.Event()

    @asynccontextmanager
    async def connection(  # the signature is psycopg_pool's
        self,
        timeout: float | None = None,  # noqa: ASYNC109, likewise
    ) -> AsyncIterator[Lent]:
        """Lend a connection.

        Raises:
            psycopg.OperationalError: what was done with it took longer than `LEASE_S`; the connection is closed.
            psycopg_pool.PoolTimeout: there was none to lend.
        """
        try:
            async with asyncio.timeout(LEASE_S), super().connection(timeout) as connection:
                try:
                    yield connection
                finally:
                    if connection.told:
                        connection.told = False
                        self._told.set()
        except TimeoutError as error:
            raise psycopg.OperationalError(f"the database does not answer within {LEASE_S:g} s") from error


type_of_pool = Pool


async def _configure(connection: AsyncConnection[Any]) -> None:
    """Once a connection: times in UTC, a bound on every statement, and the table that batches land in."""
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        await connection.set_autocommit(True)
        await connection.execute("SET TIME ZONE 'UTC'")
        await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        await connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_MS}")
        await connection.execute("SET client_min_messages = warning")
        # A batch may open a compressed segment of every unit. On plain PostgreSQL this is a name without meaning.
        await connection.execute("SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0")
        await connection.execute(sql.query("staging"))


async def _check(connection: AsyncConnection[Any]) -> None:
    """Whether the server still answers on it; soon, or not at all."""
    async with asyncio.timeout(CHECK_TIMEOUT_S):
        await AsyncConnectionPool.check_connection(connection)


@asynccontextmanager
async def open_pool(database_url: str, size: int, told: asyncio.Event | None = None) -> AsyncIterator[Pool]:
    """A pool of up to ``size`` connections, autocommit, checked before each use so that a restart of the server is
    noticed there and not in a query. It opens without waiting: a gateway starts before its database is back.

    Args:
        told: set after each use in which an event was written.
    """
    pool = Pool(
        database_url,
        kwargs={"connect_timeout": CONNECT_TIMEOUT_S, "autocommit": True, "application_name": "sigap", **KEEPALIVE},
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        reconnect_timeout=RECONNECT_S,
        configure=_configure,
        check=_check,
        open=False,
        told=told,
    )
    await pool.open(wait=False)
    try:
        yield pool
    finally:
        await pool.close(timeout=5)
