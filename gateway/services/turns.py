"""How the gateway's loops go on whatever happens: one turn after the other, by the clock or when woken.

A turn that finds no database is made up for by the next one. A turn that fails for any other reason is our fault, and
is told with its traceback; positions are worth more than whatever it does, so it ends neither its loop nor the gateway.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from gateway.clock import Clock

log = structlog.get_logger()


async def keep_turning(
    what: str,
    turn: Callable[[], Awaitable[float | None]],
    clock: Clock,
    every_s: float,
    *,
    apart_s: float = 0.0,
    wake: asyncio.Event | None = None,
    failed: Callable[[], object] = lambda: None,
    waiting: Callable[[], Mapping[str, int]] = dict,
) -> None:
    """Take turns until cancelled.

    Args:
        what: the work, as the log calls it.
        turn: does all that there is to do; seconds until the next one is due, None: as always.
        clock: of the waits between turns.
        every_s: between two turns at most, where the turn does not say otherwise or has failed.
        apart_s: between two turns at least, whoever wakes us.
        wake: set by whoever has something for the next turn; cleared here before it.
        failed: called after a turn that failed, whatever it was.
        waiting: how much there is to be made up for, by its name; told with what failed.
    """
    wake = wake or asyncio.Event()
    while True:
        wake.clear()
        due_s = None
        try:
            due_s = await turn()
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            log.warning(f"{what}: waits for the database", error=str(error), **waiting())
            failed()
        except Exception:
            log.exception(f"{what}: a turn failed", **waiting())
            failed()
        if apart_s:
            await clock.sleep(apart_s)
        await clock.wait(wake, (every_s if due_s is None else due_s) - apart_s)
