"""A console command's one connection, and its one question."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from psycopg import AsyncConnection
from pydantic import SecretStr

from gateway.storage.pool import CONNECT_TIMEOUT_S

Answer = TypeVar("Answer")


def asked(url: SecretStr, question: Callable[[AsyncConnection[Any]], Awaitable[Answer]]) -> Answer:
    """What the database says; each statement is a transaction of its own.

    Args:
        url: a libpq URL or conninfo.
        question: is given the connection, which is closed behind it.

    Raises:
        psycopg.Error: the database cannot be asked.
    """

    async def connected() -> Answer:
        async with await AsyncConnection.connect(
            url.get_secret_value(), autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        ) as connection:
            return await question(connection)

    return asyncio.run(connected())
