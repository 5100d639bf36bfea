"""A loop goes on whatever its turns meet, and by the clock that it was given."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import structlog

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


@pytest.mark.asyncio
async def test_a_turn_says_when_the_next_is_due_and_whoever_wakes_it_waits_for_its_turn() -> None:
    """What it says holds until a turn fails: then it is the loop's own time. Two are never nearer than the least."""
    clock, wake, told = HeldClock(BEGAN), asyncio.Event(), [7.0, 2.0, None, 30.0]
    turns: list[float] = []

    async def turn() -> float | None:
        turns.append(clock.seconds())
        if len(turns) > len(told):
            raise ValueError("our fault")
        return told[len(turns) - 1]

    loop = asyncio.create_task(keep_turning("work", turn, clock, 10.0, apart_s=3.0, wake=wake, failed=wake.set))
    await asyncio.sleep(0)
    await clock.advance(BEGAN + timedelta(seconds=21))
    assert turns == [0.0, 7.0, 10.0, 20.0]  # the second asked for sooner than may be
    wake.set()
    await clock.advance(BEGAN + timedelta(seconds=29))
    assert turns[4:] == [23.0, 26.0, 29.0]  # woken; then it fails, and asks for the next one itself
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


@pytest.mark.asyncio
async def test_what_is_to_be_made_up_for_is_told_with_what_failed() -> None:
    """Whoever reads the log sees whether it grows."""
    clock, failures = HeldClock(BEGAN), [psycopg.OperationalError("away"), ValueError("our fault")]

    async def turn() -> None:
        raise failures.pop(0)

    with structlog.testing.capture_logs() as logs:
        loop = asyncio.create_task(keep_turning("work", turn, clock, 5.0, waiting=lambda: {"late": len(failures)}))
        await asyncio.sleep(0)
        await clock.advance(BEGAN + timedelta(seconds=5))
        loop.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loop
    assert [(each["log_level"], each["event"], each["late"]) for each in logs] == [
        ("warning", "work: waits for the database", 1),
        ("error", "work: a turn failed", 0),
    ]
