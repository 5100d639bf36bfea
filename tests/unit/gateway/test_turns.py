"""A loop goes on whatever its turns meet, and by the clock that it was given."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from gateway.clock import HeldClock
from gateway.services.turns import keep_turning

BEGAN = datetime(2026, 11, 23, 3, tzinfo=UTC)


@pytest.mark.asyncio
async def test_neither_a_missing_database_nor_a_fault_ends_a_loop() -> None:
    """The turns that fail are told to whoever must forget something, and the next one comes in its time."""
    clock, failures = HeldClock(BEGAN), [psycopg.OperationalError("away"), ValueError("our fault"), None, None]
    turns: list[float] = []
    forgotten: list[float] = []

    async def turn() -> None:
        turns.append(clock.seconds())
        failure = failures[len(turns) - 1]
        if failure is not None:
            raise failure

    loop = asyncio.create_task(keep_turning("work", turn, clock, 5.0, failed=lambda: forgotten.append(clock.seconds())))
    await asyncio.sleep(0)
    await clock.advance(BEGAN + timedelta(seconds=16))
    assert turns == [0.0, 5.0, 10.0, 15.0]
    assert forgotten == [0.0, 5.0]
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


@pytest.mark.asyncio
async def test_who_is_woken_while_at_work_takes_another_turn() -> None:
    """What came during a turn is not forgotten by it."""
    clock, wake, twice = HeldClock(BEGAN), asyncio.Event(), asyncio.Event()
    turns: list[float] = []

    async def turn() -> None:
        turns.append(clock.seconds())
        (wake if len(turns) == 1 else twice).set()

    loop = asyncio.create_task(keep_turning("work", turn, clock, 60.0, wake=wake))
    await twice.wait()  # without any time
    await clock.advance(BEGAN + timedelta(seconds=1))
    assert turns == [0.0, 0.0]
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
