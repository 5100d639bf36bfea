"""What only one gateway of a centre may do at a time, however many run: another takes over when that one is gone.

An advisory lock of the database, on a connection of its own that lives as long as the gateway: whatever ends the
process ends the connection, and with it the lock. A peer whose machine vanished is given up by the server after
20 s. Whether the lock is still ours is asked of the database again and again, since the server may have dropped us.
"""

import asyncio
import time
from typing import Any

import psycopg
from psycopg import AsyncConnection

from gateway.storage import sql
from gateway.storage.pool import CHECK_TIMEOUT_S, CONNECT_TIMEOUT_S, KEEPALIVE

FRESH_S = 1.0
"""An answer holds for so long."""

_SERVER_KEEPALIVE = (
    "SET tcp_keepalives_idle = 5", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3",
    "SET tcp_user_timeout = 20000",
)  # fmt: skip


class Sole:
    """The right of one gateway, in one event loop.

    Args:
        url: of the database.
        centre: whose gateways exclude each other.
    """

    def __init__(self, url: str, centre: str) -> None:
        self._url = url
        self._centre = centre
        self._connection: AsyncConnection[Any] | None = None
        self._held = False
        self._asked = float("-inf")  # when, by the machine's monotonic clock
        self._one = asyncio.Lock()

    async def held(self) -> bool:
        """Whether the right is ours; takes it if it is nobody's.

        Raises:
            psycopg.Error: the database is away, and so is the right.
        """
        async with self._one:
            if time.monotonic() - self._asked >= FRESH_S:
                try:
                    async with asyncio.timeout(CHECK_TIMEOUT_S):
                        self._held = await self._ask()
                except TimeoutError as error:
                    await self._drop()
                    raise psycopg.OperationalError(f"the database does not answer in {CHECK_TIMEOUT_S:g} s") from error
                except BaseException:
                    await self._drop()
                    raise
                self._asked = time.monotonic()
            return self._held

    async def close(self) -> None:
        """Leave it to others."""
        async with self._one:
            await self._drop()

    async def _ask(self) -> bool:
        if self._connection is None:
            self._connection = await AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="sigap", **KEEPALIVE
            )
            for each in _SERVER_KEEPALIVE:
                await self._connection.execute(each)
        if self._held:
            await self._connection.execute("")  # it ends with the connection and not before
            return True
        asked = await self._connection.execute(sql.query("delivering_turn"), {"centre": self._centre})
        row = await asked.fetchone()
        return row is not None and bool(row[0])

    async def _drop(self) -> None:
        self._held, self._asked = False, float("-inf")
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()
