"""How the gateway's loops go on whatever happens: one turn after the other, by the clock or when woken.

A turn that finds no database is made up for by the next one. A turn that fails for any other reason is our fault, and
is told with its traceback; positions are worth more than whatever it does, so it ends neither its loop nor the gateway.
"""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from gateway.clock import Clock

log = structlog.get_logger()


async def keep_turning(
    what: str,
    turn: Callable[[], Awaitable[object]],
    clock: Clock,
    every_s: float,
    *,
    wake: asyncio.Event | None = None,
    failed: Callable[[], object] = lambda: None,
) -> None:
    """Take turns until cancelled.

    Args:
        what: the work, as the log calls it.
        turn: does all that there is to do.
        clock: of the waits between turns.
        every_s: between two turns at most.
        wake: set by whoever has something for the next turn; cleared here before it.
        failed: called after a turn that failed, whatever it was.
    """
    wake = wake or asyncio.Event()
    while True:
        wake.clear()
        try:
            await turn()
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            log.warning(f"{what}: waits for the database", error=str(error))
            failed()
        except Exception:
            log.exception(f"{what}: a turn failed")
            failed()
        await clock.wait(wake, every_s)
