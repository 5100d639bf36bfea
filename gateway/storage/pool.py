"""Connections to the database, kept alive over its outages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from gateway.storage import sql

type_of_pool = AsyncConnectionPool[AsyncConnection[Any]]

CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 30_000
"""A statement that hangs is worse than one that fails: what it carried is delivered again."""


async def _configure(connection: AsyncConnection[Any]) -> None:
    """Once a connection: times in UTC, a bound on every statement, and the table that batches land in."""
    await connection.set_autocommit(True)
    await connection.execute("SET TIME ZONE 'UTC'")
    await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
    await connection.execute("SET client_min_messages = warning")
    await connection.execute(sql.query("staging"))


@asynccontextmanager
async def open_pool(database_url: str, size: int) -> AsyncIterator["type_of_pool"]:
    """A pool of up to ``size`` connections, autocommit, checked before each use so that a restart of the server is
    noticed there and not in a query. It opens without waiting: a gateway starts before its database is back."""
    pool: type_of_pool = AsyncConnectionPool(
        database_url,
        kwargs={"connect_timeout": CONNECT_TIMEOUT_S, "autocommit": True, "application_name": "sigap"},
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        reconnect_timeout=60,
        configure=_configure,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    await pool.open(wait=False)
    try:
        yield pool
    finally:
        await pool.close(timeout=5)
